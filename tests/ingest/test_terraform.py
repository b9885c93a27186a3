"""The language of Terraform: what is evaluated, what stays open, and what hostile configuration costs."""

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


def test_variables_in_json_hold_no_expressions() -> None:
    role = 'variable "suffix" {}\nvariable "name" {}\nresource "aws_iam_role" "r" {\n  name = "${var.name}-${var.suffix}"\n}\n'
    given = {"name": "app%{x}", "suffix": "${WORKSPACE=azure}"}
    facts = linked(terraform, {"main.tf": role, "terraform.tfvars.json": json.dumps(given, indent=1)})
    assert not facts.problems
    assert [props["name"] for (kind, _), props in facts.nodes.items() if kind == "Identity"] == ["app%{x}-${WORKSPACE}"]
