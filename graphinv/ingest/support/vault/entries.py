"""What is configured at a path of Vault: a policy, a role of a login method, a role of an engine that makes credentials, its connection.

Every form in which such configuration is written (dumps, scripts, files of operators) comes down to a path and its data.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest.support.databases import database_facts
from graphinv.ingest.support.gcp import names as gcp
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.vault.clouds import STATED, cloud_facts
from graphinv.ingest.support.vault.hcl import PolicyError, Rule, of_object, rules
from graphinv.ingest.support.vault.lists import words
from graphinv.ingest.support.vault.paths import key_of
from graphinv.ingest.support.vault.stated import Stated
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props

POLICY = re.compile(r"sys/polic(?:y|ies/acl)/(?P<name>[^/]{1,200})")
_LOGIN = re.compile(r"auth/(?P<mount>.{1,100}?)/(?:roles?|users|groups|certs|map/(?:teams|users))/(?P<name>[^/]{1,200})")
_HELD = re.compile(r"identity/(?P<kind>entity|group)/name/(?P<name>[^/]{1,200})")
_MADE = re.compile(r"(?P<mount>.{1,100}?)/(?P<kind>roles|static-roles|roleset|static-account|impersonated-account)/(?P<name>[^/]{1,200})")
_CONNECTION = re.compile(r"(?P<mount>.{1,100}?)/config/(?P<name>[^/]{1,200})")

_TIME = re.compile(r"(\d{1,12}(?:\.\d{1,6})?)(ms|[smhd])")
_UNITS = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400}
_GRANTED: tuple[tuple[re.Pattern[str], tuple[str, ...]], ...] = (
    (re.compile(r"\bsuperuser\b|\bcreaterole\b|\brds_superuser\b|\bgrant\s+option\b|\bdbOwner\b|\broot\b", re.IGNORECASE), ("admin",)),
    (re.compile(r"\bgrant\s+all\b|\breadWrite\b", re.IGNORECASE), ("read", "write", "delete")),
    (re.compile(r"\bselect\b|\"read\"", re.IGNORECASE), ("read",)),
    (re.compile(r"\binsert\b|\bupdate\b|\bcreate\s+on\b", re.IGNORECASE), ("write",)),
    (re.compile(r"\bdelete\b|\btruncate\b", re.IGNORECASE), ("delete",)),
    (re.compile(r"\bexecute\b", re.IGNORECASE), ("execute",)),
)


def seconds(value: object) -> int | None:
    """A duration as Vault takes it: a number of seconds, ``768h``, ``1h30m``; None for nothing, zero and other texts.

    >>> seconds("1h30m"), seconds(3600), seconds("0"), seconds("soon")
    (5400, 3600, None, None)
    """
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        return int(value) if 0 < value < 1e12 else None
    text = value.strip() if isinstance(value, str) and len(value) < 60 else ""
    if text.isdigit():
        return int(text) or None
    parts = _TIME.findall(text)
    if not parts or "".join(map("".join, parts)) != text:
        return None
    total = int(sum(float(number) * _UNITS[unit] for number, unit in parts))
    return total if 0 < total < 10**12 else None


def is_entry(path: str) -> bool:
    """Whether something that is read here is configured at ``path``."""
    return any(pattern.fullmatch(path.strip("/")) for pattern in (POLICY, _LOGIN, _HELD, _MADE, _CONNECTION))


def entry_facts(at: Stated, path: str, data: Mapping[str, Any]) -> Iterator[Fact]:
    """What ``data``, written to ``path``, says; nothing for paths of other kinds."""
    path = redact(path.strip("/"))
    if match := POLICY.fullmatch(path):
        yield from policy_facts(at, match["name"], data.get("policy") or data.get("rules"))
    elif match := _LOGIN.fullmatch(path):
        yield from _login_facts(at, path, match, data)
    elif match := _HELD.fullmatch(path):
        yield from _held_facts(at, path, match, data)
    elif match := _MADE.fullmatch(path):
        yield from _made_facts(at, match, data)
    elif match := _CONNECTION.fullmatch(path):
        yield from _connection_facts(at, path, data)


# --------------------------------------------------------------------------------------------------------------------------------
# Policies


def policy_facts(at: Stated, name: str, stated: object) -> Iterator[Fact]:
    """A policy, given as HCL, as JSON in a text, or as an object."""
    try:
        found = of_object(stated) if isinstance(stated, dict) else rules(stated) if isinstance(stated, str) else []
    except PolicyError as error:
        place = Stated(at.document, at.line + error.line - 1, at.evidence, at.ingestor)
        yield place.problem("a policy does not follow Vault's syntax here; it is left out", "error")
        return
    if not found and stated:
        yield at.problem("a policy holds no path", "note")
    yield at.grant(key_of("Resource", at.document.root, f"sys/policies/acl/{redact(name)}"), "policy", rules_body(found))


def rules_body(found: list[Rule]) -> list[list[object]]:
    """Rules as a grant keeps them: path, capabilities, and whether what may be written is limited."""
    return [[redact(rule.path), list(rule.capabilities), rule.parameters] for rule in found if len(rule.path) <= 1000]


# --------------------------------------------------------------------------------------------------------------------------------
# Logins


def _login_facts(at: Stated, path: str, match: re.Match[str], data: Mapping[str, Any]) -> Iterator[Fact]:
    """A role (or user) that somebody logs in as, the policies that it has, its tokens, and who they are."""
    root = at.document.root
    role = key_of("Identity", root, f"auth/{match['mount']}/role/{match['name']}")
    human = "/users/" in path or "/groups/" in path or "/teams/" in path
    props: Props = {"name": match["name"], "type": "human" if human else "vault_role", "provider": "vault"}
    props["kind_detail"] = f"login by {match['mount']}"
    yield NodeFact(*role, {**props, "sources": at.sources})
    names = ("token_policies", "policies", "allowed_policies", *(("value",) if "/map/" in path else ()))
    yield at.grant(role, "policies", next((found for name in names if (found := words(data.get(name)))), []))
    if "/users/" in path:
        for group in words(data.get("groups")):
            yield EdgeFact("MEMBER_OF", role, key_of("Identity", root, f"auth/{match['mount']}/role/{redact(group)}"), at.props)
    yield from _token_facts(at, role, match["mount"], data)
    yield from _who(at, role, data)


def alias_facts(at: Stated, kind: str, name: str, mount: str, alias: str) -> Iterator[Fact]:
    """Who logs in at ``mount`` under the name ``alias`` is the entity ``name``, or in the group of that name."""
    login = key_of("Identity", at.document.root, f"auth/{redact(mount).strip('/')}/role/{redact(alias)}")
    yield NodeFact(*login, {"name": redact(alias), "provider": "vault", "sources": at.sources})
    yield EdgeFact("MEMBER_OF", login, key_of("Identity", at.document.root, f"identity/{kind}/name/{redact(name)}"), at.props)


def _held_facts(at: Stated, path: str, match: re.Match[str], data: Mapping[str, Any]) -> Iterator[Fact]:
    """An entity or a group of Vault's own directory, and the policies that its members have beside their login's."""
    key = key_of("Identity", at.document.root, path)
    kind = "group" if match["kind"] == "group" else "vault_entity"
    status = "suspended" if data.get("disabled") is True else None
    yield NodeFact(*key, {"name": match["name"], "type": kind, "provider": "vault", "status": status, "sources": at.sources})
    yield at.grant(key, "policies", words(data.get("policies")))


def _token_facts(at: Stated, role: NodeKey, mount: str, data: Mapping[str, Any]) -> Iterator[Fact]:
    """The token that a login gives, with its times; for AppRole also the secret that the login takes."""
    period = seconds(data.get("token_period") or data.get("period"))
    ttl = seconds(data.get("token_ttl") or data.get("ttl"))
    longest = seconds(data.get("token_max_ttl") or data.get("max_ttl"))
    explicit = seconds(data.get("token_explicit_max_ttl") or data.get("explicit_max_ttl"))
    batch = data.get("token_type") == "batch"
    key: NodeKey = ("Secret", f"{role[1]}#token")
    props: Props = {
        "name": f"token of {role[1].rpartition('/')[2]}",
        "type": "vault_token",
        "lifetime": "ephemeral",
        "ttl_seconds": period or ttl or longest,
        # A periodic token lives as long as somebody renews it, unless its life is limited outright.
        "max_life_seconds": explicit or (None if period else longest),
        "renewable": data["renewable"] if isinstance(data.get("renewable"), bool) else not batch,
    }
    yield NodeFact(*key, {**props, "sources": at.sources})
    yield EdgeFact("AUTHENTICATES_AS", key, role, at.props)
    if "secret_id_ttl" in data or "secret_id_num_uses" in data or mount == "approle":
        life = seconds(data.get("secret_id_ttl"))
        secret: NodeKey = ("Secret", f"{role[1]}#secret-id")
        named: Props = {"name": f"secret id of {role[1].rpartition('/')[2]}", "type": "vault_approle_secret_id", "renewable": False}
        yield NodeFact(
            *secret,
            {**named, "lifetime": "ephemeral" if life else "static", "ttl_seconds": life, "max_life_seconds": life, "sources": at.sources},
        )
        yield EdgeFact("AUTHENTICATES_AS", secret, role, at.props)


def _who(at: Stated, role: NodeKey, data: Mapping[str, Any]) -> Iterator[Fact]:
    """(:Identity of a cloud, a cluster or an issuer)-[:ASSUMES]->(:Identity role)"""
    accounts = words(data.get("bound_service_account_names"))
    if accounts:
        body = {"names": accounts, "namespaces": words(data.get("bound_service_account_namespaces")) or ["*"]}
        yield at.grant(role, "workloads", body)
    for arn in (*words(data.get("bound_iam_principal_arn")), *words(data.get("bound_iam_role_arn"))):
        if arn.startswith("arn:") and "*" not in arn:
            yield EdgeFact("ASSUMES", ("Identity", redact(arn)), role, at.props)
        elif arn.startswith("arn:"):
            yield at.grant(role, "arns", redact(arn))
    for email in words(data.get("bound_service_accounts")):
        if gcp.is_account(email):
            yield EdgeFact("ASSUMES", gcp.account(redact(email)), role, at.props)
    for id in words(data.get("bound_service_principal_ids")):
        if re.fullmatch(r"[0-9a-fA-F-]{36}", id):
            yield EdgeFact("ASSUMES", ("Identity", f"entra:{id.lower()}"), role, at.props)
    claims = data.get("bound_claims")
    claims = claims if isinstance(claims, dict) else {}
    subjects = [f"repo:{one}" for one in words(claims.get("repository"))]
    subjects += [*words(data.get("bound_subject")), *words(claims.get("sub"))]
    for subject in subjects:
        yield at.grant(role, "subject", redact(subject))


# --------------------------------------------------------------------------------------------------------------------------------
# Engines that make credentials


def _made_facts(at: Stated, match: re.Match[str], data: Mapping[str, Any]) -> Iterator[Fact]:
    """A role of an engine: the credential that each who may read it gets, its times, and what it opens."""
    root, mount, name = at.document.root, match["mount"], match["name"]
    static = match["kind"].startswith("static")
    if mount.startswith(("auth/", "sys/", "identity/")) or not (set(data) & _OF_ENGINES):
        return
    folder = {"static-roles": "static-creds", "roleset": "roleset", "static-account": "static-account"}.get(match["kind"], "creds")
    tail = "/token" if folder in ("roleset", "static-account") else ""
    secret = key_of("Secret", root, f"{mount}/{folder}/{name}{tail}")
    ttl = seconds(data.get("default_ttl") or data.get("ttl") or data.get("default_sts_ttl") or data.get("token_default_ttl"))
    longest = seconds(data.get("max_ttl") or data.get("max_sts_ttl") or data.get("token_max_ttl"))
    rotation = seconds(data.get("rotation_period"))
    yield NodeFact(
        *secret,
        {
            "name": f"{name} of {mount}",
            "type": "rotated_credential" if static else "dynamic_credential",
            "lifetime": "static" if static else "ephemeral",
            "ttl_seconds": ttl or longest,
            "max_life_seconds": longest,
            "renewable": False if static else data.get("credential_type") not in ("assumed_role", "federation_token"),
            "rotate_every_days": max(1, rotation // 86400) if rotation else None,
            "revocation_hook": None if static else True,
            "sources": at.sources,
        },
    )
    identity = key_of("Identity", root, f"{mount}/{match['kind']}/{name}")
    yield NodeFact(*identity, {"name": name, "type": "vault_issued", "provider": "vault", "kind_detail": mount, "sources": at.sources})
    yield EdgeFact("AUTHENTICATES_AS", secret, identity, at.props)
    yield from cloud_facts(at, identity, name, data)
    connection = data.get("db_name")
    if isinstance(connection, str) and connection:
        statements = "\n".join(words(data.get("creation_statements")))
        yield at.grant(identity, "opens", {"connection": f"{mount}/config/{redact(connection)}", **_of_statements(statements, static)})


_OF_ENGINES = STATED | {
    "db_name",
    "creation_statements",
    "default_ttl",
    "max_ttl",
    "ttl",
    "rotation_period",
    "credential_type",
    "service_account_email",
}


def _of_statements(text: str, static: bool) -> dict[str, object]:
    """What the statements that make a user let it do; for want of statements a guess."""
    found = {action for pattern, actions in _GRANTED if pattern.search(text[:20_000]) for action in actions}
    if static or not found:
        return {"actions": ["read", "write"], "guess": True}
    return {"actions": sorted(found), "guess": False}


def _connection_facts(at: Stated, path: str, data: Mapping[str, Any]) -> Iterator[Fact]:
    """(the database that an engine is connected to); credentials in the address stay here."""
    url = data.get("connection_url")
    if not isinstance(url, str):
        return
    for fact in database_facts(at.document, at.line, re.sub(r"://[^@/]*@", "://", url)):
        if isinstance(fact, NodeFact) and fact.kind == "Resource":
            yield fact
            yield at.grant(key_of("Resource", at.document.root, path), "connects", fact.id)
