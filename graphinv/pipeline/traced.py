"""What a trace shows becomes the node that is declared, where it is sure which one that is.

Traces call things by names that mean something inside a service. An agent is the declared one that has its name and belongs to that
service: it is stated in a folder or file that is called so, bears the service's own name, or runs on what does; of those that are
objects of Kubernetes it is the one of its namespace. Without a service it is the one of its name in the trace's own root. A server, a
tool, a memory is the one of its name, or address, that these agents have. What fits none, or several, stays what the trace calls it: a
shadow of which nothing is declared.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

from graphinv.ingest.support.called import GRAPH_ID, NAMESPACE, PREFIX, SERVICE, TRACED
from graphinv.ingest.support.kubernetes.names import parse_id
from graphinv.model.facts import NodeFact, NodeKey, Ref, place_of
from graphinv.pipeline.names import Names, plain
from graphinv.pipeline.read import Reading

_EVERYWHERE = frozenset(
    {"app", "apps", "src", "main", "server", "service", "services", "agent", "agents", "api", "backend", "lib", "core", "test", "tests"}
)
"""Names of folders and services that tell nothing."""
ACTORS = ("Agent", "Workflow")
_Drawn = tuple[str, NodeKey, NodeKey]
"""Kind and ends of an edge."""


def of_traces(readings: Sequence[Reading], names: Names) -> dict[NodeKey, set[NodeKey]]:
    """Nodes that traces show → those that they may be; empty where it is sure of none. O(nodes + edges)."""
    waiting: dict[NodeKey, tuple[NodeFact, str]] = {}
    for reading in readings:
        for node in reading.nodes:
            if node.id.startswith(PREFIX) and node.props.get("kind_detail") == TRACED:
                waiting.setdefault(node.key, (node, reading.root.name))
    if not waiting:
        return {}
    places, running = _places(readings)
    meant: dict[NodeKey, set[NodeKey]] = {key: set() for key in waiting}
    for key, (node, root) in waiting.items():
        stated = (key[0], _label(node, GRAPH_ID))
        if stated[1]:
            meant[key] = {stated} & names.by_id.keys()
        elif key[0] in ACTORS:
            fitting = (one for one in _candidates(node, names) if root in names.by_id[one] or _label(node, SERVICE))
            meant[key] = {one for one in fitting if _fits(one, node, places[one], running[key])}
    drawn = [
        (edge.kind, edge.source, edge.target)
        for reading in readings
        for edge in reading.edges
        if not isinstance(edge.source, Ref) and not isinstance(edge.target, Ref) and edge.target in waiting
    ]

    @cache
    def reached(owner: NodeKey) -> set[NodeKey]:
        """All that it is declared to have or provide, or that what it has provides."""
        had = names.had.get(owner, set())
        return had.union(*(names.provided.get(one, ()) for one in (owner, *had)))

    for kinds in (("ToolServer", "Memory", "ContentSource"), ("Tool",)):  # a server first, then its tools
        for key, owners in _owners(drawn, kinds, meant).items():
            meant[key] = {one for one in _candidates(waiting[key][0], names) if any(one in reached(owner) for owner in owners)}
    return meant


def _owners(drawn: Iterable[_Drawn], kinds: Sequence[str], meant: Mapping[NodeKey, set[NodeKey]]) -> Mapping[NodeKey, set[NodeKey]]:
    """Things of ``kinds`` that traces show → those who were seen to use or provide them, as far as it is sure who these are."""
    found: dict[NodeKey, set[NodeKey]] = defaultdict(set)
    for _, source, target in drawn:
        owners = meant.get(source, {source})
        if target[0] in kinds and len(owners) == 1:
            found[target] |= owners
    return found


def _candidates(node: NodeFact, names: Names) -> set[NodeKey]:
    """Nodes that have its name, or the address that it is."""
    name = str(node.props.get("name") or "")
    found = set(names.by_name.get((node.kind, plain(name)), ()))
    if (node.kind, name) in names.by_id:
        found.add((node.kind, name))
    return found | names.by_host.get(name, set()) if node.kind == "ToolServer" else found


def _places(readings: Iterable[Reading]) -> tuple[Mapping[NodeKey, set[str]], Mapping[NodeKey, set[str]]]:
    """Agent or flow → what the folders and files that state it are called, its own names, and those of what it runs on; and the ids of the
    latter."""
    found: dict[NodeKey, set[str]] = defaultdict(set)
    running: dict[NodeKey, set[str]] = defaultdict(set)
    for reading in readings:
        root = reading.root.name
        for node in reading.nodes:
            if node.kind in ACTORS and not node.id.startswith(PREFIX):
                words = [root, node.id, str(node.props.get("name") or "")]
                for source in node.props.get("sources") or ():
                    words += re.sub(r"\.\w+$", "", place_of(str(source), root)[0]).split("/")
                found[node.key].update(map(plain, words))
        for edge in reading.edges:
            if edge.kind == "RUNS_ON" and not isinstance(edge.source, Ref) and not isinstance(edge.target, Ref):
                running[edge.source].add(edge.target[1])
                found[edge.source] |= {edge.target[1], plain(re.split(r"[/#]", edge.target[1])[-1])}
    return found, running


def _label(node: NodeFact, mark: str) -> str:
    return next((str(label).removeprefix(mark) for label in node.props.get("labels") or () if str(label).startswith(mark)), "")


def _fits(key: NodeKey, node: NodeFact, places: set[str], running: set[str]) -> bool:
    """Whether the declared ``key`` belongs to the service of ``node``, or runs where that was seen to run."""
    service, namespace, cluster = plain(_label(node, SERVICE)), _label(node, NAMESPACE), parse_id(key[1])
    if cluster is not None and namespace:
        return cluster.namespace == namespace
    return not service or (service not in _EVERYWHERE and service in places) or not running.isdisjoint(places)
