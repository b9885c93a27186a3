"""GitHub: apps, their installations and permissions, fine-grained tokens that an organisation has let in.

Read as the REST interface answers, and as manifests of apps. Drawn here, and by :mod:`graphinv.ingest.grants.github` from the grants:
    (:Identity app or token)-[:CAN_ACCESS {actions}]->(:Resource repository, part of it, organisation)
    (:Secret token)-[:AUTHENTICATES_AS]->(:Identity)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.parts import items
from graphinv.ingest.support.records import Record, moment, problem, records, text
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import EdgeFact, Fact, Grant, NodeFact, NodeKey, Props

NAME = "github_apps"
TITLE = "GitHub apps, installations and fine-grained tokens"
FILES = (
    "any JSON file as GitHub's interface answers for installations, apps and personal access tokens of an organisation",
    "manifests of apps",
)
MAX_BYTES = 64 * 1024 * 1024

_INSTALLATION = re.compile(rb'"(?:repository_selection|access_tokens_url|app_slug)"\s*:')
_PERMISSIONS = re.compile(rb'"permissions"\s*:')
_APP = re.compile(rb'"(?:installations_count|hook_attributes|default_permissions|default_events)"\s*:')
_TOKEN = re.compile(rb'"(?:token_expires_at|token_last_used_at|access_granted_at)"\s*:')
_NAME = re.compile(r"[\w.-]{1,100}")
_REPOSITORY = re.compile(r"[\w.-]{1,100}/[\w.-]{1,100}")


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as one of these answers, or as the manifest of an app."""
    if not path.lower().endswith((".json", ".jsonl", ".ndjson")):
        return False
    if _TOKEN.search(head) or (_INSTALLATION.search(head) and _PERMISSIONS.search(head)):
        return b"github" in head or b"_url" in head or b"repository_selection" in head
    return _APP.search(head) is not None and b"default_permissions" in head and (b"default_events" in head or b"hook_attributes" in head)


def read(document: Document) -> Iterator[Fact]:
    """Apps, tokens, and grants for what they may do.

    Raises:
        IngestError: not JSON.
    """
    for record in records(document, ("installations", "repositories")):
        value = record.value
        if "token_expires_at" in value or "token_id" in value or "access_granted_at" in value:
            yield from _token(document, record)
        elif "repository_selection" in value and ("app_id" in value or "app_slug" in value):
            yield from _installation(document, record)
        elif "default_permissions" in value:
            yield from _manifest(document, record)
        elif "permissions" in value and ("slug" in value or "installations_count" in value) and isinstance(value.get("owner"), dict):
            yield _app(document, record, text(value.get("slug")) or str(value.get("id") or ""), text(value.get("name")))


def _app(document: Document, record: Record, slug: str, name: str = "", suspended: object = None) -> NodeFact:
    """An app; one whose installation is switched off is suspended."""
    props: Props = {"name": redact(name) or slug, "type": "github_app", "provider": "github", "binding": "platform"}
    status = "suspended" if suspended else "active"
    return NodeFact("Identity", f"github-app:{slug.lower()}", {**props, "status": status, "sources": [document.source(record.line())]})


def _installation(document: Document, record: Record) -> Iterator[Fact]:
    value = record.value
    account = value.get("account")
    owner = text(account.get("login") or account.get("slug")) if isinstance(account, dict) else ""
    slug = redact(text(value.get("app_slug")) or str(value.get("app_id") or ""))
    if not _NAME.fullmatch(slug) or not _NAME.fullmatch(owner):
        yield problem(document, record.line(), "is an installation without an app or an account", NAME, "error")
        return
    app = _app(document, record, slug, suspended=value.get("suspended_at"))
    yield app
    id, number = str(value.get("app_id") or ""), str(value.get("id") or "")
    for other in (
        f"github-app:{id}" if id.isdigit() else "",
        f"github-app-client:{text(value.get('client_id'))}" if value.get("client_id") else "",
    ):
        if other and other != app.id:
            # Settings name an app by its number or its client id.
            yield EdgeFact("ASSUMES", ("Identity", redact(other)), app.key, _granted(document, record))
    if value.get("suspended_at"):
        return
    listed = [name for one in items(value.get("repositories")) if _REPOSITORY.fullmatch(name := text(one.get("full_name")))]
    selected = value.get("repository_selection") == "selected"
    body = {"owner": owner, "permissions": _permissions(value.get("permissions")), "installation": number if number.isdigit() else ""}
    yield _grant(document, record, app.key, {**body, "repositories": [redact(name) for name in listed] if selected else None})


def _manifest(document: Document, record: Record) -> Iterator[Fact]:
    """What a new app would ask for; who installs it decides where."""
    value = record.value
    name = text(value.get("name"))
    slug = redact(re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-"))
    if not slug:
        yield problem(document, record.line(), "is the manifest of an app without a name", NAME)
        return
    app = _app(document, record, slug, name)
    yield NodeFact(app.kind, app.id, {**app.props, "status": "proposed"})
    asked = [f"permission={scope}:{access}" for scope, access in sorted(_permissions(value.get("default_permissions")).items())]
    yield NodeFact(app.kind, app.id, {"labels": asked or None, "sources": [document.source(record.line("default_permissions"))]})


def _token(document: Document, record: Record) -> Iterator[Fact]:
    """A fine-grained token of a member: acts as the member, within what the organisation let it do."""
    value = record.value
    owner = value.get("owner")
    login = text(owner.get("login")) if isinstance(owner, dict) else ""
    id = str(value.get("token_id") or value.get("id") or "")
    if not _NAME.fullmatch(login) or not id.isdigit():
        yield problem(document, record.line(), "is a token without an owner", NAME, "error")
        return
    sources = [document.source(record.line())]
    title = redact(text(value.get("token_name"), 100)) or f"token of {login}"
    identity: NodeKey = ("Identity", f"github-token:{id}")
    expired = value.get("token_expired") is True
    status = "suspended" if expired else "active"
    props: Props = {"name": f"{title} ({login})", "type": "fine_grained_token", "provider": "github", "binding": "bearer"}
    yield NodeFact(*identity, {**props, "status": status, "sources": sources})
    secret: NodeKey = ("Secret", f"github-token:{id}")
    expires = moment(text(value.get("token_expires_at")).replace(" UTC", "Z").replace(" ", "T", 1))
    yield NodeFact(
        *secret,
        {
            "name": title,
            "type": "github_fine_grained_token",
            "lifetime": "static",
            "issued_at": moment(value.get("access_granted_at") or value.get("created_at")),
            "expires_at": expires,
            "last_used": moment(value.get("token_last_used_at")),
            "sources": sources,
        },
    )
    yield EdgeFact("AUTHENTICATES_AS", secret, identity, _granted(document, record))
    person: NodeKey = ("Owner", f"@{login.lower()}")
    yield NodeFact(*person, {"name": login, "type": "person", "sources": sources})
    yield EdgeFact("OWNS", person, identity, _granted(document, record))
    permissions = value.get("permissions")
    parts = [part for part in permissions.values() if isinstance(part, dict)] if isinstance(permissions, dict) else []
    united = {scope: access for part in parts for scope, access in _permissions(part).items()}
    listed = [name for one in items(value.get("repositories")) if _REPOSITORY.fullmatch(name := text(one.get("full_name")))]
    selection = text(value.get("repository_selection"))
    organisation = _organisation(value) or next((name.partition("/")[0] for name in listed), "")
    if expired or not united:
        return
    if not organisation:
        yield problem(document, record.line(), "does not say in which organisation the token may be used", NAME, "note")
    body = {"owner": organisation, "permissions": united, "repositories": None if selection == "all" else [redact(name) for name in listed]}
    yield _grant(document, record, identity, body)


def _organisation(value: dict[str, Any]) -> str:
    """The organisation whose list it stands in, from the address of its repositories."""
    found = re.search(r"/organi[sz]ations/([\w.-]{1,100})/|/orgs/([\w.-]{1,100})/", text(value.get("repositories_url"), 500))
    return (found[1] or found[2]) if found and not (found[1] or found[2]).isdigit() else ""


def _permissions(value: object) -> dict[str, str]:
    """Scope → ``read``, ``write`` or ``admin``."""
    if not isinstance(value, dict):
        return {}
    known = {str(scope): access for scope, access in list(value.items())[:200] if access in ("read", "write", "admin")}
    return {redact(scope)[:60]: str(access) for scope, access in known.items() if re.fullmatch(r"[a-z_-]{1,60}", scope)}


def _grant(document: Document, record: Record, subject: NodeKey, body: dict[str, Any]) -> Grant:
    stated = json.dumps(body, separators=(",", ":"))
    return Grant("github", subject, "installation", stated, "", document.source(record.line()), "granted")


def _granted(document: Document, record: Record) -> Props:
    return {"evidence": ["granted"], "sources": [document.source(record.line())]}
