"""The graph as native facts: what ``graphinv ingest`` takes back and makes the same graph of."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.export import RuleText
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord
from graphinv.model.results import Analysis

NAME = "facts"
TITLE = "Native facts, one a line"
SUFFIX = ".facts.jsonl"


def render(analysis: Analysis, estate: Estate, rules: Mapping[str, RuleText]) -> str:
    """The whole estate as ``*.facts.jsonl``."""
    return "".join(f"{line}\n" for line in facts_jsonl(estate))


def facts_jsonl(estate: Estate) -> Iterator[str]:
    """One JSON text a fact, nodes before edges, in key order: equal estates give equal lines."""
    # ASCII, so that no control or direction character reaches a terminal that shows the file.
    return (json.dumps(fact, ensure_ascii=True, allow_nan=False) for fact in facts(estate))


def facts(estate: Estate) -> Iterator[dict[str, Any]]:
    """Facts as plain data, nodes before edges, in key order."""
    yield from map(_node, estate.nodes.values())
    yield from map(_edge, estate.edges)


def _node(node: NodeRecord) -> dict[str, Any]:
    return {"node": node.kind, "id": node.id, "props": _stated(node.stated)}


def _edge(edge: EdgeRecord) -> dict[str, Any]:
    return {"edge": edge.kind, "from": list(edge.source), "to": list(edge.target), "props": _stated(edge.stated)}


def _stated(props: Mapping[str, Any]) -> dict[str, Any]:
    # Where no source is known the fact says so; without a word the reader would take this export for the source.
    known = {"sources": [], **{name: value for name, value in props.items() if value is not None}}
    return {name: known[name] for name in sorted(known)}
