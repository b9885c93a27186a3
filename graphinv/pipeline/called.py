"""What a record calls by a name alone becomes the node that has this name (:mod:`graphinv.ingest.support.called`).

A name means the one node of its kind that has it as its id, else the one that has it as its name; of several the one in the record's own
root; of several tools and servers the one that the caller has. An agent may also be called by the identity that it alone runs as. What
fits several nodes, or none, is left as it is, and where several fit that is told. What a trace calls so means less by its name alone:
:mod:`graphinv.pipeline.traced`.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from graphinv.ingest.support.called import PREFIX, SERVER
from graphinv.model.facts import EdgeFact, Guarding, NodeFact, NodeKey, Problem, Ref, place_of
from graphinv.pipeline.names import Names
from graphinv.pipeline.read import Reading
from graphinv.pipeline.sighted import Sighting
from graphinv.pipeline.statements import split
from graphinv.pipeline.traced import of_traces


def called(readings: Sequence[Reading]) -> set[Sighting] | None:
    """Put what is meant in the place of what is called so, in all of ``readings``; gives the edges that traces show of what is declared,
    None where nothing is called so. O(nodes + edges)."""
    if not any(node.id.startswith(PREFIX) for reading in readings for node in reading.nodes):
        return None
    names = Names.of(readings)
    told = of_traces(readings, names)
    sightings: set[Sighting] = set()
    for reading in readings:
        sightings |= _Root(reading, names, told).apply()
    return sightings


class _Root:
    """What one root calls so."""

    def __init__(self, reading: Reading, names: Names, told: Mapping[NodeKey, set[NodeKey]]) -> None:
        self.reading = reading
        self.names = names
        self.told = told
        self.sightings: set[Sighting] = set()
        self.meant: dict[NodeKey, set[NodeKey]] = {}
        """Called node → nodes that it may be."""
        root = reading.root.name
        waiting = {node.key: node for node in reading.nodes if node.id.startswith(PREFIX)}
        for key, node in waiting.items():
            self.meant[key] = told[key] if key in told else self._of_its_server(node, names.meant(node, root))

    def _of_its_server(self, tool: NodeFact, found: set[NodeKey]) -> set[NodeKey]:
        """Of the tools ``found`` those of the server that the record names, where that server is known."""
        server = next((label.removeprefix(SERVER) for label in tool.props.get("labels") or () if label.startswith(SERVER)), "")
        if not server:
            return found
        servers = self.names.meant(NodeFact("ToolServer", "", {"name": server}), self.reading.root.name)
        provided = set[NodeKey]().union(*(self.names.provided.get(one, set()) for one in servers))
        return found & provided if servers else found

    def apply(self) -> set[Sighting]:
        if not self.meant:
            return set()
        edges = [self._edge(edge) for edge in self.reading.edges]
        standing = {end for edge in edges for end in (edge.source, edge.target) if isinstance(end, tuple)}
        self.reading.problems.extend(self._problems(standing))
        self.reading.nodes = [moved for node in self.reading.nodes if (moved := self._node(node, standing)) is not None]
        self.reading.edges = edges
        self.reading.said = [self._guarding(said) if isinstance(said, Guarding) else said for said in self.reading.said]
        return self.sightings

    def _node(self, node: NodeFact, standing: set[NodeKey]) -> NodeFact | None:
        if node.key not in self.meant or node.key in standing or not self.meant[node.key]:
            return node
        if len(self.meant[node.key]) > 1:
            return None  # each of its edges found its own
        (key,) = self.meant[node.key]
        return NodeFact(*key, {name: node.props[name] for name in ("environment", "sources") if name in node.props})

    def _edge(self, edge: EdgeFact) -> EdgeFact:
        if isinstance(edge.source, Ref) or isinstance(edge.target, Ref) or edge.kind == "OWNS":
            return edge
        source, target = self._ends(edge.source, edge.target)
        if source != edge.source and edge.source in self.told:
            self.sightings.add((edge.kind, source, target))
        return edge if (source, target) == (edge.source, edge.target) else replace(edge, source=source, target=target)

    def _ends(self, source: NodeKey, target: NodeKey) -> tuple[NodeKey, NodeKey]:
        found = self.meant.get(source, set())
        start = next(iter(found)) if len(found) == 1 else source
        found = self.meant.get(target, set())
        if len(found) > 1:
            has = self.names.had.get(start, set())
            found = found & has.union(*(self.names.provided.get(server, set()) for server in has))
        return start, next(iter(found)) if len(found) == 1 else target

    def _guarding(self, said: Guarding) -> Guarding:
        source, target = split(said.starts), split(said.stops)
        if source not in self.meant and target not in self.meant:
            return said
        source, target = self._ends(source, target)
        return replace(said, starts=":".join(source), stops=":".join(target))

    def _problems(self, standing: set[NodeKey]) -> Iterator[Problem]:
        unsure = {key for key, found in self.meant.items() if len(found) > 1 and key in standing}
        told: Mapping[str, list[str]] = defaultdict(list)
        for node in self.reading.nodes:
            if node.key in unsure:
                told[place_of(str(node.props["sources"][0]), self.reading.root.name)[0]].append(str(node.props.get("name")))
        for document, calls in told.items():
            message = f"names {len(calls)} things that several nodes are called, such as {calls[0]!r}; they are kept apart from all of them"
            yield Problem(document, "", message, "warning", "called")
