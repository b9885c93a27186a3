"""All-agents exact reach by graphinv beside what others offer for it: ``python -m tests.bench.engines [AGENTS…] [--neo4j]``.

The same estate (:mod:`tests.bench.synthetic`), the same run, lens ``posture``. The others are asked for less: which nodes each agent
reaches, without actions and without masks, so their answers are compared with ours on the estate without scopes. What they would take for
all agents is measured on some of them, drawn evenly, where all would take too long; the table says on how many. Times are seconds of
processors, which other work on the machine changes little: of the median of five runs for graphinv (one before compiles), of one run for
the others, of the server and of who asks it for Neo4j. Prints a table in Markdown, and how each way grows with the edges.
"""

from __future__ import annotations

import argparse
import math
import os
import statistics
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import neo4j
import networkx as nx
import numpy as np
import rustworkx as rx
from scipy.sparse import csr_matrix, identity

from graphinv.analyze.arcs import Arcs, project
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.reading import structure_of
from graphinv.analyze.structure import KIND_NUMBER
from graphinv.model.estate import EdgeRecord, Estate
from tests.bench import gds
from tests.bench.synthetic import AT, synthetic
from tests.neo4j_server import stop

SECONDS = 15.0
"""So long, on the clock, another way is given; what it did by then is scaled up."""
HOPS = 10
"""A pattern in Cypher has an end; so many hops are enough for nearly everybody."""
CHECKED = 20
"""Answers that are held against those of another way, where each takes a search."""
CLOSURE_NODES = 40_000
"""SciPy's closure of the whole matrix is tried up to this size; beyond, its result does not fit into memory."""


def _unscoped(estate: Estate) -> Estate:
    def free(edge: EdgeRecord) -> EdgeRecord:
        return EdgeRecord(
            edge.kind, edge.source, edge.target, edge.key, {name: value for name, value in edge.stated.items() if name != "scopes"}
        )

    return replace(estate, edges=tuple(map(free, estate.edges)))


def _each(
    agents: list[int], reach: Callable[[int], int], clock: Callable[[], float] = time.process_time
) -> tuple[float, int, dict[int, int]]:
    """Seconds that all ``agents`` would take, how many were asked, and how many nodes each of them reaches."""
    found: dict[int, int] = {}
    start, end = clock(), time.perf_counter() + SECONDS
    order = np.random.default_rng(7).permutation(len(agents)).tolist()
    for place in order:
        found[agents[place]] = reach(agents[place])
        if time.perf_counter() > end:
            break
    return (clock() - start) * len(agents) / len(found), len(found), found


def _ours(arcs: Arcs) -> tuple[float, Privileges]:
    solved = Privileges(arcs)
    taken = []
    for _ in range(5):
        start = time.process_time()
        solved = Privileges(arcs)
        taken.append(time.process_time() - start)
    return statistics.median(taken), solved


def _closure(arcs: Arcs, agents: list[int]) -> tuple[float, dict[int, int]]:
    """The reflexive closure by squaring the matrix of arcs until nothing is added."""
    start = time.process_time()
    size = arcs.structure.size
    ones = np.ones(len(arcs.source), dtype=bool)
    reach = (csr_matrix((ones, (arcs.source, arcs.target)), shape=(size, size)) + identity(size, dtype=bool, format="csr")).astype(bool)
    while True:
        more = (reach @ reach).astype(bool)
        if more.nnz == reach.nnz:
            break
        reach = more
    return time.process_time() - start, {agent: int(reach.indptr[agent + 1] - reach.indptr[agent]) - 1 for agent in agents}


class _Neo4j:
    """The arcs in a Neo4j of its own, asked in plain Cypher and through its Graph Data Science library. A context manager."""

    def __init__(self) -> None:
        self._home = tempfile.TemporaryDirectory(prefix="graphinv-bench-")

    def __enter__(self) -> Self:
        own = gds.server(Path(self._home.name))
        self._process = int((Path(self._home.name) / "pid").read_text("ascii"))
        self._driver = neo4j.GraphDatabase.driver(own.uri, auth=(own.user, own.password))
        self.session = self._driver.session()
        self.session.run("CREATE CONSTRAINT bench IF NOT EXISTS FOR (n:N) REQUIRE n.i IS UNIQUE").consume()
        return self

    def __exit__(self, *_: object) -> None:
        self._driver.close()
        stop(Path(self._home.name))
        self._home.cleanup()

    def seconds(self) -> float:
        """Seconds of processors that the server and this process have had."""
        fields = Path(f"/proc/{self._process}/stat").read_text("ascii").rpartition(")")[2].split()
        return time.process_time() + (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def load(self, arcs: Arcs) -> float:
        """Put ``arcs`` in the place of what is there. Seconds that took."""
        run = self.session.run
        run("CALL gds.graph.drop('arcs', false) YIELD graphName").consume()
        run("MATCH (n) CALL (n) { DETACH DELETE n } IN TRANSACTIONS OF 5000 ROWS").consume()
        start = self.seconds()
        for first in range(0, arcs.structure.size, 20_000):
            rows = list(range(first, min(first + 20_000, arcs.structure.size)))
            run("UNWIND $rows AS i CREATE (:N {i: i})", rows=rows).consume()
        pairs = np.unique(np.stack([arcs.source, arcs.target], axis=1), axis=0).tolist()
        for first in range(0, len(pairs), 20_000):
            statement = "UNWIND $rows AS r MATCH (a:N {i: r[0]}) MATCH (b:N {i: r[1]}) CREATE (a)-[:A]->(b)"
            run(statement, rows=pairs[first : first + 20_000]).consume()
        run("CALL gds.graph.project('arcs', 'N', 'A') YIELD nodeCount").consume()
        return self.seconds() - start

    def within(self, agent: int) -> int:
        """Nodes within so many hops of an agent, in plain Cypher."""
        return self._number(f"MATCH (a:N {{i: $i}})-[:A*1..{HOPS}]->(b) WHERE b <> a RETURN count(DISTINCT b) AS n", agent)

    def reached(self, agent: int) -> int:
        """All nodes that an agent reaches, by the library's breadth-first search."""
        search = "CALL gds.bfs.stream('arcs', {sourceNode: a}) YIELD nodeIds RETURN size(nodeIds) - 1 AS n"
        return self._number(f"MATCH (a:N {{i: $i}}) {search}", agent)

    def _number(self, statement: str, agent: int) -> int:
        found = self.session.run(statement, i=agent).single()
        return int(found["n"]) if found else 0


Row = tuple[str, float | None, str]
"""A way, the seconds it takes for all agents (None: it cannot), and how many it was asked for."""


def measure(agents: int, base: _Neo4j | None) -> tuple[int, int, list[Row]]:
    """Nodes, edges, and what each way takes, ours first."""
    estate = _unscoped(synthetic(agents))
    structure = structure_of(estate)
    arcs = project(structure, "posture", AT)
    numbers = structure.of_kind("Agent").tolist()
    ours, solved = _ours(arcs)
    rows: list[Row] = [("graphinv, all actions, exact", ours, "all")]
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(structure.size))
    graph.add_edges_from(zip(arcs.source.tolist(), arcs.target.tolist(), strict=True))
    seconds, asked, found = _each(numbers, lambda agent: len(nx.descendants(graph, agent)))
    rows.append(("networkx.descendants per agent", seconds, str(asked)))
    wanted = np.isin(structure.kinds, [KIND_NUMBER[kind] for kind in ("Agent", "Identity", "Secret", "Tool")])
    for agent in list(found)[:CHECKED]:
        reached = np.array(sorted(nx.descendants(graph, agent)), dtype=np.int64)
        assert sum(solved.counts(structure.keys[agent]).values()) == int(wanted[reached].sum())
    rust = rx.PyDiGraph()
    rust.add_nodes_from(range(structure.size))
    rust.add_edges_from_no_data(list(zip(arcs.source.tolist(), arcs.target.tolist(), strict=True)))
    seconds, asked, same = _each(numbers, lambda agent: len(rx.descendants(rust, agent)))
    assert all(same[agent] == found[agent] for agent in same if agent in found)
    rows.append(("rustworkx.descendants per agent", seconds, str(asked)))
    if structure.size <= CLOSURE_NODES:
        seconds, closed = _closure(arcs, list(found))
        assert all(closed[agent] == found[agent] for agent in found)
        rows.append(("SciPy, closure of the matrix", seconds, "all"))
    else:
        rows.append(("SciPy, closure of the matrix: does not fit into memory", None, ""))
    if base:
        loaded = base.load(arcs)
        seconds, asked, near = _each(numbers, base.within, base.seconds)
        for agent in list(near)[:CHECKED]:
            assert near[agent] == len(nx.single_source_shortest_path_length(graph, agent, cutoff=HOPS)) - 1
        rows.append((f"Neo4j, Cypher `[*1..{HOPS}]` per agent (loading took {loaded:,.0f} s)", seconds, str(asked)))
        seconds, asked, same = _each(numbers, base.reached, base.seconds)
        assert all(same[agent] == found[agent] for agent in same if agent in found)
        rows.append((f"Neo4j, Graph Data Science {gds.VERSION}, `gds.bfs` per agent", seconds, str(asked)))
    return structure.size, len(estate.edges), rows


def _table(agents: int, nodes: int, edges: int, rows: Sequence[Row]) -> Iterator[str]:
    ours = rows[0][1] or 0.0
    for name, seconds, asked in rows:
        taken = "" if seconds is None else f"{seconds * 1000:,.1f} ms" if seconds < 1 else f"{seconds:,.1f} s"
        yield f"| {agents:,} | {nodes:,} | {edges:,} | {name} | {taken} | {'' if seconds is None else f'{seconds / ours:,.0f}'} | {asked} |"


def _growth(sizes: Sequence[tuple[int, Sequence[Row]]]) -> Iterator[str]:
    """By which power of the edges the seconds of each way grow, from the smallest of the sizes to the largest at which it was measured."""
    taken: dict[str, list[tuple[int, float]]] = {}
    for edges, rows in sizes:
        for name, seconds, _ in rows:
            if seconds is not None:
                taken.setdefault(name.partition(" (")[0], []).append((edges, seconds))
    for name, points in taken.items():
        (few, least), (many, most) = points[0], points[-1]
        if many > few:
            yield f"| {name} | {few:,} to {many:,} | {math.log(most / least) / math.log(many / few):.2f} |"


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("agents", nargs="*", type=int, default=[200, 2_000, 20_000])
    parser.add_argument("--neo4j", action="store_true", help="also a local Neo4j, with its Graph Data Science library")
    given: Any = parser.parse_args(arguments)
    print("| agents | nodes | edges | way | all agents | times graphinv | asked |")
    print("|---|---|---|---|---|---|---|")
    sizes = []
    with _Neo4j() if given.neo4j else nullcontext() as base:
        for agents in given.agents:
            nodes, edges, rows = measure(agents, base)
            sizes.append((edges, rows))
            print("\n".join(_table(agents, nodes, edges, rows)), flush=True)
    print("\n| way | edges | seconds grow with this power of the edges |\n|---|---|---|")
    print("\n".join(_growth(sizes)))


if __name__ == "__main__":
    main()
