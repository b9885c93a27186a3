"""Transitive privilege of every node at once: the least solution of ``priv(u) = own(u) | OR over arcs (priv(v) & mask)``.

Rows are bitsets, worked on in blocks of columns (:mod:`graphinv.analyze.plan`), so that the memory at work does not grow with the number
of targets. What is asked of all agents is summed up while the blocks go by. The rows themselves are kept, sparse, as long as they fit:
those of all nodes, else those of agents, else none; a row that was not kept is solved again, alone, when it is asked for. Answers do not
depend on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from graphinv.analyze import kernels
from graphinv.analyze.arcs import Arcs
from graphinv.analyze.paths import Witnesses
from graphinv.analyze.plan import Plan, pointers_of
from graphinv.analyze.scopes import ACTION_BIT, ALL_ACTIONS, PER_WORD, Array, MaskTable, actions_of
from graphinv.analyze.structure import KIND_NUMBER
from graphinv.model.facts import NodeKey
from graphinv.model.results import Atom, Lens

COUNTED: tuple[tuple[str, str], ...] = (("agents", "Agent"), ("identities", "Identity"), ("secrets", "Secret"), ("tools", "Tool"))

KEPT_WORDS = 24_000_000
"""So many words (12 bytes each) of rows are kept at most."""

TOP = 8
"""How many of its heaviest targets are known of each agent, whatever is kept."""

HEAVY_BITS = ACTION_BIT["delete"] | ACTION_BIT["admin"]

_ACTIONS_OF: tuple[tuple[str, ...], ...] = tuple(actions_of(bits) for bits in range(ALL_ACTIONS + 1))
_SHIFTS = np.arange(PER_WORD, dtype=np.uint64) * np.uint64(5)


@dataclass(frozen=True, eq=False)
class Measures:
    """Sums over the privilege of nodes; each array has one entry a row, ``entry_of`` finds that of a node (-1: not measured)."""

    entry_of: Array
    sums: Array
    """(entries, 3): atoms, targets, targets that count."""
    impact: Array
    """Σ over targets of ``weight[column] · best[action bits]``."""
    top_amount: Array
    """(entries, TOP): the largest summands of it, descending; 0 where there are no more."""
    top_deed: Array
    """(entries, TOP, 2): column and action bits of each."""
    holders: Array
    """(columns, 2): how many of the measured nodes can act on a target, and how many can delete or administer it."""

    def atoms(self, node: int) -> int:
        """Number of atoms of a node."""
        return int(self.sums[self.entry_of[node], 0])

    def targets(self, node: int) -> int:
        """Number of its targets."""
        return int(self.sums[self.entry_of[node], 1])

    def counting(self, node: int) -> int:
        """Number of its targets that have weight."""
        return int(self.sums[self.entry_of[node], 2])

    def reached(self, node: int) -> float:
        """I(u)."""
        return float(self.impact[self.entry_of[node]])

    def top(self, node: int) -> list[tuple[int, int, float]]:
        """(column, action bits, summand of I(u)) of its heaviest targets."""
        entry = self.entry_of[node]
        rows = zip(self.top_deed[entry].tolist(), self.top_amount[entry].tolist(), strict=True)
        return [(column, bits, amount) for (column, bits), amount in rows if amount > 0]


Solver = Callable[[Plan, int, Array, Array, Array, MaskTable], Iterator[tuple[int, Array, Array]]]


class Privileges:
    """Everything that each node of an estate can do, under one lens at one time.

    ``weight`` (one number a target column) and ``best`` (one for each of the 32 sets of actions) weigh what :attr:`measures` sums up;
    without them everything weighs nothing. ``solver`` works the blocks out (:mod:`graphinv.analyze.cluster`). Work grows near-linearly with
    arcs, memory is bounded.

    Raises:
        ValueError: ``weight`` is that of other targets.
    """

    def __init__(self, arcs: Arcs, weight: Array | None = None, best: Array | None = None, solver: Solver = Plan.blocks) -> None:
        self.arcs = arcs
        self._solver = solver
        self.structure = arcs.structure
        self._weight = np.zeros(len(self.structure.targets)) if weight is None else weight
        self._best = np.zeros(ALL_ACTIONS + 1) if best is None else best
        if len(self._weight) != len(self.structure.targets):  # the compiled loops look no further than this
            raise ValueError(f"{len(self._weight)} weights for {len(self.structure.targets)} targets")
        self._plan = Plan.of(arcs.source, arcs.target, arcs.mask, self.structure.size)
        self._masks = MaskTable(self.structure.masks, self._plan.masks)
        self._alone: dict[int, tuple[Array, Array]] = {}
        self.measures, self._kept, self._pointers, self._words, self._bits = self._solve()

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
        return self._atoms(*self.row(key))

    def row(self, key: NodeKey) -> tuple[Array, Array]:
        """The same as (target columns ascending, action bits of each)."""
        columns, bits = kernels.unfold(*self._words_of(key))
        return columns, bits

    def actions_on(self, key: NodeKey, target: NodeKey) -> tuple[str, ...]:
        """What ``key`` can do to ``target``, sorted."""
        node, column = self.structure.node(key), self.structure.column_of(target)
        if column is None:
            return ()
        row = self._plan.component[node]
        if not self._kept[row] and row not in self._alone:
            return tuple(action for action in ACTION_BIT if Witnesses(self.arcs, target, action).hops_of_node(node) is not None)
        words, bits = self._row(row)
        at = int(np.searchsorted(words, column // PER_WORD))
        if at == len(words) or words[at] != column // PER_WORD:
            return ()
        return _ACTIONS_OF[int(bits[at] >> _SHIFTS[column % PER_WORD]) & ALL_ACTIONS]

    def has(self, key: NodeKey, atom: Atom) -> bool:
        """Whether ``key`` has ``atom``."""
        return atom[2] in self.actions_on(key, (atom[0], atom[1]))

    def counts(self, key: NodeKey) -> dict[str, int]:
        """How many distinct ``agents``, ``identities``, ``secrets`` and ``tools`` ``key`` reaches, itself left out.

        A node counts when a path of arcs leads to it. An arc that nothing can pass (an empty list of scopes) is none; other masks do not
        matter here, since what they stop depends on the atom.
        """
        counts = self._agent_counts if key[0] == "Agent" else self._node_counts
        return dict(zip((name for name, _ in COUNTED), counts[self.structure.node(key)].tolist(), strict=True))

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
        if not self._kept.all():
            bits = np.zeros(self.structure.size, dtype=np.uint8)
            for action, bit in ACTION_BIT.items():
                bits[Witnesses(self.arcs, target, action).reached] |= bit
            nodes = np.flatnonzero(bits)
            return nodes, bits[nodes]
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
        return self._atoms(*self.row_minus(other, key))

    def row_minus(self, other: Privileges, key: NodeKey) -> tuple[Array, Array]:
        """What ``key`` has here and not in ``other``, of the same structure, as :meth:`row`."""
        columns, bits = kernels.unfold(*kernels.without(*self._words_of(key), *other._words_of(key)))
        return columns, bits

    def touched(self, columns: Array) -> Array:
        """By node, the bits of ``columns`` (a number below 256 for each target column) of all that it can act on.

        O(words) where all rows were kept; else everything is solved again.
        """
        found = np.zeros(self._plan.rows, dtype=np.uint8)
        padded = np.zeros(self._total * PER_WORD, dtype=np.uint8)
        padded[: len(columns)] = columns
        for bit in (1 << place for place in range(8)):
            inside = (padded & bit > 0).reshape(self._total, PER_WORD).astype(np.uint64)
            if not inside.any():
                continue
            masks = (inside * (np.uint64(ALL_ACTIONS) << _SHIFTS)).sum(axis=1, dtype=np.uint64)
            if self._kept.all():
                rows = np.repeat(np.arange(self._plan.rows), np.diff(self._pointers))
                found[rows[self._bits & masks[self._words] > 0]] |= bit
                continue
            for first, slot, words in self._blocks(self._plan):
                hit = (words & masks[first : first + words.shape[1]] > 0).any(axis=1)
                there = np.flatnonzero(slot >= 0)
                found[there[hit[slot[there]]]] |= bit
        result: Array = found[self._plan.component]
        return result

    # ----------------------------------------------------------------------------------------------------------------------------

    def _atoms(self, columns: Array, bits: Array) -> tuple[Atom, ...]:
        keys, targets = self.structure.keys, self.structure.targets
        atoms: list[Atom] = []
        for node, five in zip(targets[columns].tolist(), bits.tolist(), strict=True):
            kind, id = keys[node]
            atoms += [(kind, id, action) for action in _ACTIONS_OF[five]]
        return tuple(atoms)

    def _words_of(self, key: NodeKey) -> tuple[Array, Array]:
        return self._row(int(self._plan.component[self.structure.node(key)]))

    def _row(self, row: int) -> tuple[Array, Array]:
        """Words of a row that are not zero, ascending, and their bits."""
        if self._kept[row]:
            entries = slice(self._pointers[row], self._pointers[row + 1])
            return self._words[entries], self._bits[entries]
        if row not in self._alone:
            plan, within = self._plan.towards(row)
            words, bits = [np.zeros(0, dtype=np.int32)], [np.zeros(0, dtype=np.uint64)]
            for first, slot, rows in self._blocks(plan, within):
                if slot[row] >= 0:
                    inside = np.flatnonzero(rows[slot[row]])
                    words.append((first + inside).astype(np.int32))
                    bits.append(rows[slot[row], inside])
            while len(self._alone) >= 64:
                del self._alone[next(iter(self._alone))]
            self._alone[row] = np.concatenate(words), np.concatenate(bits)
        return self._alone[row]

    def _blocks(self, plan: Plan, within: Array | None = None) -> Iterator[tuple[int, Array, Array]]:
        arcs = self.arcs
        row, bits, column = plan.component[arcs.own_node], arcs.own_bits, arcs.own_column
        if within is not None:
            keep = within[row]
            row, bits, column = row[keep], bits[keep], column[keep]
        word, inside = np.divmod(column, PER_WORD)
        solver = self._solver if within is None else Plan.blocks
        return solver(plan, self._total, row, word, bits.astype(np.uint64) << _SHIFTS[inside], self._masks)

    @property
    def _total(self) -> int:
        return -(-len(self.structure.targets) // PER_WORD)

    def _solve(self) -> tuple[Measures, Array, Array, Array, Array]:
        """Sums of agents, and as many rows as fit: which, and in CSR form (pointers by row, words ascending in each, their bits)."""
        plan = self._plan
        agents = self._of_kind("Agent")
        measures = _Measuring(plan, agents, self._weight, self._best)
        wanted = np.ones(plan.rows, dtype=bool)
        parts: list[tuple[Array, Array, Array]] = []
        kept = 0
        none = np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.int32), np.zeros(0, dtype=np.uint64)
        sizes = np.zeros(plan.rows, dtype=np.int64)
        for block in self._blocks(plan):
            measures.add(*block)
            found = kernels.gather(*block[1:], block[0], wanted, sizes, *none)
            if kept + found > KEPT_WORDS:
                wanted, parts, kept = self._keep_less(wanted, parts)
                found = kernels.gather(*block[1:], block[0], wanted, sizes, *none)
                if kept + found > KEPT_WORDS:
                    wanted, parts, kept, found = np.zeros_like(wanted), [], 0, 0
            if found:
                part = np.empty(found, dtype=np.int32), np.empty(found, dtype=np.int32), np.empty(found, dtype=np.uint64)
                kernels.gather(*block[1:], block[0], wanted, sizes, *part)
                parts.append(part)
                kept += found
        sizes[~wanted] = 0
        pointers = np.zeros(plan.rows + 1, dtype=np.int64)
        np.cumsum(sizes, out=pointers[1:])
        words, bits = np.empty(pointers[-1], dtype=np.int32), np.empty(pointers[-1], dtype=np.uint64)
        cursor = pointers[:-1].copy()
        while parts:
            kernels.place(cursor, *parts.pop(0), words, bits)
        return measures.done(), wanted, pointers, words, bits

    def _keep_less(self, wanted: Array, parts: list[tuple[Array, Array, Array]]) -> tuple[Array, list[tuple[Array, Array, Array]], int]:
        """Rows of agents alone, and what is kept of them so far."""
        less = np.zeros_like(wanted)
        less[self._plan.component[self._of_kind("Agent")]] = True
        less &= wanted
        filtered = []
        for row, word, bits in parts:
            keep = less[row]
            filtered.append((row[keep], word[keep], bits[keep]))
        return less, filtered, sum(len(row) for row, _, _ in filtered)

    def _of_kind(self, kind: str) -> Array:
        return np.flatnonzero(self.structure.kinds == KIND_NUMBER[kind])

    def measures_of(self, nodes: Array) -> Measures:
        """:attr:`measures` of other ``nodes`` than agents, by their numbers; solves everything again."""
        measures = _Measuring(self._plan, nodes, self._weight, self._best)
        for block in self._blocks(self._plan):
            measures.add(*block)
        return measures.done()

    @cached_property
    def _members(self) -> tuple[Array, Array]:
        """(pointers by row, the nodes of each)."""
        return pointers_of(self._plan.component, self._plan.rows), np.argsort(self._plan.component, kind="stable")

    @cached_property
    def _by_word(self) -> tuple[Array, Array, Array]:
        """(pointers by word, entries by word, row of every entry)."""
        rows = np.repeat(np.arange(self._plan.rows, dtype=np.int32), np.diff(self._pointers))
        return pointers_of(self._words, self._total), np.argsort(self._words, kind="stable"), rows

    @cached_property
    def _agent_counts(self) -> Array:
        return self._count(self._of_kind("Agent"))

    @cached_property
    def _node_counts(self) -> Array:
        return self._count(np.arange(self.structure.size))

    def _count(self, subjects: Array) -> Array:
        """(nodes, COUNTED) distinct nodes of each kind that a path of arcs leads to, of ``subjects``."""
        arcs = self.arcs
        plan = Plan.of(arcs.source, arcs.target, np.full(len(arcs.source), -1, dtype=np.int32), self.structure.size)
        wanted = np.zeros(plan.rows, dtype=bool)
        wanted[plan.component[subjects]] = True
        nodes, words, bits, word_kind = [], [], [], []
        start = 0
        for number, (_, kind) in enumerate(COUNTED):
            members = self._of_kind(kind)
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
            kernels.count_kinds(slot, rows, wanted, kind_of_word[first : first + rows.shape[1]], counts)
        result: Array = counts[plan.component]
        for number, members in enumerate(nodes):
            result[members, number] -= 1
        return result


class _Measuring:
    """Measures in the making."""

    def __init__(self, plan: Plan, nodes: Array, weight: Array, best: Array) -> None:
        rows, entries, members = np.unique(plan.component[nodes], return_inverse=True, return_counts=True)
        self._entry_of_row = np.full(plan.rows, -1, dtype=np.int64)
        self._entry_of_row[rows] = np.arange(len(rows))
        self._members, self._weight, self._best = members, weight, best
        entry_of = np.full(len(plan.component), -1, dtype=np.int64)
        entry_of[nodes] = entries
        self._made = Measures(
            entry_of=entry_of,
            sums=np.zeros((len(rows), 3), dtype=np.int64),
            impact=np.zeros(len(rows)),
            top_amount=np.zeros((len(rows), TOP)),
            top_deed=np.zeros((len(rows), TOP, 2), dtype=np.int64),
            holders=np.zeros((len(weight), 2), dtype=np.int64),
        )

    def add(self, first: int, slot: Array, rows: Array) -> None:
        """Take in one block."""
        made = self._made
        kernels.digest(
            slot,
            rows,
            first,
            self._entry_of_row,
            self._members,
            self._weight,
            self._best,
            made.sums,
            made.impact,
            made.top_amount,
            made.top_deed,
            made.holders,
            HEAVY_BITS,
        )

    def done(self) -> Measures:
        """All blocks are in."""
        return self._made
