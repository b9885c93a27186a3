"""Rules of secrets and time over files of a home folder as programs write them, from bytes to findings."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

from graphinv.model.results import Finding
from graphinv.pipeline.stages import scan
from tests.ingest.reading import fake
from tests.ingest.test_aws_profiles import CREDENTIALS, KEY_ID
from tests.ingest.test_login_files import ACCESS, REFRESH, SERVER, jwt

AT = "2026-11-27T09:00:00Z"
ISSUER = "https://auth.openai.com"


def seconds(time: str) -> int:
    return int(datetime.fromisoformat(time).replace(tzinfo=UTC).timestamp())


def codex(since: str, issued: str, until: str) -> str:
    """A login of Codex: when the person logged in, and the life of the newest token."""
    claims = {"iss": ISSUER, "sub": "u1", "iat": seconds(issued), "exp": seconds(until)}
    who = jwt(**claims, aud="app", email="ana@acme.example", auth_time=seconds(since))
    tokens = {"id_token": who, "access_token": jwt(**claims, aud="https://api.openai.com/v1"), "refresh_token": REFRESH}
    return json.dumps({"OPENAI_API_KEY": None, "tokens": tokens, "last_refresh": f"{issued}Z"})


def findings(tmp_path: Path, files: dict[str, str], *rules: str) -> list[Finding]:
    for path, content in files.items():
        (tmp_path / "ana" / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "ana" / path).write_text(content, "utf-8")
    analysis = scan(str(tmp_path / "graph"), [tmp_path / "ana"], at=AT).analysis
    assert analysis is not None
    return sorted((finding for finding in analysis.findings if finding.rule in rules), key=lambda finding: finding.title)


def test_a_login_that_renews_itself_since_weeks_has_become_standing(tmp_path: Path) -> None:
    files = {".codex/auth.json": codex("2026-09-21T14:00:00", "2026-11-20T08:00:00", "2026-11-30T08:00:00")}
    [finding] = findings(tmp_path, files, "GI-SEC-003")
    assert finding.subject == ("Agent", "codex:ana")
    assert finding.details["reasons"] == ["it was valid for 100% of the last 30 days"]
    assert [hop.edge for hop in finding.path] == ["HOLDS", "DERIVED_FROM"]


def test_a_login_of_today_has_not(tmp_path: Path) -> None:
    files = {".codex/auth.json": codex("2026-11-27T08:00:00", "2026-11-27T08:00:00", "2026-12-07T08:00:00")}
    assert findings(tmp_path, files, "GI-SEC-003") == []


def test_what_lies_on_a_machine_is_told_once_a_login(tmp_path: Path) -> None:
    server = {
        "serverName": "notion",
        "serverUrl": SERVER,
        "accessToken": ACCESS,
        "refreshToken": REFRESH,
        "expiresAt": seconds(AT[:-1]) * 1000 - 1,
    }
    files = {".claude/.credentials.json": json.dumps({"mcpOAuth": {"notion|1": server}}), ".aws/credentials": CREDENTIALS}
    found = findings(tmp_path, files, "GI-SEC-004")
    told = {(finding.subject[1], finding.target[1].partition(":")[0] if finding.target else "") for finding in found}
    assert ("claude-code:ana", "secret") in told
    assert ("home:ana", "aws-access-key") in told
    assert len([finding for finding in found if finding.subject[1] == "claude-code:ana"]) == 1, (
        "the token, though it is over: it is renewed"
    )


def test_keys_of_a_machine_never_expire_and_are_shared_by_the_agents_on_it(tmp_path: Path) -> None:
    files = {".aws/credentials": CREDENTIALS, ".claude.json": '{"mcpServers": {}}', ".codex/config.toml": 'model = "x"\n'}
    found = findings(tmp_path, files, "GI-SEC-001", "GI-SEC-006")
    key = f"aws-access-key:{KEY_ID}"
    assert {
        (finding.rule, finding.subject[1]) for finding in found if key in (finding.subject[1], finding.target and finding.target[1])
    } == {
        ("GI-SEC-001", "home:ana"),
        ("GI-SEC-006", key),
    }


def test_a_token_in_a_file_that_is_for_everything_is_told(tmp_path: Path) -> None:
    token = jwt(iss=ISSUER, sub="u1", exp=seconds("2027-01-01T00:00:00"), scope="admin openid", act={"sub": "desk-bot"})
    files = {".gemini/oauth_creds.json": json.dumps({"access_token": token, "refresh_token": fake("r", length=60)})}
    [finding] = findings(tmp_path, files, "GI-SEC-008")
    assert finding.details["wide"] == ["admin"]
