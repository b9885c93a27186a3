"""Spans of a document, in whatever shape an exporter, a backend or an SDK writes them.

    OTLP          {"resourceSpans": [{"resource", "scopeSpans": [{"scope", "spans"}]}]}, also under older names, as batches of Tempo,
                  one object a line
    Jaeger        {"data": [{"traceID", "spans", "processes"}]}
    others        any object with ids of a span, or with attributes that speak of models and agents: what SDKs print, Zipkin, Langfuse,
                  runs of LangSmith, ClickHouse, spans of OpenAI's Agents SDK; alone, in lists, by name, one a line, one after the other

Which spelling a field has (``span_id``, ``spanId``, ``SpanId``) makes no difference.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc
from graphinv.ingest.support.jsonlog import JsonLog
from graphinv.ingest.support.located import Pointer
from graphinv.ingest.support.otel.origins import Origin, origin_of
from graphinv.ingest.support.otel.values import Attributes, attributes_of, moment
from graphinv.ingest.support.parts import items, mapping
from graphinv.model.errors import IngestError

MAX_LINE = 32 * 1024 * 1024
_MAX_DEPTH = 12
"""How deep spans may lie in lists and maps."""
_RESOURCES = ("resourceSpans", "resource_spans", "batches")
_SCOPES = ("scopeSpans", "scope_spans", "instrumentationLibrarySpans", "instrumentation_library_spans")
_STARTS = ("starttimeunixnano", "starttime", "startedat", "startts", "timestamp", "observedat")
_NO_SPANS = frozenset({"datapoints", "metrics", "resourcemetrics", "logs", "resourcelogs", "events", "links", "scores"})
"""What lies beside spans and has attributes like theirs."""
_CHILDREN = ("children", "childspans", "childruns")
_ATTRIBUTES = ("attributes", "spanattributes", "tags", "labels", "customdimensions")
TELLING = ("gen_ai.", "openinference.span.kind", "traceloop.", "ai.operationId", "mcp.method", "llm.")
"""Beginnings of attributes that only spans of agents and models have."""
_TELLING = tuple(name.replace("_", "").lower() for name in TELLING)
_PROTOBUF_KINDS = ("", "internal", "server", "client", "producer", "consumer")
_FAILED = frozenset({"2", "error", "status_code_error", "failed"})
_OBSERVATION = {"AGENT": "AGENT", "TOOL": "TOOL", "GENERATION": "LLM", "EMBEDDING": "EMBEDDING"}
"""Langfuse's types of observations, as OpenInference calls them."""
_KINDS = frozenset({"agent", "chain", "embedding", "evaluator", "guardrail", "llm", "prompt", "reranker", "retriever", "tool"})
"""Kinds of spans of OpenInference, where they stand beside the attributes."""
_RUN = {"tool": "TOOL", "llm": "LLM", "agent": "AGENT", "embedding": "EMBEDDING"}
"""LangSmith's types of runs, likewise."""


@dataclass(frozen=True, slots=True)
class Span:
    """One span. ``kind`` is ``client``, ``server`` and so on, or empty; ``at`` when it began; ``failed`` whether it ended with an error."""

    trace: str
    id: str
    parent: str
    name: str
    kind: str
    at: str | None
    failed: bool
    attributes: Attributes
    origin: Origin
    line: int


@dataclass
class Reading:
    """A document being read; ``broken`` are the lines that are no JSON."""

    document: Document
    broken: list[int] = field(default_factory=list)
    _origins: dict[tuple[tuple[str, str], ...], Origin] = field(default_factory=dict)

    def spans(self) -> Iterator[Span]:
        """All spans, in order. O(bytes).

        Raises:
            IngestError: it is not text, or as a whole not JSON.
        """
        if self._is_lines():
            yield from self._lines()
            return
        try:
            located = jsondoc.parse(self.document)
        except IngestError:
            if self.document.data.lstrip()[:1] != b"{":
                raise
            yield from self._one_by_one()
        else:
            yield from _Walk(self, lambda pointer: located.line(*pointer)).within(located.value, (), Origin(), 0)

    def _lines(self) -> Iterator[Span]:
        start, line = 0, self.document.line
        data = self.document.text()
        while start < len(data):
            end = data.find("\n", start)
            end = len(data) if end < 0 else end
            text = data[start:end].strip() if end - start <= MAX_LINE else "?"
            if text:
                yield from self._line(text, line)
            start, line = end + 1, line + 1

    def _line(self, text: str, line: int) -> Iterator[Span]:
        try:
            value = json.loads(text)
        except (ValueError, RecursionError):
            self.broken.append(line)
            return
        yield from _Walk(self, lambda _: line).within(value, (), Origin(), 0)

    def _one_by_one(self) -> Iterator[Span]:
        """Objects over several lines each, one after the other, as SDKs print them."""
        log = JsonLog(self.document)
        for line, value in log.objects():
            yield from _Walk(self, lambda _, line=line: line).within(value, (), Origin(), 0)  # type: ignore[misc]
        if log.bad is not None:
            self.broken.append(log.bad)

    def _is_lines(self) -> bool:
        """Whether each line is a value of its own: the first is no mere bracket, and the file's name says so or another follows."""
        first, newline, rest = self.document.data.lstrip().partition(b"\n")
        if first.strip() in (b"{", b"["):
            return False
        if self.document.name.lower().endswith((".jsonl", ".ndjson")):
            return True
        return bool(newline) and first.strip().endswith(b"}") and first[:1] == b"{" and rest[:64].lstrip()[:1] == b"{"

    def origin(self, resource: Attributes) -> Origin:
        """The origin of a resource; the same object for the same resource."""
        key = tuple(sorted((name, value) for name, value in resource.items() if isinstance(value, str)))
        known = self._origins.get(key)
        if known is None:
            known = self._origins[key] = origin_of(resource, self.document.root)
        return known


@dataclass(frozen=True)
class _Walk:
    """One value of a document. ``line`` gives the line of a pointer."""

    reading: Reading
    line: Callable[[Pointer], int]

    def within(self, value: Any, at: Pointer, origin: Origin, depth: int) -> Iterator[Span]:
        """Spans of ``value``; ``origin`` is that of what stands around it."""
        if depth > _MAX_DEPTH:
            return
        if isinstance(value, list):
            for index, item in enumerate(value):
                yield from self.within(item, (*at, index), origin, depth + 1)
            return
        if not isinstance(value, dict):
            return
        resources = next((name for name in _RESOURCES if isinstance(value.get(name), list)), None)
        if resources is not None:
            for index, item in enumerate(items(value[resources])):
                yield from self.of_resource(item, (*at, resources, index))
        elif any(name in value for name in _SCOPES):
            yield from self.of_resource(value, at)
        elif isinstance(value.get("processes"), dict) and isinstance(value.get("spans"), list):
            yield from self.of_jaeger(value, at)
        else:
            yield from self.of_any(value, at, origin, depth)

    def of_resource(self, value: Mapping[str, Any], at: Pointer) -> Iterator[Span]:
        """OTLP: the spans of one resource, by the library that wrote them."""
        origin = self.reading.origin(attributes_of(mapping(value.get("resource")).get("attributes")))
        for name in _SCOPES:
            for index, scope in enumerate(items(value.get(name))):
                for place, span in enumerate(items(scope.get("spans"))):
                    yield self.span(_fields(span), span, (*at, name, index, "spans", place), origin)

    def of_jaeger(self, value: Mapping[str, Any], at: Pointer) -> Iterator[Span]:
        origins = {}
        for name, process in value["processes"].items():
            told = mapping(process)
            origins[name] = self.reading.origin({**attributes_of(told.get("tags")), "service.name": told.get("serviceName")})
        for place, span in enumerate(items(value["spans"])):
            process = span.get("processID")
            origin = origins.get(process, Origin()) if isinstance(process, str) else Origin()
            yield self.span(_fields(span), span, (*at, "spans", place), origin)

    def of_any(self, value: Mapping[str, Any], at: Pointer, origin: Origin, depth: int) -> Iterator[Span]:
        """A span, what its children are, or something that may hold spans."""
        fields = _fields(value)
        if not _is_span(fields):
            told = fields.get("actorid")
            if isinstance(told, str) and told.startswith("agent:"):  # an observation that another scanner wrote down
                origin = self.reading.origin({"gen_ai.agent.name": told.removeprefix("agent:")})
            inner = [(key, item) for key, item in value.items() if isinstance(item, (dict, list)) and _spelled(key) not in _NO_SPANS]
            if "observations" in fields:
                inner = [(key, item) for key, item in inner if key != "trace"]  # which tells them a second time, and less of each
            for key, item in inner:
                yield from self.within(item, (*at, key), origin, depth + 1)
            return
        span = self.span(fields, value, at, self._own_origin(fields, value) or origin)
        yield span
        for key, item in value.items():
            if isinstance(item, list) and _spelled(key) in _CHILDREN:
                for child in self.within(item, (*at, key), span.origin, depth + 1):
                    yield child if child.parent else replace(child, parent=span.id, trace=child.trace or span.trace)

    def _own_origin(self, fields: Mapping[str, Any], value: Mapping[str, Any]) -> Origin | None:
        """The origin that a span tells itself."""
        resource = fields.get("resource", fields.get("resourceattributes"))
        if isinstance(resource, dict) and isinstance(resource.get("attributes"), (dict, list)):
            resource = resource["attributes"]
        told = attributes_of(resource)
        metadata = attributes_of(fields.get("metadata"))
        told |= _below("resourceAttributes.", metadata)
        end = mapping(fields.get("localendpoint"))
        own = _attributes(fields, value)
        services = (fields.get("servicename"), end.get("serviceName"), fields.get("cloudrolename"), fields.get("sessionname"))
        for service in (*services, own.get("service.name"), own.get("aws.local.service")):
            if isinstance(service, str) and service:
                told.setdefault("service.name", service)
        return self.reading.origin(told) if told else None

    def span(self, fields: Mapping[str, Any], value: Mapping[str, Any], at: Pointer, origin: Origin) -> Span:
        context = _fields(mapping(fields.get("context", fields.get("spancontext"))))
        attributes = _attributes(fields, value)
        start = next((fields[name] for name in _STARTS if name in fields), None)
        return Span(
            _id(fields, context, names=("traceid", "operationid")),
            _id(fields, context, names=("spanid",)) or _id(fields, {}, names=("id",)),
            _parent(fields),
            next((fields[name] for name in ("name", "operationname", "spanname") if isinstance(fields.get(name), str)), "")[:500],
            _kind(fields, attributes),
            moment(start),
            _has_failed(fields, attributes),
            attributes,
            origin,
            self.line(at),
        )


def _below(prefix: str, attributes: Attributes) -> dict[str, Any]:
    return {name.removeprefix(prefix): item for name, item in attributes.items() if name.startswith(prefix)}


def _fields(value: Mapping[Any, Any]) -> dict[str, Any]:
    """Fields of a span by their names without case and underscores."""
    return {_spelled(key): item for key, item in value.items() if isinstance(key, str)}


def _spelled(key: str) -> str:
    return key.replace("_", "").lower()


def _is_span(fields: Mapping[str, Any]) -> bool:
    if "spanid" in fields or "runtype" in fields or isinstance(fields.get("spandata"), dict) or "parentobservationid" in fields:
        return True
    if isinstance(fields.get("context", fields.get("spancontext")), dict):
        return "spanid" in _fields(fields.get("context") or fields.get("spancontext") or {})
    if "traceid" in fields and "id" in fields and ("timestamp" in fields or "localendpoint" in fields):
        return True
    named = fields.get("attributes")
    if isinstance(named, dict) and any(isinstance(key, str) and key.startswith(TELLING) for key in named):
        return True
    return any(key.startswith(_TELLING) for key in fields)


def _attributes(fields: Mapping[str, Any], value: Mapping[str, Any]) -> Attributes:
    """What a span tells: its attributes, or itself where it is a map of them."""
    found: dict[str, Any] = {}
    for name in _ATTRIBUTES:
        if isinstance(fields.get(name), (dict, list, str)):
            found |= attributes_of(fields[name])
    if not found:
        found = {key: item for key, item in value.items() if isinstance(key, str) and "." in key and not isinstance(item, dict)}
    if isinstance(fields.get("spandata"), dict):
        found |= _of_openai(fields["spandata"])
    for name in ("spankind", "kind"):  # as Phoenix answers, and SDKs that follow OpenAI's write
        if str(fields.get(name)).lower() in _KINDS:
            found.setdefault("openinference.span.kind", fields[name])
    if "runtype" in fields:
        found |= attributes_of(mapping(fields.get("extra")).get("metadata"))
        found["openinference.span.kind"] = _RUN.get(str(fields["runtype"]), "CHAIN")
        found.setdefault("gen_ai.request.model", found.get("ls_model_name"))
    if "parentobservationid" in fields:
        metadata = attributes_of(fields.get("metadata"))
        found |= _below("attributes.", metadata)
        found.setdefault("openinference.span.kind", _OBSERVATION.get(str(fields.get("type")), "CHAIN"))
        found.setdefault("gen_ai.request.model", fields.get("model"))
    return found


def _of_openai(data: Mapping[str, Any]) -> Attributes:
    """What a span of OpenAI's Agents SDK is of, in OpenInference's words."""
    match data.get("type"):
        case "agent":
            return {"openinference.span.kind": "AGENT", "agent.name": data.get("name")}
        case "function":
            server = mapping(data.get("mcp_data")).get("server")
            return {"openinference.span.kind": "TOOL", "tool.name": data.get("name"), "mcp.server.name": server}
        case "handoff":
            to = data.get("to_agent")
            return {"openinference.span.kind": "TOOL", "tool.name": f"handoff to {to}", "agent.name": data.get("from_agent")} if to else {}
        case "generation":
            return {"openinference.span.kind": "LLM", "llm.model_name": data.get("model")}
        case "mcp_tools":
            return {"mcp.method.name": "tools/list", "mcp.server.name": data.get("server")}
    return {}


def _id(*places: Mapping[str, Any], names: tuple[str, ...]) -> str:
    for place in places:
        for name in names:
            value = place.get(name)
            if isinstance(value, (str, int)) and not isinstance(value, bool) and value:
                return str(value)[:80] if isinstance(value, str) else str(value % 2**64)
    return ""


def _parent(fields: Mapping[str, Any]) -> str:
    for reference in items(fields.get("references")):
        if reference.get("refType", "CHILD_OF") == "CHILD_OF":
            return _id(_fields(reference), names=("spanid",))
    stated = _id(fields, names=("parentspanid", "parentid", "parentrunid", "parentobservationid", "operationparentid"))
    return stated or _id(_fields(mapping(fields.get("parentspancontext", fields.get("parent")))), names=("spanid",))


def _kind(fields: Mapping[str, Any], attributes: Attributes) -> str:
    stated = fields.get("kind", fields.get("spankind", attributes.get("span.kind")))
    if isinstance(stated, int) and 0 <= stated < len(_PROTOBUF_KINDS):
        # The SDK of JavaScript counts from zero what the protocol counts from one.
        return _PROTOBUF_KINDS[min(stated + ("spancontext" in fields), len(_PROTOBUF_KINDS) - 1)]
    return re.sub(r"^(?:span_kind_|spankind\.)", "", stated.lower())[:20] if isinstance(stated, str) else ""


def _has_failed(fields: Mapping[str, Any], attributes: Attributes) -> bool:
    status = fields.get("status")
    if isinstance(status, dict):
        status = status.get("code", status.get("status_code", status.get("statusCode")))
    stated = (status, fields.get("statuscode"), fields.get("level"), attributes.get("otel.status_code"))
    if any(str(one).lower() in _FAILED for one in stated if isinstance(one, (str, int))):
        return True
    if attributes.get("error.type") or attributes.get("error") not in (None, "", False, "false"):
        return True
    return bool(fields.get("error"))
