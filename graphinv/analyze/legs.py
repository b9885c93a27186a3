"""What an actor takes in, sees and can send out: the legs of a flow of content and data."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from graphinv.analyze.labels import affirmed
from graphinv.analyze.moments import micros
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.reaching import columns_of
from graphinv.analyze.rows import active, enforced, in_force, listed, once, usable
from graphinv.analyze.scopes import ACTION_BIT
from graphinv.analyze.structure import KIND_NUMBER
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord
from graphinv.model.facts import NodeKey

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

_ACTORS = ("Agent", "Workflow")
_SEES = ACTION_BIT["read"] | ACTION_BIT["execute"]
"""Actions that bring something back; whoever may only write or delete a thing does not see it."""


@dataclass(frozen=True)
class Legs:
    """What an actor takes in, can see and can send out, each as the edges that show it; empty where it has no such leg."""

    untrusted: tuple[EdgeRecord, ...]
    sensitive: tuple[NodeKey, ...]
    egress: tuple[EdgeRecord, ...]
    inside: bool
    """Whether all that its tools can send to is known to lie inside."""
    sees: bool
    """Whether it sees what is sensitive itself: not where that is only a secret of its process, and nothing that it calls executes code."""

    @property
    def all(self) -> bool:
        return bool(self.untrusted and self.sensitive and self.egress)


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


class Reader:
    """Finds the legs of actors; what it learned of one it remembers."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.estate, self.at = engine, engine.estate, micros(engine.at)
        self._columns = columns_of(engine)
        self._tools: dict[NodeKey, ToolLegs] = {}
        self._servers: dict[NodeKey, ToolLegs] = {}
        self._legs: dict[NodeKey, Legs] = {}

    def legs(self, actor: NodeKey) -> Legs:
        """The legs of an agent or workflow: its own, and those of the tools it may call."""
        if actor not in self._legs:
            out = list(self._out(actor))
            calls = [(edge, self._behind(edge)) for edge in out if edge.kind in ("USES", "CONNECTS_TO")]
            own = [edge for edge in out if self._is_untrusted(edge)]
            held = [edge for edge in out if edge.kind == "HOLDS"]
            sensitive = self._sensitive(actor, held)
            self._legs[actor] = Legs(
                untrusted=(*own, *(edge for edge, tools in calls if tools.takes)),
                sensitive=sensitive,
                egress=tuple(edge for edge, tools in calls if tools.sends),
                inside=all(tools.inside for _, tools in calls if tools.sends),
                sees=not _kept(held).issuperset(sensitive) or any(tools.executes for _, tools in calls),
            )
        return self._legs[actor]

    def described(self, actor: NodeKey) -> tuple[EdgeRecord, ...]:
        """Edges to servers of somebody else whose words on their tools may be others tomorrow."""
        servers = (edge for edge in self._out(actor) if edge.kind == "CONNECTS_TO")
        told = ((edge, self.estate.nodes[edge.target]) for edge in servers)
        return tuple(
            edge
            for edge, server in told
            if active(server) and server.props.get("origin") == "third_party" and not server.props.get("pinned")
        )

    def decided(self, edge: EdgeRecord) -> bool:
        """Whether a point that enforces stands on an edge, or wherever a server provides what may be called by it."""
        if edge.kind == "CONNECTS_TO":
            provided = [one for one in self._provided(edge.target) if listed(edge, self.estate.nodes[one.target])]
        else:
            provided = [one for one in self.estate.incoming.get(edge.target, ()) if one.kind == "PROVIDES" and in_force(one, self.at)]
        return enforced(self.estate, edge) or (bool(provided) and all(enforced(self.estate, one) for one in provided))

    def _behind(self, edge: EdgeRecord) -> ToolLegs:
        """What the tools add that a USES or CONNECTS_TO lets its source call; nothing of what is switched off."""
        if not active(self.estate.nodes[edge.target]):
            return ToolLegs.of_all(())
        if edge.kind == "USES":
            return self._tool(edge.target)
        if edge.props.get("tools") is not None:
            named = (tool for tool in self._tools_of(edge.target) if listed(edge, self.estate.nodes[tool]))
            return ToolLegs.of_all(map(self._tool, named))
        if edge.target not in self._servers:
            self._servers[edge.target] = ToolLegs.of_all(map(self._tool, self._tools_of(edge.target)))
        return self._servers[edge.target]

    def _provided(self, server: NodeKey) -> Iterator[EdgeRecord]:
        return (edge for edge in self._out(server) if edge.kind == "PROVIDES")

    def _tools_of(self, server: NodeKey) -> Iterator[NodeKey]:
        return (edge.target for edge in self._provided(server) if active(self.estate.nodes[edge.target]))

    def _tool(self, key: NodeKey) -> ToolLegs:
        if key not in self._tools:
            props = self.estate.nodes[key].props
            ends = [self.estate.nodes[edge.target].props for edge in self._out(key) if edge.kind == "CAN_ACCESS"]
            self._tools[key] = ToolLegs(
                takes=bool(props.get("ingests_untrusted")) or any(self._is_untrusted(edge) for edge in self._out(key)),
                sends="egress" in (props.get("effects") or ()),
                inside=bool(ends) and all(end.get("external") is False and end.get("sensitivity") != "public" for end in ends),
                executes="execute" in (props.get("effects") or ()) and not in_a_sandbox(self.estate, self.estate.nodes[key], self.at),
            )
        return self._tools[key]

    def _sensitive(self, actor: NodeKey, held: Iterable[EdgeRecord]) -> tuple[NodeKey, ...]:
        """What matters of that which it comes to itself, the heaviest first, and secrets that lie open to it where it holds them, or that
        it may read where they are kept."""
        columns, bits = self.engine.own_privileges.row(actor)
        columns = columns[self._columns.sensitive[columns] & (bits & _SEES > 0)]
        order = columns[(-self.engine.weights.target[columns]).argsort(kind="stable")]
        found = [self.engine.structure.keys[node] for node in self.engine.structure.targets[order].tolist()]
        lying = [edge.target for edge in held if edge.props.get("place") != "vault"]
        secrets = (key for key in (*lying, *_read_secrets(self.engine, actor)) if usable(self.estate.nodes[key].props, self.at))
        return tuple(dict.fromkeys((*found, *secrets)))

    def _is_untrusted(self, edge: EdgeRecord) -> bool:
        return edge.kind == "INGESTS" and self.estate.nodes[edge.target].props.get("trust") == "untrusted"

    def _out(self, key: NodeKey) -> Iterator[EdgeRecord]:
        return (edge for edge in self.estate.outgoing.get(key, ()) if in_force(edge, self.at))


def _kept(held: Sequence[EdgeRecord]) -> set[NodeKey]:
    """Secrets that are held in the environment of a process and nowhere else."""
    return {edge.target for edge in held} - {edge.target for edge in held if edge.props.get("place") != "env"}


@once
def reader_of(engine: Engine) -> Reader:
    """The one of an engine."""
    return Reader(engine)


def _read_secrets(engine: Engine, actor: NodeKey) -> list[NodeKey]:
    """Secrets that an actor may read by a grant, by its own means."""
    granted = _granted_secrets(engine)
    if granted is None:
        return []
    columns, bits = granted.row(actor)
    return [engine.structure.keys[node] for node in engine.structure.targets[columns[bits & _SEES > 0]].tolist()]


@once
def _granted_secrets(engine: Engine) -> Privileges | None:
    """Who comes, by what is its own, to secrets by grants alone: that one merely lies with a holder shows it to nobody. None where no grant
    is on a secret."""
    structure, arcs = engine.structure, engine.arcs("posture")
    kinds, places = structure.kinds, engine.estate.places_of.get("CAN_ACCESS", range(0))
    secret = kinds[structure.targets[arcs.own_column]] == KIND_NUMBER["Secret"]
    granted = secret & (arcs.own_edge >= places.start) & (arcs.own_edge < places.stop)
    own = ~np.isin(kinds[arcs.target], [KIND_NUMBER[kind] for kind in _ACTORS])
    return Privileges(arcs.only(own, granted)) if granted.any() else None


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
