"""Printing: tables for people, JSON, JSON lines and CSV for programs.

Names in the graph are text of strangers. Everything that reaches a terminal passes `plain`; JSON is ASCII; CSV cells that a
spreadsheet would take for a formula get an apostrophe.
"""

from __future__ import annotations

import csv
import io
import json
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from pydantic import TypeAdapter
from rich.cells import cell_len, set_cell_size
from rich.console import Console, ConsoleOptions, Group, RenderableType, RenderResult
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.segment import Segment
from rich.table import Table
from rich.text import Text

from graphinv.cli.options import Format
from graphinv.model.csvform import defuse
from graphinv.model.kinds import NODE_KINDS
from graphinv.model.text import plain

if TYPE_CHECKING:
    from graphinv.pipeline.gather import Progress as Report

UNFOLDED = 10_000
MANY_ROWS = 500


def console(*, err: bool = False) -> Console:
    """A console that never guesses markup, links or emoji in what it is given; nothing is folded where there is no terminal."""
    made = Console(stderr=err, markup=False, emoji=False, highlight=False, soft_wrap=False)
    return made if made.is_terminal else Console(stderr=err, markup=False, emoji=False, highlight=False, soft_wrap=False, width=UNFOLDED)


def text(value: object, style: str = "") -> Text:
    """A cell or line with ``value`` made plain."""
    return Text(plain("" if value is None else value), style=style)


def shown(value: Any) -> str:
    """A value of the graph in a cell."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value).lower() if isinstance(value, bool) else str(value)


def table(columns: Sequence[str], rows: Iterable[Sequence[object]], *, title: str | None = None) -> RenderableType:
    """A table of plain cells; a Text stays as it is. One with many rows is laid out without folding, which takes rich too long."""
    cells = [[cell if isinstance(cell, Text) else text(cell) for cell in row] for row in rows]
    heads = [text(column) for column in columns]
    laid = _Unfolded(heads, cells) if len(cells) > MANY_ROWS else _folding(heads, cells)
    return Group(text(title, "bold"), laid) if title else laid


def _folding(heads: Sequence[Text], rows: Sequence[Sequence[Text]]) -> RenderableType:
    made = Table(header_style="bold", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in heads:
        made.add_column(head, overflow="fold")
    for row in rows:
        made.add_row(*row)
    return made


class _Unfolded:
    """Rows of cells, a line each, as wide as they are."""

    def __init__(self, heads: Sequence[Text], rows: Sequence[Sequence[Text]]) -> None:
        self.lines = [[cell.plain for cell in line] for line in (heads, *rows)]

    def __rich_console__(self, screen: Console, options: ConsoleOptions) -> RenderResult:
        widths = [max(map(cell_len, column)) for column in zip(*self.lines, strict=True)]
        for line in self.lines:
            spread = (set_cell_size(cell, width) for cell, width in zip(line, widths, strict=True)) if len(line) > 1 else line
            yield Segment("  ".join(spread).rstrip() + "\n")


def to_json(data: Any) -> str:
    """Indented ASCII JSON."""
    return json.dumps(data, indent=2, ensure_ascii=True)


def write(line: str) -> None:
    """One line to standard output."""
    sys.stdout.write(line + "\n")


def emit(records: Iterable[dict[str, Any]], form: Format, columns: Sequence[str] = ()) -> None:
    """Records as a JSON list, as JSON lines, or as CSV with ``columns`` (those of the first record when none are given)."""
    if form is Format.json:
        write(to_json(list(records)))
    elif form is Format.jsonl:
        for record in records:
            write(json.dumps(record, ensure_ascii=True))
    else:
        rows = list(records)
        names = list(columns or (rows[0] if rows else ()))
        buffer = io.StringIO()
        writer = csv.writer(buffer, lineterminator="\n")
        writer.writerow(names)
        writer.writerows([cell(row.get(name)) for name in names] for row in rows)
        sys.stdout.write(buffer.getvalue())


def emit_one(record: dict[str, Any], form: Format) -> None:
    """A single record: as a JSON object of its own, else as `emit` prints records."""
    if form is Format.json:
        write(to_json(record))
    else:
        emit([record], form)


def emit_results(results: Iterable[Any], kind: type[Any], form: Format) -> None:
    """Results of one kind as `emit` prints records; CSV has its header also where there are none."""
    keys = TypeAdapter(kind).json_schema(mode="serialization")["properties"] if form is Format.csv else ()
    emit((one.to_json() for one in results), form, tuple(keys))


def cell(value: Any) -> str:
    """A CSV cell: lists and objects as JSON, text that a spreadsheet would run with an apostrophe before it."""
    if value is None:
        return ""
    if isinstance(value, list | tuple) and len(value) == 2 and isinstance(value[0], str) and value[0] in NODE_KINDS:
        value = ":".join(value)  # a node, as it may be named on the command line
    elif isinstance(value, list | tuple | dict):
        value = json.dumps(value, ensure_ascii=True)
    shown = plain(value)
    return defuse(shown) if isinstance(value, str) else shown


@contextmanager
def progress() -> Iterator[Report]:
    """Progress on standard error: a bar where that is a terminal, else a line every few seconds."""
    screen = console(err=True)
    if not screen.is_terminal:
        last = time.monotonic()

        def say(stage: str, done: int, what: str) -> None:
            nonlocal last
            if time.monotonic() - last > 5:
                last = time.monotonic()
                screen.print(text(f"{stage}: {done} {what}"))

        yield say
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed} {task.fields[what]}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=screen, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, what: str) -> None:
            if stage not in tasks:
                for task in tasks.values():
                    bar.update(task, visible=False)
                tasks[stage] = bar.add_task(stage, total=None, what="")
            bar.update(tasks[stage], completed=done, what=plain(what)[-60:])

        yield show
