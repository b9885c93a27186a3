"""Every query of the library against the graphs beside it, to the last row."""

from __future__ import annotations

from pathlib import Path
from typing import get_args

import pytest

from graphinv.analyze.library import Query, load_queries
from graphinv.pipeline.stages import analyze
from graphinv.store import Store
from tests.queries.conftest import Filled
from tests.queries.graphs import AT, QUERIES, Case, Order, cases_of, stored, with_twins

FOLDER = QUERIES / "explore"
FILES = {str(path.relative_to(FOLDER)): path.read_text("utf-8") for path in FOLDER.rglob("*.cypher")}
LIBRARY = load_queries(FILES)
ALL = [
    pytest.param(query, case, id=f"{name}: {case['name']}")
    for name, query in LIBRARY.items()
    for case in cases_of(FOLDER / query.topic / f"{name}.cases.yaml")
]


@pytest.mark.parametrize("order", get_args(Order)[:2])
@pytest.mark.parametrize(("query", "case"), ALL)
def test_case(query: Query, case: Case, order: Order, embedded: Filled) -> None:
    check(query, case, embedded(case, order))


@pytest.mark.xdist_group("neo4j")
@pytest.mark.parametrize(("query", "case"), ALL)
def test_case_on_a_server(query: Query, case: Case, neo4j: Filled) -> None:
    check(query, case, neo4j(case, "reversed"))


def check(query: Query, case: Case, store: Store) -> None:
    """See that the query answers of ``store`` what its case says."""
    if case.get("analyze"):
        analyze(store, at=AT)
    found = store.query(query.cypher, query.bind(case.get("parameters", {}), at=AT))
    assert list(found.columns) == list(query.columns)
    assert found.dicts() == case["rows"]


@pytest.mark.parametrize(("query", "case"), ALL)
def test_rows_that_hardly_differ_come_in_one_order(query: Query, case: Case, embedded: Filled) -> None:
    answers = []
    for order in get_args(Order)[::2]:
        store = embedded(with_twins(case), order)
        if case.get("analyze"):
            analyze(store, at=AT)
        answers.append(store.query(query.cypher, query.bind(case.get("parameters", {}), at=AT)))
    assert answers[0] == answers[1]


def test_every_query_has_a_case_with_rows() -> None:
    shown = {path.name.removesuffix(".cases.yaml") for path in FOLDER.rglob("*.cases.yaml") if any(case["rows"] for case in cases_of(path))}
    assert shown == set(LIBRARY)


@pytest.mark.parametrize("query", LIBRARY.values(), ids=lambda query: query.name)
def test_it_says_what_it_is_for(query: Query) -> None:
    assert query.question.endswith("?")
    assert query.when.endswith(".")
    assert all(query.columns.values())


@pytest.mark.parametrize("query", LIBRARY.values(), ids=lambda query: query.name)
def test_it_answers_on_an_estate_without_anything(query: Query, tmp_path: Path) -> None:
    needed = {name: AT if parameter.type == "time" else "x" for name, parameter in query.parameters.items() if parameter.default is None}
    for store in stored({"nodes": {"Agent:a": {}}}, tmp_path):
        store.query(query.cypher, query.bind(needed, at=AT))
