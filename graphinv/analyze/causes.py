"""Root causes: the edge or node whose change clears a finding, so that what one change clears is one ticket.

What clears a finding about a path lies on all ways (dominators, :mod:`graphinv.analyze.chokepoints`); what clears another is the edge that
it is about, or the thing itself. Of what may clear it, each finding is given the one that clears the most others: the fewest changes, as
near as a greedy choice comes.
"""

from __future__ import annotations

import heapq
import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from graphinv.analyze.chokepoints import trees_of
from graphinv.analyze.reaching import affordable
from graphinv.model.estate import Estate
from graphinv.model.facts import NodeKey
from graphinv.model.results import LEVELS, Cause, EdgeName, Finding, Hop, Lens

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

MOST_TARGETS = 200
"""For how many targets all ways are looked at, those with the most findings first; findings about others are their target's."""

_ENDS = ("Resource", "Secret")
_NODE = 9.0
"""What changing a node counts against an edge, where both clear the same."""


def causes_of(engine: Engine, findings: Sequence[Finding]) -> list[str | None]:
    """The cause of each finding. A tree for each of :data:`MOST_TARGETS` targets and action, then near-linear in the findings."""
    candidates = _candidates(engine, findings)
    prices = _prices(engine, candidates)
    members: defaultdict[str, set[int]] = defaultdict(set)
    for number, names in enumerate(candidates):
        for name in names:
            members[name].add(number)
    heap = [(-len(numbers), prices[name], name) for name, numbers in members.items()]
    heapq.heapify(heap)
    chosen: dict[int, str] = {}
    while heap:
        size, price, name = heapq.heappop(heap)
        left = [number for number in members[name] if number not in chosen]
        if len(left) == -size:
            chosen.update(dict.fromkeys(left, name))
        elif left:
            heapq.heappush(heap, (-len(left), price, name))
    return [chosen.get(number) for number in range(len(findings))]


def _candidates(engine: Engine, findings: Sequence[Finding]) -> list[set[str]]:
    """What may clear each finding: keys of edges, and nodes as ``Kind:id``."""
    asked: defaultdict[tuple[Lens, NodeKey], set[NodeKey]] = defaultdict(set)
    for finding in findings:
        if finding.target is not None and _of_reach(finding):
            asked[_lens(finding), finding.target].add(finding.subject)
    busiest = sorted(asked, key=lambda one: (-len(asked[one]), one))[: affordable(engine, MOST_TARGETS)]
    passed = {(lens, target): _on_all_ways(engine, lens, target, asked[lens, target]) for lens, target in busiest}
    between = _between(engine.estate, findings)
    names = []
    for finding in findings:
        if finding.target is not None and _of_reach(finding):
            ways = passed.get((_lens(finding), finding.target), {}).get(finding.subject, set())
            names.append(ways or {":".join(finding.target)})
        else:
            names.append(set(_own(finding, between)))
    return names


def _of_reach(finding: Finding) -> bool:
    """Whether it is about what somebody can do to something over a path."""
    return finding.target is not None and finding.target[0] in _ENDS and len(finding.path) > 1 and "actions" in finding.details


def _lens(finding: Finding) -> Lens:
    lens: Lens = finding.details.get("lens", "posture")
    return lens


def _on_all_ways(engine: Engine, lens: Lens, target: NodeKey, subjects: Iterable[NodeKey]) -> dict[NodeKey, set[str]]:
    """By subject, the edges and nodes that all its ways to ``target`` pass, the ends left out."""
    structure, edges = engine.structure, engine.estate.edges
    trees = trees_of(engine.arcs(lens), target)
    found: dict[NodeKey, set[str]] = {}
    for subject in subjects:
        number = structure.number[subject]
        common: set[str] | None = None
        for tree in trees:
            vertex = tree.graph.vertex(number)
            if vertex is not None:
                ways = {edges[edge].key for edge in tree.edges_over(vertex)}
                ways |= {":".join(structure.keys[node]) for node in tree.nodes_over(vertex) if node != number}
                common = ways if common is None else common & ways
        found[subject] = common or set()
    return found


def _between(estate: Estate, findings: Iterable[Finding]) -> Counter[_Ends]:
    """How many edges of each kind stand between two ends, for edges that findings are about. O(edges of their sources)."""
    about = {_ends(finding.path[0]) for finding in findings if len(finding.path) == 1}
    edges = (edge for source in {source for _, source, _ in about} for edge in estate.outgoing.get(source, ()))
    return Counter(ends for edge in edges if (ends := (edge.kind, edge.source, edge.target)) in about)


_Ends = tuple[str, NodeKey, NodeKey]


def _ends(hop: Hop) -> _Ends:
    """Kind, source and target of the edge that a hop goes along, or against."""
    backwards = hop.edge.startswith("<")
    return hop.edge.removeprefix("<"), *((hop.target, hop.source) if backwards else (hop.source, hop.target))


def _own(finding: Finding, between: Counter[_Ends]) -> Iterator[str]:
    """What a finding is about: its one edge, unless another of its kind stands beside it, and what that leads to, a secret only where there
    is no such edge, and its subject, an agent only where there is nothing else. Without a target the edge is only an example of what the
    subject does."""
    target = finding.target
    alone = len(finding.path) == 1 and target is not None and between[_ends(finding.path[0])] <= 1
    found = list(finding.path[0].edges) if alone else []
    is_twin = finding.subject[0] == "Tool"  # what a tool is taken for is well as it is
    others = ("Resource", "Agent", *(["Secret"] if found else []), *(["Tool"] if is_twin else []))
    if target is not None and target[0] not in others:
        found.append(":".join(target))
    if finding.subject[0] != "Agent" or not found:
        found.append(":".join(finding.subject))
    yield from found


def _prices(engine: Engine, candidates: Iterable[set[str]]) -> dict[str, float]:
    """What changing each counts, by the settings of ``graphinv cut``; what a person cannot change counts most of all."""
    costs = {str(kind): price for kind, price in engine.settings.cut.items()}
    kinds = {edge.key: edge.kind for edge in engine.estate.edges}
    names = set().union(*candidates)
    return {name: costs.get(kinds[name], 2 * _NODE) if name in kinds else _NODE for name in names}


def causes(findings: Iterable[Finding], estate: Estate) -> list[Cause]:
    """Findings by their cause: the worst level first, and of one level the change that takes away most priority. Findings without a cause
    are one of their own."""
    groups: defaultdict[str, list[Finding]] = defaultdict(list)
    for finding in findings:
        groups[finding.cause or f"finding {finding.key}"].append(finding)
    edges: Mapping[str, EdgeName] = {edge.key: EdgeName.of(edge) for edge in estate.edges if edge.key in groups}
    found = []
    for name, members in groups.items():
        severities = [finding.severity for finding in members]
        edge = edges.get(name)
        node = None if edge else _node(name, estate)
        found.append(
            Cause(
                cause=name,
                edge=edge,
                node=node,
                title=_words(edge, node, estate, members),
                severity=min(severities, key=LEVELS.index),
                priority=round(math.fsum(finding.priority for finding in members), 2),
                findings=len(members),
                severities={level: severities.count(level) for level in LEVELS if level in severities},
                rules=tuple(sorted({finding.rule for finding in members})),
                keys=tuple(finding.key for finding in members),
            )
        )
    return sorted(found, key=lambda cause: (LEVELS.index(cause.severity), -cause.priority, -cause.findings, cause.cause))


def _node(name: str, estate: Estate) -> NodeKey | None:
    kind, _, id = name.partition(":")
    return (kind, id) if (kind, id) in estate.nodes else None


def _words(edge: EdgeName | None, node: NodeKey | None, estate: Estate, members: Sequence[Finding]) -> str:
    if edge is not None:
        return f"{estate.nodes[edge.source].name} {edge.edge} {estate.nodes[edge.target].name}"
    return f"{node[0]} {estate.nodes[node].name}" if node else members[0].title
