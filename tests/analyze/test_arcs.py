from __future__ import annotations

from typing import Any

import pytest

from graphinv.analyze.scopes import passes
from graphinv.model.facts import EdgeFact, NodeFact
from graphinv.model.results import Lens
from tests.analyze.estates import AT, arcs_of, build, edge, node

Facts = list[NodeFact | EdgeFact]


def arcs(*facts: NodeFact | EdgeFact, lens: Lens = "posture") -> set[str]:
    """Arcs in force as ``a1>t1``, with ``!`` where something masks them."""
    found = arcs_of(build(*facts), lens, AT)
    ids = [key[1] for key in found.structure.keys]
    rows = zip(found.source.tolist(), found.target.tolist(), found.mask.tolist(), strict=True)
    return {f"{ids[one]}>{ids[other]}{'!' if mask >= 0 else ''}" for one, other, mask in rows}


def own(*facts: NodeFact | EdgeFact, lens: Lens = "posture") -> set[tuple[str, str, int]]:
    found = arcs_of(build(*facts), lens, AT)
    ids = [key[1] for key in found.structure.keys]
    rows = zip(found.own_node.tolist(), found.own_column.tolist(), found.own_bits.tolist(), strict=True)
    return {(ids[one], ids[found.structure.targets[column]], bits) for one, column, bits in rows}


@pytest.mark.parametrize(
    "text",
    [
        "a1 RUNS_AS i1",
        "a1 HOLDS s1",
        "s1 AUTHENTICATES_AS i1",
        "i1 ASSUMES i2",
        "i1 MEMBER_OF i2",
        "a1 USES t1",
        "t1 CALLS_BACK a1",
        "a1 RUNS_ON h1",
    ],
)
def test_plain_edges_are_arcs(text: str) -> None:
    source, _, target = text.split()
    assert arcs(edge(text)) == {f"{source}>{target}"}


def test_isolation_keeps_the_runtime_out() -> None:
    assert arcs(edge("a1 RUNS_ON h1", isolated=True)) == set()
    assert arcs(edge("a1 RUNS_ON h1", isolated=False)) == {"a1>h1"}


@pytest.mark.parametrize(
    ("props", "expected"),
    [
        ({}, {"a1>a2"}),
        ({"mode": "handoff"}, {"a1>a2"}),
        ({"mode": "scoped", "scopes": ["read:*"]}, {"a1>a2!"}),
        ({"mode": "on_behalf_of"}, {"a1>a2", "a2>a1"}),
        ({"mode": "on_behalf_of", "scopes": ["read:*"]}, {"a1>a2!", "a2>a1!"}),
        ({"mode": "passthrough", "scopes": ["read:*"]}, {"a1>a2!", "a2>a1"}),
        ({"mode": "passthrough", "scopes": []}, {"a2>a1"}),
        ({"mode": "on_behalf_of", "scopes": []}, set()),
    ],
)
def test_delegation(props: dict[str, Any], expected: set[str]) -> None:
    assert arcs(edge("a1 DELEGATES_TO a2", **props)) == expected


def test_passthrough_ignores_scopes_and_not_what_a_decision_allows() -> None:
    facts: Facts = [
        node("g1", mode="enforce", effect="evaluate", allows=["read:*"]),
        edge("a1 DELEGATES_TO a2", mode="passthrough", scopes=["read:*"], guards=["g1"]),
    ]
    assert arcs(*facts, lens="runtime") == {"a1>a2!", "a2>a1!"}


PROVIDED: Facts = [
    node("t1", name="search"),
    node("t2"),
    edge("v1 PROVIDES t1"),
    edge("v1 PROVIDES t2"),
    edge("t1 CAN_ACCESS r1"),
    edge("t2 CAN_ACCESS r1"),
]


@pytest.mark.parametrize(
    ("tools", "expected"),
    [(None, {"a1>t1", "a1>t2"}), (["search"], {"a1>t1"}), (["t2", "search"], {"a1>t1", "a1>t2"}), (["else"], set()), ([], set())],
)
def test_connections_lead_to_the_tools_listed(tools: list[str] | None, expected: set[str]) -> None:
    props = {} if tools is None else {"tools": tools}
    assert arcs(*PROVIDED, edge("a1 CONNECTS_TO v1", **props)) == expected | {"v1>t1", "v1>t2"}


def test_a_server_without_known_tools_is_reached_itself() -> None:
    assert arcs(edge("a1 CONNECTS_TO v1", tools=["x"])) == {"a1>v1"}


@pytest.mark.parametrize("lens", ["posture", "declared"])
def test_that_a_server_provides_tools_does_not_depend_on_lens_or_time(lens: Lens) -> None:
    facts: Facts = [
        edge("v1 PROVIDES t1", valid_until="2020-01-01", evidence=["observed"]),
        edge("t1 CAN_ACCESS r1"),
        edge("a1 CONNECTS_TO v1"),
    ]
    assert arcs(*facts, lens=lens) == set()


def test_both_edges_mask_a_tool_call() -> None:
    facts: Facts = [edge("v1 PROVIDES t1", scopes=["read:*"]), edge("t1 CAN_ACCESS r1"), edge("a1 CONNECTS_TO v1", scopes=["*:r*"])]
    found = arcs_of(build(*facts), "posture", AT)
    masks = found.structure.masks
    lists = {frozenset(masks.lists[number] for number in masks.members[mask]) for mask in found.mask.tolist()}
    assert lists == {frozenset({("read:*",), ("*:r*",)}), frozenset({("read:*",)})}


MEANS: Facts = [
    edge("v1 RUNS_AS i1"),
    edge("v1 HOLDS s1"),
    edge("v1 RUNS_ON h1"),
    edge("v1 RUNS_ON h2", isolated=True),
    edge("v1 PROVIDES t1"),
]
OF_SERVER = {"v1>i1", "v1>s1", "v1>h1", "v1>t1"}


def test_a_tool_of_unknown_effect_has_its_servers_means() -> None:
    assert arcs(*MEANS) == OF_SERVER | {"t1>i1", "t1>s1", "t1>h1"}


def test_a_tool_that_is_known_does_not_unless_it_executes() -> None:
    known = edge("t1 CAN_ACCESS r1", actions=["read"], valid_until="2020-01-01")
    assert arcs(*MEANS, known) == OF_SERVER
    assert arcs(*MEANS, known, node("t1", effects=["read", "execute"])) == OF_SERVER | {"t1>i1", "t1>s1", "t1>h1"}


def test_means_need_both_edges() -> None:
    facts: Facts = [edge("v1 PROVIDES t1", valid_until="2020-01-01"), edge("v1 RUNS_AS i1"), edge("v1 HOLDS s1", scopes=["read:*"])]
    assert arcs(*facts) == {"v1>i1", "v1>s1!"}
    assert arcs(edge("v1 PROVIDES t1"), edge("v1 HOLDS s1", scopes=["read:*"])) == {"v1>t1", "v1>s1!", "t1>s1!"}


def test_reading_a_secret_is_using_it() -> None:
    assert arcs(edge("i1 CAN_ACCESS s1", actions=["read"])) == {"i1>s1"}
    assert arcs(edge("i1 CAN_ACCESS s1", actions=["admin"])) == {"i1>s1"}
    assert arcs(edge("i1 CAN_ACCESS s1", actions=["write", "delete"])) == set()
    assert arcs(edge("i1 CAN_ACCESS r1", actions=["read"])) == set()


def test_own_atoms() -> None:
    assert own(edge("i1 CAN_ACCESS r1", actions=["admin"])) == {("i1", "r1", 31)}
    assert own(edge("i1 CAN_ACCESS r1", actions=["admin"], scopes=["read:r?"])) == {("i1", "r1", 8)}
    assert own(edge("i1 CAN_ACCESS r1", actions=["read"], scopes=["read:R1"])) == set()
    assert own(edge("a1 HOLDS s1")) == {("a1", "s1", 8)}
    assert own(edge("i1 CAN_ACCESS r1")) == set()


@pytest.mark.parametrize("status", ["retired", "suspended"])
def test_out_of_service_is_not_passed_and_still_a_subject(status: str) -> None:
    facts: Facts = [node("a2", status=status), edge("a1 DELEGATES_TO a2", mode="on_behalf_of"), edge("a2 HOLDS s1")]
    assert arcs(*facts) == {"a2>a1", "a2>s1"}
    assert own(*facts) == {("a2", "s1", 8)}


@pytest.mark.parametrize(
    ("props", "dead"),
    [
        ({"expires_at": AT}, True),
        ({"expires_at": AT, "renewable": True}, False),
        ({"expires_at": "2026-07-10T00:00:01Z"}, False),
        ({"issued_at": "2026-07-09", "max_life_seconds": 86_400, "renewable": True}, True),
        ({"issued_at": "2026-07-09", "max_life_seconds": 86_401}, False),
        ({"max_life_seconds": 0}, False),
    ],
)
def test_secrets_die(props: dict[str, Any], dead: bool) -> None:
    facts: Facts = [node("s1", **props), edge("a1 HOLDS s1"), edge("s1 AUTHENTICATES_AS i1")]
    assert arcs(*facts) == ({"s1>i1"} if dead else {"a1>s1", "s1>i1"})
    assert own(*facts) == (set() if dead else {("a1", "s1", 8)})


@pytest.mark.parametrize(
    ("guard", "ungoverned", "runtime"),
    [
        ({"mode": "enforce", "effect": "deny"}, set(), set()),
        ({"mode": "enforce", "effect": "step_up"}, set(), set()),
        ({"mode": "enforce", "effect": "evaluate"}, set(), {"a1>t1"}),
        ({"mode": "enforce", "effect": "evaluate", "allows": ["read:*"]}, set(), {"a1>t1!"}),
        ({"mode": "enforce", "effect": "evaluate", "allows": []}, set(), set()),
        ({"mode": "enforce"}, set(), {"a1>t1"}),
        ({"mode": "monitor", "effect": "deny"}, {"a1>t1"}, {"a1>t1"}),
        ({"mode": "off", "effect": "deny"}, {"a1>t1"}, {"a1>t1"}),
        ({"effect": "deny"}, {"a1>t1"}, {"a1>t1"}),
        (None, {"a1>t1"}, {"a1>t1"}),
    ],
)
def test_guards(guard: dict[str, Any] | None, ungoverned: set[str], runtime: set[str]) -> None:
    facts: Facts = [edge("a1 USES t1", guards=["g1"]), *([node("g1", **guard)] if guard is not None else [])]
    assert arcs(*facts) == {"a1>t1"}
    assert arcs(*facts, lens="ungoverned") == ungoverned
    assert arcs(*facts, lens="runtime") == runtime


def test_several_guards_all_have_their_say() -> None:
    facts: Facts = [
        node("g1", mode="enforce", effect="evaluate", allows=["read:*"]),
        node("g2", mode="enforce", effect="evaluate", allows=["*:r1"]),
        edge("i1 CAN_ACCESS r1", actions=["admin"], guards=["g1", "g2"], scopes=["read:*", "write:*"]),
        edge("i1 CAN_ACCESS r2", actions=["admin"], guards=["g1", "g2"]),
    ]
    assert own(*facts, lens="runtime") == {("i1", "r1", 8)}
    assert own(
        *facts, node("g3", mode="enforce", effect="deny"), edge("i2 CAN_ACCESS r1", actions=["read"], guards=["g1", "g3"]), lens="runtime"
    ) == {("i1", "r1", 8)}


@pytest.mark.parametrize(
    ("props", "secret", "stands"),
    [
        ({"valid_until": "2030-01-01"}, {}, False),
        ({"valid_until": "2030-01-01", "renewable": True}, {}, True),
        ({}, {"lifetime": "ephemeral"}, False),
        ({}, {"lifetime": "ephemeral", "renewable": True}, True),
        ({}, {"lifetime": "ephemeral", "renewable": True, "max_life_seconds": 60}, False),
        ({}, {"lifetime": "static", "max_life_seconds": 60}, True),
    ],
)
def test_standing(props: dict[str, Any], secret: dict[str, Any], stands: bool) -> None:
    assert arcs(edge("a1 HOLDS s1", **props), node("s1", **secret), lens="standing") == ({"a1>s1"} if stands else set())


@pytest.mark.parametrize(
    ("evidence", "observed", "declared"),
    [
        (None, False, True),
        ([], False, True),
        (["observed"], True, False),
        (["observed", "declared"], True, True),
        (["inferred"], False, True),
    ],
)
def test_evidence(evidence: list[str] | None, observed: bool, declared: bool) -> None:
    props = {} if evidence is None else {"evidence": evidence}
    assert arcs(edge("a1 USES t1", **props), lens="observed") == ({"a1>t1"} if observed else set())
    assert arcs(edge("a1 USES t1", **props), lens="declared") == ({"a1>t1"} if declared else set())
    assert arcs(edge("a1 RUNS_AS i1", **props), lens="observed") == {"a1>i1"}


@pytest.mark.parametrize(
    ("scope", "id", "passed"),
    [
        ("read:crm/*", "crm/a/b", True),
        ("*:crm/?", "crm/ab", False),
        ("read:crm", "CRM", False),
        ("read:[ab]", "a", False),
        ("read:[ab]", "[ab]", True),
        ("read:*\n*", "a\nb", True),
        ("read:a.c", "abc", False),
        ("read", "read", False),
        ("write:*", "a", False),
        ("admin:*", "a", False),
        ("read:a:b", "a:b", True),
        ("read:", "a", False),
        ("read:!a", "!a", True),
    ],
)
def test_scopes(scope: str, id: str, passed: bool) -> None:
    assert passes([scope], id, "read") is passed
    found = build(
        NodeFact("Resource", id), EdgeFact("CAN_ACCESS", ("Identity", "i"), ("Resource", id), {"actions": ["read"], "scopes": [scope]})
    )
    assert (len(arcs_of(found, "posture", AT).own_bits) == 1) is passed


def test_empty_and_absent_scopes() -> None:
    assert passes(None, "x", "read")
    assert not passes([], "x", "read")
    assert arcs(edge("a1 USES t1", scopes=[])) == set()


def test_edges_behind_an_arc_are_kept() -> None:
    found = arcs_of(build(*PROVIDED, edge("a1 CONNECTS_TO v1")), "posture", AT)
    kinds = {
        tuple(found.structure.estate.edges[index].kind for index in pair if index >= 0)
        for pair in zip(found.first.tolist(), found.second.tolist(), strict=True)
    }
    assert kinds == {("PROVIDES",), ("CONNECTS_TO", "PROVIDES")}
