"""What the embedded engine's optimizer gets wrong, and how a query is put so that it does not.

Found by asking it the same queries with and without its optimizer: ``python -m tests.bench.probes_fuzz --optimizer``.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

from graphinv.store.rewriting import Wrap, calls, in_utc, wrapped
from graphinv.store.tokens import Token, bracket_pairs, tokens

UNSOUND = ("fuse_match_return_aggregate", "fuse_optional_match_aggregate", "push_distinct_into_match")
"""Passes of the optimizer that change answers: they lose what is counted over an edge of no direction, groups that OPTIONAL MATCH made, and
rows from before the last MATCH. They are left out.
"""
_COMPARISONS = frozenset({"<", "<=", ">", ">="})


def adapted(text: str) -> str:
    """``text``, which means the same, as the engine answers it rightly.

    A node that is looked up by its id is not asked what else it is compared with, or is to be IN, where the same WHERE holds a condition
    that cannot be moved into the pattern: so these are put such that they cannot be moved either. Nor does it read a list that is made
    after IN, and the COUNT of a subquery that begins what stands in parentheses. Spaces around a text that is made a truth are taken
    away, and times are made of one zone. O(length).
    """
    found = list(tokens(text))
    pairs = bracket_pairs(found)
    compared = _compared(found, frozenset(_looked_up(found, pairs)))
    return wrapped(text, (*compared, *_bare_lists(found, pairs), *_bare_counts(found), *_truths(found, pairs), *in_utc(found, pairs)))


def _property(found: Sequence[Token], place: int) -> bool:
    """Whether a property of a variable begins at ``place``."""
    return (
        place + 2 < len(found)
        and found[place].kind in ("word", "quoted")
        and found[place + 1].text == "."
        and found[place + 2].kind in ("word", "quoted")
        and (place == 0 or found[place - 1].text != ".")
    )


def _looked_up(found: Sequence[Token], pairs: Mapping[int, int]) -> Iterator[str]:
    """Names of nodes whose id a pattern or a condition says."""
    for place, token in enumerate(found):
        if token.text == "(" and place in pairs and place + 1 < len(found) and found[place + 1].kind in ("word", "quoted"):
            inside = found[place + 1 : pairs[place]]
            if any(one.text.strip("`") == "id" and other.text == ":" for one, other in pairwise(inside[2:])):
                yield inside[0].text
        elif _property(found, place) and found[place + 2].text.strip("`") == "id":
            beside = found[place - 1].text if place else "", found[place + 3].text if place + 3 < len(found) else ""
            if "=" in beside:
                yield token.text


def _compared(found: Sequence[Token], names: frozenset[str]) -> Iterator[Wrap]:
    """What to write where, so that each property of one of ``names`` that is compared, or to be IN a list, is no plain property."""
    for place, token in enumerate(found):
        if token.text in names and _property(found, place):
            before = found[place - 1].text if place else ""
            after = found[place + 3] if place + 3 < len(found) else None
            if before in _COMPARISONS or (after is not None and (after.text in _COMPARISONS or after.upper == "IN")):
                yield Wrap(token.at, found[place + 2].at + len(found[place + 2].text), "coalesce(", ")")


def _bare_lists(found: Sequence[Token], pairs: Mapping[int, int]) -> Iterator[Wrap]:
    """The same, so that each list that is made after IN stands in parentheses."""
    for place, token in enumerate(found):
        made = place + 3 < len(found) and found[place + 2].kind == "word" and found[place + 3].upper == "IN"
        if token.upper == "IN" and made and place + 1 in pairs and found[place + 1].text == "[":
            yield Wrap(found[place + 1].at, found[pairs[place + 1]].at + 1, "(", ")")


def _bare_counts(found: Sequence[Token]) -> Iterator[Wrap]:
    """The same, so that no parenthesis begins with ``COUNT {``, which would be read as a node."""
    for place, token in enumerate(found[:-1]):
        if token.upper == "COUNT" and found[place + 1].text == "{" and place and found[place - 1].text == "(":
            yield Wrap(token.at, token.at, "0 + ")


def _truths(found: Sequence[Token], pairs: Mapping[int, int]) -> Iterator[Wrap]:
    """The same, so that a text is made a truth without the spaces around it."""
    for _, opened, stop in calls(found, pairs, frozenset({"toboolean"})):
        trimmed = "] | CASE WHEN valueType(_it) STARTS WITH 'STRING' THEN trim(_it) ELSE _it END])"
        yield Wrap(found[opened + 1].at, found[stop].at, "head([_it IN [", trimmed)
