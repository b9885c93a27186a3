"""A change before it is made: what it would do to privileges, scores and findings. The store is only read."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from graphinv.analyze.ahead import Ahead
from graphinv.analyze.changes import Change
from graphinv.analyze.engine import REACH_LENSES, Engine
from graphinv.analyze.incremental import Recomputed, recomputed
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.rules import run_rules
from graphinv.analyze.scopes import Array, actions_of
from graphinv.analyze.score import Settings, chance_of, likelihood, risk_of
from graphinv.model.errors import Ambiguous, NotFound, UsageError
from graphinv.model.estate import EdgeRecord, Estate
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Props, check_edge
from graphinv.model.kinds import EDGE_KINDS
from graphinv.model.results import Atom, EdgeName, Finding, FindingName, Lens, LensChange, ScoreChange, WhatIf
from graphinv.pipeline.stages import asking, rules
from graphinv.store import Scan, open_store

DECISIONS = ("deny", "step_up", "monitor")
"""What ``--guard EDGE=…`` takes beside ``allow:SCOPE,…``."""

_KEY = re.compile(r"[0-9a-f]{6,32}")


def edge_named(estate: Estate, name: str) -> EdgeRecord:
    """The edge that ``name`` means: its key or the first digits of it, as `paths` prints them, or ``SOURCE KIND TARGET``.

    Raises:
        NotFound: there is none.
        Ambiguous: several; the message lists them.
    """
    if _KEY.fullmatch(name):
        found = [edge for edge in estate.edges if edge.key.startswith(name)]
    elif (spelled := _spelled(name)) is not None:
        source, kind, target = spelled
        ends = estate.find(source), estate.find(target)
        found = [edge for edge in estate.edges if (edge.source, edge.target) == ends and edge.kind == kind]
    else:
        raise UsageError(f"{name!r} names no edge; take a key as `graphinv paths` prints it, or 'SOURCE KIND TARGET'")
    if not found:
        raise NotFound(f"no edge of the graph is {name!r}")
    if len(found) > 1:
        listed = "; ".join(f"{edge.key[:12]} {edge.kind} {edge.source[1]} → {edge.target[1]}" for edge in found[:6])
        raise Ambiguous(f"{name!r} means {len(found)} edges; say which by its key: {listed}")
    return found[0]


def _spelled(name: str) -> tuple[str, str, str] | None:
    for match in re.finditer(r"\s([A-Z_]+)\s", name):
        if match[1] in EDGE_KINDS:
            return name[: match.start()].strip(), match[1], name[match.end() :].strip()
    return None


def parsed(estate: Estate, remove: Sequence[str], guard: Sequence[str], retire: Sequence[str], add: Sequence[str]) -> Change:
    """A change in words: names of edges; ``EDGE=deny``, ``EDGE=step_up``, ``EDGE=monitor`` or ``EDGE=allow:read:crm/*,…``; agents;
    ``SOURCE KIND TARGET [{props}]``.

    Raises:
        UsageError, NotFound, Ambiguous: a word means nothing, or more than one thing.
        FactError: an edge to add is not of the vocabulary.
    """
    return Change(
        remove=frozenset(edge_named(estate, name).key for name in remove),
        guard=dict(_guard(estate, one) for one in guard),
        retire=frozenset(_actor(estate, name) for name in retire),
        add=tuple(_edge(estate, text) for text in add),
    )


def _guard(estate: Estate, text: str) -> tuple[str, Props]:
    name, equals, decision = text.rpartition("=")
    if not equals:
        raise UsageError(f"--guard {text!r} is not EDGE=decision ({', '.join(DECISIONS)} or allow:SCOPE,…)")
    edge = edge_named(estate, name)
    if decision.startswith("allow:"):
        return edge.key, {"mode": "enforce", "effect": "evaluate", "allows": sorted(set(decision.removeprefix("allow:").split(",")))}
    if decision == "monitor":
        return edge.key, {"mode": "monitor"}
    if decision not in DECISIONS:
        raise UsageError(f"--guard {text!r}: the decision is one of {', '.join(DECISIONS)} or allow:SCOPE,…")
    return edge.key, {"mode": "enforce", "effect": decision}


def _actor(estate: Estate, name: str) -> NodeKey:
    key = estate.find(name)
    if key[0] not in ("Agent", "Workflow"):
        raise UsageError(f"{name!r} is a {key[0]}; agents and workflows can be retired")
    return key


def _edge(estate: Estate, text: str) -> EdgeFact:
    words, brace, rest = text.partition("{")
    spelled = _spelled(words.strip())
    if spelled is None:
        raise UsageError(f"--add {text!r} is not 'SOURCE KIND TARGET', with properties as JSON after it where it needs some")
    try:
        props = json.loads(brace + rest) if brace else {}
    except ValueError:
        raise UsageError(f"--add {text!r}: what follows the target is not a JSON object") from None
    return check_edge(EdgeFact(spelled[1], estate.find(spelled[0]), estate.find(spelled[2]), {"evidence": ["declared"], **props}))


def what_if(before: Engine, change: Change, *, then: str | None = None, findings: bool = True) -> WhatIf:
    """What ``change`` would do. Privileges and impacts are worked out again for those alone that it can affect.

    Args:
        before: the estate as it is, and the time to judge at.
        change: what is to be different.
        then: the time to judge the changed estate at, where time is part of the change.
        findings: run the rules on both; without, the likelihood counts as if nothing were found.
    """
    after = Engine(change.structure(before.structure), then or before.at, before.settings)
    lenses = [_lens(before, after, lens) for lens in REACH_LENSES]
    found = (_findings(before), _findings(after)) if findings else ((), ())
    names = {edge.key: EdgeName.of(edge) for edge in before.estate.edges if edge.key in change.remove or edge.key in change.guard}
    return WhatIf(
        at=before.at,
        then=after.at,
        removed=tuple(names[key] for key in sorted(change.remove)),
        guarded=tuple(names[key] for key in sorted(change.guard)),
        retired=tuple(sorted(change.retire)),
        added=len(change.add),
        lenses=tuple(one for one, _ in lenses),
        scores=tuple(_scores(before, after, [again for _, again in lenses], found)),
        findings_judged=findings,
        findings_gone=_names(found[0], found[1]),
        findings_new=_names(found[1], found[0]),
    )


def _lens(before: Engine, after: Engine, lens: Lens) -> tuple[LensChange, Recomputed]:
    old = before.privileges(lens)
    again = recomputed(old, after.arcs(lens), (after.weights.target, after.weights.best))
    gone: list[tuple[NodeKey, Atom]] = []
    new: list[tuple[NodeKey, Atom]] = []
    agents = before.structure.of_kind("Agent")
    rows = _Rows(old, again.fresh)
    for key in (before.structure.keys[node] for node in np.intersect1d(agents, again.affected).tolist()):
        had, has = rows.of(key)
        gone += [(key, atom) for atom in rows.atoms(had & ~has)]
        new += [(key, atom) for atom in rows.atoms(has & ~had)]
    total = sum(old.measures.atoms(node) for node in agents.tolist())
    return LensChange(lens=lens, before=total, after=total - len(gone) + len(new), gone=tuple(gone), new=tuple(new)), again


class _Rows:
    """What is held before and after, as bits over the targets of both, by key: of two rows only where they differ is put into words."""

    def __init__(self, *both: Privileges) -> None:
        self._both = both
        keys = [[one.structure.keys[node] for node in one.structure.targets.tolist()] for one in both]
        self._targets = sorted({*keys[0], *keys[1]})
        number = {key: place for place, key in enumerate(self._targets)}
        self._places = [np.array([number[key] for key in some], dtype=np.int64) for some in keys]

    def of(self, key: NodeKey) -> list[Array]:
        """Before, and after."""
        rows = []
        for one, places in zip(self._both, self._places, strict=True):
            columns, bits = one.row(key)
            row = np.zeros(len(self._targets), dtype=np.uint8)
            row[places[columns]] = bits
            rows.append(row)
        return rows

    def atoms(self, row: Array) -> Iterator[Atom]:
        """Those of a row, sorted."""
        for place in np.flatnonzero(row).tolist():
            kind, id = self._targets[place]
            yield from ((kind, id, action) for action in actions_of(int(row[place])))


def _scores(
    before: Engine, after: Engine, lenses: Sequence[Recomputed], found: tuple[Sequence[Finding], Sequence[Finding]]
) -> Iterator[ScoreChange]:
    """Of the agents whose impact or likelihood is another one."""
    chances = [_chances(findings, before.settings) for findings in found]
    for node in before.structure.of_kind("Agent").tolist():
        key = before.structure.keys[node]
        impacts = [
            (
                before.weights.impact(again.before.measures.reached(node)),
                after.weights.impact(fresh.measures.reached(fresh.structure.node(key))),
            )
            for again in lenses
            for fresh in (again.of(node),)
        ]
        raised = [likelihood(one.get(key, ())) for one in chances]
        risks = [risk_of(impacts[0][side], raised[side], before.settings) for side in (0, 1)]
        if any(one != two for one, two in (*impacts, (risks[0], risks[1]))):
            yield ScoreChange(
                subject=key, risk=(risks[0], risks[1]), impact=impacts[0], impact_ungoverned=impacts[1], impact_runtime=impacts[2]
            )


def _chances(findings: Sequence[Finding], weights: Settings) -> dict[NodeKey, list[float]]:
    """By how much its findings raise the likelihood of each subject."""
    chances: dict[NodeKey, list[float]] = {}
    for finding in findings:
        chances.setdefault(finding.subject, []).append(chance_of(finding, weights))
    return chances


def _findings(judge: Engine) -> Sequence[Finding]:
    """What the rules find in an estate that is in no store: it is put into one that is thrown away."""
    nodes = [NodeFact(node.kind, node.id, node.stated) for node in judge.estate.nodes.values()]
    edges = [EdgeFact(edge.kind, edge.source, edge.target, edge.stated) for edge in judge.estate.edges]
    with tempfile.TemporaryDirectory(prefix="graphinv-") as folder, open_store(Path(folder) / "graph", write=True) as store:
        store.commit(Scan(root="what-if", at=judge.at, outcome="complete", documents=0), nodes, edges)
        with Ahead(rules(), asking(store), judge.at) as answers:
            return run_rules(rules(), judge, answers)[0]


def _names(some: Sequence[Finding], others: Sequence[Finding]) -> tuple[FindingName, ...]:
    known = {finding.key for finding in others}
    return tuple(
        FindingName(key=one.key, rule=one.rule, severity=one.severity, title=one.title, subject=one.subject, target=one.target)
        for one in sorted(some, key=lambda one: (one.rule, one.subject, one.target or ("", "")))
        if one.key not in known
    )
