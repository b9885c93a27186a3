"""A sighting and what is declared of the same way are one edge.

Traces tell who called what, not what stands on the way. Where the call is declared, what was seen has its points, scopes and mode, or else
it would look like a second way around them. A tool that a server provides to which its caller is declared to connect was called over that
connection, if the connection lets it be called; else it is a call of its own, which nobody declared.
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
    letting: dict[tuple[NodeKey, NodeKey], list[frozenset[str] | None]] = field(default_factory=lambda: defaultdict(list))
    """Ends of a connection → the tools that each of those declared is for; None for all."""
    offering: dict[NodeKey, set[NodeKey]] = field(default_factory=lambda: defaultdict(set))
    """Tool → servers that are declared to provide it."""
    tools: dict[tuple[NodeKey, str], NodeKey] = field(default_factory=dict)
    """Server and name → its tool."""
    names: dict[NodeKey, str] = field(default_factory=dict)
    """Names of tools."""

    @classmethod
    def of(cls, readings: Sequence[Reading], sightings: Collection[Sighting]) -> _Declared:
        found = cls()
        callers, called = {source for _, source, _ in sightings}, {target for *_, target in sightings}
        for reading in readings:
            found.names.update(
                (node.key, str(node.props["name"])) for node in reading.nodes if node.kind == "Tool" and "name" in node.props
            )
        for reading in readings:
            for edge in reading.edges:
                source, target = edge.source, edge.target
                if isinstance(source, Ref) or isinstance(target, Ref):
                    continue
                if edge.kind == "PROVIDES" and source in called:
                    found.tools[source, found.names.get(target, target[1])] = target
                if edge.props.get("evidence") == _SEEN:
                    continue
                if edge.kind == "PROVIDES" and target in called:
                    found.offering[target].add(source)
                elif source in callers:
                    found.ways[edge.kind, source, target].append(edge)
                    if edge.kind == "CONNECTS_TO":
                        found.connected[source].add(target)
                        tools = edge.props.get("tools")
                        found.letting[source, target].append(None if tools is None else frozenset(tools))
        return found

    def lets(self, source: NodeKey, server: NodeKey, name: str, id: str) -> bool:
        """Whether a declared connection lets a tool be called; also where none is declared."""
        ways = self.letting.get((source, server), ())
        return not ways or any(tools is None or not tools.isdisjoint((name, id)) for tools in ways)

    def lists(self, source: NodeKey, server: NodeKey, name: str) -> bool:
        """Whether a declared connection is for the tool called ``name``, of a server that does not tell its tools."""
        return any(name in tools for tools in self.letting.get((source, server), ()) if tools is not None)

    def told(self, edge: EdgeFact, source: NodeKey, target: NodeKey) -> Iterator[EdgeFact]:
        """A sighting as the edges that it is: a call over a connection, a connection without the calls that it does not let pass, these."""
        if edge.kind == "USES" and (edge.kind, source, target) not in self.ways:
            name, offering = self.names.get(target, target[1]), self.offering[target]
            servers = {one for one in self.connected[source] & offering if self.lets(source, one, name, target[1])}
            servers = servers or {one for one in self.connected[source] if not offering and self.lists(source, one, name)}
            if len(servers) == 1:
                (server,) = servers
                if not offering:
                    yield EdgeFact("PROVIDES", server, target, edge.props)
                edge = EdgeFact("CONNECTS_TO", source, server, {**edge.props, "tools": [name]})
        elif edge.kind == "CONNECTS_TO" and (edge.kind, source, target) in self.ways:
            tools = {name: self.tools.get((target, name)) for name in edge.props.get("tools") or ()}
            beyond = {name: tool for name, tool in tools.items() if tool and not self.lets(source, target, name, tool[1])}
            for tool in beyond.values():
                yield EdgeFact("USES", source, tool, {name: value for name, value in edge.props.items() if name not in ("tools", "count")})
            edge = replace(edge, props={**edge.props, "tools": [name for name in tools if name not in beyond]}) if beyond else edge
        yield edge


def accounted(readings: Sequence[Reading], sightings: Collection[Sighting] | None) -> bool:
    """Give ``sightings`` what is declared of the same way; says whether there are any. O(nodes + edges)."""
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
                edges += (one for told in declared.told(edge, source, target) for one in _as_stated(told, declared.ways))
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
