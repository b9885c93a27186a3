"""Kubernetes objects of the Vault config operator (redhatcop.redhat.io): policies, roles, connections, groups, and Secrets that it fills.

Its fields are those of Vault's own interface in camel case.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest.support.kubernetes.names import object_id
from graphinv.ingest.support.parts import inside, items, texts
from graphinv.ingest.support.records import text
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.vault.entries import alias_facts, entry_facts, policy_facts
from graphinv.ingest.support.vault.paths import key_of, plain_path
from graphinv.ingest.support.vault.stated import Stated
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey

_PLACES: Mapping[str, str] = {
    "KubernetesAuthEngineRole": "auth/{path}/role/{name}",
    "JWTOIDCAuthEngineRole": "auth/{path}/role/{name}",
    "AzureAuthEngineRole": "auth/{path}/role/{name}",
    "GCPAuthEngineRole": "auth/{path}/role/{name}",
    "AWSAuthEngineRole": "auth/{path}/role/{name}",
    "CertAuthEngineRole": "auth/{path}/certs/{name}",
    "LDAPAuthEngineGroup": "auth/{path}/groups/{name}",
    "DatabaseSecretEngineRole": "{path}/roles/{name}",
    "DatabaseSecretEngineStaticRole": "{path}/static-roles/{name}",
    "DatabaseSecretEngineConfig": "{path}/config/{name}",
    "AzureSecretEngineRole": "{path}/roles/{name}",
    "GitHubSecretEngineRole": "{path}/roles/{name}",
    "KubernetesSecretEngineRole": "{path}/roles/{name}",
    "PKISecretEngineRole": "{path}/roles/{name}",
    "QuaySecretEngineRole": "{path}/roles/{name}",
    "RabbitMQSecretEngineRole": "{path}/roles/{name}",
    "Group": "identity/group/name/{name}",
    "Entity": "identity/entity/name/{name}",
}
"""Kind → where in Vault it is written."""
_NAMES: Mapping[str, str] = {
    "connectionURL": "connection_url",
    "dBName": "db_name",
    "defaultTTL": "default_ttl",
    "maxTTL": "max_ttl",
    "TTL": "ttl",
    "tokenTTL": "token_ttl",
    "tokenMaxTTL": "token_max_ttl",
    "tokenExplicitMaxTTL": "token_explicit_max_ttl",
    "azureRoles": "azure_roles",
    "applicationObjectID": "application_object_id",
    "boundServicePrincipalIDs": "bound_service_principal_ids",
}
_CREDS = re.compile(r"(?P<mount>.{1,200})/(?P<static>static-)?creds/(?P<name>[^/]{1,200})")
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def config_facts(at: Stated, value: dict[str, Any]) -> Iterator[Fact]:
    """What one object says; nothing for kinds that say nothing of who may do what."""
    kind, metadata, spec = text(value.get("kind")), inside(value, "metadata"), inside(value, "spec")
    name = redact(text(spec.get("name")) or text(metadata.get("name")))
    namespace = redact(text(metadata.get("namespace")))
    if not name:
        yield at.problem(f"is a {kind} without a name", "error")
        return
    yield from _login(at, inside(spec, "authentication"), namespace)
    if kind == "Policy":
        yield from policy_facts(at, name, spec.get("policy"))
    elif kind in ("GroupAlias", "EntityAlias"):
        held = "group" if kind == "GroupAlias" else "entity"
        yield from alias_facts(at, held, text(spec.get(f"{held}Name")), text(spec.get("authEngineMountPath")), name)
    elif kind == "VaultSecret":
        yield from _secret(at, spec, namespace)
    elif kind == "RandomSecret":
        path = redact(plain_path(f"{text(spec.get('path'))}/{name}"))
        yield NodeFact(*key_of("Secret", at.document.root, path), {"name": path, "type": "stored_secret", "sources": at.sources})
    elif kind in _PLACES:
        path = _PLACES[kind].format(path=redact(text(spec.get("path"))).strip("/"), name=name)
        yield from entry_facts(at, path, _data(kind, spec, namespace))
        if kind in ("KubernetesSecretEngineRole", "GitHubSecretEngineRole", "QuaySecretEngineRole", "RabbitMQSecretEngineRole"):
            yield at.problem(f"what the credentials of a {kind} may do is not read")


def _data(kind: str, spec: Mapping[str, Any], namespace: str) -> dict[str, Any]:
    """The fields as Vault's interface names them."""
    data = {_NAMES.get(key) or _HUMP.sub("_", key).lower(): one for key, one in spec.items()}
    if kind == "KubernetesAuthEngineRole":
        targets = inside(spec, "targetNamespaces")
        data["bound_service_account_names"] = texts(spec.get("targetServiceAccounts")) or ["default"]
        # Namespaces that labels choose may be any.
        data["bound_service_account_namespaces"] = texts(targets.get("targetNamespaces")) or (
            ["*"] if targets else [namespace or "default"]
        )
    elif kind.endswith("SecretEngineRole"):
        data.setdefault("default_ttl", 0)  # so that it counts as a role whatever it leaves to its engine
    return data


def _login(at: Stated, stated: Mapping[str, Any], namespace: str) -> Iterator[Fact]:
    """(:Identity service account)-[:ASSUMES]->(:Identity role), as which the operator writes the object or reads the secret."""
    role = redact(text(stated.get("role")))
    if not role:
        return
    account = redact(text(inside(stated, "serviceAccount").get("name"))) or "default"
    mount = redact(text(stated.get("path"))).strip("/") or "kubernetes"
    target = key_of("Identity", at.document.root, f"auth/{mount}/role/{role}")
    yield NodeFact(*target, {"name": role, "type": "vault_role", "provider": "vault", "sources": at.sources})
    source: NodeKey = ("Identity", object_id(at.document.root, namespace, "ServiceAccount", account))
    yield EdgeFact("ASSUMES", source, target, {**at.props, "kind_detail": "login to Vault"})


def _secret(at: Stated, spec: Mapping[str, Any], namespace: str) -> Iterator[Fact]:
    """A Secret of the cluster and the secrets of Vault that it is put together from."""
    output = redact(text(inside(spec, "output").get("name")))
    found = items(spec.get("vaultSecretDefinitions"))
    if not output or not found:
        yield at.problem("is a VaultSecret without definitions or an output", "error")
    for one in found:
        yield from _login(at, inside(one, "authentication"), namespace)
        path = redact(plain_path(text(one.get("path"))))
        if path and output:
            yield from filled(at, object_id(at.document.root, namespace, "Secret", output), path)


def filled(at: Stated, secret: str, path: str) -> Iterator[Fact]:
    """(:Secret of the cluster)-[:DERIVED_FROM]->(:Secret of Vault), and whom a credential that Vault makes stands for."""
    stored = key_of("Secret", at.document.root, path)
    yield NodeFact(*stored, {"name": path, "sources": at.sources})
    yield NodeFact("Secret", secret, {"name": secret.rpartition("/")[2], "sources": at.sources})
    yield EdgeFact("DERIVED_FROM", ("Secret", secret), stored, at.props)
    made = _CREDS.fullmatch(path)
    if made:
        kind = "static-roles" if made["static"] else "roles"
        identity = key_of("Identity", at.document.root, f"{made['mount']}/{kind}/{made['name']}")
        yield NodeFact(*identity, {"name": made["name"], "type": "vault_issued", "provider": "vault", "sources": at.sources})
        yield EdgeFact("AUTHENTICATES_AS", ("Secret", secret), identity, at.props)
