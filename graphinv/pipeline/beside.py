"""What stands beside a scan: roots that were scanned before, by another command, and roots that lie within each other."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from graphinv.ingest.grants import Known
from graphinv.model.estate import EdgeRecord, NodeRecord
from graphinv.model.facts import EdgeFact, NodeFact, Problem, source_of
from graphinv.pipeline.read import Reading
from graphinv.pipeline.walk import Root
from graphinv.store import Scan, Store

GRANTS = "grants"
"""Name under which a scan counts the grants of its root."""


def granting(reading: Reading) -> dict[str, int]:
    """What a scan keeps of how many grants its root states; nothing where there are none."""
    return {GRANTS: len(reading.grants)} if reading.grants else {}


def known_beside(store: Store, readings: Sequence[Reading], earlier: Mapping[str, Scan]) -> Known | None:
    """What the roots say that are in the store and not among ``readings``; None where there are none, or nothing would be asked of it.

    What only the roots say that are read anew is left out: they say it again, or no longer. O(nodes + edges of the store).
    """
    others = set(earlier) - {reading.root.name for reading in readings}
    if not others or not any(reading.grants for reading in readings):
        return None
    starts = tuple(f"{source_of(name, '')}{end}" for name in others for end in ("/", "#"))

    def theirs(record: NodeRecord | EdgeRecord) -> bool:
        return any(source.startswith(starts) for source in record.sources)

    estate = store.estate()
    nodes = (NodeFact(node.kind, node.id, node.stated) for node in estate.nodes.values() if theirs(node))
    edges = (EdgeFact(edge.kind, edge.source, edge.target, edge.stated) for edge in estate.edges if theirs(edge))
    return Known.of(nodes, edges)


def not_evaluated(readings: Sequence[Reading], earlier: Mapping[str, Scan]) -> Iterator[tuple[Reading, Problem]]:
    """(reading, problem): policies of roots in the store that don't know yet what is new here."""
    read = {reading.root.name for reading in readings}
    others = sorted(name for name, scan in earlier.items() if name not in read and scan.counts.get(GRANTS))
    for reading in readings if others else ():
        if any(node.kind in ("Resource", "Secret") for node in reading.nodes):
            named = ", ".join(repr(name) for name in others[:5]) + (" …" if len(others) > 5 else "")
            message = f"policies of {named}, scanned before by themselves, are evaluated for what is new here when they are scanned again"
            yield reading, Problem("", "", message, "note", ingestor="scan")


def within(roots: Sequence[Root]) -> Iterator[tuple[int, Root]]:
    """(place of the inner one, the outer one) of roots of one command of which one holds the other's files too. O(roots²)."""
    for index, inner in enumerate(roots):
        place = inner.path / inner.only if inner.only and inner.own_file else inner.path
        for outer in roots:
            if outer.only is None and place != outer.path and place.is_relative_to(outer.path):
                yield index, outer
                break
