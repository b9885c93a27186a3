"""Senders against trackers that keep state, on loopback."""

from __future__ import annotations

import pytest

from graphinv.export.senders import servicenow
from graphinv.export.senders.sync import carry_out, plan
from graphinv.export.senders.web import Stopped
from tests.export.findings import ATTACK, attack, finding, ownerless
from tests.export.sending import DAYS, ONE, OTHER, counts, sync, ticket, wanted
from tests.export.trackers import Fake, FakeGitHub, FakeJira, FakeServiceNow, Fault, served


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
