"""Hooks of coding agents: files of Cursor, Copilot, Codex, Windsurf and Kiro, and parts of the settings of the Gemini CLI and its sibling.

Drawn:
    (:Agent host)-[:USES]->(:Tool command that a hook runs)
    (:EnforcementPoint hooks that run before tools), on what they may refuse

What starts an agent by itself, as hooks of Kiro do with a prompt when files change, is a label of the host.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients, jsondoc
from graphinv.ingest.support.hooks import EVERYTHING, Stops, matched, point
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.lowcode import called
from graphinv.ingest.support.parts import items, mapping
from graphinv.model.facts import Fact, NodeKey

NAME = "agent_hooks"
TITLE = "Hooks of coding agents"
FILES = (
    "**/.cursor/hooks.json",
    "**/.github/hooks/*.json",
    "**/.codex/hooks.json",
    "**/.windsurf/hooks.json",
    "**/.kiro/hooks/*.kiro.hook",
    "**/.kiro/hooks/*.json",
    "hooks of **/.gemini/settings.json and **/.qwen/settings.json",
)
MAX_BYTES = 1024 * 1024
MAX_HOOKS = 500

_PLACES = {
    "cursor": re.compile(r"(?:(?P<folder>.*?)/)?\.cursor/hooks\.json", re.DOTALL),
    "github-copilot": re.compile(r"(?:(?P<folder>.*?)/)?\.github/hooks/[^/]+\.json", re.DOTALL),
    "codex": re.compile(r"(?:(?P<folder>.*?)/)?\.codex/hooks\.json", re.DOTALL),
    "windsurf": re.compile(r"(?:(?P<folder>.*?)/)?\.windsurf/hooks\.json", re.DOTALL),
    "kiro": re.compile(r"(?:(?P<folder>.*?)/)?\.kiro/hooks/[^/]+\.(?:kiro\.hook|json)", re.DOTALL),
    "gemini-cli": re.compile(r"(?:(?P<folder>.*?)/)?\.gemini/settings\.json", re.DOTALL),
    "qwen-code": re.compile(r"(?:(?P<folder>.*?)/)?\.qwen/settings\.json", re.DOTALL),
}
_SETTINGS = frozenset({"gemini-cli", "qwen-code"})
"""Clients that keep hooks among other settings, of which another reader tells."""
_SERVERS = "CONNECTS_TO ToolServer:*"
_BEFORE: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "cursor": {
        "preToolUse": (),
        "beforeShellExecution": ("terminal",),
        "beforeReadFile": ("read",),
        "beforeMCPExecution": (_SERVERS,),
    },
    "github-copilot": {"preToolUse": (), "PreToolUse": ()},
    "codex": {"PreToolUse": (), "pre_tool_use": ()},
    "windsurf": {
        "pre_run_command": ("command",),
        "pre_write_code": ("edit",),
        "pre_read_code": ("read",),
        "pre_mcp_tool_use": (_SERVERS,),
    },
    "kiro": {"preToolUse": ()},
    "gemini-cli": {"BeforeTool": ()},
    "qwen-code": {"BeforeTool": (), "PreToolUse": ()},
}
"""Events of which a hook can refuse a call, and which tools those are; none where its matcher says so."""
_TOOLS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "cursor": {
        "shell": ("terminal",),
        "read": ("read",),
        "grep": ("search",),
        "write": ("edit",),
        "edit": ("edit",),
        "strreplace": ("edit",),
        "delete": ("edit",),
    },
    "codex": {"bash": ("shell", "workspace_shell", "read_only_shell"), "edit": ("apply_patch",), "write": ("apply_patch",)},
    "kiro": {
        "shell": ("shell", "execute_bash"),
        "write": ("write", "fs_write"),
        "read": ("read", "fs_read"),
        "web": ("web_fetch", "web_search"),
    },
}
"""What matchers call tools that have other names in the graph."""
_COMMANDS = ("command", "bash", "powershell", "windows", "linux", "osx")


def detect(path: str, head: bytes) -> bool:
    """Whether it lies where a client looks for hooks; settings must speak of some."""
    client = next((client for client, place in _PLACES.items() if place.fullmatch(path)), None)
    return client is not None and (client not in _SETTINGS or b'"hooks"' in head)


def read(document: Document) -> Iterator[Fact]:
    """Facts of one file of hooks.

    Raises:
        IngestError: not JSON, or no object at its top.
    """
    client, found = next((client, match) for client, place in _PLACES.items() if (match := place.fullmatch(document.path)))
    located = jsondoc.parse(document)
    top = clients.top_object(located, document)
    folder = found["folder"] or ""
    if client in _SETTINGS:
        if mapping(top.get("hooks")):
            yield from _events(document, located, client, clients.host_key(document, client, folder), ("hooks",))
        return
    yield from clients.duplicate_problems(located, document, NAME)
    host = clients.host_key(document, client, folder)
    if client == "kiro":
        yield from _kiro(document, located, host, folder)
        return
    yield clients.host_fact(document, client, folder)
    yield from _events(document, located, client, host, ("hooks",))


def _events(document: Document, located: Located, client: str, host: NodeKey, at: Pointer) -> Iterator[Fact]:
    """The commands of each event, and the points that those are which run before tools."""
    for event, entries in list(mapping(clients.value_at(located, at)).items())[:MAX_HOOKS]:
        commands = list(_commands(entries, (*at, event)))
        if not commands:
            continue
        id = f"{document.source()}/hook/{called(event)}"
        yield from claude.command_facts(document, host, id, f"hook {called(event)}", "hook", located, commands)
        if event in _BEFORE[client]:
            listed = entries if isinstance(entries, list) else [entries]
            closed = bool(listed) and all(mapping(entry).get("failClosed") is True for entry in listed)
            stops = _stops(located, client, event, listed, (*at, event))
            yield from point(document, host, id, stops, located.line(*at, event), fail="closed" if closed else "open")


def _commands(entries: Any, at: Pointer) -> Iterator[tuple[str, Pointer]]:
    """The command lines of one event: of its entries, or of the lists that those hold for their matchers."""
    listed = entries if isinstance(entries, list) else [entries]
    for index, entry in enumerate(listed[:MAX_HOOKS]):
        here: Pointer = (*at, index) if isinstance(entries, list) else at
        given = mapping(entry)
        yield from ((given[name], (*here, name)) for name in _COMMANDS if isinstance(given.get(name), str))
        for place, inner in enumerate(items(given.get("hooks"))[:MAX_HOOKS]):
            yield from ((inner[name], (*here, "hooks", place, name)) for name in _COMMANDS if isinstance(inner.get(name), str))


def _stops(located: Located, client: str, event: str, entries: list[Any], at: Pointer) -> Stops:
    """What the hooks of one event may refuse."""
    stops: Stops = {}
    fixed = _BEFORE[client][event]
    for index, entry in enumerate(entries[:MAX_HOOKS]):
        line = located.line(*at, index)
        stated = mapping(entry).get("matcher", "")
        for name in fixed or _named(client, stated if isinstance(stated, str) else ""):
            for kind, stop in _meant(client, name):
                stops.setdefault((kind, stop), line)
    return stops


def _named(client: str, matcher: str) -> list[str]:
    """Tools that a matcher names, as the graph calls them; ``*`` for all."""
    known = _TOOLS.get(client, {})
    return [tool for name in matched(matcher) for tool in known.get(name.lower(), (name,))]


def _meant(client: str, name: str) -> tuple[tuple[str, str], ...]:
    """Edges that a tool, or a set of them, stands for."""
    if name == "*":
        return EVERYTHING
    kind, _, stop = name.partition(" ")
    return ((kind, stop),) if stop else (("USES", f"Tool:{client}:{name}"),)


def _kiro(document: Document, located: Located, host: NodeKey, folder: str) -> Iterator[Fact]:
    """One hook of Kiro: what happens, and what is then asked of the agent or run."""
    top = located.value
    when = mapping(top.get("when")) or mapping(top.get("trigger"))
    then = mapping(top.get("then")) or mapping(top.get("action"))
    happens = called(when.get("type")) or called(top.get("event"))
    if not happens or top.get("enabled") is False:
        return
    asks = isinstance(then.get("prompt", then.get("message", top.get("prompt"))), str)
    yield clients.host_fact(document, "kiro", folder, labels=[f"started_by={happens}"] if asks else None)
    command = then.get("command")
    if not isinstance(command, str):
        return
    pointer: Pointer = ("then" if "then" in top else "action", "command")
    id = f"{document.source()}/hook"
    yield from claude.command_facts(document, host, id, f"hook {called(top.get('name')) or happens}", "hook", located, [(command, pointer)])
    if happens in _BEFORE["kiro"]:
        kinds = when.get("toolTypes")
        line = located.line("when")
        named = [name for kind in kinds if isinstance(kind, str) for name in _named("kiro", kind)] if isinstance(kinds, list) else ["*"]
        stops = {edge: line for name in named for edge in _meant("kiro", name)}
        yield from point(document, host, id, stops, line)
