"""What every store does alike with facts, tested against the contract of graphinv.store on every engine."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graphinv.model.errors import StoreError
from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, NodeFact, Props, Ref, edge_key, merge_props
from graphinv.store import Committed
from tests.store.conftest import ENGINES, Factory
from tests.store.support import BOT, DB, EDGES, NODES, ROLE, committed, contents, day, one, scan
from tests.strategies import NASTY, edge_facts, estate_facts, node_facts


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


def test_no_engine_is_let_off() -> None:
    """Every engine passes every test here: no skip, no expected failure, no look at the engine's name."""
    here = Path(__file__).parent
    texts = [path.read_text(encoding="utf-8") for path in sorted(here.glob("test_conformance*.py"))]
    assert len(texts) == 4
    tests = "".join(text.split("def test_no_engine_is_let_off")[0] for text in texts)
    fixture = here.joinpath("conftest.py").read_text(encoding="utf-8")
    for word in ("skip", "xfail", "importor", "mark.filter"):
        assert word not in tests
        assert word not in fixture
    assert "ENGINES[" not in tests
    assert not [engine for engine in ENGINES if f'== "{engine}"' in tests or f'!= "{engine}"' in tests]
