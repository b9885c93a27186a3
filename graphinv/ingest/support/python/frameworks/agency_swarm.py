"""Agency Swarm: agents, and agencies that say who may talk to whom.

Drawn:
    (:Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: send_message|handoff}]->(:Agent), as the agency's flows or chart say
    (:Workflow)-[:DELEGATES_TO {mode: invoke, kind_detail: entry_point}]->(:Agent)
    what a vocabulary draws of its agents
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from graphinv.ingest.support.python.frameworks.openai_agents import HOSTED
from graphinv.ingest.support.python.program import Actor, Program
from graphinv.ingest.support.python.shapes import link
from graphinv.ingest.support.python.values import Const, ListV, Unknown, Value
from graphinv.ingest.support.python.vocabulary import Vocabulary
from graphinv.model.facts import Fact

NAME = "agency-swarm"
IMPORTS = ("agency_swarm",)
_AGENTS = Vocabulary(
    NAME=NAME,
    IMPORTS=IMPORTS,
    agents={"Agent": 0, "Genesis": None, "BrowsingAgent": None, "Devid": None},
    workflows={"Agency": None},
    tools=("tools", "mcp_servers"),
    members={"handoffs": ("handoff", "handoff")},
    hosted={**HOSTED},
)
_FOLDERS = ("tools_folder", "schemas_folder")
MAX_FLOWS = 1000


def declare(program: Program) -> None:
    """Its agents and agencies."""
    _AGENTS.declare(program)


def facts(program: Program) -> Iterator[Fact]:
    """What its agents use, and whom they may talk to."""
    for actor in program.actors(NAME):
        if actor.kind == "Workflow":
            yield from _agency(program, actor)
            continue
        yield from _AGENTS.uses(program, actor)
        for name in _FOLDERS:
            folder = actor.made.arg(name)
            if folder is not None and not (isinstance(folder, Const) and not folder.value):
                yield from program.problem(folder, f"tools of {actor.name!r} are not all known: all of a folder are loaded when it runs")


def _agency(program: Program, agency: Actor) -> Iterator[Fact]:
    made = agency.made
    chart = made.arg("agency_chart")
    entries = [made.passed("", position) for position in range(20)]
    if chart is None and isinstance(entries[0], ListV):
        chart, entries = entries[0], []
    for entry in entries:
        for one in program.items(entry):
            yield from program.delegates(agency, one, "invoke", "entry_point", what="entry points")
    flows = _lists(made.arg("communication_flows"))
    for item in _items(chart):
        if isinstance(item, ListV):
            flows.append(item)
        else:
            yield from program.delegates(agency, item, "invoke", "entry_point", what="entry points")
    for flow in flows[:MAX_FLOWS]:
        yield from _flow(program, agency, flow)


def _flow(program: Program, agency: Actor, flow: ListV, handoff: bool = False) -> Iterator[Fact]:
    """``a > b``, ``(a, b)``, ``(a > b, Handoff)``: each may talk to the next."""
    members: list[Actor] = []
    handoff = handoff or any(getattr(item, "symbol", "").endswith("Handoff") for item in flow.items)
    for item in flow.items:
        if isinstance(item, ListV):
            yield from _flow(program, agency, item, handoff)
            continue
        actor = program.actor(item)
        if actor is not None:
            members.append(actor)
        elif isinstance(item, Unknown):
            yield from program.problem(item, f"a flow of {agency.name!r} is between agents that are not known here: {item.reason}")
    mode, detail = ("handoff", "handoff") if handoff else ("invoke", "send_message")
    for one, other in pairwise(members):
        if one is not other:
            yield link(program, one, other, flow, mode, detail)


def _items(value: Value | None) -> list[Value]:
    """The items of a list, those that are lists themselves as they are."""
    return [item for one in (value.options() if value is not None else ()) if isinstance(one, ListV) for item in one.items]


def _lists(value: Value | None) -> list[ListV]:
    return [item for item in _items(value) if isinstance(item, ListV)]
