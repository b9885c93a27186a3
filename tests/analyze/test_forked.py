"""Functions that another process works out: the same findings, whatever becomes of it."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from graphinv.analyze import forked
from graphinv.analyze.engine import Engine
from graphinv.analyze.forked import Row, answers
from graphinv.analyze.rules import Rule, run_rules
from graphinv.model.estate import Estate
from graphinv.pipeline.stages import rules
from graphinv.store import Rows
from tests.analyze.estates import estate_of
from tests.bench.estate import asked_about
from tests.bench.synthetic import AT

FUNCTIONS = {id: rule for id, rule in rules().items() if rule.function}
FAMILIES = [[FUNCTIONS[id] for id in ids] for ids in (["GI-DEL-001", "GI-DEL-005"], ["GI-FLW-001"], ["GI-PRV-002", "GI-PRV-003"])]


@pytest.fixture(scope="module")
def estate() -> Estate:
    nodes, edges = asked_about(60)
    return estate_of([*nodes, *edges])


@pytest.fixture
def forks(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Processes that were forked; from estates of any size, and on machines with one core."""
    if not hasattr(os, "fork"):
        pytest.skip("this system has no fork")
    processes: list[int] = []
    fork = os.fork

    def counted() -> int:
        processes.append(fork())
        return processes[-1]

    monkeypatch.setattr(os, "fork", counted)
    monkeypatch.setattr(os, "sched_getaffinity", lambda process: {0, 1}, raising=False)
    monkeypatch.setattr(forked, "LEAST_EDGES", 0)
    return processes


def unasked(cypher: str, params: Any) -> Rows:
    raise AssertionError("a function asks no store")


def said_by(estate: Estate, rows: Any = None) -> list[tuple[str, list[int]]]:
    """Each rule of FAMILIES, with the processes of which its rows say that they made them."""
    here = rows or (lambda rule: iter([{"process": os.getpid()}]))
    return [(rule.id, [row["process"] for row in answer()]) for rule, answer in answers(FAMILIES, here, Engine(estate, AT))]


def test_findings_are_those_of_one_process(estate: Estate, forks: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    both: dict[str, frozenset[Any]] = {}
    helped = run_rules(FUNCTIONS, Engine(estate, AT), unasked, unknowns=both)
    assert forks
    monkeypatch.setattr(forked, "LEAST_EDGES", 10**9)
    so_far = len(forks)
    one: dict[str, frozenset[Any]] = {}
    assert run_rules(FUNCTIONS, Engine(estate, AT), unasked, unknowns=one) == helped
    assert len(forks) == so_far
    assert len(helped[0]) > 100
    assert one == both


def test_each_rule_is_worked_out_once_and_some_elsewhere(estate: Estate, forks: list[int]) -> None:
    told = dict(said_by(estate))
    assert sorted(told) == sorted(rule.id for family in FAMILIES for rule in family)
    assert {process for processes in told.values() for process in processes} <= {os.getpid(), *forks}
    assert told["GI-DEL-001"] == told["GI-DEL-005"] == forks[:1]
    assert all(len(processes) == 1 for processes in told.values())


def test_what_fails_elsewhere_is_worked_out_here(estate: Estate, forks: list[int]) -> None:
    def rows(rule: Rule) -> Iterator[Row]:
        if os.getpid() != here and rule.id == "GI-DEL-001":
            raise ValueError("only there")
        yield {"process": os.getpid()}

    here = os.getpid()
    told = dict(said_by(estate, rows))
    assert told["GI-DEL-001"] == [here]
    assert told["GI-DEL-005"] == forks[:1]


def test_what_cannot_be_sent_is_worked_out_here(estate: Estate, forks: list[int]) -> None:
    told = dict(said_by(estate, lambda rule: iter([{"process": os.getpid(), "unsendable": lambda: None}])))
    assert set(map(tuple, told.values())) == {(os.getpid(),)}


def test_what_a_process_does_that_is_killed_is_worked_out_here(estate: Estate, forks: list[int]) -> None:
    def rows(rule: Rule) -> Iterator[Row]:
        if os.getpid() != here and rule.id == "GI-DEL-005":
            os.kill(os.getpid(), 9)
        yield {"process": os.getpid()}

    here = os.getpid()
    told = dict(said_by(estate, rows))
    assert told["GI-DEL-001"] == told["GI-DEL-005"] == [here]


def test_without_room_for_another_process_everything_is_worked_out_here(
    estate: Estate, forks: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    def full() -> int:
        raise BlockingIOError("no more processes")

    monkeypatch.setattr(os, "fork", full)
    told = dict(said_by(estate))
    assert sorted(told) == sorted(rule.id for family in FAMILIES for rule in family)
    assert set(map(tuple, told.values())) == {(os.getpid(),)}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_what_finds_no_room_on_the_disk_is_worked_out_here(estate: Estate, forks: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.TemporaryFile", lambda: Path("/dev/full").open("r+b", buffering=0))  # noqa: SIM115
    told = dict(said_by(estate))
    assert forks
    assert set(map(tuple, told.values())) == {(os.getpid(),)}


def test_a_rule_that_fails_is_an_error_that_says_why(estate: Estate, forks: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    def failing(rule: Rule, *given: Any) -> Iterable[Row]:
        raise ValueError(f"{rule.id} is wrong")

    monkeypatch.setattr("graphinv.analyze.rules._rows", failing)
    _, statuses = run_rules(FUNCTIONS, Engine(estate, AT), unasked)
    assert forks
    reasons = {one.rule: one.reason for one in statuses if one.outcome == "error"}
    assert reasons == {one.rule: f"ValueError: {one.rule} is wrong" for one in statuses if one.outcome != "not_available"}


def test_whoever_stops_asking_leaves_no_process(estate: Estate, forks: list[int]) -> None:
    def rows(rule: Rule) -> Iterator[Row]:
        while os.getpid() != here:
            threading.Event().wait(1)
        yield {}

    here = os.getpid()
    asked = answers(FAMILIES, rows, Engine(estate, AT))
    next(asked)
    asked.close()
    with pytest.raises(ChildProcessError):
        os.waitpid(forks[0], 0)


def test_a_thread_of_a_server_forks_nothing(estate: Estate, forks: list[int]) -> None:
    told: list[tuple[str, Sequence[int]]] = []
    thread = threading.Thread(target=lambda: told.extend(said_by(estate)))
    thread.start()
    thread.join()
    assert {process for _, processes in told for process in processes} == {os.getpid()}
    assert forks == []


def test_nothing_is_left_behind(estate: Estate, forks: list[int]) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    said_by(estate)
    assert forks
    assert len(list(Path("/proc/self/fd").iterdir())) == before
