"""Where a subject's privilege comes from: its own, or through whom.

Each atom has the nearest origin by which the subject has it: the ways are let in one kind after another, and an atom belongs to the kind
that first brings it.
"""

from __future__ import annotations

import numpy as np

from graphinv.analyze.arcs import BACKWARD, Arcs, matrix, reached
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.scopes import Array
from graphinv.analyze.structure import KIND_NUMBER
from graphinv.model.facts import NodeKey
from graphinv.model.kinds import ANY_AGENT
from graphinv.model.results import Atom, Origin

_ACTORS = (KIND_NUMBER["Agent"], KIND_NUMBER["Workflow"])
_CREDENTIALS = (KIND_NUMBER["Identity"], KIND_NUMBER["Secret"])


def origins(arcs: Arcs, subject: NodeKey) -> dict[Origin, tuple[Atom, ...]]:
    """The atoms of ``subject`` by origin, each sorted. A few fixpoints over what the subject can reach.

    Origins are let in one after the other, and each has what it adds: this subject's own identities, secrets and tools; identities and
    secrets that other agents act with as well; callers that pass their authority on; agents it may ask; agents that its tools call; flows
    and their steps.

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
    return [(origin, near.only(keep)) for origin, keep in let_in]


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
    mine = reached(matrix(near.source[own], near.target[own], structure.size), node)
    candidates = np.flatnonzero(mine & np.isin(structure.kinds, _CREDENTIALS))
    inside = ~np.isin(structure.kinds[arcs.target], _ACTORS)
    against = matrix(arcs.target[inside], arcs.source[inside], structure.size)
    others = structure.kinds == KIND_NUMBER["Agent"]
    others[node] = False
    return np.array([one for one in candidates.tolist() if (reached(against, one) & others).any()], dtype=np.int64)


def reached_from(arcs: Arcs, node: int) -> tuple[Arcs, Array]:
    """The arcs and own atoms of the nodes that arcs lead to from ``node``, and for every node whether it is one; O(nodes + arcs)."""
    near = reached(matrix(arcs.source, arcs.target, arcs.structure.size), node)
    return arcs.only(near[arcs.source], near[arcs.own_node]), near
