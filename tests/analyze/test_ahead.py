"""Queries that are asked ahead: each answer once, mistakes where they are waited for, and the same findings."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import Any

import pytest

from graphinv.analyze.ahead import Ahead
from graphinv.analyze.library import Parameter
from graphinv.analyze.rules import Rule
from graphinv.model.errors import QueryError
from graphinv.store import Rows

AT = "2026-07-10T00:00:00Z"


def rule(id: str, cypher: str) -> Rule:
    """A rule that asks ``cypher``."""
    return Rule.model_validate(
        {
            "id": id,
            "title": "t",
            "finding": "f",
            "severity": "low",
            "base": 1,
            "why": "w",
            "remediation": "r",
            "frameworks": [],
            "needs": [],
            "cypher": cypher,
        }
    )


RULES = {"GI-XXX-001": rule("GI-XXX-001", "MATCH (a) RETURN a"), "GI-XXX-002": rule("GI-XXX-002", "MATCH (b) RETURN b")}


class Asked:
    """A store that says who asked what."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, str]] = []

    def __call__(self, cypher: str, params: Mapping[str, Any]) -> Rows:
        self.calls.append((cypher, threading.current_thread().name))
        if "(b)" in cypher:
            raise QueryError("wrong")
        return Rows(("at",), ((params["at"],),))


def test_each_is_asked_once_by_another_thread_and_what_goes_wrong_is_told_to_who_wants_the_answer() -> None:
    asked = Asked()
    with Ahead(RULES, asked, AT) as answers:
        answers.wait()
        assert [cypher for cypher, _ in asked.calls] == [rule.cypher for rule in RULES.values()]
        assert threading.current_thread().name not in {name for _, name in asked.calls}
        assert answers("MATCH (a) RETURN a", {"at": AT}).rows == ((AT,),)
        with pytest.raises(QueryError, match="wrong"):
            answers("MATCH (b) RETURN b", {"at": AT})
    assert len(asked.calls) == 2


def test_what_was_not_asked_like_that_is_asked_then() -> None:
    asked = Asked()
    with Ahead(RULES, asked, AT) as answers:
        answers.wait()
        assert answers("MATCH (a) RETURN a", {"at": "2026-07-11T00:00:00Z"}).rows == (("2026-07-11T00:00:00Z",),)
        assert answers("MATCH (c) RETURN c", {"at": AT}).rows == ((AT,),)
    assert asked.calls[2:] == [(cypher, threading.current_thread().name) for cypher in ("MATCH (a) RETURN a", "MATCH (c) RETURN c")]


def test_what_has_not_begun_when_it_ends_is_not_asked() -> None:
    begun, go = threading.Event(), threading.Event()
    calls: list[str] = []

    def slow(cypher: str, params: Mapping[str, Any]) -> Rows:
        calls.append(cypher)
        begun.set()
        go.wait(10)
        return Rows((), ())

    with Ahead(RULES, slow, AT):
        begun.wait(10)
        threading.Timer(0.1, go.set).start()
    assert calls == ["MATCH (a) RETURN a"]


def test_a_rule_that_lacks_a_setting_is_not_asked_ahead_and_stops_no_other() -> None:
    lacking = RULES["GI-XXX-001"].model_copy(update={"parameters": {"days": Parameter(type="integer", meaning="of which")}})
    asked = Asked()
    with Ahead({"GI-XXX-001": lacking, "GI-XXX-002": RULES["GI-XXX-002"]}, asked, AT) as answers:
        answers.wait()
    assert [cypher for cypher, _ in asked.calls] == ["MATCH (b) RETURN b"]
