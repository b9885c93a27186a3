"""Senders: what brings tickets to a tracker and keeps them as the findings are; and what asks decision points.

    web.py         requests over HTTP: one address, bounded waiting, what may be repeated is
    github.py      issues of a repository
    jira.py        issues of a project in Jira Cloud
    servicenow.py  incidents
    sync.py        what is to be done, as a plan, and doing it
    pdp.py         a decision point, asked what it would decide

A tracker is listed by a label that only people with rights of their own can set, never searched for text that a stranger may have written.
Each ticket carries a mark (:class:`graphinv.export.support.tickets.Mark`) by which it is found again.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

from graphinv.export.senders.web import Web
from graphinv.export.support.tickets import Mark, Ticket
from graphinv.model.errors import UsageError
from graphinv.model.kinds import normal_time

TRACKERS = ("jira", "servicenow", "github")


@dataclass(frozen=True)
class Found:
    """A ticket as its tracker has it."""

    id: str
    name: str
    """As people name it: ``#12``, ``SEC-3``."""
    url: str
    title: str
    mark: Mark
    open: bool
    created: str = ""
    """Sorts those of one tracker."""
    closed_at: str | None = None
    declined: bool = False
    """Whether people closed it as something that is not to be done."""
    final: bool = False
    """Whether it is closed for good."""


class Tracker(Protocol):
    """What each sender offers. Every method may raise :class:`~graphinv.model.errors.TrackerError`."""

    where: str
    """The repository, project or instance, for people."""
    web: Web

    def tickets(self) -> Iterator[Found]:
        """All tickets under the label, closed ones too."""
        ...

    def create(self, ticket: Ticket) -> Found:
        """Open a ticket.

        Raises:
            Unclear: it may be there now.
        """
        ...

    def update(self, found: Found, ticket: Ticket, comment: str) -> None:
        """Bring our part of it up to date; what people wrote stays."""
        ...

    def close(self, found: Found, comment: str) -> None:
        """Close it as done."""
        ...

    def reopen(self, found: Found, ticket: Ticket, comment: str) -> None:
        """Open it again, with our part up to date."""
        ...


@contextmanager
def tracker(name: str, environment: Mapping[str, str], where: str | None, label: str) -> Iterator[Tracker]:
    """The tracker ``name`` with addresses and credentials from ``environment``. Nothing is sent yet.

    Args:
        name: one of :data:`TRACKERS`.
        environment: variables, as the module of each tracker lists them.
        where: project, repository or group; from the environment when absent.
        label: what our tickets are listed by.

    Raises:
        UsageError: a variable is missing or no good; the message quotes none.
    """
    from graphinv.export.senders import github, jira, servicenow

    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]{0,39}", label):
        raise UsageError("a label is up to 40 letters, digits, - and _")
    makers: dict[str, Callable[[Mapping[str, str], str | None, str], Tracker]] = {
        "jira": jira.tracker,
        "servicenow": servicenow.tracker,
        "github": github.tracker,
    }
    made = makers[name](environment, where, label)
    try:
        yield made
    finally:
        made.web.close()


def needed(environment: Mapping[str, str], *names: str) -> list[str]:
    """The values of these variables.

    Raises:
        UsageError: one is not set, or cannot stand in a header.
    """
    missing = [name for name in names if not environment.get(name, "").strip()]
    if missing:
        raise UsageError(f"set {' and '.join(missing)} in the environment")
    values = [environment[name].strip() for name in names]
    for name, value in zip(names, values, strict=True):
        if not (value.isascii() and value.isprintable()):
            raise UsageError(f"{name} holds characters that no credential and no address has")
    return values


def basic(user: str, secret: str) -> str:
    """The value of an Authorization header."""
    return "Basic " + base64.b64encode(f"{user}:{secret}".encode()).decode("ascii")


def moment(text: object) -> str | None:
    """A tracker's time in the graph's form; none where it is none."""
    try:
        return str(normal_time(text)) if isinstance(text, str) and text else None
    except ValueError:
        return None


def record(data: Any) -> dict[str, Any]:
    """``data`` where it is an object, else an empty one: what a tracker answers may be anything."""
    return data if isinstance(data, dict) else {}


def records(data: Any) -> list[dict[str, Any]]:
    """The objects in ``data`` where it is a list, else none."""
    return [one for one in data if isinstance(one, dict)] if isinstance(data, list) else []
