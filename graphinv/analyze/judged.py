"""Of which agents each rule could be judged, and which input is missing of the others.

Of an agent a rule is not judged where things that the rule looks at lie within the agent's surroundings (what it leads to along any edges,
and its owners) and none of them states the property that the rule needs, or where the rule itself said that it could not tell. That
nothing of a kind is there, such as no sub-agent, is an answer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from graphinv.analyze.labels import states
from graphinv.analyze.scopes import Array
from graphinv.model.facts import NodeKey, Props
from graphinv.model.kinds import NODE_KINDS
from graphinv.model.results import Coverage, Finding, Unjudged

if TYPE_CHECKING:
    from graphinv.analyze.rules import Ends, Rule
    from graphinv.analyze.structure import Structure

_BITS = 63
_WORD = (1 << _BITS) - 1
_OUTSIDE = frozenset({"OWNS"})
"""Edges that are looked at from what they lead to."""


def coverage(
    structure: Structure,
    rules: Mapping[str, Rule],
    judged: Iterable[str],
    unknowns: Mapping[str, frozenset[Ends]],
    findings: Iterable[Finding],
) -> Coverage:
    """Of which agents of an estate the rules were judged.

    Args:
        structure: of the estate.
        rules: by id.
        judged: ids of those that could be judged at all.
        unknowns: by rule, ends that it could not judge.
        findings: what they found.

    Cost: O(edges · longest way without a ring) on arrays, plus rules for each distinct set of things stated.
    """
    estate = structure.estate
    agents = [node.id for node in estate.of_kind("Agent")]
    about: defaultdict[str, set[str]] = defaultdict(set)
    for finding in findings:
        if finding.subject[0] == "Agent":
            about[finding.rule].add(finding.subject[1])
    asked = {id: _questions(rules[id]) for id in sorted(judged)}
    properties = {name for questions in asked.values() for question in questions for name in question}
    names = sorted(properties | {_kind(name) for name in properties})
    stated = _stated(structure, names)

    @cache
    def lacking(seen: int) -> tuple[tuple[str, str], ...]:
        here = {name for place, name in enumerate(names) if seen >> place & 1}
        found = []
        for id, questions in asked.items():
            lacked = [question for question in questions if here.isdisjoint(question) and not here.isdisjoint(map(_kind, question))]
            if lacked:
                found.append((id, f"no source states {', '.join(' or '.join(question) for question in lacked)} of what is around it"))
        return tuple(found)

    missing: dict[str, dict[str, str]] = {id: dict(lacking(stated[id])) for id in agents}
    untold = _agents_of(structure, {end for ends in unknowns.values() for pair in ends for end in pair if end is not None})
    for rule, ends in unknowns.items():
        for agent in {agent for pair in ends for end in pair if end is not None for agent in untold[end]}:
            missing[agent].setdefault(rule, rules[rule].unknown)
    groups: defaultdict[tuple[tuple[str, str], ...], list[str]] = defaultdict(list)
    for agent in agents:
        found = tuple(sorted((rule, what) for rule, what in missing[agent].items() if agent not in about.get(rule, ())))
        if found:
            groups[found].append(agent)
    return Coverage(
        agents=len(agents),
        found={rule: len(ids) for rule, ids in sorted(about.items())},
        groups=tuple(Unjudged(agents=tuple(ids), missing=dict(found)) for found, ids in sorted(groups.items())),
    )


def missing_of(coverage: Coverage, rule: str) -> Counter[str]:
    """Of how many agents a rule that was judged at all could not be, by what is missing."""
    counted: Counter[str] = Counter()
    for group in coverage.groups:
        if rule in group.missing:
            counted[group.missing[rule]] += len(group.agents)
    return counted


Question = tuple[str, ...]
"""Names of the vocabulary, kinds and properties of kinds, of which one has to be stated."""


def _questions(rule: Rule) -> tuple[Question, ...]:
    """What a rule needs of each agent: properties of what is there. Kinds alone are asked of the estate as a whole."""
    needs = [tuple(one.strip() for one in need.split("|")) for need in (*rule.needs, *rule.clear_needs)]
    return tuple(need for need in needs if any("." in name for name in need))


def _kind(name: str) -> str:
    return name.partition(".")[0]


def _stated(structure: Structure, names: Sequence[str]) -> dict[str, int]:
    """By agent, as bits by place in ``names``: which of them its surroundings state. Of agents only itself."""
    estate, number = structure.estate, structure.number
    wanted: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for place, name in enumerate(names):
        wanted[_kind(name)].append((name.partition(".")[2], 1 << place))
    own = [0] * len(structure.keys)
    known: dict[int, int] = {}  # nodes and edges of a kind share what is stated of them
    for kind in NODE_KINDS.keys() & wanted.keys():
        known.clear()
        for node in estate.of_kind(kind):
            own[number[node.key]] = _bits(wanted[kind], node.props, known)
    points = {key[1]: own[number[key]] for key in estate.nodes if key[0] == "EnforcementPoint"}
    alone = list(own)
    for kind in estate.places_of:
        known.clear()
        for edge in estate.edges_of(kind):
            at = number[edge.target if kind in _OUTSIDE else edge.source]
            own[at] |= _bits(wanted[kind], edge.props, known) if kind in wanted else 0
            for guard in edge.props.get("guards") or ():
                own[at] |= points.get(guard, 0)
    words = range(0, max(len(names), 1), _BITS)
    masks = np.array([[mask >> low & _WORD for low in words] for mask in own], dtype=np.uint64).reshape(len(own), len(words))
    inside = [(number[edge.source], number[edge.target]) for edge in estate.edges if edge.kind not in _OUTSIDE]
    _spread(masks, np.array(inside, dtype=np.int64).reshape(-1, 2))
    of_agents = sum(bit for _, bit in wanted["Agent"])
    found = {}
    for key in structure.keys:
        if key[0] == "Agent":
            at = number[key]
            whole = sum(int(word) << low for word, low in zip(masks[at], words, strict=True))
            found[key[1]] = whole & ~of_agents | alone[at] & of_agents
    return found


def _bits(wanted: Iterable[tuple[str, int]], props: Props, known: dict[int, int]) -> int:
    """The bits of those of ``wanted`` that are stated; ``known`` are those of dictionaries that were looked at."""
    if id(props) not in known:
        known[id(props)] = sum(bit for name, bit in wanted if not name or states(props, name))
    return known[id(props)]


def _spread(masks: Array, edges: Array) -> None:
    """Give the source of each edge what its target has, until nothing changes."""
    if not len(edges):
        return
    edges = edges[np.argsort(edges[:, 0], kind="stable")]
    sources, starts = np.unique(edges[:, 0], return_index=True)
    while True:
        after = masks[sources] | np.bitwise_or.reduceat(masks[edges[:, 1]], starts, axis=0)
        if np.array_equal(after, masks[sources]):
            return
        masks[sources] = after


def _agents_of(structure: Structure, things: Iterable[NodeKey]) -> Mapping[NodeKey, frozenset[str]]:
    """By thing, the agents that it is: itself, or those that lead to it by one edge or two."""
    incoming = structure.estate.incoming
    found = {}
    for thing in things:
        near = {edge.source for edge in incoming.get(thing, ())}
        further = {edge.source for one in near if one[0] != "Agent" for edge in incoming.get(one, ())}
        found[thing] = frozenset(id for kind, id in ({thing} if thing[0] == "Agent" else near | further) if kind == "Agent")
    return found
