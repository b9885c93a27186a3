"""Deny assignments of Azure: what they surely take away from whom. What is not sure stays, as the worst case.

Of a role only the kinds of actions are known: one of them is gone where a denial takes every operation that it may stand for.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from graphinv.ingest.support.azure import names
from graphinv.ingest.support.azure.roles import covers
from graphinv.ingest.support.parts import items, texts
from graphinv.model.facts import Grant, NodeKey

_SINGLE = ("User", "ServicePrincipal")
EVERYBODY = names.identity("00000000-0000-0000-0000-000000000000")
"""How a denial names all principals of the tenant."""
# Operations, as the ends of their names, that a letter may stand for: an action may hand out keys, which open all.
_STANDS_FOR: Mapping[str, tuple[str, ...]] = {
    "r": ("read", "action"),
    "w": ("write", "action"),
    "d": ("delete", "action"),
    "x": ("action",),
}
_GRANTING = ("microsoft.authorization/roleassignments/write", "microsoft.authorization/elevateaccess/action")


@dataclass(frozen=True, slots=True)
class Denial:
    """A deny assignment. ``why`` is what keeps it from being applied at all, ``""`` where nothing does."""

    name: str
    scope: str
    below: bool
    principals: frozenset[NodeKey]
    excluded: frozenset[NodeKey]
    groups_excluded: bool
    groups_denied: bool
    blocks: tuple[Mapping[str, tuple[str, ...]], ...]
    grant: Grant
    why: str = ""

    def reaches(self, target: str) -> bool:
        """Whether ``target``, a scope or resource in lower case, lies where it holds."""
        return target == self.scope or (self.below and target.startswith(self.scope.rstrip("/") + "/"))

    def hits(self, principal: NodeKey, groups: frozenset[NodeKey], is_group: bool) -> bool:
        """Whether it surely denies ``principal``, a member of ``groups``."""
        mine = {principal, *groups}
        if not (mine & self.principals or EVERYBODY in self.principals) or mine & self.excluded:
            return False
        # A member of a group, or of an excluded group whose members are not known, may be among those who are excluded.
        return not (is_group and self.excluded) and not self.groups_excluded

    def may_hit(self, principal: NodeKey) -> bool:
        """Whether it may deny ``principal``, by itself or as a member of a group."""
        return principal not in self.excluded and (bool({principal, EVERYBODY} & self.principals) or self.groups_denied)

    def takes(self, letter: str, kind: str, data: bool) -> bool:
        """Whether it takes all that ``letter`` stands for on a resource of type ``kind``, of data actions too where ``data``."""
        if letter == "a":
            return all(self._covers("actions", operation) for operation in _GRANTING)
        probes = [f"{kind}{inner}/{end}" for end in _STANDS_FOR[letter] for inner in ("", "/*")] if kind != "*" else []
        probes = probes or [f"*/{end}" for end in _STANDS_FOR[letter]]
        fields = ("actions", "dataActions") if data else ("actions",)
        return all(self._covers(field, probe) for field in fields for probe in probes)

    def _covers(self, field: str, operation: str) -> bool:
        without = "not" + field[0].upper() + field[1:]
        return any(
            any(covers(pattern, operation) for pattern in block[field]) and not any(_meets(other, operation) for other in block[without])
            for block in self.blocks
        )


def _meets(one: str, other: str) -> bool:
    """Whether two patterns may have an operation in common: their beginnings and their ends do not rule it out."""
    starts, ends = (tuple(part.split("*")[at] for part in (one, other)) for at in (0, -1))
    begins = starts[0].startswith(starts[1]) or starts[1].startswith(starts[0])
    return begins and (ends[0].endswith(ends[1]) or ends[1].endswith(ends[0]))


def read(grant: Grant, body: Mapping[str, Any]) -> Denial:
    """A denial from the body of its grant."""
    blocks = tuple(
        {
            field: tuple(one.lower() for one in texts(block.get(field)))
            for field in ("actions", "notActions", "dataActions", "notDataActions")
        }
        for block in items(body.get("permissions"))
    )
    principals, excluded = items(body.get("principals")), items(body.get("excluded"))
    scope = str(body.get("scope") or "").lower().rstrip("/") or "/"
    why = "it has a condition" if body.get("condition") else ""
    if names.scope(scope)[1] == "management_group":
        why = why or "which subscriptions lie below its management group is not known"
    return Denial(
        grant.origin,
        scope,
        body.get("below") is not False,
        _keys(principals),
        _keys(excluded),
        any(one.get("type") not in _SINGLE for one in excluded),
        any(one.get("type") not in (*_SINGLE, "SystemDefined") for one in principals),
        blocks,
        grant,
        why,
    )


def _keys(principals: list[dict[str, Any]]) -> frozenset[NodeKey]:
    return frozenset(names.identity(one["id"]) for one in principals if isinstance(one.get("id"), str) and names.is_guid(one["id"]))


def remaining(letters: str, data: str, kind: str, denials: Sequence[Denial]) -> str:
    """Those of ``letters`` on resources of type ``kind`` (``*``: everything) that no denial takes; ``data`` are what data actions give."""
    return "".join(letter for letter in letters if not any(one.takes(letter, kind, letter in data) for one in denials))
