from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphinv.analyze.arcs import Arcs, project
from graphinv.analyze.paths import Witnesses, witness
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.reading import structure_of
from graphinv.model.errors import UsageError
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey
from graphinv.model.results import LENSES, Hop, Lens, Path
from tests.analyze.estates import AT, arcs_of, build, edge, estate_of, examples, facts, key, node
from tests.analyze.naive import Mask, Naive, passes

Facts = list[NodeFact | EdgeFact]


def path(subject: str, target: str, action: str, *given: NodeFact | EdgeFact, lens: Lens = "posture") -> Path:
    found = witness(arcs_of(build(*given), lens, AT), key(subject), key(target), action)
    assert found is not None
    return found


def hop(text: str, **props: Any) -> Hop:
    """The first hop over one edge, with something to reach behind it."""
    source, _, target = text.split()
    return path(
        source, "s9", "read", edge(text, **props), edge(f"{target} HOLDS s9") if target[0] != "s" else edge("s1 AUTHENTICATES_AS i1")
    ).hops[0]


@examples(80)
@given(facts(), st.sampled_from(LENSES))
def test_every_atom_has_a_shortest_witness_of_real_arcs(drawn: Facts, lens: Lens) -> None:
    estate = estate_of(drawn)
    arcs = project(structure_of(estate), lens, AT)
    naive, privileges = Naive(estate, lens, AT), Privileges(arcs)
    real: dict[tuple[NodeKey, NodeKey], list[Mask]] = {(source, target): [] for source, target, _ in naive.arcs}
    for source, target, mask in naive.arcs:
        real[source, target].append(mask)
    by_key = {record.key: record for record in estate.edges}
    atoms = sorted({atom for held in naive.priv.values() for atom in held})
    for atom in atoms:
        ways, shortest = Witnesses(arcs, atom[:2], atom[2]), naive.hops(atom)
        for subject in estate.nodes:
            found = ways.path(subject)
            assert (found is None) == (not privileges.has(subject, atom)) == (subject not in shortest)
            if found is None:
                continue
            assert len(found.hops) == ways.hops(subject) == shortest[subject]
            assert [found.hops[0].source, found.hops[-1].target] == [subject, atom[:2]]
            assert all(one.target == two.source for one, two in pairwise(found.hops))
            assert all(any(passes(mask, atom) for mask in real[step.source, step.target]) for step in found.hops[:-1])
            assert atom in naive.own[found.hops[-1].source]
            last = by_key[found.hops[-1].edges[0]]
            assert (last.kind in ("CAN_ACCESS", "HOLDS"), last.source, last.target) == (True, found.hops[-1].source, atom[:2])
            assert all(by_key[edge] for step in found.hops for edge in step.edges)
            assert ways.via(arcs.structure.node(subject)) == tuple(f"{step.target[0]}:{step.target[1]}" for step in found.hops[:-1])


@examples(30)
@given(facts(), st.randoms())
def test_witnesses_do_not_depend_on_the_order_of_facts(drawn: Facts, dice: Any) -> None:
    other = list(drawn)
    dice.shuffle(other)
    one, two = arcs_of(estate_of(drawn), "posture", AT), arcs_of(estate_of(other), "posture", AT)
    for target in ("s0", "r1"):
        ways, others = Witnesses(one, key(target), "read"), Witnesses(two, key(target), "read")
        assert [ways.path(subject) for subject in one.structure.keys] == [others.path(subject) for subject in two.structure.keys]


def test_a_witness_takes_the_longer_way_where_a_mask_stops_the_short_one() -> None:
    found = path(
        "a1",
        "r1",
        "write",
        edge("a1 USES t1", scopes=["read:*"]),
        edge("a1 DELEGATES_TO a2"),
        edge("a2 USES t1"),
        edge("t1 CAN_ACCESS r1", actions=["read", "write"]),
    )
    assert [step.edge for step in found.hops] == ["DELEGATES_TO", "USES", "CAN_ACCESS"]


def test_two_edges_are_one_hop_with_what_both_state() -> None:
    found = path(
        "a1",
        "r1",
        "read",
        node("t1", name="Search"),
        node("v1", name="Docs"),
        edge(
            "a1 CONNECTS_TO v1",
            evidence=["declared"],
            confidence=0.5,
            sources=["x/.mcp.json#L3"],
            guards=["g1"],
            scopes=["*:r*", "write:*"],
        ),
        edge("v1 PROVIDES t1", evidence=["observed"], sources=["trace#1"], scopes=["read:*"]),
        edge("t1 CAN_ACCESS r1", actions=["read", "delete"]),
    )
    first, last = found.hops
    assert (first.edge, first.target, len(first.edges)) == ("CONNECTS_TO+PROVIDES", ("Tool", "t1"), 2)
    assert first.words == "may call Search of Docs, limited to *:r* & read:*"
    assert (first.evidence, first.confidence, first.sources) == (("declared", "observed"), 0.5, ("trace#1", "x/.mcp.json#L3"))
    assert first.scopes == ("*:r* & read:*",)
    assert [guard.id for guard in first.guards] == ["g1"]
    assert (last.edge, last.words, last.confidence, last.scopes) == ("CAN_ACCESS", "may read and delete r1", 1.0, None)


@pytest.mark.parametrize(
    ("text", "props", "words"),
    [
        ("a1 DELEGATES_TO a2", {}, "may ask a2 to act, unscoped"),
        ("a1 DELEGATES_TO a2", {"scopes": ["read:*"], "mode": "scoped"}, "may ask a2 to act, limited to read:*"),
        ("a1 DELEGATES_TO a2", {"mode": "handoff"}, "may hand over to a2, unscoped"),
        ("a1 DELEGATES_TO a2", {"mode": "on_behalf_of"}, "may ask a2 to act on its behalf, unscoped"),
        ("a1 RUNS_ON h1", {}, "runs on h1 and can use what that has"),
        ("a1 CONNECTS_TO v1", {}, "connects to v1, whose tools are not known"),
        ("a1 USES t1", {"scopes": ["read:s*"]}, "may call t1, limited to read:s*"),
        ("v1 PROVIDES t1", {}, "provides t1"),
        ("t1 CALLS_BACK a1", {}, "may call back into a1"),
    ],
)
def test_hops_in_words(text: str, props: dict[str, Any], words: str) -> None:
    assert hop(text, **props).words == words


def test_identities_and_secrets_in_words() -> None:
    facts = [
        edge("a1 RUNS_AS i1"),
        edge("i1 ASSUMES i2"),
        edge("i2 MEMBER_OF i3"),
        edge("i3 CAN_ACCESS s1", actions=["read"]),
        edge("s1 AUTHENTICATES_AS i4"),
        edge("i4 CAN_ACCESS r1", actions=["admin"]),
    ]
    assert [step.words for step in path("a1", "r1", "admin", *facts).hops] == [
        "runs as i1",
        "may assume i2",
        "is a member of i3",
        "may read the secret s1 and use it",
        "authenticates as i4",
        "may administer r1",
    ]
    assert path("a1", "s1", "read", edge("a1 HOLDS s1")).hops[0].words == "holds the key s1"


def test_the_callee_acts_with_its_callers_authority() -> None:
    found = path("a2", "s1", "read", edge("a1 DELEGATES_TO a2", mode="passthrough", scopes=["read:x"]), edge("a1 HOLDS s1"))
    assert (found.hops[0].edge, found.hops[0].scopes) == ("<DELEGATES_TO", None)
    assert found.hops[0].words == "acts with the authority of a1, which calls it and passes its own credentials on"


def test_a_tool_acts_with_its_servers_means() -> None:
    found = path(
        "a1", "r1", "read", edge("a1 USES t1"), edge("v1 PROVIDES t1"), edge("v1 RUNS_AS i1"), edge("i1 CAN_ACCESS r1", actions=["read"])
    )
    assert (found.hops[1].edge, found.hops[1].words) == ("<PROVIDES+RUNS_AS", "acts with what v1 has: it runs as i1")


@pytest.mark.parametrize(
    ("props", "would"),
    [
        ({"mode": "enforce", "effect": "deny"}, "deny"),
        ({"mode": "enforce", "effect": "step_up"}, "ask for step-up"),
        ({"mode": "enforce", "effect": "evaluate", "allows": ["read:a", "read:b"]}, "narrow to read:a, read:b"),
        ({"mode": "enforce", "effect": "evaluate", "allows": []}, "narrow to nothing"),
        ({"mode": "enforce", "effect": "evaluate"}, "decide, bounds unknown"),
        ({"mode": "enforce"}, "decide, bounds unknown"),
        ({"mode": "monitor", "effect": "deny"}, "nothing: only monitors"),
        ({"mode": "off", "effect": "deny"}, "nothing: it is off"),
        ({}, "nothing that is known: it states no mode"),
    ],
)
def test_what_a_guard_would_do(props: dict[str, Any], would: str) -> None:
    assert [guard.would for guard in path("a1", "s1", "read", node("g1", **props), edge("a1 HOLDS s1", guards=["g1"])).hops[0].guards] == [
        would
    ]


def test_no_way() -> None:
    arcs: Arcs = arcs_of(build(edge("a1 USES t1"), edge("i1 CAN_ACCESS r1", actions=["read"]), node("r2")), "posture", AT)
    targets: list[NodeKey] = [key("r1"), key("r2"), key("a1"), ("Resource", "nowhere")]
    assert [witness(arcs, key("a1"), target, "read") for target in targets] == [None] * 4
    with pytest.raises(UsageError, match="admin"):
        witness(arcs, key("a1"), key("r1"), "look")


def test_a_path_of_100_000_hops() -> None:
    ids = [f"a{number:06}" for number in range(100_000)]
    links = [edge(f"{one} DELEGATES_TO {two}") for one, two in pairwise(ids)]
    arcs = arcs_of(build(*links, edge(f"{ids[-1]} HOLDS s1")), "posture", AT)
    assert Witnesses(arcs, key("s1"), "read").hops(key(ids[0])) == 100_000
