"""All-agents exact reach by graphinv beside what others offer for it: ``python -m tests.bench.engines [AGENTS…] [--neo4j]``.

The same estate (:mod:`tests.bench.synthetic`), the same run, lens ``posture``. The others are asked for less: which nodes each agent
reaches, without actions and without masks, so their answers are compared with ours on the estate without scopes. What they would take for
all agents is measured on some of them, drawn evenly, where all would take too long; the table says on how many. Times are wall-clock
seconds of the second of two runs for graphinv (the first compiles), and of one run for the others. Prints a table in Markdown.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import networkx as nx
import numpy as np
import rustworkx as rx
from scipy.sparse import csr_matrix, identity

from graphinv.analyze.arcs import KIND_NUMBER, Arcs
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.structure import Structure
from graphinv.model.estate import EdgeRecord, Estate
from tests.bench.synthetic import AT, synthetic

SECONDS = 20.0
"""So long another way is given; what it did by then is scaled up."""
CLOSURE_NODES = 40_000
"""SciPy's closure of the whole matrix is tried up to this size; beyond, its result does not fit into memory."""


def _unscoped(estate: Estate) -> Estate:
    def free(edge: EdgeRecord) -> EdgeRecord:
        return replace(edge, props={name: value for name, value in edge.props.items() if name != "scopes"})

    return replace(estate, edges=tuple(map(free, estate.edges)))


def _each(agents: list[int], reach: Callable[[int], int]) -> tuple[float, int, dict[int, int]]:
    """Seconds that all ``agents`` would take, how many were asked, and how many nodes each of them reaches."""
    found: dict[int, int] = {}
    start = time.perf_counter()
    order = np.random.default_rng(7).permutation(len(agents)).tolist()
    for place in order:
        found[agents[place]] = reach(agents[place])
        if time.perf_counter() - start > SECONDS:
            break
    return (time.perf_counter() - start) * len(agents) / len(found), len(found), found


def _ours(arcs: Arcs) -> tuple[float, Privileges]:
    Privileges(arcs).counts(("Agent", "agent-0000000"))
    start = time.perf_counter()
    solved = Privileges(arcs)
    return time.perf_counter() - start, solved


def _closure(arcs: Arcs, agents: list[int]) -> tuple[float, dict[int, int]]:
    """The reflexive closure by squaring the matrix of arcs until nothing is added."""
    start = time.perf_counter()
    size = arcs.structure.size
    ones = np.ones(len(arcs.source), dtype=bool)
    reach = (csr_matrix((ones, (arcs.source, arcs.target)), shape=(size, size)) + identity(size, dtype=bool, format="csr")).astype(bool)
    while True:
        more = (reach @ reach).astype(bool)
        if more.nnz == reach.nnz:
            break
        reach = more
    return time.perf_counter() - start, {agent: int(reach.indptr[agent + 1] - reach.indptr[agent]) - 1 for agent in agents}


def _neo4j(estate: Estate, arcs: Arcs, agents: list[int]) -> tuple[float, int, float]:
    """Loading, then plain Cypher: distinct nodes within ten hops of each agent. (seconds for all agents, agents asked, seconds to load)"""
    import neo4j

    from tests.neo4j_server import server

    own = server()
    own.wipe()
    with neo4j.GraphDatabase.driver(own.uri, auth=(own.user, own.password)) as driver, driver.session() as session:
        start = time.perf_counter()
        session.run("CREATE CONSTRAINT bench IF NOT EXISTS FOR (n:N) REQUIRE n.i IS UNIQUE").consume()
        for first in range(0, arcs.structure.size, 20_000):
            rows = list(range(first, min(first + 20_000, arcs.structure.size)))
            session.run("UNWIND $rows AS i CREATE (:N {i: i})", rows=rows).consume()
        pairs = np.unique(np.stack([arcs.source, arcs.target], axis=1), axis=0).tolist()
        for first in range(0, len(pairs), 20_000):
            statement = "UNWIND $rows AS r MATCH (a:N {i: r[0]}) MATCH (b:N {i: r[1]}) CREATE (a)-[:A]->(b)"
            session.run(statement, rows=pairs[first : first + 20_000]).consume()
        loaded = time.perf_counter() - start

        def reach(agent: int) -> int:
            found = session.run("MATCH (:N {i: $i})-[:A*1..10]->(b) RETURN count(DISTINCT b) AS n", i=agent).single()
            return int(found["n"]) if found else 0

        seconds, asked, _ = _each(agents, reach)
    own.wipe()
    return seconds, asked, loaded


def measure(agents: int, *, neo4j: bool) -> list[str]:
    """Rows of the table for one size."""
    estate = _unscoped(synthetic(agents))
    start = time.perf_counter()
    structure = Structure.of(estate)
    read = time.perf_counter() - start
    arcs = structure.project("posture", AT)
    numbers = structure.of_kind("Agent").tolist()
    ours, solved = _ours(arcs)
    counted = ("Agent", "Identity", "Secret", "Tool")
    base = f"| {agents:,} | {structure.size:,} | {len(estate.edges):,} "
    rows = [f"{base}| graphinv, all actions, exact | {ours:.2f} s | 1 | all |"]
    rows.append(f"{base}| (reading the arcs from the estate, once a generation) | {read:.2f} s | | |")

    def row(name: str, seconds: float, asked: int | str) -> None:
        rows.append(f"{base}| {name} | {seconds:,.1f} s | {seconds / ours:,.0f} | {asked} |")

    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(structure.size))
    graph.add_edges_from(zip(arcs.source.tolist(), arcs.target.tolist(), strict=True))
    seconds, asked, found = _each(numbers, lambda agent: len(nx.descendants(graph, agent)))
    row("networkx.descendants per agent", seconds, asked)
    kinds = structure.kinds
    wanted = np.isin(kinds, [KIND_NUMBER[kind] for kind in counted])
    for agent in list(found)[:20]:
        reached = np.array(sorted(nx.descendants(graph, agent)), dtype=np.int64)
        counts = solved.counts(structure.keys[agent])
        assert sum(counts.values()) == int(wanted[reached].sum()) if len(reached) else not any(counts.values())
    rust = rx.PyDiGraph()
    rust.add_nodes_from(range(structure.size))
    rust.add_edges_from_no_data(list(zip(arcs.source.tolist(), arcs.target.tolist(), strict=True)))
    seconds, asked, same = _each(numbers, lambda agent: len(rx.descendants(rust, agent)))
    assert all(same[agent] == found[agent] for agent in same if agent in found)
    row("rustworkx.descendants per agent", seconds, asked)
    if structure.size <= CLOSURE_NODES:
        seconds, closed = _closure(arcs, list(found))
        assert all(closed[agent] == found[agent] for agent in found)
        row("SciPy, closure of the matrix", seconds, "all")
    else:
        rows.append(f"{base}| SciPy, closure of the matrix | does not fit | | |")
    if neo4j:
        seconds, asked, loaded = _neo4j(estate, arcs, numbers)
        row(f"Neo4j, `[*1..10]` per agent (loading took {loaded:.0f} s)", seconds, asked)
    return rows


def main(arguments: list[str] | None = None) -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("agents", nargs="*", type=int, default=[200, 2_000, 20_000])
    parser.add_argument("--neo4j", action="store_true", help="also a Neo4j server (NEO4J_URI, or a local one)")
    given: Any = parser.parse_args(arguments)
    print("| agents | nodes | edges | way | all agents | times graphinv | asked |")
    print("|---|---|---|---|---|---|---|")
    for agents in given.agents:
        for row in measure(agents, neo4j=given.neo4j):
            print(row, flush=True)


if __name__ == "__main__":
    main()
