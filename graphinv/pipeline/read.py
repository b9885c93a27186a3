"""A root's documents through the ingestors: checked, resolved facts, and what could not be read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from graphinv.ingest import MAX_BYTES, Document, Ingestor, Linking, ingestors, links
from graphinv.model.errors import FactError, IngestError
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, OwnerRule, Problem, check_edge, check_node
from graphinv.pipeline.joins import Resolved, resolve
from graphinv.pipeline.redaction import clean, redacted
from graphinv.pipeline.walk import Found, Root, Walk, load, walk

Progress = Callable[[str, int, str], None]
"""Called with (stage, number of things done so far, what is being done)."""


def quiet(stage: str, done: int, what: str) -> None:
    """No progress."""


@dataclass
class Reading:
    """What one root holds."""

    root: Root
    nodes: list[NodeFact] = field(default_factory=list)
    edges: list[EdgeFact] = field(default_factory=list)
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
    raw: list[Fact] = []
    summaries: dict[str, dict[str, Any]] = {}
    for found in walk(root, record, vendored=vendored):
        progress("reading", record.files, found.path)
        for ingestor in _recognising(found, reading.problems):
            said = _read(ingestor, found, root, fingerprint, reading.problems)
            if said is None:
                continue
            reading.documents[ingestor.NAME] += 1
            if links(ingestor):
                summaries.setdefault(ingestor.NAME, {})[found.path] = said
            else:
                raw.extend(said)
    for ingestor in filter(links, ingestors()):
        if ingestor.NAME in summaries:
            progress("reading", record.files, f"linking {ingestor.NAME}")
            raw.extend(_linked(ingestor, root, summaries[ingestor.NAME], reading.problems))
    reading.files, reading.vendored = record.files, record.vendored
    reading.problems.extend(record.problems)
    checked = _checked(root, raw, reading.problems)
    resolved: Resolved = resolve(root.name, checked)
    reading.nodes, reading.edges = resolved.nodes, resolved.edges
    reading.problems.extend(resolved.problems)
    reading.problems = _once(root, reading.problems)
    return reading


def _once(root: Root, problems: Iterable[Problem]) -> list[Problem]:
    """Problems without repetitions by several ingestors. The root itself is the document ``""``; of a root that is one file, all are."""
    placed = (replace(one, document="") if root.own_file or one.document == "." else one for one in problems)
    return list({(one.document, one.where, one.message): one for one in placed}.values())


def _recognising(found: Found, problems: list[Problem]) -> Iterable[Ingestor | Linking]:
    for ingestor in ingestors():
        if not ingestor.detect(found.path, found.head):
            continue
        limit = getattr(ingestor, "MAX_BYTES", MAX_BYTES)
        if found.size > limit:
            size = f"{found.size / 1e6:.0f} MB, more than the {limit / 1e6:.0f} MB that {ingestor.NAME} takes"
            problems.append(Problem(found.path, "", f"is too large ({size})", ingestor=ingestor.NAME))
            continue
        yield ingestor


def _read(ingestor: Ingestor | Linking, found: Found, root: Root, fingerprint: Callable[[str], str], problems: list[Problem]) -> Any:
    """The document's facts, or its summary where documents are understood together, or None when it could not be read."""
    try:
        limit = getattr(ingestor, "MAX_BYTES", MAX_BYTES)
        data = load(found, limit)
        if len(data) > limit:
            raise IngestError("grew past the size that is read while it was read")
        document = Document(root.name, "" if root.own_file else found.path, data, fingerprint)
        if links(ingestor):
            return ingestor.summarise(document)
        facts = ingestor.read(document)
        # Native facts refuse credentials one by one and may be millions.
        return list(facts) if ingestor.NAME.startswith("native") else [redacted(fact) for fact in facts]
    except IngestError as error:
        problems.append(Problem(found.path, error.where, clean(_sentence(error)), ingestor=ingestor.NAME))
    except OSError as error:
        problems.append(Problem(found.path, "", f"cannot be read ({error.strerror})", ingestor=ingestor.NAME))
    except Exception as error:  # a reader's own fault on one document must not cost the user all the others
        problems.append(Problem(found.path, "", _fault(error), ingestor=ingestor.NAME))
    return None


def _linked(ingestor: Linking, root: Root, summaries: Mapping[str, Any], problems: list[Problem]) -> list[Fact]:
    try:
        return [redacted(fact) for fact in ingestor.link(root.name, summaries)]
    except Exception as error:  # as above: the other formats are still worth having
        problems.append(Problem("", "", f"{len(summaries)} documents: {_fault(error)}", ingestor=ingestor.NAME))
        return []


def _fault(error: Exception) -> str:
    return f"cannot be read because of a fault in graphinv ({type(error).__name__})"


def _sentence(error: IngestError | FactError) -> str:
    return f"{error.message} ({error.remedy})" if error.remedy else error.message


def _checked(root: Root, facts: Iterable[Fact], problems: list[Problem]) -> list[Fact]:
    """Facts in normal form; those that break the vocabulary become problems."""
    kept: list[Fact] = []
    for fact in facts:
        try:
            if isinstance(fact, NodeFact):
                kept.append(check_node(fact))
            elif isinstance(fact, EdgeFact):
                kept.append(check_edge(fact))
            elif isinstance(fact, Binding | OwnerRule):
                kept.append(fact)
            else:
                problems.append(fact)
        except FactError as error:
            source = next(iter((fact.props.get("sources") if isinstance(fact, NodeFact | EdgeFact) else None) or [""]), "")
            document, _, where = str(source).partition("#")
            document = document.removeprefix(root.name).removeprefix("/")
            problems.append(Problem(document, where, _sentence(error), ingestor="check"))
    return kept
