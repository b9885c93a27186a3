"""Agents of Codex: one TOML file each in ``.codex/agents/``.

Drawn:
    (:Agent host)-[:DELEGATES_TO {mode: invoke}]->(:Agent)
    (:Agent)-[:USES]->(:Tool built-in), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)

What a file does not set is as in the host: its sandbox, its servers.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import clients, tomldoc
from graphinv.ingest.support.agent_files import AgentFile, given_name
from graphinv.ingest.support.builtins import builtin_facts, codex_apart, codex_network, codex_tools
from graphinv.ingest.support.sandboxes import commands_run
from graphinv.model.facts import EdgeFact, Fact

CLIENT = "codex"
NAME = "codex_agents"
TITLE = "Agents of Codex"
FILES = ("**/.codex/agents/*.toml",)
MAX_BYTES = 2 * 1024 * 1024

_OURS = re.compile(r"(?:(?P<folder>.*?)/)?\.codex/agents/.+\.toml", re.DOTALL)
_SANDBOXES = ("read-only", "workspace-write", "danger-full-access")
_AUTONOMY = {"never": "autonomous", "on-failure": "approve_destructive", "on-request": "approve_each", "untrusted": "approve_each"}


def detect(path: str, head: bytes) -> bool:
    """Whether it lies in Codex's folder of agents."""
    return _OURS.fullmatch(path) is not None


def read(document: Document) -> Iterator[Fact]:
    """Facts of one agent.

    Raises:
        IngestError: not text or not TOML.
    """
    match = _OURS.fullmatch(document.path)
    located = tomldoc.parse(document)
    settings: dict[str, Any] = located.value
    folder = (match["folder"] if match else None) or ""
    if not settings:
        return
    agent = AgentFile(document, located, CLIENT, folder, given_name(document, settings), "codex agent role")
    sandbox, policy = settings.get("sandbox_mode"), settings.get("approval_policy")
    labels = [f"sandbox={sandbox}"] if sandbox in _SANDBOXES else None
    yield from agent.agent(labels=labels, autonomy=_AUTONOMY.get(policy) if isinstance(policy, str) else None)
    yield from agent.bound(CLIENT)
    yield from agent.models()
    tools = codex_tools(sandbox, network=codex_network(settings))
    if settings.get("web_search") not in (None, False, "disabled"):
        tools.append("web_search")
    yield from builtin_facts(document, agent.line("sandbox_mode"), agent.key, CLIENT, tools)
    if sandbox in _SANDBOXES:
        yield from commands_run(document, agent.line("sandbox_mode"), agent.key, codex_apart(sandbox, network=codex_network(settings)))
    yield from agent.inline_servers("mcp_servers", CLIENT)
    yield EdgeFact("CONNECTS_TO", agent.key, agent.server_ref(CLIENT, "*"), agent.props("name"))
    yield from clients.other_secrets(document, located, agent.key, without=("mcp_servers", "developer_instructions", "description"))
