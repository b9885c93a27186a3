"""Frameworks that are told by their words alone: which calls make an agent, and what each of their options means.

The counterpart of :mod:`graphinv.ingest.support.python.vocabulary`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from graphinv.ingest.support.javascript.program import Actor, Called, Program
from graphinv.ingest.support.javascript.servers import connects_to
from graphinv.ingest.support.javascript.shapes import returned, uses_memory, uses_model
from graphinv.ingest.support.javascript.tools import uses_tools
from graphinv.ingest.support.javascript.values import Const, DictV, FunctionV, ListV, Made, Value
from graphinv.model.facts import Fact

Delegation = tuple[str, str]
"""Mode and mechanism of a delegation."""


@dataclass(frozen=True)
class Vocabulary:
    """The words of one framework. Calls are named by their last part (``createAgent``) or, where that says too little, by more of it
    (``assistants.create``); an option of an option by both (``toolConfig.tool``).

    Drawn:
        (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)
        (:Agent)-[:READS|WRITES]->(:Memory)
        (:Agent|Workflow)-[:DELEGATES_TO]->(:Agent|Workflow), as each option and method says
    """

    NAME: str
    PACKAGES: tuple[str, ...]
    agents: Mapping[str, int]
    """Calls that make an agent, and at which position their options stand."""
    workflows: Mapping[str, int] = field(default_factory=dict)
    """Those that make what runs several."""
    names: tuple[str, ...] = ("name", "id")
    tools: tuple[str, ...] = ("tools",)
    models: tuple[str, ...] = ("model",)
    memories: tuple[str, ...] = ("memory",)
    servers: tuple[str, ...] = ()
    """Options that list MCP servers as objects with a name and a transport."""
    members: Mapping[str, Delegation] = field(default_factory=dict)
    """Options that are agents."""
    adding: Mapping[str, Delegation] = field(default_factory=dict)
    """Methods that give it one more agent, or are told how to make one."""
    wraps: Mapping[str, str] = field(default_factory=dict)
    """What is made around an agent, and the option that it is."""
    MARKS: tuple[bytes, ...] = ()
    """Patterns that tell its documents, where most that import its packages have nothing to do with agents."""

    def declare(self, program: Program) -> None:
        """Its agents and workflows."""
        for kind, calls in (("Agent", self.agents), ("Workflow", self.workflows)):
            for call, position in calls.items():
                for made in self._made(program, call):
                    name = self._title(program, made, position)
                    program.declare(made, name, self.NAME, kind=kind, detail=f"{self.NAME} {call}")
        for actor in program.of_framework(self.NAME):
            for method, told in self._told(program, actor):
                name = next((one for one in map(told.get, self.names) if one is not None), None)
                program.declare(told, name, self.NAME, detail=f"{self.NAME} {method.name}")

    def facts(self, program: Program) -> Iterator[Fact]:
        """What they use, and whom they delegate to."""
        for actor in program.of_framework(self.NAME):
            yield from self._uses(program, actor)

    def _made(self, program: Program, call: str) -> Iterator[Made]:
        if "." not in call:
            yield from program.objects(self.PACKAGES, call)
            return
        for made in list(program.made.values()):
            if made.within(*self.PACKAGES) and f".{made.callee}".endswith(f".{call}") and not program.is_pattern(made):
                yield made

    def _title(self, program: Program, made: Made, position: int) -> Value | None:
        given = made.arg(0)
        if isinstance(given, Const) and isinstance(given.value, str) and position == 0:
            return given
        return next((one for name in self.names if (one := _option(program, made, name, position)) is not None), None)

    def _told(self, program: Program, actor: Actor) -> Iterator[tuple[Called, DictV]]:
        """Agents that a method is told how to make."""
        for call in program.calls_on(actor.value) if isinstance(actor.value, Made) else ():
            for one in call.args if call.name in self.adding else ():
                if isinstance(one, DictV) and any(one.get(name) is not None for name in self.names):
                    yield call, one

    def _uses(self, program: Program, actor: Actor) -> Iterator[Fact]:
        value = actor.value
        calls = {call.rpartition(".")[2]: position for call, position in (*self.agents.items(), *self.workflows.items())}
        position = calls.get(value.symbol, 0) if isinstance(value, Made) else 0

        def given(name: str) -> Value | None:
            return _option(program, value, name, position)

        for name in self.tools:
            yield from self._tools(program, actor, given(name))
        for name, (mode, detail) in self.members.items():
            for one in returned(program, given(name)):
                yield from self._delegates(program, actor, one, mode, detail)
        for call in program.calls_on(value) if isinstance(value, Made) else ():
            for argument in call.args if call.name in self.adding else ():
                if program.actor(argument) is not None:
                    yield from self._delegates(program, actor, argument, *self.adding[call.name])
        for name in self.models:
            yield from uses_model(program, actor, given(name))
        for name in self.memories:
            yield from uses_memory(program, actor, given(name))
        for name in self.servers:
            for entry in _items(given(name)):
                label = entry.get("name") if isinstance(entry, DictV) else None
                transport = entry.get("transport") if isinstance(entry, DictV) else None
                yield from connects_to(program, actor, (label.text() if label is not None else None) or "mcp", transport or entry)

    def _tools(self, program: Program, actor: Actor, value: Value | None) -> Iterator[Fact]:
        """Tools; an agent in a tool's clothes is delegated to."""
        for one in _items(value):
            inner = self._inside(program, one)
            if inner is None:
                yield from uses_tools(program, actor, one)
            else:
                yield from self._delegates(program, actor, inner, "invoke", "agent_as_tool")

    def _inside(self, program: Program, value: Value) -> Value | None:
        if isinstance(value, Made) and value.within(*self.PACKAGES) and value.symbol in self.wraps:
            return program.option(value, self.wraps[value.symbol])
        return None

    def _delegates(self, program: Program, actor: Actor, value: Value, mode: str, detail: str) -> Iterator[Fact]:
        if isinstance(value, FunctionV):
            return
        inside = self._inside(program, value) or value
        target = program.actor(inside)
        if target is None:
            yield from program.delegates(actor.key, inside, mode, detail, who=repr(actor.name))
        elif target.key != actor.key:
            yield program.edge("DELEGATES_TO", actor.key, target.key, inside, mode=mode, kind_detail=detail)


def _option(program: Program, value: Value, name: str, position: int) -> Value | None:
    """An option, wherever it stands: by itself or within another."""
    outer, _, inner = name.partition(".")
    found = value.get(outer) if isinstance(value, DictV) else program.option(value, outer, position) if isinstance(value, Made) else None
    if not inner or found is None:
        return found
    for one in found.options():
        part = one.get(inner) if isinstance(one, DictV) else program.option(one, inner) if isinstance(one, Made) else None
        if part is not None:
            return part
    return None


def _items(value: Value | None) -> Iterator[Value]:
    """The items of a list, each as it is; of anything else, itself."""
    for one in value.options() if value is not None else ():
        if isinstance(one, ListV):
            for item in one.items:
                yield from _items(item) if isinstance(item, ListV) else item.options()
        elif not isinstance(one, Const) or one.value:
            yield one
