"""MCP servers and agents of opencode: ``opencode.json`` and ``opencode.jsonc``."""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.ingest.support import clients, jsondoc
from graphinv.ingest.support.clients import patterns, project_folder
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.opencode import agent_facts, autonomy, permission_of
from graphinv.ingest.support.packages import npm
from graphinv.ingest.support.servers import is_server
from graphinv.ingest.support.tellable import tellable_package
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props

CLIENT = "opencode"
NAME = "mcp_opencode"
TITLE = "MCP servers and agents of opencode"
FILES = patterns(CLIENT)
MAX_PLUGINS = 500


def detect(path: str, head: bytes) -> bool:
    """Whether it is a configuration of opencode."""
    return project_folder(path, CLIENT) is not None


def read(document: Document) -> Iterator[Fact]:
    """The host, its servers and what they are given, and its agents with the tools and servers that each may use."""
    located = jsondoc.parse(document)
    top = clients.top_object(located, document)
    folder = project_folder(document.path, CLIENT) or ""
    host = clients.host_key(document, CLIENT, folder)
    yield clients.host_fact(document, CLIENT, folder, autonomy=autonomy(permission_of(top)))
    yield from clients.duplicate_problems(located, document, NAME)
    within = clients.value_at(located, ("mcp", "servers"))
    nested = isinstance(within, dict) and not is_server(within) and "enabled" not in within  # or a server that is called so
    servers: Pointer = ("mcp", "servers") if nested else ("mcp",)
    yield from clients.servers(document, located, servers, client=CLIENT, folder=folder, host=host)
    yield from _plugins(document, located, host)
    for section in ("agent", "agents", "mode"):
        agents = top.get(section)
        for name, agent in agents.items() if isinstance(agents, dict) else ():
            if isinstance(agent, dict):
                configured = within if nested else top.get("mcp", {})
                yield from agent_facts(document, located, (section, name), folder, name, agent, configured)
    without = ("mcp", "agent", "agents", "mode", "command", "commands", "instructions")
    yield from clients.other_secrets(document, located, host, without=without)


def _plugins(document: Document, located: Located, host: NodeKey) -> Iterator[Fact]:
    """(host)-[:DEPENDS_ON]->(each package that runs within it as a plug-in); files of the tree are none."""
    field = "plugin" if "plugin" in located.value else "plugins"
    listed = located.value.get(field)
    for index, spec in enumerate(listed[:MAX_PLUGINS] if isinstance(listed, list) else ()):
        package = tellable_package(npm(spec)) if isinstance(spec, str) else None
        if package is not None:
            sources = [document.source(located.line(field, index))]
            key: NodeKey = ("Package", package.purl)
            props: Props = {"name": package.name, "purl": package.purl, "sources": sources}
            yield NodeFact(*key, {**props, "version": package.version} if package.pinned else props)
            yield EdgeFact("DEPENDS_ON", host, key, {"evidence": ["declared"], "sources": sources})
