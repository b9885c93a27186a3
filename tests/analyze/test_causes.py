"""Root causes: what is said to clear findings does, and as few changes as may be."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings

from graphinv.analyze.causes import causes, causes_of
from graphinv.analyze.changes import Change
from graphinv.analyze.engine import Engine
from graphinv.analyze.rules import load_rules, run_rules
from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey
from graphinv.model.results import Finding, finding_key
from graphinv.store import Rows
from tests.analyze.estates import AT, build, edge, estate_of, facts, node

QUERIES = Path(__file__).parents[2] / "queries"


def finding(engine: Engine, subject: NodeKey, target: NodeKey, rule: str = "GI-XXX-001") -> Finding:
    """As a rule about reach tells it."""
    action = engine.privileges().actions_on(subject, target)[0]
    path = engine.witness(subject, target, action)
    assert path is not None
    return Finding(
        key=finding_key(rule, subject, target),
        rule=rule,
        title="t",
        severity="high",
        confidence=1.0,
        subject=subject,
        target=target,
        path=path.hops,
        details={"actions": [action]},
    )


def about(subject: NodeKey, rule: str = "GI-XXX-002") -> Finding:
    return Finding(key=finding_key(rule, subject, None), rule=rule, title="t", severity="low", confidence=1.0, subject=subject)


def with_causes(engine: Engine, findings: list[Finding]) -> list[Finding]:
    return [replace(one, cause=cause) for one, cause in zip(findings, causes_of(engine, findings), strict=True)]


def pairs(engine: Engine) -> list[Finding]:
    return [
        finding(engine, agent.key, (kind, id))
        for agent in engine.estate.of_kind("Agent")
        for kind, id in sorted({(kind, id) for kind, id, _ in engine.privileges().atoms_of(agent.key)})
    ]


def test_one_over_broad_role_is_one_ticket() -> None:
    grants = [edge(f"i1 CAN_ACCESS r{number}", actions=["write"]) for number in range(3)]
    holders = [edge(f"a{number} RUNS_AS i1") for number in range(4)]
    engine = Engine(build(*grants, *holders), AT)
    found = with_causes(engine, [*pairs(engine), about(("Identity", "i1"))])
    [cause] = causes(found, engine.estate)
    assert (cause.cause, cause.findings, cause.node) == ("Identity:i1", 13, ("Identity", "i1"))
    assert (cause.severity, cause.severities, cause.rules) == ("high", {"high": 12, "low": 1}, ("GI-XXX-001", "GI-XXX-002"))


def test_an_edge_is_changed_rather_than_a_node() -> None:
    engine = Engine(build(edge("a1 USES t1"), edge("t1 RUNS_AS i1"), edge("i1 CAN_ACCESS r1", actions=["read"])), AT)
    [cause] = causes(with_causes(engine, pairs(engine)), engine.estate)
    assert cause.edge is not None
    assert cause.edge.edge == "USES"
    assert cause.title == "a1 USES t1"


def test_what_can_be_gone_around_is_no_cause() -> None:
    ways = [
        edge("a1 USES t1"),
        edge("t1 CAN_ACCESS r1", actions=["read"]),
        edge("a1 RUNS_AS i1"),
        edge("i1 CAN_ACCESS r1", actions=["read"]),
    ]
    engine = Engine(build(*ways), AT)
    [cause] = causes(with_causes(engine, pairs(engine)), engine.estate)
    assert cause.cause == "Resource:r1"


@pytest.mark.parametrize("kind", ["Agent", "Tool"])
def test_a_finding_about_one_thing_is_cleared_there(kind: str) -> None:
    engine = Engine(build(node("a1"), node("t1")), AT)
    key = (kind, "a1" if kind == "Agent" else "t1")
    [found] = with_causes(engine, [about(key)])
    assert found.cause == ":".join(key)


def test_what_a_tool_is_taken_for_is_not_what_has_to_change() -> None:
    engine = Engine(build(node("t1"), node("t2"), node("t3")), AT)
    twins = [replace(about(("Tool", name)), target=("Tool", "t1")) for name in ("t2", "t3")]
    assert causes_of(engine, twins) == ["Tool:t2", "Tool:t3"]


def test_an_edge_that_is_one_of_several_that_a_finding_is_about_is_no_cause() -> None:
    engine = Engine(build(edge("a1 USES t1"), edge("t1 CAN_ACCESS r1", actions=["read"]), edge("a1 USES t2")), AT)
    example = finding(engine, ("Agent", "a1"), ("Resource", "r1")).path[:1]
    [found] = with_causes(engine, [replace(about(("Agent", "a1")), path=example)])
    assert found.cause == "Agent:a1"
    [found] = with_causes(engine, [replace(about(("Agent", "a1")), path=example, target=("Tool", "t1"))])
    assert found.cause == example[0].edges[0]


@pytest.mark.parametrize("times", [1, 2])
def test_one_of_two_edges_between_the_same_ends_is_no_cause(times: int) -> None:
    grants = [edge("a2 RUNS_AS i1"), edge("i1 CAN_ACCESS r1", actions=["write"])]
    ways = [edge("a1 DELEGATES_TO a2"), edge("a1 DELEGATES_TO a2", mode="invoke")][:times]
    estate = build(*grants, *ways)
    [(cause, left)] = left_of("GI-DEL-001", estate).items()
    assert left == []
    assert cause == ("Agent:a1" if times == 2 else next(one.key for one in estate.edges_of("DELEGATES_TO")))


def test_a_chain_of_secrets_is_cleared_at_its_first_whatever_is_held_of_it() -> None:
    chain: list[NodeFact | EdgeFact] = [
        node("s1", lifetime="ephemeral", issued_at="2026-07-08T00:00:00Z", expires_at="2026-07-09T00:00:00Z", max_life_seconds=3600),
        node("s2", lifetime="ephemeral", issued_at="2026-07-09T00:00:00Z", expires_at="2026-07-11T00:00:00Z"),
        edge("a1 HOLDS s1"),
        edge("a1 HOLDS s2"),
        edge("s2 DERIVED_FROM s1", via="renew"),
    ]
    assert left_of("GI-SEC-003", build(*chain)) == {"Secret:s1": []}


def left_of(rule: str, estate: Estate) -> dict[str, list[str]]:
    """By cause of what one rule that is a function finds, what it still finds of that when the cause is not there."""
    by_cause: defaultdict[str, set[str]] = defaultdict(set)
    for one in judged(rule, estate):
        by_cause[one.cause or ""].add(one.key)
    again = {cause: judged(rule, taken_out(estate, cause)) for cause in by_cause}
    return {cause: [one.title for one in again[cause] if one.key in keys] for cause, keys in by_cause.items()}


def taken_out(estate: Estate, cause: str) -> Estate:
    """An estate that never had the cause."""
    nodes = [one for key, one in estate.nodes.items() if ":".join(key) != cause]
    return Estate.of(nodes, [one for one in estate.edges if cause not in (one.key, ":".join(one.source), ":".join(one.target))])


def judged(rule: str, estate: Estate) -> list[Finding]:
    engine = Engine(estate, AT)
    path = QUERIES / "rules" / f"{rule}.cypher"
    findings, [status] = run_rules(load_rules({path.name: path.read_text("utf-8")}), engine, no_query)
    assert status.outcome != "error", status.reason
    return with_causes(engine, findings)


def no_query(cypher: str, parameters: Mapping[str, object]) -> Rows:
    raise AssertionError(f"a function asks no store: {cypher}")


def without(estate: Estate, cause: str) -> Estate:
    """The estate when nothing passes the cause any more."""
    passed = [one.key for one in estate.edges if cause in (one.key, ":".join(one.source), ":".join(one.target))]
    return Change(remove=frozenset(passed)).estate(estate)


@given(facts())
@settings(max_examples=60)
def test_without_its_cause_no_finding_is_left(drawn: list[NodeFact | EdgeFact]) -> None:
    estate = estate_of(drawn)
    engine = Engine(estate, AT)
    found = with_causes(engine, pairs(engine))
    for cause in {one.cause for one in found if len(one.path) > 1}:
        assert cause is not None
        left = Engine(without(estate, cause), AT)
        for one in found:
            if one.cause == cause and one.target is not None and len(one.path) > 1:
                assert set(one.details["actions"]) - set(left.privileges().actions_on(one.subject, one.target)), one


@given(facts())
@settings(max_examples=40)
def test_every_finding_has_a_cause_whatever_the_order(drawn: list[NodeFact | EdgeFact]) -> None:
    engine = Engine(estate_of(drawn), AT)
    found = pairs(engine)
    once, again = with_causes(engine, found), with_causes(engine, found[::-1])
    assert all(one.cause for one in once)
    assert {one.key: one.cause for one in once} == {one.key: one.cause for one in again}
