"""Issues of a project in Jira Cloud: JIRA_URL, JIRA_TOKEN, JIRA_PROJECT, JIRA_ISSUE_TYPE, and JIRA_USER where the token is a person's.

The mark is a property of the issue, which a copy of the issue does not get. Statuses have no fixed names in Jira: an issue is closed by the
first transition to a status of the category Done, preferably one that is called as in :data:`DONE`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from graphinv.export import jira as issues
from graphinv.export.senders import Found, basic, moment, needed, record, records
from graphinv.export.senders.web import Refused, Stopped, Unclear, Web, address
from graphinv.export.support import adf
from graphinv.export.support.tickets import Mark, Ticket, level_labels
from graphinv.model.errors import UsageError

API = "/rest/api/3"
MAX_PAGES = 2000
DONE = ("Done", "Resolved", "Fixed", "Closed", "Complete", "Completed")
TO_DO = ("To Do", "Open", "Reopened", "Backlog", "In Progress")
_DECLINED = re.compile(r"won.?t|declined|reject|cancel|duplicate|invalid|obsolete", re.IGNORECASE)


def tracker(environment: Mapping[str, str], where: str | None, label: str) -> Jira:
    """The project ``where``, or that of the environment."""
    project = where or environment.get("JIRA_PROJECT", "").strip()
    if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,254}", project):
        raise UsageError("say which project with --to KEY or JIRA_PROJECT")
    url, token = needed(environment, "JIRA_URL", "JIRA_TOKEN")
    user = environment.get("JIRA_USER", "").strip()
    authorization = basic(*needed(environment, "JIRA_USER", "JIRA_TOKEN")) if user else f"Bearer {token}"
    headers = {"Authorization": authorization, "Accept": "application/json"}
    web = Web(address(url, "JIRA_URL"), headers, [token, authorization.partition(" ")[2]])
    return Jira(web, project, label, environment.get("JIRA_ISSUE_TYPE", "").strip() or "Task")


class Jira:
    """See :class:`graphinv.export.senders.Tracker`."""

    def __init__(self, web: Web, project: str, label: str, issue_type: str = "Task") -> None:
        self.where = project
        self.web = web
        self._label = label
        self._issue_type = issue_type
        self._priority = True

    def tickets(self) -> Iterator[Found]:
        body: dict[str, Any] = {
            "jql": f'project = "{self.where}" AND labels = "{self._label}" ORDER BY created ASC, key ASC',
            "maxResults": 100,
            "fields": ["summary", "status", "resolution", "resolutiondate", "statuscategorychangedate", "created"],
            "properties": [self._label],
        }
        listed, ours = 0, 0
        for _ in range(MAX_PAGES):
            page = record(self.web.search(f"{API}/search/jql", body).data)
            for issue in records(page.get("issues")):
                found = self._found(issue)
                listed += 1
                if found is not None:
                    ours += 1
                    yield found
            following = page.get("nextPageToken")
            if not isinstance(following, str) or not following:
                break
            body["nextPageToken"] = following
        else:
            raise Stopped(f"{self.where} has more than {MAX_PAGES} pages of issues")
        if listed and not ours:
            # Were properties hidden from us, every run would open every ticket once more.
            raise Stopped(f"none of the {listed} issues with the label {self._label} has the property of that name; choose another --label")

    def create(self, ticket: Ticket) -> Found:
        mark = ticket.mark(issues.MOST_KEYS)
        fields = {
            "project": {"key": self.where},
            "issuetype": {"name": self._issue_type},
            "summary": issues.summary(ticket),
            "description": adf.document(issues.part(ticket)),
            "labels": ticket.labels(self._label),
            **({"priority": {"name": issues.PRIORITY[ticket.severity]}} if self._priority else {}),
        }
        try:
            made = self.web.post(f"{API}/issue", {"fields": fields, "properties": [self._property(mark)]})
        except Refused as error:
            if not self._priority or "priority" not in error.fields:
                raise
            # The project has no such field, or priorities of other names: it does without, for the others as well.
            self._priority = False
            return self.create(ticket)
        key = str(record(made.data).get("key") or "")
        if not key:
            raise Stopped("Jira answers with an issue that has no key")
        return Found(id=key, name=key, url=self._url(key), title=ticket.title, mark=mark, open=True)

    def update(self, found: Found, ticket: Ticket, comment: str) -> None:
        self._renew(found, ticket)
        if comment:
            self._comment(found, comment)

    def close(self, found: Found, comment: str) -> None:
        # The status first: were it the mark, a run that ends between the two would take the issue for one that people opened again.
        self._move(found, "done", DONE)
        mark = replace(found.mark, digest="", closed=True)
        self.web.change("PUT", f"{API}/issue/{found.id}/properties/{self._label}", self._property(mark)["value"])
        self._comment(found, comment)

    def reopen(self, found: Found, ticket: Ticket, comment: str) -> None:
        self._move(found, "open", TO_DO)
        self._renew(found, ticket)
        self._comment(found, comment)

    def _renew(self, found: Found, ticket: Ticket) -> None:
        """Our part of the description, our labels and the mark; all else as it is now, which people may have changed since the listing."""
        fields = record(record(self.web.get(f"{API}/issue/{found.id}", fields="description").data).get("fields"))
        description = fields.get("description")
        room = issues.MAX_ADF - adf.others_size(description)
        ours = ticket.labels(self._label)
        former = sorted(level_labels(self._label) - set(ours))
        changes = [*({"add": one} for one in ours), *({"remove": one} for one in former)]
        body = {
            "fields": {"description": adf.renewed(description, issues.part(ticket, room))},
            "update": {"labels": changes},
            "properties": [self._property(ticket.mark(issues.MOST_KEYS))],
        }
        self.web.change("PUT", f"{API}/issue/{found.id}", body)

    def _move(self, found: Found, to: str, names: Sequence[str]) -> None:
        """Into a status that is done, or one that is not; where it is in one already, nothing."""
        path = f"{API}/issue/{found.id}"
        for last in (False, True):
            issue = record(self.web.get(path, fields="status").data)
            if _is_done(record(record(issue.get("fields")).get("status"))) == (to == "done"):
                return
            data = record(self.web.get(f"{path}/transitions", expand="transitions.fields").data)
            chosen = _chosen(records(data.get("transitions")), to, names)
            if chosen is None:
                raise Refused(f"{found.name} has no transition to a status that is {to}")
            try:
                self.web.post(f"{path}/transitions", chosen)
            except Unclear:
                if last:
                    raise
            else:
                return

    def _comment(self, found: Found, text: str) -> None:
        path, body = f"{API}/issue/{found.id}/comment", adf.document(adf.paragraph(text))
        try:
            self.web.post(path, {"body": body})
        except Unclear:
            newest = record(self.web.get(path, orderBy="-created", maxResults=20).data)
            if not any(text in str(one.get("body")) for one in records(newest.get("comments"))):
                self.web.post(path, {"body": body})

    def _property(self, mark: Mark) -> dict[str, Any]:
        return {"key": self._label, "value": {"mark": str(mark)}}

    def _found(self, issue: Mapping[str, Any]) -> Found | None:
        """The issue as ours; none where it carries the label and no mark, as a copy does."""
        mark = Mark.parse(str(record(record(issue.get("properties")).get(self._label)).get("mark")))
        if mark is None:
            return None
        key, fields = str(issue.get("key")), record(issue.get("fields"))
        status = record(fields.get("status"))
        resolution = str(record(fields.get("resolution")).get("name") or "")
        return Found(
            id=key,
            name=key,
            url=self._url(key),
            title=str(fields.get("summary") or ""),
            mark=mark,
            open=not _is_done(status),
            created=str(fields.get("created") or ""),
            closed_at=moment(fields.get("resolutiondate")) or moment(fields.get("statuscategorychangedate")),
            declined=bool(resolution and resolution not in DONE) or bool(_DECLINED.search(str(status.get("name")))),
        )

    def _url(self, key: str) -> str:
        return f"{self.web.base}/browse/{key}"


def _is_done(status: Mapping[str, Any]) -> bool:
    return record(status.get("statusCategory")).get("key") == "done"


def _chosen(transitions: Sequence[Mapping[str, Any]], to: str, names: Sequence[str]) -> dict[str, Any] | None:
    """The body that asks for the best of ``transitions``, with a resolution where one must be given."""
    fitting = [one for one in transitions if _is_done(record(one.get("to"))) == (to == "done")]
    if to == "done":
        fitting = [one for one in fitting if not _DECLINED.search(str(record(one.get("to")).get("name")))]
    rank = {name: place for place, name in enumerate(names)}
    fitting.sort(key=lambda one: rank.get(str(record(one.get("to")).get("name")), len(names)))
    if not fitting:
        return None
    chosen: dict[str, Any] = {"transition": {"id": str(fitting[0].get("id"))}}
    resolution = record(record(fitting[0].get("fields")).get("resolution"))
    allowed = [str(one.get("name")) for one in records(resolution.get("allowedValues"))]
    done = next((name for name in DONE if name in allowed), None)
    if done and resolution.get("required"):
        chosen["fields"] = {"resolution": {"name": done}}
    return chosen
