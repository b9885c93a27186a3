"""Who of AWS may do what in a cluster of EKS: access policies of its own, and service accounts that get roles."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.aws.declared import Site
from graphinv.ingest.support.partial import text_of
from graphinv.ingest.support.terraform.context import Context, Reader
from graphinv.ingest.support.terraform.program import Resource
from graphinv.model.facts import Fact, NodeFact, NodeKey, Props

_POLICIES: Mapping[str, tuple[str, ...]] = {
    "AmazonEKSClusterAdminPolicy": ("admin",),
    "AmazonEKSAdminPolicy": ("admin",),
    "AmazonEKSEditPolicy": ("delete", "execute", "read", "write"),
    "AmazonEKSViewPolicy": ("read",),
    "AmazonEKSAdminViewPolicy": ("read",),
    "AmazonEKSSecretReaderPolicy": ("read",),
}


def _pod_identity(context: Context, one: Resource) -> Iterator[Fact]:
    """A service account of a cluster that gets a role."""
    site = context.site(one)
    cluster, namespace, account = (site.id(text_of(one.values.get(name))) for name in ("cluster_name", "namespace", "service_account"))
    key: NodeKey = ("Identity", f"k8s:{cluster}/{namespace}/ServiceAccount/{account}")
    yield NodeFact(
        *key, {"name": account, "type": "service_account", "provider": "kubernetes", "binding": "platform", "sources": [site.source]}
    )
    yield site.edge("ASSUMES", key, context.identity(site, "role", text_of(one.values.get("role_arn"))))


def _entry(context: Context, one: Resource) -> Iterator[Fact]:
    """An identity of AWS that a cluster lets in, as a user and in groups of it."""
    site = context.site(one)
    cluster = site.id(text_of(one.values.get("cluster_name")))
    principal = context.identity(site, "role", text_of(one.values.get("principal_arn")))
    names = [("User", "ASSUMES", site.id(one.text("user_name")))]
    names += [("Group", "MEMBER_OF", site.id(group)) for group in _texts(one.values.get("kubernetes_groups"))]
    for kind, edge, name in names:
        if name and "{{" not in name:
            key: NodeKey = ("Identity", f"k8s:{cluster}//{kind}/{name}")
            yield site.node(*key, name, type=kind.lower(), provider="kubernetes")
            yield site.edge(edge, principal, key)


def _access(context: Context, one: Resource) -> Iterator[Fact]:
    """(:Identity of AWS)-[:CAN_ACCESS]->(:Resource cluster, or a namespace of it) by a policy of EKS."""
    site = context.site(one)
    principal = context.identity(site, "role", text_of(one.values.get("principal_arn")))
    name = text_of(one.values.get("policy_arn")).rpartition("/")[2]
    actions = _POLICIES.get(name)
    if actions is None:
        yield site.problem("what an access policy of a cluster allows is not known; read and write are assumed")
    namespaces = [space for scope in one.blocks("access_scope") for space in _texts(scope.get("namespaces"))]
    stated: Props = {"actions": list(actions or ("read", "write")), "inherited_from": site.id(name)}
    if actions is None:
        stated |= {"evidence": ["inferred"], "confidence": 0.5}
    for target in _targets(context, site, one, namespaces):
        yield site.edge("CAN_ACCESS", principal, target, **stated)


def _targets(context: Context, site: Site, one: Resource, namespaces: list[str]) -> Iterator[NodeKey]:
    cluster = text_of(one.values.get("cluster_name"))
    if namespaces:
        yield from (("Resource", f"k8s:{site.id(cluster)}/{site.id(space)}") for space in namespaces)
        return
    yield "Resource", arns.canonical(site.id(context.arns.get(("aws_eks_cluster", cluster)) or site.arn("eks", f"cluster/{cluster}")))


def _texts(value: object) -> list[str]:
    return [text_of(item) for item in value if item] if isinstance(value, list) else []


READERS: Mapping[str, Reader] = {
    "aws_eks_pod_identity_association": _pod_identity,
    "aws_eks_access_entry": _entry,
    "aws_eks_access_policy_association": _access,
}
