"""AutoGen's core: agents that send each other messages, by name or by the topics that they subscribe to.

The agents themselves are :mod:`.autogen`'s.

Drawn:
    (:Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: message}]->(:Agent): it sends to that agent, publishes to a topic that reaches it,
    or is given a list of topics to choose from
    (:Agent)-[:DELEGATES_TO {mode: handoff, kind_detail: handoff}]->(:Agent), where a tool returns the topic to go on with
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePosixPath

from graphinv.ingest.support.python.classes import ancestry
from graphinv.ingest.support.python.objects import class_attribute
from graphinv.ingest.support.python.program import Actor, Program
from graphinv.ingest.support.python.shapes import functions, link
from graphinv.ingest.support.python.values import Bound, External, FunctionV, ListV, Made, Value
from graphinv.model.facts import Fact

NAME = "autogen-core"
IMPORTS = ("autogen_core",)
_DEFAULT = "default"


class _Reached:
    """Which agents a topic or the type of an agent reaches: those of the same document, else of the same folder, as they run together;
    a notebook runs alone."""

    def __init__(self) -> None:
        self._found: dict[str, list[Actor]] = {}

    def add(self, name: Value | str | None, actor: Actor) -> None:
        self._found.setdefault(_text(name), []).append(actor)

    def of(self, name: Value | str | None, by: Actor) -> list[Actor]:
        """Those that ``by`` reaches under a name."""
        found = self._found.get(_text(name), []) if _text(name) else []
        here = [one for one in found if one.path == by.path]
        if here or by.path.endswith(".ipynb"):
            return here
        folder = PurePosixPath(by.path).parent
        return [one for one in found if PurePosixPath(one.path).parent == folder and not one.path.endswith(".ipynb")]


def declare(_: Program) -> None:
    """None of its own."""


def facts(program: Program) -> Iterator[Fact]:
    """Who sends to whom."""
    agents = [actor for actor in program.actors("autogen") if actor.made.symbol == "RoutedAgent"]
    types = _Reached()
    for agent in agents:
        types.add(agent.name, agent)
    topics = _topics(program, agents, types)
    for agent in agents:
        told = {agent.key}
        for at, target, mode in _targets(program, agent, topics, types):
            if target.key not in told:
                told.add(target.key)
                yield link(program, agent, target, at, mode, "handoff" if mode == "handoff" else "message")


def _topics(program: Program, agents: list[Actor], types: _Reached) -> _Reached:
    """Who subscribes to what: by a decorator of the class, or by a subscription that is added."""
    found = _Reached()
    for agent in agents:
        cls = agent.made.cls
        for how in (
            (one for expr in cls.cls.decorators for one in program.ev.evaluate(expr, cls.scope).options()) if cls is not None else ()
        ):
            if isinstance(how, (Made, External)) and how.symbol == "default_subscription":
                found.add(_DEFAULT, agent)
            elif isinstance(how, Made) and how.symbol == "type_subscription":
                found.add(how.passed("topic_type", 0), agent)
    by_place = {agent.path: agent for agent in agents}
    for made in program.made(IMPORTS, "TypeSubscription"):
        subscriber = made.passed("agent_type", 1)
        if isinstance(subscriber, Bound) and subscriber.attr == "type" and isinstance(subscriber.receiver, Made):
            subscriber = subscriber.receiver.passed("type", 1)  # what an agent was registered as
        if made.module.path in by_place:
            for actor in types.of(subscriber, by_place[made.module.path]):
                found.add(made.passed("topic_type", 0), actor)
    return found


def _text(value: Value | str | None) -> str:
    return value if isinstance(value, str) else (value.text() if value is not None else None) or ""


def _targets(program: Program, agent: Actor, topics: _Reached, types: _Reached) -> Iterator[tuple[Value, Actor, str]]:
    made = agent.made
    for key, expr in made.call.kwargs:
        given = program.ev.evaluate(expr, made.scope) if key is not None else None
        for function in functions(program, given):
            yield from ((function, target, "handoff") for target in topics.of(program.call(function), agent))
        for item in given.items if isinstance(given, ListV) else ():
            yield from ((item, target, "invoke") for target in topics.of(item, agent))
    for cls in ancestry(program.ev, made.cls) if made.cls is not None else ():
        for method in program.methods(cls):
            handler = class_attribute(program.ev, cls, method.name, made)
            for call in program.calls_in(handler) if isinstance(handler, FunctionV) else ():
                if isinstance(call, Made) and call.symbol in ("publish_message", "send_message"):
                    yield from ((call, target, "invoke") for target in _receivers(program, agent, call, topics, types))


def _receivers(program: Program, agent: Actor, call: Made, topics: _Reached, types: _Reached) -> list[Actor]:
    """Who gets a message that is sent to an agent's id or published to a topic's."""
    found: list[Actor] = []
    published = call.symbol == "publish_message"
    for where in program.items(call.passed("topic_id" if published else "recipient", 1)):
        if isinstance(where, Made):
            name = _text(where.passed("type", 0)) or (_DEFAULT if where.symbol == "DefaultTopicId" else "")
            found.extend((topics if published else types).of(name, agent))
    return found
