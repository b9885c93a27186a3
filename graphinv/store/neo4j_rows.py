"""Answers of Neo4j as plain JSON values, without bookkeeping: as :mod:`graphinv.store.embedded_rows` gives those of kglite."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Any

from neo4j.graph import Node, Path, Relationship
from neo4j.time import Date, DateTime, Duration, Time

from graphinv.store import Rows

MAX_DEPTH = 64


def rows(columns: Sequence[str], found: Iterable[Iterable[Any]]) -> Rows:
    """The rows of an answer."""
    return Rows(tuple(columns), tuple(tuple(plain(value) for value in values) for values in found))


def plain(value: Any, depth: int = 0) -> Any:  # noqa: PLR0911 - a way out for each type
    """``value`` as JSON can hold it: times as text, what is no number as null, what is nested too deep as ``…``."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (DateTime, Time)):
        return value.to_native().isoformat()
    if isinstance(value, (Date, Duration)):
        return value.iso_format()
    if depth > MAX_DEPTH:
        return "…"
    if isinstance(value, Node):
        return _node(value, depth)
    if isinstance(value, Relationship):
        return _edge(value, depth)
    if isinstance(value, Path):
        edges = [{**_edge(edge, depth), "from": _key(edge.start_node), "to": _key(edge.end_node)} for edge in value.relationships]
        return {"nodes": [_node(node, depth) for node in value.nodes], "edges": edges}
    if isinstance(value, (list, tuple)):
        return [plain(item, depth + 1) for item in value]
    if isinstance(value, dict):
        return {str(key): plain(item, depth + 1) for key, item in value.items()}
    return str(value)


def _props(entity: Node | Relationship, depth: int, *without: str) -> dict[str, Any]:
    return {name: plain(item, depth + 1) for name, item in entity.items() if not name.startswith("_") and name not in without}


def _kind(node: Node) -> str:
    return next(iter(sorted(node.labels)), "")


def _key(node: Node | None) -> list[Any] | None:
    return None if node is None else [_kind(node), node.get("id")]


def _node(node: Node, depth: int) -> dict[str, Any]:
    kind = _kind(node)
    return {"kind": kind, "id": node.get("id"), "props": {} if kind.startswith("_") else _props(node, depth, "id")}


def _edge(edge: Relationship, depth: int) -> dict[str, Any]:
    return {"kind": edge.type, "key": edge.get("key"), "props": _props(edge, depth, "key")}
