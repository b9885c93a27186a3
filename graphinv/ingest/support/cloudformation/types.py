"""Resources of CloudFormation in the words of Terraform's AWS provider, whose readers read both."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple


class Kind(NamedTuple):
    """The type of Terraform that is the same thing, the property with its name (in snake case), and what ``Ref`` gives: its name, its
    ARN, or (``""``) what only AWS tells."""

    type: str
    name: str = "name"
    ref: str = "name"


KINDS: Mapping[str, Kind] = {
    "AWS::IAM::Role": Kind("aws_iam_role", "role_name"),
    "AWS::IAM::User": Kind("aws_iam_user", "user_name"),
    "AWS::IAM::Group": Kind("aws_iam_group", "group_name"),
    "AWS::IAM::Policy": Kind("aws_iam_role_policy", "policy_name"),
    "AWS::IAM::RolePolicy": Kind("aws_iam_role_policy", "policy_name"),
    "AWS::IAM::UserPolicy": Kind("aws_iam_user_policy", "policy_name"),
    "AWS::IAM::GroupPolicy": Kind("aws_iam_group_policy", "policy_name"),
    "AWS::IAM::ManagedPolicy": Kind("aws_iam_policy", "managed_policy_name", "arn"),
    "AWS::IAM::InstanceProfile": Kind("aws_iam_instance_profile", "instance_profile_name"),
    "AWS::IAM::AccessKey": Kind("aws_iam_access_key", "id", ""),
    "AWS::IAM::UserToGroupAddition": Kind("aws_iam_group_membership"),
    "AWS::IAM::OIDCProvider": Kind("aws_iam_openid_connect_provider", "url", "arn"),
    "AWS::Organizations::Policy": Kind("aws_organizations_policy", "name", ""),
    "AWS::Organizations::Account": Kind("aws_organizations_account", "account_name", ""),
    "AWS::Organizations::OrganizationalUnit": Kind("aws_organizations_organizational_unit", "name", ""),
    "AWS::Lambda::Function": Kind("aws_lambda_function", "function_name"),
    "AWS::Serverless::Function": Kind("aws_lambda_function", "function_name"),
    "AWS::Lambda::Alias": Kind("aws_lambda_alias", "function_name", "arn"),
    "AWS::Lambda::Version": Kind("aws_lambda_alias", "function_name", "arn"),
    "AWS::Lambda::Permission": Kind("aws_lambda_permission"),
    "AWS::Lambda::Url": Kind("aws_lambda_function_url"),
    "AWS::S3::Bucket": Kind("aws_s3_bucket", "bucket_name"),
    "AWS::S3::BucketPolicy": Kind("aws_s3_bucket_policy"),
    "AWS::DynamoDB::Table": Kind("aws_dynamodb_table", "table_name"),
    "AWS::DynamoDB::GlobalTable": Kind("aws_dynamodb_table", "table_name"),
    "AWS::Serverless::SimpleTable": Kind("aws_dynamodb_table", "table_name"),
    "AWS::SQS::Queue": Kind("aws_sqs_queue", "queue_name"),
    "AWS::SQS::QueuePolicy": Kind("aws_sqs_queue_policy"),
    "AWS::SNS::Topic": Kind("aws_sns_topic", "topic_name", "arn"),
    "AWS::SNS::TopicPolicy": Kind("aws_sns_topic_policy"),
    "AWS::KMS::Key": Kind("aws_kms_key", "key_id"),
    "AWS::SecretsManager::Secret": Kind("aws_secretsmanager_secret", "name", "arn"),
    "AWS::SecretsManager::ResourcePolicy": Kind("aws_secretsmanager_secret_policy"),
    "AWS::SSM::Parameter": Kind("aws_ssm_parameter"),
    "AWS::RDS::DBInstance": Kind("aws_db_instance", "db_instance_identifier"),
    "AWS::RDS::DBCluster": Kind("aws_rds_cluster", "db_cluster_identifier"),
    "AWS::DocDB::DBCluster": Kind("aws_docdb_cluster", "db_cluster_identifier"),
    "AWS::Neptune::DBCluster": Kind("aws_neptune_cluster", "db_cluster_identifier"),
    "AWS::Redshift::Cluster": Kind("aws_redshift_cluster", "cluster_identifier"),
    "AWS::ElastiCache::ReplicationGroup": Kind("aws_elasticache_replication_group", "replication_group_id"),
    "AWS::OpenSearchService::Domain": Kind("aws_opensearch_domain", "domain_name"),
    "AWS::OpenSearchServerless::Collection": Kind("aws_opensearchserverless_collection"),
    "AWS::Kinesis::Stream": Kind("aws_kinesis_stream"),
    "AWS::KinesisFirehose::DeliveryStream": Kind("aws_kinesis_firehose_delivery_stream", "delivery_stream_name"),
    "AWS::ECR::Repository": Kind("aws_ecr_repository", "repository_name"),
    "AWS::EFS::FileSystem": Kind("aws_efs_file_system", "file_system_id"),
    "AWS::Logs::LogGroup": Kind("aws_cloudwatch_log_group", "log_group_name"),
    "AWS::Events::EventBus": Kind("aws_cloudwatch_event_bus"),
    "AWS::Events::Rule": Kind("aws_cloudwatch_event_rule"),
    "AWS::Events::Connection": Kind("aws_cloudwatch_event_connection"),
    "AWS::Events::ApiDestination": Kind("aws_cloudwatch_event_api_destination"),
    "AWS::AmazonMQ::Broker": Kind("aws_mq_broker", "broker_name", ""),
    "AWS::MSK::Cluster": Kind("aws_msk_cluster", "cluster_name", "arn"),
    "AWS::MSK::ServerlessCluster": Kind("aws_msk_serverless_cluster", "cluster_name", "arn"),
    "AWS::Batch::JobQueue": Kind("aws_batch_job_queue", "job_queue_name", "arn"),
    "AWS::AppSync::GraphQLApi": Kind("aws_appsync_graphql_api", "name", "arn"),
    "AWS::SageMaker::Endpoint": Kind("aws_sagemaker_endpoint", "endpoint_name", "arn"),
    "AWS::QLDB::Ledger": Kind("aws_qldb_ledger"),
    "AWS::CodeCommit::Repository": Kind("aws_codecommit_repository", "repository_name", ""),
    "AWS::CodeStarConnections::Connection": Kind("aws_codestarconnections_connection", "connection_name", "arn"),
    "AWS::S3Vectors::VectorBucket": Kind("aws_s3vectors_vector_bucket", "vector_bucket_name"),
    "AWS::SES::EmailIdentity": Kind("aws_sesv2_email_identity", "email_identity"),
    "AWS::EFS::AccessPoint": Kind("aws_efs_access_point", "access_point_id"),
    "AWS::SSM::Document": Kind("aws_ssm_document"),
    "AWS::Cognito::UserPool": Kind("aws_cognito_user_pool", "user_pool_name"),
    "AWS::EKS::Cluster": Kind("aws_eks_cluster"),
    "AWS::EKS::AccessEntry": Kind("aws_eks_access_entry", "principal_arn"),
    "AWS::EKS::PodIdentityAssociation": Kind("aws_eks_pod_identity_association"),
    "AWS::ECS::Cluster": Kind("aws_ecs_cluster", "cluster_name"),
    "AWS::ECS::TaskDefinition": Kind("aws_ecs_task_definition", "family", "arn"),
    "AWS::Batch::JobDefinition": Kind("aws_batch_job_definition", "job_definition_name", "arn"),
    "AWS::EC2::Instance": Kind("aws_instance", "instance_id"),
    "AWS::EC2::LaunchTemplate": Kind("aws_launch_template", "launch_template_name"),
    "AWS::StepFunctions::StateMachine": Kind("aws_sfn_state_machine", "state_machine_name", "arn"),
    "AWS::Serverless::StateMachine": Kind("aws_sfn_state_machine", "name", "arn"),
    "AWS::CodeBuild::Project": Kind("aws_codebuild_project"),
    "AWS::CodePipeline::Pipeline": Kind("aws_codepipeline"),
    "AWS::Glue::Job": Kind("aws_glue_job"),
    "AWS::Glue::Database": Kind("aws_glue_catalog_database", "database_name"),
    "AWS::SageMaker::NotebookInstance": Kind("aws_sagemaker_notebook_instance", "notebook_instance_name", "arn"),
    "AWS::SageMaker::Model": Kind("aws_sagemaker_model", "model_name", "arn"),
    "AWS::AppRunner::Service": Kind("aws_apprunner_service", "service_name", "arn"),
    "AWS::SSO::PermissionSet": Kind("aws_ssoadmin_permission_set", "name", ""),
    "AWS::SSO::Assignment": Kind("aws_ssoadmin_account_assignment"),
    "AWS::IdentityStore::Group": Kind("aws_identitystore_group", "display_name", ""),
    "AWS::IdentityStore::GroupMembership": Kind("aws_identitystore_group_membership"),
    "AWS::Bedrock::Agent": Kind("aws_bedrockagent_agent", "agent_name"),
    "AWS::Bedrock::AgentAlias": Kind("aws_bedrockagent_agent_alias", "agent_id", ""),
    "AWS::Bedrock::KnowledgeBase": Kind("aws_bedrockagent_knowledge_base"),
    "AWS::Bedrock::Guardrail": Kind("aws_bedrock_guardrail"),
    "AWS::Bedrock::Prompt": Kind("aws_bedrockagent_prompt"),
    "AWS::BedrockAgentCore::Runtime": Kind("aws_bedrockagentcore_agent_runtime", "agent_runtime_name"),
    "AWS::BedrockAgentCore::Gateway": Kind("aws_bedrockagentcore_gateway"),
    "AWS::BedrockAgentCore::GatewayTarget": Kind("aws_bedrockagentcore_gateway_target"),
    "AWS::BedrockAgentCore::Memory": Kind("aws_bedrockagentcore_memory"),
    "AWS::BedrockAgentCore::BrowserCustom": Kind("aws_bedrockagentcore_browser"),
    "AWS::BedrockAgentCore::CodeInterpreterCustom": Kind("aws_bedrockagentcore_code_interpreter"),
}

_BOUNDARY = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


def snake(name: str) -> str:
    """``AgentResourceRoleArn`` as ``agent_resource_role_arn``.

    >>> snake("DBInstanceIdentifier"), snake("ManagedPolicyArns"), snake("KMSKeyId")
    ('db_instance_identifier', 'managed_policy_arns', 'kms_key_id')
    """
    return _BOUNDARY.sub("_", name).lower()


def _control(kind: str) -> str:
    _, service, thing = kind.split("::")
    return f"awscc_{service.lower()}_{snake(thing)}"


CONTROL: Mapping[str, str] = {_control(kind): kind for kind in KINDS}
"""Types of Terraform's provider that is made from CloudFormation's (``awscc_…``) → types of CloudFormation."""
