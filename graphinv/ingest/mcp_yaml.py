"""MCP servers of programs that keep them in YAML: LibreChat, Goose, LiteLLM, mcp-agent, fast-agent, and any file with ``mcpServers``;
agents of mcp-agent, in its configuration or in files of their own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients, yamldoc
from graphinv.ingest.support.goose import extension
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.places import is_to_copy
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.servers import is_server
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props, Ref

NAME = "mcp_yaml"
TITLE = "MCP servers of programs that keep them in YAML"
FILES = (
    "**/librechat.yaml",
    "**/.config/goose/config.yaml",
    "any other goose/config.yaml that says what only Goose is told",
    "**/mcp_agent.config.yaml",
    "**/fastagent.config.yaml",
    "**/fast-agent.yaml",
    "any other YAML file of LiteLLM's (`litellm_params`, `litellm_settings`) with `mcp_servers`",
    "any other YAML file with a list of `agents` that name their servers (`server_names`), as mcp-agent reads them",
    "any other YAML file with `mcpServers` at its top, and `mcp-servers.yaml` with servers alone, but for those to copy (`x.example.yaml`)",
)
MAX_BYTES = 4 * 1024 * 1024

_NAMES: Mapping[str, str] = {
    "librechat.yaml": "librechat",
    "librechat.yml": "librechat",
    "mcp_agent.config.yaml": "mcp-agent",
    "fastagent.config.yaml": "fast-agent",
    "fast-agent.yaml": "fast-agent",
}
_GOOSE = re.compile(r"(?:(?P<folder>.*)/)?goose/config\.ya?ml", re.DOTALL)
_SAYS_GOOSE = re.compile(rb"(?m)^(?:GOOSE_[A-Z_]+|extensions)[ \t]*:")
_MODES = {"auto": "autonomous", "smart_approve": "approve_destructive", "approve": "approve_each", "chat": "suggest"}
"""``GOOSE_MODE`` → autonomy."""
_KINDS = ("builtin", "platform", "stdio", "sse", "streamable_http")
"""Kinds of extensions of Goose, under whose name some state all else."""
_LITELLM = re.compile(rb"(?m)^[ \t]*(?:litellm_params|litellm_settings)[ \t]*:")
_NAMED = re.compile(r"\.?mcp(?:[_-](?:config|settings|servers))?\.ya?ml")
"""How files are called that may hold servers alone."""
_STARTS = re.compile(rb"(?m)^[ \t]+(?:command|url)[ \t]*:")
_LISTED = re.compile(rb"(?m)^(?:mcpServers|mcp_servers)[ \t]*:[ \t]*(?:#.*)?\r?$")
_OTHERS = re.compile(rb"(?m)^apiVersion[ \t]*:")
_AGENTS = re.compile(rb"(?m)^agents[ \t]*:[ \t]*(?:#.*)?\r?\n(?:[ \t]*(?:#.*)?\r?\n)*[ \t]*-[ \t]")
_THEIR_SERVERS = re.compile(rb"(?m)^[ \t]+(?:- )?server_names[ \t]*:")
_CONTINUE = re.compile(r"(?:^|/)\.continue/")
_SECTIONS: tuple[Pointer, ...] = (("mcpServers",), ("mcp_servers",), ("mcp", "servers"))


def detect(path: str, head: bytes) -> bool:
    """Whether it is called like one of these programs' files, or lists servers at its top and is nobody else's."""
    name = path.rpartition("/")[2]
    if not name.endswith((".yaml", ".yml")) or is_to_copy(name) or _CONTINUE.search(path):
        return False
    if name in _NAMES or (_GOOSE.fullmatch(path) and ("/.config/goose/" in f"/{path}" or _SAYS_GOOSE.search(head))):
        return True
    if _LITELLM.search(head) or (_NAMED.fullmatch(name) and _STARTS.search(head)):
        return _OTHERS.search(head) is None
    listed = _LISTED.search(head) is not None or (_AGENTS.search(head) is not None and _THEIR_SERVERS.search(head) is not None)
    return listed and _OTHERS.search(head) is None


def read(document: Document) -> Iterator[Fact]:
    """The program itself, its servers and what they are given.

    Raises:
        IngestError: not YAML.
    """
    goose = _GOOSE.fullmatch(document.path)
    client = "goose" if goose else _NAMES.get(document.name, "mcp-client")
    located = yamldoc.first(document)
    if not isinstance(located.value, dict):
        if client == "mcp-client" or located.value is None:
            return
        raise IngestError("holds no mapping at its top", document=document.path, where=f"L{located.line()}")
    sections = [pointer for pointer in _SECTIONS if _lists(clients.value_at(located, pointer))]
    if client == "mcp-client" and _LITELLM.search(document.data):
        if not sections:
            return  # passes on to models alone
        client = "litellm"
    if client == "mcp-client" and not sections:
        if _NAMED.fullmatch(document.name) and _lists(located.value):
            yield clients.host_fact(document, client, document.folder)
            yield from clients.bare_servers(document, located, (), client, document.folder, NAME)
            return
        # No file of servers. One of agents says nothing of who runs them.
        listed = located.value.get("agents")
        if isinstance(listed, list) and any(isinstance(entry, dict) and "server_names" in entry for entry in listed):
            yield from _definitions(document, located, ("agents",), "mcp-agent", None, document.folder)
        return
    folder = (goose["folder"] or "").removesuffix(".config").rstrip("/") if goose else document.folder
    host = clients.host_key(document, client, folder)
    mode = located.value.get("GOOSE_MODE")
    yield clients.host_fact(document, client, folder, autonomy=_MODES.get(mode) if goose and isinstance(mode, str) else None)
    yield from clients.duplicate_problems(located, document, NAME)
    for pointer in sections:
        yield from clients.servers(document, located, pointer, client=client, folder=folder, host=host)
    if goose:
        yield from _extensions(document, located, host, folder)
    yield from _definitions(document, located, ("agents", "definitions"), client, host, folder)
    yield from clients.other_secrets(document, located, host, without=("mcpServers", "mcp_servers", "mcp", "extensions"))


def _definitions(document: Document, located: Located, section: Pointer, client: str, host: NodeKey | None, folder: str) -> Iterator[Fact]:
    """Agents that are defined in ``section`` in the form of mcp-agent, each with the servers that it names; ``host`` runs them."""
    listed = clients.value_at(located, section)
    for index, entry in enumerate(listed[: claude.MAX_ITEMS] if isinstance(listed, list) else ()):
        given = entry.get("name") if isinstance(entry, dict) else None
        if not isinstance(given, str) or not given.strip():
            continue
        name = redact(given.strip()[: claude.MAX_NAME])
        pointer: Pointer = (*section, index)
        sources = [document.source(located.line(*pointer, "name"))]
        key = clients.host_key(document, client, folder, name)
        yield NodeFact(*key, {"name": name, "framework": client, "kind_detail": f"{client} definition", "sources": sources})
        if host is not None:
            delegated: Props = {"evidence": ["declared"], "mode": "invoke", "kind_detail": "definition", "sources": sources}
            yield EdgeFact("DELEGATES_TO", host, key, delegated)
        for field in ("servers", "server_names"):
            names = entry.get(field)
            for server in names[: claude.MAX_ITEMS] if isinstance(names, list) else ():
                if isinstance(server, str) and server.strip():
                    shown = redact(server.strip()[: claude.MAX_NAME])
                    ref = Ref("ToolServer", client, shown, fallback=f"mcp:{document.root}#{shown}")
                    at = [document.source(located.line(*pointer, field))]
                    yield EdgeFact("CONNECTS_TO", key, ref, {"evidence": ["declared"], "sources": at})


def _lists(value: object) -> bool:
    return isinstance(value, dict) and any(is_server(entry) for entry in value.values())


def _extensions(document: Document, located: Located, host: NodeKey, folder: str) -> Iterator[Fact]:
    """``extensions`` of Goose."""
    listed = located.value.get("extensions")
    for name, entry in list(listed.items())[: claude.MAX_ITEMS] if isinstance(listed, dict) else ():
        if isinstance(entry, dict):
            kind = next((kind for kind in _KINDS if isinstance(entry.get(kind), dict)), None)
            stated = {**entry, "type": kind, **entry[kind]} if kind else entry
            yield from extension(document, located, host, str(name), stated, ("extensions", name), folder)
