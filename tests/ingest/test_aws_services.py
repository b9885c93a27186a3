"""What the APIs of Bedrock, AgentCore, Lambda and ECS answer: agents with their roles, tools and whom they delegate to."""

from __future__ import annotations

import json

import pytest

from graphinv.ingest import aws_services
from graphinv.model.errors import IngestError
from tests.ingest.linked import linked
from tests.ingest.reading import Facts, document

ACCOUNT = "210987654321"
HERE = f"arn:aws:bedrock:eu-central-1:{ACCOUNT}"
CORE = f"arn:aws:bedrock-agentcore:eu-central-1:{ACCOUNT}"
PAY, HELP = f"{HERE}:agent/PAYAGENT01", f"{HERE}:agent/HELPAGENT2"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/service-role/agents"
REFUND = f"arn:aws:lambda:eu-central-1:{ACCOUNT}:function:refund"
TOKEN = "ghp_" + "Zq7" * 12

AGENT = {
    "agent": {
        "agentArn": PAY,
        "agentCollaboration": "SUPERVISOR",
        "agentId": "PAYAGENT01",
        "agentName": "payments",
        "agentResourceRoleArn": ROLE,
        "agentStatus": "PREPARED",
        "agentVersion": "DRAFT",
        "foundationModel": "anthropic.claude-3-5-sonnet-20241022-v2:0",
        "guardrailConfiguration": {"guardrailIdentifier": "gr1", "guardrailVersion": "1"},
    },
    "ResponseMetadata": {"HTTPStatusCode": 200},
}
GROUP = {
    "agentActionGroup": {
        "actionGroupExecutor": {"lambda": REFUND},
        "actionGroupId": "G1",
        "actionGroupName": "refunds",
        "actionGroupState": "ENABLED",
        "agentId": "PAYAGENT01",
        "agentVersion": "DRAFT",
        "functionSchema": {"functions": [{"name": "refund", "description": "Pays back"}, {"name": "look_up"}]},
    }
}
COLLABORATORS = {
    "agentCollaboratorSummaries": [
        {
            "agentDescriptor": {"aliasArn": f"{HERE}:agent-alias/HELPAGENT2/TSTALIASID"},
            "agentId": "PAYAGENT01",
            "agentVersion": "DRAFT",
            "collaborationInstruction": "Ask it how things work",
            "collaboratorId": "C1",
            "collaboratorName": "help",
        }
    ]
}
LISTED = {"agentSummaries": [{"agentId": "PAYAGENT01", "agentName": "payments"}, {"agentId": "HELPAGENT2", "agentName": "help"}]}
FUNCTIONS = {
    "Functions": [
        {
            "FunctionName": "refund",
            "FunctionArn": REFUND,
            "Runtime": "python3.12",
            "Role": f"arn:aws:iam::{ACCOUNT}:role/refund",
            "Handler": "app.handler",
            "Environment": {"Variables": {"GITHUB_TOKEN": TOKEN}},
        }
    ]
}


def ids(facts: Facts, kind: str) -> set[str]:
    return {name for one, name in facts.nodes if one == kind}


def files(**of: object) -> dict[str, str]:
    return {f"prod/{name}.json": json.dumps(value, indent=2) for name, value in of.items()}


def test_an_agent_has_its_role_its_tools_and_whom_it_delegates_to() -> None:
    facts = linked(aws_services, files(agent=AGENT, group=GROUP, others=COLLABORATORS, listed=LISTED, functions=FUNCTIONS))
    assert facts.problems == []
    assert ids(facts, "Agent") == {PAY, HELP}
    assert facts.nodes["Agent", PAY]["environment"] == "prod"
    assert facts.nodes["Agent", PAY]["framework"] == "bedrock-agents"
    assert facts.nodes["Agent", PAY]["name"] == "payments"
    group = f"{PAY}/action-group/refunds"
    assert (PAY, ROLE) in facts.drawn("RUNS_AS")
    assert (PAY, group) in facts.drawn("CONNECTS_TO")
    assert facts.targets("PROVIDES", group) == {f"{group}/refund", f"{group}/look_up"}
    assert (group, REFUND) in facts.drawn("RUNS_ON")
    assert (REFUND, f"arn:aws:iam::{ACCOUNT}:role/refund") in facts.drawn("RUNS_AS")
    assert facts.drawn("DELEGATES_TO") == {(PAY, HELP)}
    (held,) = facts.drawn("HOLDS")
    assert held[0] == REFUND
    assert TOKEN not in repr(facts.all)


def test_what_is_at_the_provider_is_in_force() -> None:
    facts = linked(aws_services, files(agent=AGENT, others=COLLABORATORS))
    assert facts.props("DELEGATES_TO", PAY, HELP)["evidence"] == ["granted"]


def test_agents_of_agentcore_and_its_gateways() -> None:
    runtime = {
        "agentRuntimeArn": f"{CORE}:runtime/desk-a1",
        "agentRuntimeId": "desk-a1",
        "agentRuntimeName": "desk",
        "agentRuntimeVersion": "3",
        "roleArn": ROLE,
        "agentRuntimeArtifact": {"containerConfiguration": {"containerUri": "210987654321.dkr.ecr.eu-central-1.amazonaws.com/desk:1"}},
        "networkConfiguration": {"networkMode": "PUBLIC"},
        "protocolConfiguration": {"serverProtocol": "HTTP"},
        "environmentVariables": {"GITHUB_TOKEN": TOKEN},
        "status": "READY",
    }
    server = {**runtime, "agentRuntimeArn": f"{CORE}:runtime/mcp-b2", "agentRuntimeId": "mcp-b2", "agentRuntimeName": "mcp"}
    server["protocolConfiguration"] = {"serverProtocol": "MCP"}
    gateway = {
        "gatewayArn": f"{CORE}:gateway/shop-g1",
        "gatewayId": "shop-g1",
        "name": "shop",
        "roleArn": ROLE,
        "protocolType": "MCP",
        "authorizerType": "CUSTOM_JWT",
        "status": "READY",
    }
    target = {
        "gatewayArn": gateway["gatewayArn"],
        "targetId": "T1",
        "name": "orders",
        "status": "READY",
        "targetConfiguration": {"mcp": {"lambda": {"lambdaArn": REFUND, "toolSchema": {"inlinePayload": [{"name": "pay_back"}]}}}},
        "credentialProviderConfigurations": [
            {
                "credentialProviderType": "API_KEY",
                "credentialProvider": {
                    "apiKeyCredentialProvider": {"providerArn": f"{CORE}:token-vault/default/apikeycredentialprovider/x"}
                },
            }
        ],
    }
    facts = linked(aws_services, files(desk=runtime, mcp=server, gateway=gateway, target=target, functions=FUNCTIONS))
    assert facts.problems == []
    assert ids(facts, "Agent") == {f"{CORE}:runtime/desk-a1"}
    assert ids(facts, "ToolServer") == {f"{CORE}:runtime/mcp-b2", gateway["gatewayArn"]}
    assert facts.nodes["ToolServer", str(gateway["gatewayArn"])]["auth"] == "oauth"
    tool = f"{gateway['gatewayArn']}/target/orders/pay_back"
    assert (gateway["gatewayArn"], tool) in facts.drawn("PROVIDES")
    assert (tool, f"arn:aws:iam::{ACCOUNT}:role/refund") in facts.drawn("RUNS_AS")
    assert (gateway["gatewayArn"], f"{CORE}:token-vault/default/apikeycredentialprovider/x") in facts.drawn("HOLDS")


def test_a_list_of_action_groups_is_of_the_agent_that_its_name_tells() -> None:
    listed = json.dumps({"actionGroupSummaries": [{"actionGroupId": "G1", "actionGroupName": "mail", "actionGroupState": "ENABLED"}]})
    facts = linked(aws_services, {"agent.json": json.dumps(AGENT), "list-agent-action-groups/PAYAGENT01.json": listed})
    assert (PAY, f"{PAY}/action-group/mail") in facts.drawn("CONNECTS_TO")
    unnamed = linked(aws_services, {"agent.json": json.dumps(AGENT), "groups.json": listed})
    assert [message for *_, message in unnamed.problems] == ["does not tell of which agent these are, nor does its name; they are left out"]


def test_what_is_switched_off_is_left_out_and_pages_are_read() -> None:
    off = {"agentActionGroup": {**GROUP["agentActionGroup"], "actionGroupState": "DISABLED"}}
    facts = linked(aws_services, {"all.json": json.dumps({"eu-central-1": [AGENT]}), "off.json": json.dumps(off)})
    assert ids(facts, "Agent") == {PAY}
    assert facts.drawn("CONNECTS_TO") == set()


def test_a_list_alone_takes_account_and_region_from_what_lies_beside_it() -> None:
    facts = linked(aws_services, files(listed=LISTED, functions=FUNCTIONS))
    assert ids(facts, "Agent") == {PAY, HELP}
    alone = linked(aws_services, files(listed=LISTED))
    assert ids(alone, "Agent") == {f"arn:aws:bedrock:region(shop):account(shop):agent/{one}" for one in ("PAYAGENT01", "HELPAGENT2")}


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("trail.json", '{"Records": [{"eventVersion": "1.09", "requestParameters": {"agentRuntimeArn": "arn:aws:bedrock-agentcore:x"}}]}'),
        ("stack.json", '{"Resources": {"A": {"Type": "AWS::Bedrock::AgentAlias", "Properties": {"aliasArn": "arn:aws:x"}}}}'),
        ("agent.py", '{"agentArn": "arn:aws:bedrock:x"}'),
        ("a.json", '{"agent": {"name": "x"}}'),
    ],
)
def test_others_are_left_to_others(path: str, text: str) -> None:
    assert not aws_services.detect(path, text.encode())


def test_what_is_no_json_is_an_error() -> None:
    with pytest.raises(IngestError):
        aws_services.summarise(document('{"agentSummaries": [', "a.json"))


@pytest.mark.parametrize("value", [None, 7, "x", [], {}, [[]], {"agentId": []}, [{"agentId": 7, "agentArn": {}}], {"agentName": None}])
def test_values_of_any_form_give_facts_or_problems(value: object) -> None:
    keys = [*aws_services._HELD, *(name for needed, _ in aws_services._ITSELF for name in needed)]
    for key in keys:
        for top in ({key: value}, [{key: value}], dict.fromkeys(keys, value)):
            made = document(json.dumps(top), "a.json")
            list(aws_services.link("shop", {"a.json": aws_services.summarise(made)}))
