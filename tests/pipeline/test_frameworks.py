"""What the rules say to the items of a framework."""

from __future__ import annotations

from dataclasses import replace

import pytest

from graphinv.model.errors import Ambiguous, NotFound
from graphinv.model.results import Analysis, Coverage, Finding, RuleStatus, Unjudged, finding_key
from graphinv.pipeline.frameworks import FrameworkCoverage, ItemCoverage, catalogue, coverage, framework_names
from graphinv.pipeline.stages import rules

AGENT = ("Agent", "a")
FOUND = Finding(key=finding_key("GI-TOL-003", AGENT, None), rule="GI-TOL-003", title="t", severity="high", confidence=1.0, subject=AGENT)
ANALYSIS = Analysis(
    generation=1,
    at="2026-07-10T00:00:00Z",
    scores=(),
    reach=(),
    findings=(FOUND, replace(FOUND, severity="low")),
    rules=(
        RuleStatus(rule="GI-TOL-003", title="t", outcome="found", findings=2),
        RuleStatus(rule="GI-TOL-008", title="t", outcome="not_available"),
        RuleStatus(rule="GI-TOL-002", title="t", outcome="error"),
    ),
    coverage=Coverage(agents=3, found={"GI-TOL-003": 1}, groups=(Unjudged(agents=("c",), missing={"GI-TOL-003": "no digest"}),)),
)


def covered(name: str) -> list[FrameworkCoverage]:
    return coverage(name, ANALYSIS, rules())


def item(name: str, id: str) -> ItemCoverage:
    [found] = [one for framework in covered(name) for one in framework.items if one.id == id]
    return found


def test_an_item_says_what_speaks_to_it_and_what_was_found() -> None:
    found = item("owasp-mcp-2025", "MCP03:2025")
    assert {"GI-TOL-003", "GI-TOL-008"} <= set(found.rules)
    assert (found.judged, found.findings, found.worst, found.agents) == (("GI-TOL-003",), 2, "high", 2)
    assert found.unseen.startswith("could not be judged: ")
    assert "GI-TOL-008" in found.unseen
    assert "GI-TOL-003" not in found.unseen


def test_what_could_not_be_judged_is_not_seen() -> None:
    found = item("mitre-atlas", "AML.T0111")
    assert found.rules == ("GI-TOL-008",)
    assert (found.judged, found.agents, found.unseen) == ((), 0, "no source states what its rules need")
    assert item("mitre-atlas", "AML.T0010.005").judged == ()


def test_an_item_that_no_rule_speaks_to() -> None:
    assert "an agent sends as it runs" in item("owasp-acs", "steps/turnEnd").unseen
    silent = {one.id for key, *_ in framework_names() for one in covered(key)[0].items if not one.rules}
    reasons = [id for reason in catalogue()["unseen"] for id in reason["items"]]
    assert sorted(silent) == sorted(reasons)


def test_what_speaks_to_an_item_speaks_to_the_one_before_it() -> None:
    assert item("owasp-llm-2025", "LLM06:2025").rules == item("owasp-llm-2026", "LLM03:2026").rules != ()
    assert "GI-FLW-001" in item("owasp-llm-2025", "LLM01:2025").rules


def test_what_speaks_to_a_part_speaks_to_the_whole() -> None:
    assert "GI-FLW-001" in item("csa-maestro", "MAESTRO-L2").rules
    assert set(item("nist-ai-rmf-1.0", "GOVERN 2.1").rules) <= set(item("nist-ai-rmf-1.0", "GOVERN").rules)


@pytest.mark.parametrize(("name", "ids"), [("A1", {"ASI02", "ASI03"}), ("tm-1", {f"MAESTRO-L{layer}" for layer in range(1, 8)})])
def test_an_alias_is_resolved_and_says_so(name: str, ids: set[str]) -> None:
    [found] = covered(name)
    assert {one.id for one in found.items} == ids
    assert found.note.startswith(f"{name} is taken for ")
    assert "confidence low" in found.note


@pytest.mark.parametrize(
    ("name", "key"),
    [
        ("maestro", "csa-maestro"),
        ("iso 42001", "iso-42001-2023"),
        ("ai rmf", "nist-ai-rmf-1.0"),
        ("OWASP NHI", "owasp-nhi-2025"),
        ("csf 2.0", "nist-csf-2.0"),
        ("tm1", "csa-maestro"),
        ("a-1", "owasp-asi-2026"),
    ],
)
def test_names_as_people_write_them(name: str, key: str) -> None:
    assert [one.key for one in covered(name)] == [key]


def test_the_whole_name_is_the_whole_framework() -> None:
    assert covered("NIST Cybersecurity Framework 2.0") == covered("nist-csf-2.0")
    assert covered("OWASP NHI Top 10") == covered("owasp-nhi-2025")


def test_every_id_that_a_rule_names_is_in_the_catalogue() -> None:
    known = {item["id"] for framework in catalogue()["frameworks"] for item in framework["items"]}
    assert {id for rule in rules().values() for id in rule.frameworks} <= known
    assert all(rule.frameworks for rule in rules().values())


def test_names() -> None:
    assert [one.id for one in covered("asi03")[0].items] == ["ASI03"]
    with pytest.raises(Ambiguous):
        covered("owasp")
    with pytest.raises(NotFound):
        covered("nothing of that name")
    with pytest.raises(NotFound):
        covered(" ")


def test_every_framework_can_be_asked_about() -> None:
    names = framework_names()
    assert len(names) == len(catalogue()["frameworks"])
    for key, name, _, items in names:
        [found] = covered(key)
        assert (found.name, len(found.items)) == (name, items)


def test_agents_are_those_of_whom_a_rule_could_be_judged() -> None:
    nobody = ANALYSIS.model_copy(update={"coverage": Coverage(agents=1, found={}, groups=())})
    [found] = coverage("MCP03:2025", nobody, rules())
    assert found.items[0].agents == 1
    [found] = coverage("MCP03:2025", nobody.model_copy(update={"coverage": None}), rules())
    assert found.items[0].agents == 0
