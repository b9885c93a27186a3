"""MCP servers of clients that keep them in a JSON file of their own under ``mcpServers``: Claude Desktop, Cursor, Windsurf and others."""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.ingest.support import clients, jsondoc
from graphinv.ingest.support.clients import client_of, patterns, project_folder
from graphinv.ingest.support.located import Pointer
from graphinv.ingest.support.places import is_to_copy
from graphinv.ingest.support.prompts import prompt_facts, secret_prompts
from graphinv.ingest.support.servers import is_server
from graphinv.model.facts import Fact

CLIENTS = (
    "claude-desktop",
    "cursor",
    "windsurf",
    "antigravity",
    "visual-studio",
    "cline",
    "roo",
    "kiro",
    "amazon-q",
    "copilot-cli",
    "junie",
    "kilocode",
    "lm-studio",
    "trae",
    "droid",
    "warp",
)
NAME = "mcp_clients"
TITLE = "MCP servers of desktop clients and editors"
FILES = (
    *patterns(*CLIENTS),
    "any other JSON file with `mcpServers`, but for those to copy (`x.example.json`)",
    "any other `mcp.json` or `mcp-servers.json` with `servers`, or with servers alone",
)

_ELSEWHERE = tuple(client for client in clients.FILES if client not in CLIENTS)
_NO_CONFIGURATION = re.compile(
    r"(?:^|/)(?:\.continue/.*|\.well-known/.*|\.kiro/agents/.*|\.(?:aws/)?amazonq/(?:cli-)?agents/.*|package(?:-lock)?|tsconfig.*|composer|deno|manifest|plugin"
    r"|marketplace|server|.*schema.*)\.json$",
    re.IGNORECASE,
)
_TAKEN = re.compile(r"(?:^|/)\.claude(?:-plugin/|/settings[^/]*\.json$)")
"""Other files of Claude Code that may hold servers among other things."""
_SERVERS = re.compile(rb'"mcpServers"\s*:\s*\{|"mcp"\s*:\s*\{\s*"servers"\s*:\s*\{')

_NAMED = re.compile(r"(?:^|/)\.?mcp(?:[_-](?:config|settings|servers))?\.json$", re.IGNORECASE)
"""How files are called that hold servers in the form of VS Code and Visual Studio."""
_LISTED = re.compile(rb'"servers"\s*:\s*[{\[]|"(?:command|url)"\s*:\s*"')


def detect(path: str, head: bytes) -> bool:
    """Whether it is a file of one of these clients, or a JSON file that says ``mcpServers`` and belongs to no other ingestor."""
    if client_of(path, CLIENTS):
        return True
    if (
        not path.endswith((".json", ".jsonc"))
        or is_to_copy(path.rpartition("/")[2])
        or _NO_CONFIGURATION.search(path)
        or _TAKEN.search(path)
    ):
        return False
    said = _SERVERS.search(head) or (_NAMED.search(path) and _LISTED.search(head))
    return said is not None and client_of(path, _ELSEWHERE) is None


def read(document: Document) -> Iterator[Fact]:
    """The client itself, its servers and what they are given."""
    located = jsondoc.parse(document)
    client = client_of(document.path, CLIENTS)
    if client is None and _NAMED.search(document.path) and (pointer := _bare(located.value)) is not None:
        yield clients.host_fact(document, "mcp-client", document.folder)
        yield from clients.bare_servers(document, located, pointer, "mcp-client", document.folder, NAME)
        return
    top = clients.top_object(located, document)
    pointer = ("servers",) if "servers" in top and "mcpServers" not in top else ("mcpServers",)
    if client is None:
        client = "mcp-client"
        if "mcp" in top and "mcpServers" not in top:
            pointer = ("mcp", "servers")
        entries = clients.value_at(located, pointer)
        if not isinstance(entries, dict) or not any(is_server(entry) for entry in entries.values()):
            return  # a schema, a test's expectation, documentation: nothing that starts a server
        folder = document.folder
    else:
        folder = project_folder(document.path, client) or ""
    host = clients.host_key(document, client, folder)
    yield clients.host_fact(document, client, folder, autonomy=clients.trust_all(clients.value_at(located, pointer)))
    yield from clients.duplicate_problems(located, document, NAME)
    yield from prompt_facts(document, located, ("inputs",), folder)
    inputs = secret_prompts(top.get("inputs"))
    yield from clients.servers(document, located, pointer, client=client, folder=folder, host=host, inputs=inputs)
    yield from clients.other_secrets(document, located, host, without=(pointer[0], "inputs"))


def _bare(top: object) -> Pointer | None:
    """Where a document holds servers with no map of them by name around: a list of them, or itself the map. None where there are none."""
    listed = top.get("servers") if isinstance(top, dict) else top
    if isinstance(listed, list):
        # What has an identifier besides its name is an entry of a catalogue, which nobody uses by that.
        found = any(is_server(entry) and "name" in entry and "id" not in entry for entry in listed)
        return (() if listed is top else ("servers",)) if found else None
    if not isinstance(top, dict) or "mcpServers" in top or "servers" in top or "mcp" in top:
        return None
    entries = [entry for name, entry in top.items() if isinstance(entry, dict) and not name.startswith(("_", "$"))]
    return () if entries and all(map(is_server, entries)) else None
