"""Patterns with ``*`` and ``?`` as AWS policies write them: what they match, cover and have in common, without backtracking."""

from __future__ import annotations

import re
from functools import lru_cache

_MAX_RESIDUALS = 8
_MANY = 32
"""Of a pattern with more wildcards than these anything that begins as it does is thought possible: none that is meant has so many."""
_WILD = re.compile(r"[*?]")


class Glob:
    """A pattern; ``prefix`` is the text before its first wildcard, ``literal`` whether it has none."""

    __slots__ = ("_many", "_pieces", "literal", "prefix", "text")

    def __init__(self, text: str) -> None:
        self.text = text
        wild = _WILD.search(text)
        self.literal = wild is None
        self.prefix = text[: wild.start()] if wild else text
        self._pieces = text.split("*")
        self._many = text.count("*") + text.count("?") > _MANY

    def matches(self, text: str) -> bool:
        """Whether it matches ``text``, whose own wildcards count as characters that only ``*`` matches: so a pattern that matches another
        covers all that the other matches.

        >>> Glob("arn:aws:s3:::prod-*").matches("arn:aws:s3:::prod-a/*"), Glob("a?c").matches("a*c")
        (True, False)
        """
        if not text.startswith(self.prefix):
            return False
        if self.literal:
            return text == self.text
        first, *middle = self._pieces
        if not middle:
            return len(text) == len(first) and _find(first, text, 0) == 0
        if (first and _find(first, text[: len(first)], 0) != 0) or len(text) < len(first):
            return False
        last = middle.pop()
        position = len(first)
        for piece in middle:
            found = _find(piece, text, position)
            if found < 0:
                return False
            position = found + len(piece)
        start = len(text) - len(last)
        return start >= position and (not last or _find(last, text[start:], 0) == 0)

    def residuals(self, start: str) -> list[str]:
        """What can follow ``start`` in texts that it matches, as patterns; empty where none begins with ``start``.

        >>> Glob("arn:aws:s3:::b/in/*").residuals("arn:aws:s3:::b/"), Glob("*").residuals("x"), Glob("ab").residuals("x")
        (['in/*'], ['*'], [])
        """
        if self.prefix.startswith(start):
            return [self.text[len(start) :]]
        if not start.startswith(self.prefix):
            return []
        if self._many or self.text == f"{self.prefix}*":
            return ["*"]
        states = self._closed({0})
        for character in start:
            states = self._closed({place for one in states for place in self._after(one, character)})
        found = sorted({self.text[place:] for place in states}, key=lambda rest: (not rest.startswith("*"), rest))
        # What a star can take it takes: the other ends are parts of what it leaves open.
        return found[:1] if found and found[0] == "*" else found[:_MAX_RESIDUALS]

    def _after(self, place: int, character: str) -> tuple[int, ...]:
        if place >= len(self.text):
            return ()
        own = self.text[place]
        if own == "*":
            return (place,)
        return (place + 1,) if own in ("?", character) else ()

    def _closed(self, places: set[int]) -> set[int]:
        found = set(places)
        for place in places:
            following = place
            while following < len(self.text) and self.text[following] == "*":
                following += 1
                found.add(following)
        return found

    def meets(self, other: Glob) -> bool:
        """Whether some text is matched by both. O(1) for most, O(length · length) where both have wildcards in their midst."""
        if other.literal:
            return self.matches(other.text)
        if self.literal:
            return other.matches(self.text)
        shorter = min(len(self.prefix), len(other.prefix))
        if self.prefix[:shorter] != other.prefix[:shorter]:
            return False
        if self._many or other._many:
            return True
        if self.text == f"{self.prefix}*" or other.text == f"{other.prefix}*":
            return _meet_prefix(self, other) if self.text == f"{self.prefix}*" else _meet_prefix(other, self)
        return _meet(self.text, other.text)


def _find(piece: str, text: str, start: int) -> int:
    if "?" not in piece:
        return text.find(piece, start)
    found = _piece(piece).search(text, start)
    return found.start() if found else -1


@lru_cache(4096)
def _piece(piece: str) -> re.Pattern[str]:
    return re.compile("".join("[^*]" if one == "?" else re.escape(one) for one in piece), re.DOTALL)


def _meet_prefix(tail: Glob, other: Glob) -> bool:
    """Whether something that ``other`` matches begins with the prefix of ``tail``, a pattern ``prefix*``."""
    return bool(other.residuals(tail.prefix))


@lru_cache(65536)
def _meet(one: str, other: str) -> bool:
    # Reachable places in the two patterns at once, row by row.
    width = len(other) + 1
    row = [False] * width
    row[0] = True
    for place in range(len(one) + 1):
        own = one[place] if place < len(one) else ""
        below = [False] * width
        for column in range(width):
            if not row[column]:
                continue
            theirs = other[column] if column < len(other) else ""
            if theirs == "*" and column + 1 < width:
                row[column + 1] = True  # it takes nothing
            if own == "*":
                below[column] = True
                if theirs and theirs != "*":
                    row[column + 1] = True  # the star takes their character
            elif own and theirs == "*":
                below[column] = True  # their star takes our character
            elif own and theirs and (theirs == "?" or own in ("?", theirs)):
                below[column + 1] = True
        if place == len(one):
            return row[-1]
        row = below
    return False


@lru_cache(50_000)
def glob(text: str) -> Glob:
    """The pattern ``text``."""
    return Glob(text)
