from __future__ import annotations

import pytest

from graphinv.ingest import mcp_opencode
from tests.mcp_support import fixture, read


def test_reads_servers() -> None:
    found = read(mcp_opencode, "opencode.jsonc", fixture("opencode.jsonc"))
    assert (found.server("tests")["package"], found.server("tests")["transport"]) == ("pkg:npm/acme-tests@1.0.0", "stdio")
    assert found.held("#tests") == {"@GITHUB@"}
    assert found.server("web")["auth"] == "oauth"
    assert found.server("old")["status"] == "suspended"
    assert found.held("opencode:acme") == {"Secret~env~HOUSE_API_KEY"}


def test_reads_agents() -> None:
    found = read(mcp_opencode, "opencode.jsonc", fixture("opencode.jsonc"))
    agents = found.nodes("Agent")
    assert agents["opencode:acme"]["autonomy"] == "approve_destructive"
    assert agents["opencode:acme#ship"]["autonomy"] == "autonomous"
    assert agents["opencode:acme#gone"]["status"] == "suspended"
    assert ("Agent:opencode:acme", "Agent:opencode:acme#review") in found.pairs("DELEGATES_TO")
    assert all(edge.props["mode"] == "invoke" for edge in found.edges("DELEGATES_TO"))
    used = {name: {tool for user, tool in found.pairs("USES") if user == f"Agent:opencode:acme#{name}"} for name in ("review", "ship")}
    assert used["ship"] - used["review"] == {"Tool:opencode:bash"}
    assert used["review"] >= {"Tool:opencode:read", "Tool:opencode:edit", "Tool:opencode:webfetch"}, "what nothing takes away"
    assert found.nodes("Tool")["opencode:bash"]["effects"] == ["execute"]


def test_agents_have_the_servers_that_their_tools_leave_them() -> None:
    pairs = read(mcp_opencode, "opencode.jsonc", fixture("opencode.jsonc")).pairs("CONNECTS_TO")
    assert {target for source, target in pairs if source == "Agent:opencode:acme#review"} == {"ToolServer~opencode~tests"}
    assert {target for source, target in pairs if source == "Agent:opencode:acme#ship"} == {"ToolServer~opencode~*"}


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("opencode.json", "opencode:acme"),
        ("shop/opencode.json", "opencode:acme/shop"),
        ("shop/.opencode/opencode.jsonc", "opencode:acme/shop"),
        ("home/al/.config/opencode/opencode.json", "opencode:acme/home/al"),
    ],
)
def test_the_host_is_where_it_is_used(path: str, host: str) -> None:
    assert list(read(mcp_opencode, path, {"model": "x"}).nodes("Agent")) == [host]


def test_odd_types_do_not_matter() -> None:
    data = {"mcp": [], "agent": {"a": 5, "b": {"tools": []}}, "permission": 7, "mode": "x"}
    found = read(mcp_opencode, "opencode.json", data)
    assert set(found.nodes("Agent")) == {"opencode:acme", "opencode:acme#b"}
    assert [message for _, _, message in found.problems()] == ["mcp is no object of servers"]


def test_plugins_are_packages_that_run_within_it() -> None:
    data = {"plugin": ["acme-trees", "@acme/keys@1.2.0", "./local.ts", "file:///x", 7]}
    found = read(mcp_opencode, "opencode.json", data)
    assert found.pairs("DEPENDS_ON") == {
        ("Agent:opencode:acme", "Package:pkg:npm/acme-trees"),
        ("Agent:opencode:acme", "Package:pkg:npm/%40acme/keys@1.2.0"),
    }
    assert not read(mcp_opencode, "opencode.json", {"plugin": "acme-trees"}).pairs("DEPENDS_ON")


RULES = [
    {"action": "shell", "resource": "*", "effect": "allow"},
    {"action": "shell", "resource": "rm *", "effect": "deny"},
    {"action": "edit", "resource": "*", "effect": "allow"},
]


def test_the_second_version_nests_servers_and_lists_rules() -> None:
    config = {
        "mcp": {
            "servers": {
                "ledger": {"type": "local", "command": ["npx", "ledger-mcp"]},
                "old": {"type": "local", "command": ["x"], "disabled": True},
            }
        },
        "permissions": RULES,
        "agents": {
            "ask": {"mode": "all", "permissions": [{"action": "shell", "resource": "*", "effect": "deny"}]},
            "gone": {"disabled": True},
        },
        "plugins": ["acme-plugin@1.0.0"],
    }
    found = read(mcp_opencode, "opencode.json", config)
    assert found.server("ledger")["package"] == "pkg:npm/ledger-mcp"
    assert found.server("old")["status"] == "suspended"
    assert found.nodes("Agent")["opencode:acme"]["autonomy"] == "autonomous"
    assert found.nodes("Agent")["opencode:acme#gone"]["status"] == "suspended"
    assert "Tool:opencode:bash" not in {target for source, target in found.pairs("USES") if source.endswith("#ask")}
    assert [target for source, target in found.pairs("CONNECTS_TO") if source.endswith("#ask")]
    assert "pkg:npm/acme-plugin@1.0.0" in found.nodes("Package")


def test_a_server_of_the_first_version_may_be_called_servers() -> None:
    found = read(mcp_opencode, "opencode.json", {"mcp": {"servers": {"type": "local", "command": ["acme"]}}})
    assert found.server("servers")["transport"] == "stdio"


def test_exceptions_for_some_commands_change_nothing_of_the_rest() -> None:
    permission = {"edit": "allow", "bash": {"*": "allow", "rm -rf *": "deny"}}
    assert read(mcp_opencode, "opencode.json", {"permission": permission}).nodes("Agent")["opencode:acme"]["autonomy"] == "autonomous"


def test_the_last_rule_that_matches_counts() -> None:
    rules = [{"action": action, "resource": "*", "effect": effect} for action, effect in (("shell", "deny"), ("*", "allow"))]
    agents = {"late": {"permissions": rules}, "early": {"permissions": rules[::-1]}}
    found = read(mcp_opencode, "opencode.json", {"agents": agents})
    assert {source for source, target in found.pairs("USES") if target == "Tool:opencode:bash"} >= {"Agent:opencode:acme#late"}
    assert "Agent:opencode:acme#early" not in {source for source, target in found.pairs("USES") if target == "Tool:opencode:bash"}
