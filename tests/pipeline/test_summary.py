"""The summary, from stores small enough to know by heart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from graphinv.pipeline.stages import scan
from graphinv.pipeline.summary import TOP_AGENTS, TOP_PATHS, Summary, summarise
from graphinv.store import open_store

AT = "2026-03-01T00:00:00Z"


def summary_of(tmp_path: Path, *facts: dict[str, object] | str) -> Summary:
    path = tmp_path / "x.facts.jsonl"
    path.write_text("".join(f"{fact if isinstance(fact, str) else json.dumps(fact)}\n" for fact in facts))
    scan(str(tmp_path / "graph"), [path], at=AT)
    with open_store(tmp_path / "graph") as store:
        return summarise(store)


def edge(kind: str, source: list[str], target: list[str], **props: object) -> dict[str, object]:
    return {"edge": kind, "from": source, "to": target, "props": {"evidence": ["declared"], **props}}


def node(kind: str, id: str, **props: object) -> dict[str, object]:
    return {"node": kind, "id": id, "props": props}


@pytest.fixture
def summary(tmp_path: Path) -> Summary:
    """Two agents on a restricted database: one through a gate that denies, one past it; and a line that is no fact."""
    return summary_of(
        tmp_path,
        node("Agent", "open", name="Open", environment="prod", status="active"),
        node("Agent", "shut", environment="prod"),
        node("Identity", "role"),
        node("Resource", "db", sensitivity="restricted", crown_jewel=True),
        node("EnforcementPoint", "gate", mode="enforce", effect="deny"),
        node("Owner", "ops@example.org"),
        edge("OWNS", ["Owner", "ops@example.org"], ["Agent", "open"]),
        edge("RUNS_AS", ["Agent", "open"], ["Identity", "role"]),
        edge("RUNS_AS", ["Agent", "shut"], ["Identity", "role"], guards=["gate"]),
        edge("CAN_ACCESS", ["Identity", "role"], ["Resource", "db"], actions=["write"]),
        '{"node": "Robot", "id": "x"}',
    )


def test_kinds_are_counted_in_the_order_of_the_vocabulary(summary: Summary) -> None:
    assert summary.nodes == {"Agent": 2, "Owner": 1, "Identity": 1, "Resource": 1, "EnforcementPoint": 1}
    assert list(summary.nodes) == ["Agent", "Owner", "Identity", "Resource", "EnforcementPoint"]
    assert summary.edges == {"OWNS": 1, "RUNS_AS": 2, "CAN_ACCESS": 1}
    assert (summary.generation, summary.at, summary.agents_total) == (1, AT, 2)


def test_roots_say_how_they_went(summary: Summary) -> None:
    (root,) = summary.roots
    assert (root.root, root.outcome, root.files, root.documents) == ("x.facts.jsonl", "partial", 1, {"native_facts": 1})
    (unread,) = summary.unread
    assert (unread.document, unread.where, unread.severity) == ("x.facts.jsonl", "L11", "error")


def test_the_gap_is_what_no_decision_stands_before(summary: Summary) -> None:
    assert (summary.gap.posture, summary.gap.ungoverned, summary.gap.runtime) == (2, 1, 1)
    assert (summary.gap.agents, summary.gap.targets) == (1, 1)


def test_the_riskiest_agents_come_with_owners_and_reasons(summary: Summary) -> None:
    assert [agent.score.subject[1] for agent in summary.agents] == ["open", "shut"]
    assert (summary.agents[0].name, summary.agents[0].owners) == ("Open", ("ops@example.org",))
    assert summary.agents[1].owners == ()
    assert all(isinstance(reason, str) and reason for agent in summary.agents for reason in agent.because)
    assert "Ownerless agent" in summary.agents[1].because


def test_severities_add_up(summary: Summary, tmp_path: Path) -> None:
    with open_store(tmp_path / "graph") as store:
        analysis = store.analysis()
        assert analysis is not None
        assert sum(summary.severities.values()) == len(analysis.findings)
        assert {f.rule for f in analysis.findings} >= {"GI-COV-001"}
        assert summarise(store, analysis, store.estate()) == summary
    assert sum(rule.findings for rule in summary.rules) == len(analysis.findings)


def test_unknown_is_counted(summary: Summary) -> None:
    assert summary.unknown["Agent"] == {"status": (1, 2), "environment": (0, 2), "autonomy": (2, 2), "owner": (1, 2)}


def test_lists_are_bounded_and_the_totals_are_not(tmp_path: Path) -> None:
    agents = [f"a{number:02}" for number in range(TOP_AGENTS + 5)]
    summary = summary_of(
        tmp_path,
        node("Resource", "db", sensitivity="restricted"),
        *(edge("RUNS_AS", ["Agent", agent], ["Identity", "role"]) for agent in agents),
        edge("CAN_ACCESS", ["Identity", "role"], ["Resource", "db"], actions=["read"]),
    )
    assert (len(summary.agents), summary.agents_total) == (TOP_AGENTS, len(agents))
    assert len(summary.paths) == TOP_PATHS
    assert summary.gap.posture == len(agents)


def test_a_store_that_was_never_analyzed_has_a_summary(tmp_path: Path) -> None:
    from graphinv.pipeline.stages import ingest, roots_of

    path = tmp_path / "x.facts.jsonl"
    path.write_text('{"node": "Agent", "id": "bot"}\n')
    with open_store(tmp_path / "graph", write=True) as store:
        ingest(store, roots_of([path]), at=AT)
        summary = summarise(store)
    assert (summary.nodes, summary.at, summary.agents, summary.paths) == ({"Agent": 1}, "", (), ())


def test_nothing_recognised_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    done = scan(str(tmp_path / "graph"), [tmp_path / "empty"], at=AT)
    assert done.unread == 0
    with open_store(tmp_path / "graph") as store:
        summary = summarise(store)
    assert (summary.nodes, summary.edges, summary.agents_total, summary.roots[0].outcome) == ({}, {}, 0, "complete")
