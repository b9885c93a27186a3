"""Servers of agents (ACP, Agent Stack): each function under ``@server.agent(…)`` is an agent, whatever it runs inside.

Drawn:
    (:Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: served}]->(:Agent), for each agent that the function makes or runs
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.python.program import Program
from graphinv.ingest.support.python.shapes import runs_agents
from graphinv.ingest.support.python.values import Made
from graphinv.model.facts import Fact

NAME = "agent-server"
IMPORTS = ("acp_sdk", "agentstack_sdk", "beeai_sdk")


def declare(program: Program) -> None:
    """Every function that a server offers."""
    for function, decorator in program.decorated(IMPORTS, "agent"):
        name = decorator.arg("name") if isinstance(decorator, Made) else None
        program.declare(function, name=name or function.name, framework=NAME, detail=f"{NAME} function")


def facts(program: Program) -> Iterator[Fact]:
    """Whom they run."""
    for actor in program.actors(NAME):
        yield from runs_agents(program, actor, actor.value, "served")
