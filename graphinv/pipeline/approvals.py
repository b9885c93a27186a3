"""Approvals (``approvals.csv``, approval facts), put on the calls and connections of a scan that they speak of.

An approval is no edge of its own: it stands on the USES or CONNECTS_TO that a document of the same scan states, and goes with it. Where an
agent has a tool only over its server, the tool's approval gives it a USES beside the CONNECTS_TO, which lets it do nothing it could not do
before. Of several approvals of one edge the one is taken that fits the tool's definition and the agent's environment and ends last, of
these the one for the most sensitive data; a refusal stands against all of them. What a client's own settings let pass gives way to either.
Whether an approval still holds is judged later, at the time that is asked about (:mod:`graphinv.analyze.approvals`).
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import chain

from graphinv.ingest.grants import Known
from graphinv.model.approved import CLASSES, FIELDS, fits, marks
from graphinv.model.facts import Approval, EdgeFact, NodeFact, NodeKey, Problem, Props, Ref, merge_props, place_of
from graphinv.model.globs import glob_form
from graphinv.pipeline.read import Reading
from graphinv.pipeline.statements import split

MAX_PATTERNS = 500
"""Approvals whose tool or server is a pattern, which each tool and server is held against."""
MAX_MEANT = 2_000_000
"""Pairs of an approval and a tool or server that it speaks of."""

_ACTORS = ("Agent", "Workflow")
_CALL = frozenset({"evidence", "confidence", "valid_from", "valid_until", "guards", "scopes", "renewable", "sources"})
"""What a call over a server has in common with the connection."""


def approved(readings: Sequence[Reading]) -> bool:
    """Put the approvals of all roots on the edges of all roots; says whether there are any. O(facts), times the approvals that are
    patterns."""
    said = [(reading, one) for reading in readings for one in reading.said if isinstance(one, Approval)]
    if not said:
        return False
    known = Known.of(chain.from_iterable(reading.nodes for reading in readings), chain.from_iterable(reading.edges for reading in readings))
    register = _Register.of(known, [one for _, one in said])
    for reading in readings:
        register.root = reading.root.name
        reading.edges = [register.applied(edge) for edge in reading.edges]
        reading.edges += register.calls(reading.edges)
    for reading in readings:
        reading.nodes = [register.looked_at(node) for node in reading.nodes]
        reading.problems += register.problems(reading.root.name, [one for other, one in said if other is reading])
    return True


@dataclass
class _Meant:
    """Approvals of one tool or server, by who is approved."""

    by_actor: defaultdict[NodeKey, list[Approval]] = field(default_factory=lambda: defaultdict(list))
    patterns: list[Approval] = field(default_factory=list)


@dataclass
class _Register:
    """All approvals of a scan, and what of the scan they are held against."""

    known: Known
    names: Mapping[tuple[str, str], tuple[NodeKey, ...]]
    provided: Mapping[NodeKey, tuple[NodeKey, ...]]
    """Server → its tools."""
    runtimes: Mapping[NodeKey, tuple[NodeKey, ...]]
    calls_stated: frozenset[tuple[NodeKey, NodeKey]]
    meant: defaultdict[NodeKey, _Meant] = field(default_factory=lambda: defaultdict(_Meant))
    used: dict[Approval, set[NodeKey]] = field(default_factory=dict)
    """Approval → tools and servers that it stands on some edge to."""
    vague: dict[Approval, str] = field(default_factory=dict)
    """Approvals that cannot be applied, and why."""
    pairs: int = 0
    marked: dict[NodeKey, tuple[frozenset[str], list[frozenset[str]]]] = field(default_factory=dict)
    """By tool and server, how it and the tools that it provides are told from others."""
    root: str = ""
    """Whose edges are looked at."""
    abroad: dict[Approval, set[str]] = field(default_factory=dict)
    """Approval → roots whose edges it is put on."""

    @classmethod
    def of(cls, known: Known, approvals: Iterable[Approval]) -> _Register:
        names: defaultdict[tuple[str, str], set[NodeKey]] = defaultdict(set)
        for key, props in known.nodes.items():
            if key[0] in (*_ACTORS, "Tool", "ToolServer"):
                names["Agent" if key[0] in _ACTORS else key[0], str(props.get("name") or key[1])].add(key)
        found: dict[str, defaultdict[NodeKey, set[NodeKey]]] = {"PROVIDES": defaultdict(set), "RUNS_ON": defaultdict(set)}
        calls = set()
        for edge in known.edges:
            if isinstance(edge.source, Ref) or isinstance(edge.target, Ref):
                continue
            if edge.kind in found:
                found[edge.kind][edge.source].add(edge.target)
            elif edge.kind == "USES":
                calls.add((edge.source, edge.target))
        register = cls(
            known,
            {name: tuple(sorted(keys)) for name, keys in names.items()},
            {server: tuple(sorted(tools)) for server, tools in found["PROVIDES"].items()},
            {actor: tuple(sorted(runtimes)) for actor, runtimes in found["RUNS_ON"].items()},
            frozenset(calls),
        )
        patterns = 0
        for one in dict.fromkeys(approvals):
            wild = _is_pattern(one.tool) or _is_pattern(one.server)
            patterns += wild
            if (wild and patterns > MAX_PATTERNS) or register.pairs > MAX_MEANT:
                register.vague[one] = f"only {MAX_PATTERNS} approvals may name tools and servers by patterns, and those not too many"
            else:
                register.add(one)
        return register

    def add(self, one: Approval) -> None:
        """Remember what ``one`` speaks of."""
        targets = self.targets(one)
        actors: Sequence[NodeKey] | None = None
        if not _is_pattern(one.agent):
            actors = self.named("Agent", one.agent, _ACTORS)
            if len(actors) > 1:
                self.vague[one] = "several agents have that name; write Kind:id"
                return
        self.pairs += len(targets)
        for target in targets:
            if actors is None:
                self.meant[target].patterns.append(one)
            for actor in actors or ():
                self.meant[target].by_actor[actor].append(one)

    def targets(self, one: Approval) -> Sequence[NodeKey]:
        """Tools, or else servers, that ``one`` speaks of."""
        servers = self.matching("ToolServer", one.server) if one.server else ()
        if not one.tool:
            return self.single(one, servers)
        if not one.server:
            return self.single(one, self.matching("Tool", one.tool))
        tools = sorted({tool for server in servers for tool in self.provided.get(server, ())})
        return [tool for tool in tools if self.is_called(tool, one.tool)]

    def single(self, one: Approval, found: Sequence[NodeKey]) -> Sequence[NodeKey]:
        """``found``, where it may be several only because a pattern says so."""
        if len(found) > 1 and not _is_pattern(one.tool or one.server):
            self.vague[one] = "several things have that name; write Kind:id"
            return ()
        return found

    def matching(self, kind: str, text: str) -> Sequence[NodeKey]:
        if not _is_pattern(text):
            return self.named(kind, text, (kind,))
        return [(kind, id) for id in self.known.by_kind.get(kind, ()) if _fits((kind, id), text)]

    def named(self, kind: str, text: str, kinds: Sequence[str]) -> Sequence[NodeKey]:
        """The node with that id or ``Kind:id``; else those with that name."""
        stated, id = split(text)
        exact = [(one, id) for one in ([stated] if stated else kinds) if one in kinds and (one, id) in self.known.nodes]
        return exact or self.names.get((kind, text), ())

    def is_called(self, tool: NodeKey, text: str) -> bool:
        name = self.known.nodes[tool].get("name") or tool[1]
        if _is_pattern(text):
            return _fits(tool, text) or glob_form(split(text)[1]).match(str(name)) is not None
        return text in (name, tool[1], ":".join(tool))

    # ---- edges --------------------------------------------------------------------------------------------------------------

    def applied(self, edge: EdgeFact) -> EdgeFact:
        """``edge`` with the approval that counts for it."""
        if edge.kind not in ("USES", "CONNECTS_TO") or isinstance(edge.source, Ref) or isinstance(edge.target, Ref):
            return edge
        best = self.best(edge.source, edge.target)
        if best is None or edge.props.get("approved") is False:
            return edge
        props = {name: value for name, value in edge.props.items() if name not in FIELDS}
        return replace(edge, props=merge_props(edge.kind, props, _stated(best)))

    def calls(self, edges: Iterable[EdgeFact]) -> list[EdgeFact]:
        """USES for the tools that an actor has over a server alone, where somebody spoke of them."""
        made: dict[tuple[NodeKey, NodeKey, str], EdgeFact] = {}
        for edge in edges:
            if edge.kind != "CONNECTS_TO" or isinstance(edge.source, Ref) or isinstance(edge.target, Ref):
                continue
            only = edge.props.get("tools")
            for tool in self.provided.get(edge.target, ()):
                allowed = only is None or tool[1] in only or self.known.nodes[tool].get("name") in only
                if tool not in self.meant or not allowed or (edge.source, tool) in self.calls_stated:
                    continue
                best = self.best(edge.source, tool)
                if best is not None:
                    shared = {name: value for name, value in edge.props.items() if name in _CALL}
                    made[edge.source, tool, repr(shared)] = EdgeFact("USES", edge.source, tool, merge_props("USES", shared, _stated(best)))
        return list(made.values())

    def best(self, actor: NodeKey, target: NodeKey) -> Approval | None:
        """Of the approvals of ``target`` for ``actor``, the one that counts."""
        meant = self.meant.get(target)
        if meant is None:
            return None
        found: list[Approval] = [*meant.by_actor.get(actor, ()), *(one for one in meant.patterns if _fits(actor, one.agent))]
        if not found:
            return None
        environments = self.environments(actor)
        if target not in self.marked:
            self.marked[target] = (
                marks(self.known.nodes[target]),
                [marks(self.known.nodes[tool]) for tool in self.provided.get(target, ())],
            )
        own, parts = self.marked[target]

        def rank(one: Approval) -> tuple[bool, int, int, bool, str, int, str]:
            here = 2 if not one.environment or one.environment in environments else 0 if environments else 1
            same = {True: 2, None: 1, False: 0}[fits(one.digests, own, parts) if one.digests else True]
            most = CLASSES.index(one.sensitivity) if one.sensitivity else len(CLASSES)
            return not one.granted and here > 0 and same > 0, here, same, one.until is None, one.until or "", most, one.source

        for one in found:
            self.used.setdefault(one, set()).add(target)
        best: Approval = max(found, key=rank)
        self.abroad.setdefault(best, set()).add(self.root)
        return best

    def environments(self, actor: NodeKey) -> set[str]:
        stated = [self.known.nodes[one].get("environment") for one in (actor, *self.runtimes.get(actor, ()))]
        return {one for one in stated if one not in (None, "unknown")}

    def looked_at(self, node: NodeFact) -> NodeFact:
        """A tool with the digest under which it was approved: its own where that is among them, else that of the approval that ends
        last."""
        if node.kind != "Tool" or node.key not in self.digests or node.props.get("approved_digest") is not None:
            return node
        listed = self.digests[node.key]
        own = self.known.nodes[node.key].get("schema_digest")
        digest = own if own is not None and fits(listed, marks({"schema_digest": own})) else listed[0]
        return replace(node, props={**node.props, "approved_digest": digest})

    @cached_property
    def digests(self) -> Mapping[NodeKey, list[str]]:
        """Tool → digests of its approvals, those of the one that ends last first; asked for once all edges have been seen."""
        latest = sorted(self.used, key=lambda one: (one.until is None, one.until or "", one.source), reverse=True)
        found: defaultdict[NodeKey, list[str]] = defaultdict(list)
        for one in latest:
            for target in self.used[one]:
                if target[0] == "Tool" and one.granted:
                    found[target] += one.digests
        return {tool: listed for tool, listed in found.items() if listed}

    def problems(self, root: str, approvals: Sequence[Approval]) -> Iterator[Problem]:
        """Of each document, how many of its approvals say nothing, and the first of them."""
        idle: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
        others: defaultdict[str, set[str]] = defaultdict(set)
        for one in approvals:
            document, where = place_of(one.source, root)
            others[document] |= self.abroad.get(one, set()) - {root}
            if one in self.vague:
                idle[document, self.vague[one]].append(where)
            elif one not in self.used:
                idle[document, "nothing that was read with them is called or connected to so"].append(where)
        for (document, why), places in idle.items():
            message = f"{len(places)} approval{'s speak' if len(places) > 1 else ' speaks'} of nothing: {why}"
            yield Problem(document, places[0], message, "warning", "approvals_csv")
        for document, names in others.items():
            if names:
                # Whoever can put a file into one root can say so of another; it must not go unseen.
                listed = ", ".join(sorted(names)[:5]) + (", …" if len(names) > 5 else "")
                yield Problem(document, "", f"speaks of calls in other roots as well: {listed}", "note", "approvals_csv")


def _stated(one: Approval) -> Props:
    """What an approval says of an edge."""
    props: Props = {
        "approved": one.granted,
        "approved_by": one.by or None,
        "approved_until": one.until,
        "approval": one.how,
        "approved_digests": sorted(one.digests) or None,
        "approved_environment": one.environment or None,
        "approved_sensitivity": one.sensitivity or None,
        "sources": [one.source],
    }
    return {name: value for name, value in props.items() if value is not None}


def _is_pattern(text: str) -> bool:
    return re.search(r"[*?]", text) is not None


def _fits(key: NodeKey, text: str) -> bool:
    kind, glob = split(text)
    return kind in ("", key[0]) and glob_form(glob).match(key[1]) is not None
