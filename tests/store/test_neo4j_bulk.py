"""Commits that are more than one transaction of a server can hold: what is built beside is seen by nobody, then by everybody."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import neo4j
import pytest
from neo4j.exceptions import Neo4jError

from graphinv.model.errors import QueryLimit, StoreError, StoreLocked
from graphinv.store import neo4j as module
from graphinv.store import neo4j_bulk, open_store
from graphinv.store.neo4j_labels import names_labels
from tests.neo4j_server import Server, server
from tests.store.support import EDGES, NODES, analysis, generation_facts, scan

BARE = "MATCH ()-[r:DELEGATES_TO]->() WHERE r.gone_at IS NULL RETURN count(r) AS n"
LABELLED = "MATCH (a:Agent)-[r:DELEGATES_TO]->() WHERE r.gone_at IS NULL RETURN count(r) AS n"


@pytest.mark.parametrize(
    ("query", "named"),
    [
        ("MATCH (n:Agent) RETURN n.id", True),
        ("MATCH (n) RETURN n.id", False),
        ("MATCH(n)RETURN n.id", False),
        ("MATCH ()-[r:HOLDS]->() RETURN count(r)", False),
        ("MATCH (a:Agent)-[:HOLDS]->()<-[:HOLDS]-(b) RETURN count (b)", True),
        ("MATCH (a:Agent), (b) RETURN b.id", False),
        ("MATCH (a:Agent)-->(b) OPTIONAL MATCH (b)-->(c) RETURN c.id", True),
        ("MATCH (a:Agent) WHERE NOT (a)-[:RUNS_AS]->() RETURN a.id", True),
        ("MATCH (a:Agent) WHERE EXISTS { (a)-->(b) } MATCH (b) RETURN b.id", False),
        ("MATCH (a:Agent) RETURN [(a)<-[:OWNS]-(o) | o.id] AS owners", True),
        ("MATCH (a:Agent) WITH a, count(*) AS n MATCH (a)-->(b) RETURN b.id", True),
        ("MATCH (a:Agent) WITH count(a) AS n MATCH (a) RETURN a.id", False),
        ("MATCH (a:Agent) WITH coalesce(1, a, 2) AS n MATCH (a) RETURN a.id", False),
        ("MATCH (a:Agent) WHERE a.id STARTS WITH 'x' MATCH (a)-->(b) RETURN b.id", True),
        ("MATCH (a:Agent) RETURN a.id AS id UNION MATCH (a) RETURN a.id AS id", False),
        ("MATCH p = shortestPath((a:Agent)-[*..4]->(b:Secret)) RETURN length(p)", True),
        ("MATCH (a {id: 'x'}) RETURN a.id", False),
        ("MATCH (n) WHERE n:Agent RETURN n.id", False),
        ("RETURN (1 + 2) * 3 AS x", True),
    ],
)
def test_what_names_labels_is_told_from_what_does_not(query: str, named: bool) -> None:
    assert names_labels(query) is named


@pytest.fixture
def there(monkeypatch: pytest.MonkeyPatch) -> Server:
    """The server, with one generation that was written directly; what is committed from here on is not."""
    server().wipe()
    server().enter(monkeypatch)
    with open_store(server().uri, write=True) as store:
        store.commit(scan(1), *generation_facts(1))
        store.put_analysis(analysis(subject=("Agent", "a1")))
    monkeypatch.setattr(module, "DIRECT", -1)
    monkeypatch.setattr(neo4j_bulk, "ROWS", 70)
    return server()


def _direct(there: Server, statement: str) -> list[dict[str, Any]]:
    """What somebody with another tool is told."""
    with neo4j.GraphDatabase.driver(there.uri, auth=(there.user, there.password)) as driver:
        return [record.data() for record in driver.execute_query(statement).records]


def _hidden(there: Server) -> int:
    found = _direct(there, "MATCH (n) WHERE any(l IN labels(n) WHERE l STARTS WITH '_' AND l <> '_Store') RETURN count(n) AS n")
    return int(found[0]["n"])


@pytest.mark.xdist_group("neo4j")
def test_it_comes_to_the_same(there: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """Facts, what is closed, results: whichever way they were written."""
    with open_store(there.uri, write=True) as store:
        nodes, edges = generation_facts(2)
        store.commit(scan(2), nodes[:200], edges[:28])
        store.commit(scan(3, root="other"), NODES, EDGES)
        staged = store.state(), store.analysis()
        scores = store.query("MATCH (a:Agent) WHERE a.risk IS NOT NULL RETURN a.id, a.risk, a.reach_atoms").rows
    with open_store(there.uri) as reader:
        assert reader.state() == staged[0]
        assert reader.analysis() == staged[1]
    assert _hidden(there) == 0
    assert scores == (("a1", 44.25, 2),)
    monkeypatch.undo()
    there.wipe()
    there.enter(monkeypatch)
    with open_store(there.uri, write=True) as store:
        store.commit(scan(1), *generation_facts(1))
        store.put_analysis(analysis(subject=("Agent", "a1")))
        store.commit(scan(2), nodes[:200], edges[:28])
        store.commit(scan(3, root="other"), NODES, EDGES)
        assert (store.state(), store.analysis()) == staged
        assert store.query("MATCH (a:Agent) WHERE a.risk IS NOT NULL RETURN a.id, a.risk, a.reach_atoms").rows == scores


@pytest.mark.xdist_group("neo4j")
def test_nobody_sees_what_is_being_built(there: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """A reader, and somebody with another tool, in the very middle."""
    seen: list[Any] = []
    real = neo4j_bulk.stage

    def look(write: Callable[..., Any], *given: Any) -> None:
        real(write, *given)
        assert _hidden(there) >= 301  # the agents and their findings
        with open_store(there.uri) as reader:
            seen.append((reader.generation, len(reader.estate().edges), reader.query(LABELLED).rows))
            with pytest.raises(QueryLimit, match=r"being written.*name a label"):
                reader.query(BARE, timeout=2.0)
        seen.append(_direct(there, "MATCH (a:Agent) RETURN count(a) AS n, collect(DISTINCT a.version) AS of"))

    monkeypatch.setattr(module, "stage", look)
    with open_store(there.uri, write=True) as store:
        store.put_analysis(analysis(rules=("one",), subject=("Agent", "a1")))
        store.commit(scan(2), *generation_facts(2))
    assert seen[-2:] == [(1, 300, ((300,),)), [{"n": 300, "of": ["1"]}]]
    with open_store(there.uri) as reader:
        assert reader.generation == 2
        assert reader.query(BARE).rows == ((300,),)
    assert _direct(there, "MATCH (a:Agent) RETURN count(a) AS n, collect(DISTINCT a.version) AS of") == [{"n": 300, "of": ["2"]}]


KILLED = textwrap.dedent(
    """
    import os, sys
    from graphinv.store import neo4j as module, open_store
    from tests.store.support import generation_facts, scan
    module.DIRECT = -1
    place, when = sys.argv[2].split()
    real = getattr(module, place)
    def stop(*given):
        if when == "before": os.kill(os.getpid(), 9)
        real(*given)
        os.kill(os.getpid(), 9)
    setattr(module, place, stop)
    with open_store(sys.argv[1], write=True) as store:
        store.commit(scan(2), *generation_facts(2))
    """
)


def _killed(there: Server, where: str) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", KILLED, there.uri, where]
    ended = subprocess.run(command, cwd=root, env={**os.environ, "PYTHONPATH": str(root)}, check=False)
    assert ended.returncode == -signal.SIGKILL


@pytest.mark.xdist_group("neo4j")
@pytest.mark.parametrize(
    ("where", "generation"), [("stage after", 1), ("write_scans before", 1), ("sweep before", 2)], ids=["staged", "switching", "switched"]
)
def test_a_writer_that_is_killed_leaves_whole_generations(there: Server, where: str, generation: int) -> None:
    """What it left is seen by nobody; whoever would see it, or writes next, takes it away."""
    _killed(there, where)
    assert _hidden(there) >= 300
    with open_store(there.uri) as reader:
        assert reader.generation == generation
        assert reader.estate().nodes["Agent", "a7"].props["version"] == str(generation)
        assert reader.query(LABELLED).rows == ((300,),)
        assert _hidden(there) >= 300
        assert reader.query(BARE).rows == ((300,),)
    assert _hidden(there) == 0
    _killed(there, "stage after")
    with open_store(there.uri, write=True) as store:
        assert _hidden(there) == 0
        store.commit(scan(2), *generation_facts(2))
        assert store.estate().nodes["Agent", "a7"].props["version"] == "2"


@pytest.mark.xdist_group("neo4j")
def test_who_lost_the_lock_while_building_stops(there: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    real = neo4j_bulk.stage

    def overtaken(write: Callable[..., Any], *given: Any) -> None:
        monkeypatch.setattr(module, "stage", real)
        (found,) = _direct(there, "SHOW TRANSACTIONS YIELD transactionId, metaData WHERE metaData.graphinv = 'writer' RETURN transactionId")
        _direct(there, f"TERMINATE TRANSACTIONS '{found['transactionId']}'")
        with open_store(there.uri, write=True) as second:
            second.commit(scan(2), NODES, EDGES)
        real(write, *given)

    monkeypatch.setattr(module, "stage", overtaken)
    with open_store(there.uri, write=True) as first, pytest.raises(StoreLocked, match="nothing was written"):
        first.commit(scan(3), *generation_facts(3))
    assert _hidden(there) == 0
    with open_store(there.uri) as reader:
        assert reader.generation == 2
        assert set(reader.estate().nodes) == {node.key for node in NODES}


@pytest.mark.xdist_group("neo4j")
def test_what_the_server_has_not_the_memory_for_is_built_beside(there: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tried at once, whatever the size, where the server says so."""
    built: list[int] = []
    monkeypatch.setattr(module, "DIRECT", 10**9)
    real = neo4j_bulk.stage

    def counted(*given: Any) -> None:
        built.append(1)
        real(*given)

    monkeypatch.setattr(module, "stage", counted)
    monkeypatch.setattr(module, "write_difference", _out_of_memory)
    with open_store(there.uri, write=True) as store:
        store.commit(scan(2), *generation_facts(2))
        assert built == [1]
        monkeypatch.setattr(module, "switch", _out_of_memory)
        with pytest.raises(StoreError, match=r"nothing was written to .*dbms\.memory\.transaction\.total\.max"):
            store.commit(scan(3), *generation_facts(3))
    assert _hidden(there) == 0
    with open_store(there.uri) as reader:
        assert reader.generation == 2


@pytest.mark.xdist_group("neo4j")
@pytest.mark.parametrize("direct", [10**9, -1], ids=["direct", "staged"])
def test_a_first_commit_that_fails_leaves_an_empty_store(there: Server, monkeypatch: pytest.MonkeyPatch, direct: int) -> None:
    there.wipe()
    with monkeypatch.context() as patch:
        patch.setattr(module, "DIRECT", direct)
        patch.setattr(module, "write_difference", _refused)
        patch.setattr(module, "switch", _refused)
        with open_store(there.uri, write=True) as store, pytest.raises(StoreError, match="nothing was written"):
            store.commit(scan(1), *generation_facts(1))
    with pytest.raises(StoreError, match="there is no store at"):
        open_store(there.uri)
    with open_store(there.uri, write=True) as store:
        assert store.commit(scan(1), *generation_facts(1)).generation == 1
    assert _hidden(there) == 0


def _refused(*given: Any) -> None:
    raise Neo4jError._hydrate_neo4j(code="Neo.ClientError.Schema.ConstraintValidationFailed", message="no")


def _out_of_memory(*given: Any) -> None:
    raise Neo4jError._hydrate_neo4j(
        code="Neo.ClientError.General.MemoryPoolOutOfMemoryError", message="The allocation of an extra 2 MiB would use more than the limit"
    )
