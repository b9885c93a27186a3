from __future__ import annotations

import json
from pathlib import Path

import pytest

from graphinv.ingest.support.cloud_logins import cloud_login_facts
from graphinv.model.facts import EdgeFact, NodeKey
from graphinv.pipeline.keys import Fingerprinter
from graphinv.pipeline.read import read_root
from graphinv.pipeline.walk import root_of
from tests.ingest.reading import document, fake, shown

HOLDER: NodeKey = ("ToolServer", "s")
GUID = "aaaaaaaa-0000-4000-8000-000000000001"


@pytest.mark.parametrize(
    ("variable", "value", "edge"),
    [
        ("AWS_ROLE_ARN", "arn:aws:iam::123456789012:role/ci/bot", ("RUNS_AS", "arn:aws:iam::123456789012:role/ci/bot")),
        ("AZURE_CLIENT_ID", GUID.upper(), ("RUNS_AS", f"entra:{GUID}")),
        ("GOOGLE_IMPERSONATE_SERVICE_ACCOUNT", "Bot@p.iam.gserviceaccount.com".lower(), ("RUNS_AS", "gcp:bot@p.iam.gserviceaccount.com")),
        ("GITHUB_APP_ID", "1234", ("RUNS_AS", "github-app:1234")),
        ("GOOGLE_APPLICATION_CREDENTIALS", "${workspaceFolder}/keys/../keys/sa.json", ("HOLDS", "file:keys/sa.json")),
        ("GOOGLE_APPLICATION_CREDENTIALS", "${KEY_FILE}", None),
        ("GOOGLE_APPLICATION_CREDENTIALS", "${HOME}/x.json", ("HOLDS", "file:${HOME}/x.json")),
        ("AZURE_CLIENT_ID", "${AZURE_CLIENT_ID}", None),
        ("AZURE_CLIENT_ID", "00000000", None),
        ("CLIENT_ID", GUID, None),
    ],
)
def test_variables_of_the_clouds_libraries(variable: str, value: str, edge: tuple[str, str] | None) -> None:
    facts = cloud_login_facts(document("", ".mcp.json"), 1, HOLDER, variable, value)
    assert [(fact.kind, shown(fact.target)) for fact in facts if isinstance(fact, EdgeFact)] == ([edge] if edge else [])


def test_a_server_holds_the_key_in_the_file_that_it_names(tmp_path: Path) -> None:
    pem = f"-----BEGIN PRIVATE KEY-----\n{fake('sa', length=64)}\n-----END PRIVATE KEY-----\n"
    key = {"type": "service_account", "private_key_id": "ab" * 20, "private_key": pem, "client_email": "bot@p.iam.gserviceaccount.com"}
    server = {"command": "npx", "args": ["-y", "x@1.0.0"], "env": {"GOOGLE_APPLICATION_CREDENTIALS": "./keys/sa.json"}}
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "sa.json").write_text(json.dumps(key), "utf-8")
    (tmp_path / ".cursor").mkdir()
    (tmp_path / ".cursor" / "mcp.json").write_text(json.dumps({"mcpServers": {"bq": server}}), "utf-8")
    reading = read_root(root_of(tmp_path), Fingerprinter(b"k" * 32))
    (held,) = [edge.target for edge in reading.edges if edge.kind == "HOLDS" and shown(edge.source).endswith("#bq")]
    opened = {shown(edge.target) for edge in reading.edges if edge.kind == "AUTHENTICATES_AS" and edge.source == held}
    assert opened == {"gcp:bot@p.iam.gserviceaccount.com"}
