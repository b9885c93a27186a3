"""How severe a finding is: what each modifier looks at, and what a finding is at most."""

from __future__ import annotations

from typing import Any

import pytest

from graphinv.analyze.engine import Engine
from graphinv.analyze.rows import hop_of
from graphinv.analyze.severity import Gauge
from graphinv.analyze.toolbox import toolbox_of
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey
from graphinv.model.results import Hop
from tests.analyze.estates import AT, build, edge, estate_of, node

A, B, T, S, R = ("Agent", "a1"), ("Agent", "a2"), ("Tool", "t1"), ("ToolServer", "v1"), ("Resource", "r1")
MAIL = NodeFact("ContentSource", "mail", {"trust": "untrusted"})
PAST, RECENT = "2026-01-01T00:00:00Z", "2026-07-01T00:00:00Z"


def engine(*facts: NodeFact | EdgeFact) -> Engine:
    return Engine(estate_of(facts), AT)


def takes_in(key: NodeKey, **props: Any) -> EdgeFact:
    return EdgeFact("INGESTS", key, MAIL.key, props)


def said(
    engine: Engine, base: int, codes: str, subject: NodeKey, target: NodeKey | None = None, hops: bool = True, **more: Any
) -> list[str]:
    """Parts of a finding, without its base and its sum; on the way of all edges, in their order."""
    way = [hop_of(engine.estate, one) for one in engine.estate.edges if one.kind != "INGESTS"] if hops else []
    _, parts = Gauge(engine).judge(base, codes.split(), subject, target, way, **more)
    return list(parts[1:-1])


def test_production_counts_on_the_path_and_not_behind_it() -> None:
    behind = engine(node("r1", environment="prod"), edge("a1 USES t1"), edge("t1 CAN_ACCESS r1", actions=["read"]))
    [use, access] = sorted((hop_of(behind.estate, one) for one in behind.estate.edges), key=lambda hop: hop.edge, reverse=True)

    def parts(subject: NodeKey, target: NodeKey | None, *hops: Hop) -> tuple[str, ...]:
        return Gauge(behind).judge(5, ["M1"], subject, target, hops)[1][1:-1]

    assert parts(A, T, use) == ()
    assert parts(A, R, use, access) == ("+1 production is on the path (M1)",)
    assert parts(A, None) == ("+1 it is in production, or comes to it (M1)",)
    assert parts(T, None) == ()


@pytest.mark.parametrize(
    ("subject", "where", "counts"),
    [(A, A, True), (A, R, True), (A, T, False), (A, ("Identity", "i1"), False), (T, T, True), (A, ("Secret", "s1"), True)],
)
def test_what_brings_production_onto_a_path(subject: NodeKey, where: NodeKey, counts: bool) -> None:
    estate = engine(
        NodeFact(*where, {"environment": "prod"}), edge("a1 USES t1"), edge("t1 HOLDS s1"), edge("t1 RUNS_AS i1"), edge("i1 CAN_ACCESS r1")
    )
    assert said(estate, 5, "M1", subject) == (["+1 production is on the path (M1)"] if counts else [])


@pytest.mark.parametrize(
    ("first", "second", "seen"),
    [
        ({"evidence": ["observed"]}, {"evidence": ["observed"]}, True),
        ({"evidence": ["observed"], "last_seen": RECENT}, {"evidence": ["observed"], "last_seen": RECENT}, True),
        ({"evidence": ["observed"]}, {"evidence": ["granted"]}, False),
        ({"evidence": ["observed"], "last_seen": PAST}, {"evidence": ["observed"]}, False),
        ({"evidence": ["declared"]}, {"evidence": ["granted"]}, False),
    ],
)
def test_a_path_was_seen_where_each_hop_was_that_can_be(first: dict[str, Any], second: dict[str, Any], seen: bool) -> None:
    found = engine(edge("a1 USES t1", **first), edge("t1 RUNS_AS i1"), edge("i1 CAN_ACCESS r1", actions=["read"], **second))
    assert said(found, 5, "M6", A, R) == (["+1 it was observed in the last 30 days (M6)"] if seen else [])


@pytest.mark.parametrize(("when", "counts"), [(RECENT, True), (PAST, False)])
def test_what_is_seldom_observed_counts_where_it_was(when: str, counts: bool) -> None:
    found = engine(edge("a1 RUNS_AS i1", evidence=["observed"], last_seen=when), node("a1"))
    assert bool(said(found, 5, "M6", A, ("Identity", "i1"))) is counts


def test_no_path_was_not_seen() -> None:
    assert said(engine(node("a1")), 5, "M6", A) == []


@pytest.mark.parametrize(
    ("mode", "effect", "sensitivity", "stopped"),
    [
        ("enforce", "step_up", "restricted", True),
        ("enforce", "deny", "confidential", True),
        ("enforce", "evaluate", "restricted", False),
        ("monitor", "deny", "restricted", False),
        ("enforce", "deny", "internal", False),
    ],
)
def test_a_decision_before_what_matters_takes_two(mode: str, effect: str, sensitivity: str, stopped: bool) -> None:
    point = NodeFact("EnforcementPoint", "gate", {"mode": mode, "effect": effect})
    access = edge("t1 CAN_ACCESS r1", actions=["read"], guards=["gate"])
    found = said(engine(point, node("r1", sensitivity=sensitivity), edge("a1 USES t1"), access), 6, "M5", A, R)
    assert [part for part in found if "(M7)" in part] == (
        ["-2 a decision denies it or asks a person before what matters (M7)"] if stopped else []
    )
    assert "+1 a hop has no enforcement point that enforces (M5)" in found


def test_a_decision_elsewhere_takes_nothing() -> None:
    point = NodeFact("EnforcementPoint", "gate", {"mode": "enforce", "effect": "deny"})
    use, access = edge("a1 USES t1", guards=["gate"]), edge("t1 CAN_ACCESS r1", actions=["read"])
    assert said(engine(point, node("r1", crown_jewel=True), use, access), 6, "M5", A, R) == [
        "+1 a hop has no enforcement point that enforces (M5)"
    ]


@pytest.mark.parametrize(
    ("sensitivity", "points", "part"),
    [
        ("internal", 10, "-1 the target is known to be internal, so it is high at most"),
        ("public", 10, "-1 the target is known to be public, so it is medium at most"),
        ("confidential", 10, None),
        (None, 10, None),
    ],
)
def test_what_is_known_to_do_little_harm_is_not_the_worst(sensitivity: str | None, points: int, part: str | None) -> None:
    estate = engine(node("r1", **({"sensitivity": sensitivity} if sensitivity else {})), edge("t1 CAN_ACCESS r1", actions=["read"]))
    parts = said(estate, points, "M2", T, R)
    assert parts[1:] == ([] if part is None else [part])


def test_a_crown_jewel_that_is_said_to_be_internal_is_one() -> None:
    jewel = engine(node("r1", sensitivity="internal", crown_jewel=True), edge("t1 CAN_ACCESS r1", actions=["read"]))
    assert said(jewel, 5, "M2", T, R) == ["+2 a restricted resource or a crown jewel is within reach (M2)"]


LACKING = "-1 it says what is lacking, not what somebody can do, so it is high at most"


@pytest.mark.parametrize(
    ("codes", "facts", "capped"),
    [
        ("LACK", (takes_in(A),), True),
        ("LACK M4", (), True),
        ("LACK M4", (takes_in(A),), False),
        ("LACK M4", (takes_in(A, valid_until=PAST),), True),
        ("LACK M4", (takes_in(A), node("a1", autonomy="suggest")), True),
        ("LACK M4", (takes_in(A), node("a1", autonomy="approve_each")), True),
        ("LACK M4", (takes_in(A), node("a1", autonomy="approve_destructive")), False),
        ("LACK M4", (takes_in(A, evidence=["inferred"], confidence=0.6),), True),
        ("LACK M4", (takes_in(A, evidence=["inferred"], confidence=0.9),), False),
        ("M4", (), False),
    ],
)
def test_what_is_lacking_is_high_at_most_unless_strangers_can_use_it(
    codes: str, facts: tuple[NodeFact | EdgeFact, ...], capped: bool
) -> None:
    found = said(engine(MAIL, node("a1"), *facts), 9, codes, A, hops=False)
    assert any("lacking" in part and part.endswith("high at most") for part in found) is capped


@pytest.mark.parametrize(("codes", "confidence", "level"), [("LACK", 0.5, "medium"), ("LACK", 0.6, "high"), ("M1", 0.5, "high")])
def test_what_may_be_lacking_is_medium_at_most(codes: str, confidence: float, level: str) -> None:
    assert said(engine(node("a1")), 9, codes, A, hops=False, confidence=confidence)[-1].endswith(f"it is {level} at most")


def test_the_lowest_of_several_counts() -> None:
    found = said(engine(node("a1")), 9, "LACK", A, hops=False, confidence=0.4, inferred=0.4)
    assert found == [LACKING, "-2 it is less sure than not (0.40), so it is medium at most"]


# --------------------------------------------------------------------------------------------------------------------------------
# What comes in, and what can be called


@pytest.mark.parametrize("key", [A, S, T])
def test_strangers_content_comes_by_tools_that_can_be_called(key: NodeKey) -> None:
    served = (edge("a1 CONNECTS_TO v1"), edge("v1 PROVIDES t1"))
    assert toolbox_of(engine(MAIL, *served, takes_in(T))).takes(key)
    assert toolbox_of(engine(NodeFact(*T, {"ingests_untrusted": True}), *served)).takes(key)
    assert not toolbox_of(engine(MAIL, *served, takes_in(T, valid_until=PAST))).takes(key)
    assert not toolbox_of(engine(NodeFact(*MAIL.key, {"trust": "trusted"}), *served, takes_in(T))).takes(key)


@pytest.mark.parametrize(
    ("first", "second", "points"),
    [
        ({"evidence": ["inferred"], "confidence": 0.6}, {"evidence": ["inferred"], "confidence": 0.5}, 1),
        ({"evidence": ["inferred"], "confidence": 0.9}, {"evidence": ["inferred"], "confidence": 0.5}, 2),
        ({"evidence": ["inferred", "declared"], "confidence": 0.6}, {"evidence": ["inferred"], "confidence": 0.5}, 2),
        ({"evidence": ["inferred"], "confidence": 0.6}, {}, 2),
    ],
)
def test_content_that_only_a_guess_brings_weighs_half(first: dict[str, Any], second: dict[str, Any], points: int) -> None:
    use = edge("a1 USES t1", **second)
    found = said(engine(MAIL, node("t1", ingests_untrusted=True), takes_in(A, **first), use), 5, "M4", A)
    reason = "untrusted content can reach the start of the path"
    assert found == [f"+{points} {reason}{', as is inferred' if points == 1 else ''} (M4)"]


def test_a_tool_that_is_said_to_bring_content_does() -> None:
    told = toolbox_of(engine(node("t1", ingests_untrusted=True), MAIL, takes_in(T, evidence=["inferred"], confidence=0.5)))
    assert told.taking(T) == (True, True)
    guessed = toolbox_of(engine(node("t1"), MAIL, takes_in(T, evidence=["inferred"], confidence=0.5)))
    assert guessed.taking(T) == (True, False)
    assert toolbox_of(engine(node("t1"))).taking(T) == (False, False)


@pytest.mark.parametrize(
    "facts",
    [
        (edge("a1 USES t1", valid_until=PAST),),
        (edge("a1 USES t1"), node("t1", status="retired")),
        (edge("a1 CONNECTS_TO v1", valid_until=PAST), edge("v1 PROVIDES t1")),
        (edge("a1 CONNECTS_TO v1"), edge("v1 PROVIDES t1", valid_until=PAST)),
        (edge("a1 CONNECTS_TO v1"), edge("v1 PROVIDES t1"), node("v1", status="retired")),
        (edge("a1 CONNECTS_TO v1", tools=["other"]), edge("v1 PROVIDES t1")),
    ],
)
def test_what_is_over_switched_off_or_not_listed_is_no_tool(facts: tuple[NodeFact | EdgeFact, ...]) -> None:
    found = Engine(build(node("t1", ingests_untrusted=True, effects=["destructive"]), *facts), AT)
    assert list(toolbox_of(found).tools_of(A)) == []
    assert not toolbox_of(found).takes(A)
    assert said(found, 5, "M3 M4", A, hops=False) == []


def test_with_a_path_only_tools_on_it_count() -> None:
    found = engine(
        NodeFact("Tool", "wipe", {"effects": ["destructive"]}), edge("a1 DELEGATES_TO a2"), EdgeFact("USES", A, ("Tool", "wipe"))
    )
    way = [hop_of(found.estate, one) for one in found.estate.edges if one.target == B]
    assert Gauge(found).judge(5, ["M3"], A, None, way)[1] == ("base 5", "= 5, medium")
    assert said(found, 5, "M3", A, hops=False) == ["+2 a tool on the path is destructive or irreversible (M3)"]


def test_of_a_server_all_its_tools_count() -> None:
    found = engine(node("t1", effects=["write"]), edge("a1 CONNECTS_TO v1"), edge("v1 PROVIDES t1"))
    way = [hop_of(found.estate, one) for one in found.estate.edges if one.target == S]
    assert Gauge(found).judge(5, ["M3"], A, S, way)[1][1] == "+1 a tool on the path writes or executes (M3)"
