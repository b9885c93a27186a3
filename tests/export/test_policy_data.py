"""Policy data for OPA, Cedar and AuthZEN: all of it parses, nothing is lost, and what is unknown never reads as safe."""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
from pathlib import Path as FilePath
from typing import Any

import pytest
from hypothesis import given

from graphinv.analyze.engine import Engine
from graphinv.export import authzen, cedar, opa
from graphinv.export.support.policy import TYPES, approved, seconds
from graphinv.export.support.questions import questions
from graphinv.ingest import Document, decision_logs, rego
from graphinv.ingest import cedar as cedar_reader
from graphinv.ingest.support.called import called
from graphinv.ingest.support.cedar import Policy, policies
from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.model.kinds import ACTIONS
from graphinv.model.results import Analysis, Path
from tests import strategies
from tests.analyze.estates import estate_of
from tests.export.findings import ATTACK, RULES

AT = "2026-07-01T00:00:00Z"
BOT, HELPER, FLOW = ("Agent", "bot"), ("Agent", "helper"), ("Workflow", "flow")
PAY, LOOK, BANK = ("Tool", "pay"), ("Tool", "look"), ("ToolServer", "bank")


def estate(*facts: EdgeFact | NodeFact) -> Estate:
    """An agent with tools, a server and a helper, and ``facts`` besides."""
    return estate_of(
        [
            NodeFact(*BOT, {"name": "Bot", "status": "active", "environment": "prod"}),
            NodeFact(*HELPER, {}),
            NodeFact(*FLOW, {}),
            NodeFact(*PAY, {"effects": ["irreversible"], "schema_digest": "sha256:aa", "approved_digest": "AA"}),
            NodeFact(*LOOK, {}),
            NodeFact(*BANK, {"pinned": True}),
            EdgeFact("PROVIDES", BANK, PAY, {}),
            NodeFact("Task", "T-1", {"opened_at": "2026-06-30T00:00:00Z", "closes_at": "2026-07-02T00:00:00Z"}),
            EdgeFact("RUNS_TASK", BOT, ("Task", "T-1"), {}),
            *facts,
        ]
    )


def results(estate: Estate, paths: tuple[Path, ...] = ()) -> Analysis:
    return Analysis(generation=7, at=AT, scores=(), reach=(), findings=(), rules=(), paths=paths)


def bundle(estate: Estate) -> dict[str, Any]:
    packed = opa.render(results(estate), estate, RULES)
    with tarfile.open(fileobj=io.BytesIO(packed), mode="r:gz") as opened:
        members = opened.getmembers()
        assert [member.name for member in members] == sorted(member.name for member in members)
        assert {(member.mtime, member.uid, member.uname) for member in members} == {(0, 0, "")}
        texts = {member.name: opened.extractfile(member).read().decode("ascii") for member in members}  # type: ignore[union-attr]
    return {name: text if name.endswith(".rego") else json.loads(text) for name, text in texts.items()}


def data(estate: Estate, section: str) -> dict[str, Any]:
    found: dict[str, Any] = bundle(estate)[f"graphinv/{section}/data.json"]
    return found


def entities(estate: Estate) -> dict[tuple[str, str], dict[str, Any]]:
    made = json.loads(cedar.render(results(estate), estate, RULES)["entities.json"])
    return {(one["uid"]["type"].removeprefix("Graphinv::"), one["uid"]["id"]): one for one in made}


def referred(values: list[dict[str, Any]]) -> list[str]:
    return [one["__entity"]["id"] for one in values]


# --------------------------------------------------------------------------------------------------------------------------------
# Open Policy Agent


@given(strategies.estates())
def test_the_bundle_holds_every_agent_workflow_tool_task_and_grant(estate: Estate) -> None:
    made = bundle(estate)
    for kind, section in (("Agent", "agents"), ("Workflow", "workflows"), ("Tool", "tools"), ("Task", "tasks")):
        assert set(made[f"graphinv/{section}/data.json"]) == {node.id for node in estate.of_kind(kind)}
    callers = [*made["graphinv/agents/data.json"].values(), *made["graphinv/workflows/data.json"].values()]
    for kind, name in (("USES", "tools"), ("CONNECTS_TO", "servers")):
        assert sum(len(grants) for one in callers for grants in one[name].values()) == len(list(estate.edges_of(kind)))
    delegations = made["graphinv/delegations/data.json"].values()
    assert sum(len(grants) for one in delegations for grants in one.values()) == len(list(estate.edges_of("DELEGATES_TO")))
    manifest = made[".manifest"]
    assert manifest["roots"] == ["graphinv"]
    assert sum(manifest["metadata"]["nodes"].values()) + sum(manifest["metadata"]["not_exported"].values()) == len(estate.nodes)


def test_the_bundle_is_the_same_bytes_each_time_and_its_revision_tells_its_data() -> None:
    one, other = estate(), estate(EdgeFact("USES", BOT, LOOK, {}))
    assert opa.render(results(one), one, RULES) == opa.render(results(one), one, RULES)
    assert opa.render(results(one), one, RULES)[4:8] == bytes(4), "no time in the header"
    revisions = [bundle(each)[".manifest"]["revision"] for each in (one, one, other)]
    assert revisions[0] == revisions[1] != revisions[2]
    assert all(revision.startswith("7-") for revision in revisions)


def test_what_nobody_states_is_not_in_the_bundle() -> None:
    agents = data(estate(), "agents")
    assert agents["bot"] | {"tools": {}} == {
        "name": "Bot", "status": "active", "environment": "prod", "owners": [], "identities": [], "tools": {}, "servers": {},
    }  # fmt: skip
    assert not {"status", "environment", "owner_active", "risk"} & set(agents["helper"])
    assert "effects" not in data(estate(), "tools")["look"]


def test_grants_carry_what_limits_them() -> None:
    limited = {"scopes": ["read:crm/*"], "valid_until": "2026-08-01T00:00:00Z", "max_depth": 1, "evidence": ["declared"]}
    made = estate(
        EdgeFact("DELEGATES_TO", BOT, HELPER, limited),
        EdgeFact("DELEGATES_TO", BOT, HELPER, {}),
        EdgeFact("DELEGATES_TO", FLOW, BOT, {}),
        EdgeFact("CONNECTS_TO", BOT, BANK, {"approved": True, "approval": "exact", "tools": ["pay"], "approved_by": "ana@acme.example"}),
    )
    delegations = data(made, "delegations")
    assert sorted(delegations["agent:bot"]["agent:helper"], key=len) == [{}, limited]
    assert delegations["workflow:flow"] == {"agent:bot": [{}]}
    [grant] = data(made, "agents")["bot"]["servers"]["bank"]
    assert grant == {"approved": True, "approval": "exact", "tools": ["pay"], "approved_by": "ana@acme.example"}


def test_our_own_reader_finds_a_point_in_the_policy_that_denies_by_default() -> None:
    document = Document("shop", "authz.rego", bundle(estate())["graphinv/authz/authz.rego"].encode(), lambda value: "0")
    assert rego.detect(document.path, document.data)
    [point] = rego.read(document)
    assert isinstance(point, NodeFact)
    assert point.id == "opa:shop#graphinv/authz/verdict"
    assert {"default=deny", "input=subject", "input=task"} <= set(point.props["labels"])


def test_the_policy_reads_only_what_the_bundle_and_a_question_have() -> None:
    """A name that nobody writes is undefined in Rego, which no engine tells."""
    sections = {name.split("/")[1] for name in bundle(estate()) if name.endswith("data.json")}
    assert set(re.findall(r"data\.graphinv\.(\w+)", opa.POLICY)) <= sections
    given = {*opa._NODE, "owner_active", "tools", "servers", *opa._TOOL, "as_approved", *opa._TIMES, "agents", *opa._CALL, "approved"}
    assert set(re.findall(r"\b(?:caller|callee|tool|task|grant)\.(\w+)", opa.POLICY)) <= given | set(opa._DELEGATION)
    asked = {"subject.type", "subject.id", "action.name", "resource.type", "resource.id", "context.task", "context.delegation_chain"}
    assert set(re.findall(r"input\.(\w+\.\w+)", opa.POLICY)) == asked
    assert not re.search(r"\bnot \S+ (?:in|[<>=!]=?)(?: |$)", opa.POLICY), "of what is not known that is neither true nor false"


# --------------------------------------------------------------------------------------------------------------------------------
# Approvals


def test_only_an_approval_that_is_known_to_hold_is_one() -> None:
    def holds(**props: object) -> bool:
        made = estate(EdgeFact("USES", BOT, PAY, props))
        [edge] = made.edges_of("USES")
        return approved(edge, made, AT)

    assert holds(approved=True)
    assert holds(approved=True, approved_digests=["aa"], approved_until="2026-07-01T00:00:01Z")
    assert not holds()
    assert not holds(approved=False)
    assert not holds(approved=True, approval="client")
    assert not holds(approved=True, approved_until=AT)
    assert not holds(approved=True, approved_digests=["bb"])
    assert not holds(approved=True, approved_environment="prod")
    assert not holds(approved=True, approved_sensitivity="internal")


# --------------------------------------------------------------------------------------------------------------------------------
# Cedar


@given(strategies.estates())
def test_every_entity_is_as_the_schema_says(estate: Estate) -> None:
    files = cedar.render(results(estate), estate, RULES)
    types = json.loads(files["schema.json"])["Graphinv"]["entityTypes"]
    made = json.loads(files["entities.json"])
    uids = {(one["uid"]["type"], one["uid"]["id"]) for one in made}
    assert len(uids) == len(made) == sum(node.kind in types for node in estate.nodes.values())
    for one in made:
        schema = types[one["uid"]["type"].removeprefix("Graphinv::")]
        attributes = schema["shape"]["attributes"]
        assert set(one["attrs"]) == set(attributes)
        for name, value in one["attrs"].items():
            assert fits(value, attributes[name], uids), (name, value)
        for parent in one["parents"]:
            assert (parent["type"], parent["id"]) in uids
            assert parent["type"].removeprefix("Graphinv::") in schema["memberOfTypes"]
    named = {name for one in types.values() for name in re.findall(r'"name": "(\w+)"', json.dumps(one))}
    assert named <= set(types)


def fits(value: Any, stated: dict[str, Any], uids: set[tuple[str, str]]) -> bool:
    match stated["type"]:
        case "Set":
            return isinstance(value, list) and all(fits(one, stated["element"], uids) for one in value)
        case "Entity":
            uid = value["__entity"]
            return uid["type"] == f"Graphinv::{stated['name']}" and (uid["type"], uid["id"]) in uids
        case "Long":
            return type(value) is int and -(2**63) <= value < 2**63
        case "Boolean":
            return type(value) is bool
        case _:
            return isinstance(value, str)


def test_what_nobody_states_lets_the_least_pass_and_is_named() -> None:
    made = entities(estate(NodeFact("Task", "T-2", {})))
    look, helper, task = (made[key]["attrs"] for key in (LOOK, HELPER, ("Task", "T-2")))
    assert look["effects"] == ["destructive", "egress", "execute", "irreversible", "read", "write"]
    assert (look["ingests_untrusted"], look["as_approved"]) == (True, False)
    assert look["unknown"] == ["as_approved", "effects", "environment", "ingests_untrusted"]
    assert (helper["status"], helper["owner_active"], helper["risk"]) == ("unknown", False, 100)
    assert (task["opened_at"], task["ends_at"]) == (2**63 - 1, 0)
    assert made[PAY]["attrs"]["effects"] == ["irreversible"]
    assert made[PAY]["attrs"]["as_approved"] is True
    assert made[PAY]["parents"] == [{"type": "Graphinv::ToolServer", "id": "bank"}]
    assert made["Task", "T-1"]["attrs"]["ends_at"] - made["Task", "T-1"]["attrs"]["opened_at"] == 2 * 24 * 3600


def test_what_sets_cannot_say_is_in_none_and_stands_in_words() -> None:
    over = {"valid_until": AT}
    made = estate(
        EdgeFact("USES", BOT, PAY, {"approved": True}),
        EdgeFact("USES", BOT, LOOK, {}),
        EdgeFact("CONNECTS_TO", HELPER, BANK, {"approved": True, "tools": ["pay"]}),
        EdgeFact("CONNECTS_TO", BOT, BANK, {"approved": True, **over}),
        EdgeFact("DELEGATES_TO", BOT, HELPER, {"scopes": ["read:crm/*"]}),
        EdgeFact("DELEGATES_TO", BOT, FLOW, {}),
    )
    bot, helper = entities(made)[BOT]["attrs"], entities(made)[HELPER]["attrs"]
    assert [referred(bot[name]) for name in ("tools", "servers", "agents", "workflows", "tasks")] == [["pay"], [], [], ["flow"], ["T-1"]]
    assert bot["limited"] == ['DELEGATES_TO Agent:helper {"scopes": ["read:crm/*"]}']
    assert [referred(helper[name]) for name in ("tools", "servers")] == [["pay"], []]


def test_our_own_reader_takes_the_entities() -> None:
    made = estate()
    text = cedar.render(results(made), made, RULES)["entities.json"]
    document = Document("shop", "entities.json", text.encode(), lambda value: "0")
    assert cedar_reader.detect(document.path, document.data[:4096])
    file = cedar_reader.summarise(document)
    assert not file.problems
    assert ("Graphinv::Agent", "bot") in file.parents
    assert file.parents["Graphinv::Tool", "pay"] == (("Graphinv::ToolServer", "bank"),)


# --------------------------------------------------------------------------------------------------------------------------------
# AuthZEN


def reaching() -> Estate:
    orders = ("Resource", "orders")
    return estate(
        NodeFact(*orders, {"sensitivity": "restricted", "type": "database"}),
        EdgeFact("DELEGATES_TO", BOT, HELPER, {}),
        EdgeFact("CONNECTS_TO", HELPER, BANK, {}),
        EdgeFact("RUNS_AS", PAY, ("Identity", "payer"), {}),
        EdgeFact("CAN_ACCESS", ("Identity", "payer"), orders, {"actions": ["write"]}),
    )


def test_each_hop_is_a_question() -> None:
    made = reaching()
    path = Engine(made, AT).witness(BOT, ("Resource", "orders"), "write")
    assert path
    [line] = authzen.render(results(made, (path,)), made, RULES).splitlines()
    body = json.loads(line)
    assert body["options"] == {"evaluations_semantic": "execute_all"}
    asked = body["evaluations"]
    assert [(one["subject"]["id"], one["action"]["name"], one["resource"]["type"], one["resource"]["id"]) for one in asked] == [
        ("bot", "delegate", "agent", "helper"),
        ("helper", "tools/call", "tool", "pay"),
        ("pay", "act_as", "identity", "payer"),
        ("payer", "write", "resource", "orders"),
    ]
    assert asked[0]["subject"]["properties"] == {"name": "Bot", "status": "active", "environment": "prod", "owners": []}
    assert asked[0]["context"] == {
        "time": AT, "target": {"type": "resource", "id": "orders"}, "deed": "write", "hop": 1, "edge": "DELEGATES_TO", "agent": "bot",
        "delegation_chain": ["agent:bot"], "delegation_depth": 0, "task": "T-1",
    }  # fmt: skip
    assert asked[1]["resource"]["properties"] == {"name": "pay", "effects": ["irreversible"], "server": "bank"}
    assert asked[1]["context"]["delegation_chain"] == ["agent:bot", "agent:helper"]
    assert "task" not in asked[1]["context"]
    assert asked[3]["resource"]["properties"] == {"name": "orders", "type": "database", "sensitivity": "restricted"}


@pytest.mark.parametrize(
    ("ends", "open_then"),
    [
        ({"closes_at": "2026-07-02T00:00:00Z"}, True),
        ({"closed_at": "2026-07-02T00:00:00Z"}, True),
        ({"closes_at": "2026-07-02T00:00:00Z", "closed_at": AT}, False),
        ({"closes_at": AT, "closed_at": "2026-07-02T00:00:00Z"}, False),
        ({}, False),
    ],
)
def test_a_task_is_open_until_the_first_of_its_ends(ends: dict[str, Any], open_then: bool) -> None:
    orders, task = ("Resource", "orders"), ("Task", "T-2")
    made = estate(
        NodeFact(*task, {"opened_at": "2026-06-30T00:00:00Z", **ends}),
        EdgeFact("RUNS_TASK", HELPER, task, {}),
        EdgeFact("USES", HELPER, LOOK, {}),
        EdgeFact("CAN_ACCESS", LOOK, orders, {"actions": ["read"]}),
    )
    path = Engine(made, AT).witness(HELPER, orders, "read")
    assert path
    assert ("task" in questions(path, made)[0]["context"]) is open_then
    attributes = entities(made)[task]["attrs"]
    assert (attributes["ends_at"] > seconds(AT)) is open_then


@given(strategies.estates(max_nodes=8, max_edges=14))
def test_every_way_through_any_estate_can_be_asked_about(estate: Estate) -> None:
    engine = Engine(estate, AT)
    for reach in engine.reach_all():
        for kind, id, action in reach.atoms or ():
            path = engine.witness(reach.subject, (kind, id), action)
            assert path
            asked = questions(path, estate)
            assert len(asked) == len(path.hops)
            assert json.loads(json.dumps(asked, ensure_ascii=True, allow_nan=False)) == asked
            for one, hop in zip(asked, path.hops, strict=True):
                ends = [(one[end]["type"], one[end]["id"]) for end in ("subject", "resource")]
                assert ends == [(TYPES[key[0]], key[1]) for key in (hop.source, hop.target)]
                assert one["action"]["name"] in {"tools/call", "connect", "delegate", "call_back", "act_as", "use", *ACTIONS}


def test_our_own_reader_knows_the_calls_of_a_question_again() -> None:
    """What a decision point's log keeps of such questions comes back as the same agents, tools and servers."""
    made = reaching()
    path = Engine(made, AT).witness(BOT, ("Resource", "orders"), "write")
    assert path
    log = "\n".join(json.dumps({"request": one, "response": {"decision": True}}) for one in questions(path, made)[:2])
    document = Document("shop", "log.jsonl", log.encode(), lambda value: "0")
    assert decision_logs.detect(document.path, document.data)
    edges = [fact for fact in decision_logs.link("shop", {"log.jsonl": decision_logs.summarise(document)}) if isinstance(fact, EdgeFact)]
    assert {(edge.kind, edge.source, edge.target) for edge in edges} == {
        ("DELEGATES_TO", called("shop", "Agent", "bot"), called("shop", "Agent", "helper")),
        ("CONNECTS_TO", called("shop", "Agent", "helper"), called("shop", "ToolServer", "bank")),
        ("USES", called("shop", "Agent", "helper"), called("shop", "Tool", "pay", "bank")),
    }


# --------------------------------------------------------------------------------------------------------------------------------


def test_names_of_strangers_stay_data() -> None:
    agent, tool = ("Agent", ATTACK), ("Tool", ATTACK)
    made = estate(EdgeFact("USES", agent, tool, {}), EdgeFact("CAN_ACCESS", tool, ("Resource", ATTACK), {"actions": ["read"]}))
    path = Engine(made, AT).witness(agent, ("Resource", ATTACK), "read")
    assert path
    [line] = authzen.render(results(made, (path,)), made, RULES).splitlines()
    assert json.loads(line)["evaluations"][0]["subject"]["id"] == ATTACK
    assert data(made, "agents")[ATTACK]["tools"] == {ATTACK: [{"approved": False}]}
    assert entities(made)[agent]["uid"]["id"] == ATTACK
    unpacked = gzip.decompress(opa.render(results(made), made, RULES))
    for text in (line.encode(), unpacked, *(one.encode() for one in cedar.render(results(made), made, RULES).values())):
        assert b"\x1b" not in text
        assert "\u202e".encode() not in text


def test_policies_of_the_documentation_read() -> None:
    page = (FilePath(__file__).parents[2] / "docs" / "decisions.md").read_text("utf-8")
    [source] = re.findall(r"```cedar\n(.*?)```", page, re.DOTALL)
    read = list(policies(source))
    assert [type(one) for one in read] == [Policy, Policy]
    attributes = {name for one in cedar.ATTRIBUTES.values() for name in one}
    assert set(re.findall(r"(?:principal|resource|context\.task)\.(\w+)", source)) <= attributes | {"contains"}
