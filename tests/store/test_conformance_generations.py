"""What every store does alike with generations, readers and writers."""

from __future__ import annotations

import threading
import time
from collections import Counter

import pytest

from graphinv.model.errors import StoreError, StoreLocked
from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.store import Committed
from tests.store.conftest import Factory
from tests.store.support import BOT, DB, EDGES, NODES, ROLE, analysis, committed, contents, day, scan


def test_the_same_commit_again_changes_only_the_generation(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store, number=1)
        before = contents(store.estate())
        assert committed(store, number=2) == Committed(generation=2, created=0, updated=0, closed=0)
        assert contents(store.estate()) == before
        assert store.scans()[0].at == day(2)


def test_what_a_complete_scan_no_longer_finds_is_closed_and_still_answers(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store, number=1)
        committed(store, number=2)
        assert store.commit(scan(3), NODES[:2], EDGES[:1]) == Committed(generation=3, created=0, updated=0, closed=2)
        assert DB not in store.estate().nodes
        assert [edge.kind for edge in store.estate().edges] == ["RUNS_AS"]
    with store_factory(write=False) as store:
        found = store.query("MATCH ()-[r:CAN_ACCESS]->(n:Resource) RETURN n.gone_at, n.last_seen, n.sensitivity, r.gone_at, r.last_seen")
        assert found.rows == ((day(3), day(2), "restricted", day(3), day(2)),)


def test_what_comes_back_is_open_again_and_keeps_its_first_time(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store, number=1)
        store.commit(scan(2), NODES[:2], EDGES[:1])
        assert committed(store, number=3) == Committed(generation=3, created=0, updated=2, closed=0)
        assert store.estate().nodes[DB].stated == {**NODES[2].props, "name": "db", "first_seen": day(1)}
        assert store.query("MATCH (n:Resource) RETURN n.gone_at, n.last_seen").rows == ((None, None),)


@pytest.mark.parametrize("outcome", ["partial", "failed"])
def test_an_incomplete_scan_closes_nothing_and_adds(store_factory: Factory, outcome: str) -> None:
    more = NodeFact("Agent", "bot", {"labels": ["x=y"], "version": "2"})
    with store_factory() as store:
        committed(store, number=1)
        assert store.commit(scan(2, outcome=outcome), [more], []) == Committed(generation=2, created=0, updated=1, closed=0)
        assert len(store.estate().edges) == 2
        props = store.estate().nodes[BOT].stated
        assert (props["labels"], props["version"], props["name"]) == (["team=pay", "x=y"], "2", "Billing bot")
        store.commit(scan(3), [], [])
        assert store.estate().nodes == {}
        assert store.query("MATCH (n) WHERE n.id IN ['bot', 'db'] RETURN n.id, n.last_seen ORDER BY n.id").rows == (
            ("bot", day(2)),
            ("db", day(1)),
        )


def test_a_complete_scan_replaces_what_its_root_stated(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store)
        assert store.commit(scan(2), [NodeFact("Agent", "bot", {"version": "2"}), *NODES[1:]], EDGES).updated == 1
        assert store.estate().nodes[BOT].stated == {"name": "bot", "version": "2", "first_seen": day(1)}


def test_roots_state_side_by_side_and_never_close_each_other(store_factory: Factory) -> None:
    theirs = [NodeFact("Agent", "bot", {"environment": "dev", "framework": "crewai", "labels": ["site=b"]}), NodeFact("Tool", "t")]
    with store_factory() as store:
        committed(store, number=1, root="shop")
        alone = store.estate().nodes[BOT].stated
        store.commit(scan(2, root="lab"), theirs, [EDGES[0]])
        both = store.estate().nodes[BOT].stated
        assert (both["environment"], both["framework"], both["labels"]) == ("prod", "crewai", ["site=b", "team=pay"])
        assert len(store.estate().nodes) == 4
    with store_factory() as store:
        assert store.commit(scan(3, root="lab"), theirs, [EDGES[0]]).updated == 0
        # The shop goes: what only it stated closes, what the lab states as well stays, as the lab states it.
        assert store.commit(scan(4, root="shop"), [], []).closed == 2
        assert store.estate().nodes[BOT].stated == {**theirs[0].props, "name": "bot", "first_seen": day(1)}
        assert [edge.kind for edge in store.estate().edges] == ["RUNS_AS"]
        # Its end is spoken of by an edge of the lab only.
        assert store.estate().nodes[ROLE].stated == {"name": "role", "status": "unknown", "first_seen": day(1)}
        committed(store, number=5, root="shop")
        store.commit(scan(6, root="lab"), [], [])
        assert store.estate().nodes[BOT].stated == alone
        assert [found.root for found in store.scans()] == ["lab", "shop"]


def test_two_roots_in_either_order_make_one_graph(store_factory: Factory) -> None:
    theirs = [
        NodeFact("Agent", "bot", {"environment": "dev", "name": "Other"}),
        NodeFact("Resource", "db", {"crown_jewel": False, "type": "x"}),
    ]
    estates = []
    for name, order in (("ab", (0, 1)), ("ba", (1, 0))):
        with store_factory(name) as store:
            for which in order:
                store.commit(scan(1, root=("shop", "lab")[which]), (NODES, theirs)[which], (EDGES, [])[which])
            estates.append(contents(store.estate()))
    assert estates[0] == estates[1]


def test_last_seen_is_the_latest_of_all_roots(store_factory: Factory) -> None:
    with store_factory() as store:
        store.commit(scan(1, root="shop"), NODES, [])
        store.commit(scan(2, root="lab"), NODES, [])
        store.commit(scan(3, root="lab"), [], [])
        store.commit(scan(4, root="shop"), [], [])
        assert store.query("MATCH (n:Agent) RETURN n.last_seen, n.gone_at").rows == ((day(2), day(4)),)


def test_an_end_that_nobody_declares_is_a_placeholder_while_a_live_edge_needs_it(store_factory: Factory) -> None:
    edge = EdgeFact("HOLDS", BOT, ("Secret", "s"))
    with store_factory() as store:
        assert store.commit(scan(1), NODES[:1], [edge]).created == 3
        assert store.estate().nodes["Secret", "s"].stated == {"name": "s", "status": "unknown", "first_seen": day(1)}
    with store_factory() as store:
        assert store.commit(scan(2), NODES[:1], [edge]).updated == 0
        store.commit(scan(3), [NodeFact("Secret", "s", {"type": "api_key"})], [edge])
        assert store.estate().nodes["Secret", "s"].stated == {"name": "s", "type": "api_key", "first_seen": day(1)}
        store.commit(scan(4), NODES[:1], [edge])
        assert store.estate().nodes["Secret", "s"].stated == {"name": "s", "status": "unknown", "first_seen": day(1)}
        assert store.commit(scan(5), NODES[:1], []).closed == 2
        assert list(store.estate().nodes) == [BOT]
        assert store.query("MATCH (n:Secret) RETURN n.gone_at, n.last_seen").rows == ((day(5), day(4)),)
        assert store.commit(scan(6), NODES[:1], [edge]).updated == 2


def test_scans_come_back_whole(store_factory: Factory) -> None:
    with store_factory() as store:
        assert store.scans() == ()
        committed(store, number=1, root="shop")
        committed(store, number=2, root="lab", outcome="failed")
    with store_factory(write=False) as store:
        assert list(store.scans()) == [scan(2, root="lab", outcome="failed"), scan(1, root="shop")]


def test_an_empty_scan_makes_a_generation(store_factory: Factory) -> None:
    with store_factory() as store:
        assert store.generation == 0
        assert store.estate() == Estate.of([], [])
        assert store.commit(scan(), [], []) == Committed(1, 0, 0, 0)
    with store_factory(write=False) as store:
        assert store.generation == 1
        assert store.query("MATCH (n:Agent) RETURN n.id").rows == ()


def test_a_reader_sees_one_whole_generation(store_factory: Factory) -> None:
    """The one that was the newest when it was first asked for contents, or when it was opened."""
    with store_factory() as writer:
        committed(writer, number=1)
        with store_factory(write=False) as early, store_factory(write=False) as lazy:
            before = early.estate()
            writer.commit(scan(2), NODES[:1], [])
            writer.put_analysis(analysis(generation=2))
            assert early.estate() == before
            assert early.generation == before.generation == 1
            assert early.analysis() is None
            estate = lazy.estate()
            assert estate in (before, writer.estate())
            assert lazy.generation == estate.generation
            assert (lazy.analysis() is None) == (estate == before)
            with store_factory(write=False) as late:
                assert late.generation == 2
                assert late.estate() == writer.estate()


def test_a_reader_never_sees_half_a_commit(store_factory: Factory) -> None:
    def facts(number: int) -> list[NodeFact]:
        return [NodeFact("Agent", f"a{i}", {"version": str(number)}) for i in range(1000)]

    answers: list[tuple[tuple[object, ...], ...]] = []
    done = threading.Event()

    def read() -> None:
        while not done.is_set():
            with store_factory(write=False) as reader:
                answers.append(reader.query("MATCH (n:Agent) RETURN n.version AS version, count(*) AS n").rows)
                answers.append(tuple(Counter(node.props["version"] for node in reader.estate().nodes.values()).items()))

    with store_factory() as writer:
        writer.commit(scan(1), facts(1), [])
        thread = threading.Thread(target=read)
        thread.start()
        try:
            for number in range(2, 60):
                writer.commit(scan(number % 27 + 1), facts(number), [])
                if len(set(answers)) > 4:
                    break
                time.sleep(0.3)
        finally:
            done.set()
            thread.join()
    assert len(set(answers)) > 3
    assert [answer for answer in answers if len(answer) != 1 or answer[0][1] != 1000] == []


def test_one_process_writes_at_a_time_and_readers_may_not_write(store_factory: Factory) -> None:
    with store_factory() as writer:
        committed(writer)
        with pytest.raises(StoreLocked):
            store_factory()
        with store_factory(write=False) as reader:
            with pytest.raises(StoreError):
                committed(reader)
            with pytest.raises(StoreError):
                reader.put_analysis(analysis())
    store_factory().close()


def test_a_missing_store_says_what_to_do(store_factory: Factory) -> None:
    with pytest.raises(StoreError, match="run `graphinv scan PATH` first"):
        store_factory("nowhere", write=False)


def test_a_closed_store_answers_nothing_and_may_be_closed_again(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store)
    store.close()
    for call in (store.estate, store.scans, lambda: store.query("RETURN 1 AS x"), lambda: committed(store)):
        with pytest.raises(StoreError):
            call()


def test_who_has_rested_goes_on_where_it_was(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store, number=1)
        before = contents(store.estate())
        store.rest()
        assert store.generation == 1
        assert contents(store.estate()) == before
        store.rest()
        assert store.scans()[0].at == day(1)
        store.put_analysis(analysis())
        store.rest()
        assert store.analysis() is not None
        assert store.query("MATCH (n:Finding) RETURN count(n) AS n").rows == ((len(analysis().findings),),)
        store.rest()
        assert committed(store, number=2) == Committed(generation=2, created=0, updated=0, closed=0)
    with store_factory(write=False) as store:
        store.rest()
        assert store.query("MATCH (a:Agent) RETURN a.id").rows == ((BOT[1],),)
