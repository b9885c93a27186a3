"""After a change of some arcs: only the privileges that it can affect, solved again.

A node is affected when arcs, old or new, lead from it to a node whose own arcs or own atoms changed. What an affected node borrows from
the others is known already and enters as if it were their own.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from graphinv.analyze.arcs import Arcs, matrix, reached
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.scopes import Array


@dataclass(frozen=True, eq=False)
class Recomputed:
    """Privileges after a change: ``fresh`` knows those of the ``affected`` nodes (by number), ``before`` those of all others."""

    before: Privileges
    fresh: Privileges
    affected: Array

    @property
    def whole(self) -> bool:
        """Whether everything was solved again, because the two estates have different targets."""
        return len(self.affected) == self.before.structure.size

    def of(self, node: int) -> Privileges:
        """Where the row of a node is to be looked up."""
        place = int(np.searchsorted(self.affected, node))
        return self.fresh if place < len(self.affected) and self.affected[place] == node else self.before


def recomputed(before: Privileges, arcs: Arcs, weighing: tuple[Array, Array]) -> Recomputed:
    """The privileges under ``arcs``, of an estate that is that of ``before`` after a change. Equal to ``Privileges(arcs, *weighing)``.

    O(nodes + arcs), and the fixpoint over the affected part. Where the two do not share their targets and masks, all of it.
    """
    structure = before.structure
    if arcs.structure.masks is not structure.masks or arcs.structure.keys is not structure.keys:
        return Recomputed(before, Privileges(arcs, *weighing), np.arange(structure.size))
    affected = _affected(before.arcs, arcs)
    part = _part(before, arcs, affected)
    return Recomputed(before, Privileges(part, *weighing), np.flatnonzero(affected))


def _affected(old: Arcs, new: Arcs) -> Array:
    """For each node whether its privilege may differ."""
    size = old.structure.size
    changed = np.zeros(size, dtype=bool)
    for one, other in ((_arcs(old), _arcs(new)), (_owns(old), _owns(new))):
        changed[_different(one, other)] = True
    if not changed.any():
        return changed
    # One more vertex leads to all that changed; who can come to them is found by one search against the arcs.
    source = np.concatenate([old.source, new.source, np.flatnonzero(changed)])
    target = np.concatenate([old.target, new.target, np.full(int(changed.sum()), size)])
    return reached(matrix(target, source, size + 1), size)[:size]


def _arcs(arcs: Arcs) -> tuple[Array, ...]:
    return arcs.source, arcs.target, arcs.mask


def _owns(arcs: Arcs) -> tuple[Array, ...]:
    return arcs.own_node, arcs.own_column, arcs.own_bits


def _different(one: tuple[Array, ...], other: tuple[Array, ...]) -> Array:
    """First fields of the rows that are in one of the two and not in the other; each is given by its columns."""
    columns = [np.concatenate(both) for both in zip(one, other, strict=True)]
    second = np.arange(len(columns[0])) >= len(one[0])
    order = np.lexsort(columns[::-1])
    columns, second = [column[order] for column in columns], second[order]
    begins = np.ones(len(order), dtype=bool)  # of equal rows the first
    begins[1:] = np.any([column[1:] != column[:-1] for column in columns], axis=0)
    starts = np.flatnonzero(begins)
    if not len(starts):
        return starts
    alone = np.logical_and.reduceat(second, starts) | ~np.logical_or.reduceat(second, starts)
    found: Array = columns[0][starts[alone]]
    return found


def _part(before: Privileges, arcs: Arcs, affected: Array) -> Arcs:
    """The arcs that leave affected nodes, and as own atoms what they own, and what the nodes that they lead to had before."""
    part = arcs.only(affected[arcs.source], affected[arcs.own_node])
    node, column, bits = [part.own_node], [part.own_column], [part.own_bits]
    for number in np.unique(part.target[~affected[part.target]]).tolist():
        columns, five = before.row(arcs.structure.keys[number])
        node.append(np.full(len(columns), number, dtype=np.int32))
        column.append(columns.astype(np.int32))
        bits.append(five)
    whole = [np.concatenate(pieces) for pieces in (node, column, bits)]
    none = np.full(len(whole[0]), -1, dtype=np.int32)
    return replace(part, own_node=whole[0], own_column=whole[1], own_bits=whole[2], own_edge=none)
