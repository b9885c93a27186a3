from __future__ import annotations

import json

import pytest

from graphinv.ingest import mcp_clients
from tests.mcp_support import document, fixture, mcp_ingestors, name_of, read

SERVERS = {"mcpServers": {"s": {"command": "acme"}}}


@pytest.mark.parametrize(
    ("path", "host", "title"),
    [
        ("claude_desktop_config.json", "claude-desktop:acme", "Claude Desktop"),
        ("home/al/Library/Application Support/Claude/claude_desktop_config.json", "claude-desktop:acme/home/al", "Claude Desktop"),
        ("Users/al/AppData/Roaming/Claude/claude_desktop_config.json", "claude-desktop:acme/Users/al", "Claude Desktop"),
        ("shop/.cursor/mcp.json", "cursor:acme/shop", "Cursor"),
        (".codeium/windsurf/mcp_config.json", "windsurf:acme", "Windsurf"),
        (".gemini/antigravity/mcp_config.json", "antigravity:acme", "Antigravity"),
        (
            "al/.config/Code/User/globalStorage/saoudrizwan.claude-dev/settings/cline_mcp_settings.json",
            "cline:acme/al",
            "Cline",
        ),
        ("x/cline_mcp_settings.json", "cline:acme/x", "Cline"),
        (".roo/mcp.json", "roo:acme", "Roo Code"),
        (".kiro/settings/mcp.json", "kiro:acme", "Kiro"),
        ("shop/.factory/mcp.json", "droid:acme/shop", "Factory Droid"),
        ("shop/.warp/.mcp.json", "warp:acme/shop", "Warp"),
        ("tools/mcp.json", "mcp-client:acme/tools", "MCP client"),
        ("tools/any_config.json", "mcp-client:acme/tools", "MCP client"),
    ],
)
def test_each_client_is_a_host_of_its_own(path: str, host: str, title: str) -> None:
    found = read(mcp_clients, path, SERVERS)
    assert list(found.nodes("Agent")) == [host]
    assert found.nodes("Agent")[host]["name"].startswith(f"{title} (")
    assert list(found.nodes("ToolServer")) == [f"mcp:acme/{path}#s"]
    assert (host.partition(":")[0], "s") in found.bindings()


@pytest.mark.parametrize(
    "path",
    [
        "package.json",
        "schemas/mcp.schema.json",
        ".claude-plugin/plugin.json",
        ".claude/settings.json",
        ".claude/settings.local.json",
        ".claude/mcp.json",
        ".claude.json",
        "server.json",
        "notes.md",
        "x.json.txt",
        "extensions.example.json",
        "conf/mcp.sample.json",
    ],
)
def test_leaves_other_files_alone(path: str) -> None:
    assert not mcp_clients.detect(path, b'{"mcpServers": {"a": {"command": "x"}}}')


def test_servers_in_files_of_ones_own_beside_those_of_claude_code() -> None:
    path = ".claude/task-servers.json"
    text = json.dumps({"mcpServers": {"tasks": {"command": "npx", "args": ["tasks-mcp@1.0.0"]}}})
    assert mcp_clients.detect(path, text.encode())
    assert list(read(mcp_clients, path, text).nodes("ToolServer")) == [f"mcp:acme/{path}#tasks"]


def test_no_file_is_taken_twice() -> None:
    for ingestor in mcp_ingestors():
        for pattern in ingestor.FILES:
            path = pattern.removeprefix("**/").replace("*", "x.yaml" if pattern.endswith("/*") else "x")
            if " " in path and "any other" in path:
                continue
            head = b'{"mcpServers": {"s": {"command": "x"}}, "packages": [], "dxt_version": "0.1"}'
            takers = [other.NAME for other in mcp_ingestors() if other.detect(path, head)]
            assert takers == [ingestor.NAME], path


@pytest.mark.parametrize(
    "data", [{"mcpServers": {}}, {"mcpServers": {"type": "object"}}, {"mcpServers": {"type": {"type": "string"}}}, {"mcp": {"servers": {}}}]
)
def test_a_file_of_no_client_has_to_start_something(data: object) -> None:
    assert not list(mcp_clients.read(document("docs/example.json", data)))


def test_reads_claude_desktop() -> None:
    found = read(mcp_clients, "claude_desktop_config.json", fixture("claude_desktop.json"))
    assert (found.server("notes")["package"], found.server("notes")["version"]) == ("pkg:npm/acme-notes", "latest")
    assert found.held("#notes") == set()
    assert "https://notes.example.com/sse" in found.nodes("ToolServer")
    assert found.server("remote-notes")["transport"] == "sse"
    assert found.held("claude-desktop:acme") == {"@GITHUB@", "Secret~env~NOTES_TOKEN"}
    assert ("ToolServer:https://notes.example.com/sse", "Package:pkg:npm/mcp-remote@0.1.18") in found.pairs("DEPENDS_ON")


def test_reads_cursor() -> None:
    found = read(mcp_clients, ".cursor/mcp.json", fixture("cursor.json"))
    assert found.server("design")["transport"] == "sse"
    assert (found.server("issues")["transport"], found.server("issues")["origin"]) == ("http", "third_party")
    assert found.server("browser")["labels"] == ["mount=/srv/profiles", "network=host"]
    assert found.held("#browser") == {"Secret~env~BROWSER_KEY"}


def test_reads_windsurf() -> None:
    found = read(mcp_clients, ".codeium/windsurf/mcp_config.json", fixture("windsurf.json"))
    assert found.server("wiki")["url"] == "https://wiki.example.com/mcp"
    assert found.server("spare")["status"] == "suspended"
    assert found.pairs("CONNECTS_TO") == {("Agent:windsurf:acme", "ToolServer:https://wiki.example.com/mcp")}
    assert "tools" not in found.edges("CONNECTS_TO")[0].props


def test_reads_roo() -> None:
    found = read(mcp_clients, ".roo/mcp.json", fixture("roo.json"))
    assert found.held("#db") == {"Secret~env~DB_ACCESS_TOKEN"}
    assert "autonomy" not in found.nodes("Agent")["roo:acme"]


def test_everything_unasked_is_autonomous() -> None:
    data = {"mcpServers": {"a": {"command": "x", "alwaysAllow": ["*"]}, "b": {"command": "y", "disabled": True}}}
    found = read(mcp_clients, ".roo/mcp.json", data)
    assert found.nodes("Agent")["roo:acme"]["autonomy"] == "autonomous"
    [edge] = found.edges("CONNECTS_TO")
    assert (edge.props["approved"], edge.props["approval"]) == (True, "client")


def test_reads_servers_of_vs_code_under_another_name() -> None:
    found = read(mcp_clients, "tests/both.json", {"mcp": {"servers": {"a": {"type": "sse", "url": "https://a.example.com/x"}}}})
    assert found.server("a")["transport"] == "sse"


def test_a_map_of_the_wrong_type_is_a_problem() -> None:
    found = read(mcp_clients, ".cursor/mcp.json", {"mcpServers": []})
    assert found.problems() == [("L2", "error", "mcpServers is no object of servers")]
    assert list(found.nodes("Agent")) == ["cursor:acme"]


@pytest.mark.parametrize(
    ("path", "client"),
    [("tools/mcp.json", "mcp-client:acme/tools"), (".vs/mcp.json", "visual-studio:acme"), ("x/mcp_config.json", "mcp-client:acme/x")],
)
def test_servers_in_the_form_of_visual_studio(path: str, client: str) -> None:
    entry = {"type": "http", "url": "https://tickets.example.com/mcp", "headers": {"Authorization": "Bearer ${input:tok}"}}
    value = {"inputs": [{"type": "promptString", "id": "tok", "password": True}], "servers": {"tickets": entry}}
    text = json.dumps(value)
    assert mcp_clients.detect(path, text.encode())
    found = read(mcp_clients, path, text)
    assert list(found.nodes("Agent")) == [client]
    assert set(found.nodes("ToolServer")) == {"https://tickets.example.com/mcp"}
    assert list(found.nodes("Secret")) == [f"input:acme/{path}#tok"]
    assert {name_of(edge.target) for edge in found.edges("HOLDS")} == {"Secret~input~tok"}


@pytest.mark.parametrize("path", [".vscode/mcp.http.local.json", "servers.json", "compose/settings.json"])
def test_other_files_that_list_servers_are_none(path: str) -> None:
    assert not mcp_clients.detect(path, b'{"servers": {"a": {"command": "a"}}}')


@pytest.mark.parametrize(
    "data",
    [
        {"ledger": {"command": "acme"}, "$schema": "x"},
        {"servers": [{"name": "ledger", "command": "acme"}]},
        [{"name": "ledger", "command": "acme"}],
    ],
    ids=["map", "list", "bare list"],
)
def test_servers_alone_in_a_file_that_is_called_after_them(data: object) -> None:
    text = json.dumps(data)
    assert mcp_clients.detect("tools/mcp-servers.json", text.encode())
    found = read(mcp_clients, "tools/mcp-servers.json", text)
    assert list(found.nodes("ToolServer")) == ["mcp:acme/tools/mcp-servers.json#ledger"]
    assert not mcp_clients.detect("tools/other.json", text.encode())


def test_a_catalogue_of_servers_is_nobodys_configuration() -> None:
    listed = {"servers": [{"id": "docs", "name": "Docs", "url": "https://mcp.docs.acme.example/mcp", "category": "Documentation"}]}
    assert not read(mcp_clients, "mcp-servers.json", listed).all


@pytest.mark.parametrize(
    ("stated", "auth"),
    [
        ({"auth": {"type": "aws-sigv4", "region": "eu-west-1"}}, "key"),
        ({"auth_type": "bearer_token"}, "key"),
        ({"auth_type": "oauth2"}, "oauth"),
        ({"requiresOAuth": True}, "oauth"),
        ({"requiresOAuth": False}, None),
        ({"auth_type": "none"}, "none"),
    ],
)
def test_how_a_server_is_to_be_convinced(stated: dict[str, object], auth: str | None) -> None:
    found = read(mcp_clients, ".cursor/mcp.json", {"mcpServers": {"s": {"url": "https://mcp.acme.example/mcp", **stated}}})
    assert found.nodes("ToolServer")["https://mcp.acme.example/mcp"].get("auth") == auth


def test_a_card_of_a_server_is_nobodys_configuration() -> None:
    card = {"name": "ledger", "repository": {"url": "https://github.com/acme/ledger"}, "capabilities": {"tools": {}}}
    assert not mcp_clients.detect(".well-known/mcp.json", json.dumps(card).encode())
    assert not read(mcp_clients, "docs/mcp.json", card).all


def test_mcporter_calls_an_address_by_a_name_of_its_own() -> None:
    config = {"mcpServers": {"docs": {"baseUrl": "https://mcp.docs.acme.example/mcp"}, "ledger": {"command": "acme"}}}
    found = read(mcp_clients, "config/mcporter.json", config)
    assert "https://mcp.docs.acme.example/mcp" in found.nodes("ToolServer")
