"""Rules of roles: which requests they allow, as Kubernetes' own authorizer matches them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import product
from typing import NamedTuple

ALL = "*"
MAX_KINDS = 50_000
"""Groups times resources times names that the rules of one role speak of; a rule beyond counts as none."""
_READ = frozenset({"get", "list", "watch"})
_WRITE = frozenset({"create", "update", "patch"})
_DELETE = frozenset({"delete", "deletecollection"})
_ADMIN = frozenset({ALL, "bind", "escalate", "approve", "sign"})
_NAMELESS = frozenset({"create", "deletecollection"})
"""Requests that name no object: a rule with ``resourceNames`` never matches them, except for a part of an object."""
_RUNS = frozenset({"exec", "attach", "portforward", "proxy", "ephemeralcontainers"})
"""Parts of pods, services and nodes by which one acts inside them, whatever the verb."""
_FIELDS = ("verbs", "apiGroups", "resources", "resourceNames")


class Rule(NamedTuple):
    """One rule about resources; ``names`` is empty where it holds for all of them."""

    verbs: frozenset[str]
    groups: frozenset[str]
    resources: frozenset[str]
    names: frozenset[str]


def rules_of(value: object) -> tuple[list[Rule], int]:
    """Rules from their JSON form, and how many are none, or too many.

    Rules about addresses (``nonResourceURLs``) allow nothing that is an object."""
    found: list[Rule] = []
    wrong = size = 0
    for item in value if isinstance(value, list) else ():
        fields = [_texts(item.get(name, [])) for name in _FIELDS] if isinstance(item, dict) else [None]
        known = [field for field in fields if field is not None]
        if len(known) < len(_FIELDS):
            wrong += 1
        elif known[0] and known[2]:
            kinds = len(known[1]) * len(known[2]) * max(1, len(known[3]))
            if size + kinds > MAX_KINDS:
                wrong += 1
            else:
                size += kinds
                found.append(Rule(*known))
    return found, wrong


def _texts(value: object) -> frozenset[str] | None:
    return frozenset(value) if isinstance(value, list) and all(isinstance(text, str) for text in value) else None


class Allowed:
    """What a set of rules allows."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self.rules = tuple(dict.fromkeys(rules))
        self._of: dict[tuple[str, str], list[Rule]] = {}
        for rule in self.rules:
            for kind in product(rule.groups, rule.resources):
                self._of.setdefault(kind, []).append(rule)
        self._known: dict[tuple[str, str, str], frozenset[str]] = {}
        self._actions: dict[tuple[str, str, str], frozenset[str]] = {}

    def verbs(self, group: str, resource: str, name: str = "") -> frozenset[str]:
        """The verbs that are allowed on an object by its ``name``, or (``""``) on all objects of its kind. What is there already is not
        created. O(rules about the kind), remembered."""
        key = (group, resource, name)
        if key not in self._known:
            found: set[str] = set()
            for rule in self.about(group, resource):
                if not rule.names:
                    found |= rule.verbs - {"create"} if name and "/" not in resource else rule.verbs
                elif name and name in rule.names:
                    found |= rule.verbs if "/" in resource else rule.verbs - _NAMELESS
            self._known[key] = frozenset(found)
        return self._known[key]

    def about(self, group: str, resource: str) -> Iterator[Rule]:
        """The rules that speak of a kind. O(rules about it)."""
        _, slash, part = resource.partition("/")
        for kind in product({group, ALL}, {resource, ALL, f"{ALL}/{part}" if slash else ALL}):
            yield from self._of.get(kind, ())

    def actions(self, group: str, resource: str, name: str = "") -> frozenset[str]:
        """The same in the graph's words (:func:`actions_of`); remembered."""
        key = (group, resource, name)
        if key not in self._actions:
            self._actions[key] = frozenset(actions_of(self.verbs(group, resource, name), resource))
        return self._actions[key]

    def may(self, verbs: Iterable[str], group: str, resource: str, name: str = "") -> bool:
        """Whether any of ``verbs`` is allowed."""
        allowed = self.verbs(group, resource, name)
        return ALL in allowed or any(verb in allowed for verb in verbs)

    def kinds(self) -> set[tuple[str, str]]:
        """(group, resource) that rules without names speak of, as they are written."""
        return {(group, resource) for rule in self.rules if not rule.names for group in rule.groups for resource in rule.resources}

    def named(self) -> set[tuple[str, str, str]]:
        """(group, resource, name) that rules with names speak of."""
        return {
            (group, resource, name) for rule in self.rules for name in rule.names for group in rule.groups for resource in rule.resources
        }

    def names(self, verb: str, group: str, resource: str) -> Iterator[str]:
        """The names for which alone ``verb`` is allowed."""
        for rule in self.about(group, resource):
            if rule.names and (verb in rule.verbs or ALL in rule.verbs):
                yield from sorted(rule.names)


def actions_of(verbs: Iterable[str], resource: str = "") -> set[str]:
    """What verbs do, in the graph's words; what acts inside a pod executes, whatever its verb.

    >>> sorted(actions_of(["get", "patch"])), actions_of(["create"], "pods/exec"), actions_of(["*"])
    (['read', 'write'], {'execute'}, {'admin'})
    """
    given = set(verbs)
    if not given:
        return set()
    if resource.partition("/")[2] in _RUNS and ALL not in given:
        return {"execute"}
    found: set[str] = set()
    for words, action in ((_READ, "read"), (_WRITE, "write"), (_DELETE, "delete"), (_ADMIN, "admin")):
        if given & words:
            found.add(action)
    return found | ({"execute"} if given - _READ - _WRITE - _DELETE - _ADMIN else set())
