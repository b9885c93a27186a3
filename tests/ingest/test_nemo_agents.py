"""Configurations of the NeMo Agent Toolkit."""

from __future__ import annotations

import pytest

from graphinv.ingest import nemo_agents
from graphinv.model.errors import IngestError
from tests.ingest.reading import Facts, document, fake

KEY = fake("key", "nvapi-", 64)
CONFIG = f"""\
general: {{use_uvloop: true}}
functions:
  today: {{_type: current_datetime}}
  pages: {{_type: tavily_internet_search, api_key: {KEY}}}
  refund: {{_type: acme_refund, base_url: "https://pay.acme.example"}}
  remember: {{_type: add_memory, memory: people}}
  auditor: {{_type: react_agent, llm_name: small, tool_names: [today]}}
  steps: {{_type: sequential_executor, tool_list: [today, auditor]}}
function_groups:
  tickets:
    _type: mcp_client
    server: {{transport: streamable-http, url: "https://jira.acme.example/mcp", auth_provider: jira}}
    include: [search_issues, create_issue]
  sums: {{_type: a2a_client, url: "https://sums.acme.example"}}
authentication:
  jira: {{_type: mcp_oauth2, client_id: acme, client_secret: "${{JIRA_SECRET}}"}}
memory:
  people: {{_type: mem0_memory}}
llms:
  small: {{_type: nim, model_name: meta/llama-3.1-8b-instruct}}
  big: {{_type: openai, model_name: gpt-5, api_key: "${{OPENAI_API_KEY}}"}}
workflow:
  _type: tool_calling_agent
  llm_name: big
  tool_names: [pages, refund, remember, auditor, steps, tickets, sums, tickets__create_issue, nobody]
"""
BASE = "nemo-agent-toolkit:shop/configs/main"
MAIN, AUDITOR = f"{BASE}#workflow", f"{BASE}#auditor"


def read(text: str) -> Facts:
    return Facts(nemo_agents, document(text, "configs/main.yml"))


def test_the_workflow_is_an_agent_and_so_are_functions_that_are_given_tools() -> None:
    found = read(CONFIG)
    assert found.nodes["Agent", MAIN]["name"] == "tool_calling_agent (main)"
    assert found.drawn("DELEGATES_TO") == {
        (MAIN, AUDITOR),
        (MAIN, f"{BASE}#steps"),
        (f"{BASE}#steps", AUDITOR),
        (MAIN, "a2a:https://sums.acme.example"),
    }
    assert ("Workflow", f"{BASE}#steps") in found.nodes
    assert found.drawn("USES_MODEL") == {(MAIN, "gpt-5"), (AUDITOR, "meta/llama-3.1-8b-instruct")}
    assert found.problems == [("L25", "warning", "names a function that the document does not define")]


def test_tools_memories_and_servers() -> None:
    found = read(CONFIG)
    assert found.targets("USES", MAIN) == {"nemo-agent-toolkit:tavily_internet_search", f"{BASE}#refund"}
    assert "effects" not in found.nodes["Tool", f"{BASE}#refund"]  # code of the project's own
    assert found.targets("WRITES", MAIN) == {f"{BASE}#memory/people"}
    assert not found.targets("READS", MAIN)
    server = "https://jira.acme.example/mcp"
    assert found.nodes["ToolServer", server]["auth"] == "oauth"
    chosen = sorted(edge.props["tools"] for edge in found.edges if edge.kind == "CONNECTS_TO")
    assert chosen == [["create_issue"], ["create_issue", "search_issues"]]


def test_credentials_are_held_by_whoever_uses_what_needs_them() -> None:
    found = read(CONFIG)
    held = found.targets("HOLDS", MAIN)
    assert {"env:JIRA_SECRET", "env:OPENAI_API_KEY"} < held
    assert len(held) == 3
    assert not found.targets("HOLDS", AUDITOR)
    assert KEY not in repr(found.all)


def test_a_configuration_that_takes_over_another_says_so() -> None:
    assert read("base: other.yml\nllms:\n  a: {_type: nim}\n").problems == [
        ("L1", "warning", "takes over another configuration, which is not read with it")
    ]


@pytest.mark.parametrize(
    ("path", "head", "ours"),
    [
        ("a.yml", "workflow:\n  _type: react_agent\n", True),
        ("a.yaml", "llms:\n  a:\n    _type: nim\n", True),
        ("a.yml", "_type: prompt\nworkflow: x\n", False),
        ("a.json", "workflow:\n  _type: react_agent\n", False),
    ],
)
def test_detect(path: str, head: str, ours: bool) -> None:
    assert nemo_agents.detect(path, head.encode()) is ours


def test_another_programs_workflow_is_none_and_broken_yaml_an_error() -> None:
    assert read("workflow: {steps: []}\nllms:\n  a: {_type: nim}\n").all == []
    with pytest.raises(IngestError):
        read("workflow:\n  _type: [")
