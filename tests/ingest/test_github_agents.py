from __future__ import annotations

import pytest

from graphinv.ingest import github_agents
from tests.ingest.reading import Facts, document, fixture

PLANNER = "github-copilot:shop#Planner"


def facts(text: str, path: str = ".github/agents/a.agent.md") -> Facts:
    return Facts(github_agents, document(text, path))


def planner() -> Facts:
    return Facts(github_agents, fixture("coding/planner.agent.md", ".github/agents/planner.agent.md"))


def test_an_agent_with_everything_it_can_say() -> None:
    found = planner()
    assert found.nodes["Agent", PLANNER] == {
        "name": "Planner",
        "framework": "github-copilot",
        "kind_detail": "custom agent",
        "status": "active",
        "sources": ["shop/.github/agents/planner.agent.md#L2"],
    }
    assert found.props("DELEGATES_TO", "github-copilot:shop", PLANNER)["mode"] == "invoke"
    assert found.targets("USES_MODEL", PLANNER) == {"GPT-5", "Claude Sonnet 4.5"}
    builtin = {f"github-copilot:{name}" for name in ("search", "edit", "execute", "web")}
    assert found.targets("USES", PLANNER) == builtin | {"vscode:ms-acme.tools/lint", "vscode:some_tool"}
    assert "effects" not in found.nodes["Tool", "vscode:some_tool"]
    assert found.targets("CONNECTS_TO", PLANNER) == {"vscode:tickets", "vscode:docs", "https://mcp.acme.example/own"}
    assert found.props("CONNECTS_TO", PLANNER, "vscode:docs")["tools"] == ["find", "open"]
    assert "tools" not in found.props("CONNECTS_TO", PLANNER, "vscode:tickets")
    assert found.targets("HOLDS", PLANNER) == {"github-secret:COPILOT_MCP_OWN"}
    assert found.problems == []


def test_handoffs_and_sub_agents_point_to_those_who_act() -> None:
    found = planner()
    handoff = found.props("DELEGATES_TO", PLANNER, "github-copilot:builder")
    assert (handoff["mode"], handoff["kind_detail"]) == ("handoff", "handoff")
    assert found.props("DELEGATES_TO", PLANNER, "github-copilot:Reviewer")["kind_detail"] == "sub-agent"
    assert found.props("DELEGATES_TO", PLANNER, "github-copilot:shop")["mode"] == "handoff", "back to the host"
    assert {name for _, name in found.bindings} == {"Planner", "planner"}


def test_without_a_list_of_tools_it_has_all() -> None:
    found = Facts(github_agents, fixture("coding/everything.agent.md", "pay/.github/agents/everything.agent.md"))
    agent = "vscode:shop/pay#everything"
    assert found.targets("CONNECTS_TO", agent) == {"vscode:*"}
    assert {"vscode:edit", "vscode:execute", "vscode:web"} <= found.targets("USES", agent)
    assert found.targets("DELEGATES_TO", agent) == set(), "it starts others only as its host does"
    assert (github_agents.CALLABLE, "everything") not in found.bindings, "others may not start it"


def test_the_tool_for_sub_agents_starts_any_of_them() -> None:
    found = facts("---\nname: a\ntools: [agent/runSubagent]\n---\n")
    assert found.targets("DELEGATES_TO", "github-copilot:shop#a") == {f"{github_agents.CALLABLE}:*"}
    assert found.targets("USES", "github-copilot:shop#a") == set()


@pytest.mark.parametrize("tool", ["copilotCodingAgent", "github.vscode-pull-request-github/copilotCodingAgent"])
def test_the_tool_for_the_coding_agent_hands_over_to_it(tool: str) -> None:
    found = facts(f"---\nname: a\ntools: [{tool}]\ntarget: vscode\n---\n")
    assert found.drawn("DELEGATES_TO", "vscode:shop#a") == {("vscode:shop#a", "github-copilot:shop")}
    assert found.targets("USES", "vscode:shop#a") == set()


def test_an_empty_list_of_tools_is_none() -> None:
    found = facts("---\nname: a\ntools: []\n---\n")
    assert found.targets("USES", "github-copilot:shop#a") == found.targets("CONNECTS_TO", "github-copilot:shop#a") == set()


def test_a_chat_mode_belongs_to_vs_code() -> None:
    found = Facts(github_agents, fixture("coding/tutor.chatmode.md", ".github/chatmodes/tutor.chatmode.md"))
    assert found.nodes["Agent", "vscode:shop#tutor"]["kind_detail"] == "chat mode"
    assert found.targets("USES", "vscode:shop#tutor") == {"vscode:search"}


@pytest.mark.parametrize(
    ("path", "taken"),
    [
        (".github/agents/a.agent.md", True),
        (".github/agents/team/a.md", True),
        ("x/.github/agents/a.md", True),
        ("agents/a.agent.md", True),
        (".github/chatmodes/a.chatmode.md", True),
        ("docs/a.agent.md", False),
        (".github/agents/README.md", False),
        (".github/workflows/a.md", False),
        ("agents/a.md", False),
    ],
)
def test_what_is_taken(path: str, taken: bool) -> None:
    assert github_agents.detect(path, b"---\nname: a\n---\n") is taken


@pytest.mark.parametrize(
    ("front", "problem"),
    [
        ("tools: 7", "neither a text nor a list"),
        ("handoffs: x", "no list"),
        ("handoffs: [{}]", "names no agent"),
        ("x: [", "not valid YAML"),
    ],
)
def test_odd_settings_are_problems(front: str, problem: str) -> None:
    found = facts(f"---\nname: a\n{front}\n---\n")
    assert ("Agent", "github-copilot:shop#a") in found.nodes
    assert any(problem in message for _, _, message in found.problems)


def test_tools_in_a_text_or_a_map() -> None:
    for tools in ("edit, tickets/close", "{edit: true, execute: false, tickets/close: true}"):
        found = facts(f"---\nname: a\ntools: {tools}\n---\n")
        assert found.targets("USES", "github-copilot:shop#a") == {"github-copilot:edit"}
        assert found.props("CONNECTS_TO", "github-copilot:shop#a", "vscode:tickets")["tools"] == ["close"]
