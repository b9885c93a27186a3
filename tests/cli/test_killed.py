"""kill -9 while a large file is ingested: the store holds a whole generation, and the same command again completes it."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from graphinv.model.estate import Estate
from graphinv.store import open_store
from tests.cli.running import graphinv, process_environment

AT = "2026-03-01T00:00:00Z"
LATER = "2026-03-02T00:00:00Z"
LARGE = 3_000

MARKED = """
import os, signal, sys
name, kind, after = sys.argv[1], signal.Signals[sys.argv[2]], sys.argv[3] == "after"
real, calls = getattr(os, name), 0

def marked(*arguments, **options):
    global calls
    calls += 1
    if calls == 1 and not after:
        os.kill(os.getpid(), kind)
    done = real(*arguments, **options)
    if calls == 1 and after:
        os.kill(os.getpid(), kind)
    return done

setattr(os, name, marked)
sys.argv[1:] = sys.argv[4:]
from graphinv.cli import main
main()
"""
"""Gets a signal before or after the first call of a function of ``os``."""


def small(path: Path) -> Path:
    path.write_text('{"node": "Agent", "id": "a0", "props": {"environment": "dev"}}\n{"node": "Agent", "id": "leaving"}\n')
    return path


def large(path: Path) -> Path:
    with path.open("w") as file:
        for number in range(LARGE):
            file.write(json.dumps({"node": "Agent", "id": f"a{number}", "props": {"environment": "prod"}}) + "\n")
            ends = {"from": ["Agent", f"a{number}"], "to": ["Identity", f"i{number % 97}"]}
            file.write(json.dumps({"edge": "RUNS_AS", **ends, "props": {"evidence": ["declared"]}}) + "\n")
    return path


def estate(store: Path) -> Estate:
    with open_store(store) as opened:
        return opened.estate()


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory: pytest.TempPathFactory) -> tuple[Estate, Estate]:
    """The graph before the large file and after it."""
    folder = tmp_path_factory.mktemp("whole")
    file = folder / "x.facts.jsonl"
    graphinv("ingest", small(file), "--store", folder / "graph", "--at", AT)
    before = estate(folder / "graph")
    graphinv("ingest", large(file), "--store", folder / "graph", "--at", LATER)
    return before, estate(folder / "graph")


def prepared(folder: Path) -> list[str]:
    """A store with the small file in it, and the command that ingests the large one."""
    folder.mkdir()
    file = folder / "x.facts.jsonl"
    graphinv("ingest", small(file), "--store", folder / "graph", "--at", AT)
    large(file)
    return ["ingest", str(file), "--store", str(folder / "graph"), "--at", LATER]


def marked(call: str, signalled: str, moment: str, command: list[str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", MARKED, call, signalled, moment, *command],
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
        env=process_environment(),
    )


def holds_a_whole_generation_and_completes(folder: Path, command: list[str], outcomes: tuple[Estate, Estate]) -> int:
    """Which of the two graphs the store holds after the kill; then the command again."""
    found = estate(folder / "graph")
    held = outcomes.index(found)
    assert (found.nodes, found.edges) == (outcomes[held].nodes, outcomes[held].edges)
    graphinv(*command)
    again = estate(folder / "graph")
    assert again.nodes == outcomes[1].nodes
    assert again.edges == outcomes[1].edges
    assert {path.name for path in folder.iterdir()} == {"x.facts.jsonl", "graph", "graph.key", "graph.lock"}
    return held


@pytest.mark.parametrize(
    ("call", "moment", "held"),
    [("replace", "before", 0), ("replace", "after", 1), ("chmod", "before", 0)],
)
def test_killed_while_it_publishes(tmp_path: Path, outcomes: tuple[Estate, Estate], call: str, moment: str, held: int) -> None:
    folder = tmp_path / "run"
    command = prepared(folder)
    ran = marked(call, "SIGKILL", moment, command)
    assert ran.returncode == -signal.SIGKILL
    assert holds_a_whole_generation_and_completes(folder, command, outcomes) == held


def test_killed_at_any_instant(tmp_path: Path, outcomes: tuple[Estate, Estate]) -> None:
    program = [sys.executable, "-c", "from graphinv.cli import main; main()"]
    commands = [prepared(tmp_path / f"run{number}") for number in range(7)]
    begin = time.monotonic()
    subprocess.run([*program, *commands.pop()], check=True, timeout=120, env=process_environment(), capture_output=True)
    whole = time.monotonic() - begin

    def killed(number: int) -> int:
        with subprocess.Popen([*program, *commands[number]], env=process_environment(), stdout=subprocess.DEVNULL) as running:
            try:
                running.wait(whole * (number + 2) / (len(commands) + 2))
            except subprocess.TimeoutExpired:
                running.kill()
            return running.wait()

    with ThreadPoolExecutor(2) as pool:
        codes = list(pool.map(killed, range(len(commands))))
    assert set(codes) <= {0, -signal.SIGKILL}
    assert -signal.SIGKILL in codes
    for number, command in enumerate(commands):
        holds_a_whole_generation_and_completes(tmp_path / f"run{number}", command, outcomes)


@pytest.mark.parametrize(("call", "moment"), [("link", "before"), ("link", "after"), ("replace", "before")])
def test_killed_in_the_very_first_run(tmp_path: Path, call: str, moment: str) -> None:
    """No store is there yet, and the key may be half made."""
    file = small(tmp_path / "x.facts.jsonl")
    command = ["ingest", str(file), "--store", str(tmp_path / "new" / "graph"), "--at", AT]
    ran = marked(call, "SIGKILL", moment, command)
    assert ran.returncode == -signal.SIGKILL
    assert not (tmp_path / "new" / "graph").exists()
    graphinv(*command)
    assert [node.id for node in estate(tmp_path / "new" / "graph").of_kind("Agent")] == ["a0", "leaving"]


def test_stopped_by_the_user(tmp_path: Path) -> None:
    file = small(tmp_path / "x.facts.jsonl")
    command = ["ingest", str(file), "--store", str(tmp_path / "graph"), "--at", AT]
    graphinv(*command)
    before = estate(tmp_path / "graph")
    file.write_text('{"node": "Agent", "id": "other"}\n')
    ran = marked("replace", "SIGINT", "before", command)
    assert (ran.returncode, ran.stdout) == (130, "")
    assert ran.stderr.endswith("graphinv: stopped; the store holds the last complete generation\n")
    assert estate(tmp_path / "graph") == before
