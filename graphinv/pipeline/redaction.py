"""The last door: whatever an ingestor says, a text in the shape of a credential does not pass into the graph.

Ingestors keep values back by themselves. This catches credentials that stand where nobody looks for them: in the name of a server, in a
command, in an owner's handle.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any

from graphinv.ingest.support.secret_shapes import hide
from graphinv.model.facts import (
    Approval,
    Binding,
    EdgeFact,
    Fact,
    Grant,
    Guarding,
    Naming,
    NodeFact,
    NodeKey,
    OwnerRule,
    Problem,
    Props,
    Ref,
    Said,
    Statement,
)

SHORTEST = 12


def redacted(fact: Fact) -> Fact:
    """``fact`` with every credential in its texts, ids included, replaced by ``***``."""
    match fact:
        case NodeFact():
            return replace(fact, id=clean(fact.id), props=_props(fact.props))
        case EdgeFact():
            return replace(fact, source=_end(fact.source), target=_end(fact.target), props=_props(fact.props))
        case Binding():
            return replace(fact, name=clean(fact.name), target=_key(fact.target), credentials=tuple(map(_end, fact.credentials)))
        case OwnerRule():
            return replace(fact, owners=tuple(_key(owner) for owner in fact.owners))
        case Grant():
            return replace(fact, subject=_key(fact.subject), body=clean(fact.body), origin=clean(fact.origin))
        case _:
            return _told(fact)


def _told(fact: Said | Problem) -> Said | Problem:
    match fact:
        case Problem():
            return replace(fact, message=clean(fact.message))
        case Statement():
            return replace(fact, props=_props(fact.props), owners=tuple(map(_key, fact.owners)), nodes=tuple(map(clean, fact.nodes)))
        case Guarding():
            return replace(fact, guard=clean(fact.guard), starts=clean(fact.starts), stops=clean(fact.stops))
        case Naming():
            return replace(fact, name=clean(fact.name))
        case Approval():
            digests = tuple(map(clean, fact.digests))
            return replace(
                fact, agent=clean(fact.agent), tool=clean(fact.tool), server=clean(fact.server), by=clean(fact.by), digests=digests
            )


@lru_cache(maxsize=65536)
def clean(text: str) -> str:
    """``text`` without credentials; O(length)."""
    return hide(text) if isinstance(text, str) and len(text) >= SHORTEST else text


def _key(key: NodeKey) -> NodeKey:
    return key[0], clean(key[1])


def _end(end: NodeKey | Ref) -> NodeKey | Ref:
    return replace(end, name=clean(end.name), fallback=clean(end.fallback)) if isinstance(end, Ref) else _key(end)


def _props(props: Props) -> Props:
    return {name: _value(value) for name, value in props.items()}


def _value(value: Any) -> Any:
    if isinstance(value, str):
        return clean(value)
    return [clean(item) if isinstance(item, str) else item for item in value] if isinstance(value, list) else value
