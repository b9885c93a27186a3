"""What checks share: how a row is begun, and when an agent or an edge counts."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from graphinv.analyze.alike import same
from graphinv.analyze.labels import labels_of
from graphinv.analyze.paths import guard_on
from graphinv.analyze.scopes import action_bits, actions_of, passes
from graphinv.model.estate import OUT, EdgeRecord, Estate, NodeRecord, in_force
from graphinv.model.facts import NodeKey, Props
from graphinv.model.moments import micros
from graphinv.model.results import Hop

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

T = TypeVar("T")
Params = Mapping[str, Any]
Row = dict[str, Any]

DEAD = frozenset({"revoked", "disabled", "suspended", "retired"})
STRONGEST_FIRST = ("admin", "delete", "execute", "write", "read")
WORSE_THAN_READ = frozenset(STRONGEST_FIRST) - {"read"}
DAY = 86_400 * 1_000_000


def once(ask: Callable[[Engine], T]) -> Callable[[Engine], T]:
    """``ask``, whose answer the engine keeps: for what several rules want to know."""

    @wraps(ask)
    def asked(engine: Engine) -> T:
        if ask not in engine.kept:
            engine.kept[ask] = ask(engine)
        answer: T = engine.kept[ask]
        return answer

    return asked


def about(subject: NodeKey, target: NodeKey | None = None) -> Row:
    """The ends of a row."""
    row: Row = {"subject_kind": subject[0], "subject_id": subject[1]}
    return row | ({"target_kind": target[0], "target_id": target[1]} if target else {})


def active(node: NodeRecord) -> bool:
    """Whether it is not known to be out of service."""
    return node.props.get("status") not in OUT


@once
def agents_of(engine: Engine) -> Sequence[NodeRecord]:
    """Agents that are not out of service, by id."""
    return [agent for agent in engine.estate.of_kind("Agent") if active(agent)]


def confidence(edge: EdgeRecord) -> float:
    """How sure an edge is."""
    return float(edge.props.get("confidence", 1.0))


def delegations(estate: Estate, at: int) -> list[EdgeRecord]:
    """Delegations in force at a time, between those that are in service."""
    return [
        edge
        for edge in estate.edges_of("DELEGATES_TO")
        if in_force(edge, at) and edge.source not in estate.out_of_service and edge.target not in estate.out_of_service
    ]


def enforced(estate: Estate, edge: EdgeRecord) -> bool:
    """Whether a point on the edge decides and is obeyed."""
    return any(point.get("mode") == "enforce" for point in points_on(estate, edge))


def steps_up(estate: Estate, edge: EdgeRecord) -> bool:
    """Whether a point on the edge lets nothing pass of which nobody approves."""
    return any(point.get("mode") == "enforce" and point.get("effect") in ("deny", "step_up") for point in points_on(estate, edge))


def tells_callers_apart(estate: Estate, edge: EdgeRecord) -> bool:
    """Whether a point on the edge enforces, and knows which agent asks."""
    return any(point.get("mode") == "enforce" and point.get("distinguishes") == "agent" for point in points_on(estate, edge))


def points_on(estate: Estate, edge: EdgeRecord) -> Iterator[Props]:
    """What is stated of each point on an edge: nothing of one that no source declares."""
    points = (estate.nodes.get(("EnforcementPoint", guard)) for guard in edge.props.get("guards") or ())
    return (point.props if point else {} for point in points)


def granted(edge: EdgeRecord) -> frozenset[str]:
    """Actions of a grant that pass its own scopes.

    >>> grant = {"actions": ["admin"], "scopes": ["read:*"]}
    >>> granted(EdgeRecord("CAN_ACCESS", ("Identity", "i"), ("Resource", "r"), "key", grant))
    frozenset({'read'})
    """
    actions, scopes = edge.props.get("actions") or (), edge.props.get("scopes")
    if scopes is None:
        return frozenset(actions)
    return frozenset(action for action in actions_of(action_bits(actions)) if passes(scopes, edge.target[1], action))


def sure_of(grant: EdgeRecord) -> float:
    """How sure a grant is; a condition that nobody evaluates makes it an upper bound."""
    return min(confidence(grant), 0.5 if grant.props.get("condition") else 1.0)


def owners_of(estate: Estate, agent: NodeKey, at: int) -> list[str]:
    """Who owns an agent now."""
    return sorted({edge.source[1] for edge in estate.incoming.get(agent, ()) if edge.kind == "OWNS" and in_force(edge, at)})


def differ(estate: Estate, agents: Collection[NodeRecord], at: int) -> bool:
    """Whether agents are known to differ in owner, environment or autonomy."""
    owners = {tuple(owners_of(estate, agent.key, at)) for agent in agents} - {()}
    stated = ({agent.props.get(name) for agent in agents} - {None, "unknown"} for name in ("environment", "autonomy"))
    return len(owners) > 1 or any(len(values) > 1 for values in stated)


def usable(secret: Props, at: int) -> bool:
    """Whether a secret still opens something, as far as anybody stated."""
    issued, longest, expires = secret.get("issued_at"), secret.get("max_life_seconds"), secret.get("expires_at")
    if secret.get("status") in DEAD or (issued is not None and longest is not None and micros(issued) + int(longest) * 1_000_000 <= at):
        return False
    return expires is None or bool(secret.get("renewable")) or micros(expires) > at


def matters(props: Props) -> bool:
    """Whether it is known to be sensitive."""
    return bool(props.get("crown_jewel")) or props.get("sensitivity") in ("confidential", "restricted")


def of_several(estate: Estate, things: Iterable[NodeKey]) -> int:
    """How many owners things have that no one owner has all of, of those whose owners are known; 0 where one has."""
    known = [owners for owners in (frozenset(estate.owners(key)) for key in things) if owners]
    return len(frozenset().union(*known)) if known and not frozenset.intersection(*known) else 0


def documents_of(thing: NodeRecord | EdgeRecord) -> set[str]:
    """Documents that speak of it."""
    return {source.partition("#")[0] for source in thing.sources}


def root_of(estate: Estate, sources: Sequence[str]) -> str:
    """Name of the root that states what has these sources; empty where none is known."""
    document = (sources[0] if sources else "").partition("#")[0]
    inside = [root for root in estate.roots if document == root or document.startswith(f"{root}/")]
    return max(inside, key=len, default=document.partition("/")[0])


def blueprint(agent: NodeRecord) -> str:
    """What tells an agent from its own replicas: its blueprint where one is labelled, else its id."""
    said = labels_of([agent.props]).get("blueprint")
    return agent.id if said is None else f"blueprint={said}"


def hop_of(estate: Estate, edge: EdgeRecord, *, backwards: bool = False) -> Hop:
    """One edge as a hop of a finding's path; ``backwards`` where what matters flows against it."""
    source, target = (edge.target, edge.source) if backwards else (edge.source, edge.target)
    props = edge.props
    verb = _BACK if backwards else _VERBS.get(edge.kind, edge.kind.lower().replace("_", " "))
    return Hop(
        source=source,
        edge=f"<{edge.kind}" if backwards else edge.kind,
        target=target,
        words=f"{verb} {estate.nodes[target].name}",
        evidence=same(tuple(props.get("evidence") or ())),
        confidence=None if (sure := props.get("confidence")) is None else float(sure),
        sources=same(edge.sources),
        scopes=None if (scopes := props.get("scopes")) is None else tuple(scopes),
        guards=tuple(guard_on(estate, id) for id in guards) if (guards := props.get("guards")) else (),
        edges=(edge.key,),
    )


_BACK = "hands what it has to"
_VERBS = {
    "RUNS_AS": "runs as",
    "USES": "may call",
    "CONNECTS_TO": "connects to",
    "HOLDS": "holds the key",
    "MEMBER_OF": "is a member of",
    "ASSUMES": "may assume",
    "DELEGATES_TO": "may ask",
    "CALLS_BACK": "may call back into",
    "INGESTS": "takes content from",
    "READS": "reads",
    "WRITES": "writes",
}
