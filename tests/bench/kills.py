"""kill -9 at random instants of what changes a store: ``python -m tests.bench.kills embedded|neo4j [KILLS [AGENTS [SEED]]]``.

A command of the command line (ingest, analyze, prune, a backup, its restoration; on a server each of those that write once in one
transaction and once built beside what is there; on the embedded store analyze once more, killed while it keeps its arrays) runs in a
process of its own and is killed somewhere between its start and its end, every second time between the begin of its writing and its end.
After each kill the store is opened: it holds what was there before the command, or what is there after it, checked over everything it
holds; it answers queries, and what agents reach, as that generation does; and the same command again ends where a command ends that nobody
disturbed, and leaves nothing beside it. Anything else is an AssertionError. The server is the one at NEO4J_URI, whose contents are lost, or
a local one.
"""

from __future__ import annotations

import json
import os
import pkgutil
import random
import select
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from hashlib import sha256
from importlib import import_module
from pathlib import Path
from typing import Any, Literal, Protocol, Self, get_args
from unittest import mock

import graphinv
from graphinv.cli import main as command_line
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.pipeline.keys import KEY_FILE_VARIABLE
from graphinv.pipeline.stages import engine
from graphinv.store import embedded, open_store, upkeep
from graphinv.store import neo4j as server
from graphinv.store.merge import State
from graphinv.store.neo4j_client import connected
from tests.bench.library import facts
from tests.neo4j_server import started, stop

Engine = Literal["embedded", "neo4j"]
Since = Literal["start", "writing", "published"]
"""Moments of a command: its start; when it begins to write; when what it wrote is the store."""
KILLS = 200
AGENTS = 20
FIRST, SECOND, THIRD, LATER = (f"2026-07-{day:02}T00:00:00Z" for day in (10, 11, 12, 20))
EXPECTED = {"graph", "graph.arrays", "graph.key", "graph.lock"}
"""What may lie in a store's folder when no command runs."""
QUERIES = (
    "MATCH (a:Agent)-[r:CAN_REACH]->(t) RETURN a.id, t.id, r.lens, r.actions ORDER BY a.id, t.id, r.lens",
    "MATCH (f:Finding)-[:ABOUT]->(a) RETURN f.id, f.fixed_at, a.id ORDER BY f.id, a.id",
    # No label is named, so what a server has built beside would be counted.
    "MATCH ()-[r]->() RETURN type(r) AS kind, r.gone_at IS NULL AS live, count(r) AS n ORDER BY kind, live",
)


@dataclass(frozen=True)
class Case:
    """A command and the store that it finds."""

    name: str
    template: Path
    command: tuple[str, ...]
    since: Sequence[Since] = ("start", "writing")
    """From when on its kills are counted, in turn."""
    beside: bool = False
    """Whether a server builds what it writes beside what is there."""
    file: Path | None = None
    """What it writes that is no store."""


@dataclass
class Counts:
    """What became of the kills of a case."""

    before: int = 0
    """The store held what was there before the command."""
    after: int = 0
    """It held what the command writes."""
    writing: int = 0
    """The command was writing."""
    halves: int = 0
    """Something half-written lay beside it."""
    finished: int = 0
    """The command was faster: no kill."""

    @property
    def kills(self) -> int:
        return self.before + self.after


@dataclass(frozen=True)
class Contents:
    """Digests of what is there."""

    whole: str
    """Everything: facts, history, scans, results."""
    graph: str
    """The same without the number and list of generations, which a command that is run again adds to; and what queries answer."""
    reach: str
    """What all agents reach, worked out from the arrays beside the store where those are there."""
    file: str
    """What the command writes that is no store; empty where it is not there."""
    generation: int = field(compare=False)


def contents(url: str, file: Path | None = None) -> Contents:
    """What a store holds; it must be sound, and so must ``file`` be, a backup, where it is there."""
    with open_store(url) as opened:
        state, analysis = opened.state(), opened.analysis()
        assert upkeep.problems(state) == []
        plain = analysis.model_dump(mode="json", by_alias=True) if analysis else {}
        results = {name: value for name, value in plain.items() if name != "generation"}
        rows = [opened.query(query).rows for query in QUERIES]
        judge = engine(opened, at=FIRST)
        kept = opened.aside is not None and opened.aside.exists()
        assert not kept or judge.structure.looked is not None, "arrays lie beside the store that cannot be read"
        reached = list(judge.reach_all(atoms=False))
        bare = replace(state, generation=0, history=())
        backup = _digest(*upkeep.read_backup(file)) if file and file.exists() else ""
        return Contents(_digest(state, plain), _digest(bare, results, rows), _digest(reached), backup, state.generation)


def _digest(*parts: Any) -> str:
    def plain(value: Any) -> Any:
        if isinstance(value, State):
            entries = [[key, entry] for things in (value.nodes, value.edges) for key, entry in sorted(things.items())]
            return [entries, sorted(value.scans.items()), value.complete_at, value.generation, value.history]
        return vars(value) if hasattr(value, "__dict__") else {name: getattr(value, name) for name in value.__slots__}

    return sha256(json.dumps(parts, sort_keys=True, default=plain).encode()).hexdigest()


# --------------------------------------------------------------------------------------------------------------------------------
# Where the store is that commands write


class Place(Protocol):
    """Where one store is."""

    @property
    def url(self) -> str: ...

    def put(self, template: Path) -> None:
        """Make it hold what the embedded store ``template`` holds, and nothing else."""
        ...

    def halves(self) -> bool:
        """Whether something lies beside it that should not when no command runs."""
        ...


class Folder:
    """The embedded store in a folder."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.url = str(folder / "graph")

    def put(self, template: Path) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        _copy(template, self._folder)

    def halves(self) -> bool:
        return {path.name for path in self._folder.iterdir()} > EXPECTED or any(self._folder.glob("graph.arrays/.*"))


class Server:
    """The store in the server at ``url``."""

    def __init__(self, url: str) -> None:
        self.url = url

    def put(self, template: Path) -> None:
        with open_store(template) as source, open_store(self.url, write=True) as target:
            upkeep.copy(source, target, force=True)

    def halves(self) -> bool:
        hidden = "MATCH (n) WHERE any(l IN labels(n) WHERE l STARTS WITH '_' AND l <> '_Store') RETURN count(n) > 0 AS n"
        with connected(self.url, retry=1.0) as driver:
            return bool(driver.execute_query(hidden, database_=_DATABASE).records[0]["n"])


_DATABASE = os.environ.get("NEO4J_DATABASE")


@contextmanager
def place(kind: Engine, folder: Path) -> Iterator[Place]:
    """Where the store of that engine is: in ``folder``, or in a server."""
    if kind == "embedded":
        yield Folder(folder / "run")
    elif os.environ.get("NEO4J_URI"):
        yield Server(os.environ["NEO4J_URI"])
    else:
        home = folder / "neo4j"
        found = started(home)
        os.environ.update(NEO4J_USER=found.user, NEO4J_PASSWORD=found.password)
        try:
            yield Server(found.uri)
        finally:
            stop(home)


# --------------------------------------------------------------------------------------------------------------------------------
# What is done to which store


def cases(kind: Engine, folder: Path, agents: int, commands: Commands) -> list[Case]:
    """Embedded stores in ``folder``, made by the command line as well, and what is done to what they hold."""
    nodes, edges = facts(agents)
    file, backup = folder / "x.facts.jsonl", folder / "kept"
    _write(file, nodes, edges)
    fresh = folder / "fresh" / "graph"
    commands.run(("ingest", str(file), "--at", FIRST), str(fresh))
    judged = _copy(fresh, folder / "judged")
    commands.run(("analyze", "--at", FIRST), str(judged))
    # The second reading changes some, closes some and brings some.
    gone = {("Agent", f"agent-{number:07}") for number in range(0, agents, 7)}
    _write(
        file,
        [node if node.key in gone else _renewed(node) for node in nodes if node.key not in gone] + [NodeFact("Agent", "new", {})],
        [edge for edge in edges if edge.source not in gone and edge.target not in gone],
    )
    closed = _copy(judged, folder / "closed")
    commands.run(("ingest", str(file), "--at", SECOND), str(closed))
    commands.run(("analyze", "--at", SECOND), str(closed))
    commands.run(("store", "backup", str(backup)), str(closed))
    writing = [
        Case("ingest", judged, ("ingest", str(file), "--at", SECOND)),
        Case("analyze", fresh, ("analyze", "--at", FIRST)),
        Case("prune", closed, ("prune", "--before", THIRD)),
        Case("store restore", fresh, ("store", "restore", str(backup), "--force")),
    ]
    reading = Case("store backup", closed, ("store", "backup", str(folder / "made")), beside=True, file=folder / "made")
    if kind == "neo4j":
        return [*writing, *(replace(case, beside=True) for case in writing), reading]
    return [*writing, reading, Case("analyze's arrays", closed, ("analyze", "--at", LATER), since=("published",))]


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

    def run(
        self, command: Sequence[str], url: str, *, beside: bool = False, kill_after: float | None = None, since: Since = "start"
    ) -> Ran:
        """Run ``command`` on the store at ``url``; with ``kill_after`` kill it so many seconds after the moment ``since``."""
        assert self._forker.stdin
        assert self._forker.stdout
        self._forker.stdin.write(json.dumps([[*command, "--store", url], beside, kill_after, since]) + "\n")
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
    for module in pkgutil.walk_packages(graphinv.__path__, "graphinv."):
        if not module.name.endswith("__main__"):
            import_module(module.name)
    for line in sys.stdin:
        os.write(1, json.dumps(_run(*json.loads(line))).encode() + b"\n")


def _run(command: list[str], beside: bool, kill_after: float | None, since: Since) -> tuple[int, dict[Since, float]]:
    told, tell = os.pipe()
    child = os.fork()
    if not child:
        _act(command, beside, tell)
    os.close(tell)
    moments: dict[Since, float] = {"start": time.monotonic()}
    while True:
        left = None
        if kill_after is not None and since in moments:
            left = max(0.0, moments[since] + kill_after - time.monotonic())
        if not select.select([told], [], [], left)[0]:
            os.kill(child, signal.SIGKILL)  # it is there until it is waited for
            break
        if not (said := os.read(told, 1)):
            break
        moments.setdefault(get_args(Since)[int(said)], time.monotonic())
    os.close(told)
    _, status = os.waitpid(child, 0)
    end = time.monotonic()
    return os.waitstatus_to_exitcode(status), {name: end - moment for name, moment in moments.items()}


def _act(command: list[str], beside: bool, tell: int) -> None:
    """Be the command line with ``command``, saying nothing but to ``tell`` at which moment it is."""

    def telling(work: Callable[..., Any]) -> Callable[..., Any]:
        def told(*given: Any) -> Any:
            os.write(tell, b"%d" % get_args(Since).index("writing"))
            done = work(*given)
            os.write(tell, b"%d" % get_args(Since).index("published"))
            return done

        return told

    for owner, name in ((embedded.EmbeddedStore, "_publish"), (server.Neo4jStore, "_publish"), (upkeep, "_write_backup")):
        setattr(owner, name, telling(getattr(owner, name)))
    server.DIRECT = -1 if beside else 10**9
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


# --------------------------------------------------------------------------------------------------------------------------------
# Kills


def kill(case: Case, kills: int, where: Place, commands: Commands, dice: random.Random) -> Counts:
    """Kill ``case`` so many times, and see each time that nothing is lost."""
    counts = Counts()
    _put(case, where)
    before = contents(where.url, case.file)
    whole = dict(commands.run(case.command, where.url, beside=case.beside).seconds)
    after = contents(where.url, case.file)
    assert before != after
    while counts.kills < kills:
        _put(case, where)
        since = case.since[counts.kills % len(case.since)]
        ran = commands.run(case.command, where.url, beside=case.beside, kill_after=dice.uniform(0.0, whole[since]), since=since)
        if not ran.code:
            counts.finished += 1
            whole[since] = ran.seconds[since]  # the machine is less busy than it was
            continue
        counts.writing += "writing" in ran.seconds and "published" not in ran.seconds
        counts.halves += _halves(case, where)
        found = contents(where.url, case.file)
        if found == before:
            counts.before += 1
        else:
            assert found == after, (case.name, found, before, after)
            counts.after += 1
        if case.file:
            case.file.unlink(missing_ok=True)
        commands.run(case.command, where.url, beside=case.beside)
        again = contents(where.url, case.file)
        assert (again.graph, again.reach, again.file) == (after.graph, after.reach, after.file), (case.name, again, after)
        assert not _halves(case, where)
        print(f"{case.name} {counts}", file=sys.stderr, flush=True)
    return counts


def _put(case: Case, where: Place) -> None:
    where.put(case.template)
    if case.file:
        case.file.unlink(missing_ok=True)


def _halves(case: Case, where: Place) -> bool:
    return where.halves() or (case.file is not None and any(case.file.parent.glob(f".{case.file.name}.*")))


def main(kind: Engine, kills: int = KILLS, agents: int = AGENTS, seed: int = 1) -> int:
    """Kill and print what became of it; how many kills it were."""
    total = 0
    with (
        tempfile.TemporaryDirectory() as temporary,
        # With a key of its own a store that was copied does not know the folder that it was read from.
        mock.patch.dict(os.environ, {KEY_FILE_VARIABLE: str(Path(temporary) / "key")}),
        place(kind, Path(temporary)) as where,
        Commands(Path(temporary) / "cache") as commands,
    ):
        made = cases(kind, Path(temporary), agents, commands)
        print("| command | written | kills | while it wrote | held what was before | held what is after | left halves | ended before |")
        print("| --- | --- | ---: | ---: | ---: | ---: | ---: | ---: |", flush=True)
        for number, case in enumerate(made):
            found = kill(case, (kills + number) // len(made), where, commands, random.Random(seed + number))
            how = "beside" if case.beside or kind == "embedded" else "directly"
            numbers = (found.kills, found.writing, found.before, found.after, found.halves, found.finished)
            print(f"| {case.name} | {how} |", *(f"{one} |" for one in numbers), flush=True)
            total += found.kills
    print(f"\n{total} kills, nothing lost")
    return total


if __name__ == "__main__":
    main("neo4j" if sys.argv[1] == "neo4j" else "embedded", *[int(one) for one in sys.argv[2:]])
