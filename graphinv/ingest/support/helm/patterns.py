"""Patterns in templates. Go follows any in linear time, Python only those that repeat little."""

from __future__ import annotations

import re

from graphinv.ingest.support.helm.parsing import TemplateError

_LONGEST = (20_000, 4_000, 600, 120, 60)
"""Characters of a text that a pattern with so many repetitions is tried on."""
_DEAREST = 500_000
_REPEATS = re.compile(r"[*+{]")


def cost(pattern: str, text: str) -> int:
    """What a pattern may take on a text at most, as a length: once more the text's for each repetition.

    >>> cost("^a", "abc"), cost("a+b*", "abc")
    (4, 64)
    """
    repeats = len(_REPEATS.findall(pattern[:200]))
    most: int = (len(text) + 1) ** (1 + min(repeats, len(_LONGEST)))
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


def _compiled(pattern: str, text: str) -> re.Pattern[str]:
    repeats = len(_REPEATS.findall(pattern))
    if len(pattern) > 200 or repeats >= len(_LONGEST) or re.search(r"\)[*+{]", pattern) or len(text) > _LONGEST[repeats]:
        raise TemplateError("a pattern in it is not followed")
    try:
        return re.compile(pattern)
    except (re.error, OverflowError):
        raise TemplateError("a pattern in it is not understood") from None
