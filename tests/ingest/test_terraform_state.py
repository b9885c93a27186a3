"""Terraform's state and the JSON of ``terraform show``: the same facts as configuration, and nothing of what is sensitive in them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graphinv.ingest import terraform_state
from graphinv.model.errors import IngestError
from graphinv.model.facts import Grant
from tests.ingest.reading import Facts, document, fake, fingerprint

ACCOUNT = "123456789012"


def resource(kind: str, name: str, *attributes: dict[str, Any], **more: Any) -> dict[str, Any]:
    keys: list[dict[str, Any]] = [{"index_key": index} for index in range(len(attributes))] if len(attributes) > 1 else [{}]
    instances = [{**key, "schema_version": 0, "attributes": one, **more} for key, one in zip(keys, attributes, strict=True)]
    return {
        "mode": "managed",
        "type": kind,
        "name": name,
        "provider": 'provider["registry.terraform.io/hashicorp/aws"]',
        "instances": instances,
    }


def state(*resources: dict[str, Any], outputs: object = None) -> Facts:
    top = {"version": 4, "terraform_version": "1.9.5", "serial": 3, "lineage": "x", "outputs": outputs or {}, "resources": list(resources)}
    text = json.dumps(top, indent=2)
    made = document(text, "live/prod/terraform.tfstate")
    assert terraform_state.detect(made.path, made.data[:4096])
    assert terraform_state.detect("out.json", made.data[:4096])
    return Facts(terraform_state, made)


def test_roles_policies_and_functions_of_a_state() -> None:
    trust = json.dumps({"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}]})
    role = f"arn:aws:iam::{ACCOUNT}:role/agents/bot"
    function = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:bot"
    token = fake("token", "gh" + "p_")
    facts = state(
        resource("aws_iam_role", "bot", {"arn": role, "name": "bot", "path": "/agents/", "assume_role_policy": trust, "inline_policy": []}),
        resource("aws_iam_role_policy", "p", {"role": "bot", "name": "p", "policy": '{"Statement": []}'}),
        resource("aws_iam_group_policy_attachment", "a", {"group": "ops", "policy_arn": "arn:aws:iam::aws:policy/ReadOnlyAccess"}),
        resource(
            "aws_lambda_function",
            "bot",
            {
                "arn": function,
                "function_name": "bot",
                "role": role,
                "environment": [{"variables": {"API_TOKEN": token}}],
                "tags": {"Team": "@acme/pay"},
            },
        ),
        resource("aws_iam_role", "seen", {"arn": "arn:aws:iam::1:role/x", "name": "x"}) | {"mode": "data"},
    )
    assert {key for key in facts.nodes if key[0] == "Identity"} == {("Identity", role)}
    assert facts.nodes["Identity", role]["environment"] == "prod"
    assert facts.drawn("RUNS_AS") == {(function, role)}
    assert facts.targets("HOLDS", function) == {f"secret:{fingerprint(token)}"}
    assert facts.targets("OWNS", "@acme/pay") == {function}
    given = [(one.subject[1], one.role, one.evidence) for one in facts.all if isinstance(one, Grant)]
    assert given == [
        (role, "trust", "granted"),
        (role, "identity", "granted"),
        (f"arn:aws:iam::{ACCOUNT}:group/ops", "identity", "granted"),
    ]
    assert token not in repr(facts.all)


def test_an_empty_policy_is_none() -> None:
    bucket = {"arn": "arn:aws:s3:::ledger", "bucket": "ledger", "policy": ""}
    secret = {"arn": f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:pay-AbCdEf", "name": "pay", "policy": ""}
    facts = state(resource("aws_s3_bucket", "ledger", bucket), resource("aws_secretsmanager_secret", "pay", secret))
    assert (facts.problems, [one for one in facts.all if isinstance(one, Grant)]) == ([], [])
    assert ("Resource", "arn:aws:s3:::ledger") in facts.nodes


def test_access_keys_of_a_state_say_whose_they_are() -> None:
    secret = fake("secret", "", 40)
    facts = state(
        resource("aws_iam_user", "ci", {"arn": f"arn:aws:iam::{ACCOUNT}:user/ci", "name": "ci"}),
        resource("aws_iam_access_key", "ci", {"id": "AKIAQ3EGRB7SAL2TKWX5", "secret": secret, "user": "ci", "ses_smtp_password_v4": ""}),
    )
    user = f"arn:aws:iam::{ACCOUNT}:user/ci"
    assert {source for source, target in facts.drawn("AUTHENTICATES_AS") if target == user} == {
        "aws-access-key:AKIAQ3EGRB7SAL2TKWX5",
        f"secret:{fingerprint(secret)}",
    }
    assert facts.drawn("ASSUMES") == {("aws-access-key-user:AKIAQ3EGRB7SAL2TKWX5", user)}
    assert secret not in repr(facts.all)


def test_a_database_is_known_by_its_address_too() -> None:
    facts = state(
        resource(
            "aws_db_instance",
            "ledger",
            {
                "arn": f"arn:aws:rds:eu-west-1:{ACCOUNT}:db:ledger",
                "identifier": "ledger",
                "engine": "postgres",
                "address": "ledger.x.eu-west-1.rds.amazonaws.com",
                "port": 5432,
                "db_name": "ledger",
                "username": "root",
                "password": "hunter2hunter",
                "tags": {"DataClassification": "restricted"},
            },
        )
    )
    user = "postgres:root@ledger.x.eu-west-1.rds.amazonaws.com:5432"
    assert facts.targets("CAN_ACCESS", user) == {
        f"arn:aws:rds:eu-west-1:{ACCOUNT}:db:ledger",
        "postgres://ledger.x.eu-west-1.rds.amazonaws.com:5432/ledger",
    }
    assert facts.drawn("AUTHENTICATES_AS") == {(f"secret:{fingerprint('hunter2hunter')}", user)}
    assert facts.nodes["Resource", "postgres://ledger.x.eu-west-1.rds.amazonaws.com:5432/ledger"]["sensitivity"] == "restricted"
    assert "hunter2" not in repr(facts.all)


def test_what_a_state_marks_as_sensitive_is_a_secret_whatever_it_looks_like() -> None:
    facts = state(
        resource("custom_thing", "x", {"note": "plain words here"}, sensitive_attributes=[[{"type": "get_attr", "value": "note"}]]),
        outputs={"pin": {"value": "a simple word", "type": "string", "sensitive": True}},
    )
    assert {key[1] for key in facts.nodes} == {f"secret:{fingerprint(text)}" for text in ("plain words here", "a simple word")}
    assert "plain" not in repr(facts.all)


def test_instances_and_modules_of_terraform_show() -> None:
    queue = {"arn": f"arn:aws:sqs:eu-west-1:{ACCOUNT}:q", "name": "q"}
    one = {"address": "module.a.aws_sqs_queue.q", "mode": "managed", "type": "aws_sqs_queue", "name": "q", "values": queue}
    hidden = {
        "address": "x_y.z",
        "mode": "managed",
        "type": "x_y",
        "name": "z",
        "values": {"v": "words words"},
        "sensitive_values": {"v": True},
    }
    module = {"resources": [hidden], "child_modules": [{"address": "module.a", "resources": [one]}]}
    for place, evidence in (("values", "granted"), ("planned_values", "declared")):
        text = json.dumps({"format_version": "1.0", "terraform_version": "1.9.5", place: {"root_module": module}})
        made = document(text, "plan.json")
        assert terraform_state.detect(made.path, made.data[:4096])
        facts = Facts(terraform_state, made)
        assert set(facts.nodes) == {("Resource", queue["arn"]), ("Secret", f"secret:{fingerprint('words words')}")}, evidence


@pytest.mark.parametrize(
    "text",
    ["[]", "7", '{"version": 3, "terraform_version": "0.11.1", "modules": []}', '{"version": 4, "resources": [', '"x"'],
    ids=range(5),
)
def test_what_is_no_state_is_refused(text: str) -> None:
    with pytest.raises(IngestError):
        list(terraform_state.read(document(text, "terraform.tfstate")))


@pytest.mark.parametrize(
    "resources",
    [
        7,
        [7, {"type": [], "instances": [1, {"attributes": 7}]}],
        [
            {
                "mode": "managed",
                "type": "aws_iam_role",
                "name": "x",
                "instances": [{"attributes": {"name": [], "assume_role_policy": {"a": 1}}}],
            }
        ],
        [
            {
                "mode": "managed",
                "type": "aws_iam_role",
                "name": "x",
                "instances": [{"attributes": {"arn": {}, "tags": [1], "inline_policy": 3}}],
            }
        ],
        [
            {
                "mode": "managed",
                "type": "aws_db_instance",
                "name": "x",
                "instances": [{"attributes": {"engine": 7, "username": [], "port": "x"}}],
            }
        ],
        [
            {
                "mode": "managed",
                "type": "aws_ecs_task_definition",
                "name": "x",
                "instances": [{"attributes": {"container_definitions": "[7,[]]"}}],
            }
        ],
    ],
    ids=range(6),
)
def test_values_of_any_type_are_taken(resources: object) -> None:
    Facts(terraform_state, document(json.dumps({"version": 4, "terraform_version": "1.0.0", "resources": resources}), "terraform.tfstate"))
