"""What every store does alike, tested against the contract of graphinv.store on every engine."""

from __future__ import annotations

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphinv.model.errors import QueryError, QueryLimit, ReadOnly, StoreError, StoreLocked
from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, NodeFact, Props, Ref, edge_key, merge_props
from graphinv.store import Committed, Store
from tests.store.conftest import ENGINES, Factory
from tests.store.support import BOT, DB, EDGES, NODES, ROLE, analysis, day, scan
from tests.strategies import NASTY, edge_facts, estate_facts, node_facts


def contents(estate: Estate) -> tuple[object, object]:
    return dict(estate.nodes), estate.edges


def committed(store: Store, *, number: int = 1, root: str = "shop", outcome: str = "complete") -> Committed:
    return store.commit(scan(number, root=root, outcome=outcome), NODES, EDGES)


def one(store: Store, cypher: str, **params: object) -> object:
    found = store.query(cypher, params)
    assert len(found.rows) == 1, found
    assert len(found.columns) == 1
    return found.rows[0][0]


# --------------------------------------------------------------------------------------------------------------------------------
# Facts in, estate out


def test_an_estate_has_what_was_stated_and_when_it_was_first_seen(store_factory: Factory) -> None:
    with store_factory() as store:
        assert committed(store) == Committed(generation=1, created=5, updated=0, closed=0)
        estate = store.estate()
    assert estate.generation == 1
    assert list(estate.nodes) == sorted([BOT, ROLE, DB])
    assert estate.nodes[BOT].stated == {**NODES[0].props, "first_seen": day(1)}
    assert estate.nodes[ROLE].stated == {**NODES[1].props, "name": "role", "first_seen": day(1)}
    assert [edge.stated for edge in estate.edges] == [{**EDGES[1].props, "first_seen": day(1)}, {**EDGES[0].props, "first_seen": day(1)}]
    assert [edge.key for edge in estate.edges] == [
        edge_key("CAN_ACCESS", ROLE, DB, EDGES[1].props),
        edge_key("RUNS_AS", BOT, ROLE, EDGES[0].props),
    ]


def test_a_reader_sees_what_the_writer_sees(store_factory: Factory) -> None:
    with store_factory() as writer:
        committed(writer)
        seen = writer.estate()
        with store_factory(write=False) as reader:
            assert reader.estate() == seen
            assert reader.generation == writer.generation == 1


def test_facts_of_one_key_merge(store_factory: Factory) -> None:
    facts = [
        NodeFact("Tool", "t", {"effects": ["read"], "name": "One"}),
        NodeFact("Tool", "t", {"effects": ["egress"], "ingests_untrusted": False}),
    ]
    with store_factory() as store:
        store.commit(scan(), facts, [])
        props = store.estate().nodes["Tool", "t"].stated
    assert props == {"effects": ["egress", "read"], "name": "One", "ingests_untrusted": False, "first_seen": day(1)}


def test_a_first_seen_that_a_source_states_stands(store_factory: Factory) -> None:
    with store_factory() as store:
        store.commit(scan(1), [NodeFact("Tool", "t", {"first_seen": "2020-01-01T00:00:00Z"})], [])
        assert store.estate().nodes["Tool", "t"].stated["first_seen"] == "2020-01-01T00:00:00Z"
        store.commit(scan(2), [NodeFact("Tool", "t")], [])
        assert store.estate().nodes["Tool", "t"].stated["first_seen"] == day(1)


def test_a_closed_task_is_a_task_that_is_there(store_factory: Factory) -> None:
    facts = [NodeFact("Task", "t", {"closed_at": "2020-01-01T00:00:00Z"}), NodeFact("Tool", "x", {"gone_at": "2020-01-01T00:00:00Z"})]
    with store_factory() as store:
        store.commit(scan(), facts, [])
        assert store.estate().nodes["Task", "t"].stated["closed_at"] == "2020-01-01T00:00:00Z"
        assert "gone_at" not in store.estate().nodes["Tool", "x"].stated
    with store_factory(write=False) as store:
        assert ("Task", "t") in store.estate().nodes


@pytest.mark.parametrize("text", [text for text in NASTY if text.strip() or text == " "])
def test_any_text_can_be_an_id_a_name_and_an_item(store_factory: Factory, text: str) -> None:
    nodes = [NodeFact("Agent", text, {"name": text, "labels": [text], "version": text}), NodeFact("Owner", text)]
    edges = [EdgeFact("OWNS", ("Owner", text), ("Agent", text), {"sources": [text]})]
    with store_factory() as store:
        store.commit(scan(), nodes, edges)
    with store_factory(write=False) as store:
        estate = store.estate()
        assert estate.nodes["Agent", text].stated == {"name": text, "labels": [text], "version": text, "first_seen": day(1)}
        assert [(edge.source, edge.target, edge.stated["sources"]) for edge in estate.edges] == [(("Owner", text), ("Agent", text), [text])]
        assert one(store, "MATCH (o:Owner)-[:OWNS]->(a:Agent {id: $id}) WHERE a.name = $id RETURN a.version", id=text) == text


def test_half_a_surrogate_pair_does_not_stop_a_commit(store_factory: Factory) -> None:
    with store_factory() as store:
        store.commit(
            scan(),
            [NodeFact("Agent", "a\ud800", {"name": "\udfff", "labels": ["\ud800"]})],
            [EdgeFact("OWNS", ("Owner", "o"), ("Agent", "a\ud800"))],
        )
        assert ("Agent", "a?") in store.estate().nodes
        assert store.estate().edges[0].target == ("Agent", "a?")


def test_an_empty_list_is_not_an_absent_one(store_factory: Factory) -> None:
    edges = [
        EdgeFact("RUNS_AS", BOT, ROLE, {"scopes": []}),
        EdgeFact("RUNS_AS", BOT, ROLE),
        EdgeFact("RUNS_AS", BOT, ROLE, {"scopes": ["read:*"]}),
    ]
    with store_factory() as store:
        store.commit(scan(), [NodeFact("Secret", "s", {"scopes": [], "audience": ["a"]}), NodeFact("Secret", "u")], edges)
    with store_factory(write=False) as store:
        estate = store.estate()
        assert estate.nodes["Secret", "s"].stated["scopes"] == []
        assert "scopes" not in estate.nodes["Secret", "u"].stated
        assert sorted(repr(edge.props.get("scopes")) for edge in estate.edges) == ["None", "['read:*']", "[]"]
        assert one(store, "MATCH (n:Secret) WHERE n.scopes IS NULL RETURN n.id") == "u"
        assert one(store, "MATCH (n:Secret) WHERE size(n.scopes) = 0 RETURN n.id") == "s"
        assert one(store, "MATCH ()-[r:RUNS_AS]->() WHERE r.scopes IS NOT NULL AND size(r.scopes) = 0 RETURN count(r)") == 1


def test_parallel_edges_stay_parallel(store_factory: Factory) -> None:
    parallel = [
        EdgeFact("CAN_ACCESS", ROLE, DB, {"actions": [action], "condition": f"c{i}"}) for i, action in enumerate(("read", "write", "admin"))
    ]
    secret = [EdgeFact("CAN_ACCESS", ROLE, ("Secret", "s"), {"actions": [action]}) for action in ("read", "write")]
    with store_factory() as store:
        store.commit(scan(1), NODES, parallel[:2])
        store.commit(scan(2), NODES, [*parallel, *secret, *secret])
        store.commit(scan(3), NODES, [*parallel, *secret])
        assert len(store.estate().edges) == 5
        assert len({edge.key for edge in store.estate().edges}) == 5
        assert one(store, "MATCH (:Identity)-[r:CAN_ACCESS]->(:Resource) RETURN count(r)") == 3


# The fixture gives empty stores as often as it is asked.
EXAMPLES = settings(max_examples=25, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])


@given(facts=estate_facts())
@EXAMPLES
def test_all_properties_make_the_round_trip(new_stores: Callable[[], Factory], facts: tuple[list[NodeFact], list[EdgeFact]]) -> None:
    factory = new_stores()
    with factory() as store:
        store.commit(scan(), *facts)
        written = store.estate()
    with factory(write=False) as store:
        assert store.estate() == written
    assert contents(written) == expected(*facts)


def expected(nodes: Sequence[NodeFact], edges: Sequence[EdgeFact]) -> tuple[object, object]:
    """The estate that facts make, by the shortest way there is. A name that is only the id again is no name."""
    from graphinv.model.estate import EdgeRecord, NodeRecord

    found: dict[tuple[str, str], Props] = {}
    for node in nodes:
        props = {name: value for name, value in node.props.items() if name != "name" or value != node.id}
        found[node.key] = merge_props(node.kind, found.get(node.key, {}), props)
    lines: dict[tuple[str, object, object, str], Props] = {}
    for edge in edges:
        assert not isinstance(edge.source, Ref)
        assert not isinstance(edge.target, Ref)
        key = (edge.kind, edge.source, edge.target, edge_key(edge.kind, edge.source, edge.target, edge.props))
        lines[key] = merge_props(edge.kind, lines.get(key, {}), edge.props)
    estate = Estate.of(
        (NodeRecord(kind, id, {"name": id, "first_seen": day(1), **props}) for (kind, id), props in found.items()),
        (EdgeRecord(*key, {"first_seen": day(1), **props}) for key, props in lines.items()),  # type: ignore[arg-type]
    )
    return contents(estate)


@given(
    nodes=st.lists(node_facts(("Agent", "Identity", "Task")), max_size=5),
    edges=st.lists(edge_facts([("Agent", "a"), ("Agent", "b"), ("Identity", "a"), ("Task", "c")]), max_size=5),
    data=st.data(),
)
@EXAMPLES
def test_order_split_and_repetition_make_no_difference(
    new_stores: Callable[[], Factory], nodes: list[NodeFact], edges: list[EdgeFact], data: st.DataObject
) -> None:
    facts: list[NodeFact | EdgeFact] = [*nodes, *edges]
    shuffled = data.draw(st.permutations([*facts, *facts[: len(facts) // 2]]))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(shuffled)), max_size=3)))
    parts = [shuffled[a:b] for a, b in zip([0, *cuts], [*cuts, len(shuffled)], strict=True)]
    factory = new_stores()
    with factory("whole") as store:
        store.commit(scan(), nodes, edges)
        whole = contents(store.estate())
    with factory("parts") as store:
        for part in parts:
            store.commit(
                scan(outcome="partial"), [f for f in part if isinstance(f, NodeFact)], [f for f in part if isinstance(f, EdgeFact)]
            )
        assert contents(store.estate()) == whole
        after = store.commit(scan(), nodes, edges)
        assert (after.created, after.updated, after.closed) == (0, 0, 0)
        assert contents(store.estate()) == whole
    with factory("parts", write=False) as store:
        assert contents(store.estate()) == whole


def test_unresolved_and_unchecked_facts_are_refused_and_nothing_is_written(store_factory: Factory) -> None:
    wrong: list[tuple[list[NodeFact], list[EdgeFact]]] = [
        ([], [EdgeFact("HOLDS", BOT, Ref("Secret", "env", "KEY"))]),
        ([NodeFact("Wizard", "w")], []),
        ([NodeFact("Agent", "w", {"colour": "red"})], []),
        ([], [EdgeFact("LOVES", BOT, ROLE)]),
    ]
    with store_factory() as store:
        committed(store)
        before = store.estate()
        for nodes, edges in wrong:
            with pytest.raises(StoreError):
                store.commit(scan(2), nodes, edges)
        assert store.estate() == before
        assert store.generation == 1


# --------------------------------------------------------------------------------------------------------------------------------
# Generations


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


# --------------------------------------------------------------------------------------------------------------------------------
# Cypher


def test_cypher_sees_the_properties_by_their_names(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store)
        found = store.query(
            "MATCH (a:Agent)-[u:RUNS_AS]->(i:Identity)-[c:CAN_ACCESS]->(r:Resource)"
            " RETURN a.id AS id, a.name, a.type, a.kind_detail, a.labels, i.name, i.type, r.type, r.crown_jewel, r.external, r.tenant,"
            " c.actions, c.confidence, c.scopes, u.evidence, u.key, a.gone_at, labels(a) AS kinds, type(c) AS edge"
        )
    assert found.columns[:3] == ("id", "a.name", "a.type")
    assert found.rows == (
        (
            *("bot", "Billing bot", None, None, ["team=pay"], "role", "iam_role", "database", True, False, None),
            *(["read", "write"], 0.9, None, ["declared"], edge_key("RUNS_AS", BOT, ROLE, {}), None, ["Agent"], "CAN_ACCESS"),
        ),
    )


def test_an_absent_property_is_null_on_every_kind(store_factory: Factory) -> None:
    from graphinv.model.kinds import NODE_KINDS

    with store_factory() as store:
        store.commit(scan(), [NodeFact(kind, "x") for kind in NODE_KINDS], [])
        for kind, model in NODE_KINDS.items():
            names = [name for name in {*model.model_fields, "type"} if name not in ("name", "first_seen")]
            found = store.query(f"MATCH (n:{kind}) RETURN " + ", ".join(f"n.{name} AS {name}" for name in names))
            assert found.rows == ((None,) * len(names),), kind
            assert one(store, f"MATCH (n:{kind}) WHERE n.type IS NULL AND n.status IS NULL RETURN n.name") == "x"
            for name in names:
                assert store.query(f"MATCH (n:{kind} {{{name}: 'nothing'}}) RETURN n.id").rows == ()


def test_a_type_that_is_called_like_its_kind_is_a_type(store_factory: Factory) -> None:
    with store_factory() as store:
        store.commit(scan(), [NodeFact("Identity", "a", {"type": "Identity"}), NodeFact("Identity", "b")], [])
        assert store.query("MATCH (n:Identity) RETURN n.id, n.type ORDER BY n.id").rows == (("a", "Identity"), ("b", None))
        assert one(store, "MATCH (n:Identity {type: 'Identity'}) RETURN n.id") == "a"


def test_unknown_kinds_and_empty_answers_are_no_errors(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store)
        assert store.query("MATCH (n:Workflow)-[:USES]->(t:Tool) WHERE n.vendor = 'x' RETURN n.id").rows == ()
        assert store.query("MATCH (:Agent)-[r:USES {approved: true}]->() RETURN r.key").rows == ()


def test_nodes_edges_and_paths_are_plain_and_without_bookkeeping(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store)
        store.commit(scan(2, root="lab"), NODES, EDGES)
        store.put_analysis(analysis(generation=2))
        found = store.query("MATCH p = (a:Agent)-[r:RUNS_AS]->(i:Identity) RETURN a, r, p, [i] AS listed, {x: i} AS mapped")
        everything = store.query("MATCH (n) WHERE n.id IN ['bot', 'role', 'db'] RETURN n")
    (bot, edge, path, listed, mapped) = found.rows[0]
    key = edge_key("RUNS_AS", BOT, ROLE, {})
    role = {"kind": "Identity", "id": "role", "props": {"name": "role", "first_seen": day(1), **NODES[1].props}}
    assert {name: bot[name] for name in ("kind", "id")} == {"kind": "Agent", "id": "bot"}
    assert bot["props"]["name"] == "Billing bot"
    assert bot["props"]["risk"] == 44.25
    assert edge == {"kind": "RUNS_AS", "key": key, "props": {"first_seen": day(1), **EDGES[0].props}}
    assert path == {"nodes": [bot, role], "edges": [{**edge, "from": ["Agent", "bot"], "to": ["Identity", "role"]}]}
    assert (listed, mapped) == ([role], {"x": role})
    assert not [name for (node,) in everything.rows for name in node["props"] if name.startswith("_") or name == "title"]
    json.dumps(found.rows)


def test_values_are_plain_json(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store)
        found = store.query(
            "RETURN date('2026-01-02') AS d, 1.5 AS f, true AS b, null AS n, [1, [2]] AS l, {a: {b: 'c'}} AS m, 1e308 * 10 AS i"
        )
    assert found.rows == (("2026-01-02", 1.5, True, None, [1, [2]], {"a": {"b": "c"}}, None),)
    assert found.dicts()[0]["b"] is True


def test_parameters_are_values_never_cypher(store_factory: Factory) -> None:
    attack = "x'}) DETACH DELETE n //"
    with store_factory() as store:
        committed(store)
        assert one(store, "RETURN $p AS p", p=attack) == attack
        assert store.query("MATCH (n:Agent {name: $p}) RETURN n", {"p": attack}).rows == ()
        with pytest.raises(QueryError):
            store.query("RETURN $absent AS x")
        with pytest.raises(QueryError):
            store.query("RETURN $p AS x", {"p": object()})
        with pytest.raises(QueryError):
            store.query("RETURN $p AS x", {"p": 2**70})
        assert len(store.estate().nodes) == 3


ATTACKS = (
    "CREATE (n:Agent {id: 'x'})",
    "create (n:Agent)",
    "  \n\tCrEaTe (n)",
    "MERGE (n:Agent {id: 'x'})",
    "MATCH (n) SET n.name = 'x'",
    "MATCH (n) SET n += {name: 'x'}",
    "MATCH (n) SET n:Owner",
    "MATCH (n) DELETE n",
    "MATCH (n) DETACH DELETE n",
    "MATCH (n) NODETACH DELETE n",
    "MATCH ()-[r]->() DELETE r",
    "MATCH (n) REMOVE n.name",
    "MATCH (n) REMOVE n:Agent",
    "MATCH (a:Agent), (b:Identity) CREATE (a)-[:RUNS_AS]->(b) RETURN a",
    "MATCH (n) WITH n CREATE (m:Agent) RETURN m",
    "MATCH (n) WITH collect(n) AS all FOREACH (x IN all | SET x.name = 'x')",
    "FOREACH (x IN [1] | CREATE (:Agent))",
    "INSERT (:Agent {id: 'x'})",
    "RETURN 1 AS x UNION CREATE (n) RETURN 1 AS x",
    "CALL { CREATE (n:Agent) RETURN n } RETURN n",
    "MATCH (n) CALL { WITH n SET n.name = 'x' RETURN 1 AS one } RETURN one",
    "MATCH (n) CALL (n) { DELETE n } RETURN 1 AS x",
    "MATCH (n) CALL { WITH n DETACH DELETE n } IN TRANSACTIONS OF 1 ROWS",
    "RETURN 1 AS x; MATCH (n) DETACH DELETE n",
    "MATCH (n) RETURN n; DROP INDEX x;",
    "// only reading\nMATCH (n) DETACH DELETE n",
    "MATCH (n) // x\nDETACH // y\nDELETE n",
    "MATCH (n) RETURN '// x' AS x, n.id UNION MATCH (n) DELETE n RETURN 1 AS x",
    "CREATE INDEX FOR (n:Agent) ON (n.name)",
    "CREATE CONSTRAINT FOR (n:Agent) REQUIRE n.name IS UNIQUE",
    "DROP INDEX x",
    "DROP CONSTRAINT x IF EXISTS",
    "LOAD CSV FROM 'file:///etc/passwd' AS line RETURN line",
    "LOAD CSV WITH HEADERS FROM '/etc/passwd' AS line RETURN line",
    "load\ncsv from '/etc/passwd' as line return line",
    "LOAD //\nCSV FROM '/etc/passwd' AS line RETURN line",
    "WITH 1 AS x LOAD CSV FROM '/etc/passwd' AS line RETURN line",
    "MATCH (n) CALL { LOAD CSV FROM '/etc/passwd' AS l RETURN l } RETURN l",
    "CALL db.labels()",
    "CALL db.labels() YIELD label RETURN label",
    "MATCH (n) CALL db.cdc.enable() RETURN n",
    "CALL apoc.load.json('file:///etc/passwd') YIELD value RETURN value",
    "CALL apoc.cypher.runWrite('CREATE (n)', {})",
    "CALL dbms.setConfigValue('a', 'b')",
    "ALTER DATABASE neo4j SET ACCESS READ ONLY",
    "GRANT ROLE admin TO bob",
)
WRONG = (
    "",
    "// nothing",
    "hello",
    "MATCH (n",
    "MATCH (n) RETURN m",
    "RETURN 'open",
    "SHOW INDEXES",
    "EXPLAIN MATCH (n) RETURN n",
    "PROFILE MATCH (n) RETURN n",
    "USE other MATCH (n) RETURN n",
    "CYPHER runtime=slotted MATCH (n) RETURN n",
    "MATCH (n) RETURN n.id FORMAT CSV",
    "FOR VALID_TIME ALL MATCH (n) RETURN n",
    "RETURN " + "(" * 5000 + "1" + ")" * 5000 + " AS x",
    "RETURN " + "[" * 50_000 + " AS x",
    "RETURN '" + "x" * 100_001 + "' AS x",
)
NOT_PORTABLE = (
    ("MATCH (a)-[*]->(b) RETURN a", "upper bound"),
    ("MATCH (a)-[:DELEGATES_TO*]->(b) RETURN a", "upper bound"),
    ("MATCH (a)<-[r:DELEGATES_TO*2..]-(b) RETURN a", "upper bound"),
    ("MATCH p = shortestPath((a:Agent)-[*]-(b:Resource)) RETURN p", "upper bound"),
    ("MATCH ((a)-[:DELEGATES_TO]->(b)){1,3} RETURN a", "variable-length"),
    ("MATCH (x)((a)-[:DELEGATES_TO]->(b))+(y) RETURN x", "variable-length"),
    ("MATCH (a)-[:DELEGATES_TO]->{1,3}(b) RETURN a", "variable-length"),
    ("MATCH (a)-->+(b) RETURN a", "variable-length"),
    ("MATCH (n) /* all */ RETURN n", "write //"),
    ("MATCH (n) RETURN properties(n) AS p", "one by one"),
    ("MATCH (n) RETURN keys (n) AS k", "one by one"),
    ("MATCH (n) RETURN n['type'] AS t", r"write \.type"),
)


@pytest.mark.parametrize("cypher", ATTACKS)
def test_nothing_writes_whatever_is_typed(store_factory: Factory, cypher: str) -> None:
    with store_factory() as store:
        committed(store)
        before = store.estate()
        with pytest.raises(ReadOnly):
            store.query(cypher)
        assert store.estate() == before
        assert one(store, "MATCH (n) WHERE n.id IN ['bot', 'role', 'db'] RETURN count(n)") == 3
        assert one(store, "MATCH (n:Agent) RETURN n.name") == "Billing bot"


def test_a_query_that_is_wrong_is_quoted(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store)
        for cypher in WRONG:
            with pytest.raises(QueryError) as caught:
                store.query(cypher)
            assert not isinstance(caught.value, ReadOnly)
            assert len(str(caught.value)) < 1500
            assert " ".join(cypher.split())[:200] in str(caught.value) or not cypher or cypher.startswith("//")


@pytest.mark.parametrize(("cypher", "instead"), NOT_PORTABLE)
def test_what_engines_answer_differently_is_refused_with_what_to_write(store_factory: Factory, cypher: str, instead: str) -> None:
    with store_factory() as store:
        committed(store)
        with pytest.raises(QueryError, match=instead):
            store.query(cypher)


def test_words_of_writing_are_only_words_in_strings_names_and_comments(store_factory: Factory) -> None:
    with store_factory() as store:
        committed(store)
        for cypher in (
            "MATCH (n:Agent) WHERE n.name <> 'CREATE (n) /* x */ -[*]-> keys(n); DELETE n' RETURN n.id AS x // DELETE n; /* y */",
            'MATCH (n:Agent) WHERE n.name <> "it\'s; MERGE (n)" RETURN n.id AS x;',
            "MATCH (n:Agent) RETURN n.id AS `delete; x`",
            "MATCH (`set`:Agent) RETURN `set`.id AS `remove`",
            "MATCH (n:Agent) WITH n.id AS `create` RETURN `create`",
            "MATCH (n:Agent) WITH {set: n.id, keys: 2} AS m RETURN m.set AS x",
            "MATCH (n:Agent)-[:RUNS_AS|DELETE*1..2]->(m) RETURN n.id AS x",
            "MATCH (n:Agent) WHERE (1 + 2) * 3 = 9 AND size([1, 2]) + 1 = 3 RETURN n.id AS x",
            "MATCH (n:Agent) CALL { WITH n MATCH (n)-->(m) RETURN m.id AS y } RETURN n.id AS x",
        ):
            assert one(store, cypher) == "bot", cypher


def test_time_has_a_limit(store_factory: Factory) -> None:
    nodes = [NodeFact("Agent", f"a{i}") for i in range(2000)]
    with store_factory() as store:
        store.commit(scan(), nodes, [])
        with pytest.raises(QueryLimit, match=r"longer than 0\.2 s"):
            store.query(
                "MATCH (a:Agent), (b:Agent), (c:Agent), (d:Agent) WHERE a.name > b.name AND c.name > d.name RETURN count(*) AS x",
                timeout=0.2,
            )
        assert one(store, "MATCH (a:Agent) RETURN count(a)") == 2000


def test_rows_have_a_limit(store_factory: Factory) -> None:
    nodes = [NodeFact("Agent", f"a{i}") for i in range(20)]
    with store_factory() as store:
        store.commit(scan(), nodes, [])
        assert len(store.query("MATCH (a:Agent) RETURN a.id", max_rows=20).rows) == 20
        with pytest.raises(QueryLimit, match="more than 19 rows"):
            store.query("MATCH (a:Agent) RETURN a.id", max_rows=19)
        with pytest.raises(QueryLimit):
            store.query("UNWIND range(1, 1000000000) AS x RETURN count(x) AS x", timeout=2)


# --------------------------------------------------------------------------------------------------------------------------------
# Results


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


# --------------------------------------------------------------------------------------------------------------------------------


def test_no_engine_is_let_off() -> None:
    """Every engine passes every test here: no skip, no expected failure, no look at the engine's name."""
    tests = Path(__file__).read_text(encoding="utf-8").split("def test_no_engine_is_let_off")[0]
    fixture = Path(__file__).with_name("conftest.py").read_text(encoding="utf-8")
    for word in ("skip", "xfail", "importor", "mark.filter"):
        assert word not in tests
        assert word not in fixture
    assert "ENGINES[" not in tests
    assert not [engine for engine in ENGINES if f'== "{engine}"' in tests or f'!= "{engine}"' in tests]
