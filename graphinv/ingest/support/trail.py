"""Audit trails of clouds: what one document of them shows, and what all of a root show together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.jsonlog import JsonLog, decoded
from graphinv.ingest.support.observed import Tally, united
from graphinv.model.facts import EdgeFact, Fact, NodeFact, Problem

NO_DATA = "the trail has no data events: what was done with objects, items and functions is not in it, so these may be in use"
_TOLD = 6
"""Actions that a note names."""
_MOST_UNTOLD = 1000
_DEPTH = 5


@dataclass
class Trail:
    """What one document shows."""

    tally: Tally = field(default_factory=Tally)
    untold: Counter[str] = field(default_factory=Counter)
    """Actions of which the record does not tell to what they were done, or that were done to identities, or to a service as a whole."""
    records: int = 0
    ids: int = 0
    """Mark of all records together, whatever their order: two documents with the same records are one."""
    data: int = 0
    """How many of the records are of what was done with data, which trails only hold where they are told to."""
    problems: list[Problem] = field(default_factory=list)

    def count(self, record: str, *, of_data: bool) -> None:
        """A record by what tells it from others."""
        self.records += 1
        self.ids = (self.ids + int.from_bytes(sha256(record.encode("utf-8", "replace")).digest()[:8], "big")) % 2**64
        self.data += of_data

    def leave(self, action: str) -> None:
        """An action that is told as no access."""
        self.untold[action if action in self.untold or len(self.untold) < _MOST_UNTOLD else "others"] += 1


def carried(value: object, ours: Callable[[Mapping[str, Any]], bool], depth: int = _DEPTH) -> Iterator[dict[str, Any]]:
    """Records in whatever a pipeline wrapped them in: ``value`` itself, or what lies in it as object, list or text. O(size)."""
    if isinstance(value, dict) and ours(value):
        yield value
    elif depth and isinstance(value, dict | list):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from carried(inner, ours, depth - 1)
    elif depth and isinstance(value, str):
        yield from carried(decoded(value), ours, depth - 1)


def trail_of(
    document: Document,
    entries: Callable[[dict[str, Any]], Iterable[dict[str, Any]]],
    take: Callable[[Trail, dict[str, Any], str], None],
    ingestor: str,
) -> Trail:
    """What the entries of a log of JSON show: ``entries`` are those in one of its objects, ``take`` counts one of them, which stands at the
    place that it is given. O(bytes); memory grows with different accesses, not with entries.

    Raises:
        IngestError: it is not text.
    """
    trail, log = Trail(), JsonLog(document)
    for line, value in log.objects():
        for entry in entries(value):
            take(trail, entry, document.source(line))
    trail.problems.extend(log.problems(ingestor))
    return trail


def facts_of(root: str, trails: Mapping[str, Trail], ingestor: str) -> Iterator[Fact]:
    """What the trails of ``root``, by path, show together; each record counts once where a file is there twice, packed and unpacked."""
    distinct = list({(trail.ids, trail.records): trail for _, trail in sorted(trails.items(), reverse=True)}.values())
    whole = united(trail.tally for trail in distinct)
    for fact in whole.facts():
        yield fact
        if isinstance(fact, EdgeFact) and fact.kind == "AUTHENTICATES_AS" and isinstance(fact.source, tuple):
            yield NodeFact(*fact.source, {"last_used": fact.props["last_seen"]})
    for trail in distinct:
        yield from trail.problems
    yield from whole.problems(root, ingestor)
    first = min(trails, default="")
    untold = sum((trail.untold for trail in distinct), Counter())
    if untold:
        named = ", ".join(name for name, _ in sorted(untold.items(), key=lambda one: (-one[1], one[0]))[:_TOLD])
        what = f"{untold.total():,} calls name no resource, or act on identities or a whole service"
        yield Problem(first, "", f"{what}; they are told as no access ({named})", "note", ingestor)
    if any(trail.records for trail in distinct) and not any(trail.data for trail in distinct):
        yield Problem(first, "", NO_DATA, "note", ingestor)
