from __future__ import annotations

import json
import random
from dataclasses import replace
from itertools import pairwise
from typing import cast

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from graphinv.analyze import plan, privilege
from graphinv.analyze.arcs import project
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.reading import structure_of
from graphinv.model.errors import NotFound, UsageError
from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey
from graphinv.model.results import LENSES, Lens
from tests.analyze.estates import AT, CASES, arcs_of, build, case_facts, edge, edges, estate_of, examples, facts, key, node
from tests.analyze.naive import Naive

NAMES = sorted(path.name.removesuffix(".reach.json") for path in CASES.glob("*.reach.json"))
Facts = list[NodeFact | EdgeFact]


def solve(estate: Estate, lens: Lens = "posture", at: str = AT) -> Privileges:
    return Privileges(arcs_of(estate, lens, at))


def test_all_cases_are_here() -> None:
    assert len(NAMES) == 24


@pytest.mark.parametrize("name", NAMES)
def test_case_is_exact_under_every_lens_in_any_order(name: str) -> None:
    stated = json.loads((CASES / f"{name}.reach.json").read_text("utf-8"))
    assert sorted(stated["expected"]) == sorted(LENSES)
    case = case_facts(name)
    for seed in (0, 1):
        random.Random(seed).shuffle(case)
        structure = structure_of(estate_of([*case, *case[:20]]))
        for lens, rows in stated["expected"].items():
            privileges = Privileges(project(structure, lens, stated["at"]))
            found = {row["subject"][1]: [list(atom) for atom in privileges.atoms_of(tuple(row["subject"]))] for row in rows}
            assert found == {row["subject"][1]: row["atoms"] for row in rows}, lens


def targets_of(found: Privileges, agent: NodeKey) -> int:
    return found.measures.targets(found.structure.node(agent))


@examples(150)
@given(facts(), st.sampled_from(LENSES))
def test_agrees_with_the_semantics_word_for_word(drawn: Facts, lens: Lens) -> None:
    estate = estate_of(drawn)
    naive, found = Naive(estate, lens, AT), solve(estate, lens)
    for subject in estate.nodes:
        assert found.atoms_of(subject) == tuple(sorted(naive.priv[subject])), subject
        targets = len({atom[:2] for atom in naive.priv[subject]})
        assert len(found.row(subject)[0]) == targets
        assert subject[0] != "Agent" or targets_of(found, subject) == targets
        assert found.counts(subject) == naive.counts(subject), subject
    for target in estate.nodes:
        expected = [
            (subject, tuple(sorted(atom[2] for atom in atoms if atom[:2] == target)))
            for subject, atoms in sorted(naive.priv.items())
            if any(atom[:2] == target for atom in atoms)
        ]
        assert found.holders(target) == expected
        assert found.holders(target, "read", "Agent") == [pair for pair in expected if pair[0][0] == "Agent" and "read" in pair[1]]
        assert all(found.actions_on(subject, target) == actions for subject, actions in expected)


@examples(40)
@given(facts())
def test_no_lens_adds_reach(drawn: Facts) -> None:
    estate = estate_of(drawn)
    structure = structure_of(estate)
    posture = Privileges(project(structure, "posture", AT))
    for lens in LENSES:
        other = Privileges(project(structure, lens, AT))
        for subject in estate.nodes:
            assert other.minus(posture, subject) == ()
            left = {*posture.atoms_of(subject)} - {*other.atoms_of(subject)}
            assert posture.minus(other, subject) == tuple(sorted(left))


@examples(60)
@given(facts(), edges)
def test_an_edge_more_never_lowers_posture(drawn: Facts, more: EdgeFact) -> None:
    before = estate_of(drawn)
    known = {record.source for record in before.edges if record.kind in ("CAN_ACCESS", "PROVIDES")}
    assume(more.kind not in ("CAN_ACCESS", "PROVIDES") or more.source in known)
    one, other = solve(before), solve(estate_of([*drawn, more]))
    for subject in before.nodes:
        assert one.minus(other, subject) == ()


@examples(30)
@given(facts(), st.sampled_from(LENSES), st.randoms())
def test_renaming_agents_and_order_change_nothing(drawn: Facts, lens: Lens, dice: random.Random) -> None:
    names = {("Agent", f"a{number}"): ("Agent", f"x{9 - number}") for number in range(4)}

    def renamed(fact: NodeFact | EdgeFact) -> NodeFact | EdgeFact:
        if isinstance(fact, NodeFact):
            return NodeFact(*names.get(fact.key, fact.key), fact.props)
        source, target = cast(NodeKey, fact.source), cast(NodeKey, fact.target)
        return EdgeFact(fact.kind, names.get(source, source), names.get(target, target), fact.props)

    others = [renamed(fact) for fact in drawn]
    dice.shuffle(others)
    before, after = estate_of(drawn), estate_of(others)
    one, other = solve(before, lens), solve(after, lens)
    for subject in before.nodes:
        assert one.atoms_of(subject) == other.atoms_of(names.get(subject, subject))
        assert one.counts(subject) == other.counts(names.get(subject, subject))


def test_time_decides_to_the_second() -> None:
    estate = build(
        edge("i1 CAN_ACCESS r1", actions=["read"], valid_from="2026-07-10T02:00:01+02:00"),
        edge("i1 CAN_ACCESS r2", actions=["read"], valid_until="2026-07-10T00:00:01Z"),
    )
    found = {at: solve(estate, at=at).atoms_of(key("i1")) for at in (AT, "2026-07-10T00:00:01.9Z", "2026-07-09T22:00:00-02:00")}
    assert [[atom[1] for atom in atoms] for atoms in found.values()] == [["r2"], ["r1"], ["r2"]]


def test_time_beyond_every_calendar() -> None:
    estate = build(node("s1", issued_at="9999-12-31", max_life_seconds=2**63 - 1), edge("a1 HOLDS s1"))
    assert solve(estate, at="9999-12-31T23:59:59Z").atoms_of(key("a1")) == (("Secret", "s1", "read"),)


def test_wrong_lens_time_and_subject_are_refused() -> None:
    estate = build(edge("a1 HOLDS s1"))
    with pytest.raises(UsageError, match="posture"):
        arcs_of(estate, cast(Lens, "all"), AT)
    with pytest.raises(UsageError, match="ISO 8601"):
        arcs_of(estate, "posture", "soon")
    with pytest.raises(NotFound, match="Agent:a2"):
        solve(estate).atoms_of(key("a2"))


# --------------------------------------------------------------------------------------------------------------------------------
# Worst cases


def chain(length: int, *, ring: bool = False, masked: bool = False) -> Estate:
    """Agents that each ask the next one, forwards and backwards in the order of their ids; the last one has a key."""
    props = {"scopes": ["read:*"]} if masked else {}
    order = [f"a{number:06}" for number in range(length)]
    links = [edge(f"{one} DELEGATES_TO {two}", **props) for one, two in pairwise(order)]
    if ring:
        links.append(edge(f"{order[-1]} DELEGATES_TO {order[0]}", **props))
    return build(*links, edge(f"{order[length // 2]} HOLDS s1"))


@pytest.mark.parametrize("masked", [False, True])
def test_ring_of_100_000(masked: bool) -> None:
    found = solve(chain(100_000, ring=True, masked=masked))
    assert len(found.holders(key("s1"), "read")) == 100_000
    assert found.counts(key("a000000"))["agents"] == 99_999


def test_chain_of_100_000_each_with_its_key() -> None:
    order = [f"a{number:06}" for number in range(100_000)]
    links = [edge(f"{one} DELEGATES_TO {two}") for one, two in pairwise(order)]
    found = solve(build(*links, *(edge(f"{order[at]} HOLDS s{at}") for at in range(0, 100_000, 1000))))
    assert [targets_of(found, key(order[at])) for at in (0, 1, 50_000, 50_001, 99_999)] == [100, 99, 50, 49, 0]
    assert found.counts(key(order[1]))["agents"] == 99_998


def test_everybody_asks_everybody() -> None:
    size = 150
    links = [
        edge(f"a{one} DELEGATES_TO a{two}", **({} if (one + two) % 3 else {"scopes": [f"read:s{two}", "read:s?"]}))
        for one in range(size)
        for two in range(size)
    ]
    estate = build(*links, *(edge(f"a{one} HOLDS s{one}") for one in range(size)))
    found = solve(estate)
    assert {len(found.atoms_of(key(f"a{one}"))) for one in range(size)} == {size}


@pytest.mark.parametrize("masked", [False, True])
def test_everybody_asks_everybody_of_2000(masked: bool) -> None:
    """Four million delegations, put together as arrays: as facts they would take most of the test's time."""
    size = 2_000
    order = [f"a{number:04}" for number in range(size)]
    few = arcs_of(
        build(edge("a0000 DELEGATES_TO a0001", scopes=["read:*"]), *(edge(f"{one} HOLDS s{one[1:]}") for one in order)), "posture", AT
    )
    agents = np.array([few.structure.node(key(one)) for one in order], dtype=np.int32)
    count = size * size
    arcs = replace(
        few,
        source=np.repeat(agents, size),
        target=np.tile(agents, size),
        mask=np.full(count, 0 if masked else -1, dtype=np.int32),
        first=np.zeros(count, dtype=np.int32),
        second=np.full(count, -1, dtype=np.int32),
        way=np.zeros(count, dtype=np.int8),
    )
    found = Privileges(arcs)
    assert {targets_of(found, key(one)) for one in order} == {size}
    assert found.counts(key(order[0]))["agents"] == size - 1


def test_rings_through_masks_only_settle() -> None:
    links = [
        edge(f"a{one} DELEGATES_TO a{(one + step) % 40}", scopes=[f"read:s*{one % 10}", "read:s1?"]) for one in range(40) for step in (1, 7)
    ]
    estate = build(*links, *(edge(f"a{one} HOLDS s{one}") for one in range(40)))
    naive, found = Naive(estate, "posture", AT), solve(estate)
    assert all(found.atoms_of(subject) == tuple(sorted(naive.priv[subject])) for subject in estate.nodes)


def test_thousands_of_different_scopes() -> None:
    count = 3_000
    links = [edge(f"a{one} DELEGATES_TO a9", scopes=[f"read:s{one}", f"read:x*{one}*{one}y"]) for one in range(10, count)]
    found = solve(build(*links, *(edge(f"a9 HOLDS s{one}") for one in range(count))))
    assert all(found.atoms_of(key(f"a{one}")) == (("Secret", f"s{one}", "read"),) for one in range(10, count, 97))


def test_64_000_different_scopes() -> None:
    count, targets = 64_000, 400
    links = [edge(f"a{one} DELEGATES_TO a9", scopes=[f"read:s{one % targets}", f"write:x{one}"]) for one in range(10, count + 10)]
    arcs = arcs_of(build(*links, *(edge(f"a9 HOLDS s{one}") for one in range(targets))), "posture", AT)
    found = Privileges(arcs)
    assert len(arcs.structure.masks.lists) == count
    assert all(found.atoms_of(key(f"a{one}")) == (("Secret", f"s{one % targets}", "read"),) for one in range(10, count + 10, 997))
    assert len(found.holders(key("s7"), "read")) == count // targets + 1


def test_a_glob_made_to_backtrack_is_quick() -> None:
    name = "s" + "a" * 20_000
    estate = build(edge(f"a1 DELEGATES_TO a2", scopes=["read:" + "*a" * 200 + "b"]), edge(f"a2 HOLDS {name}"))  # noqa: F541
    assert solve(estate).atoms_of(key("a1")) == ()


def test_self_loops_and_parallel_edges_with_different_masks() -> None:
    found = solve(
        build(
            edge("a1 DELEGATES_TO a1", scopes=["read:*"]),
            edge("a1 DELEGATES_TO a1"),
            edge("a1 DELEGATES_TO a2", scopes=["read:r1"]),
            edge("a1 DELEGATES_TO a2", scopes=["write:r2"]),
            edge("a2 RUNS_AS i1"),
            *(edge(f"i1 CAN_ACCESS r{number}", actions=["read", "write"]) for number in (1, 2)),
        )
    )
    assert found.atoms_of(key("a1")) == (("Resource", "r1", "read"), ("Resource", "r2", "write"))
    assert found.counts(key("a1")) == {"agents": 1, "identities": 1, "secrets": 0, "tools": 0}


@pytest.mark.parametrize("facts", [[], [node("a1")], [node("a1"), node("r1")]], ids=["nothing", "one node", "no edges"])
def test_next_to_nothing(facts: Facts) -> None:
    estate = estate_of(facts)
    for lens in LENSES:
        found = solve(estate, lens)
        assert found.holders(key("r1")) == []
        for subject in estate.nodes:
            assert found.atoms_of(subject) == ()
            assert not any(found.counts(subject).values())
            assert not found.has(subject, ("Resource", "r1", "read"))


def test_sums_weigh_every_target_once() -> None:
    estate = build(
        edge("a1 RUNS_AS i1"), edge("i1 CAN_ACCESS r1", actions=["admin"]), edge("i1 CAN_ACCESS r2", actions=["read", "write"]), node("a2")
    )
    found = Privileges(arcs_of(estate, "posture", AT), np.array([10.0, 1.0]), np.arange(32.0))
    for measures, subject in ((found.measures, key("a1")), (found.measures_of(found.structure.of_kind("Identity")), key("i1"))):
        one = found.structure.node(subject)
        assert (measures.atoms(one), measures.targets(one), measures.counting(one), measures.reached(one)) == (7, 2, 2, 10 * 31 + 24)
        assert measures.top(one) == [(0, 31, 310.0), (1, 24, 24.0)]
        assert measures.holders.tolist() == [[1, 1], [1, 0]]
    assert found.measures.top(found.structure.node(key("a2"))) == []


@examples(40)
@given(facts(), st.sampled_from(LENSES), st.sampled_from([0, 1, 4, 10]))
def test_answers_do_not_depend_on_what_is_kept(drawn: Facts, lens: Lens, limit: int) -> None:
    arcs = arcs_of(estate_of(drawn), lens, AT)
    with pytest.MonkeyPatch.context() as patch:
        one = Privileges(arcs)
        patch.setattr(privilege, "KEPT_WORDS", limit)
        patch.setattr(plan, "_WORDS", 1)
        other = Privileges(arcs)
    for subject in arcs.structure.keys:
        assert subject[0] != "Agent" or targets_of(one, subject) == targets_of(other, subject)
        assert one.holders(subject) == other.holders(subject)
        for target in (key("r0"), key("s1")):
            assert one.actions_on(subject, target) == other.actions_on(subject, target)
        assert one.atoms_of(subject) == other.atoms_of(subject)
        assert one.actions_on(subject, key("r1")) == other.actions_on(subject, key("r1"))


@examples(40)
@given(facts(), st.sampled_from(LENSES), st.sampled_from([0, 4, 10_000]), st.lists(st.integers(0, 255), min_size=40, max_size=40))
def test_what_is_touched_is_the_sum_of_the_row(drawn: Facts, lens: Lens, limit: int, numbers: list[int]) -> None:
    arcs = arcs_of(estate_of(drawn), lens, AT)
    columns = np.resize(np.array(numbers, dtype=np.uint8), len(arcs.structure.targets))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(privilege, "KEPT_WORDS", limit)
        patch.setattr(plan, "_WORDS", 1)
        found = Privileges(arcs)
        touched = found.touched(columns)
    for number, subject in enumerate(arcs.structure.keys):
        assert touched[number] == np.bitwise_or.reduce(columns[found.row(subject)[0]], initial=0)


def test_a_row_that_is_solved_alone_goes_round_masked_rings_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """The ring t0, a2, v1, a3 has to be gone round twice, and rows that nobody in it depends on come before it in the order."""
    monkeypatch.setattr(privilege, "KEPT_WORDS", 0)
    ring = [
        edge("t0 CALLS_BACK a2"),
        edge("a2 CONNECTS_TO v1", scopes=["read"]),
        edge("v1 CALLS_BACK a3"),
        edge("a3 USES t0", scopes=["read"]),
    ]
    ways = [edge("a2 USES t2"), edge("v0 PROVIDES t2"), edge("v0 HOLDS s1"), edge("s1 AUTHENTICATES_AS i2")]
    access = edge("i2 CAN_ACCESS s2", actions=["execute"])
    alone = Privileges(arcs_of(estate_of([*ring, *ways, access, edge("a1 RUNS_ON h1")]), "posture", AT))
    assert alone.atoms_of(key("t0")) == (("Secret", "s2", "execute"),)
