"""Rules about what is no longer used or looked at: ghosts, what was left behind, reviews, dormant secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from graphinv.analyze.checks_inventory import seen, undeclared_by
from graphinv.analyze.labels import may_rest, time_of, values_of
from graphinv.analyze.rows import DAY, DEAD, Params, Row, about, active, agents_of, confidence, documents_of, hop_of, root_of, usable
from graphinv.analyze.scopes import ACTION_BIT
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord, in_force
from graphinv.model.facts import NodeKey
from graphinv.model.moments import micros

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine


def ghost(engine: Engine, params: Params) -> Iterator[Row]:
    """Agents that are declared, and not as proposed, and were not seen for long, though the source that saw them was read lately."""
    estate, at = engine.estate, micros(engine.at)
    newest: dict[str, int] = {}
    roots = cache(lambda document: root_of(estate, [document]))
    for edge in engine.estate.sightings:
        if edge.props.get("last_seen"):
            for root in map(roots, documents_of(edge)):
                newest[root] = max(newest.get(root, 0), micros(edge.props["last_seen"]))
    for agent in agents_of(engine):
        if agent.props.get("status") == "proposed" or may_rest(agent.props, at):
            continue
        edges = (*estate.outgoing.get(agent.key, ()), *estate.incoming.get(agent.key, ()))
        # Code declares agents without a word about their state
        if agent.props.get("status") != "active" and undeclared_by(agent, edges):
            continue
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


def left_behind(engine: Engine, params: Params) -> Iterator[Row]:
    """What agents and flows out of service still hold and run as: themselves, or by servers, tools and runtimes that only they have.
    O(edges of these)."""
    estate, at = engine.estate, micros(engine.at)
    successors = cache(lambda secret: _in_service(estate, secret, at))
    for one in (*estate.of_kind("Agent"), *estate.of_kind("Workflow")):
        if active(one):
            continue
        found: dict[NodeKey, Row] = {}
        for means, way in _left_to(estate, one.key, at).items():
            whose = f"its {estate.nodes[means].name} " if way else ""
            for edge in estate.outgoing.get(means, ()):
                if edge.target in found or not in_force(edge, at):
                    continue
                path = {"path": [hop_of(estate, step) for step in (*way, edge)]} if way else {}
                if edge.kind == "HOLDS" and _opens(estate, edge.target, at):
                    found[edge.target] = {"how": f"{whose}still holds", **path, **_still_held(estate, one, edge.target, successors)}
                elif edge.kind == "RUNS_AS" and _gives(estate, edge.target, at):
                    found[edge.target] = {"how": f"{whose}still runs as", **path}
        for target, row in found.items():
            yield about(one.key, target) | {"status": one.props["status"], **row}


_MEANS = ("CONNECTS_TO", "USES", "RUNS_ON", "PROVIDES")
_GRANTS = ("CAN_ACCESS", "ASSUMES", "MEMBER_OF")
_MOST_SUCCESSORS = 100


def _left_to(estate: Estate, key: NodeKey, at: int) -> dict[NodeKey, tuple[EdgeRecord, ...]]:
    """One that is out of service, and what it acts by that nothing in service uses, each with the way to it."""
    found: dict[NodeKey, tuple[EdgeRecord, ...]] = {key: ()}
    waiting = [key]
    for means in waiting:
        for edge in estate.outgoing.get(means, ()):
            if edge.kind in _MEANS and edge.target not in found and in_force(edge, at) and not edge.props.get("isolated"):
                users = (one.source for one in estate.incoming[edge.target] if one.kind in _MEANS and in_force(one, at))
                if not any(user not in found and user not in estate.out_of_service for user in users):
                    found[edge.target] = (*found[means], edge)
                    waiting.append(edge.target)
    return found


def _opens(estate: Estate, secret: NodeKey, at: int) -> bool:
    """Whether it works, and not all accounts that it is known to open are switched off."""
    if not usable(estate.nodes[secret].props, at):
        return False
    accounts = [edge.target for edge in estate.outgoing.get(secret, ()) if edge.kind == "AUTHENTICATES_AS" and in_force(edge, at)]
    return not accounts or any(estate.nodes[account].props.get("status") not in DEAD for account in accounts)


def _gives(estate: Estate, identity: NodeKey, at: int) -> bool:
    """Whether it is not switched off and has a grant; of a role or a group, where its grants are known, one has to be left."""
    if estate.nodes[identity].props.get("status") in DEAD:
        return False
    return any(
        all(one.kind != "CAN_ACCESS" for one in estate.outgoing.get(edge.target, ())) or bool(_lasting(estate, edge.target, at))
        for edge in _lasting(estate, identity, at)
        if estate.nodes[edge.target].props.get("status") not in DEAD
    )


def _lasting(estate: Estate, identity: NodeKey, at: int) -> list[EdgeRecord]:
    """Its grants, roles and groups that are in force; a grant that lets nothing be done is none."""
    edges = (edge for edge in estate.outgoing.get(identity, ()) if edge.kind in _GRANTS and in_force(edge, at))
    return [edge for edge in edges if edge.props.get("actions") != [] and edge.props.get("scopes") != []]


def _still_held(estate: Estate, one: NodeRecord, secret: NodeKey, successors: Callable[[NodeKey], Sequence[str]]) -> Row:
    """Who in service has the secret too, and whether it was used since ``one`` was taken out of service."""
    others = successors(secret)
    used, since = estate.nodes[secret].props.get("last_used"), one.props.get("status_since")
    notes = ["-2 others in service have it"] if others else []
    if used and since and micros(used) > micros(since):
        notes.append("+1 it was used since then")
    return {"successors": others[:_MOST_SUCCESSORS], "last_used": used, "confidence": 0.5 if others else 1.0, "modifiers": notes}


def _in_service(estate: Estate, secret: NodeKey, at: int) -> list[str]:
    """Agents and flows in service that hold a secret, or use what holds it. O(edges of its holders)."""
    found: set[str] = set()
    for edge in estate.incoming[secret]:
        if edge.kind == "HOLDS" and in_force(edge, at):
            using = (one.source for one in estate.incoming.get(edge.source, ()) if one.kind in _MEANS and in_force(one, at))
            found.update(key[1] for key in (edge.source, *using) if key[0] in ("Agent", "Workflow") and key not in estate.out_of_service)
    return sorted(found)


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
            "modifiers": ["+2 it may delete or administer something"] if may(engine, agent.key, "delete", "admin") else [],
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


def may(engine: Engine, who: NodeKey, *actions: str) -> bool:
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
