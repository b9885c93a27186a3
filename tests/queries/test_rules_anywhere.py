"""Rules that are functions, on estates drawn at random: none fails, and none depends on the order of what it is given."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given, settings

from graphinv.analyze.engine import Engine
from graphinv.analyze.rules import run_rules
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.store import Rows
from tests.analyze.estates import AT, estate_of, facts
from tests.queries.test_rule_cases import RULES

FUNCTIONS = {id: rule for id, rule in RULES.items() if rule.function}


def unasked(cypher: str, params: Any) -> Rows:
    raise AssertionError("a function asks no store")


@given(facts(max_edges=60))
@settings(max_examples=60)
def test_none_fails(drawn: list[NodeFact | EdgeFact]) -> None:
    tools = [NodeFact("Tool", f"t{number}", {"effects": ["destructive", "egress"], "ingests_untrusted": True}) for number in range(2)]
    engine = Engine(estate_of([*drawn, *tools]), AT)
    findings, statuses = run_rules(FUNCTIONS, engine, unasked)
    assert [(one.rule, one.reason) for one in statuses if one.outcome == "error"] == []
    again, _ = run_rules(FUNCTIONS, Engine(estate_of([*tools, *drawn[::-1]]), AT), unasked)
    assert again == findings


def test_that_a_root_was_read_lately_says_nothing_of_another_whose_name_begins_alike() -> None:
    def sighting(agent: str, day: str, document: str) -> EdgeFact:
        props = {"evidence": ["observed"], "last_seen": f"{day}T00:00:00Z", "sources": [document]}
        return EdgeFact("USES", ("Agent", agent), ("Tool", "t"), props)

    drawn: list[NodeFact | EdgeFact] = [
        NodeFact("Agent", "a", {"status": "active"}),
        NodeFact("Agent", "b", {}),
        NodeFact("Tool", "t", {}),
        sighting("a", "2026-01-01", "acme/shop/traces.json#L1"),
    ]
    alike, same = sighting("b", "2026-07-09", "acme/desk/traces.json#L1"), sighting("b", "2026-07-09", "acme/shop/later.json#L1")
    for lately, outcome in ((alike, "clear"), (same, "found")):
        estate = replace(estate_of([*drawn, lately]), roots=("acme/desk", "acme/shop"))
        _, [status] = run_rules({"GI-INV-003": RULES["GI-INV-003"]}, Engine(estate, "2026-07-10T00:00:00Z"), unasked)
        assert status.outcome == outcome
