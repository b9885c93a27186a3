from __future__ import annotations

import math
import random

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from graphinv.analyze import engine as module
from graphinv.analyze.engine import Engine
from graphinv.model.errors import NotFound, UsageError
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey
from graphinv.model.results import LENSES, Atom
from tests.analyze.estates import AT, build, case_facts, edge, edges, estate_of, examples, facts, key, node
from tests.analyze.naive import Naive
from tests.analyze.test_score import finding

Facts = list[NodeFact | EdgeFact]

SHOP: Facts = [
    node("a1", name="Clerk"),
    node("a2", name="Refunds"),
    node("a3", status="retired"),
    node("r1", sensitivity="restricted", crown_jewel=True),
    node("r2", sensitivity="internal"),
    node("g1", mode="enforce", effect="deny"),
    edge("a1 DELEGATES_TO a2", guards=["g1"]),
    edge("a2 RUNS_AS i2"),
    edge("i2 CAN_ACCESS r1", actions=["write", "read"]),
    edge("a1 USES t1"),
    edge("t1 CAN_ACCESS r2", actions=["read"]),
    edge("a3 USES t1"),
]


@pytest.fixture
def shop() -> Engine:
    return Engine(build(*SHOP), "2026-07-10T02:00:00+02:00")


def test_reach(shop: Engine) -> None:
    found = shop.reach(key("a1"))
    assert found.atoms == (("Resource", "r1", "read"), ("Resource", "r1", "write"), ("Resource", "r2", "read"))
    assert (found.targets, found.agents, found.identities, found.secrets, found.tools) == (2, 1, 1, 0, 1)
    assert found.at == AT
    assert found.impact == pytest.approx(100 * math.log1p(2 * 20 + 1) / math.log1p(4 * 21))
    assert shop.reach(key("a1"), "ungoverned").atoms == (("Resource", "r2", "read"),)
    assert "atoms" not in shop.reach(key("a1"), atoms=False).to_json()
    with pytest.raises(NotFound):
        shop.reach(key("a9"))
    with pytest.raises(UsageError):
        shop.reach(key("a1"), "all")  # type: ignore[arg-type]


def test_reach_all_has_the_retired_too_and_other_kinds(shop: Engine) -> None:
    assert [found.subject[1] for found in shop.reach_all()] == ["a1", "a2", "a3"]
    assert [found.atoms for found in shop.reach_all(kind="Tool")] == [(("Resource", "r2", "read"),)]


def test_exposure(shop: Engine) -> None:
    assert [(one.subject[1], one.actions, one.hops) for one in shop.exposure(key("r1"))] == [
        ("a1", ("read", "write"), 3),
        ("a2", ("read", "write"), 2),
    ]
    assert [one.subject[1] for one in shop.exposure(key("r1"), "runtime")] == ["a2"]
    assert [one.subject[1] for one in shop.exposure(key("r2"), kind=None)] == ["a1", "a3", "t1"]
    assert shop.exposure(key("r1"), action="delete") == []
    with pytest.raises(UsageError):
        shop.exposure(key("r1"), action="look")


def test_hidden_reach_is_what_comes_through_other_agents(shop: Engine) -> None:
    assert shop.hidden(key("a1")) == (("Resource", "r1", "read"), ("Resource", "r1", "write"))
    assert shop.hidden(key("a2")) == ()


def test_own_reach_is_not_hidden_however_long_its_path() -> None:
    engine = Engine(
        build(
            edge("a1 CONNECTS_TO v1"),
            edge("v1 PROVIDES t1"),
            edge("v1 HOLDS s1"),
            edge("s1 AUTHENTICATES_AS i1"),
            edge("i1 ASSUMES i2"),
            edge("i2 CAN_ACCESS r1", actions=["read"]),
            edge("a1 DELEGATES_TO w1"),
            edge("w1 RUNS_AS i2"),
            edge("w1 RUNS_AS i3"),
            edge("i3 CAN_ACCESS r2", actions=["read"]),
            edge("t1 CALLS_BACK a2"),
            edge("a2 HOLDS s2"),
        ),
        AT,
    )
    assert engine.hidden(key("a1")) == (("Resource", "r2", "read"), ("Secret", "s2", "read"))


def test_scores(shop: Engine) -> None:
    risky = [finding("X", 0.5, "a1"), finding("Y", 0.0, "a1"), finding("Z", 0.5, "a2")]
    clerk, refunds, retired = shop.scores(risky)
    assert (clerk.subject[1], clerk.likelihood, clerk.hidden_atoms, clerk.atoms, clerk.atoms_ungoverned, clerk.targets) == (
        "a1",
        0.5,
        2,
        3,
        1,
        2,
    )
    assert clerk.risk == pytest.approx(clerk.impact * 0.7)
    assert clerk.impact_ungoverned == clerk.impact_runtime == pytest.approx(100 * math.log1p(1) / math.log1p(84))
    assert [part.what for part in clerk.parts] == ["can read, write r1 (restricted, crown jewel)", "can read r2 (internal)", "about X"]
    assert math.fsum(part.amount for part in clerk.parts) == pytest.approx(clerk.risk)
    assert refunds.likelihood == 0.5
    assert retired.impact == pytest.approx(clerk.impact_runtime)


def test_settings_outweigh_what_a_finding_says(shop: Engine) -> None:
    shop.settings = shop.settings.model_copy(update={"likelihood": {"X": 0.2}})
    assert shop.scores([finding("X", 0.5)])[0].likelihood == pytest.approx(0.2)


def test_can_reach(shop: Engine) -> None:
    rows, left_out = shop.can_reach(("posture", "runtime"))
    assert left_out == 0
    assert [(row.lens, row.subject[1], row.target[1], row.actions, row.hops, row.via) for row in rows] == [
        ("posture", "a1", "r1", ("read", "write"), 3, ("Agent:a2", "Identity:i2")),
        ("posture", "a2", "r1", ("read", "write"), 2, ("Identity:i2",)),
        ("posture", "a1", "r2", ("read",), 2, ("Tool:t1",)),
        ("posture", "a3", "r2", ("read",), 2, ("Tool:t1",)),
        ("runtime", "a2", "r1", ("read", "write"), 2, ("Identity:i2",)),
        ("runtime", "a1", "r2", ("read",), 2, ("Tool:t1",)),
        ("runtime", "a3", "r2", ("read",), 2, ("Tool:t1",)),
    ]


def test_can_reach_says_what_it_leaves_out(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    rows, left_out = shop.can_reach(("posture", "runtime"), limit=3)
    assert left_out == 4
    assert [(row.lens, row.subject[1], row.target[1]) for row in rows] == [
        ("posture", "a1", "r1"),
        ("posture", "a2", "r1"),
        ("runtime", "a2", "r1"),
    ]
    monkeypatch.setattr(module, "FEW_PAIRS", 2)
    rows, left_out = shop.can_reach(("posture",))
    assert ({row.target[1] for row in rows}, left_out) == ({"r1"}, 2)


def test_what_is_left_out_is_left_out_under_every_lens(shop: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    def pairs(lens: str, limit: int = 50) -> set[tuple[str, str]]:
        return {(row.subject[1], row.target[1]) for row in shop.can_reach(("posture", "runtime"), limit)[0] if row.lens == lens}

    # Of a target that does not fit as a whole, no lens keeps an agent that another lens has lost
    assert pairs("posture", 5) == {("a1", "r1"), ("a2", "r1"), ("a1", "r2")}
    assert pairs("runtime", 5) == {("a2", "r1"), ("a1", "r2")}
    # Nor are the few pairs of one lens more than the many of another
    monkeypatch.setattr(module, "FEW_PAIRS", 3)
    assert pairs("runtime") <= pairs("posture") == {("a1", "r1"), ("a2", "r1")}


def test_riskiest_paths_are_of_different_agents_and_targets(shop: Engine) -> None:
    found = [(path.subject[1], path.action, path.target[1]) for path in shop.riskiest_paths(4, shop.scores([]))]
    assert found == [("a1", "write", "r1"), ("a2", "write", "r1"), ("a3", "read", "r2"), ("a1", "read", "r2")]
    assert [path.subject[1] for path in shop.riskiest_paths(1, shop.scores([]))] == ["a1"]
    assert shop.riskiest_paths(0, shop.scores([])) == ()
    assert len(shop.riskiest_paths(50, shop.scores([]))) == 4


def test_one_crown_jewel_does_not_fill_the_list() -> None:
    roles = [edge(f"a{number} RUNS_AS i1") for number in range(6)]
    grants = [edge(f"i1 CAN_ACCESS r{number}", actions=["admin"]) for number in range(6)]
    found = Engine(build(*roles, *grants, node("r0", sensitivity="confidential")), AT)
    assert len({path.target for path in found.riskiest_paths(6, found.scores([]))}) >= 3


@examples(60)
@given(facts(), st.sampled_from(LENSES))
def test_can_reach_and_exposure_agree_with_the_semantics(drawn: Facts, lens: str) -> None:
    estate = estate_of(drawn)
    engine, naive = Engine(estate, AT), Naive(estate, lens, AT)
    pairs: dict[tuple[NodeKey, NodeKey], list[Atom]] = {}
    for subject, atoms in naive.priv.items():
        for atom in atoms:
            if subject[0] == "Agent":
                pairs.setdefault((subject, atom[:2]), []).append(atom)
    rows, left_out = engine.can_reach((lens,))  # type: ignore[arg-type]
    assert left_out == 0
    assert {(row.subject, row.target): row.actions for row in rows} == {
        pair: tuple(sorted(atom[2] for atom in atoms)) for pair, atoms in pairs.items()
    }
    for row in rows:
        assert row.hops == min(naive.hops(atom)[row.subject] for atom in pairs[row.subject, row.target]) == len(row.via) + 1
    for target in {pair[1] for pair in pairs}:
        exposed = engine.exposure(target, lens)  # type: ignore[arg-type]
        assert {one.subject: one.hops for one in exposed} == {row.subject: row.hops for row in rows if row.target == target}


@examples(40)
@given(facts(), edges)
def test_an_edge_more_never_lowers_impact_or_risk(drawn: Facts, more: EdgeFact) -> None:
    before = estate_of(drawn)
    known = {record.source for record in before.edges if record.kind in ("CAN_ACCESS", "PROVIDES")}
    assume(more.kind not in ("CAN_ACCESS", "PROVIDES") or more.source in known)
    one, other = Engine(before, AT).scores([]), Engine(estate_of([*drawn, more]), AT).scores([])
    for score, later in zip(one, other, strict=True):
        assert (later.impact, later.risk) >= (score.impact, score.risk)
        assert score.impact_ungoverned <= score.impact
        assert score.impact_runtime <= score.impact
        assert score.hidden_atoms <= score.atoms


def test_order_of_facts_changes_nothing() -> None:
    results = []
    for seed in range(3):
        case = case_facts("random-015")
        random.Random(seed).shuffle(case)
        engine = Engine(estate_of(case), AT)
        scores = engine.scores([])
        results.append((scores, engine.can_reach(), engine.riskiest_paths(20, scores), list(engine.reach_all("runtime"))))
    assert results[0] == results[1] == results[2]


def test_an_empty_estate_has_answers() -> None:
    engine = Engine(build(), AT)
    assert engine.scores([]) == ()
    assert engine.can_reach() == ((), 0)
    assert engine.riskiest_paths(5, []) == ()
    assert list(engine.reach_all("standing")) == []
    assert engine.exposure(key("r1")) == []


def test_hidden_counts_agree_with_hidden_atoms() -> None:
    engine = Engine(estate_of(case_facts("random-019")), AT)
    assert [score.hidden_atoms for score in engine.scores([])] == [len(engine.hidden(score.subject)) for score in engine.scores([])]
