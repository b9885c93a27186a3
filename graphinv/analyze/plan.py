"""In which order rows are solved: the graph of arcs condensed, and the fixpoint over it, block by block of columns.

Nodes that reach each other through arcs without masks have the same privilege, so they share one row. Rows are walked sinks first, where a
group of rows that depend on each other through masked arcs is repeated until it is stable.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from graphinv.analyze import kernels
from graphinv.analyze.scopes import Array, MaskTable

_WORDS = 64
_BLOCK_BYTES = 128 * 2**20


@dataclass(frozen=True, eq=False)
class Plan:
    """The rows to solve and their order. Arcs are numbered by the row they leave (CSR), and again by the row they lead to."""

    component: Array
    """Row of each node."""
    rows: int
    pointers: Array
    heads: Array
    arc_mask: Array
    back_pointers: Array
    tails: Array
    order: Array
    group_ends: Array
    group_of: Array
    masks: list[int]
    """Numbers of the masks in use; ``arc_mask`` holds places in this list."""

    @classmethod
    def of(cls, source: Array, target: Array, mask: Array, size: int) -> Plan:
        """Condense a graph of ``size`` nodes over its arcs without mask (-1). O(nodes + arcs · log arcs)."""
        free = mask < 0
        component = np.empty(size, dtype=np.int32)
        rows = kernels.strong_components(*_csr(source[free], target[free], size), component, np.empty(size, dtype=np.int32))
        tail, head = component[source], component[target]
        between = tail != head
        tail, head, kind = _distinct(tail[between].astype(np.int64), head[between].astype(np.int64), mask[between], rows)
        pointers, heads = _csr(tail, head, rows)
        group_of, finish = np.empty(rows, dtype=np.int32), np.empty(rows, dtype=np.int32)
        groups = kernels.strong_components(pointers, heads, group_of, finish)
        rank = np.empty(rows, dtype=np.int64)
        rank[finish] = np.arange(rows)
        numbers = np.unique(kind[kind >= 0])
        back = np.argsort(head, kind="stable")
        return cls(
            component=component,
            rows=rows,
            pointers=pointers,
            heads=heads,
            arc_mask=np.where(kind >= 0, np.searchsorted(numbers, kind), -1).astype(np.int32),
            back_pointers=pointers_of(head, rows),
            tails=tail[back].astype(np.int32),
            order=np.lexsort((rank, group_of)).astype(np.int32),
            group_ends=np.cumsum(np.bincount(group_of, minlength=groups)),
            group_of=group_of,
            masks=numbers.tolist(),
        )

    def towards(self, row: int) -> tuple[Plan, Array]:
        """The part that ``row`` depends on, and for every row whether it belongs to it."""
        within = np.zeros(self.rows, dtype=bool)
        within[row] = True
        pending = [row]
        while pending:
            one = pending.pop()
            heads = self.heads[self.pointers[one] : self.pointers[one + 1]]
            fresh = np.unique(heads[~within[heads]])
            within[fresh] = True
            pending += fresh.tolist()
        order = self.order[within[self.order]]
        ends = np.flatnonzero(np.diff(self.group_of[order], append=-1)) + 1
        return replace(self, order=order, group_ends=ends), within

    def width(self, total: int, room: int = _BLOCK_BYTES) -> int:
        """Words in a block of ``total`` words, for which there is ``room``, in bytes."""
        return max(4, min(_WORDS, room // (8 * max(1, self.rows, len(self.masks))), total))

    def blocks(
        self, total: int, row: Array, word: Array, bits: Array, masks: MaskTable, room: int = _BLOCK_BYTES
    ) -> Iterator[tuple[int, Array, Array]]:
        """Solve ``total`` words block by block, from own bits (``row``, ``word``, ``bits``): (first word, slots, rows) of each.

        ``slots`` says for each row where in ``rows`` it is, -1 where it is empty. The arrays are reused: what is yielded is to be read
        before the next block. Blocks nobody owns anything in are left out.
        """
        width = self.width(total, room)
        order = np.argsort(word, kind="stable")
        row, word, bits = row[order].astype(np.int32), word[order].astype(np.int64), bits[order]
        slot, rows = np.empty(self.rows, dtype=np.int32), np.empty((self.rows, width), dtype=np.uint64)
        for first in range(0, total, width):
            inside = slice(*np.searchsorted(word, (first, first + width)))
            if inside.start == inside.stop:
                continue
            kernels.solve_block(
                self.pointers,
                self.heads,
                self.arc_mask,
                self.back_pointers,
                self.tails,
                self.order,
                self.group_ends,
                self.group_of,
                row[inside],
                word[inside] - first,
                bits[inside],
                masks.words(first, width),
                slot,
                rows,
            )
            yield first, slot, rows


sparing = partial(Plan.blocks, room=_BLOCK_BYTES // 2)
"""Solves with half the memory and in half as much time again: for what rules work out beside each other."""


def pointers_of(ends: Array, size: int) -> Array:
    """Where the items of each of ``size`` groups begin, once they are sorted by ``ends``."""
    pointers = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(ends, minlength=size), out=pointers[1:])
    return pointers


def _distinct(tail: Array, head: Array, mask: Array, rows: int) -> tuple[Array, Array, Array]:
    """Arcs ordered by tail, each once, without those that a free arc (-1) between the same rows makes superfluous."""
    order = np.lexsort((mask, head, tail))
    tail, head, mask = tail[order], head[order], mask[order]
    pair = tail * rows + head
    opens = np.ones(len(pair), dtype=bool)
    opens[1:] = pair[1:] != pair[:-1]
    fresh = opens.copy()
    fresh[1:] |= mask[1:] != mask[:-1]
    if len(pair):
        has_free = mask[np.flatnonzero(opens)] < 0
        fresh &= opens | ~has_free[np.cumsum(opens) - 1]
    return tail[fresh], head[fresh], mask[fresh]


def _csr(source: Array, target: Array, size: int) -> tuple[Array, Array]:
    """(pointers, heads) of arcs in any order."""
    return pointers_of(source, size), target[np.argsort(source, kind="stable")].astype(np.int32)
