"""Claude Code sub-agents: Markdown files with front matter under ``.claude/agents/`` and in the ``agents/`` folder of plugins.

Drawn:
    (:Agent host)-[:DELEGATES_TO {mode: invoke}]->(:Agent sub-agent)
    (:Agent sub-agent)-[:USES]->(:Tool built-in or hook)
    (:Agent sub-agent)-[:CONNECTS_TO {tools}]->(:ToolServer)
    (:Agent sub-agent)-[:DELEGATES_TO]->(:Agent), where its tools name ``Agent`` or ``Task``
    (:Agent sub-agent)-[:READS|WRITES]->(:Memory)
    (:Agent sub-agent)-[:USES_MODEL]->(:Model)

An agent that lists no tools has those of its host: every server that is visible from its folder, and the built-in tools, except that a
sub-agent starts sub-agents only where it lists ``Agent`` or ``Task``.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.prose import held, written
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.servers import server_facts
from graphinv.ingest.support.yamldoc import Loose, front_matter
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, Ref

NAME = "claude_agents"
TITLE = "Claude Code sub-agents"
FILES = (".claude/agents/**/*.md", "agents/*.md of a plugin", "any other Markdown file whose front matter is a sub-agent's")

_MEMORY = {"user": "user", "local": "user", "project": "tenant"}


def detect(path: str, head: bytes) -> bool:
    """Whether it lies in ``.claude/agents/``, or in some ``agents/`` and says in front matter who it is (as an entry of another program's
    catalogue does not), or lies anywhere and says there what only sub-agents say: which of Claude Code's tools it has, which of its models
    it runs on, which of its colours it has."""
    lowered = path.lower()
    parts = lowered.split("/")
    if not lowered.endswith(".md"):
        return False
    folders = parts[:-1]
    index = len(folders) - 1 - folders[::-1].index("agents") if "agents" in folders else -1
    if ".claude" in parts[: max(index, 0)] and parts[parts.index(".claude") + 1] == "agents":
        return True
    hidden = any(part.startswith(".") and part != ".claude" for part in folders)
    if hidden or "docs" in parts or parts[-1] in _OTHERS or lowered.endswith((".agent.md", ".chatmode.md", ".prompt.md")):
        return False
    fields = _fields(head)
    if not {b"name", b"description"} <= fields.keys() or any(map(_STEP.fullmatch, fields)):
        return False
    if index >= 0 and index >= len(parts) - 3:
        return any(part.endswith("plugins") for part in folders) or not _is_entry(fields)
    return _OTHERS_SAY.isdisjoint(fields) and _says_what_it_may(fields)


_OTHERS = ("readme.md", "agents.md", "claude.md", "skill.md")
_OTHERS_SAY = frozenset({b"allowed-tools", b"argument-hint", b"mode", b"type", b"license"})
"""Fields of commands, skills and the agents of other programs."""
_STEP = re.compile(rb"(?:next|this|previous|prev)_?[sS]tep\w*|(?:workflow|output|template)_?File|nextStep|stepsCompleted")
"""Fields of the steps of a workflow, which BMAD's agents keep beside them, each a file that names the next."""
_FIELDS = frozenset(
    {b"tools", b"disallowedTools", b"model", b"permissionMode", b"maxTurns", b"skills", b"mcpServers", b"hooks", b"memory"}
    | {b"background", b"effort", b"isolation", b"initialPrompt", b"color"}
)
"""Fields of sub-agents beside name and description."""
_WORDS = re.compile(rb"[\"']?[^\s\"'#>|]+[ \t]+[^\s#].*")
"""A name of several words, on the line of its field."""
_COLORS = frozenset({b"red", b"blue", b"green", b"yellow", b"purple", b"orange", b"pink", b"cyan"})
_MODEL = re.compile(rb"[\"']?(?:sonnet|opus|haiku|inherit|claude-[\w.-]+)[\"']?(?:\s+#.*)?")


def _fields(head: bytes) -> dict[bytes, bytes]:
    """Top fields of the front matter, each with its text, that on the lines below it included."""
    lines = head.removeprefix(b"\xef\xbb\xbf").lstrip().split(b"\n")
    found: dict[bytes, bytes] = {}
    if lines[0].rstrip() != b"---":
        return found
    name = b""
    for line in lines[1:]:
        if line.rstrip() == b"---":
            break
        key, colon, rest = line.partition(b":")
        if colon and key.strip() == key.rstrip() and not key.startswith((b"-", b"#")):
            name = key.strip()
            found[name] = rest.strip()
        elif name:
            found[name] += b"\n" + line.strip()
    return found


def _is_entry(fields: Mapping[bytes, bytes]) -> bool:
    """Whether it is an entry of some other program's catalogue: named by a title, where names of sub-agents are lower-case words with
    hyphens, and with more fields, none of them a sub-agent's."""
    more = fields.keys() - {b"name", b"description"}
    return _WORDS.fullmatch(fields[b"name"]) is not None and bool(more) and _FIELDS.isdisjoint(more)


def _says_what_it_may(fields: Mapping[bytes, bytes]) -> bool:
    """Whether its tools are Claude Code's, or its model or colour is called as Claude Code calls them."""
    listed = fields.get(b"tools", b"").decode("utf-8", "replace")
    named = [spec.partition("(")[0].strip(" \"'[]-") for spec in re.split(r"[,\s]+", listed)]
    return (
        any(name in claude.BUILTINS or name.startswith("mcp__") for name in named)
        or _MODEL.fullmatch(fields.get(b"model", b"").strip()) is not None
        or fields.get(b"color", b"").strip(b" \"'") in _COLORS
    )


def read(document: Document) -> Iterator[Fact]:
    """Facts of one sub-agent.

    Raises:
        IngestError: not text, or front matter that never ends.
    """
    meta, _ = front_matter(document)
    settings: dict[str, Any] = meta.value
    name = settings.get("name")
    if not isinstance(name, str) or not name.strip():
        message = "names no agent, so that Claude Code does not load it" if settings else "has no front matter, so that it is no agent"
        yield Problem(document.path, "L1", message, "note", NAME)
        return
    if isinstance(meta, Loose):
        yield Problem(document.path, "L1", "has front matter that is not valid YAML; it was read line by line", "note", NAME)
    yield from _Agent(document, meta, redact(name.strip()[: claude.MAX_NAME])).facts()


def project_folder(path: str) -> str:
    """The folder of the project or plugin that an agent's file belongs to."""
    for marker in (".claude", "agents"):
        folder = claude.folder_before(path, marker)
        if folder is not None:
            return folder
    return path.rpartition("/")[0]


class _Agent:
    def __init__(self, document: Document, meta: Located, name: str) -> None:
        self.document = document
        self.meta = meta
        self.settings: dict[str, Any] = meta.value
        self.name = name
        self.folder = project_folder(document.path)
        self.host = claude.host_key(document, self.folder)
        self.key: NodeKey = ("Agent", f"{self.host[1]}#{name}")
        self.own: dict[str, NodeKey] = {}
        """Servers that this agent defines for itself, by name."""

        tools = claude.tool_specs(self.settings.get("tools"), meta, "tools") or []
        self.limited = {spec.server for spec in tools if spec.tool}
        """Servers of which it lists single tools."""

    def props(self, field: str, **props: Any) -> Props:
        return {"evidence": ["declared"], "sources": [self.document.source(self.meta.line(field))], **props}

    def facts(self) -> Iterator[Fact]:
        document, line = self.document, self.meta.line("name")
        mode = self.settings.get("permissionMode")
        autonomy = claude.AUTONOMY.get(mode) if isinstance(mode, str) else None
        stated: Props = {
            "name": self.name,
            "framework": claude.CLIENT,
            "kind_detail": f"{claude.CLIENT} sub-agent",
            "status": "active",
            "autonomy": autonomy,
            "labels": ["tools=inherited"] if self.settings.get("tools") is None else None,
            "sources": [document.source(line)],
        }
        yield NodeFact(*self.key, {name: value for name, value in stated.items() if value is not None})
        yield claude.host_fact(document, self.folder)
        yield EdgeFact("DELEGATES_TO", self.host, self.key, self.props("name", mode="invoke", kind_detail="sub-agent"))
        yield Binding(claude.CLIENT, self.name, self.key, self.folder, document.path)
        yield from self.servers()
        yield from self.tools()
        yield from claude.model_facts(document, self.meta.line("model"), self.key, self.settings.get("model"))
        yield from self.skills()
        yield from self.memory()
        yield from claude.hook_facts(document, self.key, self.key[1], self.meta, "hooks")
        yield from clients.duplicate_problems(self.meta, document, NAME)
        yield from held(self.key, written(document))

    def tools(self) -> Iterator[Fact]:
        document, value = self.document, self.settings.get("tools")
        denied = claude.tool_specs(self.settings.get("disallowedTools"), self.meta, "disallowedTools") or []
        gone = {spec.name for spec in denied if spec.whole}
        listed = claude.tool_specs(value, self.meta, "tools")
        if listed is None and value is not None:
            yield Problem(document.path, f"L{self.meta.line('tools')}", "gives tools that are neither a text nor a list", "error", NAME)
        if listed is None or any(spec.name == "*" for spec in listed):
            names = [(name, self.meta.line("tools" if listed else "name")) for name in claude.INHERENT]
            yield EdgeFact("CONNECTS_TO", self.key, claude.server_ref(document, "*"), self.props("tools" if listed else "name"))
            for spec in denied:
                if spec.server:
                    message = "disallows tools of an MCP server; it is counted as able to use all of that server"
                    yield Problem(document.path, f"L{spec.line}", message, "warning", NAME)
            listed = listed or []
        else:
            names = []
        kept = [
            spec for spec in listed if spec.name not in gone and f"mcp__{spec.server}" not in gone and f"mcp__{spec.server}__*" not in gone
        ]
        yield from claude.server_edges(document, self.key, kept, self.own)
        yield from self.delegations([spec for spec in kept if spec.name in claude.DELEGATION])
        named = {spec.name: spec.line or 0 for spec in kept if not spec.server and spec.name not in {"*", *claude.DELEGATION}}
        for name, line in {**dict(names), **named}.items():
            if name not in gone:
                yield from claude.builtin_facts(document, line, name)
                edge: Props = {"evidence": ["declared"], "sources": [document.source(line)]}
                yield EdgeFact("USES", self.key, claude.builtin_key(name), edge)

    def delegations(self, specs: list[claude.ToolSpec]) -> Iterator[Fact]:
        for spec in specs:
            names = ["*"] if spec.whole else claude.split_list(spec.pattern)
            for name in names:
                props: Props = {"evidence": ["declared"], "sources": [self.document.source(spec.line)]}
                yield EdgeFact(
                    "DELEGATES_TO",
                    self.key,
                    claude.agent_ref(self.document, name),
                    {**props, "mode": "invoke", "kind_detail": "sub-agent"},
                )

    def servers(self) -> Iterator[Fact]:
        """``mcpServers``: names, servers defined in place, or a list of both."""
        value = self.settings.get("mcpServers")
        items: list[tuple[Any, Pointer]] = []
        if isinstance(value, str):
            items = [(name, ("mcpServers",)) for name in claude.split_list(value[:10_000])]
        elif isinstance(value, list):
            items = [(item, ("mcpServers", index)) for index, item in enumerate(value[: claude.MAX_ITEMS])]
        elif isinstance(value, dict):
            items = [(value, ("mcpServers",))]
        elif value is not None:
            yield Problem(
                self.document.path, f"L{self.meta.line('mcpServers')}", "gives mcpServers that are no list and no mapping", "error", NAME
            )
        for item, pointer in items:
            if isinstance(item, str) and item.strip():
                if item not in self.limited:
                    props: Props = {"evidence": ["declared"], "sources": [self.document.source(self.meta.line(*pointer))]}
                    yield EdgeFact("CONNECTS_TO", self.key, claude.server_ref(self.document, item.strip()), props)
            elif isinstance(item, dict):
                yield from self.inline(item, pointer)

    def inline(self, servers: dict[str, Any], pointer: Pointer) -> Iterator[Fact]:
        for name, entry in list(servers.items())[: claude.MAX_ITEMS]:
            if entry is None:
                line = self.meta.line(*pointer, name)
                props: Props = {"evidence": ["declared"], "sources": [self.document.source(line)]}
                yield EdgeFact("CONNECTS_TO", self.key, claude.server_ref(self.document, name), props)
            else:
                yield from self.private(name, entry, (*pointer, name))

    def private(self, name: str, entry: Any, pointer: Pointer) -> Iterator[Fact]:
        """A server that is this agent's alone: its name means nothing to others."""
        limited = name in self.limited
        where = clients.at(self.meta, pointer)
        for fact in server_facts(
            self.document, client=claude.CLIENT, host=self.key, name=name, entry=entry, where=where, folder=self.folder
        ):
            if isinstance(fact, Binding):
                self.own[name] = fact.target
            elif not (limited and isinstance(fact, EdgeFact) and fact.kind == "CONNECTS_TO"):
                yield fact

    def skills(self) -> Iterator[Fact]:
        value = self.settings.get("skills")
        names = claude.split_list(value[:10_000]) if isinstance(value, str) else value if isinstance(value, list) else []
        for given in names[: claude.MAX_ITEMS]:
            if isinstance(given, str) and given.strip():
                name = redact(given.strip()[: claude.MAX_NAME])
                skill = Ref("Tool", claude.CLIENT, name, fallback=f"skill:{self.document.root}#{name}")
                yield EdgeFact("USES", self.key, skill, self.props("skills"))

    def memory(self) -> Iterator[Fact]:
        scope = self.settings.get("memory")
        if not isinstance(scope, str) or scope not in _MEMORY:
            return
        memory: NodeKey = ("Memory", f"{self.key[1]}/memory/{scope}")
        stated: Props = {"name": f"{scope} memory of {self.name}", "kind_detail": f"{claude.CLIENT} memory", "scope": _MEMORY[scope]}
        yield NodeFact(*memory, {**stated, "sources": [self.document.source(self.meta.line("memory"))]})
        yield EdgeFact("READS", self.key, memory, self.props("memory"))
        yield EdgeFact("WRITES", self.key, memory, self.props("memory"))
