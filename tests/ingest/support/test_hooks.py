from __future__ import annotations

import json

from graphinv.ingest import claude_settings
from graphinv.model.facts import Guarding
from tests.ingest.reading import Facts, document

HOST = "Agent:claude-code:shop"
POINT = "shop/.claude/settings.json/hook/PreToolUse"


def settings(**hooks: object) -> Facts:
    return Facts(claude_settings, document(json.dumps({"hooks": hooks}, indent=1), ".claude/settings.json"))


def guarded(found: Facts) -> set[tuple[str, str, str, str]]:
    return {(fact.guard, fact.kind, fact.starts, fact.stops) for fact in found.all if isinstance(fact, Guarding)}


def test_a_hook_before_all_tools_stands_before_servers_too() -> None:
    found = settings(PreToolUse=[{"matcher": ".*", "hooks": [{"type": "command", "command": "guard evaluate"}]}])
    assert guarded(found) == {(POINT, "USES", HOST, "Tool:*"), (POINT, "CONNECTS_TO", HOST, "ToolServer:*")}
    point = found.nodes["EnforcementPoint", POINT]
    assert (point["effect"], point["fail"], point["distinguishes"], point.get("mode")) == ("evaluate", "open", "agent", None)


def test_a_hook_before_some_tools_stands_before_these() -> None:
    found = settings(
        PreToolUse=[{"matcher": "Bash|Write", "hooks": [{"command": "x"}]}, {"matcher": "mcp__.*", "hooks": [{"command": "y"}]}]
    )
    assert guarded(found) == {(POINT, "USES", HOST, "Tool:claude-code:Bash"), (POINT, "USES", HOST, "Tool:claude-code:Write")}


def test_a_hook_after_tools_refuses_nothing() -> None:
    found = settings(PostToolUse=[{"matcher": "*", "hooks": [{"command": "x"}]}], Stop=[{"hooks": [{"command": "y"}]}])
    assert not guarded(found)
    assert not [key for key in found.nodes if key[0] == "EnforcementPoint"]


def test_any_shape_of_a_hook_is_borne() -> None:
    for event in (
        {"command": "x"},
        [7, {"matcher": 7, "hooks": [{"command": "x"}]}],
        [[{"command": "x"}]],
        {"matcher": [], "command": "x"},
    ):
        assert ("EnforcementPoint", POINT) in settings(PreToolUse=event).nodes
