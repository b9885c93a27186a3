"""Apps of Dify, as its YAML export (DSL) describes them: agents, workflows, their tools, servers, knowledge and variables.

An app of mode ``agent-chat`` is an agent itself. In workflows and chat flows the agent nodes are agents, and the flow uses the tools of its
other nodes. Dify publishes every app as a web page and an API, so that what users write is untrusted.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc, yamldoc
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.lowcode import Flow, Where, called, host_of, items, stem, text_of, unique
from graphinv.ingest.support.lowcode_services import Does, does
from graphinv.ingest.support.lowcode_ways import following, grouped
from graphinv.ingest.support.parts import mapping
from graphinv.ingest.support.secrets import is_placeholder, recognise_all, secret_facts
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, Ref

NAME = "dify"
TITLE = "Apps of Dify"
FILES = ("*.yml and *.yaml with kind: app", "*.yml, *.yaml and *.json as Dify's interface exports an app")
MAX_BYTES = 4 * 1024 * 1024

_HEAD = re.compile(rb"^(?:kind:[ \t]*[\"']?app[\"']?[ \t\r]*$|app:[ \t\r]*$|workflow:[ \t\r]*$|model_config:[ \t\r]*$)", re.MULTILINE)
_MODE = re.compile(rb"^  mode:[ \t]*[\"']?(?:workflow|advanced-chat|agent-chat|chat|completion|agent)[\"']?[ \t\r]*$", re.MULTILINE)
_ANSWER = re.compile(rb"[\s\xef\xbb\xbf]*\{\s*\"data\"\s*:\s*\"(?:app:\\n|kind: app\\n)")
"""What the interface answers: the export as a text of JSON."""
_MODES = frozenset({"workflow", "advanced-chat", "agent-chat", "agent", "chat", "completion"})
_ENV = re.compile(r"\{\{#env\.([A-Za-z_][\w-]{0,127})#\}\}")
_CONDITIONS = frozenset({"if-else", "question-classifier"})
_TRIGGERS = {"trigger-webhook": "webhook", "trigger-plugin": "plugin event"}
_MCP_SETTINGS = ("mcp_servers_config", "mcp_server", "servers_config", "mcp_servers", "server_url", "mcp_sse_url")


def detect(path: str, head: bytes) -> bool:
    """Whether it is YAML that begins as an app of Dify does: its sections, and the mode of an app; or such an export within JSON."""
    if path.lower().endswith((".yml", ".yaml", ".json")) and _ANSWER.match(head):
        return True
    if not path.lower().endswith((".yml", ".yaml")):
        return False
    found = {match.split(b":")[0] for match in _HEAD.findall(head)}
    return (b"app" in found and bool(_MODE.search(head))) or (b"kind" in found and len(found) > 1)


def read(document: Document) -> Iterator[Fact]:
    """The app with its agents, tools, servers, knowledge and variables; nothing where the document is no app of Dify."""
    for located in _exported(document):
        top = mapping(located.value)
        app = mapping(top.get("app"))
        if app.get("mode") in _MODES:
            yield from _App(document, located, top, app).facts()


def _exported(document: Document) -> list[Located]:
    """The export, alone or as the answer of the interface, all of which stands on one line."""
    if _ANSWER.match(document.data):
        text = mapping(jsondoc.parse(document).value).get("data")
        return [Located(one.value) for one in yamldoc.parse(text_of(text), document)[:1]]
    if not re.search(rb"^app:", document.data, re.MULTILINE):
        return []
    return yamldoc.parse(document.text(), document)[:1]


@dataclass
class _Node:
    id: str
    kind: str
    title: str
    at: Where
    data: Mapping[str, Any]
    label: str = ""


@dataclass
class _App:
    """Facts of one app."""

    document: Document
    located: Located
    top: Mapping[str, Any]
    app: Mapping[str, Any]
    flow: Flow = field(init=False)
    variables: dict[str, NodeKey | Ref] = field(default_factory=dict)
    """Variables of the app that hold a credential."""

    def __post_init__(self) -> None:
        name = called(self.app.get("name")) or called(stem(self.document).rpartition("/")[2])
        self.flow = Flow(self.document, NAME, name, partial(self.located.line))

    def facts(self) -> Iterator[Fact]:
        flow, mode = self.flow, self.app["mode"]
        settings = mapping(self.top.get("model_config"))
        tooled = mapping(settings.get("agent_mode"))
        if mode in ("agent-chat", "agent") or (mode == "chat" and tooled.get("enabled") is True and items(tooled.get("tools"))):
            flow.key = ("Agent", flow.id(flow.name))
            yield flow.agent(flow.key[1], flow.name, ("app",), kind_detail=f"Dify {mode} app")
        else:
            yield flow.workflow(("app",), kind_detail=f"Dify {mode} app")
            yield Binding(NAME, flow.name, flow.key, "", self.document.path)
        yield from self.environment()
        if settings:
            yield from self.basic(settings, tooled)
        else:
            yield from self.graph(mapping(mapping(self.top.get("workflow")).get("graph")))
        yield from flow.rest()

    def user_input(self, users: Iterable[NodeKey], at: Where) -> Iterator[Fact]:
        yield from self.flow.content(
            users, self.flow.id("user input"), "user input", at, detail="Dify app", trust="untrusted", labels=["published=web_app_or_api"]
        )

    # ---- variables ----------------------------------------------------------------------------------------------------------

    def environment(self) -> Iterator[Fact]:
        """Variables of the app: one of type ``secret`` is a credential whatever it is called, others where they look like one."""
        flow = self.flow
        for index, entry in enumerate(items(mapping(self.top.get("workflow")).get("environment_variables"))):
            at: Where = ("workflow", "environment_variables", index)
            name, value = called(mapping(entry).get("name")), mapping(entry).get("value")
            text = value if isinstance(value, str) else ""
            secret = mapping(entry).get("value_type") == "secret"
            key = "secret" if secret and not recognise_all(name, text) else name
            facts = list(secret_facts(self.document, flow.where(*at), flow.key, key, text, "config")) if text else []
            targets = [fact.target for fact in facts if isinstance(fact, EdgeFact)]
            yield from (_named(fact, name) for fact in facts)
            if secret and not targets and name:
                own: NodeKey = ("Secret", flow.id(f"env/{name}"))
                yield flow.node(*own, at, name=name, type="secret", kind_detail="Dify environment variable")
                yield flow.edge("HOLDS", flow.key, own, at, place="config" if text and not is_placeholder(text) else "vault")
                targets = [own]
            if targets and name:
                self.variables[name] = targets[0]

    def holds_variables(self, holder: NodeKey, node: _Node) -> Iterator[Fact]:
        """(holder)-[:HOLDS]->(each credential among the app's variables that the node reads)."""
        if not self.variables or holder == self.flow.key:
            return
        read: dict[str, None] = {}
        stack: list[object] = [node.data]
        while stack:
            item = stack.pop()
            if isinstance(item, dict):
                stack.extend(item.values())
            elif isinstance(item, list):
                if len(item) == 2 and item[0] == "env" and isinstance(item[1], str):
                    read[item[1]] = None
                stack.extend(item)
            elif isinstance(item, str):
                read.update(dict.fromkeys(_ENV.findall(item)))
        for name in read:
            if name in self.variables:
                yield self.flow.edge("HOLDS", holder, self.variables[name], node.at, place="config")

    # ---- apps without a graph -----------------------------------------------------------------------------------------------

    def basic(self, settings: Mapping[str, Any], tooled: Mapping[str, Any]) -> Iterator[Fact]:
        """An app that is one model with a prompt, and the tools and knowledge it has."""
        flow = self.flow
        at: Where = ("model_config",)
        yield from self.user_input([flow.key], at)
        yield from flow.model(flow.key, mapping(settings.get("model")).get("name"), (*at, "model"))
        if flow.key[0] == "Agent":
            yield from self.tools(flow.key, "", items(tooled.get("tools")), (*at, "agent_mode", "tools"))
        datasets = mapping(mapping(settings.get("dataset_configs")).get("datasets")).get("datasets")
        for index, entry in enumerate(items(datasets)):
            dataset = mapping(mapping(entry).get("dataset")) or mapping(entry)
            if dataset.get("enabled") is not False and text_of(dataset.get("id")):
                place: Where = (*at, "dataset_configs", "datasets", "datasets", index)
                yield from self.knowledge(flow.key, text_of(dataset.get("id")), text_of(dataset.get("name")), place)
        prompt = {key: settings.get(key) for key in ("pre_prompt", "chat_prompt_config", "completion_prompt_config")}
        yield from flow.secrets(flow.key, prompt, at, "prompt")
        yield from flow.secrets(flow.key, settings.get("external_data_tools"), (*at, "external_data_tools"), "config")

    def knowledge(self, user: NodeKey, identifier: str, name: str, at: Where) -> Iterator[Fact]:
        """A data set of the workspace; apps that name the same one read the same one."""
        flow = self.flow
        key: NodeKey = ("Memory", f"{NAME}-dataset:{self.document.root}#{called(identifier)}")
        title = called(name) or called(identifier)
        yield from flow.memory([user], key, title, at, scope="global", detail="Dify knowledge", writes=False)

    # ---- tools --------------------------------------------------------------------------------------------------------------

    def tools(self, agent: NodeKey, prefix: str, tools: list[Any], at: Where) -> Iterator[Fact]:
        """Tools that an agent lists, unless they are switched off. Those of one MCP provider are tools of that server."""
        flow = self.flow
        servers: dict[str, list[str]] = {}
        for index, value in enumerate(tools):
            tool = mapping(value)
            provider = text_of(tool.get("provider_name")) or text_of(tool.get("provider_id"))
            name = text_of(tool.get("tool_name"))
            place = (*at, index)
            kind = text_of(tool.get("provider_type")) or text_of(tool.get("type"))
            if not tool or tool.get("enabled") is False or tool.get("isDeleted") is True:
                continue
            if not name:
                yield from flow.problem("a tool of an agent has no name; it is left out", place, "error")
            elif kind == "mcp":
                servers.setdefault(called(provider), []).append(called(name))
            elif kind == "workflow":
                yield from self.other_flow(agent, name, place, "workflow_tool")
            else:
                key: NodeKey = ("Tool", flow.id(f"{prefix}{called(provider)}/{called(name)}"))
                yield from self.tool(key, called(tool.get("tool_label")) or called(name), provider, name, tool, place)
                yield flow.edge("USES", agent, key, place)
                yield from self.servers_of(agent, tool, place)
        for provider, names in servers.items():
            yield from self.mcp_provider(agent, provider, names, at)

    def tool(self, key: NodeKey, title: str, provider: str, name: str, value: Mapping[str, Any], at: Where) -> Iterator[Fact]:
        flow = self.flow
        kind = text_of(value.get("provider_type")) or text_of(value.get("type"))
        detail = f"Dify {kind or 'tool'} tool {called(provider)}/{called(name)}"
        yield from flow.tool(
            key, title, _does(provider, name, value), at, account=(called(value.get("credential_id")), ""), kind_detail=detail
        )
        chosen = {part: value.get(part) for part in ("tool_parameters", "tool_configurations", "settings", "parameters") if value.get(part)}
        yield from flow.secrets(key, chosen, at, "tool_definition")
        if text_of(value.get("credential_id")):
            yield from flow.credential([key], called(provider), text_of(value.get("credential_id")), "", at)

    def other_flow(self, source: NodeKey, name: str, at: Where, mechanism: str) -> Iterator[Fact]:
        """A workflow that is published as a tool; exports name it by the name it has as a tool."""
        target = Ref("Workflow", NAME, called(name), fallback=f"{NAME}:{self.document.root}#{called(name)}")
        yield self.flow.edge("DELEGATES_TO", source, target, at, mode="invoke", kind_detail=mechanism)

    def mcp_provider(self, user: NodeKey, provider: str, tools: list[str], at: Where) -> Iterator[Fact]:
        """An MCP server that is set up in the workspace; the export only names it and the tools chosen of it."""
        flow = self.flow
        key: NodeKey = ("ToolServer", f"mcp:{self.document.root}#{NAME}/{provider}")
        yield flow.node(*key, at, name=provider, protocol="mcp", origin="unknown", kind_detail="Dify MCP provider")
        yield flow.edge("CONNECTS_TO", user, key, at, tools=sorted(set(tools)) or None)

    def servers_of(self, user: NodeKey, value: Mapping[str, Any], at: Where) -> Iterator[Fact]:
        """MCP servers that stand in the settings of a tool or of an agent's strategy."""
        for section in ("agent_parameters", "tool_parameters", "tool_configurations", "settings", "parameters"):
            for name in _MCP_SETTINGS:
                setting = mapping(value.get(section)).get(name)
                stated = setting.get("value") if isinstance(setting, dict) else setting
                place = (*at, section, name)
                if isinstance(stated, str) and re.match("https?://", stated.strip()):
                    yield from self.flow.server(user, _server_name(stated), {"url": stated.strip()}, place)
                elif stated and not isinstance(stated, (bool, int, float)) and "{{#" not in str(stated)[:200]:
                    yield from self.flow.servers(user, stated, place)

    # ---- graphs -------------------------------------------------------------------------------------------------------------

    def graph(self, graph: Mapping[str, Any]) -> Iterator[Fact]:
        flow = self.flow
        base: Where = ("workflow", "graph", "nodes")
        nodes: dict[str, _Node] = {}
        for index, value in enumerate(items(graph.get("nodes"))):
            data = mapping(mapping(value).get("data"))
            identifier = str(mapping(value).get("id") or index)
            kind = text_of(data.get("type"))
            if kind and mapping(value).get("type") != "custom-note" and identifier not in nodes:
                nodes[identifier] = _Node(identifier, kind, called(data.get("title")) or kind, (*base, index, "data"), data)
        labels = unique({identifier: node.title for identifier, node in nodes.items()})
        for identifier, node in nodes.items():
            node.label = labels[identifier]
        agents: dict[str, NodeKey] = {key: ("Agent", flow.id(node.label)) for key, node in nodes.items() if node.kind == "agent"}
        for identifier, node in nodes.items():
            if identifier in agents:
                yield from self.agent(node, agents[identifier])
            else:
                yield from self.step(node)
        yield from self.order(graph, nodes, agents)

    def order(self, graph: Mapping[str, Any], nodes: Mapping[str, _Node], agents: Mapping[str, NodeKey]) -> Iterator[Fact]:
        """Which agents come after which, and which get what users write."""
        flow = self.flow
        pairs = [(str(mapping(edge).get("source")), str(mapping(edge).get("target"))) for edge in items(graph.get("edges"))]
        for identifier, node in nodes.items():
            inside = text_of(node.data.get("start_node_id"))
            if inside in nodes:
                pairs.append((identifier, inside))
        successors = grouped((source, target) for source, target in pairs if source in nodes and target in nodes)
        for source, target, between in following(successors, list(agents), set(agents)):
            mechanism = "conditional_edge" if any(nodes[name].kind in _CONDITIONS for name in between) else "graph_edge"
            yield flow.edge("DELEGATES_TO", agents[source], agents[target], nodes[source].at, mode="invoke", kind_detail=mechanism)
        starts = [key for key, node in nodes.items() if node.kind == "start" or node.kind in _TRIGGERS]
        for source, target, _ in following(successors, starts, set(agents)):
            content = flow.id("user input") if nodes[source].kind == "start" else flow.id(nodes[source].label)
            yield flow.edge("INGESTS", agents[target], ("ContentSource", content), nodes[source].at)

    def agent(self, node: _Node, key: NodeKey) -> Iterator[Fact]:
        flow = self.flow
        strategy = called(node.data.get("agent_strategy_name"))
        yield flow.agent(key[1], node.title, node.at, kind_detail=f"Dify agent node {strategy}".strip())
        yield flow.edge("DELEGATES_TO", flow.key, key, node.at, mode="invoke", kind_detail="workflow_step")
        parameters = mapping(node.data.get("agent_parameters"))
        at: Where = (*node.at, "agent_parameters")
        for name, parameter in parameters.items():
            value = parameter.get("value") if isinstance(parameter, dict) else parameter
            place: Where = (*at, name, "value")
            if name == "model":
                yield from flow.model(key, mapping(value).get("model") or mapping(value).get("name"), place)
            elif name not in _MCP_SETTINGS:
                tools = [tool for tool in items(value) if isinstance(tool, dict) and ("tool_name" in tool or "provider_name" in tool)]
                if tools:
                    yield from self.tools(key, f"{node.label}/", items(value), place)
                else:
                    yield from flow.secrets(key, {name: value}, at, "prompt")
        yield from self.servers_of(key, node.data, node.at)
        yield from self.holds_variables(key, node)
        if mapping(node.data.get("memory")):
            memory: NodeKey = ("Memory", flow.id(f"{node.label}/memory"))
            yield from flow.memory([key], memory, "conversation", node.at, scope="session", detail="Dify conversation")

    def step(self, node: _Node) -> Iterator[Fact]:
        """A node that is no agent."""
        flow, data = self.flow, node.data
        key: NodeKey = ("Tool", flow.id(node.label))
        if node.kind == "start":
            yield from self.user_input([flow.key], node.at)
        elif node.kind in _TRIGGERS:
            detail = f"Dify {_TRIGGERS[node.kind]}"
            yield from flow.content([flow.key], flow.id(node.label), node.title, node.at, detail=detail, trust="untrusted")
        elif node.kind in ("tool", "datasource"):
            yield from self.tool_step(node, key)
        elif node.kind == "http-request":
            yield from self.request(node, key)
        elif node.kind == "code":
            yield from flow.tool(key, node.title, does("code"), node.at, kind_detail="Dify code node")
            yield flow.edge("USES", flow.key, key, node.at)
            yield from flow.secrets(key, data.get("code"), (*node.at, "code"), "config")
            yield from self.holds_variables(key, node)
        elif node.kind == "knowledge-retrieval":
            for dataset in items(data.get("dataset_ids")):
                if text_of(dataset):
                    yield from self.knowledge(flow.key, text_of(dataset), "", node.at)
        else:
            yield from flow.model(flow.key, mapping(data.get("model")).get("name"), (*node.at, "model"))
            yield from flow.secrets(flow.key, {part: value for part, value in data.items() if part != "model"}, node.at, "prompt")

    def tool_step(self, node: _Node, key: NodeKey) -> Iterator[Fact]:
        flow, data = self.flow, node.data
        provider = text_of(data.get("provider_name")) or text_of(data.get("provider_id"))
        name = text_of(data.get("tool_name"))
        kind = text_of(data.get("provider_type"))
        if kind == "workflow":
            yield from self.other_flow(flow.key, name or node.title, node.at, "workflow_tool")
        elif kind == "mcp":
            yield from self.mcp_provider(flow.key, called(provider), [called(name)] if name else [], node.at)
        else:
            yield from self.tool(key, node.title, provider, name, data, node.at)
            yield flow.edge("USES", flow.key, key, node.at)
            yield from self.servers_of(flow.key, data, node.at)
            yield from self.holds_variables(key, node)

    def request(self, node: _Node, key: NodeKey) -> Iterator[Fact]:
        flow, data = self.flow, node.data
        host = host_of(text_of(data.get("url")))
        found = does(
            "http", method=text_of(data.get("method")).upper() or "GET", host=host.partition("://")[2].partition(":")[0] if host else None
        )
        yield from flow.tool(key, node.title, found, node.at, host=host, kind_detail="Dify HTTP request")
        yield flow.edge("USES", flow.key, key, node.at)
        yield from flow.secrets(key, _request_settings(data), node.at, "config")
        yield from self.holds_variables(key, node)


def _request_settings(data: Mapping[str, Any]) -> dict[str, Any]:
    """Address, body and credentials of a request; headers stand as lines ``Name: value``."""
    settings: dict[str, Any] = {part: data.get(part) for part in ("url", "params", "body")}
    config = mapping(mapping(data.get("authorization")).get("config"))
    settings["authorization"] = {"api_key": config.get("api_key")}
    headers: dict[str, Any] = {}
    for line in text_of(data.get("headers")).splitlines()[:100]:
        name, _, value = line.partition(":")
        headers[name.strip()] = value.strip()
    settings["headers"] = headers
    return settings


def _does(provider: str, name: str, value: Mapping[str, Any]) -> Does:
    """What a tool of a provider does: by its own name where that says more than the provider's."""
    query = mapping(mapping(value.get("tool_parameters")).get("query")).get("value")
    by_name = does(name)
    found = does(provider, name, query=text_of(query) or None)
    if found.service is None or (found.effects is None and by_name.service is not None):
        return by_name
    return found


def _server_name(address: str) -> str:
    host = host_of(address)
    return called(host.partition("://")[2]) if host else "server"


def _named(fact: Fact, name: str) -> Fact:
    """A secret under the name of its variable."""
    if isinstance(fact, NodeFact) and fact.kind == "Secret" and name and fact.props.get("name", "").startswith("secret"):
        return NodeFact(fact.kind, fact.id, {**fact.props, "name": name})
    return fact
