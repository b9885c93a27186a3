"""Approvals put on what is called and connected to."""

from __future__ import annotations

from typing import Any

import pytest

from graphinv.model.facts import Approval, EdgeFact, NodeFact, NodeKey, Ref
from graphinv.pipeline import approvals
from graphinv.pipeline.approvals import approved
from graphinv.pipeline.read import Reading
from tests.pipeline.test_statements import reading

BOT: NodeKey = ("Agent", "billing-bot")
OTHER: NodeKey = ("Agent", "other-bot")
PAY: NodeKey = ("Tool", "https://pay.example/mcp/pay")
LIST: NodeKey = ("Tool", "https://pay.example/mcp/list")
SERVER: NodeKey = ("ToolServer", "https://pay.example/mcp")


def edge(source: NodeKey | Ref, kind: str, target: NodeKey, **props: Any) -> EdgeFact:
    return EdgeFact(kind, source, target, {"evidence": ["declared"], "sources": ["shop/a#L1"], **props})


def shop(*edges: EdgeFact, **pay: Any) -> Reading:
    nodes = [NodeFact(*BOT, {"name": "Billing bot", "environment": "prod"}), NodeFact(*OTHER, {"environment": "test"})]
    nodes += [NodeFact(*PAY, {"name": "pay", **pay}), NodeFact(*LIST, {"name": "list"}), NodeFact(*SERVER)]
    return reading("shop", nodes=nodes, edges=[edge(SERVER, "PROVIDES", PAY), edge(SERVER, "PROVIDES", LIST), *edges])


def register(*rows: Approval) -> Reading:
    return reading("gov", said=list(rows))


def row(agent: str = "billing-bot", line: int = 2, **said: Any) -> Approval:
    return Approval(f"gov/approvals.csv#L{line}", agent, **{"by": "ana", **said})


def told(one: Reading, kind: str = "USES") -> list[tuple[str, str, dict[str, Any]]]:
    passed = ("evidence", "sources")
    return [
        (str(edge.source[1]), str(edge.target[1]), {name: value for name, value in edge.props.items() if name not in passed})
        for edge in one.edges
        if edge.kind == kind and not isinstance(edge.source, Ref) and not isinstance(edge.target, Ref)
    ]


def uses(*rows: Approval, **pay: Any) -> dict[str, Any]:
    made = shop(edge(BOT, "USES", PAY), **pay)
    approved([made, register(*rows)])
    [(_, _, props)] = told(made)
    return props


@pytest.mark.parametrize("agent", ["billing-bot", "Agent:billing-bot", "Billing bot", "Agent:billing-*", "*-bot"])
@pytest.mark.parametrize(
    "what",
    [
        {"tool": PAY[1]},
        {"tool": "pay"},
        {"tool": "Tool:*/pay"},
        {"tool": "pay", "server": SERVER[1]},
        {"tool": "p*", "server": "ToolServer:https://pay.*"},
    ],
)
def test_who_and_what_is_meant(agent: str, what: dict[str, Any]) -> None:
    found = uses(row(agent, until="2027-01-01T00:00:00Z", how="exact", digests=("d",), environment="prod", **what))
    assert found == {
        "approved": True,
        "approved_by": "ana",
        "approved_until": "2027-01-01T00:00:00Z",
        "approval": "exact",
        "approved_digests": ["d"],
        "approved_environment": "prod",
    }


@pytest.mark.parametrize("what", [{"tool": "list"}, {"tool": "pay", "server": "https://other.example/mcp"}, {"server": SERVER[1]}])
def test_what_is_not_meant(what: dict[str, Any]) -> None:
    assert uses(row(**what)) == {}
    assert uses(row("other-bot", tool="pay")) == {}
    assert uses(row("Workflow:billing-bot", tool="pay")) == {}


def test_a_refusal_stands_against_an_approval_and_is_not_overruled() -> None:
    assert uses(row(tool="pay"), row(tool="pay", by="ben", granted=False, line=3))["approved"] is False
    elsewhere = row(tool="pay", by="ben", granted=False, environment="test", line=3)
    assert uses(row(tool="pay"), elsewhere)["approved"] is True
    made = shop(edge(BOT, "USES", PAY, approved=False))
    approved([made, register(row(tool="pay"))])
    assert told(made)[0][2] == {"approved": False}


def test_of_several_the_one_counts_that_fits_and_ends_last() -> None:
    early, late, never = (
        row(tool="pay", until=until, line=line) for line, until in ((2, "2026-01-01T00:00:00Z"), (3, "2027-01-01T00:00:00Z"), (4, None))
    )
    assert uses(late, early)["approved_until"] == "2027-01-01T00:00:00Z"
    assert "approved_until" not in uses(never, late)
    here = row(tool="pay", until="2026-01-01T00:00:00Z", environment="prod")
    assert uses(here, row(tool="pay", environment="test", line=3))["approved_environment"] == "prod"
    wide = row(tool="pay", sensitivity="restricted")
    assert uses(wide, row(tool="pay", sensitivity="internal", line=3))["approved_sensitivity"] == "restricted"
    assert "approved_sensitivity" not in uses(row(tool="pay"), row(tool="pay", sensitivity="restricted", line=3))
    assert uses(row(tool="pay", sensitivity="restricted", until="2026-01-01T00:00:00Z"), late)["approved_until"] == late.until
    same = row(tool="pay", until="2026-01-01T00:00:00Z", digests=("sha256:AA",))
    assert uses(same, row(tool="pay", digests=("bb",), line=3), schema_digest="sha256:aa")["approved_digests"] == ["sha256:AA"]


def test_a_client_gives_way() -> None:
    made = shop(edge(BOT, "USES", PAY, approved=True, approval="client", approved_by="settings"))
    approved([made, register(row(tool="pay", until="2026-01-01T00:00:00Z"))])
    assert told(made)[0][2] == {"approved": True, "approval": "scope", "approved_by": "ana", "approved_until": "2026-01-01T00:00:00Z"}
    assert made.edges[-1].props["sources"] == ["gov/approvals.csv#L2", "shop/a#L1"]


def test_a_server_is_approved_for_whoever_connects() -> None:
    made = shop(edge(BOT, "CONNECTS_TO", SERVER), edge(OTHER, "CONNECTS_TO", SERVER))
    approved([made, register(row("*", server=SERVER[1]))])
    assert [props.get("approved") for _, _, props in told(made, "CONNECTS_TO")] == [True, True]
    assert told(made) == []


def test_a_tool_that_is_had_over_its_server_alone() -> None:
    made = shop(edge(BOT, "CONNECTS_TO", SERVER, guards=["gate"]), edge(OTHER, "CONNECTS_TO", SERVER, tools=["list"]))
    approved([made, register(row("*", tool="pay"))])
    assert told(made) == [(BOT[1], PAY[1], {"guards": ["gate"], "approved": True, "approval": "scope", "approved_by": "ana"})]
    assert "approved" not in told(made, "CONNECTS_TO")[0][2]


def test_the_tool_keeps_the_digest_that_was_looked_at() -> None:
    def digest(*rows: Approval, **pay: Any) -> Any:
        made = shop(edge(BOT, "USES", PAY), **pay)
        approved([made, register(*rows)])
        return next(node.props.get("approved_digest") for node in made.nodes if node.key == PAY)

    old, new = row(tool="pay", digests=("aa",), until="2026-01-01T00:00:00Z"), row(tool="pay", digests=("bb",), line=3)
    assert digest(old, new, schema_digest="sha256:aa") == "sha256:aa"
    assert digest(old, new, schema_digest="sha256:cc") == "bb"
    assert digest(row(tool="pay")) is None
    assert digest(row("other-bot", tool="pay", digests=("aa",))) is None
    assert digest(old, approved_digest="zz") == "zz"


def test_approvals_that_speak_of_nothing_are_counted() -> None:
    gov = register(row(tool="none"), row("nobody", tool="pay", line=3), row(tool="pay", line=4))
    approved([shop(edge(BOT, "USES", PAY)), gov])
    problem, _ = gov.problems
    assert (problem.document, problem.where, problem.severity) == ("approvals.csv", "L2", "warning")
    assert problem.message == "2 approvals speak of nothing: nothing that was read with them is called or connected to so"


def test_what_is_said_of_other_roots_is_told() -> None:
    gov = register(row(tool="pay"))
    approved([shop(edge(BOT, "USES", PAY)), gov])
    [problem] = gov.problems
    assert (problem.document, problem.severity) == ("approvals.csv", "note")
    assert problem.message == "speaks of calls in other roots as well: shop"
    own = shop(edge(BOT, "USES", PAY))
    own.said = [Approval("shop/approvals.csv#L2", "billing-bot", tool="pay")]
    approved([own])
    assert own.problems == []


def test_a_name_of_several_means_none() -> None:
    twin: NodeKey = ("Agent", "evil")
    made = shop(edge(BOT, "USES", PAY), edge(twin, "USES", PAY))
    made.nodes.append(NodeFact(*twin, {"name": "Billing bot"}))
    gov = register(row("Billing bot", tool="pay"))
    approved([made, gov])
    assert [props for _, _, props in told(made)] == [{}, {}]
    assert "several agents have that name" in gov.problems[0].message
    made = shop(edge(BOT, "USES", PAY))
    made.nodes.append(NodeFact("Tool", "other", {"name": "pay"}))
    gov = register(row(tool="pay"))
    approved([made, gov])
    assert told(made)[0][2] == {}
    assert "several things have that name" in gov.problems[0].message


def test_patterns_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(approvals, "MAX_PATTERNS", 1)
    made, gov = shop(edge(BOT, "USES", PAY)), register(row(tool="none*"), row(tool="*pay", line=3))
    approved([made, gov])
    assert told(made)[0][2] == {}
    assert any("only 1 approvals may name" in problem.message for problem in gov.problems)


def test_without_approvals_nothing_changes() -> None:
    made = shop(edge(BOT, "USES", PAY), edge(Ref("Agent", "x", "y"), "USES", PAY))
    before = list(made.edges)
    approved([made])
    assert made.edges == before
