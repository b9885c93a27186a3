"""Every rule against the graphs beside it, to the last row."""

from __future__ import annotations

import json
from typing import Any, get_args

import pytest

from graphinv.analyze.engine import Engine
from graphinv.analyze.rules import Rule, load_rules, run_rules
from graphinv.model.estate import Estate
from graphinv.model.results import Finding
from graphinv.store import Rows, Store
from tests.queries.conftest import Filled
from tests.queries.graphs import AT, QUERIES, Case, Order, cases_of, key, with_twins

FOLDER = QUERIES / "rules"
CATALOGUE = json.loads((QUERIES.parent / "data" / "frameworks.json").read_text("utf-8"))
RULES = load_rules({path.name: path.read_text("utf-8") for path in FOLDER.glob("*.cypher")}, CATALOGUE)
CASES = {id: cases_of(FOLDER / f"{id}.cases.yaml") if (FOLDER / f"{id}.cases.yaml").exists() else [] for id in RULES}
ALL = [pytest.param(id, case, id=f"{id}: {case['name']}") for id, cases in CASES.items() for case in cases]
ON_SERVER = [one for number, one in enumerate(ALL) if RULES[str(one.values[0])].cypher or number % 4 == 0]
"""A function is given the estate and asks no store: that a server gives the same estate is seen on every fourth case of those."""


def told(finding: Finding, expected: dict[str, Any]) -> dict[str, Any]:
    """What of ``finding`` the case speaks of, in its words."""
    found: dict[str, Any] = {"subject": ":".join(finding.subject)}
    if finding.target:
        found["target"] = ":".join(finding.target)
    if "details" in expected:
        found["details"] = {name: finding.details.get(name) for name in expected["details"]}
    if "parts" in expected:
        found["parts"] = list(finding.severity_parts)
    if "hops" in expected:
        found["hops"] = [hop.edge for hop in finding.path]
    return found | {name: getattr(finding, name) for name in ("severity", "confidence", "title") if name in expected}


def place(expected: dict[str, Any]) -> tuple[Any, ...]:
    return key(expected["subject"]), key(expected["target"]) if "target" in expected else ("", "")


@pytest.mark.parametrize("order", get_args(Order)[:2])
@pytest.mark.parametrize(("id", "case"), ALL)
def test_case(id: str, case: Case, order: Order, embedded: Filled) -> None:
    check(id, case, embedded(case, order))


@pytest.mark.xdist_group("neo4j")
@pytest.mark.parametrize(("id", "case"), ON_SERVER)
def test_case_on_a_server(id: str, case: Case, neo4j: Filled) -> None:
    check(id, case, neo4j(case, "reversed"))


def check(id: str, case: Case, store: Store) -> None:
    """See that the rule says of ``store`` what its case says."""
    expected = sorted(case.get("findings", []), key=place)
    given = {id: case.get("parameters", {})}
    engine = Engine(store.estate(), case.get("at", AT))
    findings, [status] = run_rules({id: RULES[id]}, engine, store.query, given)
    again, _ = run_rules({id: RULES[id]}, Engine(store.estate(), case.get("at", AT)), store.query, given)
    assert status.outcome == case.get("outcome", "found" if expected else "clear"), status.reason
    assert len(findings) == len(expected), [told(finding, {}) for finding in findings]
    assert [told(finding, wanted) for finding, wanted in zip(findings, expected, strict=True)] == expected
    unknown = case.get("unknown", 0)
    if status.outcome != "not_available":
        assert status.reason == (f"{unknown} could not be judged: {RULES[id].unknown}" if unknown else "")
    assert again == findings


@pytest.mark.parametrize(("id", "case"), [one for one in ALL if RULES[str(one.values[0])].cypher])
def test_what_hardly_differs_comes_in_one_order(id: str, case: Case, embedded: Filled) -> None:
    answers = []
    for order in get_args(Order)[::2]:
        store = embedded(with_twins(case), order)
        engine = Engine(store.estate(), case.get("at", AT))
        answers.append(run_rules({id: RULES[id]}, engine, store.query, {id: case.get("parameters", {})}))
    assert answers[0] == answers[1]


@pytest.mark.parametrize("id", RULES)
def test_every_rule_has_cases_of_each_kind(id: str) -> None:
    kinds = {case["kind"] for case in CASES[id]}
    assert kinds == {"fires", "quiet", "near_miss"}
    for case in CASES[id]:
        if case["kind"] != "near_miss":
            assert (case["kind"] == "fires") == bool(case.get("findings")), case["name"]
    names = [case["name"] for case in CASES[id]]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("id", RULES)
def test_every_trap_has_a_near_miss(id: str) -> None:
    shown = {case["trap"] for case in CASES[id] if "trap" in case}
    assert shown == set(range(1, len(RULES[id].traps) + 1))


@pytest.mark.parametrize("rule", RULES.values(), ids=str)
def test_a_rule_that_counts_unknowns_has_a_case_of_it(rule: Rule) -> None:
    assert bool(rule.unknown) == any(case.get("unknown") for case in CASES[rule.id])


def test_no_cases_without_a_rule() -> None:
    assert {path.name.removesuffix(".cases.yaml") for path in FOLDER.glob("*.cases.yaml")} == set(RULES)


@pytest.mark.parametrize("id", RULES)
def test_nothing_known_is_never_a_pass(id: str) -> None:
    def silent(cypher: str, params: Any) -> Rows:
        raise AssertionError("asked though nothing is known")

    findings, [status] = run_rules({id: RULES[id]}, Engine(Estate.of([], []), AT), silent)
    assert (findings, status.outcome) == ([], "not_available")
    assert status.reason
