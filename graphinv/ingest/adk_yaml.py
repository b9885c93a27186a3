"""Google ADK agents written as YAML: ``root_agent.yaml`` and the files that its ``sub_agents`` name by ``config_path``.

Drawn:
    (:Agent)-[:DELEGATES_TO {mode: handoff | invoke}]->(:Agent), for ``sub_agents`` and for ``AgentTool``
    (:Agent)-[:USES]->(:Tool built-in or function)
    (:Agent)-[:CONNECTS_TO {tools}]->(:ToolServer)
    (:Agent)-[:USES_MODEL]->(:Model)

A file without ``agent_class`` and schema is an agent only where another file names it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any, NamedTuple

from graphinv.ingest import Document
from graphinv.ingest.support import adk, clients, yamldoc
from graphinv.ingest.support.leaves import leaves
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.partial import TOP, within
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.secrets import redact, secret_facts
from graphinv.ingest.support.servers import server_facts
from graphinv.model.errors import IngestError
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, Ref

NAME = "adk_yaml"
TITLE = "Google ADK agents in YAML"
FILES = ("**/root_agent.yaml", "**/*.yaml that a root agent names")
MAX_BYTES = 2 * 1024 * 1024

MAX_ITEMS = 500
MAX_NAME = 200
MAX_PROBLEMS = 20

_TOP = re.compile(rb"^(name|agent_class|instruction|sub_agents|tools|model)[ \t]*:", re.MULTILINE)
_DOTTED = re.compile(r"[A-Za-z_]\w{0,99}(?:\.[A-Za-z_]\w{0,99}){1,20}")
_SERVER_CLASSES = ("McpToolset", "MCPToolset")
_CONNECTIONS = ("stdio_server_params", "stdio_connection_params", "sse_connection_params", "streamable_http_connection_params")


class Child(NamedTuple):
    """Another file that this agent delegates to."""

    path: str | None
    """Relative to the root; None where it lies outside."""
    line: int
    mode: str
    detail: str


class Summary(NamedTuple):
    """One file: its agent, the facts that it states alone, and the files it names."""

    key: NodeKey
    certain: bool
    facts: tuple[Fact, ...]
    children: tuple[Child, ...]
    place: str


def detect(path: str, head: bytes) -> bool:
    """Whether it is an agent of ADK, or could be one that another file names."""
    name = path.rpartition("/")[2]
    if not name.endswith((".yaml", ".yml")):
        return False
    if re.fullmatch(r"root_agent\.ya?ml", name) or b"AgentConfig.json" in head:
        return True
    found = set(_TOP.findall(head))
    return b"name" in found and (b"agent_class" in found or {b"instruction", b"model"} <= found)


def summarise(document: Document) -> Summary | None:
    """The agent of one file; None where it is another kind of file.

    Raises:
        IngestError: it is no YAML, or a ``root_agent.yaml`` without an object.
    """
    sure = re.fullmatch(r"root_agent\.ya?ml", document.name) is not None or b"AgentConfig.json" in document.data[:4096]
    found = yamldoc.parse(document.text(), document)
    value = found[0].value if found else None
    if not isinstance(value, dict):
        if sure:
            raise IngestError("holds no agent: its top is no object", document=document.path, where="L1")
        return None
    certain = sure or (isinstance(value.get("agent_class"), str) and ("sub_agents" in value or "instruction" in value))
    name = value.get("name")
    name = redact(name.strip()[:MAX_NAME]) if isinstance(name, str) and name.strip() else PurePosixPath(document.path).stem
    return _Agent(document, found[0], name).summary(certain)


def link(root: str, summaries: Mapping[str, Summary | None]) -> Iterator[Fact]:
    """Facts of all agents that are certain, and of those they name, directly or not."""
    wanted = {path for path, summary in summaries.items() if summary is not None and summary.certain}
    waiting = sorted(wanted)
    while waiting:
        summary = summaries[waiting.pop()]
        for child in summary.children if summary else ():
            if child.path is not None and child.path not in wanted and summaries.get(child.path) is not None:
                wanted.add(child.path)
                waiting.append(child.path)
    for path in sorted(wanted):
        summary = summaries[path]
        if summary is not None:
            yield from summary.facts
            yield from _delegations(root, path, summary, summaries)


def _delegations(root: str, path: str, summary: Summary, summaries: Mapping[str, Summary | None]) -> Iterator[Fact]:
    for child in summary.children:
        target = summaries.get(child.path) if child.path is not None else None
        if target is None:
            yield Problem(path, f"L{child.line}", "names an agent's file that is not there", "warning", NAME)
            continue
        props: Props = {"evidence": ["declared"], "sources": [f"{root}/{path}#L{child.line}"]}
        yield EdgeFact("DELEGATES_TO", summary.key, target.key, {**props, "mode": child.mode, "kind_detail": child.detail})


class _Agent:
    def __init__(self, document: Document, located: Located, name: str) -> None:
        self.document = document
        self.located = located
        self.value: dict[str, Any] = located.value
        self.name = name
        stem = str(PurePosixPath(document.path).with_suffix(""))
        self.key: NodeKey = ("Agent", f"{adk.NAME}:{document.root}/{stem}#{name}")
        self.children: list[Child] = []
        self.problems: list[Problem] = []
        self.servers = 0
        self.kind = self.value.get("agent_class") if isinstance(self.value.get("agent_class"), str) else "LlmAgent"

    def summary(self, certain: bool) -> Summary:
        facts = tuple(self.facts())
        over = len(self.problems) - MAX_PROBLEMS
        told = self.problems[:MAX_PROBLEMS]
        if over > 0:
            told.append(Problem(self.document.path, "L1", f"{over} more of its entries are not understood", "warning", NAME))
        return Summary(self.key, certain, (*facts, *told), tuple(self.children), self.document.path)

    def facts(self) -> Iterator[Fact]:
        document = self.document
        plain = self.kind.rpartition(".")[2]
        stated: Props = {
            "name": self.name,
            "framework": adk.NAME,
            "kind_detail": f"{adk.NAME} {plain}" if re.fullmatch(r"\w{1,80}", plain) else adk.NAME,
            "status": "active",
            "environment": environment_of(document.path),
            "sources": [document.source(self.located.line("name"))],
        }
        yield NodeFact(*self.key, {name: value for name, value in stated.items() if value is not None})
        yield Binding(adk.NAME, document.path, self.key, "", document.path)
        yield from self.model()
        for index, entry in enumerate(self.items("sub_agents")):
            yield from self.delegation(entry, ("sub_agents", index))
        for index, entry in enumerate(self.items("tools")):
            yield from self.tool(entry, ("tools", index))
        yield from clients.duplicate_problems(self.located, document, NAME)

    def items(self, field: str) -> list[Any]:
        value = self.value.get(field)
        if value is None:
            return []
        if not isinstance(value, list):
            self.problem(f"its {field} are no list", field)
            return []
        return value[:MAX_ITEMS]

    def problem(self, message: str, *at: str | int) -> None:
        self.problems.append(Problem(self.document.path, f"L{self.located.line(*at)}", message, "warning", NAME))

    def props(self, *at: str | int, **more: object) -> Props:
        return {"evidence": ["declared"], "sources": [self.document.source(self.located.line(*at))], **more}

    def model(self) -> Iterator[Fact]:
        model = self.value.get("model")
        if isinstance(model, dict):
            model = model.get("model")
        if isinstance(model, str) and model.strip():
            key = ("Model", redact(model.strip()[:MAX_NAME]))
            yield NodeFact(*key, {"name": key[1], "sources": [self.document.source(self.located.line("model"))]})
            yield EdgeFact("USES_MODEL", self.key, key, self.props("model"))

    # ---- delegation ---------------------------------------------------------------------------------------------------------

    def delegation(self, entry: Any, at: Pointer) -> Iterator[Fact]:
        if self.kind.rpartition(".")[2] in adk.WORKFLOW_CLASSES:
            yield from self.agent(entry, at, "invoke", "sub_agents")
        else:
            yield from self.agent(entry, at, "handoff", "sub_agents")

    def agent(self, entry: Any, at: Pointer, mode: str, detail: str) -> Iterator[Fact]:
        """An agent that is named by its file or by where it stands in the code."""
        if isinstance(entry, dict) and isinstance(entry.get("config_path"), str):
            self.children.append(Child(self.beside(entry["config_path"]), self.located.line(*at), mode, detail))
        elif isinstance(entry, dict) and isinstance(entry.get("code"), str) and _DOTTED.fullmatch(entry["code"]):
            target = Ref("Agent", adk.NAME, entry["code"], fallback=f"{adk.NAME}:{self.document.root}#{entry['code']}")
            yield EdgeFact("DELEGATES_TO", self.key, target, self.props(*at, mode=mode, kind_detail=detail))
        else:
            self.problem("names an agent neither by its file nor by its place in the code", *at)

    def beside(self, path: str) -> str | None:
        """``path``, which is relative to this file, relative to the root; None where it leaves it."""
        return within(self.document.folder, path) if len(path) <= 1000 and not path.startswith(TOP) else None

    # ---- tools --------------------------------------------------------------------------------------------------------------

    def tool(self, entry: Any, at: Pointer) -> Iterator[Fact]:
        name = entry.get("name") if isinstance(entry, dict) else entry
        arguments = entry.get("args") if isinstance(entry, dict) else None
        if not isinstance(name, str) or not name.strip():
            self.problem("one of its tools has no name", *at)
            return
        name = name.strip()[:MAX_NAME]
        last = name.rpartition(".")[2]
        ours = "." not in name or name.startswith("google.adk.")
        if ours and last == "AgentTool":
            yield from self.agent(_argument(arguments, "agent"), (*at, "args"), "invoke", "agent_as_tool")
        elif ours and last in _SERVER_CLASSES:
            yield from self.server(arguments, at)
        elif ours and last in ("LongRunningFunctionTool", "FunctionTool"):
            function = _argument(arguments, "func")
            if isinstance(function, str):
                yield from self.function(function, at)
            else:
                self.problem("one of its tools wraps a function that it does not name", *at)
        elif ours:
            yield from self.builtin(adk.CLASSES.get(last, last), at)
        else:
            yield from self.function(name, at)
        yield from self.secrets(arguments, (*at, "args"))

    def builtin(self, name: str, at: Pointer) -> Iterator[Fact]:
        name = redact(name)
        key: NodeKey = ("Tool", f"{adk.NAME}:{name}")
        props: Props = {
            "name": name,
            "kind_detail": f"{adk.NAME} built-in",
            "sources": [self.document.source(self.located.line(*at))],
        }
        known = adk.BUILTINS.get(name)
        if known is not None:
            props |= {"effects": list(known[0]), "ingests_untrusted": known[1]}
        yield NodeFact(*key, props)
        yield EdgeFact("USES", self.key, key, self.props(*at))

    def function(self, dotted: str, at: Pointer) -> Iterator[Fact]:
        """A tool in code, named from the folder above this agent's, which ADK imports from."""
        if not _DOTTED.fullmatch(dotted):
            self.problem("one of its tools has a name that is no place in the code", *at)
            return
        module, _, name = dotted.rpartition(".")
        above = self.document.folder.rpartition("/")[0]
        place = f"{above}/{module.replace('.', '/')}" if above else module.replace(".", "/")
        key: NodeKey = ("Tool", f"tool:{self.document.root}/{place}#{name}")
        yield NodeFact(*key, {"name": name, "sources": [self.document.source(self.located.line(*at))]})
        yield EdgeFact("USES", self.key, key, self.props(*at))

    def server(self, arguments: Any, at: Pointer) -> Iterator[Fact]:
        params = next((value for key in _CONNECTIONS if (value := _argument(arguments, key)) is not None), None)
        entry = adk.server_entry(params)
        if entry is None:
            self.problem("connects to an MCP server that it does not describe", *at)
            return
        allowed = _argument(arguments, "tool_filter")
        if isinstance(allowed, list):
            entry["tools"] = allowed
        self.servers += 1
        name = f"{self.name}-mcp" if self.servers == 1 else f"{self.name}-mcp-{self.servers}"
        for fact in server_facts(
            self.document,
            client=adk.NAME,
            host=self.key,
            name=name,
            entry=entry,
            where=lambda *below: self.located.line(*at),
            folder=self.document.folder,
        ):
            if not isinstance(fact, Binding):
                yield fact

    def secrets(self, arguments: Any, at: Pointer) -> Iterator[Fact]:
        """Credentials among a tool's other arguments; a server's own are read with the server."""
        rest = [item for item in _arguments(arguments) if item[0] not in _CONNECTIONS]
        for field, value in rest:
            for pointer, text in leaves(value):
                key = next((part for part in reversed(pointer) if isinstance(part, str)), field)
                yield from secret_facts(self.document, self.located.line(*at), self.key, key, text, "config")


def _arguments(arguments: Any) -> Iterable[tuple[str, Any]]:
    """A tool's arguments by name: a mapping, or a list of ``{name, value}``."""
    if isinstance(arguments, dict):
        return [(str(key), value) for key, value in arguments.items()][:MAX_ITEMS]
    if isinstance(arguments, list):
        return [(str(item.get("name", "")), item.get("value")) for item in arguments[:MAX_ITEMS] if isinstance(item, dict)]
    return []


def _argument(arguments: Any, name: str) -> Any:
    return next((value for key, value in _arguments(arguments) if key == name), None)
