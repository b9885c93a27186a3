"""Guesses that give way once all roots of a scan are known, and secrets that two readers tell by different marks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from graphinv.ingest.support.databases import is_user
from graphinv.ingest.support.found_secrets import HASHED
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Ref
from graphinv.pipeline.read import Reading

_KNOWN = frozenset({"CAN_ACCESS", "MEMBER_OF", "ASSUMES"})
_NO_TELLING = (["inferred"], ["observed"])
"""Evidence that says nothing of what else is granted."""


def settled(readings: Sequence[Reading]) -> bool:
    """Take back what was guessed of database users of which a source tells the grants; says whether there was such a guess. O(edges)."""
    if not any(_guessed(edge) for reading in readings for edge in reading.edges):
        return False
    told = {
        edge.source
        for reading in readings
        for edge in reading.edges
        if edge.kind in _KNOWN and edge.props.get("evidence") not in _NO_TELLING
    }
    for reading in readings:
        reading.edges = [edge for edge in reading.edges if edge.source not in told or not _guessed(edge)]
    return True


def _guessed(edge: EdgeFact) -> bool:
    """Whether it is what an address alone lets us think its user can do."""
    guess = edge.kind == "CAN_ACCESS" and edge.props.get("evidence") == ["inferred"]
    return guess and not isinstance(edge.source, Ref) and is_user(edge.source[1])


def met(readings: Sequence[Reading]) -> None:
    """Secrets of which a report tells a digest and a line become the secret that a reader found on that line, where there is one alone.
    O(nodes + edges)."""
    for reading in readings:
        if not any(node.id.startswith(HASHED) for node in reading.nodes):
            continue
        lying: dict[str, set[str]] = {}
        for node in reading.nodes:
            if node.kind == "Secret" and not node.id.startswith(HASHED):
                for source in node.props.get("sources") or ():
                    lying.setdefault(source, set()).add(node.id)
        same = {node.id: found for node in reading.nodes if node.id.startswith(HASHED) for found in _found(node, lying)}
        reading.nodes = [_moved(node, same) for node in reading.nodes]
        reading.edges = [replace(edge, source=_end(edge.source, same), target=_end(edge.target, same)) for edge in reading.edges]


def _found(node: NodeFact, lying: dict[str, set[str]]) -> Iterator[str]:
    for source in node.props.get("sources") or ():
        there = lying.get(source, set())
        if len(there) == 1:
            yield next(iter(there))


def _moved(node: NodeFact, same: dict[str, str]) -> NodeFact:
    if node.id not in same:
        return node
    # Its own reader knows better what to call it.
    props = {name: value for name, value in node.props.items() if name in ("labels", "sources")}
    return NodeFact(node.kind, same[node.id], props)


def _end(end: NodeKey | Ref, same: dict[str, str]) -> NodeKey | Ref:
    return end if isinstance(end, Ref) else (end[0], same.get(end[1], end[1]))
