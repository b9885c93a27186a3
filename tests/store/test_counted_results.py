"""What results say of all findings together is written back too, so that no query has to look at each of them."""

from __future__ import annotations

from typing import Any

import pytest

from graphinv.model.facts import NodeFact
from graphinv.model.results import Analysis, Finding, Level
from graphinv.store import neo4j as module
from tests.store.conftest import Factory
from tests.store.support import BOT, EDGES, NODES, analysis, day, scan

RULES = "MATCH (r:Rule) RETURN r.id, r.name, r.outcome, r.reason, r.critical, r.high, r.medium, r.low, r.info ORDER BY r.id"
FINDINGS = "MATCH (f:Finding)-[:ABOUT]->(n) RETURN f.rule, f.fixed_at, f.sort_key IS NULL, n.id ORDER BY f.rule"


def finding(rule: str, severity: Level, first_seen: str, **more: Any) -> Finding:
    return Finding(key=rule, rule=rule, title=rule, severity=severity, confidence=1.0, subject=BOT, first_seen=first_seen, **more)


def results() -> Analysis:
    """With an open finding and one that is fixed."""
    found = {
        "findings": (finding("ownerless-agent", "high", day(5)),),
        "former": (finding("unpinned-server", "high", day(1), fixed_at=day(4)),),
    }
    return analysis().model_copy(update=found)


@pytest.mark.parametrize("at_once", [200_000, -1])
def test_rules_and_agents_say_how_many_findings_they_have(store_factory: Factory, monkeypatch: pytest.MonkeyPatch, at_once: int) -> None:
    monkeypatch.setattr(module, "DIRECT", at_once)
    with store_factory() as store:
        store.commit(scan(), NODES, EDGES)
        store.put_analysis(results())
        assert store.query(RULES).rows == (("ownerless-agent", "Ownerless", "not_available", "no owners read", 0, 1, 0, 0, 0),)
        assert store.query("MATCH (n:Agent) RETURN n.id, n.open_findings, n.severe_findings").rows == (("bot", 1, 1),)
        assert store.query(FINDINGS).rows == (("ownerless-agent", None, False, "bot"), ("unpinned-server", day(4), True, "bot"))
        store.commit(scan(2), [*NODES, NodeFact("Agent", "other")], EDGES)
        assert len(store.query(RULES).rows) == 1
        store.put_analysis(results().model_copy(update={"rules": (), "findings": (), "former": ()}))
        assert store.query(RULES).rows == ()
        assert store.query("MATCH (n:Agent {id: 'bot'}) RETURN n.open_findings, n.severe_findings").rows == ((0, 0),)


def test_open_findings_are_put_in_order_by_one_property(store_factory: Factory) -> None:
    urgent, other = finding("c", "high", day(3), priority=20.5), finding("d", "high", day(3), priority=9.0)
    made = finding("a", "low", day(2)), finding("b", "info", day(3), priority=90.0), urgent, other
    with store_factory() as store:
        store.commit(scan(), NODES, EDGES)
        store.put_analysis(analysis().model_copy(update={"findings": made}))
        answer = store.query("MATCH (f:Finding) WHERE f.sort_key >= $since RETURN f.rule ORDER BY f.sort_key DESC", {"since": day(3)})
    assert answer.rows == (("c",), ("d",), ("b",))
