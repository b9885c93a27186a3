"""Arcs: the facts of an estate as "u can exercise v's authority", under one lens at one time.

:class:`Structure` holds every arc that some lens or time may have, once per estate (rules 1 to 6 of the semantics: which tools a server
provides at all, and which tools nothing is known about, must not depend on lens or time, so that these only ever remove reach).
:meth:`Structure.project` then decides, edge by edge, what is in force and what passes, in numpy.

A node is its own subject whatever its status, so an edge that leaves a retired agent still counts for that agent; nothing that is out of
service is passed through, so no arc leads to it.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property

import numpy as np

from graphinv.analyze.scopes import ACTION_BIT, Array, Masks, MaskTable, action_bits
from graphinv.model.errors import NotFound, UsageError
from graphinv.model.estate import EdgeRecord, Estate
from graphinv.model.facts import NodeKey, Props
from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS, normal_time
from graphinv.model.results import LENSES, Lens

KIND_NUMBER: dict[str, int] = {kind: number for number, kind in enumerate(NODE_KINDS)}

FORWARD, BACKWARD, MEANS = 0, 1, 2
"""How an arc follows its edges: along them, against its one edge, or against the first (PROVIDES) and along the second."""

_MOVING = frozenset(kind for kind, model in EDGE_KINDS.items() if model.moves_authority)
_PLAIN = frozenset({"RUNS_AS", "HOLDS", "AUTHENTICATES_AS", "ASSUMES", "MEMBER_OF", "USES", "CALLS_BACK"})
_SEEN_IN_USE = frozenset({"USES", "CONNECTS_TO", "DELEGATES_TO", "CALLS_BACK", "CAN_ACCESS"})
_CALLER = frozenset({"on_behalf_of", "passthrough"})
_OUT = frozenset({"suspended", "retired"})
_EVER = 2**62
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def micros(time: str) -> int:
    """Microseconds since 1970 of an ISO 8601 time, exactly.

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
        keep = ~np.isin(self.structure.kinds[self.target], [KIND_NUMBER[kind] for kind in kinds])
        return Arcs(
            self.structure,
            self.lens,
            self.at,
            self.source[keep],
            self.target[keep],
            self.mask[keep],
            self.first[keep],
            self.second[keep],
            self.way[keep],
            self.own_node,
            self.own_column,
            self.own_bits,
            self.own_edge,
        )


class Structure:
    """Every arc of ``estate`` that a lens or time may keep. O(nodes + edges + pairs of CONNECTS_TO and PROVIDES that meet)."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.keys: list[NodeKey] = sorted(estate.nodes)
        self.number: dict[NodeKey, int] = {key: number for number, key in enumerate(self.keys)}
        self.size = len(self.keys)
        self.kinds = np.array([KIND_NUMBER[key[0]] for key in self.keys], dtype=np.int8)
        columns = sorted({self.number[edge.target] for edge in estate.edges if edge.kind in ("CAN_ACCESS", "HOLDS")})
        self.targets = np.array(columns, dtype=np.int32)
        """Node numbers of the targets, in the order of their keys; a target's place here is its column."""
        self.column: dict[int, int] = {node: column for column, node in enumerate(columns)}
        self.masks = Masks([self.keys[node][1] for node in columns])
        self._read_nodes()
        self._read_edges()

    def node(self, key: NodeKey) -> int:
        """Number of a node.

        Raises:
            NotFound: it is not in the estate.
        """
        try:
            return self.number[key]
        except KeyError:
            raise NotFound(f"{key[0]}:{key[1]} is not in the graph") from None

    def column_of(self, key: NodeKey) -> int | None:
        """Column of a target, or None where no edge makes it one."""
        return self.column.get(self.number.get(key, -1))

    # ----------------------------------------------------------------------------------------------------------------------------

    def _read_nodes(self) -> None:
        """When a node goes out of service, and whether it is an ephemeral secret that cannot renew without limit."""
        self._dead_from = np.full(self.size, _EVER, dtype=np.int64)
        self._passing = np.zeros(self.size, dtype=bool)
        for number, key in enumerate(self.keys):
            props = self.estate.nodes[key].props
            if key[0] in ("Agent", "Workflow"):
                if props.get("status") in _OUT:
                    self._dead_from[number] = -_EVER
            elif key[0] == "Secret":
                self._dead_from[number] = _dead_from(props)
                self._passing[number] = props.get("lifetime") == "ephemeral" and (
                    not props.get("renewable") or props.get("max_life_seconds") is not None
                )

    def _read_edges(self) -> None:
        edges = self.estate.edges
        count = len(edges)
        self._from = np.full(count, -_EVER, dtype=np.int64)
        self._until = np.full(count, _EVER, dtype=np.int64)
        self._bounded = np.zeros(count, dtype=bool)
        self._unobserved = np.zeros(count, dtype=bool)
        self._only_observed = np.zeros(count, dtype=bool)
        self._into_passing = np.zeros(count, dtype=bool)
        self._scopes = np.full(count, -1, dtype=np.int32)
        self._guarded: list[tuple[int, list[str]]] = []
        self._rows: list[array[int]] = [array("i") for _ in range(5)]
        self._own: list[array[int]] = [array("i") for _ in range(4)]
        self._ignores_scopes = array("b")
        self._provides: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        self._means: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        connects: list[tuple[int, int, int, list[str] | None]] = []
        knowing: set[int] = set()
        for index, edge in enumerate(edges):
            if edge.kind not in _MOVING:
                continue
            source, target = self.number[edge.source], self.number[edge.target]
            self._read_bounds(index, edge, target)
            if edge.kind in _PLAIN:
                self._add(source, target, index)
            if edge.kind == "CAN_ACCESS":
                knowing.add(source)
                self._read_access(index, edge, source, target)
            elif edge.kind == "HOLDS":
                self._add_own(source, target, ACTION_BIT["read"], index)
            elif edge.kind == "DELEGATES_TO":
                self._read_delegation(index, edge, source, target)
            elif edge.kind == "RUNS_ON":
                if not edge.props.get("isolated"):
                    self._add(source, target, index)
            elif edge.kind == "CONNECTS_TO":
                connects.append((index, source, target, edge.props.get("tools")))
            elif edge.kind == "PROVIDES":
                self._add(source, target, index)
                self._provides[source].append((index, target))
            if edge.source[0] == "ToolServer" and (
                edge.kind in ("RUNS_AS", "HOLDS") or (edge.kind == "RUNS_ON" and not edge.props.get("isolated"))
            ):
                self._means[source].append((index, target))
        self._join_connections(connects)
        self._join_means(knowing)
        source_, target_, first, second, way = (np.array(row, dtype=np.int32) for row in self._rows)
        self._source, self._target, self._first, self._second, self._way = source_, target_, first, second, way
        self._unscoped = np.array(self._ignores_scopes, dtype=bool)
        self._own_node, self._own_column, self._own_edge, own_bits = (np.array(row, dtype=np.int32) for row in self._own)
        self._own_bits = own_bits.astype(np.uint8)
        del self._rows, self._own, self._ignores_scopes, self._provides, self._means

    def _read_bounds(self, index: int, edge: EdgeRecord, target: int) -> None:
        props = edge.props
        get = props.get
        if (start := get("valid_from")) is not None:
            self._from[index] = micros(start)
        if (end := get("valid_until")) is not None and not get("renewable"):
            self._until[index] = micros(end)
            self._bounded[index] = True
        evidence = get("evidence") or ()
        self._unobserved[index] = edge.kind in _SEEN_IN_USE and "observed" not in evidence
        self._only_observed[index] = len(evidence) > 0 and all(item == "observed" for item in evidence)
        self._into_passing[index] = self._passing[target]
        if (scopes := get("scopes")) is not None:
            self._scopes[index] = self.masks.list_of(scopes)
        if guards := get("guards"):
            self._guarded.append((index, guards))

    def _add(self, source: int, target: int, first: int, second: int = -1, way: int = FORWARD, *, unscoped: bool = False) -> None:
        for row, value in zip(self._rows, (source, target, first, second, way), strict=True):
            row.append(value)
        self._ignores_scopes.append(unscoped)

    def _add_own(self, node: int, target: int, bits: int, edge: int) -> None:
        for row, value in zip(self._own, (node, self.column[target], edge, bits), strict=True):
            row.append(value)

    def _read_access(self, index: int, edge: EdgeRecord, source: int, target: int) -> None:
        bits = action_bits(edge.props.get("actions") or ())
        self._add_own(source, target, bits, index)
        if edge.target[0] == "Secret" and bits & ACTION_BIT["read"]:
            self._add(source, target, index)

    def _read_delegation(self, index: int, edge: EdgeRecord, source: int, target: int) -> None:
        self._add(source, target, index)
        mode = edge.props.get("mode")
        if mode in _CALLER:
            self._add(target, source, index, way=BACKWARD, unscoped=mode == "passthrough")

    def _join_connections(self, connects: list[tuple[int, int, int, list[str] | None]]) -> None:
        """Rule 3: whoever connects to a server can use the tools it provides, or the server where it is known to provide none."""
        for index, source, server, tools in connects:
            provided = self._provides.get(server)
            if not provided:
                self._add(source, server, index)
                continue
            listed = None if tools is None else frozenset(tools)
            for other, tool in provided:
                if listed is None or self.keys[tool][1] in listed or self.estate.nodes[self.keys[tool]].name in listed:
                    self._add(source, tool, index, other)

    def _join_means(self, knowing: set[int]) -> None:
        """Rule 4: a tool of unknown effect, or one that executes what it is given, acts with its server's means."""
        for server, provided in self._provides.items():
            means = self._means.get(server)
            if not means:
                continue
            for index, tool in provided:
                if tool not in knowing or "execute" in (self.estate.nodes[self.keys[tool]].props.get("effects") or ()):
                    for other, target in means:
                        self._add(tool, target, index, other, MEANS)

    # ----------------------------------------------------------------------------------------------------------------------------

    def project(self, lens: Lens, at: str) -> Arcs:
        """The arcs in force under ``lens`` at time ``at``. O(arcs), vectorised.

        Raises:
            UsageError: no such lens, or ``at`` is no time.
        """
        if lens not in LENSES:
            raise UsageError(f"no lens {lens!r}; one of {', '.join(LENSES)}")
        moment = micros(at)
        alive = self._dead_from > moment
        holds = (self._from <= moment) & (moment < self._until)
        if lens == "standing":
            holds &= ~self._bounded & ~self._into_passing
        elif lens == "observed":
            holds &= ~self._unobserved
        elif lens == "declared":
            holds &= ~self._only_observed
        scoped, unscoped = self._edge_masks(lens, holds)
        keep = holds[self._first] & (holds[self._second] | (self._second < 0)) & alive[self._target]
        rows = [row[keep] for row in (self._source, self._target, self._first, self._second, self._way)]
        mask = self._arc_masks(rows[2], rows[3], self._unscoped[keep], scoped, unscoped)
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
        times = np.unique(np.concatenate([self._from, self._until, self._dead_from]))
        found: list[int] = times[(times > first) & (times <= last)].tolist()
        return found

    def turning(self, moment: int) -> list[tuple[int, bool]]:
        """Edges, by index, that start (true) or end (false) at ``moment``."""
        starting, ending = np.flatnonzero(self._from == moment), np.flatnonzero(self._until == moment)
        return [*((index, True) for index in starting.tolist()), *((index, False) for index in ending.tolist())]

    def expiring(self, moment: int) -> Array:
        """Numbers of the secrets that go out of service at ``moment``."""
        return np.flatnonzero(self._dead_from == moment)

    def _edge_masks(self, lens: Lens, holds: Array) -> tuple[Array, Array]:
        """Mask of every edge with its scopes, and without them; takes out of ``holds`` what a guard stops under ``lens``."""
        scoped = np.full(len(holds), -1, dtype=np.int32)
        with_scopes = np.flatnonzero(self._scopes >= 0)
        of_list = {number: self.masks.mask_of((number,)) for number in np.unique(self._scopes[with_scopes]).tolist()}
        scoped[with_scopes] = [of_list[number] for number in self._scopes[with_scopes].tolist()]
        unscoped = np.full(len(holds), -1, dtype=np.int32)
        if lens not in ("ungoverned", "runtime"):
            return scoped, unscoped
        for index, guards in self._guarded:
            for guard in guards:
                props = self._enforcing(guard)
                if props is None:
                    continue
                if lens == "ungoverned" or props.get("effect") in ("deny", "step_up"):
                    holds[index] = False
                elif props.get("effect") == "evaluate" and props.get("allows") is not None:
                    allowed = self.masks.mask_of((self.masks.list_of(props["allows"]),))
                    scoped[index] = self.masks.both(int(scoped[index]), allowed)
                    unscoped[index] = self.masks.both(int(unscoped[index]), allowed)
        return scoped, unscoped

    def _enforcing(self, guard: str) -> Props | None:
        """Properties of an enforcement point that binds; None for one that only monitors, is off, states no mode or is not known."""
        node = self.estate.nodes.get(("EnforcementPoint", guard))
        return node.props if node is not None and node.props.get("mode") == "enforce" else None

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
        keep = holds[self._own_edge] & alive[self.targets[self._own_column]]
        node, column, edge, bits = (row[keep] for row in (self._own_node, self._own_column, self._own_edge, self._own_bits))
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
    return Structure(estate).project(lens, at)


def _dead_from(secret: Props) -> int:
    """From when a secret is out of service."""
    ends = [_EVER]
    if secret.get("expires_at") is not None and not secret.get("renewable"):
        ends.append(micros(secret["expires_at"]))
    if secret.get("issued_at") is not None and secret.get("max_life_seconds") is not None:
        ends.append(micros(secret["issued_at"]) + int(secret["max_life_seconds"]) * 1_000_000)
    return min(ends)


def _grouped(ends: Array, size: int) -> tuple[Array, Array]:
    pointers = np.zeros(size + 1, dtype=np.int64)
    np.cumsum(np.bincount(ends, minlength=size), out=pointers[1:])
    return pointers, np.argsort(ends, kind="stable").astype(np.int32)
