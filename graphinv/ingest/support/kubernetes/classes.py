"""Kinds of objects in a few classes that say what changing them means; kinds that Kubernetes does not bring along stand for themselves."""

from __future__ import annotations

from functools import lru_cache

from graphinv.model.facts import NodeFact, Props

_CLASSES = {
    "secrets": "secrets",
    "config": "configmaps persistentvolumeclaims",
    "workloads": """pods deployments daemonsets statefulsets replicasets replicationcontrollers jobs cronjobs podtemplates
        horizontalpodautoscalers poddisruptionbudgets controllerrevisions bindings""",
    "network": "services endpoints endpointslices ingresses ingressclasses networkpolicies",
    "access": """serviceaccounts users groups roles rolebindings clusterroles clusterrolebindings certificatesigningrequests signers
        tokenreviews subjectaccessreviews selfsubjectaccessreviews selfsubjectrulesreviews localsubjectaccessreviews userextras""",
    "infrastructure": """namespaces nodes persistentvolumes storageclasses volumeattachments csidrivers csinodes priorityclasses
        runtimeclasses customresourcedefinitions apiservices mutatingwebhookconfigurations validatingwebhookconfigurations""",
    "status": "events limitranges resourcequotas leases componentstatuses",
}
_OF = {kind: name for name, kinds in _CLASSES.items() for kind in kinds.split()}
_GROUPS: dict[str, tuple[str, ...]] = {
    "": tuple(_CLASSES),
    "apps": ("workloads",),
    "batch": ("workloads",),
    "extensions": ("workloads", "network"),
    "autoscaling": ("workloads",),
    "policy": ("workloads",),
    "networking.k8s.io": ("network",),
    "discovery.k8s.io": ("network",),
    "rbac.authorization.k8s.io": ("access",),
    "authentication.k8s.io": ("access",),
    "authorization.k8s.io": ("access",),
    "certificates.k8s.io": ("access",),
    "storage.k8s.io": ("infrastructure",),
    "scheduling.k8s.io": ("infrastructure",),
    "apiextensions.k8s.io": ("infrastructure",),
    "apiregistration.k8s.io": ("infrastructure",),
    "admissionregistration.k8s.io": ("infrastructure",),
    "coordination.k8s.io": ("status",),
    "events.k8s.io": ("status",),
}
"""Groups that Kubernetes brings along → the classes of their kinds."""


def kind_of(group: str, resource: str) -> str:
    """A kind without its part: ``pods`` of ``pods/exec``, ``deployments.apps``."""
    base = resource.partition("/")[0]
    return f"{base}.{group}" if group else base


@lru_cache(maxsize=8192)
def classes_of(group: str, resource: str) -> tuple[str, ...]:
    """The classes of what a rule speaks of.

    >>> classes_of("apps", "deployments/scale"), classes_of("*", "secrets"), classes_of("kagent.dev", "agents")
    (('workloads',), ('secrets',), ('agents.kagent.dev',))
    >>> classes_of("batch", "*"), classes_of("*", "*/exec")
    (('workloads',), ('workloads',))
    """
    base = resource.partition("/")[0]
    if base == "*":
        return ("workloads",) if group == "*" else _GROUPS.get(group, (kind_of(group, resource),))
    if base in _OF and (group == "*" or group in _GROUPS):
        return (_OF[base],)
    return (kind_of(group, resource),)


def class_node(cluster: str, space: str, kind: str, name: str = "") -> NodeFact:
    """All objects of a class in a namespace (``""``: the cluster), or one object of a kind."""
    where = f"namespace {space}" if space else f"cluster {cluster}"
    title = f"{kind} {name} of {where}" if name else f"{kind} of {where}"
    props: Props = {"name": title, "type": "kubernetes_object" if name else "kubernetes_objects", "kind_detail": kind}
    return NodeFact("Resource", f"k8s:{cluster}/{space}/{kind}/{name}" if name else f"k8s:{cluster}/{space}/{kind}", props)
