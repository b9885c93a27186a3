"""Guesses that give way once all roots of a scan are known, and secrets that two readers tell by different marks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

from graphinv.ingest.support.aws import arns
from graphinv.ingest.support.databases import is_user
from graphinv.ingest.support.found_secrets import HASHED
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Ref
from graphinv.pipeline.read import Reading

_KNOWN = frozenset({"CAN_ACCESS", "MEMBER_OF", "ASSUMES"})
_NO_TELLING = (["inferred"], ["observed"])
"""Evidence that says nothing of what else is granted."""


def settled(readings: Sequence[Reading]) -> bool:
    """Take back what was guessed of database users of which a source tells the grants; says whether there was such a guess. O(edges)."""
    if not any(_guessed(edge) for reading in readings for edge in reading.edges):
        return False
    told = {
        edge.source
        for reading in readings
        for edge in reading.edges
        if edge.kind in _KNOWN and edge.props.get("evidence") not in _NO_TELLING
    }
    for reading in readings:
        reading.edges = [edge for edge in reading.edges if edge.source not in told or not _guessed(edge)]
    return True


def _guessed(edge: EdgeFact) -> bool:
    """Whether it is what an address alone lets us think its user can do."""
    guess = edge.kind == "CAN_ACCESS" and edge.props.get("evidence") == ["inferred"]
    return guess and not isinstance(edge.source, Ref) and is_user(edge.source[1])


def met(readings: Sequence[Reading]) -> None:
    """Secrets of which a report tells a digest and a line become the secret that a reader found on that line, where there is one alone;
    access keys that a report of AWS numbers become those that a list of keys names, where it is certain which. O(nodes + edges)."""
    numbered = _numbered(readings)
    for reading in readings:
        same = {**_lying(reading), **numbered}
        if same:
            reading.nodes = [_moved(node, same) for node in reading.nodes]
            reading.edges = [_between(edge, same) for edge in reading.edges]


def _lying(reading: Reading) -> dict[str, str]:
    if not any(node.id.startswith(HASHED) for node in reading.nodes):
        return {}
    lying: dict[str, set[str]] = {}
    for node in reading.nodes:
        if node.kind == "Secret" and not node.id.startswith(HASHED):
            for source in node.props.get("sources") or ():
                lying.setdefault(source, set()).add(node.id)
    return {node.id: found for node in reading.nodes if node.id.startswith(HASHED) for found in _found(node, lying)}


def _found(node: NodeFact, lying: dict[str, set[str]]) -> Iterator[str]:
    for source in node.props.get("sources") or ():
        there = lying.get(source, set())
        if len(there) == 1:
            yield next(iter(there))


def _moved(node: NodeFact, same: dict[str, str]) -> NodeFact:
    if node.kind != "Secret" or node.id not in same:
        return node
    # Its own reader knows better what to call it, and of what a digest stands for all else.
    told = ("labels", "sources") if node.id.startswith(HASHED) else set(node.props) - {"name"}
    props = {name: value for name, value in node.props.items() if name in told}
    return NodeFact(node.kind, same[node.id], props)


def _between(edge: EdgeFact, same: dict[str, str]) -> EdgeFact:
    source, target = _end(edge.source, same), _end(edge.target, same)
    return edge if source is edge.source and target is edge.target else replace(edge, source=source, target=target)


def _end(end: NodeKey | Ref, same: dict[str, str]) -> NodeKey | Ref:
    return ("Secret", same[end[1]]) if not isinstance(end, Ref) and end[0] == "Secret" and end[1] in same else end


# --------------------------------------------------------------------------------------------------------------------------------
# Access keys of AWS

_User = tuple[str, str]
"""Account and name: a list of keys does not tell the path in a user's ARN."""


def _numbered(readings: Sequence[Reading]) -> dict[str, str]:
    """Ids of the keys that a credential report numbers → ids of the same keys in a list: of one user, with the same date, and no other has
    it; or the only ones of that user, where the report tells no date. A key of which nobody tells the date may be an older one."""
    reported: dict[_User, dict[str, str | None]] = defaultdict(dict)
    made: dict[str, str | None] = {}
    for reading in readings:
        for node in reading.nodes:
            if node.kind == "Secret" and (user := _user(arns.numbered_key_user(node.id))):
                reported[user][node.id] = node.props.get("rotated_at")
            elif node.kind == "Secret" and node.id.startswith(arns.access_key("")[1]):
                made[node.id] = node.props.get("issued_at") or made.get(node.id)
    listed = _listed(readings, made) if reported else {}
    return dict(pair for user, keys in reported.items() for pair in _pairs(keys, listed.get(user, {})))


def _listed(readings: Sequence[Reading], made: dict[str, str | None]) -> dict[_User, dict[str, str | None]]:
    """User → keys that a list says are theirs, with when they were made."""
    owner, key = arns.access_key_user("")[1], arns.access_key("")[1]
    found: dict[_User, dict[str, str | None]] = defaultdict(dict)
    for reading in readings:
        for edge in reading.edges:
            source, target = edge.source, edge.target
            if edge.kind == "ASSUMES" and isinstance(source, tuple) and isinstance(target, tuple) and source[1].startswith(owner):
                one = key + source[1].removeprefix(owner)
                if (user := _user(target[1])) and one in made:
                    found[user][one] = made[one]
    return found


def _user(arn: str) -> _User | None:
    fields = arns.parse(arn)
    return (fields.account, fields.resource.rpartition("/")[2]) if fields and arns.identity_type(arn) == "iam_user" else None


def _pairs(reported: dict[str, str | None], listed: dict[str, str | None]) -> Iterator[tuple[str, str]]:
    if len(reported) == len(listed) == 1 and None in reported.values() and None not in listed.values():
        yield next(iter(reported)), next(iter(listed))
        return
    for key, date in reported.items():
        same = [one for one, other in listed.items() if date is not None and other == date]
        if len(same) == 1 and list(reported.values()).count(date) == 1:
            yield key, same[0]
