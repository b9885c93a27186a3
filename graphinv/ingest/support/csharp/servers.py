"""MCP servers in C#: where they are made, which tools are theirs, what those do, by which names configurations start them."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from graphinv.ingest.support.compiled import MAX_NAME, MAX_TEXT, Body, SourceTool, tool_facts
from graphinv.ingest.support.csharp import ir
from graphinv.ingest.support.mcp_source import ENTRY_SPACE, entry_names, folders_above, source_server_facts, source_server_key
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import Binding, Fact, NodeKey, Problem, source_of

MAX_METHODS = 60
MAX_STEPS = 8
_JSON_TYPES = {
    **dict.fromkeys(("string", "Guid", "Uri", "DateTime", "DateTimeOffset", "char"), "string"),
    **dict.fromkeys(("int", "long", "short", "byte", "uint", "ulong"), "integer"),
    **dict.fromkeys(("float", "double", "decimal"), "number"),
    "bool": "boolean",
}
_SERVICES = re.compile(
    r"I[A-Z]\w*|McpServer|CancellationToken|RequestContext<.*|IProgress<.*|HttpClient|ClaimsPrincipal|\w*(?:Service|Client|Context|Factory)"
)
"""Types of parameters that the host gives, not the model."""


class Program:
    """The modules of a root, by the projects that they belong to."""

    def __init__(self, root: str, modules: Mapping[str, ir.Module], projects: Iterable[ir.Project]) -> None:
        self.root = root
        self.modules = modules
        self.projects = {posixpath.dirname(one.path): one for one in projects}
        self._types: dict[str, list[tuple[str, ir.Type]]] = defaultdict(list)
        self._bodies: dict[int, tuple[Body, list[tuple[str, ir.Type, ir.Method]]]] = {}
        self._constants: dict[tuple[int, str], str | None] = {}
        self._methods: dict[tuple[str, str], list[tuple[str, ir.Type, ir.Method]]] = defaultdict(list)
        for path, module in modules.items():
            for one in module.types:
                self._types[one.name].append((path, one))
                for method in one.methods:
                    if method.name:
                        self._methods[self.project(path), method.name].append((path, one, method))

    def project(self, path: str) -> str:
        """The folder of the project that a document belongs to; that of the document where no project file lies above."""
        folder = posixpath.dirname(path)
        while folder and folder not in self.projects:
            folder = posixpath.dirname(folder)
        return folder if folder in self.projects else posixpath.dirname(path)

    def types(self, name: str, near: str) -> list[tuple[str, ir.Type]]:
        """The types of that name: those of the project of the document ``near``, else of the root."""
        found = self._types.get(name, [])
        here = [one for one in found if self.project(one[0]) == self.project(near)]
        return here or found

    # ---- texts --------------------------------------------------------------------------------------------------------------

    def text(self, words: ir.Words, path: str, within: ir.Type | None, depth: int = 0) -> str | None:
        """The text that ``words`` make; None where not all of it is constant."""
        if not words or depth > MAX_STEPS:
            return None
        found = [one if isinstance(one, str) else self._constant(one, path, within, depth) for one in words]
        known = [one for one in found if one is not None]
        return "".join(known)[:MAX_TEXT] if len(known) == len(found) else None

    def _constant(self, word: ir.Ref | None, path: str, within: ir.Type | None, depth: int) -> str | None:
        if word is None:
            return None
        owner, _, name = word.name.rpartition(".")
        places = self.types(owner, path) if owner else [(path, within)] if within is not None else []
        for place, one in places:
            if name in one.constants:
                if (id(one), name) not in self._constants:
                    self._constants[id(one), name] = None  # what is made of itself is none
                    self._constants[id(one), name] = self.text(one.constants[name], place, one, depth + 1)
                return self._constants[id(one), name]
        return None

    # ---- facts --------------------------------------------------------------------------------------------------------------

    def facts(self) -> Iterator[Fact]:
        """The servers with their tools, and what could not be followed."""
        owned: set[int] = set()
        for path, module in self.modules.items():
            for server in module.servers:
                yield from self._server(path, module, server, owned)
        for path, module in self.modules.items():
            lost = next((one for one in self._tools_in(module) if id(one[2]) not in owned), None)
            if lost is not None:
                yield self._problem(path, lost[2].line, "defines MCP tools that no server in the tree was seen to register")

    def _server(self, path: str, module: ir.Module, server: ir.Server, owned: set[int]) -> Iterator[Fact]:
        name = redact(" ".join((self.text(server.name, path, module.types[0]) or self._default_name(path)).split()))[:MAX_NAME] or "mcp"
        key = source_server_key(self.root, path, name)
        version = self.text(server.version, path, module.types[0])
        sources = [source_of(self.root, path, server.line)]
        yield from source_server_facts(self.root, path, name, sources, transport=server.transport, version=version)
        yield from self._entries(path, key)
        listed = list(self._listed(path, module, server))
        created = [one for one in module.created if len(module.servers) == 1]
        seen: set[str] = set()
        for place, one, method in listed:
            owned.add(id(method))
            yield from self._tool(key, place, one, method, method.tool or ir.Tool(method.line), seen)
        for made in created:
            found = self._created(path, made)
            if found is None:
                yield self._problem(path, made.tool.line, f"a tool of the MCP server {name!r} could not be followed")
                continue
            owned.add(id(found[2]))
            yield from self._tool(key, *found, made.tool, seen)
        if server.open or not (listed or created):
            yield self._problem(path, server.line, f"the tools of the MCP server {name!r} are put together when it runs")

    def _listed(self, path: str, module: ir.Module, server: ir.Server) -> Iterator[tuple[str, ir.Type, ir.Method]]:
        """The methods that are tools of the server: of the types it is given, or of whole assemblies."""
        types = list(server.types)
        if not types and not server.assemblies:  # what the document gives to functions of its own
            types = [name for name in dict.fromkeys(module.named) if any(one.tools for _, one in self.types(name, path))]
        for name in dict.fromkeys(types):
            for place, one in self.types(name, path):
                yield from ((place, one, method) for method in one.methods if method.tool is not None)
        for name in dict.fromkeys(server.assemblies):
            projects = {self.project(place) for place, _ in self.types(name, path)} if name else {self.project(path)}
            for place, other in self.modules.items():
                if self.project(place) in projects:
                    yield from ((place, one, method) for place, one, method in self._tools_in(other) if one.tools)

    def _tools_in(self, module: ir.Module) -> Iterator[tuple[str, ir.Type, ir.Method]]:
        for one in module.types:
            for method in one.methods:
                if method.tool is not None:
                    yield module.path, one, method

    def _created(self, path: str, made: ir.Created) -> tuple[str, ir.Type, ir.Method] | None:
        """The method that ``McpServerTool.Create`` is given."""
        if made.function is not None:
            return path, self.modules[path].types[0], made.function
        owner, _, name = made.method.rpartition(".")
        for place, one in self.types(owner.rpartition(".")[2], path) if owner else [(path, self.modules[path].types[0])]:
            for method in one.methods:
                if method.name == name:
                    return place, one, method
        return None

    def _tool(self, server: NodeKey, path: str, one: ir.Type, method: ir.Method, stated: ir.Tool, seen: set[str]) -> Iterator[Fact]:
        declared = method.tool or ir.Tool(method.line)
        name = self.text(stated.name or declared.name, path, one)
        if name is None and (stated.name or declared.name):
            yield self._problem(path, stated.line, "an MCP tool has a name that is bound when it runs")
            return
        name = name or tool_name(method.name, asynchronous="Task" in method.returns)
        if name in seen or not name:
            return
        seen.add(name)
        description = self.text(stated.description or declared.description, path, one)
        title = self.text(stated.title or declared.title, path, one)
        texts = [word for word in (stated.description or declared.description) if isinstance(word, str)] if description is None else []
        annotations = {**declared.annotations, **stated.annotations, **({"title": title} if title else {})}
        schema = self.schema(path, one, method)
        yield from tool_facts(
            self.root, server, SourceTool(name, path, stated.line, description, schema, annotations, texts, self.body(path, one, method))
        )

    def schema(self, path: str, one: ir.Type, method: ir.Method) -> object:
        """The JSON Schema of a tool's arguments, from the parameters of its method."""
        properties: dict[str, object] = {}
        required: list[str] = []
        for param in method.params:
            kind = param.type.removesuffix("?")
            if kind not in _JSON_TYPES and _SERVICES.fullmatch(kind) and not kind.startswith(("IEnumerable", "IList", "IReadOnlyList")):
                continue
            described = self.text(param.description, path, one)
            stated = {"type": _JSON_TYPES.get(kind, "array" if kind.endswith("]") or "List<" in kind or "Enumerable<" in kind else None)}
            properties[param.name] = {name: value for name, value in {**stated, "description": described}.items() if value}
            required += [] if param.optional else [param.name]
        return {"type": "object", "properties": properties, "required": required}

    # ---- bodies -------------------------------------------------------------------------------------------------------------

    def body(self, path: str, one: ir.Type, method: ir.Method) -> Body:
        """What calling a tool does: its calls, and those of methods of its project that it calls."""
        body = Body()
        seen: set[int] = set()
        work = [(path, one, method)]
        while work and len(seen) < MAX_METHODS:
            place, of, current = work.pop()
            if id(current) not in seen:
                seen.add(id(current))
                own, called = self._own(place, of, current)
                body.merge(own)
                work.extend(called)
        body.complete = body.complete and not work
        return body

    def _own(self, path: str, one: ir.Type, method: ir.Method) -> tuple[Body, list[tuple[str, ir.Type, ir.Method]]]:
        """What a method does itself, and the methods of the tree that it calls; found once."""
        if id(method) not in self._bodies:
            body = Body(variables={variable: (path, line) for variable, line in method.variables})
            called: dict[int, tuple[str, ir.Type, ir.Method]] = {}
            for call in method.calls:
                targets = self.called(path, one, call.path)
                called.update({id(target[2]): target for target in targets})
                if not targets:
                    body.add(call, call.path, "csharp", path)
            self._bodies[id(method)] = (body, list(called.values()))
        return self._bodies[id(method)]

    def called(self, path: str, one: ir.Type, called: str) -> list[tuple[str, ir.Type, ir.Method]]:
        """The methods of the root that a call in ``one`` may mean, by its path."""
        owner, _, name = called.rpartition(".")
        if not owner or owner == one.name:
            return [(path, one, method) for method in one.methods if method.name == name]
        typed = [(place, of, method) for place, of in self.types(owner, path) for method in of.methods if method.name == name]
        if typed:
            return typed
        near = self._methods.get((self.project(path), name), [])  # extensions, and what an interface stands for
        return near if len(near) == 1 else []

    # ---- where they are started ---------------------------------------------------------------------------------------------

    def _default_name(self, path: str) -> str:
        project = self.projects.get(self.project(path))
        return project.assembly if project is not None else posixpath.basename(posixpath.dirname(path)) or "mcp"

    def _entries(self, path: str, server: NodeKey) -> Iterator[Fact]:
        folder = self.project(path)
        project = self.projects.get(folder)
        if project is None:
            return
        for above, name in [*folders_above(folder), *entry_names(project.path)]:
            yield Binding(ENTRY_SPACE, name, server, above, project.path)
        yield Binding(ENTRY_SPACE, f"program:{project.assembly}", server, folder, project.path)
        yield Binding(ENTRY_SPACE, f"nuget:{project.package.lower()}", server, "", project.path)

    def _problem(self, path: str, line: int, message: str) -> Problem:
        return Problem(path, f"L{line}", message, "warning", "csharp_source")


def tool_name(method: str, *, asynchronous: bool) -> str:
    """The name that the SDK gives a tool whose attributes give none.

    >>> tool_name("GetForecastAsync", asynchronous=True), tool_name("ReadHTTPPage2", asynchronous=False)
    ('get_forecast', 'read_http_page2')
    """
    if asynchronous and method.endswith("Async") and len(method) > len("Async"):
        method = method.removesuffix("Async")
    method = re.sub(r"[^A-Za-z0-9]+", "_", method).strip("_")
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", method).lower()
