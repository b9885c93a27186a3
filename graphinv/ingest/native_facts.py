"""Native facts as JSON: ``*.facts.jsonl``, one fact a line, and ``*.facts.json``, a list of them or ``{"facts": […]}``.

    {"node": "Agent", "id": "billing-bot", "props": {"environment": "prod"}}
    {"edge": "RUNS_AS", "from": ["Agent", "billing-bot"], "to": ["Identity", "role/billing"], "props": {"evidence": ["granted"]}}
    {"approval": {"agent": "billing-bot", "tool": "create_payout", "by": "ana@acme.example", "until": "2027-03-31"}}

An approval has the fields of a row of ``approvals.csv`` (:mod:`graphinv.ingest.approvals_csv`); its ``digest`` may be a list.

A bad fact is a problem that names its line and field, and the rest is read. Lines are independent of each other, so of a ``.jsonl`` that is
cut off everything before the cut is read; a ``.json`` is read as a whole or not at all.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any, NoReturn

from graphinv.ingest import Document
from graphinv.ingest.support.approvals import FIELDS, approval_of
from graphinv.ingest.support.native import capped, edge_fact, node_fact, problem_of
from graphinv.model.errors import FactError, IngestError
from graphinv.model.facts import Approval, EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, shown
from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS

NAME = "native_facts"
TITLE = "Native facts, JSON"
FILES = ("*.facts.jsonl", "*.facts.json", "*.jsonl and *.json that begin with a native fact")
MAX_BYTES = 512 * 1024 * 1024

_MAX_LINE = 16 * 1024 * 1024
_MAX_DOCUMENT = 64 * 1024 * 1024
"""A document is held in memory several times over, unlike lines."""
_MAX_DEPTH = 16
"""A fact is an object that holds an object of lists: four deep."""

_HEAD = re.compile(
    rb'\s*+(?:\[\s*+|\{\s*+"facts"\s*+:\s*+\[\s*+)?\{\s*+"(?:node|edge)"\s*+:\s*+"(?:%s)"'
    % b"|".join(k.encode() for k in (*NODE_KINDS, *EDGE_KINDS))
)
_SINGLE = re.compile(r'\{[ \t\r\n]*+"(?:node|edge|approval|id|from|to|props)"')
_BLANK = re.compile(r"[ \t\r\n]*+")
_BRACKETS = re.compile(rb'"(?>[^"\\]++|\\.)*+"?+|[\[\]{}]', re.DOTALL)
_FIELDS = {"node": frozenset({"node", "id", "props"}), "edge": frozenset({"edge", "from", "to", "props"})}
_KINDS = {kind: kind for kind in (*NODE_KINDS, *EDGE_KINDS)}
_UTF16 = (b"\xff\xfe", b"\xfe\xff")
_UTF8_MARK = b"\xef\xbb\xbf"


def detect(path: str, head: bytes) -> bool:
    """Whether the name says that it is native facts, or is ``.json`` or ``.jsonl`` and its first fact says so."""
    name = path.lower()
    if name.endswith((".facts.jsonl", ".facts.json")):
        return True
    return name.endswith((".jsonl", ".ndjson", ".json")) and _HEAD.match(head.removeprefix(_UTF8_MARK)) is not None


def by_line(path: str, head: bytes) -> bool:
    """Whether it is one fact a line, in a text whose line ends can be told without decoding it."""
    return not path.lower().endswith(".json") and head[:2] not in _UTF16


def read(document: Document) -> Iterator[Fact]:
    """Facts of one document, in its order, each checked. O(bytes).

    Raises:
        IngestError: a ``.json`` is not text, not JSON, or neither a list nor an object of facts.
    """
    whole = (document.path or document.root).lower().endswith(".json")
    return capped(_read_json(document) if whole else _read_lines(document), document, NAME)


class _Decoder:
    """JSON values, with the keys that stood twice in the last one."""

    def __init__(self) -> None:
        self.duplicates: list[str] = []
        self._json = json.JSONDecoder(object_pairs_hook=self._object, parse_constant=_no_constant)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) != len(pairs):
            seen: set[str] = set()
            self.duplicates += [key for key, _ in pairs if key in seen or seen.add(key)]  # type: ignore[func-returns-value]
        return value

    def at(self, text: str, position: int) -> tuple[Any, int]:
        """The value that begins at ``position``, and where it ends.

        Raises:
            ValueError: there is none; a JSONDecodeError knows where.
        """
        self.duplicates.clear()
        try:
            return self._json.raw_decode(text, position)
        except RecursionError:
            raise ValueError("is nested too deeply") from None


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")


def _reason(error: ValueError) -> str:
    """Why it is not JSON, without a word of it."""
    if isinstance(error, json.JSONDecodeError):
        return f"is not JSON: {error.msg} (column {error.colno})"
    text = str(error)
    return (
        text if text.startswith("is ") or text.endswith("a JSON number") else "is not JSON that can be read: a number has too many digits"
    )


# --------------------------------------------------------------------------------------------------------------------------------
# Lines


def _read_lines(document: Document) -> Iterator[Fact]:
    data = document.data
    if document.line == 1 and data[:2] in _UTF16:
        data = document.text().encode()
    decoder, shared = _Decoder(), _Shared()
    for number, (start, end) in enumerate(_spans(data, marked=document.line == 1), start=document.line):
        try:
            if end - start > _MAX_LINE:
                raise ValueError("is longer than a fact can be")
            line = data[start:end].strip()
            if not line:
                continue
            value = _line(decoder, line)
        except ValueError as error:
            yield Problem(document.path, f"L{number}", _reason(error), "error", NAME)
            continue
        yield from _facts(document, number, value, decoder.duplicates, shared)


def _spans(data: bytes, *, marked: bool) -> Iterator[tuple[int, int]]:
    """Where each line begins and ends; a ``marked`` text may begin with a byte order mark."""
    start = len(_UTF8_MARK) if marked and data.startswith(_UTF8_MARK) else 0
    while start < len(data):
        end = data.find(b"\n", start)
        end = len(data) if end < 0 else end
        yield start, end
        start = end + 1


def _line(decoder: _Decoder, line: bytes) -> Any:
    if line.count(b"[") + line.count(b"{") > _MAX_DEPTH and _too_deep(line):
        raise ValueError("is nested too deeply")
    try:
        text = line.decode("utf-8")
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    value, end = decoder.at(text, 0)
    if end != len(text):
        raise json.JSONDecodeError("something follows the fact", text, end)
    return value


def _too_deep(line: bytes) -> bool:
    depth = 0
    for match in _BRACKETS.finditer(line):
        byte = match.group()
        depth += 1 if byte in (b"[", b"{") else -1 if byte in (b"]", b"}") else 0
        if depth > _MAX_DEPTH:
            return True
    return False


# --------------------------------------------------------------------------------------------------------------------------------
# A whole document


def _read_json(document: Document) -> Iterator[Fact]:
    if len(document.data) > _MAX_DOCUMENT:
        raise IngestError("is larger than 64 MiB", document=document.path, remedy="write one fact a line, as .facts.jsonl")
    text = document.text()
    try:
        elements, unknown = _elements(text)
    except json.JSONDecodeError as error:
        raise IngestError(
            _reason(error), document=document.path, where=f"L{error.lineno}", remedy="one fact a line is .facts.jsonl"
        ) from None
    except ValueError as error:
        raise IngestError(_reason(error), document=document.path) from None
    for name in unknown:
        yield Problem(document.path, "L1", f"a document of facts has no field {shown(name)}; it was passed over", "warning", NAME)
    shared = _Shared()
    for line, value, duplicates in elements:
        yield from _facts(document, line, value, duplicates, shared)


_Element = tuple[int, Any, list[str]]


def _elements(text: str) -> tuple[list[_Element], list[str]]:
    """Every fact with its line and duplicate keys, and the unknown fields of the document."""
    decoder = _Decoder()
    start = _skip(text, 0)
    elements: list[_Element] = []
    unknown: list[str] = []
    if text[start : start + 1] == "[":
        end = _list(decoder, text, start, elements)
    elif text[start : start + 1] == "{" and not _SINGLE.match(text, start):
        end = _members(decoder, text, start, elements, unknown)
    else:
        value, end = decoder.at(text, start)
        elements.append((1 + text.count("\n", 0, start), value, list(decoder.duplicates)))
    if _skip(text, end) != len(text):
        raise json.JSONDecodeError("something follows the facts", text, _skip(text, end))
    return elements, unknown


def _list(decoder: _Decoder, text: str, start: int, elements: list[_Element]) -> int:
    position = _skip(text, start + 1)
    line = 1 + text.count("\n", 0, position)
    if text[position : position + 1] == "]":
        return position + 1
    while True:
        value, end = decoder.at(text, position)
        elements.append((line, value, list(decoder.duplicates)))
        after = _skip(text, end)
        if text[after : after + 1] == "]":
            return after + 1
        if text[after : after + 1] != ",":
            raise json.JSONDecodeError("Expecting ',' or ']'", text, after)
        begin = _skip(text, after + 1)
        line += text.count("\n", position, begin)
        position = begin


def _members(decoder: _Decoder, text: str, start: int, elements: list[_Element], unknown: list[str]) -> int:
    position = _skip(text, start + 1)
    if text[position : position + 1] == "}":
        return position + 1
    while True:
        name, end = decoder.at(text, position)
        colon = _skip(text, end)
        if not isinstance(name, str) or text[colon : colon + 1] != ":":
            raise json.JSONDecodeError("Expecting a field and ':'", text, colon)
        value = _skip(text, colon + 1)
        if name == "facts" and text[value : value + 1] == "[":
            end = _list(decoder, text, value, elements)
        else:
            _, end = decoder.at(text, value)
            unknown += [] if name == "$schema" else [name]
        after = _skip(text, end)
        if text[after : after + 1] == "}":
            return after + 1
        if text[after : after + 1] != ",":
            raise json.JSONDecodeError("Expecting ',' or '}'", text, after)
        position = _skip(text, after + 1)


def _skip(text: str, position: int) -> int:
    match = _BLANK.match(text, position)
    return match.end() if match else position


# --------------------------------------------------------------------------------------------------------------------------------
# One fact


class _Shared:
    """What facts of a document say over and over, ends of edges and lists such as actions, as one object each."""

    def __init__(self) -> None:
        self._keys: dict[NodeKey, NodeKey] = {}
        self._lists: dict[tuple[str, ...], list[str]] = {}

    def key(self, kind: str, id: str) -> NodeKey:
        key = (_KINDS.get(kind, kind), id)
        return self._keys.setdefault(key, key)

    def props(self, props: Props) -> None:
        """Share what the values of ``props``, which are checked, have in common with those before."""
        for name, value in props.items():
            if type(value) is list and name != "sources":
                props[name] = self._lists.setdefault(tuple(value), value)


def _facts(document: Document, line: int, value: Any, duplicates: list[str], shared: _Shared) -> list[Fact]:
    message = "the field {} stands more than once in one object; the last one was taken"
    twice = [Problem(document.path, f"L{line}", message.format(shown(name)), "warning", NAME) for name in dict.fromkeys(duplicates)]
    try:
        if isinstance(value, dict) and "approval" in value:
            return [*twice, *_approval(document, line, value)]
        fact = _fact(document, line, value, shared)
    except FactError as error:
        return [*twice, problem_of(error, NAME)]
    shared.props(fact.props)
    return [*twice, fact]


def _fact(document: Document, line: int, value: Any, shared: _Shared) -> NodeFact | EdgeFact:
    if not isinstance(value, dict):
        raise _wrong(document, line, "a fact is an object")
    what = "node" if "node" in value else "edge" if "edge" in value else ""
    if not what:
        raise _wrong(document, line, "is no fact", 'it has neither "node" nor "edge"')
    if not value.keys() <= _FIELDS[what]:
        unknown = next(name for name in value if name not in _FIELDS[what])
        raise _wrong(document, line, f"{what} facts have no field {shown(unknown)}", 'properties stand in "props"')
    props = value.get("props")
    if props is None:
        props = {}
    if not isinstance(props, dict):
        raise _wrong(document, line, '"props" is an object')
    kind = value[what]
    if not isinstance(kind, str):
        raise _wrong(document, line, f'"{what}" is the name of a kind')
    if what == "node":
        id = value.get("id")
        if not isinstance(id, str):
            raise _wrong(document, line, '"id" is text')
        return node_fact(document, line, *shared.key(kind, id), props)
    source, target = _end(document, line, value, "from", shared), _end(document, line, value, "to", shared)
    return edge_fact(document, line, _KINDS.get(kind, kind), source, target, props)


def _approval(document: Document, line: int, value: dict[str, Any]) -> Iterator[Approval]:
    said = value["approval"]
    if len(value) > 1 or not isinstance(said, dict):
        raise _wrong(document, line, '"approval" is an object, and nothing stands beside it')
    if isinstance(said.get("digest"), list) and all(isinstance(one, str) for one in said["digest"]):
        said = {**said, "digest": " ".join(said["digest"])}
    for name, text in said.items():
        if name not in FIELDS or not isinstance(text, str):
            raise _wrong(document, line, f"an approval has no field {shown(name)}" if name not in FIELDS else f"{shown(name)} is text")
    try:
        found = approval_of(said, document.source(line))
    except ValueError as error:
        raise _wrong(document, line, f"is no approval: {error}") from None
    if found is not None:
        yield found


def _end(document: Document, line: int, value: dict[str, Any], name: str, shared: _Shared) -> NodeKey:
    end = value.get(name)
    if type(end) is list and len(end) == 2 and type(end[0]) is str and type(end[1]) is str:
        return shared.key(*end)
    raise _wrong(document, line, f'"{name}" is a list of a kind and an id')


def _wrong(document: Document, line: int, message: str, remedy: str = "") -> FactError:
    return FactError(message, document=document.path, where=f"L{line}", remedy=remedy)
