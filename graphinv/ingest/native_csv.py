"""Native facts as tables: ``agents.csv``, ``delegations.csv`` …, one file per kind, one fact a row.

Columns are ``id`` and names of properties; for edges ``from`` and ``to`` (and ``from_kind``, ``to_kind`` where several kinds are possible).
How values stand in cells is told in :mod:`graphinv.model.csvform`, which writes them too.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import PurePosixPath

from graphinv.ingest import MAX_CELL, Document
from graphinv.ingest.support.native import capped, edge_fact, node_fact, problem_of
from graphinv.model.csvform import FILES as KIND_OF_FILE
from graphinv.model.csvform import cell_to_text, cell_to_value, required_columns
from graphinv.model.errors import FactError, IngestError
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, shown
from graphinv.model.kinds import ANY, EDGE_KINDS, NODE_KINDS
from graphinv.model.schema import properties

NAME = "native_csv"
TITLE = "Native facts, CSV"
FILES = tuple(sorted(KIND_OF_FILE))
MAX_BYTES = 64 * 1024 * 1024

_END_KINDS = ("from_kind", "to_kind")


def detect(path: str, head: bytes) -> bool:
    """Whether the file has the name of a kind's table and its first row has the columns of one.

    Others call their files ``agents.csv`` too, so at least half of the columns must be known.
    """
    kind = KIND_OF_FILE.get(PurePosixPath(path).name.lower())
    if kind is None:
        return False
    first = head.decode("utf-8-sig", "replace").lstrip("\r\n").splitlines()
    names = _names(first[0]) if first else []
    others = [name for name in names if name and name not in required_columns(kind)]
    known = sum(name in properties(kind) or (kind in EDGE_KINDS and name in _END_KINDS) for name in others)
    return set(required_columns(kind)) <= set(names) and 2 * known >= len(others)


def read(document: Document) -> Iterator[Fact]:
    """Facts of one table, in its order, each checked. O(bytes).

    Raises:
        IngestError: it is not text, or not a table of the kind that its name tells.
    """
    return capped(_read(document), document, NAME)


@dataclass(frozen=True, slots=True)
class _Table:
    document: Document
    kind: str
    columns: list[str]
    """Name of each column; ``""`` where it is passed over."""


def _read(document: Document) -> Iterator[Fact]:
    kind = KIND_OF_FILE.get(PurePosixPath(document.path or document.root).name.lower())
    if kind is None:
        raise IngestError("is not named after a kind of facts", document=document.path, remedy="one of " + ", ".join(FILES))
    whole = document.text()
    text = whole.lstrip("\r\n")
    head = text.partition("\n")[0]
    if len(head) > MAX_CELL:
        raise IngestError("its first row is too long", document=document.path, where="L1")
    names = _names(head)
    missing = [name for name in required_columns(kind) if name not in names]
    if missing:
        raise IngestError(f"has no column {' and no column '.join(missing)}", document=document.path, where="L1")
    columns, problems = _columns(document, kind, names)
    yield from problems
    yield from _rows(_Table(document, kind, columns), text, _delimiter(head), whole.count("\n", 0, len(whole) - len(text)))


def _delimiter(head: str) -> str:
    return next((mark for mark in ",;\t" if mark in head), ",")


def _names(head: str) -> list[str]:
    try:
        row = next(csv.reader([head], delimiter=_delimiter(head)), [])
    except csv.Error:
        return []
    return [name.strip().lower().replace(" ", "_") for name in row]


def _columns(document: Document, kind: str, names: list[str]) -> tuple[list[str], list[Problem]]:
    allowed = {*required_columns(kind), *properties(kind), *(_END_KINDS if kind in EDGE_KINDS else ())}
    columns: list[str] = []
    problems: list[Problem] = []
    for number, name in enumerate(names, start=1):
        if name in allowed and name not in columns:
            columns.append(name)
            continue
        columns.append("")
        if name:
            fault = "stands there before; the first one counts" if name in allowed else f"is no property of {kind}; it was passed over"
            problems.append(Problem(document.path, "L1", f"column {number}, {shown(name)}, {fault}", "warning", NAME))
    return columns, problems


def _rows(table: _Table, text: str, delimiter: str, skipped: int) -> Iterator[Fact]:
    rows = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    first = True
    while True:
        line = skipped + rows.line_num + 1
        try:
            row = next(rows)
        except StopIteration:
            return
        except csv.Error as error:
            yield Problem(table.document.path, f"L{line}", f"row cannot be read: {error}", "error", NAME)
            continue
        if first or not any(map(str.strip, row)):
            first = False
            continue
        if any(cell.strip() for cell in row[len(table.columns) :]):
            yield Problem(
                table.document.path, f"L{line}", "row has more cells than there are columns; they were passed over", "warning", NAME
            )
        try:
            yield _fact(table, line, dict(zip(table.columns, row, strict=False)))
        except FactError as error:
            yield problem_of(error, NAME)


def _fact(table: _Table, line: int, row: Mapping[str, str]) -> NodeFact | EdgeFact:
    props = _props(table, line, row)
    if table.kind in NODE_KINDS:
        return node_fact(table.document, line, table.kind, _id(table, line, row, "id"), props)
    ends = [_end(table, line, row, side) for side in (0, 1)]
    return edge_fact(table.document, line, table.kind, ends[0], ends[1], props)


def _props(table: _Table, line: int, row: Mapping[str, str]) -> Props:
    props: Props = {}
    known = properties(table.kind)
    for name, cell in row.items():
        if not cell or name not in known:
            continue
        try:
            value = cell_to_value(known[name], cell)
        except ValueError as error:
            raise _wrong(table, line, f"{table.kind}.{name}: {error}") from None
        if value is not None:
            props[name] = value
    return props


def _id(table: _Table, line: int, row: Mapping[str, str], column: str) -> str:
    id = cell_to_text(row.get(column, ""))
    if not id:
        raise _wrong(table, line, f"{column} is empty")
    return id


def _end(table: _Table, line: int, row: Mapping[str, str], side: int) -> NodeKey:
    """An end: its kind from its own column, or ``Kind:id``, or the first kind that is possible there."""
    id = _id(table, line, row, ("from", "to")[side])
    stated = cell_to_text(row.get(_END_KINDS[side], ""))
    if stated:
        return stated, id
    possible = [kind for ends in EDGE_KINDS[table.kind].ends for kind in (NODE_KINDS if ends[side] == ANY else ends[side])]
    kind, colon, rest = id.partition(":")
    if colon and rest and kind in possible:
        return kind, rest
    return possible[0], id


def _wrong(table: _Table, line: int, message: str) -> FactError:
    return FactError(message, document=table.document.path, where=f"L{line}")
