"""What agents come to that matters, told within bounds: pairs where they are few, else counts.

A search for one target and action serves every agent, so the work is that of a bounded number of searches, whatever the number of pairs.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from graphinv.analyze import kernels
from graphinv.analyze.arcs import FORWARD, Arcs
from graphinv.analyze.rows import STRONGEST_FIRST, Row, about, active, agents_of, matters, once
from graphinv.analyze.scopes import ACTION_BIT, ALL_ACTIONS, Array, actions_of
from graphinv.model.estate import EdgeRecord, in_force
from graphinv.model.facts import NodeKey
from graphinv.model.moments import micros
from graphinv.model.results import Lens, Path

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

WORSE_BITS = ALL_ACTIONS & ~ACTION_BIT["read"]
"""Everything but reading."""

_EXAMPLES = 10

_WORK = 15_000_000
"""Arcs that the searches of one rule look at, in all."""


def affordable(engine: Engine, most: int) -> int:
    """How many searches for a target one rule makes: ``most``, and fewer where the estate is so large that they would take long."""
    return min(most, max(20, _WORK // max(1, len(engine.arcs("posture").source))))


@dataclass(frozen=True, eq=False)
class Columns:
    """What decides about the targets of an engine, by column."""

    resource: Array
    sensitive: Array
    """Confidential, restricted or a crown jewel."""
    prod: Array
    value: Array
    """Place of what it is worth in :attr:`values`."""
    values: list[str]
    """In words: a sensitivity, or that it is a crown jewel; sorted."""


@once
def columns_of(engine: Engine) -> Columns:
    """O(targets), once."""
    structure = engine.structure
    records = [engine.estate.nodes[structure.keys[node]] for node in structure.targets.tolist()]
    resource = np.array([record.kind == "Resource" for record in records], dtype=bool)
    worth = ["crown jewel" if record.props.get("crown_jewel") else str(record.props.get("sensitivity") or "unknown") for record in records]
    values = sorted(set(worth))
    place = {value: at for at, value in enumerate(values)}
    return Columns(
        resource,
        np.array([matters(record.props) for record in records], dtype=bool) & resource,
        np.array([record.props.get("environment") == "prod" for record in records], dtype=bool) & resource,
        np.array([place[value] for value in worth], dtype=np.int64),
        values,
    )


@dataclass(frozen=True, eq=False)
class Reached:
    """Target columns that an agent comes to, and what it can do to each, as bits."""

    agent: NodeKey
    columns: Array
    bits: Array

    def only(self, keep: Array) -> Reached:
        """Those that are kept."""
        return Reached(self.agent, self.columns[keep], self.bits[keep])


@dataclass(frozen=True, eq=False)
class Pair:
    """One agent and one target of it, with a witness of the strongest action."""

    agent: NodeKey
    target: NodeKey
    actions: list[str]
    path: Path | None


def pairs_and_counts(
    engine: Engine, found: Iterable[Reached], most: int, searches: int, lens: Lens, row: Callable[[Pair], Row]
) -> Iterator[Row]:
    """Rows of pairs, of agents that have no more than ``most`` targets, and one row with counts of what is left of each agent.

    Args:
        engine: answers for witnesses.
        found: agents with what they come to.
        most: up to how many targets of one agent are told as pairs.
        searches: for how many targets witnesses are searched at most, the weightiest first; pairs with others are counted.
        lens: of the witnesses.
        row: makes the row of a pair.
    """
    told = columns_of(engine)
    few = []
    for one in found:
        if 0 < len(one.columns) <= most:
            few.append(one)
        elif len(one.columns):
            yield about(one.agent) | {"lens": lens} | _counted(engine, told, one)
    columns = np.unique(np.concatenate([one.columns for one in few])) if few else np.zeros(0, dtype=np.int64)
    heaviest = columns[np.argsort(-engine.weights.target[columns], kind="stable")][: affordable(engine, searches)]
    shown = np.zeros(len(engine.structure.targets), dtype=bool)
    shown[heaviest] = True
    keys, targets = engine.structure.keys, engine.structure.targets
    pairs = [
        (keys[targets[column]], _strongest(bits), one.agent, bits)
        for one in (one.only(shown[one.columns]) for one in few)
        for column, bits in zip(one.columns.tolist(), one.bits.tolist(), strict=True)
    ]
    for target, action, agent, bits in sorted(pairs):
        yield row(Pair(agent, target, sorted(actions_of(bits)), engine.witness(agent, target, action, lens)))
    for one in few:
        rest = one.only(~shown[one.columns])
        if len(rest.columns):
            yield about(one.agent) | {"lens": lens} | _counted(engine, told, rest)


def _strongest(bits: int) -> str:
    return next(action for action in STRONGEST_FIRST if ACTION_BIT[action] & bits)


def _counted(engine: Engine, told: Columns, one: Reached) -> Row:
    counts = np.bincount(told.value[one.columns], minlength=len(told.values)).tolist()
    keys, targets = engine.structure.keys, engine.structure.targets
    examples = one.columns[told.sensitive[one.columns]][:_EXAMPLES]
    return {
        "actions": sorted(actions_of(int(np.bitwise_or.reduce(one.bits)))),
        "targets": len(one.columns),
        "counts": [
            f"{number} {what} {'target' if number == 1 else 'targets'}" for what, number in zip(told.values, counts, strict=True) if number
        ],
        "examples": sorted(":".join(keys[node]) for node in targets[examples].tolist()),
    }


def closure(grouped: tuple[Array, Array], ends: Array, starts: Iterable[int]) -> set[int]:
    """Nodes that lie at or behind ``starts``. O(arcs)."""
    pointers, order = grouped
    seen = set(starts)
    waiting = deque(seen)
    while waiting:
        node = waiting.popleft()
        for other in ends[order[pointers[node] : pointers[node + 1]]].tolist():
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen


@once
def _changing(engine: Engine) -> Arcs:
    """The arcs of posture that let more than reading through, to some target."""
    arcs, masks = engine.arcs("posture"), engine.structure.masks
    used = [masks.sparse(mask) for mask in range(int(arcs.mask.max(initial=-1)) + 1)]
    wide = np.array([bool((base | np.bitwise_or.reduce(bits, initial=0)) & WORSE_BITS) for base, _, bits in used] + [True], dtype=bool)
    keep = wide[arcs.mask]  # without a mask, the last
    return arcs if keep.all() else arcs.only(keep)


@once
def behind_agents(engine: Engine) -> Sequence[int]:
    """Nodes that some agent in service comes to, for more than reading, and these agents, by number."""
    arcs = _changing(engine)
    return sorted(closure(arcs.leaving, arcs.target, [engine.structure.number[agent.key] for agent in agents_of(engine)]))


def calls_of(engine: Engine, called: NodeKey) -> Iterator[tuple[EdgeRecord, EdgeRecord | None, int]]:
    """What calls something, itself or, of a server, a tool that it provides: the edge by which, that by which the server provides the tool,
    and the arc. An agent that uses a tool of a server does so by that server, whether or not it is said to connect to it."""
    structure, arcs, edges = engine.structure, engine.arcs("posture"), engine.estate.edges
    at = micros(engine.at)
    pointers, order = arcs.arriving
    provided = [edge for edge in engine.estate.outgoing.get(called, ()) if edge.kind == "PROVIDES" and in_force(edge, at)]
    for key, by in ((called, None), *((edge.target, edge) for edge in provided)):
        number = structure.number[key]
        for arc in order[pointers[number] : pointers[number + 1]].tolist():
            edge, second = edges[arcs.first[arc]], int(arcs.second[arc])
            if edge.kind not in ("USES", "CONNECTS_TO", "DELEGATES_TO") or arcs.way[arc] != FORWARD:
                continue
            if edge.kind == "USES" or second < 0 or called[0] == "Tool":
                yield edge, edges[second] if second >= 0 else by, arc
            elif by is not None and edges[second].key == by.key:
                yield edge, by, arc


SOME = 25
"""How many agents are listed at most where any number may come to something."""

_LOOKED_AT = 2_000


class NearestAgents:
    """Who comes to a node, for more than reading: agents in service, the nearest up to :data:`SOME`. Bounded work for each node that is
    asked about."""

    def __init__(self, engine: Engine) -> None:
        structure, nodes = engine.structure, engine.estate.nodes
        self._arcs, self._keys = _changing(engine), structure.keys
        self._wanted, self._seen = np.zeros(structure.size, dtype=bool), np.zeros(structure.size, dtype=np.uint8)
        agents = structure.of_kind("Agent")
        self._wanted[agents] = [active(nodes[structure.keys[number]]) for number in agents.tolist()]

    def of(self, number: int) -> list[str]:
        """Ids of those who come to node ``number``, sorted."""
        arcs = self._arcs
        found = kernels.nearest_before(*arcs.arriving, arcs.source, self._wanted, number, SOME, _LOOKED_AT, self._seen)
        return sorted(self._keys[node][1] for node in found.tolist())
