"""A2A agent cards of all versions, wherever they stand: in a file of their own, in an OASF record, in an AI catalog."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.leaves import leaves
from graphinv.ingest.support.parts import items, labelled
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.secrets import interpolations, redact, secret_facts, url_parts
from graphinv.ingest.support.tellable import tellable
from graphinv.ingest.support.urls import is_here
from graphinv.model.facts import Binding, Fact, NodeFact, NodeKey, Props

MAX_NAMED_SKILLS = 20
"""Skills that get a label of their own; all are counted."""

_WELL_KNOWN = re.compile(r"/\.well-known/(?:agent|agent-card)\.json$")
_NOBODYS_HOST = re.compile(r"(?:www\.)?example\.(?:com|org|net)|.*(?:your[-_.]|yourdomain|placeholder|changeme|[<>{}$%]).*")
_SCHEMES = {
    "apikeysecurityscheme": "apiKey",
    "httpauthsecurityscheme": "http",
    "oauth2securityscheme": "oauth2",
    "openidconnectsecurityscheme": "openIdConnect",
    "mtlssecurityscheme": "mutualTLS",
    "mutualtlssecurityscheme": "mutualTLS",
}
"""Keys that say what a scheme is since version 1.0, in lower case and without underscores, and what earlier versions called it."""


def looks_like_card(value: object) -> bool:
    """Whether ``value`` has the shape of an agent card: a name, and at least two of the fields that only cards have together."""
    if not isinstance(value, dict) or not isinstance(value.get("name"), str) or not value["name"].strip():
        return False
    marks = (
        isinstance(value.get("skills"), list),
        isinstance(value.get("capabilities"), dict | list),
        isinstance(value.get("defaultInputModes", value.get("default_input_modes")), list),
        isinstance(value.get("supportedInterfaces", value.get("supported_interfaces")), list),
        isinstance(value.get("protocolVersion", value.get("protocol_version")), str),
        isinstance(value.get("securitySchemes", value.get("security_schemes", value.get("authentication"))), dict),
        isinstance(value.get("url"), str),
    )
    return sum(marks) >= 2


def agent_address(text: object) -> str | None:
    """The endpoint that ``text``, an address or that of a well-known card, means to everybody: normalised; None where it is none, or means
    something else to each reader (this machine, a placeholder)."""
    parts = url_parts(text) if isinstance(text, str) else None
    if parts is None or not parts.host or interpolations(str(text)) or is_here(parts.host) or _NOBODYS_HOST.fullmatch(parts.url.lower()):
        return None
    return None if _NOBODYS_HOST.fullmatch(parts.host) else _WELL_KNOWN.sub("", parts.url)


def addresses(card: Mapping[str, Any]) -> list[str]:
    """The endpoints that a card states, as they stand there: its own first, then those of its further interfaces."""
    found: list[object] = [card.get(key) for key in ("url", "serviceEndpoint", "service_endpoint")]
    for key in ("supportedInterfaces", "supported_interfaces", "additionalInterfaces", "additional_interfaces"):
        found.extend(interface.get("url") for interface in items(card.get(key)))
    return list(dict.fromkeys(text.strip() for text in found if isinstance(text, str) and text.strip()))


def card_key(document: Document, card: Mapping[str, Any]) -> NodeKey:
    """The agent that ``card`` describes: by its address where it states a usable one, else by document and name."""
    for text in addresses(card):
        address = agent_address(text)
        if address is None:
            continue
        if "{secret}" in address:
            address = f"{address}#{document.fingerprint(text.partition('?')[0])[:12]}"
        return "Agent", f"a2a:{address}"
    place = PurePosixPath(document.path or document.root).with_suffix("")
    return "Agent", f"a2a:{document.root}/{place}#{redact(str(card.get('name', '')).strip())}"


def card_facts(document: Document, card: Mapping[str, Any], where: Callable[..., int]) -> Iterator[Fact]:
    """The agent, the addresses it goes by, and what was left in its card that is a credential.

    Addresses are bound in the space ``a2a``, those of this machine too, so that code of the same root that names one means this agent.

    Args:
        document: where the card stands.
        card: the card as parsed; :func:`looks_like_card` holds.
        where: line of a pointer below the card.
    """
    key = card_key(document, card)
    version = card.get("version")
    props: Props = {
        "name": redact(card["name"].strip()),
        "framework": "a2a",
        "kind_detail": "a2a agent card",
        "version": version if isinstance(version, str) and version and tellable(version) else None,
        "status": "active",
        "environment": environment_of(document.path),
        "labels": sorted(set(_labels(card))),
        "sources": [document.source(where())],
    }
    yield NodeFact(*key, {name: value for name, value in props.items() if value is not None})
    for text in addresses(card):
        parts = url_parts(text)
        if parts is not None and "{secret}" not in parts.url:
            yield Binding("a2a", _WELL_KNOWN.sub("", parts.url), key, "", document.path)
    for pointer, text in leaves(card):
        name = next((part for part in reversed(pointer) if isinstance(part, str)), "")
        yield from secret_facts(document, where(*pointer), key, name, text, "config")


def _labels(card: Mapping[str, Any]) -> Iterator[str]:
    skills = items(card.get("skills"))
    yield f"skills={len(skills)}"
    for skill in skills[:MAX_NAMED_SKILLS]:
        yield from labelled("skill", skill.get("id", skill.get("name")))
    signatures = card.get("signatures")
    yield f"signed={'true' if isinstance(signatures, list) and signatures else 'false'}"
    yield from (f"auth={kind}" for kind in auth_kinds(card))
    provider = card.get("provider")
    yield from labelled("organisation", provider.get("organization") if isinstance(provider, dict) else provider)
    for key in ("protocolVersion", "protocol_version"):
        yield from labelled("protocol", card.get(key))
    yield from labelled("transport", card.get("preferredTransport", card.get("preferred_transport")))
    for key in ("supportedInterfaces", "supported_interfaces"):
        for interface in items(card.get(key)):
            yield from labelled(
                "transport", interface.get("protocolBinding", interface.get("protocol_binding", interface.get("transport")))
            )
            yield from labelled("protocol", interface.get("protocolVersion", interface.get("protocol_version")))
    capabilities = card.get("capabilities")
    extensions = capabilities.get("extensions") if isinstance(capabilities, dict) else None
    for extension in items(extensions)[:MAX_NAMED_SKILLS]:
        yield from labelled("extension", extension.get("uri"))


def auth_kinds(card: Mapping[str, Any]) -> list[str]:
    """How callers prove who they are, in OpenAPI's words; ``none`` where the card says that they need not, empty where it does not say."""
    schemes = card.get("securitySchemes", card.get("security_schemes"))
    if isinstance(schemes, dict):
        return sorted({_scheme(scheme) for scheme in schemes.values() if isinstance(scheme, dict)}) or ["none"]
    older = card.get("authentication")
    stated = older.get("schemes") if isinstance(older, dict) else [older] if isinstance(older, str) and older else None
    if not isinstance(stated, list):
        return []
    kinds = {text.lower() for text in stated if isinstance(text, str) and re.fullmatch(r"[\w-]{1,30}", text)}
    known = {"apikey": "apiKey", "bearer": "http", "basic": "http", "oauth2": "oauth2", "oauth": "oauth2", "public": "none"}
    return sorted({known.get(kind, kind) for kind in kinds}) or ["none"]


def _scheme(scheme: Mapping[str, Any]) -> str:
    kind = scheme.get("type")
    if isinstance(kind, str) and re.fullmatch(r"[A-Za-z0-9]{1,30}", kind):
        return kind
    for key in scheme:
        found = _SCHEMES.get(str(key).lower().replace("_", ""))
        if found:
            return found
    return "unknown"
