"""What decision points answer, asked or supposed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

Decision = Literal["deny", "step_up", "unknown", "allow", "not_asked"]
"""``unknown``: nobody can tell, which is never ``allow``. ``not_asked``: no point is known that would decide."""
DECISIONS: tuple[Decision, ...] = ("deny", "step_up", "unknown", "allow", "not_asked")
"""Of several the first of these holds."""
STOPS: tuple[Decision, ...] = ("deny", "step_up")
WORDS: Mapping[Decision, str] = {
    "deny": "denied",
    "step_up": "step-up",
    "unknown": "unknown",
    "allow": "passes",
    "not_asked": "nobody asked",
}
"""What people read."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer, with its reason in words.

    Args:
        revision: of the policy that decided, where the point tells it.
        at: when it was decided, likewise.
    """

    decision: Decision
    reason: str = ""
    revision: str | None = None
    at: str | None = None


def strongest(decisions: Iterable[Decision]) -> Decision:
    """What several decisions come to.

    >>> strongest(["allow", "unknown"]), strongest([])
    ('unknown', 'not_asked')
    """
    return min(decisions, key=DECISIONS.index, default="not_asked")
