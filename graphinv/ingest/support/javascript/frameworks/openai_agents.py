"""OpenAI Agents SDK for JavaScript: agents, hand-offs in all forms, agents as tools, hosted tools, MCP servers.

Drawn:
    (:Agent)-[:DELEGATES_TO {mode: handoff, kind_detail: handoff}]->(:Agent)
    (:Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: agent_as_tool}]->(:Agent)
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.javascript.program import Actor, Program, why
from graphinv.ingest.support.javascript.servers import connects
from graphinv.ingest.support.javascript.shapes import uses_model
from graphinv.ingest.support.javascript.tools import OPENAI, uses_tools
from graphinv.ingest.support.javascript.values import Made, Value, walk
from graphinv.model.facts import Fact

NAME = "openai-agents"
PACKAGES = OPENAI
_FIELDS = ("handoffs", "tools", "mcpServers", "model")


def declare(program: Program) -> None:
    """Its agents."""
    for made in program.objects(PACKAGES, "Agent", "RealtimeAgent", "SandboxAgent"):
        program.declare(made, program.option(made, "name"), NAME, detail="openai-agents agent")
    for made in program.objects(PACKAGES, "create"):
        if made.callee.endswith("Agent.create"):
            program.declare(made, program.option(made, "name"), NAME, detail="openai-agents agent")
    for made in list(program.made.values()):
        if made.symbol == "clone" and made.within(*PACKAGES) and isinstance(made.receiver, Made):
            name = program.option(made, "name")
            if name is not None and program.actor(made.receiver) is not None:
                program.declare(made, name, NAME, detail="openai-agents agent")


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they delegate to. A clone without a name of its own is the agent that it is a clone of."""
    clones = [one for one in program.made.values() if one.symbol == "clone" and one.within(*PACKAGES) and one.key not in program.actors]
    named = [(actor, actor.made) for actor in program.of_framework(NAME)]
    unnamed = [(actor, one) for one in clones if (actor := program.actor(one)) is not None and actor.framework == NAME]
    for actor, made in [*named, *unnamed]:
        handoffs = _field(program, made, "handoffs")
        for one in walk(handoffs):
            yield from _handoff(program, actor, one, handoffs or one)
        yield from uses_tools(program, actor, _field(program, made, "tools"))
        for one in walk(_field(program, made, "mcpServers")):
            yield from connects(program, actor, one)
        yield from uses_model(program, actor, _field(program, made, "model"))


def _field(program: Program, made: Made, name: str) -> Value | None:
    """An option; of a clone that of the original where the clone says nothing."""
    found = program.option(made, name)
    while found is None and isinstance(made.receiver, Made):
        made = made.receiver
        found = program.option(made, name)
    return found


def _handoff(program: Program, actor: Actor, value: Value, at: Value) -> Iterator[Fact]:
    target = value.arg(0) if isinstance(value, Made) and value.symbol == "handoff" and value.within(*PACKAGES) else value
    for one in walk(target):
        found = program.actor(one)
        if found is not None:
            if found.key != actor.key:
                yield program.edge("DELEGATES_TO", actor.key, found.key, at, mode="handoff", kind_detail="handoff")
        else:
            yield from program.problem(value, f"one of the hand-offs of {actor.name!r} could not be followed: {why(one)}")
