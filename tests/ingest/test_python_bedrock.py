"""Bedrock agents that Python code creates through the API of AWS or with the CDK."""

from __future__ import annotations

from tests.ingest.python_linked import linked

API = """
import boto3

account = boto3.client("sts").get_caller_identity()["Account"]
client = boto3.client("bedrock-agent", region_name="eu-west-1")
other = boto3.Session().client(service_name="bedrock-agent")
polly = boto3.client("polly")
iam = boto3.client("iam")

role = iam.create_role(RoleName="lookup-role", AssumeRolePolicyDocument="{}")
response = client.create_agent(
    agentName="desk",
    agentResourceRoleArn=f"arn:aws:iam::{account}:role/desk-role",
    foundationModel="anthropic.claude-3-sonnet",
    instruction="Help.",
)
agent_id = response["agent"]["agentId"]
client.create_agent_action_group(
    agentId=agent_id,
    agentVersion="DRAFT",
    actionGroupName="orders",
    actionGroupExecutor={"lambda": "arn:aws:lambda:eu-west-1:111122223333:function:orders:live"},
    functionSchema={"functions": [{"name": "get_order", "description": "x"}, {"name": "refund"}]},
)
client.create_agent_action_group(
    agentId=agent_id, agentVersion="DRAFT", actionGroupName="code", parentActionGroupSignature="AMAZON.CodeInterpreter"
)
client.associate_agent_knowledge_base(agentId=agent_id, knowledgeBaseId="KB12345678", agentVersion="DRAFT")
sub = other.create_agent(agentName="lookup", foundationModel="amazon.nova-lite-v1:0", agentResourceRoleArn=role["Role"]["Arn"])
alias = other.create_agent_alias(agentId=sub["agent"]["agentId"], agentAliasName="live")
client.associate_agent_collaborator(
    agentId=agent_id, agentVersion="DRAFT", agentDescriptor={"aliasArn": alias["agentAlias"]["agentAliasArn"]}, collaboratorName="lookup"
)
client.create_agent_action_group(agentId=input(), agentVersion="DRAFT", actionGroupName="elsewhere")
polly.create_agent(agentName="no")


class Maker:
    def __init__(self):
        self.client = boto3.client("bedrock-agent")

    def make(self, name, role):
        return self.client.create_agent(agentName=name, agentResourceRoleArn=role)


Maker().make("third", "arn:aws:iam::111122223333:role/third")
Maker().make("fourth", input())
"""


def test_calls_of_the_api_create_agents_with_action_groups_and_collaborators() -> None:
    facts = linked({"setup.py": API})
    desk, lookup, third, fourth = (f"bedrock-agents:shop/setup#{name}" for name in ("desk", "lookup", "third", "fourth"))
    assert {id for kind, id in facts.nodes if kind == "Agent"} == {desk, lookup, third, fourth}
    assert facts.drawn("RUNS_AS") == {
        (desk, "arn:aws:iam::account(shop):role/desk-role"),
        (lookup, "arn:aws:iam::account(shop):role/lookup-role"),
        (third, "arn:aws:iam::111122223333:role/third"),
    }
    orders, code = f"{desk}/action-group/orders", f"{desk}/action-group/code"
    assert facts.targets("CONNECTS_TO", desk) == {orders, code}
    assert facts.targets("PROVIDES", orders) == {f"{orders}/get_order", f"{orders}/refund"}
    assert facts.targets("RUNS_ON", orders) == {"arn:aws:lambda:eu-west-1:111122223333:function:orders"}
    assert facts.nodes["Tool", f"{code}/code"]["effects"] == ["execute"]
    assert facts.targets("USES_MODEL", desk) == {"anthropic.claude-3-sonnet"}
    assert facts.targets("INGESTS", desk) == {"arn:aws:bedrock:region(shop):account(shop):knowledge-base/KB12345678"}
    assert facts.drawn("DELEGATES_TO") == {(desk, lookup)}
    assert sorted(message for _, _, message in facts.problems) == [
        "an action group is given to an agent that this source does not create",
        "the role of 'fourth' is not known from this source",
    ]


CDK = """
from aws_cdk import Stack, aws_bedrock as bedrock, aws_iam as iam


class Desk(Stack):
    def __init__(self, scope, id):
        super().__init__(scope, id)
        role = iam.Role(self, "Role", role_name="desk-role", assumed_by=iam.ServicePrincipal("bedrock.amazonaws.com"))
        self.agent = bedrock.CfnAgent(
            self,
            "Agent",
            agent_name="desk",
            foundation_model="anthropic.claude-3-sonnet",
            agent_resource_role_arn=role.role_arn,
            action_groups=[
                bedrock.CfnAgent.AgentActionGroupProperty(
                    action_group_name="orders",
                    action_group_executor=bedrock.CfnAgent.ActionGroupExecutorProperty(
                        lambda_="arn:aws:lambda:eu-west-1:111122223333:function:orders"
                    ),
                    function_schema=bedrock.CfnAgent.FunctionSchemaProperty(
                        functions=[bedrock.CfnAgent.FunctionProperty(name="refund")]
                    ),
                )
            ],
        )
        bedrock.CfnAgent(self, "Unnamed", foundation_model="x")
"""


def test_constructs_of_the_cdk_are_agents() -> None:
    facts = linked({"stack.py": CDK})
    desk, other = (f"bedrock-agents:shop/stack#{name}" for name in ("desk", "Unnamed"))
    assert {id for kind, id in facts.nodes if kind == "Agent"} == {desk, other}
    assert facts.drawn("RUNS_AS") == {(desk, "arn:aws:iam::account(shop):role/desk-role")}
    group = f"{desk}/action-group/orders"
    assert facts.targets("CONNECTS_TO", desk) == {group}
    assert facts.targets("PROVIDES", group) == {f"{group}/refund"}
    assert facts.targets("RUNS_ON", group) == {"arn:aws:lambda:eu-west-1:111122223333:function:orders"}


def test_other_clients_and_documents_are_left_alone() -> None:
    facts = linked({"a.py": 'import boto3\nboto3.client("s3").create_bucket(Bucket="b")\n'})
    assert facts.all == []
