from __future__ import annotations

import pytest

from graphinv.analyze.verdicts import supposed
from graphinv.model.estate import NodeRecord

QUESTION = {"context": {"target": {"type": "resource", "id": "crm/contacts"}, "deed": "write"}}


def point(id: str, **props: object) -> NodeRecord:
    return NodeRecord("EnforcementPoint", id, props)


@pytest.mark.parametrize(
    ("props", "decision", "reason"),
    [
        ({}, "unknown", "gate states no mode"),
        ({"effect": "deny"}, "unknown", "gate states no mode"),
        ({"mode": "off", "effect": "deny"}, "not_asked", "gate is off"),
        ({"mode": "monitor", "effect": "deny", "fail": "open"}, "allow", "gate only monitors"),
        ({"mode": "enforce", "effect": "deny"}, "deny", "gate denies"),
        ({"mode": "enforce", "effect": "step_up", "distinguishes": "agent", "fail": "closed"}, "step_up", "gate asks for step-up"),
        ({"mode": "enforce"}, "unknown", "gate decides by bounds that nobody states"),
        ({"mode": "enforce", "effect": "evaluate"}, "unknown", "gate decides by bounds that nobody states"),
        ({"mode": "enforce", "effect": "evaluate", "allows": []}, "deny", "gate lets pass only nothing"),
        ({"mode": "enforce", "effect": "evaluate", "allows": ["read:crm/*"]}, "deny", "gate lets pass only read:crm/*"),
        ({"mode": "enforce", "effect": "evaluate", "allows": ["*:crm/*"]}, "allow", "gate lets write pass there"),
        (
            {"mode": "enforce", "effect": "deny", "distinguishes": "none", "fail": "open"},
            "deny",
            "gate denies, cannot tell agents apart, lets all pass when it cannot be asked",
        ),
    ],
)
def test_one_point(props: dict[str, object], decision: str, reason: str) -> None:
    answer = supposed(QUESTION, [NodeRecord("EnforcementPoint", "gate", props)])
    assert (answer.decision, answer.reason) == (decision, reason)


def test_of_several_points_the_one_that_stops_holds() -> None:
    passes = point("a", mode="enforce", effect="evaluate", allows=["*:*"])
    dark, denies, asks = point("b"), point("c", mode="enforce", effect="deny"), point("d", mode="enforce", effect="step_up")
    assert supposed(QUESTION, [passes, dark, asks, denies]).reason == "c denies"
    assert supposed(QUESTION, [passes, dark, asks]).decision == "step_up"
    assert supposed(QUESTION, [passes, dark]).decision == "unknown", "that one lets it pass says nothing of the other"
    assert supposed(QUESTION, [passes, point("e", mode="off")]).decision == "allow"


def test_no_point_is_no_allow() -> None:
    assert supposed(QUESTION, []).decision == "not_asked"
