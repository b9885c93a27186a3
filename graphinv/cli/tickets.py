"""Commands about tickets in a tracker: tickets sync."""

from __future__ import annotations

import os
from collections import Counter
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from graphinv.cli.options import Format, FormatOption, StoreOption, reader
from graphinv.cli.output import console, emit, progress, table, text, to_json, write
from graphinv.cli.stages import AcceptedOption, BaselineOption
from graphinv.cli.words import level
from graphinv.model.results import Level

if TYPE_CHECKING:
    from graphinv.export.senders.sync import Plan, Step

LISTED = 50
"""Rows of the table; JSON has all."""

tickets = typer.Typer(no_args_is_help=True)


class TrackerName(StrEnum):
    """Where tickets go."""

    jira = "jira"
    servicenow = "servicenow"
    github = "github"


class By(StrEnum):
    """What one ticket is about."""

    cause = "cause"
    finding = "finding"


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.add_typer(tickets, name="tickets")


@tickets.callback()
def _group(context: typer.Context) -> None:
    """Tickets for findings, opened, kept up to date and closed in Jira, ServiceNow or GitHub."""
    context.default_map = {"sync": context.default_map or {}}  # a store that was named before the command


@tickets.command()
def sync(
    tracker: Annotated[TrackerName, typer.Argument(help="Where tickets go", metavar="jira|servicenow|github")],
    to: Annotated[
        str | None,
        typer.Option(
            "--to",
            help="Project (Jira), OWNER/NAME (GitHub), sys_id of a group (ServiceNow); JIRA_PROJECT, GITHUB_REPOSITORY, SERVICENOW_GROUP "
            "when absent",
            metavar="WHERE",
        ),
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print what would be done, and change nothing")] = False,
    by: Annotated[By, typer.Option("--by", help="One ticket for each change that clears findings, or for each finding")] = By.cause,
    min_severity: Annotated[
        Level, typer.Option("--min-severity", "-s", help="Open tickets for this level or worse; open ones are kept up to date anyway")
    ] = "high",
    limit: Annotated[int, typer.Option("--limit", help="Open at most so many in one run, the worst first; 0 = all", min=0)] = 100,
    label: Annotated[
        str, typer.Option("--label", help="Label by which our tickets are listed; a store that shares a project needs one of its own")
    ] = "graphinv",
    close_unknown: Annotated[
        bool,
        typer.Option(
            "--close-unknown", help="Close tickets of findings that this store never had, too: for a store that is made anew each time"
        ),
    ] = False,
    accepted: AcceptedOption = None,
    baseline: BaselineOption = None,
    store: StoreOption = None,
    form: FormatOption = Format.table,
) -> None:
    """Open, update, reopen and close tickets so that they are as the findings of the last analysis; a second run changes nothing.

    Credentials come from the environment alone: JIRA_URL, JIRA_USER, JIRA_TOKEN; SERVICENOW_URL, SERVICENOW_TOKEN or SERVICENOW_USER and
    SERVICENOW_PASSWORD; GITHUB_TOKEN. Ends with 1 where not all could be done; the next run does the rest.
    """
    from graphinv.export.senders import tracker as tracker_of
    from graphinv.export.senders.sync import CHANGES, carry_out, plan
    from graphinv.pipeline.accepted import Filter
    from graphinv.pipeline.tickets import wanted as wanted_by

    hidden = Filter.of(accepted, baseline)
    with tracker_of(tracker.value, os.environ, to, label) as sender, progress() as told:
        with reader(store) as opened:
            wanted, shown = wanted_by(opened, hidden, by.value)
        told("tickets", 0, f"of {sender.where}")
        there = []
        for one in sender.tickets():
            there.append(one)
            told("tickets", len(there), f"of {sender.where}")
        made = plan(wanted, there, least=min_severity, limit=limit, close_unknown=close_unknown)
        stopped = "" if dry_run else carry_out(sender, made, there, lambda done, title: told("changes", done, title))
    for line in [*shown.words, *_left_out(made, min_severity, limit), *made.twice, *([f"ended early: {stopped}"] if stopped else [])]:
        console(err=True).print(text(line, "yellow"))
    _print(made, form, tracker.value, sender.where, dry_run, stopped)
    if not dry_run and any(step.outcome != "done" for step in made.steps if step.action in CHANGES):
        raise typer.Exit(1)


def _left_out(made: Plan, least: Level, limit: int) -> list[str]:
    lines = []
    if made.over:
        lines.append(
            f"LIMIT: {made.over} more tickets are not opened in this run (--limit {limit}); the next one goes on, --limit 0 opens all"
        )
    if made.below:
        lines.append(f"{made.below} tickets below {least} are not opened (--min-severity)")
    return lines


def _print(made: Plan, form: Format, name: str, where: str, dry_run: bool, stopped: str) -> None:
    records = [_record(step) for step in made.steps]
    if form is Format.json:
        failed = sum(step.outcome == "failed" for step in made.steps)
        about: dict[str, Any] = {"tracker": name, "to": where, "dry_run": dry_run, "counts": made.counts, "failed": failed}
        left = {"below": made.below, "over_limit": made.over, "stopped": stopped}
        write(to_json({**about, **left, "tickets": records}))
        return
    if form is not Format.table:
        emit(records, form, tuple(_COLUMNS))
        return
    screen = console()
    told = [step for step in made.steps if step.action != "unchanged"]
    rows = [_row(step) for step in told[:LISTED]]
    if rows:
        screen.print(table(["what", "ticket", "severity", "title", "findings", "why"], rows))
    if len(told) > LISTED:
        screen.print(text(f"… and {len(told) - LISTED} more (--format json has all)", "dim"))
    planned = "Planned, nothing was changed" if dry_run else "Tickets"
    screen.print(text(f"{planned} in {where}: {_counted(made, dry_run)}", "bold"))


_PLANNED = {"create": "to open", "reopen": "to open again", "update": "to update", "close": "to close"}
_DONE = {"create": "opened", "reopen": "opened again", "update": "updated", "close": "closed"}
_STAYS = {"unchanged": "as they should be", "left": "left alone"}


def _counted(made: Plan, dry_run: bool) -> str:
    """How many of each, in words; of changes those that were made, and how many were not."""
    if dry_run:
        counts = Counter(_PLANNED.get(step.action) or _STAYS[step.action] for step in made.steps)
    else:
        counts = Counter(_STAYS.get(step.action) or (_DONE[step.action] if step.outcome == "done" else step.outcome) for step in made.steps)
    order = [*(_PLANNED if dry_run else _DONE).values(), *_STAYS.values(), "failed", "not done"]
    return ", ".join(f"{counts[word]} {word}" for word in order if counts[word]) or "nothing to do"


def _row(step: Step) -> list[object]:
    what = f"{step.action}: {step.outcome}" if step.outcome in ("failed", "not done") else step.action
    findings = len(step.ticket.findings) if step.ticket else ""
    return [what, step.found.name if step.found else "", level(step.severity), step.title, findings, step.error or step.reason]


_COLUMNS = ("action", "outcome", "key", "ticket", "url", "severity", "title", "findings", "reason", "error")


def _record(step: Step) -> dict[str, Any]:
    return {
        "action": step.action,
        "outcome": step.outcome,
        "key": step.key,
        "ticket": step.found.name if step.found else "",
        "url": step.found.url if step.found else "",
        "severity": step.severity,
        "title": step.title,
        "findings": len(step.ticket.findings) if step.ticket else 0,
        "reason": step.reason,
        "error": step.error,
    }
