"""Python source: agents, tools and delegation through one resolver."""

from __future__ import annotations

import json
from textwrap import dedent
from typing import Any

import pytest

from graphinv.ingest import python_source
from graphinv.ingest.support.python import budget
from graphinv.model.errors import IngestError
from tests.ingest.python_linked import linked
from tests.ingest.reading import Facts, document, fake, shown


class _Tree:
    """Reads several documents as one root; stands for an ingestor of one document in :class:`Facts`."""

    def __init__(self, files: dict[str, str]) -> None:
        self.files = files

    def read(self, _: Any) -> Any:
        documents = {path: document(dedent(text), path) for path, text in self.files.items()}
        return python_source.link("shop", {path: python_source.summarise(one) for path, one in documents.items()})


def tree(**files: str) -> Facts:
    """Facts of a root; ``pkg__agents_py`` is the file ``pkg/agents.py``."""
    named = {}
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        named[f"{stem.replace('__', '/')}.{suffix}"] = text
    return Facts(_Tree(named), document("", "none"))


def agents(facts: Facts) -> set[str]:
    return {key[1].partition(":shop/")[2] for key in facts.nodes if key[0] == "Agent"}


def edges(facts: Facts, kind: str = "DELEGATES_TO") -> set[tuple[str, str, str]]:
    def name(end: Any) -> str:
        return str(end[1]).partition("#")[2] or str(end[1])

    return {(name(edge.source), name(edge.target), edge.props.get("kind_detail", "")) for edge in facts.edges if edge.kind == kind}


OPENAI = "from agents import Agent, handoff, function_tool, Runner, WebSearchTool\n"


def test_handoffs_in_all_forms() -> None:
    facts = tree(
        desk_py=OPENAI
        + """
refunds = Agent(name="Refunds", instructions="x")
billing = Agent(name="Billing", handoffs=[refunds])
lookup = Agent(name="Lookup")
triage = Agent(name="Triage", handoffs=[billing, handoff(agent=refunds)], tools=[lookup.as_tool("look_up", "d"), WebSearchTool()])
billing.handoffs.append(triage)
refunds.handoffs = [triage]
"""
    )
    assert edges(facts) == {
        ("Billing", "Refunds", "handoff"),
        ("Billing", "Triage", "handoff"),
        ("Refunds", "Triage", "handoff"),
        ("Triage", "Billing", "handoff"),
        ("Triage", "Refunds", "handoff"),
        ("Triage", "Lookup", "agent_as_tool"),
    }
    assert edges(facts, "USES") == {("Triage", "openai:web_search", "")}
    assert facts.props("DELEGATES_TO", "openai-agents:shop/desk#Triage", "openai-agents:shop/desk#Billing")["sources"] == [
        "shop/desk.py#L6"
    ]


def test_clones() -> None:
    facts = tree(
        a_py=OPENAI
        + """
risk = Agent(name="Risk")
writer = Agent(name="Writer", handoffs=[risk])
other = writer.clone(name="Other")
same = writer.clone(tools=[risk.as_tool("r", "d")])
"""
    )
    assert agents(facts) == {"a#Risk", "a#Writer", "a#Other"}
    assert edges(facts) == {("Writer", "Risk", "handoff"), ("Other", "Risk", "handoff"), ("Writer", "Risk", "agent_as_tool")}


def test_a_tool_belongs_to_who_lists_it_and_one_that_nobody_lists_to_nobody() -> None:
    facts = tree(
        a_py=OPENAI
        + """
@function_tool
def listed(): "x"
@function_tool(name_override="renamed")
def other(): "x"
@function_tool
def nobody(): "x"
one = Agent(name="One", tools=[listed])
two = Agent(name="Two", tools=[other])
"""
    )
    assert edges(facts, "USES") == {("One", "listed", ""), ("Two", "renamed", "")}
    assert not any("nobody" in key[1] for key in facts.nodes)


def test_names_across_files_constants_lists_and_aliases() -> None:
    facts = tree(
        pkg__names_py='PREFIX = "Desk"\nNAME = f"{PREFIX} agent"\nMODEL = "gpt-x"\n',
        pkg__tools_py="def search(q): return q\ndef fetch(u): return u\nBASE = [search]\n",
        pkg__main_py="""
from agents import Agent as A
from .names import NAME, MODEL
from pkg import tools as t
chosen = list(t.BASE)
chosen += [t.fetch]
desk = A(name=NAME, tools=chosen, model=MODEL)
""",
    )
    assert agents(facts) == {"pkg/main#Desk agent"}
    assert edges(facts, "USES") == {("Desk agent", "search", ""), ("Desk agent", "fetch", "")}
    assert ("Model", "gpt-x") in facts.nodes


def test_a_factory_makes_an_agent_for_each_name_it_is_called_with() -> None:
    facts = tree(
        make_py=OPENAI
        + """
def make(name, tools=()):
    agent = Agent(name=f"{name} agent", tools=list(tools))
    return agent
""",
        use_py="""
from make import make
def f(): pass
north = make("North", [f])
south = make(name="South")
again = make("South")
""",
    )
    assert agents(facts) == {"make#North agent", "make#South agent"}
    assert edges(facts, "USES") == {("North agent", "f", "")}


def test_loops_and_comprehensions_over_known_lists() -> None:
    facts = tree(
        a_py=OPENAI
        + """
team = []
for name in ["a", "b"]:
    team.append(Agent(name=name))
more = {n: Agent(name=n) for n in ("c", "d")}
boss = Agent(name="boss", handoffs=[*team, *more.values()])
"""
    )
    assert {target for _, target, _ in edges(facts)} == {"a", "b", "c", "d"}


def test_same_names_in_two_services_are_two_agents() -> None:
    text = OPENAI + 'a = Agent(name="Helper")\n'
    assert agents(tree(one__svc_py=text, two__svc_py=text)) == {"one/svc#Helper", "two/svc#Helper"}


def test_ids_stay_when_lines_move() -> None:
    text = OPENAI + 'a = Agent(name="Helper")\n'
    assert agents(tree(svc_py=text)) == agents(tree(svc_py="# moved\n\n\n" + text))


def test_what_is_bound_at_run_time_is_told_and_not_guessed() -> None:
    facts = tree(a_py=OPENAI + "def build(tools):\n    return Agent(name='X', tools=tools)\n")
    assert agents(facts) == {"a#X"}
    assert edges(facts, "USES") == set()
    ((where, severity, message),) = facts.problems
    assert (where, severity) == ("L2", "warning")
    assert "tools of 'X'" in message


def test_many_unknowns_are_counted() -> None:
    facts = tree(a_py=OPENAI + "import os\n" + "\n".join(f"a{i} = Agent(name='A{i}', handoffs=[unknown{i}])" for i in range(30)))
    assert len(facts.problems) == 21
    assert any("10 more" in message for _, _, message in facts.problems)


def test_tests_and_examples_are_marked() -> None:
    text = OPENAI + 'a = Agent(name="Helper")\n'
    facts = tree(tests__a_py=text, examples__a_py=text, app__a_py=text)
    found = {key[1]: props.get("environment") for key, props in facts.nodes.items() if key[0] == "Agent"}
    assert found == {
        "openai-agents:shop/tests/a#Helper": "test",
        "openai-agents:shop/examples/a#Helper": "dev",
        "openai-agents:shop/app/a#Helper": None,
    }


def test_other_packages_called_agents_are_none() -> None:
    facts = tree(
        agents__init_py="class Agent: pass\n",
        agents__core_py="class Agent: pass\n",
        a_py="from agents.core import Agent\nx = Agent(name='No')\n",
    )
    assert agents(facts) == set()


def test_mcp_servers_and_their_credentials() -> None:
    token = fake("mcp", "ghp_")
    facts = tree(
        a_py=OPENAI
        + f"""
import os
from agents.mcp import MCPServerStdio, MCPServerStreamableHttp
async def main():
    async with MCPServerStdio(name="git", params={{"command": "npx", "args": ["-y", "@acme/git@1.2.3"],
                              "env": {{"GITHUB_TOKEN": os.environ["GH"]}}}}) as git:
        web = MCPServerStreamableHttp(params={{"url": "https://mcp.acme.example/v1", "headers": {{"Authorization": "Bearer {token}"}}}})
        Agent(name="Dev", mcp_servers=[git, web])
"""
    )
    assert facts.targets("CONNECTS_TO", "openai-agents:shop/a#Dev") == {"mcp:shop/a.py#git", "https://mcp.acme.example/v1"}
    assert ("mcp:shop/a.py#git", "env:GH") in facts.drawn("HOLDS")
    assert any(source == "openai-agents:shop/a#Dev" and target.startswith("secret:") for source, target in facts.drawn("HOLDS"))
    assert token not in repr(facts.all)


GRAPH = "from langgraph.graph import StateGraph, START, END\nfrom langchain_openai import ChatOpenAI\nfrom langgraph.types import Command\n"


def test_graph_nodes_are_agents_where_they_run_a_model_and_steps_otherwise() -> None:
    facts = tree(
        g_py=GRAPH
        + """
from langgraph.prebuilt import ToolNode
from langchain_core.tools import tool
@tool
def find(q): return q
llm = ChatOpenAI(model="gpt-x").bind_tools([find])
def writer(state): return llm.invoke(state)
def clean(state): return {}
def route(state):
    return "tools" if state else END
g = StateGraph(dict)
g.add_node("writer", writer)
g.add_node(clean)
g.add_node("tools", ToolNode([find]))
g.add_edge(START, "writer")
g.add_conditional_edges("writer", route)
g.add_edge("tools", "writer")
g.add_edge("writer", "clean")
g.add_edge("clean", END)
app = g.compile()
"""
    )
    assert agents(facts) == {"g#writer"}
    assert {key[1] for key in facts.nodes if key[0] == "Workflow"} == {
        "langgraph:shop/g#app",
        "langgraph:shop/g#app/clean",
        "langgraph:shop/g#app/tools",
    }
    assert edges(facts) == {
        ("app", "writer", "graph_entry"),
        ("writer", "app/tools", "conditional_edge"),
        ("app/tools", "writer", "return_edge"),
        ("writer", "app/clean", "graph_edge"),
    }
    assert ("writer", "find", "") in edges(facts, "USES")


def test_commands_annotations_and_agents_in_nodes() -> None:
    facts = tree(
        g_py=GRAPH
        + """
from typing import Literal
from langgraph.prebuilt import create_react_agent
llm = ChatOpenAI(model="gpt-x")
research_agent = create_react_agent(llm, tools=[])
def boss(state) -> Command[Literal["research", "write", "__end__"]]:
    return Command(goto=llm.invoke(state))
def research(state) -> Command[Literal["boss"]]:
    return Command(goto="boss", update=research_agent.invoke(state))
def write(state):
    llm.invoke(state)
    return Command(goto="boss")
g = StateGraph(dict)
g.add_node("boss", boss)
g.add_node("research", research)
g.add_node("write", write)
g.set_entry_point("boss")
graph = g.compile(name="office")
"""
    )
    assert agents(facts) == {"g#boss", "g#research", "g#write"}
    assert edges(facts) == {
        ("office", "boss", "graph_entry"),
        ("boss", "research", "command"),
        ("boss", "write", "command"),
        ("research", "boss", "command"),
        ("write", "boss", "command"),
    }


def test_supervisors_swarms_and_deep_agents() -> None:
    facts = tree(
        s_py="""
from langgraph.prebuilt import create_react_agent
from langgraph_supervisor import create_supervisor
from langgraph_swarm import create_swarm, create_handoff_tool
from deepagents import create_deep_agent
a = create_react_agent("m", [create_handoff_tool(agent_name="bob")], name="alice")
b = create_react_agent("m", [], name="bob")
top = create_supervisor([a, b], model="m", supervisor_name="chief").compile()
swarm = create_swarm([a, b], default_active_agent="alice").compile()
deep = create_deep_agent(tools=[], instructions="i", subagents=[{"name": "critic", "description": "d", "prompt": "p"}])
"""
    )
    assert edges(facts) == {
        ("alice", "bob", "handoff_tool"),
        ("chief", "alice", "supervisor"),
        ("chief", "bob", "supervisor"),
        ("swarm", "alice", "swarm"),
        ("swarm", "bob", "swarm"),
        ("deep", "critic", "sub_agents"),
    }


def test_a_hand_over_by_name_is_to_the_agent_of_the_same_function() -> None:
    facts = tree(
        s_py="""
from langgraph.prebuilt import create_react_agent
from langgraph_swarm import create_handoff_tool
def first():
    return [create_react_agent("m", [create_handoff_tool(agent_name="bob")], name="alice"), create_react_agent("m", [], name="bob")]
def second():
    return [create_react_agent("m", [create_handoff_tool(agent_name="bob")], name="alice"), create_react_agent("m", [], name="bob")]
"""
    )
    ends = facts.drawn("DELEGATES_TO")
    assert {tuple(end.rpartition("#")[2] for end in pair) for pair in ends} == {
        ("first/alice", "first/bob"),
        ("second/alice", "second/bob"),
    }


YAML = """
researcher:
  role: Researcher of {topic}
  goal: find
  backstory: none
  tools: [search]
writer:
  role: Writer
  goal: write
  backstory: none
  allow_delegation: true
"""
TASKS = """
look:
  description: look
  expected_output: text
  agent: researcher
"""
CREW = """
from crewai import Agent, Crew, Process, Task
from crewai.project import CrewBase, agent, crew, task
from crewai.tools import tool
@CrewBase
class Press:
    agents_config = "config/agents.yaml"
    tasks_config = "config/tasks.yaml"
    @tool
    def search(self, q): return q
    @agent
    def researcher(self): return Agent(config=self.agents_config["researcher"])
    @agent
    def writer(self): return Agent(config=self.agents_config["writer"])
    @task
    def look(self): return Task(config=self.tasks_config["look"])
    @crew
    def crew(self): return Crew(agents=self.agents, tasks=self.tasks, process=Process.hierarchical, manager_llm="gpt-x")
"""


def test_crew_in_yaml_and_code() -> None:
    facts = tree(press__config__agents_yaml=YAML, press__config__tasks_yaml=TASKS, press__crew_py=CREW)
    assert agents(facts) == {"press/config/agents#researcher", "press/config/agents#writer", "press/crew#Crew Manager"}
    assert edges(facts) == {
        ("Press", "researcher", "crew"),
        ("Press", "writer", "crew"),
        ("Press", "Crew Manager", "crew"),
        ("Crew Manager", "researcher", "hierarchical"),
        ("Crew Manager", "writer", "hierarchical"),
        ("writer", "researcher", "allow_delegation"),
    }
    assert edges(facts, "USES") == {("researcher", "search", "")}


def test_crew_yaml_that_code_reads_by_itself_or_hands_through_a_function() -> None:
    facts = tree(
        press__config__agents_yaml=YAML,
        press__crew_py="""
import yaml
from crewai import Agent
def load(path):
    with open(path) as f:
        return yaml.safe_load(f)
config = load("config/agents.yaml")
a = Agent(role=config["researcher"]["role"], goal=config["researcher"]["goal"], backstory="b")
b = Agent(config=filled(config["writer"]))
c = Agent(role={"poet": {"role": "Poet"}}["poet"]["role"], goal="g", backstory="b")
""",
    )
    assert agents(facts) == {"press/config/agents#researcher", "press/config/agents#writer", "press/crew#Poet"}


def test_crew_yaml_without_code_still_says_which_agents_there_are() -> None:
    facts = tree(press__config__agents_yaml=YAML)
    assert agents(facts) == {"press/config/agents#researcher", "press/config/agents#writer"}


def test_flows() -> None:
    facts = tree(
        f_py="""
from crewai import Agent, Crew
from crewai.flow.flow import Flow, listen, router, start
poet = Agent(role="Poet", goal="g", backstory="b")
class Poem(Flow):
    @start()
    def begin(self): return 1
    @router(begin)
    def choose(self): return "good"
    @listen("good")
    def write(self): return Crew(name="poets", agents=[poet], tasks=[]).kickoff()
"""
    )
    assert edges(facts) == {
        ("Poem", "Poem/begin", "flow_step"),
        ("Poem/begin", "Poem/choose", "flow_edge"),
        ("Poem/choose", "Poem/write", "flow_edge"),
        ("Poem/write", "poets", "kickoff"),
        ("poets", "Poet", "crew"),
    }


def test_notebook_cells_are_one_module_and_lines_are_those_of_the_file() -> None:
    notebook = """{
 "cells": [
  {"cell_type": "markdown", "source": ["from agents import Agent"]},
  {"cell_type": "code", "source": [
    "%pip install openai-agents\\n",
    "from agents import Agent"
  ]},
  {"cell_type": "code", "source": [
    "helper = Agent(name=\\"Helper\\")"
  ]}
 ]
}"""
    read = document(notebook, "n/demo.ipynb")
    facts = Facts(_Reading(), read)
    assert facts.nodes["Agent", "openai-agents:shop/n/demo#Helper"]["sources"] == ["shop/n/demo.ipynb#L9"]


def test_a_notebook_whose_cells_are_one_text_each() -> None:
    cell = "import os\nfrom agents import Agent\nhelper = Agent(name='Helper')"
    read = document(json.dumps({"cells": [{"cell_type": "code", "source": cell}]}), "n/demo.ipynb")
    assert agents(Facts(_Reading(), read)) == {"n/demo#Helper"}


def test_files_that_a_notebook_writes_are_read_as_its_cells() -> None:
    cells = [
        "%%writefile lambda/booking.py\nfrom agents import function_tool\n\n@function_tool\ndef book(order: str) -> str:\n    return order",
        "%%writefile lambda/app.py\nfrom agents import Agent\nfrom booking import book\n\ndesk = Agent(name='Desk', tools=[book])",
        "%%write_and_run -a lambda/more.py\nfrom agents import Agent\n\nclerk = Agent(name='Clerk')",
        "%%writefile notes.txt\nfrom agents import Agent",
        "%%bash\necho hello",
    ]
    notebook = json.dumps({"cells": [{"cell_type": "code", "source": cell.splitlines(keepends=True)} for cell in cells]}, indent=1)
    facts = Facts(_Reading(), document(notebook, "deploy.ipynb"))
    assert facts.targets("USES", "openai-agents:shop/deploy#Desk") == {"tool:shop/deploy#book"}
    assert {key[1] for key in facts.nodes if key[0] == "Agent"} == {"openai-agents:shop/deploy#Desk", "openai-agents:shop/deploy#Clerk"}
    source = facts.nodes["Agent", "openai-agents:shop/deploy#Desk"]["sources"][0]
    assert "Agent(name=" in notebook.splitlines()[int(source.rpartition("#L")[2]) - 1]


class _Reading:
    def read(self, one: Any) -> Any:
        return python_source.link("shop", {one.path: python_source.summarise(one)})


@pytest.mark.parametrize("source", ["from agents import Agent\n" + "(" * 5000, "from agents import Agent\n x ="])
def test_source_that_cannot_be_read(source: str) -> None:
    with pytest.raises(IngestError):
        python_source.summarise(document(source, "a.py"))


@pytest.mark.parametrize(
    "tail", ["x = " + "+".join(["'a'"] * 3000), "x = a" + ".b" * 3000, "x = a" + "()" * 3000, "x = " + "-" * 3000 + "1"]
)
def test_long_chains_end(tail: str) -> None:
    try:
        summary = python_source.summarise(document(f"from agents import Agent\n{tail}\n", "a.py"))
    except IngestError:
        return
    assert list(python_source.link("shop", {"a.py": summary})) == []


def test_lists_that_calls_return_are_joined() -> None:
    facts = tree(
        desk_py="""
        from strands import Agent
        from strands.tools.mcp import MCPClient
        from mcp import stdio_client, StdioServerParameters

        files = MCPClient(lambda: stdio_client(StdioServerParameters(command="uvx", args=["files-server"])))
        mail = MCPClient(lambda: stdio_client(StdioServerParameters(command="uvx", args=["mail-server"])))
        desk = Agent(name="desk", tools=files.list_tools_sync() + mail.list_tools_sync())
        """
    )
    assert len(facts.targets("CONNECTS_TO", "strands:shop/desk#desk")) == 2
    assert not facts.problems


def test_what_tests_do_to_an_agent_is_not_what_it_is() -> None:
    facts = tree(
        desk_py=OPENAI + "refunds = Agent(name='Refunds')\ndesk = Agent(name='Desk')\nhelper = Agent(name='Helper')\n",
        main_py="from desk import desk, refunds\ndesk.handoffs.append(refunds)\n",
        tests__test_desk_py="from desk import desk, helper\ndesk.handoffs.append(helper)\n",
    )
    assert edges(facts) == {("Desk", "Refunds", "handoff")}


def test_agents_are_told_where_too_much_would_have_to_be_followed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(budget, "MAX_SHARE", 0)
    facts = tree(
        desk_py=OPENAI
        + """
def make(model):
    refunds = Agent(name="Refunds", model=model)
    return Agent(name="Desk", model=model, handoffs=[refunds])

make("gpt-5")
"""
    )
    assert {name.rpartition("#")[2] for name in agents(facts)} == {"Desk", "Refunds"}
    assert edges(facts) == {("Desk", "Refunds", "handoff")}
    assert [message for _, _, message in facts.problems] == ["not every call was followed into what it calls: there is too much of it"]


def test_loops_over_a_few_numbers_are_counted() -> None:
    facts = tree(
        desk_py=OPENAI
        + """
one, two = (Agent(name=f"Pair {number}") for number in range(2))
desk = Agent(name="Desk", handoffs=[two, *[Agent(name=f"Clerk {number}") for number in range(1, 3)]])
many = [Agent(name=f"Many {number}") for number in range(10000)]
"""
    )
    assert edges(facts) == {("Desk", "Pair 1", "handoff"), ("Desk", "Clerk 1", "handoff"), ("Desk", "Clerk 2", "handoff")}
    assert len(agents(facts)) == 6


def test_imports_that_begin_with_the_name_of_the_root() -> None:
    facts = tree(
        team__clerks_py=OPENAI + "clerk = Agent(name='Clerk')\n",
        desk_py=OPENAI + "from shop.team.clerks import clerk\ndesk = Agent(name='Desk', handoffs=[clerk])\n",
    )
    assert edges(facts) == {("Desk", "Clerk", "handoff")}


def test_a_node_that_only_asks_others_is_a_step() -> None:
    facts = linked(
        {
            "a.py": """
from langgraph.graph import StateGraph, START
from langgraph.prebuilt import create_react_agent

inner = StateGraph(dict).add_node("count", lambda state: state).add_edge(START, "count").compile()
reader = create_react_agent(model="openai:gpt-4o", tools=[], name="reader")
writer = create_react_agent(model="openai:gpt-4o", tools=[], name="writer")

def call_inner(state):
    return inner.invoke(state)

def both(state):
    return reader.invoke(state), writer.invoke(state)

builder = StateGraph(dict)
builder.add_node("call_inner", call_inner)
builder.add_node("both", both)
builder.add_edge(START, "call_inner")
builder.add_edge("call_inner", "both")
outer = builder.compile()
"""
        }
    )
    assert {props["name"] for (kind, _), props in facts.nodes.items() if kind == "Agent"} == {"reader", "writer"}
    asked = {shown(edge.target).rpartition("#")[2] for edge in facts.edges if shown(edge.source).endswith("/both")}
    assert asked == {"reader", "writer"}


FACTORY = """
from agents import Agent

class Desk:
    def __init__(self, name):
        self.name = name

    def open(self):
        return Agent(name=self.name)

def clerk(name):
    return Agent(name=name)
"""


def test_what_tests_pass_to_a_factory_makes_no_agent_beside_those_of_the_program() -> None:
    live = "from desk import Desk, clerk\nDesk('Front').open()\nclerk('Ann')\n"
    tests = "from desk import Desk, clerk\ndef test_it():\n    Desk('TestAgent').open()\n    clerk('Fake')\n"

    def agents(**files: str) -> set[str]:
        found = linked({"desk.py": FACTORY, **{path.replace("__", "/") + ".py": text for path, text in files.items()}})
        return {props["name"] for (kind, _), props in found.nodes.items() if kind == "Agent"}

    assert agents(main=live, tests__test_desk=tests) == {"Front", "Ann"}
    assert agents(tests__test_desk=tests) == {"TestAgent", "Fake"}, "where nothing else calls it, tests are all there is"


def test_nodes_and_edges_that_a_loop_over_numbers_adds() -> None:
    facts = linked(
        {
            "a.py": """
from langgraph.graph import StateGraph, START

def one(state):
    return state

def two(state):
    return state

nodes = [("first", one), ("second", two), ("third", one)]
chain = StateGraph(dict)
for i in range(len(nodes)):
    name, node = nodes[i]
    chain.add_node(name, node)
    if i > 0:
        chain.add_edge(nodes[i - 1][0], name)
chain.set_entry_point(nodes[0][0])
chain.set_finish_point(nodes[-1][0])
graph = chain.compile()

steps = StateGraph(dict)
for k in range(3):
    steps.add_node(f"step{k}", one)
for k in range(2):  # the same name again
    steps.add_edge(f"step{k}", f"step{k + 1}")
steps.add_edge(START, "step0")
other = steps.compile()
"""
        }
    )
    drawn = {tuple(end.rpartition("#")[2] for end in pair) for pair in facts.drawn("DELEGATES_TO")}
    assert drawn == {
        ("graph", "graph/first"),
        ("graph/first", "graph/second"),
        ("graph/second", "graph/third"),
        ("other", "other/step0"),
        ("other/step0", "other/step1"),
        ("other/step1", "other/step2"),
    }
    assert facts.problems == []


def test_what_an_agent_can_do_in_its_sandbox() -> None:
    text = """
from agents.sandbox import SandboxAgent
from agents.sandbox.capabilities import Capabilities, Compaction, Shell, Skills

whole = SandboxAgent(name="whole")
typed = SandboxAgent[None](name="typed", capabilities=Capabilities.default())
shell = SandboxAgent(name="shell", capabilities=[Shell(), Compaction()])
none = SandboxAgent(name="none", capabilities=[])
"""
    facts = linked({"box.py": text})
    both = {"openai-agents:sandbox_filesystem", "openai-agents:sandbox_shell"}
    tools = {name: facts.targets("USES", f"openai-agents:shop/box#{name}") for name in ("whole", "typed", "shell", "none")}
    assert tools == {"whole": both, "typed": both, "shell": {"openai-agents:sandbox_shell"}, "none": set()}
    assert facts.nodes["Tool", "openai-agents:sandbox_shell"]["effects"] == ["execute", "read", "write"]
    assert facts.problems == []


def test_what_an_agent_can_do_in_its_sandbox_is_not_known_where_something_else_says_it() -> None:
    text = """
from agents.sandbox import SandboxAgent
from agents.sandbox.capabilities import Shell

def make(caps):
    return SandboxAgent(name="given", capabilities=caps)

more = SandboxAgent(name="more", capabilities=[Shell(), *load()])
"""
    facts = linked({"box.py": text})
    assert facts.targets("USES", "openai-agents:shop/box#more") == {"openai-agents:sandbox_shell"}
    assert [(where, message.partition(":")[0]) for where, _, message in facts.problems] == [
        ("L5", "capabilities of 'given' are not all known"),
        ("L8", "capabilities of 'more' are not all known"),
    ]
