"""Bedrock agents that code creates: by calls of the AWS API (boto3), and as constructs of the AWS CDK.

Drawn:
    (:Agent)-[:RUNS_AS]->(:Identity role), (:Agent)-[:USES_MODEL]->(:Model), (:Agent)-[:INGESTS]->(:ContentSource knowledge base)
    (:Agent)-[:CONNECTS_TO]->(:ToolServer action group)-[:PROVIDES]->(:Tool), (:ToolServer)-[:RUNS_ON]->(:Runtime function)
    (:Agent)-[:DELEGATES_TO {mode: invoke, kind_detail: collaborator}]->(:Agent)
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.parts import MAX_LABEL
from graphinv.ingest.support.python.program import Actor, Program
from graphinv.ingest.support.python.values import Bound, Const, DictV, ListV, Made, Value
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import Fact, NodeFact, NodeKey

NAME = "bedrock-agents"
IMPORTS: tuple[str, ...] = ()
MARKS = (rb"\b(?:agentResourceRoleArn|create_agent_action_group|CfnAgent|aws_bedrock_alpha|generative_ai_cdk_constructs)\b",)
"""What stands in documents that concern it: most that import boto3 or the CDK do not."""

CLIENTS = ("boto3", "botocore", "aioboto3", "aiobotocore")
CONSTRUCTS = ("aws_cdk", "cdklabs")
_GROUPS = ("create_agent_action_group", "update_agent_action_group")
_ID = re.compile(r"[0-9A-Z]{10}")
MAX_STEPS = 20


def declare(program: Program) -> None:
    """Agents that are created."""
    known: dict[tuple[str, str], Actor] = {}
    for made in program.made(CLIENTS, "create_agent"):
        if not _is_client(made):
            continue
        name = made.arg("agentName")
        same = (made.module.path, (name.text() if name is not None else None) or "")
        if same[1] and same in known:
            program.alias(made, known[same])  # the call again with other settings, in another branch
        else:
            known[same] = program.declare(made, name=name, framework=NAME, detail="bedrock agent")
    for one in ("CfnAgent", "Agent"):
        for made in program.made(CONSTRUCTS, one):
            if "bedrock" in made.callee:
                name = made.arg("agent_name") or made.arg("name") or made.passed("id", 1)
                program.declare(made, name=name, framework=NAME, detail="bedrock agent")


def _is_client(made: Made) -> bool:
    """Whether it is a call of the client for Bedrock's agents, or of one whose service is not told."""
    client = made.root()
    while isinstance(client, Made) and client.symbol not in ("client", "create_client"):
        client = client.receiver or client
        if client is made.root():
            break
    stated = client.passed("service_name", 0) if isinstance(client, Made) else None
    service = stated.text() if stated is not None else None
    return service in (None, "bedrock-agent")


def facts(program: Program) -> Iterator[Fact]:
    """What they run as, what they are given, and whom they delegate to."""
    for actor in program.actors(NAME):
        made = actor.made
        api = made.symbol == "create_agent"
        yield from _runs_as(program, actor, made.arg("agentResourceRoleArn" if api else "agent_resource_role_arn"))
        yield from program.uses_model(actor, made.arg("foundationModel" if api else "foundation_model"))
        if not api:
            yield from _construct(program, actor, made)
    for name in _GROUPS:
        for call in program.made(CLIENTS, name):
            owner = _agent_of(program, call.arg("agentId"))
            if owner is None:
                yield from program.problem(call, "an action group is given to an agent that this source does not create")
            else:
                signature = call.arg("parentActionGroupSignature")
                schema = call.arg("functionSchema")
                yield from _group(program, owner, call, call.arg("actionGroupName"), call.arg("actionGroupExecutor"), schema, signature)
    for call in program.made(CLIENTS, "associate_agent_knowledge_base"):
        owner = _agent_of(program, call.arg("agentId"))
        if owner is not None:
            yield from _knows(program, owner, call, call.arg("knowledgeBaseId"))
    for call in program.made(CLIENTS, "associate_agent_collaborator"):
        yield from _collaborator(program, call)


def _agent_of(program: Program, value: Value | None) -> Actor | None:
    """The agent that an id, an alias or its ARN means: what a call answered that created one of them."""
    for option in value.options() if value is not None else ():
        one = _behind(option)
        for _ in range(MAX_STEPS):
            found = program.actor(one)
            if found is not None:
                return found
            if not isinstance(one, Made):
                break
            one = _behind(one.arg("agentId") or one.arg("agent_id"))
    return None


def _behind(value: Value | None) -> Value | None:
    """What a part of an answer, such as ``response["agent"]["agentId"]``, is a part of."""
    while isinstance(value, Bound):
        value = value.receiver
    return value


def _runs_as(program: Program, actor: Actor, value: Value | None) -> Iterator[Fact]:
    """The role, by its ARN: with an account that the code fills in, that of the root."""
    if value is None:
        return
    arn = redact(arns.role_in_code(_role_arn(value), program.root) or "")
    if not arn:
        yield from program.problem(value, f"the role of {actor.name!r} is not known from this source")
        return
    name = arn.rpartition("/")[2]
    yield NodeFact("Identity", arn, {"name": name, "type": "iam_role", "provider": "aws", "sources": [program.source(value)]})
    yield program.edge("RUNS_AS", actor.key, ("Identity", arn), value)


def _role_arn(value: Value) -> str:
    """The ARN of a role that is written out, or that the code makes or looks up under a name; ``""`` where it is neither."""
    for one in value.options():
        if isinstance(one, Const) and isinstance(one.value, str):
            return one.value
        made = _behind(one)
        if isinstance(made, Made) and made.symbol in ("create_role", "get_role", "Role", "from_role_name"):
            found = made.symbol == "from_role_name"
            stated = made.arg("RoleName") or made.arg("role_name") or (made.passed("role_name", 2) if found else None)
            if stated is not None and (name := stated.text()):
                return f"arn:aws:iam:::role/{name}"
    return value.text() or ""


def _group(
    program: Program, owner: Actor, at: Value, name: Value | None, executor: Value | None, schema: Value | None, signature: Value | None
) -> Iterator[Fact]:
    called = redact((name.text() if name is not None else None) or "action group")[:MAX_LABEL]
    key: NodeKey = ("ToolServer", f"{owner.key[1]}/action-group/{called}")
    props = {"name": called, "kind_detail": "bedrock action group", "protocol": "bedrock", "origin": "internal"}
    yield NodeFact(*key, {**props, "sources": [program.source(at)]})
    yield program.edge("CONNECTS_TO", owner.key, key, at)
    function = _function(executor)
    if function:
        yield program.edge("RUNS_ON", key, ("Runtime", arns.canonical(redact(function))), at)
    listed = schema.get("functions") if isinstance(schema, DictV) else None
    stated = [_field(one, "name") for one in (listed.items if isinstance(listed, ListV) else ())]
    names = [redact(text)[:MAX_LABEL] for one in stated if one is not None and (text := one.text())]
    runs_code = signature is not None and (signature.text() or "").startswith("AMAZON.CodeInterpreter")
    for tool in names or [called]:
        target: NodeKey = ("Tool", f"{key[1]}/{tool}")
        effects = ["execute"] if runs_code else None
        yield NodeFact(*target, {"name": tool, "kind_detail": "bedrock action group", "effects": effects, "sources": [program.source(at)]})
        yield program.edge("PROVIDES", key, target, at)


def _function(executor: Value | None) -> str:
    """ARN of the function that carries a group out; ``""`` where it is not told."""
    value = executor.get("lambda") if isinstance(executor, DictV) else executor.arg("lambda_") if isinstance(executor, Made) else None
    text = (value.text() if value is not None else None) or ""
    return text if text.startswith("arn:") else ""


def _knows(program: Program, owner: Actor, at: Value, value: Value | None) -> Iterator[Fact]:
    text = (value.text() if value is not None else None) or ""
    if not _ID.fullmatch(text):
        yield from program.problem(at, f"a knowledge base of {owner.name!r} is not known from this source", "note")
        return
    key: NodeKey = ("ContentSource", arns.make("bedrock", f"knowledge-base/{text}", program.root))
    yield NodeFact(*key, {"name": text, "kind_detail": "bedrock knowledge base", "sources": [program.source(at)]})
    yield program.edge("INGESTS", owner.key, key, at)


def _collaborator(program: Program, call: Made) -> Iterator[Fact]:
    owner = _agent_of(program, call.arg("agentId"))
    descriptor = call.arg("agentDescriptor")
    other = _agent_of(program, descriptor.get("aliasArn")) if isinstance(descriptor, DictV) else None
    if owner is not None and other is not None:
        yield program.edge("DELEGATES_TO", owner.key, other.key, call, mode="invoke", kind_detail="collaborator")
    elif owner is not None:
        yield from program.problem(call, f"a collaborator of {owner.name!r} is an agent that this source does not create")


def _construct(program: Program, actor: Actor, made: Made) -> Iterator[Fact]:
    """What a construct is given with its properties, and by its methods afterwards."""
    for group in _listed(made.arg("action_groups")):
        yield from _property(program, actor, group)
    for call in program.calls_on(made):
        if call.symbol in ("add_action_group", "add_action_groups"):
            for group in _listed(call.passed("action_group", 0) or call.passed("action_groups", 0)):
                yield from _property(program, actor, group)
    for base in _listed(made.arg("knowledge_bases")):
        yield from _knows(program, actor, base, _field(base, "knowledge_base_id"))
    for one in _listed(made.arg("agent_collaborators")):
        descriptor = _field(one, "agent_descriptor")
        other = _agent_of(program, _field(descriptor, "alias_arn"))
        if other is not None:
            yield program.edge("DELEGATES_TO", actor.key, other.key, one, mode="invoke", kind_detail="collaborator")
        else:
            yield from program.problem(one, f"a collaborator of {actor.name!r} is an agent that this source does not create")


def _property(program: Program, actor: Actor, group: Value) -> Iterator[Fact]:
    name = _field(group, "action_group_name") or _field(group, "name")
    schema = _field(group, "function_schema")
    functions = _field(schema, "functions")
    listed = (
        DictV(group.module, group.line, ((Const(group.module, group.line, "functions"), functions),)) if functions is not None else None
    )
    executor, signature = _field(group, "action_group_executor"), _field(group, "parent_action_group_signature")
    yield from _group(program, actor, group, name, executor, listed, signature)


def _listed(value: Value | None) -> tuple[Value, ...]:
    return value.items if isinstance(value, ListV) else () if value is None else value.options()


def _field(value: Value | None, name: str) -> Value | None:
    """A field of a property that is an object of the CDK or a mapping in its place."""
    if isinstance(value, Made):
        return value.arg(name)
    if isinstance(value, DictV):
        head, *rest = name.split("_")
        return value.get(name) or value.get("".join([head, *(part.title() for part in rest)]))
    return None
