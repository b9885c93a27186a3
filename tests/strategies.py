"""Strategies that the whole project's property tests draw from: facts of every kind with every property, and small estates.

Texts are nasty on purpose: what people put into names, and what breaks terminals, tables, queries and pages.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from functools import cache
from typing import Any

from hypothesis import strategies as st

from graphinv.model.estate import EdgeRecord, Estate, NodeRecord
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Props, check_edge, check_node, edge_key, merge_props
from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS, ends_fit
from graphinv.model.schema import Property, properties

NASTY = (
    "",
    " ",
    '=HYPERLINK("http://e.example","x")',
    "+1",
    "-1",
    "@SUM(A1)",
    "'=x",
    "''@y",
    "'",
    "＝1",
    "\t=x",
    "a;b",
    ";",
    "\\",
    "\\;",
    "a\\",
    "\\e",
    "\\u{41}",
    "C:\\users\\x",
    "[]",
    "[a]",
    " padded ",
    "\u2028",
    "a\nb",
    "a\r\nb",
    "\x00",
    "\x1b[31mred\x1b[0m",
    "\u202eevil",
    "<script>alert(1)</script>",
    "'}) DETACH DELETE n //",
    "{code}x{code}[~admin]",
    "[link](javascript:alert(1)) {0}",
    "Agent:x",
    "true",
    "null",
    "0",
    "é",
    "e\u0301",
    "日本 語",
    "🙂\u200d🙂",
    "\ufeffbom",
    "x" * 300,
)
"""Texts that have broken something somewhere."""

POSSIBLE = [(kind, a, b) for kind in EDGE_KINDS for a in NODE_KINDS for b in NODE_KINDS if ends_fit(kind, a, b)]
"""Every edge kind with every pair of kinds it may run between."""


@cache
def texts() -> st.SearchStrategy[str]:
    """Any text, with the nasty ones among them. No lone surrogates, which no fact may hold."""
    return st.sampled_from(NASTY) | st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@cache
def ids() -> st.SearchStrategy[str]:
    """Ids: mostly plain ones that meet again, sometimes nasty ones."""
    return st.sampled_from("abc") | st.builds("{}/{}".format, st.sampled_from("abc"), st.integers(0, 3)) | texts().filter(bool)


@cache
def times() -> st.SearchStrategy[str]:
    """Times in normal form."""
    return st.datetimes(datetime(1, 1, 1), datetime(9999, 12, 31)).map(lambda moment: moment.isoformat(timespec="seconds") + "Z")


@cache
def values(prop: Property) -> st.SearchStrategy[Any]:
    """Values of a property in normal form."""
    if prop.type == "set of texts":
        items = st.sampled_from(prop.values) if prop.values else texts()
        return st.lists(items, max_size=4).map(lambda value: sorted(set(value)))
    if prop.values:
        return st.sampled_from(prop.values)
    by_type: dict[str, st.SearchStrategy[Any]] = {
        "text": texts(),
        "time": times(),
        "yes/no": st.booleans(),
        "integer": st.integers(0, 2**63 - 1) | st.integers(0, 9),
        "number": st.floats(0.0, 1.0).map(abs),
    }
    return by_type[prop.type]


def props(kind: str, *, living: bool = False) -> st.SearchStrategy[Props]:
    """Some of the properties of a kind, each possibly absent; of a thing that lives, none says that it is no longer found."""
    return _props(kind, living)


@cache
def _props(kind: str, living: bool) -> st.SearchStrategy[Props]:
    hidden = {"gone_at"} if living else set()
    return st.fixed_dictionaries({}, optional={name: values(prop) for name, prop in properties(kind).items() if name not in hidden})


def node_facts(kinds: Sequence[str] = tuple(NODE_KINDS), *, living: bool = False) -> st.SearchStrategy[NodeFact]:
    """Node facts in normal form."""
    return (
        st.sampled_from(kinds).flatmap(lambda kind: st.builds(NodeFact, st.just(kind), ids(), props(kind, living=living))).map(check_node)
    )


def edge_facts(nodes: Sequence[NodeKey] | None = None, *, living: bool = False) -> st.SearchStrategy[EdgeFact]:
    """Edge facts in normal form whose ends fit: between ``nodes``, or between any."""
    if nodes is None:
        every = st.sampled_from(POSSIBLE)
        ends = every.flatmap(
            lambda drawn: st.tuples(st.just(drawn[0]), st.tuples(st.just(drawn[1]), ids()), st.tuples(st.just(drawn[2]), ids()))
        )
    else:
        fitting = [(kind, a, b) for kind in EDGE_KINDS for a in nodes for b in nodes if ends_fit(kind, a[0], b[0])]
        if not fitting:
            return st.nothing()
        ends = st.sampled_from(fitting)
    return ends.flatmap(lambda drawn: st.builds(EdgeFact, *map(st.just, drawn), props(drawn[0], living=living))).map(check_edge)


@st.composite
def estate_facts(draw: st.DrawFn, max_nodes: int = 6, max_edges: int = 8) -> tuple[list[NodeFact], list[EdgeFact]]:
    """Facts of a small estate: every edge's ends are among the nodes, several facts may speak of one thing, everything lives."""
    nodes = draw(st.lists(node_facts(living=True), max_size=max_nodes))
    keys = sorted({node.key for node in nodes})
    possible = any(ends_fit(kind, one[0], other[0]) for kind in EDGE_KINDS for one in keys for other in keys)
    edges = draw(st.lists(edge_facts(keys, living=True), max_size=max_edges)) if possible else []
    return nodes, edges


def merged(nodes: Iterable[NodeFact], edges: Iterable[EdgeFact]) -> Estate:
    """The estate that facts make: merged by key; every node has a name."""
    node_props: dict[NodeKey, Props] = {}
    for node in nodes:
        node_props[node.key] = merge_props(node.kind, node_props.get(node.key, {}), node.props)
    edge_props: dict[tuple[str, NodeKey, NodeKey, str], Props] = {}
    for edge in edges:
        assert isinstance(edge.source, tuple)
        assert isinstance(edge.target, tuple)
        key = (edge.kind, edge.source, edge.target, edge_key(edge.kind, edge.source, edge.target, edge.props))
        edge_props[key] = merge_props(edge.kind, edge_props.get(key, {}), edge.props)
    return Estate.of(
        (NodeRecord(kind, id, {"name": id, **found}) for (kind, id), found in node_props.items()),
        (EdgeRecord(*key, found) for key, found in edge_props.items()),
    )


def estates(max_nodes: int = 6, max_edges: int = 8) -> st.SearchStrategy[Estate]:
    """Small estates as a store gives them."""
    return estate_facts(max_nodes, max_edges).map(lambda facts: merged(*facts))
