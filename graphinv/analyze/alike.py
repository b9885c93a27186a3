"""What findings have in common. There are hundreds of thousands, which without it would each hold the same texts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from graphinv.model.estate import Estate
from graphinv.model.facts import NodeKey


class Alike:
    """What findings have in common, of which each keeps the same object."""

    def __init__(self, estate: Estate) -> None:
        self._estate = estate
        self._owners: dict[NodeKey, tuple[str, ...]] = {}
        self._sources: dict[NodeKey, tuple[str, ...]] = {}
        self._texts: dict[tuple[str, ...], tuple[str, ...]] = {}
        self._details: dict[tuple[Any, ...], dict[str, Any]] = {}
        self._values: dict[Any, Any] = {}

    def another_rule(self) -> None:
        """What follows are findings of another rule, which have other details."""
        self._details, self._values = {}, {}

    def owners(self, key: NodeKey) -> tuple[str, ...]:
        """Ids of the owners of a node."""
        known = self._owners.get(key)
        if known is None:
            known = self._owners[key] = self.texts(self._estate.owners(key))
        return known

    def sources(self, key: NodeKey) -> tuple[str, ...]:
        """Where a node is stated."""
        known = self._sources.get(key)
        if known is None:
            known = self._sources[key] = self._estate.nodes[key].sources
        return known

    def texts(self, texts: Iterable[str]) -> tuple[str, ...]:
        """``texts``, as an object that is the same for all that are equal."""
        asked = tuple(texts)
        return self._texts.setdefault(asked, asked)

    def details(self, details: Mapping[str, Any]) -> dict[str, Any]:
        """``details``, likewise; where they differ, at least the lists and texts that do not."""
        mark = tuple((name, type(value), tuple(value) if type(value) is list else value) for name, value in details.items())
        try:
            known = self._details.get(mark)
        except TypeError:  # a list of lists, say
            return dict(details)
        if known is None:
            known = self._details[mark] = {name: self._shared(value) for name, value in details.items()}
        return known

    def _shared(self, value: Any) -> Any:
        if type(value) is list:
            mark = tuple(value)
            if mark not in self._values:
                self._values[mark] = [self._shared(one) for one in value]
            return self._values[mark]
        return self._values.setdefault(value, value) if type(value) is str else value
