"""Frameworks, and services of providers, whose agents a vocabulary tells: see
:class:`~graphinv.ingest.support.python.vocabulary.Vocabulary`."""

from __future__ import annotations

from graphinv.ingest.support.python.shapes import EXECUTE, FETCH, NOTHING, READ, SEARCH, WRITE, hosted
from graphinv.ingest.support.python.vocabulary import Vocabulary

_INVOKE = "invoke"

SWARM = Vocabulary(
    NAME="openai-swarm",
    IMPORTS=("swarm",),
    agents={"Agent": 0},
    tools=("functions",),
    returned="transfer_function",
)
MCP_AGENT = Vocabulary(
    NAME="mcp-agent",
    IMPORTS=("mcp_agent",),
    agents={"Agent": 0, "AgentSpec": 0, "SwarmAgent": 0, "create_llm": None},
    workflows={
        "ParallelLLM": None,
        "EvaluatorOptimizerLLM": None,
        "Orchestrator": None,
        "DeepOrchestrator": None,
        "LLMRouter": None,
        "OpenAILLMRouter": None,
        "AnthropicLLMRouter": None,
        "EmbeddingRouter": None,
        "OpenAIEmbeddingRouter": None,
        "CohereEmbeddingRouter": None,
        "create_router_llm": None,
        "create_router_embedding": None,
        "create_orchestrator": None,
        "create_deep_orchestrator": None,
        "create_parallel_llm": None,
        "create_evaluator_optimizer_llm": None,
    },
    names=("name", "agent_name"),
    tools=("functions",),
    servers=("server_names", "available_servers"),
    parts={
        "agents": (_INVOKE, "router"),
        "available_agents": (_INVOKE, "orchestrator"),
        "planner": (_INVOKE, "planner"),
        "synthesizer": (_INVOKE, "synthesizer"),
        "fan_out_agents": (_INVOKE, "fan_out"),
        "fan_out": (_INVOKE, "fan_out"),
        "fan_in_agent": (_INVOKE, "fan_in"),
        "fan_in": (_INVOKE, "fan_in"),
        "optimizer": (_INVOKE, "optimizer"),
        "evaluator": (_INVOKE, "evaluator"),
    },
    members={"agent": (_INVOKE, "attached")},
    returned="transfer_function",
)
AGENT_SPEC = Vocabulary(
    NAME="agent-spec",
    IMPORTS=("pyagentspec", "wayflowcore"),
    agents={"Agent": None},
    workflows={"ManagerWorkers": None, "Swarm": None},
    tools=("tools", "toolboxes"),
    models=("llm_config", "llm"),
    parts={"first_agent": (_INVOKE, "swarm"), "group_manager": (_INVOKE, "manager"), "workers": (_INVOKE, "team")},
)
AGENT_SQUAD = Vocabulary(
    NAME="agent-squad",
    IMPORTS=("agent_squad", "multi_agent_orchestrator"),
    agents={
        f"{kind}Agent": None
        for kind in (
            "BedrockLLM",
            "Anthropic",
            "OpenAI",
            "AmazonBedrock",
            "BedrockInline",
            "BedrockFlows",
            "BedrockTranslator",
            "LexBot",
            "Lambda",
            "Comprehend",
            "ComprehendFilter",
            "Chain",
            "Supervisor",
            "Strands",
            "Grounded",
        )
    }
    | {"Agent": None},
    workflows={"AgentSquad": None, "MultiAgentOrchestrator": None},
    options="options",
    tools=("tool_config.tool", "extra_tools.tools", "extra_tools", "tools"),
    models=("model_id", "model", "classifier.model_id"),
    memories=("storage",),
    members={"lead_agent": (_INVOKE, "lead_agent"), "team": (_INVOKE, "team"), "agents": (_INVOKE, "chain")},
    parts={"default_agent": (_INVOKE, "default_agent")},
    adding={"add_agent": (_INVOKE, "classifier")},
    holders={"AgentTools": "tools"},
)
CAMEL = Vocabulary(
    NAME="camel",
    IMPORTS=("camel",),
    agents={f"{kind}Agent": 0 for kind in ("Chat", "Critic", "Embodied", "MCP", "Repo", "KnowledgeGraph")},
    workflows={"Workforce": None, "RolePlaying": None},
    names=("system_message.role_name",),
    tools=("tools", "external_tools", "assistant_agent_kwargs.tools", "user_agent_kwargs.tools"),
    models=("model", "model.model_type", "assistant_agent_kwargs.model"),
    memories=("memory",),
    parts={
        "children": (_INVOKE, "worker"),
        "coordinator_agent": (_INVOKE, "coordinator"),
        "task_agent": (_INVOKE, "planner"),
        "new_worker_agent": (_INVOKE, "worker"),
    },
    adding={
        "add_single_agent_worker": (_INVOKE, "worker"),
        "add_workforce": (_INVOKE, "worker"),
        "add_role_playing_worker": (_INVOKE, "worker"),
    },
    hosted=hosted(
        "camel", {"code_execution": EXECUTE, "terminal": EXECUTE}, {"CodeExecutionToolkit": "code_execution", "TerminalToolkit": "terminal"}
    ),
)
HAYSTACK = Vocabulary(
    NAME="haystack",
    IMPORTS=("haystack", "haystack_integrations", "haystack_experimental"),
    agents={
        "agents.Agent": None,
        "components.agents.agent.Agent": None,
        "create_advanced_rag_agent": None,
        "create_deep_research_agent": None,
    },
    tools=("tools",),
    models=("chat_generator", "llm"),
    memories=("memory_store",),
    wraps={"ComponentTool": "component"},
    holders={"Toolset": "tools"},
)
BEEAI = Vocabulary(
    NAME="beeai",
    IMPORTS=("beeai_framework",),
    agents={
        "RequirementAgent": None,
        "ReActAgent": None,
        "ToolCallingAgent": None,
        "RAGAgent": None,
        "LiteAgent": None,
        "A2AAgent": None,
        "ACPAgent": None,
        "AgentWorkflow.add_agent": None,
    },
    workflows={"AgentWorkflow": 0},
    names=("name", "meta.name"),
    models=("llm",),
    memories=("memory",),
    adding={"add_agent": (_INVOKE, "workflow_step")},
    wraps={"HandoffTool": "target"},
    hosted=hosted(
        "beeai",
        {
            "python": EXECUTE,
            "shell": EXECUTE,
            "sandbox": EXECUTE,
            "web_search": SEARCH,
            "wikipedia": FETCH,
            "weather": (("read", "egress"), False),
            "file_read": READ,
            "file_edit": WRITE,
            "think": NOTHING,
        },
        {
            "PythonTool": "python",
            "ShellTool": "shell",
            "SandboxTool": "sandbox",
            "DuckDuckGoSearchTool": "web_search",
            "WikipediaTool": "wikipedia",
            "OpenMeteoTool": "weather",
            "FileReadTool": "file_read",
            "FileEditTool": "file_edit",
            "ThinkTool": "think",
        },
    ),
)
DAPR_AGENTS = Vocabulary(
    NAME="dapr-agents",
    IMPORTS=("dapr_agents",),
    agents=dict.fromkeys(("Agent", "DurableAgent", "AssistantAgent", "ReActAgent", "ToolCallAgent", "OpenAPIReActAgent")),
    workflows=dict.fromkeys(("LLMOrchestrator", "RandomOrchestrator", "RoundRobinOrchestrator")),
    names=("name", "role", "profile.name"),
    models=("llm.model", "llm"),
    memories=("memory.store", "memory"),
)
OPENAI_ASSISTANTS = Vocabulary(
    NAME="openai-assistants",
    IMPORTS=("openai",),
    agents={"assistants.create": None},
    MARKS=(rb"\bassistants\.create\b",),
    hosted=hosted("openai", {"code_interpreter": EXECUTE, "file_search": READ}),
)
LETTA = Vocabulary(
    NAME="letta",
    IMPORTS=("letta_client", "letta"),
    agents={"agents.create": None, "create_agent": None},
    tools=("tools", "tool_ids"),
    models=("model", "llm_config"),
    memories=("block_ids",),
)
MARVIN = Vocabulary(
    NAME="marvin",
    IMPORTS=("marvin", "controlflow"),
    agents={"Agent": None},
    workflows={"Team": None, "Swarm": None, "RoundRobinTeam": None, "RandomTeam": None},
    tools=("tools", "mcp_servers"),
    memories=("memories",),
    parts={"members": (_INVOKE, "team"), "agents": (_INVOKE, "team")},
    first="members",
)
MISTRAL = Vocabulary(
    NAME="mistral-agents",
    IMPORTS=("mistralai",),
    agents={"agents.create": None, "agents.create_async": None},
    members={"handoffs": ("handoff", "handoff")},
)
_GROUNDED: dict[str, tuple[tuple[str, ...], bool | None]] = {
    "code_interpreter": EXECUTE,
    "file_search": READ,
    "bing_grounding": SEARCH,
    "bing_custom_search": SEARCH,
    "deep_research": SEARCH,
    "azure_ai_search": READ,
    "sharepoint": READ,
    "fabric": READ,
    "browser_automation": (("read", "write", "egress"), True),
}
AZURE_AI_AGENTS = Vocabulary(
    NAME="azure-ai-agents",
    IMPORTS=("azure.ai.projects", "azure.ai.agents"),
    agents={"create_agent": None, "create_version": None, "agents.create": None},
    names=("name", "agent_name"),
    tools=("tools", "toolset", "definition.tools"),
    models=("model", "definition.model"),
    wraps={"ConnectedAgentTool": "id"},
    holders={"ToolSet": "tools", "AsyncToolSet": "tools", "FunctionTool": "functions", "AsyncFunctionTool": "functions"},
    hosted=hosted(
        "azure-ai",
        _GROUNDED,
        {
            "CodeInterpreterTool": "code_interpreter",
            "FileSearchTool": "file_search",
            "BingGroundingTool": "bing_grounding",
            "BingGroundingAgentTool": "bing_grounding",
            "BingCustomSearchTool": "bing_custom_search",
            "BingCustomSearchAgentTool": "bing_custom_search",
            "DeepResearchTool": "deep_research",
            "AzureAISearchTool": "azure_ai_search",
            "AzureAISearchAgentTool": "azure_ai_search",
            "SharepointTool": "sharepoint",
            "SharepointAgentTool": "sharepoint",
            "FabricTool": "fabric",
            "MicrosoftFabricAgentTool": "fabric",
            "BrowserAutomationTool": "browser_automation",
            "BrowserAutomationAgentTool": "browser_automation",
            "WebSearchTool": "bing_grounding",
            "WebSearchPreviewTool": "bing_grounding",
        },
    ),
)
FRAMEWORKS = (
    AGENT_SPEC,
    AGENT_SQUAD,
    AZURE_AI_AGENTS,
    BEEAI,
    CAMEL,
    DAPR_AGENTS,
    HAYSTACK,
    LETTA,
    MARVIN,
    MCP_AGENT,
    MISTRAL,
    OPENAI_ASSISTANTS,
    SWARM,
)
"""One for each, by name."""
