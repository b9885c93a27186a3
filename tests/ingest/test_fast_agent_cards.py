"""Agent cards of fast-agent."""

from __future__ import annotations

import pytest

from graphinv.ingest import fast_agent_cards
from graphinv.model.errors import IngestError
from tests.ingest.reading import Facts, document

CARD = """---
type: agent
name: support
model: sonnet
servers:
  - crm
  - mail
tools:
  crm: [lookup, note]
agents: [billing, billing]
function_tools:
  - ../lib/tools.py:add
  - /etc/tools.py:add
shell: true
mcp_connect:
  docs:
    target: "https://docs.acme.example/mcp"
    headers: {Authorization: "Bearer ${DOCS_TOKEN}"}
  stock: {target: "@acme/stock"}
  drive: {management: provider, connector_id: connector_googledrive, access_token: "${DRIVE_TOKEN}"}
---
You are calm.
"""
KEY = "fast-agent:shop/desk#support"


def read(text: str, path: str = "desk/.fast-agent/agent-cards/support.md") -> Facts:
    return Facts(fast_agent_cards, document(text, path))


def test_a_card_is_an_agent_of_its_project() -> None:
    found = read(CARD)
    assert found.nodes["Agent", KEY]["kind_detail"] == "fast-agent agent"
    assert found.drawn("DELEGATES_TO") == {("fast-agent:shop/desk", KEY), (KEY, "fast-agent:billing")}
    assert found.targets("USES_MODEL", KEY) == {"sonnet"}
    assert found.bindings["fast-agent", "support"].folder == "desk"


def test_servers_of_the_configuration_and_of_its_own() -> None:
    found = read(CARD)
    docs, stock = "https://docs.acme.example/mcp", "mcp:shop/desk/.fast-agent/agent-cards/support.md#support/stock"
    assert found.targets("CONNECTS_TO", KEY) == {"fast-agent:crm", "fast-agent:mail", docs, stock, "openai:connector_googledrive"}
    assert found.props("CONNECTS_TO", KEY, "fast-agent:crm")["tools"] == ["lookup", "note"]
    assert found.nodes["ToolServer", stock]["package"] == "pkg:npm/%40acme/stock"
    assert found.targets("HOLDS", KEY) == {"env:DOCS_TOKEN", "env:DRIVE_TOKEN"}


def test_functions_beside_it_and_a_shell() -> None:
    found = read(CARD)
    assert found.targets("USES", KEY) == {"tool:shop/desk/.fast-agent/lib/tools#add", "fast-agent:shell"}
    assert found.problems == [("L11", "warning", "a tool is no function of a file in the tree")]


def test_agents_that_run_others_in_their_own_words() -> None:
    text = "---\ntype: {}\nname: whole\nmodel: $system.fast\n{}\n---\n"
    for kind, fields in (
        ("chain", "sequence: [a, b]"),
        ("parallel", "fan_out: [a]\nfan_in: b"),
        ("evaluator_optimizer", "generator: a\nevaluator: b"),
        ("MAKER", "worker: a\nagents: [b]"),
    ):
        found = read(text.format(kind, fields), "flows/whole.md")
        assert found.targets("DELEGATES_TO", "fast-agent:shop/flows#whole") == {"fast-agent:a", "fast-agent:b"}
        assert not found.drawn("USES_MODEL")


def test_a_card_in_yaml_and_one_that_only_other_agents_call() -> None:
    found = read("name: look\ntool_only: true\n", "tool-cards/look.yaml")
    assert ("Agent", "fast-agent:shop#look") in found.nodes
    assert not found.drawn("DELEGATES_TO")


@pytest.mark.parametrize(
    ("path", "head", "ours"),
    [
        (".fast-agent/agent-cards/a.md", "---\nname: a\n---\n", True),
        ("agent-cards/README.md", "# Cards\n", False),
        ("x/a.md", "---\ntype: chain\nsequence: [a]\n---\n", True),
        ("x/a.md", "---\nfunction_tools: a.py:b\n---\n", True),
        ("x/a.md", "---\ntype: agent\nname: a\nmodel: haiku\n---\n", True),
        ("x/a.md", "---\ntype: agent\nname: a\ntags: [x]\n---\n", False),
        ("x/a.md", "---\ntype: note\nagents: [a]\n---\n", False),
        ("x/a.md", "---\ntype: agent\n---\nservers: [a]\n", False),
    ],
)
def test_detect(path: str, head: str, ours: bool) -> None:
    assert fast_agent_cards.detect(path, head.encode()) is ours


@pytest.mark.parametrize("text", ["[]", "7", "a: ["])
def test_what_is_no_mapping_is_refused(text: str) -> None:
    with pytest.raises(IngestError):
        read(text, "agent-cards/a.yaml")
