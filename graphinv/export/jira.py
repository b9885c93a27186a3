"""Findings for Jira: rows for its CSV importer, found again by their External Issue ID, and the fields of issues for its interface."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from graphinv.export import RuleText
from graphinv.export.support import adf
from graphinv.export.support.escape import no_html, wiki
from graphinv.export.support.tickets import Ticket
from graphinv.export.support.words import node_words, ordered, path_lines, risk_words, scores_by_subject
from graphinv.model.csvform import csv_table
from graphinv.model.estate import Estate
from graphinv.model.facts import NodeKey
from graphinv.model.results import Analysis, Finding, Score
from graphinv.model.text import plain

NAME = "jira"
TITLE = "Tickets for Jira's CSV importer"
SUFFIX = ".jira.csv"

COLUMNS = (
    "External Issue ID",
    "Summary",
    "Description",
    "Issue Type",
    "Priority",
    "Assignee",
    "Labels",
    "Labels",
    "Labels",
    "Finding Key",
    "Rule",
    "Severity",
    "Confidence",
    "Risk",
    "Subject",
    "Target",
    "Owner",
    "Path",
    "Remediation",
    "Frameworks",
    "Status",
    "First Seen",
    "Last Seen",
    "Fixed At",
)
"""The importer takes a field of several values as several columns of one name."""

MAX_SUMMARY = 255
MAX_TEXT = 32_000
"""Jira takes 32,767 characters in a text field."""
MAX_ADF = 30_000
"""For the JSON of a description."""
MOST_KEYS = 500

PRIORITY = {"critical": "Highest", "high": "High", "medium": "Medium", "low": "Low", "info": "Lowest"}
_EMAIL = re.compile(r"[A-Za-z0-9._%+-]{1,64}@[A-Za-z0-9.-]{1,255}")


def render(analysis: Analysis, estate: Estate, rules: Mapping[str, RuleText]) -> str:
    """All findings, the worst first; an issue whose finding is fixed is done, one whose finding came back is to do again."""
    return jira_csv((*analysis.findings, *analysis.fixed), scores_by_subject(analysis))


def jira_csv(findings: Iterable[Finding], scores: Mapping[NodeKey, Score] | None = None) -> str:
    """One row a finding, with its subject's risk where ``scores`` has it."""
    return csv_table(COLUMNS, (_row(finding, (scores or {}).get(finding.subject)) for finding in ordered(findings)))


def _row(finding: Finding, score: Score | None) -> list[str]:
    ends = node_words(finding.subject) + (f" to {node_words(finding.target)}" if finding.target else "")
    return [
        finding.key,
        plain(_field(f"{finding.title}: {ends}"), MAX_SUMMARY - 1),
        _description(finding, score),
        "Task",
        PRIORITY[finding.severity],
        next((owner for owner in finding.owners if _EMAIL.fullmatch(owner)), ""),
        "graphinv",
        _label(finding.rule),
        f"severity-{finding.severity}",
        finding.key,
        _field(finding.rule),
        finding.severity,
        f"{finding.confidence:g}",
        risk_words(score),
        _field(node_words(finding.subject)),
        _field(node_words(finding.target)),
        _field("; ".join(finding.owners)),
        _field("; ".join(path_lines(finding))),
        _field(finding.remediation),
        _field("; ".join(finding.frameworks)),
        "Done" if finding.fixed_at else "To Do",
        finding.first_seen or "",
        finding.last_seen or "",
        finding.fixed_at or "",
    ]


def _field(text: str) -> str:
    return no_html(plain(text, MAX_TEXT))


def _label(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "-", text)


def _description(finding: Finding, score: Score | None) -> str:
    """Wiki markup, in which all but our own is escaped and no line begins with a stranger's text."""
    owners = ", ".join(map(wiki, finding.owners)) or "nobody known"
    lines = [
        *([f"*Why:* {wiki(finding.why)}", ""] if finding.why else []),
        f"*Severity:* {finding.severity} (confidence {finding.confidence:g})",
        *([f"*Risk of the subject:* {risk_words(score)} of 100"] if score else []),
        f"*Subject:* {wiki(node_words(finding.subject))}",
        *([f"*Target:* {wiki(node_words(finding.target))}"] if finding.target else []),
        f"*Owner:* {owners}",
    ]
    if finding.path:
        lines += ["", "h3. Path", *(f"# {wiki(line)}" for line in path_lines(finding))]
    if finding.remediation:
        lines += ["", f"*Remediation:* {wiki(finding.remediation)}"]
    if finding.sources:
        lines += ["", "h3. Where it is stated", *(f"* {wiki(source)}" for source in finding.sources)]
    if finding.frameworks:
        lines += ["", f"*Frameworks:* {', '.join(map(wiki, finding.frameworks))}"]
    return _fit(lines)


def _fit(lines: list[str]) -> str:
    """As many whole lines as the field takes, so that no escape is cut in two."""
    kept: list[str] = []
    room = MAX_TEXT
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            return "\n".join([*kept, "…"])
        kept.append(line)
    return "\n".join(kept)


def summary(ticket: Ticket) -> str:
    """The summary of a ticket's issue, which is no markup."""
    return plain(ticket.title, MAX_SUMMARY - 1)


def part(ticket: Ticket, room: int = MAX_ADF) -> adf.Node:
    """What a description holds of a ticket, in ``room`` characters of JSON."""
    return adf.part(ticket.lines, room)
