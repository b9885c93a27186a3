"""Events of OCSF: what its class requires, the life of a finding, and texts of strangers."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given

from graphinv.export import ocsf
from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.model.results import Finding
from tests import strategies
from tests.export.findings import ATTACK, EMPTY, RULES, analysis, attack, finding, ownerless, score

AT, BEFORE = "2026-07-02T00:00:00Z", "2026-07-01T00:00:00Z"
MILLIS = 1_782_950_400_000

REQUIRED = {"activity_id", "category_uid", "class_uid", "type_uid", "time", "severity_id", "finding_info", "metadata"}
"""Of a Detection Finding in version 1.4.0 of the schema, beside what its objects require."""


def event(one: Finding, estate: Estate = EMPTY) -> dict[str, Any]:
    made = ocsf.event(one, AT, estate, score())
    assert made.keys() >= REQUIRED
    assert (made["category_uid"], made["class_uid"], made["type_uid"]) == (2, 2004, 200_400 + made["activity_id"])
    assert made["finding_info"]["uid"] == one.key
    assert made["metadata"]["version"] == "1.4.0"
    assert made["metadata"]["product"]["name"] == "graphinv"
    return made


def test_a_finding_is_an_event_with_all_that_the_class_asks_for() -> None:
    estate = strategies.merged(
        [NodeFact("Agent", "billing-bot", {"name": "Billing bot"}), NodeFact("Owner", "ana@acme.example", {})],
        [EdgeFact("OWNS", ("Owner", "ana@acme.example"), ("Agent", "billing-bot"), {})],
    )
    made = event(replace(finding(), first_seen=BEFORE, last_seen=AT), estate)
    assert (made["severity_id"], made["severity"]) == (4, "High")
    assert (made["confidence_id"], made["confidence_score"]) == (3, 90)
    assert (made["risk_score"], made["risk_level_id"], made["risk_level"]) == (56, 2, "Medium")
    assert made["finding_info"]["analytic"] == {"type_id": 1, "type": "Rule", "uid": "GI-SEC-001"}
    assert made["resources"] == [
        {"type": "Agent", "uid": "billing-bot", "name": "Billing bot", "owner": {"name": "ana@acme.example"}},
        {"type": "Secret", "uid": "stripe-key", "name": "stripe-key"},
    ]
    assert made["unmapped"]["path"] == ["billing-bot holds stripe-key (acme-shop/apps/pay/.mcp.json#L12)"]
    assert made["time"] == made["finding_info"]["last_seen_time"] == MILLIS


@pytest.mark.parametrize(
    ("life", "activity", "status"),
    [
        ({"first_seen": AT, "last_seen": AT}, "Create", "New"),
        ({"first_seen": BEFORE, "last_seen": AT}, "Update", "New"),
        ({"first_seen": BEFORE, "last_seen": AT, "reopened": 1, "reopened_at": AT}, "Create", "New"),
        ({"first_seen": BEFORE, "last_seen": BEFORE, "fixed_at": AT}, "Close", "Resolved"),
    ],
)
def test_its_life_is_told_by_activities(life: dict[str, Any], activity: str, status: str) -> None:
    made = event(replace(ownerless(), **life))
    assert (made["activity_name"], made["status"], made["time"]) == (activity, status, MILLIS)
    assert "target" not in {one["type"].lower() for one in made["resources"]}


def test_each_line_is_an_event_and_texts_of_strangers_stay_on_it() -> None:
    whole = analysis().model_copy(update={"former": (replace(finding("low", "gone"), fixed_at=AT),)})
    lines = ocsf.render(whole, EMPTY, RULES).splitlines()
    events = [json.loads(line) for line in lines]
    assert [one["severity"] for one in events] == ["Critical", "High", "Medium", "Low"]
    assert [one["activity_name"] for one in events][-1] == "Close"
    assert ATTACK not in json.dumps(event(attack()))
    assert "\\u001b" not in lines[0]


@given(strategies.texts(), strategies.texts())
def test_any_text_is_one_line(name: str, other: str) -> None:
    one = finding("low", name, other, title=other, why=name, owners=(other,), remediation=name, frameworks=(other,), sources=(name,))
    text = ocsf.render(analysis().model_copy(update={"findings": (one,)}), EMPTY, RULES)
    assert len(text.splitlines()) == 1
    assert json.loads(text)["finding_info"]["uid"] == one.key
