"""What a large estate of native facts takes: ``python -m tests.bench.store [AGENTS…] [--folder FOLDER]``.

For each number of agents (about 14.5 nodes and 40 edges each) an invented estate is written as one ``.facts.jsonl`` and ingested into an
embedded store; then the store is opened, its estate read, and a query asked, each in a process of its own. What is printed is a table in
Markdown: seconds on the clock and of processors without the start of Python, and the most memory that the process held. Linux only.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from graphinv.pipeline.stages import ingest, roots_of
from graphinv.store import open_store
from tests.bench.synthetic import synthetic

SIZES = (1_000, 5_000, 20_000)
QUERY = """MATCH (a:Agent)-[:RUNS_AS]->(i:Identity)-[:CAN_ACCESS]->(r:Resource)
RETURN r.id AS id, count(DISTINCT a) AS agents ORDER BY agents DESC, id LIMIT 10"""


def build(agents: int, file: Path) -> tuple[int, int]:
    """Write the facts of an estate; returns how many nodes and edges."""
    estate = synthetic(agents)
    with file.open("w") as out:
        for node in estate.nodes.values():
            out.write(json.dumps({"node": node.kind, "id": node.id, "props": node.props}) + "\n")
        for edge in estate.edges:
            fact = {"edge": edge.kind, "from": list(edge.source), "to": list(edge.target), "props": edge.props}
            out.write(json.dumps(fact) + "\n")
    return len(estate.nodes), len(estate.edges)


def _ingest(facts: Path, store: Path) -> None:
    with open_store(str(store), write=True) as opened:
        ingest(opened, roots_of([facts]))


def _open(_: Path, store: Path) -> None:
    with open_store(str(store)) as opened:
        opened.query("RETURN 1 AS one")


def _estate(_: Path, store: Path) -> None:
    with open_store(str(store)) as opened:
        opened.estate()


def _query(_: Path, store: Path) -> None:
    with open_store(str(store)) as opened:
        opened.query(QUERY)


STEPS: dict[str, Callable[[Path, Path], None]] = {"ingest": _ingest, "open": _open, "open, estate": _estate, "open, query": _query}


def _measured(step: str, facts: Path, store: Path) -> tuple[float, float, float]:
    """Seconds on the clock, seconds of processors, and megabytes, of a step in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.store", "--step", step, str(facts), str(store)]
    answer = subprocess.run(command, capture_output=True, text=True, check=True)
    wall, cpu, peak = json.loads(answer.stdout.splitlines()[-1])
    return wall, cpu, peak


def _run(step: str, facts: Path, store: Path) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    STEPS[step](facts, store)
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken = time.process_time() - cpu + children.ru_utime + children.ru_stime
    print(json.dumps([time.perf_counter() - wall, taken, _peak()]))


def _peak() -> float:
    """Most megabytes that this process held; unlike what ``resource`` tells, without those of the process it was made from."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("agents", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--folder", help="where to build; a temporary folder when absent")
    options = parser.parse_args()
    print("| nodes | edges | step | seconds | processor seconds | MB |\n| ---: | ---: | --- | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        os.environ["GRAPHINV_CACHE"] = "off"
        for agents in options.agents:
            facts, store = Path(folder, f"estate{agents}.facts.jsonl"), Path(folder, f"store{agents}", "graph")
            nodes, edges = build(agents, facts)
            for step in STEPS:
                wall, cpu, peak = _measured(step, facts, store)
                print(f"| {nodes:,} | {edges:,} | {step} | {wall:.1f} | {cpu:.1f} | {peak:,.0f} |", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        _run(sys.argv[2], Path(sys.argv[3]), Path(sys.argv[4]))
    else:
        main()
