"""What is missing from the graph is a finding, and what is unknown is counted."""

from __future__ import annotations

from graphinv.model.estate import EdgeRecord, Estate, NodeRecord
from graphinv.model.facts import Problem, edge_key, source_of
from graphinv.model.results import Analysis, Coverage, Finding, RuleStatus, Unjudged
from graphinv.pipeline.coverage import agent_coverage, agents_judged, coverage_findings, rule_coverage, unknowns
from graphinv.store import Scan

AT = "2026-03-01T00:00:00Z"


def scanned(*problems: Problem, root: str = "shop") -> Scan:
    return Scan(root, AT, "partial", problems=problems)


def edge(kind: str, source: tuple[str, str], target: tuple[str, str], *sources: str) -> EdgeRecord:
    return EdgeRecord(kind, source, target, edge_key(kind, source, target, {}), {"sources": list(sources)})


def found(*scans: Scan, estate: Estate | None = None, at: str = AT) -> list[Finding]:
    return list(coverage_findings(scans, estate or Estate.of([], []), at))


def test_an_unread_document_is_one_finding_with_all_its_places() -> None:
    (finding,) = found(scanned(Problem("a/.mcp.json", "L3", "is cut off"), Problem("a/.mcp.json", "L9", "is odd")))
    assert (finding.rule, finding.severity, finding.subject) == ("GI-COV-001", "medium", ("Document", "shop/a/.mcp.json"))
    assert finding.sources == ("shop/a/.mcp.json#L3", "shop/a/.mcp.json#L9")
    assert finding.why.endswith("Noted: is cut off; is odd.")
    assert finding.remediation


def test_a_document_of_which_only_a_part_could_not_be_read_says_so() -> None:
    problems = (Problem("agents.csv", "L3", "has no id"), Problem("b.csv", "L1", "is cut off"), Problem("c.csv", "L2", "x", "warning"))
    nodes = [NodeRecord("Agent", "a", {"sources": ["shop/agents.csv#L2"]}), NodeRecord("Agent", "c", {"sources": ["shop/c.csv#L2"]})]
    edges = [edge("OWNS", ("Owner", "o"), ("Agent", "c"), "shop/b.csv#L2")]
    partly, unread, gap = found(scanned(*problems), estate=Estate.of(nodes, []))
    assert (partly.rule, partly.title, partly.severity) == ("GI-COV-001", "shop/agents.csv was not wholly read", "medium")
    assert partly.why.startswith("A part of what this document declares")
    assert partly.why.endswith("Noted: has no id.")
    assert (unread.rule, unread.title) == ("GI-COV-001", "shop/b.csv was recognised but not read")
    assert gap.rule == "GI-COV-002"
    stated = Estate.of([*nodes, NodeRecord("Owner", "o", {})], edges)
    assert [one.title for one in found(scanned(*problems), estate=stated)][:2] == [
        "shop/agents.csv was not wholly read",
        "shop/b.csv was not wholly read",
    ]


def test_gaps_are_less_and_notes_the_least() -> None:
    warning, note = found(scanned(Problem("a", "", "x", "warning")), scanned(Problem("b", "", "y", "note")))
    assert (warning.rule, warning.severity) == ("GI-COV-002", "low")
    assert (note.rule, note.severity) == ("GI-COV-002", "info")


def test_a_problem_of_the_root_itself_is_about_the_root() -> None:
    (finding,) = found(scanned(Problem("", "", "was scanned from elsewhere", "note")))
    assert finding.subject == ("Document", "shop")
    assert source_of("shop", "shop/x") == "shop/shop/x"


def test_documents_of_two_roots_are_two() -> None:
    one, two = found(scanned(Problem(".env", "", "x")), scanned(Problem(".env", "", "x"), root="other"))
    assert one.key != two.key


def test_a_placeholder_says_who_names_it() -> None:
    nodes = [
        NodeRecord("Agent", "a", {}),
        NodeRecord("Agent", "ghost", {"status": "unknown"}),
        NodeRecord("Owner", "o", {"status": "unknown"}),
    ]
    edges = [
        edge("DELEGATES_TO", ("Agent", "a"), ("Agent", "ghost"), "shop/a.md#L2"),
        edge("OWNS", ("Owner", "o"), ("Agent", "ghost"), "shop/CODEOWNERS#L1"),
    ]
    (finding,) = found(estate=Estate.of(nodes, edges))
    assert (finding.rule, finding.severity, finding.subject) == ("GI-COV-003", "low", ("Agent", "ghost"))
    assert finding.sources == ("shop/CODEOWNERS#L1", "shop/a.md#L2")
    assert "2 edges name it" in finding.why
    (finding,) = found(estate=Estate.of(nodes, edges[:1]))
    assert "1 edge names it" in finding.why


def test_a_point_that_only_edges_name_is_told_as_it_may_be_a_typing_error() -> None:
    nodes = [NodeRecord("Agent", "a", {}), NodeRecord("Tool", "t", {}), NodeRecord("EnforcementPoint", "opa-gw", {"mode": "enforce"})]
    guarded = {"sources": ["shop/a.md#L2"], "guards": ["opa-gw", "opa-wg"]}
    (finding,) = found(estate=Estate.of(nodes, [EdgeRecord("USES", ("Agent", "a"), ("Tool", "t"), "key", guarded)]))
    assert (finding.rule, finding.subject, finding.sources) == ("GI-COV-003", ("EnforcementPoint", "opa-wg"), ("shop/a.md#L2",))
    assert "1 edge names it as its decision" in finding.why


def test_unknown_counts_both_the_absent_and_what_is_said_to_be_unknown() -> None:
    nodes = [
        NodeRecord("Agent", "a", {"status": "active", "environment": "unknown"}),
        NodeRecord("Agent", "b", {"autonomy": "autonomous", "environment": "prod"}),
        NodeRecord("Resource", "r", {"sensitivity": "public"}),
        NodeRecord("Owner", "o", {}),
    ]
    table = unknowns(Estate.of(nodes, [edge("OWNS", ("Owner", "o"), ("Agent", "a"))]))
    assert table["Agent"] == {"status": (1, 2), "environment": (1, 2), "autonomy": (1, 2), "owner": (1, 2)}
    assert table["Resource"]["sensitivity"] == (0, 1)
    assert set(table) == {"Agent", "Resource"}


def test_an_empty_estate_knows_nothing_and_lacks_nothing() -> None:
    assert unknowns(Estate.of([], [])) == {}
    assert found() == []


def test_a_grant_of_nobody_knows_what_is_counted_as_unknown() -> None:
    nodes = [NodeRecord("Identity", "i", {}), NodeRecord("Resource", "r", {}), NodeRecord("Resource", "s", {})]
    grants = [edge("CAN_ACCESS", ("Identity", "i"), ("Resource", end)) for end in "rs"]
    grants[0].props["actions"] = ["read"]
    assert unknowns(Estate.of(nodes, grants))["CAN_ACCESS"] == {"actions": (1, 2)}
    assert "CAN_ACCESS" not in unknowns(Estate.of(nodes, grants[:1]))


def test_a_root_that_was_not_read_lately_is_told_and_more_so_where_it_holds_production() -> None:
    assert found(scanned(), at="2026-03-08T23:00:00Z") == []
    assert found(scanned(), at="2026-02-01T00:00:00Z") == []
    (finding,) = found(scanned(), at="2026-03-09T00:00:00Z")
    assert (finding.rule, finding.severity, finding.subject) == ("GI-COV-004", "medium", ("Document", "shop"))
    assert finding.details == {"messages": ["it was last read 8 days ago, on 2026-03-01"]}
    prod = NodeRecord("Agent", "a", {"environment": "prod", "sources": ["shop/a.md#L1"]})
    other = NodeRecord("Agent", "b", {"environment": "test", "sources": ["lab/a.md#L1"]})
    both = found(scanned(), scanned(root="lab"), estate=Estate.of([prod, other], []), at="2026-04-01T00:00:00Z")
    assert [(one.subject[1], one.severity) for one in both] == [("shop", "high"), ("lab", "medium")]
    deep = NodeRecord("Agent", "a", {"environment": "prod", "sources": ["lab/x.md#L1", "acme/shop/a.md#L1"]})
    named = found(scanned(root="acme/shop"), scanned(root="acme"), estate=Estate.of([deep], []), at="2026-04-01T00:00:00Z")
    assert [(one.subject[1], one.severity) for one in named] == [("acme/shop", "high"), ("acme", "medium")]


def analysed(coverage: Coverage | None, *statuses: RuleStatus) -> Analysis:
    return Analysis(generation=1, at=AT, scores=(), reach=(), findings=(), rules=statuses, coverage=coverage)


def test_rules_by_agent() -> None:
    groups = (Unjudged(agents=("a", "b"), missing={"R-1": "x", "R-4": "y"}), Unjudged(agents=("c",), missing={"R-1": "z"}))
    analysis = analysed(
        Coverage(agents=5, found={}, groups=groups),
        RuleStatus(rule="R-1", title="one", outcome="found", findings=1),
        RuleStatus(rule="R-2", title="two", outcome="error", reason="boom"),
        RuleStatus(rule="R-3", title="three", outcome="not_available", reason="no source"),
        RuleStatus(rule="R-4", title="four", outcome="clear"),
    )
    counted = [(one.rule, one.judged, one.not_available, one.error, one.missing) for one in rule_coverage(analysis)]
    assert counted == [
        ("R-1", 2, 3, 0, {"x": 2, "z": 1}),
        ("R-2", 0, 0, 5, {"boom": 5}),
        ("R-3", 0, 5, 0, {"no source": 5}),
        ("R-4", 3, 2, 0, {"y": 2}),
    ]
    each = [(one.agent, one.rule, one.outcome, one.missing) for one in agent_coverage(analysis, ["c", "d"], analysis.rules)]
    assert each == [
        ("c", "R-1", "not_available", "z"),
        ("c", "R-2", "error", "boom"),
        ("c", "R-3", "not_available", "no source"),
        ("c", "R-4", "judged", ""),
        ("d", "R-1", "judged", ""),
        ("d", "R-2", "error", "boom"),
        ("d", "R-3", "not_available", "no source"),
        ("d", "R-4", "judged", ""),
    ]
    assert [agents_judged(analysis, rules) for rules in (["R-1"], ["R-1", "R-4"], ["R-2"], ["R-2", "R-4"], [])] == [2, 3, 0, 3, 0]


def test_results_of_before_coverage_was_kept_say_nothing() -> None:
    analysis = analysed(None, RuleStatus(rule="R-1", title="one", outcome="found", findings=1))
    assert rule_coverage(analysis) == []
    assert agents_judged(analysis, ["R-1"]) == 0
