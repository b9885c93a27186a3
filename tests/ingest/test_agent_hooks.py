"""Hooks of coding agents in files of their own: what they run, and what they may refuse."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graphinv.ingest import agent_hooks
from graphinv.model.facts import Guarding
from tests.ingest.reading import Facts, document, fake, fingerprint


def read(hooks: Any, path: str) -> Facts:
    given = document(json.dumps(hooks), path)
    assert agent_hooks.detect(given.path, given.data[:4096])
    return Facts(agent_hooks, given)


def guarded(found: Facts) -> set[tuple[str, str, str]]:
    return {(fact.starts, fact.kind, fact.stops) for fact in found.all if isinstance(fact, Guarding)}


def points(found: Facts) -> dict[str, str]:
    """Points and what a hook that fails does to the call."""
    return {id: props["fail"] for (kind, id), props in found.nodes.items() if kind == "EnforcementPoint"}


def test_cursor_s_hooks_before_shells_servers_and_tools_by_name() -> None:
    hooks = {
        "beforeShellExecution": [{"command": "./guard.sh", "failClosed": True}],
        "beforeMCPExecution": [{"command": "./guard.sh"}],
        "preToolUse": [{"command": "./guard.sh", "matcher": "Write|StrReplace"}, {"command": "./look.sh", "matcher": "Grep"}],
        "stop": [{"command": "./done.sh"}],
    }
    found = read({"version": 1, "hooks": hooks}, "app/.cursor/hooks.json")
    host = "Agent:cursor:shop/app"
    assert guarded(found) == {
        (host, "USES", "Tool:cursor:terminal"),
        (host, "CONNECTS_TO", "ToolServer:*"),
        (host, "USES", "Tool:cursor:edit"),
        (host, "USES", "Tool:cursor:search"),
    }
    base = "shop/app/.cursor/hooks.json/hook"
    assert points(found) == {
        f"{base}/beforeShellExecution": "closed",
        f"{base}/beforeMCPExecution": "open",
        f"{base}/preToolUse": "open",
    }
    assert found.targets("USES", "cursor:shop/app") == {f"{base}/{event}" for event in hooks}


def test_copilot_s_hooks_stand_before_everything() -> None:
    key = fake("hook")
    entry = {"type": "command", "bash": f"API_TOKEN={key} ./guard.sh", "powershell": "./guard.ps1", "timeoutSec": 15}
    found = read({"version": 1, "hooks": {"preToolUse": [entry], "sessionStart": [entry]}}, ".github/hooks/guard.json")
    host = "Agent:github-copilot:shop"
    assert guarded(found) == {(host, "USES", "Tool:*"), (host, "CONNECTS_TO", "ToolServer:*")}
    assert found.targets("HOLDS", "shop/.github/hooks/guard.json/hook/preToolUse") == {f"secret:{fingerprint(key)}"}


@pytest.mark.parametrize(
    ("path", "event", "stop"),
    [
        (".codex/hooks.json", "PreToolUse", "Tool:codex:workspace_shell"),
        (".gemini/settings.json", "BeforeTool", "Tool:gemini-cli:Bash"),
        (".qwen/settings.json", "PreToolUse", "Tool:qwen-code:Bash"),
    ],
)
def test_hooks_with_matchers_that_hold_lists(path: str, event: str, stop: str) -> None:
    entry = {"matcher": "Bash", "hooks": [{"type": "command", "command": "./guard.sh"}]}
    found = read({"hooks": {event: [entry]}}, path)
    assert stop in {stops for _, _, stops in guarded(found)}


def test_windsurf_s_hooks_are_named_by_what_they_stand_before() -> None:
    found = read(
        {"hooks": {"pre_run_command": [{"command": "./guard.sh"}], "post_write_code": [{"command": "fmt"}]}}, ".windsurf/hooks.json"
    )
    assert guarded(found) == {("Agent:windsurf:shop", "USES", "Tool:windsurf:command")}


@pytest.mark.parametrize(
    "hook",
    [
        {"name": "Tests", "when": {"type": "fileEdited", "patterns": ["*.py"]}, "then": {"type": "askAgent", "prompt": "Test it."}},
        {"name": "Tests", "trigger": {"type": "fileEdited"}, "action": {"type": "sendMessage", "message": "Test it."}},
        {"name": "Tests", "event": "fileEdited", "filePattern": "*.py", "enabled": True, "prompt": "Test it."},
    ],
)
def test_what_starts_kiro_by_itself(hook: dict[str, Any]) -> None:
    found = read(hook, ".kiro/hooks/tests.kiro.hook")
    assert found.nodes["Agent", "kiro:shop"]["labels"] == ["started_by=fileEdited"]
    assert not read({**hook, "enabled": False}, ".kiro/hooks/tests.kiro.hook").all


def test_a_command_that_kiro_runs_before_tools() -> None:
    hook = {
        "name": "Guard",
        "when": {"type": "preToolUse", "toolTypes": ["shell"]},
        "then": {"type": "runCommand", "command": "./guard.sh"},
    }
    found = read(hook, ".kiro/hooks/guard.kiro.hook")
    assert ("Agent:kiro:shop", "USES", "Tool:kiro:shell") in guarded(found)
    assert "labels" not in found.nodes["Agent", "kiro:shop"]
    assert found.targets("USES", "kiro:shop") == {"shop/.kiro/hooks/guard.kiro.hook/hook"}


def test_settings_without_hooks_say_nothing_here() -> None:
    assert not agent_hooks.detect(".gemini/settings.json", b'{"mcpServers": {}}')
    assert not Facts(agent_hooks, document('{"hooks": {}}', ".gemini/settings.json")).all
    assert not agent_hooks.detect("hooks/hooks.json", b'{"hooks": {}}')
