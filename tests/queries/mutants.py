"""Rules with one thing wrong: a condition dropped or turned round, an edge walked the other way. Cases must tell them from the rule."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator, Mapping
from types import FunctionType, ModuleType
from typing import Any, TypeGuard, cast

from graphinv.store.tokens import Token, tokens

_ENDS = frozenset({"WITH", "RETURN", "MATCH", "OPTIONAL", "UNWIND", "UNION", "ORDER", "LIMIT", "SKIP"})
_OPENING, _CLOSING = ("(", "[", "{"), (")", "]", "}")
_TURNED = {">": "<=", "<": ">=", ">=": "<", "<=": ">"}


def of_cypher(text: str) -> Iterator[tuple[str, str]]:
    """(what was done, the query) for each condition of a WHERE that is dropped, comparison turned round and edge walked backwards.

    What asks whether something lives in the store is left alone, as a case holds only what lives; so is what takes nulls out of lists of
    modifiers, where they mean nothing.
    """
    found = [token for token in tokens(text) if token.kind != "comment"]
    for place, token in enumerate(found):
        if token.upper == "WHERE":
            for start, end in _conjuncts(text, found, place + 1):
                if "gone_at" not in text[start:end] and text[start:end] != "m IS NOT NULL":
                    yield f"without {_short(text[start:end])}", f"{text[:start]}true{text[end:]}"
        elif token.text in _TURNED and found[place + 1].kind != "symbol":
            yield _changed(text, token, _TURNED[token.text])
        elif token.text in ("=", "<>") and found[place - 1].text != "reduce" and not _defines(found, place):
            yield _changed(text, token, "<>" if token.text == "=" else "=")
        elif token.text == "->" and found[place - 1].text == "]":
            opened = _opened(found, place - 1)
            if found[opened - 1].text == "-":
                dash = found[opened - 1]
                turned = f"{text[: dash.at]}<-{text[dash.at + 1 : token.at]}-{text[token.at + 2 :]}"
                yield f"{_short(text[dash.at : token.at + 2])} backwards", turned


def _defines(found: list[Token], place: int) -> bool:
    """Whether ``=`` gives a name its first value, inside ``reduce``."""
    return found[place - 2].text == "(" and found[place - 3].text.lower() == "reduce"


def _changed(text: str, token: Token, by: str) -> tuple[str, str]:
    line = text[text.rfind("\n", 0, token.at) + 1 : token.at + len(token.text)]
    return f"{by} for {_short(line)}", f"{text[: token.at]}{by}{text[token.at + len(token.text) :]}"


def _short(text: str) -> str:
    return " ".join(text.split())[:100]


def _opened(found: list[Token], closed: int) -> int:
    depth = 0
    for place in range(closed, -1, -1):
        depth += (found[place].text in _CLOSING) - (found[place].text in _OPENING)
        if depth == 0:
            return place
    raise AssertionError


def _conjuncts(text: str, found: list[Token], first: int) -> Iterator[tuple[int, int]]:
    """Where each condition of the WHERE whose conditions begin at token ``first`` begins and ends in ``text``."""
    depth, cases, start = 0, 0, first
    for place in range(first, len(found) + 1):
        token = found[place] if place < len(found) else None
        upper = token.upper if token else ""
        cases += (upper == "CASE") - (upper == "END")
        over = token is None or (depth == 0 and (token.text in (*_CLOSING, "|") or (upper in _ENDS and not cases)))
        if over or (depth == 0 and upper == "AND"):
            last = found[place - 1]
            yield found[start].at, last.at + len(last.text)
            start = place + 1
        if over:
            return
        assert token is not None
        depth += (token.text in _OPENING) - (token.text in _CLOSING)


# --------------------------------------------------------------------------------------------------------------------------------


def of_check(name: str, module: ModuleType) -> Iterator[tuple[str, FunctionType]]:
    """(what was done, the check) for each condition in the function ``name``, and in what it calls of its module, that is dropped or
    turned round."""
    source = inspect.getsource(module)
    used = _used(name, {node.name: node for node in ast.parse(source).body if isinstance(node, ast.FunctionDef)})
    count = len(list(_places(ast.parse(source), used)))
    for number in range(count):
        tree = ast.parse(source)
        change = list(_places(tree, used))[number]
        before = ast.unparse(change)
        after = _turn(change)
        if after is None:
            continue
        yield f"line {change.lineno}: {after} for {before}"[:150], _compiled(tree, module, name)


def of_class(name: str, module: ModuleType) -> Iterator[tuple[str, type]]:
    """(what was done, the class) for each condition in the class ``name`` that checks ask, likewise."""
    source = inspect.getsource(module)
    for number in range(len(_places_of_class(ast.parse(source), name))):
        tree = ast.parse(source)
        change = _places_of_class(tree, name)[number]
        before = ast.unparse(change)
        yield f"line {change.lineno}: {_turn(change)} for {before}"[:150], cast(type, _namespace(tree, module)[name])


def _places_of_class(tree: ast.Module, name: str) -> list[ast.expr]:
    [found] = [node for node in tree.body if isinstance(node, ast.ClassDef) and node.name == name]
    return [place for place in ast.walk(found) if _changeable(place)]


def _used(name: str, functions: Mapping[str, ast.FunctionDef]) -> set[str]:
    found, waiting = {name}, [name]
    while waiting:
        for node in ast.walk(functions[waiting.pop()]):
            if isinstance(node, ast.Name) and node.id in functions and node.id not in found:
                found.add(node.id)
                waiting.append(node.id)
    return found


def _places(tree: ast.Module, used: set[str]) -> Iterator[ast.expr]:
    """Expressions that can be changed, in one order."""
    for function in tree.body:
        if isinstance(function, ast.FunctionDef) and function.name in used:
            yield from (node for node in ast.walk(function) if _changeable(node))


def _changeable(node: ast.AST) -> TypeGuard[ast.expr]:
    return isinstance(node, ast.BoolOp) or (isinstance(node, ast.Compare) and len(node.ops) == 1)


_OPPOSITE: Mapping[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Eq: ast.NotEq,
    ast.NotEq: ast.Eq,
    ast.Lt: ast.GtE,
    ast.GtE: ast.Lt,
    ast.Gt: ast.LtE,
    ast.LtE: ast.Gt,
    ast.In: ast.NotIn,
    ast.NotIn: ast.In,
    ast.Is: ast.IsNot,
    ast.IsNot: ast.Is,
}


def _turn(place: ast.expr) -> str | None:
    """Change it where it stands: ``and`` for ``or``, or a comparison for its opposite. What stands there then, in words."""
    if isinstance(place, ast.BoolOp):
        place.op = ast.Or() if isinstance(place.op, ast.And) else ast.And()
    else:
        assert isinstance(place, ast.Compare)
        place.ops = [_OPPOSITE[type(place.ops[0])]()]
    return ast.unparse(place)


def _compiled(tree: ast.Module, module: ModuleType, name: str) -> FunctionType:
    """The function ``name`` of a changed module; everything else is the module's own."""
    return cast(FunctionType, _namespace(tree, module)[name])


def _namespace(tree: ast.Module, module: ModuleType) -> dict[str, Any]:
    namespace: dict[str, Any] = {"__name__": module.__name__, "__builtins__": __builtins__}
    exec(compile(ast.fix_missing_locations(tree), module.__file__ or "", "exec"), namespace)  # our own source, one sign changed
    return namespace
