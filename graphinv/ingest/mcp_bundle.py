"""MCP bundles: ``manifest.json`` of a desktop extension (MCPB, formerly DXT), which brings one MCP server to whoever installs it.

Drawn:
    (:ToolServer)-[:PROVIDES]->(:Tool that the manifest lists), (:ToolServer)-[:DEPENDS_ON]->(:Package)
    (:ToolServer)-[:HOLDS]->(:Secret), for credentials in the manifest and those that it asks the user for

A bundle is offered, not used: no agent connects to the server here. A tool that is listed has a name and no known effect; the tools of the
server's source, where that lies in the tree, say more and are the same nodes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import clients, jsondoc
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.offers import MAX_TOOLS, listed_tools, offered_server
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.tellable import tellable
from graphinv.model.facts import EdgeFact, Fact, NodeKey, Problem, Props, Ref

CLIENT = "claude-desktop"
NAME = "mcp_bundle"
TITLE = "MCP bundles (desktop extensions)"
FILES = ("**/manifest.json",)

_VERSION = re.compile(rb'"(?:dxt_version|manifest_version)"\s*:\s*"')
"""A text; browser extensions give their ``manifest_version`` as a number."""
_RUNS = {"node": "node", "python": "python", "uv": "uv run"}


def detect(path: str, head: bytes) -> bool:
    """Whether it is the manifest of a bundle, by its name and the version it is written in."""
    name = path.rpartition("/")[2]
    return name.startswith("manifest") and name.endswith(".json") and _VERSION.search(head) is not None


def read(document: Document) -> Iterator[Fact]:
    """The server, its tools, and the credentials that it has or asks for; nothing where the manifest has no server.

    Raises:
        IngestError: not JSON, or no JSON object.
    """
    located = jsondoc.parse(document)
    top = clients.top_object(located, document)
    server = top.get("server")
    if not isinstance(server, dict):
        if "dxt_version" in top:
            yield Problem(document.path, f"L{located.line('server')}", "describes a bundle without a server", "warning", NAME)
        return
    name = top.get("display_name", top.get("name"))
    if not isinstance(name, str) or not name.strip():
        yield Problem(document.path, f"L{located.line()}", "describes a bundle without a name", "error", NAME)
        return
    yield from clients.duplicate_problems(located, document, NAME)
    yield from _server(document, located, top, server, name.strip()[:200])


def _server(document: Document, located: Located, top: dict[str, Any], server: dict[str, Any], name: str) -> Iterator[Fact]:
    stated = server.get("mcp_config")
    entry = stated if isinstance(stated, dict) else _implied(server)
    where = clients.at(located, ("server", "mcp_config") if isinstance(stated, dict) else ("server",))
    key, facts = offered_server(document, CLIENT, name, entry, where, lambda props: _told(document, located, top, props))
    named: set[str] = set()
    for fact in facts:
        if isinstance(fact, EdgeFact) and isinstance(fact.target, Ref) and fact.target.space == "config":
            named.add(fact.target.name)
            yield replace(fact, target=_setting(document, fact.target.name))
        else:
            yield fact
    if key is not None:
        yield from listed_tools(document, located.value.get("tools"), key, partial(located.line, "tools"))
        yield from _asked_for(document, located, key, str(entry), named)


def _told(document: Document, located: Located, top: dict[str, Any], props: Props) -> Props:
    """What the manifest says of the server besides how it is started."""
    version = top.get("version")
    labels = [*props.get("labels", ()), "bundle=mcpb", *(["tools_generated=true"] if top.get("tools_generated") is True else ())]
    found: Props = {"labels": sorted(labels), "sources": [document.source(located.line("name"))]}
    if "version" not in props and isinstance(version, str) and tellable(version):
        found["version"] = version[:100]
    return found


def _implied(server: dict[str, Any]) -> dict[str, Any]:
    """How a server is started whose manifest only names its file."""
    entry, runs = server.get("entry_point"), _RUNS.get(str(server.get("type")))
    if not isinstance(entry, str) or not entry:
        return {}
    return {"command": f"{runs} ${{__dirname}}/{entry}" if runs else f"${{__dirname}}/{entry}"}


def _asked_for(document: Document, located: Located, server: NodeKey, entry: str, told: set[str]) -> Iterator[Fact]:
    """What the user is asked for and is to be kept secret, where the server is given it and that is not ``told`` yet."""
    asked = located.value.get("user_config")
    for name, option in list(asked.items())[:MAX_TOOLS] if isinstance(asked, dict) else ():
        secret = isinstance(option, dict) and option.get("sensitive") is True
        if secret and name not in told and f"${{user_config.{name}}}" in entry:
            sources = [document.source(located.line("user_config", name))]
            yield EdgeFact("HOLDS", server, _setting(document, name), {"place": "vault", "evidence": ["declared"], "sources": sources})


def _setting(document: Document, name: str) -> Ref:
    """A setting that the user fills in, of this bundle alone."""
    name = redact(name[:200])
    place = f"{document.root}/{document.folder}".rstrip("/")
    return Ref("Secret", "user_config", f"{document.folder}#{name}", fallback=f"user_config:{place}#{name}")
