"""MCP servers and agents of Continue: ``config.yaml``, ``config.json`` and the blocks under ``.continue/``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients, jsondoc, yamldoc
from graphinv.ingest.support.builtins import INHERENT, builtin_facts
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.servers import server_facts
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, Ref

CLIENT = "continue"
NAME = "mcp_continue"
TITLE = "MCP servers and agents of Continue"
FILES = (
    "**/.continue/config.yaml",
    "**/.continue/config.json",
    "**/.continue/agents/*",
    "**/.continue/assistants/*",
    "**/.continue/mcpServers/*",
)
MAX_BYTES = 4 * 1024 * 1024

_OURS = re.compile(
    r"(?:(?P<folder>.*)/)?\.continue/(?:config\.(?:ya?ml|json)|(?P<section>agents|assistants|mcpServers)/[^/]+\.(?:ya?ml|json|md))",
    re.DOTALL,
)
_LISTS: tuple[Pointer, ...] = (("mcpServers",), ("experimental", "modelContextProtocolServers"))


def detect(path: str, head: bytes) -> bool:
    """Whether it is a configuration, an agent or a block of servers of Continue."""
    return _OURS.fullmatch(path) is not None


def read(document: Document) -> Iterator[Fact]:
    """The host, its servers and what they are given; an agent's file gives the agent too, to which its servers belong."""
    located = _parse(document)
    top = clients.top_object(located, document)
    match = _OURS.fullmatch(document.path)
    folder = (match["folder"] if match else None) or ""
    section = match["section"] if match else None
    host = clients.host_key(document, CLIENT, folder)
    yield clients.host_fact(document, CLIENT, folder)
    yield from clients.duplicate_problems(located, document, NAME)
    holder = host
    if section in ("agents", "assistants"):
        name = top.get("name")
        name = name.strip() if isinstance(name, str) and name.strip() else PurePosixPath(document.path).stem
        holder = clients.host_key(document, CLIENT, folder, name)
        sources = [document.source(located.line())]
        props = {"name": redact(name), "status": "active", "framework": CLIENT, "kind_detail": "continue agent", "sources": sources}
        yield NodeFact(*holder, props)
        yield EdgeFact("DELEGATES_TO", host, holder, {"mode": "invoke", "evidence": ["declared"], "sources": sources})
        yield from _agent(document, located, holder)
    for pointer in _LISTS:
        yield from _servers(document, located, pointer, holder, folder)
    yield from clients.other_secrets(document, located, holder, without=("mcpServers", "experimental", "rules", "prompts", "docs"))


def _agent(document: Document, located: Located, agent: NodeKey) -> Iterator[Fact]:
    """An agent's model and tools. One that lists no tools has the built-in ones; ``server:tool`` is a tool of a server."""
    top: dict[str, Any] = located.value
    yield from claude.model_facts(document, located.line("model"), agent, top.get("model"))
    value = top.get("tools")
    texts = claude.split_list(value[:10_000]) if isinstance(value, str) else value if isinstance(value, list) else None
    line = located.line("tools")
    if texts is None:
        yield from builtin_facts(document, line, agent, CLIENT, INHERENT[CLIENT])
        return
    named = [text for text in texts[: claude.MAX_ITEMS] if isinstance(text, str)]
    builtin = INHERENT[CLIENT] if "built_in" in named else [_TOOLS.get(text.lower(), text) for text in named if ":" not in text]
    yield from builtin_facts(document, line, agent, CLIENT, dict.fromkeys(builtin))
    for server, tool in dict.fromkeys((text.rpartition(":")[0], text.rpartition(":")[2]) for text in named if ":" in text):
        ref = Ref("ToolServer", CLIENT, redact(server), fallback=f"mcp:{document.root}#{redact(server)}")
        props: Props = {"evidence": ["declared"], "sources": [document.source(line)], "tools": [redact(tool)]}
        yield EdgeFact("CONNECTS_TO", agent, ref, props)


_TOOLS = {"bash": "run_terminal_command", "edit": "edit_file", "write": "edit_file", "read": "read_file", "fetch": "fetch_url_content"}


def _parse(document: Document) -> Located:
    if document.name.endswith(".json"):
        return jsondoc.parse(document)
    if document.name.endswith(".md"):
        return yamldoc.front_matter(document)[0]
    found = yamldoc.parse(document.text(), document)
    if not found:
        raise IngestError("is empty", document=document.path, where="L1")
    return found[0]


def _servers(document: Document, located: Located, pointer: Pointer, host: NodeKey, folder: str) -> Iterator[Fact]:
    entries: Any = clients.value_at(located, pointer)
    if not isinstance(entries, list):
        yield from clients.servers(document, located, pointer, client=CLIENT, folder=folder, host=host)
        return
    for index, entry in enumerate(entries):
        line = located.line(*pointer, index)
        if isinstance(entry, str):  # an agent's file names servers of the hub, or of the folder beside it
            entry = {"uses": entry}  # noqa: PLW2901 - the short form of the same thing
        if not isinstance(entry, dict):
            yield Problem(document.path, f"L{line}", "a server of the list is no object", "error", NAME)
            continue
        name = next((entry[key] for key in ("name", "uses") if isinstance(entry.get(key), str)), f"server-{index + 1}")
        where = clients.at(located, (*pointer, index))
        yield from server_facts(document, client=CLIENT, host=host, name=name, entry=entry, where=where, folder=folder)
