"""Flows of Langflow: what is connected to the handles of agents, flows that run flows, keys in the open and by name."""

from __future__ import annotations

import json

import pytest

from graphinv.ingest import langflow
from tests.ingest.reading import Facts, document, fake, fingerprint, fixture

BASE = "langflow:shop/flows/planner#"
FIRST, SECOND, HELPER = f"{BASE}Agent (Agent-1)", f"{BASE}Agent (Agent-2)", f"{BASE}Helper"
KEY = fake("anthropic", "sk-" + "ant-" + "api03-", 93)


@pytest.fixture(scope="module")
def planner() -> Facts:
    read = fixture("lowcode/langflow_planner.json", "flows/planner.json", {"ANTHROPIC": KEY})
    assert langflow.detect(read.path, read.data[:4096])
    return Facts(langflow, read)


def test_agents_of_one_name_are_told_apart(planner: Facts) -> None:
    agents = {id: props["name"] for (kind, id), props in planner.nodes.items() if kind == "Agent"}
    assert agents == {FIRST: "Agent", SECOND: "Agent", HELPER: "Helper"}


def test_tools_by_their_handle(planner: Facts) -> None:
    assert planner.targets("USES", FIRST) == {f"{BASE}Web Search", "langflow:calculator"}
    assert planner.targets("USES", SECOND) == {f"{BASE}Chroma DB"}
    assert planner.nodes["Tool", f"{BASE}Web Search"]["ingests_untrusted"] is True
    assert planner.targets("USES", f"{BASE}Planner") == {f"{BASE}Python"}
    assert planner.nodes["Tool", f"{BASE}Python"]["effects"] == ["execute"]


def test_a_flow_is_found_by_its_name_and_its_id(planner: Facts) -> None:
    assert {name for space, name in planner.bindings if space == "langflow"} >= {"Planner", "0d0d0d0d-0000-4000-8000-000000000001"}


def test_delegation_to_agents_and_flows(planner: Facts) -> None:
    assert planner.targets("DELEGATES_TO", FIRST) == {HELPER, SECOND, "langflow:Refund flow"}
    assert planner.props("DELEGATES_TO", FIRST, HELPER)["kind_detail"] == "agent_as_tool"
    assert planner.props("DELEGATES_TO", FIRST, SECOND)["kind_detail"] == "graph_edge"
    assert planner.targets("DELEGATES_TO", f"{BASE}Planner") == {FIRST, SECOND}, "a helper is called by its agent"


def test_a_server_with_the_tools_that_are_on(planner: Facts) -> None:
    assert planner.props("CONNECTS_TO", FIRST, "https://mcp.shop.example/sse")["tools"] == ["count"]


def test_models_of_a_list_a_name_and_a_component(planner: Facts) -> None:
    assert planner.targets("USES_MODEL", FIRST) == {"gpt-4o"}
    assert planner.targets("USES_MODEL", SECOND) == {"claude-sonnet-4-0", "claude-haiku"}


def test_keys_in_the_open_and_by_name(planner: Facts) -> None:
    assert planner.targets("HOLDS", FIRST) == {"env:OPENAI_API_KEY"}
    assert planner.targets("HOLDS", SECOND) == {f"secret:{fingerprint(KEY)}"}


def test_stores_and_history(planner: Facts) -> None:
    assert planner.targets("READS", SECOND) == {"langflow-vector:shop#Chroma/goods"}
    assert planner.targets("WRITES", FIRST) == {f"{BASE}chat history"}


def test_chat_and_webhooks_are_untrusted(planner: Facts) -> None:
    assert planner.drawn("INGESTS") == {
        (f"{BASE}Planner", f"{BASE}Chat Input"),
        (f"{BASE}Planner", f"{BASE}Webhook"),
        (FIRST, f"{BASE}Chat Input"),
    }


def test_flows_that_the_code_of_a_tool_runs_over_the_api() -> None:
    code = "import httpx\ntoken = self.token.get_secret_value()\nhttpx.post('http://localhost:7860/api/v1/run/refund-flow')\n"
    nodes = [
        {"id": "a", "type": "genericNode", "data": {"type": "Agent"}},
        {"id": "t", "type": "genericNode", "data": {"type": "Gateway", "node": {"edited": True, "template": {"code": {"value": code}}}}},
    ]
    edges = [{"source": "t", "target": "a", "data": {"targetHandle": {"fieldName": "tools"}}}]
    found = Facts(langflow, document(json.dumps({"data": {"nodes": nodes, "edges": edges}}), "f.json"))
    assert "langflow:refund-flow" in found.targets("DELEGATES_TO", "langflow:shop/f#Agent")
    assert not found.drawn("HOLDS"), "what is taken from a variable is no credential"


def test_several_flows_in_one_file() -> None:
    made = {"id": "a", "name": "F", "data": {"nodes": [{"id": "x", "type": "genericNode", "data": {"type": "Agent"}}], "edges": []}}
    found = Facts(langflow, document(json.dumps({"flows": [made, {**made, "id": "b"}]}), "all.json"))
    agents = {id for kind, id in found.nodes if kind == "Agent"}
    assert agents == {"langflow:shop/all#F (a)#Agent", "langflow:shop/all#F (b)#Agent"}


def test_a_scraper_called_agentql_is_no_agent() -> None:
    nodes = [{"id": "x", "type": "genericNode", "data": {"type": "AgentQL", "node": {"display_name": "Extract"}}}]
    found = Facts(langflow, document(json.dumps({"data": {"nodes": nodes, "edges": []}}), "f.json"))
    assert not any(kind == "Agent" for kind, _ in found.nodes)


@pytest.mark.parametrize(
    ("path", "head", "ours"),
    [
        ("any.json", b'{"data": {"edges": [{"data": {"sourceHandle": {"dataType": "Agent"', True),
        ("any.json", b'{"id": "x", "data": {"nodes": [{"id": "a", "type": "genericNode"', True),
        ("any.json", b'{"data":{"edges":[],"nodes":[{"data":{"node":{"template":{"_type":"Component","x":{"trace_as_metadata":true', True),
        ("data.json", b'{"data": {"items": []}}', False),
        ("any.txt", b'{"data": {"nodes": [{"type": "genericNode"', False),
    ],
)
def test_detects_by_head(path: str, head: bytes, ours: bool) -> None:
    assert langflow.detect(path, head) is ours


@pytest.mark.parametrize(
    "value",
    [
        {"data": {"nodes": ["genericNode", {"type": "genericNode"}], "edges": [1]}},
        {"data": {"nodes": [{"id": "a", "type": "genericNode", "data": {"type": "Agent", "node": {"template": [1]}}}], "edges": "x"}},
        {
            "data": {
                "nodes": [
                    {"id": "a", "type": "genericNode", "data": {"type": "MCPTools", "node": {"template": {"mcp_server": {"value": 1}}}}}
                ],
                "edges": [{"source": "a", "target": "a", "targetHandle": "{œfieldNameœ: [[["}],
            }
        },
        {"flows": [7, {"data": 1}, {"nodes": [], "edges": []}], "x": "genericNode"},
    ],
)
def test_odd_shapes_give_facts_or_nothing(value: object) -> None:
    Facts(langflow, document(json.dumps(value), "x.json"))


def test_the_oldest_exports_tell_a_handle_in_one_word() -> None:
    def node(identifier: str, kind: str) -> dict[str, object]:
        return {
            "id": identifier,
            "type": "genericNode",
            "data": {"id": identifier, "type": kind, "node": {"template": {}, "base_classes": []}},
        }

    edges = [
        {"source": "Search-1", "target": "AgentInitializer-2", "targetHandle": "Tool|tools|AgentInitializer-2"},
        {"source": "ChatOpenAI-3", "target": "AgentInitializer-2", "targetHandle": "BaseLanguageModel|llm|AgentInitializer-2"},
    ]
    nodes = [node("Search-1", "Search"), node("AgentInitializer-2", "AgentInitializer"), node("ChatOpenAI-3", "ChatOpenAI")]
    facts = Facts(langflow, document(json.dumps({"name": "Old", "data": {"nodes": nodes, "edges": edges}}), "old.json"))
    assert facts.targets("USES", "langflow:shop/old#AgentInitializer") == {"langflow:shop/old#Search"}
    assert facts.targets("DELEGATES_TO", "langflow:shop/old#Old") == {"langflow:shop/old#AgentInitializer"}


def test_an_agent_has_the_name_that_people_gave_it() -> None:
    """What is renamed keeps beside it the name that all components of its type begin with."""
    data = {"type": "Agent", "display_name": "Agent", "node": {"display_name": "Refund clerk", "template": {}}}
    nodes = [{"id": "Agent-1", "type": "genericNode", "data": data}]
    facts = Facts(langflow, document(json.dumps({"name": "Shop", "data": {"nodes": nodes, "edges": []}}), "shop.json"))
    assert facts.nodes["Agent", "langflow:shop/shop#Refund clerk"]["name"] == "Refund clerk"


def test_the_tools_that_a_flow_lists_of_a_server_set_up_elsewhere() -> None:
    listed = [{"name": "count", "status": True}, {"name": "drop", "status": False}, {"name": " "}, "count"]
    template = {"mcp_server": {"value": {"name": "stock", "config": {}}}, "tools_metadata": {"value": listed}}
    nodes = [
        {"id": "a", "type": "genericNode", "data": {"type": "Agent"}},
        {"id": "s", "type": "genericNode", "data": {"type": "MCP", "node": {"template": template}}},
    ]
    edges = [{"source": "s", "target": "a", "data": {"targetHandle": {"fieldName": "tools"}}}]
    facts = Facts(langflow, document(json.dumps({"name": "Shop", "data": {"nodes": nodes, "edges": edges}}), "shop.json"))
    server = "mcp:shop#langflow/stock"
    assert facts.targets("PROVIDES", server) == {f"{server}/count", f"{server}/drop"}
    assert facts.props("CONNECTS_TO", "langflow:shop/shop#Agent", server)["tools"] == ["count"]
