"""Which findings of one level come first: those that lead to more, by a likelier and surer way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from graphinv.analyze.scopes import ACTION_BIT, ALL_ACTIONS
from graphinv.analyze.score import chance_of
from graphinv.model.facts import NodeKey
from graphinv.model.results import Finding

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine


def priorities_of(engine: Engine, findings: Sequence[Finding]) -> list[float]:
    """The priority of each finding: impact of what it leads to · p of its rule · confidence, 0 to 100.

    What a finding leads to is its target, else its subject, and the impact of that is the score's: of a resource what can be done to it,
    of all else what it comes to under ``posture``. What can act on nothing itself (a memory, a package, an enforcement point, a root)
    counts as the heaviest of what its path and its agents come to. The privileges are solved once more: O(arcs), then O(findings).
    """
    ends = [list(dict.fromkeys(_ends(finding))) for finding in findings]
    reached = _reached(engine, {key for keys in ends for key in keys})
    weights = engine.weights

    def stake(finding: Finding, keys: Iterable[NodeKey]) -> float:
        if finding.target and finding.target[0] == "Resource" and (column := engine.structure.column_of(finding.target)) is not None:
            return weights.impact(float(weights.target[column] * weights.best[_done(finding)]))
        first, *others = (reached(key) for key in keys)
        return weights.impact(first or max(others, default=0.0))

    return [
        round(stake(finding, keys) * chance_of(finding, engine.settings) * finding.confidence, 2)
        for finding, keys in zip(findings, ends, strict=True)
    ]


def _ends(finding: Finding) -> Iterator[NodeKey]:
    """What a finding leads to, and then what else it is about."""
    yield finding.target or finding.subject
    yield finding.subject
    yield from (end for hop in finding.path for end in (hop.source, hop.target))
    yield from (("Agent", agent) for agent in finding.details.get("agents") or ())


def _done(finding: Finding) -> int:
    """Bits of what the finding says can be done to its target; everything where it does not say."""
    said = finding.details.get("actions") or finding.details.get("action") or ()
    return sum(ACTION_BIT.get(action, 0) for action in ({said} if isinstance(said, str) else set(said))) or ALL_ACTIONS


def _reached(engine: Engine, keys: set[NodeKey]) -> Callable[[NodeKey], float]:
    """I(u) of ``keys``; nothing of what is no node."""
    number = engine.structure.number
    known = {key: number[key] for key in keys if key in number}
    measures = engine.privileges("posture").measures_of(np.array(sorted(set(known.values())), dtype=np.int64))
    return lambda key: measures.reached(known[key]) if key in known else 0.0
