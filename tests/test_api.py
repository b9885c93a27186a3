"""The Python interface: its surface, and that it answers as the command line does."""

from __future__ import annotations

import inspect
from pathlib import Path

import networkx as nx
import pytest
from hypothesis import given

import graphinv
from graphinv.analyze.arcs import project
from graphinv.analyze.interchange import to_networkx
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.reading import structure_of
from graphinv.model.errors import NotFound, QueryLimit, StoreError, UsageError
from graphinv.model.facts import EdgeFact, NodeFact
from tests.analyze.estates import AT, estate_of, examples, facts
from tests.cli.running import graphinv as run

SURFACE = {
    "at": "property",
    "chokepoints": "(targets, lens)",
    "close": "()",
    "cut": "(target, subjects, lens)",
    "explain": "(subject)",
    "exposure": "(target, lens, action, kind)",
    "findings": "()",
    "generation": "property",
    "key": "(name)",
    "nodes": "(kind)",
    "paths": "(subject, target, action, lens, k)",
    "query": "(cypher, parameters)",
    "reach": "(subject, lens)",
    "reach_all": "(lens, kind)",
    "to_networkx": "(lens)",
    "what_if": "(remove, guard, retire, add, then, findings)",
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("api") / "graph"
    run("demo", "--store", path, "--at", AT)
    return path


def test_the_surface_is_what_is_promised() -> None:
    assert sorted(graphinv.__all__) == ["Graph", "__version__", "open", "to_networkx"]
    found = {}
    for name, member in vars(graphinv.Graph).items():
        if not name.startswith("_"):
            names = [] if isinstance(member, property) else list(inspect.signature(member).parameters)[1:]
            found[name] = "property" if isinstance(member, property) else f"({', '.join(names)})"
    assert found == SURFACE
    with pytest.raises(AttributeError):
        graphinv.anything  # noqa: B018


def test_it_answers_as_the_command_line_does(store: Path) -> None:
    with graphinv.open(store, at=AT) as graph:
        assert graph.at == AT
        assert graph.generation > 0
        frame = graph.reach_all()
        rows = run("reach", "--all", "--summary", "--store", store, "--at", AT, "--format", "json").json
        assert frame["subject"].tolist() == [row["subject"][1] for row in rows]
        assert frame["targets"].tolist() == [row["targets"] for row in rows]
        busiest = frame.sort_values("targets")["subject"].iloc[-1]
        reach = graph.reach(busiest)
        assert reach.atoms
        kind, id, action = reach.atoms[0]
        path = graph.paths(busiest, (kind, id), action)[0]
        assert (path.subject[1], path.target, path.action) == (busiest, (kind, id), action)
        exposed = graph.exposure((kind, id))
        assert busiest in exposed["subject"].tolist()
        assert len(graph.chokepoints()) > 0
        cut = graph.cut((kind, id))
        assert cut.possible
        after = graph.what_if(remove=[edge.key for edge in cut.edges], findings=False)
        assert {pair[0][1] for pair in after.lenses[0].gone if pair[1][:2] == (kind, id)} == set(exposed["subject"])
        assert sum(graph.explain(busiest).origins["posture"].values()) == len(reach.atoms)
        assert graph.findings()
        assert graph.query("MATCH (a:Agent) RETURN count(a) AS agents")["agents"].tolist() == [len(frame)]
        assert len(graph.nodes("Agent")) == len(frame)


def test_what_is_not_there_is_said(store: Path) -> None:
    with graphinv.open(store) as graph, pytest.raises(NotFound):
        graph.reach("nobody")
    with pytest.raises(UsageError):
        graphinv.open(store, at="soon")


@examples(60)
@given(facts())
def test_reachability_in_networkx_is_ours_where_nothing_is_masked(drawn: list[NodeFact | EdgeFact]) -> None:
    estate = estate_of(
        EdgeFact(fact.kind, fact.source, fact.target, {name: value for name, value in fact.props.items() if name != "scopes"})
        if isinstance(fact, EdgeFact)
        else fact
        for fact in drawn
    )
    arcs = project(structure_of(estate), "posture", AT)
    graph, privileges = to_networkx(arcs), Privileges(arcs)
    assert not any(about["masked"] for _, _, about in graph.edges(data=True))
    for subject in estate.nodes:
        assert sorted(node for node in nx.descendants(graph, subject) if len(node) == 3) == list(privileges.atoms_of(subject))


def test_a_query_that_takes_all_memory_ends_nobody(store: Path) -> None:
    with graphinv.open(store, at=AT) as graph:
        with pytest.raises(QueryLimit):
            graph.query("RETURN size(reduce(s = [1], x IN range(1, 40) | s + s)) AS n")
        assert len(graph.query("MATCH (a:Agent) RETURN a.id AS id")) > 10


def test_a_query_is_of_the_generation_that_was_opened(tmp_path: Path) -> None:
    path, root = tmp_path / "graph", tmp_path / "estate"
    root.mkdir()
    (root / "one.facts.jsonl").write_text('{"node": "Agent", "id": "a"}\n')
    run("scan", root, "--store", path, "--at", AT)
    with graphinv.open(path, at=AT) as graph:
        run("scan", root, "--store", path, "--at", AT)
        with pytest.raises(StoreError, match="open it again"):
            graph.query("MATCH (a:Agent) RETURN a.id AS id")
