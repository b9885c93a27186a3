"""What can be called at one time, by whom, what it adds to its callers, and where strangers' content comes in."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphinv.analyze.labels import affirmed
from graphinv.analyze.rows import confidence, once
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord, in_force, listed
from graphinv.model.facts import NodeKey
from graphinv.model.moments import micros

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine


SURE = 0.9
"""From what confidence on an edge that is only inferred counts like one that is stated."""


@dataclass(frozen=True)
class ToolLegs:
    """What a tool, or several, add to those who call them."""

    takes: bool
    sends: bool
    inside: bool
    """Everything that what sends acts on is known to lie inside the organisation and to be closed to strangers."""
    executes: bool
    """It executes what it is given, and not in a sandbox away from the agent."""

    @classmethod
    def of_all(cls, tools: Iterable[ToolLegs]) -> ToolLegs:
        """Of several together."""
        each = list(tools)
        return cls(
            takes=any(tool.takes for tool in each),
            sends=any(tool.sends for tool in each),
            inside=all(tool.inside for tool in each if tool.sends),
            executes=any(tool.executes for tool in each),
        )


class Toolbox:
    """Tools by who may call them; what it learned of one it remembers. Edges that are over and tools out of service do not count."""

    def __init__(self, estate: Estate, at: int) -> None:
        """Of ``estate`` at a time, in microseconds since 1970."""
        self.estate, self.at = estate, at
        self._out: dict[NodeKey, Sequence[EdgeRecord]] = {}
        self._offers: dict[NodeKey, Sequence[NodeKey]] = {}
        self._tools: dict[NodeKey, ToolLegs] = {}
        self._servers: dict[NodeKey, ToolLegs] = {}
        self._takes: dict[NodeKey, tuple[bool, bool]] = {}
        self._provided: dict[NodeKey, list[EdgeRecord]] = {}

    def out(self, key: NodeKey) -> Sequence[EdgeRecord]:
        """Edges in force that leave a node."""
        known = self._out.get(key)
        if known is None:
            edges = self.estate.outgoing.get(key, ())
            held = [edge for edge in edges if in_force(edge, self.at)]
            known = self._out[key] = edges if len(held) == len(edges) else held
        return known

    def provided(self, server: NodeKey) -> list[EdgeRecord]:
        """Edges in force by which a server provides tools."""
        if server not in self._provided:
            self._provided[server] = [edge for edge in self.out(server) if edge.kind == "PROVIDES"]
        return self._provided[server]

    def tools_of(self, key: NodeKey) -> Iterator[NodeKey]:
        """Tools that an actor calls itself or over a server it connects to, or that a server provides."""
        for edge in self.out(key):
            if edge.target in self.estate.out_of_service:
                continue
            if edge.kind in ("USES", "PROVIDES"):
                yield edge.target
            elif edge.kind == "CONNECTS_TO":
                yield from self._offered(edge)

    def _offered(self, edge: EdgeRecord) -> Iterable[NodeKey]:
        """Tools that a connection lets be called."""
        every = self._offers.get(edge.target)
        if every is None:
            every = self._offers[edge.target] = tuple(self.tools_of(edge.target))
        if edge.props.get("tools") is None:
            return every
        return (tool for tool in every if listed(edge, self.estate.nodes[tool]))

    def behind(self, edge: EdgeRecord) -> ToolLegs:
        """What the tools add that a USES, PROVIDES or CONNECTS_TO lets be called; nothing of what is switched off."""
        if edge.target in self.estate.out_of_service:
            return ToolLegs.of_all(())
        if edge.kind != "CONNECTS_TO":
            return self.tool(edge.target)
        if edge.props.get("tools") is not None:
            return ToolLegs.of_all(map(self.tool, self._offered(edge)))
        if edge.target not in self._servers:
            self._servers[edge.target] = ToolLegs.of_all(map(self.tool, self._offered(edge)))
        return self._servers[edge.target]

    def tool(self, key: NodeKey) -> ToolLegs:
        """What one tool adds."""
        if key not in self._tools:
            props = self.estate.nodes[key].props
            ends = [self.estate.nodes[edge.target].props for edge in self.out(key) if edge.kind == "CAN_ACCESS"]
            self._tools[key] = ToolLegs(
                takes=bool(props.get("ingests_untrusted")) or any(map(self._untrusted, self.out(key))),
                sends="egress" in (props.get("effects") or ()),
                inside=bool(ends) and all(end.get("external") is False and end.get("sensitivity") != "public" for end in ends),
                executes="execute" in (props.get("effects") or ()) and not in_a_sandbox(self.estate, self.estate.nodes[key], self.at),
            )
        return self._tools[key]

    def taken(self, key: NodeKey) -> tuple[EdgeRecord, ...]:
        """Edges by which strangers' content comes to an actor, a server or a tool: its own sources first, then its tools."""
        out = self.out(key)
        own = (edge for edge in out if self._untrusted(edge))
        return (*own, *(edge for edge in out if edge.kind in ("USES", "CONNECTS_TO", "PROVIDES") and self.behind(edge).takes))

    def takes(self, key: NodeKey) -> bool:
        """Whether strangers' content comes to it, itself or by a tool it calls or provides."""
        return self.taking(key)[0]

    def taking(self, key: NodeKey) -> tuple[bool, bool]:
        """The same, and whether that is known and not only guessed."""
        known = self._takes.get(key)
        if known is None:
            found = self.taken(key)
            stated = key[0] == "Tool" and bool(self.estate.nodes[key].props.get("ingests_untrusted"))
            known = self._takes[key] = stated or bool(found), stated or not all(map(_guessed, found))
        return known

    def _untrusted(self, edge: EdgeRecord) -> bool:
        return edge.kind == "INGESTS" and self.estate.nodes[edge.target].props.get("trust") == "untrusted"


def _guessed(edge: EdgeRecord) -> bool:
    return tuple(edge.props.get("evidence") or ()) == ("inferred",) and confidence(edge) < SURE


@once
def toolbox_of(engine: Engine) -> Toolbox:
    """The one of an engine."""
    return Toolbox(engine.estate, micros(engine.at))


def in_a_sandbox(estate: Estate, tool: NodeRecord, at: int) -> bool:
    """Whether its provider runs it in a sandbox, or every server that provides it is known to run isolated in one."""
    if affirmed(tool.props, "sandboxed"):
        return True
    servers = [edge.source for edge in estate.incoming.get(tool.key, ()) if edge.kind == "PROVIDES" and in_force(edge, at)]
    return bool(servers) and all(runs_apart(estate, server, at) for server in servers)


def runs_apart(estate: Estate, runner: NodeKey, at: int) -> bool:
    """Whether everything that something runs on is known to be a sandbox in which it is isolated."""
    runs = [edge for edge in estate.outgoing.get(runner, ()) if edge.kind == "RUNS_ON" and in_force(edge, at)]
    return bool(runs) and all(edge.props.get("isolated") and estate.nodes[edge.target].props.get("sandboxed") for edge in runs)
