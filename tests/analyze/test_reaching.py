from __future__ import annotations

from collections import deque

import numpy as np
import pytest
from hypothesis import given

from graphinv.analyze import reaching
from graphinv.analyze.engine import Engine
from graphinv.analyze.reaching import NearestAgents
from graphinv.model.facts import EdgeFact, NodeFact
from tests.analyze.estates import AT, build, edge, estate_of, examples, facts, node


def slowly(engine: Engine, number: int) -> list[str]:
    """What :class:`NearestAgents` says, step by step."""
    arcs = engine.arcs("posture")
    pointers, order = arcs.arriving
    every = np.arange(len(engine.structure.targets))
    seen, waiting = {number}, deque([number])
    found: list[str] = []
    while waiting and len(found) < reaching.SOME and len(seen) < reaching._LOOKED_AT:
        key = engine.structure.keys[at := waiting.popleft()]
        if key[0] == "Agent" and engine.estate.nodes[key].props.get("status") not in ("suspended", "retired"):
            found.append(key[1])
        for arc in order[pointers[at] : pointers[at + 1]].tolist():
            other, mask = int(arcs.source[arc]), int(arcs.mask[arc])
            reads_only = mask >= 0 and not (engine.structure.masks.at(mask, every) & reaching.WORSE_BITS).any()
            if other not in seen and not reads_only:
                seen.add(other)
                waiting.append(other)
    return sorted(found)


@examples(30)
@given(facts())
def test_the_nearest_agents_in_service(drawn: list[NodeFact | EdgeFact]) -> None:
    engine = Engine(estate_of(drawn), AT)
    with pytest.MonkeyPatch.context() as patch:
        for some, looked_at in ((25, 2_000), (2, 5)):
            patch.setattr(reaching, "SOME", some)
            patch.setattr(reaching, "_LOOKED_AT", looked_at)
            nearest = NearestAgents(engine)
            for number in range(engine.structure.size):
                assert nearest.of(number) == slowly(engine, number)


def test_a_node_with_more_neighbours_than_are_looked_at() -> None:
    crowd = [edge(f"a{number} RUNS_AS i1") for number in range(3_000)]
    engine = Engine(build(*crowd, node("a7", status="retired"), edge("i1 ASSUMES i2")), AT)
    assert NearestAgents(engine).of(engine.structure.node(("Identity", "i2"))) == slowly(engine, engine.structure.node(("Identity", "i2")))
    assert len(NearestAgents(engine).of(engine.structure.node(("Identity", "i1")))) in (0, 25)


def test_who_may_only_read_on_the_way_comes_to_nothing() -> None:
    scoped = edge("a1 RUNS_AS i1", scopes=["read:*"]), edge("a2 RUNS_AS i1", scopes=["write:r*"]), edge("a3 RUNS_AS i1", scopes=[])
    engine = Engine(build(*scoped, edge("i1 CAN_ACCESS r1", actions=["admin"])), AT)
    assert NearestAgents(engine).of(engine.structure.node(("Identity", "i1"))) == ["a2"]
