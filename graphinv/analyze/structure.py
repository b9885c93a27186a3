"""The structure of an estate: every arc that some lens or time may have, once per estate.

Which tools a server provides at all, and which tools nothing is known about, must not depend on lens or time, so that these only ever
remove reach. :meth:`Structure.project` decides, edge by edge, what is in force and what passes, in numpy.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import get_args

import numpy as np

from graphinv.analyze.arcs import KIND_NUMBER, Arcs, micros
from graphinv.analyze.records import Looked
from graphinv.analyze.scopes import Array, Masks
from graphinv.model.errors import NotFound, UsageError
from graphinv.model.estate import Estate, Records, meant
from graphinv.model.facts import NodeKey, Props
from graphinv.model.kinds import Sensitivity, normal_time
from graphinv.model.results import LENSES, Lens

TARGET_KINDS = ("Resource", "Secret")
"""Kinds of what can be acted on."""

SENSITIVITIES: tuple[str, ...] = get_args(Sensitivity)
"""By number, as :attr:`NodeArrays.sensitivity` holds them."""

EVER = 2**62
"""A moment that never comes, in microseconds."""


@dataclass(frozen=True, eq=False)
class NodeArrays:
    """What decides about nodes, by number."""

    dead_from: Array
    """Since when it is out of service, in microseconds since 1970."""
    sensitivity: Array
    """Place in :data:`SENSITIVITIES`; a node that states none, a Secret too, is unknown."""
    crown_jewel: Array


@dataclass(frozen=True, eq=False)
class EdgeArrays:
    """What decides about edges, by index in ``estate.edges``; times in microseconds since 1970."""

    starts: Array
    ends: Array
    bounded: Array
    """Whether it ends and cannot be renewed."""
    unobserved: Array
    """Whether it is of a kind that is seen in use, and was not."""
    only_observed: Array
    into_passing: Array
    """Whether it leads to an ephemeral secret that cannot renew without limit."""
    scopes: Array
    """Number of its list of scopes in the masks, -1 for none."""
    guarded: Array
    guard: Array
    """Edge and guard (a place in ``Structure.guards``) of every guard on an edge."""


@dataclass(frozen=True, eq=False)
class ArcArrays:
    """All arcs: ends, the edges they rest on (-1 = no second), how they follow these, and whether they ignore scopes."""

    source: Array
    target: Array
    first: Array
    second: Array
    way: Array
    unscoped: Array


@dataclass(frozen=True, eq=False)
class OwnArrays:
    """Edges that are themselves a privilege: whose, on which target column, which actions, which edge."""

    node: Array
    column: Array
    bits: Array
    edge: Array


@dataclass(eq=False)
class Structure:
    """An estate in arrays: all that the fixpoint and the scores need to know of it.

    What is said about nodes and edges in words is looked up in :attr:`estate`, which may be loaded only when it is asked for
    (:mod:`graphinv.analyze.snapshot`).
    """

    keys: list[NodeKey]
    """All nodes, sorted; a node's place is its number."""
    targets: Array
    """Node numbers of the targets, in the order of their keys; a target's place here is its column."""
    masks: Masks
    nodes: NodeArrays
    edges: EdgeArrays
    arcs: ArcArrays
    own: OwnArrays
    guards: list[str]
    """Ids of enforcement points that stand on some edge."""
    points: dict[str, Props]
    """Properties of those that are in the estate."""
    load: Callable[[], Estate] = field(repr=False)
    looked: Looked | None = field(default=None, repr=False)
    """Single nodes and edges, where these can be had without the estate."""

    @classmethod
    def of(cls, estate: Estate) -> Structure:
        """O(nodes + edges + pairs of CONNECTS_TO and PROVIDES that meet)."""
        from graphinv.analyze.reading import structure_of

        return structure_of(estate)

    @cached_property
    def estate(self) -> Estate:
        """What it was made of."""
        return self.load()

    @property
    def records(self) -> Records:
        """Its nodes and edges for those who need a few of them."""
        return self.estate if self.looked is None or "estate" in self.__dict__ else self.looked

    @cached_property
    def number(self) -> dict[NodeKey, int]:
        """Number of each node."""
        return {key: number for number, key in enumerate(self.keys)}

    @cached_property
    def column(self) -> dict[int, int]:
        """Column of each target, by its number."""
        return {node: column for column, node in enumerate(self.targets.tolist())}

    @cached_property
    def kinds(self) -> Array:
        """Number of each node's kind (:data:`graphinv.analyze.arcs.KIND_NUMBER`)."""
        return np.array([KIND_NUMBER[kind] for kind, _ in self.keys], dtype=np.int8)

    @property
    def size(self) -> int:
        """Number of nodes."""
        return len(self.keys)

    def of_kind(self, kind: str) -> Array:
        """Numbers of the nodes of one kind, in the order of their ids."""
        return np.flatnonzero(self.kinds == KIND_NUMBER[kind])

    def node(self, key: NodeKey) -> int:
        """Number of a node.

        Raises:
            NotFound: it is not in the estate.
        """
        try:
            return self.number[key]
        except KeyError:
            raise NotFound(f"{key[0]}:{key[1]} is not in the graph") from None

    def find(self, name: str, kind: str | None = None) -> NodeKey:
        """The node that ``name`` means, as :meth:`Estate.find` says; ids are found without the estate.

        Raises:
            NotFound, Ambiguous: nothing, or several things, have that name.
        """
        prefix, colon, rest = name.partition(":")
        if colon and (prefix, rest) in self.number:
            return prefix, rest
        found = [(one, name) for one in KIND_NUMBER if (kind is None or one == kind) and (one, name) in self.number]
        if len(found) == 1:
            return found[0]
        if self.looked is None:
            return self.estate.find(name, kind)
        return meant(name, (key for key in self.looked.called(name) if kind is None or key[0] == kind))

    def find_target(self, name: str) -> NodeKey:
        """The same for what can be acted on. Of other kinds it would be wrong to say that nobody reaches them.

        Raises:
            NotFound, Ambiguous: as :meth:`find`.
            UsageError: it is of another kind.
        """
        found = self.find(name)
        if found[0] not in TARGET_KINDS:
            raise UsageError(f"{found[0]}:{found[1]} is no target; privileges are on {' and '.join(f'{kind}s' for kind in TARGET_KINDS)}")
        return found

    def column_of(self, key: NodeKey) -> int | None:
        """Column of a target, or None where no edge makes it one."""
        return self.column.get(self.number.get(key, -1))

    def project(self, lens: Lens, at: str) -> Arcs:
        """The arcs in force under ``lens`` at time ``at``. O(arcs), vectorised.

        Raises:
            UsageError: no such lens, or ``at`` is no time.
        """
        if lens not in LENSES:
            raise UsageError(f"no lens {lens!r}; one of {', '.join(LENSES)}")
        moment, arcs = micros(at), self.arcs
        alive = self.nodes.dead_from > moment
        holds = (self.edges.starts <= moment) & (moment < self.edges.ends)
        if lens == "standing":
            holds &= ~self.edges.bounded & ~self.edges.into_passing
        elif lens == "observed":
            holds &= ~self.edges.unobserved
        elif lens == "declared":
            holds &= ~self.edges.only_observed
        scoped, unscoped = self._edge_masks(lens, holds)
        keep = holds[arcs.first] & (holds[arcs.second] | (arcs.second < 0)) & alive[arcs.target]
        rows = [row[keep] for row in (arcs.source, arcs.target, arcs.first, arcs.second, arcs.way)]
        mask = self._arc_masks(rows[2], rows[3], arcs.unscoped[keep], scoped, unscoped)
        blocked = np.array([self.masks.blocks(number) for number in range(len(self.masks.members))], dtype=bool)
        if blocked.any():
            opened = ~np.append(blocked, False)[mask]
            rows, mask = [row[opened] for row in rows], mask[opened]
        return Arcs(
            self,
            lens,
            str(normal_time(at)),
            rows[0],
            rows[1],
            mask,
            rows[2],
            rows[3],
            rows[4],
            *self._project_own(holds, alive, scoped),
        )

    def moments(self, first: int, last: int) -> list[int]:
        """When something starts or ends after ``first`` and until ``last``, in microseconds since 1970, ascending."""
        times = np.unique(np.concatenate([self.edges.starts, self.edges.ends, self.nodes.dead_from]))
        found: list[int] = times[(times > first) & (times <= last)].tolist()
        return found

    def turning(self, moment: int) -> list[tuple[int, bool]]:
        """Edges, by index, that start (true) or end (false) at ``moment``."""
        starting, ending = np.flatnonzero(self.edges.starts == moment), np.flatnonzero(self.edges.ends == moment)
        return [*((index, True) for index in starting.tolist()), *((index, False) for index in ending.tolist())]

    def expiring(self, moment: int) -> Array:
        """Numbers of the secrets that go out of service at ``moment``."""
        return np.flatnonzero(self.nodes.dead_from == moment)

    def _edge_masks(self, lens: Lens, holds: Array) -> tuple[Array, Array]:
        """Mask of every edge with its scopes, and without them; takes out of ``holds`` what a guard stops under ``lens``."""
        scopes = self.edges.scopes
        scoped = np.full(len(holds), -1, dtype=np.int32)
        with_scopes = np.flatnonzero(scopes >= 0)
        lists, place = np.unique(scopes[with_scopes], return_inverse=True)
        scoped[with_scopes] = np.array([self.masks.mask_of((number,)) for number in lists.tolist()], dtype=np.int32)[place]
        unscoped = np.full(len(holds), -1, dtype=np.int32)
        if lens not in ("ungoverned", "runtime"):
            return scoped, unscoped
        for number, guard in enumerate(self.guards):
            props = self.points.get(guard, {})
            if props.get("mode") != "enforce":
                continue  # only monitors, is off, states no mode, or is not known
            edges = self.edges.guarded[self.edges.guard == number]
            if lens == "ungoverned" or props.get("effect") in ("deny", "step_up"):
                holds[edges] = False
            elif props.get("effect") == "evaluate" and props.get("allows") is not None:
                allowed = self.masks.mask_of((self.masks.list_of(props["allows"]),))
                for mask in (scoped, unscoped):
                    distinct, at = np.unique(mask[edges], return_inverse=True)
                    mask[edges] = np.array([self.masks.both(one, allowed) for one in distinct.tolist()], dtype=np.int32)[at]
        return scoped, unscoped

    def _arc_masks(self, first: Array, second: Array, ignores: Array, scoped: Array, unscoped: Array) -> Array:
        mask = np.where(ignores, unscoped[first], scoped[first])
        other = np.where(second >= 0, scoped[second], -1) if len(scoped) else np.full(len(second), -1, dtype=np.int32)
        mask = np.where(mask < 0, other, mask)
        both = np.flatnonzero((other >= 0) & (mask != other))
        if len(both):
            pairs, inverse = np.unique(np.stack([mask[both], other[both]]), axis=1, return_inverse=True)
            joined = np.array([self.masks.both(one, two) for one, two in pairs.T.tolist()], dtype=np.int32)
            mask[both] = joined[inverse.reshape(-1)]
        return mask.astype(np.int32)

    def _project_own(self, holds: Array, alive: Array, scoped: Array) -> tuple[Array, Array, Array, Array]:
        own = self.own
        keep = holds[own.edge] & alive[self.targets[own.column]]
        node, column, edge, bits = (row[keep] for row in (own.node, own.column, own.edge, own.bits))
        mask = scoped[edge]
        masked = np.flatnonzero(mask >= 0)
        masked = masked[np.argsort(mask[masked], kind="stable")]
        starts = np.flatnonzero(np.diff(mask[masked], prepend=-1))
        for group in np.split(masked, starts[1:]):
            if len(group):
                bits[group] &= self.masks.at(int(mask[group[0]]), column[group])
        left = bits > 0
        return node[left], column[left], bits[left], edge[left]


def project(estate: Estate, lens: Lens, at: str) -> Arcs:
    """Arcs and own atoms of ``estate`` under ``lens`` at ``at``; a :class:`Structure` serves several lenses more cheaply."""
    return Structure.of(estate).project(lens, at)
