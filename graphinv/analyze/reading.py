"""From an estate to its :class:`~graphinv.analyze.structure.Structure`: rules 1 to 6 of the semantics, whatever the lens and the time."""

from __future__ import annotations

from array import array
from collections import defaultdict
from dataclasses import replace

import numpy as np

from graphinv.analyze.arcs import BACKWARD, FORWARD, MEANS, micros
from graphinv.analyze.scopes import ACTION_BIT, Masks, action_bits
from graphinv.analyze.structure import EVER, SENSITIVITIES, ArcArrays, EdgeArrays, NodeArrays, OwnArrays, Structure
from graphinv.model.estate import EdgeRecord, Estate
from graphinv.model.facts import NodeKey, Props
from graphinv.model.kinds import EDGE_KINDS

_MOVING = frozenset(kind for kind, model in EDGE_KINDS.items() if model.moves_authority)
_PLAIN = frozenset({"RUNS_AS", "HOLDS", "AUTHENTICATES_AS", "ASSUMES", "MEMBER_OF", "USES", "CALLS_BACK"})
_SEEN_IN_USE = frozenset({"USES", "CONNECTS_TO", "DELEGATES_TO", "CALLS_BACK", "CAN_ACCESS"})
_CALLER = frozenset({"on_behalf_of", "passthrough"})
_OUT = frozenset({"suspended", "retired"})
_SENSITIVITY = {name: number for number, name in enumerate(SENSITIVITIES)}


def structure_of(estate: Estate) -> Structure:
    """The structure of ``estate``. O(nodes + edges + pairs of CONNECTS_TO and PROVIDES that meet)."""
    return _Reader(estate).structure()


class _Reader:
    """What is gathered while the edges go by."""

    def __init__(self, estate: Estate) -> None:
        self.estate = estate
        self.keys: list[NodeKey] = sorted(estate.nodes)
        self.number: dict[NodeKey, int] = {key: number for number, key in enumerate(self.keys)}
        self.targets = sorted({self.number[edge.target] for edge in estate.edges if edge.kind in ("CAN_ACCESS", "HOLDS")})
        self.column = {node: column for column, node in enumerate(self.targets)}
        self.masks = Masks([self.keys[node][1] for node in self.targets])
        size, count = len(self.keys), len(estate.edges)
        self.passing = np.zeros(size, dtype=bool)
        self.nodes = NodeArrays(
            dead_from=np.full(size, EVER, dtype=np.int64),
            sensitivity=np.full(size, _SENSITIVITY["unknown"], dtype=np.int8),
            crown_jewel=np.zeros(size, dtype=bool),
        )
        self.edges = EdgeArrays(
            starts=np.full(count, -EVER, dtype=np.int64),
            ends=np.full(count, EVER, dtype=np.int64),
            bounded=np.zeros(count, dtype=bool),
            unobserved=np.zeros(count, dtype=bool),
            only_observed=np.zeros(count, dtype=bool),
            into_passing=np.zeros(count, dtype=bool),
            scopes=np.full(count, -1, dtype=np.int32),
            guarded=np.zeros(0, dtype=np.int32),
            guard=np.zeros(0, dtype=np.int32),
        )
        self.guards: dict[str, int] = {}
        self.guarded: tuple[array[int], array[int]] = (array("i"), array("i"))
        self.rows: tuple[array[int], ...] = tuple(array("i") for _ in range(6))
        self.own: tuple[array[int], ...] = tuple(array("i") for _ in range(4))
        self.provides: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)
        self.means: defaultdict[int, list[tuple[int, int]]] = defaultdict(list)

    def structure(self) -> Structure:
        self.read_nodes()
        self.read_edges()
        source, target, first, second, way, unscoped = (np.array(row, dtype=np.int32) for row in self.rows)
        node, column, edge, bits = (np.array(row, dtype=np.int32) for row in self.own)
        guarded, guard = (np.array(row, dtype=np.int32) for row in self.guarded)
        known = self.estate.nodes
        return Structure(
            keys=self.keys,
            targets=np.array(self.targets, dtype=np.int32),
            masks=self.masks,
            nodes=self.nodes,
            edges=replace(self.edges, guarded=guarded, guard=guard),
            arcs=ArcArrays(source, target, first, second, way.astype(np.int8), unscoped.astype(bool)),
            own=OwnArrays(node, column, bits.astype(np.uint8), edge),
            guards=list(self.guards),
            points={id: dict(known["EnforcementPoint", id].props) for id in self.guards if ("EnforcementPoint", id) in known},
            load=lambda: self.estate,
        )  # fmt: skip

    def read_nodes(self) -> None:
        """When a node goes out of service, whether it is an ephemeral secret that cannot renew without limit, what harm to it means."""
        for number, key in enumerate(self.keys):
            props = self.estate.nodes[key].props
            if key[0] in ("Agent", "Workflow"):
                if props.get("status") in _OUT:
                    self.nodes.dead_from[number] = -EVER
            elif key[0] == "Resource":
                self.nodes.sensitivity[number] = _SENSITIVITY[props.get("sensitivity") or "unknown"]
                self.nodes.crown_jewel[number] = bool(props.get("crown_jewel"))
            elif key[0] == "Secret":
                self.nodes.dead_from[number] = _dead_from(props)
                self.passing[number] = props.get("lifetime") == "ephemeral" and (
                    not props.get("renewable") or props.get("max_life_seconds") is not None
                )

    def read_edges(self) -> None:
        connects: list[tuple[int, int, int, list[str] | None]] = []
        knowing: set[int] = set()
        for index, edge in enumerate(self.estate.edges):
            if edge.kind not in _MOVING:
                continue
            source, target = self.number[edge.source], self.number[edge.target]
            self.read_bounds(index, edge, target)
            if edge.kind in _PLAIN:
                self.add(source, target, index)
            if edge.kind == "CAN_ACCESS":
                knowing.add(source)
                self.read_access(index, edge, source, target)
            elif edge.kind == "HOLDS":
                self.add_own(source, target, ACTION_BIT["read"], index)
            elif edge.kind == "DELEGATES_TO":
                self.read_delegation(index, edge, source, target)
            elif edge.kind == "RUNS_ON":
                if not edge.props.get("isolated"):
                    self.add(source, target, index)
            elif edge.kind == "CONNECTS_TO":
                connects.append((index, source, target, edge.props.get("tools")))
            elif edge.kind == "PROVIDES":
                self.add(source, target, index)
                self.provides[source].append((index, target))
            if edge.source[0] == "ToolServer" and (
                edge.kind in ("RUNS_AS", "HOLDS") or (edge.kind == "RUNS_ON" and not edge.props.get("isolated"))
            ):
                self.means[source].append((index, target))
        self.join_connections(connects)
        self.join_means(knowing)

    def read_bounds(self, index: int, edge: EdgeRecord, target: int) -> None:
        props = edge.props
        get = props.get
        if (start := get("valid_from")) is not None:
            self.edges.starts[index] = micros(start)
        if (end := get("valid_until")) is not None and not get("renewable"):
            self.edges.ends[index] = micros(end)
            self.edges.bounded[index] = True
        evidence = get("evidence") or ()
        self.edges.unobserved[index] = edge.kind in _SEEN_IN_USE and "observed" not in evidence
        self.edges.only_observed[index] = len(evidence) > 0 and all(item == "observed" for item in evidence)
        self.edges.into_passing[index] = self.passing[target]
        if (scopes := get("scopes")) is not None:
            self.edges.scopes[index] = self.masks.list_of(scopes)
        if guards := get("guards"):
            for guard in guards:
                self.guarded[0].append(index)
                self.guarded[1].append(self.guards.setdefault(guard, len(self.guards)))

    def add(self, source: int, target: int, first: int, second: int = -1, way: int = FORWARD, *, unscoped: bool = False) -> None:
        for row, value in zip(self.rows, (source, target, first, second, way, unscoped), strict=True):
            row.append(value)

    def add_own(self, node: int, target: int, bits: int, edge: int) -> None:
        for row, value in zip(self.own, (node, self.column[target], edge, bits), strict=True):
            row.append(value)

    def read_access(self, index: int, edge: EdgeRecord, source: int, target: int) -> None:
        bits = action_bits(edge.props.get("actions") or ())
        self.add_own(source, target, bits, index)
        if edge.target[0] == "Secret" and bits & ACTION_BIT["read"]:
            self.add(source, target, index)

    def read_delegation(self, index: int, edge: EdgeRecord, source: int, target: int) -> None:
        self.add(source, target, index)
        mode = edge.props.get("mode")
        if mode in _CALLER:
            self.add(target, source, index, way=BACKWARD, unscoped=mode == "passthrough")

    def join_connections(self, connects: list[tuple[int, int, int, list[str] | None]]) -> None:
        """Rule 3: whoever connects to a server can use the tools it provides, or the server where it is known to provide none."""
        for index, source, server, tools in connects:
            provided = self.provides.get(server)
            if not provided:
                self.add(source, server, index)
                continue
            listed = None if tools is None else frozenset(tools)
            for other, tool in provided:
                if listed is None or self.keys[tool][1] in listed or self.estate.nodes[self.keys[tool]].name in listed:
                    self.add(source, tool, index, other)

    def join_means(self, knowing: set[int]) -> None:
        """Rule 4: a tool of unknown effect, or one that executes what it is given, acts with its server's means."""
        for server, provided in self.provides.items():
            means = self.means.get(server)
            if not means:
                continue
            for index, tool in provided:
                if tool not in knowing or "execute" in (self.estate.nodes[self.keys[tool]].props.get("effects") or ()):
                    for other, target in means:
                        self.add(tool, target, index, other, MEANS)


def _dead_from(secret: Props) -> int:
    """From when a secret is out of service."""
    ends = [EVER]
    if secret.get("expires_at") is not None and not secret.get("renewable"):
        ends.append(micros(secret["expires_at"]))
    if secret.get("issued_at") is not None and secret.get("max_life_seconds") is not None:
        ends.append(micros(secret["issued_at"]) + int(secret["max_life_seconds"]) * 1_000_000)
    return min(ends)
