"""How severe a finding is: the base of its rule and what the data adds to it or takes from it. Missing data never lowers it."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from graphinv.analyze.rows import listed, sightings_of
from graphinv.analyze.scopes import Array
from graphinv.model.facts import NodeKey, Props
from graphinv.model.results import Hop, Level

if TYPE_CHECKING:
    from graphinv.analyze.engine import Engine

MODIFIERS = {
    "M1": "+1 where something in production is on the path or within reach",
    "M2": "+2 where a restricted resource or a crown jewel is within reach, +1 where a confidential one is; "
    "-1 where all it leads to is one resource known to be internal, -3 where that is known to be public",
    "M3": "+2 where a tool on the path is destructive or irreversible, +1 where it writes or executes",
    "M4": "+2 where untrusted content can reach the start of the path",
    "M5": "+1 where a hop of the path has no enforcement point that enforces",
    "M6": "+1 where a hop of the path was observed in the last 30 days",
}
"""What each modifier that a rule can name does. Others that would lower a severity are the rules' own."""

UNSURE = ((0.5, 6), (0.9, 8))
"""Most points of a finding with a hop that is only inferred, by what its confidence is below: a guess is not told as loudly as what is
known."""

_OWN = re.compile(r"([+-]\d+) (\S.*)", re.DOTALL)
_CONFIDENTIAL, _RESTRICTED, _PRODUCTION = 1, 2, 4
_SENSITIVITY = {"confidential": _CONFIDENTIAL, "restricted": _RESTRICTED}
_HARMLESS = {"internal": -1, "public": -3}
_RECENT = timedelta(days=30)


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


def _added_up(base: int, found: Iterable[tuple[int, str]], confidence: float) -> tuple[Level, tuple[str, ...]]:
    """The level of ``base`` and what was found, and its parts."""
    parts = [f"base {base}"]
    points = base
    for delta, reason in found:
        points += delta
        parts.append(f"{delta:+d} {reason}")
    clipped = min(max(points, 0), 10)
    most = next((most for sure, most in UNSURE if confidence < sure), 10)
    if clipped > most:
        parts.append(f"{most - clipped:+d} a hop is only inferred (confidence {confidence:.2f}), so it is {level_of(most)} at most")
        clipped = most
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
        self._at: dict[NodeKey, int] = {}
        self._untrusted: dict[NodeKey, bool] = {}
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
    ) -> tuple[Level, tuple[str, ...]]:
        """Level of a finding, and the parts it is made of.

        Args:
            base: points of the rule, 1 to 10.
            codes: which of MODIFIERS the rule names.
            subject: what the finding is about.
            target: what it leads to, if anything.
            hops: the witness between them; may be empty.
            own: modifiers of the rule itself, each ``+1 reason``.
            confidence: of the weakest hop that is only inferred; what rests on a guess is not the worst.
        """
        found = self._named(codes, subject, target, hops)
        if own:
            found += map(own_modifier, sorted(set(own)))
        asked = base, tuple(found), confidence
        if asked not in self._told:
            self._told[asked] = _added_up(*asked)
        return self._told[asked]

    def _named(self, codes: Sequence[str], subject: NodeKey, target: NodeKey | None, hops: Sequence[Hop]) -> list[tuple[int, str]]:
        found: list[tuple[int, str]] = []
        on_path = {subject, *([target] if target else [])}
        for hop in hops:
            on_path.add(hop.source)
            on_path.add(hop.target)
        # A point reaches nothing itself: what it stands before does
        end = target or (hops[-1].target if subject[0] == "EnforcementPoint" and hops else subject)
        around = self._around(on_path, end) if "M1" in codes or "M2" in codes else 0
        if "M1" in codes and around & _PRODUCTION:
            found.append((1, "production is on the path or within reach (M1)"))
        if "M2" in codes and around & _RESTRICTED:
            found.append((2, "a restricted resource or a crown jewel is within reach (M2)"))
        elif "M2" in codes and around & _CONFIDENTIAL:
            found.append((1, "a confidential resource is within reach (M2)"))
        elif "M2" in codes and target is not None:
            # Knowledge lowers, its absence does not: an unknown sensitivity stays where the base put it.
            known = str(self.estate.nodes[target].props.get("sensitivity"))
            if known in _HARMLESS:
                found.append((_HARMLESS[known], f"the target is known to be {known} (M2)"))
        if "M3" in codes and (worst := self._effects(on_path, subject, target)):
            found.append((worst, f"a tool on the path {'writes or executes' if worst == 1 else 'is destructive or irreversible'} (M3)"))
        if "M4" in codes and self.takes_untrusted(subject):
            found.append((2, "untrusted content can reach the start of the path (M4)"))
        if "M5" in codes and not all(map(_enforced, hops)):
            found.append((1, "a hop has no enforcement point that enforces (M5)"))
        if "M6" in codes and any(key in self._recent for hop in hops if "observed" in hop.evidence for key in hop.edges):
            found.append((1, "a hop was observed in the last 30 days (M6)"))
        return found

    def _around(self, on_path: Iterable[NodeKey], end: NodeKey) -> int:
        """What can be harmed on the path and, unless it ends at a resource, behind its end."""
        around = 0
        for key in on_path:
            around |= self._here(key)
        return around if end[0] == "Resource" else around | int(self._behind[self.engine.structure.node(end)])

    def _here(self, key: NodeKey) -> int:
        known = self._at.get(key)
        if known is None:
            props = self.estate.nodes[key].props
            known = _PRODUCTION if props.get("environment") == "prod" else 0
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

    def _effects(self, on_path: Iterable[NodeKey], subject: NodeKey, target: NodeKey | None) -> int:
        """The worst effect of a tool on the path or, where it ends at a server, of those behind it: 1 or 2, 0 of none."""
        worst = max((_effect(self.estate.nodes[key].props) for key in on_path if key[0] == "Tool"), default=0)
        if target is None or target[0] == "ToolServer":
            worst = max(worst, self._worst_tool(target or subject))
        return worst

    def _worst_tool(self, key: NodeKey) -> int:
        known = self._levels.get(key)
        if known is None:
            known = self._levels[key] = max((_effect(self.estate.nodes[tool].props) for tool in self.tools_of(key)), default=0)
        return known

    def tools_of(self, key: NodeKey) -> Iterator[NodeKey]:
        """Tools that an actor calls itself or over a server it connects to, or that a server provides."""
        for edge in self.estate.outgoing.get(key, ()):
            if edge.kind in ("USES", "PROVIDES"):
                yield edge.target
            elif edge.kind == "CONNECTS_TO":
                yield from (tool for tool in self.tools_of(edge.target) if listed(edge, self.estate.nodes[tool]))

    def takes_untrusted(self, key: NodeKey) -> bool:
        """Whether content of strangers reaches it, itself or by a tool it calls."""
        known = self._untrusted.get(key)
        if known is None:
            known = self._untrusted[key] = self._taken_in(key)
        return known

    def _taken_in(self, key: NodeKey) -> bool:
        for one in {key, *self.tools_of(key)}:
            if self.estate.nodes[one].props.get("ingests_untrusted"):
                return True
            for edge in self.estate.outgoing.get(one, ()):
                if edge.kind == "INGESTS" and self.estate.nodes[edge.target].props.get("trust") == "untrusted":
                    return True
        return False

    @cached_property
    def _recent(self) -> frozenset[str]:
        """Keys of the edges that were observed of late; without last_seen one is still being stated."""
        since = (datetime.fromisoformat(self.engine.at) - _RECENT).replace(tzinfo=None).isoformat()
        return frozenset(edge.key for edge in sightings_of(self.engine) if (edge.props.get("last_seen") or since) >= since)
