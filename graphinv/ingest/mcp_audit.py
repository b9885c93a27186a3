"""Audit logs of MCP proxies: agent-bom's runtime proxy and ToolHive. Who called which tool, and what the proxy refused.

Drawn, as :mod:`graphinv.ingest.support.decisions` tells:
    (:Agent)-[:USES|CONNECTS_TO {guards: proxy}]->(:Tool|ToolServer), observed
    (:Agent)-[:DELEGATES_TO {mode: on_behalf_of}]->(:Agent), observed, of the actors that a delegated token names
    (:EnforcementPoint proxy), which enforces where it is seen to refuse
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import takewhile
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import jsonlog
from graphinv.ingest.support.decisions import ALLOW, DENY, Decision, Record, joined, point_id, silent
from graphinv.ingest.support.jsonlog import JsonLog
from graphinv.ingest.support.observed import seconds
from graphinv.ingest.support.parts import inside, items
from graphinv.ingest.support.records import text
from graphinv.model.facts import Fact

NAME = "mcp_audit"
TITLE = "Audit logs of MCP proxies (agent-bom, ToolHive)"
FILES = ("any log or file of JSON lines that begins as agent-bom's `proxy --log` or ToolHive's audit log writes it",)
MAX_BYTES = jsonlog.MAX_BYTES

_PROXY = re.compile(rb'"type"\s*:\s*"(?:tools/call|proxy_summary)"')
_PROXY_KEY = re.compile(rb'"(?:policy|record_hash|calls_by_tool)"\s*:')
_TOOLHIVE = re.compile(rb'"type"\s*:\s*"(?:mcp_[a-z_]+|http_request)"')
_TOOLHIVE_KEY = re.compile(rb'"(?:audit_id|auditId)"\s*:')
_NOBODY = frozenset({"", "anonymous", "unknown", "none", "default"})


def detect(path: str, head: bytes) -> bool:
    """Whether it is named as a log is and its first record is one of these."""
    if not jsonlog.is_named_so(path):
        return False
    if _PROXY.search(head) and _PROXY_KEY.search(head):
        return True
    return _TOOLHIVE.search(head) is not None and _TOOLHIVE_KEY.search(head) is not None


def summarise(document: Document) -> Record:
    """What one log shows; its size does not grow with the length of the log.

    Raises:
        IngestError: it is not text.
    """
    record, log = Record(inline=True), JsonLog(document)
    for line, entry in log.objects():
        if "outcome" in entry:
            _toolhive(document, record, line, entry)
        elif entry.get("type") in ("tools/call", "proxy_summary"):
            _proxy(document, record, line, entry)
    record.problems += [*log.problems(NAME), *silent(record, document.root, NAME)]
    return record


def link(root: str, summaries: Mapping[str, Record]) -> Iterator[Fact]:
    """The facts of all logs of a root."""
    return joined(root, (summaries[path] for path in sorted(summaries)), NAME)


def _proxy(document: Document, record: Record, line: int, entry: Mapping[str, Any]) -> None:
    """One record of agent-bom's proxy. Which server it stands before it does not say; whom it cannot name it calls anonymous."""
    tenant, place, at = text(entry.get("tenant_id")), document.source(line), seconds(entry.get("ts"))
    point = point_id("agent-bom-proxy", document.root, "" if tenant in _NOBODY else tenant)
    agent = text(entry.get("agent_id"))
    agent = "" if agent.lower() in _NOBODY else agent
    told = frozenset({"agent"}) if agent else frozenset()
    call = entry["type"] == "tools/call"
    record.point(point, place, told if call else None, at, name="agent-bom proxy", kind_detail="mcp proxy")
    policy = text(entry.get("policy"))
    verdict = DENY if policy == "blocked" else ALLOW if policy == "allowed" else ""
    if call and verdict:
        record.decided(document.root, point, Decision(verdict, agent, target=("tool", text(entry.get("tool"))), told=told, at=at), place)


def _toolhive(document: Document, record: Record, line: int, entry: Mapping[str, Any]) -> None:
    """One audit event of ToolHive. The component is the server that it stands before; of a delegated token the outermost actor asks."""
    subjects, target = inside(entry, "subjects"), inside(entry, "target")
    server, outcome = text(entry.get("component")), text(entry.get("outcome"))
    place, at = document.source(line), seconds(entry.get("logged_at", entry.get("loggedAt")))
    subs = (text(actor.get("sub")) for actor in items(inside(entry, "delegation").get("chain")))
    acting = list(takewhile(bool, subs))  # behind an actor that is not named nobody knows who asked whom
    agent = acting[0] if acting else text(subjects.get("client_name"))
    user = text(subjects.get("user_id")) or text(subjects.get("user"))
    told = frozenset(name for name, value in (("agent", agent), ("subject", user)) if value.lower() not in _NOBODY)
    point = point_id("toolhive", document.root, server)
    record.point(point, place, told, at, name=f"ToolHive before {server}" if server else "ToolHive", kind_detail="mcp proxy")
    record.acted(document.root, acting, at, place)
    verdict = DENY if outcome == "denied" else ALLOW if outcome in ("success", "application_error") else ""
    if not verdict or agent.lower() in _NOBODY:
        return
    tool = text(target.get("name")) if text(entry.get("type")) == "mcp_tool_call" else ""
    decision = Decision(verdict, agent, ("user", user), target=("tool", tool), server=server, told=told, at=at)
    record.decided(document.root, point, decision, place)
