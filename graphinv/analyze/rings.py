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
from graphinv.analyze.scopes import Array

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

MOST = 64
"""Members of the largest rings that are looked into. In larger ones most come to each other by many ways, and all count as one."""

Row = tuple[Array, Array]
"""Target columns, ascending, and the action bits of each."""


@dataclass(frozen=True)
class _Ring:
    """One ring: its members, the arcs inside it by the places of their ends and by mask, and what each has by itself or from outside."""

    place: Mapping[int, int]
    source: Array
    target: Array
    mask: Array
    own: Sequence[Row]


class Rings:
    """Nodes of an engine, under ``posture``, by the ring they lie in: those that come to each other. O(nodes + arcs)."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._arcs = engine, engine.arcs("posture")
        arcs, size = self._arcs, engine.structure.size
        count, self._of = connected_components(matrix(arcs.source, arcs.target, size), directed=True, connection="strong")
        sizes = np.bincount(self._of, minlength=count)
        small = (sizes > 1) & (sizes <= MOST)
        self._members: defaultdict[int, list[int]] = defaultdict(list)
        for node in np.flatnonzero(small[self._of]).tolist():
            self._members[int(self._of[node])].append(node)
        self._known: dict[int, _Ring] = {}

    def without(self, actor: int) -> Mapping[int, Row]:
        """What each other node of the ring of ``actor``, an agent or workflow, can do with nothing that passes it, by number; empty where it
        lies in none, or in one with more than :data:`MOST`. O(arcs · targets) of the ring, where few arcs have masks."""
        number = int(self._of[actor])
        if number not in self._members:
            return {}
        if number not in self._known:
            self._known[number] = self._ring(self._members[number])
        ring = self._known[number]
        gone = ring.place[actor]
        stay = (ring.source != gone) & (ring.target != gone)
        source, target, mask = ring.source[stay], ring.target[stay], ring.mask[stay]
        free = mask < 0
        # Those that come to each other with no mask on the way can do the same
        graph = matrix(source[free], target[free], len(ring.place))
        count, group = connected_components(graph, directed=True, connection="strong")
        parts: list[list[Row]] = [[] for _ in range(count)]
        for place, own in enumerate(ring.own):
            parts[group[place]].append(own)
        rows = list(map(united, parts))
        ways: defaultdict[int, set[tuple[int, int]]] = defaultdict(set)
        for one, other, over in zip(group[source].tolist(), group[target].tolist(), mask.tolist(), strict=True):
            if one != other:
                ways[other].add((one, over))
        waiting = list(ways)
        while waiting:
            other = waiting.pop()
            for one, over in ways[other]:
                more = united([rows[one], self._passing(over, rows[other])])
                if len(more[0]) > len(rows[one][0]) or more[1].sum() > rows[one][1].sum():
                    rows[one] = more
                    waiting.append(one)
        return {node: rows[group[place]] for node, place in ring.place.items() if node != actor}

    def passing(self, arc: int, row: Row) -> Row:
        """What of a row passes an arc."""
        return self._passing(int(self._arcs.mask[arc]), row)

    def _passing(self, mask: int, row: Row) -> Row:
        return row if mask < 0 else (row[0], row[1] & self._engine.structure.masks.at(mask, row[0]))

    def _ring(self, members: Sequence[int]) -> _Ring:
        arcs, keys = self._arcs, self._engine.structure.keys
        pointers, order = arcs.leaving
        place = {node: number for number, node in enumerate(members)}
        inside: list[tuple[int, int, int]] = []
        rows = []
        for node in members:
            parts = [self._engine.own_privileges.row(keys[node])]
            for arc in order[pointers[node] : pointers[node + 1]].tolist():
                target = int(arcs.target[arc])
                if target in place:
                    inside.append((place[node], place[target], int(arcs.mask[arc])))
                else:
                    parts.append(self.passing(arc, self._engine.privileges("posture").row(keys[target])))
            rows.append(united(parts))
        source, target_places, mask = np.array(inside, dtype=np.int64).T
        return _Ring(place, source, target_places, mask, rows)


def united(rows: Sequence[Row]) -> Row:
    """What one of several rows has."""
    if len(rows) == 1:
        return rows[0]
    columns, bits = (np.concatenate(parts) for parts in zip(*rows, strict=True))
    if not len(columns):
        return columns, bits
    order = np.argsort(columns, kind="stable")
    columns, bits = columns[order], bits[order]
    starts = np.flatnonzero(np.r_[True, columns[1:] != columns[:-1]])
    return columns[starts], np.bitwise_or.reduceat(bits, starts)
