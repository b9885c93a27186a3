"""From columns to an estate in which nothing stands twice: those of whom the same is stated share one dictionary, and what is different for
each and seldom asked for lies in a row of bytes.

A million nodes and edges that each had a dictionary, a list and a text of their own would take gigabytes.
"""

from __future__ import annotations

from array import array
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate, compress, pairwise
from itertools import count as counting
from operator import attrgetter
from typing import Any, TypeVar, overload

import numpy as np
import numpy.typing as npt

from graphinv.model.estate import Apart, EdgeRecord, Estate, NodeRecord
from graphinv.model.facts import NodeKey, Props
from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS

Array = npt.NDArray[Any]
T = TypeVar("T")

ID, KEY, SOURCE, TARGET = "id", "key", "_source", "_target"
"""Columns that are no properties: of nodes the first, of edges the others (the last two are ids of their ends)."""
_KEPT_APART = frozenset({ID, KEY, SOURCE, TARGET, "name", "sources"})
_KEY_BYTES = 16
_LOT = 10_000
_OFTEN = 8
"""How often lists of texts have to stand, on average, to be kept as they are: to make one out of bytes at each question takes long."""
_KIND_NUMBER = {kind: number for number, kind in enumerate(sorted(EDGE_KINDS))}


@dataclass(frozen=True)
class Batch:
    """Some nodes of one kind, or edges of one kind from nodes of one kind to nodes of another, by column: the property of each, None where
    it has none."""

    kind: str
    columns: Mapping[str, Sequence[Any]]
    ends: tuple[str, str] = ("", "")
    """Kinds of the nodes that edges leave and reach."""

    def living(self) -> Batch:
        """Those that have no ``gone_at``."""
        gone = self.columns.get("gone_at")
        if gone is None:
            return self
        lives = [at is None for at in gone]
        left = {name: list(compress(column, lives)) for name, column in self.columns.items() if name != "gone_at"}
        return Batch(self.kind, left, self.ends)


def node_batches(rows: Iterable[tuple[NodeKey, Props]]) -> Iterator[Batch]:
    """Nodes of which all that is stated is at hand, in batches."""
    for (kind,), some in _lots(((key[0],), (key, props)) for key, props in rows):
        yield Batch(kind, {ID: [id for (_, id), _ in some], **_columns([props for _, props in some])})


def edge_batches(rows: Iterable[tuple[tuple[str, NodeKey, NodeKey, str], Props]]) -> Iterator[Batch]:
    """Edges likewise, each as kind, ends and key."""
    for (kind, *ends), some in _lots(((key[0], key[1][0], key[2][0]), (key, props)) for key, props in rows):
        apart = {SOURCE: [key[1][1] for key, _ in some], TARGET: [key[2][1] for key, _ in some], KEY: [key[3] for key, _ in some]}
        yield Batch(kind, apart | _columns([props for _, props in some]), (ends[0], ends[1]))


def _lots(items: Iterable[tuple[tuple[str, ...], T]]) -> Iterator[tuple[tuple[str, ...], list[T]]]:
    """The items that have the same kinds, some thousand at a time."""
    waiting: dict[tuple[str, ...], list[T]] = {}
    for kinds, item in items:
        lot = waiting.setdefault(kinds, [])
        lot.append(item)
        if len(lot) == _LOT:
            yield kinds, waiting.pop(kinds)
    yield from waiting.items()


def _columns(rows: Sequence[Props]) -> dict[str, list[Any]]:
    return {name: [props.get(name) for props in rows] for name in dict.fromkeys(name for props in rows for name in props)}


def estate_of(nodes: Iterable[Batch], edges: Iterable[Batch], generation: int) -> Estate:
    """The estate of those that live. Each node and edge is in one batch. O(nodes + edges), and sorting them.

    Raises:
        KeyError: an edge that lives has an end that does not.
        ValueError: a key is not 32 hex digits.
    """
    shared = _Shared()
    found = [node for batch in nodes for node in _nodes(batch.living(), shared)]
    found.sort(key=attrgetter("key"))
    keys = [node.key for node in found]
    number: dict[str, dict[str, int]] = {kind: {} for kind in NODE_KINDS}
    for place, (kind, id) in enumerate(keys):
        number[kind][id] = place
    gathered = _Edges(keys, number, shared)
    for batch in edges:
        gathered.add(batch.living())
    return Estate(dict(zip(keys, found, strict=True)), gathered.in_order(), generation)


def _nodes(batch: Batch, shared: _Shared) -> Iterator[NodeRecord]:
    ids, kind = batch.columns[ID], batch.kind
    names = batch.columns.get("name") or [None] * len(ids)
    apart = Apart(_texts(batch.columns.get("sources") or [None] * len(ids)))
    for place, id, name, props in zip(shared.places(len(ids)), ids, names, shared.props(batch, len(ids)), strict=True):
        yield NodeRecord.placed((kind, id), id if not name or name == id else name, props, apart, place)


class _Edges:
    """Edges between the nodes ``keys``, whose places there are told by kind and id in ``number``."""

    def __init__(self, keys: Sequence[NodeKey], number: Mapping[str, Mapping[str, int]], shared: _Shared) -> None:
        self._keys = keys
        self._number = number
        self._shared = shared
        self._records: list[EdgeRecord] = []
        self._order: list[tuple[Array, ...]] = []

    def add(self, batch: Batch) -> None:
        source, target = (
            np.fromiter(map(self._number[kind].__getitem__, batch.columns[end]), np.int64)
            for kind, end in zip(batch.ends, (SOURCE, TARGET), strict=True)
        )
        keys = _Keys(batch.columns[KEY])
        apart = Apart(_texts(batch.columns.get("sources") or [None] * len(keys)), keys)
        rows = zip(self._shared.places(len(keys)), source.tolist(), target.tolist(), self._shared.props(batch, len(keys)), strict=True)
        node, kind, placed = self._keys, batch.kind, EdgeRecord.placed
        self._records.extend(placed(kind, node[one], node[other], props, apart, place) for place, one, other, props in rows)
        self._order.append((*keys.halves(), source * len(node) + target, np.full(len(keys), _KIND_NUMBER[kind])))

    def in_order(self) -> tuple[EdgeRecord, ...]:
        """All of them, by kind, ends and key."""
        if not self._order:
            return ()
        order = np.lexsort([np.concatenate(columns) for columns in zip(*self._order, strict=True)])
        return tuple(map(self._records.__getitem__, order.tolist()))


class _Shared:
    """What is stated of nodes and edges: equal values, and equal dictionaries, are one."""

    def __init__(self) -> None:
        self._values: dict[tuple[type, Any], Any] = {}
        self._props: dict[tuple[tuple[str, type, Any], ...], Props] = {}
        self._places: list[int] = []

    def places(self, count: int) -> list[int]:
        """The first ``count`` numbers; a number is one object, too."""
        self._places.extend(range(len(self._places), count))
        return self._places[:count]

    def props(self, batch: Batch, count: int) -> list[Props]:
        """What is stated of each of the ``count`` in ``batch``, but for what is kept apart."""
        columns: list[tuple[str, Array, list[Any]]] = []
        same = np.zeros(count, dtype=np.int64)
        for name, column in batch.columns.items():
            if name in _KEPT_APART:
                continue
            marks = [tuple(value) if type(value) is list else value for value in column]
            number: defaultdict[Any, int] = defaultdict(counting().__next__)
            codes = np.fromiter(map(number.__getitem__, marks), np.int64, count)
            # Rows that were the same so far, and are so here
            same = np.unique(same * len(number) + codes, return_inverse=True)[1]
            columns.append((name, codes, list(number)))
        first = np.unique(same, return_index=True)[1]
        marked = zip(*([marks[code] for code in codes[first].tolist()] for _, codes, marks in columns), strict=True)
        names = [name for name, *_ in columns]
        rows = [self._row(names, marks) for marks in marked] or [{}]
        return [rows[number] for number in same.tolist()]

    def _row(self, names: list[str], marks: tuple[Any, ...]) -> Props:
        key = tuple((name, type(mark), mark) for name, mark in zip(names, marks, strict=True) if mark is not None)
        found = self._props.get(key)
        if found is None:
            found = self._props[key] = {name: self._value(mark) for name, _, mark in key}
        return found

    def _value(self, mark: Any) -> Any:
        return self._values.setdefault((type(mark), mark), list(mark) if type(mark) is tuple else mark)


class _Keys(Sequence[str]):
    """Keys of edges in 16 bytes each."""

    def __init__(self, keys: Sequence[str]) -> None:
        self._bytes = bytes.fromhex("".join(keys))
        if len(self._bytes) != _KEY_BYTES * len(keys):
            raise ValueError("a key of an edge is not 32 hex digits")

    def halves(self) -> tuple[Array, Array]:
        """The last eight bytes of each, and the first."""
        numbers = np.frombuffer(self._bytes, ">u8").astype(np.uint64)
        return numbers[1::2], numbers[::2]

    def __len__(self) -> int:
        return len(self._bytes) // _KEY_BYTES

    @overload
    def __getitem__(self, place: int) -> str: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[str]: ...

    def __getitem__(self, place: int | slice) -> str | Sequence[str]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        return self._bytes[_KEY_BYTES * place : _KEY_BYTES * (place + 1)].hex()


def _texts(lists: Sequence[list[str] | None]) -> Sequence[tuple[str, ...]]:
    """Lists of texts, equal ones as one object where many are equal, and else as bytes."""
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    found = [known.setdefault(texts, texts) for texts in (tuple(texts or ()) for texts in lists)]
    return found if len(known) * _OFTEN <= len(found) else _Texts(lists)


class _Texts(Sequence[tuple[str, ...]]):
    """Lists of texts in one row of bytes."""

    def __init__(self, lists: Sequence[list[str] | None]) -> None:
        texts = [text.encode() for texts in lists if texts for text in texts]
        self._bytes = b"".join(texts)
        self._ends = array("l", accumulate(map(len, texts), initial=0))
        self._lists = array("i", accumulate((len(texts) if texts else 0 for texts in lists), initial=0))

    def __len__(self) -> int:
        return len(self._lists) - 1

    @overload
    def __getitem__(self, place: int) -> tuple[str, ...]: ...

    @overload
    def __getitem__(self, place: slice) -> Sequence[tuple[str, ...]]: ...

    def __getitem__(self, place: int | slice) -> tuple[str, ...] | Sequence[tuple[str, ...]]:
        if isinstance(place, slice):
            return [self[one] for one in range(*place.indices(len(self)))]
        ends = self._ends[self._lists[place] : self._lists[place + 1] + 1]
        return tuple(self._bytes[start:end].decode() for start, end in pairwise(ends))
