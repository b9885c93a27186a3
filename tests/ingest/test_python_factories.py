"""Agents that functions make and that reach a graph through other functions, as applications build them."""

from __future__ import annotations

from textwrap import dedent

import pytest

from graphinv.ingest import python_source
from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.program import Program
from tests.ingest.python_linked import linked
from tests.ingest.reading import Facts, document

TOOLS = """
from langchain_core.tools import tool

@tool
def look_up(question: str) -> str:
    "Looks it up."

@tool
def run_code(code: str) -> str:
    "Runs it."
    exec(code)
"""
FACTORY = """
from langchain.agents import AgentExecutor, create_openai_tools_agent

def create_agent(llm, tools, system):
    prompt = make_prompt(system)
    agent = create_openai_tools_agent(llm, tools, prompt)
    return AgentExecutor(agent=agent, tools=tools)

def agent_node(state, agent, name):
    result = agent.invoke(state)
    return {"messages": [result]}
"""


def read(**files: str) -> Facts:
    """Facts of a root whose files are named ``<name>.py``."""
    return linked({f"{name}.py": dedent(text) for name, text in files.items()})


def local(ids: set[str]) -> set[str]:
    return {one.rpartition("#")[2] for one in ids}


def agents(facts: Facts) -> set[str]:
    return local({id_ for kind, id_ in facts.nodes if kind == "Agent"})


def edges(facts: Facts, kind: str) -> set[tuple[str, str]]:
    return {(source.rpartition("#")[2], target.rpartition("#")[2]) for source, target in facts.drawn(kind)}


GRAPH = """
import functools
from langchain_openai import ChatOpenAI
from langgraph.graph import END, START, StateGraph
from factory import agent_node, create_agent
from tools import look_up, run_code

llm = ChatOpenAI(model="gpt-4o")
research_agent = create_agent(llm, [look_up], "You look things up.")
research_node = functools.partial(agent_node, agent=research_agent, name="Researcher")
code_agent = create_agent(llm, [run_code], "You write code.")

graph = StateGraph(dict)
graph.add_node("Researcher", research_node)
graph.add_node("Coder", lambda state: agent_node(state, code_agent, "Coder"))
graph.add_edge(START, "Researcher")
graph.add_edge("Researcher", "Coder")
app = graph.compile()
"""


def test_a_node_that_runs_the_agent_it_is_given_is_that_agent() -> None:
    facts = read(tools=TOOLS, factory=FACTORY, team=GRAPH)
    assert agents(facts) == {"Researcher", "Coder"}
    assert edges(facts, "USES") == {("Researcher", "look_up"), ("Coder", "run_code")}
    assert edges(facts, "DELEGATES_TO") == {("app", "Researcher"), ("Researcher", "Coder")}


def test_agents_of_one_factory_are_named_by_where_it_is_called() -> None:
    facts = read(
        tools=TOOLS,
        factory=FACTORY,
        roles="""
        from factory import create_agent
        from tools import look_up, run_code

        def create_research_agent(llm):
            return create_agent(llm, [look_up], "You look things up.")

        def create_code_agent(llm):
            return create_agent(llm, [run_code], "You write code.")
        """,
        app="""
        from langchain_openai import ChatOpenAI
        from factory import create_agent
        from roles import create_code_agent, create_research_agent
        from tools import look_up

        class Team:
            def __init__(self):
                self.agents = {}
                self.agents["code_agent"] = create_code_agent(ChatOpenAI(model="gpt-4o"))
                self.agents["research_agent"] = create_research_agent(ChatOpenAI(model="gpt-4o"))
                helper = create_agent(ChatOpenAI(model="gpt-4o"), [], "You help.")
        """,
    )
    assert agents(facts) == {"research_agent", "code_agent", "helper"}
    assert edges(facts, "USES") == {("research_agent", "look_up"), ("code_agent", "run_code")}


def test_a_factory_that_makes_the_same_agent_again_makes_one() -> None:
    facts = read(
        tools=TOOLS,
        factory=FACTORY,
        web="""
        from factory import create_agent
        from tools import look_up

        def ask(question):
            bot = create_agent("openai:gpt-4o", [look_up], "You help.")
            return bot.invoke(question)

        def ask_again(question):
            assistant = create_agent("openai:gpt-4o", [look_up], "You help.")
            return assistant.invoke(question)
        """,
    )
    assert agents(facts) == {"agent"}


def test_agents_that_are_kept_together_are_not_named_after_what_else_is_made_with_them() -> None:
    facts = read(
        tools=TOOLS,
        factory=FACTORY,
        web="""
        from factory import create_agent
        from tools import look_up, run_code

        def create_team(tools):
            return Team([create_agent("openai:gpt-4o", one, "You help.") for one in tools])

        def serve():
            app = create_team([[look_up]])

        def answer():
            reply = create_team([[run_code]])
        """,
    )
    assert agents(facts) == {"agent"}


def test_a_model_that_is_handed_to_a_helper_makes_a_node_an_agent() -> None:
    facts = read(
        helpers="""
        def ask_or_give_up(structured, plain, prompt):
            try:
                return structured.invoke(prompt)
            except ValueError:
                return plain.invoke(prompt).content
        """,
        models="""
        from langchain_openai import ChatOpenAI

        class CheckedChat(ChatOpenAI):
            def invoke(self, prompt, config=None):
                return checked(super().invoke(prompt, config))
        """,
        team="""
        from langgraph.graph import StateGraph
        from helpers import ask_or_give_up
        from models import CheckedChat

        def create_trader(llm):
            structured = llm.with_structured_output(Plan)

            def trader(state):
                return {"plan": ask_or_give_up(structured, llm, state["question"])}

            return trader

        def create_researcher(llm):
            def researcher(state):
                return {"notes": llm.invoke(state["question"])}

            return researcher

        llm = CheckedChat(model="gpt-4o")
        graph = StateGraph(dict)
        graph.add_node("Trader", create_trader(llm))
        graph.add_node("Researcher", create_researcher(llm))
        app = graph.compile()
        """,
    )
    assert agents(facts) == {"Trader", "Researcher"}
    assert edges(facts, "USES_MODEL") == {("Trader", "gpt-4o"), ("Researcher", "gpt-4o")}


def test_a_sequence_of_runnables_runs_the_model_in_it() -> None:
    facts = read(
        team="""
        from langchain_core.runnables import RunnableLambda, RunnableSequence
        from langchain_openai import ChatOpenAI
        from langgraph.graph import StateGraph

        def wrapped(model):
            return RunnableSequence(RunnableLambda(prepare), model)

        async def answer(state):
            return {"messages": [await wrapped(ChatOpenAI(model="gpt-4o")).ainvoke(state)]}

        async def extract(state):
            chain = (RunnableLambda(prepare) | ChatOpenAI(model="gpt-4o").with_structured_output(Form)).with_config(tags=["quiet"])
            return {"form": await chain.ainvoke(state)}

        graph = StateGraph(dict)
        graph.add_node("answer", answer)
        graph.add_node("extract", extract)
        app = graph.compile()
        """
    )
    assert agents(facts) == {"answer", "extract"}
    assert edges(facts, "USES_MODEL") == {("answer", "gpt-4o"), ("extract", "gpt-4o")}


def test_entry_points_of_the_functional_api() -> None:
    facts = read(
        tools=TOOLS,
        app="""
        from langchain.agents import create_agent
        from langchain_openai import ChatOpenAI
        from langgraph.checkpoint.memory import InMemorySaver
        from langgraph.func import entrypoint, task
        from tools import look_up

        model = ChatOpenAI(model="gpt-4o").bind_tools([look_up])
        writer = create_agent("openai:gpt-4o-mini", [])
        saver = InMemorySaver()

        @task
        def call_model(messages):
            return model.invoke(messages)

        @entrypoint(checkpointer=saver)
        def desk(messages):
            answer = call_model(messages).result()
            return answer

        @entrypoint()
        def report(topic):
            return writer.invoke(topic)
        """,
    )
    assert agents(facts) == {"desk", "writer"}
    assert {id_.rpartition("#")[2] for kind, id_ in facts.nodes if kind == "Workflow"} == {"report"}
    assert edges(facts, "USES") == {("desk", "look_up")}
    assert edges(facts, "USES_MODEL") == {("desk", "gpt-4o"), ("writer", "openai:gpt-4o-mini")}
    assert edges(facts, "DELEGATES_TO") == {("report", "writer")}
    assert edges(facts, "READS") == {("desk", "saver")}


def test_a_deep_agent_that_a_platform_runs() -> None:
    facts = read(
        tools=TOOLS,
        agent="""
        from managed_deepagents import define_deep_agent
        from tools import look_up

        agent = define_deep_agent(name="desk", model="openai:gpt-4o", tools=[look_up])
        """,
    )
    assert agents(facts) == {"desk"}
    assert ("desk", "look_up") in edges(facts, "USES")


def test_a_node_of_tools_is_called_tools() -> None:
    facts = read(
        tools=TOOLS,
        app="""
        from langchain_openai import ChatOpenAI
        from langgraph.graph import START, StateGraph
        from langgraph.prebuilt import ToolNode, tools_condition
        from tools import look_up

        def answer(state):
            return ChatOpenAI(model="gpt-4o").bind_tools([look_up]).invoke(state)

        runs_tools = ToolNode([look_up])
        graph = StateGraph(dict)
        graph.add_node(answer)
        graph.add_node(runs_tools)
        graph.add_edge(START, "answer")
        graph.add_conditional_edges("answer", tools_condition)
        graph.add_edge("tools", "answer")
        app = graph.compile()
        """,
    )
    assert edges(facts, "DELEGATES_TO") == {("app", "answer"), ("answer", "app/tools"), ("app/tools", "answer")}
    assert not facts.problems


def test_an_object_whose_methods_call_each_other_is_the_same_object() -> None:
    text = """
        from agents import Agent, Runner

        class Trader:
            def __init__(self, name):
                self.name = name

            async def make(self, tools):
                return Agent(name=self.name, tools=tools)

            async def once(self, tools):
                await Runner.run(await self.make(tools), "trade")

            async def traced(self):
                await self.once([])

            async def guarded(self):
                await self.traced()

            async def run(self):
                await self.guarded()

        async def main():
            for name in ["Ada", "Grace"]:
                await Trader(name).run()
        """
    module = python_source.summarise(document(dedent(text), "team.py"))
    assert isinstance(module, ir.Module)
    program = Program("shop", {"team.py": module}, outside={"agents"})
    names = [name.text() for made in program.made(("agents",), "Agent") if (name := made.arg("name")) is not None]
    assert names == ["Ada", "Grace"], "whatever was looked at before"


def test_what_a_stream_of_messages_is_kept_in_names_no_agent() -> None:
    """A function that runs an agent and yields what it says hands the agent to nobody."""
    facts = read(
        service="""
        from strands import Agent

        async def answer(prompt, tools):
            supervisor = Agent(tools=tools)
            async for message in supervisor.stream_async(prompt):
                yield {"text": message}
        """,
        web="""
        from service import answer
        from tools import look_up

        async def chat(prompt):
            async for chunk in answer(prompt, [look_up]):
                print(chunk)
        """,
        batch="""
        from service import answer
        from tools import run_code

        async def chat(prompt):
            stream = answer(prompt, [run_code])
            return [one async for one in stream]
        """,
        tools="""
        from strands import tool

        @tool
        def look_up(question: str) -> str:
            "Looks it up."

        @tool
        def run_code(code: str) -> str:
            "Runs it."
            exec(code)
        """,
    )
    assert agents(facts) == {"supervisor"}
    assert edges(facts, "USES") == {("supervisor", "look_up"), ("supervisor", "run_code")}


def test_what_is_given_while_it_is_needed_is_named_after_who_takes_it() -> None:
    facts = read(
        service="""
        from contextlib import asynccontextmanager
        from strands import Agent

        @asynccontextmanager
        async def opened(prompt):
            agent = Agent(system_prompt=prompt)
            yield agent
        """,
        web="""
        from service import opened

        async def chat():
            async with opened("You sell.") as seller, opened("You buy.") as buyer:
                await seller.invoke_async(await buyer.invoke_async("go"))
        """,
    )
    assert agents(facts) == {"seller", "buyer"}


def test_what_is_added_to_an_item_is_added_to_it_alone() -> None:
    facts = read(
        tools=TOOLS,
        team="""
        from langchain.agents import create_agent
        from tools import look_up, run_code

        kits = {"research": [look_up], "build": []}
        kits["build"] += [run_code]
        order = [look_up, run_code]
        order[0] += 1
        researcher = create_agent("m", tools=kits["research"], name="researcher")
        builder = create_agent("m", tools=kits["build"], name="builder")
        both = create_agent("m", tools=order, name="both")
        """,
    )
    assert edges(facts, "USES") == {
        ("researcher", "look_up"),
        ("builder", "run_code"),
        ("both", "look_up"),
        ("both", "run_code"),
    }
    assert not facts.problems


def test_what_only_runs_an_agent_names_the_answer_and_not_the_agent() -> None:
    facts = read(
        routed="""
        import re
        from agents import Agent, Runner

        async def routed(who, question):
            clerk = Agent(name=None, instructions=who)
            said = str((await Runner.run(clerk, question)).final_output)
            return re.sub(r"\\s+", " ", said).strip()

        async def ask(settings, question):
            answer = await routed(settings.first, question)
            return answer or await routed(settings.second, question)

        async def again(question):
            spoken = await routed("third", question)
            return spoken
        """
    )
    assert agents(facts) == {"clerk"}


@pytest.mark.parametrize("given", ["", "tools"])
def test_a_method_that_calls_the_one_it_overrides(given: str) -> None:
    facts = linked(
        {
            "base.py": """
from strands import Agent

class Server:
    def __init__(self, name):
        self.name = name

    def serve(self, tools=None):
        self.agent = Agent(name=self.name, tools=tools or [])
""",
            "desk.py": f"""
from base import Server

class Plain(Server):
    pass

class Checked(Server):
    def serve(self, tools=None):
        super().serve({given})
        print("served")

def orders(number: str) -> str:
    "Look up an order."
    return open(number).read()

Plain("parcels").serve([orders])
Checked("refunds").serve([orders])
""",
        }
    )
    agents = {node["name"] for (kind, _), node in facts.nodes.items() if kind == "Agent"}
    assert agents == {"parcels", "refunds"}
    served = {source.rpartition("#")[2] for source, _ in facts.drawn("USES")}
    assert served == ({"parcels", "refunds"} if given else {"parcels"})


def test_a_model_that_is_looked_up_in_what_the_caller_gives_is_its_default_or_unknown() -> None:
    facts = linked(
        {
            "desk.py": """
from flask import request
from strands import Agent
from strands.models.ollama import OllamaModel

def desk():
    data = request.json
    options = {**{"host": data.get("host"), "model_id": data.get("model_id", "llama3")}, **data.get("options", {})}
    return Agent(name="desk", model=OllamaModel(**options))

def plain():
    return Agent(name="plain", model=request.json.get("model_name"))
"""
        }
    )
    assert {target for _, target in facts.drawn("USES_MODEL")} == {"llama3"}


def test_a_provider_is_no_model() -> None:
    facts = linked(
        {
            "desk.py": """
from pydantic_ai import Agent
from shop_models import default_model

one = Agent(default_model("anthropic"), name="one")
two = Agent(default_model("openai/gpt-4o"), name="two")
"""
        }
    )
    assert {target for _, target in facts.drawn("USES_MODEL")} == {"openai/gpt-4o"}


def test_a_model_that_is_called_as_its_provider() -> None:
    facts = linked(
        {
            "desk.py": """
from crewai import Agent
from langchain_ollama import ChatOllama
from langgraph.prebuilt import create_react_agent

one = create_react_agent(ChatOllama(model="mistral"), tools=[])
two = Agent(role="two", goal="-", backstory="-", llm="deepseek")
"""
        }
    )
    assert {target for _, target in facts.drawn("USES_MODEL")} == {"mistral", "deepseek"}
