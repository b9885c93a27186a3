from __future__ import annotations

import json

import pytest
import yaml

from graphinv.ingest import gitlab_ci
from graphinv.model.errors import IngestError
from tests.ingest.linked import linked
from tests.ingest.reading import FIXTURES, Facts, document, fake, fingerprint

REVIEW = "gitlab-ci:shop/.gitlab-ci#gitlab-ci/review"
NOTES = "gitlab-ci:shop/.gitlab-ci#gitlab-ci/notes"


def fixtures() -> Facts:
    files = {".gitlab-ci.yml": "pipeline.yml", "ci/agents.yml": "agents.yml"}
    return linked(gitlab_ci, {path: (FIXTURES / "ci" / "gitlab" / name).read_text("utf-8") for path, name in files.items()})


def pipeline(text: str, path: str = ".gitlab-ci.yml") -> Facts:
    return linked(gitlab_ci, {path: text})


def agents(found: Facts) -> set[str]:
    return {id for kind, id in found.nodes if kind == "Agent"}


def test_jobs_that_run_agents_in_the_pipeline_and_what_it_includes() -> None:
    found = fixtures()
    assert agents(found) == {REVIEW, NOTES}, "hidden jobs and the build run none"
    assert found.nodes["Agent", REVIEW] == {
        "name": "gitlab-ci/review",
        "framework": "gitlab-ci",
        "kind_detail": "claude -p",
        "status": "active",
        "autonomy": "autonomous",
        "labels": ["gitlab_environment=reviews", "untrusted_prompt=CI_MERGE_REQUEST_TITLE"],
        "sources": ["shop/.gitlab-ci.yml#L12"],
    }
    assert found.nodes["Agent", NOTES]["sources"] == ["shop/ci/agents.yml#L8"]
    workflow = "gitlab:shop/.gitlab-ci.yml#gitlab-ci"
    assert found.targets("DELEGATES_TO", workflow) == {REVIEW, NOTES}
    assert found.nodes["Workflow", workflow]["kind_detail"] == "gitlab pipeline"


def test_tools_secrets_and_the_token_of_a_job() -> None:
    found = fixtures()
    assert found.targets("USES", REVIEW) == {f"claude-code:{name}" for name in ("Bash", "Edit", "Glob", "Grep", "Read", "Write")}
    assert found.targets("CONNECTS_TO", REVIEW) == {"claude-code:gitlab"}
    held = {"gitlab-variable:ANTHROPIC_API_KEY", "gitlab-variable:REVIEW_TOKEN", "gitlab-variable:TRACKER_TOKEN"}
    assert found.targets("HOLDS", REVIEW) == held
    token = "gitlab-token:shop/.gitlab-ci.yml#review"
    assert found.targets("RUNS_AS", REVIEW) == {token}
    assert found.nodes["Identity", token]["binding"] == "platform"
    assert found.props("CAN_ACCESS", token, "gitlab:shop")["actions"] == ["read"]
    runner = found.nodes["Runtime", "gitlab-runner:shop/.gitlab-ci.yml#review"]
    assert (runner["type"], runner["labels"]) == ("ci_job", ["image=node:22", "tag=gpu"])
    assert "sandboxed" not in runner


def test_merge_requests_reach_it() -> None:
    found = fixtures()
    event = "gitlab:events/merge_request_event"
    assert "confidence" not in found.props("INGESTS", REVIEW, event)
    assert found.props("INGESTS", NOTES, event)["confidence"] == 0.6


def test_a_part_that_nobody_includes_says_nothing() -> None:
    assert linked(gitlab_ci, {"ci/agents.yml": (FIXTURES / "ci" / "gitlab" / "agents.yml").read_text("utf-8")}).all == []


def test_scripts_of_parents_and_of_the_default() -> None:
    found = pipeline(
        "default: {before_script: [codex exec hi]}\n"
        ".a: {script: [goose run -t hi], tags: [x]}\n.b: {extends: .a}\none: {extends: [.b]}\ntwo: {script: [make], extends: .a}\n"
    )
    assert found.nodes["Agent", "gitlab-ci:shop/.gitlab-ci#gitlab-ci/one"]["kind_detail"] == "codex exec, goose"
    assert found.nodes["Agent", "gitlab-ci:shop/.gitlab-ci#gitlab-ci/two"]["kind_detail"] == "codex exec", (
        "its own script replaces its parent's"
    )


def test_a_pipeline_has_the_name_it_is_given() -> None:
    found = pipeline("workflow: {name: Nightly}\na: {script: claude -p hi}\n")
    assert agents(found) == {"gitlab-ci:shop/.gitlab-ci#Nightly/a"}


def test_an_id_token_is_shown_with_its_audience() -> None:
    found = pipeline("a: {script: claude -p hi, id_tokens: {T: {aud: [https://vault.acme.example]}}}\n")
    labels = found.nodes["Identity", "gitlab-token:shop/.gitlab-ci.yml#a"]["labels"]
    assert labels == ["oidc_audience=https://vault.acme.example", "permissions=of_user"]


def test_a_token_that_stands_in_the_pipeline() -> None:
    token = fake("gitlab", "gl" + "pat-", 20)
    found = pipeline(f"variables: {{REVIEW_TOKEN: {token}}}\na: {{script: claude -p hi}}\n")
    assert found.targets("HOLDS", "gitlab-ci:shop/.gitlab-ci#gitlab-ci/a") == {f"secret:{fingerprint(token)}"}


def test_includes_and_parents_in_a_circle_end() -> None:
    one = "include: [{local: ci/b.yml}, /ci/*.yml]\na: {extends: b, script: [claude -p hi]}\n"
    other = "include: /.gitlab-ci.yml\nb: {extends: a, script: [make]}\n"
    assert agents(linked(gitlab_ci, {".gitlab-ci.yml": one, "ci/b.yml": other})) == {"gitlab-ci:shop/.gitlab-ci#gitlab-ci/a"}
    lone = "include: ci/b.yml\na: {extends: b, script: [claude -p hi]}\n"
    assert agents(linked(gitlab_ci, {".gitlab-ci.yml": lone, "ci/b.yml": "b: {extends: a, script: [make]}\ninclude: ci/b.yml\n"})) == {
        "gitlab-ci:shop/.gitlab-ci#gitlab-ci/a"
    }


@pytest.mark.parametrize("text", ["", "[1]", "x", "a: ["])
def test_what_is_no_pipeline_is_an_error(text: str) -> None:
    with pytest.raises(IngestError):
        gitlab_ci.summarise(document(text, ".gitlab-ci.yml"))
    with pytest.raises(IngestError):
        gitlab_ci.summarise(document(text, ".gitlab/review.yml"))
    assert gitlab_ci.summarise(document(text, "ci/chart.yml")) is None, "something else that lies in such a folder"


def test_odd_types_do_not_matter() -> None:
    jobs = {
        "a": {
            "script": [7, ["claude -p hi", {}]],
            "tags": 7,
            "variables": [1],
            "extends": {},
            "id_tokens": {"x": 7},
            "rules": 7,
            "image": [1],
        }
    }
    assert agents(pipeline(yaml.safe_dump({**jobs, "include": [7, {}], "variables": 7, "workflow": [7], "default": 7}))) == {
        "gitlab-ci:shop/.gitlab-ci#gitlab-ci/a"
    }


FLOW = """image: node:22-slim
injectGatewayToken: true
variables: [GITLAB_TOKEN_HELPER, REGION]
commands:
  - npm install --global @anthropic-ai/claude-code
  - export GITLAB_TOKEN=$GITLAB_TOKEN_HELPER
  - |
    claude --print "Do what is asked: $AI_FLOW_INPUT" --allowedTools="Bash(glab *),Edit"
"""


def test_an_external_agent_of_duo_runs_when_somebody_mentions_it() -> None:
    found = pipeline(FLOW, ".gitlab/duo/flows/helper.yaml")
    (helper,) = agents(found)
    assert helper == "gitlab-ci:shop/.gitlab/duo/flows/helper#helper/helper"
    assert found.nodes["Agent", helper]["labels"] == ["untrusted_prompt=AI_FLOW_INPUT"]
    assert found.targets("HOLDS", helper) == {"gitlab-variable:GITLAB_TOKEN_HELPER"}
    assert found.targets("INGESTS", helper) == {"gitlab:events/duo_mention"}
    assert {"claude-code:Bash", "claude-code:Edit"} <= found.targets("USES", helper)


@pytest.mark.parametrize("text", ["version: v1\nflow: {}\n", "commands: 7\n", "commands: [echo hello]\n", "commands:\n"])
def test_a_flow_that_runs_no_agent_of_its_own_says_nothing(text: str) -> None:
    assert pipeline(text, ".gitlab/duo/flows/other.yaml").all == []


@pytest.mark.parametrize(
    ("script", "problems"),
    [
        ("[npm install -g @anthropic-ai/claude-code, node run.js]", 1),
        ("[bun install -g @anthropic-ai/claude-code@1.0.60, bun run base.ts]", 1),
        ("[npm install -g @anthropic-ai/claude-code, claude -p hello]", 0),
        ("[git clone https://git.acme.example/tools/claude-code-runner.git x, cd x && bun run prepare.ts]", 1),
        ("[npm install -g typescript, tsc]", 0),
        ("['# npm install -g @openai/codex', make]", 0),
    ],
)
def test_a_job_that_installs_an_agent_and_starts_it_out_of_sight_is_told(script: str, problems: int) -> None:
    found = pipeline(f"job: {{script: {script}}}\n")
    assert [severity for _, severity, _ in found.problems] == ["warning"] * problems


def test_what_a_template_starts_is_followed() -> None:
    found = pipeline(".base: {script: [claude -p hello]}\nreview: {extends: .base, before_script: [npm i -g @anthropic-ai/claude-code]}\n")
    assert len(agents(found)) == 1
    assert found.problems == []


def test_each_job_has_a_token_of_its_own_that_its_servers_are_given() -> None:
    server = {"command": "npx", "args": ["-y", "tracker-mcp@1.0.0"], "env": {"GITLAB_TOKEN": "${CI_JOB_TOKEN}"}}
    command = f"claude -p 'Triage' --mcp-config '{json.dumps({'mcpServers': {'tracker': server}})}'"
    found = pipeline(json.dumps({job: {"script": [command]} for job in ("one", "two")}))
    servers = sorted(id for kind, id in found.nodes if kind == "ToolServer")
    tokens = [f"gitlab-token:shop/.gitlab-ci.yml#{job}" for job in ("one", "two")]
    assert [found.targets("RUNS_AS", server) for server in servers] == [{token} for token in tokens]
    assert [found.targets("HOLDS", server) for server in servers] == [set(), set()]
