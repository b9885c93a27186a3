"""Objects of Kubernetes that stand in Terraform as manifests: read as the resources of its provider that they are the same as."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from textwrap import dedent
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import yamldoc
from graphinv.ingest.support.cloudformation.translate import snaked
from graphinv.ingest.support.partial import Value, is_known, text_of
from graphinv.ingest.support.terraform import kubernetes
from graphinv.ingest.support.terraform.context import Context, Reader
from graphinv.ingest.support.terraform.program import Resource
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact

_TYPES = {
    "ServiceAccount": "kubernetes_service_account",
    "Role": "kubernetes_role",
    "ClusterRole": "kubernetes_cluster_role",
    "RoleBinding": "kubernetes_role_binding",
    "ClusterRoleBinding": "kubernetes_cluster_role_binding",
    "Secret": "kubernetes_secret",
    "Deployment": "kubernetes_deployment",
    "StatefulSet": "kubernetes_stateful_set",
    "DaemonSet": "kubernetes_daemonset",
    "Job": "kubernetes_job",
    "CronJob": "kubernetes_cron_job",
}
_BLOCKS = {"rules": "rule", "subjects": "subject", "containers": "container"}
"""Lists of a manifest that are blocks of a resource, under another name."""
_OTHERS = ("apiextensions.k8s.io", "networking.k8s.io", "policy/", "autoscaling/", "storage.k8s.io")
"""Beginnings of versions whose objects give nobody anything."""
_WITHOUT = frozenset({"Namespace", "ConfigMap", "Service", "PersistentVolumeClaim", "LimitRange", "ResourceQuota"})
"""Kinds that give nobody anything."""


def _manifest(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    stated = one.get("manifest", "yaml_body")
    try:
        found = _objects(stated, site.path)
    except IngestError:
        found = None
    if not found:
        yield site.problem("an object of Kubernetes that is not known from this configuration")
        return
    for value in found:
        kind, version = text_of(value.get("kind")), text_of(value.get("apiVersion"))
        if kind in _TYPES:
            made = replace(one, type=_TYPES[kind], values=_renamed({**snaked(value), **_plain(value)}))
            yield from kubernetes.READERS[made.type](context, made)
        elif kind not in _WITHOUT and is_known(kind) and not version.startswith(_OTHERS):
            yield site.problem(f"a {site.name(kind)} of Kubernetes stands in configuration; it is not read there", "note")


def _objects(stated: Value, path: str) -> list[dict[str, Any]]:
    if isinstance(stated, str) and is_known(stated.strip()[:20]):
        documents = [located.value for located in yamldoc.parse(dedent(stated), Document("", path, b"", lambda _: ""))]
        return [value for value in documents if isinstance(value, dict)]
    return [stated] if isinstance(stated, dict) else []


def _plain(value: dict[str, Any]) -> dict[str, Any]:
    """What is somebody's own: names of annotations and of a Secret's keys stay as they are."""
    data = value.get("stringData") or value.get("data")
    return {"metadata": value.get("metadata"), **({"data": data} if isinstance(data, dict) else {})}


def _renamed(value: Value, depth: int = 0) -> Any:
    if isinstance(value, dict) and depth < 20:
        return {_BLOCKS.get(key, key): inner if key == "metadata" else _renamed(inner, depth + 1) for key, inner in value.items()}
    return [_renamed(item, depth + 1) for item in value] if isinstance(value, list) and depth < 20 else value


READERS: Mapping[str, Reader] = {"kubernetes_manifest": _manifest, "kubectl_manifest": _manifest}
