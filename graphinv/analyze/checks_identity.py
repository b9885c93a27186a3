"""Rules about identities: those that several agents share, agents that act as people, and identities used in several environments."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphinv.analyze.checks_inventory import seen
from graphinv.analyze.checks_lifecycle import may
from graphinv.analyze.labels import affirmed
from graphinv.analyze.rows import (
    DEAD,
    Params,
    Row,
    about,
    active,
    agents_of,
    blueprint,
    confidence,
    differ,
    granted,
    hop_of,
    owners_of,
    tells_callers_apart,
    usable,
)
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord, in_force
from graphinv.model.facts import NodeKey
from graphinv.model.moments import micros

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine


Way = tuple[EdgeRecord, ...]


def _sure(way: Way) -> float:
    return min(map(confidence, way))


def _is_person(identity: NodeRecord) -> bool:
    return identity.props.get("type") == "human"


def _of_people(estate: Estate, identity: NodeRecord) -> bool:
    """Whether people log in as it: a person's, one with a password for a console, or a role that only a portal for people hands out."""
    if _is_person(identity) or "/aws-reserved/sso.amazonaws.com/" in identity.id:
        return True
    ways = (edge for edge in estate.incoming.get(identity.key, ()) if edge.kind == "AUTHENTICATES_AS")
    return any(estate.nodes[edge.source].props.get("type") == "aws_console_password" for edge in ways)


# --------------------------------------------------------------------------------------------------------------------------------
# Who acts as an identity


@dataclass(frozen=True)
class _Use:
    """An agent that acts as an identity, by a way of edges; ``place`` is what it shares with others who come by the same way."""

    agent: NodeRecord
    place: NodeKey
    way: Way

    @property
    def sure(self) -> float:
        return _sure(self.way)


def _uses(estate: Estate, identity: NodeKey, at: int, *, federated: bool = True) -> Iterator[_Use]:
    """Agents in service that act as ``identity``: that run as it, or where something does, or as what is let in as it by another provider
    (an account of a cluster as a role of a cloud)."""
    for edge in estate.incoming.get(identity, ()):
        if not in_force(edge, at):
            continue
        source = estate.nodes[edge.source]
        if edge.kind == "RUNS_AS":
            if source.kind == "Agent" and active(source):
                yield _Use(source, source.key, (edge,))
            for place in estate.incoming.get(source.key, ()):
                agent = estate.nodes[place.source]
                shut_off = place.kind != "RUNS_ON" or bool(place.props.get("isolated"))
                if agent.kind == "Agent" and active(agent) and not shut_off and in_force(place, at):
                    yield _Use(agent, source.key, (place, edge))
        elif federated and edge.kind == "ASSUMES" and _elsewhere_known(source, estate.nodes[identity]):
            for use in _uses(estate, source.key, at, federated=False):
                yield _Use(use.agent, source.key, (*use.way, edge))


def _elsewhere_known(identity: NodeRecord, other: NodeRecord) -> bool:
    """Whether they are of two providers, so that the one is how the same workload is called at the other."""
    providers = {identity.props.get("provider"), other.props.get("provider")}
    return len(providers - {None}) == 2 and not _is_person(identity)


def shared_identity(engine: Engine, params: Params) -> Iterator[Row]:
    """Identities as which several distinct agents act. O(edges into identities)."""
    estate, at = engine.estate, micros(engine.at)
    for identity in estate.of_kind("Identity"):
        if _is_person(identity) or identity.props.get("status") in DEAD:
            continue
        uses = sorted(_uses(estate, identity.key, at), key=lambda use: (-use.sure, use.agent.id, use.place))
        parties = [blueprint(use.agent) for use in uses]
        # Those that run in one place are one to whoever checks, as they are to the place
        count = min(len(set(parties)), len({use.place for use in uses}))
        if count < params["agents"]:
            continue
        agents = list(dict.fromkeys(use.agent for use in uses))
        notes = {
            "+2 ten agents or more share it": count >= 10,
            "+1 five agents or more share it": 5 <= count < 10,
            "+1 they differ in owner, environment or autonomy": differ(estate, agents, at),
            "-2 an enforcing point tells the agents apart on every way to it": all(
                any(tells_callers_apart(estate, edge) for edge in use.way) for use in uses
            ),
        }
        yield about(identity.key) | {
            "agents": [agent.id for agent in agents],
            "parties": count,
            "owners": list(dict.fromkeys(owner for agent in agents for owner in owners_of(estate, agent.key, at))),
            # As sure as it is that there is a second one
            "confidence": next(use.sure for use, party in zip(uses, parties, strict=True) if party != parties[0]),
            "modifiers": [text for text, so in notes.items() if so],
        }


# --------------------------------------------------------------------------------------------------------------------------------
# People


def acts_as_person(engine: Engine, params: Params) -> Iterator[Row]:
    """Agents that act as a person, and people who were seen to act as the identity of an agent."""
    estate, at = engine.estate, micros(engine.at)
    by_design: defaultdict[NodeKey, dict[str, float]] = defaultdict(dict)
    beside = _beside_people(estate)
    for agent in agents_of(engine):
        for person, way in sorted(_people(estate, agent.key, beside, at).items()):
            if _on_own_machine(estate, agent, at):
                by_design[person][agent.id] = _sure(way)
            else:
                yield about(agent.key, person) | {
                    "how": f"acts as {estate.nodes[person].name}",
                    "confidence": _sure(way),
                    "path": [hop_of(estate, edge) for edge in way],
                    "modifiers": _administrator(engine, person),
                }
    for person, agents in sorted(by_design.items()):
        those = "1 coding agent acts" if len(agents) == 1 else f"{len(agents)} coding agents act"
        yield about(person) | {
            "how": f"is whom {those} as, by design",
            "agents": sorted(agents),
            "by_design": True,
            "confidence": max(agents.values()),
            "modifiers": _administrator(engine, person),
        }
    for edge in estate.edges_of("ASSUMES"):
        user, used = estate.nodes[edge.source], estate.nodes[edge.target]
        if seen(edge) and _of_people(estate, user) and not _of_people(estate, used):
            users = sorted({use.agent.id for use in _uses(estate, edge.target, at)})
            if users:
                yield about(edge.target, edge.source) | {
                    "how": f"was used by {user.name}",
                    "agents": users,
                    "confidence": confidence(edge),
                    "modifiers": _administrator(engine, edge.source),
                }


def _beside_people(estate: Estate) -> frozenset[NodeKey]:
    """What runs as a person or holds what opens a person's account, so that nobody else is asked."""
    people = (node.key for node in estate.of_kind("Identity") if _is_person(node))
    edges = [edge for person in people for edge in estate.incoming.get(person, ())]
    held = (one.source for edge in edges if edge.kind == "AUTHENTICATES_AS" for one in estate.incoming.get(edge.source, ()))
    return frozenset([*(edge.source for edge in edges if edge.kind == "RUNS_AS"), *held])


def _people(estate: Estate, agent: NodeKey, beside: Collection[NodeKey], at: int) -> dict[NodeKey, Way]:
    """People as whom an agent acts, each by the surest way: as whom it runs or whose credential it holds, itself or by a server, a tool or
    the place it runs in; not those as whom something runs only by a token that names both."""
    found: dict[NodeKey, Way] = {}
    for means, way in _means(estate, agent, at):
        if means not in beside:
            continue
        runs: dict[NodeKey, Way] = {}
        held: dict[NodeKey, Way] = {}
        delegated: set[NodeKey] = set()
        for edge in estate.outgoing.get(means, ()):
            if not in_force(edge, at):
                continue
            if edge.kind == "RUNS_AS" and _is_live_person(estate.nodes[edge.target]):
                _keep(runs, edge.target, (*way, edge))
            elif edge.kind == "HOLDS" and usable(estate.nodes[edge.target].props, at):
                opened = (one for one in estate.outgoing.get(edge.target, ()) if one.kind == "AUTHENTICATES_AS" and in_force(one, at))
                people = [one for one in opened if _is_live_person(estate.nodes[one.target])]
                if affirmed(estate.nodes[edge.target].props, "act"):
                    delegated |= {one.target for one in people}
                else:
                    for one in people:
                        _keep(held, one.target, (*way, edge, one))
        for person, by in (*((person, by) for person, by in runs.items() if person not in delegated), *held.items()):
            _keep(found, person, by)
    return found


def _keep(ways: dict[NodeKey, Way], person: NodeKey, way: Way) -> None:
    """Keep ``way`` to a person where no surer one is known."""
    if person not in ways or _sure(way) > _sure(ways[person]):
        ways[person] = way


def _means(estate: Estate, agent: NodeKey, at: int) -> Iterator[tuple[NodeKey, Way]]:
    """The agent, and the servers, tools and runtimes that it acts by, each with the edge to it."""
    yield agent, ()
    for edge in estate.outgoing.get(agent, ()):
        if edge.kind in ("CONNECTS_TO", "USES", "RUNS_ON") and in_force(edge, at) and not edge.props.get("isolated"):
            yield edge.target, (edge,)


def _is_live_person(identity: NodeRecord) -> bool:
    """Whether it is a person whose account is not known to be switched off."""
    return _is_person(identity) and identity.props.get("status") not in DEAD


def _on_own_machine(estate: Estate, agent: NodeRecord, at: int) -> bool:
    """Whether it is a coding agent on somebody's machine: its host application, or what runs on a laptop."""
    return str(agent.props.get("kind_detail") or "").endswith(" host") or any(
        edge.kind == "RUNS_ON" and in_force(edge, at) and estate.nodes[edge.target].props.get("type") == "laptop"
        for edge in estate.outgoing.get(agent.key, ())
    )


def _administrator(engine: Engine, person: NodeKey) -> list[str]:
    return ["+1 the person is an administrator"] if may(engine, person, "admin") else []


# --------------------------------------------------------------------------------------------------------------------------------
# Environments

_ENVIRONMENTS = ("dev", "test", "staging", "prod")
_GUESSED = 0.4
"""How sure an environment is at most that only a name suggests."""


class _Places:
    """Environments, and how sure it is that something is there."""

    def __init__(self) -> None:
        self.sure: dict[str, float] = {}
        self.stated: set[str] = set()

    def add(self, node: NodeRecord, sure: float) -> None:
        """Something is, surely as far as ``sure``, where ``node`` is."""
        environment = node.props.get("environment")
        if environment not in _ENVIRONMENTS:
            return
        guessed = any(label.startswith("environment_from=") for label in node.props.get("labels") or ())
        if not guessed:
            self.stated.add(environment)
        self.sure[environment] = max(self.sure.get(environment, 0.0), min(sure, _GUESSED) if guessed else sure)


def several_environments(engine: Engine, params: Params) -> Iterator[Row]:
    """Identities that something runs as in one environment, and something else in another, or that may act on things there.
    O(edges of identities)."""
    estate, at = engine.estate, micros(engine.at)
    for identity in estate.of_kind("Identity"):
        users = [
            edge
            for edge in estate.incoming.get(identity.key, ())
            if edge.kind == "RUNS_AS" and in_force(edge, at) and edge.source not in estate.out_of_service
        ]
        if not users or identity.props.get("status") in DEAD or _may_cross(identity):
            continue
        used = _Places()
        used.add(identity, 1.0)
        for edge in users:
            used.add(estate.nodes[edge.source], confidence(edge))
            for place in estate.outgoing[edge.source]:
                if place.kind == "RUNS_ON" and in_force(place, at):
                    used.add(estate.nodes[place.target], min(confidence(edge), confidence(place)))
        elsewhere, acts = _elsewhere(estate, identity, used, at)
        sure = used.sure | elsewhere.sure
        if not used.sure or len(sure) < 2:
            continue
        guessed = sure.keys() - used.stated - elsewhere.stated
        notes = {
            "+2 production and one where less care is taken": "prod" in sure and not sure.keys().isdisjoint({"dev", "test"}),
            "-2 an environment is only guessed from names": bool(guessed),
            "-2 it only reads there": len(used.sure) == 1 and acts == {"read"},
        }
        yield about(identity.key) | {
            "environments": [one for one in _ENVIRONMENTS if one in sure],
            "users": sorted({edge.source[1] for edge in users}),
            "acts": sorted(acts),
            "confidence": min(sure.values()),
            "modifiers": [text for text, so in notes.items() if so],
        }


def _may_cross(identity: NodeRecord) -> bool:
    """Whether somebody approved that it is used across environments."""
    return any(label.lower().replace("-", "_") == "cross_environment=approved" for label in identity.props.get("labels") or ())


def _elsewhere(estate: Estate, identity: NodeRecord, used: _Places, at: int) -> tuple[_Places, set[str]]:
    """Further environments on the things of which it may act, and what it may do there; ``unknown`` where nobody states that."""
    found, acts = _Places(), set[str]()
    for edge in estate.outgoing.get(identity.key, ()):
        if edge.kind != "CAN_ACCESS" or edge.target[0] != "Resource" or not in_force(edge, at):
            continue
        thing = estate.nodes[edge.target]
        if thing.props.get("environment") not in _ENVIRONMENTS or thing.props["environment"] in used.sure:
            continue
        allowed = {"unknown"} if edge.props.get("actions") is None else granted(edge)
        if allowed:
            found.add(thing, confidence(edge))
            acts |= allowed
    return found, acts
