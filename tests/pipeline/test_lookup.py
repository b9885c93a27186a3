"""What is looked up one by one is what the estate holds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings

from graphinv.model.errors import Ambiguous, NotFound, StoreError
from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey
from graphinv.pipeline.lookup import Lookup
from graphinv.pipeline.stages import engine, keep
from graphinv.store import Scan, Store, open_store
from tests import strategies
from tests.analyze.estates import AT, edge, node

SCAN = Scan(root="r", at="2026-07-10T00:00:00Z", outcome="complete")
LATER = Scan(root="r", at="2026-07-11T00:00:00Z", outcome="complete")


def _holds(store: Store) -> None:
    estate, graph = store.estate(), Lookup(store)
    for key, record in estate.nodes.items():
        assert graph.node(key) == record
        assert graph.around(key) == (list(estate.outgoing.get(key, ())), list(estate.incoming.get(key, ())))
    for one in estate.edges:
        assert graph.edge(one.kind, one.source, one.target, one.key) == one
    for name in {part for key in estate.nodes for part in (key[1], ":".join(key), estate.nodes[key].name)}:
        assert _said(graph.find, name) == _said(estate.find, name)


def _said(find: Callable[[str], NodeKey], name: str) -> NodeKey | str:
    try:
        return find(name)
    except (Ambiguous, NotFound) as error:
        return str(error)


@settings(max_examples=25)
@given(strategies.estate_facts(), strategies.estate_facts())
def test_each_thing_is_as_the_estate_has_it(
    tmp_path_factory: pytest.TempPathFactory, one: tuple[list[NodeFact], list[EdgeFact]], other: tuple[list[NodeFact], list[EdgeFact]]
) -> None:
    with open_store(tmp_path_factory.mktemp("store") / "graph", write=True) as store:
        store.commit(SCAN, *one)
        _holds(store)
        store.commit(LATER, *other)  # what was there before is closed
        _holds(store)


def test_what_is_not_there_is_said(tmp_path: Path) -> None:
    with open_store(tmp_path / "graph", write=True) as store:
        store.commit(SCAN, [NodeFact("Agent", "a", {})], [])
        graph = Lookup(store)
        for key in (("Agent", "b"), ("Nothing", "a")):
            with pytest.raises(KeyError):
                graph.node(key)
        with pytest.raises(StoreError, match="graphinv analyze"):
            graph.edge("RUNS_AS", ("Agent", "a"), ("Identity", "i"), "0" * 32)
        with pytest.raises(NotFound):
            graph.find("Agent:b")


def test_a_path_of_an_analyzed_store_needs_no_estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [node("a1", name="Clerk"), node("a2"), node("r1", name="Ledger"), node("g1", mode="enforce", effect="deny")]
    edges = [
        edge("a1 DELEGATES_TO a2", guards=["g1", "gone"]),
        edge("a2 RUNS_AS i1", scopes=["read:*"]),
        edge("i1 CAN_ACCESS r1", actions=["read"]),
    ]
    with open_store(tmp_path / "graph", write=True) as store:
        store.commit(SCAN, nodes, edges)
        whole = engine(store, at=AT)
        expected = whole.witness(("Agent", "a1"), ("Resource", "r1"), "read")
        keep(store, whole.structure)
    assert expected is not None

    def refused(store: Store) -> Estate:
        raise AssertionError("the estate was read")

    with open_store(tmp_path / "graph") as store:
        monkeypatch.setattr(type(store), "estate", refused)
        asked = engine(store, at=AT)
        subject, target = asked.structure.find("Clerk"), asked.structure.find_target("Ledger")
        assert asked.witness(subject, target, "read") == expected
        assert [one.subject for one in asked.exposure(target)] == [("Agent", "a1"), ("Agent", "a2")]
        with pytest.raises(NotFound):
            asked.structure.find("Nobody")
