"""Files of a home folder as a whole: what lies there, and which agents can use it."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from graphinv.model.facts import NodeFact
from graphinv.pipeline.machines import on_machines
from graphinv.pipeline.read import Reading, read_root
from graphinv.pipeline.walk import Root
from tests.ingest.reading import fake, fingerprint
from tests.ingest.test_aws_profiles import CONFIG, CREDENTIALS, OTHER_ID, ROLE

SERVER = "https://mcp.notion.example/mcp"
ACCESS = fake("access", length=48)


def scanned(folder: Path, files: dict[str, str]) -> Reading:
    for path, text in files.items():
        place = folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
    return read_root(Root("homes", folder), fingerprint)


def test_agents_of_a_home_folder_run_where_its_logins_lie(tmp_path: Path) -> None:
    remote = {"mcpServers": {"notion": {"command": "npx", "args": ["-y", "mcp-remote", SERVER]}}}
    digest = hashlib.md5(SERVER.encode(), usedforsecurity=False).hexdigest()
    files = {
        "ana/.aws/credentials": CREDENTIALS,
        "ana/.aws/config": CONFIG,
        "ana/.claude.json": json.dumps(remote),
        "ana/.gemini/settings.json": json.dumps({"tools": {"sandbox": True}, "mcpServers": {}}),
        "ana/.gemini/oauth_creds.json": json.dumps({"access_token": fake("g", length=40)}),
        "ana/claude_desktop_config.json": json.dumps(remote),
        f"ana/.mcp-auth/mcp-remote-0.1.37/{digest}_tokens.json": json.dumps({"access_token": ACCESS, "expires_in": 3600}),
        "bob/.codex/config.toml": 'model = "x"\n',
    }
    reading = scanned(tmp_path, files)
    drawn = [(edge.kind, edge.source[1], edge.target[1], edge.props) for edge in reading.edges if isinstance(edge.source, tuple)]  # type: ignore[index]
    home = "home:homes/ana"
    runs = [(agent, props) for kind, agent, target, props in drawn if (kind, target) == ("RUNS_ON", home)]
    there = [(agent, props.get("isolated"), props["sources"]) for agent, props in runs]
    # Whether a sandbox is a container, or one of macOS that lets everything be read, its setting does not tell
    assert sorted(there) == [
        ("claude-code:homes/ana", None, ["homes/ana/.claude.json"]),
        ("gemini-cli:homes/ana", None, ["homes/ana/.gemini/oauth_creds.json", "homes/ana/.gemini/settings.json"]),
    ]
    held = {holder for kind, holder, target, _ in drawn if kind == "HOLDS" and target == f"secret:{fingerprint(ACCESS)}"}
    assert held == {home, "claude-code:homes/ana", "claude-desktop:homes/ana"}
    assert ("ASSUMES", f"aws-access-key-user:{OTHER_ID}", ROLE) in {one[:3] for one in drawn}
    assert not [problem for problem in reading.problems if problem.severity != "note"]


def test_without_a_machine_nothing_is_drawn() -> None:
    host = NodeFact("Agent", "codex:shop", {"kind_detail": "codex host"})
    assert list(on_machines([host])) == []
    assert [edge.source for edge in on_machines([host, NodeFact("Runtime", "home:shop")])] == [("Agent", "codex:shop")]
    assert list(on_machines([NodeFact("Agent", "codex:shop/x", host.props), NodeFact("Runtime", "home:shop")])) == []
