"""kill -9 at random instants of what changes a store in Neo4j: ``python -m tests.bench.kills_neo4j [KILLS [SEED]]``.

A process opens the store, does one thing (commits a scan, writes results, prunes, takes over another store's contents; half of the times in
one transaction, half of them built beside what is there), and is killed somewhere between its start and its end. After each kill a reader
is told either all of what was there before or all of what is there after, and by queries that name no label too; the same again ends where
an undisturbed run ends, and leaves nothing behind. Anything else is an AssertionError. The server is the one at NEO4J_URI,
whose contents are lost, or a local one of its own.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any, Self

from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.model.results import Analysis
from graphinv.store import Scan, Store, neo4j_local, open_store
from graphinv.store import neo4j as module
from graphinv.store.layout import with_first_seen
from graphinv.store.merge import State, advance
from graphinv.store.upkeep import prune as prune_store
from graphinv.store.upkeep import pruned

KILLS = 200
AGENTS = 200
DAYS = tuple(f"2026-07-{day:02}T00:00:00Z" for day in range(1, 31))
BARE = "MATCH ()-[r:CAN_ACCESS]->() RETURN r.gone_at IS NULL AS live, count(r) AS n ORDER BY live"
RESULTS = (
    "MATCH (a:Agent) WHERE a.risk IS NOT NULL RETURN a.risk AS risk, count(a) AS n ORDER BY risk",
    "MATCH (a:Agent)-[r:CAN_REACH]->(b:Resource) RETURN r.hops AS hops, count(r) AS n ORDER BY hops",
    "MATCH (f:Finding)-[:ABOUT]->(a:Agent) RETURN f.title AS title, count(a) AS n ORDER BY title",
)
HIDDEN = "MATCH (n) WHERE any(l IN labels(n) WHERE l STARTS WITH '_' AND l <> '_Store') RETURN count(n) AS n"


@dataclass(frozen=True)
class Contents:
    """What a store holds."""

    state: State
    analysis: Analysis | None

    def bare(self) -> tuple[State, Analysis | None]:
        """The same without the number and list of generations, which what is done again adds to."""
        return replace(self.state, generation=0, history=()), self.analysis


@dataclass(frozen=True)
class Case:
    """Something that is done to a store, with what it finds and what it leaves."""

    name: str
    before: Contents
    act: Callable[[Store], object]
    after: Contents


@dataclass
class Counts:
    """What became of the kills of a case: what the store held then, and how many runs were over before their kill."""

    before: int = 0
    after: int = 0
    finished: int = 0
    staged: int = 0
    """How many kills left nodes that were built beside, and taken away later."""

    @property
    def kills(self) -> int:
        return self.before + self.after


# --------------------------------------------------------------------------------------------------------------------------------
# What is done


def _facts(number: int, prefix: str = "a", *, without: int = 0) -> tuple[list[NodeFact], list[EdgeFact]]:
    agents = [f"{prefix}{i}" for i in range(AGENTS) if not without or i % without]
    nodes = [NodeFact("Agent", id, {"version": str(number), "labels": [f"x={id}"]}) for id in agents]
    nodes += [NodeFact("Identity", f"role-{id}", {"type": "iam_role"}) for id in agents]
    nodes.append(NodeFact("Resource", "db", {"type": "database"}))
    edges = [EdgeFact("RUNS_AS", ("Agent", id), ("Identity", f"role-{id}"), {"evidence": ["declared"]}) for id in agents]
    edges += [EdgeFact("CAN_ACCESS", ("Identity", f"role-{id}"), ("Resource", "db"), {"actions": ["read"]}) for id in agents]
    return nodes, edges


def _scan(number: int) -> Scan:
    return Scan("shop", DAYS[number], "complete", number, (), {}, "f00d")


def _analysis(number: int, prefix: str = "a") -> Analysis:
    subjects = [["Agent", f"{prefix}{i}"] for i in range(1, AGENTS, 2) if i % 7]
    numbers = dict.fromkeys(("impact", "likelihood", "impact_ungoverned", "impact_runtime"), 1.0)
    counts = dict.fromkeys(("targets", "atoms", "atoms_ungoverned", "hidden_atoms"), 1)
    db, reached = ["Resource", "db"], {"lens": "posture", "actions": ["read"], "via": []}
    about = {"rule": "a-rule", "title": f"of {number}", "severity": "high", "confidence": 1.0, "path": [], "owners": [], "details": {}}
    return Analysis.model_validate(
        {
            "generation": 1,
            "at": DAYS[number],
            "scores": [{"subject": one, "risk": float(number), "level": "low", "parts": [], **numbers, **counts} for one in subjects],
            "reach": [{"subject": one, "target": db, "hops": number, **reached} for one in subjects],
            "reach_left_out": 0,
            "findings": [{"key": f"{number}-{one[1]}", "subject": one, "target": db, **about} for one in subjects[:50]],
            "rules": [],
            "paths": [],
        }
    )


@cache
def cases() -> dict[str, Case]:
    """By name. What they find and leave is worked out without a store."""
    one = advance(State(), _scan(1), *_facts(1))[0]
    two = advance(one, _scan(2), *_facts(2, without=7))[0]
    other = advance(State(), _scan(4), *_facts(4, "b"))[0]
    first, second, third = _analysis(1), _analysis(2), _analysis(3, "b")
    seen, again, elsewhere = (
        with_first_seen(first, None),
        with_first_seen(second, with_first_seen(first, None)),
        with_first_seen(third, None),
    )
    without = pruned(two, DAYS[20])[0]
    made = (
        Case("ingest", Contents(one, seen), lambda store: store.commit(_scan(2), *_facts(2, without=7)), Contents(two, seen)),
        Case("analyze", Contents(one, seen), lambda store: store.put_analysis(second), Contents(one, again)),
        Case("prune", Contents(two, seen), lambda store: prune_store(store, DAYS[20]), Contents(without, seen)),
        Case("copy", Contents(one, seen), lambda store: store.replace(other, elsewhere), Contents(other, elsewhere)),
    )
    return {case.name: case for case in made}


# --------------------------------------------------------------------------------------------------------------------------------
# The process that does it


class Workers:
    """Processes that are forked off one which has imported everything, and has no connection."""

    def __init__(self, uri: str) -> None:
        root = Path(__file__).parents[2]
        self._errors = tempfile.TemporaryFile("w+", encoding="utf-8")  # noqa: SIM115 - closed with the rest
        self._forker = subprocess.Popen(
            [sys.executable, "-c", "from tests.bench.kills_neo4j import serve; serve()", uri],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            cwd=root,
            env={**os.environ, "PYTHONPATH": str(root)},
        )

    def run(self, case: str, staged: bool, kill_after: float | None) -> tuple[bool, float]:
        """Do it; whether it was killed, ``kill_after`` seconds after its start, and how long it ran."""
        assert self._forker.stdin
        assert self._forker.stdout
        self._forker.stdin.write(json.dumps([case, staged, kill_after]) + "\n")
        self._forker.stdin.flush()
        code, seconds = json.loads(self._forker.stdout.readline() or "[null, 0]")
        assert code == 0 or (code == -signal.SIGKILL and kill_after is not None), (case, code, self._said())
        return code != 0, seconds

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
    """Do what is asked for, one a line, with the store at the address that the command line names."""
    cases()
    for line in sys.stdin:
        name, staged, kill_after = json.loads(line)
        begin = time.monotonic()
        child = os.fork()
        if not child:
            _act(sys.argv[-1], name, staged)
        if kill_after is not None:
            time.sleep(kill_after)
            os.kill(child, signal.SIGKILL)  # it is there until it is waited for
        _, status = os.waitpid(child, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), time.monotonic() - begin]), flush=True)


def _act(uri: str, name: str, staged: bool) -> None:
    code = 70
    try:
        module.DIRECT = -1 if staged else 10**9
        with open_store(uri, write=True) as store:
            cases()[name].act(store)
        code = 0
    except Exception:
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


# --------------------------------------------------------------------------------------------------------------------------------
# Kills


def _seen(uri: str) -> tuple[Contents, list[Any]]:
    """What a reader is told: of everything, and by queries."""
    with open_store(uri) as reader:
        rows = [reader.query(query).rows for query in (*RESULTS, BARE)]
        return Contents(reader.state(), reader.analysis()), rows


def _left(uri: str) -> bool:
    """Whether something lies beside what is seen."""
    store = module.Neo4jStore(uri)
    with store, store._driver.session() as session:
        record = session.run(HIDDEN).single()
        assert record
        return bool(record["n"])


def _put(uri: str, contents: Contents) -> list[Any]:
    """Make the store hold it, and see what queries say then."""
    with open_store(uri, write=True) as store:
        store.replace(contents.state, contents.analysis)
    found, rows = _seen(uri)
    assert found == contents
    return rows


def kill(uri: str, name: str, staged: bool, kills: int, seed: int, say: Callable[[str], object] = lambda line: None) -> Counts:
    """Kill one case so many times, and see each time that nothing is lost."""
    case, counts, dice = cases()[name], Counts(), random.Random(seed)
    with Workers(uri) as workers:
        rows_after = _put(uri, case.after)
        rows_before = _put(uri, case.before)
        _, whole = workers.run(name, staged, None)
        assert _seen(uri) == (case.after, rows_after)
        while counts.kills < kills:
            assert _put(uri, case.before) == rows_before
            killed, _ = workers.run(name, staged, dice.uniform(0.0, whole))
            if not killed:
                counts.finished += 1
                whole *= 0.95  # the machine is less busy than it was
                continue
            counts.staged += _left(uri)
            found, rows = _seen(uri)
            assert (found, rows) in ((case.before, rows_before), (case.after, rows_after)), (name, staged, rows, rows_before, rows_after)
            assert not _left(uri)  # who asked without labels took it away
            if found == case.before:
                counts.before += 1
            else:
                counts.after += 1
            workers.run(name, staged, None)
            again, rows = _seen(uri)
            assert (again.bare(), rows) == (case.after.bare(), rows_after), (name, staged)
            assert not _left(uri)
            say(f"{name} {'staged' if staged else 'direct'} {counts}")
    return counts


@contextmanager
def _server() -> Iterator[str]:
    """Address of the server at NEO4J_URI, or of a local one of its own, whose user and password are those of the environment."""
    if os.environ.get("NEO4J_URI"):
        yield os.environ["NEO4J_URI"]
        return
    with tempfile.TemporaryDirectory() as home:
        os.environ[neo4j_local.HOME_VARIABLE] = home
        status = neo4j_local.up()
        os.environ.update(NEO4J_USER=status.user, NEO4J_PASSWORD=status.password or "")
        try:
            yield str(status.uri)
        finally:
            neo4j_local.down()


def main(kills: int = KILLS, seed: int = 1) -> int:
    """Kill and print what became of it; how many kills it were."""
    total = 0
    plan = [(name, staged) for name in cases() for staged in (False, True)]
    print("| what | written | kills | held what was before | held what is after | left something beside | ended before |")
    print("| --- | --- | ---: | ---: | ---: | ---: | ---: |", flush=True)
    with _server() as uri:
        for number, (name, staged) in enumerate(plan):
            share = (kills + number) // len(plan)
            found = kill(uri, name, staged, share, seed + number, lambda line: print(line, file=sys.stderr, flush=True))
            how = "beside" if staged else "directly"
            print(f"| {name} | {how} | {found.kills} | {found.before} | {found.after} | {found.staged} | {found.finished} |", flush=True)
            total += found.kills
    print(f"\n{total} kills, nothing lost")
    return total


if __name__ == "__main__":
    main(*(int(one) for one in sys.argv[1:]))
