"""What differs between two estates: against facts put together again, the naive fixpoint, and the same comparison the other way round."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.analyze.diff import SIGHTINGS, Facts, Sight, facts_changed
from graphinv.analyze.engine import Engine
from graphinv.analyze.gains import lens_difference
from graphinv.model.difference import Change, EdgeChange, NodeChange, PropertyChange
from graphinv.model.estate import Estate
from graphinv.model.facts import EdgeFact, NodeKey, Props
from graphinv.model.results import LENSES, Atom, Lens
from tests import strategies
from tests.analyze.estates import AT, build, changes, edge, estate_of, examples, facts, node
from tests.analyze.naive import Naive

READ = Sight({"acme": "complete"})
OPPOSITE: dict[Change, Change] = {
    "new": "gone", "gone": "new", "changed": "changed", "maybe_new": "maybe_gone", "maybe_gone": "maybe_new",
}  # fmt: skip


def changed(before: Estate, after: Estate, sights: tuple[Sight, Sight] = (READ, READ)) -> Facts:
    return facts_changed(before, after, sights)


@st.composite
def two(draw: st.DrawFn) -> tuple[Estate, Estate]:
    """An estate and what may have become of it: little changed, or much."""
    before = estate_of(draw(facts()))
    if draw(st.booleans()):
        return before, draw(changes(before)).estate(before)
    return before, estate_of(draw(facts()))


# --------------------------------------------------------------------------------------------------------------------------------
# Facts


@examples(40)
@given(strategies.estates())
def test_nothing_differs_from_itself(estate: Estate) -> None:
    assert changed(estate, estate) == Facts((), (), 0)


@examples(80)
@given(strategies.estates(), strategies.estates())
def test_the_changes_make_the_second_of_the_first(before: Estate, after: Estate) -> None:
    found = changed(before, after)
    nodes = {key: stated(record.name, record.props) for key, record in before.nodes.items()}
    edges = {record.key: told(record.props) for record in before.edges}
    for one in found.nodes:
        put(nodes, one.node, one)
    for link in found.edges:
        if link.key_before is not None:
            edges[link.edge.key] = edges.pop(link.key_before)
        put(edges, link.edge.key, link)
    assert nodes == {key: stated(record.name, record.props) for key, record in after.nodes.items()}
    assert edges == {record.key: told(record.props) for record in after.edges}


def stated(name: str, props: Props) -> Props:
    return told({"name": name, **props})


def told(props: Props) -> Props:
    return {name: value for name, value in props.items() if name not in SIGHTINGS}


def put(things: dict[Any, Props], key: Any, change: NodeChange | EdgeChange) -> None:
    """Make one change to ``things``."""
    if change.change == "gone":
        del things[key]
        return
    props = things.setdefault(key, {})
    for one in change.properties:
        if one.name == "owners":
            continue
        assert props.get(one.name) == one.before
        props.pop(one.name, None)
        if one.after is not None:
            props[one.name] = one.after


@examples(80)
@given(strategies.estates(), strategies.estates())
def test_the_other_way_round_it_is_the_opposite(before: Estate, after: Estate) -> None:
    there, back = changed(before, after), changed(after, before)
    assert {(one.node, one.change, properties(one)) for one in there.nodes} == {
        (one.node, OPPOSITE[one.change], properties(one, turned=True)) for one in back.nodes
    }
    assert {(one.edge.key, one.key_before, one.change, properties(one)) for one in there.edges} == {
        (one.key_before or one.edge.key, one.edge.key if one.key_before else None, OPPOSITE[one.change], properties(one, turned=True))
        for one in back.edges
    }
    assert there.seen_anew == back.seen_anew


def properties(change: NodeChange | EdgeChange, *, turned: bool = False) -> str:
    swapped = [PropertyChange(name=one.name, before=one.after, after=one.before) if turned else one for one in change.properties]
    return repr(swapped)


def test_a_guard_that_goes_is_a_change_of_its_edge_and_two_edges_more_are_new() -> None:
    before = build(edge("a1 USES t1", guards=["g1"]), edge("a1 USES t2"))
    after = build(edge("a1 USES t1"), edge("a1 USES t2", scopes=["read:*"]), edge("a1 USES t2", scopes=["write:*"]))
    found = changed(before, after).edges
    assert sorted((one.edge.target[1], one.change, [(p.name, p.before, p.after) for p in one.properties]) for one in found) == [
        ("t1", "changed", [("guards", ["g1"], None)]),
        ("t2", "gone", []),
        ("t2", "new", [("scopes", None, ["read:*"])]),
        ("t2", "new", [("scopes", None, ["write:*"])]),
    ]
    assert [one.key_before for one in found if one.change == "changed"] == [before.edges[0].key]


def test_a_thing_that_is_seen_again_or_stands_elsewhere_has_not_changed() -> None:
    before = build(node("a1", sources=["acme/a#L1"]), edge("a1 USES t1", last_seen="2026-07-01T00:00:00Z", count=3))
    after = build(node("a1", sources=["acme/a#L9"]), edge("a1 USES t1", last_seen="2026-07-02T00:00:00Z", count=4))
    assert changed(before, after) == Facts((), (), 2)
    earlier, later = (build(node("a1", first_seen=f"2026-07-0{day}T00:00:00Z")) for day in (1, 2))
    assert changed(earlier, later) == Facts((), (), 0)


def test_other_owners_are_a_change_of_the_node() -> None:
    owns = [EdgeFact("OWNS", ("Owner", name), ("Agent", "a1"), {"sources": ["acme/x"]}) for name in ("ana", "ben", "cy")]
    (one,) = [one for one in changed(build(*owns[:2]), build(*owns[1:])).nodes if one.node[0] == "Agent"]
    assert one.properties == (PropertyChange(name="owners", before=["ana", "ben"], after=["ben", "cy"]),)


@pytest.mark.parametrize(
    ("outcomes", "change", "because"),
    [
        ({"acme": "complete"}, "gone", ""),
        ({"acme": "complete", "lab": "partial"}, "gone", ""),
        ({"acme": "partial"}, "maybe_gone", "acme was read in part only"),
        ({"lab": "complete"}, "maybe_gone", "acme was not scanned"),
        ({}, "maybe_gone", "acme was not scanned"),
    ],
)
def test_what_was_not_read_again_is_not_known_to_be_gone(outcomes: dict[str, str], change: str, because: str) -> None:
    before = build(node("a1", sources=["acme/a#L1"]), node("a2", sources=["lab/x#L1"]))
    after = build(node("a2", sources=["lab/x#L1"]))
    sights = Sight({"acme": "complete", "lab": "complete"}), Sight(outcomes)
    (one,) = changed(before, after, sights).nodes
    assert (one.change, one.because) == (change, because)
    (other,) = changed(after, before, sights[::-1]).nodes
    assert (other.change, other.because) == (OPPOSITE[one.change], because)


def test_what_one_root_said_of_a_thing_that_another_names_too_has_not_certainly_changed() -> None:
    before = build(node("a1", framework="x", sources=["acme/a#L1", "lab/x#L1"]))
    after = build(node("a1", sources=["lab/x#L1"]))
    sights = Sight({"acme": "complete", "lab": "complete"}), Sight({"lab": "complete"})
    for found in (changed(before, after, sights), changed(after, before, sights[::-1])):
        (one,) = found.nodes
        assert (one.change, one.because) == ("changed", "acme was not scanned")


def test_what_names_no_root_may_be_of_any() -> None:
    before = build(node("a1"), node("a2", sources=["elsewhere/x#L1"]))
    sights = Sight({"acme": "complete", "lab": "complete"}), Sight({"acme": "complete"})
    assert {one.change for one in changed(before, build(), sights).nodes} == {"maybe_gone"}


# --------------------------------------------------------------------------------------------------------------------------------
# Privileges


def pairs(estate: Estate, lens: Lens) -> set[tuple[NodeKey, Atom]]:
    naive = Naive(estate, lens, AT)
    return {(agent, atom) for agent in estate.nodes if agent[0] == "Agent" for atom in naive.priv.get(agent, ())}


@examples(80)
@given(two(), st.sampled_from(LENSES))
def test_what_is_gained_is_the_difference_of_two_fixpoints(estates: tuple[Estate, Estate], lens: Lens) -> None:
    before, after = estates
    engines = Engine(before, AT), Engine(after, AT)
    found = lens_difference(*engines, changed(before, after), lens, None)
    had, has = pairs(before, lens), pairs(after, lens)
    assert (found.before, found.after) == (len(had), len(has))
    assert {one.agent: (one.gained, one.lost) for one in found.agents} == {
        agent: (len(gained), len(lost))
        for agent in {agent for agent, _ in has ^ had}
        for gained, lost in [([1 for one, _ in has - had if one == agent], [1 for one, _ in had - has if one == agent])]
    }
    for moves, wanted, engine in ((found.gains, has - had, engines[1]), (found.losses, had - has, engines[0])):
        assert {(agent, (*one.target, action)) for one in moves for agent in one.first for action in one.actions} == wanted
        for one in moves:
            assert one.agents == len(one.first)
            assert one.path is not None
            assert engine.privileges(lens).has(one.path.subject, (*one.target, one.path.action))
            assert one.path.action in one.actions
            assert one.because, "something on the path differs"


@examples(40)
@given(two())
def test_losses_are_the_gains_of_the_other_way_round(estates: tuple[Estate, Estate]) -> None:
    before, after = estates
    engines = Engine(before, AT), Engine(after, AT)
    there = lens_difference(*engines, changed(before, after), "ungoverned", 3)
    back = lens_difference(*engines[::-1], changed(after, before), "ungoverned", 3)
    for gains, losses, left, more in (
        (there.gains, back.losses, there.gains_left_out, back.losses_left_out),
        (back.gains, there.losses, back.gains_left_out, there.losses_left_out),
    ):
        assert [(one.target, one.actions, one.first, one.path) for one in gains] == [
            (one.target, one.actions, one.first, one.path) for one in losses
        ]
        assert left == more


def reasons(before: Estate, after: Estate, lens: Lens = "posture") -> list[str]:
    found = lens_difference(Engine(before, AT), Engine(after, AT), changed(before, after), lens, None)
    return [reason.words for one in found.gains for reason in one.because]


WAY = (edge("a2 HOLDS s1"), node("s1"))


def test_what_gave_it_is_told() -> None:
    known = (node("a1"), *WAY)
    delegation = edge("a1 DELEGATES_TO a2")
    assert reasons(build(*known), build(*known, delegation)) == ["DELEGATES_TO Agent:a1 → Agent:a2 is new"]
    scoped = edge("a1 DELEGATES_TO a2", scopes=["read:nothing"])
    assert reasons(build(*known, scoped), build(*known, delegation)) == [
        "DELEGATES_TO Agent:a1 → Agent:a2 scopes: read:nothing → not stated"
    ]
    assert reasons(build(*WAY), build(*known, delegation)) == ["Agent:a1 is new"]
    retired = node("a2", status="retired")
    assert reasons(build(*known, delegation, retired), build(*known, delegation)) == ["Agent:a2 status: retired → not stated"]
    guarded = edge("a1 DELEGATES_TO a2", guards=["g1"])
    modes = [build(*known, guarded, node("g1", mode=mode, effect="deny")) for mode in ("enforce", "monitor")]
    assert reasons(modes[0], modes[1], "ungoverned") == ["EnforcementPoint:g1 mode: enforce → monitor"]
    assert reasons(modes[0], modes[1]) == []
    two = build(*known, node("g1", mode="enforce", effect="deny")), build(*known, guarded, node("g1", mode="monitor", effect="deny"))
    assert reasons(*two) == ["DELEGATES_TO Agent:a1 → Agent:a2 is new"]
    assert reasons(*two, "ungoverned") == ["DELEGATES_TO Agent:a1 → Agent:a2 is new", "EnforcementPoint:g1 mode: enforce → monitor"]


def test_what_is_assumed_since_an_edge_went_is_told() -> None:
    server = (edge("a1 CONNECTS_TO v1"), edge("v1 PROVIDES t1"), edge("v1 RUNS_AS i1"), edge("i1 CAN_ACCESS r2", actions=["read"]))
    before, after = build(*server, edge("t1 CAN_ACCESS r1", actions=["read"])), build(*server, node("r1"))
    assert reasons(before, after) == ["CAN_ACCESS Tool:t1 → Resource:r1 is gone"]


def test_the_time_is_a_reason_too() -> None:
    estate = build(edge("a1 HOLDS s1", valid_from="2026-08-01T00:00:00Z"))
    found = lens_difference(Engine(estate, AT), Engine(estate, "2026-09-01T00:00:00Z"), changed(estate, estate), "posture", None)
    assert [one.words for one in found.gains[0].because] == [
        "the time: what starts or ends between 2026-07-10T00:00:00Z and 2026-09-01T00:00:00Z"
    ]


def test_the_gravest_come_first_and_what_is_left_out_is_counted() -> None:
    jewels = [node(f"r{number}", sensitivity="restricted" if number == 7 else "internal") for number in range(9)]
    grants = [edge(f"i1 CAN_ACCESS r{number}", actions=["read"]) for number in range(9)]
    before = build(node("a1"), *jewels, *grants)
    after = build(*jewels, *grants, edge("a1 RUNS_AS i1"))
    found = lens_difference(Engine(before, AT), Engine(after, AT), changed(before, after), "posture", 2)
    assert [one.target[1] for one in found.gains] == ["r7", "r0"]
    assert (found.gains_left_out, found.gained, found.grave, found.agents[0].grave) == (7, 9, 1, 1)


def test_sides_may_have_other_nodes_and_targets() -> None:
    before = build(edge("a1 HOLDS s1"))
    after = build(edge("a2 HOLDS s2"))
    found = lens_difference(Engine(before, AT), Engine(after, AT), changed(before, after), "posture", None)
    assert [(one.target[1], one.first) for one in found.gains] == [("s2", (("Agent", "a2"),))]
    assert [(one.target[1], one.first) for one in found.losses] == [("s1", (("Agent", "a1"),))]
