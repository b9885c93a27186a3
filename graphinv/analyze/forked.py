"""Functions of rules in a second process, so that two cores work on a large estate. The process is a fork: it has the whole estate at once,
and takes memory only for what it touches.
"""

from __future__ import annotations

import multiprocessing
import os
import pickle
import signal
import sys
import tempfile
import threading
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

LEAST_EDGES = 200_000
"""In an estate with fewer edges the functions are done before a process would be worth it."""

SHARE = 3
"""One of so many families that are left goes to another process at once. To start one takes time, and each takes more memory the longer it
works.
"""


class Named(Protocol):
    """What is known of a rule."""

    @property
    def id(self) -> str: ...


R = TypeVar("R", bound=Named)
Row = Mapping[str, Any]
Answer = tuple[R, Callable[[], Iterable[Row]]]
"""A rule, and what gives its rows."""


def answers(families: Iterable[Sequence[R]], rows: Callable[[R], Iterable[Row]], engine: Engine) -> Generator[Answer[R], None, None]:
    """Each rule of ``families`` once, with what gives its rows.

    Where it is worth it, another process works on some families while this one works on the next. Rows do not depend on who works them
    out. What fails there is tried again, and told, here.

    Args:
        families: of rules that are functions; those of a family share what they find out.
        rows: gives those of a rule.
        engine: which they ask.
    """
    left = deque(families)
    helped = len(left) > 1 and _can_fork() and len(engine.estate.edges) >= LEAST_EDGES
    if helped:
        _prepare(engine)
    other: _Other[R] | None = None
    ended: deque[_Other[R]] = deque()
    own: deque[R] = deque()
    try:
        while left or own or other or ended:
            if helped and len(left) > 1 and not other:  # for the last alone it is not worth its memory
                share = [left.popleft() for _ in range(-(-len(left) // SHARE))]
                try:
                    other = _Other(share, rows, engine)
                except OSError:  # there is no room for a file, or for another process
                    helped = False
                    left.extend(share)
            if other and other.has_ended(wait=not (left or own or ended)):
                ended.append(other)
                other = None
            elif ended:
                yield from ended.popleft().answers()
            else:
                own = own or deque(left.popleft())
                rule = own.popleft()
                yield rule, partial(rows, rule)
                if not own:
                    engine.forget()  # what a family shares is much, and others seldom ask for it
    finally:
        if other:
            other.end()


class _Other(Generic[R]):
    """A process that works on some families, and what it has found."""

    def __init__(self, families: Sequence[Sequence[R]], rows: Callable[[R], Iterable[Row]], engine: Engine) -> None:
        self._families, self._rows, self._engine = families, rows, engine
        self._found = tempfile.TemporaryFile()  # noqa: SIM115 - closed where it is read; a pipe would wait for its reader
        self._status = 0
        with warnings.catch_warnings():  # of other threads: those of libraries, which have nothing to do while nobody asks them
            warnings.simplefilter("ignore", DeprecationWarning)
            try:
                self._process = os.fork()
            except OSError:
                self._found.close()
                raise
        if not self._process:
            status = 1
            try:
                signal.signal(signal.SIGINT, signal.SIG_DFL)
                self._work()
                status = 0
            finally:
                os._exit(status)

    def _work(self) -> None:
        for family in self._families:
            for rule in family:
                self._found.write(self._said(rule))
            self._engine.forget()
        self._found.flush()

    def _said(self, rule: R) -> bytes:
        """What it finds by a rule; nothing where that fails, since it is tried again where that is told."""
        with suppress(Exception):
            return pickle.dumps((rule.id, list(self._rows(rule))), pickle.HIGHEST_PROTOCOL)
        return b""

    def has_ended(self, *, wait: bool) -> bool:
        """Whether it has, for which one may wait."""
        ended, self._status = os.waitpid(self._process, 0 if wait else os.WNOHANG)
        return bool(ended)

    def answers(self) -> Iterator[Answer[R]]:
        """Of one that has ended: what it found, and else what is to be worked out here."""
        left = {rule.id: rule for family in self._families for rule in family}
        for id, found in self._read():
            yield left.pop(id), partial(iter, found)
        for rule in left.values():
            yield rule, partial(self._rows, rule)

    def _read(self) -> Iterator[tuple[str, list[Row]]]:
        with self._found as file:
            file.seek(0)
            while not self._status:
                try:
                    yield pickle.load(file)  # noqa: S301 - our own, of a moment ago
                except EOFError:
                    return

    def end(self) -> None:
        """Let it end without an answer."""
        os.kill(self._process, signal.SIGKILL)
        os.waitpid(self._process, 0)
        self._found.close()


def _prepare(engine: Engine) -> None:
    """Work out what functions of most families ask for, before there are two who would."""
    for lens in ("posture", "ungoverned"):
        engine.privileges(lens)
    _ = engine.own_privileges, engine.estate.outgoing, engine.estate.incoming


def _can_fork() -> bool:
    """Whether there are two cores, and a fork can be trusted: not on other systems, nor where a server's threads may hold locks."""
    alone = multiprocessing.current_process().daemon or threading.current_thread() is not threading.main_thread()
    return sys.platform == "linux" and not alone and len(os.sched_getaffinity(0)) > 1
