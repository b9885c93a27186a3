"""What Claude Code's formats share: hosts and folders, built-in tools, tool lists, hooks, models."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import clients
from graphinv.ingest.support.hooks import BEFORE, hook_points
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.secrets import redact, secret_facts
from graphinv.model.approved import FIELDS
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, Ref

CLIENT = "claude-code"
MAX_ITEMS = 2000
MAX_NAME = 200


# --------------------------------------------------------------------------------------------------------------------------------
# Hosts and folders


def folder_before(path: str, *markers: str) -> str | None:
    """The folder that holds the innermost of ``markers`` on the way to ``path``; ``""`` for the root, None where there is none.

    >>> folder_before("shop/.claude/agents/ops/x.md", ".claude"), folder_before(".claude/settings.json", ".claude")
    ('shop', '')
    """
    parts = path.split("/")[:-1]
    for index in range(len(parts) - 1, -1, -1):
        if parts[index] in markers:
            return "/".join(parts[:index])
    return None


def host_key(document: Document, folder: str) -> NodeKey:
    """Claude Code as it runs in ``folder`` of the document's root."""
    return clients.host_key(document, CLIENT, folder)


def host_fact(document: Document, folder: str, **props: Any) -> NodeFact:
    """The host application as a node; ``props`` are what the document says about it."""
    return clients.host_fact(document, CLIENT, folder, **props)


AUTONOMY = {
    "bypassPermissions": "autonomous",
    "auto": "autonomous",
    "acceptEdits": "approve_destructive",
    "default": "approve_each",
    "plan": "suggest",
}
"""Permission mode → autonomy. Other modes (``dontAsk`` …) say nothing about it on their own."""

# --------------------------------------------------------------------------------------------------------------------------------
# Built-in tools

_EXECUTE = ("execute", "egress", "read", "write", "destructive")
BUILTINS: dict[str, tuple[str, ...]] = {
    "Bash": _EXECUTE,
    "PowerShell": _EXECUTE,
    "BashOutput": ("read",),
    "KillShell": ("write",),
    "KillBash": ("write",),
    "Monitor": _EXECUTE,
    "Read": ("read",),
    "Glob": ("read",),
    "Grep": ("read",),
    "LS": ("read",),
    "LSP": ("read",),
    "NotebookRead": ("read",),
    "Write": ("write", "destructive"),
    "Edit": ("write",),
    "MultiEdit": ("write",),
    "NotebookEdit": ("write",),
    "WebFetch": ("read", "egress"),
    "WebSearch": ("read", "egress"),
    "TodoRead": (),
    "TodoWrite": (),
    "Skill": (),
    "SlashCommand": (),
    "AskUserQuestion": (),
    "EnterPlanMode": (),
    "ExitPlanMode": (),
    "ToolSearch": (),
    "TaskCreate": (),
    "TaskGet": (),
    "TaskList": (),
    "TaskUpdate": (),
    "TaskOutput": ("read",),
    "TaskStop": ("execute",),
    "SendMessage": (),
    "TeamCreate": (),
    "TeamDelete": (),
    "CronCreate": ("execute",),
    "CronDelete": ("write",),
    "CronList": ("read",),
    "EnterWorktree": ("write",),
    "ExitWorktree": ("write",),
    "ListMcpResourcesTool": ("read",),
    "ReadMcpResourceTool": ("read",),
}
"""Built-in tool → what a call of it can do; nothing for those that only steer the session."""

INHERENT = ("Bash", "Read", "Glob", "Grep", "Write", "Edit", "NotebookEdit", "WebFetch", "WebSearch")
"""The built-in tools that act on something, which a session has unless it is denied them."""

DELEGATION = frozenset({"Agent", "Task"})
_UNTRUSTED = frozenset({"WebFetch", "WebSearch"})
_CANONICAL = {name.lower(): name for name in (*BUILTINS, *DELEGATION)}
WEB: NodeKey = ("ContentSource", "web")


def builtin_key(name: str) -> NodeKey:
    """The one node of a built-in tool, the same for everybody who has it."""
    return "Tool", f"{CLIENT}:{name}"


def builtin_facts(document: Document, line: int | None, name: str) -> Iterator[Fact]:
    """A built-in tool as a node, and the web as where its results come from when they do; a name not known has no known effects."""
    sources = [document.source(line)]
    effects = BUILTINS.get(name)
    props: Props = {"name": name, "kind_detail": f"{CLIENT} built-in", "sources": sources}
    if effects is not None:
        props |= {"effects": list(effects), "ingests_untrusted": name in _UNTRUSTED}
    yield NodeFact(*builtin_key(name), props)
    if name in _UNTRUSTED:
        yield NodeFact(*WEB, {"name": "the web", "trust": "untrusted", "sources": sources})
        yield EdgeFact("INGESTS", builtin_key(name), WEB, {"evidence": ["declared"], "sources": sources})


# --------------------------------------------------------------------------------------------------------------------------------
# Tool lists


@dataclass(frozen=True, slots=True)
class ToolSpec:
    """One entry of a list of tools: ``Bash(git push *)``, ``mcp__github__create_issue``, ``Agent(reviewer, tester)``."""

    name: str
    pattern: str = ""
    line: int | None = None

    @property
    def server(self) -> str | None:
        """Name of the MCP server, when it names one or a tool of one."""
        parts = self.name.split("__", 2)
        return parts[1] if parts[0] == "mcp" and len(parts) > 1 and parts[1] else None

    @property
    def tool(self) -> str | None:
        """Name of the one tool of that server; None for all of them."""
        parts = self.name.split("__", 2)
        return parts[2] if self.server and len(parts) > 2 and parts[2] not in ("", "*") else None

    @property
    def whole(self) -> bool:
        """Whether it means the tool whatever it is given."""
        return self.pattern in ("", "*", ":*", "**")


_SPEC = re.compile(r"([A-Za-z_*][^\s()]{0,199})\s*(?:\((.*)\))?", re.DOTALL)


def split_list(text: str) -> list[str]:
    """Entries of a comma-separated list; commas inside parentheses do not separate. Without a comma, blanks do. O(length).

    >>> split_list("Read, Bash(git add, git rm), mcp__github__*")
    ['Read', 'Bash(git add, git rm)', 'mcp__github__*']
    """
    text = text.strip().removeprefix("[").removesuffix("]")
    entries, depth, start = [], 0, 0
    for match in re.finditer(r"[(),\s]", text):
        character = match[0]
        if character == "(":
            depth += 1
        elif character == ")":
            depth = max(0, depth - 1)
        elif depth == 0 and (character == "," or (character.isspace() and "," not in text)):
            following = text[match.end() :].lstrip()[:1]
            if character == "," or following != "(":
                entries.append(text[start : match.start()])
                start = match.end()
    entries.append(text[start:])
    return [entry.strip().strip("\"'`") for entry in entries if entry.strip().strip("\"'`")]


def tool_specs(value: Any, located: Located, *pointer: str | int) -> list[ToolSpec] | None:
    """Entries of a list of tools, a comma-separated text or a list; None where it is neither, or blank. What is no name is left out."""
    if isinstance(value, str) and not value.strip():
        return None
    if isinstance(value, str):
        items = [(entry, located.line(*pointer)) for entry in split_list(value[:100_000])]
    elif isinstance(value, list):
        items = [
            (entry, located.line(*pointer, index))
            for index, item in enumerate(value[:MAX_ITEMS])
            for entry in split_list(_entry(item)[:10_000])
        ]
    else:
        return None
    specs = []
    for entry, line in items[:MAX_ITEMS]:
        match = _SPEC.fullmatch(entry)
        if match:
            name = _CANONICAL.get(match[1].lower()) or redact(match[1])
            specs.append(ToolSpec(name, (match[2] or "").strip(), line))
    return specs


def _entry(item: Any) -> str:
    """One entry of a list as text. Unquoted, YAML takes ``Bash(git push: *)`` for a mapping."""
    if isinstance(item, dict) and len(item) == 1:
        key, value = next(iter(item.items()))
        return f"{key}: {value}" if isinstance(value, str) else ""
    return item if isinstance(item, str) else ""


def server_ref(document: Document, name: str) -> Ref:
    """The MCP server that Claude Code knows by ``name`` where the document lies; ``*`` for all of them."""
    name = redact(name[:MAX_NAME])
    return Ref("ToolServer", CLIENT, name, fallback="" if name == "*" else f"mcp:{document.root}#{name}")


def agent_ref(document: Document, name: str) -> Ref:
    """The sub-agent of that name; ``*`` for all of them."""
    name = redact(name[:MAX_NAME])
    return Ref("Agent", CLIENT, name, fallback="" if name == "*" else f"{CLIENT}:{document.root}#{name}")


def server_edges(
    document: Document, user: NodeKey, specs: Iterable[ToolSpec], own: Mapping[str, NodeKey] | None = None, **props: Any
) -> Iterator[EdgeFact]:
    """(:Agent)-[:CONNECTS_TO]->(:ToolServer), one for each server that ``specs`` name; with ``tools`` where they name its tools only.

    ``own`` are servers whose names mean something to ``user`` alone. A pattern in a tool's name counts as all tools of the server, one in
    a server's name as all servers: more than is meant rather than less. Such an edge is not ``approved``.
    """
    broad: set[str] = set()
    tools: dict[str, set[str] | None] = {}
    lines: dict[str, int | None] = {}
    for spec in specs:
        server = spec.server
        if server is None:
            continue
        if "*" in server:
            server = "*"
            broad.add(server)
        lines.setdefault(server, spec.line)
        known = tools.setdefault(server, set())
        if spec.tool is None or "*" in spec.tool:
            tools[server] = None
            if spec.tool is not None:
                broad.add(server)
        elif known is not None:
            known.add(spec.tool)
    for server, names in tools.items():
        stated: Props = {"evidence": ["declared"], "sources": [document.source(lines[server])], **props}
        if server in broad:
            for name in FIELDS:
                stated.pop(name, None)
        if names is not None:
            stated["tools"] = sorted(names)
        yield EdgeFact("CONNECTS_TO", user, (own or {}).get(server) or server_ref(document, server), stated)


# --------------------------------------------------------------------------------------------------------------------------------
# Hooks and models


def model_facts(document: Document, line: int | None, user: NodeKey, value: Any) -> Iterator[Fact]:
    """The model that ``user`` is set to; nothing for ``inherit``."""
    if not isinstance(value, str) or not value.strip() or value.strip() in ("inherit", "default"):
        return
    name, sources = redact(value.strip()[:MAX_NAME]), [document.source(line)]
    yield NodeFact("Model", name, {"name": name, "sources": sources})
    yield EdgeFact("USES_MODEL", user, ("Model", name), {"evidence": ["declared"], "sources": sources})


def hook_facts(document: Document, user: NodeKey, base: str, located: Located, *pointer: str | int) -> Iterator[Fact]:
    """Commands that hooks run: per event one Tool ``<base>/hook/<event>`` that ``user`` uses, the secrets in its commands, and the
    enforcement point that those are which run before tools.

    ``pointer`` leads to the mapping of events.
    """
    value = clients.value_at(located, pointer)
    if value is None:
        return
    if not isinstance(value, dict):
        yield Problem(document.path, f"L{located.line(*pointer)}", "hooks are not a mapping of events")
        return
    for event, inner in list(value.items())[:MAX_ITEMS]:
        commands = list(_commands(inner, (*pointer, event)))
        if commands:
            id = f"{base}/hook/{event[:MAX_NAME]}"
            yield from command_facts(document, user, id, f"hook {event[:MAX_NAME]}", "hook", located, commands)
            if event in BEFORE:
                yield from hook_points(document, user, CLIENT, id, located, inner, (*pointer, event))


def command_facts(
    document: Document, user: NodeKey, id: str, name: str, detail: str, located: Located, commands: list[tuple[str, Pointer]]
) -> Iterator[Fact]:
    """A Tool that runs ``commands`` (each with its pointer) without being asked, used by ``user``; the secrets in them."""
    lines = [located.line(*pointer) for _, pointer in commands]
    sources = [document.source(line) for line in lines]
    key: NodeKey = ("Tool", redact(id))
    effects = ["execute"] if any(not text.startswith(("http://", "https://")) for text, _ in commands) else ["egress"]
    yield NodeFact(*key, {"name": redact(name), "kind_detail": detail, "effects": effects, "sources": sources})
    yield EdgeFact("USES", user, key, {"evidence": ["declared"], "sources": sources})
    for (text, _), line in zip(commands, lines, strict=True):
        yield from secret_facts(document, line, key, "", text, "config")


def _commands(value: Any, pointer: Pointer) -> Iterator[tuple[str, Pointer]]:
    """Commands and addresses of one event, whatever the nesting of matchers and lists (older forms differ), at most six levels down."""
    pending: list[tuple[Any, Pointer]] = [(value, pointer)]
    while pending:
        item, where = pending.pop(0)
        if len(where) > len(pointer) + 6:
            continue
        if isinstance(item, list):
            pending += [(inner, (*where, index)) for index, inner in enumerate(item[:MAX_ITEMS])]
        elif isinstance(item, dict):
            text = item.get("command") or (item.get("url") if item.get("type") == "http" else None)
            if isinstance(text, str):
                arguments = item.get("args")
                words = [word for word in arguments if isinstance(word, str)] if isinstance(arguments, list) else []
                yield " ".join([text, *words]), where
            elif "hooks" in item:
                pending.append((item["hooks"], (*where, "hooks")))
