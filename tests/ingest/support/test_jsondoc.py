from __future__ import annotations

import contextlib
import json
import math
import time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc
from graphinv.ingest.support.located import Located, json_pointer
from graphinv.model.errors import IngestError


def document(data: str | bytes) -> Document:
    return Document("acme", "a/settings.json", data if isinstance(data, bytes) else data.encode(), lambda value: "0" * 32)


def parse(data: str | bytes) -> Located:
    return jsondoc.parse(document(data))


def test_knows_the_line_of_each_part() -> None:
    found = parse('{\n  "servers": {\n    "one": {"command": "npx",\n      "args": [\n        "-y",\n        "x"]}\n  }\n}\n')
    assert found.value == {"servers": {"one": {"command": "npx", "args": ["-y", "x"]}}}
    assert found.line() == 1
    assert found.line("servers") == 2
    assert found.line("servers", "one", "command") == 3
    assert found.line("servers", "one", "args") == 4
    assert found.line("servers", "one", "args", 1) == 6
    assert found.line("servers", "one", "nothing", "there") == 3


def test_takes_comments_trailing_commas_and_a_mark() -> None:
    found = parse('\ufeff// head\n{ /* "a": 0, */ "a": [1, 2,], // "b": 3\n"url": "https://x/*y*/",\n}\n// tail')
    assert found.value == {"a": [1, 2], "url": "https://x/*y*/"}
    assert found.line("url") == 3


def test_last_of_duplicate_keys_counts_and_is_reported() -> None:
    found = parse('{"a": {\n"x": 1},\n"a": {"x": 2}}')
    assert found.value == {"a": {"x": 2}}
    assert found.duplicates == [("/a", 3)]
    assert found.line("a", "x") == 3


def test_takes_odd_numbers_and_texts() -> None:
    found = parse(
        '{"big": ' + "9" * 5000 + ', "far": 1e999, "nan": NaN, "minus": -Infinity, "lone": "\\ud800x", "pair": "\\ud83d\\ude00"}'
    ).value
    assert found["big"] == math.inf
    assert found["far"] == math.inf
    assert math.isnan(found["nan"])
    assert found["minus"] == -math.inf
    assert found["lone"] == "\ufffdx"
    assert found["pair"] == "\U0001f600"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_takes_marked_encodings(encoding: str) -> None:
    assert parse('{"a": "ü"}'.encode(encoding)).value == {"a": "ü"}


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "is empty"),
        ("\n\n", 3, "is empty"),
        ('{\n"a": [\n1,\n', 4, "what opens on line 2 is not closed"),
        ('{\n"a"', 2, "cut off after a key"),
        ('{"a":\n', 2, "cut off where a value should stand"),
        ('{\n"a": "x', 2, "cut off inside a text"),
        ('{\n"a": "x\n"b": 1}', 2, "does not end on its line"),
        ("[1\n2]", 2, "a comma is missing"),
        ("[1,\n}", 2, "a value is missing"),
        ("{\na: 1}", 2, "a key in double quotes is missing"),
        ('{"a" 1}', 1, "a colon is missing"),
        ("[1]\n[2]", 2, "more follows"),
        ('["\\x"]', 1, "unknown escape"),
        ("[" * 100_000, 1, "nested deeper than 200"),
        ('{"a":\n' * 100_000, 201, "nested deeper than 200"),
        ("/* " * 100_000, 1, "value is missing"),
    ],
)
def test_says_what_is_wrong_and_where(text: str, line: int, words: str) -> None:
    with pytest.raises(IngestError) as caught:
        parse(text)
    assert caught.value.where == f"L{line}"
    assert caught.value.document == "a/settings.json"
    assert words in caught.value.message


def test_takes_200_levels() -> None:
    assert parse("[" * 200 + "]" * 200).value


def test_bounds_the_number_of_values(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jsondoc, "MAX_VALUES", 100)
    with pytest.raises(IngestError, match="more than 100 values"):
        parse("[" + "0," * 100 + "0]")


def test_five_megabytes_take_seconds() -> None:
    text = json.dumps([{"id": number, "name": f"n{number}", "list": [1, {"a": None}]} for number in range(55_000)], indent=1)
    started = time.process_time()
    parse(text)
    assert time.process_time() - started < 10


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner, max_size=4),
    max_leaves=20,
)


@given(JSON, st.sampled_from([None, 1]), st.booleans())
@settings(max_examples=150)
def test_reads_what_json_writes(value: Any, indent: int | None, ascii_only: bool) -> None:
    assert parse(json.dumps(value, indent=indent, ensure_ascii=ascii_only)).value == value


@given(st.one_of(st.binary(max_size=60), st.text('{}[]:,"\\/*\n 1-e.tnu', max_size=60).map(str.encode)))
@settings(max_examples=300)
def test_any_bytes_give_a_value_or_the_one_error(data: bytes) -> None:
    with contextlib.suppress(IngestError):
        assert parse(data).line() >= 1


def test_pointers_are_escaped() -> None:
    assert json_pointer(("a/b", 0, "c~d")) == "/a~1b/0/c~0d"
    assert json_pointer(()) == ""


def test_several_objects_after_one_another_and_what_stands_between_them() -> None:
    text = '{"a":\n1}\n== log\n[INFO] x\n{"a": 2,\n "b": {\n}}{"c": 3}\n{"a": oops}\n{\n"a": 4}\n'
    values = list(jsondoc.parse_all(document(text)))
    good = [one for one in values if not isinstance(one, IngestError)]
    assert [one.value for one in good] == [{"a": 1}, {"a": 2, "b": {}}, {"c": 3}, {"a": 4}]
    assert [(one.line(), one.line("a")) for one in good if "a" in one.value] == [(1, 1), (5, 5), (9, 10)]
    assert [one.where for one in values if isinstance(one, IngestError)] == ["L8"]


def test_the_first_of_several_objects_must_be_one() -> None:
    with pytest.raises(IngestError):
        list(jsondoc.parse_all(document("== log\n{}\n")))


def test_comments_that_never_end_are_looked_through_once() -> None:
    text = "{}\n" + "{/*\n" * 20_000
    started = time.process_time()
    values = list(jsondoc.parse_all(document(text)))
    assert time.process_time() - started < 10
    assert len(values) == 20_001
    assert all(isinstance(one, IngestError) for one in values[1:])
