"""Paths as questions to a decision point, in the shape of AuthZEN 1.0: may whoever stands at the start of a hop take it?

    {"subject": {"type", "id", "properties"}, "action": {"name", "properties"}, "resource": {"type", "id", "properties"},
     "context": {"time", "target": {"type", "id"}, "deed", "hop", "edge", "agent", "delegation_chain", "delegation_depth", "task"}}

Types are kinds of nodes and ids are theirs; what no source states is left out. ``context.agent`` is the agent, or the workflow, that acts
last on the way, ``delegation_chain`` are those from the first to it, and ``deed`` is what is done to ``target`` at the end of the path.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from graphinv.export.support.policy import TYPES, stated, task_ends, typed
from graphinv.model.estate import Estate
from graphinv.model.facts import NodeKey
from graphinv.model.results import Hop, Path

Question = dict[str, Any]

CALL, CONNECT, DELEGATE = "tools/call", "connect", "delegate"
_ACTIONS = {
    "USES": CALL,
    "PROVIDES": CALL,
    "CONNECTS_TO": CONNECT,
    "DELEGATES_TO": DELEGATE,
    "CALLS_BACK": "call_back",
    "RUNS_AS": "act_as",
    "AUTHENTICATES_AS": "act_as",
    "ASSUMES": "act_as",
    "MEMBER_OF": "act_as",
    "HOLDS": "use",
    "RUNS_ON": "use",
    "CAN_ACCESS": "read",
}
"""What is asked for, by the last edge of a hop."""
_PROPERTIES = {
    "Agent": ("name", "status", "environment", "autonomy"),
    "Workflow": ("name", "status", "environment"),
    "Tool": ("name", "environment", "effects"),
    "ToolServer": ("name", "environment", "origin", "url"),
    "Identity": ("name", "type", "environment"),
    "Secret": ("name", "type", "lifetime"),
    "Runtime": ("name", "type", "environment"),
    "Resource": ("name", "type", "environment", "sensitivity", "crown_jewel"),
}
_ACTORS = ("Agent", "Workflow")


def questions(path: Path, estate: Estate) -> list[Question]:
    """One question a hop, in the order of the path."""
    asked: list[Question] = []
    chain = [path.subject]
    for number, hop in enumerate(path.hops, 1):
        if hop.source[0] in _ACTORS and hop.source != chain[-1]:
            chain.append(hop.source)
        context = {
            "time": path.at,
            "target": {"type": TYPES[path.target[0]], "id": path.target[1]},
            "deed": path.action,
            "hop": number,
            "edge": hop.edge,
            "agent": chain[-1][1],
            "delegation_chain": [typed(key) for key in chain],
            "delegation_depth": len(chain) - 1,
            **_task(estate, chain[-1], path.at),
        }
        properties = {"server": server[1]} if (server := _server(estate, hop)) else {}
        asked.append(
            {
                "subject": _thing(estate, hop.source),
                "action": {"name": _action(hop, path.action if number == len(path.hops) else "read")},
                "resource": _thing(estate, hop.target, properties),
                "context": context,
            }
        )
    return asked


def _action(hop: Hop, deed: str) -> str:
    kind = hop.edge.rpartition("+")[2]
    return "act_as" if kind == "<DELEGATES_TO" else deed if kind == "CAN_ACCESS" else _ACTIONS[kind]


def _thing(estate: Estate, key: NodeKey, more: dict[str, Any] | None = None) -> dict[str, Any]:
    properties = {**stated(estate.nodes[key].stated, _PROPERTIES[key[0]]), **(more or {})}
    if key[0] in _ACTORS:
        properties["owners"] = list(estate.owners(key))
    return {"type": TYPES[key[0]], "id": key[1], "properties": properties}


def _server(estate: Estate, hop: Hop) -> NodeKey | None:
    """The server through which a tool is called."""
    if hop.edge != "CONNECTS_TO+PROVIDES":
        return None
    return next(edge.target for edge in estate.outgoing[hop.source] if edge.kind == "CONNECTS_TO" and edge.key in hop.edges)


def _task(estate: Estate, actor: NodeKey, at: str) -> dict[str, str]:
    """The one task that an agent has open; of several none, since nobody says for which it acts."""
    now = datetime.fromisoformat(at)
    tasks = (estate.nodes[edge.target] for edge in estate.outgoing.get(actor, ()) if edge.kind == "RUNS_TASK")
    opened = {
        task.id
        for task in tasks
        if (start := task.props.get("opened_at")) is not None
        and datetime.fromisoformat(start) <= now
        and (end := task_ends(task.props)) is not None
        and now < datetime.fromisoformat(end)
    }
    return {"task": opened.pop()} if len(opened) == 1 else {}
