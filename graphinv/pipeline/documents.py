"""One document through one ingestor: facts that are checked and hold no credential, or what is wrong with it."""

from __future__ import annotations

import codecs
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache
from hashlib import sha256
from typing import Any, cast

from graphinv.ingest import MAX_BYTES, Document, Ingestor, Linking, ingestors, links
from graphinv.model.errors import FactError, IngestError
from graphinv.model.facts import (
    Binding,
    EdgeFact,
    Fact,
    Grant,
    NodeFact,
    OwnerRule,
    Problem,
    Said,
    check_edge,
    check_node,
    place_of,
)
from graphinv.pipeline.redaction import clean, redacted
from graphinv.pipeline.walk import Found, Root, load

PART_BYTES = 16_000_000
"""A file whose lines are read one by one is read in parts of about this size."""


@dataclass(frozen=True, slots=True)
class Part:
    """Whole lines of a file: ``size`` bytes from ``start`` on, of which the first is line ``line``."""

    start: int
    size: int
    line: int


@dataclass(frozen=True, slots=True)
class Job:
    """A file, or a part of it, and the ingestor that recognised it. ``whole`` asks for the summary where there is an outline too."""

    found: Found
    ingestor: str
    whole: bool = False
    part: Part | None = None

    @property
    def size(self) -> int:
        """Bytes to read."""
        return self.part.size if self.part else self.found.size


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job. ``read`` is false where the document could not be read at all.

    Of formats whose documents are understood together, ``summary`` is the pickled summary, made once and passed on as it is, or
    ``outline`` what stands in for it until it is known whether it is needed. ``digest`` is that of the document.
    """

    read: bool
    facts: list[Fact] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    summary: bytes | None = None
    outline: Any = None
    digest: bytes = b""

    def __reduce__(self) -> tuple[Any, ...]:
        # As tuples they are pickled in half the time, and they go between processes by the million.
        rows = [
            (fact.kind, fact.source, fact.target, fact.props)
            if isinstance(fact, EdgeFact)
            else (fact.kind, fact.id, fact.props)
            if isinstance(fact, NodeFact)
            else fact
            for fact in self.facts
        ]
        return _outcome_of, (self.read, rows, self.problems, self.summary, self.outline, self.digest)


def _outcome_of(read: bool, rows: Sequence[Any], *rest: Any) -> Outcome:
    facts = [row if type(row) is not tuple else EdgeFact(*row) if len(row) == 4 else NodeFact(*row) for row in rows]
    return Outcome(read, facts, *rest)


def jobs(found: Found, problems: list[Problem]) -> Iterator[Job]:
    """The jobs of a file, one for each ingestor that recognises it; one that is too large for it becomes a problem."""
    head = _plain(found.head)
    for ingestor in ingestors():
        if not ingestor.detect(found.inner, head):
            continue
        limit = getattr(ingestor, "MAX_BYTES", MAX_BYTES)
        if found.size > limit:
            size = f"{found.size / 1e6:.0f} MB, more than the {limit / 1e6:.0f} MB that {ingestor.NAME} takes"
            problems.append(Problem(found.path, "", f"is too large ({size})", ingestor=ingestor.NAME))
            continue
        lean = replace(found, head=b"")
        by_line = getattr(ingestor, "by_line", None)
        if found.size > PART_BYTES and not found.packed and by_line is not None and by_line(found.path, found.head):
            yield from (Job(lean, ingestor.NAME, part=part) for part in _parts(found, limit))
        else:
            yield Job(lean, ingestor.NAME)


def _parts(found: Found, limit: int) -> Iterator[Part | None]:
    """The parts of a file, of ``limit`` bytes at most; the whole where it cannot be looked at: reading it will tell why."""
    start, line = 0, 1
    try:
        with open(found.real, "rb") as file:
            while start < limit and (block := file.read(PART_BYTES)):
                block += file.readline(limit)
                yield Part(start, len(block), line)
                start += len(block)
                line += block.count(b"\n")
    except OSError:
        pass
    if not start:
        yield None


def _plain(head: bytes) -> bytes:
    """First bytes as UTF-8 without a mark: what is redirected on Windows is UTF-16, or has one."""
    if head[:2] in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
        return head.decode("utf-16", "ignore").encode("utf-8", "ignore")
    return head.removeprefix(codecs.BOM_UTF8)


def is_native(name: str) -> bool:
    """Whether the ingestor reads facts as they are: maybe millions, not worth keeping twice, checked by itself with the line of each, and
    refused where they hold secrets."""
    return name.startswith("native")


@cache
def named(name: str) -> Ingestor | Linking:
    """The ingestor called ``name``."""
    return next(ingestor for ingestor in ingestors() if name == ingestor.NAME)


def bytes_of(job: Job) -> bytes:
    """The document of ``job``.

    Raises:
        IngestError: it is too large by now.
        OSError: it cannot be read (any more).
    """
    limit = getattr(named(job.ingestor), "MAX_BYTES", MAX_BYTES)
    if job.part:
        return load(job.found, job.part.size - 1, job.part.start)
    data = load(job.found, limit)
    if len(data) > limit:
        raise IngestError(
            "is larger than what is read once it is unpacked" if job.found.packed else "grew past the size that is read while it was read"
        )
    return data


def run(job: Job, root: Root, fingerprint: Callable[[str], str]) -> Outcome:
    """Read the document of ``job``; whatever is wrong with it is in the outcome, nothing is raised."""
    ingestor = named(job.ingestor)
    path = job.found.path
    try:
        data = bytes_of(job)
        document = Document(root.name, "" if root.own_file else path, data, fingerprint, job.part.line if job.part else 1)
        outcome = _outcome(ingestor, document, job.whole)
        return outcome if is_native(job.ingestor) else replace(outcome, digest=sha256(data).digest())
    except IngestError as error:
        problem = Problem(path, error.where, clean(_sentence(error)), ingestor=ingestor.NAME)
    except OSError as error:
        problem = Problem(path, "", f"cannot be read ({error.strerror})", ingestor=ingestor.NAME)
    except Exception as error:  # a reader's own fault on one document must not cost the user all the others
        problem = Problem(path, "", fault(error), ingestor=ingestor.NAME)
    return Outcome(read=False, problems=[problem])


def _outcome(ingestor: Ingestor | Linking, document: Document, whole: bool) -> Outcome:
    if links(ingestor):
        outline = getattr(ingestor, "outline", None)
        if outline is not None and not whole:
            return Outcome(read=True, outline=outline(document))
        return Outcome(read=True, summary=pickle.dumps(ingestor.summarise(document), pickle.HIGHEST_PROTOCOL))
    facts = ingestor.read(document)
    kept, problems = _parted(facts) if is_native(ingestor.NAME) else checked(document.root, map(redacted, facts))
    return Outcome(read=True, facts=kept, problems=problems)


def linked(name: str, root: Root, pickled: Mapping[str, bytes]) -> Outcome:
    """The facts of documents that the ingestor ``name`` understands together, from their summaries by path."""
    ingestor = cast("Linking", named(name))
    try:
        summaries = {path: pickle.loads(summary) for path, summary in pickled.items()}  # noqa: S301 - made by run
        kept, problems = checked(root.name, map(redacted, _once(ingestor.link(root.name, summaries))))
        return Outcome(read=True, facts=kept, problems=problems)
    except Exception as error:  # as above: the other formats are still worth having
        return Outcome(read=False, problems=[Problem("", "", f"{len(pickled)} documents: {fault(error)}", ingestor=name)])


def _once(facts: Iterable[Fact]) -> Iterator[Fact]:
    """The facts without bindings that are told again and again, as they are of a server that many places name."""
    told: set[Binding] = set()
    for fact in facts:
        if isinstance(fact, Binding):
            if fact in told:
                continue
            told.add(fact)
        yield fact


def fault(error: Exception) -> str:
    """In words: it is our fault. The error's own text may quote the document and is not shown."""
    return f"cannot be read because of a fault in graphinv ({type(error).__name__})"


def _sentence(error: IngestError | FactError) -> str:
    return f"{error.message} ({error.remedy})" if error.remedy else error.message


def _parted(facts: Iterable[Fact]) -> tuple[list[Fact], list[Problem]]:
    """Facts that are checked, and the problems among them."""
    kept: list[Fact] = []
    problems: list[Problem] = []
    for fact in facts:
        if isinstance(fact, Problem):
            problems.append(fact)
        else:
            kept.append(fact)
    return kept, problems


def checked(root: str, facts: Iterable[Fact]) -> tuple[list[Fact], list[Problem]]:
    """Facts in normal form, and problems: those among the facts, and one for each fact that breaks the vocabulary."""
    kept: list[Fact] = []
    problems: list[Problem] = []
    for fact in facts:
        try:
            if isinstance(fact, NodeFact):
                kept.append(check_node(fact))
            elif isinstance(fact, EdgeFact):
                kept.append(check_edge(fact))
            elif isinstance(fact, Binding | OwnerRule | Grant | Said):
                kept.append(fact)
            else:
                problems.append(fact)
        except FactError as error:
            source = next(iter((fact.props.get("sources") if isinstance(fact, NodeFact | EdgeFact) else None) or [""]), "")
            document, where = place_of(str(source), root)
            problems.append(Problem(document, where, _sentence(error), ingestor="check"))
    return kept, problems
