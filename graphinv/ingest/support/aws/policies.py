"""Policy documents: statements with what they say about actions, resources, principals and conditions, and nothing decided yet."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphinv.ingest.support.aws.actions import Service, known_services
from graphinv.ingest.support.aws.globs import Glob, glob
from graphinv.ingest.support.secret_shapes import hide

MAX_STATEMENTS = 2_000
MAX_PATTERNS = 20_000
MAX_LENGTH = 2_048
_VARIABLE = re.compile(r"\$\{([^}]{0,200})\}")
_ESCAPED = frozenset("*?$")
_MAX_CONDITION = 2_000


class Actions:
    """``Action`` or ``NotAction`` of a statement: patterns in lower case."""

    __slots__ = ("_masks", "_parts", "negated", "patterns", "services")

    def __init__(self, patterns: tuple[str, ...], negated: bool) -> None:
        self.patterns = patterns
        self.negated = negated
        split = [one.partition(":") if one != "*" else ("*", ":", "*") for one in patterns]
        self._parts = [(glob(service), name) for service, _, name in split if name]
        named = {service.text for service, _ in self._parts if service.literal}
        self.services: frozenset[str] | None = (
            None if negated or any(not service.literal for service, _ in self._parts) else frozenset(named)
        )
        """Services that it speaks of; None where any service may be meant."""
        self._masks: dict[str, int] = {}

    def mask(self, service: Service) -> int:
        """Set of the service's actions that it names."""
        found = self._masks.get(service.prefix)
        if found is None:
            found = 0
            for prefix, name in self._parts:
                if prefix.matches(service.prefix):
                    found |= service.mask(name)
            found = service.all & ~found if self.negated else found
            self._masks[service.prefix] = found
        return found


class Resources:
    """``Resource`` or ``NotResource`` of a statement. Policy variables stand for any text."""

    __slots__ = ("_exact", "negated", "patterns", "text")

    def __init__(self, patterns: tuple[str, ...], negated: bool) -> None:
        self.text = patterns
        self.negated = negated
        self.patterns = tuple(glob(_opened(one)) for one in patterns)
        self._exact = tuple(glob(_opened(one)) for one in patterns if not _has_variable(one))

    def may(self, region: Glob) -> bool:
        """Whether some resource that ``region`` matches may be meant."""
        if self.negated:
            return not any(one.matches(region.text) for one in self._exact)
        return any(one.meets(region) for one in self.patterns)

    def must(self, region: Glob) -> bool:
        """Whether every resource that ``region`` matches is meant, whatever the variables hold."""
        if self.negated:
            return not any(one.meets(region) for one in self.patterns)
        return any(one.matches(region.text) for one in self._exact)


def _opened(pattern: str) -> str:
    return _VARIABLE.sub(lambda found: found[1] if found[1] in _ESCAPED else "*", pattern) if "${" in pattern else pattern


def _has_variable(pattern: str) -> bool:
    return "${" in pattern and any(found not in _ESCAPED for found in _VARIABLE.findall(pattern))


@dataclass(frozen=True, slots=True)
class Principals:
    """``Principal`` or ``NotPrincipal``: kind (``AWS``, ``Service``, ``Federated``, ``CanonicalUser``) → names."""

    names: Mapping[str, tuple[str, ...]]
    negated: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement. ``condition`` is its text, ``conditions`` what it holds; equal statements of two documents are two."""

    allow: bool
    actions: Actions
    resources: Resources
    principals: Principals | None = None
    condition: str | None = None
    conditions: Mapping[str, Any] = field(default_factory=dict)

    def values(self, key: str) -> Iterator[tuple[str, str]]:
        """(operator, value) of the conditions on ``key`` (any case); with a leading ``:`` on all keys that end so."""
        for operator, block in self.conditions.items():
            for name, values in block.items() if isinstance(block, dict) else ():
                same = name.lower().endswith(key.lower()) if key.startswith(":") else name.lower() == key.lower()
                if same:
                    yield from ((operator, one) for one in (values if isinstance(values, list) else [values]) if isinstance(one, str))


@dataclass(frozen=True, slots=True)
class Policy:
    """A document's statements, and what of it could not be understood (in words, without values)."""

    allows: tuple[Statement, ...] = ()
    denies: tuple[Statement, ...] = ()
    """Those that always apply: a denial under a condition may not, and does not count."""
    problems: tuple[str, ...] = ()


def literal_actions(policies: Iterable[Policy]) -> dict[str, set[str]]:
    """Actions that the statements name without a wildcard, by service."""
    found: dict[str, set[str]] = {}
    for policy in policies:
        for statement in (*policy.allows, *policy.denies):
            for one in statement.actions.patterns:
                service, _, name = one.partition(":")
                if name and "*" not in one and "?" not in one:
                    found.setdefault(service, set()).add(name)
    return found


@dataclass
class Services:
    """Services by prefix, with the actions that policies name."""

    named: Mapping[str, set[str]]
    _made: dict[str, Service] = field(default_factory=dict)

    def __getitem__(self, prefix: str) -> Service:
        found = self._made.get(prefix)
        if found is None:
            found = self._made[prefix] = Service(prefix, self.named.get(prefix, ()))
        return found

    def all(self) -> list[str]:
        """Prefixes of all services there are."""
        return sorted({*known_services(), *self.named})


class _NotUnderstood(ValueError):
    """A statement that is none."""


@dataclass
class Reader:
    """Reads documents; equal lists of actions or resources become one object, so that what is found out of them is found out once."""

    _actions: dict[tuple[tuple[str, ...], bool], Actions] = field(default_factory=dict)
    _resources: dict[tuple[tuple[str, ...], bool], Resources] = field(default_factory=dict)

    def policy(self, body: object) -> Policy:
        """The statements of a policy document that has been parsed from JSON; never raises. O(size)."""
        said = body.get("Statement") if isinstance(body, dict) else None
        if said is None:
            return Policy(problems=("a policy has no Statement",))
        statements = said if isinstance(said, list) else [said]
        problems: list[str] = []
        if len(statements) > MAX_STATEMENTS:
            problems.append(f"a policy has more than {MAX_STATEMENTS} statements; the rest is not read")
        allows: list[Statement] = []
        denies: list[Statement] = []
        for number, raw in enumerate(statements[:MAX_STATEMENTS], 1):
            try:
                statement = self._statement(raw)
            except _NotUnderstood as error:
                problems.append(f"statement {number}: {error}")
                continue
            if statement.allow:
                allows.append(statement)
            elif statement.condition is None:
                denies.append(statement)
        return Policy(tuple(allows), tuple(denies), tuple(problems))

    def _statement(self, raw: object) -> Statement:
        if not isinstance(raw, dict):
            raise _NotUnderstood("is not an object")
        effect = raw.get("Effect")
        if effect not in ("Allow", "Deny"):
            raise _NotUnderstood("its Effect is neither Allow nor Deny")
        apart = "Action" not in raw and "NotAction" in raw
        patterns = _texts(raw.get("NotAction" if apart else "Action"), "Action")
        key = (tuple(sorted({one.lower() for one in patterns})), apart)
        actions = self._actions.get(key) or self._actions.setdefault(key, Actions(*key))
        apart = "Resource" not in raw and "NotResource" in raw
        # A trust policy names no resource: it is about the role that it hangs on.
        patterns = _texts(raw.get("NotResource" if apart else "Resource", "*"), "Resource")
        key = (tuple(sorted(set(patterns))), apart)
        resources = self._resources.get(key) or self._resources.setdefault(key, Resources(*key))
        said = raw.get("Condition")
        conditions = said if isinstance(said, dict) else {}
        condition = hide(_compact(_shown(conditions)))[:_MAX_CONDITION] if conditions else None
        return Statement(effect == "Allow", actions, resources, _principals(raw), condition, conditions)


def _texts(value: object, what: str) -> list[str]:
    said = value if isinstance(value, list) else [value]
    found = [one for one in said if isinstance(one, str) and 0 < len(one) <= MAX_LENGTH]
    if not said or len(said) > MAX_PATTERNS or len(found) < len(said):
        raise _NotUnderstood(f"its {what} is neither a text nor a list of texts")
    return found


def _principals(raw: dict[str, Any]) -> Principals | None:
    negated = "Principal" not in raw and "NotPrincipal" in raw
    said = raw.get("NotPrincipal" if negated else "Principal")
    if said is None:
        return None
    if said == "*":
        return Principals({"AWS": ("*",)}, negated)
    if not isinstance(said, dict):
        raise _NotUnderstood("its Principal is neither * nor an object")
    return Principals({kind: tuple(_texts(names, "Principal")) for kind, names in said.items()}, negated)


def _shown(conditions: Mapping[str, Any]) -> dict[str, Any]:
    """The conditions for people: an external id is agreed between two parties, and nobody else's business."""
    return {
        operator: {key: "***" if key.lower() == "sts:externalid" else value for key, value in block.items()}
        if isinstance(block, dict)
        else block
        for operator, block in conditions.items()
    }


_compact = json.JSONEncoder(separators=(",", ":"), sort_keys=True, ensure_ascii=False).encode
