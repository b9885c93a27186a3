"""Each rule with one thing wrong is told from the rule by its cases."""

from __future__ import annotations

import signal
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from graphinv.analyze import approvals
from graphinv.analyze import rules as mechanism
from graphinv.analyze.engine import Engine
from graphinv.analyze.rules import Check, Rule, run_rules
from graphinv.model.results import Finding, RuleStatus
from graphinv.store.embedded import EmbeddedStore
from tests.queries.graphs import AT, Case, stored
from tests.queries.mutants import of_check, of_class, of_cypher
from tests.queries.test_rule_cases import CASES, RULES

SECONDS = 5.0
"""How long a mutant may take; one that never ends is told from its rule."""

Outcome = tuple[list[Finding], RuleStatus]


class _Endless(Exception):
    pass


@contextmanager
def limited(seconds: float) -> Iterator[None]:
    """End what runs inside after ``seconds``."""

    def stop(number: int, frame: Any) -> None:
        raise _Endless

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def judged(rule: Rule, case: Case, store: EmbeddedStore, check: Check | None = None) -> Outcome:
    """What the rule, or one with another check in its place, says of a case."""
    with pytest.MonkeyPatch.context() as patch:
        if check is not None:
            checks: Mapping[str, Check] = {**mechanism._checks(), str(rule.function): check}
            patch.setattr(mechanism, "_checks", lambda: checks)
        given = {rule.id: case.get("parameters", {})}
        findings, [status] = run_rules({rule.id: rule}, Engine(store.estate(), case.get("at", AT)), store.query, given)
    return findings, status


def survivors(id: str, folder: Path) -> tuple[list[str], int]:
    """Mutants that no case tells from the rule, and how many there are that can be judged at all."""
    rule = RULES[id]
    alive: dict[str, tuple[Rule, Check | None]]
    if rule.function:
        module = sys.modules[rule.check.__module__]
        alive = {what: (rule, check) for what, check in of_check(rule.function, module)}
    else:
        alive = {what: (rule.model_copy(update={"cypher": text}), None) for what, text in of_cypher(rule.cypher)}
    made = len(alive)
    for number, case in enumerate(CASES[id]):
        for store in stored(case, folder / str(number)):
            right = judged(rule, case, store)
            for what, (mutant, check) in list(alive.items()):
                try:
                    with limited(SECONDS):
                        wrong = judged(mutant, case, store, check)
                except _Endless:
                    del alive[what]
                    continue
                made -= wrong[1].outcome == "error"
                if wrong != right:
                    del alive[what]
    return list(alive), made


@pytest.mark.parametrize("id", RULES)
def test_cases_tell_mutants_from_the_rule(id: str, tmp_path: Path) -> None:
    left, made = survivors(id, tmp_path)
    assert made
    assert not left, "\n".join(left)


def test_cases_tell_mutants_of_approvals(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    rule = RULES["GI-TOL-001"]
    alive, unchanged = dict(of_class("Approvals", approvals)), approvals.Approvals
    assert len(alive) > 20
    for number, case in enumerate(CASES[rule.id]):
        for store in stored(case, tmp_path / str(number)):
            monkeypatch.setattr(approvals, "Approvals", unchanged)
            right = judged(rule, case, store)
            for what, changed in list(alive.items()):
                monkeypatch.setattr(approvals, "Approvals", changed)
                if judged(rule, case, store) != right:
                    del alive[what]
    assert not alive
