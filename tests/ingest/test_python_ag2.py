"""AG2's group chats and the agents of its beta in Python."""

from __future__ import annotations

import pytest

from tests.ingest.python_linked import linked_folder
from tests.ingest.reading import Facts, shown


@pytest.fixture(scope="module")
def facts() -> Facts:
    return linked_folder("python_ag2")


def drawn(facts: Facts, file: str) -> set[tuple[str, str, str]]:
    edges = (edge for edge in facts.edges if edge.kind == "DELEGATES_TO" and f"shop/{file}#" in shown(edge.source))
    return {(shown(e.source).partition("#")[2], shown(e.target).partition("#")[2], e.props["kind_detail"]) for e in edges}


def test_a_group_hands_over_by_conditions_and_by_what_tools_return(facts: Facts) -> None:
    assert drawn(facts, "desk") == {
        ("desk", "reception", "entry_point"),
        ("desk", "shipping", "handoff"),
        ("panel", "reception", "entry_point"),
        ("panel", "reception", "group_chat"),
        ("panel", "auditor", "group_chat"),
        ("reception", "orders", "handoff"),
        ("reception", "refunds", "handoff"),
        ("orders", "shipping", "handoff"),
        ("refunds", "reception", "handoff"),
        ("shipping", "auditor", "handoff"),
    }


def test_agents_of_the_beta_delegate_as_tools_over_channels_and_by_a_graph(facts: Facts) -> None:
    assert drawn(facts, "newsroom") == {
        ("editor", "researcher", "agent_as_tool"),
        ("editor", "checker", "agent_as_tool"),
        ("editor", "legal", "handoff"),
        ("editor", "press", "channel"),
        ("press", "legal", "channel"),
        ("legal", "press", "transition"),
        ("press", "editor", "transition"),
    }


def test_tools_and_models_of_the_beta(facts: Facts) -> None:
    assert facts.targets("USES", "ag2:shop/newsroom#editor") == {"tool:shop/newsroom#publish", "tool:shop/newsroom#ask_legal"}
    assert facts.targets("USES", "ag2:shop/newsroom#checker") == {"ag2:shell"}
    assert facts.targets("CONNECTS_TO", "ag2:shop/newsroom#checker") == {"https://facts.example/mcp"}
    assert facts.targets("USES_MODEL", "ag2:shop/newsroom#checker") == {"gpt-4.1-mini"}
