"""Models of OpenFGA, in its language and as JSON: which relation to a thing brings which others, and to which other things.

A relation is kept as what it is made of: other relations to the same thing (``editor``), relations to things that it is connected with
(``viewer from parent``), each with whether it suffices: in ``a and b`` and ``a but not b`` it does not.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from graphinv.ingest.support.authz import actions_of_word
from graphinv.ingest.support.parts import inside, items, mapping
from graphinv.ingest.support.records import text

MAX_RELATIONS = 20_000
MAX_TERMS = 200
MAX_STEPS = 1_000_000
"""Relations to things that all relations of one store are followed to."""

_TYPE = re.compile(r"\s*(?:extend\s+)?type\s+([\w-]{1,100})\s*(?:#.*)?")
_DEFINE = re.compile(r"\s*define\s+([\w-]{1,100})\s*:\s*(.*)")
_TOKEN = re.compile(r"\[[^\]]{0,5000}\]|[()]|[\w-]+")


@dataclass(frozen=True, slots=True)
class Term:
    """A part of a relation: ``relation`` to the same thing, or, with ``through``, to what the thing has that relation with."""

    relation: str
    through: str = ""
    suffices: bool = True


@dataclass
class Model:
    """(type, relation) → what it is made of besides those who have it directly. Picklable."""

    terms: dict[tuple[str, str], list[Term]] = field(default_factory=dict)

    def add(self, other: Model) -> None:
        """What a module of the same model says."""
        for key, terms in other.terms.items():
            known = self.terms.setdefault(key, [])
            known += [term for term in terms if term not in known]


def from_text(source: str) -> Model:
    """A model from its language; O(length)."""
    model, kind, open_ = Model(), "", ""
    for line in map(_uncommented, source.splitlines()):
        named = _TYPE.fullmatch(line)
        defined = _DEFINE.fullmatch(line)
        if named:
            kind, open_ = named[1], ""
        elif defined and kind and len(model.terms) < MAX_RELATIONS:
            open_ = defined[1]
            model.terms.setdefault((kind, open_), []).extend(_terms(defined[2]))
        elif open_ and line.strip() and not re.match(r"\s*(?:relations|condition|model|schema|module)\b", line):
            model.terms[kind, open_].extend(_terms(line))  # an expression that goes on
        elif re.match(r"\s*condition\b", line):
            open_ = ""
    return model


def _uncommented(line: str) -> str:
    """``line`` without a comment; a userset has a ``#`` too, with no blank before it."""
    return re.sub(r"(?:^|\s)#.*", "", line[:10_000])


def _terms(expression: str) -> list[Term]:
    """What an expression is made of; after ``but not`` stands what takes away."""
    words = _TOKEN.findall(expression)
    suffices = "and" not in words and "not" not in words
    terms: list[Term] = []
    taking, index = False, 0
    while index < len(words) and len(terms) < MAX_TERMS:
        word = words[index]
        if word == "not":
            taking = True
        elif word in ("or", "and", "but", "(", ")") or word.startswith("["):
            pass
        elif words[index + 1 : index + 2] == ["from"] and index + 2 < len(words):
            terms += [] if taking else [Term(word, words[index + 2], suffices)]
            index += 2
        elif not taking:
            terms.append(Term(word, "", suffices))
        index += 1
    return terms


def from_json(value: Mapping[str, Any]) -> Model:
    """A model as the interface has it."""
    model = Model()
    for stated in items(value.get("type_definitions")):
        kind = text(stated.get("type"))
        for name, rewrite in list(mapping(stated.get("relations")).items())[:MAX_RELATIONS]:
            if kind and len(model.terms) < MAX_RELATIONS:
                model.terms[kind, str(name)] = list(_rewritten(rewrite))[:MAX_TERMS]
    return model


def _rewritten(rewrite: object) -> Iterator[Term]:
    pending: deque[tuple[object, bool]] = deque([(rewrite, True)])
    for _ in range(MAX_TERMS):
        if not pending:
            return
        one, suffices = pending.popleft()
        if not isinstance(one, dict):
            continue
        if text(inside(one, "computedUserset").get("relation")):
            yield Term(text(one["computedUserset"]["relation"]), "", suffices)
        through = inside(one, "tupleToUserset")
        if through:
            named = text(inside(through, "computedUserset").get("relation")), text(inside(through, "tupleset").get("relation"))
            yield from [Term(*named, suffices)] if all(named) else []
        pending += [(child, suffices) for child in items(inside(one, "union").get("child"))]
        pending += [(child, False) for child in items(inside(one, "intersection").get("child"))]
        pending.append((inside(one, "difference").get("base"), False))


@dataclass(frozen=True, slots=True)
class Reached:
    """A relation to a thing that another one brings, and whether it does so for sure."""

    thing: str
    relation: str
    sure: bool


class Reach:
    """What relations bring, by a model and by how things are connected."""

    def __init__(self, model: Model, connections: Iterable[tuple[str, str, str]]) -> None:
        """``connections`` are (thing, relation, thing that has it): ``(folder:1, parent, doc:1)``."""
        self._brings: dict[tuple[str, str], list[tuple[str, bool]]] = {}
        self._through: dict[str, list[tuple[str, str, str, bool]]] = {}
        for (kind, relation), terms in model.terms.items():
            for term in terms:
                if term.through:
                    self._through.setdefault(term.relation, []).append((kind, relation, term.through, term.suffices))
                else:
                    self._brings.setdefault((kind, term.relation), []).append((relation, term.suffices))
        self._connected: dict[tuple[str, str, str], list[str]] = {}
        for above, relation, below in connections:
            self._connected.setdefault((above, relation, below.partition(":")[0]), []).append(below)
        self.steps = 0

    @property
    def is_cut(self) -> bool:
        """Whether more was asked for than is followed, so that what is reached is not all."""
        return self.steps > MAX_STEPS

    def of(self, thing: str, relation: str) -> list[Reached]:
        """All relations that whoever has ``relation`` to ``thing`` has, that one first. O(relations reached)."""
        found: dict[tuple[str, str], bool] = {}
        pending = deque([(thing, relation, True)])
        self.steps += 1
        while pending:
            one, has, sure = pending.popleft()
            if (one, has) in found and found[one, has] >= sure:
                continue
            found[one, has] = sure
            brought = self._brings.get((one.partition(":")[0], has), ())
            self.steps += len(brought)
            pending += [(one, more, sure and enough) for more, enough in brought]
            for below_kind, more, through, enough in self._through.get(has, ()):
                below = self._connected.get((one, through, below_kind), ())
                self.steps += 1 + len(below)
                if self.is_cut:
                    break
                pending += [(each, more, sure and enough) for each in below]
            if self.is_cut:
                break
        return [Reached(one, has, sure) for (one, has), sure in found.items()]


def actions_by_thing(reached: Iterable[Reached]) -> dict[str, dict[bool, set[str]]]:
    """Thing → whether it is sure → actions, by the words of the relations to it; relations whose words tell nothing count for nothing."""
    found: dict[str, dict[bool, set[str]]] = {}
    for one in reached:
        found.setdefault(one.thing, {True: set(), False: set()})[one.sure] |= set(actions_of_word(one.relation))
    for actions in found.values():
        actions[False] -= actions[True]
    return found
