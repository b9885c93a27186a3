"""browser-use: agents that drive a browser, with actions of their own.

Drawn:
    (:Agent)-[:USES]->(:Tool), the browser included, (:Agent)-[:USES_MODEL]->(:Model)
    (:Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: agent_as_tool}]->(:Agent), where an action runs another agent
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.python.program import Program
from graphinv.ingest.support.python.shapes import EXECUTE, Effects, builtin, hosted, runs_agents
from graphinv.model.facts import Fact

NAME = "browser-use"
IMPORTS = ("browser_use",)
_AGENTS = ("Agent", "CodeAgent")
_TOOLS: dict[str, Effects] = {"browser": (("read", "write", "egress"), True), "python": EXECUTE}
HOSTED = hosted(NAME, _TOOLS)


def declare(program: Program) -> None:
    """Its agents."""
    for one in _AGENTS:
        for made in program.made(IMPORTS, one):
            program.declare(made, name=None, framework=NAME, detail=f"{NAME} {one}")


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they delegate to."""
    for actor in program.actors(NAME):
        made = actor.made
        yield from builtin(program, actor, HOSTED["browser"], made)
        if made.symbol == "CodeAgent":
            yield from builtin(program, actor, HOSTED["python"], made)
        for name in ("controller", "tools"):
            for registry in program.items(made.arg(name)):
                for function, _ in program.decorated_by(registry):
                    yield from program.uses_tools(actor, function)
                    yield from runs_agents(program, actor, function)
        yield from program.uses_model(actor, made.arg("llm", 1))
