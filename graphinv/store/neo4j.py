"""The store in a Neo4j server, over Bolt.

A commit is one transaction: readers see whole generations only, and a process, connection or server that dies leaves the last one. The
next generation is worked out in this process (:mod:`graphinv.store.merge`); what differs is written in batches of rows, as parameters. Who
writes holds an open transaction with a lock and its name, which the server gives back when the connection is gone.
"""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self, cast
from urllib.parse import urlsplit

import neo4j
from neo4j.exceptions import AuthError, ClientError, DriverError, Neo4jError, ServiceUnavailable, SessionExpired

from graphinv.model.errors import GraphinvError, QueryError, QueryLimit, ReadOnly, StoreError, StoreLocked, UsageError
from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Props
from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS
from graphinv.model.results import Analysis
from graphinv.store import Committed, Rows, Scan
from graphinv.store.dialect import checked, shortened
from graphinv.store.layout import (
    SCORES,
    entry_of,
    finding_row,
    grouped,
    packed,
    reach_row,
    row,
    scan_of,
    scan_row,
    score_row,
    unpacked,
    with_first_seen,
)
from graphinv.store.merge import EdgeId, Entry, Generation, State, advance
from graphinv.store.neo4j_rows import rows

SCHEMA = 1
META = "_Store"
SCHEMES = ("bolt", "bolt+s", "bolt+ssc", "neo4j", "neo4j+s", "neo4j+ssc")
BATCH = 10_000
_WRITER = "writer"


class Neo4jStore:
    """The store in the database behind ``url``; :class:`graphinv.store.Store` says what its methods do.

    User and password come from NEO4J_USER and NEO4J_PASSWORD (or the file that NEO4J_PASSWORD_FILE names), the database from
    NEO4J_DATABASE, a user to act as from NEO4J_IMPERSONATED_USER.

    Raises:
        UsageError: the address holds a password.
        StoreError: the server cannot be reached, refuses the password, or holds a store of a newer version; or there is none in it and
            ``write`` is not set.
        StoreLocked: ``write`` and another process is writing.
    """

    def __init__(self, url: str, *, write: bool = False) -> None:
        parts = urlsplit(url)
        if parts.username is not None or parts.password is not None:
            raise UsageError("a store's address holds no user or password; set NEO4J_USER and NEO4J_PASSWORD")
        self._url = url
        self._state: State | None = None
        self._session: dict[str, Any] = {
            "database": os.environ.get("NEO4J_DATABASE") or None,
            "impersonated_user": os.environ.get("NEO4J_IMPERSONATED_USER") or None,
        }
        self._driver = neo4j.GraphDatabase.driver(url, auth=_auth(), user_agent="graphinv", notifications_min_severity="OFF")
        self._writer: neo4j.Transaction | None = None
        self._writing: neo4j.Session | None = None
        self._closed = False
        try:
            meta = self._meta()
            if not meta and not write:
                raise StoreError(f"there is no store at {url}; run `graphinv scan PATH` first")
            if meta and int(meta["schema"]) > SCHEMA:
                raise StoreError(
                    f"{url} was written by a newer graphinv (schema {meta['schema']}, this one reads {SCHEMA}); upgrade graphinv"
                )
            self._generation = int(meta.get("generation", 0))
            self._analysis: str | None = meta.get("analysis")
            if write:
                self._lock()
                self._declare()
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        return self._url

    @property
    def generation(self) -> int:
        return self._generation

    @property
    def aside(self) -> Path | None:
        return None

    # Reading

    def estate(self) -> Estate:
        return self._contents().estate()

    def scans(self) -> Sequence[Scan]:
        return tuple(self._contents().scans.values())

    def query(self, cypher: str, params: Mapping[str, Any] | None = None, *, timeout: float = 30.0, max_rows: int = 100_000) -> Rows:
        text = checked(cypher)
        self._check_open()
        try:
            with (
                self._driver.session(default_access_mode=neo4j.READ_ACCESS, fetch_size=min(max_rows + 1, 1000), **self._session) as session,
                session.begin_transaction(timeout=max(timeout, 0.001)) as transaction,
            ):
                result = transaction.run(cast("Any", text), dict(params or {}))
                columns = result.keys()
                found = list(islice(result, max_rows + 1))
        except Neo4jError as error:
            raise _query_error(error, cypher, timeout) from None
        except (ServiceUnavailable, SessionExpired, DriverError) as error:
            raise self._trouble(error) from None
        except (TypeError, ValueError, OverflowError) as error:
            raise QueryError(f"a parameter of the query cannot be used ({type(error).__name__}): {shortened(cypher)}") from None
        if not columns:
            raise QueryError(f"the query answers no rows: {shortened(cypher)}")
        if len(found) > max_rows:
            raise QueryLimit(f"the query has more than {max_rows:,} rows; add a LIMIT: {shortened(cypher)}")
        return rows(columns, (record.values() for record in found))

    def analysis(self) -> Analysis | None:
        return unpacked(self._analysis, self._url)

    # Writing

    def commit(self, scan: Scan, nodes: Iterable[NodeFact], edges: Iterable[EdgeFact]) -> Committed:
        self._check_writable()
        before = self._contents()
        after, committed, _ = advance(before, scan, nodes, edges)
        new_nodes = {key: entry for key, entry in after.nodes.items() if before.nodes.get(key) is not entry}
        new_edges = {key: entry for key, entry in after.edges.items() if before.edges.get(key) is not entry}

        def write(transaction: neo4j.ManagedTransaction) -> None:
            for statement, given in _node_rows(new_nodes, before):
                _in_batches(transaction, statement, given)
            for statement, given in _edge_rows(new_edges, before):
                _in_batches(transaction, statement, given)
            self._write_meta(transaction, after, self._analysis)

        self._run(write)
        self._state, self._generation = after, after.generation
        return committed

    def put_analysis(self, analysis: Analysis) -> None:
        self._check_writable()
        if not self._generation:
            raise StoreError("there is nothing in the store that results could be about; commit a scan first")
        analysis = with_first_seen(analysis, self.analysis())
        text = packed(analysis)

        def write(transaction: neo4j.ManagedTransaction) -> None:
            _clear_analysis(transaction)
            _write_analysis(transaction, analysis)
            self._write_meta(transaction, self._contents(), text)

        self._run(write)
        self._analysis = text

    def _run(self, write: Callable[[neo4j.ManagedTransaction], None]) -> None:
        """``write`` in one transaction, again where the server says that it was only unlucky."""
        try:
            with self._driver.session(default_access_mode=neo4j.WRITE_ACCESS, **self._session) as session:
                session.execute_write(write)
        except (Neo4jError, DriverError, OSError) as error:
            raise self._trouble(error, "nothing was written to ") from None

    def _write_meta(self, transaction: neo4j.ManagedTransaction, state: State, analysis: str | None) -> None:
        assign = ", ".join(f"m.{name} = ${name}" for name in ("schema", "generation", "history", "analysis"))
        transaction.run(
            cast("Any", f"MERGE (m:{META} {{id: 'store'}}) SET {assign}"),
            schema=SCHEMA,
            generation=state.generation,
            history=json.dumps(state.history, separators=(",", ":")),
            analysis=analysis,
        ).consume()
        given = [scan_row(scan, state.complete_at.get(root), asdict) for root, scan in state.scans.items()]
        transaction.run("UNWIND $rows AS r MERGE (n:Scan {id: r.id}) SET n = r", rows=given).consume()

    # Opening and closing

    def _meta(self) -> dict[str, Any]:
        try:
            with self._driver.session(default_access_mode=neo4j.READ_ACCESS, **self._session) as session:
                record = session.run(f"MATCH (m:{META} {{id: 'store'}}) RETURN m").single()
        except (Neo4jError, DriverError, OSError) as error:
            raise self._trouble(error) from None
        return dict(record["m"]) if record else {}

    def _lock(self) -> None:
        """Take the writer's lock: an open transaction that says who it is."""
        name = {"graphinv": _WRITER, "process": f"{os.getpid()} on {socket.gethostname()}"}
        try:
            with self._driver.session(**self._session) as session:
                found = session.run(
                    "SHOW TRANSACTIONS YIELD metaData WHERE metaData.graphinv = $role RETURN metaData.process AS who", role=_WRITER
                )
                holder = next((record["who"] for record in found), None)
            if holder is not None:
                raise StoreLocked(f"{self._url} is being written by process {holder}; wait for it to end, or end it")
            self._writing = self._driver.session(default_access_mode=neo4j.WRITE_ACCESS, **self._session)
            self._writer = self._writing.begin_transaction(metadata=name)
            self._writer.run("MERGE (l:_Lock {id: 'writer'}) SET l.taken = true").consume()
        except (Neo4jError, DriverError, OSError) as error:
            raise self._trouble(error, "cannot write to ") from None

    def _declare(self) -> None:
        """Constraints and indexes of the vocabulary; those that are there stay."""
        statements = [
            f"CREATE CONSTRAINT graphinv_{kind.lower()}_id IF NOT EXISTS FOR (n:{kind}) REQUIRE n.id IS UNIQUE"
            for kind in (*NODE_KINDS, "Finding", "Scan", META)
        ]
        statements += [f"CREATE INDEX graphinv_{kind.lower()}_name IF NOT EXISTS FOR (n:{kind}) ON (n.name)" for kind in NODE_KINDS]
        statements += [f"CREATE INDEX graphinv_{kind.lower()}_key IF NOT EXISTS FOR ()-[r:{kind}]-() ON (r.key)" for kind in EDGE_KINDS]
        try:
            with self._driver.session(default_access_mode=neo4j.WRITE_ACCESS, **self._session) as session:
                for statement in statements:
                    session.run(cast("Any", statement)).consume()
                session.run("CALL db.awaitIndexes(60)").consume()
        except (Neo4jError, DriverError, OSError) as error:
            raise self._trouble(error, "cannot write to ") from None

    def _contents(self) -> State:
        self._check_open()
        if self._state is None:
            try:
                with self._driver.session(default_access_mode=neo4j.READ_ACCESS, fetch_size=5000, **self._session) as session:
                    self._state = session.execute_read(_read_state)
            except (Neo4jError, DriverError, OSError) as error:
                raise self._trouble(error) from None
            except (KeyError, TypeError, ValueError) as error:
                raise StoreError(f"{self._url} is damaged ({type(error).__name__})") from error
        return self._state

    def _trouble(self, error: Exception, doing: str = "") -> GraphinvError:
        """What went wrong between us and the server, without anything secret."""
        if isinstance(error, AuthError):
            return StoreError(f"{self._url} refuses this user and password (NEO4J_USER, NEO4J_PASSWORD)")
        if isinstance(error, ClientError) and "Security" in (error.code or ""):
            return StoreError(f"{doing or 'cannot use '}{self._url}: this user may not ({error.code})")
        if isinstance(error, Neo4jError):
            reason = str(error.message or error.code).splitlines()[0][:300]
            return StoreError(f"{doing or 'cannot read '}{self._url}: {reason}")
        return StoreError(
            f"{doing or 'cannot read '}{self._url}: the server cannot be reached ({type(error).__name__}); see `graphinv neo4j status`"
        )

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"the store {self._url} is closed")

    def _check_writable(self) -> None:
        self._check_open()
        if self._writer is None:
            raise StoreError(f"the store {self._url} was opened for reading only")

    def close(self) -> None:
        """Give the lock back. May be called again."""
        self._closed = True
        with contextlib.suppress(Neo4jError, DriverError, OSError):
            if self._writer is not None:
                self._writer.close()
        with contextlib.suppress(Neo4jError, DriverError, OSError):
            if self._writing is not None:
                self._writing.close()
        self._writer = self._writing = None
        self._driver.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _auth() -> tuple[str, str] | None:
    """User and password from the environment.

    Raises:
        StoreError: the file with the password cannot be read.
    """
    password = os.environ.get("NEO4J_PASSWORD")
    file = os.environ.get("NEO4J_PASSWORD_FILE")
    if password is None and file:
        try:
            password = Path(file).read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise StoreError(f"the password file {file} cannot be read ({type(error).__name__})") from None
    return (os.environ.get("NEO4J_USER") or "neo4j", password) if password is not None else None


def _query_error(error: Neo4jError, cypher: str, timeout: float) -> GraphinvError:
    code, reason = error.code or "", str(error.message or "").splitlines()[0][:300]
    if "AccessMode" in code or "Forbidden" in code or "writing in read access mode" in reason.lower():
        return ReadOnly(f"the query tries to write; only reading is allowed here: {shortened(cypher)}")
    if "TransactionTimedOut" in code or "Terminated" in code:
        return QueryLimit(f"the query ran longer than {timeout:g} s: {shortened(cypher)}")
    if "MemoryPool" in code or "OutOfMemory" in code:
        return QueryLimit(f"the query holds too much at once; narrow it down: {shortened(cypher)}")
    return QueryError(f"the query is wrong ({reason}): {shortened(cypher)}")


# --------------------------------------------------------------------------------------------------------------------------------
# Rows


def _in_batches(transaction: neo4j.ManagedTransaction, statement: str, given: Iterable[Mapping[str, Any]]) -> None:
    """Run ``statement``, which takes ``$rows`` and whose names are of the vocabulary."""
    remaining = iter(given)
    while batch := list(islice(remaining, BATCH)):
        transaction.run(cast("Any", statement), rows=batch).consume()


def _create_edges(kind: str, start: str, stop: str) -> str:
    return f"UNWIND $rows AS r MATCH (a:{start} {{id: r.a}}) MATCH (b:{stop} {{id: r.b}}) CREATE (a)-[e:{kind}]->(b) SET e = r.props"


def _node_rows(nodes: Mapping[NodeKey, Entry], before: State) -> Iterator[tuple[str, list[Props]]]:
    by_kind: dict[tuple[str, bool], list[Props]] = {}
    for key, entry in nodes.items():
        by_kind.setdefault((key[0], key in before.nodes), []).append({"id": key[1], "props": {"id": key[1], **row(key, entry)}})
    for (kind, known), given in sorted(by_kind.items()):
        if known:
            # What results say of it stays until the next analysis replaces it.
            kept = ", ".join(f".{name}" for name in SCORES)
            yield f"UNWIND $rows AS r MATCH (n:{kind} {{id: r.id}}) WITH n, r, n {{{kept}}} AS kept SET n = r.props SET n += kept", given
        else:
            yield f"UNWIND $rows AS r CREATE (n:{kind}) SET n = r.props", given


def _edge_rows(edges: Mapping[EdgeId, Entry], before: State) -> Iterator[tuple[str, list[Props]]]:
    by_ends: dict[tuple[str, str, str, bool], list[Props]] = {}
    for edge, entry in edges.items():
        kind, source, target, key = edge
        given = {"a": source[1], "b": target[1], "key": key, "props": {"key": key, **row(edge, entry)}}
        by_ends.setdefault((kind, source[0], target[0], edge in before.edges), []).append(given)
    for (kind, start, stop, known), some in sorted(by_ends.items()):
        if known:
            yield f"UNWIND $rows AS r MATCH (:{start} {{id: r.a}})-[e:{kind} {{key: r.key}}]->(:{stop} {{id: r.b}}) SET e = r.props", some
        else:
            yield (
                f"UNWIND $rows AS r MATCH (a:{start} {{id: r.a}}) MATCH (b:{stop} {{id: r.b}}) CREATE (a)-[e:{kind}]->(b) SET e = r.props",
                some,
            )


def _clear_analysis(transaction: neo4j.ManagedTransaction) -> None:
    transaction.run("MATCH (f:Finding) DETACH DELETE f").consume()
    transaction.run("MATCH ()-[r:CAN_REACH]->() DELETE r").consume()
    for kind in NODE_KINDS:
        names = ", ".join(f"n.{name}" for name in SCORES)
        transaction.run(cast("Any", f"MATCH (n:{kind}) WHERE n.risk IS NOT NULL REMOVE {names}")).consume()


def _write_analysis(transaction: neo4j.ManagedTransaction, analysis: Analysis) -> None:
    """Write results beside the facts they are about; what is about a node that is not there is left out."""
    assign = ", ".join(f"n.{name} = r.{name}" for name in SCORES)
    for kind, scores in grouped(analysis.scores, lambda score: (score.subject[0],)).items():
        _in_batches(transaction, f"UNWIND $rows AS r MATCH (n:{kind[0]} {{id: r.id}}) SET {assign}", map(score_row, scores))
    for (start, stop), pairs in grouped(analysis.reach, lambda pair: (pair.subject[0], pair.target[0])).items():
        statement = (
            f"UNWIND $rows AS r MATCH (a:{start} {{id: r.a}}) MATCH (b:{stop} {{id: r.b}}) CREATE (a)-[e:CAN_REACH]->(b) SET e = r.props"
        )
        _in_batches(transaction, statement, map(reach_row, pairs))
    _in_batches(transaction, "UNWIND $rows AS r CREATE (f:Finding) SET f = r", map(finding_row, analysis.findings))
    for kind, about in grouped(analysis.findings, lambda finding: (finding.subject[0],)).items():
        statement = f"UNWIND $rows AS r MATCH (f:Finding {{id: r.f}}) MATCH (n:{kind[0]} {{id: r.id}}) CREATE (f)-[:ABOUT]->(n)"
        _in_batches(transaction, statement, ({"f": finding.key, "id": finding.subject[1]} for finding in about))


def _read_state(transaction: neo4j.ManagedTransaction) -> State:
    """The state of one moment. O(nodes + edges)."""
    nodes: dict[NodeKey, Entry] = {}
    edges: dict[EdgeId, Entry] = {}
    scored = frozenset(SCORES)
    for kind in NODE_KINDS:
        for record in transaction.run(cast("Any", f"MATCH (n:{kind}) RETURN properties(n) AS props")):
            props = {name: value for name, value in record["props"].items() if name not in scored}
            id = props.pop("id")
            nodes[kind, id] = entry_of(props, id)
    for kind in EDGE_KINDS:
        statement = f"MATCH (a)-[r:{kind}]->(b) RETURN labels(a)[0], a.id, labels(b)[0], b.id, properties(r)"
        for start, a, stop, b, stated in transaction.run(cast("Any", statement)):
            props = dict(stated)
            edges[kind, (start, a), (stop, b), props.pop("key")] = entry_of(props, None)
    loaded = [json.loads(record["data"]) for record in transaction.run("MATCH (n:Scan) RETURN n.data AS data ORDER BY n.id")]
    meta = transaction.run(f"MATCH (m:{META} {{id: 'store'}}) RETURN m").single()
    return State(
        nodes=nodes,
        edges=edges,
        scans={item["scan"]["root"]: scan_of(item["scan"]) for item in loaded},
        complete_at={item["scan"]["root"]: item["complete_at"] for item in loaded if item["complete_at"] is not None},
        generation=int(meta["m"]["generation"]) if meta else 0,
        history=tuple(Generation(*line) for line in json.loads(meta["m"]["history"])) if meta else (),
    )
