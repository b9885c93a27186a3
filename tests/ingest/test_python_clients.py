"""MCP clients and settings as applications keep them: on ``self``, in classes of settings, filtered, in typed connections."""

from __future__ import annotations

from textwrap import dedent

from tests.ingest.python_linked import linked
from tests.ingest.reading import Facts, fake


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


SETTINGS = """
    from pydantic import AliasChoices, BaseModel, Field, SecretStr
    from pydantic_settings import BaseSettings, SettingsConfigDict

    class Orders(BaseModel):
        token: str = "none"

    class Settings(BaseSettings):
        model_config = SettingsConfigDict(env_prefix="SHOP_", env_file=".env")
        openai_api_key: SecretStr
        orders_token: SecretStr | None = None
        orders_url: str = "https://mcp.shop.example/orders"
        model: str = Field("gpt-4o", validation_alias=AliasChoices("DESK_MODEL", "MODEL"))
        attempts: int = 3
        orders: Orders = Orders()

    settings = Settings()
"""


def test_fields_of_settings_are_the_variables_that_fill_them() -> None:
    facts = read(
        SETTINGS
        + """
    from agents import Agent, OpenAIChatCompletionsModel, function_tool
    from agents.mcp import MCPServerStreamableHttp
    from openai import AsyncOpenAI
    import httpx

    @function_tool
    def refund(order: str) -> str:
        "Refunds it."
        return httpx.post("https://api.shop.example/refunds", headers={"Authorization": settings.orders_token.get_secret_value()}).text

    client = AsyncOpenAI(api_key=settings.openai_api_key.get_secret_value())
    orders = MCPServerStreamableHttp(
        params={"url": settings.orders_url, "headers": {"Authorization": f"Bearer {settings.orders_token.get_secret_value()}"}}
    )
    desk = Agent(
        name="desk",
        model=OpenAIChatCompletionsModel(model=settings.model, openai_client=client),
        tools=[refund],
        mcp_servers=[orders],
    )
    """
    )
    assert drawn(facts, "HOLDS") == {
        ("desk", "env:SHOP_OPENAI_API_KEY"),
        ("desk", "env:SHOP_ORDERS_TOKEN"),
        ("refund", "env:SHOP_ORDERS_TOKEN"),
    }
    assert drawn(facts, "USES_MODEL") == {("desk", "gpt-4o")}
    assert drawn(facts, "CONNECTS_TO") == {("desk", "https://mcp.shop.example/orders")}


def test_secrets_of_a_hosted_notebook_and_of_an_app() -> None:
    facts = read(
        """
        import streamlit as st
        from google.colab import userdata
        from agents import Agent, OpenAIChatCompletionsModel
        from openai import AsyncOpenAI

        def model(key):
            return OpenAIChatCompletionsModel(model="gpt-4o", openai_client=AsyncOpenAI(api_key=key))

        desk = Agent(name="desk", model=model(st.secrets["SHOP_KEY"]))
        clerk = Agent(name="clerk", model=model(userdata.get("CLERK_KEY")))
        porter = Agent(name="porter", model=model(st.secrets["porter"]["api_key"]))
        """
    )
    assert drawn(facts, "HOLDS") == {("desk", "env:SHOP_KEY"), ("clerk", "env:CLERK_KEY"), ("porter", "env:porter.api_key")}


def test_a_literal_that_stands_in_for_a_variable_is_a_credential() -> None:
    key = fake("stand-in", "sk-proj-", 48)
    facts = read(
        f"""
        import os
        from agents import Agent, OpenAIChatCompletionsModel
        from openai import AsyncOpenAI

        client = AsyncOpenAI(api_key=os.getenv("OPENAI_API_KEY", "{key}"))
        desk = Agent(name="desk", model=OpenAIChatCompletionsModel(model="gpt-4o", openai_client=client))
        """
    )
    held = {target for source, target in drawn(facts, "HOLDS") if source == "desk"}
    assert "env:OPENAI_API_KEY" in held
    assert any(target.startswith("secret:") for target in held)


def test_tools_that_are_picked_from_what_a_call_returns() -> None:
    facts = read(
        """
        from langchain.agents import create_agent
        from langchain_community.agent_toolkits import SQLDatabaseToolkit
        from langchain_mcp_adapters.client import MultiServerMCPClient

        async def main(llm, db):
            client = MultiServerMCPClient({"orders": {"transport": "http", "url": "https://mcp.shop.example/orders"}})
            tools = await client.get_tools()
            reading = [tool for tool in tools if tool.name.startswith("get_")]
            desk = create_agent(llm, reading, name="desk")
            toolkit = SQLDatabaseToolkit(db=db, llm=llm)
            schema = next(tool for tool in toolkit.get_tools() if tool.name == "sql_db_schema")
            clerk = create_agent(llm, [schema], name="clerk")
        """
    )
    assert drawn(facts, "CONNECTS_TO") == {("desk", "https://mcp.shop.example/orders")}
    assert drawn(facts, "USES") == {("clerk", "langchain_community:SQLDatabaseToolkit")}
    (reach,) = [edge for edge in facts.edges if edge.kind == "CONNECTS_TO"]
    assert (reach.props["evidence"], reach.props["confidence"]) == (["inferred"], 0.4), "which of the server's tools it has is not known"
    assert [(level, message) for _, level, message in facts.problems] == [
        ("note", "which tools of the server that 'desk' is given a condition lets through is not known")
    ]


def test_several_attributes_that_one_call_gives() -> None:
    facts = read(
        """
        from langchain.agents import create_agent
        from langchain_core.tools import tool

        @tool
        def look_up(question: str) -> str:
            "Looks it up."

        async def all_tools():
            return [look_up], {}

        class Desk:
            def __init__(self):
                self.tools = None
                self.sessions = None

            async def setup(self):
                self.tools, self.sessions = await all_tools()
                self.worker = create_agent(model="openai:gpt-4o", tools=self.tools)
        """
    )
    assert {(a, b.rpartition("#")[2]) for a, b in drawn(facts, "USES")} == {("worker", "look_up")}


def test_a_tool_class_of_which_nothing_can_be_followed_has_unknown_effects() -> None:
    facts = read(
        """
        import httpx
        from google.adk.agents import LlmAgent
        from google.adk.tools import BaseTool

        class Refund(BaseTool):
            name = "refund"

            async def run_async(self, *, args, tool_context):
                return httpx.post("https://api.shop.example/refunds", json=args).text

        class Mystery(BaseTool):
            name = "mystery"

            async def handle_it(self, args):
                return args

        desk = LlmAgent(name="desk", tools=[Refund(), Mystery()])
        """
    )
    tools = {id_.rpartition("#")[2]: props for (kind, id_), props in facts.nodes.items() if kind == "Tool"}
    assert tools["refund"]["effects"] == ["egress", "write"]
    assert "effects" not in tools["mystery"]


def test_a_client_of_ones_own_hands_a_servers_tools_to_a_model() -> None:
    facts = read(
        """
        from contextlib import AsyncExitStack
        from anthropic import Anthropic
        from mcp import ClientSession, StdioServerParameters
        from mcp.client.stdio import stdio_client

        class Desk:
            def __init__(self):
                self.session: ClientSession | None = None
                self.exit_stack = AsyncExitStack()
                self.anthropic = Anthropic()

            async def connect(self):
                parameters = StdioServerParameters(command="npx", args=["-y", "shop-orders-mcp"])
                transport = await self.exit_stack.enter_async_context(stdio_client(parameters))
                self.stdio, self.write = transport
                self.session = await self.exit_stack.enter_async_context(ClientSession(self.stdio, self.write))
                await self.session.initialize()

            async def ask(self, question):
                response = await self.session.list_tools()
                tools = [
                    {"name": tool.name, "description": tool.description, "input_schema": tool.inputSchema} for tool in response.tools
                ]
                return self.anthropic.messages.create(model="claude-sonnet-5", messages=question, tools=tools)
        """
    )
    assert [id_ for kind, id_ in facts.nodes if kind == "Agent"] == ["model-api:shop/app#Desk"]
    assert {target.rpartition("#")[2] for _, target in drawn(facts, "CONNECTS_TO")} == {"shop-orders-mcp"}
    assert not drawn(facts, "USES")
    assert not facts.problems


def test_what_is_loaded_or_listed_only_as_it_runs_is_told_and_no_tool() -> None:
    facts = read(
        """
        import importlib
        from agents import Agent

        def tools_of(kernel):
            return [function.method for function in kernel.functions.values()]

        desk = Agent(name="desk", tools=[importlib.import_module("plugins." + NAME).make()])
        clerk = Agent(name="clerk", tools=tools_of(Kernel()))
        """
    )
    assert not drawn(facts, "USES")
    assert len(facts.problems) == 2


def test_the_model_and_the_client_that_a_run_or_the_program_is_given() -> None:
    facts = read(
        """
        import os
        from agents import Agent, OpenAIChatCompletionsModel, RunConfig, Runner, set_default_openai_client
        from openai import AsyncOpenAI

        client = AsyncOpenAI(api_key=os.getenv("GEMINI_API_KEY"), base_url="https://generativelanguage.googleapis.com/v1beta/openai/")
        config = RunConfig(model=OpenAIChatCompletionsModel(model="gemini-2.5-flash", openai_client=client))
        desk = Agent(name="desk")
        clerk = Agent(name="clerk", model="gpt-4o")
        porter = Agent(name="porter", model="" + "-reasoning")

        def main(question):
            Runner.run_sync(desk, question, run_config=config)
            Runner.run_sync(clerk, question)

        set_default_openai_client(AsyncOpenAI(api_key=os.environ["SHOP_KEY"]))
        """
    )
    assert drawn(facts, "USES_MODEL") == {("desk", "gemini-2.5-flash"), ("clerk", "gpt-4o")}
    assert drawn(facts, "HOLDS") == {
        ("desk", "env:GEMINI_API_KEY"),
        *((agent, "env:SHOP_KEY") for agent in ("clerk", "porter")),
    }


def test_secrets_that_a_tool_fetches_from_a_manager() -> None:
    facts = read(
        """
        import os
        import boto3
        from agents import Agent, function_tool

        manager = boto3.client("secretsmanager")
        ARN = "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/stripe-AbCdEf"

        @function_tool
        def refund(order: str) -> str:
            "Refunds it."
            manager.get_secret_value(SecretId=os.getenv("ORDERS_SECRET", "shop/orders"))
            return manager.get_secret_value(SecretId=ARN)["SecretString"]

        desk = Agent(name="desk", tools=[refund])
        """
    )
    assert drawn(facts, "CAN_ACCESS") == {
        ("refund", "secretsmanager:shop#shop/orders"),
        ("refund", "arn:aws:secretsmanager:eu-west-1:111122223333:secret:shop/stripe-AbCdEf"),
    }
    assert {kind for kind, id_ in facts.nodes if "secretsmanager" in id_} == {"Secret"}
    assert all(edge.props["actions"] == ["read"] for edge in facts.edges if edge.kind == "CAN_ACCESS")


def test_keys_of_models_that_come_from_a_manager_of_secrets() -> None:
    facts = read(
        """
        import json
        import boto3
        from azure.identity import DefaultAzureCredential
        from azure.keyvault.secrets import SecretClient
        from google.cloud import secretmanager
        from agents import Agent, OpenAIChatCompletionsModel
        from openai import AsyncOpenAI

        def from_aws(name):
            answer = boto3.client("secretsmanager").get_secret_value(SecretId=name)
            return json.loads(answer["SecretString"])

        vault = SecretClient(vault_url="https://shop.vault.azure.net/", credential=DefaultAzureCredential())

        def from_google(name):
            client = secretmanager.SecretManagerServiceClient()
            return client.access_secret_version(request={"name": name}).payload.data.decode("UTF-8")

        def model(key):
            return OpenAIChatCompletionsModel(model="gpt-4o", openai_client=AsyncOpenAI(api_key=key))

        desk = Agent(name="desk", model=model(from_aws("shop/openai")["api_key"]))
        clerk = Agent(name="clerk", model=model(vault.get_secret("openai-key").value))
        porter = Agent(name="porter", model=model(from_google("projects/shop/secrets/openai/versions/latest")))
        """
    )
    assert drawn(facts, "HOLDS") == {
        ("desk", "secretsmanager:shop#shop/openai"),
        ("clerk", "https://shop.vault.azure.net/secrets/openai-key"),
        ("porter", "//secretmanager.googleapis.com/projects/shop/secrets/openai"),
    }
    assert {edge.props["place"] for edge in facts.edges if edge.kind == "HOLDS"} == {"vault"}


def test_words_that_follow_the_name_of_a_secret_in_a_list_of_names() -> None:
    facts = read(
        """
        from agents import Agent, function_tool

        HIDDEN = ("password", "hostkey")
        LOGIN = ("password", "Xk29-pLm4")

        @function_tool
        def look_up(question: str) -> str:
            "Looks it up."
            return ask(question, HIDDEN, LOGIN, ["--password", "tangerine"])

        desk = Agent(name="desk", tools=[look_up])
        """
    )
    assert {props["sources"][0] for (kind, _), props in facts.nodes.items() if kind == "Secret"} == {"shop/app.py#L5", "shop/app.py#L10"}
