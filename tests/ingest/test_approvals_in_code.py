"""Calls before which a framework stops until somebody has said yes."""

from __future__ import annotations

import pytest

from tests.ingest.javascript_reading import source
from tests.ingest.python_linked import linked
from tests.ingest.reading import Facts, shown


def asked(facts: Facts) -> set[tuple[str, str]]:
    """(agent, tool or server) by the last part of their ids, of the edges on which somebody is asked."""
    guarded = [edge for edge in facts.edges if edge.props.get("guards")]
    for edge in guarded:
        (point,) = edge.props["guards"]
        props = facts.nodes["EnforcementPoint", point]
        assert (props["mode"], props["effect"]) == ("enforce", "step_up")
    return {(_last(shown(edge.source)), _last(shown(edge.target))) for edge in guarded}


def used(facts: Facts) -> set[tuple[str, str]]:
    return {(_last(shown(edge.source)), _last(shown(edge.target))) for edge in facts.edges if edge.kind in ("USES", "CONNECTS_TO")}


def _last(id: str) -> str:
    return id.rpartition("#")[2].rpartition(":")[2]


TOOLS = {
    "openai": (
        "from agents import Agent, function_tool\n",
        "@function_tool(needs_approval=True)",
        "@function_tool(needs_approval=False)",
        "Agent(name='Clerk', tools=[pay, look])",
    ),
    "agent framework": (
        "from agent_framework import ChatAgent, ai_function\n",
        "@ai_function(approval_mode='always_require')",
        "@ai_function(approval_mode='never_require')",
        "ChatAgent(name='Clerk', tools=[pay, look])",
    ),
    "agno": (
        "from agno.agent import Agent\nfrom agno.tools import tool\n",
        "@tool(requires_confirmation=True)",
        "@tool",
        "Agent(name='Clerk', tools=[pay, look])",
    ),
    "adk": (
        "from google.adk.agents import Agent\nfrom google.adk.tools import FunctionTool\n",
        "",
        "",
        "Agent(name='Clerk', tools=[FunctionTool(pay, require_confirmation=True), look])",
    ),
    "pydantic": (
        "from pydantic_ai import Agent, Tool\n",
        "",
        "",
        "Agent('openai:gpt-4o', name='Clerk', tools=[Tool(pay, requires_approval=True), look])",
    ),
}


@pytest.mark.parametrize("framework", TOOLS)
def test_a_tool_that_waits_for_somebody(framework: str) -> None:
    imports, asking, other, agent = TOOLS[framework]
    tools = f"{asking}\ndef pay(amount: int) -> str:\n    return 'x'\n\n{other}\ndef look() -> str:\n    return 'x'\n"
    text = f"{imports}\n{tools}\nclerk = {agent}\n"
    facts = linked({"a.py": text})
    assert used(facts) == {("Clerk", "pay"), ("Clerk", "look")}
    assert asked(facts) == {("Clerk", "pay")}


def test_a_setting_that_depends_is_no_promise() -> None:
    text = """
from agents import Agent, function_tool

async def large(context, parameters, call):
    return parameters["amount"] > 100

@function_tool(needs_approval=large)
def pay(amount: int) -> str:
    return "x"

clerk = Agent(name="Clerk", tools=[pay])
"""
    assert asked(linked({"a.py": text})) == set()


def test_servers_that_are_asked_about() -> None:
    text = """
from agents import Agent, HostedMCPTool

def hosted(label, approval):
    return HostedMCPTool(tool_config={"type": "mcp", "server_label": label, "server_url": f"https://{label}.haulage.example/mcp",
                                      "require_approval": approval})

clerk = Agent(name="Clerk", tools=[hosted("pay", "always"), hosted("look", "never")])
"""
    facts = linked({"a.py": text})
    assert {end for _, end in used(facts)} == {"//pay.haulage.example/mcp", "//look.haulage.example/mcp"}
    assert {end for _, end in asked(facts)} == {"//pay.haulage.example/mcp"}


MIDDLEWARE = """
from langchain.agents import create_agent
from langchain.agents.middleware import HumanInTheLoopMiddleware
from langchain.tools import tool

@tool
def pay(amount: int) -> str:
    "Pays."
    return "x"

@tool
def look() -> str:
    "Looks."
    return "x"

clerk = create_agent("gpt-4o", tools=[pay, look], name="Clerk", WAITS)
"""


@pytest.mark.parametrize(
    ("waits", "expected"),
    [
        ("middleware=[HumanInTheLoopMiddleware(interrupt_on={'pay': {'allowed_decisions': ['approve']}, 'look': False})]", {"pay"}),
        ("middleware=[HumanInTheLoopMiddleware(interrupt_on={'look': True})]", {"look"}),
        ("interrupt_before=['tools']", {"pay", "look"}),
        ("interrupt_before=['model']", set()),
    ],
)
def test_ready_made_agents_that_wait(waits: str, expected: set[str]) -> None:
    assert {tool for _, tool in asked(linked({"a.py": MIDDLEWARE.replace("WAITS", waits)}))} == expected


GRAPH = """
from langchain.tools import tool
from langchain_openai import ChatOpenAI
from langgraph.graph import StateGraph, START
from langgraph.prebuilt import ToolNode

@tool
def pay(amount: int) -> str:
    "Pays."
    return "x"

@tool
def look() -> str:
    "Looks."
    return "x"

def careful(tools):
    return ToolNode(tools).with_fallbacks([])

model = ChatOpenAI(model="gpt-4o").bind_tools([pay, look])

def clerk(state):
    return {"messages": model.invoke(state["messages"])}

def route(state) -> str:
    return "safe" if state["ok"] else "grave"

builder = StateGraph(dict)
builder.add_node("clerk", clerk)
builder.add_node("safe", careful([look]))
builder.add_node("grave", careful([pay]))
builder.add_edge(START, "clerk")
builder.add_conditional_edges("clerk", route, ["safe", "grave"])
builder.add_edge("safe", "clerk")
builder.add_edge("grave", "clerk")
graph = builder.compile(STOPS)
"""


@pytest.mark.parametrize(
    ("stops", "expected"),
    [
        ("interrupt_before=['grave']", {"pay"}),
        ("interrupt_before=['grave', 'safe']", {"pay", "look"}),
        ("interrupt_before=['clerk']", set()),
        ("", set()),
    ],
)
def test_graphs_that_stop_before_the_nodes_that_run_tools(stops: str, expected: set[str]) -> None:
    assert {tool for who, tool in asked(linked({"a.py": GRAPH.replace("STOPS", stops)})) if who == "clerk"} == expected


def test_typescript() -> None:
    facts = source(
        """
import { Agent, tool, hostedMcpTool } from '@openai/agents';
const pay = tool({ name: 'pay', description: 'Pays', needsApproval: true, execute: async () => 'x' });
const some = tool({ name: 'some', description: 'Pays', needsApproval: async (_, { amount }) => amount > 100, execute: async () => 'x' });
const look = tool({ name: 'look', description: 'Looks', execute: async () => 'x' });
const clerk = new Agent({ name: 'Clerk', tools: [pay, some, look,
  hostedMcpTool({ serverLabel: 'bank', serverUrl: 'https://bank.haulage.example/mcp', requireApproval: 'always' }),
  hostedMcpTool({ serverLabel: 'wiki', serverUrl: 'https://wiki.haulage.example/mcp', requireApproval: 'never' })] });
"""
    )
    assert len(used(facts)) == 5
    assert {tool for _, tool in asked(facts)} == {"pay", "//bank.haulage.example/mcp"}
