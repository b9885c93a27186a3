"""Contents that are more than one transaction of a server can hold.

They are built beside what is there: nodes under labels that begin with an underscore (``_Agent``), edges among those, in transactions of a
bounded size. One more transaction, which only moves labels, then gives the new nodes their names and makes ``_Gone`` of the old ones;
those are deleted afterwards. ``staged`` of the store's record bears a mark from before the first such node until after the last.

An edge has its real kind from the start, so a pattern that names no label sees what is being built; :mod:`graphinv.store.neo4j_labels`
tells which queries have one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from typing import Any, TypeVar, cast

import neo4j

from graphinv.model.facts import NodeKey, Props
from graphinv.model.kinds import NODE_KINDS
from graphinv.model.results import Analysis
from graphinv.store.layout import finding_row, grouped, reach_row, row, rule_rows, score_rows
from graphinv.store.merge import State

LABELS = (*NODE_KINDS, "Finding", "Rule")
"""Labels of what is built beside and switched; a Scan is not."""
GONE = "_Gone"
ROWS = 10_000
"""Rows of a statement."""
STATEMENTS = 2
"""Statements of a transaction: the next one is on its way while the server works on one. A row takes about 4 kB of its memory."""

T = TypeVar("T")
Work = Callable[[neo4j.ManagedTransaction], T]


def stage(write: Callable[[Work[Any]], Any], state: State, analysis: Analysis | None) -> None:
    """Build ``state`` and these results beside what is there. ``write`` runs a unit of work, once its transaction is known to be ours.
    O(nodes + edges).
    """
    ids: dict[NodeKey, str] = {}
    scores = {(kind, one["id"]): one for (kind,), some in score_rows(analysis).items() for one in some} if analysis else {}
    for (kind,), keys in sorted(grouped(state.nodes, lambda key: (key[0],)).items()):
        given = ({"id": key[1], **row(key, state.nodes[key]), **scores.get(key, {})} for key in keys)
        _stage_nodes(write, kind, given, ids)
    for kind, edges in sorted(_by_kind(state.edges).items()):
        _stage_edges(write, kind, ([ids[edge[1]], ids[edge[2]], {"key": edge[3], **row(edge, state.edges[edge])}] for edge in edges))
    if analysis is None:
        return
    findings = (*analysis.findings, *analysis.fixed)
    _stage_nodes(write, "Finding", map(finding_row, findings), ids)
    _stage_nodes(write, "Rule", rule_rows(analysis), ids)
    no_props: Props = {}
    about = ((("Finding", finding.key), finding.subject, no_props) for finding in findings)
    reach = ((pair.subject, pair.target, reach_row(pair)["props"]) for pair in analysis.reach)
    for kind, ends in (("ABOUT", about), ("CAN_REACH", reach)):
        _stage_edges(write, kind, ([ids[start], ids[stop], props] for start, stop, props in ends if start in ids and stop in ids))


def _by_kind(edges: Iterable[Any]) -> dict[str, list[Any]]:
    kinds: dict[str, list[Any]] = {}
    for edge in edges:
        kinds.setdefault(edge[0], []).append(edge)
    return kinds


def _stage_nodes(write: Callable[[Work[Any]], Any], kind: str, given: Iterable[Props], ids: dict[NodeKey, str]) -> None:
    statement = f"UNWIND $rows AS r CREATE (n:_{kind}) SET n = r RETURN r.id, elementId(n)"
    for made in _in_transactions(write, statement, given):
        ids.update(((kind, id), element) for id, element in made)


def _stage_edges(write: Callable[[Work[Any]], Any], kind: str, given: Iterable[list[Any]]) -> None:
    statement = (
        f"UNWIND $rows AS r MATCH (a) WHERE elementId(a) = r[0] MATCH (b) WHERE elementId(b) = r[1] CREATE (a)-[e:{kind}]->(b) SET e = r[2]"
    )
    for _ in _in_transactions(write, statement, given):
        pass


def _in_transactions(write: Callable[[Work[Any]], Any], statement: str, given: Iterable[Any]) -> Iterator[Sequence[Sequence[Any]]]:
    """Run ``statement`` on all rows; what it returns, a transaction at a time."""
    remaining = iter(given)
    while batch := list(islice(remaining, ROWS * STATEMENTS)):

        def work(transaction: neo4j.ManagedTransaction, batch: Sequence[Any] = batch) -> list[list[Any]]:
            parts = [batch[start : start + ROWS] for start in range(0, len(batch), ROWS)]
            results = [transaction.run(cast("Any", statement), rows=part) for part in parts]
            return [values for result in results for values in result.values()]

        yield write(work)


def switch(transaction: neo4j.ManagedTransaction) -> None:
    """Give what is staged its names, and take them from what has them. O(nodes)."""
    for label in LABELS:
        transaction.run(cast("Any", f"MATCH (n:{label}) SET n:{GONE} REMOVE n:{label}")).consume()
        transaction.run(cast("Any", f"MATCH (n:_{label}) SET n:{label} REMOVE n:_{label}")).consume()


def sweep(session: neo4j.Session, metadata: Mapping[str, str]) -> None:
    """Delete what is staged and what is gone, in transactions of a bounded size. O(what is deleted)."""
    hidden = "|".join((GONE, *(f"_{label}" for label in LABELS)))
    for statement in (
        f"MATCH (n:{hidden})-[r]->() CALL (r) {{ DELETE r }} IN TRANSACTIONS OF {ROWS} ROWS",  # no edge leads there from elsewhere
        f"MATCH (n:{hidden}) CALL (n) {{ DETACH DELETE n }} IN TRANSACTIONS OF {ROWS} ROWS",
    ):
        session.run(neo4j.Query(cast("Any", statement), metadata=dict(metadata))).consume()
