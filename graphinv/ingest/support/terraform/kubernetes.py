"""Resources of Terraform's Kubernetes provider: accounts, roles and bindings, what runs, secrets.

The cluster is named by the root, as it is for manifests that do not name theirs.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from graphinv.ingest.support.aws import declared
from graphinv.ingest.support.aws.declared import Site
from graphinv.ingest.support.docker.running import safe
from graphinv.ingest.support.gcp import names as gcp
from graphinv.ingest.support.kubernetes.names import DEFAULT, object_id
from graphinv.ingest.support.masked import carried
from graphinv.ingest.support.partial import Value, is_known, text_of
from graphinv.ingest.support.terraform.context import Context, Reader
from graphinv.ingest.support.terraform.program import Resource
from graphinv.model.facts import Fact, Grant, NodeFact, NodeKey

PROVIDER = "kubernetes"


def _named(context: Context, one: Resource, kind: str) -> tuple[str, str, str]:
    """Id, namespace and name of an object."""
    site = context.site(one)
    about = next(iter(one.blocks("metadata")), {})
    name = text_of(about.get("name")) if about.get("name") else one.called
    namespace = text_of(about.get("namespace")) if about.get("namespace") else DEFAULT
    return site.id(object_id(site.root, namespace, kind, name)), site.id(namespace), site.id(name)


def _account_node(site: Site, namespace: str, name: str) -> NodeFact:
    key = object_id(site.root, namespace, "ServiceAccount", name)
    props = {"name": name, "type": "service_account", "provider": PROVIDER, "binding": "platform", "labels": [f"namespace={namespace}"]}
    return NodeFact("Identity", key, {**props, "sources": [site.source]})


def _account(context: Context, one: Resource) -> Iterator[Fact]:
    """A service account, and the cloud identity that its annotations let it act as."""
    site = context.site(one)
    _, namespace, name = _named(context, one, "ServiceAccount")
    node = _account_node(site, namespace, name)
    yield node
    for about in one.blocks("metadata", "annotations"):
        role, email = (about.get(key) for key in ("eks.amazonaws.com/role-arn", "iam.gke.io/gcp-service-account"))
        if role is not None and declared.known_role(text_of(role)):
            yield site.edge("ASSUMES", node.key, context.identity(site, "role", text_of(role)))
        if isinstance(email, str) and email:
            yield site.edge("ASSUMES", node.key, gcp.account(site.id(email)))


def _role(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    kind = "ClusterRole" if "cluster" in one.type else "Role"
    role, _, name = _named(context, one, kind)
    rules = [{field: _words(site, rule[key]) for key, field in _FIELDS.items() if rule.get(key) is not None} for rule in one.blocks("rule")]
    body = json.dumps({"rules": rules}, sort_keys=True)
    yield site.node("Resource", role, name, type="role")
    yield Grant(PROVIDER, ("Resource", role), "rules", body, role, site.source, site.evidence)


def _words(site: Site, value: Value) -> list[str]:
    """Texts of a list, the empty one too: it names the core group of Kubernetes."""
    return [site.id(text_of(item)) for item in value] if isinstance(value, list) else [site.id(text_of(value))]


_FIELDS = {
    "verbs": "verbs",
    "api_groups": "apiGroups",
    "resources": "resources",
    "resource_names": "resourceNames",
    "non_resource_urls": "nonResourceURLs",
}


def _binding(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    kind = "ClusterRoleBinding" if "cluster" in one.type else "RoleBinding"
    binding, namespace, _ = _named(context, one, kind)
    namespace = "" if kind == "ClusterRoleBinding" else namespace
    for of in one.blocks("role_ref"):
        role = site.id(object_id(site.root, namespace, text_of(of.get("kind")), text_of(of.get("name"))))
        body = json.dumps({"role": role, "namespace": namespace}, sort_keys=True)
        for subject in one.blocks("subject"):
            node = _subject(site, subject)
            yield node
            yield Grant(PROVIDER, node.key, "binding", body, binding, site.source, site.evidence)


def _subject(site: Site, subject: Mapping[str, Value]) -> NodeFact:
    kind, name = text_of(subject.get("kind")), site.id(text_of(subject.get("name")))
    if kind == "ServiceAccount":
        return _account_node(site, site.id(text_of(subject.get("namespace") or DEFAULT)), name)
    props = {"name": name, "type": "group" if kind == "Group" else "user", "provider": PROVIDER, "sources": [site.source]}
    return NodeFact("Identity", object_id(site.root, "", "Group" if kind == "Group" else "User", name), props)


def _workload(context: Context, one: Resource) -> Iterator[Fact]:
    """Something with pods: the account they have, and what their variables hold."""
    site = context.site(one)
    kind = _WORKLOADS[one.type.removesuffix("_v1")]
    key_id, namespace, name = _named(context, one, kind)
    key: NodeKey = ("Runtime", key_id)
    pods = [pod for path in _PODS for pod in one.blocks(*path)]
    images = [text_of(container["image"]) for pod in pods for container in _containers(pod) if container.get("image")]
    labels = [f"image={image}" for image in images if is_known(image) and safe(image)]
    labels += [f"manifest={one.path}"] if labels and safe(one.path) else []
    yield site.node("Runtime", key_id, name, type="pod", kind_detail=kind, labels=labels)
    yield from site.owners(key)
    for pod in pods:
        account = pod.get("service_account_name")
        node = _account_node(site, namespace, site.id(text_of(account)) if account else DEFAULT)
        yield node
        yield site.edge("RUNS_AS", key, node.key)
        for container in _containers(pod):
            yield from _variables(site, key, namespace, container)


def _containers(pod: Mapping[str, Value]) -> list[Mapping[str, Value]]:
    listed = pod.get("container")
    return [one for one in (listed if isinstance(listed, list) else [listed]) if isinstance(one, dict)]


def _variables(site: Site, key: NodeKey, namespace: str, container: Mapping[str, Value]) -> Iterator[Fact]:
    values: dict[str, object] = {}
    pending: list[tuple[str, Value]] = [("", container.get("env")), ("", container.get("env_from"))]
    while pending:
        field, value = pending.pop()
        for item in value if isinstance(value, list) else [value]:
            if not isinstance(item, dict):
                continue
            if field in ("secret_key_ref", "secret_ref") and item.get("name"):
                secret = site.id(object_id(site.root, namespace, "Secret", text_of(item["name"])))
                yield site.edge("HOLDS", key, ("Secret", secret), place="env")
            elif item.get("value") is not None:
                values[text_of(item.get("name"))] = item["value"]
            pending += [(name, inner) for name, inner in item.items() if isinstance(inner, (list, dict)) and len(pending) < 1000]
    yield from declared.held(site, key, values)


def _secret(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    secret, _, name = _named(context, one, "Secret")
    data = one.values.get("data")
    inside = [found for value in data.values() for found in carried(text_of(value))] if isinstance(data, dict) else []
    more = {"fingerprint": inside[0][1].removeprefix("secret:")} if len(inside) == 1 else {}
    yield site.node("Secret", secret, name, type="kubernetes_secret", lifetime="static", **more)


_PODS = (("spec", "template", "spec"), ("spec", "job_template", "spec", "template", "spec"))
_WORKLOADS = {
    "kubernetes_deployment": "Deployment",
    "kubernetes_stateful_set": "StatefulSet",
    "kubernetes_daemonset": "DaemonSet",
    "kubernetes_daemon_set": "DaemonSet",
    "kubernetes_job": "Job",
    "kubernetes_cron_job": "CronJob",
}


def _both(kinds: Mapping[str, Reader]) -> Iterator[tuple[str, Reader]]:
    """Each type under its old and its new name."""
    for kind, reader in kinds.items():
        yield kind, reader
        yield f"{kind}_v1", reader


READERS: Mapping[str, Reader] = dict(
    _both(
        {
            "kubernetes_service_account": _account,
            "kubernetes_role": _role,
            "kubernetes_cluster_role": _role,
            "kubernetes_role_binding": _binding,
            "kubernetes_cluster_role_binding": _binding,
            "kubernetes_secret": _secret,
            **dict.fromkeys(_WORKLOADS, _workload),
        }
    )
)
