from __future__ import annotations

import json
from collections.abc import Iterable, Mapping

from hypothesis import given

from graphinv.export import facts as facts_export
from graphinv.export import facts_csv
from graphinv.ingest import Document, native_csv, native_facts
from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, Fact, NodeFact
from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS
from tests import strategies


def document(path: str, text: str) -> Document:
    return Document("acme", path, text.encode(), lambda value: "0" * 32)


def estate_of(facts: Iterable[Fact]) -> Estate:
    """The estate of facts among which there must be no problem."""
    nodes: list[NodeFact] = []
    edges: list[EdgeFact] = []
    for fact in facts:
        if isinstance(fact, NodeFact):
            nodes.append(fact)
        else:
            assert isinstance(fact, EdgeFact), fact
            edges.append(fact)
    return strategies.merged(nodes, edges)


@given(strategies.estates())
def test_lines_give_the_same_graph(estate: Estate) -> None:
    text = "".join(f"{line}\n" for line in facts_export.facts_jsonl(estate))
    assert estate_of(native_facts.read(document("x.facts.jsonl", text))) == estate


@given(strategies.estates())
def test_a_document_gives_the_same_graph(estate: Estate) -> None:
    text = json.dumps({"facts": list(facts_export.facts(estate))})
    assert estate_of(native_facts.read(document("x.facts.json", text))) == estate


@given(strategies.estates())
def test_tables_give_the_same_graph(estate: Estate) -> None:
    assert read_tables(facts_csv.facts_csv(estate)) == estate


def read_tables(tables: Mapping[str, str]) -> Estate:
    read: list[Fact] = []
    for name, text in tables.items():
        found = document(f"out/{name}", text)
        assert native_csv.detect(found.path, found.data[:4096]), name
        read += native_csv.read(found)
    return estate_of(read)


@given(strategies.estate_facts())
def test_order_of_facts_does_not_show(drawn: tuple[list[NodeFact], list[EdgeFact]]) -> None:
    nodes, edges = drawn
    one, other = strategies.merged(nodes, edges), strategies.merged(reversed(nodes), reversed(edges))
    assert list(facts_export.facts_jsonl(one)) == list(facts_export.facts_jsonl(other))
    assert facts_csv.facts_csv(one) == facts_csv.facts_csv(other)


@given(strategies.estates())
def test_no_cell_is_a_formula_or_breaks_its_row(estate: Estate) -> None:
    for text in facts_csv.facts_csv(estate).values():
        rows = text.split("\r\n")
        assert "\n" not in "".join(rows)
        for row in rows:
            assert not row.lstrip('"').startswith(("=", "+", "-", "@", "\t"))


def test_what_is_not_seen_is_written_as_its_number() -> None:
    name = "a\x1b[31m\x9b\u202eb\u2066\u200b\ufeff\U000e0041\u2028é"
    estate = strategies.merged([NodeFact("Agent", name, {"name": name, "labels": [f"k={name}"]})], [])
    tables = facts_csv.facts_csv(estate)
    lines = list(facts_export.facts_jsonl(estate))
    for text in (*tables.values(), *lines):
        assert {one for one in text if not one.isprintable()} <= {"\r", "\n"}
    assert read_tables(tables) == estate
    assert estate_of(native_facts.read(document("x.facts.jsonl", "\n".join(lines)))) == estate


def test_an_empty_estate_is_an_empty_export() -> None:
    empty = Estate.of([], [])
    assert list(facts_export.facts_jsonl(empty)) == []
    assert facts_csv.facts_csv(empty) == {}


def test_every_kind_has_its_own_table() -> None:
    nodes = [NodeFact(kind, "x", {"name": "x"}) for kind in NODE_KINDS]
    edges = [
        EdgeFact(kind, (starts[0], "x"), ("Agent" if stops == ("*",) else stops[0], "x"), {"count": 1})
        for kind, model in EDGE_KINDS.items()
        for starts, stops in model.ends
    ]
    estate = strategies.merged(nodes, edges)
    tables = facts_csv.facts_csv(estate)
    assert len(tables) == len(NODE_KINDS) + len(EDGE_KINDS)
    assert read_tables(tables) == estate
