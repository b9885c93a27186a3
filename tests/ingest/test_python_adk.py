"""Google ADK in Python."""

from __future__ import annotations

import pytest

from graphinv.model.facts import Binding
from tests.ingest.python_linked import linked, linked_folder
from tests.ingest.reading import Facts


@pytest.fixture(scope="module")
def facts() -> Facts:
    return linked_folder("python_adk")


AGENT = "google-adk:shop/travel/agent#"
BOOKING = "google-adk:shop/travel/sub_agents/booking#"
PLANNER = "google-adk:shop/travel/sub_agents/planner#"


def test_agents_of_every_class(facts: Facts) -> None:
    names = {props["name"] for (kind, id), props in facts.nodes.items() if kind == "Agent" and not id.startswith("a2a:")}
    assert names == {
        *("concierge", "searcher", "hotels", "fares", "drafter", "checker", "review", "look", "flow"),
        *("payments", "ledger", "router", "cheap", "quick", "booking", "planner", "plain_planner"),
    }
    assert facts.nodes["Agent", f"{AGENT}flow"]["kind_detail"] == "google-adk SequentialAgent"


def test_delegations(facts: Facts) -> None:
    assert facts.drawn("DELEGATES_TO") == {
        (f"{AGENT}concierge", f"{BOOKING}booking"),
        (f"{AGENT}concierge", f"{PLANNER}planner"),
        (f"{AGENT}concierge", f"{PLANNER}plain_planner"),
        (f"{AGENT}concierge", f"{AGENT}flow"),
        (f"{AGENT}concierge", f"{AGENT}hotels"),
        (f"{AGENT}concierge", f"{AGENT}fares"),
        (f"{AGENT}concierge", f"{AGENT}searcher"),
        (f"{AGENT}flow", f"{AGENT}look"),
        (f"{AGENT}flow", f"{AGENT}review"),
        (f"{AGENT}look", f"{AGENT}searcher"),
        (f"{AGENT}review", f"{AGENT}drafter"),
        (f"{AGENT}review", f"{AGENT}checker"),
        (f"{AGENT}hotels", "a2a:https://hotels.acme.example/a2a"),
        (f"{AGENT}fares", "a2a:https://fares.acme.example/a2a/fares"),
        (f"{BOOKING}booking", f"{BOOKING}router"),
        (f"{BOOKING}booking", f"{BOOKING}payments"),
        (f"{BOOKING}booking", f"{BOOKING}ledger"),
        (f"{BOOKING}router", f"{BOOKING}cheap"),
        (f"{BOOKING}router", f"{BOOKING}quick"),
    }


@pytest.mark.parametrize(
    ("source", "target", "mode", "detail"),
    [
        ("concierge", "flow", "handoff", "sub_agents"),
        ("concierge", "searcher", "invoke", "agent_as_tool"),
        ("flow", "review", "invoke", "sub_agents"),
    ],
)
def test_mechanisms(facts: Facts, source: str, target: str, mode: str, detail: str) -> None:
    props = facts.props("DELEGATES_TO", AGENT + source, AGENT + target)
    assert (props["mode"], props["kind_detail"]) == (mode, detail)


def test_tools(facts: Facts) -> None:
    assert facts.targets("USES", f"{AGENT}searcher") == {"google-adk:google_search", "google-adk:load_memory"}
    assert facts.targets("USES", f"{AGENT}concierge") == {"tool:shop/travel/tools/memory#memorize", "google-adk:code_execution"}
    assert facts.targets("USES", f"{BOOKING}booking") == {
        "tool:shop/travel/tools/memory#memorize",
        "tool:shop/travel/sub_agents/booking#charge",
    }
    assert "execute" in facts.nodes["Tool", "google-adk:code_execution"]["effects"]


def test_servers_models_and_secrets(facts: Facts) -> None:
    connected = facts.targets("CONNECTS_TO", f"{AGENT}concierge")
    assert len(connected) == 2
    assert "openapi:shop/travel/agent#weather" in connected
    (started,) = (one for one in connected if one.startswith("mcp:"))
    assert facts.props("CONNECTS_TO", f"{AGENT}concierge", started)["tools"] == ["route"]
    assert facts.targets("USES_MODEL", f"{AGENT}concierge") == {"openai/gpt-4o"}
    assert facts.targets("HOLDS", f"{AGENT}concierge") == {"env:OPENAI_API_KEY"}


def test_what_is_not_known_is_a_problem_at_its_line(facts: Facts) -> None:
    unknown = [(where, message) for where, severity, message in facts.problems if severity == "warning"]
    assert sorted(unknown) == [
        ("L7", "tools of 'plain_planner' are not all known: nothing defines load_tools_for"),
        ("L7", "tools of 'planner' are not all known: nothing defines load_tools_for"),
    ]


def test_yaml_can_name_an_agent_in_code(facts: Facts) -> None:
    bound = {(fact.folder, fact.name): fact.target[1] for fact in facts.all if isinstance(fact, Binding) and fact.space == "google-adk"}
    assert bound["", "travel.agent.root_agent"] == f"{AGENT}concierge"
    assert bound["travel", "sub_agents.booking.booking_agent"] == f"{BOOKING}booking"


def test_graph_workflow() -> None:
    found = linked(
        {
            "a.py": "from google.adk import Agent, Workflow\n"
            "from google.adk.workflow import START\n"
            "one = Agent(name='one')\ntwo = Agent(name='two')\n"
            "flow = Workflow(name='flow', edges=[(START, one, two), (two, one)])\n"
        }
    )
    place = "google-adk:shop/a#"
    assert {(f"{place}one", f"{place}two"), (f"{place}two", f"{place}one")} <= found.drawn("DELEGATES_TO")


def test_another_library_of_the_same_class_name_is_no_agent() -> None:
    found = linked({"a.py": "from google.adk import Runner\nfrom estate import Agent\nx = Agent(name='house')\n"})
    assert not found.nodes


def test_tests_and_samples_are_marked() -> None:
    text = "from google.adk import Agent\nx = Agent(name='x')\n"
    found = linked({"tests/a.py": text, "samples/b.py": text, "c.py": text})
    assert {id: props.get("environment") for (_, id), props in found.nodes.items()} == {
        "google-adk:shop/tests/a#x": "test",
        "google-adk:shop/samples/b#x": "dev",
        "google-adk:shop/c#x": None,
    }


def test_tools_of_other_libraries_are_those_tools() -> None:
    text = (
        "from google.adk import Agent\nfrom google.adk.tools.langchain_tool import LangchainTool\n"
        "from langchain_community.tools import YouTubeSearchTool\n"
        "a = Agent(name='a', tools=[LangchainTool(tool=YouTubeSearchTool())])\n"
    )
    assert linked({"x.py": text}).targets("USES", "google-adk:shop/x#a") == {"langchain_community:YouTubeSearchTool"}


def test_a_function_that_finds_an_agent_in_a_tree_of_them_takes_no_time() -> None:
    text = (
        "from google.adk import Agent\n\n\n"
        "def find(agent, name):\n"
        "    for one in agent.sub_agents:\n        found = find(one, name)\n        if found:\n            return found\n"
        "    for tool in agent.tools:\n        found = find(tool.agent, name)\n        if found:\n            return found\n"
        "    return agent\n\n\n"
        + "".join(f"a{n} = Agent(name='a{n}', sub_agents=[{', '.join(f'a{m}' for m in range(n))}])\n" for n in range(8))
        + "find(a7, 'a3').tools.append(print)\n"
    )
    found = linked({"x.py": text})
    assert sum(kind == "Agent" for kind, _ in found.nodes) == 8
    assert len(found.drawn("DELEGATES_TO")) == 28


def test_a_tree_that_holds_the_framework_itself() -> None:
    files = {
        "src/google/adk/agents/__init__.py": "from .llm_agent import Agent\nfrom .llm_agent import LlmAgent\n",
        "src/google/adk/agents/llm_agent.py": "class LlmAgent:\n    name: str\n    sub_agents: list\n\nAgent = LlmAgent\n",
        "samples/desk/agent.py": (
            "from google.adk.agents import Agent\n"
            "from google.adk.agents.llm_agent import LlmAgent\n"
            "clerk = LlmAgent(name='clerk')\nroot_agent = Agent(name='desk', sub_agents=[clerk])\n"
        ),
    }
    found = linked(files)
    assert found.drawn("DELEGATES_TO") == {("google-adk:shop/samples/desk/agent#desk", "google-adk:shop/samples/desk/agent#clerk")}
