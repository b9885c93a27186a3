"""Versions as charts compare them, most often that of the cluster."""

from __future__ import annotations

import re

_VERSION = re.compile(r"v?([0-9]{1,9})(?:\.([0-9]{1,9}|[xX*]))?(?:\.([0-9]{1,9}|[xX*]))?(?:[-+].*)?")
_ASKED = re.compile(r"\s*(=|!=|>|<|>=|=>|<=|=<|~>?|\^)?\s*(v?[0-9xX*][\w.*+-]{0,60})\s*,?")


def meets(asked: str, version: str) -> bool:
    """Whether a version is one that is asked for; true where either is not understood. What follows the numbers does not count.

    >>> meets(">=1.19-0", "v1.31.0"), meets("<1.21-0 || ^2", "v1.31.0"), meets("~1.31", "1.31.4"), meets("latest", "v1.31.0")
    (True, False, True, True)
    """
    own = _numbers(version)
    return own is None or any(_all(part, own) for part in asked[:1000].split("||"))


def _numbers(version: str) -> list[int] | None:
    """The numbers that are stated, up to three."""
    match = _VERSION.fullmatch(version.strip())
    return [int(part) for part in match.groups() if part and part.isdigit()] if match else None


def _all(part: str, own: list[int]) -> bool:
    """Whether all conditions of a list hold."""
    at, held = 0, True
    while at < len(part.rstrip()):
        match = _ASKED.match(part, at)
        if match is None:
            return True
        at = match.end()
        held = held and _one(match[1] or "=", match[2], own)
    return held


def _one(sign: str, asked: str, own: list[int]) -> bool:
    numbers = _numbers(asked)
    if numbers is None:
        return True  # ``*``, or not understood
    full, there = [*numbers, 0, 0, 0][:3], [*own, 0, 0, 0][:3]
    if sign == "^":
        # Up to the first number that is not zero.
        kept = next((place for place, number in enumerate(full) if number), 2) + 1
        return there >= full and there[:kept] == full[:kept]
    if sign.startswith("~"):
        return there >= full and there[: min(len(numbers), 2)] == full[: min(len(numbers), 2)]
    if sign in ("=", "!="):
        return (there[: len(numbers)] == numbers) == (sign == "=")
    if sign in ("<", ">"):
        return there < full if sign == "<" else there > full
    return there <= full if "<" in sign else there >= full
