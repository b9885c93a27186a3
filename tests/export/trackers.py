"""Trackers on loopback, as much of each interface as a sync uses: they keep state, give pages, and fail where they are told to."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from graphinv.export import github_issues
from graphinv.export.senders import Tracker, github, jira
from graphinv.export.senders import servicenow as snow
from graphinv.export.support.tickets import Mark

TOKEN = "tok-5EcRet-0f-the-tracker"
Answer = tuple[int, Any]


@dataclass(frozen=True)
class Request:
    """One that came."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    raw: bytes


class Fault:
    """What goes wrong with one request."""

    NONE = ""
    LIMIT = "limit"  # 429, nothing done
    BUSY = "busy"  # 503, nothing done
    BROKEN = "broken"  # 500, nothing done
    LOST = "lost"  # done, and the connection ends without an answer
    BROKEN_AFTER = "broken after"  # done, and 502
    ALL = (LIMIT, BUSY, BROKEN, LOST, BROKEN_AFTER)


@dataclass
class Fake:
    """What the three have in common."""

    page: int = 100
    now: str = "2026-07-01T00:00:00Z"
    faults: list[str] = field(default_factory=list)
    """Of the next requests, in order."""
    requests: list[Request] = field(default_factory=list)
    url: str = ""
    trackers: list[Tracker] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def answer(self, request: Request) -> Answer:
        raise NotImplementedError

    def authorized(self, request: Request) -> bool:
        return TOKEN in request.headers.get("authorization", "")

    def headers(self, request: Request, data: Any) -> dict[str, str]:
        return {}

    def made(self) -> Tracker:
        raise NotImplementedError

    def encoded(self, data: Any) -> bytes:
        return b"" if data is None else json.dumps(data).encode()

    def tracker(self, waited: list[float] | None = None) -> Tracker:
        """The sender, which notes how long it would have waited."""
        made = self.made()
        made.web.sleep = ([] if waited is None else waited).append
        made.web.pause = 0.0
        self.trackers.append(made)
        return made

    def ids(self) -> list[str]:
        """Of all tickets."""
        raise NotImplementedError

    def key(self, id: str) -> str | None:
        """Of our mark."""
        raise NotImplementedError

    def is_open(self, id: str) -> bool:
        raise NotImplementedError

    def text(self, id: str) -> str:
        """All of the description, as it is kept."""
        raise NotImplementedError

    def comments(self, id: str) -> list[str]:
        raise NotImplementedError

    def people_close(self, id: str, *, declined: bool = False) -> None:
        raise NotImplementedError

    def people_open(self, id: str) -> None:
        raise NotImplementedError

    def people_write(self, id: str, text: str) -> None:
        """Add ``text`` above all that the description holds."""
        raise NotImplementedError

    def open_keys(self) -> list[str]:
        return sorted(str(self.key(id)) for id in self.ids() if self.is_open(id))

    def writes(self) -> list[Request]:
        return [one for one in self.requests if one.method != "GET" and not one.path.endswith("/search/jql")]


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    fake: Fake

    def _any(self) -> None:
        raw = self.rfile.read(int(self.headers.get("content-length") or 0))
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        body = json.loads(raw) if raw else None
        request = Request(self.command, parts.path, dict(parse_qsl(parts.query)), headers, body, raw)
        with self.fake.lock:
            self.fake.requests.append(request)
            fault = self.fake.faults.pop(0) if self.fake.faults else Fault.NONE
            if fault == Fault.LIMIT:
                return self._send(429, {"message": "slow down"}, {"Retry-After": "7"})
            if fault == Fault.BUSY:
                return self._send(503, None, {})
            if fault == Fault.BROKEN:
                return self._send(500, {"error": {"message": "oops"}}, {})
            status, data = self.fake.answer(request) if self.fake.authorized(request) else (401, {"message": "Bad credentials"})
            if fault == Fault.LOST:
                self.close_connection = True
                return None
            if fault == Fault.BROKEN_AFTER:
                return self._send(502, None, {})
            return self._send(status, data, self.fake.headers(request, data))

    do_GET = do_POST = do_PUT = do_PATCH = _any  # noqa: N815 - names of the base class

    def _send(self, status: int, data: Any, headers: Mapping[str, str]) -> None:
        content = self.fake.encoded(data)
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: Any) -> None:
        pass


@contextmanager
def served(fake: Fake) -> Iterator[Fake]:
    """``fake`` at an address of its own."""
    handler = type("Bound", (Handler,), {"fake": fake})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=lambda: server.serve_forever(poll_interval=0.01), daemon=True)
    thread.start()
    fake.url = f"http://127.0.0.1:{server.server_address[1]}"
    try:
        yield fake
    finally:
        for tracker in fake.trackers:
            tracker.web.close()
        server.shutdown()
        server.server_close()
        thread.join()


@dataclass
class FakeGitHub(Fake):
    """Issues of acme/shop."""

    issues: list[dict[str, Any]] = field(default_factory=list)
    said: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    may_label: bool = True

    def made(self) -> Tracker:
        environment = {"GITHUB_TOKEN": TOKEN, "GITHUB_API_URL": self.url}
        return github.tracker(environment, "acme/shop", "graphinv")

    def answer(self, request: Request) -> Answer:
        assert request.headers["x-github-api-version"]
        base = "/repos/acme/shop/issues"
        if request.path == base and request.method == "GET":
            start = (int(request.query.get("page", "1")) - 1) * self._size(request)
            return 200, self._listed(request)[start : start + self._size(request)]
        if request.path == base:
            return 201, self._made(request.body)
        found = re.fullmatch(rf"{base}/(\d+)(/comments)?", request.path)
        issue = next((one for one in self.issues if found and str(one["number"]) == found[1]), None)
        if found is None or issue is None:
            return 404, {"message": "Not Found"}
        if found[2]:
            said = self.said.setdefault(found[1], [])
            if request.method == "GET":
                return 200, said
            said.append({"body": request.body["body"], "created_at": self.now})
            return 201, said[-1]
        if request.method == "PATCH":
            self._changed(issue, request.body)
        return 200, issue

    def headers(self, request: Request, data: Any) -> dict[str, str]:
        if not (request.path.endswith("/issues") and request.method == "GET"):
            return {}
        page = int(request.query.get("page", "1"))
        more = len(self._listed(request)) > page * self._size(request)
        # The host is another one on purpose: only what it asks for may be taken.
        link = f"<https://elsewhere.invalid/repositories/1/issues?labels=graphinv&state=all&page={page + 1}&per_page={self._size(request)}>"
        return {"Link": f'{link}; rel="next"'} if more else {}

    def _size(self, request: Request) -> int:
        return min(self.page, int(request.query.get("per_page", "30")))

    def _listed(self, request: Request) -> list[dict[str, Any]]:
        assert request.query["state"] == "all"
        label = request.query["labels"]
        return [one for one in self.issues if any(name["name"] == label for name in one["labels"])]

    def _made(self, body: Mapping[str, Any]) -> dict[str, Any]:
        assert len(body["title"]) <= 256
        assert len(body["body"]) <= 65536
        number = len(self.issues) + 1
        labels = [{"name": name} for name in body["labels"]] if self.may_label else []
        made = {"number": number, "html_url": f"{self.url}/acme/shop/issues/{number}", "state": "open", "state_reason": None}
        self.issues.append({**made, "title": body["title"], "body": body["body"], "labels": labels, "closed_at": None})
        return self.issues[-1]

    def _changed(self, issue: dict[str, Any], body: Mapping[str, Any]) -> None:
        assert set(body) <= {"body", "labels", "state", "state_reason"}
        assert len(body.get("body", "")) <= 65536
        issue.update({name: value for name, value in body.items() if name != "labels"})
        if "labels" in body:
            issue["labels"] = [{"name": name} for name in body["labels"]]
        if body.get("state") == "closed":
            issue["closed_at"] = self.now
        elif body.get("state") == "open":
            issue.update(closed_at=None, state_reason="reopened")

    def issue(self, id: str) -> dict[str, Any]:
        return self.issues[int(id) - 1]

    def ids(self) -> list[str]:
        return [str(one["number"]) for one in self.issues]

    def key(self, id: str) -> str | None:
        mark = github_issues.FRAME.mark(self.issue(id)["body"])
        return mark.key if mark else None

    def is_open(self, id: str) -> bool:
        return bool(self.issue(id)["state"] == "open")

    def text(self, id: str) -> str:
        return str(self.issue(id)["body"])

    def comments(self, id: str) -> list[str]:
        return [one["body"] for one in self.said.get(id, [])]

    def people_close(self, id: str, *, declined: bool = False) -> None:
        self.issue(id).update(state="closed", state_reason="not_planned" if declined else "completed", closed_at=self.now)

    def people_open(self, id: str) -> None:
        self.issue(id).update(state="open", state_reason="reopened", closed_at=None)

    def people_write(self, id: str, text: str) -> None:
        # The page of an issue writes line ends like this, ours included.
        self.issue(id)["body"] = f"{text}\n{self.issue(id)['body']}".replace("\r\n", "\n").replace("\n", "\r\n")


def _status(name: str) -> dict[str, Any]:
    category = {"To Do": "new", "Triage": "new", "In Progress": "indeterminate"}.get(name, "done")
    return {"name": name, "statusCategory": {"key": category}}


@dataclass
class FakeJira(Fake):
    """Project SEC, whose workflow asks for a resolution."""

    issues: list[dict[str, Any]] = field(default_factory=list)
    priorities: bool = True
    workflow: tuple[str, ...] = ("Won't Do", "Done", "In Progress", "To Do")

    def made(self) -> Tracker:
        environment = {"JIRA_URL": self.url, "JIRA_TOKEN": TOKEN}
        return jira.tracker(environment, "SEC", "graphinv")

    def answer(self, request: Request) -> Answer:
        path = request.path.removeprefix("/rest/api/3")
        if path == "/search/jql":
            return 200, self._searched(request.body)
        if path == "/issue":
            return self._made(request.body)
        found = re.fullmatch(r"/issue/([A-Z]+-\d+)(/transitions|/comment|/properties/graphinv)?", path)
        issue = next((one for one in self.issues if found and one["key"] == found[1]), None)
        if found is None or issue is None:
            return 404, {"errorMessages": ["Issue does not exist or you do not have permission to see it."], "errors": {}}
        return self._of_issue(issue, found[2], request)

    def _of_issue(self, issue: dict[str, Any], part: str | None, request: Request) -> Answer:
        if part == "/comment":
            if request.method == "GET":
                return 200, {"comments": issue["comments"][::-1]}
            issue["comments"].append({"body": request.body["body"]})
            return 201, issue["comments"][-1]
        if part == "/properties/graphinv":
            issue["properties"]["graphinv"] = request.body
            return 200, None
        if part == "/transitions":
            return self._moved(issue, request)
        if request.method == "PUT":
            self._changed(issue, request.body)
            return 204, None
        return 200, {"key": issue["key"], "fields": {name: issue["fields"].get(name) for name in request.query["fields"].split(",")}}

    def _searched(self, body: Mapping[str, Any]) -> dict[str, Any]:
        assert set(body) <= {"jql", "maxResults", "fields", "properties", "nextPageToken"}
        asked = re.fullmatch(r'project = "SEC" AND labels = "([\w-]+)" ORDER BY created ASC, key ASC', body["jql"])
        assert asked
        listed = [one for one in self.issues if asked[1] in one["fields"]["labels"]]
        start, size = int(body.get("nextPageToken", "p0")[1:]), min(self.page, body["maxResults"])
        issues = [
            {
                "key": one["key"],
                "fields": {name: one["fields"].get(name) for name in body["fields"]},
                "properties": {name: one["properties"][name] for name in body["properties"] if name in one["properties"]},
            }
            for one in listed[start : start + size]
        ]
        last = start + size >= len(listed)
        return {"issues": issues, "isLast": last, **({} if last else {"nextPageToken": f"p{start + size}"})}

    def _made(self, body: Mapping[str, Any]) -> Answer:
        fields = body["fields"]
        assert fields["project"] == {"key": "SEC"}
        assert len(fields["summary"]) <= 255
        if "priority" in fields and not self.priorities:
            return 400, {"errorMessages": [], "errors": {"priority": "Field 'priority' cannot be set."}}
        checked(fields["description"])
        number = len(self.issues) + 1
        more = {"status": _status("To Do"), "created": f"2026-07-01T00:00:{number % 60:02}.000+0000", "resolution": None}
        properties = {one["key"]: one["value"] for one in body["properties"]}
        self.issues.append({"key": f"SEC-{number}", "fields": {**fields, **more}, "properties": properties, "comments": []})
        return 201, {"id": str(number), "key": f"SEC-{number}", "self": ""}

    def _changed(self, issue: dict[str, Any], body: Mapping[str, Any]) -> None:
        assert set(body) <= {"fields", "update", "properties"}
        assert not set(body.get("fields", {})) & set(body.get("update", {}))
        if "fields" in body:
            checked(body["fields"]["description"])
            issue["fields"].update(body["fields"])
        labels = issue["fields"]["labels"]
        for change in body.get("update", {}).get("labels", []):
            if "add" in change and change["add"] not in labels:
                labels.append(change["add"])
            if "remove" in change and change["remove"] in labels:
                labels.remove(change["remove"])
        issue["properties"].update({one["key"]: one["value"] for one in body.get("properties", [])})

    def _moved(self, issue: dict[str, Any], request: Request) -> Answer:
        present = issue["fields"]["status"]["name"]
        names = [name for name in self.workflow if name != present]
        if request.method == "GET":
            needs = {"resolution": {"required": True, "allowedValues": [{"name": "Won't Do"}, {"name": "Done"}]}}
            fields = {name: needs if _status(name)["statusCategory"]["key"] == "done" else {} for name in names}
            return 200, {"transitions": [{"id": str(n), "to": _status(name), "fields": fields[name]} for n, name in enumerate(names)]}
        to = names[int(request.body["transition"]["id"])]
        if _status(to)["statusCategory"]["key"] == "done" and "resolution" not in request.body.get("fields", {}):
            return 400, {"errorMessages": [], "errors": {"resolution": "Resolution is required."}}
        self._set(issue, to)
        return 204, None

    def _set(self, issue: dict[str, Any], name: str) -> None:
        done = _status(name)["statusCategory"]["key"] == "done"
        resolution = {"name": name} if done else None
        at = self.now.replace("Z", ".000+0000") if done else None
        issue["fields"].update(status=_status(name), resolution=resolution, resolutiondate=at)

    def issue(self, id: str) -> dict[str, Any]:
        return next(one for one in self.issues if one["key"] == id)

    def ids(self) -> list[str]:
        return [one["key"] for one in self.issues]

    def key(self, id: str) -> str | None:
        mark = Mark.parse(self.issue(id)["properties"].get("graphinv", {}).get("mark", ""))
        return mark.key if mark else None

    def is_open(self, id: str) -> bool:
        return bool(self.issue(id)["fields"]["status"]["statusCategory"]["key"] != "done")

    def text(self, id: str) -> str:
        return json.dumps(self.issue(id)["fields"]["description"])

    def comments(self, id: str) -> list[str]:
        return ["".join(texts(one["body"])) for one in self.issue(id)["comments"]]

    def people_close(self, id: str, *, declined: bool = False) -> None:
        self._set(self.issue(id), "Won't Do" if declined else "Done")

    def people_open(self, id: str) -> None:
        self._set(self.issue(id), "In Progress")

    def people_write(self, id: str, text: str) -> None:
        description = self.issue(id)["fields"]["description"]
        for node in description["content"]:  # the editor gives every node an id
            node.setdefault("attrs", {})["localId"] = "a1"
        description["content"].insert(0, {"type": "paragraph", "content": [{"type": "text", "text": text}]})


def checked(node: Any) -> None:
    """Refuse what is no document of the Atlassian format, as far as ours use it."""
    inside = {
        "doc": {"paragraph", "expand"},
        "expand": {"paragraph", "heading", "bulletList", "orderedList"},
        "bulletList": {"listItem"},
        "orderedList": {"listItem"},
        "listItem": {"paragraph"},
        "paragraph": {"text"},
        "heading": {"text"},
    }
    if node["type"] == "text":
        assert node["text"]
        assert all(mark["type"] in ("strong", "code") for mark in node.get("marks", []))
        return
    for child in node["content"]:
        assert child["type"] in inside[node["type"]], (node["type"], child["type"])
        checked(child)
    assert node["content"] or node["type"] in ("paragraph", "doc")


def texts(node: Any) -> Iterator[str]:
    if node["type"] == "text":
        yield node["text"]
    for child in node.get("content", []):
        yield from texts(child)


@dataclass
class FakeServiceNow(Fake):
    """Incidents, with the rule that a resolution says how."""

    rows: list[dict[str, str]] = field(default_factory=list)
    page: int = 10_000
    kept: tuple[str, ...] = ("correlation_id", "correlation_display")
    """What of an incident's identity the user may write."""
    stuck: bool = False
    """Whether a rule keeps states as they are."""

    def made(self) -> Tracker:
        environment = {"SERVICENOW_URL": self.url, "SERVICENOW_TOKEN": TOKEN}
        return snow.tracker(environment, None, "graphinv")

    def answer(self, request: Request) -> Answer:
        path = request.path.removeprefix("/api/now/table/incident")
        if not path and request.method == "GET":
            return self._listed(request.query)
        if not path:
            return 201, {"result": self._made(request.body)}
        row = next((one for one in self.rows if one["sys_id"] == path[1:]), None)
        if row is None:
            return 404, {"error": {"message": "No Record found", "detail": "Record doesn't exist"}, "status": "failure"}
        if request.method == "PATCH":
            if row["state"] == "7" or (request.body.get("state") == "6" and not request.body.get("close_code")):
                return 403, {"error": {"message": "Operation Failed", "detail": "Data Policy Exception"}, "status": "failure"}
            self._changed(row, request.body)
        return 200, {"result": row}

    def _listed(self, query: Mapping[str, str]) -> Answer:
        asked = re.fullmatch(r"correlation_display=([\w-]+)\^ORDERBYsys_created_on\^ORDERBYsys_id", query["sysparm_query"])
        assert asked
        listed = [one for one in self.rows if one.get("correlation_display") == asked[1]]
        start, size = int(query["sysparm_offset"]), int(query["sysparm_limit"])
        assert size <= self.page
        return 200, {
            "result": [{name: one.get(name, "") for name in query["sysparm_fields"].split(",")} for one in listed][start : start + size]
        }

    def _made(self, body: Mapping[str, str]) -> dict[str, str]:
        number = len(self.rows) + 1
        row = {
            "sys_id": f"{number:032x}",
            "number": f"INC{number:07}",
            "state": "1",
            "sys_created_on": f"2026-07-01 00:{number // 60:02}:{number % 60:02}",
        }
        kept = {name: value for name, value in body.items() if name in self.kept or not name.startswith("correlation")}
        self.rows.append({**row, "notes": "[]"})
        self._changed(self.rows[-1], kept)
        return self.rows[-1]

    def _changed(self, row: dict[str, str], body: Mapping[str, str]) -> None:
        for name, value in body.items():
            if self.stuck and name == "state":
                continue
            if name == "work_notes":
                row["notes"] = json.dumps([*json.loads(row["notes"]), value])
            else:
                row[name] = value[: {"description": 4000, "short_description": 160}.get(name, 4000)]
        if body.get("state") == "6":
            row["resolved_at"] = self.now.replace("T", " ").rstrip("Z")

    def row(self, id: str) -> dict[str, str]:
        return next(one for one in self.rows if one["sys_id"] == id)

    def ids(self) -> list[str]:
        return [one["sys_id"] for one in self.rows]

    def key(self, id: str) -> str | None:
        return self.row(id).get("correlation_id")

    def is_open(self, id: str) -> bool:
        return self.row(id)["state"] not in ("6", "7", "8")

    def text(self, id: str) -> str:
        return self.row(id)["description"]

    def comments(self, id: str) -> list[str]:
        found: list[str] = json.loads(self.row(id)["notes"])
        return found

    def people_close(self, id: str, *, declined: bool = False) -> None:
        self._changed(self.row(id), {"state": "8" if declined else "6"})

    def people_open(self, id: str) -> None:
        self.row(id)["state"] = "2"

    def people_write(self, id: str, text: str) -> None:
        self.row(id)["description"] = f"{text}\n{self.row(id)['description']}"

    def lock_away(self, id: str) -> None:
        """What the platform does some days after an incident was resolved."""
        self.row(id)["state"] = "7"


FAKES: tuple[type[Fake], ...] = (FakeGitHub, FakeJira, FakeServiceNow)
