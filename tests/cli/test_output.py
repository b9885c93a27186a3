"""Tables on terminals: nothing is folded within a column, and nothing is cut off."""

from __future__ import annotations

import io
import re

import pytest
from rich.console import Console

from graphinv.cli.output import progress, table
from graphinv.cli.words import level

LONG = "claude-code:demo/platform/infra#drift-checker"
ROW = [LONG, level("critical"), "Strangers' content comes to it, which reaches Bash with nobody asked", "", "3fef8672"]
COLUMNS = ["id", "level", "title", "state", "key"]


def printed(rows: list[list[object]], width: int, columns: list[str] = COLUMNS, *, terminal: bool = True) -> list[str]:
    """Lines as a terminal of ``width`` characters shows them, without their colours."""
    file = io.StringIO()
    Console(file=file, width=width, force_terminal=terminal, color_system="standard" if terminal else None).print(table(columns, rows))
    return re.sub(r"\x1b\[[0-9;]*m", "", file.getvalue()).splitlines()


def test_a_row_that_fits_is_one_line() -> None:
    assert printed([ROW, ["b", "low", "c", "new", "d"]], 200) == [
        f"{'id':<45}  level     {'title':<68}  state  key",
        f"{LONG}  critical  Strangers' content comes to it, which reaches Bash with nobody asked         3fef8672",
        f"{'b':<45}  low       {'c':<68}  new    d",
    ]


def test_the_widest_columns_stand_below_where_it_does_not() -> None:
    assert printed([ROW, ["b", "low", "", "new", "d"]], 60) == [
        "level     state  key",
        "critical         3fef8672",
        f"    id     {LONG}",
        "    title  Strangers' content comes to it, which reaches",
        "           Bash with nobody asked",
        "low       new    d",
        "    id     b",
    ]


@pytest.mark.parametrize("rows", [1, 600])
@pytest.mark.parametrize("width", [20, 30, 60, 100])
def test_nothing_is_cut_off(rows: int, width: int) -> None:
    shown = printed([ROW] * rows, width)
    assert all(len(line) <= width for line in shown)
    together = "".join("".join(shown).split())
    assert together.count(LONG) == together.count("3fef8672") == rows


def test_a_pipe_gets_a_line_for_each_row() -> None:
    assert len(printed([ROW] * 3, 10, terminal=False)) == 4


@pytest.mark.parametrize("width", [200, 40])
def test_levels_keep_their_colours(width: int) -> None:
    file = io.StringIO()
    both = level("critical").append(" again", style="yellow")
    rows = [[LONG, level("high"), level("critical"), both]]
    Console(file=file, width=width, force_terminal=True, color_system="standard").print(table(["id", "from", "to", "and"], rows))
    for words in ("\x1b[31mhigh", "\x1b[1;31mcritical\x1b[0m", "\x1b[1;33m again\x1b[0m"):
        assert words in file.getvalue()


@pytest.mark.parametrize(
    ("done", "what", "shown"), [(1234, "[/red] [bold]x[/bold]", "1,234 [/red] [bold]x[/bold] "), (0, "rules", "━ rules ")]
)
def test_progress_shows_names_as_they_are_and_no_count_of_nothing(
    done: int, what: str, shown: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("COLUMNS", "120")
    with progress() as told:
        told("reading", done, what)
    assert shown in re.sub(r"\x1b\[[0-9;?]*\w", "", capsys.readouterr().err)
