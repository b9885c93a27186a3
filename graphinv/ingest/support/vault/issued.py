"""What Vault has issued, as ``vault token lookup`` and ``vault lease lookup`` tell it: since when each lives, and how it is renewed.

(:Secret token {issued_at, expires_at, ttl_seconds, renewable})-[:AUTHENTICATES_AS]->(:Identity role of a login method)
(:Secret lease of a credential)-[:AUTHENTICATES_AS]->(:Identity role of its engine)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from graphinv.ingest.support.parts import inside
from graphinv.ingest.support.records import moment, text
from graphinv.ingest.support.secrets import recognise, redact, secret_key
from graphinv.ingest.support.vault.entries import seconds
from graphinv.ingest.support.vault.lists import words
from graphinv.ingest.support.vault.paths import LOGIN, key_of
from graphinv.ingest.support.vault.stated import Stated
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props
from graphinv.model.kinds import normal_time

_LEASE = re.compile(r"(?P<mount>[^/].{0,100}?)/creds/(?P<name>[^/]{1,200})/(?P<rest>[^/]{1,200})")


def is_token(data: Mapping[str, Any]) -> bool:
    """Whether it is what a look-up of a token answers."""
    return "creation_ttl" in data and "issue_time" in data


def is_lease(data: Mapping[str, Any]) -> bool:
    """Whether it is what a look-up of the lease of an engine's credential answers."""
    return "issue_time" in data and "creation_ttl" not in data and _LEASE.fullmatch(text(data.get("id"))) is not None


def token_facts(at: Stated, data: Mapping[str, Any]) -> Iterator[Fact]:
    """A token that was issued, and as whom it acts: the role of the login that gave it, else what its own policies let it do."""
    document = at.document
    own = f"vault-token:{document.fingerprint(text(data.get('accessor')) or text(data.get('id')))}"
    found = recognise("token", text(data.get("id")))
    key: NodeKey = secret_key(document, found) if found else ("Secret", own)
    called = redact(text(data.get("display_name"), 200)) or "a token"
    expires, batch = moment(data.get("expire_time")), data.get("type") == "batch"
    props: Props = {
        "name": f"token of {called}",
        "type": "vault_token",
        "lifetime": "ephemeral" if expires else "static",
        "issued_at": moment(data.get("issue_time")) or moment(data.get("creation_time")),
        "expires_at": expires,
        "ttl_seconds": seconds(data.get("period")) or seconds(data.get("creation_ttl")),
        "max_life_seconds": seconds(data.get("explicit_max_ttl")),
        "renewable": data["renewable"] if isinstance(data.get("renewable"), bool) else None,
        # A batch token is in no store from which it could be struck
        "revocation_hook": not batch,
        "sources": at.sources,
    }
    yield NodeFact(*key, {name: value for name, value in props.items() if value is not None})
    login = LOGIN.fullmatch(text(data.get("path")))
    meta = inside(data, "meta")
    role = text(meta.get("role")) or text(meta.get("role_name")) or text(meta.get("username")) or (login and login["name"]) or ""
    if login and role:
        identity = key_of("Identity", document.root, f"auth/{redact(login['mount'])}/role/{redact(role)}")
    else:
        identity = key_of("Identity", document.root, own)
        policies = [redact(one) for name in ("policies", "identity_policies") for one in words(data.get(name))]
        yield at.grant(identity, "policies", policies)
    yield NodeFact(*identity, {"name": redact(role) or called, "provider": "vault", "sources": at.sources})
    yield EdgeFact("AUTHENTICATES_AS", key, identity, at.props)


def lease_facts(at: Stated, data: Mapping[str, Any]) -> Iterator[Fact]:
    """A credential that an engine made and that somebody keeps alive by renewing its lease."""
    match = _LEASE.fullmatch(text(data.get("id")))
    if match is None:
        return
    mount, name = redact(match["mount"]), redact(match["name"])
    key: NodeKey = ("Secret", f"vault-lease:{at.document.fingerprint(match[0])}")
    issued, expires = moment(data.get("issue_time")), moment(data.get("expire_time"))
    renewed = moment(data.get("last_renewal"))
    props: Props = {
        "name": f"lease of {mount}/creds/{name}",
        "type": "dynamic_credential",
        "lifetime": "ephemeral",
        "issued_at": issued,
        "expires_at": expires,
        "ttl_seconds": _between(renewed or issued, expires),
        "renewable": data["renewable"] if isinstance(data.get("renewable"), bool) else None,
        "revocation_hook": True,
        "sources": at.sources,
    }
    yield NodeFact(*key, {one: value for one, value in props.items() if value is not None})
    identity = key_of("Identity", at.document.root, f"{mount}/roles/{name}")
    yield NodeFact(*identity, {"name": name, "type": "vault_issued", "provider": "vault", "sources": at.sources})
    yield EdgeFact("AUTHENTICATES_AS", key, identity, at.props)


def _between(start: str | None, end: str | None) -> int | None:
    """Seconds between two times; None where one is not known, or they stand the other way round."""
    if start is None or end is None:
        return None
    try:
        first, last = (datetime.fromisoformat(str(normal_time(one))) for one in (start, end))
    except ValueError:
        return None
    return int((last - first).total_seconds()) if last > first else None
