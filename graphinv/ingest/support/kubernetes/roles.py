"""The cluster roles that every cluster has, as Kubernetes documents them, for bindings that name one which no file defines."""

from __future__ import annotations

from typing import Any

Rule = dict[str, list[str]]

_READ = ["get", "list", "watch"]
_WRITE = ["create", "delete", "deletecollection", "patch", "update"]
_CORE = [
    "configmaps",
    "endpoints",
    "persistentvolumeclaims",
    "pods",
    "replicationcontrollers",
    "replicationcontrollers/scale",
    "serviceaccounts",
    "services",
]
_APPS = ["daemonsets", "deployments", "deployments/scale", "replicasets", "replicasets/scale", "statefulsets", "statefulsets/scale"]
_OTHERS: list[tuple[str, list[str]]] = [
    ("apps", _APPS),
    ("autoscaling", ["horizontalpodautoscalers"]),
    ("batch", ["cronjobs", "jobs"]),
    ("networking.k8s.io", ["ingresses", "networkpolicies"]),
    ("policy", ["poddisruptionbudgets"]),
]


def _rule(group: str, resources: list[str], verbs: list[str]) -> Rule:
    return {"apiGroups": [group], "resources": resources, "verbs": verbs}


_VIEW: list[Rule] = [
    _rule("", [*_CORE, "events", "limitranges", "namespaces", "pods/log", "pods/status", "resourcequotas"], _READ),
    *(_rule(group, resources, _READ) for group, resources in _OTHERS),
]
_EDIT: list[Rule] = [
    *_VIEW,
    _rule("", ["pods/attach", "pods/exec", "pods/portforward", "pods/proxy", "services/proxy"], [*_READ, *_WRITE]),
    _rule("", ["secrets"], [*_READ, *_WRITE]),
    _rule("", ["serviceaccounts"], ["impersonate"]),
    _rule("", ["serviceaccounts/token"], ["create"]),
    _rule("", _CORE, _WRITE),
    *(_rule(group, resources, _WRITE) for group, resources in _OTHERS),
]
_ADMIN: list[Rule] = [*_EDIT, _rule("rbac.authorization.k8s.io", ["rolebindings", "roles"], [*_READ, *_WRITE])]

# Roles of the cluster's own parts, and of add-ons: group, resources, verbs; events and leases, which only tell of work, are left out.
_SYSTEM: dict[str, tuple[tuple[str, str, str], ...]] = {
    "system:auth-delegator": (
        ("authentication.k8s.io", "tokenreviews", "create"),
        ("authorization.k8s.io", "subjectaccessreviews", "create"),
    ),
    "system:heapster": (("", "events namespaces nodes pods", "get list watch"), ("apps", "deployments", "get list watch")),
    "system:kube-aggregator": (("", "endpoints services", "get list watch"),),
    "system:kube-controller-manager": (
        ("", "endpoints", "create get update"),
        ("", "secrets serviceaccounts", "create delete get update"),
        ("", "namespaces configmaps", "get"),
        ("", "serviceaccounts/token", "create"),
        ("authentication.k8s.io", "tokenreviews", "create"),
        ("authorization.k8s.io", "subjectaccessreviews", "create"),
        ("*", "*", "list watch"),
    ),
    "system:kube-dns": (("", "endpoints services", "list watch"),),
    "system:kube-scheduler": (
        ("", "nodes persistentvolumes persistentvolumeclaims namespaces replicationcontrollers services", "get list watch"),
        ("", "pods", "get list watch delete"),
        ("", "bindings pods/binding", "create"),
        ("", "pods/status", "patch update"),
        ("", "persistentvolumes persistentvolumeclaims", "update patch"),
        ("apps", "replicasets statefulsets", "get list watch"),
    ),
    "system:kubelet-api-admin": (
        ("", "nodes", "get list watch proxy"),
        ("", "nodes/log nodes/metrics nodes/proxy nodes/stats nodes/healthz nodes/configz nodes/pods", "*"),
    ),
    "system:node": (
        ("", "pods", "get list watch create delete"),
        ("", "pods/status", "patch update"),
        ("", "pods/eviction", "create"),
        ("", "nodes", "create get list watch update patch"),
        ("", "configmaps secrets", "get list watch"),
        ("", "persistentvolumeclaims persistentvolumes endpoints services", "get list watch"),
        ("", "serviceaccounts/token", "create"),
        ("certificates.k8s.io", "certificatesigningrequests", "create get list watch"),
    ),
    "system:node-bootstrapper": (("certificates.k8s.io", "certificatesigningrequests", "create get list watch"),),
    "system:node-problem-detector": (("", "nodes", "get"), ("", "nodes/status", "patch")),
    "system:node-proxier": (("", "endpoints services nodes", "get list watch"),),
    "system:persistent-volume-provisioner": (
        ("", "persistentvolumes", "create delete get list watch"),
        ("", "persistentvolumeclaims", "get list update watch"),
        ("storage.k8s.io", "storageclasses", "get list watch"),
    ),
    "system:volume-scheduler": (
        ("", "persistentvolumes", "get list patch update watch"),
        ("storage.k8s.io", "storageclasses", "get list watch"),
    ),
}

BUILT_IN: dict[str, list[Rule]] = {
    **{name: [_rule(group, kinds.split(), verbs.split()) for group, kinds, verbs in rules] for name, rules in _SYSTEM.items()},
    "cluster-admin": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
    "admin": _ADMIN,
    "edit": _EDIT,
    "view": _VIEW,
}
"""Name → rules."""
NESTED: dict[str, tuple[str, ...]] = {"admin": ("admin", "edit", "view"), "edit": ("edit", "view"), "view": ("view",)}
"""Which ``rbac.authorization.k8s.io/aggregate-to-…`` labels make a cluster role part of one of these."""
HARMLESS = (
    *("system:discovery", "system:basic-user", "system:public-info-viewer", "system:service-account-issuer-discovery", "system:monitoring"),
    "extension-apiserver-authentication-reader",
)
"""Roles that only tell about the cluster itself; the last one is a Role of `kube-system`."""
MASTERS = "system:masters"
"""The group that may do everything, whatever is bound."""


def selects(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    """Whether a selector of an aggregation rule takes a role with ``labels``; one that asks for nothing takes all."""
    if any(labels.get(key) != value for key, value in selector.get("labels", {}).items()):
        return False
    for one in selector.get("expressions", ()):
        key, operator, values = one.get("key"), one.get("operator"), one.get("values") or []
        has = key in labels
        inside = has and labels[key] in values
        held = {"In": inside, "NotIn": not inside, "Exists": has, "DoesNotExist": not has}
        if not held.get(operator, False):
            return False
    return True
