from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.analyze.reading import structure_of
from graphinv.analyze.score import Settings, Weights, level_of, likelihood, parts_of, settings_from_toml, target_weight
from graphinv.model.errors import InputError
from graphinv.model.results import Finding, finding_key
from tests.analyze.estates import build, edge, node

SHIPPED = (Path(__file__).parents[2] / "data" / "scoring.toml").read_text("utf-8")
RULES = Path(__file__).parents[2] / "queries" / "rules"


def finding(rule: str, chance: float = 0.0, subject: str = "a1") -> Finding:
    agent = ("Agent", subject)
    return Finding(
        key=finding_key(rule, agent, None),
        rule=rule,
        title=f"about {rule}",
        severity="high",
        confidence=1,
        subject=agent,
        likelihood=chance,
    )


def test_shipped_weights_are_those_of_the_code() -> None:
    shipped = settings_from_toml(SHIPPED)
    assert shipped.model_copy(update={"likelihood": {}}) == Settings()
    assert dict(shipped.actions) == {"read": 1, "write": 2, "execute": 2, "delete": 3, "admin": 4}
    assert dict(shipped.sensitivity) == {"public": 0, "internal": 1, "unknown": 1, "confidential": 4, "restricted": 10}
    assert set(shipped.likelihood) <= {path.stem for path in RULES.glob("*.cypher")}
    assert all("#" in line for line in SHIPPED.split("[likelihood]")[1].splitlines() if line.strip())


def test_what_is_left_out_keeps_its_default() -> None:
    changed = settings_from_toml('[actions]\nread = 3\n[likelihood]\n"MY-RULE" = 0.5\n')
    assert (changed.actions["read"], changed.actions["admin"], changed.likelihood) == (3, 4, {"MY-RULE": 0.5})


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[actions]\nread = -1", "actions.read"),
        ("[actions]\nlook = 1", "actions.look"),
        ("[likelihood]\nR = 1.5", "likelihood.R"),
        ("[actions]\nread = inf", "actions.read"),
        ("[else]\n", "else"),
        ("actions = 3", "actions"),
        ("[actions", "not TOML"),
    ],
)
def test_wrong_settings_name_the_place(text: str, place: str) -> None:
    with pytest.raises(InputError, match=place):
        settings_from_toml(text)


def test_targets_weigh_by_sensitivity_and_crown() -> None:
    settings = Settings()
    assert target_weight({}, settings) == target_weight({"sensitivity": "unknown"}, settings) == 1
    assert target_weight({"sensitivity": "public", "crown_jewel": True}, settings) == 0
    assert target_weight({"sensitivity": "restricted", "crown_jewel": True}, settings) == 20


def test_everything_is_all_resources_and_secrets_at_their_worst() -> None:
    estate = build(node("r1", sensitivity="restricted"), node("r2"), node("s1"), edge("i1 CAN_ACCESS r1", actions=["read"]))
    weights = Weights.of(structure_of(estate), Settings())
    assert weights.everything == 4 * (10 + 1 + 1)
    assert weights.impact(48) == pytest.approx(100)
    assert weights.impact(10) == pytest.approx(100 * math.log(11) / math.log(49))
    assert Weights.of(structure_of(build(node("a1"))), Settings()).impact(0) == 0


def test_likelihood_and_levels() -> None:
    assert likelihood([]) == 0
    assert likelihood([0.3, 0.25]) == pytest.approx(0.475)
    assert [level_of(risk, Settings()) for risk in (100, 80, 79.9, 60, 40, 20, 19.9, 0)] == [
        "critical",
        "critical",
        "high",
        "high",
        "medium",
        "low",
        "info",
        "info",
    ]


@given(
    st.floats(0, 100),
    st.lists(st.tuples(st.text(), st.floats(0.1, 100)), min_size=1, max_size=12),
    st.lists(st.tuples(st.sampled_from("ABC"), st.floats(0.01, 1)), max_size=6),
)
def test_parts_add_up_to_the_risk(impact: float, reached: list[tuple[str, float]], chances: list[tuple[str, float]]) -> None:
    findings = [finding(rule, chance) for rule, chance in chances]
    settings, raised = Settings(), likelihood(chance for _, chance in chances)
    parts = parts_of(impact, raised, (reached[:5], len(reached), math.fsum(amount for _, amount in reached)), findings, settings)
    assert math.fsum(part.amount for part in parts) == pytest.approx(impact * (0.4 + 0.6 * raised), abs=1e-9)
    assert all(part.amount >= 0 and part.what is not None for part in parts)


def test_parts_name_targets_and_rules() -> None:
    reached = [(f"can read r{number}", 1.0) for number in range(7)]
    parts = parts_of(
        50, likelihood([0.3, 0.3, 0.2]), (reached[:5], 7, 7.0), [finding("X", 0.3), finding("X", 0.3), finding("Y", 0.2)], Settings()
    )
    assert [part.what for part in parts] == [*(f"can read r{number}" for number in range(5)), "2 other targets", "about X", "about Y"]
    assert parts[6].because == "X: raises the likelihood by 30%, 2 times"
    assert parts_of(0, 0, ([], 0, 0.0), [], Settings()) == ()
