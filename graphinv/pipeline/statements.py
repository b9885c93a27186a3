"""What is said of things that other documents name, applied once all roots of a scan are read: estate files, catalogues, directories."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from graphinv.ingest.grants import Known
from graphinv.ingest.support.aws import arns
from graphinv.model.errors import FactError
from graphinv.model.facts import (
    EdgeFact,
    Guarding,
    Naming,
    NodeFact,
    NodeKey,
    Problem,
    Props,
    Ref,
    Statement,
    check_node,
    merge_props,
    place_of,
)
from graphinv.model.globs import glob_form
from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS, AuthorityEdge
from graphinv.pipeline.joins import owned
from graphinv.pipeline.patterns import path_fits
from graphinv.pipeline.read import Reading

DATABASE = "?"
"""Where the host of a database would stand whose dump does not tell it."""


# --------------------------------------------------------------------------------------------------------------------------------
# Names that files leave open


def named(readings: Iterable[Reading]) -> None:
    """Put the names that an estate file gives (account, region, cluster, database) where the files of its root leave them open.
    O(facts)."""
    for reading in readings:
        namings = [one for one in reading.said if isinstance(one, Naming)]
        if namings:
            _named(reading, namings)


def _named(reading: Reading, namings: Sequence[Naming]) -> None:
    root = reading.root.name
    putting = [(naming.files, _put(naming, root)) for naming in namings]
    cached: dict[str, tuple[Callable[[str], str], ...]] = {}

    def renaming(sources: Iterable[object]) -> Callable[[str], str]:
        source = next(iter(sources), None)
        path = place_of(str(source), root)[0] if source else ""
        if path not in cached:
            cached[path] = tuple(put for files, put in putting if path_fits(files, path))

        def rename(text: str) -> str:
            for put in cached[path]:
                text = put(text)
            return text

        return rename

    def end(at: NodeKey | Ref, rename: Callable[[str], str]) -> NodeKey | Ref:
        return at if isinstance(at, Ref) else (at[0], rename(at[1]))

    reading.nodes = [_renamed(node, renaming(node.props.get("sources") or ())(node.id)) for node in reading.nodes]
    edges, grants = [], []
    for edge in reading.edges:
        rename = renaming(edge.props.get("sources") or ())
        origin = edge.props.get("inherited_from")
        props = {**edge.props, "inherited_from": rename(origin)} if origin else edge.props
        edges.append(EdgeFact(edge.kind, end(edge.source, rename), end(edge.target, rename), props))
    for grant in reading.grants:
        rename = renaming([grant.source])
        subject = (grant.subject[0], rename(grant.subject[1]))
        grants.append(replace(grant, subject=subject, body=rename(grant.body), origin=rename(grant.origin)))
    reading.edges, reading.grants = edges, grants


def _renamed(node: NodeFact, id: str) -> NodeFact:
    """``node`` under a new id; one that was called by the end of its old one is called by that of the new one."""
    if id == node.id:
        return node
    called = node.props.get("name")
    renames = called is not None and node.id.rpartition(":")[2] == called
    return NodeFact(node.kind, id, {**node.props, "name": id.rpartition(":")[2]} if renames else node.props)


def _put(naming: Naming, root: str) -> Callable[[str], str]:
    """What puts a name into ids and policies of ``root``."""
    name = naming.name
    match naming.what:
        case "aws_account":
            return lambda text: text.replace(arns.account_of(root), name)
        case "aws_region":
            return lambda text: text.replace(arns.region_of(root), name)
        case "kubernetes_cluster":
            cluster = re.compile(rf"\bk8s:{re.escape(root)}(?=/|$|\")")
            return lambda text: cluster.sub(lambda _: f"k8s:{name}", text)
        case _:
            return lambda text: name if text.startswith(f"db:{root}#postgres://{DATABASE}") else text


# --------------------------------------------------------------------------------------------------------------------------------
# Statements


@dataclass
class _Index:
    """Nodes of a scan by the ways that statements name them."""

    known: Known
    documents: dict[str, dict[str, set[NodeKey]]] = field(default_factory=lambda: defaultdict(lambda: defaultdict(set)))
    """Root → document → nodes that it states."""
    labels: dict[str, set[NodeKey]] = field(default_factory=lambda: defaultdict(set))

    @classmethod
    def of(cls, readings: Iterable[Reading]) -> _Index:
        readings = list(readings)
        nodes = [node for reading in readings for node in reading.nodes]
        index = cls(Known.of(nodes, [edge for reading in readings for edge in reading.edges]))
        for reading in readings:
            for node in reading.nodes:
                for source in node.props.get("sources") or ():
                    index.documents[reading.root.name][place_of(source, reading.root.name)[0]].add(node.key)
        for key, props in index.known.nodes.items():
            for label in props.get("labels") or ():
                index.labels[label].add(key)
        return index

    def meant(self, said: Statement, root: str) -> set[NodeKey]:
        """Nodes that ``said``, stated in ``root``, speaks of."""
        matching = [set(self.matching(pattern)) for pattern in said.nodes]
        found = {key for keys in matching if len(keys) == 1 or not said.single for key in keys}
        if said.files:
            for document, keys in self.documents.get(said.root or root, {}).items():
                below = document if not said.folder else document.removeprefix(f"{said.folder}/")
                if (not said.folder or below != document) and path_fits(said.files, below):
                    found |= {key for key in keys if key[0] != "Owner"}
        if said.labels:
            found |= set.intersection(*(self.labels.get(label, set()) for label in said.labels))
        return found

    def matching(self, pattern: str) -> Iterator[NodeKey]:
        kind, glob = split(pattern)
        if not re.search(r"[*?]", glob):
            yield from ((one, glob) for one in ([kind] if kind else NODE_KINDS) if (one, glob) in self.known.nodes)
            return
        form = glob_form(glob)
        for one in [kind] if kind else self.known.by_kind:
            yield from ((one, id) for id in self.known.by_kind.get(one, ()) if form.match(id))


def split(pattern: str) -> tuple[str, str]:
    """Kind (empty = any) and glob of ``Kind:glob`` or a glob alone.

    >>> split("Agent:billing*"), split("postgres://*/ledger")
    (('Agent', 'billing*'), ('', 'postgres://*/ledger'))
    """
    kind, _, glob = pattern.partition(":")
    return (kind, glob) if kind in NODE_KINDS else ("", pattern)


def stated(readings: Sequence[Reading]) -> bool:
    """Apply the statements of all roots to the nodes of all roots, and the enforcement points of each root to its own edges.

    What the owners of an estate say of nodes in their own root replaces what other documents of that root say; of nodes of other roots it
    is one more source. Says whether there are any. O(nodes + edges, times patterns with wildcards).
    """
    if not any(reading.said for reading in readings):
        return False
    index = _Index.of(readings)
    for reading in readings:
        _apply(reading, index)
        _guard(reading)
    return True


def _apply(reading: Reading, index: _Index) -> None:
    """Apply the statements of one root, to its own nodes and to those of others that they mean."""
    replaced: dict[NodeKey, Props] = {}
    added: list[NodeFact] = []
    for said in reading.said:
        if not isinstance(said, Statement):
            continue
        meant = sorted(index.meant(said, reading.root.name))
        if not meant and said.origin == "estate":
            reading.problems.append(_unused(said.source, reading.root.name, "it speaks of nothing that was found"))
        fitting = {kind: _fitting(kind, said.props) for kind in {key[0] for key in meant}}
        for key in meant:
            reading.edges += (EdgeFact("OWNS", owner, key, owned(said.origin, said.source)) for owner in said.owners)
            props = fitting[key[0]]
            if not props:
                continue
            added.append(NodeFact(*key, {**props, "sources": [said.source]}))
            if said.origin == "estate":
                replaced[key] = {**replaced.get(key, {}), **{name: props[name] for name in props if name != "labels"}}
    if replaced:
        reading.nodes = [_without(node, replaced.get(node.key)) for node in reading.nodes]
    reading.nodes += added


def _fitting(kind: str, props: Props) -> Props:
    """Those of ``props`` that a node of ``kind`` has and that can have this value there."""
    fitting: Props = {}
    for name, value in props.items():
        try:
            fitting |= check_node(NodeFact(kind, "x", {name: value})).props
        except FactError:
            continue
    return fitting


def _without(node: NodeFact, replaced: Mapping[str, object] | None) -> NodeFact:
    if not replaced or not any(name in node.props for name in replaced):
        return node
    return replace(node, props={name: value for name, value in node.props.items() if name not in replaced})


def _guard(reading: Reading) -> None:
    guardings = [said for said in reading.said if isinstance(said, Guarding)]
    if not guardings:
        return
    from_one: dict[tuple[str, NodeKey], _Stops] = defaultdict(_Stops)
    wide: list[Guarding] = []
    for said in guardings:
        start, stop = split(said.starts), split(said.stops)
        if not _is_one(start):
            wide.append(said)
        elif _is_one(stop):
            from_one[said.kind, start].exact[stop].append(said)
        else:
            from_one[said.kind, start].wide.append(said)
    used: set[Guarding] = set()
    reading.edges = [_guarded(edge, from_one, wide, used) for edge in reading.edges]
    for said in guardings:
        if said not in used and not said.seen:
            reading.problems.append(_unused(said.source, reading.root.name, "the enforcement point stands on no edge of this root"))


@dataclass
class _Stops:
    """Points on edges that leave one node, by where they lead: records and hooks name thousands of such."""

    exact: dict[NodeKey, list[Guarding]] = field(default_factory=lambda: defaultdict(list))
    wide: list[Guarding] = field(default_factory=list)


def _is_one(pattern: NodeKey) -> bool:
    """Whether a pattern, as :func:`split` gives it, means one node."""
    return bool(pattern[0]) and not re.search(r"[*?]", pattern[1])


def _guarded(edge: EdgeFact, from_one: Mapping[tuple[str, NodeKey], _Stops], wide: Sequence[Guarding], used: set[Guarding]) -> EdgeFact:
    source, target = edge.source, edge.target
    if isinstance(source, Ref) or isinstance(target, Ref):
        return edge
    standing = [said for said in wide if said.kind == edge.kind and _at(source, said.starts) and _at(target, said.stops)]
    stops = from_one.get((edge.kind, source))
    if stops is not None:
        standing += [*stops.exact.get(target, ()), *(said for said in stops.wide if _at(target, said.stops))]
    used.update(standing)
    if not standing or not issubclass(EDGE_KINDS[edge.kind], AuthorityEdge):
        return edge
    guards = {said.guard for said in standing}.union(edge.props.get("guards") or ())
    props = merge_props(edge.kind, edge.props, {"sources": sorted({said.source for said in standing})})
    return replace(edge, props=props | {"guards": sorted(guards)})


def _at(end: NodeKey, pattern: str) -> bool:
    kind, glob = split(pattern)
    return kind in ("", end[0]) and glob_form(glob).match(end[1]) is not None


def _unused(source: str, root: str, message: str) -> Problem:
    document, where = place_of(source, root)
    return Problem(document, where, message, "warning", "estate_file")
