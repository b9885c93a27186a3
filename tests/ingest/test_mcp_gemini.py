from __future__ import annotations

import pytest

from graphinv.ingest import mcp_gemini
from tests.mcp_support import fixture, read


def test_reads_settings() -> None:
    found = read(mcp_gemini, "shop/.gemini/settings.json", fixture("gemini.json"))
    assert list(found.nodes("Agent")) == ["gemini-cli:acme/shop"]
    assert found.nodes("Agent")["gemini-cli:acme/shop"]["autonomy"] == "autonomous"
    assert found.server("warehouse")["transport"] == "http"
    assert found.server("warehouse")["auth"] == "key"
    assert found.held("gemini-cli:acme/shop") == {"@GITHUB@"}
    tools = {edge.target: edge.props.get("tools") for edge in found.edges("CONNECTS_TO")}
    assert tools["ToolServer", "https://stock.example.com/events"] == ["count"]
    assert found.server("legacy")["status"] == "suspended"
    assert ("ToolServer", "mcp:acme/shop/.gemini/settings.json#legacy") not in tools


def test_one_server_that_asks_leaves_autonomy_open() -> None:
    data = {"mcpServers": {"a": {"command": "x", "trust": True}, "b": {"command": "y"}}}
    assert "autonomy" not in read(mcp_gemini, ".gemini/settings.json", data).nodes("Agent")["gemini-cli:acme"]


def test_only_allowed_servers_are_connected() -> None:
    data = {"mcp": {"allowed": ["a"]}, "mcpServers": {"a": {"command": "x"}, "b": {"command": "y"}}}
    found = read(mcp_gemini, ".gemini/settings.json", data)
    assert found.pairs("CONNECTS_TO") == {("Agent:gemini-cli:acme", "ToolServer:mcp:acme/.gemini/settings.json#a")}


def test_reads_an_extension() -> None:
    data = {"name": "e", "version": "1.0.0", "mcpServers": {"s": {"command": "node", "args": ["${extensionPath}/server.js"]}}}
    found = read(mcp_gemini, "extensions/e/gemini-extension.json", data)
    assert list(found.nodes("Agent")) == ["gemini-cli:acme/extensions/e"]


def test_an_extension_in_a_project_is_the_projects() -> None:
    data = {"name": "e", "mcpServers": {"s": {"command": "node", "args": ["server.js"]}}}
    found = read(mcp_gemini, "app/.gemini/extensions/e/gemini-extension.json", data)
    assert list(found.nodes("Agent")) == ["gemini-cli:acme/app"]


def test_odd_settings_do_not_matter() -> None:
    data = {"mcp": [], "tools": 5, "general": None, "allowMCPServers": 7, "mcpServers": {"a": {"command": "x"}}}
    assert len(read(mcp_gemini, ".gemini/settings.json", data).edges("CONNECTS_TO")) == 1


@pytest.mark.parametrize(
    ("mode", "autonomy"),
    [("yolo", "autonomous"), ("auto-edit", "approve_destructive"), ("default", "approve_each"), ("plan", "suggest"), ("other", None)],
)
def test_qwen_code_is_made_from_it(mode: str, autonomy: str | None) -> None:
    settings = {"tools": {"approvalMode": mode}, "mcpServers": {"ledger": {"httpUrl": "https://ledger.acme.example/mcp"}}}
    found = read(mcp_gemini, "pay/.qwen/settings.json", settings)
    assert found.nodes("Agent")["qwen-code:acme/pay"].get("autonomy") == autonomy
    assert ("Agent:qwen-code:acme/pay", "ToolServer:https://ledger.acme.example/mcp") in found.pairs("CONNECTS_TO")
