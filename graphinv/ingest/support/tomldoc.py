"""TOML with line numbers, by the standard library's reader and a light scan for where tables and keys stand."""

from __future__ import annotations

import re
import tomllib

from graphinv.ingest import Document
from graphinv.ingest.support.located import Located, Pointer
from graphinv.model.errors import IngestError

MAX_DEPTH = 200
_TABLE = re.compile(r"\s*(\[\[?)\s*(.+?)\s*\]\]?\s*(?:#.*)?")
_KEY = re.compile(r"\s*((?:[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*')(?:\s*\.\s*(?:[A-Za-z0-9_-]+|\"[^\"\n]*\"|'[^'\n]*'))*)\s*=")
_PART = re.compile(r"[A-Za-z0-9_-]+|\"([^\"]*)\"|'([^']*)'")
_AT_LINE = re.compile(r"at line (\d+)")
_OPENING = re.compile(r"[\[{]")


def parse(document: Document) -> Located:
    """The whole document. O(bytes).

    Raises:
        IngestError: it is not text or not TOML, or is nested deeper than 200; names the line.
    """
    text = document.text()
    for number, line in enumerate(text.split("\n"), 1):
        if line.count("[") + line.count("{") > MAX_DEPTH and _depth(line) > MAX_DEPTH:
            raise IngestError(f"nested deeper than {MAX_DEPTH}", document=document.path, where=f"L{number}")
        if line.count(".") > MAX_DEPTH and (key := _KEY.match(line)) and key[1].count(".") > MAX_DEPTH:
            raise IngestError(f"nested deeper than {MAX_DEPTH}", document=document.path, where=f"L{number}")
    try:
        value = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _AT_LINE.search(str(error))
        line = found[1] if found else str(text.count("\n") + 1)
        raise IngestError("is not TOML", document=document.path, where=f"L{line}") from None
    except (RecursionError, ValueError, OverflowError):
        raise IngestError("is not TOML that can be read", document=document.path, where="L1") from None
    return Located(value, _lines(text))


def _depth(line: str) -> int:
    deepest = depth = 0
    for character in line:
        depth += (character in "[{") - (character in "]}")
        deepest = max(deepest, depth)
    return deepest


def _lines(text: str) -> dict[Pointer, int]:
    lines: dict[Pointer, int] = {(): 1}
    table: Pointer = ()
    counts: dict[Pointer, int] = {}
    for number, line in enumerate(text.split("\n"), 1):
        header = _TABLE.fullmatch(line)
        if header:
            table = _parts(header[2])
            if header[1] == "[[":
                index = counts.get(table, 0)
                counts[table] = index + 1
                table = (*table, index)
            lines.setdefault(table, number)
            continue
        key = _KEY.match(line)
        if key:
            lines.setdefault((*table, *_parts(key[1])), number)
    return lines


def _parts(dotted: str) -> Pointer:
    return tuple(match[1] or match[2] or match[0].strip("\"'") for match in _PART.finditer(dotted[:2000]))
