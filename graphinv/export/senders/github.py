"""Issues of a GitHub repository: GITHUB_TOKEN, which may write issues, and GITHUB_REPOSITORY; GITHUB_API_URL for a server of one's own.

The mark is a comment in the body. Only those who may triage can set a label, so an issue that a stranger wrote is never taken for ours.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from graphinv.export import github_issues as issues
from graphinv.export.senders import Found, moment, needed, record, records
from graphinv.export.senders.web import Refused, Stopped, Unclear, Web, address
from graphinv.export.support.tickets import Mark, Ticket, level_labels
from graphinv.model.errors import UsageError

PAUSE = 1.0
"""Seconds between two changes, as GitHub asks for."""
MAX_PAGES = 2000


def tracker(environment: Mapping[str, str], where: str | None, label: str) -> GitHub:
    """The repository ``where``, or that of the environment."""
    repository = where or environment.get("GITHUB_REPOSITORY", "").strip()
    if not re.fullmatch(r"[A-Za-z0-9-]+/(?!\.\.?$)[A-Za-z0-9._-]+", repository):
        raise UsageError("say which repository with --to OWNER/NAME or GITHUB_REPOSITORY")
    [token] = needed(environment, "GITHUB_TOKEN")
    base = address(environment.get("GITHUB_API_URL") or "https://api.github.com", "GITHUB_API_URL")
    headers = {"Authorization": f"Bearer {token}", "Accept": "application/vnd.github+json", "X-GitHub-Api-Version": "2022-11-28"}
    return GitHub(Web(base, headers, [token], pause=PAUSE), repository, label)


class GitHub:
    """See :class:`graphinv.export.senders.Tracker`."""

    def __init__(self, web: Web, repository: str, label: str) -> None:
        self.where = repository
        self.web = web
        self._label = label
        self._path = f"/repos/{repository}/issues"

    def tickets(self) -> Iterator[Found]:
        query: dict[str, Any] = {"labels": self._label, "state": "all", "sort": "created", "direction": "asc", "per_page": 100}
        for _ in range(MAX_PAGES):
            answer = self.web.get(self._path, **query)
            for issue in records(answer.data):
                mark = issues.FRAME.mark(_body(issue))
                if mark is not None and "pull_request" not in issue:
                    yield _found(issue, mark)
            # Of the address of the next page only what it asks for is taken, so that no answer can name another host.
            following = re.search(r'<([^>]*)>;\s*rel="next"', answer.headers.get("link", ""))
            if following is None:
                return
            query |= dict(parse_qsl(urlsplit(following[1]).query))
        raise Stopped(f"{self.where} has more than {MAX_PAGES} pages of issues")

    def create(self, ticket: Ticket) -> Found:
        given = {"title": issues.title(ticket), "body": issues.part(ticket), "labels": ticket.labels(self._label)}
        issue = record(self.web.post(self._path, given).data)
        if self._label not in _labels(issue):
            raise Stopped(
                f"{self.where} made #{issue.get('number')} without the label {self._label}, so it could not be found again: "
                "delete it, and give the token the right to set labels"
            )
        return _found(issue, ticket.mark(issues.MOST_KEYS))

    def update(self, found: Found, ticket: Ticket, comment: str) -> None:
        self._change(found, self._renewed(found, ticket))
        if comment:
            self._comment(found, comment)

    def close(self, found: Found, comment: str) -> None:
        body = issues.FRAME.marked(_body(self._issue(found)), replace(found.mark, digest="", closed=True))
        self._change(found, {"body": body, "state": "closed", "state_reason": "completed"})
        self._comment(found, comment)

    def reopen(self, found: Found, ticket: Ticket, comment: str) -> None:
        self._change(found, {**self._renewed(found, ticket), "state": "open"})
        self._comment(found, comment)

    def _renewed(self, found: Found, ticket: Ticket) -> dict[str, Any]:
        """Body and labels as they are now, ours renewed: people may have changed theirs since the listing."""
        issue = self._issue(found)
        body = issues.FRAME.renewed(_body(issue), issues.part(ticket, issues.MAX_BODY - len(issues.FRAME.without(_body(issue)))))
        others = [one for one in _labels(issue) if one not in {self._label, *level_labels(self._label)}]
        return {"body": body, "labels": [*others, *ticket.labels(self._label)]}

    def _issue(self, found: Found) -> dict[str, Any]:
        issue = record(self.web.get(f"{self._path}/{found.id}").data)
        mark = issues.FRAME.mark(_body(issue))
        if mark is None or mark.key != found.mark.key:
            raise Refused(f"{found.name} lost its mark while this ran")
        return issue

    def _change(self, found: Found, given: Mapping[str, Any]) -> None:
        self.web.change("PATCH", f"{self._path}/{found.id}", given)

    def _comment(self, found: Found, text: str) -> None:
        path = f"{self._path}/{found.id}/comments"
        try:
            self.web.post(path, {"body": text})
        except Unclear:
            since = {"since": found.closed_at} if found.closed_at else {}
            if not any(_body(comment) == text for comment in records(self.web.get(path, per_page=100, **since).data)):
                self.web.post(path, {"body": text})


def _body(issue: Mapping[str, Any]) -> str:
    body = issue.get("body")
    return body if isinstance(body, str) else ""


def _labels(issue: Mapping[str, Any]) -> list[str]:
    return [str(one.get("name")) for one in records(issue.get("labels"))]


def _found(issue: Mapping[str, Any], mark: Mark) -> Found:
    number = issue.get("number")
    if not isinstance(number, int):
        raise Stopped("GitHub answers with an issue that has no number")
    return Found(
        id=str(number),
        name=f"#{number}",
        url=str(issue.get("html_url") or ""),
        title=str(issue.get("title") or ""),
        mark=mark,
        open=issue.get("state") == "open",
        created=f"{number:012}",
        closed_at=moment(issue.get("closed_at")),
        declined=issue.get("state_reason") in ("not_planned", "duplicate"),
    )
