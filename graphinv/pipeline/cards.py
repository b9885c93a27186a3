"""An A2A card and the agent in code whose card it is are one agent.

A card lies beside the code that it describes, without naming it. Where that folder holds one agent that nobody there calls, the card is
that agent's; where it holds several, the one that bears the card's name. Anything else is a guess, and an edge that says so.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import PurePosixPath

from graphinv.ingest.support.called import plain
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Ref, place_of

GUESS = 0.5
"""Confidence that one of several agents beside a card is the one it describes."""
MOST_GUESSES = 5
"""Folders with more candidates say nothing."""
_CODE = frozenset({".py", ".ipynb", ".ts", ".tsx", ".mts", ".cts", ".js", ".mjs", ".cjs", ".jsx"})
_NO_PLACE = frozenset({".well-known", "public", "static", "assets"})
"""Folders that serve a card rather than hold the code."""


def carded(root: str, nodes: Sequence[NodeFact], edges: Sequence[EdgeFact]) -> tuple[list[NodeFact], list[EdgeFact]]:
    """The same facts, with each card and the agent in code that it describes as one node.

    The node has the card's id where that is its address, under which other documents speak of it, else the id of the code.
    O(nodes + edges).
    """
    cards = _placed(root, (node for node in nodes if node.kind == "Agent" and node.id.startswith("a2a:")), {".json"})
    if not cards:
        return list(nodes), list(edges)
    names = {node.key: str(node.props.get("name") or "") for node in nodes if node.kind == "Agent"}
    called = {edge.target for edge in edges if edge.kind == "DELEGATES_TO" and not isinstance(edge.target, Ref)}
    code = _placed(root, (node for node in nodes if node.kind == "Agent" and not node.id.startswith("a2a:")), _CODE)
    beside: dict[str, set[NodeKey]] = defaultdict(set)
    for agent, folder in code.items():
        for above in [folder, *map(str, PurePosixPath(folder).parents)]:
            beside["" if above == "." else above].add(agent)
    sharing = list(cards.values())
    same: dict[NodeKey, NodeKey] = {}
    guesses: list[EdgeFact] = []
    stated = {node.key: node.props.get("sources") or [] for node in nodes if node.key in cards}
    for card, folder in sorted(cards.items()):
        if not folder or sharing.count(folder) > 1:
            continue  # at the top of a root lies everything; of two cards in one folder neither says which is whose
        found = _described(names[card], beside.get(folder, set()), names, called)
        if len(found) == 1:
            agent = found[0]
            kept, gone = (card, agent) if card[1].startswith(("a2a:http://", "a2a:https://")) else (agent, card)
            same[gone] = kept
        elif len(found) <= MOST_GUESSES:
            props = {"evidence": ["inferred"], "confidence": GUESS, "kind_detail": "card-beside-code", "sources": stated[card]}
            guesses += [EdgeFact("DELEGATES_TO", card, agent, props) for agent in found]
    return _renamed(same, nodes, [*edges, *guesses])


def _placed(root: str, nodes: Iterable[NodeFact], suffixes: frozenset[str] | set[str]) -> dict[NodeKey, str]:
    """Agent → folder of the first of its documents with one of ``suffixes``; agents without such a document are left out."""
    places: dict[NodeKey, str] = {}
    for node in nodes:
        for source in node.props.get("sources") or ():
            path = PurePosixPath(place_of(str(source), root)[0])
            if path.suffix in suffixes and node.key not in places:
                parts = list(path.parent.parts)
                while parts and parts[-1] in _NO_PLACE:
                    parts.pop()
                places[node.key] = "/".join(parts)
    return places


def _described(name: str, beside: set[NodeKey], names: Mapping[NodeKey, str], called: set[NodeKey]) -> list[NodeKey]:
    """Of the agents ``beside`` a card, those that it may describe; one alone is certain."""
    named = [agent for agent in beside if plain(names[agent]) == plain(name)]
    if len(named) == 1:
        return named
    return sorted(beside - called)


def _renamed(
    same: Mapping[NodeKey, NodeKey], nodes: Iterable[NodeFact], edges: Sequence[EdgeFact]
) -> tuple[list[NodeFact], list[EdgeFact]]:
    def end(key: NodeKey | Ref) -> NodeKey | Ref:
        return key if isinstance(key, Ref) else same.get(key, key)

    one = [replace(node, id=same[node.key][1]) if node.key in same else node for node in nodes]
    drawn = [
        edge if end(edge.source) == edge.source and end(edge.target) == edge.target
        else replace(edge, source=end(edge.source), target=end(edge.target))
        for edge in edges
    ]  # fmt: skip
    # A card that calls the agent which it is of asks nobody; an agent that is said to ask itself does
    return one, [
        after for before, after in zip(edges, drawn, strict=True)
        if after.source != after.target or after.kind != "DELEGATES_TO" or before.source == before.target
    ]  # fmt: skip
