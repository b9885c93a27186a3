"""What an agent in C# is given: functions, plugins of its kernel, tools of its provider, MCP servers, other agents, its model."""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.asking import asked
from graphinv.ingest.support.compiled import SourceTool
from graphinv.ingest.support.compiled_agents import Actor, Actors, Brought
from graphinv.ingest.support.csharp import ir
from graphinv.ingest.support.csharp.following import Following, Found, Scope, argument, item, parts_of
from graphinv.ingest.support.csharp.servers import Program
from graphinv.ingest.support.words import names
from graphinv.model.facts import EdgeFact, Fact

_SEARCH, _EXECUTE, _READ = (("read", "egress"), True), (("execute",), False), (("read",), False)
_ANY = (("read", "write", "egress"), None)
_BROUGHT = {
    **dict.fromkeys(
        ("HostedCodeInterpreterTool", "CodeInterpreterToolDefinition", "CreateCodeInterpreterTool", "CodeInterpreterTool"),
        Brought("code_interpreter", *_EXECUTE),
    ),
    **dict.fromkeys(("HostedWebSearchTool", "CreateWebSearchTool", "WebSearchTool"), Brought("web_search", *_SEARCH)),
    **dict.fromkeys(
        ("HostedFileSearchTool", "FileSearchToolDefinition", "CreateFileSearchTool", "FileSearchTool"), Brought("file_search", *_READ)
    ),
    **dict.fromkeys(("HostedImageGenerationTool", "CreateImageGenerationTool"), Brought("image_generation", ("egress",), False)),
    **dict.fromkeys(
        ("BingGroundingToolDefinition", "CreateBingGroundingTool", "BingGroundingAgentTool"), Brought("bing_grounding", *_SEARCH)
    ),
    **dict.fromkeys(("BingCustomSearchToolDefinition",), Brought("bing_custom_search", *_SEARCH)),
    **dict.fromkeys(("AzureAISearchToolDefinition", "CreateAzureAISearchTool"), Brought("azure_ai_search", *_READ)),
    **dict.fromkeys(("SharepointToolDefinition",), Brought("sharepoint", *_READ)),
    **dict.fromkeys(("OpenApiToolDefinition", "CreateOpenApiTool"), Brought("openapi", *_ANY)),
    **dict.fromkeys(("BrowserAutomationToolDefinition",), Brought("browser_automation", ("read", "write", "egress"), True)),
    **dict.fromkeys(("ComputerUseToolDefinition", "CreateComputerTool"), Brought("computer_use", ("read", "write", "execute"), True)),
}
"""Tools of the provider, by what is made or called for them."""
_LIBRARY = {
    "WebSearchEnginePlugin": Brought("web_search", *_SEARCH),
    "HttpPlugin": Brought("http", ("read", "write", "destructive", "egress"), True),
    "FileIOPlugin": Brought("file_io", ("read", "write"), False),
    "TextMemoryPlugin": Brought("text_memory", ("read", "write"), False),
    "SessionsPythonPlugin": Brought("python_sessions", *_EXECUTE),
    **{f"{name}Plugin": Brought(name.lower(), (), False) for name in ("Math", "Time", "Text", "Wait")},
    "ConversationSummaryPlugin": Brought("conversation_summary", (), False),
}
"""Plugins that come with Semantic Kernel."""
_MODELS = {
    **dict.fromkeys(
        ("GetChatClient", "GetResponsesClient", "GetOpenAIResponseClient", "AsIChatClient", "ChatClient", "OllamaApiClient"),
        ("model", "modelId", 0),
    ),
    **dict.fromkeys(
        ("AddOpenAIChatCompletion", "AddAzureOpenAIChatCompletion", "AddGoogleAIGeminiChatCompletion"), ("modelId", "deploymentName", 0)
    ),
    **dict.fromkeys(("AddOllamaChatCompletion", "AddMistralChatCompletion", "AddBedrockChatCompletionService"), ("modelId", "model", 0)),
    **dict.fromkeys(("CreateAgentAsync", "CreateAIAgent", "CreateAIAgentAsync", "AsAIAgent"), ("model", "model", None)),
    **dict.fromkeys(("DeclarativeAgentDefinition", "PromptAgentDefinition"), ("model", "model", 0)),
}
"""Where what makes a model's client names it: two names of the argument, and its position."""
_PLUGINS = names(
    "AddFromType AddFromObject ImportPluginFromType ImportPluginFromObject CreateFromType CreateFromObject CreatePluginFromType"
)
_SERVICES = names("GetRequiredService GetService")
_CREATES = names("AIFunctionFactory.Create KernelFunctionFactory.CreateFromMethod .CreateFunctionFromMethod")
_TRANSPORTS = names("StdioClientTransport HttpClientTransport SseClientTransport StreamableHttpClientTransport")
_THROUGH = names("ToList ToArray Cast Select Concat Append ConfigureAwait AsReadOnly OfType Where Union AsOpenAIResponseTool")
_ASKING = ("AlwaysRequireApproval", "AlwaysRequire", "ApprovalMode.Always")
"""What says that somebody is asked before each call of a server's tools."""
MAX_TOOLS = 500
"""Values that one list of tools is followed through."""
MAX_ALL = 50_000
"""The same for all agents of a root together."""
MAX_STEPS = 200


class Tools:
    """States what agents are given."""

    def __init__(self, program: Program, following: Following, actors: Actors) -> None:
        self.program = program
        self.following = following
        self.actors = actors
        self.left = MAX_ALL

    def of(self, actor: Actor, value: ir.Call | ir.New, scope: Scope, calls: list[tuple[ir.Call, Scope]]) -> Iterator[Fact]:
        """Everything that one agent is given where it is made, and by ``calls`` on it afterwards."""
        given = [Found(one, scope) for one in (argument(value, "tools"), *_lists(value)) if one is not None]
        given += [*self._options(value, scope)]
        given += [Found(one, place) for call, place in calls if call.name in ("WithAITool", "WithAITools") for _, one in call.args]
        for one, place in given:
            yield from self._tools(actor, one, place)
        yield from self._kernel(actor, value, scope)
        yield from self._model(actor, value, scope)

    def _options(self, value: ir.Call | ir.New, scope: Scope) -> Iterator[Found]:
        """The lists of tools in the options."""
        work = [Found(one, scope) for label, one in value.args if label in ("", "options", "definition", "creationOptions")]
        for _ in range(MAX_STEPS):
            if not work:
                return
            one = work.pop()
            for found in self.following.values(one.value, one.scope):
                if isinstance(found.value, ir.New) and found.value.type not in ("List",):
                    tools = item(found.value, "Tools")
                    if tools is not None:
                        yield Found(tools, found.scope)
                    inner = [item(found.value, "ChatOptions"), *(one for _, one in found.value.args if isinstance(one, (ir.New, ir.Name)))]
                    work += [Found(one, found.scope) for one in inner if one is not None]

    # ---- tools --------------------------------------------------------------------------------------------------------------

    def _tools(self, actor: Actor, value: ir.Expr, scope: Scope) -> Iterator[Fact]:
        work = [(Found(value, scope), False)]
        seen: set[tuple[str, int, int]] = set()
        for _ in range(MAX_TOOLS):
            if not work:
                return
            self.left -= 1
            if self.left < 0:
                break
            found, asks = work.pop(0)
            at = getattr(found.value, "at", None)
            place = (found.scope.path, at or 0, id(found.scope.caller))
            if at is not None and place in seen:
                continue
            seen.add(place)
            inner = self._inside(found)
            if inner is None:
                yield from self._tool(actor, found, asks=asks)
            else:
                asked = asks or (isinstance(found.value, ir.New) and found.value.type == "ApprovalRequiredAIFunction")
                work[:0] = [(each, asked) for each in inner]
        yield self.actors.problem(scope.path, actor.line, f"{actor.name!r} has more tools than are followed")

    def _inside(self, found: Found) -> list[Found] | None:
        """What a list or a wrapper holds; None where it is a tool itself."""
        value, scope = found
        if isinstance(value, ir.Many):
            return [Found(one, scope) for one in value.items]
        if isinstance(value, ir.Name):
            return [*self.following.named(value, scope), *self._added(value, scope)] or None
        if isinstance(value, ir.New) and value.type in ("List", "ApprovalRequiredAIFunction", ""):
            return [Found(one, scope) for one in parts_of(value)]
        if isinstance(value, ir.Call) and value.name in _THROUGH and value.base is not None:
            return [Found(value.base, scope), *(Found(one, scope) for _, one in value.args if value.name in ("Concat", "Append", "Union"))]
        if isinstance(value, ir.Call) and value.path not in _CREATES and value.name not in _BROUGHT:
            gives = [Found(one, Scope(*place)) for place in self.following.methods(value, scope) for one in place[2].gives]
            return gives or None
        return None

    def _added(self, name: ir.Name, scope: Scope) -> list[Found]:
        """What is added to a list that is kept in a variable."""
        calls = (one for one in self.following.calls_on(name, scope) if one.name in ("Add", "AddRange"))
        return [Found(each, scope) for one in calls for _, each in one.args]

    def _tool(self, actor: Actor, found: Found, *, asks: bool) -> Iterator[Fact]:
        value, scope = found
        line = getattr(value, "line", actor.line)
        if isinstance(value, ir.Call) and value.path in _CREATES:
            yield from self._function(actor, value, scope, asks=asks)
            return
        made = value.name if isinstance(value, ir.Call) else value.type if isinstance(value, ir.New) else ""
        if made in _BROUGHT:
            yield from self.actors.brings(actor, _BROUGHT[made], scope.path, line, asks=asks)
        elif made in ("HostedMcpServerTool", "MCPToolDefinition", "CreateMcpTool", "McpTool") and isinstance(value, (ir.New, ir.Call)):
            yield from self._hosted_server(actor, value, scope)
        elif made in ("AsAIFunction", "CreateFromAgent") or self.following.actors(value, scope):
            others = self.following.actors(value.base if made == "AsAIFunction" and isinstance(value, ir.Call) else value, scope)
            others = others or [one for part in parts_of(value) for one in self.following.actors(part, scope)]
            for other in others:
                yield from self.actors.delegates(actor, other, scope.path, line, "agent_as_tool")
            if not others:
                yield self.actors.problem(scope.path, line, f"an agent that {actor.name!r} uses as a tool is not known")
        elif isinstance(value, ir.Call) and (made.startswith("ListTools") or self._client(value, scope) is not None):
            yield from self._server(actor, value, scope)
        elif not (isinstance(value, ir.Name) and value.path in ("null", "default")) and not (
            isinstance(value, ir.Other) and not value.parts
        ):
            yield self.actors.problem(scope.path, line, f"the tools of {actor.name!r} are not all known")

    def _function(self, actor: Actor, value: ir.Call, scope: Scope, *, asks: bool) -> Iterator[Fact]:
        """``AIFunctionFactory.Create(method, name, description)``."""
        stated = self.following.text(argument(value, "name", 1) or argument(value, "functionName", 1), scope)
        told = self.following.text(argument(value, "description", 2), scope)
        for _, given in value.args[1:]:
            for one in self.following.values(given, scope):
                if isinstance(one.value, ir.New):
                    stated = self.following.text(item(one.value, "Name") or item(one.value, "FunctionName"), one.scope) or stated
                    told = self.following.text(item(one.value, "Description"), one.scope) or told
        method = value.args[0][1] if value.args else None
        places = self._methods(method, scope)
        if places:
            for place, of, found in places[:1]:
                yield from self._method(actor, Scope(place, of, found), stated, told, scope.path, value.line, asks=asks)
            return
        name = stated or (_last(method) if isinstance(method, ir.Name) else "")
        if not name:
            yield self.actors.problem(scope.path, value.line, f"a tool of {actor.name!r} has no name that is known")
            return
        tool = SourceTool(name, scope.path, value.line, told)
        yield from self.actors.uses(actor, tool, "c# function", scope.path, value.line, asks=asks)

    def _methods(self, value: ir.Expr | None, scope: Scope) -> list[tuple[str, ir.Type, ir.Method]]:
        """The methods that a name of a method stands for: of its own type, of a type, of a variable by what it was made as."""
        if not isinstance(value, ir.Name):
            return []
        owner, _, name = value.path.rpartition(".")
        if not owner:
            return self.program.called(scope.path, scope.type, f".{name}") or self.program.called(scope.path, scope.type, f"?.{name}")
        kinds = [
            one.value.type for one in self.following.values(ir.Name(owner, value.line, value.at), scope) if isinstance(one.value, ir.New)
        ]
        for kind in (*kinds, owner.rpartition(".")[2]):
            found = [(place, of, one) for place, of in self.program.types(kind, scope.path) for one in of.methods if one.name == name]
            if found:
                return found
        return self.program.called(scope.path, scope.type, f"?.{name}")

    def _method(
        self, actor: Actor, scope: Scope, stated: str | None, told: str | None, path: str, line: int, *, asks: bool = False
    ) -> Iterator[Fact]:
        method = scope.method
        name = stated or (method.name.removesuffix("Async") if "Task" in method.returns and method.name != "Async" else method.name)
        schema = self.program.schema(scope.path, scope.type, method)
        body = self.program.body(scope.path, scope.type, method)
        tool = SourceTool(name, scope.path, method.line, told, schema, body=body)
        yield from self.actors.uses(actor, tool, "c# function", path, line, asks=asks)

    # ---- servers ------------------------------------------------------------------------------------------------------------

    def _client(self, value: ir.Expr, scope: Scope) -> tuple[ir.New, Scope] | None:
        """The transport of the MCP client that something is called on."""
        work: list[tuple[ir.Expr, Scope]] = [(value, scope)]
        for _ in range(MAX_STEPS):
            if not work:
                return None
            one, place = work.pop()
            for found in self.following.values(one, place):
                inner = found.value
                if isinstance(inner, ir.New) and inner.type in _TRANSPORTS:
                    return inner, found.scope
                if isinstance(inner, ir.Call):
                    work += [(each, found.scope) for each in ([inner.base] if inner.base is not None else [])]
                    work += [(each, found.scope) for _, each in inner.args if inner.name.startswith("Create")]
                    work += [(each, Scope(*method)) for method in self.following.methods(inner, found.scope) for each in method[2].gives]
        return None

    def _server(self, actor: Actor, value: ir.Call, scope: Scope) -> Iterator[Fact]:
        found = self._client(value, scope)
        if found is None:
            yield self.actors.problem(scope.path, value.line, f"an MCP server of {actor.name!r} is not known")
            return
        transport, place = found
        entry: dict[str, object] = {}
        name = ""
        for given in (one for _, part in transport.args for one in self.following.values(part, place)):
            name = self.following.text(item(given.value, "Name"), given.scope) or name
            command = self.following.text(item(given.value, "Command"), given.scope)
            if command:
                words = [one for each in self.following.values(item(given.value, "Arguments"), given.scope) for one in self._words(each)]
                entry = {"command": command, "args": words}
            address = self._address(item(given.value, "Endpoint"), given.scope)
            if address:
                entry = {"url": address}
        yield from self.actors.connects(actor, name or "mcp", entry, place.path, transport.line)

    def _words(self, found: Found) -> Iterator[str]:
        text = self.following.text(found.value, found.scope)
        if text is not None:
            yield text
        elif isinstance(found.value, ir.New):
            for part in parts_of(found.value):
                for one in self.following.values(part, found.scope):
                    yield from self._words(one)

    def _address(self, value: ir.Expr | None, scope: Scope) -> str | None:
        """An address, as a text or in ``new Uri(…)``."""
        for one in self.following.values(value, scope):
            given = one.value.args[0][1] if isinstance(one.value, ir.New) and one.value.args else one.value
            text = self.following.text(given, one.scope)
            if text:
                return text
        return None

    def _hosted_server(self, actor: Actor, value: ir.New | ir.Call, scope: Scope) -> Iterator[Fact]:
        name = self.following.text(argument(value, "serverName", 0) or argument(value, "serverLabel", 0), scope)
        address = self._address(
            argument(value, "serverAddress", 1) or argument(value, "serverUrl", 1) or argument(value, "serverUri", 1), scope
        )
        entry: dict[str, object] = {"url": address} if address else {}
        allowed = item(value, "AllowedTools")
        for one in self.following.values(argument(value, "allowedTools"), scope):
            allowed = item(one.value, "ToolNames") or allowed
        names = [text for one in self.following.values(allowed, scope) if (text := self.following.text(one.value, one.scope)) is not None]
        entry |= {"allowedTools": names} if names else {}
        asks = any(one.path.endswith(_ASKING) for one in _names_in(value))
        for fact in self.actors.connects(actor, name or "mcp", entry, scope.path, value.line):
            yield from asked(fact) if asks and isinstance(fact, EdgeFact) and fact.kind == "CONNECTS_TO" else (fact,)

    # ---- kernels ------------------------------------------------------------------------------------------------------------

    def _kernel(self, actor: Actor, value: ir.Call | ir.New, scope: Scope) -> Iterator[Fact]:
        """Plugins of the kernel that an agent of Semantic Kernel has, and the model that is added to it."""
        kernel = item(value, "Kernel") or argument(value, "kernel")
        plugins = item(value, "Plugins")
        for call, place in self._on_kernel(kernel, scope) if kernel is not None else ():
            if call.name in _MODELS:
                yield from self.actors.model(actor, self._model_name(call, place), place.path, call.line)
            elif call.name in _PLUGINS or (call.name == "Add" and call.args):
                yield from self._plugin(actor, call, place)
        for found in self.following.values(plugins, scope):
            for one in parts_of(found.value):
                yield from self._plugin(actor, one, found.scope)

    def _on_kernel(self, kernel: ir.Expr, scope: Scope) -> list[tuple[ir.Call, Scope]]:
        """The calls on a kernel, on the builder that built it, and on what it was cloned from."""
        found: list[tuple[ir.Call, Scope]] = []
        seen: set[tuple[str, str, int]] = set()
        work: list[tuple[ir.Expr, Scope]] = [(kernel, scope)]
        for _ in range(MAX_STEPS):
            if not work:
                break
            one, place = work.pop()
            if isinstance(one, ir.Name):
                key = (place.path, one.path, id(place.method))
                if key in seen:
                    continue
                seen.add(key)
                shared = one.path in place.type.fields and one.path not in place.method.locals
                for method in place.type.methods if shared else [place.method]:
                    found += [(call, place._replace(method=method)) for call in self.following.calls_on(one, place._replace(method=method))]
            for inner, where in self.following.values(one, place):
                if isinstance(inner, ir.Call):
                    work += [(each, Scope(*method)) for method in self.following.methods(inner, where) for each in method[2].gives]
                    if inner.base is not None:
                        found.append((inner, where))
                        work.append((inner.base, where))
        return found

    def _plugin(self, actor: Actor, value: ir.Expr, scope: Scope) -> Iterator[Fact]:
        """What one plugin brings; told where that is not known."""
        found = list(self._brought(actor, value, scope))
        yield from found
        if not found and isinstance(value, ir.Call) and (value.name in _PLUGINS or value.path.endswith("Plugins.Add")):
            yield self.actors.problem(scope.path, value.line, f"a plugin of {actor.name!r} is not known")

    def _brought(self, actor: Actor, value: ir.Expr, scope: Scope) -> Iterator[Fact]:
        """The functions of one plugin; agents among them are delegated to."""
        line = getattr(value, "line", actor.line)
        kinds = list(value.types) if isinstance(value, ir.Call) else []
        for part in parts_of(value):
            for one in self.following.values(part, scope):
                if isinstance(one.value, ir.New) and one.value.type:
                    kinds.append(one.value.type)
                elif isinstance(one.value, ir.Name):
                    kinds += self.following.injected(one.value, one.scope)
                elif isinstance(one.value, ir.Call) and one.value.name in _SERVICES:
                    kinds += one.value.types
                elif isinstance(one.value, ir.Call) and one.value.name in _PLUGINS:
                    yield from self._plugin(actor, one.value, one.scope)
                elif isinstance(one.value, (ir.Call, ir.New)) and not isinstance(part, ir.Text):
                    for inner in parts_of(one.value):
                        yield from self._functions(actor, inner, one.scope)
        known = False
        for kind in dict.fromkeys(kinds):
            if kind in _LIBRARY and not self.program.types(kind, scope.path):
                known = True
                yield from self.actors.brings(actor, _LIBRARY[kind], scope.path, line)
            for place, of in self.program.types(kind, scope.path):
                for method in of.methods:
                    if method.function is not None:
                        known = True
                        stated = self.program.text(method.function.name, place, of)
                        told = self.program.text(method.function.description, place, of)
                        yield from self._method(actor, Scope(place, of, method), stated, told, scope.path, line)
        if kinds and not known:
            yield self.actors.problem(scope.path, line, f"the functions of a plugin of {actor.name!r} are not known")

    def _functions(self, actor: Actor, value: ir.Expr, scope: Scope) -> Iterator[Fact]:
        for one in self.following.values(value, scope):
            if isinstance(one.value, ir.Call) and (one.value.path in _CREATES or one.value.name == "CreateFromAgent"):
                yield from self._tool(actor, one, asks=False)

    # ---- models -------------------------------------------------------------------------------------------------------------

    def _model(self, actor: Actor, value: ir.Call | ir.New, scope: Scope) -> Iterator[Fact]:
        """The model of the client that it is made on or with, and the credentials of that client."""
        work: list[tuple[ir.Expr, Scope]] = [(value, scope)]
        seen: set[tuple[str, int]] = set()
        told: set[str] = set()
        for _ in range(MAX_STEPS):
            if not work:
                return
            one, place = work.pop()
            for inner, where in self.following.values(one, place):
                at = getattr(inner, "at", None)
                if at is None or (where.path, at) in seen or not isinstance(inner, (ir.Call, ir.New)):
                    continue
                seen.add((where.path, at))
                name = self._model_name(inner, where)
                if name and name not in told:
                    told.add(name)
                    yield from self.actors.model(actor, name, where.path, inner.line)
                for variable, path, line in (
                    self.following.variables(inner, where) if isinstance(inner, ir.New) and inner is not value else ()
                ):
                    if variable not in told:
                        told.add(variable)
                        yield from self.actors.holds(actor, variable, path, line)
                if isinstance(inner, ir.New) and inner.type.endswith("Options"):
                    work += [(each, where) for _, each in inner.args]
                if isinstance(inner, ir.Call):
                    work += [(inner.base, where)] if inner.base is not None else []
                    work += [(each, where) for _, each in inner.args if inner.name.startswith("CreateAgentVersion")]
                    work += [(each, Scope(*method)) for method in self.following.methods(inner, where) for each in method[2].gives]
                elif inner.type in ("ChatClientAgent", *_MODELS) and inner.args:
                    work.append((inner.args[0][1], where))

    def _model_name(self, value: ir.Call | ir.New, scope: Scope) -> str | None:
        stated = _MODELS.get(value.name if isinstance(value, ir.Call) else value.type)
        if stated is None:
            return None
        one, other, position = stated
        return self.following.text(argument(value, one, position) or argument(value, other), scope)


def _last(name: ir.Name) -> str:
    return name.path.rpartition(".")[2]


def _names_in(value: ir.Expr) -> Iterator[ir.Name]:
    work: list[ir.Expr] = [value]
    for _ in range(MAX_STEPS):
        if not work:
            return
        one = work.pop()
        if isinstance(one, ir.Name):
            yield one
        work.extend(parts_of(one))


def _lists(value: ir.Call | ir.New) -> list[ir.Expr]:
    """The arguments without a name that are lists."""
    given = [one for label, one in value.args if not label]
    return [one for one in given if isinstance(one, ir.Many) or (isinstance(one, ir.New) and one.type == "List")]
