"""Flows of Power Automate and of Logic Apps: who starts them, what they do, which agents they have or call."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graphinv.ingest import copilot_studio, logic_apps
from tests.ingest.reading import Facts, document, fake, fingerprint

GUID = "0F3C1B2A-1111-4222-8333-0123456789AB"
FLOW = f"power-automate:shop#{GUID.lower()}"
SCHEMA = "https://schema.management.azure.com/providers/Microsoft.Logic/schemas/2016-06-01/workflowdefinition.json#"


def definition(triggers: dict[str, Any], actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"$schema": SCHEMA, "contentVersion": "1.0.0.0", "triggers": triggers, "actions": actions, **more}


def connected(name: str, operation: str, parameters: dict[str, Any] | None = None, kind: str = "OpenApiConnection") -> dict[str, Any]:
    host = {"connectionName": name, "operationId": operation, "apiId": f"/providers/Microsoft.PowerApps/apis/{name}"}
    return {"type": kind, "inputs": {"host": host, "parameters": parameters or {}}}


def flow(triggers: dict[str, Any], actions: dict[str, Any], references: dict[str, str] | None = None) -> Facts:
    """A flow of a solution; ``references`` say whose connection each is."""
    connections = {
        name: {"runtimeSource": source, "api": {"name": name}, "connection": {"connectionReferenceLogicalName": f"shop_{name}"}}
        for name, source in (references or {}).items()
    }
    whole = {"properties": {"connectionReferences": connections, "definition": definition(triggers, actions)}, "schemaVersion": "1.0.0.0"}
    given = document(json.dumps(whole), f"Workflows/Orders-{GUID}.json")
    assert logic_apps.detect(given.path, given.data[:4096])
    return Facts(logic_apps, given)


def app(triggers: dict[str, Any], actions: dict[str, Any], path: str = "apps/Orders/workflow.json", **more: Any) -> Facts:
    given = document(json.dumps({"definition": definition(triggers, actions), "kind": "Stateful", **more}), path)
    assert logic_apps.detect(given.path, given.data[:4096])
    return Facts(logic_apps, given)


MAIL = {"Mail": connected("shared_office365", "OnNewEmailV3", kind="OpenApiConnectionNotification")}
ASKED = {"manual": {"type": "Request", "kind": "Skills", "inputs": {}}}


def test_mail_of_strangers_that_is_handed_to_an_agent() -> None:
    ask = connected("shared_microsoftcopilotstudio", "ExecuteCopilot", {"Copilot": "shop_desk", "body/message": "Use @{triggerBody()}"})
    found = flow(MAIL, {"Ask": ask}, {"shared_office365": "embedded", "shared_microsoftcopilotstudio": "embedded"})
    assert found.nodes["Workflow", FLOW]["name"] == "Orders"
    assert found.targets("DELEGATES_TO", FLOW) == {"copilot-studio:shop_desk"}
    assert found.nodes["ContentSource", f"{FLOW}#Mail"]["trust"] == "untrusted"
    assert found.drawn("INGESTS") == {(FLOW, f"{FLOW}#Mail"), ("copilot-studio:shop_desk", f"{FLOW}#Mail")}
    assert found.props("INGESTS", "copilot-studio:shop_desk", f"{FLOW}#Mail")["evidence"] == ["declared"]
    assert not found.targets("USES", FLOW)


def test_what_an_agent_is_told_may_come_from_what_started_the_flow() -> None:
    ask = connected("shared_microsoftcopilotstudio", "ExecuteCopilot", {"Copilot": "shop_desk", "body/message": "@outputs('Compose')"})
    told = flow(MAIL, {"Ask": ask}).props("INGESTS", "copilot-studio:shop_desk", f"{FLOW}#Mail")
    assert told["evidence"] == ["inferred"]
    assert told["confidence"] == 0.6


def test_an_agent_whose_name_is_known_only_at_run_time() -> None:
    ask = connected("shared_microsoftcopilotstudio", "ExecuteCopilot", {"Copilot": "@variables('which')"})
    assert [message for _, _, message in flow(MAIL, {"Ask": ask}).problems] == [
        "starts an agent of Copilot Studio whose name is known only when it runs"
    ]


def test_an_agent_that_calls_a_flow_calls_that_very_flow() -> None:
    step = f"kind: AdaptiveDialog\nbeginDialog:\n  kind: InvokeFlowAction\n  flowId: {GUID.lower()}\n"
    agent = Facts(copilot_studio, document(step, "bots/desk/topics/a.mcs.yml"))
    assert agent.targets("DELEGATES_TO", "copilot-studio:shop/bots/desk") == {FLOW}
    assert ("Workflow", FLOW) in flow(ASKED, {}).nodes


@pytest.mark.parametrize("source", ["embedded", "invoker"])
def test_whose_connection_a_flow_uses(source: str) -> None:
    found = flow(ASKED, {"Send": connected("shared_office365", "SendEmailV2")}, {"shared_office365": source})
    assert found.targets("HOLDS", FLOW) == ({"power-platform:shop#connection/shop_shared_office365"} if source == "embedded" else set())
    assert not found.targets("INGESTS", FLOW)


def test_what_operations_do_wherever_they_stand() -> None:
    loop = {"type": "Foreach", "actions": {"Drop": connected("shared_sharepointonline", "DeleteItem", {"dataset": "https://a.example/s"})}}
    test = {
        "type": "If",
        "actions": {"Rows": connected("shared_commondataserviceforapps", "ListRecords")},
        "else": {"actions": {"L": loop}},
    }
    switch = {"type": "Switch", "cases": {"A": {"actions": {"Send": connected("shared_office365", "SharedMailboxSendEmailV2")}}}}
    switch["default"] = {"actions": {"Odd": connected("shared_acme-5fstock-5f4fe69411b7a87261", "Frobnicate")}}
    found = flow(ASKED, {"Test": test, "Switch": switch, "Note": {"type": "Compose", "inputs": "x"}})
    effects = {name[1].rpartition("/")[2]: props.get("effects") for name, props in found.nodes.items() if name[0] == "Tool"}
    assert effects == {
        "Drop": ["destructive", "egress"],
        "Rows": ["egress", "read"],
        "Send": ["egress", "irreversible", "write"],
        "Odd": None,
    }
    assert found.targets("CAN_ACCESS", f"{FLOW}/Drop") == {"https://a.example/s"}
    assert found.targets("USES", FLOW) == {f"{FLOW}/{name}" for name in effects}


def test_a_request_with_a_key_in_its_address_and_one_by_identity() -> None:
    key = fake("function", length=52)
    sent = {"type": "Http", "inputs": {"uri": f"https://parse.example/api/x?code={key}", "method": "POST"}}
    login = {"type": "ManagedServiceIdentity", "audience": "https://vault.example"}
    proved = {"type": "Http", "inputs": {"uri": "https://vault.example/k", "method": "GET", "authentication": login}}
    found = flow(ASKED, {"Parse": sent, "Key": proved})
    assert found.targets("HOLDS", FLOW) == {f"secret:{fingerprint(key)}"}
    assert found.targets("RUNS_AS", FLOW) == {f"{FLOW}#managed identity"}
    assert found.targets("CAN_ACCESS", f"{FLOW}/Parse") == {"https://parse.example"}


def test_what_an_expression_fills_in_is_no_secret() -> None:
    inputs = {"uri": "https://a.example", "method": "GET", "headers": {"api-key": "@{parameters('openAIKey')}", "x": "@parameters('k')"}}
    inputs["authentication"] = {"type": "Basic", "username": "shop", "password": "@appsetting('SHOP_PASSWORD')"}
    found = app(ASKED, {"Get": {"type": "Http", "inputs": inputs}})
    assert found.targets("HOLDS", "logic-apps:shop/apps/Orders") == {"env:SHOP_PASSWORD"}


def test_a_literal_in_an_expression_and_a_default_of_a_parameter() -> None:
    made, default = fake("made", "gh" + "p_"), fake("default")
    inputs = {"uri": "https://a.example", "headers": {"Authorization": f"@concat('Bearer ', '{made}')"}}
    text = definition(
        ASKED, {"Get": {"type": "Http", "inputs": inputs}}, parameters={"apiKey": {"type": "String", "defaultValue": default}}
    )
    found = Facts(logic_apps, document(json.dumps({"definition": text}), "infra/orders.json"))
    assert found.targets("HOLDS", "logic-apps:shop/infra/orders") == {f"secret:{fingerprint(made)}", f"secret:{fingerprint(default)}"}


@pytest.mark.parametrize(("who", "trust"), [("All", "untrusted"), ("Tenant", None), (None, "untrusted")])
def test_who_may_send_the_request_that_starts_it(who: str | None, trust: str | None) -> None:
    inputs = {"triggerAuthenticationType": who} if who else {}
    found = flow({"manual": {"type": "Request", "kind": "Http", "inputs": inputs}}, {})
    assert found.nodes["ContentSource", f"{FLOW}#manual"].get("trust") == trust


SQL = {"serviceProviderConfiguration": {"serviceProviderId": "/serviceProviders/sql"}}
LOAN = {
    "type": "Agent",
    "inputs": {
        "parameters": {
            "deploymentId": "gpt-4.1-mini",
            "messages": [{"role": "system", "content": "Decide."}, {"role": "user", "content": "It is @{triggerBody()}"}],
        },
    },
    "tools": {
        "Policy": {"actions": {"Give": {"type": "Compose", "inputs": "x"}}},
        "History": {"actions": {"Ask": {"type": "Workflow", "inputs": {"host": {"workflow": {"id": "History"}}}}}},
        "Tell": {
            "actions": {
                "Find": {
                    "type": "ServiceProvider",
                    "inputs": {"serviceProviderConfiguration": {"serviceProviderId": "/serviceProviders/sql"}},
                },
                "Send": {"type": "ApiConnection", "inputs": {"host": {"connection": {"referenceName": "office365"}}, "method": "post"}},
            }
        },
        "Over": {"actions": {"Hand": {"type": "AgentHandoff", "inputs": {"name": "Clerk"}}}},
        "Docs": {"type": "McpClientTool", "inputs": {}},
    },
}


def test_an_agent_of_a_logic_app() -> None:
    found = app({"manual": {"type": "Request", "kind": "Http"}}, {"Loan": LOAN, "Clerk": {"type": "Agent", "tools": {}}})
    base = "logic-apps:shop/apps/Orders"
    agent = f"{base}#Loan"
    assert found.nodes["Agent", agent]["autonomy"] == "autonomous"
    assert found.targets("DELEGATES_TO", base) == {agent, f"{base}#Clerk"}
    assert found.targets("DELEGATES_TO", agent) == {"logic-apps:History", f"{base}#Clerk"}
    assert found.props("DELEGATES_TO", agent, f"{base}#Clerk")["mode"] == "handoff"
    assert found.targets("USES", agent) == {f"{agent}/Policy", f"{agent}/Tell"}
    assert found.nodes["Tool", f"{agent}/Policy"]["effects"] == []
    assert "effects" not in found.nodes["Tool", f"{agent}/Tell"]  # the statement that it sends is not known
    assert found.targets("CONNECTS_TO", agent) == {"mcp:shop/apps/Orders/workflow.json#Docs"}
    assert found.targets("USES_MODEL", agent) == {"gpt-4.1-mini"}
    assert found.targets("INGESTS", agent) == {f"{base}#manual"}
    assert found.bindings["logic-apps", "Orders"].folder == "apps"
    assert found.targets("HOLDS", base) == {"power-platform:shop#connection/office365"}


def test_a_flow_that_starts_another() -> None:
    child = {"type": "Workflow", "inputs": {"host": {"workflowReferenceName": GUID}}}
    assert flow(ASKED, {"Child": child}).targets("DELEGATES_TO", FLOW) == {FLOW}


def test_a_person_who_must_agree_is_told() -> None:
    asked = connected("shared_approvals", "StartAndWaitForAnApproval", kind="OpenApiConnectionWebhook")
    found = flow(ASKED, {"Ask": asked})
    assert found.nodes["Workflow", FLOW]["labels"] == ["approval=human"]
    assert not found.targets("USES", FLOW)


def test_what_is_none_is_not_taken() -> None:
    template = json.dumps({"$schema": "https://schema.management.azure.com/schemas/2019-04-01/deploymentTemplate.json#", "a": SCHEMA})
    assert not logic_apps.detect("infra/main.json", template.encode())
    assert not logic_apps.detect("Workflows/notes.json", b'{"definition": 1}')
    assert not Facts(logic_apps, document(json.dumps({"definition": {"$schema": SCHEMA}}), "a.json")).all


def test_a_flow_with_too_many_actions_is_told() -> None:
    found = flow(ASKED, {f"a{number}": {"type": "Compose"} for number in range(5001)})
    assert [message for _, _, message in found.problems] == ["has more than 5000 actions; the rest is left out"]


def test_too_many_triggers_are_told_and_long_texts_borne() -> None:
    agent = {"type": "Agent", "inputs": {"parameters": {"messages": [{"role": "system", "content": "@" * 200_000}]}}}
    found = app({f"at{number}": {"type": "Request"} for number in range(60)}, {"Sort": agent})
    assert len(found.targets("INGESTS", "logic-apps:shop/apps/Orders#Sort")) == 50
    assert any("more than 50 triggers" in message for *_, message in found.problems)
