"""Agents of Microsoft Copilot Studio: folders of ``*.mcs.yml``, as its source control and its extension for VS Code keep them, and
unpacked solutions of the Power Platform, with ``bots`` and ``botcomponents``.

Drawn:
    (:Agent)-[:USES]->(:Tool operation of a connector, prompt, search)-[:CAN_ACCESS]->(:Resource)
    (:Agent)-[:CONNECTS_TO]->(:ToolServer), for actions that are MCP servers
    (:Agent)-[:DELEGATES_TO {mode: invoke}]->(:Agent child or connected | :Workflow of Power Automate)
    (:Agent)-[:HOLDS]->(:Secret), for connections of the maker; with those of whoever asks, nothing is the agent's own
    (:Agent)-[:INGESTS]->(:ContentSource)

Each document tells by its folder which agent it is a part of; in a solution a component does by what its name begins with.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import clients, jsondoc, power_platform, yamldoc
from graphinv.ingest.support.declared import Declared
from graphinv.ingest.support.lowcode import Where, called, text_of
from graphinv.ingest.support.lowcode_services import Does, does
from graphinv.ingest.support.parts import mapping
from graphinv.ingest.support.power_platform import own_name
from graphinv.ingest.support.secrets import url_parts
from graphinv.ingest.support.urls import is_internal
from graphinv.model.errors import IngestError
from graphinv.model.facts import Binding, Fact, NodeKey, Ref

NAME = "copilot_studio"
TITLE = "Agents of Microsoft Copilot Studio"
FILES = (
    "**/*.mcs.yml",
    "**/workflows/*/metadata.yml of a flow beside them",
    "**/bots/*/bot.xml",
    "**/bots/*/configuration.json",
    "**/botcomponents/*/data",
    "**/Connector/*_openapidefinition.json",
)
MAX_BYTES = 2 * 1024 * 1024

_PLATFORM = "copilot-studio"
_OURS = re.compile(r".*\.mcs\.ya?ml", re.DOTALL | re.IGNORECASE)
_FLOW = re.compile(r"(?:.*/)?workflows/[^/]+/metadata\.ya?ml", re.DOTALL)
_PART = re.compile(
    r"(?:(?P<agent>.*?)/)?(?:(?:capabilities/)?(?:actions|tools|topics|triggers?|knowledge(?:/files)?|entities|variables|translations|skills)"
    r"|infrastructure/[^/]+)/[^/]+",
    re.DOTALL,
)
_BOT = re.compile(r"(?:.*/)?bots/[^/]+/(?:bot\.xml|configuration\.json)", re.DOTALL)
_COMPONENT = re.compile(r"(?P<solution>(?:.*/)?)botcomponents/(?P<bot>[^/.]+)\.(?P<kind>[^/.]+)(?:\.(?P<name>[^/]+))?/data", re.DOTALL)
_CONNECTOR = re.compile(r"(?:.*/)?Connectors?/(?P<name>[^/]+)_openapidefinition\.json", re.DOTALL)
_SETTING = re.compile(r"<(name|authenticationmode)>([^<]{0,500})</", re.IGNORECASE)
_AUTHENTICATION = {"1": "None", "2": "Integrated", "3": "CustomAzureActiveDirectory", "4": "GenericOAuth2"}
"""How those who talk to an agent prove who they are, by the numbers that solutions have for it."""
_CHILD = re.compile(r"(?:(?P<parent>.*)/)?agents/[^/]+", re.DOTALL)
_TEMPLATE = re.compile(r"^[ \t]*[\w.]{1,60}:[ \t]*<[^<>!\n][^<>\n]*>[ \t\r]*$", re.MULTILINE)
"""A setting that somebody is to fill in: the document is one to copy."""
_BARE = re.compile(rb"^( *)(@[\w.]{1,200}):", re.MULTILINE)
"""Keys of OData, which Copilot Studio writes without the quotes that YAML asks for."""
_UNKNOWN: Mapping[str, str] = {"InvokeAIPluginTaskAction": "plug-in", "InlineAgentSkill": "skill"}
"""Steps that call something of which no document says what it does."""


def detect(path: str, head: bytes) -> bool:
    """Whether it is called like a part of an agent or of a solution with agents, or tells a flow's name."""
    if _OURS.fullmatch(path) or _COMPONENT.fullmatch(path):
        return True
    if _BOT.fullmatch(path):
        return re.search(rb"(?i)<bot\s|\"(?:agentSettings|recognizer)\"|BotConfiguration", head) is not None
    if _CONNECTOR.fullmatch(path):
        return b'"swagger"' in head
    return _FLOW.fullmatch(path) is not None and b"workflowId:" in head


def read(document: Document) -> Iterator[Fact]:
    """Facts of one document.

    Raises:
        IngestError: not YAML, JSON or XML, as its name says, or no mapping at its top.
    """
    if document.path.endswith("/bot.xml"):
        yield from _bot(document)
        return
    if document.path.endswith(".json"):
        parsed = jsondoc.parse(document)
        given = clients.top_object(parsed, document)
        connector = _CONNECTOR.fullmatch(document.path)
        if connector is None:
            yield from _Part(document, document.folder, given, parsed.line).configuration()
        else:
            yield from _server(document, connector["name"], given, parsed.line)
        return
    if _TEMPLATE.search(document.text()):
        return
    document = replace(document, data=_BARE.sub(rb'\1"\2":', document.data))
    located = yamldoc.first(document)
    top = clients.top_object(located, document)
    yield from clients.duplicate_problems(located, document, NAME)
    if _FLOW.fullmatch(document.path):
        flow = Declared(document, _PLATFORM, "flow", located.line)
        key = _flow_key(document, top.get("workflowId"))
        yield flow.node(*key, (), name=called(top.get("name")) or key[1], type="power-automate")
        return
    yield from _Part(document, _folder(document), top, located.line).facts()


def _folder(document: Document) -> str:
    """Folder of the agent that a document is a part of; in a solution it is named by the component."""
    component = _COMPONENT.fullmatch(document.path)
    if component is None:
        part = _PART.fullmatch(document.path)
        return document.folder if part is None else part["agent"] or ""
    bot = f"{component['solution']}bots/{component['bot']}"
    return f"{bot}/agents/{component['name']}" if component["kind"] == "agent" and component["name"] else bot


def _flow_key(document: Document, identifier: object) -> NodeKey:
    return "Workflow", f"power-automate:{document.root}#{called(identifier)}"


def _bot(document: Document) -> Iterator[Fact]:
    """The agent of a solution, by the XML that tells its name."""
    text = document.text()
    if re.search(r"(?i)<bot\s", text) is None:
        raise IngestError("is no XML of a bot", document=document.path, where="L1")
    said = {found[1].lower(): html.unescape(found[2]) for found in reversed(list(_SETTING.finditer(text)))}
    schema = document.folder.rpartition("/")[2]
    mode = _AUTHENTICATION.get(said.get("authenticationmode", "").strip())
    part = _Part(document, document.folder, {"schemaName": schema, **({"authenticationMode": mode} if mode else {})}, lambda *_: 1)
    yield part.declare(part.me, called(said.get("name")) or called(schema), (), kind_detail="Copilot Studio agent")
    yield from part.settings()


def _server(document: Document, name: str, api: Mapping[str, Any], line: Any) -> Iterator[Fact]:
    """The MCP server that a connector of one's own reaches, where one of its paths is one."""
    paths = mapping(api.get("paths"))
    path = next(
        (path for path, methods in paths.items() if any("x-ms-agentic-protocol" in mapping(one) for one in mapping(methods).values())), None
    )
    if path is None:
        return
    address = f"https://{text_of(api.get('host'))}{text_of(api.get('basePath')).rstrip('/')}{path}"
    parts = url_parts(address)
    told = parts is not None and "." in parts.host and "(" not in address
    found = Declared(document, _PLATFORM, "connector", line)
    yield found.node(
        "ToolServer",
        _server_id(document, own_name(name)),
        ("paths", path),
        name=called(mapping(api.get("info")).get("title")) or called(own_name(name)),
        protocol="mcp",
        transport="http",
        kind_detail="remote",
        origin=("internal" if is_internal(parts.host) else "third_party") if told and parts else "unknown",
        url=parts.url if told and parts else None,
    )


def _server_id(document: Document, connector: str) -> str:
    return f"mcp:{document.root}#{_PLATFORM}/{connector}"


class _Part(Declared):
    """One document of the agent in ``folder``."""

    def __init__(self, document: Document, folder: str, top: Mapping[str, Any], where: Any) -> None:
        base = f"{_PLATFORM}:{document.root}/{folder}" if folder else f"{_PLATFORM}:{document.root}"
        super().__init__(document, _PLATFORM, "agent", where, base)
        self.folder = folder
        self.top = top
        self.me: NodeKey = ("Agent", base)
        component = _COMPONENT.fullmatch(document.path)
        self.in_solution = component is not None
        self.label = (
            called(mapping(top.get("mcs.metadata")).get("componentName"))
            or called(top.get("modelDisplayName"))
            or called(top.get("displayName"))
            or (called(component["name"]) if component else "")
        )

    def facts(self) -> Iterator[Fact]:
        kind = text_of(self.top.get("kind"))
        if kind in ("GptComponentMetadata", "AgentDialog"):
            yield from self.itself()
        elif not kind and self.top.get("schemaName"):
            yield from self.settings()
        elif kind == "KnowledgeSourceConfiguration":
            yield from self.knowledge(mapping(self.top.get("source")))
        for at, step in _steps(self.top):
            yield from self.step(step, at)
        yield from self.secrets(
            self.me, {name: value for name, value in self.top.items() if name not in ("instructions", "kind")}, (), "config"
        )
        yield from self.rest()

    # ---- the agent ----------------------------------------------------------------------------------------------------------

    def itself(self) -> Iterator[Fact]:
        """The agent, its model and what it may do by itself; a child is called by the agent that it lies in."""
        child = _CHILD.fullmatch(self.folder) if self.top.get("kind") == "AgentDialog" else None
        if child is not None or not self.in_solution:  # else the solution has its name beside it
            name = called(self.top.get("displayName")) or self.label or called(self.folder.rpartition("/")[2]) or self.document.root
            yield self.declare(self.me, name, (), kind_detail="Copilot Studio agent")
        if child is not None:
            above = f"{self.document.root}/{child['parent']}" if child["parent"] else self.document.root
            yield self.edge("DELEGATES_TO", ("Agent", f"{_PLATFORM}:{above}"), self.me, (), mode="invoke", kind_detail="child agent")
        model = mapping(mapping(self.top.get("aISettings")).get("model"))
        yield from self.model(self.me, model.get("modelNameHint"), ("aISettings", "model", "modelNameHint"))
        able = mapping(self.top.get("gptCapabilities"))
        for flag, tool, action in (
            ("webBrowsing", "web_search", does("websearch")),
            ("codeInterpreter", "code_interpreter", does("codeinterpreter")),
        ):
            if able.get(flag) is True:
                yield from self.uses(self.me, tool, action, ("gptCapabilities", flag), kind_detail="Copilot Studio capability")
        said = self.top.get("instructions") or mapping(self.top.get("settings")).get("instructions")
        yield from self.secrets(self.me, {"instructions": said}, (), "prompt", named=False)

    def settings(self) -> Iterator[Fact]:
        """How it is called by others, and who may talk to it."""
        home = self.folder.rpartition("/bots/")[0] if self.document.name == "bot.xml" else ""
        yield Binding(_PLATFORM, called(self.top["schemaName"]), self.me, home, self.document.path)
        proof = called(self.top.get("authenticationMode"))
        labels = [f"authentication={proof}"] if proof else []
        trust = "untrusted" if proof == "None" else None
        yield from self.content(
            [self.me], self.id("conversation"), "conversation", (), detail="Copilot Studio conversation", trust=trust, labels=labels
        )

    def configuration(self) -> Iterator[Fact]:
        """What a solution states of its agent beside its components."""
        given = mapping(self.top.get("agentSettings"))
        yield from self.model(self.me, mapping(given.get("model")).get("series"), ("agentSettings", "model", "series"))
        yield from self.secrets(self.me, {"instructions": given.get("instructions")}, (), "prompt", named=False)
        yield from self.rest()

    def knowledge(self, source: Mapping[str, Any]) -> Iterator[Fact]:
        """Where it looks things up: sites of strangers are content, what is the organisation's own is read."""
        name, site = self.label or "knowledge", text_of(source.get("site"))
        at: Where = ("source", "site")
        if text_of(source.get("kind")).startswith("Public"):
            yield from self.content([self.me], self.id(name), name, at, detail="public web site", trust="untrusted")
            return
        parts = url_parts(site)
        action = does("sharepoint", "get") if "sharepoint" in site.lower() else Does(frozenset({"read"}))
        yield from self.uses(self.me, name, action, at, resource=parts.url if parts else "", kind_detail="Copilot Studio knowledge")

    # ---- what it does -------------------------------------------------------------------------------------------------------

    def step(self, step: Mapping[str, Any], at: Where) -> Iterator[Fact]:
        kind = text_of(step.get("kind"))
        flow = called(step.get("flowId")) or called(step.get("workflowId"))
        if kind in ("InvokeConnectorTaskAction", "InvokeConnectorAction", "ConnectorTool"):
            yield from self.operation(step, at)
        elif kind in ("InvokeExternalAgentTaskAction", "InvokeExternalAgentAction", "McpTool"):
            yield from self.external(step, at)
        elif kind in ("InvokeFlowTaskAction", "InvokeFlowAction", "WorkflowTool") and flow:
            yield self.edge("DELEGATES_TO", self.me, _flow_key(self.document, flow), at, mode="invoke", kind_detail="flow")
        elif kind in ("InvokeAIBuilderModelTaskAction", "InvokeAIBuilderModelAction"):
            name = self.label or called(step.get("aIModelId")) or "prompt"
            yield from self.uses(self.me, name, Does(frozenset()), at, kind_detail="AI Builder prompt")
        elif kind.startswith(("InvokeConnectedAgent", "ConnectedAgent")) and called(step.get("botSchemaName")):
            name = called(step["botSchemaName"])
            target = Ref("Agent", _PLATFORM, name, fallback=f"{_PLATFORM}:{self.document.root}#{name}")
            yield self.edge("DELEGATES_TO", self.me, target, at, mode="invoke", kind_detail="connected agent")
        elif kind == "HttpRequestAction":
            name = called(step.get("id")) or "http request"
            yield from self.requests(self.me, name, text_of(step.get("url")), text_of(step.get("method")), at, "HTTP request")
        elif kind in _UNKNOWN or (not at and kind.endswith("Tool")):
            yield from self.uses(self.me, self.label or called(kind), Does(), at, kind_detail=_UNKNOWN.get(kind, called(kind)))

    def operation(self, step: Mapping[str, Any], at: Where) -> Iterator[Fact]:
        """An operation of a connector. The maker's connection is the agent's; else whoever asks brings one."""
        reference = called(step.get("connectionReference"))
        connector, operation = _connector(step), called(step.get("operationId"))
        name = "/".join(filter(None, (connector, operation))) or "operation"
        action = power_platform.operation(connector, operation)
        yield from self.uses(self.me, name, action, at, kind_detail="Power Platform connector", account=(reference, ""))
        yield from self.connection(step, reference, at)

    def external(self, step: Mapping[str, Any], at: Where) -> Iterator[Fact]:
        """An MCP server behind a connector, or somebody else's agent."""
        reference, details = called(step.get("connectionReference")), mapping(step.get("operationDetails"))
        connector = _connector(step)
        name = called(self.top.get("modelDisplayName")) or (connector if self.in_solution else self.label) or connector or "server"
        if step.get("kind") == "McpTool" or text_of(details.get("kind")) == "ModelContextProtocolMetadata":
            key: NodeKey = ("ToolServer", _server_id(self.document, connector or name))
            yield from self.unknown_server(self.me, name, at, key=key)
        else:
            other: NodeKey = ("Agent", f"{_PLATFORM}:{self.document.root}#{connector or name}")
            yield self.agent(other[1], name, at, kind_detail="external agent")
            yield self.edge("DELEGATES_TO", self.me, other, at, mode="invoke", kind_detail="external agent")
        yield from self.connection(step, reference, at)

    def connection(self, step: Mapping[str, Any], reference: str, at: Where) -> Iterator[Fact]:
        mode = step.get("authMode") or mapping(step.get("connectionProperties")).get("mode")
        if reference and mode == "Maker":
            yield from power_platform.connection(self, [self.me], reference, at)


def _connector(step: Mapping[str, Any]) -> str:
    """The connector that a step names by its id or in the name of a connection: ``shop_desk.shared_teams.0f3c…`` is one of Teams."""
    stated = called(step.get("connectorId")).rpartition("/")[2]
    parts = [stated] if stated else called(step.get("connectionReference")).split(".")
    return own_name(next((part.removeprefix("shared_") for part in parts if part.startswith("shared_")), ""))


def _steps(top: object) -> Iterator[tuple[Where, Mapping[str, Any]]]:
    """``top`` and all mappings below it that are of some kind, with where they stand. O(values)."""
    stack: list[tuple[Where, object]] = [((), top)]
    while stack:
        at, value = stack.pop()
        if isinstance(value, dict):
            if isinstance(value.get("kind"), str):
                yield at, value
            stack.extend(((*at, name), inner) for name, inner in reversed(value.items()) if isinstance(inner, (dict, list)))
        elif isinstance(value, list):
            stack.extend(((*at, index), inner) for index, inner in reversed(list(enumerate(value))) if isinstance(inner, (dict, list)))
