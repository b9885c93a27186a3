"""Edges of a grant that reaches many things: one for each principal and target, or, where that is too many, through the grant itself."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Props

MANY = 10_000
"""Pairs of principal and target beyond which a grant becomes a group of its own."""


def access(
    principals: Sequence[NodeKey], targets: Mapping[NodeKey, tuple[str, ...]], props: Props, group: NodeFact
) -> Iterator[NodeFact | EdgeFact]:
    """(principal)-[:CAN_ACCESS]->(each target, with its actions); O(principals + targets) at most, never their product beyond 10,000.

    Args:
        principals: who is granted something.
        targets: node → what may be done to it; one without actions is left out.
        props: evidence, sources, condition, ``inherited_from`` of the grant.
        group: stands for the grant where it has too many of both; its principals are members of it.
    """
    reached = {target: actions for target, actions in targets.items() if actions}
    holders = list(principals)
    if len(holders) > 1 and len(holders) * len(reached) > MANY:
        yield group
        shared = {name: value for name, value in props.items() if name in ("evidence", "sources", "confidence", "valid_until")}
        for principal in holders:
            yield EdgeFact("MEMBER_OF", principal, group.key, shared)
        holders = [group.key]
    for principal in holders:
        for target, actions in reached.items():
            yield EdgeFact("CAN_ACCESS", principal, target, {**props, "actions": list(actions)})
