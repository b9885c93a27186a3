"""A sighting and what is declared of the same way are one edge.

Traces tell who called what, not what stands on the way. Where the call is declared, what was seen has its points, scopes and mode, or else
it would look like a second way around them. A tool that a server provides to which its caller is declared to connect was called over that
connection.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from graphinv.model.facts import EdgeFact, NodeKey, Props, Ref
from graphinv.pipeline.read import Reading

Sighting = tuple[str, NodeKey, NodeKey]
"""Kind and ends of an edge that a trace shows, between nodes that are declared."""
_TAKEN = ("guards", "scopes", "mode", "renewable")
_SEEN = ["observed"]


@dataclass
class _Declared:
    """What is declared of those who were seen."""

    ways: dict[Sighting, list[EdgeFact]] = field(default_factory=lambda: defaultdict(list))
    connected: dict[NodeKey, set[NodeKey]] = field(default_factory=lambda: defaultdict(set))
    offering: dict[NodeKey, set[NodeKey]] = field(default_factory=lambda: defaultdict(set))
    """Tool → servers that provide it."""
    names: dict[NodeKey, str] = field(default_factory=dict)

    @classmethod
    def of(cls, readings: Sequence[Reading], sightings: Collection[Sighting]) -> _Declared:
        found = cls()
        callers, called = {source for _, source, _ in sightings}, {target for *_, target in sightings}
        for reading in readings:
            found.names.update((node.key, str(node.props.get("name") or node.id)) for node in reading.nodes if node.key in called)
            for edge in reading.edges:
                source, target = edge.source, edge.target
                if isinstance(source, Ref) or isinstance(target, Ref) or edge.props.get("evidence") == _SEEN:
                    continue
                if edge.kind == "PROVIDES" and target in called:
                    found.offering[target].add(source)
                elif source in callers:
                    found.ways[edge.kind, source, target].append(edge)
                    if edge.kind == "CONNECTS_TO":
                        found.connected[source].add(target)
        return found

    def over(self, edge: EdgeFact, source: NodeKey, target: NodeKey) -> EdgeFact:
        """A call as one over the connection to the server that offers the tool, where that is one alone."""
        servers = self.connected[source] & self.offering[target]
        if edge.kind != "USES" or (edge.kind, source, target) in self.ways or len(servers) != 1:
            return edge
        return EdgeFact("CONNECTS_TO", source, next(iter(servers)), {**edge.props, "tools": [self.names.get(target, target[1])]})


def accounted(readings: Sequence[Reading], sightings: Collection[Sighting] | None) -> bool:
    """Give ``sightings`` what is declared of the same way; says whether there are any. O(edges)."""
    if not sightings:
        return False
    declared = _Declared.of(readings, sightings)
    for reading in readings:
        edges: list[EdgeFact] = []
        for edge in reading.edges:
            source, target = edge.source, edge.target
            if (
                isinstance(source, Ref)
                or isinstance(target, Ref)
                or edge.props.get("evidence") != _SEEN
                or (edge.kind, source, target) not in sightings
            ):
                edges.append(edge)
            else:
                edges.extend(_as_stated(declared.over(edge, source, target), declared.ways))
        reading.edges = edges
    return True


def _as_stated(edge: EdgeFact, ways: Mapping[Sighting, Sequence[EdgeFact]]) -> Iterator[EdgeFact]:
    """``edge`` once for each way that is declared between its ends; as it is where there is none."""
    told: list[Props] = []
    for one in ways.get((edge.kind, edge.source, edge.target), ()):  # type: ignore[arg-type]  # no Ref is among the sightings
        taken = {name: one.props[name] for name in _TAKEN if name in one.props}
        if taken not in told:
            told.append(taken)
    for taken in told or [{}]:
        guards = sorted({*edge.props.get("guards", ()), *taken.get("guards", ())})
        yield replace(edge, props={**edge.props, **taken, **({"guards": guards} if guards else {})})
