"""Bedrock agents as constructs of the AWS CDK in TypeScript."""

from __future__ import annotations

from tests.ingest.javascript_reading import delegations, source

STACK = """
import * as cdk from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import * as bedrock from 'aws-cdk-lib/aws-bedrock';
import { aws_bedrock } from 'aws-cdk-lib';

export class DeskStack extends cdk.Stack {
  constructor(scope: Construct, id: string) {
    super(scope, id);
    const role = new iam.Role(this, 'Role', { roleName: 'desk-role', assumedBy: new iam.ServicePrincipal('bedrock.amazonaws.com') });
    const lookup = new aws_bedrock.CfnAgent(this, 'Lookup', {
      agentName: 'lookup',
      agentResourceRoleArn: `arn:aws:iam::111122223333:role/lookup`,
    });
    const alias = new bedrock.CfnAgentAlias(this, 'LookupAlias', { agentAliasName: 'live', agentId: lookup.attrAgentId });
    const desk = new bedrock.CfnAgent(this, 'Agent', {
      agentName: 'desk',
      foundationModel: 'anthropic.claude-3-sonnet',
      agentResourceRoleArn: role.roleArn,
      actionGroups: [
        {
          actionGroupName: 'orders',
          actionGroupExecutor: { lambda: 'arn:aws:lambda:eu-west-1:111122223333:function:orders' },
          functionSchema: { functions: [{ name: 'get_order' }, { name: 'refund' }] },
        },
        { actionGroupName: 'code', parentActionGroupSignature: 'AMAZON.CodeInterpreter' },
      ],
      agentCollaborators: [{ collaboratorName: 'lookup', agentDescriptor: { aliasArn: alias.attrAgentAliasArn } }],
    });
  }
}
"""
BETTER = """
import { bedrock } from '@cdklabs/generative-ai-cdk-constructs';
export function make(scope: any) {
  const agent = new bedrock.Agent(scope, 'Helper', { foundationModel: bedrock.BedrockFoundationModel.NOVA_LITE_V1 });
  agent.addActionGroup(new bedrock.AgentActionGroup({ name: 'mail', executor: undefined }));
}
make({});
"""


def test_constructs_are_agents_with_what_they_are_given() -> None:
    facts = source(STACK, "lib/stack.ts")
    desk, lookup = "bedrock-agents:shop/lib/stack#desk", "bedrock-agents:shop/lib/stack#lookup"
    assert {id for kind, id in facts.nodes if kind == "Agent"} == {desk, lookup}
    assert facts.drawn("RUNS_AS") == {
        (desk, "arn:aws:iam::account(shop):role/desk-role"),
        (lookup, "arn:aws:iam::111122223333:role/lookup"),
    }
    orders, code = f"{desk}/action-group/orders", f"{desk}/action-group/code"
    assert facts.targets("CONNECTS_TO", desk) == {orders, code}
    assert facts.targets("PROVIDES", orders) == {f"{orders}/get_order", f"{orders}/refund"}
    assert facts.nodes["Tool", f"{code}/code"]["effects"] == ["execute"]
    assert facts.targets("RUNS_ON", orders) == {"arn:aws:lambda:eu-west-1:111122223333:function:orders"}
    assert facts.targets("USES_MODEL", desk) == {"anthropic.claude-3-sonnet"}
    assert delegations(facts) == {("desk", "lookup", "invoke", "collaborator")}
    assert facts.problems == []


def test_higher_constructs_are_named_by_their_ids() -> None:
    facts = source(BETTER, "lib/helper.ts")
    (agent,) = (id for kind, id in facts.nodes if kind == "Agent")
    assert agent == "bedrock-agents:shop/lib/helper#Helper"
    assert facts.targets("CONNECTS_TO", agent) == {f"{agent}/action-group/mail"}


def test_other_constructs_are_left_alone() -> None:
    facts = source("import { Agent } from 'aws-cdk-lib/aws-elsewhere';\nexport const a = new Agent(null, 'x', {});\n", "a.ts")
    assert facts.nodes == {}
