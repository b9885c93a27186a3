"""What a Neo4j server answers otherwise than the embedded engine, and how a query is put so that it does not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from graphinv.store.expressions import operand_stop
from graphinv.store.rewriting import Wrap, calls, in_utc, wrapped
from graphinv.store.tokens import Token, bracket_pairs, tokens

_PARTIAL = frozenset({"sqrt", "log", "log10"})
"""Functions that are not of every number."""


def adapted(text: str) -> str:
    """``text``, whose divisions by nought, and roots and logarithms that there are not, are null, and whose times are of one zone.
    O(length).
    """
    found = list(tokens(text))
    pairs = bracket_pairs(found)
    return wrapped(text, (*_divisors(found, pairs), *_partial(found, pairs), *in_utc(found, pairs)))


def _divisors(found: Sequence[Token], pairs: Mapping[int, int]) -> Iterator[Wrap]:
    for place, token in enumerate(found[:-1]):
        if token.text in ("/", "%"):
            divisor = found[place + 1]
            if divisor.kind == "number" and divisor.text.strip("0."):
                continue
            stop = operand_stop(found, pairs, place + 1)
            yield Wrap(divisor.at, found[stop - 1].at + len(found[stop - 1].text), "nullIf(", ", 0.0)")


def _partial(found: Sequence[Token], pairs: Mapping[int, int]) -> Iterator[Wrap]:
    for place, _, stop in calls(found, pairs, _PARTIAL):
        yield Wrap(found[place].at, found[stop].at + 1, "head([_it IN [", "] WHERE _it - _it = 0])")
