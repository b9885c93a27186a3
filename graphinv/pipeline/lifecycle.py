"""The life of findings over analyses: first and last seen, fixed, and back again.

A finding that an analysis no longer finds is fixed where that analysis could tell: its rule was judged, of its subject as well, and of
every root that it is stated in the newest scan was complete. Where it could not tell, the finding stays open and says why. What is fixed is
kept; when it comes back it is the same finding, reopened. An analysis of an earlier time than the last one changes none of this.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from graphinv.analyze.diff import Sight
from graphinv.model.estate import Estate
from graphinv.model.facts import NodeKey
from graphinv.model.kinds import NODE_KINDS
from graphinv.model.results import Analysis, Coverage, Finding, RuleStatus
from graphinv.store import Scan

Ends = tuple[NodeKey, NodeKey | None]


@dataclass(frozen=True)
class Judgement:
    """What an analysis could tell."""

    at: str
    statuses: Sequence[RuleStatus]
    estate: Estate
    scans: Sequence[Scan] = ()
    unknowns: Mapping[str, Collection[Ends]] = field(default_factory=dict)
    """By rule, ends of which it could not judge."""
    coverage: Coverage | None = None


@dataclass(frozen=True)
class Followed:
    """Findings after an analysis."""

    findings: tuple[Finding, ...]
    former: tuple[Finding, ...] = ()
    at: str | None = None


def followed(found: Iterable[Finding], judgement: Judgement, previous: Analysis | None, *, now: bool) -> Followed:
    """``found`` with their lives so far, and what became of those that are not found. O(findings).

    Args:
        found: by the analysis at hand.
        judgement: what that analysis could tell.
        previous: the results before it.
        now: whether it judges the present, which stands against what was ever judged at a later time.
    """
    at = judgement.at
    known = _known(previous)
    latest = previous.followed_at if previous else None
    if not now and latest is not None and at < latest:
        seen = {key: finding.first_seen for key, finding in known.items()}
        return Followed(
            tuple(replace(one, first_seen=seen.get(one.key) or at, last_seen=at) for one in found),
            tuple(known[key] for key in sorted(known)),
            latest,
        )
    findings = {one.key: _found(one, known.get(one.key), at) for one in found}
    judge = _Judge(judgement)
    former = []
    for key, finding in sorted(known.items()):
        if key in findings or (finding.first_seen or at) > at:
            continue  # what was only ever expected of a later time was never there
        if finding.fixed_at is not None:
            former.append(finding)
            continue
        why = judge.cannot_tell(finding)
        if why:
            findings[key] = replace(judge.kept(finding), unconfirmed=why)
        else:
            former.append(replace(finding, fixed_at=at, unconfirmed=""))
    return Followed(tuple(findings.values()), tuple(sorted(former, key=lambda one: one.key)), at)


def _known(previous: Analysis | None) -> dict[str, Finding]:
    """The findings that are followed, by key."""
    if previous is None:
        return {}
    # Results of an earlier time, and of before findings were followed, are told apart by their times.
    aside = previous.followed_at is not None and previous.followed_at != previous.at
    return {one.key: one for one in (*(() if aside else previous.findings), *previous.former)}


def _found(finding: Finding, before: Finding | None, at: str) -> Finding:
    lived: dict[str, Any] = {"first_seen": at, "last_seen": at}
    if before is not None:
        lived = {"first_seen": min(before.first_seen or at, at), "last_seen": at}
        back = before.fixed_at is not None
        lived |= {"reopened": before.reopened + back, "reopened_at": at if back else before.reopened_at}
    return replace(finding, **lived)


class _Judge:
    """Tells of findings that were not found whether that means that they are fixed."""

    def __init__(self, judgement: Judgement) -> None:
        self.estate = judgement.estate
        self.outcomes = {status.rule: status for status in judgement.statuses}
        self.partial = {scan.root for scan in judgement.scans if scan.outcome != "complete"}
        self.sight = Sight({scan.root: scan.outcome for scan in judgement.scans})
        self.unknowns = {rule: frozenset(ends) for rule, ends in judgement.unknowns.items()}
        groups = judgement.coverage.groups if judgement.coverage else ()
        self.missing = {id: group.missing for group in groups for id in group.agents}

    def cannot_tell(self, finding: Finding) -> str:
        """Why it may still be so; empty where it is not."""
        ends = (finding.subject, *([finding.target] if finding.target else []))
        if any(end[0] in NODE_KINDS and end not in self.estate.nodes for end in ends):
            return ""  # a node goes only when a complete scan no longer finds it
        status = self.outcomes.get(finding.rule)
        if status is None:
            return "its rule was not judged"
        if status.outcome not in ("found", "clear"):
            return f"its rule could not be judged: {status.reason}"
        if not self.unknowns.get(finding.rule, frozenset()).isdisjoint({(finding.subject, finding.target), (finding.subject, None)}):
            return "what its rule needs to know of it is no longer stated"
        if finding.subject[0] == "Agent" and finding.rule in self.missing.get(finding.subject[1], {}):
            return f"its rule could not be judged of it: {self.missing[finding.subject[1]][finding.rule]}"
        partial = sorted(self.roots_of(finding) & self.partial)
        return f"{partial[0]} was last read in part only" if partial else ""

    def roots_of(self, finding: Finding) -> frozenset[str]:
        """The roots that it is stated in; all, where it names none."""
        return self.sight.roots((*finding.sources, *(one for hop in finding.path for one in hop.sources)))

    def kept(self, finding: Finding) -> Finding:
        """``finding`` without what is no longer in the graph."""
        whole = all(end in self.estate.nodes for hop in finding.path for end in (hop.source, hop.target))
        return finding if whole else replace(finding, path=())
