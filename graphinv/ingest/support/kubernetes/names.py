"""Ids of Kubernetes objects, and what names of services mean."""

from __future__ import annotations

import re
from typing import NamedTuple

from graphinv.model.facts import NodeKey

CLUSTER_SCOPED = frozenset(
    {
        "Namespace",
        "Node",
        "PersistentVolume",
        "ClusterRole",
        "ClusterRoleBinding",
        "CustomResourceDefinition",
        "StorageClass",
        "PriorityClass",
        "RuntimeClass",
        "IngressClass",
        "APIService",
        "MutatingWebhookConfiguration",
        "ValidatingWebhookConfiguration",
        "ClusterSecretStore",
        "ClusterSPIFFEID",
        "User",
        "Group",
    }
)
DEFAULT = "default"
"""Namespace of what names none; also the account of pods that name none."""

_ID = re.compile(r"k8s:(?P<cluster>.+)/(?P<namespace>[^/]*)/(?P<kind>[A-Z][A-Za-z0-9]*)/(?P<name>[^/]+)", re.DOTALL)
_SUBJECT = re.compile(r"k8s:(?P<cluster>.+?)//(?P<kind>User|Group)/(?P<name>.+)", re.DOTALL)
_SERVICE = re.compile(r"([a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)(?:\.([a-z0-9-]{1,63})(?:\.svc(?:\.cluster\.local)?)?)?\.?")


class Name(NamedTuple):
    """The parts of an object's id."""

    cluster: str
    namespace: str
    kind: str
    name: str


def object_id(cluster: str, namespace: str, kind: str, name: str) -> str:
    """The id of an object; one that belongs to no namespace has an empty one.

    >>> object_id("prod", "pay", "Secret", "card"), object_id("prod", "pay", "ClusterRole", "admin")
    ('k8s:prod/pay/Secret/card', 'k8s:prod//ClusterRole/admin')
    """
    return f"k8s:{cluster}/{'' if kind in CLUSTER_SCOPED else namespace or DEFAULT}/{kind}/{name}"


def parse_id(node_id: str) -> Name | None:
    """The parts of an object's id; None for other ids. Names of users and groups may hold slashes, those of clusters too.

    >>> parse_id("k8s:acme/shop/pay/Secret/card")
    Name(cluster='acme/shop', namespace='pay', kind='Secret', name='card')
    >>> parse_id("k8s:prod//Group/oidc:/admins")
    Name(cluster='prod', namespace='', kind='Group', name='oidc:/admins')
    """
    match = _SUBJECT.fullmatch(node_id) or _ID.fullmatch(node_id)
    if match is None:
        return None
    parts = match.groupdict()
    return Name(parts["cluster"], parts.get("namespace") or "", parts["kind"], parts["name"])


def cluster_key(cluster: str) -> NodeKey:
    """The node of a whole cluster."""
    return "Resource", f"k8s:{cluster}"


def namespace_key(cluster: str, namespace: str) -> NodeKey:
    """The node of a whole namespace."""
    return "Resource", f"k8s:{cluster}/{namespace}"


def service_of(host: str, namespace: str) -> tuple[str, str] | None:
    """(namespace, name) of the service that ``host`` can mean inside a cluster, seen from ``namespace``; None where it can mean none.

    >>> service_of("tools.kagent.svc.cluster.local", "default"), service_of("tools", "kagent"), service_of("mcp.example.com", "x")
    (('kagent', 'tools'), ('kagent', 'tools'), None)
    """
    match = _SERVICE.fullmatch(host.lower())
    return (match[2] or namespace, match[1]) if match else None
