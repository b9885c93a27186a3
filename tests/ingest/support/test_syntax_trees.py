"""What is made to take long, or much memory, is given up; what people write is read as it was."""

from __future__ import annotations

import resource
import time

import pytest

from graphinv.ingest import Document
from graphinv.ingest.support import syntax_trees
from graphinv.ingest.support.csharp.summary import read_module
from graphinv.ingest.support.golang.parsing import parse as parse_go
from graphinv.ingest.support.javascript.parsing import parse as parse_javascript
from graphinv.ingest.support.syntax_trees import MAX_ANGLES, angles, decorated
from graphinv.ingest.support.terraform import jsonsyntax
from graphinv.ingest.support.terraform.lower import parse
from graphinv.model.errors import IngestError


def document(data: bytes, path: str) -> Document:
    return Document("repo", path, data, lambda value: f"fp:{len(value)}")


@pytest.fixture(autouse=True)
def _hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(syntax_trees, "_SECONDS", 0.2)


LONG = {
    "go": b"package a\nfunc f() { x := " + b"-;" * 4000,
    "js": b"let x = " + b"+;" * 4000,
    "ts": b"let x = " + b"!}" * 4000,
    "tsx": b"let x = " + b"&++" * 4000,
    "cs": b"class A { void m() { var x = " + b"&)" * 3000,
    "tf": b"hello world " + b" " * 25_000 + b"x",
}
"""Each took some five seconds and, twice as long, four times that."""


def read(data: bytes, suffix: str) -> object:
    if suffix == "go":
        return parse_go(data, "a.go")
    if suffix == "cs":
        return read_module(document(data, "a.cs"))
    if suffix == "tf":
        return parse(document(data, "a.tf"))
    return parse_javascript(data, f"a.{suffix}")


@pytest.mark.parametrize("suffix", LONG)
def test_what_takes_long_is_given_up_at_its_line(suffix: str) -> None:
    began = time.thread_time()
    with pytest.raises(IngestError, match="takes too long to parse") as caught:
        read(b"\n\n" + LONG[suffix], suffix)
    assert time.thread_time() - began < 2.5
    assert caught.value.where == ("L4" if suffix == "go" else "L3")


def test_parts_of_a_document_have_one_allowance_together() -> None:
    blocks = b'a "b" {\n} c ' + b" " * 5000 + b"x\n"
    text = "${" + " " * 5000 + "a b}"
    began = time.thread_time()
    with pytest.raises(IngestError, match="takes too long"):
        parse(document(blocks * 20, "a.tf"))
    with pytest.raises(IngestError, match="takes too long"):
        jsonsyntax.parse(document(b'{"locals": {"a": [%s]}}' % b", ".join([b'"%s"' % text.encode()] * 20), "a.tf.json"))
    assert time.thread_time() - began < 10


@pytest.mark.parametrize(
    ("data", "suffix"),
    [
        (b"x<", "cs"),
        (b"<a ", "cs"),
        (b"x</*;*/", "cs"),
        (b"x<//>\n", "cs"),
        (b"a<b>=", "cs"),
        (b"a<b>>=", "cs"),
        (b"@a<", "ts"),
        (b"@a.b<", "tsx"),
        (b"@a/**/<", "ts"),
    ],
)
def test_angles_that_are_open_all_at_once_take_no_memory(data: bytes, suffix: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(IngestError, match='more than 2500 "<"'):
        read(data * (MAX_ANGLES + 1), suffix)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


def test_comparisons_and_tags_are_not_counted() -> None:
    assert angles(b"if (a < 1 || b <= c || d << 2) {} if (x < y) {} List<int> z; a >= b") == 4
    assert decorated(b"@a() class B<T> { x: C<D>; @b y: E<F> } <p>@</p>") == 3


def test_what_is_written_in_many_bytes_is_read_over_the_ends_of_pieces() -> None:
    text = "é€😀" * 100
    tree = parse_javascript(f"let x = '{text}'; // {text}\nlet y = x".encode(), "a.js")
    assert not tree.root_node.has_error
    assert tree.root_node.text == f"let x = '{text}'; // {text}\nlet y = x".encode()
