"""Moments as whole numbers, which arrays hold and compare."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache

from graphinv.model.errors import UsageError
from graphinv.model.kinds import normal_time

EVER = 2**62
"""A moment that never comes, in microseconds."""

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@lru_cache(maxsize=100_000)
def micros(time: str) -> int:
    """Microseconds since 1970 of an ISO 8601 time, to the second as all times are. Estates say the same times over and over.

    Raises:
        UsageError: it is not one.
    """
    try:
        moment = datetime.fromisoformat(str(normal_time(time)))
    except ValueError:
        raise UsageError(f"{time!r} is not an ISO 8601 time such as 2026-07-10T00:00:00Z") from None
    difference = moment - _EPOCH
    return (difference.days * 86_400 + difference.seconds) * 1_000_000
