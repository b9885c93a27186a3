"""What comes after what in the graph of a flow."""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Iterator, Mapping

MAX_STEPS = 200_000
"""Edges of one flow that are walked to find which agent comes after which."""


def grouped(edges: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    """Successors by node, each once, in order."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    for source, target in edges:
        found[source][target] = None
    return {source: list(targets) for source, targets in found.items()}


def following(
    successors: Mapping[str, Iterable[str]], starts: Collection[str], stops: Collection[str]
) -> Iterator[tuple[str, str, list[str]]]:
    """(start, stop, nodes between them on a shortest way) for each of ``stops`` that comes after one of ``starts`` with no other between.

    Walks at most 200,000 edges in all and then ends.
    """
    steps = 0
    for start in starts:
        before: dict[str, str] = {}
        queue = deque([start])
        while queue:
            node = queue.popleft()
            for after in successors.get(node, ()):
                steps += 1
                if steps > MAX_STEPS:
                    return
                if after in before:
                    continue
                before[after] = node
                if after not in stops:
                    queue.append(after)
                elif after != start:
                    yield start, after, _between(before, start, after)


def _between(before: Mapping[str, str], start: str, stop: str) -> list[str]:
    between: list[str] = []
    node = before[stop]
    while node != start and len(between) <= len(before):
        between.append(node)
        node = before[node]
    return between
