"""MCP servers of VS Code: ``mcp.json`` with ``servers`` and ``inputs``, and ``mcp`` in settings, workspaces and dev containers."""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.ingest.support import clients, jsondoc
from graphinv.ingest.support.builtins import builtin_facts
from graphinv.ingest.support.clients import patterns, project_folder
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.prompts import prompt_facts, secret_prompts
from graphinv.model.facts import Fact

CLIENT = "vscode"
NAME = "mcp_vscode"
TITLE = "MCP servers of VS Code"
FILES = (*patterns(CLIENT), "**/*.code-workspace")

_SECTIONS: tuple[Pointer, ...] = (
    ("mcp",),
    ("settings", "mcp"),
    ("customizations", "vscode", "mcp"),
    ("customizations", "vscode", "settings", "mcp"),
)
_UNASKED = ("chat.tools.autoApprove", "chat.tools.global.autoApprove")
_LISTS = {"chat.tools.terminal.autoApprove": "execute", "chat.tools.edits.autoApprove": "edit", "chat.tools.urls.autoApprove": "web"}
"""Lists of what needs no question, by the built-in tool that does it."""


def detect(path: str, head: bytes) -> bool:
    """Whether it is one of VS Code's files that may hold servers."""
    return project_folder(path, CLIENT) is not None or path.endswith(".code-workspace")


def read(document: Document) -> Iterator[Fact]:
    """The host, its servers and prompts; nothing for settings that say nothing of agents."""
    located = jsondoc.parse(document)
    top = clients.top_object(located, document)
    folder = project_folder(document.path, CLIENT)
    folder = document.folder if folder is None else folder
    if document.name == "mcp.json":
        sections: list[Pointer] = [()]
    else:
        sections = [pointer for pointer in _SECTIONS if isinstance(clients.value_at(located, pointer), dict)]
        if "mcp.servers" in top:
            sections.append(())
    if not sections and not any(key.startswith(("chat.mcp", "chat.tools", "chat.agent")) for key in top):
        return
    unasked = any(top.get(key) is True for key in _UNASKED)
    yield clients.host_fact(document, CLIENT, folder, autonomy="autonomous" if unasked else None)
    yield from clients.duplicate_problems(located, document, NAME)
    for name, tool in _LISTS.items():
        if isinstance(top.get(name), dict) and any(_lets_pass(value) for value in top[name].values()):
            said = {"approved": True, "approval": "client", "approved_by": document.source()}
            yield from builtin_facts(document, located.line(name), clients.host_key(document, CLIENT, folder), CLIENT, [tool], **said)
    for pointer in sections:
        yield from _section(document, located, pointer, folder)


def _lets_pass(value: object) -> bool:
    """Whether an entry of such a list lets something pass; it may tell requests from answers."""
    return value is True or (isinstance(value, dict) and True in value.values())


def _section(document: Document, located: Located, pointer: Pointer, folder: str) -> Iterator[Fact]:
    section = clients.value_at(located, pointer)
    inputs = secret_prompts(section.get("inputs"))
    host = clients.host_key(document, CLIENT, folder)
    yield from prompt_facts(document, located, (*pointer, "inputs"), folder)
    for key in ("servers", "mcpServers", "mcp.servers"):
        yield from clients.servers(document, located, (*pointer, key), client=CLIENT, folder=folder, host=host, inputs=inputs)
