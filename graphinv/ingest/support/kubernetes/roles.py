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

BUILT_IN: dict[str, list[Rule]] = {
    "cluster-admin": [{"apiGroups": ["*"], "resources": ["*"], "verbs": ["*"]}],
    "admin": _ADMIN,
    "edit": _EDIT,
    "view": _VIEW,
}
"""Name → rules."""
NESTED: dict[str, tuple[str, ...]] = {"admin": ("admin", "edit", "view"), "edit": ("edit", "view"), "view": ("view",)}
"""Which ``rbac.authorization.k8s.io/aggregate-to-…`` labels make a cluster role part of one of these."""
HARMLESS = ("system:discovery", "system:basic-user", "system:public-info-viewer", "system:service-account-issuer-discovery")
"""Roles that only tell about the cluster itself."""
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
