"""A second authorizer, written from Kubernetes' documentation of RBAC alone, that the evaluation of grants is compared with.

It answers single requests, as ``kubectl auth can-i`` does, and knows nothing of targets, scopes or actions.
"""

from __future__ import annotations

from typing import Any, NamedTuple


class Request(NamedTuple):
    """``verb`` on ``resource`` (``pods``, or ``pods/exec``) of an API group; no namespace for what lies in none, no name for all."""

    verb: str
    group: str
    resource: str
    namespace: str = ""
    name: str = ""


class Oracle:
    """All roles and bindings of a cluster, as manifests."""

    def __init__(self, manifests: list[dict[str, Any]]) -> None:
        self.manifests = manifests

    def of_kind(self, kind: str) -> list[dict[str, Any]]:
        return [one for one in self.manifests if one["kind"] == kind]

    def can_i(self, namespace: str, account: str, request: Request) -> bool:
        """Whether a service account may."""
        for binding in self.of_kind("ClusterRoleBinding"):
            if self.is_bound(binding, namespace, account) and self.allows(
                self.rules("ClusterRole", "", binding["roleRef"]["name"]), request
            ):
                return True
        for binding in self.of_kind("RoleBinding"):
            here = binding["metadata"]["namespace"]
            if not request.namespace or here != request.namespace or not self.is_bound(binding, namespace, account):
                continue
            if self.allows(self.rules(binding["roleRef"]["kind"], here, binding["roleRef"]["name"]), request):
                return True
        return False

    @staticmethod
    def is_bound(binding: dict[str, Any], namespace: str, account: str) -> bool:
        groups = {"system:serviceaccounts", f"system:serviceaccounts:{namespace}", "system:authenticated"}
        for subject in binding.get("subjects", []):
            match subject["kind"]:
                case "ServiceAccount":
                    if (subject["namespace"], subject["name"]) == (namespace, account):
                        return True
                case "User":
                    if subject["name"] == f"system:serviceaccount:{namespace}:{account}":
                        return True
                case "Group":
                    if subject["name"] in groups:
                        return True
        return False

    def rules(self, kind: str, namespace: str, name: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = []
        for role in self.of_kind(kind):
            meta = role["metadata"]
            if meta["name"] != name or meta.get("namespace", "") != ("" if kind == "ClusterRole" else namespace):
                continue
            found += role.get("rules", [])
            for selector in role.get("aggregationRule", {}).get("clusterRoleSelectors", []):
                for other in self.of_kind("ClusterRole"):
                    labels = other["metadata"].get("labels", {})
                    if other is not role and all(labels.get(key) == value for key, value in selector["matchLabels"].items()):
                        found += other.get("rules", [])
        return found

    @staticmethod
    def allows(rules: list[dict[str, Any]], request: Request) -> bool:
        _, _, part = request.resource.partition("/")
        for rule in rules:
            verb = "*" in rule["verbs"] or request.verb in rule["verbs"]
            group = "*" in rule["apiGroups"] or request.group in rule["apiGroups"]
            kind = "*" in rule["resources"] or request.resource in rule["resources"] or (bool(part) and f"*/{part}" in rule["resources"])
            names = rule.get("resourceNames", [])
            # An object that is still to be created has no name to compare.
            name = not names or (bool(request.name) and request.name in names)
            if verb and group and kind and name:
                return True
        return False
