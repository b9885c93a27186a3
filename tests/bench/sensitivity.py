"""How the ranking of agents depends on the weights: ``python -m tests.bench.sensitivity FOLDER [AGENTS]`` prints tables of docs/score.md.

The demo, and the invented estate of :mod:`tests.bench.estate` (2,500 agents where no number is given), whose store is kept in FOLDER.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from graphinv.analyze.engine import Engine
from graphinv.analyze.leverage import Leverage, leverages
from graphinv.analyze.rules import run_rules
from graphinv.pipeline.stages import engine, rules
from graphinv.store import open_store
from tests.bench.rules import stored
from tests.bench.synthetic import AT
from tests.cli.running import graphinv


def told(what: str, found: Iterable[Leverage], agents: int) -> None:
    """Print one table: Kendall's tau, and how many of the riskiest stay among them, when a weight is halved and doubled.

    Weights that change neither, to two digits, are only counted.
    """
    print(f"\n{what}, {agents:,} agents:\n\n| weight | is | halved: tau | stay | doubled: tau | stay |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    idle = 0
    for (weight, was), pair in groupby(found, key=lambda one: (one.weight, one.was)):
        both = list(pair)
        if all(one.tau is not None and round(one.tau, 2) == 1 and one.kept == one.top for one in both):
            idle += 1
            continue
        cells = " | ".join(f"{'–' if one.tau is None else f'{one.tau:.2f}'} | {one.kept} of {one.top}" for one in both)
        print(f"| `{weight}` | {was:g} | {cells} |", flush=True)
    print(f"\n{idle} other weights change nothing (1.00, all stay).")


def agents_of(judge: Engine) -> int:
    """How many agents it is about."""
    return len(judge.structure.of_kind("Agent"))


def main(folder: Path, agents: int) -> None:
    """Measure and print."""
    demo = folder / "sensitivity-demo" / "graph"
    if not demo.exists():
        graphinv("demo", "--store", str(demo), "--at", AT)
    with open_store(demo) as store:
        analysis = store.analysis()
        assert analysis is not None
        judge = engine(store, at=analysis.at)
        told("The demo", leverages(judge, analysis.findings), agents_of(judge))
    with open_store(stored(agents, folder)) as store:
        judge = engine(store, at=AT)
        findings, _ = run_rules(rules(), judge, store.query)
        told("The invented estate", leverages(judge, findings), agents_of(judge))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 2_500)
