"""How a subject of a cluster becomes more than its roles say: by running pods, by tokens, by impersonation, by writing roles.

The ways are those that Kubernetes' own documentation of RBAC lists as risks of privilege escalation. Where many could become many, a node
stands between them: any pod, account or role of a namespace (``k8s:<cluster>/<namespace>/Pod/*`` …).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from graphinv.ingest.support.kubernetes.names import object_id
from graphinv.ingest.support.kubernetes.roles import MASTERS
from graphinv.ingest.support.kubernetes.rules import ALL, Allowed
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Props

RBAC = "rbac.authorization.k8s.io"
_CHANGE = ("create", "update", "patch")
_READ = ("get", "list", "watch")
_WORKLOADS = (
    ("", "replicationcontrollers"),
    ("apps", "deployments"),
    ("apps", "daemonsets"),
    ("apps", "statefulsets"),
    ("apps", "replicasets"),
    ("batch", "jobs"),
    ("batch", "cronjobs"),
    ("serving.knative.dev", "services"),
    ("argoproj.io", "workflows"),
    ("argoproj.io", "cronworkflows"),
    ("argoproj.io", "rollouts"),
    ("tekton.dev", "taskruns"),
    ("tekton.dev", "pipelineruns"),
    ("agents.x-k8s.io", "sandboxes"),
    ("kagent.dev", "agents"),
    ("kagent.dev", "mcpservers"),
    ("toolhive.stacklok.dev", "mcpservers"),
    ("apps.openshift.io", "deploymentconfigs"),
)
"""Kinds whose controllers make pods as the object says, with any account of its namespace."""
MAX_REASONS = 4
_UNSURE = 0.7
"""How sure a way is that an admission policy of the cluster may close."""


@dataclass(frozen=True)
class Standing:
    """A role that a subject is given in ``namespace``, or (``""``) in the whole cluster."""

    allowed: Allowed
    namespace: str
    role: str
    sources: tuple[str, ...]
    evidence: str


@dataclass
class Namespace:
    """What lies in a namespace: its accounts, those that something known runs as, and the Secrets that such a runtime holds."""

    accounts: set[str] = field(default_factory=set)
    running: set[str] = field(default_factory=set)
    held: set[NodeKey] = field(default_factory=set)


@dataclass
class _Way:
    """How one becomes another: by what means and how sure each is, and where that is stated."""

    reasons: dict[str, float | None] = field(default_factory=dict)
    sources: set[str] = field(default_factory=set)
    evidence: set[str] = field(default_factory=set)


class Escalations:
    """The ways of one cluster."""

    def __init__(self, cluster: str, namespaces: Mapping[str, Namespace], identities: Iterable[str]) -> None:
        self.cluster = cluster
        self.namespaces = namespaces
        self.identities = frozenset(identities)
        """Ids of the users and groups that something names."""
        self.nodes: dict[NodeKey, NodeFact] = {}
        self.pods: set[str] = set()
        """Namespaces of which somebody may become any pod; ``""`` for any namespace, here and below."""
        self.roles: set[str] = set()
        self.accounts: set[str] = set()
        self.everything = False
        """Whether somebody may do everything in the cluster."""
        self.running: set[str] = set()
        """Namespaces of which somebody may act in any running pod."""
        self.spaces_of: dict[str, list[str]] = defaultdict(list)
        """Account → the namespaces that have one of that name."""
        for space, one in sorted(namespaces.items()):
            for account in one.accounts:
                self.spaces_of[account].append(space)
        self.bound: dict[NodeKey, tuple[str, str]] = {}
        """Roles that somebody may bind: the node of each → (id of the role, namespace that it is bound in)."""
        self._edges: dict[tuple[NodeKey, NodeKey], _Way] = {}

    def key(self, namespace: str, kind: str, name: str = ALL) -> NodeKey:
        if name.startswith(ALL) and not namespace:
            return "Identity", f"k8s:{self.cluster}//{kind}/{name}"
        return "Identity", object_id(self.cluster, namespace, kind, name)

    # ---- whom a subject becomes ---------------------------------------------------------------------------------------------

    def of(self, subject: NodeKey, standings: Sequence[Standing]) -> None:
        """Note whom ``subject`` may become with all of its roles together. What a way needs may come from different roles."""
        scopes: dict[str, list[Standing]] = defaultdict(list)
        for standing in standings:
            scopes[standing.namespace].append(standing)
        whole = [rule for standing in scopes.get("", ()) for rule in standing.allowed.rules]
        for scope, own in sorted(scopes.items()):
            united = Allowed([*(whole if scope else ()), *(rule for standing in own for rule in standing.allowed.rules)])
            for target, reason, confidence in self.ways(united, scope):
                self.note(subject, target, reason, own, confidence)

    def note(self, subject: NodeKey, target: NodeKey, reason: str, standings: Sequence[Standing], confidence: float | None) -> None:
        if subject == target:
            return
        way = self._edges.setdefault((subject, target), _Way())
        way.reasons[reason] = confidence
        way.sources.update(source for standing in standings for source in standing.sources)
        way.evidence.update(standing.evidence for standing in standings)

    def ways(self, allowed: Allowed, scope: str) -> Iterator[tuple[NodeKey, str, float | None]]:
        """(identity, by what means, how sure) for each that rules which hold in ``scope`` make reachable."""
        if ALL in allowed.verbs(ALL, ALL):
            yield self.any_role(scope) if scope else self.any_cluster_role(), "may do everything", None
            return
        yield from self.by_roles(allowed, scope)
        yield from self.by_pods(allowed, scope)
        yield from self.by_tokens(allowed, scope)
        if not scope:
            yield from self.by_names(allowed)
            yield from self.by_cluster(allowed)

    def by_pods(self, allowed: Allowed, space: str) -> Iterator[tuple[NodeKey, str, float | None]]:
        if allowed.may(("create",), "", "pods"):
            yield self.any_pod(space), "create pods", None
        for group, resource in _WORKLOADS:
            if allowed.may(_CHANGE, group, resource) or any(name for verb in _CHANGE[1:] for name in allowed.names(verb, group, resource)):
                yield self.any_pod(space), f"change {resource}", None
        yield from self.by_running(allowed, space)

    def by_running(self, allowed: Allowed, space: str) -> Iterator[tuple[NodeKey, str, float | None]]:
        """Acting inside pods that run. A WebSocket is opened with ``get``, which older clusters let do what needs ``create``."""
        for part in ("exec", "attach"):
            resource = f"pods/{part}"
            if allowed.may(("create",), "", resource) or any(allowed.names("create", "", resource)):
                yield self.running_pod(space), resource, None
            elif allowed.may(("get",), "", resource) or any(allowed.names("get", "", resource)):
                yield self.running_pod(space), f"get {resource}", _UNSURE
        if allowed.may(("update", "patch"), "", "pods/ephemeralcontainers"):
            yield self.running_pod(space), "pods/ephemeralcontainers", None
        if allowed.may(("update", "patch"), "", "pods"):
            yield self.running_pod(space), "change pods", None

    def by_tokens(self, allowed: Allowed, space: str) -> Iterator[tuple[NodeKey, str, float | None]]:
        if allowed.may(("create",), "", "serviceaccounts/token"):
            yield self.any_account(space), "create serviceaccounts/token", None
        if allowed.may(("impersonate",), "", "serviceaccounts"):
            yield self.any_account(space), "impersonate serviceaccounts", None
        if allowed.may(("create",), "", "secrets") and allowed.may(_READ, "", "secrets"):
            yield self.any_account(space), "create and read token Secrets", None
        for verb, resource in (("create", "serviceaccounts/token"), ("impersonate", "serviceaccounts")):
            for name in allowed.names(verb, "", resource):
                for here in self.spaces_of.get(name, ()):
                    if space in ("", here):
                        yield self.key(here, "ServiceAccount", name), f"{verb} {resource}", None

    def by_roles(self, allowed: Allowed, scope: str) -> Iterator[tuple[NodeKey, str, float | None]]:
        """Writing roles beyond one's own needs ``escalate``, binding others' roles ``bind``."""
        for roles, bindings in (("roles", "rolebindings"), ("clusterroles", "clusterrolebindings"))[: 1 if scope else 2]:
            any_role = partial(self.any_role, scope) if roles == "roles" else self.any_cluster_role
            if allowed.may(("escalate",), RBAC, roles) and allowed.may(_CHANGE, RBAC, roles):
                yield any_role(), f"escalate {roles}", None
            if not allowed.may(_CHANGE, RBAC, bindings):
                continue
            if any(allowed.may(("bind",), RBAC, kind) for kind in ("roles", "clusterroles")):
                yield any_role(), f"bind {roles}", None
            for kind in ("Role", "ClusterRole"):
                for name in allowed.names("bind", RBAC, f"{kind.lower()}s"):
                    yield self.bound_role(scope, kind, name), f"bind {kind} {name}", None

    def by_names(self, allowed: Allowed) -> Iterator[tuple[NodeKey, str, float | None]]:
        """Impersonation of users and groups; a group is impersonated along with some user."""
        users = allowed.may(("impersonate",), "", "users")
        some = users or any(allowed.names("impersonate", "", "users")) or allowed.may(("impersonate",), "", "serviceaccounts")
        for kind, resource in (("User", "users"), ("Group", "groups")):
            if kind == "Group" and not some:
                continue
            names = set(allowed.names("impersonate", "", resource))
            if allowed.may(("impersonate",), "", resource):
                prefix = object_id(self.cluster, "", kind, "")
                names |= {one.removeprefix(prefix) for one in self.identities if one.startswith(prefix)}
                names |= {MASTERS} if kind == "Group" else set()
            for name in sorted(names):
                if kind == "Group" and name == MASTERS:
                    yield self.any_cluster_role(), f"impersonate {MASTERS}", None
                yield self.named(kind, name), f"impersonate {resource}", None

    def by_cluster(self, allowed: Allowed) -> Iterator[tuple[NodeKey, str, float | None]]:
        if allowed.may(("create", "get"), "", "nodes/proxy"):
            sure = None if allowed.may(("create",), "", "nodes/proxy") else _UNSURE
            yield self.running_pod(""), "nodes/proxy", sure
        signs = allowed.may(("approve",), "certificates.k8s.io", "signers") or any(
            allowed.names("approve", "certificates.k8s.io", "signers")
        )
        approves = allowed.may(("update", "patch"), "certificates.k8s.io", "certificatesigningrequests/approval")
        if signs and approves and allowed.may(("create",), "certificates.k8s.io", "certificatesigningrequests"):
            yield self.any_cluster_role(), "approve its own certificates", _UNSURE
        if allowed.may(_CHANGE, "admissionregistration.k8s.io", "mutatingwebhookconfigurations"):
            yield self.any_cluster_role(), "change mutatingwebhookconfigurations", _UNSURE
        if allowed.may(("create",), "", "persistentvolumes") and allowed.may(("create",), "", "pods"):
            yield self.any_cluster_role(), "create persistentvolumes and pods", _UNSURE

    # ---- the nodes between --------------------------------------------------------------------------------------------------

    def node(self, key: NodeKey, name: str, kind: str) -> NodeKey:
        props: Props = {"name": name, "type": kind, "provider": "kubernetes", "kind_detail": "any of them"}
        self.nodes.setdefault(key, NodeFact(*key, props))
        return key

    def any_of(self, noted: set[str], space: str, kind: str, name: str, what: str) -> NodeKey:
        """The node that stands for any object of a namespace, or (``""``) of any namespace."""
        noted.add(space)
        where = space or "any namespace"
        return self.node(self.key(space, kind, name), f"any {what} of {where}", what.replace(" ", "_"))

    def any_pod(self, space: str) -> NodeKey:
        return self.any_of(self.pods, space, "Pod", ALL, "pod")

    def running_pod(self, space: str) -> NodeKey:
        return self.any_of(self.running, space, "Pod", f"{ALL}running", "running pod")

    def any_account(self, space: str) -> NodeKey:
        return self.any_of(self.accounts, space, "ServiceAccount", ALL, "service account")

    def any_role(self, space: str) -> NodeKey:
        return self.any_of(self.roles, space, "Role", ALL, "role")

    def any_cluster_role(self) -> NodeKey:
        self.everything = True
        return self.node(self.key("", "ClusterRole"), f"any role of cluster {self.cluster}", "cluster_role")

    def bound_role(self, space: str, kind: str, name: str) -> NodeKey:
        """A role that a subject may bind itself to, as a node of its own: what it allows is then evaluated as if it were bound."""
        suffix = f"{name}@{space}" if space and kind == "ClusterRole" else name
        key = self.node(self.key(space, kind, suffix), f"{name} in {space}" if space else name, "role")
        self.nodes[key] = NodeFact(*key, {**self.nodes[key].props, "kind_detail": "role that can be bound"})
        self.bound[key] = object_id(self.cluster, space, kind, name), space
        return key

    def named(self, kind: str, name: str) -> NodeKey:
        key = self.key("", kind, name)
        if key[1] not in self.identities:
            self.nodes.setdefault(key, NodeFact(*key, {"name": name, "type": kind.lower(), "provider": "kubernetes"}))
        return key

    def closed(self) -> None:
        """Add whom the nodes between can be: any role may run any pod, any pod may be any account; any of a namespace may be each."""
        if self.everything:
            self.note(self.any_cluster_role(), self.any_pod(""), "may do everything", (), None)
        self._each(self.roles, self.any_role)
        for space in sorted(self.roles):
            self.note(self.any_role(space), self.any_pod(space), "may do everything", (), None)
        self._each(self.pods, self.any_pod)
        for space in sorted(self.pods - {""} or self.pods):
            self.note(self.any_pod(space), self.any_account(space), "pods may name any account", (), None)
        self._each(self.accounts, self.any_account)
        self._each(self.running, self.running_pod)
        for space in sorted(self.namespaces):
            for account in sorted(self.namespaces[space].accounts) if space in self.accounts else ():
                self.note(self.any_account(space), self.key(space, "ServiceAccount", account), "any account", (), None)
            for account in sorted(self.namespaces[space].running) if space in self.running else ():
                self.note(self.running_pod(space), self.key(space, "ServiceAccount", account), "a pod runs as it", (), None)

    def _each(self, noted: set[str], any_of: Callable[[str], NodeKey]) -> None:
        """(any of any namespace)-[:ASSUMES]->(any of each)"""
        for space in sorted(self.namespaces) if "" in noted else ():
            self.note(any_of(""), any_of(space), "of any namespace", (), None)

    # ---- edges --------------------------------------------------------------------------------------------------------------

    def edges(self) -> Iterator[NodeFact | EdgeFact]:
        """The nodes between, and (subject)-[:ASSUMES {kind_detail: by what means}]->(whom it may become)."""
        sources: dict[NodeKey, set[str]] = defaultdict(set)
        for _ in range(6):  # what lies behind a node between is stated where that node is reached
            for (source, target), way in self._edges.items():
                sources[target] |= way.sources | (sources[source] if source in self.nodes else set())
        for key, node in sorted(self.nodes.items()):
            yield NodeFact(*key, {**node.props, "sources": sorted(sources[key])} if sources[key] else node.props)
        for (source, target), way in sorted(self._edges.items()):
            reasons = sorted(way.reasons)
            told = "; ".join(reasons[:MAX_REASONS]) + (" …" if len(reasons) > MAX_REASONS else "")
            props: Props = {"kind_detail": told, "evidence": sorted(way.evidence) or ["inferred"]}
            props["sources"] = sorted(way.sources or sources[source])
            doubts = [doubt for doubt in way.reasons.values() if doubt is not None]
            if len(doubts) == len(way.reasons):
                props |= {"evidence": ["inferred"], "confidence": max(doubts)}
            yield EdgeFact("ASSUMES", source, target, {name: value for name, value in props.items() if value})
