"""Policies that the AWS API answers one by one: whose they are, and what service control policies leave of an account's permissions."""

from __future__ import annotations

import contextlib
import json
from typing import Any

import pytest

from graphinv.ingest import aws_account, aws_policies, ingestors
from graphinv.model.errors import IngestError
from graphinv.model.facts import NodeFact
from tests.ingest.aws_grants import ACCOUNT, role, user
from tests.ingest.granting import Granted
from tests.ingest.reading import Facts, document

ORDERS = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orders"
BUCKET = "arn:aws:s3:::quillmere-invoices"
OUTSIDER = "arn:aws:iam::444455556666:role/outsider"
ROOT, UNIT = "r-q1w2", "ou-q1w2-abcdefgh"


def allow(action: str | list[str] = "*", resource: str = "*", **more: Any) -> dict[str, Any]:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def deny(action: str) -> dict[str, Any]:
    return {"Effect": "Deny", "Action": action, "Resource": "*"}


def policy(*statements: dict[str, Any]) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


PUBLISHED = policy(allow("s3:GetObject", f"{BUCKET}/*", Principal={"AWS": OUTSIDER}))
KEY = "1234abcd-12ab-34cd-56ef-1234567890ab"
QUEUE = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:jobs"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:db-AbCdEf"
HERE = f"arn:aws:iam::{ACCOUNT}:root"


@pytest.mark.parametrize(
    ("path", "answer", "target"),
    [
        ("s3-get-bucket-policy/quillmere-invoices.json", {"Policy": PUBLISHED}, BUCKET),
        ("s3-get-bucket-policy/quillmere-invoices", {"Policy": PUBLISHED}, BUCKET),
        ("bucket-policy.json", json.loads(PUBLISHED), BUCKET),
        ("q.json", {"Attributes": {"QueueArn": QUEUE, "Policy": policy(allow("sqs:*", QUEUE, Principal={"AWS": OUTSIDER}))}}, QUEUE),
        ("s.json", {"ARN": SECRET, "Name": "db", "ResourcePolicy": policy(allow("secretsmanager:*", Principal={"AWS": OUTSIDER}))}, SECRET),
        (
            "ecr.json",
            {"registryId": ACCOUNT, "repositoryName": "app", "policyText": policy(allow("ecr:*", Principal={"AWS": OUTSIDER}))},
            f"arn:aws:ecr:region(shop):{ACCOUNT}:repository/app",
        ),
        (
            f"eu-west-1/kms-get-key-policy/{KEY}.json",
            {"Policy": policy(allow("kms:*", Principal={"AWS": HERE}), allow("kms:Decrypt", Principal={"AWS": OUTSIDER}))},
            f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/{KEY}",
        ),
    ],
)
def test_a_policy_is_that_of_the_resource_that_it_or_its_file_names(path: str, answer: dict[str, Any], target: str) -> None:
    text = json.dumps(answer, indent=2)
    assert "aws_policies" in [one.NAME for one in ingestors() if one.detect(path, text.encode()[:4096])]
    outsider = NodeFact("Identity", OUTSIDER, {"type": "iam_role"})
    grants = json.dumps(
        {
            "RoleDetailList": [
                {
                    "Arn": OUTSIDER,
                    "AssumeRolePolicyDocument": {"Statement": []},
                    "RolePolicyList": [{"PolicyName": "x", "PolicyDocument": {"Statement": [allow()]}}],
                }
            ]
        }
    )
    found = Granted(document(text, path), document(grants, "account.json"), more=[outsider])
    assert found.access(OUTSIDER)[target]
    assert found.problems == []


def test_a_policy_of_which_nobody_tells_whose_it_is_is_told() -> None:
    text = json.dumps({"Policy": policy(allow("kms:*", Principal={"AWS": HERE}))})
    assert aws_policies.detect("policy.json", text.encode())
    assert [(severity, message) for _, severity, message in Facts(aws_policies, document(text, "policy.json")).problems] == [
        ("error", "does not tell of which resource the policy is; it is left out")
    ]
    assert not aws_policies.detect("identity.json", policy(allow()).encode())
    assert not aws_policies.detect("bin/publish", b"#!/bin/sh\ncat <<EOF\n" + text.encode())


def described(id: str, *statements: dict[str, Any]) -> str:
    summary = {"Id": id, "Name": f"policy {id}", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": False}
    return json.dumps({"Policy": {"PolicySummary": summary, "Content": policy(*statements)}})


def targets(*ids: str) -> str:
    return json.dumps({"Targets": [{"TargetId": id, "Type": "ORGANIZATIONAL_UNIT"} for id in ids]})


def organisation(management: str = "999900001111") -> dict[str, str]:
    account = {"Id": ACCOUNT, "Arn": f"arn:aws:organizations::{management}:account/o-abc/{ACCOUNT}", "Name": "pay", "Status": "ACTIVE"}
    return {
        "org/describe-policy/p-aaaa1111.json": described("p-aaaa1111", deny("s3:DeleteObject")),
        "org/describe-policy/p-bbbb2222.json": described("p-bbbb2222", deny("dynamodb:*")),
        "org/list-targets-for-policy/p-aaaa1111.json": targets(UNIT),
        "org/list-targets-for-policy/p-bbbb2222.json": targets(ROOT),
        "org/list-accounts.json": json.dumps({"Accounts": [account]}),
        f"org/list-parents/{ACCOUNT}.json": json.dumps({"Parents": [{"Id": UNIT, "Type": "ORGANIZATIONAL_UNIT"}]}),
        f"org/list-parents/{UNIT}.json": json.dumps({"Parents": [{"Id": ROOT, "Type": "ROOT"}]}),
        f"org/list-policies-for-target/{ACCOUNT}.json": json.dumps(
            {"Policies": [{"Id": "p-FullAWSAccess", "Type": "SERVICE_CONTROL_POLICY", "AwsManaged": True}]}
        ),
    }


def evaluated(files: dict[str, str]) -> Granted:
    statements = [allow(["s3:GetObject", "s3:DeleteObject"], f"{BUCKET}/*"), allow("dynamodb:*", ORDERS)]
    account = {
        "UserDetailList": [
            {"Arn": user("ivo"), "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": {"Statement": statements}}], "GroupList": []}
        ]
    }
    for path, text in files.items():
        assert aws_policies.detect(path, text.encode()), path
    return Granted(document(json.dumps(account), "account.json"), *(document(text, path) for path, text in files.items()))


def test_what_hangs_on_units_and_the_root_limits_the_accounts_below() -> None:
    assert evaluated({}).access(user("ivo")) == {BUCKET: "delete read write", ORDERS: "admin"}
    found = evaluated(organisation())
    assert found.access(user("ivo")) == {BUCKET: "read"}
    assert found.nodes["Resource", f"aws:{ACCOUNT}"]["name"] == "pay"
    assert found.problems == []


@pytest.mark.parametrize(
    "below",
    [
        {
            f"org/list-organizational-units-for-parent/{ROOT}.json": {
                "OrganizationalUnits": [{"Id": UNIT, "Arn": f"arn:aws:organizations::999900001111:ou/o-abc/{UNIT}", "Name": "Pay"}]
            },
            f"org/list-children/{UNIT}.json": {"Children": [{"Id": ACCOUNT, "Type": "ACCOUNT"}]},
        },
        {"org/tree.json": {"Id": ROOT, "OrganizationalUnits": [{"Id": UNIT, "Name": "Pay", "Accounts": [{"Id": ACCOUNT, "Name": "pay"}]}]}},
    ],
    ids=["lists", "tree"],
)
def test_what_lies_in_a_unit_is_told_from_above_too(below: dict[str, Any]) -> None:
    files = {path: text for path, text in organisation().items() if "list-parents" not in path}
    files["org/list-targets-for-policy/p-bbbb2222.json"] = targets(UNIT)
    assert ORDERS in evaluated(files).access(user("ivo"))
    found = evaluated({**files, **{path: json.dumps(answer) for path, answer in below.items()}})
    assert ORDERS not in found.access(user("ivo"))
    assert found.problems == []


def test_the_management_account_is_not_limited() -> None:
    found = evaluated(organisation(management=ACCOUNT))
    assert ORDERS in found.access(user("ivo"))


def test_policies_whose_place_or_document_is_not_known_limit_nothing_and_are_told() -> None:
    files = organisation()
    for missing in ("org/list-targets-for-policy/p-aaaa1111.json", "org/describe-policy/p-bbbb2222.json", f"org/list-parents/{UNIT}.json"):
        del files[missing]
    files["org/list-targets-for-policy/p-cccc3333.json"] = targets("ou-zzzz-12345678")
    files["org/describe-policy/p-cccc3333.json"] = described("p-cccc3333", deny("*"))
    found = evaluated(files)
    assert ORDERS in found.access(user("ivo"))
    assert sorted(message for _, message in found.problems) == [
        "the document of the service control policy p-bbbb2222 is not among what was read; what it denies is not known",
        "where the service control policy policy p-aaaa1111 hangs is not among what was read; it limits nothing here",
        "which accounts lie below ou-zzzz-12345678 is not among what was read; what hangs there limits nothing here",
    ]


def test_answers_without_a_name_for_what_they_are_about_are_told() -> None:
    for path, text in (
        ("targets.json", targets(UNIT)),
        ("parents.json", json.dumps({"Parents": [{"Id": UNIT, "Type": "ORGANIZATIONAL_UNIT"}]})),
    ):
        found = Facts(aws_policies, document(text, path))
        assert [severity for _, severity, _ in found.problems] == ["error"]
        assert found.nodes == {}


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, '{"Policy": "{"', "\ud800"])
def test_what_is_no_answer_is_refused_or_told(text: str) -> None:
    with contextlib.suppress(IngestError):
        problems = Facts(aws_policies, document(text.encode("utf-8", "replace"), "x.json")).problems
        assert [severity for _, severity, _ in problems] == ["error"]


def test_a_template_of_a_policy_is_left_to_what_fills_it_in() -> None:
    text = '{"Statement": [{"Effect": "Allow", "Principal": ${jsonencode(who)}, "Action": "kms:*", "Resource": "*"}]}'
    assert aws_policies.detect("key.json", text.encode())
    assert list(aws_policies.read(document(text, "key.json"))) == []


def test_lists_of_roles_are_read_and_templates_are_left_to_their_reader() -> None:
    listed = {
        "Roles": [
            {"Arn": role("deploy"), "AssumeRolePolicyDocument": {"Statement": [{**allow("sts:AssumeRole"), "Principal": {"AWS": "*"}}]}}
        ]
    }
    for answer in (listed, {"Role": listed["Roles"][0]}):
        text = json.dumps(answer)
        assert aws_account.detect("roles.json", text.encode())
        found = Facts(aws_account, document(text, "roles.json"))
        assert ("Identity", role("deploy")) in found.nodes
        assert found.problems == []
    template = {"Resources": {"R": {"Type": "AWS::IAM::Role", "Properties": {"AssumeRolePolicyDocument": {"Statement": []}}}}}
    assert not aws_account.detect("cdk.out/shop.template.json", json.dumps(template).encode())
