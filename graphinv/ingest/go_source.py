"""Go source: agents of ADK, Eino, LangChainGo and Genkit; MCP servers of the official SDK and of mark3labs/mcp-go, with their tools.

The documents of a root are understood together: see :mod:`graphinv.ingest.support.golang`.
"""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from graphinv.ingest import Document
from graphinv.ingest.support.golang import ir
from graphinv.ingest.support.golang.agents import Agents
from graphinv.ingest.support.golang.parsing import AGENTS, SDKS, imports_of, module_of
from graphinv.ingest.support.golang.program import Program, folder_of
from graphinv.ingest.support.golang.servers import Servers
from graphinv.ingest.support.golang.summary import read_module
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact

NAME = "go_source"
TITLE = "Agents and MCP servers in Go source"
FILES: tuple[str, ...] = ("*.go", "go.mod")

_MARK = re.compile(
    rb'"github\.com/(?:modelcontextprotocol/go-sdk/mcp|mark3labs/mcp-go/(?:mcp|server))"|"(?:%s)'
    % b"|".join(re.escape(one).encode() for one in AGENTS)
)


class Outline(NamedTuple):
    """What of a document tells which others it has to do with."""

    imports: tuple[str, ...]
    marked: bool


def detect(path: str, head: bytes) -> bool:
    """Whether it is Go and no test, or says what a module is called."""
    return path.rpartition("/")[2] == "go.mod" or (path.endswith(".go") and not path.endswith("_test.go"))


def summarise(document: Document) -> ir.Module | ir.GoMod:
    """What the meaning of a root's documents needs of this one. A document without one of the libraries is no error, whatever is
    wrong with it.

    Raises:
        IngestError: it imports one of the libraries and is nested without end, or too large.
    """
    if (document.path or document.root).endswith(".mod"):
        return ir.GoMod(document.path, module_of(document.data.decode("utf-8", "replace")))
    try:
        return read_module(document)
    except IngestError:
        if _MARK.search(document.data):
            raise
        return ir.Module(document.path, "", (), [], {}, {}, marked=False)


def outline(document: Document) -> Outline | ir.GoMod:
    """What of the summary says which documents belong together."""
    if (document.path or document.root).endswith(".mod"):
        return ir.GoMod(document.path, module_of(document.data.decode("utf-8", "replace")))
    found = imports_of(document.data)
    return Outline(found, any(path in SDKS or path.startswith(AGENTS) for path in found))


def parts(outlines: Mapping[str, Outline | ir.GoMod]) -> list[list[str]]:
    """Paths of the documents that agents or MCP servers have to do with, as one part: packages with one of the libraries, what they
    import, and what imports them. O(imports).
    """
    mods = [(one.module, posixpath.dirname(path)) for path, one in outlines.items() if isinstance(one, ir.GoMod) and one.module]
    mods.sort(key=lambda one: -len(one[0]))
    uses: dict[str, set[str]] = defaultdict(set)
    marked: set[str] = set()
    for path, one in outlines.items():
        if isinstance(one, Outline):
            folder = posixpath.dirname(path)
            uses[folder] |= {place for name in one.imports if (place := folder_of(name, mods)) is not None}
            marked |= {folder} if one.marked else set()
    users: dict[str, set[str]] = defaultdict(set)
    for folder, places in uses.items():
        for place in places:
            users[place].add(folder)
    wanted = _closure(marked, users)
    wanted |= _closure(wanted, uses)
    if not marked:
        return []
    return [sorted(path for path, one in outlines.items() if isinstance(one, ir.GoMod) or posixpath.dirname(path) in wanted)]


def _closure(starts: set[str], steps: Mapping[str, set[str]]) -> set[str]:
    found: set[str] = set()
    work = list(starts)
    while work:
        one = work.pop()
        if one not in found:
            found.add(one)
            work.extend(steps.get(one, ()))
    return found


def link(root: str, summaries: Mapping[str, ir.Module | ir.GoMod]) -> Iterator[Fact]:
    """The facts of all documents of a root."""
    modules = {path: one for path, one in sorted(summaries.items()) if isinstance(one, ir.Module)}
    program = Program(root, modules, [one for one in summaries.values() if isinstance(one, ir.GoMod)])
    if any(module.marked for module in modules.values()):
        yield from Servers(program).facts()
    if any(module.agents for module in modules.values()):
        yield from Agents(program, NAME).facts()
