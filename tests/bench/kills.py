"""kill -9 at random instants of what changes an embedded store: ``python -m tests.bench.kills [KILLS [AGENTS [SEED]]]``.

A command of the command line (ingest, analyze, prune; analyze once more, killed while it keeps its arrays) runs in a process of its own
and is killed somewhere between its start and its end, every second time between the begin of writing and the end. After each kill the
store is opened: it holds what was there before the command, or what is there after it, checked over everything it holds; it answers what
agents reach as that generation does; and the same command again ends in the graph that a command that nobody disturbed ends in. Anything
else is an AssertionError.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from importlib import import_module
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Literal, Self

from graphinv.cli import main as command_line
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.pipeline.stages import engine
from graphinv.store import open_store
from graphinv.store.merge import State
from graphinv.store.upkeep import problems
from tests.bench.library import facts

Since = Literal["start", "writing", "published"]
"""Moments of a command: its start; when it begins to write; when what it wrote is the store."""
KILLS = 200
AGENTS = 100
FIRST, SECOND, THIRD, LATER = (f"2026-07-{day:02}T00:00:00Z" for day in (10, 11, 12, 20))
EXPECTED = {"graph", "graph.arrays", "graph.key", "graph.lock"}
"""What may lie in a store's folder when no command runs."""


@dataclass(frozen=True)
class Case:
    """A command and the store that it finds."""

    name: str
    template: Path
    command: tuple[str, ...]
    since: Sequence[Since] = ("start", "writing")
    """From when on its kills are counted, in turn."""


@dataclass
class Counts:
    """What became of the kills of a case."""

    before: int = 0
    """The store held what was there before the command."""
    after: int = 0
    """It held what the command writes."""
    halves: int = 0
    """A half-written file or folder lay beside it."""
    finished: int = 0
    """The command was faster: no kill."""

    @property
    def kills(self) -> int:
        return self.before + self.after


@dataclass(frozen=True)
class Contents:
    """Digests of a store's contents."""

    whole: str
    """Everything: facts, history, scans, results."""
    graph: str
    """The same without the number and list of generations, which a command that is run again adds to."""
    reach: str
    """What all agents reach, worked out from the arrays beside the store where those are there."""
    generation: int = field(compare=False)


def contents(store: Path) -> Contents:
    """What a store holds; it must be sound."""
    with open_store(store) as opened:
        state, analysis = opened.state(), opened.analysis()
        assert problems(state) == []
        plain = analysis.model_dump(mode="json", by_alias=True) if analysis else {}
        results = {name: value for name, value in plain.items() if name != "generation"}
        rows = opened.query("MATCH (a:Agent)-[r:CAN_REACH]->(t) RETURN a.id, t.id, r.lens, r.actions ORDER BY a.id, t.id, r.lens").rows
        reached = [reach.model_dump(mode="json") for reach in engine(opened, at=FIRST).reach_all(atoms=False)]
        bare = replace(state, generation=0, history=())
        return Contents(_digest(state, plain), _digest(bare, results, rows), _digest(reached), state.generation)


def _digest(*parts: Any) -> str:
    def plain(value: Any) -> Any:
        if isinstance(value, State):
            entries = [[key, entry] for things in (value.nodes, value.edges) for key, entry in sorted(things.items())]
            return [entries, sorted(value.scans.items()), value.complete_at, value.generation, value.history]
        return vars(value) if hasattr(value, "__dict__") else {name: getattr(value, name) for name in value.__slots__}

    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=plain).encode()).hexdigest()


# --------------------------------------------------------------------------------------------------------------------------------
# The stores that commands find


def cases(folder: Path, agents: int, commands: Commands) -> list[Case]:
    """Stores in ``folder``, made by the command line as well, and what is done to them."""
    nodes, edges = facts(agents)
    file = folder / "x.facts.jsonl"
    _write(file, nodes, edges)
    fresh = folder / "fresh" / "graph"
    commands.run(["ingest", str(file), "--at", FIRST], fresh)
    judged = _copy(fresh, folder / "judged")
    commands.run(["analyze", "--at", FIRST], judged)
    # The second reading changes some, closes some and brings some.
    gone = {("Agent", f"agent-{number:07}") for number in range(0, agents, 7)}
    _write(
        file,
        [node if node.key in gone else _renewed(node) for node in nodes if node.key not in gone] + [NodeFact("Agent", "new", {})],
        [edge for edge in edges if edge.source not in gone and edge.target not in gone],
    )
    closed = _copy(judged, folder / "closed")
    commands.run(["ingest", str(file), "--at", SECOND], closed)
    commands.run(["analyze", "--at", SECOND], closed)
    return [
        Case("ingest", judged, ("ingest", str(file), "--at", SECOND)),
        Case("analyze", fresh, ("analyze", "--at", FIRST)),
        Case("prune", closed, ("prune", "--before", THIRD)),
        Case("arrays", closed, ("analyze", "--at", LATER), since=("published",)),
    ]


def _renewed(node: NodeFact) -> NodeFact:
    return NodeFact(node.kind, node.id, {**node.props, "name": f"{node.id}, renamed"}) if node.kind == "Agent" else node


def _write(file: Path, nodes: list[NodeFact], edges: list[EdgeFact]) -> None:
    with file.open("w", encoding="utf-8") as out:
        for node in nodes:
            out.write(json.dumps({"node": node.kind, "id": node.id, "props": node.props}) + "\n")
        for edge in edges:
            out.write(json.dumps({"edge": edge.kind, "from": edge.source, "to": edge.target, "props": edge.props}) + "\n")


def _copy(store: Path, folder: Path) -> Path:
    shutil.copytree(store.parent, folder, copy_function=shutil.copy2)
    return folder / store.name


# --------------------------------------------------------------------------------------------------------------------------------
# Commands


@dataclass(frozen=True)
class Ran:
    """How a command ended, and the seconds from each moment to its end."""

    code: int
    seconds: dict[Since, float]


class Commands:
    """Runs commands in processes that are forked off one that has imported everything and asked no engine anything: those of an engine
    have threads, which a fork would lose.
    """

    def __init__(self, cache: Path) -> None:
        root = Path(__file__).parents[2]
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed with the rest
        self._forker = subprocess.Popen(
            [sys.executable, "-c", "from tests.bench.kills import serve; serve()"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root), "GRAPHINV_CACHE": str(cache)},
        )

    def run(self, command: Sequence[str], store: Path, *, kill_after: float | None = None, since: Since = "start") -> Ran:
        """Run ``command`` on ``store``; with ``kill_after`` kill it so many seconds after the moment ``since``."""
        assert self._forker.stdin
        assert self._forker.stdout
        self._forker.stdin.write(json.dumps([[*command, "--store", str(store)], str(store), kill_after, since]) + "\n")
        self._forker.stdin.flush()
        ran = Ran(*json.loads(self._forker.stdout.readline()))
        assert ran.code == 0 or (ran.code == -signal.SIGKILL and kill_after is not None), (command, ran, self._said())
        return ran

    def _said(self) -> str:
        self._errors.seek(0)
        return self._errors.read()[-2000:]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._forker.kill()
        self._forker.communicate()
        self._errors.close()


def serve() -> None:
    """Run the commands that come in, one a line."""
    import_module("graphinv.analyze.engine")
    for line in sys.stdin:
        command, store, kill_after, since = json.loads(line)
        os.write(1, json.dumps(_run(command, Path(store), kill_after, since)).encode() + b"\n")


def _run(command: list[str], store: Path, kill_after: float | None, since: Since) -> tuple[int, dict[Since, float]]:
    file = _file(store)
    child = _forked(command)
    moments: dict[Since, float] = {"start": time.monotonic()}
    while not os.waitid(os.P_PID, child, os.WEXITED | os.WNOHANG | os.WNOWAIT):
        now = time.monotonic()
        if "published" not in moments and _file(store) != file:
            moments["published"] = now
        if "writing" not in moments and ("published" in moments or any(store.parent.glob(f".{store.name}.new-*"))):
            moments["writing"] = now
        if kill_after is not None and since in moments and now - moments[since] >= kill_after:
            os.kill(child, signal.SIGKILL)
            break
        time.sleep(0.0005)
    _, status = os.waitpid(child, 0)
    end = time.monotonic()
    return os.waitstatus_to_exitcode(status), {name: end - moment for name, moment in moments.items()}


def _file(store: Path) -> int | None:
    return os.stat(store).st_ino if store.exists() else None


def _forked(command: list[str]) -> int:
    """The process that runs the command line with ``command``, saying nothing."""
    child = os.fork()
    if child:
        return child
    code = 70
    try:
        silent = os.open(os.devnull, os.O_RDWR)
        for handle in (0, 1):
            os.dup2(silent, handle)
        sys.argv = ["graphinv", *command]
        command_line()
    except SystemExit as stop:
        code = int(stop.code or 0)
    except Exception:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


@contextmanager
def _fresh(case: Case, folder: Path) -> Iterator[Path]:
    """A copy of the store that the command finds."""
    made = folder / "run"
    try:
        yield _copy(case.template, made)
    finally:
        shutil.rmtree(made)


def kill(case: Case, kills: int, folder: Path, seed: int) -> Counts:
    """Kill ``case`` so many times, and see each time that nothing is lost. ``folder`` is where that is done."""
    folder.mkdir()
    with Commands(folder / "cache") as commands:
        return _killed(case, kills, folder, commands, random.Random(seed))


def _killed(case: Case, kills: int, folder: Path, commands: Commands, dice: random.Random) -> Counts:
    counts = Counts()
    with _fresh(case, folder) as store:
        before = contents(store)
        ran = commands.run(case.command, store)
        whole = dict(ran.seconds)
        after = contents(store)
        assert before.whole != after.whole
    while counts.kills < kills:
        with _fresh(case, folder) as store:
            since = case.since[counts.kills % len(case.since)]
            if not commands.run(case.command, store, kill_after=dice.uniform(0.0, whole[since]), since=since).code:
                counts.finished += 1
                whole[since] *= 0.95  # the machine is less busy than it was
                continue
            print(f"{case.name} {counts.kills}", file=sys.stderr)
            counts.halves += bool(_leftovers(store))
            found = contents(store)
            if found == before:
                counts.before += 1
            else:
                assert found == after, (case.name, found, before, after)
                counts.after += 1
            commands.run(case.command, store)
            again = contents(store)
            assert (again.graph, again.reach) == (after.graph, after.reach), (case.name, again, after)
            assert not _leftovers(store)
    return counts


def _leftovers(store: Path) -> list[Path]:
    """What lies beside a store and should not when no command runs."""
    return [path for path in store.parent.iterdir() if path.name not in EXPECTED] + [*store.parent.glob("graph.arrays/.*")]


def main(kills: int = KILLS, agents: int = AGENTS, seed: int = 1) -> int:
    """Kill, the commands side by side, and print what became of it; how many kills it were."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        with Commands(folder / "cache") as commands:
            made = cases(folder, agents, commands)
        with ProcessPoolExecutor(len(made), get_context("spawn")) as pool:
            begun = [
                pool.submit(kill, case, (kills + number) // len(made), folder / case.name, seed + number)
                for number, case in enumerate(made)
            ]
            found = [one.result() for one in begun]
    print("| command | kills | held what was before | held what is after | left half-written files | ended before |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for case, counts in zip(made, found, strict=True):
        print(f"| {case.name} | {counts.kills} | {counts.before} | {counts.after} | {counts.halves} | {counts.finished} |")
    total = sum(counts.kills for counts in found)
    print(f"\n{total} kills, nothing lost")
    return total


if __name__ == "__main__":
    main(*[int(one) for one in sys.argv[1:]])
