"""How fast all agents are solved at once, beside one graph traversal an agent (``pytest tests/bench --benchmark-enable``).

Times are shown, never judged; that both ways count the same is.
"""

from __future__ import annotations

import time
from typing import Any

import networkx as nx
import pytest

from graphinv.analyze.arcs import Arcs, project
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.reading import structure_of
from tests.bench.synthetic import AT, synthetic

AGENTS = 400


@pytest.fixture(scope="module", params=[False, True], ids=["teams", "mesh"])
def arcs(request: pytest.FixtureRequest) -> Arcs:
    return project(structure_of(synthetic(AGENTS, mesh=request.param)), "posture", AT)


def test_all_agents_at_once(arcs: Arcs, benchmark: Any) -> None:
    keys = arcs.structure.keys
    agents = [key for key in keys if key[0] == "Agent"]
    graph: nx.DiGraph[int] = nx.DiGraph(zip(arcs.source.tolist(), arcs.target.tolist(), strict=True))
    graph.add_nodes_from(range(len(keys)))

    def at_once() -> Privileges:
        solved = Privileges(arcs)
        solved.counts(agents[0])
        return solved

    at_once()  # compiles
    start = time.perf_counter()
    reached = [nx.descendants(graph, arcs.structure.number[agent]) for agent in agents]
    one_by_one = time.perf_counter() - start
    start = time.perf_counter()
    at_once()
    benchmark.extra_info["times faster than networkx.descendants per agent, masks and actions not counted"] = round(
        one_by_one / (time.perf_counter() - start), 1
    )
    solved = benchmark(at_once)
    for agent, nodes in zip(agents, reached, strict=True):
        assert solved.counts(agent)["identities"] == sum(keys[node][0] == "Identity" for node in nodes)
        assert solved.counts(agent)["agents"] == sum(keys[node][0] == "Agent" for node in nodes)


def test_project_a_lens(arcs: Arcs, benchmark: Any) -> None:
    projected = benchmark(project, arcs.structure, "runtime", AT)
    assert len(projected.source) < len(arcs.source)


def test_read_the_arcs(benchmark: Any) -> None:
    estate = synthetic(AGENTS)
    assert benchmark(structure_of, estate).size == len(estate.nodes)
