"""What engines answer differently, beside the shape of paths: refused with what to write instead. :mod:`graphinv.store.dialect` says
so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from graphinv.store.portable_kinds import kind_refusals
from graphinv.store.portable_shapes import shape_refusals
from graphinv.store.portable_values import value_refusals
from graphinv.store.tokens import Refusal, Token

_FUNCTIONS = {
    "properties": "name the properties one by one, such as RETURN n.name, n.status",
    "keys": "name the properties one by one, such as RETURN n.name, n.status",
    "id": "write n.id of a node, r.key of an edge",
    "elementid": "write n.id of a node, r.key of an edge",
    "isempty": "write size(x) = 0",
    "between": "write duration.inDays or duration.inSeconds",
    "percentilecont": "collect the values in order and take the one in the middle",
    "percentiledisc": "collect the values in order and take the one in the middle",
    "nullif": "write CASE WHEN a = b THEN null ELSE a END",
    "timestamp": "give the time as a parameter",
    "char_length": "write size(x)",
    "character_length": "write size(x)",
    "tostringornull": "write toString(x)",
    "tointegerornull": "write toInteger(x)",
    "tofloatornull": "write toFloat(x)",
    "tobooleanornull": "write toBoolean(x)",
    "btrim": "write trim(x)",
    "normalize": "give such text as a parameter",
    "e": "write exp(1.0)",
}
_SYMBOLS = {"||": "write +", "!=": "write <>"}
_MADE_UP = frozenset({"title", "label", "node_type"})
"""Properties that an engine answers though nothing has them; a Finding has a title."""
_KEYWORDS = frozenset(
    {"RETURN", "WITH", "UNWIND", "WHERE", "THEN", "ELSE", "WHEN", "IN", "AS", "AND", "OR", "XOR", "NOT", "BY", "DISTINCT"}
)
_CLAUSES = {
    "FILTER": "write WITH * WHERE",
    "FINISH": "end in RETURN",
    "LET": "write WITH *, … AS",
    "NEXT": "write WITH",
    "COLLECT": "write a list of a pattern, such as [(a)<-[:OWNS]-(o) | o.id]",
}
_REGEX = re.compile(r"(?P<class>\\\\[dDwWsSbB])|(?P<flags>\(\?[a-z]*i[a-z]*\))|(?P<look>\(\?[=!<])|(?P<back>\\\\[1-9]|\\\\[QkG])")


def refusals(found: Sequence[Token], pairs: dict[int, int], params: Mapping[str, Any]) -> Iterator[Refusal]:
    """What of a query that is given ``params`` is not portable. ``pairs`` says where each bracket is closed. O(tokens)."""
    edges, findings, opened = _edge_names(found), _findings(found), {end: start for start, end in pairs.items()}
    for place, token in enumerate(found):
        before = found[place - 1] if place else None
        after = found[place + 1] if place + 1 < len(found) else None
        if token.kind == "symbol":
            yield from _symbol(found, place, opened)
        elif token.kind == "string" and before is not None and before.text == "=~":
            yield from _regex(token.text)
        if token.kind not in ("word", "quoted"):
            continue
        name = token.text.strip("`")
        if name.startswith("_") and before is not None and before.text in (".", ":", "|"):
            yield f"reads {name}", "names that begin with _ are the store's own; leave it out"
        elif before is not None and before.text == "." and place > 1:
            owner = found[place - 2].text
            if name in _MADE_UP and owner not in findings:
                yield f"reads .{name}, which nothing has", "write .name, .type or labels(n)"
            elif name in ("id", "type") and owner in edges:
                yield f"reads .{name} of an edge", "write r.key or type(r)"
        if token.kind == "word" and after is not None:
            yield from _word(found, place, pairs)
    yield from _repeated_edges(found)
    yield from _patterns(found, pairs)
    yield from shape_refusals(found, pairs)
    yield from value_refusals(found, pairs)
    yield from kind_refusals(found, pairs, params)


def _word(found: Sequence[Token], place: int, pairs: dict[int, int]) -> Iterator[Refusal]:
    token, after = found[place], found[place + 1]
    before = found[place - 1].text if place else ""
    lower = token.text.lower()
    dotted = before == "."
    if after.text == "(":
        if lower in _FUNCTIONS and dotted == (lower == "between"):
            yield f"calls {token.text}()", _FUNCTIONS[lower]
        if lower == "tostring" and found[place + 2 : place + 3] and found[place + 2].text.lower() in ("datetime", "time", "localdatetime"):
            yield "makes a text of a time", "return the time itself"
        if lower == "round" and not dotted and not _has_comma(found, place + 1, pairs):
            yield "calls round() of one value, whose halves engines round differently", "write floor(x + 0.5), or round(x, 1)"
    if after.text == "*" and token.upper == "RETURN":
        yield "ends in RETURN *, whose columns have no order", "name the columns"
    starts = before in (")", "]", "}", "{", "") or (place > 0 and found[place - 1].kind != "symbol")
    if token.upper in _CLAUSES and starts and not dotted and found[place - 1].upper not in _KEYWORDS:
        goes_on = after.text == "{" if token.upper == "COLLECT" else after.kind in ("word", "quoted")
        if goes_on:
            yield f"holds {token.upper}", _CLAUSES[token.upper]
    if token.upper == "COLLECT" and after.text == "{":
        yield "holds COLLECT { … }", _CLAUSES["COLLECT"]
    if token.upper == "OPTIONAL" and after.upper == "CALL":
        yield "holds OPTIONAL CALL", "write OPTIONAL MATCH within the subquery"
    if token.upper in ("SHORTEST", "ANY", "ALL") and before == "=" and after.kind in ("number", "word"):
        yield f"holds {token.upper}", "write shortestPath((a)-[:DELEGATES_TO*1..6]->(b))"
    if token.upper in ("EXISTS", "COUNT") and after.text == "{":
        end = pairs.get(place + 1, place + 1)
        if any(inner.upper in ("RETURN", "UNION") for inner in found[place + 2 : end]):
            yield f"has RETURN within {token.upper} {{ … }}", "leave RETURN out; for more use CALL { … }"


def _symbol(found: Sequence[Token], place: int, opened: Mapping[int, int]) -> Iterator[Refusal]:
    token = found[place]
    after = found[place + 1].text if place + 1 < len(found) else ""
    if token.text in _SYMBOLS:
        yield f"holds {token.text}", _SYMBOLS[token.text]
    elif token.text == "." and after == "*":
        yield "shows all properties of a node", "name the properties one by one, such as n {.name, .status}"
    elif token.text == ":" and (after in ("!", "%") or (place > 1 and found[place - 2].text == "&")):
        yield "has a label expression with ! or %", "write it in WHERE, such as NOT n:Agent"
    elif token.text == "+" and place > 1:
        if after == "[" and _is_property(found, place - 1):
            yield "adds a list to a property that may be absent", "write coalesce(n.labels, []) + …"
        if found[place - 1].text == "]" and place + 3 <= len(found) and found[place + 2 : place + 3] and found[place + 2].text == ".":
            start = opened.get(place - 1, 0)
            if start and (found[start - 1].kind == "symbol" or found[start - 1].upper in _KEYWORDS) and found[start - 1].text not in ")]":
                yield "adds a property that may be absent to a list", "write … + coalesce(n.labels, [])"


def _is_property(found: Sequence[Token], place: int) -> bool:
    return place > 1 and found[place].kind in ("word", "quoted") and found[place - 1].text == "."


def _regex(text: str) -> Iterator[Refusal]:
    for match in _REGEX.finditer(text):
        if match["class"]:
            yield f"has {match['class']} in a regular expression", "write the characters, such as [0-9] or [A-Za-z0-9_]"
        elif match["flags"] and "u" not in match["flags"]:
            yield f"has {match['flags']} in a regular expression, which engines read differently", "write (?iu)"
        elif match["look"] or match["back"]:
            yield "has a regular expression that looks around or back", "write a second condition"


def _has_comma(found: Sequence[Token], opened: int, pairs: dict[int, int]) -> bool:
    place, end = opened + 1, pairs.get(opened, opened)
    while place < end:
        if found[place].text == ",":
            return True
        place = pairs.get(place, place) + 1
    return False


def _edge_opens(found: Sequence[Token], place: int) -> bool:
    """Whether the bracket at ``place`` opens an edge of a pattern: ``-[`` or ``<-[`` with a name or ``:`` in it, after a node."""
    return found[place].text == "[" and place > 1 and found[place - 1].text in ("-", "<-") and found[place - 2].text == ")"


def _edge_names(found: Sequence[Token]) -> frozenset[str]:
    return frozenset(
        found[place + 1].text
        for place in range(len(found) - 1)
        if _edge_opens(found, place) and found[place + 1].kind in ("word", "quoted")
    )


def _repeated_edges(found: Sequence[Token]) -> Iterator[Refusal]:
    seen: set[str] = set()
    for place, token in enumerate(found[:-1]):
        if token.upper in ("MATCH", "WHERE", "RETURN", "WITH"):
            seen = set()
        elif _edge_opens(found, place) and found[place + 1].kind in ("word", "quoted"):
            name = found[place + 1].text
            if name in seen:
                yield f"names two edges of one pattern {name}", "give each a name of its own"
            seen.add(name)


def _findings(found: Sequence[Token]) -> frozenset[str]:
    """Names of nodes that are declared to be a Finding."""
    return frozenset(
        found[place - 2].text for place, token in enumerate(found) if token.text == "Finding" and place > 1 and found[place - 1].text == ":"
    )


def _patterns(found: Sequence[Token], pairs: dict[int, int]) -> Iterator[Refusal]:
    """What stands in the brackets of nodes and edges."""
    for start, end in pairs.items():
        if found[start].text == "{" and start > 1 and _in_node(found, start):
            for place in range(start + 1, end):
                if found[place].text in _MADE_UP and found[place + 1].text == ":" and found[place - 1].text in ("{", ","):
                    yield f"asks for {found[place].text}, which nothing has", "write name, type or a label"
        elif (
            found[start].text in ("(", "[")
            and (_edge_opens(found, start) or (start + 2 < end and found[start].text == "("))
            and any(
                found[place].upper == "WHERE"
                and found[place - 1].kind in ("word", "quoted")
                and (found[place - 2].text in (":", "|") or found[place - 2].text == "[")
                for place in range(start + 2, end)
            )
            and found[start + 1].kind in ("word", "quoted")
            and found[start + 2].text == ":"
        ):
            yield "has WHERE within a pattern", "write WHERE after the pattern"


def _in_node(found: Sequence[Token], start: int) -> bool:
    """Whether the brace at ``start`` holds the properties of a node's pattern."""
    before, earlier = found[start - 1], found[start - 2]
    if before.kind in ("word", "quoted"):
        return earlier.text in (":", "|", "(") and before.upper not in _KEYWORDS
    return before.text == "(" and earlier.kind == "symbol"
