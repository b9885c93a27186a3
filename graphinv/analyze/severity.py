"""How severe a finding is: the base of its rule and what the data adds to it or takes from it. Missing data never lowers it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from graphinv.analyze.rows import sightings_of
from graphinv.analyze.scopes import Array
from graphinv.analyze.toolbox import toolbox_of
from graphinv.model.facts import NodeKey, Props
from graphinv.model.results import Hop, Level

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

MODIFIERS = {
    "M1": "+1 where an agent or a target in production is on the path, or its subject is; of an agent alone, where it comes to one",
    "M2": "+2 where a restricted resource or a crown jewel is within reach, +1 where a confidential one is; "
    "-1 where all it leads to is one resource known to be internal, -3 where that is known to be public",
    "M3": "+2 where a tool on the path is destructive or irreversible, +1 where it writes or executes",
    "M4": "+2 where untrusted content can reach the start of the path",
    "M5": "+1 where a hop of the path has no enforcement point that enforces; "
    "-2 where one that enforces denies, or asks a person, on each hop into what is known to matter (M7)",
    "M6": "+1 where the path was observed in the last 30 days: each hop of it that can be",
    "LACK": "high at most: it says what is lacking, not what somebody can do; of rules that name M4 as well, only where no untrusted "
    "content comes to one that acts without asking each time",
}
"""What each modifier that a rule can name does. Others that would lower a severity are the rules' own."""

_HIGH, _MEDIUM = 8, 6
"""Most points of these levels."""

SURE = 0.9
"""From what confidence on a hop that is only inferred counts like one that is stated."""

EVEN = 0.5
"""Confidence of what is as likely wrong as right."""

_OWN = re.compile(r"([+-]\d+) (\S.*)", re.DOTALL)
_CONFIDENTIAL, _RESTRICTED, _PRODUCTION = 1, 2, 4
_SENSITIVITY = {"confidential": _CONFIDENTIAL, "restricted": _RESTRICTED}
_HARMLESS = {"internal": (-1, _HIGH), "public": (-3, _MEDIUM)}
"""By what a target is known to be: what that takes away, and the most points that are left."""
_ASKS_EACH_TIME = frozenset({"suggest", "approve_each"})
_IN_PRODUCTION = frozenset({"Agent", "Resource", "Secret"})
"""What brings production onto a path; a finding about anything else in production is about production, too."""
_RECENT = timedelta(days=30)
_SEEN = frozenset({"USES", "CONNECTS_TO", "DELEGATES_TO", "CALLS_BACK", "CAN_ACCESS"})
"""Kinds of edges that are observed at work, as under the lens of that name."""


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


def _effect(props: Props) -> int:
    """2 of a tool that destroys, 1 of one that writes or executes, else 0."""
    effects = props.get("effects") or ()
    return 2 if "destructive" in effects or "irreversible" in effects else 1 if "write" in effects or "execute" in effects else 0


def _enforced(hop: Hop) -> bool:
    """Whether a point on the hop enforces."""
    return bool(hop.guards) and any(guard.mode == "enforce" for guard in hop.guards)


def _stopped(hop: Hop) -> bool:
    """Whether a point on the hop denies, or asks a person, and enforces it."""
    return any(guard.mode == "enforce" and guard.effect in ("deny", "step_up") for guard in hop.guards)


Points = tuple[int, str]
"""Points that are added, or that are left at most, and why."""


def _added_up(base: int, found: Iterable[Points], most: Iterable[Points]) -> tuple[Level, tuple[str, ...]]:
    """The level of ``base`` and what was found, as high as ``most`` allows, and its parts."""
    parts = [f"base {base}"]
    points = base
    for delta, reason in found:
        points += delta
        parts.append(f"{delta:+d} {reason}")
    clipped = min(max(points, 0), 10)
    for left, reason in most:
        if clipped > left:
            parts.append(f"{left - clipped:+d} {reason}, so it is {level_of(left)} at most")
            clipped = left
    level = level_of(clipped)
    parts.append(f"= {clipped}, {level}")
    return level, tuple(parts)


class Gauge:
    """Judges findings against one engine. What it learns of a node it remembers.

    What can be harmed at or behind a node is a sum of the bits ``_CONFIDENTIAL``, ``_RESTRICTED`` and ``_PRODUCTION``.
    """

    def __init__(self, engine: Engine) -> None:
        self.engine = engine
        self.estate = engine.estate
        self.toolbox = toolbox_of(engine)
        self._at: dict[NodeKey, int] = {}
        self._levels: dict[NodeKey, int] = {}
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
        found = self._named(codes, subject, target, hops)
        if own:
            found += map(own_modifier, sorted(set(own)))
        asked = base, tuple(found), tuple(self._most(codes, subject, target, confidence, inferred))
        if asked not in self._told:
            self._told[asked] = _added_up(*asked)
        return self._told[asked]

    def _named(self, codes: Sequence[str], subject: NodeKey, target: NodeKey | None, hops: Sequence[Hop]) -> list[Points]:
        """What the modifiers that a rule names add and take away."""
        found: list[Points] = []
        on_path = {subject, *([target] if target else [])}
        for hop in hops:
            on_path.add(hop.source)
            on_path.add(hop.target)
        around = self._around(on_path, subject, target, hops) if "M1" in codes or "M2" in codes else 0
        if "M1" in codes and around & _PRODUCTION:
            found.append((1, f"{'production is on the path' if target or hops else 'it is in production, or comes to it'} (M1)"))
        if "M2" in codes and around & _RESTRICTED:
            found.append((2, "a restricted resource or a crown jewel is within reach (M2)"))
        elif "M2" in codes and around & _CONFIDENTIAL:
            found.append((1, "a confidential resource is within reach (M2)"))
        elif "M2" in codes and target is not None and (known := self._harmless(target)):
            found.append((_HARMLESS[known][0], f"the target is known to be {known} (M2)"))
        if "M3" in codes and (worst := self._effects(on_path, subject, target, hops)):
            found.append((worst, f"a tool on the path {'writes or executes' if worst == 1 else 'is destructive or irreversible'} (M3)"))
        if "M4" in codes and self.toolbox.takes(subject):
            found.append((2, "untrusted content can reach the start of the path (M4)"))
        if "M5" in codes:
            if not all(map(_enforced, hops)):
                found.append((1, "a hop has no enforcement point that enforces (M5)"))
            if any(hop.guards for hop in hops) and self._is_stopped(hops):
                found.append((-2, "a decision denies it or asks a person before what matters (M7)"))
        if "M6" in codes and self._is_recent(hops):
            found.append((1, "it was observed in the last 30 days (M6)"))
        return found

    def _most(self, codes: Sequence[str], subject: NodeKey, target: NodeKey | None, confidence: float, inferred: float) -> Iterator[Points]:
        """Most points that a finding can have, whatever else is found."""
        if "LACK" in codes and not ("M4" in codes and self._is_driven(subject)):
            yield _HIGH, "it says what is lacking, not what somebody can do"
        if "M2" in codes and target is not None and (known := self._harmless(target)):
            yield _HARMLESS[known][1], f"the target is known to be {known}"
        if inferred < SURE:
            yield _HIGH, f"a hop is only inferred (confidence {inferred:.2f})"
        if confidence <= EVEN:
            yield (
                _HIGH if confidence == EVEN else _MEDIUM,
                f"it is {'no surer' if confidence == EVEN else 'less sure'} than not ({confidence:.2f})",
            )

    def _is_driven(self, key: NodeKey) -> bool:
        """Whether untrusted content comes to what is not known to ask a person each time."""
        return self.toolbox.takes(key) and self.estate.nodes[key].props.get("autonomy") not in _ASKS_EACH_TIME

    def _harmless(self, target: NodeKey) -> str:
        """What is known of a target that lowers; empty where that is nothing. What is not known lowers nothing."""
        if target[0] != "Resource" or self._here(target) & (_CONFIDENTIAL | _RESTRICTED):
            return ""
        known = self.estate.nodes[target].props.get("sensitivity")
        return known if known in _HARMLESS else ""

    def _around(self, on_path: Iterable[NodeKey], subject: NodeKey, target: NodeKey | None, hops: Sequence[Hop]) -> int:
        """What can be harmed on the path and, unless it ends at a resource, behind its end; production behind an agent alone."""
        around = 0
        for key in on_path:
            around |= self._here(key)
        # A point reaches nothing itself: what it stands before does
        end = target or (hops[-1].target if subject[0] == "EnforcementPoint" and hops else subject)
        if end[0] != "Resource":
            behind = int(self._behind[self.engine.structure.node(end)])
            alone = end == subject and end[0] == "Agent" and not hops
            around |= behind if alone else behind & ~_PRODUCTION
        if self.estate.nodes[subject].props.get("environment") == "prod":
            around |= _PRODUCTION
        return around

    def _here(self, key: NodeKey) -> int:
        known = self._at.get(key)
        if known is None:
            props = self.estate.nodes[key].props
            known = _PRODUCTION if key[0] in _IN_PRODUCTION and props.get("environment") == "prod" else 0
            if key[0] == "Resource":
                known |= _RESTRICTED if props.get("crown_jewel") else _SENSITIVITY.get(str(props.get("sensitivity")), 0)
            self._at[key] = known
        return known

    @cached_property
    def _behind(self) -> Array:
        """By node, what can be harmed of all that it comes to."""
        structure = self.engine.structure
        columns = np.array([self._here(structure.keys[node]) for node in structure.targets.tolist()], dtype=np.uint8)
        return self.engine.privileges("posture").touched(columns)

    def _effects(self, on_path: Iterable[NodeKey], subject: NodeKey, target: NodeKey | None, hops: Sequence[Hop]) -> int:
        """The worst effect of a tool on the path or, where it ends at a server or there is none, of those behind it: 1 or 2, 0 of none."""
        worst = max((_effect(self.estate.nodes[key].props) for key in on_path if key[0] == "Tool"), default=0)
        if target[0] == "ToolServer" if target else not hops:
            worst = max(worst, self._worst_tool(target or subject))
        return worst

    def _worst_tool(self, key: NodeKey) -> int:
        known = self._levels.get(key)
        if known is None:
            tools = self.toolbox.tools_of(key)
            known = self._levels[key] = max((_effect(self.estate.nodes[tool].props) for tool in tools), default=0)
        return known

    def _is_stopped(self, hops: Sequence[Hop]) -> bool:
        """Whether a decision stands on each hop into what is known to matter."""
        into = [hop for hop in hops if self._here(hop.target) & (_CONFIDENTIAL | _RESTRICTED)]
        return bool(into) and all(map(_stopped, into))

    def _is_recent(self, hops: Sequence[Hop]) -> bool:
        """Whether each hop that can be observed was, of late."""
        if not any("observed" in hop.evidence for hop in hops):
            return False
        seen = (hop for hop in hops if not _SEEN.isdisjoint(hop.edge.lstrip("<").split("+")))
        return all(not self._recent.isdisjoint(hop.edges) for hop in seen)

    @cached_property
    def _recent(self) -> frozenset[str]:
        """Keys of the edges that were observed of late; without last_seen one is still being stated."""
        since = (datetime.fromisoformat(self.engine.at) - _RECENT).replace(tzinfo=None).isoformat()
        return frozenset(edge.key for edge in sightings_of(self.engine) if (edge.props.get("last_seen") or since) >= since)
