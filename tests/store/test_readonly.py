"""Whatever is typed into ``graphinv query``: it reads, or it is refused, or it is stopped; the graph is as it was, on every engine."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import neo4j
import pytest

import graphinv.store.embedded
import graphinv.store.neo4j
from graphinv.model.errors import GraphinvError, QueryError, QueryLimit, ReadOnly
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.store import Store, open_store
from graphinv.store.guarded import GuardedQueries, asking
from tests.cli.running import refused
from tests.neo4j_server import server
from tests.queries.graphs import plain_yaml
from tests.store.conftest import PARAMETERS
from tests.store.support import EDGES, NODES, scan

ATTEMPTS = plain_yaml(Path(__file__).with_name("readonly.yaml"))
SECONDS = 0.5
CROWD = tuple(NodeFact("Agent", f"a{number}") for number in range(30))
EVERY = tuple(EdgeFact("DELEGATES_TO", (a.kind, a.id), (b.kind, b.id)) for a in CROWD for b in CROWD)
"""Enough that ways through it have no end."""


def attempts(*ends: str) -> list[Any]:
    """Those that end so, each with its topic as its name."""
    return [
        pytest.param(cypher, id=f"{topic} {number}")
        for topic, by_end in ATTEMPTS.items()
        for end in ends
        for number, cypher in enumerate(by_end.get(end, ()))
    ]


@pytest.fixture(scope="module", params=PARAMETERS)
def url(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a store on every engine, with a little in it."""
    with pytest.MonkeyPatch.context() as patch:
        found = str(tmp_path_factory.mktemp("readonly") / "graph")
        if request.param == "neo4j":
            server().wipe()
            server().enter(patch)
            found = server().uri
        with open_store(found, write=True) as store:
            store.commit(scan(), [*NODES, *CROWD], [*EDGES, *EVERY])
        yield found


def contents(url: str) -> object:
    """All that is there, with what a server keeps beside it."""
    with open_store(url) as store:
        state = store.state()
    if "://" not in url:
        return state, sha256(Path(url).read_bytes()).hexdigest(), sorted(path.name for path in Path(url).parent.iterdir())
    with neo4j.GraphDatabase.driver(url, auth=(server().user, server().password)) as driver:

        def told(statement: str, database: str | None = None) -> list[Any]:
            return sorted(str(record.values()) for record in driver.execute_query(statement, database_=database).records)

        return (
            state,
            told("MATCH (n) RETURN labels(n), properties(n)"),
            told("SHOW INDEXES YIELD name"),
            told("SHOW CONSTRAINTS YIELD name"),
            told("SHOW USERS YIELD user", "system"),
            told("SHOW DATABASES YIELD name, access, currentStatus", "system"),
        )


@pytest.fixture(scope="module")
def asked(url: str) -> Iterator[Store | GuardedQueries]:
    """What ``graphinv query`` asks; the graph is afterwards what it was before."""
    before = contents(url)
    with asking(url) as opened:
        yield opened
    assert contents(url) == before


@pytest.mark.parametrize("cypher", attempts("refused"))
def test_it_is_refused(asked: Store | GuardedQueries, cypher: str) -> None:
    with pytest.raises((ReadOnly, QueryError)):
        asked.query(cypher, timeout=SECONDS)


@pytest.mark.parametrize("cypher", attempts("reads"))
def test_it_only_reads(asked: Store | GuardedQueries, cypher: str) -> None:
    asked.query(cypher, timeout=60)


@pytest.mark.parametrize("topic", [topic for topic, ends in ATTEMPTS.items() if "refused" in ends])
def test_the_command_says_so_and_ends(url: str, topic: str) -> None:
    """One of each topic, as it is typed."""
    before = contents(url)
    assert refused("query", "-", "--store", url, stdin=ATTEMPTS[topic]["refused"][0])
    assert contents(url) == before


@pytest.fixture
def unchecked(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if the text of a query were not looked at: what is left are the engines' own sessions that only read."""

    def as_it_is(cypher: str, params: object = None) -> str:
        return cypher

    monkeypatch.setattr(graphinv.store.embedded, "checked", as_it_is)
    monkeypatch.setattr(graphinv.store.neo4j, "checked", as_it_is)


@pytest.mark.usefixtures("unchecked")
def test_the_engine_alone_writes_nothing_either(url: str) -> None:
    before = contents(url)
    with open_store(url) as store:
        for topic in ("write", "hidden", "transactions", "settings"):
            for cypher in ATTEMPTS[topic]["refused"]:
                if not cypher.startswith(OTHERS):
                    try:
                        store.query(cypher, timeout=5)
                    except GraphinvError:
                        continue
    assert contents(url) == before


OTHERS = ("STOP", "START", "TERMINATE", "ENABLE")
"""What would end a server, or another's queries, were it not for the check: no engine is tried with it."""


@pytest.mark.parametrize("cypher", attempts("stopped"))
def test_it_is_stopped(asked: Store | GuardedQueries, cypher: str) -> None:
    with pytest.raises(QueryLimit):
        asked.query(cypher, timeout=SECONDS)
    assert asked.query("MATCH (a:Agent {id: 'bot'}) RETURN a.id AS id", timeout=60).rows == (("bot",),)


@pytest.mark.parametrize("cypher", attempts("ends"))
def test_it_ends(asked: Store | GuardedQueries, cypher: str) -> None:
    start = time.monotonic()
    with contextlib.suppress(QueryError, QueryLimit):
        asked.query(cypher, timeout=SECONDS)
    assert time.monotonic() - start < 60
    assert asked.query("MATCH (a:Agent {id: 'bot'}) RETURN a.id AS id", timeout=60).rows == (("bot",),)


def test_there_are_many() -> None:
    assert len(attempts("refused", "stopped", "ends")) >= 100
