"""Policies of Cedar: who may do what with what, as far as the scope of a policy says so. What stands in ``when`` and ``unless`` is a
condition and is kept as text: it narrows, and is never looked through.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import count

MAX_POLICIES = 20_000
MAX_CONDITION = 400
MAX_PART = 50_000
"""Characters between two brackets."""
MAX_ERRORS = 100

_SPACE = re.compile(r"(?:\s|//[^\n]*)+")
_STRING = re.compile(r'"(?:[^"\\]|\\.)*+"', re.DOTALL)
_ANNOTATION = re.compile(rf"@([A-Za-z_]\w{{0,60}})\s*(?:\(\s*({_STRING.pattern})\s*\))?", re.DOTALL)
_EFFECT = re.compile(r"(permit|forbid)\b")
_CLAUSE = re.compile(r"(when|unless)\b")
_NAME = r"[A-Za-z_]\w*+(?:::[A-Za-z_]\w*+)*+"
_ENTITY = re.compile(rf"(?<![\w:])({_NAME})\s*+::\s*+({_STRING.pattern})", re.DOTALL)
_IS = re.compile(rf"\bis\s+({_NAME})(?!\s*+::\s*+\")")
_SLOT = re.compile(r"\?(?:principal|resource)\b")
_PAIRS = {"(": ")", "[": "]", "{": "}"}

Entity = tuple[str, str]
"""(type, id)."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What one part of a policy's scope fits: everything where all of it is empty.

    Args:
        entities: these.
        within: whether what belongs to them is meant too (``in``).
        kind: only those of this type (``is``).
        slot: whether it is left open for whom a template is linked to.
    """

    entities: tuple[Entity, ...] = ()
    within: bool = False
    kind: str = ""
    slot: bool = False

    def filled(self, entity: Entity | None) -> Scope:
        """The scope with ``entity`` in its slot, where it has one."""
        return replace(self, entities=(entity,), slot=False) if self.slot and entity else self

    @property
    def is_open(self) -> bool:
        return not self.entities and not self.kind and not self.slot


@dataclass(frozen=True, slots=True)
class Policy:
    """One policy; a template where a slot stands for its principal or resource."""

    id: str
    permits: bool
    principal: Scope
    action: Scope
    resource: Scope
    condition: str
    line: int
    template: bool = False

    def linked(self, principal: Entity | None, resource: Entity | None) -> Policy:
        """The policy that a template becomes for ``principal`` and ``resource``, as far as it has a place for them."""
        return replace(self, principal=self.principal.filled(principal), resource=self.resource.filled(resource), template=False)


class CedarError(ValueError):
    """A policy that does not read as one, or that is not read; ``line`` is where it begins."""

    def __init__(self, line: int, message: str = "is no policy of Cedar that can be read; it is passed over") -> None:
        super().__init__(message)
        self.line = line


def policies(source: str) -> Iterator[Policy | CedarError]:
    """The policies of a text, in order; what is none is told and passed over up to the next semicolon. O(length)."""
    position, line, counted, errors = 0, 1, 0, 0
    for read in count():
        position = _past(source, position)
        if position >= len(source):
            return
        line += source.count("\n", counted, position)
        counted = position
        if read == MAX_POLICIES or errors == MAX_ERRORS:
            yield CedarError(
                line, f"comes after {read:,} policies, of which {errors:,} cannot be read; it and all that follow are passed over"
            )
            return
        try:
            policy, position = _policy(source, position, line)
            yield policy
        except CedarError as error:
            yield error
            errors += 1
            position = _end(source, position)


def _past(source: str, position: int) -> int:
    match = _SPACE.match(source, position)
    return match.end() if match else position


def _policy(source: str, position: int, line: int) -> tuple[Policy, int]:
    annotations: dict[str, str] = {}
    while match := _ANNOTATION.match(source, position):
        annotations[match[1]] = _unquoted(match[2] or '""')
        position = _past(source, match.end())
    effect = _EFFECT.match(source, position)
    if effect is None:
        raise CedarError(line)
    position = _past(source, effect.end())
    scope, position = _bracketed(source, position, "(", line)
    parts = [_scope(part) for part in _parts(scope)]
    if len(parts) != 3:
        raise CedarError(line)
    conditions = []
    position = _past(source, position)
    while clause := _CLAUSE.match(source, position):
        body, position = _bracketed(source, _past(source, clause.end()), "{", line)
        conditions.append(f"{clause[1]} {' '.join(body.split())}")
        position = _past(source, position)
    if source[position : position + 1] != ";":
        raise CedarError(line)
    principal, action, resource = parts
    policy = Policy(
        annotations.get("id", ""),
        effect[1] == "permit",
        principal,
        action,
        resource,
        "; ".join(conditions)[:MAX_CONDITION],
        line,
        any(part.slot for part in parts),
    )
    return policy, position + 1


def _bracketed(source: str, position: int, opening: str, line: int) -> tuple[str, int]:
    """What stands between brackets that open at ``position``, without comments, and where they have closed."""
    if source[position : position + 1] != opening:
        raise CedarError(line)
    expected, within = [_PAIRS[opening]], list[str]()
    position += 1
    start = taken = position
    while position < min(len(source), start + MAX_PART):
        character = source[position]
        if character == '"':
            match = _STRING.match(source, position)
            if match is None:
                break
            position = match.end()
            continue
        if source.startswith("//", position):
            within += (source[taken:position], " ")
            position = taken = _past(source, position)
            continue
        if character in _PAIRS:
            expected.append(_PAIRS[character])
        elif character == expected[-1]:
            expected.pop()
            if not expected:
                return "".join((*within, source[taken:position])), position + 1
        position += 1
    raise CedarError(line)


def _end(source: str, position: int) -> int:
    """Past the next semicolon that is in no text. O(characters passed)."""
    while position < len(source) and source[position] != ";":
        match = _STRING.match(source, position) or _SPACE.match(source, position)
        if match is None and source[position] == '"':  # no text ends any more
            end = source.find(";", position)
            return end + 1 if end >= 0 else len(source)
        position = match.end() if match else position + 1
    return position + 1


def _parts(scope: str) -> Sequence[str]:
    """What commas separate, but for those in lists and texts."""
    parts, start, depth, position = [], 0, 0, 0
    while position < len(scope):
        match = _STRING.match(scope, position)
        if match:
            position = match.end()
            continue
        character = scope[position]
        depth += 1 if character == "[" else -1 if character == "]" else 0
        if character == "," and not depth:
            parts.append(scope[start:position])
            start = position + 1
        position += 1
    last = scope[start:]
    return [*parts, last] if last.strip() else parts


def _scope(part: str) -> Scope:
    """``principal``, ``principal == T::"x"``, ``action in [A::"x", …]``, ``resource is T in G::"y"``."""
    bare = _STRING.sub('""', part)
    found = tuple((match[1], _unquoted(match[2])) for match in _ENTITY.finditer(part))
    kind = _IS.search(bare)
    return Scope(found, re.search(r"\bin\b", bare) is not None, kind[1] if kind else "", _SLOT.search(bare) is not None)


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])
