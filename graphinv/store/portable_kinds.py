"""What engines answer differently for what names stand for: a node in a list, a time, a number with a fraction, what may be absent.

What each name of a query is is followed from where it is bound: by a pattern, WITH, UNWIND, a list that is gone through. Of what cannot be
told nothing is said. :mod:`graphinv.store.dialect` says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphinv.store.expressions import ARITHMETIC, NODE, NOTHING, Expressions, Kinds, Value
from graphinv.store.portable_shapes import aggregates, clauses_of, shown
from graphinv.store.portable_values import COMPARISONS, TIMES
from graphinv.store.tokens import Refusal, Token

_LOOPS = frozenset({"any", "all", "none", "single", "reduce"})
_FRACTION = ("makes a text of a number with a fraction", "return the number itself, or write toString(toInteger(x))")


def kind_refusals(found: Sequence[Token], pairs: Mapping[int, int], params: Mapping[str, Any]) -> Iterator[Refusal]:
    """What of a query engines answer differently for what its names stand for. O(tokens) for each depth of brackets."""
    yield from _Reading(found, pairs, params).refusals()


class _Reading(Expressions):
    """Goes through a query once, and knows at each place what its names are."""

    def __init__(self, found: Sequence[Token], pairs: Mapping[int, int], params: Mapping[str, Any]) -> None:
        super().__init__(found, pairs, params)
        self._clauses = list(clauses_of(found))
        self._later: dict[int, dict[str, Value]] = {}
        """Names that are known from a place on."""
        self._subqueries: list[int] = []
        """Where each CALL { … } that is open ends."""
        self._asked = 0
        """Where the EXISTS or COUNT { … } that is open ends."""
        self._finds = False
        """Whether patterns are those of a MATCH that must be found."""
        self._columns: dict[tuple[int, int], Kinds] = {}
        """What was returned, by subquery and number of the column."""
        self._added: set[int] = set()
        """Places of ``+`` that have been looked at."""
        self._optional = any(token.upper == "OPTIONAL" for token in found)
        self._groups = any(token.upper in ("DISTINCT", "UNION") for token in found) or any(map(self._grouping, range(len(found))))

    def _grouping(self, place: int) -> bool:
        """Whether the word at ``place`` shows something beside an aggregate."""
        if not self._shows(place):
            return False
        counted = [any(aggregates(self.found, at) for at in item) for item in shown(self.found, place, self.pairs)]
        return any(counted) and not all(counted)

    def refusals(self) -> Iterator[Refusal]:
        for place, token in enumerate(self.found):
            self.names.update(self._later.pop(place, {}))
            self._follow(place)
            if token.upper == "UNWIND":
                yield from self._unwound(place)
            elif self._shows(place):
                yield from self._shown(place)
            elif token.text in COMPARISONS or (token.upper == "IN" and not self._loops(place)):
                yield from self._times(place)
            elif token.text == "+" and place not in self._added:
                yield from self._sum(self.sum_start(place))
            elif self._calls(place, "tostring") and "fraction" in self.value(place + 2, self.pairs[place + 1]).kinds:
                yield _FRACTION
            yield from self._held(place)

    # What names are

    def _follow(self, place: int) -> None:
        """Go on to ``place``."""
        token, before = self.found[place], self.text(place - 1).upper()
        if token.upper == "MATCH":
            self._finds = before != "OPTIONAL" and not self._asked
        elif token.text == "{" and place in self.pairs and before in ("EXISTS", "COUNT"):
            self._finds, self._asked = False, max(self._asked, self.pairs[place])
        elif token.text == "{" and place in self.pairs and self._subquery(place):
            self._subqueries.append(self.pairs[place])
        elif token.text == "}":
            self._asked = self._asked if place < self._asked else 0
            self._subqueries = [end for end in self._subqueries if end > place]
        elif token.text in ("(", "[") and self._names_entity(place):
            self._bind_entity(place)
        elif token.upper == "IN" and self._loops(place):
            self.bind_loop(place)
        elif self._calls(place, "reduce"):
            self.bind_sum(place + 1)

    def _names_entity(self, place: int) -> bool:
        """Whether the bracket at ``place`` is that of a node or edge of MATCH that has a name."""
        if self._clauses[place] != "MATCH" or not self.is_name(place + 1):
            return False
        if self.text(place) == "[":
            return self.text(place - 1) in ("-", "<-")
        before = self.found[place - 1]
        return self.text(place + 2) in (")", ":", "{") and (before.kind != "word" or before.upper in ("MATCH", "WHERE", "AND", "NOT"))

    def _bind_entity(self, place: int) -> None:
        """The name of the node or edge in the bracket at ``place``. What is held stays so where it may not be found, or is only asked."""
        name = self.text(place + 1)
        if "held" in self.names.get(name, NOTHING).kinds and not self._finds:
            return
        several = self.text(place) == "[" and any(one.text == "*" for one in self.found[place + 2 : self.pairs.get(place, place)])
        found = Value(frozenset({"list", "held"}), full=True) if several else NODE
        self.names[name] = found._replace(present=not self._optional)

    def _unwound(self, place: int) -> Iterator[Refusal]:
        stop = self.end(place + 1)
        found = self.value(place + 1, stop)
        if self.text(stop).upper() == "AS":
            self.names[self.text(stop + 1)] = found.kept().item()
        yield from self._mixed(found.kinds)

    def _shown(self, place: int) -> Iterator[Refusal]:
        """What the WITH or RETURN at ``place`` shows: names that are known after it, or after the subquery that it ends."""
        returns = self.found[place].upper == "RETURN"
        subquery = self._subqueries[-1] if self._subqueries else 0
        items = shown(self.found, place, self.pairs)
        later = self._later.setdefault(subquery if subquery and returns else items[-1].stop, {})
        for number, item in enumerate(items):
            named = len(item) > 2 and self.found[item[-2]].upper == "AS"
            found = self.value(item.start, item.stop - 2 if named else item.stop)
            yield from self._mixed(found.kinds | self._columns.get((subquery, number), frozenset()))
            if returns:  # of UNION, say
                self._columns[subquery, number] = found.kinds
            if named or len(item) == 1:
                later[self.text(item[-1])] = found.kept() if subquery and returns else found

    # What is refused

    def _held(self, place: int) -> Iterator[Refusal]:
        """Properties of a node that is held in a list, which one engine mixes up with its label, or does not show."""
        after, named = self.text(place + 1), self.text(place + 2)
        picks = after == "." and named.strip("`") == "type"
        shows = after == "{" and named == "."
        if (picks or shows) and (self.is_name(place) or self.text(place) in (")", "]")):
            kinds = self.value(self.operand_start(place), place + 1).kinds
            if "held" in kinds and "map" not in kinds:
                what = "reads .type" if picks else "picks properties"
                yield f"{what} of a node or edge that no pattern names any more", "write MATCH (x) first, x being the node"

    def _times(self, place: int) -> Iterator[Refusal]:
        if self.text(place - 3).lower() == "reduce":
            return
        left = self.value(self.sum_start(place), place).kinds & TIMES
        right = self.value(place + 1, self.sum_stop(place + 1)).kinds & TIMES
        if left != right and self.text(place + 1).lower() != "null":
            yield "compares a time with what is no such time, or may be none", "make the same of both, such as date(x) < date(y)"

    def _sum(self, start: int) -> Iterator[Refusal]:
        """What is added up from ``start`` on."""
        stop = self.operand_stop(start)
        found = self.value(start, stop)
        while self.text(stop) in ARITHMETIC:
            self._added.add(stop)
            start, stop = stop + 1, self.operand_stop(stop + 1)
            more = self.value(start, stop)
            kinds = found.kinds | more.kinds
            mixes = ("text" in found.kinds and "fraction" in more.kinds) or ("fraction" in found.kinds and "text" in more.kinds)
            if mixes and "list" not in kinds:
                yield _FRACTION
            if ("list" in found.kinds and not more.present) or ("list" in more.kinds and not found.present):
                yield "adds what may be absent to a list", "write coalesce(x, []), or [x] for one thing"
            found = Value(kinds, found.present and more.present)

    def _mixed(self, kinds: Kinds) -> Iterator[Refusal]:
        if self._groups and "whole" in kinds and kinds & {"decimal", "fraction"}:
            yield "mixes whole numbers with others, which engines tell apart differently", "write all alike, such as 1.0 or toFloat(x)"

    # Places

    def _shows(self, place: int) -> bool:
        """Whether a WITH or RETURN stands at ``place``."""
        return self.found[place].upper in ("WITH", "RETURN") and self._clauses[place] == self.found[place].upper

    def _calls(self, place: int, name: str) -> bool:
        return self.found[place].text.lower() == name and self.text(place + 1) == "(" and place + 1 in self.pairs

    def _subquery(self, place: int) -> bool:
        """Whether the brace at ``place`` is that of CALL."""
        before = self.opened.get(place - 1, 0) if self.text(place - 1) == ")" else place
        return self.text(before - 1).upper() == "CALL"

    def _loops(self, place: int) -> bool:
        """Whether the IN at ``place`` says how a list is gone through."""
        if self.text(place - 2) not in ("(", ",", "["):
            return False
        at = place - 2
        while self.text(at) not in ("(", "[", "{", ""):
            at = self.opened.get(at, at) - 1
        return self.text(place - 2) == "[" or self.text(at - 1).lower() in _LOOPS
