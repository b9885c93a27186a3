"""Agents at Scale (``ark.mckinsey.com``): agents, teams, tools, models, servers."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from graphinv.ingest.support.effects import http_action
from graphinv.ingest.support.kubernetes.kagent import MAX_ITEMS, at_address, name_of
from graphinv.ingest.support.kubernetes.readings import Agent, Memory, Model, SecretRef, Server, Tool, Use
from graphinv.ingest.support.kubernetes.secrets import held, ref
from graphinv.ingest.support.kubernetes.texts import Raw
from graphinv.ingest.support.parts import items
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.tool_schema import annotation_hints
from graphinv.model.facts import Fact

DEFAULT_MODEL = "default"


def agent(raw: Raw) -> Agent:
    """``Agent``: without a ``modelRef`` it runs on the model called ``default``."""
    spec = raw.mapping("spec")
    uses: list[Use] = []
    labels: list[str] = []
    for index, item in enumerate(items(spec.get("tools"))[:MAX_ITEMS]):
        name, kind = name_of(item.get("name")), item.get("type")
        if name and kind == "built-in":
            labels.append(f"builtin={name}")
        elif name:
            uses.append(Use("Tool", "", name, raw.line("spec", "tools", index)))
    model = raw.mapping("spec", "modelRef")
    named = name_of(model.get("name")) or DEFAULT_MODEL
    models = ((name_of(model.get("namespace")), named, raw.line("spec", "modelRef")),)
    engine = raw.mapping("spec", "executionEngine")
    if name_of(engine.get("name")):
        uses.append(Use("A2AServer", name_of(engine.get("namespace")), name_of(engine["name"]), raw.line("spec", "executionEngine")))
    secrets, facts = _named(raw, ("spec", "parameters"), spec.get("parameters"))
    held_by = tuple(Use("", "", "", one.line, secrets=(one,)) for one in secrets)
    return Agent("ark", "ark Agent", (*uses, *held_by), models, labels=tuple(labels), facts=facts)


def team(raw: Raw) -> Agent:
    """``Team``: its members, and with the strategy ``graph`` who hands over to whom."""
    spec = raw.mapping("spec")
    uses = []
    for index, item in enumerate(items(spec.get("members"))[:MAX_ITEMS]):
        name, kind = name_of(item.get("name")), item.get("type", "agent")
        if name and kind in ("agent", "team"):
            uses.append(Use("Team" if kind == "team" else "Agent", "", name, raw.line("spec", "members", index)))
    edges = []
    strategy = spec.get("strategy")
    for index, item in enumerate(items(raw.mapping("spec", "graph").get("edges"))[:MAX_ITEMS] if strategy == "graph" else ()):
        source, target = name_of(item.get("from")), name_of(item.get("to"))
        if source and target:
            edges.append((source, target, raw.line("spec", "graph", "edges", index)))
    model = name_of(raw.mapping("spec", "selector").get("model"))
    models = (("", model, raw.line("spec", "selector", "model")),) if model else ()
    labels = (f"strategy={strategy}",) if isinstance(strategy, str) and re.fullmatch(r"[\w-]{1,40}", strategy) else ()
    return Agent("ark", "ark Team", tuple(uses), models, labels=labels, workflow=True, edges=tuple(edges))


def tool(raw: Raw) -> Tool:
    """``Tool``: an HTTP call, a tool of a server, or an agent or team that is called as one."""
    spec = raw.mapping("spec")
    annotations = spec.get("annotations")
    hints = tuple(annotation_hints(annotations)) if isinstance(annotations, dict) else ()
    mcp = raw.mapping("spec", "mcp")
    if mcp:
        server = raw.mapping("spec", "mcp", "mcpServerRef")
        name, called = name_of(server.get("name")), mcp.get("toolName")
        if name and isinstance(called, str):
            return Tool(server=(name_of(server.get("namespace")), name), tool=redact(called)[:200], hints=hints)
    http = raw.mapping("spec", "http")
    if not http:
        return Tool(hints=hints)
    method, address = http.get("method"), http.get("url")
    host = _host(address)
    action = http_action(method if isinstance(method, str) else "GET", host)
    secrets, facts = _named(raw, ("spec", "http", "headers"), http.get("headers"), "value")
    at = raw.line("spec", "http", "url")
    more = tuple(held(raw.document, at, "", address)) if isinstance(address, str) else ()
    return Tool(tuple(sorted(action.effects)), secrets=secrets, facts=(*facts, *more), untrusted=action.untrusted or None, hints=hints)


def _host(address: object) -> str | None:
    try:
        return urlsplit(address).hostname if isinstance(address, str) else None
    except ValueError:
        return None


def server(raw: Raw) -> Server:
    """``MCPServer`` and ``A2AServer``: an address, which may be that of a service of the cluster."""
    spec = raw.mapping("spec")
    stated = spec.get("transport")
    secrets, facts = _named(raw, ("spec", "headers"), spec.get("headers"), "value")
    address = raw.mapping("spec", "address")
    source = raw.mapping("spec", "address", "valueFrom", "serviceRef")
    transport = stated if stated in ("http", "sse", "stdio") else "http"
    if name_of(source.get("name")):
        path = source.get("path")
        rest = path if isinstance(path, str) and re.fullmatch(r"[\w./-]{1,200}", path) else ""
        service = (name_of(source.get("namespace")), name_of(source["name"]), f"/{rest.lstrip('/')}" if rest else "")
        return Server(f"ark {raw.kind}", transport, service=service, sent=secrets, held=facts)
    return at_address(raw, address.get("value"), transport, secrets, facts)


def model(raw: Raw) -> Model:
    """``Model``: whatever its provider's section takes from Secrets."""
    name = raw.mapping("spec", "model").get("value")
    if not isinstance(name, str):
        name = raw.mapping("spec").get("model")
    secrets: list[SecretRef] = []
    facts: list[Fact] = []
    for provider, config in list(raw.mapping("spec", "config").items())[:MAX_ITEMS]:
        for field, value in list(config.items())[:MAX_ITEMS] if isinstance(config, dict) else ():
            if isinstance(value, dict):
                found = _value(raw, field, value, ("spec", "config", provider, field))
                secrets += found[0]
                facts += found[1]
    return Model(redact(name.strip())[:200] if isinstance(name, str) else "", tuple(secrets), tuple(facts))


def memory(raw: Raw) -> Memory:
    """``Memory``."""
    return Memory("ark memory")


def _named(raw: Raw, at: tuple[str, ...], value: object, inner: str = "") -> tuple[tuple[SecretRef, ...], tuple[Fact, ...]]:
    """What a list of named values takes from Secrets; each value is the item itself, or (headers) its field ``inner``."""
    secrets: list[SecretRef] = []
    facts: list[Fact] = []
    for index, item in enumerate(items(value)[:MAX_ITEMS]):
        name, given = item.get("name"), item.get(inner) if inner else item
        if isinstance(name, str) and isinstance(given, dict):
            found = _value(raw, name, given, (*at, index))
            secrets += found[0]
            facts += found[1]
    return tuple(secrets), tuple(facts)


def _value(raw: Raw, name: str, value: Mapping[str, Any], at: tuple[str | int, ...]) -> tuple[list[SecretRef], list[Fact]]:
    """``{value: …}`` or ``{valueFrom: {secretKeyRef: …}}``."""
    line = raw.line(*at)
    source = value.get("valueFrom")
    if isinstance(source, dict):
        found = ref(source.get("secretKeyRef"), line, variable=name)
        return ([found] if found else []), []
    text = value.get("value")
    return [], list(held(raw.document, line, name, text)) if isinstance(text, str) else []
