"""Incidents of a ServiceNow instance: SERVICENOW_URL, and SERVICENOW_TOKEN or SERVICENOW_USER and SERVICENOW_PASSWORD.

An incident's identity is its ``correlation_id``, and ``correlation_display`` holds the label. SERVICENOW_CLOSE_CODE is what it is resolved
with. One that is closed for good gets a successor when its findings come back.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any
from urllib.parse import quote

from graphinv.export import servicenow as incidents
from graphinv.export.senders import Found, basic, moment, needed, record, records
from graphinv.export.senders.web import Refused, Stopped, Web, address
from graphinv.export.support.tickets import Mark, Ticket
from graphinv.model.errors import UsageError

TABLE = "/api/now/table/incident"
FIELDS = "sys_id,number,short_description,description,state,correlation_id,correlation_display,sys_created_on,resolved_at,closed_at"
PAGE = 200
MAX_PAGES = 2000
CLOSE_CODE = "Solution provided"

_NEW, _RESOLVED, _CLOSED, _CANCELED = "1", "6", "7", "8"
_PLAIN = {"sysparm_display_value": "false", "sysparm_exclude_reference_link": "true", "sysparm_fields": FIELDS}


def tracker(environment: Mapping[str, str], where: str | None, label: str) -> ServiceNow:
    """The instance of the environment; ``where`` is the sys_id of the group that incidents are assigned to."""
    [url] = needed(environment, "SERVICENOW_URL")
    token = environment.get("SERVICENOW_TOKEN", "").strip()
    if token:
        [secret] = needed(environment, "SERVICENOW_TOKEN")
        authorization = f"Bearer {secret}"
    else:
        user, secret = needed(environment, "SERVICENOW_USER", "SERVICENOW_PASSWORD")
        authorization = basic(user, secret)
    group = where or environment.get("SERVICENOW_GROUP", "").strip()
    if group and not re.fullmatch(r"[0-9a-f]{32}", group):
        raise UsageError("a group is named by its sys_id, 32 hex digits")
    code = environment.get("SERVICENOW_CLOSE_CODE", "").strip() or CLOSE_CODE
    headers = {"Authorization": authorization, "Accept": "application/json"}
    web = Web(address(url, "SERVICENOW_URL"), headers, [secret, authorization.partition(" ")[2]])
    return ServiceNow(web, label, group, code)


class ServiceNow:
    """See :class:`graphinv.export.senders.Tracker`."""

    def __init__(self, web: Web, label: str, group: str = "", close_code: str = CLOSE_CODE) -> None:
        self.where = web.base.partition("://")[2]
        self.web = web
        self._label = label
        self._group = group
        self._close_code = close_code

    def tickets(self) -> Iterator[Found]:
        query = f"correlation_display={self._label}^ORDERBYsys_created_on^ORDERBYsys_id"
        for page in range(MAX_PAGES):
            answer = self.web.get(TABLE, sysparm_query=query, sysparm_limit=PAGE, sysparm_offset=page * PAGE, **_PLAIN)
            rows = records(record(answer.data).get("result"))
            yield from (self._found(row) for row in rows if re.fullmatch("[0-9a-f]{16}", str(row.get("correlation_id"))))
            if len(rows) < PAGE:
                return
        raise Stopped(f"{self.where} has more than {MAX_PAGES} pages of incidents")

    def create(self, ticket: Ticket) -> Found:
        given = {
            "correlation_id": ticket.key,
            "correlation_display": self._label,
            **incidents.incident(ticket),
            **({"assignment_group": self._group} if self._group else {}),
        }
        row = record(record(self.web.post(f"{TABLE}?{_query()}", given).data).get("result"))
        if (row.get("correlation_id"), row.get("correlation_display")) != (ticket.key, self._label):
            raise Stopped(
                f"{self.where} made {row.get('number')} without its correlation id, so it could not be found again: "
                "delete it, and let the user write correlation_id and correlation_display"
            )
        return self._found(row)

    def update(self, found: Found, ticket: Ticket, comment: str) -> None:
        self._change(found, {"description": self._renewed(found, ticket), **({"work_notes": comment} if comment else {})})

    def close(self, found: Found, comment: str) -> None:
        body = incidents.FRAME.marked(self._description(found), replace(found.mark, digest="", closed=True))
        notes = {"close_code": self._close_code, "close_notes": comment, "work_notes": comment}
        self._change(found, {"description": body, "state": _RESOLVED, **notes})

    def reopen(self, found: Found, ticket: Ticket, comment: str) -> None:
        self._change(found, {"description": self._renewed(found, ticket), "state": _NEW, "work_notes": comment})

    def _renewed(self, found: Found, ticket: Ticket) -> str:
        body = self._description(found)
        room = incidents.MAX_TEXT - len(incidents.FRAME.without(body)) - 2
        renewed = incidents.FRAME.renewed(body, incidents.part(ticket, room))
        if len(renewed) > incidents.MAX_TEXT:
            raise Refused(f"{found.name}: what people wrote in its description leaves no room for ours")
        return renewed

    def _description(self, found: Found) -> str:
        """As it is now: people may have changed it since the listing."""
        row = record(record(self.web.get(f"{TABLE}/{found.id}", **_PLAIN).data).get("result"))
        if row.get("correlation_id") != found.mark.key:
            raise Refused(f"{found.name} lost its correlation id while this ran")
        return str(row.get("description") or "")

    def _change(self, found: Found, given: Mapping[str, str]) -> None:
        row = record(record(self.web.change("PATCH", f"{TABLE}/{found.id}?{_query()}", given).data).get("result"))
        if "state" in given and row.get("state") != given["state"]:
            raise Refused(f"{found.name} stays in state {row.get('state')}: a rule of the instance, or a right that is missing")

    def _found(self, row: Mapping[str, Any]) -> Found:
        id, state = str(row.get("sys_id")), str(row.get("state"))
        if not re.fullmatch(r"[0-9a-f]{32}", id):
            raise Stopped(f"{self.where} answers with an incident that has no sys_id")
        key = str(row.get("correlation_id"))
        mark = incidents.FRAME.mark(str(row.get("description") or ""))
        return Found(
            id=id,
            name=str(row.get("number") or id),
            url=f"{self.web.base}/incident.do?sys_id={id}",
            title=str(row.get("short_description") or ""),
            # Whoever rewrote the description took the mark away; what it is about the correlation id still says.
            mark=replace(mark, key=key) if mark else Mark(key, "", "info", False, ()),
            open=state not in (_RESOLVED, _CLOSED, _CANCELED),
            created=str(row.get("sys_created_on") or ""),
            closed_at=moment(row.get("resolved_at")) or moment(row.get("closed_at")),
            declined=state == _CANCELED,
            final=state == _CLOSED,
        )


def _query() -> str:
    """What every answer to a change is to hold."""
    return "&".join(f"{name}={quote(value)}" for name, value in _PLAIN.items())
