"""What an actor takes in, sees and can send out: the legs of a flow of content and data."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from graphinv.analyze.plan import sparing
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.reaching import columns_of
from graphinv.analyze.rows import active, enforced, once, usable
from graphinv.analyze.scopes import ACTION_BIT
from graphinv.analyze.structure import KIND_NUMBER
from graphinv.analyze.toolbox import toolbox_of
from graphinv.model.estate import EdgeRecord, in_force, listed
from graphinv.model.facts import NodeKey
from graphinv.model.moments import micros
from graphinv.model.results import Hop

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
    executes: bool
    """Whether something that it calls executes code beside it."""

    @property
    def all(self) -> bool:
        return bool(self.untrusted and self.sensitive and self.egress)


class Reader:
    """Finds the legs of actors; what it learned of one it remembers."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.estate, self.at = engine, engine.estate, micros(engine.at)
        self._toolbox, self._columns = toolbox_of(engine), columns_of(engine)
        self._legs: dict[NodeKey, Legs] = {}

    def legs(self, actor: NodeKey) -> Legs:
        """The legs of an agent or workflow: its own, and those of the tools it may call."""
        if actor not in self._legs:
            out = self._toolbox.out(actor)
            calls = [(edge, self._toolbox.behind(edge)) for edge in out if edge.kind in ("USES", "CONNECTS_TO")]
            held = [edge for edge in out if edge.kind == "HOLDS"]
            sensitive, executes = self._sensitive(actor, held), any(tools.executes for _, tools in calls)
            self._legs[actor] = Legs(
                untrusted=self._toolbox.taken(actor),
                sensitive=sensitive,
                egress=tuple(edge for edge, tools in calls if tools.sends),
                inside=all(tools.inside for _, tools in calls if tools.sends),
                sees=executes or not _kept(held).issuperset(sensitive),
                executes=executes,
            )
        return self._legs[actor]

    def described(self, actor: NodeKey) -> tuple[EdgeRecord, ...]:
        """Edges to servers of somebody else whose words on their tools may be others tomorrow."""
        servers = (edge for edge in self._toolbox.out(actor) if edge.kind == "CONNECTS_TO")
        told = ((edge, self.estate.nodes[edge.target]) for edge in servers)
        return tuple(
            edge
            for edge, server in told
            if active(server) and server.props.get("origin") == "third_party" and not server.props.get("pinned")
        )

    def decided(self, edge: EdgeRecord) -> bool:
        """Whether a point that enforces stands on an edge, or wherever a server provides what may be called by it."""
        if edge.kind == "CONNECTS_TO":
            provided = [one for one in self._toolbox.provided(edge.target) if listed(edge, self.estate.nodes[one.target])]
        else:
            provided = [one for one in self.estate.incoming.get(edge.target, ()) if one.kind == "PROVIDES" and in_force(one, self.at)]
        return enforced(self.estate, edge) or (bool(provided) and all(enforced(self.estate, one) for one in provided))

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


def _kept(held: Sequence[EdgeRecord]) -> set[NodeKey]:
    """Secrets that are held in the environment of a process and nowhere else."""
    return {edge.target for edge in held} - {edge.target for edge in held if edge.props.get("place") != "env"}


def by_process(engine: Engine, hops: Sequence[Hop]) -> bool:
    """Whether a way of an actor begins with a key in the environment of its process, or of what it runs on, which its words do not use."""
    for hop in hops:
        if hop.edge != "RUNS_ON":
            return hop.edge == "HOLDS" and hop.source[0] in _PROCESSES and not _in_environments(engine).isdisjoint(hop.edges)
    return False


_PROCESSES = (*_ACTORS, "Runtime")


@once
def _in_environments(engine: Engine) -> frozenset[str]:
    """Keys of the edges by which something holds a secret in the environment of its process."""
    return frozenset(edge.key for edge in engine.estate.edges_of("HOLDS") if edge.props.get("place") == "env")


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
    return Privileges(arcs.only(own, granted), solver=sparing) if granted.any() else None
