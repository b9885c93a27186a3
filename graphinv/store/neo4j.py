"""The store in a Neo4j server, over Bolt.

The next generation is worked out in this process (:mod:`graphinv.store.merge`); what differs is written in batches of rows, as parameters.
One transaction makes it visible, so that a process, connection or server that dies leaves the last one. What is too much for a transaction
is built beside what is there, and that transaction only moves labels (:mod:`graphinv.store.neo4j_bulk`).

Two things a server does not do by itself. Who writes holds an open transaction that bears its name, which the server gives back when the
connection is gone. And Neo4j lets a reader see a commit while it is being applied, so the writer marks the store just before (``applying``)
and the commit takes the mark away: an answer counts only where no mark was seen, and the same ``revision`` before and after. What is being
built beside bears a mark too (``staged``): then an answer counts only where the query names the labels of what it matches.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import socket
import time
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from itertools import islice
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar, cast

import neo4j
from neo4j.exceptions import AuthError, DriverError, Neo4jError, ServiceUnavailable, SessionExpired

from graphinv.model.errors import GraphinvError, QueryError, QueryLimit, StoreError, StoreLocked
from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.model.results import Analysis
from graphinv.store import Committed, Rows, Scan
from graphinv.store.columns import estate_of
from graphinv.store.dialect import checked, shortened
from graphinv.store.layout import SCHEMA, check_schema, speaks_of, undated, with_first_seen
from graphinv.store.merge import State, advance
from graphinv.store.neo4j_bulk import stage, sweep, switch
from graphinv.store.neo4j_client import connected, within
from graphinv.store.neo4j_contents import (
    META,
    Difference,
    clear_analysis,
    declare,
    difference,
    read_living,
    read_meta,
    read_stamp,
    read_state,
    write_analysis,
    write_difference,
    write_scans,
)
from graphinv.store.neo4j_errors import lacks_memory, query_error, trouble
from graphinv.store.neo4j_labels import names_labels
from graphinv.store.neo4j_query import adapted
from graphinv.store.neo4j_rows import rows
from graphinv.store.packing import packed, unpacked

_WRITER = "writer"
"""Role of the transaction that is the writer's lock."""
_PART = "part"
"""Role of those that write."""
DIRECT = 200_000
"""Changed rows up to which a commit is written where it is seen, in one transaction; each takes about 4 kB of the server's memory."""
_WAIT = 0.02
"""Seconds until a reader asks again that met a commit."""
_PATIENCE = 60.0
"""Seconds that it asks again at most, where no limit of its own says so."""

_RETRY = 30.0
"""Seconds for which a transaction is tried again that the server, or the way to it, failed."""
_LABELS = ", or name a label in each pattern of the query"

_VANISHED = "Neo.ClientError.Statement.EntityNotFound"
"""What the server says to who reads what a commit that is being applied deletes."""

_GRACE = 3.0
"""Seconds that the server has to stop a query by itself once its time is over."""

T = TypeVar("T")


class Neo4jStore:
    """The store in the database behind ``url``; :class:`graphinv.store.Store` says what its methods do.

    User and password come from NEO4J_USER and NEO4J_PASSWORD (or the file that NEO4J_PASSWORD_FILE names), the database from
    NEO4J_DATABASE, a user to act as from NEO4J_IMPERSONATED_USER. With ``older`` it may be in the form of an older version.

    Raises:
        UsageError: the address holds a password, or is none.
        StoreError: the server cannot be reached, refuses the password, or holds a store of another version; or there is none in it and
            ``write`` is not set.
        StoreLocked: ``write`` and another process is writing.
    """

    def __init__(self, url: str, *, write: bool = False, older: bool = False) -> None:
        self._url = url
        self._state: State | None = None
        self._seen: tuple[Estate, Sequence[Scan]] | None = None
        self._session: dict[str, Any] = {
            "database": os.environ.get("NEO4J_DATABASE") or None,
            "impersonated_user": os.environ.get("NEO4J_IMPERSONATED_USER") or None,
        }
        self._driver = connected(url, retry=_RETRY)
        self._writer: neo4j.Transaction | None = None
        self._writing: neo4j.Session | None = None
        self._closed = False
        self._revision = self._generation = 0
        self._analysis: str | None = None
        try:
            meta = self._read(read_meta)
            if not meta.get("generation") and not write:
                raise StoreError(f"there is no store at {url}; run `graphinv scan PATH` first")
            if meta:
                check_schema(int(meta["schema"]), SCHEMA, url, older=older)
            if write:
                self._lock()
                self._recover()
                self._declare()
                meta = self._read(read_meta)
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
    def stamp(self) -> Hashable:
        return self._generation, self._revision, self._analysis

    @property
    def aside(self) -> Path | None:
        return None

    # Reading

    def estate(self) -> Estate:
        return self._contents().estate() if self._has_state() else self._living()[0]

    def scans(self) -> Sequence[Scan]:
        return tuple(self._contents().scans.values()) if self._has_state() else self._living()[1]

    def query(self, cypher: str, params: Mapping[str, Any] | None = None, *, timeout: float = 30.0, max_rows: int = 100_000) -> Rows:
        text = checked(cypher, params)
        self._check_open()
        given = dict(params or {})

        def ask(transaction: neo4j.Transaction) -> tuple[tuple[str, ...], list[neo4j.Record]]:
            result = transaction.run(cast("Any", adapted(text)), given)
            return result.keys(), list(islice(result, max_rows + 1))

        try:
            sees = not names_labels(text)
            columns, found = within(
                timeout + _GRACE, lambda: self._reading(ask, timeout=timeout, fetch_size=min(max_rows + 1, 1000), sees_staged=sees)
            )
        except TimeoutError:
            raise QueryLimit(f"the query ran longer than {timeout:g} s: {shortened(cypher)}") from None
        except Neo4jError as error:
            raise query_error(error, cypher, timeout) from None
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

    def _reading(
        self, work: Callable[[neo4j.Transaction], T], *, timeout: float | None = None, fetch_size: int = 5000, sees_staged: bool = False
    ) -> T:
        """What ``work`` reads of one generation: it is done again where a commit came between, or where it ``sees_staged`` nodes and there
        are such. Its own Neo4jError comes through.

        Raises:
            QueryLimit: commits followed one another for longer than ``timeout``.
            StoreError: the server cannot be reached, or what an interrupted commit left cannot be taken away.
        """
        end = time.monotonic() + (timeout or _PATIENCE)
        dead: str | None = None
        written = ""
        try:
            with self._driver.session(default_access_mode=neo4j.READ_ACCESS, fetch_size=fetch_size, **self._session) as session:
                while True:
                    left = end - time.monotonic()
                    try:
                        with session.begin_transaction(timeout=None if timeout is None else max(left, 0.001)) as transaction:
                            before = read_stamp(transaction)
                            found = work(transaction)
                            after = read_stamp(transaction)
                    except (Neo4jError, TimeoutError) as error:
                        if isinstance(error, Neo4jError) and error.code == _VANISHED and time.monotonic() < end:
                            time.sleep(_WAIT)
                            continue
                        if written and time.monotonic() > end - 0.5:  # the time went with waiting, not with this query
                            raise QueryLimit(written) from None
                        raise
                    _, applying, staged = after
                    mixed = staged is not None and sees_staged
                    if before == after and not mixed and applying in (None, dead):
                        return found
                    written = f"{self._url} is being written; ask again later{_LABELS if mixed else ''}"
                    if time.monotonic() > end:
                        raise QueryLimit(written)
                    if (applying or mixed) and not self._running(_WRITER, _PART):
                        self._await_commit()
                        dead = applying  # the mark of a writer that is no more: from here on nothing changes under it
                        if mixed:
                            self._clean_up()
                    time.sleep(_WAIT)
        except AuthError as error:
            raise self._trouble(error) from None
        except (ServiceUnavailable, SessionExpired, DriverError, OSError) as error:
            raise self._trouble(error) from None

    def _await_commit(self) -> None:
        """Wait until the server has applied what a writer had sent before it died: until then the store's record is locked. It may not be
        seen among the transactions any more. Who may not write cannot ask for the lock.
        """
        with contextlib.suppress(Neo4jError):
            self._alone(f"MATCH (m:{META} {{id: 'store'}}) SET m.schema = m.schema")

    def _clean_up(self) -> None:
        """Take away what an interrupted commit left, as the next writer would."""
        try:
            Neo4jStore(self._url, write=True).close()
        except StoreLocked:
            return  # there is a writer, who does so
        except StoreError as error:
            raise StoreError(f"an interrupted commit left nodes in {self._url} that this query would see{_LABELS} ({error})") from None

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

    def rest(self) -> None:
        """Its contents are the server's."""

    def put_analysis(self, analysis: Analysis) -> None:
        self._check_writable()
        if not self._generation:
            raise StoreError("there is nothing in the store that results could be about; commit a scan first")
        if undated(analysis):
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
        """Make ``after`` the store's contents and ``text`` its results, written anew where ``results`` are given."""
        change, mark = difference(self._contents(), after), secrets.token_hex(8)
        if results is None and (new := change.nodes.keys() - change.before.nodes.keys()):
            kept = unpacked(text, self._url)
            results = kept if kept and speaks_of(kept, new) else None
        size = len(change) + (len(results.scores) + len(results.reach) + len(results.findings) if results else 0)
        try:
            with self._driver.session(default_access_mode=neo4j.WRITE_ACCESS, **self._session) as session:
                if size > DIRECT or not self._direct(session, mark, change, after, text, results):
                    text = self._staged(session, mark, after, text, results)
        except BaseException as error:
            self._unmark(mark)
            if isinstance(error, Neo4jError):
                with contextlib.suppress(StoreError):
                    self._sweep()
            if isinstance(error, (Neo4jError, DriverError, OSError)):
                raise self._trouble(error, "nothing was written to ") from None
            raise
        self._state, self._generation, self._analysis = after, after.generation, text
        self._revision += 1

    def _direct(
        self, session: neo4j.Session, mark: str, change: Difference, after: State, text: str | None, results: Analysis | None
    ) -> bool:
        """Write ``change`` in one transaction; False where the server has not the memory for it, and nothing was written."""

        @neo4j.unit_of_work(metadata=_tag(_PART))
        def write(transaction: neo4j.ManagedTransaction) -> None:
            try:
                write_difference(transaction, change)
                if results is not None or (text is None and self._analysis is not None):
                    clear_analysis(transaction)
                if results is not None:
                    write_analysis(transaction, results)
            except Neo4jError as error:
                raise (_TooMuch() if lacks_memory(error) else error) from None  # the driver would try again
            self._finish(transaction, mark, None, after, text)

        try:
            session.execute_write(write)
        except _TooMuch:
            return False
        except Neo4jError as error:  # as it committed, which takes memory too
            if not lacks_memory(error):
                raise
            self._unmark(mark)
            return False
        return True

    def _staged(self, session: neo4j.Session, mark: str, after: State, text: str | None, results: Analysis | None) -> str | None:
        """Build ``after`` beside what is there, and switch. Returns the text of the results that it then has."""
        if results is None and text is not None:
            try:
                results = unpacked(text, self._url)
            except StoreError:
                text = None  # nobody can read them

        def write(work: Callable[[neo4j.ManagedTransaction], T]) -> T:
            @neo4j.unit_of_work(metadata=_tag(_PART))
            def guarded(transaction: neo4j.ManagedTransaction) -> T:
                self._guard(transaction, None, mark)
                return work(transaction)

            return session.execute_write(guarded)

        @neo4j.unit_of_work(metadata=_tag(_PART))
        def exchange(transaction: neo4j.ManagedTransaction) -> None:
            switch(transaction)
            self._finish(transaction, mark, mark, after, text)

        self._sweep()
        self._mark(mark, "staged")
        stage(write, after, results)
        session.execute_write(exchange)
        with contextlib.suppress(StoreError):  # it is done; what cannot be taken away now, the next command does
            self._sweep()
        return text

    def _finish(self, transaction: neo4j.ManagedTransaction, mark: str, staged: str | None, after: State, text: str | None) -> None:
        """The last statements of the transaction that makes ``after`` visible."""
        write_scans(transaction, after)
        self._mark(mark, "applying")
        self._guard(transaction, mark, staged)
        transaction.run(
            cast(
                "Any",
                f"MATCH (m:{META} {{id: 'store'}}) SET m.applying = null, m.revision = $revision, m.schema = $schema, "
                "m.generation = $generation, m.history = $history, m.analysis = $analysis",
            ),
            revision=self._revision + 1,
            schema=SCHEMA,
            generation=after.generation,
            history=json.dumps(after.history, separators=(",", ":")),
            analysis=text,
        ).consume()

    def _guard(self, transaction: neo4j.ManagedTransaction, applying: str | None, staged: str | None) -> None:
        """See that nobody else has written, with the store's record locked, so that nobody does before this transaction ends."""
        statement = f"MATCH (m:{META} {{id: 'store'}}) SET m.schema = m.schema WITH m RETURN m.revision, m.applying, m.staged"
        found = transaction.run(cast("Any", statement)).single()
        if found is None or tuple(found.values()) != (self._revision, applying, staged):
            raise self._overtaken()

    def _mark(self, mark: str, name: str) -> None:
        """Say that a commit is about to be applied, or that nodes are staged; only where nobody else has written meanwhile."""
        statement = (
            f"MERGE (m:{META} {{id: 'store'}}) ON CREATE SET m.revision = 0, m.generation = 0, m.schema = $schema "
            f"WITH m WHERE m.revision = $before SET m.{name} = $mark RETURN m.id AS id"
        )
        if not self._alone(statement, schema=SCHEMA, before=self._revision, mark=mark):
            raise self._overtaken()

    def _unmark(self, mark: str) -> None:
        """Take the mark of a commit away that came to nothing; what cannot be done now, the next command does."""
        with contextlib.suppress(Neo4jError, DriverError, OSError):
            self._alone(f"MATCH (m:{META} {{id: 'store'}}) WHERE m.applying = $mark REMOVE m.applying", mark=mark)

    def _sweep(self) -> None:
        """Take away what is staged and what is gone, then the mark that says there is such.

        Raises:
            StoreError: it cannot be.
        """
        mark = secrets.token_hex(8)
        mine = f"MATCH (m:{META} {{id: 'store'}}) WHERE m.staged IS NOT NULL SET m.staged = $mark RETURN m.id AS id"
        try:
            if self._alone(mine, mark=mark):
                with self._driver.session(default_access_mode=neo4j.WRITE_ACCESS, **self._session) as session:
                    sweep(session, _tag(_PART))
                self._alone(f"MATCH (m:{META} {{id: 'store'}}) WHERE m.staged = $mark REMOVE m.staged", mark=mark)
        except (Neo4jError, DriverError, OSError) as error:
            raise self._trouble(error, "cannot write to ") from None

    def _alone(self, statement: str, **given: Any) -> bool:
        """Run a statement in a transaction of its own; whether it answers anything."""
        with self._driver.session(default_access_mode=neo4j.WRITE_ACCESS, **self._session) as session:
            return session.run(neo4j.Query(cast("Any", statement), metadata=_tag(_PART)), given).single() is not None

    def _overtaken(self) -> StoreLocked:
        return StoreLocked(f"another process wrote to {self._url}; nothing was written, run the same command again")

    # Opening and closing

    def _hold(self, meta: Mapping[str, Any]) -> None:
        """Remember which generation is read."""
        self._generation, self._revision = int(meta.get("generation", 0)), int(meta.get("revision", 0))
        self._analysis = meta.get("analysis")

    def _running(self, *roles: str) -> list[str]:
        """Who has transactions of these roles, the first first."""
        with self._driver.session(**self._session) as session:
            found = session.run(
                "SHOW TRANSACTIONS YIELD transactionId, startTime, metaData, database, status "
                "WHERE metaData.graphinv IN $roles AND ($database IS NULL OR database = $database) "
                # One that is ended as it commits may still be applied; one that only says who writes has nothing to apply.
                f"AND (metaData.graphinv = '{_PART}' OR NOT status STARTS WITH 'Terminated') "
                "RETURN metaData.process AS who ORDER BY datetime(startTime), size(transactionId), transactionId",
                roles=list(roles),
                database=self._session["database"],
            )
            return [str(record["who"]) for record in found]

    def _lock(self) -> None:
        """Take the writer's lock: an open transaction that says who it is. Of two, the first has it."""
        name = f"{os.getpid()} on {socket.gethostname()} ({secrets.token_hex(4)})"
        try:
            self._writing = self._driver.session(default_access_mode=neo4j.WRITE_ACCESS, **self._session)
            self._writer = self._writing.begin_transaction(metadata=_tag(_WRITER, name))
            self._writer.run("RETURN 1").consume()
            first = next(iter(self._running(_WRITER)), name)
            if first != name:
                holder = first.rpartition(" (")[0]
                raise StoreLocked(f"{self._url} is being written by process {holder}; wait for it to end, or end it")
            end = time.monotonic() + _PATIENCE
            while self._running(_PART):  # the server has not done yet with what a writer sent that is no more
                if time.monotonic() > end:
                    raise StoreLocked(f"{self._url} is still at work for a process that has ended; run the same command again later")
                time.sleep(_WAIT)
        except (Neo4jError, DriverError, OSError) as error:
            raise self._trouble(error, "cannot write to ") from None

    def _recover(self) -> None:
        """Take away what a writer left that died as it committed: whoever has the lock is the only one that may commit."""
        try:
            self._alone(f"MATCH (m:{META}) WHERE m.applying IS NOT NULL REMOVE m.applying")
        except (Neo4jError, DriverError, OSError) as error:
            raise self._trouble(error, "cannot write to ") from None
        self._sweep()

    def _declare(self) -> None:
        try:
            with self._driver.session(default_access_mode=neo4j.WRITE_ACCESS, **self._session) as session:
                declare(session)
        except (Neo4jError, DriverError, OSError) as error:
            raise self._trouble(error, "cannot write to ") from None

    def _contents(self) -> State:
        self._check_open()
        if self._state is None:
            held = self._revision
            state = self._whole(read_state)
            if self._seen is not None and held != self._revision:
                raise StoreError(f"{self._url} was written to since it was read; open it again")
            self._state = state
        return self._state

    def _has_state(self) -> bool:
        """Whether the state is there, or will be: who writes needs it."""
        self._check_open()
        return self._state is not None or self._writer is not None

    def _living(self) -> tuple[Estate, Sequence[Scan]]:
        """What a reader is asked for, without the state, which would stay in memory beside it."""
        if self._seen is None:
            nodes, edges, scans = self._whole(read_living)
            try:
                self._seen = estate_of(nodes, edges, self._generation), scans
            except (KeyError, ValueError) as error:
                raise self._damaged(error) from error
        return self._seen

    def _whole(self, read: Callable[[neo4j.Transaction], T]) -> T:
        """What ``read`` finds in the generation that is there, which is the one held from here on."""
        self._check_open()

        def attempt(transaction: neo4j.Transaction) -> tuple[T, dict[str, Any]] | Exception:
            try:
                return read(transaction), read_meta(transaction)
            except (KeyError, TypeError, ValueError) as error:
                return error  # which may be that a commit is being applied: then it is asked for again

        found = self._read(attempt)
        if isinstance(found, Exception):
            raise self._damaged(found) from found
        self._hold(found[1])
        return found[0]

    def _damaged(self, error: Exception) -> StoreError:
        return StoreError(f"{self._url} is damaged ({type(error).__name__})")

    def _trouble(self, error: Exception, doing: str = "") -> GraphinvError:
        return trouble(self._url, error, doing)

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


class _TooMuch(Exception):
    """A transaction that the server has not the memory for."""


def _tag(role: str, name: str = "") -> dict[str, str]:
    """What the server says of a transaction of ours."""
    return {"graphinv": role, "process": name}
