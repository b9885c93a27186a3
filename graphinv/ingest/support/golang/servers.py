"""MCP servers in Go: where they are made, which tools are theirs, by which names configurations start them."""

from __future__ import annotations

import posixpath
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import combinations, islice

from graphinv.ingest.support.compiled import MAX_NAME, SourceTool, tool_facts
from graphinv.ingest.support.golang import ir
from graphinv.ingest.support.golang.parsing import SDKS
from graphinv.ingest.support.golang.program import Key, Program, walk
from graphinv.ingest.support.golang.tools import Found, Tools
from graphinv.ingest.support.mcp_source import ENTRY_SPACE, folders_above, source_server_facts, source_server_key
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import Binding, Fact, NodeKey, Problem, source_of

_MADE = (f"{SDKS[0]}.NewServer", f"{SDKS[2]}.NewMCPServer")
_ADDS = re.compile(r"(?:.*\.)?(?:AddTool|AddTools|AddSessionTool|SetTools|RegisterTool)")
_TRANSPORTS = (
    ("stdio", re.compile(r".*\.(?:StdioTransport|NewStdioTransport|ServeStdio|NewStdioServer)")),
    ("http", re.compile(r".*\.NewStreamableHTTP(?:Server|Handler)")),
    ("sse", re.compile(r".*\.NewSSE(?:Server|Handler)")),
)

MAX_AROUND = 50
"""Expressions around a tool that are looked at for what registers it."""
MAX_SERVERS = 200
MAX_TOOLS = 5000


@dataclass
class _Server:
    at: Key
    call: ir.Call
    mains: list[Key]
    """The functions that programs with it begin with; where there are none, those that use it."""
    reach: dict[Key, None]
    name: str = ""
    version: str | None = None
    key: NodeKey = ("ToolServer", "")
    tools: dict[str, Found] = field(default_factory=dict)
    copies: list[Found] = field(default_factory=list)
    """Tools that take over names of others."""


class Servers:
    """The servers of a program."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.tools = Tools(program)
        self._reaches: dict[Key, dict[Key, None]] = {}
        self._callers: dict[Key, list[Key]] = defaultdict(list)
        for path, module in program.modules.items():
            for index in range(len(module.functions)):
                for named in program.named_by(Key(path, index)):
                    self._callers[named].append(Key(path, index))
            for variable in module.variables:
                for named in program.named_by(Key(path, 0, variable)):
                    self._callers[named].append(Key(path, 0, variable))

    def facts(self) -> Iterator[Fact]:
        """The servers with their tools, and what could not be followed."""
        servers = list(islice(self._servers(), MAX_SERVERS))
        problems: list[Problem] = []
        if len(servers) == MAX_SERVERS:
            problems.append(
                self._problem(servers[-1].at, servers[-1].call.line, f"more than {MAX_SERVERS} MCP servers: others are left out")
            )
        for found in islice(self._made({key: None for server in servers for key in server.reach}), MAX_TOOLS):
            owners = self._owners(found, servers)
            if not owners:
                problems.append(
                    self._problem(found.at, found.line, "a tool is registered with one of several MCP servers, which is not known")
                )
            for server in owners:
                if found.copied:
                    server.copies.append(found)
                elif found.name is None:
                    message = f"a tool of the MCP server {server.name!r} has a name that is bound when it runs"
                    problems.append(self._problem(found.at, found.line, message))
                elif found.name:
                    server.tools.setdefault(found.name, found)
        for server in servers:
            message = f"the tools of the MCP server {server.name!r} are put together when it runs"
            problems += [self._problem(found.at, found.line, message) for found in server.copies if not server.tools]
            yield from self._server_facts(server)
        yield from dict.fromkeys(problems)
        yield from self._untold({key for server in servers for key in server.reach})

    # ---- servers ------------------------------------------------------------------------------------------------------------

    def _servers(self) -> Iterator[_Server]:
        mains = self.program.mains()
        reaches = {main: self._reached(main) for main in mains}
        for path, module in sorted(self.program.modules.items()):
            for index, function in enumerate(module.functions):
                for call in (one for top in function.exprs for one in walk(top)):
                    if not isinstance(call, ir.Call) or call.path not in _MADE:
                        continue
                    key = Key(path, index)
                    starts = [main for main in mains if key in reaches[main]] or self._users(key)
                    reach = {one: None for start in starts for one in self._reached(start)}
                    server = _Server(key, call, starts, reach)
                    self._name(server)
                    yield server

    def _users(self, key: Key) -> list[Key]:
        """Functions that nothing uses and that use ``key``, directly or not; itself where there are none."""
        seen: dict[Key, None] = {}
        work = [key]
        while work and len(seen) < 2000:
            one = work.pop()
            if one not in seen:
                seen[one] = None
                work.extend(self._callers.get(one, ()))
        return [one for one in seen if not self._callers.get(one)] or [key]

    def _name(self, server: _Server) -> None:
        args = server.call.args
        stated: ir.Expr | None = args[0] if args else None
        version = args[1] if len(args) > 1 else None
        if server.call.path == _MADE[0]:
            made = self._local(stated, server.at)
            stated = made.get("Name") if isinstance(made, ir.Obj) else None
            version = made.get("Version") if isinstance(made, ir.Obj) else None
        name = self._text(stated, server.at) or self._default_name(server)
        server.name = redact(" ".join(name.split()))[:MAX_NAME] or "mcp"
        server.version = self._text(version, server.at)
        server.key = source_server_key(self.program.root, server.at.path, server.name)

    def _local(self, expr: ir.Expr | None, key: Key) -> ir.Expr | None:
        if isinstance(expr, ir.Name):
            if expr.local and not key.variable:
                return self.program.function(key).locals.get(expr.local)
            found = self.program.resolve(expr.path, posixpath.dirname(key.path))
            return next((self.program.variable(one) for one in found if one.variable), None)
        return expr

    def _text(self, expr: ir.Expr | None, key: Key) -> str | None:
        """A constant text, or the one that all callers give for a parameter."""
        text = self.tools.text(expr, key)
        if text is not None or not isinstance(expr, ir.Name) or not expr.local:
            return text
        params = [name for name, _ in self.program.function(key).params]
        if expr.local not in params:
            return None
        index = params.index(expr.local)
        texts = {self.tools.text(call.args[index], caller) for caller, call in self._calls_of(key) if index < len(call.args)}
        return next(iter(texts)) if len(texts) == 1 else None

    def _calls_of(self, key: Key) -> Iterator[tuple[Key, ir.Call]]:
        for caller in dict.fromkeys(self._callers.get(key, ())):
            folder = posixpath.dirname(caller.path)
            exprs = [self.program.variable(caller)] if caller.variable else self.program.function(caller).exprs
            for top in exprs:
                for one in walk(top):
                    if isinstance(one, ir.Call) and key in self.program.resolve(one.path, folder):
                        yield caller, one

    def _default_name(self, server: _Server) -> str:
        """The name of the program, where its author gave the server none that is constant."""
        for main in server.mains:
            folder = posixpath.dirname(main.path)
            named = self._program_name(folder)
            if named:
                return named
        return "mcp"

    def _program_name(self, folder: str) -> str:
        """What ``go build`` calls the program of a folder."""
        package = self.program.package_of(folder) or folder
        parts = [part for part in package.split("/") if not re.fullmatch(r"v\d+", part)]
        return parts[-1] if parts else ""

    # ---- whose tool it is ---------------------------------------------------------------------------------------------------

    def _made(self, reach: dict[Key, None]) -> Iterator[Found]:
        for key in sorted(reach):
            for found in self.tools.made_in(key):
                if "name" not in found.parameters:
                    yield found

    def _owners(self, found: Found, servers: list[_Server]) -> list[_Server]:
        near = [server for server in servers if found.at in server.reach]
        if len(near) < 2:
            return near
        for call in self._registrations(found):
            receivers = [call.base] if call.base is not None else []
            for one in (*receivers, *call.args):
                exact = self._bound(one, found.at, near)
                if exact:
                    return exact
        inside = [server for server in near if found.at in self._reached(server.at)]
        if inside:
            return inside
        apart = all(not set(one.mains) & set(other.mains) for one, other in combinations(near, 2))
        return near if apart else []

    def _reached(self, key: Key) -> dict[Key, None]:
        if key not in self._reaches:
            self._reaches[key] = self.program.reach([key])
        return self._reaches[key]

    def _registrations(self, found: Found) -> Iterator[ir.Call]:
        """Calls in the function around that register the tool: that it, what it stands in, or the variable that holds it is given to."""
        if found.expr is None:
            return
        beside = self.tools.beside(found.at)
        work, seen = [found.expr], {id(found.expr)}
        while work and len(seen) < MAX_AROUND:
            for around, _ in beside.around(work.pop()):
                if isinstance(around, ir.Call) and _ADDS.fullmatch(around.path):
                    yield around
                elif around is not None and id(around) not in seen:
                    seen.add(id(around))
                    work.append(around)

    def _bound(self, expr: ir.Expr, key: Key, servers: list[_Server], depth: int = 0) -> list[_Server]:
        """The servers that an expression is: through variables, and through what callers give."""
        if not isinstance(expr, ir.Name) or not expr.local or key.variable or depth > 4:
            return []
        at: Key | None = key
        while at is not None:
            function = self.program.function(at)
            value = function.locals.get(expr.local)
            if value is not None:
                made = [server for server in servers if any(one is server.call for one in walk(value))]
                return made
            params = [name for name, _ in function.params]
            if expr.local in params:
                index = params.index(expr.local)
                found = [
                    server
                    for caller, call in self._calls_of(at)
                    if index < len(call.args)
                    for server in self._bound(call.args[index], caller, servers, depth + 1)
                ]
                return [server for server in servers if server in found]
            at = Key(at.path, function.outer) if function.outer is not None else None
        return []

    # ---- facts --------------------------------------------------------------------------------------------------------------

    def _server_facts(self, server: _Server) -> Iterator[Fact]:
        root = self.program.root
        yield from source_server_facts(
            root,
            server.at.path,
            server.name,
            [source_of(root, server.at.path, server.call.line)],
            transport=self._transport(server),
            version=server.version,
            starters=[main.path for main in server.mains if self.program.modules[main.path].package == "main"],
        )
        for main in server.mains:
            if self.program.modules[main.path].package == "main":
                yield from self._entries(main.path, server.key)
        for name, found in sorted(server.tools.items()):
            handlers = [one for expr in found.handlers for one in self.tools.functions_of(found.at, expr)]
            schema = found.schema
            for expr in found.handlers if schema is None else ():
                schema = schema or self.tools.schema_of_handler(found.at, expr)
            body = self.program.body(handlers) if handlers else None
            tool = SourceTool(name, found.at.path, found.line, found.description, schema, found.annotations, found.texts, body)
            yield from tool_facts(root, server.key, tool)

    def _transport(self, server: _Server) -> str | None:
        named = {path for key in server.reach if not key.variable for path in self.program.function(key).refs}
        found = [kind for kind, pattern in _TRANSPORTS if any(pattern.fullmatch(path) for path in named)]
        return found[0] if len(found) == 1 else None

    def _entries(self, path: str, server: NodeKey) -> Iterator[Fact]:
        """Names of the program whose ``main`` stands in ``path``: its folder, its import, what it is built to."""
        folder = posixpath.dirname(path)
        for above, name in folders_above(folder):
            yield Binding(ENTRY_SPACE, name, server, above, path)
        package = self.program.package_of(folder)
        if package:
            yield Binding(ENTRY_SPACE, f"golang:{package.lower()}", server, "", path)
        name = self._program_name(folder)
        if name:
            yield Binding(ENTRY_SPACE, f"program:{name}", server, self._module_folder(folder), path)

    def _module_folder(self, folder: str) -> str:
        tops = [top for _, top in self.program.mods if not top or folder == top or folder.startswith(f"{top}/")]
        return max(tops, key=len, default="")

    def _untold(self, reached: set[Key]) -> Iterator[Problem]:
        """Tools that no server in the tree was seen to register; said once for a document."""
        told: set[str] = set()
        for path, module in sorted(self.program.modules.items()):
            keys = [Key(path, index) for index in range(len(module.functions))] + [Key(path, 0, name) for name in module.variables]
            for key in keys if module.marked else ():
                if path in told or key in reached:
                    continue
                found = next((one for one in self.tools.made_in(key) if one.name), None)
                if found is not None:
                    told.add(path)
                    yield self._problem(key, found.line, "defines MCP tools that no server in the tree was seen to register")

    def _problem(self, key: Key, line: int, message: str) -> Problem:
        return Problem(key.path, f"L{line}", message, "warning", "go_source")
