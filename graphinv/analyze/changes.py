"""Estates with a change made that has not been made yet. The estate itself stays as it is."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import replace
from typing import Any, cast

from graphinv.model.estate import EdgeRecord, Estate, NodeRecord
from graphinv.model.facts import EdgeFact, NodeKey, Props, edge_key

LONG_AGO = "1970-01-01T00:00:00Z"
"""An edge that was valid until then is known, and nothing passes it."""


def severed(estate: Estate, keys: Collection[str]) -> Estate:
    """``estate`` with nothing passing the edges of these keys.

    The edges stay known: that a tool's effect, or a server's tools, are known does not become unknown because access to them ends.
    """
    return _with_edges(estate, keys, lambda props: {**{k: v for k, v in props.items() if k != "renewable"}, "valid_until": LONG_AGO})


def guarded(estate: Estate, guards: Mapping[str, Props]) -> Estate:
    """``estate`` with an enforcing decision on the edges of these keys, each with the properties of its EnforcementPoint."""
    nodes = dict(estate.nodes)
    names = {}
    for key, props in sorted(guards.items()):
        names[key] = f"what-if:{key[:12]}"
        nodes["EnforcementPoint", names[key]] = NodeRecord("EnforcementPoint", names[key], {"name": "assumed decision", **props})
    changed = replace(estate, nodes=dict(sorted(nodes.items())))
    return _with_edges(changed, guards, lambda props: props, names)


def retired(estate: Estate, agents: Collection[NodeKey]) -> Estate:
    """``estate`` with these agents or workflows out of service."""
    nodes = {key: replace(node, props={**node.props, "status": "retired"}) if key in agents else node for key, node in estate.nodes.items()}
    return replace(estate, nodes=nodes)


def added(estate: Estate, edges: Collection[EdgeFact]) -> Estate:
    """``estate`` with further edges, which are checked and lead from a known node to a known one."""
    known = {record.key for record in estate.edges}
    records = [
        EdgeRecord(edge.kind, source, target, edge_key(edge.kind, source, target, edge.props), edge.props)
        for edge in edges
        for source, target in ((cast("NodeKey", edge.source), cast("NodeKey", edge.target)),)
    ]
    return _sorted(estate, (*estate.edges, *(record for record in records if record.key not in known)))


def _with_edges(estate: Estate, keys: Collection[str], change: Any, names: Mapping[str, str] | None = None) -> Estate:
    edges = []
    for edge in estate.edges:
        if edge.key in keys:
            props = change(edge.props)
            if names is not None:
                props = {**props, "guards": sorted({*(props.get("guards") or ()), names[edge.key]})}
            edges.append(replace(edge, props=props))
        else:
            edges.append(edge)
    return replace(estate, edges=tuple(edges))


def _sorted(estate: Estate, edges: tuple[EdgeRecord, ...]) -> Estate:
    return replace(estate, edges=tuple(sorted(edges, key=lambda edge: (edge.kind, edge.source, edge.target, edge.key))))
