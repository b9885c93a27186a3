"""What a decision point answers, read; and how it is asked."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from graphinv.export.senders.pdp import DecisionPoint, answer_of
from graphinv.export.senders.web import ATTEMPTS
from graphinv.model.errors import TrackerError, UsageError
from tests.export.decision_point import FakePoint, pointed
from tests.export.findings import ATTACK

TOKEN = "tok-5EcRet-0f-the-point"
ASKED: list[dict[str, Any]] = [
    {"subject": {"type": "agent", "id": "bot"}, "action": {"name": "tools/call"}, "resource": {"type": "tool", "id": name}, "context": {}}
    for name in ("pay", "look", "pay")
]


@contextmanager
def asking(fake: FakePoint, **environment: str) -> Iterator[DecisionPoint]:
    with pointed(fake):
        point = DecisionPoint(fake.url, environment)
        point.web.sleep = lambda seconds: None
        try:
            yield point
        finally:
            point.close()


def only_looks(question: dict[str, Any]) -> dict[str, Any]:
    return {"decision": question["resource"]["id"] == "look"}


def decisions(point: DecisionPoint) -> list[str]:
    return [one.decision for one in point.ask(ASKED)]


@pytest.mark.parametrize(
    ("stated", "decision", "reason"),
    [
        ({"decision": True}, "allow", ""),
        ({"decision": False}, "deny", ""),
        ({"decision": False, "context": {"reason": "no grant"}}, "deny", "no grant"),
        ({"decision": False, "context": {"reason_user": {"en": "not you"}}}, "deny", "not you"),
        ({"decision": False, "context": {"acr_values": "urn:mfa"}}, "step_up", "acr_values urn:mfa"),
        ({"decision": False, "context": {"amr_values": ["otp", "hwk"]}}, "step_up", "amr_values otp, hwk"),
        ({"decision": True, "context": {"obligations": [{"id": "1", "type": "step-up"}]}}, "step_up", "with the obligation step-up"),
        ({"decision": False, "context": {"obligations": [{"type": "step-up"}], "reason": "mfa"}}, "step_up", "mfa"),
        ({"decision": False, "context": {"access_request": {"expires_at": "2026-07-02"}}}, "step_up", "an approval can be asked for"),
        ({"decision": True, "context": {"obligations": [{"type": "notification"}]}}, "allow", ""),
        ({"decision": True, "context": {"obligations": [{"type": "custom"}]}}, "deny", "with an obligation that is not known: custom"),
        ({"decision": True, "context": {"obligations": ["step-up"]}}, "unknown", "its obligations cannot be read"),
        ({"decision": True, "context": {"obligations": {"type": "custom"}}}, "unknown", "its obligations cannot be read"),
        ({"decision": False, "context": {"error": {"status": 404, "message": "who?"}}}, "unknown", "it reports an error: who?"),
        ({"decision": True, "context": {"error": "x"}}, "unknown", "it reports an error: x"),
        ({"decision": "allow"}, "unknown", "it answers without a decision"),
        ({"decision": 1}, "unknown", "it answers without a decision"),
        ({"result": True}, "unknown", "it answers without a decision"),
        ([True], "unknown", "it answers without a decision"),
        (None, "unknown", "it answers without a decision"),
        ({"decision": False, "context": ["x"]}, "deny", ""),
    ],
)
def test_what_an_answer_says(stated: object, decision: str, reason: str) -> None:
    answer = answer_of(stated)
    assert (answer.decision, answer.reason) == (decision, reason)


def test_words_of_strangers_are_made_plain_and_short() -> None:
    answer = answer_of({"decision": False, "context": {"reason": ATTACK * 9, "revision": ATTACK, "evaluated_at": ATTACK}})
    assert len(answer.reason) <= 200
    assert not {"\x1b", "\u202e", "\n"} & set(answer.reason + (answer.revision or ""))
    assert answer.at is None


def test_whose_policy_and_when_is_told_where_the_point_tells_it() -> None:
    answer = answer_of({"decision": True, "context": {"policy_version": 42, "evaluated_at": "2026-07-01T02:00:00+02:00"}})
    assert (answer.revision, answer.at) == ("42", "2026-07-01T00:00:00Z")


def test_all_hops_are_asked_in_one_request() -> None:
    fake = FakePoint(only_looks)
    with asking(fake, AUTHZEN_TOKEN=TOKEN) as point:
        assert decisions(point) == ["deny", "allow", "deny"]
    assert fake.paths == ["/access/v1/evaluations"]
    assert fake.bodies == [{"evaluations": ASKED, "options": {"evaluations_semantic": "execute_all"}}]
    assert fake.headers[0]["authorization"] == f"Bearer {TOKEN}"


@pytest.mark.parametrize("status", [404, 405, 501])
def test_a_point_without_batch_is_asked_one_by_one(status: int) -> None:
    fake = FakePoint(only_looks, has_batch=status, prefix="/tenant/1")
    with asking(fake) as point:
        assert decisions(point) == ["deny", "allow", "deny"]
        assert decisions(point) == ["deny", "allow", "deny"]
    assert fake.paths == ["/tenant/1/access/v1/evaluations", *["/tenant/1/access/v1/evaluation"] * 6]
    assert fake.bodies[1:4] == ASKED
    assert "authorization" not in fake.headers[0]


def test_metadata_tell_where_it_listens() -> None:
    def told(url: str) -> dict[str, str]:
        return {"policy_decision_point": url, "access_evaluation_endpoint": f"{url}/access/v1/evaluation"}

    fake = FakePoint(only_looks, metadata=told, prefix="/acme")
    with asking(fake) as point:
        point.discover()
        assert decisions(point) == ["deny", "allow", "deny"]
    assert fake.paths == ["/.well-known/authzen-configuration/acme", *["/acme/access/v1/evaluation"] * 3]


@pytest.mark.parametrize(
    "told",
    [
        lambda url: {"policy_decision_point": "https://other.example", "access_evaluation_endpoint": f"{url}/x"},
        lambda url: {"policy_decision_point": url, "access_evaluation_endpoint": "https://other.example/access/v1/evaluation"},
        lambda url: {"policy_decision_point": url, "access_evaluation_endpoint": f"{url}.other.example/x"},
        lambda url: {"policy_decision_point": url},
        lambda url: ["x"],
        None,
    ],
)
def test_metadata_of_another_point_are_refused(told: Any) -> None:
    fake = FakePoint(metadata=told)
    with asking(fake, AUTHZEN_TOKEN=TOKEN) as point, pytest.raises(TrackerError):
        point.discover()
    assert len(fake.paths) == 1


@pytest.mark.parametrize("status", [400, 403])
def test_a_call_that_is_refused_is_unknown_and_the_next_is_made(status: int) -> None:
    with asking(FakePoint(faults=[status])) as point:
        assert {(one.decision, one.reason.split(":")[0]) for one in point.ask(ASKED)} == {("unknown", "the call failed")}
        assert decisions(point) == ["allow"] * 3


@pytest.mark.parametrize("status", [301, 401, 500])
def test_a_point_that_is_gone_is_not_asked_again(status: int) -> None:
    fake = FakePoint(faults=[status] * ATTEMPTS)
    with asking(fake) as point:
        assert decisions(point) == ["unknown"] * 3
        tries = len(fake.paths)
        assert decisions(point) == ["unknown"] * 3
        assert len(fake.paths) == tries <= ATTEMPTS


def test_a_moment_of_trouble_is_waited_out() -> None:
    with asking(FakePoint(only_looks, faults=[503, 429])) as point:
        assert decisions(point) == ["deny", "allow", "deny"]


@pytest.mark.parametrize(
    "body", [{"evaluations": [{"decision": True}]}, {"evaluations": {"0": {"decision": True}}}, [], {}, b"<html>", b""]
)
def test_what_is_no_answer_to_all_is_unknown_for_all(body: Any) -> None:
    class Odd(FakePoint):
        def answer(self, method: str, path: str, asked: Any) -> tuple[int, Any]:
            return 200, body

    with asking(Odd()) as point:
        assert decisions(point) == ["unknown"] * 3


def test_a_token_that_comes_back_is_not_told() -> None:
    echo = {"decision": False, "context": {"reason": f"{'x' * 190} {TOKEN}", "revision": TOKEN}}
    with asking(FakePoint(lambda question: echo), AUTHZEN_TOKEN=TOKEN) as point:
        assert TOKEN[:4] not in repr(point.ask(ASKED))


@pytest.mark.parametrize(
    "url", ["http://pdp.example", "https://u:p@pdp.example", "ftp://x", "pdp.example", "https://pdp.example/?q=1", "\x00"]
)
def test_addresses_that_could_be_read_on_the_way_are_refused(url: str) -> None:
    with pytest.raises(UsageError) as refused:
        DecisionPoint(url, {"AUTHZEN_TOKEN": TOKEN})
    assert TOKEN not in str(refused.value)


def test_a_token_that_cannot_stand_in_a_header_is_refused() -> None:
    with pytest.raises(UsageError) as refused:
        DecisionPoint("https://pdp.example", {"AUTHZEN_TOKEN": f"{TOKEN}\nX: y"})
    assert TOKEN not in str(refused.value)
