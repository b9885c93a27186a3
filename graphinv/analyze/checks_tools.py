"""Rules about tools and the supply chain that need more than a query: names that look alike, versions, what strangers' steps lead to."""

from __future__ import annotations

import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from graphinv.analyze.approvals import HOLDS, Approvals, approvals_of
from graphinv.analyze.arcs import micros
from graphinv.analyze.labels import affirmed
from graphinv.analyze.reaching import columns_of
from graphinv.analyze.rows import Params, Row, about, active, confidence, counted, in_force
from graphinv.analyze.severity import Gauge
from graphinv.model.estate import EdgeRecord, Estate, NodeRecord
from graphinv.model.facts import NodeKey

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine


def third_party_step(engine: Engine, params: Params) -> Iterator[Row]:
    """Servers, steps and flows that somebody else runs and over which our agents come to what is sensitive, or to which we gave a key."""
    estate, at = engine.estate, micros(engine.at)
    sensitive = columns_of(engine).sensitive
    for kind in ("ToolServer", "Workflow"):
        for step in estate.of_kind(kind):
            if not (step.props.get("third_party") or step.props.get("origin") == "third_party") or not active(step):
                continue
            ways = [edge for edge in estate.incoming.get(step.key, ()) if _brings(estate, edge, at)]
            keys = [edge.target for edge in estate.outgoing.get(step.key, ()) if edge.kind == "HOLDS" and in_force(edge, at)]
            columns, _ = engine.privileges("posture").row(step.key)
            columns = columns[sensitive[columns]]
            if not ways or not (keys or len(columns)):
                continue
            heaviest = columns[engine.weights.target[columns].argmax()] if len(columns) else None
            target = None if heaviest is None else engine.structure.keys[engine.structure.targets[heaviest]]
            what = counted(len(columns), "sensitive thing", "sensitive things") if len(columns) else "keys of ours"
            yield about(step.key, target) | {
                "what": what,
                "vendor": step.props.get("vendor"),
                "agents": sorted({edge.source[1] for edge in ways}),
                "secrets": sorted(id for _, id in keys),
                "confidence": min(confidence(edge) for edge in ways),
                "modifiers": [
                    *(["+1 it holds a key of ours"] if keys else []),
                    *(["-2 a record of the supplier is linked"] if affirmed(step.props, "supplier") else []),
                ],
            }


def _brings(estate: Estate, edge: EdgeRecord, at: int) -> bool:
    """Whether an actor in service calls it."""
    return edge.kind in ("CONNECTS_TO", "DELEGATES_TO") and in_force(edge, at) and active(estate.nodes[edge.source])


# --------------------------------------------------------------------------------------------------------------------------------
# Dependencies

_NUMBERS = re.compile(r"v?(\d{1,9})(?:\.(\d{1,9}))?(?:\.(\d{1,9}))?")


def stale_dependency(engine: Engine, params: Params) -> Iterator[Row]:
    """Packages that something of ours depends on and that are vulnerable, out of support or far behind; told once for each package."""
    estate, at = engine.estate, micros(engine.at)
    gauge = Gauge(engine)
    for package in estate.of_kind("Package"):
        users = [edge for edge in estate.incoming.get(package.key, ()) if edge.kind == "DEPENDS_ON" and active(estate.nodes[edge.source])]
        if not users:
            continue
        cleared = {
            value for name, _, value in (label.partition("=") for label in package.props.get("labels") or ()) if name == "not_affected"
        }
        open_ones = sorted(set(package.props.get("vulnerabilities") or ()) - cleared)
        ended = package.props.get("eol_at")
        behind = _behind(package)
        ends = about(package.key)
        if open_ones:
            reason, notes = f"it has {len(open_ones)} known vulnerabilities", ["+5 a known vulnerability, of unknown severity"]
        elif ended is not None and micros(ended) <= at:
            reason, notes = "it is no longer supported", ["+2 nobody mends it any more"]
        elif behind is None:
            if package.props.get("latest") is not None:
                yield ends | {"unknown": True}
            continue
        elif behind > params["minor"]:
            reason, notes = f"it is {behind} minor versions behind" if behind < _MAJOR else "it is a major version behind", []
        else:
            continue
        if any(gauge.takes_untrusted(edge.source) for edge in users):
            notes.append("+1 what depends on it takes in strangers' content")
        yield ends | {
            "reason": reason,
            "vulnerabilities": open_ones[:10],
            "users": sorted({":".join(edge.source) for edge in users}),
            "modifiers": notes,
            "confidence": min(confidence(edge) for edge in users),
        }


_MAJOR = 1_000_000


def _behind(package: NodeRecord) -> int | None:
    """By how many minor versions it is behind the newest; a major one counts as very many. None where that cannot be said.

    Versions of forks (``1.2.3-acme``, ``1.2.3+local``) are not comparable.
    """
    have, latest = (_NUMBERS.fullmatch(str(package.props.get(name) or "")) for name in ("version", "latest"))
    if have is None or latest is None:
        return None
    (major, minor), (newest, newer) = ((int(one[1]), int(one[2] or 0)) for one in (have, latest))
    return _MAJOR * (newest - major) if newest > major else max(0, newer - minor) if newest == major else 0


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


@dataclass(frozen=True)
class _Offered:
    """A tool as one server offers it."""

    tool: NodeRecord
    server: NodeKey
    approved: bool | None


def shadowed_name(engine: Engine, params: Params) -> Iterator[Row]:
    """Tools that, to an agent that reaches both, look like a tool of another server, where one of the two is not approved.

    Told once for each tool that is not approved, with all agents. Names one letter apart are found by what is left when one letter is
    taken out, so that no pairs are tried: O(length of all names).
    """
    estate, at, approvals = engine.estate, micros(engine.at), approvals_of(engine)
    callers = _callers(estate, at)
    by_name: defaultdict[str, list[_Offered]] = defaultdict(list)
    for edge in estate.edges_of("PROVIDES"):
        if in_force(edge, at) and edge.source in callers:
            tool = estate.nodes[edge.target]
            by_name[_folded(tool.name)].append(_Offered(tool, edge.source, _approved(approvals, tool, edge.source)))
    by_name.pop("", None)
    doubted = [name for name, offers in by_name.items() if not all(one.approved for one in offers)]
    for name, near in _neighbours(doubted, by_name):
        met = _met([one for other in near for one in by_name[other]], callers)
        for one in by_name[name]:
            if one.approved or one.server not in met:
                continue
            others = [other for other in met[one.server] if other.server != one.server]
            theirs = [other for other in others if other.approved or _disguised(one.tool.name, other.tool.name)]
            if theirs:
                twin = min(theirs, key=lambda other: (not other.approved, other.tool.key))
                shared = {key for other in theirs for key in callers[one.server] & callers[other.server]}
                yield about(one.tool.key, twin.tool.key) | {
                    "servers": sorted({one.server[1], *(other.server[1] for other in theirs)}),
                    "agents": sorted(id for _, id in shared),
                    "modifiers": ["+2 its letters only look the same"] if _disguised(one.tool.name, twin.tool.name) else [],
                }
            elif one.approved is None and any(_folded(other.tool.name) == name for other in others):
                yield about(one.tool.key) | {"unknown": True}


def _met(offers: Iterable[_Offered], callers: Mapping[NodeKey, set[NodeKey]]) -> dict[NodeKey, list[_Offered]]:
    """By server, the offers that some agent reaches together with it, where these are of several servers."""
    offered: defaultdict[NodeKey, list[_Offered]] = defaultdict(list)
    for one in offers:
        offered[one.server].append(one)
    by_agent: defaultdict[NodeKey, list[NodeKey]] = defaultdict(list)
    for server in offered:
        for agent in callers[server]:
            by_agent[agent].append(server)
    met: defaultdict[NodeKey, set[NodeKey]] = defaultdict(set)
    # Agents that reach the same servers are one group, so that what many share is looked at once
    for servers in {tuple(servers) for servers in by_agent.values() if len(servers) > 1}:
        for server in servers:
            met[server].update(servers)
    return {
        server: sorted((one for other in others for one in offered[other]), key=lambda one: (one.tool.key, one.server))
        for server, others in met.items()
    }


def _disguised(name: str, other: str) -> bool:
    """Whether two names that look the same are written in different letters."""
    return _folded(name) == _folded(other) and name.isascii() != other.isascii()


def _callers(estate: Estate, at: int) -> dict[NodeKey, set[NodeKey]]:
    """Agents in service by the servers they connect to."""
    found: defaultdict[NodeKey, set[NodeKey]] = defaultdict(set)
    for edge in estate.edges_of("CONNECTS_TO"):
        if in_force(edge, at) and active(estate.nodes[edge.source]):
            found[edge.target].add(edge.source)
    return found


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
    short, long = sorted((name, other), key=len)
    place = next((at for at, letter in enumerate(short) if letter != long[at]), len(short))
    return short[place + (len(short) == len(long)) :] == long[place + 1 :]
