from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from graphinv.analyze.engine import Engine
from graphinv.analyze.leverage import compared, leverages, risks
from graphinv.analyze.score import Settings
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.model.results import Finding
from tests.analyze.estates import AT, build, edge, estate_of, examples, facts, node
from tests.analyze.test_score import finding
from tests.analyze.test_score_laws import FINDINGS


@examples(25)
@given(facts(), FINDINGS)
def test_risks_are_those_of_the_scores(drawn: list[NodeFact | EdgeFact], found: list[Finding]) -> None:
    engine = Engine(estate_of(drawn), AT)
    other = Settings(actions={**Settings().actions, "write": 7}, likelihood={"A": 0.9})
    for weights in (engine.settings, other):
        scores = Engine(engine.structure, AT, weights).scores(found)
        assert risks(engine, found, weights) == pytest.approx([score.risk for score in scores], abs=1e-6)


def test_a_weight_that_decides_and_one_that_does_not() -> None:
    estate = build(
        node("r1", sensitivity="restricted"),
        node("r2", sensitivity="confidential"),
        node("r3", sensitivity="confidential"),
        edge("a1 RUNS_AS i1"),
        edge("a2 RUNS_AS i2"),
        edge("i1 CAN_ACCESS r1", actions=["read"]),
        edge("i2 CAN_ACCESS r2", actions=["read"]),
        edge("i2 CAN_ACCESS r3", actions=["read"]),
    )
    found = {(one.weight, one.now): one for one in leverages(Engine(estate, AT), [])}
    assert found["sensitivity.confidential", 8].tau == -1
    assert found["sensitivity.confidential", 2].tau == 1
    assert found["actions.admin", 8].tau == 1
    assert {one.kept for one in found.values()} == {one.top for one in found.values()} == {2}
    assert not any(weight == "sensitivity.public" for weight, _ in found)


def test_shares_end_at_one() -> None:
    found = leverages(Engine(build(node("a1")), AT, Settings(likelihood={"A": 0.7, "B": 0.1})), [finding("A")])
    assert {one.now for one in found if one.weight == "likelihood.A"} == {0.35, 1.0}
    assert {one.now for one in found if one.weight == "risk.likelihood"} == {0.3, 1.0}
    assert not any(one.weight == "likelihood.B" for one in found)
    assert {one.tau for one in found} == {None}


def test_riskiest_before_and_after() -> None:
    before = np.arange(40.0)
    assert compared(before, before[::-1].copy()) == (-1.0, 0, 20)
    after = before.copy()
    after[0] = 100
    tau, kept, top = compared(before, after)
    assert (tau, kept, top) == (1.0, 19, 20)
