"""What the embedded engine's optimizer gets wrong, and how a query is put so that it does not.

Found by asking it the same queries with and without its optimizer: ``python -m tests.bench.probes_fuzz --optimizer``.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise

from graphinv.store.dialect import Token, bracket_pairs, tokens

UNSOUND = ("fuse_match_return_aggregate", "fuse_optional_match_aggregate", "push_distinct_into_match")
"""Passes of the optimizer that change answers: they lose what is counted over an edge of no direction, groups that OPTIONAL MATCH made, and
rows from before the last MATCH. They are left out.
"""
_COMPARISONS = frozenset({"<", "<=", ">", ">="})


def adapted(text: str) -> str:
    """``text``, which means the same, as the engine answers it rightly.

    A node that is looked up by its id is not asked what else it is compared with, or is to be IN, where the same WHERE holds a condition
    that cannot be moved into the pattern: so these are put such that they cannot be moved either. O(length).
    """
    found = list(tokens(text))
    looked_up = frozenset(_looked_up(found))
    parts: list[str] = []
    end = 0
    for first, last in _compared(found, looked_up) if looked_up else ():
        start, stop = found[first].at, found[last].at + len(found[last].text)
        parts += (text[end:start], f"coalesce({text[start:stop]})")
        end = stop
    return "".join((*parts, text[end:]))


def _property(found: Sequence[Token], place: int) -> bool:
    """Whether a property of a variable begins at ``place``."""
    return (
        place + 2 < len(found)
        and found[place].kind in ("word", "quoted")
        and found[place + 1].text == "."
        and found[place + 2].kind in ("word", "quoted")
        and (place == 0 or found[place - 1].text != ".")
    )


def _looked_up(found: Sequence[Token]) -> Iterator[str]:
    """Names of nodes whose id a pattern or a condition says."""
    pairs = bracket_pairs(found)
    for place, token in enumerate(found):
        if token.text == "(" and place in pairs and place + 1 < len(found) and found[place + 1].kind in ("word", "quoted"):
            inside = found[place + 1 : pairs[place]]
            if any(one.text.strip("`") == "id" and other.text == ":" for one, other in pairwise(inside[2:])):
                yield inside[0].text
        elif _property(found, place) and found[place + 2].text.strip("`") == "id":
            beside = found[place - 1].text if place else "", found[place + 3].text if place + 3 < len(found) else ""
            if "=" in beside:
                yield token.text


def _compared(found: Sequence[Token], names: frozenset[str]) -> Iterator[tuple[int, int]]:
    """First and last token of each property of one of ``names`` that is compared, or to be IN a list."""
    for place, token in enumerate(found):
        if token.text in names and _property(found, place):
            before = found[place - 1].text if place else ""
            after = found[place + 3] if place + 3 < len(found) else None
            if before in _COMPARISONS or (after is not None and (after.text in _COMPARISONS or after.upper == "IN")):
                yield place, place + 2
