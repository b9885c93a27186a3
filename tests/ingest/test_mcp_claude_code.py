from __future__ import annotations

import pytest

from graphinv.ingest import mcp_claude_code
from tests.mcp_support import fixture, read


@pytest.mark.parametrize(
    ("path", "host"),
    [
        (".mcp.json", "claude-code:acme"),
        ("shop/.mcp.json", "claude-code:acme/shop"),
        ("plugins/notes/.mcp.json", "claude-code:acme/plugins/notes"),
        ("shop/.claude/.mcp.json", "claude-code:acme/shop"),
        ("home/alice/.claude.json", "claude-code:acme/home/alice"),
    ],
)
def test_the_project_is_the_host(path: str, host: str) -> None:
    found = read(mcp_claude_code, path, {"mcpServers": {"s": {"command": "acme"}}})
    assert list(found.nodes("Agent")) == [host]
    props = found.nodes("Agent")[host]
    assert (props["status"], props["framework"], props["kind_detail"]) == ("active", "claude-code", "claude-code host")
    assert props["name"] == f"Claude Code ({host.partition(':')[2]})"


@pytest.mark.parametrize("path", ["mcp.json", "x.mcp.json", ".mcp.json.bak", ".claude/settings.json", "a/.mcp.json/b"])
def test_takes_no_other_files(path: str) -> None:
    assert not mcp_claude_code.detect(path, b'{"mcpServers": {}}')


def test_reads_a_project() -> None:
    found = read(mcp_claude_code, "shop/.mcp.json", fixture("claude_project.json"))
    assert set(found.nodes("ToolServer")) == {
        "https://tickets.example.com/mcp",
        "https://calendar.example.com/mcp",
        "mcp:acme/shop/.mcp.json#files",
        "mcp:acme/shop/.mcp.json#ledger",
    }
    assert found.server("calendar")["auth"] == "oauth"
    assert (found.server("files")["version"], found.server("files")["pinned"]) == ("2.4.1", True)
    assert (found.server("ledger")["origin"], found.server("ledger")["pinned"]) == ("third_party", False)
    assert found.held("claude-code:acme/shop") == {"@GITHUB@", "Secret~env~TICKETS_TOKEN"}
    assert found.held("#ledger") == {"@PASSWORD@"}
    assert list(found.nodes("Resource")) == ["postgres://ledger-db.acme.corp:5433/ledger"]
    assert found.bindings()["claude-code", "files"] == ("mcp:acme/shop/.mcp.json#files", "shop")
    assert {source for source, _ in found.pairs("CONNECTS_TO")} == {"Agent:claude-code:acme/shop"}
    assert not found.problems()


def test_sources_name_the_line() -> None:
    found = read(mcp_claude_code, "shop/.mcp.json", fixture("claude_project.json"))
    assert found.server("files")["sources"] == ["acme/shop/.mcp.json#L14"]
    (held,) = [edge for edge in found.edges("HOLDS") if edge.source == ("ToolServer", "mcp:acme/shop/.mcp.json#ledger")]
    assert held.props["sources"] == ["acme/shop/.mcp.json#L21"]


def test_reads_a_map_without_a_wrapper() -> None:
    found = read(mcp_claude_code, ".mcp.json", fixture("claude_bare.json"))
    assert found.server("tickets")["transport"] == "sse"
    assert found.server("files")["labels"] == ["entry=dist/index.js"]
    assert found.held("#files") == {"Secret~config~api_key"}


def test_reads_servers_and_inputs_as_visual_studio_writes_them() -> None:
    found = read(mcp_claude_code, ".mcp.json", {"inputs": [], "servers": {"one": {"url": "https://one.example.com"}}})
    assert list(found.nodes("ToolServer")) == ["https://one.example.com"]


def test_a_server_called_servers_is_one() -> None:
    assert read(mcp_claude_code, ".mcp.json", {"servers": {"command": "acme"}}).server("servers")


@pytest.mark.parametrize("data", [{}, {"mcpServers": {}}, {"mcpServers": None}])
def test_a_file_without_servers_still_is_a_host(data: object) -> None:
    assert list(read(mcp_claude_code, ".mcp.json", data).nodes("Agent")) == ["claude-code:acme"]


def test_reads_a_user_with_projects() -> None:
    found = read(mcp_claude_code, ".claude.json", fixture("claude_user.json"))
    assert set(found.nodes("Agent")) == {"claude-code:acme", "claude-code:acme/shop", "claude-code:acme/billing"}
    assert set(found.nodes("ToolServer")) == {
        "mcp:acme/.claude.json#search",
        "https://search.example.com/mcp",
        "mcp:acme/.claude.json#billing/search",
    }
    assert found.held("#search") == {"@ANTHROPIC@"}
    assert found.held("claude-code:acme/shop") == {"@GITHUB@"}
    assert "/home/alice" not in repr([found.nodes("Agent"), found.nodes("ToolServer"), found.pairs("CONNECTS_TO")])
    assert found.pairs("CONNECTS_TO") >= {("Agent:claude-code:acme/billing", "ToolServer:mcp:acme/.claude.json#billing/search")}


def test_a_key_that_stands_twice_is_said() -> None:
    data = '{"mcpServers": {"a": {"command": "one"},\n"a": {"command": "uvx", "args": ["two"]}}}'
    found = read(mcp_claude_code, ".mcp.json", data)
    assert found.server("a")["package"] == "pkg:pypi/two"
    assert found.problems() == [("L2", "warning", "a key stands twice in one object; the last one counts")]


def test_a_servers_description_of_itself_is_no_configuration() -> None:
    described = {"name": "ledger-mcp", "version": "1.0.0", "tools": [{"name": "book", "parameters": {"type": "object"}}]}
    assert not read(mcp_claude_code, ".mcp.json", described).all


def test_warps_file_of_the_same_name_is_warps() -> None:
    assert not mcp_claude_code.detect(".warp/.mcp.json", b'{"mcpServers": {}}')
