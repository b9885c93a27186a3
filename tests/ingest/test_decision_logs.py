"""Records of decisions of several systems: what was let pass, what was refused, and what the point was told."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.ingest import HEAD_BYTES, decision_logs
from graphinv.ingest.support import decisions
from graphinv.model.facts import EdgeFact, Guarding, NodeFact, Problem, check_edge, check_node
from tests.ingest.bad_inputs import EVERYWHERE, read
from tests.ingest.reading import document, fake


def opa(result: object, input: object, path: str = "mcp/authz/allow", **more: Any) -> dict[str, Any]:
    """An event as OPA's console and its decision-log API have it."""
    event = {
        "labels": {"app": "gateway", "id": "1780d507-aea2-45cc-ae50-fa153c8e4a5a", "version": "1.4.2"},
        "decision_id": "4ca636c1-55e4-417a-b1d8-4aceb67960d1",
        "bundles": {"authz": {"revision": "r7"}},
        "path": path,
        "input": input,
        "result": result,
        "requested_by": "[::1]:59943",
        "timestamp": "2026-05-01T00:00:00.000000Z",
        "metrics": {"timer_server_handler_ns": 34},
    }
    return {**event, **more}


def asked(tool: str = "payments.refund", agent: str = "invoice-7", **context: Any) -> dict[str, Any]:
    """An AuthZEN request."""
    return {
        "subject": {"type": "agent", "id": agent, "properties": {"env": "prod", "on_behalf_of": "ana@acme.example"}},
        "action": {"name": "tools/call"},
        "resource": {"type": "tool", "id": tool, "properties": {"sensitivity": "restricted"}},
        "context": {"task": "T-4711", **context},
    }


def lines(*entries: object) -> str:
    return "\n".join(json.dumps(entry) for entry in entries)


class Seen:
    """What logs show together."""

    def __init__(self, *data: str) -> None:
        documents = [document(text, f"log{number}.jsonl") for number, text in enumerate(data)]
        assert all(decision_logs.detect(one.path, one.data[:HEAD_BYTES]) for one in documents)
        facts = list(decision_logs.link("shop", {one.path: decision_logs.summarise(one) for one in documents}))
        self.points: dict[str, dict[str, Any]] = {}
        self.nodes: set[tuple[str, str]] = set()
        for fact in facts:
            if isinstance(fact, NodeFact):
                checked = check_node(fact)
                self.nodes.add(checked.key)
                if fact.kind == "EnforcementPoint":
                    self.points[fact.id.replace(":shop", "")] = checked.props
        self.edges = {
            (fact.kind, _short(fact.source[1]), _short(fact.target[1])): check_edge(fact).props  # type: ignore[index]
            for fact in facts
            if isinstance(fact, EdgeFact)
        }
        self.guards = {
            (fact.guard.replace(":shop", ""), fact.kind, _short(fact.starts.partition(":")[2]), _short(fact.stops.partition(":")[2]))
            for fact in facts
            if isinstance(fact, Guarding)
        }
        self.problems = [(fact.where, fact.severity) for fact in facts if isinstance(fact, Problem)]


def _short(id: str) -> str:
    return id.removeprefix("called:shop#")


# --------------------------------------------------------------------------------------------------------------------------------
# OPA


def test_what_opa_lets_pass_is_seen_and_what_it_is_told_is_known() -> None:
    seen = Seen(lines(opa(True, asked()), opa({"allow": True}, asked()), opa({"allow": False}, asked("payments.delete"))))
    edge = seen.edges["USES", "invoice-7", "payments.refund"]
    assert (edge["count"], edge["evidence"], edge["guards"]) == (2, ["observed"], ["opa:shop#gateway/mcp/authz/allow"])
    assert ("USES", "invoice-7", "payments.delete") not in seen.edges
    point = seen.points["opa#gateway/mcp/authz/allow"]
    assert point["labels"] == ["heard=decisions", "input=agent", "input=environment", "input=sensitivity", "input=subject", "input=task"]
    assert (point["distinguishes"], point["effect"], point["last_heartbeat"]) == ("agent", "evaluate", "2026-05-01T00:00:00Z")
    assert "mode" not in point  # whether anybody obeys it the log does not say


def test_a_list_of_events_is_read_as_the_lines_are() -> None:
    assert Seen(json.dumps([opa(True, asked())], indent=1)).edges.keys() == Seen(lines(opa(True, asked()))).edges.keys()


def test_a_label_may_say_whether_opa_is_obeyed() -> None:
    for stated, mode in (("enforce", "enforce"), ("dry-run", "monitor")):
        (point,) = Seen(lines(opa(True, asked(), labels={"app": "gw", "mode": stated}))).points.values()
        assert point["mode"] == mode


def test_what_a_point_that_only_watches_refuses_happens_all_the_same() -> None:
    watching = opa(False, asked(), labels={"app": "gw", "mode": "monitor"})
    assert ("USES", "invoice-7", "payments.refund") in Seen(lines(watching)).edges


def test_what_is_always_refused_is_denied_there() -> None:
    seen = Seen(lines(*[opa(False, asked())] * 3), lines(*[opa(False, asked())] * 2))
    point = "opa#gateway/mcp/authz/allow"
    assert seen.points[f"{point}#deny"]["effect"] == "deny"
    assert seen.points[f"{point}#deny"]["labels"] == ["always=deny"]
    assert (f"{point}#deny", "USES", "invoice-7", "payments.refund") in seen.guards
    assert not seen.edges
    asking = Seen(lines(*[opa({"allow": False, "requires_approval": True}, asked())] * 5))
    assert asking.points[f"{point}#step_up"]["effect"] == "step_up"


def test_a_decision_for_a_person_alone_shows_a_point_that_sees_no_agent() -> None:
    seen = Seen(lines(opa(True, {"user": "alice", "method": "GET", "path": ["salary", "bob"]}, "http/example/authz/allow")))
    assert seen.points["opa#gateway/http/example/authz/allow"]["distinguishes"] == "identity"
    assert not seen.edges
    assert seen.problems == [("L1", "note")]


def test_what_the_log_leaves_out_was_told_all_the_same() -> None:
    seen = Seen(lines(opa(True, {"tool": "x"}, erased=["/input/agent_id", "/input/task_id"])))
    (point,) = seen.points.values()
    assert point["labels"] == ["heard=decisions", "input=agent", "input=task"]


def test_claims_of_a_delegated_token_name_on_whose_behalf_each_agent_acts() -> None:
    claims = {
        "sub": "ana@acme.example",
        "client_id": "portal",
        "act": {"sub": "refund-bot", "act": {"sub": "front", "act": {"sub": "first"}}},
    }
    seen = Seen(lines(opa(True, {"token": {"payload": claims}, "tool": "payments.refund"}), opa(False, {"claims": claims, "tool": "rm"})))
    assert ("USES", "refund-bot", "payments.refund") in seen.edges  # the outermost acts
    chain = {
        ends: (props["mode"], props["count"])
        for (kind, *ends_), props in seen.edges.items()
        if kind == "DELEGATES_TO"
        for ends in [tuple(ends_)]
    }
    assert chain == {("front", "refund-bot"): ("on_behalf_of", 2), ("first", "front"): ("on_behalf_of", 2)}
    assert seen.points["opa#gateway/mcp/authz/allow"]["distinguishes"] == "agent"


def test_whoever_an_agent_acts_for_may_be_an_agent() -> None:
    request = asked(agent="front")
    request["subject"]["properties"] = {"act": {"sub": "refund-bot"}}
    seen = Seen(lines({"request": request, "response": {"decision": True}}))
    assert seen.edges["DELEGATES_TO", "front", "refund-bot"]["mode"] == "on_behalf_of"
    assert ("USES", "refund-bot", "payments.refund") in seen.edges


@pytest.mark.parametrize(
    "act",
    [
        {"sub": "support@acme.example", "act": {"sub": "front"}},  # a person who looks as a customer does
        {"type": "user", "id": "u-1", "act": {"sub": "front"}},
        {"scope": "everything", "act": {"sub": "front"}},
        "read",
        [],
        {"sub": 7},
    ],
)
def test_an_act_that_names_no_agent_delegates_nothing(act: object) -> None:
    seen = Seen(lines(opa(True, {"claims": {"sub": "u-9", "act": act}, "agent": "invoice-7", "tool": "payments.refund"})))
    assert set(seen.edges) == {("USES", "invoice-7", "payments.refund")}


def test_a_chain_of_actors_is_followed_so_far() -> None:
    deep: dict[str, Any] = {"sub": "a0"}
    for number in range(1, 40):
        deep = {"sub": f"a{number}", "act": deep}
    seen = Seen(lines(opa(True, {"claims": {"act": deep}})))
    assert sum(kind == "DELEGATES_TO" for kind, *_ in seen.edges) == 15


def test_envoy_asks_for_a_workload_and_what_it_sends() -> None:
    http = {"method": "POST", "host": "github-mcp.tools.svc", "path": "/mcp", "headers": {"authorization": "Bearer x"}}
    source = {"principal": "spiffe://acme.example/agent/invoice-7", "address": {}}
    body = {"jsonrpc": "2.0", "method": "tools/call", "params": {"name": "create_issue"}}
    seen = Seen(lines(opa(True, {"attributes": {"source": source, "request": {"http": http}}, "parsed_body": body})))
    spiffe = "spiffe://acme.example/agent/invoice-7"
    assert set(seen.edges) == {
        ("CONNECTS_TO", spiffe, "github-mcp.tools.svc"),
        ("USES", spiffe, "github-mcp.tools.svc/create_issue"),
    }


def test_a_request_that_is_none_of_mcp_is_for_a_service() -> None:
    claims = {"azp": "chat-ui", "sub": "u-1", "exp": 1761700528}
    http = {"method": "POST", "host": "llm.acme.example", "path": "/v1/chat", "headers": {"accept": "*/*"}}
    metadata = {"filterMetadata": {"agentgateway.jwt.claims": claims}}
    seen = Seen(lines(opa(True, {"attributes": {"metadataContext": metadata, "request": {"http": http}}})))
    assert ("CAN_ACCESS", "principal:shop#agent:chat-ui", "object:shop#service:llm.acme.example") in seen.edges


# --------------------------------------------------------------------------------------------------------------------------------
# AuthZEN


def test_an_answer_of_authzen_belongs_to_its_request() -> None:
    seen = Seen(
        lines(
            {"timestamp": "2026-05-01T10:00:00Z", "pdp": "https://pdp.acme.example", "request": asked(), "response": {"decision": True}},
            {**asked("payments.pay"), "decision": True, "timestamp": "2026-05-01T10:00:01Z"},
        )
    )
    assert {(kind, tool) for kind, _, tool in seen.edges} == {("USES", "payments.refund"), ("USES", "payments.pay")}
    assert set(seen.points) == {"authzen#https://pdp.acme.example", "authzen"}


def test_evaluations_take_what_they_lack_from_the_request() -> None:
    whole = asked()
    request = {**whole, "evaluations": [{}, {"resource": {"type": "tool", "id": "b"}}, {"resource": {"type": "agent", "id": "helper"}}]}
    answers = [{"decision": True}, {"decision": False}, {"decision": True}]
    seen = Seen(lines({"request": request, "response": {"evaluations": answers}}))
    assert set(seen.edges) == {("USES", "invoice-7", "payments.refund"), ("DELEGATES_TO", "invoice-7", "helper")}


def test_three_ways_in_which_authzen_asks_for_more() -> None:
    for context in (
        {"acr_values": ["mfa"]},
        {"obligations": [{"type": "step-up", "properties": {"acr_value": "mfa"}}]},
        {"access_request": {"endpoint": "https://pdp.acme.example/r"}},
    ):
        seen = Seen(lines(*[{"request": asked(), "response": {"decision": False, "context": context}}] * 5))
        assert "authzen#step_up" in seen.points


def test_a_resource_is_reached_under_the_name_by_which_the_point_knows_the_agent() -> None:
    request = {**asked(), "action": {"name": "can_read"}, "resource": {"type": "document", "id": "ledger"}}
    seen = Seen(lines({"request": request, "response": {"decision": True}}))
    assert seen.edges["CAN_ACCESS", "principal:shop#agent:invoice-7", "object:shop#document:ledger"]["actions"] == ["read"]
    assert seen.edges["RUNS_AS", "invoice-7", "principal:shop#agent:invoice-7"]["evidence"] == ["inferred"]


def test_a_test_case_is_no_decision() -> None:
    case = {"request": asked(), "expected": True}
    assert not decision_logs.detect("decisions.json", json.dumps({"evaluation": [case]}).encode())
    assert not list(decision_logs.link("shop", {"a": decision_logs.summarise(document(json.dumps(case), "a.json"))}))


# --------------------------------------------------------------------------------------------------------------------------------
# Agent Control Standard


def envelope(number: str, tool: str, decision: str, agent: str = "claude-code") -> list[dict[str, Any]]:
    metadata = {"agent_id": agent, "session_id": "6ccc72b8-a167-5573-b3ea-a310262ea93f"}
    params = {
        "acs_version": "0.1.0",
        "request_id": number,
        "timestamp": "2026-05-01T16:00:37.962Z",
        "metadata": metadata,
        "payload": {"tool": {"name": tool}, "arguments": {"command": {"value": "ls"}}},
    }
    return [
        {"jsonrpc": "2.0", "method": "steps/toolCallRequest", "id": number, "params": params},
        {"jsonrpc": "2.0", "id": number, "result": {"type": "final", "request_id": number, "decision": decision}},
    ]


def test_a_guardian_is_obeyed_and_lets_pass_what_it_changes() -> None:
    steps = [*envelope("1", "Bash", "allow"), *envelope("2", "Bash", "modify"), *envelope("3", "WebFetch", "deny")]
    seen = Seen(lines(*steps))
    assert seen.edges["USES", "claude-code", "Bash"]["count"] == 2
    assert ("USES", "claude-code", "WebFetch") not in seen.edges
    assert (seen.points["acs"]["mode"], seen.points["acs"]["kind_detail"]) == ("enforce", "acs")


def test_envelopes_may_be_kept_within_other_records_and_answers_come_in_any_order() -> None:
    first, second = envelope("1", "Bash", "allow"), envelope("2", "Read", "ask")
    wrapped = [{"seq": n, "recorded_at": "x", "direction": "in", "envelope": one} for n, one in enumerate([first[0], second[0]])]
    seen = Seen(lines(*wrapped, second[1], first[1]))
    assert set(seen.edges) == {("USES", "claude-code", "Bash")}


def test_an_agent_that_was_let_start_is_there_for_a_while() -> None:
    asked, answer = envelope("1", "", "allow")
    asked |= {"method": "steps/subagentStart"}
    asked["params"]["payload"] = {"subagent_id": "explorer"}
    assert Seen(lines(asked, answer)).edges["DELEGATES_TO", "claude-code", "explorer"]["transient"] is True


def test_the_last_requests_wait_for_their_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decision_logs, "MAX_WAITING", 1)
    seen = Seen(lines(envelope("1", "Bash", "allow")[0], *envelope("2", "Read", "allow")))
    assert set(seen.edges) == {("USES", "claude-code", "Read")}


def test_what_later_records_tell_of_a_point_is_known_too() -> None:
    hello = {"jsonrpc": "2.0", "id": "0", "result": {"negotiated_version": "0.1.0", "on_decision_failure": "proceed"}}
    assert Seen(lines(*envelope("1", "Bash", "allow"), hello)).points["acs"]["fail"] == "open"


def test_a_guardian_that_lets_pass_what_it_cannot_judge() -> None:
    hello = {"jsonrpc": "2.0", "id": "0", "result": {"negotiated_version": "0.1.0", "on_decision_failure": "proceed"}}
    assert Seen(lines(*envelope("1", "Bash", "allow"), hello)).points["acs"].get("fail") in (None, "open")


# --------------------------------------------------------------------------------------------------------------------------------
# Cedar


def cedarling(decision: str, **more: Any) -> dict[str, Any]:
    event = {
        "request_id": "019474da-12f3-74f1-8f3e-da7624806135",
        "timestamp": "2026-05-01T09:20:36.339Z",
        "log_kind": "Decision",
        "pdp_id": "4cf7864b-50d4-4492-8cd1-3ddb424e2711",
        "policystore_id": "gICAgc",
        "application_id": "Tools",
        "principal": "User & Workload",
        "User": {"sub": "qzxn1S"},
        "Workload": {"client_id": "invoice-7"},
        "action": 'Jans::Action::"Call"',
        "resource": 'Jans::Tool::"refund"',
        "decision": decision,
    }
    return {**event, **more}


def test_cedarling_knows_the_workload_and_the_person() -> None:
    seen = Seen(lines(cedarling("ALLOW"), {"log_kind": "System", "pdp_id": "x"}, cedarling("DENY", resource='Jans::Tool::"pay"')))
    assert set(seen.edges) == {("USES", "invoice-7", "refund")}
    assert seen.points["cedarling#Tools"]["distinguishes"] == "agent"
    assert seen.points["cedarling#Tools"]["labels"] == ["heard=decisions"]  # the record need not hold all that it is told


def test_an_older_cedarling_names_the_workload_in_a_text() -> None:
    old = {"Workload": None, "User": None, "workload_principal": 'Jans::Workload::"invoice-7"', "workload_decision": "ALLOW"}
    seen = Seen(lines({key: value for key, value in cedarling("", **old).items() if key != "decision"}))
    assert set(seen.edges) == {("USES", "invoice-7", "refund")}


def test_verified_permissions_in_a_trail() -> None:
    asked = {
        "policyStoreId": "PSEXAMPLE",
        "principal": {"entityType": "Acme::Agent", "entityId": "invoice-7"},
        "action": {"actionType": "Acme::Action", "actionId": "Read"},
        "resource": {"entityType": "Acme::Ledger", "entityId": "2026"},
    }
    event = {"eventSource": "verifiedpermissions.amazonaws.com", "eventName": "IsAuthorized", "eventTime": "2026-05-01T00:00:00Z"}
    record = {**event, "requestParameters": asked, "responseElements": None, "additionalEventData": {"decision": "ALLOW"}}
    seen = Seen(json.dumps({"Records": [record]}))
    assert ("CAN_ACCESS", "principal:shop#agent:invoice-7", "object:shop#ledger:2026") in seen.edges
    assert seen.points["verified-permissions#PSEXAMPLE"]["distinguishes"] == "agent"


def test_a_local_agent_of_cedar_tells_only_what_it_does_not_hide() -> None:
    def event(name: str, kind: str = "Agent") -> dict[str, Any]:
        details = {"action_entity_details": {"name": "read", "type": "Action"}, "determined_policies": ["p"]}
        entity = {"name": name, "type": kind, "data": {"Parents": []}}
        product = {"product": {"name": "cedar::simple::authorizer"}}
        thing = {"name": "2", "type": "Box"}
        more = {"time": 1777593600, "metadata": product, "entity_result": thing, "status_code": "Allow", "unmapped": details}
        return {"class_uid": 3004, "entity": entity, **more}

    assert ("CAN_ACCESS", "principal:shop#agent:mike", "object:shop#box:2") in Seen(lines(event("mike"))).edges
    assert not Seen(lines(event("Sensitive<REDACTED>", "Sensitive<REDACTED>"))).edges


# --------------------------------------------------------------------------------------------------------------------------------
# Hostile


def test_no_value_of_an_input_is_told() -> None:
    secrets = [fake(f"s{number}", "gh" + "p_") for number in range(9)]
    request = asked(secrets[0], secrets[1], token=secrets[2])
    request["subject"]["properties"]["jwt"] = secrets[3]
    entries = [
        opa(True, {**request, "headers": {"authorization": f"Bearer {secrets[4]}"}}, labels={"app": secrets[5]}),
        {"request": request, "response": {"decision": True, "context": {"reason": secrets[6]}}, "pdp": secrets[7]},
        *envelope("1", secrets[8], "allow"),
    ]
    record = decision_logs.summarise(document(lines(*entries), "log.jsonl"))
    shown = repr(record) + repr(list(decision_logs.link("shop", {"log.jsonl": record})))
    assert not [secret for secret in secrets if secret in shown]


@pytest.mark.parametrize("bound", ["MAX_THINGS", "MAX_POINTS"])
def test_decisions_that_are_too_many_are_told_also_where_nothing_was_let_pass(monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    monkeypatch.setattr(decisions, bound, 1)
    refused = lines(*(opa({"allow": False}, asked(f"pay{at}"), path=f"p{at}/allow") for at in range(2)))
    made = decision_logs.link("shop", {"opa.jsonl": decision_logs.summarise(document(refused, "opa.jsonl", "shop"))})
    assert "error" in {fact.severity for fact in made if isinstance(fact, Problem)}


def test_a_long_log_gives_few_facts() -> None:
    seen = Seen(lines(*[opa(True, asked(), decision_id=str(number)) for number in range(3000)]))
    assert len(seen.edges) == 1
    assert seen.edges["USES", "invoice-7", "payments.refund"]["count"] == 3000


@pytest.mark.parametrize("data", EVERYWHERE.values(), ids=EVERYWHERE)
def test_any_bytes_are_borne(data: bytes) -> None:
    read(decision_logs, "log.jsonl", data)


_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text(max_size=20), st.sampled_from(["agent", "tool", "allow", "\ud800"]))
_ANYTHING = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3), max_leaves=8
)
_BASES = [opa(True, asked()), {"request": asked(), "response": {"decision": True}}, *envelope("1", "a", "allow"), cedarling("ALLOW")]


@given(st.sampled_from(_BASES), st.data())
def test_any_type_is_borne(base: dict[str, Any], data: st.DataObject) -> None:
    name = data.draw(st.sampled_from(sorted(base)))
    changed = {**base, name: data.draw(_ANYTHING)}
    if isinstance(base[name], dict) and data.draw(st.booleans()):
        inner = data.draw(st.sampled_from(sorted(base[name])))
        changed = {**base, name: {**base[name], inner: data.draw(_ANYTHING)}}
    read(decision_logs, "log.jsonl", json.dumps([*envelope("1", "b", "deny")[:1], changed]).encode())
