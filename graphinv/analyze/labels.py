"""What rules read out of labels: values by name, dates, and what was agreed upon until a day."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import lru_cache

from graphinv.model.facts import Props
from graphinv.model.kinds import normal_time
from graphinv.model.moments import micros

NOTHING_SAID = frozenset({"", "unknown", "none", "null", "na", "tbd", "todo", "undefined", "unset", "default", "other"})
"""Values that say nothing, in plain form."""

DENIALS = frozenset({"false", "no", "not", "never", "0", "off"})
"""Values that say that it is not so, in plain form."""


@lru_cache(maxsize=10_000)
def plain(text: str) -> str:
    """``text`` without case and punctuation, in any script.

    >>> plain("Data-Class"), plain("Учёт 2")
    ('dataclass', 'учёт2')
    """
    return re.sub(r"[\W_]", "", text.lower())


def states(props: Props, name: str) -> bool:
    """Whether something is stated under ``name``: a property, a label, in any spelling, as ``labels:NAME``, evidence as ``evidence:KIND``.

    >>> states({"labels": ["Duty=pay"]}, "labels:duty"), states({"environment": "unknown"}, "environment")
    (True, False)
    """
    of, colon, label = name.partition(":")
    if colon:
        wanted = plain(label)
        return any(plain(one.partition("=")[0]) == wanted for one in props.get(of) or ())
    return props.get(name) not in (None, "unknown")


def labels_of(things: Iterable[Props]) -> Mapping[str, str]:
    """Value by plain name, of the first of ``things`` that says something under that name."""
    found: dict[str, str] = {}
    for props in things:
        if labels := props.get("labels"):
            found = {**_said(tuple(labels)), **found}
    return found


@lru_cache(maxsize=10_000)
def _said(labels: Iterable[str]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for label in labels:
        name, _, value = label.partition("=")
        if plain(value) not in NOTHING_SAID:
            found.setdefault(plain(name), value)
    return found


def values_of(props: Props, names: Collection[str]) -> Iterator[str]:
    """Every value that a thing states under one of the plain ``names``; sources that differ leave several.

    >>> list(values_of({"labels": ["reviewed=2025-01-01", "Reviewed=2026-01-01"]}, ["reviewed"]))
    ['2025-01-01', '2026-01-01']
    """
    for label in props.get("labels") or ():
        name, _, value = label.partition("=")
        if plain(name) in names:
            yield value


def time_of(text: str | None) -> int | None:
    """``text`` as a moment in microseconds since 1970; None where it is no time."""
    if text is None:
        return None
    try:
        return micros(str(normal_time(text)))
    except ValueError:
        return None


def may_rest(props: Props, at: int) -> bool:
    """Whether it was agreed that it is not used for now: a label ``dormant_ok=DATE`` whose day has not come."""
    until = time_of(labels_of([props]).get("dormantok"))
    return until is not None and at < until


def affirmed(props: Props, name: str) -> bool:
    """Whether a label of the plain ``name`` says so: it has a value, and that is no denial.

    >>> affirmed({"labels": ["sandboxed=provider"]}, "sandboxed"), affirmed({"labels": ["sandboxed=false"]}, "sandboxed")
    (True, False)
    """
    value = labels_of([props]).get(name)
    return value is not None and plain(value) not in DENIALS


def agreed(props: Props, name: str, at: int) -> bool:
    """Whether somebody agreed to it: a label of the plain ``name`` that says so, with a day that has not come where its value is one.

    >>> agreed({"labels": ["cross_tenant_ok=CHG-12"]}, "crosstenantok", 0)
    True
    """
    value = labels_of([props]).get(name)
    if value is None or plain(value) in DENIALS:
        return False
    until = time_of(value)
    return until is None or at < until
