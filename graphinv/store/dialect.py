"""The Cypher that every store answers alike, and that only reads. Checked before an engine sees a query.

What the engines answer differently, or wrongly, is refused with what to write instead.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from graphinv.model.errors import QueryError, ReadOnly
from graphinv.store.portable import refusals
from graphinv.store.tokens import CLOSE, OPEN, Token, bracket_pairs, tokens

MAX_CHARACTERS = 100_000
MAX_NESTING = 100
"""Brackets and CASE within one another: parsers take exponential time for them, or the stack, and know no time limit."""
_QUOTED = 300

_FIRST = frozenset({"MATCH", "OPTIONAL", "UNWIND", "WITH", "RETURN", "CALL"})
_WRITES = frozenset(
    (
        "CREATE",
        "MERGE",
        "DELETE",
        "DETACH",
        "NODETACH",
        "SET",
        "REMOVE",
        "INSERT",
        "FOREACH",
        "LOAD",
        "DROP",
        "ALTER",
        "GRANT",
        "REVOKE",
        "DENY",
    )
)
_LOAD_CSV = re.compile(r"\bload\s+csv\b", re.IGNORECASE)


def shortened(query: str) -> str:
    """``query`` on one line and at most 300 characters long, for messages."""
    line = " ".join(query.split())
    return line if len(line) <= _QUOTED else line[:_QUOTED] + " …"


def checked(query: str, params: Mapping[str, Any] | None = None) -> str:
    """``query`` without comments and a closing semicolon, once it is known to be one reading statement of the portable dialect, also with
    the values of ``params``.

    Raises:
        ReadOnly: it could write, read files or run a procedure.
        QueryError: it is empty, longer than 100,000 characters, more than one statement, or uses what the engines answer differently.
    """
    if len(query) > MAX_CHARACTERS:
        raise QueryError(f"the query is longer than {MAX_CHARACTERS:,} characters: {shortened(query)}")
    found = list(tokens(query))
    while found and found[-1].text == ";":
        found.pop()
    if not found:
        raise QueryError("the query is empty")
    if any(token.text == ";" for token in found):
        raise ReadOnly(_message(query, "holds more than one statement", "run them one by one"))
    if _nesting(found) > MAX_NESTING:
        raise QueryError(_message(query, f"nests brackets or CASE more than {MAX_NESTING} deep", "take it apart with WITH"))
    text = _without_comments(query, found)
    _check_reads(query, text, found)
    _check_words(query, found)
    _check_patterns(query, found)
    for what, instead in refusals(found, bracket_pairs(found), params or {}):
        raise QueryError(_message(query, what, instead))
    return text


def _message(query: str, what: str, instead: str) -> str:
    return f"the query {what}; {instead}: {shortened(query)}"


def _without_comments(query: str, found: Sequence[Token]) -> str:
    """The query from its tokens, each at its line and column, so that an engine's complaint names the right place."""
    parts: list[str] = []
    end = 0
    for token in found:
        gap = query[end : token.at]
        parts.append("".join(character if character in "\r\n\t" else " " for character in gap))
        parts.append(token.text)
        end = token.at + len(token.text)
    return "".join(parts)


def _check_reads(query: str, text: str, found: Sequence[Token]) -> None:
    first = found[0].upper
    if first in _WRITES:
        raise ReadOnly(_message(query, f"starts with {first}", "only reading is allowed here"))
    if first not in _FIRST:
        named = f"starts with {first or shortened(found[0].text)}"
        raise QueryError(_message(query, named, "a query starts with MATCH, OPTIONAL MATCH, UNWIND, WITH, RETURN or CALL { … }"))
    if _LOAD_CSV.search(text):
        raise ReadOnly(_message(query, "holds LOAD CSV", "files cannot be read here; pass such text as a parameter"))
    for place, token in enumerate(found):
        after = found[place + 1] if place + 1 < len(found) else None
        if token.upper == "CALL" and _is_clause(found, place) and (after is None or after.text not in ("{", "(")):
            raise ReadOnly(_message(query, "calls a procedure", "only subqueries may be called: CALL { … }"))
        if token.upper in _WRITES and after is not None and _starts_clause(found, place, after):
            raise ReadOnly(_message(query, f"holds {token.upper}", "only reading is allowed here"))
        if token.upper == "IN" and after is not None and after.upper == "TRANSACTIONS":
            raise ReadOnly(_message(query, "uses IN TRANSACTIONS", "only reading is allowed here"))


_OPERATORS = frozenset(
    {
        "AS",
        "RETURN",
        "DISTINCT",
        "WITH",
        "UNWIND",
        "WHERE",
        "AND",
        "OR",
        "XOR",
        "NOT",
        "IN",
        "BY",
        "CASE",
        "WHEN",
        "THEN",
        "ELSE",
        "CONTAINS",
    }
)


def _starts_clause(found: Sequence[Token], place: int, after: Token) -> bool:
    """Whether the word at ``place`` stands where a clause may begin, and goes on like one."""
    before = found[place - 1]
    ends = before.text in (")", "]", "}", "{", "|") or (before.kind != "symbol" and before.upper not in _OPERATORS)
    return ends and (after.text == "(" or after.kind in ("word", "quoted", "parameter")) and after.upper not in _OPERATORS


def _is_clause(found: Sequence[Token], place: int) -> bool:
    """Whether the word at ``place`` can be a clause: not a property, label, map key or alias."""
    before = found[place - 1] if place else None
    after = found[place + 1] if place + 1 < len(found) else None
    return not (before is not None and (before.text in (".", ":", "|") or before.upper == "AS")) and not (
        after is not None and after.text == ":"
    )


def _check_words(query: str, found: Sequence[Token]) -> None:
    for place, token in enumerate(found):
        before = found[place - 1].text if place else ""
        after = found[place + 1].text if place + 1 < len(found) else ""
        if token.text == "/*":
            raise QueryError(_message(query, "has a /* */ comment", "write // before the comment"))
        if (
            token.kind == "string"
            and token.text[1:-1] == "type"
            and before == "["
            and after == "]"
            and place > 1
            and _names(found[place - 2])
        ):
            raise QueryError(_message(query, "picks the property type by a text in brackets", "write .type"))
        if token.upper == "FORMAT" and place + 1 < len(found) and found[place + 1].upper == "CSV" and place + 2 == len(found):
            raise QueryError(_message(query, "ends in FORMAT CSV", "leave it out; the caller chooses the format"))


def _names(token: Token) -> bool:
    """Whether ``token`` ends what a property can be picked from."""
    return (token.kind in ("word", "quoted") and token.upper not in ("IN", "RETURN", "WITH", "UNWIND", "DISTINCT")) or token.text == ")"


def _check_patterns(query: str, found: Sequence[Token]) -> None:
    """Refuse unbounded variable-length relationships and quantified path patterns."""
    closing = bracket_pairs(found)
    for start, end in closing.items():
        after = found[end + 1].text if end + 1 < len(found) else ""
        if found[start].text == "[" and start and found[start - 1].text in ("-", "<-") and after in ("-", "->"):
            if _unbounded(found[start + 1 : end]):
                raise QueryError(_message(query, "has a path of any length", "give it an upper bound, such as [:DELEGATES_TO*1..6]"))
            _refuse_quantifier(query, found, end + 1)
        elif found[start].text == "(" and _quantifier(found, end + 1) and _holds_arrow(found, start, end, closing):
            raise QueryError(_quantified(query))
    for place, token in enumerate(found):
        # An arrow without brackets: -->+ and -->{1,3}
        if token.text == "->" and place and found[place - 1].text == "-":
            _refuse_quantifier(query, found, place)


def _nesting(found: Sequence[Token]) -> int:
    """How deep brackets and CASE lie within one another at most."""
    depth = cases = deepest = 0
    for place, token in enumerate(found):
        if token.kind == "symbol":
            depth += (token.text in OPEN) - (token.text in CLOSE)
        elif token.upper in ("CASE", "END") and (place == 0 or found[place - 1].text != "."):
            cases += 1 if token.upper == "CASE" else -1
        deepest = max(deepest, depth + cases)
    return deepest


def _unbounded(inside: Sequence[Token]) -> bool:
    """Whether what stands between the brackets of a relationship has a ``*`` with no upper bound."""
    depth = 0
    for place, token in enumerate(inside):
        if token.upper == "WHERE":
            break
        depth += (token.text in OPEN) - (token.text in CLOSE) if token.kind == "symbol" else 0
        if token.text == "*" and depth == 0:
            bounds = [item.text for item in inside[place + 1 : place + 4]]
            if bounds and bounds[0].isdecimal():
                return len(bounds) > 1 and bounds[1] == ".." and not (len(bounds) > 2 and bounds[2].isdecimal())
            return not (len(bounds) > 1 and bounds[0] == ".." and bounds[1].isdecimal())
    return False


def _quantifier(found: Sequence[Token], place: int) -> bool:
    if place >= len(found):
        return False
    if found[place].text != "{":
        return found[place].text in ("+", "*")
    inside = found[place + 1].text if place + 1 < len(found) else ""
    return inside == "," or inside.isdecimal()


def _refuse_quantifier(query: str, found: Sequence[Token], arrow: int) -> None:
    if _quantifier(found, arrow + 1):
        raise QueryError(_quantified(query))


def _quantified(query: str) -> str:
    return _message(query, "has a quantified path pattern", "write a variable-length relationship, such as -[:DELEGATES_TO*1..6]->")


def _holds_arrow(found: Sequence[Token], start: int, end: int, closing: dict[int, int]) -> bool:
    """Whether a relationship stands directly between the parentheses at ``start`` and ``end``."""
    place = start + 1
    while place < end:
        if place not in closing:
            place += 1
            continue
        place = closing[place] + 1
        if found[place - 1].text == ")" and found[place].text in ("-", "<-") and found[place + 1].text in ("-", "[", "->"):
            return True
    return False
