"""LangChain and LangGraph's ready-made agents: ``create_agent``, ``create_react_agent``, executors, supervisors, swarms, deep agents.

(:Agent supervisor)-[:DELEGATES_TO {kind_detail: supervisor}]->(:Agent)
(:Workflow swarm)-[:DELEGATES_TO {kind_detail: swarm}]->(:Agent)-[:DELEGATES_TO {kind_detail: handoff_tool}]->(:Agent)
(:Agent)-[:DELEGATES_TO {kind_detail: sub_agents}]->(:Agent)
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from graphinv.ingest.support.asking import asked
from graphinv.ingest.support.python.program import Actor, Hosted, Program
from graphinv.ingest.support.python.values import Bound, Const, DictV, FunctionV, ListV, Made, Partial, Value, walk
from graphinv.model.facts import EdgeFact, Fact, Ref

NAME = "langchain"
GRAPH = "langgraph"
IMPORTS = (
    "langchain",
    "langchain_classic",
    "langchain_core",
    "langchain_experimental",
    "langgraph",
    "langgraph_supervisor",
    "langgraph_swarm",
    "deepagents",
    "managed_deepagents",
)
_READY = (
    "create_react_agent",
    "create_agent",
    "create_tool_calling_agent",
    "create_openai_tools_agent",
    "create_openai_functions_agent",
    "create_structured_chat_agent",
    "create_json_chat_agent",
    "create_xml_agent",
    "create_self_ask_with_search_agent",
    "initialize_agent",
    "create_sql_agent",
    "create_csv_agent",
    "create_pandas_dataframe_agent",
    "create_json_agent",
    "create_openapi_agent",
    "create_deep_agent",
    "async_create_deep_agent",
    "define_deep_agent",
    "ToolCallingAgent",
    "CodeActAgent",
    "create_codeact",
)
_TOOLKITS = {
    "create_sql_agent": Hosted("langchain:sql_toolkit", "SQL toolkit", ("read", "write")),
    "create_csv_agent": Hosted("langchain:python_repl", "Python REPL", ("execute",)),
    "create_pandas_dataframe_agent": Hosted("langchain:python_repl", "Python REPL", ("execute",)),
}
_DEEP = (
    Hosted("deepagents:read_file", "read_file", ("read",)),
    Hosted("deepagents:write_file", "write_file", ("write",)),
    Hosted("deepagents:edit_file", "edit_file", ("write",)),
)
RUNS = frozenset({"invoke", "ainvoke", "stream", "astream", "astream_events", "batch", "abatch", "run", "arun", "__call__"})
_HANDOFFS = frozenset({"create_handoff_tool", "create_custom_handoff_tool", "create_forward_message_tool"})
HOSTED = {
    "ShellTool": Hosted("langchain_community:ShellTool", "ShellTool", ("execute",)),
    "PythonREPLTool": Hosted("langchain_experimental:PythonREPLTool", "PythonREPLTool", ("execute",)),
    "PythonAstREPLTool": Hosted("langchain_experimental:PythonAstREPLTool", "PythonAstREPLTool", ("execute",)),
}


def declare(program: Program) -> None:
    """Ready-made agents, the sub-agents that deep agents describe, supervisors and swarms."""
    executors = list(program.made(IMPORTS, "AgentExecutor", "from_agent_and_tools"))
    for made in program.made(IMPORTS, *_READY):
        name = made.arg("name") or (made.arg("agent_name") if made.symbol == "create_sql_agent" else None)
        framework = GRAPH if made.within("langgraph") else "deepagents" if made.within("deepagents", "managed_deepagents") else NAME
        actor = program.declare(made, name=name, framework=framework, detail=f"{framework} {made.symbol}")
        for subagent in _described(made):
            named = subagent.get("name")
            program.declare(subagent, name=named, framework=framework, detail="deepagents sub-agent", parent=None)
        for executor in executors:
            if any(one is made or (isinstance(one, Made) and one.key == made.key) for one in walk(executor.arg("agent", 0))):
                program.alias(executor, actor)
                if not actor.named:
                    actor.name = program.variable(executor) or actor.name
    for executor in executors:
        if program.actor(executor) is None:
            program.declare(executor, name=executor.arg("name"), framework=NAME, detail="langchain AgentExecutor")
    for made in program.made(IMPORTS, "create_supervisor"):
        program.declare(made, name=made.arg("supervisor_name") or "supervisor", framework=GRAPH, detail="langgraph supervisor")
    for made in program.made(IMPORTS, "create_swarm"):
        program.declare(made, name=made.arg("name") or _compiled_name(program, made) or program.variable(made) or "swarm", framework=GRAPH,
                        kind="Workflow", type="swarm", detail="langgraph swarm")  # fmt: skip


def _compiled_name(program: Program, made: Made) -> Value | None:
    return next((name for call in program.calls_on(made) if call.symbol == "compile" and (name := call.arg("name")) is not None), None)


def _described(made: Made) -> list[DictV]:
    return list(_dicts(made.arg("subagents"))) if "deep_agent" in made.symbol else []


def _dicts(value: Value | None) -> Iterator[DictV]:
    stack = [value] if value is not None else []
    while stack:
        one = stack.pop(0)
        if isinstance(one, DictV) and one.get("name") is not None:
            yield one
        elif isinstance(one, ListV):
            stack.extend(one.items)
        else:
            stack.extend(option for option in one.options() if option is not one)


def facts(program: Program) -> Iterator[Fact]:
    """Tools, models, memories and delegation of the ready-made agents."""
    members = Members(program)
    for actor in [*program.actors(NAME), *program.actors(GRAPH), *program.actors("deepagents")]:
        if isinstance(actor.value, Made):
            symbol = actor.value.symbol
            if symbol in _READY or symbol in {"AgentExecutor", "from_agent_and_tools"}:
                yield from _ready(program, actor, members)
            elif symbol in {"create_supervisor", "create_swarm"}:
                yield from _team(program, actor, members)


class Members:
    """Finds agents by name, for tools that hand over to one."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self._by_name: dict[str, list[Actor]] = {}
        for framework in (NAME, GRAPH, "deepagents"):
            for actor in program.actors(framework):
                self._by_name.setdefault(actor.name, []).append(actor)

    def find(self, name: str | None, near: Actor) -> Actor | None:
        """The agent of that name: of the same document before another, and there of the same function before another."""
        found = [one for one in self._by_name.get(name or "", ()) if one is not near]
        return min(found, key=lambda one: (one.path != near.path, _scope(one) != _scope(near), one.kind != "Agent", one.path), default=None)


def _scope(actor: Actor) -> str:
    """What stands before its name in its id: the document and, where names repeat, the function."""
    return actor.key[1].rpartition("/")[0]


def _ready(program: Program, actor: Actor, members: Members) -> Iterator[Fact]:
    made = actor.made
    first_is_tools = made.symbol == "initialize_agent"
    plain = made.symbol in {"AgentExecutor", "from_agent_and_tools"}
    deep = "deep_agent" in made.symbol
    tools = made.arg("tools", 0 if first_is_tools or (deep and made.arg("model") is None) else 1)
    waits = _waits(program, made)
    yield from waiting(give_tools(program, actor, tools, members), waits)
    if not plain:
        yield from program.uses_model(
            actor, made.arg("model", None if first_is_tools or deep else 0) or made.arg("llm", 1 if first_is_tools else 0)
        )
    if made.symbol in _TOOLKITS:
        yield from program.hosted(actor, made, _TOOLKITS[made.symbol])
    for name, scope in (("checkpointer", "session"), ("store", "user"), ("memory", "session")):
        yield from program.memory(actor, made.arg(name), scope)
    if deep:
        for hosted in _DEEP:
            yield from waiting(program.hosted(actor, made, hosted), waits)
        for subagent in _dicts(made.arg("subagents")):
            other = program.actor(subagent)
            if other is not None:
                yield program.edge("DELEGATES_TO", actor.key, other.key, subagent, mode="invoke", kind_detail="sub_agents")
                graph = subagent.get("graph") or subagent.get("runnable")
                if graph is not None:
                    yield from program.delegates(other, graph, "invoke", "sub_agents")
                stated = subagent.get("tools")
                yield from give_tools(program, other, stated if stated is not None else tools, members)
                yield from program.uses_model(other, subagent.get("model") or made.arg("model"))
        for one in program.items(made.arg("subagents")) if not list(_dicts(made.arg("subagents"))) else ():
            yield from program.delegates(actor, one, "invoke", "sub_agents", what="sub-agents")


def _waits(program: Program, made: Made) -> frozenset[str]:
    """Tools before which a ready-made agent waits for somebody, by name; ``*`` stands for all of them."""
    found: set[str] = set()
    stops = [text for one in walk(made.arg("interrupt_before")) if (text := one.text()) is not None]
    if "tools" in stops:
        found.add("*")
    settings = [made.arg("interrupt_on")]
    layers = (one for one in program.items(made.arg("middleware")) if isinstance(one, Made))
    settings += [one.arg("interrupt_on", 0) for one in layers if one.symbol == "HumanInTheLoopMiddleware"]
    for value in settings:
        for option in value.options() if value is not None else ():
            if isinstance(option, DictV):
                found.update(
                    name
                    for key, item in option.items
                    if (name := key.text()) is not None and not (isinstance(item, Const) and item.value in (False, None))
                )
    return frozenset(found)


def waiting(facts: Iterable[Fact], names: frozenset[str]) -> Iterator[Fact]:
    """``facts`` with a point that asks on each use of the tools of these ``names`` (``*``: any)."""
    for fact in facts:
        if isinstance(fact, EdgeFact) and fact.kind == "USES" and not isinstance(fact.target, Ref):
            called = re.split("[#:]", fact.target[1])[-1]
            if "*" in names or called in names:
                yield from asked(fact)
                continue
        yield fact


def give_tools(program: Program, actor: Actor, value: Value | None, members: Members) -> Iterator[Fact]:
    """USES for an agent's tools; delegation for those that hand over to an agent or run one."""
    for tool in program.items(value):
        if isinstance(tool, Made) and tool.symbol == "ToolNode":
            yield from give_tools(program, actor, tool.arg("tools", 0), members)
            continue
        target = _handed(tool)
        if target is not None:
            other = members.find(target.text(), actor)
            if other is not None:
                yield program.edge("DELEGATES_TO", actor.key, other.key, tool, mode="handoff", kind_detail="handoff_tool",
                                   sources=[program.cited(actor, tool)])  # fmt: skip
            elif target.text() is None:
                yield from program.problem(tool, f"the agent that a tool of {actor.name!r} hands over to is not known")
            continue
        agent = _as_tool(program, tool)
        if agent is not None:
            yield from program.delegates(actor, agent, "invoke", "agent_as_tool", what="tools")
            continue
        commands = list(_commands(program, actor, tool, members))
        yield from commands
        yield from program.uses_tools(actor, tool, hosted=HOSTED, what="tools")
        for other, at in run_by(program, tool):
            if other is not actor:
                yield program.edge("DELEGATES_TO", actor.key, other.key, at, mode="invoke", kind_detail="agent_as_tool")


def _handed(tool: Value) -> Value | None:
    if isinstance(tool, Made) and (tool.symbol in _HANDOFFS or tool.arg("agent_name") is not None):
        return tool.arg("agent_name")
    return None


def _as_tool(program: Program, tool: Value) -> Value | None:
    if isinstance(tool, Made) and tool.symbol == "as_tool" and program.actor(tool.receiver) is not None:
        return tool.receiver
    return None


def _commands(program: Program, actor: Actor, tool: Value, members: Members) -> Iterator[Fact]:
    """``return Command(goto="agent")`` in a tool hands over to that node."""
    for function in functions_of(tool):
        for goto, at in gotos(program, function):
            other = members.find(goto, actor)
            if other is not None:
                yield program.edge("DELEGATES_TO", actor.key, other.key, at, mode="handoff", kind_detail="handoff_tool")


def gotos(program: Program, function: FunctionV) -> Iterator[tuple[str, Value]]:
    """Names of nodes that ``Command(goto=…)`` and ``Send(…)`` in a function go to."""
    for call in program.calls_in(function):
        if isinstance(call, Made) and call.symbol in {"Command", "Send"} and call.within("langgraph"):
            for target in walk(call.arg("goto") if call.symbol == "Command" else call.arg("node", 0)):
                if isinstance(target, Made) and target.symbol == "Send":
                    target = target.arg("node", 0) or target  # noqa: PLW2901 - what is sent to is the target
                for option in target.options():
                    text = option.text()
                    if text is not None:
                        yield text, call


def functions_of(value: Value) -> Iterator[FunctionV]:
    """The functions of the tree that a tool or node runs."""
    stack: list[Value] = [value]
    for _ in range(20):
        if not stack:
            return
        one = stack.pop()
        if isinstance(one, FunctionV):
            yield one
        elif isinstance(one, Partial):
            stack.append(one.opened())
        elif isinstance(one, Made) and one.cls is None:
            for name, position in (("func", 0), ("coroutine", None), ("function", None), ("", 0), ("", 1)):
                inner = one.passed(name, position)
                if inner is not None:
                    stack.extend(option for option in inner.options() if isinstance(option, (FunctionV, Partial, Bound)))
        elif isinstance(one, Bound) and isinstance(one.receiver, FunctionV):
            yield one.receiver


def run_by(program: Program, value: Value) -> Iterator[tuple[Actor, Value]]:
    """Agents and workflows that the functions of a tool or node run."""
    for function in functions_of(value):
        for call in program.calls_in(function):
            if isinstance(call, Made) and call.symbol in RUNS:
                other = program.actor(call.receiver)
                if other is not None:
                    yield other, call


def _team(program: Program, actor: Actor, members: Members) -> Iterator[Fact]:
    made = actor.made
    supervisor = made.symbol == "create_supervisor"
    detail = "supervisor" if supervisor else "swarm"
    yield from _members(program, actor, made, detail)
    if supervisor:
        yield from give_tools(program, actor, made.arg("tools"), members)
        yield from program.uses_model(actor, made.arg("model"))


def _members(program: Program, actor: Actor, made: Made, detail: str) -> Iterator[Fact]:
    for agent in program.items(made.arg("agents", 0)):
        yield from program.delegates(actor, agent, "handoff" if detail == "supervisor" else "invoke", detail, what="agents")
