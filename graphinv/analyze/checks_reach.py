"""Rules about what agents come to: by way of others, with no decision in the way, across environments and tenants."""

from __future__ import annotations

from collections.abc import Iterator, Sequence, Set
from typing import TYPE_CHECKING

import numpy as np

from graphinv.analyze.labels import agreed
from graphinv.analyze.reaching import WORSE_BITS, Pair, Reached, columns_of, pairs_and_counts
from graphinv.analyze.rows import Params, Row, about, agents_of, delegations
from graphinv.analyze.scopes import ACTION_BIT, Array, split_scope
from graphinv.model.estate import Estate, NodeRecord, in_force
from graphinv.model.moments import micros
from graphinv.model.results import Hop

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine


def hidden_reach(engine: Engine, params: Params) -> Iterator[Row]:
    """What an agent can do to something that matters only by way of another agent, a call-back or a workflow.

    What is confidential or in production counts where the action is worse than reading; to read is harm enough of what is restricted.
    """
    estate, told = engine.estate, columns_of(engine)
    posture = engine.privileges("posture")
    weighty = told.sensitive | told.prod
    secret = told.resource & np.array([worth in _HARMED_BY_READING for worth in told.values], dtype=bool)[told.value]

    transient = {edge.key for edge in estate.edges_of("DELEGATES_TO") if edge.props.get("transient")}

    def row(pair: Pair) -> Row:
        hops = pair.path.hops if pair.path else ()
        return about(pair.agent, pair.target) | {"actions": pair.actions, "path": hops, "modifiers": _unseen(estate, hops, transient)}

    gained = (Reached(agent.key, *posture.row_minus(engine.own_privileges, agent.key)) for agent in agents_of(engine))
    wanted = (one.only(secret[one.columns] | weighty[one.columns] & (one.bits & WORSE_BITS > 0)) for one in gained)
    yield from pairs_and_counts(engine, wanted, params["most"], params["searches"], "posture", row)
    for edge in delegations(estate, micros(engine.at)):
        if any(not split_scope(scope)[0] for scope in edge.props.get("scopes") or ()):
            yield about(edge.source, edge.target) | {"unknown": True}


_HARMED_BY_READING = ("restricted", "crown jewel")


def _unseen(estate: Estate, hops: Sequence[Hop], transient: Set[str]) -> list[str]:
    """What makes a hidden way hard to see; ``transient`` are keys of delegations that exist only while a call runs."""
    if any(not transient.isdisjoint(hop.edges) for hop in hops):
        return ["+1 a hop exists only while a call runs"]
    if any("CALLS_BACK" in hop.edge for hop in hops):
        return ["+1 a tool calls back"]
    if any(estate.nodes[end].props.get("third_party") for hop in hops for end in (hop.source, hop.target)):
        return ["+1 a step is run by somebody else"]
    return []


def ungoverned_path(engine: Engine, params: Params) -> Iterator[Row]:
    """What an agent can do with no enforcing point on the way, to something that matters or worse than reading."""
    estate, told = engine.estate, columns_of(engine)
    privileges = engine.privileges("ungoverned")
    enforced = any(point.props.get("mode") == "enforce" for point in estate.of_kind("EnforcementPoint"))

    def row(pair: Pair) -> Row:
        found = about(pair.agent, pair.target) | {
            "actions": pair.actions,
            "lens": "ungoverned",
            "path": pair.path.hops if pair.path else (),
        }
        around = _bypassed(engine, pair) if enforced else []
        return found | ({"bypassed": around} if around else {})

    sinks, models = _of_sorts(engine, params["telemetry"]), _of_sorts(engine, params["models"])
    sensitive = told.sensitive & ~(sinks & _guessed_of_all(engine))

    def matters(one: Reached) -> Array:
        columns, bits = one.columns, one.bits
        harmless = sinks[columns] & (bits & _BEYOND_WRITING == 0) | models[columns] & (bits & _BEYOND_ASKING == 0)
        kept: Array = sensitive[columns] | ~harmless & (told.prod[columns] | (bits & WORSE_BITS > 0))
        return kept

    reached = (Reached(agent.key, *privileges.row(agent.key)) for agent in agents_of(engine))
    wanted = (one.only(matters(one)) for one in reached)
    yield from pairs_and_counts(engine, wanted, params["most"], params["searches"], "ungoverned", row)


_BEYOND_WRITING = WORSE_BITS & ~ACTION_BIT["write"]
_BEYOND_ASKING = WORSE_BITS & ~ACTION_BIT["execute"]


def _of_sorts(engine: Engine, sorts: Sequence[str]) -> Array:
    """For each target whether it is of one of these types."""
    return np.array([_sort(record) in sorts for record in _targets(engine)], dtype=bool)


def _sort(target: NodeRecord) -> str:
    """Its type; a whole service of a cloud is of the type that its id ends with, and what a provider hosts is that provider's."""
    kind = str(target.props.get("type") or "")
    if kind == "saas":
        return target.id.removeprefix("saas:").partition("/")[0]
    return target.id.rpartition("/")[2] if kind == "aws_service" else kind


def _guessed_of_all(engine: Engine) -> Array:
    """For each target whether what is known of its sensitivity is only guessed, of everything that its provider hosts."""
    labels = (record.props.get("labels") or () for record in _targets(engine))
    return np.array([any(one.startswith("sensitivity_from=") and "#providers." in one for one in some) for some in labels], dtype=bool)


def _targets(engine: Engine) -> Iterator[NodeRecord]:
    """All that can be acted on, column by column."""
    return (engine.estate.nodes[engine.structure.keys[node]] for node in engine.structure.targets.tolist())


def _bypassed(engine: Engine, pair: Pair) -> list[str]:
    """Enforcement points on the shortest way there that the ungoverned one goes around."""
    path = engine.witness(pair.agent, pair.target, pair.path.action) if pair.path else None
    return sorted({guard.id for hop in (path.hops if path else ()) for guard in hop.guards if guard.mode == "enforce"})


def across_environments(engine: Engine, params: Params) -> Iterator[Row]:
    """Agents of development and test that act on production, and agents that act on what belongs to several tenants."""
    estate, told, at = engine.estate, columns_of(engine), micros(engine.at)
    privileges = engine.privileges("posture")
    records = [estate.nodes[engine.structure.keys[node]] for node in engine.structure.targets.tolist()]
    telemetry = np.array([record.props.get("type") in params["telemetry"] for record in records], dtype=bool)
    # Sources differ in case; that nobody knows whose a thing is makes it no further tenant's
    named = [str(record.props.get("tenant") or "unknown") for record in records]
    spelled = {name.casefold(): name for name in reversed(named)}
    tenants, tenant = np.unique([name.casefold() for name in named], return_inverse=True)
    owned = tenants[tenant] != "unknown"
    crossing = []
    for agent in agents_of(engine):
        columns, bits = privileges.row(agent.key)
        wanted = told.prod[columns] & ~(telemetry[columns] & (bits & WORSE_BITS == 0))
        if wanted.any() and not agreed(agent.props, "crossenvironmentok", at):
            places = _environments(estate, agent, at)
            if places & _CARELESS and "prod" not in places:
                crossing.append(Reached(agent.key, columns[wanted], bits[wanted]))
            elif not places:
                yield about(agent.key) | {"unknown": True}
        theirs = owned[columns]
        several = np.unique(tenant[columns[theirs]])
        if len(several) > 1 and not agreed(agent.props, "crosstenantok", at):
            worse = bool((bits[theirs] & WORSE_BITS).any())
            some = [spelled[one] for one in tenants[several[:10]].tolist()]
            yield about(agent.key) | {"what": f"things of {len(several)} tenants", "tenants": some, "modifiers": _worse(worse)}

    def row(pair: Pair) -> Row:
        places = " and ".join(sorted(_environments(estate, estate.nodes[pair.agent], at)))
        what = f"{estate.nodes[pair.target].name} in production from {places}"
        found = about(pair.agent, pair.target) | {"what": what, "actions": pair.actions, "modifiers": _worse(pair.actions != ["read"])}
        return found | {"path": pair.path.hops if pair.path else ()}

    for found in pairs_and_counts(engine, crossing, params["most"], params["searches"], "posture", row):
        counted = {"what": f"{found['targets']} things in production"} if "targets" in found else {}
        yield found | counted


_CARELESS = frozenset({"dev", "test"})


def _environments(estate: Estate, agent: NodeRecord, at: int) -> frozenset[str]:
    """Where an agent is said to be, or, where nobody says, what it runs on."""
    runs = [estate.nodes[edge.target] for edge in estate.outgoing.get(agent.key, ()) if edge.kind == "RUNS_ON" and in_force(edge, at)]
    stated = [[str(one.props.get("environment") or "unknown") for one in places] for places in ([agent], runs)]
    own, around = (frozenset(names) - {"unknown"} for names in stated)
    return own or around


def _worse(worse: bool) -> list[str]:
    return ["+1 it can do worse than read there"] if worse else []
