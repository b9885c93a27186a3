from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given

from graphinv.analyze import rings
from graphinv.analyze.engine import Engine
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.rings import Rings, united
from graphinv.model.facts import EdgeFact, NodeFact
from tests.analyze.estates import AT, build, edge, estate_of, examples, facts

RING = ("a1 DELEGATES_TO a2", "a2 DELEGATES_TO a1", "a1 HOLDS s1")


@given(facts())
@examples(60)
def test_what_a_ring_can_do_without_one_of_it_is_what_it_could_if_that_one_were_not_there(drawn: list[NodeFact | EdgeFact]) -> None:
    engine = Engine(estate_of(drawn), AT)
    found, arcs = Rings(engine), engine.arcs("posture")
    for actor in (*engine.structure.of_kind("Agent").tolist(), *engine.structure.of_kind("Workflow").tolist()):
        rows = found.without(actor)
        rest = Privileges(arcs.only((arcs.source != actor) & (arcs.target != actor))) if rows else None
        for node, row in rows.items():
            assert rest is not None
            columns, bits = rest.row(engine.structure.keys[node])
            kept = row[1] > 0  # a mask may leave nothing of a target
            assert row[0][kept].tolist() == columns.tolist()
            assert row[1][kept].tolist() == bits.tolist()


def ring() -> Engine:
    return Engine(build(*map(edge, RING)), AT)


def test_who_lies_in_no_ring_has_nobody_to_look_at() -> None:
    engine = ring()
    found, number = Rings(engine), engine.structure.number
    assert set(found.without(number["Agent", "a1"])) == {number["Agent", "a2"]}
    assert not found.without(number["Secret", "s1"])


def test_rings_of_very_many_are_not_looked_into(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rings, "MOST", 1)
    engine = ring()
    assert not Rings(engine).without(engine.structure.number["Agent", "a1"])


def test_rows_without_anything_are_one_without_anything() -> None:
    nothing = np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.uint8)
    assert [part.tolist() for part in united([nothing, nothing])] == [[], []]
