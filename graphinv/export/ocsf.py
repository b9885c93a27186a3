"""Findings as events of the Open Cybersecurity Schema Framework: Detection Findings, one a line, for lakes and SIEMs that read it.

A finding is created when an analysis first finds it or it comes back, updated as long as it is found, and closed when it is fixed; its key
is the ``uid`` by which those events belong together. What the schema has no place for stands in ``unmapped``.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from graphinv import __version__
from graphinv.export import RuleText
from graphinv.export.support.words import ordered, path_lines, scores_by_subject
from graphinv.model.estate import Estate
from graphinv.model.facts import NodeKey
from graphinv.model.results import LEVELS, Analysis, Finding, Score
from graphinv.model.text import plain

NAME = "ocsf"
TITLE = "OCSF Detection Findings, one a line"
SUFFIX = ".ocsf.jsonl"

VERSION = "1.4.0"
"""Of the schema."""
CATEGORY, CLASS = 2, 2004
_ACTIVITIES = {1: "Create", 2: "Update", 3: "Close"}
_SEVERITY = {"info": (1, "Informational"), "low": (2, "Low"), "medium": (3, "Medium"), "high": (4, "High"), "critical": (5, "Critical")}
_CONFIDENCE = {1: "Low", 2: "Medium", 3: "High"}


def render(analysis: Analysis, estate: Estate, rules: Mapping[str, RuleText]) -> str:
    """All findings, the worst first; those that are fixed are closed."""
    scores = scores_by_subject(analysis)
    events = (event(one, analysis.at, estate, scores.get(one.subject)) for one in ordered((*analysis.findings, *analysis.fixed)))
    return "".join(f"{json.dumps(one, ensure_ascii=True)}\n" for one in events)


def event(finding: Finding, at: str, estate: Estate, score: Score | None = None) -> dict[str, Any]:
    """One finding as an event.

    Args:
        finding: open or fixed.
        at: time of the analysis, for a finding that says no time.
        estate: names what the finding is about.
        score: of its subject.
    """
    fresh = finding.last_seen in (finding.first_seen, finding.reopened_at)
    activity = 3 if finding.fixed_at else 1 if fresh else 2
    severity, caption = _SEVERITY[finding.severity]
    sure = 3 if finding.confidence >= 0.8 else 2 if finding.confidence >= 0.5 else 1
    time = _millis(finding.fixed_at or finding.last_seen or at)
    made: dict[str, Any] = {
        "activity_id": activity,
        "activity_name": _ACTIVITIES[activity],
        "category_uid": CATEGORY,
        "category_name": "Findings",
        "class_uid": CLASS,
        "class_name": "Detection Finding",
        "type_uid": CLASS * 100 + activity,
        "type_name": f"Detection Finding: {_ACTIVITIES[activity]}",
        "time": time,
        "severity_id": severity,
        "severity": caption,
        "status_id": 4 if finding.fixed_at else 1,
        "status": "Resolved" if finding.fixed_at else "New",
        "confidence_id": sure,
        "confidence": _CONFIDENCE[sure],
        "confidence_score": round(100 * finding.confidence),
        "message": plain(finding.title),
        "finding_info": {
            "uid": finding.key,
            "title": plain(finding.title),
            "desc": plain(finding.why),
            "first_seen_time": _millis(finding.first_seen or at),
            "last_seen_time": _millis(finding.last_seen or at),
            "analytic": {"type_id": 1, "type": "Rule", "uid": plain(finding.rule)},
            "data_sources": [plain(one) for one in finding.sources],
        },
        "metadata": {"version": VERSION, "product": {"name": "graphinv", "vendor_name": "graphinv", "version": __version__}},
        "resources": [_resource(end, estate) for end in dict.fromkeys(filter(None, (finding.subject, finding.target)))],
    }
    if finding.remediation:
        made["remediation"] = {"desc": plain(finding.remediation)}
    if score:
        made |= {"risk_score": round(score.risk), "risk_level_id": LEVELS[::-1].index(score.level), "risk_level": score.level.capitalize()}
    return made | {"unmapped": _unmapped(finding)}


def _resource(key: NodeKey, estate: Estate) -> dict[str, Any]:
    kind, id = key
    node = estate.nodes.get(key)
    made: dict[str, Any] = {"type": kind, "uid": plain(id), "name": plain(node.name if node else id)}
    owners = estate.owners(key) if node else ()
    return made | ({"owner": {"name": plain(owners[0])}} if owners else {})


def _unmapped(finding: Finding) -> dict[str, Any]:
    told = {
        "cause": plain(finding.cause or ""),
        "frameworks": [plain(one) for one in finding.frameworks],
        "path": [plain(line) for line in path_lines(finding)],
        "owners": [plain(one) for one in finding.owners],
        "unconfirmed": plain(finding.unconfirmed),
    }
    return {"priority": finding.priority, **{name: value for name, value in told.items() if value}}


def _millis(time: str) -> int:
    return round(datetime.fromisoformat(time).timestamp() * 1000)
