"""Frameworks in Python that are told by their words: one program of each in the shape that such programs have."""

from __future__ import annotations

from tests.ingest.python_linked import linked
from tests.ingest.reading import Facts, fake


def _said(facts: Facts, kind: str) -> set[tuple[str, str]]:
    """The edges of a kind, each end by what stands behind its last ``#``."""
    return {(source.rpartition("#")[2], target.rpartition("#")[2]) for source, target in facts.drawn(kind)}


def _hands(facts: Facts) -> set[tuple[str, str, str, str]]:
    return {
        (edge.source[1].rpartition("#")[2], edge.target[1].rpartition("#")[2], edge.props["mode"], edge.props["kind_detail"])
        for edge in facts.edges
        if edge.kind == "DELEGATES_TO" and isinstance(edge.source, tuple) and isinstance(edge.target, tuple)
    }


def test_swarm_hands_over_by_functions_that_return_an_agent() -> None:
    facts = linked(
        {
            "desk.py": """
from swarm import Agent, Swarm
from swarm.types import Result


def to_returns():
    return returns


def to_desk():
    '''Back to the desk.'''
    return Result(value="done", agent=desk)


def refund(order: str):
    return f"refunded {order}"


desk = Agent(name="Front desk", instructions="Triage.", functions=[to_returns])
returns = Agent(name="Returns", model="gpt-4o", functions=[refund, to_desk])
Swarm().run(agent=desk, messages=[])
"""
        }
    )
    assert _hands(facts) == {
        ("Front desk", "Returns", "handoff", "transfer_function"),
        ("Returns", "Front desk", "handoff", "transfer_function"),
    }
    assert _said(facts, "USES") == {("Returns", "refund")}
    assert facts.nodes["Agent", "openai-swarm:shop/desk#Returns"]["framework"] == "openai-swarm"
    assert not facts.problems


def test_mcp_agent_names_servers_of_its_configuration_and_runs_agents_in_workflows() -> None:
    facts = linked(
        {
            "main.py": """
from mcp_agent.agents.agent import Agent
from mcp_agent.app import MCPApp
from mcp_agent.workflows.factory import create_router_llm
from mcp_agent.workflows.llm.augmented_llm_openai import OpenAIAugmentedLLM
from mcp_agent.workflows.orchestrator.orchestrator import Orchestrator
from mcp_agent.workflows.parallel.parallel_llm import ParallelLLM

app = MCPApp(name="grading")


async def run():
    async with app.run():
        finder = Agent(name="finder", instruction="Find.", server_names=["fetch", "filesystem"])
        critic = Agent(name="critic", instruction="Judge.", server_names=[])
        boss = Orchestrator(llm_factory=OpenAIAugmentedLLM, available_agents=[finder, critic], name="boss")
        fan = ParallelLLM(fan_in_agent=critic, fan_out_agents=[finder], llm_factory=OpenAIAugmentedLLM)
        router = await create_router_llm(server_names=["fetch"], agents=[finder], provider="openai")
"""
        }
    )
    assert facts.targets("CONNECTS_TO", "mcp-agent:shop/main#finder") == {"mcp-agent:fetch", "mcp-agent:filesystem"}
    assert _hands(facts) == {
        ("boss", "finder", "invoke", "orchestrator"),
        ("boss", "critic", "invoke", "orchestrator"),
        ("fan", "critic", "invoke", "fan_in"),
        ("fan", "finder", "invoke", "fan_out"),
        ("router", "finder", "invoke", "router"),
    }
    assert {key for key in facts.nodes if key[0] == "Workflow"} == {
        ("Workflow", f"mcp-agent:shop/main#{name}") for name in ("boss", "fan", "router")
    }


def test_fast_agent_declares_by_decorators() -> None:
    facts = linked(
        {
            "team.py": """
from fast_agent import FastAgent

fast = FastAgent("Report")


def sum_up(text: str) -> str:
    return text[:100]


@fast.agent("reader", instruction="Read.", servers=["fetch", "files"], tools={"files": ["read_file"]})
@fast.agent(name="writer", instruction="Write.", model="sonnet", function_tools=[sum_up], shell=True)
@fast.chain(name="report", sequence=["reader", "writer"])
@fast.orchestrator(name="chief", agents=["reader", "report", "nobody"])
async def main():
    async with fast.run() as agent:
        await agent.report("go")
"""
        }
    )
    assert _hands(facts) == {
        ("report", "reader", "invoke", "chain"),
        ("report", "writer", "invoke", "chain"),
        ("chief", "reader", "invoke", "agents"),
        ("chief", "report", "invoke", "agents"),
    }
    reader = "fast-agent:shop/team#reader"
    assert facts.targets("CONNECTS_TO", reader) == {"fast-agent:fetch", "fast-agent:files"}
    assert facts.props("CONNECTS_TO", reader, "fast-agent:files")["tools"] == ["read_file"]
    assert "tools" not in facts.props("CONNECTS_TO", reader, "fast-agent:fetch")
    assert _said(facts, "USES") == {("writer", "sum_up"), ("writer", "fast-agent:shell")}
    assert _said(facts, "USES_MODEL") == {("writer", "sonnet")}
    assert [message for _, _, message in facts.problems] == ["agents of 'chief' name an agent that no code declares here"]


def test_agent_squad_reads_options() -> None:
    facts = linked(
        {
            "squad.py": """
from agent_squad.agents import BedrockLLMAgent, BedrockLLMAgentOptions, SupervisorAgent, SupervisorAgentOptions
from agent_squad.orchestrator import AgentSquad
from agent_squad.utils import AgentTool, AgentTools


def look_up(order: str) -> str:
    return order


orders = AgentTools([AgentTool(name="Order_Tool", func=look_up)])
shipping = BedrockLLMAgent(BedrockLLMAgentOptions(
    name="Shipping agent",
    model_id="anthropic.claude-3-haiku-20240307-v1:0",
    tool_config={"tool": [tool.to_bedrock_format() for tool in orders.tools]},
))
billing = BedrockLLMAgent(BedrockLLMAgentOptions(name="Billing agent", tool_config={"tool": orders, "toolMaxRecursions": 5}))
lead = SupervisorAgent(SupervisorAgentOptions(name="Lead", lead_agent=billing, team=[shipping]))
squad = AgentSquad()
squad.add_agent(lead)
"""
        }
    )
    assert _hands(facts) == {
        ("Lead", "Billing agent", "invoke", "lead_agent"),
        ("Lead", "Shipping agent", "invoke", "team"),
        ("squad", "Lead", "invoke", "classifier"),
    }
    assert ("Billing agent", "Order_Tool") in _said(facts, "USES")
    assert _said(facts, "USES_MODEL") == {("Shipping agent", "anthropic.claude-3-haiku-20240307-v1:0")}


def test_a_tool_that_is_written_as_data_is_one_tool_with_its_name() -> None:
    facts = linked(
        {
            "squad.py": """
from agent_squad.agents import BedrockLLMAgent, BedrockLLMAgentOptions

specs = [{"toolSpec": {"name": "Parcel_Tool", "inputSchema": {"json": {"type": "object", "properties": {"id": {"type": "string"}}}}}}]
agent = BedrockLLMAgent(BedrockLLMAgentOptions(name="Parcels", tool_config={"tool": specs}))
"""
        }
    )
    assert _said(facts, "USES") == {("Parcels", "Parcel_Tool")}


def test_agencies_say_who_may_talk_to_whom() -> None:
    facts = linked(
        {
            "agency.py": """
from agency_swarm import Agency, Agent
from agency_swarm.tools import Handoff, WebSearchTool


class Developer(Agent):
    def __init__(self):
        super().__init__(name="Developer", tools_folder="./tools", model="gpt-5-mini")


ceo = Agent(name="CEO", tools=[WebSearchTool()])
dev, qa, va = Developer(), Agent(name="QA"), Agent(name="VA")
agency = Agency(ceo, communication_flows=[(dev < ceo > va > dev), (dev > qa, Handoff), (qa, ceo)])
older = Agency([ceo, [ceo, dev], [dev, va]])
"""
        }
    )
    assert _hands(facts) == {
        ("agency", "CEO", "invoke", "entry_point"),
        ("older", "CEO", "invoke", "entry_point"),
        ("CEO", "Developer", "invoke", "send_message"),
        ("CEO", "VA", "invoke", "send_message"),
        ("VA", "Developer", "invoke", "send_message"),
        ("Developer", "QA", "handoff", "handoff"),
        ("QA", "CEO", "invoke", "send_message"),
        ("Developer", "VA", "invoke", "send_message"),
    }
    assert ("CEO", "openai:web_search") in _said(facts, "USES")
    assert [message for _, _, message in facts.problems] == [
        "tools of 'Developer' are not all known: all of a folder are loaded when it runs"
    ]


def test_camel_agents_have_the_role_that_they_play() -> None:
    facts = linked(
        {
            "force.py": """
from camel.agents import ChatAgent
from camel.messages import BaseMessage
from camel.models import ModelFactory
from camel.societies.workforce import Workforce
from camel.toolkits import MathToolkit, TerminalToolkit

model = ModelFactory.create(model_platform="openai", model_type="gpt-4o")


def shop_worker():
    return ChatAgent(
        BaseMessage.make_assistant_message(role_name="Clerk", content="You sell."),
        model=model,
        tools=[*MathToolkit().get_tools(), *TerminalToolkit().get_tools()],
    )


force = Workforce("A shop", coordinator_agent=ChatAgent("You coordinate."))
force.add_single_agent_worker("sells", worker=shop_worker())
"""
        }
    )
    assert ("force", "Clerk", "invoke", "worker") in _hands(facts)
    assert _said(facts, "USES") == {("Clerk", "camel:MathToolkit"), ("Clerk", "camel:terminal")}
    assert facts.nodes["Tool", "camel:terminal"]["effects"] == ["execute"]
    assert ("Clerk", "gpt-4o") in _said(facts, "USES_MODEL")


def test_haystack_agents_and_their_servers() -> None:
    facts = linked(
        {
            "hay.py": """
from haystack.components.agents import Agent
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.tools import ComponentTool, tool
from haystack_integrations.tools.mcp import MCPToolset, StdioServerInfo


@tool
def stock(item: str) -> int:
    return 3


toolset = MCPToolset(server_info=StdioServerInfo(command="uvx", args=["mcp-server-time==2025.1.1"]))
counter = Agent(chat_generator=OpenAIChatGenerator(model="gpt-4o-mini"), tools=[stock])
clock = Agent(chat_generator=OpenAIChatGenerator(model="gpt-4o-mini"), tools=toolset)
boss = Agent(chat_generator=OpenAIChatGenerator(), tools=[ComponentTool(component=counter, name="counter")])
"""
        }
    )
    assert _hands(facts) == {("boss", "counter", "invoke", "agent_as_tool")}
    assert _said(facts, "USES") == {("counter", "stock")}
    (server,) = facts.targets("CONNECTS_TO", "haystack:shop/hay#clock")
    assert facts.nodes["ToolServer", server]["package"] == "pkg:pypi/mcp-server-time@2025.1.1"
    assert _said(facts, "USES_MODEL") == {("counter", "gpt-4o-mini"), ("clock", "gpt-4o-mini")}


def test_beeai_workflows_make_agents_themselves() -> None:
    facts = linked(
        {
            "bees.py": """
from beeai_framework.agents.requirement import RequirementAgent
from beeai_framework.backend import ChatModel
from beeai_framework.tools.handoff import HandoffTool
from beeai_framework.tools.search.wikipedia import WikipediaTool
from beeai_framework.workflows.agent import AgentWorkflow

llm = ChatModel.from_name("ollama:granite4")
knower = RequirementAgent(name="Knower", llm=llm, tools=[WikipediaTool()])
host = RequirementAgent(name="Host", llm=llm, tools=[HandoffTool(knower, name="ask")])
flow = AgentWorkflow(name="Trip")
flow.add_agent(name="Planner", role="plans", tools=[WikipediaTool()], llm=llm)
flow.add_agent(host)
"""
        }
    )
    assert _hands(facts) == {
        ("Host", "Knower", "invoke", "agent_as_tool"),
        ("Trip", "Planner", "invoke", "workflow_step"),
        ("Trip", "Host", "invoke", "workflow_step"),
    }
    assert {key[1] for key in facts.nodes if key[0] == "Agent"} == {f"beeai:shop/bees#{name}" for name in ("Knower", "Host", "Planner")}
    assert facts.nodes["Tool", "beeai:wikipedia"]["ingests_untrusted"] is True


def test_livekit_agents_are_classes_with_tools_and_sessions_with_models() -> None:
    facts = linked(
        {
            "voice.py": """
import os

from livekit.agents import Agent, AgentSession, RunContext, function_tool, mcp
from livekit.plugins import openai


class Greeter(Agent):
    def __init__(self):
        super().__init__(instructions="Greet.")

    @function_tool
    async def to_booking(self, context: RunContext):
        return Booking(), "one moment"

    @function_tool()
    async def wipe(self, context: RunContext):
        os.remove("notes.txt")

    def helper(self):
        return 1


class Booking(Agent):
    def __init__(self):
        super().__init__(instructions="Book.", llm=openai.LLM(model="gpt-4.1"))


async def entrypoint(ctx):
    session = AgentSession(llm=openai.realtime.RealtimeModel(model="gpt-realtime"), mcp_servers=[mcp.MCPServerHTTP("https://mcp.inn.example/mcp")])
    await session.start(agent=Greeter(), room=ctx.room)
"""
        }
    )
    assert ("Greeter", "Booking", "handoff", "tool_returns_agent") in {
        (source.rpartition("/")[2], target.rpartition("/")[2], *rest) for source, target, *rest in _hands(facts)
    }
    assert "tool:shop/voice#wipe" in facts.targets("USES", "livekit:shop/voice#Greeter")
    assert "tool:shop/voice#helper" not in facts.targets("USES", "livekit:shop/voice#Greeter")
    assert facts.targets("CONNECTS_TO", "livekit:shop/voice#Greeter") == {"https://mcp.inn.example/mcp"}
    assert facts.targets("USES_MODEL", "livekit:shop/voice#Greeter") == {"gpt-realtime"}


def test_agents_that_a_provider_keeps() -> None:
    facts = linked(
        {
            "foundry.py": """
import os

from azure.ai.agents import AgentsClient
from azure.ai.agents.models import BingGroundingTool, CodeInterpreterTool, ConnectedAgentTool, FunctionTool, McpTool, ToolSet
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import PromptAgentDefinition


def price(item: str) -> str:
    return "1"


client = AIProjectClient(endpoint=os.environ["PROJECT_ENDPOINT"], credential=None)
bing = BingGroundingTool(connection_id="x")
search = client.agents.create_agent(model="gpt-4o", name="searcher", tools=bing.definitions)
ask = ConnectedAgentTool(id=search.id, name="ask", description="asks")
toolset = ToolSet()
toolset.add(FunctionTool({price}))
toolset.add(CodeInterpreterTool())
boss = client.agents.create_agent(model="gpt-4o", name="boss", tools=ask.definitions, toolset=toolset)
docs = McpTool(server_label="docs", server_url="https://docs.shop.example/mcp")
later = client.agents.create_version(agent_name="later", definition=PromptAgentDefinition(model="gpt-5", tools=docs.definitions))
""",
            "assistant.py": """
from openai import OpenAI

client = OpenAI()
helper = client.beta.assistants.create(name="Helper", model="gpt-4o", tools=[{"type": "code_interpreter"}])
answer = client.chat.completions.create(model="gpt-4o", messages=[])
""",
        }
    )
    assert _hands(facts) == {("boss", "searcher", "invoke", "agent_as_tool")}
    assert _said(facts, "USES") == {
        ("searcher", "azure-ai:bing_grounding"),
        ("boss", "price"),
        ("boss", "azure-ai:code_interpreter"),
        ("Helper", "openai:code_interpreter"),
    }
    assert facts.targets("CONNECTS_TO", "azure-ai-agents:shop/foundry#later") == {"https://docs.shop.example/mcp"}
    assert _said(facts, "USES_MODEL") == {("searcher", "gpt-4o"), ("boss", "gpt-4o"), ("later", "gpt-5"), ("Helper", "gpt-4o")}
    assert {key[1] for key in facts.nodes if key[0] == "Agent"} == {
        "azure-ai-agents:shop/foundry#searcher",
        "azure-ai-agents:shop/foundry#boss",
        "azure-ai-agents:shop/foundry#later",
        "openai-assistants:shop/assistant#Helper",
    }


def test_what_is_given_by_the_caller_is_told_once() -> None:
    facts = linked(
        {
            "make.py": """
from camel.agents import ChatAgent


def make(**settings):
    return ChatAgent("You help.", **settings)
"""
        }
    )
    assert {message.partition(" are not all known")[0] for _, _, message in facts.problems} == {
        "tools of 'ChatAgent'",
        "external_tools of 'ChatAgent'",
    }


def test_a_tool_around_what_is_no_agent_is_a_tool() -> None:
    facts = linked(
        {
            "hay.py": """
from haystack.components.agents import Agent
from haystack.components.websearch import SerperDevWebSearch
from haystack.tools import ComponentTool

web = Agent(chat_generator=None, tools=[ComponentTool(component=SerperDevWebSearch())])
"""
        }
    )
    assert _said(facts, "USES") == {("web", "haystack:SerperDevWebSearch")}
    assert not facts.problems


def test_a_folder_called_swarm_is_no_framework() -> None:
    facts = linked(
        {
            "swarm/__init__.py": "from swarm.bees import Agent\n",
            "swarm/bees.py": "class Agent:\n    def __init__(self, name):\n        self.name = name\n",
            "main.py": "from swarm import Agent\n\nbee = Agent(name='bee')\n",
        }
    )
    assert not facts.nodes


def test_a_server_whose_address_nothing_tells_is_unknown_and_no_error() -> None:
    facts = linked(
        {
            "relay.py": """
import os

from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import MCPTool, PromptAgentDefinition

LABEL = "relay"
client = AIProjectClient(endpoint="x", credential=None)
tool = MCPTool(server_label=LABEL, server_url=dict(os.environ).get("RELAY", ""))
agent = client.agents.create_version(agent_name="A", definition=PromptAgentDefinition(model="m", tools=[tool]))
"""
        }
    )
    assert facts.targets("CONNECTS_TO", "azure-ai-agents:shop/relay#A") == {"mcp:shop/relay.py#relay"}
    assert [(severity, message) for _, severity, message in facts.problems] == [
        ("warning", "what the MCP server 'relay' of 'A' is started from is not known")
    ]


def test_marvin_teams() -> None:
    facts = linked(
        {
            "team.py": """
import marvin


def search(query: str) -> str:
    return query


finder = marvin.Agent(name="Finder", tools=[search], model="openai:gpt-4o")
writer = marvin.Agent(name="Writer")
team = marvin.Swarm([finder, writer])
"""
        }
    )
    assert _hands(facts) == {("team", "Finder", "invoke", "team"), ("team", "Writer", "invoke", "team")}
    assert _said(facts, "USES") == {("Finder", "search")}
    assert _said(facts, "USES_MODEL") == {("Finder", "openai:gpt-4o")}


def test_functions_that_a_server_of_agents_offers() -> None:
    facts = linked(
        {
            "served.py": """
from agentstack_sdk.server import Server
from beeai_framework.agents.requirement import RequirementAgent

server = Server()


@server.agent(name="Desk", version="1.0.0")
async def desk(message, context):
    agent = RequirementAgent(name="Inner", llm="ollama:granite4", tools=[])
    yield await agent.run(message)


@server.agent()
async def echo(message):
    yield message
"""
        }
    )
    assert {key[1] for key in facts.nodes if key[0] == "Agent"} == {
        "agent-server:shop/served#Desk",
        "agent-server:shop/served#echo",
        "beeai:shop/served#Inner",
    }
    assert _hands(facts) == {("Desk", "Inner", "invoke", "served")}


def test_haystack_pipelines_as_tools_and_agents_of_its_pack() -> None:
    facts = linked(
        {
            "desk.py": """
from haystack import Pipeline
from haystack.components.agents import Agent
from haystack.components.generators.chat import OpenAIChatGenerator
from haystack.tools import PipelineTool
from haystack_integrations.agent_pack import create_advanced_rag_agent

orders = PipelineTool(pipeline=Pipeline(), name="find_orders", description="d")
goods = PipelineTool(pipeline=Pipeline(), name="find_goods", description="d")
desk = Agent(chat_generator=OpenAIChatGenerator(model="gpt-4o"), tools=[orders])
store = Agent(chat_generator=OpenAIChatGenerator(model="gpt-4o"), tools=[goods])
reader = create_advanced_rag_agent(document_store=shelf, retriever=Retriever(shelf), llm=OpenAIChatGenerator(model="gpt-4o-mini"))
"""
        }
    )
    assert facts.drawn("USES") == {
        ("haystack:shop/desk#desk", "tool:shop/desk#find_orders"),
        ("haystack:shop/desk#store", "tool:shop/desk#find_goods"),
    }
    assert facts.targets("USES_MODEL", "haystack:shop/desk#reader") == {"gpt-4o-mini"}


def test_dapr_agents_with_tools_and_each_other() -> None:
    facts = linked(
        {
            "desk.py": """
from dapr_agents import DurableAgent, OpenAIChatClient, tool
from dapr_agents.agents.configs import AgentExecutionConfig


@tool
def refund(order: str) -> str:
    '''Refunds an order.'''
    return order


returns = DurableAgent(name="Returns", role="Clerk", tools=[refund], llm=OpenAIChatClient(model="gpt-4o"))
desk = DurableAgent(role="Front desk", tools=[returns], execution=AgentExecutionConfig(max_iterations=4))
"""
        }
    )
    assert _said(facts, "USES") == {("Returns", "refund")}
    assert _hands(facts) == {("Front desk", "Returns", "invoke", "agent_as_tool")}
    assert {target for _, target in facts.drawn("USES_MODEL")} == {"gpt-4o"}


def test_a_tool_of_foundry_that_is_only_described_is_that_tool() -> None:
    facts = linked(
        {
            "foundry.py": """
from azure.ai.projects import AIProjectClient
from azure.ai.projects.models import FunctionTool, PromptAgentDefinition

client = AIProjectClient(endpoint="https://ai.shop.example", credential=None)


def described(name, description):
    return FunctionTool(name=name, description=description, parameters={"type": "object"})


def publish(name, tools=None):
    return client.agents.create_version(agent_name=name, definition=PromptAgentDefinition(model="gpt-5", tools=tools))


publish("desk", [described("ask_returns", "Of returns."), described("ask_prices", "Of prices.")])
"""
        }
    )
    assert _said(facts, "USES") == {("desk", "ask_returns"), ("desk", "ask_prices")}
    assert {props["kind_detail"] for key, props in facts.nodes.items() if key[0] == "Tool"} == {"tool definition"}


def test_agents_of_the_agent_specification() -> None:
    facts = linked(
        {
            "desk.py": """
from pyagentspec.agent import Agent
from pyagentspec.llms import OpenAiConfig
from pyagentspec.managerworkers import ManagerWorkers
from pyagentspec.mcp import MCPToolBox, SSETransport
from pyagentspec.property import Property
from pyagentspec.tools import ServerTool

look_up = ServerTool(name="look_up", description="Looks it up.", inputs=[Property(title="order")])
papers = MCPToolBox(name="papers", client_transport=SSETransport(name="sse", url="https://papers.shop.example/sse"))
clerk = Agent(name="clerk", llm_config=OpenAiConfig(name="llm", model_id="gpt-5"), tools=[look_up], toolboxes=[papers])
chief = Agent(name="chief", llm_config=OpenAiConfig(name="llm", model_id="gpt-5"), system_prompt="Lead.")
team = ManagerWorkers(name="team", group_manager=chief, workers=[clerk])
"""
        }
    )
    assert _said(facts, "USES") == {("clerk", "look_up")}
    assert facts.targets("CONNECTS_TO", "agent-spec:shop/desk#clerk") == {"https://papers.shop.example/sse"}
    assert _hands(facts) == {("team", "chief", "invoke", "manager"), ("team", "clerk", "invoke", "team")}


def test_letta_agents_share_blocks_and_their_clients_token() -> None:
    token = fake("letta", length=48)
    facts = linked(
        {
            "team.py": f"""
import os
from letta_client import Letta
from openai import OpenAI

client = Letta(token="{token}")
orders = client.blocks.create(label="orders", value="-")
lead = client.agents.create(name="lead", model="openai/gpt-4o", block_ids=[orders.id, "block-71"])
clerk = client.agents.create(name="clerk", model="openai/gpt-4o", block_ids=[orders.id])
kept = OpenAI(api_key=os.environ["DESK_OPENAI_KEY"]).beta.assistants.create(name="kept", model="gpt-4o")
"""
        }
    )
    written = {(source.rpartition("#")[2], target.rpartition("#")[2]) for source, target in facts.drawn("WRITES")}
    assert written == {("lead", "orders"), ("lead", "block-71"), ("clerk", "orders")}
    assert facts.drawn("READS") == facts.drawn("WRITES")
    held = {(source.rpartition("#")[2], target) for source, target in facts.drawn("HOLDS")}
    (secret,) = (node for kind, node in facts.nodes if kind == "Secret")
    assert held == {("lead", secret), ("clerk", secret), ("kept", "env:DESK_OPENAI_KEY")}
