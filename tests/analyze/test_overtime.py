from __future__ import annotations

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from graphinv.analyze.overtime import over_time
from graphinv.analyze.reading import structure_of
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.model.results import LENSES, Lens
from tests.analyze.estates import AT, build, edge, estate_of, examples, facts, key, node, some_of
from tests.analyze.naive import Naive, time

START, END = "2026-01-01T00:00:00Z", "2027-12-31T00:00:00Z"


@examples(100)
@given(facts(), st.sampled_from(LENSES), st.data())
def test_the_state_between_two_turns_is_what_a_question_at_that_time_answers(
    drawn: list[NodeFact | EdgeFact], lens: Lens, data: st.DataObject
) -> None:
    estate = estate_of(drawn)
    structure = structure_of(estate)
    for subject in data.draw(some_of(estate)):
        held, turns = over_time(structure, subject, START, END, lens)
        state = set(held)
        assert state == Naive(estate, lens, START).priv[subject]
        for turn in turns:
            just_before = (time(turn.at) - timedelta(seconds=1)).isoformat()
            assert state == Naive(estate, lens, just_before).priv[subject]
            assert turn.because
            assert not state & set(turn.gained)
            assert set(turn.lost) <= state
            state = state - set(turn.lost) | set(turn.gained)
            assert state == Naive(estate, lens, turn.at).priv[subject]
        assert state == Naive(estate, lens, END).priv[subject]


def test_a_turn_says_what_starts_ends_or_expires() -> None:
    estate = build(
        node("s1", expires_at="2026-09-01T00:00:00Z"),
        edge("a1 HOLDS s1"),
        edge("s1 AUTHENTICATES_AS i1", valid_from="2026-08-01T00:00:00Z"),
        edge("i1 CAN_ACCESS r1", actions=["read"]),
        edge("a2 HOLDS s2", valid_until="2026-08-15T00:00:00Z"),
    )
    held, turns = over_time(structure_of(estate), key("a1"), AT, END)
    assert held == (("Secret", "s1", "read"),)
    assert [(turn.at, len(turn.gained), len(turn.lost)) for turn in turns] == [
        ("2026-08-01T00:00:00Z", 1, 0),
        ("2026-09-01T00:00:00Z", 0, 2),
    ]
    assert "AUTHENTICATES_AS s1 → i1 starts" in turns[0].because[0]
    assert turns[1].because == ("secret s1 expires",)


def test_a_secret_that_can_only_be_deleted_expires_too() -> None:
    estate = build(node("s1", expires_at="2026-09-01T00:00:00Z"), edge("i1 CAN_ACCESS s1", actions=["delete"]))
    _, turns = over_time(structure_of(estate), key("i1"), AT, END)
    assert [(turn.lost, turn.because) for turn in turns] == [((("Secret", "s1", "delete"),), ("secret s1 expires",))]


def test_the_edge_that_gives_a_tool_its_servers_means_need_not_begin_where_the_subject_comes() -> None:
    provides = edge("v1 PROVIDES t1", valid_from="2026-08-01T00:00:00Z")
    estate = build(edge("a1 USES t1"), provides, edge("v1 RUNS_AS i1"), edge("i1 CAN_ACCESS r1", actions=["read"]))
    _, turns = over_time(structure_of(estate), key("a1"), AT, END)
    assert [turn.gained for turn in turns] == [(("Resource", "r1", "read"),)]
    assert "PROVIDES v1 → t1 starts" in turns[0].because[0]
