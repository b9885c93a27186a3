"""MCP clients and settings as applications keep them: on ``self``, in classes of settings, filtered, in typed connections."""

from __future__ import annotations

from textwrap import dedent

from tests.ingest.python_linked import linked
from tests.ingest.reading import Facts


def read(text: str) -> Facts:
    return linked({"app.py": dedent(text)})


def drawn(facts: Facts, kind: str) -> set[tuple[str, str]]:
    return {(source.rpartition("#")[2], target) for source, target in facts.drawn(kind)}


def test_a_client_that_is_none_until_it_is_loaded() -> None:
    facts = read(
        """
        from langchain.agents import create_agent
        from langchain_mcp_adapters.client import MultiServerMCPClient
        from langchain_mcp_adapters.sessions import StreamableHttpConnection

        class Desk:
            def __init__(self):
                self._client: MultiServerMCPClient | None = None
                self._tools = []

            async def load(self):
                connections = {
                    "orders": StreamableHttpConnection(transport="streamable_http", url="https://mcp.shop.example/orders", headers={}),
                }
                self._client = MultiServerMCPClient(connections)
                self._tools = await self._client.get_tools()

            def agent(self):
                return create_agent(model="openai:gpt-4o", tools=self._tools, name="desk")
        """
    )
    assert drawn(facts, "CONNECTS_TO") == {("desk", "https://mcp.shop.example/orders")}
    assert not drawn(facts, "USES")


def test_a_copy_of_a_servers_tools() -> None:
    facts = read(
        """
        from autogen_agentchat.agents import AssistantAgent
        from autogen_ext.tools.mcp import SseServerParams, mcp_server_tools

        async def team(client):
            tools = await mcp_server_tools(SseServerParams(url="https://mcp.shop.example/sse"))
            everything = tools.copy()
            return AssistantAgent("clerk", client, tools=everything)
        """
    )
    assert drawn(facts, "CONNECTS_TO") == {("clerk", "https://mcp.shop.example/sse")}
    assert not drawn(facts, "USES")


def test_the_credential_of_the_client_that_a_model_is_given() -> None:
    facts = read(
        """
        import os
        from openai import AsyncOpenAI
        from pydantic_ai import Agent
        from pydantic_ai.models.openai import OpenAIChatModel
        from pydantic_ai.providers.openai import OpenAIProvider

        client = AsyncOpenAI(base_url="https://models.shop.example", api_key=os.environ["SHOP_MODELS_TOKEN"])
        desk = Agent(OpenAIChatModel("gpt-4o", provider=OpenAIProvider(openai_client=client)), name="desk")
        """
    )
    assert drawn(facts, "HOLDS") == {("desk", "env:SHOP_MODELS_TOKEN")}


def test_servers_that_a_stack_of_contexts_opens() -> None:
    facts = read(
        """
        from contextlib import AsyncExitStack
        from agents import Agent
        from agents.mcp import MCPServerStdio

        PARAMS = [{"command": "uvx", "args": ["mcp-server-fetch"]}, {"command": "npx", "args": ["-y", "shop-orders-mcp"]}]

        async def run(name):
            async with AsyncExitStack() as stack:
                servers = [await stack.enter_async_context(MCPServerStdio(one, client_session_timeout_seconds=60)) for one in PARAMS]
                desk = Agent(name="desk", mcp_servers=servers)
        """
    )
    assert {target.rpartition("#")[2] for _, target in drawn(facts, "CONNECTS_TO")} == {"mcp-server-fetch", "shop-orders-mcp"}
    assert not facts.problems
