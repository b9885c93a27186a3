"""Ways in which a principal gives itself more than its policies say: the published list, as data.

Sources: "AWS IAM Privilege Escalation" of Rhino Security Labs (2018, 21 ways), IAM Vulnerable of Bishop Fox (31 ways), and what AWS's
service authorization reference says of services that take a role since then.
"""

from __future__ import annotations

from dataclasses import dataclass

SELF: tuple[tuple[str, frozenset[str]], ...] = (
    ("iam:AttachUserPolicy", frozenset({"iam_user"})),
    ("iam:PutUserPolicy", frozenset({"iam_user"})),
    ("iam:AttachGroupPolicy", frozenset({"iam_group"})),
    ("iam:PutGroupPolicy", frozenset({"iam_group"})),
    ("iam:AttachRolePolicy", frozenset({"iam_role"})),
    ("iam:PutRolePolicy", frozenset({"iam_role"})),
)
"""Actions that give any permission to the principal of that kind which they are allowed on."""
VERSIONS: tuple[str, ...] = ("iam:CreatePolicyVersion", "iam:SetDefaultPolicyVersion")
"""The same for those to whom the policy is attached."""
UNLIMITED: tuple[str, ...] = (
    "iam:DeleteUserPermissionsBoundary",
    "iam:PutUserPermissionsBoundary",
    "iam:DeleteRolePermissionsBoundary",
    "iam:PutRolePermissionsBoundary",
)
"""Actions that take away the boundary of the user or role they are allowed on."""
BECOMES: tuple[tuple[str, str], ...] = (
    ("iam:CreateAccessKey", "iam_user"),
    ("iam:CreateLoginProfile", "iam_user"),
    ("iam:UpdateLoginProfile", "iam_user"),
    ("iam:AddUserToGroup", "iam_group"),
    ("iam:UpdateAssumeRolePolicy", "iam_role"),
)
"""Actions by which one becomes the user, the member of the group, the role that they are allowed on."""


UNSEEN = 0.6
"""Confidence that something runs under a role that trusts a service to run as it, where nothing that does is known."""


@dataclass(frozen=True, slots=True)
class Way:
    """A service that runs as a role.

    Args:
        service: what the role must trust, without ``.amazonaws.com``.
        steps: one action of each step is needed.
        passes: whether the role is given (``iam:PassRole``); otherwise it is that of something that already runs.
        on: how the names of what it acts on begin in their ARNs, where other things run under roles of that service too.
        unseen: confidence that something of the kind runs under a role that trusts the service, where nothing that does is known.
    """

    service: str
    steps: tuple[tuple[str, ...], ...]
    passes: bool
    on: str = ""
    unseen: float = UNSEEN


def _way(service: str, *steps: str, passes: bool = True, on: str = "", unseen: float = UNSEEN) -> Way:
    return Way(service, tuple(tuple(step.split("|")) for step in steps), passes, on, unseen)


_LAMBDA_RUNS = "lambda:InvokeFunction|lambda:AddPermission|lambda:CreateEventSourceMapping|lambda:CreateFunctionUrlConfig"
WAYS: tuple[Way, ...] = (
    _way("ec2", "ec2:RunInstances"),
    _way("ec2", "ec2:AssociateIamInstanceProfile|ec2:ReplaceIamInstanceProfileAssociation"),
    _way("ec2", "autoscaling:CreateAutoScalingGroup", "autoscaling:CreateLaunchConfiguration|ec2:CreateLaunchTemplate"),
    _way("lambda", "lambda:CreateFunction", _LAMBDA_RUNS),
    _way("lambda", "lambda:UpdateFunctionConfiguration", "lambda:UpdateFunctionCode"),
    _way("glue", "glue:CreateDevEndpoint"),
    _way("glue", "glue:CreateJob|glue:UpdateJob", "glue:StartJobRun|glue:CreateTrigger"),
    _way("glue", "glue:CreateSession", "glue:RunStatement"),
    _way("cloudformation", "cloudformation:CreateStack|cloudformation:CreateStackSet"),
    _way("cloudformation", "cloudformation:UpdateStack|cloudformation:CreateChangeSet"),
    _way("datapipeline", "datapipeline:CreatePipeline", "datapipeline:PutPipelineDefinition"),
    _way("elasticmapreduce", "elasticmapreduce:RunJobFlow"),
    _way("codebuild", "codebuild:CreateProject|codebuild:UpdateProject", "codebuild:StartBuild|codebuild:StartBuildBatch"),
    _way("codestar", "codestar:CreateProject"),
    _way("sagemaker", "sagemaker:CreateNotebookInstance"),
    _way("sagemaker", "sagemaker:CreateTrainingJob"),
    _way("sagemaker", "sagemaker:CreateProcessingJob"),
    _way("sagemaker", "sagemaker:CreateUserProfile|sagemaker:CreateDomain", "sagemaker:CreatePresignedDomainUrl"),
    _way("ecs-tasks", "ecs:RegisterTaskDefinition", "ecs:RunTask|ecs:StartTask|ecs:CreateService|ecs:UpdateService"),
    _way("ecs-tasks", "ecs:RunTask|ecs:StartTask"),  # the role of a task can be replaced when it is started
    _way("batch", "batch:RegisterJobDefinition", "batch:SubmitJob"),
    _way("states", "states:CreateStateMachine|states:UpdateStateMachine", "states:StartExecution"),
    _way("scheduler", "scheduler:CreateSchedule|scheduler:UpdateSchedule"),
    _way("ssm", "ssm:StartAutomationExecution"),
    _way("tasks.apprunner", "apprunner:CreateService|apprunner:UpdateService"),
    _way("amplify", "amplify:CreateApp"),
    _way("pods.eks", "eks:CreatePodIdentityAssociation"),
    _way("bedrock", "bedrock:CreateAgent", "bedrock:InvokeAgent"),
    _way("bedrock-agentcore", "bedrock-agentcore:CreateAgentRuntime", "bedrock-agentcore:InvokeAgentRuntime"),
    _way("bedrock-agentcore", "bedrock-agentcore:CreateCodeInterpreter", "bedrock-agentcore:InvokeCodeInterpreter"),
    _way("lambda", "lambda:UpdateFunctionCode", passes=False),
    _way("lambda", "lambda:UpdateFunctionConfiguration", passes=False),
    _way("glue", "glue:UpdateDevEndpoint", passes=False, on="devEndpoint/"),
    _way("glue", "glue:UpdateJob", "glue:StartJobRun|glue:CreateTrigger", passes=False, on="job/"),
    _way("cloudformation", "cloudformation:UpdateStack|cloudformation:CreateChangeSet", passes=False),
    _way("ec2", "ssm:SendCommand|ssm:StartSession", passes=False),
    _way("ec2", "ec2-instance-connect:SendSSHPublicKey|ec2-instance-connect:SendSerialConsoleSSHPublicKey", passes=False),
    _way("ec2", "ec2:ModifyInstanceAttribute", "ec2:StopInstances|ec2:RebootInstances", passes=False),
    _way("codebuild", "codebuild:StartBuild|codebuild:StartBuildBatch", passes=False),
    _way("sagemaker", "sagemaker:CreatePresignedNotebookInstanceUrl", passes=False, on="notebook-instance/"),
    _way("sagemaker", "sagemaker:UpdateNotebookInstance", "sagemaker:StartNotebookInstance", passes=False, on="notebook-instance/"),
    _way("ecs-tasks", "ecs:ExecuteCommand", passes=False),
    # Most roles that trust AgentCore are those of agents and gateways: an interpreter seldom has one.
    _way("bedrock-agentcore", "bedrock-agentcore:InvokeCodeInterpreter", passes=False, on="code-interpreter", unseen=0.3),
    _way("datapipeline", "datapipeline:PutPipelineDefinition", "datapipeline:ActivatePipeline", passes=False),
    _way("codestar", "codestar:AssociateTeamMember|codestar:CreateProjectFromTemplate", passes=False),
)
"""What starts something of one's own, or changes something that runs, under the role of a service."""
