"""Bedrock agents as constructs of the AWS CDK in TypeScript: ``CfnAgent``, and ``Agent`` of the packages with higher constructs.

Drawn:
    (:Agent)-[:RUNS_AS]->(:Identity role), (:Agent)-[:USES_MODEL]->(:Model), (:Agent)-[:CONNECTS_TO]->(:ToolServer action group)
    (:ToolServer)-[:PROVIDES]->(:Tool), (:Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: collaborator}]->(:Agent)
"""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.javascript.program import Actor, Program
from graphinv.ingest.support.javascript.shapes import uses_model
from graphinv.ingest.support.javascript.values import Bound, DictV, ListV, Made, Value
from graphinv.ingest.support.parts import MAX_LABEL
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import Fact, NodeFact, NodeKey

NAME = "bedrock-agents"
PACKAGES = ("aws-cdk-lib/aws-bedrock", "@aws-cdk/aws-bedrock-alpha", "@cdklabs/generative-ai-cdk-constructs", "aws-cdk-lib")
_PROPERTIES = 2
"""Place of a construct's properties among its arguments, after its scope and its id."""


def declare(program: Program) -> None:
    """Its agents, by their names or else the ids of their constructs."""
    for made in program.objects(PACKAGES, "CfnAgent", "Agent"):
        if "bedrock" in f"{made.package} {made.callee}".lower() or "generative-ai" in made.package:
            name = _option(program, made, "agentName") or _option(program, made, "name") or made.arg(1)
            program.declare(made, name, NAME, detail="bedrock agent")


def facts(program: Program) -> Iterator[Fact]:
    """What they run as, what they are given, and whom they delegate to."""
    for actor in program.of_framework(NAME):
        made = actor.made
        role = _option(program, made, "agentResourceRoleArn") or _option(program, made, "existingRole")
        yield from _runs_as(program, actor, role)
        yield from uses_model(program, actor, _option(program, made, "foundationModel"))
        for group in _items(_option(program, made, "actionGroups")):
            yield from _group(program, actor, group)
        for call in program.calls_on(made):
            if call.name in ("addActionGroup", "addActionGroups"):
                for group in (item for argument in call.args for item in _items(argument)):
                    yield from _group(program, actor, group)
        for one in _items(_option(program, made, "agentCollaborators")):
            yield from _collaborator(program, actor, one)


def _option(program: Program, made: Made, name: str) -> Value | None:
    return program.option(made, name, _PROPERTIES)


def _items(value: Value | None) -> tuple[Value, ...]:
    return value.items if isinstance(value, ListV) else () if value is None else value.options()


def _field(program: Program, value: Value | None, name: str) -> Value | None:
    """A field of an object, or of the properties of the construct that it is made by."""
    if isinstance(value, DictV):
        return value.get(name)
    return program.option(value, name) if isinstance(value, Made) else None


def _behind(value: Value | None) -> Value | None:
    while isinstance(value, Bound):
        value = value.receiver
    return value


def _runs_as(program: Program, actor: Actor, value: Value | None) -> Iterator[Fact]:
    if value is None:
        return
    text = value.text() or ""
    made = _behind(value)
    if isinstance(made, Made) and made.symbol == "Role":
        named = program.option(made, "roleName", _PROPERTIES)
        text = f"arn:aws:iam:::role/{named.text()}" if named is not None and named.text() else ""
    arn = redact(arns.role_in_code(text, program.root) or "")
    if not arn:
        yield from program.problem(value, f"the role of {actor.name!r} is not known from this source")
        return
    source = [program.source(value.path, value.line)]
    yield NodeFact("Identity", arn, {"name": arn.rpartition("/")[2], "type": "iam_role", "provider": "aws", "sources": source})
    yield program.edge("RUNS_AS", actor.key, ("Identity", arn), value)


def _group(program: Program, actor: Actor, group: Value) -> Iterator[Fact]:
    named = _field(program, group, "actionGroupName") or _field(program, group, "name")
    called = redact((named.text() if named is not None else None) or "action group")[:MAX_LABEL]
    key: NodeKey = ("ToolServer", f"{actor.key[1]}/action-group/{called}")
    source = [program.source(group.path, group.line)]
    detail = "bedrock action group"
    yield NodeFact(*key, {"name": called, "kind_detail": detail, "protocol": "bedrock", "origin": "internal", "sources": source})
    yield program.edge("CONNECTS_TO", actor.key, key, group)
    function = _field(program, _field(program, group, "actionGroupExecutor"), "lambda")
    text = (function.text() if function is not None else None) or ""
    if text.startswith("arn:"):
        yield program.edge("RUNS_ON", key, ("Runtime", arns.canonical(redact(text))), group)
    listed = _items(_field(program, _field(program, group, "functionSchema"), "functions"))
    stated = [_field(program, one, "name") for one in listed]
    signature = _field(program, group, "parentActionGroupSignature")
    runs_code = signature is not None and (signature.text() or "").startswith("AMAZON.CodeInterpreter")
    for tool in [redact(said)[:MAX_LABEL] for one in stated if one is not None and (said := one.text())] or [called]:
        target: NodeKey = ("Tool", f"{key[1]}/{tool}")
        yield NodeFact(*target, {"name": tool, "kind_detail": detail, "effects": ["execute"] if runs_code else None, "sources": source})
        yield program.edge("PROVIDES", key, target, group)


def _collaborator(program: Program, actor: Actor, one: Value) -> Iterator[Fact]:
    """An agent by its alias: an object that is made for it in the same tree."""
    value = _behind(_field(program, _field(program, one, "agentDescriptor"), "aliasArn"))
    if isinstance(value, Made) and value.symbol == "CfnAgentAlias":
        value = _behind(program.option(value, "agentId", _PROPERTIES))
    other = program.actor(value)
    if other is not None:
        yield program.edge("DELEGATES_TO", actor.key, other.key, one, mode="invoke", kind_detail="collaborator")
    else:
        yield from program.problem(one, f"a collaborator of {actor.name!r} is an agent that this source does not create")
