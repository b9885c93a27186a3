"""Results of MCP-Scan (Snyk Agent Scan): the MCP servers of a machine, with the tools that they offered when they were asked.

Drawn:
    (:ToolServer)-[:PROVIDES]->(:Tool), with the digest of its definition, its hints, and what hides in its texts

Servers of addresses are those that configurations name by them. Of packages each server that a configuration of the same root starts from
one has the tools that were found, as an inference: another version may offer others. What the scanner found wrong is not taken over.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any
from urllib.parse import unquote

from graphinv.ingest import Document
from graphinv.ingest.support import clients, jsondoc
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.mcp_source import ENTRY_SPACE
from graphinv.ingest.support.offers import listed_tools, offered_server
from graphinv.ingest.support.parts import inside, items
from graphinv.ingest.support.records import text
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import Binding, Fact, NodeFact, NodeKey, Problem

CLIENT = "mcp-client"
NAME = "agent_scan"
TITLE = "Results of MCP-Scan (Agent Scan)"
FILES = ("any JSON file as `mcp-scan --json` prints it",)
MAX_BYTES = 64 * 1024 * 1024
MAX_PATHS = 1_000
MAX_SERVERS = 1_000
"""Of one configuration file."""

_OURS = re.compile(rb'"servers"\s*:\s*\[\s*\{\s*"name"\s*:[^{}\[\]]{0,300}"server"\s*:\s*\{')
_PACKAGE = re.compile(r"pkg:(npm|pypi|golang|nuget)/([^@?#]+)")
_SPACES = {"npm": "package"}


def detect(path: str, head: bytes) -> bool:
    """Whether it begins with a configuration file that was scanned and its first server."""
    return head.lstrip()[:1] == b"{" and _OURS.search(head) is not None


def read(document: Document) -> Iterator[Fact]:
    """Servers and their tools.

    Raises:
        IngestError: not JSON, or no JSON object.
    """
    located = jsondoc.parse(document)
    top = clients.top_object(located, document)
    yield from clients.duplicate_problems(located, document, NAME)
    seen: set[str] = set()
    for number, (place, found) in enumerate(list(top.items())[:MAX_PATHS]):
        if isinstance(found, dict):
            client = redact(text(found.get("client"))) or str(number)
            section = f"{client} {number}" if client in seen else client  # a client may have several files
            seen.add(client)
            yield from _scanned(document, located, (place,), found, section)
    if len(top) > MAX_PATHS:
        yield Problem(document.path, "", f"tells of more than {MAX_PATHS:,} configurations; the others are left out", "error", NAME)


def _scanned(document: Document, located: Located, at: Pointer, found: Mapping[str, Any], section: str) -> Iterator[Fact]:
    """The servers of one configuration file; ``section`` tells their ids from those of the others."""
    servers = items(found.get("servers"))
    for index, one in enumerate(servers[:MAX_SERVERS]):
        pointer = (*at, "servers", index)
        name = text(one.get("name")) or f"server {index + 1}"
        where = clients.at(located, (*pointer, "server"))
        key, facts = offered_server(document, CLIENT, name, one.get("server"), where, lambda _: {}, section=f"{section}/")
        yield from facts
        if key is not None:
            yield from _entries(document, key, facts)
            tools = inside(one, "signature").get("tools")
            yield from listed_tools(document, tools, key, partial(located.line, *pointer, "signature", "tools"))
    if len(servers) > MAX_SERVERS:
        line = located.line(*at)
        yield Problem(document.path, f"L{line}", f"tells of more than {MAX_SERVERS:,} servers; the others are left out", "error", NAME)


def _entries(document: Document, server: NodeKey, facts: list[Fact]) -> Iterator[Fact]:
    """The name by which a configuration that starts the same package finds the tools of ``server``."""
    for fact in facts:
        match = _PACKAGE.match(str(fact.props.get("package", ""))) if isinstance(fact, NodeFact) and fact.key == server else None
        if match:
            yield Binding(ENTRY_SPACE, f"{_SPACES.get(match[1], match[1])}:{unquote(match[2])}", server, "", document.path)
