"""Every query of the library and every rule on the bundled estate: the same rows from every engine, in whichever order facts are stored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from random import Random
from typing import Any, TypeVar

import pytest

from graphinv.analyze.library import Parameter, bind
from graphinv.pipeline.bundled import bundled
from graphinv.pipeline.demo import materialise
from graphinv.pipeline.stages import analyze, ingest, library, roots_of, rules
from graphinv.store import Store, open_store
from tests.neo4j_server import server
from tests.queries.graphs import AT
from tests.store.support import says_order

pytestmark = pytest.mark.xdist_group("neo4j")


Key = TypeVar("Key")
Value = TypeVar("Value")


@pytest.fixture(scope="module")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Store, ...]]:
    """The bundled estate, judged: as it was scanned, and stored in other orders in each engine."""
    folder = tmp_path_factory.mktemp("demo")
    materialise(bundled("data") / "demo", folder / "demo")
    server().wipe()
    with pytest.MonkeyPatch.context() as patch:
        server().enter(patch)
        with (
            open_store(folder / "graph", write=True) as embedded,
            open_store(folder / "other", write=True) as other,
            open_store(server().uri, write=True) as neo4j,
        ):
            ingest(embedded, roots_of([folder / "demo"]), at=AT)
            analyze(embedded, at=AT)
            for number, store in enumerate((other, neo4j)):
                shuffle(embedded, store, Random(number))
            yield embedded, other, neo4j


def shuffle(source: Store, target: Store, random: Random) -> None:
    """Make ``target`` hold what ``source`` holds, written in another order."""
    state, analysis = source.state(), source.analysis()
    assert analysis

    def some(entries: Mapping[Key, Value]) -> dict[Key, Value]:
        return dict(random.sample(list(entries.items()), len(entries)))

    changed = {"reach": analysis.reach[::-1], "findings": analysis.findings[::-1], "scores": analysis.scores[::-1]}
    target.replace(replace(state, nodes=some(state.nodes), edges=some(state.edges)), analysis.model_copy(update=changed))


OF_TYPE = {"integer": "3", "number": "3", "boolean": "true", "time": AT}


def given(parameters: dict[str, Parameter], store: Store) -> list[dict[str, Any]]:
    """Bindings that find something: for each parameter that must be given a value of its type, of texts the ids of the estate."""
    needed = {name: parameter.type for name, parameter in parameters.items() if parameter.default is None}
    ids = [id for kind in ("Agent", "Secret", "Resource", "Tool", "Owner", "Package") for id in _some(store, kind)]
    used = ids if {"text", "list"} & set(needed.values()) else ids[:1]
    return [bind(parameters, {name: OF_TYPE.get(kind, id) for name, kind in needed.items()}, at=AT) for id in used]


def _some(store: Store, kind: str) -> list[str]:
    return sorted(id for label, id in store.estate().nodes if label == kind)[:6]


@pytest.mark.parametrize("name", sorted(library()))
def test_a_query_of_the_library(stores: tuple[Store, ...], name: str) -> None:
    query = library()[name]
    assert says_order(query.cypher)
    for params in given(query.parameters, stores[0]):
        first, *others = (store.query(query.cypher, params) for store in stores)
        assert others == [first, first], params


@pytest.mark.parametrize("name", sorted(name for name, rule in rules().items() if rule.cypher))
def test_a_rule(stores: tuple[Store, ...], name: str) -> None:
    """A rule may answer in any order, as its findings are put in one."""
    rule = rules()[name]
    params = {**bind(rule.parameters, {}, at=AT), "at": AT}
    first, *others = (sorted(json.dumps(row) for row in store.query(rule.cypher, params).rows) for store in stores)
    assert others == [first, first]
