"""Witnesses: how a subject comes to an atom, by a shortest path whose masks the atom survives, hop by hop and in words.

One search against the arcs, from the nodes that own the atom, serves all subjects. Among shortest paths the one to the lowest keys is
taken, so that equal estates have equal witnesses.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from scipy.sparse.csgraph import breadth_first_order

from graphinv.analyze import kernels
from graphinv.analyze.alike import same
from graphinv.analyze.arcs import BACKWARD, FORWARD, MEANS, Arcs, matrix
from graphinv.analyze.scopes import ACTION_BIT, Array, passes
from graphinv.model.errors import UsageError
from graphinv.model.estate import EdgeRecord, Records
from graphinv.model.facts import NodeKey, Props
from graphinv.model.kinds import ACTIONS
from graphinv.model.results import Guard, Hop, Path

if TYPE_CHECKING:
    import networkx as nx

    from graphinv.analyze.structure import Structure

_LISTED_SCOPES = 4
_LAST = -1
"""The way of a hop that is the privilege itself, not an arc."""


class Witnesses:
    """Shortest ways of all subjects to one atom: ``action`` on ``target``. O(nodes + arcs that lead to it).

    Raises:
        UsageError: no such action.
    """

    def __init__(self, arcs: Arcs, target: NodeKey, action: str, hops: Hops | None = None) -> None:
        if action not in ACTIONS:
            raise UsageError(f"no action {action!r}; one of {', '.join(ACTIONS)}")
        self.arcs, self.target, self.action = arcs, target, action
        self._hops = hops or Hops(arcs.structure)
        structure = arcs.structure
        self._distance = np.full(structure.size, -1, dtype=np.int32)
        self._step = np.full(structure.size, -1, dtype=np.int32)
        self._own: dict[int, int] = {}
        self.owned: tuple[Array, Array] = (np.zeros(0, dtype=np.int64), np.zeros(0, dtype=np.int64))
        """Nodes that own the atom, and the edge that gives it to them; a node with several such edges stands there for each."""
        self.passing = np.ones(1, dtype=bool)
        """For each mask whether the atom passes it; the last entry is for no mask (-1)."""
        column = structure.column_of(target)
        if column is None:
            return
        pointers, entries = arcs.owning
        found = entries[pointers[column] : pointers[column + 1]]
        found = found[arcs.own_bits[found] & ACTION_BIT[action] > 0]
        for node, edge in zip(arcs.own_node[found].tolist(), arcs.own_edge[found].tolist(), strict=True):
            self._own[node] = min(edge, self._own.get(node, edge))
        self.owned = arcs.own_node[found].astype(np.int64), arcs.own_edge[found].astype(np.int64)
        self.passing = np.append(arcs.mask_table.at_column(column) & ACTION_BIT[action] > 0, True)
        owners = np.array(sorted(self._own), dtype=np.int64)
        kernels.search(*arcs.arriving, arcs.source, arcs.mask, self.passing, owners, self._distance, self._step)

    def hops(self, subject: NodeKey) -> int | None:
        """Number of hops of a shortest witness, the last one (the privilege itself) included; None where there is no way."""
        return self.hops_of_node(self.arcs.structure.node(subject))

    def hops_of_node(self, node: int) -> int | None:
        """:meth:`hops` of the node with this number."""
        distance = int(self._distance[node])
        return None if distance < 0 else distance + 1

    @property
    def reached(self) -> Array:
        """Numbers of all nodes that have the atom."""
        return np.flatnonzero(self._distance >= 0)

    def via(self, node: int) -> tuple[str, ...]:
        """``Kind:id`` of the nodes between this one and the target, in order."""
        keys, target = self.arcs.structure.keys, self.arcs.target
        return tuple(":".join(keys[target[arc]]) for arc in self._trail(node))

    def path(self, subject: NodeKey) -> Path | None:
        """The witness of ``subject``, or None where it does not have the atom.

        Raises:
            NotFound: ``subject`` is not in the estate.
        """
        node = self.arcs.structure.node(subject)
        return None if self._distance[node] < 0 else self.along(subject, self._trail(node))

    def along(self, subject: NodeKey, trail: Sequence[int]) -> Path:
        """The witness that takes these arcs, of which the last leads to a node that owns the atom."""
        arcs, structure = self.arcs, self.arcs.structure
        last = int(arcs.target[trail[-1]]) if trail else structure.node(subject)
        atom = self.target[1], self.action
        hops = [self._hops.over(int(arcs.first[arc]), int(arcs.second[arc]), int(arcs.way[arc]), atom) for arc in trail]
        hops.append(self._hops.over(self._own[last], -1, _LAST, atom))
        return Path(subject=subject, target=self.target, action=self.action, lens=arcs.lens, at=arcs.at, hops=tuple(hops))

    def between(self, subject: NodeKey, most: int) -> tuple[nx.DiGraph[int], bool]:
        """The arcs on ways of ``subject`` to the atom, each with its number as ``arc`` (of several between two nodes the lowest), and -1 as
        the vertex after the owners; and whether some on longer ways were left out, because there are more than ``most``.
        """
        import networkx as nx

        arcs, start = self.arcs, self.arcs.structure.node(subject)
        near = self._distance >= 0
        usable = np.flatnonzero(near[arcs.source] & near[arcs.target] & self.passing[arcs.mask])
        away = _distances(arcs.source[usable], arcs.target[usable], start, arcs.structure.size)
        length = np.where((away >= 0) & near, away + self._distance, np.iinfo(np.int32).max)
        across = np.maximum(length[arcs.source[usable]], length[arcs.target[usable]])
        usable, across = usable[across < np.iinfo(np.int32).max], across[across < np.iinfo(np.int32).max]
        bounded = len(usable) > most
        if bounded:
            usable = usable[across < np.sort(across)[most]]
        graph: nx.DiGraph[int] = nx.DiGraph()
        graph.add_node(start)
        # Written in falling order, so that of arcs between the same nodes the lowest stays.
        graph.add_edges_from((int(arcs.source[arc]), int(arcs.target[arc]), {"arc": int(arc)}) for arc in usable[::-1])
        graph.add_edges_from((owner, -1) for owner in self._own if owner in graph)
        return graph, bounded

    def _trail(self, node: int) -> list[int]:
        trail = []
        while (arc := int(self._step[node])) >= 0:
            trail.append(arc)
            node = int(self.arcs.target[arc])
        return trail


def _distances(source: Array, target: Array, start: int, size: int) -> Array:
    """Number of arcs from ``start`` to each node, -1 where there is no way."""
    order, before = breadth_first_order(matrix(source, target, size), start)
    away = np.full(size, -1, dtype=np.int32)
    away[start] = 0
    for node in order[1:].tolist():
        away[node] = away[before[node]] + 1
    return away


def witness(arcs: Arcs, subject: NodeKey, target: NodeKey, action: str) -> Path | None:
    """A shortest path by which ``subject`` can do ``action`` to ``target``; :class:`Witnesses` serves several subjects.

    Raises:
        UsageError: no such action.
        NotFound: ``subject`` is not in the estate.
    """
    return Witnesses(arcs, target, action).path(subject)


# --------------------------------------------------------------------------------------------------------------------------------
# Hops in words


class Hops:
    """The hops of one estate. What many paths take is one object."""

    def __init__(self, structure: Structure) -> None:
        self._structure = structure
        self._known: dict[tuple[int, int, int], Hop] = {}

    def over(self, first: int, second: int, way: int, atom: tuple[str, str]) -> Hop:
        """The hop over one edge or two, by their places (-1: there is no second). ``atom`` is the target's id and the action, which of
        scopes on both tells those that matter.
        """
        known = self._known.get((first, second, way))
        if known is None:
            records = self._structure.records
            edges = tuple(records.edges[place] for place in (first, second) if place >= 0)
            known = _hop(records, edges, way, atom)
            if sum(edge.props.get("scopes") is not None for edge in edges) < 2:
                self._known[first, second, way] = known
        return known


def _hop(estate: Records, edges: Sequence[EdgeRecord], way: int, atom: tuple[str, str]) -> Hop:
    kinds = "+".join(edge.kind for edge in edges)
    scopes = _scopes(edges, way, atom)
    source, target = edges[0].source, edges[-1].target
    if way == BACKWARD:
        source, target = target, source
    elif way == MEANS:
        source = edges[0].target
    return Hop(
        source=source,
        edge=f"<{kinds}" if way in (BACKWARD, MEANS) else kinds,
        target=target,
        words=_words(estate, edges, way, target, scopes),
        evidence=same(tuple(sorted({item for edge in edges for item in edge.props.get("evidence") or ()}))),
        confidence=min(1.0 if (sure := edge.props.get("confidence")) is None else float(sure) for edge in edges),
        sources=same(tuple(sorted({item for edge in edges for item in edge.sources}))),
        scopes=scopes,
        guards=tuple(guard_on(estate, guard) for guard in sorted({guard for edge in edges for guard in edge.props.get("guards") or ()})),
        edges=tuple(edge.key for edge in edges),
    )


def _scopes(edges: Sequence[EdgeRecord], way: int, atom: tuple[str, str]) -> tuple[str, ...] | None:
    """Scopes of a hop. Where both its edges have some, the pairs that let the atom through, since it has to pass both."""
    if way == BACKWARD and edges[0].props.get("mode") == "passthrough":
        return None
    stated = [tuple(edge.props["scopes"]) for edge in edges if edge.props.get("scopes") is not None]
    if len(stated) < 2 or stated[0] == stated[1]:
        return stated[0] if stated else None
    matching = [[scope for scope in scopes if passes((scope,), *atom)] for scopes in stated]
    return tuple(f"{one} & {other}" for one in matching[0][:_LISTED_SCOPES] for other in matching[1][:_LISTED_SCOPES])


def _words(estate: Records, edges: Sequence[EdgeRecord], way: int, target: NodeKey, scopes: tuple[str, ...] | None) -> str:
    edge = edges[-1]
    name = estate.nodes[target].name
    kind = edge.kind
    limit = "" if scopes is None else f", limited to {listed(scopes)}"
    if kind == "DELEGATES_TO":
        return _delegation(edge, way, name) + (limit or (", unscoped" if way == FORWARD else ""))
    if way == MEANS:
        return f"acts with what {estate.nodes[edges[0].source].name} has: {_MEANS[kind].format(name=name)}{limit}"
    if kind == "PROVIDES" and len(edges) == 2:
        return f"may call {name} of {estate.nodes[edge.source].name}{limit}"
    if kind == "CAN_ACCESS":
        actions = edge.props.get("actions") or ()
        if way == _LAST:
            return f"may {_joined([_VERBS.get(action, action) for action in ACTIONS if action in actions])} {name}{limit}"
        return f"may read the secret {name} and use it{limit}"
    return f"{_WORDS[kind].format(name=name)}{limit}"


_VERBS = {"admin": "administer"}
_MEANS = {"RUNS_AS": "it runs as {name}", "HOLDS": "it holds the key {name}", "RUNS_ON": "it runs on {name}"}
_WORDS = {
    "RUNS_AS": "runs as {name}",
    "RUNS_ON": "runs on {name} and can use what that has",
    "HOLDS": "holds the key {name}",
    "AUTHENTICATES_AS": "authenticates as {name}",
    "ASSUMES": "may assume {name}",
    "MEMBER_OF": "is a member of {name}",
    "USES": "may call {name}",
    "CONNECTS_TO": "connects to {name}, whose tools are not known",
    "PROVIDES": "provides {name}",
    "CALLS_BACK": "may call back into {name}",
}


def _delegation(edge: EdgeRecord, way: int, name: str) -> str:
    mode = edge.props.get("mode")
    if way == BACKWARD:
        return f"acts with the authority of {name}, which calls it{' and passes its own credentials on' if mode == 'passthrough' else ''}"
    if mode == "handoff":
        return f"may hand over to {name}"
    return f"may ask {name} to act{' on its behalf' if mode == 'on_behalf_of' else ''}"


def _joined(items: Sequence[str]) -> str:
    """``read, write and delete``."""
    return " and ".join(filter(None, (", ".join(items[:-1]), items[-1]))) if items else "act on"


def listed(scopes: Sequence[str]) -> str:
    """Scopes in words, no more than a few of them.

    >>> listed(["read:a", "read:b"]), listed([])
    ('read:a, read:b', 'nothing')
    """
    more = f" and {len(scopes) - _LISTED_SCOPES} more" if len(scopes) > _LISTED_SCOPES else ""
    return (", ".join(scopes[:_LISTED_SCOPES]) or "nothing") + more


def guard_on(estate: Records, id: str) -> Guard:
    """The enforcement point ``id`` and what its decision would do on a hop."""
    node = estate.nodes.get(("EnforcementPoint", id))
    props: Props = node.props if node else {}
    mode, effect = str(props.get("mode") or "unknown"), str(props.get("effect") or "unknown")
    return Guard(id=id, mode=mode, effect=effect, would=_would(props, mode, effect))


def _would(props: Props, mode: str, effect: str) -> str:
    if mode != "enforce":
        return {"monitor": "nothing: only monitors", "off": "nothing: it is off"}.get(mode, "nothing that is known: it states no mode")
    if effect == "evaluate" and props.get("allows") is not None:
        return f"narrow to {listed(props['allows'])}"
    return {"deny": "deny", "step_up": "ask for step-up"}.get(effect, "decide, bounds unknown")
