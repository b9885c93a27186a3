from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.ingest import cloudtrail
from graphinv.ingest.support.aws.calls import action_of, call_of, caller_of, prefix_of
from graphinv.ingest.support.aws.trails import events
from graphinv.model.errors import IngestError
from tests.ingest.aws_grants import ACCOUNT, role, user
from tests.ingest.bad_inputs import ANY_BYTES, EVERYWHERE, read
from tests.ingest.linked import linked
from tests.ingest.reading import Facts, document

OTHER = "210987654321"
BUCKET = "arn:aws:s3:::invoices"
KEY_ID = "AKIA" + "QNZGKIQY56JQ7WML"


def as_role(name: str = "agents/orders", session: str = "run-1", **context: Any) -> dict[str, Any]:
    """Who calls with a role's session, as the trail writes it."""
    short = name.rpartition("/")[2]
    issuer = {"type": "Role", "principalId": "AROAEXAMPLE", "arn": role(name), "accountId": ACCOUNT, "userName": short}
    return {
        "type": "AssumedRole",
        "principalId": f"AROAEXAMPLE:{session}",
        "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{short}/{session}",
        "accountId": ACCOUNT,
        "accessKeyId": "ASIA" + "QNZGKIQY56JQ7WML",
        "sessionContext": {"sessionIssuer": issuer, "attributes": {"mfaAuthenticated": "false"}, **context},
    }


def as_user(name: str = "ivo") -> dict[str, Any]:
    return {"type": "IAMUser", "arn": user(name), "accountId": ACCOUNT, "accessKeyId": KEY_ID, "userName": name}


def record(source: str, name: str, who: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    made: dict[str, Any] = {
        "eventVersion": "1.11",
        "userIdentity": who or as_role(),
        "eventTime": "2026-11-20T08:00:00Z",
        "eventSource": f"{source}.amazonaws.com",
        "eventName": name,
        "awsRegion": "eu-west-1",
        "requestParameters": None,
        "responseElements": None,
        "eventType": "AwsApiCall",
        "recipientAccountId": ACCOUNT,
        **more,
    }
    made.setdefault("eventID", f"{name}-{made['eventTime']}-{json.dumps(made['requestParameters'])}")
    return made


def bucket(name: str = "GetObject", at: str = "2026-11-20T08:00:00Z", **more: Any) -> dict[str, Any]:
    things = [
        {"type": "AWS::S3::Object", "ARN": f"{BUCKET}/2026/11.pdf"},
        {"accountId": ACCOUNT, "type": "AWS::S3::Bucket", "ARN": BUCKET},
    ]
    asked = {"bucketName": "invoices", "key": "2026/11.pdf"}
    return record("s3", name, eventTime=at, requestParameters=asked, resources=things, eventCategory="Data", **more)


def trail(*records: dict[str, Any]) -> Facts:
    return linked(cloudtrail, {"trail.json": json.dumps({"Records": records})})


def done(*records: dict[str, Any]) -> set[tuple[str, str, tuple[str, ...]]]:
    """(caller, resource, actions) of the accesses that records show."""
    found = trail(*records)
    return {(str(e.source[1]), str(e.target[1]), tuple(e.props["actions"])) for e in found.edges if e.kind == "CAN_ACCESS"}  # type: ignore[index]


# --------------------------------------------------------------------------------------------------------------------------------
# What carries records


def wrapped(one: dict[str, Any]) -> dict[str, str]:
    text = json.dumps(one)
    row = [{"eventJson": text}]
    bridge = {"version": "0", "detail-type": "AWS API Call via CloudTrail", "source": "aws.s3", "account": ACCOUNT, "detail": one}
    table = io.StringIO()
    writer = csv.writer(table)
    writer.writerow(
        ["eventversion", "useridentity", "eventtime", "eventsource", "eventname", "awsregion", "resources", "recipientaccountid"]
    )
    issuer = f"{{type=Role, principalid=AROAEXAMPLE, arn={role('agents/orders')}, accountid={ACCOUNT}, username=orders}}"
    who = f"{{type=AssumedRole, principalid=AROAEXAMPLE:run-1, arn=arn:aws:sts::{ACCOUNT}:assumed-role/orders/run-1, accountid={ACCOUNT}, "
    who += f"invokedby=null, sessioncontext={{attributes={{mfaauthenticated=false}}, sessionissuer={issuer}}}}}"
    things = f"[{{arn={BUCKET}, accountid={ACCOUNT}, type=AWS::S3::Bucket}}]"
    writer.writerow(["1.11", who, "2026-11-20 08:00:00.000", "s3.amazonaws.com", "GetObject", "eu-west-1", things, ACCOUNT])
    return {
        "delivered.json": json.dumps({"Records": [one]}),
        "pretty.json": json.dumps({"Records": [one]}, indent=2),
        "list.json": json.dumps([one], indent=3, sort_keys=True),
        "one.json": text,
        "lines.jsonl": f"{text}\n",
        "looked-up.json": json.dumps({"Events": [{"EventId": "x", "EventName": "GetObject", "CloudTrailEvent": text}], "NextToken": "y"}),
        "bridge.json": json.dumps(bridge),
        "logs.json": json.dumps({"messageType": "DATA_MESSAGE", "logEvents": [{"id": "1", "timestamp": 1, "message": text}]}),
        "filtered.json": json.dumps({"events": [{"logStreamName": "x", "message": text}], "searchedLogStreams": []}),
        "lake.json": json.dumps({"QueryStatus": "FINISHED", "QueryResultRows": [row]}),
        "wrapped.jsonl": json.dumps({"source": "aws_cloudtrail", "raw_payload": one}),
        "elastic.ndjson": json.dumps({"_index": "trail", "_source": {"event": {"original": text}}}),
        "athena.csv": table.getvalue(),
        "lake.csv": f'eventJson\n"{text.replace(chr(34), chr(34) * 2)}"\n',
    }


@pytest.mark.parametrize("path", wrapped({}))
def test_records_are_found_in_whatever_carries_them(path: str) -> None:
    found = linked(cloudtrail, {path: wrapped(bucket())[path]})
    props = found.props("CAN_ACCESS", role("agents/orders"), BUCKET)
    assert props["actions"] == ["read"]
    assert props["evidence"] == ["observed"]
    assert (props["count"], props["first_seen"], props["last_used"]) == (1, "2026-11-20T08:00:00Z", "2026-11-20T08:00:00Z")
    assert props["sources"][0].startswith(f"shop/{path}#L")
    assert found.nodes["Resource", BUCKET]["type"] == "bucket"
    assert found.nodes["Identity", role("agents/orders")]["type"] == "iam_role"


def test_notifications_and_patterns_are_no_records() -> None:
    notified = {"eventVersion": "2.1", "eventSource": "aws:s3", "eventName": "ObjectCreated:Put", "userIdentity": {"principalId": "AWS:x"}}
    pattern = {"detail-type": ["AWS API Call via CloudTrail"], "detail": {"eventSource": ["s3.amazonaws.com"], "eventName": ["GetObject"]}}
    for one in ({"Records": [notified]}, pattern, {"source": ["aws.iam"], "detail": {"userIdentity": {"type": ["Root"]}}}):
        assert not cloudtrail.detect("a.json", json.dumps(one).encode())


def test_many_records_become_one_edge_with_their_count() -> None:
    early = [bucket(at=f"2026-11-{day:02}T08:00:00Z") for day in range(1, 11)]
    late = [bucket(at=f"2026-11-{day:02}T08:00:00Z") for day in range(11, 16)]
    texts = {
        "b.json": json.dumps({"Records": late}),
        "a.json": json.dumps({"Records": early}),
        "copy/a.json": json.dumps({"Records": early[::-1]}),
    }
    props = linked(cloudtrail, texts).props("CAN_ACCESS", role("agents/orders"), BUCKET)
    assert (props["count"], props["first_seen"], props["last_seen"]) == (15, "2026-11-01T08:00:00Z", "2026-11-15T08:00:00Z")


def test_what_is_cut_off_is_read_as_far_as_it_goes() -> None:
    whole = json.dumps({"Records": [bucket(), bucket("PutObject")]})
    found = linked(cloudtrail, {"trail.json": whole[:-30]})
    assert found.props("CAN_ACCESS", role("agents/orders"), BUCKET)["actions"] == ["read"]
    assert [(severity, message) for _, severity, message in found.problems] == [
        ("error", "is not JSON, is cut off here, or is nested too deep; 1 records before are read")
    ]
    with pytest.raises(IngestError, match="cut off"):
        list(events(document(whole[:300], "trail.json")))


# --------------------------------------------------------------------------------------------------------------------------------
# Who


def test_whoever_calls_is_the_identity_and_not_its_session() -> None:
    service = {"type": "AWSService", "invokedBy": "lambda.amazonaws.com"}
    issued = {"sessionIssuer": {"type": "IAMUser", "arn": user("ivo")}}
    federated = {"type": "FederatedUser", "arn": f"arn:aws:sts::{ACCOUNT}:federated-user/x", "sessionContext": issued}
    bare = {"type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/orders/run-1", "accountId": ACCOUNT}
    centre = {"type": "IdentityCenterUser", "accountId": ACCOUNT, "onBehalfOf": {"userId": "ab" * 18, "identityStoreArn": "x"}}
    whom = {
        role("agents/orders"): as_role(),
        role("orders"): bare,
        user("ivo"): as_user(),
        user("mia"): {"type": "IAMUser", "accountId": ACCOUNT, "userName": "mia"},
        f"arn:aws:iam::{ACCOUNT}:root": {"type": "Root", "arn": f"arn:aws:iam::{ACCOUNT}:root", "accountId": ACCOUNT},
        f"arn:aws:iam::{OTHER}:root": {"type": "AWSAccount", "principalId": "AROAX:y", "accountId": OTHER},
        "aws-service:lambda.amazonaws.com": service,
        "arn:aws:identitystore:::user/" + "ab" * 18: centre,
    }
    assert {caller_of({"userIdentity": who, "awsRegion": "eu-west-1"}): who for who in whom.values()} == whom
    assert caller_of({"userIdentity": federated}) == user("ivo")
    for who in (None, 7, {"type": "Unknown"}, {"type": "AWSService", "invokedBy": "x"}, {"type": "Root"}, {"accountId": ACCOUNT}):
        assert caller_of({"userIdentity": who}) == ""


def test_a_users_key_meets_the_one_that_iam_lists() -> None:
    found = trail(
        bucket(userIdentity=as_user()), record("s3", "ListBuckets", as_user(), eventTime="2026-11-21T08:00:00Z", errorCode="AccessDenied")
    )
    secret, owner = f"aws-access-key:{KEY_ID}", f"aws-access-key-user:{KEY_ID}"
    assert found.drawn("AUTHENTICATES_AS") == {(secret, owner)}
    assert found.drawn("ASSUMES") == {(owner, user("ivo"))}
    assert found.nodes["Secret", secret]["last_used"] == "2026-11-21T08:00:00Z"
    assert not [key for key in found.nodes if "ASIA" in key[1]], "keys of sessions come and go"


def test_a_password_is_used_by_who_comes_in_with_it() -> None:
    def login(answer: str, who: dict[str, Any]) -> dict[str, Any]:
        return record("signin", "ConsoleLogin", who, responseElements={"ConsoleLogin": answer}, eventType="AwsConsoleSignIn")

    password = f"aws-password:{user('mia')}"
    mia = {"type": "IAMUser", "accountId": ACCOUNT, "userName": "mia"}
    assert trail(login("Success", mia)).drawn("AUTHENTICATES_AS") == {(password, user("mia"))}
    assert trail(login("Failure", mia), login("Success", as_role())).drawn("AUTHENTICATES_AS") == set()


def test_roles_are_assumed() -> None:
    asked = {"roleArn": role("deploy"), "roleSessionName": "x", "externalId": "q"}
    outside = {"type": "AWSAccount", "principalId": "AIDAX", "accountId": OTHER}
    saml = {"type": "SAMLUser", "userName": "mia", "identityProvider": "x"}
    provider = f"arn:aws:iam::{ACCOUNT}:saml-provider/corp"
    found = trail(
        record("sts", "AssumeRole", requestParameters=asked),
        record("sts", "AssumeRole", outside, requestParameters=asked, eventID="2"),
        record("sts", "AssumeRole", as_role("other"), requestParameters=asked, errorCode="AccessDenied", eventID="3"),
        record("sts", "AssumeRoleWithSAML", saml, requestParameters={**asked, "principalArn": provider}),
        record("sts", "AssumeRole", requestParameters={"roleArn": "x"}, eventID="4"),
    )
    assert found.drawn("ASSUMES") == {(one, role("deploy")) for one in (role("agents/orders"), f"arn:aws:iam::{OTHER}:root", provider)}
    assert found.nodes["Identity", f"arn:aws:iam::{OTHER}:root"]["type"] == "aws_account"
    assert found.nodes["Identity", provider]["type"] == "saml_provider"


@pytest.mark.parametrize("told", ["answer", "user", "principal"])
def test_jobs_come_in_with_tokens(told: str) -> None:
    subject, host = "repo:acme/shop:ref:refs/heads/main", "token.actions.githubusercontent.com"
    provider = f"arn:aws:iam::{ACCOUNT}:oidc-provider/{host}"
    who: dict[str, Any] = {"type": "WebIdentityUser", "identityProvider": provider}
    answer = {"subjectFromWebIdentityToken": subject} if told == "answer" else None
    if told == "user":
        who["userName"] = subject
    elif told == "principal":
        who["principalId"] = f"{provider}:sts.amazonaws.com:{subject}"
    asked = {"roleArn": role("deploy"), "roleSessionName": "x"}
    found = trail(record("sts", "AssumeRoleWithWebIdentity", who, requestParameters=asked, responseElements=answer))
    some = "github-oidc:acme/shop:ref:refs/heads/main"
    assert found.drawn("ASSUMES") == {("github-oidc:acme/shop", some), (some, role("deploy"))}
    assert found.props("ASSUMES", some, role("deploy"))["evidence"] == ["observed"]


def test_what_runs_as_a_role_is_named_where_aws_names_it() -> None:
    asked = {"roleArn": role("agents/orders"), "roleSessionName": "take-order"}
    machine = as_role("web", "i-0a1b2c3d4e5f60718", ec2RoleDelivery="2.0")
    service = {"type": "AWSService", "invokedBy": "lambda.amazonaws.com"}
    found = trail(
        record("sts", "AssumeRole", service, requestParameters=asked),
        record("sts", "AssumeRole", service, requestParameters={**asked, "roleSessionName": "awslambda_1_2"}, eventID="2"),
        bucket(userIdentity=machine),
        bucket(userIdentity=as_role("web", "i-0a1b2c3d4e5f60719"), eventID="4"),
    )
    function, instance = (
        f"arn:aws:{one}"
        for one in (f"lambda:eu-west-1:{ACCOUNT}:function:take-order", f"ec2:eu-west-1:{ACCOUNT}:instance/i-0a1b2c3d4e5f60718")
    )
    assert found.drawn("RUNS_AS") == {(function, role("agents/orders")), (instance, role("web"))}
    assert found.drawn("ASSUMES") == {("aws-service:lambda.amazonaws.com", role("agents/orders"))}
    assert found.nodes["Runtime", function]["name"] == "take-order"


# --------------------------------------------------------------------------------------------------------------------------------
# What was done to what


def test_resources_are_those_that_the_record_lists_or_its_parameters_name() -> None:
    here = f"eu-west-1:{ACCOUNT}"
    runtime, alias = (
        f"arn:aws:bedrock-agentcore:{here}:runtime/orders-a1B2c3D4e5",
        f"arn:aws:bedrock:{here}:agent-alias/AGENT00001/ALIAS00001",
    )
    secret = f"arn:aws:secretsmanager:{here}:secret:payments/stripe-AbCdEf"
    calls: list[tuple[str, str, dict[str, Any], str, tuple[str, ...]]] = [
        ("dynamodb", "Query", {"tableName": "orders"}, f"arn:aws:dynamodb:{here}:table/orders", ("read",)),
        (
            "dynamodb",
            "DeleteItem",
            {"tableName": f"arn:aws:dynamodb:{here}:table/orders"},
            f"arn:aws:dynamodb:{here}:table/orders",
            ("delete", "write"),
        ),
        ("lambda", "Invoke", {"functionName": "charge"}, f"arn:aws:lambda:{here}:function:charge", ("execute", "write")),
        ("lambda", "UpdateFunctionCode20150331v2", {"functionName": "charge"}, f"arn:aws:lambda:{here}:function:charge", ("write",)),
        ("secretsmanager", "GetSecretValue", {"secretId": secret}, secret, ("read",)),
        ("secretsmanager", "GetSecretValue", {"secretId": "payments/stripe"}, secret[:-7], ("read",)),
        ("ssm", "GetParameter", {"name": "/shop/db", "withDecryption": True}, f"arn:aws:ssm:{here}:parameter/shop/db", ("read",)),
        ("sqs", "SendMessage", {"queueUrl": f"https://sqs.eu-west-1.amazonaws.com/{ACCOUNT}/jobs"}, f"arn:aws:sqs:{here}:jobs", ("write",)),
        ("logs", "DeleteLogGroup", {"logGroupName": "/shop/jobs"}, f"arn:aws:logs:{here}:log-group:/shop/jobs", ("delete", "write")),
        ("sns", "Publish", {"topicArn": f"arn:aws:sns:{here}:alerts"}, f"arn:aws:sns:{here}:alerts", ("write",)),
        ("s3", "PutBucketPolicy", {"bucketName": "invoices"}, BUCKET, ("admin",)),
        ("s3", "ListObjectsV2", {"bucketName": "invoices"}, BUCKET, ("read",)),
        (
            "ec2",
            "TerminateInstances",
            {"instancesSet": {"items": [{"instanceId": "i-1"}]}},
            f"arn:aws:ec2:{here}:instance/i-1",
            ("delete", "write"),
        ),
        ("bedrock", "InvokeAgent", {"agentId": "AGENT00001", "agentAliasId": "ALIAS00001"}, alias, ("execute", "read")),
        (
            "bedrock",
            "Converse",
            {"modelId": "anthropic.x-v1:0"},
            "arn:aws:bedrock:eu-west-1::foundation-model/anthropic.x-v1:0",
            ("execute", "read"),
        ),
        (
            "bedrock",
            "InvokeModel",
            {"modelId": "eu.anthropic.x-v1:0"},
            f"arn:aws:bedrock:{here}:inference-profile/eu.anthropic.x-v1:0",
            ("execute", "read"),
        ),
        (
            "bedrock",
            "InvokeModelWithResponseStream",
            {"modelId": f"arn:aws:bedrock:{here}:inference-profile/eu.anthropic.x-v1:0"},
            f"arn:aws:bedrock:{here}:inference-profile/eu.anthropic.x-v1:0",
            ("execute", "read"),
        ),
        ("bedrock-agentcore", "InvokeAgentRuntime", {"agentRuntimeArn": runtime}, runtime, ("execute", "write")),
    ]
    for source, name, asked, arn, actions in calls:
        assert done(record(source, name, requestParameters=asked)) == {(role("agents/orders"), arn, actions)}, name


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("archive/2026/a.pdf", {("archive", ("read",)), ("invoices", ("write",))}),
        ("/invoices/b.pdf", {("invoices", ("read", "write"))}),
    ],
)
def test_what_is_copied_from_is_read(source: str, expected: set[tuple[str, tuple[str, ...]]]) -> None:
    names = dict.fromkeys(["invoices", source.lstrip("/").partition("/")[0]])
    listed = [{"type": "AWS::S3::Object", "ARN": f"arn:aws:s3:::{name}/a.pdf"} for name in names]
    asked = {"bucketName": "invoices", "key": "a.pdf", "x-amz-copy-source": source}
    found = done(record("s3", "CopyObject", requestParameters=asked, resources=listed, eventCategory="Data"))
    assert {(arn.rpartition(":")[2], actions) for _, arn, actions in found} == expected
    unlisted = done(record("s3", "CopyObject", requestParameters=asked, eventCategory="Data"))
    assert unlisted == found


@pytest.mark.parametrize(
    ("source", "copied"),
    [
        ("archive%2F2026%2Fa.pdf", "arn:aws:s3:::archive"),
        (f"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint/old/object/a.pdf", f"arn:aws:s3:eu-west-1:{ACCOUNT}:accesspoint/old"),
    ],
)
def test_what_is_copied_by_an_encoded_name_or_through_an_access_point(source: str, copied: str) -> None:
    asked = {"bucketName": "invoices", "key": "a.pdf", "x-amz-copy-source": source}
    found = done(record("s3", "CopyObject", requestParameters=asked, eventCategory="Data"))
    assert {(arn, actions) for _, arn, actions in found} == {("arn:aws:s3:::invoices", ("write",)), (copied, ("read",))}


def test_what_was_refused_or_failed_is_no_access() -> None:
    assert done(bucket(errorCode="AccessDenied"), bucket(errorCode="NoSuchKey"), bucket(errorMessage="x")) == set()


def test_what_names_no_resource_is_counted_and_not_told_as_access() -> None:
    found = trail(
        record("ec2", "DescribeInstances"),
        record("iam", "CreateUser", requestParameters={"userName": "x"}),
        record("ssm", "CancelCommand", requestParameters={"commandId": "x"}),
        record("dynamodb", "Query", requestParameters={"other": "x"}),
        record("secretsmanager", "DescribeSecret", requestParameters={"secretId": "x"}),
        record("s3", "GetObject", {"type": "AWSService", "invokedBy": "cloudtrail.amazonaws.com"}, requestParameters={"bucketName": "x"}),
    )
    assert found.drawn("CAN_ACCESS") == set()
    untold = "3 calls name no resource, or act on identities or a whole service; they are told as no access"
    assert [message for _, severity, message in found.problems if severity == "note"] == [
        f"{untold} (dynamodb:query, iam:createuser, ssm:cancelcommand)",
        "the trail has no data events: what was done with objects, items and functions is not in it, so these may be in use",
    ]


def test_a_trail_with_data_events_says_nothing_of_them() -> None:
    assert trail(bucket()).problems == []


def test_an_account_of_another_owner_keeps_its_resource() -> None:
    key = f"arn:aws:kms:eu-west-1:{OTHER}:key/1"
    listed = [{"accountId": OTHER, "type": "AWS::KMS::Key", "ARN": key}]
    assert done(record("kms", "Decrypt", resources=listed, recipientAccountId=OTHER)) == {(role("agents/orders"), key, ("write",))}


def test_names_of_services_and_actions_are_those_of_policies() -> None:
    assert [prefix_of(one) for one in ("s3.amazonaws.com", "monitoring.amazonaws.com", "aws:s3", "x")] == ["s3", "cloudwatch", "", ""]
    assert action_of("cloudfront", "GetDistribution2020_05_31") == "getdistribution"
    unknown = record("dynamodb", "FutureAction", resources=[{"ARN": f"arn:aws:dynamodb:eu-west-1:{ACCOUNT}:table/x"}], readOnly=True)
    assert [actions for _, actions in call_of(unknown).accesses] == [("read",)]
    assert [actions for _, actions in call_of({**unknown, "readOnly": False}).accesses] == [("write",)]


# --------------------------------------------------------------------------------------------------------------------------------
# Whatever there is

TEXTS = [BUCKET, ACCOUNT, role("x"), "AssumedRole", "\ud800", "{a=[", "arn:aws:s3:::"]
NAMES = ["arn", "ARN", "type", "roleArn", "bucketName", "sessionIssuer", "x"]
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.sampled_from(TEXTS)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(NAMES), inner, max_size=3)),
    max_leaves=8,
)


@given(
    st.fixed_dictionaries({}, optional=dict.fromkeys(bucket(), VALUES)),
    st.sampled_from(["s3", "sts", "signin", "bedrock", "ec2", "\ud800"]),
)
def test_any_record_is_borne(changes: dict[str, Any], source: str) -> None:
    one = {**bucket(), "eventSource": f"{source}.amazonaws.com", **changes}
    read(cloudtrail, "a.json", json.dumps({"Records": [one]}).encode("utf-8", "surrogatepass"))
    read(cloudtrail, "a.json", json.dumps({"Records": [{**one, "userIdentity": as_user(), "eventName": "AssumeRole"}]}).encode())


@given(st.text(alphabet='{}[]=, a"null', max_size=60), ANY_BYTES)
def test_any_table_and_any_bytes_are_borne(cell: str, data: bytes) -> None:
    table = io.StringIO()
    csv.writer(table).writerows([["userIdentity", "eventSource", "eventName"], [cell, "s3.amazonaws.com", "x"]])
    read(cloudtrail, "a.csv", table.getvalue().encode())
    for path in ("a.csv", "a.json"):
        read(cloudtrail, path, data)


@pytest.mark.parametrize("name", EVERYWHERE)
def test_bad_documents_are_told(name: str) -> None:
    for path in ("a.csv", "a.jsonl"):
        read(cloudtrail, path, EVERYWHERE[name])
