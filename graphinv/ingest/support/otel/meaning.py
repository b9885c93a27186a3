"""What a span is about, in the words of whichever convention it follows: OpenTelemetry's for models, agents and MCP in their older and
newer versions, OpenInference, OpenLLMetry, AGNTCY's Observe, the AI SDK; and our own attributes."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from graphinv.ingest.support.otel.shapes import Span
from graphinv.ingest.support.otel.values import Attributes, number, shown, text
from graphinv.ingest.support.secrets import url_parts

What = Literal[
    "agent", "created", "workflow", "caller", "tool", "handoff", "mcp", "served", "model", "retrieval", "read", "write", "database"
]
CONTAINERS = frozenset({"agent", "workflow", "caller", "tool", "mcp", "served"})
"""What others are done below."""
ACTING = frozenset({"agent", "workflow", "caller"})
"""Those of them that act."""
UNNAMED = "*"
"""The point that took a decision, where only the decision is told."""

_OPERATIONS: dict[str, What] = {
    "invoke_agent": "agent",
    "run_agent": "agent",
    "agent": "agent",
    "create_agent": "created",
    "invoke_workflow": "workflow",
    "execute_tool": "tool",
    "call_tool": "tool",
    "call_llm": "model",
    "tool": "tool",
    "chat": "model",
    "text_completion": "model",
    "completion": "model",
    "generate_content": "model",
    "embeddings": "model",
    "retrieval": "retrieval",
    "search_memory": "read",
    "create_memory": "write",
    "update_memory": "write",
    "upsert_memory": "write",
    "delete_memory": "write",
}
"""Values of ``gen_ai.operation.name``; ``plan`` and the life of a memory store show nothing at work."""
_OPENINFERENCE: dict[str, What] = {"agent": "agent", "tool": "tool", "llm": "model", "embedding": "model", "retriever": "retrieval"}
_TRACELOOP: dict[str, What] = {"agent": "agent", "workflow": "workflow", "tool": "tool"}
_CLAUDE_CODE: dict[str, What] = {"tool": "tool", "llm_request": "model"}
_CONVENTIONS: tuple[tuple[tuple[str, ...], dict[str, What]], ...] = (
    (("gen_ai.operation.name",), _OPERATIONS),
    (("openinference.span.kind", "gen_ai.span.kind"), _OPENINFERENCE),
    (("traceloop.span.kind", "agentops.span.kind", "ioa_observe.span.kind"), _TRACELOOP),
    (("span.type",), _CLAUDE_CODE),
)
"""Attributes that say what a span is about, and their values."""
_TELLING: tuple[tuple[tuple[str, ...], What], ...] = (
    (("gen_ai.tool.name", "tool.name", "ai.toolCall.name"), "tool"),
    (("llm.request.type", "gen_ai.request.model", "gen_ai.response.model"), "model"),
    (("db.system.name", "db.system"), "database"),
)
"""Attributes that only such spans have, where none says it."""
_NAMES: dict[What, tuple[str, ...]] = {
    "retrieval": ("gen_ai.data_source.id",),
    "read": ("gen_ai.memory.store.id", "gen_ai.memory.store.name"),
    "write": ("gen_ai.memory.store.id", "gen_ai.memory.store.name"),
}
_AI_SDK = re.compile(r"ai\.(?:generate|stream)(?:Text|Object)")
_AI_SDK_MODEL = re.compile(r"ai\.(?:(?:generate|stream)(?:Text|Object)|embed(?:Many)?)\.do[A-Z]\w*")
_NAMED_SPAN = re.compile(r"(invoke_agent|execute_tool) (\S.{0,100})|(?:running tool|tool): (\S.{0,100})")
_SPAN_NAME = re.compile(r"[\w :@-]{1,100}(?<!-[0-9])(?<!-[0-9]{2})(?<!-[0-9]{3})")
"""Names of spans that may be names of things; others are those of events, or may be made of what was asked."""
_METHOD_OF = re.compile(r"\.(?:a?run|a?invoke|a?stream|_?execute\w*|kickoff|a?call|iter|turn|workflow|agent|tool|task)$")
_UNNAMED = re.compile(
    r"(?:Code|ToolCalling|ReAct|Chat|Assistant|Base|Llm|LLM|OpenAI )?Agent(?:Executor|Workflow)?|agent|LangGraph|Crew|Task"
    r"|ClaudeAgentSDK\.\w+|[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}"
)
"""What a library calls an agent or a flow that nobody named: its class, a word of its own, or an id that is new each time."""
_MECHANISM = re.compile(r"(?:Runnable\w*|[A-Z]\w*(?:QueryEngine|ChatEngine|Retriever|Splitter|Synthesizer|OutputParser))(?:\.workflow)?")
"""Classes of LangChain and LlamaIndex that their instrumentation calls flows."""
_WHOLE = re.compile(r"Agent [Ww]orkflow")
"""What the SDK of OpenAI calls a whole trace."""
_HANDOFF = re.compile(r"(?i)(?:transfer|hand_?off)[ _]to[ _](.+)")
_PARTS_OF_GRAPHS = (
    *("traceloop.association.properties.langgraph_checkpoint_ns", "ioa_observe.association.properties.langgraph_checkpoint_ns"),
    "langgraph_checkpoint_ns",
)
"""Where in its graphs LangGraph runs a node: ``researcher:<id>|tools:<id>`` is a node of the graph that is the node ``researcher``."""
_LANGCHAIN_MODEL = ("traceloop.association.properties.ls_model_name", "ls_model_name")
_MCP_TOOL = re.compile(r"mcp__(.+?)__(.+)")
"""A server's tool, as Claude Code and others call it."""
_MCP_SELF = re.compile(r"(?:ping|logging/|notifications/|roots/|sampling/|elicitation/|completion/).*")
"""Methods that show nothing used, or that the server asks of its client."""
_ACTIONS = {
    "SELECT": "read",
    "FIND": "read",
    "GET": "read",
    "QUERY": "read",
    "INSERT": "write",
    "UPDATE": "write",
    "UPSERT": "write",
    "MERGE": "write",
    "SET": "write",
    "DELETE": "delete",
}


@dataclass(frozen=True, slots=True)
class Own:
    """What our own attributes say: the agent's id in the graph, the task that it was for, the point that decided it, who it acted as."""

    agent: str = ""
    task: str = ""
    point: str = ""
    identity: str = ""


_SILENT = Own()


@dataclass(frozen=True, slots=True)
class Deed:
    """What a span shows: of an agent, tool, model, store … called ``name``; empty where it is not told.

    ``agent`` is who it says did it. ``server`` is the address of an MCP server, or else what it is called; ``action`` what was done to a
    database, whose address is in ``server`` too; ``model`` and ``source`` what an invoked agent is said to use, ``giver`` which agent
    handed over to it. ``remote`` is a call that leaves its process, or came into it.
    """

    what: What
    name: str = ""
    agent: str = ""
    server: str = ""
    action: str = ""
    model: str = ""
    source: str = ""
    version: str = ""
    giver: str = ""
    remote: bool = False
    own: Own = _SILENT


def deed_of(span: Span) -> Deed | None:
    """What ``span`` shows; None where it has to do with neither agents nor what they use. O(attributes)."""
    if _speaks_mcp(span.attributes):
        return _mcp(span)
    what = _what(span)
    return _MAKERS[what](what, span) if what is not None else None


def _what(span: Span) -> What | None:
    """The kind of deed by the first convention that says one."""
    told = span.attributes
    for names, meanings in _CONVENTIONS:
        said = text(told, *names)
        if said:
            return meanings.get(said.lower())
    sdk, named = text(told, "ai.operationId"), _NAMED_SPAN.fullmatch(span.name)
    if sdk:
        return "model" if _AI_SDK_MODEL.fullmatch(sdk) else "caller" if _AI_SDK.fullmatch(sdk) else "tool" if sdk == "ai.toolCall" else None
    if named:
        return "agent" if named[1] == "invoke_agent" else "tool"
    if text(told, "executor.type") == "AgentExecutor":  # what Microsoft's Agent Framework runs an agent in
        return "agent"
    return next((what for names, what in _TELLING if text(told, *names)), None)


def _agent(what: What, span: Span) -> Deed | None:
    told = span.attributes
    stated = text(
        told,
        "gen_ai.agent.name",
        "agent.name",
        "agent_name",
        "gen_ai.workflow.name",
        "traceloop.entity.name",
        "graph.node.id",
        "executor.id",
    )
    stated = stated or _observed(told, "ioa_observe.entity.name") or _of_span(span)
    name = _named(stated)
    if _WHOLE.fullmatch(stated) or (what == "workflow" and (not name or _MECHANISM.fullmatch(name))):
        return None
    source, version = shown(text(told, "gen_ai.data_source.id")), shown(text(told, "gen_ai.agent.version"))
    giver = _named(text(told, "graph.node.parent_id"))
    remote = span.kind in ("client", "server")
    return Deed(what, name, model=_model(told), source=source, version=version, giver=giver, remote=remote, own=_own(told))


def _created(what: What, span: Span) -> Deed | None:
    """That an agent was made; without a name it says nothing."""
    name = _by(span)
    return Deed(what, name) if name else None


def _caller(what: What, span: Span) -> Deed:
    return Deed(what, _named(text(span.attributes, "gen_ai.agent.name", "ai.telemetry.functionId")), own=_own(span.attributes))


def _tool(what: What, span: Span) -> Deed | None:
    told = span.attributes
    name = text(told, "gen_ai.tool.name", "tool.name", "ai.toolCall.name", "mcp.tool.name", "tool_name", "traceloop.entity.name")
    name = shown(name or _of_span(span))
    handed, of_server = _HANDOFF.fullmatch(name), _MCP_TOOL.fullmatch(name)
    if handed or text(told, "gen_ai.tool.type") == "TransferToAgentTool":
        return Deed("handoff", handed[1] if handed and name != "transfer_to_agent" else "", _by(span), own=_own(told))
    server = of_server[1] if of_server else shown(text(told, "mcp.server.name", "mcp.server"))
    if server and name:
        return Deed("mcp", of_server[2] if of_server else name, _by(span), server=server, own=_own(told))
    return Deed(what, name, _by(span), own=_own(told)) if name else None


def _use(what: What, span: Span) -> Deed | None:
    """Of a model, a source or a store."""
    told = span.attributes
    name = _model(told) if what == "model" else shown(text(told, *_NAMES[what]))
    return Deed(what, name, _by(span), own=_own(told)) if name else None


def _by(span: Span) -> str:
    """The agent that a span says did it, or is."""
    told = span.attributes
    stated = text(told, "gen_ai.agent.name", "agent.name", "agent_name") or _observed(told, "agent_id")
    return _named(stated or _node_of(told))


def _observed(told: Attributes, name: str) -> str:
    """The agent that AGNTCY's Observe names so: a class with the method that it watches, or a function."""
    stated = text(told, name)
    watched = stated and any(key.startswith("ioa_observe.") for key in told)
    return (stated.rpartition(".")[0] or stated) if watched else ""


def _node_of(told: Attributes) -> str:
    """The node that is a graph of its own, in which LangGraph does it; empty where the outermost graph does it itself."""
    outer, inner, _ = text(told, *_PARTS_OF_GRAPHS).partition("|")
    return outer.partition(":")[0] if inner else ""


def _speaks_mcp(told: Attributes) -> bool:
    return "mcp.method.name" in told or "mcp.method" in told or text(told, "rpc.system", "rpc.system.name") == "mcp"


def _mcp(span: Span) -> Deed | None:
    """A request to an MCP server, as its client or as the server itself tells it."""
    told = span.attributes
    method = text(told, "mcp.method.name", "mcp.method", "rpc.method")
    if not method or _MCP_SELF.fullmatch(method):
        return None
    tool = text(told, "gen_ai.tool.name", "mcp.tool.name", "tool.name") if method == "tools/call" else ""
    name = shown(tool or (span.name.removeprefix("tools/call ") if method == "tools/call" and span.name.startswith("tools/call ") else ""))
    address = _address(told) if span.kind != "server" else ""
    return Deed(
        "served" if span.kind == "server" else "mcp",
        name,
        _by(span) if span.kind != "server" else "",
        server=address or shown(text(told, "mcp.server.name", "mcp.server", "mcp.server_name")),
        own=_own(told),
    )


def _address(told: Attributes) -> str:
    """Address of an MCP server: the whole one where it is told, else host and port, as ``//host:port``."""
    whole = text(told, "mcp.server.url", "url.full", "http.url")
    parts = url_parts(whole) if whole else None
    if parts is not None and parts.host:
        return parts.url
    host = shown(text(told, "server.address", "net.peer.name"))
    port = number(told, "server.port", "net.peer.port")
    if not host or host.startswith("/") or text(told, "network.transport") == "pipe":
        return ""
    return f"//{host.lower()}:{port}" if port and port not in (80, 443) else f"//{host.lower()}"


def _database(what: What, span: Span) -> Deed | None:
    """A query, where it is told to which database."""
    told = span.attributes
    system, host = text(told, "db.system.name", "db.system").lower(), text(told, "server.address", "net.peer.name", "net.sock.peer.addr")
    verb = text(told, "db.operation.name", "db.operation").upper().partition(" ")[0]
    action = _ACTIONS.get(verb)
    if not re.fullmatch(r"[a-z0-9_.+-]{2,40}", system) or not re.fullmatch(r"[\w.:-]{1,253}", host) or action is None:
        return None
    port, space = number(told, "server.port", "net.peer.port"), text(told, "db.namespace", "db.name")
    place = f"{host}:{port}" if port else host
    path = f"/{space}" if re.fullmatch(r"[\w.|-]{1,100}", space) else ""
    return Deed(what, server=shown(f"{system.rpartition('.')[2]}://{place}{path}"), action=action)


def _model(told: Attributes) -> str:
    stated = text(told, "gen_ai.request.model", "llm.model_name", "ai.model.id", "embedding.model_name", "llm.request.model", "llm.model")
    names = (stated, text(told, "gen_ai.response.model", "llm.response.model"), text(told, *_LANGCHAIN_MODEL))
    return shown(next((name for name in names if name and name.lower() != "unknown"), ""))


def _own(told: Attributes) -> Own:
    if not any(name.startswith("graphinv.") for name in told):
        return _SILENT
    point = shown(text(told, "graphinv.decision.point")) or (UNNAMED if text(told, "graphinv.decision.id") else "")
    agent, task, identity = (shown(text(told, f"graphinv.{name}.id")) for name in ("agent", "task", "identity"))
    return Own(agent, task, point, identity)


def _of_span(span: Span) -> str:
    """The name of a thing that only the name of its span tells."""
    named = _NAMED_SPAN.fullmatch(span.name)
    if named:
        return named[2] or named[3]
    if "gen_ai.operation.name" in span.attributes:
        return ""
    name = _METHOD_OF.sub("", span.name)
    return name if _SPAN_NAME.fullmatch(name) else ""


def _named(name: str) -> str:
    """The name of an agent; empty where its library made it up."""
    return "" if not name or _UNNAMED.fullmatch(name) else shown(name)


_MAKERS: dict[What, Callable[[What, Span], Deed | None]] = {
    "agent": _agent,
    "created": _created,
    "workflow": _agent,
    "caller": _caller,
    "tool": _tool,
    "model": _use,
    "retrieval": _use,
    "read": _use,
    "write": _use,
    "database": _database,
}
