"""Workflows of n8n: who has which tool, who calls whom, what comes in, and which credential belongs to what."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graphinv.ingest import n8n
from graphinv.model.errors import IngestError
from tests.ingest.reading import Facts, document, fake, fingerprint, fixture

DESK = "n8n:shop/flows/desk"
CARRIER = fake("carrier")
CREDENTIAL = "n8n-credential:shop#"


@pytest.fixture(scope="module")
def desk() -> Facts:
    read = fixture("lowcode/n8n_desk.json", "flows/desk.json", {"CARRIER": CARRIER})
    assert n8n.detect(read.path, read.data[:4096])
    return Facts(n8n, read)


@pytest.fixture(scope="module")
def several() -> Facts:
    return Facts(n8n, fixture("lowcode/n8n_several.json", "all.json"))


def flow(nodes: list[dict[str, Any]], connections: dict[str, Any] | None = None, **more: Any) -> Facts:
    """Facts of a workflow that is written down in a test."""
    made = {"nodes": nodes, "connections": connections or {}, **more}
    return Facts(n8n, document(json.dumps(made), "flow.json"))


def node(name: str, kind: str, parameters: dict[str, Any] | None = None, **more: Any) -> dict[str, Any]:
    return {"name": name, "type": f"n8n-nodes-base.{kind}", "parameters": parameters or {}, **more}


def test_agents_are_nodes_and_notes_are_not(desk: Facts) -> None:
    agents = {id for kind, id in desk.nodes if kind == "Agent"}
    assert agents == {f"{DESK}#Returns", f"{DESK}#Refunds", f"{DESK}#Writer"}
    assert desk.nodes["Agent", f"{DESK}#Returns"] | {"sources": []} == {
        "name": "Returns",
        "framework": "n8n",
        "kind_detail": "n8n agent node",
        "status": "active",
        "sources": [],
    }
    assert desk.nodes["Workflow", f"{DESK}#Return desk"]["status"] == "active"
    assert desk.problems == []


@pytest.mark.parametrize(("stated", "status"), [({"isArchived": True}, "retired"), ({"active": True}, "active"), ({"active": False}, None)])
def test_agents_of_a_workflow_are_in_service_as_it_is(stated: dict[str, Any], status: str | None) -> None:
    facts = flow([{"name": "Helper", "type": "@n8n/n8n-nodes-langchain.agent", "parameters": {}}], **stated)
    assert facts.nodes["Agent", "n8n:shop/flow#Helper"].get("status") == status


def test_edges_from_tools_to_agents_are_turned_round(desk: Facts) -> None:
    assert desk.targets("USES", f"{DESK}#Returns") == {f"{DESK}#{name}" for name in ("Orders", "Open orders", "Policies", "Weight")}
    assert desk.targets("USES", f"{DESK}#Refunds") == {f"{DESK}#Pay back"}
    assert desk.targets("USES", f"{DESK}#Writer") == set()


def test_delegation_points_from_the_one_who_decides(desk: Facts) -> None:
    workflow = f"{DESK}#Return desk"
    assert desk.targets("DELEGATES_TO", workflow) == {f"{DESK}#Returns", f"{DESK}#Writer"}
    assert desk.targets("DELEGATES_TO", f"{DESK}#Returns") == {f"{DESK}#Refunds", f"{DESK}#Writer", workflow, "n8n:WfEscalate000001"}
    mechanisms = {edge.props["kind_detail"] for edge in desk.edges if edge.kind == "DELEGATES_TO"}
    assert mechanisms == {"workflow_step", "agent_tool", "workflow_tool", "conditional_edge"}


def test_effects_follow_the_operation(desk: Facts) -> None:
    def effects(name: str) -> list[str]:
        return list(desk.nodes["Tool", f"{DESK}#{name}"]["effects"])

    assert effects("Orders") == ["destructive", "read", "write"], "the model writes the statement"
    assert effects("Open orders") == ["read"]
    assert effects("Pay back") == ["egress", "irreversible", "write"]
    assert effects("Weight") == [], "its author's code only computes"
    assert effects("Reply") == ["egress", "irreversible", "write"]
    database = "n8n:postgres/shop#postgres/PoStGrEs00000001"
    assert desk.props("CAN_ACCESS", f"{DESK}#Open orders", database)["actions"] == ["read"]
    assert desk.nodes["Resource", database]["name"] == "postgres (Orders database)"


def test_steps_after_an_agent_are_tools_of_the_workflow(desk: Facts) -> None:
    assert desk.targets("USES", f"{DESK}#Return desk") == {f"{DESK}#Reply", f"{DESK}#Label"}


def test_credentials_belong_to_what_uses_them(desk: Facts) -> None:
    assert desk.targets("HOLDS", f"{DESK}#Pay back") == {f"{CREDENTIAL}stripeApi/StRiPe0000000001"}
    assert f"{CREDENTIAL}openAiApi/OpEnAi0000000001" in desk.targets("HOLDS", f"{DESK}#Returns")
    assert f"{CREDENTIAL}gmailOAuth2/GmAiL00000000001" in desk.targets("HOLDS", f"{DESK}#Return desk")
    assert desk.targets("HOLDS", f"{DESK}#Label") == {f"secret:{fingerprint(CARRIER)}", "env:CARRIER_TOKEN"}
    stripe = desk.nodes["Secret", f"{CREDENTIAL}stripeApi/StRiPe0000000001"]
    assert (stripe["name"], stripe["kind_detail"], stripe["type"]) == ("Stripe live", "stripeApi", "api_key")


def test_servers_with_the_tools_that_are_chosen(desk: Facts) -> None:
    server = "https://mcp.carrier.example/mcp"
    assert desk.props("CONNECTS_TO", f"{DESK}#Returns", server)["tools"] == ["label", "track"]
    assert desk.nodes["ToolServer", server]["auth"] == "key"


def test_memory_and_vector_stores(desk: Facts) -> None:
    store = "n8n-vector:shop#Pinecone/pineconeApi/PiNeCoNe00000001/policies"
    assert desk.targets("READS", f"{DESK}#Returns") == {f"{DESK}#Thread", store}
    assert desk.targets("WRITES", f"{DESK}#Returns") == {f"{DESK}#Thread"}
    assert desk.nodes["Memory", f"{DESK}#Thread"]["scope"] == "session"
    assert desk.nodes["Resource", store]["type"] == "vector_store"


def test_mail_is_untrusted_and_reaches_the_first_agent(desk: Facts) -> None:
    mail = f"{DESK}#Shop mail"
    assert desk.nodes["ContentSource", mail]["trust"] == "untrusted"
    assert {source for source, target in desk.drawn("INGESTS") if target == mail} == {f"{DESK}#Return desk", f"{DESK}#Returns"}


def test_several_workflows_of_one_file_keep_their_ids(several: Facts) -> None:
    flows = {id: props for (kind, id), props in several.nodes.items() if kind == "Workflow"}
    base = "n8n:shop/all#"
    assert set(flows) == {
        f"{base}Escalation (WfEscalate000001)",
        f"{base}Escalation (WfEscalate000001)#Page",
        f"{base}Escalation (1)",
        f"{base}Offer",
    }
    assert flows[f"{base}Escalation (1)"]["name"] == "Escalation"
    assert flows[f"{base}Offer"]["status"] == "retired"
    assert "status" not in flows[f"{base}Escalation (WfEscalate000001)"], "inactive is what every template says"
    assert several.bindings["n8n", "WfEscalate000001"].target[1] == f"{base}Escalation (WfEscalate000001)"


def test_assistants_are_agents_and_other_calls_of_a_model_are_not(several: Facts) -> None:
    first = "n8n:shop/all#Escalation (WfEscalate000001)"
    assert {id for kind, id in several.nodes if kind == "Agent"} == {f"{first}#Assistant", "n8n:shop/all#Escalation (1)#Same"}
    assert several.targets("USES_MODEL", first) == {"gpt-4.1"}


def test_workflows_inside_a_tool_by_id_and_chosen_at_run_time(several: Facts) -> None:
    first = "n8n:shop/all#Escalation (WfEscalate000001)"
    assert several.targets("DELEGATES_TO", f"{first}#Assistant") == {f"{first}#Page"}
    assert several.targets("USES", f"{first}#Page") == {f"{first}#Page#Fetch"}
    assert "n8n:WfDesk0000000001" in several.targets("DELEGATES_TO", first)
    assert [message for _, _, message in several.problems] == ["the workflow that node 'Later' runs is chosen at run time"]


def test_who_may_start_it_decides_about_trust(several: Facts) -> None:
    first = "n8n:shop/all#Escalation (WfEscalate000001)#"
    said = {
        id.removeprefix(first): (props.get("trust"), props.get("labels"))
        for (kind, id), props in several.nodes.items()
        if kind == "ContentSource"
    }
    assert said == {
        "Chat": ("untrusted", ["authentication=none", "public=true"]),
        "Hook": ("untrusted", ["authentication=none"]),
        "Safe hook": (None, ["authentication=headerAuth"]),
        "Test chat": (None, ["public=false"]),
    }


def test_what_one_workflow_puts_into_a_store_another_reads(desk: Facts, several: Facts) -> None:
    written = {target for _, target in several.drawn("WRITES")}
    assert written == {"n8n-vector:shop#Pinecone/pineconeApi/PiNeCoNe00000001/policies"}
    assert written <= {target for _, target in desk.drawn("READS")}


def test_an_mcp_trigger_offers_its_tools(several: Facts) -> None:
    server = "mcp:shop/all.json#Offer/Desk server"
    assert several.targets("PROVIDES", server) == {"n8n:shop/all#Offer#Find"}
    assert several.nodes["ToolServer", server]["auth"] == "none"


def test_a_disabled_agent_and_what_hangs_on_it_are_out() -> None:
    agent = {"name": "A", "type": "@n8n/n8n-nodes-langchain.agent", "disabled": True}
    found = flow([agent, node("T", "slackTool")], {"T": {"ai_tool": [[{"node": "A", "type": "ai_tool", "index": 0}]]}})
    assert set(found.nodes) == {("Workflow", "n8n:shop/flow#flow")}


def test_tools_and_models_that_are_drawn_like_steps_are_what_they_are() -> None:
    langchain = "@n8n/n8n-nodes-langchain."
    nodes: list[dict[str, Any]] = [
        {"name": "A", "type": f"{langchain}agent"},
        {"name": "C", "type": f"{langchain}toolCode"},
        {"name": "M", "type": f"{langchain}lmChatOpenAi", "parameters": {"model": "gpt-4o"}},
        node("Loose", "slackTool"),
    ]
    steps = {"A": {"main": [[{"node": "C", "type": "main", "index": 0}]]}, "M": {"main": [[{"node": "A", "type": "main", "index": 0}]]}}
    found = flow(nodes, steps)
    assert found.drawn("USES") == {("n8n:shop/flow#A", "n8n:shop/flow#C")}, "a loose tool belongs to nobody"
    assert found.targets("USES_MODEL", "n8n:shop/flow#A") == {"gpt-4o"}


def test_two_nodes_of_one_name_are_told() -> None:
    found = flow([node("A", "code"), node("A", "slack")])
    assert [message for _, _, message in found.problems] == ["two nodes of a workflow have one name; the first counts"]


def test_a_server_whose_address_is_not_in_the_file_is_unknown() -> None:
    client = {"name": "M", "type": "@n8n/n8n-nodes-langchain.mcpClientTool", "parameters": {"sseEndpoint": "={{ $json.url }}"}}
    agent = {"name": "A", "type": "@n8n/n8n-nodes-langchain.agent"}
    found = flow([agent, client], {"M": {"ai_tool": [[{"node": "A", "type": "ai_tool", "index": 0}]]}})
    assert found.targets("CONNECTS_TO", "n8n:shop/flow#A") == {"mcp:shop/flow.json#M"}
    assert [message for _, _, message in found.problems] == ["the address of MCP server 'M' is not in the file"]


def test_problems_are_counted_where_they_are_many() -> None:
    found = flow([node(f"R{index}", "executeWorkflow", {"workflowId": "={{ $json.id }}"}) for index in range(50)])
    assert len(found.problems) == 21
    assert found.problems[-1][2] == "30 further warnings of this kind"


def test_a_stray_word_after_the_workflow_is_left_out() -> None:
    text = json.dumps({"nodes": [node("T", "code")], "connections": {}})
    found = Facts(n8n, document(text + "My flow", "flow.json"))
    assert ("Tool", "n8n:shop/flow#T") in found.nodes
    assert [message for _, _, message in found.problems] == ["more follows where the workflow ends; it is left out"]


def test_the_same_under_another_line_is_the_same() -> None:
    value = {"nodes": [node("T", "code")], "connections": {}}
    one = Facts(n8n, document(json.dumps(value), "flow.json"))
    other = Facts(n8n, document("\n\n" + json.dumps(value, indent=4), "flow.json"))
    assert set(one.nodes) == set(other.nodes)


@pytest.mark.parametrize(
    ("path", "head", "ours"),
    [
        ("a/any name.json", b'{"nodes": [{"type": "n8n-nodes-base.set"}]', True),
        ("late.json", b'{"name": "x", "nodes": [{"parameters": {}}], "connections": {', True),
        ("long.json", b'{"nodes": [{"parameters": {"jsCode": "' + b"x" * 4000, True),
        ("list.json", b'[{"nodes": [], "connections": {}}]', True),
        ("package.json", b'{"name": "n8n-thing", "dependencies": {}}', False),
        ("graph.json", b'{"nodes": [{"id": 1}], "edges": []}', False),
        ("flow.yaml", b'{"nodes": [{"type": "n8n-nodes-base.set"}]', False),
        ("a.json", b'{"active": true, "connections": {"Ask": {"ai_languageModel": [[{"node": "Agent", "type": "ai_languageModel"', True),
        ("a.json", b'{"active": true, "connections": {"Ask": {"main": [[{"to": "Agent"', False),
    ],
)
def test_detects_by_head(path: str, head: bytes, ours: bool) -> None:
    assert n8n.detect(path, head) is ours


def test_a_graph_of_something_else_is_nothing() -> None:
    assert list(n8n.read(document('{"nodes": [{"type": "x"}], "connections": {}}', "x.json"))) == []


@pytest.mark.parametrize(
    "value",
    [
        {"nodes": "n8n-nodes-base.set"},
        {"nodes": [None, 3, {"type": {}}, {"type": "n8n-nodes-base.set", "parameters": []}], "connections": []},
        {"nodes": [{"type": "n8n-nodes-base.gmail", "credentials": ["x", None]}], "connections": {"gmail 0": {"main": [None, [None, {}]]}}},
        {"workflows": [[[[{"nodes": []}]]], {"nodes": [{"type": "n8n-nodes-base.if"}]}]},
    ],
)
def test_odd_shapes_give_facts_or_nothing(value: object) -> None:
    Facts(n8n, document(json.dumps(value), "x.json"))


def test_cut_off_is_an_error_that_names_the_line() -> None:
    with pytest.raises(IngestError, match="cut off"):
        list(n8n.read(document('{"nodes": [{"type": "n8n-nodes-base.set"', "x.json")))


@pytest.mark.parametrize(
    ("code", "count"),
    [
        ("const token = makeAccessToken();\nreturn token", 0),
        ("let token_handler = TokenUsageHandler(model)\nreturn 1", 0),
        (f"const token = '{fake('token')}';\nreturn token", 1),
        ("return { token: (req.headers.authorization || '').trim(), secret: $input.first().json.webhook_secret };", 0),
        ("const ssh_password = row.ssh_password || null;\nreturn { json: { ssh_password: ssh_password } }", 0),
        ("return { ssh_password: (vm.fields && vm.fields.ssh_password) || '' }", 0),
        ('const at = "Server=db;Password=hunterville;";\nreturn at', 1),
        ("const at = `host: db\n  password: hunterville\n`;\nreturn at", 1),
        (f'headers = {{"Authorization": "Bearer {fake("token")}"}}', 1),
    ],
)
def test_what_a_script_calls_is_no_credential(code: str, count: int) -> None:
    node = {"name": "Run", "type": "n8n-nodes-base.code", "parameters": {"jsCode": code}}
    found = Facts(n8n, document(json.dumps({"nodes": [node], "connections": {}}), "x.json"))
    assert len([kind for kind, _ in found.nodes if kind == "Secret"]) == count


@pytest.mark.parametrize(
    ("code", "effects"),
    [
        ("return eval(query)", ["execute"]),
        ("const x = require('fs'); return x", ["execute"]),
        ("import os\nreturn os.listdir('/')", ["execute"]),
        ("return new Function(query)()", ["execute"]),
        ("", ["execute"]),
        ("return await this.helpers.httpRequest({url: query})", ["egress", "read"]),
        ("return await fetch('https://api.shop.example/orders?id=' + query)", ["egress", "read"]),
        (
            "return await this.helpers.httpRequest({method: 'POST', url: 'https://api.shop.example/notes', body: query})",
            ["egress", "read", "write"],
        ),
        ('return await fetch(\'https://api.shop.example/notes\', {"method": "POST", body: query})', ["egress", "read", "write"]),
        ("return await fetch(url, {method, body: query})", ["egress", "read", "write"]),
        ("return await $http.delete('https://api.shop.example/notes/' + query)", ["destructive", "egress", "read"]),
        ("return globalThis['process'].env", ["execute"]),
        ("const load = require; return load('fs')", ["execute"]),
        ("return Function(query)()", ["execute"]),
        ("function double(x) { return 2 * x }\nreturn double(query)", []),
        ("const open = {os: 'Linux', process: 1, import: 2};\n// What is open\nreturn open[query]", []),
    ],
)
def test_a_code_tool_does_what_its_authors_code_does(code: str, effects: list[str]) -> None:
    tool = {"name": "C", "type": "@n8n/n8n-nodes-langchain.toolCode", "parameters": {"jsCode": code}}
    agent = {"name": "A", "type": "@n8n/n8n-nodes-langchain.agent"}
    found = flow([agent, tool], {"C": {"ai_tool": [[{"node": "A", "type": "ai_tool", "index": 0}]]}})
    assert found.nodes["Tool", "n8n:shop/flow#C"]["effects"] == effects


def test_a_call_of_a_workflow_runs_what_comes_after_its_trigger_for_calls() -> None:
    itself = {"workflowId": {"__rl": True, "value": "={{ $workflow.id }}", "mode": "id"}}
    nodes = [
        node("Hook", "webhook"),
        {"name": "Desk", "type": "@n8n/n8n-nodes-langchain.agent"},
        node("Look up", "toolWorkflow", itself),
        node("Forget", "postgres", {"operation": "deleteTable"}),
        node("Called", "executeWorkflowTrigger"),
        node("Note", "postgres", {"operation": "insert"}),
        {"name": "Writer", "type": "@n8n/n8n-nodes-langchain.agent"},
    ]
    after = {
        "Hook": {"main": [[{"node": "Forget", "type": "main", "index": 0}]]},
        "Forget": {"main": [[{"node": "Desk", "type": "main", "index": 0}]]},
        "Look up": {"ai_tool": [[{"node": "Desk", "type": "ai_tool", "index": 0}]]},
        "Called": {"main": [[{"node": "Note", "type": "main", "index": 0}]]},
        "Note": {"main": [[{"node": "Writer", "type": "main", "index": 0}]]},
    }
    found = flow(nodes, after, name="Shop")
    assert found.targets("DELEGATES_TO", "n8n:shop/flow#Desk") == {"n8n:shop/flow#Called"}
    assert found.targets("USES", "n8n:shop/flow#Called") == {"n8n:shop/flow#Note"}
    assert found.targets("DELEGATES_TO", "n8n:shop/flow#Called") == {"n8n:shop/flow#Writer"}
    assert found.targets("USES", "n8n:shop/flow#Shop") == {"n8n:shop/flow#Note", "n8n:shop/flow#Forget"}


def test_a_workflow_that_is_only_called_is_one() -> None:
    nodes = [node("Called", "executeWorkflowTrigger"), node("Note", "postgres", {"operation": "insert"})]
    found = flow(nodes, {"Called": {"main": [[{"node": "Note", "type": "main", "index": 0}]]}}, name="Shop")
    assert [id for kind, id in found.nodes if kind == "Workflow"] == ["n8n:shop/flow#Shop"]


def test_how_the_communitys_client_proves_itself_is_in_its_credential() -> None:
    client = {"name": "Search", "type": "n8n-nodes-mcp.mcpClientTool", "credentials": {"mcpClientApi": {"id": "C1", "name": "Search"}}}
    agent = {"name": "A", "type": "@n8n/n8n-nodes-langchain.agent"}
    found = flow([agent, client], {"Search": {"ai_tool": [[{"node": "A", "type": "ai_tool", "index": 0}]]}})
    [server] = [props for (kind, _), props in found.nodes.items() if kind == "ToolServer"]
    assert server.get("auth") is None
