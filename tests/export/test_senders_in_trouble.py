"""Senders against trackers that are busy, broken, or no trackers at all, and what is never told: the credentials."""

from __future__ import annotations

import json
import time
from contextlib import suppress
from typing import Any

import pytest

from graphinv.export.senders import TRACKERS, tracker, web
from graphinv.export.senders.sync import carry_out, plan
from graphinv.export.senders.web import LOOPBACK, MOST_WAIT, Stopped, address
from graphinv.model.errors import TrackerError, UsageError
from tests.export.findings import finding
from tests.export.sending import ONE, OTHER, counts, sync, ticket, wanted
from tests.export.trackers import TOKEN, Fake, FakeGitHub, FakeServiceNow, Fault, Request


@pytest.mark.parametrize("fault", [Fault.LIMIT, Fault.BUSY])
def test_waits_where_it_is_too_much(fake: Fake, fault: str) -> None:
    waited: list[float] = []
    sender = fake.tracker(waited)
    fake.faults = [fault, "", fault, fault]
    there = list(sender.tickets())
    made = plan(wanted(ticket(ONE)), there)
    assert carry_out(sender, made, there, lambda done, title: None) == ""
    assert made.steps[0].outcome == "done"
    assert len(fake.ids()) == 1
    assert waited == ([7, 7, 7] if fault == Fault.LIMIT else [1, 1, 2])


@pytest.mark.parametrize(
    ("status", "headers", "message", "waits"),
    [
        (403, {"Retry-After": "60"}, "", 60),
        (403, {}, "You have exceeded a secondary rate limit", 1),
        (429, {"Retry-After": "Fri, 01 Jan 2021 00:00:00 GMT"}, "", 1),
        (429, {"Retry-After": "soon"}, "", 1),
        (429, {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": "nan"}, "", 1),
    ],
)
def test_a_limit_in_whatever_words_is_waited_for(
    github: FakeGitHub, status: int, headers: dict[str, str], message: str, waits: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    answers: list[tuple[int, Any]] = [(status, {"message": message}), (200, [])]
    monkeypatch.setattr(github, "answer", lambda request: answers.pop(0))
    monkeypatch.setattr(github, "headers", lambda request, data: headers)
    waited: list[float] = []
    assert list(github.tracker(waited).tickets()) == []
    assert waited == [waits]


def test_a_limit_that_ends_at_a_time_is_waited_for(github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[tuple[int, Any]] = [(403, {"message": "API rate limit exceeded"}), (200, [])]
    monkeypatch.setattr(github, "answer", lambda request: answers.pop(0))
    ends = {"X-RateLimit-Remaining": "0", "X-RateLimit-Reset": str(int(time.time()) + 60)}
    monkeypatch.setattr(github, "headers", lambda request, data: ends)
    waited: list[float] = []
    assert list(github.tracker(waited).tickets()) == []
    assert 10 < waited[0] <= 60


def test_a_long_wait_ends_the_run(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake, "answer", lambda request: (429, None))
    monkeypatch.setattr(fake, "headers", lambda request, data: {"Retry-After": "3600"})
    waited: list[float] = []
    with pytest.raises(Stopped, match="asks to wait 3600 seconds"):
        list(fake.tracker(waited).tickets())
    assert waited == []


def test_an_answer_without_end_and_one_that_is_no_json_end_the_run(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(web, "MAX_BYTES", 1000)
    monkeypatch.setattr(fake, "answer", lambda request: (200, ["x" * 2000]))
    with pytest.raises(Stopped, match="more than 1,000 bytes"):
        list(fake.tracker().tickets())
    monkeypatch.setattr(fake, "encoded", lambda data: b"<html>sign in</html>")
    with pytest.raises(Stopped, match="something else than JSON"):
        list(fake.tracker().tickets())
    monkeypatch.setattr(fake, "encoded", lambda data: b"[" * 900)
    with pytest.raises(Stopped, match="something else than JSON"):
        list(fake.tracker().tickets())


def test_does_not_wait_without_end(fake: Fake) -> None:
    waited: list[float] = []
    fake.faults = [Fault.BUSY] * 100
    with pytest.raises(Stopped, match="answers 503; 5 attempts were made"):
        list(fake.tracker(waited).tickets())
    assert sum(waited) < 5 * MOST_WAIT


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.BROKEN_AFTER])
def test_a_ticket_whose_answer_was_lost_is_opened_once(fake: Fake, fault: str) -> None:
    fake.faults = ["", fault]
    made, stopped = sync(fake, wanted(ticket(ONE)))
    assert (made.steps[0].outcome, stopped, len(fake.ids())) == ("done", "", 1)
    assert made.steps[0].found is not None
    assert counts(sync(fake, wanted(ticket(ONE), day=2))[0]) == {"unchanged": 1}


def test_a_ticket_that_was_not_opened_is_opened_by_the_next_run(fake: Fake) -> None:
    fake.faults = ["", Fault.BROKEN]
    made, stopped = sync(fake, wanted(ticket(ONE), ticket(OTHER, cause="b")))
    assert [step.outcome for step in made.steps] == ["failed", "done"]
    assert "it is not there, and a later run opens it" in made.steps[0].error
    assert (stopped, len(fake.ids())) == ("", 1)
    assert counts(sync(fake, wanted(ticket(ONE), ticket(OTHER, cause="b"), day=2))[0]) == {"create": 1, "unchanged": 1}
    assert len(fake.ids()) == 2


@pytest.mark.parametrize("fault", [Fault.LOST, Fault.BROKEN_AFTER, Fault.BROKEN])
@pytest.mark.parametrize("place", range(8))
def test_whichever_answer_of_a_closing_is_lost_it_is_closed_and_said_once(fake: Fake, place: int, fault: str) -> None:
    sync(fake, wanted(ticket(ONE)))
    [id] = fake.ids()
    fake.faults = [Fault.NONE] * place + [fault]
    sync(fake, wanted(day=2, fixed=[ONE]))
    fake.faults = []
    sync(fake, wanted(day=2, fixed=[ONE]))
    assert not fake.is_open(id)
    # ServiceNow takes note and state in one request, which is repeated: a note may stand there twice.
    assert len(fake.comments(id)) == 1 or isinstance(fake, FakeServiceNow)
    assert counts(sync(fake, wanted(ticket(ONE), day=3))[0]) == {"reopen": 1}


def test_ends_where_everything_fails(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    real = fake.answer
    monkeypatch.setattr(
        fake,
        "answer",
        lambda request: (422, {"message": "no"}) if request.method == "POST" and "jql" not in request.path else real(request),
    )
    many = [ticket(finding("high", f"bot-{n}"), cause=f"{n}") for n in range(20)]
    made, stopped = sync(fake, wanted(*many))
    assert stopped == "5 changes failed one after the other"
    assert [step.outcome for step in made.steps] == ["failed"] * 5 + ["not done"] * 15
    monkeypatch.setattr(fake, "answer", real)
    sync(fake, wanted(*many))
    assert fake.open_keys() == sorted(one.key for one in many)


def test_failures_that_are_not_one_after_the_other_end_nothing(fake: Fake) -> None:
    many = [ticket(finding("high", f"bot-{n}"), cause=f"{n}") for n in range(14)]
    # The listing; then of every other ticket the answer is lost on the way there, so that it is looked for and is not there.
    fake.faults = [Fault.NONE, *[Fault.BROKEN, Fault.NONE, Fault.NONE] * 7]
    made, stopped = sync(fake, wanted(*many))
    assert (stopped, [step.outcome for step in made.steps]) == ("", ["failed", "done"] * 7)


def test_what_was_done_is_known_when_somebody_stops_it(github: FakeGitHub, monkeypatch: pytest.MonkeyPatch) -> None:
    real = github.answer

    def stopping(request: Request) -> tuple[int, Any]:
        if request.method == "POST" and github.ids():
            monkeypatch.setattr(github.trackers[0].web, "_asked", interrupted)
        return real(request)

    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(github, "answer", stopping)
    many = [ticket(finding("high", f"bot-{n}"), cause=f"{n}") for n in range(5)]
    made, stopped = sync(github, wanted(*many))
    assert (stopped, [step.outcome for step in made.steps]) == ("stopped", ["done", "done", "not done", "not done", "not done"])


def test_wrong_credentials_are_said_and_not_told(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake, "authorized", lambda request: False)
    with pytest.raises(Stopped, match="does not accept the credentials") as caught:
        list(fake.tracker().tickets())
    assert TOKEN not in str(caught.value)


@pytest.mark.parametrize(
    "answer", [(403, {"message": f"no {TOKEN} \x1b[31m", "errorMessages": [TOKEN], "error": {"message": TOKEN}}), (302, None)]
)
def test_errors_hold_no_credential_and_redirects_are_not_followed(
    fake: Fake, answer: tuple[int, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fake, "answer", lambda request: answer)
    monkeypatch.setattr(fake, "headers", lambda request, data: {"Location": "https://elsewhere.invalid/"})
    with pytest.raises(TrackerError) as caught:
        list(fake.tracker().tickets())
    assert TOKEN not in str(caught.value)
    assert "\x1b" not in str(caught.value)
    assert ("redirect" in str(caught.value)) == (answer[0] == 302)
    assert len(fake.requests) == 1


@pytest.mark.parametrize(
    "data", [None, [], "x", 7, {"result": 7, "issues": "x"}, [[{}]], {"result": [{"sys_id": {}}], "issues": [{"fields": 1}]}]
)
def test_whatever_a_server_answers_is_an_error_or_nothing(fake: Fake, data: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fake, "answer", lambda request: (200, data))
    with suppress(TrackerError):
        made, _ = sync(fake, wanted(ticket(ONE)))
        assert (made.steps[0].action, made.steps[0].outcome != "done") == ("create", True)


ENVIRONMENTS: dict[str, dict[str, str]] = {
    "jira": {"JIRA_URL": "https://acme.example", "JIRA_TOKEN": TOKEN, "JIRA_USER": "ana@acme.example", "JIRA_PROJECT": "SEC"},
    "servicenow": {"SERVICENOW_URL": "https://acme.example", "SERVICENOW_USER": "ana", "SERVICENOW_PASSWORD": TOKEN},
    "github": {"GITHUB_TOKEN": TOKEN, "GITHUB_REPOSITORY": "acme/shop"},
}
ADDRESSES = {"jira": "JIRA_URL", "servicenow": "SERVICENOW_URL", "github": "GITHUB_API_URL"}


@pytest.mark.parametrize("name", TRACKERS)
def test_what_the_environment_must_hold(name: str) -> None:
    whole = ENVIRONMENTS[name]
    with tracker(name, whole, None, "graphinv") as made:
        assert made.where
    for variable in whole:
        if variable != "JIRA_USER":
            with pytest.raises(UsageError, match=variable), tracker(name, {**whole, variable: " "}, None, "graphinv"):
                pass
    secret = next(variable for variable, value in whole.items() if value == TOKEN)
    for bad in (f"{TOKEN}\r\nX: y", f"{TOKEN}é"):
        with pytest.raises(UsageError) as caught, tracker(name, {**whole, secret: bad}, None, "graphinv"):
            pass
        assert TOKEN not in str(caught.value)
    for bad in (
        "http://acme.example",
        f"https://ana:{TOKEN}@acme.example",
        "ftp://127.0.0.1",
        "acme",
        "https://[",
        "https://a/?x=1",
        "https://a:99999",
    ):
        with pytest.raises(UsageError, match=ADDRESSES[name]) as caught, tracker(name, {**whole, ADDRESSES[name]: bad}, None, "graphinv"):
            pass
        assert TOKEN not in str(caught.value)
    for bad in ('a" OR project = "B', "a^ORsys_idISNOTEMPTY", "a,b", ""):
        with pytest.raises(UsageError, match="label"), tracker(name, whole, None, bad):
            pass
        with pytest.raises(UsageError), tracker(name, whole, f"../{bad}/x", "graphinv"):
            pass


def test_this_machine_may_be_spoken_to_in_clear() -> None:
    for host in LOOPBACK:
        at = f"http://[{host}]:1/x" if ":" in host else f"http://{host}:1/x"
        assert address(f" {at}/ ", "X") == at


def test_credentials_are_in_headers_alone(fake: Fake) -> None:
    sync(fake, wanted(ticket(ONE)))
    for one in fake.requests:
        assert TOKEN.encode() not in one.raw
        assert TOKEN not in json.dumps([one.path, dict(one.query)])
