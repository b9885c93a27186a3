"""Where a subject's privilege comes from: its own, or through whom.

Each atom has the nearest origin by which the subject has it: the ways are let in one kind after another, and an atom belongs to the kind
that first brings it.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import breadth_first_order

from graphinv.analyze.arcs import BACKWARD, KIND_NUMBER, Arcs
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.scopes import Array
from graphinv.model.facts import NodeKey
from graphinv.model.kinds import ANY_AGENT
from graphinv.model.results import Atom, Origin

_ACTORS = (KIND_NUMBER["Agent"], KIND_NUMBER["Workflow"])
_CREDENTIALS = (KIND_NUMBER["Identity"], KIND_NUMBER["Secret"])

ORIGINS: tuple[Origin, ...] = ("own", "shared", "callers", "sub-agents", "call-backs", "workflows")
"""In the order in which they are let in: what only this subject's identities, secrets and tools give; what identities and secrets that
other agents act with as well give; callers that pass their authority on; agents it may ask; agents that its tools call; flows and their
steps."""


def origins(arcs: Arcs, subject: NodeKey) -> dict[Origin, tuple[Atom, ...]]:
    """The atoms of ``subject`` by origin, each sorted. A few fixpoints over what the subject can reach.

    Raises:
        NotFound: it is not in the estate.
    """
    node = arcs.structure.node(subject)
    near, _ = reached_from(arcs, node)
    found: dict[Origin, tuple[Atom, ...]] = {}
    before: set[Atom] = set()
    for origin, part in _parts(near, arcs, node):
        atoms = set(Privileges(part).atoms_of(subject))
        found[origin] = tuple(sorted(atoms - before))
        before |= atoms
    return found


def _parts(near: Arcs, arcs: Arcs, node: int) -> list[tuple[Origin, Arcs]]:
    """For each origin the arcs that are let in up to it. Edges' kinds are those of their first edge."""
    structure = near.structure
    entry = np.isin(structure.kinds[near.target], _ACTORS)
    workflow = _workflows(near)
    flow = entry & (workflow[near.target] | (workflow[near.source] & (near.source != node)))
    edges = structure.estate.edges
    kinds = np.array([edges[index].kind for index in near.first.tolist()], dtype=object)
    called_back, backward = kinds == "CALLS_BACK", near.way == BACKWARD
    shared = np.isin(near.target, _shared(near, arcs, node))
    let_in: list[tuple[Origin, Array]] = [
        ("own", ~entry & ~shared),
        ("shared", ~entry),
        ("callers", ~entry | (backward & ~flow)),
        ("sub-agents", ~entry | (~called_back & ~flow)),
        ("call-backs", ~entry | ~flow),
        ("workflows", np.ones(len(entry), dtype=bool)),
    ]
    return [(origin, _kept(near, keep)) for origin, keep in let_in]


def _workflows(near: Arcs) -> Array:
    """For every node whether it is a workflow; one that stands for any agent is none."""
    found: Array = near.structure.kinds == KIND_NUMBER["Workflow"]
    for number in np.flatnonzero(found).tolist():
        found[number] = near.structure.estate.nodes[near.structure.keys[number]].props.get("kind_detail") != ANY_AGENT
    return found


def _shared(near: Arcs, arcs: Arcs, node: int) -> Array:
    """Identities and secrets that the subject comes to without passing an agent or workflow, and another agent does too."""
    structure = arcs.structure
    own = ~np.isin(structure.kinds[near.target], _ACTORS)
    mine = _from(near.source[own], near.target[own], node, structure.size)
    candidates = mine[np.isin(structure.kinds[mine], _CREDENTIALS)]
    inside = ~np.isin(structure.kinds[arcs.target], _ACTORS)
    agents = KIND_NUMBER["Agent"]
    found = []
    for one in candidates.tolist():
        behind = _from(arcs.target[inside], arcs.source[inside], one, structure.size)
        if np.any((structure.kinds[behind] == agents) & (behind != node)):
            found.append(one)
    return np.array(found, dtype=np.int64)


def reached_from(arcs: Arcs, node: int) -> tuple[Arcs, Array]:
    """The arcs and own atoms of the nodes that arcs lead to from ``node``, and for every node whether it is one; O(nodes + arcs)."""
    reached = np.zeros(arcs.structure.size, dtype=bool)
    reached[_from(arcs.source, arcs.target, node, arcs.structure.size)] = True
    near = _kept(arcs, reached[arcs.source])
    owned = reached[arcs.own_node]
    return replace(near, **{name: getattr(arcs, name)[owned] for name in ("own_node", "own_column", "own_bits", "own_edge")}), reached


def _kept(arcs: Arcs, keep: Array) -> Arcs:
    return replace(arcs, **{name: getattr(arcs, name)[keep] for name in ("source", "target", "mask", "first", "second", "way")})


def _from(source: Array, target: Array, start: int, size: int) -> Array:
    """Nodes that arcs lead to from ``start``, itself included."""
    graph = csr_matrix((np.ones(len(source), dtype=np.int8), (source, target)), shape=(size, size))
    found: Array = breadth_first_order(graph, start, return_predecessors=False)
    return found
