from __future__ import annotations

import pytest

from graphinv.ingest import mcp_continue
from graphinv.model.errors import IngestError
from tests.mcp_support import document, fixture, read


def test_reads_a_configuration() -> None:
    found = read(mcp_continue, "shop/.continue/config.yaml", fixture("continue.yaml"))
    assert list(found.nodes("Agent")) == ["continue:acme/shop"]
    assert found.server("Tables")["package"] == "pkg:npm/%40acme/tables@5.0.0"
    assert found.server("Tables")["sources"] == ["acme/shop/.continue/config.yaml#L10"]
    assert found.held("#Tables") == {"Secret~vault~secrets.TABLES_TOKEN"}
    assert (found.server("acme/charts")["kind_detail"], found.server("acme/charts")["origin"]) == ("continue hub block", "registry")
    assert (found.server("Remote")["transport"], found.server("Remote")["url"]) == ("sse", "https://tables.example.com/x")
    assert found.held("continue:acme/shop") == {"@ANTHROPIC@"}
    assert not found.problems()


def test_an_agents_servers_are_the_agents() -> None:
    found = read(mcp_continue, ".continue/agents/house.yaml", fixture("continue.yaml"))
    agent = "Agent:continue:acme#House assistant"
    assert ("Agent:continue:acme", agent) in found.pairs("DELEGATES_TO")
    assert {source for source, _ in found.pairs("CONNECTS_TO")} == {agent}


def test_an_agent_in_markdown_is_one() -> None:
    found = read(mcp_continue, ".continue/agents/release.md", fixture("continue_agent.md"))
    assert set(found.nodes("Agent")) == {"continue:acme", "continue:acme#Release check"}


def test_reads_the_older_json() -> None:
    data = {"experimental": {"modelContextProtocolServers": [{"transport": {"type": "stdio", "command": "uvx", "args": ["acme"]}}]}}
    assert read(mcp_continue, ".continue/config.json", data).server("server-1")["package"] == "pkg:pypi/acme"


def test_reads_a_block_of_servers_in_either_shape() -> None:
    assert read(mcp_continue, ".continue/mcpServers/a.json", {"mcpServers": {"s": {"command": "x"}}}).server("s")
    assert read(mcp_continue, ".continue/mcpServers/a.yaml", "mcpServers:\n  - name: s\n    command: x\n").server("s")


def test_odd_servers_are_problems() -> None:
    found = read(mcp_continue, ".continue/config.yaml", "mcpServers:\n  - 5\n  - name: [x]\n    command: y\n  - acme/hub\n")
    assert [where for where, _, _ in found.problems()] == ["L2"]
    assert {props["name"] for props in found.nodes("ToolServer").values()} == {"server-2", "acme/hub"}


def test_an_empty_document_is_an_error() -> None:
    with pytest.raises(IngestError, match="is empty"):
        list(mcp_continue.read(document(".continue/config.yaml", "")))


def test_an_agents_model_and_tools() -> None:
    text = "---\nname: Check\nmodel: acme/large\ntools: Read, Bash, acme/tickets:close\n---\nCheck it.\n"
    found = read(mcp_continue, ".continue/agents/check.md", text)
    agent = "Agent:continue:acme#Check"
    assert {tool for user, tool in found.pairs("USES") if user == agent} == {
        "Tool:continue:read_file",
        "Tool:continue:run_terminal_command",
    }
    assert (agent, "Model:acme/large") in found.pairs("USES_MODEL")
    (edge,) = found.edges("CONNECTS_TO")
    assert edge.props["tools"] == ["close"]
    everything = read(mcp_continue, ".continue/agents/check.md", "---\nname: Check\n---\n")
    assert (agent, "Tool:continue:edit_file") in everything.pairs("USES")
