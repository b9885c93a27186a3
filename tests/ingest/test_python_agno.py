"""Agno in Python."""

from __future__ import annotations

import pytest

from tests.ingest.python_linked import linked, linked_folder
from tests.ingest.reading import Facts


@pytest.fixture(scope="module")
def facts() -> Facts:
    return linked_folder("python_agno")


PLACE = "agno:shop/finance#"


def test_teams_and_workflows(facts: Facts) -> None:
    assert {(source.removeprefix(PLACE), target.removeprefix(PLACE)) for source, target in facts.drawn("DELEGATES_TO")} == {
        ("Finance Team", "Web Agent"),
        ("Finance Team", "Books Agent"),
        ("Outer", "Finance Team"),
        ("Outer", "Ops"),
        *(("Month end", name) for name in ("Web Agent", "Finance Team", "Books Agent", "Ops", "Docs")),
    }
    assert ("Agent", f"{PLACE}Finance Team") in facts.nodes
    assert ("Workflow", f"{PLACE}Month end") in facts.nodes


def test_toolkits_known_and_not(facts: Facts) -> None:
    assert facts.targets("USES", f"{PLACE}Web Agent") == {"agno:DuckDuckGoTools"}
    assert facts.targets("USES", f"{PLACE}Books Agent") == {"tool:shop/finance#book", "tool:shop/finance#ledger", "agno:NewThingTools"}
    assert facts.nodes["Tool", "agno:ShellTools"]["effects"] == ["execute"]
    assert "effects" not in facts.nodes["Tool", "agno:NewThingTools"]


def test_servers_models_memory(facts: Facts) -> None:
    assert facts.targets("CONNECTS_TO", f"{PLACE}Docs") == {"https://docs.acme.example/mcp"}
    assert facts.targets("USES_MODEL", f"{PLACE}Web Agent") == {"gpt-4o"}
    assert facts.targets("USES_MODEL", f"{PLACE}Books Agent") == {"claude-sonnet-4-0"}
    assert len(facts.targets("READS", f"{PLACE}Books Agent")) == 1


def test_tools_written_as_data_for_the_provider() -> None:
    told = linked(
        {
            "a.py": """
from agno.agent import Agent
lookup = {"type": "function", "function": {"name": "lookup_order", "description": "Finds one", "parameters": {"type": "object"}}}
a = Agent(
    name="Clerk",
    tools=[
        {"type": "web_search_20250305", "name": "web_search", "max_uses": 5},
        {"type": "web_search_preview"},
        {"type": "code_execution_20250522", "name": "code_execution"},
        lookup,
    ],
)
b = Agent(name="Asker", tools={"search": {"type": "file_search"}})
c = Agent(name="Caller", tools=[{"type": "mcp", "server_label": "docs", "server_url": "https://mcp.acme.example/sse"}])
"""
        }
    )
    assert told.targets("USES", "agno:shop/a#Clerk") == {
        "anthropic:web_search",
        "openai:web_search",
        "anthropic:code_execution",
        "tool:shop/a#lookup_order",
    }
    assert told.targets("USES", "agno:shop/a#Asker") == {"openai:file_search"}
    assert told.targets("CONNECTS_TO", "agno:shop/a#Caller") == {"https://mcp.acme.example/sse"}
    assert told.problems == []
