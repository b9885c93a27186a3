from __future__ import annotations

import pytest
from hypothesis import given

from graphinv.analyze import rings
from graphinv.analyze.engine import Engine
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.reaching import WORSE_BITS
from graphinv.analyze.rings import Rings
from graphinv.analyze.scopes import ALL_ACTIONS
from graphinv.model.facts import EdgeFact, NodeFact
from tests.analyze.estates import AT, build, edge, estate_of, examples, facts

RING = ("a1 DELEGATES_TO a2", "a2 DELEGATES_TO a1", "a1 HOLDS s1")


@given(facts())
@examples(60)
def test_what_a_ring_can_do_without_one_of_it_is_what_it_could_if_that_one_were_not_there(drawn: list[NodeFact | EdgeFact]) -> None:
    engine = Engine(estate_of(drawn), AT)
    found, arcs = Rings(engine), engine.arcs("posture")
    for actor in (*engine.structure.of_kind("Agent").tolist(), *engine.structure.of_kind("Workflow").tolist()):
        others = found.without(actor)
        rest = Privileges(arcs.only((arcs.source != actor) & (arcs.target != actor)))
        for node in range(engine.structure.size):
            row = others.row(node) if others else None
            if row and node != actor:
                assert [part.tolist() for part in row] == [part.tolist() for part in rest.row(engine.structure.keys[node])]


def ring() -> Engine:
    return Engine(build(*map(edge, RING)), AT)


def test_who_lies_in_no_ring_has_nobody_to_look_at() -> None:
    engine = ring()
    found, number = Rings(engine), engine.structure.number
    others = found.without(number["Agent", "a1"])
    assert others is not None
    assert others.row(number["Secret", "s1"]) is None
    assert [len(part) for part in others.row(number["Agent", "a2"]) or ()] == [0, 0]
    assert found.without(number["Secret", "s1"]) is None


def test_only_actions_that_matter_are_looked_at() -> None:
    engine = Engine(build(*map(edge, RING), edge("a2 HOLDS s2"), edge("a2 USES t1"), edge("t1 CAN_ACCESS r1", actions=["write"])), AT)
    number, column = engine.structure.number, engine.structure.column_of
    for bits, targets in ((ALL_ACTIONS, [("Resource", "r1"), ("Secret", "s2")]), (WORSE_BITS, [("Resource", "r1")])):
        others = Rings(engine, bits).without(number["Agent", "a1"])
        assert others is not None
        columns, _ = others.row(number["Agent", "a2"]) or ((), ())
        assert set(columns) == {column(target) for target in targets}


def test_rings_of_very_many_are_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rings, "MOST", 1)
    engine = ring()
    assert not Rings(engine).without(engine.structure.number["Agent", "a1"])
