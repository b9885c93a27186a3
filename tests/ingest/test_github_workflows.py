from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

import pytest
import yaml

from graphinv.ingest import github_workflows
from graphinv.ingest.support.builtins import INHERENT
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, NodeFact, Ref
from tests.ingest.linked import linked
from tests.ingest.reading import FIXTURES, Facts, document, fake, fingerprint

PLACES = {
    "review.yml": ".github/workflows/review.yml",
    "nightly.yml": ".github/workflows/nightly.yml",
    "dispatch.yml": ".github/workflows/dispatch.yml",
    "triage.yml": ".github/workflows/triage.yml",
    "copilot-setup-steps.yml": ".github/workflows/copilot-setup-steps.yml",
    "action.yml": "tools/fix/action.yml",
}
REVIEW = "github-actions:shop/.github/workflows/review#Review/review"
NIGHTLY = "github-actions:shop/.github/workflows/nightly#nightly"
TRIAGE = "github-actions:shop/.github/workflows/triage#Triage/triage"


def fixtures(*names: str) -> Facts:
    return linked(github_workflows, {PLACES[name]: (FIXTURES / "ci" / "github" / name).read_text("utf-8") for name in names or PLACES})


def flow(steps: Sequence[Mapping[str, object]], on: object = "push", **job: object) -> Facts:
    """Facts of a workflow ``w`` with one job ``j``."""
    body = {"name": "w", "on": on, "jobs": {"j": {"runs-on": "ubuntu-latest", "steps": list(steps), **job}}}
    return linked(github_workflows, {".github/workflows/w.yml": yaml.safe_dump(body, sort_keys=False)})


def agent(found: Facts) -> str:
    (only,) = (id for kind, id in found.nodes if kind == "Agent")
    return only


def labels(found: Facts, id: str) -> set[str]:
    return set(found.nodes["Agent", id].get("labels", ()))


def test_a_job_that_runs_claude() -> None:
    found = fixtures("review.yml")
    assert [id for kind, id in found.nodes if kind == "Agent"] == [REVIEW], "the job that only speaks of an agent is none"
    assert found.nodes["Agent", REVIEW] == {
        "name": "Review/review",
        "framework": "github-actions",
        "kind_detail": "anthropics/claude-code-action",
        "status": "active",
        "autonomy": "autonomous",
        "labels": [
            "allowed_non_write_users=*",
            "checks_out=pull_request_head",
            "gate=author_association",
            "github_environment=reviews",
            "untrusted_prompt=github.event.pull_request.title",
        ],
        "sources": ["shop/.github/workflows/review.yml#L13", "shop/.github/workflows/review.yml#L25"],
    }
    workflow = "github:shop/.github/workflows/review.yml#Review"
    assert found.drawn("DELEGATES_TO", workflow) == {(workflow, REVIEW)}
    assert found.nodes["Workflow", workflow]["type"] == "ci"
    assert found.targets("USES_MODEL", REVIEW) == {"claude-sonnet-4-5"}
    package = "pkg:github/anthropics/claude-code-action@0123456789abcdef0123456789abcdef01234567"
    assert found.targets("DEPENDS_ON", REVIEW) == {package}
    assert found.nodes["Package", package]["labels"] == ["pinned=true"]


def test_tools_servers_and_sub_agents_of_claude() -> None:
    found = fixtures("review.yml")
    names = ("Bash", "Glob", "Grep", "Read")
    assert found.targets("USES", REVIEW) == {*(f"claude-code:{name}" for name in names), "claude-code:review-change"}
    bundled = "mcp:shop/.github/workflows/review.yml#Review/review/github_inline_comment"
    assert found.targets("CONNECTS_TO", REVIEW) == {
        "claude-code:docs",
        "https://mcp.acme.example/shop",
        "mcp:shop/.github/workflows/review.yml#Review/review/tickets",
        bundled,
    }
    assert found.props("CONNECTS_TO", REVIEW, bundled)["tools"] == ["create_inline_comment"]
    assert found.targets("RUNS_AS", bundled) == {"github-token:shop/.github/workflows/review.yml#review"}
    assert ("claude-code:*") in found.targets("DELEGATES_TO", REVIEW), "Task starts any sub-agent"


def test_whom_a_job_acts_as_and_what_it_holds() -> None:
    found = fixtures("review.yml")
    token = "github-token:shop/.github/workflows/review.yml#review"
    role = "arn:aws:iam::111122223333:role/review-reader"
    assert found.targets("RUNS_AS", REVIEW) == {token, role, "github-app:shop#claude"}
    assert found.nodes["Identity", token]["labels"] == [
        "permission=contents:read",
        "permission=id-token:write",
        "permission=pull-requests:write",
    ]
    assert (found.nodes["Identity", token]["type"], found.nodes["Identity", token]["binding"]) == ("job_token", "platform")
    assert found.nodes["Identity", role]["binding"] == "federated"
    assert found.drawn("CAN_ACCESS", token) == {(token, "github:shop"), (token, "github:shop/pull-requests")}
    assert found.props("CAN_ACCESS", token, "github:shop")["actions"] == ["read"]
    assert found.props("CAN_ACCESS", token, "github:shop/pull-requests")["actions"] == ["read", "write"]
    assert found.props("CAN_ACCESS", "github-app:shop#claude", "github:shop")["evidence"] == ["inferred"]
    assert found.targets("HOLDS", REVIEW) == {"github-secret:ANTHROPIC_API_KEY", "github-secret:TRACKER_TOKEN"}
    runner = found.nodes["Runtime", "github-runner:shop/.github/workflows/review.yml#review"]
    assert (runner["type"], runner["sandboxed"], runner["kind_detail"]) == ("ci_job", True, "github-hosted runner")


def test_text_of_strangers_that_reaches_the_prompt() -> None:
    found = fixtures("review.yml")
    assert found.targets("INGESTS", REVIEW) == {"github:events/pull_request_target", "github:events/issue_comment"}
    assert "confidence" not in found.props("INGESTS", REVIEW, "github:events/pull_request_target")
    assert found.props("INGESTS", REVIEW, "github:events/issue_comment")["confidence"] == 0.6
    assert found.nodes["ContentSource", "github:events/issue_comment"]["trust"] == "untrusted"


def test_command_lines_and_everything_that_a_token_may_do() -> None:
    found = fixtures("nightly.yml", "action.yml")
    upkeep = f"{NIGHTLY}/upkeep"
    assert found.nodes["Agent", upkeep]["kind_detail"] == "claude -p, codex exec"
    assert labels(found, upkeep) == {"permissions=skipped", "sandbox=danger-full-access"}
    assert {"claude-code:Bash", "claude-code:Write", "codex:shell", "codex:apply_patch"} <= found.targets("USES", upkeep)
    assert found.targets("CONNECTS_TO", upkeep) == {"claude-code:*", "codex:*"}
    token = "github-token:shop/.github/workflows/nightly.yml#upkeep"
    assert found.props("CAN_ACCESS", token, "github:shop")["actions"] == ["delete", "read", "write"]
    assert found.targets("RUNS_AS", upkeep) == {token}, "a login after the last run gives it nothing"
    assert found.targets("HOLDS", upkeep) == {"github-secret:OPENAI_API_KEY"}
    runner = found.nodes["Runtime", "github-runner:shop/.github/workflows/nightly.yml#upkeep"]
    assert "sandboxed" not in runner
    assert runner["labels"] == ["runs_on=linux", "runs_on=self-hosted"]
    assert found.targets("INGESTS", upkeep) == set()


def test_an_action_of_the_tree_runs_in_the_job_that_uses_it() -> None:
    found = fixtures("nightly.yml", "action.yml")
    quiet = f"{NIGHTLY}/quiet"
    assert found.nodes["Agent", quiet]["kind_detail"] == "openai/codex-action"
    assert found.targets("USES", quiet) == {"codex:read_only_shell"}
    assert found.targets("HOLDS", quiet) == {"github-secret:FIX_KEY"}
    assert found.drawn("CAN_ACCESS", "github-token:shop/.github/workflows/nightly.yml#quiet") == set(), "permissions: {}"
    alone = fixtures("action.yml")
    assert alone.all == [], "nobody runs it"


def test_a_script_of_the_tree_runs_in_the_job_that_calls_it() -> None:
    job = "{env: {A: '${{ github.event.issue.title }}'}, run: 'cd x && ./scripts/ask.sh \"$A\"'}"
    nested = "jobs: {j: {steps: [{working-directory: ./scripts, run: bash ask.sh}]}}\non: push\n"
    files = {
        ".github/workflows/a.yml": f"on: issues\njobs: {{j: {{steps: [{job}]}}}}\n",
        "scripts/ask.sh": '#!/bin/sh\n# claude -p is asked\nset -e\nclaude -p "$1" --allowedTools Edit\n',
        "sub/.github/workflows/a.yml": nested,
        "sub/scripts/ask.sh": "codex exec hi\n",
    }
    found = linked(github_workflows, files)
    asks, other = "github-actions:shop/.github/workflows/a#a/j", "github-actions:shop/sub/.github/workflows/a#a/j"
    assert found.nodes["Agent", asks]["kind_detail"] == "claude -p"
    assert "untrusted_prompt=github.event.issue.title" in labels(found, asks)
    assert found.nodes["Tool", "claude-code:Edit"]["sources"] == ["shop/scripts/ask.sh#L4"]
    assert found.nodes["Agent", other]["kind_detail"] == "codex exec", "each project has its own"
    assert found.nodes["Agent", asks]["status"] == "active"
    assert found.nodes["Agent", other]["status"] == "proposed", "GitHub runs none below a repository's top"
    assert [where for where, _, message in found.problems if "does not run it" in message] == ["L1"]
    alone = linked(github_workflows, {name: text for name, text in files.items() if name.startswith("sub/")})
    assert alone.nodes["Agent", other]["status"] == "active", "it may be a repository of its own"
    assert linked(github_workflows, {"scripts/ask.sh": files["scripts/ask.sh"]}).all == [], "nobody runs it"
    assert not github_workflows.detect("scripts/build.sh", b"#!/bin/sh\nmake\n")


@pytest.mark.parametrize(
    ("run", "runs"),
    [
        ("shellcheck \\\n  scripts/ask.sh \\\n  setup.sh", False),
        ("chmod +x scripts/ask.sh", False),
        ("git diff --exit-code scripts/ask.sh || git add scripts/ask.sh", False),
        ("cp scripts/ask.sh . && ./ask.sh", True),
        ("cat scripts/ask.sh | bash", True),
        ("if [ -f scripts/ask.sh ]; then echo scripts/ask.sh; fi  # as scripts/ask.sh does", False),
        ("chmod +x scripts/ask.sh\n./scripts/ask.sh", True),
        ("if [ -f scripts/ask.sh ]; then MODE=ci sudo ./scripts/ask.sh; fi", True),
        ("docker run --rm box scripts/ask.sh", True),
    ],
)
def test_a_script_that_is_only_looked_at_does_not_run(run: str, runs: bool) -> None:
    steps = "".join(f"\n        {line}" for line in run.split("\n"))
    job = f"on: push\njobs:\n  j:\n    steps:\n    - run: |{steps}\n"
    found = linked(github_workflows, {".github/workflows/a.yml": job, "scripts/ask.sh": "claude -p hi\n"})
    assert any(kind == "Agent" for kind, _ in found.nodes) is runs


@pytest.mark.parametrize(
    "run",
    [
        "bash .github/scripts/ask.sh",
        "./.github/scripts/ask.sh",
        'ASK="${GITHUB_WORKSPACE}/.github/scripts/ask.sh"\ndocker run -v "$ASK:/ask.sh:ro" box -lc /ask.sh',
    ],
)
def test_a_script_beside_the_workflows(run: str) -> None:
    job = yaml.safe_dump({"on": "push", "jobs": {"j": {"steps": [{"run": run}]}}}, sort_keys=False)
    found = linked(github_workflows, {".github/workflows/a.yml": job, ".github/scripts/ask.sh": "timeout 30m claude -p hi\n"})
    assert found.nodes["Agent", "github-actions:shop/.github/workflows/a#a/j"]["kind_detail"] == "claude -p"


def test_a_workflow_that_is_called_is_reached_by_its_callers_events() -> None:
    found = fixtures("dispatch.yml", "triage.yml")
    caller, callee = "github:shop/.github/workflows/dispatch.yml#Dispatch", "github:shop/.github/workflows/triage.yml#Triage"
    assert (caller, callee) in found.drawn("DELEGATES_TO")
    assert found.props("DELEGATES_TO", caller, callee)["kind_detail"] == "reusable_workflow"
    assert "untrusted_prompt=github.event.issue.body" in labels(found, TRIAGE), "step → output → job → input → environment"
    assert found.targets("INGESTS", TRIAGE) == {"github:events/issues"}
    assert "confidence" not in found.props("INGESTS", TRIAGE, "github:events/issues")
    assert [message for _, severity, message in found.problems if severity == "warning"] == [
        "logs in to gcp as somebody whose name is filled in at run time"
    ]


def test_gemini_has_the_tools_that_its_settings_leave_it() -> None:
    found = fixtures("dispatch.yml", "triage.yml")
    assert found.targets("USES", TRIAGE) == {"gemini-cli:run_shell_command", "gemini-cli:read_file"}
    server = "mcp:shop/.github/workflows/triage.yml#Triage/triage/github"
    assert server in found.targets("CONNECTS_TO", TRIAGE)
    assert found.nodes["ToolServer", server]["package"].startswith("pkg:docker/")


def test_gemini_s_first_tools_were_named_by_their_classes() -> None:
    said = json.dumps({"coreTools": ["ShellTool(gh issue edit)", "GlobTool", "WebFetchTool"]})
    found = flow([{"uses": "google-gemini/gemini-cli-action@v0", "with": {"settings_json": said}}])
    assert found.targets("USES", agent(found)) == {"gemini-cli:run_shell_command", "gemini-cli:glob", "gemini-cli:web_fetch"}


def test_codex_by_the_action_that_it_had_at_first() -> None:
    found = flow([{"uses": "openai/codex/.github/actions/codex@main", "with": {"codex_args": "--full-auto --model o3"}}])
    assert found.targets("USES", agent(found)) == {"codex:apply_patch", "codex:workspace_shell"}
    assert not [label for label in labels(found, agent(found)) if label.startswith("gate=")], "it starts for whoever causes the event"


def test_a_token_of_which_nothing_is_said() -> None:
    found = fixtures("dispatch.yml", "triage.yml")
    token = "github-token:shop/.github/workflows/triage.yml#triage"
    assert found.nodes["Identity", token]["labels"] == ["permissions=default"]
    grant = found.props("CAN_ACCESS", token, "github:shop")
    assert (grant["actions"], grant["evidence"], grant["confidence"]) == (["read", "write"], ["inferred"], 0.5)


def test_steps_that_set_up_copilot_say_that_it_works_here() -> None:
    found = fixtures("copilot-setup-steps.yml")
    assert found.nodes["Agent", "github-copilot:shop"]["kind_detail"] == "github-copilot host"
    assert ("Workflow", "github:shop/.github/workflows/copilot-setup-steps.yml#Copilot") not in found.nodes


@pytest.mark.parametrize(
    ("run", "detail", "tools"),
    [
        ("claude -p hi", "claude -p", {"claude-code:Glob", "claude-code:Grep", "claude-code:Read"}),
        (
            "claude --print --allowedTools Edit 'Bash(git *)' -- hi",
            "claude -p",
            {f"claude-code:{name}" for name in ("Bash", "Edit", "Glob", "Grep", "Read")},
        ),
        ("codex exec hi", "codex exec", {"codex:read_only_shell"}),
        ("npx -y @openai/codex@0.40 exec --full-auto hi", "codex exec", {"codex:apply_patch", "codex:workspace_shell"}),
        (
            "copilot -p hi --allow-tool 'shell(git:*)' --allow-tool write",
            "copilot",
            {f"copilot-cli:{name}" for name in ("shell", "view", "write")},
        ),
        ("aider --message hi --yes", "aider", {"aider:edit", "aider:run"}),
        ("goose run -t hi", "goose", {"goose:shell", "goose:text_editor"}),
        ("curl -s x | amp -x hi", "amp", {"amp:Bash", "amp:edit_file", "amp:read_web_page"}),
        ("docker run --rm -c 512 box -lc 'cd x && codex exec hi'", "codex exec", {"codex:read_only_shell"}),
        ("bash -c 'cd x && droid exec hi'", "droid", {f"droid:{name}" for name in INHERENT["droid"]}),
        ("cursor-agent -p hi --force", "cursor-agent", {f"cursor:{name}" for name in ("edit", "read", "search", "terminal", "web")}),
    ],
)
def test_agents_that_a_script_starts(run: str, detail: str, tools: set[str]) -> None:
    found = flow([{"run": run}])
    assert found.nodes["Agent", agent(found)]["kind_detail"] == detail
    assert found.targets("USES", agent(found)) == tools


@pytest.mark.parametrize(
    "run",
    [
        "claude --version",
        "npm install -g @anthropic-ai/claude-code",
        "claude mcp add x",
        "codex login",
        "echo claude -p hi",
        "# claude -p hi",
        "cat <<EOF > notes.md\nclaude -p hi\nEOF",
        "git commit -m 'codex exec'",
        "pip install aider-chat",
        "./claude-review.sh -p hi",
    ],
)
def test_scripts_that_start_none(run: str) -> None:
    assert flow([{"run": run}]).all == []


def test_model_calls_are_no_agents_unless_they_have_tools() -> None:
    assert flow([{"uses": "actions/ai-inference@v1", "with": {"prompt": "hi"}}]).all == []
    found = flow([{"uses": "actions/ai-inference@v1", "with": {"prompt": "hi", "enable-github-mcp": True}}])
    assert found.targets("CONNECTS_TO", agent(found)) == {"https://api.githubcopilot.com/mcp"}


@pytest.mark.parametrize(
    ("on", "expression", "seen"),
    [
        ("issues", "github.event.issue.title", True),
        ({"pull_request_target": None}, "github.head_ref", True),
        (["discussion"], "toJSON(github.event)", True),
        ("push", "github.event.issue.title", False),
        ("schedule", "github.head_ref", False),
        ("issues", "github.event.issue.number", False),
        ("workflow_call", "github.event.comment.body", True),
    ],
)
def test_an_expression_counts_where_its_trigger_can_fill_it(on: object, expression: str, seen: bool) -> None:
    found = flow([{"uses": "openai/codex-action@v1", "with": {"prompt": f"Do ${{{{ {expression} }}}}"}}], on)
    assert any(label.startswith("untrusted_prompt=") for label in labels(found, agent(found))) is seen


def test_text_that_reaches_the_agent_through_a_file_or_a_variable() -> None:
    body = "${{ github.event.issue.body }}"
    run = {"run": "codex exec 'read it'"}
    filed = flow([{"env": {"BODY": body}, "run": 'echo "$BODY" > issue.md'}, run], "issues")
    assert "untrusted_file=github.event.issue.body" in labels(filed, agent(filed))
    assert filed.props("INGESTS", agent(filed), "github:events/issues")["confidence"] == 0.8
    set_for_all = flow([run], "issues", env={"BODY": body})
    assert "untrusted_prompt=github.event.issue.body" in labels(set_for_all, agent(set_for_all))
    scripted = flow([{"id": "a", "uses": "actions/github-script@v7", "with": {"script": "return context.payload.comment.body"}},
                     {"run": "codex exec '${{ steps.a.outputs.result }}'"}], "issue_comment")  # fmt: skip
    assert "untrusted_prompt=github.event.comment.body" in labels(scripted, agent(scripted))


def test_a_key_that_stands_in_the_workflow() -> None:
    key = fake("openai", "sk" + "-proj-", 60)
    found = flow([{"uses": "openai/codex-action@v1", "with": {"openai-api-key": key}}])
    assert found.targets("HOLDS", agent(found)) == {f"secret:{fingerprint(key)}"}
    assert found.props("HOLDS", agent(found), f"secret:{fingerprint(key)}")["place"] == "repo"


def test_two_workflows_of_one_name_are_two() -> None:
    text = "name: w\non: push\njobs: {j: {steps: [{run: claude -p hi}]}}\n"
    found = linked(github_workflows, {".github/workflows/a.yml": text, ".github/workflows/b.yml": text, "x/.github/workflows/a.yml": text})
    assert len({id for kind, id in found.nodes if kind == "Agent"}) == 3
    assert len({id for kind, id in found.nodes if kind == "Workflow"}) == 3


@pytest.mark.parametrize(
    ("condition", "events"),
    [
        ("github.event_name == 'issues' && contains(github.event.issue.body, '@ask || more')", {"issues"}),
        ("${{ (github.event_name == 'issues') || (github.event_name == 'push' && github.actor == 'ana') }}", {"issues"}),
        ("(github.event_name == 'issues' || contains(github.event.comment.body, 'x')) && true", {"issues", "issue_comment"}),
        ("github.event_name != 'issues'", {"issues", "issue_comment"}),
        ("!(github.event_name == 'issues')", {"issues", "issue_comment"}),
        ("github.event_name == 'schedule'", set()),
        ("github.event_name == 'Issues'", {"issues"}),
    ],
)
def test_a_job_reads_of_the_events_that_its_condition_lets_in(condition: str, events: set[str]) -> None:
    found = flow([{"run": "claude -p hi"}], on=["issues", "issue_comment", "push", "schedule"], **{"if": condition})
    assert found.targets("INGESTS", agent(found)) == {f"github:events/{event}" for event in events}


def test_what_may_run_an_agent_outside_the_tree_is_reported() -> None:
    action = flow([{"uses": "acme/claude-review@v2"}, {"uses": "acme/setup-claude@v1"}, {"uses": "actions/checkout@v4"}])
    assert [(where, severity) for where, severity, _ in action.problems] == [("L7", "warning")]
    assert action.nodes == {}
    called = "on: push\njobs: {a: {uses: acme/shared/.github/workflows/codex.yml@main}}\n"
    assert "a workflow outside this tree" in linked(github_workflows, {".github/workflows/a.yml": called}).problems[0][2]


def test_examples_and_tests_are_marked() -> None:
    text = "on: push\njobs: {j: {steps: [{run: claude -p hi}]}}\n"
    found = linked(github_workflows, {"examples/a/.github/workflows/a.yml": text})
    assert {props.get("environment") for (kind, _), props in found.nodes.items() if kind in ("Agent", "Workflow")} == {"dev"}


def test_calls_in_a_circle_end() -> None:
    one = "on: [workflow_call]\njobs: {a: {uses: ./.github/workflows/b.yml}, r: {steps: [{run: claude -p hi}]}}\n"
    other = "on: [workflow_call, issues]\njobs: {a: {uses: ./.github/workflows/a.yml}}\n"
    act = "runs: {using: composite, steps: [{uses: ./act}, {run: codex exec hi}]}\n"
    user = "on: push\njobs: {a: {steps: [{uses: ./act}]}}\n"
    files = {".github/workflows/a.yml": one, ".github/workflows/b.yml": other, "act/action.yml": act, ".github/workflows/c.yml": user}
    found = linked(github_workflows, files)
    assert len(found.drawn("DELEGATES_TO")) == 4
    assert found.targets("INGESTS", "github-actions:shop/.github/workflows/a#a/r") == {"github:events/issues"}


def test_the_order_of_documents_does_not_matter() -> None:
    texts = {PLACES[name]: (FIXTURES / "ci" / "github" / name).read_text("utf-8") for name in PLACES}
    there, back = linked(github_workflows, texts), linked(github_workflows, dict(reversed(texts.items())))
    assert there.nodes == back.nodes
    assert sorted(map(repr, there.edges)) == sorted(map(repr, back.edges))


@pytest.mark.parametrize("text", ["", "[1]", "x", "a: [", "a: &a [*a]"])
def test_what_is_no_workflow_is_an_error_or_nothing(text: str) -> None:
    with pytest.raises(IngestError):
        github_workflows.summarise(document(text, ".github/workflows/a.yml"))


def test_odd_types_do_not_matter() -> None:
    jobs = {
        "a": 1,
        "b": {"steps": 7},
        "c": {"steps": [1, {"uses": 7}, {"run": []}, {"uses": "./", "with": [1]}], "permissions": 7, "runs-on": {"group": "x"}},
    }
    step = {
        "uses": "anthropics/claude-code-action@v1",
        "with": {"claude_args": 7, "settings": "{", "prompt": None, "mcp_config": "[1]"},
        "env": 7,
    }
    jobs["d"] = {"steps": [step], "env": [1], "environment": {"name": 7}, "runs-on": [7], "if": True, "permissions": "write-nothing"}
    found = linked(github_workflows, {".github/workflows/a.yml": yaml.safe_dump({"on": {7: 8}, "jobs": jobs})})
    assert [id for kind, id in found.nodes if kind == "Agent"] == ["github-actions:shop/.github/workflows/a#a/d"]
    assert next(message for _, _, message in found.problems) == "gives settings that are not JSON"


@pytest.mark.parametrize(
    ("inputs", "edits"),
    [
        ({}, {"claude-code:Edit", "claude-code:Write"}),
        ({"prompt": "Review it"}, set()),
        ({"prompt": "Review it", "track_progress": True}, {"claude-code:Edit", "claude-code:Write"}),
        ({"prompt": "${{ inputs.prompt }}"}, {"claude-code:Edit", "claude-code:Write"}),
        ({"prompt": "Review it", "claude_args": "--permission-mode acceptEdits"}, {"claude-code:Edit", "claude-code:Write"}),
        ({"settings": '{"permissions": {"deny": ["Write"]}}'}, {"claude-code:Edit"}),
    ],
)
def test_the_action_of_claude_edits_unasked_where_it_is_called_upon(inputs: dict[str, object], edits: set[str]) -> None:
    found = flow([{"uses": "anthropics/claude-code-action@v1", "with": inputs}])
    assert found.targets("USES", agent(found)) & {"claude-code:Edit", "claude-code:Write"} == edits


def test_what_is_known_by_name_points_to_the_repository_s_secret() -> None:
    found = fixtures("review.yml")
    held = [edge for edge in found.edges if edge.kind == "HOLDS" and isinstance(edge.target, Ref)]
    assert {edge.target.fallback for edge in held if isinstance(edge.target, Ref)} == {
        "github-secret:shop#ANTHROPIC_API_KEY",
        "github-secret:shop#TRACKER_TOKEN",
    }
    assert {edge.props["place"] for edge in held} == {"env"}, "GitHub keeps them, and its runner puts them where the job can read them"
    assert all(isinstance(fact, (NodeFact, EdgeFact)) for fact in found.all)


@pytest.mark.parametrize(
    ("uses", "inputs", "identity"),
    [
        ("google-github-actions/auth@v2", {"service_account": "Bot@p.iam.gserviceaccount.com"}, None),
        ("google-github-actions/auth@v2", {"service_account": "bot@p.iam.gserviceaccount.com"}, "gcp:bot@p.iam.gserviceaccount.com"),
        ("azure/login@v2", {"client-id": "AAAAAAAA-0000-4000-8000-000000000001"}, "entra:aaaaaaaa-0000-4000-8000-000000000001"),
    ],
)
def test_logins_to_clouds_name_identities_as_the_clouds_own_readers_do(uses: str, inputs: dict[str, str], identity: str | None) -> None:
    found = flow([{"uses": uses, "with": inputs}, {"uses": "anthropics/claude-code-action@v1"}])
    known = {id for kind, id in found.nodes if kind == "Identity" and id.startswith(("gcp:", "entra:"))}
    assert known == ({identity} if identity else set())
    assert known <= found.targets("RUNS_AS", agent(found))


def test_a_job_that_can_say_whose_it_is_is_let_in_as_its_repository() -> None:
    body = {
        "name": "w",
        "on": "push",
        "permissions": {"id-token": "write"},
        "jobs": {"j": {"runs-on": "x", "steps": [{"uses": "anthropics/claude-code-action@v1"}]}},
    }
    text = yaml.safe_dump(body, sort_keys=False)
    found = linked(github_workflows, {".github/workflows/w.yml": text}, root="quillmere/desk")
    assert "github-oidc:quillmere/desk" in found.targets("RUNS_AS", agent(found))
    asked = linked(github_workflows, {".github/workflows/w.yml": text.replace("id-token: write", "contents: read")}, root="quillmere/desk")
    assert "github-oidc:quillmere/desk" not in asked.targets("RUNS_AS", agent(asked))


def test_each_job_has_a_token_of_its_own_that_its_servers_are_given() -> None:
    server = {
        "command": "npx",
        "args": ["-y", "tracker-mcp@1.0.0"],
        "env": {"GITHUB_TOKEN": "${GITHUB_TOKEN}", "OTHER_TOKEN": "${OTHER_TOKEN}"},
    }
    command = f"claude -p 'Triage' --mcp-config '{json.dumps({'mcpServers': {'tracker': server}})}'"
    jobs = {name: {"runs-on": "ubuntu-latest", "steps": [{"run": command}]} for name in ("one", "two")}
    found = linked(github_workflows, {".github/workflows/w.yml": yaml.safe_dump({"name": "w", "on": "push", "jobs": jobs})})
    servers = sorted(id for kind, id in found.nodes if kind == "ToolServer")
    tokens = [f"github-token:shop/.github/workflows/w.yml#{name}" for name in jobs]
    assert [found.targets("RUNS_AS", server) for server in servers] == [{token} for token in tokens]
    assert [found.targets("HOLDS", server) for server in servers] == [{"env:OTHER_TOKEN"}] * 2


def test_what_a_step_alone_is_given_stays_out_of_the_environment_of_the_agent() -> None:
    """A login leaves what later steps use; a step that only trades a key for a token does not."""
    steps: list[dict[str, object]] = [
        {"uses": "docker/login-action@v3", "with": {"password": "${{ secrets.REGISTRY }}"}},
        {"uses": "actions/create-github-app-token@v2", "with": {"app-id": "1", "private-key": "${{ secrets.APP_KEY }}"}},
        {"run": "claude -p hi"},
    ]
    found = flow(steps)
    held = {edge.target.name: edge.props["place"] for edge in found.edges if edge.kind == "HOLDS" and isinstance(edge.target, Ref)}
    assert held == {"REGISTRY": "env", "APP_KEY": "vault"}
