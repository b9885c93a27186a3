"""The scores of agents: those that are asked about, what the nature of an agent makes of a flaw, and how much each weight decides."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphinv.analyze.aivss import Aivss, aivss_of
from graphinv.analyze.engine import Engine
from graphinv.analyze.leverage import Leverage, leverages
from graphinv.model.errors import NotFound
from graphinv.model.estate import Estate
from graphinv.model.facts import NodeKey
from graphinv.model.results import Analysis, Score
from graphinv.pipeline.stages import engine
from graphinv.store import Store


def scores_of(analysis: Analysis, estate: Estate, agents: Iterable[str] = ()) -> list[Score]:
    """The scores of ``agents``, as they were named, or of all; riskiest first.

    Raises:
        NotFound: one names no agent, or has no score.
    """
    wanted = {estate.find(agent, "Agent") for agent in agents}
    chosen = sorted(
        (one for one in analysis.scores if not wanted or one.subject in wanted), key=lambda one: (-one.risk, -one.impact, one.subject)
    )
    missing = wanted - {one.subject for one in chosen}
    if missing:
        raise NotFound(f"{', '.join(':'.join(key) for key in sorted(missing))} has no score")
    return chosen


def aivss_scores(estate: Estate, scores: Iterable[Score], at: str, cvss: float | None) -> Mapping[NodeKey, Aivss]:
    """What the nature of each agent makes of a flaw in it whose CVSS base score is ``cvss``; of the worst one where that is not given."""
    judge = Engine(estate, at)
    return {one.subject: aivss_of(judge, one.subject, cvss) for one in scores}


def leverages_of(store: Store, analysis: Analysis) -> list[Leverage]:
    """What halving or doubling each weight does to the order of the riskiest agents of ``analysis``, which is of ``store``."""
    return leverages(engine(store, at=analysis.at), analysis.findings)
