"""PydanticAI: ``Agent``, its tools as arguments and under ``@agent.tool``, toolsets, MCP servers, and agents that a tool runs.

Drawn:
    (:Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: agent_as_tool}]->(:Agent), where a tool or output function of one runs the other
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.python.program import Actor, Program
from graphinv.ingest.support.python.shapes import EXECUTE, FETCH, NOTHING, SEARCH, Effects, calls, hosted, is_none, runs_agents
from graphinv.ingest.support.python.values import Made, Value
from graphinv.model.facts import Fact

NAME = "pydantic-ai"
IMPORTS = ("pydantic_ai",)

_TOOLS: dict[str, Effects] = {
    "web_search": SEARCH,
    "duckduckgo_search": SEARCH,
    "tavily_search": SEARCH,
    "exa_search": SEARCH,
    "x_search": SEARCH,
    "web_fetch": FETCH,
    "url_context": FETCH,
    "code_execution": EXECUTE,
    "image_generation": (("egress",), False),
    "memory": (("read", "write"), False),
    "file_search": (("read",), False),
    "mcp_server": (("read", "egress"), None),
    "think": NOTHING,
}
HOSTED = hosted(
    NAME,
    _TOOLS,
    {
        "WebSearchTool": "web_search",
        "WebSearch": "web_search",
        "WebFetchTool": "web_fetch",
        "WebFetch": "web_fetch",
        "UrlContextTool": "url_context",
        "CodeExecutionTool": "code_execution",
        "CodeExecution": "code_execution",
        "ImageGenerationTool": "image_generation",
        "ImageGeneration": "image_generation",
        "MemoryTool": "memory",
        "FileSearchTool": "file_search",
        "XSearchTool": "x_search",
        "duckduckgo_search_tool": "duckduckgo_search",
        "tavily_search_tool": "tavily_search",
        "ExaToolset": "exa_search",
        "exa_search_tool": "exa_search",
        "web_fetch_tool": "web_fetch",
        "Thinking": "think",
    },
)
_SETS = ("FunctionToolset", "CombinedToolset", "ApprovalRequiredToolset", "WrapperToolset", "ExternalToolset")
_CHANGES = ("filtered", "prefixed", "renamed", "prepared", "approval_required", "defer_loading")
_WRAPPERS = ("TemporalAgent", "DBOSAgent", "PrefectAgent", "WrapperAgent")
"""Classes around an agent that run it elsewhere, or otherwise."""
_RUNS = ("run", "run_sync", "run_stream", "run_stream_events", "iter")
"""Methods of an agent that may give it tools for one run."""
_GIVEN = ("tools", "builtin_tools", "native_tools", "capabilities")
_TOOL_DECORATORS = frozenset({"tool", "tool_plain"})


def declare(program: Program) -> None:
    """Its agents and workflows."""
    for made in program.made(IMPORTS, "Agent"):
        program.declare(made, name=made.arg("name"), framework=NAME, detail=NAME)
    for made in program.made(IMPORTS, *_WRAPPERS):
        for inner in program.items(made.arg("wrapped", 0)):
            actor = program.actor(inner)
            if actor is not None:
                program.alias(made, actor)


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they delegate to."""
    for actor in program.actors(NAME):
        made = actor.made
        yield from program.uses_model(actor, made.arg("model", 0))
        for field in _GIVEN:
            yield from _tools(program, actor, made.arg(field), field)
        for field in ("toolsets", "mcp_servers"):
            yield from _toolsets(program, actor, made.arg(field))
        for call in calls(program, made, *_RUNS):
            for field in ("builtin_tools", "native_tools"):
                yield from _tools(program, actor, call.passed(field), field)
            yield from _toolsets(program, actor, call.passed("toolsets"))
        yield from _decorated(program, actor, actor.value)
        yield from _outputs(program, actor)


def _tools(program: Program, actor: Actor, value: Value | None, field: str) -> Iterator[Fact]:
    yield from program.uses_tools(actor, value, hosted=HOSTED, packages=IMPORTS, what=field.replace("_", " "))
    yield from runs_agents(program, actor, value)


def _toolsets(program: Program, actor: Actor, value: Value | None) -> Iterator[Fact]:
    for item in program.items(value):
        yield from _toolset(program, actor, item)


def _decorated(program: Program, actor: Actor, holder: Value) -> Iterator[Fact]:
    """Functions under ``@agent.tool`` and ``@agent.toolset``, and those handed to ``agent.tool(f)``."""
    for function, decorator in program.decorated_by(holder):
        named = getattr(decorator, "attr", None) or getattr(decorator, "symbol", "")
        if named in _TOOL_DECORATORS:
            yield from program.uses_tools(actor, function)
            yield from runs_agents(program, actor, function)
        elif named == "toolset":
            for value in program.calls_in(function):
                if isinstance(value, Made) and value.within(*IMPORTS) and value.symbol in _SETS:
                    yield from _toolset(program, actor, value)
    for call in calls(program, holder, *_TOOL_DECORATORS, "add_function"):
        given = call.passed("func", 0)
        if not is_none(given):
            yield from program.uses_tools(actor, given)
            yield from runs_agents(program, actor, given)


def _toolset(program: Program, actor: Actor, item: Value) -> Iterator[Fact]:
    """Function toolsets are their functions; the others are servers."""
    start = item
    while isinstance(start, Made) and start.symbol in _CHANGES and start.receiver is not None:
        start = start.receiver
    if isinstance(start, Made) and start.within(*IMPORTS) and start.symbol in _SETS:
        tools = start.arg("tools", 0) if start.symbol == "FunctionToolset" else None
        yield from program.uses_tools(actor, tools, hosted=HOSTED, packages=IMPORTS)
        yield from runs_agents(program, actor, tools)
        yield from _decorated(program, actor, start)
        inner = start.arg("toolsets", 0) if start.symbol == "CombinedToolset" else start.arg("wrapped", 0)
        for one in program.items(inner) if start.symbol != "FunctionToolset" else ():
            if one is not item and isinstance(one, Made):
                yield from program.uses_tools(actor, one, hosted=HOSTED, packages=IMPORTS, what="toolsets")
        return
    yield from program.uses_tools(actor, start, hosted=HOSTED, packages=IMPORTS, what="toolsets")


def _outputs(program: Program, actor: Actor) -> Iterator[Fact]:
    """Output functions that run another agent hand over to it."""
    yield from runs_agents(program, actor, actor.made.arg("output_type"))
