"""Agents of Microsoft Copilot Studio as its source control and its extension for VS Code keep them: folders of ``*.mcs.yml``.

Drawn:
    (:Agent)-[:USES]->(:Tool operation of a connector, prompt, search)-[:CAN_ACCESS]->(:Resource)
    (:Agent)-[:CONNECTS_TO]->(:ToolServer), for actions that are MCP servers
    (:Agent)-[:DELEGATES_TO {mode: invoke}]->(:Agent child or connected | :Workflow of Power Automate)
    (:Agent)-[:HOLDS]->(:Secret), for connections of the maker; with those of whoever asks, nothing is the agent's own
    (:Agent)-[:INGESTS]->(:ContentSource)

Each document tells by its folder which agent it is a part of.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import clients, yamldoc
from graphinv.ingest.support.declared import Declared
from graphinv.ingest.support.lowcode import Where, called, text_of
from graphinv.ingest.support.lowcode_services import Does, does
from graphinv.ingest.support.parts import mapping
from graphinv.ingest.support.secrets import url_parts
from graphinv.model.facts import Binding, Fact, NodeKey, Ref

NAME = "copilot_studio"
TITLE = "Agents of Microsoft Copilot Studio"
FILES = ("**/*.mcs.yml", "**/workflows/*/metadata.yml of a flow beside them")
MAX_BYTES = 2 * 1024 * 1024

_PLATFORM = "copilot-studio"
_OURS = re.compile(r".*\.mcs\.ya?ml", re.DOTALL | re.IGNORECASE)
_FLOW = re.compile(r"(?:.*/)?workflows/[^/]+/metadata\.ya?ml", re.DOTALL)
_PART = re.compile(
    r"(?:(?P<agent>.*)/)?(?:actions|topics|triggers?|knowledge(?:/files)?|entities|variables|translations|skills)/[^/]+", re.DOTALL
)
_CHILD = re.compile(r"(?:(?P<parent>.*)/)?agents/[^/]+", re.DOTALL)
_TEMPLATE = re.compile(r"^[ \t]*[\w.]{1,60}:[ \t]*<[^<>\n]+>[ \t\r]*$", re.MULTILINE)
"""A setting that somebody is to fill in: the document is one to copy."""
_CONNECTORS: Mapping[str, str] = {
    "office365": "outlook",
    "sharepointonline": "sharepoint",
    "onedriveforbusiness": "onedrive",
    "excelonlinebusiness": "microsoftexcel",
    "azureblob": "s3",
}
"""Connectors of the Power Platform by what the table of services calls them."""


def detect(path: str, head: bytes) -> bool:
    """Whether it is called like a part of an agent, or tells a flow's name."""
    return _OURS.fullmatch(path) is not None or (_FLOW.fullmatch(path) is not None and b"workflowId:" in head)


def read(document: Document) -> Iterator[Fact]:
    """Facts of one document.

    Raises:
        IngestError: not YAML, or no mapping at its top.
    """
    if _TEMPLATE.search(document.text()):
        return
    located = yamldoc.first(document)
    top = clients.top_object(located, document)
    yield from clients.duplicate_problems(located, document, NAME)
    if not _OURS.fullmatch(document.path):
        flow = Declared(document, _PLATFORM, "flow", located.line)
        key = _flow_key(document, top.get("workflowId"))
        yield flow.node(*key, (), name=called(top.get("name")) or key[1], type="power-automate")
        return
    part = _PART.fullmatch(document.path)
    folder = document.folder if part is None else part["agent"] or ""
    yield from _Part(document, folder, top, located.line).facts()


def _flow_key(document: Document, identifier: object) -> NodeKey:
    return "Workflow", f"power-automate:{document.root}#{called(identifier)}"


class _Part(Declared):
    """One document of the agent in ``folder``."""

    def __init__(self, document: Document, folder: str, top: Mapping[str, Any], where: Any) -> None:
        base = f"{_PLATFORM}:{document.root}/{folder}" if folder else f"{_PLATFORM}:{document.root}"
        super().__init__(document, _PLATFORM, "agent", where, base)
        self.folder = folder
        self.top = top
        self.me: NodeKey = ("Agent", base)
        self.label = called(mapping(top.get("mcs.metadata")).get("componentName")) or called(top.get("displayName"))

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
        name = called(self.top.get("displayName")) or self.label or called(self.folder.rpartition("/")[2]) or self.document.root
        yield self.declare(self.me, name, (), kind_detail="Copilot Studio agent")
        child = _CHILD.fullmatch(self.folder) if self.top.get("kind") == "AgentDialog" else None
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
        yield Binding(_PLATFORM, called(self.top["schemaName"]), self.me, "", self.document.path)
        proof = called(self.top.get("authenticationMode"))
        labels = [f"authentication={proof}"] if proof else []
        trust = "untrusted" if proof == "None" else None
        yield from self.content(
            [self.me], self.id("conversation"), "conversation", (), detail="Copilot Studio conversation", trust=trust, labels=labels
        )

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
        if kind in ("InvokeConnectorTaskAction", "InvokeConnectorAction"):
            yield from self.operation(step, at)
        elif kind in ("InvokeExternalAgentTaskAction", "InvokeExternalAgentAction"):
            yield from self.external(step, at)
        elif kind in ("InvokeFlowTaskAction", "InvokeFlowAction") and called(step.get("flowId")):
            yield self.edge("DELEGATES_TO", self.me, _flow_key(self.document, step["flowId"]), at, mode="invoke", kind_detail="flow")
        elif kind in ("InvokeAIBuilderModelTaskAction", "InvokeAIBuilderModelAction"):
            name = self.label or called(step.get("aIModelId")) or "prompt"
            yield from self.uses(self.me, name, Does(frozenset()), at, kind_detail="AI Builder prompt")
        elif kind.startswith("InvokeConnectedAgent") and called(step.get("botSchemaName")):
            name = called(step["botSchemaName"])
            target = Ref("Agent", _PLATFORM, name, fallback=f"{_PLATFORM}:{self.document.root}#{name}")
            yield self.edge("DELEGATES_TO", self.me, target, at, mode="invoke", kind_detail="connected agent")
        elif kind == "HttpRequestAction":
            name = called(step.get("id")) or "http request"
            yield from self.requests(self.me, name, text_of(step.get("url")), text_of(step.get("method")), at, "HTTP request")

    def operation(self, step: Mapping[str, Any], at: Where) -> Iterator[Fact]:
        """An operation of a connector. The maker's connection is the agent's; else whoever asks brings one."""
        reference = called(step.get("connectionReference"))
        connector, operation = _connector(reference), called(step.get("operationId"))
        name = "/".join(filter(None, (connector, operation))) or "operation"
        action = does(_CONNECTORS.get(connector, connector), operation or None)
        yield from self.uses(self.me, name, action, at, kind_detail="Power Platform connector", account=(reference, ""))
        yield from self.connection(step, reference, at)

    def external(self, step: Mapping[str, Any], at: Where) -> Iterator[Fact]:
        """An MCP server behind a connector, or somebody else's agent."""
        reference, details = called(step.get("connectionReference")), mapping(step.get("operationDetails"))
        connector = _connector(reference)
        name = called(self.top.get("modelDisplayName")) or self.label or connector or "server"
        if text_of(details.get("kind")) == "ModelContextProtocolMetadata":
            key: NodeKey = ("ToolServer", f"mcp:{self.document.root}#{_PLATFORM}/{connector or name}")
            yield from self.unknown_server(self.me, name, at, key=key)
        else:
            other: NodeKey = ("Agent", f"{_PLATFORM}:{self.document.root}#{connector or name}")
            yield self.agent(other[1], name, at, kind_detail="external agent")
            yield self.edge("DELEGATES_TO", self.me, other, at, mode="invoke", kind_detail="external agent")
        yield from self.connection(step, reference, at)

    def connection(self, step: Mapping[str, Any], reference: str, at: Where) -> Iterator[Fact]:
        if reference and mapping(step.get("connectionProperties")).get("mode") == "Maker":
            yield from self.credential([self.me], "connection", reference, reference, at)


def _connector(reference: str) -> str:
    """The connector in the name of a connection: ``shop_desk.shared_teams.0f3c…`` is one of Teams."""
    return next((part.removeprefix("shared_") for part in reference.split(".") if part.startswith("shared_")), "")


def _steps(top: object) -> Iterator[tuple[Where, Mapping[str, Any]]]:
    """All mappings below ``top`` that are of some kind, with where they stand. O(values)."""
    stack: list[tuple[Where, object]] = [((), top)]
    while stack:
        at, value = stack.pop()
        if isinstance(value, dict):
            if at and isinstance(value.get("kind"), str):
                yield at, value
            stack.extend(((*at, name), inner) for name, inner in reversed(value.items()) if isinstance(inner, (dict, list)))
        elif isinstance(value, list):
            stack.extend(((*at, index), inner) for index, inner in reversed(list(enumerate(value))) if isinstance(inner, (dict, list)))
