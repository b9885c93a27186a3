from __future__ import annotations

import pytest

from graphinv.ingest import mcp_zed
from tests.mcp_support import ANTHROPIC, GITHUB, PASSWORD, fixture, read


def test_reads_context_servers() -> None:
    found = read(mcp_zed, ".config/zed/settings.json", fixture("zed.jsonc"))
    assert found.nodes("Agent")["zed:acme"]["autonomy"] == "autonomous"
    assert found.held("#maps") == {"@GITHUB@"}
    assert found.server("older")["labels"] == ["entry=server.js"]
    assert (found.server("from-extension")["kind_detail"], found.server("from-extension")["origin"]) == ("zed extension", "registry")
    assert found.held("#from-extension") == {"@ANTHROPIC@"}
    assert found.server("remote")["url"] == "https://maps.example.com/mcp"
    assert not found.problems()


@pytest.mark.parametrize("data", [{}, {"theme": "One"}])
def test_settings_without_agents_give_nothing(data: object) -> None:
    assert not read(mcp_zed, ".zed/settings.json", data).all


def test_a_configured_agent_without_servers_is_a_host() -> None:
    found = read(mcp_zed, "shop/.zed/settings.json", {"agent": {"always_allow_tool_actions": False}})
    assert found.nodes("Agent")["zed:acme/shop"]["autonomy"] == "approve_each"


EXTERNAL = {
    "context_servers": {"maps": {"command": "maps-mcp", "args": []}},
    "agent_servers": {
        "claude": {"env": {"ANTHROPIC_API_KEY": ANTHROPIC}},
        "House agent": {"type": "custom", "command": "npx", "args": ["-y", "@acme/house@1.2.3", "--acp"], "env": {"HOUSE_TOKEN": GITHUB}},
        "Gateway": {"type": "custom", "command": "gate", "args": ["acp", "--token", PASSWORD]},
        "odd": 7,
    },
}


def test_external_agents_are_agents_that_zed_starts_and_hands_its_servers_on_to() -> None:
    found = read(mcp_zed, ".config/zed/settings.json", EXTERNAL)
    claude, house, gate = (f"zed:acme#{name}" for name in ("claude", "House agent", "Gateway"))
    assert set(found.nodes("Agent")) == {"zed:acme", claude, house, gate}
    assert {(found.nodes("Agent")[key]["framework"]) for key in (claude, house, gate)} == {"claude-code", "acp"}
    assert found.pairs("DELEGATES_TO") == {("Agent:zed:acme", f"Agent:{key}") for key in (claude, house, gate)}
    assert {source for source, target in found.pairs("CONNECTS_TO") if target == "ToolServer~zed~*"} == {
        f"Agent:{key}" for key in (claude, house, gate)
    }
    assert (found.held(claude), found.held(house), found.held(gate)) == ({"@ANTHROPIC@"}, {"@GITHUB@"}, {"@PASSWORD@"})
    assert found.held("zed:acme") == set()
    assert set(found.nodes("ToolServer")) == {"mcp:acme/.config/zed/settings.json#maps"}
    assert found.pairs("DEPENDS_ON") == {(f"Agent:{house}", "Package:pkg:npm/%40acme/house@1.2.3")}
    assert (f"Agent:{claude}", "Tool:claude-code:Bash") in found.pairs("USES")
    assert [(severity, message) for _, severity, message in found.problems()] == [("error", "an entry of agent_servers is no object")]
