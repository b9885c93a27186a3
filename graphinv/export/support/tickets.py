"""Tickets: findings that one change clears, in lines that every tracker can show, and the mark by which a ticket is found again."""

from __future__ import annotations

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import astuple, dataclass
from functools import cached_property
from typing import Any, Literal

from graphinv.export.support.words import node_words, path_lines
from graphinv.model.results import LEVELS, Finding, Level
from graphinv.model.text import plain

LISTED = 100
"""Findings, and places, that one ticket lists at most."""
MAX_LINE = 1000


@dataclass(frozen=True, slots=True)
class Line:
    """A line of a ticket: ``label`` is ours, ``text`` a stranger's, on one line."""

    kind: Literal["heading", "field", "item", "step"]
    label: str = ""
    text: str = ""
    code: bool = False
    """Whether the text is an id, a place or a command rather than a sentence."""


@dataclass(frozen=True)
class Ticket:
    """What is to be done about findings that one change clears, or about one of them."""

    key: str
    """16 hex digits; it stays the same from scan to scan."""
    findings: tuple[Finding, ...]
    change: str = ""
    """What clears them all, where there are several."""

    @classmethod
    def of(cls, key: str, findings: Iterable[Finding], change: str = "") -> Ticket:
        """The ticket of these findings, the worst first, in an order that does not change with what else is found."""
        worst = sorted(findings, key=lambda one: (LEVELS.index(one.severity), -one.likelihood, one.rule, one.title, one.key))
        return cls(key, tuple(worst), change)

    @property
    def severity(self) -> Level:
        """That of the worst finding."""
        return self.findings[0].severity

    @cached_property
    def title(self) -> str:
        """For people, on one line. It is given once: whoever renames the ticket keeps their name."""
        worst, more = self.findings[0], len(self.findings) > 1
        return f"{self.change}: {worst.title}, and more" if more and self.change else _about(worst)

    @cached_property
    def lines(self) -> tuple[Line, ...]:
        """All that it says. Nothing that changes with every scan is among it, or every scan would change every ticket."""
        return tuple(_lines(self))

    @cached_property
    def digest(self) -> str:
        """16 hex digits over all that it says."""
        text = json.dumps([self.severity, *map(astuple, self.lines)])
        return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:16]

    def labels(self, label: str) -> list[str]:
        """The labels that graphinv sets: its own, and one for the level."""
        return [label, f"{label}-{self.severity}"]

    def mark(self, most: int) -> Mark:
        """Its mark, with the keys of ``most`` findings."""
        return Mark(self.key, self.digest, self.severity, False, tuple(one.key for one in self.findings[:most]))


def level_labels(label: str) -> frozenset[str]:
    """All labels that graphinv sets for levels."""
    return frozenset(f"{label}-{level}" for level in LEVELS)


def ticket_key(cause: str) -> str:
    """Key of the ticket of a cause.

    >>> ticket_key("Identity:admin") == ticket_key("Identity:admin")
    True
    """
    return hashlib.sha256(f"cause\x1f{cause}".encode()).hexdigest()[:16]


def _about(finding: Finding) -> str:
    return plain(f"{finding.title}: {_ends(finding)}", MAX_LINE)


def _ends(finding: Finding) -> str:
    return node_words(finding.subject) + (f" to {node_words(finding.target)}" if finding.target else "")


def _lines(ticket: Ticket) -> Iterator[Line]:
    findings, worst = ticket.findings, ticket.findings[0]
    several = len(findings) > 1
    yield from _field("Why", worst.why)
    yield from _field("Rule", "" if several else worst.rule)
    counts = Counter(one.severity for one in findings)
    told = ", ".join(f"{counts[level]} {level}" for level in LEVELS if counts[level])
    yield from _field("Severity", f"{worst.severity} ({told})" if several else f"{worst.severity} (confidence {worst.confidence:g})")
    yield from _field("To change", ticket.change) if several else [Line("field", "About", plain(_ends(worst), MAX_LINE), code=True)]
    owners = _united(one.owners for one in findings)
    yield Line("field", "Owner", plain(", ".join(owners), MAX_LINE) or "nobody known", code=bool(owners))
    for remediation in _united((one.remediation,) for one in findings):
        yield from _field("Remediation", remediation)
    yield Line("field", "In full", f"graphinv findings {' '.join(one.key for one in findings[:3])}", code=True)
    for unsure in _united((one.unconfirmed,) for one in findings):
        yield from _field("Not confirmed by the last analysis", unsure)
    if worst.path:
        yield Line("heading", "Path of the first finding" if several else "Path")
        yield from (Line("step", text=plain(line, MAX_LINE)) for line in path_lines(worst))
    if several:
        yield Line("heading", "Findings")
        for one in findings[:LISTED]:
            yield Line("item", one.severity, plain(f"{one.rule} {one.title}: {node_words(one.subject)} ({one.key})", MAX_LINE))
        if len(findings) > LISTED:
            yield Line("item", f"and {len(findings) - LISTED} more")
    places = _united(one.sources for one in findings)
    if places:
        yield Line("heading", "Where it is stated")
        yield from (Line("item", text=plain(place, MAX_LINE), code=True) for place in places)
    yield from _field("Frameworks", ", ".join(_united(one.frameworks for one in findings)))


def _field(label: str, text: str) -> Iterator[Line]:
    if text:
        yield Line("field", label, plain(text, MAX_LINE))


def _united(groups: Iterable[Iterable[str]]) -> list[str]:
    """Each text once, in order, without empty ones, :data:`LISTED` at most."""
    return list(dict.fromkeys(text for group in groups for text in group if text))[:LISTED]


def fitting(pieces: Iterable[Any], room: int, size: Callable[[Any], int]) -> list[Any]:
    """As many whole pieces from the first on as ``room`` takes, so that no markup is cut in two."""
    kept = []
    for piece in pieces:
        room -= size(piece)
        if room < 0:
            break
        kept.append(piece)
    return kept


_MARK = re.compile(r"graphinv:1 ([0-9a-f]{16}) ([0-9a-f]{16}|-) ([a-z]+) (open|closed) ([0-9a-f,]*)")


@dataclass(frozen=True, slots=True)
class Mark:
    """What a ticket carries of itself: whose it is, and what was last written to it."""

    key: str
    digest: str
    severity: str
    closed: bool
    """Whether graphinv closed it, so that whoever opens it again is left alone."""
    findings: tuple[str, ...]

    def __str__(self) -> str:
        state = "closed" if self.closed else "open"
        return f"graphinv:1 {self.key} {self.digest or '-'} {self.severity} {state} {','.join(self.findings)}"

    @classmethod
    def parse(cls, text: str) -> Mark | None:
        """The mark that ``text`` is, if it is one."""
        found = _MARK.fullmatch(text)
        if found is None or found[3] not in LEVELS:
            return None
        return cls(found[1], found[2].strip("-"), found[3], found[4] == "closed", tuple(filter(None, found[5].split(","))))


@dataclass(frozen=True)
class Frame:
    """The part of a text field that graphinv keeps up to date: from a line of its own to the line with the mark.

    Both are whole lines. A stranger's text never begins a line within the part, so it can be neither.
    """

    before: str
    after: str

    @property
    def start(self) -> str:
        """The line that the part starts with."""
        return f"{self.before}graphinv keeps this part up to date; what is written outside of it stays{self.after}"

    def part(self, text: str, mark: Mark) -> str:
        """The whole part."""
        return f"{self.start}\n{text}\n{self._end(mark)}"

    def mark(self, body: str) -> Mark | None:
        """The mark in ``body``."""
        found = self._ends(body)
        return Mark.parse(found[1]) if found else None

    def renewed(self, body: str, part: str) -> str:
        """``body`` with ``part`` in place of the one it holds; below all else where it holds none."""
        end = self._ends(body)
        if end is None:
            return f"{body.rstrip()}\n\n{part}".lstrip()
        start = self._starts(body, end.start())
        return body[:start] + part + body[end.end() :]

    def without(self, body: str) -> str:
        """What people wrote outside of the part."""
        return self.renewed(body, "").strip()

    def marked(self, body: str, mark: Mark) -> str:
        """``body`` with ``mark`` in place of the one it holds."""
        end = self._ends(body)
        return body if end is None else body[: end.start()] + self._end(mark) + body[end.end() :]

    def _end(self, mark: Mark) -> str:
        return f"{self.before}{mark}{self.after}"

    def _ends(self, body: str) -> re.Match[str] | None:
        return re.search(rf"^{re.escape(self.before)}(graphinv:1 [^\r\n]*?){re.escape(self.after)}(?=\r?$)", body, re.MULTILINE)

    def _starts(self, body: str, end: int) -> int:
        found = re.search(rf"^{re.escape(self.start)}\r?$", body[:end], re.MULTILINE)
        return found.start() if found else end
