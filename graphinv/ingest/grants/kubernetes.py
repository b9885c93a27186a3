"""What roles of Kubernetes allow (RBAC): who can read which Secrets, change what, and become whom.

Grants are

    role "rules"      subject: the Role or ClusterRole, ("Resource", its id); body ``{"rules": […], "labels": {…}, "aggregates": […]}``,
                      rules as Kubernetes writes them; an ``aggregates`` item is ``{"labels": {…}, "expressions": […]}``
    role "binding"    subject: the account, user or group, ("Identity", its id); body ``{"role": id of the role, "namespace": "…"}``, the
                      namespace empty for a ClusterRoleBinding; origin: the binding
    role "key"        subject: a credential, ("Secret", …), that the object holds which body ``{"object": id, "key": name}`` names: who can
                      read the object has it

RBAC only allows: nothing denies. A rule without ``resourceNames`` reaches every object of a kind, those that do not exist yet too: that is
the node of its class, ``k8s:<cluster>/<namespace>/secrets`` or ``…/workloads`` (:mod:`graphinv.ingest.support.kubernetes.classes`), besides
an edge to every known Secret. All kinds of a namespace or cluster are its own node. What lets a subject become another (create pods, ask
for tokens, impersonate …) is in :mod:`graphinv.ingest.support.kubernetes.escalation`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from graphinv.ingest.grants import Known
from graphinv.ingest.support.granted import object_of, problem_of
from graphinv.ingest.support.kubernetes.classes import class_node, classes_of, kind_of
from graphinv.ingest.support.kubernetes.escalation import Escalations, Namespace, Standing
from graphinv.ingest.support.kubernetes.names import Name, cluster_key, namespace_key, object_id, parse_id
from graphinv.ingest.support.kubernetes.roles import BUILT_IN, HARMLESS, MASTERS, NESTED, selects
from graphinv.ingest.support.kubernetes.rules import ALL, Allowed, Rule, rules_of
from graphinv.ingest.support.parts import mapping
from graphinv.model.facts import EdgeFact, Grant, NodeFact, NodeKey, Problem, Props

PROVIDER = "kubernetes"
MAX_UNTOLD = 100
MAX_STEPS = 1_000_000
"""Comparisons of roles with what they may reach, in one cluster."""


@dataclass
class _Role:
    rules: list[Rule] = field(default_factory=list)
    labels: dict[str, str] = field(default_factory=dict)
    aggregates: list[dict[str, Any]] = field(default_factory=list)
    sources: set[str] = field(default_factory=set)
    evidence: set[str] = field(default_factory=set)


def evaluate(grants: Sequence[Grant], known: Known) -> Iterator[NodeFact | EdgeFact | Problem]:
    """What the grants of all clusters give. O(bindings × rules of their roles + edges that come of them)."""
    clusters: dict[str, list[Grant]] = defaultdict(list)
    for grant in grants:
        place = parse_id(str(object_of(grant).get("object")) if grant.role == "key" else grant.subject[1])
        if place is None:
            yield Problem("", "", "a grant names no object of a cluster", "warning", PROVIDER)
        else:
            clusters[place.cluster].append(grant)
    for name in sorted(clusters):
        yield from _Evaluation(name, clusters[name], known).edges()


class _Evaluation:
    """One cluster."""

    def __init__(self, cluster: str, grants: Sequence[Grant], known: Known) -> None:
        self.cluster = cluster
        self.known = known
        self.problems: list[Problem] = []
        self.roles: dict[str, _Role] = {}
        self.bindings: list[Grant] = []
        self.keys: dict[str, set[NodeKey]] = defaultdict(set)
        """Object → the credentials in it."""
        for grant in grants:
            if grant.role == "rules":
                self.add_role(grant)
            elif grant.role == "binding":
                self.bindings.append(grant)
            elif grant.role == "key":
                self.keys[str(object_of(grant).get("object"))].add(grant.subject)
        self.namespaces: dict[str, Namespace] = defaultdict(Namespace)
        self.secrets: dict[str, list[str]] = defaultdict(list)
        """Namespace → ids of the Secrets in it."""
        self.users: list[str] = []
        self._look(known)
        self.nodes: dict[NodeKey, NodeFact] = {}
        self.merged: dict[tuple[NodeKey, NodeKey, str], _Access] = defaultdict(_Access)
        self.classes: dict[str, set[tuple[str, str]]] = defaultdict(set)
        """Class → (group, resource) of what rules speak of that belongs to it."""
        self.parts: dict[str, set[tuple[str, str]]] = defaultdict(set)
        """Kind → the same, its parts included."""
        self.reached: dict[str, set[str]] = defaultdict(set)
        """Namespace → classes of which somebody reaches something by a role that is bound in it."""
        self.named: dict[str, set[tuple[str, str]]] = defaultdict(set)
        """Namespace → (kind, name) of single objects that roles speak of which are bound in it."""
        self.left = MAX_STEPS
        self.stopped = False
        self._actions: dict[tuple[Allowed, str, str], frozenset[str]] = {}

    def _look(self, known: Known) -> None:
        """Note what is known of the cluster: its namespaces, accounts, Secrets, and what runs as whom."""
        prefix = f"k8s:{self.cluster}/"
        for kind, one in known.nodes:
            place = self.place(one)
            if place is not None:
                self._note(kind, one, place)
            elif kind == "Resource" and one.startswith(prefix) and known.nodes[kind, one].get("type") == "namespace":
                self.namespaces[one.removeprefix(prefix)] = self.namespaces[one.removeprefix(prefix)]
        for edge in known.edges:
            if edge.kind in ("RUNS_AS", "HOLDS") and isinstance(edge.source, tuple) and isinstance(edge.target, tuple):
                self._running(edge.kind, edge.source, edge.target)
        for grant in self.bindings:
            place = self.place(grant.subject[1])
            if place is not None and place.kind == "ServiceAccount":
                self.namespaces[place.namespace].accounts.add(place.name)
            space = str(object_of(grant).get("namespace") or "")
            if space:
                self.namespaces[space] = self.namespaces[space]

    def place(self, one: str) -> Name | None:
        """The parts of an id of this cluster."""
        found = parse_id(one) if one.startswith("k8s:") else None
        return found if found is not None and found.cluster == self.cluster else None

    def _note(self, kind: str, one: str, place: Name) -> None:
        if not place.namespace:
            if kind == "Identity" and place.kind in ("User", "Group"):
                self.users.append(one)
            return
        space = self.namespaces[place.namespace]
        if kind == "Identity" and place.kind == "ServiceAccount" and place.name != ALL:
            space.accounts.add(place.name)
        elif kind == "Secret" and place.kind == "Secret":
            self.secrets[place.namespace].append(one)

    def _running(self, kind: str, source: NodeKey, target: NodeKey) -> None:
        place = self.place(source[1]) if source[0] == "Runtime" else None
        account = self.place(target[1])
        if place is not None and kind == "HOLDS":
            self.namespaces[place.namespace].held.add(target)
        elif place is not None and account is not None and account.kind == "ServiceAccount":
            self.namespaces[place.namespace].running.add(account.name)

    # ---- roles --------------------------------------------------------------------------------------------------------------

    def add_role(self, grant: Grant) -> None:
        body = object_of(grant)
        role = self.roles.setdefault(grant.subject[1], _Role())
        found, wrong = rules_of(body.get("rules"))
        role.rules += found
        role.labels |= {key: value for key, value in mapping(body.get("labels")).items() if isinstance(value, str)}
        role.aggregates += [item for item in body.get("aggregates") or () if isinstance(item, dict)]
        role.sources.add(grant.source)
        role.evidence.add(grant.evidence)
        if wrong:
            self.problem(grant, f"{wrong} rules of this role are not as Kubernetes writes them, or too many")

    def problem(self, grant: Grant, message: str) -> None:
        if len(self.problems) < MAX_UNTOLD:
            self.problems.append(problem_of(grant, message, "warning"))

    def rules(self, role_id: str, grant: Grant | None) -> tuple[list[Rule], set[str]]:
        """The rules of a role, those that it collects from others included, and where they stand."""
        place = parse_id(role_id)
        name = place.name if place and place.kind == "ClusterRole" else ""
        role = self.roles.get(role_id)
        if role is None and name not in BUILT_IN:
            called = place.name if place else ""
            if called not in HARMLESS and grant is not None:
                self.problem(grant, f"binds the role {called!r}, which nothing here defines")
            return [], set()
        rules, sources = ([], set()) if role is None else (list(role.rules), set(role.sources))
        if role is None:
            rules += rules_of(BUILT_IN[name])[0]
        wanted = list(role.aggregates) if role else []
        wanted += [{"labels": {f"rbac.authorization.k8s.io/aggregate-to-{part}": "true"}} for part in NESTED.get(name, ())]
        for other in self.collected(role, wanted):
            rules += other.rules
            sources |= other.sources
        return rules, sources

    def collected(self, role: _Role | None, wanted: Sequence[dict[str, Any]]) -> Iterator[_Role]:
        """The cluster roles whose labels one of the selectors ``wanted`` takes."""
        found: dict[int, _Role] = {}
        for item in wanted:
            labels = mapping(item.get("labels"))
            candidates = self.labelled.get(next(iter(labels.items())), ()) if labels else self.cluster_roles
            self.left -= len(candidates)
            if self.left < 0:
                self.stop()
                return
            found |= {id(other): other for other in candidates if other is not role and selects(item, other.labels)}
        yield from found.values()

    @cached_property
    def cluster_roles(self) -> list[_Role]:
        return [role for one, role in self.roles.items() if "//ClusterRole/" in one]

    @cached_property
    def labelled(self) -> Mapping[tuple[str, Any], list[_Role]]:
        """Label → the cluster roles that have it."""
        found: dict[tuple[str, Any], list[_Role]] = defaultdict(list)
        for role in self.cluster_roles:
            for label in role.labels.items():
                found[label].append(role)
        return found

    def stop(self) -> None:
        """Say, once, that a cluster is too large to be evaluated in full."""
        if not self.stopped:
            self.stopped = True
            message = "its roles reach too much to tell all of it; some of what is bound in the whole cluster is left out"
            self.problems.append(Problem("", "", f"cluster {self.cluster}: {message}", "error", PROVIDER))

    # ---- edges --------------------------------------------------------------------------------------------------------------

    def edges(self) -> Iterator[NodeFact | EdgeFact | Problem]:
        standing = self.standings()
        escalations = self.escalated(standing)
        standing |= self.between(escalations)
        self.mention([one for found in standing.values() for one in found])
        for subject in sorted(standing):
            for given in standing[subject]:
                self.left -= self.size if not given.namespace else 1
                if self.left < 0:
                    self.stop()
                    continue
                for target, actions in self.targets(given.allowed, given.namespace):
                    self.unite(subject, target, actions, given)
        for space in sorted(escalations.running - {""}):
            key = escalations.running_pod(space)
            for held in sorted(self.namespaces[space].held):
                self.unite(key, held, _READ, Standing(Allowed(()), space, key[1], (), "inferred"))
        yield from self.stated()
        yield from escalations.edges()
        for (subject, target, role), access in sorted(self.merged.items()):
            props: Props = {"actions": sorted(access.actions), "inherited_from": role}
            props["evidence"] = sorted({given.evidence for given in access.given})
            sources = access.sources
            yield EdgeFact("CAN_ACCESS", subject, target, {**props, "sources": sources} if sources else props)
        yield from self.members()
        yield from self.problems

    @cached_property
    def size(self) -> int:
        """How much a role that is bound in the whole cluster has to be compared with."""
        counted = [len(one) for one in self.reached.values()] + [len(one) for one in self.named.values()]
        return 1 + len(self.namespaces) + sum(counted) + sum(map(len, self.secrets.values()))

    def escalated(self, standing: dict[NodeKey, list[Standing]]) -> Escalations:
        """Whom the subjects may become; roles that they may bind are added to ``standing``, since these may let who binds them go on."""
        found = Escalations(self.cluster, self.namespaces, self.users)
        for subject in sorted(standing):
            found.of(subject, standing[subject])
        done: set[NodeKey] = set()
        while waiting := sorted(found.bound.keys() - done):
            for key in waiting:
                done.add(key)
                role, space = found.bound[key]
                rules, places = self.rules(role, None)
                standing[key] = [Standing(Allowed(rules), space, role, tuple(sorted(places)), "inferred")]
                found.of(key, standing[key])
        found.closed()
        return found

    def stated(self) -> Iterator[NodeFact]:
        """The nodes of scopes and kinds, each where what reaches it is stated."""
        places: dict[NodeKey, set[str]] = defaultdict(set)
        for (_, target, _), access in self.merged.items():
            if target in self.nodes:
                places[target].update(access.sources)
        for key, node in sorted(self.nodes.items()):
            yield NodeFact(*key, {**node.props, "sources": sorted(places[key])} if places[key] else node.props)

    def standings(self) -> dict[NodeKey, list[Standing]]:
        """What each subject is bound to."""
        found: dict[NodeKey, list[Standing]] = defaultdict(list)
        allowed: dict[str, tuple[Allowed, set[str]]] = {}
        for grant in self.bindings:
            body = object_of(grant)
            role, namespace = str(body.get("role") or ""), str(body.get("namespace") or "")
            if role not in allowed:
                rules, sources = self.rules(role, grant)
                allowed[role] = Allowed(rules), sources
            places = tuple(sorted({*allowed[role][1], grant.source} - {""}))
            found[grant.subject].append(Standing(allowed[role][0], namespace, role, places, grant.evidence))
        masters: NodeKey = ("Identity", object_id(self.cluster, "", "Group", MASTERS))
        if masters in self.known.nodes:
            role = object_id(self.cluster, "", "ClusterRole", "cluster-admin")
            places = tuple(self.known.nodes[masters].get("sources") or ())
            found[masters].append(Standing(Allowed(rules_of(BUILT_IN["cluster-admin"])[0]), "", role, places, "inferred"))
        return found

    def between(self, escalations: Escalations) -> dict[NodeKey, list[Standing]]:
        """What the nodes that stand for any pod or role may do: read what pods can mount, or everything."""
        everything = Allowed(rules_of(BUILT_IN["cluster-admin"])[0])
        mounts = Allowed(rules_of([{"apiGroups": [""], "resources": ["secrets", "configmaps"], "verbs": ["get"]}])[0])
        found: dict[NodeKey, list[Standing]] = {}
        if escalations.everything:
            key = escalations.any_cluster_role()
            found[key] = [Standing(everything, "", key[1], (), "inferred")]
        for space in escalations.roles - {""}:
            key = escalations.any_role(space)
            found[key] = [Standing(everything, space, key[1], (), "inferred")]
        for space in escalations.pods - {""}:
            key = escalations.any_pod(space)
            found[key] = [Standing(mounts, space, key[1], (), "inferred")]
        return found

    def unite(self, subject: NodeKey, target: NodeKey, actions: frozenset[str], given: Standing) -> None:
        """Add ``actions`` on ``target``, and on the credentials that it holds where it can be read."""
        inside = self.keys.get(target[1], ()) if actions & {"read", "admin"} and target[0] == "Secret" else ()
        for one, done in ((target, actions), *((key, _READ) for key in inside)):
            found = self.merged[subject, one, given.role]
            found.actions |= done
            if given not in found.given:
                found.given.append(given)

    def targets(self, allowed: Allowed, namespace: str) -> Iterator[tuple[NodeKey, frozenset[str]]]:
        """What the rules of a role reach that is bound in ``namespace``, or (``""``) in the whole cluster."""
        spaces = [namespace] if namespace else sorted(self.namespaces)
        everything = allowed.actions(ALL, ALL)
        if everything:
            for space in spaces if namespace else ["", *spaces]:
                yield self.scope(space), everything
        for space in spaces if namespace else ["", *spaces]:
            for kind in self.reached.get(space, ()):
                if actions := self.actions(allowed, kind):
                    yield self.objects(space, kind), actions
            for kind, name in self.named.get(space, ()):
                if actions := self.actions(allowed, kind, name):
                    yield self.objects(space, kind, name), actions
        for space in spaces:
            for secret in self.secrets.get(space, ()):
                actions = allowed.actions(*_SECRETS, secret.rpartition("/")[2])
                if actions:
                    yield ("Secret", secret), actions
        if namespace:
            yield from self.unknown(allowed, namespace)
        yield from self.configs(allowed, namespace)

    def unknown(self, allowed: Allowed, namespace: str) -> Iterator[tuple[NodeKey, frozenset[str]]]:
        """Secrets that only a role names."""
        for group, resource, name in allowed.named():
            key: NodeKey = ("Secret", object_id(self.cluster, namespace, "Secret", name))
            actions = allowed.actions(*_SECRETS, name)
            if (group, resource) == _SECRETS and actions and key not in self.known.nodes:
                self.nodes.setdefault(key, NodeFact(*key, {"name": name, "kind_detail": "Kubernetes Secret"}))
                yield key, actions

    def configs(self, allowed: Allowed, namespace: str) -> Iterator[tuple[NodeKey, frozenset[str]]]:
        """Credentials in ConfigMaps, for those who may read them."""
        for one, inside in self.keys.items():
            place = parse_id(one)
            if place is None or place.kind != "ConfigMap" or namespace not in ("", place.namespace):
                continue
            if allowed.actions("", "configmaps", place.name) & {"read", "admin"}:
                yield from ((key, _READ) for key in inside)

    def scope(self, space: str) -> NodeKey:
        """The node of a namespace, or (``""``) of the cluster."""
        key = namespace_key(self.cluster, space) if space else cluster_key(self.cluster)
        if key not in self.known.nodes:
            props: Props = {"name": space or self.cluster, "type": "namespace" if space else "cluster"}
            self.nodes.setdefault(key, NodeFact(*key, props))
        return key

    def objects(self, space: str, kind: str, name: str = "") -> NodeKey:
        """The node of all objects of a class in a namespace (``""``: the cluster), or of one object of a kind."""
        node = class_node(self.cluster, space, kind, name)
        self.nodes.setdefault(node.key, node)
        return node.key

    def mention(self, standings: Sequence[Standing]) -> None:
        """Note the classes and objects that rules speak of, and the classes that are reached in each namespace."""
        for given in standings:
            named = given.allowed.named()
            for group, resource in given.allowed.kinds() | {one[:2] for one in named}:
                for name in classes_of(group, resource) if (group, resource) != (ALL, ALL) else ():
                    self.classes[name].add((group, resource))
                self.parts[kind_of(group, resource)].add((group, resource))
            self.named[given.namespace] |= {(kind_of(*one[:2]), one[2]) for one in named if one[:2] != _SECRETS}
        for given in standings:
            own = {name for kind in given.allowed.kinds() if kind != (ALL, ALL) for name in classes_of(*kind)}
            self.reached[given.namespace] |= {name for name in own if self.actions(given.allowed, name)}

    def actions(self, allowed: Allowed, kind: str, name: str = "") -> frozenset[str]:
        """What may be done to the objects of a class, or to the one of a kind that is called ``name``; remembered."""
        key = (allowed, kind, name)
        if key not in self._actions:
            pairs = self.parts[kind] if name else self.classes[kind]
            self._actions[key] = frozenset(action for pair in pairs for action in allowed.actions(*pair, name))
        return self._actions[key]

    def members(self) -> Iterator[EdgeFact]:
        """(account)-[:MEMBER_OF]->(group of all accounts, of those of a namespace, of whoever is known)"""
        for group in sorted({grant.subject for grant in self.bindings}):
            place = parse_id(group[1])
            if place is None or place.kind != "Group":
                continue
            if place.name in ("system:serviceaccounts", "system:authenticated"):
                spaces = sorted(self.namespaces)
            elif place.name.startswith("system:serviceaccounts:"):
                spaces = [place.name.rpartition(":")[2]]
            else:
                continue
            sources = sorted({grant.source for grant in self.bindings if grant.subject == group and grant.source})
            for space in spaces:
                for account in sorted(self.namespaces[space].accounts) if space in self.namespaces else ():
                    member: NodeKey = ("Identity", object_id(self.cluster, space, "ServiceAccount", account))
                    yield EdgeFact("MEMBER_OF", member, group, {"evidence": ["declared"], "sources": sources})


@dataclass
class _Access:
    """What one subject may do to one target by one role."""

    actions: set[str] = field(default_factory=set)
    given: list[Standing] = field(default_factory=list)

    @property
    def sources(self) -> list[str]:
        if len(self.given) == 1:
            return list(self.given[0].sources)
        return sorted({source for given in self.given for source in given.sources})


_SECRETS = ("", "secrets")
_READ = frozenset({"read"})
