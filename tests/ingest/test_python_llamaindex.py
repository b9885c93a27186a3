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
    drawn = {pair for pair in facts.drawn("DELEGATES_TO") if pair[0].startswith(PLACE)}
    assert {(source.removeprefix(PLACE), target.removeprefix(PLACE)) for source, target in drawn} == {
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


OWN = "llamaindex:shop/newsroom#"


def test_workflows_of_ones_own_are_agents_where_they_are_called_so_or_have_tools(facts: Facts) -> None:
    found = {(kind, id.removeprefix(OWN)) for kind, id in facts.nodes if id.startswith(OWN)}
    assert found == {
        ("Agent", "researcher"),
        ("Agent", "writer"),
        ("Agent", "checker"),
        ("Workflow", "Newsroom"),
        ("Workflow", "Unused"),
    }


def test_what_workflows_of_ones_own_are_given_and_run(facts: Facts) -> None:
    assert facts.targets("DELEGATES_TO", f"{OWN}Newsroom") == {f"{OWN}researcher", f"{OWN}writer", f"{OWN}checker"}
    assert facts.targets("USES", f"{OWN}Newsroom") == {"tool:shop/newsroom#look_up"}
    assert facts.targets("USES", f"{OWN}researcher") == {"tool:shop/newsroom#read_archive", "llamaindex:web_search"}
    assert facts.targets("USES_MODEL", f"{OWN}Newsroom") == {"gpt-4o-mini"}
    assert facts.targets("USES_MODEL", f"{OWN}writer") == {"gpt-4o"}


def test_tools_that_a_retriever_chooses_are_told_as_unknown() -> None:
    text = "from llama_index.core.agent.workflow import FunctionAgent\nfrom shop import found\ntop = FunctionAgent(tool_retriever=found)\n"
    assert [message for _, _, message in linked({"top.py": text}).problems] == [
        "tools of 'top' are not all known: a retriever chooses them at run time"
    ]


def test_a_tool_class_of_ones_own_around_a_function_is_that_function() -> None:
    facts = linked(
        {
            "desk.py": """
from llama_index.core.agent.workflow import FunctionAgent
from llama_index.core.tools import FunctionTool

class WithContext(FunctionTool):
    @classmethod
    def from_defaults(cls, fn=None, name=None, description=None, async_fn=None):
        return cls(fn=fn, metadata=None, async_fn=async_fn)

    async def acall(self, ctx, **kwargs):
        return await self._async_fn(ctx, **kwargs)

def tools():
    async def look_up(ctx, order: str) -> str:
        return open(order).read()

    return [WithContext.from_defaults(async_fn=look_up)]

desk = FunctionAgent(name="desk", tools=tools())
"""
        }
    )
    tools = {node["name"]: node.get("effects") for (kind, _), node in facts.nodes.items() if kind == "Tool"}
    assert tools == {"look_up": ["read"]}
