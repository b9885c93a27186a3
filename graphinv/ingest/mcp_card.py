"""Cards of MCP servers: what a site says of its own server, at ``.well-known/mcp.json`` or ``.well-known/mcp/server-card.json``.

Drawn:
    (:ToolServer)-[:PROVIDES]->(:Tool that the card lists)

A card offers: no agent connects to the server here. Without an address of its own (a path of the site) the server is that of the document.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import partial

from graphinv.ingest import Document
from graphinv.ingest.support import clients, jsondoc
from graphinv.ingest.support.offers import listed_tools, offered_server
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.tellable import tellable
from graphinv.model.facts import Fact, NodeFact, NodeKey, Props

CLIENT = "mcp-client"
NAME = "mcp_card"
TITLE = "Cards of MCP servers"
FILES = ("any other .well-known/mcp.json", "any other .well-known/mcp/server-card.json")

_OURS = re.compile(r"(?:.*/)?\.well-known/(?:mcp\.json|mcp/server-card\.json)", re.DOTALL)
_ADDRESSES = ("serverUrl", "url", "endpoint")
_AUTH = {"none": "none", "bearer": "key", "apikey": "key", "api_key": "key", "header": "key", "oauth": "oauth", "oauth2": "oauth"}


def detect(path: str, head: bytes) -> bool:
    """Whether it lies where cards do and is no configuration, which names its servers itself."""
    return _OURS.fullmatch(path) is not None and not any(key in head for key in (b'"mcpServers"', b'"servers"'))


def read(document: Document) -> Iterator[Fact]:
    """The server and its tools; nothing where the document names no server.

    Raises:
        IngestError: not JSON, or no JSON object.
    """
    located = jsondoc.parse(document)
    top = clients.top_object(located, document)
    yield from clients.duplicate_problems(located, document, NAME)
    name = next((top[key] for key in ("displayName", "title", "name") if isinstance(top.get(key), str) and top[key].strip()), None)
    if name is None:
        return
    field = next((key for key in _ADDRESSES if isinstance(top.get(key), str) and re.match(r"https?://", top[key])), None)
    version = top.get("version")
    stated = {
        "kind_detail": "server card",
        "auth": _auth(top.get("auth", top.get("authentication"))),
        "version": version if isinstance(version, str) and tellable(version) else None,
    }
    told: Props = {prop: value for prop, value in stated.items() if value is not None}
    name, line = name.strip()[:200], located.line()
    key: NodeKey | None
    if field is None:
        key = ("ToolServer", f"mcp-card:{document.source()}")
        props: Props = {"name": redact(name), "protocol": "mcp", "origin": "internal", **told, "sources": [document.source(line)]}
        yield NodeFact(*key, props)
    else:
        entry = {"url": top[field], "transport": top.get("transport")}
        key, facts = offered_server(document, CLIENT, name, entry, clients.at(located, ()), lambda _: told)
        yield from facts
    if key is not None:
        yield from listed_tools(document, located.value.get("tools"), key, partial(located.line, "tools"))


def _auth(stated: object) -> str | None:
    """How the card says that callers prove who they are."""
    if isinstance(stated, dict):
        stated = stated.get("type", stated.get("schemes"))
    kinds = [stated] if isinstance(stated, str) else stated if isinstance(stated, list) else []
    found = {_AUTH.get(kind.lower()) for kind in kinds if isinstance(kind, str)}
    return next((kind for kind in ("none", "key", "oauth") if kind in found), None)
