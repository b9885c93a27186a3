"""What `diff` takes on two versions of a large invented estate: ``python -m tests.bench.diff FOLDER AGENTS…``.

The estate is that of :mod:`tests.bench.estate`; in its second version one edge and one node in a hundred differ, and there are agents more.
Both are analyzed, and kept in FOLDER as snapshots. Each comparison runs in a process of its own; seconds are of processor time.
"""

from __future__ import annotations

import subprocess
import sys
import time
from functools import partial
from itertools import pairwise
from math import log
from pathlib import Path

from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.pipeline.diff import difference, sides
from graphinv.pipeline.stages import analyze
from graphinv.store import Scan, open_store
from graphinv.store.upkeep import backup
from tests.bench.estate import asked_about
from tests.bench.held import Held, step
from tests.bench.synthetic import AT

ONE_IN = 100


def changed(nodes: list[NodeFact], edges: list[EdgeFact]) -> tuple[list[NodeFact], list[EdgeFact]]:
    """Facts of the second version."""
    agents = [node.id for node in nodes if node.kind == "Agent"]
    others = [
        NodeFact(node.kind, node.id, {**node.props, "labels": ["second=version"]}) if number % ONE_IN == 0 else node
        for number, node in enumerate(nodes)
    ]
    left = [edge for number, edge in enumerate(edges) if number % ONE_IN]
    for number in range(len(agents) // ONE_IN):
        fresh = f"fresh-{number:07}"
        others.append(NodeFact("Agent", fresh, {"status": "active", "autonomy": "autonomous"}))
        left.append(EdgeFact("DELEGATES_TO", ("Agent", fresh), ("Agent", agents[number * ONE_IN]), {"evidence": ["declared"]}))
        left.append(EdgeFact("DELEGATES_TO", ("Agent", agents[number * 7]), ("Agent", agents[number * 11]), {"evidence": ["declared"]}))
    return others, left


def snapshots(agents: int, folder: Path) -> tuple[Path, Path]:
    """Those of the two versions; made where they are not there."""
    made = []
    for version in (1, 2):
        made.append(folder / f"{agents}-{version}.snapshot")
        if made[-1].exists():
            continue
        nodes, edges = asked_about(agents)
        if version == 2:
            nodes, edges = changed(nodes, edges)
        with open_store(folder / f"{agents}-{version}" / "graph", write=True) as store:
            store.commit(Scan("bench", AT, "complete"), nodes, edges)
            analyze(store, at=AT)
            backup(store, made[-1], closed=False)
    return made[0], made[1]


def measure(before: Path, after: Path) -> None:
    """Compare them and print what it took."""
    with Held() as held:
        both = step("read both snapshots", lambda: sides(str(before), str(after)), held)
        for side in both:
            step(f"arcs of {side.name[-20:]}", partial(getattr, side.judge, "structure"), held)
        found = step("the difference", lambda: difference(*both, most=12), held)
    print(f"{found.before.nodes:,} nodes, {found.before.edges:,} edges, {found.before.findings:,} findings in the first")
    print(f"{len(found.nodes):,} nodes, {len(found.edges):,} edges, {len(found.findings):,} findings, {len(found.scores):,} scores differ")
    for lens in found.lenses:
        print(f"{lens.lens}: +{lens.gained:,} -{lens.lost:,} of {lens.before:,} atoms, {len(lens.agents):,} agents")
    print(f"whole {time.process_time():.1f} s, {held.most:,.0f} MB at most")


def main(folder: Path, sizes: list[int]) -> None:
    """Print what each size takes, and how it grows."""
    took: list[tuple[int, float]] = []
    for agents in sizes:
        before, after = snapshots(agents, folder)
        print(f"\n{agents:,} agents: snapshots of {before.stat().st_size:,} and {after.stat().st_size:,} bytes", flush=True)
        ran = subprocess.run([sys.executable, "-m", "tests.bench.diff", before, after], capture_output=True, text=True, check=True)
        print(ran.stdout, end="", flush=True)
        took.append((agents, float(ran.stdout.splitlines()[-1].split()[1])))
    for (few, quick), (many, slow) in pairwise(took):
        print(f"{few:,} to {many:,} agents: seconds grow with the power {log(slow / quick) / log(many / few):.2f}")


if __name__ == "__main__":
    if sys.argv[1].endswith(".snapshot"):
        measure(Path(sys.argv[1]), Path(sys.argv[2]))
    else:
        main(Path(sys.argv[1]), [int(size) for size in sys.argv[2:]])
