from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from graphinv.analyze.changes import Change
from graphinv.analyze.incremental import recomputed
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.structure import Structure
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.model.kinds import EDGE_KINDS
from graphinv.model.results import LENSES, Lens
from tests.analyze.estates import AT, build, edge, estate_of, facts, key

DECISIONS = (
    {"mode": "enforce", "effect": "deny"},
    {"mode": "enforce", "effect": "evaluate", "allows": ["read:*", "*:r1*"]},
    {"mode": "monitor"},
)


@settings(max_examples=120, deadline=None)
@given(facts(), st.sampled_from(LENSES), st.data())
def test_what_is_recomputed_is_what_everything_anew_gives(drawn: list[NodeFact | EdgeFact], lens: Lens, data: st.DataObject) -> None:
    estate = estate_of(drawn)
    moving = sorted(record.key for record in estate.edges if EDGE_KINDS[record.kind].moves_authority)
    some = st.sets(st.sampled_from(moving), max_size=3) if moving else st.just(set())
    actors = sorted(known for known in estate.nodes if known[0] in ("Agent", "Workflow"))
    change = Change(
        remove=frozenset(data.draw(some)),
        guard={one: data.draw(st.sampled_from(DECISIONS)) for one in sorted(data.draw(some))},
        retire=frozenset(data.draw(st.sets(st.sampled_from(actors), max_size=2)) if actors else ()),
    )
    before = Structure.of(estate)
    after = change.structure(before)
    fresh = Structure.of(change.estate(estate))
    found = recomputed(Privileges(before.project(lens, AT)), after.project(lens, AT))
    whole = Privileges(fresh.project(lens, AT))
    for node, subject in enumerate(before.keys):
        assert found.of(node).atoms_of(subject) == whole.atoms_of(subject)


def test_only_what_the_change_can_touch_is_solved_again() -> None:
    estate = build(
        edge("a1 DELEGATES_TO a2"), edge("a2 RUNS_AS i1"), edge("i1 CAN_ACCESS r1", actions=["read"]),
        edge("a3 RUNS_AS i1"), edge("a4 DELEGATES_TO a3"),
    )  # fmt: skip
    before = Structure.of(estate)
    removed = next(record.key for record in estate.edges if record.source == key("a2"))
    found = recomputed(
        Privileges(before.project("posture", AT)), Change(remove=frozenset({removed})).structure(before).project("posture", AT)
    )
    assert [before.keys[node] for node in found.affected] == [key("a1"), key("a2")]
    assert not found.whole


def test_an_edge_more_may_bring_new_targets() -> None:
    estate = build(edge("a1 RUNS_AS i1"), edge("i1 CAN_ACCESS r1", actions=["read"]), NodeFact("Resource", "r2"))
    before = Structure.of(estate)
    change = Change(add=(edge("i1 CAN_ACCESS r2", actions=["write"]),))
    found = recomputed(Privileges(before.project("posture", AT)), change.structure(before).project("posture", AT))
    assert found.whole
    assert found.of(0).atoms_of(key("a1")) == (("Resource", "r1", "read"), ("Resource", "r2", "write"))
