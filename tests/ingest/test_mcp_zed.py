from __future__ import annotations

import pytest

from graphinv.ingest import mcp_zed
from tests.mcp_support import fixture, read


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
