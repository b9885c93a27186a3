"""No query begins a pattern at what an OPTIONAL MATCH may have left empty: the embedded engine then looks at every node."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import takewhile

import pytest

from graphinv.store.tokens import Token, bracket_pairs, tokens
from tests.queries.test_explore_cases import LIBRARY
from tests.queries.test_rule_cases import RULES

CLAUSES = frozenset({"MATCH", "OPTIONAL", "WHERE", "WITH", "RETURN", "UNWIND", "CALL", "UNION", "ORDER", "LIMIT"})


def patterns_of_nothing(cypher: str) -> list[str]:
    """Names that may be empty, each time that a later pattern of ``cypher`` holds one. O(length)."""
    found = list(tokens(cypher))
    closing = bracket_pairs(found)
    opened = {end: start for start, end in closing.items()}
    maybe: set[str] = set()
    known: set[str] = set()
    outer: dict[int, tuple[set[str], set[str]]] = {}
    wrong: list[str] = []
    for place, token in enumerate(found):
        before = found[place - 1].upper if place else ""
        if token.text == "{" and before in ("EXISTS", "COUNT", "CALL"):
            outer[closing[place]] = set(maybe), set(known)
        if place in outer:
            given = _columns(found[:place]) if found[opened[place] - 1].upper == "CALL" else set()
            maybe, known = outer[place][0], outer[place][1] | given
        if token.upper == "MATCH":
            names = set(_names(found[place + 1 :]))
            wrong += sorted(names & maybe)
            if before == "OPTIONAL":
                maybe |= names - known
            else:
                known |= names - maybe
        elif token.text == "[" and found[place + 1].text == "(" and set(_pattern(found[place + 1 : closing[place]])):
            wrong += sorted(set(_pattern(found[place + 1 : closing[place]])) & maybe)
        elif token.upper == "WITH" and before not in ("STARTS", "ENDS"):
            handed = _columns(found[: place + 1 + _length(found[place + 1 :])], "WITH")
            maybe, known = maybe & handed, known & handed
        elif token.upper == "UNION":
            maybe, known = set(), set()
        elif token.upper == "IS" and [one.upper for one in found[place + 1 : place + 3]] == ["NOT", "NULL"]:
            maybe.discard(found[place - 1].text)
    return wrong


def _length(after: list[Token]) -> int:
    """How many pieces come before the next clause."""
    return sum(1 for _ in takewhile(lambda one: one.upper not in CLAUSES, after))


def _columns(until: list[Token], clause: str = "RETURN") -> set[str]:
    """Names that the last such clause of ``until`` hands on: what stands there by itself, or after AS."""
    start = max(place for place, one in enumerate(until) if one.upper == clause)
    part = until[start + 1 : start + 1 + _length(until[start + 1 :])]
    names = set()
    for place, token in enumerate(part):
        before, after = part[place - 1] if place else None, part[place + 1] if place + 1 < len(part) else None
        begins = before is None or before.text == "," or before.upper in ("AS", "DISTINCT")
        if token.kind == "word" and begins and (after is None or after.text == ","):
            names.add(token.text)
    return names


def _names(after: list[Token]) -> Iterator[str]:
    """Names of the nodes in the pattern with which ``after`` begins."""
    return _pattern(list(takewhile(lambda one: one.upper not in CLAUSES and one.text != "|", after)))


def _pattern(inside: list[Token]) -> Iterator[str]:
    if not any(one.text in ("-", "->", "<-") for one in inside) and not any(one.text == ":" for one in inside):
        return
    depth = 0
    for place, token in enumerate(inside):
        depth += (token.text in "{[") - (token.text in "}]") if token.kind == "symbol" else 0
        if depth < 0 or token.text == "|":
            return
        name, after = inside[place + 1 : place + 3] if place + 2 < len(inside) else (token, token)
        if depth == 0 and token.text == "(" and name.kind == "word" and after.text in (")", ":", "{"):
            yield name.text


@pytest.mark.parametrize(
    ("cypher", "wrong"),
    [
        ("MATCH (a:Agent) OPTIONAL MATCH (a)-[:HOLDS]->(s) OPTIONAL MATCH (s)<-[:OWNS]-(o) RETURN o.id", ["s"]),
        ("MATCH (a:Agent) OPTIONAL MATCH (o:Owner)-[:OWNS]->(a) OPTIONAL MATCH (a)-[:HOLDS]->(s) RETURN s.id", []),
        ("MATCH (a:Agent) OPTIONAL MATCH (a)-[:HOLDS]->(s) WITH a, s WHERE EXISTS { MATCH (s)<-[:OWNS]-(o) } RETURN a.id", ["s"]),
        ("MATCH (a:Agent) OPTIONAL MATCH (a)-[:HOLDS]->(s) WITH a, s WHERE s IS NOT NULL MATCH (s)<-[:OWNS]-(o) RETURN o.id", []),
        ("MATCH (a:Agent) OPTIONAL MATCH (a)-[:HOLDS]->(s) WITH a, count(s) AS n MATCH (s:Secret) MATCH (s)--(a) RETURN a.id", []),
        ("MATCH (a:Agent) OPTIONAL MATCH (a)-[:HOLDS]->(s) RETURN [(s)<-[:OWNS]-(o) | o.id] AS owners", ["s"]),
        ("CALL { MATCH (a:Agent) OPTIONAL MATCH (a)-->(s) RETURN a.id AS id } MATCH (s:Secret) MATCH (s)--(b) RETURN b.id", []),
        ("MATCH (a:Agent) OPTIONAL MATCH (a)-[:HOLDS]->(s) RETURN s.id AS s UNION MATCH (s:Secret) MATCH (s)--(b) RETURN b.id AS s", []),
    ],
)
def test_such_patterns_are_told(cypher: str, wrong: list[str]) -> None:
    assert patterns_of_nothing(cypher) == wrong


@pytest.mark.parametrize("name", sorted({**LIBRARY, **{id: rule for id, rule in RULES.items() if rule.cypher}}))
def test_no_query_or_rule_has_one(name: str) -> None:
    cypher = LIBRARY[name].cypher if name in LIBRARY else RULES[name].cypher
    assert patterns_of_nothing(str(cypher)) == []
