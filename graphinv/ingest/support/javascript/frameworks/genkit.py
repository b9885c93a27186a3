"""Genkit: prompts, agents, chats and calls of ``generate`` that are given tools. A call is named after the flow that it stands in; the
calls of one flow are one agent.

Drawn:
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)
    (:Agent)-[:DELEGATES_TO {mode: handoff, kind_detail: agent_as_tool}]->(:Agent), where a prompt is a tool: it takes the talk over
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.javascript.program import Actor, Program
from graphinv.ingest.support.javascript.shapes import uses_model
from graphinv.ingest.support.javascript.tools import uses_tools
from graphinv.ingest.support.javascript.values import Const, DictV, FunctionV, ListV, Made, Value
from graphinv.ingest.support.words import names
from graphinv.model.facts import EdgeFact, Fact

NAME = "genkit"
PACKAGES = ("genkit", "@genkit-ai/ai", "@genkit-ai/core", "@genkit-ai/flow")
_DEFINED = names("definePrompt defineAgent")
_CALLS = names("generate generateStream chat")
_TOOLS = names("defineTool dynamicTool defineInterrupt")


def declare(program: Program) -> None:
    """Its agents."""
    flows = _flows(program)
    known: dict[object, Made] = {}
    for made in list(program.made.values()):
        if not made.within(*PACKAGES) or program.is_pattern(made):
            continue
        if made.symbol in _DEFINED and (made.symbol == "defineAgent" or _given(made)):
            program.declare(made, program.option(made, "name"), NAME, detail=f"genkit {made.symbol}")
        elif made.symbol in _CALLS and _given(made):
            name, place = _flow(flows, made)
            if place is None or known.setdefault(place, made) is made:
                program.declare(made, name, NAME, detail=f"genkit {made.symbol} with tools")


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they hand over to."""
    flows = _flows(program)
    actors = {at: actor for actor in program.of_framework(NAME) if (at := _flow(flows, actor.made)[1]) is not None}
    made_here = [made for made in list(program.made.values()) if made.within(*PACKAGES)]
    defined = {name: made for made in made_here if made.symbol in _TOOLS and (name := _name(made)) is not None}
    for made in made_here:
        place = _flow(flows, made)[1]
        actor = program.actor(made) or (actors.get(place) if place is not None else None)
        if actor is None or made.symbol not in (_DEFINED | _CALLS):
            continue
        for one in _given(made):
            known = defined.get(one.text() or "") if isinstance(one, Const) else None  # a tool may be told by its name
            yield from _uses(program, actor, known or one)
        yield from uses_model(program, actor, program.option(made, "model"))


def _uses(program: Program, actor: Actor, tool: Value) -> Iterator[Fact]:
    for fact in uses_tools(program, actor, tool):
        if isinstance(fact, EdgeFact) and fact.kind == "DELEGATES_TO":
            yield EdgeFact(fact.kind, fact.source, fact.target, {**fact.props, "mode": "handoff"})
        else:
            yield fact


def _given(made: Made) -> list[Value]:
    """The tools among its options, wherever these stand among its arguments."""
    options = [option for one in made.args() for option in one.options() if isinstance(option, DictV)]
    lists = [one for option in options if (given := option.get("tools")) is not None for one in given.options()]
    return [each for one in lists for each in (one.items if isinstance(one, ListV) else (one,))]


def _name(made: Made) -> str | None:
    config = made.arg(0)
    name = config.get("name") if isinstance(config, DictV) else None
    return name.text() if name is not None else None


def _flows(program: Program) -> dict[tuple[str, int], Value | None]:
    """The names of flows by the function that each runs."""
    found: dict[tuple[str, int], Value | None] = {}
    for made in list(program.made.values()):
        if made.within(*PACKAGES) and made.symbol in ("defineFlow", "flow", "onFlow"):
            config = made.arg(0)
            name = config.get("name") if isinstance(config, DictV) else config
            for one in made.args():
                if isinstance(one, FunctionV):
                    found[one.path, one.index] = name
    return found


def _flow(flows: dict[tuple[str, int], Value | None], made: Made) -> tuple[Value | None, tuple[str, int] | None]:
    """Name and place of the flow that a call stands in."""
    module, index = made.frame.module, made.function
    while index > 0:
        if (module.path, index) in flows:
            return flows[module.path, index], (module.path, index)
        index = module.functions[index].parent
    return None, None
