"""What agents can do in one of two estates and not in the other, and which difference of the facts gave it to them.

Both are solved as they are, each by itself; rows are compared agent by agent. What is gained is what the second has and the first has not,
what is lost is the same with the two exchanged.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from graphinv.analyze.diff import Facts
from graphinv.analyze.engine import Engine
from graphinv.analyze.paths import Hops, Witnesses
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.scopes import ACTION_BIT, ALL_ACTIONS, Array, actions_of
from graphinv.model.difference import GONE, NEW, AgentMove, EdgeChange, LensDifference, Move, NodeChange, Reason
from graphinv.model.facts import NodeKey
from graphinv.model.kinds import ACTIONS
from graphinv.model.results import Lens, Path
from graphinv.model.text import stated

FIRST = 20
"""How many agents a move names."""

_COUNT = np.array([bits.bit_count() for bits in range(ALL_ACTIONS + 1)], dtype=np.int64)
_DECIDING = frozenset(
    {"status", "mode", "effect", "allows", "effects", "expires_at", "renewable", "issued_at", "max_life_seconds", "lifetime", "evidence"}
)
"""Properties of nodes, and of edges that stay the same edge, by which authority passes or does not."""
_GUARDED = ("ungoverned", "runtime")
"""Lenses under which guards matter."""
_ASSUMED = frozenset({"CAN_ACCESS", "PROVIDES"})
"""Kinds of edges in whose place something is assumed as long as there is none."""


def lens_difference(before: Engine, after: Engine, facts: Facts, lens: Lens, most: int | None) -> LensDifference:
    """What agents gain and lose under ``lens``; no more than ``most`` moves of each are looked into.

    Two fixpoints, O(atoms of all agents), and a search for each move that is looked into.
    """
    tally = _Tally(before, after, lens)
    agents = tuple(tally.moves())
    sides = (_Side(before, lens, facts, gone=True), _Side(after, lens, facts, gone=False))
    gains, more_gains = _moves(sides[1], sides[0], tally.gained, tally, most)
    losses, more_losses = _moves(sides[0], sides[1], tally.lost, tally, most)
    return LensDifference(
        lens=lens,
        before=tally.atoms[0],
        after=tally.atoms[1],
        gained=sum(agent.gained for agent in agents),
        lost=sum(agent.lost for agent in agents),
        grave=sum(agent.grave for agent in agents),
        agents=agents,
        gains=gains,
        gains_left_out=more_gains,
        losses=losses,
        losses_left_out=more_losses,
    )


class _Tally:
    """Of each target and each set of actions: how many agents gain just these on it, or lose them. Targets are those of both estates."""

    def __init__(self, before: Engine, after: Engine, lens: Lens) -> None:
        self.privileges = (before.privileges(lens), after.privileges(lens))
        keys = [_target_keys(one) for one in (before, after)]
        self.targets: list[NodeKey] = sorted({*keys[0], *keys[1]})
        number = {key: place for place, key in enumerate(self.targets)}
        self._places = [np.array([number[key] for key in some], dtype=np.int64) for some in keys]
        self._grave = np.zeros(len(self.targets), dtype=bool)
        self._grave[[number[key] for one in (before, after) for key in one.precious]] = True
        self._agents = sorted({one.structure.keys[node] for one in (before, after) for node in one.structure.of_kind("Agent").tolist()})
        self.gained, self.lost = (np.zeros((len(self.targets), ALL_ACTIONS + 1), dtype=np.int32) for _ in range(2))
        self.atoms = [0, 0]

    def moves(self) -> Iterator[AgentMove]:
        """The agents whose privilege differs; once, since it counts."""
        had, has = (np.zeros(len(self.targets), dtype=np.uint8) for _ in range(2))
        for agent in self._agents:
            (columns, bits), (others, theirs) = self._row(0, agent), self._row(1, agent)
            self.atoms[0] += int(_COUNT[bits].sum())
            self.atoms[1] += int(_COUNT[theirs].sum())
            if np.array_equal(columns, others) and np.array_equal(bits, theirs):
                continue
            had[columns], has[others] = bits, theirs
            gained, lost = theirs & ~had[others], bits & ~has[columns]
            had[columns], has[others] = 0, 0
            self.gained[others, gained] += 1
            self.lost[columns, lost] += 1
            yield AgentMove(
                agent=agent,
                gained=int(_COUNT[gained].sum()),
                lost=int(_COUNT[lost].sum()),
                grave=int(np.count_nonzero(self._grave[others] & (gained > 0))),
            )

    def _row(self, side: int, agent: NodeKey) -> tuple[Array, Array]:
        privileges = self.privileges[side]
        if agent not in privileges.structure.number:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint8)
        columns, bits = privileges.row(agent)
        return self._places[side][columns], bits


def _target_keys(engine: Engine) -> list[NodeKey]:
    keys = engine.structure.keys
    return [keys[node] for node in engine.structure.targets.tolist()]


# --------------------------------------------------------------------------------------------------------------------------------
# The gravest moves, and what gave them


@dataclass(eq=False)
class _Side:
    """One of the two, and what only it has."""

    engine: Engine
    lens: Lens
    facts: Facts
    gone: bool
    """Whether it is the one before."""

    def __post_init__(self) -> None:
        alone = GONE if self.gone else NEW
        self.hops = Hops(self.engine.structure)
        self.edges: dict[str, EdgeChange] = {}
        """Edges that are here alone, by the key they have here."""
        self.restated: dict[str, EdgeChange] = {}
        """Edges that both have and of which something else is stated."""
        for edge in self.facts.edges:
            if edge.change in alone:
                self.edges[edge.edge.key] = edge
            elif edge.key_before is not None:
                self.edges[edge.key_before if self.gone else edge.edge.key] = edge
            elif edge.change == "changed":
                self.restated[edge.edge.key] = edge
        self.nodes: dict[NodeKey, NodeChange] = {
            node.node: node for node in self.facts.nodes if node.change in alone or node.change == "changed"
        }

    def has(self, key: NodeKey) -> bool:
        return key in self.engine.structure.number

    @property
    def privileges(self) -> Privileges:
        return self.engine.privileges(self.lens)


def _moves(here: _Side, there: _Side, counts: Array, tally: _Tally, most: int | None) -> tuple[tuple[Move, ...], int]:
    """What agents can do ``here`` and not ``there``: the moves that matter most, and how many more there are."""
    counts[:, 0] = 0
    column, bits = np.nonzero(counts)
    weights = here.engine.weights
    weight = np.zeros(len(tally.targets))
    places = {key: place for place, key in enumerate(tally.targets)}
    for key, amount in zip(_target_keys(here.engine), weights.target.tolist(), strict=True):
        weight[places[key]] = amount
    order = np.lexsort((bits, column, -counts[column, bits], -weight[column] * weights.best[bits]))
    chosen = order if most is None else order[:most]
    moves = tuple(
        _move(here, there, tally.targets[column[row]], int(bits[row]), int(counts[column[row], bits[row]])) for row in chosen.tolist()
    )
    return moves, len(order) - len(chosen)


def _move(here: _Side, there: _Side, target: NodeKey, bits: int, agents: int) -> Move:
    movers = sorted(_movers(here, there, target, bits), key=lambda agent: (not there.has(agent), agent))
    action = here.engine.weights.settings.heaviest(name for name in ACTIONS if ACTION_BIT[name] & bits)
    search = Witnesses(here.engine.arcs(here.lens), target, action, here.hops)
    known = [agent for agent in movers if there.has(agent)] or movers
    path = search.path(min(known, key=lambda agent: (search.hops(agent) or 0, agent)))
    record = here.engine.estate.nodes[target]
    return Move(
        target=target,
        name=record.name,
        actions=actions_of(bits),
        sensitivity=record.props.get("sensitivity"),
        crown_jewel=bool(record.props.get("crown_jewel")),
        agents=agents,
        first=tuple(movers[:FIRST]),
        because=tuple(_reasons(path, here, there)) if path else (),
        path=path,
    )


def _movers(here: _Side, there: _Side, target: NodeKey, bits: int) -> list[NodeKey]:
    """The agents that can do just ``bits`` more to ``target`` here than there."""
    now, then = _holders(here, target), _holders(there, target) if there.has(target) else {}
    return [agent for agent, can in now.items() if can & ~then.get(agent, 0) == bits]


def _holders(side: _Side, target: NodeKey) -> Mapping[NodeKey, int]:
    keys = side.engine.structure.keys
    nodes, bits = side.privileges.holding(target)
    return {keys[node]: five for node, five in zip(nodes.tolist(), bits.tolist(), strict=True) if keys[node][0] == "Agent"}


def _reasons(path: Path, here: _Side, there: _Side) -> Iterator[Reason]:
    """What differs on a path that there is on one side only."""
    if not there.has(path.subject) and path.subject in here.nodes:
        yield Reason(words=f"{_named(path.subject)} is {_word(here.nodes[path.subject])}", node=path.subject)
        return
    passed = list(dict.fromkeys(end for hop in path.hops for end in (hop.source, hop.target)))
    guards = dict.fromkeys(("EnforcementPoint", guard.id) for hop in path.hops for guard in hop.guards if path.lens in _GUARDED)
    keys = list(dict.fromkeys(key for hop in path.hops for key in hop.edges))
    found = [_of_edge(here.edges[key]) for key in keys if key in here.edges]
    found += [reason for key in (*passed, *guards) if (reason := _of_node(here.nodes.get(key)))]
    found = found or [reason for key in keys if key in here.restated and (reason := _of_edge(here.restated[key]))]
    # In the place of an edge that is there alone something is assumed here, which gives more.
    found = found or [_of_edge(edge) for edge in there.edges.values() if edge.edge.edge in _ASSUMED and edge.edge.source in passed]
    if not found and here.engine.at != there.engine.at:
        found = [Reason(words=f"the time: what starts or ends between {there.engine.at} and {here.engine.at}")]
    yield from found


def _of_edge(change: EdgeChange) -> Reason:
    edge = change.edge
    words = f"{edge.edge} {_named(edge.source)} → {_named(edge.target)}"
    return Reason(words=f"{words} {_what(change)}", edge=edge)


def _of_node(change: NodeChange | None) -> Reason | None:
    if change is None or change.change != "changed" or not any(one.name in _DECIDING for one in change.properties):
        return None
    return Reason(words=f"{_named(change.node)} {_what(change)}", node=change.node)


def _what(change: EdgeChange | NodeChange) -> str:
    if change.change != "changed":
        return f"is {_word(change)}"
    return "; ".join(f"{one.name}: {stated(one.before)} → {stated(one.after)}" for one in change.properties)


_WORDS = {"new": "new", "gone": "gone", "maybe_new": "perhaps new", "maybe_gone": "perhaps gone"}


def _word(change: EdgeChange | NodeChange) -> str:
    return _WORDS[change.change]


def _named(key: NodeKey) -> str:
    return f"{key[0]}:{key[1]}"
