"""OAuth clients, whoever registers them: the client as an identity, its secret, what scopes let it do."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.interpolation import interpolations, is_reference
from graphinv.ingest.support.parts import tells, texts
from graphinv.ingest.support.secrets import recognise, redact, secret_key, secret_node
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props, Ref

_READ = re.compile(r"(?:^|[.:_/-])(?:read|readonly|view|viewer|list|get|query|search|openid|profile|email)(?:$|[.:_/-])", re.IGNORECASE)
_ADMIN = re.compile(r"(?:^|[.:_/-])(?:admin|administrator|owner|superuser|full[_-]?control|realm-admin|root)(?:$|[.:_/-])", re.IGNORECASE)
_WRITE = re.compile(
    r"(?:^|[.:_/-])(?:write|manage|edit|editor|create|update|modify|readwrite|rw|post|put|patch|all|full)(?:$|[.:_/-])", re.IGNORECASE
)
_DELETE = re.compile(r"(?:^|[.:_/-])(?:delete|remove|manage|all|full)(?:$|[.:_/-])", re.IGNORECASE)
_EXECUTE = re.compile(r"(?:^|[.:_/-])(?:execute|run|invoke|send|call|trigger|deploy|approve)(?:$|[.:_/-])", re.IGNORECASE)


def actions_of(scopes: Iterable[str]) -> list[str]:
    """What scopes or roles let their holder do, by the words in their names; reading and writing where no word tells.

    >>> actions_of(["orders:read"]), actions_of(["okta.users.manage"]), actions_of(["payments"])
    (['read'], ['delete', 'read', 'write'], ['read', 'write'])
    """
    found: set[str] = set()
    for scope in scopes:
        held = {
            action
            for action, pattern in (("admin", _ADMIN), ("write", _WRITE), ("delete", _DELETE), ("execute", _EXECUTE), ("read", _READ))
            if pattern.search(scope)
        }
        found |= held or {"read", "write"}
        found |= {"read"} if "write" in held else set()
    return sorted(found)


def client_node(key: NodeKey, name: str, provider: str, sources: list[str], *, public: bool = False, **more: Any) -> NodeFact:
    """A client as an identity; a public one proves nothing of itself."""
    props: Props = {"name": redact(name)[:200], "type": "oauth_client", "provider": provider, "binding": "none" if public else "bearer"}
    return NodeFact(*key, {**props, "sources": sources, **more})


def grants_label(value: object) -> list[str]:
    """Labels that tell by which grants a client gets tokens."""
    return sorted({f"grant={one}" for one in texts(value)[:30] if tells(one) and len(one) < 100})


def secret_facts(
    document: Document, line: int, value: object, client: NodeKey, evidence: str, props: Props, *, kind: str = "oauth_client_secret"
) -> Iterator[Fact]:
    """(:Secret)-[:AUTHENTICATES_AS]->(:Identity client) for a client's secret, written out or as a variable; nothing for a masked one."""
    if not isinstance(value, str) or not value.strip("*• "):
        return
    common: Props = {"evidence": [evidence], "sources": [document.source(line)]}
    if is_reference(value):
        for one in interpolations(value):
            reference = Ref("Secret", one.kind, one.name, fallback=f"{one.kind}:{document.root}#{one.name}")
            yield EdgeFact("AUTHENTICATES_AS", reference, client, common)
        return
    found = recognise("client_secret", value)
    if found is not None:
        node = secret_node(document, line, found)
        named = {name: stated for name, stated in props.items() if stated is not None}
        yield NodeFact(node.kind, node.id, {**node.props, "type": kind, "lifetime": "static", **named})
        yield EdgeFact("AUTHENTICATES_AS", secret_key(document, found), client, common)
