"""Strands Agents: ``Agent(tools=[…])``, agents as tools, ``GraphBuilder``, ``Swarm``, MCP clients.

Drawn:
    (:Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: agent_as_tool}]->(:Agent)
    (:Workflow graph)-[:DELEGATES_TO {kind_detail: entry_point}]->(:Agent)-[:DELEGATES_TO {kind_detail: graph_edge}]->(:Agent)
    (:Workflow swarm)-[:DELEGATES_TO {kind_detail: entry_point}]->(:Agent)
    (:Agent)-[:DELEGATES_TO {mode: handoff, kind_detail: swarm}]->(:Agent), each of a swarm to each
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphinv.ingest.support.python.names import lookup
from graphinv.ingest.support.python.program import Actor, Program
from graphinv.ingest.support.python.shapes import (
    EXECUTE,
    FETCH,
    NOTHING,
    READ,
    SEARCH,
    WRITE,
    Effects,
    builtin,
    calls,
    hosted,
    is_none,
    link,
    members,
    mesh,
    runs_agents,
)
from graphinv.ingest.support.python.values import Const, FunctionV, Made, ModuleV, Value
from graphinv.model.facts import Fact

NAME = "strands"
IMPORTS = ("strands", "strands_tools", "strands_agents_builder", "temporalio.contrib.strands")
_LISTING = ("list_tools_sync", "load_tools", "list_tools")

_TOOLS: dict[str, Effects] = {
    "agent_graph": NOTHING,
    "apply_patch": (("read", "write"), False),
    "batch": NOTHING,
    "browser": (("read", "write", "egress"), True),
    "bright_data": SEARCH,
    "calculator": NOTHING,
    "code_interpreter": EXECUTE,
    "cron": (("write", "execute"), False),
    "current_time": NOTHING,
    "diagram": WRITE,
    "editor": WRITE,
    "elasticsearch_memory": WRITE,
    "environment": WRITE,
    "exa": SEARCH,
    "file_read": READ,
    "file_write": (("write",), False),
    "generate_image": (("egress",), False),
    "graph": NOTHING,
    "handoff_to_user": NOTHING,
    "http_request": (("read", "write", "destructive", "egress"), True),
    "image_reader": READ,
    "journal": WRITE,
    "load_tool": EXECUTE,
    "mcp_client": (("read", "write", "execute", "egress"), True),
    "mem0_memory": WRITE,
    "agent_core_memory": WRITE,
    "memory": WRITE,
    "mongodb_memory": WRITE,
    "nova_reels": (("egress",), False),
    "python_repl": EXECUTE,
    "retrieve": READ,
    "rss": FETCH,
    "shell": EXECUTE,
    "slack": (("read", "write", "egress"), True),
    "sleep": NOTHING,
    "speak": NOTHING,
    "stop": NOTHING,
    "swarm": NOTHING,
    "tavily": SEARCH,
    "think": NOTHING,
    "use_agent": NOTHING,
    "use_aws": (("read", "write", "destructive", "egress"), False),
    "use_browser": (("read", "write", "egress"), True),
    "use_computer": (("read", "write", "execute"), True),
    "use_llm": NOTHING,
    "workflow": NOTHING,
}
HOSTED = hosted(
    NAME,
    _TOOLS,
    {"AgentCoreBrowser": "browser", "LocalChromiumBrowser": "browser", "AgentCoreCodeInterpreter": "code_interpreter"},
)


def declare(program: Program) -> None:
    """Its agents and workflows."""
    for made in program.made(IMPORTS, "Agent", "TemporalAgent"):
        program.declare(made, name=_first(made, "name", "agent_id"), framework=NAME, detail=NAME)
    for made in program.made(IMPORTS, "A2AAgent"):
        program.declare(made, name=_first(made, "name", "agent_id"), framework=NAME, detail=f"{NAME} A2AAgent")
    for one, sort in (("GraphBuilder", "graph"), ("Swarm", "swarm")):
        for made in program.made(IMPORTS, one):
            program.declare(made, name=_first(made, "name", "id"), framework=NAME, kind="Workflow", detail=f"{NAME} {sort}", type=sort)


def _first(made: Made, *names: str) -> Value | None:
    return next((value for name in names if not is_none(value := made.arg(name))), None)


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they delegate to."""
    for actor in program.actors(NAME):
        made = actor.made
        if made.symbol == "GraphBuilder":
            yield from _graph(program, actor)
        elif made.symbol == "Swarm":
            nodes = made.arg("nodes", 0)
            found, lost = members(program, nodes)
            start = program.actor(made.arg("entry_point")) or (found[0] if found else None)
            if start is not None:
                yield link(program, actor, start, made, "invoke", "entry_point")
            yield from mesh(program, found, "handoff", "swarm")
            for one in lost[:3]:
                yield from program.problem(one, f"the nodes of {actor.name!r} come from a name that is bound at run time")
        else:
            yield from program.uses_model(actor, made.arg("model", 0))
            tools = made.arg("tools", 2)
            for item in program.items(tools):
                yield from _tool(program, actor, item)
            yield from runs_agents(program, actor, tools)


def _tool(program: Program, actor: Actor, item: Value) -> Iterator[Fact]:
    if isinstance(item, Const) and isinstance(item.value, str):
        yield from _named(program, actor, item, item.value)
        return
    if isinstance(item, ModuleV):
        yield from _module(program, actor, item)
        return
    start = item.root() if isinstance(item, Made) and item.symbol in _LISTING else item
    yield from program.uses_tools(actor, start, hosted=HOSTED, packages=IMPORTS)


def _module(program: Program, actor: Actor, item: ModuleV) -> Iterator[Fact]:
    """A module as a tool: its functions under ``@tool``, else the one that has the module's name."""
    found = [function for function, _ in program.decorated(IMPORTS, "tool") if function.module.path == item.place]
    module = program.modules.get(item.place)
    if not found and module is not None:
        stem = item.place.rpartition("/")[2].removesuffix(".py")
        value = lookup(program.ev, stem, program.ev.module_scope(module), None)
        found = [value] if isinstance(value, FunctionV) else []
    if not found:
        yield from program.problem(item, f"a module among the tools of {actor.name!r} holds no tool that is known")
    for function in found:
        yield from program.uses_tools(actor, function)
        yield from runs_agents(program, actor, function)


def _named(program: Program, actor: Actor, item: Const, text: str) -> Iterator[Fact]:
    """A tool by its name, or by the path of the file that it stands in."""
    name = text.rpartition(".")[2]
    known = HOSTED.get(name) if re.fullmatch(r"(?:strands_tools\.)?\w+", text) else None
    if known is None:
        yield from program.problem(item, f"a tool of {actor.name!r} is named by a text that names no tool of this tree")
        return
    yield from builtin(program, actor, known, item)


def _graph(program: Program, graph: Actor) -> Iterator[Fact]:
    nodes: dict[str, Actor] = {}
    places: dict[tuple[str, str], Made] = {}
    for call in calls(program, graph.value, "add_node"):
        actor = program.actor(call.passed("executor", 0))
        if actor is None:
            yield from program.problem(call, f"a node of {graph.name!r} runs something that is bound at run time")
            continue
        places.setdefault(actor.key, call)
        named = call.passed("node_id", 1)
        for name in (named.text() if named is not None else None, actor.name):
            if name:
                nodes.setdefault(name, actor)
    reached: set[tuple[str, str]] = set()
    for call in calls(program, graph.value, "add_edge"):
        ends = [_end(program, nodes, call.passed(name, place)) for name, place in (("from_node", 0), ("to_node", 1))]
        if ends[0] is None or ends[1] is None:
            yield from program.problem(call, f"an edge of {graph.name!r} has an end that is bound at run time")
            continue
        reached.add(ends[1].key)
        detail = "graph_edge" if is_none(call.passed("condition", 2)) else "conditional_edge"
        yield link(program, ends[0], ends[1], call, "invoke", detail)
    given = [_end(program, nodes, call.passed("node_id", 0)) for call in calls(program, graph.value, "set_entry_point")]
    starts = {actor.key: actor for actor in given if actor is not None}
    if not starts:
        starts = {actor.key: actor for actor in nodes.values() if actor.key not in reached}
    for key, actor in starts.items():
        yield link(program, graph, actor, places[key], "invoke", "entry_point")


def _end(program: Program, nodes: dict[str, Actor], value: Value | None) -> Actor | None:
    if isinstance(value, Made) and value.symbol == "add_node":
        return program.actor(value.passed("executor", 0))
    text = value.text() if value is not None else None
    return nodes.get(text) if text is not None else program.actor(value)
