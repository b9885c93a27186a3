"""Rules about tools and the supply chain that need more than a query: names that look alike, versions, what strangers' steps lead to."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from graphinv.analyze.approvals import HOLDS, Approvals, approvals_of
from graphinv.analyze.labels import affirmed
from graphinv.analyze.reaching import calls_of, columns_of
from graphinv.analyze.rows import DAY, Params, Row, about, active, confidence, usable
from graphinv.analyze.scopes import Array
from graphinv.analyze.toolbox import toolbox_of
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord, in_force
from graphinv.model.facts import NodeKey
from graphinv.model.moments import micros
from graphinv.model.text import counted

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine


def third_party_step(engine: Engine, params: Params) -> Iterator[Row]:
    """Servers, steps and flows that somebody else runs and over which our agents come to what is sensitive, or to which we gave a key."""
    estate, at = engine.estate, micros(engine.at)
    for kind in ("ToolServer", "Workflow"):
        for step in estate.of_kind(kind):
            if not (step.props.get("third_party") or step.props.get("origin") == "third_party") or not active(step):
                continue
            arcs = [(edge, arc) for edge, _, arc in calls_of(engine, step.key) if edge.source not in estate.out_of_service]
            links = [edge for edge in estate.incoming.get(step.key, ()) if _brings(estate, edge, at)]
            ways = {edge.key: edge for edge in (*links, *(edge for edge, _ in arcs))}.values()
            held = (edge for edge in estate.outgoing.get(step.key, ()) if edge.kind == "HOLDS" and in_force(edge, at))
            keys = sorted({edge.target[1] for edge in held if usable(estate.nodes[edge.target].props, at)})
            columns = _sensitive_over(engine, [*(arc for _, arc in arcs), *_given(engine, step.key)])
            if not ways or not (keys or len(columns)):
                continue
            heaviest = columns[engine.weights.target[columns].argmax()] if len(columns) else None
            target = None if heaviest is None else engine.structure.keys[engine.structure.targets[heaviest]]
            what = counted(len(columns), "sensitive thing", "sensitive things") if len(columns) else "keys of ours"
            yield about(step.key, target) | {
                "what": what,
                "vendor": step.props.get("vendor"),
                "agents": sorted({edge.source[1] for edge in ways}),
                "secrets": keys,
                "confidence": min(confidence(edge) for edge in ways),
                "modifiers": [
                    *(["+1 it holds a key of ours"] if keys else []),
                    *(["-2 a record of the supplier is linked"] if affirmed(step.props, "supplier") else []),
                ],
            }


def _brings(estate: Estate, edge: EdgeRecord, at: int) -> bool:
    """Whether an actor in service calls it."""
    return edge.kind in ("CONNECTS_TO", "DELEGATES_TO") and in_force(edge, at) and edge.source not in estate.out_of_service


def _given(engine: Engine, step: NodeKey) -> Iterator[int]:
    """Arcs over which a step has what it was given: keys and identities."""
    arcs, number = engine.arcs("posture"), engine.structure.number[step]
    pointers, order = arcs.leaving
    for arc in order[pointers[number] : pointers[number + 1]].tolist():
        if engine.estate.edges[arcs.first[arc]].kind in ("HOLDS", "RUNS_AS"):
            yield arc


def _sensitive_over(engine: Engine, arcs: Iterable[int]) -> Array:
    """Columns of what is sensitive and comes into reach over arcs."""
    structure, posture, table = engine.structure, engine.privileges("posture"), engine.arcs("posture")
    sensitive = columns_of(engine).sensitive
    found = [np.zeros(0, dtype=np.int64)]
    for target, mask in {(int(table.target[arc]), int(table.mask[arc])) for arc in arcs}:
        columns, bits = posture.row(structure.keys[target])
        passing = columns if mask < 0 else columns[bits & structure.masks.at(mask, columns) > 0]
        found.append(passing[sensitive[passing]])
    return np.unique(np.concatenate(found))


# --------------------------------------------------------------------------------------------------------------------------------
# Dependencies

_NUMBERS = re.compile(r"v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?")


def stale_dependency(engine: Engine, params: Params) -> Iterator[Row]:
    """Packages that something of ours depends on and that are vulnerable, out of support or far behind; told once for each package."""
    estate, at = engine.estate, micros(engine.at)
    for package in estate.of_kind("Package"):
        users = [edge for edge in estate.incoming.get(package.key, ()) if _loaded(estate, edge, at)]
        if not users:
            continue
        stated = (label.partition("=") for label in package.props.get("labels") or ())
        cleared = {value.casefold() for name, _, value in stated if name == "not_affected"}
        open_ones = sorted(one for one in package.props.get("vulnerabilities") or () if one.casefold() not in cleared)
        ended = package.props.get("eol_at")
        behind, published = _behind(package), package.props.get("published_at")
        ends = about(package.key)
        if open_ones:
            known = counted(len(open_ones), "known vulnerability", "known vulnerabilities")
            reason, notes = f"it has {known}", ["+5 a known vulnerability, of unknown severity"]
        elif ended is not None and micros(ended) <= at:
            reason, notes = "it is no longer supported", ["+2 nobody mends it any more"]
        elif behind is not None and behind[0] > params["minor"]:
            minor = f"it is {counted(behind[0], 'minor version', 'minor versions')} behind"
            reason, notes = minor if behind[0] < _MAJOR else "it is a major version behind", []
        elif behind is not None and any(behind) and published is not None and at - micros(published) > params["days"] * DAY:
            reason, notes = f"it is older than {params['days']} days, and there is a newer one", []
        else:
            if package.props.get("latest") is not None and (behind is None or (any(behind) and published is None)):
                yield ends | {"unknown": True}
            continue
        if any(toolbox_of(engine).takes(edge.source) for edge in users):
            notes.append("+1 what depends on it takes in strangers' content")
        yield ends | {
            "reason": reason,
            "vulnerabilities": open_ones[:10],
            "users": sorted({":".join(edge.source) for edge in users}),
            "modifiers": notes,
            "confidence": min(confidence(edge) for edge in users),
        }


_MAJOR = 1_000_000


def _loaded(estate: Estate, edge: EdgeRecord, at: int) -> bool:
    """Whether something in service depends on it."""
    return edge.kind == "DEPENDS_ON" and in_force(edge, at) and edge.source not in estate.out_of_service


def _behind(package: NodeRecord) -> tuple[int, int] | None:
    """By how many minor versions it is behind the newest, and by how many patches of the same one; a major one counts as very many. None
    where that cannot be said.

    Versions of forks (``1.2.3-acme``, ``1.2.3+local``) are not comparable.
    """
    have, latest = (_NUMBERS.fullmatch(str(package.props.get(name) or "")) for name in ("version", "latest"))
    if have is None or latest is None:
        return None
    (major, minor, patch), (newest, newer, newer_patch) = (tuple(int(one[part] or 0) for part in (1, 2, 3)) for one in (have, latest))
    if (newest, newer, newer_patch) <= (major, minor, patch):
        return 0, 0
    return (_MAJOR, 0) if newest > major else (newer - minor, newer_patch - patch if newer == minor else 0)


# --------------------------------------------------------------------------------------------------------------------------------
# Names that look alike

_ALIKE = str.maketrans(
    {
        **dict(zip("аеорсухіјѕԁһӏԛԝ", "aeopcyxijsdhlqw", strict=True)),
        **dict(zip("αορνυικτχ", "aopvuiktx", strict=True)),
        "0": "o",
        "1": "l",
        "ı": "i",
        "|": "l",
    }
)
_MOST_LETTERS = 128


def _folded(name: str) -> str:
    """``name`` as it looks: without case, marks and separators, with letters that look alike as one.

    >>> _folded("Send_Mаil") == _folded("send-mail")
    True
    """
    plain = unicodedata.normalize("NFKD", name[:_MOST_LETTERS]).casefold().translate(_ALIKE)
    return "".join(letter for letter in plain if letter.isalnum()).replace("rn", "m").replace("vv", "w")


@dataclass(frozen=True, eq=False)
class _Way:
    """A server and which of its tools may be called, by id or by name; None where all may. A tool that no server provides is one itself.
    Of each way there is one object."""

    server: NodeKey
    only: frozenset[str] | None

    def leads_to(self, tool: NodeRecord) -> bool:
        return self.only is None or not self.only.isdisjoint((tool.id, tool.name))


class _Offered(NamedTuple):
    """A tool as one server offers it to those who come to it in one way."""

    tool: NodeRecord
    way: _Way
    approved: bool | None


def shadowed_name(engine: Engine, params: Params) -> Iterator[Row]:
    """Tools that, to an agent that reaches both, look like one of another server or one of its own, where one of the two is not approved.

    Told once for each tool that is not approved, with all agents. Names one letter apart are found by what is left when one letter is
    taken out, so that no pairs are tried: O(length of all names).
    """
    approved, folded = cache(partial(_approved, approvals_of(engine))), cache(_folded)
    callers, offers = _offers(engine)
    met = _met(callers)
    by_name: defaultdict[str, list[_Offered]] = defaultdict(list)
    for tool, way in offers:
        by_name[folded(tool.name)].append(_Offered(tool, way, approved(tool, way.server)))
    by_name.pop("", None)
    doubted = [name for name, offered in by_name.items() if not all(one.approved for one in offered)]
    for name, near in _neighbours(doubted, by_name):
        offered: defaultdict[_Way, list[_Offered]] = defaultdict(list)
        for offer in (offer for other in near for offer in by_name[other]):
            offered[offer.way].append(offer)
        twins: defaultdict[NodeKey, list[tuple[_Offered, _Offered]]] = defaultdict(list)
        for one in by_name[name]:
            if one.approved:
                continue
            few, many = sorted((met(one.way), offered), key=len)
            others = [other for way in few if way in many for other in offered[way] if _rivals(one, other)]
            theirs = [(one, other) for other in others if other.approved or _disguised(one.tool.name, other.tool.name)]
            twins[one.tool.key] += theirs
            if not theirs and one.approved is None and any(folded(other.tool.name) == name for other in others):
                yield about(one.tool.key) | {"unknown": True}
        for key, pairs in twins.items():
            if pairs:
                one, twin = min(pairs, key=lambda pair: (not pair[1].approved, pair[1].tool.key))
                yield about(key, twin.tool.key) | {
                    "whose": "of another server" if twin.way.server[0] == "ToolServer" else "of the agent itself",
                    "servers": sorted({offer.way.server[1] for pair in pairs for offer in pair if offer.way.server[0] == "ToolServer"}),
                    "agents": sorted({id for one, other in pairs for _, id in callers[one.way] & callers[other.way]}),
                    "modifiers": ["+2 its letters only look the same"] if _disguised(one.tool.name, twin.tool.name) else [],
                }


def _rivals(one: _Offered, other: _Offered) -> bool:
    """Whether two things are offered from two sides, of which one at least is a server."""
    here, there = one.way.server, other.way.server
    return here != there and one.tool.key != other.tool.key and "ToolServer" in (here[0], there[0])


def _met(callers: Mapping[_Way, set[NodeKey]]) -> Callable[[_Way], set[_Way]]:
    """What tells of a way those that some agent has together with it, itself among them."""
    had: defaultdict[NodeKey, set[_Way]] = defaultdict(set)
    for way, agents in callers.items():
        for agent in agents:
            had[agent].add(way)
    return cache(lambda way: set[_Way]().union(*(had[agent] for agent in callers[way])))


def _disguised(name: str, other: str) -> bool:
    """Whether two names that look the same are written in different letters."""
    return _folded(name) == _folded(other) and name.isascii() != other.isascii()


def _offers(engine: Engine) -> tuple[Mapping[_Way, set[NodeKey]], list[tuple[NodeRecord, _Way]]]:
    """Actors in service by the ways in which they come to tools, and what is offered in each way."""
    estate, at = engine.estate, micros(engine.at)
    provides = [edge for edge in estate.edges_of("PROVIDES") if in_force(edge, at) and edge.source not in estate.out_of_service]
    servers: dict[NodeKey, list[NodeKey]] = {edge.target: [] for edge in estate.edges_of("PROVIDES")}
    for edge in provides:
        servers[edge.target].append(edge.source)
    callers: defaultdict[_Way, set[NodeKey]] = defaultdict(set)
    ways: defaultdict[NodeKey, dict[_Way, None]] = defaultdict(dict)
    one_each = cache(_Way)
    for edge in estate.edges_of("CONNECTS_TO", "USES"):
        if not in_force(edge, at) or edge.source in estate.out_of_service:
            continue
        only = [edge.target[1]] if edge.kind == "USES" else edge.props.get("tools")
        for server in servers.get(edge.target, [edge.target]) if edge.kind == "USES" else [edge.target]:
            way = one_each(server, None if only is None else frozenset(only))
            callers[way].add(edge.source)
            ways[server][way] = None
    offers = [(edge.target, way) for edge in provides for way in ways[edge.source]]
    offers += [(server, way) for server, own in ways.items() if server[0] == "Tool" for way in own]
    tools = ((estate.nodes[key], way) for key, way in offers)
    return callers, [(tool, way) for tool, way in tools if active(tool) and way.leads_to(tool)]


def _approved(approvals: Approvals, tool: NodeRecord, server: NodeKey) -> bool | None:
    """Whether somebody approved the tool or the server it comes from, and it is still so; None where nobody speaks of it."""
    edges = approvals.estate.incoming
    stated = {approvals.of(edge) for edge in edges.get(tool.key, ()) if edge.kind == "USES"}
    stated |= {approvals.of(edge) for edge in edges.get(server, ()) if edge.kind == "CONNECTS_TO"}
    if "refused" in stated:
        return False
    return True if stated & set(HOLDS) or tool.props.get("approved_digest") is not None else None


def _neighbours(names: Iterable[str], known: Iterable[str]) -> Iterator[tuple[str, list[str]]]:
    """Each of ``names`` with those of the ``known`` that are the same or one letter apart, where both are long enough to tell."""
    left_over: defaultdict[str, set[str]] = defaultdict(set)
    for name in known:
        for part in _shortened(name):
            left_over[part].add(name)
    for name in sorted(names):
        near = {other for part in _shortened(name) for other in left_over[part] if _one_apart(name, other)}
        yield name, sorted({name, *near})


_LEAST_LETTERS = 5
"""Shorter names are one letter apart by chance."""


def _shortened(name: str) -> set[str]:
    short = {name[:place] + name[place + 1 :] for place in range(len(name))} if len(name) >= _LEAST_LETTERS else set()
    return {name, *short}


def _one_apart(name: str, other: str) -> bool:
    """Whether one letter more, less or another makes one of the other."""
    if min(len(name), len(other)) < _LEAST_LETTERS or abs(len(name) - len(other)) > 1 or name == other:
        return False
    short, long = (name, other) if len(name) <= len(other) else (other, name)
    place = 0
    while place < len(short) and short[place] == long[place]:
        place += 1
    return short[place + (len(short) == len(long)) :] == long[place + 1 :]
