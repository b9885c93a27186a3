"""Flows of Langflow: agents with the tools, models and servers that are connected to their handles, flows that run other flows, keys.

An edge says by its ``targetHandle.fieldName`` what it puts in: ``tools`` gives an agent a tool, everything else passes content on. A value
with ``load_from_db`` is the name of a global variable, not a value.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc
from graphinv.ingest.support.lowcode import Flow, Where, called, flows_of, host_of, items, text_of, unique
from graphinv.ingest.support.lowcode_services import Does, does, service_of
from graphinv.ingest.support.lowcode_ways import following, grouped
from graphinv.ingest.support.offers import listed_tools
from graphinv.ingest.support.parts import mapping
from graphinv.ingest.support.secrets import looks_secret_name
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, Ref

NAME = "langflow"
TITLE = "Flows of Langflow"
FILES = ("*.json with Langflow's nodes and edges",)
MAX_BYTES = 16 * 1024 * 1024
MAX_FLOWS = 500

_HEAD = re.compile(
    rb'"(?:base_classes|trace_as_metadata|trace_as_input|load_from_db)"\s*:|"_type"\s*:\s*"Component"|"(?:genericNode|noteNode)"'
    rb'|"reactflow__edge-|\xc5\x93dataType|"sourceHandle"\s*:\s*\{\s*"dataType"'
)
_START = re.compile(rb'"data"\s*:\s*\{|"flows"\s*:\s*\[|"(?:nodes|edges)"\s*:\s*\[')

_AGENTS = frozenset(
    {
        *(
            "AgentComponent",
            "ToolCallingAgentComponent",
            "CrewAIAgentComponent",
            "HierarchicalCrewComponent",
            "SequentialCrewComponent",
            "Cuga",
        ),
        *("AgentInitializer", "AgentExecutor"),
    }
)
_AGENT_NAME = re.compile(r"(?:\w*Agent|Agent\w*Component)(?:Component)?")
_NO_AGENTS = re.compile(r"AgentQL\w*|\w*AgentSelector\w*|\w*UserAgent\w*")
_SERVERS = frozenset({"MCPTools", "MCPToolsComponent", "MCPStdio", "MCPSse", "MCP", "MCPConnection"})
_FLOW_RUNNERS = frozenset({"RunFlow", "FlowTool", "SubFlow", "FlowAsTool", "RunFlowComponent"})
_RUN = re.compile(r"/api/v1/run/(?:advanced/)?([A-Za-z0-9][\w-]{2,80})")
_CONDITIONS = frozenset({"ConditionalRouter", "ConditionalRouterComponent", "SmartRouter", "LLMRouter", "DataConditionalRouter"})
_INPUTS = {"ChatInput": "chat", "Webhook": "webhook", "WebhookComponent": "webhook", "TextInput": "text"}
_PASSIVE = re.compile(
    r"(?:Chat|Text)(?:Input|Output)|Prompt\w*|note|[Pp]arser\w*|Parse\w*|Split\w*|Combine\w*|\w*Router\w*|\w*Processing|If\w*|Loop\w*|Listen|Notify"
    r"|Pass|\w*Embeddings?\w*|TypeConverter\w*|StructuredOutput\w*|Message\w*|CreateData|CreateList|Select\w*|Filter\w*|Update\w*|LanguageModel\w*"
    r"|\w*Model\w*|GroupNode|CurrentDate\w*|Extract\w*|Alter\w*|Merge\w*|Regex\w*|BatchRun\w*|DataFrame\w*|Guardrail\w*|HumanInput\w*"
)
"""Components that change or show what passes through."""
_MODEL = re.compile(r"\w*(?:Model|LLM|ChatOpenAI|Ollama|Anthropic)\w*")
_MEMORY = frozenset(
    {"Memory", "MemoryComponent", "MessageHistory", "StoreMessage", "Mem0", "ZepChatMemory", "RedisChatMemory", "AstraDBChatMemory"}
)
_PROMPTS = frozenset({"system_prompt", "template", "input_value", "format_instructions", "agent_description", "system_message"})


def detect(path: str, head: bytes) -> bool:
    """Whether it is JSON that begins as a flow of Langflow does."""
    if not path.lower().endswith(".json") or head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
        return False
    return bool(_START.search(head) and _HEAD.search(head))


def read(document: Document) -> Iterator[Fact]:
    """The flows of the document; nothing where no node is one of Langflow's."""
    if b"genericNode" not in document.data:
        return
    located = jsondoc.parse(document)
    found = ((top.get("id"), called(top.get("name")), partial(located.line, *at), (top, graph)) for at, top, graph in _flows(located.value))
    for flow, (top, graph) in flows_of(document, NAME, found):
        yield from _Canvas(flow, top, graph).facts()


def _flows(value: object) -> Iterator[tuple[Where, Mapping[str, Any], Mapping[str, Any]]]:
    """Place of the graph, flow and graph of every flow: the document itself, a list, or ``{"flows": […]}``."""
    entries: list[tuple[Where, object]] = [((), value)]
    if isinstance(value, list):
        entries = [((index,), entry) for index, entry in enumerate(value[:MAX_FLOWS])]
    elif isinstance(value, dict) and isinstance(value.get("flows"), list):
        entries = [(("flows", index), entry) for index, entry in enumerate(value["flows"][:MAX_FLOWS])]
    for at, entry in entries:
        top = mapping(entry)
        graph = mapping(top.get("data"))
        if isinstance(graph.get("nodes"), list):
            yield (*at, "data"), top, graph
        elif isinstance(top.get("nodes"), list) and isinstance(top.get("edges"), list):
            yield at, top, top


@dataclass
class _Node:
    id: str
    type: str
    title: str
    at: Where
    template: Mapping[str, Any]
    node: Mapping[str, Any]
    label: str = ""

    def value(self, name: str) -> Any:
        """What is set for an input."""
        return mapping(self.template.get(name)).get("value")

    def text(self, *names: str) -> str:
        return next((text_of(self.value(name)) for name in names if text_of(self.value(name))), "")

    def from_database(self, name: str) -> bool:
        return mapping(self.template.get(name)).get("load_from_db") is True


@dataclass
class _Canvas:
    """Facts of one flow."""

    flow: Flow
    top: Mapping[str, Any]
    graph: Mapping[str, Any]
    nodes: dict[str, _Node] = field(default_factory=dict)
    edges: list[tuple[str, str, str]] = field(default_factory=list)
    """(source, input, target)"""
    into: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Node → (input, what is put in)."""
    out: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """Node → (input, whom it is put into)."""
    agents: dict[str, NodeKey] = field(default_factory=dict)

    def facts(self) -> Iterator[Fact]:
        self.read_nodes()
        if not self.nodes:
            return
        flow = self.flow
        yield flow.workflow(kind_detail="Langflow flow")
        for name in dict.fromkeys((flow.title, called(self.top.get("id")), called(self.top.get("endpoint_name")))):
            if name:
                yield Binding(NAME, name, flow.key, "", flow.document.path)
        self.read_edges()
        with_tools = {target for _, name, target in self.edges if name == "tools"}
        for key, node in self.nodes.items():
            if self.is_agent(node) or (key in with_tools and node.type not in _SERVERS):
                self.agents[key] = ("Agent", flow.id(node.label))
        as_tools = {source for source, name, _ in self.edges if name == "tools"}
        for key, node in self.nodes.items():
            if key in self.agents:
                yield from self.agent(node, self.agents[key], invoked=key not in as_tools)
            elif key not in as_tools:
                yield from self.step(node)
        yield from self.order()
        yield from flow.rest()

    # ---- reading ------------------------------------------------------------------------------------------------------------

    def read_nodes(self) -> None:
        for index, value in enumerate(items(self.graph.get("nodes"))):
            data = mapping(mapping(value).get("data"))
            node = mapping(data.get("node"))
            kind = text_of(data.get("type"))
            identifier = text_of(mapping(value).get("id")) or text_of(data.get("id"))
            if mapping(value).get("type") != "genericNode" or not kind or not identifier or identifier in self.nodes:
                continue
            # A name that somebody gives a component stands in its node; beside it stays the name that all of its type begin with.
            title = called(node.get("display_name")) or called(data.get("display_name")) or called(kind)
            self.nodes[identifier] = _Node(identifier, kind, title, ("nodes", index, "data", "node"), mapping(node.get("template")), node)
        labels = unique({key: node.title for key, node in self.nodes.items()})
        for key, made in self.nodes.items():
            made.label = labels[key]

    def read_edges(self) -> None:
        for edge in items(self.graph.get("edges")):
            source, target = text_of(mapping(edge).get("source")), text_of(mapping(edge).get("target"))
            if source in self.nodes and target in self.nodes:
                name = _field(mapping(edge))
                self.edges.append((source, name, target))
                self.into.setdefault(target, []).append((name, source))
                self.out.setdefault(source, []).append((name, target))

    def is_agent(self, node: _Node) -> bool:
        if _NO_AGENTS.fullmatch(node.type):
            return False
        return node.type in _AGENTS or bool(_AGENT_NAME.fullmatch(node.type))

    def given(self, key: str, *names: str) -> list[_Node]:
        return [self.nodes[source] for name, source in self.into.get(key, ()) if name in names]

    # ---- agents -------------------------------------------------------------------------------------------------------------

    def agent(self, node: _Node, key: NodeKey, *, invoked: bool) -> Iterator[Fact]:
        flow = self.flow
        yield flow.agent(key[1], node.title, node.at, kind_detail=f"Langflow {called(node.type)}")
        if invoked:
            yield flow.edge("DELEGATES_TO", flow.key, key, node.at, mode="invoke", kind_detail="workflow_step")
        for tool in self.given(node.id, "tools"):
            yield from self.attached(key, tool)
        for other in self.given(node.id, "agent", "agents", "manager_agent"):
            if other.id in self.agents:
                yield flow.edge("DELEGATES_TO", key, self.agents[other.id], node.at, mode="invoke", kind_detail="crew")
        for flag, name in (("add_calculator_tool", "calculator"), ("add_current_date_tool", "current_date")):
            if node.value(flag) is True:
                tool_key: NodeKey = ("Tool", f"{NAME}:{name}")
                yield from flow.tool(tool_key, name, Does(frozenset()), node.at, kind_detail="Langflow built-in")
                yield flow.edge("USES", key, tool_key, node.at)
        yield from self.models(node, key)
        for model in self.given(node.id, "model", "agent_llm", "llm", "language_model"):
            yield from self.models(model, key)
            yield from self.keys(model, key, "config")
        yield from self.keys(node, key, "config")
        count = node.value("n_messages")
        if isinstance(count, int) and not isinstance(count, bool) and count > 0:
            memory: NodeKey = ("Memory", flow.id("chat history"))
            yield from flow.memory([key], memory, "chat history", node.at, scope="session", detail="Langflow chat history")
        for store in self.given(node.id, "memory"):
            own: NodeKey = ("Memory", flow.id(store.label))
            yield from flow.memory([key], own, store.title, store.at, scope=_scope(store), detail=f"Langflow {called(store.type)}")
            yield from self.keys(store, own, "config")

    def attached(self, agent: NodeKey, node: _Node) -> Iterator[Fact]:
        """What ``agent`` gets through its handle for tools."""
        flow = self.flow
        if node.id in self.agents:
            yield flow.edge("DELEGATES_TO", agent, self.agents[node.id], node.at, mode="invoke", kind_detail="agent_as_tool")
        elif node.type in _FLOW_RUNNERS:
            yield from self.other_flow(agent, node, "flow_tool")
        elif node.type in _SERVERS:
            yield from self.server(agent, node)
        else:
            key: NodeKey = ("Tool", flow.id(node.label))
            yield from self.tool(node, key, "tool_definition")
            yield flow.edge("USES", agent, key, node.at)
            yield from self.called_flows(agent, node)
            if self.is_store(node):
                yield from self.store([agent], node)

    def tool(self, node: _Node, key: NodeKey, place: str) -> Iterator[Fact]:
        flow = self.flow
        address = node.text("url", "url_input", "base_url")
        is_request = node.type.startswith(("APIRequest", "Requests"))
        host = host_of(address) if is_request and address else None
        bare = host.partition("://")[2].partition(":")[0] if host else None
        found = does(node.type, method=node.text("method").upper() or None, host=bare) if is_request else self.does(node)
        resource = self.store_id(node)[0] if self.is_store(node) else ""
        detail = f"Langflow {called(node.type)}"
        yield from flow.tool(key, node.title, found, node.at, host=host, resource=resource, kind_detail=detail)
        yield from self.keys(node, key, place)

    def does(self, node: _Node) -> Does:
        """What a component does; one whose code was changed in the flow does what its author wrote."""
        found = does(node.type, node.text("operation", "action") or None)
        if found.service is None:
            found = does(node.title)
        if node.node.get("edited") is True and found.service is None:
            return Does(None)
        return found

    def other_flow(self, source: NodeKey, node: _Node, mechanism: str) -> Iterator[Fact]:
        chosen = called(node.text("flow_name_selected", "flow_name"))
        if not chosen:
            yield from self.flow.problem(f"the flow that {node.title[:80]!r} runs is not chosen in the file", node.at)
            return
        target = Ref("Workflow", NAME, chosen, fallback=f"{NAME}:{self.flow.document.root}#{chosen}")
        yield self.flow.edge("DELEGATES_TO", source, target, node.at, mode="invoke", kind_detail=mechanism)

    def called_flows(self, source: NodeKey, node: _Node) -> Iterator[Fact]:
        """Flows that a component's code runs over Langflow's API, by their id or the name of their endpoint."""
        for name in dict.fromkeys(_RUN.findall(node.text("code")[:200_000])):
            target = Ref("Workflow", NAME, called(name), fallback=f"{NAME}:{self.flow.document.root}#{called(name)}")
            yield self.flow.edge("DELEGATES_TO", source, target, node.at, mode="invoke", kind_detail="flow_api", evidence=["inferred"])

    def server(self, user: NodeKey, node: _Node) -> Iterator[Fact]:
        """An MCP server: its entry stands in the flow, or only its name in Langflow's settings."""
        flow = self.flow
        at: Where = (*node.at, "template")
        chosen = mapping(node.value("mcp_server"))
        name = called(chosen.get("name")) or node.label
        entry = dict(mapping(chosen.get("config")))
        if not entry and node.text("command"):
            entry = {"command": node.text("command")}
        if not entry and node.text("sse_url", "url"):
            entry = {"url": node.text("sse_url", "url"), "type": "sse"}
        listed = [mapping(tool) for tool in items(node.value("tools_metadata"))]
        tools = [called(tool.get("name")) for tool in listed if text_of(tool.get("name")) and tool.get("status") is not False]
        allowed = tools if len(tools) < len(listed) else []
        if any(isinstance(entry.get(part), str) and entry.get(part) for part in ("command", "url")):
            facts = flow.server(user, name, {**entry, "includeTools": allowed} if allowed else entry, at)
        else:
            # Set up in Langflow itself, where all flows find it by its name.
            key = ("ToolServer", f"mcp:{flow.document.root}#{NAME}/{name}") if chosen.get("name") else None
            facts = flow.unknown_server(user, name, at, allowed, key=key)
        for fact in facts:
            yield fact
            if isinstance(fact, NodeFact) and fact.kind == "ToolServer":
                yield from listed_tools(flow.document, listed, fact.key, partial(flow.where, *at, "tools_metadata", "value"))
        yield from self.keys(node, user, "config", without=("mcp_server", "command", "sse_url", "tools_metadata"))

    # ---- other nodes --------------------------------------------------------------------------------------------------------

    def step(self, node: _Node) -> Iterator[Fact]:
        flow = self.flow
        if node.type in _INPUTS and node.type != "TextInput":
            yield from flow.content(
                [flow.key], flow.id(node.label), node.title, node.at, detail=f"Langflow {_INPUTS[node.type]} input", trust="untrusted"
            )
            yield from self.keys(node, flow.key, "config")
        elif node.type in _FLOW_RUNNERS:
            yield from self.other_flow(flow.key, node, "sub_workflow")
        elif node.type in _SERVERS:
            yield from self.server(flow.key, node)
        elif node.type in _MEMORY:
            if not any(name == "memory" for name, _ in self.out.get(node.id, ())):
                own: NodeKey = ("Memory", flow.id(node.label))
                yield from flow.memory([flow.key], own, node.title, node.at, scope=_scope(node), detail=f"Langflow {called(node.type)}")
            yield from self.keys(node, flow.key, "config")
        elif self.is_store(node):
            yield from self.store([flow.key], node)
            yield from self.keys(node, flow.key, "config")
        elif self.is_model(node) or _PASSIVE.fullmatch(node.type):
            serves_agent = any(target in self.agents and name != "input_value" for name, target in self.out.get(node.id, ()))
            if self.is_model(node) and not serves_agent:
                yield from self.models(node, flow.key)
            if not (self.is_model(node) and serves_agent):
                yield from self.keys(node, flow.key, "config")
        else:
            key: NodeKey = ("Tool", flow.id(node.label))
            yield from self.tool(node, key, "config")
            yield flow.edge("USES", flow.key, key, node.at)
            yield from self.called_flows(flow.key, node)

    def is_model(self, node: _Node) -> bool:
        bases = {text_of(base) for base in items(node.node.get("base_classes"))}
        return "LanguageModel" in bases or (bool(_MODEL.fullmatch(node.type)) and "api_key" in node.template)

    def is_store(self, node: _Node) -> bool:
        service = service_of(node.type)
        return service is not None and service.sort == "vector"

    def store_id(self, node: _Node) -> tuple[str, str]:
        collection = called(node.text("collection_name", "index_name", "knowledge_base", "table_name", "namespace"))
        if collection:
            return f"{NAME}-vector:{self.flow.document.root}#{called(node.type)}/{collection}", collection
        return self.flow.id(node.label), node.title

    def store(self, users: list[NodeKey], node: _Node) -> Iterator[Fact]:
        """A store that is looked up, and written where documents are put in."""
        identifier, name = self.store_id(node)
        writes = bool(self.given(node.id, "ingest_data", "input_df", "documents"))
        searched = bool(self.given(node.id, "search_query", "query", "search_input")) or node.node.get("tool_mode") is True
        key: NodeKey = ("Memory", identifier)
        detail = f"Langflow {called(node.type)}"
        yield from self.flow.memory(users, key, name, node.at, scope="global", detail=detail, reads=searched or not writes, writes=writes)

    def models(self, node: _Node, user: NodeKey) -> Iterator[Fact]:
        at: Where = (*node.at, "template")
        for name in ("model", "model_name", "agent_llm"):
            value = node.value(name)
            if isinstance(value, list):
                for choice in value[:20]:
                    yield from self.flow.model(user, mapping(choice).get("name"), (*at, name))
            elif name != "agent_llm":
                yield from self.flow.model(user, value, (*at, name))

    def order(self) -> Iterator[Fact]:
        """Which agents get what others made, and which get what users write."""
        flow = self.flow
        content = [(source, target) for source, name, target in self.edges if name != "tools"]
        successors = grouped(content)
        for source, target, between in following(successors, list(self.agents), set(self.agents)):
            mechanism = "conditional_edge" if any(self.nodes[name].type in _CONDITIONS for name in between) else "graph_edge"
            at = self.nodes[source].at
            yield flow.edge("DELEGATES_TO", self.agents[source], self.agents[target], at, mode="invoke", kind_detail=mechanism)
        starts = [key for key, node in self.nodes.items() if node.type in _INPUTS and node.type != "TextInput"]
        for source, target, _ in following(successors, starts, set(self.agents)):
            node = self.nodes[source]
            yield flow.edge("INGESTS", self.agents[target], ("ContentSource", flow.id(node.label)), node.at)

    # ---- keys ---------------------------------------------------------------------------------------------------------------

    def keys(self, node: _Node, holder: NodeKey, place: str, without: tuple[str, ...] = ()) -> Iterator[Fact]:
        """Credentials in the inputs of a component: values that stand there, and global variables by their name."""
        flow = self.flow
        for name, entry in node.template.items():
            if not isinstance(entry, dict) or name in ("code", "_type", *without):
                continue
            value, at = entry.get("value"), (*node.at, "template", name, "value")
            if not value or isinstance(value, (bool, int, float)):
                continue
            if entry.get("load_from_db") is True and isinstance(value, str):
                if entry.get("password") is True or looks_secret_name(name) or looks_secret_name(value):
                    variable = called(value)
                    target = Ref("Secret", "env", variable, fallback=f"{NAME}-variable:{flow.document.root}#{variable}")
                    yield EdgeFact("HOLDS", holder, target, {"evidence": ["declared"], "place": "vault", "sources": flow.sources(at)})
            else:
                key = "secret" if entry.get("password") is True and not looks_secret_name(name) else name
                where = "prompt" if name in _PROMPTS else place
                yield from flow.secrets(holder, {key: value}, (*node.at, "template", name), where)
        if node.node.get("edited") is True or service_of(node.type) is None:
            code = mapping(node.template.get("code")).get("value")
            if isinstance(code, str):
                yield from flow.secrets(holder, {"code": code}, (*node.at, "template", "code"), place)


def _scope(node: _Node) -> str:
    """A store of messages with a fixed session is shared by everybody."""
    return "global" if node.text("session_id") and not node.from_database("session_id") else "session"


def _field(edge: Mapping[str, Any]) -> str:
    """The input that an edge leads to; older exports keep the handle as text in which quotes are written as ``œ``, the oldest as
    ``Tool|tools|AgentInitializer-x1Y2z``."""
    handle = mapping(mapping(edge.get("data")).get("targetHandle"))
    given = edge.get("targetHandle")
    if not handle and isinstance(given, str) and len(given) < 5_000:
        if given.count("|") == 2:
            return given.split("|")[1]
        try:
            handle = mapping(json.loads(given.replace("œ", '"')))
        except (ValueError, RecursionError):
            handle = {}
    return text_of(handle.get("fieldName"))
