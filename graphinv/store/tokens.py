"""A query cut into tokens, so that what stands in strings, names and comments is not mistaken for Cypher."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

Refusal = tuple[str, str]
"""What a query does, and what to do instead."""
OPEN, CLOSE = {"(": ")", "[": "]", "{": "}"}, frozenset(")]}")

_TOKEN = re.compile(
    r"""
      (?P<space>[ \t\r\n]+)
    | (?P<comment>//[^\n]*)
    | (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
    | (?P<quoted>`(?:[^`]|``)*`)
    | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?\w*)
    | (?P<word>[^\W\d]\w*)
    | (?P<parameter>\$\w+)
    | (?P<symbol>\.\.|->|<-|<>|<=|>=|!=|\|\||=~|\+=|/\*|.)
    """,
    re.VERBOSE | re.DOTALL,
)


class Token(NamedTuple):
    """A piece of a query. ``text`` of a word is as it was written; ``at`` is its place."""

    kind: str
    text: str
    at: int

    @property
    def upper(self) -> str:
        """The word in capitals, ``""`` for what is no word."""
        return self.text.upper() if self.kind == "word" else ""


def tokens(query: str) -> Iterator[Token]:
    """The pieces of ``query``, without spaces and comments. O(length)."""
    for match in _TOKEN.finditer(query):
        kind = match.lastgroup or ""
        if kind not in ("space", "comment"):
            yield Token(kind, match.group(), match.start())


def bracket_pairs(found: Sequence[Token]) -> dict[int, int]:
    """Where each bracket is closed; one that is not is left out (the engine will say so)."""
    pairs: dict[int, int] = {}
    opened: list[int] = []
    for place, token in enumerate(found):
        if token.kind != "symbol":
            continue
        if token.text in OPEN:
            opened.append(place)
        elif token.text in CLOSE and opened and OPEN[found[opened[-1]].text] == token.text:
            pairs[opened.pop()] = place
    return pairs
