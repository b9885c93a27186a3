from __future__ import annotations

import pytest

from graphinv.ingest.support.records import moment, records
from graphinv.ingest.support.scripts import commands
from graphinv.model.errors import IngestError
from tests.ingest.reading import document


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("a.json", '{"a": 1}', [({"a": 1}, 1)]),
        ("a.json", '[{"a": 1},\n 7,\n {"a": 2}]', [({"a": 1}, 1), ({"a": 2}, 3)]),
        ("a.json", '{"@odata.context": "x", "value": [\n{"a": 1}]}', [({"a": 1}, 2)]),
        ("a.json", '{"a": 1}\n{"a": 2}\n', [({"a": 1}, 1), ({"a": 2}, 2)]),
        ("a.ndjson", '{"a": 1}\n\n{"a": 2}', [({"a": 1}, 1), ({"a": 2}, 3)]),
        ("a.yaml", "- a: 1\n- a: 2\n", [({"a": 1}, 1), ({"a": 2}, 2)]),
        ("a.yaml", "a: 1\n---\na: 2\n", [({"a": 1}, 1), ({"a": 2}, 3)]),
        ("a.json", "7", []),
    ],
)
def test_the_forms_of_an_export(path: str, text: str, found: list[tuple[dict[str, int], int]]) -> None:
    assert [(record.value, record.line()) for record in records(document(text, path))] == found


def test_a_page_tells_what_stands_around_it() -> None:
    (record,) = records(document('{"@odata.context": "x#y", "total": 1, "value": [{"a": {\n"b": 1}}]}', "a.json"))
    assert record.page == {"@odata.context": "x#y"}
    assert record.line("a", "b") == 2


def test_one_bad_line_is_named() -> None:
    with pytest.raises(IngestError) as caught:
        list(records(document('{"a": 1}\n{"a": \n', "a.jsonl")))
    assert caught.value.where == "L2"


@pytest.mark.parametrize(
    ("value", "found"),
    [
        ("2026-01-02T03:04:05.678Z", "2026-01-02T03:04:05.678Z"),
        (1735689600, "2025-01-01T00:00:00Z"),
        ("1735689600000", "2025-01-01T00:00:00Z"),
        (0, None),
        (True, None),
        (float("inf"), None),
        ("soon", None),
        ("9" * 400, None),
        (10**400, None),
    ],
)
def test_moments(value: object, found: str | None) -> None:
    assert moment(value) == found


def test_commands_are_joined_and_read_as_they_stand() -> None:
    text = "x don't\nvault a \\\n  b\n# vault c\necho 'p\nq' | vault d\nvault e <<-'END'\nbody vault f\nEND\nvault 'g\n"
    assert [(one.line, one.words()[:3], one.body) for one in commands(text, "vault")] == [
        (2, ["vault", "a", "b"], None),
        (5, ["echo", "p\nq", "|"], None),
        (7, ["vault", "e"], "body vault f"),
        (10, [], None),
    ]
