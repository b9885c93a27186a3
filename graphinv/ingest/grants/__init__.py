"""Permission languages: what providers' policies say, evaluated against what is known of the estate.

Ingestors yield :class:`~graphinv.model.facts.Grant` facts, which keep a policy in its provider's words. When all documents of a scan
have been read, each provider's module here is asked once for all of its grants together. One module of this package is one language and
has

    PROVIDER  its name in ``Grant.provider``
    evaluate(grants, known) -> Iterator[NodeFact | EdgeFact | Problem]
              CAN_ACCESS, ASSUMES and MEMBER_OF edges and the nodes of scopes (account, project, cluster) that they lead to. Each edge
              carries the ``sources`` and ``evidence`` of the grants it rests on, the condition of a conditional grant, and where it comes
              from (``inherited_from``). Never raises for any grant: what it can't understand is a Problem

A wildcard becomes an edge to every known resource that it matches and, where it covers a whole scope, one to the node of that scope.
"""

from __future__ import annotations

import importlib
import pkgutil
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from operator import attrgetter
from typing import Protocol, cast

from graphinv.ingest.support.used import dated, sightings
from graphinv.model.facts import EdgeFact, Grant, NodeFact, NodeKey, Problem, Props, Ref, merge_props


@dataclass(frozen=True)
class Known:
    """All nodes and edges of a scan, before grants are evaluated."""

    nodes: Mapping[NodeKey, Props] = field(default_factory=dict)
    """Node → what its sources together say."""
    edges: Sequence[EdgeFact] = ()

    @classmethod
    def of(cls, nodes: Iterable[NodeFact], edges: Iterable[EdgeFact]) -> Known:
        """What these facts say; ends of edges are known too. O(facts)."""
        merged: dict[NodeKey, Props] = {}
        for fact in nodes:
            key = fact.key
            before = merged.get(key)
            merged[key] = fact.props if before is None else merge_props(fact.kind, before, fact.props)
        kept = tuple(edges)
        for what in ("source", "target"):
            for end in dict.fromkeys(map(attrgetter(what), kept)):
                if end not in merged and not isinstance(end, Ref):
                    merged[end] = {}
        return cls(merged, kept)

    @cached_property
    def groups(self) -> dict[NodeKey, set[NodeKey]]:
        """Identity → groups that it is known to be a member of."""
        found: dict[NodeKey, set[NodeKey]] = defaultdict(set)
        for edge in self.edges:
            if edge.kind == "MEMBER_OF" and isinstance(edge.source, tuple) and isinstance(edge.target, tuple):
                found[edge.source].add(edge.target)
        return found

    def groups_of(self, member: NodeKey) -> frozenset[NodeKey]:
        """Groups that it is known to be a member of, itself or by another group."""
        around: set[NodeKey] = set()
        pending = [member]
        while pending:
            found = self.groups.get(pending.pop(), set()) - around
            around |= found
            pending += found
        return frozenset(around)

    def with_more(self, other: Known) -> Known:
        """What both know; where both know a node, what their sources say is put together. O(nodes + edges)."""
        nodes = {**other.nodes, **self.nodes}
        for key in self.nodes.keys() & other.nodes.keys():
            nodes[key] = merge_props(key[0], other.nodes[key], self.nodes[key])
        return Known(nodes, (*self.edges, *other.edges))

    @cached_property
    def by_kind(self) -> Mapping[str, Sequence[str]]:
        """Node kind → ids, sorted."""
        found: dict[str, list[str]] = {}
        for kind, name in sorted(self.nodes):
            found.setdefault(kind, []).append(name)
        return found

    def ids(self, *kinds: str, prefix: str = "") -> list[str]:
        """Ids of nodes of ``kinds`` that start with ``prefix``, sorted. O(nodes of these kinds)."""
        return sorted({one for kind in kinds for one in self.by_kind.get(kind, ()) if one.startswith(prefix)})


class Provider(Protocol):
    """What every module of this package offers; see the package's docstring."""

    PROVIDER: str

    def evaluate(self, grants: Sequence[Grant], known: Known) -> Iterator[NodeFact | EdgeFact | Problem]: ...


@cache
def providers() -> Mapping[str, Provider]:
    """All permission languages, by name."""
    modules = (importlib.import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__) if not module.ispkg)
    return {module.PROVIDER: cast("Provider", module) for module in modules}


def evaluate(grants: Iterable[Grant], known: Known) -> Iterator[NodeFact | EdgeFact | Problem]:
    """What all ``grants`` together give, with when it was last used; the cost is each provider's."""
    grouped: dict[str, list[Grant]] = {}
    for grant in dict.fromkeys(grants):
        grouped.setdefault(grant.provider, []).append(grant)
    seen = sightings(known.edges)
    for name in sorted(grouped):
        provider = providers().get(name)
        if provider is None:
            yield Problem("", "", f"no reader of the grants of {name!r}", ingestor="grants")
        else:
            yield from dated(provider.evaluate(grouped[name], known), seen)
