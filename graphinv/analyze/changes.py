"""Estates with a change made that has not been made yet. What is given stays as it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import cast

import numpy as np

from graphinv.analyze.reading import structure_of
from graphinv.analyze.structure import Structure
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord
from graphinv.model.facts import EdgeFact, NodeKey, Props, edge_key
from graphinv.model.moments import EVER

LONG_AGO = "1970-01-01T00:00:00Z"
"""An edge that was valid until then is known, and nothing passes it."""


@dataclass(frozen=True)
class Change:
    """What is to be different.

    An edge that is removed stays known: that a tool's effect, or a server's tools, are known does not become unknown because access to
    them ends. Added edges are checked and lead from a known node to a known one.
    """

    remove: frozenset[str] = frozenset()
    """Keys of edges that nothing passes any more."""
    guard: Mapping[str, Props] = field(default_factory=dict)
    """Key of an edge → properties of an EnforcementPoint that is to stand on it."""
    retire: frozenset[NodeKey] = frozenset()
    """Agents and workflows to take out of service."""
    add: tuple[EdgeFact, ...] = ()

    def estate(self, before: Estate) -> Estate:
        """``before`` with the change made. O(nodes + edges)."""
        nodes = dict(before.nodes)
        for actor in self.retire:
            nodes[actor] = NodeRecord(*actor, {**nodes[actor].stated, "status": "retired"})
        for key, props in self.guard.items():
            nodes["EnforcementPoint", _point(key)] = NodeRecord("EnforcementPoint", _point(key), {"name": "assumed decision", **props})
        edges = [self._edge(edge) for edge in before.edges]
        known = {edge.key for edge in edges}
        edges += [record for record in map(_record, self.add) if record.key not in known]
        return replace(Estate.of(nodes.values(), edges, before.generation), roots=before.roots)

    def structure(self, before: Structure) -> Structure:
        """The structure of the changed estate. Without added edges it shares keys, targets and masks with ``before``: takes little time."""
        load: Callable[[], Estate] = lambda: self.estate(before.estate)  # noqa: E731 - once, when it is asked for
        if self.add:
            return structure_of(load())
        nodes, edges, points, guards = before.nodes, before.edges, dict(before.points), list(before.guards)
        if self.retire:
            dead_from = np.array(nodes.dead_from)
            dead_from[[before.node(key) for key in self.retire]] = -EVER
            nodes = replace(nodes, dead_from=dead_from)
        places = {edge.key: index for index, edge in enumerate(before.estate.edges) if edge.key in self.remove or edge.key in self.guard}
        if self.remove:
            ends, bounded = np.array(edges.ends), np.array(edges.bounded)
            gone = [places[key] for key in self.remove]
            ends[gone], bounded[gone] = 0, True
            edges = replace(edges, ends=ends, bounded=bounded)
        if self.guard:
            new = sorted(self.guard)
            edges = replace(
                edges,
                guarded=np.append(edges.guarded, [places[key] for key in new]).astype(np.int32),
                guard=np.append(edges.guard, np.arange(len(guards), len(guards) + len(new))).astype(np.int32),
            )
            guards += [_point(key) for key in new]
            points |= {_point(key): dict(self.guard[key]) for key in new}
        return Structure(before.keys, before.targets, before.masks, nodes, edges, before.arcs, before.own, guards, points, load)

    def _edge(self, edge: EdgeRecord) -> EdgeRecord:
        if edge.key in self.guard:
            edge = _stating(edge, {**edge.stated, "guards": sorted({*(edge.props.get("guards") or ()), _point(edge.key)})})
        if edge.key in self.remove:
            # Nor was it seen after its end: that would be a finding.
            kept = {name: value for name, value in edge.stated.items() if name not in ("renewable", "first_seen", "last_seen")}
            edge = _stating(edge, {**kept, "valid_until": LONG_AGO})
        return edge


def _stating(edge: EdgeRecord, stated: Props) -> EdgeRecord:
    return EdgeRecord(edge.kind, edge.source, edge.target, edge.key, stated)


def _point(edge: str) -> str:
    return f"what-if:{edge}"


def _record(edge: EdgeFact) -> EdgeRecord:
    source, target = cast("NodeKey", edge.source), cast("NodeKey", edge.target)
    return EdgeRecord(edge.kind, source, target, edge_key(edge.kind, source, target, edge.props), edge.props)
