"""Reports of gitleaks, TruffleHog and detect-secrets: one secret with what our own readers find, and never its value."""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from graphinv.ingest import HEAD_BYTES, detect_secrets, gitleaks, trufflehog
from graphinv.model.errors import IngestError
from graphinv.pipeline.keys import Fingerprinter
from graphinv.pipeline.read import read_root
from graphinv.pipeline.together import together
from graphinv.pipeline.walk import root_of
from tests.ingest.reading import Facts, document, fake, fingerprint

TOKEN = fake("token", "gh" + "p_")
OPAQUE = fake("opaque")
KEY_ID = "AKIA" + "QNZGKIQY56JQ7WML"
SECRET = fake("aws", length=40)
PEM = f"-----BEGIN PRIVATE KEY-----\n{fake('pem', length=64)}\n-----END PRIVATE KEY-----"


def v8(secret: str, **more: Any) -> dict[str, Any]:
    """A finding in the order of keys of version 8.20 and later."""
    return {
        "RuleID": "github-pat",
        "Description": "GitHub Personal Access Token",
        "StartLine": 4,
        "EndLine": 4,
        "StartColumn": 7,
        "EndColumn": 46,
        "Match": f"TOKEN={secret}",
        "Secret": secret,
        "File": "api/.env",
        "SymlinkFile": "",
        "Commit": "5e1a0a5d",
        "Entropy": 4.9,
        "Author": "Ana",
        "Email": "ana@acme.example",
        "Date": "2026-11-20T10:00:00Z",
        "Message": "add env",
        "Tags": [],
        "Fingerprint": "5e1a0a5d:api/.env:github-pat:4",
        **more,
    }


def v7(secret: str) -> dict[str, Any]:
    return {
        "line": f"TOKEN={secret}",
        "lineNumber": 4,
        "offender": secret,
        "offenderEntropy": -1,
        "commit": "5e1a0a5d",
        "repo": "shop",
        "repoURL": "",
        "leakURL": "",
        "rule": "Github",
        "commitMessage": "x",
        "author": "Ana",
        "email": "ana@acme.example",
        "file": "api/.env",
        "date": "2021-11-17T13:25:48Z",
        "tags": "key, Github",
    }


def sarif(secret: str) -> dict[str, Any]:
    place = {
        "artifactLocation": {"uri": "api/.env"},
        "region": {"startLine": 4, "startColumn": 1, "endLine": 4, "endColumn": 9, "snippet": {"text": secret}},
    }
    result = {"message": {"text": "found"}, "ruleId": "github-pat", "locations": [{"physicalLocation": place}]}
    driver = {"name": "gitleaks", "semanticVersion": "v8.0.0", "rules": [{"id": "github-pat"}]}
    return {
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{"tool": {"driver": driver}, "results": [result]}],
    }


def csv(secret: str) -> str:
    head = "RuleID,Commit,File,SymlinkFile,Secret,Match,StartLine,EndLine,StartColumn,EndColumn,Author,Message,Date,Email,Fingerprint,Tags"
    return f'{head}\ngithub-pat,0,api/.env,,{secret},"TOKEN=\n{secret}",4,4,1,2,Ana,x,2026-11-20,ana@acme.example,f,\n'


def junit(secret: str) -> str:
    body = json.dumps(v8(secret), indent=1).replace("&", "&amp;").replace('"', "&#34;").replace("\n", "&#xA;")
    case = f'<testcase classname="x" file="api/.env"><failure message="found" type="x">{body}</failure></testcase>'
    suite = f'<testsuite failures="1" name="gitleaks" tests="1">{case}</testsuite>'
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n{suite}</testsuites>'


GITLEAKS: dict[str, Callable[[str], str]] = {
    "v8": lambda secret: json.dumps([v8(secret)], indent=1),
    "v8-old": lambda secret: json.dumps([dict(sorted(v8(secret).items(), key=lambda item: item[0] == "RuleID"))], indent=1),
    "v7": lambda secret: json.dumps([v7(secret)], indent=1),
    "v7-lines": lambda secret: json.dumps(v7(secret)) + "\n",
    "sarif": lambda secret: json.dumps(sarif(secret), indent=1),
    "csv": csv,
    "junit": junit,
}


def read(reader: Any, text: str, path: str = "reports/leaks.json") -> Facts:
    made = document(text, path)
    assert reader.detect(path, made.data[:HEAD_BYTES])
    return Facts(reader, made)


@pytest.mark.parametrize("form", GITLEAKS)
def test_gitleaks_in_all_its_forms(form: str) -> None:
    text = GITLEAKS[form](TOKEN)
    found = read(gitleaks, text)
    assert found.problems == []
    ((key, props),) = found.nodes.items()
    assert key == ("Secret", f"secret:{fingerprint(TOKEN)}")
    assert props["type"] == "github_token"
    assert props["fingerprint"] == fingerprint(TOKEN)
    rule = "Github" if form.startswith("v7") else "github-pat"
    assert props["labels"] == [f"found_by=gitleaks:{rule}", "found_in=api/.env:4"]
    assert "shop/api/.env#L4" in props["sources"]
    assert TOKEN not in repr(found.all)


def test_an_empty_report_is_read_where_it_is_named_so() -> None:
    assert read(gitleaks, "[]\n", "out/gitleaks-report.json").all == []
    assert not gitleaks.detect("out/list.json", b"[]")


def test_a_value_without_a_form_is_known_by_its_fingerprint_alone() -> None:
    ((key, props),) = read(gitleaks, json.dumps([v8(OPAQUE, RuleID="generic-api-key")])).nodes.items()
    assert key == ("Secret", f"secret:{fingerprint(OPAQUE)}")
    assert "type" not in props
    assert "name" not in props


def test_a_private_key_and_an_address_are_what_our_readers_make_of_them() -> None:
    assert set(read(gitleaks, json.dumps([v8(PEM, RuleID="private-key")])).nodes) == {("Secret", f"secret:{fingerprint(PEM)}")}
    url = f"postgres://app:{OPAQUE}@db.acme.example:5432/shop"
    assert set(read(gitleaks, json.dumps([v8(url)])).nodes) == {("Secret", f"secret:{fingerprint(OPAQUE)}")}


def test_redacted_values_are_told_by_their_place_and_placeholders_left_out() -> None:
    found = read(gitleaks, json.dumps([v8("REDACTED"), v8("ghp_4f1...9a"), v8("YOUR_TOKEN_HERE")]))
    assert {key[1].partition(":")[0] for key in found.nodes} == {"hashed-secret"}
    assert all("fingerprint" not in props for props in found.nodes.values())
    assert found.problems == [("", "note", "1 of its findings are placeholders, or no values at all, and left out")]


@pytest.mark.parametrize("text", [f"API_TOKEN={OPAQUE}", f"token: '{OPAQUE}'", f'"client_secret": "{OPAQUE}"'])
def test_a_value_that_a_rule_took_with_its_name_is_the_value_alone(text: str) -> None:
    assert set(read(gitleaks, json.dumps([v8(text, File="notes.md")])).nodes) == {("Secret", f"secret:{fingerprint(OPAQUE)}")}


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("TOKEN=\nREPO_OWNER=acme-inc", ".env.example"),
        ("token = _create_access_token", "app/routes.py"),
        ("token = make(user.id)", "app/routes.py"),
        ('-----BEGIN PRIVATE KEY-----\\n";\n    encoded = encoded + new String(bytes', "src/Util.java"),
    ],
)
def test_what_assigns_nothing_or_a_programs_own_name_is_no_secret(text: str, path: str) -> None:
    assert read(gitleaks, json.dumps([v8(text, File=path)])).nodes == {}


def test_a_key_of_which_only_its_first_line_was_taken_is_told_by_its_place() -> None:
    line = "-----BEGIN RSA PRIVATE KEY-----"
    found = read(gitleaks, json.dumps([v8(line, File="deploy/id_rsa"), v8(line, File="old/id_rsa"), v8(line, File="src/Pem.java")]))
    assert {key[1].partition(":")[0] for key in found.nodes} == {"hashed-secret"}
    assert len(found.nodes) == 2  # a program that looks for such lines holds no key


def test_places_outside_the_root_are_no_sources() -> None:
    findings = [
        v8(fake(f"t{index}", "gh" + "p_"), File=path)
        for index, path in enumerate(["/home/ana/shop/.env", "C:\\shop\\.env", "../other/.env", ""])
    ]
    found = read(gitleaks, json.dumps(findings))
    assert all(source.startswith("shop/reports/leaks.json") for props in found.nodes.values() for source in props["sources"])
    assert "found_in=/home/ana/shop/.env:4" in found.nodes["Secret", f"secret:{fingerprint(fake('t0', 'gh' + 'p_'))}"]["labels"]


# --------------------------------------------------------------------------------------------------------------------------------
# TruffleHog


def hog(raw: str, detector: str = "Github", *, verified: bool = False, **more: Any) -> dict[str, Any]:
    return {
        "SourceMetadata": {"Data": {"Filesystem": {"file": "api/.env", "line": 3}}},
        "SourceID": 1,
        "SourceType": 15,
        "SourceName": "trufflehog - filesystem",
        "DetectorType": 8,
        "DetectorName": detector,
        "DecoderName": "PLAIN",
        "Verified": verified,
        "Raw": raw,
        "RawV2": "",
        "Redacted": "",
        "ExtraData": None,
        "StructuredData": None,
        **more,
    }


@pytest.mark.parametrize("form", ["lines", "list", "log"])
def test_trufflehog_lines_list_and_a_log_before_it(form: str) -> None:
    finding = json.dumps(hog(TOKEN))
    log = json.dumps({"level": "info-0", "ts": "2026-11-20T10:00:00Z", "logger": "trufflehog", "msg": "running source"})
    text = {"lines": finding + "\n", "list": f"[{finding}]", "log": f"\U0001f437 TruffleHog\n\n{log}\n{finding}\n"}[form]
    found = read(trufflehog, text, "reports/hog.json")
    assert found.problems == []
    ((key, props),) = found.nodes.items()
    assert key == ("Secret", f"secret:{fingerprint(TOKEN)}")
    assert props["labels"] == ["found_by=trufflehog:Github", "found_in=api/.env:4", "verified=false"]
    assert "shop/api/.env#L4" in props["sources"]


def test_what_a_provider_said_when_it_was_asked() -> None:
    git = {"Data": {"Git": {"commit": "5e1a", "file": "api/.env", "line": 4, "repository": "https://github.com/acme/shop"}}}
    extra = {"scopes": "repo, workflow", "username": "ana", "expiry": "2027-01-01T00:00:00Z", "rotation_guide": "https://x.example"}
    ((_, props),) = read(trufflehog, json.dumps(hog(TOKEN, verified=True, SourceMetadata=git, ExtraData=extra))).nodes.items()
    assert props["scopes"] == ["repo", "workflow"]
    assert props["expires_at"] == "2027-01-01T00:00:00Z"
    assert props["labels"][1:] == ["found_in=api/.env:4", "verified=true"]


@pytest.mark.parametrize("between", [":", ""])
def test_a_pair_of_key_id_and_key_is_two_secrets_of_the_identity_that_aws_named(between: str) -> None:
    arn = "arn:aws:iam::029608264753:user/ci/deploy"
    finding = hog(KEY_ID, "AWS", verified=True, RawV2=f"{KEY_ID}{between}{SECRET}", ExtraData={"account": "029608264753", "arn": arn})
    found = read(trufflehog, json.dumps(finding))
    assert found.drawn("AUTHENTICATES_AS") == {(f"aws-access-key:{KEY_ID}", arn), (f"secret:{fingerprint(SECRET)}", arn)}
    assert found.nodes["Identity", arn]["type"] == "iam_user"
    assert SECRET not in repr(found.all)
    unverified = read(trufflehog, json.dumps({**finding, "Verified": False}))
    assert unverified.drawn("AUTHENTICATES_AS") == set()


def test_a_key_of_google_is_known_by_its_id_and_its_account() -> None:
    account, id = "bot@acme-shop.iam.gserviceaccount.com", "5e" * 20
    file = json.dumps({"type": "service_account", "private_key_id": id, "private_key": PEM, "client_email": account})
    for verified in (True, False):
        found = read(trufflehog, json.dumps(hog(account, "GCP", verified=verified, RawV2=file, ExtraData={"project": "acme-shop"})))
        assert found.drawn("AUTHENTICATES_AS") == {(f"gcp-key:{id}", f"gcp:{account}")}
        assert found.nodes["Secret", f"gcp-key:{id}"]["fingerprint"] == fingerprint(PEM)
        assert set(found.nodes) == {("Secret", f"gcp-key:{id}"), ("Identity", f"gcp:{account}")}
        assert PEM not in repr(found.all)


@pytest.mark.parametrize(
    ("raw", "whole"),
    [
        (TOKEN, f"{TOKEN}https://gitlab.acme.example"),  # where the provider is
        (f"https://ana:{OPAQUE}@shop.example", f"https://ana:{OPAQUE}@shop.example/orders/today"),
        (f"acme-{OPAQUE}", f"acme-{OPAQUE}{OPAQUE}"),
    ],
)
def test_what_follows_a_raw_value_is_no_second_secret(raw: str, whole: str) -> None:
    assert len(read(trufflehog, json.dumps(hog(raw, "URI", RawV2=whole))).nodes) == 1


@pytest.mark.parametrize(
    "raw",
    [
        "jdbc:mysql://localhost/authority",
        "postgresql://user:pass@host:5432",
        "https://username:password@www.example.com",
        "CONTINUOUS_INTEGRATION",
        "to_gitlab_severity_327",
    ],
)
def test_an_address_without_a_password_and_a_name_in_a_program_are_no_secrets(raw: str) -> None:
    found = read(trufflehog, json.dumps(hog(raw, "JDBC")))
    assert found.nodes == {}
    assert [message for _, _, message in found.problems] == ["1 of its findings are placeholders, or no values at all, and left out"]


@pytest.mark.parametrize("colour", ["", "\x1b[32m"])
def test_what_trufflehog_prints_for_people(colour: str) -> None:
    arn = "arn:aws:iam::029608264753:user/ci/deploy"
    blocks = [
        "Found verified result \U0001f437\U0001f511\nDetector Type: AWS\nDecoder Type: PLAIN",
        f"Raw result: {KEY_ID}\nArn: {arn}\nCommit: 5e1a\nEmail: Ana <ana@acme.example>\nFile: deploy/keys\nLine: 4",
        "Repository: https://github.com/acme/shop\nTimestamp: 2026-06-16 10:17:40 -0700",
        "",
        f"Found unverified result \U0001f437\U0001f511❓\nVerification issue: lookup host: no such host\n{colour}Detector Type: PrivateKey",
        f"Decoder Type: PLAIN\nRaw result: {PEM}\n",
        "File: api/key.pem\nLine: 1\n",
    ]
    found = read(trufflehog, "\U0001f437 TruffleHog. Unearth your secrets.\n\n" + "\n".join(blocks), "hog.txt")
    assert found.problems == []
    assert found.drawn("AUTHENTICATES_AS") == {(f"aws-access-key:{KEY_ID}", arn)}
    assert found.nodes["Secret", f"aws-access-key:{KEY_ID}"]["labels"] == [
        "found_by=trufflehog:AWS",
        "found_in=deploy/keys:4",
        "verified=true",
    ]
    # What follows a key is printed under it after an empty line.
    key = found.nodes["Secret", f"secret:{fingerprint(PEM)}"]
    assert key["labels"] == ["found_by=trufflehog:PrivateKey", "found_in=api/key.pem:2", "verified=false"]
    assert set(found.nodes) == {("Secret", f"aws-access-key:{KEY_ID}"), ("Secret", f"secret:{fingerprint(PEM)}"), ("Identity", arn)}


def test_what_stands_before_the_first_printed_finding_is_none() -> None:
    found = read(
        trufflehog, f"Detector Type: AWS\nRaw result: {OPAQUE}\nFound verified result\nDetector Type: Slack\nRaw result: {TOKEN}", "hog.txt"
    )
    assert set(found.nodes) == {("Secret", f"secret:{fingerprint(TOKEN)}")}


def test_a_printed_key_without_an_end_takes_no_more_lines_than_a_value_has(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trufflehog, "MAX_VALUE", 200)
    text = f"Found verified result\nDetector Type: PrivateKey\nRaw result: -----BEGIN RSA PRIVATE KEY-----\n{'A' * 40}\n" + "\n" * 300
    (props,) = read(trufflehog, f"{text}File: api/key.pem\nLine: 1", "hog.txt").nodes.values()
    assert "found_in=api/key.pem:2" in props["labels"]


def test_trufflehog_version_2() -> None:
    finding = {
        "branch": "origin/main",
        "commit": "add env",
        "commitHash": "5e1a0a5d",
        "date": "2021-01-01 00:00:00",
        "diff": f"+TOKEN={TOKEN}",
        "path": "api/.env",
        "printDiff": f"+TOKEN=\x1b[93m{TOKEN}\x1b[0m",
        "reason": "GitHub",
        "stringsFound": [f"\x1b[93m{TOKEN}\x1b[0m", OPAQUE],
    }
    for text in (json.dumps(finding) + "\n", json.dumps([finding])):
        found = read(trufflehog, text)
        assert {key[1] for key in found.nodes} == {f"secret:{fingerprint(TOKEN)}", f"secret:{fingerprint(OPAQUE)}"}
        assert found.nodes["Secret", f"secret:{fingerprint(OPAQUE)}"]["labels"] == ["found_by=trufflehog:GitHub", "found_in=api/.env"]


def test_a_cut_line_is_told_and_the_others_hold() -> None:
    found = read(trufflehog, json.dumps(hog(TOKEN)) + "\n" + json.dumps(hog(OPAQUE))[:-30] + "\n")
    assert [(where, severity) for where, severity, _ in found.problems] == [("L2", "error")]
    assert len(found.nodes) == 1


# --------------------------------------------------------------------------------------------------------------------------------
# detect-secrets


def baseline(**entries: Any) -> str:
    digest = hashlib.sha1(OPAQUE.encode()).hexdigest()
    found = {"type": "Secret Keyword", "filename": "api/.env", "hashed_secret": digest, "is_verified": False, "line_number": 1, **entries}
    return json.dumps({"version": "1.5.0", "plugins_used": [{"name": "KeywordDetector"}], "results": {"api/.env": [found]}}, indent=1)


def test_a_baseline_tells_digests_and_places() -> None:
    found = read(detect_secrets, baseline(), ".secrets.baseline")
    ((key, props),) = found.nodes.items()
    assert key[1] == f"hashed-secret:{fingerprint(hashlib.sha1(OPAQUE.encode()).hexdigest())}"
    assert props["labels"] == ["found_by=detect-secrets:Secret Keyword", "found_in=api/.env:1"]
    assert "fingerprint" not in props
    assert hashlib.sha1(OPAQUE.encode()).hexdigest() not in repr(found.all), "a digest without a key could be guessed"


def test_what_people_reviewed_is_no_secret() -> None:
    found = read(detect_secrets, baseline(is_secret=False), "old/baseline.json")
    assert found.nodes == {}
    assert found.problems == [("", "note", "1 of its findings were reviewed and are no secrets; left out")]
    assert len(read(detect_secrets, baseline(is_secret=True)).nodes) == 1


def test_one_token_in_env_file_server_and_three_reports_is_one_secret(tmp_path: Path) -> None:
    top = tmp_path / "shop"
    (top / "api").mkdir(parents=True)
    (top / "api/.env").write_text(f"ACME_API_KEY={OPAQUE}\n")
    (top / "api/.mcp.json").write_text(
        json.dumps({"mcpServers": {"acme": {"command": "acme", "env": {"ACME_API_KEY": "${ACME_API_KEY}"}}}})
    )
    (top / "gitleaks.json").write_text(json.dumps([v8(OPAQUE, StartLine=1, RuleID="generic-api-key")]))
    (top / "hog.json").write_text(json.dumps(hog(OPAQUE, "Linear")))
    (top / ".secrets.baseline").write_text(baseline())
    reading = read_root(root_of(top), Fingerprinter(b"k" * 32))
    together([reading])
    (secret,) = {node.id for node in reading.nodes if node.kind == "Secret"}
    labels = {label for node in reading.nodes if node.id == secret for label in node.props.get("labels") or ()}
    assert {label for label in labels if label.startswith("found_by=")} == {
        "found_by=gitleaks:generic-api-key",
        "found_by=trufflehog:Linear",
        "found_by=detect-secrets:Secret Keyword",
    }
    assert [(edge.source, edge.target) for edge in reading.edges if edge.kind == "HOLDS"] == [
        (("ToolServer", "mcp:shop/api/.mcp.json#acme"), ("Secret", secret))
    ]


def test_a_secret_that_only_a_report_knows_has_a_name(tmp_path: Path) -> None:
    (tmp_path / "leaks.json").write_text(json.dumps([v8(OPAQUE, RuleID="linear-api-key")]))
    reading = read_root(root_of(tmp_path), Fingerprinter(b"k" * 32))
    together([reading])
    names = {node.props["name"] for node in reading.nodes if node.kind == "Secret" and "name" in node.props}
    assert names == {"linear-api-key in api/.env:4"}
    assert {edge.target for edge in reading.edges if edge.kind == "CAN_ACCESS"} == {("Resource", "saas:linear/?")}


HOSTILE: dict[str, tuple[Any, str]] = {
    **{f"gitleaks-{name}": (gitleaks, make(TOKEN)) for name, make in GITLEAKS.items()},
    "gitleaks-types": (gitleaks, json.dumps([v8(TOKEN, File=[1], StartLine="x", Secret={}), 7, [], {"RuleID": 1, "StartLine": 1}])),
    "gitleaks-surrogate": (gitleaks, '[{"RuleID": "a", "StartLine": 1, "Secret": "\\ud800", "File": "\\udfff"}]'),
    "sarif-types": (gitleaks, json.dumps({"runs": [{"tool": {"driver": {"name": "gitleaks"}}, "results": [1, {"locations": [[]]}]}, 7]})),
    "hog": (trufflehog, json.dumps(hog(TOKEN))),
    "hog-types": (trufflehog, json.dumps(hog(TOKEN, SourceMetadata={"Data": [1]}, ExtraData=[1], Raw=7, RawV2={}))),
    "hog-google": (trufflehog, json.dumps(hog("a@b.iam.gserviceaccount.com", RawV2='{"private_key": [' + "[" * 100_000))),
    "hog-printed": (trufflehog, f"Found unverified result\nDetector Type: Github\nRaw result: {TOKEN}\nFile: x\nLine: 1\n"),
    "hog-endless": (trufflehog, "Found verified result\nDetector Type: PrivateKey\nRaw result: -----BEGIN\n" + f"{'A' * 64}\n" * 50_000),
    "hog-deep": (trufflehog, '{"SourceMetadata":{"Data":' + "[" * 100_000),
    "baseline": (detect_secrets, baseline()),
    "baseline-types": (detect_secrets, json.dumps({"plugins_used": [], "results": {"a": 7, "b": [7, {"hashed_secret": 1}]}})),
    "baseline-list": (detect_secrets, json.dumps({"plugins_used": [], "results": []})),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_is_cut_or_of_a_wrong_type_gives_problems_or_an_ingest_error(name: str) -> None:
    reader, text = HOSTILE[name]
    assert reader.detect("x.json", text.encode()[:HEAD_BYTES])
    for cut in {len(text), len(text) - 1, len(text) // 2, len(text) // 3}:
        with contextlib.suppress(IngestError):
            assert TOKEN not in repr(Facts(reader, document(text[:cut], "x.json")).all)
