"""Agents of Kiro's and Amazon Q's command lines."""

from __future__ import annotations

import json

import pytest

from graphinv.ingest import kiro_agents, mcp_clients
from graphinv.model.errors import IngestError
from tests.ingest.reading import Facts, document, fake, fingerprint

TOKEN = fake("kiro", "gh" + "p_")
DESK = {
    "$schema": "https://raw.example/agent-v1.json",
    "name": "desk",
    "description": "Answers tickets",
    "prompt": "file://./desk.md",
    "mcpServers": {
        "tickets": {"command": "npx", "args": ["-y", "@acme/tickets@1.2.3"], "env": {"GITHUB_TOKEN": TOKEN}},
        "docs": {"type": "http", "url": "https://docs.acme.example/mcp"},
        "spare": {"command": "uvx", "args": ["spare"]},
    },
    "tools": ["read", "fs_write", "execute_bash", "@tickets", "@docs/search", "@docs/fetch", "@shared"],
    "allowedTools": ["fs_read", "@tickets/*", "@docs/search"],
    "toolsSettings": {"write": {"allowedPaths": ["src/**"]}},
    "resources": ["file://README.md"],
    "hooks": {"agentSpawn": [{"command": "git status"}], "stop": [{"command": "make"}]},
    "includeMcpJson": True,
    "model": "claude-sonnet-4",
}
AGENT = "kiro:shop/pay#desk"


def read(value: object, path: str = "pay/.kiro/agents/desk.json") -> Facts:
    return Facts(kiro_agents, document(json.dumps(value, indent=1), path))


def test_an_agent_has_what_its_list_of_tools_names() -> None:
    found = read(DESK)
    assert found.targets("USES", AGENT) == {
        *("kiro:read", "kiro:write", "kiro:shell"),
        *(f"shop/pay/.kiro/agents/desk.json/hook/{point}" for point in ("agentSpawn", "stop")),
    }
    assert found.props("USES", AGENT, "kiro:read")["approved"] is True, "by its older name"
    assert "approved" not in found.props("USES", AGENT, "kiro:shell")
    tickets = "mcp:shop/pay/.kiro/agents/desk.json#tickets"
    assert found.targets("CONNECTS_TO", AGENT) == {tickets, "https://docs.acme.example/mcp", "kiro:shared"}, "spare is not among its tools"
    assert found.props("CONNECTS_TO", AGENT, tickets)["approved"] is True
    docs = found.props("CONNECTS_TO", AGENT, "https://docs.acme.example/mcp")
    assert docs["tools"] == ["fetch", "search"]
    assert "approved" not in docs
    assert found.targets("HOLDS", tickets) == {f"secret:{fingerprint(TOKEN)}"}
    assert found.targets("USES_MODEL", AGENT) == {"claude-sonnet-4"}
    assert found.drawn("DELEGATES_TO") == {("kiro:shop/pay", AGENT)}


def test_everything_and_the_servers_of_the_project() -> None:
    found = read({"tools": ["*"], "allowedTools": ["*"], "useLegacyMcpJson": True}, ".aws/amazonq/cli-agents/all.json")
    agent = "amazon-q:shop#all"
    assert {"kiro:shell", "kiro:write", "kiro:web_fetch", "kiro:aws"} <= found.targets("USES", agent)
    assert not {"kiro:fs_write", "kiro:thinking"} & found.targets("USES", agent)
    assert found.targets("CONNECTS_TO", agent) == {"amazon-q:*"}
    assert found.nodes["Agent", agent]["autonomy"] == "autonomous"
    assert found.props("USES", agent, "kiro:shell")["approved"] is True


def test_an_agent_in_markdown() -> None:
    text = "---\nname: architect\ndescription: plans\nallowedTools:\n  - read\n---\nPlan.\n"
    found = Facts(kiro_agents, document(text, ".kiro/agents/architect.md"))
    agent = "kiro:shop#architect"
    assert {"kiro:read", "kiro:shell"} <= found.targets("USES", agent)
    assert found.props("USES", agent, "kiro:read")["approved"] is True
    limited = Facts(kiro_agents, document("---\nname: a\ntools: [read]\n---\n", ".kiro/agents/a.md"))
    assert limited.targets("USES", "kiro:shop#a") == {"kiro:read"}
    prose = Facts(kiro_agents, document("# Agents\n", ".kiro/agents/README.md"))
    assert not prose.nodes
    assert [severity for _, severity, _ in prose.problems] == ["note"]


def test_built_in_tools_alone() -> None:
    found = read({"name": "plain", "mcpServers": {"a": {"command": "a"}}, "tools": ["@builtin"]})
    assert "kiro:shell" in found.targets("USES", "kiro:shop/pay#plain")
    assert not found.targets("CONNECTS_TO", "kiro:shop/pay#plain")


def test_its_file_is_no_other_clients() -> None:
    head = json.dumps(DESK).encode()
    assert kiro_agents.detect("pay/.kiro/agents/desk.json", head)
    assert not kiro_agents.detect("pay/.kiro/settings/mcp.json", head)
    assert not mcp_clients.detect("pay/.kiro/agents/desk.json", head)
    assert not mcp_clients.detect(".amazonq/cli-agents/desk.json", head)


@pytest.mark.parametrize(
    "value",
    [{}, {"tools": 5, "allowedTools": {"a": 1}, "mcpServers": [], "hooks": "x"}, {"tools": ["@", "@/", "*a", 5], "hooks": {"": None}}],
)
def test_odd_shapes_give_an_agent_all_the_same(value: object) -> None:
    assert ("Agent", AGENT) in read(value).nodes


@pytest.mark.parametrize("text", ["", "[1]", '{"name": '])
def test_what_is_no_object_is_one_error(text: str) -> None:
    with pytest.raises(IngestError):
        list(kiro_agents.read(document(text, ".kiro/agents/a.json")))


def test_agents_of_amazon_q_in_editors() -> None:
    stated = {
        "name": "desk",
        "tools": ["fsRead", "executeBash", "@ledger"],
        "allowedTools": ["fsRead"],
        "mcpServers": {"ledger": {"command": "uvx", "args": ["ledger-mcp"]}},
        "hooks": {"agentSpawn": [], "userPromptSubmit": [{"command": "date"}]},
    }
    path = "pay/.amazonq/agents/default.json"
    assert kiro_agents.detect(path, b"")
    assert not mcp_clients.detect(path, b'{"mcpServers": {"a": {"command": "x"}}}')
    found = Facts(kiro_agents, document(json.dumps(stated), path))
    agent = "amazon-q:shop/pay#desk"
    hook = f"shop/{path}/hook/userPromptSubmit"
    assert found.targets("USES", agent) == {"kiro:read", "kiro:shell", hook}, "an empty hook runs nothing"
    assert found.props("USES", agent, "kiro:read")["approved"] is True
