"""Flows of Flowise: chatflows, multi-agent and sequential flows, agent flows of version 2, and files of custom tools.

In chatflows the nodes refer to each other by handles (``<node>-input-tools-Tool``) and by ``{{node.data.instance}}`` in their inputs; agent
flows of version 2 keep an agent's tools, model and knowledge in its inputs. Exports carry no name: a flow is called like its file.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc
from graphinv.ingest.support.flowise_graph import CONDITIONS, ROUTERS, Graph, Node
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.lowcode import Flow, Reference, Where, called, embedded, flows_of, host_of, items, stem, text_of
from graphinv.ingest.support.lowcode_services import Does, does, united
from graphinv.ingest.support.lowcode_ways import following
from graphinv.ingest.support.parts import mapping
from graphinv.ingest.support.secrets import looks_secret_name
from graphinv.model.facts import Binding, Fact, NodeKey, Ref

NAME = "flowise"
TITLE = "Flows and tools of Flowise"
FILES = ("*.json with Flowise's nodes and edges", "*.json of a custom tool")
MAX_BYTES = 8 * 1024 * 1024
MAX_FLOWS = 500

_FLOW = re.compile(
    rb'"type"\s*:\s*"(?:customNode|agentFlow|stickyNote|iteration)"|"inputAnchors"|"flowData"\s*:|"agentflows?v2"', re.IGNORECASE
)
_START = re.compile(rb'"nodes"\s*:\s*\[\s*\{|"flowData"\s*:|"(?:AgentFlow|ChatFlow|AgentFlowV2)"\s*:')
_TOOL = re.compile(rb'"iconSrc"\s*:')
_ENDS = (b'"func"', b'"schema"')

_VARIABLE = re.compile(r"\{\{\s*\$vars\.([A-Za-z_]\w{0,127})\s*\}\}|\$vars\.([A-Za-z_]\w{0,127})")
_ACTING_CHAINS = frozenset({"sqlDatabaseChain", "getApiChain", "postApiChain", "openApiChain"})
_CODE_AGENTS = frozenset({"csvAgent", "airtableAgent"})
_FLOW_TOOLS = frozenset({"ChatflowTool", "chatflowTool", "agentAsTool", "executeFlowAgentflow", "seqExecuteFlow"})
_CODE = re.compile(r"\b(?:fetch|axios|https?\.request|nodemailer)\b|require\(\s*['\"]node-fetch")
_METHOD = re.compile(r"method\s*:\s*['\"](\w+)['\"]", re.IGNORECASE)
_REQUESTS = re.compile(r"requests(Get|Post|Put|Delete)")


def detect(path: str, head: bytes) -> bool:
    """Whether it is JSON that begins as a flow or a custom tool of Flowise does."""
    if not path.lower().endswith(".json") or head.lstrip(b"\xef\xbb\xbf \t\r\n")[:1] not in (b"{", b"["):
        return False
    if _TOOL.search(head) and (b'"color"' in head or b'"func"' in head):
        return True
    return bool(_START.search(head) and _FLOW.search(head))


def read(document: Document) -> Iterator[Fact]:
    """The flows or the tool of the document; nothing where it is neither."""
    data = document.data
    if not (all(mark in data for mark in _ENDS) or b"inputAnchors" in data or b"flowData" in data or b"agentFlow" in data):
        return
    located = jsondoc.parse(document)
    if isinstance(located.value, dict) and isinstance(located.value.get("func"), str):
        yield from _custom_tool(document, located)
        return
    found = ((value.get("id"), name, partial(inside.line, *at), value) for inside, name, at, value in _flows(document, located))
    for flow, value in flows_of(document, NAME, found, _references):
        yield from _Canvas(flow, value).facts()


def _flows(document: Document, located: Located) -> Iterator[tuple[Located, str, Where, Mapping[str, Any]]]:
    """The flows in a document: itself, or those of an export of everything, whose graphs stand as text in ``flowData``."""
    top = located.value
    if isinstance(top, dict) and isinstance(top.get("nodes"), list):
        yield located, called(top.get("name")), (), top
        return
    groups: list[tuple[Where, list[Any]]] = [((), top)] if isinstance(top, list) else []
    if isinstance(top, dict):
        groups = [((key,), value) for key, value in top.items() if isinstance(value, list)] + [((), [top])]
    found = 0
    for at, group in groups:
        for index, entry in enumerate(group[:MAX_FLOWS]):
            place: Where = (*at, index) if group != [top] else at
            data = mapping(entry).get("flowData")
            inner = embedded(document, data, located.line(*place, "flowData")) if isinstance(data, str) else None
            if inner is not None and isinstance(mapping(inner.value).get("nodes"), list) and found < MAX_FLOWS:
                found += 1
                identifier = mapping(entry).get("id")
                yield inner, called(mapping(entry).get("name")), (), {**inner.value, "id": identifier}


def _references(text: str) -> Iterator[Reference]:
    for match in _VARIABLE.finditer(text[:20_000]) if "$vars." in text else ():
        name = match[1] or match[2]
        if looks_secret_name(name):
            yield "config", name


def _custom_tool(document: Document, located: Located) -> Iterator[Fact]:
    """A tool that is JavaScript of its author; it belongs to the agents that list it."""
    value = located.value
    name = called(value.get("name")) or called(stem(document).rpartition("/")[2])
    flow = Flow(document, NAME, name, located.line, references=_references)
    key: NodeKey = ("Tool", flow.id(name))
    yield from flow.tool(key, name, _code_does(value["func"]), ("func",), kind_detail="Flowise custom tool")
    yield from flow.secrets(key, {"func": value["func"]}, (), "tool_definition")
    yield Binding(NAME, name, key, "", document.path)


def _code_does(code: str) -> Does:
    """What JavaScript in a flow does: it runs in the server, and sends requests where it says so."""
    effects = {"execute"}
    text = code[:100_000]
    if _CODE.search(text):
        effects |= {"read", "egress"}
        if any(method.upper() not in ("GET", "HEAD") for method in _METHOD.findall(text)):
            effects.add("write")
    return Does(frozenset(effects), "egress" in effects, does("code").service)


@dataclass
class _Canvas(Graph):
    """Facts of one flow."""

    agents: dict[str, NodeKey] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    """Nodes whose credentials and settings were told."""

    def facts(self) -> Iterator[Fact]:
        self.read_nodes()
        if not self.nodes:
            return
        flow = self.flow
        second = any(node.name.endswith("Agentflow") for node in self.nodes.values())
        yield flow.workflow(kind_detail="Flowise agentflow" if second else "Flowise chatflow")
        if text_of(self.value.get("id")):
            yield Binding(NAME, text_of(self.value.get("id")), flow.key, "", flow.document.path)
        self.read_inputs()
        self.agents = {key: ("Agent", flow.id(node.label)) for key, node in self.nodes.items() if self.is_agent(node)}
        starts = [key for key, node in self.nodes.items() if node.name in ("startAgentflow", "seqStart")]
        if not starts:
            content = "chat input"
            yield from flow.content([flow.key], flow.id(content), content, (), detail="Flowise chat", trust="untrusted")
        for key, agent in self.agents.items():
            yield from self.agent(self.nodes[key], agent)
        for key, node in self.nodes.items():
            if key not in self.agents:
                yield from self.step(node)
        for key, node in self.nodes.items():
            if key not in self.told:
                yield from self.own(node, [flow.key], "config")
        yield from self.order(starts)
        yield from flow.rest()

    # ---- reading ------------------------------------------------------------------------------------------------------------

    # ---- agents -------------------------------------------------------------------------------------------------------------

    def agent(self, node: Node, key: NodeKey) -> Iterator[Fact]:
        flow = self.flow
        chosen = [mapping(entry) for entry in items(node.inputs.get("agentTools"))]
        asks = [entry.get("agentSelectedToolRequiresHumanInput") is True for entry in chosen] or [
            node.inputs.get("interrupt") is True and bool(self.inputs(node, "tools"))
        ]
        yield flow.agent(key[1], node.title, node.at, kind_detail=f"Flowise {node.name}", autonomy="approve_each" if all(asks) else None)
        if node.name != "worker":
            yield flow.edge("DELEGATES_TO", flow.key, key, node.at, mode="invoke", kind_detail="workflow_step")
        for supervisor in self.inputs(node, "supervisor"):
            if supervisor.id in self.agents:
                boss = self.agents[supervisor.id]
                yield flow.edge("DELEGATES_TO", boss, key, node.at, mode="invoke", kind_detail="supervisor")
        yield from self.connected(node, key)
        yield from self.second(node, key, chosen)
        yield from self.built_in(node, key)
        if node.name in _CODE_AGENTS:
            code: NodeKey = ("Tool", flow.id(f"{node.label}/python"))
            yield from flow.tool(code, "python", does("python"), node.at, kind_detail=f"Flowise {node.name}")
            yield flow.edge("USES", key, code, node.at)
        self.told.add(node.id)
        prompts = {name: value for name, value in node.inputs.items() if name != "agentTools"}
        yield from flow.secrets(key, prompts, (*node.at, "inputs"), "prompt")
        yield from self.credential(node.data, [key], node.at)
        if (node.inputs.get("agentEnableMemory") or node.inputs.get("conditionAgentEnableMemory")) is True:
            memory: NodeKey = ("Memory", flow.id("chat history"))
            yield from flow.memory([key], memory, "chat history", node.at, scope="session", detail="Flowise chat history")

    def connected(self, node: Node, key: NodeKey) -> Iterator[Fact]:
        """What chatflows connect to an agent: tools, model, memory, stores."""
        flow = self.flow
        for tool in self.inputs(node, "tools"):
            yield from self.attached(key, tool)
        for model in self.inputs(node, "model", "llm"):
            yield from flow.model(key, _model_name(model.inputs), model.at)
            yield from self.own(model, [key], "config")
        for memory in self.inputs(node, "memory", "agentMemory"):
            store: NodeKey = ("Memory", flow.id(memory.label))
            scope = "global" if text_of(memory.inputs.get("sessionId")) else "session"
            yield from flow.memory([key], store, memory.title, memory.at, scope=scope, detail=f"Flowise {memory.name}")
            yield from self.own(memory, [store], "config")
        for store_node in self.inputs(node, "vectorStoreRetriever", "retriever", "vectorStore"):
            yield from self.store([key], store_node)

    def second(self, node: Node, key: NodeKey, chosen: list[dict[str, Any]]) -> Iterator[Fact]:
        """What agent flows of version 2 keep in an agent's inputs."""
        flow = self.flow
        for index, entry in enumerate(chosen):
            config = mapping(entry.get("agentSelectedToolConfig"))
            yield from self.selected(key, text_of(entry.get("agentSelectedTool")), config, node, (*node.at, "inputs", "agentTools", index))
        for name in ("agentModelConfig", "conditionAgentModelConfig"):
            config = mapping(node.inputs.get(name))
            yield from flow.model(key, _model_name(config), (*node.at, "inputs", name))
            yield from self.credential(config, [key], (*node.at, "inputs", name))
        for name in ("agentKnowledgeDocumentStores", "agentKnowledgeVSEmbeddings"):
            for index, entry in enumerate(items(node.inputs.get(name))):
                yield from self.knowledge(key, mapping(entry), (*node.at, "inputs", name, index))

    def built_in(self, node: Node, key: NodeKey) -> Iterator[Fact]:
        """Tools that a model's provider runs."""
        for name, value in node.inputs.items():
            provider = name.removeprefix("agentToolsBuiltIn").lower()
            if name.startswith("agentToolsBuiltIn") and value:
                listed = embedded(self.flow.document, value, 1) if isinstance(value, str) else None
                for tool in items(listed.value if listed is not None else value):
                    if text_of(tool):
                        target: NodeKey = ("Tool", f"{provider}:{re.sub('_preview.*|_[0-9]{8}$', '', called(tool))}")
                        yield from self.flow.tool(target, called(tool), does(text_of(tool)), (*node.at, "inputs", name))
                        yield self.flow.edge("USES", key, target, (*node.at, "inputs", name))

    def knowledge(self, user: NodeKey, entry: Mapping[str, Any], at: Where) -> Iterator[Fact]:
        """A document store or vector store that an agent or a step looks things up in."""
        flow = self.flow
        stated = text_of(entry.get("documentStore"))
        identifier, _, title = stated.partition(":")
        if identifier:
            key: NodeKey = ("Memory", f"{NAME}-store:{flow.document.root}#{called(identifier)}")
            name = called(title) or called(identifier)
            yield from flow.memory([user], key, name, at, scope="global", detail="Flowise document store", writes=False)
        elif text_of(entry.get("vectorStore")):
            config = mapping(entry.get("vectorStoreConfig"))
            name = called(entry.get("knowledgeName")) or called(entry.get("vectorStore"))
            own: NodeKey = ("Memory", f"{user[1]}/{name}")
            yield from flow.memory(
                [user], own, name, at, scope="global", detail=f"Flowise {called(entry.get('vectorStore'))}", writes=False
            )
            yield from self.credential(config, [own], at)
            yield from flow.secrets(own, config, at, "config")

    def attached(self, agent: NodeKey, node: Node) -> Iterator[Fact]:
        """A tool node that is connected to an agent."""
        flow = self.flow
        if node.id in self.agents:
            yield flow.edge("DELEGATES_TO", agent, self.agents[node.id], node.at, mode="invoke", kind_detail="agent_as_tool")
        elif node.name in _FLOW_TOOLS:
            yield from self.other_flow(agent, node.inputs, node.at, "flow_tool")
        elif "MCP" in node.category or node.name.endswith("MCP"):
            yield from self.mcp(agent, node.name, node.label, node.inputs, node.at)
            yield from self.credential(node.data, [agent], node.at)
            self.told.add(node.id)
        elif node.name in ("seqToolNode", "toolNode"):
            for tool in self.inputs(node, "tools"):
                yield from self.attached(agent, tool)
        else:
            key: NodeKey = ("Tool", flow.id(node.label))
            yield from self.tool(key, node)
            yield flow.edge("USES", agent, key, node.at)
            for store in self.inputs(node, "retriever", "vectorStore", "baseChain"):
                yield from self.store([agent], store)

    def tool(self, key: NodeKey, node: Node) -> Iterator[Fact]:
        flow = self.flow
        name = called(node.inputs.get("name")) or called(node.inputs.get("customToolName")) or node.title
        account = called(node.data.get("credential"))
        found = self.node_does(node.name, node.inputs)
        resource = self.store_of(node)[0] if self.inputs(node, "retriever", "vectorStore", "baseChain") else ""
        host, detail = _host(node.inputs), f"Flowise {node.name}"
        yield from flow.tool(key, name, found, node.at, account=(account, ""), host=host, resource=resource, kind_detail=detail)
        yield from self.own(node, [key], "tool_definition")

    def node_does(self, name: str, inputs: Mapping[str, Any]) -> Does:
        """What a tool does, by its name and the operations chosen for it (``messageActions: ["sendMessage"]``)."""
        for setting in ("customToolFunc", "customFunctionJavascriptFunction", "javascriptFunction", "codeInterpreterFunc"):
            if text_of(inputs.get(setting)):
                return _code_does(inputs[setting])
        requests = _REQUESTS.fullmatch(name)
        if requests:
            host = _host(inputs)
            return does("http", method=requests[1].upper(), host=host.partition("://")[2].partition(":")[0] if host else None)
        chosen: list[str] = []
        for setting, value in inputs.items():
            if setting.endswith(("Actions", "actions")) and value:
                listed = embedded(self.flow.document, value, 1) if isinstance(value, str) else None
                chosen.extend(text_of(action) for action in items(listed.value if listed is not None else value) if text_of(action))
        if chosen:
            return united(does(name, action) for action in chosen)
        return does(name)

    def selected(self, agent: NodeKey, name: str, config: Mapping[str, Any], node: Node, at: Where) -> Iterator[Fact]:
        """A tool that is chosen in an agent's inputs or by a tool step."""
        flow = self.flow
        if not name:
            yield from flow.problem(f"a tool of {node.title[:80]!r} is not chosen in the file", at)
        elif name in _FLOW_TOOLS:
            yield from self.other_flow(agent, config, at, "flow_tool")
        elif name.endswith("MCP"):
            yield from self.mcp(agent, name, f"{node.label}/{called(name)}", config, at)
            yield from self.credential(config, [agent], at)
        else:
            own = called(config.get(f"{name}Name")) or called(config.get("customToolName")) or called(name)
            key: NodeKey = ("Tool", flow.id(f"{node.label}/{own}" if agent[0] == "Agent" else node.label))
            account = called(config.get("credential"))
            found = self.node_does(name, config)
            yield from flow.tool(key, own, found, at, account=(account, ""), host=_host(config), kind_detail=f"Flowise {called(name)}")
            yield from self.credential(config, [key], at)
            yield from flow.secrets(key, config, at, "tool_definition")
            yield flow.edge("USES", agent, key, at)

    def other_flow(self, source: NodeKey, config: Mapping[str, Any], at: Where, mechanism: str) -> Iterator[Fact]:
        names = ("selectedChatflow", "selectedAgentflow", "executeFlowSelectedFlow", "chatflowToolSelectedChatflow")
        chosen = next((called(config.get(name)) for name in names if text_of(config.get(name))), "")
        if not chosen or "{{" in chosen:
            yield from self.flow.problem("the flow that another one runs is not chosen in the file", at)
            return
        target = Ref("Workflow", NAME, chosen, fallback=f"{NAME}:{self.flow.document.root}#{chosen}")
        yield self.flow.edge("DELEGATES_TO", source, target, at, mode="invoke", kind_detail=mechanism)

    def mcp(self, agent: NodeKey, name: str, label: str, config: Mapping[str, Any], at: Where) -> Iterator[Fact]:
        """An MCP server: one of Flowise's own presets, or one by its configuration."""
        flow = self.flow
        actions = config.get("mcpActions")
        listed = embedded(flow.document, actions, 1) if isinstance(actions, str) else None
        tools = [called(tool) for tool in items(listed.value if listed is not None else actions) if text_of(tool)]
        stated = config.get("mcpServerConfig") or config.get("customMCPServerConfig")
        inner = embedded(flow.document, stated, flow.where(*at)) if isinstance(stated, str) else None
        entry = mapping(inner.value if inner is not None else stated)
        if any(isinstance(entry.get(key), str) for key in ("command", "url")):
            yield from flow.server(agent, label, {**entry, "includeTools": tools} if tools else entry, at)
        elif entry:
            yield from flow.servers(agent, entry, at, tools)
        elif name in _PRESETS:
            preset: dict[str, Any] = {"command": "npx", "args": ["-y", _PRESETS[name]]}
            yield from flow.server(agent, label, {**preset, "includeTools": tools} if tools else preset, at)
            yield from flow.secrets(agent, {part: value for part, value in config.items() if part != "mcpActions"}, at, "config")
        else:
            yield from flow.problem(f"the settings of MCP server {label[:80]!r} are not in the file", at)
            yield from flow.unknown_server(agent, label, at, tools)

    def store(self, users: list[NodeKey], node: Node) -> Iterator[Fact]:
        """A vector store that agents read."""
        flow = self.flow
        identifier, name, store = self.store_of(node)
        key: NodeKey = ("Memory", identifier)
        yield from flow.memory(users, key, name, store.at, scope="global", detail=f"Flowise {store.name}", writes=False)
        yield from self.own(store, [key], "config")

    # ---- other nodes --------------------------------------------------------------------------------------------------------

    def step(self, node: Node) -> Iterator[Fact]:
        flow, inputs = self.flow, node.inputs
        key: NodeKey = ("Tool", flow.id(node.label))
        if node.name in ("startAgentflow", "seqStart"):
            kind = text_of(inputs.get("startInputType")) or "chatInput"
            if kind != "scheduleInput":
                yield from flow.content(
                    [flow.key], flow.id(node.label), node.title, node.at, detail=f"Flowise {called(kind)}", trust="untrusted"
                )
        elif node.name in ("toolAgentflow",):
            config = mapping(inputs.get("toolAgentflowSelectedToolConfig"))
            self.told.add(node.id)
            yield from self.selected(flow.key, text_of(inputs.get("toolAgentflowSelectedTool")), config, node, node.at)
        elif node.name in ("customFunctionAgentflow", "customFunction", "seqCustomFunction"):
            yield from self.tool(key, node)
            yield flow.edge("USES", flow.key, key, node.at)
        elif node.name == "httpAgentflow":
            host = _host(inputs)
            method = text_of(inputs.get("method")).upper() or "GET"
            found = does("http", method=method, host=host.partition("://")[2].partition(":")[0] if host else None)
            yield from flow.tool(key, node.title, found, node.at, host=host, kind_detail="Flowise HTTP request")
            yield from self.own(node, [key], "config")
            yield flow.edge("USES", flow.key, key, node.at)
        elif node.name in ("executeFlowAgentflow", "seqExecuteFlow"):
            yield from self.other_flow(flow.key, inputs, node.at, "sub_workflow")
        elif node.name == "retrieverAgentflow":
            for index, entry in enumerate(items(inputs.get("retrieverKnowledgeDocumentStores"))):
                yield from self.knowledge(flow.key, mapping(entry), (*node.at, "inputs", "retrieverKnowledgeDocumentStores", index))
        elif node.category in ("Chains", "Engine") or node.name in ("llmAgentflow", "seqLLMNode", "humanInputAgentflow"):
            yield from self.chain(node)

    def own(self, node: Node, holders: list[NodeKey], place: str) -> Iterator[Fact]:
        """Credentials and settings of a node."""
        self.told.add(node.id)
        yield from self.credential(node.data, holders, node.at)
        yield from self.flow.secrets(holders[0], node.inputs, (*node.at, "inputs"), place)

    def chain(self, node: Node) -> Iterator[Fact]:
        """A step that asks a model, some of them with a database or an API at hand."""
        flow = self.flow
        if node.name in _ACTING_CHAINS:
            key: NodeKey = ("Tool", flow.id(node.label))
            yield from self.tool(key, node)
            yield flow.edge("USES", flow.key, key, node.at)
        for name in ("llmModelConfig", "humanInputModelConfig"):
            config = mapping(node.inputs.get(name))
            if name == "llmModelConfig" or node.inputs.get("humanInputDescriptionType") == "dynamic":
                yield from flow.model(flow.key, _model_name(config), node.at)
                yield from self.credential(config, [flow.key], node.at)
        for model in self.inputs(node, "model"):
            yield from flow.model(flow.key, _model_name(model.inputs), model.at)
        for store in self.inputs(node, "vectorStoreRetriever", "retriever", "vectorStore"):
            yield from self.store([flow.key], store)
        yield from self.own(node, [flow.key], "prompt")

    def order(self, starts: list[str]) -> Iterator[Fact]:
        """Which agents come after which, and which get what users write."""
        flow, successors = self.flow, self.successors()
        for source, target, between in following(successors, list(self.agents), set(self.agents)):
            conditional = self.nodes[source].name in ROUTERS or any(self.nodes[name].name in CONDITIONS for name in between)
            mechanism = "conditional_edge" if conditional else "graph_edge"
            at = self.nodes[source].at
            yield flow.edge("DELEGATES_TO", self.agents[source], self.agents[target], at, mode="invoke", kind_detail=mechanism)
        if starts:
            for source, target, _ in following(successors, starts, set(self.agents)):
                node = self.nodes[source]
                if text_of(node.inputs.get("startInputType")) != "scheduleInput":
                    yield flow.edge("INGESTS", self.agents[target], ("ContentSource", flow.id(node.label)), node.at)
        else:
            for key, agent in self.agents.items():
                if self.nodes[key].name != "worker":
                    yield flow.edge("INGESTS", agent, ("ContentSource", flow.id("chat input")), self.nodes[key].at)

    def credential(self, data: Mapping[str, Any], holders: list[NodeKey], at: Where) -> Iterator[Fact]:
        """The credential of a node, by its id in Flowise."""
        identifier = text_of(data.get("credential")) or text_of(data.get("FLOWISE_CREDENTIAL_ID"))
        if re.fullmatch(r"[0-9a-fA-F-]{16,64}", identifier):
            names = [text_of(name) for name in items(mapping(_credential_parameter(data)).get("credentialNames"))]
            kind = names[0] if names and names[0] else "credential"
            yield from self.flow.credential(holders, kind, identifier, kind, at)


def _credential_parameter(data: Mapping[str, Any]) -> object:
    return next((entry for entry in items(data.get("inputParams")) if mapping(entry).get("name") == "credential"), None)


def _model_name(config: Mapping[str, Any]) -> str:
    return next((text_of(config.get(name)) for name in ("customModelName", "modelName", "model") if text_of(config.get(name))), "")


def _host(inputs: Mapping[str, Any]) -> str | None:
    """The host of the constant address that a node asks."""
    names = ("url", "baseUrl", "requestsGetUrl", "requestsPostUrl", "requestsPutUrl", "requestsDeleteUrl")
    return next((host_of(text_of(inputs.get(name))) for name in names if text_of(inputs.get(name))), None)


_PRESETS: Mapping[str, str] = {
    "braveSearchMCP": "@modelcontextprotocol/server-brave-search",
    "githubMCP": "@modelcontextprotocol/server-github",
    "postgreSQLMCP": "@modelcontextprotocol/server-postgres",
    "sequentialThinkingMCP": "@modelcontextprotocol/server-sequential-thinking",
    "slackMCP": "@modelcontextprotocol/server-slack",
    "pipedreamMCP": "@pipedream/mcp",
}
