"""The ways to one atom with the edges as nodes, so that questions about edges become questions about nodes.

An arc may rest on two edges (CONNECTS_TO and PROVIDES), and an edge may carry many arcs: cutting an edge cuts all of them. So each edge is
a node of its own between the nodes it joins. Every walk from a node to the root of this graph is a way by which that node has the atom,
and the other way round: what an edge leads to depends only on the edge and, where two make an arc, on the one that follows. There is one
exception, the key that a server holds: the server may read it, while its tools, which act with it, may not. Such an edge stands there
twice.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from graphinv.analyze.arcs import MEANS, Arcs
from graphinv.analyze.paths import Witnesses
from graphinv.analyze.plan import pointers_of
from graphinv.analyze.scopes import Array
from graphinv.model.facts import NodeKey


@dataclass(frozen=True, eq=False)
class EdgeGraph:
    """All ways to do ``action`` to ``target`` under the lens and time of some arcs. Vertices are numbered: nodes, edges, the root."""

    target: NodeKey
    action: str
    nodes: Array
    """Number in the structure of each vertex that is a node, ascending."""
    edges: Array
    """Index in ``estate.edges`` of each vertex that is an edge; they follow the nodes."""
    tails: Array
    heads: Array
    """Links between vertices, towards the root, each once."""

    @classmethod
    def of(cls, arcs: Arcs, target: NodeKey, action: str) -> EdgeGraph:
        """O(nodes of the estate + arcs that lead to the atom · log).

        Raises:
            UsageError: no such action.
        """
        search = Witnesses(arcs, target, action)
        reached = np.zeros(arcs.structure.size, dtype=bool)
        reached[search.reached] = True
        pointers, entries = arcs.leaving
        nodes = np.flatnonzero(reached).astype(np.int64)
        sizes = pointers[nodes + 1] - pointers[nodes]
        offsets = np.arange(sizes.sum()) - np.repeat(np.cumsum(sizes) - sizes, sizes)
        found = entries[np.repeat(pointers[nodes], sizes) + offsets]
        found = found[reached[arcs.target[found]] & search.passing[arcs.mask[found]]]
        source, head = arcs.source[found].astype(np.int64), arcs.target[found].astype(np.int64)
        first, second = arcs.first[found].astype(np.int64), arcs.second[found].astype(np.int64)
        own_node, own_edge = search.owned
        edges = np.unique(np.concatenate([first, second[second >= 0], own_edge]))

        def node(number: Array) -> Array:
            return np.searchsorted(nodes, number)

        def edge(number: Array) -> Array:
            return len(nodes) + np.searchsorted(edges, number)

        twice = np.intersect1d(own_edge, second[arcs.way[found] == MEANS])
        apart = np.isin(own_edge, twice)
        owning = np.where(apart, len(nodes) + len(edges) + np.searchsorted(twice, own_edge), edge(own_edge))
        root = len(nodes) + len(edges) + len(twice)
        two = second >= 0
        last = np.where(two, second, first)
        links = np.concatenate(
            [
                np.stack([node(source), edge(first)]),
                np.stack([edge(first[two]), edge(second[two])]),
                np.stack([edge(last), node(head)]),
                np.stack([node(own_node), owning]),
                np.stack([owning, np.full(len(own_edge), root)]),
            ],
            axis=1,
        )
        tails, heads = np.divmod(np.unique(links[0] * (root + 1) + links[1]), root + 1)  # each pair as one number
        return cls(target, action, nodes, np.concatenate([edges, twice]), tails.astype(np.int32), heads.astype(np.int32))

    @property
    def root(self) -> int:
        return len(self.nodes) + len(self.edges)

    @property
    def size(self) -> int:
        return self.root + 1

    def vertex(self, node: int) -> int | None:
        """Vertex of the node with this number, None where it does not have the atom."""
        place = int(np.searchsorted(self.nodes, node))
        return place if place < len(self.nodes) and self.nodes[place] == node else None

    @cached_property
    def forward(self) -> tuple[Array, Array]:
        """(pointers, heads) by vertex, towards the root."""
        return pointers_of(self.tails, self.size), self.heads[np.argsort(self.tails, kind="stable")]

    @cached_property
    def backward(self) -> tuple[Array, Array]:
        """(pointers, tails) by vertex, away from the root."""
        return pointers_of(self.heads, self.size), self.tails[np.argsort(self.heads, kind="stable")]
