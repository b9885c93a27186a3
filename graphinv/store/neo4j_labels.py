"""Which queries name the labels of what they match: they cannot see what a writer builds beside (:mod:`graphinv.store.neo4j_bulk`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from graphinv.store.tokens import Token, bracket_pairs, tokens


def names_labels(query: str) -> bool:
    """Whether each path of each pattern of ``query`` has a node whose label it names: then it cannot match what is staged, since no edge
    leads from there to what is not. When in doubt False. O(length).
    """
    found = list(tokens(query))
    closing = bracket_pairs(found)
    named: set[str] = set()
    place = nested = 0
    while place < len(found):
        token = found[place]
        if token.kind == "symbol":
            nested += (token.text in "{[") - (token.text in "}]")
        if token.upper == "WITH" and found[place - 1].upper not in ("STARTS", "ENDS"):
            named = _carried(found, place, closing, named)
        elif token.upper in ("UNION", "CALL"):
            named = set()  # a name may mean something else from here on
        if token.text == "(" and _is_node(found, place, closing):
            place, names, fine = _path(found, place, closing, named)
            if not fine:
                return False
            if not nested:
                named |= names
        place += 1
    return True


def _carried(found: Sequence[Token], place: int, closing: Mapping[int, int], named: set[str]) -> set[str]:
    """Those of ``named`` that the WITH at ``place`` hands on as they are."""
    kept: set[str] = set()
    place += 1
    while place < len(found) and found[place].upper not in _CLAUSES:
        after = found[place + 1] if place + 1 < len(found) else None
        begins = found[place - 1].upper in ("WITH", "DISTINCT") or found[place - 1].text == ","
        if begins and after is not None and (after.text == "," or after.upper in _CLAUSES):
            kept.add(found[place].text)
        place = closing.get(place, place) + 1
    return kept & named


_CLAUSES = frozenset({"MATCH", "OPTIONAL", "WHERE", "RETURN", "ORDER", "SKIP", "LIMIT", "UNWIND", "CALL", "WITH"})


def _is_node(found: Sequence[Token], place: int, closing: Mapping[int, int]) -> bool:
    """Whether the bracket at ``place`` may be a node's: it is no function's, and what stands in it is a name, a label, or properties."""
    if place not in closing:
        return False
    before = found[place - 1] if place else None
    called = before is not None and before.kind in ("word", "quoted") and before.upper not in _KEYWORDS
    if called and before is not None and before.at + len(before.text) == found[place].at:
        return False
    inside = found[place + 1 : closing[place]]
    rest = inside[1:] if inside and inside[0].kind in ("word", "quoted") else inside
    return not rest or rest[0].text in (":", "{") or rest[0].upper == "WHERE"


_KEYWORDS = frozenset({"MATCH", "WHERE", "AND", "OR", "XOR", "NOT", "IN", "WHEN", "THEN", "ELSE", "RETURN", "BY", "DISTINCT", "WITH"})
"""Words that a bracket may follow at once, beside names of functions."""


def _path(found: Sequence[Token], place: int, closing: Mapping[int, int], named: set[str]) -> tuple[int, set[str], bool]:
    """Of the path that begins at ``place``: the place of its last bracket, the names of its nodes, and whether one of those is labelled
    here or was ``named`` before.
    """
    names: set[str] = set()
    fine = False
    while True:
        end = closing[place]
        inside = found[place + 1 : end]
        name = inside[0].text if inside and inside[0].kind in ("word", "quoted") else None
        rest = inside[1:] if name else inside
        fine = fine or name in named or (len(rest) > 1 and rest[0].text == ":" and rest[1].kind in ("word", "quoted"))
        if name:
            names.add(name)
        after = end + 1
        while after < len(found) and (found[after].text in ("-", "->", "<-") or (found[after].text == "[" and after in closing)):
            after = closing.get(after, after) + 1
        if after == end + 1 or after >= len(found) or found[after].text != "(" or after not in closing:
            return end, names, fine
        place = after
