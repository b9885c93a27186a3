"""LangGraph: graphs, what their nodes are, and which node goes on to which.

A node that runs a model is an agent, one that is an agent or a graph is that one, any other is a step of the workflow: also one that
only asks a graph or several agents.

    (:Workflow graph)-[:DELEGATES_TO {kind_detail: graph_entry}]->(node)
    (node)-[:DELEGATES_TO {kind_detail: graph_edge|conditional_edge|command|return_edge}]->(node)
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from posixpath import dirname, join, normpath

from graphinv.ingest.support.asking import asked
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.python import entrypoints, ir
from graphinv.ingest.support.python.frameworks.langchain import Members, functions_of, give_tools, gotos, run_by
from graphinv.ingest.support.python.models import models_in, uses_bound
from graphinv.ingest.support.python.names import member
from graphinv.ingest.support.python.program import Actor, Program
from graphinv.ingest.support.python.values import Bound, Const, DictV, External, FunctionV, ListV, Made, Unknown, Value, walk
from graphinv.model.facts import EdgeFact, Fact

NAME = "langgraph"
IMPORTS = ("langgraph",)
GRAPHS = ("StateGraph", "MessageGraph", "Graph")
_ENDS = frozenset({"__end__", "END"})
_STARTS = frozenset({"__start__", "START"})
MAX_NODES = 200
"""Nodes of one graph for which it is asked what leads back to them."""


@dataclass
class _Node:
    name: str
    value: Value
    at: Made
    actor: Actor | None = None
    own: bool = True
    """Whether the actor stands for this node alone, rather than for an agent or graph that exists by itself."""


@dataclass
class _Graph:
    made: Made
    actor: Actor
    nodes: dict[str, _Node] = field(default_factory=dict)


def declare(program: Program) -> None:
    """Graphs, and those of their nodes that are no agents or graphs of their own."""
    names = _configured(program)
    for made in program.made(IMPORTS, *GRAPHS):
        stated = names.get(made.key) or _compiled_name(program, made) or _kept_in(program, made)
        program.declare(made, name=stated, framework=NAME, kind="Workflow", type="graph", detail=f"langgraph {made.symbol}")
    for made in program.made(IMPORTS, *GRAPHS):
        actor = program.actor(made)
        if actor is not None:
            _declare_nodes(program, _Graph(made, actor))
    entrypoints.declare(program, NAME)


def _kept_in(program: Program, made: Made) -> str | None:
    """The variable that the compiled graph is kept in, else that of the builder."""
    for call in program.calls_on(made):
        if call.symbol == "compile":
            name = program.variable(call)
            if name is not None:
                return name
    return None


def _compiled_name(program: Program, made: Made) -> Value | None:
    return next((name for call in program.calls_on(made) if call.symbol == "compile" and (name := call.arg("name")) is not None), None)


def _configured(program: Program) -> dict[object, str]:
    """Names that ``langgraph.json`` gives to graphs, by identity of the graph."""
    found: dict[object, str] = {}
    for path, documents in sorted(program.configs.items()):
        if not path.endswith("langgraph.json"):
            continue
        for name, place in _entries(documents):
            file, _, attribute = place.partition(":")
            target = normpath(join(dirname(path), file))
            if target in program.modules and attribute:
                value = member(program.ev, target, attribute)
                for option in walk(program.call(value) if value is not None else None):
                    root = option.root() if isinstance(option, Made) else None
                    if isinstance(root, Made):
                        found.setdefault(root.key, name)
    return found


def _entries(documents: list[Located]) -> Iterator[tuple[str, str]]:
    for located in documents:
        graphs = located.value.get("graphs") if isinstance(located.value, dict) else None
        for name, entry in graphs.items() if isinstance(graphs, dict) else ():
            place = entry.get("path") if isinstance(entry, dict) else entry
            if isinstance(place, str):
                yield name, place


def _nodes(program: Program, made: Made) -> Iterator[_Node]:
    for call in program.calls_on(made):
        if call.symbol == "add_node":
            first, second = call.arg("node", 0), call.arg("action", 1)
            name = first.text() if first is not None else None
            if name is None and first is not None and second is None:
                yield _Node(_node_name(program, first), first, call)
            elif first is not None:
                shown = name or (str(first.value) if isinstance(first, Const) else "")
                yield _Node(shown or "node", second if second is not None else first, call)
        elif call.symbol == "add_sequence":
            for item in program.items(call.arg("nodes", 0)):
                if isinstance(item, ListV) and len(item.items) == 2:
                    yield _Node(item.items[0].text() or "node", item.items[1], call)
                else:
                    yield _Node(_node_name(program, item), item, call)


def _node_name(program: Program, value: Value) -> str:
    if isinstance(value, FunctionV):
        return value.name
    actor = program.actor(value)
    if actor is not None:
        return actor.name
    if isinstance(value, Made) and value.symbol == "ToolNode":
        named = value.arg("name")
        return (named.text() if named is not None else None) or "tools"
    return program.variable(value) or (
        value.symbol if isinstance(value, (Made, External)) else value.attr if isinstance(value, Bound) else "node"
    )


def _declare_nodes(program: Program, graph: _Graph) -> None:
    for node in _nodes(program, graph.made):
        existing = _existing(program, node.value)
        if existing is not None and existing is not graph.actor:
            if not existing.named and existing.kind == "Agent":
                existing.name, existing.named = node.name, True
            program.alias(node.at, existing)
            continue
        runs = {id(actor): actor for actor, _ in run_by(program, node.value) if actor is not graph.actor}
        models = models_in(program, node.value)
        if len(runs) == 1 and not models:
            (only,) = runs.values()
            if only.kind == "Agent":
                if not only.named:
                    only.name, only.named = node.name, True
                program.alias(node.at, only)
                continue
        if models:
            program.declare(node.at, name=node.name, framework=NAME, detail="langgraph node", parent=graph.actor)
        else:
            program.declare(
                node.at, name=node.name, framework=NAME, kind="Workflow", type="step", detail="langgraph step", parent=graph.actor
            )


def _existing(program: Program, value: Value) -> Actor | None:
    for option in walk(value):
        found = program.actor(option)
        if found is not None:
            return found
    return None


# --------------------------------------------------------------------------------------------------------------------------------
# Facts


def facts(program: Program) -> Iterator[Fact]:
    """What the nodes of graphs use, and the edges."""
    members = Members(program)
    for made in program.made(IMPORTS, *GRAPHS):
        actor = program.actor(made)
        if actor is None:
            continue
        graph = _Graph(made, actor)
        for node in _nodes(program, made):
            node.actor = program.actor(node.at) if program.actor(node.at) is not actor else None
            node.own = node.actor is not None and isinstance(node.actor.value, Made) and node.actor.value.key == node.at.key
            if node.actor is not None:
                graph.nodes.setdefault(node.name, node)
        stated = {name: list(_node(program, graph, node, members)) for name, node in graph.nodes.items()}
        waits = _waits(program, graph, stated)
        for told in stated.values():
            for fact in told:
                waiting = isinstance(fact, EdgeFact) and fact.kind == "USES" and fact.target in waits
                yield from asked(fact) if waiting and isinstance(fact, EdgeFact) else (fact,)
        yield from _edges(program, graph)
        for call in program.calls_on(made):
            if call.symbol == "compile":
                for name, scope in (("checkpointer", "session"), ("store", "user")):
                    yield from program.memory(actor, call.arg(name), scope)
    yield from entrypoints.facts(program, members)


def _waits(program: Program, graph: _Graph, stated: Mapping[str, list[Fact]]) -> set[object]:
    """Tools that are only run in nodes before which the graph stops for somebody (``compile(interrupt_before=…)``)."""
    stops = {
        text
        for call in program.calls_on(graph.made)
        if call.symbol == "compile"
        for one in walk(call.arg("interrupt_before"))
        if (text := one.text()) is not None
    }
    run: dict[bool, set[object]] = {True: set(), False: set()}
    for name, facts in stated.items() if stops else ():
        if _runs_tools(graph.nodes[name].value):
            run[name in stops or "*" in stops].update(fact.target for fact in facts if isinstance(fact, EdgeFact) and fact.kind == "USES")
    return run[True] - run[False]


def _runs_tools(value: Value) -> bool:
    """Whether a node runs tools that another has asked for."""
    roots = (option.root() for option in walk(value) if isinstance(option, Made))
    return any(isinstance(root, Made) and root.symbol == "ToolNode" for root in roots)


def _node(program: Program, graph: _Graph, node: _Node, members: Members) -> Iterator[Fact]:
    actor = node.actor
    if actor is None or not node.own:
        return
    for option in walk(node.value):
        root = option.root() if isinstance(option, Made) else None
        if isinstance(root, Made) and root.symbol == "ToolNode":
            yield from give_tools(program, actor, root.arg("tools", 0), members)
        elif isinstance(option, (Unknown, External)):
            yield from program.problem(node.at, f"what the node {node.name!r} of {graph.actor.name!r} runs is not known")
    for model in models_in(program, node.value):
        yield from uses_bound(program, actor, model, members)
    for other, at in run_by(program, node.value):
        if other is not actor and other is not graph.actor:
            yield program.edge("DELEGATES_TO", actor.key, other.key, at, mode="invoke", kind_detail="invoke")


def _edges(program: Program, graph: _Graph) -> Iterator[Fact]:
    drawn = list(dict.fromkeys(_drawn(program, graph)))
    returns = _returns([(source, target) for source, target, _, _ in drawn])
    seen: set[tuple[str, str, str]] = set()
    for source, target, detail, at in drawn:
        start = graph.actor if source in _STARTS else graph.nodes[source].actor if source in graph.nodes else None
        stop = graph.nodes[target].actor if target in graph.nodes else None
        if target in _ENDS or stop is None or start is None:
            if target not in _ENDS and target not in graph.nodes:
                yield from program.problem(at, f"an edge of {graph.actor.name!r} goes to {target[:60]!r}, which is no known node of it")
            continue
        kind = "graph_entry" if source in _STARTS else detail
        if kind == "graph_edge" and (source, target) in returns:
            kind = "return_edge"
        if (source, target, kind) not in seen and start is not stop:
            seen.add((source, target, kind))
            yield program.edge("DELEGATES_TO", start.key, stop.key, at, mode="handoff" if kind == "command" else "invoke", kind_detail=kind)
    for name, node in graph.nodes.items():
        if node.actor is not None and not any(target == name and source != name for source, target, _, _ in drawn):
            yield program.edge("DELEGATES_TO", graph.actor.key, node.actor.key, node.at, mode="invoke", kind_detail="graph_node")


def _returns(edges: list[tuple[str, str]]) -> set[tuple[str, str]]:
    """Edges that go back: to a node without which nothing would have come to where they start."""
    following: dict[str, set[str]] = {}
    for source, target in edges:
        following.setdefault("START" if source in _STARTS else source, set()).add(target)
    found: set[tuple[str, str]] = set()
    for target in sorted({target for _, target in edges})[:MAX_NODES]:
        reached = {"START"}
        stack = ["START"]
        while stack:
            for one in following.get(stack.pop(), ()):
                if one != target and one not in reached:
                    reached.add(one)
                    stack.append(one)
        found.update((source, target) for source, end in edges if end == target and source not in reached and source not in _STARTS)
    return found


def _drawn(program: Program, graph: _Graph) -> Iterator[tuple[str, str, str, Value]]:
    """(from, to, mechanism, where) of all edges, by the names of nodes."""
    for call in program.calls_on(graph.made):
        if call.symbol == "add_edge":
            for source in _names(program, call.arg("start_key", 0)):
                for target in _names(program, call.arg("end_key", 1)):
                    yield source, target, "graph_edge", call
        elif call.symbol == "set_entry_point":
            for target in _names(program, call.arg("key", 0)):
                yield "START", target, "graph_edge", call
        elif call.symbol in {"add_conditional_edges", "set_conditional_entry_point"}:
            entry = call.symbol == "set_conditional_entry_point"
            sources = ["START"] if entry else _names(program, call.arg("source", 0))
            targets = list(_conditional(program, graph, call.arg("path", 0 if entry else 1), call.arg("path_map", 1 if entry else 2), call))
            for source in sources:
                for target in targets:
                    yield source, target, "conditional_edge", call
        elif call.symbol == "add_sequence":
            names = [node.name for node in _nodes(program, graph.made) if node.at is call or node.at.key == call.key]
            for source, target in pairwise(names):
                yield source, target, "graph_edge", call
    for node in graph.nodes.values():
        yield from ((node.name, target, "command", node.at) for target in _commands(program, node))


def _names(program: Program, value: Value | None) -> list[str]:
    found: list[str] = []
    for one in walk(value):
        text = one.text()
        if text is not None:
            found.append(text)
        elif isinstance(one, External) and one.symbol in {"START", "END"}:
            found.append(one.symbol)
        elif isinstance(one, (FunctionV, Made, Bound)):
            found.append(_node_name(program, one))
        elif isinstance(one, Const) and isinstance(one.value, str):
            found.append(one.value)
    return found


def _conditional(program: Program, graph: _Graph, path: Value | None, mapping: Value | None, at: Made) -> Iterator[str]:
    """Where a condition can go: what the mapping says, else what its function is annotated with, else what it returns."""
    if mapping is not None and not (isinstance(mapping, Const) and mapping.value is None):
        yield from _names(program, mapping)
        return
    found: list[str] = []
    for option in walk(path):
        if isinstance(option, External) and option.symbol == "tools_condition":
            found.extend(("tools", "END"))
        elif isinstance(option, FunctionV):
            found.extend(_literals(option.function.returns) or _returned(program, graph, option))
    if not found:
        yield from program_unknown(graph, at)
    yield from found


def program_unknown(graph: _Graph, at: Made) -> Iterator[str]:
    """A condition that is not known can go to any node but where it comes from."""
    source = at.arg("source", 0)
    start = source.text() if source is not None else None
    yield from (name for name in graph.nodes if name != start)


def _returned(program: Program, graph: _Graph, function: FunctionV) -> list[str]:
    found: list[str] = []
    for value in walk(program.call(function)):
        if isinstance(value, Made) and value.symbol == "Send":
            found.extend(_names(program, value.arg("node", 0)))
        else:
            found.extend(name for name in _names(program, value) if name in graph.nodes or name in _ENDS)
    return list(dict.fromkeys(found))


def _literals(annotation: ir.Expr | None) -> list[str]:
    """Texts in ``Literal[…]`` anywhere in an annotation, and ``END`` there."""
    found: list[str] = []
    stack: list[object] = [annotation]
    while stack:
        one = stack.pop()
        if isinstance(one, ir.Sub) and _ends(one.base, "Literal"):
            items = one.index.items if isinstance(one.index, ir.Items) else (one.index,)
            for item in items:
                if isinstance(item, ir.Const) and isinstance(item.value, str):
                    found.append(item.value)
                elif _ends(item, "END"):
                    found.append("END")
        elif isinstance(one, tuple):
            stack.extend(part for part in one if isinstance(part, tuple))
    return found


def _ends(expr: ir.Expr, name: str) -> bool:
    return (isinstance(expr, ir.Name) and expr.id == name) or (isinstance(expr, ir.Attr) and expr.attr == name)


def _commands(program: Program, node: _Node) -> list[str]:
    """Where ``Command(goto=…)`` in a node's function, its annotation, or ``destinations=`` of the node go."""
    found: list[str] = []
    stated = node.at.arg("destinations")
    if isinstance(stated, DictV):
        found.extend(text for key, _ in stated.items if (text := key.text()) is not None)
    elif stated is not None:
        found.extend(text for one in walk(stated) if (text := one.text()) is not None)
    for option in walk(node.value):
        for function in functions_of(option):
            annotation = function.function.returns
            literals = _literals(annotation) if annotation is not None and "Command" in _words(annotation) else []
            found.extend(literals or (target for target, _ in gotos(program, function)))
    return list(dict.fromkeys(found))


def _words(annotation: ir.Expr) -> set[str]:
    found: set[str] = set()
    stack: list[object] = [annotation]
    while stack:
        one = stack.pop()
        if isinstance(one, ir.Name):
            found.add(one.id)
        elif isinstance(one, ir.Attr):
            found.add(one.attr)
        elif isinstance(one, tuple):
            stack.extend(part for part in one if isinstance(part, tuple))
    return found
