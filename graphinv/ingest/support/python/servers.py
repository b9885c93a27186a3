"""MCP servers as frameworks' classes describe them in code → entries in the shape of a configuration file."""

from __future__ import annotations

import re
from typing import Any

from graphinv.ingest.support.python.values import Bound, Const, DictV, Either, EnvVar, External, FunctionV, ListV, Made, Unknown, Value
from graphinv.model.facts import NodeFact

CLASSES = frozenset(
    {
        "MCPServerStdio",
        "MCPServerSse",
        "MCPServerSSE",
        "MCPServerStreamableHttp",
        "MCPServerStreamableHTTP",
        "MCPServerHTTP",
        "MCPServer",
        "HostedMCPTool",
        "MultiServerMCPClient",
        "MCPServerAdapter",
        "MCPToolset",
        "McpToolset",
        "MCPClient",
        "MCPTools",
        "MultiMCPTools",
        "McpWorkbench",
        "MCPStdioPlugin",
        "MCPSsePlugin",
        "MCPStreamableHttpPlugin",
        "BasicMCPClient",
        "McpToolSpec",
        "MCPStdioTool",
        "MCPStreamableHTTPTool",
        "MCPWebsocketTool",
        "FastMCPToolset",
        "StdioServerParameters",
        "StdioServerParams",
        "SseServerParams",
        "StreamableHttpServerParams",
        "StreamableHTTPConnectionParams",
        "SseConnectionParams",
        "StdioConnectionParams",
        "ToolCollection",
        "MCPAdapt",
        "stdio_client",
        "sse_client",
        "streamablehttp_client",
        "streamable_http_client",
        "MCPTool",
        "McpTool",
        "StreamableHTTPServerParams",
        "SSEServerParams",
        "MCPServerManager",
        "MCPToolkit",
        "MCPToolBox",
        "MCPServerConfig",
        "MCPStdioServerConfig",
        "ClientSession",
        "StdioServerInfo",
        "SSEServerInfo",
        "StreamableHttpServerInfo",
        "StdioConnection",
        "SSEConnection",
        "StreamableHttpConnection",
        "WebsocketConnection",
    }
)
"""Classes that are, or say how to reach, an MCP server."""
LOADERS = frozenset({"load_mcp_tools", "mcp_server_tools", "aget_tools_from_mcp_url", "get_tools_from_mcp_url", "create_mcp_http_client"})
"""Functions that return a server's tools."""
_URLS = ("url", "server_url", "command_or_url", "endpoint", "server_uri", "base_url", "sse_url")
_INNER = (
    "params",
    "server_params",
    "serverparams",
    "connection_params",
    "connections",
    "client",
    "tool_config",
    "server_parameters",
    "transport",
    "client_transport",
    "transport_callable",
    "server_params_list",
    "server_parameters_list",
    "servers",
    "mcp_servers",
    "configurations",
    "server_info",
    "mcp_server",
    "config_dict",
    "session",
    "config",
    "commands",
    "urls",
)
_PLAIN = ("command", "args", "env", "headers", "type", "cwd", "connector_id", "allowed_tools", "authorization", "require_approval", *_URLS)
_STARTS = frozenset({"command", "url", "connector_id"})

Entry = tuple[str, dict[str, Any], Value, list[NodeFact]]
"""Name (``""`` where it has none of its own), entry, where it stands, and the credentials that stand in it."""
MAX_SERVERS = 50


def entry_of(value: Value) -> list[Entry] | None:
    """The servers that ``value`` describes; None where it is no server. Also for tools that were got from one (``client.get_tools()``)."""
    if isinstance(value, DictV):
        value = _described(value)
    while isinstance(value, Bound) and value.attr.startswith(("[", "tools")):
        value = value.receiver
    if isinstance(value, DictV) and _text(value.get("type")) == "mcp":  # a tool of OpenAI's responses, written as data
        entry, secrets = _plain_dict(value)
        return [(_text(value.get("server_label")) or "", {**entry, "type": "http"}, value, secrets)]
    if isinstance(value, Made):
        root = value.root()
        for one in (value, root):
            if isinstance(one, Made) and one.symbol in CLASSES:
                return _of(one)
            if isinstance(one, Made) and ("from_mcp" in one.symbol or one.symbol in LOADERS):
                return _of(one)
        if value.symbol in {"list_tools_sync", "list_tools", "get_tools", "list_prompts", "to_tool_list_async"} and isinstance(root, Made):
            inner = [option for name in _INNER for option in _options(root.arg(name, 0))]
            found = [entry for one in inner if isinstance(one, Made) and one.symbol in CLASSES for entry in _of(one)]
            return found or None
    return None


def _described(definition: DictV) -> Value:
    """The tool object that a definition as data is written from (``{"name": tool.name, "input_schema": …}``), else itself."""
    inner = definition.get("function") or definition.get("toolSpec")
    name = (inner.get("name") if isinstance(inner, DictV) else None) or definition.get("name")
    return name.receiver if isinstance(name, Bound) and name.attr == "name" else definition


def _of(made: Made) -> list[Entry]:
    """Entries of one object: its own, or one for each server that it is given."""
    found: list[Entry] = []
    label = next((text for key in ("name", "server_label", "tool_name_prefix") if (text := _text(made.arg(key)))), "")
    stack: list[tuple[str, Value]] = [(label, made)]
    seen: set[object] = set()
    while stack and len(found) < MAX_SERVERS and len(seen) < 500:
        name, one = stack.pop(0)
        if isinstance(one, Either):
            stack.extend((name, option) for option in one.values)
        elif isinstance(one, ListV):
            stack.extend((name, option) for option in one.items)
        elif isinstance(one, FunctionV):
            stack.extend((name, option) for option in _returned(made, one))
        elif isinstance(one, DictV):
            entry, secrets = _plain_dict(one)
            if _STARTS & entry.keys():
                found.append((_text(one.get("server_label")) or name, entry, one, secrets))
            else:
                stack.extend(
                    (str(key.value), item) for key, item in one.items if isinstance(key, Const) and isinstance(item, (DictV, Made, Either))
                )
        elif isinstance(one, Made) and one.key not in seen:
            seen.add(one.key)
            entry, secrets = _plain_made(one)
            if _STARTS & entry.keys():
                found.append((name, entry, made if not name else one, secrets))
            else:
                inner = [one.arg(key, 0) for key in _INNER]
                stack.extend((name, part) for part in inner if part is not None and not isinstance(part, (Const, Unknown, External)))
                if one.receiver is not None:
                    stack.append((name, one.receiver))
        elif isinstance(one, Bound):
            stack.append((name, one.receiver))
        elif isinstance(one, Const) and one.text() and re.match(r"https?://", str(one.value)):
            found.append((name, {"url": one.text()}, one, list(one.secrets)))
        elif isinstance(one, Const) and isinstance(one.value, str) and made.symbol == "MultiMCPTools":
            seen_secrets: list[NodeFact] = []
            command = {"command": plain(one, seen_secrets), "env": _environment(made, seen_secrets)}
            found.append((name, command, one, seen_secrets))
    return found or [(label, {}, made, [])]


def _environment(made: Made, secrets: list[NodeFact]) -> Any:
    given = made.arg("env")
    return plain(given, secrets) if given is not None else None


def _returned(made: Made, function: FunctionV) -> list[Value]:
    ev = made.reader.__self__  # type: ignore[attr-defined]
    scope = ev.inner(function.scope, function.function)
    return [ev.evaluate(one.value, scope) for one in scope.table.returns]


def _options(value: Value | None) -> tuple[Value, ...]:
    return value.options() if value is not None else ()


def _plain_dict(value: DictV) -> tuple[dict[str, Any], list[NodeFact]]:
    secrets: list[NodeFact] = []
    entry: dict[str, Any] = {}
    for key in _PLAIN:
        item = value.get(key)
        if item is not None:
            entry[key] = _address(item, secrets) if key in _URLS else plain(item, secrets)
    return _normal(entry), secrets


def _plain_made(made: Made) -> tuple[dict[str, Any], list[NodeFact]]:
    secrets: list[NodeFact] = []
    entry: dict[str, Any] = {}
    for key in _PLAIN:
        item = made.arg(key)
        if item is not None:
            entry[key] = _address(item, secrets) if key in _URLS else plain(item, secrets)
    first = made.passed("", 0)
    text = first.value if isinstance(first, Const) and isinstance(first.value, str) else first.text() if first is not None else None
    if text is not None and not ({"command", *_URLS} & entry.keys()):
        entry["url" if re.match(r"https?://", text) else "command"] = plain(first, secrets) if first is not None else text
        second = made.passed("", 1)
        if isinstance(second, ListV):
            entry.setdefault("args", plain(second, secrets))
    elif isinstance(first, EnvVar) and made.symbol not in {"MCPServerStdio", "MCPTools"} and not ({"command", *_URLS} & entry.keys()):
        entry["url"] = _address(first, secrets)
    return _normal(entry), secrets


def _address(value: Value, secrets: list[NodeFact]) -> Any:
    """An address: of a variable the one that holds where nothing else is set, so that it is the same server for everybody."""
    stated = next((text for option in value.options() if isinstance(option, EnvVar) and (text := option.text()) is not None), None)
    return stated if stated is not None else plain(value, secrets)


def _normal(entry: dict[str, Any]) -> dict[str, Any]:
    if isinstance(entry.get("authorization"), str) and "connector_id" not in entry:
        entry.setdefault("headers", {"Authorization": f"Bearer {entry.pop('authorization')}"})
    for key in _URLS[1:]:
        if key in entry:
            entry.setdefault("url", entry.pop(key))
    if isinstance(entry.get("url"), str) and not re.match(r"https?://|wss?://|\$", entry["url"]):
        entry.setdefault("command", entry.pop("url"))
    return {key: _unnamed(value) if key in ("headers", "env", "args") else value for key, value in entry.items() if value is not None}


def _unnamed(value: Any) -> Any:
    """``value`` without references to what has no name: what is given there is not known, and nothing says that two are the same."""
    if isinstance(value, dict):
        return {key: _unnamed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_unnamed(item) for item in value]
    return value.replace(_NAMELESS, "…") if isinstance(value, str) else value


_NAMELESS = "${unknown}"


def plain(value: Value, secrets: list[NodeFact]) -> Any:
    """``value`` as a configuration would state it: variables as ``${NAME}``, what is not known as nothing."""
    if isinstance(value, Either):
        known = [option for option in value.values if not isinstance(option, Unknown)]
        return plain(known[0], secrets) if known else None
    if isinstance(value, Const):
        secrets.extend(value.secrets)
        if isinstance(value.value, str) and not value.complete:
            return re.sub(r"(?<!\$)\{(\w+|…)\}", lambda match: f"${{{match[1]}}}" if match[1] != "…" else _NAMELESS, value.value)
        return value.value
    if isinstance(value, EnvVar):
        default = value.default.text() if value.default is not None else None
        return f"${{{value.name}:-{default}}}" if default else f"${{{value.name}}}"
    if isinstance(value, ListV):
        return [part for part in (plain(item, secrets) for item in value.items) if isinstance(part, (str, int, float))]
    if isinstance(value, DictV):
        pairs = ((key.text(), plain(item, secrets)) for key, item in value.items)
        return {key: item for key, item in pairs if key is not None and item is not None}
    if isinstance(value, External) and value.dotted == "sys.executable":
        return "python"
    return None


def _text(value: Value | None) -> str | None:
    return value.text() if value is not None else None


_LAUNCHERS = re.compile(r"(?:npx|bunx|pnpm|yarn|dlx|uvx?|pipx|run|node|deno|python[0-9.]*|docker|exec|tool)(?:\.\w+)?", re.IGNORECASE)


def server_name(variable: str | None, at: Value, entry: dict[str, Any]) -> str:
    """What to call a server that has no name of its own: the ``variable`` it is held in, else what is started, else its class."""
    if variable:
        return variable
    command, args = entry.get("command"), entry.get("args")
    words = str(command or "").split() + [word for word in (args if isinstance(args, list) else ()) if isinstance(word, str)]
    for word in words[:20]:
        base = re.sub(r"(?<=.)@[^/]*$", "", word).replace("\\", "/").rpartition("/")[2]
        base = re.sub(r"\.(?:py|js|ts|mjs|sh)$", "", base)
        if re.fullmatch(r"[A-Za-z][\w.-]{1,79}", base) and not _LAUNCHERS.fullmatch(base):
            return base
    return at.symbol if isinstance(at, Made) else "mcp"
