r"""Facts as tables: which file holds which kind, and how a value stands in a cell so that reading gives back exactly what was written.

A cell is empty where the property is absent. Around every cell, and around every item of a list, white space does not count. Items are
separated by ``;``; ``[]`` is the empty list. What could be misread is escaped with a backslash: ``\;`` ``\\`` ``\[`` stand for
themselves, ``\e`` is the empty text, ``\u{1f}`` the character of that hexadecimal number (so are controls, directions and others written
that are not seen); any other backslash is a backslash. A cell that a spreadsheet would take for a formula has a ``'`` put in front, which
reading takes away; what would begin one after a ``;`` is written as its number.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS
from graphinv.model.schema import Property

STEMS: Mapping[str, str] = {
    "Agent": "agents",
    "Owner": "owners",
    "Identity": "identities",
    "Runtime": "runtimes",
    "Secret": "secrets",
    "Tool": "tools",
    "ToolServer": "servers",
    "Resource": "resources",
    "Workflow": "workflows",
    "ContentSource": "content_sources",
    "Memory": "memories",
    "EnforcementPoint": "enforcement_points",
    "Task": "tasks",
    "Model": "models",
    "Package": "packages",
    "CAN_ACCESS": "access",
    "CONNECTS_TO": "connections",
    "DELEGATES_TO": "delegations",
    "CALLS_BACK": "callbacks",
    **{kind: kind.lower() for kind in EDGE_KINDS if kind not in {"CAN_ACCESS", "CONNECTS_TO", "DELEGATES_TO", "CALLS_BACK"}},
}
"""Kind → name of its file, without ``.csv``."""

FILES: Mapping[str, str] = {f"{stem}.csv": kind for kind, stem in STEMS.items()} | {"toolservers.csv": "ToolServer"}
"""File name → kind."""

_FORMULA = re.compile("'*[=+\\-@\t\r＝＋－＠]")
_FORMULA_WITHIN = re.compile(';("*)([=+\\-@\t\r＝＋－＠])')
_ESCAPE = re.compile(r"\\(?:u\{([0-9a-fA-F]{1,6})\}|([\\;\[e]))")
_MUST_ESCAPE = re.compile(
    "[\\\\;\x00-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]"
)
"""What has a meaning in a cell, and characters that are not seen: controls, directions, joiners."""
_TRUTH = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}


def required_columns(kind: str) -> tuple[str, ...]:
    """Columns that make a table one of ``kind``: ``id``, or ``from`` and ``to``."""
    return ("id",) if kind in NODE_KINDS else ("from", "to")


def defuse(cell: str) -> str:
    """``cell`` with a ``'`` in front if a spreadsheet would take it for a formula.

    >>> defuse("=1+1"), defuse("plain")
    ("'=1+1", 'plain')
    """
    return f"'{cell}" if _FORMULA.match(cell) else cell


def defuse_throughout(cell: str) -> str:
    """`defuse`, and the same after each semicolon, which ends a cell in the spreadsheets of many countries whatever stands in quotes.

    >>> defuse_throughout("x;=1+1")
    "x;'=1+1"
    """
    return _FORMULA_WITHIN.sub(r";'\1\2", defuse(cell))


def csv_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """CSV text (RFC 4180, so CRLF) in which no cell is a formula."""
    return csv_text(header, ([defuse_throughout(cell) for cell in row] for row in rows))


def csv_text(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """CSV text of cells that are safe already."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(header)
    writer.writerows(rows)
    return out.getvalue()


def text_to_cell(text: str) -> str:
    r"""A text as a cell.

    >>> print(text_to_cell(" a;b"))
    \u{20}a\;b
    """
    return _defused(_escape(text))


def cell_to_text(cell: str) -> str | None:
    """What :func:`text_to_cell` wrote; None when the cell is empty."""
    cell = _refuse(cell)
    return _unescape(cell) if cell else None


def value_to_cell(value: Any) -> str:
    """A property's value, in normal form, as a cell; absent (None) is empty."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list):
        return _defused(";".join(map(_escape, value))) if value else "[]"
    return text_to_cell(value) if isinstance(value, str) else defuse(repr(value))


def cell_to_value(prop: Property, cell: str) -> Any:
    """The value that a cell gives to ``prop``; None when it is empty. What the vocabulary allows is not checked here.

    Raises:
        ValueError: the cell cannot be of the property's type; the message names no value.
    """
    cell = _refuse(cell)
    if not cell:
        return None
    if prop.type == "set of texts":
        items = [] if cell == "[]" else re.findall(r"(?:\\.|[^;])+", cell, re.DOTALL)
        return [_unescape(item.strip()) for item in items if item.strip()]
    if prop.type == "yes/no":
        if cell.lower() not in _TRUTH:
            raise ValueError("should be true or false")
        return _TRUTH[cell.lower()]
    if prop.type in {"integer", "number"}:
        return _number(prop, cell)
    return _unescape(cell)


def _number(prop: Property, cell: str) -> int | float:
    try:
        return int(cell) if prop.type == "integer" else float(cell)
    except ValueError:
        raise ValueError(f"should be {'a whole number' if prop.type == 'integer' else 'a number'}") from None


def _refuse(cell: str) -> str:
    cell = cell.strip()
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell


def _defused(cell: str) -> str:
    """`defuse_throughout` in a form that is read back: after a semicolon a number stands for what would begin a formula."""
    return _FORMULA_WITHIN.sub(lambda match: f";{match[1]}{_hex(match[2])}", defuse(cell))


def _escape(text: str) -> str:
    if not text:
        return "\\e"
    inner = text.strip()
    start = text.index(inner) if inner else len(text)
    edges = "".join(map(_hex, text[:start])), "".join(map(_hex, text[start + len(inner) :]))
    middle = _MUST_ESCAPE.sub(_escape_one, inner)
    return edges[0] + ("\\" + middle if inner.startswith("[") else middle) + edges[1]


def _escape_one(match: re.Match[str]) -> str:
    found = match.group()
    return "\\" + found if found in "\\;" else _hex(found)


def _hex(character: str) -> str:
    return f"\\u{{{ord(character):x}}}"


def _unescape(text: str) -> str:
    return _ESCAPE.sub(_unescape_one, text) if "\\" in text else text


def _unescape_one(match: re.Match[str]) -> str:
    number, letter = match.groups()
    if number is None:
        return "" if letter == "e" else str(letter)
    code = int(number, 16)
    return chr(code) if code <= 0x10FFFF else match.group()
