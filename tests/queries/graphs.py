"""Case files beside rules and queries: small graphs with the rows that are expected of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml

from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, check_edge, check_node
from graphinv.store import Scan
from graphinv.store.embedded import EmbeddedStore

QUERIES = Path(__file__).parents[2] / "queries"
AT = "2026-07-10T00:00:00Z"

Case = Mapping[str, Any]


class _Loader(yaml.SafeLoader):
    """YAML in which times stay text."""


_Loader.yaml_implicit_resolvers = {
    first: [pair for pair in pairs if pair[0] != "tag:yaml.org,2002:timestamp"]
    for first, pairs in yaml.SafeLoader.yaml_implicit_resolvers.items()
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


def facts(case: Case) -> tuple[list[NodeFact], list[EdgeFact]]:
    """The graph of a case: what it declares, and a placeholder for each further end of an edge."""
    nodes = {key(text): NodeFact(*key(text), props) for text, props in case.get("nodes", {}).items()}
    edges = []
    for source, kind, target, *props in case.get("edges", ()):
        edges.append(EdgeFact(kind, key(source), key(target), props[0] if props else {}))
        for end in (key(source), key(target)):
            nodes.setdefault(end, NodeFact(*end))
    return [check_node(node) for node in nodes.values()], [check_edge(edge) for edge in edges]


def stored(case: Case, folder: Path) -> Iterator[EmbeddedStore]:
    """An embedded store with the graph of a case; the graph ``before`` it, if there is one, was scanned earlier."""
    with EmbeddedStore(folder / "graph", write=True) as store:
        if before := case.get("before"):
            store.commit(Scan("case", before["at"], "complete"), *facts(before))
        store.commit(Scan("case", case.get("at", AT), "complete"), *facts(case))
        yield store
