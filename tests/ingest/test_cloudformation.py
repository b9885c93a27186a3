"""CloudFormation, SAM and CDK templates: functions that are constant, logical ids for the rest, and the facts of their resources."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graphinv.ingest import cloudformation
from graphinv.model.errors import IngestError
from graphinv.model.facts import Grant
from tests.ingest.linked import linked
from tests.ingest.reading import Facts, fake, fingerprint

IAM = "arn:aws:iam::account(shop)"
HERE = "(shop.infra.desk.yaml)"


def read(text: str, path: str = "infra/desk.yaml") -> Facts:
    return linked(cloudformation, {path: text})


def resources(**named: dict[str, Any]) -> Facts:
    """Facts of resources by logical id, in JSON, as the CDK writes them."""
    return read(json.dumps({"Resources": named}, indent=1), "cdk.out/desk.template.json")


def grants(facts: Facts, role: str = "identity") -> list[tuple[str, Any]]:
    return [(one.subject[1], json.loads(one.body)) for one in facts.all if isinstance(one, Grant) and one.role == role]


AGENT = """
AWSTemplateFormatVersion: '2010-09-09'
Parameters:
  Stage: {Type: String, Default: prod}
  Bucket: {Type: String}
Conditions:
  IsProd: !Equals [!Ref Stage, prod]
  IsDev: !Not [!Condition IsProd]
Mappings:
  Models:
    prod: {id: 'anthropic.claude-3-5-sonnet-20241022-v2:0'}
Resources:
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: !Sub '${Stage}-desk'
      AssumeRolePolicyDocument:
        Statement: [{Effect: Allow, Principal: {Service: bedrock.amazonaws.com}, Action: 'sts:AssumeRole'}]
      ManagedPolicyArns: [!Ref Extra, !Sub 'arn:${AWS::Partition}:iam::aws:policy/ReadOnlyAccess']
      Policies:
        - PolicyName: own
          PolicyDocument:
            Statement:
              - Effect: Allow
                Action: !If [IsProd, 's3:GetObject', 's3:*']
                Resource: !Join ['', ['arn:aws:s3:::', !Ref Bucket, '/*']]
                Condition: {StringEquals: {'aws:username': !Sub '${!aws:username}'}}
  Extra:
    Type: AWS::IAM::ManagedPolicy
    Properties:
      PolicyDocument: {Statement: [{Effect: Allow, Action: '*', Resource: !GetAtt Table.Arn}]}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      TableName: orders
      Tags: [{Key: Owner, Value: pay@acme.example}, {Key: DataClassification, Value: confidential}]
  OnlyDev:
    Type: AWS::SQS::Queue
    Condition: IsDev
  Refund:
    Type: AWS::Lambda::Function
    Properties:
      Role: !GetAtt Role.Arn
      Environment: {Variables: {API_TOKEN: '%%TOKEN%%', DB_PASSWORD: '{{resolve:secretsmanager:db:SecretString:password}}'}}
  Agent:
    Type: AWS::Bedrock::Agent
    Properties:
      AgentName: desk
      AgentResourceRoleArn: !GetAtt [Role, Arn]
      FoundationModel: !FindInMap [Models, !Ref Stage, id]
      ActionGroups:
        - ActionGroupName: money
          ActionGroupExecutor: {Lambda: !GetAtt Refund.Arn}
          FunctionSchema: {Functions: [{Name: refund}]}
        - ActionGroupName: tickets
          ApiSchema:
            Payload: |
              openapi: 3.0.0
              paths:
                /tickets:
                  get: {operationId: listTickets}
                  post: {description: makes one}
  Boss:
    Type: AWS::Bedrock::Agent
    Properties:
      AgentName: boss
      AgentCollaborators: [{CollaboratorName: desk, AgentDescriptor: {AliasArn: !GetAtt Alias.AgentAliasArn}}]
  Alias:
    Type: AWS::Bedrock::AgentAlias
    Properties: {AgentId: !GetAtt Agent.AgentId, AgentAliasName: live}
"""


def test_an_agent_its_role_its_tools_and_what_its_functions_come_to() -> None:
    token = fake("token", "gh" + "p_")
    facts = read(AGENT.replace("%%TOKEN%%", token))
    role, desk = f"{IAM}:role/prod-desk", "arn:aws:bedrock:region(shop):account(shop):agent/desk"
    function = f"arn:aws:lambda:region(shop):account(shop):function:Refund{HERE}"
    table = "arn:aws:dynamodb:region(shop):account(shop):table/orders"
    assert facts.drawn("RUNS_AS") == {(desk, role), (function, role)}
    assert facts.targets("HOLDS", function) == {
        f"secret:{fingerprint(token)}",
        "arn:aws:secretsmanager:region(shop):account(shop):secret:db",
    }
    assert facts.targets("USES_MODEL", desk) == {"anthropic.claude-3-5-sonnet-20241022-v2:0"}
    money, tickets = (f"{desk}/action-group/{name}" for name in ("money", "tickets"))
    assert facts.targets("CONNECTS_TO", desk) == {money, tickets}
    assert facts.targets("RUNS_ON", money) == {function}
    assert facts.targets("PROVIDES", money) == {f"{money}/refund"}
    assert facts.targets("PROVIDES", tickets) == {f"{tickets}/listTickets", f"{tickets}/post /tickets"}
    assert facts.drawn("DELEGATES_TO") == {("arn:aws:bedrock:region(shop):account(shop):agent/boss", desk)}
    own, extra, managed = (body for _, body in grants(facts))
    role, *others = [one.origin for one in facts.all if isinstance(one, Grant) and one.role == "identity"]
    assert role.endswith(":role/prod-desk/own"), "what is written into a role comes from nobody else"
    assert all(":policy/" in origin for origin in others)
    assert own["Statement"][0] == {
        "Effect": "Allow",
        "Action": "s3:GetObject",
        "Resource": f"arn:aws:s3:::Bucket{HERE}/*",
        "Condition": {"StringEquals": {"aws:username": "${aws:username}"}},
    }
    assert (extra, managed) == (f"{IAM}:policy/Extra{HERE}", "arn:aws:iam::aws:policy/ReadOnlyAccess")
    assert grants(facts, "policy") == [(extra, {"Statement": [{"Effect": "Allow", "Action": "*", "Resource": table}]})]
    assert facts.nodes["Resource", table]["sensitivity"] == "confidential"
    assert facts.nodes["Resource", table]["environment"] == "prod"
    assert facts.targets("OWNS", "pay@acme.example") == {table}
    assert not [node for _, node in facts.nodes if ":sqs:" in node]
    assert token not in repr(facts.all)
    assert not facts.problems


def test_what_the_cdk_writes() -> None:
    trust = {"Statement": [{"Action": "sts:AssumeRole", "Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}]}
    statement = {"Action": "s3:GetObject*", "Effect": "Allow", "Resource": [{"Fn::GetAtt": ["Ledger0A1B", "Arn"]}, "*"]}
    facts = resources(
        BotRole7F={"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": trust}},
        BotRoleDefaultPolicy9={
            "Type": "AWS::IAM::Policy",
            "Properties": {"PolicyName": "p", "PolicyDocument": {"Statement": [statement]}, "Roles": [{"Ref": "BotRole7F"}]},
        },
        Ledger0A1B={"Type": "AWS::S3::Bucket"},
        Bot1={"Type": "AWS::Lambda::Function", "Properties": {"Role": {"Fn::GetAtt": ["BotRole7F", "Arn"]}}},
        CDKMetadata={"Type": "AWS::CDK::Metadata", "Properties": {"Analytics": "v2"}},
    )
    role = f"{IAM}:role/BotRole7F(shop.cdk.out.desk.template.json)"
    bucket = "arn:aws:s3:::Ledger0A1B(shop.cdk.out.desk.template.json)"
    assert grants(facts) == [(role, {"Statement": [{**statement, "Resource": [bucket, "*"]}]})]
    assert {target for _, target in facts.drawn("RUNS_AS")} == {role}
    assert facts.nodes["Resource", bucket]["name"] == "Ledger0A1B"


SAM = """
Transform: AWS::Serverless-2016-10-31
Globals:
  Function:
    Environment: {Variables: {SHARED_TOKEN: '%%TOKEN%%'}}
Resources:
  Table: {Type: AWS::Serverless::SimpleTable}
  Bot:
    Type: AWS::Serverless::Function
    Properties:
      Policies:
        - DynamoDBCrudPolicy: {TableName: !Ref Table}
        - AWSLambdaExecute
        - AWSLambdaBasicExecutionRole
        - Statement: [{Effect: Allow, Action: 'sqs:*', Resource: '*'}]
        - UnheardOfPolicy: {}
  Other:
    Type: AWS::Serverless::Function
    Properties: {Role: !GetAtt BotRole.Arn}
"""


def test_more_of_sam_s_policy_templates_and_kinds_of_resources_that_policies_name() -> None:
    facts = read("""
Transform: AWS::Serverless-2016-10-31
Resources:
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: orders}}
  Jobs: {Type: AWS::Batch::JobQueue, Properties: {JobQueueName: nightly}}
  Role:
    Type: AWS::IAM::Role
    Properties:
      RoleName: pipe
      AssumeRolePolicyDocument: {Statement: [{Effect: Allow, Principal: {Service: pipes.amazonaws.com}, Action: 'sts:AssumeRole'}]}
      Policies:
        - PolicyName: own
          PolicyDocument:
            Statement:
              - {Effect: Allow, Action: 'events:PutEvents', Resource: !GetAtt Bus.Arn}
              - {Effect: Allow, Action: 'batch:SubmitJob', Resource: !Ref Jobs}
  Bot:
    Type: AWS::Serverless::Function
    Properties:
      FunctionName: bot
      Policies:
        - CloudWatchPutMetricPolicy: {}
        - KinesisStreamReadPolicy: {StreamName: clicks}
        - DynamoDBStreamReadPolicy: {TableName: orders, StreamName: '2026'}
""")
    assert facts.problems == []
    bus, queue = "arn:aws:events:region(shop):account(shop):event-bus/orders", "arn:aws:batch:region(shop):account(shop):job-queue/nightly"
    assert {bus, queue} <= {id for kind, id in facts.nodes if kind == "Resource"}
    named = [one["Resource"] for _, body in grants(facts) if isinstance(body, dict) for one in body["Statement"] if "Resource" in one]
    assert named == [
        bus,
        queue,
        ["*"],
        ["arn:aws:kinesis:region(shop):account(shop):stream/clicks"],
        [f"{TABLE}/stream/2026", f"{TABLE}/stream/2026/*"],
    ]


TABLE = "arn:aws:dynamodb:region(shop):account(shop):table/orders"


def test_a_frame_whose_resources_are_yet_to_come_is_no_fault() -> None:
    facts = read("AWSTemplateFormatVersion: '2010-09-09'\nTransform: AWS::Serverless-2016-10-31\nGlobals:\nResources:\nOutputs:\n")
    assert facts.all == []


def test_functions_of_sam_get_roles_with_the_policies_they_list() -> None:
    token = fake("token", "gh" + "p_")
    facts = read(SAM.replace("%%TOKEN%%", token))
    role = f"{IAM}:role/Bot{HERE}Role"
    table = f"arn:aws:dynamodb:region(shop):account(shop):table/Table{HERE}"
    bot, other = (f"arn:aws:lambda:region(shop):account(shop):function:{name}{HERE}" for name in ("Bot", "Other"))
    assert facts.drawn("RUNS_AS") == {(bot, role), (other, role)}
    bodies = [body for subject, body in grants(facts) if subject == role]
    assert bodies[0]["Statement"][0]["Resource"] == [table, f"{table}/*"]
    assert "dynamodb:DeleteItem" in bodies[0]["Statement"][0]["Action"]
    assert bodies[1] == "arn:aws:iam::aws:policy/AWSLambdaExecute"
    assert bodies[2] == "arn:aws:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"  # SAM leaves the path of a policy out
    assert bodies[3]["Statement"][0]["Action"] == "sqs:*"
    assert len(bodies) == 4
    assert [(where, severity) for where, severity, _ in facts.problems] == [("L8", "warning")]
    assert facts.targets("HOLDS", bot) == {f"secret:{fingerprint(token)}"}


def test_what_is_not_known_in_a_policy_leaves_the_rest_of_it() -> None:
    statement = {"Effect": "Allow", "Action": "s3:*", "Resource": [{"Fn::ImportValue": "elsewhere"}, {"Fn::GetAtt": ["Custom", "Arn"]}]}
    facts = resources(
        Web={
            "Type": "AWS::IAM::Role",
            "Properties": {"RoleName": "web", "Policies": [{"PolicyName": "p", "PolicyDocument": {"Statement": [statement]}}]},
        }
    )
    start, place = "arn:aws:s3:::", "(shop.cdk.out.desk.template.json)"
    ((_, body),) = grants(facts)
    assert body["Statement"][0]["Resource"] == [f"{start}import.elsewhere{place}", f"{start}Custom.Arn{place}"]
    assert [(where, severity) for where, severity, _ in facts.problems] == [("L3", "warning")]


def test_users_groups_keys_and_profiles() -> None:
    facts = resources(
        Ops={
            "Type": "AWS::IAM::Group",
            "Properties": {"GroupName": "ops", "ManagedPolicyArns": ["arn:aws:iam::aws:policy/ReadOnlyAccess"]},
        },
        Ann={"Type": "AWS::IAM::User", "Properties": {"UserName": "ann", "Groups": [{"Ref": "Ops"}]}},
        Key={"Type": "AWS::IAM::AccessKey", "Properties": {"UserName": {"Ref": "Ann"}}},
        Job={
            "Type": "AWS::Lambda::Function",
            "Properties": {"FunctionName": "job", "Environment": {"Variables": {"KEY": {"Fn::GetAtt": ["Key", "SecretAccessKey"]}}}},
        },
        Web={"Type": "AWS::IAM::Role", "Properties": {"RoleName": "web", "AssumeRolePolicyDocument": {"Statement": []}}},
        Profile={"Type": "AWS::IAM::InstanceProfile", "Properties": {"Roles": [{"Ref": "Web"}]}},
        Machine={"Type": "AWS::EC2::Instance", "Properties": {"IamInstanceProfile": {"Ref": "Profile"}}},
        Shop={"Type": "AWS::S3::Bucket", "Properties": {"BucketName": "shop"}},
        Open={
            "Type": "AWS::S3::BucketPolicy",
            "Properties": {"Bucket": {"Ref": "Shop"}, "PolicyDocument": {"Statement": [{"Effect": "Allow", "Principal": "*"}]}},
        },
    )
    assert facts.drawn("MEMBER_OF") == {(f"{IAM}:user/ann", f"{IAM}:group/ops")}
    assert [subject for subject, _ in grants(facts)] == [f"{IAM}:group/ops"]
    job = "arn:aws:lambda:region(shop):account(shop):function:job"
    assert facts.drawn("AUTHENTICATES_AS") == {(key, f"{IAM}:user/ann") for key in facts.targets("HOLDS", job)}
    assert {target for source, target in facts.drawn("RUNS_AS") if ":instance/" in source} == {f"{IAM}:role/web"}
    assert [subject for subject, _ in grants(facts, "resource")] == ["arn:aws:s3:::shop"]


def test_passwords_of_parameters_that_are_not_echoed_are_secrets_whatever_they_look_like() -> None:
    facts = read(
        "AWSTemplateFormatVersion: '2010-09-09'\nParameters:\n  Pin: {Type: String, NoEcho: true, Default: words here}\n"
        "Resources:\n  Db:\n    Type: AWS::RDS::DBInstance\n"
        "    Properties: {DBInstanceIdentifier: db, Engine: postgres, MasterUsername: root, MasterUserPassword: !Ref Pin}\n"
    )
    user = "postgres:root@arn:aws:rds:region(shop):account(shop):db:db"
    assert facts.drawn("AUTHENTICATES_AS") == {(f"secret:{fingerprint('words here')}", user)}
    assert "words here" not in repr(facts.all)


def test_agentcore() -> None:
    role = {"Fn::Sub": "arn:aws:iam::${AWS::AccountId}:role/gate"}
    provider = {"CredentialProvider": {"ApiKeyCredentialProvider": {"ProviderArn": "arn:aws:bedrock-agentcore:eu-west-1:1:token-vault/x"}}}
    tool = {"Mcp": {"Lambda": {"LambdaArn": {"Fn::GetAtt": ["Fn", "Arn"]}, "ToolSchema": {"InlinePayload": [{"Name": "cancel"}]}}}}
    facts = resources(
        Fn={"Type": "AWS::Lambda::Function", "Properties": {"FunctionName": "orders", "Role": {"Fn::Sub": "arn:aws:iam::1:role/fn"}}},
        Gate={"Type": "AWS::BedrockAgentCore::Gateway", "Properties": {"Name": "gate", "RoleArn": role, "AuthorizerType": "AWS_IAM"}},
        Target={
            "Type": "AWS::BedrockAgentCore::GatewayTarget",
            "Properties": {
                "Name": "orders",
                "GatewayIdentifier": {"Ref": "Gate"},
                "TargetConfiguration": tool,
                "CredentialProviderConfigurations": [provider],
            },
        },
        Run={
            "Type": "AWS::BedrockAgentCore::Runtime",
            "Properties": {"AgentRuntimeName": "desk", "RoleArn": role, "ProtocolConfiguration": "MCP", "EnvironmentVariables": {"A": "b"}},
        },
    )
    base = "arn:aws:bedrock-agentcore:region(shop):account(shop)"
    assert facts.targets("PROVIDES", f"{base}:gateway/gate") == {f"{base}:gateway/gate/target/orders/cancel"}
    assert facts.targets("RUNS_AS", f"{base}:gateway/gate/target/orders/cancel") == {"arn:aws:iam::1:role/fn"}
    assert facts.targets("HOLDS", f"{base}:gateway/gate") == {"arn:aws:bedrock-agentcore:eu-west-1:1:token-vault/x"}
    assert facts.nodes["ToolServer", f"{base}:runtime/desk"]["protocol"] == "mcp"


@pytest.mark.parametrize(
    "text",
    [
        '{"AWSTemplateFormatVersion": "2010-09-09"}',
        '{"AWSTemplateFormatVersion": "2010-09-09", "Resources": [',
        "AWSTemplateFormatVersion: [",
        "AWSTemplateFormatVersion: '2010-09-09'\nResources: 7\n",
    ],
    ids=range(4),
)
def test_what_is_no_template_is_refused(text: str) -> None:
    with pytest.raises(IngestError):
        read(text, "a.template")


ODD: dict[str, Any] = {
    "itself": {"A": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": "${B}"}}}, "B": {"Type": "AWS::S3::Bucket"}},
    "cycle": {
        "A": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Ref": "B"}}},
        "B": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::GetAtt": ["A", "Arn"]}}},
    },
    "types": {
        "A": {
            "Type": "AWS::IAM::Role",
            "Properties": {"RoleName": [], "Policies": [7, {"PolicyName": {}}], "ManagedPolicyArns": {"a": 1}, "Tags": 7},
        },
        "B": {"Type": "AWS::Bedrock::Agent", "Properties": {"ActionGroups": {"ActionGroupExecutor": []}, "KnowledgeBases": [1]}},
        "C": {"Type": "AWS::ECS::TaskDefinition", "Properties": {"ContainerDefinitions": [{"Environment": 7, "Secrets": [1]}]}},
        "D": {"Type": ["AWS::S3::Bucket"], "Properties": 1},
        "E": {"Type": "AWS::Serverless::Function", "Properties": {"Policies": [7, None, {"Statement": 7}, {"S3ReadPolicy": 7}]}},
        "F": {"Type": "AWS::S3::Bucket", "Condition": {"Fn::And": [{"Fn::Not": 7}]}},
    },
    "functions": {
        name: {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {f"Fn::{name}": argument}}}
        for name in ("Sub", "Join", "Select", "Split", "If", "FindInMap", "GetAtt", "Equals", "Cidr", "ImportValue", "Transform")
        for argument in ([], 7, ["a"], {"a": 1}, [["a"], 7, {}])
    },
    "bomb": {
        f"R{n}": {"Type": "AWS::S3::Bucket", "Properties": {"BucketName": {"Fn::Sub": f"${{R{n + 1}}}${{R{n + 1}}}"}}} for n in range(60)
    },
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_templates_are_taken(kind: str) -> None:
    resources(**ODD[kind])


EXPORTS = """
AWSTemplateFormatVersion: '2010-09-09'
Resources:
  Queue: {Type: AWS::SQS::Queue, Properties: {QueueName: jobs}}
Outputs:
  Queue: {Value: !GetAtt Queue.Arn, Export: {Name: shop-jobs}}
"""
PART = """
AWSTemplateFormatVersion: '2010-09-09'
Parameters: {Name: {Type: String}}
Resources:
  Role: {Type: AWS::IAM::Role, Properties: {RoleName: !Sub '${Name}-role', AssumeRolePolicyDocument: {Statement: []}}}
  Free: {Type: AWS::S3::Bucket}
Outputs:
  RoleArn: {Value: !GetAtt Role.Arn}
"""
WHOLE = """
AWSTemplateFormatVersion: '2010-09-09'
Resources:
  Part: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: ./part.yaml, Parameters: {Name: desk}}}
  Job:
    Type: AWS::Lambda::Function
    Properties:
      FunctionName: job
      Role: !GetAtt Part.Outputs.RoleArn
  Policy:
    Type: AWS::SQS::QueuePolicy
    Properties: {Queues: [!ImportValue shop-jobs], PolicyDocument: {Statement: []}}
"""


def test_templates_that_are_parts_of_others_or_export_to_them() -> None:
    facts = linked(cloudformation, {"infra/exports.yaml": EXPORTS, "infra/part.yaml": PART, "infra/whole.yaml": WHOLE})
    assert facts.drawn("RUNS_AS") == {("arn:aws:lambda:region(shop):account(shop):function:job", f"{IAM}:role/desk-role")}
    assert [subject for subject, _ in grants(facts, "resource")] == ["arn:aws:sqs:region(shop):account(shop):jobs"]
    assert {node for kind, node in facts.nodes if ":s3:" in node} == {"arn:aws:s3:::Part.Free(shop.infra.whole.yaml)"}
    assert not facts.problems


def test_templates_that_hold_each_other_end() -> None:
    text = "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  P: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: %s}}\n"
    linked(cloudformation, {"a.yaml": text % "b.yaml", "b.yaml": text % "a.yaml", "c.yaml": text % "c.yaml"})


def test_parts_of_parts_of_parts_are_bounded() -> None:
    part = "  P{0}: {{Type: AWS::CloudFormation::Stack, Properties: {{TemplateURL: ./t{1}.yaml}}}}\n"
    head = "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n  Q: {Type: AWS::SQS::Queue}\n"
    files = {f"t{level}.yaml": head + "".join(part.format(n, level + 1) for n in range(100)) for level in range(6)}
    assert len(linked(cloudformation, files).nodes) <= 2100


def test_what_a_function_runs_is_told_by_its_handler_and_the_folder_of_its_code() -> None:
    facts = read(
        "Transform: AWS::Serverless-2016-10-31\nResources:\n  Desk:\n    Type: AWS::Serverless::Function\n"
        "    Properties: {FunctionName: desk, Handler: app.handle, CodeUri: ../src/desk/}\n"
    )
    labels = facts.nodes["Runtime", "arn:aws:lambda:region(shop):account(shop):function:desk"]["labels"]
    assert labels == ["build=src/desk", "handler=app.handle", "manifest=infra/desk.yaml"]
