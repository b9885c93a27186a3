"""Semantic Kernel in Python."""

from __future__ import annotations

import pytest

from tests.ingest.python_linked import linked_folder
from tests.ingest.reading import Facts, shown


@pytest.fixture(scope="module")
def facts() -> Facts:
    return linked_folder("python_semantic_kernel")


PLACE = "semantic-kernel:shop/menu#"


def test_kernel_functions_are_the_tools(facts: Facts) -> None:
    assert facts.targets("USES", f"{PLACE}Host") == {"tool:shop/menu#get_specials", "tool:shop/menu#price_of"}
    assert facts.targets("USES", f"{PLACE}Refunder") == {"tool:shop/menu#process_refund", "semantic-kernel:math"}
    assert facts.targets("USES", f"{PLACE}Triage") == set()
    assert ("Tool", "tool:shop/menu#helper") not in facts.nodes


def test_delegations(facts: Facts) -> None:
    found = {
        (shown(edge.source).removeprefix(PLACE), shown(edge.target).removeprefix(PLACE), edge.props["kind_detail"])
        for edge in facts.edges
        if edge.kind == "DELEGATES_TO" and shown(edge.source).startswith(PLACE)
    }
    both = {
        (team, name, detail)
        for team, detail in (("chat", "group_chat"), ("row", "sequential"), ("both", "concurrent"), ("talk", "group_chat"))
        for name in ("Host", "Refunder")
    }
    assert found == both | {
        ("Triage", "Host", "agent_as_tool"),
        ("Triage", "Refunder", "agent_as_tool"),
        ("Triage", "Host", "handoff"),
        ("Triage", "Refunder", "handoff"),
        ("Host", "Triage", "handoff"),
        ("route", "Triage", "entry_point"),
        ("magentic", "Host", "magentic"),
    }


def test_models_and_servers(facts: Facts) -> None:
    assert facts.targets("USES_MODEL", f"{PLACE}Host") == {"gpt-4o"}
    assert facts.targets("USES_MODEL", f"{PLACE}Refunder") == {"gpt-4o-mini"}
    assert facts.targets("CONNECTS_TO", f"{PLACE}Triage") == {"mcp:shop/menu.py#issues"}


def test_a_chat_runs_the_agents_that_it_is_given_as_it_runs(facts: Facts) -> None:
    place = "semantic-kernel:shop/process#"
    assert facts.targets("DELEGATES_TO", f"{place}room") == {f"{place}Copywriter", f"{place}Director"}


def test_processes_run_what_their_steps_run(facts: Facts) -> None:
    place = "semantic-kernel:shop/process#"
    assert facts.nodes["Workflow", f"{place}Inner"]["type"] == "process"
    assert facts.targets("DELEGATES_TO", f"{place}Inner") == {f"{place}StepWriter"}
    assert facts.targets("DELEGATES_TO", f"{place}Outer") == {f"{place}Inner"}
