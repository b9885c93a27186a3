"""Sub-agents of the Gemini CLI: Markdown files with front matter in ``.gemini/agents/``, and in ``agents/`` of an extension beside it.

Drawn:
    (:Agent host)-[:DELEGATES_TO {mode: invoke}]->(:Agent), remote ones (A2A) too
    (:Agent)-[:USES]->(:Tool built-in), (:Agent)-[:CONNECTS_TO {tools}]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)
    (:Agent)-[:HOLDS]->(:Secret) that it shows to a remote agent

An agent that lists no tools has those of its host.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients
from graphinv.ingest.support.agent_files import AgentFile
from graphinv.ingest.support.builtins import INHERENT, builtin_facts
from graphinv.ingest.support.leaves import leaves
from graphinv.ingest.support.secrets import redact, secret_facts, url_parts
from graphinv.model.facts import EdgeFact, Fact, Props

CLIENT = "gemini-cli"
NAME = "gemini_agents"
TITLE = "Sub-agents of the Gemini CLI"
FILES = ("**/.gemini/agents/**/*.md", "**/.gemini/extensions/*/agents/**/*.md")

_OURS = re.compile(r"(?:(?P<folder>.*?)/)?\.(?:gemini|qwen)/(?:extensions/[^/]+/)?agents/.+\.md", re.DOTALL)


def detect(path: str, head: bytes) -> bool:
    """Whether it lies in the folder of agents."""
    return _OURS.fullmatch(path) is not None


def read(document: Document) -> Iterator[Fact]:
    """Facts of one sub-agent.

    Raises:
        IngestError: not text, or front matter that never ends.
    """
    client = "qwen-code" if "/.qwen/" in f"/{document.path}" else CLIENT
    agent = AgentFile.of(document, _OURS, client, f"{client} sub-agent")
    yield from agent.notes(NAME)
    if not agent.settings:
        return
    yield from agent.bound(client)
    if agent.settings.get("kind") == "remote":
        agent = replace(agent, detail=f"{client} remote agent")
        yield from _remote(agent)
    else:
        yield from agent.agent()
        yield from agent.models()
        for field in ("mcp_servers", "mcpServers"):
            yield from agent.inline_servers(field, client)
        yield from _tools(agent)
    yield from clients.duplicate_problems(agent.meta, document, NAME)


def _remote(agent: AgentFile) -> Iterator[Fact]:
    """An agent that runs elsewhere, by the address of its card."""
    address = agent.settings.get("agent_card_url")
    parts = url_parts(address) if isinstance(address, str) else None
    yield from agent.agent(mechanism="a2a", labels=[f"agent_card={parts.url}"] if parts else None)
    if parts is None:
        yield agent.problem("agent_card_url", "is a remote agent whose card has no address here", "warning", NAME)
    for pointer, text in leaves({"agent_card_url": address, "auth": agent.settings.get("auth")}):
        key = next((part for part in reversed(pointer) if isinstance(part, str)), "")
        yield from secret_facts(agent.document, agent.line(*pointer), agent.host, key, text, "config")


def _tools(agent: AgentFile) -> Iterator[Fact]:
    value = agent.settings.get("tools")
    texts: list[str] | None = None
    if isinstance(value, str):
        texts = claude.split_list(value[:100_000])
    elif isinstance(value, list):
        texts = [item.strip() for item in value[: claude.MAX_ITEMS] if isinstance(item, str)]
    elif value is not None:
        yield agent.problem("tools", "gives tools that are neither a text nor a list", "error", NAME)
    line = agent.line("tools")
    if texts is None or "*" in texts:
        yield from builtin_facts(agent.document, line, agent.key, agent.client, INHERENT[agent.client])
        yield EdgeFact("CONNECTS_TO", agent.key, agent.server_ref(agent.client, "*"), agent.props("tools"))
        return
    named = [text for text in texts if not text.startswith("mcp_") and "__" not in text]
    yield from builtin_facts(agent.document, line, agent.key, agent.client, [redact(text) for text in dict.fromkeys(named)])
    for name, tools in _servers(texts).items():
        limit: Props = {"tools": sorted(tools)} if tools else {}
        yield EdgeFact("CONNECTS_TO", agent.key, agent.server_ref(agent.client, name), agent.props("tools", **limit))


def _servers(texts: list[str]) -> dict[str, set[str]]:
    """Server → the tools of it that are named, none where all are: ``server__tool``, ``mcp_server_tool``, ``mcp_server_*``, ``mcp_*``."""
    found: dict[str, set[str]] = {}
    for text in texts:
        if text == "mcp_*":
            found["*"] = set()
        elif "__" in text:
            server, _, tool = text.partition("__")
            found.setdefault(server, set()).add(redact(tool))
        elif text.startswith("mcp_"):
            server, _, tool = text.removeprefix("mcp_").partition("_")
            found.setdefault(server, set()).add(redact(tool))
    return {server: set() if "*" in tools else tools for server, tools in found.items()}
