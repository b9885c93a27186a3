"""All objects of a root together: what an object names by its name is looked up here, in its namespace."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any

from graphinv.ingest.support.docker.running import safe
from graphinv.ingest.support.kubernetes.kustomize import namespaces
from graphinv.ingest.support.kubernetes.names import CLUSTER_SCOPED, DEFAULT, object_id, service_of
from graphinv.ingest.support.kubernetes.readings import (
    Account,
    ConfigRef,
    Entry,
    Kustomization,
    Pod,
    Read,
    SecretRef,
    Service,
    Store,
    Summary,
    Vault,
)
from graphinv.ingest.support.kubernetes.secrets import moved
from graphinv.ingest.support.owners import owner_of
from graphinv.ingest.support.secrets import looks_secret_name
from graphinv.ingest.support.tellable import tellable
from graphinv.ingest.support.vault.paths import key_of, plain_path
from graphinv.model.facts import OWNER_CONFIDENCE, EdgeFact, Fact, Grant, NodeFact, NodeKey, Problem, Props, Ref, source_of

GRANTS = "kubernetes"
"""Name of the permission language (:mod:`graphinv.ingest.grants.kubernetes`)."""
UNSTATED = 0.9
"""How sure it is that a pod that names no account, or an agent whose controller makes one, acts as what Kubernetes then gives it."""
MAX_DUPLICATES = 50
MAX_SAME = 64
"""Objects of one name that a reference is compared with."""
MAX_KEYS = 20
"""Keys of a Secret that are told."""

_LABELS = (
    "team",
    "owner",
    "app.kubernetes.io/part-of",
    "app.kubernetes.io/name",
    "app.kubernetes.io/component",
    "app.kubernetes.io/managed-by",
    "backstage.io/kubernetes-id",
)
_OF_RULES = frozenset(
    {"dataclass", "dataclassification", "classification", "datasensitivity", "sensitivity", "confidentiality", "purpose", "usecase"}
    | {"criticality", "servicetier", "businesscriticality", "importance", "autonomy", "reviewed", "lastreviewed", "dormantok", "blueprint"}
    | {"crossenvironment", "crossenvironmentok", "crosstenantok", "risk"}
)
"""Labels that rules read, by their plain names: an organisation writes them with a prefix of its own or none."""


class Cluster:
    """One cluster: its objects by kind, namespace and name."""

    def __init__(self, root: str, summaries: Mapping[str, Summary], ingestor: str) -> None:
        self.root = root
        self.ingestor = ingestor
        self.objects: list[Read] = []
        self.by_name: dict[tuple[str, str, str], list[Read]] = defaultdict(list)
        self.problems: list[Problem] = []
        places = namespaces(summaries)
        for path in sorted(summaries):
            for read in summaries[path].objects:
                for one in self._placed(read, places.get(path)):
                    self.add(one)

    def _placed(self, read: Read, given: Sequence[str] | None) -> Iterator[Read]:
        """``read`` in each namespace that it ends up in."""
        if isinstance(read.content, Kustomization):
            if read.content.renames:
                self.problems.append(self.problem(read, "adds something to the names of its objects; their names are read as they stand"))
            for name, store in read.content.generated:
                for namespace in given or (DEFAULT,):
                    yield replace(read, kind="Secret", name=name, namespace=namespace, content=store, labels=())
        elif read.kind in CLUSTER_SCOPED:
            yield replace(read, namespace="")
        else:
            for namespace in given or (read.namespace or DEFAULT,):
                yield replace(read, namespace=namespace)

    def add(self, read: Read) -> None:
        self.objects.append(read)
        known = self.by_name[read.kind, read.namespace, read.name]
        if any(other.path == read.path and other.group == read.group for other in known) and len(self.problems) < MAX_DUPLICATES:
            message = f"two objects of this file are one {read.kind} by name and namespace; what both say is taken together"
            self.problems.append(self.problem(read, message, severity="note"))
        if len(known) < MAX_SAME:
            known.append(read)
            if len(known) == MAX_SAME:
                message = (
                    f"more than {MAX_SAME - 1} objects are one {read.kind} by name and namespace; the rest is left out where it is used"
                )
                self.problems.append(self.problem(read, message))

    # ---- what the other modules ask ----------------------------------------------------------------------------------------

    def id(self, read: Read) -> str:
        return object_id(self.root, read.namespace, read.kind, read.name)

    def find(self, kind: str, namespace: str, name: str) -> list[Read]:
        """The objects of a name; several where files state it more than once."""
        return self.by_name.get((kind, "" if kind in CLUSTER_SCOPED else namespace, name), [])

    def near(self, read: Read, kind: str, namespace: str, name: str) -> list[Read]:
        """The objects of a name that ``read`` can mean: where unrelated files state it, those that lie nearest to its own."""
        found = self.find(kind, namespace, name)
        if len(found) < 2:
            return found
        distances = [_apart(read.path, one.path) for one in found]
        return [one for one, distance in zip(found, distances, strict=True) if distance == min(distances)]

    def source(self, read: Read, line: int | None = None) -> str:
        return source_of(self.root, read.path, line or read.line)

    def stated(self, read: Read, line: int | None = None, **props: Any) -> Props:
        """Properties of an edge that ``read`` states."""
        return {"evidence": ["granted" if read.live else "declared"], "sources": [self.source(read, line)], **props}

    def problem(self, read: Read, message: str, line: int | None = None, severity: str = "warning") -> Problem:
        return Problem(read.path, f"L{line or read.line}", message, severity, self.ingestor)

    def node(self, read: Read, kind: str, key_id: str, **props: Any) -> NodeFact:
        """The node of an object, with what all of them have."""
        labels = [f"namespace={read.namespace}"] if read.namespace else []
        labels += [f"{name}={value}" for name, value in read.labels if name in _LABELS and value and tellable(value)]
        plain = [(name.rpartition("/")[2], value) for name, value in read.labels if value and tellable(value)]
        labels += [f"{name}={value}" for name, value in plain if re.sub("[^a-z]", "", name.lower()) in _OF_RULES]
        labels += props.pop("labels", ())
        stated: Props = {
            "name": read.name,
            "environment": self.environment(read),
            "labels": sorted(set(labels)),
            "sources": [self.source(read)],
            **props,
        }
        return NodeFact(kind, key_id, {name: value for name, value in stated.items() if value not in (None, [], "")})

    def environment(self, read: Read) -> str | None:
        """What the object's labels say, else those of its namespace, else where its file lies."""
        above = next((one.environment for one in self.find("Namespace", "", read.namespace) if one.environment), None)
        return read.environment or above

    def runtime_id(self, read: Read) -> str:
        """Id of the workload that a pod belongs to: what controls it, and what controls that."""
        seen = {(read.kind, read.name)}
        while read.owner is not None and read.owner not in seen:
            seen.add(read.owner)
            above = self.find(read.owner[0], read.namespace, read.owner[1])
            if not above:
                return object_id(self.root, read.namespace, *read.owner)
            read = above[0]
        return self.id(read)

    # ---- Secrets and ConfigMaps ---------------------------------------------------------------------------------------------

    def pulled(self, read: Read, store: Store) -> Iterator[Entry]:
        """What an external store fills a Secret with, where that store is a Vault."""
        if store.store is None:
            return
        found = [one.content for one in self.find(store.store[0], read.namespace, store.store[1]) if isinstance(one.content, Vault)]
        for vault in found:
            for key, path in store.pulls if vault.address else ():
                target = key_of("Secret", vault.address, plain_path(f"{vault.mount}/{path}"))
                props = {"name": path, "kind_detail": "vault path", "sources": [self.source(read)]}
                yield Entry(key, (NodeFact(*target, props),), (target,))

    def secret(self, namespace: str, name: str, at: Read, store: Store | None = None, line: int | None = None) -> NodeFact:
        """The node of a Secret object."""
        key = object_id(self.root, namespace, "Secret", name)
        detail = f"Kubernetes Secret ({store.detail})" if store and store.detail else "Kubernetes Secret"
        kind = store.type if store and store.type not in ("", "Opaque") else None
        # What the cluster makes for pods ends; one that somebody asked for by an object of this type never does
        lifetime = "static" if kind == "kubernetes.io/service-account-token" else None
        props: Props = {"name": name, "kind_detail": detail, "type": kind, "lifetime": lifetime, "sources": [self.source(at, line)]}
        if store is not None:
            # Where a value is known the credential is a node of its own.
            unknown = [entry.key for entry in store.entries if not entry.targets and not entry.harmless]
            return self.node(at, "Secret", key, **{**props, "labels": [f"key={name}" for name in unknown[:MAX_KEYS]]})
        return NodeFact("Secret", key, {name: value for name, value in props.items() if value})

    def entries(self, read: Read, kind: str, name: str, key: str) -> list[Entry]:
        """What one key of a Secret or ConfigMap that ``read`` names holds, or all of it."""
        found: list[Entry] = []
        for one in self.near(read, kind, read.namespace, name):
            if isinstance(one.content, Store):
                found += [*one.content.entries, *self.pulled(one, one.content)]
        return [entry for entry in found if key in ("", entry.key) or not entry.key]

    def secrets_of(self, read: Read, ref: SecretRef) -> Iterator[tuple[NodeKey | Ref, NodeFact | None]]:
        """The Secrets that a reference means: the credentials themselves where they are known, else the object, with its node."""
        entries = self.entries(read, "Secret", ref.name, ref.key)
        known = [target for entry in entries for target in entry.targets]
        yield from ((target, None) for target in known)
        if ref.key and known:
            return
        if ref.key and any(entry.key == ref.key and entry.harmless for entry in entries):
            return
        node = self.secret(read.namespace, ref.name, read, line=ref.line)
        labels = [f"key={ref.key}"] if ref.key else []
        labels += [f"variable={ref.variable}"] if ref.variable and looks_secret_name(ref.variable) else []
        yield node.key, replace(node, props={**node.props, "labels": labels} if labels else node.props)

    def given(self, holder: NodeKey, read: Read, secrets: Iterable[SecretRef], configs: Iterable[ConfigRef] = ()) -> Iterator[Fact]:
        """(holder)-[:HOLDS]->(what the Secrets and ConfigMaps that it is given hold)"""
        for ref in secrets:
            for target, node in self.secrets_of(read, ref):
                if node is not None:
                    yield node
                yield EdgeFact("HOLDS", holder, target, self.stated(read, ref.line, place=ref.place))
        for config in configs:
            for entry in self.entries(read, "ConfigMap", config.name, config.key):
                for target in entry.targets:
                    yield EdgeFact("HOLDS", holder, target, self.stated(read, config.line, place="config"))

    # ---- accounts and roles -------------------------------------------------------------------------------------------------

    def account_key(self, namespace: str, name: str) -> NodeKey:
        return "Identity", object_id(self.root, namespace, "ServiceAccount", name)

    def account_node(self, namespace: str, name: str, at: Read) -> NodeFact:
        key = self.account_key(namespace, name)
        props: Props = {"name": name, "type": "service_account", "provider": "kubernetes", "binding": "platform"}
        return NodeFact(*key, {**props, "labels": [f"namespace={namespace}"], "sources": [self.source(at)]})

    def grant(self, read: Read, subject: NodeKey, role: str, body: str, origin: str = "") -> Grant:
        evidence = "granted" if read.live else "declared"
        return Grant(GRANTS, subject, role, body, origin or self.id(read), self.source(read), evidence)

    # ---- workloads ----------------------------------------------------------------------------------------------------------

    def runtime(self, read: Read, pod: Pod, key: NodeKey, own_account: bool = False) -> Iterator[Fact]:
        """The runtime that a pod is: as whom it runs, and what it holds."""
        top = read if read.owner is None else next(iter(self.find(*_last(key[1]))), read)
        yield self.node(
            top,
            "Runtime",
            key[1],
            name=key[1].rpartition("/")[2],
            type="pod",
            kind_detail=f"Kubernetes {key[1].split('/')[-2]}",
            sandboxed=pod.sandboxed,
            labels=(*pod.labels, f"manifest={top.path}") if safe(top.path) and pod.labels else pod.labels,
        )
        yield from self.acts(read, pod, key, own_account)
        yield from self.given(key, read, pod.secrets, pod.configs)
        variables = {ref.variable: ref for ref in pod.secrets if ref.variable}
        for fact in moved(pod.facts, key):
            yield from self.filled(read, fact, variables)

    def filled(self, read: Read, fact: Fact, variables: Mapping[str, SecretRef]) -> Iterator[Fact]:
        """``fact``, in which a variable of the container itself stands for the Secret that fills it."""
        for end in ("source", "target") if isinstance(fact, EdgeFact) else ():
            named = getattr(fact, end)
            if isinstance(named, Ref) and named.space == "env" and named.name in variables:
                for target, _ in self.secrets_of(read, variables[named.name]):
                    yield replace(fact, **{end: target})  # type: ignore[arg-type]
                return
        yield fact

    def acts(self, read: Read, pod: Pod, key: NodeKey, own_account: bool) -> Iterator[Fact]:
        """(runtime)-[:RUNS_AS]->(its account), unless no token of it is mounted; then only what the account stands for elsewhere."""
        name = pod.account or (read.name if own_account else DEFAULT)
        guess: Props = {} if pod.account else {"evidence": ["inferred"], "confidence": UNSTATED}
        known = [one.content for one in self.find("ServiceAccount", read.namespace, name) if isinstance(one.content, Account)]
        for identity in pod.assumes:
            yield identity
            yield EdgeFact("RUNS_AS", key, identity.key, self.stated(read))
        mounted = pod.automount if pod.automount is not None else not any(account.automount is False for account in known)
        yield from self.tokens(read, pod, key, name)
        if mounted or any(not audience for audience, _, _ in pod.tokens):
            yield self.account_node(read.namespace, name, read)
            yield EdgeFact("RUNS_AS", key, self.account_key(read.namespace, name), {**self.stated(read), **guess})
        else:
            for account in known:
                for identity in account.assumes:
                    yield EdgeFact("RUNS_AS", key, identity.key, {**self.stated(read), **guess})
        for account in known:
            yield from self.given(key, read, account.secrets)

    @cached_property
    def labelled(self) -> Mapping[tuple[str, tuple[str, str]], Sequence[Read]]:
        """(namespace, label) → the workloads whose pods have it."""
        found: dict[tuple[str, tuple[str, str]], list[Read]] = defaultdict(list)
        for read in self.objects:
            for label in {*read.content.selected, *read.labels} if isinstance(read.content, Pod) else ():
                found[read.namespace, label].append(read)
        return found

    def inside(self, host: str, namespace: str) -> tuple[str, str] | None:
        """(namespace, name) of the service that ``host`` means. A name of two parts is one only where its namespace is known here: it may
        as well be a domain."""
        found = service_of(host, namespace) if host != "localhost" else None
        if found is None or ("." in host and ".svc" not in host and found[0] not in self.namespaces):
            return None
        return found

    @cached_property
    def namespaces(self) -> frozenset[str]:
        """The namespaces that objects lie in."""
        return frozenset(read.name if read.kind == "Namespace" else read.namespace for read in self.objects)

    def tokens(self, read: Read, pod: Pod, key: NodeKey, account: str) -> Iterator[Fact]:
        """The tokens of the account that are mounted by hand, which the kubelet renews; one for another audience is none in the cluster."""
        for audience, seconds, line in pod.tokens:
            token: NodeKey = ("Secret", f"{key[1]}/token/{audience or 'cluster'}")
            props: Props = {"name": f"token of {account} for {audience or 'the cluster'}", "type": "service_account_token"}
            props |= {"lifetime": "ephemeral", "renewable": True, "audience": [audience] if audience else None, "ttl_seconds": seconds}
            props["sources"] = [self.source(read, line)]
            yield NodeFact(*token, {name: value for name, value in props.items() if value is not None})
            yield EdgeFact("HOLDS", key, token, self.stated(read, line, place="config"))
            if not audience:
                yield EdgeFact("AUTHENTICATES_AS", token, self.account_key(read.namespace, account), self.stated(read, line))

    def selected(self, namespace: str, name: str) -> list[Read]:
        """The workloads whose pods the Service of a name leads to. O(workloads with its first label)."""
        found: list[Read] = []
        for service in self.find("Service", namespace, name):
            wanted = service.content.selector if isinstance(service.content, Service) else ()
            candidates = self.labelled.get((namespace, wanted[0]), ()) if wanted else ()
            found += [read for read in candidates if isinstance(read.content, Pod) and {*wanted} <= {*read.content.selected, *read.labels}]
        return found[:MAX_SAME]

    # ---- owners -------------------------------------------------------------------------------------------------------------

    def owned(self, read: Read, key: NodeKey | None) -> Iterator[Fact]:
        """(:Owner)-[:OWNS]->(object), for e-mail addresses and teams that its labels name."""
        for text in read.owners if key is not None else ():
            owner = owner_of(text, self.source(read))
            if owner is not None and key is not None:
                yield owner
                yield EdgeFact("OWNS", owner.key, key, self.stated(read, confidence=OWNER_CONFIDENCE["tags"]))


def _apart(one: str, other: str) -> int:
    """How many folders lie between two files; less than none for the same file."""
    if one == other:
        return -1
    above, beside = one.split("/")[:-1], other.split("/")[:-1]
    shared = next(
        (index for index, pair in enumerate(zip(above, beside, strict=False)) if pair[0] != pair[1]), min(len(above), len(beside))
    )
    return len(above) + len(beside) - 2 * shared


def _last(node_id: str) -> tuple[str, str, str]:
    """(kind, namespace, name) at the end of an id."""
    namespace, kind, name = node_id.rsplit("/", 3)[1:]
    return kind, namespace, name
