"""Agents and workflows of Agent Framework, Foundry and Semantic Kernel in YAML."""

from __future__ import annotations

import pytest

from graphinv.ingest import prompt_agents
from graphinv.model.errors import IngestError
from tests.ingest.reading import Facts, document

AGENT = """\
kind: Prompt
name: Docs
instructions: Search.
model:
  id: gpt-5
  connection: {kind: ApiKey, key: "=Env.OPENAI_API_KEY"}
tools:
  - {kind: mcp, name: learn, url: "https://learn.acme.example/mcp", approvalMode: {kind: never}, allowedTools: [search]}
  - {kind: mcp, name: hidden, connection: {endpoint: "=Env.SERVER"}}
  - {kind: web_search}
  - {kind: function, name: refund}
  - {kind: openapi, name: pay, specification: {servers: [{url: "https://pay.acme.example/v1"}]}}
  - 7
"""
KERNEL = """\
type: openai_responses
name: Host
instructions: Answer.
model:
  id: ${OpenAI:ChatModelId}
  connection: {api_key: "${OpenAI:ApiKey}"}
tools:
  - {id: MenuPlugin.get_specials, type: function}
  - {type: code_interpreter}
"""
WORKFLOW = """\
kind: Workflow
trigger:
  kind: OnConversationStart
  actions:
    - kind: ConditionGroup
      conditions:
        - actions:
            - {kind: InvokeAzureAgent, agent: {name: Docs}}
            - {kind: InvokeAzureAgent, agent: {name: =Local.Which}}
    - {kind: InvokeMcpTool, serverUrl: "https://learn.acme.example/mcp", serverLabel: learn, toolName: search}
    - {kind: HttpRequestAction, id: ping, method: DELETE, url: "https://api.acme.example/x"}
"""
DOCS = "agent-framework:shop/docs#Docs"


def read(text: str, path: str = "docs.yaml") -> Facts:
    return Facts(prompt_agents, document(text, path))


def test_an_agent_with_its_tools_servers_and_key() -> None:
    found = read(AGENT)
    assert found.targets("USES_MODEL", DOCS) == {"gpt-5"}
    assert found.targets("HOLDS", DOCS) == {"env:OPENAI_API_KEY"}
    assert found.targets("USES", DOCS) == {"agent-framework:web_search", f"{DOCS}/refund", f"{DOCS}/pay"}
    learn = "https://learn.acme.example/mcp"
    assert found.targets("CONNECTS_TO", DOCS) == {learn, "mcp:shop/docs.yaml#hidden"}
    assert found.props("CONNECTS_TO", DOCS, learn)["tools"] == ["search"]
    assert found.props("CONNECTS_TO", DOCS, learn)["approved"] is True
    assert found.targets("CAN_ACCESS", f"{DOCS}/pay") == {"https://pay.acme.example"}
    assert [message for _, _, message in found.problems] == ["a tool has neither a kind nor a name"]


def test_semantic_kernels_form_and_its_configuration() -> None:
    found = read(KERNEL)
    key = "agent-framework:shop/docs#Host"
    assert found.targets("USES", key) == {f"{key}/MenuPlugin.get_specials", "agent-framework:code_interpreter"}
    assert found.targets("HOLDS", key) == {"config:OpenAI:ApiKey"}
    assert not found.drawn("USES_MODEL")


def test_a_workflow_invokes_agents_in_its_branches() -> None:
    found = read(WORKFLOW)
    key = "agent-framework:shop/docs#docs"
    assert found.drawn("DELEGATES_TO") == {(key, "agent-framework:Docs")}
    assert found.targets("CONNECTS_TO", key) == {"https://learn.acme.example/mcp"}
    assert found.nodes["Tool", f"{key}/ping"]["effects"] == ["destructive", "egress", "read"]
    assert [message for _, _, message in found.problems] == ["invokes an agent whose name is known only as it runs"]
    assert read("kind: Workflow\ntrigger: {actions: [{kind: SendActivity}]}\n").all == []


@pytest.mark.parametrize(
    ("head", "ours"),
    [
        (AGENT, True),
        (KERNEL, True),
        (WORKFLOW, True),
        ("apiVersion: argoproj.io/v1alpha1\nkind: Workflow\nactions: []\n", False),
        ("kind: Prompt\n", False),
        ("type: openai\nmodel: x\n", False),
    ],
)
def test_detect(head: str, ours: bool) -> None:
    assert prompt_agents.detect("a.yaml", head.encode()) is ours


def test_actions_within_actions_have_an_end() -> None:
    text = "kind: Workflow\ntrigger: " + "{actions: [" * 25 + "{kind: X}" + "]}" * 25
    assert [message for _, _, message in read(text).problems] == ["holds actions in actions that are not followed further"]


def test_broken_yaml_is_an_error() -> None:
    with pytest.raises(IngestError):
        read("kind: Prompt\nmodel: [")
