"""Traces of agents: what was seen at work. OTLP JSON (also one object a line, as the collector's file exporter writes), Jaeger, batches of
Tempo, Zipkin, spans as SDKs print them and as maps of attributes, exports of Langfuse and LangSmith, traces of OpenAI's Agents SDK; with
the attributes of OpenTelemetry for models, agents and MCP, of OpenInference, OpenLLMetry, AGNTCY's Observe and the AI SDK.

Drawn, each edge ``observed`` with how often and from when to when: see :mod:`graphinv.ingest.support.otel.nesting`, and

    (:Agent)-[:RUNS_ON]->(:Runtime), (:Agent)-[:RUNS_AS]->(:Identity)   where the resource of the trace tells it
    (:Agent)-[:RUNS_TASK]->(:Task)                                      ``graphinv.task.id``

An agent is who its service and its name say, never an id alone, which is new with each run; :mod:`graphinv.pipeline.called` finds the one
that is declared. Content (prompts, arguments, results, messages) is not looked at.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from hashlib import sha256

from graphinv.ingest import Document
from graphinv.ingest.support.observed import united
from graphinv.ingest.support.otel.meaning import deed_of
from graphinv.ingest.support.otel.nesting import Nesting, Summary
from graphinv.ingest.support.otel.shapes import Reading
from graphinv.model.facts import EdgeFact, Fact, NodeKey, Problem, Props, Ref

NAME = "otel_traces"
TITLE = "Traces of agents: OpenTelemetry, OpenInference, OpenLLMetry, AI SDK"
FILES: tuple[str, ...] = (
    "any JSON file, or file of JSON lines, of spans: OTLP, Jaeger, Tempo, Zipkin, as SDKs print them",
    "maps of attributes such as `gen_ai.operation.name`, `openinference.span.kind`, `traceloop.span.kind`, `ai.operationId`",
    "exports of Langfuse and LangSmith, traces of OpenAI's Agents SDK",
)
MAX_BYTES = 256 * 1024 * 1024

_ENDINGS = (".json", ".jsonl", ".ndjson")
_OTLP = re.compile(rb'"(?:resourceSpans|resource_spans|scopeSpans|scope_spans|instrumentationLibrarySpans)"\s*+:')
_TRACE = re.compile(rb'"(?:trace_?[iI][dD]|TraceId)"\s*+:')
_SPAN = re.compile(rb'"(?:span_?[iI][dD]|SpanId|parentObservationId|localEndpoint)"\s*+:')
_RUN = re.compile(rb'"(?:dotted_order|parent_run_id|child_runs)"\s*+:')
_MAP = re.compile(
    rb'"(?:gen_ai\.(?:operation\.name|system|provider\.name|request\.model|agent\.name|tool\.name)|openinference\.span\.kind'
    rb'|traceloop\.span\.kind|ai\.operationId|mcp\.method\.name|llm\.model_name)"\s*+:'
)
_LANGFUSE = re.compile(rb'"trace"\s*+:\s*+\{\s*+"id"\s*+:(?s:.)*"bookmarked"\s*+:')
_OPENAI = re.compile(rb'"object"\s*+:\s*+"trace(?:\.span)?"')
_OPENAI_KEY = re.compile(rb'"(?:span_data|workflow_name)"\s*+:')
_OBSERVED = (b'"actor_id"', b'"observed_at"', b'"raw_payload"')


def detect(path: str, head: bytes) -> bool:
    """Whether a JSON file begins with spans, or with attributes that only spans have."""
    if not path.lower().endswith(_ENDINGS):
        return False
    if _OTLP.search(head) or (_TRACE.search(head) and _SPAN.search(head)) or _MAP.search(head) or _LANGFUSE.search(head):
        return True
    if _OPENAI.search(head) and _OPENAI_KEY.search(head):
        return True
    return (b'"run_type"' in head and _RUN.search(head) is not None) or all(mark in head for mark in _OBSERVED)


def summarise(document: Document) -> Summary:
    """What a document shows at work, counted. O(bytes).

    Raises:
        IngestError: it is not text, as a whole not JSON, or holds more than a million spans.
    """
    reading, nesting = Reading(document), Nesting(document)
    for span in reading.spans():
        nesting.add(span, deed_of(span))
    summary = nesting.finish()
    summary.broken, summary.digest = reading.broken, sha256(document.data).digest()
    return summary


def link(root: str, summaries: Mapping[str, Summary]) -> Iterator[Fact]:
    """What all documents show together: their counts add up. O(different edges)."""
    distinct = {one.digest: one for _, one in sorted(summaries.items(), reverse=True)}
    whole = united(one.tally for one in distinct.values())
    tools: dict[tuple[NodeKey, NodeKey], set[str]] = {}
    sure: dict[NodeKey, float] = {}
    for path, one in summaries.items():
        for pair, called in one.tools.items():
            tools.setdefault(pair, set()).update(called)
        sure |= one.sure
        yield from _problems(path, one)
    for fact in whole.facts():
        yield _told(fact, tools, sure) if isinstance(fact, EdgeFact) else fact
    yield from whole.problems(root, NAME)


def _told(edge: EdgeFact, tools: Mapping[tuple[NodeKey, NodeKey], set[str]], sure: Mapping[NodeKey, float]) -> EdgeFact:
    """``edge`` with the tools that were called over it, and how sure it is."""
    if isinstance(edge.source, Ref) or isinstance(edge.target, Ref):
        return edge
    props: Props = dict(edge.props)
    if edge.kind == "CONNECTS_TO":
        props["tools"] = sorted(tools.get((edge.source, edge.target), ()))
    confidence = min(sure.get(edge.source, 1.0), sure.get(edge.target, 1.0))
    return replace(edge, props=props if confidence == 1.0 else {**props, "confidence": confidence})


def _problems(path: str, summary: Summary) -> Iterator[Problem]:
    for line in summary.broken[:20]:
        yield Problem(path, f"L{line}", "is not JSON; what this line shows is not read", "error", NAME)
    if len(summary.broken) > 20:
        yield Problem(path, "", f"holds {len(summary.broken) - 20} more lines that are not JSON", "error", NAME)
    if summary.failed:
        yield Problem(path, "", f"shows calls that failed ({summary.failed:,}); they are no evidence of access", "note", NAME)
    if summary.nobodys:
        message = f"shows things done of which neither the agent nor the service is told ({summary.nobodys:,}); they are left out"
        yield Problem(path, "", message, "warning", NAME)
