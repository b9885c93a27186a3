"""Connectors that a provider of models hosts, named by an id, in both languages."""

from __future__ import annotations

import pytest

from tests.ingest.javascript_reading import source
from tests.ingest.python_linked import linked
from tests.ingest.reading import Facts, shown

PYTHON = """
import os
from agents import Agent, HostedMCPTool

clerk = Agent(name="Clerk", tools=[HostedMCPTool(tool_config={
    "type": "mcp", "server_label": "diary", "connector_id": "connector_googlecalendar",
    "authorization": os.environ["DIARY_TOKEN"], "allowed_tools": ["search_events"], "require_approval": "never",
})])
"""
TYPESCRIPT = """
import { Agent, hostedMcpTool } from '@openai/agents';

const clerk = new Agent({ name: 'Clerk', tools: [hostedMcpTool({
  serverLabel: 'diary', connectorId: 'connector_googlecalendar',
  authorization: process.env.DIARY_TOKEN, allowedTools: ['search_events'], requireApproval: 'never',
})] });
"""


@pytest.mark.parametrize("facts", [linked({"a.py": PYTHON}), source(TYPESCRIPT)], ids=["python", "typescript"])
def test_a_connector_is_a_server_that_the_agent_gives_a_token(facts: Facts) -> None:
    ((_, connector),) = [key for key in facts.nodes if key[0] == "ToolServer"]
    assert connector == "openai:connector_googlecalendar"
    props = facts.nodes["ToolServer", connector]
    assert (props["name"], props["origin"], props["auth"]) == ("googlecalendar", "third_party", "oauth")
    (edge,) = [edge for edge in facts.edges if edge.kind == "CONNECTS_TO"]
    assert (edge.target, edge.props["tools"]) == (("ToolServer", connector), ["search_events"])
    (held,) = [edge for edge in facts.edges if edge.kind == "HOLDS"]
    assert held.source == edge.source
    assert "DIARY_TOKEN" in str(held.target)
    assert facts.problems == []


def test_a_hosted_server_keeps_its_list_and_its_token() -> None:
    facts = linked(
        {"a.py": PYTHON.replace('"connector_id": "connector_googlecalendar"', '"server_url": "https://mcp.haulage.example/mcp"')}
    )
    (edge,) = [edge for edge in facts.edges if edge.kind == "CONNECTS_TO"]
    assert (shown(edge.target), edge.props["tools"]) == ("https://mcp.haulage.example/mcp", ["search_events"])
    assert facts.nodes["ToolServer", "https://mcp.haulage.example/mcp"]["auth"] == "key"
    assert ["DIARY_TOKEN" in str(edge.target) for edge in facts.edges if edge.kind == "HOLDS"] == [True]


def test_what_a_server_is_started_from_is_told_where_it_is_not_known() -> None:
    start = "import { Agent, MCPServerStdio } from '@openai/agents';\nimport { pick } from './pick';\n"
    agent = "new Agent({ name: 'Clerk', mcpServers: [new MCPServerStdio({ name: 'Files', command: COMMAND, args: ARGS })] });"
    text = start + agent
    known = source(text.replace("COMMAND", "process.execPath").replace("ARGS", "[require.resolve('@haulage/files/dist/index.js'), pick()]"))
    assert known.nodes["ToolServer", "mcp:shop/src/agents.ts#Files"]["package"] == "pkg:npm/%40haulage/files"
    assert known.problems == []
    unknown = source(text.replace("COMMAND", "pick()").replace("ARGS", "[]"))
    assert [edge.target for edge in unknown.edges if edge.kind == "CONNECTS_TO"] == [("ToolServer", "mcp:shop/src/agents.ts#Files")]
    assert [(severity, message) for _, severity, message in unknown.problems] == [
        ("warning", "what the MCP server 'Files' of 'Clerk' is started from is not known")
    ]


def test_what_has_no_name_is_no_secret_that_two_share() -> None:
    facts = linked(
        {
            "a.py": """
from agent_framework import ChatAgent, MCPStreamableHTTPTool
from registry import find

def server(about):
    return MCPStreamableHTTPTool(name=about["name"], url="https://mcp.haulage.example/mcp",
                                 headers={"Authorization": f"Bearer {about['token']}"})

def clerks():
    return [ChatAgent(name="A", tools=server(find("a"))), ChatAgent(name="B", tools=server(find("b")))]
"""
        }
    )
    assert [edge for edge in facts.edges if edge.kind == "HOLDS"] == []
    assert facts.nodes["ToolServer", "https://mcp.haulage.example/mcp"]["auth"] == "key"
