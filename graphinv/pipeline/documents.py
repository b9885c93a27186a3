"""One document through one ingestor: facts that are checked and hold no credential, or what is wrong with it."""

from __future__ import annotations

import hashlib
import pickle
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

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
from graphinv.pipeline.cache import ReadCache
from graphinv.pipeline.redaction import clean, redacted
from graphinv.pipeline.walk import Found, Root, load


@dataclass(frozen=True, slots=True)
class Job:
    """A file and the ingestor that recognised it."""

    found: Found
    ingestor: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a job. ``read`` is false where the document could not be read at all."""

    read: bool
    facts: list[Fact] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    summary: Any = None
    """For formats whose documents are understood together."""


def jobs(found: Found, problems: list[Problem]) -> Iterator[Job]:
    """The jobs of a file, one for each ingestor that recognises it; one that is too large for it becomes a problem."""
    for ingestor in ingestors():
        if not ingestor.detect(found.path, found.head):
            continue
        limit = getattr(ingestor, "MAX_BYTES", MAX_BYTES)
        if found.size > limit:
            size = f"{found.size / 1e6:.0f} MB, more than the {limit / 1e6:.0f} MB that {ingestor.NAME} takes"
            problems.append(Problem(found.path, "", f"is too large ({size})", ingestor=ingestor.NAME))
            continue
        yield Job(Found(found.path, found.real, found.size, b""), ingestor.NAME)


def named(name: str) -> Ingestor | Linking:
    """The ingestor called ``name``."""
    return next(ingestor for ingestor in ingestors() if name == ingestor.NAME)


def run(job: Job, root: Root, fingerprint: Callable[[str], str], cache: ReadCache | None = None) -> Outcome:
    """Read the document of ``job``; whatever is wrong with it is in the outcome, nothing is raised."""
    ingestor = named(job.ingestor)
    path = job.found.path
    try:
        limit = getattr(ingestor, "MAX_BYTES", MAX_BYTES)
        data = load(job.found, limit)
        if len(data) > limit:
            raise IngestError("grew past the size that is read while it was read")
        key = _cache_key(job, root, fingerprint, data) if cache else None
        kept = cache.get(key) if cache and key else None
        if isinstance(kept, Outcome):
            return kept
        outcome = _outcome(ingestor, Document(root.name, "" if root.own_file else path, data, fingerprint))
        if cache and key:
            cache.put(key, outcome)
        return outcome
    except IngestError as error:
        problem = Problem(path, error.where, clean(_sentence(error)), ingestor=ingestor.NAME)
    except OSError as error:
        problem = Problem(path, "", f"cannot be read ({error.strerror})", ingestor=ingestor.NAME)
    except Exception as error:  # a reader's own fault on one document must not cost the user all the others
        problem = Problem(path, "", fault(error), ingestor=ingestor.NAME)
    return Outcome(read=False, problems=[problem])


def _outcome(ingestor: Ingestor | Linking, document: Document) -> Outcome:
    if links(ingestor):
        return Outcome(read=True, summary=ingestor.summarise(document))
    facts = ingestor.read(document)
    # Native facts refuse credentials one by one and may be millions.
    kept, problems = checked(document.root, facts if ingestor.NAME.startswith("native") else map(redacted, facts))
    return Outcome(read=True, facts=kept, problems=problems)


def linked(ingestor: Linking, root: Root, summaries: Mapping[str, Any]) -> Outcome:
    """The facts of all documents that are understood together."""
    try:
        kept, problems = checked(root.name, map(redacted, ingestor.link(root.name, summaries)))
        return Outcome(read=True, facts=kept, problems=problems)
    except Exception as error:  # as above: the other formats are still worth having
        return Outcome(read=False, problems=[Problem("", "", f"{len(summaries)} documents: {fault(error)}", ingestor=ingestor.NAME)])


def fault(error: Exception) -> str:
    """In words: it is our fault. The error's own text may quote the document and is not shown."""
    return f"cannot be read because of a fault in graphinv ({type(error).__name__})"


def _sentence(error: IngestError | FactError) -> str:
    return f"{error.message} ({error.remedy})" if error.remedy else error.message


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


def _cache_key(job: Job, root: Root, fingerprint: Callable[[str], str], data: bytes) -> str | None:
    """What an outcome depends on: the document, its name, the key of fingerprints. Native facts are not worth keeping twice."""
    secret_key = getattr(fingerprint, "id", None)
    if secret_key is None or job.ingestor.startswith("native"):
        return None
    parts = (job.ingestor, root.name, root.own_file, job.found.path, secret_key)
    return hashlib.sha256(pickle.dumps(parts) + hashlib.sha256(data).digest()).hexdigest()
