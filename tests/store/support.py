"""What the store tests share: scans, facts and small results."""

from __future__ import annotations

from collections.abc import Sequence

from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Problem
from graphinv.model.results import Analysis, CanReach, Finding, Hop, Path, RuleStatus, Score, ScorePart, finding_key
from graphinv.store import Committed, Scan, Store
from graphinv.store.tokens import tokens


def day(number: int) -> str:
    return f"2026-01-{number:02}T00:00:00Z"


def scan(number: int = 1, *, root: str = "shop", outcome: str = "complete") -> Scan:
    assert outcome in ("complete", "partial", "failed")
    return Scan(root, day(number), outcome, 3, (Problem("shop/x.json", "L2", "is cut off", "error", "mcp_config"),), {"nodes": 2}, "f00d")  # type: ignore[arg-type]


BOT: NodeKey = ("Agent", "bot")
ROLE: NodeKey = ("Identity", "role")
DB: NodeKey = ("Resource", "db")

NODES: tuple[NodeFact, ...] = (
    NodeFact("Agent", "bot", {"name": "Billing bot", "environment": "prod", "labels": ["team=pay"], "sources": ["shop/a.md#L1"]}),
    NodeFact("Identity", "role", {"type": "iam_role", "sources": ["shop/b.tf#L4"]}),
    NodeFact("Resource", "db", {"type": "database", "sensitivity": "restricted", "crown_jewel": True, "external": False}),
)
EDGES: tuple[EdgeFact, ...] = (
    EdgeFact("RUNS_AS", BOT, ROLE, {"evidence": ["declared"], "sources": ["shop/a.md#L3"]}),
    EdgeFact("CAN_ACCESS", ROLE, DB, {"actions": ["read", "write"], "evidence": ["granted"], "confidence": 0.9}),
)


def analysis(
    number: int = 5, *, generation: int = 1, rules: Sequence[str] = ("ownerless-agent", "no-enforcement-point"), subject: NodeKey = BOT
) -> Analysis:
    hop = Hop(
        source=BOT, edge="RUNS_AS", target=ROLE, words="bot acts as role", evidence=("declared",), sources=("shop/a.md#L3",), edges=("k",)
    )
    return Analysis(
        generation=generation,
        at=day(number),
        scores=(
            Score(
                subject=subject,
                impact=81.5,
                likelihood=0.25,
                risk=44.25,
                level="medium",
                impact_ungoverned=81.5,
                impact_runtime=0.0,
                targets=1,
                atoms=2,
                atoms_ungoverned=2,
                hidden_atoms=0,
                parts=(ScorePart(what="db", amount=40.0, because="restricted"),),
            ),
        ),
        reach=(
            CanReach(subject=subject, target=DB, lens="posture", actions=("read", "write"), hops=2, via=("Identity:role",)),
            CanReach(subject=subject, target=DB, lens="ungoverned", actions=("read",), hops=2, via=("Identity:role",)),
            CanReach(subject=subject, target=("Resource", "nowhere"), lens="posture", actions=("read",), hops=1, via=()),
        ),
        reach_left_out=7,
        findings=tuple(
            Finding(
                key=finding_key(rule, subject, DB),
                rule=rule,
                title=f"{rule} of 'bot' \"x\"\n",
                severity="high",
                confidence=0.9,
                subject=subject,
                target=DB,
                path=(hop,),
                owners=(),
                details={"n": 1, "list": ["a"], "none": None},
            )
            for rule in rules
        ),
        rules=(RuleStatus(rule="ownerless-agent", title="Ownerless", outcome="not_available", reason="no owners read"),),
        paths=(Path(subject=subject, target=DB, action="read", lens="posture", at=day(number), hops=(hop,)),),
    )


def contents(estate: Estate) -> tuple[object, object]:
    return dict(estate.nodes), estate.edges


def committed(store: Store, *, number: int = 1, root: str = "shop", outcome: str = "complete") -> Committed:
    return store.commit(scan(number, root=root, outcome=outcome), NODES, EDGES)


def one(store: Store, cypher: str, **params: object) -> object:
    found = store.query(cypher, params)
    assert len(found.rows) == 1, found
    assert len(found.columns) == 1
    return found.rows[0][0]


def generation_facts(number: int) -> tuple[list[NodeFact], list[EdgeFact]]:
    """Facts that say of which generation they are."""
    nodes = [NodeFact("Agent", f"a{i}", {"version": str(number), "labels": [f"x={i}"]}) for i in range(300)]
    edges = [EdgeFact("DELEGATES_TO", ("Agent", f"a{i}"), ("Agent", f"a{i * 7 % 300}"), {"scopes": [f"read:{number}"]}) for i in range(300)]
    return nodes, edges


def says_order(cypher: str) -> bool:
    """Whether the rows of a query come in an order that it says: it ends in ORDER BY, and is no UNION."""
    depth, said = 0, False
    for token in tokens(cypher):
        if token.kind == "symbol":
            depth += (token.text in "([{") - (token.text in ")]}")
        elif depth == 0 and token.upper == "UNION":
            return False
        elif depth == 0 and token.upper in ("RETURN", "ORDER"):
            said = token.upper == "ORDER"
    return said
