from __future__ import annotations

import json

import pytest

from graphinv.ingest import HEAD_BYTES, aws_account
from graphinv.model.errors import IngestError
from graphinv.model.facts import Grant
from tests.ingest.aws_grants import ACCOUNT, Evaluated, group, role, user, whole
from tests.ingest.reading import Facts, document, fixture

PATH = "aws/authorization-details.json"
REFUNDS = role("service-role/refunds")
MARA, IVO, ANALYSTS = user("people/mara"), user("ivo"), group("teams/analysts")
TABLE = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/refunds"
SECRET = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:psp-live-AbCdEf"


@pytest.fixture(scope="module")
def facts() -> Facts:
    return Facts(aws_account, fixture(PATH, "iam/dump.json"))


@pytest.fixture(scope="module")
def found() -> Evaluated:
    return whole(aws_account, fixture(PATH, "iam/dump.json"))


def test_users_groups_and_roles_are_identities(facts: Facts) -> None:
    assert {key[1]: props["type"] for key, props in facts.nodes.items() if key[0] == "Identity"} == {
        MARA: "iam_user",
        IVO: "iam_user",
        ANALYSTS: "iam_group",
        REFUNDS: "iam_role",
        role("ci"): "iam_role",
    }
    refunds = facts.nodes["Identity", REFUNDS]
    assert refunds["name"] == "refunds"
    assert refunds["environment"] == "prod"
    assert refunds["labels"] == ["environment=production", "last_used=2026-11-20"]
    assert refunds["sources"] == ["shop/iam/dump.json#/RoleDetailList/0"]
    assert facts.drawn("OWNS") == {("data@quillmere.example", MARA)}
    assert facts.problems == []


def test_a_roles_trust_tells_how_it_is_bound(facts: Facts) -> None:
    assert facts.nodes["Identity", role("ci")]["binding"] == "federated"
    assert "binding" not in facts.nodes["Identity", REFUNDS]  # another account may assume it too
    statement = {"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": ["lambda.amazonaws.com"]}}
    for said in (statement, [statement], [statement, {**statement, "Effect": "Deny", "Principal": "*"}]):
        details = {"RoleDetailList": [{"Arn": role("x"), "AssumeRolePolicyDocument": {"Statement": said}}]}
        read = Facts(aws_account, document(json.dumps(details), "p.json"))
        assert read.nodes["Identity", role("x")]["binding"] == "platform"


def test_grants_say_where_they_come_from_and_are_in_force(facts: Facts) -> None:
    grants = [fact for fact in facts.all if isinstance(fact, Grant)]
    assert {one.evidence for one in grants} == {"granted"}
    assert {one.source for one in grants if one.role == "boundary"} == {"shop/iam/dump.json#/RoleDetailList/0/PermissionsBoundary"}
    assert {(one.subject[1], one.role) for one in grants} == {
        (MARA, "identity"),
        (MARA, "member"),
        (IVO, "member"),
        (ANALYSTS, "identity"),
        (REFUNDS, "identity"),
        (REFUNDS, "boundary"),
        (REFUNDS, "trust"),
        (role("ci"), "identity"),
        (role("ci"), "trust"),
        (f"arn:aws:iam::{ACCOUNT}:policy/refunds-table", "policy"),
        (f"arn:aws:iam::{ACCOUNT}:policy/only-data", "policy"),
    }


def test_what_the_account_comes_to(found: Evaluated) -> None:
    assert found.problems == []
    refunds = found.can(REFUNDS)
    assert refunds[TABLE] == {"read", "write"}  # the boundary denies deletion
    assert refunds[SECRET] == {"read"}
    assert found.edge("CAN_ACCESS", REFUNDS, SECRET)["condition"] == '{"StringEquals":{"aws:SourceVpc":"vpc-1"}}'
    assert found.edge("CAN_ACCESS", REFUNDS, TABLE)["inherited_from"] == f"arn:aws:iam::{ACCOUNT}:policy/refunds-table"
    assert not any("sqs" in target for target in refunds)  # the boundary leaves queues out
    assert found.can(role("ci"))[f"aws:{ACCOUNT}"] == {"admin"}
    assert found.can(role("ci"))[TABLE] == {"admin"}
    assert found.can(ANALYSTS) == {"arn:aws:s3:::quillmere-lake": {"read", "write", "delete"}}
    assert found.can(MARA) == {"arn:aws:s3:::quillmere-lake": {"read"}}  # her own policy denies deletion
    assert found.edge("MEMBER_OF", MARA, ANALYSTS)["scopes"] == []
    assert found.edge("MEMBER_OF", IVO, ANALYSTS).get("scopes") is None


def test_whom_the_roles_trust(found: Evaluated) -> None:
    assert found.becomes("aws-service:lambda.amazonaws.com") == {REFUNDS: "trust"}
    outside = found.edge("ASSUMES", "arn:aws:iam::210987654321:root", REFUNDS)
    assert outside["condition"] == '{"StringEquals":{"sts:ExternalId":"***"}}'
    assert found.becomes("github-oidc:quillmere/infra:ref:refs/heads/main") == {role("ci"): "trust"}


def test_every_shape_of_the_answer_is_read(facts: Facts) -> None:
    page = json.loads(fixture(PATH, "x").data)
    first = {"GroupDetailList": page["GroupDetailList"], "UserDetailList": page["UserDetailList"], "IsTruncated": True, "Marker": "x"}
    second = {"RoleDetailList": page["RoleDetailList"], "Policies": page["Policies"], "IsTruncated": False}
    shapes = {
        "pages.json": json.dumps([first, second]),
        "lines.jsonl": json.dumps(first) + "\n" + json.dumps(second) + "\n",
        "after.json": json.dumps(first, indent=1) + json.dumps(second, indent=1),
        "accounts.json": json.dumps({ACCOUNT: page}),
        "nested.json": json.dumps({"accounts": [page]}),
        "marked.json": "\ufeff" + json.dumps(page),
    }
    whole_one = {(fact.role, fact.subject, fact.body) for fact in facts.all if isinstance(fact, Grant)}
    for path, text in shapes.items():
        assert aws_account.detect(path, text.encode()[:HEAD_BYTES]), path
        read = Facts(aws_account, document(text, path))
        assert {(fact.role, fact.subject, fact.body) for fact in read.all if isinstance(fact, Grant)} == whole_one, path
        assert read.problems == []


def test_a_page_without_its_successor_is_told() -> None:
    read = Facts(aws_account, document('{"UserDetailList": [], "IsTruncated": true, "Marker": "x"}', "p.json"))
    assert [severity for _, severity, _ in read.problems] == ["warning"]


def test_what_is_odd_is_told_and_the_rest_is_read() -> None:
    odd = {
        "UserDetailList": [7, {"Arn": 7}, {"Arn": IVO, "GroupList": 7, "Tags": 7, "UserPolicyList": [{"PolicyDocument": "%7B"}]}],
        "GroupDetailList": {},
        "RoleDetailList": [
            {"Arn": role("bare")},
            {"Arn": IVO},
            {"Arn": f"arn:aws:iam::{ACCOUNT}:role/\ud800", "AssumeRolePolicyDocument": []},
        ],
        "Policies": [{}, {"Arn": "x"}, {"Arn": f"arn:aws:iam::{ACCOUNT}:policy/p", "PolicyVersionList": [{"Document": [[]]}]}],
    }
    read = Facts(aws_account, document(json.dumps(odd), "p.json"))
    assert {where for where, _, _ in read.problems} == {
        "/Policies/0",
        "/Policies/1",
        "/Policies/2",
        "/GroupDetailList",
        "/UserDetailList/1",
        "/UserDetailList/2/UserPolicyList/0",
        "/RoleDetailList/0/AssumeRolePolicyDocument",
        "/RoleDetailList/1",
        "/RoleDetailList/2/AssumeRolePolicyDocument",
    }
    assert ("Identity", IVO) in read.nodes


@pytest.mark.parametrize("text", ["", "{", '{"UserDetailList": [', "[" * 100_000, '{"UserDetailList":' + '{"a":' * 100_000, "{} x"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(IngestError):
        list(aws_account.read(document(text, "p.json")))


def test_other_answers_are_left_alone() -> None:
    for text in ('{"Users": []}', '{"Policies": [{"PolicyName": "x"}]}', '{"Statement": []}', "[]"):
        assert not aws_account.detect("iam.json", text.encode())
    assert not aws_account.detect("notes.md", b'{"UserDetailList": []}')


def test_external_ids_of_any_shape_are_left_out_and_the_rest_stays_json() -> None:
    for id in ("hush", ["hush", "two"], [["hush"]], {"a": "hush]"}, 'hush"]'):
        trust = {
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": "sts:AssumeRole",
                    "Principal": {"AWS": "arn:aws:iam::444455556666:root"},
                    "Condition": {"StringEquals": {"sts:ExternalId": id}},
                }
            ]
        }
        found = Facts(
            aws_account, document(json.dumps({"RoleDetailList": [{"Arn": role("a"), "AssumeRolePolicyDocument": trust}]}), "x.json")
        )
        (body,) = (fact.body for fact in found.all if isinstance(fact, Grant))
        assert json.loads(body)["Statement"][0]["Condition"] == {"StringEquals": {"sts:ExternalId": "***"}}
        assert "hush" not in body
