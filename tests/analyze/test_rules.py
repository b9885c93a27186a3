"""The mechanism of rules; the rules themselves are tested by the cases beside them (tests/queries)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import permutations
from typing import Any

import pytest

from graphinv.analyze.engine import Engine
from graphinv.analyze.rules import RESERVED, Rule, load_rules, run_rules
from graphinv.analyze.score import Settings
from graphinv.analyze.severity import level_of, own_modifier
from graphinv.model.errors import InputError, QueryError
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.model.results import Finding, RuleStatus, finding_key
from graphinv.store import Rows
from tests.analyze.estates import AT, estate_of

RULE = """\
// id: GI-XXX-001
// title: A rule
// finding: "{subject} is odd: {reason}"
// severity: medium
// base: 5
// why: Because.
// remediation: Do something.
// frameworks: [ASI03]
// needs: [Agent]
// unknown: nobody says
// parameters:
//   days: {type: integer, default: 3, meaning: How many}
// columns: {reason: Why}
MATCH (a:Agent) WHERE a.gone_at IS NULL AND a.first_seen < $at AND $days > 1 RETURN a.id AS subject_id
"""
CATALOGUE = {"frameworks": [{"items": [{"id": "ASI03"}]}]}
FACTS: list[NodeFact | EdgeFact] = [
    NodeFact("Agent", "a", {"name": "Helper {x}", "sources": ["acme/.mcp.json#L3"]}),
    NodeFact("Agent", "b", {"environment": "prod"}),
    NodeFact("Resource", "r", {"sensitivity": "confidential"}),
    EdgeFact("OWNS", ("Owner", "@acme/x"), ("Agent", "a")),
    EdgeFact("OWNS", ("Owner", "ana@acme.example"), ("Agent", "a")),
    EdgeFact("DELEGATES_TO", ("Agent", "a"), ("Agent", "b"), {"confidence": 0.5, "evidence": ["observed"]}),
    EdgeFact("RUNS_AS", ("Agent", "b"), ("Identity", "i"), {"confidence": 0.8}),
    EdgeFact("CAN_ACCESS", ("Identity", "i"), ("Resource", "r"), {"actions": ["read", "delete"]}),
]


def rules(*changes: tuple[str, str]) -> dict[str, Rule]:
    text = RULE
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return load_rules({"GI-XXX-001.cypher": text}, CATALOGUE)


def judged(
    *rows: Mapping[str, Any], loaded: dict[str, Rule] | None = None, settings: Settings | None = None
) -> tuple[list[Finding], RuleStatus]:
    asked: list[Mapping[str, Any]] = []

    def query(cypher: str, params: Mapping[str, Any]) -> Rows:
        asked.append(params)
        names = tuple(dict.fromkeys(name for row in rows for name in row))
        return Rows(names, tuple(tuple(row.get(name) for name in names) for row in rows))

    findings, [status] = run_rules(loaded or rules(), Engine(estate_of(FACTS), AT, settings), query)
    assert asked == [{"at": AT, "days": 3}]
    return findings, status


def row(subject: str = "Agent:a", target: str | None = None, **more: Any) -> dict[str, Any]:
    kind, _, id = subject.partition(":")
    found: dict[str, Any] = {"subject_kind": kind, "subject_id": id}
    if target:
        found["target_kind"], _, found["target_id"] = target.partition(":")
    return found | more


def test_a_finding_has_all_that_a_ticket_needs() -> None:
    [finding], status = judged(row(target="Resource:r", reason="why not"), settings=Settings(likelihood={"GI-XXX-001": 0.3}))
    assert finding.key == finding_key("GI-XXX-001", ("Agent", "a"), ("Resource", "r"))
    assert finding.title == "Helper {x} is odd: why not"
    assert (finding.owners, finding.sources) == (("@acme/x", "ana@acme.example"), ("acme/.mcp.json#L3",))
    assert (finding.frameworks, finding.why, finding.remediation) == (("ASI03",), "Because.", "Do something.")
    assert [hop.edge for hop in finding.path] == ["DELEGATES_TO", "RUNS_AS", "CAN_ACCESS"]
    assert (finding.confidence, finding.likelihood, finding.severity) == (0.5, 0.3, "medium")
    assert finding.details == {"reason": "why not"}
    assert (status.outcome, status.findings, status.reason) == ("found", 1, "")


def test_rows_about_the_same_ends_are_one_finding() -> None:
    [finding], status = judged(
        row(reason=["b", "a"], confidence=0.9, modifiers=["+1 x", None, "-1 y"]),
        row(reason=["c"], confidence=0.4, modifiers=["+1 x", "-1 y"]),
    )
    assert finding.details == {"reason": ["a", "b", "c"]}
    assert finding.confidence == 0.4
    assert finding.severity_parts == ("base 5", "+1 x", "-1 y", "= 5, medium")
    assert status.findings == 1


@pytest.mark.parametrize("order", list(permutations([["-2 asked", "+1 x"], [], ["-2 asked"]])))
def test_what_lowers_one_of_several_rows_about_the_same_ends_does_not_lower_the_finding(order: Sequence[Sequence[str]]) -> None:
    [finding], _ = judged(*(row(modifiers=notes) for notes in order))
    assert finding.severity_parts == ("base 5", "+1 x", "= 6, medium")


def test_order_is_that_of_ends_not_of_rows() -> None:
    one = judged(row("Agent:b"), row("Agent:a", "Resource:r"), row("Agent:a"))
    assert one == judged(row("Agent:a"), row("Agent:b"), row("Agent:a", "Resource:r"))
    assert [(finding.subject, finding.target) for finding in one[0]] == [
        (("Agent", "a"), None),
        (("Agent", "a"), ("Resource", "r")),
        (("Agent", "b"), None),
    ]


def test_what_is_unknown_is_counted_and_is_no_finding() -> None:
    findings, status = judged(row("Agent:a", unknown=True), row("Agent:a", unknown=True), row("Agent:b", unknown=True))
    assert findings == []
    assert (status.outcome, status.reason) == ("clear", "2 could not be judged: nobody says")


def test_what_is_found_is_not_unknown_as_well() -> None:
    findings, status = judged(row("Agent:a", unknown=True), row("Agent:a", unknown=False))
    assert len(findings) == 1
    assert status.reason == ""


def test_finding_nothing_is_no_pass_where_an_input_is_missing() -> None:
    loaded = rules(("needs: [Agent]", "needs: [Agent]\n// clear_needs: [ISSUED_FOR]"))
    findings, status = judged(row(unknown=True), loaded=loaded)
    assert findings == []
    assert status.outcome == "not_available"
    assert status.reason == "no source states ISSUED_FOR; 1 could not be judged: nobody says"
    assert judged(row(), loaded=loaded)[1].outcome == "found"


def test_inputs_that_nobody_states_are_not_available() -> None:
    def query(cypher: str, params: Mapping[str, Any]) -> Rows:
        raise AssertionError

    loaded = rules(("needs: [Agent]", "needs: [Agent, Secret.lifetime|Secret.ttl_seconds, HOLDS]"))
    findings, [status] = run_rules(loaded, Engine(estate_of(FACTS), AT), query)
    assert findings == []
    assert (status.outcome, status.reason) == ("not_available", "no source states Secret.lifetime or Secret.ttl_seconds, HOLDS")


@pytest.mark.parametrize(
    "broken",
    [
        QueryError("wrong"),
        row("Agent:nobody"),
        row(surprise=1),
        row(modifiers=["much worse"]),
        {"subject_id": "a"},
    ],
)
def test_a_rule_that_fails_says_so_and_the_others_go_on(broken: Any) -> None:
    other = load_rules({"GI-XXX-002.cypher": RULE.replace("GI-XXX-001", "GI-XXX-002").replace("$days > 1", "$days > 2")}, CATALOGUE)
    loaded = rules() | other

    def query(cypher: str, params: Mapping[str, Any]) -> Rows:
        if "$days > 1" in cypher:
            if isinstance(broken, Exception):
                raise broken
            return Rows(tuple(broken), (tuple(broken.values()),))
        return Rows(("subject_kind", "subject_id"), (("Agent", "a"),))

    findings, statuses = run_rules(loaded, Engine(estate_of(FACTS), AT), query)
    assert [status.outcome for status in statuses] == ["error", "found"]
    assert statuses[0].reason
    assert [finding.rule for finding in findings] == ["GI-XXX-002"]


def test_parameters_of_a_rule_can_be_set() -> None:
    asked: list[Mapping[str, Any]] = []

    def query(cypher: str, params: Mapping[str, Any]) -> Rows:
        asked.append(params)
        return Rows(("subject_kind", "subject_id"), ())

    run_rules(rules(), Engine(estate_of(FACTS), AT), query, {"GI-XXX-001": {"days": "9"}})
    assert asked == [{"at": AT, "days": 9}]


def test_severity_is_what_its_parts_say() -> None:
    loaded = rules(("base: 5", "base: 5\n// modifiers: [M1, M2, M5, M6]"))
    [finding], _ = judged(row(target="Resource:r"), loaded=loaded)
    assert finding.severity_parts == (
        "base 5",
        "+1 production is on the path (M1)",
        "+1 a confidential resource is within reach (M2)",
        "+1 a hop has no enforcement point that enforces (M5)",
        "= 8, high",
    )
    assert finding.severity == "high"


@pytest.mark.parametrize(("points", "clipped"), [("+9 more", "= 10, critical"), ("-9 less", "= 0, info")])
def test_points_stay_between_0_and_10(points: str, clipped: str) -> None:
    [finding], _ = judged(row(modifiers=[points]))
    assert finding.severity_parts[-1] == clipped


@pytest.mark.parametrize("points", range(11))
def test_levels(points: int) -> None:
    expected = "critical" if points >= 9 else "high" if points >= 7 else "medium" if points >= 4 else "low" if points else "info"
    assert level_of(points) == expected


@pytest.mark.parametrize("text", ["worse", "+1", "+1 ", "1 more", "+x more"])
def test_a_modifier_has_points_and_a_reason(text: str) -> None:
    with pytest.raises(ValueError, match="modifier"):
        own_modifier(text)


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (("frameworks: [ASI03]", "frameworks: [ASI99]"), "framework id 'ASI99' is not in the catalogue"),
        (("id: GI-XXX-001", "id: GI-XXX-002"), "call it GI-XXX-002.cypher"),
        (("id: GI-XXX-001", "id: one"), "id"),
        (("severity: medium", "severity: low"), "severity is 'medium' for a base of 5"),
        (("base: 5", "base: 5\n// modifiers: [M99]"), "no modifier 'M99'"),
        (("needs: [Agent]", "needs: [Agnet]"), "needs 'Agnet'"),
        (("needs: [Agent]", "needs: [Agent.nme]"), "needs 'Agent.nme'"),
        (("needs: [Agent]", 'needs: ["Agent.status:active"]'), "needs 'Agent.status:active'"),
        (("needs: [Agent]", 'needs: ["Agent.evidence:observed"]'), "needs 'Agent.evidence:observed'"),
        (("needs: [Agent]", "needs: [Agent]\n// clear_needs: [nme]"), "needs 'nme'"),
        (("{reason}", "{raeson}"), "raeson"),
        (("columns: {reason: Why}", "columns: {reason: Why, path: Where}"), "path needs no declaration"),
        (("// why: Because.\n", ""), "why"),
        (("$days", "3"), "declares days and does not use it"),
        (("$at", "$now"), r"uses \$now"),
        (("// base: 5", "// base: 5\n// function: hidden_reach"), "either Cypher or a function"),
    ],
)
def test_a_rule_that_is_not_understood_names_its_file(change: tuple[str, str], complaint: str) -> None:
    with pytest.raises(InputError, match=complaint) as caught:
        rules(change)
    assert caught.value.document == "GI-XXX-001.cypher"


@pytest.mark.parametrize("name", ["nothing", "_ends", "Counter", "micros"])
def test_only_checks_are_checks(name: str) -> None:
    text = RULE[: RULE.index("MATCH")].replace("// base: 5", f"// base: 5\n// function: {name}")
    with pytest.raises(InputError, match="no check"):
        load_rules({"GI-XXX-001.cypher": text})


def test_two_files_cannot_hold_one_rule() -> None:
    with pytest.raises(InputError, match="another file holds"):
        load_rules({"a/GI-XXX-001.cypher": RULE, "b/GI-XXX-001.cypher": RULE})


def test_the_documented_columns_are_those_that_are_reserved() -> None:
    from graphinv.analyze import rules as module

    for name in RESERVED:
        assert f"`{name}`" in (module.__doc__ or "")


@pytest.mark.parametrize(
    ("confidence", "evidence", "severity", "part"),
    [
        (0.8, ["inferred"], "high", "-1 a hop is only inferred (confidence 0.80), so it is high at most"),
        (0.9, ["inferred"], "critical", None),
        (0.8, ["declared", "inferred"], "critical", None),
        (0.5, ["declared"], "high", "-1 it is no surer than not (0.50), so it is high at most"),
        (0.51, ["declared"], "critical", None),
        (0.4, ["declared"], "medium", "-3 it is less sure than not (0.40), so it is medium at most"),
    ],
)
def test_what_rests_on_a_guess_is_not_the_worst(confidence: float, evidence: list[str], severity: str, part: str | None) -> None:
    edge = EdgeFact("DELEGATES_TO", ("Agent", "b"), ("Agent", "a"), {"confidence": confidence, "evidence": evidence})
    row = {"subject_kind": "Agent", "subject_id": "b", "target_kind": "Agent", "target_id": "a", "modifiers": ["+4 it matters"]}

    def query(cypher: str, params: Mapping[str, Any]) -> Rows:
        return Rows(tuple(row), (tuple(row.values()),))

    [finding], _ = run_rules(rules(), Engine(estate_of([*FACTS, edge]), AT), query)
    assert finding.severity == severity
    assert finding.severity_parts[2:-1] == (() if part is None else (part,))


def test_a_label_that_nobody_states_is_an_input_that_is_missing() -> None:
    asked = rules(("// needs: [Agent]", '// needs: ["Agent.labels:duty|Resource.labels:duty"]'))

    def outcome(*labels: str) -> tuple[str, str]:
        facts: list[NodeFact | EdgeFact] = [*FACTS, NodeFact("Resource", "r", {"labels": list(labels)})]
        _, [status] = run_rules(asked, Engine(estate_of(facts), AT), lambda cypher, params: Rows((), ()))
        return status.outcome, status.reason

    assert outcome("team=x", "dutyfree=1") == ("not_available", "no source states Agent.labels:duty or Resource.labels:duty")
    assert outcome("duty=pay")[0] == "clear"


def test_evidence_of_which_there_is_none_is_an_input_that_is_missing() -> None:
    asked = rules(("// needs: [Agent]", '// needs: ["USES.evidence:observed|CAN_ACCESS.evidence:observed"]'))

    def outcome(*evidence: str) -> tuple[str, str]:
        facts = [*FACTS, EdgeFact("USES", ("Agent", "a"), ("Tool", "t"), {"evidence": list(evidence)})]
        _, [status] = run_rules(asked, Engine(estate_of(facts), AT), lambda cypher, params: Rows((), ()))
        return status.outcome, status.reason

    lacking = "no source states USES.evidence:observed or CAN_ACCESS.evidence:observed"
    assert outcome("declared") == ("not_available", lacking)
    assert outcome("declared", "observed") == ("clear", "")


def test_a_root_is_in_no_estate() -> None:
    [finding], _ = judged({"subject_kind": "Document", "subject_id": "shop", "reason": "x"})
    assert (finding.subject, finding.sources, finding.owners, finding.title) == (("Document", "shop"), ("shop",), (), "shop is odd: x")
