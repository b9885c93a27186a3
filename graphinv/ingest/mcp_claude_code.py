"""MCP servers of Claude Code: a project's or plugin's ``.mcp.json``, and the user's ``~/.claude.json``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath, PureWindowsPath
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import clients, jsondoc
from graphinv.ingest.support.clients import patterns, project_folder
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.prompts import prompt_facts, secret_prompts
from graphinv.ingest.support.servers import is_server, server_facts
from graphinv.model.facts import Fact, Problem

CLIENT = "claude-code"
NAME = "mcp_claude_code"
TITLE = "MCP servers of Claude Code"
FILES = patterns(CLIENT)


def detect(path: str, head: bytes) -> bool:
    """Whether it is one of Claude Code's files of servers. Warp calls its own like a project's, in a folder of its own."""
    return project_folder(path, CLIENT) is not None and project_folder(path, "warp") is None


def read(document: Document) -> Iterator[Fact]:
    """The host, its servers and what they are given; of ``.claude.json`` also the hosts of the projects that it lists."""
    located = jsondoc.parse(document)
    top = clients.top_object(located, document)
    folder = project_folder(document.path, CLIENT) or ""
    host = clients.host_key(document, CLIENT, folder)
    user = document.name == ".claude.json" or isinstance(top.get("projects"), dict)
    if top and "mcpServers" not in top and not any(isinstance(value, dict) for value in top.values()):
        return  # a server's description of itself, with a list of its tools
    yield from clients.duplicate_problems(located, document, NAME)
    yield clients.host_fact(document, CLIENT, folder)
    if "mcpServers" in top or user:
        yield from clients.servers(document, located, ("mcpServers",), client=CLIENT, folder=folder, host=host)
        yield from _projects(document, located, top, folder) if user else ()
        yield from clients.other_secrets(document, located, host, without=("mcpServers", "projects"))
    elif isinstance(top.get("servers"), dict) and not is_server(top["servers"]):
        inputs = secret_prompts(top.get("inputs"))
        yield from prompt_facts(document, located, ("inputs",), folder)
        yield from clients.servers(document, located, ("servers",), client=CLIENT, folder=folder, host=host, inputs=inputs)
    else:
        yield from clients.bare_servers(document, located, (), CLIENT, folder, NAME)


def _projects(document: Document, located: Located, top: dict[str, Any], folder: str) -> Iterator[Fact]:
    """Servers that the user added for one project; it is known by the last part of its path alone."""
    projects = top.get("projects")
    for path, settings in projects.items() if isinstance(projects, dict) else ():
        if not isinstance(settings, dict) or not settings.get("mcpServers"):
            continue
        name = (PureWindowsPath(path) if "\\" in path else PurePosixPath(path)).name or "project"
        host = clients.host_key(document, CLIENT, name)
        yield clients.host_fact(document, CLIENT, name, sources=[document.source(located.line("projects", path))])
        inner = f"{folder}/{name}" if folder else name
        yield from _project_servers(document, located, path, name, inner, host)


def _project_servers(document: Document, located: Located, path: str, name: str, folder: str, host: tuple[str, str]) -> Iterator[Fact]:
    pointer = ("projects", path, "mcpServers")
    entries = clients.value_at(located, pointer)
    if not isinstance(entries, dict):
        yield Problem(document.path, f"L{located.line(*pointer)}", "mcpServers is no object of servers", "error", NAME)
        return
    for server, entry in entries.items():
        where = clients.at(located, (*pointer, server))
        yield from server_facts(
            document, client=CLIENT, host=host, name=server, entry=entry, where=where, folder=folder, section=f"{name}/"
        )
