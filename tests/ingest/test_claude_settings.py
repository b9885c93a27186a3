from __future__ import annotations

import json
from typing import Any

import pytest

from graphinv.ingest import claude_settings
from graphinv.ingest.support import claude
from tests.ingest.reading import Facts, document, fake, fingerprint, fixture, shown

HOST = "claude-code:shop"
KEY = fake("ledger")


def facts(settings: Any, path: str = ".claude/settings.json") -> Facts:
    return Facts(claude_settings, document(json.dumps(settings), path))


def project() -> Facts:
    return Facts(claude_settings, fixture("claude/shop/.claude/settings.json", ".claude/settings.json", {"LEDGER_API_KEY": KEY}))


def test_the_host_and_how_freely_it_acts() -> None:
    host = project().nodes["Agent", HOST]
    assert host["autonomy"] == "approve_destructive"
    assert host["labels"] == ["additional_directories=1", "asked_rules=1", "denied_rules=3", "sandbox=enabled"]


def test_built_in_tools_are_used_unless_denied_and_approved_where_allowed() -> None:
    found = project()
    used = {target for target in found.targets("USES", HOST) if target.startswith("claude-code:")}
    assert used == {f"claude-code:{name}" for name in claude.INHERENT if name != "WebFetch"}
    bash = found.props("USES", HOST, "claude-code:Bash")
    assert (bash["approved"], bash["approval"], bash["approved_by"]) == (True, "client", "shop/.claude/settings.json")
    assert bash["sources"] == ["shop/.claude/settings.json#L7", "shop/.claude/settings.json#L8"]
    assert "approved" not in found.props("USES", HOST, "claude-code:Read")


def test_what_is_to_be_asked_about_does_not_pass_though_it_is_allowed() -> None:
    allow = ["Bash", "Write", "Edit(src/**)", "mcp__tickets", "mcp__docs__search", "mcp__docs__drop"]
    found = facts({"permissions": {"allow": allow, "ask": ["Bash", "Write(secrets/**)", "Edit(src/**)", "mcp__docs__drop"]}})
    unasked = {shown(edge.target) for edge in found.edges if edge.kind == "USES" and edge.props.get("approved")}
    assert unasked == {"claude-code:Write"}
    assert found.props("CONNECTS_TO", HOST, "claude-code:docs")["tools"] == ["search"]
    assert found.props("CONNECTS_TO", HOST, "claude-code:tickets")["approved"] is True
    assert found.nodes["Agent", HOST]["labels"] == ["asked_rules=4"]


def test_hooks_that_are_switched_off_stand_nowhere() -> None:
    hooks = {"PreToolUse": [{"matcher": "Bash", "hooks": [{"type": "command", "command": "./check.sh"}]}]}
    on = facts({"hooks": hooks, "allowManagedHooksOnly": True}, "managed-settings.json")
    assert [kind for kind, _ in on.nodes if kind == "EnforcementPoint"]
    assert on.nodes["Agent", HOST]["labels"] == ["hooks=managed_only"]
    off = facts({"hooks": hooks, "disableAllHooks": True, "permissions": {"disableBypassPermissionsMode": "disable"}})
    assert not [kind for kind, _ in off.nodes if kind == "EnforcementPoint"]
    assert off.nodes["Agent", HOST]["labels"] == ["bypass=disabled", "hooks=disabled"]


def test_servers_and_their_tools_that_are_allowed() -> None:
    found = project()
    edges = [
        (shown(edge.target), edge.props.get("tools"), edge.props.get("approved")) for edge in found.edges if edge.kind == "CONNECTS_TO"
    ]
    assert sorted(edges, key=str) == [
        ("claude-code:chat", None, None),
        ("claude-code:docs", None, True),
        ("claude-code:tickets", None, True),
        ("claude-code:tickets", ["create_issue", "list_issues"], True),
    ]


def test_all_servers_of_the_project_approved_at_once() -> None:
    found = Facts(claude_settings, fixture("claude/shop/.claude/settings.local.json", ".claude/settings.local.json"))
    assert found.props("CONNECTS_TO", HOST, "claude-code:*")["approved"] is True
    assert found.nodes["Agent", HOST]["autonomy"] == "autonomous"


def test_hooks_and_helpers_run_commands_with_what_they_hold() -> None:
    found = project()
    base = "shop/.claude/settings.json"
    tools = {id: props["kind_detail"] for (kind, id), props in found.nodes.items() if kind == "Tool" and id.startswith(base)}
    assert tools == {f"{base}/hook/PostToolUse": "hook", f"{base}/hook/Stop": "hook", f"{base}/command/apiKeyHelper": "helper command"}
    assert all(found.nodes["Tool", id]["effects"] == ["execute"] for id in tools)
    assert found.targets("HOLDS", f"{base}/hook/Stop") == {"env:NOTIFY_TOKEN"}


def test_secrets_of_the_environment_are_held_by_the_host() -> None:
    found = project()
    assert found.targets("HOLDS", HOST) == {
        f"secret:{fingerprint(KEY)}",
        "env:SEARCH_API_KEY",
        "command:.claude/settings.json#apiKeyHelper",
    }
    assert found.props("HOLDS", HOST, f"secret:{fingerprint(KEY)}")["place"] == "config"


def test_enabled_plugins_and_the_model() -> None:
    found = project()
    assert found.targets("DEPENDS_ON", HOST) == {"claude-plugin:reviewer"}
    assert found.targets("USES_MODEL", HOST) == {"opusplan"}


def test_servers_in_the_settings_themselves_and_hooks_in_an_older_shape() -> None:
    found = facts({"mcpServers": {"flow": {"command": "npx", "args": ["flow"]}}, "hooks": {"preEdit": {"command": "npx", "args": ["x"]}}})
    assert found.targets("CONNECTS_TO", HOST) == {"mcp:shop/.claude/settings.json#flow"}
    assert ("Tool", "shop/.claude/settings.json/hook/preEdit") in found.nodes


def test_managed_settings_belong_to_the_folder_they_lie_in() -> None:
    found = facts({"permissions": {"defaultMode": "default"}}, "etc/claude-code/managed-settings.json")
    assert found.nodes["Agent", "claude-code:shop/etc/claude-code"]["autonomy"] == "approve_each"


@pytest.mark.parametrize(
    "settings",
    [
        {"permissions": []},
        {"permissions": {"allow": "Bash"}},
        {"env": ["A=b"]},
        {"hooks": 7},
        {"enabledMcpjsonServers": {"a": 1}},
        {"mcpServers": []},
        {"sandbox": True},
    ],
)
def test_a_part_of_the_wrong_type_is_an_error_and_the_rest_is_read(settings: dict[str, Any]) -> None:
    found = facts({**settings, "model": "opus"})
    assert any(severity == "error" for _, severity, _ in found.problems)
    assert found.targets("USES_MODEL", HOST) == {"opus"}


def test_a_key_that_stands_twice_is_told() -> None:
    found = Facts(claude_settings, document('{"model": "a",\n "model": "b"}', ".claude/settings.json"))
    assert [(where, severity) for where, severity, _ in found.problems] == [("L2", "warning")]
    assert found.targets("USES_MODEL", HOST) == {"b"}


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        (".claude/settings.json", True),
        ("a/b/.claude/settings.local.json", True),
        ("managed-settings.json", True),
        ("managed-settings.d/10-acme.json", True),
        (".vscode/settings.json", False),
        (".claude/other.json", False),
        ("settings.json", False),
    ],
)
def test_detect(path: str, ours: bool) -> None:
    assert claude_settings.detect(path, b"{}") is ours


def test_settings_that_are_linked_to_their_place_say_whose_they_are() -> None:
    settings = {"$schema": "https://json.schemastore.org/claude-code-settings.json", "permissions": {"allow": ["Bash(git *)"]}}
    assert claude_settings.detect("config/claude/settings.json", json.dumps(settings).encode())
    assert not claude_settings.detect("config/claude/settings.json", b'{"permissions": {}}')
    assert not claude_settings.detect("config/claude/other.json", json.dumps(settings).encode())
    assert "claude-code:shop/config/claude" in {key[1] for key in facts(settings, "config/claude/settings.json").nodes}
