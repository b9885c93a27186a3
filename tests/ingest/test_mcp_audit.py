from __future__ import annotations

import json
from typing import Any

import pytest

from graphinv.ingest import HEAD_BYTES, mcp_audit
from graphinv.model.facts import EdgeFact, Guarding, NodeFact, Problem, check_edge, check_node
from tests.ingest.bad_inputs import EVERYWHERE, read
from tests.ingest.reading import document, fake

PROXY = "agent-bom-proxy:shop"


def proxy(tool: str, policy: str = "allowed", agent: str = "billing-bot", day: int = 1, **more: Any) -> str:
    """A record as agent-bom's proxy appends it."""
    target = {"type": "tool", "id": tool, "role": "invoked_tool", "source_field": "tool"}
    record = {
        "ts": f"2026-05-{day:02}T18:57:14.240901+00:00",
        "type": "tools/call",
        "tool": tool,
        "agent_id": agent,
        "tenant_id": "default",
        "policy": policy,
        "event_relationships": {"normalization_version": "1", "source": "proxy_tool_call", "targets": [target], "resources": []},
        "prev_hash": "",
        "record_hash_algorithm": "aes-cmac-128",
        "record_hash": "be865de2cfeef8d0f1056cbc8b40ad36",
    }
    return json.dumps({**record, **more})


def toolhive(tool: str, outcome: str = "success", **more: Any) -> str:
    """An event as ToolHive logs it."""
    event = {
        "time": "2026-05-01T10:38:32.164124Z",
        "level": "INFO+2",
        "msg": "audit_event",
        "audit_id": "01be8d47-3ab0-4aa9-ad14-bd5bb408005d",
        "type": "mcp_tool_call",
        "logged_at": "2026-05-01T10:38:32.164124Z",
        "outcome": outcome,
        "component": "github",
        "source": {"type": "network", "value": "192.0.2.1", "extra": {"user_agent": "node"}},
        "subjects": {"user": "ana@acme.example", "user_id": "u-1", "client_name": "claude-code", "client_version": "1"},
        "target": {"endpoint": "/messages", "method": "tools/call", "type": "tool", "name": tool},
    }
    return json.dumps({**event, **more})


class Seen:
    """What logs show together."""

    def __init__(self, **files: list[str]) -> None:
        documents = [document("\n".join(lines), f"{name}.jsonl") for name, lines in files.items()]
        assert all(mcp_audit.detect(one.path, one.data[:HEAD_BYTES]) for one in documents)
        facts = list(mcp_audit.link("shop", {one.path: mcp_audit.summarise(one) for one in documents}))
        self.nodes = {fact.id: check_node(fact).props for fact in facts if isinstance(fact, NodeFact)}
        self.edges = {
            (fact.kind, _called(fact.source), _called(fact.target)): check_edge(fact).props for fact in facts if isinstance(fact, EdgeFact)
        }
        self.guards = {(fact.guard, fact.kind, _short(fact.starts), _short(fact.stops)) for fact in facts if isinstance(fact, Guarding)}
        self.problems = [(fact.where, fact.severity) for fact in facts if isinstance(fact, Problem)]


def _called(end: Any) -> str:
    return _short(f":{end[1]}")


def _short(text: str) -> str:
    return text.partition(":")[2].removeprefix("called:shop#")


def test_calls_that_passed_are_seen_and_counted_over_all_files() -> None:
    seen = Seen(a=[proxy("create_payout"), proxy("create_payout", day=3)], b=[proxy("create_payout", day=2)])
    assert seen.edges == {
        ("USES", "billing-bot", "create_payout"): {
            "evidence": ["observed"],
            "count": 3,
            "first_seen": "2026-05-01T18:57:14Z",
            "last_seen": "2026-05-03T18:57:14Z",
            "guards": [PROXY],
            "sources": ["shop/a.jsonl#L1", "shop/b.jsonl#L1"],
        }
    }
    assert seen.nodes[PROXY]["last_heartbeat"] == "2026-05-03T18:57:14Z"
    assert seen.nodes[PROXY]["distinguishes"] == "agent"
    assert "mode" not in seen.nodes[PROXY]  # it may only watch: nothing was refused
    assert seen.guards == {(PROXY, "USES", "billing-bot", "create_payout")}
    assert not seen.problems


def test_what_was_refused_is_no_access_and_shows_that_the_proxy_enforces() -> None:
    seen = Seen(a=[proxy("rm", "blocked") for _ in range(4)])
    assert not seen.edges
    assert seen.nodes[PROXY]["mode"] == "enforce"
    assert f"{PROXY}#deny" not in seen.nodes  # four times may be about what was asked


def test_what_is_always_refused_is_denied() -> None:
    seen = Seen(a=[proxy("rm", "blocked") for _ in range(5)])
    assert seen.nodes[f"{PROXY}#deny"]["effect"] == "deny"
    assert seen.nodes[f"{PROXY}#deny"]["mode"] == "enforce"
    assert (f"{PROXY}#deny", "USES", "billing-bot", "rm") in seen.guards


def test_what_once_passed_is_not_denied() -> None:
    seen = Seen(a=[proxy("rm", "blocked") for _ in range(9)], b=[proxy("rm")])
    assert f"{PROXY}#deny" not in seen.nodes
    assert seen.edges["USES", "billing-bot", "rm"]["count"] == 1


def test_a_proxy_that_is_told_nobodys_name_tells_nobody_apart() -> None:
    seen = Seen(a=[proxy("read_file", agent="anonymous"), proxy("read_file")])
    assert seen.nodes[PROXY]["distinguishes"] == "none"
    seen = Seen(a=[proxy("read_file", agent="anonymous")])
    assert not seen.edges
    assert seen.problems == [("L1", "note")]


def test_an_agent_of_toolhive_is_the_client_or_whoever_acts_for_it() -> None:
    point = "toolhive:shop#github"
    seen = Seen(a=[toolhive("create_issue"), toolhive("create_issue", "denied"), toolhive("x", "failure")])
    assert set(seen.edges) == {("USES", "claude-code", "github/create_issue"), ("CONNECTS_TO", "claude-code", "github")}
    assert seen.edges["USES", "claude-code", "github/create_issue"]["count"] == 1
    assert seen.nodes[point]["distinguishes"] == "agent"
    assert seen.nodes[point]["labels"] == ["heard=decisions"]  # the log need not hold all that it is told
    assert seen.nodes[point]["mode"] == "enforce"
    acting = {"chain": [{"iss": "https://id.acme.example", "sub": "refund-bot"}, {"sub": "front"}]}
    assert ("CONNECTS_TO", "refund-bot", "github") in Seen(a=[toolhive("create_issue", delegation=acting)]).edges


def test_a_delegated_token_names_on_whose_behalf_each_agent_acts() -> None:
    acting = {"chain": [{"sub": "refund-bot"}, {"sub": "front"}, {"iss": "https://id.acme.example"}, {"sub": "first"}], "malformed": True}
    seen = Seen(a=[toolhive("create_issue", delegation=acting), toolhive("rm", "denied", delegation=acting)])
    edge = seen.edges["DELEGATES_TO", "front", "refund-bot"]
    assert (edge["mode"], edge["evidence"], edge["count"]) == ("on_behalf_of", ["observed"], 2)  # the token is there, refused or not
    assert "scopes" not in edge  # which the log does not tell
    assert not [ends for ends in seen.edges if "first" in ends]  # who stands between is not told
    alone = Seen(a=[toolhive("create_issue", delegation={"chain": [{"sub": "refund-bot"}]})])
    assert not [kind for kind, *_ in alone.edges if kind == "DELEGATES_TO"]


def kong(tool: str, action: str = "allow", **more: Any) -> str:
    """A record of Kong's file log, of a request through its AI MCP proxy."""
    consumer = {"id": "6c95a611", "name": "billing-bot", "identifier": "consumer"}
    audit = {"primitive_name": tool, "consumer": consumer, "scope": "primitive", "primitive": "tool", "action": action}
    rpc = [{"method": "tools/call", "latency": 6, "id": "2", "tool_name": tool}] if action == "allow" else []
    made = {
        "ai": {"mcp": {"mcp_session_id": "s1", "rpc": rpc, "audit": [audit]}},
        "service": {"name": "orders"},
        "started_at": 1777633112164,
    }
    return json.dumps({**made, **more})


def test_kong_tells_which_consumer_called_which_tool() -> None:
    seen = Seen(a=[kong("list_orders"), kong("drop_orders", "deny")])
    assert set(seen.edges) == {("USES", "billing-bot", "orders/list_orders"), ("CONNECTS_TO", "billing-bot", "orders")}
    assert seen.edges["USES", "billing-bot", "orders/list_orders"]["first_seen"] == "2026-05-01T10:58:32Z"
    assert seen.nodes["kong:shop#orders"]["mode"] == "enforce"
    called = {"mcp": {"rpc": [{"method": "tools/call", "tool_name": "x"}, {"method": "tools/call", "tool_name": "y", "error": "no"}]}}
    assert ("USES", "front", "orders/x") in Seen(a=[kong("x", ai=called, consumer={"username": "front"})]).edges


def test_a_group_of_consumers_is_no_agent() -> None:
    audit = {"primitive_name": "x", "consumer": {"name": "admin", "identifier": "consumer_group"}, "primitive": "tool", "action": "allow"}
    seen = Seen(a=[kong("x", ai={"mcp": {"rpc": [], "audit": [audit]}})])
    assert not seen.edges
    assert seen.nodes["kong:shop#orders"]["distinguishes"] == "none"


@pytest.mark.parametrize("form", ["records", "row"])
def test_api_management_tells_which_client_called_which_tool(form: str) -> None:
    row = {"TimeGenerated": "2026-05-01T10:00:00Z", "ClientName": "claude-code", "ServerName": "orders", "ToolName": "list_orders"}
    row |= {"Method": "tools/call", "McpServerEndpoint": "https://x.example/orders/mcp", "Error": ""}
    sent = {name[0].lower() + name[1:]: value for name, value in row.items()}
    kept = {"category": "GatewayMCPLogs", "time": "2026-05-01T10:00:00Z", "properties": sent}
    text = json.dumps(row) if form == "row" else json.dumps({"records": [kept, {**kept, "properties": {**sent, "error": "timeout"}}]})
    edge = Seen(a=[text]).edges["USES", "claude-code", "orders/list_orders"]
    assert (edge["count"], edge["first_seen"]) == (1, "2026-05-01T10:00:00Z")


def test_a_refused_tool_takes_nothing_from_its_server() -> None:
    seen = Seen(a=[toolhive("rm", "denied") for _ in range(6)])
    assert {guard for guard, kind, *_ in seen.guards if kind == "CONNECTS_TO"} == {"toolhive:shop#github"}
    assert {guard for guard, kind, *_ in seen.guards if kind == "USES"} == {"toolhive:shop#github", "toolhive:shop#github#deny"}


def test_no_value_of_a_call_is_told() -> None:
    secret = fake("call", "gh" + "p_")
    lines = [kong(secret, service={"name": secret}, request={"headers": {"authorization": secret}})]
    lines += [proxy(secret, args={"token": secret}, reason=secret), toolhive("x", data={"request": secret}, component=secret)]
    made = document("\n".join(lines), "audit.jsonl")
    assert secret not in repr(mcp_audit.summarise(made))
    assert secret not in repr(list(mcp_audit.link("shop", {"audit.jsonl": mcp_audit.summarise(made)})))


def test_lines_that_are_cut_off_are_told_and_the_others_are_read() -> None:
    seen = Seen(a=[proxy("x"), proxy("y")[:90], f"proxy-1  | {proxy('z')}"])
    assert set(seen.edges) == {("USES", "billing-bot", "x"), ("USES", "billing-bot", "z")}
    assert seen.problems == [("L2", "warning")]


@pytest.mark.parametrize("data", EVERYWHERE.values(), ids=EVERYWHERE)
def test_any_bytes_are_borne(data: bytes) -> None:
    read(mcp_audit, "audit.jsonl", data)


@pytest.mark.parametrize(
    "field", ["tool", "agent_id", "ts", "policy", "tenant_id", "type", "outcome", "subjects", "target", "delegation", "ai"]
)
def test_any_type_is_borne(field: str) -> None:
    values: list[object] = [None, 7, [], {}, [[]], {"chain": [7]}, "\ud800", "x" * 9999]
    for value in values:
        for line in (
            proxy("x"),
            toolhive("x"),
            kong("x"),
            json.dumps({"category": "GatewayMCPLogs", "properties": {"method": "tools/call"}}),
        ):
            read(mcp_audit, "audit.jsonl", json.dumps({**json.loads(line), field: value}).encode())


@pytest.mark.parametrize(
    ("path", "head", "ours"),
    [
        ("audit.jsonl.2", proxy("x"), True),
        ("docs/AUDIT.md", proxy("x"), False),
        ("app.jsonl", '{"type": "tools/call", "tool": "x"}', False),
        ("toolhive.log", toolhive("x"), True),
    ],
)
def test_what_is_taken(path: str, head: str, ours: bool) -> None:
    assert mcp_audit.detect(path, head.encode()) is ours
