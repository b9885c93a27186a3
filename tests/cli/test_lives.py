"""Findings over several scans, on the command line: fixed, back again, and which agents were judged."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import Demo
from tests.cli.running import graphinv, refused


def ownerless(store: Path, *more: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = graphinv("findings", "--rule", "GI-OWN-001", "--store", store, "-f", "json", *more).json
    return found


def test_the_life_of_a_finding(tmp_path: Path) -> None:
    root, store = tmp_path / "estate", tmp_path / "graph"
    root.mkdir()
    (root / "agents.csv").write_text("id,name\nhelper,Helper\nother,Other\n", "utf-8")
    owns = root / "owns.csv"
    owned = "from,to_kind,to\nana@acme.example,Agent,other\n"

    def scan(day: int, owners: str, code: int = 0) -> None:
        owns.write_text(owners, "utf-8")
        graphinv("scan", root, "--store", store, "--at", f"2026-07-{day:02}", code=code)

    scan(1, owned)
    [one] = ownerless(store)
    assert (one["first_seen"], one["last_seen"], one["fixed_at"], one["reopened"]) == (
        "2026-07-01T00:00:00Z",
        "2026-07-01T00:00:00Z",
        None,
        0,
    )
    scan(2, owned + "ana@acme.example,Agent,helper\n")
    assert ownerless(store) == []
    [one] = ownerless(store, "--fixed")
    assert (one["last_seen"], one["fixed_at"]) == ("2026-07-01T00:00:00Z", "2026-07-02T00:00:00Z")
    assert graphinv("findings", one["key"], "--store", store, "-f", "json").json == [one]
    assert "fixed 2026-07-02" in graphinv("findings", "--fixed", "--store", store).out
    count = "MATCH (f:Finding) WHERE f.rule = 'GI-OWN-001' RETURN f.fixed_at AS fixed, f.last_seen AS seen"
    assert graphinv("query", "-", "--store", store, "-f", "json", stdin=count).json == [
        {"fixed": one["fixed_at"], "seen": one["last_seen"]}
    ]
    assert graphinv("query", "findings-by-rule", "--param", "rule=GI-OWN-001", "--store", store, "-f", "json").json == []
    scan(3, owned)
    [one] = ownerless(store)
    assert (one["fixed_at"], one["reopened"], one["reopened_at"]) == (None, 1, "2026-07-03T00:00:00Z")
    (root / ".mcp.json").write_text("{", "utf-8")
    scan(4, owned + "ana@acme.example,Agent,helper\n", code=2)
    [one] = ownerless(store)
    assert (one["unconfirmed"], one["last_seen"]) == ("estate was last read in part only", "2026-07-03T00:00:00Z")
    assert "unconfirmed" in graphinv("findings", "--rule", "GI-OWN-001", "--store", store).out
    assert "could not be looked at again: estate was last read" in graphinv("findings", one["key"], "--store", store).out
    (root / ".mcp.json").unlink()
    scan(5, owned + "ana@acme.example,Agent,helper\n")
    assert ownerless(store) == []
    assert ownerless(store, "--fixed")[0]["fixed_at"] == "2026-07-05T00:00:00Z"
    assert "--by-cause" in refused("findings", "--fixed", "--by-cause", "--store", store)


def test_a_rule_that_fails_fixes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from graphinv.analyze import rules

    (tmp_path / "agents.csv").write_text("id,name\nhelper,Helper\n", "utf-8")
    (tmp_path / "owns.csv").write_text("from,to_kind,to\nana@acme.example,Agent,other\n", "utf-8")
    store = tmp_path / "graph"
    graphinv("scan", tmp_path / "agents.csv", tmp_path / "owns.csv", "--store", store, "--at", "2026-07-01")
    assert [one["subject"][1] for one in ownerless(store)] == ["helper"]
    monkeypatch.setattr(rules, "_judge", lambda *_: 1 / 0)
    graphinv("analyze", "--store", store, "--at", "2026-07-02")
    [one] = ownerless(store)
    assert "ZeroDivisionError" in one["unconfirmed"]
    [covered] = graphinv("coverage", "--rule", "GI-OWN-001", "--store", store, "-f", "json").json
    assert (covered["judged"], covered["not_available"], covered["error"]) == (0, 0, 2)
    [told] = graphinv("coverage", "helper", "--rule", "GI-OWN-001", "--store", store, "-f", "json").json
    assert (told["outcome"], told["missing"]) == ("error", "ZeroDivisionError: division by zero")


def test_which_agents_were_judged(demo: Demo) -> None:
    covered = graphinv("coverage", "--store", demo.store, "-f", "json").json
    agents = len(graphinv("agents", "--store", demo.store, "-f", "json").json)
    assert {one["judged"] + one["not_available"] + one["error"] for one in covered} == {agents}
    assert any(0 < one["judged"] < agents for one in covered)
    assert all(sum(one["missing"].values()) == one["not_available"] + one["error"] for one in covered)
    every = graphinv("coverage", "--all", "--store", demo.store, "-f", "jsonl").lines
    assert len(every) == agents * len(covered)
    by_rule = {one["rule"]: one["judged"] for one in covered}
    for rule, judged in by_rule.items():
        assert judged == sum(one["rule"] == rule and one["outcome"] == "judged" for one in every)
    assert "not available" in graphinv("coverage", "--store", demo.store).out
    assert "GI-LIF-003 in part: 22 could not be judged: no source states when" in graphinv("findings", "--store", demo.store).out
    assert "GI-TOL-001" in graphinv("coverage", "finance:controller", "--store", demo.store).out
    assert "no rule's id starts with" in refused("coverage", "--rule", "X", "--store", demo.store)
    assert "--all is of every agent" in refused("coverage", "--all", "finance:controller", "--store", demo.store)
