"""Answers of kglite as plain JSON values, without bookkeeping."""

from __future__ import annotations

import math
from datetime import date, datetime, time
from typing import Any

from graphinv.store import Rows

MAX_DEPTH = 64
_NODE = frozenset({"id", "labels", "properties"})
_EDGE = frozenset({"id", "start", "end", "type", "properties"})
_PATH = frozenset({"nodes", "relationships"})
_DURATION = frozenset({"months", "days", "seconds"})


def rows(columns: list[str], found: list[dict[str, Any]]) -> Rows:
    """The rows of an answer. A node is ``{"kind", "id", "props"}``, an edge ``{"kind", "key", "props"}``, a path ``{"nodes", "edges"}``
    whose edges also say ``from`` and ``to``.
    """
    return Rows(tuple(columns), tuple(tuple(plain(row[column]) for column in columns) for row in found))


def plain(value: Any, depth: int = 0) -> Any:
    """``value`` as JSON can hold it: times as text, what is no number as null, what is nested too deep as ``…``."""
    if value is None or isinstance(value, (bool, int, str)):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, (datetime, date, time)):
        return value.isoformat()
    if depth > MAX_DEPTH:
        return "…"
    if isinstance(value, (list, tuple)):
        return [plain(item, depth + 1) for item in value]
    return _entity(value, depth) if isinstance(value, dict) else str(value)


def _entity(value: dict[Any, Any], depth: int) -> dict[str, Any] | str:
    if value.keys() == _NODE and isinstance(value["labels"], list) and isinstance(value["properties"], dict):
        return _node(value, depth)
    if value.keys() == _EDGE and isinstance(value["properties"], dict):
        return _edge(value, depth)
    if value.keys() == _PATH:
        return _path(value, depth)
    if value.keys() == _DURATION and all(isinstance(part, int) for part in value.values()):
        return _duration(**value)
    return {str(key): plain(item, depth + 1) for key, item in value.items()}


def _duration(months: int, days: int, seconds: int) -> str:
    """The same as ISO 8601 has it; whole parts towards nought."""
    years, months = divmod(abs(months), 12) if months >= 0 else (-(abs(months) // 12), -(abs(months) % 12))
    sign = -1 if seconds < 0 else 1
    hours, rest = divmod(abs(seconds), 3600)
    minutes, rest = divmod(rest, 60)
    day = "".join(f"{number}{unit}" for number, unit in ((years, "Y"), (months, "M"), (days, "D")) if number)
    time = "".join(f"{sign * number}{unit}" for number, unit in ((hours, "H"), (minutes, "M"), (rest, "S")) if number)
    return "P" + day + ("T" + time if time else "") if day or time else "PT0S"


def _props(properties: dict[str, Any], depth: int) -> dict[str, Any]:
    return {name: plain(item, depth + 1) for name, item in properties.items() if item is not None and not name.startswith("_")}


def _node(value: dict[str, Any], depth: int) -> dict[str, Any]:
    kind = str(value["labels"][0]) if value["labels"] else ""
    props = dict(value["properties"])
    if kind == "Finding":
        props.pop("type", None)
    else:
        # The engine shows the label as type, and the type as title; see graphinv.store.embedded_graph.
        props["type"] = props.pop("title", None)
    id = props.pop("id", None)
    return {"kind": kind, "id": id, "props": {} if kind.startswith("_") else _props(props, depth)}


def _edge(value: dict[str, Any], depth: int) -> dict[str, Any]:
    props = dict(value["properties"])
    return {"kind": value["type"], "key": props.pop("key", None), "props": _props(props, depth)}


def _path(value: dict[str, Any], depth: int) -> dict[str, Any]:
    nodes = [_node(node, depth) for node in value["nodes"]]
    ends = {node["id"]: [shown["kind"], shown["id"]] for node, shown in zip(value["nodes"], nodes, strict=True)}
    edges = [{**_edge(edge, depth), "from": ends.get(edge["start"]), "to": ends.get(edge["end"])} for edge in value["relationships"]]
    return {"nodes": nodes, "edges": edges}
