"""Rules about enforcement points: what does not decide, cannot tell who asks, or happened anyway."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import TYPE_CHECKING

from graphinv.analyze.approvals import HOLDS, approvals_of
from graphinv.analyze.arcs import project
from graphinv.analyze.checks_inventory import only_seen
from graphinv.analyze.labels import labels_of, plain, time_of
from graphinv.analyze.plan import sparing
from graphinv.analyze.privilege import Privileges
from graphinv.analyze.reaching import WORSE_BITS, Columns, columns_of
from graphinv.analyze.rows import Params, Row, about, agents_of, granted, hop_of, once
from graphinv.analyze.scopes import action_bits
from graphinv.analyze.standing import Standing
from graphinv.model.estate import EdgeRecord, Estate, in_force, listed
from graphinv.model.facts import NodeKey, Props
from graphinv.model.moments import micros
from graphinv.model.text import counted

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

_CALLS = ("USES", "CONNECTS_TO", "DELEGATES_TO")
_MINUTE = 60 * 1_000_000
_MOST_TOOLS = 10


@once
def _guarded(engine: Engine) -> dict[NodeKey, list[EdgeRecord]]:
    """Edges in force by the enforcement points on them, of those that are known."""
    estate, at = engine.estate, micros(engine.at)
    found: defaultdict[NodeKey, list[EdgeRecord]] = defaultdict(list)
    guarded = (edge for edge in estate.edges if edge.props.get("guards"))
    for edge in guarded:
        for guard in edge.props["guards"] if in_force(edge, at) and edge.source not in estate.out_of_service else ():
            if ("EnforcementPoint", guard) in estate.nodes:
                found["EnforcementPoint", guard].append(edge)
    return found


# --------------------------------------------------------------------------------------------------------------------------------
# Points


def idle_point(engine: Engine, params: Params) -> Iterator[Row]:
    """Enforcement points on the way to what matters that only watch, are off, let pass when they fail, or have fallen silent."""
    estate, at = engine.estate, micros(engine.at)
    told = columns_of(engine)
    for key, edges in sorted(_guarded(engine).items()):
        props = estate.nodes[key].props
        if _always(props) and (key[0], key[1].rpartition("#")[0]) in estate.nodes:
            continue  # a part of a point, which is told itself
        reason = _idle(props, edges, at, params["hours"])
        if reason is None and not _unsaid(props):
            continue
        hop = next((edge for edge in edges if _leads_to_harm(engine, told, edge)), None)
        if hop is None:
            continue
        if reason is None:
            yield about(key) | {"unknown": True}
            continue
        prod = any(estate.nodes[end].props.get("environment") == "prod" for edge in edges for end in (edge.source, edge.target))
        opens = reason == _OPENS and prod
        yield about(key) | {
            "reason": reason,
            "edges": len(edges),
            "path": [hop_of(estate, hop)],
            "modifiers": ["+1 in production"] if opens else [],
        }


_OPENS = "it lets everything pass when it cannot be asked"


def _always(point: Props) -> str:
    """What a point is known to answer each time to what it stands on, which records of its decisions show; empty of any other."""
    return labels_of([point]).get("always", "")


def _idle(props: Props, edges: Iterable[EdgeRecord], at: int, hours: int) -> str | None:
    """Why a point on ``edges`` does not enforce; None where it does, as far as anybody stated."""
    if props.get("mode") in ("monitor", "off"):
        until = time_of(labels_of([props]).get("monitoruntil"))
        if props["mode"] == "monitor" and until is not None and at < until:
            return None
        return "it only watches" if props["mode"] == "monitor" else "it is off"
    if props.get("mode") != "enforce":
        return None
    # The agent control standard lets pass by specification where nothing else is said
    if props.get("fail") == "open" or (props.get("fail") is None and props.get("kind_detail") == "acs"):
        return _OPENS
    return f"it was not heard of for {hours} hours" if _silent(props, edges, at, hours) else None


def _silent(props: Props, edges: Iterable[EdgeRecord], at: int, hours: int) -> bool:
    """Whether a point was not heard of for long; where only its decisions are heard, whether something went past it meanwhile."""
    beat = props.get("last_heartbeat")
    if beat is None:
        return False
    if labels_of([props]).get("heard") == "decisions":
        seen = (_last_seen(edge) for edge in edges if "observed" in (edge.props.get("evidence") or ()))
        at = max((last for last in seen if last is not None), default=0)
    return at - micros(beat) >= hours * 3_600_000_000


def _unsaid(props: Props) -> bool:
    """Whether nobody states whether a point enforces or, of one that does, what happens when it fails or when it was last heard of."""
    mode = props.get("mode")
    return mode is None or (mode == "enforce" and (props.get("fail") is None or props.get("last_heartbeat") is None))


def _leads_to_harm(engine: Engine, told: Columns, edge: EdgeRecord) -> bool:
    """Whether something sensitive, or worse than reading, lies behind an edge."""
    structure = engine.structure
    own = structure.column_of(edge.target) if edge.kind == "CAN_ACCESS" else None
    if own is not None:
        return bool(told.sensitive[own] or told.prod[own]) or set(edge.props.get("actions") or ()) != {"read"}
    columns, bits = engine.privileges("posture").row(edge.target)
    return bool((told.sensitive[columns] | told.prod[columns] | (bits & WORSE_BITS > 0)).any())


def blind_point(engine: Engine, params: Params) -> Iterator[Row]:
    """Enforcement points that decide and cannot tell which agent asks."""
    estate, at, told = engine.estate, micros(engine.at), columns_of(engine)
    standing = Standing(engine)
    callers, is_shared = cache(standing.callers), cache(standing.is_shared)
    for key, edges in sorted(_guarded(engine).items()):
        props = estate.nodes[key].props
        lacking = _untold(props)
        if props.get("mode") != "enforce" or (props.get("distinguishes") == "agent" and not lacking):
            continue
        if props.get("distinguishes") is None and not lacking:
            yield about(key) | {"unknown": True}
            continue
        before = {edge.source: callers(edge.source) for edge in edges}
        everybody = set().union(*before.values())
        shared = sorted(name[1] for name in _names(estate, edges, before, at) if is_shared(name))
        blind = props.get("distinguishes") == "none" or (props.get("distinguishes") == "identity" and bool(shared))
        if not everybody:
            continue
        if not (blind or lacking):
            if _nameless(estate, before, at):
                yield about(key) | {"unknown": True}
            continue
        seen = f"it sees the identity {shared[0]}, which several agents share" if shared else "it sees nobody's name"
        reasons = [*([seen] if blind else []), *([f"it is not told {', '.join(lacking)}"] if lacking else [])]
        behind = Counter(edge.target for edge in edges)
        tools = {one.source for target in behind for one in estate.incoming.get(target, ()) if one.source[0] == "Tool"}
        tools |= {target for target in behind if target[0] == "Tool"}
        yield about(key) | {
            "reason": "; ".join(reasons),
            "agents": sorted(id for _, id in everybody),
            "identities": shared,
            "path": [hop_of(estate, next((edge for edge in edges if _leads_to_harm(engine, told, edge)), edges[0]))],
            "modifiers": [f"+1 the same permissions lie behind more than {_MOST_TOOLS} tools"] if len(tools) > _MOST_TOOLS else [],
        }


_INPUTS = {
    "agent": "which agent asks",
    "subject": "for whom",
    "task": "for which task",
    "sensitivity": "how sensitive the thing is",
    "environment": "in which environment",
}
"""What a decision needs to be told, by the values of the label ``input``."""


def _untold(point: Props) -> list[str]:
    """What a point is not told with a request, in words; nothing where nobody states what it is told."""
    told = {label.removeprefix("input=") for label in point.get("labels") or () if label.startswith("input=")}
    known = told | ({"agent"} if point.get("distinguishes") == "agent" else set())
    return [words for name, words in _INPUTS.items() if told and name not in known]


def _names(estate: Estate, edges: Iterable[EdgeRecord], before: Mapping[NodeKey, set[NodeKey]], at: int) -> set[NodeKey]:
    """Identities that a point sees on edges: those that they lead to or leave, members of groups among these, or what the callers
    ``before`` each source run as."""
    seen = {edge.target for edge in edges if edge.target[0] == "Identity"}
    waiting = []
    for source, callers in before.items():
        if source[0] == "Identity":
            waiting.append(source)
        else:
            out = (one for caller in callers for one in estate.outgoing.get(caller, ()))
            seen.update(one.target for one in out if one.kind == "RUNS_AS" and in_force(one, at))
    while waiting:
        key = waiting.pop()
        if key not in seen:
            seen.add(key)
            members = (one for one in estate.incoming.get(key, ()) if one.kind == "MEMBER_OF" and in_force(one, at))
            waiting += [one.source for one in members]
    return seen


def _nameless(estate: Estate, before: Mapping[NodeKey, set[NodeKey]], at: int) -> bool:
    """Whether of some agent that stands ``before`` what is no identity no identity is known."""
    agents = set().union(*(callers for source, callers in before.items() if source[0] != "Identity"))
    known = ("RUNS_AS", "HOLDS")
    return any(not any(one.kind in known and in_force(one, at) for one in estate.outgoing.get(agent, ())) for agent in agents)


# --------------------------------------------------------------------------------------------------------------------------------
# What happened


def contradicted(engine: Engine, params: Params) -> Iterator[Row]:
    """What was seen at work and should not have been: let pass and never approved, after its end, or out of all reach."""
    estate = engine.estate
    enforcing = {point.id for point in estate.of_kind("EnforcementPoint") if point.props.get("mode") == "enforce"}
    denying = {point for point in enforcing if estate.nodes["EnforcementPoint", point].props.get("effect") == "deny"}
    meant: defaultdict[tuple[str, NodeKey, NodeKey], list[EdgeRecord]] = defaultdict(list)
    sightings = engine.estate.sightings
    seen_between = {(edge.kind, edge.source, edge.target) for edge in sightings}
    for edge in (edge for source in {edge.source for edge in sightings} for edge in estate.outgoing[source]):
        ends = edge.kind, edge.source, edge.target
        if ends in seen_between and set(edge.props.get("evidence") or ()) - {"observed"}:
            meant[ends].append(edge)
    approvals = approvals_of(engine)
    once = (*HOLDS, "expired")  # it may have been seen before its approval ran out
    approved = cache(lambda source: {edge.target for edge in estate.outgoing[source] if edge.kind in _CALLS and approvals.of(edge) in once})
    tasks = _closed_tasks(estate)
    unstated: defaultdict[NodeKey, list[EdgeRecord]] = defaultdict(list)
    for edge in (one for one in sightings if one.kind == "CAN_ACCESS" or one.props.get("guards")):
        guards, seen = set(edge.props.get("guards") or ()), _last_seen(edge)
        ends = edge.kind, edge.source, edge.target
        held = [one for one in meant.get(ends, ()) if seen is None or _held(one, seen, params["minutes"])]
        known = bool(held) and not _beyond(edge, held)
        found: tuple[str, str | None] | None = _after_end(edge, seen, params["minutes"]) if guards & enforcing else None
        if guards & denying and not found:
            found = "a point denies it, and it was seen", "+2 the denial did not hold"
        elif edge.kind in _CALLS and guards & enforcing and not found:
            closed = tasks.get(edge.source)
            if closed is not None and seen is not None and seen > closed + params["minutes"] * _MINUTE:
                found = "it was let pass after its task was closed", "+1 what was over went on"
            elif not known and edge.target not in approved(edge.source) and not _by_server(estate, edge, seen, params["minutes"]):
                found = "it was let pass, and nobody declared or approved it", None
            elif approvals.of(edge) == "refused":
                found = "it was let pass, though it was not approved", None
        elif edge.kind == "CAN_ACCESS" and not known and not found and not _granted(engine, edge, seen):
            if all(map(only_seen, estate.outgoing[edge.source])):
                unstated[edge.source].append(edge)
                continue
            found = "posture knows no such grant, and it was seen", "+2 the graph does not show how"
        if found:
            reason, note = found
            yield about(edge.source, edge.target) | {
                "where": estate.nodes[edge.target].name,
                "reason": reason,
                "points": sorted(guards & enforcing),
                "path": [hop_of(estate, edge)],
                "modifiers": [note] if note else [],
            }
    yield from _refused(engine, seen_between)
    for source, edges in unstated.items():
        # Where no source tells of any of its grants, that is one thing to mend, however much it was seen to do.
        targets = sorted({edge.target for edge in edges})
        yield about(source, targets[0] if len(targets) == 1 else None) | {
            "where": estate.nodes[targets[0]].name if len(targets) == 1 else counted(len(targets), "thing", "things"),
            "reason": "posture knows no grant of it at all, and it was seen",
            "points": [],
            "path": [hop_of(estate, edges[0])],
            "modifiers": ["+2 the graph does not show how"],
        }


def _refused(engine: Engine, seen: Container[tuple[str, NodeKey, NodeKey]]) -> Iterator[Row]:
    """What somebody declared, was never ``seen``, and a point refused each time that it was asked for."""
    estate = engine.estate
    for point, edges in sorted(_guarded(engine).items()):
        props = estate.nodes[point].props
        if _always(props) != "deny" or props.get("mode") != "enforce":
            continue
        for edge in edges:
            if not only_seen(edge) and (edge.kind, edge.source, edge.target) not in seen:
                yield about(edge.source, edge.target) | {
                    "where": estate.nodes[edge.target].name,
                    "reason": "it is declared, and refused each time, so it is not needed",
                    "points": [point[1]],
                    "path": [hop_of(estate, edge)],
                    "modifiers": ["-4 nothing gets through"],
                }


def _last_seen(edge: EdgeRecord) -> int | None:
    """When it was last seen at work, as far as that is known."""
    stated = edge.props.get("last_seen") or edge.props.get("first_seen")
    return None if stated is None else micros(stated)


def _after_end(edge: EdgeRecord, seen: int | None, minutes: int) -> tuple[str, str] | None:
    """Whether it was seen after it had ended, by more than a cache of decisions explains."""
    end = edge.props.get("valid_until")
    if end is None or seen is None or edge.props.get("renewable") or seen <= micros(end) + minutes * _MINUTE:
        return None
    return "it was let pass after it had ended", "+1 what was over went on"


def _closed_tasks(estate: Estate) -> dict[NodeKey, int]:
    """By agent, when the last of its tasks was closed; only where all are."""
    ends: defaultdict[NodeKey, list[str | None]] = defaultdict(list)
    for edge in estate.edges_of("RUNS_TASK"):
        ends[edge.source].append(estate.nodes[edge.target].props.get("closed_at"))
    return {agent: max(micros(end) for end in closed if end) for agent, closed in ends.items() if all(closed)}


def _held(edge: EdgeRecord, seen: int, minutes: int) -> bool:
    """Whether it was in force when something was seen, or a cache of decisions may not have known better."""
    return in_force(edge, seen) or in_force(edge, seen - minutes * _MINUTE)


def _beyond(edge: EdgeRecord, grants: Iterable[EdgeRecord]) -> int:
    """Bits of the actions of ``edge`` that none of ``grants`` has."""
    allowed = 0
    for grant in grants:
        allowed |= action_bits(granted(grant))
    return action_bits(edge.props.get("actions") or ()) & ~allowed


def _by_server(estate: Estate, edge: EdgeRecord, seen: int | None, minutes: int) -> bool:
    """Whether its source is meant to connect to a server that provides the tool that it was seen to call."""
    tool = estate.nodes[edge.target]
    servers = {one.source for one in estate.incoming.get(tool.key, ()) if one.kind == "PROVIDES"}
    links = (one for one in estate.outgoing.get(edge.source, ()) if one.kind == "CONNECTS_TO" and one.target in servers)
    return any(not only_seen(one) and listed(one, tool) and (seen is None or _held(one, seen, minutes)) for one in links)


@once
def _declared(engine: Engine) -> Privileges:
    """What everybody can do by what is declared and granted; no other rule asks for it."""
    return Privileges(project(engine.structure, "declared", engine.at), engine.weights.target, engine.weights.best, sparing)


def _granted(engine: Engine, edge: EdgeRecord, seen: int | None) -> bool:
    """Whether what is declared and granted lets its source do the same, by whatever way; or did so when it was seen, by its roles and
    groups of then."""
    held = _declared(engine).actions_on(edge.source, edge.target)
    if set(edge.props.get("actions") or ()) <= set(held):
        return True
    if seen is None:
        return False
    roles, then = _roles(engine), [edge.source]
    for key in then:
        then += [one.target for one in roles.get(key, ()) if in_force(one, seen) and one.target not in then]
    grants = (one for one in engine.estate.incoming[edge.target] if one.kind == "CAN_ACCESS" and one.source in then)
    return not _beyond(edge, (one for one in grants if not only_seen(one) and in_force(one, seen)))


@once
def _roles(engine: Engine) -> Mapping[NodeKey, Sequence[EdgeRecord]]:
    """By what has them, edges to roles and groups that were not only seen."""
    found: defaultdict[NodeKey, list[EdgeRecord]] = defaultdict(list)
    for edge in engine.estate.edges_of("RUNS_AS", "ASSUMES", "MEMBER_OF"):
        if not only_seen(edge):
            found[edge.source].append(edge)
    return found


def unrecorded(engine: Engine, params: Params) -> Iterator[Row]:
    """Agents that were seen at work where no point decided or wrote down, and those of high risk whose record is kept too briefly."""
    estate = engine.estate
    points = {point.id: point.props for point in estate.of_kind("EnforcementPoint")}
    recording = {id for id, props in points.items() if props.get("mode") in ("enforce", "monitor")}
    idle, at = {id for id, props in points.items() if props.get("mode") == "off"}, micros(engine.at)
    for agent in agents_of(engine):
        seen = [
            edge
            for edge in estate.outgoing.get(agent.key, ())
            if edge.kind in ("USES", "DELEGATES_TO")
            and "observed" in (edge.props.get("evidence") or ())
            and edge.props.get("mode") != "on_behalf_of"  # the token that names both is the record
        ]
        open_ones = [edge for edge in seen if not _recorded(estate, edge, recording, at)]
        silent = [edge for edge in open_ones if idle.issuperset(edge.props.get("guards") or ())]
        if len(silent) < len(open_ones):
            yield about(agent.key) | {"unknown": True}
        if silent:
            final = [edge for edge in silent if "irreversible" in (estate.nodes[edge.target].props.get("effects") or ())]
            yield about(agent.key) | {
                "what": f"no point decided or wrote down {len(silent)} of the {len(seen)} things that it was seen to do",
                "examples": sorted(":".join(edge.target) for edge in silent)[:10],
                "path": [hop_of(estate, (final or silent)[0])],
                "modifiers": ["+1 what it did cannot be undone"] if final else [],
            }
        said = labels_of([agent.props])
        kept = said.get("logretentiondays", "")
        if plain(said.get("risk", "")) == "high":
            if not kept.isdecimal():
                yield about(agent.key) | {"unknown": True}
            elif int(kept[:9]) < params["retention"]:
                yield about(agent.key) | {"what": f"its record is kept for {int(kept[:9])} days only"}


def _recorded(estate: Estate, edge: EdgeRecord, recording: set[str], at: int) -> bool:
    """Whether a point that decides or writes down stands on what was seen, or on all ways by which servers provide what was called."""
    provided = [one for one in estate.incoming.get(edge.target, ()) if one.kind == "PROVIDES" and in_force(one, at)]
    ways = [{*(one.props.get("guards") or ())} & recording for one in provided]
    return bool({*(edge.props.get("guards") or ())} & recording) or (bool(ways) and all(ways))
