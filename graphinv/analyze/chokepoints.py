"""Choke points: the edges on which the most pairs of agent and target depend.

Of one atom's ways (:mod:`graphinv.analyze.edgegraph`) the edges that all ways of an agent pass are its dominators, seen from the target. A
pair of agent and target depends on an edge when that is so for every action that the agent can do to the target: then the pair vanishes
if nothing passes that edge any more.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from graphinv.analyze import kernels
from graphinv.analyze.arcs import Arcs
from graphinv.analyze.edgegraph import EdgeGraph
from graphinv.analyze.paths import guard_on
from graphinv.analyze.scopes import Array
from graphinv.model.facts import NodeKey
from graphinv.model.kinds import ACTIONS
from graphinv.model.results import ChokePoint, EdgeName


@dataclass(frozen=True, eq=False)
class Tree:
    """Dominators of one atom."""

    graph: EdgeGraph
    above: Array
    """For each vertex the next one on its way to the target that all its ways pass."""

    @classmethod
    def of(cls, graph: EdgeGraph) -> Tree:
        return cls(graph, kernels.dominators(*graph.backward, *graph.forward, graph.root))

    def edges_over(self, vertex: int) -> Iterable[int]:
        """Indices of the edges at ``vertex`` and further on that all its ways pass."""
        start = len(self.graph.nodes)
        while vertex != self.graph.root:
            if vertex >= start:
                yield int(self.graph.edges[vertex - start])
            vertex = int(self.above[vertex])

    def nodes_over(self, vertex: int) -> Iterable[int]:
        """Numbers of the nodes at ``vertex`` and further on that all its ways pass."""
        start = len(self.graph.nodes)
        while vertex != self.graph.root:
            if vertex < start:
                yield int(self.graph.nodes[vertex])
            vertex = int(self.above[vertex])


def chokepoints(
    arcs: Arcs, targets: Sequence[NodeKey], subjects: Array, progress: Callable[[int, int], None] = lambda done, total: None
) -> tuple[list[ChokePoint], int]:
    """All edges that some pair depends on, those with the most pairs first, and how many pairs there are.

    Args:
        arcs: under which lens and at which time.
        targets: what is to be protected. The work is that of one search and one tree for each action that anybody has on a target.
        subjects: numbers of the nodes whose reach counts, ascending.
        progress: told how many targets are done, of how many.
    """
    pairs = 0
    cleared: Counter[int] = Counter()
    reached: defaultdict[int, list[NodeKey]] = defaultdict(list)
    for done, target in enumerate(targets):
        progress(done, len(targets))
        holding = _holding(trees_of(arcs, target), subjects)
        counts: Counter[int] = Counter()
        for ways, count in holding.items():
            pairs += count
            for edge in _on_all(ways):
                counts[edge] += count
        cleared += counts
        for edge in counts:
            reached[edge].append(target)
    estate = arcs.structure.estate
    ranked = sorted(cleared, key=lambda edge: (-cleared[edge], edge))
    return [
        ChokePoint(
            edge=EdgeName.of(estate.edges[edge]),
            pairs=cleared[edge],
            share=cleared[edge] / pairs,
            targets=tuple(reached[edge]),
            evidence=tuple(estate.edges[edge].props.get("evidence") or ()),
            sources=estate.edges[edge].sources,
            guards=tuple(guard_on(estate, guard) for guard in estate.edges[edge].props.get("guards") or ()),
        )
        for edge in ranked
    ], pairs


def trees_of(arcs: Arcs, target: NodeKey) -> list[Tree]:
    """The trees of all actions that anybody has on ``target``; actions that have the same ways share one."""
    distinct: dict[bytes, Tree] = {}
    for action in ACTIONS:
        graph = EdgeGraph.of(arcs, target, action)
        if len(graph.nodes):
            same = b"".join(part.tobytes() for part in (graph.nodes, graph.edges, graph.tails, graph.heads))
            if same not in distinct:
                distinct[same] = Tree.of(graph)
    return list(distinct.values())


def _holding(trees: Sequence[Tree], subjects: Array) -> Counter[tuple[tuple[Tree, int], ...]]:
    """How many of ``subjects`` hang from the same vertices of the same trees, for each such combination."""
    ways: defaultdict[int, list[tuple[Tree, int]]] = defaultdict(list)
    for tree in trees:
        found = np.flatnonzero(np.isin(tree.graph.nodes, subjects, assume_unique=True))
        for node, above in zip(tree.graph.nodes[found].tolist(), tree.above[found].tolist(), strict=True):
            ways[node].append((tree, above))
    return Counter(map(tuple, ways.values()))


def _on_all(ways: Sequence[tuple[Tree, int]]) -> set[int]:
    """Edges above (and at) all of these vertices of their trees."""
    (tree, vertex), *others = ways
    common = set(tree.edges_over(vertex))
    for other, place in others:
        if not common:
            break
        common &= set(other.edges_over(place))
    return common
