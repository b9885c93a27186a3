"""Findings over analyses: fixed, reopened, and kept open where nobody can tell."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import Any

import pytest

from graphinv.model.estate import Estate, NodeRecord
from graphinv.model.facts import NodeKey
from graphinv.model.results import Analysis, Coverage, Finding, Hop, RuleStatus, Unjudged, adapter, finding_key
from graphinv.pipeline.lifecycle import Ends, Followed, Judgement, followed
from graphinv.store import Scan

BOT: NodeKey = ("Agent", "bot")
DAYS = [f"2026-07-{day:02}T00:00:00Z" for day in range(32)]


def finding(subject: NodeKey = BOT, rule: str = "GI-OWN-001", **more: Any) -> Finding:
    key = finding_key(rule, subject, None)
    given = {"rule": rule, "title": "t", "severity": "high", "confidence": 1.0, "sources": ("shop/a.json#L1",)}
    made: Finding = adapter(Finding).validate_python({**given, "key": key, "subject": subject, **more})
    return made


def judgement(day: int, **more: Any) -> Judgement:
    nodes = [NodeRecord(*BOT, {}), NodeRecord("Agent", "other", {})]
    given: dict[str, Any] = {
        "at": DAYS[day],
        "statuses": [RuleStatus(rule="GI-OWN-001", title="t", outcome="clear")],
        "estate": Estate.of(nodes, []),
        "scans": [Scan("shop", DAYS[1], "complete"), Scan("shop/deep", DAYS[1], "complete")],
    }
    return Judgement(**{**given, **more})


def after(previous: Followed | None, at: str) -> Analysis | None:
    if previous is None:
        return None
    return Analysis(
        generation=1,
        at=at,
        scores=(),
        reach=(),
        findings=previous.findings,
        rules=(),
        former=previous.former,
        followed_at=previous.at,
    )


def lived(*days: tuple[int, Sequence[Finding]], now: bool = False, **more: Any) -> list[Followed]:
    """What stands after each analysis, one on each day; ``more`` is of the last one's judgement."""
    results: list[Followed] = []
    for place, (day, found) in enumerate(days):
        last = place == len(days) - 1
        previous = after(results[-1], DAYS[days[place - 1][0]]) if results else None
        results.append(followed(found, judgement(day, **(more if last else {})), previous, now=now and last))
    return results


def test_found_fixed_back_and_fixed_again() -> None:
    first, second, gone, still, back, later, again = lived(*((day, [finding()] if day in (1, 2, 5, 6) else []) for day in range(1, 8)))
    [one] = first.findings
    assert (one.first_seen, one.last_seen, one.fixed_at, one.reopened) == (DAYS[1], DAYS[1], None, 0)
    assert (second.findings[0].first_seen, second.findings[0].last_seen) == (DAYS[1], DAYS[2])
    assert gone.findings == ()
    [one] = gone.former
    assert (one.first_seen, one.last_seen, one.fixed_at) == (DAYS[1], DAYS[2], DAYS[3])
    assert still.former == gone.former
    [one] = back.findings
    assert (one.first_seen, one.last_seen, one.fixed_at, one.reopened, one.reopened_at) == (DAYS[1], DAYS[5], None, 1, DAYS[5])
    assert back.former == ()
    assert (later.findings[0].reopened, later.findings[0].reopened_at) == (1, DAYS[5])
    assert (again.former[0].fixed_at, again.former[0].reopened) == (DAYS[7], 1)


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({"statuses": [RuleStatus(rule="GI-OWN-001", title="t", outcome="error", reason="boom")]}, "could not be judged: boom"),
        ({"statuses": [RuleStatus(rule="GI-OWN-001", title="t", outcome="not_available", reason="no source")]}, "no source"),
        ({"statuses": []}, "its rule was not judged"),
        ({"scans": [Scan("shop", DAYS[2], "partial")]}, "shop was last read in part only"),
        ({"scans": [Scan("shop", DAYS[2], "failed")]}, "shop was last read in part only"),
        ({"unknowns": {"GI-OWN-001": [(BOT, None)]}}, "no longer stated"),
        (
            {"coverage": Coverage(agents=1, found={}, groups=(Unjudged(agents=("bot",), missing={"GI-OWN-001": "no OWNS"}),))},
            "could not be judged of it: no OWNS",
        ),
    ],
)
def test_what_cannot_be_told_stays_open(more: dict[str, Any], why: str) -> None:
    result = lived((1, [finding()]), (2, []), **more)[-1]
    [one] = result.findings
    assert result.former == ()
    assert why in one.unconfirmed
    assert (one.first_seen, one.last_seen, one.fixed_at) == (DAYS[1], DAYS[1], None)


def test_what_could_not_be_told_is_fixed_once_it_can() -> None:
    unsure = lived((1, [finding()]), (2, []), scans=[Scan("shop", DAYS[2], "partial")])[-1]
    sure = followed([], judgement(3), after(unsure, DAYS[2]), now=False)
    assert sure.findings == ()
    assert (sure.former[0].fixed_at, sure.former[0].unconfirmed) == (DAYS[3], "")
    found = followed([finding()], judgement(3), after(unsure, DAYS[2]), now=False)
    assert (found.findings[0].unconfirmed, found.findings[0].reopened) == ("", 0)


@pytest.mark.parametrize(
    ("sources", "hops", "fixed"),
    [
        (("shop/deep/x#L1",), (), True),
        (("shop/deep/x#L1", "shop/y#L1"), (), False),
        (("shop",), (), False),
        (("shop/deep/x#L1",), ("shop/y#L1",), False),
        (("shopping/x",), (), False),
        ((), (), False),
    ],
)
def test_only_the_roots_that_state_it_have_to_be_whole(sources: tuple[str, ...], hops: tuple[str, ...], fixed: bool) -> None:
    hop = Hop(source=BOT, edge="USES", target=BOT, words="", sources=hops)
    scans = [Scan("shop", DAYS[1], "partial"), Scan("shop/deep", DAYS[1], "complete")]
    result = lived((1, [finding(sources=sources, path=(hop,) if hops else ())]), (2, []), scans=scans)[-1]
    assert bool(result.former) is fixed


@pytest.mark.parametrize("ends", [{"subject": ("Agent", "gone")}, {"target": ("Resource", "gone")}])
def test_of_what_is_gone_from_the_graph_nothing_is_open(ends: dict[str, NodeKey]) -> None:
    result = lived((1, [finding(**ends)]), (2, []), statuses=[], scans=[Scan("shop", DAYS[1], "partial")])[-1]  # type: ignore[arg-type]
    assert result.findings == ()
    assert result.former[0].fixed_at == DAYS[2]


def test_a_document_is_in_no_graph() -> None:
    result = lived((1, [finding(("Document", "shop/a.json"))]), (2, []), scans=[Scan("shop", DAYS[1], "partial")])[-1]
    assert result.findings[0].unconfirmed


def test_a_path_that_is_gone_is_not_shown() -> None:
    hop = Hop(source=BOT, edge="USES", target=("Tool", "gone"), words="")
    assert lived((1, [finding(path=(hop,))]), (2, []), statuses=[])[-1].findings[0].path == ()
    kept = Hop(source=BOT, edge="USES", target=("Agent", "other"), words="")
    assert lived((1, [finding(path=(kept,))]), (2, []), statuses=[])[-1].findings[0].path == (kept,)


def test_an_analysis_of_an_earlier_time_changes_no_life() -> None:
    other = finding(("Agent", "other"))
    open_, earlier, later = lived((5, [finding()]), (3, [other]), (6, [finding()]))
    assert [(one.subject, one.first_seen, one.last_seen) for one in earlier.findings] == [(("Agent", "other"), DAYS[3], DAYS[3])]
    assert earlier.former == open_.findings
    assert earlier.at == DAYS[5]
    [one] = later.findings
    assert (one.first_seen, one.last_seen, one.reopened) == (DAYS[5], DAYS[6], 0)
    assert later.former == ()
    assert lived((5, [finding()]), (3, []), (4, []))[-1].former == open_.findings


def test_the_present_stands_against_a_time_to_come() -> None:
    result = lived((2, [finding()]), (30, [finding(), finding(("Agent", "other"))]), (3, []), now=True)[-1]
    assert [(one.subject, one.fixed_at) for one in result.former] == [(BOT, DAYS[3])]
    assert result.at == DAYS[3]
    back = lived((2, [finding()]), (30, [finding()]), (3, [finding()]), now=True)[-1].findings[0]
    assert (back.first_seen, back.last_seen) == (DAYS[2], DAYS[3])


def test_results_of_before_findings_were_followed_are_followed_on() -> None:
    old = Analysis(generation=1, at=DAYS[1], scores=(), reach=(), findings=(finding(first_seen=DAYS[1]),), rules=())
    assert followed([], judgement(2), old, now=False).former[0].fixed_at == DAYS[2]


def test_ends_are_of_one_kind() -> None:
    ends: Collection[Ends] = [(("Agent", "other"), None)]
    assert lived((1, [finding()]), (2, []), unknowns={"GI-OWN-001": ends})[-1].former
