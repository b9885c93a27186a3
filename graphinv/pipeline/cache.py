"""What documents said when they were last read, so that a second scan reads only what changed.

The cache lies in the user's own cache folder, never beside a store: a store may lie in a tree of strangers, and what is kept here is loaded
as Python objects. It holds facts and summaries, which hold no secret value. Whatever is wrong with it, reading goes on without.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import pickle
import sqlite3
import time
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import graphinv

CACHE_VARIABLE = "GRAPHINV_CACHE"
"""Names the folder to use; ``off`` for none."""
LARGEST_BYTES = 512 * 1024 * 1024
DAY = 24 * 3600
KEPT_SECONDS = 30 * DAY
PENDING_BYTES = 32 * 1024 * 1024
"""What waits to be written, at most."""


def cache_folder() -> Path | None:
    """The folder, made when it is missing; None where there is to be none, or where it is not ours alone."""
    given = os.environ.get(CACHE_VARIABLE)
    if given == "off":
        return None
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    folder = Path(given) if given else home / "graphinv"
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        state = folder.stat()
    except OSError:
        return None
    ours = not hasattr(os, "getuid") or (state.st_uid == os.getuid() and not state.st_mode & 0o022)
    return folder if ours else None


@cache
def _code() -> bytes:
    """Digest of the code that reads: another version reads anew."""
    package = Path(graphinv.__file__).parent
    digest = hashlib.sha256()
    for folder in ("ingest", "model", "pipeline"):
        for path in sorted((package / folder).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.digest()


class ReadCache:
    """Pickled values by key. What :meth:`put` is given is written by :meth:`close` at the latest; O(1) each."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "readings.sqlite"
        self._now = int(time.time())
        self._new: dict[bytes, bytes] = {}
        self._pending = 0
        self._used: set[bytes] = set()
        self._base: sqlite3.Connection | None = None
        try:
            os.close(os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600))
            self._base = sqlite3.connect(self._path, timeout=5.0)
            self._base.execute("CREATE TABLE IF NOT EXISTS kept (key BLOB PRIMARY KEY, used INTEGER, value BLOB)")
            self._base.execute("CREATE INDEX IF NOT EXISTS kept_used ON kept (used)")
        except (sqlite3.OperationalError, OSError):  # busy, or not to be written: this time without
            self._base = None
        except sqlite3.DatabaseError:  # not ours, or torn: the next scan makes it anew
            self._base = None
            self._path.unlink(missing_ok=True)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to be found."""
        with contextlib.suppress(sqlite3.Error):
            return self._base is None or self._base.execute("SELECT 1 FROM kept LIMIT 1").fetchone() is None
        return True

    def get(self, key: bytes) -> Any:
        """What was put under ``key``, or None."""
        key = self._full(key)
        row = None
        with contextlib.suppress(sqlite3.Error):
            row = self._base.execute("SELECT value, used FROM kept WHERE key = ?", (key,)).fetchone() if self._base else None
        if row is None:
            return None
        with contextlib.suppress(Exception):  # a damaged entry is no entry
            value = pickle.loads(row[0])  # noqa: S301 - the folder is the user's own, mode 0700
            if row[1] < self._now - DAY:
                self._used.add(key)
            return value
        return None

    def put(self, key: bytes, value: bytes) -> None:
        """Keep ``value``, which is pickled."""
        if self._base is None:
            return
        self._new[self._full(key)] = value
        self._pending += len(value)
        if self._pending > PENDING_BYTES:
            self._write()

    def close(self) -> None:
        """Write what is new, drop what was not used for long, or everything when it grew too large."""
        if self._base is None:
            return
        with contextlib.suppress(sqlite3.Error, OSError):
            self._write()
            with self._base:
                self._base.executemany("UPDATE kept SET used = ? WHERE key = ?", ((self._now, key) for key in self._used))
                self._base.execute("DELETE FROM kept WHERE used < ?", (self._now - KEPT_SECONDS,))
                if self._path.stat().st_size > LARGEST_BYTES:
                    self._base.execute("DELETE FROM kept")
        with contextlib.suppress(sqlite3.Error):
            self._base.close()
        self._base = None

    def _write(self) -> None:
        new, self._new, self._pending = self._new, {}, 0
        with contextlib.suppress(sqlite3.Error, OSError):
            if self._base is not None:
                with self._base:
                    rows = ((key, self._now, value) for key, value in new.items())
                    self._base.executemany("INSERT OR REPLACE INTO kept VALUES (?, ?, ?)", rows)

    def _full(self, key: bytes) -> bytes:
        return hashlib.sha256(_code() + key).digest()


@contextlib.contextmanager
def opened_cache() -> Iterator[ReadCache | None]:
    """The user's cache, or None."""
    folder = cache_folder()
    kept = ReadCache(folder) if folder else None
    try:
        yield kept
    finally:
        if kept is not None:
            kept.close()
