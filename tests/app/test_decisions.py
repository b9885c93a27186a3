"""The page of decisions: what points would answer to each hop, beside what posture says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.app.conftest import edge, node, put
from tests.app.pages import VIEWS, opened, table

DECISIONS = VIEWS[6]


def test_each_path_says_what_its_decisions_come_to(store: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    page = opened(store, monkeypatch, DECISIONS)
    paths = table(page, "agent", "comes to")
    assert dict(zip(paths["agent"] + " " + paths["target"], paths["comes to"], strict=True)) == {
        "Clerk Ledger": "first denied at hop 1",
        "Clerk Vault": "first denied at hop 1",
        "Helper Ledger": "nobody is asked about any hop, as far as the graph knows",
        "Reader Wiki": "no hop is stopped",
        "Reader API key": "nobody is asked about any hop, as far as the graph knows",
    }
    assert {metric.label: metric.value for metric in page.metric} == {
        "Denied": "2",
        "Step-up": "0",
        "Unknown": "0",
        "Passes": "1",
        "Nobody asked": "2",
        "Stopped on paper": "0",
        "Contradictions": "0",
    }
    hops = table(page, "posture", "decision")
    assert list(hops["posture"]) == ["may call post", "may write Ledger"]
    assert list(hops["decision"]) == ["denied", "nobody asked"]
    assert list(hops["why"]) == ["gate denies", "no point stands here"]
    assert not page.markdown
    assert any("Hypothetical" in caption.value for caption in page.caption)


def test_what_is_denied_and_was_seen_contradicts_and_what_nobody_states_is_unknown(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    facts = [
        node("Agent", "bold"),
        node("Agent", "vague"),
        node("Tool", "post", effects=["write"]),
        node("Tool", "ask", effects=["write"]),
        node("Resource", "ledger", sensitivity="restricted"),
        node("EnforcementPoint", "gate", mode="enforce", effect="deny"),
        node("EnforcementPoint", "fog", mode="enforce"),
        edge("USES", ("Agent", "bold"), ("Tool", "post"), guards=["gate"], evidence=["declared", "observed"]),
        edge("USES", ("Agent", "vague"), ("Tool", "ask"), guards=["fog"]),
        edge("CAN_ACCESS", ("Tool", "post"), ("Resource", "ledger"), actions=["write"]),
        edge("CAN_ACCESS", ("Tool", "ask"), ("Resource", "ledger"), actions=["write"]),
    ]
    page = opened(put(tmp_path, facts), monkeypatch, DECISIONS)
    assert {metric.label: metric.value for metric in page.metric if metric.value != "0"} == {
        "Denied": "1",
        "Unknown": "1",
        "Contradictions": "1",
    }
    page.selectbox(key="decisions_agent").set_value("bold").run()
    assert list(table(page, "agent", "comes to")["agent"]) == ["bold"]
    assert list(table(page, "posture", "decision")["contradiction"]) == ["it is denied, and it was seen", ""]
    page.selectbox(key="decisions_agent").set_value("vague").run()
    hops = table(page, "posture", "decision")
    assert list(hops["decision"]) == ["unknown", "nobody asked"]
    assert list(table(page, "agent", "comes to")["comes to"]) == ["whether it is stopped is unknown"]
