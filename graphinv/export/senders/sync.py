"""Tickets brought in line with findings: what is to be done, as a plan that nothing was changed for yet, and doing it.

A ticket is open as long as one of its findings is. Nothing is closed but what is known to be over: fixed, accepted as a risk, or told in
another ticket that is open. Findings that the store never heard of are not known to be fixed. What people decided stays: a ticket that they
closed as not to be done, or opened again after graphinv closed it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from graphinv.export.senders import Found, Tracker
from graphinv.export.senders.web import Refused, Stopped, Unclear
from graphinv.export.support.tickets import Ticket
from graphinv.model.results import LEVELS, Level

Action = Literal["create", "reopen", "update", "close", "unchanged", "left"]
ACTIONS: tuple[Action, ...] = ("create", "reopen", "update", "close", "unchanged", "left")
CHANGES: tuple[Action, ...] = ("create", "reopen", "update", "close")

IN_A_ROW = 5
"""So many failures one after the other, and the rest would fail as well."""
LOST_WAIT = 5.0
"""Seconds until a ticket that may have been made is looked for."""


@dataclass(frozen=True)
class Wanted:
    """What the findings of a store call for."""

    at: str
    """When they were judged."""
    tickets: Mapping[str, Ticket]
    """By key."""
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Keys of the findings that are fixed, with the time."""
    accepted: frozenset[str] = frozenset()
    """Keys of those that are accepted as risks."""
    known: frozenset[str] = frozenset()
    """Keys of those that a baseline hides: no tickets are made for them, and none are changed."""
    unsure: str = ""
    """Why a finding that is absent may still be so; empty where all was read and judged."""


@dataclass
class Step:
    """One ticket, what is done about it, and what came of it."""

    action: Action
    key: str
    ticket: Ticket | None = None
    found: Found | None = None
    reason: str = ""
    successors: tuple[str, ...] = ()
    """Keys of the tickets that tell its findings now."""
    outcome: Literal["", "done", "failed", "not done"] = ""
    error: str = ""

    @property
    def severity(self) -> str:
        """Of the findings now, else of those it was about."""
        return self.ticket.severity if self.ticket else self.found.mark.severity if self.found else ""

    @property
    def title(self) -> str:
        """As its tracker has it, where it is there."""
        return self.found.title if self.found else self.ticket.title if self.ticket else ""


@dataclass(frozen=True)
class Plan:
    """What is to be done, in the order in which it is done."""

    steps: tuple[Step, ...]
    below: int = 0
    """Tickets that are not opened because their level is too low."""
    over: int = 0
    """Tickets that are not opened because this is enough for one run."""
    twice: tuple[str, ...] = ()
    """Tickets that are left alone because another open one has the same key, in words."""

    @property
    def counts(self) -> dict[Action, int]:
        """How many tickets of each action."""
        found = Counter(step.action for step in self.steps)
        return {action: found[action] for action in ACTIONS}


def plan(wanted: Wanted, found: Iterable[Found], *, least: Level = "info", limit: int = 0, close_unknown: bool = False) -> Plan:
    """What is to be done so that tickets are as the findings are. O(tickets + findings).

    Args:
        wanted: what the findings call for.
        found: all tickets that are there.
        least: tickets are opened for findings of this level or worse; those that are open are kept up to date whatever their level.
        limit: how many are opened at most, the worst first; 0 = all.
        close_unknown: close also those about findings that the store never heard of.
    """
    there, twice = _one_each(found)
    opened: list[Step] = []
    others: list[Step] = []
    below = 0
    for key, ticket in wanted.tickets.items():
        step = _standing(ticket, there.get(key), wanted.at)
        if step.action not in ("create", "reopen"):
            others.append(step)
        elif LEVELS.index(ticket.severity) > LEVELS.index(least):
            below += 1
        else:
            opened.append(step)
    opened.sort(key=lambda step: LEVELS.index(step.severity))  # stable: within a level as the findings are ordered
    created = [step for step in opened if step.action == "create"]
    kept = created[:limit] if limit else created
    steps = [*kept, *(step for step in opened if step.action == "reopen"), *others]
    will_be_open = {step.key for step in steps if step.action != "left"}
    place = {finding.key: key for key, ticket in wanted.tickets.items() for finding in ticket.findings}
    gone = [one for key, one in there.items() if key not in wanted.tickets and one.open]
    closing = [_over(one, wanted, place, will_be_open, close_unknown) for one in gone]
    ranked = sorted([*steps, *closing], key=lambda step: ACTIONS.index(step.action))
    return Plan(tuple(ranked), below, len(created) - len(kept), tuple(twice))


def _one_each(found: Iterable[Found]) -> tuple[dict[str, Found], list[str]]:
    """One ticket a key: the oldest that is open, else the youngest; and what is said of further open ones."""
    there: dict[str, Found] = {}
    twice = []
    for one in sorted({one.id: one for one in found}.values(), key=lambda one: one.created):
        before = there.get(one.mark.key)
        if before is not None and before.open:
            if one.open:
                twice.append(f"{one.name} is left alone: it has the same mark as {before.name}")
            continue
        there[one.mark.key] = one
    return there, twice


def _standing(ticket: Ticket, found: Found | None, at: str) -> Step:
    """What a ticket that there should be calls for."""
    if found is None:
        return Step("create", ticket.key, ticket)
    if found.open:
        # What graphinv closed has no digest any more, so it is not the same.
        return Step("unchanged" if found.mark.digest == ticket.digest else "update", ticket.key, ticket, found)
    if not found.mark.closed:
        if found.declined:
            why = "people closed it as not to be done; a file of accepted risks says so here as well"
            return Step("left", ticket.key, ticket, found, why)
        if found.closed_at and at <= found.closed_at:
            return Step("left", ticket.key, ticket, found, "people closed it after the last analysis; scan again")
    why = "graphinv finds it again" if found.mark.closed else "graphinv still finds it"
    reason = f"{why} ({at})"
    return Step("create", ticket.key, ticket, None, reason) if found.final else Step("reopen", ticket.key, ticket, found, reason)


def _over(found: Found, wanted: Wanted, place: Mapping[str, str], will_be_open: set[str], close_unknown: bool) -> Step:
    """What an open ticket that no finding calls for is to become."""
    if found.mark.closed:
        return Step("left", found.mark.key, None, found, "people opened it again after graphinv closed it")
    keys = found.mark.findings or (found.mark.key,)
    successors = tuple(dict.fromkeys(place[key] for key in keys if key in place))
    if not will_be_open.issuperset(successors):
        return Step("left", found.mark.key, None, found, "its findings belong to a ticket that is not open")
    if not wanted.known.isdisjoint(keys):
        return Step("left", found.mark.key, None, found, "the baseline knows its findings")
    unknown = [key for key in keys if key not in place and key not in wanted.fixed and key not in wanted.accepted]
    if unknown and not close_unknown:
        return Step("left", found.mark.key, None, found, "this store never had its findings; --close-unknown closes it")
    if unknown and wanted.unsure:
        return Step("left", found.mark.key, None, found, f"its findings are absent, but may still be so: {wanted.unsure}")
    times = [wanted.fixed[key] for key in keys if key in wanted.fixed]
    told = [
        *([f"graphinv no longer finds it since {max(times)}."] if times else []),
        *([f"graphinv does not find it (analysis of {wanted.at})."] if unknown else []),
        *(["The risk was accepted."] if not wanted.accepted.isdisjoint(keys) else []),
    ]
    return Step("close", found.mark.key, None, found, " ".join(told), successors)


def carry_out(tracker: Tracker, made: Plan, found: Sequence[Found], told: Callable[[int, str], None]) -> str:
    """Do what the plan says, step by step; each step gets its outcome.

    Args:
        tracker: where.
        made: the plan.
        found: the tickets it was made from.
        told: hears how many changes are done, and of what ticket.

    Returns:
        why it ended before the last step; empty where it did not. A later run takes up what is left.
    """
    tickets = {one.mark.key: one for one in found if one.open}
    known = {one.id for one in found}
    steps = [step for step in made.steps if step.action in CHANGES]
    for step in steps:
        step.outcome = "not done"
    failures = 0
    for done, step in enumerate(steps):
        told(done, step.title)
        try:
            _do(tracker, step, tickets, known)
        except (Stopped, KeyboardInterrupt) as error:
            return str(error) or "stopped"
        except (Refused, Unclear) as error:
            step.outcome, step.error = "failed", str(error)
            failures += 1
            if failures == IN_A_ROW:
                return f"{IN_A_ROW} changes failed one after the other"
        else:
            step.outcome = "done"
            failures = 0
    return ""


def _do(tracker: Tracker, step: Step, tickets: dict[str, Found], known: set[str]) -> None:
    if step.action == "create":
        assert step.ticket is not None  # noqa: S101 - for mypy: a step that creates has its ticket
        step.found = tickets[step.key] = _created(tracker, step.ticket, known)
    elif step.found is not None and step.action == "close":
        missing = [key for key in step.successors if key not in tickets]
        if missing:
            raise Refused("the ticket that its findings belong to now was not opened")
        moved = ", ".join(tickets[key].name for key in step.successors)
        tracker.close(step.found, " ".join(filter(None, [step.reason, f"What is left of it is told in {moved}." if moved else ""])))
    elif step.found is not None and step.ticket is not None:
        if step.action == "reopen":
            tracker.reopen(step.found, step.ticket, step.reason)
            tickets[step.key] = step.found
        else:
            tracker.update(step.found, step.ticket, _worse(step.found, step.ticket))


def _worse(found: Found, ticket: Ticket) -> str:
    """What is said aloud of a ticket that got worse; other changes are read in it."""
    before = found.mark.severity
    known = found.mark.digest and before in LEVELS
    return f"It is {ticket.severity} now, and was {before}." if known and LEVELS.index(ticket.severity) < LEVELS.index(before) else ""


def _created(tracker: Tracker, ticket: Ticket, known: set[str]) -> Found:
    """The ticket, opened once: where no answer came it is looked for, and if it is not there yet a later run is to see."""
    try:
        return tracker.create(ticket)
    except Unclear as error:
        tracker.web.sleep(LOST_WAIT)
        made = next(_new(tracker.tickets(), ticket.key, known), None)
        if made is None:
            raise Refused(f"{error}; it is not there, and a later run opens it if it still is not") from None
        return made


def _new(tickets: Iterator[Found], key: str, known: set[str]) -> Iterator[Found]:
    return (one for one in tickets if one.mark.key == key and one.id not in known)
