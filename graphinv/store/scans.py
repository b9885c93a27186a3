"""What one reading of a root brings to a store, and what that changed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from graphinv.model.facts import Problem


@dataclass(frozen=True, slots=True)
class Scan:
    """One generation: what one reading of one root brought.

    ``outcome`` is ``complete`` when everything under the root that was recognised could be read, ``partial`` when some of it could not,
    ``failed`` when nothing was. Only a complete one closes what it no longer finds.
    """

    root: str
    at: str
    outcome: Literal["complete", "partial", "failed"]
    documents: int = 0
    problems: tuple[Problem, ...] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    location: str = ""
    """Keyed digest of the place the root was read from: tells two roots of one name apart without storing a machine's path."""


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit changed."""

    generation: int
    created: int
    updated: int
    closed: int
