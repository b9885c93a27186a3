"""Vercel AI SDK: agents are objects made with ``Agent`` or ``ToolLoopAgent``, and calls of ``generateText`` and ``streamText`` that have
tools and go on by themselves (``stopWhen``, ``maxSteps``).

Drawn:
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)
    (:Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: agent_as_tool}]->(:Agent), where a tool runs another agent
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.javascript.frameworks.cloudflare import is_agent
from graphinv.ingest.support.javascript.program import Program
from graphinv.ingest.support.javascript.shapes import class_around, outside_base, uses_model
from graphinv.ingest.support.javascript.tools import uses_tools
from graphinv.ingest.support.javascript.values import Const, DictV, Made, Value
from graphinv.model.facts import Fact

NAME = "vercel-ai"
PACKAGES = ("ai",)
_CLASSES = ("Agent", "ToolLoopAgent", "Experimental_Agent", "Experimental_ToolLoopAgent", "BasicAgent")
_CALLS = ("generateText", "streamText")
_LOOPS = ("stopWhen", "maxSteps", "experimental_continueSteps", "maxToolRoundtrips")


def declare(program: Program) -> None:
    """Its agents."""
    for made in program.objects(PACKAGES, *_CLASSES):
        program.declare(made, program.option(made, "id") or program.option(made, "name"), NAME, detail=f"vercel-ai {made.symbol}")
    for made in program.objects(PACKAGES, *_CALLS):
        around = class_around(made)
        base = outside_base(program, around) if around is not None else None
        if base is not None and is_agent(base):
            continue  # the class is the agent
        if _loops(program, made):
            telemetry = program.option(made, "experimental_telemetry")
            name = telemetry.get("functionId") if isinstance(telemetry, DictV) else None
            program.declare(made, name, NAME, detail=f"vercel-ai {made.symbol} loop")


def _loops(program: Program, made: Made) -> bool:
    if not _says(program.option(made, "tools")):
        return False
    for name in _LOOPS:
        value = program.option(made, name)
        if _says(value) and not (isinstance(value, Const) and value.value == 1):
            return True
    return False


def _says(value: Value | None) -> bool:
    return value is not None and not (isinstance(value, Const) and not value.value)


def facts(program: Program) -> Iterator[Fact]:
    """What they use."""
    for actor in program.of_framework(NAME):
        yield from uses_tools(program, actor, program.option(actor.made, "tools"))
        yield from uses_model(program, actor, program.option(actor.made, "model"))
