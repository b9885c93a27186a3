"""agentgateway: the MCP servers behind it, and what it lets through to them, by rules in CEL (``mcpAuthorization``).

(:EnforcementPoint {mode: enforce, effect: evaluate}) for each place with such rules. Nothing passes that no rule allows. It stands on
(…)-[:CONNECTS_TO]->(:ToolServer) at the port of this machine that the gateway listens on, as far as files of the same root name it so;
whoever connects to the servers behind it goes past it.

(:ToolServer) for each target. Which agents come to it through the gateway no file of the gateway says: nobody connects to it here.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import yamldoc
from graphinv.ingest.support.decision_inputs import told_of
from graphinv.ingest.support.decisions import INPUTS
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.offers import offered_server
from graphinv.ingest.support.parts import inside, items, texts
from graphinv.ingest.support.records import text
from graphinv.model.facts import Fact, Guarding, NodeFact, Problem, Props

NAME = "agentgateway"
TITLE = "agentgateway: MCP servers behind it, authorization of calls"
FILES = ("any YAML or JSON file of agentgateway's configuration (`binds`, `mcpAuthorization`)",)
MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 16
MAX_VALUES = 500_000
"""As many as a document can hold."""
MAX_PLACES = 500
"""Each is a pattern that all connections are held against."""

_MARK = re.compile(rb"mcpAuthorization|agentgateway\.dev/schema|(?m:^binds[ \t]*:)")
_OTHERS = re.compile(rb"(?m)^apiVersion[ \t]*:")
_TARGETS = {"stdio": "stdio", "sse": "sse", "mcp": "http", "openapi": "http"}
"""Kinds of targets → transport."""
_CLAIM = re.compile(r"\bjwt\.([A-Za-z_][\w.]{0,100})")
_AGENT_CLAIMS = frozenset({"act", "azp", "client_id", "agent", "agent_id"})


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as the gateway's own configuration."""
    return path.lower().endswith((".yaml", ".yml", ".json")) and _MARK.search(head) is not None and _OTHERS.search(head) is None


def read(document: Document) -> Iterator[Fact]:
    """The points of one configuration.

    Raises:
        IngestError: neither YAML nor JSON.
    """
    located = yamldoc.first(document)
    points = servers = 0
    for pointer, value, port in _mappings(located.value):
        if isinstance(value.get("mcpAuthorization"), dict):
            if points == MAX_PLACES:
                message = f"has rules in more than {MAX_PLACES:,} places; those of the rest are not drawn"
                yield Problem(document.path, f"L{located.line(*pointer)}", message, "error", NAME)
                return
            rules = value["mcpAuthorization"].get("rules")
            yield from _point(document, located, points, (*pointer, "mcpAuthorization"), rules, port)
            points += 1
        for index, target in enumerate(items(inside(value, "mcp").get("targets"))):
            servers += 1
            if servers == MAX_PLACES + 1:
                message = f"has more than {MAX_PLACES:,} servers behind it; the rest is not drawn"
                yield Problem(document.path, f"L{located.line(*pointer, 'mcp', 'targets', index)}", message, "error", NAME)
            if servers > MAX_PLACES:
                break
            yield from _target(document, located, (*pointer, "mcp", "targets", index), target)


def _mappings(top: Any) -> Iterator[tuple[Pointer, dict[str, Any], int | None]]:
    """(pointer, mapping, port) of each mapping but for what stands in rules; the port is the nearest one above."""
    pending: deque[tuple[Any, Pointer, int | None]] = deque([(top, (), None)])
    seen = 0
    while pending and seen < MAX_VALUES:
        value, pointer, port = pending.popleft()
        seen += 1
        if len(pointer) > MAX_DEPTH:
            continue
        if isinstance(value, list):
            pending += [(item, (*pointer, index), port) for index, item in enumerate(value)]
        elif isinstance(value, dict):
            stated = value.get("port")
            own = stated if isinstance(stated, int) and not isinstance(stated, bool) and 0 < stated < 65_536 else port
            yield pointer, value, own
            pending += [(inner, (*pointer, str(name)), own) for name, inner in value.items() if name != "mcpAuthorization"]


def _target(document: Document, located: Located, pointer: Pointer, target: dict[str, Any]) -> Iterator[Fact]:
    """A server behind the gateway: one that it starts, or one that it reaches at a host."""
    name, kind = text(target.get("name")), next((kind for kind in _TARGETS if isinstance(target.get(kind), dict)), None)
    if not name or kind is None:
        return
    stated = target[kind]
    host, port, path = text(stated.get("host")), stated.get("port"), text(stated.get("path"))
    if kind == "stdio":
        entry: dict[str, Any] = {"command": stated.get("cmd"), "args": stated.get("args", []), "env": stated.get("env")}
    elif "://" in host:
        entry = {"url": host, "type": _TARGETS[kind]}
    else:
        at = f":{port}" if isinstance(port, int) and not isinstance(port, bool) else ""
        entry = {"url": f"http://{host}{at}{path}" if host else None, "type": _TARGETS[kind]}
    told: Props = {"sources": [document.source(located.line(*pointer))], **({"protocol": "openapi"} if kind == "openapi" else {})}
    yield from offered_server(document, "mcp-client", name, entry, lambda *_: located.line(*pointer), lambda _: told)[1]


def _point(document: Document, located: Located, number: int, pointer: Pointer, rules: Any, port: int | None) -> Iterator[Fact]:
    stated = [*texts(rules), *(one for rule in items(rules) for one in texts([rule.get("allow"), rule.get("deny"), rule.get("require")]))]
    claims = {claim.partition(".")[0] for one in stated for claim in _CLAIM.findall(one[:2_000])}
    told = told_of(dict.fromkeys(claims, True)) | ({"agent"} if claims & _AGENT_CLAIMS else set())
    source = document.source(located.line(*pointer))
    point = f"agentgateway:{document.root}/{document.path}#{number}"
    props: Props = {
        "name": f"agentgateway on port {port}" if port else "agentgateway",
        "kind_detail": "agentgateway",
        "mode": "enforce",
        "effect": "evaluate",
        "fail": "closed",
        "distinguishes": "agent" if "agent" in told else "identity" if claims else "none",
        "labels": sorted(f"input={one}" for one in INPUTS if one in told) or None,
        "sources": [source],
    }
    yield NodeFact("EnforcementPoint", point, {name: value for name, value in props.items() if value is not None})
    for host in ("localhost", "127.0.0.1") if port else ():
        yield Guarding(source, point, "CONNECTS_TO", "*", f"ToolServer:*://{host}:{port}/*", seen=True)
