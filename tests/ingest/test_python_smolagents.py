"""smolagents in Python."""

from __future__ import annotations

import pytest

from tests.ingest.python_linked import linked, linked_folder
from tests.ingest.reading import Facts


@pytest.fixture(scope="module")
def facts() -> Facts:
    return linked_folder("python_smolagents")


PLACE = "smolagents:shop/lab#"


def test_managed_agents(facts: Facts) -> None:
    assert facts.drawn("DELEGATES_TO") == {
        (f"{PLACE}plant_agent", f"{PLACE}web_agent"),
        (f"{PLACE}lead", f"{PLACE}plant_agent"),
        (f"{PLACE}lead", f"{PLACE}docs_agent"),
    }
    assert facts.props("DELEGATES_TO", f"{PLACE}lead", f"{PLACE}docs_agent")["kind_detail"] == "managed_agents"


def test_a_code_agent_runs_code(facts: Facts) -> None:
    executes = {source for source, target in facts.drawn("USES") if target == "smolagents:python_interpreter"}
    assert executes == {f"{PLACE}plant_agent", f"{PLACE}lead", f"{PLACE}docs_agent"}
    assert facts.nodes["Tool", "smolagents:python_interpreter"]["effects"] == ["execute"]


def test_tools(facts: Facts) -> None:
    own = {"tool:shop/lab#read_meter", "tool:shop/lab#open_valve"}
    assert facts.targets("USES", f"{PLACE}plant_agent") == own | {"smolagents:python_interpreter"}
    assert facts.targets("USES", f"{PLACE}web_agent") == {"smolagents:web_search", "smolagents:visit_webpage"}


def test_servers(facts: Facts) -> None:
    assert facts.targets("CONNECTS_TO", f"{PLACE}lead") == {"https://mcp.plant.example/mcp"}
    (started,) = facts.targets("CONNECTS_TO", f"{PLACE}docs_agent")
    assert facts.nodes["ToolServer", started]["package"] == "pkg:pypi/plant-mcp@0.4.0"


def test_an_object_that_stands_for_not_given_is_no_unknown_agent() -> None:
    text = """
from smolagents import CodeAgent

NOT_GIVEN = object()
helper = CodeAgent(name="helper", tools=[])


def build(team=NOT_GIVEN):
    if team is NOT_GIVEN:
        team = [helper]
    return CodeAgent(name="boss", tools=[], managed_agents=team)
"""
    facts = linked({"team.py": text})
    assert facts.targets("DELEGATES_TO", "smolagents:shop/team#boss") == {"smolagents:shop/team#helper"}
    assert not [message for _, _, message in facts.problems if "no agent" in message]
