"""Single nodes and edges of an estate that is not in memory, looked up one by one where an answer is put into words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Protocol, overload

import numpy as np

from graphinv.analyze.scopes import Array
from graphinv.model.estate import EdgeRecord, NodeRecord
from graphinv.model.facts import NodeKey
from graphinv.model.kinds import EDGE_KINDS

_EDGE_KINDS = tuple(EDGE_KINDS)
_NUMBER = {kind: number for number, kind in enumerate(_EDGE_KINDS)}
_KEY_BYTES = 16


class Lookup(Protocol):
    """Who knows them: :class:`graphinv.pipeline.lookup.Lookup`."""

    def node(self, key: NodeKey) -> NodeRecord: ...

    def edge(self, kind: str, source: NodeKey, target: NodeKey, key: str) -> EdgeRecord: ...

    def called(self, name: str) -> list[NodeKey]: ...


@dataclass(frozen=True, eq=False)
class EdgeNames:
    """What tells the edges of an estate apart, in their order: kind, numbers of the ends, key (16 bytes a row)."""

    kind: Array
    source: Array
    target: Array
    key: Array

    @classmethod
    def of(cls, edges: Sequence[EdgeRecord], number: Mapping[NodeKey, int]) -> EdgeNames:
        """O(edges).

        Raises:
            ValueError: a key is not 32 hex digits.
        """
        keys = b"".join(bytes.fromhex(edge.key) for edge in edges)
        return cls(
            np.array([_NUMBER[edge.kind] for edge in edges], dtype=np.int8),
            np.array([number[edge.source] for edge in edges], dtype=np.int32),
            np.array([number[edge.target] for edge in edges], dtype=np.int32),
            np.frombuffer(keys, dtype=np.uint8).reshape(len(edges), _KEY_BYTES),
        )

    @classmethod
    def names(cls) -> list[str]:
        """Of its arrays."""
        return [field.name for field in fields(cls)]


class Looked:
    """The nodes ``keys`` and the edges ``names``, as :class:`graphinv.model.estate.Records`; each is looked up once."""

    def __init__(self, keys: Sequence[NodeKey], names: EdgeNames, lookup: Lookup) -> None:
        self.nodes: Mapping[NodeKey, NodeRecord] = _Nodes(keys, lookup)
        self.edges: Sequence[EdgeRecord] = _Edges(keys, names, lookup)
        self.called = lookup.called


class _Nodes(Mapping[NodeKey, NodeRecord]):
    def __init__(self, keys: Sequence[NodeKey], lookup: Lookup) -> None:
        self._keys = keys
        self._lookup = lookup
        self._known: dict[NodeKey, NodeRecord] = {}

    def __getitem__(self, key: NodeKey) -> NodeRecord:
        if key not in self._known:
            self._known[key] = self._lookup.node(key)
        return self._known[key]

    def __iter__(self) -> Iterator[NodeKey]:
        return iter(self._keys)

    def __len__(self) -> int:
        return len(self._keys)


class _Edges(Sequence[EdgeRecord]):
    def __init__(self, keys: Sequence[NodeKey], names: EdgeNames, lookup: Lookup) -> None:
        self._keys = keys
        self._names = names
        self._lookup = lookup
        self._known: dict[int, EdgeRecord] = {}

    @overload
    def __getitem__(self, place: int) -> EdgeRecord: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[EdgeRecord]: ...

    def __getitem__(self, place: int | slice) -> EdgeRecord | Sequence[EdgeRecord]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        if place not in self._known:
            names = self._names
            ends = (self._keys[names.source[place]], self._keys[names.target[place]])
            self._known[place] = self._lookup.edge(_EDGE_KINDS[names.kind[place]], *ends, bytes(names.key[place]).hex())
        return self._known[place]

    def __len__(self) -> int:
        return len(self._names.kind)
