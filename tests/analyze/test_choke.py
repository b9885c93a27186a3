"""Choke points, cuts and further witnesses against the naive implementation: every edge is taken away and what is left is counted."""

from __future__ import annotations

from collections import Counter
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.analyze import alternatives as module
from graphinv.analyze.alternatives import alternatives
from graphinv.analyze.arcs import Arcs, project
from graphinv.analyze.changes import Change
from graphinv.analyze.chokepoints import chokepoints
from graphinv.analyze.cut import cut
from graphinv.analyze.reading import structure_of
from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey
from graphinv.model.kinds import ACTIONS, EDGE_KINDS
from graphinv.model.results import LENSES, Lens
from tests.analyze.estates import AT, build, edge, estate_of, examples, facts, key
from tests.analyze.naive import Naive

Facts = list[NodeFact | EdgeFact]
EVERY_KIND = {kind: 1.0 for kind, model in EDGE_KINDS.items() if model.moves_authority}


def arcs_of(estate: Estate, lens: Lens = "posture") -> Arcs:
    return project(structure_of(estate), lens, AT)


def agents_of(estate: Estate, arcs: Arcs) -> np.ndarray:
    return np.array(sorted(arcs.structure.number[record.key] for record in estate.of_kind("Agent")), dtype=np.int64)


def severed(estate: Estate, keys: set[str]) -> Estate:
    return Change(remove=frozenset(keys)).estate(estate)


def pairs_of(estate: Estate, lens: Lens) -> set[tuple[NodeKey, NodeKey]]:
    naive = Naive(estate, lens, AT)
    return {(subject, (kind, id)) for subject, held in naive.priv.items() if subject[0] == "Agent" for kind, id, _ in held}


def targets_of(arcs: Arcs) -> list[NodeKey]:
    return [arcs.structure.keys[node] for node in arcs.structure.targets.tolist()]


@examples(60)
@given(facts(), st.sampled_from(LENSES))
def test_what_hangs_on_an_edge_is_what_vanishes_without_it(drawn: Facts, lens: Lens) -> None:
    estate = estate_of(drawn)
    arcs = arcs_of(estate, lens)
    found, total = chokepoints(arcs, targets_of(arcs), agents_of(estate, arcs))
    before = pairs_of(estate, lens)
    assert total == len(before)
    counted = Counter({point.edge.key: point.pairs for point in found})
    for record in estate.edges:
        if record.kind in EVERY_KIND:
            gone = before - pairs_of(severed(estate, {record.key}), lens)
            assert counted[record.key] == len(gone), record
            targets = next((set(point.targets) for point in found if point.edge.key == record.key), set())
            assert targets == {target for _, target in gone}


@examples(60)
@given(facts(), st.sampled_from(LENSES), st.data())
def test_a_cut_leaves_nobody_and_no_lighter_one_does(drawn: Facts, lens: Lens, data: st.DataObject) -> None:
    estate = estate_of(drawn)
    arcs = arcs_of(estate, lens)
    targets = targets_of(arcs)
    if not targets:
        return
    target = data.draw(st.sampled_from(targets))
    kinds = data.draw(st.sets(st.sampled_from(sorted(EVERY_KIND)), min_size=4))
    found = cut(arcs, target, agents_of(estate, arcs), {kind: EVERY_KIND[kind] for kind in kinds})
    reaching = {subject for subject, to in pairs_of(estate, lens) if to == target}
    assert found.subjects == len(reaching)
    assert found.proven

    def left(keys: set[str]) -> bool:
        return any(to == target for _, to in pairs_of(severed(estate, keys), lens))

    changeable = [record.key for record in estate.edges if record.kind in kinds]
    assert found.possible == (not left(set(changeable)))
    if not found.possible:
        return
    chosen = {name.key for name in found.edges}
    assert chosen <= set(changeable)
    assert not left(chosen)
    if 0 < len(chosen) <= 3:
        assert all(left(set(fewer)) for fewer in combinations(changeable, len(chosen) - 1))


@examples(60)
@given(facts(), st.sampled_from(LENSES))
def test_further_witnesses_are_distinct_ways_in_rising_length(drawn: Facts, lens: Lens) -> None:
    estate = estate_of(drawn)
    arcs = arcs_of(estate, lens)
    naive = Naive(estate, lens, AT)
    real = {(source, target) for source, target, _ in naive.arcs}
    for subject, held in naive.priv.items():
        for atom in sorted(held)[:2]:
            found, bounded = alternatives(arcs, subject, atom[:2], atom[2], 4)
            assert found
            assert not bounded
            lengths = [len(path.hops) for path in found]
            assert lengths == sorted(lengths)
            assert len({tuple(hop.target for hop in path.hops) for path in found}) == len(found)
            for path in found:
                nodes = [subject, *(hop.target for hop in path.hops)]
                assert len(set(nodes[:-1])) == len(nodes) - 1
                assert all((hop.source, hop.target) in real for hop in path.hops[:-1])
                assert atom in naive.own[path.hops[-1].source]


def test_a_weight_decides_between_cuts() -> None:
    estate = build(
        edge("a1 USES t1"), edge("a2 USES t1"), edge("t1 CAN_ACCESS r1", actions=["read"]), edge("a3 DELEGATES_TO a1")
    )  # fmt: skip
    arcs = arcs_of(estate)
    agents = agents_of(estate, arcs)
    light = cut(arcs, key("r1"), agents, {"USES": 1.0, "CAN_ACCESS": 1.5})
    assert [(name.edge, name.source) for name in light.edges] == [("CAN_ACCESS", key("t1"))]
    assert (light.weight, light.subjects, light.actions) == (1.5, 3, ("read",))
    heavy = cut(arcs, key("r1"), agents, {"USES": 1.0, "CAN_ACCESS": 2.5})
    assert [name.source for name in heavy.edges] == [key("a1"), key("a2")]
    assert not cut(arcs, key("r1"), agents, {"DELEGATES_TO": 1.0}).possible


def test_one_edge_that_serves_two_actions_is_paid_once() -> None:
    estate = build(
        edge("a1 USES t1"),
        edge("t1 CAN_ACCESS r1", actions=["read"]),
        edge("a1 RUNS_AS i1"),
        edge("i1 CAN_ACCESS r1", actions=["write"]),
        edge("a2 DELEGATES_TO a1"),
    )
    arcs = arcs_of(estate)
    only = np.array([arcs.structure.number[key("a2")]])
    found = cut(arcs, key("r1"), only, {"USES": 1.0, "RUNS_AS": 1.0, "DELEGATES_TO": 1.5})
    assert [name.edge for name in found.edges] == ["DELEGATES_TO"]
    assert found.actions == tuple(action for action in ACTIONS if action in ("read", "write"))


def test_a_bound_that_was_hit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    long = [edge("a1 DELEGATES_TO a2"), edge("a2 DELEGATES_TO a3"), edge("a3 HOLDS s1")]
    arcs = arcs_of(build(edge("a1 HOLDS s1"), edge("a1 USES t1"), edge("t1 HOLDS s1"), *long))
    every, bounded = alternatives(arcs, key("a1"), key("s1"), "read", 5)
    assert ([len(path.hops) for path in every], bounded) == ([1, 2, 3], False)
    monkeypatch.setattr(module, "MOST_ARCS", 2)
    some, bounded = alternatives(arcs, key("a1"), key("s1"), "read", 5)
    assert ([len(path.hops) for path in some], bounded) == ([1, 2], True)
