"""C# source: agents of Microsoft's Agent Framework and of Semantic Kernel, MCP servers of the official SDK, with their tools.

The documents of a root are understood together: see :mod:`graphinv.ingest.support.csharp`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import PurePosixPath
from typing import NamedTuple

from graphinv.ingest import Document
from graphinv.ingest.support.csharp import ir
from graphinv.ingest.support.csharp.agents import Agents
from graphinv.ingest.support.csharp.expressions import AGENTS
from graphinv.ingest.support.csharp.servers import Program
from graphinv.ingest.support.csharp.summary import read_module
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact

NAME = "csharp_source"
TITLE = "Agents and MCP servers in C# source"
FILES: tuple[str, ...] = ("*.cs", "*.csproj")

_MARK = re.compile(rb"\bMcpServer|\bAddMcpServer\b|\bModelContextProtocol\b|" + AGENTS.pattern)
_PROPERTY = re.compile(r"<(AssemblyName|PackageId)>\s*([\w.-]{1,200})\s*</\1>")


class Outline(NamedTuple):
    """What of a document tells which others it has to do with."""

    marked: bool


def detect(path: str, head: bytes) -> bool:
    """Whether it is C# or the file of a project."""
    return path.endswith((".cs", ".csproj"))


def summarise(document: Document) -> ir.Module | ir.Project:
    """What the meaning of a root's documents needs of this one. One without the library is no error, whatever is wrong with it.

    Raises:
        IngestError: it uses one of the libraries and is no text, nested without end, or too large.
    """
    if (document.path or document.root).endswith(".csproj"):
        return _project(document)
    if document.data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        document = replace(document, data=document.text().encode())
    try:
        return read_module(document)
    except IngestError:
        if _MARK.search(document.data):
            raise
        return ir.Module(document.path, [ir.Type("", 1)])


def outline(document: Document) -> Outline | ir.Project:
    """What of the summary says which documents belong together.

    Raises:
        IngestError: as :func:`summarise`, which may also raise where this does not.
    """
    if (document.path or document.root).endswith(".csproj"):
        return _project(document)
    data = document.data if document.data[:2] not in (b"\xff\xfe", b"\xfe\xff") else document.text().encode()
    return Outline(_MARK.search(data) is not None)


def _project(document: Document) -> ir.Project:
    found = dict(_PROPERTY.findall(document.data.decode("utf-8", "replace")))
    assembly = found.get("AssemblyName") or PurePosixPath(document.path or document.root).stem
    return ir.Project(document.path, assembly, found.get("PackageId") or assembly)


def parts(outlines: Mapping[str, Outline | ir.Project]) -> list[list[str]]:
    """Paths of the documents that agents or MCP servers have to do with, as one part: the projects with one that uses such a library.
    O(files)."""
    projects = [one for one in outlines.values() if isinstance(one, ir.Project)]
    places = Program("", {}, projects)
    marked = {places.project(path) for path, one in outlines.items() if isinstance(one, Outline) and one.marked}
    if not marked:
        return []
    return [sorted(path for path, one in outlines.items() if isinstance(one, ir.Project) or places.project(path) in marked)]


def link(root: str, summaries: Mapping[str, ir.Module | ir.Project]) -> Iterator[Fact]:
    """The facts of all documents of a root."""
    modules = {path: one for path, one in sorted(summaries.items()) if isinstance(one, ir.Module)}
    program = Program(root, modules, [one for one in summaries.values() if isinstance(one, ir.Project)])
    yield from program.facts()
    yield from Agents(program, NAME).facts()
