"""Tickets follow findings: whatever estates come one after the other, the tickets end as the findings are."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphinv.export.senders.sync import Wanted, carry_out, plan
from graphinv.export.support.tickets import ticket_key
from graphinv.model.errors import NotFound, TrackerError, UsageError
from graphinv.model.estate import Estate, NodeRecord
from graphinv.model.results import Analysis, Finding, Level, RuleStatus, finding_key
from graphinv.pipeline.accepted import Accepted, Filter, Known
from graphinv.pipeline.lifecycle import Followed, Judgement, followed
from graphinv.pipeline.tickets import By, wanted, wanted_of
from graphinv.store import Scan, open_store
from tests.export.trackers import FAKES, Fake, Fault, served

BOTS = tuple(f"bot-{number}" for number in range(6))
CAUSES = ("Identity:admin", "Identity:reader", "0123456789ab", None)
ESTATE = Estate.of([NodeRecord("Agent", bot, {}) for bot in BOTS], [])
LEVELS: tuple[Level, ...] = ("critical", "high", "low")


@dataclass(frozen=True)
class Day:
    """What a day brings."""

    found: dict[str, tuple[str | None, Level]]
    """By agent with a finding: its cause and level."""
    accepted: frozenset[str]
    blind: bool
    """Whether the rule could not be judged."""
    faults: Sequence[str]
    people: Sequence[tuple[str, int]]


def days() -> st.SearchStrategy[Day]:
    return st.builds(
        Day,
        st.dictionaries(st.sampled_from(BOTS), st.tuples(st.sampled_from(CAUSES), st.sampled_from(LEVELS))),
        st.frozensets(st.sampled_from(BOTS), max_size=1),
        st.booleans(),
        st.lists(st.sampled_from([Fault.NONE, Fault.NONE, *Fault.ALL]), max_size=12),
        st.lists(st.tuples(st.sampled_from(["write", "close"]), st.integers(0, 9)), max_size=3),
    )


class Life:
    """A store, a tracker and people, day after day."""

    def __init__(self, fake: Fake, by: By) -> None:
        self.fake = fake
        self.by: By = by
        self.sender = fake.tracker()
        self.analysis: Analysis | None = None
        self.written: defaultdict[str, list[str]] = defaultdict(list)

    def live(self, number: int, day: Day) -> None:
        at = f"2026-07-{number + 1:02}T00:00:00Z"
        found = [] if day.blind else [_finding(bot, cause, level) for bot, (cause, level) in day.found.items()]
        status = RuleStatus(rule="GI-OWN-001", title="t", outcome="not_available" if day.blind else "clear", reason="no owners")
        scans = [Scan("shop", at, "complete")]
        after = followed(found, Judgement(at, [status], ESTATE, scans), self.analysis, now=False)
        self.analysis = _analysis(at, after)
        risks = tuple(Accepted(subject=f"Agent:{bot}", owner="ana", reason="r", until=date(2026, 12, 31)) for bot in sorted(day.accepted))
        want, shown = wanted_of(self.analysis, ESTATE, scans, Filter(accepted=risks), self.by)
        self.fake.now = f"2026-07-{number + 1:02}T12:00:00Z"
        self.fake.faults = list(day.faults)
        with suppress(TrackerError):
            self.sync(want)
        self.fake.faults = []
        self.sync(want)
        writes = len(self.fake.writes())
        self.sync(want)
        assert len(self.fake.writes()) == writes, "a further run changes nothing"
        self.is_right(shown.findings)
        for act, place in day.people:
            self.meddle(act, place)

    def sync(self, want: Wanted) -> None:
        there = list(self.sender.tickets())
        carry_out(self.sender, plan(want, there), there, lambda done, title: None)

    def is_right(self, findings: Sequence[Finding]) -> None:
        groups: defaultdict[str, set[str]] = defaultdict(set)
        for one in findings:
            groups[ticket_key(one.cause) if one.cause and self.by == "cause" else one.key].add(one.key)
        assert self.fake.open_keys() == sorted(groups)
        for id in self.fake.ids():
            text = self.fake.text(id)
            assert [one for one in self.written[id] if one not in text] == []
            if self.fake.is_open(id):
                expected = groups[str(self.fake.key(id))]
                assert {key for key in KEYS if key in text} == expected

    def meddle(self, act: str, place: int) -> None:
        ids = self.fake.ids()
        if not ids:
            return
        id = ids[place % len(ids)]
        if act == "write":
            self.written[id].append(f"note {len(self.written[id])} of {id}")
            self.fake.people_write(id, self.written[id][-1])
        elif self.fake.is_open(id):
            self.fake.people_close(id)


def _finding(bot: str, cause: str | None, level: Level) -> Finding:
    subject = ("Agent", bot)
    key = finding_key("GI-OWN-001", subject, None)
    return Finding(key, "GI-OWN-001", "Ownerless agent", level, 1.0, subject, sources=("shop/a.json#L1",), cause=cause)


def judged(*findings: Finding, at: str = "2026-07-02T00:00:00Z", followed_at: str | None = None, **more: object) -> Analysis:
    given = {"generation": 1, "at": at, "scores": (), "reach": (), "findings": findings, "rules": (), "followed_at": followed_at}
    return Analysis.model_validate({**given, **more})


def test_what_is_hidden_makes_no_ticket_and_is_told_apart() -> None:
    accepted, known, shown = (_finding(bot, "Identity:admin", "high") for bot in BOTS[:3])
    fixed = replace(_finding("bot-5", None, "low"), fixed_at="2026-07-01T00:00:00Z")
    risk = Accepted(subject="Agent:bot-0", owner="ana", reason="r", until=date(2026, 12, 31))
    hidden = Filter((risk,), dict.fromkeys((known.key, accepted.key), Known("critical", secret=False)))
    want, left = wanted_of(judged(accepted, known, shown, former=(fixed,)), ESTATE, [], hidden, "cause")
    assert [one.findings for one in want.tickets.values()] == [(shown,)]
    assert (want.accepted, want.known) == (frozenset({accepted.key}), frozenset({known.key}))
    assert dict(want.fixed) == {fixed.key: fixed.fixed_at}
    assert left.words == ["1 finding hidden as accepted risk", "1 finding hidden that the baseline knows"]


def test_absence_says_nothing_where_not_all_was_read_or_judged() -> None:
    at = "2026-07-02T00:00:00Z"
    partial = [Scan("shop", at, "complete"), Scan("infra", at, "partial")]
    assert wanted_of(judged(), ESTATE, partial, Filter(), "cause")[0].unsure == "infra was last read in part only"
    failed = RuleStatus(rule="GI-X-001", title="t", outcome="error")
    assert wanted_of(judged(rules=(failed,)), ESTATE, partial[:1], Filter(), "cause")[0].unsure == "rule GI-X-001 failed"
    assert wanted_of(judged(), ESTATE, partial[:1], Filter(), "cause")[0].unsure == ""


def test_tickets_are_not_made_of_the_past(tmp_path: Path) -> None:
    with open_store(tmp_path / "graph", write=True) as store:
        with pytest.raises(NotFound, match="not analyzed yet"):
            wanted(store, Filter(), "cause")
        store.commit(Scan(root="shop", at="2026-07-01T00:00:00Z", outcome="complete"), [], [])
        store.put_analysis(judged(at="2026-07-02T00:00:00Z", followed_at="2026-07-03T00:00:00Z"))
        with pytest.raises(UsageError, match="judged an earlier time"):
            wanted(store, Filter(), "cause")


KEYS = {_finding(bot, None, "high").key for bot in BOTS}


def _analysis(at: str, after: Followed) -> Analysis:
    return Analysis(generation=1, at=at, scores=(), reach=(), findings=after.findings, rules=(), former=after.former, followed_at=after.at)


@pytest.mark.parametrize("kind", FAKES)
@given(st.sampled_from(["cause", "finding"]), st.lists(days(), min_size=1, max_size=5))
@settings(max_examples=20)
def test_tickets_end_as_the_findings_are(kind: type[Fake], by: By, lived: list[Day]) -> None:
    with served(kind()) as fake:
        life = Life(fake, by)
        for number, day in enumerate(lived):
            life.live(number, day)
