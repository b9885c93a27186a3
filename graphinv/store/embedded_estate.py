"""The estate out of a kglite graph: all columns at once, a few thousand nodes and what leaves them at a time.

The engine holds a kilobyte for each row of an answer, and takes three times as long for rows that its processor's cache does not hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any, cast

import kglite

from graphinv.model.estate import Estate
from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS
from graphinv.store.columns import ID, KEY, SOURCE, TARGET, Batch, estate_of
from graphinv.store.embedded_graph import Graph, columns, read_meta, uncollected

_NODES = 20_000
_LEFT = 2_000
"""Nodes that are read at once, and nodes whose edges are."""


def _answer(graph: Graph, query: str, ids: Sequence[str] = ()) -> kglite.ResultView:
    return cast(kglite.ResultView, graph.cypher(query, params={"ids": ids}, timeout_ms=0))


def _present(graph: Graph, pattern: str, kind: str) -> list[str]:
    """Properties of the vocabulary that some ``n`` of ``pattern`` has."""
    return [name for name in columns(kind) if len(_answer(graph, f"MATCH {pattern} WHERE n.{name} IS NOT NULL RETURN 1 AS one LIMIT 1"))]


def _read(graph: Graph, pattern: str, wanted: Mapping[str, str], ids: Sequence[str], size: int) -> Iterator[dict[str, list[Any]]]:
    """The columns ``wanted`` (by name, what each is) of what ``pattern`` matches, for ``size`` of ``ids`` at a time, which are those of its
    ``a``."""
    query = f"MATCH {pattern} WHERE a.id IN $ids RETURN " + ", ".join(f"{what} AS c{i}" for i, what in enumerate(wanted.values()))
    for first in range(0, len(ids), size):
        view = _answer(graph, query, ids[first : first + size])
        if len(view):
            yield {name: view.column(f"c{i}") for i, name in enumerate(wanted)}


def _nodes(graph: Graph, ids: Mapping[str, Sequence[str]]) -> Iterator[Batch]:
    for kind, all_ids in ids.items():
        names = _present(graph, f"(n:{kind})", kind)
        wanted = {ID: "a.id"} | {name: f"a.{name}" for name in names}
        for read in _read(graph, f"(a:{kind})", wanted, all_ids, _NODES):
            yield Batch(kind, read)


def _edges(graph: Graph, ids: Mapping[str, Sequence[str]]) -> Iterator[Batch]:
    for relation in graph.relationship_types():
        kind = str(relation["type"])
        if kind not in EDGE_KINDS:
            continue
        for start, stop in product(map(str, relation["source_types"]), map(str, relation["target_types"])):
            names = _present(graph, f"(:{start})-[n:{kind}]->(:{stop})", kind)
            wanted = {SOURCE: "a.id", TARGET: "b.id", KEY: "n.key"} | {name: f"n.{name}" for name in names}
            for read in _read(graph, f"(a:{start})-[n:{kind}]->(b:{stop})", wanted, ids[start], _LEFT):
                yield Batch(kind, read, (start, stop))


def read_estate(graph: Graph) -> Estate:
    """The estate of the state that ``graph`` was written from, without that state. O(nodes + edges), and sorting them."""
    with uncollected():
        kinds = sorted(NODE_KINDS.keys() & set(graph.node_types))
        ids = {kind: _answer(graph, f"MATCH (n:{kind}) RETURN n.id AS id").column("id") for kind in kinds}
        return estate_of(_nodes(graph, ids), _edges(graph, ids), read_meta(graph)["generation"])
