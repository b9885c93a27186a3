"""What an agent in Go is given: functions as tools, tools of its framework, MCP servers, other agents, its model."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Iterator, Sequence
from typing import Protocol

from graphinv.ingest.support.adk import BUILTINS
from graphinv.ingest.support.compiled import SourceTool
from graphinv.ingest.support.compiled_agents import Actor, Actors, Brought
from graphinv.ingest.support.golang import ir
from graphinv.ingest.support.golang.following import Following, Found, Scope
from graphinv.ingest.support.golang.program import Key, Program
from graphinv.ingest.support.words import names
from graphinv.model.facts import Fact

_ADK, _EINO, _EXT = "google.golang.org/adk", "github.com/cloudwego/eino", "github.com/cloudwego/eino-ext/components"
_CHAIN, _GENKIT = "github.com/tmc/langchaingo", "github.com/firebase/genkit/go"
_VERSION = re.compile(r"/v\d+(?=[/.])")
_SEARCH, _EXECUTE, _READ = (("read", "egress"), True), (("execute",), False), (("read",), False)
AGENT_TOOLS = (f"{_ADK}/tool/agenttool.New", f"{_EINO}/adk.NewAgentTool")
"""Calls that make a tool of an agent."""
_FUNCTIONS = (f"{_ADK}/tool/functiontool.New", f"{_ADK}/tool/functiontool.NewStreaming", f"{_EINO}/components/tool/utils.NewTool")
"""Calls that make a tool of what a literal says and a function."""
_NAMED = (*(f"{_EINO}/components/tool/utils.Infer{one}" for one in ("Tool", "OptionableTool", "StreamTool", "EnhancedTool")),)
"""Calls that make a tool of its name, its description and a function."""
_DEFINED = (f"{_GENKIT}/genkit.DefineTool", f"{_GENKIT}/genkit.DefineToolWithInputSchema", f"{_GENKIT}/genkit.DefineMultipartTool")
_SERVERS = (f"{_ADK}/tool/mcptoolset.New", f"{_EXT}/tool/mcp.GetTools", f"{_EXT}/tool/mcp/officialmcp.GetTools")
_BROUGHT = {
    f"{_ADK}/tool/geminitool.GoogleSearch": Brought("google_search", *BUILTINS["google_search"]),
    f"{_ADK}/tool/loadartifactstool.New": Brought("load_artifacts", *BUILTINS["load_artifacts"]),
    f"{_ADK}/tool/loadmemorytool.New": Brought("load_memory", *BUILTINS["load_memory"]),
    f"{_ADK}/tool/preloadmemorytool.New": Brought("preload_memory", *BUILTINS["preload_memory"]),
    f"{_ADK}/tool/exitlooptool.New": Brought("exit_loop", *BUILTINS["exit_loop"]),
    f"{_ADK}/tool/skilltoolset.New": Brought("skills", ("read",), None),
    f"{_EINO}/adk.ExitTool": Brought("exit", (), False),
    **{
        f"{_EXT}/tool/{one}.{made}": Brought(one, *_SEARCH)
        for one in ("duckduckgo", "googlesearch", "bingsearch", "wikipedia", "searxng")
        for made in ("NewTool", "NewTextSearchTool")
    },
    f"{_EXT}/tool/browseruse.NewBrowserUseTool": Brought("browser_use", ("read", "write", "egress"), True),
    f"{_EXT}/tool/commandline.NewPyExecutor": Brought("python_executor", *_EXECUTE),
    f"{_EXT}/tool/commandline.NewStrReplaceEditor": Brought("str_replace_editor", ("read", "write"), False),
    f"{_EXT}/tool/sequentialthinking.NewTool": Brought("sequential_thinking", (), False),
    f"{_CHAIN}/tools.Calculator": Brought("calculator", (), False),
    **{
        f"{_CHAIN}/tools/{one}.New": Brought(one, *_SEARCH)
        for one in ("serpapi", "duckduckgo", "wikipedia", "scraper", "metaphor", "perplexity")
    },
    f"{_CHAIN}/tools/sqldatabase.NewSQLDatabase": Brought("sql_database", ("read", "write", "destructive"), False),
}
"""Tools that a library brings along, by what is made or called for them."""
_TRANSPORTS = {"CommandTransport": "command", "StreamableClientTransport": "url", "SSEClientTransport": "url"}
_MODEL_OPTIONS = names("WithModel WithModelName ModelName")
MAX_TOOLS = 500
MAX_ALL = 50_000
"""Values that all lists of tools of a root are followed through."""


class Config(Protocol):
    """A literal that says how an agent is made."""

    @property
    def value(self) -> ir.Obj: ...

    @property
    def scope(self) -> Scope: ...


class ToolUse:
    """States what agents are given. ``find`` tells the agents that a value is."""

    def __init__(
        self, program: Program, following: Following, actors: Actors, find: Callable[[ir.Expr | None, Scope], list[Actor]]
    ) -> None:
        self.program = program
        self.following = following
        self.actors = actors
        self.find = find
        self.left = MAX_ALL

    def of(self, actor: Actor, value: ir.Call | ir.Obj, scope: Scope, configs: Sequence[Config]) -> Iterator[Fact]:
        """Everything that one agent is given where it is made."""
        for given in self._lists(actor, value, scope, configs):
            yield from self._tools(actor, given)
        yield from self._model(actor, value, scope, configs)

    def _lists(self, actor: Actor, value: ir.Call | ir.Obj, scope: Scope, configs: Sequence[Config]) -> Iterator[Found]:
        if actor.framework == "langchaingo" and isinstance(value, ir.Call) and len(value.args) > 1:
            yield Found(value.args[1], scope)
        if actor.framework == "genkit" and isinstance(value, ir.Call):
            for option in value.args:
                if _path(option) == f"{_GENKIT}/ai.WithTools" and isinstance(option, ir.Call):
                    yield from (Found(one, scope) for one in option.args)
            return
        for config in configs:
            work: list[ir.Obj] = [config.value]
            while work:
                one = work.pop()
                for label, given in one.items:
                    if label in ("Tools", "Toolsets"):
                        yield Found(given, config.scope)
                    elif label in ("ToolsConfig", "ToolsNodeConfig", "AgentConfig") and isinstance(given, ir.Obj):
                        work.append(given)
                    elif label == "ToolsConfig":
                        work += [found.value for found in self.following.values(given, config.scope) if isinstance(found.value, ir.Obj)]

    # ---- tools --------------------------------------------------------------------------------------------------------------

    def _tools(self, actor: Actor, given: Found) -> Iterator[Fact]:
        work = [given]
        seen: set[tuple[int, int]] = set()
        for _ in range(MAX_TOOLS):
            if not work:
                return
            self.left -= 1
            if self.left < 0:
                break
            found = work.pop(0)
            place = (id(found.value), id(found.scope.caller))
            if place in seen:
                continue
            seen.add(place)
            inner = self._wrapped(found) or (None if self._is_tool(found) else self._inside(found))
            if inner is None:
                yield from self._tool(actor, found)
            else:
                work[:0] = inner
        yield self.actors.problem(given.scope.key.path, actor.line, f"{actor.name!r} has more tools than are followed")

    def _inside(self, found: Found) -> list[Found] | None:
        value, scope = found
        if isinstance(value, ir.Obj) and value.items and not any(name for name, _ in value.items):
            return [Found(one, scope) for _, one in value.items]
        return self.following.step(found)

    def _wrapped(self, found: Found) -> list[Found]:
        """The tools that a type of the tree is made around."""
        value, scope = found
        if not isinstance(value, ir.Obj) or _path(value) in _BROUGHT:
            return []
        given = [Found(one, scope) for name, one in value.items if name]
        return [one for one in given if any(self._is_tool(each) for each in self.following.values(one.value, one.scope))]

    def _is_tool(self, found: Found) -> bool:
        path = _path(found.value)
        known = (*AGENT_TOOLS, *_FUNCTIONS, *_NAMED, *_DEFINED, *_SERVERS)
        return path in known or path in _BROUGHT or self._kind(found) is not None

    def _kind(self, found: Found) -> tuple[Key, Key | None] | None:
        """The methods of a type of the tree that tell of a tool and run it."""
        value, scope = found
        if not isinstance(value, ir.Obj) or not value.type:
            return None
        folder = posixpath.dirname(scope.key.path)
        for tells, runs in (("Info", ("InvokableRun", "StreamableRun")), ("Name", ("Call", "Run"))):
            told = [one for one in self.program.resolve(f"{value.type}.{tells}", folder) if not one.variable]
            run = [one for name in runs for one in self.program.resolve(f"{value.type}.{name}", folder) if not one.variable]
            if told and run:
                return told[0], run[0]
        return None

    def _tool(self, actor: Actor, found: Found) -> Iterator[Fact]:
        value, scope = found
        path, line, place = _path(value), value.line, scope.key.path
        if path in _BROUGHT:
            yield from self.actors.brings(actor, _BROUGHT[path], place, line)
        elif path in AGENT_TOOLS and isinstance(value, ir.Call):
            others = [one for given in value.args for one in self.find(given, scope)]
            for other in others:
                yield from self.actors.delegates(actor, other, place, line, "agent_as_tool")
            if not others:
                yield self.actors.problem(place, line, f"an agent that {actor.name!r} uses as a tool is not known")
        elif path in _SERVERS and isinstance(value, ir.Call):
            yield from self._server(actor, value, scope)
        elif isinstance(value, ir.Call) and path in (*_FUNCTIONS, *_NAMED, *_DEFINED):
            yield from self._function(actor, value, scope)
        elif (kind := self._kind(found)) is not None:
            yield from self._typed(actor, value, scope, kind)
        elif not _is_nothing(value):
            yield self.actors.problem(place, line, f"the tools of {actor.name!r} are not all known")

    def _function(self, actor: Actor, value: ir.Call, scope: Scope) -> Iterator[Fact]:
        path = _path(value)
        name = described = None
        asks = False
        if path in _FUNCTIONS:
            for found in (one for given in value.args for one in self.following.values(given, scope)):
                if isinstance(found.value, ir.Obj) and found.value.get("Name") is not None and name is None:
                    name = self.following.text(found.value.get("Name"), found.scope)
                    described = self.following.text(found.value.get("Description") or found.value.get("Desc"), found.scope)
                    confirms = found.value.get("RequireConfirmation")
                    asks = isinstance(confirms, ir.Bool) and confirms.value
        else:
            first = 1 if path in _DEFINED else 0
            texts = [self.following.text(one, scope) for one in value.args[first : first + 2]]
            name, described = (*texts, None, None)[:2]
        if not name:
            yield self.actors.problem(scope.key.path, value.line, f"a tool of {actor.name!r} has a name that is bound when it runs")
            return
        handlers = self._handlers(value.args[-1] if value.args else None, scope)
        schema = self.following.tools.schema_of_handler(scope.key, value.args[-1]) if value.args else None
        body = self.program.body(handlers) if handlers else None
        tool = SourceTool(name, scope.key.path, value.line, described, schema, body=body)
        yield from self.actors.uses(actor, tool, "go function", scope.key.path, value.line, asks=asks)

    def _handlers(self, value: ir.Expr | None, scope: Scope) -> list[Key]:
        if value is None:
            return []
        found = self.following.tools.functions_of(scope.key, value)
        if not found and isinstance(value, ir.Name) and value.local:
            for one in self.following.values(value, scope):
                found += self.following.tools.functions_of(one.scope.key, one.value)
        return found

    def _typed(self, actor: Actor, value: ir.Expr, scope: Scope, kind: tuple[Key, Key | None]) -> Iterator[Fact]:
        """A tool that is a type with methods."""
        tells, runs = kind
        name = described = None
        for given in self.program.function(tells).returns:
            for found in self.following.values(given[0], Scope(tells)):
                if isinstance(found.value, ir.Obj):
                    name = name or self.following.text(found.value.get("Name"), found.scope)
                    described = described or self.following.text(found.value.get("Desc"), found.scope)
                else:
                    name = name or self.following.text(found.value, found.scope)
        if not name:
            yield self.actors.problem(scope.key.path, value.line, f"a tool of {actor.name!r} has a name that is bound when it runs")
            return
        line = self.program.function(tells).line
        tool = SourceTool(name, tells.path, line, described, body=self.program.body([runs]) if runs is not None else None)
        yield from self.actors.uses(actor, tool, "go type", scope.key.path, value.line)

    # ---- servers ------------------------------------------------------------------------------------------------------------

    def _server(self, actor: Actor, value: ir.Call, scope: Scope) -> Iterator[Fact]:
        entry: dict[str, object] = {}
        for config in (one for given in value.args for one in self.following.values(given, scope)):
            transport = config.value.get("Transport") if isinstance(config.value, ir.Obj) else None
            for found in self.following.values(transport, config.scope):
                kind = _TRANSPORTS.get(found.value.type.rpartition(".")[2]) if isinstance(found.value, ir.Obj) else None
                if isinstance(found.value, ir.Obj) and kind == "url":
                    address = self.following.text(found.value.get("Endpoint"), found.scope)
                    entry = {"url": address} if address else entry
                elif isinstance(found.value, ir.Obj) and kind == "command":
                    entry = self._command(found.value.get("Command"), found.scope) or entry
        yield from self.actors.connects(actor, "mcp", entry, scope.key.path, value.line)

    def _command(self, value: ir.Expr | None, scope: Scope) -> dict[str, object]:
        for found in self.following.values(value, scope):
            if isinstance(found.value, ir.Call) and found.value.path.startswith("os/exec.Command"):
                given = found.value.args[1 if found.value.path.endswith("Context") else 0 :]
                words = [self.following.text(one, found.scope) for one in given]
                if words and words[0]:
                    return {"command": words[0], "args": [one for one in words[1:] if one is not None]}
        return {}

    # ---- models -------------------------------------------------------------------------------------------------------------

    def _model(self, actor: Actor, value: ir.Call | ir.Obj, scope: Scope, configs: Sequence[Config]) -> Iterator[Fact]:
        """The model, and the credentials that its client is made with."""
        given: list[Found] = []
        for config in configs:
            given += [Found(one, config.scope) for label, one in config.value.items if label in ("Model", "ToolCallingModel", "ChatModel")]
        if isinstance(value, ir.Call) and actor.framework == "langchaingo":
            given += [Found(one, scope) for one in value.args[:1]]
        if isinstance(value, ir.Call) and actor.framework == "genkit":
            given += [Found(one, scope) for one in value.args if _last(one) in _MODEL_OPTIONS]
        told: set[str] = set()
        for found in (each for one in given for each in self.following.values(one.value, one.scope)):
            parts = list(found.value.args) if isinstance(found.value, ir.Call) else [found.value]
            for part in parts:
                for one in self.following.values(part, found.scope):
                    yield from self._client(actor, one, told)

    def _client(self, actor: Actor, found: Found, told: set[str]) -> Iterator[Fact]:
        value, scope = found
        items: list[tuple[str, ir.Expr]] = []
        if isinstance(value, ir.Obj):
            items = list(value.items)
        elif isinstance(value, ir.Call) and value.args:
            items = [(_last(value), value.args[0])]
        else:
            items = [("Model", value)]
        for label, one in items:
            text = self.following.text(one, scope) if label in ("Model", *_MODEL_OPTIONS) else None
            if text and text not in told:
                told.add(text)
                yield from self.actors.model(actor, text, scope.key.path, value.line)
            for inner in self.following.values(one, scope):
                called = inner.value
                if isinstance(called, ir.Call) and called.path in ("os.Getenv", "os.LookupEnv") and called.args:
                    name = self.following.text(called.args[0], inner.scope)
                    if name and name not in told:
                        told.add(name)
                        yield from self.actors.holds(actor, name, inner.scope.key.path, called.line)


def _is_nothing(value: ir.Expr) -> bool:
    """An empty list, or ``nil``."""
    if isinstance(value, ir.Obj):
        return not value.items
    return isinstance(value, ir.Other) and not value.parts


def _path(value: ir.Expr) -> str:
    path = value.path if isinstance(value, ir.Call) else value.type if isinstance(value, ir.Obj) else ""
    return _VERSION.sub("", path) if "/v" in path else path


def _last(value: ir.Expr) -> str:
    return _path(value).rpartition(".")[2]
