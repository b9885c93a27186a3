"""A root's documents through the ingestors: checked, resolved facts, and what could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from graphinv.model.facts import EdgeFact, Grant, NodeFact, Problem, Said
from graphinv.pipeline.cards import carded
from graphinv.pipeline.catalogue import known
from graphinv.pipeline.documents import Job, jobs
from graphinv.pipeline.gather import Progress, gather, quiet
from graphinv.pipeline.joins import resolve
from graphinv.pipeline.machines import on_machines
from graphinv.pipeline.walk import Root, Walk, walk


@dataclass
class Reading:
    """What one root holds."""

    root: Root
    nodes: list[NodeFact] = field(default_factory=list)
    edges: list[EdgeFact] = field(default_factory=list)
    grants: list[Grant] = field(default_factory=list)
    """What policies say; they become edges when all roots of a scan have been read (:mod:`graphinv.pipeline.together`)."""
    said: list[Said] = field(default_factory=list)
    """What is said of things that any root may name; it is applied then as well."""
    problems: list[Problem] = field(default_factory=list)
    documents: Counter[str] = field(default_factory=Counter)
    """Documents read, by ingestor."""
    files: int = 0
    vendored: int = 0

    @property
    def complete(self) -> bool:
        """Whether nothing that was recognised is missing; only then may the store close what is no longer found."""
        whole = self.root.only is None or self.root.own_file
        return whole and not any(problem.severity == "error" for problem in self.problems)


def now() -> str:
    """The current moment in the graph's form, to the second."""
    return datetime.now(UTC).replace(tzinfo=None, microsecond=0).isoformat() + "Z"


def read_root(root: Root, fingerprint: Callable[[str], str], progress: Progress = quiet, *, vendored: bool = False) -> Reading:
    """Read everything under ``root`` that an ingestor recognises. What is wrong with one document never stops the others.

    Args:
        root: where to look.
        fingerprint: secret value → keyed fingerprint.
        progress: told about every file.
        vendored: also look into folders of vendored code and build output.
    """
    reading = Reading(root)
    record = Walk()
    work: list[Job] = []
    for found in walk(root, record, vendored=vendored):
        progress("walking", record.files, found.path)
        work.extend(jobs(found, reading.problems))
    gathered = gather(work, root, fingerprint, progress)
    raw = gathered.facts
    reading.documents = gathered.documents
    reading.problems.extend(gathered.problems)
    reading.files, reading.vendored = record.files, record.vendored
    reading.problems.extend(record.problems)
    if root.only is not None and not work and not reading.problems:
        # Whoever names a file wants it read; in a folder it is passed over.
        reading.problems.append(Problem(root.only, "", "is in no format that is read (`graphinv formats` lists them)", ingestor="walk"))
    progress("joining", len(raw), "")
    resolved = resolve(root.name, raw)
    reading.nodes, reading.edges = carded(root.name, resolved.nodes, resolved.edges)
    reading.grants, reading.said = resolved.grants, resolved.said
    added = list(known(reading.nodes, reading.edges))
    reading.nodes += [fact for fact in added if isinstance(fact, NodeFact)]
    reading.edges += [fact for fact in added if isinstance(fact, EdgeFact)]
    reading.edges += on_machines(reading.nodes)
    reading.problems.extend(resolved.problems)
    reading.problems = _once(root, reading.problems)
    return reading


def _once(root: Root, problems: Iterable[Problem]) -> list[Problem]:
    """Problems without repetitions by several ingestors. The root itself is the document ``""``; of a root that is one file, all are."""
    placed = (replace(one, document="") if root.own_file or one.document == "." else one for one in problems)
    return list({(one.document, one.where, one.message): one for one in placed}.values())
