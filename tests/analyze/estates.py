"""Estates for tests: from fact files, from a few words, and drawn at random."""

from __future__ import annotations

import json
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from hypothesis import strategies as st

from graphinv.model.estate import EdgeRecord, Estate, NodeRecord
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, check_edge, check_node, edge_key, merge_props

CASES = Path(__file__).parents[1] / "cases" / "reach"
AT = "2026-07-10T00:00:00Z"


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
        props = merge_props(edge.kind, before.props, edge.props) if before else edge.props
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
_TIMES = st.sampled_from(["2026-07-09T23:59:59.999999Z", AT, "2026-07-10T02:00:00+02:00", "2026-07-10T00:00:00.000001Z", "2027-01-01"])
_ACTIONS = ("read", "write", "execute", "delete", "admin")
_GLOBS = st.sampled_from(["*", "r*", "r?", "*1", "r1", "s*", "R1", "[rs]1", "?", "*r*", "r*1*", "*", "**", "r0*", ""])
_SCOPES = st.lists(st.builds("{}:{}".format, st.sampled_from([*_ACTIONS, "*"]), _GLOBS) | st.just("read"), max_size=3)


@st.composite
def _edge(draw: st.DrawFn) -> EdgeFact:
    kind = draw(st.sampled_from(sorted(_ENDS)))
    starts, stops = _ENDS[kind]
    source = draw(st.sampled_from([id for id in _IDS if id[0] in starts]))
    target = draw(st.sampled_from([id for id in _IDS if id[0] in stops]))
    props: dict[str, Any] = {}

    def sometimes(name: str, values: st.SearchStrategy[Any]) -> None:
        if draw(st.integers(0, 3)) == 0:
            props[name] = draw(values)

    sometimes("valid_from", _TIMES)
    sometimes("valid_until", _TIMES)
    sometimes("renewable", st.booleans())
    sometimes("scopes", _SCOPES)
    sometimes("guards", st.lists(st.sampled_from(["g0", "g1", "g2", "nowhere"]), min_size=1, max_size=2))
    sometimes("evidence", st.lists(st.sampled_from(["declared", "granted", "observed", "inferred"]), max_size=2))
    if kind == "DELEGATES_TO":
        sometimes("mode", st.sampled_from(["invoke", "handoff", "scoped", "on_behalf_of", "passthrough"]))
    if kind == "CAN_ACCESS":
        props["actions"] = draw(st.lists(st.sampled_from(_ACTIONS), max_size=3))
    if kind == "RUNS_ON":
        sometimes("isolated", st.booleans())
    if kind == "CONNECTS_TO":
        sometimes("tools", st.lists(st.sampled_from(["t0", "t1", "Tool one", "Tool two"]), max_size=2))
    return EdgeFact(kind, key(source), key(target), props)


@st.composite
def _nodes(draw: st.DrawFn) -> list[NodeFact]:
    facts = [node("t1", name="Tool one"), node("t2", name="Tool two", effects=draw(st.sampled_from([["execute"], ["read"]])))]
    for id in _IDS:
        if id[0] in "aw" and draw(st.integers(0, 4)) == 0:
            facts.append(node(id, status=draw(st.sampled_from(["retired", "suspended", "active", "unknown"]))))
        elif id[0] == "s" and draw(st.booleans()):
            optional = {
                "lifetime": st.sampled_from(["static", "ephemeral"]),
                "expires_at": _TIMES,
                "renewable": st.booleans(),
                "issued_at": _TIMES,
                "max_life_seconds": st.sampled_from([0, 1, 10**6]),
            }
            facts.append(node(id, **draw(st.fixed_dictionaries({}, optional=optional))))
        elif id[0] == "r" and draw(st.booleans()):
            sensitivity = draw(st.sampled_from(["public", "internal", "confidential", "restricted", "unknown"]))
            facts.append(node(id, sensitivity=sensitivity, crown_jewel=draw(st.booleans())))
        elif id[0] == "g":
            optional = {
                "mode": st.sampled_from(["enforce", "enforce", "monitor", "off"]),
                "effect": st.sampled_from(["deny", "step_up", "evaluate", "evaluate"]),
                "allows": _SCOPES,
            }
            facts.append(node(id, **draw(st.fixed_dictionaries({}, optional=optional))))
    return facts


@st.composite
def facts(draw: st.DrawFn, *, max_edges: int = 40) -> list[NodeFact | EdgeFact]:
    """Small and dense: every rule, property and lens meets every other."""
    least = draw(st.sampled_from([0, 12, 28]))
    return [*map(node, _IDS), *draw(_nodes()), *draw(st.lists(_edge(), min_size=least, max_size=max_edges))]


edges = _edge()
