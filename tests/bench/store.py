"""What a large estate of native facts takes: ``python -m tests.bench.store [AGENTS…] [--folder FOLDER] [--neo4j]``.

For each number of agents (about 14.5 nodes and 40 edges each) an invented estate is written as one ``.facts.jsonl`` and ingested into an
embedded store; then the store is opened, its estate read, and a query asked, each in a process of its own. With ``--neo4j`` the same is
done on a local Neo4j of its own, which starts empty for each number. What is printed is a table in Markdown: seconds on the clock and of
processors (those of the server too) without the start of Python and of the server, and the most memory that the process held. Linux only.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from multiprocessing import forkserver
from pathlib import Path

from graphinv.pipeline.stages import ingest, roots_of
from graphinv.store import neo4j_local, open_store
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


def _ingest(facts: Path, store: str) -> None:
    with open_store(store, write=True) as opened:
        ingest(opened, roots_of([facts]))


def _open(_: Path, store: str) -> None:
    with open_store(store) as opened:
        opened.query("RETURN 1 AS one")


def _estate(_: Path, store: str) -> None:
    with open_store(store) as opened:
        opened.estate()


def _query(_: Path, store: str) -> None:
    with open_store(store) as opened:
        opened.query(QUERY)


STEPS: dict[str, Callable[[Path, str], None]] = {"ingest": _ingest, "open": _open, "open, estate": _estate, "open, query": _query}


def _measured(step: str, facts: Path, store: str, server: int | None) -> tuple[float, float, float]:
    """Seconds on the clock, seconds of processors, and megabytes, of a step in a process of its own."""
    command = [sys.executable, "-m", "tests.bench.store", "--step", step, str(facts), store]
    before = _seconds(server)
    answer = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    wall, cpu, peak = json.loads(answer.stdout.splitlines()[-1])
    return wall, cpu + _seconds(server) - before, peak


def _seconds(process: int | None) -> float:
    """Seconds of processors that a process has had."""
    if process is None:
        return 0.0
    had = Path(f"/proc/{process}/stat").read_text().rpartition(") ")[2].split()
    return (int(had[11]) + int(had[12])) / os.sysconf("SC_CLK_TCK")


def _run(step: str, facts: Path, store: str) -> None:
    wall, cpu = time.perf_counter(), time.process_time()
    STEPS[step](facts, store)
    forkserver._forkserver._stop()  # type: ignore[attr-defined]  # only then are the processes that read counted as children
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken = time.process_time() - cpu + children.ru_utime + children.ru_stime
    print(json.dumps([time.perf_counter() - wall, taken, _peak()]))


@contextlib.contextmanager
def _server(home: Path) -> Iterator[neo4j_local.Status]:
    """A Neo4j of its own, whose user and password are those of the environment."""
    os.environ[neo4j_local.HOME_VARIABLE] = str(home)
    status = neo4j_local.up()
    os.environ.update(NEO4J_USER=status.user, NEO4J_PASSWORD=status.password or "")
    try:
        yield status
    finally:
        neo4j_local.down()


def _peak() -> float:
    """Most megabytes that this process held; unlike what ``resource`` tells, without those of the process it was made from."""
    status = Path("/proc/self/status").read_text()
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:")) / 1024


def _table(agents: int, folder: Path, with_neo4j: bool) -> None:
    facts = folder / f"estate{agents}.facts.jsonl"
    nodes, edges = build(agents, facts)

    def rows(name: str, store: str, server: int | None) -> None:
        for step in STEPS:
            wall, cpu, peak = _measured(step, facts, store, server)
            print(f"| {nodes:,} | {edges:,} | {name} | {step} | {wall:.1f} | {cpu:.1f} | {peak:,.0f} |", flush=True)

    rows("embedded", str(folder / f"store{agents}" / "graph"), None)
    if with_neo4j:
        with _server(folder / f"neo4j{agents}") as status:
            rows("Neo4j", str(status.uri), status.pid)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("agents", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--folder", help="where to build; a temporary folder when absent")
    parser.add_argument("--neo4j", action="store_true", help="in a local Neo4j too")
    options = parser.parse_args()
    print("| nodes | edges | store | step | seconds | processor seconds | MB |\n| ---: | ---: | --- | --- | ---: | ---: | ---: |")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        os.environ["GRAPHINV_CACHE"] = "off"
        for agents in options.agents:
            _table(agents, Path(folder), options.neo4j)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--step"]:
        _run(sys.argv[2], Path(sys.argv[3]), sys.argv[4])
    else:
        main()
