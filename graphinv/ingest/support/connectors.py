"""Connectors that a provider of models hosts: servers without an address of their own, named by an id."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.secrets import secret_facts
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props

_ID = re.compile(r"connector_[a-z0-9_]{1,60}")


def connector_of(entry: Mapping[str, Any]) -> str | None:
    """The id of the connector that an entry of OpenAI's hosted MCP tool names; None where it names none.

    >>> connector_of({"connector_id": "connector_googlecalendar"}), connector_of({"url": "https://mcp.example.com"})
    ('connector_googlecalendar', None)
    """
    stated = entry.get("connector_id", entry.get("connectorId"))
    return stated if isinstance(stated, str) and _ID.fullmatch(stated) else None


def connector_facts(connector: str, agent: NodeKey, entry: Mapping[str, Any], document: Document, line: int) -> Iterator[Fact]:
    """(agent)-[:CONNECTS_TO {tools}]->(:ToolServer openai:<connector>), and the token that the agent gives it."""
    source = document.source(line)
    key: NodeKey = ("ToolServer", f"openai:{connector}")
    props: Props = {
        "name": connector.removeprefix("connector_"),
        "kind_detail": "hosted connector",
        "protocol": "mcp",
        "transport": "http",
        "origin": "third_party",
        "auth": "oauth",
        "sources": [source],
    }
    yield NodeFact(*key, props)
    allowed = entry.get("allowed_tools", entry.get("allowedTools"))
    tools = [name for name in allowed if isinstance(name, str)] if isinstance(allowed, list) else None
    edge: Props = {"evidence": ["declared"], "sources": [source]}
    yield EdgeFact("CONNECTS_TO", agent, key, edge if tools is None else {**edge, "tools": tools})
    token = entry.get("authorization")
    if isinstance(token, str):
        yield from secret_facts(document, line, agent, "authorization", token, "env")
