"""What the readers of coding agents and CI must bear: the same bad inputs, any bytes, any settings."""

from __future__ import annotations

import json
import time
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphinv.ingest import (
    codex_agents,
    cursor_agents,
    droid_agents,
    gemini_agents,
    github_agents,
    github_workflows,
    gitlab_ci,
    instructions,
    kiro_agents,
    opencode_agents,
    roo_modes,
    slash_commands,
)
from graphinv.ingest.support.agent_commands import agent_commands
from graphinv.ingest.support.words import names
from tests.ingest.bad_inputs import ANY_BYTES, BOMB, EVERYWHERE, read

READERS: list[tuple[ModuleType, str]] = [
    (github_workflows, ".github/workflows/a.yml"),
    (github_workflows, ".github/workflows/a.md"),
    (github_workflows, "x/action.yml"),
    (github_workflows, "x/ask.sh"),
    (gitlab_ci, ".gitlab-ci.yml"),
    (gitlab_ci, "ci/a.yml"),
    (github_agents, ".github/agents/a.agent.md"),
    (github_agents, ".github/chatmodes/a.chatmode.md"),
    (opencode_agents, ".opencode/agent/a.md"),
    (codex_agents, ".codex/agents/a.toml"),
    (gemini_agents, ".gemini/agents/a.md"),
    (cursor_agents, ".cursor/agents/a.md"),
    (droid_agents, ".factory/droids/a.md"),
    (kiro_agents, ".kiro/agents/a.json"),
    (kiro_agents, ".kiro/agents/a.md"),
    (roo_modes, ".roomodes"),
    (slash_commands, ".claude/commands/a.md"),
    (slash_commands, ".gemini/commands/a.toml"),
    (instructions, "AGENTS.md"),
]
BAD: dict[str, bytes] = {
    **EVERYWHERE,
    "truncated": b"jobs:\n  a:\n    steps:\n      - run: 'cla",
    "bomb": f"on: push\n{BOMB}jobs: {{a: {{steps: *m}}}}\n".encode(),
    "tag": b"jobs: {a: {steps: [{run: !!python/object/apply:os.system ['true']}]}}\n",
    "itself": b"jobs: &x {a: *x}\n",
    "wrong types": json.dumps(
        dict.fromkeys(("name", "on", "jobs", "runs", "tools", "handoffs", "agents", "include", "variables"), 7)
    ).encode(),
    "long line": b"jobs: {a: {steps: [{run: 'claude -p " + b"x" * 1_000_000 + b"'}]}}\n",
}


@pytest.mark.parametrize("name", BAD)
@pytest.mark.parametrize(("reader", "path"), READERS)
def test_a_bad_document_gives_facts_or_one_error(reader: ModuleType, path: str, name: str) -> None:
    read(reader, path, BAD[name])


@pytest.mark.parametrize(("reader", "path"), READERS)
@settings(max_examples=40)
@given(data=ANY_BYTES)
def test_any_bytes_give_facts_or_an_error(reader: ModuleType, path: str, data: bytes) -> None:
    read(reader, path, data)


NAMES = sorted(
    names("""
a steps run uses with env id if permissions prompt settings claude_args extends script variables
command bash github add-comment
""")
)
TOP = sorted(
    names("""
on jobs runs name env permissions tools handoffs agents model mcp-servers
include variables default script kind engine safe-outputs imports
""")
)
WORDS = """
claude -p --allowedTools Bash(git *) --mcp-config {"a":{"command":"x"}} codex exec gemini --yolo ${{ secrets.X }}
${{ github.event.issue.body }} $( ` ' " ; | && -- <<EOF EOF
"""
TEXTS = st.lists(st.sampled_from([*WORDS.split(), "anthropics/claude-code-action@v1", "./", "\n", " "]), max_size=6).map(" ".join)
VALUES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=8), TEXTS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(NAMES),
            inner,
            max_size=4,
        ),
    ),
    max_leaves=12,
)
KEYS = st.sampled_from(TOP)


@pytest.mark.parametrize(("reader", "path"), [pair for pair in READERS if not pair[1].endswith((".toml", ".sh"))])
@settings(max_examples=60)
@given(value=st.dictionaries(KEYS, VALUES, max_size=6))
def test_any_settings_give_facts_or_an_error(reader: ModuleType, path: str, value: dict[str, object]) -> None:
    text = json.dumps(value)
    read(reader, path, f"---\n{text}\n---\n".encode() if path.endswith(".md") else text.encode())


@settings(max_examples=150)
@given(st.one_of(TEXTS, st.text(max_size=200)))
def test_any_script_is_split(script: str) -> None:
    assert all(command.program for command in agent_commands(f"{script} claude"))


@pytest.mark.parametrize(
    "part",
    ["$(", "`", "${{", "<<A\n", "\\\n", "a=$(", "'", '"', "claude -p ", "bash -c '", "# ", "x=\"$(claude -p 'a')\" ; ", "((((", "-- "],
)
def test_long_scripts_take_little_time(part: str) -> None:
    started = time.process_time()
    agent_commands("claude\n" + part * (200_000 // len(part)))
    assert time.process_time() - started < 10


@pytest.mark.parametrize(
    "part", ["${{", "${{ github.event.issue.body }}", "toJSON(github.", "context.payload.", "$CI_MERGE_REQUEST_TITLE "]
)
def test_long_texts_take_little_time(part: str) -> None:
    started = time.process_time()
    text = json.dumps({"on": "issues", "jobs": {"a": {"steps": [{"run": f"claude -p {part * (1_000_000 // len(part))}"}]}}})
    read(github_workflows, ".github/workflows/a.yml", text.encode())
    read(gitlab_ci, ".gitlab-ci.yml", json.dumps({"a": {"script": part * (1_000_000 // len(part)) + "claude -p x"}}).encode())
    assert time.process_time() - started < 20
