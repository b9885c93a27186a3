"""Every query of the library and every rule on the bundled estate: the same rows from every engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from graphinv.analyze.library import Parameter, bind
from graphinv.pipeline.bundled import bundled
from graphinv.pipeline.demo import materialise
from graphinv.pipeline.stages import analyze, ingest, library, roots_of, rules
from graphinv.store import Store, open_store
from graphinv.store.upkeep import copy
from tests.neo4j_server import server
from tests.queries.graphs import AT

pytestmark = pytest.mark.xdist_group("neo4j")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, Store]]:
    """The bundled estate, judged, in both stores."""
    folder = tmp_path_factory.mktemp("demo")
    materialise(bundled("data") / "demo", folder / "demo")
    server().wipe()
    with pytest.MonkeyPatch.context() as patch:
        server().enter(patch)
        with open_store(folder / "graph", write=True) as embedded, open_store(server().uri, write=True) as neo4j:
            ingest(embedded, roots_of([folder / "demo"]), at=AT)
            analyze(embedded, at=AT)
            copy(embedded, neo4j)
            yield embedded, neo4j


OF_TYPE = {"integer": "3", "number": "3", "boolean": "true", "time": AT}


def given(parameters: dict[str, Parameter], both: tuple[Store, Store]) -> list[dict[str, Any]]:
    """Bindings that find something: for each parameter that must be given a value of its type, of texts the ids of the estate."""
    needed = {name: parameter.type for name, parameter in parameters.items() if parameter.default is None}
    ids = [id for kind in ("Agent", "Secret", "Resource", "Tool", "Owner", "Package") for id in _some(both[0], kind)]
    used = ids if {"text", "list"} & set(needed.values()) else ids[:1]
    return [bind(parameters, {name: OF_TYPE.get(kind, id) for name, kind in needed.items()}, at=AT) for id in used]


def _some(store: Store, kind: str) -> list[str]:
    return sorted(id for label, id in store.estate().nodes if label == kind)[:6]


def rows(store: Store, cypher: str, params: dict[str, Any]) -> list[str]:
    return sorted(json.dumps(row, sort_keys=True, ensure_ascii=False) for row in store.query(cypher, params).rows)


@pytest.mark.parametrize("name", sorted(library()))
def test_a_query_of_the_library(both: tuple[Store, Store], name: str) -> None:
    query = library()[name]
    for params in given(query.parameters, both):
        assert rows(both[0], query.cypher, params) == rows(both[1], query.cypher, params), params


@pytest.mark.parametrize("name", sorted(name for name, rule in rules().items() if rule.cypher))
def test_a_rule(both: tuple[Store, Store], name: str) -> None:
    rule = rules()[name]
    params = {**bind(rule.parameters, {}, at=AT), "at": AT}
    assert rows(both[0], rule.cypher, params) == rows(both[1], rule.cypher, params)
