"""Apps of Dify: agents of graphs and apps that are agents, their tools and servers, variables that are secrets."""

from __future__ import annotations

import json

import pytest

from graphinv.ingest import dify
from graphinv.model.errors import IngestError
from tests.ingest.reading import Facts, document, fake, fingerprint, fixture

FLOW = "dify:shop/apps/help"
CLERK = "dify:shop/apps/clerk#Stock clerk"
CARRIER = fake("carrier")


@pytest.fixture(scope="module")
def flow() -> Facts:
    read = fixture("lowcode/dify_flow.yml", "apps/help.yml", {"CARRIER": CARRIER})
    assert dify.detect(read.path, read.data[:4096])
    return Facts(dify, read)


@pytest.fixture(scope="module")
def clerk() -> Facts:
    read = fixture("lowcode/dify_agent.yml", "apps/clerk.yaml")
    assert dify.detect(read.path, read.data[:4096])
    return Facts(dify, read)


def test_agent_nodes_are_agents_and_model_nodes_are_steps(flow: Facts) -> None:
    assert {id for kind, id in flow.nodes if kind == "Agent"} == {f"{FLOW}#Finder", f"{FLOW}#Answerer"}
    assert flow.nodes["Workflow", f"{FLOW}#Order help"]["type"] == "dify"
    assert flow.targets("USES_MODEL", f"{FLOW}#Order help") == {"deepseek-chat"}
    assert flow.targets("USES_MODEL", f"{FLOW}#Finder") == {"qwen-max"}


def test_agents_have_the_tools_that_are_switched_on(flow: Facts) -> None:
    assert flow.targets("USES", f"{FLOW}#Finder") == {f"{FLOW}#Finder/langgenius/tavily/tavily/tavily_search"}
    search = flow.nodes["Tool", f"{FLOW}#Finder/langgenius/tavily/tavily/tavily_search"]
    assert (search["effects"], search["ingests_untrusted"]) == (["egress", "read"], True)


def test_servers_by_address_and_by_name(flow: Facts) -> None:
    assert flow.targets("CONNECTS_TO", f"{FLOW}#Finder") == {"https://mcp.shop.example/sse", "mcp:shop#dify/stock"}
    assert flow.props("CONNECTS_TO", f"{FLOW}#Finder", "mcp:shop#dify/stock")["tools"] == ["count"]


def test_delegation(flow: Facts) -> None:
    assert flow.targets("DELEGATES_TO", f"{FLOW}#Order help") == {f"{FLOW}#Finder", f"{FLOW}#Answerer"}
    assert flow.targets("DELEGATES_TO", f"{FLOW}#Finder") == {f"{FLOW}#Answerer", "dify:Escalation"}
    assert flow.props("DELEGATES_TO", f"{FLOW}#Finder", f"{FLOW}#Answerer")["kind_detail"] == "conditional_edge"


def test_other_nodes_are_tools_of_the_workflow(flow: Facts) -> None:
    assert flow.targets("USES", f"{FLOW}#Order help") == {f"{FLOW}#{name}" for name in ("Book parcel", "Sum", "Delete row")}
    assert flow.nodes["Tool", f"{FLOW}#Delete row"]["effects"] == ["destructive"]
    assert flow.nodes["Tool", f"{FLOW}#Sum"]["effects"] == ["execute"]
    assert flow.targets("CAN_ACCESS", f"{FLOW}#Book parcel") == {"https://api.carrier.example"}


def test_variables_that_are_secret_are_held_by_what_reads_them(flow: Facts) -> None:
    carrier, later = f"secret:{fingerprint(CARRIER)}", f"{FLOW}#env/later"
    assert flow.targets("HOLDS", f"{FLOW}#Order help") == {carrier, later}
    assert flow.targets("HOLDS", f"{FLOW}#Book parcel") == {carrier}
    assert flow.targets("HOLDS", f"{FLOW}#Sum") == {later}
    assert flow.nodes["Secret", carrier]["name"] == "carrier"


def test_knowledge_is_one_memory_for_all_apps_that_name_it(flow: Facts, clerk: Facts) -> None:
    (read,) = flow.targets("READS", f"{FLOW}#Order help")
    assert {read} == clerk.targets("READS", CLERK)


def test_what_users_write_is_untrusted_and_reaches_the_first_agent(flow: Facts) -> None:
    assert flow.nodes["ContentSource", f"{FLOW}#user input"]["trust"] == "untrusted"
    assert {source for source, _ in flow.drawn("INGESTS")} == {f"{FLOW}#Order help", f"{FLOW}#Finder"}


def test_an_app_of_mode_agent_chat_is_an_agent(clerk: Facts) -> None:
    assert [key for key in clerk.nodes if key[0] in ("Agent", "Workflow")] == [("Agent", CLERK)]
    base = "dify:shop/apps/clerk#"
    assert clerk.targets("USES", CLERK) == {f"{base}time/current_time", f"{base}langgenius/gmail/gmail/send_message"}
    assert clerk.nodes["Tool", f"{base}time/current_time"]["effects"] == []
    assert clerk.nodes["Tool", f"{base}langgenius/gmail/gmail/send_message"]["effects"] == ["egress", "irreversible", "write"]
    assert clerk.props("CONNECTS_TO", CLERK, "mcp:shop#dify/stock")["tools"] == ["count", "move"]
    assert clerk.targets("USES_MODEL", CLERK) == {"gpt-4o"}


def test_a_chat_app_without_tools_is_no_agent() -> None:
    text = "app: {mode: chat, name: Talk}\nkind: app\nmodel_config:\n  agent_mode: {enabled: false, tools: []}\n  model: {name: gpt-4o}\n"
    found = Facts(dify, document(text, "talk.yml"))
    assert not any(kind == "Agent" for kind, _ in found.nodes)
    assert found.targets("USES_MODEL", "dify:shop/talk#Talk") == {"gpt-4o"}


def test_servers_in_the_settings_of_an_agent_as_json() -> None:
    text = (
        "app: {mode: workflow, name: W}\nkind: app\nworkflow:\n  graph:\n    nodes:\n    - id: a\n      data:\n        type: agent\n"
        '        title: A\n        agent_parameters:\n          mcp_servers_config:\n            value: \'{"map": {"url": "https://map.example/mcp"}}\'\n'
    )
    found = Facts(dify, document(text, "w.yml"))
    assert found.targets("CONNECTS_TO", "dify:shop/w#A") == {"https://map.example/mcp"}


@pytest.mark.parametrize(
    ("path", "head", "ours"),
    [
        ("a.yml", b"app:\n  mode: workflow\n  name: x\n", True),
        ("a.yaml", b"version: 0.3.0\nkind: app\nmodel_config:\n", True),
        ("docker-compose.yml", b"services:\n  app:\n    image: x\n", False),
        ("app.yml", b"app:\n  name: x\n  mode: production\n", False),
        ("a.json", b"app:\n  mode: workflow\n", False),
    ],
)
def test_detects_by_head(path: str, head: bytes, ours: bool) -> None:
    assert dify.detect(path, head) is ours


@pytest.mark.parametrize(
    "text",
    [
        "app: [1]\nkind: app\n",
        "app: {mode: workflow}\nworkflow: [1]\n",
        "app: {mode: workflow}\nworkflow: {graph: {nodes: [1, {data: [2]}, {data: {type: agent, agent_parameters: [3]}}], edges: [4]}}\n",
        "app: {mode: agent-chat}\nmodel_config: {agent_mode: {tools: [1, {tool_name: []}, {enabled: true}]}, dataset_configs: 7}\n",
        "app: {mode: workflow}\nworkflow: {environment_variables: [1, {name: 2, value: 3, value_type: secret}]}\n",
    ],
)
def test_odd_shapes_give_facts_or_nothing(text: str) -> None:
    Facts(dify, document(text, "x.yml"))


def test_what_is_no_yaml_is_an_error() -> None:
    with pytest.raises(IngestError):
        list(dify.read(document("app:\n  mode: workflow\n  x: [", "x.yml")))


def test_an_export_as_the_interface_answers_it() -> None:
    tools = "  agent_mode:\n    tools:\n    - {tool_name: tavily_search, provider_id: tavily}\n"
    text = f"app:\n  mode: agent-chat\n  name: Desk\nmodel_config:\n{tools}"
    given = document(json.dumps({"data": text}), "desk.yml")
    assert dify.detect(given.path, given.data)
    found = Facts(dify, given)
    (agent,) = [id for kind, id in found.nodes if kind == "Agent"]
    assert found.nodes["Agent", agent]["name"] == "Desk"
    assert found.nodes["Agent", agent]["sources"] == ["shop/desk.yml#L1"]
    assert len(found.targets("USES", agent)) == 1
    assert not dify.detect("a.json", b'{"data": "kind: Pod"}')
