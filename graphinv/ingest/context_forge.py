"""MCP Context Forge, a gateway: its plugins, of which those that may refuse a call are enforcement points, and the catalogue of servers
that it offers.

A plugin that is switched off, or only rewrites what passes, decides nothing and is not drawn. Whoever connects to the gateway stands
before its points; the gateway's configuration does not name them. What the catalogue lists exists; nobody connects to it because of that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import yamldoc
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.parts import inside, items, labelled, texts
from graphinv.ingest.support.records import text
from graphinv.ingest.support.secrets import redact, url_parts
from graphinv.ingest.support.tellable import tellable
from graphinv.ingest.support.urls import is_here, is_internal
from graphinv.model.facts import Fact, Guarding, NodeFact, Problem, Props

NAME = "context_forge"
TITLE = "MCP Context Forge: plugins that decide, catalogue of servers"
FILES = (
    "`plugins/config.yaml` and any other YAML file with `plugin_dirs` and `plugins`",
    "`mcp-catalog.yml` and any other with `catalog_servers`",
)
MAX_BYTES = 4 * 1024 * 1024
MAX_ENTRIES = {"plugins": 500, "catalog_servers": 5_000}
MAX_TOOLS = 20
"""Tools that the conditions of one plugin name; each is a pattern that all calls are held against."""

_PLUGINS = re.compile(rb"(?m)^plugins[ \t]*:")
_PLUGINS_MARK = re.compile(rb"(?m)^(?:plugin_dirs|plugin_settings)[ \t]*:")
_CATALOG = re.compile(rb"(?m)^catalog_servers[ \t]*:")
_MODES = {
    "enforce": "enforce",
    "enforce_ignore_error": "enforce",
    "sequential": "enforce",
    "concurrent": "enforce",
    "permissive": "monitor",
    "audit": "monitor",
    "fire_and_forget": "monitor",
}
"""Mode of a plugin, in the words of the older and the newer framework, → mode of the point. ``transform`` can refuse nothing."""
_BEFORE = re.compile(r".*_pre_[a-z]+|http_auth_(?:check_permission|resolve_user)|identity_resolve|token_delegate")
"""Hooks that run before something happens, so that they can refuse it."""


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as its configuration of plugins, or as its catalogue."""
    if not path.lower().endswith((".yaml", ".yml")):
        return False
    return _CATALOG.search(head) is not None or (_PLUGINS_MARK.search(head) is not None and _PLUGINS.search(head) is not None)


def read(document: Document) -> Iterator[Fact]:
    """Points, and servers that are offered.

    Raises:
        IngestError: not YAML.
    """
    located = yamldoc.first(document)
    top: dict[str, Any] = located.value if isinstance(located.value, dict) else {}
    for field, of_one in (("plugins", _plugin), ("catalog_servers", _server)):
        entries = items(top.get(field))
        for index, entry in enumerate(entries[: MAX_ENTRIES[field]]):
            yield from of_one(document, located, located.line(field, index), entry)
        if len(entries) > MAX_ENTRIES[field]:
            message = f"lists more than {MAX_ENTRIES[field]:,} entries; the rest is not read"
            yield Problem(document.path, f"L{located.line(field)}", message, "error", NAME)


def _plugin(document: Document, located: Located, line: int, entry: dict[str, Any]) -> Iterator[Fact]:
    name, mode = text(entry.get("name")), text(entry.get("mode")).lower()
    hooks = [hook for hook in texts(entry.get("hooks")) if _BEFORE.fullmatch(hook)]
    if not name or not hooks or mode in ("disabled", "transform"):
        return
    settings = inside(located.value, "plugin_settings")
    stops = settings.get("fail_on_plugin_error")
    on_error = text(entry.get("on_error")).lower()
    open_ = mode == "enforce_ignore_error" or on_error in ("ignore", "disable")
    closed = mode == "enforce" or on_error == "fail" or stops is True
    point = f"context-forge:{document.root}/{document.folder}#{redact(name)}"
    props: Props = {
        "name": redact(name),
        "kind_detail": "gateway plugin",
        "mode": "monitor" if _only_rewrites(inside(entry, "config")) else _MODES.get(mode),
        "effect": "evaluate",
        "fail": "open" if open_ else "closed" if closed else None,
        "distinguishes": "identity" if settings.get("include_user_info") is True else None,
        "labels": [f"hook={hook}" for hook in sorted(hooks)],
        "sources": [document.source(line)],
    }
    yield NodeFact("EnforcementPoint", point, {prop: value for prop, value in props.items() if value is not None})
    tools = [tool for condition in items(entry.get("conditions")) for tool in texts(condition.get("tools"))]
    for tool in tools[:MAX_TOOLS]:
        if re.fullmatch(r"[\w.:/-]{1,200}", tool) and tellable(tool):
            yield Guarding(document.source(line), point, "USES", "*", f"Tool:*/{tool}", seen=True)


def _only_rewrites(config: dict[str, Any]) -> bool:
    """Whether a plugin is set to refuse nothing of what it finds."""
    blocks = [value for key, value in config.items() if str(key).startswith("block_on_")]
    return bool(blocks) and not any(blocks)


def _server(document: Document, located: Located, line: int, entry: dict[str, Any]) -> Iterator[Fact]:
    """A server that the gateway offers, under its address."""
    stated = entry.get("url")
    parts = url_parts(stated) if isinstance(stated, str) else None
    if parts is None or not parts.host or "{secret}" in parts.url:
        yield Problem(document.path, f"L{line}", "offers a server without an address", "warning", NAME)
        return
    auth = text(entry.get("auth_type")).lower()
    props: Props = {
        "name": redact(text(entry.get("name")) or text(entry.get("id")) or parts.host),
        "kind_detail": "catalogue entry",
        "protocol": "mcp",
        "transport": "sse" if parts.url.endswith("/sse") else "http",
        "origin": "internal" if is_internal(parts.host) else "third_party",
        "auth": "oauth" if "oauth" in auth else "none" if auth == "open" else "key" if "api" in auth else None,
        "url": parts.url,
        "labels": [*labelled("provider", entry.get("provider")), *labelled("category", entry.get("category"))] or None,
        "sources": [document.source(line)],
    }
    id = f"mcp:{document.root}#{props['name']}" if is_here(parts.host) else parts.url
    yield NodeFact("ToolServer", id, {prop: value for prop, value in props.items() if value is not None})
