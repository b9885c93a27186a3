"""The store in a Neo4j server, over Bolt.

A commit is one transaction, so that a process, connection or server that dies leaves the last one. The next generation is worked out in
this process (:mod:`graphinv.store.merge`); what differs is written in batches of rows, as parameters.

Two things a server does not do by itself. Who writes holds an open transaction that bears its name, which the server gives back when the
connection is gone. And Neo4j lets a reader see a commit while it is being applied, so the writer marks the store just before (``applying``)
and the commit takes the mark away: an answer counts only where no mark was seen, and the same ``revision`` before and after.
"""

from __future__ import annotations

import contextlib
import json
import os
import queue
import secrets
import socket
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast
from urllib.parse import urlsplit

import neo4j
from neo4j.exceptions import AuthError, ClientError, DriverError, IncompleteCommit, Neo4jError, ServiceUnavailable, SessionExpired

from graphinv.model.errors import GraphinvError, QueryError, QueryLimit, ReadOnly, StoreError, StoreLocked, UsageError
from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.model.results import Analysis
from graphinv.model.schema import neo4j_ddl
from graphinv.store import Committed, Rows, Scan
from graphinv.store.dialect import checked, shortened
from graphinv.store.layout import packed, unpacked, with_first_seen
from graphinv.store.merge import State, advance
from graphinv.store.neo4j_contents import META, clear_analysis, read_state, write_analysis, write_difference, write_scans
from graphinv.store.neo4j_rows import rows

SCHEMA = 1
_WRITER = "writer"
_WAIT = 0.02
"""Seconds until a reader asks again that met a commit."""
_PATIENCE = 60.0
"""Seconds that it asks again at most, where no limit of its own says so."""

_GRACE = 3.0
"""Seconds that the server has to stop a query by itself once its time is over."""

T = TypeVar("T")


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
        self._revision = self._generation = 0
        self._analysis: str | None = None
        try:
            meta = self._read(_meta)
            if not meta.get("generation") and not write:
                raise StoreError(f"there is no store at {url}; run `graphinv scan PATH` first")
            if meta and int(meta["schema"]) > SCHEMA:
                raise StoreError(
                    f"{url} was written by a newer graphinv (schema {meta['schema']}, this one reads {SCHEMA}); upgrade graphinv"
                )
            if write:
                self._lock()
                self._clear_mark()
                self._declare()
                meta = self._read(_meta)
            self._hold(meta)
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        return self._url

    @property
    def generation(self) -> int:
        self._check_open()
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
        given = dict(params or {})

        def ask(transaction: neo4j.Transaction) -> tuple[tuple[str, ...], list[neo4j.Record]]:
            result = transaction.run(cast("Any", text), given)
            return result.keys(), list(islice(result, max_rows + 1))

        try:
            columns, found = _within(timeout + _GRACE, lambda: self._reading(ask, timeout=timeout, fetch_size=min(max_rows + 1, 1000)))
        except TimeoutError:
            raise QueryLimit(f"the query ran longer than {timeout:g} s: {shortened(cypher)}") from None
        except Neo4jError as error:
            raise _query_error(error, cypher, timeout) from None
        except (TypeError, ValueError, OverflowError) as error:
            raise QueryError(f"a parameter of the query cannot be used ({type(error).__name__}): {shortened(cypher)}") from None
        if not columns:
            raise QueryError(f"the query answers no rows: {shortened(cypher)}")
        if len(found) > max_rows:
            raise QueryLimit(f"the query has more than {max_rows:,} rows; add a LIMIT: {shortened(cypher)}")
        return rows(columns, (record.values() for record in found))

    def analysis(self) -> Analysis | None:
        self._check_open()
        return unpacked(self._analysis, self._url)

    def _reading(self, work: Callable[[neo4j.Transaction], T], *, timeout: float | None = None, fetch_size: int = 5000) -> T:
        """What ``work`` reads of one generation: it is done again where a commit came between. Its own Neo4jError comes through.

        Raises:
            QueryLimit: commits followed one another for longer than ``timeout``.
            StoreError: the server cannot be reached.
        """
        end = time.monotonic() + (timeout or _PATIENCE)
        try:
            with self._driver.session(default_access_mode=neo4j.READ_ACCESS, fetch_size=fetch_size, **self._session) as session:
                while True:
                    with session.begin_transaction(timeout=None if timeout is None else max(end - time.monotonic(), 0.001)) as transaction:
                        before = _stamp(transaction)
                        found = work(transaction)
                        after = _stamp(transaction)
                    if before == after and (before[1] is None or not self._writers()):
                        return found
                    if time.monotonic() > end:
                        raise QueryLimit(f"{self._url} is being written all the time; ask again later")
                    time.sleep(_WAIT)
        except AuthError as error:
            raise self._trouble(error) from None
        except (ServiceUnavailable, SessionExpired, DriverError, OSError) as error:
            raise self._trouble(error) from None

    def _read(self, work: Callable[[neo4j.Transaction], T]) -> T:
        """The same of what is no user's query: whatever goes wrong is a StoreError."""
        try:
            return self._reading(work)
        except Neo4jError as error:
            raise self._trouble(error) from None

    # Writing

    def commit(self, scan: Scan, nodes: Iterable[NodeFact], edges: Iterable[EdgeFact]) -> Committed:
        self._check_writable()
        after, committed, _ = advance(self._contents(), scan, nodes, edges)
        self._publish(after, self._analysis)
        return committed

    def put_analysis(self, analysis: Analysis) -> None:
        self._check_writable()
        if not self._generation:
            raise StoreError("there is nothing in the store that results could be about; commit a scan first")
        analysis = with_first_seen(analysis, self.analysis())
        self._publish(self._contents(), packed(analysis), analysis)

    def state(self) -> State:
        return self._contents()

    def replace(self, state: State, analysis: Analysis | None) -> None:
        self._check_writable()
        text = packed(analysis) if analysis else None
        self._contents()
        self._publish(state, text, analysis if text != self._analysis else None)

    def _publish(self, after: State, text: str | None, results: Analysis | None = None) -> None:
        """Make ``after`` the store's contents and ``text`` its results, written anew where ``results`` are given: one transaction."""
        before, mark = self._contents(), secrets.token_hex(8)

        def write(transaction: neo4j.ManagedTransaction) -> None:
            write_difference(transaction, before, after)
            if results is not None or (text is None and self._analysis is not None):
                clear_analysis(transaction)
            if results is not None:
                write_analysis(transaction, results)
            write_scans(transaction, after)
            self._mark(mark)
            done = transaction.run(
                cast(
                    "Any",
                    f"MATCH (m:{META} {{id: 'store'}}) WHERE m.applying = $mark AND m.revision = $before "
                    "SET m.applying = null, m.revision = $before + 1, m.schema = $schema, m.generation = $generation, "
                    "m.history = $history, m.analysis = $analysis "
                    "RETURN m.revision AS revision",
                ),
                mark=mark,
                before=self._revision,
                schema=SCHEMA,
                generation=after.generation,
                history=json.dumps(after.history, separators=(",", ":")),
                analysis=text,
            ).single()
            if done is None:
                raise StoreLocked(f"another process wrote to {self._url}; nothing was written, run the same command again")

        try:
            with self._driver.session(default_access_mode=neo4j.WRITE_ACCESS, **self._session) as session:
                session.execute_write(write)
        except (Neo4jError, DriverError, OSError) as error:
            with contextlib.suppress(Neo4jError, DriverError, OSError), self._driver.session(**self._session) as session:
                session.run(
                    cast("Any", f"MATCH (m:{META} {{id: 'store'}}) WHERE m.applying = $mark REMOVE m.applying"), mark=mark
                ).consume()
            raise self._trouble(error, "nothing was written to ") from None
        self._state, self._generation, self._analysis = after, after.generation, text
        self._revision += 1

    def _mark(self, mark: str) -> None:
        """Say that a commit is about to be applied; only where nobody else has written meanwhile."""
        statement = (
            f"MERGE (m:{META} {{id: 'store'}}) ON CREATE SET m.revision = 0, m.generation = 0, m.schema = $schema "
            "WITH m WHERE m.revision = $before SET m.applying = $mark RETURN m.id AS id"
        )
        with self._driver.session(default_access_mode=neo4j.WRITE_ACCESS, **self._session) as session:
            found = session.run(cast("Any", statement), schema=SCHEMA, before=self._revision, mark=mark).single()
        if found is None:
            raise StoreLocked(f"another process wrote to {self._url}; nothing was written, run the same command again")

    # Opening and closing

    def _hold(self, meta: Mapping[str, Any]) -> None:
        """Remember which generation is read."""
        self._generation, self._revision = int(meta.get("generation", 0)), int(meta.get("revision", 0))
        self._analysis = meta.get("analysis")

    def _writers(self) -> list[str]:
        """Who writes, the first first."""
        with self._driver.session(**self._session) as session:
            found = session.run(
                "SHOW TRANSACTIONS YIELD transactionId, startTime, metaData, database, status "
                "WHERE metaData.graphinv = $role AND NOT status STARTS WITH 'Terminated' AND ($database IS NULL OR database = $database) "
                "RETURN metaData.process AS who ORDER BY startTime, transactionId",
                role=_WRITER,
                database=self._session["database"],
            )
            return [str(record["who"]) for record in found]

    def _lock(self) -> None:
        """Take the writer's lock: an open transaction that says who it is. Of two, the first has it."""
        name = f"{os.getpid()} on {socket.gethostname()} ({secrets.token_hex(4)})"
        try:
            self._writing = self._driver.session(default_access_mode=neo4j.WRITE_ACCESS, **self._session)
            self._writer = self._writing.begin_transaction(metadata={"graphinv": _WRITER, "process": name})
            self._writer.run("RETURN 1").consume()
            first = next(iter(self._writers()), name)
        except (Neo4jError, DriverError, OSError) as error:
            raise self._trouble(error, "cannot write to ") from None
        if first != name:
            holder = first.rpartition(" (")[0]
            raise StoreLocked(f"{self._url} is being written by process {holder}; wait for it to end, or end it")

    def _clear_mark(self) -> None:
        """Take away the mark of a writer that died as it committed: whoever has the lock is the only one that may set it."""
        try:
            with self._driver.session(default_access_mode=neo4j.WRITE_ACCESS, **self._session) as session:
                session.run(cast("Any", f"MATCH (m:{META}) WHERE m.applying IS NOT NULL REMOVE m.applying")).consume()
        except (Neo4jError, DriverError, OSError) as error:
            raise self._trouble(error, "cannot write to ") from None

    def _declare(self) -> None:
        """Constraints and indexes of the vocabulary; those that are there stay."""
        own = (
            f"CREATE CONSTRAINT {label.strip('_').lower()}_id IF NOT EXISTS FOR (n:{label}) REQUIRE n.id IS UNIQUE"
            for label in ("Finding", "Scan", META)
        )
        wanted = {statement.split()[2]: statement for statement in (*neo4j_ddl(), *own)}
        try:
            with self._driver.session(default_access_mode=neo4j.WRITE_ACCESS, **self._session) as session:
                there = {record["name"] for record in session.run("SHOW INDEXES YIELD name")}
                for name in wanted.keys() - there:
                    session.run(cast("Any", wanted[name])).consume()
                if wanted.keys() - there:
                    session.run("CALL db.awaitIndexes(60)").consume()
        except (Neo4jError, DriverError, OSError) as error:
            raise self._trouble(error, "cannot write to ") from None

    def _contents(self) -> State:
        self._check_open()
        if self._state is None:
            try:
                self._state, meta = self._read(lambda transaction: (read_state(transaction), _meta(transaction)))
            except (KeyError, TypeError, ValueError) as error:
                raise StoreError(f"{self._url} is damaged ({type(error).__name__})") from error
            self._hold(meta)
        return self._state

    def _trouble(self, error: Exception, doing: str = "") -> GraphinvError:
        """What went wrong between us and the server, without anything secret."""
        if isinstance(error, IncompleteCommit):
            return StoreError(f"the connection to {self._url} broke as it committed; run the same command again, which completes it")
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


def _within(seconds: float, work: Callable[[], T]) -> T:
    """What ``work`` gives, or TimeoutError: a server that plans, or evaluates one expression, knows no time limit; it is left to itself."""
    done: queue.SimpleQueue[tuple[bool, Any]] = queue.SimpleQueue()

    def run() -> None:
        try:
            done.put((True, work()))
        except BaseException as error:  # goes to whoever waits
            done.put((False, error))

    threading.Thread(target=run, daemon=True).start()
    try:
        fine, found = done.get(timeout=seconds)
    except queue.Empty:
        raise TimeoutError from None
    if not fine:
        raise found
    return cast("T", found)


def _query_error(error: Neo4jError, cypher: str, timeout: float) -> GraphinvError:
    code, reason = error.code or "", str(error.message or "").splitlines()[0][:300]
    if "AccessMode" in code or "Forbidden" in code or "writing in read access mode" in reason.lower():
        return ReadOnly(f"the query tries to write; only reading is allowed here: {shortened(cypher)}")
    if "TransactionTimedOut" in code or "Terminated" in code:
        return QueryLimit(f"the query ran longer than {timeout:g} s: {shortened(cypher)}")
    if "MemoryPool" in code or "OutOfMemory" in code:
        return QueryLimit(f"the query holds too much at once; narrow it down: {shortened(cypher)}")
    return QueryError(f"the query is wrong ({reason}): {shortened(cypher)}")


def _meta(transaction: neo4j.Transaction) -> dict[str, Any]:
    """The store's own record; empty where there is none yet."""
    record = transaction.run(cast("Any", f"MATCH (m:{META} {{id: 'store'}}) RETURN m")).single()
    return dict(record["m"]) if record else {}


def _stamp(transaction: neo4j.Transaction) -> tuple[int | None, str | None]:
    """Number of the last commit, and the mark of one that is being applied."""
    record = transaction.run(cast("Any", f"MATCH (m:{META} {{id: 'store'}}) RETURN m.revision, m.applying")).single()
    return (record[0], record[1]) if record else (None, None)
