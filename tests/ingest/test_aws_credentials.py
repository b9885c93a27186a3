from __future__ import annotations

import base64
import json

import pytest

from graphinv.ingest import aws_credentials
from graphinv.ingest.support.aws.arns import key_account
from graphinv.model.errors import IngestError
from tests.ingest.aws_grants import ACCOUNT, user
from tests.ingest.reading import Facts, document

COLUMNS = (
    "user,arn,user_creation_time,password_enabled,password_last_used,password_last_changed,password_next_rotation,mfa_active,"
    "access_key_1_active,access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,access_key_1_last_used_service,"
    "access_key_2_active,access_key_2_last_rotated,access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,"
    "cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated"
)
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
REPORT = f"""{COLUMNS}
<root_account>,{ROOT},2024-03-01T09:00:00+00:00,not_supported,2026-01-05T09:00:00+00:00,not_supported,not_supported,false,true,2024-03-02T09:00:00+00:00,N/A,N/A,N/A,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A
ivo,{user("ivo")},2024-03-02T09:00:00+00:00,true,no_information,2024-03-02T09:00:00+00:00,N/A,true,true,2024-04-02T09:00:00+00:00,2026-11-01T08:00:00+00:00,eu-west-1,s3,false,2024-03-02T09:00:00+00:00,N/A,N/A,N/A,false,N/A,false,N/A
"""
KEY = "AKIA" + "QNZGKIQY56JQ7WML"


def test_the_report_tells_of_passwords_and_keys() -> None:
    for path, text in (
        ("report.csv", REPORT),
        ("report.csv", "\ufeff" + REPORT.replace("\n", "\r\n")),
        ("report.json", json.dumps({"Content": base64.b64encode(REPORT.encode()).decode(), "ReportFormat": "text/csv"})),
        ("report.json", json.dumps({"Content": REPORT, "GeneratedTime": "2026-11-01T08:00:00+00:00"})),
    ):
        assert aws_credentials.detect(path, text.encode()[:4096])
        found = Facts(aws_credentials, document(text, path))
        key, password = f"aws-access-key:{user('ivo')}#1", f"aws-password:{user('ivo')}"
        assert found.drawn("AUTHENTICATES_AS") == {(key, user("ivo")), (password, user("ivo")), (f"aws-access-key:{ROOT}#1", ROOT)}
        assert found.nodes["Secret", key]["rotated_at"] == "2024-04-02T09:00:00Z"
        assert found.nodes["Secret", key]["last_used"] == "2026-11-01T08:00:00Z"
        assert "last_used" not in found.nodes["Secret", password]
        assert found.nodes["Identity", user("ivo")]["labels"] == ["mfa_active=true"]
        assert found.props("CAN_ACCESS", ROOT, f"aws:{ACCOUNT}")["actions"] == ["admin"]
        assert found.problems == []


def test_a_key_id_joins_its_user() -> None:
    account = key_account(KEY)
    listed = [
        {"UserName": "ivo", "AccessKeyId": KEY, "Status": "Active", "CreateDate": "2024-03-02T09:00:00+00:00"},
        {"UserName": "ivo", "AccessKeyId": KEY[:-1] + "A", "Status": "Inactive", "CreateDate": "2024-03-02T09:00:00+00:00"},
        {"UserName": "ivo"},
    ]
    text = json.dumps({"AccessKeyMetadata": listed, "IsTruncated": False})
    assert aws_credentials.detect("keys.json", text.encode())
    found = Facts(aws_credentials, document(text, "keys.json"))
    owner = f"aws-access-key-user:{KEY}"
    assert found.drawn("AUTHENTICATES_AS") == {(f"aws-access-key:{KEY}", owner)}
    assert found.drawn("ASSUMES") == {(owner, f"arn:aws:iam::{account}:user/ivo")}
    assert found.nodes["Secret", f"aws-access-key:{KEY}"]["issued_at"] == "2024-03-02T09:00:00Z"
    assert found.nodes["Secret", f"aws-access-key:{KEY[:-1]}A"]["status"] == "retired"
    assert [where for where, _, _ in found.problems] == ["/AccessKeyMetadata/2"]


@pytest.mark.parametrize(
    "text", ["", "{", '{"Content": "%", "ReportFormat": "text/csv"}', '{"Content": "/w==", "ReportFormat": "text/csv"}', "[" * 100_000]
)
def test_what_is_neither_is_refused(text: str) -> None:
    with pytest.raises(IngestError):
        list(aws_credentials.read(document(text, "x.json")))


def test_a_report_that_is_odd_is_told() -> None:
    found = Facts(aws_credentials, document(COLUMNS + "\nivo\n,,,\n", "report.csv"))
    assert [where for where, _, _ in found.problems] == ["L2", "L3"]
    with pytest.raises(IngestError):
        list(aws_credentials.read(document(COLUMNS + '\n"' + "x" * 300_000, "report.csv")))
