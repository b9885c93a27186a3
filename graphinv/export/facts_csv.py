"""The graph as tables, one file per kind: for spreadsheets, and ``graphinv ingest`` takes them back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from graphinv.export import RuleText
from graphinv.model.csvform import STEMS, csv_text, text_to_cell, value_to_cell
from graphinv.model.estate import Estate
from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS
from graphinv.model.results import Analysis
from graphinv.model.schema import properties

NAME = "facts-csv"
TITLE = "Native facts, a table per kind"
SUFFIX = ".csv"


def render(analysis: Analysis, estate: Estate, rules: Mapping[str, RuleText]) -> dict[str, str]:
    """The whole estate as tables by file name."""
    return facts_csv(estate)


def facts_csv(estate: Estate) -> dict[str, str]:
    """A table for every kind that the estate has, with a column for every property that one of them has; in key order."""
    rows: dict[str, list[tuple[dict[str, str], Mapping[str, Any]]]] = {}
    for node in estate.nodes.values():
        rows.setdefault(node.kind, []).append(({"id": node.id}, node.stated))
    for edge in estate.edges:
        ends = {"from_kind": edge.source[0], "from": edge.source[1], "to_kind": edge.target[0], "to": edge.target[1]}
        rows.setdefault(edge.kind, []).append((ends, edge.stated))
    return {f"{STEMS[kind]}.csv": _table(kind, rows[kind]) for kind in (*NODE_KINDS, *EDGE_KINDS) if kind in rows}


def _table(kind: str, rows: Sequence[tuple[dict[str, str], Mapping[str, Any]]]) -> str:
    present = {"sources"} | {name for _, props in rows for name, value in props.items() if value is not None}
    names = [name for name in properties(kind) if name in present]
    return csv_text([*rows[0][0], *names], (_cells(ends, props, names) for ends, props in rows))


def _cells(ends: Mapping[str, str], props: Mapping[str, Any], names: Iterable[str]) -> list[str]:
    # Where no source is known the row says so; with an empty cell the reader would take this table for the source.
    known = {"sources": [], **{name: value for name, value in props.items() if value is not None}}
    return [*map(text_to_cell, ends.values()), *(value_to_cell(known.get(name)) for name in names)]
