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
from collections.abc import Callable, Iterable, Iterator, Mapping
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
    try:
        with gzip.open(path, "rb") as file:
            return _read(_lines(file.readline, path), path)
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


def _read(lines: Iterable[bytes], path: Path) -> tuple[State, Analysis | None]:
    remaining, digest = iter(lines), hashlib.sha256()

    def line() -> bytes:
        found = next(remaining, b"")
        if not found:
            raise StoreError(f"{path} is cut off")
        digest.update(found)
        return found

    def record() -> dict[str, Any]:
        found = json.loads(line())
        if not isinstance(found, dict):
            raise TypeError
        return found

    head = record()
    version = head.get(_MAGIC)
    if not isinstance(version, int):
        raise StoreError(f"{path} is no backup of graphinv")
    if version > FORMAT:
        raise StoreError(f"{path} was written by a newer graphinv (format {version}, this one reads {FORMAT}); upgrade graphinv")
    nodes: dict[NodeKey, Entry] = {}
    for _ in range(head["nodes"]):
        found = record()
        kind, id = found["n"]
        nodes[kind, id] = _entry_of(found)
    edges: dict[EdgeId, Entry] = {}
    for _ in range(head["edges"]):
        found = record()
        kind, source, target, key = found["e"]
        edges[kind, (source[0], source[1]), (target[0], target[1]), key] = _entry_of(found)
    analysis = _results(head, line, record)
    whole = digest.hexdigest()
    if json.loads(next(remaining, b"{}")).get("sha256") != whole or next(remaining, None) is not None:
        raise StoreError(f"{path} is not whole: its digest does not fit")
    scans = [scan_of(data) for data in head["scans"]]
    state = State(
        nodes=nodes,
        edges=edges,
        scans={scan.root: scan for scan in scans},
        complete_at=head["complete_at"],
        generation=int(head["generation"]),
        history=tuple(Generation(*line) for line in head["history"]),
    )
    return state, analysis


def _results(head: Mapping[str, Any], line: Callable[[], bytes], record: Callable[[], dict[str, Any]]) -> Analysis | None:
    if head[_MAGIC] == 1:
        return Analysis.model_validate(head["analysis"]) if head["analysis"] else None
    if not head["packed"]:
        return None
    rest = packing.read(line() for _ in range(head["packed"]))
    listed: dict[str, list[Any]] = {name: [] for name in _LISTED}
    for _ in range(head["results"]):
        found = record()
        listed[found["r"]].append(adapter(_LISTED[found["r"]]).validate_python(found["is"]))
    return rest.model_copy(update={name: tuple(results) for name, results in listed.items()})


# --------------------------------------------------------------------------------------------------------------------------------
# Verification


def problems(state: State) -> list[str]:
    """What is wrong with the contents of a store, in words; empty where nothing is. O(contents)."""
    found = [f"node {id!r} is of no kind of the vocabulary: {kind!r}" for kind, id in state.nodes if kind not in NODE_KINDS]
    for edge, entry in state.edges.items():
        kind, source, target, key = edge
        if kind not in EDGE_KINDS:
            found.append(f"edge {key!r} is of no kind of the vocabulary: {kind!r}")
            continue
        if edge_key(kind, source, target, entry.props) != key and entry.live:
            found.append(f"edge {kind} from {source} to {target} has a key that is not its own: {key!r}")
        for end in (source, target):
            there = state.nodes.get(end)
            if there is None or (entry.live and not there.live):
                found.append(f"edge {kind} from {source} to {target} ends in what is not there: {end}")
    entries: list[tuple[NodeKey | EdgeId, Entry]] = [*state.nodes.items(), *state.edges.items()]
    for thing, held in entries:
        strangers = held.by.keys() - state.scans.keys()
        if strangers:
            found.append(f"{thing} is stated by roots that were never scanned: {', '.join(sorted(strangers))}")
        if not held.live and held.by:
            found.append(f"{thing} is closed and still stated")
        if not held.live and visible(thing, held).get("last_seen") is None:
            found.append(f"{thing} is closed and does not say when it was last seen")
    return found
