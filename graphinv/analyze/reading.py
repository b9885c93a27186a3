"""From an estate to its :class:`~graphinv.analyze.structure.Structure`: rules 1 to 6 of the semantics, whatever the lens and the time."""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from graphinv.analyze.arcs import BACKWARD, FORWARD, MEANS
from graphinv.analyze.scopes import ACTION_BIT, Array, Masks, action_bits
from graphinv.analyze.structure import SENSITIVITIES, ArcArrays, EdgeArrays, NodeArrays, OwnArrays, Structure
from graphinv.model.estate import OUT, Estate
from graphinv.model.facts import NodeKey, Props
from graphinv.model.kinds import EDGE_KINDS
from graphinv.model.moments import EVER, micros

_MOVING = frozenset(kind for kind, model in EDGE_KINDS.items() if model.moves_authority)
_PLAIN = frozenset({"RUNS_AS", "HOLDS", "AUTHENTICATES_AS", "ASSUMES", "MEMBER_OF", "USES", "CALLS_BACK"})
_SEEN_IN_USE = frozenset({"USES", "CONNECTS_TO", "DELEGATES_TO", "CALLS_BACK", "CAN_ACCESS"})
_CALLER = frozenset({"on_behalf_of", "passthrough"})
_KIND_NUMBER = {kind: number for number, kind in enumerate(EDGE_KINDS)}
_SENSITIVITY = {name: number for number, name in enumerate(SENSITIVITIES)}


def structure_of(estate: Estate) -> Structure:
    """The structure of ``estate``. O(nodes + edges + pairs of CONNECTS_TO and PROVIDES that meet)."""
    return _Reader(estate).structure()


class _Reader:
    """The edges in arrays, and what is gathered from them.

    What is stated of an edge is looked at once for all edges of which the same is stated (which share their ``props``).
    """

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.keys: list[NodeKey] = sorted(estate.nodes)
        self.number: dict[NodeKey, int] = {key: number for number, key in enumerate(self.keys)}
        edges, count = estate.edges, len(estate.edges)
        self.kind = np.fromiter((_KIND_NUMBER[edge.kind] for edge in edges), np.int8, count)
        self.source = np.fromiter((self.number[edge.source] for edge in edges), np.int32, count)
        self.target = np.fromiter((self.number[edge.target] for edge in edges), np.int32, count)
        self.different: dict[int, Props] = {id(edge.props): edge.props for edge in edges}
        place = {one: number for number, one in enumerate(self.different)}
        self.told = np.fromiter((place[id(edge.props)] for edge in edges), np.int32, count)
        """Place in ``different`` of what is stated of each."""
        self.targets = np.unique(self.target[self.of("CAN_ACCESS", "HOLDS")])
        self.masks = Masks([self.keys[node][1] for node in self.targets.tolist()])
        size = len(self.keys)
        self.passing = np.zeros(size, dtype=bool)
        self.nodes = NodeArrays(
            dead_from=np.full(size, EVER, dtype=np.int64),
            sensitivity=np.full(size, _SENSITIVITY["unknown"], dtype=np.int8),
            crown_jewel=np.zeros(size, dtype=bool),
        )
        self.guards: dict[str, int] = {}
        self.rows: tuple[array[int], ...] = tuple(array("i") for _ in range(6))

    def of(self, *kinds: str) -> Array:
        """For each edge whether it is of one of ``kinds``."""
        return np.isin(self.kind, [_KIND_NUMBER[kind] for kind in kinds])

    def structure(self) -> Structure:
        self.read_nodes()
        told = self.read_props()
        edges = self.read_bounds(told)
        own = self.read_own(told)
        arcs = self.read_arcs(told)
        self.join()
        joined = (np.array(row, dtype=np.int32) for row in self.rows)
        source, target, first, second, way, unscoped = (np.concatenate(pair) for pair in zip(arcs, joined, strict=True))
        known = self.estate.nodes
        return Structure(
            keys=self.keys,
            targets=self.targets.astype(np.int32),
            masks=self.masks,
            nodes=self.nodes,
            edges=edges,
            arcs=ArcArrays(source, target, first, second, way.astype(np.int8), unscoped.astype(bool)),
            own=own,
            guards=list(self.guards),
            points={id: known["EnforcementPoint", id].stated for id in self.guards if ("EnforcementPoint", id) in known},
            load=lambda: self.estate,
        )  # fmt: skip

    def read_nodes(self) -> None:
        """When a node goes out of service, whether it is an ephemeral secret that cannot renew without limit, what harm to it means."""
        for number, key in enumerate(self.keys):
            props = self.estate.nodes[key].props
            if key[0] in ("Agent", "Workflow"):
                if props.get("status") in OUT:
                    self.nodes.dead_from[number] = -EVER
            elif key[0] == "Resource":
                self.nodes.sensitivity[number] = _SENSITIVITY[props.get("sensitivity") or "unknown"]
                self.nodes.crown_jewel[number] = bool(props.get("crown_jewel"))
            elif key[0] == "Secret":
                self.nodes.dead_from[number] = _dead_from(props)
                self.passing[number] = props.get("lifetime") == "ephemeral" and (
                    not props.get("renewable") or props.get("max_life_seconds") is not None
                )

    def read_props(self) -> _Told:
        """What is stated of edges that move authority, each once."""
        moving = np.zeros(len(self.different), dtype=bool)
        moving[self.told[self.of(*_MOVING)]] = True
        guarded: list[tuple[int, int]] = []
        rows = []
        for number, (props, moves) in enumerate(zip(self.different.values(), moving.tolist(), strict=True)):
            rows.append(self.read_one(props) if moves else _NOTHING)
            if moves:
                guarded += ((number, self.guards.setdefault(guard, len(self.guards))) for guard in props.get("guards") or ())
        columns: Iterable[Sequence[Any]] = zip(*rows, strict=True) if rows else [() for _ in _NOTHING]
        arrays: list[Array] = [np.array(column, dtype=kind) for column, kind in zip(columns, _TYPES, strict=True)]
        return _Told._make([*arrays, np.array(guarded, dtype=np.int32).reshape(-1, 2)])

    def read_one(self, props: Props) -> tuple[Any, ...]:
        get = props.get
        start, end, scopes, mode = (get(name) for name in ("valid_from", "valid_until", "scopes", "mode"))
        evidence: Sequence[str] = get("evidence") or ()
        bounded = end is not None and not get("renewable")
        return (
            -EVER if start is None else micros(start),
            micros(end) if bounded else EVER,
            bounded,
            "observed" in evidence,
            len(evidence) > 0 and all(item == "observed" for item in evidence),
            -1 if scopes is None else self.masks.list_of(scopes),
            action_bits(get("actions") or ()),
            bool(get("isolated")),
            mode in _CALLER,
            mode == "passthrough",
        )

    def read_bounds(self, told: _Told) -> EdgeArrays:
        moving = self.of(*_MOVING)
        order = np.argsort(self.told, kind="stable")
        edges = order[moving[order]]  # those of which the same is stated, together
        first, last = (np.searchsorted(self.told[edges], told.guarded[:, 0], side) for side in ("left", "right"))
        guarded = np.concatenate([edges[start:end] for start, end in zip(first, last, strict=True)] or [edges[:0]])
        guard = np.repeat(told.guarded[:, 1], last - first)
        by_edge = np.argsort(guarded, kind="stable")
        return EdgeArrays(
            starts=np.where(moving, told.starts[self.told], -EVER),
            ends=np.where(moving, told.ends[self.told], EVER),
            bounded=moving & told.bounded[self.told],
            unobserved=self.of(*_SEEN_IN_USE) & ~told.observed[self.told],
            only_observed=moving & told.only_observed[self.told],
            into_passing=moving & self.passing[self.target],
            scopes=np.where(moving, told.scopes[self.told], -1).astype(np.int32),
            guarded=guarded[by_edge].astype(np.int32),
            guard=guard[by_edge].astype(np.int32),
        )

    def read_own(self, told: _Told) -> OwnArrays:
        """Rule 5: what is a privilege itself."""
        held = self.of("HOLDS")
        edge = np.flatnonzero(held | self.of("CAN_ACCESS"))
        bits = np.where(held[edge], ACTION_BIT["read"], told.bits[self.told[edge]])
        column = np.searchsorted(self.targets, self.target[edge])
        return OwnArrays(self.source[edge], column.astype(np.int32), bits.astype(np.uint8), edge.astype(np.int32))

    def read_arcs(self, told: _Told) -> tuple[Array, ...]:
        """Arcs that rest on one edge, in the order of the edges: ends, edge, no second one, way, and whether they ignore scopes."""
        secret = np.array([kind == "Secret" for kind, _ in self.keys], dtype=bool)[self.target]
        access = self.of("CAN_ACCESS") & secret & (told.bits[self.told] & ACTION_BIT["read"] > 0)
        forward = self.of(*_PLAIN, "DELEGATES_TO", "PROVIDES") | (self.of("RUNS_ON") & ~told.isolated[self.told]) | access
        backward = self.of("DELEGATES_TO") & told.caller[self.told]
        edge = np.concatenate([np.flatnonzero(forward), np.flatnonzero(backward)]).astype(np.int32)
        back = np.arange(len(edge)) >= np.count_nonzero(forward)
        order = np.lexsort((back, edge))
        edge, back = edge[order], back[order]
        source, target = self.source[edge], self.target[edge]
        return (
            np.where(back, target, source),
            np.where(back, source, target),
            edge,
            np.full(len(edge), -1, dtype=np.int32),
            np.where(back, BACKWARD, FORWARD),
            back & told.through[self.told[edge]],
        )

    def add(self, source: int, target: int, first: int, second: int = -1, way: int = FORWARD) -> None:
        for row, value in zip(self.rows, (source, target, first, second, way, False), strict=True):
            row.append(value)

    def join(self) -> None:
        """Arcs that follow from two edges."""
        provides: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for index in np.flatnonzero(self.of("PROVIDES")).tolist():
            provides[int(self.source[index])].append((index, int(self.target[index])))
        means: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        for index in np.flatnonzero(self.of("RUNS_AS", "HOLDS", "RUNS_ON")).tolist():
            edge = self.estate.edges[index]
            if edge.source[0] == "ToolServer" and (edge.kind != "RUNS_ON" or not edge.props.get("isolated")):
                means[int(self.source[index])].append((index, int(self.target[index])))
        self.join_connections(provides)
        self.join_means(provides, means, set(self.source[self.of("CAN_ACCESS")].tolist()))

    def join_connections(self, provides: Mapping[int, list[tuple[int, int]]]) -> None:
        """Rule 3: whoever connects to a server can use the tools it provides, or the server where it is known to provide none."""
        for index in np.flatnonzero(self.of("CONNECTS_TO")).tolist():
            source, server, tools = int(self.source[index]), int(self.target[index]), self.estate.edges[index].props.get("tools")
            provided = provides.get(server)
            if not provided:
                self.add(source, server, index)
                continue
            listed = None if tools is None else frozenset(tools)
            for other, tool in provided:
                if listed is None or self.keys[tool][1] in listed or self.estate.nodes[self.keys[tool]].name in listed:
                    self.add(source, tool, index, other)

    def join_means(
        self, provides: Mapping[int, list[tuple[int, int]]], means: Mapping[int, list[tuple[int, int]]], knowing: set[int]
    ) -> None:
        """Rule 4: a tool of unknown effect, or one that executes what it is given, acts with its server's means."""
        for server, provided in provides.items():
            for index, tool in provided if server in means else ():
                if tool not in knowing or "execute" in (self.estate.nodes[self.keys[tool]].props.get("effects") or ()):
                    for other, target in means[server]:
                        self.add(tool, target, index, other, MEANS)


class _Told(NamedTuple):
    """What decides of what is stated of edges; :data:`_NOTHING` where they move no authority."""

    starts: Array
    ends: Array
    bounded: Array
    observed: Array
    only_observed: Array
    scopes: Array
    """Number of its list of scopes in the masks, -1 for none."""
    bits: Array
    """Of its actions."""
    isolated: Array
    caller: Array
    """Whether who is asked acts with the authority of who asks."""
    through: Array
    """Whether without its scopes."""
    guarded: Array
    """Pairs of a place and a guard."""


_TYPES = (np.int64, np.int64, np.bool_, np.bool_, np.bool_, np.int32, np.uint8, np.bool_, np.bool_, np.bool_)
_NOTHING = (-EVER, EVER, False, False, False, -1, 0, False, False, False)


def _dead_from(secret: Props) -> int:
    """From when a secret is out of service."""
    ends = [EVER]
    if secret.get("expires_at") is not None and not secret.get("renewable"):
        ends.append(micros(secret["expires_at"]))
    if secret.get("issued_at") is not None and secret.get("max_life_seconds") is not None:
        ends.append(micros(secret["issued_at"]) + int(secret["max_life_seconds"]) * 1_000_000)
    return min(ends)
