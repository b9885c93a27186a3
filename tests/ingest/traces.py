"""Spans as tests write them: OTLP's, put together from a few words."""

from __future__ import annotations

import json
from typing import Any

from graphinv.ingest import facts_of, otel_traces
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, Ref, check_edge, check_node
from tests.ingest.reading import document

START = 1_790_000_000
"""The moment of the first span: 2026-09-21T14:13:20Z."""
Told = dict[str, Any]
"""Attributes to be given to a span with ``**``, as their names are as parameters; a span takes words of other types beside them."""
CHAT: Told = {"gen_ai__operation__name": "chat", "gen_ai__request__model": "gpt-4o"}


def attributes(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Attributes as OTLP writes them."""
    typed = {str: "stringValue", bool: "boolValue", int: "intValue"}
    return [{"key": key, "value": {typed[type(value)]: str(value) if type(value) is int else value}} for key, value in values.items()]


def span(id: str, parent: str = "", name: str = "x", kind: int = 1, at: int = 0, error: bool = False, **told: Any) -> dict[str, Any]:
    """A span; ``__`` in the name of an attribute is a dot."""
    return {
        "traceId": "a1" * 16,
        "spanId": id,
        "parentSpanId": parent,
        "name": name,
        "kind": kind,
        "startTimeUnixNano": str((START + at) * 1_000_000_000 + 5),
        "endTimeUnixNano": str((START + at + 1) * 1_000_000_000),
        "attributes": attributes({key.replace("__", "."): value for key, value in told.items()}),
        "status": {"code": 2} if error else {},
    }


def agent(id: str, name: str, parent: str = "", **more: Any) -> dict[str, Any]:
    return span(id, parent, f"invoke_agent {name}", gen_ai__operation__name="invoke_agent", gen_ai__agent__name=name, **more)


def tool(id: str, name: str, parent: str = "", **more: Any) -> dict[str, Any]:
    return span(id, parent, f"execute_tool {name}", gen_ai__operation__name="execute_tool", gen_ai__tool__name=name, **more)


def mcp(id: str, name: str, parent: str = "", kind: int = 3, **more: Any) -> dict[str, Any]:
    return span(id, parent, f"tools/call {name}", kind, mcp__method__name="tools/call", gen_ai__tool__name=name, **more)


def resource(*spans: dict[str, Any], service: str = "trips", scopes: str = "scopeSpans", **told: Any) -> dict[str, Any]:
    """The spans of one resource."""
    named = {"service.name": service} if service else {}
    values = named | {key.replace("__", "."): value for key, value in told.items()}
    return {"resource": {"attributes": attributes(values)}, scopes: [{"scope": {"name": "x"}, "spans": list(spans)}]}


def otlp(*resources: dict[str, Any]) -> str:
    return json.dumps({"resourceSpans": list(resources)})


class Shown:
    """What a trace shows, each fact fit for the vocabulary."""

    def __init__(self, text: str | bytes, path: str = "traces.json") -> None:
        self.all: list[Fact] = list(facts_of(otel_traces, document(text, path, "logs")))
        self.nodes: dict[NodeKey, Props] = {}
        self.edges: dict[tuple[str, str, str], Props] = {}
        for fact in self.all:
            if isinstance(fact, NodeFact):
                self.nodes[fact.key] = check_node(fact).props
            elif isinstance(fact, EdgeFact):
                assert not isinstance(fact.source, Ref)
                assert not isinstance(fact.target, Ref)
                props = check_edge(fact).props
                assert props["evidence"] == ["observed"]
                self.edges[fact.kind, fact.source[1].removeprefix("called:"), fact.target[1].removeprefix("called:")] = props
        self.problems = [(fact.severity, fact.message) for fact in self.all if isinstance(fact, Problem)]

    def of(self, kind: str) -> set[str]:
        """Ids of the nodes of a kind."""
        return {id.removeprefix("called:") for one, id in self.nodes if one == kind}
