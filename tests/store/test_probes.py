"""The same query, the same rows: probes of the query language, the library and the rules on every engine."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any, get_args

import pytest

from graphinv.model.errors import GraphinvError, QueryError
from graphinv.store import Rows, Scan, Store, open_store
from tests.neo4j_server import server
from tests.queries.graphs import Order, facts, plain_yaml
from tests.store.conftest import PARAMETERS
from tests.store.support import says_order

PROBES = Path(__file__).with_name("probes")
TOPICS = sorted(path.name for path in PROBES.glob("answers-*.yaml"))


def loaded(name: str) -> Any:
    return plain_yaml(PROBES / name)


@pytest.fixture(scope="module", params=get_args(Order))
def order(request: pytest.FixtureRequest) -> Order:
    """In which order the graph of the probes is stored: no answer may depend on it."""
    found: Order = request.param
    return found


@pytest.fixture(scope="module", params=PARAMETERS)
def opened(request: pytest.FixtureRequest, order: Order, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store with the graph of the probes, on every engine, in every order."""
    with pytest.MonkeyPatch.context() as patch:
        url = str(tmp_path_factory.mktemp("probes") / "graph")
        if request.param == "neo4j":
            server().wipe()
            server().enter(patch)
            url = server().uri
        with open_store(url, write=True) as store:
            store.commit(Scan("probe", "2026-03-01T00:00:00Z", "complete"), *facts(loaded("graph.yaml"), order))
            yield store


def normal(rows: Any, cypher: str) -> list[str]:
    lines = [json.dumps(row, sort_keys=True, ensure_ascii=False) for row in rows]
    return lines if says_order(cypher) else sorted(lines)


def asked(store: Store, probe: dict[str, Any]) -> Rows:
    return store.query(probe["cypher"], probe.get("params"), timeout=20)


@pytest.mark.parametrize("topic", TOPICS)
def test_every_store_answers_alike(opened: Store, topic: str) -> None:
    wrong = []
    for probe in loaded(topic)["probes"]:
        try:
            found = asked(opened, probe)
        except GraphinvError as error:
            wrong.append((probe["cypher"], str(error)))
            continue
        if [*found.columns] != probe["columns"] or normal(found.rows, probe["cypher"]) != normal(probe["rows"], probe["cypher"]):
            wrong.append((probe["cypher"], str(found)))
    assert wrong == []


def test_what_no_store_answers_is_refused_with_what_to_write(opened: Store) -> None:
    for probe in loaded("refused.yaml"):
        with pytest.raises(QueryError) as caught:
            asked(opened, probe)
        assert f"{probe['what']}; {probe['instead']}" in str(caught.value), probe


def test_what_only_one_engine_answers(opened: Store) -> None:
    """A page that says so must not go stale; the other engine refuses it with a message, and the page says what to write."""
    here = "neo4j" if "://" in opened.url else "embedded"
    for probe in loaded("stricter.yaml"):
        assert probe["instead"]
        if probe["refuses"] == here:
            with pytest.raises(QueryError):
                asked(opened, probe)
        else:
            asked(opened, probe)


def test_there_are_many_probes() -> None:
    assert sum(len(loaded(topic)["probes"]) for topic in TOPICS) >= 500
