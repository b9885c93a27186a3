"""fast-agent: agents, routers, orchestrators, chains … as decorators on one application, which name each other and their servers.

Drawn:
    (:Agent|Workflow)-[:DELEGATES_TO {mode: invoke, kind_detail: agents|fan_out|fan_in|chain|…}]->(:Agent|Workflow)
    (:Agent)-[:CONNECTS_TO]->(:ToolServer), by the name that the program's configuration gives it
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:USES_MODEL]->(:Model)
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.python.program import Actor, Program
from graphinv.ingest.support.python.shapes import EXECUTE, Names, builtin, hosted, is_true, limited, link, runs_agents
from graphinv.ingest.support.python.values import DictV, Made
from graphinv.ingest.support.python.vocabulary import named_servers
from graphinv.model.facts import Fact

NAME = "fast-agent"
IMPORTS = ("fast_agent", "mcp_agent.core.fastagent")
_AGENTS = ("agent", "custom", "smart", "router", "orchestrator", "iterative_planner")
_WORKFLOWS = ("chain", "parallel", "evaluator_optimizer", "maker")
_MEMBERS = {
    "agents": "agents",
    "sequence": "chain",
    "fan_out": "fan_out",
    "fan_in": "fan_in",
    "generator": "generator",
    "evaluator": "evaluator",
    "worker": "worker",
}
_HOSTED = hosted(NAME, {"shell": EXECUTE})


def declare(program: Program) -> None:
    """Whatever a decorator of the application makes."""
    for kind, methods in (("Agent", _AGENTS), ("Workflow", _WORKFLOWS)):
        for _, made in program.decorated(IMPORTS, *methods):
            if isinstance(made, Made):
                name = made.arg("name", 0) or "default"
                program.declare(made, name=name, framework=NAME, kind=kind, detail=f"{NAME} {made.symbol}")


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they delegate to."""
    names = Names(program, NAME)
    for actor in program.actors(NAME):
        yield from _members(program, names, actor)
        made = actor.made
        servers = named_servers(program, actor, made.arg("servers"), NAME)
        yield from _chosen(program, made, list(servers))
        for item in program.items(made.arg("function_tools")):
            yield from program.uses_tools(actor, item, what="function tools")
            yield from runs_agents(program, actor, item)
        if is_true(made.arg("shell")):
            yield from builtin(program, actor, _HOSTED["shell"], made)
        yield from program.uses_model(actor, made.arg("model"))


def _members(program: Program, names: Names, actor: Actor) -> Iterator[Fact]:
    for field, detail in _MEMBERS.items():
        for one in program.items(actor.made.arg(field)):
            target = names.find(one)
            if target is not None:
                yield link(program, actor, target, one, "invoke", detail)
            else:
                yield from program.problem(one, f"{field.replace('_', ' ')} of {actor.name!r} name an agent that no code declares here")


def _chosen(program: Program, made: Made, connections: list[Fact]) -> Iterator[Fact]:
    """Connections with the only tools that ``tools`` lets through: server → names."""
    tools = made.arg("tools")
    for fact in connections:
        name = getattr(getattr(fact, "target", None), "name", "")
        only = tools.get(name) if isinstance(tools, DictV) and name else None
        yield from limited([fact], program.items(only)) if only is not None else [fact]
