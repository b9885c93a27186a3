"""Secrets and ConfigMaps, and what makes Secrets: which credentials they hold, without their values."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.cloud_logins import cloud_login_facts
from graphinv.ingest.support.databases import database_facts
from graphinv.ingest.support.kubernetes.readings import HOLDER, SERVER, Entry, SecretRef, Store, Vault
from graphinv.ingest.support.kubernetes.texts import Raw
from graphinv.ingest.support.parts import items
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.secrets import interpolations, is_placeholder, recognise_all, secret_facts, secret_key, secret_node, url_parts
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Ref

MAX_ENTRIES = 2_000
MAX_VALUE = 200_000
_KEY = re.compile(r"[\w.-]{1,253}")
_VAULT_PATH = re.compile(r"[\w./@+-]{1,300}")


def secret(raw: Raw) -> Store:
    """A Secret: its ``data`` is base64 of what ``stringData`` says plainly."""
    entries: dict[str, Entry] = {}
    for field, encoded in (("data", True), ("stringData", False)):
        for key, value in _texts(raw.value.get(field)):
            text = _decoded(value) if encoded else value
            entries[key] = entry(raw.document, raw.line(field, key), key, text or "", "secret")
    account = raw.mapping("metadata", "annotations").get("kubernetes.io/service-account.name")
    kind = raw.value.get("type")
    return Store(
        tuple(entries.values()),
        account=account if kind == "kubernetes.io/service-account-token" and isinstance(account, str) else "",
        type=kind if isinstance(kind, str) and re.fullmatch(r"[\w./-]{1,100}", kind) else "",
    )


def config_map(raw: Raw) -> Store:
    """A ConfigMap: only what is a credential by its form, or by the name of its key."""
    return Store(tuple(entry(raw.document, raw.line("data", key), key, value, "") for key, value in _texts(raw.value.get("data"))))


def entry(document: Document, line: int, key: str, value: str, otherwise: str) -> Entry:
    """What ``value`` holds, which stands under ``key``; ``otherwise`` names what it is asked for where the key asks for nothing."""
    value = value[:MAX_VALUE]
    found = recognise_all(key, value)
    if not found and otherwise and not is_placeholder(value) and "\n" not in value.strip():
        found = recognise_all(otherwise, value)
    nodes = tuple(secret_node(document, line, one) for one in found)
    targets: list[NodeKey | Ref] = [secret_key(document, one) for one in found]
    if not targets:
        for reference in interpolations(value) if otherwise else ():
            if reference.kind in ("env", "vault") and hide(reference.name) == reference.name:
                fallback = f"{reference.kind}:{document.root}#{reference.name}"
                targets.append(Ref("Secret", reference.kind, reference.name, fallback=fallback))
    harmless = bool(value.strip()) and not targets and not is_placeholder(value) and not interpolations(value)
    return Entry(hide(key), nodes, tuple(targets), tuple(database_facts(document, line, value)), harmless)


def _decoded(value: str) -> str | None:
    try:
        return base64.b64decode("".join(value.split()), validate=True).decode()
    except (ValueError, binascii.Error):
        return None


def _texts(value: object) -> Iterator[tuple[str, str]]:
    for key, text in list(value.items())[:MAX_ENTRIES] if isinstance(value, dict) else ():
        if isinstance(text, str) and _KEY.fullmatch(key):
            yield key, text


# --------------------------------------------------------------------------------------------------------------------------------
# What makes Secrets


def sealed(raw: Raw) -> tuple[str, Store]:
    """(name, Secret) that a SealedSecret becomes: its values are encrypted."""
    name = raw.mapping("spec", "template", "metadata").get("name")
    return (name if isinstance(name, str) else raw.name), Store((), detail="sealed secret")


def external(raw: Raw) -> tuple[str, Store]:
    """(name, Secret) that an ExternalSecret becomes, and what it is filled from."""
    target = raw.mapping("spec", "target").get("name")
    pulls = []
    for field, inside in (("data", "remoteRef"), ("dataFrom", "extract")):
        for item in items(raw.mapping("spec").get(field))[:MAX_ENTRIES]:
            remote, key = item.get(inside), item.get("secretKey", "")
            path = remote.get("key") if isinstance(remote, dict) else None
            if isinstance(path, str) and _VAULT_PATH.fullmatch(path) and hide(path) == path and isinstance(key, str):
                pulls.append((hide(key), path.strip("/")))
    store = raw.mapping("spec", "secretStoreRef")
    kind, name = store.get("kind", "SecretStore"), store.get("name")
    found = (kind, hide(name)) if isinstance(kind, str) and isinstance(name, str) else None
    return (hide(target) if isinstance(target, str) and target else raw.name), Store((), "", "external secret", "", tuple(pulls), found)


def vault(raw: Raw) -> Vault:
    """The Vault that a SecretStore leads to."""
    spec = raw.mapping("spec", "provider", "vault")
    server, mount = spec.get("server"), spec.get("path")
    if not spec or not isinstance(mount, str) or not _VAULT_PATH.fullmatch(mount) or hide(mount) != mount:
        return Vault()
    parts = url_parts(server) if isinstance(server, str) else None
    return Vault(parts.url if parts and not parts.references else raw.document.root, mount.strip("/"))


# --------------------------------------------------------------------------------------------------------------------------------
# Values in place


def held(document: Document, line: int, name: str, value: str, place: str = "config") -> Iterator[Fact]:
    """Facts about a credential that stands as the value of a variable, header or argument of :data:`HOLDER`, or is referenced there."""
    yield from secret_facts(document, line, HOLDER, name, value, place)
    yield from database_facts(document, line, value, HOLDER)
    if not name.startswith("AWS_"):  # which role a pod's account assumes is told of the account
        yield from cloud_login_facts(document, line, HOLDER, name, value)


def ref(value: object, line: int, place: str = "env", variable: str = "") -> SecretRef | None:
    """``secretKeyRef`` (and its relatives) as a reference; None where it names nothing."""
    if not isinstance(value, Mapping):
        return None
    name, key = value.get("name"), value.get("key")
    if not isinstance(name, str) or not _KEY.fullmatch(name):
        return None
    key = key if isinstance(key, str) and _KEY.fullmatch(key) else ""
    return SecretRef(hide(name), hide(key), line, place, hide(variable) if _KEY.fullmatch(variable) else "")


def named(value: object, key: object, line: int, place: str = "env", variable: str = "") -> SecretRef | None:
    """The same for a Secret that is named in one field and its key in another."""
    return ref({"name": value, "key": key}, line, place, variable)


def moved(facts: Iterable[Fact], key: NodeKey) -> Iterator[Fact]:
    """``facts`` with ``key`` in the place of :data:`HOLDER` and :data:`SERVER`; edges that cannot start at its kind are left out."""
    for fact in facts:
        if isinstance(fact, EdgeFact) and fact.source in (HOLDER, SERVER):
            if key[0] in _STARTS.get(fact.kind, ()):
                yield EdgeFact(fact.kind, key, fact.target, fact.props)
        elif isinstance(fact, NodeFact) and fact.key == SERVER:
            if key[0] == SERVER[0]:
                yield NodeFact(*key, fact.props)
        else:
            yield fact


_STARTS: dict[str, tuple[str, ...]] = {
    "HOLDS": ("Agent", "ToolServer", "Tool", "Workflow", "Runtime", "Memory"),
    "RUNS_AS": ("Agent", "ToolServer", "Tool", "Workflow", "Runtime"),
    "DEPENDS_ON": ("Agent", "Workflow", "Tool", "ToolServer", "Runtime"),
}


def plain(value: Any) -> str | None:
    """A value of the environment as text: numbers and truth values are written so too."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, (str, int, float)) else None
