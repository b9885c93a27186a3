"""The graph as entities and schema for Cedar, so that policies can speak of agents, tools, servers, owners and tasks.

Every attribute is there for every entity, and callers have the same whether they are agents or workflows, since a policy that misses one
is skipped, and a ``forbid`` that is skipped opens the door. What no source states has the value that lets the least pass (not approved,
every effect, closed already), and its name is in ``unknown``.

Sets of what an agent may call or ask hold what is in force, and approved, at the time of the analysis: export after each scan. What Cedar
cannot hold, as scopes and depths, is not in them; it stands in words in ``limited``.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from math import ceil
from typing import Any, get_args

from graphinv.export import RuleText
from graphinv.export.support.policy import approved, as_approved, owner_active, seconds, stated, task_ends
from graphinv.export.support.words import scores_by_subject
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord, in_force, listed
from graphinv.model.facts import NodeKey
from graphinv.model.kinds import Effect
from graphinv.model.moments import micros
from graphinv.model.results import Analysis, Score

NAME = "cedar"
TITLE = "Entities and schema for Cedar"
SUFFIX = ".json"

NAMESPACE = "Graphinv"
NEVER = 2**63 - 1
"""The last moment that a Long can tell."""

_TEXT, _YES, _NUMBER = ({"type": name} for name in ("String", "Boolean", "Long"))


def _set(of: Mapping[str, Any]) -> dict[str, Any]:
    return {"type": "Set", "element": of}


def _entity(kind: str) -> dict[str, Any]:
    return {"type": "Entity", "name": kind}


_TEXTS = _set(_TEXT)
_CALLER: dict[str, dict[str, Any]] = {
    "name": _TEXT,
    "status": _TEXT,
    "environment": _TEXT,
    "autonomy": _TEXT,
    "risk": _NUMBER,
    "owner_active": _YES,
    "tasks": _set(_entity("Task")),
    "tools": _set(_entity("Tool")),
    "servers": _set(_entity("ToolServer")),
    "agents": _set(_entity("Agent")),
    "workflows": _set(_entity("Workflow")),
    "limited": _TEXTS,
    "unknown": _TEXTS,
}
ATTRIBUTES: dict[str, dict[str, dict[str, Any]]] = {
    "Agent": _CALLER,
    "Workflow": _CALLER,
    "Owner": {"name": _TEXT, "status": _TEXT, "unknown": _TEXTS},
    "Tool": {
        "name": _TEXT,
        "environment": _TEXT,
        "effects": _TEXTS,
        "ingests_untrusted": _YES,
        "as_approved": _YES,
        "unknown": _TEXTS,
    },
    "ToolServer": {"name": _TEXT, "environment": _TEXT, "origin": _TEXT, "auth": _TEXT, "pinned": _YES, "unknown": _TEXTS},
    "Task": {"name": _TEXT, "opened_at": _NUMBER, "ends_at": _NUMBER, "unknown": _TEXTS},
}
"""Attributes by type of entity, each with its type in the schema; all are required."""
_PARENTS = {"Agent": ["Owner"], "Workflow": ["Owner"], "Tool": ["ToolServer"]}
_WORST: Mapping[str, Any] = {
    "effects": sorted(get_args(Effect)),
    "ingests_untrusted": True,
    "as_approved": False,
    "pinned": False,
    "owner_active": False,
    "risk": 100,
    "opened_at": NEVER,
    "ends_at": 0,
}
"""What stands for what nobody states; ``unknown`` where it is a text."""
_ACTIONS = {
    "tools/call": ["Tool"],
    "connect": ["ToolServer"],
    "delegate": ["Agent", "Workflow"],
}
SCHEMA = {
    NAMESPACE: {
        "entityTypes": {
            kind: {
                **({"memberOfTypes": _PARENTS[kind]} if kind in _PARENTS else {}),
                "shape": {"type": "Record", "attributes": {name: {**type_, "required": True} for name, type_ in attributes.items()}},
            }
            for kind, attributes in ATTRIBUTES.items()
        },
        "actions": {
            name: {
                "appliesTo": {
                    "principalTypes": ["Agent", "Workflow"],
                    "resourceTypes": resources,
                    "context": {
                        "type": "Record",
                        "attributes": {
                            "time": {**_NUMBER, "required": True},
                            "delegation_depth": {**_NUMBER, "required": True},
                            "task": {**_entity("Task"), "required": False},
                        },
                    },
                }
            }
            for name, resources in _ACTIONS.items()
        },
    }
}
"""Times are seconds since 1970. A request without a task has none open."""


def render(analysis: Analysis, estate: Estate, rules: Mapping[str, RuleText]) -> dict[str, str]:
    """``entities.json`` and ``schema.json``, as ``cedar`` and its libraries take them."""
    return {"entities.json": _json(entities(analysis, estate)), "schema.json": _json(SCHEMA)}


def _json(data: Any) -> str:
    # ASCII, so that no control or direction character reaches a terminal that shows the file.
    return json.dumps(data, ensure_ascii=True, allow_nan=False, indent=1) + "\n"


def entities(analysis: Analysis, estate: Estate) -> list[dict[str, Any]]:
    """All entities, in key order."""
    scores = scores_by_subject(analysis)
    return [_made(estate, node, analysis.at, scores.get(node.key)) for node in estate.nodes.values() if node.kind in ATTRIBUTES]


def _made(estate: Estate, node: NodeRecord, at: str, score: Score | None) -> dict[str, Any]:
    known: dict[str, Any] = {name: value for name, value in node.stated.items() if value is not None}
    if node.kind in ("Agent", "Workflow"):
        known |= _calls(estate, node.key, at)
        known |= {"owner_active": True} if owner_active(estate, node.key) else {}
        known |= {"risk": ceil(score.risk)} if score else {}
        known["tasks"] = _references(edge.target for edge in estate.outgoing.get(node.key, ()) if edge.kind == "RUNS_TASK")
    elif node.kind == "Tool":
        known |= {"as_approved": True} if as_approved(node.props) else {}
    elif node.kind == "Task":
        known |= {"ends_at": seconds(end)} if (end := task_ends(known)) else {}
        known |= {"opened_at": seconds(known["opened_at"])} if "opened_at" in known else {}
    attributes = ATTRIBUTES[node.kind]
    unknown = sorted(name for name in attributes if name != "unknown" and known.get(name, "unknown") == "unknown")
    values = {name: _WORST.get(name, "unknown") if name in unknown else known.get(name) for name in attributes}
    return {"uid": _uid(node.key), "attrs": {**values, "unknown": unknown}, "parents": _uids(_parents(estate, node.key))}


def _parents(estate: Estate, key: NodeKey) -> list[NodeKey]:
    if key[0] == "Tool":
        return [edge.source for edge in estate.incoming.get(key, ()) if edge.kind == "PROVIDES"]
    return [("Owner", owner) for owner in estate.owners(key)] if key[0] in _PARENTS else []


def _calls(estate: Estate, key: NodeKey, at: str) -> dict[str, list[Any]]:
    """What a caller may call and ask, as far as sets can say it."""
    found: dict[str, list[NodeKey]] = {"tools": [], "servers": [], "agents": [], "workflows": []}
    limited: list[str] = []
    for edge in estate.outgoing.get(key, ()):
        if edge.kind not in _SETS or not in_force(edge, micros(at)):
            continue
        if edge.kind != "DELEGATES_TO" and not approved(edge, estate, at):
            continue
        if limits := stated(edge.props, ("scopes", "max_depth")):
            limited.append(f"{edge.kind} {edge.target[0]}:{edge.target[1]} {json.dumps(limits, ensure_ascii=True)}")
        elif edge.props.get("tools") is not None:
            found["tools"] += _listed(estate, edge)
        else:
            found[_SETS[edge.kind][edge.target[0]]].append(edge.target)
    return {**{name: _references(keys) for name, keys in found.items()}, "limited": sorted(set(limited))}


_SETS = {
    "USES": {"Tool": "tools"},
    "CONNECTS_TO": {"ToolServer": "servers"},
    "DELEGATES_TO": {"Agent": "agents", "Workflow": "workflows"},
}
"""Where the target of an edge stands, by the edge's kind and the target's."""


def _listed(estate: Estate, edge: EdgeRecord) -> list[NodeKey]:
    """The tools of a server that a connection to it lists, by name or id."""
    provided = (estate.nodes[one.target] for one in estate.outgoing.get(edge.target, ()) if one.kind == "PROVIDES")
    return [tool.key for tool in provided if listed(edge, tool)]


def _uid(key: NodeKey) -> dict[str, str]:
    return {"type": f"{NAMESPACE}::{key[0]}", "id": key[1]}


def _uids(keys: Iterable[NodeKey]) -> list[dict[str, str]]:
    return [_uid(key) for key in sorted(set(keys))]


def _references(keys: Iterable[NodeKey]) -> list[dict[str, dict[str, str]]]:
    return [{"__entity": uid} for uid in _uids(keys)]
