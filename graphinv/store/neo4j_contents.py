"""How the contents of a store lie in a Neo4j database: the statements that write and read them.

:mod:`graphinv.store.layout` says what becomes a row. Names in statements are of the vocabulary; all else is a parameter.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from itertools import islice
from typing import Any, cast

import neo4j

from graphinv.model.facts import NodeKey, Props
from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS
from graphinv.model.results import Analysis
from graphinv.model.schema import neo4j_ddl
from graphinv.store import Scan
from graphinv.store.columns import Batch, edge_batches, node_batches
from graphinv.store.layout import SCORES, entry_of, finding_row, grouped, reach_row, row, rule_rows, scan_of, scan_row, score_rows
from graphinv.store.merge import EdgeId, Entry, Generation, State

BATCH = 10_000
META = "_Store"
_SCORED = frozenset(SCORES)


def declare(session: neo4j.Session) -> None:
    """Constraints and indexes of the vocabulary; those that are there stay."""
    own = (
        f"CREATE CONSTRAINT {label.strip('_').lower()}_id IF NOT EXISTS FOR (n:{label}) REQUIRE n.id IS UNIQUE"
        for label in ("Finding", "Rule", "Scan", META)
    )
    results = (
        "CREATE INDEX finding_sort_key IF NOT EXISTS FOR (n:Finding) ON (n.sort_key)",
        "CREATE INDEX can_reach_lens IF NOT EXISTS FOR ()-[r:CAN_REACH]-() ON (r.lens)",
    )
    wanted = {statement.split()[2]: statement for statement in (*neo4j_ddl(), *own, *results)}
    there = {record["name"] for record in session.run("SHOW INDEXES YIELD name")}
    for name in wanted.keys() - there:
        session.run(cast("Any", wanted[name])).consume()
    if wanted.keys() - there:
        session.run("CALL db.awaitIndexes(60)").consume()


def in_batches(transaction: neo4j.ManagedTransaction, statement: str, given: Iterable[Mapping[str, Any]]) -> None:
    """Run ``statement``, which takes ``$rows`` and whose names are of the vocabulary."""
    remaining, results = iter(given), []
    while batch := list(islice(remaining, BATCH)):
        results.append(transaction.run(cast("Any", statement), rows=batch))  # the next is on its way while the server works on it
    for result in results:
        result.consume()


def _create_edges(kind: str, start: str, stop: str) -> str:
    return f"UNWIND $rows AS r MATCH (a:{start} {{id: r.a}}) MATCH (b:{stop} {{id: r.b}}) CREATE (a)-[e:{kind}]->(b) SET e = r.props"


@dataclass(frozen=True)
class Difference:
    """What makes the facts of one state those of another."""

    before: State
    nodes: Mapping[NodeKey, Entry]
    edges: Mapping[EdgeId, Entry]
    removed_nodes: Sequence[NodeKey]
    removed_edges: Sequence[EdgeId]

    def __len__(self) -> int:
        return len(self.nodes) + len(self.edges) + len(self.removed_nodes) + len(self.removed_edges)


def difference(before: State, after: State) -> Difference:
    """What makes ``after`` of ``before``. O(nodes + edges)."""
    return Difference(
        before,
        {key: entry for key, entry in after.nodes.items() if before.nodes.get(key) is not entry},
        {key: entry for key, entry in after.edges.items() if before.edges.get(key) is not entry},
        [key for key in before.nodes if key not in after.nodes] if after.nodes.keys() != before.nodes.keys() else (),
        [key for key in before.edges if key not in after.edges] if after.edges.keys() != before.edges.keys() else (),
    )


def write_difference(transaction: neo4j.ManagedTransaction, change: Difference) -> None:
    """Carry ``change`` out. O(what differs)."""
    for statement, given in (
        *_removed_edges(change.removed_edges),
        *_removed_nodes(change.removed_nodes),
        *_node_rows(change.nodes, change.before),
        *_edge_rows(change.edges, change.before),
    ):
        in_batches(transaction, statement, given)


def _removed_edges(edges: Iterable[EdgeId]) -> Iterator[tuple[str, list[Props]]]:
    by_ends: dict[tuple[str, str, str], list[Props]] = {}
    for kind, source, target, key in edges:
        by_ends.setdefault((kind, source[0], target[0]), []).append({"a": source[1], "b": target[1], "key": key})
    for (kind, start, stop), given in sorted(by_ends.items()):
        yield f"UNWIND $rows AS r MATCH (:{start} {{id: r.a}})-[e:{kind} {{key: r.key}}]->(:{stop} {{id: r.b}}) DELETE e", given


def _removed_nodes(nodes: Iterable[NodeKey]) -> Iterator[tuple[str, list[Props]]]:
    for (kind,), some in sorted(grouped(nodes, lambda key: (key[0],)).items()):
        yield f"UNWIND $rows AS r MATCH (n:{kind} {{id: r.id}}) DETACH DELETE n", [{"id": id} for _, id in some]


def _node_rows(nodes: Mapping[NodeKey, Entry], before: State) -> Iterator[tuple[str, list[Props]]]:
    by_kind: dict[tuple[str, bool], list[Props]] = {}
    for key, entry in nodes.items():
        by_kind.setdefault((key[0], key in before.nodes), []).append({"id": key[1], "props": {"id": key[1], **row(key, entry)}})
    for (kind, known), given in sorted(by_kind.items()):
        if known:
            # What results say of it stays until the next analysis replaces it.
            kept = ", ".join(f".{name}" for name in SCORES)
            yield f"UNWIND $rows AS r MATCH (n:{kind} {{id: r.id}}) WITH n, r, n {{{kept}}} AS kept SET n = r.props SET n += kept", given
        else:
            yield f"UNWIND $rows AS r CREATE (n:{kind}) SET n = r.props", given


def _edge_rows(edges: Mapping[EdgeId, Entry], before: State) -> Iterator[tuple[str, list[Props]]]:
    by_ends: dict[tuple[str, str, str, bool], list[Props]] = {}
    for edge, entry in edges.items():
        kind, source, target, key = edge
        given = {"a": source[1], "b": target[1], "key": key, "props": {"key": key, **row(edge, entry)}}
        by_ends.setdefault((kind, source[0], target[0], edge in before.edges), []).append(given)
    for (kind, start, stop, known), some in sorted(by_ends.items()):
        if known:
            yield f"UNWIND $rows AS r MATCH (:{start} {{id: r.a}})-[e:{kind} {{key: r.key}}]->(:{stop} {{id: r.b}}) SET e = r.props", some
        else:
            yield _create_edges(kind, start, stop), some


def write_scans(transaction: neo4j.ManagedTransaction, state: State) -> None:
    """Replace the scan records by those of ``state``."""
    given = [scan_row(scan, state.complete_at.get(root), asdict) for root, scan in state.scans.items()]
    transaction.run("MATCH (n:Scan) WHERE NOT n.id IN $roots DELETE n", roots=list(state.scans)).consume()
    transaction.run("UNWIND $rows AS r MERGE (n:Scan {id: r.id}) SET n = r", rows=given).consume()


def clear_analysis(transaction: neo4j.ManagedTransaction) -> None:
    """Take all results away."""
    transaction.run("MATCH (f:Finding) DETACH DELETE f").consume()
    transaction.run("MATCH (r:Rule) DELETE r").consume()
    transaction.run("MATCH ()-[r:CAN_REACH]->() DELETE r").consume()
    for kind in NODE_KINDS:
        names = ", ".join(f"n.{name}" for name in SCORES)
        transaction.run(cast("Any", f"MATCH (n:{kind}) WHERE n.risk IS NOT NULL REMOVE {names}")).consume()


def write_analysis(transaction: neo4j.ManagedTransaction, analysis: Analysis) -> None:
    """Write results beside the facts they are about; what is about a node that is not there is left out."""
    assign = ", ".join(f"n.{name} = r.{name}" for name in SCORES)
    for kind, scores in score_rows(analysis).items():
        in_batches(transaction, f"UNWIND $rows AS r MATCH (n:{kind[0]} {{id: r.id}}) SET {assign}", scores)
    for (start, stop), pairs in grouped(analysis.reach, lambda pair: (pair.subject[0], pair.target[0])).items():
        in_batches(transaction, _create_edges("CAN_REACH", start, stop), map(reach_row, pairs))
    in_batches(transaction, "UNWIND $rows AS r CREATE (n:Rule) SET n = r", rule_rows(analysis))
    in_batches(transaction, "UNWIND $rows AS r CREATE (f:Finding) SET f = r", map(finding_row, (*analysis.findings, *analysis.fixed)))
    for kind, about in grouped((*analysis.findings, *analysis.fixed), lambda finding: (finding.subject[0],)).items():
        statement = f"UNWIND $rows AS r MATCH (f:Finding {{id: r.f}}) MATCH (n:{kind[0]} {{id: r.id}}) CREATE (f)-[:ABOUT]->(n)"
        in_batches(transaction, statement, ({"f": finding.key, "id": finding.subject[1]} for finding in about))


def read_state(transaction: neo4j.Transaction) -> State:
    """The state of one moment. O(nodes + edges)."""
    nodes: dict[NodeKey, Entry] = {}
    edges: dict[EdgeId, Entry] = {}
    for kind in NODE_KINDS:
        for record in transaction.run(cast("Any", f"MATCH (n:{kind}) RETURN properties(n) AS props")):
            props = {name: value for name, value in record["props"].items() if name not in _SCORED}
            id = props.pop("id")
            nodes[kind, id] = entry_of(props, id)
    for kind in EDGE_KINDS:
        statement = f"MATCH (a)-[r:{kind}]->(b) RETURN labels(a)[0], a.id, labels(b)[0], b.id, properties(r)"
        for start, a, stop, b, stated in transaction.run(cast("Any", statement)):
            if start not in NODE_KINDS:
                continue  # of a commit that is under way, or was interrupted
            props = dict(stated)
            edges[kind, (start, a), (stop, b), props.pop("key")] = entry_of(props, None)
    loaded, meta = _loaded(transaction), read_meta(transaction)
    return State(
        nodes=nodes,
        edges=edges,
        scans={item["scan"]["root"]: scan_of(item["scan"]) for item in loaded},
        complete_at={item["scan"]["root"]: item["complete_at"] for item in loaded if item["complete_at"] is not None},
        generation=int(meta.get("generation", 0)),  # a first commit that failed leaves a record without
        history=tuple(Generation(*line) for line in json.loads(meta["history"])) if meta.get("generation") else (),
    )


def _loaded(transaction: neo4j.Transaction) -> list[dict[str, Any]]:
    return [json.loads(record["data"]) for record in transaction.run("MATCH (n:Scan) RETURN n.data AS data ORDER BY n.id")]


def read_living(transaction: neo4j.Transaction) -> tuple[Sequence[Batch], Sequence[Batch], Sequence[Scan]]:
    """Nodes and edges that live at one moment, by column and without the bookkeeping, and the scans that stated them. O(nodes + edges)."""
    nodes, edges = node_batches(_living_nodes(transaction)), edge_batches(_living_edges(transaction))
    return list(nodes), list(edges), tuple(scan_of(item["scan"]) for item in _loaded(transaction))


def _living_nodes(transaction: neo4j.Transaction) -> Iterator[tuple[NodeKey, Props]]:
    for kind in NODE_KINDS:
        for (stated,) in transaction.run(cast("Any", f"MATCH (n:{kind}) WHERE n.gone_at IS NULL RETURN properties(n)")):
            props = _visible(stated)
            yield (kind, props.pop("id")), props


def _living_edges(transaction: neo4j.Transaction) -> Iterator[tuple[EdgeId, Props]]:
    for kind in EDGE_KINDS:
        statement = f"MATCH (a)-[r:{kind}]->(b) WHERE r.gone_at IS NULL RETURN labels(a)[0], a.id, labels(b)[0], b.id, properties(r)"
        for start, a, stop, b, stated in transaction.run(cast("Any", statement)):
            if start in NODE_KINDS:  # else of a commit that is under way, or was interrupted
                props = _visible(stated)
                yield (kind, (start, a), (stop, b), props.pop("key")), props


def _visible(stated: Mapping[str, Any]) -> Props:
    return {name: value for name, value in stated.items() if not name.startswith("_") and name not in _SCORED}


def read_meta(transaction: neo4j.Transaction) -> dict[str, Any]:
    """The store's own record; empty where there is none yet."""
    record = transaction.run(cast("Any", f"MATCH (m:{META} {{id: 'store'}}) RETURN m")).single()
    return dict(record["m"]) if record else {}


def read_stamp(transaction: neo4j.Transaction) -> tuple[int | None, str | None, str | None]:
    """Number of the last commit, the mark of one that is being applied, and that of one that is being built."""
    statement = f"MATCH (m:{META} {{id: 'store'}}) RETURN m.revision, m.applying, m.staged"
    record = transaction.run(cast("Any", statement)).single()
    return (record[0], record[1], record[2]) if record else (None, None, None)
