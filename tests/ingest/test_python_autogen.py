"""AutoGen 0.2 and 0.4 in Python."""

from __future__ import annotations

import pytest

from tests.ingest.python_linked import linked, linked_folder
from tests.ingest.reading import Facts, shown


@pytest.fixture(scope="module")
def facts() -> Facts:
    return linked_folder("python_autogen")


OLD, NEW = "autogen:shop/old#", "autogen:shop/new#"


def drawn(facts: Facts, place: str) -> set[tuple[str, str, str]]:
    edges = ((shown(e.source), shown(e.target), e.props) for e in facts.edges if e.kind == "DELEGATES_TO")
    return {(one.removeprefix(place), two.removeprefix(place), props["kind_detail"]) for one, two, props in edges if one.startswith(place)}


def test_conversable_agents(facts: Facts) -> None:
    names = {id.removeprefix(OLD) for kind, id in facts.nodes if kind == "Agent" and id.startswith(OLD)}
    assert names == {"analyst", "coder", "runner", "critic", "person", "manager"}


def test_chats_run_back_from_who_executes(facts: Facts) -> None:
    assert drawn(facts, OLD) == {
        ("coder", "critic", "nested_chat"),
        ("runner", "manager", "chat"),
        ("runner", "manager", "return_edge"),
        ("person", "analyst", "chat"),
        ("analyst", "person", "return_edge"),
        ("manager", "analyst", "group_chat"),
        ("manager", "coder", "group_chat"),
        ("manager", "runner", "group_chat"),
        ("analyst", "runner", "tool_execution"),
    }


def test_registered_functions_and_code(facts: Facts) -> None:
    assert facts.targets("USES", f"{OLD}analyst") == {"tool:shop/old#look_up", "tool:shop/old#send_mail"}
    assert facts.targets("USES", f"{OLD}runner") == {"tool:shop/old#look_up", "autogen:code_execution"}
    assert facts.targets("USES", f"{OLD}person") == {"tool:shop/old#send_mail"}
    assert facts.targets("USES", f"{OLD}coder") == set()


def test_models_of_a_config_list(facts: Facts) -> None:
    assert facts.targets("USES_MODEL", f"{OLD}coder") == {"gpt-4o"}
    assert facts.targets("HOLDS", f"{OLD}coder") == {"env:OPENAI_API_KEY"}


def test_a_user_proxy_runs_code_unless_told_not_to() -> None:
    text = "import autogen\na = autogen.UserProxyAgent('a')\nb = autogen.UserProxyAgent('b', code_execution_config=False)\n"
    found = linked({"x.py": text})
    assert found.drawn("USES") == {("autogen:shop/x#a", "autogen:code_execution")}


def test_teams_and_handoffs(facts: Facts) -> None:
    assert drawn(facts, NEW) == {
        ("planner", "trader", "handoff"),
        ("planner", "news", "handoff"),
        ("trader", "planner", "handoff"),
        ("news", "planner", "handoff"),
        ("swarm", "planner", "entry_point"),
        ("inner", "writer", "group_chat"),
        ("inner", "editor", "group_chat"),
        ("society", "inner", "team"),
        ("lead", "writer", "agent_as_tool"),
        ("lead", "fetcher", "agent_as_tool"),
        ("pick", "lead", "group_chat"),
        ("pick", "executor", "group_chat"),
        ("pick", "human", "group_chat"),
        ("pick", "society", "group_chat"),
        ("flow", "writer", "graph_flow"),
        ("flow", "editor", "graph_flow"),
        ("flow", "lead", "graph_flow"),
        ("writer", "editor", "graph_edge"),
        ("editor", "writer", "conditional_edge"),
        ("editor", "lead", "conditional_edge"),
    }
    assert facts.props("DELEGATES_TO", f"{NEW}planner", f"{NEW}trader")["mode"] == "handoff"
    assert ("Workflow", f"{NEW}flow") in facts.nodes


def test_a_handoff_to_the_user_is_no_problem(facts: Facts) -> None:
    assert facts.problems == []


def test_a_handoff_to_nobody_known_is_one() -> None:
    text = "from autogen_agentchat.agents import AssistantAgent\na = AssistantAgent('a', None, handoffs=['who'])\n"
    found = linked({"x.py": text})
    assert [(where, severity) for where, severity, _ in found.problems] == [("L2", "warning")]


def test_tools_and_servers(facts: Facts) -> None:
    assert facts.targets("USES", f"{NEW}trader") == {"tool:shop/new#get_stock"}
    assert facts.targets("USES", f"{NEW}executor") == {"autogen:code_execution"}
    (server,) = facts.targets("CONNECTS_TO", f"{NEW}fetcher")
    assert facts.nodes["ToolServer", server]["package"] == "pkg:pypi/mcp-server-fetch"


def test_agents_of_the_core_go_by_the_type_they_are_registered_under() -> None:
    text = (
        "from autogen_core import RoutedAgent, SingleThreadedAgentRuntime\n\n\n"
        "class Worker(RoutedAgent):\n    def __init__(self, text):\n        super().__init__(text)\n\n\n"
        "async def main():\n    runtime = SingleThreadedAgentRuntime()\n"
        "    await Worker.register(runtime, 'finance', lambda: Worker('counts'))\n"
        "    await Worker.register(runtime, type='hr', factory=lambda: Worker('hires'))\n"
    )
    found = linked({"x.py": text})
    assert {id for kind, id in found.nodes if kind == "Agent"} == {"autogen:shop/x#finance", "autogen:shop/x#hr"}


def test_messages_of_the_core_by_topic_and_name(facts: Facts) -> None:
    assert drawn(facts, "autogen:shop/topics#") == {
        ("extractor", "reviewer", "message"),
        ("reviewer", "worker", "message"),
        ("desk", "extractor", "message"),
        ("desk", "worker", "message"),
        ("desk", "Sales", "handoff"),
        ("manager", "reviewer", "message"),
        ("manager", "Sales", "message"),
    }


def test_functions_in_the_configuration_of_a_model_and_in_a_map() -> None:
    text = """
import autogen


def look_up(question: str) -> str:
    return open("answers.txt").read()


config = {"config_list": [{"model": "gpt-4"}], "functions": [{"name": "look_up", "parameters": {"type": "object"}}]}
clerk = autogen.AssistantAgent(name="clerk", llm_config=config)
runner = autogen.UserProxyAgent(name="runner", code_execution_config=False, function_map={"look_up": look_up})
"""
    found = linked({"desk.py": text})
    tool = "tool:shop/desk#look_up"
    assert found.drawn("USES") == {("autogen:shop/desk#clerk", tool), ("autogen:shop/desk#runner", tool)}
    assert found.nodes["Tool", tool]["effects"] == ["read"]


def test_a_member_that_is_got_from_a_session_is_told() -> None:
    facts = linked(
        {
            "desk.py": """
import autogen
import chainlit as cl

def run(llm_config):
    mentor = cl.user_session.get("mentor")
    chat = autogen.GroupChat(agents=[autogen.AssistantAgent("desk"), mentor], messages=[])
    return autogen.GroupChatManager(groupchat=chat, llm_config=llm_config)
"""
        }
    )
    ((_, _, message),) = facts.problems
    assert message == "the members of 'GroupChatManager' come from a name that is bound at run time"
