"""ARNs, ids and documents of AWS resources as far as configuration tells them: what an expression such as ``aws_sqs_queue.jobs.arn``
comes to."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import Any, NamedTuple

from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.cloudformation.types import CONTROL, KINDS
from graphinv.ingest.support.partial import Unknown, Value, text_of


class Naming(NamedTuple):
    """``resource`` of an ARN of ``service``, with ``{}`` for the name; ``names`` are the attributes that hold it, the first that does."""

    service: str
    resource: str
    names: tuple[str, ...] = ("name",)
    id: str = "name"
    """What ``id`` is: ``name``, ``arn``, or ``""`` for what only AWS tells."""


NAMINGS: Mapping[str, Naming] = {
    "aws_iam_role": Naming("iam", "role/{}"),
    "aws_iam_user": Naming("iam", "user/{}"),
    "aws_iam_group": Naming("iam", "group/{}"),
    "aws_iam_policy": Naming("iam", "policy/{}", id="arn"),
    "aws_iam_instance_profile": Naming("iam", "instance-profile/{}"),
    "aws_iam_openid_connect_provider": Naming("iam", "oidc-provider/{}", ("url",), "arn"),
    "aws_iam_saml_provider": Naming("iam", "saml-provider/{}", id="arn"),
    "aws_ssoadmin_permission_set": Naming("sso", "permissionSet/{}", id="arn"),
    "aws_s3_bucket": Naming("s3", "{}", ("bucket",)),
    "aws_dynamodb_table": Naming("dynamodb", "table/{}"),
    "aws_db_instance": Naming("rds", "db:{}", ("identifier",)),
    "aws_rds_cluster": Naming("rds", "cluster:{}", ("cluster_identifier",)),
    "aws_rds_cluster_instance": Naming("rds", "db:{}", ("identifier",)),
    "aws_redshift_cluster": Naming("redshift", "cluster:{}", ("cluster_identifier",)),
    "aws_redshiftserverless_namespace": Naming("redshift-serverless", "namespace/{}", ("namespace_name",)),
    "aws_elasticache_cluster": Naming("elasticache", "cluster:{}", ("cluster_id",)),
    "aws_elasticache_replication_group": Naming("elasticache", "replicationgroup:{}", ("replication_group_id",)),
    "aws_docdb_cluster": Naming("rds", "cluster:{}", ("cluster_identifier",)),
    "aws_neptune_cluster": Naming("rds", "cluster:{}", ("cluster_identifier",)),
    "aws_opensearch_domain": Naming("es", "domain/{}", ("domain_name",), "arn"),
    "aws_elasticsearch_domain": Naming("es", "domain/{}", ("domain_name",), "arn"),
    "aws_opensearchserverless_collection": Naming("aoss", "collection/{}"),
    "aws_sqs_queue": Naming("sqs", "{}"),
    "aws_sns_topic": Naming("sns", "{}", id="arn"),
    "aws_kinesis_stream": Naming("kinesis", "stream/{}", id="arn"),
    "aws_kinesis_firehose_delivery_stream": Naming("firehose", "deliverystream/{}", id="arn"),
    "aws_kms_key": Naming("kms", "key/{}", ("key_id",)),
    "aws_kms_alias": Naming("kms", "{}"),
    "aws_ssm_parameter": Naming("ssm", "parameter/{}"),
    "aws_secretsmanager_secret": Naming("secretsmanager", "secret:{}", id="arn"),
    "aws_secretsmanager_secret_version": Naming("secretsmanager", "secret:{}", ("secret_id",), ""),
    "aws_ecr_repository": Naming("ecr", "repository/{}"),
    "aws_efs_file_system": Naming("elasticfilesystem", "file-system/{}", ("file_system_id",)),
    "aws_cloudwatch_log_group": Naming("logs", "log-group:{}"),
    "aws_lambda_function": Naming("lambda", "function:{}", ("function_name",)),
    "aws_lambda_alias": Naming("lambda", "function:{}", ("function_name",), "arn"),
    "aws_instance": Naming("ec2", "instance/{}", ("instance_id",)),
    "aws_launch_template": Naming("ec2", "launch-template/{}", ("name",), ""),
    "aws_ecs_cluster": Naming("ecs", "cluster/{}", id="arn"),
    "aws_ecs_service": Naming("ecs", "service/{}", id="arn"),
    "aws_ecs_task_definition": Naming("ecs", "task-definition/{}", ("family",)),
    "aws_eks_cluster": Naming("eks", "cluster/{}"),
    "aws_sfn_state_machine": Naming("states", "stateMachine:{}", id="arn"),
    "aws_codebuild_project": Naming("codebuild", "project/{}", id="arn"),
    "aws_codepipeline": Naming("codepipeline", "{}"),
    "aws_glue_job": Naming("glue", "job/{}"),
    "aws_glue_catalog_database": Naming("glue", "database/{}"),
    "aws_glue_dev_endpoint": Naming("glue", "devEndpoint/{}"),
    "aws_athena_workgroup": Naming("athena", "workgroup/{}"),
    "aws_sagemaker_notebook_instance": Naming("sagemaker", "notebook-instance/{}"),
    "aws_sagemaker_model": Naming("sagemaker", "model/{}"),
    "aws_batch_job_definition": Naming("batch", "job-definition/{}"),
    "aws_apprunner_service": Naming("apprunner", "service/{}", ("service_name",), "arn"),
    "aws_cloudformation_stack": Naming("cloudformation", "stack/{}"),
    "aws_cloudwatch_event_bus": Naming("events", "event-bus/{}"),
    "aws_cloudwatch_event_rule": Naming("events", "rule/{}"),
    "aws_cloudwatch_event_connection": Naming("events", "connection/{}"),
    "aws_cloudwatch_event_api_destination": Naming("events", "api-destination/{}"),
    "aws_mq_broker": Naming("mq", "broker:{}", ("broker_name",), ""),
    "aws_msk_cluster": Naming("kafka", "cluster/{}", ("cluster_name",), "arn"),
    "aws_msk_serverless_cluster": Naming("kafka", "cluster/{}", ("cluster_name",), "arn"),
    "aws_batch_job_queue": Naming("batch", "job-queue/{}", id="arn"),
    "aws_appsync_graphql_api": Naming("appsync", "apis/{}", id=""),
    "aws_sagemaker_endpoint": Naming("sagemaker", "endpoint/{}"),
    "aws_qldb_ledger": Naming("qldb", "ledger/{}"),
    "aws_codecommit_repository": Naming("codecommit", "{}", ("repository_name",)),
    "aws_codestarconnections_connection": Naming("codestar-connections", "connection/{}", id="arn"),
    "aws_codeconnections_connection": Naming("codeconnections", "connection/{}", id="arn"),
    "aws_s3vectors_vector_bucket": Naming("s3vectors", "bucket/{}", ("vector_bucket_name",), ""),
    "aws_ses_email_identity": Naming("ses", "identity/{}", ("email",)),
    "aws_ses_domain_identity": Naming("ses", "identity/{}", ("domain",)),
    "aws_sesv2_email_identity": Naming("ses", "identity/{}", ("email_identity",)),
    "aws_efs_access_point": Naming("elasticfilesystem", "access-point/{}", ("access_point_id",)),
    "aws_ssm_document": Naming("ssm", "document/{}"),
    "aws_cognito_user_pool": Naming("cognito-idp", "userpool/{}", id=""),
    "aws_bedrockagent_agent": Naming("bedrock", "agent/{}", ("agent_id", "agent_name")),
    "aws_bedrockagent_agent_alias": Naming("bedrock", "agent-alias/{}", ("agent_id",), ""),
    "aws_bedrockagent_knowledge_base": Naming("bedrock", "knowledge-base/{}"),
    "aws_bedrockagent_flow": Naming("bedrock", "flow/{}"),
    "aws_bedrockagent_prompt": Naming("bedrock", "prompt/{}"),
    "aws_bedrock_guardrail": Naming("bedrock", "guardrail/{}"),
    "aws_bedrock_inference_profile": Naming("bedrock", "application-inference-profile/{}"),
    "aws_bedrockagentcore_agent_runtime": Naming("bedrock-agentcore", "runtime/{}", ("agent_runtime_id", "agent_runtime_name")),
    "aws_bedrockagentcore_gateway": Naming("bedrock-agentcore", "gateway/{}", ("gateway_id", "name")),
    "aws_bedrockagentcore_memory": Naming("bedrock-agentcore", "memory/{}", ("memory_id", "name")),
    "aws_bedrockagentcore_browser": Naming("bedrock-agentcore", "browser/{}"),
    "aws_bedrockagentcore_code_interpreter": Naming("bedrock-agentcore", "code-interpreter/{}"),
    "aws_bedrockagentcore_workload_identity": Naming("bedrock-agentcore", "workload-identity-directory/default/workload-identity/{}"),
    "aws_bedrockagentcore_api_key_credential_provider": Naming(
        "bedrock-agentcore", "token-vault/default/apikeycredentialprovider/{}", id="name"
    ),
    "aws_bedrockagentcore_oauth2_credential_provider": Naming("bedrock-agentcore", "token-vault/default/oauth2credentialprovider/{}"),
}
# Attributes that hold a resource's ARN, and those that hold its name or id.
ARNS = (
    "arn",
    "agent_arn",
    "agent_runtime_arn",
    "gateway_arn",
    "memory_arn",
    "agent_alias_arn",
    "guardrail_arn",
    "knowledge_base_arn",
    "function_arn",
    "invoke_arn",
    "qualified_arn",
    "arn_without_revision",
    "credential_provider_arn",
    "workload_identity_arn",
    "browser_arn",
    "code_interpreter_arn",
)
_NAMES = frozenset({"url", "agent_id", "agent_runtime_id", "gateway_id", "memory_id", "key_id", "unique_id", "domain_id"})


@cache
def naming_of(kind: str) -> Naming | None:
    """How resources of a type are named; None for types whose ARNs are not known here."""
    if kind in CONTROL:
        known = KINDS[CONTROL[kind]]
        naming = NAMINGS.get(known.type)
        return naming._replace(names=(known.name,), id=known.ref) if naming else None
    return NAMINGS.get(kind)


class Home(NamedTuple):
    """Account, region and partition of AWS and the project of Google Cloud that a configuration works in; ``""`` where it does not tell.

    ``tenant`` is the organisation, domain or owner that a provider of another service works in.
    """

    root: str
    account: str = ""
    region: str = ""
    partition: str = "aws"
    project: str = ""
    tenant: str = ""


def name_of(kind: str, address: str, get: Callable[[str], Value]) -> str:
    """A resource's name as text, with an unknown part where its configuration leaves it open."""
    naming = naming_of(kind)
    for attribute in naming.names if naming else ("name",):
        value = get(attribute)
        if (isinstance(value, str) and value) or isinstance(value, Unknown):
            return text_of(value)
        prefix = get(f"{attribute}_prefix")
        if isinstance(prefix, str) and prefix:
            return prefix + text_of(Unknown(address))
    return text_of(Unknown(address))


def arn_of(kind: str, name: str, get: Callable[[str], Value], home: Home) -> str | None:
    """ARN of a resource; None for types whose ARNs are not known here. A name that is an ARN already stays."""
    if name.startswith("arn:"):
        return name
    naming = naming_of(kind)
    if naming is None:
        return None
    if kind == "aws_iam_openid_connect_provider":
        name = name.partition("://")[2] or name
    if naming.service == "ssm":
        name = name.lstrip("/")
    resource = naming.resource.format(name)
    if naming.service == "iam":
        path = get("path")
        head, _, tail = resource.partition("/")
        return arns.iam(head, tail, home.root, account=home.account, path=path if isinstance(path, str) else "/", partition=home.partition)
    return arns.make(naming.service, resource, home.root, account=home.account, region=home.region, partition=home.partition)


def computed(kind: str, address: str, attribute: str, get: Callable[[str], Value], home: Home) -> Value:
    """An attribute that a resource's block does not state; ``get`` tells those that it does (None for others)."""
    naming = naming_of(kind)
    unknown = Unknown(f"{address}.{attribute}")
    if naming is None:
        return unknown
    name = name_of(kind, address, get)
    if attribute in ARNS:
        given = get("arn")
        return given if isinstance(given, str) and given else arn_of(kind, name, get, home)
    if attribute == "stream_arn":
        return f"{arn_of(kind, name, get, home)}/stream/{text_of(unknown)}"
    if attribute in naming.names or attribute in _NAMES or (attribute == "name" and "name" not in naming.names):
        return name
    if attribute == "id":
        return name if naming.id == "name" else arn_of(kind, name, get, home) if naming.id == "arn" else unknown
    return unknown


def account_data(kind: str, attribute: str, home: Home) -> Value | None:
    """Data sources about where one is; None for others."""
    account = home.account or arns.account_of(home.root)
    region = home.region or arns.region_of(home.root)
    known: dict[str, dict[str, Any]] = {
        "aws_caller_identity": {"account_id": account, "id": account},
        "aws_region": {"name": region, "id": region, "region": region},
        "aws_partition": {"partition": home.partition, "id": home.partition, "dns_suffix": "amazonaws.com"},
    }
    return known.get(kind, {}).get(attribute)
