"""The estate: everything the store holds at one generation, in memory, for analyzers. They see this, never a driver."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate, chain, groupby
from operator import attrgetter
from typing import NamedTuple, Protocol

from graphinv.model.errors import Ambiguous, NotFound
from graphinv.model.facts import NodeKey, Props
from graphinv.model.kinds import NODE_KINDS
from graphinv.model.moments import micros

OUT = frozenset({"suspended", "retired"})
"""Status of what is out of service."""


class Apart(NamedTuple):
    """What is kept apart from the records that were read together, because each says something else; a record knows its place in it."""

    sources: Sequence[tuple[str, ...]]
    keys: Sequence[str] = ()
    """Of edges."""


class NodeRecord:
    """A node as the store holds it: merged over its sources. Nobody changes one.

    ``props`` are what is stated of it but for its ``name`` (its id where none is stated) and its ``sources``. Nodes of which the same is
    stated may share one dictionary.
    """

    __slots__ = ("_apart", "_place", "id", "key", "kind", "name", "props")

    def __init__(self, kind: str, id: str, stated: Props) -> None:
        props = {name: value for name, value in stated.items() if name not in ("name", "sources")}
        self._set((kind, id), str(stated.get("name") or id), props, Apart((tuple(stated.get("sources") or ()),)), 0)

    @classmethod
    def placed(cls, key: NodeKey, name: str, props: Props, apart: Apart, place: int) -> NodeRecord:
        """One of those that are read together."""
        record = cls.__new__(cls)
        record._set(key, name, props, apart, place)
        return record

    def _set(self, key: NodeKey, name: str, props: Props, apart: Apart, place: int) -> None:
        self.key = key
        self.kind, self.id = key
        self.name = name
        self.props = props
        self._apart = apart
        self._place = place

    @property
    def sources(self) -> tuple[str, ...]:
        """Where it is stated."""
        return self._apart.sources[self._place]

    @property
    def stated(self) -> Props:
        """All that is stated of it, as in a fact."""
        return {"name": self.name, **self.props, **({"sources": list(self.sources)} if self.sources else {})}

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, NodeRecord):
            return NotImplemented
        return (self.key, self.name, self.props, self.sources) == (other.key, other.name, other.props, other.sources)

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"NodeRecord({self.kind!r}, {self.id!r}, {self.stated!r})"


class EdgeRecord:
    """An edge as the store holds it; ``key`` is :func:`graphinv.model.facts.edge_key`. Nobody changes one.

    ``props`` are what is stated of it but for its ``sources``. Edges of which the same is stated may share one dictionary.
    """

    __slots__ = ("_apart", "_place", "kind", "props", "source", "target")

    def __init__(self, kind: str, source: NodeKey, target: NodeKey, key: str, stated: Props) -> None:
        props = {name: value for name, value in stated.items() if name != "sources"}
        self._set(kind, source, target, props, Apart((tuple(stated.get("sources") or ()),), (key,)), 0)

    @classmethod
    def placed(cls, kind: str, source: NodeKey, target: NodeKey, props: Props, apart: Apart, place: int) -> EdgeRecord:
        """One of those that are read together."""
        record = cls.__new__(cls)
        record._set(kind, source, target, props, apart, place)
        return record

    def _set(self, kind: str, source: NodeKey, target: NodeKey, props: Props, apart: Apart, place: int) -> None:
        self.kind = kind
        self.source = source
        self.target = target
        self.props = props
        self._apart = apart
        self._place = place

    @property
    def key(self) -> str:
        return self._apart.keys[self._place]

    @property
    def sources(self) -> tuple[str, ...]:
        """Where it is stated."""
        return self._apart.sources[self._place]

    @property
    def stated(self) -> Props:
        """All that is stated of it, as in a fact."""
        return {**self.props, "sources": list(self.sources)} if self.sources else dict(self.props)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, EdgeRecord):
            return NotImplemented
        ours, theirs = (self.kind, self.source, self.target, self.key), (other.kind, other.source, other.target, other.key)
        return ours == theirs and self.props == other.props and self.sources == other.sources

    def __hash__(self) -> int:
        return hash(self.key)

    def __repr__(self) -> str:
        return f"EdgeRecord({self.kind!r}, {self.source!r}, {self.target!r}, {self.key!r}, {self.stated!r})"


def in_force(edge: EdgeRecord, at: int) -> bool:
    """Whether an edge holds at a time, in microseconds since 1970, whatever its ends."""
    props = edge.props
    if "valid_from" not in props and "valid_until" not in props:  # of most nobody states either
        return True
    start, end = props.get("valid_from"), props.get("valid_until")
    return (start is None or micros(start) <= at) and (end is None or bool(props.get("renewable")) or at < micros(end))


def listed(edge: EdgeRecord, tool: NodeRecord) -> bool:
    """Whether a connection lets a tool of its server be called: it lists no tools, or this one by its id or by its name."""
    only = edge.props.get("tools")
    return only is None or tool.id in only or tool.name in only


class Records(Protocol):
    """Nodes by their keys and edges by their places: an :class:`Estate`, or what looks single ones up."""

    @property
    def nodes(self) -> Mapping[NodeKey, NodeRecord]: ...

    @property
    def edges(self) -> Sequence[EdgeRecord]: ...


@dataclass(frozen=True)
class Estate:
    """All nodes and edges that live (not ``gone_at``) at ``generation``. Every edge's ends are among the nodes.

    Order is that of the keys, so that equal graphs are equal estates.
    """

    nodes: Mapping[NodeKey, NodeRecord]
    edges: tuple[EdgeRecord, ...]
    generation: int = 0
    roots: tuple[str, ...] = field(default=(), compare=False)
    """Names of the roots it was read from, where they are known: ``sources`` begin with one."""

    @classmethod
    def of(cls, nodes: Iterable[NodeRecord], edges: Iterable[EdgeRecord], generation: int = 0) -> Estate:
        """An estate of these nodes and edges, in key order."""
        ordered = sorted(nodes, key=lambda node: node.key)
        return cls(
            nodes={node.key: node for node in ordered},
            edges=tuple(sorted(edges, key=lambda edge: (edge.kind, edge.source, edge.target, edge.key))),
            generation=generation,
        )

    def of_kind(self, kind: str) -> Sequence[NodeRecord]:
        """Nodes of one kind, by id."""
        return self._nodes_of.get(kind, ())

    @cached_property
    def _nodes_of(self) -> Mapping[str, tuple[NodeRecord, ...]]:
        return {kind: tuple(nodes) for kind, nodes in groupby(self.nodes.values(), attrgetter("kind"))}

    def edges_of(self, *kinds: str) -> Iterator[EdgeRecord]:
        """Edges of some kinds, in their order."""
        places = (self.places_of[kind] for kind in sorted(kinds) if kind in self.places_of)
        return chain.from_iterable(self.edges[span.start : span.stop] for span in places)

    @cached_property
    def places_of(self) -> Mapping[str, range]:
        """Where in ``edges`` those of each kind stand."""
        counts = Counter(map(attrgetter("kind"), self.edges))
        ends = accumulate(counts.values())
        return {kind: range(end - count, end) for (kind, count), end in zip(counts.items(), ends, strict=True)}

    @cached_property
    def out_of_service(self) -> frozenset[NodeKey]:
        """Nodes that are suspended or retired."""
        return frozenset(node.key for node in self.nodes.values() if node.props.get("status") in OUT)

    @cached_property
    def sightings(self) -> Sequence[EdgeRecord]:
        """Edges that were observed, in their order."""
        return [edge for edge in self.edges if "observed" in (edge.props.get("evidence") or ())]

    @cached_property
    def outgoing(self) -> Mapping[NodeKey, tuple[EdgeRecord, ...]]:
        """Edges by the node they leave."""
        return _group(self.edges, attrgetter("source"))

    @cached_property
    def incoming(self) -> Mapping[NodeKey, tuple[EdgeRecord, ...]]:
        """Edges by the node they reach."""
        return _group(self.edges, attrgetter("target"))

    def owners(self, key: NodeKey) -> tuple[str, ...]:
        """Ids of the owners of a node, those that the surest source names first (:data:`~graphinv.model.facts.OWNER_CONFIDENCE`)."""
        owners: dict[str, float] = {}
        for edge in self._owning.get(key, ()):
            # Whoever states a fact of their own, or dumps what a provider says, gives it no confidence: it is certain.
            owners[edge.source[1]] = max(owners.get(edge.source[1], 0), edge.props.get("confidence") or 1)
        return tuple(sorted(owners, key=lambda owner: (-owners[owner], owner)))

    @cached_property
    def _owning(self) -> Mapping[NodeKey, tuple[EdgeRecord, ...]]:
        return _group(self.edges_of("OWNS"), attrgetter("target"))

    @cached_property
    def _names(self) -> Mapping[str, tuple[NodeKey, ...]]:
        names: dict[str, set[NodeKey]] = {}
        for node in self.nodes.values():
            names.setdefault(node.id, set()).add(node.key)
            names.setdefault(node.name, set()).add(node.key)
        return {name: tuple(sorted(keys)) for name, keys in names.items()}

    def find(self, name: str, kind: str | None = None) -> NodeKey:
        """The node that ``Kind:id``, a bare id or a bare name means; ``kind`` narrows bare ones.

        Raises:
            NotFound: nothing has that name.
            Ambiguous: several have; the message lists them.
        """
        prefix, colon, rest = name.partition(":")
        if colon and prefix in NODE_KINDS and (prefix, rest) in self.nodes:
            return prefix, rest
        return meant(name, (key for key in self._names.get(name, ()) if kind is None or key[0] == kind))


def meant(name: str, called: Iterable[NodeKey]) -> NodeKey:
    """The node that ``name`` means, of those that are ``called`` so by id or by name.

    Raises:
        NotFound: there is none.
        Ambiguous: several; the message lists them.
    """
    found = sorted(called)
    by_id = [key for key in found if key[1] == name]
    found = by_id if len(by_id) == 1 else found
    if len(found) == 1:
        return found[0]
    if not found:
        raise NotFound(f"nothing in the graph is called {name!r}")
    listed = ", ".join(f"{kind}:{id}" for kind, id in found[:8])
    raise Ambiguous(f"{name!r} is the name of {len(found)} things; say which as Kind:id: {listed}")


def _group(edges: Iterable[EdgeRecord], end: Callable[[EdgeRecord], NodeKey]) -> Mapping[NodeKey, tuple[EdgeRecord, ...]]:
    groups: defaultdict[NodeKey, list[EdgeRecord]] = defaultdict(list)
    for edge in edges:
        groups[end(edge)].append(edge)
    return {key: tuple(edges) for key, edges in groups.items()}
