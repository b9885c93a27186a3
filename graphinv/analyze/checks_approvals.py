"""Rules about approvals: what was never approved or is no longer, what destroys with nobody asked, what was approved too widely."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Container, Iterator, Mapping, Sequence, Set
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphinv.analyze.approvals import HOLDS, approvals_of
from graphinv.analyze.rows import DAY, Params, Row, about, active, agents_of, hop_of, once, points_on
from graphinv.model.approved import mark
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord, in_force, listed
from graphinv.model.facts import NodeKey, Props
from graphinv.model.moments import micros

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

_GRAVE = frozenset({"destructive", "irreversible"})
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
        if nothing or not in_force(edge, at) or edge.source in estate.out_of_service:
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


# --------------------------------------------------------------------------------------------------------------------------------
# What destroys


def nobody_asked(engine: Engine, params: Params) -> Iterator[Row]:
    """Agents that act by themselves and may call what destroys, with nobody asked; told for each tool or server they call. What may
    destroy, since nobody states what it does, is unknown. O(calls and what servers provide)."""
    estate, approvals = engine.estate, approvals_of(engine)
    for agent in agents_of(engine):
        for edge, tools in _grave_calls(engine, agent):
            points = list(points_on(estate, edge))
            asks = any(map(_asks, points))
            ends = about(agent.key, edge.target)
            if asks:
                rate = _per_day(edge, micros(engine.at)) if tools else None
                if rate is not None and rate > params["per_day"]:
                    why = "it is asked so often that nobody reads it"
                    yield ends | {"reason": why, "tools": tools, "modifiers": ["-10 somebody is asked, so it is only worth knowing"]}
                continue
            if edge.props.get("approval") == "exact" and approvals.of(edge) == "approved":
                continue
            autonomy = agent.props.get("autonomy")
            alone = autonomy in ("approve_destructive", "autonomous")
            if autonomy is None or (alone and not tools) or any(map(_may_ask, points)):
                yield ends | {"unknown": True}
            elif alone:
                client = autonomy == "approve_destructive"
                yield ends | {
                    "reason": "only its own client asks, which a run without a screen does not" if client else "nobody is asked",
                    "tools": tools,
                    "path": [hop_of(estate, edge)],
                    "modifiers": ["-2 its client asks"] if client else [],
                }


def _grave_calls(engine: Engine, agent: NodeRecord) -> Iterator[tuple[EdgeRecord, list[str]]]:
    """Calls of an agent behind which something destroys, with the names of what does, or may, with none. A tool that is called by itself,
    with no point there that asks, is told there, not of its server too."""
    estate, at, offers = engine.estate, micros(engine.at), _offers_of(engine)
    calls = [
        edge
        for edge in estate.outgoing.get(agent.key, ())
        if edge.kind in ("USES", "CONNECTS_TO") and in_force(edge, at) and edge.target not in estate.out_of_service
    ]
    itself = {edge.target for edge in calls if edge.kind == "USES" and not any(map(_asks, points_on(estate, edge)))}
    for edge in calls:
        tools = [tool for tool in offers.unasked(edge) if edge.kind == "USES" or tool.key not in itself]
        if tools or not offers.known(edge):
            yield edge, sorted(tool.name for tool in tools if _destroys(tool))


@dataclass(frozen=True)
class _Offers:
    """What may be called that destroys, or of which nobody states what it does."""

    estate: Estate
    by_server: Mapping[NodeKey, Sequence[NodeRecord]]
    """What servers provide with no point that asks."""
    asked: Container[NodeKey]
    """What servers provide only with such a point."""
    names: Mapping[NodeKey, Set[str]]
    """Names and ids of all that a server provides or did, whatever that does."""

    def unasked(self, edge: EdgeRecord) -> Sequence[NodeRecord]:
        """What is behind a call; not what a point asks about wherever servers provide it."""
        if edge.kind == "CONNECTS_TO":
            return [tool for tool in self.by_server.get(edge.target, ()) if listed(edge, tool)]
        tool = self.estate.nodes[edge.target]
        return [tool] if _may_destroy(tool) and tool.key not in self.asked else []

    def known(self, edge: EdgeRecord) -> bool:
        """Whether somebody states which tools are behind a call."""
        only, names = edge.props.get("tools"), self.names.get(edge.target, frozenset())
        return edge.kind == "USES" or (bool(names) if only is None else names >= set(only))


@once
def _offers_of(engine: Engine) -> _Offers:
    estate, at = engine.estate, micros(engine.at)
    found: defaultdict[NodeKey, list[NodeRecord]] = defaultdict(list)
    names: defaultdict[NodeKey, set[str]] = defaultdict(set)
    provided: dict[NodeKey, bool] = {}
    for edge in estate.edges_of("PROVIDES"):
        tool = estate.nodes[edge.target]
        names[edge.source] |= {tool.name, tool.id}
        if _may_destroy(tool) and in_force(edge, at) and edge.source not in estate.out_of_service:
            asks = any(map(_asks, points_on(estate, edge)))
            provided[tool.key] = asks and provided.get(tool.key, True)
            if not asks:
                found[edge.source].append(tool)
    return _Offers(estate, found, {key for key, asks in provided.items() if asks}, names)


def _may_destroy(tool: NodeRecord) -> bool:
    """Whether it destroys, or nobody states what it does."""
    return active(tool) and (tool.props.get("effects") is None or _destroys(tool))


def _destroys(tool: NodeRecord) -> bool:
    return active(tool) and not _GRAVE.isdisjoint(tool.props.get("effects") or ())


def _asks(point: Props) -> bool:
    return point.get("mode") == "enforce" and point.get("effect") in ("step_up", "deny", "evaluate")


def _may_ask(point: Props) -> bool:
    """Whether nobody states of a point that it does not ask."""
    return point.get("mode") in (None, "enforce") and point.get("effect") in (None, "step_up", "deny", "evaluate")


def _per_day(edge: EdgeRecord, at: int) -> float | None:
    """How often it was called in a day, as far as that was counted."""
    count, since = edge.props.get("count"), edge.props.get("first_seen")
    if count is None or since is None or "observed" not in (edge.props.get("evidence") or ()):
        return None
    return float(count) / max(1.0, (at - micros(since)) / DAY)


def broad_approval(engine: Engine, params: Params) -> Iterator[Row]:
    """Approvals of what destroys that are not for one call, that hold too long, or never end. That the client lets one connect to a server
    approves none of its tools. Of what nobody states what it does, it is unknown."""
    estate, at, approvals = engine.estate, micros(engine.at), approvals_of(engine)
    offers = _offers_of(engine)
    links = (edge for edge in estate.edges_of("CONNECTS_TO") if edge.props.get("approval") != "client")
    for edge in (*estate.edges_of("USES"), *links):
        standing = approvals.of(edge)
        if standing not in (*HOLDS, "changed", "unsure") or not in_force(edge, at):
            continue
        if edge.source in estate.out_of_service or edge.target in estate.out_of_service:
            continue
        tools = offers.unasked(edge)
        if not tools and offers.known(edge):
            continue
        until = edge.props.get("approved_until")
        reasons = []
        planned = edge.props.get("approval") in ("change", "recurring") and until is not None
        if edge.props.get("approval") == "scope" and any("irreversible" in (tool.props.get("effects") or ()) for tool in tools):
            reasons.append("it is for whatever it is called with, and what it does cannot be undone")
        if not planned and until is None and edge.props.get("approval") != "exact":
            reasons.append("it never ends")
        since = edge.props.get("valid_from") or edge.props.get("first_seen")
        if not planned and until is not None and since is not None and micros(until) - micros(since) > params["hours"] * 3_600_000_000:
            reasons.append(f"it holds for more than {params['hours']} hours")
        if standing == "changed" or any(_changed(tool.props) for tool in tools):
            reasons.append("the tool has changed since")
        if reasons:
            unknown = {} if any(map(_destroys, tools)) else {"unknown": True}
            yield about(edge.source, edge.target) | {"reasons": reasons, "approved_by": edge.props.get("approved_by"), **unknown}


def _changed(tool: Props) -> bool:
    """Whether its definition is known to be another than the approved one."""
    digest, approved = tool.get("schema_digest"), tool.get("approved_digest")
    return approved is not None and digest is not None and mark(digest) != mark(approved)
