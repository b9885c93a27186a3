"""Rules about approvals: what is called or connected to and was never approved, or is approved no longer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from graphinv.analyze.approvals import approvals_of
from graphinv.analyze.moments import micros
from graphinv.analyze.rows import Params, Row, about, active, in_force

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

_WRONG = {
    "refused": "it was not approved",
    "expired": "its approval has run out",
    "changed": "another definition or version of it was approved",
    "elsewhere": "it was approved for another environment",
    "beyond": "it was approved for less sensitive data",
}


def unapproved(engine: Engine, params: Params) -> Iterator[Row]:
    """Calls and connections that are not approved, or no longer. Those that no source speaks of are unknown, unless they were observed, or
    somebody keeps approvals of the agent or of what it calls: there the settings of its own client are not enough either."""
    estate, at = engine.estate, micros(engine.at)
    approvals = approvals_of(engine)
    for edge in estate.edges_of("USES", "CONNECTS_TO"):
        nothing = edge.props.get("tools") == []  # it may call none
        if nothing or not in_force(edge, at) or not active(estate.nodes[edge.source]):
            continue
        standing = approvals.call(edge)
        if standing == "approved" or (standing == "client" and not approvals.registered(edge)):
            continue
        row = about(edge.source, edge.target)
        if standing in _WRONG:
            row["approval"] = _WRONG[standing]
        elif standing == "client":
            row |= {"approval": "only the settings of its own client let it pass", "modifiers": ["-2 its client's settings name it"]}
        elif standing == "unstated" and "observed" in (edge.props.get("evidence") or ()):
            row["approval"] = "it was called and nobody approved it"
        elif standing == "unstated" and approvals.registered(edge):
            row |= {"approval": "approvals are kept, and it is not among them", "modifiers": ["-2 nobody refused it either"]}
        else:
            row["unknown"] = True
        yield row | {"kind": edge.props.get("approval"), "approved_by": edge.props.get("approved_by")}
