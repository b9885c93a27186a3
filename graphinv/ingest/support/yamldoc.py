"""YAML with line numbers, read from the parser's events: nothing constructs, nothing expands without bound, nothing recurses."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import yaml

from graphinv.ingest import Document
from graphinv.ingest.support.located import Located, Pointer, json_pointer
from graphinv.model.errors import IngestError

MAX_DEPTH = 100
MAX_NODES = 500_000
MAX_LOOSE_LINES = 5_000
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None} | {
    form(word): value
    for word, value in {"yes": True, "true": True, "on": True, "no": False, "false": False, "off": False}.items()
    for form in (str.lower, str.upper, str.capitalize)
}
Tagged = Callable[[str, Any], Any]
_INT = re.compile(r"[-+]?(?:0|[1-9][0-9_]{0,18})")
_HEX = re.compile(r"0x[0-9a-fA-F]{1,16}|0o[0-7]{1,21}")
_FLOAT = re.compile(r"[-+]?(?:[0-9][0-9_]{0,18}\.[0-9]{0,20}|\.[0-9]{1,20})(?:[eE][-+]?[0-9]{1,3})?|[-+]?[0-9]{1,19}[eE][-+]?[0-9]{1,3}")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_KEY = re.compile(r"([A-Za-z_][\w.-]*)[ \t]*:(?:[ \t]+(.*))?")
_ITEM = re.compile(r"[ \t]*-[ \t]+(.*)")
_FENCE_END = re.compile(r"(?:---|\.\.\.)[ \t]*")


@dataclass(frozen=True)
class Loose(Located):
    """Front matter that is not valid YAML and was read line by line."""


@dataclass(slots=True)
class _Open:
    """A mapping or sequence whose end has not been read yet."""

    value: dict[str, Any] | list[Any]
    pointer: Pointer
    line: int
    anchor: str | None
    tag: str | None = None
    key: str | None = None
    key_line: int = 0
    size: int = 1
    merged: list[tuple[Any, int]] = field(default_factory=list)


class _Builder:
    """Makes plain values of the events of one YAML document."""

    def __init__(self, document: str, shift: int, tagged: Tagged | None = None) -> None:
        self.document = document
        self.shift = shift
        self.tagged = tagged
        self.reset()

    def reset(self) -> None:
        self.open: list[_Open] = []
        self.anchors: dict[str, tuple[Any, int]] = {}
        self.lines: dict[Pointer, int] = {}
        self.duplicates: list[tuple[str, int]] = []
        self.total = 0
        self.result: Any = None

    def fail(self, message: str, line: int) -> IngestError:
        return IngestError(message, document=self.document, where=f"L{line}")

    def feed(self, event: Any) -> None:
        line = event.start_mark.line + self.shift
        if isinstance(event, yaml.ScalarEvent):
            self._count(1, line)
            self._place(event.value, self._tag(event.tag, _scalar(event)), line, 1, event.anchor)
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            if len(self.open) >= MAX_DEPTH:
                raise self.fail(f"is nested more than {MAX_DEPTH} deep", line)
            self._count(1, line)
            pointer = self._pointer(line)
            self.open.append(_Open({} if isinstance(event, yaml.MappingStartEvent) else [], pointer, line, event.anchor, event.tag))
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            done = self.open.pop()
            if isinstance(done.value, dict):
                self._merge(done)
            self._place(None, self._tag(done.tag, done.value), done.line, done.size, done.anchor)
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in self.anchors:
                raise self.fail("names an anchor that is not complete before it", line)
            value, size = self.anchors[event.anchor]
            self._count(size, line)
            self._place(value if isinstance(value, str) else None, value, line, size, None)

    def _tag(self, tag: str | None, value: Any) -> Any:
        return self.tagged(tag, value) if self.tagged and tag and tag.startswith("!") and len(tag) > 1 else value

    def _count(self, size: int, line: int) -> None:
        self.total += size
        if self.total > MAX_NODES:
            raise self.fail(f"holds more than {MAX_NODES:,} values once its aliases are followed", line)

    def _pointer(self, line: int) -> Pointer:
        if not self.open:
            return ()
        top = self.open[-1]
        if isinstance(top.value, list):
            return (*top.pointer, len(top.value))
        if top.key is None:
            raise self.fail("has a key that is not plain text", line)
        return (*top.pointer, top.key)

    def _place(self, text: str | None, value: Any, line: int, size: int, anchor: str | None) -> None:
        """Put a finished value where it belongs; ``text`` is what it reads as when it turns out to be a key."""
        if anchor is not None:
            self.anchors[anchor] = (value, size)
        if not self.open:
            self.result = value
            self.lines[()] = line
            return
        top = self.open[-1]
        if isinstance(top.value, list):
            self.lines[(*top.pointer, len(top.value))] = line
            top.value.append(value)
        elif top.key is None:
            if text is None:
                raise self.fail("has a key that is not plain text", line)
            top.key, top.key_line = text, line
            return
        else:
            self._put(top, value)
        top.size += size

    def _put(self, top: _Open, value: Any) -> None:
        key = top.key or ""
        top.key = None
        if key == "<<" and isinstance(value, (dict, list)):
            top.merged.append((value, top.key_line))
            return
        pointer = (*top.pointer, key)
        mapping: dict[str, Any] = top.value  # type: ignore[assignment]
        if key in mapping:
            self.duplicates.append((json_pointer(pointer), top.key_line))
        mapping[key] = value
        self.lines[pointer] = top.key_line

    def _merge(self, done: _Open) -> None:
        mapping: dict[str, Any] = done.value  # type: ignore[assignment]
        for value, line in done.merged:
            for part in value if isinstance(value, list) else [value]:
                if not isinstance(part, dict):
                    raise self.fail("merges something that is not a mapping", line)
                for key, inner in part.items():
                    if key not in mapping:
                        mapping[key] = inner
                        self.lines[(*done.pointer, key)] = line


def _scalar(event: Any) -> Any:
    """A scalar by the core schema, with YAML 1.1's words for true and false; dates and everything tagged stay text."""
    text: str = event.value
    if event.style not in (None, "") or event.tag not in (None, ""):
        return text
    if text in _WORDS:
        return _WORDS[text]
    if _INT.fullmatch(text):
        return int(text.replace("_", ""))
    if _HEX.fullmatch(text):
        return int(text, 0)
    return float(text.replace("_", "")) if _FLOAT.fullmatch(text) else text


def _events(text: str, document: str, shift: int) -> Iterator[Any]:
    """The parser's events, without its loader's constructors.

    Raises:
        IngestError: not YAML; names the line, quotes nothing.
    """
    try:
        yield from yaml.parse(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = min(mark.line if mark else 0, text.count("\n")) + shift
        problem = _QUOTED.sub("…", error.problem or "cannot be parsed")
        # Newer parsers have a limit of their own, which a document may meet before ours.
        message = "is nested too deeply" if "nesting" in problem else f"is not valid YAML: {problem}"
        raise IngestError(message, document=document, where=f"L{line}") from None
    except (yaml.YAMLError, ValueError, RecursionError, MemoryError):
        raise IngestError("is not valid YAML: it holds characters that YAML does not allow", document=document) from None


def parse(text: str, document: Document, first_line: int = 1, tagged: Tagged | None = None) -> list[Located]:
    """All YAML documents in ``text``, in order; O(length), plus the values that aliases repeat.

    Args:
        text: the YAML.
        document: what it was taken from, for messages.
        first_line: line of ``document`` on which ``text`` begins.
        tagged: makes a value of a local tag (``!Ref``) and the plain value it stands before; without it such tags say nothing.

    Raises:
        IngestError: not YAML, more than 100 levels deep, an anchor inside itself, more than 500,000 values once aliases are followed,
            or a mapping or sequence as a key.
    """
    found: list[Located] = []
    builder = _Builder(document.path, first_line, tagged)
    events = _events(text, document.path, first_line)
    for event in events:
        if isinstance(event, yaml.DocumentStartEvent):
            total = builder.total
            builder.reset()
            builder.total = total
        elif isinstance(event, yaml.DocumentEndEvent):
            found.append(Located(builder.result, builder.lines, builder.duplicates, first_line=first_line))
        else:
            builder.feed(event)
    return found


def first(document: Document) -> Located:
    """The first YAML document of a file; nothing where it has none.

    Raises:
        IngestError: as :func:`parse`.
    """
    found = parse(document.text(), document)
    return found[0] if found else Located(None)


def front_matter(document: Document) -> tuple[Located, str]:
    """Meta data between ``---`` fences at the top of a Markdown document, and the text after it.

    Without front matter the meta data is an empty mapping. Front matter that is not valid YAML is read line by line, key by key, and comes
    back as :class:`Loose`; so does one that is valid but no mapping.

    Raises:
        IngestError: not text, front matter that opens and never closes, or more than 5,000 lines of it that are not valid YAML.
    """
    text = document.text()
    lines = text.replace("\r\n", "\n").split("\n")
    start = next((index for index, line in enumerate(lines) if line.strip()), 0)
    if start >= len(lines) or lines[start].rstrip() != "---":
        return Located({}), text
    end = next((index for index in range(start + 1, len(lines)) if _FENCE_END.fullmatch(lines[index])), None)
    if end is None:
        if start + 1 < len(lines) and _KEY.fullmatch(lines[start + 1]):
            raise IngestError("has front matter without an end", document=document.path, where=f"L{start + 1}", remedy="close it with ---")
        return Located({}), text
    block, body = lines[start + 1 : end], "\n".join(lines[end + 1 :])
    first = start + 2
    try:
        parsed = parse("\n".join(block), document, first)
    except IngestError:
        if len(block) > MAX_LOOSE_LINES:
            raise
        return _by_line(block, document, first), body
    if not parsed or parsed[0].value is None:
        return Located({}, first_line=first), body
    if not isinstance(parsed[0].value, dict):
        return _by_line(block, document, first), body
    return parsed[0], body


def _by_line(block: list[str], document: Document, first_line: int) -> Loose:
    """Front matter key by key: each key's lines as YAML of their own where they are, else as text or a list of ``- item`` lines.

    What stands twice is not told: a dialogue in a description (``user: …``) looks like keys.
    """
    starts = [index for index, line in enumerate(block) if _KEY.fullmatch(line)]
    value: dict[str, Any] = {}
    lines: dict[Pointer, int] = {(): first_line}
    for start, stop in pairwise([*starts, len(block)]):
        match = _KEY.fullmatch(block[start])
        key = match[1] if match else ""
        inner = _one_key(block[start:stop], key, document, first_line + start)
        if inner is not None:
            value[key] = inner.value[key]
            lines |= {pointer: line for pointer, line in inner.lines.items() if pointer}
        else:
            value[key] = _loose_value((match[2] or "") if match else "", block[start + 1 : stop])
            lines[(key,)] = first_line + start
    return Loose(value, lines, first_line=first_line)


def _one_key(block: list[str], key: str, document: Document, first_line: int) -> Located | None:
    try:
        parsed = parse("\n".join(block), document, first_line)
    except IngestError:
        return None
    ok = len(parsed) == 1 and isinstance(parsed[0].value, dict) and list(parsed[0].value) == [key]
    return parsed[0] if ok else None


def _loose_value(text: str, following: list[str]) -> Any:
    text = text.strip()
    items = [match[1].strip().strip("\"'") for match in map(_ITEM.fullmatch, following) if match]
    if not text and items:
        return items
    if text.startswith("[") and text.endswith("]"):
        return [item.strip().strip("\"'") for item in text[1:-1].split(",") if item.strip()]
    if len(text) > 1 and text[0] == text[-1] and text[0] in "\"'":
        return text[1:-1]
    if text in ("|", ">", "|-", ">-", "|+", ">+", ""):
        return "\n".join(line.strip() for line in following).strip()
    return text
