"""Findings for a ServiceNow import set into incidents: one row an incident, coalesced on its correlation id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphinv.export import RuleText
from graphinv.export.support.escape import no_code
from graphinv.export.support.tickets import Frame, Line, Ticket, fitting
from graphinv.export.support.words import node_words, ordered, path_lines, risk_words, scores_by_subject
from graphinv.model.csvform import csv_table
from graphinv.model.estate import Estate
from graphinv.model.facts import NodeKey
from graphinv.model.results import Analysis, Finding, Score
from graphinv.model.text import plain

NAME = "servicenow"
TITLE = "Incidents for a ServiceNow import set"
SUFFIX = ".servicenow.csv"

COLUMNS = (
    "correlation_id",
    "correlation_display",
    "short_description",
    "description",
    "impact",
    "urgency",
    "category",
    "assignment_group",
    "u_severity",
    "u_confidence",
    "u_risk",
    "u_rule",
    "u_subject",
    "u_target",
    "u_owner",
    "u_path",
    "u_remediation",
    "u_frameworks",
    "state",
    "close_notes",
    "u_first_seen",
    "u_last_seen",
    "u_fixed_at",
)

MAX_SHORT_DESCRIPTION = 160
MAX_TEXT = 4000
"""ServiceNow keeps this many characters of a description."""
FRAME = Frame("----- ", " -----")
MOST_KEYS = 40

_IMPACT_URGENCY = {"critical": ("1", "1"), "high": ("1", "2"), "medium": ("2", "2"), "low": ("2", "3"), "info": ("3", "3")}
"""From these two the platform derives its priorities 1 to 5."""

_NEW, _RESOLVED = "1", "6"
"""States of an incident, as the platform numbers them."""


def render(analysis: Analysis, estate: Estate, rules: Mapping[str, RuleText]) -> str:
    """All findings, the worst first; an incident whose finding is fixed is resolved, one whose finding came back is new again."""
    return servicenow_csv((*analysis.findings, *analysis.fixed), scores_by_subject(analysis))


def servicenow_csv(findings: Iterable[Finding], scores: Mapping[NodeKey, Score] | None = None) -> str:
    """One row a finding, with its subject's risk where ``scores`` has it."""
    return csv_table(COLUMNS, (_row(finding, (scores or {}).get(finding.subject)) for finding in ordered(findings)))


def _row(finding: Finding, score: Score | None) -> list[str]:
    ends = node_words(finding.subject) + (f" to {node_words(finding.target)}" if finding.target else "")
    impact, urgency = _IMPACT_URGENCY[finding.severity]
    return [
        finding.key,
        "graphinv",
        plain(_text(f"{finding.title}: {ends}"), MAX_SHORT_DESCRIPTION),
        _description(finding, score),
        impact,
        urgency,
        "Security",
        _text(next(iter(finding.owners), "")),
        finding.severity,
        f"{finding.confidence:g}",
        risk_words(score),
        _text(finding.rule),
        _text(node_words(finding.subject)),
        _text(node_words(finding.target)),
        _text("; ".join(finding.owners)),
        _text("; ".join(path_lines(finding))),
        _text(finding.remediation),
        _text("; ".join(finding.frameworks)),
        _RESOLVED if finding.fixed_at else _NEW,
        f"graphinv no longer finds it since {finding.fixed_at}" if finding.fixed_at else "",
        finding.first_seen or "",
        finding.last_seen or "",
        finding.fixed_at or "",
    ]


def _text(text: str) -> str:
    return no_code(plain(text, MAX_TEXT))


def _description(finding: Finding, score: Score | None) -> str:
    lines = [
        _text(finding.why),
        f"Severity: {finding.severity} (confidence {finding.confidence:g})",
        *([f"Risk of the subject: {risk_words(score)} of 100"] if score else []),
        f"Owner: {_text(', '.join(finding.owners)) or 'nobody known'}",
        *(f"Hop {number}: {_text(line)}" for number, line in enumerate(path_lines(finding), start=1)),
        *([f"Remediation: {_text(finding.remediation)}"] if finding.remediation else []),
        *(f"Stated in: {_text(source)}" for source in finding.sources),
    ]
    text = "\n".join(filter(None, lines))
    return text if len(text) <= MAX_TEXT else text[: MAX_TEXT - 1] + "…"


def incident(ticket: Ticket) -> dict[str, str]:
    """The fields of an incident that graphinv gives it when it opens it; afterwards only its part of the description is kept up to date."""
    impact, urgency = _IMPACT_URGENCY[ticket.severity]
    return {
        "short_description": plain(_text(ticket.title), MAX_SHORT_DESCRIPTION),
        "description": part(ticket),
        "impact": impact,
        "urgency": urgency,
        "category": "Security",
    }


def part(ticket: Ticket, room: int = MAX_TEXT) -> str:
    """What a description holds of a ticket, in ``room`` characters; where that is too little, no more than its mark."""
    mark = ticket.mark(MOST_KEYS)
    left = room - len(FRAME.part("", mark))
    return FRAME.part("\n".join(fitting(map(_shown, ticket.lines), left, lambda line: len(line) + 1)), mark)


def _shown(line: Line) -> str:
    text = _text(line.text)
    if line.kind == "heading":
        return f"{line.label}:"
    if line.kind == "field":
        return f"{line.label}: {text}"
    return "- " + " ".join(filter(None, [line.label, text]))
