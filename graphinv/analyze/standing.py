"""Who stands before a thing: agents that come to it first, with no other agent between."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING

from graphinv.analyze.rows import blueprint, usable
from graphinv.model.estate import EdgeRecord, in_force, listed
from graphinv.model.facts import NodeKey
from graphinv.model.moments import micros

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

_STEPS = frozenset({"RUNS_AS", "RUNS_ON", "HOLDS", "AUTHENTICATES_AS", "ASSUMES", "MEMBER_OF", "USES", "CONNECTS_TO", "DELEGATES_TO"})


class Standing:
    """Who stands before things: agents in service. What one step back from a node leads to is looked up once."""

    def __init__(self, engine: Engine) -> None:
        self._estate, self._at = engine.estate, micros(engine.at)
        self._step, self._helped = cache(self._one_step), cache(self._helpers)
        self._blueprint = cache(lambda agent: blueprint(self._estate.nodes[agent]))

    def callers(self, source: NodeKey, *, member: bool = True) -> set[NodeKey]:
        """Agents that stand before an edge that leaves ``source``: itself, or the first ones that come to it; by a group of theirs only as
        ``member``."""
        if source[0] in ("Agent", "Workflow"):
            return {source} if source[0] == "Agent" and source not in self._estate.out_of_service else set()
        found: set[NodeKey] = set()
        seen, waiting = {source}, [source]
        while waiting:
            agents, others, members = self._step(waiting.pop())
            found |= agents
            for one in (*others, *members) if member else others:
                if one not in seen:
                    seen.add(one)
                    waiting.append(one)
        return found

    def is_shared(self, identity: NodeKey) -> bool:
        """Whether more than one agent in service acts as it; replicas are one, and members of a group have names of their own. A sub-agent
        that comes to it in its caller's framework, and not by itself, is no further one."""
        agents = self.callers(identity, member=False)
        if len(agents) < 2 or len(self._blueprints(agents)) < 2:
            return False
        helped = set().union(*map(self._helped, agents)) & agents
        helped -= {one.source for one in self._estate.incoming.get(identity, ()) if one.kind == "RUNS_AS"}
        return len(self._blueprints(agents - helped)) > 1

    def parties(self, agents: Iterable[NodeKey]) -> Mapping[NodeKey, NodeKey]:
        """For each of ``agents`` the one that stands for its party: replicas are one, and so is with an agent whom it asks of them that is
        known to run in its own framework."""
        known = set(agents)
        first: dict[str, NodeKey] = {}
        replicas = [(first.setdefault(self._blueprint(agent), agent), agent) for agent in sorted(known)]
        return united(known, (*replicas, *((agent, other) for agent in known for other in self._helped(agent) & known)))

    def _blueprints(self, agents: Iterable[NodeKey]) -> set[str]:
        return set(map(self._blueprint, agents))

    def _helpers(self, agent: NodeKey) -> set[NodeKey]:
        """Whom it asks that is known to run in its own framework."""
        nodes = self._estate.nodes
        framework = nodes[agent].props.get("framework")
        if framework is None:
            return set()
        asked = {edge.target for edge in self._estate.outgoing.get(agent, ()) if edge.target[0] == "Agent" and in_force(edge, self._at)}
        return {other for other in asked - {agent} if nodes[other].props.get("framework") == framework}

    def _one_step(self, key: NodeKey) -> tuple[set[NodeKey], list[NodeKey], list[NodeKey]]:
        """From what a node is come to: agents in service, what others come to in turn, and its members where it is a group."""
        agents: set[NodeKey] = set()
        others: list[NodeKey] = []
        members: list[NodeKey] = []
        for edge in self._onto(key):
            if edge.source[0] == "Agent":
                if edge.source not in self._estate.out_of_service:
                    agents.add(edge.source)
            elif edge.source[0] != "Workflow":
                (members if edge.kind == "MEMBER_OF" else others).append(edge.source)
        return agents, others, members

    def _onto(self, key: NodeKey) -> Iterator[EdgeRecord]:
        """Edges over which something is come to, unless it is a secret that opens nothing any more; of a tool also those by which it may be
        called over its servers."""
        estate, at = self._estate, self._at
        if key[0] == "Secret" and not usable(estate.nodes[key].props, at):
            return
        for edge in estate.incoming.get(key, ()):
            if not in_force(edge, at):
                continue
            if edge.kind in _STEPS and not edge.props.get("isolated"):
                yield edge
            elif edge.kind == "PROVIDES":
                links = (link for link in estate.incoming.get(edge.source, ()) if link.kind == "CONNECTS_TO" and in_force(link, at))
                yield from (link for link in links if listed(link, estate.nodes[key]))


def united(keys: Iterable[NodeKey], alike: Iterable[tuple[NodeKey, NodeKey]]) -> dict[NodeKey, NodeKey]:
    """For each of ``keys`` the first of those that pairs of ``alike`` make one with it. Near-linear."""
    party = {key: key for key in keys}

    def root(key: NodeKey) -> NodeKey:
        while party[key] != key:
            party[key] = key = party[party[key]]
        return key

    for one, other in alike:
        first, second = sorted((root(one), root(other)))
        party[second] = first
    return {key: root(key) for key in party}
