"""Traces that have a secret in every place where a program may put one."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any


def traces(plant: Callable[..., str]) -> dict[str, str]:
    """Files by path. In the place of a name only its shape can tell that it is a secret; in content anything may be one."""

    def shaped() -> str:
        return plant("gh" + "p_")

    def content() -> dict[str, Any]:
        names = (
            *(
                "gen_ai.input.messages",
                "gen_ai.tool.call.arguments",
                "gen_ai.tool.call.result",
                "gen_ai.system_instructions",
                "input.value",
            ),
            *("output.value", "db.query.text", "db.statement", "exception.message", "http.request.header.authorization", "url.query"),
        )
        return {name: plant() for name in names} | {shaped(): plant()}

    def span(id: str, parent: str, **told: Any) -> dict[str, Any]:
        values = content() | {key.replace("__", "."): value for key, value in told.items()}
        return {
            "traceId": "a1" * 16,
            "spanId": id,
            "parentSpanId": parent,
            "name": f"{shaped()} {plant()}",
            "kind": 3,
            "startTimeUnixNano": "1790000000000000000",
            "attributes": [{"key": key, "value": {"stringValue": value}} for key, value in values.items()],
            "events": [{"name": shaped(), "attributes": [{"key": "body", "value": {"stringValue": plant()}}]}],
            "status": {"message": plant()},
        }

    url = f"https://u:{plant()}@mcp.acme.example/{plant()}/mcp?api_key={plant()}"
    own = {"graphinv__task__id": shaped(), "graphinv__decision__id": plant(), "graphinv__decision__point": shaped()}
    spans = [
        span("01", "", gen_ai__operation__name="invoke_agent", gen_ai__agent__name=f"Planner {shaped()}", gen_ai__agent__version=shaped()),
        span("02", "01", gen_ai__operation__name="execute_tool", gen_ai__tool__name=shaped(), **own),
        span("03", "01", mcp__method__name="tools/call", gen_ai__tool__name=shaped(), url__full=url, mcp__session__id=plant()),
        span("04", "01", mcp__method__name="tools/call", gen_ai__tool__name=shaped(), server__address=f"{shaped()}.example"),
        span("05", "01", gen_ai__operation__name="chat", gen_ai__request__model=shaped()),
        span("06", "01", gen_ai__operation__name="search_memory", gen_ai__memory__store__id=shaped()),
        span("07", "01", gen_ai__operation__name="retrieval", gen_ai__data_source__id=shaped()),
        span("08", "02", db__system="postgresql", db__operation="SELECT", server__address="db.acme.example", db__name=shaped()),
        span("09", "01", graphinv__identity__id=shaped(), gen_ai__operation__name="invoke_agent", gen_ai__agent__name=shaped()),
    ]
    resource = {
        "service.name": f"trips {shaped()}",
        "host.name": shaped(),
        "deployment.environment": shaped(),
        "process.command_args": plant(),
    }
    attributes = [{"key": key, "value": {"stringValue": value}} for key, value in resource.items()]
    otlp = json.dumps({"resourceSpans": [{"resource": {"attributes": attributes}, "scopeSpans": [{"spans": spans}]}]})
    flat = {
        "openinference.span.kind": "TOOL",
        "tool.name": shaped(),
        "agent.name": shaped(),
        "tool.parameters": plant(),
        "input.value": plant(),
    }
    return {
        "shop/traces/spans.json": otlp,
        "shop/traces/spans.jsonl": f"{otlp}\n{otlp[:-20]}\n{json.dumps(flat)}\n",
        "shop/traces/flat.json": json.dumps(flat, indent=1),
    }
