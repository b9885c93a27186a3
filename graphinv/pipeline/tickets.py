"""What the findings of a store call for in a ticket tracker: one ticket a cause, or one a finding."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Literal

from graphinv.analyze.causes import causes
from graphinv.export.senders.sync import Wanted
from graphinv.export.support.tickets import Ticket, ticket_key
from graphinv.model.errors import NotAnalyzed, UsageError
from graphinv.model.estate import Estate
from graphinv.model.results import Analysis, Finding, worst_first
from graphinv.pipeline.accepted import Filter, Shown
from graphinv.store import Scan, Store

By = Literal["cause", "finding"]


def wanted(store: Store, hidden: Filter, by: By) -> tuple[Wanted, Shown]:
    """What the last analysis of ``store`` calls for, and which findings make no ticket.

    Raises:
        NotAnalyzed: it was not analyzed yet.
        UsageError: that analysis judged an earlier time than the one before, so that it cannot tell what is fixed.
    """
    analysis = store.analysis()
    if analysis is None:
        raise NotAnalyzed
    if analysis.followed_at is not None and analysis.at < analysis.followed_at:
        raise UsageError(f"the last analysis judged an earlier time ({analysis.at}); run `graphinv analyze` for tickets of today")
    estate = store.estate() if by == "cause" else Estate.of([], [])
    return wanted_of(analysis, estate, store.scans(), hidden, by)


def wanted_of(analysis: Analysis, estate: Estate, scans: Iterable[Scan], hidden: Filter, by: By) -> tuple[Wanted, Shown]:
    """The same of an analysis. O(findings · acceptances)."""
    left = hidden.shown(analysis.findings, analysis.at)
    open_risks = Filter(accepted=hidden.accepted).shown(analysis.findings, analysis.at).findings
    accepted = {one.key for one in analysis.findings} - {one.key for one in open_risks}
    made = _by_cause(left.findings, estate) if by == "cause" else {one.key: Ticket.of(one.key, [one]) for one in _ordered(left.findings)}
    return (
        Wanted(
            at=analysis.at,
            tickets=made,
            fixed={one.key: one.fixed_at for one in analysis.fixed if one.fixed_at},
            accepted=frozenset(accepted),
            known=frozenset(one.key for one in open_risks) - {one.key for one in left.findings},
            unsure=_unsure(analysis, scans),
        ),
        left,
    )


def _ordered(findings: Iterable[Finding]) -> list[Finding]:
    return sorted(findings, key=worst_first)


def _by_cause(findings: Iterable[Finding], estate: Estate) -> Mapping[str, Ticket]:
    """One ticket a cause, in the order in which causes are listed."""
    members: defaultdict[str, list[Finding]] = defaultdict(list)
    found = list(findings)
    for one in found:
        members[one.cause or ""].append(one)
    alone = {one.key: one for one in members.pop("", [])}
    made = {}
    for cause in causes(found, estate):
        group = members.get(cause.cause) or [alone[key] for key in cause.keys]
        # A finding without a cause has a ticket of its own key, as it has where each has its own.
        key = ticket_key(cause.cause) if cause.cause in members else group[0].key
        made[key] = Ticket.of(key, group, cause.title)
    return made


def _unsure(analysis: Analysis, scans: Iterable[Scan]) -> str:
    partial = next((scan.root for scan in scans if scan.outcome != "complete"), None)
    if partial is not None:
        return f"{partial} was last read in part only"
    failed = next((status.rule for status in analysis.rules if status.outcome == "error"), None)
    return f"rule {failed} failed" if failed else ""
