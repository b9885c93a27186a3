"""MCP servers of Zed: ``context_servers`` in its settings."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import clients, jsondoc
from graphinv.ingest.support.clients import patterns, project_folder
from graphinv.model.facts import Fact

CLIENT = "zed"
NAME = "mcp_zed"
TITLE = "MCP servers of Zed"
FILES = patterns(CLIENT)

_OF_AGENTS = ("context_servers", "agent", "assistant", "agent_servers")


def detect(path: str, head: bytes) -> bool:
    """Whether it is a settings file of Zed."""
    return project_folder(path, CLIENT) is not None


def read(document: Document) -> Iterator[Fact]:
    """The host, its servers and what they are given; nothing for settings that say nothing of agents."""
    located = jsondoc.parse(document)
    top = clients.top_object(located, document)
    if not any(key in top for key in _OF_AGENTS):
        return
    folder = project_folder(document.path, CLIENT) or ""
    host = clients.host_key(document, CLIENT, folder)
    yield clients.host_fact(document, CLIENT, folder, autonomy=_autonomy(top))
    yield from clients.duplicate_problems(located, document, NAME)
    yield from clients.servers(document, located, ("context_servers",), client=CLIENT, folder=folder, host=host)
    yield from clients.other_secrets(document, located, host, without=("context_servers",))


def _autonomy(top: dict[str, Any]) -> str | None:
    agent = top.get("agent", top.get("assistant"))
    if not isinstance(agent, dict):
        return None
    unasked = agent.get("always_allow_tool_actions")
    permissions = agent.get("tool_permissions")
    if unasked is True or (isinstance(permissions, dict) and permissions.get("default") == "allow"):
        return "autonomous"
    return "approve_each" if unasked is False else None
