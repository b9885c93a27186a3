"""Rules about the shape of delegations: chains that are too deep, and circles."""

from __future__ import annotations

from collections import Counter, defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from graphinv.analyze.reaching import WORSE_BITS
from graphinv.analyze.rows import Params, Row, about, delegations, hop_of
from graphinv.model.estate import EdgeRecord, Estate, in_force, listed
from graphinv.model.facts import NodeKey
from graphinv.model.moments import micros
from graphinv.model.results import Hop
from graphinv.model.text import counted

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine


_SHOWN = 20
"""How many hops of a chain are shown."""


@dataclass(frozen=True)
class _Rings:
    """Nodes of a set of ends by the ring they lie in: those that come to each other. A node alone is a ring of its own."""

    of: dict[NodeKey, int]
    members: list[list[NodeKey]]

    @classmethod
    def among(cls, pairs: Sequence[tuple[NodeKey, NodeKey]]) -> _Rings:
        """O(pairs)."""
        keys = sorted({end for pair in pairs for end in pair})
        number = {key: place for place, key in enumerate(keys)}
        source = np.array([number[one] for one, _ in pairs], dtype=np.int64)
        target = np.array([number[other] for _, other in pairs], dtype=np.int64)
        graph = csr_matrix((np.ones(len(pairs), dtype=np.int8), (source, target)), shape=(len(keys), len(keys)))
        count, label = connected_components(graph, directed=True, connection="strong") if keys else (0, np.zeros(0, dtype=np.int64))
        members: list[list[NodeKey]] = [[] for _ in range(count)]
        for key, ring in zip(keys, label.tolist(), strict=True):
            members[ring].append(key)
        return cls(dict(zip(keys, label.tolist(), strict=True)), members)


def deep_chain(engine: Engine, params: Params) -> Iterator[Row]:
    """Chains of delegation that are longer than meant, told at the agent that starts them.

    Agents that only pass on to one other, and have no power of their own, count for nothing; a ring counts as one agent, for rings have a
    rule of their own, but what may be handed on only so far may not go round one either. A chain that a flow starts is told at the first
    agents on it. O(delegations), and for each with a limit that leads into a ring what lies within the limit there.
    """
    estate = engine.estate
    edges = delegations(estate, micros(engine.at))
    rings = _Rings.among([(edge.source, edge.target) for edge in edges])
    between = [edge for edge in edges if rings.of[edge.source] != rings.of[edge.target]]
    counts = _counting(engine, edges)
    depth, following = _depths(between, rings, counts)
    entered = _after_agents(between, rings)
    known: dict[int, Hop] = {}  # chains share their ends, and hops are large

    def hop(edge: EdgeRecord) -> Hop:
        if id(edge) not in known:
            known[id(edge)] = hop_of(estate, edge)
        return known[id(edge)]

    for ring, members in enumerate(rings.members):
        agents = [key for key in members if key[0] == "Agent"]
        if agents and ring not in entered and depth[ring] > params["hops"]:
            beyond = depth[ring] - params["hops"]
            yield about(agents[0]) | {
                "what": f"delegates over {depth[ring]} hops",
                "depth": depth[ring],
                "path": [hop(edge) for edge in islice(_chain(ring, rings, following), _SHOWN)],
                "modifiers": [f"+{min(beyond - 1, 3)} it is {beyond} hops too long"] if beyond > 1 else [],
            }
    inside: defaultdict[NodeKey, list[EdgeRecord]] = defaultdict(list)
    for edge in edges:
        if rings.of[edge.source] == rings.of[edge.target]:
            inside[edge.source].append(edge)
    for edge in edges:
        limit = edge.props.get("max_depth")
        if limit is None:
            continue
        further = depth[rings.of[edge.target]]
        onward = list(islice(_chain(rings.of[edge.target], rings, following), _SHOWN))
        if further <= limit:
            onward = _too_far(edge, limit, inside, counts)
            further = sum(counts[id(one)] for one in onward)
        if further > limit:
            yield about(edge.source, edge.target) | {
                "what": f"hands on what may go {counted(limit, 'hop', 'hops')} further, and it goes {further}",
                "depth": further,
                "path": [hop(one) for one in (edge, *onward[:_SHOWN])],
            }


def _after_agents(between: Iterable[EdgeRecord], rings: _Rings) -> set[int]:
    """Rings that are come to from one in which an agent lies, so that a chain that goes on there is told before."""
    onward: defaultdict[int, list[int]] = defaultdict(list)
    for edge in between:
        onward[rings.of[edge.source]].append(rings.of[edge.target])
    waiting = [ring for ring in list(onward) if any(key[0] == "Agent" for key in rings.members[ring])]
    found: set[int] = set()
    while waiting:
        for ring in onward.get(waiting.pop(), ()):
            if ring not in found:
                found.add(ring)
                waiting.append(ring)
    return found


def _too_far(edge: EdgeRecord, limit: int, inside: Mapping[NodeKey, Sequence[EdgeRecord]], counts: Mapping[int, int]) -> list[EdgeRecord]:
    """A way on from where an edge leads, inside the ring there and not back, of more hops than its limit; empty where none is found."""
    before: dict[NodeKey, EdgeRecord | None] = {edge.source: None, edge.target: None}
    waiting = deque([(edge.target, 0)])
    while waiting:
        key, hops = waiting.popleft()
        if hops > limit:
            way: list[EdgeRecord] = []
            while (step := before[key]) is not None:
                way.append(step)
                key = step.source
            return way[::-1]
        for step in inside.get(key, ()):
            if step.target not in before:
                before[step.target] = step
                waiting.append((step.target, hops + counts[id(step)]))
    return []


def _counting(engine: Engine, edges: Sequence[EdgeRecord]) -> dict[int, int]:
    """By the id of an edge, 1 where it leads to an agent that counts and 0 where that only passes on, or to a workflow."""
    estate = engine.estate
    pairs = {(edge.source, edge.target) for edge in edges}  # two ways to one agent are no two callers
    into, out = Counter(target for _, target in pairs), Counter(source for source, _ in pairs)

    def wrapper(edge: EdgeRecord) -> bool:
        if not into[edge.target] == out[edge.target] == 1:
            return False
        owners = set(estate.owners(edge.target))
        same = bool(owners) and owners == set(estate.owners(edge.source))
        return same and not len(engine.own_privileges.row(edge.target)[0])

    return {id(edge): int(edge.target[0] == "Agent" and not wrapper(edge)) for edge in edges}


def _depths(between: Iterable[EdgeRecord], rings: _Rings, counts: Mapping[int, int]) -> tuple[list[int], dict[int, EdgeRecord]]:
    """The deepest chain from each ring, and its first edge."""
    onward: defaultdict[int, list[EdgeRecord]] = defaultdict(list)
    into: defaultdict[int, list[int]] = defaultdict(list)
    for edge in between:
        onward[rings.of[edge.source]].append(edge)
        into[rings.of[edge.target]].append(rings.of[edge.source])
    left = [len(onward[ring]) for ring in range(len(rings.members))]
    waiting = deque(ring for ring, count in enumerate(left) if not count)
    depth = [0] * len(left)
    following: dict[int, EdgeRecord] = {}
    while waiting:
        ring = waiting.popleft()
        for edge in onward[ring]:
            reached = counts[id(edge)] + depth[rings.of[edge.target]]
            if ring not in following or (reached, following[ring].key) > (depth[ring], edge.key):
                depth[ring], following[ring] = reached, edge
        for before in into[ring]:
            left[before] -= 1
            if not left[before]:
                waiting.append(before)
    return depth, following


def _chain(ring: int, rings: _Rings, following: Mapping[int, EdgeRecord]) -> Iterator[EdgeRecord]:
    while ring in following:
        yield following[ring]
        ring = rings.of[following[ring].target]


@dataclass(frozen=True)
class _Link:
    """A step that control takes, and the edges that show it."""

    source: NodeKey
    target: NodeKey
    edges: tuple[EdgeRecord, ...]

    def hops(self, estate: Estate) -> Iterator[Hop]:
        """One that leads from a tool to the server that provides it is gone against."""
        return (hop_of(estate, edge, backwards=edge.target == self.source != edge.source) for edge in self.edges)


def delegation_ring(engine: Engine, params: Params) -> Iterator[Row]:
    """Agents that can come to ask themselves again: over delegations, call-backs and the calls that lead to these."""
    estate = engine.estate
    links = list(_links(estate, micros(engine.at)))
    rings = _Rings.among([(link.source, link.target) for link in links])
    itself = {link.source for link in links if link.source == link.target}
    inside: defaultdict[int, list[_Link]] = defaultdict(list)
    for link in links:
        if rings.of[link.source] == rings.of[link.target]:
            inside[rings.of[link.source]].append(link)
    for ring, members in enumerate(rings.members):
        agents = [key for key in members if key[0] == "Agent"]
        if not agents or (len(members) == 1 and members[0] not in itself):
            continue
        if len(members) > len(agents) == 1 and all(key in agents or estate.nodes[key].props.get("type") == "step" for key in members):
            continue  # a model and what runs its tools
        asked = [edge for link in inside[ring] for edge in link.edges if edge.kind == "DELEGATES_TO"]
        notes = [] if any(edge.props.get("max_depth") is not None for edge in asked) else ["+1 nothing says how often it may go round"]
        if asked and _grows(engine, members):
            notes.append("+2 power grows on the way")
        yield about(agents[0]) | {
            "agents": [key[1] for key in agents],
            "path": [hop for link in _round(agents[0], inside[ring]) for hop in link.hops(estate)],
            "modifiers": notes,
        }


_CALLS = ("DELEGATES_TO", "CALLS_BACK", "USES", "CONNECTS_TO", "PROVIDES")


def _links(estate: Estate, at: int) -> Iterator[_Link]:
    """Where control goes from each thing, as far as it can come back. A server that calls back does so for each of its tools, and only
    tools that may be called do."""
    edges = [edge for edge in estate.edges_of(*_CALLS) if _calls_on(estate, edge, at)]
    asking = {edge.source for edge in edges if edge.kind == "CALLS_BACK"}
    provided: defaultdict[NodeKey, list[EdgeRecord]] = defaultdict(list)
    for edge in edges:
        if edge.kind == "PROVIDES":
            provided[edge.source].append(edge)
    calling = asking.union(one.target for server in asking for one in provided.get(server, ()))
    for edge in edges:
        if edge.kind == "CONNECTS_TO":
            tools = provided.get(edge.target, [])
            for one in tools:
                if one.target in asking and listed(edge, estate.nodes[one.target]):
                    yield _Link(edge.source, one.target, (edge, one))
            if edge.target in asking and (not tools or any(listed(edge, estate.nodes[one.target]) for one in tools)):
                yield _Link(edge.source, edge.target, (edge,))
        elif edge.kind == "PROVIDES":
            if edge.source in asking:
                yield _Link(edge.target, edge.source, (edge,))
        elif edge.kind != "USES" or edge.target in calling:
            yield _Link(edge.source, edge.target, (edge,))


def _calls_on(estate: Estate, edge: EdgeRecord, at: int) -> bool:
    """Whether control goes along a call. A call-back that may do nothing only returns data."""
    if edge.kind == "CALLS_BACK" and edge.props.get("scopes") == []:
        return False
    return in_force(edge, at) and edge.source not in estate.out_of_service and edge.target not in estate.out_of_service


def _grows(engine: Engine, members: Iterable[NodeKey]) -> bool:
    """Whether an agent or flow of a ring can itself do something, worse than read, that one of its agents cannot: on the way from that one
    to the other it is gained."""
    rows = {key: engine.own_privileges.row(key) for key in members if key[0] in ("Agent", "Workflow")}
    every = np.unique(np.concatenate([columns for columns, _ in rows.values()])) if rows else np.zeros(0, dtype=np.int64)
    together = np.zeros(len(every), dtype=np.uint8)
    for columns, bits in rows.values():
        together[np.searchsorted(every, columns)] |= bits & WORSE_BITS
    most = np.bitwise_count(together).sum()
    return any(np.bitwise_count(bits & WORSE_BITS).sum() < most for (kind, _), (_, bits) in rows.items() if kind == "Agent")


def _round(start: NodeKey, links: Iterable[_Link]) -> list[_Link]:
    """A shortest way from ``start`` back to itself."""
    leaving: defaultdict[NodeKey, list[_Link]] = defaultdict(list)
    for link in links:
        leaving[link.source].append(link)
    before: dict[NodeKey, _Link] = {}
    waiting = deque([start])
    while start not in before:  # a ring always leads back
        for link in leaving[waiting.popleft()]:
            if link.target not in before:
                before[link.target] = link
                waiting.append(link.target)
    steps: list[_Link] = []
    key = start
    while not steps or key != start:
        steps.append(before[key])
        key = before[key].source
    return steps[::-1]
