"""A store's facts, exported and ingested into a fresh store, make the same graph."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from graphinv.export import facts as facts_export
from graphinv.export import facts_csv
from graphinv.ingest import Document, native_csv, native_facts
from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, Fact, NodeFact
from graphinv.store import Scan, open_store
from tests import strategies


def stored(folder: Path, name: str, at: str, nodes: Iterable[NodeFact], edges: Iterable[EdgeFact]) -> Estate:
    with open_store(folder / name, write=True) as store:
        store.commit(Scan(root="acme", at=at, outcome="complete"), nodes, edges)
        return store.estate()


def document(path: str, text: str) -> Document:
    return Document("acme", path, text.encode(), lambda value: "0" * 32)


def split(facts: Iterable[Fact]) -> tuple[list[NodeFact], list[EdgeFact]]:
    listed = list(facts)
    nodes = [fact for fact in listed if isinstance(fact, NodeFact)]
    edges = [fact for fact in listed if isinstance(fact, EdgeFact)]
    assert len(nodes) + len(edges) == len(listed), "no problem among them"
    return nodes, edges


UNDECLARED = st.lists(strategies.edge_facts(living=True), max_size=3).map(lambda edges: (list[NodeFact](), edges))
"""Edges whose ends nothing declares: the store makes placeholders of them."""


@given(strategies.estate_facts(max_nodes=4, max_edges=4) | UNDECLARED)
@settings(max_examples=30)
def test_export_and_ingest_give_the_same_graph(drawn: tuple[list[NodeFact], list[EdgeFact]]) -> None:
    nodes, edges = drawn
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        first = stored(folder, "first", "2026-07-01T00:00:00Z", nodes, edges)
        lines = "".join(f"{line}\n" for line in facts_export.facts_jsonl(first))
        again = stored(folder, "lines", "2026-08-01T00:00:00Z", *split(native_facts.read(document("x.facts.jsonl", lines))))
        assert again == first
        tables = [document(name, text) for name, text in facts_csv.facts_csv(first).items()]
        assert stored(folder, "tables", "2026-08-01T00:00:00Z", *split(fact for one in tables for fact in native_csv.read(one))) == first
