"""CrewAI: agents in code and YAML, crews, tasks, hierarchical processes, delegation among a crew's agents, flows.

(:Workflow crew)-[:DELEGATES_TO {kind_detail: crew}]->(:Agent)
(:Agent manager)-[:DELEGATES_TO {kind_detail: hierarchical}]->(:Agent)
(:Agent)-[:DELEGATES_TO {kind_detail: allow_delegation}]->(:Agent of the same crew)
(:Agent)-[:DELEGATES_TO {kind_detail: agent_as_tool}]->(:Workflow crew) that one of its tools starts
(:Agent)-[:DELEGATES_TO {kind_detail: a2a}]->(:Agent) elsewhere
(:Workflow flow)-[:DELEGATES_TO {kind_detail: flow_step}]->(:Workflow step)-[:DELEGATES_TO]->(:Workflow crew)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from posixpath import commonpath, dirname
from typing import Any

from graphinv.ingest.support.located import Located
from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.classes import ancestry
from graphinv.ingest.support.python.objects import class_attribute
from graphinv.ingest.support.python.program import Actor, Hosted, Program
from graphinv.ingest.support.python.shapes import remote, runs_agents
from graphinv.ingest.support.python.values import Bound, ClassV, Const, FunctionV, Made, Value, walk
from graphinv.model.facts import Fact

NAME = "crewai"
IMPORTS = ("crewai",)
CONFIGURED = True
"""Its YAML says which agents there are, even where no code is read."""
AGENTS = ("Agent", "BaseAgent", "LiteAgent")
_KICKOFFS = frozenset({"kickoff", "kickoff_async", "kickoff_for_each", "kickoff_for_each_async", "akickoff", "execute_task"})
_CODE = Hosted("crewai:CodeInterpreterTool", "CodeInterpreterTool", ("execute",))


@dataclass
class _Entry:
    """One agent of a YAML file."""

    path: str
    key: str
    stated: dict[str, Any]
    line: int
    used: bool = False
    actors: list[Actor] = field(default_factory=list)


class _Settings:
    """The agents and tasks that YAML files of the root describe, by key."""

    def __init__(self, program: Program) -> None:
        self.program = program
        self.agents: dict[str, list[_Entry]] = {}
        self.tasks: dict[str, list[_Entry]] = {}
        for path, documents in sorted(program.configs.items()):
            for located in documents if path.endswith((".yaml", ".yml")) else ():
                self._read(path, located)

    def _read(self, path: str, located: Located) -> None:
        if not isinstance(located.value, dict):
            return
        for outer in ((), ("agents",), ("tasks",)):
            inner = located.value.get(outer[0]) if outer else located.value
            for key, stated in inner.items() if isinstance(inner, dict) else ():
                if isinstance(stated, dict) and isinstance(key, str):
                    entry = _Entry(path, key, stated, located.line(*outer, key))
                    if "role" in stated:
                        self.agents.setdefault(key, []).append(entry)
                    elif "agent" in stated or not outer:
                        self.tasks.setdefault(key, []).append(entry)

    def find(self, kind: dict[str, list[_Entry]], made: Made) -> _Entry | None:
        """The entry that ``config=…["key"]`` of ``made`` means: of several with the key the one nearest to the code."""
        found = _config(self.program, made)
        if found is None:
            return None
        key, hint = found
        entries = kind.get(key, [])
        hinted = [entry for entry in entries if hint and entry.path.endswith(hint.lstrip("./"))]
        near = [(len(_common(entry.path, made.module.path)), entry) for entry in hinted or entries]
        return max(near, key=lambda pair: (pair[0], -pair[1].path.count("/"), pair[1].path))[1] if near else None


def _common(one: str, other: str) -> str:
    return commonpath([f"/{dirname(one)}", f"/{dirname(other)}"])


_PARTS = ("role", "goal", "backstory")


def _config(program: Program, made: Made) -> tuple[str, str] | None:
    """Key, and file where one is named, of ``config=self.agents_config["researcher"]``, also where a function is between, or where the
    parts are handed over one by one: ``role=agents_config["researcher"]["role"]``."""
    for name, expr in made.call.kwargs:
        if name in {"config", None}:
            inner = expr.args if isinstance(expr, ir.Call) and not _got(expr) else ()
            found = next((one for one in (expr, *inner) if _key(one) is not None), None)
        elif name in _PARTS and _key(expr) == name:
            found = _base(expr)
        else:
            continue
        key = _key(found)
        if found is not None and key is not None:
            return key, _file(program, made, found)
    return None


def _got(expr: ir.Expr) -> bool:
    """Whether it is ``mapping.get(key)``."""
    return isinstance(expr, ir.Call) and isinstance(expr.func, ir.Attr) and expr.func.attr == "get" and bool(expr.args)


def _key(expr: ir.Expr | None) -> str | None:
    """The constant key of ``mapping["key"]`` or ``mapping.get("key")``."""
    index = expr.index if isinstance(expr, ir.Sub) else expr.args[0] if isinstance(expr, ir.Call) and _got(expr) else None
    return index.value if isinstance(index, ir.Const) and isinstance(index.value, str) else None


def _base(expr: ir.Expr) -> ir.Expr:
    """What is asked for a key."""
    if isinstance(expr, ir.Call) and isinstance(expr.func, ir.Attr):
        return expr.func.base
    return expr.base if isinstance(expr, ir.Sub) else expr


def _file(program: Program, made: Made, expr: ir.Expr) -> str:
    evaluated = program.ev.evaluate(_base(expr), made.scope)
    stack: list[Value | None] = [evaluated]
    for _ in range(10):
        one = stack.pop() if stack else None
        if isinstance(one, Const) and isinstance(one.value, str) and one.value.endswith((".yaml", ".yml")):
            return one.value
        if isinstance(one, Made):
            stack.extend((one.passed("", 0), one.receiver))
    return ""


def declare(program: Program) -> None:
    """Agents of code and YAML, crews, flows and their steps."""
    settings = _Settings(program)
    for made in program.made(IMPORTS, *AGENTS):
        entry = settings.find(settings.agents, made)
        if entry is not None:
            entry.used = True
            program.declare(made, name=entry.key, framework=NAME, detail="crewai agent", origin=(entry.path, entry.line))
        else:
            named, role = _config(program, made), made.passed("role", 0)
            known = role is not None and role.text() is not None
            program.declare(made, name=named[0] if named and not known else role, framework=NAME, detail="crewai agent")
    for entries in settings.agents.values():
        for entry in entries:
            if not entry.used:
                value = Const(ir.Module(entry.path, program.root, (), True, True), entry.line, entry.key)
                program.declare(value, name=entry.key, framework=NAME, detail="crewai agent in YAML", origin=(entry.path, entry.line))
    for made in program.made(IMPORTS, "Crew"):
        cls = _class_around(made)
        name = made.passed("name") or (cls.cls.name if cls is not None and _is_its_crew(made, cls) else None)
        crew = program.declare(made, name=name, framework=NAME, kind="Workflow", type="crew", detail="crewai crew")
        if made.arg("manager_agent") is None and _hierarchical(made):
            manager = Const(made.module, made.line, f"manager of {crew.name}")
            crew.labels.append("process=hierarchical")
            program.declare(manager, name="Crew Manager", framework=NAME, detail="crewai manager", parent=crew)
    for flow in program.classes(IMPORTS, "Flow"):
        actor = program.declare(flow, name=flow.name, framework=NAME, kind="Workflow", type="flow", detail="crewai flow")
        for step in _steps(program, flow):
            program.declare(step, name=step.name, framework=NAME, kind="Workflow", type="step", detail="crewai flow step", parent=actor)


def _class_around(made: Made) -> ClassV | None:
    scope = made.scope
    while scope is not None and scope.parent is not None:
        if isinstance(scope.owner, ir.Class):
            return ClassV(scope.module, scope.owner.line, scope.owner, scope.parent)
        scope = scope.parent
    return None


def _is_its_crew(made: Made, cls: ClassV) -> bool:
    """Whether a class stands for the crew that is made in it: ``@CrewBase``, or a method ``crew``."""
    function = made.scope.function
    method = function is not None and (function.name == "crew" or any(_ends(one, "crew") for one in function.decorators))
    return method or any(_ends(one, "CrewBase") for one in cls.cls.decorators)


def _hierarchical(made: Made) -> bool:
    process = made.arg("process")
    options = process.options() if process is not None else ()
    named = any(getattr(one, "dotted", "").endswith(".hierarchical") or one.text() == "hierarchical" for one in options)
    return named or (made.arg("manager_llm") is not None and process is None)


def facts(program: Program) -> Iterator[Fact]:
    """Tools, models and delegation of agents; crews; flows."""
    settings = _Settings(program)
    for actor in program.actors(NAME):
        if actor.kind == "Agent" and isinstance(actor.value, Made):
            yield from _agent(program, actor, settings)
        elif actor.kind == "Agent" and actor.parent is None:
            yield from _of_yaml(program, actor, settings)
        elif actor.type == "crew":
            yield from _Crew(program, actor, settings).facts()
        elif actor.type == "flow" and isinstance(actor.value, ClassV):
            yield from _flow(program, actor, actor.value)


# --------------------------------------------------------------------------------------------------------------------------------
# Agents


def _agent(program: Program, actor: Actor, settings: _Settings) -> Iterator[Fact]:
    made = actor.made
    entry = settings.find(settings.agents, made)
    stated = entry.stated if entry is not None else {}
    yield from program.uses_tools(actor, made.arg("tools"))
    yield from runs_agents(program, actor, made.arg("tools"))
    for server in program.items(made.arg("mcps")):
        yield from _server(program, actor, server)
    for peer in program.items(made.arg("a2a")):
        if not isinstance(peer, Made) or peer.symbol != "A2AServerConfig":
            endpoint = peer.arg("endpoint") if isinstance(peer, Made) else None
            yield from remote(program, actor, endpoint.text() if endpoint is not None else None, peer)
    llm = made.arg("llm")
    yield from program.uses_model(actor, llm)
    if llm is None:
        yield from _yaml_model(program, actor, stated)
    for name in stated.get("tools") or () if isinstance(stated.get("tools"), list) else ():
        yield from _named_tool(program, actor, str(name))
    code = made.arg("allow_code_execution")
    if (isinstance(code, Const) and code.value is True) or (code is None and stated.get("allow_code_execution") is True):
        yield from program.hosted(actor, made, _CODE)
    yield from program.uses_model(actor, made.arg("function_calling_llm"))
    yield from _knowledge(program, actor, made)


def _knowledge(program: Program, actor: Actor, made: Made) -> Iterator[Fact]:
    for source in program.items(made.arg("knowledge_sources")):
        yield from program.memory(actor, source)


def _server(program: Program, actor: Actor, server: Value) -> Iterator[Fact]:
    """``mcps=["https://…", MCPServerStdio(…)]``"""
    text = server.text()
    if text is not None and "://" in text:
        yield from program.connects_to(actor, server, {"url": text.partition("#")[0]})
    elif text is not None:
        yield from program.uses_tools(actor, server, what="mcps")
    else:
        connected = list(program.connects(actor, server))
        yield from connected
        if not connected:
            yield from program.problem(server, f"an MCP server of {actor.name!r} is not known")


def _of_yaml(program: Program, actor: Actor, settings: _Settings) -> Iterator[Fact]:
    for entry in settings.agents.get(actor.name, ()):
        if (entry.path, entry.line) == actor.origin:
            yield from _yaml_model(program, actor, entry.stated)
            tools = entry.stated.get("tools")
            for name in tools if isinstance(tools, list) else ():
                yield from program.problem(
                    actor.value, f"the tool {str(name)[:60]!r} of {actor.name!r} is defined in code that was not found"
                )


def _yaml_model(program: Program, actor: Actor, stated: dict[str, Any]) -> Iterator[Fact]:
    llm = stated.get("llm")
    if isinstance(llm, str):
        yield from program.uses_model(actor, Const(ir.Module(actor.path, program.root, (), True, True), actor.line or 1, llm))


def _named_tool(program: Program, actor: Actor, name: str) -> Iterator[Fact]:
    """A tool that YAML names: a method under ``@tool`` of the class that makes the agent."""
    cls = _class_around(actor.made)
    method = class_attribute(program.ev, cls, name, None) if cls is not None else None
    if isinstance(method, FunctionV):
        returned = program.call(method)
        yield from program.uses_tools(actor, returned if isinstance(returned, Made) else method)
    else:
        yield from program.problem(actor.value, f"the tool {name[:60]!r} of {actor.name!r} is not known")


# --------------------------------------------------------------------------------------------------------------------------------
# Crews


class _Crew:
    def __init__(self, program: Program, actor: Actor, settings: _Settings) -> None:
        self.program = program
        self.actor = actor
        self.settings = settings
        self.made = actor.made
        self.cls = _class_around(actor.made)

    def facts(self) -> Iterator[Fact]:
        program, crew = self.program, self.actor
        tasks = list(self.tasks())
        members: dict[int, tuple[Actor, Value]] = {}
        for value in self.listed("agents", "agent"):
            found = program.actor(value)
            if found is not None:
                members[id(found)] = found, value
            elif not isinstance(value, Made) or value.symbol not in {"Crew"}:
                yield from program.delegates(crew, value, "invoke", "crew", what="agents")
        for task in tasks:
            agent = self.assignee(task)
            if agent is not None:
                members.setdefault(id(agent), (agent, task))
                for tool in program.items(task.arg("tools")):
                    yield from program.uses_tools(agent, tool, what="tools of a task")
        manager = program.actor(self.made.arg("manager_agent"))
        if manager is None:
            manager = next((one for one in program.actors(NAME) if one.parent is crew and one.kind == "Agent"), None)
            if manager is not None:
                yield from program.uses_model(manager, self.made.arg("manager_llm"))
        if manager is not None:
            yield program.edge("DELEGATES_TO", crew.key, manager.key, self.made, mode="invoke", kind_detail="crew")
        for agent, at in members.values():
            if agent is manager:
                continue
            sources = [program.cited(crew, at)]
            yield program.edge("DELEGATES_TO", crew.key, agent.key, at, mode="invoke", kind_detail="crew", sources=sources)
            if manager is not None:
                yield program.edge("DELEGATES_TO", manager.key, agent.key, self.made, mode="invoke", kind_detail="hierarchical")
            if self.may_delegate(agent):
                for other, _ in members.values():
                    if other is not agent and other is not manager:
                        yield program.edge("DELEGATES_TO", agent.key, other.key, agent.value, mode="invoke", kind_detail="allow_delegation",
                                           sources=[self.cited(agent)])  # fmt: skip
        memory = self.made.arg("memory")
        if isinstance(memory, Const) and memory.value is True:
            yield from program.own_memory(crew, self.made, f"memory of {crew.name}")
        elif memory is not None:
            yield from program.memory(crew, memory)

    def cited(self, agent: Actor) -> str:
        return self.program.source(agent.value) if isinstance(agent.value, Made) else f"{self.program.root}/{agent.path}#L{agent.line}"

    def listed(self, name: str, decorator: str) -> list[Value]:
        """What the crew is given as agents or tasks: values, or (``self.agents``) what methods under a decorator return."""
        stated = self.made.arg(name)
        found: list[Value] = []
        for value in self.program.items(stated) if stated is not None else ():
            if isinstance(value, Bound) and value.attr == name:
                found.extend(self.decorated(decorator))
            else:
                found.append(value)
        return found

    def decorated(self, decorator: str) -> Iterator[Value]:
        for cls in ancestry(self.program.ev, self.cls) if self.cls is not None else ():
            for method in self.program.methods(cls):
                if any(_ends(one, decorator) for one in method.function.decorators):
                    yield from (value for value in walk(self.program.call(method)) if isinstance(value, Made))

    def tasks(self) -> Iterator[Made]:
        for value in self.listed("tasks", "task"):
            if isinstance(value, Made):
                yield value

    def assignee(self, task: Made) -> Actor | None:
        """The agent that a task names, in code or in YAML."""
        found = task.arg("agent")
        for option in walk(found):
            actor = self.program.actor(option)
            if actor is not None:
                return actor
        entry = self.settings.find(self.settings.tasks, task)
        name = entry.stated.get("agent") if entry is not None else None
        if isinstance(name, str):
            for value in self.decorated("agent"):
                actor = self.program.actor(value)
                if actor is not None and actor.name == name:
                    return actor
        return None

    def may_delegate(self, agent: Actor) -> bool:
        value = agent.value.arg("allow_delegation") if isinstance(agent.value, Made) else None
        if value is not None:
            return any(isinstance(one, Const) and one.value is True for one in value.options())
        entries = self.settings.agents.get(agent.name, ())
        return any((one.path, one.line) == agent.origin and one.stated.get("allow_delegation") is True for one in entries)


def _ends(expr: ir.Expr, name: str) -> bool:
    expr = expr.func if isinstance(expr, ir.Call) else expr
    return (isinstance(expr, ir.Name) and expr.id == name) or (isinstance(expr, ir.Attr) and expr.attr == name)


# --------------------------------------------------------------------------------------------------------------------------------
# Flows


def _steps(program: Program, flow: ClassV) -> Iterator[FunctionV]:
    for method in program.methods(flow):
        if any(_ends(one, name) for one in method.function.decorators for name in ("start", "listen", "router")):
            yield method


def _flow(program: Program, flow: Actor, cls: ClassV) -> Iterator[Fact]:
    steps = {step.name: step for step in _steps(program, cls)}
    returns = {
        name: _texts(program.call(step)) for name, step in steps.items() if any(_ends(one, "router") for one in step.function.decorators)
    }
    told = set().union(*returns.values())
    for step in steps.values():
        actor = program.actor(step)
        if actor is None:
            continue
        listens = False
        for decorator in step.function.decorators:
            for name in _heard(decorator):
                for before, heard in steps.items():
                    says = returns.get(before)
                    routed = says is not None and (name in says or (not says and name not in steps and name not in told))
                    if before == name or routed:
                        listens = True
                        earlier = program.actor(heard)
                        if earlier is not None:
                            yield program.edge("DELEGATES_TO", earlier.key, actor.key, step, mode="invoke", kind_detail="flow_edge")
        if not listens:
            yield program.edge("DELEGATES_TO", flow.key, actor.key, step, mode="invoke", kind_detail="flow_step")
        for call in program.calls_in(step):
            if isinstance(call, Made) and call.symbol in _KICKOFFS:
                other = program.actor(call.receiver)
                if other is not None:
                    yield program.edge("DELEGATES_TO", actor.key, other.key, call, mode="invoke", kind_detail="kickoff")
            elif isinstance(call, Made) and call.symbol in {"call", "acall"} and isinstance(call.receiver, Made):
                yield from program.uses_model(actor, call.receiver)


def _heard(decorator: ir.Expr) -> set[str]:
    """Names of methods and signals that ``@listen(…)`` waits for."""
    found: set[str] = set()
    stack: list[ir.Expr] = list(decorator.args) if isinstance(decorator, ir.Call) else []
    while stack:
        one = stack.pop()
        if isinstance(one, ir.Name):
            found.add(one.id)
        elif isinstance(one, ir.Attr):
            found.add(one.attr)
        elif isinstance(one, ir.Const) and isinstance(one.value, str):
            found.add(one.value)
        elif isinstance(one, ir.Call):
            stack.extend(one.args)
    return found


def _texts(value: Value) -> set[str]:
    return {str(one.value) for one in walk(value) if isinstance(one, Const)}
