"""Rules about privilege: administrators, grants nobody uses, agents that can change their own limits, duties that do not go together."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from functools import cache, partial
from typing import TYPE_CHECKING

import numpy as np

from graphinv.analyze.approvals import Approvals, approvals_of
from graphinv.analyze.checks_inventory import only_seen, seen
from graphinv.analyze.labels import labels_of, may_rest, plain, values_of
from graphinv.analyze.reaching import WORSE_BITS, NearestAgents, behind_agents, closure
from graphinv.analyze.rows import DAY, WORSE_THAN_READ, Params, Row, about, agents_of, granted, once, sure_of
from graphinv.analyze.scopes import ACTION_BIT
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord, in_force
from graphinv.model.facts import NodeKey
from graphinv.model.moments import micros
from graphinv.model.text import counted

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

_HEAVY = frozenset({"delete", "admin"})
_CHANGES = WORSE_BITS & ~ACTION_BIT["execute"]
"""Actions that change a thing; to start it is none of them."""
_STARTS = ACTION_BIT["write"] | ACTION_BIT["execute"]
"""What clouds call starting a thing; it may be no more than that."""


@once
def _grants(engine: Engine) -> Sequence[tuple[NodeKey, list[EdgeRecord]]]:
    """Grants in force, worse than reading, of what agents come by, by whose they are."""
    estate, at = engine.estate, micros(engine.at)
    held = []
    for number in behind_agents(engine):
        key = engine.structure.keys[number]
        found = [
            edge
            for edge in estate.outgoing.get(key, ())
            if edge.kind == "CAN_ACCESS" and in_force(edge, at) and not WORSE_THAN_READ.isdisjoint(granted(edge))
        ]
        if found:
            held.append((key, found))
    return held


def administrator(engine: Engine, params: Params) -> Iterator[Row]:
    """Identities and tools of agents that may administer something; whole scopes are told by the rule of over-broad grants."""
    estate, nearest = engine.estate, NearestAgents(engine)
    for key, grants in _grants(engine):
        # What stands for any role of a cluster administers the whole of it, and so each thing in it
        held = [edge for edge in grants if "admin" in granted(edge) and edge.props.get("inherited_from") != key[1]]
        # A whole scope is told with what it holds
        whole = {edge.target for edge in held if estate.nodes[edge.target].props.get("type") in params["scopes"]}
        told = {edge.props.get("inherited_from") for edge in held if edge.target in whole} - {None}
        held = [edge for edge in held if edge.target not in whole and edge.props.get("inherited_from") not in told]
        if not held:
            continue
        sure: dict[NodeKey, float] = {}  # that it administers a thing is as sure as the surest grant
        for edge in held:
            sure[edge.target] = max(sure.get(edge.target, 0.0), sure_of(edge))
        one = held[0].target if len(sure) == 1 else None
        yield about(key, one) | {
            "what": estate.nodes[one].name if one else counted(len(sure), "thing", "things"),
            "grants": len(sure),
            "examples": sorted(map(":".join, sure))[:10],
            "agents": nearest.of(engine.structure.number[key]),
            "confidence": min(sure.values()),
        }


def dormant_privilege(engine: Engine, params: Params) -> Iterator[Row]:
    """Grants that were not used for long, and delegations that were not seen while others of the same agent were."""
    estate, at = engine.estate, micros(engine.at)
    since = at - params["days"] * DAY
    for key, held in _grants(engine):
        grants = [edge for edge in held if not only_seen(edge)]  # what was seen and nobody granted can't be taken away
        if not grants or may_rest(estate.nodes[key].props, at):
            continue
        stated = [edge for edge in grants if edge.props.get("last_used") is not None]
        if not stated:
            yield about(key) | {"unknown": True}
            continue
        unused = [
            edge
            for edge in grants
            if not _young(edge, since) and (edge.props.get("last_used") is None or micros(edge.props["last_used"]) < since)
        ]
        if unused:
            heavy = any(_HEAVY & granted(edge) for edge in unused)
            yield about(key) | {
                "what": f"{len(unused)} of {len(grants)} grants",
                "examples": sorted(":".join(edge.target) for edge in unused)[:10],
                "confidence": 0.7 if any(edge.props.get("last_used") is None for edge in unused) else 1.0,
                "modifiers": ["+2 it could delete or administer"] if heavy else [],
            }
    for agent in agents_of(engine):
        asked = [edge for edge in estate.outgoing.get(agent.key, ()) if edge.kind == "DELEGATES_TO" and in_force(edge, at)]
        lately = {edge.target for edge in asked if seen(edge) and not _before(edge.props.get("last_seen"), since)}
        idle = {edge.target for edge in asked if _before(edge.props.get("last_seen" if seen(edge) else "first_seen"), since)} - lately
        if lately and idle:
            yield about(agent.key) | {
                "what": f"{len(idle)} of {len({edge.target for edge in asked})} delegations",
                "examples": sorted(":".join(target) for target in idle)[:10],
                "confidence": 0.5,
            }


def _before(time: str | None, since: int) -> bool:
    return time is not None and micros(time) < since


def _young(edge: EdgeRecord, since: int) -> bool:
    """Whether it was granted too lately to have been unused for long."""
    start = edge.props.get("valid_from")
    return start is not None and micros(start) > since


# --------------------------------------------------------------------------------------------------------------------------------
# Limits


_HOLD_ACCOUNTS = ("cluster", "namespace")
"""Types of resources below whose ids those of the accounts in them lie."""


def own_limits(engine: Engine, params: Params) -> Iterator[Row]:
    """Agents that can change what limits them: their identity, policy, enforcement points, approvals or the record of what they do.

    A resource controls a node when it has its id, or a label ``controls=<id>``; a store of audit or approvals limits everybody. Who
    administers all of a cluster or a namespace administers the accounts in it.
    """
    estate, structure, at = engine.estate, engine.structure, micros(engine.at)
    controls: dict[int, set[str]] = {}
    everybody = set()
    scopes: dict[int, str] = {}
    stores = set(map(plain, params["stores"]))
    named = {key[1] for key in estate.nodes if key[0] in ("Agent", "Identity", "EnforcementPoint")}
    for column, node in enumerate(structure.targets.tolist()):
        record = estate.nodes[structure.keys[node]]
        said = set(values_of(record.props, ["controls"]))
        if record.kind == "Resource" and (record.id in named or said):
            controls[column] = said | ({record.id} & named)
        if record.kind == "Resource" and plain(str(record.props.get("type") or "")) in stores:
            everybody.add(column)
        if record.props.get("type") in _HOLD_ACCOUNTS:
            scopes[column] = f"{record.id}/"
    wanted, whole = (np.zeros(len(structure.targets), dtype=bool) for _ in range(2))
    wanted[[*controls, *everybody]] = True
    whole[list(scopes)] = True
    if not wanted.any() and not whole.any():
        return
    beside = cache(partial(_beside, estate, at))
    for agent in agents_of(engine):
        columns, bits = engine.privileges("posture").row(agent.key)
        chosen = (bits & _CHANGES > 0) & wanted[columns]
        held = columns[chosen].tolist()
        administered = columns[(bits & ACTION_BIT["admin"] > 0) & whole[columns]].tolist()
        if not held and not administered:
            continue
        surely = {*columns[chosen & (bits & WORSE_BITS != _STARTS)].tolist(), *administered}
        limits = _limits(agent, beside)
        own = [column for column in held if column in everybody or controls.get(column, set()) & limits]
        own += [column for column in administered if any(id.startswith(scopes[column]) for id in limits)]
        changed = own or held
        if not changed:
            continue
        keys = [structure.keys[structure.targets[column]] for column in changed]
        yield about(agent.key, min(keys)) | {
            "what": "its own limits" if own else "the limits of other agents",
            "controls": sorted(":".join(key) for key in keys)[:10],
            "confidence": 1.0 if surely.intersection(changed) else 0.4,
            "modifiers": [] if own else ["-1 they are those of others"],
        }


def _limits(agent: NodeRecord, beside: Callable[[NodeKey], tuple[set[str], list[NodeKey]]]) -> set[str]:
    """Ids of the agent, of what it runs as (itself or where it runs) with its roles and groups, and of the points that stand on their edges
    and on those of its tools."""
    found: set[str] = set()
    own = [agent.key]
    for key in own:
        points, roles = beside(key)
        found |= points
        own += [role for role in roles if role not in own]
    return found | {id for kind, id in own if kind in ("Agent", "Identity")}


def _beside(estate: Estate, at: int, key: NodeKey) -> tuple[set[str], list[NodeKey]]:
    """Points on the edges that leave a node, and that leave its tools; and what it runs as or on, and its roles and groups."""
    points: set[str] = set()
    roles: dict[NodeKey, None] = {}
    for edge in estate.outgoing.get(key, ()):
        if not in_force(edge, at):
            continue
        points.update(edge.props.get("guards") or ())
        if edge.kind in ("USES", "CONNECTS_TO"):
            points.update(guard for further in estate.outgoing.get(edge.target, ()) for guard in further.props.get("guards") or ())
        elif edge.kind in ("RUNS_AS", "RUNS_ON", "ASSUMES", "MEMBER_OF") and not edge.props.get("isolated"):
            roles[edge.target] = None
    return points, list(roles)


# --------------------------------------------------------------------------------------------------------------------------------
# Duties


def toxic_duties(engine: Engine, params: Params) -> Iterator[Row]:
    """Agents that hold both sides of a pair of duties over the same things.

    A duty is a label ``duty=<name>`` on a tool or a resource; what it is over is the label ``system``, or the tenant. O(duties * arcs).
    """
    estate, approvals = engine.estate, approvals_of(engine)
    pairs = [tuple(part.strip() for part in pair.split("+")) for pair in params["pairs"]]
    wanted = {plain(duty): duty for pair in pairs for duty in pair}
    # By duty and agent: what gives it, by what it is over in plain form
    holders: defaultdict[str, defaultdict[NodeKey, defaultdict[str, list[NodeKey]]]] = defaultdict(
        lambda: defaultdict(lambda: defaultdict(list))
    )
    named: dict[str, str] = {}
    for record in (*estate.of_kind("Tool"), *estate.of_kind("Resource")):
        duties = sorted({wanted[plain(said)] for said in values_of(record.props, ["duty"]) if plain(said) in wanted})
        if not duties:
            continue
        agents = [key for key in _holders(engine, record) if key[0] == "Agent" and key not in estate.out_of_service]
        over = labels_of([record.props]).get("system") or str(record.props.get("tenant") or "")
        named.setdefault(plain(over), over)
        for duty in duties:
            for agent in agents:
                holders[duty][agent][plain(over)].append(record.key)
    for one, other in pairs:
        for agent in sorted(holders[one].keys() & holders[other].keys()):
            mine, theirs = holders[one][agent], holders[other][agent]
            told = False
            for over in sorted(mine.keys() & theirs.keys()):
                if over or set(mine[over]) & set(theirs[over]):
                    told = True
                    bound = any(_exact(approvals, agent, side) for side in (mine[over], theirs[over]))
                    yield about(agent) | {
                        "pair": f"{one} and {other}",
                        "over": named[over] or None,
                        "by": sorted(":".join(key) for key in (*mine[over], *theirs[over])),
                        "modifiers": ["-2 one side is approved call by call"] if bound else [],
                    }
            if not told and ("" in mine or "" in theirs):
                yield about(agent) | {"unknown": True}


def _holders(engine: Engine, record: NodeRecord) -> Iterator[NodeKey]:
    """Who comes to a tool, or can do worse than read to a resource."""
    arcs, keys = engine.arcs("posture"), engine.structure.keys
    if record.kind == "Tool":
        return (keys[node] for node in closure(arcs.arriving, arcs.source, [engine.structure.number[record.key]]))
    nodes, bits = engine.privileges("posture").holding(record.key)
    return (keys[node] for node in nodes[bits & WORSE_BITS > 0].tolist())


def _exact(approvals: Approvals, agent: NodeKey, tools: list[NodeKey]) -> bool:
    """Whether all of a side are tools that the agent calls with each call approved to the letter."""
    edges = [edge for edge in approvals.estate.outgoing.get(agent, ()) if edge.kind == "USES" and edge.target in tools]
    return {edge.target for edge in edges if edge.props.get("approval") == "exact" and approvals.of(edge) == "approved"} == set(tools)
