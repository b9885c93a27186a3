"""Logs of MCP proxies and gateways: agent-bom's runtime proxy, ToolHive, Kong's AI gateway, Azure API Management. Who called which tool,
and what was refused.

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
TITLE = "Audit logs of MCP proxies and gateways (agent-bom, ToolHive, Kong, Azure API Management)"
FILES = (
    "any log or file of JSON lines that begins as agent-bom's `proxy --log` or ToolHive's audit log writes it",
    "logs of Kong's AI MCP proxy (`ai.mcp`), of Azure API Management (`GatewayMCPLogs`)",
)
MAX_BYTES = jsonlog.MAX_BYTES

_PROXY = re.compile(rb'"type"\s*:\s*"(?:tools/call|proxy_summary)"')
_PROXY_KEY = re.compile(rb'"(?:policy|record_hash|calls_by_tool)"\s*:')
_TOOLHIVE = re.compile(rb'"type"\s*:\s*"(?:mcp_[a-z_]+|http_request)"')
_TOOLHIVE_KEY = re.compile(rb'"(?:audit_id|auditId)"\s*:')
_KONG = re.compile(rb'"mcp"\s*:\s*\{')
_KONG_KEY = re.compile(rb'"(?:rpc|audit|mcp_session_id)"\s*:')
_AZURE = re.compile(rb'GatewayMCPLogs?\b|"McpServerEndpoint"\s*:')
_NOBODY = frozenset({"", "anonymous", "unknown", "none", "default"})


def detect(path: str, head: bytes) -> bool:
    """Whether it is named as a log is and its first record is one of these."""
    if not jsonlog.is_named_so(path):
        return False
    if (_PROXY.search(head) and _PROXY_KEY.search(head)) or _AZURE.search(head):
        return True
    if b'"ai"' in head and _KONG.search(head) and _KONG_KEY.search(head):
        return True
    return _TOOLHIVE.search(head) is not None and _TOOLHIVE_KEY.search(head) is not None


def summarise(document: Document) -> Record:
    """What one log shows; its size does not grow with the length of the log.

    Raises:
        IngestError: it is not text.
    """
    record, log = Record(inline=True), JsonLog(document)
    for line, entry in log.objects():
        if inside(entry, "ai", "mcp"):
            _kong(document, record, line, entry)
        elif "outcome" in entry:
            _toolhive(document, record, line, entry)
        elif entry.get("type") in ("tools/call", "proxy_summary"):
            _proxy(document, record, line, entry)
        else:
            for one in items(entry.get("records")) or [entry]:
                _azure(document, record, line, one)
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


def _kong(document: Document, record: Record, line: int, entry: Mapping[str, Any]) -> None:
    """One request through Kong's AI MCP proxy. Its consumers are the programs that call; a group of them names none."""
    place, at = document.source(line), seconds(entry.get("started_at"))
    server = text(inside(entry, "service").get("name")) or text(inside(entry, "route").get("name"))
    caller = text(inside(entry, "consumer").get("username"))
    point = point_id("kong", document.root, server)
    decided = [(one, text(one.get("primitive_name")), text(one.get("action"))) for one in items(inside(entry, "ai", "mcp").get("audit"))]
    done = [one for one in items(inside(entry, "ai", "mcp").get("rpc")) if text(one.get("tool_name")) and not one.get("error")]
    for one, name, action in decided or [({"primitive": "tool"}, text(one["tool_name"]), "allow") for one in done]:
        consumer = inside(one, "consumer")
        agent = caller or ("" if consumer.get("identifier") == "consumer_group" else text(consumer.get("name")))
        told = frozenset({"agent"} if agent else ())
        record.point(point, place, told, at, name=f"Kong before {server}" if server else "Kong", kind_detail="mcp proxy")
        verdict = {"allow": ALLOW, "deny": DENY}.get(action, "")
        if verdict and agent and one.get("primitive") == "tool":
            record.decided(document.root, point, Decision(verdict, agent, target=("tool", name), server=server, told=told, at=at), place)


def _azure(document: Document, record: Record, line: int, entry: Mapping[str, Any]) -> None:
    """One request through Azure API Management, as it is sent to storage or kept in a table. What it refuses, it does not say."""
    told_here = {str(name).lower(): value for name, value in (inside(entry, "properties") or entry).items()}
    server, agent = text(told_here.get("servername")), text(told_here.get("clientname"))
    if text(told_here.get("method")) != "tools/call" or not server:
        return
    place, at = document.source(line), seconds(entry.get("time", entry.get("TimeGenerated")))
    told = frozenset({"agent"} if agent else ())
    point = point_id("azure-apim", document.root, server)
    record.point(point, place, told, at, name=f"API Management before {server}", kind_detail="mcp proxy")
    if agent and not told_here.get("error"):
        tool = ("tool", text(told_here.get("toolname")))
        record.decided(document.root, point, Decision(ALLOW, agent, target=tool, server=server, told=told, at=at), place)
