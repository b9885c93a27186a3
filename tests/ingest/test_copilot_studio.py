"""Agents of Copilot Studio: what a folder of its documents says of one."""

from __future__ import annotations

from textwrap import dedent

import pytest

from graphinv.ingest import claude_skills, copilot_studio
from graphinv.model.errors import IngestError
from tests.ingest.reading import Facts, document, fake, fingerprint

ME = "copilot-studio:shop/bots/desk"


def read(text: str, path: str) -> Facts:
    given = document(dedent(text), path)
    assert copilot_studio.detect(given.path, given.data[:4096])
    return Facts(copilot_studio, given)


def test_an_agent_with_its_model_and_what_it_may_do_by_itself() -> None:
    found = read(
        """
        mcs.metadata:
          componentName: Desk
        kind: GptComponentMetadata
        displayName: Front desk
        instructions: Answer politely.
        gptCapabilities:
          webBrowsing: true
          codeInterpreter: false
        aISettings:
          model:
            modelNameHint: GPT41
        """,
        "bots/desk/agent.mcs.yml",
    )
    assert found.nodes["Agent", ME]["name"] == "Front desk"
    assert found.targets("USES", ME) == {f"{ME}/web_search"}
    assert found.targets("USES_MODEL", ME) == {"GPT41"}


def test_a_child_is_called_by_the_agent_it_lies_in() -> None:
    found = read("kind: AgentDialog\nsettings:\n  instructions: Count.\n", "bots/desk/agents/Stock/agent.mcs.yml")
    assert found.nodes["Agent", f"{ME}/agents/Stock"]["name"] == "Stock"
    assert found.targets("DELEGATES_TO", ME) == {f"{ME}/agents/Stock"}


@pytest.mark.parametrize(("mode", "trust"), [("None", "untrusted"), ("Integrated", None)])
def test_who_may_talk_to_it(mode: str, trust: str | None) -> None:
    found = read(f"schemaName: shop_desk\nauthenticationMode: {mode}\n", "bots/desk/settings.mcs.yml")
    assert found.bindings["copilot-studio", "shop_desk"].target == ("Agent", ME)
    assert found.nodes["ContentSource", f"{ME}#conversation"].get("trust") == trust
    assert found.targets("INGESTS", ME) == {f"{ME}#conversation"}


ACTION = """
kind: TaskDialog
modelDisplayName: Post a message
action:
  kind: InvokeConnectorTaskAction
  connectionReference: shop_desk.shared_teams.0f3c
  connectionProperties:
    mode: {mode}
  operationId: PostMessageToConversation
"""


def test_an_operation_of_a_connector_with_the_connection_of_its_maker() -> None:
    found = read(ACTION.format(mode="Maker"), "bots/desk/actions/Post.mcs.yml")
    assert found.targets("USES", ME) == {f"{ME}/teams/PostMessageToConversation"}
    assert found.nodes["Tool", f"{ME}/teams/PostMessageToConversation"]["effects"] == ["egress", "irreversible", "write"]
    assert found.targets("HOLDS", ME) == {"power-platform:shop#connection/shop_desk.shared_teams.0f3c"}
    assert found.props("HOLDS", ME, "power-platform:shop#connection/shop_desk.shared_teams.0f3c")["place"] == "vault"


def test_the_connection_of_whoever_asks_is_not_the_agents() -> None:
    assert not read(ACTION.format(mode="Invoker"), "bots/desk/actions/Post.mcs.yml").targets("HOLDS", ME)


def test_a_server_behind_a_connector() -> None:
    found = read(
        """
        kind: TaskDialog
        modelDisplayName: Stock
        action:
          kind: InvokeExternalAgentTaskAction
          connectionReference: shop_desk.shared_stock.0f3c
          operationDetails:
            kind: ModelContextProtocolMetadata
            operationId: InvokeMCP
        """,
        "bots/desk/actions/Stock.mcs.yml",
    )
    assert found.targets("CONNECTS_TO", ME) == {"mcp:shop#copilot-studio/stock"}


def test_the_steps_of_a_topic() -> None:
    key = fake("topic")
    found = read(
        f"""
        kind: AdaptiveDialog
        beginDialog:
          kind: OnRecognizedIntent
          actions:
            - kind: InvokeFlowAction
              flowId: 0f3c
            - kind: ConditionGroup
              conditions:
                - actions:
                    - kind: HttpRequestAction
                      id: ask
                      url: https://api.acme.example/v1
                      headers:
                        Authorization: Bearer {key}
                    - kind: InvokeConnectedAgentTaskAction
                      botSchemaName: shop_other
        """,
        "bots/desk/topics/Ask.mcs.yml",
    )
    assert found.targets("DELEGATES_TO", ME) == {"power-automate:shop#0f3c", "copilot-studio:shop_other"}
    assert found.targets("USES", ME) == {f"{ME}/ask"}
    assert found.targets("HOLDS", ME) == {f"secret:{fingerprint(key)}"}


def test_sites_it_looks_things_up_in() -> None:
    own = read(
        """
        mcs.metadata:
          componentName: Policies
        kind: KnowledgeSourceConfiguration
        source:
          kind: SharePointSearchSource
          site: https://acme.sharepoint.com/sites/hr
        """,
        "bots/desk/knowledge/files/a.mcs.yml",
    )
    assert own.targets("CAN_ACCESS", f"{ME}/Policies") == {"https://acme.sharepoint.com/sites/hr"}
    public = read(
        "kind: KnowledgeSourceConfiguration\nsource: {kind: PublicSiteSearchSource, site: https://a.example}\n",
        "bots/desk/knowledge/b.mcs.yml",
    )
    assert public.nodes["ContentSource", f"{ME}#knowledge"]["trust"] == "untrusted"


def test_the_name_of_a_flow_beside_them() -> None:
    found = read("jsonFileName: a.json\nworkflowId: 0f3c\nname: Post it\n", "bots/desk/workflows/Post-0f3c/metadata.yml")
    assert found.nodes["Workflow", "power-automate:shop#0f3c"]["name"] == "Post it"
    assert not copilot_studio.detect("charts/workflows/x/metadata.yml", b"name: x\n")


def test_a_document_to_copy_is_no_agent() -> None:
    assert not read("kind: GptComponentMetadata\ndisplayName: <Agent name>\n", "bots/desk/agent.mcs.yml").all


SOLUTION = "apps/desk/solution"
BOT = f"copilot-studio:shop/{SOLUTION}/bots/acme_desk"


def component(name: str, text: str) -> Facts:
    return read(text, f"{SOLUTION}/botcomponents/acme_desk.{name}/data")


def test_the_agent_of_a_solution_and_who_may_talk_to_it() -> None:
    icon = "A" * 5000
    text = f"""\
    <bot schemaname="acme_desk">
      <authenticationmode>1</authenticationmode>
      <iconbase64>{icon}</iconbase64>
      <name>Orders &amp; returns</name>
    </bot>
    """
    found = read(text, f"{SOLUTION}/bots/acme_desk/bot.xml")
    assert found.nodes["Agent", BOT]["name"] == "Orders & returns"
    assert found.nodes["ContentSource", f"{BOT}#conversation"]["trust"] == "untrusted"
    bound = found.bindings["copilot-studio", "acme_desk"]
    assert (bound.target, bound.folder) == (("Agent", BOT), SOLUTION)  # other solutions of the root may have one of that name


def test_the_configuration_of_an_agent_of_a_solution() -> None:
    key = fake("configuration")
    text = f"""\
    {{"$kind": "BotConfiguration", "recognizer": {{}}, "agentSettings": {{"model": {{"series": "Sonnet46"}},
      "instructions": {{"segments": [{{"value": "Send Authorization: Bearer {key}"}}]}}}}}}
    """
    found = read(text, f"{SOLUTION}/bots/acme_desk/configuration.json")
    assert found.targets("USES_MODEL", BOT) == {"Sonnet46"}
    assert found.targets("HOLDS", BOT) == {f"secret:{fingerprint(key)}"}
    assert not copilot_studio.detect("bots/acme/configuration.json", b'{"name": "robot"}')


def test_components_of_a_solution_belong_to_the_agent_in_their_name() -> None:
    model = component("gpt.default", "kind: GptComponentMetadata\naISettings:\n  model:\n    modelNameHint: GPT41\n")
    assert model.targets("USES_MODEL", BOT) == {"GPT41"}
    assert ("Agent", BOT) not in model.nodes  # its name stands in its own document
    child = component("agent.Agent_x", "kind: AgentDialog\nsettings:\n  instructions: Count.\n")
    assert child.targets("DELEGATES_TO", BOT) == {f"{BOT}/agents/Agent_x"}
    assert component("action.Post", ACTION.format(mode="Maker")).targets("USES", BOT) == {f"{BOT}/teams/PostMessageToConversation"}


@pytest.mark.parametrize(
    ("text", "edge", "target"),
    [
        ("kind: ConnectedAgentTool\nbotSchemaName: acme_stock\n", "DELEGATES_TO", "copilot-studio:acme_stock"),
        ("kind: WorkflowTool\nworkflowId: 0f3c\n", "DELEGATES_TO", "power-automate:shop#0f3c"),
        ("kind: InlineAgentSkill\ncontent: Refund them.\n", "USES", f"{BOT}/Step"),
        ("kind: InlineAgentSkill\ncontent: <!-- files beside it -->\n", "USES", f"{BOT}/Step"),
        ("kind: ComputerUseTool\n", "USES", f"{BOT}/Step"),
        (
            "kind: ConnectorTool\nauthMode: Invoker\nconnectorId: /providers/x/apis/shared_teams\noperationId: PostMessageToConversation\n",
            "USES",
            f"{BOT}/teams/PostMessageToConversation",
        ),
        (
            "kind: McpTool\nauthMode: Invoker\nconnectorId: /providers/x/apis/shared_acme-5fstock-20list-5f4fe69411b7a87261\n",
            "CONNECTS_TO",
            "mcp:shop#copilot-studio/acme_stock list",
        ),
    ],
)
def test_tools_that_are_components_of_their_own(text: str, edge: str, target: str) -> None:
    found = component("tool.Step", text)
    assert found.targets(edge, BOT) == {target}
    assert not found.targets("HOLDS", BOT)
    if edge == "USES" and target.endswith("Step"):
        assert "effects" not in found.nodes["Tool", target]


def test_the_connection_of_the_maker_of_a_tool() -> None:
    found = component("tool.Step", "kind: McpTool\nauthMode: Maker\nconnectionReference: acme_desk.cr.shared_stock.05a0\n")
    assert found.targets("HOLDS", BOT) == {"power-platform:shop#connection/acme_desk.cr.shared_stock.05a0"}


def test_a_prompt_only_asks_a_model_and_a_plug_in_may_do_anything() -> None:
    form = "kind: TaskDialog\nmodelDisplayName: Rate\naction:\n  kind: {}\n  aIModelId: 0f3c\n"
    prompt = component("action.Rate", form.format("InvokeAIBuilderModelTaskAction"))
    assert prompt.nodes["Tool", f"{BOT}/Rate"]["effects"] == []
    assert "effects" not in component("action.Rate", form.format("InvokeAIPluginTaskAction")).nodes["Tool", f"{BOT}/Rate"]


def test_tools_of_the_newer_layout_belong_to_the_agent_above() -> None:
    found = read("kind: ConnectedAgentTool\nbotSchemaName: acme_stock\n", "bots/desk/capabilities/tools/Stock.mcs.yml")
    assert found.targets("DELEGATES_TO", ME) == {"copilot-studio:acme_stock"}


@pytest.mark.parametrize(
    ("host", "url", "origin"),
    [("stock.acme.example", "https://stock.acme.example/api/mcp", "third_party"), ("@environmentVariables(x)", None, "unknown")],
)
def test_a_connector_of_ones_own_is_the_server_at_its_address(host: str, url: str | None, origin: str) -> None:
    text = f"""\
    {{"swagger": "2.0", "info": {{"title": "Stock"}}, "host": "{host}", "basePath": "/api",
      "paths": {{"/mcp": {{"post": {{"x-ms-agentic-protocol": "mcp-streamable-1.0"}}}}}}}}
    """
    found = read(text, f"{SOLUTION}/Connector/acme_5Fstock-20list_openapidefinition.json")
    node = found.nodes["ToolServer", "mcp:shop#copilot-studio/acme_stock list"]
    assert (node.get("url"), node["origin"], node["name"]) == (url, origin, "Stock")


def test_a_connector_that_is_no_server() -> None:
    text = '{"swagger": "2.0", "paths": {"/orders": {"get": {"operationId": "List"}}}}'
    assert not read(text, f"{SOLUTION}/Connector/acme_orders_openapidefinition.json").all


def test_a_bot_without_xml_is_told() -> None:
    with pytest.raises(IngestError):
        list(copilot_studio.read(document("kind: nothing\n", f"{SOLUTION}/bots/acme_desk/bot.xml")))


def test_the_files_of_a_skill_are_no_skill_of_claude_code() -> None:
    assert not claude_skills.detect(f"{SOLUTION}/botcomponents/acme_skill_md_1/filedata/SKILL.md", b"---\nname: x\n---\n")


def test_keys_that_copilot_studio_leaves_without_quotes() -> None:
    schema = "dynamicOutputSchema:\n  properties:\n    @odata.nextLink:\n      type: String\n"
    assert component("topic.List", f"{ACTION.format(mode='Maker')}{schema}").targets("HOLDS", BOT)
