"""Actions that run a coding agent, and what their inputs say of it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import ci, claude
from graphinv.ingest.support.github_logins import login_facts
from graphinv.model.facts import EdgeFact, Fact, NodeFact, Ref

_CLAUDE_SERVERS = frozenset({"github", "github_ci", "github_comment", "github_file_ops", "github_inline_comment"})

ACTIONS: Mapping[str, str] = {
    "anthropics/claude-code-action": "claude-code",
    "anthropics/claude-code-action/base-action": "claude-code",
    "anthropics/claude-code-base-action": "claude-code",
    "anthropics/claude-code-security-review": "claude-code",
    "openai/codex-action": "codex",
    "openai/codex/.github/actions/codex": "codex",
    "google-github-actions/run-gemini-cli": "gemini-cli",
    "google-gemini/gemini-cli-action": "gemini-cli",
    "qwenlm/qwen-code-action": "qwen-code",
    "sst/opencode/github": "opencode",
    "anomalyco/opencode/github": "opencode",
    "opencode-ai/opencode/github": "opencode",
    "augmentcode/augment-agent": "auggie",
    "augmentcode/review-pr": "auggie",
    "augmentcode/describe-pr": "auggie",
    "factory-ai/droid-action": "droid",
    "mirrajabi/aider-github-action": "aider",
    "cursor/cursor-agent-action": "cursor",
    "continuedev/continue-agent-action": "continue",
    "all-hands-ai/openhands-github-action": "openhands",
    "openhands/openhands-github-action": "openhands",
}
"""Action (lower case, without a version) that runs an agent → the client whose names its tools have."""
REUSABLE: Mapping[str, str] = {
    "all-hands-ai/openhands/.github/workflows/openhands-resolver.yml": "openhands",
    "openhands/openhands/.github/workflows/openhands-resolver.yml": "openhands",
}
"""The same for workflows that jobs call."""


def action_run(run: ci.Building, name: str, inputs: dict[str, Any], section: str, labels: set[str], held: set[str]) -> None:
    """What the inputs of an action say of its run; ``labels`` and ``held`` (gates) are those of the job."""

    def text(*keys: str) -> str:
        return next((str(inputs[key]) for key in keys if isinstance(inputs.get(key), (str, int, bool)) and inputs[key] != ""), "")

    if run.client == "claude-code":
        _claude_action(run, name, text, section)
        if name == "anthropics/claude-code-action":
            if text("allowed_bots") == "*":
                labels.add("allowed_bots=*")
            if text("anthropic_federation_rule_id"):
                run.labels.add("model_login=federated")
            if not text("github_token"):
                labels.add("token=claude_app")
            _open_to(text("allowed_non_write_users"), labels, held)
    elif run.client == "codex":
        ci.codex_run(run, ci.words_of(text("codex-args", "codex_args")), text("sandbox") or "workspace-write")
        if re.fullmatch(r"[a-z-]{1,40}", text("safety-strategy")):
            run.labels.add(f"safety={text('safety-strategy')}")
        if name == "openai/codex-action":
            _open_to(text("allow-users"), labels, held)
    elif run.client in ("gemini-cli", "qwen-code"):
        ci.gemini_run(run, [], text("settings", "settings_json"), section, unasked=True)
        login = {"service_account": text("gcp_service_account")}
        run.facts += login_facts(run.document, run.line, "google-github-actions/auth", login, run.ingestor)
    else:
        ci.other_run(run, unasked=True)
    run.model(text("model", "gemini_model"))


def _open_to(users: str, labels: set[str], held: set[str]) -> None:
    """Actions that start only for people who may write, unless they are told whom else to serve."""
    if users == "*":
        labels.add("allowed_non_write_users=*")
    elif not users:
        held.add("gate=write_access")


def _claude_action(run: ci.Building, name: str, text: Callable[..., str], section: str) -> None:
    words = ci.words_of(text("claude_args"))
    if text("mcp_config"):
        words += ["--mcp-config", text("mcp_config")]
    whole = name == "anthropics/claude-code-action"
    # With a prompt of its own it may not edit unasked, unless it is to track its progress; an expression may be empty
    prompted = bool(text("prompt")) and not text("prompt").lstrip().startswith("${{") and text("track_progress").lower() != "true"
    ci.claude_run(
        run,
        words,
        base=ci.CLAUDE_ACTION_TOOLS if whole and not prompted else ci.CLAUDE_UNASKED,
        allowed=[*text("allowed_tools").split("\n"), *text("allowed-tools").split("\n")],
        denied=text("disallowed_tools").split("\n"),
        settings=text("settings"),
        bundled=_CLAUDE_SERVERS if whole else frozenset(),
        section=section,
    )
    _command(run, text("prompt"))


def _command(run: ci.Building, prompt: str) -> None:
    """A prompt that is a slash command uses it."""
    match = re.match(r"\s*/([A-Za-z][\w-]{0,60})(?![\w:/-])", prompt)
    if match:
        run.edge("USES", Ref("Tool", claude.CLIENT, match[1], fallback=f"command:{run.document.root}#{match[1]}"))


def package_facts(document: Document, line: int, uses: str) -> Iterator[Fact]:
    """The action that is run, as a package; pinned where it names a commit."""
    name, _, version = uses.partition("@")
    parts = name.lower().split("/")
    if len(parts) < 2 or not re.fullmatch(r"[\w./-]{1,200}", name) or "${{" in uses:
        return
    version = version.split(" ")[0] if re.fullmatch(r"[\w./-]{1,100}", version.split(" ")[0]) else ""
    purl = f"pkg:github/{parts[0]}/{parts[1]}" + (f"@{version}" if version else "") + (f"#{'/'.join(parts[2:])}" if parts[2:] else "")
    pinned = "true" if re.fullmatch(r"[0-9a-f]{40}", version) else "false"
    sources = [document.source(line)]
    props = {"name": name, "purl": purl, "version": version or None, "kind_detail": "github-action", "labels": [f"pinned={pinned}"]}
    yield NodeFact("Package", purl, {**{key: value for key, value in props.items() if value is not None}, "sources": sources})
    yield EdgeFact("DEPENDS_ON", ci.HOLDER, ("Package", purl), {"evidence": ["declared"], "sources": sources})
