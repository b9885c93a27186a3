from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.analyze.aivss import FACTORS, MITIGATION, THREAT, aivss, aivss_of
from graphinv.analyze.engine import Engine
from graphinv.model.errors import NotFound, UsageError
from graphinv.model.facts import EdgeFact, NodeFact
from tests.analyze.estates import AT, build, edge, key, node

PUBLISHED = [
    ("3.6.1 tool misuse", 9.4, 9.0, 9.9),
    ("3.6.2 access control violation", 8.7, 8.0, 9.7),
    ("3.6.3 cascading failures", 7.1, 8.0, 9.4),
    ("3.6.4 orchestration and multi-agent exploitation", 9.4, 9.5, 10.0),
    ("3.6.5 identity impersonation", 7.4, 7.5, 9.3),
    ("3.6.6 memory and context manipulation", 5.8, 7.5, 8.9),
    ("3.6.7 insecure critical systems interaction", 6.9, 7.5, 9.2),
    ("3.6.8 supply chain and dependency", 9.3, 6.5, 9.7),
    ("3.6.9 untraceability", 5.3, 6.5, 8.3),
    ("3.6.10 goal and instruction manipulation", 2.1, 6.5, 7.1),
]
"""The document's ten worked examples: CVSS base, sum of factors, AIVSS; all with ThM 0.97 and no mitigation."""


@pytest.mark.parametrize(("cvss", "factors", "score"), [one[1:] for one in PUBLISHED], ids=[one[0] for one in PUBLISHED])
def test_published_examples_to_the_digit(cvss: float, factors: float, score: float) -> None:
    assert aivss(cvss, factors) == score


def test_halves_go_up() -> None:
    assert aivss(0, 5, THREAT["attacked"], MITIGATION["none"]) == 5.0
    assert aivss(0.05, 0) == 0.1
    assert aivss(5, 0, mitigation=MITIGATION["strong"]) == 3.4  # 3.35


@given(st.floats(0, 10), st.floats(0, 10), st.floats(0, 10), st.sampled_from([*THREAT.values()]), st.sampled_from([*MITIGATION.values()]))
def test_more_of_a_factor_never_scores_lower(cvss: float, one: float, other: float, threat: float, mitigation: float) -> None:
    low, high = sorted((one, other))
    assert aivss(cvss, low, threat, mitigation) <= aivss(cvss, high, threat, mitigation) <= 10


@pytest.mark.parametrize("wrong", [(-1, 5), (11, 5), (5, 11), (float("nan"), 5)])
def test_what_is_out_of_bounds_is_refused(wrong: tuple[float, float]) -> None:
    with pytest.raises(UsageError, match="0 to 10"):
        aivss(*wrong)


def test_an_agent_of_which_nothing_is_known_scores_its_worst() -> None:
    found = aivss_of(Engine(build(node("a1")), AT), key("a1"))
    assert (found.unknown, found.factor_sum, found.score) == (9, 10.0, 10.0)
    assert found.vector == "AIVSS:0.8/CVSS:X/AU:X/TO:X/LA:1/CO:X/ND:X/OP:X/PE:X/ID:X/MA:X/SM:X/FS:10"
    assert [factor.name for factor in found.factors] == [*FACTORS]
    assert all(factor.because for factor in found.factors)
    with pytest.raises(NotFound):
        aivss_of(Engine(build(), AT), key("a1"))


def test_what_is_stated_lowers_it() -> None:
    estate = build(
        node("a1", autonomy="approve_each"),
        node("t1", effects=["read"]),
        node("t2", effects=["read"]),
        node("m1", scope="session"),
        edge("a1 USES t1"),
        edge("a1 CONNECTS_TO v1"),
        edge("v1 PROVIDES t2"),
        edge("a1 READS m1"),
        edge("a1 RUNS_AS i1"),
        edge("i1 ASSUMES i2"),
        edge("a1 DELEGATES_TO a2"),
    )
    found = aivss_of(Engine(estate, AT), key("a1"), 5.8)
    assert found.vector == "AIVSS:0.8/CVSS:5.8/AU:0/TO:0.5/LA:1/CO:X/ND:X/OP:X/PE:0.5/ID:1/MA:1/SM:X/FS:8"
    assert (found.factor_sum, found.score) == (8.0, aivss(5.8, 8.0))
    assert aivss_of(Engine(estate, AT), key("a2")).factors[8].value == 1.0


@pytest.mark.parametrize(
    ("facts", "factor", "value"),
    [
        ([node("t1", effects=["read", "write"]), edge("a1 USES t1")], "tools", 1.0),
        ([node("t1", effects=["read"]), edge("a1 USES t1"), edge("a1 USES t2")], "tools", None),
        ([node("m1", scope="global"), edge("a1 WRITES m1")], "persistence", 1.0),
        ([edge("a1 WRITES m1")], "persistence", None),
        ([node("a1", autonomy="autonomous")], "autonomy", 1.0),
        ([node("a1", autonomy="approve_destructive")], "autonomy", 0.5),
        ([edge("a1 RUNS_AS i1")], "identity", None),
        ([edge("a1 RUNS_AS i1"), edge("a1 RUNS_AS i2")], "identity", 1.0),
        ([edge("a2 DELEGATES_TO a1", mode="on_behalf_of")], "identity", 1.0),
        ([edge("t1 CALLS_BACK a1")], "multi-agent", 1.0),
    ],
)
def test_a_factor(facts: list[NodeFact | EdgeFact], factor: str, value: float | None) -> None:
    found = aivss_of(Engine(build(node("a1"), *facts), AT), key("a1"))
    assert {one.name: one.value for one in found.factors}[factor] == value
