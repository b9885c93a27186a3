"""The invented estate of :mod:`tests.bench.library` with everything that some rule asks about, so that no rule is quiet for want of facts.

One team in five is careless; its things say whatever a rule may be about. Besides labels, tenants, approvals, sightings, versions and
look-alike names there are hubs, as in large organisations: a gateway and a tool that half of all agents call, a help desk that a tenth may
ask, an identity, a secret and a memory that a twentieth share. Whatever enumerates pairs of those who share something shows on them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, check_edge, check_node
from tests.bench.library import facts
from tests.bench.synthetic import TEAM

_SEEN = ("2026-07-08T00:00:00Z", "2026-06-20T00:00:00Z", "2026-02-01T00:00:00Z")
_USED = ("2026-07-01T00:00:00Z", "2026-01-01T00:00:00Z", None)
_NAMES = ("search", "send_mail", "send-mail", "read_file", "query", "create_issue", "deploy", "sеarch", "serch", "run_command")
_DUTIES = ("create-payee", "pay", "write-code", "merge", "deploy", "grant-access", "use-access", "write-record", "erase-audit")
_TYPES = ("database", "bucket", "metrics", "repository", "account", "queue")
_POINTS: tuple[dict[str, Any], ...] = (
    {"distinguishes": "agent", "last_heartbeat": "2026-07-09T23:00:00Z", "fail": "closed"},
    {"distinguishes": "identity", "last_heartbeat": "2026-07-09T23:00:00Z", "fail": "closed"},
    {"distinguishes": "none", "last_heartbeat": "2026-07-01T00:00:00Z", "fail": "open"},
    {"distinguishes": "none"},
)
RENEWALS = 15
"""How long the longest chains of renewals are."""


def asked_about(agents: int) -> tuple[list[NodeFact], list[EdgeFact]]:
    """The estate as facts; about 14.7 nodes and 43 edges an agent."""
    nodes, edges = facts(agents)
    sizes = Counter(node.kind for node in nodes)
    place: dict[str, int] = {}
    careless = set()
    more = []
    for node in nodes:
        number = place[node.kind] = place.get(node.kind, -1) + 1
        if number * agents // sizes[node.kind] // TEAM % 5 == 0 or node.kind not in _WELL_RUN:
            props = {**node.props, **_NODE.get(node.kind, _nothing)(number)}
            careless.add(node.key)
        else:
            props = {name: node.props[name] for name in ("name", "sources") if name in node.props} | _WELL_RUN[node.kind]
        more.append(check_node(NodeFact(node.kind, node.id, props)))
    linked = []
    for number, edge in enumerate(edges):
        props = {**edge.props, **_edge(edge.kind, number, edge.props)} if edge.source in careless else {**edge.props, **_well(edge.kind)}
        linked.append(check_edge(EdgeFact(edge.kind, edge.source, edge.target, props)))
    more.extend(map(check_node, _further_nodes(agents)))
    linked.extend(map(check_edge, _further_edges(agents)))
    return more, linked


_WELL_RUN: dict[str, dict[str, Any]] = {
    "Agent": {
        "status": "active",
        "autonomy": "approve_each",
        "environment": "prod",
        "review_due": "2026-12-01T00:00:00Z",
        "labels": ["criticality=high", "data_class=internal", "purpose=support"],
    },
    "Secret": {
        "type": "oauth_token",
        "lifetime": "ephemeral",
        "ttl_seconds": 900,
        "renewable": False,
        "issued_at": "2026-07-09T23:55:00Z",
        "expires_at": "2026-07-10T00:10:00Z",
        "last_used": "2026-07-09T23:59:00Z",
        "revocation_hook": True,
    },
    "Tool": {"effects": ["read"], "schema_digest": "a", "approved_digest": "a"},
    "ToolServer": {"origin": "internal", "pinned": True, "auth": "oauth", "url": "https://tools.example/mcp", "transport": "http"},
    "Identity": {"type": "service_account", "provider": "gcp", "binding": "platform", "environment": "prod"},
    "Runtime": {"type": "pod", "sandboxed": True},
}
"""What is said of everything in teams that are well run: four of five."""


def _well(kind: str) -> dict[str, Any]:
    """What is said of an edge of theirs."""
    said: dict[str, Any] = {"evidence": ["declared"]}
    match kind:
        case "HOLDS":
            said["place"] = "vault"
        case "USES":
            said |= {"approved": True, "approval": "exact", "approved_until": "2026-07-20T00:00:00Z", "approved_by": "team-0000001"}
        case "CONNECTS_TO":
            said |= {"approved": True, "approved_by": "team-0000001"}
        case "CAN_ACCESS":
            said["last_used"] = "2026-07-01T00:00:00Z"
        case "DELEGATES_TO":
            said |= {"mode": "scoped", "scopes": ["read:*"], "max_depth": 3}
    return said


def _nothing(number: int) -> dict[str, Any]:
    return {}


def _agent(number: int) -> dict[str, Any]:
    labels = ["criticality=high", "data_class=internal", "purpose=support"] if number % 10 else ["purpose=support"]
    labels += [f"blueprint=worker-{number // 20}"] if number % 50 < 2 else []
    labels += ["reviewed=2025-01-01"] if number % 40 == 7 else []
    since = {"status_since": "2026-06-01T00:00:00Z"} if number % 5 == 3 else {}
    return {"labels": labels, **since}


def _resource(number: int) -> dict[str, Any]:
    labels = [f"duty={_DUTIES[number // 200 % len(_DUTIES)]}", f"system=s{number // 4000}"] if number % 200 == 5 else []
    labels += [f"controls=agent-{number // 9:07}"] if number % 2000 == 6 else []
    return {
        "environment": ("prod", "dev", "staging", "prod", "unknown", "test", "prod")[number % 7],
        "tenant": f"tenant-{number // 300 % 40}" if number % 3 == 0 else None,
        "type": "audit_log" if number % 5000 == 8 else _TYPES[number % len(_TYPES)],
        "external": number % 11 == 0,
        "labels": labels or None,
    }


def _tool(number: int) -> dict[str, Any]:
    named = {"name": _NAMES[number // 4 % len(_NAMES)]} if number % 4 == 0 else {}
    labels = [f"duty={_DUTIES[number // 100 % len(_DUTIES)]}", "system=s0"] if number % 100 == 9 else []
    labels += ["hidden_instructions=zero-width letters"] if number % 500 == 11 else []
    hints = {"hints": ["readOnlyHint=true"]} if number % 30 == 1 else {}
    return {**named, **hints, "labels": labels or None}


def _secret(number: int) -> dict[str, Any]:
    said: dict[str, Any] = {"fingerprint": f"fp{number}"} if number % 3 else {}
    if number % 5 == 2:
        said["audience"] = [f"https://a{one}.example" for one in range(number % 4)]
        said |= {"scopes": ["read", ("*", "write")[number % 2]], "max_life_seconds": 30 * 86_400, "revocation_hook": number % 2 == 0}
    return said


_NODE: dict[str, Callable[[int], dict[str, Any]]] = {
    "Agent": _agent,
    "EnforcementPoint": lambda number: _POINTS[number % len(_POINTS)],
    "Resource": _resource,
    "Tool": _tool,
    "Secret": _secret,
    "Workflow": lambda number: {"third_party": number % 4 == 0, "vendor": "Acme", "status": ("active", "retired")[number % 5 == 4]},
    "Package": lambda number: {"version": "1.0.0", "latest": f"1.{number % 6}.0", "eol_at": "2026-01-01" if number % 8 == 1 else None},
    "Task": lambda number: {"closed_at": None, "closes_at": "2026-12-01T00:00:00Z"} if number % 4 == 0 else {},
}
"""What a node says besides, by kind, from its number."""


def _edge(kind: str, number: int, props: Any) -> dict[str, Any]:
    """What an edge says besides."""
    said: dict[str, Any] = {}
    if "observed" in (props.get("evidence") or ()):
        said |= {"first_seen": "2026-01-01T00:00:00Z", "last_seen": _SEEN[number % 3], "count": 1 + number % 9_000}
    if number % 23 == 0 and kind != "OWNS":
        said["valid_until"] = ("2026-07-01T00:00:00Z", "2026-08-01T00:00:00Z")[number % 2]
    match kind:
        case "CAN_ACCESS":
            said["last_used"] = _USED[number % 3]
            said |= {"inherited_from": f"group-{number % 400}"} if number % 4 == 0 else {}
        case "DELEGATES_TO":
            said |= {"max_depth": 1 + number % 4} if number % 15 == 0 else {"transient": True} if number % 4 == 2 else {}
        case "USES" if props.get("approved"):
            said |= {"approval": ("scope", "exact", "hints", "recurring")[number % 4], "approved_by": "team-0000001"}
            said["approved_until"] = ("2026-07-20T00:00:00Z", None, "2026-01-01T00:00:00Z")[number % 3]
        case "RUNS_ON":
            said |= {"isolated": True} if number % 6 == 0 else {}
        case "HOLDS" if number % 10 == 4:
            said["place"] = ("memory", "log", "laptop", "tool_definition")[number // 10 % 4]
    return said


# --------------------------------------------------------------------------------------------------------------------------------
# Hubs, means of servers, chains of renewals, agents of partners

_HUBS: dict[str, dict[str, Any]] = {
    "Agent": {"environment": "prod", "status": "active", "autonomy": "autonomous"},
    "Identity": {"type": "service_account", "binding": "bearer", "environment": "prod"},
    "Secret": {"type": "api_key", "lifetime": "static", "issued_at": "2024-01-01T00:00:00Z", "fingerprint": "hub"},
    "Tool": {"effects": ["read", "destructive"], "schema_digest": "a", "approved_digest": "b", "ingests_untrusted": True},
    "ToolServer": {"origin": "third_party", "auth": "none", "url": "https://gateway.example/mcp", "transport": "http", "pinned": False},
    "Memory": {"scope": "global"},
    "Runtime": {"type": "vm", "sandboxed": False},
}


def _further_nodes(agents: int) -> Iterator[NodeFact]:
    for kind, props in _HUBS.items():
        yield NodeFact(kind, "hub", {"labels": ["purpose=shared"], **props})
    yield NodeFact("Tool", "run", {"effects": ["execute", "egress"], "schema_digest": "c", "approved_digest": "c"})
    for number in range(agents // 100):
        yield NodeFact("Agent", _partner(number), {"labels": [f"signed={('true', 'false')[number % 2]}"], "status": "active"})
    for number in range(agents // 400):
        for turn in range(RENEWALS):
            issued, ends = f"2026-06-{turn + 1:02}T00:00:00Z", f"2026-06-{turn + 2:02}T00:00:00Z"
            yield NodeFact("Secret", _renewed(number, turn), {"lifetime": "ephemeral", "issued_at": issued, "expires_at": ends})


def _partner(number: int) -> str:
    return f"a2a:https://partner-{number}.example/agent"


def _renewed(number: int, turn: int) -> str:
    return f"renewed-{number:07}-{turn:02}"


def _further_edges(agents: int) -> Iterator[EdgeFact]:
    def at(kind: str, number: int, size: float) -> NodeKey:
        return kind, f"{kind.lower()}-{number % max(1, int(agents * size)):07}"

    yield from _edges_of_hubs(agents, at)
    yield from _edges_of_servers(agents, at)
    for number in range(agents // 10):
        workflow = at("Workflow", number, 0.1)
        yield EdgeFact("DELEGATES_TO", workflow, at("Agent", 10 * number, 1), {"evidence": ["observed"], "last_seen": _SEEN[number % 3]})
        yield EdgeFact("CONNECTS_TO", workflow, at("ToolServer", number * 5 // 2, 0.25), _STATED)
        yield EdgeFact("DELEGATES_TO", at("Agent", 10 * number + 4, 1), workflow, _STATED)
        yield EdgeFact("CALLS_BACK", at("Tool", 10 * number + 3, 1), at("Agent", 10 * number + 3, 1), {"evidence": ["observed"]})
    for number in range(agents // 40):
        partner = "Agent", _partner(number // 3 % max(1, agents // 100))
        yield EdgeFact("DELEGATES_TO", at("Agent", 40 * number + 5, 1), partner, _STATED)
    for number in range(agents // 400):
        for turn in range(1, RENEWALS):
            newer, older = (("Secret", _renewed(number, one)) for one in (turn, turn - 1))
            yield EdgeFact("DERIVED_FROM", newer, older, {"via": "renew"})
        yield EdgeFact("HOLDS", at("Agent", 400 * number, 1), ("Secret", _renewed(number, RENEWALS - 1)), _STATED | {"place": "env"})


_STATED: dict[str, Any] = {"evidence": ["declared"], "sources": ["acme/hub.json#L1"]}
_At = Callable[[str, int, float], NodeKey]


def _edges_of_hubs(agents: int, at: _At) -> Iterator[EdgeFact]:
    hub = {kind: (kind, "hub") for kind in _HUBS}
    for number in range(agents):
        agent = at("Agent", number, 1)
        if number % 2:
            approved = {"approved": number % 4 == 1} if number % 3 else {}
            yield EdgeFact("CONNECTS_TO", agent, hub["ToolServer"], _STATED | approved)
            yield EdgeFact("USES", agent, hub["Tool"], _STATED)
        if number % 10 == 1:
            yield EdgeFact("DELEGATES_TO", agent, hub["Agent"], _STATED)
        if number % 20 == 2:
            yield EdgeFact("RUNS_AS", agent, hub["Identity"], _STATED)
            yield EdgeFact("HOLDS", agent, hub["Secret"], _STATED | {"place": ("config", "repo", "env", "vault")[number // 20 % 4]})
            yield EdgeFact(("READS", "WRITES")[number // 20 % 2], agent, hub["Memory"], _STATED)
            yield EdgeFact("RUNS_ON", agent, hub["Runtime"], _STATED)
            yield EdgeFact("USES", agent, ("Tool", "run"), _STATED)
    yield EdgeFact("PROVIDES", hub["ToolServer"], hub["Tool"], _STATED)
    yield EdgeFact("PROVIDES", hub["ToolServer"], ("Tool", "run"), _STATED)
    yield EdgeFact("RUNS_ON", hub["ToolServer"], hub["Runtime"], _STATED)
    yield EdgeFact("AUTHENTICATES_AS", hub["Secret"], hub["Identity"], _STATED)
    yield EdgeFact("RUNS_AS", hub["Agent"], at("Identity", 7, 1.5), _STATED)
    for number in range(40):
        for holder in (hub["Identity"], hub["Tool"]):
            yield EdgeFact("CAN_ACCESS", holder, at("Resource", 13 * number, 8.25), _STATED | {"actions": ["read", "write"]})


def _edges_of_servers(agents: int, at: _At) -> Iterator[EdgeFact]:
    """What servers, their tools and what they run on have of their own."""
    for number in range(agents // 4):
        server, tool, runtime = at("ToolServer", number, 0.25), at("Tool", 4 * number, 1), at("Runtime", number * 8 // 5, 0.4)
        yield EdgeFact("RUNS_ON", server, runtime, _STATED)
        if number % 4 == 1:
            yield EdgeFact("RUNS_AS", server, at("Identity", 6 * number, 1.5), _STATED)
            yield EdgeFact("DEPENDS_ON", server, at("Package", number // 5, 0.05), _STATED)
        if number % 8 == 2:
            yield EdgeFact("HOLDS", server, at("Secret", 8 * number, 2), _STATED | {"place": "env"})
            yield EdgeFact("CAN_ACCESS", tool, at("Resource", 33 * number, 8.25), _STATED | {"actions": ["write"]})
            yield EdgeFact("INGESTS", tool, at("ContentSource", number * 2 // 5, 0.1), _STATED)
        if number % 10 == 3:
            yield EdgeFact("HOLDS", runtime, at("Secret", 8 * number + 1, 2), _STATED | {"place": "env"})
