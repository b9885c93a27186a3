"""Logs of JSON: an object a line, one list of objects, or objects one after the other, as programs and pipelines leave them.

Text around objects (the names that container runtimes put before each line) is passed over, and so is a line that is cut off.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.model.facts import Problem

MAX_BYTES = 512 * 1024 * 1024
MAX_DEPTH = 60
_NAMED = re.compile(r"(?:\.(?:jsonl|ndjson|json|log|txt|out)(?:[.-][0-9-]+)?|(?:^|/)[^./]+)$", re.IGNORECASE)
_DECODER = json.JSONDecoder()
_SURROGATE = re.compile("[\ud800-\udfff]")
_ESCAPED = re.compile(r"\\u[dD][89a-fA-F]")
_LOST_IN_DEPTH = 50_000
"""Characters that a try costs at most that ends because it is nested too deeply."""


def is_named_so(path: str) -> bool:
    """Whether a file is named as logs are, rotated ones too.

    >>> [is_named_so(name) for name in ("a/audit.jsonl.1", "opa.log-20260101", "decisions", "README.md", "x.py")]
    [True, True, True, False, False]
    """
    return _NAMED.search(path) is not None


class _Text(str):
    """The text of a log, in which an error of the decoder does not count the lines before it: for each error all would be read again."""

    __slots__ = ()

    def count(self, *_: object) -> int:
        return 0


class JsonLog:
    """The objects of one log. ``bad`` is where what could not be read begins, and ``skipped`` how often that was so."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.bad: int | None = None
        self.skipped = 0

    def objects(self) -> Iterator[tuple[int, dict[str, Any]]]:
        """(line, object) of each, those of lists too. O(bytes).

        Raises:
            IngestError: it is not text.
        """
        text = _Text(self.document.text())
        budget = 2 * len(text) + 1_000_000  # of characters that are looked at in vain: no log may be read again and again
        position, line, counted = 0, self.document.line, 0
        while (position := text.find("{", position)) >= 0:
            line += str.count(text, "\n", counted, position)
            counted = position
            try:
                value, end = _DECODER.raw_decode(text, position)
            except (ValueError, RecursionError) as error:
                self.skipped += 1
                self.bad = self.bad or line
                budget -= getattr(error, "pos", position + _LOST_IN_DEPTH) - position
                end = text.find("\n", position)
                if end < 0 or budget < 0:
                    return
                position = end
                continue
            if not _is_deep(value, str.count(text, "{", position, end) + str.count(text, "[", position, end)):
                yield line, _plain(value) if _ESCAPED.search(text, position, end) else value
            position = end

    def problems(self, ingestor: str) -> Iterator[Problem]:
        """What was passed over, once it has been read."""
        if self.bad is not None:
            message = f"{self.skipped} records are not JSON and are not read"
            yield Problem(self.document.path, f"L{self.bad}", message, "warning", ingestor)


def decoded(text: str) -> dict[str, Any] | None:
    """The object that a text in a log holds; None where it holds none, or one that is nested deeper than a record can be."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return None if _is_deep(value, text.count("{") + text.count("[")) else _plain(value)


def _is_deep(value: dict[str, Any], brackets: int) -> bool:
    """Whether it is nested deeper than a record can be; O(values)."""
    if brackets <= MAX_DEPTH:
        return False
    level: list[Any] = [value]
    for _ in range(MAX_DEPTH):
        inner = (each for one in level for each in (one.values() if isinstance(one, dict) else one))
        level = [each for each in inner if isinstance(each, dict | list)]
        if not level:
            return False
    return True


def _plain(value: Any) -> Any:
    """``value``, which is not deep, with a mark in the place of each half of a character pair."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return {_plain(key): _plain(item) for key, item in value.items()} if isinstance(value, dict) else value
