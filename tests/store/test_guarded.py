"""Queries that exhaust time or memory end, and nothing else does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from graphinv.model.errors import QueryError, QueryLimit, ReadOnly, StoreError
from graphinv.store import open_store
from graphinv.store.guarded import GuardedQueries
from tests.store.support import EDGES, NODES, scan

EXHAUSTING = (
    "RETURN size(reduce(s = [1], x IN range(1, 40) | s + s)) AS n",
    "RETURN size(reduce(s = 'ab', x IN range(1, 40) | s + s)) AS n",
    "RETURN reduce(s = [1], x IN range(1, 40) | [s, s]) AS n",
    "RETURN reduce(s = '', x IN range(1, 1000000) | s + 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa') AS n",
    "WITH 'aaaaaaaaaa' AS s " + "WITH s + s AS s " * 40 + "RETURN size(s) AS n",
    "UNWIND range(1, 100000) AS a UNWIND range(1, 100000) AS b RETURN collect(a * b) AS n",
    " UNION ALL ".join(["RETURN 1 AS x"] * 3000),
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = tmp_path_factory.mktemp("guarded") / "graph"
    with open_store(found, write=True) as store:
        store.commit(scan(), NODES, EDGES)
    return found


@pytest.fixture(scope="module")
def guarded(path: Path) -> Iterator[GuardedQueries]:
    with GuardedQueries(str(path)) as opened:
        yield opened


@pytest.mark.parametrize("cypher", EXHAUSTING, ids=range(len(EXHAUSTING)))
def test_what_exhausts_time_or_memory_is_ended_and_the_next_query_answers(guarded: GuardedQueries, cypher: str) -> None:
    with pytest.raises(QueryLimit):
        guarded.query(cypher, timeout=1)
    assert guarded.query("MATCH (a:Agent) RETURN a.id AS id").rows == (("bot",),)


def test_it_answers_as_the_store_does(guarded: GuardedQueries, path: Path) -> None:
    cypher = "MATCH p = (a:Agent {id: $id})-[r]->(x) RETURN p, r, x, [1.5, null] AS l"
    with open_store(path) as store:
        assert guarded.query(cypher, {"id": "bot"}) == store.query(cypher, {"id": "bot"})


def test_errors_are_those_of_the_store(guarded: GuardedQueries, tmp_path: Path) -> None:
    with pytest.raises(ReadOnly):
        guarded.query("MATCH (n) DETACH DELETE n")
    with pytest.raises(QueryError, match="is wrong"):
        guarded.query("MATCH (n) RETURN m")
    with pytest.raises(QueryError, match="parameter"):
        guarded.query("RETURN $p AS p", {"p": object()})
    with pytest.raises(QueryLimit, match="more than 2 rows"):
        guarded.query("MATCH (n) RETURN n.id", max_rows=2)
    with pytest.raises(StoreError, match="run `graphinv scan PATH` first"):
        GuardedQueries(str(tmp_path / "nothing")).query("RETURN 1 AS x")
