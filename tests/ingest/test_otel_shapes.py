"""Each shape that spans are written in, and each convention for what they say, tells the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from graphinv.ingest import otel_traces
from tests.ingest.traces import CHAT, START, Shown, agent, otlp, resource, span, tool

# --------------------------------------------------------------------------------------------------------------------------------
# Conventions

CONVENTIONS: dict[str, tuple[dict[str, Any], dict[str, Any], dict[str, Any]]] = {
    "openinference": (
        {"openinference.span.kind": "AGENT", "agent.name": "Planner"},
        {"openinference.span.kind": "TOOL", "tool.name": "search", "input.value": "x"},
        {"openinference.span.kind": "LLM", "llm.model_name": "gpt-4o"},
    ),
    "openllmetry": (
        {"traceloop.span.kind": "agent", "traceloop.entity.name": "Planner"},
        {"traceloop.span.kind": "tool", "traceloop.entity.name": "search"},
        {"llm.request.type": "chat", "gen_ai.request.model": "gpt-4o"},
    ),
    "agntcy-observe": (
        {"ioa_observe.span.kind": "agent", "ioa_observe.entity.name": "Planner.invoke", "ioa_observe.workflow.name": "trip"},
        {"traceloop.span.kind": "tool", "traceloop.entity.name": "search", "agent_id": "Planner", "ioa_observe.workflow.name": "trip"},
        {"gen_ai.request.model": "gpt-4o", "agent_id": "Planner.invoke", "ioa_observe.workflow.name": "trip"},
    ),
    "langgraph in a graph": (
        {"gen_ai.operation.name": "invoke_workflow"},
        {
            "traceloop.span.kind": "tool",
            "traceloop.entity.name": "search",
            "traceloop.association.properties.langgraph_checkpoint_ns": "Planner:4b56986e|tools:740333cd",
        },
        {"gen_ai.request.model": "gpt-4o", "langgraph_checkpoint_ns": "Planner:4b56986e|model:740333cd"},
    ),
    "any-agent": (
        {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "Planner"},
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "gen_ai.tool.args": "{}"},
        {"gen_ai.operation.name": "call_llm", "gen_ai.request.model": "gpt-4o"},
    ),
    "agent-framework": (
        {"executor.id": "Planner", "executor.type": "AgentExecutor", "message.type": "MessageType.STANDARD"},
        {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "gen_ai.tool.type": "function"},
        {"gen_ai.operation.name": "chat", "gen_ai.request.model": "unknown", "traceloop.association.properties.ls_model_name": "gpt-4o"},
    ),
    "ai-sdk": (
        {"ai.operationId": "ai.generateText", "ai.telemetry.functionId": "Planner"},
        {"ai.operationId": "ai.toolCall", "ai.toolCall.name": "search", "ai.toolCall.args": "{}"},
        {"ai.operationId": "ai.generateText.doGenerate", "ai.model.id": "gpt-4o"},
    ),
    "claude-code": (
        {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "Planner"},
        {"span.type": "tool", "tool_name": "search", "gen_ai.request.model": "gpt-4o"},
        {"span.type": "llm_request", "gen_ai.request.model": "gpt-4o"},
    ),
    "older": (
        {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "Planner", "gen_ai.system": "openai"},
        {"gen_ai.tool.name": "search"},
        {"gen_ai.operation.name": "text_completion", "gen_ai.response.model": "gpt-4o"},
    ),
}
EXPECTED = {("USES", "trips/Planner", "trips/search"), ("USES_MODEL", "trips/Planner", "gpt-4o")}


def flat(told: dict[str, Any], id: str, parent: str | None) -> dict[str, Any]:
    """A span as the SDK of Python prints it."""
    return {
        "name": "x",
        "context": {"trace_id": "0xa1", "span_id": id, "trace_state": "[]"},
        "kind": "SpanKind.INTERNAL",
        "parent_id": parent,
        "start_time": "2026-09-21T14:13:20.000005Z",
        "status": {"status_code": "OK"},
        "attributes": told,
        "events": [{"name": "x", "attributes": {"gen_ai.tool.name": "no span"}}],
        "resource": {"attributes": {"service.name": "trips"}, "schema_url": ""},
    }


@pytest.mark.parametrize("convention", CONVENTIONS)
def test_each_convention_says_the_same(convention: str) -> None:
    told = CONVENTIONS[convention]
    spans = [flat(one, f"0x0{index}", "0x00" if index else None) for index, one in enumerate(told)]
    assert set(Shown(json.dumps(spans)).edges) == EXPECTED


# --------------------------------------------------------------------------------------------------------------------------------
# Shapes


def generic(spans: list[dict[str, Any]], make: Any) -> list[dict[str, Any]]:
    return [make(one, {pair["key"]: next(iter(pair["value"].values())) for pair in one["attributes"]}) for one in spans]


SPANS = [tool("02", "search", "01"), agent("01", "Planner"), span("03", "01", **CHAT)]
JAEGER = {
    "data": [
        {
            "traceID": "a1",
            "spans": generic(
                SPANS,
                lambda one, told: {
                    "traceID": "a1",
                    "spanID": one["spanId"],
                    "operationName": one["name"],
                    "references": [{"refType": "CHILD_OF", "traceID": "a1", "spanID": one["parentSpanId"]}] if one["parentSpanId"] else [],
                    "startTime": START * 1_000_000,
                    "duration": 7,
                    "tags": [{"key": key, "type": "string", "value": value} for key, value in told.items()],
                    "processID": "p1",
                },
            ),
            "processes": {"p1": {"serviceName": "trips", "tags": []}},
        }
    ]
}
ZIPKIN = generic(
    SPANS,
    lambda one, told: {
        "traceId": "a1",
        "id": one["spanId"],
        "parentId": one["parentSpanId"],
        "timestamp": START * 1_000_000,
        "localEndpoint": {"serviceName": "trips"},
        "tags": told,
    },
)
SDK = generic(
    SPANS,
    lambda one, told: {
        "name": one["name"],
        "spanContext": {"traceId": "a1", "spanId": one["spanId"]},
        "parentSpanContext": {"spanId": one["parentSpanId"]},
        "kind": 0,
        "startTime": [START, 65000000],
        "status": {"code": 0},
        "attributes": told,
        "resource": {"attributes": {"service.name": "trips"}},
    },
)
CLICKHOUSE = generic(
    SPANS,
    lambda one, told: {
        "Timestamp": "2026-09-21 14:13:20.000000005",
        "TraceId": "a1",
        "SpanId": one["spanId"],
        "ParentSpanId": one["parentSpanId"],
        "SpanName": one["name"],
        "ServiceName": "trips",
        "SpanAttributes": told,
        "StatusCode": "Ok",
    },
)
LANGFUSE = {
    "trace": {"id": "a1", "observations": [{"id": "02", "traceId": "a1", "type": "TOOL", "metadata": "{}"}]},
    "observations": generic(
        SPANS,
        lambda one, told: {
            "id": one["spanId"],
            "traceId": "a1",
            "parentObservationId": one["parentSpanId"] or None,
            "type": "SPAN",
            "startTime": "2026-09-21T14:13:20.258Z",
            "level": "DEFAULT",
            "metadata": json.dumps({"attributes": told, "resourceAttributes": {"service.name": "trips"}}),
        },
    ),
}
RUNS = {
    "id": "01",
    "trace_id": "a1",
    "name": "Planner",
    "run_type": "agent",
    "session_name": "trips",
    "start_time": "2026-09-21T14:13:20.258Z",
    "dotted_order": "x",
    "inputs": {"messages": ["gen_ai.tool.name"]},
    "child_runs": [
        {"id": "02", "run_type": "tool", "name": "search", "start_time": "2026-09-21T14:13:20", "session_name": "trips", "error": None},
        {
            "id": "03",
            "run_type": "llm",
            "name": "ChatOpenAI",
            "start_time": "2026-09-21T14:13:20",
            "extra": {"metadata": {"ls_model_name": "gpt-4o"}},
        },
    ],
}
SHAPES: dict[str, str] = {
    "otlp": otlp(resource(*SPANS)),
    "otlp, older": otlp(resource(*SPANS, scopes="instrumentationLibrarySpans")),
    "otlp, a line each": "".join(otlp(resource(one)) + "\n" for one in SPANS),
    "otlp, of an interface": json.dumps({"trace": {"resourceSpans": [resource(*SPANS)]}}),
    "tempo": json.dumps({"batches": [resource(*SPANS)]}),
    "jaeger": json.dumps(JAEGER),
    "zipkin": json.dumps(ZIPKIN),
    "sdk": json.dumps(SDK),
    "by name": json.dumps({one["name"]: [one] for one in SDK}),
    "sdk, a line each": "".join(json.dumps(one) + "\n" for one in SDK),
    "sdk, one after the other": "\n".join(json.dumps(one, indent=4) + "\n" for one in [*SDK, SDK[0]]),
    "clickhouse": "".join(json.dumps(one) + "\n" for one in CLICKHOUSE),
    "langfuse": json.dumps(LANGFUSE),
    "langsmith": json.dumps(RUNS),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_each_shape_says_the_same(shape: str) -> None:
    assert otel_traces.detect("x.json", SHAPES[shape].encode()[:4096])
    found = Shown(SHAPES[shape])
    assert set(found.edges) == EXPECTED
    assert not found.problems
    assert {props["first_seen"] for props in found.edges.values()} == {"2026-09-21T14:13:20Z"}, found.edges


@pytest.mark.parametrize("name", ["RunnableSequence", "RetrieverQueryEngine.workflow", "SentenceSplitter"])
def test_a_class_of_a_library_is_no_flow_of_anybodys(name: str) -> None:
    told = CONVENTIONS["openllmetry"]
    flow = {"traceloop.span.kind": "workflow", "traceloop.entity.name": name}
    spans = [flat(told[0], "0x1", None), flat(flow, "0x2", "0x1"), *(flat(one, f"0x1{index}", "0x2") for index, one in enumerate(told[1:]))]
    assert set(Shown(json.dumps(spans)).edges) == EXPECTED


def openai(id: str, parent: str | None, error: object = None, **data: object) -> dict[str, object]:
    """A span as the Agents SDK of OpenAI exports it."""
    times = {"started_at": "2026-09-21T14:13:20.000005+00:00", "ended_at": "2026-09-21T14:13:21+00:00"}
    return {"object": "trace.span", "id": id, "trace_id": "trace_1", "parent_id": parent, **times, "span_data": data, "error": error}


def test_spans_of_the_agents_sdk_of_openai() -> None:
    spans: list[dict[str, object]] = [
        {"object": "trace", "id": "trace_1", "workflow_name": "Agent workflow", "group_id": None, "metadata": None},
        openai("span_1", None, type="agent", name="Triage", handoffs=["Billing"], tools=["never_called"]),
        openai("span_2", "span_1", type="mcp_tools", server="crm", result=["find", "drop"]),
        openai("span_3", "span_1", type="function", name="find", input="{}", output="x", mcp_data={"server": "crm"}),
        openai("span_4", "span_1", type="function", name="drop", mcp_data=None, error={"message": "no", "data": None}),
        openai("span_5", "span_1", type="handoff", from_agent="Triage", to_agent="Billing"),
        openai("span_6", None, type="agent", name="Billing"),
        openai("span_7", "span_6", type="generation", model="gpt-4o", input=[{"role": "user", "content": "x"}]),
        openai("span_8", "span_6", type="function", name="ask_tax", output="x"),
        openai("span_9", "span_8", type="agent", name="Tax"),
        openai("span_a", "span_9", type="function", name="rate"),
        openai("span_b", "span_6", type="guardrail", name="polite", triggered=False),
    ]
    text = "\n".join(map(json.dumps, spans))
    assert otel_traces.detect("traces.jsonl", text.encode()[:4096])
    found = Shown(text, "traces.jsonl")
    assert set(found.edges) == {
        ("CONNECTS_TO", "logs#Triage", "logs#crm"),
        ("PROVIDES", "logs#crm", "logs#crm/find"),
        ("DELEGATES_TO", "logs#Triage", "logs#Billing"),
        ("USES_MODEL", "logs#Billing", "gpt-4o"),
        ("DELEGATES_TO", "logs#Billing", "logs#Tax"),
        ("USES", "logs#Tax", "logs#rate"),
    }
    assert found.edges["CONNECTS_TO", "logs#Triage", "logs#crm"]["tools"] == ["find"]
    assert found.edges["DELEGATES_TO", "logs#Triage", "logs#Billing"]["mode"] == "handoff"
    assert found.edges["USES_MODEL", "logs#Billing", "gpt-4o"]["first_seen"] == "2026-09-21T14:13:20Z"
    assert [severity for severity, _ in found.problems] == ["note"]  # what failed is no evidence


def test_spans_that_a_program_prints_one_after_the_other_are_read_whatever_the_file_is_called() -> None:
    printed = "\n\n".join(json.dumps(one, indent=4) for one in SDK)
    assert set(Shown(printed, "traces.jsonl").edges) == EXPECTED
    cut = Shown(printed[:-40], "traces.jsonl")
    assert ("USES", "trips/Planner", "trips/search") in cut.edges
    assert "error" in [severity for severity, _ in cut.problems]


def test_a_span_that_is_told_as_it_begins_and_as_it_ends_counts_once_and_as_it_ended() -> None:
    def told(event: str, id: str, parent: str | None, kind: str, status: str = "ok", **said: str) -> str:
        named = {name.replace("_", "."): value for name, value in said.items()}
        one = {
            "span_id": id,
            "trace_id": "t",
            "parent_id": parent,
            "name": f"{kind}.x",
            "kind": kind,
            "attributes": named,
            "status": status,
        }
        return json.dumps({"event": event, "span": {**one, "start_time": "2026-09-21T14:13:20Z"}})

    spans = [
        told("start", "1", None, "agent", agent_name="Planner"),
        *(told(event, "2", "1", "llm", llm_model="gpt-4o") for event in ("start", "end")),
        *(told(event, "3", "2", "tool", tool_name="search") for event in ("start", "end")),
        told("start", "4", "1", "tool", tool_name="drop"),
        told("end", "4", "1", "tool", status="error", tool_name="drop"),
    ]
    found = Shown("\n".join(spans), "traces.jsonl")
    assert {ends: props["count"] for ends, props in found.edges.items()} == {
        ("USES", "logs#Planner", "logs#search"): 1,
        ("USES_MODEL", "logs#Planner", "gpt-4o"): 1,
    }


def test_a_map_of_attributes_alone_is_a_span() -> None:
    told = {"gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search", "gen_ai.agent.name": "Planner", "input": "x"}
    assert set(Shown(json.dumps(told)).edges) == {("USES", "logs#Planner", "logs#search")}


def test_the_kind_that_phoenix_keeps_beside_the_attributes() -> None:
    def told(id: str, parent: str | None, name: str, kind: str, attributes: dict[str, Any]) -> dict[str, Any]:
        ids = {"context": {"trace_id": "a1", "span_id": id}, "parent_id": parent, "start_time": "2026-07-23T00:00:02+00:00"}
        return {"id": f"U3Bhbjo{id}", "name": name, **ids, "span_kind": kind, "status_code": "OK", "attributes": attributes, "events": []}

    spans = [
        told("s1", None, "planner.turn", "AGENT", {"input.value": "x"}),
        told("s2", "s1", "search", "TOOL", {"tool.name": "search"}),
        told("s3", "s1", "a-model", "LLM", {"llm.model_name": "gpt-4o"}),
    ]
    assert set(Shown(json.dumps(spans)).edges) == {("USES", "logs#planner", "logs#search"), ("USES_MODEL", "logs#planner", "gpt-4o")}


def test_an_observation_of_another_scanner_names_the_agent() -> None:
    line = {
        "event_id": "1",
        "actor_id": "agent:copilot",
        "observed_at": "2026-08-03T18:01:11Z",
        "raw_payload": {
            "trace_id": "7f",
            "span_id": "8f",
            "attributes": {"gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4.1"},
        },
    }
    other = {"event_id": "2", "actor_id": "arn:aws:x", "observed_at": "x", "raw_payload": {"eventName": "PutObject"}}
    text = json.dumps(line) + "\n" + json.dumps(other) + "\n"
    assert otel_traces.detect("x.jsonl", text.encode())
    assert set(Shown(text, "x.jsonl").edges) == {("USES_MODEL", "logs#copilot", "gpt-4.1")}


def test_metrics_beside_spans_are_no_spans() -> None:
    points = [{"attributes": {"gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "Counted"}, "value": 1}]
    metric = {"type": "metric", "name": "gen_ai.client.operation.duration", "dataPoints": points}
    found = Shown(SHAPES["sdk, a line each"] + json.dumps(metric) + "\n")
    assert (set(found.edges), found.of("Agent")) == (EXPECTED, {"trips/Planner"})


@pytest.mark.parametrize("text", ['{"mcp.servers": {}, "name": "x"}', '{"results": [{"name": "gen_ai.system"}]}', '{"traceId": "a"}'])
def test_other_files_are_not_taken(text: str) -> None:
    assert not otel_traces.detect("settings.json", text.encode())
    assert not otel_traces.detect("traces.md", SHAPES["otlp"].encode())
