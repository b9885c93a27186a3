"""Rules about what is no longer used or looked at: ghosts, reviews, dormant secrets; and about people behind agents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from graphinv.analyze.checks_inventory import seen
from graphinv.analyze.labels import affirmed, may_rest, time_of, values_of
from graphinv.analyze.moments import micros
from graphinv.analyze.rows import (
    DAY,
    Params,
    Row,
    about,
    active,
    agents_of,
    confidence,
    documents_of,
    in_force,
    root_of,
    usable,
)
from graphinv.analyze.scopes import ACTION_BIT
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord
from graphinv.model.facts import NodeKey

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine


def ghost(engine: Engine, params: Params) -> Iterator[Row]:
    """Agents that are declared active and were not seen for long, though the source that saw them was read lately."""
    estate, at = engine.estate, micros(engine.at)
    newest: dict[str, int] = {}
    roots = cache(lambda document: root_of(estate, [document]))
    for edge in engine.estate.sightings:
        if edge.props.get("last_seen"):
            for root in map(roots, documents_of(edge)):
                newest[root] = max(newest.get(root, 0), micros(edge.props["last_seen"]))
    for agent in agents_of(engine):
        if agent.props.get("status") != "active" or may_rest(agent.props, at):
            continue
        edges = (*estate.outgoing.get(agent.key, ()), *estate.incoming.get(agent.key, ()))
        sightings = [edge for edge in edges if seen(edge) and edge.kind not in _AT_REST]
        dated = [edge for edge in sightings if edge.props.get("last_seen")]
        last = max(dated, key=lambda edge: edge.props["last_seen"], default=None)
        if last is not None and at - micros(last.props["last_seen"]) <= params["days"] * DAY:
            continue
        watched = max((newest[root] for edge in dated for root in map(roots, documents_of(edge))), default=0)
        # Of a sighting without a day nobody knows but that it was yesterday
        if last is None or len(dated) < len(sightings) or at - watched > params["covered"] * DAY:
            yield about(agent.key) | {"unknown": True}
            continue
        held = [edge.target for edge in estate.outgoing.get(agent.key, ()) if edge.kind == "HOLDS" and in_force(edge, at)]
        live = sorted(id for kind, id in held if usable(estate.nodes[kind, id].props, at))
        yield about(agent.key) | {
            "last_seen": last.props["last_seen"],
            "secrets": live,
            "confidence": max(map(confidence, dated)),
            "modifiers": ["+3 it still holds a secret that works"] if live else [],
        }


_AT_REST = ("OWNS", "DEPENDS_ON")
"""Who answers for an agent, and what it is made of, may be seen while it does nothing."""


def review_overdue(engine: Engine, params: Params) -> Iterator[Row]:
    """Agents whose access should have been reviewed: their own or that of an identity they run as, its roles and groups included."""
    estate, at = engine.estate, micros(engine.at)
    for agent in agents_of(engine):
        reviews = {
            moment: text
            for key in _acts_as(estate, agent.key, at)
            for text in values_of(estate.nodes[key].props, _REVIEWED)
            if (moment := time_of(text)) is not None and moment <= at
        }
        days = params["other"] if agent.props.get("environment") in ("dev", "test", "staging") else params["prod"]
        due, last = agent.props.get("review_due"), max(reviews, default=None)
        if due is not None and micros(due) < at and not (last is not None and last >= micros(due)):
            review = f"was to be reviewed by {due[:10]}"
        elif last is not None and at - last > days * DAY:
            review = f"was last reviewed on {reviews[last][:10]}, more than {days} days ago"
        else:
            if last is None and due is None:
                yield about(agent.key) | {"unknown": True}
            continue
        yield about(agent.key) | {
            "review": review,
            "due": due,
            "reviewed": reviews[last] if last is not None else None,
            "modifiers": ["+2 it may delete or administer something"] if _may(engine, agent.key, "delete", "admin") else [],
        }


_REVIEWED = ("reviewed", "reviewedat", "lastreview", "lastreviewed")


def _acts_as(estate: Estate, agent: NodeKey, at: int) -> list[NodeKey]:
    """The agent, the identities that it runs as, and their roles and groups."""
    found, known = [agent], {agent}
    for key in found:
        kinds = ("RUNS_AS",) if key == agent else ("ASSUMES", "MEMBER_OF")
        for edge in estate.outgoing.get(key, ()):
            if edge.kind in kinds and edge.target not in known and in_force(edge, at):
                known.add(edge.target)
                found.append(edge.target)
    return found


def _may(engine: Engine, who: NodeKey, *actions: str) -> bool:
    """Whether it can do one of ``actions`` to anything."""
    _, bits = engine.privileges("posture").row(who)
    return any(bool(np.any(bits & ACTION_BIT[action])) for action in actions)


def dormant_secret(engine: Engine, params: Params) -> Iterator[Row]:
    """Secrets that work and were not used for long; where nobody used one, only if its source records the use of others."""
    estate, at = engine.estate, micros(engine.at)
    secrets = [secret for secret in estate.of_kind("Secret") if usable(secret.props, at)]
    recording = {
        (document, secret.props.get("type")) for secret in secrets if secret.props.get("last_used") for document in documents_of(secret)
    }
    for secret in secrets:
        used = secret.props.get("last_used")
        # Whether it was ever used is known of the whole life of the entry, however often its value was changed in place
        made = min((time for name in ("issued_at", "rotated_at") if (time := secret.props.get(name)) is not None), default=None)
        if may_rest(secret.props, at):
            continue
        if used is None and (
            made is None or not any((document, secret.props.get("type")) in recording for document in documents_of(secret))
        ):
            yield about(secret.key) | {"unknown": True}
            continue
        since = str(used or made)
        if at - micros(since) <= params["days"] * DAY:
            continue
        holders = sorted({edge.source[1] for edge in estate.incoming.get(secret.key, ()) if edge.kind == "HOLDS"})
        usage = f"was last used on {used[:10]}" if used else f"was never used since {since[:10]}"
        yield about(secret.key) | {"usage": usage, "last_used": used, "holders": holders}


# --------------------------------------------------------------------------------------------------------------------------------
# People


def acts_as_person(engine: Engine, params: Params) -> Iterator[Row]:
    """Agents that act as a person, and people who were seen to act as the identity of an agent."""
    estate, at = engine.estate, micros(engine.at)
    by_design: defaultdict[NodeKey, dict[str, float]] = defaultdict(dict)
    for agent in agents_of(engine):
        for person, sure in sorted(_people(estate, agent.key, at).items()):
            if _on_own_machine(estate, agent, at):
                by_design[person][agent.id] = sure
            else:
                yield about(agent.key, person) | {
                    "how": f"acts as {estate.nodes[person].name}",
                    "confidence": sure,
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
        if seen(edge) and _is_person(estate, edge.source) and not _is_person(estate, edge.target):
            users = sorted({one.source[1] for one in estate.incoming[edge.target] if _agent_runs_as(estate, one, at)})
            if users:
                yield about(edge.target, edge.source) | {
                    "how": f"was used by {estate.nodes[edge.source].name}",
                    "agents": users,
                    "confidence": confidence(edge),
                    "modifiers": _administrator(engine, edge.source),
                }


def _agent_runs_as(estate: Estate, edge: EdgeRecord, at: int) -> bool:
    """Whether an edge says that an agent in service runs as what it leads to."""
    return edge.kind == "RUNS_AS" and edge.source[0] == "Agent" and in_force(edge, at) and active(estate.nodes[edge.source])


def _is_person(estate: Estate, identity: NodeKey) -> bool:
    return estate.nodes[identity].props.get("type") == "human"


def _people(estate: Estate, agent: NodeKey, at: int) -> dict[NodeKey, float]:
    """People as whom an agent runs or whose credential it holds, and how sure that is; not those as whom it runs only by a token that
    names both."""
    runs: dict[NodeKey, float] = {}
    found: dict[NodeKey, float] = {}
    delegated: set[NodeKey] = set()
    for edge in estate.outgoing.get(agent, ()):
        if not in_force(edge, at):
            continue
        if edge.kind == "RUNS_AS" and _is_person(estate, edge.target):
            runs[edge.target] = max(runs.get(edge.target, 0.0), confidence(edge))
        elif edge.kind == "HOLDS" and usable(estate.nodes[edge.target].props, at):
            people = [
                one
                for one in estate.outgoing.get(edge.target, ())
                if one.kind == "AUTHENTICATES_AS" and in_force(one, at) and _is_person(estate, one.target)
            ]
            if affirmed(estate.nodes[edge.target].props, "act"):
                delegated |= {one.target for one in people}
            else:
                found |= {one.target: max(found.get(one.target, 0.0), min(confidence(edge), confidence(one))) for one in people}
    alone = {person: max(sure, found.get(person, 0.0)) for person, sure in runs.items() if person not in delegated}
    return found | alone


def _on_own_machine(estate: Estate, agent: NodeRecord, at: int) -> bool:
    """Whether it is a coding agent on somebody's machine: its host application, or what runs on a laptop."""
    return str(agent.props.get("kind_detail") or "").endswith(" host") or any(
        edge.kind == "RUNS_ON" and in_force(edge, at) and estate.nodes[edge.target].props.get("type") == "laptop"
        for edge in estate.outgoing.get(agent.key, ())
    )


def _administrator(engine: Engine, person: NodeKey) -> list[str]:
    return ["+1 the person is an administrator"] if _may(engine, person, "admin") else []
