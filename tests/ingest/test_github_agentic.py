"""Agentic workflows of GitHub: Markdown sources, alone and beside what they are compiled to."""

from __future__ import annotations

import pytest

from graphinv.ingest import github_workflows
from tests.ingest.linked import linked
from tests.ingest.reading import Facts

SOURCE = ".github/workflows/triage.md"
LOCK = ".github/workflows/triage.lock.yml"
AGENT = "github-actions:shop/.github/workflows/triage#Issue triage/agent"
TEXT = """---
on:
  issues: {types: [opened]}
permissions: {contents: read, issues: read}
engine: {id: claude, model: large, env: {HOUSE_TOKEN: "${{ secrets.HOUSE_TOKEN }}"}}
imports: [shared/mail.md]
network: defaults
tools:
  github: {allowed: [issue_read], github-token: "${{ secrets.TRIAGE_PAT }}"}
  bash: ["git log:*"]
  cache-memory: true
safe-outputs:
  add-comment: {max: 1}
  create-pull-request: {target-repo: acme/web, allowed-repos: [acme/api]}
  assign-to-agent:
  noop:
  threat-detection: false
  jobs:
    page-someone: {runs-on: ubuntu-latest, steps: [{run: "true"}]}
---

# Issue triage

Look at ${{ github.event.issue.title }}.
"""
PART = """---
tools: {web-fetch: }
mcp-servers:
  mail:
    url: https://mail.acme.example/mcp
    headers: {Authorization: "Bearer ${{ secrets.MAIL_TOKEN }}"}
    allowed: [read_mail]
---
Use the mail server.
"""
COMPILED = """name: "Issue triage"
on: {issues: {types: [opened]}}
permissions: {}
jobs:
  agent:
    runs-on: ubuntu-latest
    permissions: {contents: read, issues: read}
    steps:
      - run: claude --print --allowed-tools Bash "$(cat prompt.txt)"
  safe_outputs:
    runs-on: ubuntu-latest
    permissions: {issues: write}
    steps: [{run: "true"}]
"""


def read(**more: str) -> Facts:
    return linked(github_workflows, {SOURCE: TEXT, ".github/workflows/shared/mail.md": PART, **more})


def test_a_source_that_is_not_compiled_is_a_workflow_with_one_agent() -> None:
    found = read()
    assert [id for kind, id in found.nodes if kind == "Agent"] == [AGENT]
    agent = found.nodes["Agent", AGENT]
    assert (agent["kind_detail"], agent["autonomy"]) == ("claude -p", "autonomous")
    assert {"compiled=false", "gate=write_access", "network=defaults", "untrusted_prompt=github.event.issue.title"} <= set(agent["labels"])
    assert found.targets("INGESTS", AGENT) == {"github:events/issues"}
    assert found.targets("CAN_ACCESS", "github-token:shop/.github/workflows/triage.md#agent") == {"github:shop", "github:shop/issues"}
    assert found.targets("USES_MODEL", AGENT) == {"large"}
    assert found.targets("READS", AGENT) == found.targets("WRITES", AGENT) == {"gh-aw:shop/.github/workflows/triage#cache-memory"}
    assert [(where, severity) for where, severity, _ in found.problems] == [("L2", "note")]


def test_safe_outputs_are_tools_that_write() -> None:
    found = read()
    base = f"gh-aw:shop/{SOURCE}#"
    outputs = {target.removeprefix(base) for target in found.targets("USES", AGENT) if target.startswith(base)}
    assert outputs == {"add-comment", "create-pull-request", "assign-to-agent", "jobs/page-someone"}
    assert found.targets("CAN_ACCESS", f"{base}add-comment") == {"github:shop/issues", "github:shop/pull-requests"}
    assert found.targets("CAN_ACCESS", f"{base}create-pull-request") == {
        f"github:acme/{name}{part}" for name in ("web", "api") for part in ("", "/pull-requests")
    }
    assert found.targets("CAN_ACCESS", f"{base}jobs/page-someone") == set()
    assert "effects" not in found.nodes["Tool", f"{base}jobs/page-someone"]
    assert "github-copilot:shop" in found.targets("DELEGATES_TO", AGENT)


def test_tools_and_servers_with_those_of_imports() -> None:
    found = read()
    assert {"claude-code:Bash", "claude-code:WebFetch"} <= found.targets("USES", AGENT)
    assert not any(label.startswith("unlimited=") for label in found.nodes["Agent", AGENT]["labels"])
    github = f"mcp:shop/{SOURCE}#tools/github"
    assert found.props("CONNECTS_TO", AGENT, github)["tools"] == ["issue_read"]
    assert found.props("CONNECTS_TO", AGENT, "https://mail.acme.example/mcp")["tools"] == ["read_mail"]
    assert found.targets("HOLDS", github) == {"github-secret:TRIAGE_PAT"}
    assert found.targets("HOLDS", AGENT) == {"github-secret:HOUSE_TOKEN", "github-secret:MAIL_TOKEN"}
    assert found.targets("RUNS_AS", github) == {"github-token:shop/.github/workflows/triage.md#agent"}


def test_beside_its_lock_file_it_is_the_same_agent_with_more_tools() -> None:
    found = read(**{LOCK: COMPILED})
    agent = "github-actions:shop/.github/workflows/triage.lock#Issue triage/agent"
    assert [id for kind, id in found.nodes if kind == "Agent"] == [agent]
    assert f"gh-aw:shop/{SOURCE}#add-comment" in found.targets("USES", agent)
    assert "unlimited=Bash" in found.nodes["Agent", agent]["labels"]
    assert found.problems == []
    assert found.targets("DELEGATES_TO", f"github:shop/{LOCK}#Issue triage") == {agent}


@pytest.mark.parametrize(
    ("on", "triggers", "gated"),
    [
        ("weekly on monday", {"trigger=schedule"}, True),
        ("daily", {"trigger=schedule"}, True),
        ("push", {"trigger=push"}, True),
        ("{issues: {types: [opened]}, roles: all, reaction: eyes}", {"trigger=issues"}, False),
        ("{issues: , roles: [admin]}", {"trigger=issues"}, True),
    ],
)
def test_when_and_for_whom_it_runs(on: str, triggers: set[str], gated: bool) -> None:
    found = linked(github_workflows, {SOURCE: f"---\non: {on}\nengine: codex\n---\n# x\n"})
    (workflow,) = (props for (kind, _), props in found.nodes.items() if kind == "Workflow")
    (agent,) = (props for (kind, _), props in found.nodes.items() if kind == "Agent")
    assert set(workflow["labels"]) == triggers
    assert ("gate=write_access" in agent["labels"]) is gated


@pytest.mark.parametrize(("bash", "unlimited"), [("true", True), ("['*']", True), ("[':*']", True), ("['ls']", False), ("", False)])
def test_a_shell_without_limits_is_told(bash: str, unlimited: bool) -> None:
    found = linked(github_workflows, {SOURCE: f"---\non: push\ntools:\n  bash: {bash}\n---\n# x\n"})
    (agent,) = (props for (kind, _), props in found.nodes.items() if kind == "Agent")
    assert ("unlimited=shell" in agent["labels"]) is unlimited


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("---\non: push\nengine: sorcerer\n---\n", "engine"),
        ("---\non: push\ntools: [a]\n---\n", "tools"),
        ("---\non: push\nmcp-servers: 7\n---\n", "MCP servers"),
        ("---\non: push\nsafe-outputs: x\n---\n", "safe outputs"),
        ("---\non: push\nsafe-outputs: {create-issue: {target-repo: '${{ vars.REPO }}'}}\n---\n", "not told"),
        ("---\non: push\nimports: [acme/parts/x.md@v1]\n---\n", "another repository"),
    ],
)
def test_what_cannot_be_followed_is_a_problem(text: str, message: str) -> None:
    found = linked(github_workflows, {SOURCE: text})
    assert any(message in one and severity == "warning" for _, severity, one in found.problems)


def test_imports_that_go_round_end() -> None:
    other = "---\nimports: [triage.md]\ntools: {edit: }\n---\n"
    found = linked(github_workflows, {SOURCE: TEXT.replace("shared/mail.md", "other.md"), ".github/workflows/other.md": other})
    assert "claude-code:Edit" in found.targets("USES", AGENT)


@pytest.mark.parametrize(
    ("path", "head", "ours"),
    [
        (SOURCE, "---\non: push\n---\n", True),
        ("x/.github/workflows/shared/a.md", "---\ntools:\n---\n", True),
        (".github/workflows/README.md", "# Workflows\n", False),
        (".github/workflows/a.md", "---\ntitle: notes\n---\n", False),
        ("workflows/a.md", "---\non: push\n---\n", False),
    ],
)
def test_detect(path: str, head: str, ours: bool) -> None:
    assert github_workflows.detect(path, head.encode()) is ours
