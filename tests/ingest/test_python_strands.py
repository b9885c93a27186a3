"""Strands Agents in Python."""

from __future__ import annotations

import pytest

from tests.ingest.python_linked import linked, linked_folder
from tests.ingest.reading import Facts


@pytest.fixture(scope="module")
def facts() -> Facts:
    return linked_folder("python_strands")


PLACE = "strands:shop/desk#"


def test_agents_and_what_runs_them(facts: Facts) -> None:
    names = {(kind, id.removeprefix(PLACE)) for kind, id in facts.nodes if kind in ("Agent", "Workflow")}
    agents = {"researcher", "fraud", "docs", "orchestrator", "analyst", "writer", "judge"}
    assert names == {("Agent", name) for name in agents} | {("Workflow", "builder"), ("Workflow", "swarm")}


def test_delegations(facts: Facts) -> None:
    found = {
        (source.removeprefix(PLACE), target.removeprefix(PLACE)): {
            edge.props["kind_detail"] for edge in facts.edges if (edge.source, edge.target) == (("Agent", source), ("Agent", target))
        }
        for source, target in facts.drawn("DELEGATES_TO")
    }
    assert found == {
        ("orchestrator", "docs"): {"agent_as_tool"},
        ("orchestrator", "fraud"): {"agent_as_tool"},
        ("orchestrator", "researcher"): {"agent_as_tool"},
        ("builder", "analyst"): set(),
        ("analyst", "writer"): {"graph_edge", "swarm"},
        ("writer", "judge"): {"graph_edge"},
        ("judge", "analyst"): {"conditional_edge"},
        ("swarm", "analyst"): set(),
        ("writer", "analyst"): {"swarm"},
    }


def test_tools(facts: Facts) -> None:
    own = {f"tool:shop/desk#{name}" for name in ("research", "check_fraud", "order_status")}
    assert facts.targets("USES", f"{PLACE}orchestrator") == own | {"strands:shell", "strands:use_aws"}
    assert facts.targets("USES", f"{PLACE}researcher") == {"strands:http_request"}
    assert facts.nodes["Tool", "strands:http_request"]["ingests_untrusted"] is True


def test_a_server_behind_a_transport(facts: Facts) -> None:
    (started,) = facts.targets("CONNECTS_TO", f"{PLACE}docs")
    assert facts.nodes["ToolServer", started]["package"] == "pkg:pypi/awslabs-aws-docs@1.0.0"


def test_a_tool_named_by_an_unknown_text_is_a_problem() -> None:
    found = linked({"a.py": "from strands import Agent\na = Agent(name='a', tools=['./tools/x.py'])\n"})
    assert [(where, severity) for where, severity, _ in found.problems] == [("L2", "warning")]


def test_a_module_as_a_tool_is_its_functions() -> None:
    found = linked(
        {
            "use.py": "from strands import Agent\nfrom kit import booking, weather\na = Agent(name='a', tools=[booking, weather])\n",
            "kit/__init__.py": "",
            "kit/booking.py": "from strands import tool\n\n\n@tool\ndef book(x: str) -> str:\n    return x\n\n\n"
            "def helper():\n    return 1\n",
            "kit/weather.py": "TOOL_SPEC = {'name': 'weather'}\n\n\ndef weather(tool, **kwargs):\n    return {}\n",
        }
    )
    assert found.targets("USES", "strands:shop/use#a") == {"tool:shop/kit/booking#book", "tool:shop/kit/weather#weather"}
    assert found.problems == []
