"""Case files beside rules and queries: small graphs with the rows that are expected of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random
from typing import Any, Literal, TypeVar

import yaml

from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, check_edge, check_node
from graphinv.store import Scan, Store
from graphinv.store.embedded import EmbeddedStore
from graphinv.store.merge import State, advance

QUERIES = Path(__file__).parents[2] / "queries"
AT = "2026-07-10T00:00:00Z"

Case = Mapping[str, Any]
Fact = TypeVar("Fact", NodeFact, EdgeFact)
Order = Literal["as written", "reversed", "shuffled"]
"""In which order the facts of a graph are stored. What a query answers may not depend on it."""


_Safe: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class _Loader(_Safe):  # type: ignore[misc]
    """YAML in which times stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"] for first, pairs in _Safe.yaml_implicit_resolvers.items()
}


def plain_yaml(path: Path) -> Any:
    """What a YAML file says, its times as text."""
    return yaml.load(path.read_text("utf-8"), _Loader)  # a SafeLoader


def cases_of(path: Path) -> list[Case]:
    """The cases of a ``.cases.yaml`` file."""
    loaded = plain_yaml(path)
    assert isinstance(loaded, list)
    return loaded


def key(text: str) -> NodeKey:
    """``Kind:id`` as a node's key."""
    kind, _, id = text.partition(":")
    return kind, id


def facts(case: Case, order: Order = "as written") -> tuple[list[NodeFact], list[EdgeFact]]:
    """The graph of a case, in ``order``: what it declares, and a placeholder for each further end of an edge."""
    nodes = {key(text): NodeFact(*key(text), props) for text, props in case.get("nodes", {}).items()}
    edges = []
    for source, kind, target, *props in case.get("edges", ()):
        edges.append(EdgeFact(kind, key(source), key(target), props[0] if props else {}))
        for end in (key(source), key(target)):
            nodes.setdefault(end, NodeFact(*end))
    return in_order([check_node(node) for node in nodes.values()], order), in_order([check_edge(edge) for edge in edges], order)


def with_twins(case: Case) -> Case:
    """The case with two more edges beside each, which differ in when they begin and where they are stated: the order of rows, or of what is
    collected, is then easily left to chance.
    """

    def several(graph: Case) -> dict[str, Any]:
        edges = [(*edge[:3], edge[3] if len(edge) > 3 else {}) for edge in graph.get("edges", ())]
        years = (("2019", "first"), ("2020", "second"))
        return {
            **graph,
            "edges": [
                *edges,
                *(
                    (*ends, {**props, "valid_from": f"{year}-01-01T00:00:00Z", "count": number, "sources": [f"{document}.json#L{number}"]})
                    for number, (*ends, props) in enumerate(edges)
                    for year, document in years
                ),
            ],
        }

    return {**several(case), **({"before": several(case["before"])} if "before" in case else {})}


def in_order(facts: list[Fact], order: Order) -> list[Fact]:
    """``facts`` in another order; ``shuffled`` is the same one each time."""
    if order == "shuffled":
        return Random(7).sample(facts, len(facts))
    return facts if order == "as written" else facts[::-1]


def _scans(case: Case, order: Order) -> Iterator[tuple[Scan, list[NodeFact], list[EdgeFact]]]:
    """The scans of a case: the graph ``before`` it, if there is one, was scanned earlier."""
    if before := case.get("before"):
        yield Scan("case", before["at"], "complete"), *facts(before, order)
    yield Scan("case", case.get("at", AT), "complete"), *facts(case, order)


def stored(case: Case, folder: Path) -> Iterator[EmbeddedStore]:
    """An embedded store with the graph of a case."""
    with EmbeddedStore(folder / "graph", write=True) as store:
        for scan, nodes, edges in _scans(case, "as written"):
            store.commit(scan, nodes, edges)
        yield store


def fill(store: Store, case: Case, order: Order) -> None:
    """Replace what ``store``, of any engine, holds by the graph of a case. That costs less than to open another."""
    state = State()
    for scan, nodes, edges in _scans(case, order):
        state, _, _ = advance(state, scan, nodes, edges)
    store.replace(state, None)
