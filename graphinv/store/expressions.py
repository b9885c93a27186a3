"""What the expressions of a query may be, as far as its text and parameters tell: literals, calls, properties, and names that are told."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from graphinv.store.portable_values import COMPARISONS, TIMES, only, written_with_exponent
from graphinv.store.tokens import Token

Kinds = frozenset[str]
"""What a value may be: ``node`` (or edge) that a pattern names, ``held`` (one that a list, map or subquery gave), ``list`` and ``map``
(with what may be in them), ``text``, ``whole``, ``decimal`` (a number that engines write alike), ``fraction``, or the call that makes a
time. It is empty where nothing is known.
"""


class Value(NamedTuple):
    """What is known of a value."""

    kinds: Kinds = frozenset()
    present: bool = False
    """It is never null."""
    full: bool = False
    """It is a list that holds no null."""

    def kept(self) -> Value:
        """The same once a list, map or subquery holds it: no pattern names it any more."""
        return self._replace(kinds=self.kinds - {"node"} | {"held"}) if "node" in self.kinds else self

    def item(self) -> Value:
        """What a list of it holds, where that is gone through."""
        return Value(self.kinds - {"list"}, self.full)


NOTHING = Value()
NODE = Value(frozenset({"node"}))
ARITHMETIC = frozenset({"+", "-", "*", "/", "%", "^"})
LOGIC = frozenset({"AND", "OR", "XOR", "NOT", "IN", "IS", "STARTS", "ENDS", "CONTAINS"})
CLAUSES = frozenset(
    {
        *("MATCH", "OPTIONAL", "UNWIND", "WITH", "RETURN", "WHERE", "AS", "ORDER", "BY", "ASC", "DESC", "SKIP", "LIMIT", "UNION"),
        *("CASE", "WHEN", "THEN", "ELSE", "END"),
    }
)
"""Words that no expression goes beyond."""
_NUMBERS = frozenset({"whole", "decimal", "fraction"})
_FRACTIONS = (
    *("avg", "tofloat", "sqrt", "exp", "log", "log10", "rand", "stdev", "stdevp", "round", "pi", "degrees", "radians", "haversin"),
    *("sin", "cos", "tan", "cot", "asin", "acos", "atan", "atan2"),
)
_MADE: Mapping[str, Value] = {
    **{name: Value(frozenset({name})) for name in TIMES},
    **dict.fromkeys(_FRACTIONS, Value(frozenset({"fraction"}))),
    **dict.fromkeys(("length", "tointeger", "sign"), Value(frozenset({"whole"}))),
    **dict.fromkeys(("substring", "left", "right", "type"), Value(frozenset({"text"}))),
    "count": Value(frozenset({"whole"}), True),
    "size": Value(frozenset({"whole"}), True),
    "exists": Value(frozenset(), True),
    "range": Value(frozenset({"list", "whole"}), True, True),
    "labels": Value(frozenset({"list", "text"}), True, True),
    "split": Value(frozenset({"list", "text"}), False, True),
    "nodes": Value(frozenset({"list", "node"}), True, True),
    "relationships": Value(frozenset({"list", "held"}), True, True),
}
"""What functions give, whatever they are given."""
_TEXTS = frozenset({"tostring", "toupper", "tolower", "trim", "replace"})
_ITEMS = frozenset({"head", "last", "min", "max"})
_PICKED = 50
"""How much is picked from one thing at most, for what is said of it to be looked at."""


def operand_stop(found: Sequence[Token], pairs: Mapping[int, int], place: int, stop: int | None = None) -> int:
    """Where the operand that begins at ``place`` ends, with its sign and what is picked from it; at ``stop`` at the latest."""
    stop = len(found) if stop is None else stop
    while place < len(found) and found[place].text in ("-", "+"):
        place += 1
    if place < len(found) and found[place].upper == "CASE":
        return _case_end(found, place)
    place = pairs.get(place, place) + 1
    while place < stop:
        if found[place].text == "." and place + 1 < len(found):
            place += 2
        elif found[place].text in ("(", "[", "{") and place in pairs:
            place = pairs[place] + 1
        else:
            break
    return min(place, stop)


def _case_end(found: Sequence[Token], place: int) -> int:
    depth = 0
    for at in range(place, len(found)):
        depth += (found[at].upper == "CASE") - (found[at].upper == "END")
        if depth == 0:
            return at + 1
    return len(found)


def given(value: Any) -> Value:
    """What a parameter is."""
    if isinstance(value, (list, tuple)):
        items = _either(map(given, value))
        return Value(items.kinds | {"list"}, True, items.present)
    if isinstance(value, dict):
        return Value(_either(map(given, value.values())).kinds | {"map"}, True)
    if isinstance(value, float):
        return Value(frozenset({"fraction" if written_with_exponent(repr(value)) else "decimal"}), True)
    kinds = {"text"} if isinstance(value, str) else {"whole"} if type(value) is int else set()
    return Value(frozenset(kinds), value is not None)


def _either(values: Iterable[Value]) -> Value:
    """What one of several is."""
    found = list(values)
    kinds = frozenset[str]().union(*(one.kinds for one in found))
    return Value(kinds, all(one.present for one in found), all(one.full for one in found))


class Expressions:
    """The expressions of a query. ``names`` are what its names are at the place that is looked at."""

    def __init__(self, found: Sequence[Token], pairs: Mapping[int, int], params: Mapping[str, Any]) -> None:
        self.found, self.pairs, self.params = found, pairs, params
        self.opened = {end: start for start, end in pairs.items()}
        self.names: dict[str, Value] = {}

    def value(self, start: int, stop: int) -> Value:
        """What the expression between ``start`` and ``stop`` is. O(tokens)."""
        operands: list[Value] = []
        signs: set[str] = set()
        place = start
        while place < stop:
            token = self.found[place]
            if token.text in COMPARISONS or token.text == "=~" or token.upper in LOGIC:
                return NOTHING  # a truth
            if token.text in ARITHMETIC or token.upper == "DISTINCT":
                signs.add(token.text)
                place += 1
                continue
            end = max(operand_stop(self.found, self.pairs, place, stop), place + 1)
            operands.append(self._operand(place, end))
            place = end
        found = _either(operands) if operands else NOTHING
        kinds = found.kinds | {"fraction"} if "^" in signs else found.kinds
        if len(operands) > 1 and "list" not in kinds and kinds & {"text", "decimal", "fraction"}:
            kinds = frozenset({"text"}) if "text" in kinds else kinds - _NUMBERS | {"fraction"}
        return Value(kinds, found.present and not signs & {"/", "%"}, found.full)

    def _operand(self, start: int, stop: int) -> Value:
        """What has no operator: a name, literal or call, with what is picked from it."""
        if self.found[start].upper == "CASE":
            return self._case(start, stop)
        place = self.pairs.get(start, start) + 1
        if self.text(place) == "." and self.text(place + 2) == "(":  # date.truncate and the like
            place += 2
        if place < stop and self.text(place) in ("(", "{") and place in self.pairs:
            place = self.pairs[place] + 1
        found = self._alone(start, min(place, stop))
        while place < stop:
            if self.text(place) == ".":
                found = self._picked(found, self.text(place + 1).strip("`"))
                place += 2
                continue
            end = self.pairs.get(place, place) + 1
            cut = any(self.text(at) == ".." for at in range(place, end))
            found, place = found if cut else Value(found.kinds - {"list"}), end
        return found

    def _alone(self, start: int, stop: int) -> Value:
        """The same where nothing is picked from it."""
        token = self.found[start]
        if token.kind in ("number", "string", "parameter"):
            return self._literal(token)
        if token.text in ("(", "[", "{"):
            return self._bracketed(start)
        if stop > start + 1:
            dotted = self.text(start + 1) == "."
            return Value(_MADE.get(token.text.lower(), NOTHING).kinds & TIMES) if dotted else self._called(token.text.lower(), start + 1)
        return Value(frozenset(), True) if token.upper in ("TRUE", "FALSE") else self.names.get(token.text, NOTHING)

    def _literal(self, token: Token) -> Value:
        if token.kind == "parameter":
            return given(self.params.get(token.text[1:]))
        if token.kind == "string":
            return Value(frozenset({"text"}), True)
        whole = not ("." in token.text or "e" in token.text.lower())
        return Value(frozenset({"whole" if whole else "fraction" if written_with_exponent(token.text) else "decimal"}), True)

    def _bracketed(self, start: int) -> Value:
        parts = list(self.arguments(start))
        if self.text(start) == "(":
            return self.value(start + 1, self.pairs.get(start, start + 1))
        if self.text(start) == "{":
            values = [self.value(begin + 2, end) for begin, end in parts if self.text(begin + 1) == ":"]
            return Value(_either(values).kept().kinds | {"map"}, True)
        loops = self.text(start + 2).upper() == "IN"
        pattern = self.text(start + 1) == "(" and len(parts) == 2 and self.text(parts[0][1]) == "|"
        if loops:
            self.bind_loop(start + 2)
        if pattern:
            for place in range(*parts[0]):
                if self.text(place) == "(" and self.is_name(place + 1):
                    self.names[self.text(place + 1)] = NODE._replace(present=True)
        if loops and len(parts) == 1:
            items = self.names[self.text(start + 1)]
        else:
            items = _either(self.value(*part) for part in (parts[1:] if loops or pattern else parts))
        return Value(items.kept().kinds | {"list"}, True, items.present)

    def _case(self, start: int, stop: int) -> Value:
        """What CASE gives."""
        depth = begin = 0
        values, has_else = [], False
        for place in range(start, stop):
            word = self.found[place].upper
            depth += (word == "CASE") - (word == "END")
            if begin and ((depth == 1 and word in ("WHEN", "ELSE")) or (depth == 0 and word == "END")):
                values.append(self.value(begin, place))
                begin = 0
            if depth == 1 and word in ("THEN", "ELSE"):
                begin, has_else = place + 1, word == "ELSE"
        found = _either(values).kept()
        return found._replace(present=found.present and has_else)

    def _called(self, name: str, opened: int) -> Value:
        if name in _MADE:
            return _MADE[name]
        parts = list(self.arguments(opened))
        if name == "reduce" and len(parts) == 3:
            self.bind_sum(opened)
            self.bind_loop(parts[1][0] + 1)
            parts = [(parts[0][0] + 2, parts[0][1]), parts[2]]
        values = [self.value(*part) for part in parts]
        found = _either(values).kept()
        if name == "collect":
            return Value(found.kinds | {"list"}, True, True)
        if name == "coalesce":
            return found._replace(present=any(value.present for value in values))
        if name in ("tail", "reverse", "reduce"):
            return found
        if name in _TEXTS:
            return Value(frozenset({"text"}), found.present)
        kinds = found.kinds - {"list"} if name in _ITEMS else found.kinds & _NUMBERS
        return Value(kinds if name in _ITEMS | {"sum", "abs", "floor", "ceil"} else frozenset())

    def _picked(self, owner: Value, name: str) -> Value:
        if owner.kinds & TIMES:
            return Value(frozenset({"whole"}))
        if "map" in owner.kinds:
            return Value(owner.kinds - {"map"})
        if only(name, "set of texts"):
            return Value(frozenset({"list", "text"}), False, True)
        return Value(frozenset({"fraction"} if only(name, "number") else {"text"} if only(name, "text") else ()))

    # Names

    def bind_loop(self, place: int) -> None:
        """The name before the IN at ``place``, which goes through a list."""
        self.names[self.text(place - 1)] = self.value(place + 1, self.end(place + 1)).item()

    def bind_sum(self, opened: int) -> None:
        """The name that the ``reduce(`` at ``opened`` adds up to."""
        begin, stop = next(self.arguments(opened), (opened, opened))
        if self.text(begin + 1) == "=":
            self.names[self.text(begin)] = self.value(begin + 2, stop)

    # Places

    def arguments(self, opened: int) -> Iterator[tuple[int, int]]:
        """Where each thing lies between the bracket at ``opened`` and its end, split at commas and bars."""
        stop = self.pairs.get(opened, opened)
        begin = place = opened + 1
        while place < stop:
            if self.text(place) in (",", "|"):
                yield begin, place
                begin = place + 1
            place = self.pairs.get(place, place) + 1
        if begin < stop:
            yield begin, stop

    def end(self, place: int) -> int:
        """Where the expression that begins at ``place`` ends: at a word of a clause, a comma or bar, the end of its bracket."""
        while place < len(self.found):
            token = self.found[place]
            if token.upper == "CASE":
                place = _case_end(self.found, place)
                continue
            if token.upper in CLAUSES or token.text in (",", "|", ")", "]", "}"):
                return place
            place = self.pairs.get(place, place) + 1
        return place

    def operand_stop(self, place: int) -> int:
        return operand_stop(self.found, self.pairs, place)

    def sum_stop(self, place: int) -> int:
        """Where what is added up from ``place`` on ends."""
        while (stop := self.operand_stop(place)) < len(self.found) and self.text(stop) in ARITHMETIC:
            place = stop + 1
        return stop

    def sum_start(self, place: int) -> int:
        """Where what is added up before ``place`` begins."""
        at = place - 1
        while at >= 0:
            token = self.found[at]
            if token.text in (")", "]", "}") and at in self.opened:
                at = self.opened[at] - 1
            elif token.upper == "END":
                depth = 1
                while at > 0 and depth:
                    at -= 1
                    depth += (self.found[at].upper == "END") - (self.found[at].upper == "CASE")
                at -= 1
            elif token.text in ("(", "[", "{", ",", "|", ":", "=~", *COMPARISONS) or token.upper in CLAUSES | LOGIC | {"DISTINCT"}:
                break
            else:
                at -= 1
        return at + 1

    def operand_start(self, place: int) -> int:
        """Where the operand begins that ends at ``place``: as far as it is no longer than anybody writes."""
        for _ in range(_PICKED):
            place = self.opened.get(place, place)
            before = self.text(place - 1)
            if before == "." and place > 1:
                place -= 2
            elif self.text(place) in ("(", "[") and place and (self.is_name(place - 1) or before in (")", "]")):
                place -= 1
            else:
                break
        return place

    def text(self, place: int) -> str:
        return self.found[place].text if 0 <= place < len(self.found) else ""

    def is_name(self, place: int) -> bool:
        if not 0 <= place < len(self.found):
            return False
        token = self.found[place]
        return token.kind in ("word", "quoted") and token.upper not in CLAUSES | LOGIC | {"DISTINCT"}
