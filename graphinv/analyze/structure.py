"""The structure of an estate: every arc that some lens or time may have, once per estate.

Which tools a server provides at all, and which tools nothing is known about, must not depend on lens or time, so that these only ever
remove reach. :func:`graphinv.analyze.arcs.project` decides, edge by edge, what is in force and what passes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import get_args

import numpy as np

from graphinv.analyze.records import Looked
from graphinv.analyze.scopes import Array, Masks
from graphinv.model.errors import NotFound, UsageError
from graphinv.model.estate import Estate, Records, meant
from graphinv.model.facts import NodeKey, Props
from graphinv.model.kinds import NODE_KINDS, Sensitivity

TARGET_KINDS = ("Resource", "Secret")
"""Kinds of what can be acted on."""

SENSITIVITIES: tuple[str, ...] = get_args(Sensitivity)
"""By number, as :attr:`NodeArrays.sensitivity` holds them."""

KIND_NUMBER: dict[str, int] = {kind: number for number, kind in enumerate(NODE_KINDS)}
"""By number, as :attr:`Structure.kinds` holds them."""


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
    (:mod:`graphinv.analyze.kept`).
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
