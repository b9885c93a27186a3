"""Rules about where content and data flow: strangers' words to what is sensitive, to a way out, to what cannot be undone."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from graphinv.analyze.approvals import Approvals, approvals_of
from graphinv.analyze.labels import affirmed
from graphinv.analyze.legs import Legs, by_process, reader_of
from graphinv.analyze.reaching import WORSE_BITS, affordable
from graphinv.analyze.rows import Params, Row, about, active, agents_of, hop_of, of_several, once, points_on, steps_up
from graphinv.analyze.toolbox import Toolbox, in_a_sandbox, runs_apart, toolbox_of
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord, in_force, listed
from graphinv.model.facts import NodeKey
from graphinv.model.results import Hop

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

_ACTORS = ("Agent", "Workflow")
_FINAL = frozenset({"destructive", "irreversible", "execute"})
UNSEEN = 0.4
"""How sure it is that an agent sees a secret that only its process has, that what a server says of its tools leads it astray, or that what
one part of a flow takes in comes to what another part writes."""
_GUESSED = 0.5
"""How sure it is at most that an agent sees what is sensitive where that is only inferred; docs/accuracy.md says what was read by hand."""
_ASKS_FIRST = frozenset({"suggest", "approve_each", "approve_destructive"})

Step = tuple[EdgeRecord, bool]
"""An edge and whether it is walked backwards."""
Flows = Mapping[NodeKey, list[tuple[NodeKey, Step]]]
"""By actor or memory, whereto data flows from it and by which step."""
Parents = Mapping[NodeKey, tuple[NodeKey, Step] | None]
"""What is come to, and whence; None of what it begins with."""


def trifecta(engine: Engine, params: Params) -> Iterator[Row]:
    """Agents that take in strangers' content, can see what is sensitive and can send something out, all at once."""
    estate, reader = engine.estate, reader_of(engine)
    found = []
    for agent in agents_of(engine):
        legs = reader.legs(agent.key)
        taken = legs.untrusted or reader.described(agent.key)
        if taken and legs.sensitive and legs.egress:
            found.append((agent, legs, taken))
    sights = _sights(engine, {agent.key: legs for agent, legs, _ in found})
    for agent, legs, taken in found:
        guarded = [
            name for name, edges in (("taking in", taken), ("sending out", legs.egress)) if all(reader.decided(edge) for edge in edges)
        ]
        sizes = {"taking in": len(taken), "seeing": len(legs.sensitive), "sending out": len(legs.egress)}
        sight = sights.get(agent.key, ())
        guessed = any(hop.evidence == ("inferred",) for hop in sight)
        yield about(agent.key) | {
            "confidence": min(1.0 if legs.untrusted and _sees(engine, legs, sight) else UNSEEN, _GUESSED if guessed else 1.0),
            "untrusted": sorted(":".join(edge.target) for edge in taken),
            "sensitive": [":".join(key) for key in legs.sensitive[: params["examples"]]],
            "egress": sorted(":".join(edge.target) for edge in legs.egress),
            "cheapest": min(sizes, key=lambda name: (sizes[name], name)),
            "path": [hop_of(estate, taken[0]), *sight, hop_of(estate, legs.egress[0])],
            "modifiers": [
                *([f"-2 {' and '.join(guarded)} is behind a decision"] if guarded else []),
                *(["-1 what it sends stays inside"] if legs.inside else []),
            ],
        }


_LOOKED = 3
"""Of how many of the sensitive things of one agent ways are searched; the surest is shown."""
_SEARCHES = 200


def _sights(engine: Engine, actors: Mapping[NodeKey, Legs]) -> Mapping[NodeKey, Sequence[Hop]]:
    """How each of ``actors`` comes to see what is sensitive: the surest way to one of the weightiest things that it sees, its own before
    those of its process.

    Ways are searched for as many things as can be afforded, the weightiest first, and target by target, since one search serves all actors.
    """
    wanted: defaultdict[NodeKey, list[NodeKey]] = defaultdict(list)
    for actor, legs in sorted(actors.items()):
        for target in legs.sensitive[:_LOOKED]:
            wanted[target].append(actor)
    weight = {target: engine.weights.target[column] for target in wanted if (column := engine.structure.column_of(target)) is not None}
    found: dict[NodeKey, tuple[tuple[bool, float], Sequence[Hop]]] = {}

    for target in sorted(weight, key=lambda target: (-weight[target], target))[: affordable(engine, _SEARCHES)]:
        for actor in wanted[target]:
            ways = (engine.witness(actor, target, action) for action in ("read", "execute"))
            path = next((way for way in ways if way is not None), None)
            if path:
                rank = not by_process(engine, path.hops), _sure(path.hops)
                if actor not in found or rank > found[actor][0]:
                    found[actor] = rank, path.hops
    return {actor: hops for actor, (_, hops) in found.items()}


def _sees(engine: Engine, legs: Legs, sight: Sequence[Hop]) -> bool:
    """Whether an actor sees what is sensitive itself: what a key opens that only its process has, it sees where it executes code there."""
    return legs.sees and (legs.executes or not by_process(engine, sight))


def _sure(hops: Iterable[Hop]) -> float:
    return min((1.0 if hop.confidence is None else hop.confidence for hop in hops), default=1.0)


# --------------------------------------------------------------------------------------------------------------------------------
# Over several agents


def toxic_flow(engine: Engine, params: Params) -> Iterator[Row]:
    """Sensitive agents that strangers' content comes to and that something which can send out gets data from, by way of others.

    Data flows along a call as arguments and back as its result, so a delegation carries it both ways; over a memory from those who write
    to those who read. One finding for each agent that sees something sensitive: the nearest source and the nearest way out are shown.
    """
    estate = engine.estate
    actors, flows, tainted = _taint(engine)
    backwards: dict[NodeKey, list[tuple[NodeKey, Step]]] = {}
    for source, steps in flows.items():
        for target, step in steps:
            backwards.setdefault(target, []).append((source, step))
    leaking = _nearest([key for key, legs in actors.items() if legs.egress], backwards)
    found = {}
    for key, legs in sorted(actors.items()):
        seeing = key[0] == "Agent" and legs.sensitive and not legs.all
        if seeing and key in tainted and key in leaking and {_end(key, tainted), _end(key, leaking)} != {key}:
            found[key] = legs
    sights = _sights(engine, found)
    for key, legs in found.items():
        before, after = _trail(key, tainted), _trail(key, leaking)
        source, out = _end(key, tainted), _end(key, leaking)
        hops = [*(_hop(estate, step) for step in reversed(before)), *sights.get(key, ()), *(_hop(estate, step) for step in after)]
        yield about(key) | {
            "confidence": min(
                0.5 if out[0] == "Workflow" or _remembers([*reversed(before), *after]) else 1.0,
                1.0 if _sees(engine, legs, sights.get(key, ())) else UNSEEN,
            ),
            "source": ":".join(source),
            "egress": ":".join(out),
            "how": _story(estate, source, key, out),
            "sensitive": [":".join(one) for one in legs.sensitive[: params["examples"]]],
            "path": hops,
            "modifiers": ["+1 it crosses owners"] if of_several(estate, (source, key, out)) else [],
        }


def _story(estate: Estate, source: NodeKey, key: NodeKey, out: NodeKey) -> str:
    """The walk from ``source`` over ``key`` to ``out`` in words."""
    start, here, end = (estate.nodes[one].name for one in (source, key, out))
    if source == key:
        return f"{here} takes in strangers' content and sees what is sensitive, which comes out by {end}"
    sends = "sees what is sensitive and sends out" if out == key else f"sees what is sensitive, and out by {end}"
    return f"Strangers' content from {start} comes to {here}, which {sends}"


@once
def _taint(engine: Engine) -> tuple[Mapping[NodeKey, Legs], Flows, Parents]:
    """Actors in service with their legs, where data flows, and by what way strangers' content comes to each that it comes to."""
    reader = reader_of(engine)
    actors = {node.key: reader.legs(node.key) for kind in _ACTORS for node in engine.estate.of_kind(kind) if active(node)}
    flows = _flows(toolbox_of(engine), actors)
    return actors, flows, _nearest([key for key, legs in actors.items() if legs.untrusted], flows)


@dataclass(frozen=True)
class Brought:
    """By what way strangers' content comes to something: hop by hop, over whom, and how sure it is that it does."""

    hops: Sequence[Hop]
    over: frozenset[NodeKey]
    confidence: float

    @classmethod
    def to(cls, engine: Engine, key: NodeKey) -> Brought | None:
        """The shortest such way to an actor or a memory; None where it does not come there."""
        _, _, tainted = _taint(engine)
        if key not in tainted:
            return None
        way, over = _trail(key, tainted)[::-1], frozenset(_before(key, tainted))
        flows = any(kind == "Workflow" for kind, _ in over)
        sure = min(UNSEEN if flows else 1.0, 0.5 if _remembers(way) else 1.0)
        return cls([_hop(engine.estate, step) for step in way], over, sure)


def _hop(estate: Estate, step: Step) -> Hop:
    edge, against = step
    return hop_of(estate, edge, backwards=against)


def _flows(toolbox: Toolbox, actors: Iterable[NodeKey]) -> Flows:
    """Where data can flow to from each actor and memory. O(edges)."""
    estate = toolbox.estate
    found: dict[NodeKey, list[tuple[NodeKey, Step]]] = {}
    known = set(actors)

    def add(source: NodeKey, target: NodeKey, step: Step) -> None:
        found.setdefault(source, []).append((target, step))

    calling = _calling(estate)
    for edge in estate.edges_of("WRITES", "READS", *_CALLS):
        if not in_force(edge, toolbox.at) or _sanitised(estate, edge):
            continue
        if edge.kind == "WRITES" and edge.source in known:
            add(edge.source, edge.target, (edge, False))
        elif edge.kind == "READS" and edge.source in known:
            add(edge.target, edge.source, (edge, True))
        elif edge.kind == "CONNECTS_TO" and edge.props.get("tools") is not None and (provided := toolbox.provided(edge.target)):
            tools = {one.target for one in provided if one.target in calling and listed(edge, estate.nodes[one.target])}
            for tool in sorted(tools) if edge.source in known else ():
                add(edge.source, tool, (edge, False))
                add(tool, edge.source, (edge, True))
        elif _both_ways(edge, known, calling):
            add(edge.source, edge.target, (edge, False))
            add(edge.target, edge.source, (edge, True))
    return found


def _both_ways(edge: EdgeRecord, actors: Container[NodeKey], calling: Container[NodeKey]) -> bool:
    """Whether an edge is a call that goes on to an agent, so that arguments flow along it and results back."""
    if edge.kind == "DELEGATES_TO":
        return edge.source in actors and edge.target in actors
    if edge.kind == "CALLS_BACK":
        return edge.target in actors
    if edge.kind == "PROVIDES":
        return edge.target in calling
    return edge.kind in ("USES", "CONNECTS_TO") and edge.target in calling and edge.source in actors


def _calling(estate: Estate) -> set[NodeKey]:
    """Tools and servers through which a call goes on to an agent."""
    found = {edge.source for edge in estate.edges_of("CALLS_BACK")}
    provided = list(estate.edges_of("PROVIDES"))
    found |= {edge.target for edge in provided if edge.source in found}
    return found | {edge.source for edge in provided if edge.target in found}


def _sanitised(estate: Estate, edge: EdgeRecord) -> bool:
    """Whether a point on the edge lets only typed values through (``kind_detail`` sanitiser), and enforces it."""
    return any(point.get("kind_detail") == "sanitiser" and point.get("mode") == "enforce" for point in points_on(estate, edge))


def _remembers(steps: Sequence[Step]) -> bool:
    """Whether somebody has to keep what one caller gave it until another one calls, and not only in a memory that is told."""
    return any(
        not against and back and edge.kind == other.kind == "DELEGATES_TO" and edge.source != other.source
        for (edge, against), (other, back) in pairwise(steps)
    )


def _nearest(starts: Iterable[NodeKey], steps: Mapping[NodeKey, list[tuple[NodeKey, Step]]]) -> Parents:
    """For everything that ``starts`` come to, whence it is come to on a shortest way; None for the starts themselves. O(edges)."""
    before: dict[NodeKey, tuple[NodeKey, Step] | None] = dict.fromkeys(sorted(starts))
    waiting = deque(before)
    while waiting:
        key = waiting.popleft()
        for other, step in steps.get(key, ()):
            if other not in before:
                before[other] = key, step
                waiting.append(other)
    return before


def _trail(key: NodeKey, before: Parents) -> list[Step]:
    """The steps between ``key`` and its start, beginning at ``key``."""
    steps = []
    while (parent := before[key]) is not None:
        key, step = parent
        steps.append(step)
    return steps


def _before(key: NodeKey, before: Parents) -> Iterator[NodeKey]:
    """What lies between ``key`` and its start, and the start."""
    while (parent := before[key]) is not None:
        key = parent[0]
        yield key


def _end(key: NodeKey, before: Parents) -> NodeKey:
    *_, end = (key, *_before(key, before))
    return end


# --------------------------------------------------------------------------------------------------------------------------------
# To what cannot be undone


def untrusted_to_destructive(engine: Engine, params: Params) -> Iterator[Row]:
    """Agents that take in strangers' content and come to a tool that destroys or executes, with nobody asked on the way.

    An agent to which strangers' content comes only by others, as the answer of a sub-agent or over a memory, is told where none of those
    comes to such a tool itself.
    """
    estate, reader = engine.estate, reader_of(engine)
    final = [tool.key for tool in estate.of_kind("Tool") if _cannot_be_undone(estate, tool, reader.at)]
    calls = _calls_backwards(engine)
    nearest = _nearest(final, calls)
    surely = _nearest(final, {key: [one for one in steps if not _may_be_asked(estate, one[1][0])] for key, steps in calls.items()})
    _, _, tainted = _taint(engine)
    for agent in agents_of(engine):
        if agent.key not in nearest:
            continue
        taken, way = reader.legs(agent.key).untrusted, list[Step]()
        if not taken and agent.key in tainted:
            *_, source = before = list(_before(agent.key, tainted))
            if nearest.keys().isdisjoint(before):
                taken, way = reader.legs(source).untrusted, _trail(agent.key, tainted)[::-1]
        if taken:
            ways = surely if agent.key in surely else nearest
            target, steps = _end(agent.key, ways), _trail(agent.key, ways)
            sure, asked = min((_unasked(estate, edge) for edge, _ in steps if edge.kind in ("USES", "CONNECTS_TO")), default=_STATED)
            hops = [hop_of(estate, taken[0]), *(_hop(estate, step) for step in (*way, *steps))]
            yield about(agent.key, target) | {
                "untrusted": sorted(":".join(edge.target) for edge in taken),
                "asked": asked,
                "path": hops,
                "confidence": min(sure, 0.5 if _remembers(way) else 1.0),
            }


_STATED = 1.0, " with nobody asked"
_UNSTATED = 0.5, ", and no source states that anybody is asked"
_PRESET = UNSEEN, ", and its client asks first unless it is started otherwise"
_CLIENTS = frozenset(
    {
        "amazon-q",
        "claude-code",
        "cline",
        "codex",
        "continue",
        "copilot-cli",
        "cursor",
        "gemini-cli",
        "github-copilot",
        "junie",
        "kilocode",
        "kiro",
        "qwen-code",
        "roo",
        "trae",
        "visual-studio",
        "vscode",
        "windsurf",
        "zed",
    }
)
"""Coding agents whose makers have them ask before they run something."""


def _unasked(estate: Estate, call: EdgeRecord) -> tuple[float, str]:
    """How sure it is that nobody is asked about a call, and in words."""
    caller = estate.nodes[call.source].props
    if caller.get("autonomy") is not None:
        return _UNSTATED if _may_be_asked(estate, call) else _STATED
    return _PRESET if caller.get("framework") in _CLIENTS and not call.props.get("approved") else _UNSTATED


def _may_be_asked(estate: Estate, edge: EdgeRecord) -> bool:
    """Whether a point on an edge decides what passes, or nobody states that it does not."""
    return any(point.get("mode") in (None, "enforce") for point in points_on(estate, edge))


def _cannot_be_undone(estate: Estate, tool: NodeRecord, at: int) -> bool:
    effects = _FINAL & set(tool.props.get("effects") or ())
    if tool.props.get("kind_detail") == "hook":
        return False  # it runs its own command at its own time, whatever the agent is told
    if affirmed(tool.props, "restorable") and "irreversible" not in effects:
        effects -= {"destructive"}
    if effects == {"execute"} and in_a_sandbox(estate, tool, at):
        return False
    return bool(effects)


_CALLS = ("USES", "CONNECTS_TO", "PROVIDES", "DELEGATES_TO", "CALLS_BACK")


def _calls_backwards(engine: Engine) -> dict[NodeKey, list[tuple[NodeKey, Step]]]:
    """Who can call each thing with nobody asked first."""
    estate, toolbox, approvals = engine.estate, toolbox_of(engine), approvals_of(engine)
    found: dict[NodeKey, list[tuple[NodeKey, Step]]] = {}
    for edge in estate.edges_of(*_CALLS):
        if not in_force(edge, toolbox.at):
            continue
        if edge.source in estate.out_of_service or edge.target in estate.out_of_service or _asked(approvals, edge):
            continue
        if edge.kind == "USES" and _kept_in(approvals, edge):
            continue
        limited = edge.kind == "CONNECTS_TO" and edge.props.get("tools") is not None
        offered = toolbox.provided(edge.target) if limited else []
        if offered:  # of a server of which no tool is known a list says nothing
            for one in offered:
                tool = estate.nodes[one.target]
                if listed(edge, tool) and active(tool) and not _asked(approvals, one):
                    found.setdefault(tool.key, []).append((edge.source, (edge, False)))
        else:
            found.setdefault(edge.target, []).append((edge.source, (edge, False)))
    return found


def _kept_in(approvals: Approvals, use: EdgeRecord) -> bool:
    """Whether somebody is asked wherever servers provide what is used or, of a tool that no server provides, it only executes, and its user
    is isolated in a sandbox."""
    estate, at = approvals.estate, approvals.at
    tool = estate.nodes[use.target]
    provided = [edge for edge in estate.incoming.get(tool.key, ()) if edge.kind == "PROVIDES"]
    if provided:
        stand = [edge for edge in provided if in_force(edge, at)]
        return bool(stand) and all(_asked(approvals, edge) for edge in stand)
    return _FINAL & set(tool.props.get("effects") or ()) == {"execute"} and runs_apart(estate, use.source, at)


def _asked(approvals: Approvals, edge: EdgeRecord) -> bool:
    """Whether somebody is asked about each call: the agent asks, the call was approved to the letter, or a point on the edge denies or
    steps up."""
    estate = approvals.estate
    if edge.kind in ("USES", "CONNECTS_TO") and estate.nodes[edge.source].props.get("autonomy") in _ASKS_FIRST:
        return True
    return steps_up(estate, edge) or (edge.kind == "USES" and edge.props.get("approval") == "exact" and approvals.of(edge) == "approved")


# --------------------------------------------------------------------------------------------------------------------------------
# Memories


def mixed_memory(engine: Engine, params: Params) -> Iterator[Row]:
    """Memories into which strangers' content comes and that agents with power read, and those that several owners write for everybody.

    Content comes in by whoever takes it in and writes it, or at second hand, over other agents and memories; whoever lies on that way has
    it without the memory.
    """
    estate, reader = engine.estate, reader_of(engine)
    for memory in estate.of_kind("Memory"):
        edges = [
            edge for edge in estate.incoming.get(memory.key, ()) if in_force(edge, reader.at) and edge.source not in estate.out_of_service
        ]
        writers = [edge for edge in edges if edge.kind == "WRITES"]
        bringing = [edge for edge in writers if reader.legs(edge.source).untrusted]
        bringing.sort(key=lambda edge: edge.source[0] != "Agent")
        powerful = [edge for edge in edges if edge.kind == "READS" and _powerful(engine, edge.source)]
        scope = memory.props.get("scope")
        apart = scope in ("session", "user")
        crossing = [
            ([hop_of(estate, write)], read, UNSEEN if write.source[0] == "Workflow" else 1.0)
            for write in bringing
            for read in powerful
            if not (apart and read.source == write.source)
        ]
        hand, brought = "", None if bringing else Brought.to(engine, memory.key)
        if brought:
            hand = " at second hand"
            crossing = [(list(brought.hops), read, brought.confidence) for read in powerful if read.source not in brought.over]
        several = of_several(estate, {edge.source for edge in writers}) if scope in (None, "tenant", "global") else 0
        if not crossing and not (several and scope):
            if several:
                yield about(memory.key) | {"unknown": True}
            continue
        reason = f"strangers' content comes into it{hand}, and agents that can do worse than read rely on it" if crossing else ""
        yield about(memory.key) | {
            "reason": reason or f"agents of {several} owners write it for everybody",
            "writers": sorted({":".join(edge.source) for edge in writers}),
            "readers": sorted({":".join(edge.source) for edge in powerful}),
            "confidence": crossing[0][2] if crossing else 1.0,
            "path": [*crossing[0][0], hop_of(estate, crossing[0][1], backwards=True)] if crossing else [],
        }


def _powerful(engine: Engine, actor: NodeKey) -> bool:
    _, bits = engine.privileges("posture").row(actor)
    return bool((bits & WORSE_BITS).any())
