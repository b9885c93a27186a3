"""In which facts two estates differ, and what of it is not known because one of them had not read everything."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from graphinv.model.difference import Change, EdgeChange, NodeChange, PropertyChange
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord
from graphinv.model.facts import NodeKey, Props
from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS
from graphinv.model.results import EdgeName

SIGHTINGS = frozenset({"first_seen", "last_seen", "last_used", "last_heartbeat", "count"})
"""Properties that say when a thing was seen. That they move on is no change of the thing; neither is that it stands in another line."""


class Sight:
    """What a side has read: ``outcomes`` of the newest scan of each of its roots."""

    def __init__(self, outcomes: Mapping[str, str]) -> None:
        self.outcomes = outcomes
        self._longest_first = sorted(outcomes, key=len, reverse=True)
        self._root_of = cache(self._root)

    def roots(self, sources: Iterable[str]) -> frozenset[str]:
        """The roots that ``sources`` lie in; all, where none is known."""
        found = {self._root_of(source.partition("#")[0]) for source in sources}
        return frozenset(root for root in found if root is not None) or frozenset(self.outcomes)

    def _root(self, document: str) -> str | None:
        return next((root for root in self._longest_first if document == root or document.startswith(f"{root}/")), None)

    def blind(self, other: Sight, sources: Iterable[str]) -> str:
        """Why ``other`` may not have seen what is stated here in ``sources``, in words; empty where it would have."""
        for root in sorted(self.roots(sources)):
            outcome = other.outcomes.get(root)
            if outcome != "complete":
                return f"{root} was not scanned" if outcome is None else f"{root} was read in part only"
        return ""


@dataclass(frozen=True)
class Facts:
    """What differs between two estates; ``seen_anew`` counts what does only in when or where it was seen."""

    nodes: tuple[NodeChange, ...]
    edges: tuple[EdgeChange, ...]
    seen_anew: int


def facts_changed(before: Estate, after: Estate, sights: tuple[Sight, Sight]) -> Facts:
    """The difference of two estates, in the order of the vocabulary and of ids. O(nodes + edges)."""
    edges, moved = _edges(before, after, sights)
    nodes, seen = _nodes(before, after, sights, _owners_changed(before, after, edges))
    return Facts(tuple(nodes), tuple(edges), moved + seen)


def _nodes(
    before: Estate, after: Estate, sights: tuple[Sight, Sight], owners: Mapping[NodeKey, PropertyChange]
) -> tuple[list[NodeChange], int]:
    found: list[NodeChange] = []
    seen_anew = 0
    one_sided = ((before, after, "gone", sights), (after, before, "new", sights[::-1]))
    for here, there, word, (sight, other) in one_sided:
        for key in here.nodes.keys() - there.nodes.keys():
            node = here.nodes[key]
            change, because = _sure(word, sight.blind(other, node.sources))
            stated = (_told(node), {}) if word == "gone" else ({}, _told(node))
            found.append(_node(node, change, _properties(*stated), because))
    for key in before.nodes.keys() & after.nodes.keys():
        one, two = before.nodes[key], after.nodes[key]
        changed = () if one.props == two.props and one.name == two.name else _properties(_told(one), _told(two))
        if key in owners:
            changed = (*changed, owners[key])
        if changed:
            found.append(_node(two, "changed", changed, _blind(sights, one, two)))
        elif _seen_anew(one, two):
            seen_anew += 1
    order = {kind: place for place, kind in enumerate(NODE_KINDS)}
    return sorted(found, key=lambda change: (order[change.node[0]], change.node)), seen_anew


def _edges(before: Estate, after: Estate, sights: tuple[Sight, Sight]) -> tuple[list[EdgeChange], int]:
    old, new = ({edge.key: edge for edge in estate.edges} for estate in (before, after))
    found: list[EdgeChange] = []
    seen_anew = 0
    gone: dict[tuple[str, NodeKey, NodeKey], list[EdgeRecord]] = {}
    come: dict[tuple[str, NodeKey, NodeKey], list[EdgeRecord]] = {}
    for alone, others, grouped in ((old, new, gone), (new, old, come)):
        for key in alone.keys() - others.keys():
            edge = alone[key]
            grouped.setdefault((edge.kind, edge.source, edge.target), []).append(edge)
    for ends in [ends for ends, edges in gone.items() if len(edges) == len(come.get(ends, ())) == 1]:
        (one,), (two,) = gone[ends], come[ends]
        if _blind(sights, one, two):
            continue
        del gone[ends], come[ends]
        found.append(_edge(two, "changed", _properties(_of_edge(one), _of_edge(two)), key_before=one.key))
    for left, word, (sight, other) in ((gone, "gone", sights), (come, "new", sights[::-1])):
        for edge in (edge for edges in left.values() for edge in edges):
            change, because = _sure(word, sight.blind(other, edge.sources))
            stated = (_of_edge(edge), {}) if word == "gone" else ({}, _of_edge(edge))
            found.append(_edge(edge, change, _properties(*stated), because))
    for key in old.keys() & new.keys():
        one, two = old[key], new[key]
        changed = () if one.props == two.props else _properties(_of_edge(one), _of_edge(two))
        if changed:
            found.append(_edge(two, "changed", changed, _blind(sights, one, two)))
        elif _seen_anew(one, two):
            seen_anew += 1
    order = {kind: place for place, kind in enumerate(EDGE_KINDS)}
    ordered = sorted(found, key=lambda one: (not one.moves_authority, order[one.edge.edge], one.edge.source, one.edge.target, one.edge.key))
    return ordered, seen_anew


def _owners_changed(before: Estate, after: Estate, edges: Sequence[EdgeChange]) -> dict[NodeKey, PropertyChange]:
    """The owners of nodes that have others now, as far as it is known."""
    sure = {one.edge.target for one in edges if one.edge.edge == "OWNS" and one.change in ("new", "gone")}
    doubtful = {one.edge.target for one in edges if one.edge.edge == "OWNS" and one.change in ("maybe_new", "maybe_gone")}
    touched = sure - doubtful
    owners = [_owners(estate, touched) for estate in (before, after)]
    return {key: PropertyChange(name="owners", before=owners[0].get(key), after=owners[1].get(key)) for key in touched}


def _owners(estate: Estate, of: set[NodeKey]) -> dict[NodeKey, list[str]]:
    found: dict[NodeKey, set[str]] = {}
    for edge in estate.edges_of("OWNS") if of else ():
        if edge.target in of:
            found.setdefault(edge.target, set()).add(edge.source[1])
    return {key: sorted(owners) for key, owners in found.items()}


def _seen_anew(before: NodeRecord | EdgeRecord, after: NodeRecord | EdgeRecord) -> bool:
    """Whether a thing was seen at another time or stands elsewhere. When a store first saw it depends on the store."""
    return before.sources != after.sources or any(before.props.get(name) != after.props.get(name) for name in SIGHTINGS - {"first_seen"})


def _blind(sights: tuple[Sight, Sight], before: NodeRecord | EdgeRecord, after: NodeRecord | EdgeRecord) -> str:
    """Why what differs between two records of a thing may only be that one side did not read all that states it."""
    return sights[0].blind(sights[1], before.sources) or sights[1].blind(sights[0], after.sources)


def _sure(word: str, blind: str) -> tuple[Change, str]:
    if word == "gone":
        return ("maybe_gone", blind) if blind else ("gone", "")
    return ("maybe_new", blind) if blind else ("new", "")


def _told(node: NodeRecord) -> Props:
    return _of_record({"name": node.name, **node.props})


def _of_edge(edge: EdgeRecord) -> Props:
    return _of_record(edge.props)


def _of_record(props: Props) -> Props:
    return {name: value for name, value in props.items() if name not in SIGHTINGS and value is not None}


def _properties(before: Props, after: Props) -> tuple[PropertyChange, ...]:
    return tuple(
        PropertyChange(name=name, before=before.get(name), after=after.get(name))
        for name in sorted({*before, *after})
        if before.get(name) != after.get(name)
    )


def _node(node: NodeRecord, change: Change, properties: tuple[PropertyChange, ...], because: str = "") -> NodeChange:
    return NodeChange(node=node.key, name=node.name, change=change, properties=properties, sources=node.sources, because=because)


def _edge(
    edge: EdgeRecord, change: Change, properties: tuple[PropertyChange, ...], because: str = "", key_before: str | None = None
) -> EdgeChange:
    return EdgeChange(
        edge=EdgeName.of(edge),
        key_before=key_before,
        change=change,
        moves_authority=EDGE_KINDS[edge.kind].moves_authority,
        properties=properties,
        sources=edge.sources,
        because=because,
    )
