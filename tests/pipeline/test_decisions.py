"""A log of decisions beside what is declared: what is reached at run time, what was seen, and what contradicts what."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from graphinv.cli import app

ESTATE = """
{"node": "Agent", "id": "langgraph:bot.py#billing", "props": {"name": "Billing bot", "status": "active", "environment": "prod"}}
{"node": "Tool", "id": "pay/refund", "props": {"name": "refund", "effects": ["write"]}}
{"node": "Tool", "id": "pay/payout", "props": {"name": "payout", "effects": ["irreversible"]}}
{"node": "Resource", "id": "saas:bank/acme", "props": {"sensitivity": "restricted"}}
{"node": "Resource", "id": "saas:orders/acme", "props": {"sensitivity": "internal"}}
{"edge": "USES", "from": ["Agent", "langgraph:bot.py#billing"], "to": ["Tool", "pay/refund"], "props": {"evidence": ["declared"]}}
{"edge": "USES", "from": ["Agent", "langgraph:bot.py#billing"], "to": ["Tool", "pay/payout"], "props": {"evidence": ["declared"]}}
{"edge": "CAN_ACCESS", "from": ["Tool", "pay/refund"], "to": ["Resource", "saas:orders/acme"], "props": {"actions": ["write"]}}
{"edge": "CAN_ACCESS", "from": ["Tool", "pay/payout"], "to": ["Resource", "saas:bank/acme"], "props": {"actions": ["write"]}}
"""


def record(tool: str, policy: str, hour: int) -> str:
    at = f"2026-05-01T{hour:02}:00:00+00:00"
    return json.dumps({"ts": at, "type": "tools/call", "tool": tool, "agent_id": "billing-bot", "policy": policy, "record_hash": "x"})


LOG = [record("refund", "allowed", 8), *(record("payout", "blocked", 9 + hour) for hour in range(5)), record("wipe", "allowed", 20)]


class Scanned:
    def __init__(self, folder: Path, **files: str) -> None:
        self.store = folder / "graph"
        for name, text in files.items():
            (folder / "shop").mkdir(parents=True, exist_ok=True)
            (folder / "shop" / f"{name}.jsonl").write_text(text)
        self.run("scan", str(folder / "shop"))

    def run(self, *words: str) -> Any:
        result = CliRunner().invoke(app, [*words, "--store", str(self.store), "--format", "json"])
        assert result.exit_code == 0, result.output
        return json.loads(result.stdout)

    def reached(self, lens: str) -> set[str]:
        (row,) = self.run("reach", "Billing bot", "--lens", lens)
        return {id for _, id, _ in row["atoms"]}

    def contradictions(self) -> dict[str, str]:
        found = self.run("findings")
        return {one["target"][1]: one["details"]["reason"] for one in found if one["rule"] == "GI-GOV-006"}


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> Scanned:
    return Scanned(tmp_path_factory.mktemp("decided"), estate=ESTATE.strip(), audit="\n".join(LOG))


def test_what_is_always_refused_is_not_reached_at_run_time(decided: Scanned) -> None:
    assert decided.reached("posture") == {"saas:bank/acme", "saas:orders/acme"}
    assert decided.reached("runtime") == {"saas:orders/acme"}
    assert decided.reached("ungoverned") == set()


def test_what_was_let_pass_and_nobody_declared_is_found_and_what_was_declared_and_always_refused(decided: Scanned) -> None:
    assert decided.contradictions() == {
        "called:shop#wipe": "it was let pass, and nobody declared or approved it",
        "pay/payout": "it is declared, and refused each time, so it is not needed",
    }


def test_a_proxy_is_not_silent_because_nobody_asked_it(decided: Scanned) -> None:
    assert [one["details"]["reason"] for one in decided.run("findings") if one["rule"] == "GI-GOV-002"] == []


def test_what_is_always_refused_and_was_seen_all_the_same_is_found(tmp_path: Path) -> None:
    edge = {"edge": "USES", "from": ["Agent", "langgraph:bot.py#billing"], "to": ["Tool", "pay/payout"]}
    seen = json.dumps({**edge, "props": {"evidence": ["observed"], "count": 1, "last_seen": "2026-05-01T15:00:00Z"}})
    scanned = Scanned(tmp_path, estate=ESTATE.strip(), audit="\n".join(LOG[:-1]), seen=seen)
    assert scanned.contradictions() == {"pay/payout": "a point denies it, and it was seen"}


def test_whether_a_point_is_obeyed_may_be_stated(tmp_path: Path) -> None:
    asked = {"subject": {"type": "agent", "id": "billing-bot"}, "action": {"name": "call"}, "resource": {"type": "tool", "id": "payout"}}
    event = json.dumps({"decision_id": "x", "labels": {"app": "gw"}, "path": "authz/allow", "input": asked, "result": False})
    log = "\n".join([event] * 5)
    assert "saas:bank/acme" in Scanned(tmp_path / "unsaid", estate=ESTATE.strip(), opa=log).reached("runtime")
    (tmp_path / "said" / "shop").mkdir(parents=True)
    stated = '[[state]]\nnodes = ["EnforcementPoint:opa:shop#gw/*"]\nmode = "enforce"\n'
    (tmp_path / "said" / "shop" / "graphinv.toml").write_text(stated)
    scanned = Scanned(tmp_path / "said", estate=ESTATE.strip(), opa=log)
    assert scanned.reached("runtime") == {"saas:orders/acme"}
    assert scanned.reached("posture") == {"saas:bank/acme", "saas:orders/acme"}
