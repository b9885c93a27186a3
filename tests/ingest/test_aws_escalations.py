"""IAM Vulnerable's ways to become more, rebuilt from their descriptions: each must be found, and what lacks a piece of one must not."""

from __future__ import annotations

import pytest

from graphinv.ingest.support.aws.actions import Service
from graphinv.ingest.support.aws.escalations import BECOMES, SELF, UNLIMITED, VERSIONS, WAYS
from graphinv.model.facts import EdgeFact, Grant
from tests.ingest.aws_grants import ACCOUNT, Evaluated, allow, deny, grant, group, role, trust, user

ME = user("me")
HERE = f"aws:{ACCOUNT}/administrator"
POLICY = f"arn:aws:iam::{ACCOUNT}:policy/mine"
SERVICES = (
    "ec2",
    "lambda",
    "glue",
    "cloudformation",
    "datapipeline",
    "codebuild",
    "sagemaker",
    "ecs-tasks",
    "bedrock-agentcore",
    "codestar",
)


def estate() -> list[Grant]:
    """A high-privileged role for each service, a user, a group, and a role that anybody of the account may assume with permission."""
    grants = [grant(role(f"for-{name}"), "trust", trust(Service=f"{name}.amazonaws.com")) for name in SERVICES]
    grants += [grant(role("account"), "trust", trust(AWS=f"arn:aws:iam::{ACCOUNT}:root"))]
    grants += [grant(user("admin"), "identity", allow("*")), grant(group("admins"), "identity", allow("*"))]
    return [*grants, grant(ME, "member", group("staff")), grant(group("staff"), "identity", allow("sqs:ListQueues"))]


WAYS_31: dict[str, tuple[list[str], str, str]] = {
    # way: (actions, whom one becomes, how it is told)
    "1 CreateNewPolicyVersion": (["iam:CreatePolicyVersion"], HERE, "iam:CreatePolicyVersion"),
    "2 SetExistingDefaultPolicyVersion": (["iam:SetDefaultPolicyVersion"], HERE, "iam:SetDefaultPolicyVersion"),
    "3 CreateEC2WithExistingIP": (["iam:PassRole", "ec2:RunInstances"], role("for-ec2"), "iam:PassRole + ec2:RunInstances"),
    "4 CreateAccessKey": (["iam:CreateAccessKey"], user("admin"), "iam:CreateAccessKey"),
    "5 CreateLoginProfile": (["iam:CreateLoginProfile"], user("admin"), "iam:CreateLoginProfile"),
    "6 UpdateLoginProfile": (["iam:UpdateLoginProfile"], user("admin"), "iam:UpdateLoginProfile"),
    "7 AttachUserPolicy": (["iam:AttachUserPolicy"], HERE, "iam:AttachUserPolicy"),
    "8 AttachGroupPolicy": (["iam:AttachGroupPolicy"], HERE, "iam:AttachGroupPolicy on staff"),
    "9 AttachRolePolicy": (["iam:AttachRolePolicy", "sts:AssumeRole"], HERE, "iam:AttachRolePolicy on account"),
    "10 PutUserPolicy": (["iam:PutUserPolicy"], HERE, "iam:PutUserPolicy"),
    "11 PutGroupPolicy": (["iam:PutGroupPolicy"], HERE, "iam:PutGroupPolicy on staff"),
    "12 PutRolePolicy": (["iam:PutRolePolicy", "sts:AssumeRole"], HERE, "iam:PutRolePolicy on account"),
    "13 AddUserToGroup": (["iam:AddUserToGroup"], group("admins"), "iam:AddUserToGroup"),
    "14 UpdatingAssumeRolePolicy": (["iam:UpdateAssumeRolePolicy", "sts:AssumeRole"], role("for-ec2"), "iam:UpdateAssumeRolePolicy"),
    "15 PassExistingRoleToNewLambdaThenInvoke": (
        ["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"],
        role("for-lambda"),
        "iam:PassRole + lambda:CreateFunction + lambda:InvokeFunction",
    ),
    "16 PassRoleToNewLambdaThenInvokeCrossAccount": (
        ["iam:PassRole", "lambda:CreateFunction", "lambda:AddPermission"],
        role("for-lambda"),
        "iam:PassRole + lambda:CreateFunction + lambda:AddPermission",
    ),
    "17 PassRoleToNewLambdaThenTriggerWithNewDynamo": (
        ["iam:PassRole", "lambda:CreateFunction", "lambda:CreateEventSourceMapping", "dynamodb:CreateTable", "dynamodb:PutItem"],
        role("for-lambda"),
        "iam:PassRole + lambda:CreateFunction + lambda:CreateEventSourceMapping",
    ),
    "18 PassRoleToNewLambdaThenTriggerWithExistingDynamo": (
        ["iam:PassRole", "lambda:CreateFunction", "lambda:CreateEventSourceMapping"],
        role("for-lambda"),
        "iam:PassRole + lambda:CreateFunction + lambda:CreateEventSourceMapping",
    ),
    "19 EditExistingLambdaFunctionWithRole": (["lambda:UpdateFunctionCode"], role("for-lambda"), "lambda:UpdateFunctionCode"),
    "20 PassExistingRoleToNewGlueDevEndpoint": (
        ["iam:PassRole", "glue:CreateDevEndpoint"],
        role("for-glue"),
        "iam:PassRole + glue:CreateDevEndpoint",
    ),
    "21 UpdateExistingGlueDevEndpoint": (["glue:UpdateDevEndpoint"], role("for-glue"), "glue:UpdateDevEndpoint"),
    "22 PassExistingRoleToCloudFormation": (
        ["iam:PassRole", "cloudformation:CreateStack"],
        role("for-cloudformation"),
        "iam:PassRole + cloudformation:CreateStack",
    ),
    "23 PassExistingRoleToNewDataPipeline": (
        ["iam:PassRole", "datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition", "datapipeline:ActivatePipeline"],
        role("for-datapipeline"),
        "datapipeline:PutPipelineDefinition",
    ),
    "24 codeBuildCreateProjectPassRole": (
        ["iam:PassRole", "codebuild:CreateProject", "codebuild:StartBuild"],
        role("for-codebuild"),
        "codebuild:StartBuild",
    ),
    "25 SageMakerCreateNotebookPassRole": (
        ["iam:PassRole", "sagemaker:CreateNotebookInstance"],
        role("for-sagemaker"),
        "iam:PassRole + sagemaker:CreateNotebookInstance",
    ),
    "26 SageMakerCreateTrainingJobPassRole": (
        ["iam:PassRole", "sagemaker:CreateTrainingJob"],
        role("for-sagemaker"),
        "iam:PassRole + sagemaker:CreateTrainingJob",
    ),
    "27 SageMakerCreateProcessingJobPassRole": (
        ["iam:PassRole", "sagemaker:CreateProcessingJob"],
        role("for-sagemaker"),
        "iam:PassRole + sagemaker:CreateProcessingJob",
    ),
    "28 SageMakerCreatePresignedNotebookURL": (
        ["sagemaker:CreatePresignedNotebookInstanceUrl"],
        role("for-sagemaker"),
        "sagemaker:CreatePresignedNotebookInstanceUrl",
    ),
    "29 EC2InstanceConnect": (["ec2-instance-connect:SendSSHPublicKey"], role("for-ec2"), "ec2-instance-connect:SendSSHPublicKey"),
    "30 ssmSendCommand": (["ssm:SendCommand"], role("for-ec2"), "ssm:SendCommand"),
    "31 ssmStartSession": (["ssm:StartSession"], role("for-ec2"), "ssm:StartSession"),
}


def mine(*actions: str, **more: object) -> list[Grant]:
    """What is attached to ME: a managed policy of the account's own, as in the lab."""
    return [grant(ME, "identity", POLICY), grant(("Resource", POLICY), "policy", allow(list(actions), **more))]  # type: ignore[arg-type]


def ways(found: Evaluated, target: str) -> set[str]:
    return {
        one.props["kind_detail"]
        for one in found.edges
        if one.kind == "ASSUMES" and one.source == ("Identity", ME) and one.target == ("Identity", target)
    }


@pytest.mark.parametrize("way", WAYS_31)
def test_each_way_is_found(way: str) -> None:
    actions, target, how = WAYS_31[way]
    found = Evaluated([*estate(), *mine(*actions)])
    assert any(how in one for one in ways(found, target)), found.becomes(ME)


@pytest.mark.parametrize("way", WAYS_31)
def test_a_denial_closes_it(way: str) -> None:
    actions, target, how = WAYS_31[way]
    found = Evaluated([*estate(), *mine(*actions), grant(ME, "identity", deny(actions[0])), grant(ME, "identity", deny(actions[-1]))])
    assert not any(how in one for one in ways(found, target))


@pytest.mark.parametrize("way", [way for way, (actions, _, how) in WAYS_31.items() if "iam:PassRole" in how])
def test_a_role_that_may_not_be_passed_is_not_had(way: str) -> None:
    actions, target, _ = WAYS_31[way]
    others = [one for one in actions if one != "iam:PassRole"]
    passing = grant(ME, "identity", allow("iam:PassRole", role("some-other")))
    found = Evaluated([*estate(), *mine(*others), passing])
    assert not any("iam:PassRole" in one for one in ways(found, target))


def test_a_role_attached_to_its_own_policy_frees_itself() -> None:
    me = role("me")
    for action in ("iam:AttachRolePolicy", "iam:PutRolePolicy"):
        assert Evaluated([grant(me, "identity", allow(action, me))]).becomes(me) == {HERE: action}
        assert Evaluated([grant(me, "identity", allow(action, role("other")))]).becomes(me) == {}


def test_a_boundary_holds_unless_it_can_be_taken_off() -> None:
    me = role("me")
    grants = [
        grant(me, "identity", allow(["iam:AttachRolePolicy", "iam:DeleteRolePermissionsBoundary"])),
        grant(me, "boundary", allow("iam:*")),
    ]
    assert HERE in Evaluated(grants).becomes(me)
    held = [*grants, grant(me, "identity", deny("iam:DeleteRolePermissionsBoundary"))]
    assert HERE not in Evaluated(held).becomes(me)


def test_pass_role_is_held_to_the_service_that_its_condition_names() -> None:
    condition = {"StringEquals": {"iam:PassedToService": "lambda.amazonaws.com"}}
    grants = [*estate(), grant(ME, "identity", allow("iam:PassRole", Condition=condition), allow(["ec2:*", "lambda:*"]))]
    found = Evaluated(grants)
    assert "iam:PassRole + ec2:RunInstances" not in ways(found, role("for-ec2"))
    assert any("iam:PassRole" in one for one in ways(found, role("for-lambda")))
    edges = [one for one in found.edges if one.target == ("Identity", role("for-lambda")) and "iam:PassRole" in one.props["kind_detail"]]
    assert all("PassedToService" in one.props["condition"] for one in edges)


def test_what_is_known_to_run_tells_whose_role_is_had() -> None:
    function = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:pay"
    runs = EdgeFact("RUNS_AS", ("Runtime", function), ("Identity", role("for-lambda")), {})
    sure = Evaluated([*estate(), grant(ME, "identity", allow("lambda:UpdateFunctionCode", function))], [], [runs])
    assert sure.edge("ASSUMES", ME, role("for-lambda")).get("confidence") is None
    other = Evaluated([*estate(), grant(ME, "identity", allow("lambda:UpdateFunctionCode", f"{function}-2"))], [], [runs])
    assert role("for-lambda") not in other.becomes(ME)
    unknown = Evaluated([*estate(), grant(ME, "identity", allow("lambda:UpdateFunctionCode", function))])
    assert unknown.edge("ASSUMES", ME, role("for-lambda"))["confidence"] == 0.6


def test_what_invokes_interpreters_does_not_become_what_agents_run_as() -> None:
    start = f"arn:aws:bedrock-agentcore:eu-west-1:{ACCOUNT}:"
    agent, interpreter = f"{start}runtime/pay-1", f"{start}code-interpreter-custom/py-1"
    mine_all = grant(ME, "identity", allow("bedrock-agentcore:InvokeCodeInterpreter"))
    unseen = Evaluated([*estate(), mine_all])
    assert unseen.edge("ASSUMES", ME, role("for-bedrock-agentcore"))["confidence"] == 0.3
    runs = EdgeFact("RUNS_AS", ("Runtime", agent), ("Identity", role("for-bedrock-agentcore")), {})
    assert role("for-bedrock-agentcore") not in Evaluated([*estate(), mine_all], [], [runs]).becomes(ME)
    runs = EdgeFact("RUNS_AS", ("Tool", interpreter), ("Identity", role("for-bedrock-agentcore")), {})
    sure = Evaluated([*estate(), mine_all], [], [runs])
    assert sure.edge("ASSUMES", ME, role("for-bedrock-agentcore")).get("confidence") is None


def test_an_administrator_has_everything_and_takes_nothing() -> None:
    bucket = ("Resource", "arn:aws:s3:::data")
    found = Evaluated([*estate(), *mine("iam:PutUserPolicy")], [bucket])
    assert found.can(HERE) == {f"aws:{ACCOUNT}": {"admin"}, bucket[1]: {"admin"}}
    assert found.nodes["Identity", HERE]["name"] == f"administrator of {ACCOUNT}"
    assert found.becomes(user("admin")) == {role("account"): "trust"}


def test_nobody_becomes_whom_another_account_has() -> None:
    # IAM is asked within the account of whoever asks, and a service runs nothing as another account's role
    other = "210987654321"
    theirs = [f"arn:aws:iam::{other}:{one}" for one in ("user/admin", "group/admins", "role/for-lambda")]
    grants = [grant(one, "identity", allow("*")) for one in theirs]
    grants += [grant(theirs[2], "trust", trust(Service="lambda.amazonaws.com"))]
    actions = ["iam:CreateAccessKey", "iam:AddUserToGroup", "iam:UpdateAssumeRolePolicy", "iam:PassRole", "lambda:*"]
    found = Evaluated([*estate(), *grants, grant(ME, "identity", allow(actions))])
    assert not set(found.becomes(ME)) & set(theirs)
    assert {user("admin"), group("admins"), role("for-lambda")} <= set(found.becomes(ME))


def test_whom_a_file_leaves_without_an_account_may_be_of_the_only_one_that_is_known() -> None:
    open_role = "arn:aws:iam::account(infra):role/for-lambda"
    grants = [grant(open_role, "trust", trust(Service="lambda.amazonaws.com"))]
    passing = grant(ME, "identity", allow(["iam:PassRole", "lambda:CreateFunction", "lambda:InvokeFunction"]))
    assert open_role in Evaluated([*grants, passing]).becomes(ME)
    two = grant(role("x", "210987654321"), "identity", allow("s3:*"))
    assert open_role not in Evaluated([*grants, passing, two]).becomes(ME)


def test_every_action_of_the_list_is_one_of_aws() -> None:
    named = {action for way in WAYS for step in way.steps for action in step} | set(VERSIONS) | set(UNLIMITED)
    named |= {action for action, _ in (*SELF, *BECOMES)}
    unknown = {one for one in named if one.partition(":")[2].lower() not in Service(one.partition(":")[0]).bit}
    assert unknown == {"codestar:CreateProjectFromTemplate"}  # never documented; the lab uses it
