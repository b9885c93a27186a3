"""`graphinv tickets sync` with the demo's findings, against a tracker on loopback."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from pathlib import Path

import pytest

from graphinv.export.senders import github
from tests.cli.conftest import Demo
from tests.cli.running import graphinv, refused
from tests.export.trackers import TOKEN, Fake, FakeGitHub, FakeJira, FakeServiceNow, Fault, served

SYNC = ("tickets", "sync", "github", "--to", "acme/shop")
ENTRY = '[[accepted]]\nrule = "GI-*"\nowner = "ana@acme.example"\nreason = "of the demo"\nuntil = 2026-12-31\n'


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeGitHub]:
    with served(FakeGitHub()) as made:
        assert isinstance(made, FakeGitHub)
        monkeypatch.setenv("GITHUB_TOKEN", TOKEN)
        monkeypatch.setenv("GITHUB_API_URL", made.url)
        monkeypatch.setattr(github, "PAUSE", 0.0)
        yield made


def test_a_plan_changes_nothing_and_a_second_run_neither(demo: Demo, fake: FakeGitHub) -> None:
    all_ = (*SYNC, "--min-severity", "info", "--limit", "0", "--store", demo.store, "-f", "json")
    planned = graphinv(*all_, "--dry-run").json
    causes = graphinv("findings", "--by-cause", "--store", demo.store, "-f", "json").json
    assert planned["counts"]["create"] == len(planned["tickets"]) == len(causes)
    assert (planned["dry_run"], planned["to"], fake.writes()) == (True, "acme/shop", [])
    done = graphinv(*all_).json
    assert {one["outcome"] for one in done["tickets"]} == {"done"}
    assert [one["key"] for one in done["tickets"]] == [one["key"] for one in planned["tickets"]]
    assert sum(one["findings"] for one in done["tickets"]) == sum(one["findings"] for one in causes)
    assert done["tickets"][0]["url"] == f"{fake.url}/acme/shop/issues/1"
    writes = len(fake.writes())
    again = graphinv(*all_).json
    assert again["counts"] == {"create": 0, "reopen": 0, "update": 0, "close": 0, "unchanged": len(causes), "left": 0}
    assert len(fake.writes()) == writes == len(causes)


def test_a_first_run_is_bounded_and_says_so(demo: Demo, fake: FakeGitHub) -> None:
    ran = graphinv("--store", demo.store, *SYNC, "--limit", "2")
    assert len(fake.issues) == 2
    assert "LIMIT: " in ran.err
    assert "below high are not opened (--min-severity)" in ran.err
    assert "Tickets in acme/shop: 2 opened" in ran.out
    assert {label["name"] for issue in fake.issues for label in issue["labels"]} == {"graphinv", "graphinv-critical"}
    rows = list(csv.DictReader(io.StringIO(graphinv("--store", demo.store, *SYNC, "--limit", "2", "-f", "csv").out)))
    assert [row["action"] for row in rows] == ["create", "create", "unchanged", "unchanged"]


@pytest.mark.parametrize(("name", "kind"), [("jira", FakeJira), ("servicenow", FakeServiceNow)])
def test_the_other_trackers(demo: Demo, monkeypatch: pytest.MonkeyPatch, name: str, kind: type[Fake]) -> None:
    with served(kind()) as fake:
        environment = {"JIRA_URL": fake.url, "JIRA_PROJECT": "SEC", "JIRA_TOKEN": TOKEN}
        environment |= {"SERVICENOW_URL": fake.url, "SERVICENOW_TOKEN": TOKEN, "SERVICENOW_GROUP": "0" * 32}
        for variable, value in environment.items():
            monkeypatch.setenv(variable, value)
        command = ("tickets", "sync", name, "--by", "finding", "--min-severity", "low", "--limit", "0", "--store", demo.store, "-f", "json")
        first = graphinv(*command).json["counts"]
        assert first["create"] == len(fake.ids()) > 100
        assert graphinv(*command).json["counts"] == {**first, "create": 0, "unchanged": first["create"]}


def test_accepted_risks_make_no_tickets(demo: Demo, fake: FakeGitHub, tmp_path: Path) -> None:
    graphinv(*SYNC, "--store", demo.store, "--limit", "1")
    file = tmp_path / "accepted.toml"
    file.write_text(ENTRY, "utf-8")
    ran = graphinv(*SYNC, "--store", demo.store, "--accepted", file)
    assert "findings hidden as accepted risk" in ran.err
    assert [issue["state"] for issue in fake.issues] == ["closed"]
    assert fake.comments("1") == ["The risk was accepted."]


def test_what_failed_is_told_and_done_by_the_next_run(demo: Demo, fake: FakeGitHub) -> None:
    fake.faults = [Fault.NONE, Fault.NONE, Fault.BROKEN]
    ran = graphinv(*SYNC, "--store", demo.store, "--limit", "3", code=1)
    assert "create: failed" in ran.out
    assert "2 opened, 1 failed" in ran.out
    fake.faults = [Fault.NONE, *[Fault.BUSY] * 5]
    ran = graphinv(*SYNC, "--store", demo.store, "--limit", "3", "-f", "json", code=1)
    assert "ended early: " in ran.err
    assert ran.json["stopped"].endswith("5 attempts were made")
    assert graphinv(*SYNC, "--store", demo.store, "--limit", "1", "-f", "json").json["counts"]["unchanged"] == 2


def test_what_it_needs_is_said_and_no_credential_is_told(
    demo: Demo, fake: FakeGitHub, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert "OWNER/NAME" in refused("tickets", "sync", "github", "--store", demo.store)
    assert "set JIRA_URL" in refused("tickets", "sync", "jira", "--to", "SEC", "--store", demo.store)
    assert "is not" in refused("tickets", "sync", "asana", "--store", demo.store)
    assert "there is no store" in refused(*SYNC, "--store", tmp_path / "none")
    monkeypatch.setattr(fake, "authorized", lambda request: False)
    told = refused(*SYNC, "--store", demo.store)
    assert "does not accept the credentials" in told
    assert TOKEN not in told
    monkeypatch.setenv("GITHUB_API_URL", f"https://ana:{TOKEN}@acme.example")
    assert TOKEN not in refused(*SYNC, "--store", demo.store)
    assert graphinv("tickets", code=2).out.count("sync") >= 1
