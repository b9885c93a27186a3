"""What Google ADK brings along, for its Python code and its YAML alike: built-in tools and how its MCP connections are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

NAME = "google-adk"

WORKFLOW_CLASSES = ("SequentialAgent", "ParallelAgent", "LoopAgent")
"""Agents that only run their sub-agents in some order; no model decides."""

BUILTINS: Mapping[str, tuple[tuple[str, ...], bool]] = {
    "google_search": (("read", "egress"), True),
    "google_search_agent": (("read", "egress"), True),
    "google_maps_grounding": (("read", "egress"), True),
    "enterprise_web_search": (("read", "egress"), True),
    "url_context": (("read", "egress"), True),
    "load_web_page": (("read", "egress"), True),
    "built_in_code_execution": (("execute",), False),
    "code_execution": (("execute",), False),
    "vertex_ai_search": (("read",), False),
    "discovery_engine_search": (("read",), False),
    "vertex_ai_rag_retrieval": (("read",), False),
    "load_memory": (("read",), False),
    "preload_memory": (("read",), False),
    "load_artifacts": (("read",), False),
    "exit_loop": ((), False),
    "get_user_choice": ((), False),
    "transfer_to_agent": ((), False),
    "google_api": (("read", "write"), False),
    "bigquery": (("read", "write", "destructive"), False),
    "bigtable": (("read",), False),
    "spanner": (("read", "write"), False),
    "pubsub": (("read", "write", "egress"), False),
    "computer_use": (("read", "write", "execute", "egress"), True),
    "bash": (("execute",), False),
}
"""Built-in tool → what a call of it can do, and whether its result carries content of strangers."""

CLASSES: Mapping[str, str] = {
    "GoogleSearchTool": "google_search",
    "GoogleSearchAgentTool": "google_search_agent",
    "GoogleMapsGroundingTool": "google_maps_grounding",
    "EnterpriseWebSearchTool": "enterprise_web_search",
    "enterprise_web_search_tool": "enterprise_web_search",
    "UrlContextTool": "url_context",
    "VertexAiSearchTool": "vertex_ai_search",
    "DiscoveryEngineSearchTool": "discovery_engine_search",
    "VertexAiRagRetrieval": "vertex_ai_rag_retrieval",
    "LoadMemoryTool": "load_memory",
    "load_memory_tool": "load_memory",
    "PreloadMemoryTool": "preload_memory",
    "preload_memory_tool": "preload_memory",
    "LoadArtifactsTool": "load_artifacts",
    "load_artifacts_tool": "load_artifacts",
    "get_user_choice_tool": "get_user_choice",
    "BuiltInCodeExecutor": "code_execution",
    "BuiltInCodeExecutionTool": "built_in_code_execution",
    "UnsafeLocalCodeExecutor": "code_execution",
    "ContainerCodeExecutor": "code_execution",
    "VertexAiCodeExecutor": "code_execution",
    "GkeCodeExecutor": "code_execution",
    "AgentEngineSandboxCodeExecutor": "code_execution",
    "BigQueryToolset": "bigquery",
    "BigtableToolset": "bigtable",
    "SpannerToolset": "spanner",
    "PubSubToolset": "pubsub",
    "ComputerUseToolset": "computer_use",
    "ExecuteBashTool": "bash",
    "GoogleApiToolset": "google_api",
    "CalendarToolset": "google_calendar",
    "GmailToolset": "gmail",
    "YoutubeToolset": "youtube",
    "SlidesToolset": "google_slides",
    "SheetsToolset": "google_sheets",
    "DocsToolset": "google_docs",
    "DataAgentToolset": "data_agent",
}
"""Class, or other name of an object, of a built-in → the built-in's name."""

_WRAPPINGS = ("server_params", "connection_params")


def server_entry(params: object) -> dict[str, Any] | None:
    """Connection parameters of an ``McpToolset`` as the entry of a server, in the form that clients write; None if they are none.

    >>> server_entry({"server_params": {"command": "npx", "args": ["x"]}, "timeout": 5})
    {'command': 'npx', 'args': ['x']}
    """
    for _ in range(3):
        if not isinstance(params, dict):
            return None
        inner = next((params[key] for key in _WRAPPINGS if isinstance(params.get(key), dict)), None)
        if inner is None:
            break
        params = inner
    if not isinstance(params, dict) or not ({"command", "url"} & params.keys()):
        return None
    return {key: value for key, value in params.items() if key in ("command", "args", "env", "cwd", "url", "headers")}
