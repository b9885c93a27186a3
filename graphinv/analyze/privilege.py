"""Transitive privilege of every node at once: the least solution of ``priv(u) = own(u) | OR over arcs (priv(v) & mask)``.

Nodes that reach each other through arcs without masks have the same privilege, so these are condensed first. What is left is walked sinks
first, where a group of rows that depend on each other through masked arcs is repeated until it is stable. Rows are bitsets; they are worked
on in blocks of columns, so that the memory at work does not grow with the number of targets, and kept sparse: the words that are not zero.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from graphinv.analyze import kernels
from graphinv.analyze.arcs import KIND_NUMBER, Arcs
from graphinv.analyze.scopes import ACTION_BIT, ALL_ACTIONS, PER_WORD, Array, MaskTable, actions_of
from graphinv.model.facts import NodeKey
from graphinv.model.results import Atom, Lens

COUNTED: tuple[tuple[str, str], ...] = (("agents", "Agent"), ("identities", "Identity"), ("secrets", "Secret"), ("tools", "Tool"))

_WORDS = 64
_BLOCK_BYTES = 128 * 2**20
_ACTIONS_OF: tuple[tuple[str, ...], ...] = tuple(actions_of(bits) for bits in range(ALL_ACTIONS + 1))
_SHIFTS = np.arange(PER_WORD, dtype=np.uint64) * np.uint64(5)


@dataclass(frozen=True, eq=False)
class Measures:
    """Sums over the privilege of every node, each array by node number."""

    atoms: Array
    targets: Array
    impact: Array


class Privileges:
    """Everything that each node of an estate can do, under one lens at one time.

    Work and memory grow near-linearly with arcs and result.
    """

    def __init__(self, arcs: Arcs) -> None:
        self.arcs = arcs
        self.structure = arcs.structure
        self._plan = _Plan.of(arcs.source, arcs.target, arcs.mask, self.structure.size)
        self._pointers, self._words, self._bits = self._solve()

    @property
    def lens(self) -> Lens:
        return self.arcs.lens

    @property
    def at(self) -> str:
        return self.arcs.at

    def atoms_of(self, key: NodeKey) -> tuple[Atom, ...]:
        """All atoms ``key`` has, sorted.

        Raises:
            NotFound: it is not in the estate.
        """
        return self.atoms_at(*self.row(key))

    def row(self, key: NodeKey) -> tuple[Array, Array]:
        """The same as (target columns ascending, action bits of each)."""
        return self.row_of_node(self.structure.node(key))

    def row_of_node(self, node: int) -> tuple[Array, Array]:
        """:meth:`row` of the node with this number."""
        row = self._plan.component[node]
        entries = slice(self._pointers[row], self._pointers[row + 1])
        words = self._words[entries]
        fives = (self._bits[entries, None] >> _SHIFTS) & np.uint64(ALL_ACTIONS)
        at, inside = np.nonzero(fives)
        return words[at].astype(np.int64) * PER_WORD + inside, fives[at, inside].astype(np.uint8)

    def atoms_at(self, columns: Array, bits: Array) -> tuple[Atom, ...]:
        """Atoms of columns and action bits, in their order."""
        keys, targets = self.structure.keys, self.structure.targets
        atoms: list[Atom] = []
        for node, five in zip(targets[columns].tolist(), bits.tolist(), strict=True):
            kind, id = keys[node]
            atoms += [(kind, id, action) for action in _ACTIONS_OF[five]]
        return tuple(atoms)

    def actions_on(self, key: NodeKey, target: NodeKey) -> tuple[str, ...]:
        """What ``key`` can do to ``target``, sorted."""
        column = self.structure.column_of(target)
        node = self.structure.node(key)
        if column is None:
            return ()
        row = self._plan.component[node]
        low, high = int(self._pointers[row]), int(self._pointers[row + 1])
        at = low + int(np.searchsorted(self._words[low:high], column // PER_WORD))
        if at == high or self._words[at] != column // PER_WORD:
            return ()
        return _ACTIONS_OF[int(self._bits[at] >> _SHIFTS[column % PER_WORD]) & ALL_ACTIONS]

    def has(self, key: NodeKey, atom: Atom) -> bool:
        """Whether ``key`` has ``atom``."""
        return atom[2] in self.actions_on(key, (atom[0], atom[1]))

    def targets_of(self, key: NodeKey) -> int:
        """How many targets ``key`` can act on."""
        return int(self._sizes.targets[self.structure.node(key)])

    def counts(self, key: NodeKey) -> dict[str, int]:
        """How many distinct ``agents``, ``identities``, ``secrets`` and ``tools`` ``key`` reaches, itself left out.

        A node counts when a path of arcs leads to it. An arc that nothing can pass (an empty list of scopes) is none; other masks do not
        matter here, since what they stop depends on the atom.
        """
        return dict(zip((name for name, _ in COUNTED), self._node_counts[self.structure.node(key)].tolist(), strict=True))

    def holders(self, target: NodeKey, action: str | None = None, kind: str | None = None) -> list[tuple[NodeKey, tuple[str, ...]]]:
        """Nodes (of ``kind``) that can act on ``target``, or do ``action`` to it, by key, with all they can do to it."""
        nodes, bits = self.holding(target)
        wanted = ACTION_BIT[action] if action else ALL_ACTIONS
        keys = self.structure.keys
        return [
            (keys[node], _ACTIONS_OF[five])
            for node, five in zip(nodes.tolist(), bits.tolist(), strict=True)
            if five & wanted and (kind is None or keys[node][0] == kind)
        ]

    def holding(self, target: NodeKey) -> tuple[Array, Array]:
        """(numbers of the nodes that can act on ``target``, ascending; the action bits of each)."""
        column = self.structure.column_of(target)
        if column is None:
            return np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint8)
        word_pointers, entries, rows = self._by_word
        found = entries[word_pointers[column // PER_WORD] : word_pointers[column // PER_WORD + 1]]
        fives = ((self._bits[found] >> _SHIFTS[column % PER_WORD]) & np.uint64(ALL_ACTIONS)).astype(np.uint8)
        found, fives = rows[found[fives > 0]], fives[fives > 0]
        starts, members = self._members
        sizes = starts[found + 1] - starts[found]
        offsets = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        nodes = members[np.repeat(starts[found], sizes) + offsets]
        order = np.argsort(nodes)
        return nodes[order], np.repeat(fives, sizes)[order]

    def minus(self, other: Privileges, key: NodeKey) -> tuple[Atom, ...]:
        """Atoms that ``key`` has here and not in ``other``, sorted."""
        if other.structure is not self.structure:
            return tuple(sorted({*self.atoms_of(key)} - {*other.atoms_of(key)}))
        columns, bits = self.row(key)
        others, taken = other.row(key)
        dense = np.zeros(len(self.structure.targets), dtype=np.uint8)
        dense[others] = taken
        left = bits & ~dense[columns]
        keep = left > 0
        return self.atoms_at(columns[keep], left[keep])

    def weighted(self, weight: Array, best: Array) -> Measures:
        """Sums for every node at once: atoms, targets, and ``weight[column] · best[action bits]`` over its targets.

        ``weight`` has one number a target column, ``best`` one for each of the 32 sets of actions.
        """
        rows = self._plan.rows
        atoms, targets, impact = np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.int64), np.zeros(rows)
        kernels.measure(self._pointers, self._words, self._bits, weight, best, atoms, targets, impact)
        component = self._plan.component
        return Measures(atoms[component], targets[component], impact[component])

    # ----------------------------------------------------------------------------------------------------------------------------

    @cached_property
    def _sizes(self) -> Measures:
        return self.weighted(np.zeros(len(self.structure.targets)), np.zeros(ALL_ACTIONS + 1))

    @cached_property
    def _members(self) -> tuple[Array, Array]:
        """(pointers by row, the nodes of each)."""
        return _pointers(self._plan.component, self._plan.rows), np.argsort(self._plan.component, kind="stable")

    @cached_property
    def _by_word(self) -> tuple[Array, Array, Array]:
        """(pointers by word, entries by word, row of every entry)."""
        words = -(-len(self.structure.targets) // PER_WORD)
        pointers = np.zeros(words + 1, dtype=np.int64)
        np.cumsum(np.bincount(self._words, minlength=words), out=pointers[1:])
        rows = np.repeat(np.arange(self._plan.rows, dtype=np.int32), np.diff(self._pointers))
        return pointers, np.argsort(self._words, kind="stable"), rows

    def _solve(self) -> tuple[Array, Array, Array]:
        """Rows in CSR form: (pointers by row, words ascending in each, their bits)."""
        arcs, plan = self.arcs, self._plan
        total = -(-len(self.structure.targets) // PER_WORD)
        word, inside = np.divmod(arcs.own_column, PER_WORD)
        bits = arcs.own_bits.astype(np.uint64) << _SHIFTS[inside]
        masks = MaskTable(self.structure.masks, plan.masks)
        sizes = np.zeros(plan.rows, dtype=np.int64)
        parts: list[tuple[Array, Array, Array]] = []
        none = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.uint64)
        for first, slot, rows in plan.blocks(total, plan.component[arcs.own_node], word, bits, masks):
            found = kernels.gather(slot, rows, first, sizes, *none)
            part = np.empty(found, dtype=np.int32), np.empty(found, dtype=np.int32), np.empty(found, dtype=np.uint64)
            if found:
                kernels.gather(slot, rows, first, sizes, *part)
                parts.append(part)
        pointers = np.zeros(plan.rows + 1, dtype=np.int64)
        np.cumsum(sizes, out=pointers[1:])
        words_out, bits_out = np.empty(pointers[-1], dtype=np.int32), np.empty(pointers[-1], dtype=np.uint64)
        cursor = pointers[:-1].copy()
        while parts:
            kernels.place(cursor, *parts.pop(0), words_out, bits_out)
        return pointers, words_out, bits_out

    @cached_property
    def _node_counts(self) -> Array:
        """(nodes, COUNTED) distinct nodes of each kind that a path of arcs leads to."""
        arcs = self.arcs
        plan = _Plan.of(arcs.source, arcs.target, np.full(len(arcs.source), -1, dtype=np.int32), self.structure.size)
        nodes, words, bits, word_kind = [], [], [], []
        start = 0
        for number, (_, kind) in enumerate(COUNTED):
            members = np.flatnonzero(self.structure.kinds == KIND_NUMBER[kind])
            place = np.arange(len(members))
            nodes.append(members)
            words.append(start + place // 64)
            bits.append(np.uint64(1) << (place % 64).astype(np.uint64))
            count = -(-len(members) // 64)
            word_kind.append(np.full(count, number, dtype=np.int64))
            start += count
        counts = np.zeros((plan.rows, len(COUNTED)), dtype=np.int64)
        kind_of_word = np.concatenate(word_kind)
        own = plan.component[np.concatenate(nodes)], np.concatenate(words), np.concatenate(bits)
        for first, slot, rows in plan.blocks(start, *own, MaskTable(self.structure.masks, [])):
            kernels.count_kinds(slot, rows, kind_of_word[first : first + rows.shape[1]], counts)
        result: Array = counts[plan.component]
        for number, members in enumerate(nodes):
            result[members, number] -= 1
        return result


@dataclass(frozen=True, eq=False)
class _Plan:
    """The rows to solve and their order. Arcs are numbered by the row they leave (CSR), and again by the row they lead to."""

    component: Array
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
    def of(cls, source: Array, target: Array, mask: Array, size: int) -> _Plan:
        """Condense a graph of ``size`` nodes over its arcs without mask (-1)."""
        free = mask < 0
        component = np.empty(size, dtype=np.int32)
        rows = kernels.strong_components(*_csr(source[free], target[free], size), component, np.empty(size, dtype=np.int32))
        tail, head = component[source], component[target]
        between = tail != head
        used, compact = np.unique(mask[between], return_inverse=True)
        tail, head, kind = _distinct(tail[between].astype(np.int64), head[between].astype(np.int64), used[compact], rows)
        pointers, heads = _csr(tail, head, rows)
        group_of, finish = np.empty(rows, dtype=np.int32), np.empty(rows, dtype=np.int32)
        groups = kernels.strong_components(pointers, heads, group_of, finish)
        rank = np.empty(rows, dtype=np.int64)
        rank[finish] = np.arange(rows)
        numbers = np.unique(kind[kind >= 0])
        arc_mask = np.where(kind >= 0, np.searchsorted(numbers, kind), -1).astype(np.int32)
        back = np.argsort(head, kind="stable")
        return cls(
            component=component,
            rows=rows,
            pointers=pointers,
            heads=heads,
            arc_mask=arc_mask,
            back_pointers=_pointers(head, rows),
            tails=tail[back].astype(np.int32),
            order=np.lexsort((rank, group_of)).astype(np.int32),
            group_ends=np.cumsum(np.bincount(group_of, minlength=groups)),
            group_of=group_of,
            masks=numbers.tolist(),
        )

    def blocks(self, total: int, row: Array, word: Array, bits: Array, masks: MaskTable) -> Iterator[tuple[int, Array, Array]]:
        """Solve ``total`` words block by block, from own bits (``row``, ``word``, ``bits``): (first word, slots, rows) of each.

        The arrays are reused: what is yielded is to be read before the next block.
        """
        width = max(4, min(_WORDS, _BLOCK_BYTES // (8 * max(1, self.rows)), total))
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


def _pointers(ends: Array, size: int) -> Array:
    pointers = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(ends, minlength=size), out=pointers[1:])
    return pointers


def _csr(source: Array, target: Array, size: int) -> tuple[Array, Array]:
    """(pointers, heads) of arcs in any order."""
    return _pointers(source, size), target[np.argsort(source, kind="stable")].astype(np.int32)
