"""Mastra: agents with sub-agents, workflows and tools; workflows whose steps run agents and tools; networks.

Drawn:
    (:Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: sub_agents|workflow|network}]->(:Agent|Workflow)
    (:Workflow)-[:DELEGATES_TO {kind_detail: workflow_step}]->(:Agent|Workflow), (:Workflow)-[:USES]->(:Tool)
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model), (:Agent)-[:READS|WRITES]->(:Memory)
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.javascript.program import Actor, Called, Program, why
from graphinv.ingest.support.javascript.shapes import returned, runs, uses_memory, uses_model
from graphinv.ingest.support.javascript.tools import Spec, spec_of, tool_facts, tool_key, uses_tools
from graphinv.ingest.support.javascript.values import Const, DictV, External, FunctionV, Made, Unknown, Value, entries, walk
from graphinv.ingest.support.words import names
from graphinv.model.facts import Fact

NAME = "mastra"
PACKAGES = ("@mastra/core", "@mastra/acp")
_STEPS = names("then branch parallel dountil dowhile doUntil doWhile foreach step after until while if else forEach stepAfter")


def declare(program: Program) -> None:
    """Its agents and workflows, and the names that the running program looks them up by."""
    for made in program.objects(PACKAGES, "Agent", "AgentNetwork"):
        name = program.option(made, "name") or program.option(made, "id")
        program.declare(made, name, NAME, detail="mastra network" if made.symbol == "AgentNetwork" else "mastra agent")
    for made in program.objects(PACKAGES, "A2AAgent", "AcpAgent", "ACPAgent"):
        name = program.option(made, "name") or program.option(made, "id")
        program.declare(made, name, NAME, detail=f"mastra {made.symbol}")
    for made in program.objects(PACKAGES, "createWorkflow", "Workflow", "LegacyWorkflow"):
        name = program.option(made, "id") or program.option(made, "name")
        program.declare(made, name, NAME, kind="Workflow", detail="mastra workflow")
    for made in program.objects(PACKAGES, "Mastra"):
        for kind, field in (("agent", "agents"), ("workflow", "workflows"), ("workflow", "legacy_workflows"), ("agent", "vnext_networks")):
            for key, value in entries(program.option(made, field)):
                if key and program.actor(value) is not None:
                    program.registries[kind][key].append(value)
    for actor in program.of_framework(NAME):
        identity = program.option(actor.made, "id")
        kind = "agent" if actor.key[0] == "Agent" else "workflow"
        for called in {actor.name, (identity.text() if identity is not None else None) or actor.name}:
            program.registries[kind][called].append(actor.made)


def facts(program: Program) -> Iterator[Fact]:
    """What they use, and whom they delegate to."""
    for actor in program.of_framework(NAME):
        if actor.key[0] == "Workflow":
            yield from _workflow(program, actor)
        else:
            yield from _agent(program, actor)


def _agent(program: Program, actor: Actor) -> Iterator[Fact]:
    made = actor.made
    yield from uses_tools(program, actor, program.option(made, "tools"))
    for toolset in ("toolsets", "clientTools"):
        yield from uses_tools(program, actor, program.option(made, toolset))
    detail = "network" if made.symbol == "AgentNetwork" else "sub_agents"
    for field, kind in (("agents", detail), ("workflows", "workflow"), ("routingAgent", "network")):
        for one in returned(program, program.option(made, field)):
            yield from program.delegates(actor.key, one, "invoke", kind, who=repr(actor.name), at=None)
    for one in returned(program, program.option(made, "model")):
        yield from uses_model(program, actor, one)
    yield from uses_memory(program, actor, program.option(made, "memory"))


def _workflow(program: Program, actor: Actor) -> Iterator[Fact]:
    for call in program.calls_on(actor.made):
        if call.name in _STEPS:
            for argument in call.args:
                for _, step in _steps(argument):
                    yield from _step(program, actor, step, call)
    for step in walk(program.option(actor.made, "steps")):
        if isinstance(step, Made) and step.symbol == "createStep":
            yield from _step(program, actor, step, None)


def _steps(value: Value | None) -> Iterator[tuple[str, Value]]:
    """Steps among a call's arguments; conditions and mappings are functions and no steps."""
    stack = [value] if value is not None else []
    while stack:
        one = stack.pop()
        if isinstance(one, DictV):
            if one.get("execute") is not None or one.get("agent") is not None:
                yield "", one
                continue
            stack.extend(item for _, item in reversed(one.items))
        elif hasattr(one, "items"):
            stack.extend(reversed(one.items))
        elif len(one.options()) > 1:
            stack.extend(one.options())
        elif not isinstance(one, (FunctionV, Const, External)):
            yield "", one


def _step(program: Program, actor: Actor, step: Value, call: Called | None) -> Iterator[Fact]:
    at: Value | Called = call or step
    inner = step.arg(0) if isinstance(step, Made) and step.symbol == "createStep" else step
    for one in inner.options() if inner is not None else ():
        target = program.actor(one)
        if target is not None:
            if target.key != actor.key:
                yield program.edge("DELEGATES_TO", actor.key, target.key, at, mode="invoke", kind_detail="workflow_step")
            continue
        spec = spec_of(program, one) if isinstance(one, Made) else None
        if spec is not None:
            tool = tool_key(program, spec)
            yield from tool_facts(program, spec, tool, actor.key)
            yield program.edge("USES", actor.key, tool, at)
        elif isinstance(one, DictV):
            yield from _written(program, actor, one, at)
        elif isinstance(one, Made) and one.cls is not None:  # a processor that is written in the tree
            for name in one.cls.cls.methods:
                yield from runs(program, actor, program.member(one.cls, name, one), "workflow_step")
        elif isinstance(one, Unknown):
            yield from program.problem(one, f"a step of workflow {actor.name!r} could not be followed: {why(one)}")


def _written(program: Program, actor: Actor, options: DictV, at: Value | Called) -> Iterator[Fact]:
    """A step that is written in place: what its function does is a tool of the workflow, whom it runs a delegate."""
    execute = options.get("execute")
    yield from runs(program, actor, execute, "workflow_step")
    name = options.get("id")
    text = name.text() if name is not None else None
    handlers = [one for one in walk(execute) if isinstance(one, FunctionV)]
    if text and handlers:
        spec = Spec(text, options.path, options.line, "mastra step", handlers=handlers)
        tool = tool_key(program, spec)
        stated = list(tool_facts(program, spec, tool))
        if any(getattr(fact, "props", {}).get("effects") for fact in stated):
            yield from stated
            yield program.edge("USES", actor.key, tool, at)
