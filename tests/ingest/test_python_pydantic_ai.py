"""PydanticAI in Python."""

from __future__ import annotations

import pytest

from tests.ingest.python_linked import linked, linked_folder
from tests.ingest.reading import Facts


@pytest.fixture(scope="module")
def facts() -> Facts:
    return linked_folder("python_pydantic_ai")


PLACE = "pydantic-ai:shop/bank#"
SUPPORT = f"{PLACE}support desk"


def test_agents_have_their_authors_names(facts: Facts) -> None:
    assert {id for kind, id in facts.nodes if kind == "Agent"} == {f"{PLACE}joker", f"{PLACE}fraud", SUPPORT}


def test_tools_of_every_form_belong_to_their_agent(facts: Facts) -> None:
    tools = {"balance", "cheer_up", "check_fraud", "rate", "convert"}
    assert facts.targets("USES", SUPPORT) == {f"tool:shop/bank#{name}" for name in tools} | {"pydantic-ai:duckduckgo_search"}
    assert facts.targets("USES", f"{PLACE}fraud") == {"tool:shop/bank#today", "tool:shop/bank#rate"}
    assert facts.targets("USES", f"{PLACE}joker") == set()


def test_an_agent_that_a_tool_runs_is_delegated_to(facts: Facts) -> None:
    assert facts.drawn("DELEGATES_TO") == {(SUPPORT, f"{PLACE}joker"), (SUPPORT, f"{PLACE}fraud")}
    props = facts.props("DELEGATES_TO", SUPPORT, f"{PLACE}fraud")
    assert (props["mode"], props["kind_detail"]) == ("invoke", "agent_as_tool")


def test_servers_and_models(facts: Facts) -> None:
    assert facts.targets("CONNECTS_TO", SUPPORT) == {"mcp:shop/bank.py#files", "https://mcp.bank.example/mcp"}
    assert facts.targets("HOLDS", "mcp:shop/bank.py#files") == {"env:FILES_TOKEN"}
    assert facts.targets("USES_MODEL", f"{PLACE}fraud") == {"gpt-4o"}


def test_an_alias_a_subclass_and_a_factory() -> None:
    found = linked(
        {
            "made.py": "from pydantic_ai import Agent as Helper\n\n\n"
            "def make(name, tools):\n    return Helper('m', name=name, tools=tools)\n",
            "use.py": "from made import make\n\n\ndef look():\n    return 1\n\n\na = make('first', [look])\nb = make('second', [])\n",
        }
    )
    assert found.drawn("USES") == {("pydantic-ai:shop/made#first", "tool:shop/use#look")}
    assert ("Agent", "pydantic-ai:shop/made#second") in found.nodes


def test_tools_that_are_bound_at_run_time_are_a_problem() -> None:
    found = linked({"a.py": "from pydantic_ai import Agent\nimport plugins\na = Agent('m', name='a', tools=plugins.load())\n"})
    assert found.drawn("USES") <= {("pydantic-ai:shop/a#a", "plugins:load")}


def test_an_agent_that_runs_elsewhere_is_the_same_and_tools_of_one_run_are_its_own() -> None:
    text = """
from pydantic_ai import Agent, WebSearchTool
from pydantic_ai.durable_exec.temporal import TemporalAgent
from pydantic_ai.mcp import MCPServerStreamableHTTP

answerer = Agent("anthropic:claude-haiku-4-5", name="answerer")
durable_answerer = TemporalAgent(answerer)
asker = Agent("anthropic:claude-sonnet-4-5", name="asker")


@asker.tool_plain
async def ask(question: str) -> str:
    return (await durable_answerer.run(question)).output


async def main():
    await asker.run("go", toolsets=[MCPServerStreamableHTTP("https://mcp.bank.example/mcp")], builtin_tools=[WebSearchTool()])
"""
    found = linked({"bank.py": text})
    assert {id for kind, id in found.nodes if kind == "Agent"} == {f"{PLACE}answerer", f"{PLACE}asker"}
    assert found.drawn("DELEGATES_TO") == {(f"{PLACE}asker", f"{PLACE}answerer")}
    assert found.targets("CONNECTS_TO", f"{PLACE}asker") == {"https://mcp.bank.example/mcp"}
    assert found.targets("USES", f"{PLACE}asker") == {"tool:shop/bank#ask", "pydantic-ai:web_search"}
