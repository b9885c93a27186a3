"""Rules about delegation: authority that widens, names that get lost, access that stands for a moment, deputies that cannot tell who
asks."""

from __future__ import annotations

import heapq
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from graphinv.analyze.labels import agreed
from graphinv.analyze.plan import sparing
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.reaching import WORSE_BITS, Columns, Pair, Reached, affordable, calls_of, columns_of, pairs_and_counts
from graphinv.analyze.rings import Rings
from graphinv.analyze.rows import (
    DAY,
    STRONGEST_FIRST,
    Params,
    Row,
    about,
    active,
    agents_of,
    confidence,
    delegations,
    hop_of,
    tells_callers_apart,
)
from graphinv.analyze.scopes import Array, actions_of, split_scope
from graphinv.analyze.standing import Standing
from graphinv.analyze.structure import KIND_NUMBER
from graphinv.analyze.toolbox import Toolbox, toolbox_of
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord, in_force
from graphinv.model.facts import NodeKey
from graphinv.model.kinds import ANY_AGENT
from graphinv.model.moments import micros
from graphinv.model.text import counted

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

_ACTORS = ("Agent", "Workflow")
_MINUTE = 60 * 1_000_000


# --------------------------------------------------------------------------------------------------------------------------------
# Authority that widens


def widened(engine: Engine, params: Params) -> Iterator[Row]:
    """Delegations by which the delegator gains, as :func:`_widened` tells; as sure as the way to the heaviest thing that it gains.

    Ways are searched target by target, since one search serves all, and for as many as can be afforded, the weightiest first.
    """
    rows = list(_widened(engine))
    gains: defaultdict[_Gain, list[Row]] = defaultdict(list)
    for row, gain in rows:
        gains[gain].append(row)
    for gain in sorted(gains)[: affordable(engine, _SEARCHES)]:
        _, target, action = gain
        for row in gains[gain]:
            way = engine.witness((row["target_kind"], row["target_id"]), target, action)
            sure = (hop.confidence for hop in (way.hops if way else ()) if hop.confidence is not None)
            row["confidence"] = min([row["confidence"], *sure])
    yield from (row for row, _ in rows)


_SEARCHES = 200
_Gain = tuple[float, NodeKey, str]
"""The heaviest thing that is gained, after what it weighs turned round, and what can be done to it."""


def _widened(engine: Engine) -> Iterator[tuple[Row, _Gain]]:
    """Delegations by which the delegator can do, worse than read, what it could not do without them.

    What it could do without is its own and what it may ask others for; a second way to the same sub-agent is no other, nor is what comes
    back to it over a ring. In rings of very many, whose agents mostly come to each other by many ways, what goes round counts as its own.
    """
    estate, structure = engine.estate, engine.structure
    arcs, posture = engine.arcs("posture"), engine.privileges("posture")
    pointers, order = arcs.leaving
    actor = np.isin(structure.kinds, [KIND_NUMBER[kind] for kind in _ACTORS])
    once, twice, united = (np.zeros(len(structure.targets), dtype=np.uint8) for _ in range(3))
    told, rings = columns_of(engine), Rings(engine, WORSE_BITS)
    for agent in agents_of(engine):
        number = structure.number[agent.key]
        onward = order[pointers[number] : pointers[number + 1]]
        leaving = onward[actor[arcs.target[onward]] & (arcs.target[onward] != number)].tolist()
        found = {arc: edge for arc in leaving if (edge := estate.edges[arcs.first[arc]]).source == agent.key}
        if not found:
            continue
        carried, apart = {}, rings.without(number)
        ways: defaultdict[int, list[int]] = defaultdict(list)
        for arc in leaving:
            target = int(arcs.target[arc])
            beyond = apart.row(target) if apart else None
            carried[arc] = rings.passing(arc, beyond or posture.row(structure.keys[target]))
            ways[int(arcs.target[arc]) if arc in found else -1 - arc].append(arc)
        for together in ways.values():
            for some, bits in (carried[arc] for arc in together):
                united[some] |= bits
            for some in (carried[arc][0] for arc in together):
                twice[some] |= once[some] & united[some]
                once[some] |= united[some]
                united[some] = 0
        own, bits = engine.own_privileges.row(agent.key)
        twice[own] |= bits
        for arc, edge in found.items():
            yield from _gained(engine, told, edge, carried[arc], twice)
        for some in (own, *(columns for columns, _ in carried.values())):  # clearing all of it would take agents times targets
            once[some] = twice[some] = 0


def _gained(engine: Engine, told: Columns, edge: EdgeRecord, carried: tuple[Array, Array], without: Array) -> Iterator[tuple[Row, _Gain]]:
    """What ``edge`` adds, if anything."""
    scopes = edge.props.get("scopes")
    evaluable = all(split_scope(scope)[0] for scope in scopes or ())
    columns, bits = carried if evaluable else engine.privileges("posture").row(edge.target)
    if scopes is None:  # the callee's own power, not what it comes to by others
        columns, bits = engine.own_privileges.row(edge.target)
        if edge.props.get("mode") == "on_behalf_of" or tells_callers_apart(engine.estate, edge):
            return
    bits = bits & ~without[columns] & WORSE_BITS
    columns, bits = columns[bits > 0], bits[bits > 0]
    if not len(columns):
        return
    order = np.argsort(-engine.weights.target[columns], kind="stable")
    some = [engine.structure.keys[node] for node in engine.structure.targets[columns[order[:10]]].tolist()]
    row = about(edge.source, edge.target) | {
        "targets": len(columns),
        "what": counted(len(columns), "thing", "things"),
        "examples": [":".join(key) for key in some],
        "how": "asks for more than it has" if scopes is None else "hands over more than it has",
        "path": [hop_of(engine.estate, edge)],
        "confidence": min(confidence(edge), 1.0 if evaluable else 0.5),
        "modifiers": [
            *(["+2 what is handed over is stated, and its delegator never had it"] if scopes is not None else []),
            *(["+1 something sensitive is among it"] if told.sensitive[columns].any() else []),
        ],
    }
    held = actions_of(int(bits[order[0]]))
    yield row, (-float(engine.weights.target[columns[order[0]]]), some[0], next(one for one in STRONGEST_FIRST if one in held))


def lost_actor(engine: Engine, params: Params) -> Iterator[Row]:
    """Delegations after which nobody can tell any more who asked first."""
    estate, at = engine.estate, micros(engine.at)
    found = [edge for edge in delegations(estate, at) if edge.source != edge.target]
    named = {(edge.source, edge.target) for edge in found if edge.props.get("mode") == "on_behalf_of"}
    carried = {target for _, target in named}
    for edge in found:
        mode = edge.props.get("mode")
        if mode is None:
            yield about(edge.source, edge.target) | {"unknown": True}
            continue
        if mode == "passthrough":
            reason = "the caller's own credentials are passed on, so the callee looks like the caller"
        elif (
            edge.source in carried
            and (edge.source, edge.target) not in named  # a trace shows the call, the token of the same call on whose behalf it is
            and mode in ("invoke", "handoff", "scoped")
            and "observed" in (edge.props.get("evidence") or ())
        ):
            reason = "it was asked on somebody's behalf and asks on in its own name"
        else:
            continue
        _, bits = engine.privileges("posture").row(edge.target)
        yield about(edge.source, edge.target) | {
            "reason": reason,
            "path": [hop_of(estate, edge)],
            "modifiers": ["+2 what it leads to can be changed"] if (bits & WORSE_BITS).any() else [],
        }


def transient_access(engine: Engine, params: Params) -> Iterator[Row]:
    """What agents come to only over sub-agents, call-backs and steps that were seen at work and never declared."""
    estate = engine.estate
    places = (place for kind in ("CALLS_BACK", "CONNECTS_TO", "DELEGATES_TO", "USES") for place in estate.places_of.get(kind, ()))
    fleeting = [place for place in places if _fleeting(estate.edges[place])]
    engine = _as_of_late(engine, fleeting, params["days"])
    arcs = engine.arcs("posture")
    taken = np.isin(arcs.first, fleeting)
    if not taken.any():
        return
    keep = ~taken
    rest = replace(arcs, **{name: getattr(arcs, name)[keep] for name in ("source", "target", "mask", "first", "second", "way")})
    meant = Privileges(rest, solver=sparing)
    posture = engine.privileges("posture")
    seen = {edge.key: edge for edge in estate.sightings if _fleeting(edge)}

    def row(pair: Pair) -> Row:
        hops = pair.path.hops if pair.path else ()
        edges = [seen[key] for hop in hops for key in hop.edges if key in seen]
        notes = ["+1 it stood for less than five minutes, so a scan would miss it"] if any(_short(edge) for edge in edges) else []
        if estate.nodes[pair.agent].props.get("environment") in ("dev", "test") and all(edge.props.get("count") == 1 for edge in edges):
            notes.append("-3 it was seen once, where things are tried out")
        return about(pair.agent, pair.target) | {"actions": pair.actions, "path": hops, "modifiers": notes}

    gained = (Reached(agent.key, *posture.row_minus(meant, agent.key)) for agent in agents_of(engine))
    yield from pairs_and_counts(engine, gained, params["most"], params["searches"], "posture", row)


def _as_of_late(engine: Engine, fleeting: Sequence[int], days: int) -> Engine:
    """``engine``, or one to which what was ``fleeting`` (places of edges) and ended in the last ``days`` still stands: whenever one looks,
    it is over."""
    structure, at = engine.structure, micros(engine.at)
    ends = structure.edges.ends[fleeting]
    over = np.asarray(fleeting, dtype=np.int64)[(ends <= at) & (ends > at - days * DAY)]
    if not len(over):
        return engine
    estate, later = engine.estate, structure.edges.ends.copy()
    later[over] = at + 1
    aside = replace(structure, edges=replace(structure.edges, ends=later), load=lambda: estate)
    return type(engine)(aside, engine.at, engine.settings, sparing)


def _fleeting(edge: EdgeRecord) -> bool:
    """Whether it is a way to another actor, or a step of a flow, that was seen at work and that nobody declared."""
    evidence = edge.props.get("evidence") or ()
    if "observed" not in evidence or "declared" in evidence or "granted" in evidence:
        return False
    step = "Workflow" in (edge.source[0], edge.target[0])
    return edge.kind == "CALLS_BACK" or step or (edge.kind == "DELEGATES_TO" and bool(edge.props.get("transient")))


def _short(edge: EdgeRecord) -> bool:
    start, end = edge.props.get("valid_from"), edge.props.get("valid_until")
    return start is not None and end is not None and micros(end) - micros(start) < 5 * _MINUTE


def confused_deputy(engine: Engine, params: Params) -> Iterator[Row]:
    """Agents, tools and servers with power of their own that several agents can have used and that cannot tell for whom they act."""
    estate, at = engine.estate, micros(engine.at)
    toolbox, powers, standing = toolbox_of(engine), _Powers(engine), Standing(engine)
    askers = cache(lambda source: _askers(estate, source, at))
    for kind in ("Agent", "Tool", "ToolServer"):
        for deputy in estate.of_kind(kind):
            own = [edge for edge in estate.outgoing.get(deputy.key, ()) if edge.kind in ("RUNS_AS", "HOLDS") and in_force(edge, at)]
            if not own or not active(deputy) or agreed(deputy.props, "authorizescallers", at):
                continue
            if all(tells_callers_apart(estate, edge) for edge in own):
                continue
            used = [(edge, arc) for edge, arc in _calls(engine, deputy) if len(powers.behind(arc))]
            asking = {edge.source: askers(edge.source) for edge, _ in used}
            callers = sorted(set().union(*asking.values()) - {deputy.key})
            party = standing.parties(callers) if len(callers) >= params["callers"] else {}
            surest: dict[NodeKey, float] = {}
            for edge, _ in used if party else ():
                for caller in asking[edge.source].keys() & party.keys():
                    sure = min(confidence(edge), asking[edge.source][caller])
                    surest[party[caller]] = max(surest.get(party[caller], 0.0), sure)
            if len(surest) < params["callers"]:
                continue
            worse = np.unique(np.concatenate([powers.behind(arc) for _, arc in used]))
            keys, targets = engine.structure.keys, engine.structure.targets
            heaviest = worse[np.argmax(engine.weights.target[worse])]
            lower = any(_lower(toolbox, caller, deputy) for caller in callers)
            yield about(deputy.key, keys[targets[heaviest]]) | {
                "callers": [":".join(caller) for caller in callers],
                "parties": len(surest),
                "targets": len(worse),
                "modifiers": ["+1 a caller is trusted less than it"] if lower else [],
                "confidence": sorted(surest.values(), reverse=True)[params["callers"] - 1],
            }


class _Powers:
    """What of a deputy's own power can be used over each arc that leads to it."""

    def __init__(self, engine: Engine) -> None:
        self._engine, self._arcs = engine, engine.arcs("posture")
        self._known: dict[tuple[int, int], Array] = {}

    def behind(self, arc: int) -> Array:
        """Columns of what can be changed."""
        asked = int(self._arcs.target[arc]), int(self._arcs.mask[arc])
        if asked not in self._known:
            target, mask = asked
            columns, bits = self._engine.own_privileges.row(self._engine.structure.keys[target])
            bits = bits & (self._engine.structure.masks.at(mask, columns) if mask >= 0 else WORSE_BITS)
            self._known[asked] = columns[bits & WORSE_BITS > 0]
        return self._known[asked]


def _calls(engine: Engine, deputy: NodeRecord) -> Iterator[tuple[EdgeRecord, int]]:
    """Edges by which agents and flows call a deputy, itself or by a tool of its own, with nobody to decide for the caller; their arcs."""
    estate, at = engine.estate, micros(engine.at)
    asks = cache(lambda called: agreed(estate.nodes[called].props, "authorizescallers", at))
    for edge, provided, arc in calls_of(engine, deputy.key):
        if _undecided(estate, edge) and not asks(edge.target) and not (provided and tells_callers_apart(estate, provided)):
            yield edge, arc


def _askers(estate: Estate, source: NodeKey, at: int) -> dict[NodeKey, float]:
    """Agents for which ``source`` calls, and how sure that is by the surest way: itself, or those that can have a flow run, with nothing to
    tell it for whom. Of the node that stands for all agents of a kind that is not followed."""
    found: dict[NodeKey, float] = {}
    waiting, known = [(-1.0, source)], set[NodeKey]()
    while waiting:
        minus, one = heapq.heappop(waiting)
        if one in known:
            continue
        known.add(one)
        if one[0] == "Agent":
            found[one] = -minus
        elif estate.nodes[one].props.get("kind_detail") != ANY_AGENT:
            for edge in estate.incoming.get(one, ()):
                if edge.kind == "DELEGATES_TO" and in_force(edge, at) and _undecided(estate, edge):
                    heapq.heappush(waiting, (max(minus, -confidence(edge)), edge.source))
    return found


def _undecided(estate: Estate, edge: EdgeRecord) -> bool:
    """Whether it is a call by what is in service, without the first caller's name in it and with no point that decides by caller."""
    if edge.source == edge.target or edge.source in estate.out_of_service:
        return False
    return edge.props.get("mode") not in ("on_behalf_of", "passthrough") and not tells_callers_apart(estate, edge)


def _lower(toolbox: Toolbox, caller: NodeKey, deputy: NodeRecord) -> bool:
    props = toolbox.estate.nodes[caller].props
    beneath = deputy.props.get("environment") == "prod" and props.get("environment") in ("dev", "test")
    return beneath or toolbox.takes(caller)
