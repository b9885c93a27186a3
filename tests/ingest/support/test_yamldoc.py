from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.ingest import Document
from graphinv.ingest.support.yamldoc import MAX_DEPTH, Loose, front_matter, parse
from graphinv.model.errors import IngestError
from tests.ingest.reading import document

DOCUMENT = document("", "a.yaml")


def value(text: str) -> object:
    (found,) = parse(text, DOCUMENT)
    return found.value


def test_values_and_lines() -> None:
    (found,) = parse("a: 1\nb:\n  - x\n  - c: y\n", DOCUMENT, first_line=5)
    assert found.value == {"a": 1, "b": ["x", {"c": "y"}]}
    assert [found.line(), found.line("b"), found.line("b", 0), found.line("b", 1, "c"), found.line("b", 1, "nothing")] == [5, 6, 7, 8, 8]


def test_several_documents() -> None:
    assert [found.value for found in parse("a: 1\n---\n- b\n---\n", DOCUMENT)] == [{"a": 1}, ["b"], None]
    assert parse("# nothing\n", DOCUMENT) == []


@pytest.mark.parametrize(
    ("text", "plain"),
    [
        ("yes", True),
        ("Off", False),
        ("~", None),
        ("12", 12),
        ("-1_000", -1000),
        ("0x1f", 31),
        ("1.5", 1.5),
        ("1e3", 1000.0),
        ("2026-01-02", "2026-01-02"),
        ("12:30", "12:30"),
        ("0123", "0123"),
        ("'12'", "12"),
        ("!!int '12'", "12"),
        ("!Ref Bucket", "Bucket"),
        ("9" * 40, "9" * 40),
        ("1.2.3", "1.2.3"),
    ],
)
def test_scalars(text: str, plain: object) -> None:
    assert value(text) == plain
    assert type(value(text)) is type(plain)


def test_keys_are_text() -> None:
    assert value("on: 1\n1: 2\ntrue: 3\n") == {"on": 1, "1": 2, "true": 3}


def test_anchors_and_merge_keys() -> None:
    text = "base: &base {a: 1, b: 2}\none:\n  <<: *base\n  b: 3\ntwo:\n  <<: [{c: 4}, *base]\nlist: [*base]\n"
    assert value(text) == {
        "base": {"a": 1, "b": 2},
        "one": {"a": 1, "b": 3},
        "two": {"a": 1, "b": 2, "c": 4},
        "list": [{"a": 1, "b": 2}],
    }


def test_duplicates_are_reported_and_the_last_counts() -> None:
    (found,) = parse("a: 1\nb: {c: 1, c: 2}\na: 2\n", DOCUMENT)
    assert found.value == {"a": 2, "b": {"c": 2}}
    assert found.duplicates == [("/b/c", 2), ("/a", 3)]


def test_tags_construct_nothing() -> None:
    text = "a: !!python/object/apply:os.system ['true']\nb: !!binary aGk=\nc: !!python/name:os.system ''\n"
    assert value(text) == {"a": ["true"], "b": "aGk=", "c": ""}


BOMB = "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n" + "".join(f"a{i}: &a{i} [{','.join([f'*a{i - 1}'] * 10)}]\n" for i in range(1, 12))


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("[" * 100_000, 1, "deep"),
        ("- " * 100_000, 1, "deep"),
        ("a:\n" + "\n".join(" " * i + "b:" for i in range(1, 150)), MAX_DEPTH + 1, "deep"),
        (BOMB, 6, "aliases"),
        ("b: 1\na: &x [*x]", 2, "anchor"),
        ("a: *nowhere", 1, "anchor"),
        ("\n{a: b}: c", 2, "key"),
        ("? [a]\n: b", 1, "key"),
        ("a: {{ .Values.x }}", 1, ""),
        ("a: b: c", 1, "valid"),
        ("a: [1,\nb: 2", 2, "valid"),
        ("a:\n\t- b", 2, "valid"),
        ("<<: [1]", 1, "mapping"),
    ],
)
def test_what_cannot_be_read_names_the_line(text: str, line: int, words: str) -> None:
    with pytest.raises(IngestError) as caught:
        parse(text, DOCUMENT)
    assert caught.value.where == f"L{line}"
    assert words in caught.value.message


def test_errors_quote_nothing() -> None:
    with pytest.raises(IngestError) as caught:
        parse('a: "s3cret\\q"', DOCUMENT)
    assert "s3cret" not in str(caught.value)
    with pytest.raises(IngestError) as caught:
        parse("a: \x01", DOCUMENT)
    assert "valid YAML" in str(caught.value)


@given(st.text(alphabet=st.sampled_from("ab:- \n[]{}&*!|>'\"#,?%<\t1")))
def test_any_text_gives_values_or_an_error(text: str) -> None:
    try:
        parse(text, DOCUMENT)
    except IngestError as error:
        assert error.document == "a.yaml"  # noqa: PT017 - what is raised is half of what is tested


def markdown(text: str) -> Document:
    return document(text, "a.md")


def test_front_matter_and_body() -> None:
    meta, body = front_matter(markdown("\ufeff---\r\nname: a\r\ntools: [x]\r\n---\r\nHello\r\n"))
    assert meta.value == {"name": "a", "tools": ["x"]}
    assert not isinstance(meta, Loose)
    assert (meta.line("name"), meta.line("tools")) == (2, 3)
    assert body == "Hello\n"


@pytest.mark.parametrize("text", ["", "# Title\n", "text\n---\nname: a\n---\n", "---\n\nA rule.\n", "---\n---\nbody"])
def test_documents_without_front_matter(text: str) -> None:
    assert front_matter(markdown(text))[0].value == {}


def test_front_matter_that_never_ends() -> None:
    with pytest.raises(IngestError, match="without an end"):
        front_matter(markdown("---\nname: a\ntools: Read\n"))


LOOSE = """---
name: deployer
description: Use when: it breaks. <example>user: "fix" assistant: "On it: now"</example>
tools:
  - Read
  - Bash(x: *)
plain: [a, b]
quoted: "it's"
servers:
  one: {command: npx}
block: |
  first
  second
empty:
\tbad: tab
---
body
"""


def test_front_matter_that_is_not_yaml_is_read_key_by_key() -> None:
    meta, body = front_matter(markdown(LOOSE))
    assert isinstance(meta, Loose)
    assert meta.value["name"] == "deployer"
    assert meta.value["description"].startswith("Use when: it breaks. <example>")
    assert meta.value["tools"] == ["Read", "Bash(x: *)"]
    assert meta.value["plain"] == ["a", "b"]
    assert meta.value["quoted"] == "it's"
    assert meta.value["servers"] == {"one": {"command": "npx"}}
    assert meta.value["block"] == "first\nsecond"
    assert (meta.line("tools"), meta.line("servers", "one")) == (4, 10)
    assert body == "body\n"


def test_front_matter_that_is_no_mapping_is_read_line_by_line() -> None:
    meta, _ = front_matter(markdown("---\n- a\n---\n"))
    assert isinstance(meta, Loose)
    assert meta.value == {}


def test_lines_that_are_not_yaml_are_bounded() -> None:
    with pytest.raises(IngestError):
        front_matter(markdown("---\n" + "a: b: c\n" * 20_000 + "---\n"))


@given(st.text(alphabet=st.sampled_from("ab:- \n[]{}&*!|>'\"#,\t")))
def test_any_front_matter_gives_a_mapping_or_an_error(text: str) -> None:
    try:
        meta, _ = front_matter(markdown(f"---\n{text}\n---\n"))
    except IngestError:
        return
    assert isinstance(meta.value, dict)
