"""What each rule takes on a large invented estate: ``python -m tests.bench.rules AGENTS FOLDER [RULE…]``.

The estate (:mod:`tests.bench.estate`) is stored in FOLDER once. Seconds of rules are of processor time, in whichever thread or process
their rows are worked out, and of making findings of them; of the steps before the rules, and of all of it, on the clock. Causes are counted
after the rules, all together, as ``graphinv analyze`` does.
``python -m tests.bench.rules growth FOLDER 2500 5000 …`` prints seconds by rule and size, and how they grow.
"""

from __future__ import annotations

import mmap
import os
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from math import log
from pathlib import Path
from typing import Any

import numpy as np

import graphinv.analyze.rules as analyze_rules
from graphinv.analyze.ahead import Ahead
from graphinv.analyze.causes import causes_of
from graphinv.analyze.engine import Engine
from graphinv.analyze.forked import Row
from graphinv.analyze.rules import Ask, Rule, run_rules
from graphinv.model.results import Lens, RuleStatus
from graphinv.pipeline.pool import collector_resting
from graphinv.pipeline.stages import asking, engine, rules
from graphinv.store import Rows, Scan, open_store
from tests.bench.estate import asked_about
from tests.bench.held import Held, step
from tests.bench.synthetic import AT


def stored(agents: int, folder: Path) -> Path:
    """The store of an estate of so many agents; made where it is not there."""
    address = folder / f"rules-{agents}" / "graph"
    if not address.exists():
        with open_store(address, write=True) as store:
            store.commit(Scan("bench", AT, "complete"), *asked_about(agents))
    return address


@collector_resting()
def measure(address: Path, wanted: Sequence[str]) -> None:
    """Print seconds of processor time, findings, causes and outcome of each rule, and the sums; the collector rests, as when analyzing."""
    begun, clock = processors(), time.perf_counter()
    with open_store(address) as store, Held() as held:
        chosen = {id: rule for id, rule in rules().items() if not wanted or id in wanted}
        times = dict.fromkeys(chosen, 0.0)
        names = {rule.cypher: id for id, rule in chosen.items()}
        ask = asking(store)

        def answered(cypher: str, params: Mapping[str, Any]) -> Rows:
            begun = time.thread_time()
            answer = ask(cypher, params)
            times[names[cypher]] += time.thread_time() - begun
            return answer

        last = 0.0

        def told(status: RuleStatus) -> None:
            nonlocal last
            times[status.rule] += time.thread_time() - last
            last = time.thread_time()

        with Ahead(chosen, answered, AT) as answers:
            judge = step("load the estate", lambda: engine(store, at=AT), held)
            print(f"{len(judge.estate.nodes):,} nodes, {len(judge.estate.edges):,} edges")
            step("wait for the queries", answers.wait, held)
            store.rest()
            step("arcs", lambda: judge.structure, held)
            lenses: tuple[Lens, ...] = ("posture", "ungoverned")
            for lens in lenses:
                step(f"privileges, {lens}", partial(judge.privileges, lens), held)
            step("privileges of one's own", lambda: judge.own_privileges, held)
            with elsewhere(list(chosen)) as spent:
                last, judged = time.thread_time(), time.perf_counter()
                findings, statuses = run_rules(chosen, judge, answers, told=told)
                judged = time.perf_counter() - judged
        whole, clock, memory = processors() - begun, time.perf_counter() - clock, held.most
        causes: defaultdict[str, set[str]] = defaultdict(set)
        for finding, cause in zip(findings, step("causes of all findings", lambda: causes_of(judge, findings), held), strict=True):
            causes[finding.rule].add(cause or finding.key)
    print("\n| rule | seconds | findings | causes | outcome |\n| --- | ---: | ---: | ---: | --- |")
    for status in statuses:
        seconds, about = times[status.rule] + spent[status.rule], f"{status.outcome} {status.reason[:90]}".strip()
        print(f"| {status.rule} | {seconds:.2f} | {status.findings:,} | {len(causes[status.rule]):,} | {about} |")
    print(
        f"\nall rules {judged:.1f} s on the clock after that, {clock:.1f} s with it, {whole:.1f} s of processors, "
        f"{len(findings):,} findings, {memory:,.0f} MB at most"
    )


@contextmanager
def elsewhere(ids: Sequence[str]) -> Iterator[Mapping[str, float]]:
    """Seconds of processor time for which other processes work out the rows of each of these rules, while this is open."""
    here, rows_of = os.getpid(), analyze_rules._rows
    spent = np.frombuffer(mmap.mmap(-1, 8 * len(ids)))  # memory that a fork shares
    seconds: dict[str, float] = {}

    def timed(rule: Rule, engine: Engine, query: Ask, given: Mapping[str, object]) -> Sequence[Row]:
        begun = time.thread_time()
        rows = list(rows_of(rule, engine, query, given))
        if os.getpid() != here:
            spent[ids.index(rule.id)] += time.thread_time() - begun
        return rows

    analyze_rules._rows = timed
    yield seconds
    analyze_rules._rows = rows_of
    seconds |= zip(ids, spent.tolist(), strict=True)


def processors() -> float:
    """Seconds of processor time of this process and of those that it started and that have ended."""
    return sum(os.times()[:4])


def growth(folder: Path, sizes: Sequence[int]) -> None:
    """Print seconds of each rule at each size, and the power of the number of agents with which they grow between the last two."""
    tables = []
    for size in sizes:
        command = [sys.executable, "-m", "tests.bench.rules", str(size), str(folder)]
        lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| GI-")]
        tables.append({rule: (float(seconds), findings) for rule, seconds, findings, *_ in cells})
        print(f"{size}: {lines[-1]}", flush=True)
    print(f"\n| rule | {' | '.join(f'{size:,}' for size in sizes)} | grows with n to the | findings |")
    print(f"| --- |{' ---: |' * (len(sizes) + 2)}")
    for rule in tables[-1]:
        seconds = [table[rule][0] for table in tables]
        power = log(max(seconds[-1], 0.01) / max(seconds[-2], 0.01)) / log(sizes[-1] / sizes[-2])
        told = f"{power:.1f}" if seconds[-1] >= 0.2 else "–"
        print(f"| {rule} | {' | '.join(f'{one:.2f}' for one in seconds)} | {told} | {tables[-1][rule][1]} |")
    sums = [sum(seconds for seconds, _ in table.values()) for table in tables]
    print(f"| all | {' | '.join(f'{one:.1f}' for one in sums)} | {log(sums[-1] / sums[-2]) / log(sizes[-1] / sizes[-2]):.1f} | |")


if __name__ == "__main__":
    if sys.argv[1] == "growth":
        growth(Path(sys.argv[2]), [int(size) for size in sys.argv[3:]])
    else:
        measure(stored(int(sys.argv[1]), Path(sys.argv[2])), sys.argv[3:])
