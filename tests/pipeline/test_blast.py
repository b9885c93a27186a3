"""The blast radius on small estates."""

from __future__ import annotations

from typing import Any

import pytest

from graphinv.analyze.engine import Engine
from graphinv.model.errors import NotFound, UsageError
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord
from graphinv.model.facts import edge_key
from graphinv.model.results import LENSES
from graphinv.pipeline.blast import SENSITIVITIES, BlastRadius, blast_radius

AT = "2026-07-01T00:00:00Z"


def node(spec: str, **props: Any) -> NodeRecord:
    kind, _, id = spec.partition(":")
    return NodeRecord(kind, id, props)


def edge(kind: str, source: str, target: str, **props: Any) -> EdgeRecord:
    ends = [tuple(end.split(":", 1)) for end in (source, target)]
    start, stop = (ends[0][0], ends[0][1]), (ends[1][0], ends[1][1])
    return EdgeRecord(kind, start, stop, edge_key(kind, start, stop, props), {"evidence": ["declared"], "sources": ["r/f#L1"], **props})


@pytest.fixture
def engine() -> Engine:
    """A bot with a guarded way to the ledger, a longer one around the guard, a narrowed one to the logs and a monitored one to the wiki."""
    nodes = [
        node("Agent:bot", name="Bot"),
        node("Agent:helper"),
        node("Identity:payer"),
        node("Identity:reader"),
        node("Tool:post", name="post"),
        node("Secret:key"),
        node("Owner:ops@example.org"),
        node("Resource:ledger", sensitivity="restricted", crown_jewel=True, type="database"),
        node("Resource:logs", sensitivity="confidential"),
        node("Resource:wiki"),
        node("EnforcementPoint:gate", mode="enforce", effect="deny"),
        node("EnforcementPoint:narrow", mode="enforce", effect="evaluate", allows=["read:*"]),
        node("EnforcementPoint:watch", mode="monitor", effect="deny"),
    ]
    edges = [
        edge("OWNS", "Owner:ops@example.org", "Resource:ledger"),
        edge("USES", "Agent:bot", "Tool:post", guards=["gate"]),
        edge("CAN_ACCESS", "Tool:post", "Resource:ledger", actions=["write"]),
        edge("DELEGATES_TO", "Agent:bot", "Agent:helper", mode="invoke"),
        edge("RUNS_AS", "Agent:helper", "Identity:payer"),
        edge("CAN_ACCESS", "Identity:payer", "Resource:ledger", actions=["read", "write"]),
        edge("RUNS_AS", "Agent:bot", "Identity:reader"),
        edge("CAN_ACCESS", "Identity:reader", "Resource:logs", actions=["read", "delete"], guards=["narrow"]),
        edge("CAN_ACCESS", "Identity:reader", "Resource:wiki", actions=["read"], guards=["watch"]),
        edge("HOLDS", "Agent:bot", "Secret:key", place="env"),
    ]
    return Engine(Estate.of(nodes, edges), AT)


def counts(radius: BlastRadius, lens: str) -> dict[str, dict[str, int]]:
    found = next(one for one in radius.lenses if one.lens == lens).counts
    return {name: {action: count for action, count in row.items() if count} for name, row in found.items() if any(row.values())}


def test_the_heaviest_target_is_highlighted(engine: Engine) -> None:
    radius = blast_radius(engine, ("Agent", "bot"), "posture")
    assert (radius.name, radius.lens, radius.at) == ("Bot", "posture", AT)
    assert (radius.target, radius.action) == (("Resource", "ledger"), "write")
    assert radius.path is not None
    assert [hop.target for hop in radius.path.hops] == [("Tool", "post"), ("Resource", "ledger")]
    assert radius.path.hops[0].guards[0].would == "deny"
    assert radius.nodes[0].key == ("Agent", "bot")
    assert {one.key for one in radius.nodes if one.on_path} == {("Agent", "bot"), ("Tool", "post"), ("Resource", "ledger")}
    assert sum(link.on_path for link in radius.links) == 2


def test_the_way_around_the_guard_is_shown_beside_it(engine: Engine) -> None:
    radius = blast_radius(engine, ("Agent", "bot"), "posture")
    assert radius.ungoverned_path is not None
    assert [hop.target[1] for hop in radius.ungoverned_path.hops] == ["helper", "payer", "ledger"]


def test_counts_before_and_after(engine: Engine) -> None:
    radius = blast_radius(engine, ("Agent", "bot"), "posture")
    assert counts(radius, "posture") == {
        "restricted": {"read": 1, "write": 1},
        "confidential": {"read": 1, "delete": 1},
        "unknown": {"read": 1},
        "secret": {"read": 1},
    }
    assert counts(radius, "ungoverned") == {"restricted": {"read": 1, "write": 1}, "unknown": {"read": 1}, "secret": {"read": 1}}
    assert counts(radius, "runtime")["confidential"] == {"read": 1}
    assert set(radius.lenses[0].counts) == set(SENSITIVITIES)
    assert [one.lens for one in radius.lenses] == ["posture", "ungoverned", "runtime"]
    for one in radius.lenses:
        reach = engine.reach(("Agent", "bot"), one.lens)
        assert (one.targets, one.agents, one.impact) == (reach.targets, reach.agents, reach.impact)
        assert one.atoms == len(reach.atoms or ())


def test_targets_say_what_is_left_of_them(engine: Engine) -> None:
    targets = {one.key[1]: one for one in blast_radius(engine, ("Agent", "bot"), "ungoverned").targets}
    assert (targets["logs"].posture, targets["logs"].actions, targets["logs"].runtime) == (("read", "delete"), (), ("read",))
    assert targets["ledger"].owners == ("ops@example.org",)
    assert targets["wiki"].sensitivity is None
    assert targets["logs"].weight == 0
    assert next(iter(targets)) == "ledger"
    assert list(targets)[-1] == "logs"


def test_what_a_lens_leaves_no_way_to_has_no_path(engine: Engine) -> None:
    radius = blast_radius(engine, ("Agent", "bot"), "ungoverned", target=("Resource", "logs"))
    assert radius.action == "delete"
    assert radius.path is None
    assert radius.ungoverned_path is None
    assert not any(one.on_path for one in radius.nodes)
    assert not any(one.on_path for one in radius.links)
    assert ("Resource", "logs") not in {one.key for one in radius.nodes}


def test_target_and_action_are_chosen(engine: Engine) -> None:
    radius = blast_radius(engine, ("Agent", "bot"), "posture", target=("Resource", "ledger"), action="read")
    assert radius.path is not None
    assert radius.path.action == "read"
    assert [hop.target[1] for hop in radius.path.hops] == ["helper", "payer", "ledger"]


@pytest.mark.parametrize("lens", LENSES)
def test_every_lens_is_within_posture(engine: Engine, lens: Any) -> None:
    radius = blast_radius(engine, ("Agent", "bot"), lens)
    assert radius.lens == lens
    assert lens in {one.lens for one in radius.lenses}
    assert all(set(one.actions) <= set(one.posture) for one in radius.targets)
    ends = {one.key for one in radius.nodes}
    assert all(link.source in ends and link.target in ends for link in radius.links)


def test_a_bound_that_is_hit_is_reported() -> None:
    names = [f"r{number:02}" for number in range(30)]
    nodes = [
        node("Agent:a"),
        node("Identity:i"),
        *(node(f"Resource:{name}") for name in names),
        node("Resource:top", sensitivity="restricted"),
    ]
    edges = [
        edge("RUNS_AS", "Agent:a", "Identity:i"),
        *(edge("CAN_ACCESS", "Identity:i", f"Resource:{name}", actions=["read"]) for name in names),
    ]
    edges.append(edge("CAN_ACCESS", "Identity:i", "Resource:top", actions=["read"]))
    radius = blast_radius(Engine(Estate.of(nodes, edges), AT), ("Agent", "a"), "posture", max_nodes=10)
    assert len(radius.nodes) == 10
    assert radius.left_out.targets == 23
    assert radius.left_out.listed == 0
    assert ("Resource", "top") in {one.key for one in radius.nodes}
    assert sum(one.drawn for one in radius.targets) == 8
    assert len(radius.targets) == 31


def test_heavy_targets_behind_one_identity_do_not_crowd_out_others() -> None:
    many = [f"big{number}" for number in range(20)]
    nodes = [node("Agent:a"), node("Identity:wide"), node("Identity:narrow"), node("Resource:small", sensitivity="internal")]
    nodes += [node(f"Resource:{name}", sensitivity="restricted") for name in many]
    edges = [edge("RUNS_AS", "Agent:a", "Identity:wide"), edge("RUNS_AS", "Agent:a", "Identity:narrow")]
    edges += [edge("CAN_ACCESS", "Identity:wide", f"Resource:{name}", actions=["read"]) for name in many]
    edges.append(edge("CAN_ACCESS", "Identity:narrow", "Resource:small", actions=["read"]))
    radius = blast_radius(Engine(Estate.of(nodes, edges), AT), ("Agent", "a"), "posture", max_nodes=12)
    assert ("Resource", "small") in {one.key for one in radius.nodes}
    assert len(radius.nodes) == 12


def test_a_long_path_is_drawn_whole_whatever_the_bound() -> None:
    nodes = [node("Agent:a0"), *(node(f"Agent:a{number}") for number in range(1, 9)), node("Identity:i"), node("Resource:r")]
    edges = [edge("DELEGATES_TO", f"Agent:a{number}", f"Agent:a{number + 1}", mode="invoke") for number in range(8)]
    edges += [edge("RUNS_AS", "Agent:a8", "Identity:i"), edge("CAN_ACCESS", "Identity:i", "Resource:r", actions=["read"])]
    radius = blast_radius(Engine(Estate.of(nodes, edges), AT), ("Agent", "a0"), "posture", max_nodes=3)
    assert len(radius.nodes) == 11
    assert [one.hops for one in radius.nodes] == list(range(11))


def test_a_subject_that_reaches_nothing() -> None:
    radius = blast_radius(Engine(Estate.of([node("Agent:a")], []), AT), ("Agent", "a"), "posture")
    assert [one.key for one in radius.nodes] == [("Agent", "a")]
    assert (radius.targets, radius.links, radius.target, radius.action, radius.path) == ((), (), None, None, None)
    assert radius.left_out.targets == 0


def test_what_does_not_exist_is_refused(engine: Engine) -> None:
    with pytest.raises(NotFound, match="Agent:nobody"):
        blast_radius(engine, ("Agent", "nobody"), "posture")
    with pytest.raises(NotFound, match="Resource:nothing"):
        blast_radius(engine, ("Agent", "bot"), "posture", target=("Resource", "nothing"))
    with pytest.raises(UsageError, match="no action 'fly'"):
        blast_radius(engine, ("Agent", "bot"), "posture", target=("Resource", "ledger"), action="fly")


def test_it_is_written_as_json(engine: Engine) -> None:
    data = blast_radius(engine, ("Agent", "bot"), "posture").to_json()
    assert data["links"][0]["from"] == ["Agent", "bot"]
    assert BlastRadius.model_validate(data) == blast_radius(engine, ("Agent", "bot"), "posture")
