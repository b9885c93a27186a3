"""Senders against trackers that keep state, on loopback."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any

import pytest

from graphinv.export.senders import TRACKERS, servicenow, tracker, web
from graphinv.export.senders.sync import Plan, Wanted, carry_out, plan
from graphinv.export.senders.web import LOOPBACK, MOST_WAIT, Stopped, address
from graphinv.export.support.tickets import Ticket, ticket_key
from graphinv.model.errors import TrackerError, UsageError
from graphinv.model.results import Finding
from tests.export.findings import ATTACK, attack, finding, ownerless
from tests.export.trackers import FAKES, TOKEN, Fake, FakeGitHub, FakeJira, FakeServiceNow, Fault, Request, served

DAYS = [f"2026-07-{day:02}T12:00:00Z" for day in range(1, 10)]


@pytest.fixture(params=FAKES, ids=lambda fake: fake.__name__)
def fake(request: pytest.FixtureRequest) -> Iterator[Fake]:
    with served(request.param()) as made:
        yield made


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    with served(FakeGitHub()) as made:
        assert isinstance(made, FakeGitHub)
        yield made


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


def test_opens_once_and_then_changes_nothing(fake: Fake) -> None:
    want = wanted(ticket(ONE, OTHER), ticket(ownerless(), cause="Agent:lost/bot"))
    made, stopped = sync(fake, want)
    assert (counts(made), stopped) == ({"create": 2}, "")
    assert fake.open_keys() == sorted(want.tickets)
    assert all(step.found and step.found.name and step.found.url.startswith(fake.url) for step in made.steps)
    before = len(fake.writes())
    again, _ = sync(fake, wanted(*want.tickets.values(), day=2))
    assert counts(again) == {"unchanged": 2}
    assert len(fake.writes()) == before == 2


def test_a_fixed_finding_closes_and_a_found_one_opens_again(fake: Fake) -> None:
    sync(fake, wanted(ticket(ONE)))
    [id] = fake.ids()
    made, _ = sync(fake, wanted(day=2, fixed=[ONE]))
    assert counts(made) == {"close": 1}
    assert not fake.is_open(id)
    assert fake.comments(id) == [f"graphinv no longer finds it since {DAYS[2]}."]
    assert counts(sync(fake, wanted(day=3, fixed=[ONE]))[0]) == {}
    made, _ = sync(fake, wanted(ticket(ONE), day=4))
    assert counts(made) == {"reopen": 1}
    assert fake.is_open(id)
    assert fake.comments(id)[1:] == [f"graphinv finds it again ({DAYS[4]})"]
    assert counts(sync(fake, wanted(ticket(ONE), day=5))[0]) == {"unchanged": 1}
    assert fake.ids() == [id]


def test_what_people_wrote_stays(fake: Fake) -> None:
    sync(fake, wanted(ticket(ONE)))
    [id] = fake.ids()
    fake.people_write(id, "Ana looks into it. \ud83d")
    assert counts(sync(fake, wanted(ticket(ONE), day=2))[0]) == {"unchanged": 1}
    made, _ = sync(fake, wanted(ticket(ONE, OTHER), day=3))
    assert counts(made) == {"update": 1}
    text = fake.text(id)
    assert text.count("Ana looks into it.") == 1
    assert text.count("graphinv keeps this part up to date") == 1
    assert OTHER.key in text
    assert fake.comments(id) == ["It is critical now, and was high."]
    sync(fake, wanted(day=4, fixed=[ONE, OTHER]))
    assert "Ana looks into it." in fake.text(id)
    assert OTHER.key in fake.text(id)


def test_what_people_wrote_below_stays_too(github: FakeGitHub) -> None:
    sync(github, wanted(ticket(ONE)))
    github.issue("1")["body"] = "Above.\n\n{}\n\nBelow.".format(github.issue("1")["body"]).replace("\n", "\r\n")
    assert counts(sync(github, wanted(ticket(ONE), day=2))[0]) == {"unchanged": 1}
    assert counts(sync(github, wanted(ticket(ONE, OTHER), day=3))[0]) == {"update": 1}
    body = github.issue("1")["body"]
    assert body.startswith("Above.\r\n\r\n<!-- graphinv keeps")
    assert body.endswith("-->\r\n\r\nBelow.")
    assert body.count("graphinv:1 ") == 1


def test_labels_and_titles_of_people_stay(github: FakeGitHub) -> None:
    sync(github, wanted(ticket(ONE)))
    github.issue("1")["labels"].append({"name": "team-a"})
    github.issue("1")["title"] = "Ours now"
    sync(github, wanted(ticket(ONE, OTHER), day=2))
    assert [one["name"] for one in github.issue("1")["labels"]] == ["team-a", "graphinv", "graphinv-critical"]
    assert github.issue("1")["title"] == "Ours now"
    with served(FakeJira()) as jira:
        assert isinstance(jira, FakeJira)
        sync(jira, wanted(ticket(ONE)))
        jira.issue("SEC-1")["fields"]["labels"].append("team-a")
        sync(jira, wanted(ticket(ONE, OTHER), day=2))
        assert sorted(jira.issue("SEC-1")["fields"]["labels"]) == ["graphinv", "graphinv-critical", "team-a"]
        assert jira.issue("SEC-1")["fields"]["priority"] == {"name": "High"}


def test_closed_by_people_and_still_found(fake: Fake) -> None:
    sync(fake, wanted(ticket(ONE)))
    [id] = fake.ids()
    fake.now = DAYS[3]
    fake.people_close(id)
    [step] = sync(fake, wanted(ticket(ONE), day=2))[0].steps
    assert (step.action, step.reason) == ("left", "people closed it after the last analysis; scan again")
    assert counts(sync(fake, wanted(ticket(ONE), day=4))[0]) == {"reopen": 1}
    assert fake.comments(id) == [f"graphinv still finds it ({DAYS[4]})"]


def test_what_people_declined_is_left_alone(fake: Fake) -> None:
    sync(fake, wanted(ticket(ONE)))
    [id] = fake.ids()
    fake.people_close(id, declined=True)
    made, _ = sync(fake, wanted(ticket(ONE), day=4))
    assert counts(made) == {"left": 1}
    assert "not to be done" in made.steps[0].reason
    assert not fake.is_open(id)


def test_what_people_opened_again_is_left_alone(fake: Fake) -> None:
    sync(fake, wanted(ticket(ONE)))
    [id] = fake.ids()
    sync(fake, wanted(day=2, fixed=[ONE]))
    fake.people_open(id)
    assert counts(sync(fake, wanted(day=3, fixed=[ONE]))[0]) == {"left": 1}
    assert fake.is_open(id)
    assert counts(sync(fake, wanted(ticket(ONE), day=4))[0]) == {"update": 1}
    assert counts(sync(fake, wanted(day=5, fixed=[ONE]))[0]) == {"close": 1}


def test_findings_of_another_store_are_left_alone(fake: Fake) -> None:
    sync(fake, wanted(ticket(ONE)))
    made, _ = sync(fake, wanted(day=2))
    assert counts(made) == {"left": 1}
    assert "--close-unknown" in made.steps[0].reason
    made, _ = sync(fake, wanted(day=2, unsure="shop was last read in part only"), close_unknown=True)
    assert counts(made) == {"left": 1}
    assert counts(sync(fake, wanted(day=2), close_unknown=True)[0]) == {"close": 1}


def test_findings_that_moved_to_another_ticket(fake: Fake) -> None:
    sync(fake, wanted(ticket(ONE)))
    [id] = fake.ids()
    moved = wanted(ticket(ONE, OTHER, cause="Identity:other"), day=2)
    made, _ = sync(fake, moved, least="critical", limit=5)
    assert counts(made) == {"create": 1, "close": 1}
    assert not fake.is_open(id)
    successor = made.steps[0].found
    assert successor is not None
    assert fake.comments(id) == [f"What is left of it is told in {successor.name}."]
    assert fake.open_keys() == list(moved.tickets)


def test_findings_stay_where_they_are_until_their_new_ticket_is_open(fake: Fake) -> None:
    sync(fake, wanted(ticket(ONE)))
    made, _ = sync(fake, wanted(ticket(ONE, cause="Identity:other"), day=2), least="critical")
    assert (counts(made), made.below) == ({"left": 1}, 1)
    assert len(fake.open_keys()) == 1


def test_findings_stay_where_they_are_if_their_new_ticket_could_not_be_opened(fake: Fake) -> None:
    sync(fake, wanted(ticket(ONE)))
    moved = ticket(ONE, OTHER, cause="Identity:other")
    fake.faults = [Fault.NONE, Fault.BROKEN]
    made, _ = sync(fake, wanted(moved, day=2))
    assert [(step.action, step.outcome) for step in made.steps] == [("create", "failed"), ("close", "failed")]
    assert fake.open_keys() == [ticket(ONE).key]
    sync(fake, wanted(moved, day=2))
    assert fake.open_keys() == [moved.key]


def test_findings_stay_where_they_are_if_people_declined_their_new_ticket(fake: Fake) -> None:
    first, second = ticket(ONE), ticket(OTHER, cause="Identity:other")
    sync(fake, wanted(first, second))
    fake.people_close(next(id for id in fake.ids() if fake.key(id) == second.key), declined=True)
    made, _ = sync(fake, wanted(ticket(ONE, OTHER, cause="Identity:other"), day=2))
    assert counts(made) == {"left": 2}
    assert fake.open_keys() == [first.key]


def test_accepted_risks_close_and_come_back(fake: Fake) -> None:
    sync(fake, wanted(ticket(ONE)))
    [id] = fake.ids()
    assert counts(sync(fake, wanted(day=2, accepted=frozenset({ONE.key})))[0]) == {"close": 1}
    assert fake.comments(id) == ["The risk was accepted."]
    assert counts(sync(fake, wanted(ticket(ONE), day=2))[0]) == {"reopen": 1}
    assert counts(sync(fake, wanted(day=3, known=frozenset({ONE.key})), close_unknown=True)[0]) == {"left": 1}


def test_limit_and_level_hold_for_opening_alone(fake: Fake) -> None:
    many = [ticket(finding("high", f"bot-{n}"), cause=f"{n}") for n in range(7)]
    low = ticket(finding("low", "z"), cause="z")
    made, _ = sync(fake, wanted(*many, low), least="high", limit=3)
    assert (counts(made), made.over, made.below) == ({"create": 3}, 4, 1)
    assert fake.open_keys() == sorted(one.key for one in many[:3])
    made, _ = sync(fake, wanted(*many, low, day=2), least="high", limit=3)
    assert (counts(made), made.over) == ({"create": 3, "unchanged": 3}, 1)
    better = ticket(finding("low", "bot-0"), cause="0")
    made, _ = sync(fake, wanted(better, *many[1:], low, day=3), least="high")
    assert counts(made) == {"create": 1, "update": 1, "unchanged": 5}


def test_pages(fake: Fake, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(servicenow, "PAGE", 5)
    many = [ticket(finding("high", f"bot-{n}"), cause=f"{n}") for n in range(23)]
    sync(fake, wanted(*many))
    fake.page = 5
    before = len(fake.requests)
    assert counts(sync(fake, wanted(*many, day=2))[0]) == {"unchanged": 23}
    assert (before, len(fake.requests) - before) == (1 + 23, 5)
    assert {one.headers["host"] for one in fake.requests} == {fake.url.partition("//")[2]}


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


def test_a_label_that_the_server_drops_ends_the_run() -> None:
    for made in (FakeGitHub(may_label=False), FakeServiceNow(kept=()), FakeServiceNow(kept=("correlation_id",))):
        with served(made) as fake:
            result, stopped = sync(fake, wanted(*(ticket(finding("high", f"{n}"), cause=f"{n}") for n in range(3))))
            assert "could not be found again" in stopped
            assert [step.outcome for step in result.steps] == ["not done"] * 3
            assert len(fake.ids()) == 1


@pytest.mark.parametrize(
    ("workflow", "closed", "opened"),
    [
        (("Won't Do", "Released", "Closed", "Done", "In Progress", "To Do"), "Done", "To Do"),
        (("Duplicate", "Released", "Triage", "Closed"), "Closed", "Triage"),
        (("Rejected", "Released", "Triage", "In Progress"), "Released", "In Progress"),
        (("Cancelled", "Rejected", "To Do", "Triage"), "", ""),
    ],
)
def test_a_workflow_of_any_names(workflow: tuple[str, ...], closed: str, opened: str) -> None:
    with served(FakeJira(workflow=workflow)) as fake:
        assert isinstance(fake, FakeJira)
        sync(fake, wanted(ticket(ONE)))
        made, _ = sync(fake, wanted(day=2, fixed=[ONE]))
        assert fake.issue("SEC-1")["fields"]["status"]["name"] == (closed or "To Do")
        assert made.steps[0].error == ("" if closed else "SEC-1 has no transition to a status that is done")
        sync(fake, wanted(ticket(ONE), day=3))
        assert fake.issue("SEC-1")["fields"]["status"]["name"] == (opened or "To Do")


def test_issues_whose_mark_cannot_be_read_are_not_opened_again() -> None:
    with served(FakeJira()) as fake:
        assert isinstance(fake, FakeJira)
        sync(fake, wanted(ticket(ONE)))
        fake.issues[0]["properties"] = {}
        with pytest.raises(Stopped, match="none of the 1 issues with the label graphinv"):
            sync(fake, wanted(ticket(ONE), day=2))
        assert len(fake.ids()) == 1


def test_a_project_without_priorities() -> None:
    with served(FakeJira(priorities=False)) as fake:
        sync(fake, wanted(ticket(ONE), ticket(OTHER, cause="b")))
        assert len(fake.ids()) == 2
        assert len(fake.writes()) == 3


def test_an_incident_that_is_closed_for_good_has_a_successor() -> None:
    with served(FakeServiceNow()) as fake:
        assert isinstance(fake, FakeServiceNow)
        sync(fake, wanted(ticket(ONE)))
        sync(fake, wanted(day=2, fixed=[ONE]))
        fake.lock_away(fake.ids()[0])
        fake.faults = [Fault.NONE, Fault.BROKEN]
        made, _ = sync(fake, wanted(ticket(ONE), day=3))
        assert made.steps[0].outcome == "failed", "the one of before is not the one that may have been made"
        made, _ = sync(fake, wanted(ticket(ONE), day=3))
        assert counts(made) == {"create": 1}
        assert [fake.is_open(id) for id in fake.ids()] == [False, True]
        assert counts(sync(fake, wanted(ticket(ONE), day=4))[0]) == {"unchanged": 1}


def test_an_incident_that_stays_open_is_not_called_closed() -> None:
    with served(FakeServiceNow()) as fake:
        assert isinstance(fake, FakeServiceNow)
        sync(fake, wanted(ticket(ONE)))
        fake.stuck = True
        made, _ = sync(fake, wanted(day=2, fixed=[ONE]))
        assert "stays in state 1" in made.steps[0].error


def test_a_ticket_that_is_no_longer_ours_is_not_touched(fake: Fake) -> None:
    sync(fake, wanted(ticket(ONE)))
    [id] = fake.ids()
    sender = fake.tracker()
    there = list(sender.tickets())
    if isinstance(fake, FakeGitHub):
        fake.issue(id)["body"] = "Something else."
    elif isinstance(fake, FakeServiceNow):
        fake.row(id)["correlation_id"] = "theirs"
    else:
        return  # a property of an issue is nothing that people see
    made = plan(wanted(ticket(ONE, OTHER), day=2), there)
    writes = len(fake.writes())
    carry_out(sender, made, there, lambda done, title: None)
    assert "while this ran" in made.steps[0].error
    assert len(fake.writes()) == writes


def test_an_incident_whose_description_was_rewritten_is_still_ours() -> None:
    with served(FakeServiceNow()) as fake:
        assert isinstance(fake, FakeServiceNow)
        sync(fake, wanted(ticket(ONE)))
        fake.rows[0]["description"] = "Ana rewrote it."
        assert counts(sync(fake, wanted(ticket(ONE), day=2))[0]) == {"update": 1}
        assert fake.rows[0]["description"].startswith("Ana rewrote it.\n\n----- graphinv keeps")
        fake.rows[0]["description"] = "x" * 3990
        made, _ = sync(fake, wanted(ticket(ONE), day=3))
        assert made.steps[0].error.endswith("leaves no room for ours")


def test_copies_and_issues_of_strangers_are_not_ours(github: FakeGitHub) -> None:
    sync(github, wanted(ticket(ONE)))
    body = github.issue("1")["body"]
    stranger = {"number": 2, "state": "open", "title": "x", "body": body, "labels": [], "closed_at": None, "state_reason": None}
    copy = {**stranger, "number": 3, "labels": [{"name": "graphinv"}]}
    change = {**copy, "number": 4, "pull_request": {}}
    github.issues += [stranger, copy, change]
    made, _ = sync(github, wanted(day=2, fixed=[ONE]))
    assert made.twice == ("#3 is left alone: it has the same mark as #1",)
    assert [one["state"] for one in github.issues] == ["closed", "open", "open", "open"]
    with served(FakeJira()) as jira:
        assert isinstance(jira, FakeJira)
        sync(jira, wanted(ticket(ONE)))
        jira.issues.insert(0, {**jira.issues[0], "key": "SEC-2", "properties": {}})  # a clone
        assert counts(sync(jira, wanted(ticket(ONE), day=2))[0]) == {"unchanged": 1}


def test_the_text_of_strangers_is_text_everywhere(fake: Fake) -> None:
    worst = ticket(attack(), finding("low", "x"), cause=ATTACK)
    sync(fake, wanted(worst))
    [id] = fake.ids()
    text = fake.text(id)
    assert not any(one in text for one in ("\x1b", "\u202e", "\r", "\u2028"))
    if isinstance(fake, FakeServiceNow):
        assert "<" not in text
        assert "[code]" not in text
    if isinstance(fake, FakeGitHub):
        prose = "".join(part for part in text.split("`")[::2])
        assert "<img" not in prose.replace("\\<", "")
        assert "@admin" not in text.replace("`", "")
    assert fake.key(id) == worst.key
    assert counts(sync(fake, wanted(worst, day=2))[0]) == {"unchanged": 1}


def test_a_name_that_looks_like_a_mark_is_none(fake: Fake) -> None:
    other = "0123456789abcdef"
    mark = f"graphinv:1 {other} {other} low closed {other}"
    names = [f"{before}{mark}{after}" for before, after in (("<!-- ", " -->"), ("----- ", " -----"), ("\n<!-- ", " -->\n"))]
    nasty = finding(
        "high", names[0], names[1], why=names[2], title=names[0], remediation=names[1], sources=tuple(names), owners=tuple(names)
    )
    sync(fake, wanted(ticket(nasty, ONE)))
    [id] = fake.ids()
    assert fake.key(id) == ticket(nasty, ONE).key
    assert counts(sync(fake, wanted(ticket(nasty, ONE), day=2))[0]) == {"unchanged": 1}
    sync(fake, wanted(ticket(nasty), day=3))
    assert fake.text(id).count("graphinv keeps this part up to date") == 1


def test_thousands_of_findings_in_one_ticket_fit(fake: Fake) -> None:
    huge = ticket(*(finding("high", f"bot-{n}" * 30, why="w" * 3000, sources=tuple(f"shop/{m}" for m in range(50))) for n in range(3000)))
    sync(fake, wanted(huge))
    fake.people_write(fake.ids()[0], "y" * 2000)
    more = ticket(*huge.findings, OTHER)
    assert counts(sync(fake, wanted(more, day=2))[0]) == {"update": 1}
    assert counts(sync(fake, wanted(more, day=3))[0]) == {"unchanged": 1}
    assert "y" * 2000 in fake.text(fake.ids()[0])
    assert len(fake.text(fake.ids()[0])) <= {FakeJira: 32_767, FakeServiceNow: 4000}.get(type(fake), 65_536)


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
