"""Google ADK: ``Agent`` (``LlmAgent``), the agents that only run others, own subclasses of ``BaseAgent``, and remote A2A agents.

Drawn:
    (:Agent)-[:DELEGATES_TO {mode: handoff, kind_detail: sub_agents}]->(:Agent), where a model decides to transfer
    (:Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: sub_agents | agent_as_tool | graph_edge}]->(:Agent)
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath

from graphinv.ingest.support import adk
from graphinv.ingest.support.cards import agent_address
from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.program import Actor, Program
from graphinv.ingest.support.python.shapes import hosted, limited, link, remote, runs_agents
from graphinv.ingest.support.python.values import Bound, Const, ListV, Made, Value
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import Binding, Fact, NodeFact

NAME = adk.NAME
IMPORTS = ("google.adk",)

HOSTED = hosted(NAME, {**adk.BUILTINS, "examples": ((), False)}, {**adk.CLASSES, "ExampleTool": "examples"})
WORKFLOWS = (*adk.WORKFLOW_CLASSES, "Workflow")
_AGENTS = ("Agent", "LlmAgent", *WORKFLOWS, "LoopAgent", "RemoteA2aAgent", "LangGraphAgent", "BaseAgent")
_SERVICES = ("OpenAPIToolset", "ApplicationIntegrationToolset", "APIHubToolset", "ToolboxToolset", "ApplicationIntegrationConnectorTool")
_WRAPPERS = ("LangchainTool", "CrewaiTool")
MAX_DEPTH = 8
_TOOLSETS = ("get_tools", "from_server", "load_tools", "get_tool", "get_toolset")


def declare(program: Program) -> None:
    """Its agents and workflows."""
    for one in dict.fromkeys(_AGENTS):
        for made in program.made(IMPORTS, one):
            program.declare(made, name=made.arg("name"), framework=NAME, detail=f"{NAME} {one}")


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they delegate to."""
    for actor in program.actors(NAME):
        made = actor.made
        runs = made.symbol in WORKFLOWS
        yield from program.delegates(actor, made.arg("sub_agents"), "invoke" if runs else "handoff", "sub_agents", what="sub-agents")
        yield from program.uses_model(actor, made.arg("model"))
        for item in program.items(made.arg("tools")):
            yield from _tool(program, actor, item)
        yield from runs_agents(program, actor, made.arg("tools"))
        yield from program.uses_tools(actor, made.arg("code_executor"), hosted=HOSTED, packages=IMPORTS, what="code executor")
        yield from _own_agents(program, actor)
        if made.symbol == "RemoteA2aAgent":
            yield from remote(program, actor, _card(made.arg("agent_card")), made, actor.name)
        if made.symbol == "Workflow":
            yield from _edges(program, actor)
        yield from _bindings(actor)


def _tool(program: Program, actor: Actor, item: Value) -> Iterator[Fact]:
    if isinstance(item, Bound) and item.attr.startswith("["):  # a server's tools and what closes it come as a pair
        item = item.receiver
    start = item.root() if isinstance(item, Made) and item.symbol in _TOOLSETS else item
    if isinstance(start, Made) and start.within(*IMPORTS):
        if start.symbol == "AgentTool":
            yield from program.delegates(actor, start.arg("agent", 0), "invoke", "agent_as_tool", what="agent tools")
            return
        if start.symbol in _SERVICES:
            yield from _service(program, actor, start)
            return
        if start.symbol in _WRAPPERS:
            yield from program.uses_tools(actor, start.arg("tool", 0))
            return
    only = start.arg("tool_filter") if isinstance(start, Made) else None
    yield from limited(program.uses_tools(actor, start, hosted=HOSTED, packages=IMPORTS), program.items(only))


def _service(program: Program, actor: Actor, made: Made) -> Iterator[Fact]:
    """A toolset that is made of some service's description: a server of tools that the tree does not show."""
    address = made.arg("server_url", 0) if made.symbol == "ToolboxToolset" else None
    url = agent_address(address.text()) if address is not None else None
    place = PurePosixPath(made.module.path).with_suffix("")
    named = next((text for name in ("name", "connection", "integration", "apihub_resource_name") if (text := _text(made.arg(name)))), "")
    label = redact((named or made.symbol)[:200])
    key = ("ToolServer", url or f"openapi:{made.module.root}/{place}#{label}")
    protocol = "toolbox" if made.symbol == "ToolboxToolset" else "openapi"
    props: dict[str, object] = {"name": label, "protocol": protocol, "kind_detail": f"{NAME} {made.symbol}", "origin": "unknown"}
    yield NodeFact(*key, {**props, "sources": [f"{made.module.root}/{made.module.path}#L{made.line}"], **({"url": url} if url else {})})
    yield program.edge("CONNECTS_TO", actor.key, key, made)


def _text(value: Value | None) -> str:
    return (value.text() or "") if value is not None else ""


def _own_agents(program: Program, actor: Actor) -> Iterator[Fact]:
    """A subclass of ``BaseAgent`` runs the agents that its fields hold."""
    made = actor.made
    if made.cls is None:
        return
    for name, _ in made.call.kwargs:
        if name not in ("sub_agents", "tools", "parent_agent", None):
            for item in program.items(made.arg(str(name))):
                target = program.actor(item)
                if target is not None and target.key != actor.key:
                    yield link(program, actor, target, made, "invoke", "sub_agents")


def _card(value: Value | None) -> str:
    """The address of a card; what ADK's own constant would add to it is left out."""
    text = value.value if isinstance(value, Const) and isinstance(value.value, str) else _text(value)
    return re.sub(r"/?\{(?:\w*(?:WELL_KNOWN|CARD)\w*)\}$", "", text)


def _edges(program: Program, actor: Actor) -> Iterator[Fact]:
    """``Workflow(edges=[(START, a, b), …])``: each step hands on to the next."""
    edges = actor.made.arg("edges")
    for chain in edges.items if isinstance(edges, ListV) else ():
        before: list[Actor] = []
        for step in chain.items if isinstance(chain, ListV) else ():
            here = [found for item in program.items(step) if (found := program.actor(item)) is not None]
            for one in here:
                yield link(program, actor, one, chain, "invoke", "graph_edge")
                for other in before:
                    yield link(program, other, one, chain, "invoke", "graph_edge")
            before = here or before


def _bindings(actor: Actor) -> Iterator[Fact]:
    """Names by which YAML files refer to an agent in code: the dotted path of its variable from each folder above it."""
    module, call = actor.value.module, actor.made.call
    for statement in module.body:
        if isinstance(statement, ir.Assign) and statement.value == call and isinstance(statement.target, ir.Name):
            parts = PurePosixPath(module.path).with_suffix("").parts
            parts = parts[:-1] if parts[-1] == "__init__" else parts
            for index in range(max(0, len(parts) - MAX_DEPTH), len(parts)):
                dotted = ".".join((*parts[index:], statement.target.id))
                yield Binding(NAME, dotted, actor.key, "/".join(parts[:index]), module.path)
