"""A root's documents → what they say: over all cores, and through the cache of what they said before.

A document of most formats is read alone. Those of some are understood together, in up to three rounds: outlines, which tell what belongs
together; summaries of what is needed; the facts of each group, which may be found in any process. Summaries are pickled where they are made
and unpickled where they are linked: this process, which passes them on, never holds them as objects.
"""

from __future__ import annotations

import hashlib
import multiprocessing
import pickle
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import groupby
from typing import cast

from graphinv.ingest import Linking, ingestors, links
from graphinv.ingest.support.native import united
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, Problem
from graphinv.pipeline.cache import ReadCache, opened_cache
from graphinv.pipeline.documents import Job, Outcome, bytes_of, is_native, linked, run
from graphinv.pipeline.pool import Workers
from graphinv.pipeline.walk import Root

CHUNK = 32
"""Documents that are read, or linked, in one go."""
WORTH_JOBS = 600
WORTH_BYTES = 8_000_000
WORTH_LINKED = 200
"""From so many documents or bytes on, more than one process is worth its start."""
LARGE = 1_000_000
"""A document is weighed by its size up to this: native dumps are few and read in one process anyway."""

Progress = Callable[[str, int, str], None]
"""Called with (stage, number of things done so far or 0 where nothing is counted, what is being done)."""


def quiet(stage: str, done: int, what: str) -> None:
    """No progress."""


Group = dict[str, tuple[Job, Outcome]]
"""Documents that are understood together, by path."""


@dataclass
class Gathered:
    """What the documents of a root say, and how many of them were read, by ingestor."""

    facts: list[Fact] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    documents: Counter[str] = field(default_factory=Counter)

    def add(self, outcome: Outcome) -> None:
        """The facts and problems of ``outcome``."""
        self.facts.extend(outcome.facts)
        self.problems.extend(outcome.problems)


def gather(work: Sequence[Job], root: Root, fingerprint: Callable[[str], str], progress: Progress, *, cores: int | None = None) -> Gathered:
    """What the documents of ``work`` say. What is wrong with one of them never stops the others.

    Args:
        work: the jobs of a root.
        root: the root.
        fingerprint: secret value → fingerprint; picklable where there is much to read.
        progress: told about every document and every group.
        cores: processes; all of the machine's when absent.
    """
    with Workers(cores) as workers, opened_cache() as cache:
        return _Gathering(root, fingerprint, progress, workers, cache).all(work)


class _Gathering:
    def __init__(
        self, root: Root, fingerprint: Callable[[str], str], progress: Progress, workers: Workers, cache: ReadCache | None
    ) -> None:
        self.root = root
        self.fingerprint = fingerprint
        self.progress = progress
        self.workers = workers
        identity = getattr(fingerprint, "id", None)  # without one it is not known which key a kept fingerprint was made with
        self.cache = cache if identity is not None else None
        self.scope = pickle.dumps((root.name, root.own_file, identity))
        self.result = Gathered()

    def all(self, work: Sequence[Job]) -> Gathered:
        """What they say, alone and together."""
        together: dict[str, Group] = {}
        for job, outcome in _whole(zip(work, self._read(work), strict=True)):
            self.result.add(outcome)
            if outcome.read:
                self.result.documents[job.ingestor] += 1
                if outcome.outline is not None or outcome.summary is not None:
                    together.setdefault(job.ingestor, {})[job.found.path] = job, outcome
        groups = [
            group
            for ingestor in ingestors()
            if links(ingestor) and ingestor.NAME in together
            for group in _groups(ingestor, together[ingestor.NAME])
        ]
        self._link(groups)
        return self.result

    # ---- one by one

    def _read(self, work: Sequence[Job]) -> list[Outcome]:
        """The outcomes of ``work``, in its order."""
        kept = self._kept(work)
        missing = [job for number, job in enumerate(work) if number not in kept]
        worth = len(missing) >= WORTH_JOBS or sum(job.size if job.part else min(job.size, LARGE) for job in missing) >= WORTH_BYTES
        function = partial(_run_all, root=self.root, fingerprint=self.fingerprint)
        chunks = _chunks(missing)
        read: list[Outcome] = []
        for job, answer in self.workers.map(function, chunks, spread=worth):
            outcome = _lost(job) if answer is None else _unpacked(answer)
            read.append(outcome)
            self.progress("reading", len(kept) + len(read), job.found.path)
            if self.cache is not None and isinstance(answer, bytes) and outcome.read and not job.part:
                self.cache.put(self._key(job, outcome.digest), answer)
        rest = iter(read)
        return [kept[number] if number in kept else next(rest) for number in range(len(work))]

    def _kept(self, work: Sequence[Job]) -> dict[int, Outcome]:
        """What documents said when they were last read, where they are still the same; by their place in ``work``."""
        found: dict[int, Outcome] = {}
        if self.cache is None or self.cache.empty:
            return found
        for number, job in enumerate(work):
            if is_native(job.ingestor):
                continue
            try:
                digest = hashlib.sha256(bytes_of(job)).digest()
            except (IngestError, OSError):  # reading the document will tell
                continue
            outcome = self.cache.get(self._key(job, digest))
            if isinstance(outcome, Outcome):
                found[number] = outcome
                self.progress("reading", len(found), job.found.path)
        return found

    def _key(self, job: Job, digest: bytes) -> bytes:
        """What an outcome depends on besides the code: the document, its name and root, the key of fingerprints."""
        return pickle.dumps((job.ingestor, job.whole, job.found.path, digest)) + self.scope

    # ---- together

    def _link(self, groups: Sequence[Group]) -> None:
        """Add what the documents of each group mean together."""
        missing = []
        for group in groups:
            kept = self.cache.get(self._group_key(group)) if self.cache is not None else None
            if isinstance(kept, Outcome):
                self.result.add(kept)
            else:
                missing.append(group)
        ready = sorted(self._summarised(missing), key=len, reverse=True)  # the largest first, that no core waits for it at the end
        worth = sum(map(len, ready)) >= WORTH_LINKED
        done = 0
        for group, answer in self.workers.map(partial(_link_all, root=self.root), _packs(ready), spread=worth):
            done += len(group)
            self.progress("linking", done, _name(group))
            if answer is None:
                message = f"{len(group)} documents ended the process that put them together; what they say together is left out"
                self.result.problems.append(Problem("", "", message, ingestor=_name(group)))
                continue
            outcome = _unpacked(answer)
            self.result.add(outcome)
            if self.cache is not None and outcome.read:
                self.cache.put(self._group_key(group), answer)

    def _summarised(self, groups: Sequence[Group]) -> list[Group]:
        """The groups with summaries in place of outlines; what cannot be read is told and left out."""
        wanted = dict.fromkeys(replace(job, whole=True) for group in groups for job, outcome in group.values() if outcome.summary is None)
        summaries = dict(zip(wanted, self._read(list(wanted)), strict=True))
        for job, outcome in summaries.items():
            self.result.problems.extend(outcome.problems)
            if not outcome.read:
                self.result.documents[job.ingestor] -= 1
        ready = []
        for group in groups:
            whole = {path: (job, summaries.get(replace(job, whole=True), outcome)) for path, (job, outcome) in group.items()}
            readable = {path: one for path, one in whole.items() if one[1].read}
            if readable:
                ready.append(readable)
        return ready

    def _group_key(self, group: Group) -> bytes:
        """What the facts of a group depend on besides the code: all its documents."""
        return pickle.dumps([(job.ingestor, path, outcome.digest) for path, (job, outcome) in sorted(group.items())]) + self.scope


def _whole(read: Iterable[tuple[Job, Outcome]]) -> Iterator[tuple[Job, Outcome]]:
    """Documents that were read in parts, which follow each other, as what they are: one document each."""
    for _, parts in groupby(read, key=lambda pair: (pair[0].ingestor, pair[0].found.path, pair[0].part is not None)):
        (job, outcome), *others = parts
        if job.part is None:
            yield job, outcome
            yield from others
            continue
        for _, other in others:
            outcome.facts.extend(other.facts)
        every = [outcome, *(other for _, other in others)]
        problems = united(problem for one in every for problem in one.problems)
        yield job, replace(outcome, read=any(one.read for one in every), problems=problems)


def _chunks(work: Sequence[Job]) -> Iterator[Sequence[Job]]:
    """What is read in one go: a part of a document by itself."""
    for parted, jobs in groupby(work, key=lambda job: job.part is not None):
        same = list(jobs)
        step = 1 if parted else CHUNK
        for start in range(0, len(same), step):
            yield same[start : start + step]


def _groups(ingestor: Linking, documents: Group) -> Iterator[Group]:
    """The documents that have to be understood together."""
    parts = getattr(ingestor, "parts", None)
    if parts is None or not hasattr(ingestor, "outline"):
        yield documents
    else:
        for paths in parts({path: outcome.outline for path, (_, outcome) in documents.items()}):
            yield {path: documents[path] for path in paths}


def _name(group: Group) -> str:
    return next(iter(group.values()))[0].ingestor


def _packs(groups: Iterable[Group]) -> Iterator[list[Group]]:
    """The groups in packs that are worth handing over."""
    pack: list[Group] = []
    for group in groups:
        pack.append(group)
        if sum(map(len, pack)) >= CHUNK:
            yield pack
            pack = []
    if pack:
        yield pack


def _run_all(work: Sequence[Job], root: Root, fingerprint: Callable[[str], str]) -> list[bytes | Outcome]:
    """The outcomes, pickled once for the cache and for the way; native facts, which may be millions and are not kept, only for the way."""
    stays = multiprocessing.parent_process() is None
    outcomes = ((job, run(job, root, fingerprint)) for job in work)
    return [outcome if is_native(job.ingestor) and (stays or not job.part) else _packed(outcome) for job, outcome in outcomes]


def _link_all(groups: Sequence[Group], root: Root) -> list[bytes]:
    outcomes = []
    for group in groups:
        summaries = {path: outcome.summary for path, (_, outcome) in group.items() if outcome.summary is not None}
        outcomes.append(_packed(linked(_name(group), root, summaries)))
    return outcomes


def _packed(outcome: Outcome) -> bytes:
    return pickle.dumps(outcome, pickle.HIGHEST_PROTOCOL)


def _unpacked(answer: bytes | Outcome) -> Outcome:
    return cast("Outcome", pickle.loads(answer)) if isinstance(answer, bytes) else answer  # noqa: S301 - made by this scan


def _lost(job: Job) -> Outcome:
    where = f"L{job.part.line}" if job.part else ""
    problem = Problem(job.found.path, where, "ended the process that read it; it is left out", ingestor=job.ingestor)
    return Outcome(read=False, problems=[problem])
