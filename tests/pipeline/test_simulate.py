"""What would be decided of each hop, beside what posture says; and what is recorded of that, back on the graph."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given

from graphinv.analyze.engine import Engine
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.pipeline.simulate import simulate
from tests.analyze import estates
from tests.cli.running import Ran, graphinv, refused
from tests.export.decision_point import FakePoint, pointed

AGENT = "langgraph:bot.py#billing"
TOKEN = "tok-5EcRet-0f-the-point"
ESTATE = f"""
{{"node": "Agent", "id": "{AGENT}", "props": {{"name": "Billing bot", "status": "active", "environment": "prod"}}}}
{{"node": "Tool", "id": "pay/refund", "props": {{"name": "refund", "effects": ["write"]}}}}
{{"node": "Tool", "id": "pay/payout", "props": {{"name": "payout", "effects": ["irreversible"]}}}}
{{"node": "Resource", "id": "saas:bank/acme", "props": {{"sensitivity": "restricted"}}}}
{{"node": "Resource", "id": "saas:orders/acme", "props": {{"sensitivity": "internal"}}}}
{{"node": "EnforcementPoint", "id": "gate", "props": {{"mode": "enforce", "effect": "step_up", "distinguishes": "agent"}}}}
{{"edge": "USES", "from": ["Agent", "{AGENT}"], "to": ["Tool", "pay/refund"], "props": {{"evidence": ["declared"], "guards": ["gate"]}}}}
{{"edge": "USES", "from": ["Agent", "{AGENT}"], "to": ["Tool", "pay/payout"], "props": {{"evidence": ["declared", "observed"],
 "last_seen": "2026-05-01T15:00:00Z"}}}}
{{"edge": "CAN_ACCESS", "from": ["Tool", "pay/refund"], "to": ["Resource", "saas:orders/acme"], "props": {{"actions": ["write"]}}}}
{{"edge": "CAN_ACCESS", "from": ["Tool", "pay/payout"], "to": ["Resource", "saas:bank/acme"], "props": {{"actions": ["write"]}}}}
""".strip().replace(",\n ", ", ")
STATED = '[[state]]\nnodes = ["EnforcementPoint:simulated:shop#*"]\nmode = "enforce"\n'


class Shop:
    """An estate in a folder that is scanned."""

    def __init__(self, folder: Path) -> None:
        self.root, self.store = folder / "shop", folder / "graph"
        self.root.mkdir()
        (self.root / "estate.jsonl").write_text(ESTATE)
        self.scan()

    def scan(self) -> None:
        graphinv("scan", self.root, "--store", self.store)

    def simulate(self, *words: str | Path, code: int = 0) -> Ran:
        return graphinv("simulate", *words, "--store", self.store, code=code)

    def path(self, target: str, *words: str | Path, code: int = 0) -> Any:
        [path] = self.simulate("Billing bot", target, *words, "--format", "json", code=code).json["paths"]
        return path

    def reached(self, lens: str) -> set[str]:
        [row] = graphinv("reach", "Billing bot", "--lens", lens, "--store", self.store, "--format", "json").json
        return {id for _, id, _ in row["atoms"]}

    def contradictions(self) -> dict[str, str]:
        found = graphinv("findings", "--rule", "GI-GOV-006", "--store", self.store, "--format", "json").json
        return {one["target"][1]: one["details"]["reason"] for one in found}


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    return Shop(tmp_path_factory.mktemp("simulated"))


def denies(*ids: str) -> Callable[[dict[str, Any]], dict[str, Any]]:
    return lambda question: {"decision": question["resource"]["id"] not in ids, "context": {"policy_version": "v7"}}


# --------------------------------------------------------------------------------------------------------------------------------
# Without a decision point


def test_what_is_supposed_says_so(shop: Shop) -> None:
    path = shop.path("saas:orders/acme")
    assert list(path) == [
        "subject", "target", "action", "at", "decided_by", "pdp", "revision", "decided_at", "verdict", "stopped_at", "enforced", "hops",
    ]  # fmt: skip
    assert list(path["hops"][0]) == [
        "hop", "from", "edge", "to", "words", "action", "verdict", "reason", "posture", "posture_reason", "guards", "seen", "contradiction",
    ]  # fmt: skip
    assert (path["decided_by"], path["pdp"]) == ("hypothetical (built-in policy)", None)
    assert (path["verdict"], path["stopped_at"], path["enforced"]) == ("step_up", 1, True)
    assert [(hop["verdict"], hop["reason"]) for hop in path["hops"]] == [
        ("step_up", "gate asks for step-up"),
        ("not_asked", "no point stands here"),
    ]


def test_a_way_without_a_point_is_no_allow(shop: Shop) -> None:
    path = shop.path("saas:bank/acme")
    assert (path["verdict"], path["stopped_at"], path["enforced"]) == ("not_asked", None, None)
    assert "nobody is asked about any hop" in shop.simulate("Billing bot", "saas:bank/acme").out


def test_the_riskiest_paths(shop: Shop) -> None:
    everything = shop.simulate("--all", "--format", "json").json
    assert list(everything) == ["paths", "verdicts", "contradictions"]
    assert everything["verdicts"] == {"deny": 0, "step_up": 1, "unknown": 0, "allow": 0, "not_asked": 1}
    targets = [path["target"] for path in everything["paths"]]
    assert targets == [["Resource", "saas:bank/acme"], ["Resource", "saas:orders/acme"]]
    assert [path["target"] for path in shop.simulate("Billing bot", "--format", "jsonl").lines] == targets
    assert len(shop.simulate("--all", "--limit", "1", "--format", "jsonl").lines) == 1
    assert shop.simulate("--all", "--format", "csv").out.startswith("subject,target,action,at,decided_by,")


def test_where_nobody_reaches_anything_nothing_is_asked(tmp_path: Path) -> None:
    (tmp_path / "lone.facts.jsonl").write_text('{"node": "Agent", "id": "lone"}\n')
    graphinv("scan", tmp_path / "lone.facts.jsonl", "--store", tmp_path / "graph")
    assert graphinv("simulate", "--all", "--store", tmp_path / "graph").out == "0 paths: nothing was asked; no contradictions\n"


def test_wrong_usage_is_told(shop: Shop) -> None:
    at = ("--store", shop.store)
    assert refused("simulate", *at).startswith("simulate takes a subject, or --all")
    assert refused("simulate", "Billing bot", "--all", *at).startswith("simulate takes a subject, or --all")
    assert "--record takes --pdp" in refused("simulate", "--all", "--record", "x", *at)
    assert "--discover takes --pdp" in refused("simulate", "--all", "--discover", *at)
    assert "--action takes a target" in refused("simulate", "Billing bot", "--action", "read", *at)
    assert "cannot delete Resource:saas:bank/acme" in refused("simulate", "Billing bot", "saas:bank/acme", "-a", "delete", *at)
    assert "is no agent that reaches anything" in refused("simulate", "Tool:pay/refund", *at)
    assert "--pdp must begin with https://" in refused("simulate", "--all", "--pdp", "http://pdp.example", *at)


@pytest.mark.parametrize("decision", estates.DECISIONS, ids=lambda decision: decision.get("effect", decision["mode"]))
@estates.examples(40)
@given(facts=estates.facts())
def test_a_path_that_nothing_is_supposed_to_stop_is_left_at_run_time(facts: list[NodeFact | EdgeFact], decision: dict[str, Any]) -> None:
    """The built-in policy and the lens ``runtime`` say the same of enforcing points, one of which stands on all grants here."""
    gate = NodeFact("EnforcementPoint", "gate", decision)
    guarded = [
        replace(one, props={"guards": ["gate"], "actions": ["admin"]}) if isinstance(one, EdgeFact) and one.kind == "CAN_ACCESS" else one
        for one in facts
    ]
    engine = Engine(estates.build(*guarded, gate), estates.AT)
    for reach in engine.reach_all():
        left = engine.reach(reach.subject, "runtime").atoms or ()
        found = [path for kind, id, action in reach.atoms or () if (path := engine.witness(reach.subject, (kind, id), action))]
        for one in simulate(engine, found, None):
            assert one.decided_by == "hypothetical (built-in policy)"
            assert (one.stopped_at is None) == all(hop.verdict not in ("deny", "step_up") for hop in one.hops)
            if one.stopped_at is None:
                assert (*one.target, one.action) in left


# --------------------------------------------------------------------------------------------------------------------------------
# With one


def test_its_verdicts_are_its_own(shop: Shop) -> None:
    with pointed(FakePoint(denies("pay/payout"))) as point:
        path = shop.path("saas:bank/acme", "--pdp", point.url)
        told = shop.simulate("Billing bot", "saas:bank/acme", "--pdp", point.url).out
    assert path["decided_by"] == f"PDP {point.url}, revision v7, at {path['decided_at']}"
    assert (path["verdict"], path["stopped_at"], path["enforced"], path["revision"]) == ("deny", 1, False, "v7")
    assert [(hop["verdict"], hop["posture"]) for hop in path["hops"]] == [("deny", "not_asked"), ("allow", "not_asked")]
    assert path["hops"][0]["contradiction"] == "it is denied, and it was seen"
    assert "hypothetical" not in told
    assert "first denied at hop 1, where no point is known that enforces it" in told
    assert "CONTRADICTION: it is denied, and it was seen" in told
    assert told.rstrip().endswith("1 path: 1 denied; 1 contradiction")


def test_what_posture_counts_on_and_the_point_lets_pass_is_marked(shop: Shop) -> None:
    with pointed(FakePoint()) as point:
        words = ("--pdp", point.url, "--fail-on-contradiction")
        path = shop.path("saas:orders/acme", *words, code=1)
        assert shop.path("saas:bank/acme", *words)["verdict"] == "allow"
    assert path["verdict"] == "allow"
    assert path["hops"][0]["contradiction"] == "the decision point lets it pass, and posture counts on this: gate asks for step-up"


def test_what_is_not_answered_is_unknown(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTHZEN_TOKEN", TOKEN)
    with pointed(FakePoint(faults=[401])) as point:
        ran = shop.simulate("--all", "--pdp", point.url, "--format", "json", code=1)
    assert ran.json["verdicts"] == {"deny": 0, "step_up": 0, "unknown": 2, "allow": 0, "not_asked": 0}
    assert {hop["verdict"] for path in ran.json["paths"] for hop in path["hops"]} == {"unknown"}
    assert TOKEN not in ran.out + ran.err
    assert len(point.paths) == 1, "what does not accept the credentials is not asked again"


def test_nothing_of_the_store_changes(shop: Shop) -> None:
    before = shop.store.read_bytes()
    with pointed(FakePoint()) as point:
        shop.simulate("--all", "--pdp", point.url)
    assert shop.store.read_bytes() == before


# --------------------------------------------------------------------------------------------------------------------------------
# Back on the graph


def test_what_a_point_denies_comes_on_the_graph_with_the_next_scan(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    assert shop.contradictions() == {}
    before = shop.reached("observed"), shop.reached("ungoverned")
    with pointed(FakePoint(denies("pay/payout"))) as point:
        shop.simulate("--all", "--pdp", point.url, "--record", shop.root / "simulated.jsonl")
    lines = [json.loads(line) for line in (shop.root / "simulated.jsonl").read_text().splitlines()]
    assert [(one["request"]["resource"]["id"], one["response"]["decision"]) for one in lines] == [
        ("pay/payout", False),
        ("pay/refund", True),
    ]
    assert all(one["simulated"] is True and one["policy_decision_point"] == point.url for one in lines)

    shop.scan()
    assert (shop.reached("observed"), shop.reached("ungoverned")) == before, "nothing was done, and nobody says that the point is asked"
    assert shop.reached("runtime") == {"saas:bank/acme"}
    assert shop.contradictions() == {}

    (shop.root / "graphinv.toml").write_text(STATED)
    shop.scan()
    assert shop.contradictions() == {"pay/payout": "a point denies it, and it was seen"}
    assert shop.reached("runtime") == set()
    assert shop.reached("observed") == before[0]
    shown = graphinv("show", f"EnforcementPoint:simulated:shop#{point.url}#deny", "--store", shop.store, "--format", "json").json
    assert shown["props"]["effect"] == "deny"


def record(agent: str, tool: str, *, decision: bool) -> str:
    request = {"subject": {"type": "agent", "id": agent}, "action": {"name": "tools/call"}, "resource": {"type": "tool", "id": tool}}
    whole = {"policy_decision_point": "https://pdp.example", "simulated": True, "response": {"decision": decision}, "request": request}
    return json.dumps(whole) + "\n"


def test_what_a_point_sometimes_lets_pass_is_not_denied(tmp_path: Path) -> None:
    shop = Shop(tmp_path)
    (shop.root / "simulated.jsonl").write_text(record(AGENT, "pay/payout", decision=False) + record(AGENT, "pay/payout", decision=True))
    (shop.root / "graphinv.toml").write_text(STATED)
    shop.scan()
    assert shop.contradictions() == {}
    assert "saas:bank/acme" in shop.reached("runtime")


def test_records_make_nothing_that_is_not_there(tmp_path: Path) -> None:
    """An estate may have moved on since: that was never done, so nobody has to be looked for."""
    shop = Shop(tmp_path)
    (shop.root / "simulated.jsonl").write_text(record("gone", "pay/payout", decision=False) + record(AGENT, "wipe", decision=True))
    shop.scan()
    assert [agent["id"] for agent in graphinv("agents", "--store", shop.store, "--format", "json").json] == [AGENT]
    names = graphinv("query", "-", "--store", shop.store, "--format", "json", stdin="MATCH (t:Tool) RETURN t.id AS id ORDER BY id").json
    assert [one["id"] for one in names] == ["pay/payout", "pay/refund"]
