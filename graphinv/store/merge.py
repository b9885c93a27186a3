"""What a commit does to a store's contents, whichever engine keeps them: pure functions over :class:`State`.

Each root keeps what it states of a thing (its *contribution*) apart from what other roots state; the thing itself is the merge of its
contributions. A complete scan replaces the contributions of its root, a partial or failed one merges into them. A thing that no root
states any more is closed, not deleted; an edge's end that no root states is a placeholder for as long as a live edge needs it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, NamedTuple, TypeVar

from graphinv.model.errors import StoreError
from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Props, Ref, edge_key, merge_props
from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS
from graphinv.store.columns import edge_batches, estate_of, node_batches
from graphinv.store.scans import Committed, Scan

EdgeId = tuple[str, NodeKey, NodeKey, str]
"""(kind, source, target, edge_key) of an edge."""

KEPT_GENERATIONS = 200
_LARGEST_INT = 2**63 - 1


class Sole(Mapping[str, Props]):
    """What one root states of a thing, by root: a mapping like any other that takes a fifth of a dictionary's memory."""

    __slots__ = ("_props", "_root")

    def __init__(self, root: str, props: Props) -> None:
        self._root = root
        self._props = props

    def __getitem__(self, root: str) -> Props:
        if root != self._root:
            raise KeyError(root)
        return self._props

    def __iter__(self) -> Iterator[str]:
        return iter((self._root,))

    def __len__(self) -> int:
        return 1


class Entry(NamedTuple):
    """A node or edge as it is kept.

    ``props`` are what its sources state, merged over the roots in ``by`` (root → its contribution); without what the store adds itself
    (:func:`visible`). ``first`` is the time of the first generation that saw it. ``seen`` is set where a generation later than the last
    complete one of its roots saw it. ``gone_at`` and ``last_seen`` are set once nothing states it.
    """

    props: Props
    by: Mapping[str, Props]
    first: str
    seen: str | None = None
    gone_at: str | None = None
    last_seen: str | None = None

    @property
    def live(self) -> bool:
        return self.gone_at is None

    @property
    def placeholder(self) -> bool:
        """Whether only edges speak of it."""
        return self.gone_at is None and not self.by


class Generation(NamedTuple):
    """One line of the store's history."""

    number: int
    root: str
    at: str
    outcome: str
    created: int
    updated: int
    closed: int


@dataclass(frozen=True)
class State:
    """The contents of a store. ``complete_at`` is the time of each root's last complete scan."""

    nodes: Mapping[NodeKey, Entry] = field(default_factory=dict)
    edges: Mapping[EdgeId, Entry] = field(default_factory=dict)
    scans: Mapping[str, Scan] = field(default_factory=dict)
    complete_at: Mapping[str, str] = field(default_factory=dict)
    generation: int = 0
    history: tuple[Generation, ...] = ()

    def estate(self) -> Estate:
        """All that lives, as analyzers see it. O(nodes + edges)."""
        return living(self.nodes.items(), self.edges.items(), self.generation)


Key = TypeVar("Key", NodeKey, EdgeId)


def visible(key: NodeKey | EdgeId, entry: Entry) -> Props:
    """The properties that users see: what sources state, with a node's name, ``first_seen`` and, once closed, its end."""
    props = dict(entry.props)
    if len(key) == 2:
        props.setdefault("name", key[1])
    props.setdefault("first_seen", entry.first)
    if entry.gone_at is not None:
        props.setdefault("gone_at", entry.gone_at)
        props["last_seen"] = entry.last_seen
    return props


def living(nodes: Iterable[tuple[NodeKey, Entry]], edges: Iterable[tuple[EdgeId, Entry]], generation: int) -> Estate:
    """The estate of those that live: all nodes are asked for, then all edges, and none is kept as it comes. O(nodes + edges)."""
    return estate_of(
        node_batches((key, visible(key, entry)) for key, entry in nodes if entry.live),
        edge_batches((key, visible(key, entry)) for key, entry in edges if entry.live),
        generation,
    )


def advance(state: State, scan: Scan, nodes: Iterable[NodeFact], edges: Iterable[EdgeFact]) -> tuple[State, Committed, bool]:
    """The state after ``scan``, what changed for users, and whether any entry changed at all (bookkeeping included).

    ``state`` is not touched. O(facts of the scan + contents of the store).

    Raises:
        StoreError: a fact is not of the vocabulary, or an edge's end is not resolved.
    """
    new_nodes = _restate(state.nodes, _fold_nodes(nodes), scan, state.complete_at.get(scan.root))
    new_edges = _restate(state.edges, _fold_edges(edges, {key: key for key in new_nodes}), scan, state.complete_at.get(scan.root))
    all_edges = _with(state.edges, new_edges)
    if new_nodes or new_edges:
        _place(state.nodes, new_nodes, all_edges, new_edges, scan.at)
    created, updated, closed = _count(state.nodes, new_nodes, _count(state.edges, new_edges, (0, 0, 0)))
    committed = Committed(state.generation + 1, created, updated, closed)
    line = Generation(committed.generation, scan.root, scan.at, scan.outcome, created, updated, closed)
    complete_at = {**state.complete_at, scan.root: scan.at} if scan.outcome == "complete" else state.complete_at
    after = State(
        nodes=_with(state.nodes, new_nodes),
        edges=all_edges,
        scans={**state.scans, scan.root: scan},
        complete_at=complete_at,
        generation=committed.generation,
        history=(*state.history, line)[-KEPT_GENERATIONS:],
    )
    return after, committed, bool(new_nodes or new_edges)


def _with(entries: Mapping[Key, Entry], changed: Mapping[Key, Entry]) -> Mapping[Key, Entry]:
    """``entries`` after a change; neither is copied where it is all there is."""
    return entries if not changed else {**entries, **changed} if entries else changed


# --------------------------------------------------------------------------------------------------------------------------------
# One batch


@cache
def _fields(kind: str) -> frozenset[str]:
    model = NODE_KINDS.get(kind) or EDGE_KINDS[kind]
    return frozenset(model.model_fields)


def _text(value: str) -> str:
    """``value`` as UTF-8 can hold it: JSON lets half a surrogate pair through."""
    return value if value.isascii() else value.encode("utf-8", "replace").decode("utf-8")


def _value(value: Any) -> Any:
    """``value`` as every engine can hold it."""
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, list):
        return value if all(map(str.isascii, value)) else [_text(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return max(-_LARGEST_INT, min(value, _LARGEST_INT))
    return value


def _is_plain(props: Props) -> bool:
    """Whether every engine can hold all of them as they stand, told at little cost: there are millions of them."""
    for value in props.values():
        kind = type(value)
        if kind is str:
            if not value.isascii():
                return False
        elif kind is list:
            for item in value:
                if not item.isascii():
                    return False
        elif kind is not bool and kind is not float:
            return False
    return True


def _stated(kind: str, props: Props, id: str | None = None) -> Props:
    """What ``props`` state of a thing of ``kind``: not what is absent, nor a name that is only the id again, nor an end of another store's
    bookkeeping."""
    if not props.keys() <= _fields(kind):
        raise StoreError(f"an unchecked {kind} fact came to the store: {sorted(props.keys() - _fields(kind))}")
    if _is_plain(props) and "gone_at" not in props and (id is None or props.get("name") != id):
        return props
    stated = {name: _value(value) for name, value in props.items() if value is not None}
    stated.pop("gone_at", None)
    if id is not None and stated.get("name") == id:
        del stated["name"]
    return props if stated == props else stated  # the fact's own where they are the same: one of each, not two


def _fold(folded: dict[Key, Props], key: Key, props: Props) -> None:
    before = folded.get(key)
    folded[key] = props if before is None else merge_props(key[0], before, props)


def _key(key: NodeKey) -> NodeKey:
    return key if key[1].isascii() else (key[0], _text(key[1]))


def _end(kind: str, end: NodeKey | Ref, known: dict[NodeKey | Ref, NodeKey]) -> NodeKey:
    """An end of an edge of ``kind`` that is met for the first time."""
    if isinstance(end, Ref):
        raise StoreError(f"an unresolved {kind} fact came to the store")
    if end[0] not in NODE_KINDS:
        raise StoreError(f"an unchecked {kind} fact came to the store: its end is of kind {end[0]!r}")
    key = _key(end)
    return known.setdefault(key, key)


def _fold_nodes(nodes: Iterable[NodeFact]) -> dict[NodeKey, Props]:
    folded: dict[NodeKey, Props] = {}
    for fact in nodes:
        if fact.kind not in NODE_KINDS:
            raise StoreError(f"an unchecked node fact came to the store: kind {fact.kind!r}")
        id = _text(fact.id)
        _fold(folded, (fact.kind, id), _stated(fact.kind, fact.props, id))
    return folded


def _fold_edges(edges: Iterable[EdgeFact], known: dict[NodeKey | Ref, NodeKey]) -> dict[EdgeId, Props]:
    """The edges by id; equal ends are one object, that of ``known`` where it is there."""
    folded: dict[EdgeId, Props] = {}
    for fact in edges:
        if fact.kind not in EDGE_KINDS:
            raise StoreError(f"an unchecked edge fact came to the store: kind {fact.kind!r}")
        source = known.get(fact.source) or _end(fact.kind, fact.source, known)
        target = known.get(fact.target) or _end(fact.kind, fact.target, known)
        stated = _stated(fact.kind, fact.props)
        _fold(folded, (fact.kind, source, target, edge_key(fact.kind, source, target, stated)), stated)
    return folded


# --------------------------------------------------------------------------------------------------------------------------------
# Contributions


def _later(one: str | None, other: str | None) -> str | None:
    return max(one, other) if one is not None and other is not None else one if other is None else other


def _merged(kind: str, by: Mapping[str, Props]) -> Props:
    merged: Props | None = None
    for root in sorted(by):
        merged = by[root] if merged is None else merge_props(kind, merged, by[root])
    return merged or {}


def _restate(entries: Mapping[Key, Entry], said: Mapping[Key, Props], scan: Scan, before: str | None) -> dict[Key, Entry]:
    """The entries that change when ``scan.root`` states ``said``; ``before`` is the time of its last complete scan."""
    root, at, complete = scan.root, scan.at, scan.outcome == "complete"
    changed: dict[Key, Entry] = {}
    for key, props in said.items():
        old = entries.get(key)
        if old is None:
            changed[key] = Entry(props, Sole(root, props), at, None if complete else at)
            continue
        mine = old.by.get(root)
        stated = props if complete or mine is None else merge_props(key[0], mine, props)
        newer = old.seen is not None and old.seen > at
        seen = (old.seen if newer else None) if complete else _later(old.seen, at)
        if stated == mine and seen == old.seen:
            continue
        by = {**old.by, root: stated}
        changed[key] = Entry(_merged(key[0], by), by, old.first, seen)
    if complete:
        for key, old in entries.items():
            if root in old.by and key not in said:
                changed[key] = _withdrawn(key[0], old, scan, before)
    return changed


def _withdrawn(kind: str, old: Entry, scan: Scan, before: str | None) -> Entry:
    by = {root: props for root, props in old.by.items() if root != scan.root}
    seen = _later(old.seen, before)
    if by:
        return Entry(_merged(kind, by), by, old.first, seen)
    return _closed(old, seen, scan.at)


def _closed(old: Entry, seen: str | None, at: str) -> Entry:
    return Entry(old.props, {}, old.first, seen, at, _later(seen, old.props.get("last_seen")) or at)


def _place(
    nodes: Mapping[NodeKey, Entry],
    changed: dict[NodeKey, Entry],
    edges: Mapping[EdgeId, Entry],
    changed_edges: Mapping[EdgeId, Entry],
    at: str,
) -> None:
    """Add to ``changed`` the placeholders that live edges need, and close those that none needs any more."""
    needed: dict[NodeKey, None] = {}
    for key, entry in edges.items():
        if entry.gone_at is None:
            needed[key[1]] = needed[key[2]] = None
    for end in needed:
        now = changed.get(end) or nodes.get(end)
        if now is None:
            changed[end] = Entry({"status": "unknown"}, {}, at)
        elif not now.live:
            changed[end] = Entry({"status": "unknown"}, {}, now.first, now.seen)
    gone = [key for key, entry in nodes.items() if entry.placeholder and key not in needed and key not in changed]
    if gone:
        last: dict[NodeKey, str | None] = {}
        for edge, entry in changed_edges.items():
            for end in edge[1:3] if not entry.live else ():
                last[end] = _later(last.get(end), entry.last_seen)
        for end in gone:
            changed[end] = _closed(nodes[end], _later(nodes[end].seen, last.get(end)), at)


def _count(before: Mapping[Key, Entry], changed: Mapping[Key, Entry], counts: tuple[int, int, int]) -> tuple[int, int, int]:
    """``counts`` of created, updated and closed entries, with those of ``changed`` added."""
    created, updated, closed = counts
    for key, entry in changed.items():
        old = before.get(key)
        if old is None:
            created += 1
        elif old.live and not entry.live:
            closed += 1
        elif visible(key, old) != visible(key, entry):
            updated += 1
    return created, updated, closed
