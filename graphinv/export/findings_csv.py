"""Findings as one table, for spreadsheets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from graphinv.export import RuleText
from graphinv.export.support.words import node_words, ordered, path_lines, risk_words, scores_by_subject
from graphinv.model.csvform import csv_table
from graphinv.model.estate import Estate
from graphinv.model.facts import NodeKey
from graphinv.model.results import Analysis, Finding, Score
from graphinv.model.text import plain

NAME = "csv"
TITLE = "Findings, one a row"
SUFFIX = ".csv"

COLUMNS = (
    "key",
    "rule",
    "severity",
    "confidence",
    "title",
    "subject_kind",
    "subject",
    "target_kind",
    "target",
    "owners",
    "risk",
    "path",
    "why",
    "remediation",
    "frameworks",
    "sources",
    "first_seen",
    "last_seen",
    "reopened",
    "fixed_at",
    "priority",
)


def render(analysis: Analysis, estate: Estate, rules: Mapping[str, RuleText]) -> str:
    """All findings, the worst first; those that are fixed stand among them with their day."""
    return findings_csv((*analysis.findings, *analysis.fixed), scores_by_subject(analysis))


def findings_csv(findings: Iterable[Finding], scores: Mapping[NodeKey, Score] | None = None) -> str:
    """One row a finding, with its subject's risk where ``scores`` has it."""
    return csv_table(COLUMNS, (_row(finding, (scores or {}).get(finding.subject)) for finding in ordered(findings)))


def _row(finding: Finding, score: Score | None) -> list[str]:
    target = finding.target or ("", "")
    cells = [
        finding.key,
        finding.rule,
        finding.severity,
        f"{finding.confidence:g}",
        finding.title,
        *finding.subject,
        *target,
        "; ".join(finding.owners),
        risk_words(score),
        "; ".join(path_lines(finding)) or node_words(finding.target),
        finding.why,
        finding.remediation,
        "; ".join(finding.frameworks),
        "; ".join(finding.sources),
        finding.first_seen or "",
        finding.last_seen or "",
        str(finding.reopened),
        finding.fixed_at or "",
        f"{finding.priority:g}",
    ]
    return [plain(cell) for cell in cells]
