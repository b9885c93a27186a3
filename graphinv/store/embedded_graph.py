"""How the embedded store lays its contents out in a kglite graph, and reads them back.

:mod:`graphinv.store.layout` says what becomes a row.

The engine answers ``n.type`` with the label where a node has no such property, unless ``type`` is the title of its label: so it is.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import islice, repeat
from types import NoneType
from typing import TYPE_CHECKING, Annotated, Any, cast, get_args, get_origin

import kglite

from graphinv.model.facts import NodeKey, Props
from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS
from graphinv.model.results import LEVELS, Analysis
from graphinv.store import Scan
from graphinv.store.layout import SCHEMA, entry_of, finding_row, grouped, reach_row, row, rule_rows, scan_of, scan_row, score_rows
from graphinv.store.merge import EdgeId, Entry, Generation, State

if TYPE_CHECKING:
    import pandas as pd

Graph = kglite.KnowledgeGraph

META = "_Store"
_BATCH = 20_000
_FRAME = 50_000
"""Nodes or edges that are handed to the engine at once: what a frame of them takes comes on top of everything else."""
_SAMPLE = 1_000
"""Values by which it is told whether those of a column repeat."""
_HIDDEN = {"_root": "string", "_by": "string", "_first": "string", "_seen": "string"}
_SCORES = {
    "impact": "float",
    "likelihood": "float",
    "risk": "float",
    "risk_level": "string",
    "impact_ungoverned": "float",
    "impact_runtime": "float",
    "reach_targets": "integer",
    "reach_atoms": "integer",
    "hidden_atoms": "integer",
    "open_findings": "integer",
    "severe_findings": "integer",
}
_FINDING = {
    "name": "string",
    "rule": "string",
    "severity": "string",
    "confidence": "float",
    "subject_kind": "string",
    "subject_id": "string",
    "target_kind": "string",
    "target_id": "string",
    "first_seen": "string",
    "last_seen": "string",
    "fixed_at": "string",
    "reopened": "integer",
    "sort_key": "string",
}
_RULE = {"name": "string", "outcome": "string", "reason": "string", **{str(level): "integer" for level in LEVELS}}
_SCAN = {"name": "string", "at": "string", "outcome": "string", "documents": "integer", "location": "string", "data": "string"}
_META = {"schema": "integer", "generation": "integer", "history": "string", "analysis": "string"}


@contextmanager
def uncollected() -> Iterator[None]:
    """Without the cyclic garbage collector, which would walk millions of new objects again and again."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


# --------------------------------------------------------------------------------------------------------------------------------
# Columns


def _column_type(annotation: Any) -> str:
    """The engine's name of a vocabulary property's type."""
    if get_origin(annotation) is Annotated:
        return _column_type(get_args(annotation)[0])
    if get_origin(annotation) is list:
        return "list"
    options = [option for option in get_args(annotation) if option is not NoneType]
    if options and not isinstance(options[0], str):
        return _column_type(options[0])
    return {bool: "boolean", int: "integer", float: "float"}.get(annotation, "string")


@cache
def columns(kind: str) -> Mapping[str, str]:
    """Vocabulary properties of a kind with their column types; every node kind has a ``type`` column."""
    model = NODE_KINDS.get(kind) or EDGE_KINDS[kind]
    found = {name: _column_type(info.annotation) for name, info in model.model_fields.items()}
    return {"type": "string"} | found if kind in NODE_KINDS else found


_DTYPES = {"boolean": "boolean", "integer": "Int64", "float": "Float64"}


def _frame(
    rows: Iterable[Mapping[str, Any]],
    count: int,
    types: Mapping[str, str],
    *,
    always: Iterable[str] = (),
    given: Mapping[str, list[Any]] | None = None,
) -> pd.DataFrame:
    """``count`` rows by column: the columns that are ``given``, ``always`` these, and what else the rows have. No row is kept longer than
    it takes to look at.
    """
    import pandas as pd  # which who only reads need not load

    found: dict[str, list[Any]] = {**(given or {}), **{name: [None] * count for name in always}}
    for number, values in enumerate(rows):
        for name, value in values.items():
            column = found.get(name)
            if column is None:
                column = found[name] = [None] * count
            column[number] = value
    return pd.DataFrame({name: pd.Series(column, dtype=_DTYPES.get(types[name], "object")) for name, column in found.items()})


def _add_nodes(
    graph: Graph, label: str, types: Mapping[str, str], rows: Iterable[Mapping[str, Any]], count: int, title: str = "type"
) -> None:
    """Add ``count`` ``rows`` (each with an ``id``) as nodes; all columns are declared, so that the engine knows those that are empty."""
    types = {"id": "string", title: "string"} | dict(types)
    remaining = iter(rows)
    for first in range(0, count, _FRAME):
        size = min(_FRAME, count - first)
        frame = _frame(islice(remaining, size), size, types, always=types)
        graph.add_nodes(frame, label, "id", title, column_types=_declared(types, frame))


def _add_edges(graph: Graph, ends: tuple[str, str, str], edges: Sequence[EdgeId], entries: Mapping[EdgeId, Entry]) -> None:
    """Add edges of one kind from nodes of one kind to nodes of another (``ends`` are these three kinds), as fast as the engine can.

    That merges edges between the same two nodes into one, unless it has none yet of their kind that leaves such nodes.
    """
    kind, source, target = ends
    types = {"_a": "string", "_b": "string", "key": "string", **columns(kind), **_HIDDEN}
    given = {"_a": [key[1][1] for key in edges], "_b": [key[2][1] for key in edges], "key": [key[3] for key in edges]}
    frame = _frame((row(key, entries[key]) for key in edges), len(edges), types, given=given)
    graph.add_relationships(frame, kind, source, "_a", target, "_b", column_types=_declared(types, frame))


def _declared(types: Mapping[str, str], frame: pd.DataFrame) -> dict[str, str]:
    """The types of the columns of ``frame`` that the engine has to be told."""
    return {name: kind for name, kind in types.items() if kind in ("string", "list") and name in frame}


def _in_batches(graph: Graph, statement: str, rows: Iterable[Mapping[str, Any]]) -> None:
    """Run ``statement``, which takes ``$rows``, over all ``rows``."""
    remaining = iter(rows)
    while batch := list(islice(remaining, _BATCH)):
        graph.cypher(statement, params={"rows": batch}, timeout_ms=0)


def _create_edges(kind: str, source: str, target: str) -> str:
    """The statement that creates edges from rows of ``a``, ``b`` (ids of the ends) and ``props``; its names are of the vocabulary."""
    return f"UNWIND $rows AS r MATCH (a:{source} {{id: r.a}}), (b:{target} {{id: r.b}}) CREATE (a)-[e:{kind}]->(b) SET e = r.props"


# --------------------------------------------------------------------------------------------------------------------------------
# Facts


def write_state(state: State) -> Graph:
    """A new graph with the facts of ``state``. O(nodes + edges)."""
    graph = Graph()
    with uncollected():
        by_kind: dict[str, list[NodeKey]] = {}
        for node in state.nodes:
            by_kind.setdefault(node[0], []).append(node)
        for kind, nodes in sorted(by_kind.items()):
            rows = ({"id": key[1], **row(key, state.nodes[key])} for key in nodes)
            _add_nodes(graph, kind, {**columns(kind), **_SCORES, **_HIDDEN}, rows, len(nodes))
        by_ends: dict[tuple[str, str, str], list[EdgeId]] = {}
        for edge in state.edges:
            by_ends.setdefault((edge[0], edge[1][0], edge[2][0]), []).append(edge)
        begun: set[tuple[str, str]] = set()
        for ends, edges in sorted(by_ends.items()):
            kind, source, target = ends
            frames, again = _frames(edges, fresh=(kind, source) not in begun)
            begun.add((kind, source))
            for frame in frames:
                _add_edges(graph, ends, frame, state.edges)
            given = ({"a": key[1][1], "b": key[2][1], "props": {"key": key[3], **row(key, state.edges[key])}} for key in again)
            _in_batches(graph, _create_edges(kind, source, target), given)
    return graph


def _frames(edges: list[EdgeId], *, fresh: bool) -> tuple[list[list[EdgeId]], list[EdgeId]]:
    """The edges in the lots that can be handed to the engine one after the other, and those that it would merge with others.

    ``fresh`` says that it has none yet of their kind that leaves such nodes; then the first lot may hold several between the same nodes.
    """
    if fresh and len(edges) <= _FRAME:
        return [edges], []
    met: set[tuple[NodeKey, NodeKey]] = set()
    first: list[EdgeId] = []
    again: list[EdgeId] = []
    for key in edges:
        (again if key[1:3] in met else first).append(key)
        met.add(key[1:3])
    if not fresh or not again:
        return [first[start : start + _FRAME] for start in range(0, len(first), _FRAME)], again
    repeated = {key[1:3] for key in again}
    lots = [[key for key in first if key[1:3] in repeated] + again]
    single = [key for key in first if key[1:3] not in repeated]
    return lots + [single[start : start + _FRAME] for start in range(0, len(single), _FRAME)], []


def _answer(graph: Graph, query: str) -> kglite.ResultView:
    return cast(kglite.ResultView, graph.cypher(query, timeout_ms=0))


def _read(
    graph: Graph, pattern: str, variable: str, fixed: Sequence[str], types: Mapping[str, str]
) -> Iterator[tuple[tuple[Any, ...], Props]]:
    """Per match of ``pattern`` the values of ``fixed`` and those properties of ``variable`` that are present, of ``types``. In bulk, by
    column."""
    counts = _answer(graph, f"MATCH {pattern} RETURN " + ", ".join(f"count({variable}.{name}) AS {name}" for name in types)).one()
    present = [name for name in types if counts and counts[name]]
    returned = [*fixed, *(f"{variable}.{name}" for name in present)]
    view = _answer(graph, f"MATCH {pattern} RETURN " + ", ".join(f"{what} AS c{i}" for i, what in enumerate(returned)))
    heads = zip(*(view.column(f"c{i}") for i in range(len(fixed))), strict=True)
    columns = [_shared(view.column(f"c{i}"), types[name]) for i, name in enumerate(present, start=len(fixed))]
    tails: Iterable[tuple[Any, ...]] = zip(*columns, strict=True) if columns else repeat(())
    for head, values in zip(heads, tails, strict=False):
        yield head, {name: value for name, value in zip(present, values, strict=True) if value is not None}


def _shared(values: list[Any], kind: str) -> list[Any]:
    """``values`` of a column; where the same ones come again and again, as lists of actions do, each is one object."""
    if kind not in ("string", "list"):
        return values
    marks = [value if value is None else tuple(value) for value in values] if kind == "list" else values
    sample = marks[:_SAMPLE]
    if 2 * len(set(sample)) > len(sample):
        return values
    known: dict[Any, Any] = {}
    return list(map(known.setdefault, marks, values))


def _nodes(graph: Graph, hidden: Mapping[str, str]) -> Iterator[tuple[NodeKey, Props]]:
    """Every node with its properties, those that are ``hidden`` included."""
    for kind in sorted(NODE_KINDS.keys() & set(graph.node_types)):
        for (id,), props in _read(graph, f"(n:{kind})", "n", ["n.id"], {**columns(kind), **hidden}):
            yield (kind, id), props


def _edges(graph: Graph, keys: Mapping[NodeKey, NodeKey], hidden: Mapping[str, str]) -> Iterator[tuple[EdgeId, Props]]:
    """Every edge likewise, between nodes that are the ones in ``keys``."""
    for relation in sorted(graph.relationship_types(), key=lambda item: str(item["type"])):
        kind, sources, targets = str(relation["type"]), relation["source_types"], relation["target_types"]
        if kind not in EDGE_KINDS:
            continue
        types = {**columns(kind), **hidden}
        if len(sources) == len(targets) == 1:  # as most are: the engine finds them faster, and need not say it of each
            source, target = str(sources[0]), str(targets[0])
            for (a, b, key), props in _read(graph, f"(a:{source})-[r:{kind}]->(b:{target})", "r", ["a.id", "b.id", "r.key"], types):
                yield (kind, keys[source, a], keys[target, b], key), props
        else:
            ends = ["labels(a)[0]", "a.id", "labels(b)[0]", "b.id", "r.key"]
            for (source, a, target, b, key), props in _read(graph, f"(a)-[r:{kind}]->(b)", "r", ends, types):
                yield (kind, keys[source, a], keys[target, b], key), props


def _scans(graph: Graph) -> list[dict[str, Any]]:
    loaded = [json.loads(props["data"]) for _, props in _read(graph, "(n:Scan)", "n", ["n.id"], {"data": "string"})]
    return sorted(loaded, key=lambda item: str(item["scan"]["root"]))


def read_scans(graph: Graph) -> dict[str, Scan]:
    """The last scan of each root, by its name."""
    return {item["scan"]["root"]: scan_of(item["scan"]) for item in _scans(graph)}


def read_state(graph: Graph) -> State:
    """The state that ``graph`` was written from. O(nodes + edges)."""
    with uncollected():
        nodes = {key: entry_of(props, key[1]) for key, props in _nodes(graph, _HIDDEN)}
        keys = {key: key for key in nodes}
        edges = {edge: entry_of(props, None) for edge, props in _edges(graph, keys, _HIDDEN)}
        scans = _scans(graph)
        meta = read_meta(graph)
    return State(
        nodes=nodes,
        edges=edges,
        scans=read_scans(graph),
        complete_at={item["scan"]["root"]: item["complete_at"] for item in scans if item["complete_at"] is not None},
        generation=meta["generation"],
        history=tuple(Generation(*line) for line in json.loads(meta["history"])),
    )


# --------------------------------------------------------------------------------------------------------------------------------
# Bookkeeping


def read_meta(graph: Graph) -> dict[str, Any]:
    """The store's own record: schema, generation, history, analysis (packed). Empty where the file is not a store's."""
    if META not in graph.node_types:
        return {}
    for _, props in _read(graph, f"(n:{META})", "n", ["n.id"], _META):
        return props
    return {}


def write_record(graph: Graph, record: Mapping[str, Any]) -> None:
    """Replace the store's own record."""
    graph.cypher(f"MATCH (n:{META}) DETACH DELETE n")
    _add_nodes(graph, META, _META, [{"id": "store", **record}], 1)


def write_meta(graph: Graph, state: State, analysis: str | None, dump: Callable[[Scan], dict[str, Any]]) -> None:
    """Replace the store's own record and the scan records; ``analysis`` is packed, ``dump`` makes a scan plain data."""
    history = json.dumps(state.history, separators=(",", ":"))
    write_record(graph, {"schema": SCHEMA, "generation": state.generation, "history": history, "analysis": analysis})
    graph.cypher("MATCH (n:Scan) DETACH DELETE n")
    scans = [scan_row(scan, state.complete_at.get(root), dump) for root, scan in state.scans.items()]
    _add_nodes(graph, "Scan", _SCAN, scans, len(scans))


# --------------------------------------------------------------------------------------------------------------------------------
# Results


def clear_analysis(graph: Graph) -> None:
    """Take all results away."""
    graph.cypher("MATCH (n:Finding) DETACH DELETE n", timeout_ms=0)
    graph.cypher("MATCH (n:Rule) DETACH DELETE n", timeout_ms=0)
    graph.cypher("MATCH ()-[r:CAN_REACH]->() DELETE r", timeout_ms=0)
    unset = ", ".join(f"n.{name} = null" for name in _SCORES)
    for kind in sorted(NODE_KINDS.keys() & set(graph.node_types)):
        graph.cypher(f"MATCH (n:{kind}) WHERE n.risk IS NOT NULL SET {unset}", timeout_ms=0)


def write_analysis(graph: Graph, analysis: Analysis) -> None:
    """Write results beside the facts they are about; what is about a node that is not there is left out."""
    present = set(graph.node_types)
    assign = ", ".join(f"n.{name} = r.{name}" for name in _SCORES)
    for kind, scores in score_rows(analysis).items():
        if present.issuperset(kind):
            _in_batches(graph, f"UNWIND $rows AS r MATCH (n:{kind[0]} {{id: r.id}}) SET {assign}", scores)
    for ends, pairs in grouped(analysis.reach, lambda pair: (pair.subject[0], pair.target[0])).items():
        if present.issuperset(ends):
            _in_batches(graph, _create_edges("CAN_REACH", *ends), map(reach_row, pairs))
    findings = (*analysis.findings, *analysis.fixed)
    _add_nodes(graph, "Finding", _FINDING, map(finding_row, findings), len(findings), title="title")
    rules = rule_rows(analysis)
    _add_nodes(graph, "Rule", _RULE, rules, len(rules))
    for kind, about in grouped(findings, lambda finding: (finding.subject[0],)).items():
        if present.issuperset(kind):
            _in_batches(
                graph,
                f"UNWIND $rows AS r MATCH (f:Finding {{id: r.f}}), (n:{kind[0]} {{id: r.id}}) CREATE (f)-[:ABOUT]->(n)",
                ({"f": finding.key, "id": finding.subject[1]} for finding in about),
            )
