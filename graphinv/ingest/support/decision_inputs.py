"""What a decision point was asked, from inputs that everybody writes in a form of their own: who asks, for whom, what, with what.

The names of fields are those of AuthZEN, of Envoy's external authorization, of MCP and its gateways, and what people call the same.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest.support import authz
from graphinv.ingest.support.called import plain
from graphinv.ingest.support.decisions import ALLOW, DENY, NOTHING, STEP_UP, Thing
from graphinv.ingest.support.parts import inside, texts
from graphinv.ingest.support.records import text

MAX_FIELDS = 400
"""Fields of one input that are looked at."""

_AGENT = ("agent", "agentid", "agentname", "clientid", "clientname", "actor", "azp", "callingagent", "sourceagent")
_SUBJECT = ("user", "userid", "username", "sub", "subject", "principal", "onbehalfof", "email", "identity")
_TOLD: Mapping[str, frozenset[str]] = {
    "agent": frozenset(_AGENT),
    "subject": frozenset(_SUBJECT),
    "task": frozenset({"task", "taskid", "intent", "purpose", "ticket", "workorder", "txn"}),
    "sensitivity": frozenset({"sensitivity", "classification", "dataclass", "datasensitivity", "confidentiality"}),
    "environment": frozenset({"environment", "env", "stage"}),
}
"""Fields that tell a point one of :data:`graphinv.ingest.support.decisions.INPUTS`, without marks and in lower case."""
_ACTOR = ("sub", "client_id", "id", "azp")
"""Fields that name an actor of a token (RFC 8693), or of a request of AuthZEN."""
MAX_ACTORS = 16
_TOOL = ("tool", "toolname", "mcptool", "function", "functionname")
_SERVER = ("server", "servername", "mcpserver", "upstream", "backend")
_PASSES = frozenset({"allow", "allowed", "permit", "permitted", "true", "yes", "granted", "approved", "pass", "proceed", "modify"})
_REFUSES = frozenset({"deny", "denied", "forbid", "forbidden", "false", "no", "block", "blocked", "reject", "rejected"})
_ASKS = frozenset(
    {"step_up", "stepup", "ask", "challenge", "escalate", "require_approval", "requires_approval", "approval_required", "pending", "defer"}
)
_VERDICTS = ("decision", "allow", "allowed", "permit", "verdict", "effect", "result", "action", "outcome")
_ASKING = ("requires_approval", "require_approval", "approval_required", "step_up", "requires_human", "access_request")


def verdict_of(value: object) -> str:
    """What a decision point answered, in whatever form; empty where it is not known.

    >>> verdict_of(True), verdict_of({"allow": False, "requires_approval": True}), verdict_of({"decision": "ALLOW"}), verdict_of([1])
    ('allow', 'step_up', 'allow', '')
    """
    for _ in range(4):
        if not isinstance(value, dict):
            break
        context = inside(value, "context")
        if _is_set(value, _ASKING) or _obliged(value):
            return STEP_UP
        if value.get("decision") is False and (_is_set(context, ("acr_values", "amr_values", *_ASKING)) or _obliged(context)):
            return STEP_UP
        if _is_set(value, ("deny", "violation", "violations")):
            return DENY
        value = next((value[name] for name in _VERDICTS if name in value), None)
    if isinstance(value, str):
        word = value.strip().lower()
        return ALLOW if word in _PASSES else DENY if word in _REFUSES else STEP_UP if word in _ASKS else ""
    return {True: ALLOW, False: DENY}[value] if isinstance(value, bool) else ""


def _is_set(value: Mapping[str, Any], names: tuple[str, ...]) -> bool:
    """Whether one of ``names`` is there and says something."""
    return any(value.get(name) not in (None, False, "", [], {}) for name in names)


def _obliged(context: Mapping[str, Any]) -> bool:
    """Whether something is let pass only with another factor (AuthZEN's profile of obligations)."""
    stated = context.get("obligations")
    return isinstance(stated, list) and any(isinstance(one, dict) and one.get("type") == "step-up" for one in stated[:50])


def fields(value: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """(name, value) of the fields of an input, the outer ones first; of lists none. At most 400."""
    pending: list[Mapping[str, Any]] = [value]
    seen = 0
    while pending:
        one = pending.pop(0)
        for name, inner in one.items():
            seen += 1
            if seen > MAX_FIELDS:
                return
            yield plain(str(name)[:100]), inner
            if isinstance(inner, dict):
                pending.append(inner)


def told_of(value: Mapping[str, Any], hidden: object = None) -> frozenset[str]:
    """Which of the inputs that a decision needs are in ``value``; ``hidden`` are pointers of fields that the log leaves out."""
    names = {name for name, inner in fields(value) if inner not in (None, "", {}, [])}
    names |= {plain(pointer.rpartition("/")[2][:100]) for pointer in texts(hidden)}
    told = {what for what, known in _TOLD.items() if known & names}
    if authz.word(text(inside(value, "subject").get("type"))) in authz.AGENTS:
        told.add("agent")
        on_behalf = {"onbehalfof", "user", "userid", "sub"} & names
        told -= set() if on_behalf else {"subject"}
    if actors_in(value) or text(inside(value, "attributes", "source").get("principal")):
        told.add("agent")
    return frozenset(told)


def thing(value: object, *, kind: str = "") -> Thing:
    """(type, name) of an entity: ``{"type", "id"}``, ``{"name"}``, ``Type::"id"``, ``type:id`` or a name alone."""
    if isinstance(value, dict):
        name = next((text(value[key]) for key in ("id", "name", "entityId", "actionId", "uri", "url") if text(value.get(key))), "")
        stated = next((text(value[key]) for key in ("type", "entityType", "kind") if text(value.get(key))), "")
        return (stated or kind, name) if name else NOTHING
    name = text(value)
    if name.endswith('"') and '::"' in name:
        stated, _, rest = name.partition('::"')
        return stated, rest[:-1]
    return (kind, name) if name else NOTHING


def actors_in(value: Mapping[str, Any]) -> list[str]:
    """Agents that claims of a delegated token name (RFC 8693), the one that asks first, each before the one on whose behalf it acts.

    >>> actors_in({"claims": {"sub": "ana", "act": {"sub": "refund-bot", "act": {"sub": "front"}}}})
    ['refund-bot', 'front']
    """
    found: list[str] = []
    actor: object = next((inner for name, inner in fields(value) if name == "act" and isinstance(inner, dict)), None)
    while isinstance(actor, dict) and len(found) < MAX_ACTORS:
        name = next((text(actor[key]) for key in _ACTOR if text(actor.get(key))), "")
        if not name or authz.is_person(text(actor.get("type")), name):
            break
        found.append(name)
        actor = actor.get("act")
    subject = inside(value, "subject")
    if found and not isinstance(actor, dict) and authz.word(text(subject.get("type"))) in authz.AGENTS and text(subject.get("id")):
        found.append(text(subject["id"]))
    return found


def agent_in(value: Mapping[str, Any]) -> str:
    """Name of the agent that asks."""
    acting = actors_in(value)
    if acting:
        return acting[0]
    subject = inside(value, "subject")
    if authz.word(text(subject.get("type"))) in authz.AGENTS:
        return text(subject.get("id"))
    workload = text(inside(value, "attributes", "source").get("principal"))
    if workload:
        return workload
    return _first(value, _AGENT)


def principal_in(value: Mapping[str, Any]) -> Thing:
    """Whom the decision is about."""
    for key in ("subject", "principal"):
        found = thing(value.get(key), kind="user")
        if found[1]:
            return found
    name = _first(value, _SUBJECT)
    return ("user", name) if name else NOTHING


def target_in(value: Mapping[str, Any]) -> tuple[str, Thing, str]:
    """(action, what with, server) that was asked for."""
    stated = value.get("action", value.get("method", value.get("operation")))
    action = text(inside(value, "action").get("name")) or thing(stated)[1]
    resource, http = thing(value.get("resource")), inside(value, "attributes", "request", "http")
    server = _first(value, _SERVER) or text(inside(value, "resource", "properties").get("server"))
    if http:
        return _proxied(http, inside(value, "parsed_body"))
    if authz.word(resource[0]) in authz.TOOLS | authz.SERVERS | authz.AGENTS:
        return action, resource, server if server != resource[1] else ""
    tool = _first(value, _TOOL)
    if not tool and text(value.get("method")) == "tools/call":
        tool = text(inside(value, "params").get("name"))
    return action, ("tool", tool) if tool else resource, server


def _proxied(http: Mapping[str, Any], message: Mapping[str, Any]) -> tuple[str, Thing, str]:
    """What a request that a proxy asks about is for: a call of MCP by its message, its path or its headers, else a service."""
    host = text(http.get("host"))
    is_mcp = "jsonrpc" in message or any(str(name).lower().startswith("mcp-") for name in inside(http, "headers"))
    if not is_mcp and "mcp" not in text(http.get("path")).partition("?")[0].lower().split("/"):
        return text(http.get("method")), ("service", host), ""
    tool = text(inside(message, "params").get("name")) if message.get("method") == "tools/call" else ""
    return text(message.get("method")) or text(http.get("method")), ("tool", tool) if tool else NOTHING, host


def _first(value: Mapping[str, Any], names: tuple[str, ...]) -> str:
    """The first of ``names`` that the input has as a text, or as something with an id or a name; the outermost."""
    found: dict[str, str] = {}
    for name, inner in fields(value):
        if name in names and name not in found:
            told = thing(inner)[1]
            if told:
                found[name] = told
    return next((found[name] for name in names if name in found), "")
