"""MCP servers of Amp: ``amp.mcpServers`` in its settings, and in those of VS Code, with what it may do unasked.

Drawn:
    (:Agent host)-[:CONNECTS_TO]->(:ToolServer), (:Agent host)-[:USES {approved}]->(:Tool built-in)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients, jsondoc
from graphinv.ingest.support.builtins import INHERENT, builtin_facts
from graphinv.ingest.support.clients import patterns, project_folder
from graphinv.ingest.support.parts import items, texts
from graphinv.model.facts import Fact

CLIENT = "amp"
NAME = "mcp_amp"
TITLE = "MCP servers of Amp"
FILES = patterns(CLIENT)
MAX_BYTES = 2 * 1024 * 1024


def detect(path: str, head: bytes) -> bool:
    """Whether it is a file of Amp's settings."""
    return project_folder(path, CLIENT) is not None


def read(document: Document) -> Iterator[Fact]:
    """The host, its tools, its servers and what they are given.

    Raises:
        IngestError: not JSON, or no object at its top.
    """
    located = jsondoc.parse(document)
    top = clients.top_object(located, document)
    folder = project_folder(document.path, CLIENT) or ""
    host = clients.host_key(document, CLIENT, folder)
    unasked = top.get("amp.dangerouslyAllowAll") is True
    yield clients.host_fact(document, CLIENT, folder, autonomy="autonomous" if unasked else None)
    yield from clients.duplicate_problems(located, document, NAME)
    off = texts(top.get("amp.tools.disable"))[: claude.MAX_ITEMS]
    for tool in INHERENT[CLIENT]:
        action = _action(top, tool)
        if action == "reject" or any(fnmatchcase(tool, pattern.removeprefix("builtin:")) for pattern in off):
            continue
        said = {"approved": True, "approval": "client", "approved_by": document.source()} if action == "allow" else {}
        yield from builtin_facts(document, located.line("amp.permissions"), host, CLIENT, [tool], **said)
    yield from clients.servers(document, located, ("amp.mcpServers",), client=CLIENT, folder=folder, host=host)
    yield from clients.other_secrets(document, located, host, without=("amp.mcpServers", "amp.permissions"))


def _action(top: Mapping[str, Any], tool: str) -> object:
    """What the first rule for whatever a tool is given says; one for what only some calls give says nothing of the others."""
    for rule in items(top.get("amp.permissions"))[: claude.MAX_ITEMS]:
        if isinstance(rule.get("tool"), str) and fnmatchcase(tool, rule["tool"]) and not rule.get("matches"):
            return rule.get("action")
    return None
