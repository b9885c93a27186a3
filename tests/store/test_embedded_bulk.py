"""Columns, by which the embedded store writes and reads: nothing is merged, lost or made up on the way."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path

import pytest
from hypothesis import given, settings

from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey
from graphinv.store import Scan, embedded_graph, open_store
from graphinv.store.embedded_estate import read_estate
from graphinv.store.embedded_graph import read_scans, read_state, write_meta, write_state
from graphinv.store.merge import State, advance
from tests import strategies

SCAN = Scan(root="r", at="2026-07-10T00:00:00Z", outcome="complete")
LATER = Scan(root="r", at="2026-07-11T00:00:00Z", outcome="complete")
Facts = tuple[list[NodeFact], list[EdgeFact]]


def _estate(state: State) -> Estate:
    """The estate that is read where ``state`` was written; it is also what the state says itself."""
    graph = write_state(state)
    write_meta(graph, state, None, asdict)
    found = read_estate(graph)
    assert found == state.estate() == read_state(graph).estate()
    assert read_scans(graph) == state.scans
    return found


@settings(max_examples=60)
@given(strategies.estate_facts(), strategies.estate_facts())
def test_an_estate_is_read_as_the_state_says_it(one: Facts, other: Facts) -> None:
    first, _, _ = advance(State(), SCAN, *one)
    _estate(first)
    _estate(advance(first, LATER, *other)[0])  # with what is closed, and placeholders


@pytest.mark.parametrize("lot", [1, 5, 1_000])
def test_edges_between_the_same_nodes_stay_apart_whatever_was_there_before(lot: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded_graph, "_FRAME", lot)
    starts: list[NodeKey] = [("Identity", "a"), ("Tool", "a")]
    stops: list[NodeKey] = [("Resource", "x"), ("Resource", "y"), ("Secret", "x"), ("Secret", "y")]
    edges = [
        EdgeFact("CAN_ACCESS", start, stop, {"actions": [action], "sources": ["r/f#L1"]})
        for start in starts
        for stop in stops
        for action in ("delete", "read", "write")
    ]
    edges += [EdgeFact("CAN_ACCESS", ("Identity", f"more{n}"), ("Resource", "x"), {"actions": ["read"]}) for n in range(12)]
    state, _, _ = advance(State(), SCAN, [], edges)
    found = _estate(state)
    assert len(found.edges) == len(edges)
    assert {(edge.source, edge.target, edge.props["actions"][0]) for edge in found.edges} == {
        (edge.source, edge.target, edge.props["actions"][0]) for edge in edges
    }


def test_a_list_that_many_share_is_that_of_each(tmp_path: Path) -> None:
    edges = [
        EdgeFact("CAN_ACCESS", ("Identity", f"i{n}"), ("Resource", "r"), {"actions": ["read"], "scopes": [] if n % 2 else [f"read:{n}"]})
        for n in range(50)
    ]
    with open_store(tmp_path / "graph", write=True) as store:
        store.commit(SCAN, [], edges)
        written = store.estate()
    with open_store(tmp_path / "graph") as store:
        assert store.estate() == written
        assert [scan.root for scan in store.scans()] == ["r"]
    assert {edge.source[1]: edge.props["scopes"] for edge in written.edges} == {f"i{n}": [] if n % 2 else [f"read:{n}"] for n in range(50)}
