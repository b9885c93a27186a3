"""When grants were last used, by what logs show of the same identities."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.azure import names as azure
from graphinv.ingest.support.gcp import names
from graphinv.ingest.support.kubernetes.classes import class_node
from graphinv.ingest.support.kubernetes.names import cluster_key, namespace_key, parse_id
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Problem

Given = NodeFact | EdgeFact | Problem
Seen = dict[tuple[NodeKey, NodeKey], dict[str, str]]
"""(identity, target) → action → when it was last seen."""


def dated(facts: Iterable[Given], seen: Seen) -> Iterator[Given]:
    """``facts`` that grants come to, accesses with when they were last used, as far as that was ``seen``.

    A grant to a group, or of a statement that several hold, is used by its members; one on an account or a service by whatever is done
    there. O(facts).
    """
    members: defaultdict[NodeKey, set[NodeKey]] = defaultdict(set)
    for fact in facts:
        if isinstance(fact, EdgeFact) and seen and isinstance(fact.source, tuple) and isinstance(fact.target, tuple):
            if fact.kind == "MEMBER_OF":
                members[fact.target].add(fact.source)
            elif fact.kind == "CAN_ACCESS":
                actions = set(fact.props.get("actions") or ())
                times = [
                    time
                    for one in (fact.source, *members.get(fact.source, ()))
                    for action, time in seen.get((one, fact.target), {}).items()
                    if action in actions or "admin" in actions
                ]
                if times:
                    yield replace(fact, props={**fact.props, "last_used": max(times)})
                    continue
        yield fact


def sightings(edges: Sequence[EdgeFact]) -> Seen:
    """What logs show, by all edges that are known, of identities and of groups that they are known to be members of. O(edges)."""
    found: Seen = {}
    for edge in edges:
        if edge.kind != "CAN_ACCESS" or "observed" not in (edge.props.get("evidence") or ()):
            continue
        last = edge.props.get("last_used") or edge.props.get("last_seen")
        if last is not None and isinstance(edge.source, tuple) and isinstance(edge.target, tuple):
            for target in (edge.target, *_around(edge.source, edge.target)):
                _see(found, edge.source, target, {action: str(last) for action in edge.props.get("actions") or ()})
    seen = list(found.items())
    by_identity: defaultdict[NodeKey, list[tuple[NodeKey, dict[str, str]]]] = defaultdict(list)
    for (identity, target), times in seen:
        by_identity[identity].append((target, times))
    for edge in edges if seen else ():
        if edge.kind == "MEMBER_OF" and isinstance(edge.source, tuple) and isinstance(edge.target, tuple):
            for target, times in by_identity.get(edge.source, ()):
                _see(found, edge.target, target, times)
    return found


def _see(found: Seen, identity: NodeKey, target: NodeKey, times: Mapping[str, str]) -> None:
    """``identity`` was seen at ``target`` at these times, by action; the last ones are kept."""
    known = found.setdefault((identity, target), {})
    for action, time in times.items():
        known[action] = max(time, known.get(action, time))


def _around(identity: NodeKey, target: NodeKey) -> Iterator[NodeKey]:
    """Scopes that the target lies in, and its service or type there."""
    fields = arns.parse(target[1])
    project = names.project_of(target[1])
    if fields is not None:
        own = arns.parse(identity[1])
        account = fields.account or (own.account if own else "")  # the name of a bucket tells no account
        if account:
            scope = arns.account_node(account)
            yield scope
            yield scope[0], f"{scope[1]}/{fields.service}"
    elif target[1].startswith("/subscriptions/"):
        kind = azure.resource_type(target[1])
        group = target[1].partition("/providers/")[0]
        for place in (group, group.partition("/resourcegroups/")[0]) if kind else ():
            yield azure.scope(place)[0]
            yield "Resource", f"{place}/providers/{kind}"
    elif target[1].startswith("k8s:"):
        yield from _around_object(target)
    elif target[1].startswith("vault:"):
        place = target[1]
        while "/" in place:
            place = place.rpartition("/")[0]
            yield "Resource", place  # the vault as a whole, where that is its name: it may hold slashes
            yield "Resource", f"{place}/*"
    elif project:
        yield "Resource", f"{names.PROJECTS}{project}"
        yield "Resource", f"//serviceusage.googleapis.com/projects/{project}/services/{names.service_of(target[1])}.googleapis.com"


def _around_object(target: NodeKey) -> Iterator[NodeKey]:
    """All objects of its class in its namespace and in the cluster, these two themselves."""
    place = parse_id(target[1])
    cluster, space, of = (place.cluster, place.namespace, "secrets") if place else _split(target[1])
    for where in dict.fromkeys((space, "")):
        yield class_node(cluster, where, of).key
        yield namespace_key(cluster, where) if where else cluster_key(cluster)


def _split(id: str) -> tuple[str, str, str]:
    """Cluster, namespace and class of all objects of one."""
    rest, _, of = id.removeprefix("k8s:").rpartition("/")
    cluster, _, space = rest.rpartition("/")
    return cluster, space, of
