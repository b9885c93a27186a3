from __future__ import annotations

import json
import time

import pytest

from graphinv.model.facts import EdgeFact, Grant, NodeKey, Props
from tests.ingest.aws_grants import ACCOUNT, Evaluated, allow, deny, grant, group, role, trust, user

DATA = "arn:aws:s3:::data"
ME = role("me")


def mine(*statements: dict[str, object]) -> dict[str, set[str]]:
    return Evaluated([grant(ME, "identity", *statements)]).can(ME)


def test_a_named_resource_is_found_whole_or_by_its_parts() -> None:
    assert mine(allow("s3:GetObject", f"{DATA}/in/*")) == {DATA: {"read"}}
    assert mine(allow("s3:GetObject", DATA)) == {}  # objects are read, and these are not the bucket itself
    assert mine(allow("s3:ListBucket", DATA)) == {DATA: {"read"}}
    table = f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/orders"
    assert mine(allow("dynamodb:Query", f"{table}/index/*")) == {table: {"read"}}


@pytest.mark.parametrize(
    ("action", "expected"),
    [
        ("sqs:ReceiveMessage", {"read"}),
        ("sqs:SendMessage", {"write"}),
        ("sqs:PurgeQueue", {"write", "delete"}),
        ("sqs:TagQueue", {"write"}),
        ("sqs:AddPermission", {"admin"}),
        ("sqs:*", {"admin"}),
        ("SQS:sendmessage", {"write"}),
        ("sqs:SomethingNew", {"write"}),
        ("sqs:GetSomethingNew", {"read"}),
    ],
)
def test_actions_are_what_aws_says_that_they_do(action: str, expected: set[str]) -> None:
    queue = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:pay"
    assert mine(allow(action, queue)) == {queue: expected}


def test_to_use_a_gateway_is_not_to_administer_it() -> None:
    gateway = f"arn:aws:bedrock-agentcore:eu-west-1:{ACCOUNT}:gateway/tools"
    assert mine(allow("bedrock-agentcore:InvokeGateway", gateway)) == {gateway: {"write", "execute"}}


def test_to_run_something_is_to_execute_it() -> None:
    function = f"arn:aws:lambda:eu-west-1:{ACCOUNT}:function:pay"
    assert mine(allow("lambda:InvokeFunction", f"{function}:live")) == {function: {"write", "execute"}}
    model = "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude"
    assert mine(allow("bedrock:InvokeModel", model)) == {model: {"read", "execute"}}


def test_a_secret_is_read_only_where_its_value_is() -> None:
    secret = f"arn:aws:secretsmanager:eu-west-1:{ACCOUNT}:secret:psp-AbCdEf"
    found = Evaluated([grant(ME, "identity", allow("secretsmanager:GetSecretValue", secret))])
    assert found.edge("CAN_ACCESS", ME, secret)["actions"] == ["read"]
    assert found.nodes["Secret", secret]["name"] == "psp-AbCdEf"
    assert mine(allow("secretsmanager:DescribeSecret", secret)) == {}
    # Terraform knows it without the six characters that AWS adds.
    short = secret.removesuffix("-AbCdEf")
    for pattern in (f"{short}-??????", f"{short}-*", f"{short}*"):
        found = Evaluated([grant(ME, "identity", allow("secretsmanager:GetSecretValue", pattern))], [("Secret", short)])
        assert found.can(ME) == {short: {"read"}}, pattern


def test_a_wildcard_reaches_what_is_known_and_the_scope() -> None:
    known = [("Resource", DATA), ("Resource", "arn:aws:s3:::logs"), ("Resource", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:pay")]
    found = Evaluated([grant(ME, "identity", allow("s3:GetObject"))], known)
    assert found.can(ME) == {DATA: {"read"}, "arn:aws:s3:::logs": {"read"}, f"aws:{ACCOUNT}/s3": {"read"}}
    found = Evaluated([grant(ME, "identity", allow("*"))], known)
    assert found.can(ME) == {f"aws:{ACCOUNT}": {"admin"}, **{str(key[1]): {"admin"} for key in known}}
    assert found.nodes["Resource", f"aws:{ACCOUNT}"]["type"] == "account"


def test_listing_what_there_is_opens_no_service() -> None:
    assert mine(allow("s3:ListAllMyBuckets")) == {}


def test_a_pattern_that_nothing_known_matches_stands_for_what_it_may_match() -> None:
    found = Evaluated([grant(ME, "identity", allow("s3:PutObject", "arn:aws:s3:::prod-*/*"))])
    assert found.can(ME) == {"arn:aws:s3:::prod-*": {"write"}}
    found = Evaluated([grant(ME, "identity", allow("s3:PutObject", "arn:aws:s3:::prod-*/*"))], [("Resource", "arn:aws:s3:::prod-eu")])
    assert found.can(ME) == {"arn:aws:s3:::prod-eu": {"write"}}


def test_managed_policies_are_known_by_name() -> None:
    found = Evaluated([grant(ME, "identity", "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess")], [("Resource", DATA)])
    assert found.can(ME)[DATA] == {"read"}
    found = Evaluated([grant(ME, "identity", "arn:aws:iam::aws:policy/ReadOnlyAccess")], [("Resource", DATA)])
    assert found.can(ME)[f"aws:{ACCOUNT}"] == {"read"}
    found = Evaluated([grant(ME, "identity", "arn:aws:iam::aws:policy/PowerUserAccess")], [("Resource", DATA)])
    assert found.can(ME)[f"aws:{ACCOUNT}"] == {"read", "write", "execute", "delete"}
    found = Evaluated([grant(ME, "identity", "arn:aws:iam::aws:policy/NoSuchPolicy")])
    assert found.can(ME) == {}
    assert found.problems == ["the document of an attached policy is not known: arn:aws:iam::aws:policy/NoSuchPolicy"]


def test_a_customer_policy_counts_where_it_is_attached() -> None:
    arn = f"arn:aws:iam::{ACCOUNT}:policy/data"
    found = Evaluated(
        [grant(ME, "identity", arn, origin=arn), grant(("Resource", arn), "policy", allow("s3:GetObject", f"{DATA}/*"), origin=arn)]
    )
    assert found.can(ME) == {DATA: {"read"}}
    assert found.edge("CAN_ACCESS", ME, DATA)["inherited_from"] == arn


def test_a_condition_is_kept_and_a_conditional_denial_is_not_relied_on() -> None:
    condition = {"StringEquals": {"aws:SourceVpc": "vpc-1", "sts:ExternalId": "between-us"}}
    found = Evaluated([grant(ME, "identity", allow("s3:GetObject", f"{DATA}/*", Condition=condition), deny("s3:*", Condition=condition))])
    props = found.edge("CAN_ACCESS", ME, DATA)
    assert props["condition"] == '{"StringEquals":{"aws:SourceVpc":"vpc-1","sts:ExternalId":"***"}}'
    assert props["evidence"] == ["granted"]
    assert props["sources"] == ["shop/iam.json#/identity"]


def test_denials_and_boundaries_take_away() -> None:
    assert mine(allow("s3:*", [DATA, f"{DATA}/*"]), deny("s3:*", [DATA, f"{DATA}/*"])) == {}
    assert mine(allow("s3:GetObject", f"{DATA}/*"), deny("s3:GetObject", f"{DATA}/secret/*")) == {DATA: {"read"}}
    assert mine(allow("s3:GetObject", f"{DATA}/a/*"), deny("s3:Get*", f"{DATA}/*")) == {}
    bounded = [grant(ME, "identity", allow("*")), grant(ME, "boundary", allow("sqs:*"))]
    assert Evaluated(bounded, [("Resource", DATA)]).can(ME) == {f"aws:{ACCOUNT}/sqs": {"admin"}}
    nothing = [grant(ME, "boundary", allow("*"))]
    assert Evaluated(nothing, [("Resource", DATA)]).can(ME) == {}


def test_service_control_policies_limit_the_account_and_not_service_linked_roles() -> None:
    linked = role("aws-service-role/support.amazonaws.com/AWSServiceRoleForSupport")
    limit = grant(("Resource", f"aws:{ACCOUNT}"), "scp", allow("*"), deny("s3:*"))
    found = Evaluated(
        [limit, *(grant(one, "identity", allow("s3:GetObject", f"{DATA}/*")) for one in (ME, linked, role("x", "210987654321")))]
    )
    assert found.can(ME) == {}
    assert found.can(linked) == {DATA: {"read"}}
    assert found.can(role("x", "210987654321")) == {DATA: {"read"}}


def test_a_limit_that_allows_everything_takes_nothing() -> None:
    limits = [grant(("Resource", f"aws:{ACCOUNT}"), of, allow("*"), origin="FullAWSAccess") for of in ("scp", "scp:r-root")]
    found = Evaluated([*limits, grant(ME, "identity", allow("*")), grant(ME, "boundary", allow("*"))], [("Resource", DATA)])
    assert found.can(ME) == {f"aws:{ACCOUNT}": {"admin"}, DATA: {"admin"}}
    assert found.becomes(ME) == {}
    # Each level has to allow; what hangs on one level adds up.
    levels = [
        grant(("Resource", f"aws:{ACCOUNT}"), "scp:r-root", allow("s3:*")),
        grant(("Resource", f"aws:{ACCOUNT}"), "scp", allow("sqs:*")),
    ]
    assert Evaluated([*levels, grant(ME, "identity", allow("*"))], [("Resource", DATA)]).can(ME) == {}
    same = [grant(("Resource", f"aws:{ACCOUNT}"), "scp", allow(one)) for one in ("s3:*", "sqs:*")]
    assert DATA in Evaluated([*same, grant(ME, "identity", allow("*"))], [("Resource", DATA)]).can(ME)


def test_what_files_leave_open_stands_in_the_arn_and_still_matches() -> None:
    me, table = "arn:aws:iam::account(shop):role/me", "arn:aws:dynamodb:region(shop):account(shop):table/orders"
    for pattern in (
        table,
        "arn:aws:dynamodb:*:*:table/orders",
        "arn:aws:dynamodb:*:*:table/*",
        "*",
        "arn:aws:dynamodb:*:*:table/${var.name}",
    ):
        found = Evaluated([grant(me, "identity", allow("dynamodb:GetItem", pattern))], [("Resource", table)])
        assert found.can(me)[table] == {"read"}, pattern
    trusted = grant("arn:aws:iam::account(shop):role/x", "trust", trust(AWS="arn:aws:iam::account(shop):root"))
    assert Evaluated([trusted, grant(me, "identity", allow("sts:*"))]).becomes(me) == {"arn:aws:iam::account(shop):role/x": "trust"}


def test_what_lies_in_an_account_that_is_not_told_may_lie_in_the_only_one_that_is_known() -> None:
    table = "arn:aws:dynamodb:region(infra):account(infra):table/orders"
    mine_alone = [grant(ME, "identity", allow("dynamodb:GetItem"))]
    found = Evaluated(mine_alone, [("Resource", table)]).edge("CAN_ACCESS", ME, table)
    assert (found["confidence"], found["evidence"]) == (0.5, ["granted", "inferred"])
    two = [*mine_alone, grant(role("x", "210987654321"), "identity", allow("s3:*"))]
    assert table not in Evaluated(two, [("Resource", table)]).can(ME)


def test_a_bucket_is_of_the_account_whose_files_tell_of_it() -> None:
    def asks(me: str, root: str) -> Grant:
        return Grant("aws", ("Identity", me), "identity", json.dumps({"Statement": [allow("s3:*")]}), "p", f"{root}/main.tf#L1", "declared")

    shop, lab = role("me", "account(shop)"), role("me", "account(lab)")
    told: dict[NodeKey, Props] = {("Resource", DATA): {"sources": ["shop/buckets.tf#L1"]}}
    found = Evaluated([asks(shop, "shop"), asks(lab, "lab")], told)
    assert DATA in found.can(shop)
    assert DATA not in found.can(lab)
    # The only account that is known may be the shop's
    assert Evaluated([asks(shop, "shop"), asks(ME, "dump")], told).edge("CAN_ACCESS", ME, DATA)["confidence"] == 0.5
    unclaimed: dict[NodeKey, Props] = {("Resource", DATA): {"sources": ["inventory/resources.csv#L1"]}}
    assert DATA in Evaluated([asks(shop, "shop"), asks(ME, "dump")], unclaimed).can(ME)


def test_a_policy_variable_may_be_anything_when_it_allows_and_nothing_when_it_denies() -> None:
    home = f"{DATA}/home/${{aws:username}}/*"
    assert mine(allow("s3:GetObject", home)) == {DATA: {"read"}}
    assert mine(allow("s3:GetObject", f"{DATA}/*"), deny("s3:GetObject", f"{DATA}/${{aws:username}}*")) == {DATA: {"read"}}
    assert mine(allow("s3:GetObject", f"{DATA}/a${{*}}b")) == {DATA: {"read"}}


def test_a_group_lends_its_policies_and_a_members_own_denial_cuts_them() -> None:
    grants = [grant(group("g"), "identity", allow(["s3:GetObject", "s3:DeleteObject"], f"{DATA}/*"))]
    grants += [grant(user(name), "member", group("g")) for name in ("free", "bound")]
    grants += [grant(user("bound"), "identity", deny("s3:Delete*"))]
    found = Evaluated(grants)
    assert found.can(group("g")) == {DATA: {"read", "write", "delete"}}
    assert found.can(user("free")) == {}
    assert found.edge("MEMBER_OF", user("free"), group("g")).get("scopes") is None
    assert found.edge("MEMBER_OF", user("bound"), group("g"))["scopes"] == []
    assert found.can(user("bound")) == {DATA: {"read"}}


def test_another_accounts_resource_needs_both_sides() -> None:
    theirs = "arn:aws:sqs:eu-west-1:210987654321:theirs"
    asks = grant(ME, "identity", allow("sqs:SendMessage", theirs))
    unsure = Evaluated([asks]).edge("CAN_ACCESS", ME, theirs)
    assert unsure["confidence"] == 0.5
    assert unsure["evidence"] == ["granted", "inferred"]
    assert Evaluated([grant(ME, "identity", allow("sqs:SendMessage"))], [("Resource", theirs)]).can(ME) == {f"aws:{ACCOUNT}/sqs": {"write"}}
    lets = grant(("Resource", theirs), "resource", {**trust(AWS=f"arn:aws:iam::{ACCOUNT}:root"), "Action": "sqs:*", "Resource": "*"})
    both = Evaluated([asks, lets])
    assert both.can(ME) == {theirs: {"write"}}
    assert both.can(f"arn:aws:iam::{ACCOUNT}:root") == {theirs: {"admin"}}
    refuses = grant(("Resource", theirs), "resource", {**trust(AWS=role("other")), "Action": "sqs:*", "Resource": "*"})
    assert Evaluated([asks, refuses]).can(ME) == {}


def test_a_resources_own_policy_lets_in_whom_it_names() -> None:
    queue = ("Resource", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:pay")
    lets = {**trust(AWS=[ME, user("u")], Service="sns.amazonaws.com"), "Action": "sqs:SendMessage", "Resource": "*"}
    found = Evaluated([grant(queue, "resource", lets), grant(ME, "boundary", allow("s3:*")), grant(user("u"), "boundary", allow("s3:*"))])
    assert found.can(ME) == {}  # a boundary limits what a role is granted by name
    assert found.can(user("u")) == {queue[1]: {"write"}}  # and not what a user is
    assert found.can("aws-service:sns.amazonaws.com") == {queue[1]: {"write"}}
    found = Evaluated([grant(queue, "resource", {**lets, "Principal": "*"}), grant(ME, "identity", allow("s3:GetObject", f"{DATA}/*"))])
    assert found.can("aws:*") == {queue[1]: {"write"}}
    assert found.becomes(ME, "MEMBER_OF") == {"aws:*": ""}


def test_a_resources_own_denial_holds_against_identity_policies() -> None:
    queue = ("Resource", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:pay")
    other = ("Resource", f"arn:aws:sqs:eu-west-1:{ACCOUNT}:other")
    asks = [grant(one, "identity", allow("sqs:SendMessage", [queue[1], other[1]])) for one in (ME, role("you"))]
    everyone = {"Effect": "Deny", "Action": "sqs:*", "Resource": "*", "Principal": "*"}
    assert Evaluated([*asks, grant(queue, "resource", everyone)]).can(ME) == {other[1]: {"write"}}
    named = Evaluated([*asks, grant(queue, "resource", {**everyone, "Principal": {"AWS": ME}})])
    assert named.can(ME) == {other[1]: {"write"}}
    assert queue[1] in named.can(role("you"))
    but = Evaluated([*asks, grant(queue, "resource", {"Effect": "Deny", "Action": "sqs:*", "Resource": "*", "NotPrincipal": {"AWS": ME}})])
    assert queue[1] in but.can(ME)
    assert queue[1] not in but.can(role("you"))
    bucket = {"Effect": "Deny", "Action": "s3:*", "Resource": [DATA, f"{DATA}/*"], "Principal": {"AWS": ME}}
    reads = grant(ME, "identity", allow("s3:GetObject", f"{DATA}/*"))
    assert Evaluated([reads, grant(("Resource", DATA), "resource", bucket)]).can(ME) == {}
    conditional = {**bucket, "Condition": {"Bool": {"aws:SecureTransport": "false"}}}
    assert Evaluated([reads, grant(("Resource", DATA), "resource", conditional)]).can(ME) == {DATA: {"read"}}


def test_a_key_is_opened_by_its_own_policy_alone() -> None:
    key = ("Resource", f"arn:aws:kms:eu-west-1:{ACCOUNT}:key/k")
    asks = grant(ME, "identity", allow("kms:Decrypt"))
    leaves = {**trust(AWS=f"arn:aws:iam::{ACCOUNT}:root"), "Action": "kms:*", "Resource": "*"}
    assert key[1] in Evaluated([asks], [key]).can(ME)
    assert key[1] in Evaluated([asks, grant(key, "resource", leaves)]).can(ME)
    assert key[1] not in Evaluated([asks, grant(key, "resource", {**leaves, "Principal": {"AWS": role("other")}})]).can(ME)


def test_trust_by_name_by_account_and_by_service() -> None:
    target = role("target")
    may = allow("sts:AssumeRole", target)
    named = Evaluated([grant(target, "trust", trust(AWS=ME, Service="lambda.amazonaws.com")), grant(ME, "identity", allow("sqs:*"))])
    assert named.becomes(ME) == {target: "trust"}
    assert named.becomes("aws-service:lambda.amazonaws.com") == {target: "trust"}
    denied = Evaluated([grant(target, "trust", trust(AWS=ME)), grant(ME, "identity", deny("sts:*"))])
    assert denied.becomes(ME) == {}
    bounded = Evaluated([grant(target, "trust", trust(AWS=ME)), grant(ME, "boundary", allow("s3:*"))])
    assert bounded.becomes(ME) == {}
    account = grant(target, "trust", trust(AWS=ACCOUNT))
    assert Evaluated([account, grant(ME, "identity", may)]).becomes(ME) == {target: "trust"}
    assert Evaluated([account, grant(ME, "identity", allow("sqs:*"))]).becomes(ME) == {}
    far = Evaluated([grant(role("far", "210987654321"), "trust", trust(AWS=ACCOUNT)), grant(ME, "identity", allow("sts:AssumeRole"))])
    assert far.becomes(ME) == {role("far", "210987654321"): "trust"}
    assert far.becomes(f"arn:aws:iam::{ACCOUNT}:root") == {role("far", "210987654321"): "trust"}
    path = Evaluated(
        [grant(target, "trust", trust(AWS=f"arn:aws:sts::{ACCOUNT}:assumed-role/deep/s")), grant(role("a/deep"), "identity", may)]
    )
    assert path.becomes(role("a/deep")) == {target: "trust"}


def test_trust_of_tokens_from_elsewhere() -> None:
    github = f"arn:aws:iam::{ACCOUNT}:oidc-provider/token.actions.githubusercontent.com"
    condition = {"StringLike": {"token.actions.githubusercontent.com:sub": "repo:acme/shop:*"}}
    statement = {**trust(Federated=github), "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition}
    found = Evaluated([grant(ME, "trust", statement)])
    assert found.becomes("github-oidc:acme/shop") == {ME: "trust"}
    assert "repo:acme/shop:*" in found.edge("ASSUMES", "github-oidc:acme/shop", ME)["condition"]
    known = [("Identity", "github-oidc:acme/infra"), ("Identity", "github-oidc:other/x")]
    for said, let in (
        ("repo:acme/*", {"acme/infra"}),
        ("repo:*:ref:refs/heads/main", {"acme/infra", "other/x"}),
        (None, {"acme/infra", "other/x"}),
    ):
        some = {"StringLike": {"token.actions.githubusercontent.com:sub": said}} if said else {}
        of = {**trust(Federated=github), "Action": "sts:AssumeRoleWithWebIdentity", **({"Condition": some} if some else {})}
        found = Evaluated([grant(ME, "trust", of)], known)
        assert {key[1].removeprefix("github-oidc:") for key in known if ME in found.becomes(key[1])} == let
    eks = f"arn:aws:iam::{ACCOUNT}:oidc-provider/oidc.eks.eu-west-1.amazonaws.com/id/ABC"
    condition = {"StringEquals": {"oidc.eks.eu-west-1.amazonaws.com/id/ABC:sub": "system:serviceaccount:pay:agent"}}
    statement = {**trust(Federated=eks), "Action": "sts:AssumeRoleWithWebIdentity", "Condition": condition}
    account = "k8s:prod/pay/ServiceAccount/agent"
    assert Evaluated([grant(ME, "trust", statement)], [("Identity", account)]).becomes(account) == {ME: "trust"}


def test_what_many_hold_alike_and_reaches_far_is_written_once() -> None:
    buckets = [("Resource", f"arn:aws:s3:::b{number:03}") for number in range(60)]
    many = [role(f"r{number}") for number in range(20)]
    found = Evaluated([grant(one, "identity", allow("s3:GetObject")) for one in many], buckets)
    (hub,) = {target for one in many for target in found.becomes(one, "MEMBER_OF")}
    assert found.nodes["Identity", hub]["name"] == "s3:getobject on *"
    assert set(found.can(hub)) == {f"aws:{ACCOUNT}/s3", *(key[1] for key in buckets)}
    assert sum(edge.kind == "CAN_ACCESS" for edge in found.edges) == 61
    alone = Evaluated([grant(many[0], "identity", allow("s3:GetObject"))], buckets)
    assert len(alone.can(many[0])) == 61


def test_order_and_repetition_change_nothing() -> None:
    grants = [
        grant(group("g"), "identity", allow("s3:*", [DATA, f"{DATA}/*"])),
        grant(user("u"), "member", group("g")),
        grant(ME, "identity", allow(["iam:PassRole", "lambda:*"])),
        grant(role("f"), "trust", trust(Service="lambda.amazonaws.com")),
        grant(ME, "trust", trust(AWS=user("u"))),
    ]

    def said(these: list[Grant]) -> list[str]:
        return sorted(map(repr, Evaluated(these).edges))

    assert said(grants) == said(grants[::-1])


BODIES = (
    "",
    "{",
    "[]",
    "7",
    "null",
    '"x"',
    "[" * 100_000,
    '{"Statement": 7}',
    '{"Statement": []}',
    '{"Statement": [7, {}, {"Effect": "Allow"}]}',
    '{"Statement": {"Effect": "Allow", "Action": [], "Resource": "*"}}',
    '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": {}}}',
    '{"Statement": {"Effect": "Allow", "Action": "s3", "Resource": "arn:"}}',
    '{"Statement": {"Effect": "Allow", "Action": ":", "Resource": ":::::"}}',
    '{"Statement": {"Effect": "Allow", "Action": "*", "Resource": "arn:aws:\\ud800:::x", "Condition": {"a": [[]]}}}',
    '{"Statement": {"Effect": "Allow", "Action": "s3:*", "Principal": {"AWS": [7]}}}',
    '{"Statement": {"Effect": "Allow", "Action": "*", "Principal": {"": "*", "Federated": "x", "Service": "y", "AWS": ["A", ""]}}}',
    '{"Statement": {"Effect": "Allow", "Action": "*:*:*", "NotPrincipal": {"AWS": "arn:aws:iam::x:root"}, "NotResource": "*"}}',
)


@pytest.mark.parametrize("body", BODIES)
@pytest.mark.parametrize("of", ["identity", "trust", "boundary", "resource", "scp", "policy", "member", "nonsense"])
def test_no_policy_breaks_the_evaluation(body: str, of: str) -> None:
    from graphinv.ingest.grants import Known, aws

    subjects = [("Identity", ME), ("Identity", "x"), ("Resource", "arn:aws:sqs:eu:1:q"), ("Resource", "aws:1")]
    said = [Grant("aws", subject, of, body, source="shop/x.json") for subject in subjects]
    list(aws.evaluate(said, Known()))


def test_long_patterns_take_no_time() -> None:
    pattern = "arn:aws:s3:::" + "*a" * 900
    many = [f"{pattern}{number}" for number in range(100)]
    known = [("Resource", "arn:aws:s3:::" + "a" * 50 + str(number)) for number in range(500)]
    start = time.process_time()
    Evaluated([grant(ME, "identity", allow("s3:*", many)), grant(ME, "boundary", allow("s3:*", many[::-1]))], known)
    assert time.process_time() - start < 20


def test_memberships_that_others_state_count() -> None:
    member = EdgeFact("MEMBER_OF", ("Identity", user("u")), ("Identity", group("g")), {})
    grants = [grant(group("g"), "identity", allow("iam:PutGroupPolicy")), grant(user("u"), "identity", allow("sqs:*"))]
    assert Evaluated(grants, [], [member]).becomes(user("u")) == {f"aws:{ACCOUNT}/administrator": "iam:PutGroupPolicy on g"}


@pytest.mark.parametrize(
    ("arn", "name"),
    [
        ("arn:aws:bedrock:eu-west-1::foundation-model/anthropic.claude-3-haiku-20240307-v1:0", "anthropic.claude-3-haiku-20240307-v1:0"),
        ("arn:aws:ecs:eu-west-1:123456789012:task-definition/pay:3", "pay:3"),
        ("arn:aws:logs:eu-west-1:123456789012:log-group:/aws/lambda/pay", "/aws/lambda/pay"),
        ("arn:aws:lambda:eu-west-1:123456789012:function:pay", "pay"),
        ("arn:aws:dynamodb:eu-west-1:123456789012:table/orders", "orders"),
        ("arn:aws:secretsmanager:eu-west-1:123456789012:secret:orders-db/admin", "orders-db/admin"),
        ("arn:aws:sqs:eu-west-1:123456789012:pay", "pay"),
    ],
)
def test_what_only_a_policy_names_is_called_by_its_name(arn: str, name: str) -> None:
    found = Evaluated([grant(ME, "identity", allow("*", arn))])
    assert [props["name"] for (_, id), props in found.nodes.items() if id == arn] == [name]
