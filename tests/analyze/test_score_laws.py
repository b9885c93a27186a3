"""What must hold of every score, whatever the estate."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from graphinv.analyze.engine import Engine
from graphinv.analyze.score import Settings
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey
from graphinv.model.kinds import EDGE_KINDS, AuthorityEdge
from graphinv.model.results import Finding, Lens, Score
from tests.analyze.estates import AT, build, edge, edges, estate_of, examples, facts, node
from tests.analyze.test_score import finding

Facts = list[NodeFact | EdgeFact]

FINDINGS = st.lists(st.builds(finding, st.sampled_from("ABC"), st.floats(0, 1), st.sampled_from(["a0", "a0", "a1", "a2"])), max_size=6)
ALWAYS: Facts = [
    node("r9", sensitivity="restricted"),
    edge("a0 RUNS_AS i9"),
    edge("i9 CAN_ACCESS r9", actions=["read", "write"]),
]
"""In every estate, so that somebody has a score that can change."""
ESTATES = facts().map(lambda drawn: [*drawn, *ALWAYS])
TELLING = st.sampled_from([edge("a1 RUNS_AS i9"), edge("a0 RUNS_AS i0"), edge("i9 CAN_ACCESS r9", actions=["admin"])])
"""Edges that surely give somebody more."""
HARMLESS = ("status", "expires_at", "issued_at", "max_life_seconds", "valid_from", "valid_until", "scopes", "isolated", "tools", "mode")
"""Properties whose statement can only take reach away; ``mode`` of an enforcement point, not of a delegation."""


def _holds_back(fact: NodeFact | EdgeFact, name: str, value: object) -> bool:
    if name == "sensitivity":
        return value in ("public", "internal")
    return name in HARMLESS and (name != "mode" or isinstance(fact, NodeFact))


def scores_of(drawn: Facts, found: list[Finding] = []) -> dict[NodeKey, Score]:  # noqa: B006 - read only
    return {score.subject: score for score in Engine(estate_of(drawn), AT).scores(found)}


def reached(drawn: Facts, lens: Lens) -> dict[NodeKey, float]:
    """I(u) of every agent: the impact before it is made a share of everything, which depends on the estate."""
    engine = Engine(estate_of(drawn), AT)
    measures = engine.measures(lens)
    return {engine.structure.keys[agent]: measures.reached(agent) for agent in engine.structure.of_kind("Agent").tolist()}


@examples(30)
@given(ESTATES, edges | TELLING, FINDINGS)
def test_more_reach_never_lowers_a_score(drawn: Facts, more: EdgeFact, found: list[Finding]) -> None:
    known = {fact.source for fact in drawn if isinstance(fact, EdgeFact) and fact.kind in ("CAN_ACCESS", "PROVIDES")}
    assume(more.kind not in ("CAN_ACCESS", "PROVIDES") or more.source in known)
    before, after = scores_of(drawn, found), scores_of([*drawn, more], found)
    for agent, score in before.items():
        assert after[agent].impact >= score.impact
        assert after[agent].risk >= score.risk


@examples(30)
@given(ESTATES, FINDINGS, st.data())
def test_a_finding_more_never_lowers_a_score(drawn: Facts, found: list[Finding], data: st.DataObject) -> None:
    fewer = found[: data.draw(st.integers(0, len(found)))]
    before, after = scores_of(drawn, fewer), scores_of(drawn, found)
    for agent, score in before.items():
        assert after[agent].risk >= score.risk - 1e-9
        assert after[agent].impact == score.impact


@examples(40)
@given(ESTATES, st.data())
def test_another_enforcing_guard_never_raises_what_is_left(drawn: Facts, data: st.DataObject) -> None:
    can = [place for place, fact in enumerate(drawn) if isinstance(fact, EdgeFact) and issubclass(EDGE_KINDS[fact.kind], AuthorityEdge)]
    place = data.draw(st.sampled_from(can) | st.sampled_from(can[-2:]))
    effect = data.draw(st.sampled_from(["deny", "step_up", "evaluate", None]))
    allows = data.draw(st.sampled_from([None, [], ["read:*"], ["*:r1", "write:s?"]]))
    guard = NodeFact("EnforcementPoint", "new", {"mode": "enforce", "effect": effect, "allows": allows})
    guarded = drawn[place]
    assert isinstance(guarded, EdgeFact)
    guarded = replace(guarded, props={**guarded.props, "guards": [*(guarded.props.get("guards") or ()), "new"]})
    before, after = scores_of(drawn), scores_of([*drawn[:place], guarded, *drawn[place + 1 :], guard])
    for agent, score in before.items():
        assert after[agent].impact == score.impact
        assert after[agent].impact_runtime <= score.impact_runtime
        assert after[agent].impact_ungoverned <= score.impact_ungoverned


@examples(30)
@given(ESTATES, FINDINGS, st.randoms())
def test_renaming_and_order_change_nothing(drawn: Facts, found: list[Finding], dice: random.Random) -> None:
    names = {key: (key[0], f"z{9 - int(key[1][1:])}-{key[1]}") for key in estate_of(drawn).nodes if key[0] in ("Agent", "Identity")}

    def renamed(fact: NodeFact | EdgeFact) -> NodeFact | EdgeFact:
        if isinstance(fact, NodeFact):
            return NodeFact(*names.get(fact.key, fact.key), fact.props)
        assert isinstance(fact.source, tuple)
        assert isinstance(fact.target, tuple)
        return replace(fact, source=names.get(fact.source, fact.source), target=names.get(fact.target, fact.target))

    others = [renamed(fact) for fact in drawn]
    dice.shuffle(others)
    theirs = [replace(one, subject=names[one.subject]) for one in found]
    dice.shuffle(theirs)
    before, after = scores_of(drawn, found), scores_of(others, theirs)
    for agent, score in before.items():
        other = after[names[agent]]
        numbers = [[one.impact, one.risk, one.likelihood, one.impact_runtime, one.impact_ungoverned] for one in (score, other)]
        assert numbers[0] == pytest.approx(numbers[1], abs=1e-9)
        assert (score.level, score.targets, score.atoms, score.hidden_atoms) == (
            other.level,
            other.targets,
            other.atoms,
            other.hidden_atoms,
        )


@examples(60)
@given(facts(), st.sampled_from(["posture", "ungoverned", "runtime"]), st.data())
def test_what_is_not_stated_never_scores_as_safe(drawn: Facts, lens: Lens, data: st.DataObject) -> None:
    """Whoever says less about what holds an agent back, or about how harmless a target is, gets no lower score."""
    said = [(place, name) for place, fact in enumerate(drawn) for name, value in fact.props.items() if _holds_back(fact, name, value)]
    assume(said)
    place, name = data.draw(st.sampled_from(said))
    fact = drawn[place]
    silent = replace(fact, props={key: value for key, value in fact.props.items() if key != name})
    before, after = reached(drawn, lens), reached([*drawn[:place], silent, *drawn[place + 1 :]], lens)
    for agent, amount in before.items():
        assert after[agent] >= amount


def test_weights_of_the_unknown() -> None:
    weights = Settings().sensitivity
    assert weights["unknown"] >= weights["internal"] >= weights["public"]
    unsaid, public = (
        Engine(build(node("r1", **props), edge("a1 RUNS_AS i1"), edge("i1 CAN_ACCESS r1", actions=["read"])), AT).scores([])[0]
        for props in ({}, {"sensitivity": "public"})
    )
    assert unsaid.impact > public.impact == 0


@examples(40)
@given(ESTATES, FINDINGS)
def test_the_parts_of_every_score_add_up_to_it(drawn: Facts, found: list[Finding]) -> None:
    for score in scores_of(drawn, found).values():
        assert math.fsum(part.amount for part in score.parts) == pytest.approx(score.risk, abs=1e-9)
        assert all(part.amount >= 0 for part in score.parts)
