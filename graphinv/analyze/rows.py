"""What checks share: how a row is begun, and when an agent or an edge counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.analyze.arcs import micros
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord
from graphinv.model.facts import NodeKey, Props

Params = Mapping[str, Any]
Row = dict[str, Any]

OUT = frozenset({"suspended", "retired"})
DEAD = frozenset({"revoked", "disabled"})
STRONGEST_FIRST = ("admin", "delete", "execute", "write", "read")
WORSE_THAN_READ = frozenset(STRONGEST_FIRST) - {"read"}
DAY = 86_400 * 1_000_000


def about(subject: NodeKey, target: NodeKey | None = None) -> Row:
    """The ends of a row."""
    row: Row = {"subject_kind": subject[0], "subject_id": subject[1]}
    return row | ({"target_kind": target[0], "target_id": target[1]} if target else {})


def active(node: NodeRecord) -> bool:
    """Whether it is not known to be out of service."""
    return node.props.get("status") not in OUT


def agents_of(estate: Estate) -> Iterator[NodeRecord]:
    """Agents that are not out of service, by id."""
    return (agent for agent in estate.of_kind("Agent") if active(agent))


def confidence(edge: EdgeRecord) -> float:
    """How sure an edge is."""
    return float(edge.props.get("confidence", 1.0))


def in_force(edge: EdgeRecord, at: int) -> bool:
    """Whether an edge holds at a time, in microseconds since 1970, whatever its ends."""
    start, end = edge.props.get("valid_from"), edge.props.get("valid_until")
    return (start is None or micros(start) <= at) and (end is None or bool(edge.props.get("renewable")) or at < micros(end))


def matters(props: Props) -> bool:
    """Whether it is known to be sensitive."""
    return bool(props.get("crown_jewel")) or props.get("sensitivity") in ("confidential", "restricted")


def blueprint(agent: NodeRecord) -> str:
    """What tells an agent from its own replicas: its blueprint where one is labelled, else its id."""
    return next((label for label in agent.props.get("labels") or () if label.startswith("blueprint=")), agent.id)
