"""Agents of Microsoft's frameworks as YAML: ``kind: Prompt`` and ``kind: Workflow`` of Agent Framework and Foundry, and Semantic Kernel's.

Drawn:
    (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO {tools}]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)
    (:Workflow)-[:DELEGATES_TO {mode: invoke}]->(:Agent), (:Workflow)-[:CONNECTS_TO]->(:ToolServer), (:Workflow)-[:USES]->(:Tool request),
    in whatever branch of it the action stands
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients, yamldoc
from graphinv.ingest.support.builtins import BUILTINS
from graphinv.ingest.support.declared import Declared
from graphinv.ingest.support.lowcode import Where, called, items, text_of
from graphinv.ingest.support.lowcode_services import Does
from graphinv.ingest.support.parts import inside, mapping, texts
from graphinv.model.facts import Binding, Fact, NodeKey, Ref

NAME = "prompt_agents"
TITLE = "Agents and workflows of Agent Framework, Foundry and Semantic Kernel in YAML"
FILES = ("*.yaml and *.yml with `kind: Prompt`, `kind: Workflow` that invokes agents, or `type: foundry_agent` and the like",)
MAX_BYTES = 2 * 1024 * 1024

_PLATFORM = "agent-framework"
_TYPES = (
    *("chat_completion_agent", "foundry_agent", "azure_ai_agent", "azure_assistant", "azure_responses"),
    *("openai_assistant", "openai_responses", "bedrock_agent", "copilot_studio_agent"),
)
_KIND = re.compile(rb"(?m)^kind[ \t]*:[ \t]*[\"']?Prompt\b")
_TYPE = re.compile(rb"(?m)^type[ \t]*:[ \t]*[\"']?(?:%s)\b" % "|".join(_TYPES).encode())
_SAYS = re.compile(rb"(?m)^(?:instructions|model|tools|name)[ \t]*:")
_WORKFLOW = re.compile(rb"(?m)^kind[ \t]*:[ \t]*[\"']?Workflow[\"']?[ \t]*\r?$")
_OTHERS = re.compile(rb"(?m)^(?:apiVersion|metadata)[ \t]*:")
_FILLED = ((re.compile(r"=\s*Env\.([A-Za-z_]\w{0,99})"), r"${\1}"), (re.compile(r"\$\{(\w{1,99}:\w{1,99})\}"), r"${config:\1}"))
"""How these documents write what a variable or the configuration fills in, and how everybody else does."""
_MAX_DEPTH = 40


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as an agent or workflow of these frameworks, and is no manifest of a cluster."""
    if not path.endswith((".yaml", ".yml")) or _OTHERS.search(head):
        return False
    if _KIND.search(head) or _TYPE.search(head):
        return _SAYS.search(head) is not None
    return _WORKFLOW.search(head) is not None and (b"trigger:" in head or b"actions:" in head)


def read(document: Document) -> Iterator[Fact]:
    """Facts of one agent or workflow.

    Raises:
        IngestError: not YAML.
    """
    located = yamldoc.first(document)
    top = mapping(located.value)
    flow = Declared(document, _PLATFORM, called(top.get("name")) or called(PurePosixPath(document.path).stem), located.line)
    if not top:
        return
    yield from clients.duplicate_problems(located, document, NAME)
    if top.get("kind") == "Workflow":
        calls = list(_actions(flow, top, (), 0))
        if calls:  # else it only talks and counts
            yield flow.workflow(("kind",))
            yield from calls
    elif top.get("kind") == "Prompt" or top.get("type") in _TYPES:
        yield from _agent(flow, top)
    yield from flow.rest()


def _agent(flow: Declared, top: dict[str, Any]) -> Iterator[Fact]:
    key: NodeKey = ("Agent", flow.id(flow.name))
    yield flow.declare(key, flow.name, ("name",), kind_detail=called(top.get("type")) or "prompt agent")
    yield Binding(_PLATFORM, flow.name, key, "", flow.document.path)
    model = top.get("model")
    stated = model if isinstance(model, str) else text_of(mapping(model).get("id"))
    yield from flow.model(key, "" if stated.startswith(("=", "$")) else stated, ("model",))
    yield from _credentials(flow, key, mapping(model).get("connection"), ("model", "connection"))
    for index, tool in enumerate(items(top.get("tools"))[: claude.MAX_ITEMS]):
        yield from _tool(flow, key, mapping(tool), ("tools", index))


def _credentials(flow: Declared, key: NodeKey, value: object, at: Where) -> Iterator[Fact]:
    """Credentials below ``value``."""
    for part, text in mapping(value).items():
        yield from flow.credentials(key, _filled(text) if isinstance(text, str) else text, (*at, str(part)))


def _filled(text: str) -> str:
    for pattern, usual in _FILLED:
        text = pattern.sub(usual, text)
    return text


def _tool(flow: Declared, key: NodeKey, entry: dict[str, Any], at: Where) -> Iterator[Fact]:
    kind = (text_of(entry.get("kind")) or text_of(entry.get("type"))).lower()
    name = called(entry.get("name")) or called(entry.get("id"))
    if kind == "mcp":
        yield from _server(flow, key, entry, name, at)
    elif kind == "openapi":
        options = mapping(entry.get("options")) or entry
        servers = inside(options, "specification").get("servers")
        address = next((text_of(mapping(one).get("url")) for one in items(servers)), text_of(options.get("url")))
        yield from flow.requests(key, name or "openapi", address, "", at, "openapi")
    elif kind in BUILTINS[_PLATFORM]:
        yield from flow.brings(key, kind, at)
    elif name or kind:
        yield from flow.uses(key, name or called(kind), Does(), at, kind_detail=called(kind) or None)
    else:
        yield from flow.problem("a tool has neither a kind nor a name", at)
    passed = ("description", "parameters", "headers", "bindings", "kind", "type", "name", "id")
    yield from _credentials(flow, key, {part: value for part, value in entry.items() if part not in passed}, at)


def _server(flow: Declared, key: NodeKey, entry: dict[str, Any], name: str, at: Where) -> Iterator[Fact]:
    address = text_of(entry.get("url")) or text_of(mapping(entry.get("connection")).get("endpoint"))
    name = name or called(entry.get("serverName")) or "server"
    tools = sorted({called(one) for one in texts(entry.get("allowedTools"))})
    if not address.startswith(("http://", "https://")):
        yield from flow.unknown_server(key, name, at, tools)
        return
    read: dict[str, Any] = {"url": address, "headers": mapping(entry.get("headers")), **({"includeTools": tools} if tools else {})}
    approval = entry.get("approvalMode")
    unasked = text_of(approval) or text_of(mapping(approval).get("kind"))
    if unasked == "never":
        read["autoApproveAll"] = True
    yield from flow.server(key, name, read, at)


def _actions(flow: Declared, value: object, at: Where, depth: int) -> Iterator[Fact]:
    """What the actions of a workflow call, in the order of the document, however deep in branches."""
    if depth > _MAX_DEPTH:
        yield from flow.problem("holds actions in actions that are not followed further", at)
    elif isinstance(value, list):
        for index, inner in enumerate(value[: claude.MAX_ITEMS]):
            yield from _actions(flow, inner, (*at, index), depth + 1)
    elif isinstance(value, dict):
        yield from _action(flow, value, text_of(value.get("kind")), at)
        for part, inner in value.items():
            yield from _actions(flow, inner, (*at, str(part)), depth + 1)


def _action(flow: Declared, entry: dict[str, Any], kind: str, at: Where) -> Iterator[Fact]:
    if kind == "InvokeAzureAgent":
        name = called(mapping(entry.get("agent")).get("name"))
        if not name or name.startswith("="):
            yield from flow.problem("invokes an agent whose name is known only as it runs", at)
            return
        target = Ref("Agent", _PLATFORM, name, fallback=f"{_PLATFORM}:{flow.document.root}#{name}")
        yield flow.edge("DELEGATES_TO", flow.key, target, at, mode="invoke", kind_detail=kind)
    elif kind == "InvokeMcpTool":
        label, tool = called(entry.get("serverLabel")), called(entry.get("toolName"))
        server = {"name": label, "url": entry.get("serverUrl"), "headers": entry.get("headers"), "allowedTools": [tool] if tool else []}
        yield from _server(flow, flow.key, server, label, at)
    elif kind == "HttpRequestAction":
        name = called(entry.get("id")) or "request"
        yield from flow.requests(flow.key, name, text_of(entry.get("url")), text_of(entry.get("method")) or "GET", at, "request")
        yield from _credentials(flow, flow.key, entry.get("headers"), (*at, "headers"))
