"""Arcs: the facts of an estate as "u can exercise v's authority", under one lens at one time.

A node is its own subject whatever its status, so an edge that leaves a retired agent still counts for that agent; nothing that is out of
service is passed through, so no arc leads to it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order

from graphinv.analyze.scopes import Array, MaskTable
from graphinv.analyze.structure import KIND_NUMBER, Structure
from graphinv.model.errors import UsageError
from graphinv.model.kinds import normal_time
from graphinv.model.moments import micros
from graphinv.model.results import LENSES, Lens

FORWARD, BACKWARD, MEANS = 0, 1, 2
"""How an arc follows its edges: along them, against its one edge, or against the first (PROVIDES) and along the second."""


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


def project(structure: Structure, lens: Lens, at: str) -> Arcs:
    """The arcs of ``structure`` that are in force under ``lens`` at time ``at``. O(arcs), vectorised.

    Raises:
        UsageError: no such lens, or ``at`` is no time.
    """
    if lens not in LENSES:
        raise UsageError(f"no lens {lens!r}; one of {', '.join(LENSES)}")
    moment, arcs = micros(at), structure.arcs
    alive = structure.nodes.dead_from > moment
    holds = (structure.edges.starts <= moment) & (moment < structure.edges.ends)
    if lens == "standing":
        holds &= ~structure.edges.bounded & ~structure.edges.into_passing
    elif lens == "observed":
        holds &= ~structure.edges.unobserved
    elif lens == "declared":
        holds &= ~structure.edges.only_observed
    scoped, unscoped = _edge_masks(structure, lens, holds)
    keep = holds[arcs.first] & (holds[arcs.second] | (arcs.second < 0)) & alive[arcs.target]
    rows = [row[keep] for row in (arcs.source, arcs.target, arcs.first, arcs.second, arcs.way)]
    mask = _arc_masks(structure, rows[2], rows[3], arcs.unscoped[keep], scoped, unscoped)
    blocked = np.array([structure.masks.blocks(number) for number in range(len(structure.masks.members))], dtype=bool)
    if blocked.any():
        opened = ~np.append(blocked, False)[mask]
        rows, mask = [row[opened] for row in rows], mask[opened]
    return Arcs(
        structure,
        lens,
        str(normal_time(at)),
        rows[0],
        rows[1],
        mask,
        rows[2],
        rows[3],
        rows[4],
        *_project_own(structure, holds, alive, scoped),
    )


def _edge_masks(structure: Structure, lens: Lens, holds: Array) -> tuple[Array, Array]:
    """Mask of every edge with its scopes, and without them; takes out of ``holds`` what a guard stops under ``lens``."""
    scopes = structure.edges.scopes
    scoped = np.full(len(holds), -1, dtype=np.int32)
    with_scopes = np.flatnonzero(scopes >= 0)
    lists, place = np.unique(scopes[with_scopes], return_inverse=True)
    scoped[with_scopes] = np.array([structure.masks.mask_of((number,)) for number in lists.tolist()], dtype=np.int32)[place]
    unscoped = np.full(len(holds), -1, dtype=np.int32)
    if lens not in ("ungoverned", "runtime"):
        return scoped, unscoped
    for number, guard in enumerate(structure.guards):
        props = structure.points.get(guard, {})
        if props.get("mode") != "enforce":
            continue  # only monitors, is off, states no mode, or is not known
        edges = structure.edges.guarded[structure.edges.guard == number]
        if lens == "ungoverned" or props.get("effect") in ("deny", "step_up"):
            holds[edges] = False
        elif props.get("effect") == "evaluate" and props.get("allows") is not None:
            allowed = structure.masks.mask_of((structure.masks.list_of(props["allows"]),))
            for mask in (scoped, unscoped):
                distinct, at = np.unique(mask[edges], return_inverse=True)
                mask[edges] = np.array([structure.masks.both(one, allowed) for one in distinct.tolist()], dtype=np.int32)[at]
    return scoped, unscoped


def _arc_masks(structure: Structure, first: Array, second: Array, ignores: Array, scoped: Array, unscoped: Array) -> Array:
    mask = np.where(ignores, unscoped[first], scoped[first])
    other = np.where(second >= 0, scoped[second], -1) if len(scoped) else np.full(len(second), -1, dtype=np.int32)
    mask = np.where(mask < 0, other, mask)
    both = np.flatnonzero((other >= 0) & (mask != other))
    if len(both):
        pairs, inverse = np.unique(np.stack([mask[both], other[both]]), axis=1, return_inverse=True)
        joined = np.array([structure.masks.both(one, two) for one, two in pairs.T.tolist()], dtype=np.int32)
        mask[both] = joined[inverse.reshape(-1)]
    return mask.astype(np.int32)


def _project_own(structure: Structure, holds: Array, alive: Array, scoped: Array) -> tuple[Array, Array, Array, Array]:
    own = structure.own
    keep = holds[own.edge] & alive[structure.targets[own.column]]
    node, column, edge, bits = (row[keep] for row in (own.node, own.column, own.edge, own.bits))
    mask = scoped[edge]
    masked = np.flatnonzero(mask >= 0)
    masked = masked[np.argsort(mask[masked], kind="stable")]
    starts = np.flatnonzero(np.diff(mask[masked], prepend=-1))
    for group in np.split(masked, starts[1:]):
        if len(group):
            bits[group] &= structure.masks.at(int(mask[group[0]]), column[group])
    left = bits > 0
    return node[left], column[left], bits[left], edge[left]


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
