"""Frameworks, and services of providers, whose agents a vocabulary tells: see
:class:`~graphinv.ingest.support.javascript.vocabulary.Vocabulary`."""

from __future__ import annotations

from graphinv.ingest.support.javascript.vocabulary import Vocabulary

_INVOKE = "invoke"

ADK = Vocabulary(
    NAME="google-adk",
    PACKAGES=("@google/adk", "@iqai/adk"),
    agents={"LlmAgent": 0, "Agent": 0},
    workflows={"SequentialAgent": 0, "ParallelAgent": 0, "LoopAgent": 0},
    members={"subAgents": (_INVOKE, "sub_agents")},
    wraps={"AgentTool": "agent"},
)
AGENT_KIT = Vocabulary(
    NAME="agent-kit",
    PACKAGES=("@inngest/agent-kit",),
    agents={"createAgent": 0, "createRoutingAgent": 0, "Agent": 0, "RoutingAgent": 0},
    workflows={"createNetwork": 0, "Network": 0},
    models=("model", "defaultModel"),
    servers=("mcpServers",),
    members={"agents": (_INVOKE, "network"), "router": (_INVOKE, "router"), "defaultRouter": (_INVOKE, "router")},
)
AGENT_SQUAD = Vocabulary(
    NAME="agent-squad",
    PACKAGES=("agent-squad", "multi-agent-orchestrator"),
    agents={
        f"{kind}Agent": 0
        for kind in (
            "",
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
        )
    },
    workflows={"AgentSquad": 0, "MultiAgentOrchestrator": 0},
    tools=("toolConfig.tool", "extraTools"),
    models=("modelId", "model"),
    memories=("storage",),
    members={
        "leadAgent": (_INVOKE, "lead_agent"),
        "team": (_INVOKE, "team"),
        "agents": (_INVOKE, "chain"),
        "defaultAgent": (_INVOKE, "default_agent"),
    },
    adding={"addAgent": (_INVOKE, "classifier")},
)
AZURE_AI_AGENTS = Vocabulary(
    NAME="azure-ai-agents",
    PACKAGES=("@azure/ai-agents", "@azure/ai-projects"),
    agents={"AgentsClient.createAgent": 1, "agents.createAgent": 1, "agents.createVersion": 1},
    models=("model", "definition.model"),
    tools=("tools", "definition.tools"),
)
BEEAI = Vocabulary(
    NAME="beeai",
    PACKAGES=("beeai-framework",),
    agents={"ReActAgent": 0, "RequirementAgent": 0, "ToolCallingAgent": 0, "RePlanAgent": 0, "A2AAgent": 0, "ACPAgent": 0},
    workflows={"AgentWorkflow": 0},
    names=("name", "meta.name"),
    models=("llm",),
    adding={"addAgent": (_INVOKE, "workflow_step")},
    wraps={"HandoffTool": "target"},
)
OPENAI_ASSISTANTS = Vocabulary(
    NAME="openai-assistants",
    PACKAGES=("openai",),
    agents={"assistants.create": 0},
    MARKS=(rb"\bassistants\.create\b",),
)
STRANDS = Vocabulary(NAME="strands", PACKAGES=("@strands-agents/sdk",), agents={"Agent": 0}, models=("model", "model.modelId"))
VOLTAGENT = Vocabulary(
    NAME="voltagent",
    PACKAGES=("@voltagent/core",),
    agents={"Agent": 0, "PlanAgent": 0},
    workflows={"createWorkflow": 0, "createWorkflowChain": 0},
    tools=("tools", "toolkits"),
    members={"subAgents": (_INVOKE, "sub_agents"), "subagents": (_INVOKE, "sub_agents")},
    adding={"andAgent": (_INVOKE, "workflow_step")},
    wraps={"createSubagent": "agent"},
)
FRAMEWORKS = (ADK, AGENT_KIT, AGENT_SQUAD, AZURE_AI_AGENTS, BEEAI, OPENAI_ASSISTANTS, STRANDS, VOLTAGENT)
"""One for each, by name."""
