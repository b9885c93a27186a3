"""All nodes of a scan by what others may call them: their names, and for servers the hosts of their addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from graphinv.ingest.support import called
from graphinv.ingest.support.called import PREFIX
from graphinv.ingest.support.secrets import url_parts
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey
from graphinv.pipeline.read import Reading


def plain(name: str) -> str:
    """A name as people tell it from others: ``Billing bot`` and ``billing-bot`` are the same; itself where it is of marks alone."""
    return called.plain(name) or name


def hosts(server: NodeFact) -> Iterator[str]:
    """What traces may call a server by its address: its host, with the port where its scheme has another."""
    parts = url_parts(str(server.props.get("url") or ""))
    if parts is not None and parts.host:
        yield f"{parts.host}:{parts.port}" if parts.port not in ("", "80", "443") else parts.host


@dataclass
class Names:
    """All nodes that are not only called something, by what they may be called."""

    by_id: dict[NodeKey, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Node → roots that state it."""
    by_name: dict[tuple[str, str], set[NodeKey]] = field(default_factory=lambda: defaultdict(set))
    by_host: dict[str, set[NodeKey]] = field(default_factory=lambda: defaultdict(set))
    """Host, with its port where that tells something → the servers there."""
    running: dict[str, set[NodeKey]] = field(default_factory=lambda: defaultdict(set))
    """Identity → agents that run as it, themselves or by what they run on."""
    provided: dict[NodeKey, set[NodeKey]] = field(default_factory=lambda: defaultdict(set))
    had: dict[NodeKey, set[NodeKey]] = field(default_factory=lambda: defaultdict(set))
    """Agent or flow → tools and servers that it has, and what it reads and writes."""

    @classmethod
    def of(cls, readings: Sequence[Reading]) -> Names:
        names = cls()
        for reading in readings:
            for node in reading.nodes:
                if not node.id.startswith(PREFIX):
                    names.by_id[node.key].add(reading.root.name)
                    for host in hosts(node) if node.kind == "ToolServer" else ():
                        names.by_host[host].add(node.key)
                    if node.props.get("name"):
                        names.by_name[node.kind, plain(str(node.props["name"]))].add(node.key)
        names._edges(edge for reading in readings for edge in reading.edges)
        return names

    def _edges(self, edges: Iterable[EdgeFact]) -> None:
        linked: dict[str, dict[NodeKey, set[NodeKey]]] = {"RUNS_AS": defaultdict(set), "RUNS_ON": defaultdict(set)}
        linked |= {"PROVIDES": self.provided, **dict.fromkeys(("USES", "CONNECTS_TO", "READS", "WRITES", "INGESTS"), self.had)}
        for edge in edges:
            if edge.kind in linked and isinstance(edge.source, tuple) and isinstance(edge.target, tuple):
                linked[edge.kind][edge.source].add(edge.target)
        runs_as, runs_on = linked["RUNS_AS"], linked["RUNS_ON"]
        for agent in {*runs_as, *runs_on}:
            if agent[0] == "Agent":
                for _, identity in runs_as[agent].union(*(runs_as.get(runtime, ()) for runtime in runs_on[agent])):
                    self.running[identity].add(agent)

    def meant(self, node: NodeFact, root: str) -> set[NodeKey]:
        """Nodes that ``node``, called so in ``root``, may be."""
        name = str(node.props.get("name") or "")
        if (node.kind, name) in self.by_id:
            return {(node.kind, name)}
        found = self.by_name.get((node.kind, plain(name)), set())
        if not found and node.kind == "Agent":
            found = self.running.get(name, set())
        elif not found and node.kind == "ToolServer":
            found = self.by_host.get(name.lower(), set())
        own = {key for key in found if root in self.by_id[key]}
        return own or found
