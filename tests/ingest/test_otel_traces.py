"""Traces of agents: who was seen to do what, in each shape and convention."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphinv.ingest import otel_traces
from graphinv.model.facts import EdgeFact
from tests.ingest.bad_inputs import ANY_BYTES, EVERYWHERE, read
from tests.ingest.reading import document, fake
from tests.ingest.traces import CHAT, Shown, Told, agent, mcp, otlp, resource, span, tool


def shown(*spans: dict[str, Any], **told: Any) -> Shown:
    return Shown(otlp(resource(*spans, **told)))


# --------------------------------------------------------------------------------------------------------------------------------
# Who did what


def test_a_tool_below_an_agent_was_used_by_it() -> None:
    found = shown(tool("02", "search", "01", at=1), agent("01", "Planner"), tool("03", "search", "01", at=5))
    assert found.edges == {
        ("USES", "trips/Planner", "trips/search"): {
            "evidence": ["observed"],
            "count": 2,
            "first_seen": "2026-09-21T14:13:21Z",
            "last_seen": "2026-09-21T14:13:25Z",
            "sources": ["logs/traces.json#L1"],
        }
    }
    assert found.nodes["Agent", "called:trips/Planner"]["name"] == "Planner"


def test_spans_between_an_agent_and_its_tool_are_looked_through() -> None:
    found = shown(agent("01", "Planner"), span("02", "01", "POST"), span("03", "02", "retry"), tool("04", "search", "03"))
    assert set(found.edges) == {("USES", "trips/Planner", "trips/search")}


def test_an_agent_below_an_agent_was_delegated_to() -> None:
    found = shown(agent("01", "Planner"), agent("02", "Booker", "01"), tool("03", "book", "02"))
    assert set(found.edges) == {("DELEGATES_TO", "trips/Planner", "trips/Booker"), ("USES", "trips/Booker", "trips/book")}
    assert found.edges["DELEGATES_TO", "trips/Planner", "trips/Booker"]["mode"] == "invoke"


def test_an_agent_that_the_trace_shows_made_is_there_only_for_a_while() -> None:
    made: dict[str, Any] = {"gen_ai__operation__name": "create_agent", "gen_ai__agent__name": "Booker"}
    spans = agent("01", "Planner"), agent("02", "Booker", "01"), agent("03", "Payer", "01"), tool("04", "book", "02")
    found = shown(*spans, span("05", "01", **made))
    assert found.edges["DELEGATES_TO", "trips/Planner", "trips/Booker"]["transient"] is True
    assert "transient" not in found.edges["DELEGATES_TO", "trips/Planner", "trips/Payer"]
    assert "transient" not in shown(*spans, span("05", "01", error=True, **made)).edges["DELEGATES_TO", "trips/Planner", "trips/Booker"]
    elsewhere = Shown(otlp(resource(*spans), resource(span("05", **made), service="desk")))
    assert "transient" not in elsewhere.edges["DELEGATES_TO", "trips/Planner", "trips/Booker"]
    assert not shown(span("05", **made)).edges


def test_a_tool_that_runs_an_agent_is_a_delegation() -> None:
    found = shown(agent("01", "Planner"), tool("02", "ask_booker", "01"), agent("03", "Booker", "02"))
    assert set(found.edges) == {("DELEGATES_TO", "trips/Planner", "trips/Booker")}
    assert not found.of("Tool")


def test_a_call_into_another_service_is_a_delegation_to_the_agent_there() -> None:
    """The caller tells the call as well, under the callee's name."""
    caller = resource(agent("01", "Planner"), agent("02", "Booker", "01", kind=3), span("03", "02", "POST", 3))
    callee = resource(span("04", "03", "POST /", 2), agent("05", "booker", "04"), tool("06", "book", "05"), service="bookings")
    found = Shown(otlp(callee, caller))
    assert set(found.edges) == {("DELEGATES_TO", "trips/Planner", "bookings/booker"), ("USES", "bookings/booker", "bookings/book")}
    assert found.of("Agent") == {"trips/Planner", "bookings/booker"}


def test_handing_over_is_a_delegation_where_the_trace_shows_to_whom() -> None:
    spans = agent("01", "Triage"), tool("02", "transfer_to_billing_agent", "01"), agent("03", "Billing agent"), tool("04", "refund", "03")
    found = shown(*spans)
    assert found.edges["DELEGATES_TO", "trips/Triage", "trips/Billing agent"]["mode"] == "handoff"
    assert found.of("Tool") == {"trips/refund"}
    assert set(shown(*spans[:2]).edges) == set()


def test_an_agent_that_says_who_handed_over_to_it_was_delegated_to() -> None:
    flow = span("01", openinference__span__kind="AGENT", name="Agent workflow")
    taking = span("03", "01", openinference__span__kind="AGENT", agent__name="Billing", graph__node__parent_id="Triage")
    found = shown(flow, span("02", "01", openinference__span__kind="AGENT", agent__name="Triage"), taking)
    assert {key: props["mode"] for key, props in found.edges.items()} == {("DELEGATES_TO", "trips/Triage", "trips/Billing"): "handoff"}


def test_what_a_span_itself_says_of_the_agent_counts_first() -> None:
    found = shown(agent("01", "Planner"), tool("02", "book", "01", gen_ai__agent__name="Booker"))
    assert set(found.edges) == {("USES", "trips/Booker", "trips/book")}


def test_tools_of_a_service_that_names_no_agent_are_its_own_agents() -> None:
    found = shown(tool("01", "search"))
    assert found.edges["USES", "trips", "trips/search"]["confidence"] == 0.7


def test_the_only_agent_of_a_service_did_what_no_span_says_who_did() -> None:
    found = shown(agent("01", "Planner"), tool("02", "search", "lost"))
    assert set(found.edges) == {("USES", "trips/Planner", "trips/search")}
    two = shown(agent("01", "Planner"), agent("03", "Booker"), tool("02", "search", "lost"))
    assert ("USES", "trips", "trips/search") in two.edges


@pytest.mark.parametrize("service", ["", "unknown_service:python"])
def test_an_agent_without_a_service_is_its_roots_and_less_sure(service: str) -> None:
    found = shown(agent("01", "Planner"), tool("02", "search", "01"), service=service)
    assert found.edges["USES", "logs#Planner", "logs#search"]["confidence"] == 0.6


def test_what_nobody_is_said_to_have_done_is_left_out_and_told() -> None:
    found = shown(tool("01", "search"), span("02", **CHAT), service="")
    assert not found.nodes
    assert not found.edges
    assert found.problems == [("warning", "shows things done of which neither the agent nor the service is told (2); they are left out")]


@pytest.mark.parametrize("name", ["Agent", "171105b7-59dd-49c0-9677-0b95395aa46a", "CodeAgent"])
def test_a_name_that_a_library_made_up_names_nobody(name: str) -> None:
    assert shown(agent("01", name), tool("02", "search", "01")).of("Agent") == {"trips"}


def test_an_id_alone_names_nobody() -> None:
    told: Told = {"gen_ai__operation__name": "invoke_agent", "gen_ai__agent__id": "asst_5j66UpCpwteGg4YSxUnt7lPY"}
    assert shown(span("01", **told), tool("02", "search", "01")).of("Agent") == {"trips"}


def test_a_service_is_another_one_in_another_environment() -> None:
    spans = agent("01", "Planner"), tool("02", "search", "01")
    other = [one | {"traceId": "b2" * 16} for one in spans]
    found = Shown(otlp(resource(*spans, deployment__environment="staging"), resource(*other, deployment__environment__name="production")))
    assert found.of("Agent") == {"trips@staging/Planner", "trips@production/Planner"}
    assert found.nodes["Agent", "called:trips@production/Planner"]["environment"] == "prod"


def test_what_only_asks_a_model_is_no_agent() -> None:
    assert not shown(span("01", **CHAT)).nodes
    found = shown(span("01", **CHAT), tool("02", "search"))
    assert ("USES_MODEL", "trips", "gpt-4o") in found.edges


def test_a_flow_is_none_either_and_its_steps_are_its_own() -> None:
    flow = span("01", gen_ai__operation__name="invoke_workflow", gen_ai__workflow__name="nightly")
    found = shown(flow, agent("02", "Planner", "01"), tool("03", "search", "01"))
    assert set(found.edges) == {("DELEGATES_TO", "trips/nightly", "trips/Planner"), ("USES", "trips/nightly", "trips/search")}
    assert ("Workflow", "called:trips/nightly") in found.nodes


def test_a_call_that_failed_is_no_evidence_of_access() -> None:
    denied = tool("03", "wipe", "01", error__type="permission_denied")
    found = shown(agent("01", "Planner"), tool("02", "search", "01", error=True), denied, mcp("04", "x", "01", error__type="tool_error"))
    assert not found.edges
    assert found.problems == [("note", "shows calls that failed (3); they are no evidence of access")]


def test_what_went_well_below_a_run_that_failed_counts() -> None:
    found = shown(agent("01", "Planner", error=True), agent("02", "Booker", "01", error=True), tool("03", "book", "02"))
    assert set(found.edges) == {("DELEGATES_TO", "trips/Planner", "trips/Booker"), ("USES", "trips/Booker", "trips/book")}


def test_an_agents_own_span_without_a_name_is_of_the_agent_that_was_called() -> None:
    unnamed: Told = {"gen_ai__operation__name": "invoke_agent"}
    call, own = span("01", kind=3, graphinv__agent__id="bot", **unnamed), span("02", "01", **unnamed)
    assert set(shown(call, own, tool("03", "search", "02")).edges) == {("USES", "logs#@bot", "trips/search")}
    chain = [agent("0", "...", kind=3), *(agent(str(at), "..." if at % 65 == 63 else "", str(at - 1), kind=3) for at in range(1, 3000))]
    assert shown(*chain, tool("x", "search", "2999")).of("Tool") == {"trips/search"}


@pytest.mark.parametrize("around", [0, 8])
def test_lists_in_lists_are_borne(around: int) -> None:
    for depth in range(350, 500):
        nested = '{"arrayValue":[' * depth + "1" + "]}" * depth
        line = '{"a":' * around + f'{{"spanId":"1","traceId":"t","attributes":{{"a":{nested}}}}}' + "}" * around
        read(otel_traces, "traces.jsonl", line.encode())


def test_many_agents_and_tools_take_no_longer_each() -> None:
    some = 4_000
    spans = [agent("r", "Triage")]
    for at in range(some):
        spans += [
            agent(f"a{at}", f"A{at}"),
            tool(f"h{at}", f"transfer_to_A{at}", "r"),
            mcp(f"m{at}", f"t{at}", "r", mcp__server__name="shop"),
        ]
    found = shown(*spans)
    assert len(found.of("Tool")) == sum(mode == "DELEGATES_TO" for mode, *_ in found.edges) == some


def test_the_same_span_twice_is_one_sighting() -> None:
    found = Shown(otlp(*[resource(agent("01", "Planner"), tool("02", "search", "01"))] * 2))
    assert found.edges["USES", "trips/Planner", "trips/search"]["count"] == 1


# --------------------------------------------------------------------------------------------------------------------------------
# Servers, models, memory, data


def test_a_request_to_a_server_connects_to_it_for_the_tools_that_were_called() -> None:
    at: Told = {"server__address": "mcp.acme.example", "server__port": 443}
    listing = span("02", "01", "tools/list", 3, mcp__method__name="tools/list", **at)
    found = shown(agent("01", "Planner"), listing, mcp("03", "pay", "01", **at), mcp("04", "refund", "01", **at))
    assert found.edges["CONNECTS_TO", "trips/Planner", "trips/mcp.acme.example"]["tools"] == ["pay", "refund"]
    assert found.edges["CONNECTS_TO", "trips/Planner", "trips/mcp.acme.example"]["count"] == 3
    assert ("PROVIDES", "trips/mcp.acme.example", "trips/mcp.acme.example/pay") in found.edges
    assert not any(kind == "USES" for kind, *_ in found.edges)


def test_a_server_with_its_whole_address_has_the_id_that_configurations_give_it() -> None:
    found = shown(agent("01", "Planner"), mcp("02", "pay", "01", url__full="https://MCP.acme.example/mcp?session=1"))
    assert ("CONNECTS_TO", "trips/Planner", "https://mcp.acme.example/mcp") in found.edges
    assert ("Tool", "https://mcp.acme.example/mcp/pay") in found.nodes


def test_a_server_that_answered_is_called_by_its_service() -> None:
    client = resource(agent("01", "Planner"), tool("02", "pay", "01"), mcp("03", "pay", "02", server__address="10.0.0.7"))
    server = resource(mcp("04", "pay", "03", kind=2), service="payments-mcp")
    found = Shown(otlp(client, server))
    assert set(found.edges) == {
        ("CONNECTS_TO", "trips/Planner", "payments-mcp"),
        ("PROVIDES", "payments-mcp", "payments-mcp/pay"),
    }


def test_a_server_that_tells_of_a_call_alone_is_known_with_its_tool() -> None:
    found = shown(mcp("04", "pay", "lost", kind=2), service="payments-mcp")
    assert set(found.edges) == {("PROVIDES", "payments-mcp", "payments-mcp/pay")}


def test_a_tool_of_a_server_of_which_only_the_name_is_told() -> None:
    found = shown(agent("01", "coder"), tool("02", "mcp__github__create_issue", "01"))
    assert found.edges["CONNECTS_TO", "trips/coder", "trips/github"]["tools"] == ["create_issue"]
    local = shown(agent("01", "coder"), mcp("02", "read", "01", network__transport="pipe"))
    assert set(local.edges) == {("USES", "trips/coder", "trips/read")}


def test_models_memory_and_data_sources() -> None:
    search = span("03", "01", gen_ai__operation__name="search_memory", gen_ai__memory__store__id="prefs")
    write = span("04", "01", gen_ai__operation__name="upsert_memory", gen_ai__memory__store__id="prefs")
    look = span("05", "01", gen_ai__operation__name="retrieval", gen_ai__data_source__id="H7STPQYOND")
    found = shown(agent("01", "Planner"), span("02", "01", **CHAT), search, write, look)
    assert set(found.edges) == {
        ("USES_MODEL", "trips/Planner", "gpt-4o"),
        ("READS", "trips/Planner", "trips/prefs"),
        ("WRITES", "trips/Planner", "trips/prefs"),
        ("INGESTS", "trips/Planner", "trips/H7STPQYOND"),
    }


def test_a_query_below_a_tool_shows_what_the_tool_reaches() -> None:
    at: Told = {"db__system__name": "postgresql", "server__address": "db.acme.example", "db__namespace": "shop"}
    read_, wipe = (span(f"0{i}", "02", kind=3, db__operation__name=verb, **at) for i, verb in ((3, "SELECT"), (4, "DELETE")))
    found = shown(agent("01", "Planner"), tool("02", "report", "01"), read_, wipe, span("05", "01", db__operation__name="SELECT", **at))
    pairs = [fact for fact in found.all if isinstance(fact, EdgeFact) and fact.kind == "CAN_ACCESS"]
    assert {(fact.target, *fact.props["actions"]) for fact in pairs} == {
        (("Resource", "postgres://db.acme.example:5432/shop"), "read"),
        (("Resource", "postgres://db.acme.example:5432/shop"), "delete"),
    }
    assert {fact.source for fact in pairs} == {("Tool", "called:trips/report")}


# --------------------------------------------------------------------------------------------------------------------------------
# Where, as whom, for what


@pytest.mark.parametrize(
    ("told", "runtime"),
    [
        ({"k8s__namespace__name": "pay", "k8s__deployment__name": "bot", "k8s__cluster__name": "eu"}, "k8s:eu/pay/Deployment/bot"),
        ({"k8s__namespace__name": "pay", "k8s__pod__name": "bot-55bdf57754-j845v"}, "k8s:logs/pay/Deployment/bot"),
        ({"k8s__namespace__name": "pay", "k8s__pod__name": "bot-0"}, "k8s:logs/pay/Pod/bot-0"),
        (
            {"cloud__resource_id": "arn:aws:lambda:eu-west-1:111122223333:function:bot:7"},
            "arn:aws:lambda:eu-west-1:111122223333:function:bot",
        ),
        (
            {"cloud__provider": "aws", "faas__name": "bot", "cloud__region": "eu-west-1", "cloud__account__id": "111122223333"},
            "arn:aws:lambda:eu-west-1:111122223333:function:bot",
        ),
        (
            {"cloud__resource_id": "//run.googleapis.com/projects/p/locations/l/services/bot"},
            "run.googleapis.com/projects/p/locations/l/services/bot",
        ),
        ({"container__name": "bot"}, "container:logs#bot"),
        ({"host__name": "build-7"}, "host:build-7"),
        ({"host__name": "e68e96fc8302"}, None),
    ],
)
def test_what_an_agent_ran_on(told: Told, runtime: str | None) -> None:
    found = shown(agent("01", "Planner"), tool("02", "search", "01"), **told)
    assert {target for kind, _, target in found.edges if kind == "RUNS_ON"} == ({runtime} if runtime else set())


def test_a_caller_does_not_run_where_what_it_called_runs() -> None:
    caller = resource(agent("01", "Planner"), k8s__namespace__name="a", k8s__deployment__name="planner")
    callee = resource(tool("02", "search", "01"), service="tools", k8s__namespace__name="b", k8s__deployment__name="tools")
    found = Shown(otlp(caller, callee))
    assert {target for kind, _, target in found.edges if kind == "RUNS_ON"} == {"k8s:logs/a/Deployment/planner"}


def test_an_agent_does_not_run_where_its_calls_pass_only() -> None:
    """The service that calls it, or passes a call on to it, tells the call under its name; what it does in a service it does there."""
    told = {"k8s__namespace__name": "a", "k8s__deployment__name": "x"}
    assert not shown(agent("01", "Planner", kind=2), **told).edges
    found = shown(agent("01", "Planner", kind=2), tool("02", "search", "01"), **told)
    assert ("RUNS_ON", "trips/Planner", "k8s:logs/a/Deployment/x") in found.edges


def test_an_identity_is_only_what_an_attribute_states() -> None:
    role = "arn:aws:sts::111122223333:assumed-role/bot/session"
    found = shown(agent("01", "Planner", graphinv__identity__id=role), enduser__id="ana")
    assert {target for kind, _, target in found.edges if kind == "RUNS_AS"} == {"arn:aws:iam::111122223333:role/bot"}


def test_our_own_attributes_name_agent_task_and_the_point_that_decided() -> None:
    decided = {"graphinv__decision__id": "d-1", "graphinv__task__id": "T-7"}
    found = shown(
        agent("01", "Planner", graphinv__agent__id="billing-bot"),
        tool("02", "pay", "01", **decided),
        tool("03", "look", "01", graphinv__decision__id="d-2", graphinv__decision__point="opa-gw"),
    )
    assert found.nodes["Agent", "called:logs#@billing-bot"]["labels"] == ["graph_id=billing-bot"]
    assert found.edges["USES", "logs#@billing-bot", "trips/look"]["guards"] == ["opa-gw"]
    (guard,) = found.edges["USES", "logs#@billing-bot", "trips/pay"]["guards"]
    assert found.nodes["EnforcementPoint", guard]["mode"] == "monitor"
    assert ("RUNS_TASK", "logs#@billing-bot", "T-7") in found.edges
    assert not any("confidence" in props for props in found.edges.values())


# --------------------------------------------------------------------------------------------------------------------------------
# What may not happen


def test_content_is_not_looked_at() -> None:
    said = "my card is 4929 1234 5678 9012"
    names = """gen_ai__input__messages gen_ai__output__messages gen_ai__system_instructions gen_ai__tool__call__arguments input__value
        gen_ai__tool__call__result output__value gen_ai__prompt__0__content traceloop__entity__input db__query__text mcp__resource__uri
        gen_ai__agent__description gen_ai__tool__description exception__message"""
    content: Told = dict.fromkeys(names.split(), said)
    found = shown(agent("01", "Planner", **content), tool("02", "search", "01", **content), span("03", "01", **CHAT, **content))
    assert len(found.edges) == 2
    assert "4929" not in repr(found.all)


def test_a_secret_in_the_place_of_a_name_does_not_come_out() -> None:
    key = fake("key", "gh" + "p_")
    found = shown(agent("01", f"Planner {key}"), tool("02", key, "01"), span("03", "01", gen_ai__request__model=key), service=f"a {key}")
    assert len(found.edges) == 2
    assert key not in repr(found.all)


def test_many_spans_give_few_facts() -> None:
    spans = [agent("01", "Planner"), *(tool(f"{index:x}", f"t{index % 3}", "01", at=index) for index in range(2, 3000))]
    found = shown(*spans)
    assert len(found.edges) == 3
    assert sum(props["count"] for props in found.edges.values()) == 2998


def test_counts_of_several_files_add_up() -> None:
    one = document(otlp(resource(agent("01", "Planner"), tool("02", "search", "01"))), "a.json", "logs")
    two = document(otlp(resource(agent("01", "Planner"), tool("03", "search", "01", at=9))), "b.json", "logs")
    again = document(one.data, "old/a.json", "logs")
    summaries = {read.path: otel_traces.summarise(read) for read in (one, two, again)}
    (edge,) = (fact for fact in otel_traces.link("logs", summaries) if isinstance(fact, EdgeFact))
    assert (edge.props["count"], edge.props["last_seen"]) == (2, "2026-09-21T14:13:29Z")


def test_a_broken_line_costs_only_itself() -> None:
    lines = [otlp(resource(one)) for one in (tool("02", "search", "01"), agent("01", "Planner"))]
    found = Shown("\n".join([lines[0], '{"resourceSpans": [', lines[1]]), "x.jsonl")
    assert set(found.edges) == {("USES", "trips/Planner", "trips/search")}
    assert found.problems == [("error", "is not JSON; what this line shows is not read")]


def test_spans_that_lie_in_each_other_in_a_circle_end() -> None:
    found = shown(agent("01", "Planner", "02"), agent("02", "Booker", "01"), tool("03", "book", "02"), tool("04", "x", "04"))
    assert ("USES", "trips/Booker", "trips/book") in found.edges


def test_agents_that_lie_deep_in_each_other_take_linear_time() -> None:
    spans = [agent(f"{index:x}", f"a{index % 7}", f"{index - 1:x}") for index in range(1, 20_000)]
    assert len(shown(*spans).edges) == 7


@pytest.mark.parametrize("case", EVERYWHERE)
def test_bad_inputs_give_a_problem_or_nothing(case: str) -> None:
    for path in ("x.json", "x.jsonl"):
        read(otel_traces, path, EVERYWHERE[case])


WORDS = st.sampled_from(
    [
        *(
            "resourceSpans",
            "scopeSpans",
            "spans",
            "resource",
            "attributes",
            "key",
            "value",
            "stringValue",
            "traceId",
            "spanId",
            "parentSpanId",
        ),
        *("data", "processes", "processID", "tags", "references", "context", "status", "code", "kind", "startTimeUnixNano", "observations"),
        *(
            "gen_ai.operation.name",
            "gen_ai.agent.name",
            "gen_ai.tool.name",
            "mcp.method.name",
            "server.address",
            "service.name",
            "run_type",
        ),
        *("openinference.span.kind", "child_runs", "metadata", "db.system", "id", "name", "actor_id", "error", "cloud.resource_id"),
    ]
)
LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(
        ["invoke_agent", "execute_tool", "tools/call", "AGENT", "TOOL", "01", "02", "arn:aws:", "\ud800", "\x00", "//", "k8s:"]
    ),
)


@settings(max_examples=200)
@given(st.recursive(LEAVES, lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(WORDS, inner, max_size=6)), max_leaves=25))
def test_any_document_gives_facts_or_problems(value: Any) -> None:
    read(otel_traces, "x.json", json.dumps(value).encode())
    read(otel_traces, "x.jsonl", json.dumps(value).encode() + b"\n" + json.dumps({"resourceSpans": [value]}).encode())


@settings(max_examples=100)
@given(ANY_BYTES)
def test_any_bytes_give_facts_or_problems(data: bytes) -> None:
    read(otel_traces, "x.json", data)
    read(otel_traces, "x.jsonl", data)
