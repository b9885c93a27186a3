"""Findings, scores and the state of the rules as JSON, under the documented keys."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from graphinv.export import RuleText
from graphinv.export.support.words import ordered
from graphinv.model.estate import Estate
from graphinv.model.results import Analysis, Finding, Result

NAME = "json"
TITLE = "Findings, scores and rules"
SUFFIX = ".json"


def render(analysis: Analysis, estate: Estate, rules: Mapping[str, RuleText]) -> str:
    """One object: ``generation``, ``at``, ``findings`` (open), ``fixed``, ``scores``, ``rules``."""
    scores = sorted(analysis.scores, key=lambda score: (-score.risk, score.subject))
    return _text(
        {
            "generation": analysis.generation,
            "at": analysis.at,
            "findings": _data(ordered(analysis.findings)),
            "fixed": _data(ordered(analysis.fixed)),
            "scores": _data(scores),
            "rules": _data(analysis.rules),
        }
    )


def findings_json(findings: Iterable[Finding]) -> str:
    """Findings as one JSON list, the worst first."""
    return _text(_data(ordered(findings)))


def findings_jsonl(findings: Iterable[Finding]) -> str:
    """The same, one a line."""
    return "".join(json.dumps(finding.to_json(), ensure_ascii=True) + "\n" for finding in ordered(findings))


def _data(results: Iterable[Result]) -> list[dict[str, Any]]:
    return [result.to_json() for result in results]


def _text(data: Any) -> str:
    # ASCII, so that no control or direction character reaches a terminal that shows the file.
    return json.dumps(data, ensure_ascii=True, indent=2) + "\n"
