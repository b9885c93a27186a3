"""OAuth clients as they are registered: metadata of RFC 7591, documents that are a client's own id, Google's client files, Auth0's exports.

Drawn:
    (:Secret)-[:AUTHENTICATES_AS]->(:Identity client)-[:CAN_ACCESS {actions, inherited_from}]->(:Resource interface)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import oauth
from graphinv.ingest.support.parts import tells, texts
from graphinv.ingest.support.records import Record, moment, records, text
from graphinv.ingest.support.secrets import redact, url_parts
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props

NAME = "oauth_clients"
TITLE = "OAuth clients and what they are granted"
FILES = (
    "any JSON file with client metadata of RFC 7591 (`client_id` or `client_name`, with `grant_types`, `redirect_uris` …)",
    "client_secret*.json of Google",
    "clients and client grants of Auth0, as its interface answers and its deploy tool keeps them (`tenant.yaml`, `clients/*.json`)",
)
MAX_BYTES = 32 * 1024 * 1024

_ID = re.compile(rb'"client_id"\s*:')
_METADATA = re.compile(rb'"(?:grant_types|redirect_uris|token_endpoint_auth_method|response_types|jwks_uri|client_secret_expires_at)"\s*:')
_GOOGLE = re.compile(rb'\{\s*"(?:web|installed)"\s*:\s*\{')
_GRANT = re.compile(rb'"audience"\s*:')
_SCOPE = re.compile(rb'"scopes?"\s*:')
_APP = re.compile(
    rb"[\"']?app_type[\"']?\s*:\s*[\"']?(?:spa|non_interactive|regular_web|native|resource_server)\b|^clientGrants\s*:", re.MULTILINE
)
_OTHERS = re.compile(rb'"(?:signOnMode|issuer|authorization_endpoint|mcpServers|realm)"\s*:')


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as one of them; what a server says of itself (its metadata) is none."""
    if path.lower().endswith((".yaml", ".yml")):
        return _APP.search(head) is not None and re.search(rb"^(?:clients|clientGrants)\s*:", head, re.MULTILINE) is not None
    if not path.lower().endswith((".json", ".jsonl", ".ndjson")) or _OTHERS.search(head):
        return False
    if _APP.search(head) and b'"name"' in head:
        return True
    if _GOOGLE.search(head):
        return b"client_id" in head and b"auth_uri" in head
    named = _ID.search(head) or b'"client_name"' in head
    return bool(named and (_METADATA.search(head) or (_GRANT.search(head) and _SCOPE.search(head))))


def read(document: Document) -> Iterator[Fact]:
    """Clients, their secrets, what they are granted.

    Raises:
        IngestError: not JSON or YAML.
    """
    for record in _records(document):
        for kind in ("web", "installed"):
            inner = record.value.get(kind)
            if isinstance(inner, dict) and text(inner.get("client_id")):
                yield from _client(document, Record(inner, record.located, (*record.pointer, kind)), "accounts.google.com", "google")
        if text(record.value.get("audience"), 2000) and _scopes(record.value):
            yield from _grant(document, record)
        elif _named(record.value):
            yield from _client(document, record, "", "oauth")


def _records(document: Document) -> Iterator[Record]:
    """Clients and grants; both are lists of their own in a tenant's YAML."""
    yield from records(document, ("clients",))
    if document.name.lower().endswith((".yaml", ".yml")):
        yield from records(document, ("clientGrants",))


def _named(value: dict[str, Any]) -> str:
    """What a client is called by: its id; in files of Auth0's deploy tool, which has none, its name."""
    own = text(value.get("client_id"), 2000) or text(value.get("client_name"))
    return own or (text(value.get("name")) if "app_type" in value else "")


def _key(document: Document, id: str, issuer: str) -> NodeKey:
    """A client; one whose id is an address is the same everywhere."""
    parts = url_parts(id)
    if parts is not None and parts.scheme == "https":
        return "Identity", f"oauth-client:{parts.url}"
    return "Identity", f"oauth-client:{issuer or document.root}/{redact(id)}"


def _client(document: Document, record: Record, issuer: str, provider: str) -> Iterator[Fact]:
    value = record.value
    id = _named(value)
    key = _key(document, id, issuer)
    method = text(value.get("token_endpoint_auth_method"))
    grants = texts(value.get("grant_types"))
    kind = text(value.get("application_type")) or text(value.get("app_type"))
    public = method == "none" or (not method and not value.get("client_secret") and kind in ("native", "spa"))
    title = text(value.get("client_name")) or text(value.get("name")) or text(value.get("project_id")) or id
    labels = oauth.grants_label(grants)
    labels += [f"scope={scope}" for scope in _scopes(value)[:50]]
    yield oauth.client_node(
        key, title, provider, [document.source(record.line())], public=public, labels=sorted(labels) or None, kind_detail=method or None
    )
    props: Props = {
        "name": f"secret of {redact(title)}"[:200],
        "issued_at": moment(value.get("client_id_issued_at")),
        "expires_at": moment(value.get("client_secret_expires_at")),
        "scopes": _scopes(value) or None,
    }
    yield from oauth.secret_facts(document, record.line("client_secret"), value.get("client_secret"), key, "declared", props)


def _grant(document: Document, record: Record) -> Iterator[Fact]:
    """Scopes of an interface that a client has for itself."""
    value = record.value
    id, audience = text(value.get("client_id"), 2000), redact(text(value["audience"], 2000))
    if not id:
        return
    parts = url_parts(audience)
    target: NodeKey = ("Resource", parts.url if parts else f"api:{document.root}/{audience}")
    sources = [document.source(record.line())]
    yield NodeFact(*target, {"name": audience[:200], "type": "api", "sources": sources})
    scopes = _scopes(value)
    props: Props = {"actions": oauth.actions_of(scopes), "inherited_from": " ".join(scopes)[:500], "evidence": ["granted"]}
    yield EdgeFact("CAN_ACCESS", _key(document, id, ""), target, {**props, "sources": sources})


def _scopes(value: dict[str, Any]) -> list[str]:
    """Scopes of a list, or of a text with blanks between them."""
    stated = value.get("scope", value.get("scopes"))
    words = stated.split() if isinstance(stated, str) else texts(stated)
    return sorted({redact(one) for one in words[:500] if tells(one)})
