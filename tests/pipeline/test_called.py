"""What a record calls by a name alone, and the node that has this name."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from graphinv.ingest.support.called import called as key_of
from graphinv.ingest.support.called import called_props
from graphinv.model.facts import EdgeFact, Guarding, NodeFact, NodeKey
from graphinv.pipeline.called import called
from graphinv.pipeline.read import Reading
from graphinv.pipeline.statements import stated
from graphinv.pipeline.walk import Root

BOT: NodeKey = ("Agent", "langgraph:shop/bot.py#billing")
PAY: NodeKey = ("ToolServer", "https://pay.example/mcp")
PAYOUT: NodeKey = ("Tool", "https://pay.example/mcp/create_payout")


def reading(name: str, nodes: list[NodeFact], edges: list[EdgeFact], said: Sequence[Guarding] = ()) -> Reading:
    return Reading(Root(name, Path("/nowhere")), nodes=nodes, edges=edges, said=list(said))


def node(key: NodeKey, name: str) -> NodeFact:
    return NodeFact(*key, {"name": name, "sources": ["shop/bot.py#L1"]})


def named(kind: str, name: str, server: str = "", root: str = "logs") -> NodeFact:
    return NodeFact(*key_of(root, kind, name, server), {**called_props(name, server), "sources": [f"{root}/opa.jsonl#L4"]})


def declared(*more: NodeFact) -> Reading:
    edges = [EdgeFact("CONNECTS_TO", BOT, PAY), EdgeFact("PROVIDES", PAY, PAYOUT)]
    return reading("shop", [node(BOT, "Billing bot"), node(PAY, "pay"), node(PAYOUT, "create_payout"), *more], edges)


def seen(agent: str = "billing-bot", tool: str = "create_payout", server: str = "", **props: Any) -> Reading:
    caller, what = named("Agent", agent), named("Tool", tool, server)
    return reading("logs", [caller, what], [EdgeFact("USES", caller.key, what.key, {"evidence": ["observed"], **props})])


def drawn(one: Reading) -> list[tuple[object, object]]:
    return [(edge.source, edge.target) for edge in one.edges]


def test_a_name_that_one_node_has_means_that_node() -> None:
    logs = seen()
    called([declared(), logs])
    assert drawn(logs) == [(BOT, PAYOUT)]
    assert {(one.key, tuple(one.props)) for one in logs.nodes} == {(BOT, ("sources",)), (PAYOUT, ("sources",))}
    assert not logs.problems


def test_a_name_that_nobody_has_stays_what_the_record_calls_it() -> None:
    logs = seen(agent="shadow")
    called([declared(), logs])
    assert drawn(logs) == [(("Agent", "called:logs#shadow"), PAYOUT)]
    assert [one.props.get("name") for one in logs.nodes if one.kind == "Agent"] == ["shadow"]


def test_of_several_the_one_of_its_own_root_or_else_none_and_told() -> None:
    other = ("Agent", "crewai:b.py#billing-bot")
    logs = seen()
    called([declared(), reading("b", [node(other, "billing_bot")], []), logs])
    assert drawn(logs) == [(("Agent", "called:logs#billing-bot"), PAYOUT)]
    assert [(one.document, one.severity) for one in logs.problems] == [("opa.jsonl", "warning")]
    own = reading("logs", [*logs.nodes, node(other, "billing_bot")], [EdgeFact("USES", key_of("logs", "Agent", "billing-bot"), PAYOUT)])
    called([declared(), own])
    assert drawn(own) == [(other, PAYOUT)]


def test_of_several_tools_the_one_that_the_caller_has_or_whose_server_is_named() -> None:
    elsewhere = ("Tool", "https://other.example/mcp/create_payout")
    logs = seen()
    called([declared(node(elsewhere, "create_payout")), logs])
    assert drawn(logs) == [(BOT, PAYOUT)]
    assert [one.key for one in logs.nodes if one.kind == "Tool"] == []
    logs = seen(agent="shadow", server="pay")
    called([declared(node(elsewhere, "create_payout")), logs])
    assert drawn(logs)[0][1] == PAYOUT


def test_an_agent_may_be_called_by_the_identity_that_it_alone_runs_as() -> None:
    spiffe = ("Identity", "spiffe://acme.example/billing")
    runtime = ("Runtime", "k8s:prod/shop/Deployment/billing")
    ways = ([EdgeFact("RUNS_AS", BOT, spiffe)], [EdgeFact("RUNS_ON", BOT, runtime), EdgeFact("RUNS_AS", runtime, spiffe)])
    for edges in ways:
        logs, shop = seen(agent=spiffe[1]), declared()
        shop.edges += edges
        called([shop, logs])
        assert drawn(logs) == [(BOT, PAYOUT)]


def test_a_server_may_be_called_by_its_host() -> None:
    server = NodeFact(*PAY, {"name": "pay", "url": PAY[1], "sources": ["shop/.mcp.json#L1"]})
    host = named("ToolServer", "pay.example")
    logs = reading(
        "logs", [named("Agent", "billing-bot"), host], [EdgeFact("CONNECTS_TO", key_of("logs", "Agent", "billing-bot"), host.key)]
    )
    called([reading("shop", [node(BOT, "Billing bot"), server], []), logs])
    assert drawn(logs) == [(BOT, PAY)]


def test_points_stand_on_what_is_meant() -> None:
    logs = seen()
    agent, tool = (one.key for one in logs.nodes)
    logs.said = [Guarding("logs/opa.jsonl#L4", "opa", "USES", ":".join(agent), ":".join(tool), seen=True)]
    logs.edges.append(EdgeFact("USES", BOT, PAYOUT, {"evidence": ["declared"]}))
    called([declared(), logs])
    stated([logs])
    assert [edge.props.get("guards") for edge in logs.edges] == [["opa"], ["opa"]]


def test_a_point_that_was_seen_deciding_of_nothing_known_is_no_mistake() -> None:
    logs = reading("logs", [], [], [Guarding("logs/opa.jsonl#L4", "opa", "USES", "Agent:a", "Tool:b", seen=True)])
    stated([logs])
    assert not logs.problems
