"""Work over all cores. A little is done in this process; an item that ends its process costs itself alone."""

from __future__ import annotations

import gc
import multiprocessing
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from types import TracebackType
from typing import TypeVar

PRELOADED = ["__main__", "graphinv.pipeline.preload"]
"""What the process imports from which the others are forked: once, and not in each of them."""

T = TypeVar("T")
R = TypeVar("R")


class Workers:
    """Processes that are started when there is work for them and serve several rounds of it. A context manager.

    Args:
        cores: processes; all of the machine's when absent. With one, everything is done in this process.
    """

    def __init__(self, cores: int | None = None) -> None:
        alone = multiprocessing.current_process().daemon  # it may have no children
        self.cores = 1 if alone else cores or os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._close()

    def map(
        self, function: Callable[[Sequence[T]], Sequence[R]], chunks: Iterable[Sequence[T]], *, spread: bool
    ) -> Iterator[tuple[T, R | None]]:
        """(item, what ``function`` made of it) in the order of ``chunks``; None for an item that ended the process it was in.

        Args:
            function: picklable; gives as many results as it is given items, in their order.
            chunks: items that are worked at together.
            spread: whether there is enough of it to start processes for, if none are there yet.
        """
        if self.cores == 1 or not (spread or self._pool):
            for chunk in chunks:
                with collector_resting():
                    results = _work(function, chunk)
                yield from zip(chunk, results, strict=True)
            return
        waiting = [(chunk, self._submit(function, chunk)) for chunk in chunks]
        waiting.reverse()  # the next is the last, so that what has been handed on is kept no longer
        while waiting:
            chunk, future = waiting.pop()
            try:
                yield from zip(chunk, future.result(), strict=True)
            except BrokenProcessPool:
                for item in chunk:
                    yield item, self._alone(function, item)
                again = [(rest, one if _is_done(one) else self._submit(function, rest)) for rest, one in reversed(waiting)]
                waiting = again[::-1]

    def _submit(self, function: Callable[[Sequence[T]], Sequence[R]], chunk: Sequence[T]) -> Future[Sequence[R]]:
        try:
            return self._started().submit(_work, function, chunk)
        except BrokenProcessPool:
            self._close()
            return self._started().submit(_work, function, chunk)

    def _alone(self, function: Callable[[Sequence[T]], Sequence[R]], item: T) -> R | None:
        """An item in a process of its own."""
        with _executor(1) as pool:
            try:
                return pool.submit(_work, function, [item]).result()[0]
            except BrokenProcessPool:
                return None

    def _started(self) -> ProcessPoolExecutor:
        if self._pool is None:
            self._pool = _executor(self.cores)
        return self._pool

    def _close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


@contextmanager
def collector_resting() -> Iterator[None]:
    """Without the collector of cycles, which would look again and again at millions of facts and tuples, of which none is in a cycle."""
    running = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if running:
            gc.enable()


def _executor(processes: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(PRELOADED)
    return ProcessPoolExecutor(processes, mp_context=context, initializer=_begin)


def _is_done(future: Future[Sequence[R]]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _begin() -> None:
    """In a new process: what is there stays, and what comes is collected between chunks."""
    gc.freeze()
    gc.disable()


def _work(function: Callable[[Sequence[T]], Sequence[R]], chunk: Sequence[T]) -> Sequence[R]:
    results = function(chunk)
    gc.collect(1)  # what came since the last time: what stayed then is not looked at again
    return results
