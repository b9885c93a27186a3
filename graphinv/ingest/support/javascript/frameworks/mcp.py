"""MCP servers that are written in the source, and the tools they offer.

Drawn:
    (:ToolServer)-[:PROVIDES]->(:Tool), (:Tool)-[:CALLS_BACK]->(:Agent), (:ToolServer)-[:HOLDS]->(:Secret)
"""

from __future__ import annotations

import posixpath
from collections import defaultdict
from collections.abc import Iterator

from graphinv.ingest.support.javascript import ir
from graphinv.ingest.support.javascript.program import Called, Program
from graphinv.ingest.support.javascript.schemas import plain
from graphinv.ingest.support.javascript.servers import SDK_SERVERS, server_name
from graphinv.ingest.support.javascript.tools import Spec, spec_of, tool_entries, tool_facts
from graphinv.ingest.support.javascript.values import (
    Const,
    DictV,
    Either,
    External,
    FunctionV,
    ListV,
    Made,
    Unknown,
    Value,
    entries,
    walk,
)
from graphinv.ingest.support.mcp_source import ENTRY_SPACE, entry_names, provides, source_server_facts, source_server_key, source_tool_key
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import Binding, Fact, NodeFact, NodeKey

NAME = "mcp"
PACKAGES = (
    "@modelcontextprotocol/sdk",
    "@modelcontextprotocol/server",
    "fastmcp",
    "@mastra/mcp",
    "mcp-handler",
    "@vercel/mcp-adapter",
    "@anthropic-ai/claude-agent-sdk",
    "@anthropic-ai/claude-code",
)
_MADE = (*SDK_SERVERS, "Server", "createMcpHandler", "createMcpRouteHandler")
_REGISTER = frozenset({"tool", "registerTool", "addTool", "registerAppTool"})
MAX_IMPORTERS = 400


def declare(program: Program) -> None:
    """Looks through the functions that handlers give their server to."""
    for made in program.objects(PACKAGES, "createMcpHandler", "createMcpRouteHandler"):
        for function in walk(made.arg(0)):
            if isinstance(function, FunctionV):
                program.enter(function, (made,), ("mcp", made.path, made.call.site), made.line)
    program.look_through(500)


def facts(program: Program) -> Iterator[Fact]:
    """The servers and their tools."""
    servers = list(program.objects(PACKAGES, *_MADE))
    served: set[tuple[str, int]] = set()
    by_folder: dict[str, list[NodeKey]] = defaultdict(list)
    for made in servers:
        name = server_name(program, made)
        key = source_server_key(program.root, made.path, name)
        if made.symbol.startswith("createMcp"):
            info = program.option(made, "serverInfo", 1)
            stated = info.get("name") if isinstance(info, DictV) else None
            name = redact((stated.text() if stated is not None else None) or name)
            key = source_server_key(program.root, made.path, name)
        by_folder[_package(program, made.path)].append(key)
        version = program.option(made, "version")
        yield from source_server_facts(
            program.root,
            made.path,
            name,
            [program.source(made.path, made.line)],
            transport=_transport(program, made),
            version=version.text() if version is not None else None,
            starters=_starters(program, made.path),
        )
        yield from _entries(program, made.path, key)
        yield from _offered(program, made, key, name)
        for call in program.calls_on(made):
            served.add((call.path, call.line))
            yield from _called(program, key, name, call)
    yield from _lost(program, served, by_folder)


# --------------------------------------------------------------------------------------------------------------------------------
# Tools


def _offered(program: Program, made: Made, server: NodeKey, name: str) -> Iterator[Fact]:
    """Tools, agents and workflows that a server is made with."""
    for key, value in tool_entries(program.option(made, "tools")):
        yield from _provide(program, server, key, value, name)
    for field, prefix in (("agents", "ask"), ("workflows", "run")):
        if made.symbol != "MCPServer":
            continue
        for key, value in entries(program.option(made, field)):
            actor = program.actor(value)
            if actor is not None:
                tool = source_tool_key(server, f"{prefix}_{key or actor.name}")
                yield NodeFact(*tool, {"name": f"{prefix}_{key or actor.name}", "kind_detail": "mcp tool"})
                yield provides(server, tool, [program.source(value.path, value.line)])
                if actor.key[0] == "Agent":
                    yield program.edge("CALLS_BACK", tool, actor.key, value)


def _provide(program: Program, server: NodeKey, key: str, value: Value, name: str) -> Iterator[Fact]:
    spec = spec_of(program, value, key)
    if spec is None:
        if not isinstance(value, (Const, FunctionV)):
            yield from program.problem(value, f"a tool of the MCP server {name!r} could not be followed")
        return
    yield from _stated(program, server, spec)


def _stated(program: Program, server: NodeKey, spec: Spec) -> Iterator[Fact]:
    spec.framework = "mcp"
    tool = source_tool_key(server, redact(spec.name[:200]))
    yield from tool_facts(program, spec, tool)
    yield provides(server, tool, [program.source(spec.path, spec.line)])


def _called(program: Program, server: NodeKey, name: str, call: Called) -> Iterator[Fact]:
    """What one method call on a server adds to it."""
    if call.name in _REGISTER:
        specs = _registered(program, call)
        if not specs:
            yield from program.problem(call, f"a tool of the MCP server {name!r} has a name that is bound when it runs")
        for spec in specs:
            yield from _stated(program, server, spec)
    elif call.name == "addTools":
        for key, value in tool_entries(call.args[0] if call.args else None):
            yield from _provide(program, server, key, value, name)
    elif call.name == "setRequestHandler" and len(call.args) > 1 and _is_listing(call.args[0]):
        yield from _listed(program, server, name, call)


def _is_listing(value: Value) -> bool:
    if isinstance(value, External):
        return value.dotted.endswith("ListToolsRequestSchema")
    return value.text() == "tools/list"


def _listed(program: Program, server: NodeKey, name: str, call: Called) -> Iterator[Fact]:
    """The answer of a handler of ``tools/list``, where it is constant."""
    for handler in walk(call.args[1]):
        if not isinstance(handler, FunctionV):
            continue
        for expr in handler.function.returns:
            for answer in program.value(expr, handler.index, handler.frame).options():
                tools = answer.get("tools") if isinstance(answer, DictV) else None
                for one in _objects(tools):
                    spec = _constant(one)
                    if spec is not None:
                        yield from _stated(program, server, spec)
                    else:
                        yield from program.problem(call, f"the tools of the MCP server {name!r} are put together when it runs")


def _objects(value: Value | None) -> list[Value]:
    found: list[Value] = []
    stack = [value] if value is not None else []
    while stack:
        one = stack.pop()
        if isinstance(one, ListV):
            stack.extend(reversed(one.items))
        elif isinstance(one, Either):
            stack.extend(reversed(one.values))
        else:
            found.append(one)
    return found


def _constant(value: Value) -> Spec | None:
    if not isinstance(value, DictV):
        return None
    name = value.get("name")
    text = name.text() if name is not None else None
    if not text:
        return None
    described, annotations = value.get("description"), plain(value.get("annotations"))
    handlers = [one for key in ("handler", "execute", "handle", "run") for one in walk(value.get(key)) if isinstance(one, FunctionV)]
    return Spec(
        text,
        value.path,
        value.line,
        "mcp",
        described.text() if described is not None else None,
        value.get("inputSchema"),
        value.get("outputSchema"),
        annotations if isinstance(annotations, dict) else {},
        handlers,
    )


def _registered(program: Program, call: Called) -> list[Spec]:
    """Tools that ``server.tool(name, …)``, ``server.registerTool(name, {…}, handler)`` or ``server.addTool({…})`` add: more than one
    where a loop adds them."""
    if call.name == "addTool" and call.args and not call.args[0].text():
        found = [_constant(one) or spec_of(program, one) for one in call.args[0].options()]
        return [spec for spec in found if spec is not None]
    args = call.args[1:] if call.name == "registerAppTool" else call.args
    names = [one.text() for one in args[0].options()] if args else []
    specs = []
    for index, name in enumerate(names):
        if not name:
            continue
        rest = [_chosen(one, index, len(names)) for one in args[1:]]
        specs.append(_from_arguments(name, rest, call))
    return specs


def _chosen(value: Value, index: int, count: int) -> Value:
    options = value.options()
    return options[index] if len(options) == count and count > 1 else value


def _from_arguments(name: str, rest: list[Value], call: Called) -> Spec:
    spec = Spec(name, call.path, call.line, "mcp")
    spec.handlers = [one for value in rest for one in value.options() if isinstance(one, FunctionV)]
    if rest and isinstance(rest[-1], DictV):  # the handlers of a task
        spec.handlers += [one for name in ("createTask", "execute") for one in walk(rest[-1].get(name)) if isinstance(one, FunctionV)]
    objects = [value for value in rest if isinstance(value, (DictV, Made))]
    for value in rest:
        if isinstance(value, Const) and isinstance(value.value, str) and spec.description is None:
            spec.description = value.value
    if call.name != "tool" and objects and isinstance(objects[0], DictV):
        config = objects[0]
        described, title = config.get("description"), config.get("title")
        if isinstance(described, Const) and isinstance(described.value, str):
            spec.description = described.value
        spec.input, spec.output = config.get("inputSchema"), config.get("outputSchema")
        spec.texts = tuple(text for text in (title.text() if title is not None else None,) if text)
        annotations = plain(config.get("annotations"))
        spec.annotations = annotations if isinstance(annotations, dict) else {}
        return spec
    for value in objects:
        found = plain(value)
        if isinstance(found, dict) and any(str(key).endswith("Hint") or key == "title" for key in found):
            spec.annotations = found
        elif spec.input is None:
            spec.input = value
    return spec


def _lost(program: Program, served: set[tuple[str, int]], by_folder: dict[str, list[NodeKey]]) -> Iterator[Fact]:
    """Tools that are registered with a server that could not be followed: where their package has one server, they are that one's."""
    for path, module in program.modules.items():
        if not any(name.startswith(PACKAGES) for name in module.packages):
            continue
        keys = sorted(set(by_folder.get(_package(program, path), ())))
        for index, function in enumerate(module.functions):
            for one in function.calls:
                func = one.func
                if not isinstance(func, ir.Attr) or func.attr not in ("tool", "registerTool"):
                    continue
                if (path, one.line) in served or len(one.args) < 2:
                    continue
                call = Called(func.attr, program.arguments(one, index, program.roots[path]), path, one.line, index)
                base = program.value(func.base, index, program.roots[path])
                specs = _registered(program, call) if isinstance(base, Unknown) else []
                for spec in specs if len(keys) == 1 else ():
                    yield from _stated(program, keys[0], spec)
                if specs and len(keys) != 1:
                    yield from program.problem(call, "registers a tool with an MCP server that is known only when it runs")


# --------------------------------------------------------------------------------------------------------------------------------
# Where they are started


def _transport(program: Program, made: Made) -> str | None:
    if made.symbol == "createSdkMcpServer":
        return "in-process"
    if made.symbol.startswith("createMcp"):
        return "http"
    for path in (made.path, *_starters(program, made.path)):
        imported = " ".join(name for _, name, _ in program.modules[path].imports.values())
        found = [
            kind for kind, mark in (("stdio", "StdioServer"), ("http", "StreamableHTTPServer"), ("sse", "SSEServer")) if mark in imported
        ]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _package(program: Program, path: str) -> str:
    """Folder of the package that a document belongs to."""
    folder = posixpath.dirname(path)
    while folder and posixpath.join(folder, "package.json") not in program.places.configs:
        folder = posixpath.dirname(folder)
    return folder


def _starters(program: Program, path: str) -> list[str]:
    """Documents that import the server's, directly or not: running one of them starts it."""
    found: dict[str, None] = {}
    work = [path]
    while work and len(found) < MAX_IMPORTERS:
        for importer in program.importers(work.pop()):
            if importer not in found:
                found[importer] = None
                work.append(importer)
    return sorted(found)


def _entries(program: Program, path: str, server: NodeKey) -> Iterator[Fact]:
    """Names by which a configuration outside of the server's package can start it: built files seen from the folders around, and what its
    ``package.json`` says its commands start."""
    folder = _package(program, path)
    config = program.places.configs.get(posixpath.join(folder, "package.json"))
    if config is None:
        return
    starts = [one for one in (path, *_starters(program, path)) if _package(program, one) == folder]
    names = {name: one for one in starts for place, name in entry_names(one) if place == folder and not name.startswith("module:")}
    for entry in config.entries:
        if entry.endswith((".js", ".mjs", ".cjs")) and program.places.source(folder, entry) in starts:
            names.setdefault(posixpath.normpath(entry), config.path)
            yield Binding(ENTRY_SPACE, posixpath.normpath(entry), server, folder, config.path)
    if any(program.places.source(folder, file) in starts for _, file in config.commands):
        # What a launcher runs for the package's folder, or for its name.
        names["."] = config.path
        yield Binding(ENTRY_SPACE, ".", server, folder, config.path)
        if config.name:
            yield Binding(ENTRY_SPACE, f"package:{config.name}", server, folder, config.path)
    around = folder
    while around:
        around = posixpath.dirname(around)
        for name, document in names.items():
            place = posixpath.normpath(posixpath.join(posixpath.relpath(folder, around or "."), name))
            yield Binding(ENTRY_SPACE, place, server, around, document)
