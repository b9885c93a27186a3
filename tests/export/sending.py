"""What is to be sent to trackers, and one run of a sync."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from graphinv.export.senders.sync import Plan, Wanted, carry_out, plan
from graphinv.export.support.tickets import Ticket, ticket_key
from graphinv.model.results import Finding
from tests.export.findings import finding
from tests.export.trackers import Fake

DAYS = [f"2026-07-{day:02}T12:00:00Z" for day in range(1, 10)]


def ticket(*findings: Finding, cause: str = "Identity:admin") -> Ticket:
    return Ticket.of(ticket_key(cause), findings, "Identity admin")


def wanted(*tickets: Ticket, day: int = 1, fixed: Sequence[Finding] = (), **more: Any) -> Wanted:
    return Wanted(DAYS[day], {one.key: one for one in tickets}, {one.key: DAYS[day] for one in fixed}, **more)


def sync(fake: Fake, want: Wanted, **more: Any) -> tuple[Plan, str]:
    sender = fake.trackers[0] if fake.trackers else fake.tracker()
    there = list(sender.tickets())
    made = plan(want, there, **more)
    fake.now = want.at.replace("T12", "T13")  # tickets change after the analysis
    return made, carry_out(sender, made, there, lambda done, title: None)


def counts(made: Plan) -> dict[str, int]:
    return {action: number for action, number in made.counts.items() if number}


ONE, OTHER = finding("high", "a"), finding("critical", "b")
