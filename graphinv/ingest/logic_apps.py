"""Flows of Power Automate and workflows of Azure Logic Apps, with their agents.

Drawn:
    (:Workflow)-[:USES]->(:Tool operation of a connector, request, code)-[:CAN_ACCESS]->(:Resource)
    (:Workflow)-[:DELEGATES_TO {mode: invoke}]->(:Agent of its own, or of Copilot Studio | :Workflow)
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:DELEGATES_TO]->(:Workflow | :Agent it hands over to)
    (:Workflow)-[:HOLDS]->(:Secret), for connections that are the flow's own; with those of whoever starts it, nothing is
    (:Workflow)-[:RUNS_AS]->(:Identity managed identity that its requests show)
    (:Workflow | :Agent)-[:INGESTS]->(:ContentSource what its trigger brings)

A tool of an agent is a list of actions: it does what they do together. Flows of the Power Platform are known by their GUID, under which
agents of Copilot Studio call them; those of a Logic App by the folder that their ``workflow.json`` lies in.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import clients, jsondoc, power_platform
from graphinv.ingest.support.declared import Declared
from graphinv.ingest.support.lowcode import Reference, Where, called, host_of, items, text_of
from graphinv.ingest.support.lowcode_services import Does, does, united
from graphinv.ingest.support.parts import inside, mapping
from graphinv.ingest.support.secrets import url_parts
from graphinv.model.facts import Binding, Fact, NodeKey, Ref

NAME = "logic_apps"
TITLE = "Flows of Power Automate and Azure Logic Apps"
FILES = ("**/Workflows/*-<GUID>.json", "**/Microsoft.Flow/flows/*/definition.json", "any other JSON file that is such a definition")
MAX_BYTES = 8 * 1024 * 1024
MAX_ACTIONS = 5000
MAX_TRIGGERS = 50

_COPILOT = "copilot-studio"
_GUID = r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}"
_FLOW = re.compile(
    rf"(?:.*/)?(?:[Ww]orkflows/(?P<name>[^/]+)-(?P<id>{_GUID})(?:/workflow)?|flows/(?P<given>{_GUID})/definition)\.json", re.DOTALL
)
_SCHEMA = re.compile(rb"/Microsoft\.Logic/schemas/[\w-]+/workflowdefinition\.json")
_TEMPLATE = re.compile(rb"(?i)deploymentTemplate\.json|deploymentParameters\.json")
_EXPRESSION = re.compile(r"@\{[^{}]{0,2000}\}")
_SETTING = re.compile(r"(?:appsetting|appSetting)\(\s*'([\w.:-]{1,120})'")
_OF_TRIGGER = re.compile(r"\btrigger(?:Body|Outputs|FormDataValue|Multipart)")
_CONNECTION = re.compile(r"\$connections'\]?\)?\['([^']{1,200})'\]")
"""``@parameters('$connections')['office365']['connectionId']``, as workflows in the cloud name a connection."""
_CODE = frozenset({"JavaScriptCode", "CSharpScriptCode", "PowerShellCode", "Execute_JavaScript_Code"})
_CONNECTORS = frozenset({"OpenApiConnection", "OpenApiConnectionWebhook", "OpenApiConnectionNotification", "ApiConnection"}) | {
    "ApiConnectionWebhook",
    "ApiConnectionNotification",
    "ServiceProvider",
}
_STARTED = frozenset({"Skills", "PowerApp", "PowerAppV2", "Button", "Agent", "VirtualAgent"})
"""Kinds of requests that only the platform sends for somebody: what they bring is that one's."""


def detect(path: str, head: bytes) -> bool:
    """Whether it is a flow by its place, or names the schema of such definitions and is no template that deploys one."""
    if not path.endswith(".json"):
        return False
    if _FLOW.fullmatch(path):
        return b'"definition"' in head or b'"connectionReferences"' in head or b'"properties"' in head
    return _SCHEMA.search(head) is not None and _TEMPLATE.search(head) is None


def read(document: Document) -> Iterator[Fact]:
    """Facts of one flow.

    Raises:
        IngestError: not JSON, or no object at its top.
    """
    located = jsondoc.parse(document)
    top = clients.top_object(located, document)
    at: Where = ("properties",) if isinstance(top.get("properties"), dict) else ()
    given = mapping(top["properties"]) if at else top
    definition = given
    if isinstance(given.get("definition"), dict):
        at, definition = (*at, "definition"), given["definition"]
    if not isinstance(definition.get("actions"), dict) or not isinstance(definition.get("triggers"), dict):
        return  # a schema, or a part of one
    start = at

    def line(*pointer: str | int) -> int:
        return located.line(*start, *pointer)

    yield from clients.duplicate_problems(located, document, NAME)
    yield from _Definition(document, definition, given, line).facts()


@dataclass(frozen=True, slots=True)
class _Step:
    """An action of a flow, or of a tool of one of its agents; ``name`` is its key in the document."""

    name: str
    at: Where
    given: Mapping[str, Any]

    @property
    def type(self) -> str:
        return text_of(self.given.get("type"))

    @property
    def inputs(self) -> dict[str, Any]:
        return mapping(self.given.get("inputs"))


class _Definition(Declared):
    """One flow: ``definition`` is what it does, ``given`` what stands around it."""

    def __init__(self, document: Document, definition: Mapping[str, Any], given: Mapping[str, Any], where: Any) -> None:
        match = _FLOW.fullmatch(document.path)
        own = match["id"] or match["given"] if match else None
        platform = "power-automate" if own else "logic-apps"
        place = document.folder if document.name == "workflow.json" and document.folder else document.path.rpartition(".")[0]
        self.short = called(place.rpartition("/")[2])
        title = called(given.get("displayName")) or (called(match["name"]) if match and match["name"] else self.short)
        base = f"{platform}:{document.root}#{own.lower()}" if own else f"{platform}:{document.root}/{place}"
        super().__init__(document, platform, title, where, base, references=_settings_of)
        self.key = ("Workflow", base)
        self.definition = definition
        self.given = given
        self.connections = mapping(given.get("connectionReferences"))
        self.agents: dict[str, NodeKey] = {}
        self.steps = 0
        self.taken: list[_Step] = []
        """All actions, those of agents' tools included."""
        self.brings_in: list[NodeKey] = []
        """What its triggers bring."""

    def facts(self) -> Iterator[Fact]:
        detail = "flow of Power Automate" if self.platform == "power-automate" else "workflow of Logic Apps"
        found = list(self.walk(mapping(self.definition.get("actions")), ("actions",)))
        self.agents = {step.name: ("Agent", f"{self.base}#{called(step.name)}") for step in found if step.type == "Agent"}
        labels = sorted({"approval=human" for step in found if self.connector(step) == "approvals"})
        yield self.node(*self.key, (), name=self.title, type=self.platform, kind_detail=detail, labels=labels or None)
        if self.platform == "logic-apps":
            above = self.document.folder.rpartition("/")[0] if self.document.name == "workflow.json" else self.document.folder
            yield Binding(self.platform, self.short, self.key, above, self.document.path)
        yield from self.triggers()
        for step in found:
            yield from self.agent_of(step) if step.type == "Agent" else self.step(self.key, step)
        for stated in (self.definition.get("parameters"), self.given.get("parameters")):
            values = {name: mapping(one).get("value", mapping(one).get("defaultValue")) for name, one in mapping(stated).items()}
            yield from self.texts(self.key, values, ("parameters",))
        yield from self.held()
        if self.steps > MAX_ACTIONS:
            yield from self.problem(f"has more than {MAX_ACTIONS} actions; the rest is left out", ("actions",), "error")
        yield from self.rest()

    def walk(self, actions: Mapping[str, Any], at: Where) -> Iterator[_Step]:
        """All actions of a list, those in conditions, loops and scopes included; the tools of agents are theirs. O(actions)."""
        stack: list[tuple[Mapping[str, Any], Where]] = [(actions, at)]
        while stack:
            part, where = stack.pop()
            for name, given in part.items():
                self.steps += 1
                if self.steps > MAX_ACTIONS:
                    return
                if not isinstance(given, dict):
                    continue
                here: Where = (*where, name)
                self.taken.append(_Step(name, here, given))
                yield self.taken[-1]
                inner = [("actions",), ("else", "actions"), ("default", "actions")]
                inner += [("cases", case, "actions") for case in mapping(given.get("cases"))]
                stack += [(found, (*here, *path)) for path in inner if (found := inside(given, *path))]

    # ---- what starts it -----------------------------------------------------------------------------------------------------

    def triggers(self) -> Iterator[Fact]:
        """What the flow is started by, and whose text that brings."""
        stated = mapping(self.definition.get("triggers"))
        if len(stated) > MAX_TRIGGERS:
            yield from self.problem(f"has more than {MAX_TRIGGERS} triggers; the rest is left out", ("triggers",), "error")
        for name, given in list(stated.items())[:MAX_TRIGGERS]:
            step = _Step(name, ("triggers", name), mapping(given))
            kind, labels = text_of(step.given.get("kind")), []
            if step.type == "Request" and kind not in _STARTED:
                who = text_of(step.inputs.get("triggerAuthenticationType"))
                labels = [f"authentication={called(who)}"] if who else []
                detail, trust = "HTTP request", None if who and who != "All" else "untrusted"
            elif step.type in _CONNECTORS:
                action = power_platform.operation(self.connector(step), "get")
                detail = f"{self.connector(step) or 'connector'} trigger"
                trust = "untrusted" if action.service is not None and action.service.strangers else None
            else:
                continue  # by a clock, or for whoever calls it
            key: NodeKey = ("ContentSource", self.id(called(name)))
            self.brings_in.append(key)
            yield from self.content([self.key], key[1], called(name), step.at, detail=detail, trust=trust, labels=labels)
            yield from self.texts(self.key, step.inputs, (*step.at, "inputs"))

    def brought(self, agent: NodeKey | Ref, given: object, at: Where) -> Iterator[Fact]:
        """What the triggers bring reaches an agent that a flow starts: for sure where what it is told names it."""
        said = any(_OF_TRIGGER.search(text.partition("@")[2]) for text in _texts(given))
        for key in self.brings_in:
            told = {} if said else {"evidence": ["inferred"], "confidence": 0.6}
            yield self.edge("INGESTS", agent, key, at, **told)

    # ---- what it does -------------------------------------------------------------------------------------------------------

    def step(self, user: NodeKey, step: _Step) -> Iterator[Fact]:
        """One action that ``user`` takes: a tool of its own, a flow or an agent that it starts, or nothing outside the flow."""
        yield from self.calls(user, step)
        if (action := self.action(step)) is not None:
            yield from self.tool_of(user, called(step.name), [(step, action)], step.at)
        if step.type not in ("Agent", "Compose"):
            yield from self.texts(self.key, step.inputs, (*step.at, "inputs"))

    def calls(self, user: NodeKey, step: _Step) -> Iterator[Fact]:
        """Flows and agents that an action starts."""
        host = mapping(step.inputs.get("host"))
        if step.type == "Workflow":
            child = text_of(host.get("workflowReferenceName"))
            name = called(inside(host, "workflow").get("id")).rpartition("/")[2]
            if child:
                target: NodeKey | Ref = ("Workflow", f"power-automate:{self.document.root}#{called(child).lower()}")
            else:
                target = Ref("Workflow", "logic-apps", name, fallback=f"logic-apps:{self.document.root}#{name}")
            if child or name:
                yield self.edge("DELEGATES_TO", user, target, step.at, mode="invoke", kind_detail="flow")
        elif step.type in ("AgentHandoff", "AgentHandOff"):
            other = self.agents.get(text_of(step.inputs.get("name")))
            if other is not None:
                yield self.edge("DELEGATES_TO", user, other, step.at, mode="handoff", kind_detail="handoff")
        elif self.connector(step) == "microsoftcopilotstudio":
            parameters = mapping(step.inputs.get("parameters"))
            name = called(parameters.get("Copilot"))
            if not name or name.startswith("@"):
                yield from self.problem("starts an agent of Copilot Studio whose name is known only when it runs", step.at)
                return
            agent = Ref("Agent", _COPILOT, name, fallback=f"{_COPILOT}:{self.document.root}#{name}")
            yield self.edge("DELEGATES_TO", user, agent, step.at, mode="invoke", kind_detail="agent of Copilot Studio")
            yield from self.brought(agent, parameters, step.at)
        yield from self.identity(step)

    def action(self, step: _Step) -> Does | None:
        """What an action does outside the flow; None where that is nothing, or is told by what it calls."""
        if step.type in _CONNECTORS:
            connector, name = self.connector(step), self.operation(step)
            sent = mapping(step.inputs.get("parameters")).get("parameters/method") if name == "HttpRequest" else step.inputs.get("method")
            known = power_platform.operation(connector, "" if name == "HttpRequest" else name, text_of(sent))
            return None if connector in ("microsoftcopilotstudio", "approvals") else known
        if step.type in ("Http", "HttpWebhook"):
            return does("http", method=(text_of(step.inputs.get("method")) or "ANY").upper(), host=self.host(step))
        if step.type in _CODE:
            return does("code")
        return Does() if step.type in ("Function", "ApiManagement", "InvokeFunction") else None

    def tool_of(self, user: NodeKey, name: str, parts: list[tuple[_Step, Does]], at: Where) -> Iterator[Fact]:
        """A tool of ``user`` that does what its actions do together."""
        key: NodeKey = ("Tool", f"{user[1]}/{name}")
        kinds = {step.type for step, _ in parts}
        detail = "connector" if kinds <= _CONNECTORS else "HTTP request" if kinds <= {"Http", "HttpWebhook"} else "action"
        yield self.tool_node(key, name, united(action for _, action in parts), at, detail)
        yield self.edge("USES", user, key, at)
        for step, action in parts:
            site = text_of(mapping(step.inputs.get("parameters")).get("dataset"))
            place = url_parts(site) if host_of(site) else None
            told = place.url if place else ""
            yield from self.accesses(key, action, step.at, (self.reference(step), ""), self.host(step), told)

    def host(self, step: _Step) -> str | None:
        """``https://host`` that a request goes to, where it is constant."""
        return host_of(text_of(step.inputs.get("uri"))) if step.type in ("Http", "HttpWebhook") else None

    def agent_of(self, step: _Step) -> Iterator[Fact]:
        """An agent of a Logic App, with its tools."""
        key, parameters = self.agents[step.name], inside(step.given, "inputs", "parameters")
        yield self.declare(key, called(step.name), step.at, kind_detail="agent of Logic Apps", autonomy="autonomous")
        yield self.edge("DELEGATES_TO", self.key, key, step.at, mode="invoke", kind_detail="agent action")
        model = inside(parameters, "agentModelSettings", "deploymentModelProperties").get("name") or parameters.get("deploymentId")
        yield from self.model(key, model if not text_of(model).startswith("@") else None, (*step.at, "inputs"))
        messages = parameters.get("messages")
        yield from self.brought(key, messages, step.at)
        yield from self.texts(
            key, [mapping(one).get("content") for one in items(messages)], (*step.at, "inputs"), place="prompt", named=False
        )
        for name, tool in mapping(step.given.get("tools")).items():
            at: Where = (*step.at, "tools", name)
            if "mcp" in text_of(mapping(tool).get("type")).lower():
                yield from self.unknown_server(key, called(name), at)
                continue
            inner = list(self.walk(inside(tool, "actions"), (*at, "actions")))
            parts = [(one, action) for one in inner if (action := self.action(one)) is not None]
            for one in inner:
                yield from self.calls(key, one)
                yield from self.texts(self.key, one.inputs if one.type != "Compose" else None, (*one.at, "inputs"))
            if parts:
                yield from self.tool_of(key, called(name), parts, at)
            elif not any(one.type in ("Workflow", "AgentHandoff", "AgentHandOff") for one in inner):
                yield from self.uses(key, called(name), Does(frozenset()), at, kind_detail="action")

    # ---- connections and credentials ----------------------------------------------------------------------------------------

    def held(self) -> Iterator[Fact]:
        """Connections that the flow brings itself. One of the Power Platform may use those of whoever starts it instead."""
        if self.platform == "logic-apps":
            used = {self.reference(step): step.at for step in reversed(self.taken) if self.reference(step)}
            for reference, at in sorted(used.items()):
                yield from power_platform.connection(self, [self.key], reference, at)
            return
        for name, one in self.connections.items():
            if text_of(mapping(one).get("runtimeSource")) != "invoker":
                yield from power_platform.connection(self, [self.key], self.logical(name), ())

    def connector(self, step: _Step) -> str:
        """Name of the connector that an action or trigger is an operation of; empty where it is none."""
        if step.type not in _CONNECTORS:
            return ""
        host = mapping(step.inputs.get("host"))
        api = inside(self.connections, text_of(host.get("connectionName")), "api").get("name")
        provider = inside(step.inputs, "serviceProviderConfiguration").get("serviceProviderId")
        stated = text_of(api) or text_of(host.get("apiId")) or text_of(provider) or self.reference(step)
        return called(power_platform.connector_of(stated))

    def reference(self, step: _Step) -> str:
        """The connection that an action uses, as the Power Platform knows it, or as the document calls it."""
        host = mapping(step.inputs.get("host"))
        connection = mapping(host.get("connection"))
        filled = _CONNECTION.search(text_of(connection.get("name")))
        provider = inside(step.inputs, "serviceProviderConfiguration").get("connectionName")
        stated = text_of(host.get("connectionName")) or text_of(connection.get("referenceName")) or text_of(provider)
        return self.logical(stated) or called(filled[1] if filled else "")

    def logical(self, name: str) -> str:
        """What the Power Platform calls a connection that this document calls ``name``."""
        one = mapping(self.connections.get(name))
        known = inside(one, "connection").get("connectionReferenceLogicalName")
        return called(text_of(known) or text_of(one.get("connectionName")) or name)

    def operation(self, step: _Step) -> str:
        provider = inside(step.inputs, "serviceProviderConfiguration")
        return called(inside(step.inputs, "host").get("operationId")) or called(provider.get("operationId"))

    def identity(self, step: _Step) -> Iterator[Fact]:
        """The managed identity that a request shows."""
        proof = mapping(step.inputs.get("authentication"))
        if text_of(proof.get("type")) != "ManagedServiceIdentity":
            return
        stated = called(proof.get("identity"))
        id = stated if stated.startswith("/subscriptions/") else f"{self.base}#managed identity"
        name = stated.rpartition("/")[2] or f"managed identity of {self.title}"
        key: NodeKey = ("Identity", id)
        yield self.node(*key, step.at, name=name, type="managed_identity", provider="entra", binding="platform")
        yield self.edge("RUNS_AS", self.key, key, step.at)

    def texts(self, holder: NodeKey, value: object, at: Where, place: str = "config", *, named: bool = True) -> Iterator[Fact]:
        """Credentials in settings, of which what stands in expressions counts by its form alone."""
        yield from self.secrets(holder, _without_expressions(value), at, place, named=named)
        made = [text for text in _texts(value) if text.startswith("@")]
        yield from self.secrets(holder, made, at, place, named=False)


def _settings_of(text: str) -> Iterator[Reference]:
    """Settings of a Logic App that an expression reads, each a variable of its environment."""
    for name in _SETTING.findall(text) if "@" in text else ():
        yield "env", name


def _texts(value: object) -> Iterator[str]:
    """All texts below ``value``. O(values)."""
    stack = [value]
    while stack:
        part = stack.pop()
        if isinstance(part, str):
            yield part
        elif isinstance(part, dict):
            stack.extend(part.values())
        elif isinstance(part, list):
            stack.extend(part)


def _without_expressions(value: object) -> object:
    """``value`` with expressions (``@parameters('x')``, ``@{…}``) taken out; as deep as documents are at the most."""
    if isinstance(value, str):
        return "" if value.startswith("@") and not value.startswith(("@@", "@{")) else _EXPRESSION.sub("", value)
    if isinstance(value, dict):
        return {name: _without_expressions(part) for name, part in value.items()}
    return [_without_expressions(part) for part in value] if isinstance(value, list) else value
