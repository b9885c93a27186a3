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
from rich.text import Text

from graphinv.cli.options import Format
from graphinv.model.csvform import defuse_throughout
from graphinv.model.kinds import NODE_KINDS
from graphinv.model.text import plain

if TYPE_CHECKING:
    from graphinv.pipeline.gather import Progress as Report

UNFOLDED = 10_000_000


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
    """A table of plain cells; a Text stays as it is."""
    laid = _Table([text(column) for column in columns], [[cell if isinstance(cell, Text) else text(cell) for cell in row] for row in rows])
    return Group(text(title, "bold"), laid) if title else laid


class _Table:
    """Rows of cells, a line each. On a terminal that is too narrow for them the widest columns stand below their row, a line each: a name
    that is folded within a column can neither be read nor copied."""

    def __init__(self, heads: Sequence[Text], rows: Sequence[Sequence[Text]]) -> None:
        self.heads, self.rows = heads, rows

    def __rich_console__(self, screen: Console, options: ConsoleOptions) -> RenderResult:
        widths = [max(map(cell_len, map(str, column))) for column in zip(self.heads, *self.rows, strict=True)]
        beside = _beside(widths, options.max_width) if screen.is_terminal else list(range(len(widths)))
        below = [place for place in range(len(widths)) if place not in beside]
        label = max((cell_len(self.heads[place].plain) for place in below), default=0)
        yield from self._line([(self.heads[place], widths[place]) for place in beside], screen, "bold")
        for row in self.rows:
            yield from self._line([(row[place], widths[place]) for place in beside], screen)
            for place in below:
                yield from self._below(self.heads[place], row[place], label, options.max_width, screen)

    @staticmethod
    def _line(cells: Sequence[tuple[Text, int]], screen: Console, style: str = "") -> Iterator[Segment]:
        """Cells beside each other, as wide as their columns; nothing stands behind the last that is not empty."""
        last = max((place for place, (cell, _) in enumerate(cells) if cell.plain), default=-1)
        words = ""
        for place, (cell, width) in enumerate(cells[: last + 1]):
            if cell.spans or cell.style:
                yield Segment(words)
                yield from _inked(cell, screen)
                words = ""
            else:
                words += cell.plain
            if place < last:
                words += " " * (width - cell_len(cell.plain)) + _GAP
        yield Segment(words, screen.get_style(style) if style else None)
        if cells:
            yield Segment.line()

    @staticmethod
    def _below(head: Text, cell: Text, label: int, most: int, screen: Console) -> Iterator[Segment]:
        """A cell after the name of its column, in as many lines as it takes."""
        if not cell.plain:
            return
        before = len(_INDENT) + label + len(_GAP)
        named = _INDENT + set_cell_size(head.plain, label) + _GAP
        for line in cell.wrap(screen, max(most - before, 1)):
            yield Segment(named, screen.get_style("dim"))
            line.rstrip()
            yield from _inked(line, screen)
            yield Segment.line()
            named = " " * before


def _inked(words: Text, screen: Console) -> Iterable[Segment]:
    return words.render(screen) if words.spans else [Segment(words.plain, screen.get_style(words.style))]


_GAP, _INDENT = "  ", "    "


def _beside(widths: Sequence[int], most: int) -> list[int]:
    """The columns that stand beside each other in ``most`` characters: all but the widest."""
    kept = sorted(range(len(widths)), key=lambda place: (widths[place], place))
    while kept and sum(widths[place] for place in kept) + len(_GAP) * (len(kept) - 1) > most:
        kept.pop()
    return sorted(kept)


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
    return defuse_throughout(shown) if isinstance(value, str) else shown


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
                screen.print(text(f"{stage}: {_done(done, what)}"))

        yield say
        return
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.fields[what]}", markup=False),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=screen, transient=True) as bar:
        tasks: dict[str, Any] = {}

        def show(stage: str, done: int, what: str) -> None:
            if stage not in tasks:
                for task in tasks.values():
                    bar.update(task, visible=False)
                tasks[stage] = bar.add_task(stage, total=None, what="")
            bar.update(tasks[stage], completed=done, what=_done(done, plain(what)[-60:]))

        yield show


def _done(done: int, what: str) -> str:
    """How many are done, where they are counted, and what is being done."""
    return " ".join(filter(None, (f"{done:,}" if done else "", what)))
