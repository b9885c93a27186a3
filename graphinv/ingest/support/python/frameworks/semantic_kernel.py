"""Semantic Kernel: agents with plugins, group chats, orchestrations and processes.

Drawn:
    (:Agent)-[:USES]->(:Tool), one for each kernel function of its plugins and of its kernel's
    (:Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: agent_as_tool}]->(:Agent), for an agent among the plugins
    (:Workflow)-[:DELEGATES_TO {kind_detail: group_chat | sequential | concurrent | magentic | entry_point}]->(:Agent)
    (:Agent)-[:DELEGATES_TO {mode: handoff, kind_detail: handoff}]->(:Agent)
    (:Workflow process)-[:DELEGATES_TO {kind_detail: step | sub_process}]->(:Agent | :Workflow)
    (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.python.program import Actor, Program
from graphinv.ingest.support.python.shapes import (
    EXECUTE,
    NOTHING,
    READ,
    SEARCH,
    Effects,
    Names,
    builtin,
    calls,
    hosted,
    is_none,
    link,
    members,
    runs_agents,
    team,
    uses_model,
)
from graphinv.ingest.support.python.values import Bound, ClassV, DictV, FunctionV, ListV, Made, Value
from graphinv.model.facts import Fact

NAME = "semantic-kernel"
IMPORTS = ("semantic_kernel",)

_AGENTS = (
    "ChatCompletionAgent",
    "OpenAIAssistantAgent",
    "AzureAssistantAgent",
    "OpenAIResponsesAgent",
    "AzureResponsesAgent",
    "AzureAIAgent",
    "BedrockAgent",
    "CopilotStudioAgent",
    "AutoGenConversableAgent",
)
_MAKERS = ("create", "create_and_prepare_agent", "retrieve")
_INVOKING = ("add_agent", "invoke", "invoke_stream", "invoke_single_turn")
"""Methods of a chat by which an agent takes part in it."""
_TEAMS = {
    "AgentGroupChat": ("agents", "group_chat"),
    "SequentialOrchestration": ("members", "sequential"),
    "ConcurrentOrchestration": ("members", "concurrent"),
    "GroupChatOrchestration": ("members", "group_chat"),
    "HandoffOrchestration": ("members", "handoff"),
    "MagenticOrchestration": ("members", "magentic"),
}
_TOOLS: dict[str, Effects] = {
    "http": (("read", "write", "destructive", "egress"), True),
    "web_search": SEARCH,
    "code_interpreter": EXECUTE,
    "python_sessions": EXECUTE,
    "text_memory": (("read", "write"), False),
    "file_search": READ,
    "azure_ai_search": READ,
    "deep_research": SEARCH,
    "openapi": (("read", "write", "egress"), None),
    "mcp": (("read", "write", "egress"), None),
    "math": NOTHING,
    "time": NOTHING,
    "text": NOTHING,
    "wait": NOTHING,
    "conversation_summary": NOTHING,
    "crew_ai": (("read", "write", "egress"), None),
}
HOSTED = hosted(
    NAME,
    _TOOLS,
    {
        "HttpPlugin": "http",
        "WebSearchEnginePlugin": "web_search",
        "SessionsPythonTool": "python_sessions",
        "TextMemoryPlugin": "text_memory",
        "MathPlugin": "math",
        "TimePlugin": "time",
        "TextPlugin": "text",
        "WaitPlugin": "wait",
        "ConversationSummaryPlugin": "conversation_summary",
        "CrewAIEnterprise": "crew_ai",
        "configure_code_interpreter_tool": "code_interpreter",
        "CodeInterpreterTool": "code_interpreter",
        "configure_file_search_tool": "file_search",
        "configure_web_search_tool": "web_search",
        "BingGroundingTool": "web_search",
        "AzureAISearchTool": "azure_ai_search",
        "DeepResearchTool": "deep_research",
        "OpenApiTool": "openapi",
        "McpTool": "mcp",
        "FileSearchTool": "file_search",
    },
)


def declare(program: Program) -> None:
    """Its agents and workflows."""
    for one in _AGENTS:
        for made in program.made(IMPORTS, one):
            definition = made.arg("definition")
            name = made.arg("name") or (definition.arg("name") if isinstance(definition, Made) else None)
            program.declare(made, name=name, framework=NAME, detail=f"{NAME} {one}")
    for one in _MAKERS:
        for made in program.made(IMPORTS, one):
            owner = made.callee.split(".")[-2]
            if owner in _AGENTS:
                program.declare(made, name=made.arg("name", 0), framework=NAME, detail=f"{NAME} {owner}")
    for one, sort in [*((one, sort) for one, (_, sort) in _TEAMS.items()), ("ProcessBuilder", "process")]:
        for made in program.made(IMPORTS, one):
            program.declare(made, name=made.arg("name"), framework=NAME, kind="Workflow", detail=f"{NAME} {one}", type=sort)


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they delegate to."""
    functions = _kernel_functions(program)
    names = Names(program, NAME)
    for actor in program.actors(NAME):
        if actor.made.symbol == "ProcessBuilder":
            yield from _process(program, actor)
        elif actor.key[0] == "Workflow":
            yield from _team(program, actor, names)
        else:
            yield from _agent(program, actor, functions)


# --------------------------------------------------------------------------------------------------------------------------------
# Agents

Functions = dict[tuple[str, int, str], list[tuple[FunctionV, str | None]]]
"""Kernel functions by (path of the module, line of the class, its name)."""


def _kernel_functions(program: Program) -> Functions:
    found: Functions = {}
    for function, decorator in program.decorated(IMPORTS, "kernel_function"):
        named = decorator.arg("name") if isinstance(decorator, Made) else None
        if function.cls is not None:
            found.setdefault(_place(function.cls), []).append((function, named.text() if named is not None else None))
    return found


def _place(cls: ClassV) -> tuple[str, int, str]:
    return cls.module.path, cls.cls.line, cls.name


def _agent(program: Program, actor: Actor, functions: Functions) -> Iterator[Fact]:
    made = actor.made
    service = made.arg("service")
    yield from uses_model(program, actor, service if not is_none(service) else made.arg("ai_model_id"), "ai_model_id")
    definition = made.arg("definition")
    yield from program.uses_model(actor, definition.arg("model") if isinstance(definition, Made) else None)
    plugins = made.arg("plugins")
    values: list[Value] = [value for _, value in plugins.items] if isinstance(plugins, DictV) else list(program.items(plugins))
    for kernel in program.items(made.arg("kernel")):
        values.extend(_of_kernel(program, kernel))
        for call in calls(program, kernel, "add_service"):
            yield from uses_model(program, actor, call.passed("service", 0), "ai_model_id")
    for value in values:
        yield from _plugin(program, actor, value, functions)
    for given in (made.arg("tools"), definition.arg("tools") if isinstance(definition, Made) else None):
        for item in program.items(given):
            tool = item.receiver if isinstance(item, Bound) else item  # a tool comes with its definitions and resources
            yield from program.uses_tools(actor, tool, hosted=HOSTED)
    if not is_none(made.arg("enable_code_interpreter")):
        yield from builtin(program, actor, HOSTED["code_interpreter"], made)


def _of_kernel(program: Program, kernel: Value) -> list[Value]:
    """Plugins that were added to a kernel."""
    found: list[Value] = []
    for call in calls(program, kernel, "add_plugin", "add_plugins", "add_function", "add_functions", "import_plugin_from_object"):
        key = {"add_plugins": "plugins", "add_function": "function", "add_functions": "functions"}.get(call.symbol, "plugin")
        given = call.passed(key, 1 if call.symbol in ("add_function", "add_functions") else 0)
        found.extend(program.items(given))
    given = kernel.arg("plugins") if isinstance(kernel, Made) else None
    return [*found, *([value for _, value in given.items] if isinstance(given, DictV) else program.items(given))]


def _plugin(program: Program, actor: Actor, value: Value, functions: Functions) -> Iterator[Fact]:
    other = program.actor(value)
    if other is not None:
        if other.key != actor.key:
            yield link(program, actor, other, value, "invoke", "agent_as_tool")
        return
    cls = value.cls if isinstance(value, Made) else value if isinstance(value, ClassV) else None
    mine = functions.get(_place(cls), []) if cls is not None else []
    for function, name in mine:
        key, stated = program.tool(function, name=name)
        yield from stated
        if key is not None:
            yield program.edge("USES", actor.key, key, value)
        yield from runs_agents(program, actor, function)
    if cls is None or not mine:
        inner = value.arg("object", 1) if isinstance(value, Made) and value.symbol in ("KernelPlugin", "from_object") else None
        if inner is not None:
            yield from _plugin(program, actor, inner, functions)
        else:
            yield from program.uses_tools(actor, value, hosted=HOSTED, packages=IMPORTS, what="plugins")


# --------------------------------------------------------------------------------------------------------------------------------
# Several agents


def _team(program: Program, workflow: Actor, names: Names) -> Iterator[Fact]:
    made = workflow.made
    field, sort = _TEAMS[made.symbol]
    given = made.arg(field, 0 if field == "members" else None)
    if sort == "handoff":
        found, _ = members(program, given)
        if found:
            yield link(program, workflow, found[0], made, "invoke", "entry_point")
        yield from _handoffs(program, workflow, found, names)
        return
    yield from team(program, workflow, given, sort, what=field)
    invoked = [item for call in calls(program, made, *_INVOKING) for item in program.items(call.passed("agent", 0))]
    for actor in {one.key: one for item in invoked if (one := program.actor(item)) is not None}.values():
        if actor.key != workflow.key:
            yield link(program, workflow, actor, made, "invoke", sort)
    manager = made.arg("manager")
    if isinstance(manager, Made):
        service = manager.arg("chat_completion_service", 0) or manager.arg("service")
        yield from uses_model(program, workflow, service, "ai_model_id")


def _process(program: Program, workflow: Actor) -> Iterator[Fact]:
    """A process: the processes in it, and the agents that the functions of its steps run."""
    for call in calls(program, workflow.made, "add_step_from_process"):
        yield from program.delegates(workflow, call.passed("kernel_process", 0), "invoke", "sub_process", what="processes")
    for call in calls(program, workflow.made, "add_step"):
        for step in program.items(call.passed("step_type", 0)):
            if isinstance(step, ClassV):
                for method in program.methods(step):
                    yield from runs_agents(program, workflow, method, "step")


def _handoffs(program: Program, workflow: Actor, found: list[Actor], names: Names) -> Iterator[Fact]:
    """``OrchestrationHandoffs().add(a, b)`` and ``add_many(a, {…})``, or the mapping itself."""
    for value in program.items(workflow.made.arg("handoffs", 1)) if not isinstance(workflow.made.arg("handoffs", 1), DictV) else ():
        root = value.root() if isinstance(value, Made) else value
        for call in program.calls_on(root):
            source = _named(names, call.passed("source_agent", 0), found)
            if call.symbol == "add":
                yield from _handoff(program, workflow, source, _named(names, call.passed("target_agent", 1), found), call)
            elif call.symbol == "add_many":
                given = call.passed("target_agents", 1)
                targets = [key for key, _ in given.items] if isinstance(given, DictV) else given.items if isinstance(given, ListV) else ()
                for target in targets:
                    yield from _handoff(program, workflow, source, _named(names, target, found), target)
        inner = root.arg("", 0) if isinstance(root, Made) else None
        yield from _mapping(program, workflow, inner, found, names)
    yield from _mapping(program, workflow, workflow.made.arg("handoffs", 1), found, names)


def _mapping(program: Program, workflow: Actor, value: Value | None, found: list[Actor], names: Names) -> Iterator[Fact]:
    for source, targets in value.items if isinstance(value, DictV) else ():
        for target, _ in targets.items if isinstance(targets, DictV) else ():
            yield from _handoff(program, workflow, _named(names, source, found), _named(names, target, found), target)


def _named(names: Names, value: Value | None, found: list[Actor]) -> Actor | None:
    """An agent, its name, or its attribute ``name``."""
    if isinstance(value, Bound) and value.attr == "name":
        value = value.receiver
    return names.find(value, found)


def _handoff(program: Program, workflow: Actor, source: Actor | None, target: Actor | None, at: Value) -> Iterator[Fact]:
    if source is None or target is None:
        yield from program.problem(at, f"an agent of a handoff of {workflow.name!r} is known only at run time")
    elif source.key != target.key:
        yield link(program, source, target, at, "handoff", "handoff")
