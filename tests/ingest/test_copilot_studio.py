"""Agents of Copilot Studio: what a folder of its documents says of one."""

from __future__ import annotations

from textwrap import dedent

import pytest

from graphinv.ingest import copilot_studio
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
    assert found.targets("HOLDS", ME) == {"copilot-studio-credential:shop#connection/shop_desk.shared_teams.0f3c"}
    assert found.props("HOLDS", ME, "copilot-studio-credential:shop#connection/shop_desk.shared_teams.0f3c")["place"] == "vault"


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
