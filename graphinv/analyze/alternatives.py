"""Further witnesses: the shortest distinct ways by which a subject has an atom, of which :mod:`graphinv.analyze.paths` shows the first."""

from __future__ import annotations

from itertools import pairwise

from graphinv.analyze.arcs import Arcs
from graphinv.analyze.paths import Witnesses
from graphinv.model.facts import NodeKey
from graphinv.model.results import Path

MOST_ARCS = 200_000
"""Between a subject and an atom; where there are more, the further witnesses are sought in the shortest ones only."""


def alternatives(arcs: Arcs, subject: NodeKey, target: NodeKey, action: str, count: int) -> tuple[tuple[Path, ...], bool]:
    """Up to ``count`` witnesses that differ in the nodes they pass, shortest first, and whether a bound was hit.

    Arcs between the same two nodes count as one way; the lowest is shown. Each witness is without cycles, and the atom survives all its
    masks. O(count · nodes · (arcs between subject and atom)), networkx' version of Yen's algorithm.

    Raises:
        UsageError: no such action.
        NotFound: ``subject`` is not in the estate.
    """
    import networkx as nx  # takes half a second, which other questions need not wait for

    search = Witnesses(arcs, target, action)
    first = search.path(subject)
    if first is None or count <= 1:
        return ((first,) if first else ()), False
    graph, bounded = search.between(subject, MOST_ARCS)
    found = [first]
    passed = {tuple(hop.target for hop in first.hops)}
    for way in nx.shortest_simple_paths(graph, arcs.structure.node(subject), -1):
        path = search.along(subject, [graph.edges[one, other]["arc"] for one, other in pairwise(way[:-1])])
        if (nodes := tuple(hop.target for hop in path.hops)) not in passed:
            passed.add(nodes)
            found.append(path)
        if len(found) == count:
            break
    return tuple(found), bounded
