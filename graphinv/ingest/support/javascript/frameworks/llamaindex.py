"""LlamaIndex.TS: agents, the teams they work in, and whom they may hand over to.

Drawn:
    (:Workflow team)-[:DELEGATES_TO {kind_detail: root_agent|team}]->(:Agent)
    (:Agent)-[:DELEGATES_TO {mode: handoff, kind_detail: handoff}]->(:Agent)
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.javascript.program import Actor, Program, why
from graphinv.ingest.support.javascript.shapes import uses_model
from graphinv.ingest.support.javascript.tools import LLAMAINDEX, uses_tools
from graphinv.ingest.support.javascript.values import Value, walk
from graphinv.model.facts import Fact

NAME = "llamaindex"
PACKAGES = (*LLAMAINDEX, "@llamaindex/openai", "@llamaindex/anthropic")
_AGENTS = ("agent", "FunctionAgent", "OpenAIAgent", "ReActAgent", "LLMAgent", "AnthropicAgent", "ReACTAgent")
_TEAMS = ("multiAgent", "AgentWorkflow")


def declare(program: Program) -> None:
    """Its agents and teams."""
    for made in program.objects(PACKAGES, *_AGENTS):
        program.declare(made, program.option(made, "name"), NAME, detail=f"{NAME} {made.symbol}")
    for made in program.objects(PACKAGES, *_TEAMS):
        program.declare(made, program.option(made, "name"), NAME, kind="Workflow", detail=f"{NAME} {made.symbol}", type_="team")


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they delegate to."""
    actors = program.of_framework(NAME)
    for actor in actors:
        made = actor.made
        if made.symbol in _TEAMS:
            yield from _members(program, actor, program.option(made, "rootAgent"), "root_agent")
            yield from _members(program, actor, program.option(made, "agents"), "team")
            continue
        yield from uses_tools(program, actor, program.option(made, "tools"))
        yield from uses_model(program, actor, program.option(made, "llm"))
        near = {other.name: other for other in actors if other.made.symbol not in _TEAMS and other.made.path == made.path}
        for one in walk(program.option(made, "canHandoffTo")):
            found = program.actor(one) or near.get(one.text() or "")
            if found is not None and found.key != actor.key:
                yield program.edge("DELEGATES_TO", actor.key, found.key, one, mode="handoff", kind_detail="handoff")
            elif found is None:
                yield from program.problem(one, f"one of the hand-offs of {actor.name!r} could not be followed: {why(one)}")


def _members(program: Program, team: Actor, value: Value | None, detail: str) -> Iterator[Fact]:
    for one in walk(value):
        found = program.actor(one)
        if found is not None:
            yield program.edge("DELEGATES_TO", team.key, found.key, one, mode="invoke", kind_detail=detail)
        else:
            yield from program.problem(one, f"one of the agents of {team.name!r} could not be followed: {why(one)}")
