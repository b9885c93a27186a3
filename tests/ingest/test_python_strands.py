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


def test_agents_that_run_as_workflows_of_temporal_have_the_servers_of_their_worker() -> None:
    handles = """
from temporalio.contrib.openai_agents import workflow as hosted
from temporalio.contrib.strands import TemporalAgent, TemporalMCPClient
from agents import Agent


class Desk:
    def __init__(self):
        self.desk = TemporalAgent(name="desk", tools=[TemporalMCPClient(server="papers")])
        self.lost = TemporalAgent(name="lost", tools=[TemporalMCPClient(server="elsewhere")])


async def run():
    clerk = Agent(name="clerk", mcp_servers=[hosted.stateless_mcp_server("files")])
"""
    worker = """
from agents.mcp import MCPServerStdio
from mcp import StdioServerParameters, stdio_client
from strands.tools.mcp.mcp_client import MCPClient
from temporalio.contrib.openai_agents import StatelessMCPServerProvider
from temporalio.contrib.strands import StrandsPlugin
from temporalio.worker import Worker
from desk import Desk


def papers():
    return MCPClient(lambda: stdio_client(StdioServerParameters(command="uvx", args=["papers-mcp"])))


plugin = StrandsPlugin(mcp_clients={"papers": papers})
files = StatelessMCPServerProvider("files", lambda: MCPServerStdio(params={"command": "npx", "args": ["-y", "files-mcp"]}))
"""
    found = linked({"desk.py": handles, "worker.py": worker})
    servers = {key[1]: props["package"] for key, props in found.nodes.items() if key[0] == "ToolServer"}
    connected = {(source, servers[target]) for source, target in found.drawn("CONNECTS_TO")}
    assert connected == {(f"{PLACE}desk", "pkg:pypi/papers-mcp"), ("openai-agents:shop/desk#clerk", "pkg:npm/files-mcp")}
    assert [where for where, _, message in found.problems if "'lost'" in message] == ["L10"]
