"""Servers that a document offers to whoever wants them, and the tools that it says they have."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.clients import host_key
from graphinv.ingest.support.effects import name_hints
from graphinv.ingest.support.parts import mapping
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.servers import server_facts
from graphinv.ingest.support.tool_schema import tool_props
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, Props

MAX_TOOLS = 2000
MANIFESTS = "plugin-manifest"
"""The space in which the server of a plug-in's manifest is bound by the manifest's path."""


def offered(facts: Iterable[Fact], host: NodeKey) -> Iterator[Fact]:
    """``facts`` of a server that nobody uses yet: without what they say of ``host``, and bound to no name."""
    for fact in facts:
        if not isinstance(fact, Binding) and not (isinstance(fact, EdgeFact) and host in (fact.source, fact.target)):
            yield fact


def offered_server(
    document: Document,
    client: str,
    name: str,
    entry: object,
    where: Callable[..., int],
    told: Callable[[Props], Props],
    *,
    section: str = "",
) -> tuple[NodeKey | None, list[Fact]]:
    """Key and facts of one server that the document offers; the key is None where ``entry`` is no server, which the facts tell.

    Args:
        document: where it is offered.
        client: slug of the client whose form ``entry`` has.
        name: its name.
        entry: how it is started or reached.
        where: line of a pointer below the entry.
        told: what else the document says of it, from the properties that the entry gives; these are replaced.
        section: put before the name in ids, where one document has several sets of servers.
    """
    host = host_key(document, client, document.folder)
    key: NodeKey | None = None
    found: list[Fact] = []
    facts = server_facts(document, client=client, host=host, name=name, entry=entry, where=where, folder=document.folder, section=section)
    for fact in offered(facts, host):
        if isinstance(fact, NodeFact) and fact.kind == "ToolServer":
            key = fact.key
            found.append(NodeFact(*key, {**fact.props, **told(fact.props)}))
        else:
            found.append(fact)
    return key, found


def listed_tools(document: Document, listed: object, server: NodeKey, line: Callable[[int], int]) -> Iterator[Fact]:
    """(server)-[:PROVIDES]->(each tool of a document's list of its tools); a listed tool has a name and no known effect, and what its
    definition says where that is listed too. A definition without the schema of its arguments has no digest.

    The key is that of the same tool in the server's source; ``line`` gives the line of an entry by its place in the list.
    """
    for index, tool in enumerate(listed[:MAX_TOOLS]) if isinstance(listed, list) else ():
        name = tool.get("name") if isinstance(tool, dict) else None
        if not isinstance(name, str) or not name.strip():
            continue
        shown = redact(name.strip()[:200])
        sources = [document.source(line(index))]
        key: NodeKey = ("Tool", f"{server[1]}/{shown}")
        stated = _definition(name.strip(), tool)
        hints = [*stated.pop("hints", []), *name_hints(shown)]
        props: Props = {"name": shown, "kind_detail": "mcp tool", "hints": hints, **stated, "sources": sources}
        yield NodeFact(*key, {name: value for name, value in props.items() if value})
        yield EdgeFact("PROVIDES", server, key, {"evidence": ["declared"], "sources": sources})


def _definition(name: str, tool: Mapping[str, Any]) -> Props:
    """What the definition of a tool says of it, as the MCP server lists it."""
    texts = {field: tool[field] for field in ("title", "description") if isinstance(tool.get(field), str)}
    given, back = (mapping(tool[field]) if isinstance(tool.get(field), dict) else None for field in ("inputSchema", "outputSchema"))
    stated = tool_props(name, texts.get("description"), given, back, mapping(tool.get("annotations")), [texts.get("title", "")])
    return stated if given is not None else {field: value for field, value in stated.items() if field != "schema_digest"}
