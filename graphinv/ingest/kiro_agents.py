"""Agents of Kiro and of Amazon Q: one JSON or Markdown file each in ``.kiro/agents/``, ``.amazonq/cli-agents/``, ``.amazonq/agents/``.

Drawn:
    (:Agent host)-[:DELEGATES_TO {mode: invoke}]->(:Agent)
    (:Agent)-[:USES {approved}]->(:Tool built-in), (:Agent)-[:CONNECTS_TO {tools, approved}]->(:ToolServer)
    (:Agent)-[:USES]->(:Tool hook), (:Agent)-[:USES_MODEL]->(:Model)

``tools`` lists what the agent has, ``allowedTools`` what it may do unasked: built-in tools, ``@server``, ``@server/tool``, ``*`` for all.
In Markdown an agent without a list has what the editor has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from fnmatch import fnmatchcase
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients, jsondoc
from graphinv.ingest.support.agent_files import AgentFile, given_name
from graphinv.ingest.support.builtins import BUILTINS, builtin_facts
from graphinv.ingest.support.parts import texts
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.yamldoc import front_matter
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props, Ref

NAME = "kiro_agents"
TITLE = "Agents of Kiro and of Amazon Q"
FILES = ("**/.kiro/agents/*.json", "**/.kiro/agents/*.md", "**/.amazonq/cli-agents/*.json", "**/.amazonq/agents/*.json")
MAX_BYTES = 2 * 1024 * 1024

_PLACES = {
    "kiro": re.compile(r"(?:(?P<folder>.*?)/)?\.kiro/agents/[^/]+\.(?:json|md)", re.DOTALL),
    "amazon-q": re.compile(r"(?:(?P<folder>.*?)/)?\.(?:aws/)?amazonq/(?:cli-)?agents/[^/]+\.json", re.DOTALL),
}
_OLDER = {
    "execute_bash": "shell",
    "fs_read": "read",
    "fs_write": "write",
    "use_aws": "aws",
    "report_issue": "report",
    "use_subagent": "subagent",
    "executeBash": "shell",
    "fsRead": "read",
    "listDirectory": "read",
    "fileSearch": "glob",
    "fsWrite": "write",
    "fsReplace": "write",
}
"""Names of tools in Amazon Q, on the command line and in editors, and in Kiro's first versions → today's."""
_BUILTINS = tuple(name for name, effects in BUILTINS["kiro"].items() if effects and name not in _OLDER)


def detect(path: str, head: bytes) -> bool:
    """Whether it lies in a folder of such agents."""
    return any(place.fullmatch(path) for place in _PLACES.values())


def read(document: Document) -> Iterator[Fact]:
    """Facts of one agent.

    Raises:
        IngestError: not JSON, or no object at its top; front matter without an end.
    """
    client, match = next((client, match) for client, place in _PLACES.items() if (match := place.fullmatch(document.path)))
    markdown = document.name.endswith(".md")
    located = front_matter(document)[0] if markdown else jsondoc.parse(document)
    settings = clients.top_object(located, document)
    agent = AgentFile(document, located, client, match["folder"] or "", given_name(document, settings), f"{client} agent")
    if markdown:
        yield from agent.notes(NAME)
        if not settings:
            return
    lists, unasked = texts(settings.get("tools", ["*"] if markdown else None)), texts(settings.get("allowedTools"))
    yield from agent.agent(autonomy="autonomous" if "*" in unasked else None)
    yield from agent.bound(client)
    yield from clients.duplicate_problems(located, document, NAME)
    yield from agent.models()
    yield from _builtins(agent, lists, unasked)
    yield from _servers(agent, lists, unasked)
    yield from _hooks(agent)
    yield from clients.other_secrets(document, located, agent.key, without=("mcpServers", "prompt", "description", "hooks", "tools"))


def _approval(agent: AgentFile, unasked: list[str], *names: str) -> Props:
    """What an edge to something says that one of ``names`` stands for, where the list of what is done unasked has it."""
    if any(fnmatchcase(name, pattern) for name in names for pattern in unasked[: claude.MAX_ITEMS]):
        return {"approved": True, "approval": "client", "approved_by": agent.document.source()}
    return {}


def _builtins(agent: AgentFile, lists: list[str], unasked: list[str]) -> Iterator[Fact]:
    named = [_OLDER.get(one, one) for one in lists if not one.startswith("@")]
    every = _BUILTINS if "*" in lists or "@builtin" in lists else ()
    old: dict[str, list[str]] = {}
    for older, today in _OLDER.items():
        old.setdefault(today, []).append(older)
    for name in dict.fromkeys([*every, *(one for one in named if "*" not in one)]):
        allowed = _approval(agent, unasked, name, *old.get(name, ()), "@builtin")
        yield from builtin_facts(agent.document, agent.line("tools"), agent.key, "kiro", [name], **allowed)


def _servers(agent: AgentFile, lists: list[str], unasked: list[str]) -> Iterator[Fact]:
    """Servers of its own, and those of the project where it takes them over: as far as its list of tools names them."""
    inline = agent.settings.get("mcpServers")
    own = frozenset(map(redact, inline)) if isinstance(inline, dict) else frozenset()
    names: dict[NodeKey, str] = {}
    for fact in agent.inline_servers("mcpServers", agent.client):
        if isinstance(fact, NodeFact) and fact.kind == "ToolServer":
            names[fact.key] = str(fact.props.get("name"))
        if isinstance(fact, EdgeFact) and fact.kind == "CONNECTS_TO" and not isinstance(fact.target, Ref):
            name = names.get(fact.target, "")
            given = _given(name, lists)
            if given is None:
                continue  # configured, and not among its tools
            tools: Props = {"tools": given} if given else {}
            yield replace(fact, props={**fact.props, **tools, **_approval(agent, unasked, f"@{name}", f"@{name}/*")})
        else:
            yield fact
    shared = agent.settings.get("includeMcpJson", agent.settings.get("useLegacyMcpJson")) is True
    if shared and "*" in lists:
        yield EdgeFact(
            "CONNECTS_TO", agent.key, agent.server_ref(agent.client, "*"), agent.props("tools", **_approval(agent, unasked, "*"))
        )
    for name in dict.fromkeys(one[1:].partition("/")[0] for one in lists if one.startswith("@")):
        if name != "builtin" and redact(name) not in own:
            given = _given(name, lists)
            stated: dict[str, Any] = {**({"tools": given} if given else {}), **_approval(agent, unasked, f"@{name}", f"@{name}/*")}
            yield EdgeFact("CONNECTS_TO", agent.key, agent.server_ref(agent.client, name), agent.props("tools", **stated))


def _given(server: str, lists: list[str]) -> list[str] | None:
    """The tools of ``server`` that a list has: empty for all of them, None for none."""
    if "*" in lists or f"@{server}" in lists or f"@{server}/*" in lists:
        return []
    found = sorted({redact(one.partition("/")[2]) for one in lists if one.startswith(f"@{server}/")})
    return found or None


def _hooks(agent: AgentFile) -> Iterator[Fact]:
    """Commands that run at points of its life, unasked."""
    hooks = agent.settings.get("hooks")
    for point in [one for one, run in hooks.items() if run][: claude.MAX_ITEMS] if isinstance(hooks, dict) else ():
        key = ("Tool", f"{agent.document.source()}/hook/{redact(point[: claude.MAX_NAME])}")
        sources = [agent.document.source(agent.line("hooks", point))]
        yield NodeFact(
            *key, {"name": f"hook {redact(point[: claude.MAX_NAME])}", "kind_detail": "hook", "effects": ["execute"], "sources": sources}
        )
        yield EdgeFact("USES", agent.key, key, {"evidence": ["declared"], "sources": sources})
