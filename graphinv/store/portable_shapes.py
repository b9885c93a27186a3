"""What engines answer differently for how a query is put together: patterns, shortest paths, what clauses show and in which order.
:mod:`graphinv.store.dialect` says so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence, Set

from graphinv.store.tokens import Refusal, Token

MAX_STEPS = 1_000_000
MAX_LISTS = 2
"""How deep one expression may go through lists whose length only the graph tells."""
_QUANTIFIERS = frozenset({"any", "all", "none", "single"})
_SHORTEST = frozenset({"shortestpath", "allshortestpaths"})
_SHORT = "write MATCH p = (a)-[:DELEGATES_TO*1..5]->(b) WHERE … RETURN p ORDER BY length(p) LIMIT 1"
_AGGREGATES = frozenset({"count", "sum", "avg", "min", "max", "collect", "stdev", "stdevp"})
_CLAUSES = frozenset({"MATCH", "OPTIONAL", "WITH", "RETURN", "UNWIND", "CALL", "WHERE", "ORDER", "SKIP", "LIMIT", "UNION"})
_SHOWING = frozenset({"RETURN", "WITH", "DISTINCT", "THEN", "ELSE", ","})
_PATTERN = "write EXISTS { (a)-->(b) }, COUNT { … } or a list such as [(a)<-[:OWNS]-(o) | o.id]"


def shape_refusals(found: Sequence[Token], pairs: Mapping[int, int]) -> Iterator[Refusal]:
    """What of a query engines answer differently for how it is put together. O(tokens)."""
    clauses = list(clauses_of(found))
    for place, token in enumerate(found):
        before, after = _text(found, place - 1), _text(found, place + 1)
        if token.text.lower() in _SHORTEST and after == "(" and place + 1 in pairs:
            yield from _shortest(found, place, pairs)
        elif token.text == "[" and place in pairs and before in ("-", "<-"):
            yield from _edge(found[place + 1 : pairs[place]])
        elif token.text == "(" and place in pairs:
            yield from _node(found, place, pairs[place], clauses[place])
        elif token.upper == "CASE":
            yield from _case(found, place)
        elif token.text == "&" and before not in ("", "$"):
            yield "has a label expression with &", "write it in WHERE, such as n:Agent AND n:Tool"
        elif token.text == "$" and after.startswith("`"):
            yield "quotes the name of a parameter", "write $name"
        elif token.kind == "word" and token.text.lower() in _AGGREGATES and after == "(" and clauses[place] == "ORDER" and before != ".":
            yield "puts in the order of an aggregate", "give it a name and write that, such as count(*) AS n … ORDER BY n"
        elif token.upper in ("WITH", "RETURN") and clauses[place] == token.upper:
            yield from _shown(found, place, pairs)
    yield from _unions(found, pairs)
    yield from _loops(found)


def _loops(found: Sequence[Token]) -> Iterator[Refusal]:
    """Lists within lists that one expression goes through: no server ends an expression before it is done, whatever time is left."""
    steps = [(1, 0)]
    for place, token in enumerate(found):
        if token.kind == "symbol" and token.text in "([{":
            steps.append(steps[-1])
        elif token.kind == "symbol" and token.text in ")]}":
            steps.pop()
            steps = steps or [(1, 0)]
        elif token.upper == "IN" and len(steps) > 1:
            items, lists = steps[-1]
            bounds = _text(found, place + 3), _text(found, place + 5)
            if _text(found, place + 1).lower() == "range" and _text(found, place + 4) == "," and all(one.isdecimal() for one in bounds):
                items *= max(1, int(bounds[1]) - int(bounds[0]) + 1)
            elif _text(found, place - 2) == "[" or _text(found, place - 3).lower() in _QUANTIFIERS:
                lists += 1
            steps[-1] = items, lists
            if items > MAX_STEPS:
                yield f"goes through more than {MAX_STEPS:,} things in one expression", "write UNWIND range(1, 1000) AS x"
                return
            if lists > MAX_LISTS:
                yield f"goes through lists within lists, {lists} deep, in one expression", "write UNWIND l AS x, which can be stopped"
                return


def _text(found: Sequence[Token], place: int) -> str:
    return found[place].text if 0 <= place < len(found) else ""


def _kind(found: Sequence[Token], place: int) -> str:
    return found[place].kind if 0 <= place < len(found) else ""


def clauses_of(found: Sequence[Token]) -> Iterator[str]:
    """For each token the clause that it stands in; ``""`` where there is none."""
    stack = [""]
    for place, token in enumerate(found):
        if token.kind == "symbol" and token.text in "([{":
            yield stack[-1]
            # What stands in the braces of EXISTS, COUNT and CALL is a query of its own, in those of a node or map it is not.
            own = token.text == "{" and _text(found, place - 1).upper() in ("EXISTS", "COUNT", "CALL", ")")
            stack.append("MATCH" if own else stack[-1])
        elif token.kind == "symbol" and token.text in ")]}":
            if len(stack) > 1:
                stack.pop()
            yield stack[-1]
        else:
            if token.upper in _CLAUSES and _text(found, place - 1).upper() not in ("STARTS", "ENDS", ".", ":", "AS"):
                stack[-1] = token.upper
            yield stack[-1]


def _shortest(found: Sequence[Token], place: int, pairs: Mapping[int, int]) -> Iterator[Refusal]:
    if _text(found, place - 1) != "=":
        yield "has a shortest path within an expression", "write MATCH p = shortestPath(…)"
        return
    end = pairs[place + 1]
    inside = found[place + 2 : end]
    if len(inside) > 2 and inside[1].kind in ("word", "quoted") and inside[-1].text == ")":
        last = next((number for number in range(len(inside) - 1, 0, -1) if inside[number].text == "("), 0)
        if last and inside[last + 1].text == inside[1].text:
            yield "looks for the shortest path from a node to itself", "write MATCH p = (a)-[:DELEGATES_TO*1..5]->(a)"
    name, at = _text(found, place - 2), end + 1
    if at < len(found) and found[at].upper == "WHERE":
        while (at := at + 1) < len(found) and found[at].upper not in _CLAUSES and found[at].text.lower() not in _SHORTEST:
            if found[at].text == name:
                yield "asks in WHERE what is on a shortest path", _SHORT
                return


def _edge(inside: Sequence[Token]) -> Iterator[Refusal]:
    """What stands in the brackets of an edge."""
    kinds: set[str] = set()
    for place, token in enumerate(inside):
        before = _text(inside, place - 1)
        if token.text == "{":
            break
        if before in (":", "|") and token.kind in ("word", "quoted"):
            if token.text in kinds:
                yield "names a kind of edge twice", "name it once"
            kinds.add(token.text)
        elif before == "|" and token.text == ":":
            yield "has a colon after |", "write [:HOLDS|USES]"
        elif token.text == ".." and before.isdecimal() and (upper := _text(inside, place + 1)).isdecimal() and int(upper) < int(before):
            yield "gives the upper bound of a path first", "write *1..2"


def _node(found: Sequence[Token], place: int, end: int, clause: str) -> Iterator[Refusal]:
    """What begins with the parenthesis at ``place``: a node, perhaps a pattern."""
    if (
        _kind(found, place + 1) in ("word", "quoted")
        and _text(found, place + 2).upper() == "IS"
        and _kind(found, place + 3) == "word"
        and found[place + 3].upper not in ("NULL", "NOT", "TYPED", "NORMALIZED")
    ):
        yield "has IS before a label", "write (n:Agent)"
    arrow = _text(found, end + 1) in ("-", "<-") and _text(found, end + 2) in ("-", "[", "->", "(")
    if not arrow or (_text(found, end + 2) == "(" and _text(found, end + 1) != "<-"):
        return
    before = _text(found, place - 1)
    given = before == "(" and _text(found, place - 2).lower() in ("size", "coalesce", "collect", "count", "tostring")
    if given or before.upper() in ("THEN", "ELSE") or (clause in ("RETURN", "WITH", "UNWIND", "ORDER") and before.upper() in _SHOWING):
        yield "shows a pattern", _PATTERN


def _case(found: Sequence[Token], place: int) -> Iterator[Refusal]:
    """What stands between CASE and its END. O(tokens) of it."""
    depth, when = 0, False
    for at in range(place + 1, len(found)):
        token = found[at]
        if token.kind == "symbol":
            depth += (token.text in "([{") - (token.text in ")]}")
            if token.text == "," and depth == 0 and when:
                yield "has several values after WHEN", "write a WHEN for each"
                return
        elif token.upper == "CASE":
            return  # it looks for itself
        elif token.upper in ("WHEN", "THEN"):
            when = token.upper == "WHEN"
        elif token.upper == "END":
            return
        elif token.kind == "word" and token.text.lower() in _AGGREGATES and _text(found, at + 1) == "(" and _text(found, at - 1) != ".":
            yield "has an aggregate within CASE", "write WITH count(a) AS n … CASE WHEN n > 3 THEN …"
            return


def shown(found: Sequence[Token], place: int, pairs: Mapping[int, int]) -> list[range]:
    """Where each thing lies that the WITH or RETURN at ``place`` shows; the last range ends where they all do."""
    at = place + 2 if _text(found, place + 1).upper() == "DISTINCT" else place + 1
    items, start = [], at
    while True:
        token = found[at] if at < len(found) else None
        over = token is None or token.text in ("}", ")") or (token.upper in _CLAUSES and found[at - 1].upper not in ("STARTS", "ENDS"))
        if over or _text(found, at) == ",":
            items.append(range(start, at))
            start = at + 1
        if over:
            return items
        at = pairs.get(at, at) + 1


def _alias(found: Sequence[Token], item: range) -> str:
    """The name of what is shown; its text where it has none."""
    named = len(item) > 2 and found[item[-2]].upper == "AS"
    return found[item[-1]].text if named else "".join(found[at].text for at in item)


def _shown(found: Sequence[Token], place: int, pairs: Mapping[int, int]) -> Iterator[Refusal]:
    """What the WITH or RETURN at ``place`` shows, and in which order."""
    if _text(found, place - 1).upper() in ("STARTS", "ENDS"):
        return
    items = shown(found, place, pairs)
    if found[place].upper == "WITH" and any(len(item) > 1 and found[item[-2]].upper != "AS" for item in items):
        yield "keeps something in WITH without a name", "write a.id AS id"
    grouped = {item for item in items if not any(aggregates(found, at) for at in item)}
    if all(item in grouped for item in items):
        return
    known = {_alias(found, item) for item in items}
    for item in grouped:
        named = len(item) > 2 and found[item[-2]].upper == "AS"
        known.add("".join(found[at].text for at in (item[:-2] if named else item)))
    for item in items:
        if item not in grouped and not known.issuperset(_read(found, item, pairs, known)):
            yield "shows beside an aggregate what it is not grouped by", "keep it in WITH first, such as WITH a.id AS id, count(*) AS n"
    after = items[-1].stop
    if _text(found, after).upper() == "ORDER":
        end = after + 2
        while end < len(found) and found[end].text not in ("}", ")") and found[end].upper not in _CLAUSES:
            end = pairs.get(end, end) + 1
        if not known.issuperset(_read(found, range(after + 2, end), pairs, known)):
            yield "puts groups in the order of what it does not show", "show it, or an aggregate of it with a name"


def aggregates(found: Sequence[Token], at: int) -> bool:
    """Whether an aggregate is called at ``at``."""
    return (
        found[at].kind == "word" and found[at].text.lower() in _AGGREGATES and _text(found, at + 1) == "(" and _text(found, at - 1) != "."
    )


def _read(found: Sequence[Token], places: range, pairs: Mapping[int, int], known: Set[str]) -> Iterator[str]:
    """Each property that is read among ``places`` where it is not within an aggregate, nor of a variable that is ``known``."""
    at = places.start
    while at < places.stop:
        if aggregates(found, at):
            at = pairs.get(at + 1, at) + 1
            continue
        if found[at].text in ("[", "{"):  # it has names of its own
            at = pairs.get(at, at) + 1
            continue
        if found[at].kind == "word" and _text(found, at + 1) == "." and _kind(found, at + 2) == "word" and found[at].text not in known:
            yield f"{found[at].text}.{found[at + 2].text}"
        at += 1


def _unions(found: Sequence[Token], pairs: Mapping[int, int]) -> Iterator[Refusal]:
    """UNION and UNION ALL in one query, and columns in different orders, each within the same brackets."""
    every: dict[int, bool] = {}
    columns: dict[int, list[str]] = {}
    depth = 0
    for place, token in enumerate(found):
        if token.kind == "symbol":
            depth += (token.text in "([{") - (token.text in ")]}")
            if token.text == "{":
                every.pop(depth, None)
                columns.pop(depth, None)
        elif token.upper == "UNION":
            all_rows = _text(found, place + 1).upper() == "ALL"
            if every.setdefault(depth, all_rows) != all_rows:
                yield "mixes UNION and UNION ALL", "write CALL { … UNION … } and UNION ALL around it"
        elif token.upper == "RETURN":
            names = [_alias(found, item) for item in shown(found, place, pairs) if item]
            first = columns.setdefault(depth, names)
            if first != names and sorted(first) == sorted(names):
                yield "names the columns of UNION in different orders", "name them in the same order"
