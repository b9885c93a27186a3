"""A change before it is made: what it would do to privileges, scores and findings. The store is only read."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from graphinv.analyze.changes import added, guarded, retired, severed
from graphinv.analyze.engine import REACH_LENSES, Engine
from graphinv.analyze.rules import run_rules
from graphinv.model.errors import Ambiguous, NotFound, UsageError
from graphinv.model.estate import EdgeRecord, Estate
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Props, check_edge
from graphinv.model.kinds import EDGE_KINDS
from graphinv.model.results import EdgeName, Finding, FindingName, LensChange, ScoreChange, WhatIf
from graphinv.pipeline.stages import rules, settings
from graphinv.store import Scan, Store, open_store

DECISIONS = ("deny", "step_up", "monitor")
"""What ``--guard EDGE=…`` takes beside ``allow:SCOPE,…``."""

_KEY = re.compile(r"[0-9a-f]{6,32}")


@dataclass(frozen=True)
class Change:
    """What is to be different."""

    remove: tuple[str, ...] = ()
    """Keys of edges that nothing passes any more."""
    guard: tuple[tuple[str, Props], ...] = ()
    """Key of an edge, and the properties of an EnforcementPoint on it."""
    retire: tuple[NodeKey, ...] = ()
    add: tuple[EdgeFact, ...] = ()

    def applied(self, estate: Estate) -> Estate:
        """``estate`` with the change made."""
        changed = added(estate, self.add) if self.add else estate
        changed = guarded(changed, dict(self.guard)) if self.guard else changed
        changed = severed(changed, set(self.remove)) if self.remove else changed
        return retired(changed, set(self.retire)) if self.retire else changed


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
        remove=tuple(edge_named(estate, name).key for name in remove),
        guard=tuple(_guard(estate, one) for one in guard),
        retire=tuple(_actor(estate, name) for name in retire),
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


def what_if(store: Store, change: Change, *, at: str, then: str | None = None, findings: bool = True) -> WhatIf:
    """What ``change`` would do.

    Args:
        store: opened for reading.
        change: what is to be different.
        at: the time to judge at.
        then: the time to judge the changed estate at, where time is part of the change.
        findings: run the rules on both; without, scores are compared by their impact alone.
    """
    estate = store.estate()
    before, after = Engine(estate, at, settings()), Engine(change.applied(estate), then or at, settings())
    found = (_findings(before, store.scans()), _findings(after, store.scans())) if findings else ((), ())
    names = {edge.key: EdgeName.of(edge) for edge in after.estate.edges if edge.key in {*change.remove, *(key for key, _ in change.guard)}}
    return WhatIf(
        at=before.at,
        then=after.at,
        removed=tuple(names[key] for key in change.remove),
        guarded=tuple(names[key] for key, _ in change.guard),
        retired=change.retire,
        added=len(change.add),
        lenses=tuple(_lens(before, after, lens) for lens in REACH_LENSES),
        scores=tuple(_scores(before, after, *found)),
        findings_judged=findings,
        findings_gone=_names(found[0], found[1]),
        findings_new=_names(found[1], found[0]),
    )


def _lens(before: Engine, after: Engine, lens: Any) -> LensChange:
    gone, new, counts = [], [], [0, 0]
    for record in before.estate.of_kind("Agent"):
        old, now = (engine.privileges(lens).atoms_of(record.key) for engine in (before, after))
        counts[0] += len(old)
        counts[1] += len(now)
        if old != now:
            gone += [(record.key, atom) for atom in sorted(set(old) - set(now))]
            new += [(record.key, atom) for atom in sorted(set(now) - set(old))]
    return LensChange(lens=lens, before=counts[0], after=counts[1], gone=tuple(gone), new=tuple(new))


def _scores(before: Engine, after: Engine, old: Sequence[Finding], new: Sequence[Finding]) -> list[ScoreChange]:
    pairs = zip(before.scores(old), after.scores(new), strict=True)
    return [
        ScoreChange(
            subject=one.subject,
            risk=(one.risk, two.risk),
            impact=(one.impact, two.impact),
            impact_ungoverned=(one.impact_ungoverned, two.impact_ungoverned),
            impact_runtime=(one.impact_runtime, two.impact_runtime),
        )
        for one, two in pairs
        if (one.risk, one.impact, one.impact_ungoverned, one.impact_runtime)
        != (two.risk, two.impact, two.impact_ungoverned, two.impact_runtime)
    ]


def _findings(engine: Engine, scans: Sequence[Scan]) -> Sequence[Finding]:
    """What the rules find in an estate that is in no store: it is put into one that is thrown away."""
    nodes = [NodeFact(node.kind, node.id, node.props) for node in engine.estate.nodes.values()]
    edges = [EdgeFact(edge.kind, edge.source, edge.target, edge.props) for edge in engine.estate.edges]
    when = max((scan.at for scan in scans), default=engine.at)
    with tempfile.TemporaryDirectory(prefix="graphinv-") as folder, open_store(Path(folder) / "graph", write=True) as store:
        store.commit(Scan(root="what-if", at=when, outcome="complete", documents=0), nodes, edges)
        return run_rules(rules(), engine, store.query)[0]


def _names(some: Sequence[Finding], others: Sequence[Finding]) -> tuple[FindingName, ...]:
    known = {finding.key for finding in others}
    return tuple(
        FindingName(key=one.key, rule=one.rule, severity=one.severity, title=one.title, subject=one.subject, target=one.target)
        for one in sorted(some, key=lambda one: (one.rule, one.subject, one.target or ("", "")))
        if one.key not in known
    )
