"""What a change would do, against the estate with the change made and everything worked out anew."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.analyze.changes import Change
from graphinv.analyze.engine import Engine
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey
from graphinv.model.results import Atom
from graphinv.pipeline.what_if import what_if
from tests.analyze.estates import AT, build, changes, edge, estate_of, examples, facts, node
from tests.analyze.naive import Naive

LATER = "2026-12-31T00:00:00Z"


@examples(60)
@given(facts(), st.data())
def test_what_it_says_is_the_difference_of_two_estates(drawn: list[NodeFact | EdgeFact], data: st.DataObject) -> None:
    estate = estate_of(drawn)
    change = data.draw(changes(estate))
    then = data.draw(st.sampled_from([None, LATER]))
    found = what_if(Engine(estate, AT), change, then=then, findings=False)
    after = change.estate(estate)
    agents = sorted(node for node in estate.nodes if node[0] == "Agent")
    for lens in found.lenses:
        old, new = Naive(estate, lens.lens, AT), Naive(after, lens.lens, then or AT)
        had, has = pairs(old, agents), pairs(new, agents)
        assert (lens.before, lens.after) == (len(had), len(has))
        assert lens.gone == tuple(sorted(had - has))
        assert lens.new == tuple(sorted(has - had))
    scores = {score.subject: score for score in Engine(estate, AT).scores([])}
    anew = {score.subject: score for score in Engine(after, then or AT).scores([])}
    changed = {one.subject: one for one in found.scores}
    for agent in agents:
        before, now = scores[agent], anew[agent]
        said = changed.get(agent)
        for name in ("risk", "impact", "impact_ungoverned", "impact_runtime"):
            told = getattr(said, name) if said else (getattr(before, name),) * 2
            assert told == pytest.approx((getattr(before, name), getattr(now, name)))


def pairs(naive: Naive, agents: list[NodeKey]) -> set[tuple[NodeKey, Atom]]:
    return {(agent, atom) for agent in agents for atom in naive.priv.get(agent, ())}


def test_an_edge_that_is_taken_away_was_not_seen_after_its_end() -> None:
    estate = build(
        node("g1", mode="enforce", effect="step_up"),
        edge("a1 DELEGATES_TO a2", evidence=["declared", "observed"], guards=["g1"], last_seen="2026-07-01T00:00:00Z"),
        edge("a2 HOLDS s1"),
    )
    asked = next(record.key for record in estate.edges if record.kind == "DELEGATES_TO")
    found = what_if(Engine(estate, AT), Change(remove=frozenset({asked})))
    assert len(found.lenses[0].gone) == 1
    assert not [finding.rule for finding in found.findings_new]
