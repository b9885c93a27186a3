"""What findings have in common. There are hundreds of thousands, which without it would each hold the same texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, NamedTuple

from graphinv.model.estate import Estate, NodeRecord
from graphinv.model.facts import NodeKey


@lru_cache(10_000)
def same(texts: tuple[str, ...]) -> tuple[str, ...]:
    """``texts``, as the object that was given out for equal ones of late."""
    return texts


class Thing(NamedTuple):
    """What findings say of a subject."""

    key: NodeKey
    name: str
    owners: tuple[str, ...]
    sources: tuple[str, ...]


class Alike:
    """What findings have in common, of which each keeps the same object."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._things: dict[NodeKey, Thing] = {}
        self._details: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._values: dict[Any, Any] = {}

    def another_rule(self) -> None:
        """What follows are findings of another rule, which have other details."""
        self._details, self._values = {}, {}

    def thing(self, key: NodeKey) -> Thing:
        """What a finding says of its subject: a node, or a root, which is in no estate.

        Raises:
            KeyError: it is a node that the estate does not have.
        """
        known = self._things.get(key)
        if known is None:
            record = NodeRecord(*key, {}) if key[0] == "Document" else self._estate.nodes[key]
            known = self._things[key] = Thing(record.key, record.name, same(self._estate.owners(key)), record.sources)
        return known

    def details(self, names: Sequence[str], row: Mapping[str, Any]) -> dict[str, Any]:
        """What a row of the rule says under ``names``, nulls left out, lists as sets: the same object for rows that say the same, and else
        the same lists and texts where these are equal."""
        values = tuple(map(row.get, names))
        types = tuple(map(type, values))
        mark = types, (tuple(tuple(value) if type(value) is list else value for value in values) if list in types else values)
        try:
            known = self._details.get(mark)
        except TypeError:  # a list of lists, say
            return _said(names, values)
        if known is None:
            known = self._details[mark] = {name: self._shared(value) for name, value in _said(names, values).items()}
        return known

    def _shared(self, value: Any) -> Any:
        if type(value) is list:
            mark = tuple(value)
            if mark not in self._values:
                share = self._values.setdefault
                self._values[mark] = [share(one, one) if type(one) is str else one for one in value]
            return self._values[mark]
        return self._values.setdefault(value, value) if type(value) is str else value


def _said(names: Iterable[str], values: Iterable[Any]) -> dict[str, Any]:
    return {name: unite(None, value) for name, value in zip(names, values, strict=True) if value is not None}


def unite(one: Any, other: Any) -> Any:
    """Two rows' values of one detail: lists are sets and unite, different values become a list.

    >>> unite(None, ["b", "a", "b"]), unite("a", "b"), unite(["a"], ["b"])
    (['a', 'b'], ['a', 'b'], ['a', 'b'])
    """
    if (one is None or one == other) and not isinstance(other, (list, tuple)):
        return other
    if one == other and isinstance(one, tuple):
        return other
    if one is None and len(other) < 2:
        return list(other)
    values = {*_listed(one), *_listed(other)}
    try:
        return sorted(values)
    except TypeError:  # they are of several types
        return sorted(values, key=lambda value: (str(type(value)), value))


def _listed(value: Any) -> Sequence[Any]:
    return value if isinstance(value, (list, tuple)) else () if value is None else (value,)
