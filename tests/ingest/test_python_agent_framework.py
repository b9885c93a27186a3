"""Microsoft Agent Framework in Python."""

from __future__ import annotations

from textwrap import dedent

import pytest

from tests.ingest.python_linked import linked, linked_folder
from tests.ingest.reading import Facts, shown


@pytest.fixture(scope="module")
def facts() -> Facts:
    return linked_folder("python_agent_framework")


PLACE = "agent-framework:shop/help_desk#"


def drawn(facts: Facts, *details: str) -> set[tuple[str, str]]:
    ends = [(edge.source, edge.target) for edge in facts.edges if edge.kind == "DELEGATES_TO" and edge.props["kind_detail"] in details]
    return {(shown(source).removeprefix(PLACE), shown(target).removeprefix(PLACE)) for source, target in ends}


def test_agents_however_they_are_made(facts: Facts) -> None:
    names = {id.removeprefix(PLACE) for kind, id in facts.nodes if kind == "Agent" and id.startswith(PLACE)}
    assert names == {"triage", "refunds", "orders", "coder", "docs", "manager", "abroad", "first", "second"}


def test_handoffs_as_added_or_each_to_each(facts: Facts) -> None:
    assert drawn(facts, "handoff") == {
        ("triage", "refunds"),
        ("triage", "orders"),
        ("refunds", "triage"),
        ("first", "second"),
        ("second", "first"),
    }
    assert drawn(facts, "entry_point") == {("routes", "triage"), ("open", "first"), ("mail", "triage")}


def test_teams(facts: Facts) -> None:
    assert drawn(facts, "sequential") == {("chain", "triage"), ("chain", "refunds"), ("chain", "orders")}
    assert drawn(facts, "concurrent") == {("fan", "coder"), ("fan", "docs")}
    assert drawn(facts, "manager") == {("talk", "manager"), ("magentic", "manager")}
    assert drawn(facts, "group_chat") == drawn(facts, "magentic") == {("manager", "coder"), ("manager", "docs")}


def test_graphs(facts: Facts) -> None:
    assert drawn(facts, "conditional_edge") == {("triage", "refunds"), ("refunds", "orders"), ("refunds", "coder")}
    assert drawn(facts, "graph_edge") == {("orders", "docs"), ("orders", "coder"), ("docs", "manager"), ("coder", "manager")}


def test_agents_as_tools_and_remote_ones(facts: Facts) -> None:
    assert drawn(facts, "agent_as_tool") == {("manager", "orders"), ("manager", "docs")}
    assert drawn(facts, "a2a") == {("abroad", "a2a:https://abroad.acme.example")}


def test_tools_servers_models(facts: Facts) -> None:
    assert facts.targets("USES", f"{PLACE}coder") == {"agent-framework:code_interpreter", "agent-framework:web_search"}
    assert facts.targets("USES", f"{PLACE}refunds") == {"tool:shop/help_desk#refund"}
    assert facts.targets("USES", f"{PLACE}orders") == {"tool:shop/help_desk#weather"}
    assert facts.targets("CONNECTS_TO", f"{PLACE}docs") == {
        "https://learn.acme.example/api/mcp",
        "https://hosted.acme.example/mcp",
        "mcp:shop/help_desk.py#files",
    }
    assert facts.targets("USES_MODEL", f"{PLACE}refunds") == {"gpt-4.1"}
    assert facts.targets("HOLDS", f"{PLACE}triage") == {"env:OPENAI_API_KEY"}
    assert facts.problems == []


def test_agents_that_the_steps_of_an_orchestration_hold() -> None:
    text = """
    from agent_framework import Agent, Executor, WorkflowExecutor, handler
    from agent_framework.orchestrations import ConcurrentBuilder, SequentialBuilder

    class Lawyer(Executor):
        def __init__(self, client):
            self.agent = Agent(client=client, name="lawyer")
            super().__init__(id="lawyer")

    inner = SequentialBuilder(participants=[Agent(name="clerk")], name="inner").build()
    ConcurrentBuilder(participants=[Lawyer(None), WorkflowExecutor(workflow=inner, id="sub")], name="outer").build()
    """
    place = "agent-framework:shop/law#"
    facts = linked({"law.py": dedent(text)})
    assert facts.targets("DELEGATES_TO", f"{place}outer") == {f"{place}lawyer", f"{place}inner"}


def test_tools_that_an_agent_is_given_for_one_run() -> None:
    text = """
    from agent_framework import MCPStreamableHTTPTool
    from agent_framework.azure import AzureOpenAIChatClient

    docs = AzureOpenAIChatClient().as_agent(name="docs")

    def look_up(order: str) -> str:
        return "paid"

    async def main():
        async with MCPStreamableHTTPTool(name="learn", url="https://learn.acme.example/mcp") as server:
            await docs.run("how?", tools=server)
        async for part in docs.run_stream("where is it?", tools=[look_up]):
            print(part)
    """
    facts = linked({"help_desk.py": dedent(text)})
    assert facts.targets("CONNECTS_TO", f"{PLACE}docs") == {"https://learn.acme.example/mcp"}
    assert facts.targets("USES", f"{PLACE}docs") == {"tool:shop/help_desk#look_up"}


def test_steps_of_a_graph_that_hold_an_agent_of_their_own() -> None:
    text = """
    from agent_framework import Executor, WorkflowBuilder, handler
    from agent_framework.azure import AzureOpenAIChatClient

    client = AzureOpenAIChatClient()

    class Writer(Executor):
        def __init__(self, client, id="writer"):
            self.agent = client.as_agent(name="author")
            super().__init__(id=id)

        @handler
        async def handle(self, message, ctx):
            await ctx.send_message((await self.agent.run(message)).text)

    class Count(Executor):
        @handler
        async def handle(self, message, ctx):
            await ctx.send_message(len(message))

    class Reviewer(Executor):
        def __init__(self, client, id="reviewer"):
            self._critic = client.as_agent(name="critic")
            super().__init__(id=id)

        @handler
        async def handle(self, message, ctx):
            await ctx.yield_output((await self._critic.run(message)).text)

    def make_writer():
        return Writer(client)

    named = (
        WorkflowBuilder()
        .register_executor(make_writer, name="write")
        .register_executor(lambda: Reviewer(client), name="review")
        .set_start_executor("write")
        .add_edge("write", "review")
        .build()
    )
    made = WorkflowBuilder(start_executor=Writer(client)).add_edge(Count(id="count"), Reviewer(client)).build()
    """
    facts = linked({"help_desk.py": dedent(text)})
    assert drawn(facts, "entry_point") == {("named", "author"), ("made", "author")}
    assert drawn(facts, "graph_edge") == {("author", "critic"), ("made", "critic")}
