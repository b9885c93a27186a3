"""The embedded store: one file, read and written by kglite.

A commit builds the next generation in memory, writes it to a private file beside the store and renames that over it: whoever reads sees
whole generations only, and a process that dies leaves the last one. One process writes at a time (a lock on ``<file>.lock``); readers hold
the generation they opened and take no lock.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import kglite

from graphinv.model.errors import QueryError, QueryLimit, ReadOnly, StoreError, StoreLocked
from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.model.results import Analysis
from graphinv.store import Committed, Rows, Scan
from graphinv.store.dialect import checked, shortened
from graphinv.store.embedded_estate import read_estate
from graphinv.store.embedded_graph import (
    Graph,
    clear_analysis,
    read_meta,
    read_scans,
    read_state,
    uncollected,
    write_analysis,
    write_meta,
    write_record,
    write_state,
)
from graphinv.store.embedded_query import UNSOUND, adapted
from graphinv.store.embedded_rows import rows
from graphinv.store.layout import SCHEMA, check_schema, undated, with_first_seen
from graphinv.store.merge import State, advance
from graphinv.store.packing import packed, unpacked
from graphinv.store.tokens import tokens

kglite.set_query_warning_policy("silent")  # it would print to stderr; what the words of a query may be is not its business


T = TypeVar("T")

_DESCRIPTORS = Path("/proc/self/fd")
"""Where a file that is open has a path, whatever became of its name: on Linux."""


class EmbeddedStore:
    """The store in the file ``path``; :class:`graphinv.store.Store` says what its methods do.

    With ``write`` it takes the writer's lock until :meth:`close`; without, it holds the generation that is there when it is opened. Where
    something is kept :attr:`aside` for that, the file itself is read only when it is asked for something else. With ``older`` it may be
    in the form of an older version.

    Raises:
        StoreError: there is no such store and ``write`` is not set; it is not one of ours, damaged, or of another version.
        StoreLocked: ``write`` and another process has the lock.
    """

    def __init__(self, path: str | os.PathLike[str], *, write: bool = False, older: bool = False) -> None:
        self._url = str(path)
        self._path = Path(os.path.realpath(path))
        self._lock: int | None = None
        self._older = older
        self._guard = threading.RLock()
        self._closed = False
        self._graph: Graph | None = None
        self._state: State | None = None
        self._generation: int | None = None
        self._analysis: str | None = None
        self._file: int | None = None
        if write:
            self._lock = _lock(self._path)
        try:
            if self._path.is_dir():
                raise StoreError(f"{self._url} is a folder, not a graphinv store; name a file in it")
            if self._path.exists():
                if not self._path.is_file():  # a pipe or a device would be waited for, or never end
                    raise StoreError(f"{self._url} is no file and so no graphinv store")
                self._file = None if write else os.open(self._path, os.O_RDONLY | os.O_CLOEXEC)
                if write or not _DESCRIPTORS.exists() or self.aside is None or not self.aside.exists():
                    self._whole()
            elif write:
                self._graph, self._state, self._generation = Graph(), State(), 0
            else:
                raise StoreError(f"there is no store at {self._url}; run `graphinv scan PATH` first")
            if write:
                _remove_leftovers(self._path)
        except BaseException:
            self.close()
            raise

    @property
    def url(self) -> str:
        return self._url

    @property
    def generation(self) -> int:
        return self._opened()

    @property
    def stamp(self) -> str | None:
        try:
            file = os.stat(self._path) if self._file is None else os.fstat(self._file)
        except OSError:
            return None
        # Every generation is a file of its own, so what tells files apart tells contents apart.
        return f"{file.st_ino:x}-{file.st_mtime_ns:x}-{file.st_size:x}"

    @property
    def aside(self) -> Path | None:
        stamp = self.stamp
        return self._path.with_name(f"{self._path.name}.arrays") / stamp if stamp else None

    # Reading

    def estate(self) -> Estate:
        with self._guard:
            snapshot, state = self._snapshot(), self._state
        with uncollected():
            return self._read(read_estate, snapshot) if state is None else state.estate()

    def scans(self) -> Sequence[Scan]:
        with self._guard:
            self._check_open()
            scans = self._read(read_scans, self._whole()) if self._state is None else self._state.scans
            return tuple(scans.values())

    def query(self, cypher: str, params: Mapping[str, Any] | None = None, *, timeout: float = 30.0, max_rows: int = 100_000) -> Rows:
        text = adapted(_with_bounds(checked(cypher, params), params or {}))
        snapshot = self._snapshot()
        snapshot.read_only(True)
        milliseconds = max(1, int(timeout * 1000))
        try:
            view = snapshot.cypher(
                text, params=dict(params or {}), timeout_ms=milliseconds, row_limit=max_rows + 1, disabled_passes=list(UNSOUND)
            )
            if not isinstance(view, kglite.ResultView) or not view.columns:
                raise QueryError(f"the query answers no rows: {shortened(cypher)}")
            if len(view) > max_rows:
                raise QueryLimit(f"the query has more than {max_rows:,} rows; add a LIMIT: {shortened(cypher)}")
            return rows(view.columns, view.to_list())
        except kglite.CypherTimeoutError:
            raise QueryLimit(f"the query ran longer than {timeout:g} s: {shortened(cypher)}") from None
        except kglite.ReadOnlyError:
            raise ReadOnly(f"the query tries to write; only reading is allowed here: {shortened(cypher)}") from None
        except kglite.KgError as error:
            reason = str(error).splitlines()[0]
            if "max_work_units" in reason or "safety limit" in reason:
                raise QueryLimit(f"the query holds too much at once; narrow it down: {shortened(cypher)}") from None
            raise QueryError(f"the query is wrong ({reason}): {shortened(cypher)}") from None
        except (TypeError, ValueError, OverflowError, RecursionError) as error:
            raise QueryError(f"a parameter of the query cannot be used ({type(error).__name__}): {shortened(cypher)}") from None

    def analysis(self) -> Analysis | None:
        self._opened()
        return unpacked(self._analysis, self._url)

    def rest(self) -> None:
        with self._guard:
            # Only what can be loaded again as it was is let go
            if not self._generation or (self._lock is None and not _DESCRIPTORS.exists()):
                return
            self._graph = self._state = None
        kglite.trim_memory()

    # Writing

    def commit(self, scan: Scan, nodes: Iterable[NodeFact], edges: Iterable[EdgeFact]) -> Committed:
        with self._guard, uncollected():
            self._check_writable()
            state, committed, changed = advance(self._contents(), scan, nodes, edges)
            with self._written() as before:
                graph = write_state(state) if changed else before
                analysis = self.analysis() if changed else None
                if analysis is not None:
                    write_analysis(graph, analysis)
                write_meta(graph, state, self._analysis, asdict)
                self._publish(graph)
            self._graph, self._state, self._generation = graph, state, state.generation
            return committed

    def put_analysis(self, analysis: Analysis) -> None:
        with self._guard, uncollected():
            self._check_writable()
            if not self._generation:
                raise StoreError("there is nothing in the store that results could be about; commit a scan first")
            if undated(analysis):
                analysis = with_first_seen(analysis, self.analysis())
            text = packed(analysis)
            with self._written() as graph:
                if self._analysis is not None:
                    clear_analysis(graph)
                write_analysis(graph, analysis)
                write_record(graph, {**read_meta(graph), "analysis": text})
                self._publish(graph)
            self._analysis = text

    def state(self) -> State:
        return self._contents()

    def replace(self, state: State, analysis: Analysis | None) -> None:
        with self._guard, uncollected():
            self._check_writable()
            text = packed(analysis) if analysis else None
            with self._written():
                graph = write_state(state)
                if analysis is not None:
                    write_analysis(graph, analysis)
                write_meta(graph, state, text, asdict)
                self._publish(graph)
            self._graph, self._state, self._generation, self._analysis = graph, state, state.generation, text

    @contextlib.contextmanager
    def _written(self) -> Iterator[Graph]:
        """The graph to change. Where that or its publication fails, what was published last is loaded again."""
        graph = self._whole()
        try:
            yield graph
        except BaseException as error:
            if self._path.exists():
                self._graph = self._state = None
                self._whole()
            else:
                self._graph, self._state = Graph(), State()
            if isinstance(error, (kglite.KgError, OSError, ValueError, TypeError, OverflowError)):
                raise StoreError(f"nothing was written to {self._url}: {error}") from error
            raise

    def _publish(self, graph: Graph) -> None:
        """Make ``graph`` the store's contents: written in a private folder, flushed, renamed."""
        folder = tempfile.mkdtemp(prefix=_leftover_prefix(self._path), dir=self._path.parent)
        try:
            new = os.path.join(folder, "graph")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", kglite.MappedFallbackWarning)
                graph.save(new, fsync=True)
            os.chmod(new, 0o600)
            os.replace(new, self._path)
            _flush(self._path.parent)
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    # Opening and closing

    def _whole(self) -> Graph:
        """The graph, loaded where it is not in memory."""
        self._check_open()
        if self._graph is None:
            self._graph = self._load()
        return self._graph

    def _opened(self) -> int:
        """The generation, known once the file was read."""
        with self._guard:
            self._check_open()
            if self._generation is None:
                self._whole()
            return self._generation or 0

    def _snapshot(self) -> Graph:
        """Another handle of the same contents, which keeps them whatever is written."""
        with self._guard:
            return self._whole().session().cursor()

    def _load(self) -> Graph:
        path = self._path if self._file is None else _DESCRIPTORS / str(self._file)
        try:
            graph = kglite.load(str(path if path.exists() else self._path), verify="eager")
            meta = read_meta(graph)
        except (kglite.KgError, OSError, ValueError) as error:
            raise StoreError(f"{self._url} is damaged or not a graphinv store ({type(error).__name__})") from error
        if not isinstance(meta.get("schema"), int) or not isinstance(meta.get("generation"), int):
            raise StoreError(f"{self._url} is not a graphinv store")
        check_schema(meta["schema"], SCHEMA, self._url, older=self._older)
        self._generation = meta["generation"]
        self._analysis = meta.get("analysis")
        return graph

    def _contents(self) -> State:
        with self._guard:
            self._check_open()
            if self._state is None:
                self._state = self._read(read_state, self._whole())
            return self._state

    def _read(self, read: Callable[[Graph], T], graph: Graph) -> T:
        """What ``read`` finds in ``graph``; StoreError where it finds something else."""
        try:
            return read(graph)
        except (kglite.KgError, KeyError, TypeError, ValueError) as error:
            raise StoreError(f"{self._url} is damaged ({type(error).__name__})") from error

    def _check_open(self) -> None:
        if self._closed:
            raise StoreError(f"the store {self._url} is closed")

    def _check_writable(self) -> None:
        self._check_open()
        if self._lock is None:
            raise StoreError(f"the store {self._url} was opened for reading only")

    def close(self) -> None:
        """Give the lock back. May be called again."""
        self._closed = True
        self._graph = self._state = None
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None
        if self._file is not None:
            os.close(self._file)
            self._file = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def _with_bounds(text: str, params: Mapping[str, Any]) -> str:
    """``text`` with the numbers that its LIMIT and SKIP take from ``params``: only where it knows how many rows are wanted does the engine
    keep no more of them while it looks. O(length)."""
    parts: list[str] = []
    end, before = 0, ""
    for token in tokens(text):
        value = params.get(token.text[1:]) if token.kind == "parameter" and before in ("LIMIT", "SKIP") else None
        if type(value) is int and value >= 0:
            parts += (text[end : token.at], str(value))
            end = token.at + len(token.text)
        before = token.upper
    return "".join((*parts, text[end:]))


def _lock(path: Path) -> int:
    """The writer's lock, held by the operating system: a process that dies gives it back."""
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
    except OSError as error:
        raise StoreError(f"cannot write to {path}: {error.strerror}") from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.truncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
    except BlockingIOError:
        holder = os.pread(handle, 32, 0).decode("ascii", "replace").strip()
        os.close(handle)
        raise StoreLocked(f"{path} is being written by process {holder or 'unknown'}; wait for it to end, or end it") from None
    except OSError as error:
        os.close(handle)
        raise StoreError(f"cannot lock {path}: {error.strerror}") from error
    return handle


def _leftover_prefix(path: Path) -> str:
    return f".{path.name}.new-"


def _remove_leftovers(path: Path) -> None:
    """Take away what a process that died while it published has left; only who holds the lock may."""
    for folder in path.parent.glob(f"{_leftover_prefix(path)}*"):
        shutil.rmtree(folder, ignore_errors=True)


def _flush(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
