from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.analyze.arcs import project
from graphinv.analyze.changes import Change
from graphinv.analyze.incremental import Recomputed, recomputed
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.reading import structure_of
from graphinv.analyze.scopes import Array
from graphinv.analyze.score import Settings, Weights
from graphinv.analyze.structure import Structure
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.model.results import LENSES, Lens
from tests.analyze.estates import AT, build, changes, edge, estate_of, examples, facts, key, node


def weighing(structure: Structure) -> tuple[Array, Array]:
    weights = Weights.of(structure, Settings())
    return weights.target, weights.best


def solved_again(before: Structure, change: Change, lens: Lens = "posture") -> Recomputed:
    after = change.structure(before)
    return recomputed(Privileges(project(before, lens, AT), *weighing(before)), project(after, lens, AT), weighing(after))


@examples(120)
@given(facts(), st.sampled_from(LENSES), st.data())
def test_what_is_recomputed_is_what_everything_anew_gives(drawn: list[NodeFact | EdgeFact], lens: Lens, data: st.DataObject) -> None:
    estate = estate_of(drawn)
    change = data.draw(changes(estate))
    before = structure_of(estate)
    fresh = structure_of(change.estate(estate))
    found = solved_again(before, change, lens)
    whole = Privileges(project(fresh, lens, AT), *weighing(fresh))
    for number, subject in enumerate(before.keys):
        again = found.of(number)
        assert again.atoms_of(subject) == whole.atoms_of(subject)
        if subject[0] == "Agent":
            places = again.structure.node(subject), fresh.node(subject)
            assert again.measures.reached(places[0]) == pytest.approx(whole.measures.reached(places[1]))


def test_only_what_the_change_can_touch_is_solved_again() -> None:
    estate = build(
        edge("a1 DELEGATES_TO a2"), edge("a2 RUNS_AS i1"), edge("i1 CAN_ACCESS r1", actions=["read"]),
        edge("a3 RUNS_AS i1"), edge("a4 DELEGATES_TO a3"),
    )  # fmt: skip
    before = structure_of(estate)
    removed = next(record.key for record in estate.edges if record.source == key("a2"))
    found = solved_again(before, Change(remove=frozenset({removed})))
    assert [before.keys[node] for node in found.affected] == [key("a1"), key("a2")]
    assert not found.whole


def test_an_edge_more_may_bring_new_targets() -> None:
    estate = build(edge("a1 RUNS_AS i1"), edge("i1 CAN_ACCESS r1", actions=["read"]), NodeFact("Resource", "r2"))
    before = structure_of(estate)
    found = solved_again(before, Change(add=(edge("i1 CAN_ACCESS r2", actions=["write"]),)))
    assert found.whole
    assert found.of(0).atoms_of(key("a1")) == (("Resource", "r1", "read"), ("Resource", "r2", "write"))


def test_many_new_targets_weigh_what_they_are() -> None:
    """There are more of them than there were, and they sort before those that were there: nothing of the old ones' weights fits."""
    new = [f"r{number:02}" for number in range(60)]
    estate = build(
        edge("a1 RUNS_AS i1"),
        edge("i1 CAN_ACCESS r99", actions=["read"]),
        node("r99", sensitivity="public"),
        *(node(id, sensitivity="restricted") for id in new),
    )
    before = structure_of(estate)
    change = Change(add=tuple(edge(f"i1 CAN_ACCESS {id}", actions=["read"]) for id in new))
    found = solved_again(before, change)
    after = found.fresh.structure
    assert found.fresh.measures.reached(after.node(key("a1"))) == 600.0
    assert found.fresh.measures.holders.tolist() == [[1, 0]] * 61
    with pytest.raises(ValueError, match="1 weights for 61 targets"):
        Privileges(project(after, "posture", AT), *weighing(before))
