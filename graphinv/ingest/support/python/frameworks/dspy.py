"""DSPy: modules that choose among tools or write code and run it, called as the class they are part of.

A module that only asks a model (``Predict``, ``ChainOfThought``) is no agent.

Drawn:
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)
    (:Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: agent_as_tool}]->(:Agent), where a tool runs another agent
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.program import Program
from graphinv.ingest.support.python.shapes import EXECUTE, hosted, runs_agents
from graphinv.ingest.support.python.values import Made
from graphinv.model.facts import Fact

NAME = "dspy"
IMPORTS = ("dspy",)
_CHOOSE = ("ReAct", "CodeAct")
_CODE = ("CodeAct", "ProgramOfThought")
_INTERPRETER = hosted(NAME, {"python_interpreter": EXECUTE})["python_interpreter"]


def declare(program: Program) -> None:
    """Its agents."""
    for made in program.made(IMPORTS, *dict.fromkeys((*_CHOOSE, *_CODE))):
        program.declare(made, name=_around(made), framework=NAME, detail=f"{NAME} {made.symbol}")


def facts(program: Program) -> Iterator[Fact]:
    """What they use; the model is their own, else that of their document."""
    settings = list(program.made(IMPORTS, "configure"))
    for actor in program.actors(NAME):
        made = actor.made
        tools = made.arg("tools", 1)
        yield from program.uses_tools(actor, tools)
        yield from runs_agents(program, actor, tools)
        if made.symbol in _CODE:
            yield from program.hosted(actor, made, _INTERPRETER)
        own = [call for call in program.calls_on(made) if call.symbol == "set_lm"]
        for call in own or [one for one in settings if one.module is made.module] or (settings if len(settings) == 1 else []):
            yield from program.uses_model(actor, call.arg("lm", 0 if call in own else None))


def _around(made: Made) -> str | None:
    """The class that it is made in, as ``self.react`` of a module of one's own."""
    scope = made.scope.parent
    return scope.owner.name if scope is not None and isinstance(scope.owner, ir.Class) else None
