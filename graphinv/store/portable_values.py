"""What engines answer differently for the types of its values, as far as the text of a query says them: literals, calls, and properties of
the vocabulary. :mod:`graphinv.store.dialect` says so.

What is only known when the query runs is not here: the page on the dialect tells.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from functools import cache

from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS
from graphinv.model.schema import properties
from graphinv.store.tokens import Refusal, Token

COMPARISONS = frozenset({"=", "<>", "<", "<=", ">", ">="})
_ORDERED = COMPARISONS - {"=", "<>"}
_OPERATORS = COMPARISONS | {"+", "-", "*", "/", "%", "^", "=~", "[", ".", "(", ":", "->", "<-"}
_WORD_OPERATORS = frozenset({"IN", "STARTS", "ENDS", "CONTAINS", "IS"})
_TRUTHS = frozenset({"WHERE", "AND", "OR", "XOR", "NOT"})
_APART = frozenset(
    ("AND", "OR", "XOR", "WHERE", "RETURN", "WITH", "AS", "THEN", "ELSE", "WHEN", "CASE", "END", "MATCH", "UNWIND", "ORDER", "BY", "IN")
)
"""What stands between two comparisons that are not one."""
TIMES = frozenset({"date", "datetime", "localdatetime", "time", "localtime"})
_AGGREGATES = frozenset({"count", "sum", "avg", "min", "max", "collect", "stdev", "stdevp"})
_OF_TEXT = frozenset({"toupper", "tolower", "trim", "ltrim", "rtrim", "substring", "left", "right", "replace", "split"})
_ORDERING = frozenset({"min", "max"})
_RESULTS = ("impact", "likelihood", "risk", "impact_ungoverned", "impact_runtime")
_OFFSET = re.compile(r"(?:T\d|\d:\d).*[+-]\d{2}|\[")


@cache
def _types() -> Mapping[str, frozenset[str]]:
    """Types that a property of that name has, in whichever kind."""
    found: dict[str, set[str]] = {name: {"number"} for name in _RESULTS}
    for kind in (*NODE_KINDS, *EDGE_KINDS):
        for name, stated in properties(kind).items():
            found.setdefault(name, set()).add(stated.type)
    return {name: frozenset(types) for name, types in found.items()}


def only(name: str, type: str) -> bool:
    """Whether a property of that name is of that type, whichever kind has it."""
    return _types().get(name) == frozenset({type})


def value_refusals(found: Sequence[Token], pairs: Mapping[int, int]) -> Iterator[Refusal]:
    """What of a query engines answer differently for the types of its values. O(tokens)."""
    nodes, opened = _pattern_names(found), {end: start for start, end in pairs.items()}
    for place, token in enumerate(found):
        if token.kind == "number":
            yield from _number(found, place)
        elif token.upper in _TRUTHS:
            yield from _truth(found, place + 1)
            if token.upper in ("AND", "OR", "XOR") and _kind(found, place - 1) in ("number", "string") and _starts(found, place - 1):
                yield "takes a text or number for a truth", "compare it, such as x <> 0"
        elif token.text in COMPARISONS:
            yield from _comparison(found, place, pairs, opened, nodes)
        elif token.text in ("+", "-", "*", "/", "%"):
            yield from _arithmetic(found, place, opened)
        elif token.text == "[" and place in pairs:
            yield from _list(found, place, pairs)
        elif token.kind == "word" and _text(found, place + 1) == "(" and _text(found, place - 1) != ".":
            yield from _call(found, place, pairs, nodes)
        elif token.text == "=~" and (_kind(found, place - 1) == "number" or _kind(found, place + 1) == "number"):
            yield "matches a number with a regular expression", "write toString(x)"
        elif (
            token.upper == "BY"
            and _text(found, place - 1).upper() == "ORDER"
            and _text(found, place + 1) in nodes
            and _ends(found, place + 2)
        ):
            yield "puts nodes or edges in order", "write what they are ordered by, such as a.id"
    yield from _chains(found)


def _text(found: Sequence[Token], place: int) -> str:
    return found[place].text if 0 <= place < len(found) else ""


def _kind(found: Sequence[Token], place: int) -> str:
    return found[place].kind if 0 <= place < len(found) else ""


def _ends(found: Sequence[Token], place: int) -> bool:
    """Whether nothing at ``place`` goes on with the operand before it."""
    return _text(found, place) not in _OPERATORS and (place >= len(found) or found[place].upper not in _WORD_OPERATORS)


def _starts(found: Sequence[Token], place: int) -> bool:
    """Whether an expression starts at ``place``."""
    before = found[place - 1] if place else None
    return before is None or before.text in ("(", "[", ",", "|") or before.upper in _APART - {"IN", "END", "WITH"} | {"DISTINCT"}


def _property(found: Sequence[Token], place: int) -> str:
    """The name of the property that begins at ``place``, where one does."""
    if _kind(found, place) in ("word", "quoted") and _text(found, place + 1) == "." and _kind(found, place + 2) in ("word", "quoted"):
        return found[place + 2].text.strip("`")
    return ""


def _pattern_names(found: Sequence[Token]) -> frozenset[str]:
    """Names of nodes and edges of patterns."""
    names = set()
    for place, token in enumerate(found):
        if token.kind not in ("word", "quoted"):
            continue
        before, after = _text(found, place - 1), _text(found, place + 1)
        edge = before == "[" and _text(found, place - 2) in ("-", "<-") and _text(found, place - 3) == ")" and after in (":", "]", "*", "{")
        node = before == "(" and _kind(found, place - 2) != "word" and (after == ":" or (after == ")" and _arrow(found, place + 2)))
        first = before == "(" and _text(found, place - 2).upper() == "MATCH" and after in (":", ")", "{")
        if edge or node or first:
            names.add(token.text)
    return frozenset(names) - {token.text for token, before in zip(found[1:], found, strict=False) if before.upper == "AS"}


def _arrow(found: Sequence[Token], place: int) -> bool:
    return _text(found, place) in ("-", "<-") and _text(found, place + 1) in ("-", "[", "->")


def _number(found: Sequence[Token], place: int) -> Iterator[Refusal]:
    token = found[place]
    if "_" in token.text:
        yield "writes a number with _", "leave it out"
    if "." in token.text and _text(found, place - 1) == "/" and not token.text.strip("0."):
        yield "divides by nought", "write CASE WHEN x <> 0 THEN … END"


def _truth(found: Sequence[Token], place: int) -> Iterator[Refusal]:
    name = _property(found, place)
    if _kind(found, place) in ("number", "string") and _ends(found, place + 1):
        yield "takes a text or number for a truth", "compare it, such as x <> 0"
    elif name and _ends(found, place + 3) and (types := _types().get(name)) and "yes/no" not in types:
        yield f"takes {name} for a truth", f"write x.{name} IS NOT NULL, or compare it"


def _comparison(
    found: Sequence[Token], place: int, pairs: Mapping[int, int], opened: Mapping[int, int], names: frozenset[str]
) -> Iterator[Refusal]:
    before, after = _text(found, place - 1), _text(found, place + 1)
    if found[place].text in _ORDERED and (
        (after in names and _ends(found, place + 2)) or (before in names and _text(found, place - 2) not in (".", "|"))
    ):
        yield "compares nodes or edges by order", "compare what they have, such as a.id < b.id"
    if before.upper() == "WHEN":
        yield "compares in WHEN without saying what", "write CASE WHEN x > 3 THEN …"
    later = pairs.get(place + 2, 0) if _made_time(found, place + 1) else 0
    for time, other in ((_made_time_before(found, place, opened), place + 1), (later and _text(found, later + 1) != ".", place - 1)):
        stated = _property(found, other) if other > place else _property(found, other - 2)
        if time and (stated or _kind(found, other) in ("string", "parameter")):
            yield "compares a time with a text", "compare texts, such as s.expires_at < $at, or make a time of both"


def _made_time(found: Sequence[Token], place: int) -> bool:
    """Whether a call that makes a time begins at ``place``."""
    return _text(found, place).lower() in TIMES and _text(found, place + 1) == "("


def _made_time_before(found: Sequence[Token], place: int, opened: Mapping[int, int]) -> bool:
    """Whether such a call ends before ``place``; ``opened`` says where each bracket that is closed was opened."""
    start = opened.get(place - 1, 0)
    return start > 0 and found[start].text == "(" and _made_time(found, start - 1)


def _arithmetic(found: Sequence[Token], place: int, opened: Mapping[int, int]) -> Iterator[Refusal]:
    sign, before, after = found[place].text, _text(found, place - 1), _text(found, place + 1)
    starts = before in ("(", "[", ",", "{", ":", "|", *COMPARISONS) or (
        _kind(found, place - 1) == "word" and before.upper() in _APART | {"NOT", "DISTINCT"}
    )
    if sign == "+" and starts:
        yield "has a plus before a number", "leave it out"
    if starts or _arrow(found, place):
        return
    if sign != "+" and "string" in (_kind(found, place - 1), _kind(found, place + 1)):
        yield "calculates with a text", "write toInteger(x) or toFloat(x)"
    if "true" in (before.lower(), after.lower()) or "false" in (before.lower(), after.lower()):
        yield "calculates with a truth", "write CASE WHEN x THEN 1 ELSE 0 END, or toString(x)"
    if (
        sign == "+"
        and "null" in (before.lower(), after.lower())
        and "]" in (before, _text(found, place - 2)) + ((after,) if after == "[" else ())
    ):
        yield "adds null to a list", "write coalesce(x, [])"
    if sign in "+-" and _made_time_before(found, place, opened):
        if _kind(found, place + 1) == "number":
            yield "adds a number to a time", "write duration({days: 1})"
        elif _made_time(found, place + 1):
            yield "subtracts times", "write duration.inDays(a, b)"
    if sign == "+" and "string" in (_kind(found, place - 1), _kind(found, place + 1)):
        float_after = _kind(found, place + 1) == "number" and written_with_exponent(after)
        if float_after or (_kind(found, place - 1) == "number" and written_with_exponent(before)):
            yield "makes a text of a number that is very large or small", "return the number itself"


def written_with_exponent(text: str) -> bool:
    """Whether a number is written with an exponent by one engine when it is made a text."""
    try:
        value = abs(float(text))
    except ValueError:
        return False
    return ("." in text or "e" in text.lower()) and value != 0 and not 1e-3 <= value < 1e7


def _list(found: Sequence[Token], place: int, pairs: Mapping[int, int]) -> Iterator[Refusal]:
    inside = found[place + 1 : pairs[place]]
    numbers = [token.text for number, token in enumerate(inside) if token.kind == "number" and _text(inside, number + 1) in (",", "")]
    whole = [text for text in numbers if text.isdecimal()]
    if len(inside) == 2 * len(numbers) - 1 and whole and any(_equal_whole(text, whole) for text in numbers if not text.isdecimal()):
        yield "has a whole number and another that is equal in one list", "write both alike, such as 1.0"
    dots = [number for number, token in enumerate(inside) if token.text == ".."]
    if dots and any(token.text.lower() == "null" for token in inside):
        yield "cuts a list at null", "leave the bound out"


def _equal_whole(text: str, whole: Sequence[str]) -> bool:
    try:
        return any(float(text) == int(other) for other in whole)
    except ValueError:
        return False


def _call(found: Sequence[Token], place: int, pairs: Mapping[int, int], names: frozenset[str]) -> Iterator[Refusal]:
    name, first = found[place].text.lower(), place + 2
    end = pairs.get(place + 1, place + 1)
    alone = end == first + 1
    kind, text = _kind(found, first), _text(found, first)
    if name in TIMES and kind == "string" and _OFFSET.search(text):
        yield "has a time of a zone", "write it in UTC, such as 2026-02-01T00:00:00Z"
    elif name in TIMES and text == "{" and any(token.text.startswith("epoch") for token in found[first:end]):
        yield "makes a time of seconds since 1970", "give the time as a parameter"
    elif name == "tostring":
        stated = _property(found, first) if end == first + 3 else ""
        if text == "[":
            yield "makes a text of a list", "write reduce(s = '', x IN l | s + x)"
        elif (alone and kind == "number" and written_with_exponent(text)) or (stated and only(stated, "number")):
            yield "makes a text of a number with a fraction", "return the number itself"
    elif name == "toboolean" and alone and kind == "number":
        yield "makes a truth of a number", "write x <> 0"
    elif name == "toboolean" and alone and kind == "string" and text[1:-1] != text[1:-1].strip():
        yield "makes a truth of a text with spaces", "write toBoolean(trim(x))"
    else:
        yield from _call_of(found, place, pairs, names)


def _call_of(found: Sequence[Token], place: int, pairs: Mapping[int, int], names: frozenset[str]) -> Iterator[Refusal]:
    """The same of what is given to functions of texts, lists and numbers."""
    name, first = found[place].text.lower(), place + 2
    end = pairs.get(place + 1, place + 1)
    alone = end == first + 1
    kind, text = _kind(found, first), _text(found, first)
    if name in _OF_TEXT and (
        kind == "number" or text in ("[", "{") or (_property(found, first) and only(_property(found, first), "set of texts"))
    ):
        yield f"calls {found[place].text}() of what is no text", "write toString(x), or [x IN l | …] for each of a list"
    elif name in ("size", "length") and text == "{":
        yield f"calls {name}() of a map", "name what you count"
    elif name == "length" and (kind == "string" or _property(found, first)):
        yield "calls length() of what is no path", "write size(x)"
    elif name == "range" and any(token.kind == "number" and "." in token.text for token in found[first:end]):
        yield "calls range() of numbers that are not whole", "write range(1, 3)"
    elif name == "reverse" and any(only(_property(found, at), "set of texts") for at in range(first, end)) and text != "[":
        yield "calls reverse() of a property that is a list", "write reverse([x IN n.labels | x])"
    elif name in _ORDERING and alone and text in names:
        yield f"calls {name}() of nodes or edges", "write what they are ordered by, such as min(a.id)"
    elif name in _ORDERING | {"sum", "avg"} and alone and kind == "string":
        yield f"calls {name}() of a text", "name what you add up"
    if name in ("substring", "left", "right") and any(
        token.text == "-" and _text(found, at - 1) == "," and _kind(found, at + 1) == "number"
        for at, token in enumerate(found[first:end], first)
    ):
        yield f"calls {found[place].text}() with a negative number", "count from nought, or write right(x, n)"
    if (
        name == "round"
        and end - 2 > first
        and _text(found, end - 2) == "-"
        and _text(found, end - 3) == ","
        and _kind(found, end - 1) == "number"
    ):
        yield "calls round() with a negative number of digits", "write round(x / 100, 1) * 100"


def _chains(found: Sequence[Token]) -> Iterator[Refusal]:
    """Comparisons of more than two values: ``1 < x < 3``."""
    before: dict[int, bool] = {}
    depth = 0
    for token in found:
        if token.kind == "symbol" and token.text in "([{":
            depth += 1
            before[depth] = False
        elif token.kind == "symbol" and token.text in ")]}":
            depth = max(0, depth - 1)
        elif token.text in (",", "|", ":", ";") or token.upper in _APART:
            before[depth] = False
        elif token.text in COMPARISONS:
            if before.get(depth):
                yield "compares more than two values at once", "write a <= b AND b < c"
                return
            before[depth] = True
