"""Kubernetes objects of Vault's own operator: which accounts log in to which role, which Secrets it fills from which path."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphinv.ingest.support.kubernetes.names import object_id
from graphinv.ingest.support.parts import inside
from graphinv.ingest.support.records import text
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.vault.config_operator import config_facts, filled
from graphinv.ingest.support.vault.paths import key_of, plain_path
from graphinv.ingest.support.vault.stated import Stated
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey

OPERATOR = "redhatcop.redhat.io/"
GROUPS = ("secrets.hashicorp.com/", OPERATOR)


def object_facts(at: Stated, value: dict[str, Any]) -> Iterator[Fact]:
    """(:Identity service account)-[:ASSUMES]->(:Identity role of Vault); (:Secret of the cluster)-[:DERIVED_FROM]->(:Secret of Vault), and
    for a credential that Vault makes (:Secret of the cluster)-[:AUTHENTICATES_AS]->(:Identity that it is made for).
    """
    if text(value.get("apiVersion")).startswith(OPERATOR):
        yield from config_facts(at, value)
        return
    root = at.document.root
    kind, metadata, spec = text(value.get("kind")), inside(value, "metadata"), inside(value, "spec")
    namespace = redact(text(metadata.get("namespace")))
    if kind == "VaultAuth":
        login = inside(spec, "kubernetes")
        role, account = redact(text(login.get("role"))), redact(text(login.get("serviceAccount")))
        if role and account:
            mount = redact(text(spec.get("mount"))) or "kubernetes"
            target = key_of("Identity", root, f"auth/{mount}/role/{role}")
            yield NodeFact(*target, {"name": role, "type": "vault_role", "provider": "vault", "sources": at.sources})
            source: NodeKey = ("Identity", object_id(root, namespace, "ServiceAccount", account))
            yield EdgeFact("ASSUMES", source, target, {**at.props, "kind_detail": "login to Vault"})
    elif kind in ("VaultStaticSecret", "VaultDynamicSecret"):
        name, path = text(inside(spec, "destination").get("name")), text(spec.get("path"))
        if not name or not path:
            yield at.problem(f"is a {kind} without a path or a destination", "error")
            return
        yield from filled(at, object_id(root, namespace, "Secret", redact(name)), redact(plain_path(f"{text(spec.get('mount'))}/{path}")))
