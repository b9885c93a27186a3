"""Rules that are functions, on estates drawn at random: none fails, and none depends on the order of what it is given."""

from __future__ import annotations

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
@settings(max_examples=60, deadline=None)
def test_none_fails(drawn: list[NodeFact | EdgeFact]) -> None:
    tools = [NodeFact("Tool", f"t{number}", {"effects": ["destructive", "egress"], "ingests_untrusted": True}) for number in range(2)]
    engine = Engine(estate_of([*drawn, *tools]), AT)
    findings, statuses = run_rules(FUNCTIONS, engine, unasked)
    assert [(one.rule, one.reason) for one in statuses if one.outcome == "error"] == []
    again, _ = run_rules(FUNCTIONS, Engine(estate_of([*tools, *drawn[::-1]]), AT), unasked)
    assert again == findings
