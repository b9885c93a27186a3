"""Patterns in templates. Go follows any in linear time, Python only those that repeat little."""

from __future__ import annotations

import re

from graphinv.ingest.support.helm.parsing import TemplateError

_LONGEST = (20_000, 4_000, 600, 120, 60)
"""Characters of a text that a pattern is tried on with so many repetitions, two choices counting as one."""
_DEAREST = 500_000
_REPEATS = re.compile(r"[*+{]")
_MAYBE = re.compile(r"(?<![(*+?}])\?")


def cost(pattern: str, text: str) -> int:
    """What a pattern may take on a text at most, as a length: once more the text's for each repetition, some times as much for each choice.

    >>> cost("^a", "abc"), cost("a+b*", "abc")
    (4, 64)
    """
    repeats, choices = _tries(pattern[:200])
    most: int = (len(text) + 1) ** (1 + min(repeats, len(_LONGEST))) * 4**choices
    return min(_DEAREST, most)


def find(pattern: str, text: str, count: int) -> list[str]:
    """The first ``count`` matches, all where it is negative.

    Raises:
        TemplateError: the pattern may take long, or is none; here and below.
    """
    found = [match[0] for match in _compiled(pattern, text).finditer(text)]
    return found if count < 0 else found[:count]


def split(pattern: str, text: str, count: int) -> list[str]:
    """``text`` in ``count`` parts, or all where it is negative."""
    return [one or "" for one in _compiled(pattern, text).split(text, maxsplit=max(count - 1, 0))]


def replace(pattern: str, text: str, by: str) -> str:
    """``text`` with ``by`` for all matches."""
    made = _compiled(pattern, text)
    try:
        return made.sub(re.sub(r"\$\{?([0-9])\}?", r"\\\1", by.replace("\\", "\\\\")), text)
    except (re.error, IndexError):
        raise TemplateError("a pattern in it is not understood") from None


def _tries(pattern: str) -> tuple[int, int]:
    """How often a pattern repeats something, and how often it may be one thing or another: each multiplies what is tried."""
    return len(_REPEATS.findall(pattern)), len(_MAYBE.findall(pattern)) + min(pattern.count("("), pattern.count("|"))


def _compiled(pattern: str, text: str) -> re.Pattern[str]:
    repeats, choices = _tries(pattern[:200])
    tries = repeats + choices // 2
    if len(pattern) > 200 or tries >= len(_LONGEST) or re.search(r"\)[*+{]", pattern) or len(text) > _LONGEST[tries]:
        raise TemplateError("a pattern in it is not followed")
    try:
        return re.compile(pattern)
    except (re.error, OverflowError):
        raise TemplateError("a pattern in it is not understood") from None
