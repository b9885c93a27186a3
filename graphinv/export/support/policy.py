"""Facts as policies need them: who may call whom, by approvals that hold; unknown is never taken for yes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from math import floor
from typing import Any

from graphinv.model.approved import fits, marks
from graphinv.model.estate import EdgeRecord, Estate
from graphinv.model.facts import NodeKey, Props

TYPES = {
    "Agent": "agent",
    "Workflow": "workflow",
    "Tool": "tool",
    "ToolServer": "tool_server",
    "Identity": "identity",
    "Secret": "secret",
    "Runtime": "runtime",
    "Resource": "resource",
}
"""What decision points are told a node is; with its id that is unique, as kind and id are."""


def typed(key: NodeKey) -> str:
    """A node in one word, by its type and id: ``agent:billing-bot``."""
    return f"{TYPES[key[0]]}:{key[1]}"


def stated(props: Props, names: Iterable[str]) -> dict[str, Any]:
    """Those of ``names`` that somebody states."""
    return {name: props[name] for name in names if props.get(name) is not None}


def seconds(time: str) -> int:
    """A time of the graph in whole seconds since 1970.

    >>> seconds("1970-01-01T00:01:00.5Z")
    60
    """
    return floor(datetime.fromisoformat(time).timestamp())


def task_ends(task: Props) -> str | None:
    """When a task is over: the first of when it was closed and when it is to be; of one that states neither nobody knows."""
    ends = stated(task, ("closed_at", "closes_at")).values()
    return min(ends, key=datetime.fromisoformat, default=None)


def approved(edge: EdgeRecord, estate: Estate, at: str) -> bool:
    """Whether a USES or CONNECTS_TO is known to be approved at ``at`` for what is there now, whatever the data and the environment.

    That only its own client's settings let it pass is no approval. What cannot be told is none either.
    """
    props = edge.props
    until, digests = props.get("approved_until"), props.get("approved_digests")
    if not props.get("approved") or props.get("approval") == "client":
        return False
    if props.get("approved_environment") or props.get("approved_sensitivity"):
        return False
    if until is not None and datetime.fromisoformat(until) <= datetime.fromisoformat(at):
        return False
    return digests is None or fits(digests, marks(estate.nodes[edge.target].props)) is True


def as_approved(tool: Props) -> bool:
    """Whether a tool's definition is known to be the one that was approved."""
    listed = tool.get("approved_digest")
    return listed is not None and fits([listed], marks(stated(tool, ["schema_digest"]))) is True


def owner_active(estate: Estate, key: NodeKey) -> bool:
    """Whether somebody is known to answer for a node, and to be there."""
    return any(estate.nodes["Owner", owner].props.get("status") == "active" for owner in estate.owners(key))
