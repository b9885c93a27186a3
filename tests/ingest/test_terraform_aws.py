"""What resources of AWS in Terraform become: roles and their policies, functions, machines, agents, databases, secrets."""

from __future__ import annotations

import json

from graphinv.ingest import terraform
from tests.ingest.linked import linked
from tests.ingest.reading import fake, fingerprint
from tests.ingest.test_terraform import IAM, grants, read

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
