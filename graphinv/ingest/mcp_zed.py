"""Zed's settings: MCP servers (``context_servers``) and agents that Zed starts as programs of their own (``agent_servers``).

Drawn:
    (:Agent host)-[:CONNECTS_TO]->(:ToolServer), (:Agent host)-[:DELEGATES_TO {mode: invoke}]->(:Agent external)
    (:Agent external)-[:CONNECTS_TO]->(:ToolServer every one of Zed's, which it hands on), -[:HOLDS]->(:Secret)
    (:Agent external)-[:USES]->(:Tool built-in), where it is one of the known coding agents; -[:DEPENDS_ON]->(:Package)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import clients, jsondoc
from graphinv.ingest.support.builtins import INHERENT, builtin_facts
from graphinv.ingest.support.clients import patterns, project_folder
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.servers import is_disabled, server_facts
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Ref

CLIENT = "zed"
NAME = "mcp_zed"
TITLE = "MCP servers and external agents of Zed"
FILES = patterns(CLIENT)

_MAX_AGENTS = 200
_CLIENTS = {
    "claude": "claude-code",
    "codex": "codex",
    "gemini": "gemini-cli",
    "goose": "goose",
    "opencode": "opencode",
    "qwen": "qwen-code",
}
"""What the names of known coding agents contain → the client whose built-in tools they have."""
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
    yield from _external_agents(document, located, host, folder)
    yield from clients.other_secrets(document, located, host, without=("context_servers", "agent_servers"))


def _external_agents(document: Document, located: Located, host: NodeKey, folder: str) -> Iterator[Fact]:
    """Agents that Zed starts and talks to; its MCP servers are handed on to them."""
    entries = located.value.get("agent_servers")
    if entries is None:
        return
    if not isinstance(entries, dict):
        yield Problem(document.path, f"L{located.line('agent_servers')}", "agent_servers is no object of agents", "error", NAME)
        return
    for name, entry in list(entries.items())[:_MAX_AGENTS]:
        line = located.line("agent_servers", name)
        if not isinstance(entry, dict):
            yield Problem(document.path, f"L{line}", "an entry of agent_servers is no object", "error", NAME)
            continue
        agent = clients.host_key(document, CLIENT, folder, name)
        said = {"evidence": ["declared"], "sources": [document.source(line)]}
        yield from _program(document, located, agent, name, entry, folder)
        yield EdgeFact("DELEGATES_TO", host, agent, {**said, "mode": "invoke", "kind_detail": "external agent"})
        yield EdgeFact("CONNECTS_TO", agent, Ref("ToolServer", CLIENT, "*"), said)


def _program(document: Document, located: Located, agent: NodeKey, name: str, entry: dict[str, Any], folder: str) -> Iterator[Fact]:
    """The agent itself. Its entry has the form of a server's, and so have the facts of what it depends on and is given."""
    line = located.line("agent_servers", name)
    client, package = _known(name), None
    server: NodeKey | None = None
    where = clients.at(located, ("agent_servers", name))
    # Those that Zed brings have no command; what is given to them counts all the same.
    filled = entry if entry.get("command") else {**entry, "command": name, "args": []}
    facts = list(server_facts(document, client=CLIENT, host=agent, name=name, entry=filled, where=where, folder=folder))
    for fact in facts:
        if isinstance(fact, NodeFact) and fact.kind == "ToolServer":
            server, package = fact.key, fact.props.get("package")
    for fact in facts:
        if isinstance(fact, Problem) or (isinstance(fact, NodeFact) and fact.kind != "ToolServer"):
            yield fact
        elif isinstance(fact, EdgeFact) and fact.kind != "CONNECTS_TO":
            yield replace(fact, source=agent if fact.source == server else fact.source)
    client = client or (_known(package) if isinstance(package, str) else None)
    props = {
        "name": redact(name),
        "status": "suspended" if is_disabled(entry) else "active",
        "framework": client or "acp",
        "kind_detail": "external agent of Zed",
        "sources": [document.source(line)],
    }
    yield NodeFact(*agent, props)
    if client:
        yield from builtin_facts(document, line, agent, client, INHERENT[client])


def _known(name: str) -> str | None:
    """The coding agent whose name ``name`` contains."""
    lowered = name.lower()
    return next((client for word, client in _CLIENTS.items() if word in lowered), None)


def _autonomy(top: dict[str, Any]) -> str | None:
    agent = top.get("agent", top.get("assistant"))
    if not isinstance(agent, dict):
        return None
    unasked = agent.get("always_allow_tool_actions")
    permissions = agent.get("tool_permissions")
    if unasked is True or (isinstance(permissions, dict) and permissions.get("default") == "allow"):
        return "autonomous"
    return "approve_each" if unasked is False else None
