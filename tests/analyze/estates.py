"""Estates for tests: from fact files, from a few words, and drawn at random."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from graphinv.analyze.arcs import Arcs, project
from graphinv.analyze.changes import Change
from graphinv.analyze.reading import structure_of
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, check_edge, check_node, edge_key, merge_props
from graphinv.model.kinds import EDGE_KINDS
from graphinv.model.results import Lens

EXAMPLES = int(os.environ.get("GRAPHINV_EXAMPLES", "1"))
"""How many times as many estates are drawn as a run of all tests takes time for."""
CASES = Path(__file__).parents[1] / "cases" / "reach"
AT = "2026-07-10T00:00:00Z"
DECISIONS = (
    {"mode": "enforce", "effect": "deny"},
    {"mode": "enforce", "effect": "step_up"},
    {"mode": "enforce", "effect": "evaluate", "allows": ["read:*", "*:r1*"]},
    {"mode": "monitor"},
)


def case_facts(name: str) -> list[NodeFact | EdgeFact]:
    facts: list[NodeFact | EdgeFact] = []
    for line in (CASES / f"{name}.facts.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        if "node" in row:
            facts.append(NodeFact(row["node"], row["id"], row.get("props", {})))
        else:
            facts.append(EdgeFact(row["edge"], tuple(row["from"]), tuple(row["to"]), row.get("props", {})))
    return facts


def estate_of(facts: Iterable[NodeFact | EdgeFact]) -> Estate:
    """Facts checked, merged by key, with placeholders for ends that none declares."""
    nodes: dict[NodeKey, dict[str, Any]] = {}
    edges: dict[str, EdgeRecord] = {}
    for fact in facts:
        if isinstance(fact, NodeFact):
            checked = check_node(fact)
            nodes[fact.key] = merge_props(fact.kind, nodes[fact.key], checked.props) if fact.key in nodes else checked.props
            continue
        edge = check_edge(fact)
        assert isinstance(edge.source, tuple)
        assert isinstance(edge.target, tuple)
        key = edge_key(edge.kind, edge.source, edge.target, edge.props)
        before = edges.get(key)
        props = merge_props(edge.kind, before.stated, edge.props) if before else edge.props
        edges[key] = EdgeRecord(edge.kind, edge.source, edge.target, key, props)
    for record in edges.values():
        nodes.setdefault(record.source, {})
        nodes.setdefault(record.target, {})
    return Estate.of([NodeRecord(*key, props) for key, props in nodes.items()], edges.values())


PREFIX = {
    "a": "Agent",
    "w": "Workflow",
    "i": "Identity",
    "s": "Secret",
    "t": "Tool",
    "v": "ToolServer",
    "h": "Runtime",
    "m": "Memory",
    "r": "Resource",
    "g": "EnforcementPoint",
}


def key(id: str) -> NodeKey:
    return PREFIX[id[0]], id


def node(id: str, **props: Any) -> NodeFact:
    return NodeFact(PREFIX[id[0]], id, props)


def edge(text: str, **props: Any) -> EdgeFact:
    """``edge("a1 USES t1", scopes=[…])``."""
    source, kind, target = text.split()
    return EdgeFact(kind, key(source), key(target), props)


def build(*facts: NodeFact | EdgeFact) -> Estate:
    return estate_of(facts)


def examples(count: int) -> settings:
    """Draw ``count`` estates, or :data:`EXAMPLES` times as many."""
    return settings(max_examples=count * EXAMPLES)


# --------------------------------------------------------------------------------------------------------------------------------
# At random

_IDS = [f"{prefix}{number}" for prefix, count in zip("awistvhrg", (4, 2, 3, 3, 3, 2, 2, 4, 3), strict=True) for number in range(count)]
_ENDS = {
    "RUNS_AS": ("avtwh", "i"),
    "RUNS_ON": ("avw", "h"),
    "HOLDS": ("avtwh", "s"),
    "AUTHENTICATES_AS": ("s", "i"),
    "ASSUMES": ("i", "i"),
    "MEMBER_OF": ("i", "i"),
    "USES": ("aw", "t"),
    "CALLS_BACK": ("tv", "a"),
    "CAN_ACCESS": ("it", "rs"),
    "CONNECTS_TO": ("aw", "v"),
    "PROVIDES": ("v", "t"),
    "DELEGATES_TO": ("aw", "aw"),
}
_ACTIONS = ("read", "write", "execute", "delete", "admin")
_TIMES = st.sampled_from(["2026-07-09T23:59:59Z", AT, "2026-07-10T02:00:00+02:00", "2026-07-10T00:00:01Z", "2027-01-01"])
_GLOBS = st.sampled_from(["*", "r*", "r?", "*1", "r1", "s*", "R1", "[rs]1", "?", "*r*", "r*1*", "*", "**", "r0*", ""])
_SCOPES = st.lists(st.builds("{}:{}".format, st.sampled_from([*_ACTIONS, "*"]), _GLOBS) | st.just("read"), max_size=3)

# Strategies are made once: making them takes longer than drawing from them.
_KINDS = st.sampled_from(sorted(_ENDS))
_PAIRS = {kind: tuple(st.sampled_from([id for id in _IDS if id[0] in letters]) for letters in ends) for kind, ends in sorted(_ENDS.items())}
_OF_ALL = {
    "valid_from": _TIMES,
    "valid_until": _TIMES,
    "renewable": st.booleans(),
    "scopes": _SCOPES,
    "guards": st.lists(st.sampled_from(["g0", "g1", "g2", "nowhere"]), min_size=1, max_size=2),
    "evidence": st.lists(st.sampled_from(["declared", "granted", "observed", "inferred"]), max_size=2),
}
_OF_KIND: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "DELEGATES_TO": {"mode": st.sampled_from(["invoke", "handoff", "scoped", "on_behalf_of", "passthrough"])},
    "RUNS_ON": {"isolated": st.booleans()},
    "CONNECTS_TO": {"tools": st.lists(st.sampled_from(["t0", "t1", "Tool one", "Tool two"]), max_size=2)},
}
_GRANTED = st.lists(st.sampled_from(_ACTIONS), max_size=3)
_CHANCES = st.integers(0, 4 ** (len(_OF_ALL) + 1) - 1)


@st.composite
def _edge(draw: st.DrawFn) -> EdgeFact:
    kind = draw(_KINDS)
    source, target = map(draw, _PAIRS[kind])
    props: dict[str, Any] = {"actions": draw(_GRANTED)} if kind == "CAN_ACCESS" else {}
    chances = draw(_CHANCES)  # of one in four for each property
    for name, values in (_OF_ALL | _OF_KIND.get(kind, {})).items():
        chances, present = divmod(chances, 4)
        if present == 3:
            props[name] = draw(values)
    return EdgeFact(kind, key(source), key(target), props)


_SECRET = st.fixed_dictionaries(
    {},
    optional={
        "lifetime": st.sampled_from(["static", "ephemeral"]),
        "expires_at": _TIMES,
        "renewable": st.booleans(),
        "issued_at": _TIMES,
        "max_life_seconds": st.sampled_from([0, 1, 10**6]),
    },
)
_RESOURCE = st.fixed_dictionaries(
    {"sensitivity": st.sampled_from(["public", "internal", "confidential", "restricted", "unknown"]), "crown_jewel": st.booleans()}
)
_POINT = st.fixed_dictionaries(
    {},
    optional={
        "mode": st.sampled_from(["enforce", "enforce", "monitor", "off"]),
        "effect": st.sampled_from(["deny", "step_up", "evaluate", "evaluate"]),
        "allows": _SCOPES,
    },
)
_EFFECTS = st.sampled_from([["execute"], ["read"]])
_STATUS = st.sampled_from(["retired", "suspended", "active", "unknown"])
_SELDOM = st.integers(0, 4)


@st.composite
def _nodes(draw: st.DrawFn) -> list[NodeFact]:
    facts = [node("t1", name="Tool one"), node("t2", name="Tool two", effects=draw(_EFFECTS))]
    for id in _IDS:
        if id[0] in "aw" and draw(_SELDOM) == 4:
            facts.append(node(id, status=draw(_STATUS)))
        elif id[0] == "s" and draw(st.booleans()):
            facts.append(node(id, **draw(_SECRET)))
        elif id[0] == "r" and draw(st.booleans()):
            facts.append(node(id, **draw(_RESOURCE)))
        elif id[0] == "g":
            facts.append(node(id, **draw(_POINT)))
    return facts


@st.composite
def facts(draw: st.DrawFn, *, max_edges: int = 40) -> list[NodeFact | EdgeFact]:
    """Small and dense: every rule, property and lens meets every other."""
    least = draw(_LEAST)
    return [*map(node, _IDS), *draw(_DETAILS), *draw(st.lists(edges, min_size=least, max_size=max_edges))]


edges = _edge()
_DETAILS = _nodes()
_LEAST = st.sampled_from([0, 12, 28])


def some_of(estate: Estate) -> st.SearchStrategy[list[NodeKey]]:
    """A few nodes, agents rather than others."""
    nodes = sorted(estate.nodes)
    agents = [node for node in nodes if node[0] == "Agent"] or nodes
    return st.lists(st.sampled_from(agents) | st.sampled_from(nodes), min_size=1, max_size=4, unique=True)


@st.composite
def changes(draw: st.DrawFn, estate: Estate) -> Change:
    """Some edges of ``estate`` taken away, some under a decision, an edge more, agents and workflows retired."""
    moving = sorted(record.key for record in estate.edges if EDGE_KINDS[record.kind].moves_authority)
    some = st.sets(st.sampled_from(moving), max_size=3) if moving else st.just(set())
    actors = sorted(key for key in estate.nodes if key[0] in ("Agent", "Workflow"))
    return Change(
        remove=frozenset(draw(some)),
        guard={one: draw(st.sampled_from(DECISIONS)) for one in sorted(draw(some))},
        retire=frozenset(draw(st.sets(st.sampled_from(actors), max_size=2)) if actors else ()),
        add=tuple(map(check_edge, draw(st.lists(edges, max_size=1)))),
    )


def arcs_of(estate: Estate, lens: Lens, at: str) -> Arcs:
    """The arcs of an estate that is looked at only once."""
    return project(structure_of(estate), lens, at)
