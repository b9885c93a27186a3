"""Frameworks that are told by their words alone: which calls make an agent, and what each of their arguments means.

A framework with more to it than words has a module of its own, which may begin with a vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphinv.ingest.support.python.program import Actor, Hosted, Program
from graphinv.ingest.support.python.shapes import functions, link, runs_agents
from graphinv.ingest.support.python.stating import given_secrets
from graphinv.ingest.support.python.values import Bound, ClassV, Const, DictV, FunctionV, Made, Unknown, Value
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import EdgeFact, Fact, Ref

Delegation = tuple[str, str]
"""Mode and mechanism of a delegation."""


@dataclass(frozen=True)
class Vocabulary:
    """The words of one framework. Calls are named by their last part (``Agent``) or, where that says too little, by more of it
    (``assistants.create``); an argument of an argument by both (``definition.tools``).

    Drawn:
        (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)
        (:Agent)-[:READS|WRITES]->(:Memory)
        (:Agent|Workflow)-[:DELEGATES_TO]->(:Agent|Workflow), as each argument and method says
    """

    NAME: str
    IMPORTS: tuple[str, ...]
    agents: Mapping[str, int | None]
    """Calls that make an agent, and at which position its name may stand."""
    workflows: Mapping[str, int | None] = field(default_factory=dict)
    """Those that make what runs several."""
    names: tuple[str, ...] = ("name",)
    options: str = ""
    """The argument that holds all others, as a mapping or an object; also where it stands first without a name."""
    tools: tuple[str, ...] = ("tools",)
    models: tuple[str, ...] = ("model",)
    memories: tuple[str, ...] = ()
    servers: tuple[str, ...] = ()
    """Names of servers that the program's configuration describes."""
    members: Mapping[str, Delegation] = field(default_factory=dict)
    """Arguments of agents that are agents."""
    parts: Mapping[str, Delegation] = field(default_factory=dict)
    """Arguments of what runs several that are agents."""
    first: str = ""
    """Which of these stands first where it has no name."""
    adding: Mapping[str, Delegation] = field(default_factory=dict)
    """Methods that give it one more agent, or make one for it."""
    wraps: Mapping[str, str] = field(default_factory=dict)
    """Tool classes around an agent, and the argument that it is."""
    holders: Mapping[str, str] = field(default_factory=dict)
    """Classes that only hold tools, and the argument that these are."""
    hosted: Mapping[str, Hosted] = field(default_factory=dict)
    decorators: tuple[str, ...] = ()
    """Under these a method of an agent's own class is a tool of it."""
    returned: str = ""
    """Mechanism by which an agent that a tool returns takes over, if it does."""
    MARKS: tuple[bytes, ...] = ()
    """Patterns that tell its documents, where most that import its packages have nothing to do with agents."""

    def declare(self, program: Program) -> None:
        """Its agents and workflows."""
        for kind, calls in (("Agent", self.agents), ("Workflow", self.workflows)):
            for call, position in calls.items():
                for made in self.made(program, call):
                    name = self.title(made, position)
                    if name is None and made.symbol in self.adding:
                        continue  # it is given an agent, and makes none
                    program.declare(made, name=name, framework=self.NAME, kind=kind, detail=f"{self.NAME} {call}")

    def made(self, program: Program, call: str) -> Iterator[Made]:
        """What a call of that name makes."""
        for made in program.made(self.IMPORTS, call.rpartition(".")[2]):
            if "." not in call or f".{made.callee}".endswith(f".{call}"):
                yield made

    def title(self, made: Made, position: int | None) -> Value | str | None:
        """The name that its author gave it, before that of the variable it is kept in."""
        for name in self.names:
            found = self.given(made, name, position if name == self.names[0] else None)
            if found is not None:
                return found
        return None

    def given(self, made: Made, name: str, position: int | None = None) -> Value | None:
        """An argument, wherever it stands: by itself, in the options, or within another."""
        outer, _, inner = name.partition(".")
        found = made.arg(outer, position)
        for held in _held(made.arg(self.options, 0)) if found is None and self.options else ():
            found = held.arg(outer) if isinstance(held, Made) else held.get(outer)
            if found is not None:
                break
        if not inner:
            return found
        for held in _held(found):
            part = held.arg(inner) if isinstance(held, Made) else held.get(inner)
            if part is not None:
                return part
        return None

    def facts(self, program: Program) -> Iterator[Fact]:
        """What they use, and whom they delegate to."""
        for actor in program.actors(self.NAME):
            yield from self.uses(program, actor)

    def uses(self, program: Program, actor: Actor) -> Iterator[Fact]:
        """Everything that one of them is given."""
        made = actor.made
        for name in self.tools:
            for item in program.items(self.given(made, name)):
                yield from self.tool(program, actor, item, name.rpartition(".")[2])
        yield from self.methods(program, actor)
        for name, (mode, detail) in (self.parts if actor.kind == "Workflow" else self.members).items():
            value = self.given(made, name, 0 if name == self.first else None)
            yield from program.delegates(actor, value, mode, detail, what=name.rpartition(".")[2].replace("_", " "))
        for call in program.calls_on(made):
            if call.symbol in self.adding:
                yield from self._added(program, actor, call, *self.adding[call.symbol])
        for name in self.models:
            yield from program.uses_model(actor, self.given(made, name))
        for name in self.memories:
            for item in program.items(self.given(made, name)):
                yield from _memory(program, actor, item)
        client = made.receiver  # of ``client.agents.create(…)``
        while isinstance(client, (Bound, Made)) and client.receiver is not None:
            client = client.receiver
        if isinstance(client, Made) and client.within(*self.IMPORTS):
            yield from given_secrets(program, actor.key, client)
        for name in self.servers:
            yield from named_servers(program, actor, self.given(made, name), self.NAME)

    def tool(self, program: Program, actor: Actor, item: Value, what: str) -> Iterator[Fact]:
        """One of its tools: an agent in a tool's clothes, what holds several, or a tool."""
        if isinstance(item, Bound) and isinstance(item.receiver, Const):
            return  # ``None.definitions``, on a way that a condition excludes
        inner = _unwritten(item)
        if isinstance(inner, Made) and inner.symbol in self.wraps and inner.within(*self.IMPORTS):
            wrapped = inner.arg(self.wraps[inner.symbol], 0)
            if any(program.actor(one) is not None or isinstance(one, Unknown) for one in program.items(wrapped)):
                yield from program.delegates(actor, wrapped, "invoke", "agent_as_tool", what=what)
            else:
                yield from program.uses_tools(actor, wrapped, what=what)
            return
        several = isinstance(inner, Made) and inner.symbol in self.holders and inner.arg("name") is None  # what has a name is one tool
        if isinstance(inner, Made) and several and inner.within(*self.IMPORTS):
            yield from self._several(program, actor, inner, what)
            return
        kit = inner.root() if isinstance(inner, Made) else inner  # kit.get_tools()
        known = isinstance(kit, Made) and kit.symbol in self.hosted and kit.within(*self.IMPORTS)
        item = kit if known else inner if isinstance(item, Made) or getattr(item, "attr", "") == "definitions" else item
        if self.returned:
            targets = list(self._handed(program, actor, item))
            yield from targets
            if targets and isinstance(item, FunctionV):
                return  # it does nothing but hand over
        yield from program.uses_tools(actor, item, hosted=self.hosted, packages=self.IMPORTS if known else (), what=what)
        yield from runs_agents(program, actor, item)

    def _several(self, program: Program, actor: Actor, holder: Made, what: str) -> Iterator[Fact]:
        for item in program.items(holder.arg(self.holders[holder.symbol], 0)):
            yield from self.tool(program, actor, item, what)
        for call in program.calls_on(holder):
            for item in program.items(call.passed("tool", 0)) if call.symbol.startswith("add") else ():
                yield from self.tool(program, actor, item, what)

    def methods(self, program: Program, actor: Actor) -> Iterator[Fact]:
        """Methods of its own class that are tools."""
        cls = actor.made.cls
        for method in program.methods(cls) if cls is not None and self.decorators else ():
            if any(getattr(one, "symbol", "") in self.decorators for one in program.decorators(method)):
                yield from self.tool(program, actor, method, "tools")

    def _handed(self, program: Program, actor: Actor, item: Value) -> Iterator[Fact]:
        """Hand-overs to the agents that the functions of a tool return, alone or as ``agent`` of a result."""
        for function in functions(program, item):
            for value in program.items(program.call(function)):
                inside = value.arg("agent") if isinstance(value, Made) and program.actor(value) is None else value
                for one in program.items(inside):
                    target = program.actor(one)
                    if target is not None and target is not actor:
                        yield link(program, actor, target, function, "handoff", self.returned)

    def _added(self, program: Program, actor: Actor, call: Made, mode: str, detail: str) -> Iterator[Fact]:
        """The agent that a call gives it: made by the call itself, or among its arguments."""
        own = program.actor(call)
        if own is not None and own is not actor:
            yield link(program, actor, own, call, mode, detail)
            return
        arguments = [call.passed("", position) for position in range(3)]
        arguments += [call.passed(name) for name in ("agent", "worker", "agents", "node")]
        seen = {actor.key}
        for argument in arguments:
            for one in program.items(argument):
                target = None if isinstance(one, ClassV) else program.actor(one)
                if target is not None and target.key not in seen:
                    seen.add(target.key)
                    yield link(program, actor, target, call, mode, detail)


def named_servers(program: Program, actor: Actor, value: Value | None, client: str) -> Iterator[Fact]:
    """CONNECTS_TO for servers that ``client``'s configuration describes and the code names."""
    for one in program.items(value):
        text = one.text()
        if text is None:
            yield from program.problem(one, f"servers of {actor.name!r} are not all known: their names are bound at run time")
            continue
        name = redact(text)
        target = Ref("ToolServer", client, name, fallback=f"mcp:{program.root}#{name}")
        props = {"evidence": ["declared"], "sources": [program.cited(actor, one)]}
        yield EdgeFact("CONNECTS_TO", actor.key, target, props)


def _unwritten(item: Value) -> Value:
    """The tool object whose form for a provider is taken: ``tool.definitions``, ``tool.to_claude_format()``."""
    while isinstance(item, (Bound, Made)) and isinstance(item.receiver, Made):
        if isinstance(item, Made) and not item.symbol.startswith("to_"):
            break
        item = item.receiver
    return item


def _memory(program: Program, actor: Actor, item: Value) -> Iterator[Fact]:
    """A memory: an object, or one that a service keeps, by its id."""
    text = item.text()
    if text is not None:
        yield from program.own_memory(actor, item, redact(text))
    else:
        yield from program.memory(actor, item.receiver if isinstance(item, Bound) and item.attr == "id" else item)


def _held(value: Value | None) -> Iterator[Made | DictV]:
    """The objects and mappings that hold arguments."""
    for one in value.options() if value is not None else ():
        if isinstance(one, (Made, DictV)):
            yield one
