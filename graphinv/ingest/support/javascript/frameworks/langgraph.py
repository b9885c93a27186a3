"""LangGraph.js and LangChain.js: graphs, prebuilt agents, supervisors, swarms.

Drawn:
    (:Workflow graph)-[:DELEGATES_TO {kind_detail: graph_entry|graph_node}]->(:Agent|Workflow)
    (:Agent|Workflow)-[:DELEGATES_TO {kind_detail: graph_edge|conditional_edge|command|return_edge}]->(:Agent|Workflow)
    (:Agent)-[:DELEGATES_TO {kind_detail: supervisor|handoff_tool|sub_agents}]->(:Agent)
    (:Agent|Workflow)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)

A node of a graph is the agent that it runs; a node that asks a model itself is an agent of the node's name; any other node is a step.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from graphinv.ingest.support.javascript import ir
from graphinv.ingest.support.javascript.bodies import body_facts, body_of
from graphinv.ingest.support.javascript.program import Actor, Called, Program, texts, why
from graphinv.ingest.support.javascript.shapes import returned, uses_memory, uses_model
from graphinv.ingest.support.javascript.tools import uses_tools
from graphinv.ingest.support.javascript.values import Bound, DictV, External, FunctionV, ListV, Made, Unknown, Value, walk
from graphinv.model.facts import Fact

NAME = "langgraph"
PACKAGES = (
    "@langchain/langgraph",
    "@langchain/langgraph-supervisor",
    "@langchain/langgraph-swarm",
    "langchain",
    "@langchain/core",
    "deepagents",
)
_GRAPHS = ("StateGraph", "MessageGraph", "Graph")
_PREBUILT = ("createReactAgent", "createAgent", "createReactAgentAnnotation", "createDeepAgent", "AgentExecutor", "createAgentExecutor")
_ENDS = frozenset({"__end__", "END"})
_STARTS = frozenset({"__start__", "START"})
MAX_ROUTES = 64
MAX_NODES = 200


def declare(program: Program) -> None:
    """Its agents, graphs and the nodes of those."""
    for made in program.objects(PACKAGES, *_PREBUILT):
        framework = "langgraph" if made.within("@langchain/langgraph") else "deepagents" if made.within("deepagents") else "langchain"
        program.declare(made, program.option(made, "name"), framework, detail=f"{framework} {made.symbol}")
        for sub in walk_objects(program.option(made, "subagents")):
            program.declare(sub, sub.get("name"), framework, detail=f"{framework} sub-agent")
    for made in program.objects(PACKAGES, "createSupervisor"):
        supervisor = program.option(made, "supervisorName") or "supervisor"
        program.declare(made, supervisor, NAME, detail="langgraph createSupervisor")
    for made in program.objects(PACKAGES, "createSwarm"):
        program.declare(made, program.option(made, "name"), NAME, kind="Workflow", detail="langgraph swarm", type_="swarm")
    graphs = [
        program.declare(made, _compiled_name(program, made), NAME, kind="Workflow", detail="langgraph graph", type_="graph")
        for made in program.objects(PACKAGES, *_GRAPHS)
    ]
    for graph in graphs:
        for name, value, call in _nodes(program, graph):
            _declare_node(program, graph, name, value, call)


def walk_objects(value: Value | None) -> Iterator[DictV]:
    """The objects in a list."""
    stack = [value] if value is not None else []
    while stack:
        one = stack.pop()
        if isinstance(one, DictV):
            yield one
        elif isinstance(one, ListV):
            stack.extend(reversed(one.items))


def _compiled_name(program: Program, made: Made) -> Value | None:
    for call in program.calls_on(made):
        if call.name == "compile" and call.args and isinstance(call.args[0], DictV):
            return call.args[0].get("name")
    return None


def _nodes(program: Program, graph: Actor) -> Iterator[tuple[str, Value, Called]]:
    """Name and value of each node."""
    for call in program.calls_on(graph.made):
        if call.name == "addNode" and call.args:
            name = call.args[0].text()
            if name and len(call.args) > 1:
                yield name, call.args[1], call
            for option in call.args[0].options() if not name else ():
                if isinstance(option, DictV):
                    yield from ((key, value, call) for key, value in option.items)
        elif call.name == "addSequence" and call.args:
            for key, value in call.args[0].items if isinstance(call.args[0], DictV) else ():
                yield key, value, call


def _declare_node(program: Program, graph: Actor, name: str, value: Value, call: Called) -> None:
    """The actor behind a node: an agent that is there already, or one of the node's name."""
    if program.actor(value) is not None:
        return
    functions = [one for one in value.options() if isinstance(one, FunctionV)]
    if functions:
        body = body_of(program, functions[0])
        runs = {actor.key: actor for actor, _, _ in body.agents}
        asks = _asks_model(program, functions[0])
        if len(runs) == 1 and not asks:
            actor = next(iter(runs.values()))
            program.actors.setdefault(_identity(graph, name), actor)
            return
        kind = "Agent" if asks else "Workflow"
    else:
        kind = "Agent" if isinstance(value, Made) and _model(value) is not None else "Workflow"
    node = Node(call.path, call.line, name, value)
    actor = program.declare(
        node,
        name,
        NAME,
        kind=kind,
        detail=f"langgraph {'node' if kind == 'Agent' else 'step'}",
        parent=f"{graph.name}/" if kind == "Workflow" else "",
        around=graph.name,
        type_="step",
    )
    program.actors.setdefault(_identity(graph, name), actor)


class Node(Unknown):
    """A node of a graph that is no object of its own."""

    def __init__(self, path: str, line: int, name: str, behind: Value) -> None:
        super().__init__(path, line, f"it is the node {name[:60]!r}")
        object.__setattr__(self, "behind", behind)

    behind: Value


def _identity(graph: Actor, name: str) -> tuple[object, ...]:
    return ("node", graph.key, name)


def _asks_model(program: Program, function: FunctionV) -> bool:
    return next(_model_calls(program, function), None) is not None


def _model_calls(program: Program, function: FunctionV) -> Iterator[Made]:
    """Models that a function, or what is written inside it, asks."""
    for index in program.nested(function.module, function.index):
        for call in function.module.functions[index].calls:
            for callee in program.value(call.func, index, function.frame).options():
                if isinstance(callee, Bound) and callee.attr in ("invoke", "stream", "call", "generate", "batch"):
                    model = _model(callee.receiver)
                    if model is not None:
                        yield model


def _model(value: Value) -> Made | None:
    """The model object at the root of ``model.bindTools(…)``, ``prompt.pipe(model)`` and their like."""
    one: Value | None = value
    for _ in range(20):
        if not isinstance(one, Made):
            return None
        if one.receiver is None:
            known = one.symbol.startswith("Chat") and not one.symbol.startswith("ChatPrompt")
            return one if (known and one.package.startswith("@langchain/")) or one.symbol in ("initChatModel", "createChatModel") else None
        if one.symbol == "pipe":
            inner = one.arg(0)
            found = _model(inner) if inner is not None else None
            if found is not None:
                return found
        one = one.receiver
    return None


# --------------------------------------------------------------------------------------------------------------------------------


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they delegate to."""
    for actor in [one for framework in (NAME, "langchain", "deepagents") for one in program.of_framework(framework)]:
        made = actor.value
        if isinstance(made, Node):
            yield from _node(program, actor, made.behind)
        elif isinstance(made, DictV):
            yield from uses_tools(program, actor, made.get("tools"))
            yield from uses_model(program, actor, made.get("model"))
        elif not isinstance(made, Made):
            continue
        elif made.symbol in _GRAPHS:
            yield from _graph(program, actor)
        elif made.symbol in ("createSupervisor", "createSwarm"):
            yield from _team(program, actor)
        else:
            yield from _prebuilt(program, actor)


def _prebuilt(program: Program, actor: Actor) -> Iterator[Fact]:
    made = actor.made
    tools = program.option(made, "tools")
    if isinstance(tools, Made) and tools.symbol == "ToolNode":
        tools = tools.arg(0)
    yield from _with_handoffs(program, actor, tools)
    for field in ("llm", "model"):
        for one in returned(program, program.option(made, field)):
            yield from uses_model(program, actor, _model(one) or one)
    for sub in walk_objects(program.option(made, "subagents")):
        target = program.actor(sub)
        if target is not None:
            yield program.edge("DELEGATES_TO", actor.key, target.key, sub, mode="invoke", kind_detail="sub_agents")
    for field in ("checkpointer", "checkpointSaver", "store", "memory"):
        yield from uses_memory(program, actor, program.option(made, field))


def _with_handoffs(program: Program, actor: Actor, tools: Value | None) -> Iterator[Fact]:
    """Tools, those apart that hand over to an agent by its name."""
    rest: list[Value] = []
    for one in tools.items if isinstance(tools, ListV) else [tools] if tools is not None else []:
        if isinstance(one, Made) and one.symbol == "createHandoffTool":
            name = program.option(one, "agentName")
            yield from _to_name(program, actor, name, one)
        else:
            rest.append(one)
    yield from uses_tools(program, actor, ListV("", 1, tuple(rest)) if rest else None)


def _to_name(program: Program, actor: Actor, name: Value | None, at: Value) -> Iterator[Fact]:
    for text in texts(name):
        found = [one for one in program.by_key.values() if one.name == text and one.key[0] == "Agent"]
        here = [one for one in found if one.value.path == at.path] or found
        if len(here) == 1:
            yield program.edge("DELEGATES_TO", actor.key, here[0].key, at, mode="handoff", kind_detail="handoff_tool")
        else:
            yield from program.problem(at, f"{actor.name!r} hands over to an agent whose name is not found or not one agent's")
    if not texts(name):
        yield from program.problem(at, f"{actor.name!r} hands over to an agent whose name is bound when it runs")


def _team(program: Program, actor: Actor) -> Iterator[Fact]:
    made = actor.made
    swarm = made.symbol == "createSwarm"
    detail, mode = ("swarm", "invoke") if swarm else ("supervisor", "handoff")
    yield from program.delegates(actor.key, program.option(made, "agents"), mode, detail, who=repr(actor.name))
    if not swarm:
        yield from _with_handoffs(program, actor, program.option(made, "tools"))
        for member in walk(program.option(made, "agents")):
            target = program.actor(member)
            if target is not None and target.key != actor.key:
                yield program.edge("DELEGATES_TO", target.key, actor.key, made, mode="handoff", kind_detail="return_edge")
        for field in ("llm", "model"):
            for one in walk(program.option(made, field)):
                yield from uses_model(program, actor, _model(one) or one)


# ---- graphs


Drawn = tuple[str, str, str, Called]
"""Name of a node, name of the next, mechanism, where it is said."""


def _graph(program: Program, graph: Actor) -> Iterator[Fact]:
    drawn = list(dict.fromkeys(_drawn(program, graph)))
    nodes = {name: (_behind(program, graph, name, value), call) for name, value, call in _nodes(program, graph)}
    returns = _returns([(source, target) for source, target, _, _ in drawn])
    for source, target, detail, call in drawn:
        start = graph if source in _STARTS else nodes.get(source, (None, call))[0]
        stop = nodes.get(target, (None, call))[0]
        if target in _ENDS or source in _ENDS:
            continue
        if start is None or stop is None:
            yield from program.problem(call, f"an edge of graph {graph.name!r} leads to or from a node that is not found")
        elif start.key != stop.key:
            kind = (
                "graph_entry" if source in _STARTS else "return_edge" if detail == "graph_edge" and (source, target) in returns else detail
            )
            mode = "handoff" if kind == "command" else "invoke"
            yield program.edge("DELEGATES_TO", start.key, stop.key, call, mode=mode, kind_detail=kind)
    for name, (actor, call) in nodes.items():
        if actor is not None and actor.key != graph.key and not any(target == name != source for source, target, _, _ in drawn):
            yield program.edge("DELEGATES_TO", graph.key, actor.key, call, mode="invoke", kind_detail="graph_node")
    for call in program.calls_on(graph.made):
        if call.name == "addEdge" and len(call.args) > 1 and not (_names(call.args[0]) and _names(call.args[1])):
            yield from program.problem(call, f"an edge of graph {graph.name!r} has an end that is bound when it runs")
        elif call.name == "addConditionalEdges" and not list(_conditional(program, call)):
            yield from program.problem(call, f"where a conditional edge of graph {graph.name!r} leads is decided when it runs")


def _drawn(program: Program, graph: Actor) -> Iterator[Drawn]:
    """All edges by the names of nodes, in the order of the source."""
    for name, value, call in _nodes(program, graph):
        ends = _ends(call)
        for function in value.options():
            if isinstance(function, FunctionV):
                ends += _gotos(program, function)
        yield from ((name, target, "command", call) for target in ends)
    for call in program.calls_on(graph.made):
        if call.name == "addEdge" and len(call.args) > 1:
            yield from ((one, other, "graph_edge", call) for one in _names(call.args[0]) for other in _names(call.args[1]))
        elif call.name == "addConditionalEdges" and call.args:
            yield from _conditional(program, call)
        elif call.name == "setEntryPoint" and call.args:
            yield from (("__start__", other, "graph_edge", call) for other in _names(call.args[0]))
        elif call.name == "addSequence" and call.args and isinstance(call.args[0], DictV):
            yield from ((one, other, "graph_edge", call) for one, other in pairwise(key for key, _ in call.args[0].items))


def _returns(edges: list[tuple[str, str]]) -> set[tuple[str, str]]:
    """Edges that go back: to a node without which nothing would have come to where they start."""
    following: dict[str, set[str]] = {}
    for source, target in edges:
        following.setdefault("START" if source in _STARTS else source, set()).add(target)
    found: set[tuple[str, str]] = set()
    for target in sorted({target for _, target in edges})[:MAX_NODES]:
        reached, stack = {"START"}, ["START"]
        while stack:
            for one in following.get(stack.pop(), ()):
                if one != target and one not in reached:
                    reached.add(one)
                    stack.append(one)
        found.update((source, end) for source, end in edges if end == target and source not in reached and source not in _STARTS)
    return found


def _names(value: Value) -> list[str]:
    found: list[str] = []
    for one in walk(value):
        text = one.text()
        if text is not None:
            found.append(text)
        elif isinstance(one, External) and one.dotted.rpartition(".")[2] in ("START", "END"):
            found.append("__start__" if one.dotted.endswith("START") else "__end__")
    return found


def _ends(call: Called) -> list[str]:
    options = call.args[2] if len(call.args) > 2 else None
    ends = options.get("ends") if isinstance(options, DictV) else None
    return _names(ends) if ends is not None else []


def _gotos(program: Program, function: FunctionV) -> list[str]:
    """Where ``new Command({goto})`` of a node sends on to."""
    found: list[str] = []
    for index in program.nested(function.module, function.index):
        for call in function.module.functions[index].calls:
            if not call.new:
                continue
            made = program.value(call, index, function.frame)
            if isinstance(made, Made) and made.symbol == "Command":
                goto = program.option(made, "goto")
                for one in walk(goto):
                    if isinstance(one, Made) and one.symbol == "Send":
                        found.extend(_names(one.arg(0) or one))
                    else:
                        found.extend(_names(one))
    return list(dict.fromkeys(found))


def _conditional(program: Program, call: Called) -> Iterator[Drawn]:
    sources, targets = call.args[0], call.args[2] if len(call.args) > 2 else None
    router = call.args[1] if len(call.args) > 1 else None
    if isinstance(sources, DictV):  # ({source, path, pathMap})
        targets, router = sources.get("pathMap"), sources.get("path")
        sources = sources.get("source") or sources
    found = _names(targets) if targets is not None else []
    for function in router.options() if router is not None and not found else ():
        if isinstance(function, FunctionV):
            found.extend(name for expr in function.function.returns for name in _sent(program, function, expr))
    for source in _names(sources):
        for target in list(dict.fromkeys(found))[:MAX_ROUTES]:
            yield source, target, "conditional_edge", call


def _sent(program: Program, function: FunctionV, expr: ir.Expr) -> list[str]:
    found: list[str] = []
    for one in walk(program.value(expr, function.index, function.frame)):
        found.extend(_names(one.arg(0) or one) if isinstance(one, Made) and one.symbol == "Send" else _names(one))
    return found


def _behind(program: Program, graph: Actor, name: str, value: Value) -> Actor | None:
    found = program.actors.get(_identity(graph, name)) or program.actor(value)
    if found is not None:
        program.actors.setdefault(_identity(graph, name), found)
    return found


def _node(program: Program, actor: Actor, value: Value) -> Iterator[Fact]:  # noqa: PLR0912 - one case per kind of node
    """What a node does that is no object of its own: tools bound to the models it asks, agents it runs, credentials."""
    for one in value.options():
        if isinstance(one, Made):
            if one.symbol == "ToolNode":
                yield from uses_tools(program, actor, one.arg(0))
            elif _model(one) is not None:
                yield from _bound(program, actor, one)
            else:
                continue
        elif isinstance(one, FunctionV):
            body = body_of(program, one)
            for target, path, line in body.agents:
                if target.key != actor.key:
                    at = Unknown(path, line, "")
                    yield program.edge("DELEGATES_TO", actor.key, target.key, at, mode="invoke", kind_detail="invoke")
            yield from body_facts(program, actor.key, body)
            for index in program.nested(one.module, one.index):
                for call in one.module.functions[index].calls:
                    for callee in program.value(call.func, index, one.frame).options():
                        if isinstance(callee, Bound) and _model(callee.receiver) is not None:
                            yield from _bound(program, actor, callee.receiver)
        elif isinstance(one, Unknown):
            yield from program.problem(one, f"the node {actor.name!r} could not be followed: {why(one)}")


def _bound(program: Program, actor: Actor, value: Value) -> Iterator[Fact]:
    """Tools and name of a model."""
    model = _model(value)
    yield from uses_model(program, actor, model)
    one: Value | None = value
    while isinstance(one, Made):
        if one.symbol == "bindTools":
            yield from uses_tools(program, actor, one.arg(0))
        one = one.receiver if one.receiver is not None else (one.arg(0) if one.symbol == "pipe" else None)
