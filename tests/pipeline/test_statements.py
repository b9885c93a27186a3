"""What estate files, catalogues and directories say, applied to what several roots hold."""

from __future__ import annotations

from typing import Any

import pytest

from graphinv.ingest import estate_file
from graphinv.model.facts import EdgeFact, Grant, NodeFact, NodeKey, Said, Statement, merge_props
from graphinv.pipeline.read import Reading
from graphinv.pipeline.settle import met, settled
from graphinv.pipeline.statements import named, stated
from graphinv.pipeline.walk import Root
from tests.ingest.reading import document

AGENT: NodeKey = ("Agent", "claude-code:shop")
PAY: NodeKey = ("Tool", "https://pay.example/mcp/create_payout")
LEDGER: NodeKey = ("Resource", "postgres://db.acme.example:5432/ledger")


def reading(name: str, nodes: list[NodeFact] = [], edges: list[EdgeFact] = [], estate: str = "", said: list[Said] = []) -> Reading:  # noqa: B006
    from pathlib import Path

    facts = list(estate_file.read(document(estate, "graphinv.toml", name)))
    made = Reading(Root(name, Path("/nowhere")), nodes=[*nodes, *(fact for fact in facts if isinstance(fact, NodeFact))], edges=list(edges))
    made.said = [*said, *(fact for fact in facts if isinstance(fact, Said))]
    return made


def node(key: NodeKey, source: str, **props: Any) -> NodeFact:
    return NodeFact(*key, {**props, "sources": [source]})


def props(readings: list[Reading], key: NodeKey) -> dict[str, Any]:
    merged: dict[str, Any] = {}
    for one in readings:
        for fact in one.nodes:
            if fact.key == key:
                merged = merge_props(fact.kind, merged, fact.props)
    return merged


def apply(*readings: Reading) -> list[Reading]:
    stated(readings)
    return list(readings)


def test_nodes_are_meant_by_id_by_document_or_by_labels() -> None:
    estate = """
[[state]]
nodes = ["Resource:postgres://*/ledger"]
crown_jewel = true
[[state]]
files = ["/deploy/prod/"]
environment = "prod"
[[state]]
labels = ["team=pay", "tier=1"]
owners = ["@acme/pay"]
"""
    facts = [
        node(LEDGER, "shop/.env#L1"),
        node(("Agent", "a"), "shop/deploy/prod/a.py#L3"),
        node(("Agent", "b"), "shop/deploy/dev/b.py#L3"),
        node(("Agent", "c"), "shop/c.py", labels=["team=pay", "tier=1"]),
        node(("Agent", "d"), "shop/d.py", labels=["team=pay", "tier=2"]),
    ]
    (shop,) = apply(reading("shop", facts, estate=estate))
    assert props([shop], LEDGER) == {"crown_jewel": True, "sources": ["shop/.env#L1", "shop/graphinv.toml#L2"]}
    assert props([shop], ("Agent", "a"))["environment"] == "prod"
    assert "environment" not in props([shop], ("Agent", "b"))
    assert [(edge.source, edge.target, edge.props["confidence"]) for edge in shop.edges] == [(("Owner", "@acme/pay"), ("Agent", "c"), 1.0)]
    assert shop.problems == []


def test_a_property_is_stated_of_the_kinds_that_have_it() -> None:
    (shop,) = apply(
        reading("shop", [node(LEDGER, "shop/x"), node(AGENT, "shop/x")], estate='[[state]]\nnodes = ["*"]\nsensitivity = "internal"\n')
    )
    assert props([shop], LEDGER)["sensitivity"] == "internal"
    assert props([shop], AGENT) == {"sources": ["shop/x"]}


def test_a_value_is_stated_of_the_kinds_that_can_have_it() -> None:
    owner, agent = ("Owner", "ana@acme.example"), ("Agent", "bot")
    (shop,) = apply(reading("shop", [node(owner, "shop/x"), node(agent, "shop/x")], estate='[[state]]\nnodes = ["*"]\nstatus = "left"\n'))
    assert props([shop], owner)["status"] == "left"
    assert "status" not in props([shop], agent)


def test_it_replaces_what_its_own_root_says_and_adds_to_what_others_say() -> None:
    estate = f'[[state]]\nnodes = ["Resource:{LEDGER[1]}"]\nsensitivity = "internal"\n'
    own = reading("shop", [node(LEDGER, "shop/tags.tf#L1", sensitivity="restricted", name="ledger")], estate=estate)
    assert props(apply(own), LEDGER)["sensitivity"] == "internal"
    assert props([own], LEDGER)["name"] == "ledger"
    foreign = reading("infra", [node(LEDGER, "infra/tags.tf#L1", sensitivity="restricted")])
    assert props(apply(reading("shop", estate=estate), foreign), LEDGER)["sensitivity"] == "restricted"


def test_what_speaks_of_nothing_is_told() -> None:
    (shop,) = apply(reading("shop", estate='[[state]]\nnodes = ["Agent:nobody"]\nenvironment = "dev"\n'))
    assert [(one.document, one.where, one.severity) for one in shop.problems] == [("graphinv.toml", "L1", "warning")]
    (shop,) = apply(
        reading("shop", said=[Statement("shop/people.csv#L2", "directory", nodes=("Owner:x@acme.example",), props={"status": "left"})])
    )
    assert shop.problems == []


GUARD = '[[guard]]\npoint = "pep:pay"\nmode = "enforce"\nedges = [{ edge = "USES", from = "Agent:*", to = "Tool:*create_payout" }]\n'


def test_a_guard_stands_on_the_edges_of_its_own_root() -> None:
    uses = EdgeFact("USES", AGENT, PAY, {"evidence": ["declared"], "sources": ["shop/.claude/settings.json#L3"]})
    other = EdgeFact("USES", AGENT, ("Tool", "other"), {"evidence": ["declared"]})
    shop = reading("shop", edges=[uses, other], estate=GUARD)
    infra = reading("infra", edges=[EdgeFact("USES", AGENT, PAY, {"evidence": ["observed"], "sources": ["infra/t.jsonl#L1"]})])
    apply(shop, infra)
    assert [edge.props.get("guards") for edge in shop.edges] == [["pep:pay"], None]
    assert shop.edges[0].props["sources"] == ["shop/.claude/settings.json#L3", "shop/graphinv.toml#L1"]
    assert [edge.props.get("guards") for edge in infra.edges] == [None]
    lonely = reading("desk", estate=GUARD)
    apply(lonely)
    assert [one.message for one in lonely.problems] == ["the enforcement point stands on no edge of this root"]


def test_names_are_put_where_the_files_of_a_folder_leave_them_open() -> None:
    estate = """
[[name]]
files = ["/live/"]
aws_account = "123456789012"
aws_region = "eu-west-1"
kubernetes_cluster = "prod-eu"
"""
    role, pod = ("Identity", "arn:aws:iam::account(shop):role/pay"), ("Runtime", "k8s:shop/pay/Deployment/api")
    function = ("Resource", "arn:aws:lambda:region(shop):account(shop):function:pay")
    nodes = [node(role, "shop/live/a.tf#L1"), node(role, "shop/dev/a.tf#L1"), node(pod, "shop/live/k.yaml", name="api")]
    nodes.append(node(("Resource", "k8s:shop"), "shop/live/k.yaml", name="shop", type="cluster"))
    shop = reading("shop", nodes, estate=estate)
    shop.edges = [EdgeFact("RUNS_AS", pod, role, {"sources": ["shop/live/k.yaml#L4"]})]
    body = f'{{"Resource": "{function[1]}"}}'
    shop.grants = [Grant("aws", role, "identity", body, "arn:aws:iam::account(shop):policy/p", "shop/live/a.tf#L9")]
    named([shop])
    live = ("Identity", "arn:aws:iam::123456789012:role/pay")
    cluster = ("Resource", "k8s:prod-eu")
    assert [fact.key for fact in shop.nodes] == [live, role, ("Runtime", "k8s:prod-eu/pay/Deployment/api"), cluster]
    assert [fact.props.get("name") for fact in shop.nodes] == [None, None, "api", "prod-eu"]
    assert [(edge.source[1], edge.target) for edge in shop.edges if isinstance(edge.source, tuple)] == [
        ("k8s:prod-eu/pay/Deployment/api", live)
    ]
    (grant,) = shop.grants
    assert (grant.subject, grant.origin) == (live, "arn:aws:iam::123456789012:policy/p")
    assert grant.body == '{"Resource": "arn:aws:lambda:eu-west-1:123456789012:function:pay"}'


def test_a_guess_about_a_database_user_gives_way_to_what_is_granted() -> None:
    user: NodeKey = ("Identity", "postgres:app@db.acme.example:5432")
    guess = EdgeFact("CAN_ACCESS", user, LEDGER, {"actions": ["read", "write"], "evidence": ["inferred"], "confidence": 0.6})
    granted = EdgeFact("MEMBER_OF", user, ("Identity", "postgres:readers@db.acme.example:5432"), {"evidence": ["granted"]})
    seen = EdgeFact("CAN_ACCESS", user, LEDGER, {"actions": ["read"], "evidence": ["observed"]})
    one, two = reading("shop", edges=[guess]), reading("dump", edges=[granted])
    settled([one, two])
    assert one.edges == []
    one = reading("shop", edges=[guess, seen])
    settled([one])
    assert one.edges == [guess, seen]


@pytest.mark.parametrize("others", [0, 1, 2])
def test_a_secret_told_by_its_digest_is_the_only_one_on_its_line(others: int) -> None:
    line = "shop/.env#L3"
    found = [NodeFact("Secret", f"secret:{index}", {"name": "A_KEY (api_key)", "sources": [line]}) for index in range(others)]
    told = NodeFact("Secret", "hashed-secret:1", {"name": "keyword", "labels": ["found_by=detect-secrets:x"], "sources": [line]})
    shop = reading("shop", [*found, told], [EdgeFact("OWNS", ("Owner", "@a"), told.key, {})])
    met([shop])
    expected = "secret:0" if others == 1 else "hashed-secret:1"
    assert [edge.target for edge in shop.edges] == [("Secret", expected)]
    assert props([shop], ("Secret", expected))["labels"] == ["found_by=detect-secrets:x"]


def test_labels_stand_beside_those_that_are_there() -> None:
    estate = '[[state]]\nnodes = ["Tool:*create_payout"]\nadd_labels = ["duty=pay", "restorable"]\n'
    [one] = apply(reading("shop", [node(PAY, "shop/a#L1", labels=["team=x"])], estate=estate))
    assert props([one], PAY)["labels"] == ["duty=pay", "restorable", "team=x"]
    [refused] = estate_file.read(document('[[state]]\nnodes = ["*"]\nadd_labels = ["a b=c"]\n', "graphinv.toml", "shop"))
    assert "a label is NAME or NAME=VALUE" in refused.message  # type: ignore[union-attr]
