"""Queries that anybody may type, asked of the embedded store in a process of their own.

The engine answers in the process that asks it, knows a time limit for most of what it does, and none for memory: a list that doubles
itself would end whoever asks. So another process opens the store, may take :data:`MEMORY` bytes more than that needs, and is ended when
its time is over; it stays for the next query. A server has limits of its own.
"""

from __future__ import annotations

import contextlib
import json
import os
import resource
import select
import signal
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from types import TracebackType
from typing import IO, Any, BinaryIO, Self

from graphinv.model import errors
from graphinv.model.errors import GraphinvError, QueryError, QueryLimit, StoreError
from graphinv.store import Rows, Store, open_store
from graphinv.store.dialect import checked, shortened

MEMORY = 2 * 2**30
"""Bytes that a query may take."""
MAX_ANSWER = 256 * 2**20
"""Bytes of an answer at most."""
_GRACE = 3.0
"""Seconds that the engine has to stop by itself once a query's time is over."""
_OPENING = 120.0
"""Seconds that opening the store may take."""
_LENGTH = struct.Struct(">Q")


class GuardedQueries:
    """Asks the embedded store at ``url``; :meth:`query` is that of :class:`graphinv.store.Store`. Threads are answered one after the other.

    With ``generation`` it answers of that one alone: StoreError once another was written.
    """

    def __init__(self, url: str, generation: int | None = None) -> None:
        self._url = url
        self._generation = generation
        self._child: subprocess.Popen[bytes] | None = None
        self._turn = threading.Lock()

    def query(self, cypher: str, params: Mapping[str, Any] | None = None, *, timeout: float = 30.0, max_rows: int = 100_000) -> Rows:
        """The same as that of the store, which also says QueryLimit of what takes too much memory."""
        checked(cypher, params)
        try:
            request = json.dumps({"cypher": cypher, "params": dict(params or {}), "timeout": timeout, "max_rows": max_rows}).encode()
        except (TypeError, ValueError, RecursionError) as error:
            raise QueryError(f"a parameter of the query cannot be used ({type(error).__name__}): {shortened(cypher)}") from None
        with self._turn:
            answer = self._exchange(self._child or self._started(), request, timeout + _GRACE, cypher, timeout)
        if "error" in answer:
            kind = getattr(errors, str(answer["error"]), StoreError)
            raise kind(answer["message"]) if issubclass(kind, GraphinvError) else StoreError(answer["message"])
        return Rows(tuple(answer["columns"]), tuple(tuple(row) for row in answer["rows"]))

    def _started(self) -> subprocess.Popen[bytes]:
        child = subprocess.Popen(  # noqa: S603 - this module, in this interpreter
            [sys.executable, "-m", __name__, self._url], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        self._child = child
        opened = self._exchange(child, None, _OPENING, "", _OPENING)
        if "error" in opened:
            self.close()
            raise StoreError(str(opened["message"]))
        if self._generation not in (None, opened["generation"]):
            self.close()
            raise StoreError(f"{self._url} was written to since it was opened; open it again")
        return child

    def _exchange(
        self, child: subprocess.Popen[bytes], request: bytes | None, within: float, cypher: str, timeout: float
    ) -> dict[str, Any]:
        """The child's answer to ``request``; one that does not answer is ended."""
        end = time.monotonic() + within
        try:
            if request is not None:
                assert child.stdin  # noqa: S101 - it was started with one
                child.stdin.write(_LENGTH.pack(len(request)) + request)
                child.stdin.flush()
            assert child.stdout  # noqa: S101
            (length,) = _LENGTH.unpack(_received(child.stdout, _LENGTH.size, end))
            if length > MAX_ANSWER:
                raise QueryLimit(f"the answer has more than {MAX_ANSWER:,} bytes; return less: {shortened(cypher)}")
            answer: dict[str, Any] = json.loads(_received(child.stdout, length, end))
            return answer
        except TimeoutError:
            self.close()
            raise QueryLimit(f"the query ran longer than {timeout:g} s: {shortened(cypher)}") from None
        except (EOFError, OSError, struct.error):
            self.close()
            raise QueryLimit(f"the query holds too much at once; narrow it down: {shortened(cypher)}") from None
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """End the process. The next query starts another one."""
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                with contextlib.suppress(OSError):
                    if pipe:
                        pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def asking(url: str) -> GuardedQueries | Store:
    """The store at ``url``, for queries that anybody may type.

    Raises:
        StoreError: a server cannot be reached.
    """
    path = url.removeprefix("file://")
    return open_store(url) if "://" in path else GuardedQueries(path)


def _received(pipe: IO[bytes], count: int, end: float) -> bytes:
    """``count`` bytes, until the time ``end``."""
    parts: list[bytes] = []
    handle = pipe.fileno()
    while count:
        if not select.select([handle], [], [], max(0.0, end - time.monotonic()))[0]:
            raise TimeoutError
        part = os.read(handle, min(count, 2**20))
        if not part:
            raise EOFError
        parts.append(part)
        count -= len(part)
    return b"".join(parts)


# --------------------------------------------------------------------------------------------------------------------------------
# The other process


def _serve(url: str, requests: BinaryIO, answers: BinaryIO) -> None:
    """Open the store, limit what may be taken from here on, and answer until nobody asks any more."""

    def say(answer: Mapping[str, Any]) -> None:
        text = json.dumps(answer).encode()
        answers.write(_LENGTH.pack(len(text)) + (text if len(text) <= MAX_ANSWER else b""))
        answers.flush()

    try:
        store = open_store(url)
        store.generation  # noqa: B018 - a store that is opened lazily is loaded now, while it may take what it needs
    except GraphinvError as error:
        say({"error": type(error).__name__, "message": str(error)})
        return
    with store:
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (_taken() + MEMORY,) * 2)
        resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))  # and it writes no file, whatever it is asked
        say({"generation": store.generation})
        while len(head := requests.read(_LENGTH.size)) == _LENGTH.size:
            request = json.loads(requests.read(_LENGTH.unpack(head)[0]))
            # The system ends this process when even the engine's own limit was of no use, and nobody is there to do it.
            signal.alarm(int(request["timeout"] + 2 * _GRACE) + 1)
            try:
                found = store.query(request["cypher"], request["params"], timeout=request["timeout"], max_rows=request["max_rows"])
                answer: dict[str, Any] = {"columns": found.columns, "rows": found.rows}
            except GraphinvError as error:
                answer = {"error": type(error).__name__, "message": str(error)}
            except MemoryError:
                answer = {"error": "QueryLimit", "message": f"the query holds too much at once: {shortened(request['cypher'])}"}
            signal.alarm(0)
            say(answer)


def _taken() -> int:
    """Bytes of address space that this process has already; nought where the system does not say."""
    try:
        with open("/proc/self/statm", encoding="ascii") as file:
            return int(file.read().split()[0]) * resource.getpagesize()
    except OSError:
        return 0


if __name__ == "__main__":
    _serve(sys.argv[1], sys.stdin.buffer, sys.stdout.buffer)
