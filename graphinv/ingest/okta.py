"""Okta: applications and their secrets, scopes and roles that they are granted, API tokens, people and groups.

Drawn:
    (:Secret)-[:AUTHENTICATES_AS]->(:Identity application)-[:CAN_ACCESS {actions, condition}]->(:Resource organisation)
    (:Owner {status})
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

from graphinv.ingest import Document
from graphinv.ingest.support import oauth, okta
from graphinv.ingest.support.parts import inside
from graphinv.ingest.support.records import Record, moment, records, text
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props

NAME = "okta"
TITLE = "Okta applications, grants, API tokens and users"
FILES = ("any JSON file as Okta's interface lists applications, their grants and roles, API tokens, users, groups",)
MAX_BYTES = 128 * 1024 * 1024

_APPLICATION = re.compile(rb'"signOnMode"\s*:')
_GRANT = re.compile(rb'"scopeId"\s*:')
_TOKEN = re.compile(rb'"tokenWindow"\s*:')
_USER = re.compile(rb'"(?:statusChanged|passwordChanged|lastLogin)"\s*:')
_ROLE = re.compile(rb'"type"\s*:\s*"(?:[A-Z_]+_ADMIN|CUSTOM)"')
_GROUP = re.compile(rb'"okta:(?:user|windows_security)_group"|"type"\s*:\s*"(?:OKTA|APP)_GROUP"')
_OF_OKTA = re.compile(rb"\.okta(?:preview|-emea|-gov)?\.(?:com|mil)|\"_links\"\s*:|\"(?:clientName|profile|userNameTemplate)\"\s*:")
_ID = re.compile(r"0[a-zA-Z0-9]{15,30}")
_STATUS = {
    "ACTIVE": "active",
    "PASSWORD_EXPIRED": "active",
    "RECOVERY": "active",
    "LOCKED_OUT": "active",
    "PROVISIONED": "active",
    "SUSPENDED": "disabled",
    "DEPROVISIONED": "left",
}
_WINDOW = re.compile(r"P(?:(\d{1,4})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,4})M)?)?")


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as one of Okta's lists."""
    if not path.lower().endswith((".json", ".jsonl", ".ndjson")) or not _OF_OKTA.search(head):
        return False
    found = _APPLICATION.search(head) or _GRANT.search(head) or _TOKEN.search(head) or _GROUP.search(head)
    return bool(found or (_USER.search(head) and b'"login"' in head) or (_ROLE.search(head) and b"okta" in head))


def read(document: Document) -> Iterator[Fact]:
    """Identities, secrets and edges.

    Raises:
        IngestError: not JSON.
    """
    for record in records(document):
        value = record.value
        if "signOnMode" in value:
            yield from _application(document, record)
        elif "scopeId" in value:
            yield from _scope(document, record)
        elif "tokenWindow" in value:
            yield from _token(document, record)
        elif isinstance(value.get("profile"), dict) and text(value["profile"].get("login")):
            yield from _user(document, record)
        elif "objectClass" in value and isinstance(value.get("profile"), dict) and text(value.get("id")):
            yield _group(document, record)
        elif text(value.get("type")).endswith("_ADMIN") or (value.get("type") == "CUSTOM" and "assignmentType" in value):
            yield from _role(document, record)


def _organisation(document: Document, value: dict[str, Any], issuer: str = "") -> str:
    """Host of the organisation; the root stands in for one that is not told."""
    links = value.get("_links")
    addresses = [issuer]
    for link in links.values() if isinstance(links, dict) else ():
        one = link[0] if isinstance(link, list) and link else link
        addresses.append(text(one.get("href"), 2000) if isinstance(one, dict) else "")
    for address in addresses:
        try:
            host = urlsplit(address).hostname or ""
        except ValueError:
            continue
        if host and "okta" in host and not host.endswith(".oktacdn.com"):  # where pictures are
            return redact(host.lower().replace("-admin.", "."))
    return f"org({document.root})"


def _application(document: Document, record: Record) -> Iterator[Fact]:
    value = record.value
    id = text(value.get("id"))
    if not id:
        return
    sources = [document.source(record.line())]
    organisation = _organisation(document, value)
    settings, credentials = (inside(value, part, "oauthClient") for part in ("settings", "credentials"))
    key = okta.key(organisation, "apps", text(credentials.get("client_id")) or id)
    grants = settings.get("grant_types")
    method = text(credentials.get("token_endpoint_auth_method"))
    status = "active" if value.get("status") == "ACTIVE" else "suspended" if value.get("status") in ("INACTIVE", "DELETED") else None
    labels = [*oauth.grants_label(grants), f"sign_on={redact(text(value.get('signOnMode'), 60)).lower()}"]
    yield oauth.client_node(
        key, text(value.get("label")) or id, "okta", sources, public=method == "none", status=status, labels=sorted(labels)
    )
    secret = credentials.get("client_secret")
    props: Props = {"name": f"secret of {redact(text(value.get('label')) or id)}"}
    line = record.line("credentials", "oauthClient", "client_secret")
    yield from oauth.secret_facts(document, line, secret, key, "granted", props)


def _scope(document: Document, record: Record) -> Iterator[Fact]:
    """A scope of Okta's own interface that an application was granted."""
    value = record.value
    client, scope = text(value.get("clientId")), text(value.get("scopeId"))
    if not client or not scope or value.get("status") == "REVOKED":
        return
    sources = [document.source(record.line())]
    organisation = _organisation(document, value, text(value.get("issuer")))
    user = text(value.get("userId"))
    actions = okta.scope_actions(scope)
    condition = "as one user, who consented" if user else None
    tenant = okta.tenant(organisation, sources)
    yield tenant
    props: Props = {
        "actions": actions,
        "condition": condition,
        "inherited_from": redact(scope),
        "evidence": ["granted"],
        "sources": sources,
    }
    yield EdgeFact("CAN_ACCESS", okta.key(organisation, "apps", client), tenant.key, props)


def _role(document: Document, record: Record) -> Iterator[Fact]:
    """A role of an administrator, which an application or a person has."""
    value = record.value
    assignee = inside(value, "_links", "assignee")
    address = text(assignee.get("href"), 500)
    match = re.search(r"/(users|clients|apps|groups)/(\w{5,40})", address)
    if match is None or value.get("status") == "INACTIVE":
        return
    sources = [document.source(record.line())]
    organisation = _organisation(document, value)
    tenant = okta.tenant(organisation, sources)
    yield tenant
    kind = "apps" if match[1] == "clients" else match[1]
    role = text(value["type"])
    props: Props = {"actions": okta.role_actions(role), "inherited_from": redact(role), "evidence": ["granted"], "sources": sources}
    if role == "CUSTOM":
        # What it allows, and on which part of the organisation, other lists say.
        props |= {"inherited_from": redact(text(value.get("label"))) or role, "evidence": ["inferred"], "confidence": 0.5}
    yield EdgeFact("CAN_ACCESS", okta.key(organisation, kind, match[2]), tenant.key, props)


def _token(document: Document, record: Record) -> Iterator[Fact]:
    """An API token: acts as its user, and lives on as long as it is used."""
    value = record.value
    id, user = text(value.get("id")), text(value.get("userId"))
    if not _ID.fullmatch(id) or not user:
        return
    organisation = _organisation(document, value)
    window = _WINDOW.fullmatch(text(value.get("tokenWindow"), 30))
    days, hours, minutes = (int(part or 0) for part in window.groups()) if window else (0, 0, 0)
    secret: NodeKey = ("Secret", f"okta-token:{id}")
    sources = [document.source(record.line())]
    yield NodeFact(
        *secret,
        {
            "name": redact(text(value.get("name"), 100)) or "API token",
            "type": "okta_api_token",
            "lifetime": "static",
            "issued_at": moment(value.get("created")),
            "expires_at": moment(value.get("expiresAt")),
            "ttl_seconds": days * 86400 + hours * 3600 + minutes * 60 or None,
            "renewable": True,
            "sources": sources,
        },
    )
    person = okta.key(organisation, "users", user)
    yield EdgeFact("AUTHENTICATES_AS", secret, person, {"evidence": ["granted"], "sources": sources})


def _group(document: Document, record: Record) -> NodeFact:
    value, profile = record.value, record.value["profile"]
    props: Props = {"name": redact(text(profile.get("name"))) or None, "type": "group", "provider": "okta"}
    key = okta.key(_organisation(document, value), "groups", text(value["id"]))
    return NodeFact(*key, {**props, "sources": [document.source(record.line())]})


def _user(document: Document, record: Record) -> Iterator[Fact]:
    value, profile = record.value, record.value["profile"]
    mail = redact((text(profile.get("email")) or text(profile.get("login"))).lower())
    title = redact(" ".join(part for part in (text(profile.get("firstName")), text(profile.get("lastName"))) if part)) or mail
    sources = [document.source(record.line())]
    status = _STATUS.get(text(value.get("status")), "unknown")
    if "@" in mail:
        yield NodeFact("Owner", mail, {"name": title, "type": "person", "email": mail, "status": status, "sources": sources})
    id = text(value.get("id"))
    if id:
        props: Props = {"name": title, "type": "human", "provider": "okta", "status": None if status == "active" else "suspended"}
        yield NodeFact(*okta.key(_organisation(document, value), "users", id), {**props, "sources": sources})
