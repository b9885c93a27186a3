"""Custom agents of GitHub Copilot (``.github/agents/``) and chat modes of VS Code (``.github/chatmodes/``): Markdown with front matter.

Drawn:
    (:Agent host)-[:DELEGATES_TO {mode: invoke}]->(:Agent)
    (:Agent)-[:DELEGATES_TO {mode: handoff}]->(:Agent), for handoffs; {mode: invoke} for sub-agents
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO {tools}]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)

Copilot's coding agent and VS Code both read ``.github/agents``: the host is ``github-copilot``, and ``vscode`` for chat modes and for
agents with ``target: vscode``. Servers that are named and not defined in the file are VS Code's. An agent that lists no tools has those of
its host; it starts sub-agents where it names them or lists the tool for it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients
from graphinv.ingest.support.agent_files import AgentFile, given_name
from graphinv.ingest.support.builtins import INHERENT, builtin_facts
from graphinv.ingest.support.github_steps import of_repository
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.words import names
from graphinv.ingest.support.yamldoc import Loose, front_matter
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props, Ref

NAME = "github_agents"
TITLE = "GitHub Copilot agents and VS Code chat modes"
FILES = (".github/agents/**/*.md", "**/*.agent.md", ".github/chatmodes/*.chatmode.md", "**/*.chatmode.md")

SPACE = "github-copilot"
"""Names of agents and chat modes: they know each other."""
CALLABLE = "github-copilot sub-agents"
"""Names of those that others may start as sub-agents."""

_SETS: dict[str, tuple[str, ...]] = {
    "agent": ("agent", "runsubagent", "custom-agent", "task"),
    "browser": ("browser", "opensimplebrowser", "simplebrowser"),
    "edit": ("edit", "editfiles", "createfile", "createdirectory", "multiedit", "write", "notebookedit", "new", "editnotebook"),
    "execute": (
        *("execute", "runcommands", "runinterminal", "shell", "bash", "powershell", "terminal", "runtasks", "runtask", "createandruntask"),
        *("runtests", "runnotebooks", "runnotebookcell", "runcommand", "terminalcommand", "executecommand", "runterminalcommand"),
    ),
    "githubRepo": ("githubrepo",),
    "read": (
        *("read", "readfile", "view", "notebookread", "problems", "terminallastcommand", "terminalselection", "getterminaloutput"),
        *("gettaskoutput", "testfailure", "readcelloutput", "getnotebooksummary", "awaitterminal", "viewimage"),
    ),
    "search": (
        *("search", "grep", "glob", "codebase", "usages", "filesearch", "textsearch", "listdirectory", "changes", "searchresults"),
        *("findtestfiles",),
    ),
    "todo": ("todo", "todos", "todowrite", "memory", "askquestions", "updateuserpreferences"),
    "vscode": ("vscode", "vscodeapi", "extensions", "installextension", "newworkspace", "getprojectsetupinfo", "githubpullrequest"),
    "web": ("web", "fetch", "websearch", "webfetch", "web_search", "web_fetch"),
}
_TOOLS = {name: whole for whole, members in _SETS.items() for name in members}
_HOSTS = names("agent ask edit plan default")
"""Built-in agents of VS Code: handing over to them is handing back to the host."""
_EXTENSION = re.compile(r"[\w-]+\.[\w.-]+/[\w-]+")


def detect(path: str, head: bytes) -> bool:
    """Whether it is an agent's or a chat mode's file, by name or folder."""
    lowered = path.lower()
    if not lowered.endswith(".md"):
        return False
    parts = lowered.split("/")
    if lowered.endswith((".agent.md", ".chatmode.md")):
        return "docs" not in parts[:-1] or ".github" in parts
    inside = any(pair == (".github", "agents") for pair in pairwise(parts))
    return inside and parts[-1] not in ("readme.md", "agents.md")


def read(document: Document) -> Iterator[Fact]:
    """Facts of one agent or chat mode.

    Raises:
        IngestError: not text, or front matter that never ends.
    """
    meta, _ = front_matter(document)
    settings: dict[str, Any] = meta.value
    mode = document.name.lower().endswith(".chatmode.md")
    if not settings and not document.name.lower().endswith((".agent.md", ".chatmode.md")):
        return
    folder = claude.folder_before(document.path, ".github", ".vscode", ".copilot")
    if folder is None:
        folder = claude.folder_before(document.path, "agents", "chatmodes")
    folder = document.folder if folder is None else folder
    client = "vscode" if mode or settings.get("target") == "vscode" else "github-copilot"
    agent = AgentFile(document, meta, client, folder, given_name(document, settings), "chat mode" if mode else "custom agent")
    yield from _facts(agent, meta)


def _facts(agent: AgentFile, meta: Located) -> Iterator[Fact]:
    settings = agent.settings
    if isinstance(meta, Loose):
        yield agent.problem("", "has front matter that is not valid YAML; it was read line by line", "note", NAME)
    yield from agent.agent(mechanism=agent.detail)
    yield from agent.bound(SPACE)
    if settings.get("disable-model-invocation") is not True and settings.get("infer") is not False:
        yield from agent.bound(CALLABLE)
    yield from agent.models()
    own = settings.get("mcp-servers")
    own = {str(name): agent.key for name in own} if isinstance(own, dict) else {}
    for fact in agent.inline_servers("mcp-servers", "vscode"):
        yield of_repository(agent.document.root, fact)
    yield from _tools(agent, set(own))
    yield from _handoffs(agent)
    yield from clients.duplicate_problems(meta, agent.document, NAME)


@dataclass
class _Listed:
    """What a list of tools names, with lines: built-in tools, whole servers, single tools of servers, and tools known by name alone."""

    builtin: dict[str, int] = field(default_factory=dict)
    whole: dict[str, int] = field(default_factory=dict)
    single: dict[str, dict[str, int]] = field(default_factory=dict)
    other: dict[str, tuple[int, str]] = field(default_factory=dict)
    everything: bool = False

    def add(self, text: str, line: int, own: set[str]) -> None:
        first, slash, rest = text.partition("/")
        known = _TOOLS.get(first.lower()) if first not in own else None
        if text in ("", "*"):
            self.everything = self.everything or text == "*"
        elif known:
            self.builtin.setdefault(_TOOLS.get(rest.lower(), known), line)
        elif (slash and rest == "*") or text in own:
            self.whole.setdefault(first, line)
        elif slash and (first in own or not _EXTENSION.fullmatch(text)):
            self.single.setdefault(first, {}).setdefault(rest, line)
        else:
            self.other.setdefault(text, (line, "tool of a VS Code extension" if slash else "tool or server by name"))


def _texts(agent: AgentFile) -> list[tuple[str, int]] | None:
    """Entries of the list of tools with their lines; None where there is none, or something that is no list."""
    value = agent.settings.get("tools")
    if isinstance(value, str):
        return [(text, agent.line("tools")) for text in claude.split_list(value[:100_000])]
    if isinstance(value, list):
        items = enumerate(value[: claude.MAX_ITEMS])
        return [(item.strip(), agent.line("tools", index)) for index, item in items if isinstance(item, str)]
    if isinstance(value, dict):
        return [(str(name), agent.line("tools", name)) for name, on in list(value.items())[: claude.MAX_ITEMS] if on is not False]
    return None


def _tools(agent: AgentFile, own: set[str]) -> Iterator[Fact]:
    texts = _texts(agent)
    if texts is None and agent.settings.get("tools") is not None:
        yield agent.problem("tools", "gives tools that are neither a text nor a list", "error", NAME)
    listed = _Listed(everything=texts is None)
    for text, line in texts or ():
        listed.add(text, line, own)
    if listed.everything:
        line = agent.line("tools" if texts else "name")
        yield from builtin_facts(agent.document, line, agent.key, agent.client, INHERENT[agent.client])
        yield EdgeFact("CONNECTS_TO", agent.key, agent.server_ref("vscode", "*"), agent.props("tools"))
    for name, line in listed.builtin.items():
        if name != "agent":
            yield from builtin_facts(agent.document, line, agent.key, agent.client, [name])
    for text, (line, detail) in listed.other.items():
        if text.rpartition("/")[2].lower() == "copilotcodingagent":
            coding = clients.host_key(agent.document, "github-copilot", agent.folder)
            said = {"evidence": ["declared"], "sources": [agent.document.source(line)]}
            yield EdgeFact("DELEGATES_TO", agent.key, coding, {**said, "mode": "handoff", "kind_detail": "coding agent"})
        else:
            yield from _other_tool(agent, text, line, detail)
    for name in sorted({*listed.whole, *listed.single} - own):
        tools = listed.single.get(name, {})
        line = listed.whole.get(name) or min(tools.values())
        limit: Props = {} if name in listed.whole else {"tools": sorted(map(redact, tools))}
        props: Props = {"evidence": ["declared"], "sources": [agent.document.source(line)], **limit}
        yield EdgeFact("CONNECTS_TO", agent.key, agent.server_ref("vscode", name), props)
    yield from _subagents(agent, "agent" in listed.builtin)


def _other_tool(agent: AgentFile, text: str, line: int, detail: str) -> Iterator[Fact]:
    """A tool that the file only names: what it does is not known from here."""
    name = redact(text[: claude.MAX_NAME])
    key: NodeKey = ("Tool", f"vscode:{name}")
    sources = [agent.document.source(line)]
    yield NodeFact(*key, {"name": name, "kind_detail": detail, "sources": sources})
    yield EdgeFact("USES", agent.key, key, {"evidence": ["declared"], "sources": sources})


def _subagents(agent: AgentFile, may: bool) -> Iterator[Fact]:
    """Those that ``agents`` names, or, with the tool alone, all that can be started as sub-agents."""
    value = agent.settings.get("agents")
    listed = [value] if isinstance(value, str) else value if isinstance(value, list) else ["*"] if may else []
    for given in listed[: claude.MAX_ITEMS]:
        if isinstance(given, str) and given.strip():
            name = given.strip()
            target = agent.agent_ref(CALLABLE if name == "*" else SPACE, name)
            props = agent.props("agents" if value is not None else "tools", mode="invoke", kind_detail="sub-agent")
            yield EdgeFact("DELEGATES_TO", agent.key, target, props)


def _handoffs(agent: AgentFile) -> Iterator[Fact]:
    value = agent.settings.get("handoffs")
    if value is not None and not isinstance(value, list):
        yield agent.problem("handoffs", "gives handoffs that are no list", "error", NAME)
        return
    for index, item in enumerate((value or [])[: claude.MAX_ITEMS]):
        name = item.get("agent") if isinstance(item, dict) else item
        if not isinstance(name, str) or not name.strip():
            yield agent.problem("handoffs", "has a handoff that names no agent", "error", NAME)
            continue
        target: NodeKey | Ref = agent.host if name.strip().lower() in _HOSTS else agent.agent_ref(SPACE, name.strip())
        yield EdgeFact("DELEGATES_TO", agent.key, target, agent.props("handoffs", index, mode="handoff", kind_detail="handoff"))
