"""What is read by column is what was stated, and stands once."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphinv.model.facts import EdgeFact, NodeFact, Props, edge_key
from graphinv.store import Scan, embedded_estate, open_store
from graphinv.store.columns import Batch, edge_batches, estate_of, node_batches

AT = "2026-07-01T00:00:00Z"
KEY = edge_key("USES", ("Agent", "a"), ("Tool", "t"), {})


def test_those_of_whom_the_same_is_stated_share_it() -> None:
    said = [
        {"environment": "prod", "labels": ["x=1"]},
        {"labels": ["x=1"], "environment": "prod"},
        {"environment": "test", "labels": ["x=1"]},
    ]
    nodes = node_batches((("Agent", f"a{number}"), props) for number, props in enumerate(said))
    one, same, other = estate_of(nodes, (), 1).nodes.values()
    assert one.props is same.props
    assert other.props == said[2]
    assert other.props["labels"] is one.props["labels"]


def test_one_and_true_are_not_the_same() -> None:
    said: list[Props] = [
        {"ttl_seconds": 1},
        {"renewable": True},
        {"ttl_seconds": 1, "renewable": True},
        {"max_life_seconds": 1, "revocation_hook": False},
    ]
    nodes = node_batches((("Secret", f"s{number}"), props) for number, props in enumerate(said))
    assert [repr(node.props) for node in estate_of(nodes, (), 1).nodes.values()] == [repr(props) for props in said]


def test_sources_names_and_keys_are_kept_apart_whatever_they_hold() -> None:
    places = [["a/ü\n\u2028#L1", "", "b#L2"], None, ["c\0d#L3"], []]
    nodes = node_batches((("Agent", f"a{number}"), {"name": f"A{number}", "sources": found}) for number, found in enumerate(places))
    edges = edge_batches(((("DELEGATES_TO", ("Agent", "a0"), ("Agent", "a1"), KEY), {"sources": places[0]}),))
    estate = estate_of(nodes, edges, 1)
    assert [node.sources for node in estate.nodes.values()] == [tuple(found or ()) for found in places]
    assert [(node.name, node.props) for node in estate.nodes.values()] == [(f"A{number}", {}) for number in range(4)]
    assert (estate.edges[0].key, estate.edges[0].sources, estate.edges[0].props) == (KEY, tuple(places[0] or ()), {})
    assert estate.edges[0].stated == {"sources": places[0]}


def test_edges_come_by_kind_ends_and_key_however_they_are_batched() -> None:
    nodes = list(node_batches((key, {}) for key in [("Tool", "t"), ("Agent", "b"), ("Agent", "a"), ("Identity", "i")]))
    told = [
        ("USES", ("Agent", "b"), ("Tool", "t"), "f" * 32),
        ("USES", ("Agent", "a"), ("Tool", "t"), "f" * 32),
        ("USES", ("Agent", "a"), ("Tool", "t"), "8" + "0" * 31),
        ("USES", ("Agent", "a"), ("Tool", "t"), "7" + "f" * 31),
        ("RUNS_AS", ("Tool", "t"), ("Identity", "i"), "0" * 32),
        ("RUNS_AS", ("Agent", "a"), ("Identity", "i"), "1" * 32),
    ]
    for edges in (list(edge_batches((edge, {}) for edge in told)), [batch for edge in told for batch in edge_batches([(edge, {})])]):
        estate = estate_of(nodes, edges, 1)
        assert list(estate.nodes) == sorted(estate.nodes)
        assert [(edge.kind, edge.source, edge.target, edge.key) for edge in estate.edges] == sorted(told)


def test_a_key_that_is_none_is_damage() -> None:
    nodes = list(node_batches((("Agent", id), {}) for id in "ab"))
    for key in ("USES-1", "f" * 31, ""):
        with pytest.raises(ValueError, match="hex"):
            estate_of(nodes, [Batch("DELEGATES_TO", {"_source": ["a"], "_target": ["b"], "key": [key]}, ("Agent", "Agent"))], 1)


def test_a_store_that_is_read_a_few_at_a_time_has_the_same_estate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nodes = [NodeFact("Agent", f"a{n}", {"environment": ("prod", "test")[n % 2], "sources": [f"d#L{n}"]}) for n in range(30)]
    nodes += [NodeFact("Tool", f"t{n}", {"name": f"tool {n}"}) for n in range(7)]
    edges = [EdgeFact("USES", ("Agent", f"a{n}"), ("Tool", f"t{n % 7}"), {"sources": [f"d#L{n}"], "confidence": n / 30}) for n in range(30)]
    edges += [EdgeFact("USES", ("Agent", f"a{n}"), ("Tool", f"t{n % 7}"), {"scopes": [f"read:{n}"]}) for n in range(0, 30, 3)]
    edges += [EdgeFact("DELEGATES_TO", ("Agent", f"a{n}"), ("Agent", "a29"), {}) for n in range(9)]
    with open_store(tmp_path / "graph", write=True) as store:
        store.commit(Scan("shop", AT, "complete"), nodes, edges)
        store.commit(Scan("shop", "2026-07-02T00:00:00Z", "complete"), nodes[1:], edges[1:])
        written = store.estate()
    monkeypatch.setattr(embedded_estate, "_NODES", 4)
    monkeypatch.setattr(embedded_estate, "_LEFT", 3)
    with open_store(tmp_path / "graph") as store:
        assert store.estate() == written
    assert len(written.edges) == 48
