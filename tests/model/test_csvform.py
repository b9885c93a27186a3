from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.model.csvform import FILES, STEMS, cell_to_text, cell_to_value, text_to_cell, value_to_cell
from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS
from graphinv.model.schema import Property, properties
from tests import strategies

EVERY = [prop for kind in (*NODE_KINDS, *EDGE_KINDS) for prop in properties(kind).values()]
SET = properties("Agent")["labels"]
TEXT = properties("Agent")["name"]


@st.composite
def valued(draw: st.DrawFn) -> tuple[Property, Any]:
    prop = draw(st.sampled_from(EVERY))
    return prop, draw(strategies.values(prop))


@given(valued())
def test_a_value_comes_back_exactly(drawn: tuple[Property, Any]) -> None:
    prop, value = drawn
    cell = value_to_cell(value)
    back = cell_to_value(prop, cell)
    assert (type(back), back) == (type(value), value)
    assert cell, "only what is absent is empty"
    assert cell.strip() == cell
    assert cell[0] not in "=+-@\t\r＝＋－＠"
    assert not re.search('(?<=;)"*[=+@＝＋－＠-]', cell), "where a semicolon ends a cell"
    assert not any(ord(character) < 32 for character in cell), "a fact is one line of the table"


@given(strategies.texts())
def test_a_text_comes_back_exactly(text: str) -> None:
    assert cell_to_text(text_to_cell(text)) == text


@pytest.mark.parametrize("value", ["a;=1+1", 'a;"=1+1"', "a;;-1", ["a", "=1+1"], ["a;@x", '"+1', "-x"]])
def test_no_formula_begins_after_a_semicolon(value: str | list[str]) -> None:
    """Spreadsheets of many countries end a cell there, whatever stands in quotes."""
    cell = value_to_cell(value)
    assert not re.search('(?<=;)"*[=+@-]', cell), cell
    assert cell_to_value(TEXT if isinstance(value, str) else SET, cell) == value


@given(st.text(max_size=20), st.sampled_from(EVERY))
def test_any_cell_is_a_value_or_a_complaint(cell: str, prop: Property) -> None:
    complaint = ""
    value: Any = None
    try:
        value = cell_to_value(prop, cell)
    except ValueError as error:
        complaint = str(error)
    assert (value is None) == (bool(complaint) or not cell.strip())
    assert not complaint or complaint.startswith("should be")


@pytest.mark.parametrize(
    ("cell", "value"),
    [
        ("", None),
        ("[]", []),
        ("a; b ;;c;", ["a", "b", "c"]),
        (r"a\;b", ["a;b"]),
        (r"\e", [""]),
        (r"\[]", ["[]"]),
        ("'=x", ["=x"]),
        ("'x", ["'x"]),
        ("a\\", ["a\\"]),
    ],
)
def test_lists_as_people_write_them(cell: str, value: list[str] | None) -> None:
    assert cell_to_value(SET, cell) == value


@pytest.mark.parametrize(("cell", "value"), [("C:\\users", "C:\\users"), (" x ", "x"), ("'@acme/app", "@acme/app"), (r"\u{41}", "A")])
def test_texts_as_people_write_them(cell: str, value: str) -> None:
    assert cell_to_value(TEXT, cell) == value


@pytest.mark.parametrize(("cell", "value"), [("TRUE", True), ("no", False), ("1", True)])
def test_truth_as_spreadsheets_write_it(cell: str, value: bool) -> None:
    assert cell_to_value(properties("Resource")["crown_jewel"], cell) is value


def test_every_kind_has_one_file() -> None:
    assert set(STEMS) == {*NODE_KINDS, *EDGE_KINDS}
    assert len(set(STEMS.values())) == len(STEMS)
    assert FILES["servers.csv"] == FILES["toolservers.csv"] == "ToolServer"
    assert FILES["delegations.csv"] == "DELEGATES_TO"
