"""How severe a finding is: the base of its rule and what the data adds to it or takes from it. Missing data never lowers it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from graphinv.analyze.toolbox import SURE, toolbox_of
from graphinv.model.estate import Estate
from graphinv.model.facts import NodeKey, Props
from graphinv.model.results import Hop, Level

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

MODIFIERS = {
    "M1": "+1 where an agent or a target in production is on the path, or its subject is; of an agent alone, where it comes to one",
    "M2": "+2 where a restricted resource or a crown jewel is within reach, +1 where a confidential one is; "
    "-1 where all it leads to is one resource known to be internal, -3 where that is known to be public",
    "M3": "+2 where a tool on the path is destructive or irreversible, +1 where it writes or executes",
    "M4": "+2 where untrusted content can reach the start of the path, +1 where that is only inferred",
    "M5": "+1 where a hop of the path has no enforcement point that enforces; "
    "-2 where one that enforces denies, or asks a person, on each hop into what is known to matter (M7)",
    "M6": "+1 where the path was observed in the last 30 days: each hop of it that can be",
    "LACK": "high at most, medium where it is no surer than not: it says what is lacking, not what somebody can do; of rules that name M4 "
    "as well, only where no untrusted content is known to come to one that acts without asking each time",
}
"""What each modifier that a rule can name does. Others that would lower a severity are the rules' own."""

_HIGH, _MEDIUM = 8, 6
"""Most points of these levels."""

EVEN = 0.5
"""Confidence of what is as likely wrong as right."""

_OWN = re.compile(r"([+-]\d+) (\S.*)", re.DOTALL)
_RECENT = timedelta(days=30)
_ASKS_EACH_TIME = frozenset({"suggest", "approve_each"})
_IN_PRODUCTION = frozenset({"Agent", "Resource", "Secret"})
"""What brings production onto a path; a finding about anything else in production is about production, too."""
_SEEN = frozenset({"USES", "CONNECTS_TO", "DELEGATES_TO", "CALLS_BACK", "CAN_ACCESS"})
"""Kinds of edges that are observed at work, as under the lens of that name."""

# What is so of a finding, as bits of one number; the first seven also of a node
_CONFIDENTIAL, _RESTRICTED, _PRODUCTION, _INTERNAL, _PUBLIC, _WRITES, _DESTROYS = (1 << bit for bit in range(7))
_ITSELF, _TAKES, _MAY_TAKE, _LACKS, _OPEN, _STOPPED, _OBSERVED, _ALONE = (1 << bit for bit in range(7, 15))
_GRAVE, _HARMLESS, _EFFECTS = _CONFIDENTIAL | _RESTRICTED, _INTERNAL | _PUBLIC, _WRITES | _DESTROYS
_HARM = _GRAVE | _PRODUCTION
_SENSITIVITY = {"confidential": _CONFIDENTIAL, "restricted": _RESTRICTED, "internal": _INTERNAL, "public": _PUBLIC}


def level_of(points: int) -> Level:
    """The level of 0 to 10 points.

    >>> [level_of(points) for points in (9, 7, 4, 1, 0)]
    ['critical', 'high', 'medium', 'low', 'info']
    """
    for least, level in ((9, "critical"), (7, "high"), (4, "medium"), (1, "low")):
        if points >= least:
            return level  # type: ignore[return-value]
    return "info"


def own_modifier(text: str) -> tuple[int, str]:
    """A modifier that a rule's row states: points and reason.

    >>> own_modifier("-2 bound to a proof key")
    (-2, 'bound to a proof key')

    Raises:
        ValueError: it is not ``+1 reason`` or ``-1 reason``.
    """
    match = _OWN.fullmatch(text)
    if not match:
        raise ValueError("a modifier is written as +1 reason or -1 reason")
    return int(match[1]), match[2]


def _enforced(hop: Hop) -> bool:
    """Whether a point on the hop enforces."""
    return bool(hop.guards) and any(guard.mode == "enforce" for guard in hop.guards)


def _stopped(hop: Hop) -> bool:
    """Whether a point on the hop denies, or asks a person, and enforces it."""
    return any(guard.mode == "enforce" and guard.effect in ("deny", "step_up") for guard in hop.guards)


Points = tuple[int, str]
"""Points that are added, or that are left at most, and why."""


def _added(facts: int) -> Iterator[Points]:
    """What the modifiers add and take away where ``facts`` are so."""
    if facts & _PRODUCTION:
        yield 1, f"{'it is in production, or comes to it' if facts & _ALONE else 'production is on the path'} (M1)"
    if facts & _RESTRICTED:
        yield 2, "a restricted resource or a crown jewel is within reach (M2)"
    elif facts & _CONFIDENTIAL:
        yield 1, "a confidential resource is within reach (M2)"
    elif facts & _HARMLESS:
        yield (-1, "the target is known to be internal (M2)") if facts & _INTERNAL else (-3, "the target is known to be public (M2)")
    if facts & _EFFECTS:
        yield (
            (2, "a tool on the path is destructive or irreversible (M3)")
            if facts & _DESTROYS
            else (1, "a tool on the path writes or executes (M3)")
        )
    if facts & _TAKES:
        yield 2, "untrusted content can reach the start of the path (M4)"
    elif facts & _MAY_TAKE:
        yield 1, "untrusted content can reach the start of the path, as is inferred (M4)"
    if facts & _OPEN:
        yield 1, "a hop has no enforcement point that enforces (M5)"
    if facts & _STOPPED:
        yield -2, "a decision denies it or asks a person before what matters (M7)"
    if facts & _OBSERVED:
        yield 1, "it was observed in the last 30 days (M6)"


def _left(facts: int, confidence: float, inferred: float) -> Iterator[Points]:
    """Most points that a finding can have, whatever else is found."""
    if facts & _LACKS:
        yield _HIGH, "it says what is lacking, not what somebody can do"
        if confidence == EVEN:
            yield _MEDIUM, "it may not be so, either"
    if facts & _HARMLESS:
        yield (_HIGH, "the target is known to be internal") if facts & _INTERNAL else (_MEDIUM, "the target is known to be public")
    if inferred < SURE:
        yield _HIGH, f"a hop is only inferred (confidence {inferred:.2f})"
    if confidence < EVEN:
        yield _MEDIUM, f"it is less sure than not ({confidence:.2f})"
    elif confidence == EVEN:
        yield _HIGH, f"it is no surer than not ({confidence:.2f})"


def _judged(base: int, facts: int, own: Sequence[str], confidence: float, inferred: float) -> tuple[Level, tuple[str, ...]]:
    """The level of ``base`` and what was found, and its parts."""
    parts = [f"base {base}"]
    points = base
    for delta, reason in (*_added(facts), *map(own_modifier, own)):
        points += delta
        parts.append(f"{delta:+d} {reason}")
    clipped = min(max(points, 0), 10)
    for left, reason in _left(facts, confidence, inferred):
        if clipped > left:
            parts.append(f"{left - clipped:+d} {reason}, so it is {level_of(left)} at most")
            clipped = left
    level = level_of(clipped)
    parts.append(f"= {clipped}, {level}")
    return level, tuple(parts)


class _Marks(dict[NodeKey, int]):
    """By node, what of the bits above is so of it; found out once for each. Of what is in no estate nothing is."""

    def __init__(self, estate: Estate) -> None:
        super().__init__()
        self._estate = estate

    def __missing__(self, key: NodeKey) -> int:
        record = self._estate.nodes.get(key)
        props: Props = record.props if record else {}
        found = 0
        if props.get("environment") == "prod":
            found |= _ITSELF | (_PRODUCTION if key[0] in _IN_PRODUCTION else 0)
        if key[0] == "Resource":
            found |= _RESTRICTED if props.get("crown_jewel") else _SENSITIVITY.get(str(props.get("sensitivity")), 0)
        elif key[0] == "Tool":
            effects = props.get("effects") or ()
            if "destructive" in effects or "irreversible" in effects:
                found |= _DESTROYS
            elif "write" in effects or "execute" in effects:
                found |= _WRITES
        self[key] = found
        return found


class Gauge:
    """Judges findings against one engine. What it learns of a node it remembers."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.toolbox = toolbox_of(engine)
        self._marks = _Marks(engine.estate)
        self._tools: dict[NodeKey, int] = {}
        self._told: dict[Any, tuple[Level, tuple[str, ...]]] = {}

    def judge(
        self,
        base: int,
        codes: Sequence[str],
        subject: NodeKey,
        target: NodeKey | None,
        hops: Sequence[Hop],
        own: Collection[str] = (),
        confidence: float = 1.0,
        inferred: float = 1.0,
    ) -> tuple[Level, tuple[str, ...]]:
        """Level of a finding, and the parts it is made of.

        Args:
            base: points of the rule, 1 to 10.
            codes: which of MODIFIERS the rule names.
            subject: what the finding is about.
            target: what it leads to, if anything.
            hops: the witness between them; may be empty.
            own: modifiers of the rule itself, each ``+1 reason``.
            confidence: how sure the finding is; what is no surer than not is not the worst.
            inferred: confidence of the weakest hop that is only inferred; nor is what rests on a guess.
        """
        facts = self._facts(codes, subject, target, hops)
        notes = tuple(sorted(set(own))) if own else ()
        asked = base, facts, notes, confidence if confidence <= EVEN else 1.0, min(inferred, SURE)
        known = self._told.get(asked)
        if known is None:
            known = self._told[asked] = _judged(*asked)
        return known

    def _facts(self, codes: Sequence[str], subject: NodeKey, target: NodeKey | None, hops: Sequence[Hop]) -> int:
        """What is so of a finding, of what the modifiers that its rule names ask."""
        marks = self._marks
        itself = marks[subject]
        on_path = itself | marks[target] if target else itself
        for hop in hops:
            on_path |= marks[hop.source] | marks[hop.target]
        facts = 0 if target or hops else _ALONE
        if "M1" in codes or "M2" in codes:
            around = on_path | self._behind_end(subject, target, hops)
            if "M1" in codes and (around & _PRODUCTION or itself & _ITSELF):
                facts |= _PRODUCTION
            if "M2" in codes:
                facts |= around & _GRAVE or (marks[target] & _HARMLESS if target else 0)
        if "M3" in codes:
            facts |= (on_path | self._behind_server(subject, target, hops)) & _EFFECTS
        if "M4" in codes:
            takes, known = self.toolbox.taking(subject)
            facts |= _TAKES if known else _MAY_TAKE if takes else 0
        if "M5" in codes:
            if not all(map(_enforced, hops)):
                facts |= _OPEN
            if any(hop.guards for hop in hops) and self._is_stopped(hops):
                facts |= _STOPPED
        if "M6" in codes and self._is_recent(hops):
            facts |= _OBSERVED
        if "LACK" in codes and not (facts & _TAKES and self._is_driven(subject)):
            facts |= _LACKS
        return facts

    def _is_driven(self, key: NodeKey) -> bool:
        """Whether it is not known to ask a person each time."""
        return self.engine.estate.nodes[key].props.get("autonomy") not in _ASKS_EACH_TIME

    def _behind_end(self, subject: NodeKey, target: NodeKey | None, hops: Sequence[Hop]) -> int:
        """What can be harmed behind the end of the path, unless it is a resource; production only behind an agent alone."""
        # A point reaches nothing itself: what it stands before does
        end = target or (hops[-1].target if subject[0] == "EnforcementPoint" and hops else subject)
        if end[0] == "Resource":
            return 0
        behind = self._behind[self.engine.structure.node(end)]
        return behind if end[0] == "Agent" and not (target or hops) else behind & _GRAVE

    @cached_property
    def _behind(self) -> bytes:
        """By node, what can be harmed of all that it comes to."""
        structure = self.engine.structure
        columns = np.array([self._marks[structure.keys[node]] & _HARM for node in structure.targets.tolist()], dtype=np.uint8)
        return bytes(self.engine.privileges("posture").touched(columns).astype(np.uint8))

    def _behind_server(self, subject: NodeKey, target: NodeKey | None, hops: Sequence[Hop]) -> int:
        """Effects of the tools of the server that the path ends at or, where there is no path, of those that its subject has."""
        if not (target[0] == "ToolServer" if target else not hops):
            return 0
        key = target or subject
        known = self._tools.get(key)
        if known is None:
            known = 0
            for tool in self.toolbox.tools_of(key):
                known |= self._marks[tool]
            self._tools[key] = known
        return known

    def _is_stopped(self, hops: Sequence[Hop]) -> bool:
        """Whether a decision stands on each hop into what is known to matter."""
        into = [hop for hop in hops if self._marks[hop.target] & _GRAVE]
        return bool(into) and all(map(_stopped, into))

    def _is_recent(self, hops: Sequence[Hop]) -> bool:
        """Whether each hop that can be observed was, of late; of other kinds of edges, each that is said to have been."""
        observed = [hop for hop in hops if "observed" in hop.evidence]
        if not observed:
            return False
        seen = [hop for hop in hops if not _SEEN.isdisjoint(hop.edge.lstrip("<").split("+"))] or observed
        return all(not self._recent.isdisjoint(hop.edges) for hop in seen)

    @cached_property
    def _recent(self) -> frozenset[str]:
        """Keys of the edges that were observed of late; without last_seen one is still being stated."""
        since = (datetime.fromisoformat(self.engine.at) - _RECENT).replace(tzinfo=None).isoformat()
        return frozenset(edge.key for edge in self.engine.estate.sightings if (edge.props.get("last_seen") or since) >= since)
