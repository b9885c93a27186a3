"""What every store does alike with results."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphinv.model.errors import StoreError
from graphinv.model.facts import NodeFact
from tests.store.conftest import Factory
from tests.store.support import BOT, EDGES, NODES, analysis, committed, day, one, scan


def test_results_come_back_equal(store_factory: Factory) -> None:
    results = analysis()
    with store_factory() as store:
        assert store.analysis() is None
        committed(store)
        store.put_analysis(results)
        found = store.analysis()
    assert found is not None
    assert {finding.first_seen for finding in found.findings} == {day(5)}
    dated = results.model_copy(update={"findings": tuple(replace(f, first_seen=day(5)) for f in results.findings)})
    assert found == dated
    with store_factory(write=False) as store:
        assert store.analysis() == dated


def test_the_stamp_tells_contents_apart(store_factory: Factory) -> None:
    def stamped() -> object:
        with store_factory(write=False) as store:
            return store.stamp

    with store_factory() as store:
        committed(store)
    first = stamped()
    assert stamped() == first
    with store_factory() as store:
        store.put_analysis(analysis())
    second = stamped()
    with store_factory() as store:
        committed(store, number=2)
    assert len({first, second, stamped()}) == 3


def test_cypher_can_ask_about_results(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store)
        store.put_analysis(analysis())
    with store_factory(write=False) as store:
        assert store.query(
            "MATCH (n:Agent) WHERE n.risk > 40 RETURN n.risk_level, n.impact, n.reach_targets, n.reach_atoms, n.hidden_atoms"
        ).rows == (("medium", 81.5, 1, 2, 0),)
        assert store.query("MATCH (:Agent)-[r:CAN_REACH]->(t:Resource) RETURN r.lens, r.actions, r.hops, r.via ORDER BY r.lens").rows == (
            ("posture", ["read", "write"], 2, ["Identity:role"]),
            ("ungoverned", ["read"], 2, ["Identity:role"]),
        )
        found = store.query(
            "MATCH (f:Finding {rule: 'ownerless-agent'})-[:ABOUT]->(n:Agent)"
            " RETURN f.name, f.title, f.severity, f.confidence, f.subject_kind, f.subject_id, f.target_id, f.first_seen, n.id"
        )
        title = "ownerless-agent of 'bot' \"x\"\n"
        assert found.rows == ((title, title, "high", 0.9, "Agent", "bot", "db", day(5), "bot"),)
        assert one(store, "MATCH (n:Agent) RETURN n.risk") == 44.25


def test_results_are_no_facts(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store)
        before = store.estate()
        store.put_analysis(analysis())
        assert store.estate() == before
        assert store.generation == 1
    with store_factory(write=False) as store:
        assert store.estate() == before


def test_new_results_replace_the_old_and_keep_when_a_finding_was_first_seen(store_factory: Factory) -> None:
    other = NodeFact("Agent", "other")
    with store_factory() as store:
        store.commit(scan(), [*NODES, other], EDGES)
        store.put_analysis(analysis(5))
        store.put_analysis(analysis(6, rules=("ownerless-agent", "unpinned-server")))
        found = store.analysis()
        assert found is not None
        assert [(finding.rule, finding.first_seen) for finding in found.findings] == [
            ("ownerless-agent", day(5)),
            ("unpinned-server", day(6)),
        ]
        assert store.query("MATCH (f:Finding) RETURN f.rule ORDER BY f.rule").rows == (("ownerless-agent",), ("unpinned-server",))
        store.put_analysis(analysis(7, rules=(), subject=("Agent", "other")))
        assert one(store, "MATCH (f:Finding) RETURN count(f)") == 0
        assert store.query("MATCH (n)-[r:CAN_REACH]->() RETURN DISTINCT n.id").rows == (("other",),)
        assert store.query("MATCH (n:Agent) WHERE n.risk IS NOT NULL RETURN n.id").rows == (("other",),)


def test_a_finding_about_nothing_in_the_graph_is_kept(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store)
        store.put_analysis(analysis(subject=("Workflow", "ghost")))
        assert one(store, "MATCH (f:Finding) RETURN count(f)") == 2
        assert one(store, "MATCH (f:Finding)-[r:ABOUT]->() RETURN count(r)") == 0
        assert one(store, "MATCH ()-[r:CAN_REACH]->() RETURN count(r)") == 0


def test_results_outlive_the_next_commit(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store)
        store.put_analysis(analysis())
        results = store.analysis()
        store.commit(scan(2), [*NODES, NodeFact("Agent", "new")], EDGES)
        store.commit(scan(3), [*NODES, NodeFact("Agent", "new")], EDGES)
        assert store.analysis() == results
    with store_factory(write=False) as store:
        assert store.analysis() == results
        assert one(store, "MATCH ()-[r:CAN_REACH]->() RETURN count(r)") == 2
        assert one(store, "MATCH (:Finding)-[r:ABOUT]->(:Agent) RETURN count(r)") == 2
        assert one(store, "MATCH (n:Agent {id: 'bot'}) RETURN n.risk") == 44.25


def test_results_are_about_what_comes_later_too(store_factory: Factory) -> None:
    """Results name what was not there as they were written: a placeholder that was pruned, say."""
    with store_factory() as store:
        committed(store)
        store.put_analysis(analysis(subject=BOT))
        store.commit(scan(2, root="lab"), [NodeFact("Resource", "nowhere")], [])
        assert store.query("MATCH (:Agent)-[r:CAN_REACH]->(t) RETURN t.id, r.lens ORDER BY t.id, r.lens").rows == (
            ("db", "posture"),
            ("db", "ungoverned"),
            ("nowhere", "posture"),
        )
        assert store.query("MATCH (f:Finding)-[:ABOUT]->(a) RETURN count(f) AS n, count(DISTINCT f) AS m").rows == ((2, 2),)


def test_results_need_a_generation(store_factory: Factory) -> None:
    with store_factory() as store, pytest.raises(StoreError):
        store.put_analysis(analysis())
