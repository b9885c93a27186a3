"""Agents of Bedrock and AgentCore in Terraform: action groups, collaborators, knowledge bases, runtimes, gateways and their targets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from graphinv.ingest import Document
from graphinv.ingest.support import yamldoc
from graphinv.ingest.support.aws import declared
from graphinv.ingest.support.aws.declared import Site
from graphinv.ingest.support.masked import carried
from graphinv.ingest.support.partial import MAX_TEXT, Value, is_known, objects, text_of
from graphinv.ingest.support.terraform.context import Context, Reader, running, texts
from graphinv.ingest.support.terraform.program import Resource
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, NodeKey

MAX_OPERATIONS = 500


def _agent(context: Context, one: Resource) -> Iterator[Fact]:
    site, arn = context.site(one), context.arn(one)
    labels = ["guardrail=yes"] if one.blocks("guardrail_configuration") else []
    role = text_of(one.values.get("agent_resource_role_arn"))
    stated = one.text("agent_name")
    title = stated if stated and is_known(stated) else context.title(one)
    yield from declared.agent(
        site, arn, title, framework="bedrock-agents", role=role, model_name=one.text("foundation_model"), labels=labels
    )
    yield site.node("Resource", arn, title, type="agent")


def _agent_arn(context: Context, site: Site, value: Value) -> NodeKey:
    """An agent by its id, by its ARN or by that of an alias."""
    text = text_of(value)
    if not text.startswith("arn:"):
        text = context.arns.get(("aws_bedrockagent_agent", text)) or site.arn("bedrock", f"agent/{text}")
    head, alias, rest = text.partition(":agent-alias/")
    return "Agent", site.id(f"{head}:agent/{rest.partition('/')[0]}" if alias else text)


def _action_group(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    agent = _agent_arn(context, site, one.values.get("agent_id"))
    name = text_of(one.get("action_group_name"))
    group = f"{agent[1]}/action-group/{site.id(name)}"
    signature = one.text("parent_action_group_signature")
    function = next((text_of(block["lambda"]) for block in one.blocks("action_group_executor") if block.get("lambda")), "")
    listed = [tool.get("name") for tool in one.blocks("function_schema", "member_functions", "functions")]
    payload = next((text_of(block["payload"]) for block in one.blocks("api_schema") if block.get("payload")), "")
    names = [text_of(tool) for tool in listed if tool] or _operations(site, payload)
    tools = {tool: f"{group}/{site.id(tool)}" for tool in names}
    yield from declared.tool_group(
        site, [agent], group, name, tools=tools, function=function, detail="bedrock action group", protocol="bedrock"
    )
    if signature == "AMAZON.CodeInterpreter":
        yield site.node("Tool", f"{group}/{site.id(name)}", name, effects=["execute"])


_METHODS = ("get", "put", "post", "delete", "patch", "head", "options")


def _operations(site: Site, payload: str) -> list[str]:
    """Operations of an OpenAPI description that stands in a text: each by its id, or else by its method and path."""
    try:
        found = yamldoc.parse(payload[:MAX_TEXT], Document(site.root, site.path, b"", str)) if payload else []
    except IngestError:
        return []
    top = found[0].value if found else None
    paths = top.get("paths") if isinstance(top, dict) else None
    names: list[str] = []
    for path, methods in list(paths.items())[:MAX_OPERATIONS] if isinstance(paths, dict) else ():
        for method in _METHODS:
            operation = methods.get(method) if isinstance(methods, dict) else None
            if isinstance(operation, dict):
                called = operation.get("operationId")
                names.append(called if isinstance(called, str) and called else f"{method} {path}")
    return names


def _collaborator(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    supervisor = _agent_arn(context, site, one.values.get("agent_id"))
    for block in one.blocks("agent_descriptor"):
        other = _agent_arn(context, site, block.get("alias_arn"))
        yield site.edge("DELEGATES_TO", supervisor, other, mode="invoke", kind_detail="collaborator")


def _knowledge_base(context: Context, one: Resource) -> Iterator[Fact]:
    site, arn = context.site(one), context.arn(one)
    yield from declared.store(site, arn, "knowledge_base", context.title(one))
    yield site.node("ContentSource", arn, context.title(one))


def _association(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    text = text_of(one.values.get("knowledge_base_id"))
    arn = context.arns.get(("aws_bedrockagent_knowledge_base", text)) or site.arn("bedrock", f"knowledge-base/{text}")
    yield site.edge("INGESTS", _agent_arn(context, site, one.values.get("agent_id")), ("ContentSource", site.id(arn)))


def _runtime(context: Context, one: Resource) -> Iterator[Fact]:
    """A runtime of AgentCore: what runs on it is an agent, or an MCP server where it speaks that."""
    site, arn = context.site(one), context.arn(one)
    variables = one.values.get("environment_variables")
    labels = running(one)
    role = text_of(one.values.get("role_arn"))
    yield from declared.workload(
        site,
        "container",
        arn,
        context.title(one),
        role=context.arns.get(("aws_iam_role", role), role),
        variables=variables if isinstance(variables, dict) else {},
        labels=labels,
        kind_detail="agentcore runtime",
    )
    protocols = [block.get("server_protocol") for block in one.blocks("protocol_configuration")]
    if "MCP" in protocols:
        key: NodeKey = ("ToolServer", arn)
        auth = "oauth" if one.blocks("authorizer_configuration") else "key"
        yield site.node("ToolServer", arn, context.title(one), protocol="mcp", transport="http", origin="internal", auth=auth)
    else:
        key = ("Agent", arn)
        yield site.node("Agent", arn, context.title(one), framework="agentcore", status="active")
    yield from site.owners(key)
    yield site.edge("RUNS_ON", key, ("Runtime", arn))


def _gateway(context: Context, one: Resource) -> Iterator[Fact]:
    site, arn = context.site(one), context.arn(one)
    key: NodeKey = ("ToolServer", arn)
    auth = {"CUSTOM_JWT": "oauth", "AWS_IAM": "key", "NONE": "none"}.get(one.text("authorizer_type"))
    yield site.node(
        "ToolServer",
        arn,
        context.title(one),
        protocol="mcp",
        transport="http",
        origin="internal",
        auth=auth,
        kind_detail="agentcore gateway",
    )
    yield from site.owners(key)
    role = text_of(one.values.get("role_arn"))
    yield from declared.acts_as(site, key, context.arns.get(("aws_iam_role", role), role))


def _target(context: Context, one: Resource) -> Iterator[Fact]:
    """What a gateway gives access to: functions, addresses, other MCP servers; with which credentials."""
    site = context.site(one)
    text = text_of(one.values.get("gateway_identifier"))
    gateway = site.id(
        text
        if text.startswith("arn:")
        else context.arns.get(("aws_bedrockagentcore_gateway", text)) or site.arn("bedrock-agentcore", f"gateway/{text}")
    )
    name = text_of(one.get("name"))
    base = f"{gateway}/target/{site.id(name)}"
    functions = [block for block in one.blocks("target_configuration", "mcp", "lambda") if block.get("lambda_arn")]
    tools = {text_of(tool["name"]): f"{base}/{site.id(text_of(tool['name']))}" for tool in _tools(functions)} or {
        name: f"{base}/{site.id(name)}"
    }
    for tool, tool_id in tools.items():
        yield site.node("Tool", tool_id, tool, kind_detail="agentcore gateway target")
        yield site.edge("PROVIDES", ("ToolServer", gateway), ("Tool", tool_id))
        for block in functions:
            yield from _runs_as_function(context, site, ("Tool", tool_id), text_of(block["lambda_arn"]))
    for provider in _providers(one):
        yield site.edge("HOLDS", ("ToolServer", gateway), ("Secret", site.id(provider)), place="vault")


def _tools(functions: Iterable[Mapping[str, Value]]) -> Iterator[Mapping[str, Value]]:
    for block in functions:
        for schema in objects(block.get("tool_schema")):
            yield from (tool for tool in objects(schema.get("inline_payload")) if tool.get("name"))


def _runs_as_function(context: Context, site: Site, tool: NodeKey, function: str) -> Iterator[Fact]:
    """A tool that a function carries out acts with the function's role."""
    for other in context.having("functions", "aws_lambda_function", context.arn).get(site.id(function), ()):
        if other.get("role") is not None:
            role = text_of(other.values["role"])
            yield from declared.acts_as(site, tool, context.arns.get(("aws_iam_role", role), role))


def _providers(one: Resource) -> Iterator[str]:
    for kind in ("api_key", "oauth"):
        for block in one.blocks("credential_provider_configuration", kind):
            yield from texts(block.get("provider_arn"))


def _credential(context: Context, one: Resource) -> Iterator[Fact]:
    """A credential in AgentCore's vault, for outgoing calls of agents and gateways."""
    site, arn = context.site(one), context.arn(one)
    kind = "api_key" if "api_key" in one.type else "oauth_client_secret"
    value = one.text("api_key") or next(
        (text_of(block["client_secret"]) for block in _nested(one.values) if block.get("client_secret")), ""
    )
    yield from declared.secret(site, arn, kind, context.title(one), value if carried(value) else None)


def _nested(value: Value, depth: int = 0) -> Iterator[Mapping[str, Value]]:
    for inner in value.values() if isinstance(value, Mapping) and depth < 6 else ():
        for item in objects(inner):
            yield item
            yield from _nested(item, depth + 1)


def _memory(context: Context, one: Resource) -> Iterator[Fact]:
    site, arn = context.site(one), context.arn(one)
    yield site.node("Memory", arn, context.title(one), kind_detail="agentcore memory")
    yield from declared.store(site, arn, "memory", context.title(one))


def _interpreter(context: Context, one: Resource) -> Iterator[Fact]:
    """A sandbox in which agents run what they write."""
    site, arn = context.site(one), context.arn(one)
    key: NodeKey = ("Tool", arn)
    yield site.node("Tool", arn, context.title(one), effects=["execute"], kind_detail="agentcore code interpreter")
    yield from declared.store(site, arn, "code_interpreter", context.title(one))
    if one.get("execution_role_arn") is not None:
        yield from declared.acts_as(site, key, text_of(one.values["execution_role_arn"]))


READERS: Mapping[str, Reader] = {
    "aws_bedrockagent_agent": _agent,
    "aws_bedrockagent_agent_action_group": _action_group,
    "aws_bedrockagent_agent_collaborator": _collaborator,
    "aws_bedrockagent_knowledge_base": _knowledge_base,
    "aws_bedrockagent_agent_knowledge_base_association": _association,
    "aws_bedrockagentcore_agent_runtime": _runtime,
    "aws_bedrockagentcore_gateway": _gateway,
    "aws_bedrockagentcore_gateway_target": _target,
    "aws_bedrockagentcore_api_key_credential_provider": _credential,
    "aws_bedrockagentcore_oauth2_credential_provider": _credential,
    "aws_bedrockagentcore_memory": _memory,
    "aws_bedrockagentcore_code_interpreter": _interpreter,
}
