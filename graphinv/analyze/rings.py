"""What those who lie in a ring with an actor can do without asking it back.

Where authority goes round, from an actor to another and back, the privilege of all of them is about the same. Whether one comes to more by
asking another is then seen only in what that other has without the first.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse.csgraph import connected_components

from graphinv.analyze.arcs import matrix
from graphinv.analyze.kernels import compiled
from graphinv.analyze.scopes import ALL_ACTIONS, Array
from graphinv.analyze.structure import KIND_NUMBER

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

MOST = 64
"""Members of the largest rings that are looked into. In larger ones most come to each other by many ways, and all count as one."""

Row = tuple[Array, Array]
"""Target columns, ascending, and the action bits of each."""


@dataclass(frozen=True)
class _Ring:
    """One ring: places of its members, its arcs by these and by the row of their mask, and what each member has by itself or from outside,
    of the columns that any has something of."""

    place: Mapping[int, int]
    columns: Array
    own: Array
    arcs: tuple[Array, Array, Array]
    masks: Array


@dataclass(frozen=True)
class Without:
    """What members of a ring can do without one of them."""

    ring: _Ring
    rows: Array

    def row(self, node: int) -> Row | None:
        """Of one of them; None where it lies elsewhere."""
        place = self.ring.place.get(node)
        if place is None:
            return None
        held = np.flatnonzero(self.rows[place])
        return self.ring.columns[held], self.rows[place, held]


class Rings:
    """Nodes of an engine, under ``posture``, by the ring they lie in: those that come to each other. O(nodes + arcs).

    Args:
        engine: whose.
        bits: actions that matter.
    """

    def __init__(self, engine: Engine, bits: int = ALL_ACTIONS) -> None:
        self._engine, self._arcs, self._bits = engine, engine.arcs("posture"), np.uint8(bits)
        arcs, size = self._arcs, engine.structure.size
        count, self._of = connected_components(matrix(arcs.source, arcs.target, size), directed=True, connection="strong")
        sizes = np.bincount(self._of, minlength=count)
        small = (sizes > 1) & (sizes <= MOST)
        self._members: defaultdict[int, list[int]] = defaultdict(list)
        for node in np.flatnonzero(small[self._of]).tolist():
            self._members[int(self._of[node])].append(node)
        self._known: dict[int, _Ring] = {}
        # What leads to an actor: an actor, and tools and servers that call back. All else is a node's own.
        self._onward = np.isin(engine.structure.kinds, [KIND_NUMBER[kind] for kind in ("Agent", "Workflow")])
        calling = np.isin(engine.structure.kinds, [KIND_NUMBER[kind] for kind in ("Tool", "ToolServer")])
        for _ in range(2):
            self._onward[arcs.source[self._onward[arcs.target] & calling[arcs.source]]] = True

    def without(self, actor: int) -> Without | None:
        """What the others in the ring of ``actor``, an agent or workflow, can do with nothing that passes it; None where it lies in none,
        or in one with more than :data:`MOST`. O(arcs · targets) of the ring, mostly."""
        number = int(self._of[actor])
        if number not in self._members:
            return None
        if number not in self._known:
            self._known[number] = self._ring(self._members[number])
        ring = self._known[number]
        rows = ring.own.copy()
        _go_round(rows, *ring.arcs, ring.masks, ring.place[actor])
        return Without(ring, rows)

    def passing(self, arc: int, row: Row) -> Row:
        """What of a row passes an arc."""
        columns, bits = row
        mask = int(self._arcs.mask[arc])
        return columns, (bits if mask < 0 else bits & self._engine.structure.masks.at(mask, columns)) & self._bits

    def _ring(self, members: Sequence[int]) -> _Ring:
        arcs, structure = self._arcs, self._engine.structure
        pointers, order = arcs.leaving
        place = {node: number for number, node in enumerate(members)}
        inside, parts = [], []
        for node in members:
            columns, bits = self._engine.own_privileges.row(structure.keys[node])
            parts.append((place[node], columns, bits & self._bits))
            leaving = order[pointers[node] : pointers[node + 1]]
            for arc in leaving[self._onward[arcs.target[leaving]]].tolist():
                target = int(arcs.target[arc])
                if target in place:
                    inside.append((place[node], place[target], int(arcs.mask[arc])))
                else:
                    parts.append((place[node], *self.passing(arc, self._engine.privileges("posture").row(structure.keys[target]))))
        columns = np.unique(np.concatenate([columns[bits > 0] for _, columns, bits in parts]))
        own = np.zeros((len(members), len(columns)), dtype=np.uint8)
        for number, some, bits in parts:
            own[number, np.searchsorted(columns, some[bits > 0])] |= bits[bits > 0]
        source, target_places, mask = np.array(inside, dtype=np.int64).T
        kinds, which = np.unique(mask, return_inverse=True)
        every = np.full(len(columns), ALL_ACTIONS, dtype=np.uint8)
        masks = np.array([every if kind < 0 else structure.masks.at(kind, columns) for kind in kinds.tolist()], dtype=np.uint8)
        return _Ring(place, columns, own, (source, target_places, which.astype(np.int64)), masks)


@compiled
def _go_round(rows: Array, source: Array, target: Array, mask: Array, masks: Array, gone: int) -> None:
    """Bring ``rows`` to the least fixpoint: what a member has, all have that come to it over arcs whose mask lets it pass; not ``gone``."""
    grew = True
    while grew:
        grew = False
        for arc in range(len(source)):
            one, other, lets = source[arc], target[arc], mask[arc]
            if gone in (one, other):
                continue
            more = np.uint8(0)
            for column in range(rows.shape[1]):
                new = rows[other, column] & masks[lets, column] & ~rows[one, column]
                rows[one, column] |= new
                more |= new
            grew = grew or more != 0
