"""JSON as people write it, with line numbers: comments, trailing commas, a byte order mark and duplicate keys are taken.

The reader keeps its own stack, so that no nesting can exhaust Python's, and is bounded in depth and in the number of values.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.located import Located, Pointer, json_pointer
from graphinv.model.errors import IngestError

MAX_DEPTH = 200
MAX_VALUES = 2_000_000

# Possessive throughout: nothing here may backtrack over a hostile document.
_SPACE = re.compile(r"(?>[ \t\r\n\f\v\u00a0\ufeff]++|//[^\n]*+|/\*(?>[^*]++|\*(?!/))*+\*/)*+")
_SPACE_AT_END = re.compile(r"(?>[ \t\r\n\f\v\u00a0\ufeff]++|//[^\n]*+)*+")
"""Where no more comments end, so that none is looked for again at each of many beginnings."""
_BLANK = frozenset(" \t\r\n\f\v\u00a0\ufeff/")
_STRING = re.compile(r'"(?>[^"\\\n\r]++|\\[^\n\r])*+"')
_NUMBER = re.compile(r"-?+(?:[0-9]++(?:\.[0-9]*+)?+(?:[eE][+-]?+[0-9]++)?+|Infinity)")
_WORD = re.compile(r"[A-Za-z]++")
_WORDS: dict[str, Any] = {"true": True, "false": False, "null": None, "NaN": float("nan"), "Infinity": float("inf")}
_OBJECT = re.compile(r"^\{", re.MULTILINE)
"""Where a further object of a document may begin."""
_SURROGATE = re.compile("[\ud800-\udfff]")
_MAX_DIGITS = 300

_Frame = tuple[dict[str, Any] | list[Any], Pointer, int]
"""A container that is still open: its value, its pointer, the line it opens on."""


def parse(document: Document) -> Located:
    """The whole document as one JSON value. O(bytes).

    Raises:
        IngestError: it is not text, not JSON, cut off, nested deeper than 200, or holds more than two million values; names the line.
    """
    return parse_text(document.text(), document)


def parse_text(text: str, document: Document, first_line: int = 1) -> Located:
    """``text``, a part of ``document`` that starts on ``first_line``, as one JSON value. Raises as :func:`parse`."""
    return _Reader(text, document.path, first_line).read()


def parse_all(document: Document) -> Iterator[Located | IngestError]:
    """The JSON objects of a document that holds several, one after the other, as answers of several calls in one file; in place of one
    that is broken, what is wrong with it. Text between them is passed over. O(bytes).

    Raises:
        IngestError: as :func:`parse`, for the first value.
    """
    reader = _Reader(document.text(), document.path, 1)
    yield reader.value()
    while reader.seek():
        try:
            yield reader.value()
        except IngestError as error:
            yield error  # what follows is looked for from here on, so that no text is read twice


class _Reader:
    """One pass over the text, with a stack of its own."""

    def __init__(self, text: str, path: str, first_line: int) -> None:
        self.text = text
        self.path = path
        self.position = 0
        self.line = first_line
        self.values = 0
        self.found = Located(None, {(): first_line}, [], first_line)
        self.last_comment = text.rfind("*/")
        self.always = False
        """Record every line from the first duplicate key on: lines of the value that it replaces must not show through."""

    def fail(self, message: str, line: int | None = None) -> IngestError:
        return IngestError(message, document=self.path, where=f"L{line or self.line}")

    def skip(self) -> str:
        """Past blanks and comments; the next character, ``""`` at the end."""
        character = self.text[self.position : self.position + 1]
        if character not in _BLANK:
            return character
        match = (_SPACE if self.position < self.last_comment else _SPACE_AT_END).match(self.text, self.position)
        end = match.end() if match else self.position
        self.line += self.text.count("\n", self.position, end)
        self.position = end
        return self.text[end : end + 1]

    def read(self) -> Located:
        found = self.value()
        if self.skip():
            raise self.fail("is not one JSON value: more follows where it ends")
        return found

    def seek(self) -> bool:
        """On to where the next object begins, right here or on a line of its own; whether there is one."""
        if self.skip() != "{":
            match = _OBJECT.search(self.text, self.position)
            if match is None:
                return False
            self.line += self.text.count("\n", self.position, match.start())
            self.position = match.start()
        self.found = Located(None, {(): self.line}, [], self.line)
        self.always = False
        return True

    def value(self) -> Located:
        """The value that comes next."""
        if not self.skip():
            raise self.fail("is empty")
        stack: list[_Frame] = []
        value = self.opened_or_scalar(stack, ())
        while stack:
            container, pointer, line = stack[-1]
            character = self.skip()
            if not character:
                raise self.fail(f"is cut off: what opens on line {line} is not closed")
            if character == ("}" if isinstance(container, dict) else "]"):
                self.position += 1
                stack.pop()
                self.separator(stack)
            elif isinstance(container, dict):
                self.member(stack, container, pointer, line)
            else:
                part = (*pointer, len(container))
                if self.line != line or self.always:
                    self.found.lines[part] = self.line
                container.append(self.opened_or_scalar(stack, part))
        return Located(value, self.found.lines, self.found.duplicates, self.found.first_line)

    def member(self, stack: list[_Frame], container: dict[str, Any], pointer: Pointer, line: int) -> None:
        if self.text[self.position] != '"':
            raise self.fail("is not JSON: a key in double quotes is missing here")
        key = self.string()
        part = (*pointer, key)
        if key in container:
            self.found.duplicates.append((json_pointer(part), self.line))
            self.always = True
        if self.line != line or self.always:
            self.found.lines[part] = self.line
        if self.skip() != ":":
            raise self.fail("is not JSON: a colon is missing after a key" if self.position < len(self.text) else "is cut off after a key")
        self.position += 1
        self.skip()
        container[key] = self.opened_or_scalar(stack, part)

    def opened_or_scalar(self, stack: list[_Frame], pointer: Pointer) -> Any:
        """The value that starts here; a container is put on the stack, still empty."""
        self.values += 1
        if self.values > MAX_VALUES:
            raise self.fail(f"holds more than {MAX_VALUES} values")
        character = self.text[self.position : self.position + 1]
        if character in ("{", "["):
            if len(stack) >= MAX_DEPTH:
                raise self.fail(f"nested deeper than {MAX_DEPTH}")
            self.position += 1
            opened: dict[str, Any] | list[Any] = {} if character == "{" else []
            stack.append((opened, pointer, self.found.lines.get(pointer, self.line)))
            return opened
        value = self.string() if character == '"' else self.scalar(character)
        self.separator(stack)
        return value

    def separator(self, stack: list[_Frame]) -> None:
        """After a value: a comma, which may also trail, or the end of the container around it."""
        if not stack:
            return
        character = self.skip()
        if character == ",":
            self.position += 1
        elif character and character not in "}]":
            raise self.fail("is not JSON: a comma is missing here")

    def string(self) -> str:
        match = _STRING.match(self.text, self.position)
        if match is None:
            cut = self.text.find("\n", self.position) < 0
            raise self.fail("is cut off inside a text" if cut else "is not JSON: a text does not end on its line")
        self.position = match.end()
        body = match.group()
        if "\\" not in body:
            return body[1:-1]
        try:
            text: str = json.loads(body, strict=False)
        except ValueError:
            raise self.fail("is not JSON: an unknown escape in a text") from None
        return _SURROGATE.sub("\ufffd", text)

    def scalar(self, character: str) -> Any:
        match = _NUMBER.match(self.text, self.position)
        if match is not None:
            self.position = match.end()
            return _number(match.group())
        match = _WORD.match(self.text, self.position)
        if match is not None and match.group() in _WORDS:
            self.position = match.end()
            return _WORDS[match.group()]
        raise self.fail("is not JSON: a value is missing here" if character else "is cut off where a value should stand")


def _number(text: str) -> int | float:
    """Integers exactly up to 300 digits; everything else, and anything longer, as the nearest float."""
    whole = text.lstrip("-").isdigit()
    return int(text) if whole and len(text) <= _MAX_DIGITS else float(text)
