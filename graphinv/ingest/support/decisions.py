"""Decisions at run time, whoever wrote them down: what they show of who asked, what was let pass, and of the point that decided.

Drawn, of a whole log:
    (:EnforcementPoint {mode, effect, fail, distinguishes, last_heartbeat, labels: input=…, heard=decisions}) for each point that decided
    (:Agent)-[:USES|CONNECTS_TO|DELEGATES_TO]->(…), (:Identity)-[:CAN_ACCESS]->(:Resource), ``observed``, for what was let pass
    (:Agent)-[:DELEGATES_TO {mode: on_behalf_of}]->(:Agent), ``observed``, for each actor that a delegated token names (RFC 8693)
    the point on the edges between whom it decided of, whoever declares them

What was refused is no access. Where a point refused something :data:`REFUSALS` times and never let it pass, ``<point>#deny`` stands there
as well, with the label ``always=deny`` (``<point>#step_up`` where it had somebody asked): fewer may have been about what was asked, not
about who asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

from graphinv.ingest.support import authz
from graphinv.ingest.support.called import called, called_props
from graphinv.ingest.support.observed import MAX_SOURCES, MAX_THINGS, Deciding, Tally, united
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import EdgeFact, Fact, Guarding, NodeFact, NodeKey, Problem, Props, merge_props, place_of

ALLOW, DENY, STEP_UP = "allow", "deny", "step_up"
REFUSALS = 5
INPUTS = ("agent", "subject", "task", "sensitivity", "environment")
"""What a decision needs to be told, as rules read it from labels ``input=…``."""
MAX_POINTS = 2_000

Thing = tuple[str, str]
"""(type, name) as the record has them; empty texts where it does not tell."""
NOTHING: Thing = ("", "")


@dataclass(slots=True)
class Decision:
    """One decision.

    Args:
        verdict: ``allow``, ``deny``, ``step_up``, or empty where the record does not tell.
        agent: name of the agent that asked.
        principal: who the decision was about; of an agent that asks for somebody else not the agent.
        action: what it wants to do, in the record's words.
        target: what with.
        server: server of a tool.
        told: which of :data:`INPUTS` the point was told.
        starts: whether it is about starting an agent, for as long as that runs.
        at: when, as :func:`graphinv.ingest.support.observed.seconds` gives it.
        count: how often.
    """

    verdict: str
    agent: str = ""
    principal: Thing = NOTHING
    action: str = ""
    target: Thing = NOTHING
    server: str = ""
    told: frozenset[str] = frozenset()
    at: str | None = None
    count: int = 1
    starts: bool = False


@dataclass
class Point:
    """A point that decided. ``told`` is what it was told with each request; None where no record shows it. ``whole``: records show all that
    it was told, so that it was told no more. ``standing``: it is asked where it decided; of a simulation nobody knows that, nor did
    anything happen."""

    props: Props
    told: frozenset[str] | None
    last: str | None
    sources: list[str]
    whole: bool = False
    standing: bool = True

    def add(self, other: Point) -> None:
        self.props = merge_props("EnforcementPoint", self.props, other.props)
        told = [one.told for one in (self, other) if one.told is not None]
        self.told = frozenset.intersection(*told) if told else None
        self.last = max((one for one in (self.last, other.last) if one), default=None)
        self.sources = list(dict.fromkeys((*self.sources, *other.sources)))[:MAX_SOURCES]
        self.whole = self.whole or other.whole

    def node(self, id: str) -> NodeFact:
        props: Props = {"effect": "evaluate", **self.props, "last_heartbeat": self.last, "sources": self.sources}
        labels = ["heard=decisions"] if self.last else []
        if self.told is not None:
            labels += [f"input={name}" for name in INPUTS if name in self.told and self.whole]
            props["distinguishes"] = "agent" if "agent" in self.told else "identity" if "subject" in self.told else "none"
        props["labels"] = labels or None
        return NodeFact("EnforcementPoint", id, {name: value for name, value in props.items() if value is not None})

    def refusing(self, id: str, effect: str) -> NodeFact:
        """What it is where it always refuses the same."""
        props: Props = {name: self.props[name] for name in ("mode", "fail", "kind_detail") if name in self.props}
        what = "what it never lets pass" if effect == DENY else "what it has somebody asked about"
        props |= {"name": f"{self.props.get('name', id)}, {what}", "effect": effect, "distinguishes": "agent", "sources": self.sources}
        props["labels"] = [f"always={effect}"]
        return NodeFact("EnforcementPoint", f"{id}#{effect}", {**props, "last_heartbeat": self.last} if self.last else props)


Between = tuple[str, str, NodeKey, NodeKey]
"""Point, kind of edge, its ends."""


@dataclass
class Verdicts:
    """How often what was decided between two ends, and where that is written first."""

    allowed: int = 0
    denied: int = 0
    asked: int = 0
    source: str = ""

    def add(self, other: Verdicts) -> None:
        self.allowed += other.allowed
        self.denied += other.denied
        self.asked += other.asked
        self.source = self.source or other.source


@dataclass
class Record:
    """What a log shows; small however long the log, and picklable."""

    tally: Tally = field(default_factory=Tally)
    points: dict[str, Point] = field(default_factory=dict)
    verdicts: dict[Between, Verdicts] = field(default_factory=dict)
    own: dict[tuple[NodeKey, NodeKey], str] = field(default_factory=dict)
    """(agent, the principal that it is) and where it asks under that name."""
    problems: list[Problem] = field(default_factory=list)
    inline: bool = False
    """Whether the points stand in the way themselves, so that what they refuse does not happen."""
    beyond: int = 0
    """Records of points beyond :data:`MAX_POINTS`."""

    def point(
        self,
        id: str,
        place: str,
        told: frozenset[str] | None,
        at: str | None,
        *,
        whole: bool = False,
        standing: bool = True,
        **props: object,
    ) -> None:
        """A point is at work; ``props`` are what is known of it, None for unknown ones."""
        known = self.points.get(id)
        if known is None and len(self.points) >= MAX_POINTS:
            self.beyond += 1
            return
        before = known.props if known is not None else {}
        more = {name: value for name, value in props.items() if value is not None and name not in before}
        stated = {name: redact(value) if isinstance(value, str) else value for name, value in more.items()}
        if known is None:
            self.points[id] = Point(stated, told, at, [place], whole, standing)
        else:
            known.props |= stated
            known.told = told if known.told is None else known.told if told is None else known.told & told
            known.last = at if known.last is None or (at is not None and at > known.last) else known.last

    def decided(self, root: str, point: str, decision: Decision, place: str) -> None:
        """``point``, which :meth:`point` knows, decided so. O(1)."""
        stated = self.points.get(point)
        if stated is None:
            return
        if self.inline and decision.verdict in (DENY, STEP_UP):
            stated.props.setdefault("mode", "enforce")
        passed = decision.verdict == ALLOW or (decision.verdict in (DENY, STEP_UP) and stated.props.get("mode") == "monitor")
        asked = decision.agent, decision.principal, decision.action, decision.target, decision.server
        for kind, source, target, deciding in _between(root, *asked, decision.starts):
            between = (point, kind, source, target)
            verdicts = self.verdicts.get(between)
            if verdicts is None:
                if len(self.verdicts) >= MAX_THINGS:
                    self.tally.left_out += decision.count
                    continue
                verdicts = self.verdicts[between] = Verdicts(source=place)
                self._name(root, decision, source, target, place)
            if passed:
                verdicts.allowed += decision.count
                self.tally.see(kind, source, target, decision.at, place, (*deciding, ("guards", (point,))), count=decision.count)
            elif kind == "CONNECTS_TO" and authz.word(decision.target[0]) in authz.TOOLS and decision.target[1]:
                continue  # that a tool was refused says nothing of the others of its server
            elif decision.verdict == STEP_UP:
                verdicts.asked += decision.count
            elif decision.verdict == DENY:
                verdicts.denied += decision.count

    def acted(self, root: str, actors: Sequence[str], at: str | None, place: str) -> None:
        """Each of ``actors`` acts on behalf of the next one: so the token says, whatever was decided of the request. Within which scopes,
        records do not tell in a way that is known."""
        for name, behind in pairwise(actors):
            source, target = called(root, "Agent", behind), called(root, "Agent", name)
            if source != target:
                self.tally.name(source, place, **called_props(behind))
                self.tally.name(target, place, **called_props(name))
                self.tally.see("DELEGATES_TO", source, target, at, place, (("mode", "on_behalf_of"),))

    def supposed(self, point: str, verdict: str, between: tuple[str, NodeKey, NodeKey], place: str) -> None:
        """``point``, which :meth:`point` knows as not standing, would decide so of an edge between two nodes of the graph. Nothing was
        done, and asked about nothing but who and what, one refusal tells as much as several in earnest. O(1)."""
        if point not in self.points:
            return
        if (point, *between) not in self.verdicts and len(self.verdicts) >= MAX_THINGS:
            self.tally.left_out += 1
            return
        verdicts = self.verdicts.setdefault((point, *between), Verdicts(source=place))
        verdicts.allowed += verdict == ALLOW
        verdicts.denied += REFUSALS * (verdict == DENY)
        verdicts.asked += REFUSALS * (verdict == STEP_UP)

    def _name(self, root: str, decision: Decision, source: NodeKey, target: NodeKey, place: str) -> None:
        if source[0] == "Agent":
            self.tally.name(source, place, **called_props(decision.agent))
        elif source[0] == "Identity":
            kind, name = _asking(decision)
            self.tally.name(source, place, **authz.principal_props(kind, name, source))
            if decision.agent:
                agent = called(root, "Agent", decision.agent)
                self.tally.name(agent, place, **called_props(decision.agent))
                self.own.setdefault((agent, source), place)
        if target[0] == "Resource":
            self.tally.name(target, place, **authz.object_props(*decision.target, target))
        elif target[0] == "Tool":
            self.tally.name(target, place, **called_props(decision.target[1], decision.server))
        elif target[0] != "Identity":
            name = decision.server if target[0] == "ToolServer" and decision.server else decision.target[1]
            self.tally.name(target, place, **called_props(name))


def _asking(decision: Decision) -> Thing:
    """Principal under whose name an access was decided: that of the agent, else whom the record names."""
    if not decision.agent or authz.word(decision.principal[0]) in authz.AGENTS:
        return decision.principal
    return ("agent", decision.agent)


@lru_cache(maxsize=65536)
def _between(
    root: str, agent: str, principal: Thing, action: str, target: Thing, server: str, starts: bool
) -> tuple[tuple[str, NodeKey, NodeKey, Deciding], ...]:
    """Edges that a decision speaks of. What people do without an agent is no part of the graph, nor is what has no name."""
    actor = called(root, "Agent", agent) if agent else None
    edges: list[tuple[str, NodeKey, NodeKey, Deciding]] = []
    if actor and server:
        edges.append(("CONNECTS_TO", actor, called(root, "ToolServer", server), ()))
    kind, name = authz.word(target[0]), target[1]
    if not name:
        return tuple(edges)
    if kind in authz.TOOLS:
        if actor:
            edges.append(("USES", actor, called(root, "Tool", name, server), ()))
    elif kind in authz.SERVERS:
        if actor:
            edges.append(("CONNECTS_TO", actor, called(root, "ToolServer", name), ()))
    elif kind in authz.AGENTS:
        if actor and name != agent:
            edges.append(("DELEGATES_TO", actor, called(root, "Agent", name), (("transient", True),) if starts else ()))
    else:
        asking = _asking(Decision("", agent, principal))
        key = authz.principal_key(root, *asking) if asking[1] else None
        if key and (actor or authz.principal_props(*asking, key).get("type") not in ("human", "group")):
            actions = authz.actions_of_word(action)
            edges.append(("CAN_ACCESS", key, authz.object_key(root, *target), (("actions", actions),) if actions else ()))
    return tuple(edges)


def joined(root: str, records: Iterable[Record], ingestor: str) -> Iterator[Fact]:
    """The facts of all logs of ``root``. O(different edges, nodes and points)."""
    records = list(records)
    tally = united(record.tally for record in records)
    points: dict[str, Point] = {}
    verdicts: dict[Between, Verdicts] = {}
    for record in records:
        for id, point in record.points.items():
            known = points.get(id)
            if known is None:
                points[id] = Point(dict(point.props), point.told, point.last, list(point.sources), point.whole, point.standing)
            else:
                known.add(point)
        for between, found in record.verdicts.items():
            verdicts.setdefault(between, Verdicts()).add(found)
        yield from record.problems
    yield from tally.problems(root, ingestor)
    yield from (point.node(id) for id, point in points.items() if point.standing)
    yield from tally.facts()
    own = {ends: place for record in records for ends, place in record.own.items()}
    for (agent, identity), place in own.items():
        # That it asks under its own name was not seen: it is the only name by which the point knows it.
        yield EdgeFact("RUNS_AS", agent, identity, {"evidence": ["inferred"], "confidence": 0.9, "sources": [place]})
    refusing: set[tuple[str, str]] = set()
    for (id, kind, source, target), found in verdicts.items():
        if points[id].standing:
            yield _guarding(found.source, id, kind, source, target)
        if not found.allowed and found.denied + found.asked >= REFUSALS:
            effect = STEP_UP if found.asked >= found.denied else DENY
            refusing.add((id, effect))
            yield _guarding(found.source, f"{id}#{effect}", kind, source, target)
    yield from (points[id].refusing(id, effect) for id, effect in sorted(refusing))


def _guarding(source: str, point: str, kind: str, start: NodeKey, stop: NodeKey) -> Guarding:
    return Guarding(source, point, kind, f"{start[0]}:{start[1]}", f"{stop[0]}:{stop[1]}", seen=True)


@lru_cache(maxsize=4096)
def point_id(system: str, root: str, name: str) -> str:
    """Id of a point that ``root`` speaks of: ``opa:shop#envoy``."""
    return f"{system}:{root}#{redact(name[:200])}" if name else f"{system}:{root}"


def silent(record: Record, root: str, ingestor: str) -> Iterator[Problem]:
    """Points that decided so that nobody can say of whom, and those that are not kept."""
    if record.beyond:
        document = place_of(next(iter(record.points.values())).sources[0], root)[0]
        message = f"is of more than {MAX_POINTS:,} decision points; {record.beyond:,} records of others are left out"
        yield Problem(document, "", message, "error", ingestor)
    deciding = {point for point, *_ in record.verdicts}
    for id, point in record.points.items():
        if id not in deciding:
            document, where = place_of(point.sources[0], root)
            yield Problem(document, where, "decides without naming an agent, or what it asks for, in a way that is known", "note", ingestor)
