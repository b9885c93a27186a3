"""A resource of CloudFormation as resources of Terraform: names of properties changed, what stands inside it set beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cache
from typing import Any

from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.bundled import rows
from graphinv.ingest.support.cloudformation.types import KINDS, snake
from graphinv.ingest.support.partial import Value, is_known, objects, text_of
from graphinv.ingest.support.terraform.naming import NAMINGS
from graphinv.ingest.support.terraform.program import Resource

MAX_DEPTH = 40
# What stands under these properties is somebody's own: its keys stay as they are.
_OWN = re.compile(r"(?:.*document|.*policy|.*policy_text|.*variables|policies|tags|labels|default_arguments|parameters|content)")


def snaked(value: Value, depth: int = 0) -> Value:
    """Properties with names in snake case, those of documents, variables and tags excepted."""
    if isinstance(value, dict) and depth < MAX_DEPTH:
        made: dict[str, Value] = {}
        for key, inner in value.items():
            name = snake(key)
            own = (isinstance(inner, dict) and _OWN.fullmatch(name)) or name == "policies"
            made[name] = inner if own else snaked(inner, depth + 1)
        return made
    if isinstance(value, list) and depth < MAX_DEPTH:
        return [snaked(item, depth + 1) for item in value]
    return value


def translated(one: Resource, kind: str) -> Iterator[Resource]:
    """``one``, whose ``values`` are properties of a resource of type ``kind`` in snake case, as Terraform's resources."""
    known = KINDS[kind]
    values = dict(one.values)
    naming = NAMINGS.get(known.type)
    if known.name in values:
        values.setdefault(naming.names[0] if naming and known.name not in naming.names else "name", values[known.name])
    made = replace(one, type=known.type, values=values)
    yield from _SPECIAL.get(kind, _same)(made, values)


def _same(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
    yield one


def _beside(one: Resource, kind: str, values: Mapping[str, Value]) -> Resource:
    return replace(one, type=kind, values=values)


def _items(value: Value) -> list[Any]:
    return [item for item in value if item is not None] if isinstance(value, list) else [] if value in (None, "") else [value]


def _policies(one: Resource, name: str, value: Value, kind: str) -> Iterator[Resource]:
    """Inline policies that stand in a role, user or group."""
    for policy in objects(value):
        inner = snaked(policy)
        yield _beside(one, f"aws_iam_{kind}_policy", {kind: name, "name": inner.get("policy_name"), "policy": inner.get("policy_document")})


def _principal(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
    kind = one.type.rpartition("_")[2]
    policies, managed = values.pop("policies", None), values.pop("managed_policy_arns", None)
    values["assume_role_policy"] = values.pop("assume_role_policy_document", None)
    yield one
    name = one.arn or one.called
    yield from _policies(one, name, policies, kind)
    for policy in _items(managed):
        yield _beside(one, f"aws_iam_{kind}_policy_attachment", {kind: name, "policy_arn": policy})
    for group in _items(values.get("groups")):
        yield _beside(one, "aws_iam_user_group_membership", {"user": name, "groups": [group]})


def _policy(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
    """A policy for lists of roles, users and groups."""
    for kind in ("role", "user", "group"):
        for name in (*_items(values.get(f"{kind}s")), *_items(values.get(f"{kind}_name"))):
            stated = {kind: name, "name": values.get("policy_name"), "policy": values.get("policy_document")}
            yield _beside(one, f"aws_iam_{kind}_policy", stated)


def _managed(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
    values["policy"] = values.get("policy_document")
    yield one
    for kind in ("role", "user", "group"):
        for name in _items(values.get(f"{kind}s")):
            yield _beside(one, f"aws_iam_{kind}_policy_attachment", {kind: name, "policy_arn": one.arn})


def _profile(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
    values["role"] = next(iter(_items(values.get("roles"))), None)
    yield one


def _key(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
    values["user"] = values.get("user_name")
    yield one


def _membership(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
    values["group"] = values.get("group_name")
    yield one


def _function(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
    code = values.get("code")
    values["code_uri"] = values.get("code_uri") or code
    values["image_uri"] = values.get("image_uri") or (code.get("image_uri") if isinstance(code, dict) else None)
    yield one


def _serverless(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
    """A function of SAM: without a role of its own it gets one, with the policies that it lists."""
    if values.get("role") is None:
        trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
        stated = {
            "name": f"{one.called}Role",
            "permissions_boundary": values.get("permissions_boundary"),
            "assume_role_policy": {"Version": "2012-10-17", "Statement": [trust]},
        }
        role = _beside(one, "aws_iam_role", stated)
        yield role
        name = role.arn or role.called
        values["role"] = name
        for policy in _items(values.get("policies")):
            yield from _sam_policy(one, name, policy)
    yield from _function(one, values)


def _sam_policy(one: Resource, role: str, policy: Value) -> Iterator[Resource]:
    """An entry of ``Policies``: an ARN or the name of a managed policy, statements, or a template of SAM's with its parameters."""
    if isinstance(policy, dict) and "Statement" in policy:
        statements = policy["Statement"]
        document = {"Version": "2012-10-17", "Statement": statements}
        yield _beside(one, "aws_iam_role_policy", {"role": role, "name": f"{one.name}Policy", "policy": document})
    elif isinstance(policy, dict):
        for name, parameters in policy.items():
            document = _template_policy(one, name, parameters if isinstance(parameters, dict) else {})
            yield _beside(one, "aws_iam_role_policy", {"role": role, "name": name, "policy": document})
    else:
        text = text_of(policy)
        arn = text if text.startswith("arn:") or not is_known(text) else f"arn:{one.home.partition}:iam::aws:policy/{_with_path(text)}"
        yield _beside(one, "aws_iam_role_policy_attachment", {"role": role, "policy_arn": arn})


def _with_path(name: str) -> str:
    """A managed policy of AWS with its path, which SAM leaves out: ``service-role/AWSLambdaBasicExecutionRole``."""
    return _paths().get(name, name)


@cache
def _paths() -> Mapping[str, str]:
    return {name.rpartition("/")[2]: name for name in rows("aws/managed_policies.tsv")}


# SAM's templates of policies: what they are on, with the template's parameter in it, and the actions.
_TEMPLATES: Mapping[str, str] = {
    "DynamoDBCrudPolicy": "dynamodb table/{TableName} : GetItem DeleteItem PutItem Scan Query UpdateItem BatchWriteItem BatchGetItem",
    "DynamoDBReadPolicy": "dynamodb table/{TableName} : GetItem Scan Query BatchGetItem DescribeTable",
    "DynamoDBWritePolicy": "dynamodb table/{TableName} : PutItem UpdateItem BatchWriteItem",
    "DynamoDBReconfigurePolicy": "dynamodb table/{TableName} : UpdateTable",
    "DynamoDBStreamReadPolicy": "dynamodb table/{TableName}/stream/{StreamName} : DescribeStream GetRecords GetShardIterator ListStreams",
    "S3ReadPolicy": "s3 {BucketName} : GetObject ListBucket GetBucketLocation GetObjectVersion",
    "S3WritePolicy": "s3 {BucketName} : PutObject PutObjectAcl PutLifecycleConfiguration",
    "S3CrudPolicy": "s3 {BucketName} : GetObject ListBucket GetObjectVersion PutObject PutObjectAcl PutLifecycleConfiguration DeleteObject",
    "S3FullAccessPolicy": "s3 {BucketName} : GetObject GetObjectAcl PutObject PutObjectAcl DeleteObject PutObjectTagging ListBucket",
    "SQSPollerPolicy": "sqs {QueueName} : ChangeMessageVisibility DeleteMessage GetQueueAttributes ReceiveMessage",
    "SQSSendMessagePolicy": "sqs {QueueName} : SendMessage",
    "SNSPublishMessagePolicy": "sns {TopicName} : Publish",
    "SNSCrudPolicy": "sns {TopicName} : Subscribe ListSubscriptionsByTopic CreateTopic SetTopicAttributes Publish",
    "LambdaInvokePolicy": "lambda function:{FunctionName} : InvokeFunction",
    "StepFunctionsExecutionPolicy": "states stateMachine:{StateMachineName} : StartExecution",
    "StepFunctionsCallbackPolicy": "states stateMachine:{StateMachineName} : SendTaskSuccess SendTaskFailure",
    "SSMParameterReadPolicy": "ssm parameter/{ParameterName} : GetParameters GetParameter GetParametersByPath",
    "SSMParameterWithSlashPrefixReadPolicy": "ssm parameter{ParameterName} : GetParameters GetParameter GetParametersByPath",
    "KMSDecryptPolicy": "kms key/{KeyId} : Decrypt",
    "KMSEncryptPolicy": "kms key/{KeyId} : Encrypt",
    "AWSSecretsManagerGetSecretValuePolicy": "secretsmanager {SecretArn} : GetSecretValue",
    "AWSSecretsManagerRotationPolicy": "secretsmanager secret:* : DescribeSecret GetSecretValue PutSecretValue UpdateSecretVersionStage",
    "EventBridgePutEventsPolicy": "events event-bus/{EventBusName} : PutEvents",
    "KinesisStreamReadPolicy": "kinesis stream/{StreamName} : DescribeStream DescribeStreamSummary GetRecords GetShardIterator",
    "KinesisCrudPolicy": "kinesis stream/{StreamName} : CreateStream DeleteStream DescribeStream GetRecords PutRecord PutRecords",
    "FirehoseWritePolicy": "firehose deliverystream/{DeliveryStreamName} : PutRecord PutRecordBatch",
    "FirehoseCrudPolicy": "firehose deliverystream/{DeliveryStreamName} : CreateDeliveryStream DeleteDeliveryStream PutRecord*",
    "SESSendBouncePolicy": "ses identity/{IdentityName} : SendBounce",
    "SESCrudPolicy": "ses identity/{IdentityName} : GetIdentityVerificationAttributes SendEmail SendRawEmail VerifyEmailIdentity",
    "SESBulkTemplatedCrudPolicy": "ses identity/{IdentityName} : SendEmail SendRawEmail SendTemplatedEmail SendBulkTemplatedEmail",
    "SESEmailTemplateCrudPolicy": "ses * : CreateTemplate GetTemplate ListTemplates UpdateTemplate DeleteTemplate TestRenderTemplate",
    "CodePipelineReadOnlyPolicy": "codepipeline {PipelineName} : ListPipelineExecutions",
    "CodePipelineLambdaExecutionPolicy": "codepipeline * : PutJobSuccessResult PutJobFailureResult",
    "CodeCommitReadPolicy": "codecommit {RepositoryName} : GitPull Get* BatchGet* Describe*",
    "CodeCommitCrudPolicy": "codecommit {RepositoryName} : GitPull GitPush CreateBranch DeleteBranch Get* Describe* Put* Post* Merge*",
    "AthenaQueryPolicy": "athena workgroup/{WorkGroupName} : StartQueryExecution StopQueryExecution GetQueryExecution GetQueryResults",
    "SageMakerCreateEndpointPolicy": "sagemaker endpoint/{EndpointName} : CreateEndpoint",
    "SageMakerCreateEndpointConfigPolicy": "sagemaker endpoint-config/{EndpointConfigName} : CreateEndpointConfig",
    "ElasticsearchHttpPostPolicy": "es domain/{DomainName}/* : ESHttpPost ESHttpPut",
    "FilterLogEventsPolicy": "logs log-group:{LogGroupName}:log-stream:* : FilterLogEvents",
    "CloudFormationDescribeStacksPolicy": "cloudformation stack/* : DescribeStacks",
    "RekognitionFacesPolicy": "rekognition * : CompareFaces DetectFaces",
    "RekognitionDetectOnlyPolicy": "rekognition * : DetectFaces DetectLabels DetectModerationLabels DetectText",
    "RekognitionLabelsPolicy": "rekognition * : DetectLabels DetectModerationLabels",
    "ComprehendBasicAccessPolicy": "comprehend * : BatchDetect* DetectDominantLanguage DetectEntities DetectSentiment",
    "TextractDetectAnalyzePolicy": "textract * : DetectDocumentText StartDocumentTextDetection StartDocumentAnalysis AnalyzeDocument",
    "TextractPolicy": "textract * : *",
    "TextractGetResultPolicy": "textract * : GetDocumentTextDetection GetDocumentAnalysis",
    "PollyFullAccessPolicy": "polly lexicon/{LexiconName} : *",
    "CloudWatchPutMetricPolicy": "cloudwatch * : PutMetricData",
    "CloudWatchDescribeAlarmHistoryPolicy": "cloudwatch * : DescribeAlarmHistory",
    "CloudWatchDashboardPolicy": "cloudwatch * : GetDashboard ListDashboards PutDashboard ListMetrics",
    "EC2DescribePolicy": "ec2 * : DescribeRegions DescribeInstances",
    "EC2CopyImagePolicy": "ec2 image/{ImageId} : CopyImage",
    "AMIDescribePolicy": "ec2 * : DescribeImages",
    "EKSDescribePolicy": "eks * : DescribeCluster ListClusters",
    "EcsRunTaskPolicy": "ecs task-definition/{TaskDefinition} : RunTask",
    "ServerlessRepoReadWriteAccessPolicy": "serverlessrepo applications/* : CreateApplication* GetApplication* ListApplication*",
    "OrganizationsListAccountsPolicy": "organizations * : ListAccounts",
    "CostExplorerReadOnlyPolicy": "ce * : GetCostAndUsage GetDimensionValues GetReservationCoverage GetReservationUtilization GetTags",
    "MobileAnalyticsWriteOnlyAccessPolicy": "mobileanalytics * : PutEvents",
    "PinpointEndpointAccessPolicy": "mobiletargeting apps/{PinpointApplicationId}/endpoints/* : GetEndpoint UpdateEndpoint*",
    "AWSMarketplaceMeteringPolicy": "aws-marketplace * : MeterUsage",
    "VPCAccessPolicy": "ec2 * : CreateNetworkInterface DeleteNetworkInterface DescribeNetworkInterfaces DetachNetworkInterface",
}


def _template_policy(one: Resource, name: str, parameters: Mapping[str, Value]) -> Value:
    """The document of one of SAM's templates; None, which is told, for one that is not known here."""
    if name not in _TEMPLATES:
        return None
    target, _, actions = _TEMPLATES[name].partition(" : ")
    service, _, resource = target.partition(" ")
    filled = re.sub(r"\{(\w+)\}", lambda match: text_of(parameters.get(match[1])), resource).replace("//", "/")
    if filled != "*" and not filled.startswith("arn:"):
        home = one.home
        filled = arns.make(service, filled, home.root, account=home.account, region=home.region, partition=home.partition)
    resources = [filled, f"{filled}/*"] if service in ("s3", "dynamodb") else [filled]
    statement = {"Effect": "Allow", "Action": [f"{service}:{action}" for action in actions.split()], "Resource": resources}
    return {"Version": "2012-10-17", "Statement": [statement]}


def _permission(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
    values["function_name"] = values.get("function_name") or values.get("target_function_arn")
    values["authorization_type"] = values.get("auth_type")
    yield one


def _each_policy(attribute: str, target: str) -> Callable[[Resource, dict[str, Value]], Iterator[Resource]]:
    """A policy of each of a list of resources."""

    def made(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
        for name in _items(values.get(attribute)):
            yield _beside(one, one.type, {target: name, "policy": values.get("policy_document") or values.get("resource_policy")})

    return made


def _with_policy(attribute: str) -> Callable[[Resource, dict[str, Value]], Iterator[Resource]]:
    """A resource whose own policy stands in it as a document."""

    def made(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
        values["policy"] = values.get(attribute)
        yield one

    return made


def _secret(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
    yield one
    if values.get("secret_string") is not None:
        yield _beside(one, "aws_secretsmanager_secret_version", {"secret_id": one.arn, "secret_string": values["secret_string"]})


def _database(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
    values["username"], values["password"] = values.get("master_username"), values.get("master_user_password")
    yield one


def _task(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
    containers = values.get("container_definitions") or values.get("container_properties")
    values["container_definitions"] = [
        {
            "image": item.get("image"),
            "jobRoleArn": item.get("job_role_arn"),
            "environment": objects(item.get("environment")),
            "secrets": [{"name": secret.get("name"), "valueFrom": secret.get("value_from")} for secret in objects(item.get("secrets"))],
        }
        for item in objects(containers)
    ]
    yield one


def _template(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
    data = values.get("launch_template_data")
    yield replace(one, values={**values, **(data if isinstance(data, dict) else {})})


def _role_arn(attribute: str) -> Callable[[Resource, dict[str, Value]], Iterator[Resource]]:
    """Types whose role stands under another name."""

    def made(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
        values["role_arn"] = values.get(attribute)
        yield one

    return made


def _project(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
    environment = values.get("environment")
    pairs = environment.get("environment_variables") if isinstance(environment, dict) else None
    values["environment"] = {"environment_variable": [snaked(pair) for pair in objects(pairs)]}
    yield one


def _agent(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
    """An agent of Bedrock: its action groups, collaborators and knowledge bases stand in it."""
    agent = one.arn
    groups, others, bases = (values.pop(name, None) for name in ("action_groups", "agent_collaborators", "knowledge_bases"))
    yield one
    for group in objects(groups):
        schema = group.get("function_schema")
        functions = schema.get("functions") if isinstance(schema, dict) else None
        stated = {**group, "agent_id": agent, "function_schema": {"member_functions": {"functions": functions}}}
        yield _beside(one, "aws_bedrockagent_agent_action_group", stated)
    for other in objects(others):
        yield _beside(one, "aws_bedrockagent_agent_collaborator", {**other, "agent_id": agent})
    for base in objects(bases):
        stated = {"agent_id": agent, "knowledge_base_id": base.get("knowledge_base_id")}
        yield _beside(one, "aws_bedrockagent_agent_knowledge_base_association", stated)


def _permission_set(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
    """A permission set of Identity Center: what it allows stands in it."""
    yield one
    called = {"permission_set_arn": one.arn}
    if values.get("inline_policy") is not None:
        yield _beside(one, "aws_ssoadmin_permission_set_inline_policy", {**called, "inline_policy": values["inline_policy"]})
    for policy in _items(values.get("managed_policies")):
        yield _beside(one, "aws_ssoadmin_managed_policy_attachment", {**called, "managed_policy_arn": policy})
    for reference in objects(values.get("customer_managed_policy_references")):
        stated = {**called, "customer_managed_policy_reference": reference}
        yield _beside(one, "aws_ssoadmin_customer_managed_policy_attachment", stated)
    if values.get("permissions_boundary") is not None:
        stated = {**called, "permissions_boundary": values["permissions_boundary"]}
        yield _beside(one, "aws_ssoadmin_permissions_boundary_attachment", stated)


def _access_entry(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
    """Who may enter a cluster of EKS, with the access policies that stand in it."""
    yield one
    for policy in objects(values.get("access_policies")):
        stated = {**policy, "cluster_name": values.get("cluster_name"), "principal_arn": values.get("principal_arn")}
        yield _beside(one, "aws_eks_access_policy_association", stated)


def _runtime(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
    protocol = values.get("protocol_configuration")
    if isinstance(protocol, str):
        values["protocol_configuration"] = {"server_protocol": protocol}
    yield one


def _target(one: Resource, values: dict[str, Value]) -> Iterator[Resource]:
    credentials = []
    for item in objects(values.get("credential_provider_configurations")):
        provider = item.get("credential_provider")
        provider = provider if isinstance(provider, dict) else {}
        credentials.append({"api_key": provider.get("api_key_credential_provider"), "oauth": provider.get("oauth_credential_provider")})
    values["credential_provider_configuration"] = credentials
    yield one


_SPECIAL: Mapping[str, Callable[[Resource, dict[str, Value]], Iterator[Resource]]] = {
    **dict.fromkeys(("AWS::IAM::Role", "AWS::IAM::User", "AWS::IAM::Group"), _principal),
    **dict.fromkeys(("AWS::IAM::Policy", "AWS::IAM::RolePolicy", "AWS::IAM::UserPolicy", "AWS::IAM::GroupPolicy"), _policy),
    "AWS::IAM::ManagedPolicy": _managed,
    "AWS::IAM::InstanceProfile": _profile,
    "AWS::IAM::AccessKey": _key,
    "AWS::IAM::UserToGroupAddition": _membership,
    "AWS::Lambda::Function": _function,
    "AWS::Serverless::Function": _serverless,
    "AWS::Lambda::Permission": _permission,
    "AWS::Lambda::Url": _permission,
    "AWS::S3::BucketPolicy": _each_policy("bucket", "bucket"),
    "AWS::SQS::QueuePolicy": _each_policy("queues", "queue_url"),
    "AWS::SNS::TopicPolicy": _each_policy("topics", "arn"),
    "AWS::SecretsManager::ResourcePolicy": _each_policy("secret_id", "secret_arn"),
    "AWS::KMS::Key": _with_policy("key_policy"),
    "AWS::ECR::Repository": _with_policy("repository_policy_text"),
    "AWS::OpenSearchService::Domain": _with_policy("access_policies"),
    "AWS::SecretsManager::Secret": _secret,
    **dict.fromkeys(("AWS::RDS::DBInstance", "AWS::RDS::DBCluster", "AWS::DocDB::DBCluster", "AWS::Neptune::DBCluster"), _database),
    **dict.fromkeys(("AWS::ECS::TaskDefinition", "AWS::Batch::JobDefinition"), _task),
    "AWS::EC2::LaunchTemplate": _template,
    "AWS::Glue::Job": _role_arn("role"),
    "AWS::Serverless::StateMachine": _role_arn("role"),
    "AWS::CodeBuild::Project": _project,
    "AWS::SSO::PermissionSet": _permission_set,
    "AWS::EKS::AccessEntry": _access_entry,
    "AWS::Bedrock::Agent": _agent,
    "AWS::BedrockAgentCore::Runtime": _runtime,
    "AWS::BedrockAgentCore::GatewayTarget": _target,
}
