"""Resources of Terraform's Vault provider: each is a path of Vault and what is written to it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from graphinv.ingest import Document
from graphinv.ingest.support.aws.declared import Site
from graphinv.ingest.support.masked import unmasked
from graphinv.ingest.support.partial import MAX_TEXT, Unknown, Value, named, text_of
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.terraform.context import Context, Reader
from graphinv.ingest.support.terraform.program import Resource
from graphinv.ingest.support.vault.entries import entry_facts
from graphinv.ingest.support.vault.stated import Stated
from graphinv.model.facts import Fact

MAX_DEPTH = 20


class _Kind(NamedTuple):
    """Where a type is written: ``{mount}`` is its ``backend`` (``mount`` where that is not stated), ``{name}`` the first of ``names``."""

    path: str
    names: tuple[str, ...] = ("name",)
    mount: str = ""


KINDS: Mapping[str, _Kind] = {
    "vault_policy": _Kind("sys/policies/acl/{name}"),
    "vault_kubernetes_auth_backend_role": _Kind("auth/{mount}/role/{name}", ("role_name",), "kubernetes"),
    "vault_approle_auth_backend_role": _Kind("auth/{mount}/role/{name}", ("role_name",), "approle"),
    "vault_jwt_auth_backend_role": _Kind("auth/{mount}/role/{name}", ("role_name",), "jwt"),
    "vault_aws_auth_backend_role": _Kind("auth/{mount}/role/{name}", ("role",), "aws"),
    "vault_gcp_auth_backend_role": _Kind("auth/{mount}/role/{name}", ("role",), "gcp"),
    "vault_azure_auth_backend_role": _Kind("auth/{mount}/role/{name}", ("role",), "azure"),
    "vault_cert_auth_backend_role": _Kind("auth/{mount}/certs/{name}", ("name",), "cert"),
    "vault_token_auth_backend_role": _Kind("auth/token/roles/{name}", ("role_name",)),
    "vault_ldap_auth_backend_group": _Kind("auth/{mount}/groups/{name}", ("groupname",), "ldap"),
    "vault_ldap_auth_backend_user": _Kind("auth/{mount}/users/{name}", ("username",), "ldap"),
    "vault_okta_auth_backend_group": _Kind("auth/{mount}/groups/{name}", ("group_name",), "okta"),
    "vault_github_team": _Kind("auth/{mount}/map/teams/{name}", ("team",), "github"),
    "vault_identity_entity": _Kind("identity/entity/name/{name}"),
    "vault_identity_group": _Kind("identity/group/name/{name}"),
    "vault_database_secret_backend_role": _Kind("{mount}/roles/{name}", mount="database"),
    "vault_database_secret_backend_static_role": _Kind("{mount}/static-roles/{name}", mount="database"),
    "vault_database_secret_backend_connection": _Kind("{mount}/config/{name}", mount="database"),
    "vault_aws_secret_backend_role": _Kind("{mount}/roles/{name}", mount="aws"),
    "vault_azure_secret_backend_role": _Kind("{mount}/roles/{name}", ("role",), "azure"),
    "vault_gcp_secret_roleset": _Kind("{mount}/roleset/{name}", ("roleset",), "gcp"),
    "vault_kubernetes_secret_backend_role": _Kind("{mount}/roles/{name}", mount="kubernetes"),
}
_ENGINES = (
    "postgresql",
    "mysql",
    "mysql_aurora",
    "mysql_rds",
    "mssql",
    "mongodb",
    "mongodbatlas",
    "oracle",
    "redshift",
    "snowflake",
    "redis",
)
_CALLED = {"bound_iam_principal_arns": "bound_iam_principal_arn", "policy_arns": "policy_arns", "allowed_roles": "allowed_roles"}


def _entry(context: Context, one: Resource) -> Iterator[Fact]:
    kind = KINDS[one.type]
    site = context.site(one)
    if one.type == "vault_policy" and isinstance(one.values.get("policy"), Unknown):
        yield site.problem("a policy is not known from this configuration")
        return
    mount = site.id(text_of(one.get("backend", "mount", "path")) or kind.mount).strip("/").removeprefix("auth/")
    name = site.id(text_of(one.get(*kind.names) or Unknown(f"{one.address}.name")))
    data = {_CALLED.get(key, key): _plain(site, value, 0) for key, value in one.values.items()}
    for engine in _ENGINES:
        for block in one.blocks(engine):
            data = {**data, "plugin_name": f"{engine}-database-plugin", **{key: _plain(site, value, 0) for key, value in block.items()}}
    yield from entry_facts(_at(site), kind.path.format(mount=mount, name=name.replace("/", ".")), data)


def _written(context: Context, one: Resource) -> Iterator[Fact]:
    """What is written to any path, as JSON."""
    site = context.site(one)
    try:
        data = json.loads(text_of(one.values.get("data_json"))[:MAX_TEXT])
    except (ValueError, RecursionError):
        yield site.problem("what is written to a path of Vault is not known from this configuration")
        return
    if isinstance(data, dict):
        made = {str(key): _plain(site, value, 0) for key, value in data.items()}
        yield from entry_facts(_at(site), site.id(text_of(one.values.get("path"))), made)


def _at(site: Site) -> Stated:
    def place(value: str) -> str:
        # Credentials are masked before: what is left is told apart by where it stands.
        return hashlib.sha256(f"{site.source}#{len(value)}".encode()).hexdigest()[:32]

    return Stated(Document(site.root, site.path, b"", place), site.line, site.evidence, site.ingestor)


def _plain(site: Site, value: Value, depth: int) -> Value:
    """A value without credentials, in which what is not known has the name of what would tell it."""
    if isinstance(value, (str, Unknown)):
        where = f"{site.root}/{site.place}" if site.place else site.root
        return hide(named(unmasked(text_of(value)[:MAX_TEXT]), where))
    if isinstance(value, dict) and depth < MAX_DEPTH:
        return {str(key): _plain(site, inner, depth + 1) for key, inner in value.items()}
    if isinstance(value, list) and depth < MAX_DEPTH:
        return [_plain(site, inner, depth + 1) for inner in value]
    return value if isinstance(value, (bool, int, float)) else None


READERS: Mapping[str, Reader] = {**dict.fromkeys(KINDS, _entry), "vault_generic_endpoint": _written}
