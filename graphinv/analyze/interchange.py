"""The arcs as a networkx graph: the way out for people who know that library."""

from __future__ import annotations

import networkx as nx

from graphinv.analyze.arcs import Arcs
from graphinv.analyze.scopes import actions_of
from graphinv.model.facts import NodeKey
from graphinv.model.results import Atom

Vertex = NodeKey | Atom


def to_networkx(arcs: Arcs) -> nx.DiGraph[Vertex]:
    """The graph that :meth:`graphinv.api.Graph.to_networkx` describes. O(nodes + arcs), in Python objects: for human scale."""
    structure = arcs.structure
    keys, edges = structure.keys, structure.estate.edges
    graph: nx.DiGraph[Vertex] = nx.DiGraph(lens=arcs.lens, at=arcs.at)
    graph.add_nodes_from((key, record.stated) for key, record in structure.estate.nodes.items())
    for source, target, mask, first, second in zip(
        arcs.source.tolist(), arcs.target.tolist(), arcs.mask.tolist(), arcs.first.tolist(), arcs.second.tolist(), strict=True
    ):
        kinds = {edges[index].kind for index in (first, second) if index >= 0}
        known = graph.get_edge_data(keys[source], keys[target])
        if known:
            kinds |= set(known["kinds"])
        graph.add_edge(
            keys[source], keys[target], kinds=tuple(sorted(kinds)), masked=mask >= 0 and (known is None or known["masked"])
        )  # fmt: skip
    for node, column, bits, edge in zip(
        arcs.own_node.tolist(), arcs.own_column.tolist(), arcs.own_bits.tolist(), arcs.own_edge.tolist(), strict=True
    ):
        target = keys[structure.targets[column]]
        for action in actions_of(bits):
            atom = (*target, action)
            known = graph.get_edge_data(keys[node], atom, {})
            graph.add_node(atom, name=f"{action} {structure.estate.nodes[target].name}")
            graph.add_edge(keys[node], atom, kinds=tuple(sorted({*known.get("kinds", ()), edges[edge].kind})), masked=False)
    return graph
