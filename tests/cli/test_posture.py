"""Scores, frameworks and causes of the demo: what is printed adds up."""

from __future__ import annotations

import csv
import io
import json
import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Demo
from tests.cli.running import graphinv, refused


def answer(demo: Demo, *words: str) -> Any:
    return json.loads(graphinv(*words, "--store", demo.store, "--format", "json").out)


def test_parts_of_a_score_add_up_to_it(demo: Demo) -> None:
    scores = answer(demo, "score")
    assert [score["risk"] for score in scores] == sorted((score["risk"] for score in scores), reverse=True)
    for score in scores:
        assert sum(part["amount"] for part in score["parts"]) == pytest.approx(score["risk"], abs=1e-6)
    riskiest = scores[0]["subject"][1]
    assert f"together {scores[0]['risk']:.2f}" in graphinv("score", "--explain", riskiest, "--store", demo.store).out


def test_parts_as_they_are_shown_add_up_too(demo: Demo) -> None:
    agents = {score["subject"][1]: score for score in answer(demo, "score")}
    for agent in list(agents)[:12]:
        told = graphinv("score", "--explain", f"Agent:{agent}", "--store", demo.store).out
        shown = re.findall(r"  (-?[0-9]+[.][0-9]{2})  ", told)
        assert len(shown) == len(agents[agent]["parts"])
        assert sum(map(Decimal, shown)) == Decimal(f"{agents[agent]['risk']:.2f}"), told


def test_a_score_is_explained_of_somebody(demo: Demo) -> None:
    assert "--explain takes the agents" in refused("score", "--explain", "--store", demo.store)


def test_every_finding_is_cleared_by_one_change(demo: Demo) -> None:
    causes = answer(demo, "findings", "--by-cause")
    found = answer(demo, "findings")
    assert sorted(key for cause in causes for key in cause["keys"]) == sorted(one["key"] for one in found)
    assert all(cause["findings"] == len(cause["keys"]) == sum(cause["severities"].values()) for cause in causes)
    assert len(causes) < len(found) / 2
    assert {one["key"]: one["cause"] for one in found} == {key: cause["cause"] for cause in causes for key in cause["keys"]}


def test_causes_of_one_rule(demo: Demo) -> None:
    causes = answer(demo, "findings", "--by-cause", "--rule", "GI-GOV-001")
    assert {rule for cause in causes for rule in cause["rules"]} == {"GI-GOV-001"}
    assert "changes clear" in graphinv("findings", "--by-cause", "--rule", "GI-GOV-001", "--store", demo.store).out


def test_a_framework_is_covered_item_by_item(demo: Demo) -> None:
    [found] = answer(demo, "frameworks", "coverage", "owasp-nhi-2025")
    assert len(found["items"]) == 10
    agents = len(answer(demo, "agents"))
    assert all(item["rules"] for item in found["items"])
    assert all(0 < item["agents"] <= agents for item in found["items"] if item["judged"])
    assert "is taken for" in graphinv("frameworks", "coverage", "A1", "--store", demo.store).out
    assert "no framework" in refused("frameworks", "coverage", "nowhere", "--store", demo.store)
    assert "owasp-nhi-2025" in graphinv("frameworks", "list").out


def test_items_of_a_framework_are_rows_for_programs(demo: Demo) -> None:
    [found] = answer(demo, "frameworks", "coverage", "A1")
    lines = graphinv("frameworks", "coverage", "A1", "--store", demo.store, "-f", "jsonl").lines
    assert lines == [{"framework": "owasp-asi-2026", **item, "note": found["note"]} for item in found["items"]]
    rows = list(csv.DictReader(io.StringIO(graphinv("frameworks", "coverage", "tm-1", "--store", demo.store, "-f", "csv").out)))
    assert [row["id"] for row in rows] == [f"MAESTRO-L{number}" for number in range(1, 8)]
    assert {row["framework"] for row in rows} == {"csa-maestro"}
    assert all(row["rules"] != "[]" or row["unseen"] for row in rows)


def test_a_list_that_is_not_catalogued_is_said_to_be_none(demo: Demo) -> None:
    said = refused("frameworks", "coverage", "Top 10 NHI Issues (NHI Mgmt Group)", "--store", demo.store)
    assert "stands for nothing in the catalogue: It is a list of the NHI Management Group" in said


def test_how_much_each_weight_decides(demo: Demo) -> None:
    found = answer(demo, "score", "--sensitivity")
    assert {"actions.admin", "sensitivity.restricted", "risk.base", "likelihood.GI-GOV-001"} <= {one["weight"] for one in found}
    assert all(-1 <= one["tau"] <= 1 and one["kept"] <= one["top"] for one in found)
    assert "Kendall's tau" in graphinv("score", "--sensitivity", "--store", demo.store).out
    assert "goes with neither" in refused("score", "--sensitivity", "--explain", "--store", demo.store)


def test_a_score_is_explained_with_what_the_agent_makes_of_a_flaw(demo: Demo) -> None:
    riskiest = answer(demo, "score")[0]["subject"][1]
    [plain] = answer(demo, "score", "--explain", riskiest)
    assert plain["aivss"]["score"] == 10
    assert len(plain["aivss"]["factors"]) == 10
    [asked] = answer(demo, "score", "--explain", riskiest, "--cvss", "2.1")
    assert 2.1 < asked["aivss"]["score"] < 10
    shown = graphinv("score", "--explain", riskiest, "--cvss", "2.1", "--store", demo.store).out
    assert asked["aivss"]["vector"] in shown
    assert "not known, counts 1" in shown
    assert "--cvss goes with" in refused("score", "--cvss", "2", "--store", demo.store)
    assert "0 to 10" in refused("score", "--explain", riskiest, "--cvss", "11", "--store", demo.store)


def test_of_many_rules_that_could_not_be_judged_the_ids_stand_below_findings(tmp_path: Path) -> None:
    (tmp_path / "a.facts.jsonl").write_text('{"node": "Agent", "id": "a"}\n')
    graphinv("scan", tmp_path / "a.facts.jsonl", "--store", tmp_path / "graph")
    ran = graphinv("findings", "--store", tmp_path / "graph")
    below = [line for line in ran.out.splitlines() if "GI-GOV-001" in line]
    assert len(below) == 1
    assert re.match(r"\d\d rules not available: GI-", below[0])
    assert "GI-GOV-001 not available: no source states" in graphinv("findings", "--rule", "GI", "--store", tmp_path / "graph").out
