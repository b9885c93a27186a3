"""Whether what an agent calls or connects to is approved at a time, and by whom: what rules ask of USES and CONNECTS_TO."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from functools import cache, cached_property
from typing import TYPE_CHECKING, Literal

from graphinv.analyze.rows import once
from graphinv.model.approved import CLASSES, fits, marks
from graphinv.model.estate import EdgeRecord, in_force, listed
from graphinv.model.facts import NodeKey, Props
from graphinv.model.moments import micros

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

Standing = Literal["approved", "client", "refused", "expired", "changed", "elsewhere", "beyond", "unsure", "unstated"]
"""``client``: its own client's settings let it pass, and nobody else said so. ``changed``: another definition or version was approved.
``elsewhere``: another environment was. ``beyond``: less sensitive data was. ``unsure``: no source states the definition, the environment or
the data that the approval is for."""

HOLDS: tuple[Standing, ...] = ("approved", "client")


class Approvals:
    """Approvals of an engine's estate at its time."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self.estate = engine.estate
        self.at = micros(engine.at)
        self._of: dict[int, Standing] = {}

    def of(self, edge: EdgeRecord) -> Standing:
        """How a USES or CONNECTS_TO stands by what is stated of itself."""
        known = self._of.get(id(edge))  # the estate keeps its edges as they are, and a key is made anew each time
        if known is None:
            known = self._of[id(edge)] = self._judged(edge)
        return known

    def _judged(self, edge: EdgeRecord) -> Standing:
        props = edge.props
        if props.get("approved") is None:
            return "unstated"
        until = props.get("approved_until")
        if not props["approved"] or (until is not None and micros(until) <= self.at):
            return "expired" if props["approved"] else "refused"
        place = props.get("approved_environment")
        environments = self._environments(edge.source) if place else frozenset()
        if environments - {place}:
            return "elsewhere"
        same, within = self._same(edge), self._within(edge)
        if False in (same, within):
            return "changed" if same is False else "beyond"
        if None in (same, within) or (place and not environments):
            return "unsure"
        return "client" if props.get("approval") == "client" else "approved"

    def call(self, edge: EdgeRecord) -> Standing:
        """How a USES or CONNECTS_TO stands, by what is stated of it or of another edge between the same ends; of a tool, also by the
        approval of its server that listed the tool's definition, and of a server, by those of all tools that may be called there."""
        own = self.of(edge)
        if own in ("refused", *HOLDS):
            return own
        beside = {*self._standings[edge.kind, edge.source, edge.target]}
        beside.add(self._by_server(edge) if edge.kind == "USES" else self._by_tools(edge))
        return next((standing for standing in HOLDS if standing in beside), own)

    @cached_property
    def _standings(self) -> Mapping[tuple[str, NodeKey, NodeKey], frozenset[Standing]]:
        """How the edges between two ends stand, each by itself."""
        found: dict[tuple[str, NodeKey, NodeKey], frozenset[Standing]] = {}
        for edge in self.estate.edges_of("USES", "CONNECTS_TO"):
            ends = edge.kind, edge.source, edge.target
            found[ends] = _with(found.get(ends, frozenset()), self.of(edge))
        return found

    def registered(self, edge: EdgeRecord) -> bool:
        """Whether somebody other than a client speaks of such edges (tools, or servers) of its agent, or of what it leads to; of a
        connection, also of a tool that is called over it alone."""
        if not self._registered.isdisjoint(((edge.kind, edge.source), (edge.kind, edge.target))):
            return True
        tools = self._kept.get(edge.target, ()) if edge.kind == "CONNECTS_TO" else ()
        return any(listed(edge, self.estate.nodes[tool]) and ("USES", edge.source, tool) not in self._standings for tool in tools)

    @cached_property
    def _kept(self) -> Mapping[NodeKey, tuple[NodeKey, ...]]:
        """Server → those of its tools of which approvals are kept."""
        kept = {end for kind, end in self._registered if kind == "USES"}
        return {server: tuple(tool for tool in tools if tool in kept) for server, tools in self._tools.items()}

    @cached_property
    def _registered(self) -> frozenset[tuple[str, NodeKey]]:
        edges = self.estate.edges_of("USES", "CONNECTS_TO")
        said = (edge for edge in edges if edge.props.get("approved") is not None and edge.props.get("approval") != "client")
        return frozenset((edge.kind, end) for edge in said for end in (edge.source, edge.target))

    def _environments(self, actor: NodeKey) -> frozenset[str]:
        runtimes = (edge.target for edge in self.estate.outgoing.get(actor, ()) if edge.kind == "RUNS_ON")
        stated = (self.estate.nodes[one].props.get("environment") for one in (actor, *runtimes))
        return frozenset(one for one in stated if one not in (None, "unknown"))

    def _same(self, edge: EdgeRecord) -> bool | None:
        listed = edge.props.get("approved_digests")
        if listed is None:
            return True
        parts = [marks(self.estate.nodes[tool].props) for tool in self._tools.get(edge.target, ())]
        return fits(listed, marks(self.estate.nodes[edge.target].props), parts)

    def _within(self, edge: EdgeRecord) -> bool | None:
        """Whether everything that a call comes to is known to be no more sensitive than its approval says; None where nobody states how
        sensitive some of it is."""
        most = edge.props.get("approved_sensitivity")
        if most is None:
            return True
        tools = [tool for tool in self._tools.get(edge.target, ()) if listed(edge, self.estate.nodes[tool])]
        found = {one for key in tools or [edge.target] for one in self._classes(key)}
        if most in CLASSES and any(one is not None and one > CLASSES.index(most) for one in found):
            return False
        return None if None in found or most not in CLASSES else True

    def _classes(self, key: NodeKey) -> set[int | None]:
        """How sensitive what something comes to is, as places in CLASSES; None of what nobody states."""
        structure = self._engine.structure
        columns, _ = self._engine.privileges("posture").row(key)
        ends = (self.estate.nodes[structure.keys[node]] for node in structure.targets[columns].tolist())
        return {_class_of(end.props) for end in ends if end.kind == "Resource"}

    @cached_property
    def _tools(self) -> Mapping[NodeKey, tuple[NodeKey, ...]]:
        """Server → its tools."""
        found: defaultdict[NodeKey, set[NodeKey]] = defaultdict(set)
        for edge in self.estate.edges_of("PROVIDES"):
            if in_force(edge, self.at):
                found[edge.source].add(edge.target)
        return {server: tuple(sorted(tools)) for server, tools in found.items()}

    def _by_server(self, edge: EdgeRecord) -> Standing:
        tool = self.estate.nodes[edge.target]
        digest = tool.props.get("schema_digest")
        if digest is None:
            return "unstated"
        for link in self.estate.outgoing[edge.source]:
            called = link.kind == "CONNECTS_TO" and edge.target in self._tools.get(link.target, ()) and listed(link, tool)
            if called and in_force(link, self.at):
                digests = link.props.get("approved_digests")
                if digests is None:
                    digests = [one for one in [tool.props.get("approved_digest")] if one]
                standing = self.of(link)
                # The approval of a server whose other tools changed still names this one.
                if fits(digests, marks({"schema_digest": digest})) and standing in (*HOLDS, "changed"):
                    return "client" if standing == "client" else "approved"
        return "unstated"

    def _by_tools(self, edge: EdgeRecord) -> Standing:
        only = edge.props.get("tools")
        names = {tool: self.estate.nodes[tool].name for tool in self._tools.get(edge.target, ())}
        if only is not None and not {*names.values(), *(id for _, id in names)} >= set(only):
            return "unstated"
        tools = [tool for tool in names if listed(edge, self.estate.nodes[tool])]
        each = [self._standings.get(("USES", edge.source, tool), frozenset()) for tool in tools]
        if not each or not all(one & set(HOLDS) for one in each):
            return "unstated"
        return "approved" if all("approved" in one for one in each) else "client"


def _class_of(resource: Props) -> int | None:
    """Place in CLASSES; what the organisation lives by counts as the most sensitive."""
    stated = resource.get("sensitivity")
    if resource.get("crown_jewel"):
        return len(CLASSES) - 1
    return CLASSES.index(stated) if stated in CLASSES else None


@cache
def _with(standings: frozenset[Standing], one: Standing) -> frozenset[Standing]:
    """``standings`` and one more, as an object that is the same for all that are equal."""
    return standings | {one}


@once
def approvals_of(engine: Engine) -> Approvals:
    """Approvals of what an engine is about, at its time."""
    return Approvals(engine)
