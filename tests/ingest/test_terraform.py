"""Terraform configuration: what is evaluated, what stays open, and the facts of AWS resources."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from graphinv.ingest import terraform
from graphinv.model.errors import IngestError
from graphinv.model.facts import Grant
from tests.ingest.linked import linked
from tests.ingest.reading import Facts, document, fake, fingerprint

IAM = "arn:aws:iam::account(shop)"


def read(text: str, **others: str) -> Facts:
    """Facts of ``main.tf``, and of further files whose names have ``__`` for ``/`` and a last ``_`` for the dot."""
    files = {"infra/main.tf": text}
    for name, inner in others.items():
        stem, _, suffix = name.replace("__", "/").rpartition("_")
        files[f"infra/{stem}.{suffix}"] = inner
    return linked(terraform, files)


def grants(facts: Facts) -> list[tuple[str, str, Any]]:
    """(subject, role, document or ARN) of each grant."""
    return [(one.subject[1], one.role, json.loads(one.body)) for one in facts.all if isinstance(one, Grant)]


ROLE = """
variable "team" { default = "pay" }
variable "suffix" {}
locals { name = "${var.team}-bot-${var.suffix}" }
data "aws_caller_identity" "me" {}
data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}
data "aws_iam_policy_document" "more" {
  source_policy_documents = [
    jsonencode({ Version = "2012-10-17", Statement = [{ Sid = "Old", Effect = "Allow", Action = "sqs:*", Resource = "*" }] })
  ]
  statement {
    sid       = "Ledger"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${aws_s3_bucket.ledger.arn}/*"]
    condition {
      test     = "StringEquals"
      variable = "aws:PrincipalAccount"
      values   = [data.aws_caller_identity.me.account_id]
    }
  }
}
resource "aws_s3_bucket" "ledger" { bucket = "${local.name}-ledger" }
resource "aws_iam_role" "bot" {
  name                 = local.name
  path                 = "/agents/"
  assume_role_policy   = data.aws_iam_policy_document.trust.json
  permissions_boundary = "arn:aws:iam::aws:policy/PowerUserAccess"
  managed_policy_arns  = ["arn:aws:iam::aws:policy/ReadOnlyAccess"]
  inline_policy {
    name   = "own"
    policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "kms:Decrypt", Resource = "*" }] })
  }
}
resource "aws_iam_role_policy" "more" {
  name   = "more"
  role   = aws_iam_role.bot.id
  policy = data.aws_iam_policy_document.more.json
}
"""


def test_a_role_with_everything_that_is_attached_to_it() -> None:
    facts = read(ROLE, terraform_tfvars='suffix = "eu"')
    arn = f"{IAM}:role/agents/pay-bot-eu"
    assert facts.nodes["Identity", arn]["type"] == "iam_role"
    assert facts.nodes["Resource", "arn:aws:s3:::pay-bot-eu-ledger"]["type"] == "bucket"
    found = {
        (role, json.dumps(body) if isinstance(body, str) else body["Statement"][-1]["Action"][-1]): body for _, role, body in grants(facts)
    }
    assert {subject for subject, _, _ in grants(facts)} == {arn}
    assert ("boundary", '"arn:aws:iam::aws:policy/PowerUserAccess"') in found
    assert ("identity", '"arn:aws:iam::aws:policy/ReadOnlyAccess"') in found
    trust = next(body for role, body in ((role, body) for _, role, body in grants(facts)) if role == "trust")
    assert trust["Statement"] == [{"Effect": "Allow", "Action": ["sts:AssumeRole"], "Principal": {"Service": ["lambda.amazonaws.com"]}}]
    old, ledger = found["identity", "s3:PutObject"]["Statement"]
    assert old["Sid"] == "Old"
    assert ledger["Resource"] == ["arn:aws:s3:::pay-bot-eu-ledger/*"]
    assert ledger["Condition"] == {"StringEquals": {"aws:PrincipalAccount": ["account(shop)"]}}
    assert not facts.problems


def test_what_is_not_known_keeps_one_name_in_its_configuration_and_another_elsewhere() -> None:
    text = """
    variable "bucket" {}
    resource "aws_s3_bucket" "a" { bucket = var.bucket }
    resource "aws_iam_role" "r" {
      name               = "r"
      assume_role_policy = "{}"
    }
    resource "aws_iam_role_policy" "p" {
      role   = aws_iam_role.r.name
      policy = jsonencode({ Statement = { Effect = "Allow", Action = "s3:*", Resource = "arn:aws:s3:::${var.bucket}/*" } })
    }
    """
    facts = linked(terraform, {"infra/main.tf": text, "other/main.tf": text})
    buckets = sorted(node for kind, node in facts.nodes if kind == "Resource")
    assert buckets == ["arn:aws:s3:::var.bucket(shop.infra)", "arn:aws:s3:::var.bucket(shop.other)"]
    assert facts.nodes["Resource", buckets[0]]["name"] == "aws_s3_bucket.a"
    named = {body["Statement"]["Resource"] for _, role, body in grants(facts) if role == "identity"}
    assert named == {f"{bucket}/*" for bucket in buckets}


def test_local_modules_are_followed_for_each_call() -> None:
    module = """
    variable "name" {}
    variable "policies" { default = [] }
    resource "aws_iam_role" "this" {
      name               = "${var.name}-role"
      assume_role_policy = "{}"
    }
    resource "aws_iam_role_policy_attachment" "all" {
      for_each   = toset(var.policies)
      role       = aws_iam_role.this.name
      policy_arn = "arn:aws:iam::aws:policy/${each.value}"
    }
    output "arn" { value = aws_iam_role.this.arn }
    """
    text = """
    locals { bots = { desk = ["ReadOnlyAccess"], ops = ["AdministratorAccess", "job-function/Billing"] } }
    module "bot" {
      source   = "../modules/bot"
      for_each = local.bots
      name     = each.key
      policies = each.value
    }
    resource "aws_lambda_function" "desk" {
      function_name = "desk"
      role          = module.bot["desk"].arn
    }
    """
    facts = linked(terraform, {"infra/main.tf": text, "modules/bot/main.tf": module})
    assert {node for kind, node in facts.nodes if kind == "Identity"} == {f"{IAM}:role/desk-role", f"{IAM}:role/ops-role"}
    assert [body for subject, role, body in grants(facts) if subject.endswith("ops-role") and role == "identity"] == [
        "arn:aws:iam::aws:policy/AdministratorAccess",
        "arn:aws:iam::aws:policy/job-function/Billing",
    ]
    assert facts.drawn("RUNS_AS") == {("arn:aws:lambda:region(shop):account(shop):function:desk", f"{IAM}:role/desk-role")}


def test_instances_of_a_module_are_told_apart_and_gone_through() -> None:
    module = """
    variable "name" {}
    resource "aws_iam_role" "this" {
      name               = "${var.name}-role"
      assume_role_policy = "{}"
    }
    output "arn" { value = aws_iam_role.this.arn }
    """
    text = """
    module "bot" {
      source   = "../modules/bot"
      for_each = { desk = 1, ops = 2 }
      name     = each.key
    }
    resource "aws_lambda_function" "ops" {
      function_name = "ops"
      role          = module.bot["ops"].arn
    }
    locals { arns = { for key, one in module.bot : key => one.arn } }
    resource "aws_lambda_function" "each" {
      for_each      = local.arns
      function_name = "each-${each.key}"
      role          = each.value
    }
    resource "aws_lambda_function" "valued" {
      function_name = "valued"
      role          = values(module.bot)[1].arn
    }
    """
    facts = linked(terraform, {"infra/main.tf": text, "modules/bot/main.tf": module})
    function = "arn:aws:lambda:region(shop):account(shop):function"
    assert facts.drawn("RUNS_AS") == {
        (f"{function}:ops", f"{IAM}:role/ops-role"),
        (f"{function}:each-desk", f"{IAM}:role/desk-role"),
        (f"{function}:each-ops", f"{IAM}:role/ops-role"),
        (f"{function}:valued", f"{IAM}:role/ops-role"),
    }


def test_a_module_that_is_not_here_is_said_so() -> None:
    facts = read('module "iam" {\n  source = "terraform-aws-modules/iam/aws"\n}\nresource "aws_sqs_queue" "q" { name = "q" }\n')
    assert [(where, severity) for where, severity, _ in facts.problems] == [("L1", "warning")]
    assert ("Resource", "arn:aws:sqs:region(shop):account(shop):q") in facts.nodes


def test_count_and_for_each_over_constants() -> None:
    facts = read("""
    variable "on" { default = false }
    resource "aws_sqs_queue" "none" {
      count = var.on ? 1 : 0
      name  = "none"
    }
    resource "aws_sqs_queue" "two" {
      count = 2
      name  = "two-${count.index}"
    }
    resource "aws_sqs_queue" "set" {
      for_each = toset(["a", "b"])
      name     = "set-${each.key}"
    }
    variable "skipped" {}
    resource "aws_sqs_queue" "perhaps" {
      count = var.skipped ? 0 : 1
      name  = "perhaps"
    }
    resource "aws_sqs_queue" "open" {
      count = length(data.aws_availability_zones.all.names)
      name  = "open"
    }
    """)
    names = {node.rpartition(":")[2] for kind, node in facts.nodes if kind == "Resource"}
    assert names == {"two-0", "two-1", "set-a", "set-b", "perhaps", "open"}


def test_a_provider_tells_account_region_and_tags() -> None:
    facts = read("""
    provider "aws" {
      region              = "eu-west-1"
      allowed_account_ids = ["123456789012"]
      default_tags { tags = { Owner = "Mara.Lindt@acme.example", Environment = "production" } }
    }
    provider "aws" {
      alias  = "us"
      region = "us-east-1"
    }
    resource "aws_dynamodb_table" "t" {
      name = "orders"
      tags = { DataClassification = "restricted", CrownJewel = "true" }
    }
    """)
    node = facts.nodes["Resource", "arn:aws:dynamodb:eu-west-1:123456789012:table/orders"]
    assert (node["environment"], node["sensitivity"], node["crown_jewel"]) == ("prod", "restricted", True)
    assert facts.drawn("OWNS") == {("mara.lindt@acme.example", "arn:aws:dynamodb:eu-west-1:123456789012:table/orders")}
    assert facts.nodes["Owner", "mara.lindt@acme.example"]["email"] == "mara.lindt@acme.example"


def test_functions_run_as_their_roles_and_hold_what_their_variables_say() -> None:
    token, key = fake("token", "gh" + "p_"), fake("aws", "", 40)
    facts = read(f"""
    resource "aws_iam_role" "r" {{
      name               = "r"
      assume_role_policy = "{{}}"
    }}
    resource "aws_iam_access_key" "k" {{ user = "robot" }}
    resource "random_password" "db" {{ length = 20 }}
    resource "aws_lambda_function" "f" {{
      function_name = "f"
      role          = aws_iam_role.r.arn
      environment {{
        variables = {{
          GITHUB_TOKEN          = "{token}"
          AWS_ACCESS_KEY_ID     = "AKIAQ3EGRB7SAL2TKWX5"
          AWS_SECRET_ACCESS_KEY = "{key}"
          ROBOT_SECRET          = aws_iam_access_key.k.secret
          DB_PASSWORD           = random_password.db.result
          STAGE                 = "prod"
        }}
      }}
    }}
    """)
    arn = "arn:aws:lambda:region(shop):account(shop):function:f"
    assert facts.drawn("RUNS_AS") == {(arn, f"{IAM}:role/r")}
    held = facts.targets("HOLDS", arn)
    robot = "terraform:aws_iam_access_key.k(shop.infra)"
    assert held == {
        f"secret:{fingerprint(token)}",
        f"secret:{fingerprint(key)}",
        "aws-access-key:AKIAQ3EGRB7SAL2TKWX5",
        robot,
        "terraform:random_password.db(shop.infra)",
    }
    stand_in = "aws-access-key-user:AKIAQ3EGRB7SAL2TKWX5"
    assert facts.drawn("AUTHENTICATES_AS") == {
        (robot, f"{IAM}:user/robot"),
        ("aws-access-key:AKIAQ3EGRB7SAL2TKWX5", stand_in),
        (f"secret:{fingerprint(key)}", stand_in),
    }
    assert token not in repr(facts.all)
    assert key not in repr(facts.all)


def test_machines_and_containers() -> None:
    facts = read("""
    resource "aws_iam_instance_profile" "p" {
      name = "p"
      role = "web"
    }
    resource "aws_instance" "web" {
      iam_instance_profile = aws_iam_instance_profile.p.name
      tags                 = { Name = "web-1" }
    }
    resource "aws_launch_template" "pool" {
      name = "pool"
      iam_instance_profile { arn = aws_iam_instance_profile.p.arn }
    }
    resource "aws_ecs_task_definition" "agent" {
      family        = "agent"
      task_role_arn = "arn:aws:iam::123456789012:role/agent"
      container_definitions = jsonencode([{
        name    = "main"
        image   = "acme/agent:1"
        secrets = [{ name = "KEY", valueFrom = "arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-AbCdEf:json::" }]
      }])
    }
    """)
    assert facts.drawn("RUNS_AS") == {
        ("arn:aws:ec2:region(shop):account(shop):instance/aws_instance.web(shop.infra)", f"{IAM}:role/web"),
        ("arn:aws:ec2:region(shop):account(shop):launch-template/pool", f"{IAM}:role/web"),
        ("arn:aws:ecs:region(shop):account(shop):task-definition/agent", "arn:aws:iam::123456789012:role/agent"),
    }
    assert facts.drawn("HOLDS") == {
        (
            "arn:aws:ecs:region(shop):account(shop):task-definition/agent",
            "arn:aws:secretsmanager:eu-west-1:123456789012:secret:key-AbCdEf",
        )
    }
    assert facts.nodes["Runtime", "arn:aws:ec2:region(shop):account(shop):instance/aws_instance.web(shop.infra)"]["name"] == "web-1"
    assert facts.nodes["Runtime", "arn:aws:ecs:region(shop):account(shop):task-definition/agent"]["labels"] == [
        "image=acme/agent:1",
        "manifest=infra/main.tf",
    ]


BEDROCK = """
resource "aws_iam_role" "desk" {
  name               = "desk"
  assume_role_policy = "{}"
}
resource "aws_lambda_function" "refund" {
  function_name = "refund"
  role          = "arn:aws:iam::123456789012:role/refund"
}
resource "aws_bedrockagent_agent" "desk" {
  agent_name              = "desk"
  agent_resource_role_arn = aws_iam_role.desk.arn
  foundation_model        = "anthropic.claude-3-5-sonnet-20241022-v2:0"
}
resource "aws_bedrockagent_agent" "boss" {
  agent_name              = "boss"
  agent_resource_role_arn = aws_iam_role.desk.arn
}
resource "aws_bedrockagent_agent_alias" "desk" {
  agent_alias_name = "live"
  agent_id         = aws_bedrockagent_agent.desk.agent_id
}
resource "aws_bedrockagent_agent_collaborator" "c" {
  agent_id          = aws_bedrockagent_agent.boss.agent_id
  collaborator_name = "desk"
  agent_descriptor { alias_arn = aws_bedrockagent_agent_alias.desk.agent_alias_arn }
}
resource "aws_bedrockagent_agent_action_group" "money" {
  agent_id          = aws_bedrockagent_agent.desk.agent_id
  action_group_name = "money"
  action_group_executor { lambda = aws_lambda_function.refund.arn }
  function_schema {
    member_functions {
      functions { name = "refund" }
      functions { name = "quote" }
    }
  }
}
resource "aws_bedrockagent_knowledge_base" "docs" {
  name     = "docs"
  role_arn = aws_iam_role.desk.arn
}
resource "aws_bedrockagent_agent_knowledge_base_association" "docs" {
  agent_id          = aws_bedrockagent_agent.desk.agent_id
  knowledge_base_id = aws_bedrockagent_knowledge_base.docs.id
}
"""


def test_bedrock_agents_with_their_action_groups_and_collaborators() -> None:
    facts = read(BEDROCK)
    desk = "arn:aws:bedrock:region(shop):account(shop):agent/desk"
    group = f"{desk}/action-group/money"
    function = "arn:aws:lambda:region(shop):account(shop):function:refund"
    assert facts.targets("RUNS_AS", desk) == {f"{IAM}:role/desk"}
    assert facts.targets("CONNECTS_TO", desk) == {group}
    assert facts.targets("RUNS_ON", group) == {function}
    assert facts.targets("RUNS_AS", function) == {"arn:aws:iam::123456789012:role/refund"}
    assert facts.targets("PROVIDES", group) == {f"{group}/refund", f"{group}/quote"}
    assert facts.drawn("DELEGATES_TO") == {("arn:aws:bedrock:region(shop):account(shop):agent/boss", desk)}
    assert facts.targets("INGESTS", desk) == {"arn:aws:bedrock:region(shop):account(shop):knowledge-base/docs"}
    assert facts.targets("USES_MODEL", desk) == {"anthropic.claude-3-5-sonnet-20241022-v2:0"}


def test_agentcore_runtimes_gateways_and_targets() -> None:
    key = fake("provider")
    facts = read(f"""
    resource "aws_bedrockagentcore_agent_runtime" "desk" {{
      agent_runtime_name = "desk"
      role_arn           = "arn:aws:iam::123456789012:role/desk"
      agent_runtime_artifact {{
        container_configuration {{ container_uri = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/desk:1" }}
      }}
    }}
    resource "aws_bedrockagentcore_agent_runtime" "tools" {{
      agent_runtime_name = "tools"
      role_arn           = "arn:aws:iam::123456789012:role/tools"
      protocol_configuration {{ server_protocol = "MCP" }}
    }}
    resource "aws_bedrockagentcore_gateway" "gate" {{
      name            = "gate"
      role_arn        = "arn:aws:iam::123456789012:role/gate"
      authorizer_type = "CUSTOM_JWT"
    }}
    resource "aws_bedrockagentcore_api_key_credential_provider" "crm" {{
      name    = "crm"
      api_key = "{key}"
    }}
    resource "aws_lambda_function" "orders" {{
      function_name = "orders"
      role          = "arn:aws:iam::123456789012:role/orders"
    }}
    resource "aws_bedrockagentcore_gateway_target" "orders" {{
      name               = "orders"
      gateway_identifier = aws_bedrockagentcore_gateway.gate.gateway_id
      credential_provider_configuration {{
        api_key {{ provider_arn = aws_bedrockagentcore_api_key_credential_provider.crm.credential_provider_arn }}
      }}
      target_configuration {{
        mcp {{
          lambda {{
            lambda_arn = aws_lambda_function.orders.arn
            tool_schema {{
              inline_payload {{ name = "cancel" }}
            }}
          }}
        }}
      }}
    }}
    """)
    base = "arn:aws:bedrock-agentcore:region(shop):account(shop)"
    assert facts.drawn("RUNS_ON") == {(f"{base}:runtime/{name}",) * 2 for name in ("desk", "tools")}
    assert ("Agent", f"{base}:runtime/desk") in facts.nodes
    assert facts.nodes["ToolServer", f"{base}:runtime/tools"]["protocol"] == "mcp"
    gate = f"{base}:gateway/gate"
    assert facts.nodes["ToolServer", gate]["auth"] == "oauth"
    assert facts.targets("PROVIDES", gate) == {f"{gate}/target/orders/cancel"}
    assert facts.targets("RUNS_AS", f"{gate}/target/orders/cancel") == {"arn:aws:iam::123456789012:role/orders"}
    provider = f"{base}:token-vault/default/apikeycredentialprovider/crm"
    assert facts.targets("HOLDS", gate) == {provider}
    assert facts.nodes["Secret", provider]["fingerprint"] == fingerprint(key)


def test_policies_in_other_files_and_in_texts_with_loops() -> None:
    policy = '{\n  "Version": "2012-10-17",\n  "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "${bucket}/*"}]\n}\n'
    facts = read(
        """
    resource "aws_iam_role" "r" {
      name               = "r"
      assume_role_policy = file("${path.module}/trust.json")
    }
    resource "aws_iam_role_policy" "a" {
      role   = aws_iam_role.r.id
      policy = templatefile("policy.json.tpl", { bucket = "arn:aws:s3:::b" })
    }
    resource "aws_iam_role_policy" "b" {
      role   = aws_iam_role.r.id
      policy = <<-EOT
        {"Version": "2012-10-17", "Statement": [
        %{ for name in ["x", "y"] ~}
          {"Effect": "Allow", "Action": "sqs:*", "Resource": "arn:aws:sqs:*:*:${name}"},
        %{ endfor ~}
          {"Effect": "Deny", "Action": "sqs:DeleteQueue", "Resource": ${jsonencode(["*"])}}
        ]}
      EOT
    }
    """,
        trust_json='{"Version": "2012-10-17", "Statement": []}',
        **{"policy.json_tpl": policy},
    )
    bodies = [body for _, role, body in grants(facts) if role == "identity"]
    assert bodies[0]["Statement"][0]["Resource"] == "arn:aws:s3:::b/*"
    assert [one["Resource"] for one in bodies[1]["Statement"]] == ["arn:aws:sqs:*:*:x", "arn:aws:sqs:*:*:y", ["*"]]
    assert not facts.problems


def test_a_policy_in_a_file_keeps_the_variables_of_aws() -> None:
    own = {"Effect": "Allow", "Action": "iam:CreateAccessKey", "Resource": "arn:aws:iam::*:user/${aws:username}"}
    facts = read(
        """
    resource "aws_iam_role_policy" "own" {
      role   = "r"
      policy = file("own.json")
    }
    """,
        own_json=json.dumps({"Version": "2012-10-17", "Statement": [own]}, indent=2),
    )
    assert [body["Statement"] for _, role, body in grants(facts) if role == "identity"] == [[own]]
    assert not facts.problems


def test_dynamic_blocks_and_for_expressions() -> None:
    facts = read("""
    variable "access" {
      default = [{ bucket = "a", write = true }, { bucket = "b", write = false }]
    }
    data "aws_iam_policy_document" "d" {
      dynamic "statement" {
        for_each = var.access
        iterator = item
        content {
          actions   = concat(["s3:GetObject"], item.value.write ? ["s3:PutObject"] : [])
          resources = [for suffix in ["", "/*"] : "arn:aws:s3:::${item.value.bucket}${suffix}"]
        }
      }
    }
    resource "aws_iam_policy" "p" {
      name   = "p"
      policy = data.aws_iam_policy_document.d.json
    }
    """)
    (_, role, body) = grants(facts)[0]
    assert role == "policy"
    assert [one["Action"] for one in body["Statement"]] == [["s3:GetObject", "s3:PutObject"], ["s3:GetObject"]]
    assert body["Statement"][1]["Resource"] == ["arn:aws:s3:::b", "arn:aws:s3:::b/*"]


def test_groups_and_their_members() -> None:
    facts = read("""
    resource "aws_iam_user" "u" {
      for_each = toset(["ann", "bo"])
      name     = each.key
    }
    resource "aws_iam_group" "g" { name = "ops" }
    resource "aws_iam_group_membership" "m" {
      group = aws_iam_group.g.name
      users = [for user in aws_iam_user.u : user.name]
    }
    resource "aws_iam_policy_attachment" "p" {
      policy_arn = "arn:aws:iam::aws:policy/AdministratorAccess"
      groups     = [aws_iam_group.g.name]
      users      = values(aws_iam_user.u)[*].name
    }
    """)
    assert facts.drawn("MEMBER_OF") == {(f"{IAM}:user/{name}", f"{IAM}:group/ops") for name in ("ann", "bo")}
    assert {subject for subject, _, _ in grants(facts)} == {f"{IAM}:group/ops", f"{IAM}:user/ann", f"{IAM}:user/bo"}


def test_a_database_its_first_user_and_its_password() -> None:
    password = fake("db")
    facts = read(f"""
    resource "aws_db_instance" "d" {{
      identifier = "ledger"
      engine     = "postgres"
      username   = "root"
      password   = "{password}"
    }}
    resource "aws_secretsmanager_secret" "s" {{ name = "ledger/root" }}
    resource "aws_secretsmanager_secret_version" "v" {{
      secret_id     = aws_secretsmanager_secret.s.id
      secret_string = "{password}"
    }}
    """)
    arn = "arn:aws:rds:region(shop):account(shop):db:ledger"
    user = f"postgres:root@{arn}"
    assert facts.drawn("CAN_ACCESS") == {(user, arn)}
    kept = "arn:aws:secretsmanager:region(shop):account(shop):secret:ledger/root"
    assert facts.drawn("AUTHENTICATES_AS") == {(f"secret:{fingerprint(password)}", user), (kept, user)}
    assert facts.nodes["Secret", kept]["fingerprint"] == fingerprint(password)
    assert password not in repr(facts.all)


def test_who_reads_a_secret_has_what_its_value_opens() -> None:
    facts = read("""
    resource "random_password" "db" { length = 20 }
    resource "aws_rds_cluster" "d" {
      cluster_identifier = "ledger"
      engine             = "aurora-mysql"
      master_username    = "root"
      master_password    = random_password.db.result
    }
    resource "aws_secretsmanager_secret" "s" { name = "ledger" }
    resource "aws_secretsmanager_secret_version" "v" {
      secret_id     = aws_secretsmanager_secret.s.id
      secret_string = jsonencode({ username = "root", password = random_password.db.result })
    }
    """)
    user = "mysql:root@arn:aws:rds:region(shop):account(shop):cluster:ledger"
    assert {source for source, target in facts.drawn("AUTHENTICATES_AS") if target == user} == {
        "terraform:random_password.db(shop.infra)",
        "arn:aws:secretsmanager:region(shop):account(shop):secret:ledger",
    }


def test_a_policy_that_is_not_known_is_said_so() -> None:
    facts = read("""
    variable "policy" {}
    resource "aws_iam_role" "r" {
      name               = "r"
      assume_role_policy = var.policy
    }
    """)
    assert [(where, severity) for where, severity, _ in facts.problems] == [("L3", "warning")]
    assert not grants(facts)


def test_broken_syntax_costs_only_what_is_broken() -> None:
    queue = 'resource "aws_sqs_queue" "{0}" {{ name = "{0}" }}\n'
    facts = read(queue.format("a") + 'resource "aws_sqs_queue" "b" { name = = }\n' + queue.format("c"))
    assert {"a", "c"} <= {node.rpartition(":")[2] for kind, node in facts.nodes if kind == "Resource"}
    assert [severity for _, severity, _ in facts.problems] == ["error"]


BOMBS = {
    "texts": 'locals {\n  a0 = "xxxxxxxxxx"\n'
    + "".join(f'  a{n + 1} = "${{local.a{n}}}${{local.a{n}}}"\n' for n in range(60))
    + '}\nresource "aws_sqs_queue" "q" { name = local.a60 }\n',
    "lists": 'locals {\n  a0 = ["x"]\n'
    + "".join(f"  a{n + 1} = concat(local.a{n}, local.a{n})\n" for n in range(60))
    + '}\nresource "aws_sqs_queue" "q" { name = join("", local.a60) }\n',
    "count": 'resource "aws_sqs_queue" "q" {\n  count = 1000000000\n  name = "q${count.index}"\n}\n',
    "range": 'resource "aws_sqs_queue" "q" { name = join("", range(1000000000)) }\n',
    "itself": 'locals {\n  a = local.b\n  b = local.a\n}\nresource "aws_sqs_queue" "q" { name = "${local.a}${aws_sqs_queue.q.name}" }\n',
    "chain": "locals {\n  a0 = 1\n"
    + "".join(f"  a{n + 1} = local.a{n}\n" for n in range(3000))
    + '}\nresource "aws_sqs_queue" "q" { name = local.a3000 }\n',
    "nest": 'resource "aws_sqs_queue" "q" { name = ' + "[" * 150 + "]" * 150 + " }\n",
    "sum": 'resource "aws_sqs_queue" "q" { name = ' + "+".join(["1"] * 5000) + " }\n",
    "loops": 'resource "aws_sqs_queue" "q" { name = ' + "".join(f"[for a{n} in range(100) : " for n in range(8)) + "1" + "]" * 8 + " }\n",
    "types": 'resource "aws_iam_role" "r" {\n  name = []\n  assume_role_policy = { a = [1] }\n'
    "  inline_policy { policy = {} }\n  tags = 7\n}\n"
    'resource "aws_ecs_task_definition" "t" { container_definitions = [[], 1, { environment = 7, secrets = [1] }] }\n',
}


@pytest.mark.parametrize("kind", BOMBS)
def test_hostile_configuration_takes_little(kind: str) -> None:
    start = time.process_time()
    facts = read(BOMBS[kind])
    assert facts.nodes or facts.problems
    assert time.process_time() - start < 10


def test_modules_that_call_each_other_end() -> None:
    call = 'module "x" {{ source = "../{}" }}\nresource "aws_sqs_queue" "q" {{ name = "q" }}\n'
    linked(terraform, {"a/main.tf": call.format("b"), "b/main.tf": call.format("a")})
    doubled = 'module "x" {{ source = "../{0}" }}\nmodule "y" {{ source = "../{0}" }}\nresource "aws_sqs_queue" "q" {{ name = "q" }}\n'
    facts = linked(terraform, {"top/main.tf": doubled.format("m0"), **{f"m{n}/main.tf": doubled.format(f"m{n + 1}") for n in range(25)}})
    assert facts.problems


def test_what_is_no_configuration_is_refused() -> None:
    with pytest.raises(IngestError):
        terraform.summarise(document("[" * 5000, "main.tf"))
    with pytest.raises(IngestError):
        terraform.summarise(document(b"\xff\xfe\xff", "main.tf"))


def test_the_same_in_json() -> None:
    token = fake("json", "gh" + "p_")
    trust = {"statement": {"actions": ["sts:AssumeRole"], "principals": [{"type": "Service", "identifiers": ["lambda.amazonaws.com"]}]}}
    top = {
        "//": {"metadata": {"stackName": "desk"}},
        "provider": {"aws": [{"region": "eu-west-1", "default_tags": [{"tags": {"Owner": "pay@acme.example"}}]}]},
        "variable": {"name": {"type": "string", "default": "desk"}, "suffix": {"type": "string"}},
        "data": {"aws_iam_policy_document": {"trust": trust}},
        "resource": {
            "aws_iam_role": {
                "r": {"name": "${var.name}-${var.suffix}", "assume_role_policy": "${data.aws_iam_policy_document.trust.json}"}
            },
            "aws_lambda_function": {
                "f": {
                    "function_name": "f",
                    "role": "${aws_iam_role.r.arn}",
                    "environment": {"variables": {"API_TOKEN": token, "NAME": '${upper("x")}'}},
                }
            },
        },
    }
    facts = linked(terraform, {"cdktf.out/cdk.tf.json": json.dumps(top, indent=1), "cdktf.out/terraform.tfvars.json": '{"suffix": "eu"}'})
    function = "arn:aws:lambda:eu-west-1:account(shop):function:f"
    assert facts.drawn("RUNS_AS") == {(function, f"{IAM}:role/desk-eu")}
    assert facts.targets("HOLDS", function) == {f"secret:{fingerprint(token)}"}
    assert grants(facts)[0][2]["Statement"][0]["Principal"] == {"Service": ["lambda.amazonaws.com"]}
    assert facts.targets("OWNS", "pay@acme.example") == {function, f"{IAM}:role/desk-eu"}
    assert not facts.problems
    assert token not in repr(facts.all)


def test_each_resource_is_where_the_provider_it_asks_for_works() -> None:
    main = """
    provider "aws" { region = "eu-west-1" }
    provider "aws" {
      alias  = "audit"
      region = "us-east-1"
      assume_role { role_arn = "arn:aws:iam::210987654321:role/deploy" }
    }
    resource "aws_sqs_queue" "here" { name = "here" }
    resource "aws_sqs_queue" "there" {
      provider = aws.audit
      name     = "there"
    }
    resource "aws_sqs_queue" "nowhere" {
      provider = aws.gone
      name     = "nowhere"
    }
    module "log" {
      source    = "./log"
      providers = { aws = aws.audit }
    }
    module "own" { source = "./log" }
    """
    log = 'data "aws_caller_identity" "me" {}\nresource "aws_sqs_queue" "q" { name = "log-${data.aws_caller_identity.me.account_id}" }\n'
    facts = linked(terraform, {"main.tf": main, "log/main.tf": log})
    assert {node for kind, node in facts.nodes if kind == "Resource"} == {
        "arn:aws:sqs:eu-west-1:account(shop):here",
        "arn:aws:sqs:us-east-1:210987654321:there",
        "arn:aws:sqs:region(shop):account(shop):nowhere",
        "arn:aws:sqs:us-east-1:210987654321:log-210987654321",
        "arn:aws:sqs:eu-west-1:account(shop):log-account(shop)",
    }


def test_modules_that_only_call_each_other_are_read_once() -> None:
    text = 'module "x" {{ source = "../{}" }}\nresource "aws_sqs_queue" "q" {{ name = "{}" }}\n'
    facts = linked(terraform, {"a/main.tf": text.format("b", "of-a"), "b/main.tf": text.format("a", "of-b")})
    assert {node.rpartition(":")[2] for kind, node in facts.nodes if kind == "Resource"} == {"of-a", "of-b"}


def test_a_resource_that_is_not_known_is_one_of_the_services_that_its_statement_is_about() -> None:
    facts = read("""
    variable "target" {}
    resource "aws_iam_role" "r" {
      name               = "r"
      assume_role_policy = jsonencode({ Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = var.target } }] })
    }
    resource "aws_iam_role_policy" "p" {
      role   = aws_iam_role.r.name
      policy = jsonencode({
        Statement = [{ Effect = "Allow", Action = ["s3:GetObject", "sqs:SendMessage"], Resource = [var.target, "arn:aws:s3:::a"] }]
      })
    }
    """)
    open_name = "var.target(shop.infra)"
    assert grants(facts)[1][2]["Statement"][0]["Resource"] == [
        "arn:aws:s3:::a",
        f"arn:aws:s3:::{open_name}",
        f"arn:aws:sqs:region(shop):account(shop):{open_name}",
    ]
    assert [where for where, _, _ in facts.problems] == ["L3", "L7"]


def test_names_of_variables_that_are_words_of_python() -> None:
    facts = read("""
    resource "aws_sqs_queue" "q" { name = join("-", [for self in ["a", "b"] : self]) }
    data "aws_iam_policy_document" "d" {
      dynamic "statement" {
        for_each = ["x"]
        iterator = self
        content { actions = [self.value] }
      }
    }
    resource "aws_iam_policy" "p" {
      name   = "p"
      policy = data.aws_iam_policy_document.d.json
    }
    """)
    assert ("Resource", "arn:aws:sqs:region(shop):account(shop):a-b") in facts.nodes
    assert grants(facts)[0][2]["Statement"] == [{"Effect": "Allow", "Action": ["x"]}]


def test_what_a_function_runs_is_told_by_its_handler_and_the_folder_of_its_code() -> None:
    text = """
    data "archive_file" "desk" {
      type        = "zip"
      source_dir  = "${path.module}/../src/desk"
      output_path = "${path.module}/desk.zip"
    }
    resource "aws_lambda_function" "desk" {
      function_name = "desk"
      role          = "arn:aws:iam::123456789012:role/desk"
      handler       = "app.handle"
      filename      = data.archive_file.desk.output_path
    }
    resource "aws_lambda_function" "image" {
      function_name = "image"
      role          = "arn:aws:iam::123456789012:role/desk"
      image_uri     = "acme/desk:1"
    }
    """
    facts = linked(terraform, {"infra/main.tf": text})
    start = "arn:aws:lambda:region(shop):account(shop):function"
    assert facts.nodes["Runtime", f"{start}:desk"]["labels"] == ["build=src/desk", "handler=app.handle", "manifest=infra/main.tf"]
    assert facts.nodes["Runtime", f"{start}:image"]["labels"] == ["image=acme/desk:1", "manifest=infra/main.tf"]


def test_a_denial_of_all_but_what_is_not_known_denies_nothing() -> None:
    facts = read("""
    variable "bucket" {}
    resource "aws_iam_policy" "p" {
      name = "p"
      policy = jsonencode({ Statement = [
        { Effect = "Allow", Action = "s3:*", Resource = "*" },
        { Effect = "Deny", Action = "s3:*", NotResource = ["arn:aws:s3:::${var.bucket}/*"] },
        { Effect = "Deny", Action = "s3:*", Resource = ["arn:aws:s3:::${var.bucket}/*"] },
      ] })
    }
    """)
    statements = grants(facts)[0][2]["Statement"]
    assert [(one["Effect"], "NotResource" in one) for one in statements] == [("Allow", False), ("Deny", False)]
    assert [where for where, _, _ in facts.problems] == ["L3"]


def test_variables_in_json_hold_no_expressions() -> None:
    role = 'variable "suffix" {}\nvariable "name" {}\nresource "aws_iam_role" "r" {\n  name = "${var.name}-${var.suffix}"\n}\n'
    given = {"name": "app%{x}", "suffix": "${WORKSPACE=azure}"}
    facts = linked(terraform, {"main.tf": role, "terraform.tfvars.json": json.dumps(given, indent=1)})
    assert not facts.problems
    assert [props["name"] for (kind, _), props in facts.nodes.items() if kind == "Identity"] == ["app%{x}-${WORKSPACE}"]
