"""Which findings of one level come first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from graphinv.analyze.engine import Engine
from graphinv.analyze.priority import priorities_of
from graphinv.analyze.score import Settings
from graphinv.model.facts import NodeKey
from graphinv.model.results import Finding, finding_key, worst_first
from graphinv.pipeline.stages import rules
from graphinv.pipeline.stages import settings as scoring
from tests.analyze.estates import AT, build, edge, node

SETTINGS = Settings(likelihood={"GI-XXX-001": 0.4, "GI-XXX-002": 0.2})


def engine() -> Engine:
    """``a1`` reads the crown jewel ``r1`` as ``i1``; ``a2`` reads the public page ``r2``; ``a3`` nothing."""
    return Engine(
        build(
            node("r1", sensitivity="restricted", crown_jewel=True),
            node("r2", sensitivity="public"),
            edge("a1 RUNS_AS i1"),
            edge("i1 CAN_ACCESS r1", actions=["read"]),
            edge("a2 RUNS_AS i2"),
            edge("i2 CAN_ACCESS r2", actions=["read"]),
            node("a3"),
            edge("a1 WRITES m1"),
        ),
        AT,
        SETTINGS,
    )


def about(subject: NodeKey, target: NodeKey | None = None, rule: str = "GI-XXX-001", **details: Sequence[str]) -> Finding:
    return Finding(
        key=finding_key(rule, subject, target),
        rule=rule,
        title="t",
        severity="high",
        confidence=1.0,
        subject=subject,
        target=target,
        details=details,
    )


A1, A2, I1, R1, R2 = ("Agent", "a1"), ("Agent", "a2"), ("Identity", "i1"), ("Resource", "r1"), ("Resource", "r2")


def priorities(*findings: Finding) -> list[float]:
    return priorities_of(engine(), findings)


def test_it_is_the_impact_of_what_it_leads_to_times_likelihood_times_confidence() -> None:
    whole = engine().reach(A1).impact
    found = priorities(about(A1), about(I1), replace(about(A1), confidence=0.5), about(A1, rule="GI-XXX-002"), about(A1, rule="GI-XXX-003"))
    assert found == pytest.approx([whole * 0.4, whole * 0.4, whole * 0.2, whole * 0.2, 0.0], abs=0.01)


def test_of_a_resource_it_is_what_can_be_done_to_that() -> None:
    read, everything, public = priorities(about(A1, R1, actions=["read"]), about(A1, R1), about(A2, R2, actions=["read"]))
    assert everything > read > public == 0.0
    assert read == pytest.approx(engine().reach(A1).impact * 0.4, abs=0.01)
    assert priorities(about(A1, R1, action="read")) == [read]


def test_what_can_do_nothing_itself_counts_as_the_agents_it_is_about() -> None:
    memory, root = ("Memory", "m1"), ("Document", "shop")
    whole = priorities(about(A1))
    assert priorities(about(memory, agents=["a1", "a2"])) == priorities(about(root, agents=["a1"])) == whole
    assert priorities(about(memory), about(root), about(("Agent", "a3"))) == [0.0, 0.0, 0.0]


def test_level_comes_before_priority_and_what_is_alike_keeps_one_order() -> None:
    grave = replace(about(A2, rule="GI-XXX-002"), severity="critical")
    found = [about(A2), about(A1), grave, about(A1, rule="GI-XXX-002")]
    found = [replace(one, priority=priority) for one, priority in zip(found, priorities_of(engine(), found), strict=True)]
    ranked = sorted(found, key=worst_first)
    assert [(one.severity, one.subject, one.rule) for one in ranked] == [
        ("critical", A2, "GI-XXX-002"),
        ("high", A1, "GI-XXX-001"),
        ("high", A1, "GI-XXX-002"),
        ("high", A2, "GI-XXX-001"),
    ]
    turned = found[::-1]
    assert sorted(turned, key=worst_first) == ranked


def test_every_rule_that_can_be_high_has_a_likelihood() -> None:
    """So that nothing high or critical comes last for want of one; missing labels, records and reviews are medium at most."""
    without = {rule.id for rule in rules().values() if not scoring().likelihood.get(rule.id)}
    assert without == {"GI-INV-001", "GI-INV-003", "GI-INV-005", "GI-LIF-003"}
