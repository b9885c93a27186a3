"""Findings, scores and the state of the rules as JSON, under the documented keys."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from graphinv.export import RuleText
from graphinv.export.support.words import ordered
from graphinv.model.estate import Estate
from graphinv.model.results import Analysis, Result, Slim

NAME = "json"
TITLE = "Findings, scores and rules"
SUFFIX = ".json"


def render(analysis: Analysis, estate: Estate, rules: Mapping[str, RuleText]) -> str:
    """One object: ``generation``, ``at``, ``findings`` (open), ``fixed``, ``scores``, ``rules``."""
    scores = sorted(analysis.scores, key=lambda score: (-score.risk, score.subject))
    data = {
        "generation": analysis.generation,
        "at": analysis.at,
        "findings": _data(ordered(analysis.findings)),
        "fixed": _data(ordered(analysis.fixed)),
        "scores": _data(scores),
        "rules": _data(analysis.rules),
    }
    # ASCII, so that no control or direction character reaches a terminal that shows the file.
    return json.dumps(data, ensure_ascii=True, indent=2) + "\n"


def _data(results: Iterable[Result | Slim]) -> list[dict[str, Any]]:
    return [result.to_json() for result in results]
