"""MCP servers that the source connects to: client objects of every framework, as entries in the shape of a configuration."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphinv.ingest.support.asking import ALWAYS, asked
from graphinv.ingest.support.connectors import connector_facts, connector_of
from graphinv.ingest.support.javascript.bodies import held_by
from graphinv.ingest.support.javascript.program import Actor, Program, is_unread, why
from graphinv.ingest.support.javascript.schemas import plain
from graphinv.ingest.support.javascript.values import Const, DictV, Made, Unknown, Value, entries, walk
from graphinv.ingest.support.mcp_source import source_server_key
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.servers import server_facts
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey

_CLIENTS = {
    "@mastra/mcp": ("MCPClient", "MCPConfiguration"),
    "@voltagent/core": ("MCPConfiguration",),
    "@google/adk": ("MCPToolset",),
    "@strands-agents/sdk": ("McpClient",),
    "@langchain/mcp-adapters": ("MultiServerMCPClient",),
    "@openai/agents": ("MCPServerStdio", "MCPServerStreamableHttp", "MCPServerSSE", "hostedMcpTool"),
    "@openai/agents-core": ("MCPServerStdio", "MCPServerStreamableHttp", "MCPServerSSE", "hostedMcpTool"),
    "@llamaindex/tools": ("mcp",),
    "ai": ("createMCPClient", "experimental_createMCPClient"),
    "@ai-sdk/mcp": ("createMCPClient", "experimental_createMCPClient"),
}
SDK_SERVERS = (
    "createSdkMcpServer",
    "McpServer",
    "MCPServer",
    "FastMCP",
)
"""Servers that are written in the source, and may be handed to an agent as they are."""


def is_client(value: Value) -> bool:
    """Whether it is an object that connects to MCP servers."""
    if not isinstance(value, Made) or value.receiver is not None:
        return False
    return any(value.within(package) and value.symbol in names for package, names in _CLIENTS.items()) or is_source_server(value)


def is_source_server(value: Value) -> bool:
    """Whether it is an MCP server that is written in the source."""
    return isinstance(value, Made) and value.receiver is None and bool(value.package) and value.symbol in SDK_SERVERS


def server_name(program: Program, made: Made) -> str:
    """The name of a server that is written in the source."""
    name = program.option(made, "name")
    text = name.text() if name is not None else None
    return redact((text or made.call.hint or program.variable(made))[:200])


def connects(program: Program, actor: Actor, client: Value) -> Iterator[Fact]:
    """CONNECTS_TO for every server that ``client`` connects to, and the facts about those."""
    if isinstance(client, Made) and is_source_server(client):
        key = source_server_key(program.root, client.path, server_name(program, client))
        yield program.edge("CONNECTS_TO", actor.key, key, client)
        return
    if not isinstance(client, Made):
        yield from program.problem(client, f"the MCP servers of {actor.name!r} could not be followed: {why(client)}")
        return
    for name, entry in _entries(program, client):
        yield from connects_to(program, actor, name, entry)


def connects_to(program: Program, actor: Actor, name: str, entry: Value) -> Iterator[Fact]:
    """CONNECTS_TO for one server from its entry."""
    entry = entry.options()[0]
    if is_client(entry):
        yield from connects(program, actor, entry)
        return
    settings = _settings(entry)
    if not settings:
        yield from program.problem(entry, f"the MCP server {name[:80]!r} of {actor.name!r} could not be followed: {why(entry)}")
        return
    document = program.document(entry.path)
    connector = connector_of(settings)
    if connector is not None:
        yield from connector_facts(connector, actor.key, settings, document, entry.line)
        return
    if not {"command", "url"} & settings.keys():
        key: NodeKey = ("ToolServer", f"mcp:{program.root}/{entry.path}#{redact(name[:200]) or 'mcp'}")
        yield NodeFact(*key, {"name": redact(name[:200]) or "mcp", "protocol": "mcp", "sources": [document.source(entry.line)]})
        yield program.edge("CONNECTS_TO", actor.key, key, entry)
        yield from program.problem(entry, f"what the MCP server {name[:80]!r} of {actor.name!r} is started from is not known")
        return
    server: NodeKey | None = None
    for fact in server_facts(
        document,
        client=actor.framework,
        host=actor.key,
        name=name,
        entry=settings,
        where=lambda *_: entry.line,
        folder=document.folder,
    ):
        if isinstance(fact, Binding):
            server = fact.target
        elif isinstance(fact, EdgeFact) and fact.kind == "CONNECTS_TO" and settings.get("requireApproval") in ALWAYS:
            yield from asked(fact)
        elif not is_unread(fact):
            yield fact
    holder = actor.key if server is None or "url" in settings else server
    for one in walk(entry):
        values = [one, *(inner for argument in one.args() for inner in walk(argument))] if isinstance(one, Made) else [one]
        for value in values:
            for secret in value.secrets if isinstance(value, Const) else ():
                yield held_by(secret, holder)


def _entries(program: Program, client: Made) -> Iterator[tuple[str, Value]]:
    """Name and entry of each server of a client object."""
    if client.symbol in ("MCPClient", "MCPConfiguration"):
        yield from _named(program.option(client, "servers"))
    elif client.symbol == "MultiServerMCPClient":
        given = program.option(client, "mcpServers")
        yield from _named(given if given is not None and not isinstance(given, Unknown) else client.arg(0))
    elif client.symbol.lower().endswith("mcpclient"):
        transport = program.option(client, "transport")
        name = program.option(client, "name")
        if transport is not None:
            yield (name.text() if name is not None else None) or program.variable(client), transport
    else:
        label = program.option(client, "serverLabel") or program.option(client, "name")
        given = client.arg(0)
        if given is not None:
            yield (label.text() if label is not None else None) or program.variable(client), given


def _named(value: Value | None) -> Iterator[tuple[str, Value]]:
    for option in value.options() if value is not None else ():
        if isinstance(option, DictV):
            yield from option.items
            yield from (("", rest) for rest in option.rest)
        elif not isinstance(option, Const):
            yield "", option


def _settings(entry: Value) -> dict[str, Any]:
    """An entry, a transport object or the options of a server object, in the shape of a configuration."""
    if isinstance(entry, Made):
        first = entry.arg(0)
        if entry.symbol in ("StdioClientTransport", "StdioMCPTransport", "Experimental_StdioMCPTransport"):
            found = plain(first)
            return found if isinstance(found, dict) else {}
        if entry.symbol in ("StreamableHTTPClientTransport", "SSEClientTransport", "URL"):
            options = plain(entry.arg(1))
            address = plain(entry if entry.symbol == "URL" else first)
            return _lifted({"url": address, **(options if isinstance(options, dict) else {})}) if isinstance(address, str) else {}
        return {}
    found = plain(entry)
    if isinstance(found, str):
        return {"url": found}
    if not isinstance(found, dict):
        return {}
    if isinstance(found.get("args"), list):
        found["args"] = [word for word in found["args"] if word is not None]
    if "fullCommand" in found:
        found["command"] = found.pop("fullCommand")
    inner = found.pop("serverParams", None)
    found |= inner if isinstance(inner, dict) else {}
    for other in ("serverUrl", "server_url"):
        if other in found:
            found["url"] = found.pop(other)
    if "allowedTools" in found and isinstance(found["allowedTools"], dict):
        found["allowedTools"] = found["allowedTools"].get("toolNames")
    found = {key: value for key, value in found.items() if key not in ("name", "serverLabel", "server_label")}
    return _lifted(found)


def _lifted(found: dict[str, Any]) -> dict[str, Any]:
    """Headers where a configuration has them: they may stand in the options of the request."""
    request = found.pop("requestInit", None)
    if isinstance(request, dict) and isinstance(request.get("headers"), dict):
        found.setdefault("headers", request["headers"])
    return {key: value for key, value in found.items() if value is not None}


def named_entries(value: Value | None) -> Iterator[tuple[str, Value]]:
    """Name and entry of each server in an object of servers; of a list of server objects, the objects."""
    for option in value.options() if value is not None else ():
        if isinstance(option, DictV):
            yield from _named(option)
        else:
            yield from entries(option)
