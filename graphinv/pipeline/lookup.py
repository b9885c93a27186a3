"""Single nodes and edges of a store by queries, where reading the whole estate would take longer than the answer."""

from __future__ import annotations

from functools import partial
from typing import Any

from graphinv.model.errors import StoreError
from graphinv.model.estate import EdgeRecord, NodeRecord, meant
from graphinv.model.facts import NodeKey, Props
from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS
from graphinv.store import Store

_SECONDS = 300.0
_ROWS = 10_000_000


class Lookup:
    """What lives in a store, one by one; the same that :meth:`Store.estate` holds. Each answer takes a query or two."""

    def __init__(self, store: Store) -> None:
        self._query = partial(store.query, timeout=_SECONDS, max_rows=_ROWS)

    def node(self, key: NodeKey) -> NodeRecord:
        """The node ``key``.

        Raises:
            KeyError: it does not live in the store.
        """
        if key[0] not in NODE_KINDS:
            raise KeyError(key)
        found = self._query(f"MATCH (n:{key[0]} {{id: $id}}) WHERE n.gone_at IS NULL RETURN n AS n", {"id": key[1]})
        if not found.rows:
            raise KeyError(key)
        return NodeRecord(*key, _stated(NODE_KINDS[key[0]].model_fields, found.rows[0][0]["props"]))

    def edge(self, kind: str, source: NodeKey, target: NodeKey, key: str) -> EdgeRecord:
        """The edge of ``kind`` between these nodes that has ``key``.

        Raises:
            StoreError: there is none: the store is damaged.
        """
        pattern = f"(a:{source[0]} {{id: $a}})-[r:{kind}]->(b:{target[0]} {{id: $b}})"
        params = {"a": source[1], "b": target[1], "key": key}
        for (found,) in self._query(f"MATCH {pattern} WHERE r.key = $key RETURN r AS r", params).rows:
            return _edge(found, source, target)
        raise StoreError(f"an edge {kind} that was there when the graph was analyzed is not in it; run `graphinv analyze`")

    def around(self, key: NodeKey) -> tuple[list[EdgeRecord], list[EdgeRecord]]:
        """The edges that leave the node ``key``, and those that lead to it, each in the order of an estate."""
        shown = "WHERE r.gone_at IS NULL RETURN r AS r, labels(m)[0] AS kind, m.id AS id"
        out = self._query(f"MATCH (n:{key[0]} {{id: $id}})-[r]->(m) {shown}", {"id": key[1]}).rows
        into = self._query(f"MATCH (n:{key[0]} {{id: $id}})<-[r]-(m) {shown}", {"id": key[1]}).rows
        leaving = [_edge(found, key, (kind, id)) for found, kind, id in out if found["kind"] in EDGE_KINDS]
        arriving = [_edge(found, (kind, id), key) for found, kind, id in into if found["kind"] in EDGE_KINDS]
        return sorted(leaving, key=_order), sorted(arriving, key=_order)

    def called(self, name: str) -> list[NodeKey]:
        """Nodes whose id or name is ``name``."""
        found: set[NodeKey] = set()
        for kind in NODE_KINDS:
            for what in ("id", "name"):
                rows = self._query(f"MATCH (n:{kind}) WHERE n.{what} = $name AND n.gone_at IS NULL RETURN n.id AS id", {"name": name}).rows
                found |= {(kind, id) for (id,) in rows}
        return sorted(found)

    def find(self, name: str) -> NodeKey:
        """The node that ``name`` means, as :meth:`graphinv.model.estate.Estate.find` says.

        Raises:
            NotFound, Ambiguous: nothing, or several things, have that name.
        """
        prefix, colon, rest = name.partition(":")
        if colon and prefix in NODE_KINDS:
            found = self._query(f"MATCH (n:{prefix} {{id: $id}}) WHERE n.gone_at IS NULL RETURN n.id AS id", {"id": rest})
            if found.rows:
                return prefix, rest
        return meant(name, self.called(name))


def _edge(found: dict[str, Any], source: NodeKey, target: NodeKey) -> EdgeRecord:
    return EdgeRecord(found["kind"], source, target, found["key"], _stated(EDGE_KINDS[found["kind"]].model_fields, found["props"]))


def _stated(fields: Any, props: Props) -> Props:
    """What facts state, without results beside it."""
    return {name: props[name] for name in fields if props.get(name) is not None}


def _order(edge: EdgeRecord) -> tuple[str, NodeKey, NodeKey, str]:
    return edge.kind, edge.source, edge.target, edge.key
