"""One document → its :class:`~graphinv.ingest.support.python.ir.Module`: Python source, or the code cells of a notebook."""

from __future__ import annotations

import ast
import json
import re
import warnings
from bisect import bisect_right
from collections.abc import Callable
from functools import cache
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.frameworks import frameworks
from graphinv.ingest.support.python.lower import Lowering
from graphinv.ingest.support.python.newer import older
from graphinv.model.errors import IngestError

MAX_SOURCE = 2_000_000
"""Bytes of source that are parsed."""
MAX_UNMARKED = 300_000
FULL_UNMARKED = 60_000
"""A module that imports no framework keeps its functions' bodies up to this size, or where it speaks of agents or tools."""
MAX_MISSES = 50
"""Lines of a notebook that are looked for in vain before the rest is taken to stand where the last one was found."""
MCP = ("mcp", "fastmcp", "langchain_mcp_adapters", "mcp_use")
_SPEAKS = re.compile(rb"(?i)\b(?:agent|tool|llm|mcp|crew)s?\b|_(?:agent|tool|llm)s?\b|\b(?:agent|tool|llm)s?_")
_WRITTEN = re.compile(r"\s*%%\w+\s+(?:-\w+\s+)?(?:[\w.-]+/)*([\w-]+)\.py[ \t]*(?=\n)")
"""``%%writefile``, and magics of one's own that write a Python file, too."""
_MAGIC = re.compile(r"(\s*)(?:[%!?].*|[\w.]+\?{1,2}\s*)")


@cache
def marker() -> re.Pattern[bytes]:
    """Matches a document that imports a framework or an MCP SDK, in source or as text in a notebook."""
    names: list[str] = []
    packages = {package for framework in frameworks() if not getattr(framework, "MARKS", ()) for package in framework.IMPORTS}
    for name in sorted(packages | set(MCP)):
        names.append(re.escape(name))
        if "." in name:
            parent, _, last = name.rpartition(".")
            names.append(rf"{re.escape(parent)}\s+import\s+\(?\s*(?:\w+,\s*)*{re.escape(last)}")
    marks = [mark for framework in frameworks() for mark in getattr(framework, "MARKS", ())]
    # In a notebook whose cells are one text each, ``\\n`` stands before most of them.
    return re.compile(b"|".join([rb"(?:\b|(?<=\\n))(?:from|import)\s+(?:%s)(?![\w])" % "|".join(names).encode(), *marks]))


def summarise(document: Document) -> ir.Module:
    """The module; an empty one where nothing in it can matter.

    Raises:
        IngestError: it imports a framework and is no Python, or too large or nested too deeply to be read.
    """
    notebook = document.path.endswith(".ipynb")
    marked = marker().search(document.data) is not None
    empty = ir.Module(document.path, document.root, (), False, False)
    if not marked and (notebook or len(document.data) > MAX_UNMARKED):
        return empty
    if len(document.data) > MAX_SOURCE and not notebook:
        raise IngestError("is too large to be read as source (more than 2 MB)", document=document.path)
    source, lines = cells(document) if notebook else (document.text(), None)
    full = marked or len(document.data) <= FULL_UNMARKED or _SPEAKS.search(document.data) is not None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            tree = _parsed(source)
        lowering = Lowering(document, lines, bodies=full)
        body = lowering.body(tree.body)
    except SyntaxError as error:
        if not marked:
            return empty
        line = error.lineno or 1
        where = f"L{lines(line) if lines else line}"
        raise IngestError("is no Python 3 source", document=document.path, where=where) from None
    except (RecursionError, MemoryError, ValueError):
        if not marked:
            return empty
        raise IngestError("is nested too deeply to be read as source", document=document.path) from None
    return ir.Module(document.path, document.root, body, marked, full, "", frozenset(lowering.imports))


def _parsed(source: str) -> ast.Module:
    """The source's tree, even where it is written for a newer Python than this one.

    Raises:
        SyntaxError: it is no Python.
    """
    try:
        return ast.parse(source)
    except SyntaxError as error:
        try:
            return ast.parse(older(source))
        except SyntaxError:
            raise error from None


def cells(document: Document) -> tuple[str, Callable[[int], int]]:
    """The code cells of a notebook as one source, and the line of the document that holds each of its lines.

    Lines for the notebook's shell (``%pip``, ``!ls``) are left empty; a cell for another language is left out. A Python file that a cell
    writes (``%%writefile agent.py``) is read as one more cell, and what is imported from it is found there.

    Raises:
        IngestError: it is no notebook.
    """
    text = document.text()
    try:
        notebook = json.loads(text)
    except (ValueError, RecursionError):
        raise IngestError("is no JSON, so no notebook", document=document.path) from None
    source: list[str] = []
    places: list[int] = []
    starts = [0, *(match.end() for match in re.finditer("\n", text))]
    position = misses = 0
    code = _code(notebook)
    written = "|".join(sorted({re.escape(named[1]) for cell in code if (named := _WRITTEN.match(cell))}))
    taken = re.compile(rf"([ \t]*)(?:from\s+(?:{written})\s+import\s+[\w, ]+|import\s+(?:{written}))") if written else None
    for cell in code:
        for line, kept in zip(cell.split("\n"), _plain(cell).split("\n"), strict=True):
            imported = taken.fullmatch(kept) if taken is not None else None
            plain = f"{imported[1]}pass" if imported is not None else kept
            found, length = _find(text, line, position) if line.strip() and misses < MAX_MISSES else (-1, 0)
            misses += found < 0 and bool(line.strip())
            position = found + length if found >= 0 else position
            places.append(bisect_right(starts, position))
            source.append(plain)
    return "\n".join(source), lambda line: places[min(line, len(places)) - 1] if places else 1


def _find(text: str, line: str, position: int) -> tuple[int, int]:
    """Where the JSON text spells a line of source, from ``position`` on, and how long it is there; -1 where it does not."""
    places = []
    for ascii_only in (False, True):
        needle = json.dumps(line, ensure_ascii=ascii_only)[1:-1]
        found = text.find(needle, position)
        if found >= 0:
            places.append((found, len(needle)))
        if line.isascii():
            break
    return min(places, default=(-1, 0))


def _code(notebook: Any) -> list[str]:
    found: list[str] = []
    listed = notebook.get("cells") if isinstance(notebook, dict) else None
    for cell in listed if isinstance(listed, list) else ():
        if not isinstance(cell, dict) or cell.get("cell_type") != "code":
            continue
        parts = cell.get("source", "")
        parts = parts if isinstance(parts, list) else [parts]
        text = "".join(part for part in parts if isinstance(part, str))
        if re.match(r"\s*%%(?!time|capture|timeit|prun)", text) and _WRITTEN.match(text) is None:
            continue
        found.append(text)
    return found


def _plain(cell: str) -> str:
    """A cell without what only a notebook understands; all of it empty where what is left is no Python."""
    stripped = "\n".join(found[1] + "pass" if (found := _MAGIC.fullmatch(line)) else line for line in cell.split("\n"))
    for text in (cell, stripped):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                _parsed(text)
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            continue
        return text
    return "\n" * cell.count("\n")
