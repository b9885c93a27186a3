"""All objects of a cluster → facts."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

from graphinv.ingest.support.kubernetes import kagent
from graphinv.ingest.support.kubernetes.agents import Agents
from graphinv.ingest.support.kubernetes.cluster import Cluster
from graphinv.ingest.support.kubernetes.names import DEFAULT, cluster_key, namespace_key, object_id
from graphinv.ingest.support.kubernetes.readings import Account, Binding, Kustomization, Logins, Pod, Read, Rules, Service, Store, Vault
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props


class Objects:
    """The objects of ``cluster``, which finds what they name."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        self.agents = Agents(cluster)

    def facts(self) -> Iterator[Fact]:
        """The facts of all objects. O(objects + names that they look up)."""
        scopes: dict[str, Read] = {}
        for read in self.cluster.objects:
            scopes.setdefault(read.namespace, read)
            yield from self._of(read)
        yield from self._scopes(scopes)
        yield from self.cluster.problems

    def _of(self, read: Read) -> Iterator[Fact]:
        match read.content:
            case Store():
                yield from self._store(read, read.content)
            case Account():
                yield from self._account(read, read.content)
            case Pod():
                yield from self._workload(read, read.content)
            case Rules():
                yield self.cluster.grant(read, ("Resource", self.cluster.id(read)), "rules", read.content.body)
            case Binding():
                yield from self._binding(read, read.content)
            case Logins():
                yield from self._logins(read, read.content)
            case Service() | Kustomization() | Vault() | None:
                return
            case _:
                yield from self.agents.of(read)

    def _scopes(self, scopes: Mapping[str, Read]) -> Iterator[Fact]:
        cluster = self.cluster
        if not scopes:
            return
        first = min(scopes.values(), key=lambda read: (read.path, read.line))
        yield NodeFact(*cluster_key(cluster.root), {"name": cluster.root, "type": "cluster", "sources": [cluster.source(first)]})
        for namespace, read in scopes.items():
            if namespace:
                declared = next(iter(cluster.find("Namespace", "", namespace)), None)
                props: Props = {"name": namespace, "type": "namespace", "kind_detail": "Kubernetes namespace"}
                props["environment"] = declared.environment if declared else None
                props["sources"] = [cluster.source(declared or read)]
                yield NodeFact(*namespace_key(cluster.root, namespace), {name: value for name, value in props.items() if value})

    def _store(self, read: Read, store: Store) -> Iterator[Fact]:
        entries = [*store.entries, *self.cluster.pulled(read, store)]
        if read.kind == "Secret":
            yield self.cluster.secret(read.namespace, read.name, read, store)
            if store.account:
                account = self.cluster.account_key(read.namespace, store.account)
                yield EdgeFact("AUTHENTICATES_AS", ("Secret", self.cluster.id(read)), account, self.cluster.stated(read))
        for entry in entries:
            yield from entry.nodes
            yield from entry.more
            for target in entry.targets:
                if isinstance(target, tuple):
                    body = json.dumps({"object": self.cluster.id(read), "key": entry.key}, sort_keys=True)
                    yield self.cluster.grant(read, target, "key", body)
        yield from self.cluster.owned(read, ("Secret", self.cluster.id(read)) if read.kind == "Secret" else None)

    def _account(self, read: Read, account: Account) -> Iterator[Fact]:
        key = self.cluster.account_key(read.namespace, read.name)
        detail = {"type": "service_account", "provider": "kubernetes", "binding": "platform"}
        yield self.cluster.node(read, "Identity", key[1], **detail)
        for identity in account.assumes:
            yield identity
            yield EdgeFact("ASSUMES", key, identity.key, self.cluster.stated(read))
        yield from self.cluster.owned(read, key)

    def _binding(self, read: Read, binding: Binding) -> Iterator[Fact]:
        role = object_id(self.cluster.root, read.namespace, binding.role_kind, binding.role)
        body = json.dumps({"role": role, "namespace": read.namespace}, sort_keys=True)
        for kind, namespace, name in binding.subjects:
            if kind == "ServiceAccount":
                node = self.cluster.account_node(namespace or read.namespace or DEFAULT, name, read)
            elif kind == "User" and name.startswith("system:serviceaccount:") and name.count(":") == 3:
                node = self.cluster.account_node(name.split(":")[2], name.split(":")[3], read)
            else:
                key = object_id(self.cluster.root, "", kind, name)
                detail = "group" if kind == "Group" else "user"
                props = {"name": name, "type": detail, "provider": "kubernetes", "sources": [self.cluster.source(read)]}
                node = NodeFact("Identity", key, props)
            yield node
            yield self.cluster.grant(read, node.key, "binding", body)

    def _logins(self, read: Read, logins: Logins) -> Iterator[Fact]:
        for one in logins.entries:
            sources = [self.cluster.source(read, one.line)]
            name = one.arn.rpartition("/")[2]
            who = NodeFact("Identity", one.arn, {"name": name, "type": one.type, "provider": "aws", "sources": sources})
            yield who
            for kind, edge, name in [("User", "ASSUMES", one.user), *(("Group", "MEMBER_OF", group) for group in one.groups)]:
                if name:
                    key = object_id(self.cluster.root, "", kind, name)
                    yield NodeFact("Identity", key, {"name": name, "type": kind.lower(), "provider": "kubernetes", "sources": sources})
                    yield EdgeFact(edge, who.key, ("Identity", key), self.cluster.stated(read, one.line))
        for line in logins.strange:
            yield self.cluster.problem(read, "lets identities of AWS log in to the cluster in a way that is not understood", line)

    def _workload(self, read: Read, pod: Pod) -> Iterator[Fact]:
        """A workload that is no object of an agent: its runtime, and the agent or server that its labels say it is."""
        runtime: NodeKey = ("Runtime", self.cluster.runtime_id(read))
        yield from self.cluster.runtime(read, pod, runtime)
        declared = kagent.labelled_as(dict((*read.labels, *pod.selected)))
        if declared is not None:
            yield from self.agents.labelled(read, pod, runtime, *declared)
        yield from self.cluster.owned(read, runtime)
