"""The lightest set of edges to remove or guard, so that no subject reaches a target any more.

A minimum cut of the ways to an atom (:mod:`graphinv.analyze.edgegraph`), whose edges weigh what changing one of their kind costs; some
kinds nobody can change. Where scopes let different actions take different ways, one edge may serve several actions; then the cut is the
solution of an integer programme over all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import coo_matrix, csr_matrix
from scipy.sparse.csgraph import breadth_first_order, maximum_flow

from graphinv.analyze.arcs import Arcs
from graphinv.analyze.edgegraph import EdgeGraph
from graphinv.analyze.scopes import Array
from graphinv.model.facts import NodeKey
from graphinv.model.kinds import ACTIONS
from graphinv.model.results import Cut, EdgeName

EXACT_LINKS = 50_000
"""Ways with so many links are solved together; of larger ones that differ by action the cuts are united, which may not be lightest."""
SECONDS = 30.0
_FINE = 100
"""Weights are told apart down to a hundredth."""
_NEVER = 2**30


@dataclass(frozen=True, eq=False)
class _Ways:
    """The ways of some subjects to one atom, cut down to what lies between them."""

    graph: EdgeGraph
    starts: Array
    """Vertices of the subjects."""

    @property
    def splittable(self) -> Array:
        """For each vertex its edge's index in the estate, -1 for nodes and the root."""
        edges = np.full(self.graph.size, -1, dtype=np.int64)
        edges[len(self.graph.nodes) : self.graph.root] = self.graph.edges
        return edges


def cut(arcs: Arcs, target: NodeKey, subjects: Array, weights: Mapping[str, float], actions: Sequence[str] = ACTIONS) -> Cut:
    """The lightest set of edges without which none of ``subjects`` can do any of ``actions`` to ``target``.

    Args:
        arcs: under which lens and at which time.
        target: what is to be out of reach.
        subjects: numbers of the nodes it is kept from.
        weights: kind of edge → cost of changing one, above 0; edges of other kinds stay.
        actions: what must not be possible.

    Returns:
        The cut; ``possible`` is false where a way has no edge of these kinds.
    """
    estate = arcs.structure.estate
    found: dict[str, _Ways] = {}
    kept_from: set[int] = set()
    for action in actions:
        graph = EdgeGraph.of(arcs, target, action)
        starts = np.flatnonzero(np.isin(graph.nodes, subjects))
        if len(starts):
            found[action] = _Ways(graph, starts)
            kept_from.update(graph.nodes[starts].tolist())
    cost = {edge: weights.get(estate.edges[edge].kind, 0.0) for ways in found.values() for edge in ways.graph.edges.tolist()}
    chosen, proven = _chosen(list(found.values()), cost)
    names = sorted((EdgeName.of(estate.edges[edge]) for edge in chosen or ()), key=lambda name: (name.edge, name.source, name.target))
    amounts = tuple(weights[name.edge] for name in names)
    return Cut(
        target=target,
        actions=tuple(found),
        lens=arcs.lens,
        at=arcs.at,
        subjects=len(kept_from),
        possible=chosen is not None,
        edges=tuple(names),
        weights=amounts,
        weight=sum(amounts),
        proven=proven,
    )


def _chosen(ways: list[_Ways], cost: Mapping[int, float]) -> tuple[set[int] | None, bool]:
    """Indices of the edges of the lightest cut (None: there is none), and whether it is certain that none is lighter."""
    distinct = {_sameness(one): one for one in ways}
    if not distinct:
        return set(), True
    each = [_flow(one, cost) for one in distinct.values()]
    if any(one is None for one in each):
        return None, True
    united = {edge for one in each if one is not None for edge in one}
    # An edge that stands twice in a graph, or in several graphs, is paid once, which a flow does not know.
    simple = len(distinct) == 1 and all(len(np.unique(one.graph.edges)) == len(one.graph.edges) for one in ways)
    if simple:
        return united, True
    if sum(len(one.graph.tails) for one in distinct.values()) > EXACT_LINKS:
        return united, False
    solved = _programme(list(distinct.values()), cost)
    return (united, False) if solved is None else (solved, True)


def _sameness(ways: _Ways) -> bytes:
    graph = ways.graph
    return b"|".join(part.tobytes() for part in (graph.nodes, graph.edges, graph.tails, graph.heads, ways.starts))


def _flow(ways: _Ways, cost: Mapping[int, float]) -> set[int] | None:
    """Of the lightest cuts of one graph the one nearest to the target; None where every cut would need an edge that stays.

    Each vertex is split into where it is entered and where it is left; only what lies inside an edge that can be changed has a bound.
    """
    graph, edges = ways.graph, ways.splittable
    size = graph.size
    inside = [round(cost[edge] * _FINE) if edge >= 0 and cost[edge] > 0 else _NEVER for edge in edges.tolist()]
    source = 2 * size
    tails = np.concatenate([graph.tails + size, np.arange(size), np.full(len(ways.starts), source)])
    heads = np.concatenate([graph.heads, np.arange(size) + size, ways.starts])
    room = np.concatenate([np.full(len(graph.tails), _NEVER), np.array(inside), np.full(len(ways.starts), _NEVER)]).astype(np.int32)
    capacity = csr_matrix((room, (tails, heads)), shape=(source + 1, source + 1), dtype=np.int32)
    sink = graph.root + size
    result = maximum_flow(capacity, source, sink)
    if result.flow_value >= _NEVER:
        return None
    left = csr_matrix(capacity - result.flow)
    left.eliminate_zeros()
    behind = np.zeros(source + 1, dtype=bool)
    behind[breadth_first_order(csr_matrix(left.T), sink, return_predecessors=False)] = True
    crossing = np.flatnonzero(~behind[:size] & behind[size : 2 * size])
    return {int(edges[vertex]) for vertex in crossing.tolist()}


def _programme(several: list[_Ways], cost: Mapping[int, float]) -> set[int] | None:
    """The lightest set of edges that cuts all graphs at once; None where no proof was found in time.

    A vertex is 1 on the side of the subjects and 0 on that of the target; it may fall only inside an edge that is cut.
    """
    from scipy.optimize import Bounds, LinearConstraint, milp

    order = sorted({edge for ways in several for edge in ways.graph.edges.tolist()})
    place = {edge: number for number, edge in enumerate(order)}
    rows: list[int] = []
    columns: list[int] = []
    values: list[float] = []
    count, first = 0, len(order)
    low, high = [np.zeros(len(order))], [np.array([1.0 if cost[edge] > 0 else 0.0 for edge in order])]
    for ways in several:
        graph, edges = ways.graph, ways.splittable
        entered, left = first, first + graph.size
        for tail, head in zip(graph.tails.tolist(), graph.heads.tolist(), strict=True):  # left(tail) - entered(head) <= 0
            rows += [count, count]
            columns += [left + tail, entered + head]
            values += [1.0, -1.0]
            count += 1
        for vertex, edge in enumerate(edges.tolist()):  # entered - left - cut <= 0
            rows += [count, count]
            columns += [entered + vertex, left + vertex]
            values += [1.0, -1.0]
            if edge >= 0:
                rows.append(count)
                columns.append(place[edge])
                values.append(-1.0)
            count += 1
        lower, upper = np.zeros(2 * graph.size), np.ones(2 * graph.size)
        lower[ways.starts] = 1.0
        upper[graph.size + graph.root] = 0.0
        low.append(lower)
        high.append(upper)
        first += 2 * graph.size
    matrix = coo_matrix((values, (rows, columns)), shape=(count, first)).tocsr()
    whole = np.zeros(first)
    whole[: len(order)] = 1
    price = np.zeros(first)
    price[: len(order)] = [cost[edge] for edge in order]
    solved = milp(
        price,
        integrality=whole,
        bounds=Bounds(np.concatenate(low), np.concatenate(high)),
        constraints=LinearConstraint(matrix, -np.inf, 0.0),
        options={"time_limit": SECONDS},
    )
    if solved.status != 0 or solved.x is None:
        return None
    return {edge for edge, number in place.items() if solved.x[number] > 0.5}
