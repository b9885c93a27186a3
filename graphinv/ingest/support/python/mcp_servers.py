"""MCP servers written in Python: FastMCP (of the SDK and of the package) and the SDK's low-level server, with their tools."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphinv.ingest.support.effects import name_hints
from graphinv.ingest.support.mcp_source import (
    ENTRY_SPACE,
    folders_above,
    provides,
    source_server_facts,
    source_server_key,
    source_tool_key,
)
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.packaging import Package, canonical, documents_of
from graphinv.ingest.support.python.program import Program
from graphinv.ingest.support.python.shapes import agents_run
from graphinv.ingest.support.python.tools import Body, tool_facts
from graphinv.ingest.support.python.values import (
    Bound,
    ClassV,
    Const,
    DictV,
    Either,
    FunctionV,
    ListV,
    Made,
    Partial,
    Value,
    walk,
)
from graphinv.ingest.support.tool_schema import HINTS, tool_props
from graphinv.model.facts import Binding, Fact, NodeFact, NodeKey, Props

PACKAGES = ("mcp", "fastmcp")
FAST = ("FastMCP", "MCPServer")
GENERATED = {"from_openapi": "an OpenAPI description", "from_fastapi": "a FastAPI application", "as_proxy": "another server"}
MAX_TOOLS = 500
MAX_NAME = 120
MAX_IMPORTS = 5
"""Imports between the module that a command starts and that of the server."""
Calls = dict[object, dict[object, Made]]
_RUNS = frozenset({"run", "run_async", "streamable_http_app", "http_app", "sse_app"})
_METHODS = _RUNS | {"add_tool", "tool", "mount", "import_server"}
_STARTERS = re.compile(r"(?:.*/)?(?:__main__|__init__|main|app|cli|run\w*|start\w*|server|index)\.py")
_TYPES = {"str": "string", "int": "integer", "float": "number", "bool": "boolean", "list": "array", "dict": "object", "bytes": "string"}


@dataclass
class _Tool:
    """A tool as its server lists it. ``function`` is its body; where it is ``dispatched``, the function that is called for all tools."""

    name: str
    at: Value
    function: Value | None
    description: str | None = None
    input_schema: object = None
    output_schema: object = None
    annotations: dict[str, object] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    dispatched: bool = False


@dataclass
class _Server:
    made: Made
    name: str
    key: NodeKey
    tools: dict[str, _Tool] = field(default_factory=dict)


def server_facts(program: Program) -> Iterator[Fact]:
    """Facts about every MCP server that the root's Python defines: the ToolServer with the names by which configurations start it, its
    tools with effects, hints, digests and labels, and what they hold and can access."""
    servers = [server for name in FAST for server in _servers(program, name)]
    low = list(_servers(program, "Server"))
    calls = _calls(program) if servers else {}
    for server in servers:
        for tool in _fast_tools(program, server.made, calls):
            server.tools.setdefault(tool.name, tool)
    for server in low:
        for tool in _listed_tools(program, server.made):
            server.tools.setdefault(tool.name, tool)
    by_key = {server.made.key: server for server in servers}
    for server in servers:
        _mount(server, by_key, calls)
    for server in [*servers, *(one for one in low if one.tools)]:
        yield from _facts(program, server, calls)
    yield from _generated(program)
    started = [*servers, *(one for one in low if one.tools)]
    for package in program.packages:
        yield from _commands(program, package, started)


def _servers(program: Program, symbol: str) -> Iterator[_Server]:
    for made in program.made(PACKAGES, symbol):
        name = _name(program, made)
        yield _Server(made, name, source_server_key(program.root, made.module.path, name))


def _name(program: Program, made: Made) -> str:
    stated = _text(made.arg("name", 0))
    if stated is None and made.cls is not None:
        stated = made.cls.name
    name = " ".join((stated or program.variable(made) or "mcp").split())
    return name[:MAX_NAME] or "mcp"


# --------------------------------------------------------------------------------------------------------------------------------
# FastMCP


def _calls(program: Program) -> Calls:
    """Calls of the methods of servers that tell something, and of what ``server.tool(…)`` returns (``server.tool(name=…)(function)``), by
    the object that the method belongs to. Only these are evaluated, whatever else a program calls."""
    found: Calls = {}
    for site in program.sites.all:
        func = site.call.func
        outer = func.func if isinstance(func, ir.Call) else func
        if not isinstance(outer, ir.Attr) or outer.attr not in (("tool",) if isinstance(func, ir.Call) else _METHODS):
            continue
        for scope in [site.scope] if outer.attr in _RUNS else program.sites.scopes(site):
            for value in program.ev.evaluate(site.call, scope).options():
                server = value.root() if isinstance(value, Made) else None
                if isinstance(value, Made) and isinstance(server, Made):
                    found.setdefault(server.key, {}).setdefault(value.key, value)
    return found


def _fast_tools(program: Program, made: Made, calls: Calls) -> Iterator[_Tool]:
    for function, decorator in program.decorated_by(made):
        if _symbol(decorator) == "tool":
            yield _fast_tool(function, decorator)
    for call in calls.get(made.key, {}).values():
        if call.symbol in ("add_tool", "tool", "__call__"):
            yield from _added(call)


def _added(call: Made) -> Iterator[_Tool]:
    """``mcp.add_tool(f)``, ``mcp.tool(f)``, ``mcp.tool(name=…)(f)``, ``mcp.add_tool(Tool.from_function(f))``."""
    stated: Value | None = call
    if call.symbol == "__call__":
        stated = call.receiver
        if not isinstance(stated, Made) or stated.symbol != "tool":
            return
    for value in walk(call.passed("fn", 0) or call.passed("tool")):
        inner = value
        if isinstance(inner, Made) and inner.symbol in ("from_function", "from_tool", "Tool", "FunctionTool"):
            stated = inner
            inner = inner.passed("fn", 0) or inner
        if isinstance(inner, Partial):
            inner = inner.target
        if isinstance(inner, Either):
            inner = inner.values[0]
        if isinstance(inner, FunctionV):
            yield _fast_tool(inner, stated)


def _fast_tool(function: FunctionV, decorator: Value | None) -> _Tool:
    made = decorator if isinstance(decorator, Made) else None
    first = made.passed("", 0) if made is not None else None
    stated = made.passed("name") if made is not None else None
    name = _text(stated) or (_text(first) if isinstance(first, Const) else None) or function.name
    description = _text(made.passed("description")) if made is not None else None
    title = _text(made.passed("title")) if made is not None else None
    schema, texts = _schema(function)
    return _Tool(
        name[:MAX_NAME],
        function,
        function,
        description if description is not None else function.function.doc or None,
        schema,
        None,
        _annotations(made.passed("annotations") if made is not None else None),
        [title or "", *texts],
    )


def _schema(function: FunctionV) -> tuple[dict[str, Any], list[str]]:
    """A JSON Schema of the parameters, as far as simple annotations tell it, and the texts in them."""
    properties: dict[str, Any] = {}
    required: list[str] = []
    texts: list[str] = []
    params = function.function.params[1:] if function.cls is not None else function.function.params
    for param in params:
        if param.kind in ("*", "**") or _is_context(param.annotation):
            continue
        described = [*_texts_in(param.annotation), *(_texts_in(param.default) if isinstance(param.default, ir.Call) else ())]
        texts.extend(described)
        one: dict[str, Any] = {}
        kind = _TYPES.get(_type_name(param.annotation))
        if kind:
            one["type"] = kind
        if described:
            one["description"] = " ".join(described)
        if param.default is None or (isinstance(param.default, ir.Call) and not param.default.args):
            required.append(param.name)
        elif isinstance(param.default, ir.Const):
            one["default"] = param.default.value
        properties[param.name] = one
    return {"type": "object", "properties": properties, "required": required}, texts


def _is_context(annotation: ir.Expr | None) -> bool:
    return _type_name(annotation) == "Context"


def _type_name(annotation: ir.Expr | None) -> str:
    for _ in range(10):
        if isinstance(annotation, ir.Sub):
            base = _type_name(annotation.base) if isinstance(annotation.base, (ir.Name, ir.Attr)) else ""
            if base not in ("Annotated", "Optional"):
                return base
            annotation = (
                annotation.index.items[0] if isinstance(annotation.index, ir.Items) and annotation.index.items else annotation.index
            )
        elif isinstance(annotation, ir.Add):
            annotation = annotation.left
        else:
            break
    if isinstance(annotation, ir.Attr):
        return annotation.attr
    return annotation.id if isinstance(annotation, ir.Name) else ""


def _texts_in(expr: ir.Expr | None) -> Iterator[str]:
    """Texts in an annotation or ``Field(…)``: what a model is told about a parameter."""
    stack: list[object] = [expr]
    while stack:
        one = stack.pop()
        if isinstance(one, ir.Const):
            if isinstance(one.value, str) and " " in one.value:
                yield one.value
        elif isinstance(one, tuple):
            stack.extend(part for part in reversed(one) if isinstance(part, tuple))


def _annotations(value: Value | None) -> dict[str, object]:
    """``ToolAnnotations(readOnlyHint=True)`` or the same as a dict."""
    found: dict[str, object] = {}
    for option in value.options() if value is not None else ():
        for name in (*HINTS, "title"):
            stated = option.passed(name) if isinstance(option, Made) else option.get(name) if isinstance(option, DictV) else None
            if isinstance(stated, Const) and stated.value is not None:
                found[name] = stated.value
    return found


def _mount(server: _Server, by_key: Mapping[tuple[Any, ...], _Server], calls: Calls) -> None:
    """``main.mount("prefix", sub)``, ``main.mount(sub, prefix="x")``, ``await main.import_server(…)``: the tools of ``sub`` as well."""
    for call in calls.get(server.made.key, {}).values():
        if call.symbol not in ("mount", "import_server"):
            continue
        values = [call.passed("server", 0), call.passed("", 1), call.passed("prefix")]
        prefix = next((text for text in (_text(value) for value in values) if text), "")
        for value in values:
            for option in value.options() if value is not None else ():
                other = by_key.get(option.key) if isinstance(option, Made) else None
                if other is None or other is server:
                    continue
                for tool in list(other.tools.values()):
                    name = f"{prefix}_{tool.name}" if prefix else tool.name
                    copied = _Tool(**{**vars(tool), "name": name})
                    server.tools.setdefault(name, copied)


def _generated(program: Program) -> Iterator[Fact]:
    for symbol, what in GENERATED.items():
        for made in program.made(("fastmcp",), symbol):
            name = _name(program, made) if _text(made.arg("name")) else program.variable(made) or "mcp"
            sources = [program.source(made)]
            key = source_server_key(program.root, made.module.path, name)
            yield from source_server_facts(program.root, made.module.path, name, sources)
            yield NodeFact(*key, {"labels": [f"tools={symbol}"], "sources": sources})
            yield from program.problem(made, f"the tools of the MCP server {name!r} come from {what} that is read when it runs", "note")


# --------------------------------------------------------------------------------------------------------------------------------
# The low-level server


def _listed_tools(program: Program, made: Made) -> Iterator[_Tool]:
    """What the function under ``@server.list_tools()`` returns, each with the part of ``@server.call_tool()`` that is about it."""
    dispatchers = [function for function, decorator in program.decorated_by(made) if _symbol(decorator) == "call_tool"]
    dispatcher = dispatchers[0] if dispatchers else None
    for function, decorator in program.decorated_by(made):
        if _symbol(decorator) != "list_tools":
            continue
        for value in walk(program.call(function)):
            if isinstance(value, Made) and value.symbol == "ListToolsResult":
                yield from (tool for one in walk(value.passed("tools")) for tool in _listed(one, dispatcher))
            else:
                yield from _listed(value, dispatcher)


def _listed(value: Value, dispatcher: FunctionV | None) -> Iterator[_Tool]:
    if not isinstance(value, Made) or value.symbol != "Tool":
        return
    name = _text(value.passed("name"))
    if not name:
        return
    schema = _plain(value.passed("inputSchema") or value.passed("input_schema"))
    output = _plain(value.passed("outputSchema"))
    title = _text(value.passed("title"))
    description = value.passed("description")
    text = description.value if isinstance(description, Const) and isinstance(description.value, str) else _text(description)
    annotations = _annotations(value.passed("annotations"))
    yield _Tool(name[:MAX_NAME], value, dispatcher, text, schema, output, annotations, [title or ""], dispatched=True)


def _plain(value: Value | None, depth: int = 0) -> object:
    """A schema as plain values; what is not known is left out. A call such as ``Model.model_json_schema()`` gives the model's name."""
    if isinstance(value, Either):
        value = value.values[0]
    if value is None or depth > 30:
        return None
    if isinstance(value, Const):
        return value.value
    if isinstance(value, ListV):
        return [_plain(item, depth + 1) for item in value.items[:200]]
    if isinstance(value, DictV):
        pairs = ((key.text(), item) for key, item in value.items[:200])
        return {key: _plain(item, depth + 1) for key, item in pairs if key is not None}
    if isinstance(value, Bound) or (isinstance(value, Made) and value.symbol == "model_json_schema"):
        receiver = value.receiver
        return {"$ref": receiver.name} if isinstance(receiver, ClassV) else None
    return None


def _dispatched(program: Program, function: FunctionV, tool: str, *, alone: bool) -> Body | None:
    """What the dispatcher does when it is called for ``tool``; None where it cannot be told from what it does for others (there are none
    where the tool is ``alone``)."""
    body = Body(program)
    scope = body.given(function, program.ev.inner(function.scope, function.function))
    params = [param.name for param in function.function.params if param.name not in ("self", "cls")]
    if not params:
        return None
    at = Const(function.module, function.line, tool)
    scope = scope.bound({params[0]: at}, ("tool-name", tool))
    own: list[ir.Stmt] = []
    mine = True
    split = False
    for statement in function.function.body:
        cases = _cases(program, statement, scope, params[0])
        if cases is not None:
            split = True
            mine = tool in cases
        elif mine:
            own.append(statement)
    if not split and not alone and not _uses_name(function.function.body, params[0]):
        return None
    body.statements(own, scope)
    return body


def _cases(program: Program, statement: ir.Stmt, scope: Any, name: str) -> set[str] | None:
    """The names that a branch of the dispatcher is for, where ``statement`` is the test at its head."""
    if not isinstance(statement, ir.Do):
        return None
    found: set[str] = set()
    stack: list[object] = [statement.value]
    tests = default = False
    while stack:
        one = stack.pop()
        if isinstance(one, ir.Choice):
            stack.extend(one.options)
        elif isinstance(one, ir.Opaque) and one.what in ("compare", "case"):
            others = [part for part in one.parts if not (isinstance(part, ir.Name) and part.id == name)]
            tests = tests or len(others) < len(one.parts)
            default = one.what == "case" and not others
            for part in others if len(others) < len(one.parts) else ():
                found.update(text for value in walk(program.ev.evaluate(part, scope)) if (text := _text(value)) is not None)
    return found if tests and (found or default) else None


def _uses_name(body: tuple[ir.Stmt, ...], name: str) -> bool:
    stack: list[object] = [body]
    while stack:
        one = stack.pop()
        if isinstance(one, ir.Name) and one.id == name:
            return True
        if isinstance(one, tuple):
            stack.extend(part for part in one if isinstance(part, tuple))
    return False


# --------------------------------------------------------------------------------------------------------------------------------
# Facts


def _facts(program: Program, server: _Server, calls: Calls) -> Iterator[Fact]:
    made = server.made
    sources = [program.source(made)]
    path = made.module.path
    starters = _starters(program, path)
    version = _text(made.arg("version"))
    transport = _transport(calls.get(made.key, {}).values())
    yield from source_server_facts(program.root, path, server.name, sources, transport=transport, version=version, starters=starters)
    for tool in list(server.tools.values())[:MAX_TOOLS]:
        yield from _tool(program, server, tool)


def _tool(program: Program, server: _Server, tool: _Tool) -> Iterator[Fact]:
    key = source_tool_key(server.key, tool.name)
    sources = [program.source(tool.at)]
    stated = tool_props(tool.name, tool.description, tool.input_schema, tool.output_schema, tool.annotations, tool.texts)
    hints = [*stated.pop("hints", []), *name_hints(tool.name)]
    props: Props = {
        "name": tool.name,
        "kind_detail": "mcp tool",
        "environment": environment_of(tool.at.module.path),
        "sources": sources,
        **stated,
    }
    if hints:
        props["hints"] = hints
    yield NodeFact(*key, {name: value for name, value in props.items() if value is not None})
    yield provides(server.key, key, sources)
    if tool.dispatched:
        body = (
            _dispatched(program, tool.function, tool.name, alone=len(server.tools) == 1) if isinstance(tool.function, FunctionV) else None
        )
        if body is not None:
            yield from body.facts(key, sources[0], served=True)
    elif tool.function is not None:
        yield from tool_facts(program, tool.function, key, served=True)
        for actor, at in agents_run(program, tool.function):
            if actor.key[0] == "Agent":
                yield program.edge("CALLS_BACK", key, actor.key, at)


def _transport(calls: Iterable[Made]) -> str | None:
    """What ``mcp.run(transport="sse")`` says; stdio where it is run with nothing said."""
    for call in calls:
        if call.symbol in ("run", "run_async"):
            stated = call.passed("transport", 0)
            text = _text(stated)
            if text in ("http", "streamable-http", "streamable_http"):
                return "http"
            if text in ("stdio", "sse") or stated is None:
                return text or "stdio"
        elif call.symbol in ("streamable_http_app", "http_app"):
            return "http"
        elif call.symbol == "sse_app":
            return "sse"
    return None


def _starters(program: Program, path: str) -> list[str]:
    """Modules that import the server's and are there to be run."""
    folder = path.rpartition("/")[0]
    found = []
    for other, module in program.modules.items():
        if other == path or not _STARTERS.fullmatch(other) or not other.startswith(folder.rpartition("/")[0]):
            continue
        if any(program.ev.places.find(module, dotted, level) == path for dotted, level in module.imports):
            found.append(other)
    return found[:20]


def _commands(program: Program, package: Package, servers: list[_Server]) -> Iterator[Fact]:
    """Names by which a package's commands start the servers of the tree: the package's, the command's, its folder's."""
    for script, module in package.scripts:
        path = next((one for one in documents_of(package, module) if one in program.modules), None)
        for server in _started(program, path, servers) if path is not None else ():
            names = [("", f"pypi:{package.name}#{canonical(script)}"), (package.folder, f"program:{script}")]
            if canonical(script) == package.name or len(package.scripts) == 1:
                names += [("", f"pypi:{package.name}"), *folders_above(package.folder)]
            for folder, name in names:
                yield Binding(ENTRY_SPACE, name, server.key, folder, package.path)


def _started(program: Program, path: str, servers: list[_Server]) -> list[_Server]:
    """The servers of the module at ``path``; else those of what it imports, the nearest ones alone."""
    level, seen = [path], {path}
    for _ in range(MAX_IMPORTS):
        found = [server for server in servers if server.made.module.path in level]
        if found or not level:
            return found
        places = {
            place
            for one in level
            for dotted, depth in program.modules[one].imports
            if (place := program.ev.places.find(program.modules[one], dotted, depth)) in program.modules
        }
        level = sorted(place for place in places if place is not None and place not in seen)
        seen.update(level)
    return []


def _symbol(decorator: Value) -> str:
    return decorator.symbol if isinstance(decorator, Made) else decorator.attr if isinstance(decorator, Bound) else ""


def _text(value: Value | None) -> str | None:
    return value.text() if value is not None else None
