"""Teams and agents of AutoGen as JSON components."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graphinv.ingest import autogen_components
from graphinv.model.errors import IngestError
from tests.ingest.reading import Facts, document, fake

KEY = fake("key", "sk-proj-", 48)
BASE = "autogen:shop/team"


def component(provider: str, sort: str, **config: Any) -> dict[str, Any]:
    return {"provider": provider, "component_type": sort, "version": 1, "component_version": 1, "config": config}


def agent(name: str, **config: Any) -> dict[str, Any]:
    return component("autogen_agentchat.agents.AssistantAgent", "agent", name=name, model_client=MODEL, **config)


def tool(name: str, **config: Any) -> dict[str, Any]:
    return component("autogen_core.tools.FunctionTool", "tool", name=name, source_code="def f(): ...", **config)


def team(sort: str, *participants: Any, **config: Any) -> dict[str, Any]:
    return component(f"autogen_agentchat.teams.{sort}", "team", participants=list(participants), **config)


MODEL = component("autogen_ext.models.openai.OpenAIChatCompletionClient", "model", model="gpt-5", api_key=KEY)
SERVER = component(
    "autogen_ext.tools.mcp.McpWorkbench",
    "workbench",
    server_params={"command": "npx", "args": ["-y", "@acme/stock@2.0.0"], "env": {"ACME_TOKEN": "${ACME_TOKEN}"}},
)


def read(value: Any) -> Facts:
    return Facts(autogen_components, document(json.dumps(value, indent=1), "team.json"))


def test_a_team_calls_its_participants_and_a_swarm_only_the_first() -> None:
    found = read(team("RoundRobinGroupChat", agent("a"), agent("b")))
    whole = f"{BASE}#RoundRobinGroupChat"
    assert found.drawn("DELEGATES_TO") == {(whole, f"{BASE}#a"), (whole, f"{BASE}#b")}
    assert found.nodes["Workflow", whole]["type"] == "group_chat"
    swarm = read(team("Swarm", agent("a", handoffs=["b", "user"]), agent("b", handoffs=[{"target": "a"}, "c"])))
    assert swarm.drawn("DELEGATES_TO") == {
        (f"{BASE}#Swarm", f"{BASE}#a"),
        (f"{BASE}#a", f"{BASE}#b"),
        (f"{BASE}#b", f"{BASE}#a"),
    }
    assert [message for _, _, message in swarm.problems] == ["hands over to an agent that its team does not have"]


def test_edges_of_a_graph_and_agents_within_agents() -> None:
    graph = {"nodes": {"a": {"name": "a", "edges": [{"target": "b", "condition": "yes"}]}, "b": {"name": "b", "edges": []}}}
    found = read(team("GraphFlow", agent("a"), agent("b"), graph=graph))
    assert (f"{BASE}#a", f"{BASE}#b") in found.drawn("DELEGATES_TO")
    inner = component("autogen_agentchat.tools.AgentTool", "tool", agent=agent("expert"))
    assert read(agent("boss", tools=[inner])).drawn("DELEGATES_TO") == {(f"{BASE}#boss", f"{BASE}#expert")}


def test_tools_servers_code_and_requests() -> None:
    run = component("autogen_ext.tools.code_execution.PythonCodeExecutionTool", "tool", executor=component("x.Docker", "code_executor"))
    ask = component("autogen_ext.tools.http.HttpTool", "tool", name="ask", scheme="https", host="pay.acme.example", method="POST")
    static = component("autogen_core.tools.StaticWorkbench", "workbench", tools=[tool("add"), run, ask])
    found = read(agent("a", workbench=[static, SERVER]))
    key = f"{BASE}#a"
    assert found.targets("USES", key) == {f"{key}/add", f"{key}/code_execution", f"{key}/ask"}
    assert found.nodes["Tool", f"{key}/code_execution"]["effects"] == ["execute"]
    assert "effects" not in found.nodes["Tool", f"{key}/add"]
    assert found.targets("CAN_ACCESS", f"{key}/ask") == {"https://pay.acme.example"}
    (server,) = found.targets("CONNECTS_TO", key)
    assert found.nodes["ToolServer", server]["package"] == "pkg:npm/%40acme/stock@2.0.0"
    assert found.targets("HOLDS", server) == {"env:ACME_TOKEN"}


def test_a_key_of_a_model_is_the_agents() -> None:
    found = read(agent("a"))
    assert len(found.targets("HOLDS", f"{BASE}#a")) == 1
    assert found.targets("USES_MODEL", f"{BASE}#a") == {"gpt-5"}
    assert KEY not in repr(found.all)


def test_a_gallery_has_teams_and_agents_and_equal_names_stay_two() -> None:
    found = read({"id": "g", "components": {"agents": [agent("a")], "teams": [team("Swarm", agent("a"))], "tools": [tool("t")]}})
    assert {id for kind, id in found.nodes if kind == "Agent"} == {f"{BASE}#a", f"{BASE}#a-2"}


def test_teams_within_teams_have_an_end() -> None:
    deep: dict[str, Any] = agent("a")
    for _ in range(40):
        deep = team("Swarm", deep)
    assert [message for _, _, message in read(deep).problems] == ["holds teams within teams that are not followed further"]


@pytest.mark.parametrize(
    ("path", "head", "ours"),
    [
        ("a.json", json.dumps(MODEL), True),
        ("a.json", '{"component_type": "team"}', False),
        ("a.yaml", json.dumps(MODEL), False),
    ],
)
def test_detect(path: str, head: str, ours: bool) -> None:
    assert autogen_components.detect(path, head.encode()) is ours


def test_no_json_is_an_error() -> None:
    with pytest.raises(IngestError):
        Facts(autogen_components, document("{", "team.json"))
