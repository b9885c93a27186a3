"""Looking after stores, whichever engine keeps them: pruning closed history, copies, backups, verification.

A backup is one file that no engine is needed for: gzipped JSON lines, the first of which says what it is and how many follow, the last
their digest. Stores that hold the same have equal backups, whichever engines keep them. A snapshot is a backup without what is closed.
"""

from __future__ import annotations

import fcntl
import gzip
import hashlib
import json
import os
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from graphinv.model.errors import StoreError, UsageError
from graphinv.model.facts import NodeKey, edge_key
from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS
from graphinv.model.results import Analysis, CanReach, RuleStatus, Score, adapter
from graphinv.model.results import Path as Witness
from graphinv.store import Store, packing
from graphinv.store.layout import scan_of
from graphinv.store.merge import EdgeId, Entry, Generation, State, visible

FORMAT = 2
"""1 had all results in its first line."""
_MAGIC = "graphinv-backup"
MAX_LINE = 64 * 2**20
"""Bytes of a line of a backup at most."""
_LISTED: dict[str, Any] = {"scores": Score, "reach": CanReach, "rules": RuleStatus, "paths": Witness}
"""Results that have a line each, since there may be very many. Findings are packed."""


@dataclass(frozen=True)
class Pruned:
    """How much of the closed history goes."""

    nodes: int
    edges: int
    findings: int = 0


# --------------------------------------------------------------------------------------------------------------------------------
# Pruning


def pruned(state: State, before: str) -> tuple[State, Pruned]:
    """``state`` without what was closed before the time ``before``; a node stays as long as an edge that stays needs it. O(contents)."""
    edges = {key: entry for key, entry in state.edges.items() if not _over(entry, before)}
    needed = {end for edge in edges for end in edge[1:3]}
    nodes = {key: entry for key, entry in state.nodes.items() if key in needed or not _over(entry, before)}
    kept = State(nodes, edges, state.scans, state.complete_at, state.generation, state.history)
    return kept, Pruned(len(state.nodes) - len(nodes), len(state.edges) - len(edges))


def _over(entry: Entry, before: str) -> bool:
    return entry.gone_at is not None and entry.gone_at < before


_NEVER = "9999-12-31T23:59:59.999999Z"
"""Before it everything was closed that is."""


def prune(store: Store, before: str, *, dry_run: bool = False) -> Pruned:
    """Take out of ``store`` what was closed, and findings that were fixed, before the time ``before``; with ``dry_run`` only say how much.

    Raises:
        StoreError: nothing was written.
    """
    state, gone = pruned(store.state(), before)
    analysis = store.analysis()
    if analysis is not None:
        kept = tuple(finding for finding in analysis.former if finding.fixed_at is None or finding.fixed_at >= before)
        gone = replace(gone, findings=len(analysis.former) - len(kept))
        analysis = analysis.model_copy(update={"former": kept})
    if not dry_run and gone != Pruned(0, 0):
        store.replace(state, analysis)
    return gone


# --------------------------------------------------------------------------------------------------------------------------------
# Copies


def copy(source: Store, target: Store, *, force: bool = False) -> State:
    """Make ``target`` hold what ``source`` holds, and see that it does.

    Raises:
        UsageError: ``target`` holds something and ``force`` is not set.
        StoreError: nothing was written, or not the same is there afterwards.
    """
    if target.generation and not force:
        raise UsageError(f"{target.url} holds a store already; --force replaces it")
    state = source.state()
    target.replace(state, source.analysis())
    return state


def difference(one: State, other: State) -> str | None:
    """The first thing in which two states differ, in words; None where they are equal. O(contents)."""
    for what, mine, theirs in (("node", one.nodes, other.nodes), ("edge", one.edges, other.edges)):
        if mine == theirs:
            continue
        for key in sorted(mine.keys() ^ theirs.keys()):
            return f"{what} {key} is in one only"
        return next(f"{what} {key} differs" for key in sorted(mine) if mine[key] != theirs[key])  # type: ignore[index]
    for name in ("scans", "complete_at", "generation", "history"):
        if getattr(one, name) != getattr(other, name):
            return f"{name} differ"
    return None


# --------------------------------------------------------------------------------------------------------------------------------
# Backups


def backup(store: Store, path: Path, *, closed: bool = True) -> State:
    """Write everything that ``store`` holds to the new file ``path``, for its owner only; what is ``closed`` can be left out.

    Raises:
        UsageError: the file is there already.
        StoreError: it cannot be written.
    """
    if path.exists():
        raise UsageError(f"{path} is there already; name a new file")
    state, analysis = store.state(), store.analysis()
    if not closed:
        state, _ = pruned(state, _NEVER)
    try:
        _write_backup(path, _records(state, analysis))
    except BlockingIOError:
        raise UsageError(f"another process is writing {path}") from None
    except OSError as error:
        raise StoreError(f"cannot write the backup {path}: {error.strerror}") from None
    return state


def _write_backup(path: Path, lines: Iterable[bytes]) -> None:
    """Write ``lines`` and their digest beside ``path``, and rename that when it is whole. What a process that died left there goes.

    Raises:
        BlockingIOError: another process is doing so.
        OSError: it cannot be written.
    """
    temporary = path.with_name(f".{path.name}.new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as raw:
        fcntl.flock(raw, fcntl.LOCK_EX | fcntl.LOCK_NB)
        try:
            os.fchmod(handle, 0o600)  # it may have been there
            raw.truncate()
            with gzip.GzipFile(filename="", fileobj=raw, mode="wb", mtime=0, compresslevel=6) as file:
                digest = hashlib.sha256()
                for line in lines:
                    digest.update(line)
                    file.write(line)
                file.write(json.dumps({"sha256": digest.hexdigest()}).encode() + b"\n")
            raw.flush()
            os.fsync(handle)
            os.rename(temporary, path)
        except BaseException:
            temporary.unlink(missing_ok=True)
            raise


def restore(path: Path, store: Store, *, force: bool = False) -> State:
    """Make ``store`` hold what the backup ``path`` holds.

    Raises:
        UsageError: the store holds something and ``force`` is not set.
        StoreError: the file is no whole backup, or of a newer version; nothing was written.
    """
    if store.generation and not force:
        raise UsageError(f"{store.url} holds a store already; --force replaces it")
    state, analysis = read_backup(path)
    store.replace(state, analysis)
    return state


def read_backup(path: Path) -> tuple[State, Analysis | None]:
    """What a backup holds, once all of it is known to be whole.

    Raises:
        StoreError: it is not, or of a newer version, or cannot be read.
    """
    with reading(path) as held:
        nodes, edges, analysis = dict(held.nodes()), dict(held.edges()), held.results()
        history = tuple(Generation(*line) for line in held.head["history"])
        return State(nodes, edges, held.scans, held.head["complete_at"], held.generation, history), analysis


@contextmanager
def reading(path: Path) -> Iterator[Reader]:
    """A backup to read from its front to its back, for whoever does not need all of it at once.

    Raises:
        StoreError: it is not whole, of a newer version, or cannot be read; also while it is being read.
    """
    try:
        with gzip.open(path, "rb") as file:
            yield Reader(_lines(file.readline, path), path)
    except (OSError, EOFError, zlib.error) as error:
        raise StoreError(f"{path} cannot be read as a backup ({type(error).__name__})") from None
    except (LookupError, TypeError, ValueError, AttributeError, RecursionError) as error:
        raise StoreError(f"{path} is damaged or no backup of graphinv ({type(error).__name__})") from None


def _records(state: State, analysis: Analysis | None) -> Iterator[bytes]:
    """The lines of a backup but for the last."""
    rest = [] if analysis is None else list(packing.lines(analysis.model_copy(update=dict.fromkeys(_LISTED, ()))))
    yield _line(
        {
            _MAGIC: FORMAT,
            "generation": state.generation,
            "history": state.history,
            "complete_at": dict(state.complete_at),
            "nodes": len(state.nodes),
            "edges": len(state.edges),
            "scans": [asdict(scan) for _, scan in sorted(state.scans.items())],
            "packed": len(rest),
            "results": 0 if analysis is None else sum(len(getattr(analysis, name)) for name in _LISTED),
        }
    )
    for key in sorted(state.nodes):
        yield _line({"n": key, **_entry_record(state.nodes[key])})
    for edge in sorted(state.edges):
        yield _line({"e": edge, **_entry_record(state.edges[edge])})
    for part in rest:
        yield part + b"\n"
    for name in _LISTED if analysis else ():
        for result in getattr(analysis, name):
            yield _line({"r": name, "is": result.to_json()})


def _line(record: Mapping[str, Any]) -> bytes:
    return json.dumps(record, ensure_ascii=False, separators=(",", ":"), sort_keys=True).encode() + b"\n"


def _entry_record(entry: Entry) -> dict[str, Any]:
    record = {name: value for name, value in entry._asdict().items() if value is not None}
    if len(entry.by) == 1:
        ((root, stated),) = entry.by.items()
        if stated == entry.props:
            record["by"] = root
    return record


def _entry_of(record: Mapping[str, Any]) -> Entry:
    props, by = record["props"], record["by"]
    return Entry(
        props,
        {by: props} if isinstance(by, str) else by,
        record["first"],
        record.get("seen"),
        record.get("gone_at"),
        record.get("last_seen"),
    )


def _lines(readline: Callable[[int], bytes], path: Path) -> Iterator[bytes]:
    while line := readline(MAX_LINE):
        if not line.endswith(b"\n"):
            raise StoreError(f"{path} is cut off or has a line of more than {MAX_LINE:,} bytes")
        yield line


class Reader:
    """What is in a backup: its nodes, then its edges, then its results, each asked for once and in this order.

    Whether it is whole is known when the results have been read: nothing of it is to be believed before.
    """

    def __init__(self, lines: Iterable[bytes], path: Path) -> None:
        self._remaining, self._digest, self._path = iter(lines), hashlib.sha256(), path
        self.head = self._record()
        """Its first line."""
        version = self.head.get(_MAGIC)
        if not isinstance(version, int):
            raise StoreError(f"{path} is no backup of graphinv")
        if version > FORMAT:
            raise StoreError(f"{path} was written by a newer graphinv (format {version}, this one reads {FORMAT}); upgrade graphinv")
        self.generation = int(self.head["generation"])
        self.scans = {scan.root: scan for scan in map(scan_of, self.head["scans"])}

    def nodes(self) -> Iterator[tuple[NodeKey, Entry]]:
        """By key, in the order they are written in."""
        for _ in range(self.head["nodes"]):
            found = self._record()
            kind, id = found["n"]
            yield (kind, id), _entry_of(found)

    def edges(self) -> Iterator[tuple[EdgeId, Entry]]:
        """Likewise."""
        for _ in range(self.head["edges"]):
            found = self._record()
            kind, source, target, key = found["e"]
            yield (kind, (source[0], source[1]), (target[0], target[1]), key), _entry_of(found)

    def results(self, kept: Callable[[str, Any], Any] = lambda _, result: result) -> Analysis | None:
        """Those that are there. ``kept`` is told each open finding and each score, path and the like with the name of its list, and says
        what to keep of it: itself, something slighter (not of findings), or None."""
        analysis = self._results(kept)
        whole = self._digest.hexdigest()
        if json.loads(next(self._remaining, b"{}")).get("sha256") != whole or next(self._remaining, None) is not None:
            raise StoreError(f"{self._path} is not whole: its digest does not fit")
        return analysis

    def _results(self, kept: Callable[[str, Any], Any]) -> Analysis | None:
        if self.head[_MAGIC] == 1:
            return Analysis.model_validate(self.head["analysis"]) if self.head["analysis"] else None
        if not self.head["packed"]:
            return None
        rest = packing.read((self._line() for _ in range(self.head["packed"])), lambda finding: kept("findings", finding) is not None)
        listed: dict[str, list[Any]] = {name: [] for name in _LISTED}
        for _ in range(self.head["results"]):
            found = self._record()
            result = kept(found["r"], adapter(_LISTED[found["r"]]).validate_python(found["is"]))
            if result is not None:
                listed[found["r"]].append(result)
        return rest.model_copy(update={name: tuple(results) for name, results in listed.items()})

    def _record(self) -> dict[str, Any]:
        found = json.loads(self._line())
        if not isinstance(found, dict):
            raise TypeError
        return found

    def _line(self) -> bytes:
        found = next(self._remaining, b"")
        if not found:
            raise StoreError(f"{self._path} is cut off")
        self._digest.update(found)
        return found


# --------------------------------------------------------------------------------------------------------------------------------
# Verification


def problems(state: State) -> list[str]:
    """What is wrong with the contents of a store, in words; empty where nothing is. O(contents)."""
    checked = Checker(state.scans)
    return [
        *(wrong for key, entry in state.nodes.items() for wrong in checked.node(key, entry)),
        *(wrong for edge, entry in state.edges.items() for wrong in checked.edge(edge, entry)),
    ]


class Checker:
    """Says what is wrong with the things of a store, one by one: its nodes first, then its edges. ``roots`` are those that were scanned."""

    def __init__(self, roots: Collection[str]) -> None:
        self._roots = frozenset(roots)
        self._live: dict[NodeKey, bool] = {}

    def node(self, key: NodeKey, entry: Entry) -> Iterator[str]:
        """In words; nothing where nothing is wrong."""
        self._live[key] = entry.live
        kind, id = key
        if kind not in NODE_KINDS:
            yield f"node {id!r} is of no kind of the vocabulary: {kind!r}"
        yield from self._held(key, entry)

    def edge(self, edge: EdgeId, entry: Entry) -> Iterator[str]:
        """Likewise."""
        kind, source, target, key = edge
        if kind not in EDGE_KINDS:
            yield f"edge {key!r} is of no kind of the vocabulary: {kind!r}"
        else:
            if edge_key(kind, source, target, entry.props) != key and entry.live:
                yield f"edge {kind} from {source} to {target} has a key that is not its own: {key!r}"
            for end in (source, target):
                lives = self._live.get(end)
                if lives is None or (entry.live and not lives):
                    yield f"edge {kind} from {source} to {target} ends in what is not there: {end}"
        yield from self._held(edge, entry)

    def _held(self, thing: NodeKey | EdgeId, held: Entry) -> Iterator[str]:
        strangers = held.by.keys() - self._roots
        if strangers:
            yield f"{thing} is stated by roots that were never scanned: {', '.join(sorted(strangers))}"
        if not held.live and held.by:
            yield f"{thing} is closed and still stated"
        if not held.live and visible(thing, held).get("last_seen") is None:
            yield f"{thing} is closed and does not say when it was last seen"
