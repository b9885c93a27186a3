"""Rules about what is known of agents and servers, and what was seen of them: labels, shadows, drift, blind spots."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from graphinv.analyze.labels import NOTHING_SAID, labels_of, plain
from graphinv.analyze.rows import Params, Row, about, active, agents_of, confidence, documents_of, hop_of, root_of
from graphinv.analyze.scopes import Array
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord, in_force, listed
from graphinv.model.facts import NodeKey
from graphinv.model.globs import glob_form
from graphinv.model.moments import micros

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

_HOUR = 3_600 * 1_000_000
_MOST_SOURCES = 50
"""Of the agents of a root, how many places are told."""
_SPELLINGS = {
    "environment": ("environment", "env", "stage"),
    "dataclass": ("dataclass", "dataclassification", "classification", "datasensitivity", "sensitivity", "confidentiality"),
    "purpose": ("purpose", "description", "usecase", "function"),
    "criticality": ("criticality", "tier", "servicetier", "businesscriticality", "importance"),
}
"""Other names under which a required label is written, by its plain name."""


# --------------------------------------------------------------------------------------------------------------------------------
# What is known


def unlabelled(engine: Engine, params: Params) -> Iterator[Row]:
    """Agents that do not say what every agent has to say; what their runtime and their identity say counts as theirs.

    What none of several agents of one root says is told once, of the root; an agent that reaches production from nobody knows where is told
    by itself all the same.
    """
    estate, at = engine.estate, micros(engine.at)
    privileges, production = engine.privileges("posture"), _production(engine)
    missing = {agent.id: _unsaid(estate, agent, params["required"], at) for agent in agents_of(engine)}
    silent: dict[str, frozenset[str]] = {}
    for root, members in _by_root(estate, agents_of(engine), params["several"]).items():
        silent[root] = frozenset.intersection(*(missing[agent] for agent in members))
        if silent[root]:
            yield {
                **about(("Document", root)),
                "who": f"none of {len(members)} agents of {root} says its",
                "missing": sorted(silent[root]),
                "agents": members,
                "sources": _sources(estate, members),
            }
    for agent in agents_of(engine):
        unsaid = missing[agent.id]
        far = "environment" in unsaid and bool(production[privileges.row(agent.key)[0]].any())
        left = unsaid - silent.get(root_of(estate, agent.sources), frozenset()) | ({"environment"} if far else set())
        if left:
            row = about(agent.key) | {"who": f"{agent.name} does not say its", "missing": sorted(left)}
            yield row | ({"modifiers": ["+2 it reaches production"]} if far else {})


def _unsaid(estate: Estate, agent: NodeRecord, required: Sequence[str], at: int) -> frozenset[str]:
    beside = [
        estate.nodes[edge.target].props
        for edge in estate.outgoing.get(agent.key, ())
        if edge.kind in ("RUNS_ON", "RUNS_AS") and in_force(edge, at)
    ]
    things = [agent.props, *beside]
    said = set(labels_of(things))
    for name in ("environment", "autonomy"):
        if any(plain(str(props.get(name) or "")) not in NOTHING_SAID for props in things):
            said.add(name)
    return frozenset(name for name in required if said.isdisjoint(_SPELLINGS.get(plain(name), (plain(name),))))


def _by_root(estate: Estate, agents: Iterable[NodeRecord], several: int) -> dict[str, list[str]]:
    """Ids of agents by the root that states them, of roots with ``several`` or more."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for agent in agents:
        found[root_of(estate, agent.sources)].append(agent.id)
    return {root: members for root, members in found.items() if root and len(members) >= several}


def _sources(estate: Estate, agents: Iterable[str]) -> list[str]:
    """Where agents are stated, each once."""
    return sorted({source for agent in agents for source in estate.nodes["Agent", agent].sources[:1]})[:_MOST_SOURCES]


def _production(engine: Engine) -> Array:
    """Of every target column, whether it is in production."""
    structure, nodes = engine.structure, engine.estate.nodes
    return np.array([nodes[structure.keys[node]].props.get("environment") == "prod" for node in structure.targets.tolist()], dtype=bool)


def blind_spot(engine: Engine, params: Params) -> Iterator[Row]:
    """Agents of which almost nothing is known: of owner, secrets, access, tools and runtime. Several of one root are told once, of the
    root, but for those in production."""
    estate, reach, at = engine.estate, engine.measures(), micros(engine.at)
    blind: dict[str, tuple[list[str], list[str]]] = {}
    for agent in agents_of(engine):
        if _only_tested(agent):
            continue
        out = [edge for edge in estate.outgoing.get(agent.key, ()) if in_force(edge, at)]
        near = [agent.key, *(edge.target for edge in out if edge.kind in ("CONNECTS_TO", "USES", "RUNS_ON", "RUNS_AS"))]
        around = [edge for key in near for edge in estate.outgoing.get(key, ())]
        facts = {
            "owner": any(edge.kind == "OWNS" and in_force(edge, at) for edge in estate.incoming.get(agent.key, ())),
            "secrets": any(edge.kind == "HOLDS" and in_force(edge, at) for edge in around),
            "access": reach.targets(engine.structure.node(agent.key)) > 0
            or any(edge.kind == "CAN_ACCESS" and in_force(edge, at) for edge in around),
            "tools": any(edge.kind in ("USES", "CONNECTS_TO") for edge in out),
            "runtime": any(edge.kind == "RUNS_ON" for edge in out),
        }
        known = [name for name, told in facts.items() if told]
        if len(known) < params["least"]:
            blind[agent.id] = known or ["its name"], [name for name, told in facts.items() if not told]
    together = set()
    nodes = [estate.nodes["Agent", id] for id in blind]
    placed = (agent for agent in nodes if agent.props.get("environment") != "prod")
    for root, members in _by_root(estate, placed, params["several"]).items():
        together.update(members)
        yield {
            **about(("Document", root)),
            "what": f"{len(members)} agents of {root}",
            "known": sorted({name for agent in members for name in blind[agent][0]}),
            "missing": sorted(set[str].intersection(*(set(blind[agent][1]) for agent in members))),
            "agents": members,
            "sources": _sources(estate, members),
        }
    for agent in nodes:
        if agent.id not in together:
            known, missing = blind[agent.id]
            production = agent.props.get("environment") == "prod"
            row = about(agent.key) | {"what": agent.name, "known": known, "missing": missing}
            yield row | ({"modifiers": ["+2 it is in production"]} if production else {})


def _only_tested(agent: NodeRecord) -> bool:
    """Whether all that states it lies among tests."""
    return agent.props.get("environment") == "test" and bool(agent.sources) and all("/test" in source for source in agent.sources)


def ownerless(engine: Engine, params: Params) -> Iterator[Row]:
    """Agents that nobody accountable owns. What is called only in passing, by callers that somebody answers for, has theirs. O(edges)."""
    estate, at = engine.estate, micros(engine.at)
    owned = {edge.target for edge in estate.edges_of("OWNS") if _accountable(estate.nodes[edge.source]) and in_force(edge, at)}
    calls = [edge for edge in estate.edges_of("DELEGATES_TO") if edge.source != edge.target]
    calls = [edge for edge in calls if edge.props.get("transient") or in_force(edge, at)]
    passing: defaultdict[NodeKey, list[NodeKey]] = defaultdict(list)
    for edge in calls:
        if edge.props.get("transient"):
            passing[edge.source].append(edge.target)
    answered, waiting = set(owned), list(owned)
    for key in waiting:
        fresh = [other for other in passing.get(key, ()) if other not in answered]
        answered.update(fresh)
        waiting += fresh
    called = {edge.target for edge in calls}
    left = {edge.target for edge in calls if not edge.props.get("transient") or edge.source not in answered}
    for agent in estate.of_kind("Agent"):
        status = agent.props.get("status") or "unknown"
        if status != "retired" and agent.key not in owned and (agent.key not in called or agent.key in left):
            yield about(agent.key) | {"status": status}


def _accountable(owner: NodeRecord) -> bool:
    """Whether it can answer for something; an application cannot."""
    return plain(str(owner.props.get("kind_detail") or "")) not in ("serviceprincipal", "application")


# --------------------------------------------------------------------------------------------------------------------------------
# What was seen


def seen(edge: EdgeRecord) -> bool:
    """Whether it was observed."""
    return "observed" in (edge.props.get("evidence") or ())


def only_seen(edge: EdgeRecord) -> bool:
    """Whether nobody states it: all that is known of it is that it was observed."""
    evidence = edge.props.get("evidence") or ()
    return len(evidence) > 0 and {"observed"}.issuperset(evidence)


def shadow(engine: Engine, params: Params) -> Iterator[Row]:
    """Agents and servers that were seen and that nobody declares: all that speaks of them are the documents of the sightings, and what is
    guessed from these."""
    estate, at = engine.estate, micros(engine.at)
    undeclared: list[tuple[NodeRecord, list[EdgeRecord]]] = []
    named: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for node in (*agents_of(engine), *(server for server in estate.of_kind("ToolServer") if active(server))):
        edges = [*estate.incoming.get(node.key, ()), *estate.outgoing.get(node.key, ())]
        sightings = [edge for edge in edges if seen(edge)]
        if sightings and undeclared_by(node, edges):
            undeclared.append((node, sightings))
        else:
            named[node.kind, plain(node.name)].append(node.id)
    for node, sightings in undeclared:
        first = min((edge.props[name] for edge in sightings for name in ("first_seen", "last_seen") if edge.props.get(name)), default=None)
        if first is not None and at - micros(first) <= params["hours"] * _HOUR:
            continue
        if _same_identity(estate, node, at):
            yield about(node.key) | {"unknown": True}
            continue
        twins = named[node.kind, plain(node.name)]
        yield about(node.key) | {
            "seen": first,
            "doing": sorted({edge.kind for edge in sightings}),
            "twins": twins[:10],
            "path": [hop_of(estate, max(sightings, key=lambda edge: (edge.props.get("last_seen") or "~", edge.key)))],
            "confidence": min([max(map(confidence, sightings)), *([0.5] if twins else [])]),
            "modifiers": ["-2 it was seen in tests only"] if all(_in_tests(estate, edge) for edge in sightings) else [],
        }


def undeclared_by(node: NodeRecord, edges: Sequence[EdgeRecord]) -> bool:
    """Whether all that speaks of a node with these edges are the documents of its sightings, and what is guessed from these."""
    told = set[str]().union(*(documents_of(edge) for edge in edges if seen(edge)))
    return documents_of(node) <= told and all(_unstated(edge) and documents_of(edge) <= told for edge in edges)


def _unstated(edge: EdgeRecord) -> bool:
    """Whether nobody states it: it was seen, or is guessed."""
    evidence = edge.props.get("evidence") or ()
    return len(evidence) > 0 and all(item in ("observed", "inferred") for item in evidence)


def _in_tests(estate: Estate, edge: EdgeRecord) -> bool:
    """Whether all that is known of where it was seen is an environment of tests."""
    places = {estate.nodes[end].props.get("environment") for end in (edge.source, edge.target)} - {None, "unknown"}
    return bool(places) and places <= {"dev", "test"}


def _same_identity(estate: Estate, node: NodeRecord, at: int) -> bool:
    """Whether something of its kind that is declared runs as an identity that it was seen to run as; a person's tells nothing."""
    # Its own edge was only seen, and no other kind leads from an agent or a server to an identity
    return any(
        other.source[0] == node.kind and not only_seen(other) and in_force(other, at) and other.source not in estate.out_of_service
        for edge in estate.outgoing.get(node.key, ())
        if edge.kind == "RUNS_AS" and estate.nodes[edge.target].props.get("type") != "human"
        for other in estate.incoming[edge.target]
    )


_DEEDS = {"USES": "call", "CONNECTS_TO": "connect to", "DELEGATES_TO": "delegate to", "RUNS_AS": "run as", "RUNS_ON": "run on"}


def drift(engine: Engine, params: Params) -> Iterator[Row]:
    """Edges that were seen and that nothing declared accounts for at the time of the sighting."""
    estate, at = engine.estate, micros(engine.at)
    servers = {plain(server.name) for server in estate.of_kind("ToolServer")}
    for edge in estate.edges_of(*_DEEDS):
        if not only_seen(edge) or edge.source[0] not in ("Agent", "Workflow"):
            continue
        last = edge.props.get("last_seen") or edge.props.get("first_seen")
        moment = at if last is None else micros(last)
        stated = [other for other in estate.outgoing[edge.source] if not only_seen(other) and in_force(other, moment)]
        beyond = _beyond(edge, [other for other in stated if other.kind == edge.kind and other.target == edge.target])
        if beyond is None or (edge.kind == "USES" and _provided(estate, edge.target, stated)):
            continue
        if edge.kind == "RUNS_AS" and _comes_with(estate, edge.target, stated, moment):
            continue
        first = edge.props.get("first_seen")
        if first is not None and at - micros(first) <= params["hours"] * _HOUR:
            continue
        ends = about(edge.source, edge.target)
        if not beyond and _nearly(estate, edge, stated, servers):
            yield ends | {"unknown": True}
            continue
        yield ends | {
            "deed": _DEEDS[edge.kind],
            "last_seen": edge.props.get("last_seen"),
            "count": edge.props.get("count"),
            "scopes": beyond,
            "confidence": confidence(edge),
        }


def _beyond(edge: EdgeRecord, declared: list[EdgeRecord]) -> list[str] | None:
    """Scopes of a sighting that no declaration allows; None where all is allowed, empty where there is no declaration at all."""
    if not declared:
        return []
    scopes = edge.props.get("scopes")
    if scopes is None or any(other.props.get("scopes") is None for other in declared):
        return None
    allowed = [scope for other in declared for scope in other.props["scopes"]]
    return [scope for scope in scopes if not any(_covers(one, scope) for one in allowed)] or None


def _covers(allowed: str, scope: str) -> bool:
    """Whether the scope ``allowed`` holds all of ``scope``: as far as a pattern can be read as a text."""
    action, _, glob = allowed.partition(":")
    wanted, _, target = scope.partition(":")
    return action in ("*", wanted) and glob_form(glob).match(target) is not None


def _provided(estate: Estate, tool: NodeKey, stated: list[EdgeRecord]) -> bool:
    """Whether a server that one is declared to connect to provides the tool."""
    servers = {edge.source for edge in estate.incoming.get(tool, ()) if edge.kind == "PROVIDES"}
    return any(edge.target in servers and listed(edge, estate.nodes[tool]) for edge in stated if edge.kind == "CONNECTS_TO")


def _comes_with(estate: Estate, identity: NodeKey, stated: list[EdgeRecord], moment: int) -> bool:
    """Whether one is declared to run where that identity is had, or as one that may assume it."""
    return any(
        further.target == identity and further.kind in ("RUNS_AS", "ASSUMES") and not only_seen(further) and in_force(further, moment)
        for edge in stated
        if edge.kind in ("RUNS_AS", "RUNS_ON") and not edge.props.get("isolated")
        for further in estate.outgoing.get(edge.target, ())
    )


def _nearly(estate: Estate, edge: EdgeRecord, stated: list[EdgeRecord], servers: Collection[str]) -> bool:
    """Whether something declared may be what was seen: the tool without a gateway's prefix, or one of a server that tells none, or the
    server in another version. ``servers`` are their plain names: what stands before a ``-`` or ``_`` is a prefix where it is one of them,
    and else a word such as ``delete``."""
    target = estate.nodes[edge.target]
    if edge.kind == "CONNECTS_TO":
        package = _unversioned(target)
        return package is not None and any(
            other.kind == "CONNECTS_TO" and _unversioned(estate.nodes[other.target]) == package for other in stated
        )
    if edge.kind != "USES":
        return False
    if any(_untold(estate, other) for other in stated) and not any(one.kind == "PROVIDES" for one in estate.incoming.get(edge.target, ())):
        return True
    known = {estate.nodes[other.target].name for other in stated if other.kind == "USES"}
    for other in stated:
        if other.kind == "CONNECTS_TO":
            known |= {estate.nodes[one.target].name for one in estate.outgoing.get(other.target, ()) if one.kind == "PROVIDES"}
    return any(target.name.endswith(mark + name) for name in known for mark in ("__", "/", ".", ":")) or any(
        plain(target.name.removesuffix(mark + name)) in servers
        for name in known
        for mark in ("-", "_")
        if target.name.endswith(mark + name)
    )


def _untold(estate: Estate, edge: EdgeRecord) -> bool:
    """Whether it is a connection for whatever its server offers, and nobody states what that is."""
    if edge.kind != "CONNECTS_TO" or edge.props.get("tools") is not None:
        return False
    return all(one.kind != "PROVIDES" or only_seen(one) for one in estate.outgoing.get(edge.target, ()))


def _unversioned(server: NodeRecord) -> str | None:
    """Its package without the version."""
    package = server.props.get("package")
    return None if package is None else str(package).rpartition("@")[0] or str(package)
