"""Edges of a grant that reaches many things: one for each principal and target, or, where that is too many, through the grant itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Props

MANY = 1_000
"""Pairs of principal and target beyond which a grant becomes a group of its own."""
_OF_MEMBERS = ("evidence", "sources", "confidence", "valid_until")


def gathered(principals: Sequence[NodeKey], reached: int, props: Props, group: NodeFact) -> tuple[list[NodeKey], list[NodeFact | EdgeFact]]:
    """Who is to be drawn as the holder of a grant that reaches so many things: the principals, or ``group`` and them as its members.

    Args:
        principals: who is granted something.
        reached: how many things.
        props: evidence and sources of the grant.
        group: stands for the grant where both are many.
    """
    if len(principals) < 2 or len(principals) * reached <= MANY:
        return list(principals), []
    shared = {name: value for name, value in props.items() if name in _OF_MEMBERS}
    return [group.key], [group, *(EdgeFact("MEMBER_OF", principal, group.key, shared) for principal in principals)]


def access(holders: Sequence[NodeKey], targets: Mapping[NodeKey, tuple[str, ...]], props: Props) -> Iterator[EdgeFact]:
    """(holder)-[:CAN_ACCESS]->(each target that anything may be done to), with its actions."""
    for holder in holders:
        for target, actions in targets.items():
            if actions:
                yield EdgeFact("CAN_ACCESS", holder, target, {**props, "actions": list(actions)})
