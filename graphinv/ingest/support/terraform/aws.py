"""Resources of Terraform's AWS provider as facts; the same for what is written and for what its state holds."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest.support.aws import arns, declared
from graphinv.ingest.support.aws.declared import Site
from graphinv.ingest.support.docker.running import safe
from graphinv.ingest.support.masked import carried
from graphinv.ingest.support.partial import Unknown, Value, is_known, references, text_of
from graphinv.ingest.support.terraform.context import Context, Reader, running, texts
from graphinv.ingest.support.terraform.naming import NAMINGS
from graphinv.ingest.support.terraform.program import Resource
from graphinv.model.facts import Fact, NodeFact, NodeKey

MAX_CONTAINERS = 50


# --------------------------------------------------------------------------------------------------------------------------------
# Identity


def _role(context: Context, one: Resource) -> Iterator[Fact]:
    site, arn = context.site(one), context.arn(one)
    yield from declared.principal(site, "role", arn, one.called, one.values.get("assume_role_policy"), one.text("permissions_boundary"))
    for inner in one.blocks("inline_policy"):
        if inner.get("policy") is not None:
            yield from declared.grant(site, ("Identity", arn), "identity", inner["policy"], text_of(inner.get("name")))
    for policy in texts(one.values.get("managed_policy_arns")):
        yield from declared.attached(site, ("Identity", arn), policy)


def _user(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    kind = "group" if one.type == "aws_iam_group" else "user"
    yield from declared.principal(site, kind, context.arn(one), one.called, boundary=one.text("permissions_boundary"))


def _policy(context: Context, one: Resource) -> Iterator[Fact]:
    yield from declared.managed(context.site(one), context.arn(one), one.called, one.values.get("policy"))


def _inline(context: Context, one: Resource) -> Iterator[Fact]:
    site, kind = context.site(one), one.type.split("_")[2]
    subject = context.identity(site, kind, text_of(one.values.get(kind)))
    yield from declared.grant(site, subject, "identity", one.values.get("policy"), one.called)


def _attachment(context: Context, one: Resource) -> Iterator[Fact]:
    """All ways to attach managed policies: by one principal, by lists of them, of all policies of a role."""
    site = context.site(one)
    policies = texts(one.values.get("policy_arns")) or [text_of(one.values.get("policy_arn"))]
    for kind in ("role", "user", "group"):
        for name in (*texts(one.values.get(kind)), *texts(one.values.get(f"{kind}s")), *texts(one.values.get(f"{kind}_name"))):
            for policy in policies:
                yield from declared.attached(site, context.identity(site, kind, name), policy)


def _membership(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    users = texts(one.values.get("users")) or texts(one.values.get("user"))
    groups = texts(one.values.get("groups")) or texts(one.values.get("group"))
    for user in users:
        for group in groups:
            yield site.edge("MEMBER_OF", context.identity(site, "user", user), context.identity(site, "group", group))


def _access_key(context: Context, one: Resource) -> Iterator[Fact]:
    site = context.site(one)
    user = context.identity(site, "user", text_of(one.values.get("user")))
    key_id, value = one.text("id"), one.text("secret")
    if arns.key_account(key_id) or key_id.startswith("A"):
        key = arns.access_key(site.id(key_id))
        yield from declared.access_key(site, site.id(key_id), user[1])
    else:
        key = declared.made(site, one.address)
        yield NodeFact(
            *key, {"name": f"access key of {site.name(user[1])}", "type": "aws_access_key", "lifetime": "static", "sources": [site.source]}
        )
    yield from _opens(context, site, [key, *carried(value), *carried(one.text("ses_smtp_password_v4"))], user)


# --------------------------------------------------------------------------------------------------------------------------------
# Stores and their policies

# Type of resource → what it is.
STORES: Mapping[str, str] = {
    "aws_s3_bucket": "bucket",
    "aws_dynamodb_table": "table",
    "aws_redshift_cluster": "database",
    "aws_redshiftserverless_namespace": "database",
    "aws_elasticache_cluster": "cache",
    "aws_elasticache_replication_group": "cache",
    "aws_opensearch_domain": "search",
    "aws_elasticsearch_domain": "search",
    "aws_opensearchserverless_collection": "search",
    "aws_sqs_queue": "queue",
    "aws_sns_topic": "topic",
    "aws_kinesis_stream": "stream",
    "aws_kinesis_firehose_delivery_stream": "stream",
    "aws_kms_key": "key",
    "aws_ecr_repository": "image_repository",
    "aws_efs_file_system": "file_system",
    "aws_cloudwatch_log_group": "log_group",
    "aws_glue_catalog_database": "database",
    "aws_cloudwatch_event_bus": "event_bus",
    "aws_mq_broker": "queue",
    "aws_msk_cluster": "stream",
    "aws_msk_serverless_cluster": "stream",
    "aws_batch_job_queue": "queue",
    "aws_appsync_graphql_api": "api",
    "aws_sagemaker_endpoint": "endpoint",
    "aws_qldb_ledger": "database",
    "aws_codecommit_repository": "repository",
    "aws_s3vectors_vector_bucket": "bucket",
    "aws_cognito_user_pool": "user_pool",
    "aws_eks_cluster": "cluster",
    "aws_ecs_cluster": "cluster",
    "aws_bedrock_guardrail": "guardrail",
    "aws_bedrockagent_prompt": "prompt",
}


def _store(context: Context, one: Resource) -> Iterator[Fact]:
    site, arn = context.site(one), context.arn(one)
    yield from declared.store(site, arn, STORES[one.type], context.title(one))
    if isinstance(one.values.get("policy"), str):
        yield from declared.grant(site, ("Resource", arn), "resource", one.values["policy"], "")


def _store_policy(context: Context, one: Resource) -> Iterator[Fact]:
    kind, attribute = _POLICY_OF[one.type]
    site = context.site(one)
    name = text_of(one.get(attribute, "arn"))
    arn = name if name.startswith("arn:") else context.arns.get((kind, name))
    arn = site.id(arn or _arn_by_name(site, kind, name))
    node = "Secret" if kind == "aws_secretsmanager_secret" else "Resource"
    if one.get("policy", "access_policies") is not None:
        yield from declared.grant(site, (node, arn), "resource", one.get("policy", "access_policies"), "")


_POLICY_OF: Mapping[str, tuple[str, str]] = {
    "aws_s3_bucket_policy": ("aws_s3_bucket", "bucket"),
    "aws_sqs_queue_policy": ("aws_sqs_queue", "queue_url"),
    "aws_sns_topic_policy": ("aws_sns_topic", "arn"),
    "aws_kms_key_policy": ("aws_kms_key", "key_id"),
    "aws_secretsmanager_secret_policy": ("aws_secretsmanager_secret", "secret_arn"),
    "aws_ecr_repository_policy": ("aws_ecr_repository", "repository"),
    "aws_dynamodb_resource_policy": ("aws_dynamodb_table", "resource_arn"),
    "aws_opensearch_domain_policy": ("aws_opensearch_domain", "domain_name"),
    "aws_elasticsearch_domain_policy": ("aws_elasticsearch_domain", "domain_name"),
    "aws_efs_file_system_policy": ("aws_efs_file_system", "file_system_id"),
}


def _arn_by_name(site: Site, kind: str, name: str) -> str:
    naming = NAMINGS[kind]
    return site.arn(naming.service, naming.resource.format(name))


_ENGINES = {
    "postgres": ("postgres", 5432),
    "mysql": ("mysql", 3306),
    "mariadb": ("mysql", 3306),
    "sqlserver": ("mssql", 1433),
    "oracle": ("oracle", 1521),
}


def _database(context: Context, one: Resource) -> Iterator[Fact]:
    """A database of RDS, its first user, and the password that stands in the configuration."""
    site, arn = context.site(one), context.arn(one)
    engine = one.text("engine")
    yield from declared.store(site, arn, "database", context.title(one), kind_detail=engine if is_known(engine) else None)
    kind, port = next((known for word, known in _ENGINES.items() if word in engine), ("", 0))
    user = one.text("username", "master_username")
    if not user or not kind:
        return
    targets: list[NodeKey] = [("Resource", arn)]
    host = one.text("address", "endpoint").partition(":")[0]
    place = arn
    if host and is_known(host):
        given = one.get("port")
        place = f"{host}:{given if isinstance(given, int) and given else port}"
        name = one.text("db_name", "name", "database_name")
        targets.append(("Resource", f"{kind}://{place}/{name}" if name else f"{kind}://{place}"))
        yield site.node("Resource", targets[1][1], name or host, type="database", kind_detail=kind)
    identity: NodeKey = ("Identity", f"{kind}:{site.id(user)}@{place}")
    yield NodeFact(
        *identity, {"name": f"{site.name(user)}@{context.title(one)}", "type": "database_user", "provider": kind, "sources": [site.source]}
    )
    for target in targets:
        yield site.edge("CAN_ACCESS", identity, target, actions=["admin"], inherited_from="master user")
    password = one.get("password", "master_password")
    yield from _password(context, site, identity, password)


def _password(context: Context, site: Site, identity: NodeKey, password: Value) -> Iterator[Fact]:
    text = text_of(password) if isinstance(password, (str, Unknown)) else ""
    for reference in references(text):
        key = declared.referenced(site, reference)
        yield NodeFact(*key, {"name": site.name(reference), "type": "password", "sources": [site.source]})
    yield from _opens(context, site, [*_credentials(site, text), *declared.resolved(site, text)], identity)


def _credentials(site: Site, text: str) -> list[NodeKey]:
    """Secrets that a text carries or refers to."""
    return [*carried(text), *(declared.referenced(site, reference) for reference in references(text))]


def _opens(context: Context, site: Site, keys: list[NodeKey], identity: NodeKey) -> Iterator[Fact]:
    """(each of ``keys``)-[:AUTHENTICATES_AS]->(identity), and so do the secrets of AWS that they are kept in."""
    kept = context.once("kept", lambda: _kept(context))
    inside = [secret for key in keys for secret in kept.get(key, ())]
    for key in dict.fromkeys((*keys, *inside)):
        yield site.edge("AUTHENTICATES_AS", key, identity)


def _kept(context: Context) -> dict[NodeKey, list[NodeKey]]:
    """Credential → secrets of AWS whose value holds it."""
    found: dict[NodeKey, list[NodeKey]] = {}
    for version in context.resources:
        if version.type == "aws_secretsmanager_secret_version" and version.mode == "managed":
            for key in _credentials(context.site(version), version.text("secret_string")):
                found.setdefault(key, []).append(("Secret", _secret_of(context, version)))
    return found


def _secret(context: Context, one: Resource) -> Iterator[Fact]:
    site, arn = context.site(one), context.arn(one)
    if one.type == "aws_ssm_parameter":
        value = one.text("value")
        if one.text("type") != "SecureString" and not carried(value):
            yield from declared.store(site, arn, "parameter", one.called)
            return
        yield from declared.secret(site, arn, "ssm_parameter", one.called, value)
        return
    versions = context.having("versions", "aws_secretsmanager_secret_version", lambda other: _secret_of(context, other))
    value = next((other.text("secret_string") for other in versions.get(arn, ())), "")
    rotations = context.having("rotations", "aws_secretsmanager_secret_rotation", lambda other: _secret_of(context, other))
    days = next((rule.get("automatically_after_days") for other in rotations.get(arn, ()) for rule in other.blocks("rotation_rules")), None)
    more = {"rotate_every_days": int(days)} if isinstance(days, (int, float)) and 0 < days < 100_000 else {}
    yield from declared.secret(site, arn, "secretsmanager_secret", one.called, value, **more)
    if isinstance(one.values.get("policy"), str):
        yield from declared.grant(site, ("Secret", arn), "resource", one.values["policy"], "")


def _secret_of(context: Context, one: Resource) -> str:
    """ARN of the secret that a version or rotation is of."""
    name = text_of(one.values.get("secret_id"))
    return context.site(one).id(context.arns.get(("aws_secretsmanager_secret", name), name))


# --------------------------------------------------------------------------------------------------------------------------------
# Runtimes

# Type of resource → what it is, attributes with its role (dots lead into blocks), blocks with its variables.
WORKLOADS: Mapping[str, tuple[str, tuple[str, ...], tuple[str, ...]]] = {
    "aws_lambda_function": ("function", ("role",), ("environment.variables",)),
    "aws_apprunner_service": (
        "container",
        ("instance_configuration.instance_role_arn",),
        ("source_configuration.image_repository.image_configuration.runtime_environment_variables",),
    ),
    "aws_codebuild_project": ("ci_job", ("service_role",), ("environment.environment_variable",)),
    "aws_codepipeline": ("ci_job", ("role_arn",), ()),
    "aws_sfn_state_machine": ("state_machine", ("role_arn",), ()),
    "aws_glue_job": ("job", ("role_arn",), ("default_arguments",)),
    "aws_glue_dev_endpoint": ("notebook", ("role_arn",), ()),
    "aws_sagemaker_notebook_instance": ("notebook", ("role_arn",), ()),
    "aws_sagemaker_model": ("container", ("execution_role_arn",), ("primary_container.environment",)),
    "aws_cloudformation_stack": ("stack", ("iam_role_arn",), ("parameters",)),
    "aws_bedrockagentcore_browser": ("browser", ("execution_role_arn",), ()),
}


def _workload(context: Context, one: Resource) -> Iterator[Fact]:
    kind, roles, variables = WORKLOADS[one.type]
    site = context.site(one)
    role = next((text for path in roles for text in _at(one, path) if text), "")
    found: dict[str, object] = {}
    for path in variables:
        for block in one.blocks(*path.split(".")):
            # {name = …, value = …} or one map of all
            pair = isinstance(block.get("name"), str) and "value" in block
            found |= {text_of(block["name"]): block["value"]} if pair else dict(block)
    labels = running(one, _code_of(context, one))
    yield from declared.workload(
        site,
        kind,
        context.arn(one),
        context.title(one),
        role=context.arns.get(("aws_iam_role", role), role),
        variables=found,
        labels=labels,
    )


def _code_of(context: Context, one: Resource) -> str:
    """The folder with the code of a function: as it is named, or as the archive that is uploaded is made from it."""
    if one.text("code_uri"):
        return one.text("code_uri")
    archives = context.having("archives", "archive_file", lambda other: text_of(other.values.get("output_path")))
    for archive in archives.get(text_of(one.values.get("filename")), ()) if one.values.get("filename") is not None else ():
        file = archive.text("source_file")
        return archive.text("source_dir") or (f"{file.rpartition('/')[0]}/." if file else "")
    return ""


def _at(one: Resource, path: str) -> list[str]:
    *blocks, name = path.split(".")
    return (
        [text_of(block[name]) for block in one.blocks(*blocks) if block.get(name) is not None]
        if blocks
        else [text_of(one.values.get(name))]
    )


def _instance(context: Context, one: Resource) -> Iterator[Fact]:
    """A machine, or a template of machines: its role comes from its instance profile, credentials from what it runs when it starts."""
    site = context.site(one)
    profile = one.get("iam_instance_profile")
    if isinstance(profile, list):  # of a launch template: a block
        profile = next((text_of(block.get("arn") or block.get("name")) for block in profile if isinstance(block, dict)), None)
    data: dict[str, object] = {"user_data": one.get("user_data", "user_data_base64")}
    yield from declared.workload(site, "vm", context.arn(one), context.title(one), variables=data)
    if isinstance(profile, (str, Unknown)) and profile != "":
        role = context.role_of_profile(text_of(profile))
        if role:
            yield from declared.acts_as(site, ("Runtime", context.arn(one)), role)
        else:
            yield site.problem(f"the role of the instance profile of {site.name(context.title(one))} is not known from this configuration")


def _task(context: Context, one: Resource) -> Iterator[Fact]:
    """Containers of ECS or of a batch job."""
    site, arn = context.site(one), context.arn(one)
    containers = _json(one.get("container_definitions", "container_properties"))
    if containers is None:
        yield site.problem(f"the containers of {site.name(context.title(one))} are not known from this configuration")
    listed = [item for item in (containers if isinstance(containers, list) else [containers]) if isinstance(item, dict)][:MAX_CONTAINERS]
    role = one.text("task_role_arn") or next((text_of(item["jobRoleArn"]) for item in listed if item.get("jobRoleArn")), "")
    images = [item["image"] for item in listed if isinstance(item.get("image"), str) and is_known(item["image"]) and safe(item["image"])]
    labels = [*(f"image={image}" for image in images), f"manifest={one.path}"] if images and safe(one.path) else []
    yield from declared.workload(
        site, "container", arn, context.title(one), role=context.arns.get(("aws_iam_role", role), role), labels=labels
    )
    for item in listed:
        pairs = [pair for pair in item.get("environment") or () if isinstance(pair, dict)]
        yield from declared.held(site, ("Runtime", arn), {text_of(pair.get("name")): pair.get("value") for pair in pairs})
        for pair in item.get("secrets") or ():
            if isinstance(pair, dict) and isinstance(pair.get("valueFrom"), str):
                yield site.edge("HOLDS", ("Runtime", arn), ("Secret", _secret_arn(site, pair["valueFrom"])), place="vault")


def _secret_arn(site: Site, value: str) -> str:
    """The secret that ECS reads: an ARN, with the key inside the secret after it, or the name of a parameter."""
    text = site.id(value)
    if not text.startswith("arn:"):
        return site.id(site.arn("ssm", f"parameter/{value.lstrip('/')}"))
    return ":".join(text.split(":")[:7]) if ":secret:" in text else text


def _json(value: Value) -> Any:
    if isinstance(value, (list, dict)):
        return value
    try:
        return json.loads(value) if isinstance(value, str) else None
    except (ValueError, RecursionError):
        return None


def _permission(context: Context, one: Resource) -> Iterator[Fact]:
    """Who may call a function, as a policy of the function."""
    site = context.site(one)
    name = text_of(one.values.get("function_name"))
    arn = name if name.startswith("arn:") else context.arns.get(("aws_lambda_function", name)) or site.arn("lambda", f"function:{name}")
    principal = one.text("principal") or "*"
    who = {"Service": principal} if ".amazon" in principal else principal if principal == "*" else {"AWS": principal}
    if one.type == "aws_lambda_function_url":
        if one.text("authorization_type") != "NONE":
            return
        who = "*"
    statement: dict[str, Any] = {
        "Effect": "Allow",
        "Principal": who,
        "Action": one.text("action") or "lambda:InvokeFunction",
        "Resource": arn,
    }
    if one.text("source_arn"):
        statement["Condition"] = {"ArnLike": {"aws:SourceArn": one.text("source_arn")}}
    target: NodeKey = ("Resource", arns.canonical(site.id(arn)))
    yield from declared.grant(site, target, "resource", {"Version": "2012-10-17", "Statement": [statement]}, "")


READERS: Mapping[str, Reader] = {
    **dict.fromkeys(STORES, _store),
    **dict.fromkeys(WORKLOADS, _workload),
    "aws_iam_role": _role,
    "aws_iam_user": _user,
    "aws_iam_group": _user,
    "aws_iam_policy": _policy,
    **dict.fromkeys(("aws_iam_role_policy", "aws_iam_user_policy", "aws_iam_group_policy"), _inline),
    **dict.fromkeys(
        (
            "aws_iam_role_policy_attachment",
            "aws_iam_user_policy_attachment",
            "aws_iam_group_policy_attachment",
            "aws_iam_policy_attachment",
            "aws_iam_role_policy_attachments_exclusive",
            "aws_iam_user_policy_attachments_exclusive",
            "aws_iam_group_policy_attachments_exclusive",
        ),
        _attachment,
    ),
    "aws_iam_group_membership": _membership,
    "aws_iam_user_group_membership": _membership,
    "aws_iam_access_key": _access_key,
    "aws_secretsmanager_secret": _secret,
    "aws_ssm_parameter": _secret,
    **dict.fromkeys(("aws_db_instance", "aws_rds_cluster", "aws_docdb_cluster", "aws_neptune_cluster"), _database),
    **dict.fromkeys(_POLICY_OF, _store_policy),
    **dict.fromkeys(("aws_instance", "aws_launch_template", "aws_launch_configuration", "aws_spot_instance_request"), _instance),
    "aws_ecs_task_definition": _task,
    "aws_batch_job_definition": _task,
    "aws_lambda_permission": _permission,
    "aws_lambda_function_url": _permission,
}
