"""Steps over all roots of a scan: what needs to know everything that was read before it can say anything.

Each step sees what its forerunners added. What a step says belongs to the root that its first source names, so that a re-scan of that
root renews it; facts without a source belong to the first root.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import chain

from graphinv.ingest.grants import Known, evaluate
from graphinv.model.errors import FactError
from graphinv.model.facts import EdgeFact, Grant, NodeFact, Problem, check_edge, check_node, place_of, source_of
from graphinv.pipeline.approvals import approved
from graphinv.pipeline.called import called
from graphinv.pipeline.credentials import opened
from graphinv.pipeline.deployments import deployed
from graphinv.pipeline.read import Reading
from graphinv.pipeline.sensitivity import guessed
from graphinv.pipeline.settle import met, settled
from graphinv.pipeline.sighted import accounted
from graphinv.pipeline.statements import named, stated

Step = Callable[[Known, Sequence[Grant]], Iterator[NodeFact | EdgeFact | Problem]]


def granted(known: Known, grants: Sequence[Grant]) -> Iterator[NodeFact | EdgeFact | Problem]:
    """Edges that policies give; see :mod:`graphinv.ingest.grants`."""
    return evaluate(grants, known)


FIRST_STEPS: tuple[Step, ...] = (opened, deployed)
"""In order. What runs where tells of what records and traces speak."""
STEPS: tuple[Step, ...] = (granted,)
"""A grant's wildcard reaches what was found before."""
LAST_STEPS: tuple[Step, ...] = (guessed,)
"""After the statements of estate files: what is guessed only where nobody says it."""


def together(readings: Sequence[Reading], beside: Known | None = None) -> None:
    """Add to each of ``readings`` what only all of them together say. O(facts) for each step, plus what the step costs.

    Args:
        readings: the roots of a scan.
        beside: what roots say that are not read now: their policies are not, but those that are read reach it too.
    """
    if not readings:
        return
    named(readings)
    met(readings)
    grants = [grant for reading in readings for grant in reading.grants]
    known = _take(readings, FIRST_STEPS, grants, None, beside)
    sightings = called(readings)
    known = _take(readings, STEPS, grants, known if sightings is None else None, beside)
    changed = [settled(readings), stated(readings), approved(readings), accounted(readings, sightings)]
    _take(readings, LAST_STEPS, grants, None if any(changed) else known)


def _take(
    readings: Sequence[Reading], steps: Iterable[Step], grants: Sequence[Grant], known: Known | None, beside: Known | None = None
) -> Known | None:
    """Let each step add what it knows; ``known`` is what the readings hold, where that has been put together already, and is given back
    where it is still all that they hold."""
    for step in steps:
        if step is granted and not grants:
            continue
        if known is None:
            nodes = (node for reading in readings for node in reading.nodes)
            known = Known.of(nodes, chain.from_iterable(reading.edges for reading in readings))
        facts = list(step(known.with_more(beside) if beside is not None and step is granted else known, grants))
        _share(readings, facts)
        if any(not isinstance(fact, Problem) for fact in facts):
            known = None  # the next one knows more
    return known


def _share(readings: Sequence[Reading], facts: Iterable[NodeFact | EdgeFact | Problem]) -> None:
    for fact in facts:
        if isinstance(fact, Problem):
            # A step names documents with their root in front, as ``sources`` do.
            blamed = _stating(readings, fact.document)
            blamed.problems.append(replace(fact, document=place_of(fact.document, blamed.root.name)[0]))
            continue
        reading = _stating(readings, str((fact.props.get("sources") or [""])[0]))
        try:
            if isinstance(fact, NodeFact):
                reading.nodes.append(check_node(fact))
            else:
                reading.edges.append(check_edge(fact))
        except FactError as error:
            reading.problems.append(Problem("", "", error.message, ingestor="grants"))


def _stating(readings: Sequence[Reading], source: str) -> Reading:
    """The reading whose root ``source`` lies in."""
    place = source.partition("#")[0]
    for reading in readings:
        start = source_of(reading.root.name, "")
        if place == start or place.startswith(f"{start}/"):
            return reading
    return readings[0]
