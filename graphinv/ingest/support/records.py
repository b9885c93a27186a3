"""Exports of provider interfaces: one object, a list, a page of a list, or an object a line; JSON or YAML; each object with its place."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc, yamldoc
from graphinv.ingest.support.located import Located, Pointer
from graphinv.model.errors import IngestError
from graphinv.model.facts import Problem

MAX_RECORDS = 500_000
_LISTS = ("value", "items", "results", "Resources")
"""Keys under which a page holds its objects."""
_LINES = re.compile(r"\.(?:jsonl|ndjson)$", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Record:
    """One object of an export. ``page`` is what stands around it on its page, such as ``@odata.context``."""

    value: dict[str, Any]
    located: Located = field(repr=False)
    pointer: Pointer = ()
    page: Mapping[str, Any] = field(default_factory=dict, repr=False)

    def line(self, *below: str | int) -> int:
        """Line of the part at ``below``."""
        return self.located.line(*self.pointer, *below)


def records(document: Document, lists: tuple[str, ...] = ()) -> Iterator[Record]:
    """All objects of an export, in order.

    Args:
        document: JSON (also one value a line) or, by its name, YAML.
        lists: further keys under which a page may hold its objects; one whose list is an object's own is not looked into.

    Raises:
        IngestError: neither, or more than 500,000 objects.
    """
    count = 0
    for located in _values(document):
        for record in _of(located, lists):
            count += 1
            if count > MAX_RECORDS:
                raise IngestError(f"holds more than {MAX_RECORDS:,} objects", document=document.path)
            yield record


def _values(document: Document) -> Iterator[Located]:
    if document.name.lower().endswith((".yaml", ".yml")):
        yield from yamldoc.parse(document.text(), document)
        return
    if not _LINES.search(document.name) and not _looks_like_lines(document):
        yield jsondoc.parse(document)
        return
    for number, line in enumerate(document.text().split("\n"), 1):
        if line.strip():
            yield jsondoc.parse_text(line, document, number)


def _looks_like_lines(document: Document) -> bool:
    """Whether the first line is an object of its own and another one follows."""
    first, newline, rest = document.data[:1_000_000].partition(b"\n")
    return bool(newline) and first.strip().startswith(b"{") and first.strip().endswith(b"}") and rest.lstrip()[:1] == b"{"


def _of(located: Located, lists: tuple[str, ...]) -> Iterator[Record]:
    value = located.value
    if isinstance(value, list):
        yield from (Record(item, located, (index,)) for index, item in enumerate(value) if isinstance(item, dict))
        return
    if not isinstance(value, dict):
        return
    key = next((key for key in (*lists, *_LISTS) if isinstance(value.get(key), list)), None)
    if key is None:
        yield Record(value, located)
        return
    page = {name: item for name, item in value.items() if isinstance(item, str)}
    yield from (Record(item, located, (key, index), page) for index, item in enumerate(value[key]) if isinstance(item, dict))


def text(value: object, limit: int = 500) -> str:
    """A text of an export without blanks around it; ``""`` for anything else, and for what is longer than a name can be."""
    return value.strip() if isinstance(value, str) and len(value) <= limit else ""


def moment(value: object) -> str | None:
    """A time given as ISO 8601 or as seconds (or milliseconds) since 1970; None for others, and for 0, which means never."""
    if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{5,20}(?:Z|[+-][0-9:]{4,6})?", value.strip()):
        return value.strip()
    try:
        number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else 0.0
    except (ValueError, OverflowError):  # JSON has whole numbers of any length
        return None
    number = number / 1000 if number > 1e11 else number
    return datetime.fromtimestamp(int(number), UTC).strftime("%Y-%m-%dT%H:%M:%SZ") if 0 < number < 32_503_680_000 else None


def problem(document: Document, line: int, message: str, ingestor: str, severity: str = "warning") -> Problem:
    """Something at ``line`` that was not understood."""
    return Problem(document.path, f"L{line}", message, severity, ingestor)
