"""Impact and risk: how much a privilege matters, and how likely it is to be abused. All weights are settings."""

from __future__ import annotations

import math
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from graphinv.analyze.scopes import ALL_ACTIONS, Array, actions_of
from graphinv.analyze.structure import KIND_NUMBER, SENSITIVITIES, Structure
from graphinv.model.errors import InputError
from graphinv.model.facts import Props
from graphinv.model.kinds import Action, Sensitivity
from graphinv.model.results import LEVELS, Finding, Level, ScorePart

Weight = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Share = Annotated[float, Field(ge=0, le=1)]
Price = Annotated[float, Field(gt=0, le=1000)]
MovableKind = Literal[
    "USES", "CONNECTS_TO", "DELEGATES_TO", "CALLS_BACK", "CAN_ACCESS", "ASSUMES", "MEMBER_OF", "HOLDS", "RUNS_AS", "RUNS_ON"
]
"""Kinds of edges that a person can change; what a secret opens, and what a server provides, is as it is."""

LISTED_TARGETS = 5
"""How many targets a score names one by one."""


class ImpactSettings(BaseModel):
    """Factors of the impact."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    crown_jewel: Weight = 2.0


class RiskSettings(BaseModel):
    """Risk = impact · (base + likelihood · L)."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    base: Share = 0.4
    likelihood: Share = 0.6


class Settings(BaseModel):
    """Weights of impact and risk; data/scoring.toml states them with their reasons."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    actions: Mapping[Action, Weight] = {"read": 1, "write": 2, "execute": 2, "delete": 3, "admin": 4}
    sensitivity: Mapping[Sensitivity, Weight] = {"public": 0, "internal": 1, "unknown": 1, "confidential": 4, "restricted": 10}
    impact: ImpactSettings = ImpactSettings()
    risk: RiskSettings = RiskSettings()
    levels: Mapping[Level, float] = {"critical": 80, "high": 60, "medium": 40, "low": 20}
    likelihood: Mapping[str, Share] = {}
    cut: Mapping[MovableKind, Price] = {
        "USES": 1,
        "CONNECTS_TO": 1,
        "DELEGATES_TO": 1,
        "CALLS_BACK": 1,
        "CAN_ACCESS": 2,
        "ASSUMES": 2,
        "MEMBER_OF": 2,
        "HOLDS": 2,
        "RUNS_AS": 3,
        "RUNS_ON": 3,
    }

    def heaviest(self, actions: Iterable[str]) -> str:
        """The action that weighs most, of several alike the first."""
        weights = {str(action): weight for action, weight in self.actions.items()}
        return max(actions, key=lambda action: weights.get(action, 0.0))


def settings_from_toml(text: str) -> Settings:
    """Settings as data/scoring.toml writes them; what it leaves out keeps its default, key by key.

    Raises:
        InputError: it is not TOML, or a setting is unknown or out of bounds; names the setting.
    """
    try:
        given: dict[str, Any] = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"scoring settings are not TOML: {error}") from None
    defaults = Settings().model_dump()
    for name, value in given.items():
        if isinstance(value, dict) and isinstance(defaults.get(name), dict):
            given[name] = defaults[name] | value
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise InputError(f"scoring settings: {place}: {first['msg']}") from None


def target_weight(props: Props, settings: Settings) -> float:
    """How much one target counts: its sensitivity (a Secret has none: unknown), twice for a crown jewel."""
    weight = settings.sensitivity.get(props.get("sensitivity") or "unknown", 0.0)
    return weight * (settings.impact.crown_jewel if props.get("crown_jewel") else 1.0)


def likelihood(chances: Iterable[float]) -> float:
    """1 - product of (1 - p).

    >>> likelihood([0.5, 0.5])
    0.75
    """
    return 1.0 - math.prod(1.0 - chance for chance in sorted(chances))


def risk_of(impact: float, raised: float, settings: Settings) -> float:
    """Risk of an impact whose likelihood findings raise by ``raised``: impact · (base + likelihood · L)."""
    return impact * (settings.risk.base + settings.risk.likelihood * raised)


def level_of(risk: float, settings: Settings) -> Level:
    """The level of a risk of 0 to 100."""
    for level in LEVELS:
        if level in settings.levels and risk >= settings.levels[level]:
            return level
    return "info"


@dataclass(frozen=True, eq=False)
class Weights:
    """Settings spread over one estate: ``target`` weighs each target column, ``best`` each of the 32 sets of actions.

    ``everything`` is what a subject that can do all to every Resource and Secret of the estate would sum up to. It depends on the nodes
    alone, so that an edge more can raise an impact and never lower one.
    """

    settings: Settings
    target: Array
    best: Array
    everything: float

    @classmethod
    def of(cls, structure: Structure, settings: Settings) -> Weights:
        """Weights of the targets of ``structure``."""
        heavy = np.array([settings.sensitivity.get(name, 0.0) for name in SENSITIVITIES])  # type: ignore[call-overload]
        nodes = structure.nodes
        weight = heavy[nodes.sensitivity] * np.where(nodes.crown_jewel, settings.impact.crown_jewel, 1.0)
        best = [max((settings.actions.get(action, 0.0) for action in actions_of(bits)), default=0.0) for bits in range(ALL_ACTIONS + 1)]  # type: ignore[call-overload]
        ends = np.isin(structure.kinds, [KIND_NUMBER["Resource"], KIND_NUMBER["Secret"]])
        return cls(settings, weight[structure.targets], np.array(best, dtype=np.float64), float(weight[ends].sum()) * best[ALL_ACTIONS])

    def impact(self, reached: float) -> float:
        """0 to 100: logarithmic share of everything."""
        return min(100.0, 100.0 * math.log1p(reached) / math.log1p(self.everything)) if self.everything > 0 else 0.0


def parts_of(
    impact: float, raised: float, reached: tuple[Sequence[tuple[str, float]], int, float], findings: Iterable[Finding], settings: Settings
) -> tuple[ScorePart, ...]:
    """What a risk is made of; the amounts add up to it.

    Args:
        impact: 0 to 100.
        raised: L, 0 to 1.
        reached: the heaviest targets, each in words with its summand of I(u); how many targets count in all; I(u).
        findings: those that raise the likelihood.
        settings: shares of the risk.
    """
    heaviest, count, total = reached
    base = impact * settings.risk.base
    parts = []
    for words, amount in heaviest:
        share = amount / total
        parts.append(ScorePart(what=words, amount=base * share, because=f"{share:.0%} of the impact, whatever the likelihood"))
    if count > len(heaviest):
        share = 1.0 - math.fsum(amount for _, amount in heaviest) / total
        others = count - len(heaviest)
        what = f"{others} other target{'s' if others > 1 else ''}"
        parts.append(ScorePart(what=what, amount=max(0.0, base * share), because=f"{share:.0%} of the impact"))
    return (*parts, *_likelihood_parts(impact * settings.risk.likelihood * raised, findings, settings))


def _likelihood_parts(amount: float, findings: Iterable[Finding], settings: Settings) -> list[ScorePart]:
    """``amount`` shared out among rules by the logarithms of 1 - p, which add up where the chances multiply."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    pull = {rule: sum(_pull(chance_of(finding, settings)) for finding in found) for rule, found in sorted(by_rule.items())}
    whole = math.fsum(pull.values())
    if whole <= 0:
        return []
    parts = []
    for rule, share in pull.items():
        found = by_rule[rule]
        times = "" if len(found) == 1 else f", {len(found)} times"
        because = f"{rule}: raises the likelihood by {chance_of(found[0], settings):.0%}{times}"
        title = min(finding.title for finding in found)
        parts.append(ScorePart(what=title, amount=amount * share / whole, because=because))
    return parts


def _pull(chance: float) -> float:
    return -math.log(max(1.0 - chance, 1e-12))


def chance_of(finding: Finding, settings: Settings) -> float:
    """By how much a finding raises the likelihood: what the settings say of its rule, else what it says itself."""
    return settings.likelihood.get(finding.rule, finding.likelihood)
