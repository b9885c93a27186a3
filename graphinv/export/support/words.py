"""Findings in words: order, names, the path, for people who read tickets and tables."""

from __future__ import annotations

from collections.abc import Iterable

from graphinv.model.facts import NodeKey
from graphinv.model.results import Analysis, Finding, Score, worst_first

SECURITY_SEVERITY = {"critical": "9.5", "high": "8.0", "medium": "5.5", "low": "3.0", "info": "0.0"}
"""A number per level on the scale of 0 to 10 that code scanning sorts by."""


def ordered(findings: Iterable[Finding]) -> list[Finding]:
    """Findings, the worst first; those of one level by priority."""
    return sorted(findings, key=worst_first)


def node_words(key: NodeKey | None) -> str:
    """A node as ``Kind:id``; empty for none."""
    return f"{key[0]}:{key[1]}" if key else ""


def path_lines(finding: Finding) -> list[str]:
    """The path hop by hop, each with the place that states it."""
    lines = []
    for hop in finding.path:
        place = f" ({hop.sources[0]})" if hop.sources else ""
        lines.append((hop.words or f"{node_words(hop.source)} {hop.edge} {node_words(hop.target)}") + place)
    return lines


def scores_by_subject(analysis: Analysis) -> dict[NodeKey, Score]:
    """The scores of an analysis, by whom they are of."""
    return {score.subject: score for score in analysis.scores}


def risk_words(score: Score | None) -> str:
    """The risk of a subject, 0 to 100 with one decimal; empty where it has no score."""
    return f"{score.risk:.1f}" if score else ""
