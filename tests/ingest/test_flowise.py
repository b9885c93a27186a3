"""Flows of Flowise: chatflows, supervisors with workers, agent flows of version 2, exports of everything, custom tools."""

from __future__ import annotations

import json

import pytest

from graphinv.ingest import flowise
from tests.ingest.reading import Facts, document, fake, fingerprint, fixture

SECRETS = {"STOCK": fake("stock"), "PAY": fake("pay")}
CREDENTIAL = "flowise-credential:shop#shopApi/0a0a0a0a-0000-4000-8000-00000000000"
TEAM = "0b0b0b0b-0000-4000-8000-000000000002"


def read(name: str) -> Facts:
    made = fixture(f"lowcode/flowise_{name}.json", f"flows/{name}.json", SECRETS)
    assert flowise.detect(made.path, made.data[:4096])
    return Facts(flowise, made)


@pytest.fixture(scope="module")
def chat() -> Facts:
    return read("chat")


@pytest.fixture(scope="module")
def agentflow() -> Facts:
    return read("agentflow")


def test_an_agent_of_a_chatflow_with_what_is_connected_to_it(chat: Facts) -> None:
    base = "flowise:shop/flows/chat#"
    assert {id for kind, id in chat.nodes if kind == "Agent"} == {f"{base}Clerk"}
    assert chat.targets("USES", f"{base}Clerk") == {f"{base}Calculator", f"{base}Gmail", f"{base}Look up"}
    assert chat.targets("USES_MODEL", f"{base}Clerk") == {"gpt-4o"}
    assert chat.targets("READS", f"{base}Clerk") == {f"{base}Buffer Memory", "flowise-vector:shop#pinecone/goods"}
    assert chat.targets("DELEGATES_TO", f"{base}Clerk") == {f"flowise:{TEAM}"}
    assert chat.targets("DELEGATES_TO", f"{base}chat") == {f"{base}Clerk"}


def test_a_tool_that_nobody_lists_belongs_to_nobody(chat: Facts) -> None:
    assert not [id for kind, id in chat.nodes if kind == "Tool" and "Lonely" in id]


def test_effects_are_those_of_the_chosen_actions(chat: Facts) -> None:
    gmail = chat.nodes["Tool", "flowise:shop/flows/chat#Gmail"]
    assert (gmail["effects"], gmail["ingests_untrusted"]) == (["egress", "irreversible", "read", "write"], True)


def test_credentials_by_id_belong_to_what_uses_them(chat: Facts) -> None:
    base = "flowise:shop/flows/chat#"
    assert chat.targets("HOLDS", f"{base}Gmail") == {f"{CREDENTIAL}1"}
    assert chat.targets("HOLDS", "flowise-vector:shop#pinecone/goods") == {f"{CREDENTIAL}3"}
    assert chat.targets("HOLDS", f"{base}Clerk") == {f"{CREDENTIAL}4"}
    assert chat.targets("HOLDS", f"{base}chat") == set()


def test_a_server_of_its_own_configuration(chat: Facts) -> None:
    server = "mcp:shop/flows/chat.json#Custom MCP"
    assert chat.props("CONNECTS_TO", "flowise:shop/flows/chat#Clerk", server)["tools"] == ["count"]
    assert chat.nodes["ToolServer", server]["package"] == "pkg:npm/%40acme/stock-mcp@2.0.1"
    assert chat.targets("HOLDS", server) == {f"secret:{fingerprint(SECRETS['STOCK'])}"}


def test_agents_of_version_2_keep_their_tools_in_their_inputs(agentflow: Facts) -> None:
    base = "flowise:shop/flows/agentflow#"
    assert {id.removeprefix(base) for kind, id in agentflow.nodes if kind == "Agent"} == {"Sort", "Refunds", "Searcher"}
    assert agentflow.targets("USES", f"{base}Refunds") == {f"{base}Refunds/pay", "openai:web_search"}
    assert agentflow.nodes["Tool", f"{base}Refunds/pay"]["effects"] == ["egress", "read", "write"]
    assert agentflow.targets("CAN_ACCESS", f"{base}Refunds/pay") == {"https://pay.shop.example"}
    assert agentflow.nodes["Agent", f"{base}Refunds"]["autonomy"] == "approve_each"
    assert "autonomy" not in agentflow.nodes["Agent", f"{base}Searcher"]
    assert agentflow.targets("HOLDS", f"{base}Refunds/pay") == {f"secret:{fingerprint(SECRETS['PAY'])}"}
    assert f"{CREDENTIAL}4".replace("shopApi", "credential") in agentflow.targets("HOLDS", f"{base}Refunds")
    assert agentflow.targets("READS", f"{base}Refunds") == {
        f"{base}chat history",
        "flowise-store:shop#0c0c0c0c-0000-4000-8000-000000000001",
    }


def test_conditions_iterations_and_loops_are_followed(agentflow: Facts) -> None:
    base = "flowise:shop/flows/agentflow#"
    drawn = {
        (edge.source[1].removeprefix(base), edge.target[1].removeprefix(base), edge.props["kind_detail"])
        for edge in agentflow.edges
        if edge.kind == "DELEGATES_TO" and isinstance(edge.target, tuple) and isinstance(edge.source, tuple) and edge.source[0] == "Agent"
    }
    assert drawn == {
        ("Sort", "Refunds", "conditional_edge"),
        ("Sort", "Searcher", "conditional_edge"),
        ("Searcher", "Sort", "graph_edge"),
    }


def test_sequential_agents_loop_back_by_name_and_chains_act() -> None:
    def node(id: str, name: str, category: str, **inputs: str) -> dict[str, object]:
        return {
            "id": id,
            "type": "customNode",
            "data": {"name": name, "label": name, "category": category, "inputs": inputs, "inputAnchors": []},
        }

    def edge(source: str, target: str, handle: str = "sequentialNode") -> dict[str, str]:
        return {"source": source, "target": target, "targetHandle": f"{target}-input-{handle}-X"}

    nodes = [
        node("start", "seqStart", "Sequential Agents"),
        node("plan", "seqLLMNode", "Sequential Agents", llmNodeName="Planner"),
        node("if", "seqCondition", "Sequential Agents"),
        node("a", "seqAgent", "Sequential Agents", agentName="Coder"),
        node("b", "seqAgent", "Sequential Agents", agentName="Tester"),
        node("loop", "seqLoop", "Sequential Agents", loopToName="Planner"),
        node("db", "sqlDatabaseChain", "Chains", database="postgres"),
    ]
    edges = [edge("start", "plan"), edge("plan", "if"), edge("if", "a"), edge("if", "b"), edge("a", "loop")]
    found = Facts(flowise, document(json.dumps({"nodes": nodes, "edges": edges}), "seq.json"))
    base = "flowise:shop/seq#"
    assert {id for kind, id in found.nodes if kind == "Agent"} == {f"{base}Coder", f"{base}Tester"}
    assert found.props("DELEGATES_TO", f"{base}Coder", f"{base}Tester")["kind_detail"] == "conditional_edge"
    assert found.targets("DELEGATES_TO", f"{base}Tester") == set()
    assert found.targets("USES", f"{base}seq") == {f"{base}sqlDatabaseChain"}


def test_steps_are_tools_of_the_workflow(agentflow: Facts) -> None:
    base = "flowise:shop/flows/agentflow#"
    assert agentflow.targets("USES", f"{base}agentflow") == {f"{base}Mail out"}
    assert f"flowise:{TEAM}" in agentflow.targets("DELEGATES_TO", f"{base}agentflow")
    assert agentflow.targets("USES_MODEL", f"{base}agentflow") == {"gpt-4.1"}


def test_preset_servers_are_their_packages(agentflow: Facts) -> None:
    server = "mcp:shop/flows/agentflow.json#Searcher/slackMCP"
    assert agentflow.nodes["ToolServer", server]["package"] == "pkg:npm/%40modelcontextprotocol/server-slack"
    assert agentflow.props("CONNECTS_TO", "flowise:shop/flows/agentflow#Searcher", server)["tools"] == ["slack_post_message"]


def test_an_export_of_everything_holds_several_flows() -> None:
    found = read("everything")
    base = "flowise:shop/flows/everything#"
    assert {id for kind, id in found.nodes if kind == "Workflow"} == {f"{base}Team", f"{base}Chat"}
    assert found.targets("DELEGATES_TO", f"{base}Team") == {f"{base}Team#Lead"}
    assert found.targets("DELEGATES_TO", f"{base}Team#Lead") == {f"{base}Team#Packer", f"{base}Team#Driver"}
    assert found.targets("USES", f"{base}Team#Packer") == {f"{base}Team#Python"}
    assert found.targets("USES", f"{base}Team#Driver") == set()
    assert found.bindings["flowise", TEAM].target == ("Workflow", f"{base}Team")


def test_a_custom_tool_is_a_tool_and_no_agent() -> None:
    found = read("tool")
    tool = ("Tool", "flowise:shop/flows/tool#ring_bell")
    assert list(found.nodes) == [tool]
    assert found.nodes[tool]["effects"] == ["egress", "execute", "read", "write"]
    assert found.targets("HOLDS", tool[1]) == {"env:BELL_TOKEN"}


@pytest.mark.parametrize(
    ("path", "head", "ours"),
    [
        ("any.json", b'{"description": "x", "nodes": [ { "id": "a", "type": "agentFlow"', True),
        ("any.json", b'{"nodes": [{"width": 300, "id": "a", "type": "customNode"', True),
        ("all.json", b'{"AgentFlow": [], "ChatFlow": [{"flowData": "{', True),
        ("tool.json", b'{"name": "x", "color": "", "iconSrc": ""', True),
        ("graph.json", b'{"nodes": [{"id": 1}], "edges": []}', False),
        ("package.json", b'{"name": "flowise"}', False),
    ],
)
def test_detects_by_head(path: str, head: bytes, ours: bool) -> None:
    assert flowise.detect(path, head) is ours


@pytest.mark.parametrize(
    "value",
    [
        {"nodes": "inputAnchors"},
        {
            "nodes": [1, {"data": []}, {"id": "a", "data": {"name": "toolAgent", "inputs": [], "inputAnchors": []}}],
            "edges": [1, {"source": 2}],
        },
        {"nodes": [{"id": "a", "data": {"name": "agentAgentflow", "inputs": {"agentTools": [1, {}], "agentFlow": 1}}}], "edges": 3},
        {"ChatFlow": [{"flowData": "no json"}, {"flowData": "[1]"}, 7], "AgentFlow": "x"},
        {"func": "x", "schema": 7, "name": []},
        {"nodes": [{"id": "a", "parentNode": "a", "data": {"name": "loopAgentflow", "inputs": {"loopBackToNode": "a-x"}, "agentFlow": 1}}]},
    ],
)
def test_odd_shapes_give_facts_or_nothing(value: object) -> None:
    Facts(flowise, document(json.dumps(value), "x.json"))
