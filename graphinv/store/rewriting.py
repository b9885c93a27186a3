"""Putting parts of a query otherwise, so that it means the same to an engine as to the others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from graphinv.store.tokens import Token


class Wrap(NamedTuple):
    """What to write around the text from ``start`` to ``stop``."""

    start: int
    stop: int
    before: str
    after: str = ""


def wrapped(text: str, wraps: Iterable[Wrap]) -> str:
    """``text`` with all ``wraps``, which lie within or beside one another. O(length)."""
    written: list[tuple[int, int, int, str]] = []
    for wrap in wraps:
        written.append((wrap.start, 1, -wrap.stop, wrap.before))
        written.append((wrap.stop, 0, -wrap.start, wrap.after))
    parts: list[str] = []
    end = 0
    for place, _, _, more in sorted(written):
        parts += (text[end:place], more)
        end = place
    return "".join((*parts, text[end:]))


def calls(found: Sequence[Token], pairs: Mapping[int, int], names: frozenset[str]) -> Iterator[tuple[int, int, int]]:
    """Each call of a function of one of ``names`` with something: places of its name and brackets."""
    for place, token in enumerate(found[:-1]):
        if token.kind == "word" and token.text.lower() in names and found[place + 1].text == "(" and place + 1 in pairs:
            stop = pairs[place + 1]
            if stop > place + 2 and (place == 0 or found[place - 1].text != "."):
                yield place, place + 1, stop


_ZONED = frozenset({"datetime", "time"})


def in_utc(found: Sequence[Token], pairs: Mapping[int, int]) -> Iterator[Wrap]:
    """So that each time that is made has the zone UTC: one engine tells the same moment of two zones apart."""
    for place, opened, stop in calls(found, pairs, _ZONED):
        if stop == opened + 2 and found[opened + 1].kind == "string":
            continue  # one of another zone is refused
        name = found[place].text.lower()
        yield Wrap(
            found[place].at,
            found[stop].at + 1,
            "head([_it IN [",
            f"] WHERE _it IS NOT NULL | {name}({{{name}: _it, timezone: 'Z'}})])",
        )
