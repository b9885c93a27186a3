"""One agent of opencode, whether it stands in ``opencode.json`` or in a Markdown file of its own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients
from graphinv.ingest.support.builtins import BUILTINS, INHERENT, builtin_facts
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.parts import items
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.servers import is_disabled
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, Ref

CLIENT = "opencode"
CALLABLE = "opencode sub-agents"
"""Names of the agents that others may start."""

_MOVING = ("edit", "bash")
_GATED = {"edit": ("edit", "write", "patch"), "bash": ("bash",), "webfetch": ("webfetch",), "websearch": ("websearch",), "read": ("read",)}


_TODAY = {"shell": "bash", "subagent": "task"}
"""What its second version calls differently."""


def permission_of(settings: Mapping[str, Any]) -> object:
    """The permissions of a host or agent as its first version writes them: by tool, or one word for all. The second version lists rules,
    of which the last that matches counts."""
    rules = settings.get("permissions")
    if "permission" in settings or not isinstance(rules, list):
        return settings.get("permission")
    found: dict[str, dict[str, str]] = {}
    for action, resource, effect in (
        [rule.get(part) for part in ("action", "resource", "effect")] for rule in items(rules)[: claude.MAX_ITEMS]
    ):
        if isinstance(action, str) and isinstance(effect, str):
            if action == resource == "*":
                found.clear()
            found.setdefault(_TODAY.get(action, action), {})[resource if isinstance(resource, str) else "*"] = effect
    return found


def _mode(permission: Mapping[str, Any], tool: str) -> object:
    """What holds for a tool, exceptions for what it is given aside."""
    mode = permission.get(tool, permission.get("*"))
    return mode.get("*") if isinstance(mode, dict) else mode


def autonomy(permission: object) -> str | None:
    """What the permissions say: opencode asks where they say ``ask``, and acts where they say ``allow``."""
    if isinstance(permission, str):
        return {"allow": "autonomous", "ask": "approve_each"}.get(permission)
    if not isinstance(permission, dict):
        return None
    modes = [_mode(permission, tool) for tool in _MOVING]
    if all(mode == "allow" for mode in modes):
        return "autonomous"
    return "approve_destructive" if all(mode in ("ask", "deny") for mode in modes) else None


def agent_facts(
    document: Document, located: Located, pointer: Pointer, folder: str, name: str, agent: dict[str, Any], servers: object = None
) -> Iterator[Fact]:
    """Facts of one agent: itself, the host's delegation to it, its tools, servers, model and whom it may start.

    Args:
        document: where it stands.
        located: the document, for lines.
        pointer: where its settings stand in it.
        folder: project folder.
        name: its name.
        agent: its settings.
        servers: the servers that the same document configures, by name.
    """
    host = clients.host_key(document, CLIENT, folder)
    key = clients.host_key(document, CLIENT, folder, name)
    sources = [document.source(located.line(*pointer))]
    permission = permission_of(agent)
    common: Props = {"evidence": ["declared"], "sources": sources}
    props: Props = {
        "name": redact(name),
        "status": "suspended" if True in (agent.get("disable"), agent.get("disabled")) else "active",
        "framework": CLIENT,
        "kind_detail": "opencode agent",
        "autonomy": autonomy(permission),
        "sources": sources,
    }
    yield NodeFact(*key, {field: value for field, value in props.items() if value is not None})
    yield EdgeFact("DELEGATES_TO", host, key, {"mode": "invoke", **common})
    yield Binding(CLIENT, redact(name), key, folder, document.path)
    if agent.get("mode") != "primary":
        yield Binding(CALLABLE, redact(name), key, folder, document.path)
    stated = agent.get("tools")
    tools = {str(tool): allowed for tool, allowed in stated.items() if isinstance(allowed, bool)} if isinstance(stated, dict) else {}
    for tool, line in _built_in(located, pointer, tools, permission).items():
        yield from builtin_facts(document, line, key, CLIENT, [tool])
    yield from _servers(document, key, tools, common, servers)
    yield from claude.model_facts(document, located.line(*pointer, "model"), key, agent.get("model"))
    if agent.get("mode") in ("primary", "all") and _may(tools, "task") and not _denied(permission, "task"):
        yield EdgeFact("DELEGATES_TO", key, Ref("Agent", CALLABLE, "*"), {**common, "mode": "invoke", "kind_detail": "sub-agent"})


def _may(tools: dict[str, bool], name: str) -> bool:
    """Whether the last pattern that matches a tool lets it be used; a tool that none matches may be."""
    rulings = [allowed for pattern, allowed in tools.items() if fnmatchcase(name, pattern)]
    return not rulings or rulings[-1]


def _denied(permission: object, name: str) -> bool:
    return isinstance(permission, dict) and _mode(permission, name) == "deny"


def _built_in(located: Located, pointer: Pointer, tools: dict[str, bool], permission: object) -> dict[str, int]:
    """Built-in tools that the agent has, each with the line that says so: all that nothing takes away."""
    gone = {tool for gate, gated in _GATED.items() if _denied(permission, gate) for tool in gated}
    gone |= set() if _may(tools, "edit") else {"patch"}  # which edits
    return {
        tool: located.line(*pointer, "tools", tool)
        for tool in BUILTINS[CLIENT]
        if tool in INHERENT[CLIENT] and tool not in gone and _may(tools, tool)
    }


def _servers(document: Document, agent: NodeKey, tools: dict[str, bool], common: Props, servers: object) -> Iterator[Fact]:
    """Servers of an agent: all that the host has, apart from those whose tools it may not use (``server_*: false``)."""
    rulings = {tool: allowed for tool, allowed in tools.items() if tool not in BUILTINS[CLIENT]}
    if all(rulings.values()):
        yield EdgeFact("CONNECTS_TO", agent, Ref("ToolServer", CLIENT, "*"), common)
        return
    if isinstance(servers, dict):
        names = [
            name for name, entry in servers.items() if isinstance(entry, dict) and not is_disabled(entry) and _may(rulings, f"{name}_x")
        ]
    elif rulings.get("*") is False:
        names = [tool.rstrip("*").rstrip("_") for tool, allowed in rulings.items() if allowed and tool.endswith("*") and tool != "*"]
    else:
        message = "switches tools of servers off; it is counted as able to use all servers that are visible from here"
        yield Problem(document.path, common["sources"][0].partition("#")[2], message, "warning", "opencode_agents")
        names = ["*"]
    for name in names:
        fallback = "" if name == "*" else f"mcp:{agent[1].partition(':')[2].partition('#')[0]}#{redact(name)}"
        yield EdgeFact("CONNECTS_TO", agent, Ref("ToolServer", CLIENT, redact(name), fallback=fallback), common)
