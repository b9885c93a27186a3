"""How much the ranking of agents depends on each weight of the score: what halving or doubling it does to the twenty riskiest."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from pydantic import Field

from graphinv.analyze.scopes import Array
from graphinv.analyze.score import Settings, chance_of
from graphinv.model.facts import NodeKey
from graphinv.model.results import Finding, Result

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

FACTORS = (0.5, 2.0)
TOP = 20
_SHARES = frozenset({"risk", "likelihood"})
"""Groups whose values are shares: at most 1."""


class Leverage(Result):
    """One weight, changed by one factor."""

    weight: str = Field(description="As data/scoring.toml names it: group and key")
    was: float
    now: float = Field(description="The value it was given; shares end at 1")
    tau: float | None = Field(
        description="Kendall's tau-b between the risks of the agents that were the riskiest, before and after; null where all are alike"
    )
    kept: int = Field(description="How many of them are among the riskiest still")
    top: int = Field(description="How many agents that is: 20, or all where there are fewer")


def leverages(engine: Engine, findings: Sequence[Finding]) -> list[Leverage]:
    """Every weight halved and doubled, in the order of the settings; of likelihoods those of rules that found something.

    The privileges of all agents are solved again for each weight of actions and sensitivities: O(weights * arcs).
    """
    before = risks(engine, findings, engine.settings)
    found = []
    for weight, value, settings, now in _changes(engine.settings, {finding.rule for finding in findings}):
        after = risks(engine, findings, settings)
        tau, kept, top = compared(before, after)
        found.append(Leverage(weight=weight, was=value, now=now, tau=tau, kept=kept, top=top))
    return found


def _changes(settings: Settings, rules: Iterable[str]) -> Iterator[tuple[str, float, Settings, float]]:
    """(weight, its value, the settings with another value, that value)."""
    stated = settings.model_dump()
    groups = {name: stated[name] for name in ("actions", "sensitivity", "impact", "risk")}
    groups["likelihood"] = {rule: value for rule, value in stated["likelihood"].items() if rule in set(rules)}
    for group, weights in groups.items():
        for name, value in weights.items():
            for factor in FACTORS if value else ():
                now = min(1.0, value * factor) if group in _SHARES else value * factor
                changed = {**stated, group: {**stated[group], name: now}}
                yield f"{group}.{name}", value, Settings.model_validate(changed), now


def risks(engine: Engine, findings: Iterable[Finding], settings: Settings) -> Array:
    """The risk of every agent under other settings, by id; what :meth:`Engine.scores` says, without its parts."""
    if (settings.actions, settings.sensitivity, settings.impact) != (
        engine.settings.actions,
        engine.settings.sensitivity,
        engine.settings.impact,
    ):
        engine = type(engine)(engine.structure, engine.at, settings)
    measures = engine.measures()
    agents = engine.structure.of_kind("Agent").tolist()
    raised: defaultdict[NodeKey, float] = defaultdict(float)
    for finding in findings:
        chance = chance_of(finding, settings)
        raised[finding.subject] += math.log1p(-chance) if chance < 1 else -math.inf
    impacts = np.array([engine.weights.impact(measures.reached(agent)) for agent in agents])
    likelihoods = np.array([-math.expm1(raised[engine.structure.keys[agent]]) for agent in agents])
    result: Array = impacts * (settings.risk.base + settings.risk.likelihood * likelihoods)
    return result


def compared(before: Array, after: Array) -> tuple[float | None, int, int]:
    """Kendall's tau of the riskiest, how many of them stay among the riskiest, and how many they are."""
    from scipy.stats import kendalltau

    top = min(TOP, len(before))
    riskiest = np.argsort(-before, kind="stable")[:top]
    kept = len(set(riskiest.tolist()) & set(np.argsort(-after, kind="stable")[:top].tolist()))
    tau = float(kendalltau(before[riskiest], after[riskiest]).statistic) if top > 1 else math.nan
    return (None if math.isnan(tau) else tau), kept, top
