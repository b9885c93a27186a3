"""Jobs over all cores. Small trees are read in this process; a process that a document kills costs that document alone."""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool

from graphinv.model.facts import Problem
from graphinv.pipeline.cache import open_cache
from graphinv.pipeline.documents import Job, Outcome, run
from graphinv.pipeline.walk import Root

WORTH_BYTES = 8_000_000
WORTH_JOBS = 600
CHUNK = 32
LARGE = 1_000_000
"""A job is weighed by its size up to this: native dumps are few and read in one process anyway."""

Reader = Callable[[Job], Outcome]


def outcomes(
    work: Sequence[Job], root: Root, fingerprint: Callable[[str], str], *, cores: int | None = None
) -> Iterator[tuple[Job, Outcome]]:
    """(job, outcome) in the order of ``work``.

    Args:
        work: the jobs.
        root: their root.
        fingerprint: secret value → fingerprint; picklable.
        cores: processes; all of the machine's when absent, one for little work.
    """
    cores = cores or os.cpu_count() or 1
    worth = len(work) >= WORTH_JOBS or sum(min(job.found.size, LARGE) for job in work) >= WORTH_BYTES
    if cores == 1 or not worth or multiprocessing.current_process().daemon:
        yield from zip(work, _chunk(work, root, fingerprint), strict=True)
        return
    chunks = [work[start : start + CHUNK] for start in range(0, len(work), CHUNK)]
    done = 0
    try:
        with ProcessPoolExecutor(cores, mp_context=multiprocessing.get_context("forkserver")) as pool:
            for future in [pool.submit(_chunk, chunk, root, fingerprint) for chunk in chunks]:
                results = future.result()
                yield from zip(chunks[done], results, strict=True)
                done += 1
    except BrokenProcessPool:
        for chunk in chunks[done:]:
            for job in chunk:
                yield job, _alone(job, root, fingerprint)


def _chunk(work: Sequence[Job], root: Root, fingerprint: Callable[[str], str]) -> list[Outcome]:
    cache = open_cache()
    try:
        return [run(job, root, fingerprint, cache) for job in work]
    finally:
        if cache:
            cache.close()


def _alone(job: Job, root: Root, fingerprint: Callable[[str], str]) -> Outcome:
    """A job in a process of its own."""
    try:
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("forkserver")) as pool:
            return pool.submit(_chunk, [job], root, fingerprint).result()[0]
    except BrokenProcessPool:
        problem = Problem(job.found.path, "", "ended the process that read it; it is left out", ingestor=job.ingestor)
        return Outcome(read=False, problems=[problem])
