"""MCP servers and agents of opencode: ``opencode.json`` and ``opencode.jsonc``."""

from __future__ import annotations

from collections.abc import Iterator
from fnmatch import fnmatchcase
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import clients, jsondoc
from graphinv.ingest.support.clients import patterns, project_folder
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.servers import is_disabled
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props, Ref

CLIENT = "opencode"
NAME = "mcp_opencode"
TITLE = "MCP servers and agents of opencode"
FILES = patterns(CLIENT)

_BUILT_IN: dict[str, Props] = {
    "bash": {"effects": ["execute"]},
    "edit": {"effects": ["write"]},
    "write": {"effects": ["write"]},
    "patch": {"effects": ["write"]},
    "read": {"effects": ["read"]},
    "grep": {"effects": ["read"]},
    "glob": {"effects": ["read"]},
    "list": {"effects": ["read"]},
    "webfetch": {"effects": ["read", "egress"], "ingests_untrusted": True},
    "websearch": {"effects": ["read", "egress"], "ingests_untrusted": True},
}
_MOVING = ("edit", "bash")


def detect(path: str, head: bytes) -> bool:
    """Whether it is a configuration of opencode."""
    return project_folder(path, CLIENT) is not None


def read(document: Document) -> Iterator[Fact]:
    """The host, its servers and what they are given, and its agents with the tools and servers that each may use."""
    located = jsondoc.parse(document)
    top = clients.top_object(located, document)
    folder = project_folder(document.path, CLIENT) or ""
    host = clients.host_key(document, CLIENT, folder)
    yield clients.host_fact(document, CLIENT, folder, autonomy=_autonomy(top.get("permission")))
    yield from clients.duplicate_problems(located, document, NAME)
    yield from clients.servers(document, located, ("mcp",), client=CLIENT, folder=folder, host=host)
    for section in ("agent", "mode"):
        agents = top.get(section)
        for name, agent in agents.items() if isinstance(agents, dict) else ():
            if isinstance(agent, dict):
                yield from _agent(document, located, (section, name), folder, agent)
    yield from clients.other_secrets(document, located, host, without=("mcp", "agent", "mode", "command", "instructions"))


def _autonomy(permission: object) -> str | None:
    """What the permissions say: opencode asks where they say ``ask``, and acts where they say ``allow``."""
    if isinstance(permission, str):
        return {"allow": "autonomous", "ask": "approve_each"}.get(permission)
    if not isinstance(permission, dict):
        return None
    modes = [permission.get(tool, permission.get("*")) for tool in _MOVING]
    if all(mode == "allow" for mode in modes):
        return "autonomous"
    return "approve_destructive" if all(mode in ("ask", "deny") for mode in modes) else None


def _agent(document: Document, located: Located, pointer: tuple[str, str], folder: str, agent: dict[str, Any]) -> Iterator[Fact]:
    name = pointer[1]
    host = clients.host_key(document, CLIENT, folder)
    key = clients.host_key(document, CLIENT, folder, name)
    line = located.line(*pointer)
    sources = [document.source(line)]
    common: Props = {"evidence": ["declared"], "sources": sources}
    off = agent.get("disable") is True
    props: Props = {
        "name": redact(name),
        "status": "suspended" if off else "active",
        "framework": CLIENT,
        "kind_detail": "opencode agent",
        "autonomy": _autonomy(agent.get("permission")),
        "sources": sources,
    }
    yield NodeFact(*key, {field: value for field, value in props.items() if value is not None})
    yield EdgeFact("DELEGATES_TO", host, key, {"mode": "invoke", **common})
    stated = agent.get("tools")
    tools = {str(tool): allowed for tool, allowed in stated.items() if isinstance(allowed, bool)} if isinstance(stated, dict) else {}
    for tool, allowed in tools.items():
        if allowed and tool in _BUILT_IN:
            target: NodeKey = ("Tool", f"{CLIENT}:{tool}")
            yield NodeFact(*target, {"name": tool, "kind_detail": "opencode built-in", **_BUILT_IN[tool], "sources": sources})
            yield EdgeFact("USES", key, target, {**common, "sources": [document.source(located.line(*pointer, "tools", tool))]})
    yield from _agent_servers(located, key, tools, common)


def _agent_servers(located: Located, agent: NodeKey, tools: dict[str, bool], common: Props) -> Iterator[Fact]:
    """Servers of an agent: all that the host has, apart from those whose tools it may not use (``server_*: false``)."""
    if all(allowed or tool in _BUILT_IN for tool, allowed in tools.items()):
        yield EdgeFact("CONNECTS_TO", agent, Ref("ToolServer", CLIENT, "*"), common)
        return
    servers = located.value.get("mcp")
    for name, entry in servers.items() if isinstance(servers, dict) else ():
        if not isinstance(entry, dict) or is_disabled(entry):
            continue
        rulings = [allowed for tool, allowed in tools.items() if fnmatchcase(f"{name}_x", tool)]
        if not rulings or rulings[-1]:
            fallback = f"mcp:{agent[1].partition(':')[2].partition('#')[0]}#{redact(name)}"
            yield EdgeFact("CONNECTS_TO", agent, Ref("ToolServer", CLIENT, name, fallback=fallback), common)
