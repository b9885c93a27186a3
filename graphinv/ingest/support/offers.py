"""Servers that a document offers to whoever wants them, and the tools that it says they have."""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.ingest.support.effects import name_hints
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props

MAX_TOOLS = 2000


def listed_tools(document: Document, located: Located, server: NodeKey) -> Iterator[Fact]:
    """(server)-[:PROVIDES]->(each tool of the document's list ``tools``); a listed tool has a name and no known effect.

    The key is that of the same tool in the server's source.
    """
    listed = located.value.get("tools")
    for index, tool in enumerate(listed[:MAX_TOOLS]) if isinstance(listed, list) else ():
        name = tool.get("name") if isinstance(tool, dict) else None
        if not isinstance(name, str) or not name.strip():
            continue
        shown = redact(name.strip()[:200])
        sources = [document.source(located.line("tools", index))]
        key: NodeKey = ("Tool", f"{server[1]}/{shown}")
        props: Props = {"name": shown, "kind_detail": "mcp tool", "hints": name_hints(shown), "sources": sources}
        yield NodeFact(*key, {name: value for name, value in props.items() if value})
        yield EdgeFact("PROVIDES", server, key, {"evidence": ["declared"], "sources": sources})
