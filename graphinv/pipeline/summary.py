"""What a scan tells its user, made from the store alone, so that the command line and the dashboard say the same."""

from __future__ import annotations

from collections import Counter

from pydantic import Field

from graphinv.analyze.causes import causes
from graphinv.model.estate import Estate
from graphinv.model.facts import NodeKey, source_of
from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS
from graphinv.model.results import LEVELS, Analysis, Cause, Finding, Path, Result, RuleStatus, Score, worst_first
from graphinv.pipeline.beside import GRANTS
from graphinv.pipeline.coverage import rule_coverage, unknowns
from graphinv.store import Scan, Store

__all__ = [
    "Gap",
    "RiskyAgent",
    "RootSummary",
    "Summary",
    "Unread",
    "causes",
    "gap",
    "partly",
    "risky_agents",
    "root_summary",
    "summarise",
]

TOP_AGENTS = 10
TOP_PATHS = 5
TOP_CAUSES = 10


class RootSummary(Result):
    """One root and how its last scan went."""

    root: str
    at: str = Field(description="When it was read")
    outcome: str = Field(description="`complete`, `partial` or `failed`")
    files: int = Field(description="How many were looked at")
    documents: dict[str, int] = Field(description="Documents read, by ingestor")
    vendored_folders: int = Field(description="How many were passed over")


class Unread(Result):
    """Something that could not be read or understood."""

    document: str
    where: str
    message: str
    severity: str
    ingestor: str


class RiskyAgent(Result):
    """An agent with its score and the findings that drive it."""

    name: str
    score: Score
    owners: tuple[str, ...]
    because: tuple[str, ...] = Field(description="Titles of the rules that found something about it, worst first")


class Gap(Result):
    """(agent, target) pairs that matter, by what a runtime decision does to them.

    ``posture`` = ``ungoverned`` + those with an enforcing decision in the way; ``runtime`` is what is left after all decisions.
    """

    posture: int = Field(description="All pairs")
    ungoverned: int = Field(description="With no runtime decision in the way")
    runtime: int = Field(description="What is left after runtime decisions")
    agents: int = Field(description="Agents with at least one ungoverned pair")
    targets: int = Field(description="Targets of ungoverned pairs")


class Summary(Result):
    """The summary of a store."""

    store: str = Field(description="Where it is")
    generation: int = Field(description="Number of the newest commit")
    at: str = Field(description="Time that was judged")
    roots: tuple[RootSummary, ...]
    nodes: dict[str, int] = Field(description="How many of each kind")
    edges: dict[str, int] = Field(description="How many of each kind")
    agents: tuple[RiskyAgent, ...] = Field(description="The riskiest few")
    agents_total: int = Field(description="How many there are")
    paths: tuple[Path, ...] = Field(description="The riskiest few")
    gap: Gap
    reach_left_out: int = Field(description="Pairs with targets of less weight, which are not written back to the store")
    severities: dict[str, int] = Field(description="How many findings of each level")
    causes: tuple[Cause, ...] = Field(description="What clears the most and worst findings if it is changed, the first few")
    causes_total: int = Field(description="How many changes would clear all findings")
    rules: tuple[RuleStatus, ...] = Field(description="How each of them came out")
    partly: tuple[str, ...] = Field(description="Rules that were judged, and not of all agents or of all that they ask about")
    unread: tuple[Unread, ...]
    unknown: dict[str, dict[str, tuple[int, int]]] = Field(
        description="By kind and property that analyses lean on: how many are without it, of how many"
    )

    @property
    def unjudged(self) -> list[RuleStatus]:
        """Rules that could not be judged: what they need is not in the graph, or they failed."""
        return [rule for rule in self.rules if rule.outcome in ("not_available", "error")]

    def unread_documents(self, severity: str) -> int:
        """How many documents have a problem of ``severity``."""
        return len({problem.document for problem in self.unread if problem.severity == severity})


def summarise(store: Store, analysis: Analysis | None = None, estate: Estate | None = None) -> Summary:
    """The summary of what ``store`` holds; ``analysis`` and ``estate`` are read from it when not given."""
    analysis = analysis or store.analysis() or Analysis(generation=0, at="", scores=(), reach=(), findings=(), rules=())
    estate = estate or store.estate()
    scans = store.scans()
    nodes = Counter(kind for kind, _ in estate.nodes)
    edges = Counter(edge.kind for edge in estate.edges)
    severities = Counter(finding.severity for finding in analysis.findings)
    found = causes(analysis.findings, estate)
    return Summary(
        store=store.url,
        generation=store.generation,
        at=analysis.at,
        roots=tuple(root_summary(scan) for scan in scans),
        nodes={kind: nodes[kind] for kind in NODE_KINDS if nodes[kind]},
        edges={kind: edges[kind] for kind in EDGE_KINDS if edges[kind]},
        agents=tuple(risky_agents(analysis, estate)[:TOP_AGENTS]),
        agents_total=nodes["Agent"],
        paths=analysis.paths[:TOP_PATHS],
        gap=gap(analysis),
        reach_left_out=analysis.reach_left_out,
        severities={level: severities[level] for level in LEVELS},
        causes=tuple(found[:TOP_CAUSES]),
        causes_total=len(found),
        rules=analysis.rules,
        partly=partly(analysis),
        unread=tuple(
            Unread(
                document=source_of(scan.root, problem.document),
                where=problem.where,
                message=problem.message,
                severity=problem.severity,
                ingestor=problem.ingestor,
            )
            for scan in scans
            for problem in scan.problems
        ),
        unknown=unknowns(estate),
    )


def root_summary(scan: Scan) -> RootSummary:
    """What is told of a root."""
    counts = dict(scan.counts)
    files, vendored = counts.pop("files", 0), counts.pop("vendored_folders", 0)
    counts.pop(GRANTS, 0)
    return RootSummary(root=scan.root, at=scan.at, outcome=scan.outcome, files=files, documents=counts, vendored_folders=vendored)


def risky_agents(analysis: Analysis, estate: Estate) -> list[RiskyAgent]:
    """All scored agents, riskiest first, each with the rules that found something about it, worst first."""
    titles = {rule.rule: rule.title for rule in analysis.rules}
    by_subject: dict[NodeKey, list[Finding]] = {}
    for finding in analysis.findings:
        by_subject.setdefault(finding.subject, []).append(finding)
    agents = []
    for score in sorted(analysis.scores, key=lambda score: (-score.risk, -score.impact, score.subject)):
        findings = sorted(by_subject.get(score.subject, ()), key=worst_first)
        counted = Counter(finding.rule for finding in findings)
        because = tuple(titles.get(rule, rule) + (f" ({count})" if count > 1 else "") for rule, count in counted.items())
        node = estate.nodes.get(score.subject)
        agents.append(
            RiskyAgent(name=node.name if node else score.subject[1], score=score, owners=estate.owners(score.subject), because=because)
        )
    return agents


def partly(analysis: Analysis) -> tuple[str, ...]:
    """Rules that were judged, and not of all agents or of all that they ask about."""
    lacking = {one.rule for one in rule_coverage(analysis) if one.missing}
    return tuple(rule.rule for rule in analysis.rules if rule.outcome in ("found", "clear") and (rule.reason or rule.rule in lacking))


def gap(analysis: Analysis) -> Gap:
    """Counts over the CAN_REACH pairs that were written back."""
    pairs: dict[str, set[tuple[NodeKey, NodeKey]]] = {"posture": set(), "ungoverned": set(), "runtime": set()}
    for reach in analysis.reach:
        if reach.lens in pairs and reach.subject[0] == "Agent":
            pairs[reach.lens].add((reach.subject, reach.target))
    open_pairs = pairs["ungoverned"]
    return Gap(
        posture=len(pairs["posture"]),
        ungoverned=len(open_pairs),
        runtime=len(pairs["runtime"]),
        agents=len({subject for subject, _ in open_pairs}),
        targets=len({target for _, target in open_pairs}),
    )
