"""Rules that Cypher cannot say: differences of the fixpoint, paths, chains in time. Each is named by the front matter of its rule.

A check takes the engine and the rule's parameters and yields rows; :mod:`graphinv.analyze.rules` says what their columns mean.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphinv.analyze.reaching import NearestAgents, behind_agents
from graphinv.analyze.rows import DAY, WORSE_THAN_READ, Params, Row, about, blueprint, confidence, differ, granted, hop_of, sure_of, usable
from graphinv.analyze.standing import united
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord, in_force, listed
from graphinv.model.facts import NodeKey, Props
from graphinv.model.moments import micros
from graphinv.model.text import counted

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

# --------------------------------------------------------------------------------------------------------------------------------
# Grants


_DEFINITION = re.compile(r":policy/|^roles/|/roles/|/roleDefinitions/|/(?:Cluster)?Role/")
"""Where a grant comes from that is a policy or a role as providers define them, and not somebody who has it."""


def broad_grant(engine: Engine, params: Params) -> Iterator[Row]:
    """Grants that come from above and are mostly not used, or that cover a whole scope; only where an agent can come by them."""
    estate, at = engine.estate, micros(engine.at)
    keys = engine.structure.keys
    nearest = NearestAgents(engine)
    for number in behind_agents(engine):
        grants = [edge for edge in estate.outgoing.get(keys[number], ()) if edge.kind == "CAN_ACCESS" and in_force(edge, at)]
        rows = [*_inherited(estate, grants, at, params), *_whole_scope(estate, grants, params)]
        if rows:
            agents = nearest.of(number)
            yield from (row | {"agents": agents} for row in rows)


def _inherited(estate: Estate, grants: Iterable[EdgeRecord], at: int, params: Params) -> Iterator[Row]:
    groups: defaultdict[str, list[EdgeRecord]] = defaultdict(list)
    for edge in grants:
        origin = edge.props.get("inherited_from")
        # What is written into an identity itself, or what it stands for, comes from nobody else
        if origin and not f"{origin}/".startswith(f"{edge.source[1]}/"):
            groups[origin].append(edge)
    loose: list[Row] = []
    for origin, edges in sorted(groups.items()):
        actions = sorted({action for edge in edges for action in granted(edge)})
        if not WORSE_THAN_READ & set(actions):
            continue
        cause = next((key for kind in ("Identity", "Agent") if (key := (kind, origin)) in estate.nodes), None)
        if cause is None and any(_opens_scope(estate, edge, params) for edge in edges):
            continue  # told of the whole scope, which holds the rest
        ends = about(edges[0].source, cause)
        if any(edge.props.get("last_used") for edge in edges):
            uses = [edge.props.get("last_used") for edge in edges if edge.props.get("last_used") or not _younger(edge, at, params["young"])]
            since = at - params["days"] * DAY
            unused = sum(use is None or micros(use) < since for use in uses) / len(uses)
            if unused <= params["unused"]:
                continue
            modifiers = ["+1 more than nine tenths of it is not used"] if unused > 0.9 else []
            share = f"{unused:.0%} of it not used in {params['days']} days"
        else:
            # A policy, or a role as clouds and clusters define them, may be for one thing alone; a group or a blueprint is for many.
            few = cause is None and _DEFINITION.search(origin) and "admin" not in actions and len(edges) < params["wide"]
            if few or all(_younger(edge, at, params["young"]) for edge in edges):
                yield ends | {"unknown": True}
                continue
            modifiers, share = [], "nobody knows how much of it is used"
        row = ends | {
            "what": f"inherits {', '.join(actions)} on {counted(len(edges), 'thing', 'things')} from {origin}, {share}",
            "actions": actions,
            "inherited_from": origin,
            "granted": sorted(edge.target[1] for edge in edges)[:10],
            "grants": len(edges),
            "modifiers": modifiers,
            "confidence": min(map(sure_of, edges)),
        }
        if cause:
            yield row
        else:
            loose.append(row)
    if loose:
        yield _together(loose)


def _together(rows: Sequence[Row]) -> Row:
    """One row of those about one identity whose origins are in no graph: they have the same ends, so they are one finding."""
    united = {name: sorted({one for row in rows for one in row[name]}) for name in ("actions", "granted", "modifiers")}
    return rows[0] | {
        "what": "; ".join(row["what"] for row in rows),
        "actions": united["actions"],
        "inherited_from": rows[0]["inherited_from"] if len(rows) == 1 else [row["inherited_from"] for row in rows],
        "granted": united["granted"][:10],
        "grants": sum(row["grants"] for row in rows),
        "modifiers": united["modifiers"],
        "confidence": min(row["confidence"] for row in rows),
    }


def _younger(edge: EdgeRecord, at: int, days: int) -> bool:
    since = edge.props.get("valid_from")
    return since is not None and micros(since) > at - days * DAY


def _whole_scope(estate: Estate, grants: Iterable[EdgeRecord], params: Params) -> Iterator[Row]:
    for edge in grants:
        if _opens_scope(estate, edge, params):
            actions = granted(edge)
            does = "administer" if "admin" in actions else ", ".join(sorted(actions))
            yield about(edge.source, edge.target) | {
                "what": f"may {does} everything in {estate.nodes[edge.target].name}",
                "actions": sorted(actions),
                "grants": 1,
                "modifiers": ["+2 it may do anything there"] if "admin" in actions else [],
                "confidence": sure_of(edge),
            }


def _opens_scope(estate: Estate, edge: EdgeRecord, params: Params) -> bool:
    """Whether it grants worse than reading on what stands for everything in it."""
    return estate.nodes[edge.target].props.get("type") in params["scopes"] and not WORSE_THAN_READ.isdisjoint(granted(edge))


# --------------------------------------------------------------------------------------------------------------------------------
# Secrets that several agents use


_ONE_NAME = 0.5
"""How sure it is that programs which read a variable of the same name are given the same secret."""


def shared_secret(engine: Engine, params: Params) -> Iterator[Row]:
    """One secret that several agents hold, themselves or by a server, tool or runtime of theirs."""
    estate, at = engine.estate, micros(engine.at)
    for secret in estate.of_kind("Secret"):
        held = [edge for edge in estate.incoming.get(secret.key, ()) if edge.kind == "HOLDS" and in_force(edge, at)]
        if not usable(secret.props, at) or all(_issued_apart(secret.props, edge) for edge in held):
            continue
        through: defaultdict[NodeKey, set[NodeKey]] = defaultdict(set)
        sure: dict[NodeKey, float] = {}
        named = secret.id.startswith("env:") and not secret.props.get("fingerprint")
        for edge in held:
            most = _ONE_NAME if named and edge.source[0] != "Runtime" else 1.0
            for agent, certain in _behind(estate, edge.source, at, min(confidence(edge), most)):
                through[agent].add(edge.source)
                sure[agent] = max(sure.get(agent, 0.0), certain)
        parties = _parties(estate, through, sure, at)
        people = _people(estate, [edge for edge in held if not any(edge.source in keys for keys in through.values())], at)
        sharers = sorted([*parties, *people.values()], reverse=True)
        if not through or len(sharers) < params["agents"]:
            continue
        agents = [estate.nodes[key] for key in sorted(through)]
        if "truncated=true" in (secret.props.get("labels") or ()):
            yield about(secret.key) | {"unknown": True}
            continue
        who = [counted(len(parties), "agent", "agents"), *([counted(len(people), "person", "people")] if people else [])]
        sure_of = sum(one > _ONE_NAME for one in parties)
        more = min(sure_of // 5, 2)
        modifiers = [f"+{more} {sure_of} agents share it"] if more else []
        if differ(estate, agents, at):
            modifiers.append("+1 they differ in owner, environment or autonomy")
        called = " ".join(str(secret.props.get(name) or "") for name in ("type", "kind_detail")) + f" {secret.name}"
        if any(word in called.lower() for word in params["models"]):
            modifiers.append("-1 it opens a provider of models")
        yield about(secret.key) | {
            "agents": [agent.id for agent in agents],
            "parties": len(parties),
            "people": sorted(people),
            "who": " and ".join(who),
            "through": sorted({f"{kind}:{id}" for keys in through.values() for kind, id in keys if kind != "Agent"}),
            "places": sorted({edge.props["place"] for edge in held if edge.props.get("place")}),
            "modifiers": modifiers,
            # That it is shared is as sure as the last of those whom it takes
            "confidence": sharers[params["agents"] - 1],
        }


def _people(estate: Estate, held: Iterable[EdgeRecord], at: int) -> dict[str, float]:
    """People on whose machines it lies, and how sure that is."""
    found: dict[str, float] = {}
    for edge in held:
        for run in estate.outgoing.get(edge.source, ()) if edge.source[0] == "Runtime" else ():
            if run.kind == "RUNS_AS" and in_force(run, at) and estate.nodes[run.target].props.get("type") == "human":
                found[run.target[1]] = max(found.get(run.target[1], 0.0), min(confidence(edge), confidence(run)))
    return found


def _issued_apart(secret: Props, edge: EdgeRecord) -> bool:
    """Whether each caller gets its own: a vault's path under which short-lived secrets are issued."""
    return secret.get("lifetime") == "ephemeral" and edge.props.get("place") == "vault" and not secret.get("fingerprint")


def _behind(estate: Estate, holder: NodeKey, at: int, sure: float) -> Iterator[tuple[NodeKey, float]]:
    """Active agents that act by what ``holder`` holds, and how sure that is where it is ``sure`` that it holds it."""
    if holder[0] == "Agent":
        if holder not in estate.out_of_service:
            yield holder, sure
        return
    for edge in estate.incoming.get(holder, ()):
        if not in_force(edge, at) or edge.props.get("isolated"):
            continue
        certain = min(sure, confidence(edge))
        if edge.kind in ("USES", "CONNECTS_TO", "RUNS_ON") and edge.source[0] in ("Agent", "ToolServer"):
            yield from _behind(estate, edge.source, at, certain)
        elif edge.kind == "PROVIDES":
            for other in estate.incoming.get(edge.source, ()):
                called = other.kind == "CONNECTS_TO" and other.source[0] == "Agent" and listed(other, estate.nodes[holder])
                if called and in_force(other, at):
                    yield from _behind(estate, other.source, at, min(certain, confidence(other)))


def _parties(estate: Estate, through: Mapping[NodeKey, set[NodeKey]], sure: Mapping[NodeKey, float], at: int) -> list[float]:
    """How sure each distinct one is: replicas are one agent, and a sub-agent that runs in its caller's framework by its caller's servers
    is no further party."""

    def alike() -> Iterator[tuple[NodeKey, NodeKey]]:
        first: dict[str, NodeKey] = {}
        for key in sorted(through):
            yield first.setdefault(blueprint(estate.nodes[key]), key), key
            framework = estate.nodes[key].props.get("framework")
            for edge in estate.outgoing.get(key, ()):
                if edge.kind == "DELEGATES_TO" and edge.target in through and framework and in_force(edge, at):
                    same = estate.nodes[edge.target].props.get("framework") == framework and through[edge.target] <= through[key]
                    if same and edge.target not in through[edge.target]:
                        yield key, edge.target

    surest: dict[NodeKey, float] = {}
    for key, party in united(through, alike()).items():
        surest[party] = max(surest.get(party, 0.0), sure[key])
    return list(surest.values())


# --------------------------------------------------------------------------------------------------------------------------------
# Secrets in time


def became_standing(engine: Engine, params: Params) -> Iterator[Row]:
    """Ephemeral secrets that were renewed until they are, in effect, standing access."""
    estate, at = engine.estate, micros(engine.at)
    for family in _families(estate):
        if not any(_works(secret.props, at) for secret in family.members):
            continue
        if family.renewals == 0 and not any(secret.props.get("renewable") for secret in family.members):
            continue
        root = min(family.members, key=lambda secret: (secret.props.get("issued_at") or "~", secret.id))
        rows = list(_standing(estate, family, root, at, params))
        held = [edge for secret in family.members for edge in estate.incoming.get(secret.key, ()) if edge.kind == "HOLDS"]
        held = [edge for edge in held if in_force(edge, at)] or held
        holders = sorted({edge.source for edge in held})
        for row in rows:
            for holder in holders:
                path = [hop_of(estate, edge) for edge in _way_back(estate, (edge for edge in held if edge.source == holder), root.key)]
                yield about(holder, root.key) | {"path": path} | row
            if not holders:
                yield about(root.key) | row


_SHOWN = 20
"""How many steps of a chain are shown."""


def _way_back(estate: Estate, held: Iterable[EdgeRecord], root: NodeKey) -> list[EdgeRecord]:
    """From what is held of a chain, the newest of it, back to its first secret or as far as is shown."""
    way = [max(held, key=lambda edge: (estate.nodes[edge.target].props.get("issued_at") or "", edge.target, edge.key))]
    known = {way[0].target}
    while way[-1].target != root and len(way) < _SHOWN:
        steps = (edge for edge in estate.outgoing.get(way[-1].target, ()) if edge.kind == "DERIVED_FROM" and edge.target not in known)
        step = min(steps, key=lambda edge: edge.key, default=None)
        if step is None:
            break
        known.add(step.target)
        way.append(step)
    return way


def _works(secret: Props, at: int) -> bool:
    """Whether it opens something still, though it may be past the longest life that was meant: that is what is looked for."""
    return usable({**secret, "max_life_seconds": None}, at)


@dataclass
class _Family:
    """Secrets that were derived from one another with the same holder and no narrower scopes."""

    members: list[NodeRecord]
    renewals: int = 0
    grew: bool = False


def _families(estate: Estate) -> Iterator[_Family]:
    """Families of ephemeral secrets, by the key of their first member."""
    links = [edge for edge in estate.edges_of("DERIVED_FROM") if _carries_on(estate, edge)]
    neighbours: defaultdict[NodeKey, set[NodeKey]] = defaultdict(set)
    for edge in links:
        neighbours[edge.source].add(edge.target)
        neighbours[edge.target].add(edge.source)
    number: dict[NodeKey, int] = {}
    families: list[_Family] = []
    for secret in estate.of_kind("Secret"):
        if secret.key in number:
            continue
        waiting = [secret.key]
        number[secret.key] = len(families)
        for key in waiting:
            fresh = sorted(other for other in neighbours[key] if other not in number)
            number.update(dict.fromkeys(fresh, len(families)))
            waiting += fresh
        families.append(_Family([estate.nodes[key] for key in sorted(waiting) if estate.nodes[key].props.get("lifetime") != "static"]))
    renewed: set[NodeKey] = set()
    for edge in links:
        family = families[number[edge.source]]
        if edge.source == edge.target:
            family.renewals += max(edge.props.get("count") or 1, 1)
        elif edge.target not in renewed and estate.nodes[edge.target].props.get("lifetime") != "static":
            renewed.add(edge.target)  # once, however many were issued side by side for it; a static one is no link of a chain
            family.renewals += 1
        family.grew |= _scopes(estate, edge.source) > _scopes(estate, edge.target) > frozenset()
    for family in families:
        family.renewals += sum(_in_place(secret.props) for secret in family.members)
    return (family for family in families if family.members)


def _carries_on(estate: Estate, edge: EdgeRecord) -> bool:
    """Whether the derived secret goes on where its origin was: same holder, no narrower scopes, and not decided anew for its own task."""
    holders, before = _holders(estate, edge.source), _holders(estate, edge.target)
    scopes, scopes_before = _scopes(estate, edge.source), _scopes(estate, edge.target)
    tasks, tasks_before = _tasks(estate, edge.source), _tasks(estate, edge.target)
    if holders and before and not holders & before:
        return False
    if scopes and scopes_before and not scopes >= scopes_before:
        return False
    return not (tasks and tasks_before and not tasks & tasks_before)


def _holders(estate: Estate, secret: NodeKey) -> set[NodeKey]:
    return {edge.source for edge in estate.incoming.get(secret, ()) if edge.kind == "HOLDS"}


def _scopes(estate: Estate, secret: NodeKey) -> frozenset[str]:
    return frozenset(estate.nodes[secret].props.get("scopes") or ())


def _tasks(estate: Estate, secret: NodeKey) -> set[NodeKey]:
    return {edge.target for edge in estate.outgoing.get(secret, ()) if edge.kind == "ISSUED_FOR"}


def _life(secret: Props) -> tuple[int, int] | None:
    """From when until when, in microseconds; None where it is not known."""
    issued, expires = secret.get("issued_at"), secret.get("expires_at")
    return None if issued is None or expires is None else (micros(issued), micros(expires))


def _until_now(secret: Props, at: int) -> tuple[int, int] | None:
    """The life so far of one that renews itself, where nobody states an end, as of the tokens that others are refreshed with."""
    issued = secret.get("issued_at")
    lasts = secret.get("renewable") and secret.get("expires_at") is None
    return (micros(issued), at) if lasts and issued is not None and micros(issued) < at else None


def _in_place(secret: Props) -> int:
    """How often it must have been renewed to have lived as long as it does."""
    life, ttl = _life(secret), secret.get("ttl_seconds")
    return max(0, (life[1] - life[0] - 1) // (ttl * 1_000_000)) if life and ttl else 0


def _standing(estate: Estate, family: _Family, root: NodeRecord, at: int, params: Params) -> Iterator[Row]:
    lives = sorted(life for secret in family.members if (life := _life(secret.props) or _until_now(secret.props, at)))
    tasks = [estate.nodes[key].props for key in sorted({key for secret in family.members for key in _tasks(estate, secret.key)})]
    reasons = []
    outlives = False
    if lives:
        span = max(end for _, end in lives) - lives[0][0]
        limit = root.props.get("max_life_seconds")
        if limit is not None and span > limit * 1_000_000:
            reasons.append(f"it has lived for {_hours(span)} where {_hours(limit * 1_000_000)} at most were meant")
        ends = [task.get("closed_at") or task.get("closes_at") for task in tasks]
        if family.renewals and ends and all(ends) and max(end for _, end in lives) > max(micros(str(end)) for end in ends):
            reasons.append("it outlives its task")
            outlives = True
        covered = _covered(lives, at - params["days"] * DAY, at)
        if family.renewals and covered >= params["coverage"]:
            reasons.append(f"it was valid for {covered:.0%} of the last {params['days']} days")
    if family.renewals >= params["renewals"]:
        reasons.append(f"it was renewed {family.renewals} times")
    if not reasons:
        if all(end <= at for _, end in lives):  # if it was renewed since then, nobody tells how often
            yield {"unknown": True}
        return
    is_open = [task for task in tasks if _still_open(task, at)]
    live = [secret.props for secret in family.members if _works(secret.props, at)]
    modifiers = ["+1 its scopes grew on the way"] if family.grew else []
    row: Row = {"reasons": reasons, "renewals": family.renewals, "chain": len(family.members)}
    if not is_open:
        modifiers.append("+1 no task is open")
    elif not outlives and all(secret.get("revocation_hook") for secret in live):
        modifiers.append("-10 a task is open and it can be revoked, so it is only worth knowing")
        row["open_until"] = max(str(task.get("closes_at") or "no end stated") for task in is_open)
    yield row | {"modifiers": modifiers}


def _still_open(task: Props, at: int) -> bool:
    opened = task.get("opened_at")
    ends = [task[name] for name in ("closed_at", "closes_at") if task.get(name) is not None]
    return (opened is None or micros(opened) <= at) and all(micros(end) > at for end in ends)


def _covered(lives: Iterable[tuple[int, int]], start: int, end: int) -> float:
    """Share of ``start`` to ``end`` that lies in one of ``lives`` (sorted)."""
    covered, reached = 0, start
    for first, last in lives:
        covered += max(0, min(last, end) - max(first, reached))
        reached = max(reached, last)
    return covered / (end - start)


def _hours(microseconds: int) -> str:
    hours = microseconds / 3_600_000_000
    return f"{hours / 24:.0f} days" if hours >= 48 else f"{hours:.1f} hours"
