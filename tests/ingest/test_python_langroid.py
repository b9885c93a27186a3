"""Langroid: agents named by their tasks, messages as tools, sub-tasks, servers, and what special agents bring."""

from __future__ import annotations

import pytest

from tests.ingest.python_linked import linked
from tests.ingest.reading import Facts

DESK = """
import os
import httpx
import langroid as lr
import langroid.language_models as lm
from langroid.agent.special.sql.sql_chat_agent import SQLChatAgent, SQLChatAgentConfig
from langroid.agent.task import Task
from langroid.agent.tool_message import ToolMessage
from langroid.agent.tools.duckduckgo_search_tool import DuckduckgoSearchTool
from langroid.agent.tools.mcp import FastMCPClient, get_tools_async, get_tool_async, mcp_tool
from langroid.agent.tools.orchestration import DoneTool
from fastmcp.client.transports import NpxStdioTransport, SSETransport, StdioTransport, UvxStdioTransport

class Refund(ToolMessage):
    request: str = "refund_order"
    purpose: str = "Refund an <order>."
    order: str

    def handle(self) -> str:
        return httpx.post("https://api.shop.example/refunds", headers={"X-Key": os.environ["SHOP_API_KEY"]}).text

class Parcel(lr.ToolMessage):
    request: str = "find_parcel"
    purpose: str = "Find it."

@mcp_tool(StdioTransport(command="uvx", args=["shop-notes-mcp"]), "note")
class Note(lr.ToolMessage):
    pass

class Warehouse(lr.ChatAgent):
    def __init__(self, config):
        super().__init__(config)
        self.enable_message(Parcel)
        self.enable_message(Refund, use=False, handle=True)

    def find_parcel(self, msg: Parcel) -> str:
        return open("/data/parcels.txt").read()

async def main():
    llm = lm.OpenAIGPTConfig(chat_model="gpt-4o", api_key=os.environ["DESK_KEY"])
    desk = lr.ChatAgent(lr.ChatAgentConfig(llm=llm))
    desk.enable_message([Refund, DuckduckgoSearchTool, DoneTool])
    desk.enable_message(Note)
    desk.enable_message(await get_tools_async(NpxStdioTransport(package="shop-orders-mcp", args=["-y", "--all"])))
    desk.enable_message(await get_tool_async(SSETransport(url="https://mcp.shop.example/sse"), "stock"))
    async with FastMCPClient(NpxStdioTransport(package="shop-browser-mcp", args=[])) as client:
        desk.enable_message(await client.get_tool_async("open_page"))
    desk.enable_message(await get_tool_async(UvxStdioTransport(tool_name="mcp-server-fetch"), "fetch"))
    warehouse = Warehouse(lr.ChatAgentConfig(name="Warehouse"))
    books = SQLChatAgent(config=SQLChatAgentConfig(name="books", database_uri=os.environ["BOOKS_DATABASE_URL"]))
    task = lr.Task(desk, name="Desk", interactive=False)
    stock = Task(warehouse, interactive=False)
    task.add_sub_task([stock, lr.Task(books)])
    await task.run_async()
"""


def read() -> Facts:
    return linked({"desk.py": DESK})


def drawn(facts: Facts, kind: str) -> set[tuple[str, str]]:
    return {(source.rpartition("#")[2], target.rpartition("#")[2]) for source, target in facts.drawn(kind)}


def test_agents_are_named_by_their_configuration_or_their_task() -> None:
    facts = read()
    agents = {node["name"]: node["kind_detail"] for (kind, _), node in facts.nodes.items() if kind == "Agent"}
    assert agents == {"Desk": "langroid ChatAgent", "Warehouse": "langroid ChatAgent", "books": "langroid SQLChatAgent"}
    assert not facts.problems


def test_sub_tasks() -> None:
    assert drawn(read(), "DELEGATES_TO") == {("Desk", "Warehouse"), ("Desk", "books")}


def test_messages_are_tools_unless_they_only_steer_or_are_only_answered() -> None:
    facts = read()
    assert drawn(facts, "USES") == {
        ("Desk", "refund_order"),
        ("Desk", "langroid:web_search"),
        ("Warehouse", "find_parcel"),
        ("books", "langroid:run_query"),
    }
    does = {node["name"]: node.get("effects") for (kind, _), node in facts.nodes.items() if kind == "Tool"}
    assert does["refund_order"] == ["egress", "write"]
    assert does["find_parcel"] == ["read"]
    assert does["run_query"] == ["destructive", "read", "write"]


def test_servers() -> None:
    facts = read()
    connected = [edge for edge in facts.edges if edge.kind == "CONNECTS_TO"]
    assert {edge.target[1].rpartition("#")[2]: edge.props.get("tools") for edge in connected if isinstance(edge.target, tuple)} == {
        "shop-orders-mcp": None,
        "shop-browser-mcp": ["open_page"],
        "https://mcp.shop.example/sse": ["stock"],
        "mcp-server-fetch": ["fetch"],
        "shop-notes-mcp": ["note"],
    }


def test_models_and_credentials() -> None:
    facts = read()
    assert drawn(facts, "USES_MODEL") == {("Desk", "gpt-4o")}
    assert {("Desk", "env:DESK_KEY"), ("refund_order", "env:SHOP_API_KEY"), ("books", "env:BOOKS_DATABASE_URL")} <= drawn(facts, "HOLDS")


def test_a_sub_task_that_is_bound_when_it_runs() -> None:
    facts = linked(
        {
            "desk.py": """
import langroid as lr

def build(others):
    task = lr.Task(lr.ChatAgent(lr.ChatAgentConfig(name="Desk")))
    task.add_sub_task(others)
    return task
"""
        }
    )
    ((_, _, message),) = facts.problems
    assert message == "sub-tasks of 'Desk' are not all known: which agents they run is known only when it runs"


def test_sub_tasks_with_the_type_of_their_result_and_copies() -> None:
    facts = linked(
        {
            "desk.py": """
import langroid as lr

desk = lr.Task(lr.ChatAgent(lr.ChatAgentConfig(name="Desk")))[str]
stock = lr.Task(lr.ChatAgent(lr.ChatAgentConfig(name="Stock")), interactive=False)[int]
books = lr.Task(lr.ChatAgent(lr.ChatAgentConfig(name="Books")), interactive=False)
desk.add_sub_task([stock, books.clone(1)])
"""
        }
    )
    assert drawn(facts, "DELEGATES_TO") == {("Desk", "Stock"), ("Desk", "Books")}
    assert not facts.problems


@pytest.mark.parametrize("args", ["[8080, None, {}]", "5", "'--all'", "{}"])
def test_arguments_of_a_server_that_are_no_texts(args: str) -> None:
    facts = linked(
        {
            "desk.py": f"""
import langroid as lr
from fastmcp.client.transports import NpxStdioTransport
from langroid.agent.tools.mcp import get_tools_async

async def main():
    desk = lr.ChatAgent(lr.ChatAgentConfig(name="Desk"))
    desk.enable_message(await get_tools_async(NpxStdioTransport(package="shop-orders-mcp", args={args})))
"""
        }
    )
    assert drawn(facts, "CONNECTS_TO")
    assert not facts.problems
