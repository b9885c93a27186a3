"""When the privilege of a subject changes, and why: exact, because it can change only when something starts or ends."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import numpy as np

from graphinv.analyze.arcs import project
from graphinv.analyze.origins import reached_from
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.scopes import Array
from graphinv.analyze.structure import Structure
from graphinv.model.facts import NodeKey
from graphinv.model.moments import micros
from graphinv.model.results import Atom, Lens, Turn

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def over_time(structure: Structure, subject: NodeKey, start: str, end: str, lens: Lens = "posture") -> tuple[tuple[Atom, ...], list[Turn]]:
    """What ``subject`` can do at ``start``, and every change from then to ``end``, both included.

    One fixpoint over what the subject reaches for every moment at which something in the estate starts or ends.

    Raises:
        NotFound: ``subject`` is not in the estate.
        UsageError: a time is none.
    """
    first, last = micros(start), micros(end)
    node = structure.node(subject)
    before, near = _state(structure, subject, node, start, lens)
    at_start = before
    turns = []
    for moment in structure.moments(first, last):
        at = _time(moment)
        now, then = _state(structure, subject, node, at, lens)
        if now != before:
            gained, lost = set(now) - set(before), set(before) - set(now)
            touched = near | then
            # No arc leads to a secret that can only be written or deleted.
            touched[[structure.number[kind, id] for kind, id, _ in gained | lost]] = True
            turns.append(
                Turn(at=at, gained=tuple(sorted(gained)), lost=tuple(sorted(lost)), because=tuple(_reasons(structure, moment, touched)))
            )
        before, near = now, then
    return at_start, turns


def _state(structure: Structure, subject: NodeKey, node: int, at: str, lens: Lens) -> tuple[tuple[Atom, ...], Array]:
    """The subject's atoms, and for each node whether arcs lead to it."""
    arcs = project(structure, lens, at)
    near, reached = reached_from(arcs, node)
    return Privileges(near).atoms_of(subject), reached


def _reasons(structure: Structure, moment: int, touched: Array) -> Iterator[str]:
    edges, keys, nodes = structure.estate.edges, structure.keys, structure.estate.nodes
    arcs, own = structure.arcs, structure.own
    leaving = touched[arcs.source]
    carrying = np.zeros(len(edges), dtype=bool)
    for used in (arcs.first[leaving], arcs.second[leaving & (arcs.second >= 0)], own.edge[touched[own.node]]):
        carrying[used] = True
    for index, starts in structure.turning(moment):
        if carrying[index]:
            edge, what = edges[index], "starts" if starts else "ends"
            yield f"{edge.kind} {nodes[edge.source].name} → {nodes[edge.target].name} {what} ({edge.key[:12]})"
    for number in structure.expiring(moment).tolist():
        if touched[number]:
            yield f"secret {nodes[keys[number]].name} expires"


def _time(moment: int) -> str:
    return (_EPOCH + timedelta(microseconds=moment)).replace(tzinfo=None).isoformat() + "Z"
