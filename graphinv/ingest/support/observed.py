"""What was seen at work, counted: a log of a million lines becomes one edge for each pair of things, with how often and when.

Logs are cut into many files, so their readers are of formats whose documents are understood together: ``summarise`` fills a
:class:`Tally`, which can be pickled, and ``link`` yields the facts of :func:`united` ones, in which the counts of all files add up.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from graphinv.ingest.support.records import moment
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Problem, Props, merge_props, place_of
from graphinv.model.kinds import normal_time

MAX_THINGS = 100_000
"""Different edges, or nodes, of one log that are kept; of more the rest is told and left out."""
MAX_SOURCES = 10
"""Places that one of them names."""

Deciding = tuple[tuple[str, tuple[str, ...] | str | bool], ...]
"""What tells two edges between the same ends apart, such as ``(("actions", ("read",)), ("mode", "handoff"))``."""
Pair = tuple[str, NodeKey, NodeKey, Deciding]


@dataclass
class Seen:
    """How often, from when to when, and where it is written."""

    count: int
    first: str | None
    last: str | None
    sources: list[str]

    def add(self, other: Seen) -> None:
        self.count += other.count
        self.first = min((one for one in (self.first, other.first) if one), default=None)
        self.last = max((one for one in (self.last, other.last) if one), default=None)
        self.sources = list(dict.fromkeys((*self.sources, *other.sources)))[:MAX_SOURCES]


@dataclass
class Tally:
    """Edges that were seen, and the nodes that they name. Its memory grows with the different ones, not with how often each was seen."""

    edges: dict[Pair, Seen] = field(default_factory=dict)
    nodes: dict[NodeKey, Props] = field(default_factory=dict)
    left_out: int = 0
    """Sightings of edges beyond :data:`MAX_THINGS`."""

    def see(
        self, kind: str, source: NodeKey, target: NodeKey, at: str | None, place: str, deciding: Deciding = (), *, count: int = 1
    ) -> None:
        """(source)-[kind]->(target) was seen ``count`` times at ``at`` (as :func:`seconds` gives it); so it stands at ``place``. O(1)."""
        pair = (kind, source, target, deciding)
        known = self.edges.get(pair)
        if known is not None:
            known.count += count
            if at is not None:
                known.first = at if known.first is None or at < known.first else known.first
                known.last = at if known.last is None or at > known.last else known.last
        elif len(self.edges) < MAX_THINGS:
            self.edges[pair] = Seen(count, at, at, [place])
        else:
            self.left_out += count

    def name(self, key: NodeKey, place: str, **props: object) -> None:
        """The node ``key`` is named at ``place``; ``props`` are what is known of it, None for unknown ones."""
        if key not in self.nodes and len(self.nodes) < MAX_THINGS:
            self.nodes[key] = {**{name: value for name, value in props.items() if value is not None}, "sources": [place]}

    def facts(self) -> Iterator[NodeFact | EdgeFact]:
        """Nodes and edges, these ``observed``."""
        yield from (NodeFact(*key, stated) for key, stated in self.nodes.items())
        for (kind, source, target, deciding), seen in self.edges.items():
            props: Props = {name: list(value) if isinstance(value, tuple) else value for name, value in deciding}
            props |= {"evidence": ["observed"], "count": seen.count, "first_seen": seen.first, "last_seen": seen.last}
            if kind == "CAN_ACCESS":
                props["last_used"] = seen.last
            yield EdgeFact(kind, source, target, {**props, "sources": seen.sources})

    def problems(self, root: str, ingestor: str) -> Iterator[Problem]:
        """What of the log is not in :meth:`facts`."""
        if self.left_out:
            named = next((seen.sources[0] for seen in self.edges.values()), "")  # none where all that is counted was refused
            document = place_of(named, root)[0] if named else ""
            message = f"shows more than {MAX_THINGS:,} different accesses; {self.left_out:,} sightings of others are left out"
            yield Problem(document, "", message, "error", ingestor)


def united(tallies: Iterable[Tally]) -> Tally:
    """What all of them show together, in whatever order they come. O(edges + nodes)."""
    whole = Tally()
    for tally in tallies:
        whole.left_out += tally.left_out
        for pair, seen in tally.edges.items():
            known = whole.edges.get(pair)
            if known is not None:
                known.add(seen)
            elif len(whole.edges) < MAX_THINGS:
                whole.edges[pair] = Seen(seen.count, seen.first, seen.last, list(seen.sources))
            else:
                whole.left_out += seen.count
        for key, props in tally.nodes.items():
            known_props = whole.nodes.get(key)
            if known_props is not None:
                merged = merge_props(key[0], known_props, props)
                whole.nodes[key] = {**merged, "sources": merged["sources"][:MAX_SOURCES]}
            elif len(whole.nodes) < MAX_THINGS:
                whole.nodes[key] = props
    return whole


def seconds(value: object) -> str | None:
    """A time as the graph has it; None where it is none.

    >>> seconds("2026-07-10T02:00:00.5+02:00"), seconds(1_783_641_600_000), seconds("soon")
    ('2026-07-10T00:00:00Z', '2026-07-10T00:00:00Z', None)
    """
    text = moment(value)
    if text is None:
        return None
    try:
        return str(normal_time(text))
    except ValueError:
        return None
