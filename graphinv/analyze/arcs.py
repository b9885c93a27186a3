"""Arcs: the facts of an estate as "u can exercise v's authority", under one lens at one time.

A node is its own subject whatever its status, so an edge that leaves a retired agent still counts for that agent; nothing that is out of
service is passed through, so no arc leads to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cached_property, lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order

from graphinv.analyze.scopes import Array, MaskTable
from graphinv.model.errors import UsageError
from graphinv.model.kinds import NODE_KINDS, normal_time
from graphinv.model.results import Lens

if TYPE_CHECKING:
    from graphinv.analyze.structure import Structure

KIND_NUMBER: dict[str, int] = {kind: number for number, kind in enumerate(NODE_KINDS)}

FORWARD, BACKWARD, MEANS = 0, 1, 2
"""How an arc follows its edges: along them, against its one edge, or against the first (PROVIDES) and along the second."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=100_000)
def micros(time: str) -> int:
    """Microseconds since 1970 of an ISO 8601 time, exactly. Estates say the same times over and over.

    Raises:
        UsageError: it is not one.
    """
    try:
        moment = datetime.fromisoformat(str(normal_time(time)))
    except ValueError:
        raise UsageError(f"{time!r} is not an ISO 8601 time such as 2026-07-10T00:00:00Z") from None
    difference = moment - _EPOCH
    return (difference.days * 86_400 + difference.seconds) * 1_000_000 + difference.microseconds


@dataclass(frozen=True, eq=False)
class Arcs:
    """What is in force of a :class:`Structure` under ``lens`` at ``at``.

    ``source``, ``target`` (node numbers), ``mask`` (number in ``structure.masks``, -1 = none), ``first``, ``second`` (indices into
    ``estate.edges``, -1 = none) and ``way`` are of equal length, one entry an arc. ``own_*`` likewise, one entry for each edge that is
    itself a privilege: node, target column, action bits that passed its mask, edge.
    """

    structure: Structure
    lens: Lens
    at: str
    source: Array
    target: Array
    mask: Array
    first: Array
    second: Array
    way: Array
    own_node: Array
    own_column: Array
    own_bits: Array
    own_edge: Array

    @cached_property
    def leaving(self) -> tuple[Array, Array]:
        """(pointers by node, arcs in order of their source): arcs that leave node n are ``arcs[pointers[n]:pointers[n + 1]]``."""
        return _grouped(self.source, self.structure.size)

    @cached_property
    def arriving(self) -> tuple[Array, Array]:
        """The same by the node they lead to."""
        return _grouped(self.target, self.structure.size)

    @cached_property
    def owning(self) -> tuple[Array, Array]:
        """The entries of ``own_*`` by column."""
        return _grouped(self.own_column, len(self.structure.targets))

    @cached_property
    def mask_table(self) -> MaskTable:
        """All masks these arcs may use, by number."""
        return MaskTable(self.structure.masks, range(int(self.mask.max(initial=-1)) + 1))

    def without_entry_to(self, kinds: tuple[str, ...]) -> Arcs:
        """These arcs less those that lead to a node of one of ``kinds``."""
        return self.only(~np.isin(self.structure.kinds[self.target], [KIND_NUMBER[kind] for kind in kinds]))

    def only(self, keep: Array, owned: Array | None = None) -> Arcs:
        """The arcs, and the entries of ``own_*`` (all when absent), that a mask of truth values keeps."""
        arcs = {name: getattr(self, name)[keep] for name in ("source", "target", "mask", "first", "second", "way")}
        if owned is not None:
            arcs |= {name: getattr(self, name)[owned] for name in ("own_node", "own_column", "own_bits", "own_edge")}
        return replace(self, **arcs)


def matrix(source: Array, target: Array, size: int) -> csr_matrix:
    """Arcs between ``size`` nodes, for what SciPy asks of a graph. O(nodes + arcs)."""
    return csr_matrix((np.ones(len(source), dtype=np.int8), (source, target)), shape=(size, size))


def reached(graph: csr_matrix, start: int) -> Array:
    """For each node whether arcs lead to it from ``start``, itself included. O(nodes + arcs)."""
    found = np.zeros(graph.shape[0], dtype=bool)
    found[breadth_first_order(graph, start, return_predecessors=False)] = True
    return found


def _grouped(ends: Array, size: int) -> tuple[Array, Array]:
    pointers = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(ends, minlength=size), out=pointers[1:])
    return pointers, np.argsort(ends, kind="stable").astype(np.int32)
