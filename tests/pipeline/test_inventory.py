from __future__ import annotations

from graphinv.model.estate import EdgeRecord, Estate, NodeRecord
from graphinv.model.facts import NodeKey, edge_key
from graphinv.model.results import Analysis, Finding, Score, finding_key
from graphinv.pipeline.inventory import inventory


def node(kind: str, id: str, **props: object) -> NodeRecord:
    return NodeRecord(kind, id, dict(props))


def edge(kind: str, source: NodeKey, target: NodeKey, **props: object) -> EdgeRecord:
    return EdgeRecord(kind, source, target, edge_key(kind, source, target, props), dict(props))


BOT: NodeKey = ("Agent", "bot")
ESTATE = Estate.of(
    [
        node("Agent", "bot", name="Bot", framework="crewai", status="active", sources=["shop/x#L1"]),
        node("Agent", "idle"),
        node("Agent", "zeta"),
        node("Owner", "ops@example.org"),
        node("ToolServer", "s"),
        node("Tool", "t"),
        node("Identity", "i"),
        node("Secret", "k"),
    ],
    [
        edge("OWNS", ("Owner", "ops@example.org"), BOT),
        edge("CONNECTS_TO", BOT, ("ToolServer", "s")),
        edge("USES", BOT, ("Tool", "t")),
        edge("USES", BOT, ("Tool", "t"), scopes=["read:*"]),
        edge("DELEGATES_TO", BOT, ("Agent", "idle")),
        edge("RUNS_AS", BOT, ("Identity", "i")),
        edge("HOLDS", BOT, ("Secret", "k")),
    ],
)


def score(subject: NodeKey, risk: float, impact: float) -> Score:
    return Score(
        subject=subject,
        impact=impact,
        likelihood=0.5,
        risk=risk,
        level="low",
        impact_ungoverned=impact,
        impact_runtime=0,
        targets=1,
        atoms=1,
        atoms_ungoverned=1,
        hidden_atoms=0,
    )


def test_an_entry_says_what_is_known_and_leaves_the_rest_null() -> None:
    bot, idle, _ = inventory(ESTATE, None)
    assert (bot.id, bot.name, bot.framework, bot.status, bot.environment) == ("bot", "Bot", "crewai", "active", None)
    assert (bot.owners, bot.sources) == (("ops@example.org",), ("shop/x#L1",))
    assert (bot.servers, bot.tools, bot.sub_agents, bot.identities, bot.secrets) == (1, 1, 1, 1, 1)
    assert (bot.risk, bot.level, bot.impact, bot.findings) == (None, None, None, 0)
    assert (idle.name, idle.owners, idle.tools) == ("idle", (), 0)


def test_the_riskiest_come_first_and_findings_are_counted() -> None:
    findings = [
        Finding(
            key=finding_key(rule, ("Agent", "zeta"), None), rule=rule, title=rule, severity="low", confidence=1, subject=("Agent", "zeta")
        )
        for rule in ("r1", "r2")
    ]
    analysis = Analysis(
        generation=1,
        at="2026-03-01T00:00:00Z",
        scores=(score(BOT, 10, 20), score(("Agent", "idle"), 10, 30), score(("Agent", "zeta"), 50, 5)),
        reach=(),
        findings=tuple(findings),
        rules=(),
    )
    entries = inventory(ESTATE, analysis)
    assert [(entry.id, entry.risk, entry.findings) for entry in entries] == [("zeta", 50, 2), ("idle", 10, 0), ("bot", 10, 0)]
