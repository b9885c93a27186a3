"""Findings that need not be shown: accepted risks, and what a baseline knows. They are hidden and counted, never deleted.

A file of accepted risks is TOML, kept under version control beside what it speaks of::

    [[accepted]]
    rule = "GI-SEC-005"              # id, or pattern such as GI-SEC-*
    subject = "Agent:billing-*"      # Kind:id, or pattern; optional
    path = "acme/tests/*"            # of every document the finding is stated in; optional
    owner = "ana@acme.example"       # who answers for it
    reason = "sample keys of the test suite"
    until = 2027-03-31               # last day; from the next on the finding is back

A baseline is what ``graphinv findings --format json`` (or jsonl) printed: only what is not in it, or is graver now, is new.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from graphinv.analyze.library import explain
from graphinv.model.errors import InputError, UsageError
from graphinv.model.globs import glob_form
from graphinv.model.results import LEVELS, Analysis, Finding
from graphinv.model.text import counted
from graphinv.pipeline.keys import KEY_FILE_VARIABLE

ACCEPTED_VARIABLE = "GRAPHINV_ACCEPTED"
"""Environment variable that names the file of accepted risks where no option does."""
MAX_BYTES = 512 * 1024 * 1024


class Accepted(BaseModel):
    """A risk that somebody accepts until a day."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: str = "*"
    subject: str = "*"
    path: str = "*"
    owner: str = Field(min_length=1)
    reason: str = Field(min_length=1)
    until: date

    @model_validator(mode="after")
    def _narrow(self) -> Accepted:
        if self.rule.strip("*") == self.subject.strip("*") == self.path.strip("*") == "":
            raise ValueError("accepts everything; say which rule, subject or path")
        return self

    def covers(self, finding: Finding) -> bool:
        """Whether it speaks of the finding, whatever the day."""
        documents = [source.partition("#")[0] for source in finding.sources]
        stated = bool(documents) and all(_like(document, self.path) for document in documents)
        return _like(finding.rule, self.rule) and _like(":".join(finding.subject), self.subject) and (self.path == "*" or stated)


def _like(text: str, pattern: str) -> bool:
    """Whether ``text`` is as ``pattern`` says, in which only ``*`` and ``?`` stand for something else."""
    return glob_form(pattern).match(text) is not None


@dataclass(frozen=True)
class Shown:
    """Findings to show, and how many are hidden and why."""

    findings: tuple[Finding, ...]
    accepted: int = 0
    known: int = 0
    expired: tuple[Accepted, ...] = ()
    """Acceptances whose last day is over, of findings that are shown for that."""
    unmatched: int = 0
    """Findings to show about secrets that the baseline may know, but under another key of fingerprints."""
    graver: int = 0
    """Findings to show that the baseline knows at a lower level."""

    @property
    def words(self) -> list[str]:
        """What is hidden and what came back, in words; empty where nothing is."""
        lines = []
        if self.accepted:
            lines.append(f"{counted(self.accepted, 'finding')} hidden as accepted risk")
        if self.known:
            lines.append(f"{counted(self.known, 'finding')} hidden that the baseline knows")
        if self.graver:
            lines.append(f"{counted(self.graver, 'finding')} shown that the baseline knows at a lower level")
        if self.unmatched:
            lines.append(
                f"{counted(self.unmatched, 'finding')} about secrets shown that the baseline may know: it was made with another key of "
                f"fingerprints; let both stores use one ({KEY_FILE_VARIABLE})"
            )
        lines += [f"acceptance of {one.rule} by {one.owner} ran out on {one.until}: {one.reason}" for one in self.expired]
        return lines

    def to_json(self) -> dict[str, Any]:
        """The numbers, and the acceptances that ran out."""
        counts = {"accepted": self.accepted, "known": self.known, "graver": self.graver, "unmatched": self.unmatched}
        return {**counts, "expired": [one.model_dump(mode="json") for one in self.expired]}


class Known(NamedTuple):
    """What a baseline knows of a finding."""

    level: str
    """At which level it was; of a list that states none, the worst."""
    secret: bool
    """Whether it is about a secret whose value was seen: its key holds for stores with one key of fingerprints."""


@dataclass(frozen=True)
class Filter:
    """What need not be shown."""

    accepted: tuple[Accepted, ...] = ()
    baseline: Mapping[str, Known] = field(default_factory=dict)
    """What is known, by the keys of the findings."""

    @classmethod
    def of(cls, accepted: Path | None, baseline: Path | None) -> Filter:
        """What these files say; nothing where there is none.

        Raises:
            UsageError: a file cannot be read.
            InputError: it is not understood.
        """
        return cls(
            () if accepted is None else accepted_in(_text(accepted), accepted.name),
            {} if baseline is None else known_in(_text(baseline), baseline.name),
        )

    def without(self, analysis: Analysis) -> tuple[Analysis, Shown]:
        """The analysis without the findings that need not be shown, and what those are. What is in the store has them all."""
        shown = self.shown(analysis.findings, analysis.at)
        return analysis.model_copy(update={"findings": shown.findings}), shown

    def shown(self, findings: Iterable[Finding], at: str) -> Shown:
        """Which of ``findings`` are shown on the day of ``at``. O(findings · acceptances)."""
        today = date.fromisoformat(at[:10])
        kept, accepted, known, graver, expired = [], 0, 0, 0, set()
        found = list(findings)
        for finding in found:
            covering = [one for one in self.accepted if one.covers(finding)]
            if any(today <= one.until for one in covering):
                accepted += 1
            elif (before := self.baseline.get(finding.key)) and LEVELS.index(before.level) <= LEVELS.index(finding.severity):
                known += 1
            else:
                kept.append(finding)
                graver += before is not None
                expired.update(covering)
        ordered = sorted(expired, key=lambda one: (one.until, one.rule, one.subject, one.path, one.owner))
        secret = {key for key, one in self.baseline.items() if one.secret}
        another = bool(secret) and secret.isdisjoint(finding.key for finding in found)
        unmatched = sum(_seen(finding.subject, finding.target) for finding in kept) if another else 0
        return Shown(tuple(kept), accepted, known, tuple(ordered), unmatched, graver)


def _seen(*ends: object) -> bool:
    """Whether one of the ends of a finding is a secret that is known by the fingerprint of its value."""
    return any(isinstance(end, (list, tuple)) and end[0] == "Secret" and str(end[1]).startswith("secret:") for end in ends)


def accepted_in(text: str, document: str) -> tuple[Accepted, ...]:
    """The acceptances of a TOML text.

    Raises:
        InputError: it is no TOML, or one of them lacks an owner, a reason, a last day, or anything that it speaks of.
    """
    try:
        read: dict[str, Any] = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError):
        raise InputError("is no TOML", document=document) from None
    entries = read.pop("accepted", [])
    if read or not isinstance(entries, list):
        raise InputError("holds something else than [[accepted]] tables", document=document)
    found = []
    for number, entry in enumerate(entries, 1):
        try:
            found.append(Accepted.model_validate(entry))
        except ValidationError as error:
            raise InputError(explain(error), document=document, where=f"accepted {number}") from None
    return tuple(found)


def known_in(text: str, document: str) -> dict[str, Known]:
    """What a text that ``graphinv findings`` printed as json or jsonl knows, by the keys of its findings. What was fixed then is not known.

    Raises:
        InputError: it holds something else.
    """
    try:
        whole = text.lstrip().startswith("[")
        findings = json.loads(text) if whole else map(json.loads, filter(str.strip, text.splitlines()))
        known = {
            one["key"]: Known(one.get("severity", LEVELS[0]), _seen(one.get("subject"), one.get("target")))
            for one in findings
            if not one.get("fixed_at")
        }
        understood = all(isinstance(key, str) and one.level in LEVELS for key, one in known.items())
    except (ValueError, TypeError, KeyError, IndexError, AttributeError, RecursionError):
        understood = False
    if not understood:
        raise InputError("is no list of findings", document=document, remedy="write one with `graphinv findings --format json`")
    return known


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise UsageError(f"{path} is larger than {MAX_BYTES:,} bytes")
        return path.read_text("utf-8")
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise InputError("is no text in UTF-8", document=path.name) from None
