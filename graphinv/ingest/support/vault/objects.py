"""Kubernetes objects of Vault's own operator: which accounts log in to which role, which Secrets it fills from which path."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest.support.kubernetes.names import object_id
from graphinv.ingest.support.parts import inside
from graphinv.ingest.support.records import text
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.vault.entries import Stated
from graphinv.ingest.support.vault.paths import key_of, plain_path
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey

GROUP = "secrets.hashicorp.com/"
_CREDS = re.compile(r"(?P<mount>.{1,200})/(?P<static>static-)?creds/(?P<name>[^/]{1,200})")


def object_facts(at: Stated, value: dict[str, Any]) -> Iterator[Fact]:
    """(:Identity service account)-[:ASSUMES]->(:Identity role of Vault); (:Secret of the cluster)-[:DERIVED_FROM]->(:Secret of Vault), and
    for a credential that Vault makes (:Secret of the cluster)-[:AUTHENTICATES_AS]->(:Identity that it is made for).
    """
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
        yield from _filled(at, object_id(root, namespace, "Secret", redact(name)), redact(plain_path(f"{text(spec.get('mount'))}/{path}")))


def _filled(at: Stated, secret: str, path: str) -> Iterator[Fact]:
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
