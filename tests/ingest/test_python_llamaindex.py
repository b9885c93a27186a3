"""LlamaIndex in Python."""

from __future__ import annotations

import pytest

from tests.ingest.python_linked import linked, linked_folder
from tests.ingest.reading import Facts


@pytest.fixture(scope="module")
def facts() -> Facts:
    return linked_folder("python_llamaindex")


PLACE = "llamaindex:shop/notes#"


def test_handoffs_as_stated_or_to_all_of_the_workflow(facts: Facts) -> None:
    assert {(source.removeprefix(PLACE), target.removeprefix(PLACE)) for source, target in facts.drawn("DELEGATES_TO")} == {
        ("workflow", "ResearchAgent"),
        ("ResearchAgent", "WriteAgent"),
        ("WriteAgent", "ReviewAgent"),
        ("WriteAgent", "ResearchAgent"),
        ("ReviewAgent", "WriteAgent"),
        ("free", "one"),
        ("one", "two"),
        ("two", "one"),
        ("boss", "ResearchAgent"),
    }
    assert facts.props("DELEGATES_TO", f"{PLACE}one", f"{PLACE}two")["mode"] == "handoff"
    assert facts.props("DELEGATES_TO", f"{PLACE}boss", f"{PLACE}ResearchAgent")["kind_detail"] == "agent_as_tool"


def test_tools(facts: Facts) -> None:
    own = {"tool:shop/notes#record_notes", "tool:shop/notes#handbook"}
    assert facts.targets("USES", f"{PLACE}ResearchAgent") == own | {"llamaindex:web_search"}
    assert facts.targets("USES", f"{PLACE}WriteAgent") == {"tool:shop/notes#record_notes", "tool:shop/notes#prices"}
    assert facts.targets("USES", f"{PLACE}old") == facts.targets("USES", f"{PLACE}simple") == {"tool:shop/notes#multiply"}
    assert facts.targets("CONNECTS_TO", f"{PLACE}remote") == {"https://mcp.notes.example/sse"}


def test_a_handoff_to_nobody_known_is_a_problem() -> None:
    text = (
        "from llama_index.core.agent.workflow import AgentWorkflow, FunctionAgent\n"
        "a = FunctionAgent(name='a', can_handoff_to=['b'])\n"
        "flow = AgentWorkflow(agents=[a])\n"
    )
    found = linked({"x.py": text})
    assert [(where, severity) for where, severity, _ in found.problems] == [("L2", "warning")]
    assert found.drawn("DELEGATES_TO") == {("llamaindex:shop/x#flow", "llamaindex:shop/x#a")}
