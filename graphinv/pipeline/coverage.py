"""Coverage: what was recognised and could not be read, what is named and nowhere declared, and which agents each rule could be judged of.
Unknown is never safe."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import chain
from typing import Literal

from pydantic import Field

from graphinv.analyze.judged import missing_of
from graphinv.analyze.rows import documents_of, root_of
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord
from graphinv.model.facts import NodeKey, Problem, source_of
from graphinv.model.results import Analysis, Finding, Level, Result, RuleStatus, finding_key
from graphinv.model.text import counted
from graphinv.store import Scan

UNREAD = "GI-COV-001"
INCOMPLETE = "GI-COV-002"
UNDECLARED = "GI-COV-003"
STALE = "GI-COV-004"

STALE_DAYS = 7
"""After how many days without a scan a root says nothing of how things are now."""

TITLES = {
    UNREAD: "Document recognised but not read",
    INCOMPLETE: "Document read with gaps",
    UNDECLARED: "Named but nowhere declared",
    STALE: "Source not read lately",
}
_SAID = {
    UNREAD: "was recognised but not read",
    INCOMPLETE: "was read with gaps",
    UNDECLARED: "is named but nowhere declared",
    STALE: "was not read lately",
}
_IN_PART = "was not wholly read"
_IN_PART_WHY = (
    "A part of what this document declares is missing from the graph, or is as it was before; what depends on it is unknown, not safe."
)
_WHY = {
    UNREAD: "What this document declares is missing from the graph; whatever depends on it is unknown, not safe.",
    INCOMPLETE: "Part of what this document declares was assumed or left out.",
    UNDECLARED: "Something points to it, and no source says what it is or what it can reach.",
    STALE: "What it says may have changed since; what was found in it stays, and is as old as it is.",
}
_REMEDY = {
    UNREAD: "Mend the document, or report the format; then scan again.",
    INCOMPLETE: "Look at the named place and mend it, or accept the gap knowingly.",
    UNDECLARED: "Scan the source that declares it, or state it in a facts file.",
    STALE: "Scan it again, or mend the job that does.",
}


def coverage_findings(scans: Sequence[Scan], estate: Estate, at: str) -> Iterator[Finding]:
    """One finding per document and problem, one per placeholder node or enforcement point that only edges name, and one per root that was
    last read long before ``at``."""
    placed = replace(estate, roots=tuple(scan.root for scan in scans))
    stated = set[str]().union(*map(documents_of, _in_production(estate)))
    production = {root_of(placed, [document]) for document in stated}
    errors = {source_of(scan.root, problem.document) for scan in scans for problem in scan.problems if problem.severity == "error"}
    in_part = _stating(estate, errors)
    for scan in scans:
        age = (datetime.fromisoformat(at) - datetime.fromisoformat(scan.at)).days
        if age > STALE_DAYS:
            severity: Level = "high" if scan.root in production else "medium"
            yield _finding(STALE, ("Document", scan.root), severity, [scan.root], [f"it was last read {age} days ago, on {scan.at[:10]}"])
        by_document: dict[tuple[str, str], list[Problem]] = {}
        for problem in scan.problems:
            rule = UNREAD if problem.severity == "error" else INCOMPLETE
            by_document.setdefault((rule, source_of(scan.root, problem.document)), []).append(problem)
        for (rule, place), problems in by_document.items():
            sources = sorted({f"{place}#{problem.where}" if problem.where else place for problem in problems})
            severity = "medium" if rule == UNREAD else "low" if any(p.severity == "warning" for p in problems) else "info"
            partly = rule == UNREAD and place in in_part
            yield _finding(rule, ("Document", place), severity, sources, [problem.message for problem in problems], partly=partly)
    for node in estate.nodes.values():
        if node.props.get("status") == "unknown" and node.kind != "Owner":
            edges = (*estate.incoming.get(node.key, ()), *estate.outgoing.get(node.key, ()))
            sources = sorted({source for edge in edges for source in edge.sources})
            yield _finding(UNDECLARED, node.key, "low", sources, [_named_by(edges)])
    for guard, guarded in sorted(_undeclared_points(estate).items()):
        sources = sorted({source for edge in guarded for source in edge.sources})
        named = f"{_named_by(guarded)} as its decision, and none counts"
        yield _finding(UNDECLARED, ("EnforcementPoint", guard), "low", sources, [named])


def _named_by(edges: Sequence[EdgeRecord]) -> str:
    return counted(len(edges), "edge names it", "edges name it")


def _undeclared_points(estate: Estate) -> Mapping[str, Sequence[EdgeRecord]]:
    """Edges by the ids of enforcement points on them that no source declares, such as mistyped ones. O(edges)."""
    known = {point.id for point in estate.of_kind("EnforcementPoint")}
    found: defaultdict[str, list[EdgeRecord]] = defaultdict(list)
    for edge in estate.edges:
        for guard in edge.props.get("guards") or ():
            if guard not in known:
                found[guard].append(edge)
    return found


def _stating(estate: Estate, documents: set[str]) -> set[str]:
    """Those of ``documents`` that state something of the estate; O(nodes + edges) where there are any."""
    if not documents:
        return set()
    things: Iterable[NodeRecord | EdgeRecord] = chain(estate.nodes.values(), estate.edges)
    return {place for thing in things for place in documents_of(thing) & documents}


def _in_production(estate: Estate) -> Iterator[NodeRecord]:
    return (node for node in estate.nodes.values() if node.props.get("environment") == "prod")


def _finding(rule: str, subject: NodeKey, severity: Level, sources: Iterable[str], messages: list[str], *, partly: bool = False) -> Finding:
    return Finding(
        key=finding_key(rule, subject, None),
        rule=rule,
        title=f"{subject[1]} {_IN_PART if partly else _SAID[rule]}",
        severity=severity,
        confidence=1.0,
        subject=subject,
        why=f"{_IN_PART_WHY if partly else _WHY[rule]} Noted: {'; '.join(dict.fromkeys(messages))}.",
        remediation=_REMEDY[rule],
        sources=tuple(sources),
        details={"messages": messages},
    )


def coverage_status(findings: Sequence[Finding]) -> list[RuleStatus]:
    """What the coverage rules found; they can always be judged."""
    counted = Counter(finding.rule for finding in findings)
    return [
        RuleStatus(rule=rule, title=title, outcome="found" if counted[rule] else "clear", findings=counted[rule])
        for rule, title in TITLES.items()
    ]


def unknowns(estate: Estate) -> dict[str, dict[str, tuple[int, int]]]:
    """How much is unknown: per kind and property that an analysis leans on, (number without it, number of nodes or edges)."""
    leaned_on = {
        "Agent": ("status", "environment", "autonomy"),
        "Identity": ("binding",),
        "Resource": ("sensitivity", "environment"),
        "Secret": ("lifetime", "expires_at"),
        "Tool": ("effects",),
        "ToolServer": ("pinned", "origin", "auth"),
        "EnforcementPoint": ("mode", "effect"),
    }
    table: dict[str, dict[str, tuple[int, int]]] = {}
    for kind, names in leaned_on.items():
        nodes = list(estate.of_kind(kind))
        if nodes:
            table[kind] = {name: (sum(node.props.get(name) in (None, "unknown") for node in nodes), len(nodes)) for name in names}
    agents = list(estate.of_kind("Agent"))
    if agents:
        ownerless = sum(not any(edge.kind == "OWNS" for edge in estate.incoming.get(node.key, ())) for node in agents)
        table["Agent"]["owner"] = (ownerless, len(agents))
    grants = list(estate.edges_of("CAN_ACCESS"))
    if unsaid := sum(not edge.props.get("actions") for edge in grants):  # such a grant counts for nothing, which must not look like safe
        table["CAN_ACCESS"] = {"actions": (unsaid, len(grants))}
    return table


# --------------------------------------------------------------------------------------------------------------------------------
# Which agents each rule could be judged of

Outcome = Literal["judged", "not_available", "error"]


class RuleCoverage(Result):
    """Of how many agents a rule could be judged in the last analysis."""

    rule: str
    title: str
    agents: int = Field(description="All there are")
    judged: int
    not_available: int = Field(description="Of whom an input is missing, which is no pass")
    error: int = Field(description="Of whom it is not known because the rule failed, which is no pass either")
    missing: dict[str, int] = Field(description="What is missing, or what went wrong, and of how many agents")


class AgentCoverage(Result):
    """Whether one rule could be judged of one agent."""

    rule: str
    agent: str
    outcome: Outcome
    missing: str = Field(default="", description="Which input is missing, or what went wrong")


def rule_coverage(analysis: Analysis) -> list[RuleCoverage]:
    """One entry for each rule, by id; empty where the analysis was made before coverage was kept."""
    covered = analysis.coverage
    if covered is None:
        return []
    entries = []
    for status in analysis.rules:
        outcome = _of_all(status)
        missing = dict(missing_of(covered, status.rule)) if outcome == "judged" else {status.reason: covered.agents}
        lacking = sum(missing.values())
        entries.append(
            RuleCoverage(
                rule=status.rule,
                title=status.title,
                agents=covered.agents,
                judged=covered.agents - lacking,
                not_available=0 if outcome == "error" else lacking,
                error=lacking if outcome == "error" else 0,
                missing=missing,
            )
        )
    return entries


def agent_coverage(analysis: Analysis, agents: Iterable[str], rules: Iterable[RuleStatus]) -> Iterator[AgentCoverage]:
    """One entry for each of ``agents`` and ``rules``, in their order. O(agents · rules)."""
    groups = analysis.coverage.groups if analysis.coverage else ()
    of_agent = {agent: group.missing for group in groups for agent in group.agents}
    statuses = list(rules)
    for agent in agents:
        lacking = of_agent.get(agent, {})
        for status in statuses:
            outcome = _of_all(status)
            missing = status.reason if outcome != "judged" else lacking.get(status.rule, "")
            own: Outcome = "not_available" if outcome == "judged" and missing else outcome
            yield AgentCoverage(rule=status.rule, agent=agent, outcome=own, missing=missing)


def agents_judged(analysis: Analysis, rules: Sequence[str]) -> int:
    """Of how many agents at least one of ``rules`` could be judged."""
    covered = analysis.coverage
    able = [status.rule for status in analysis.rules if status.rule in rules and _of_all(status) == "judged"]
    if covered is None or not able:
        return 0
    return covered.agents - sum(len(group.agents) for group in covered.groups if group.missing.keys() >= set(able))


def _of_all(status: RuleStatus) -> Outcome:
    """Whether the rule could be judged at all."""
    return "judged" if status.outcome == "found" or status.outcome == "clear" else status.outcome  # noqa: PLR1714 - narrows the type
