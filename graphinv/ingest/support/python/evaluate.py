"""What an expression evaluates to, over all modules of a root, without running anything."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from graphinv.ingest.support.python import calls, ir, objects
from graphinv.ingest.support.python.evaluation import Evaluation
from graphinv.ingest.support.python.loops import comp_scopes
from graphinv.ingest.support.python.names import lookup
from graphinv.ingest.support.python.operations import MAX_TEXT, added, as_text, item, variables_in
from graphinv.ingest.support.python.values import PICKED, Bound, Const, DictV, EnvVar, FunctionV, ListV, Made, Scope, Unknown, Value, either

MAX_DEPTH = 90
"""Expressions that are evaluated inside each other."""


class Evaluator(Evaluation):
    """Evaluates expressions of ``modules`` (by path). Results are kept in the scopes."""

    def __init__(self, modules: Mapping[str, ir.Module], outside: Iterable[str] = ()) -> None:
        super().__init__(modules, outside)
        self._busy: set[tuple[int, int]] = set()
        self.later: Callable[[Made, str, Value | None], Value | None] = lambda made, attr, value: value
        """What later assignments and changes make of an attribute; set by who knows all statements."""

    def evaluate(self, expr: ir.Expr, scope: Scope) -> Value:
        found = scope.memo.get(id(expr))
        if found is not None:
            return found
        key = id(expr), id(scope)
        before = None if self._busy else self.budget.begin()
        if scope.key and not self.budget.spend():
            return Unknown(scope.module, expr.line, "too much would have to be followed")
        if key in self._busy:
            return Unknown(scope.module, expr.line, "it depends on itself")
        if len(self._busy) >= MAX_DEPTH:
            return Unknown(scope.module, expr.line, "it is nested too deeply")
        self._busy.add(key)
        try:
            value = self._evaluate(expr, scope)
        finally:
            self._busy.discard(key)
            if before is not None:
                self.budget.charge(scope.module, before)
        scope.memo[id(expr)] = value
        return value

    def _evaluate(self, expr: ir.Expr, scope: Scope) -> Value:
        module, line = scope.module, expr.line
        if isinstance(expr, ir.Const):
            return Const(module, line, expr.value, True, expr.secrets)
        if isinstance(expr, ir.Name):
            return lookup(self, expr.id, scope, line)
        if isinstance(expr, ir.Attr):
            return objects.attribute(self, self.evaluate(expr.base, scope), expr.attr, scope, line)
        if isinstance(expr, ir.Call):
            return calls.call(self, expr, scope)
        if isinstance(expr, ir.Items):
            found = list(self.spread_placed(expr.items, scope))
            return ListV(module, line, tuple(one for one, _ in found), tuple(place for _, place in found))
        if isinstance(expr, ir.Dict):
            return self._mapping(expr, scope)
        if isinstance(expr, ir.Joined):
            return self._text(expr.parts, scope, line)
        if isinstance(expr, ir.Add):
            return added(self.evaluate(expr.left, scope), expr.op, self.evaluate(expr.right, scope), module, line)
        if isinstance(expr, ir.Choice):
            options = expr.options[-1:] if expr.kind == "and" else expr.options
            values = [self.evaluate(option, scope) for option in options]
            if expr.kind == "or":
                values = [value for value in values[:-1] if not (isinstance(value, Const) and not value.value)] + values[-1:]
                values = values[:1] if isinstance(values[0], Const) else values
            return either(module, line, values)
        if isinstance(expr, ir.Sub):
            return item(self.evaluate(expr.base, scope), self.evaluate(expr.index, scope), module, line)
        if isinstance(expr, ir.Comp):
            return self._comprehension(expr, scope)
        if isinstance(expr, ir.Function):
            return FunctionV(module, line, expr, scope)
        if isinstance(expr, ir.Star):
            return self.evaluate(expr.value, scope)
        if isinstance(expr, ir.Opaque) and expr.what == "order":
            pairs = [self.evaluate(pair, scope) for pair in expr.parts]
            if all(isinstance(option, Made) for pair in pairs for side in getattr(pair, "items", ()) for option in side.options()):
                return ListV(module, line, tuple(pairs))
        return Unknown(module, line, f"it is the result of {expr.what}" if expr.what != "nothing" else "nothing is assigned to it")

    def _mapping(self, expr: ir.Dict, scope: Scope) -> Value:
        items: list[tuple[Value, Value]] = []
        rest: list[Value] = []
        for key, value in expr.items:
            if key is not None:
                items.append((self.evaluate(key, scope), self.evaluate(value, scope)))
                continue
            for option in self.evaluate(value, scope).options():
                if isinstance(option, DictV):
                    items.extend(option.items)
                    rest.extend(option.rest)
                else:
                    rest.append(option)
        return DictV(scope.module, expr.line, tuple(items), tuple(rest))

    def _text(self, parts: tuple[ir.Expr, ...], scope: Scope, line: int) -> Value:
        texts: list[str] = []
        secrets: list[Any] = []
        complete = True
        values = [self.evaluate(part, scope) for part in parts]
        for part, value in zip(parts, values, strict=True):
            known = as_text(value)
            if isinstance(value, Const):
                secrets.extend(value.secrets)
            complete = complete and known is not None and not (isinstance(value, Const) and not value.complete)
            texts.append(known if known is not None else f"{{{value.name if isinstance(value, EnvVar) else _shown(part)}}}")
        return Const(scope.module, line, "".join(texts)[:MAX_TEXT], complete, tuple(secrets), variables_in(*values))

    def _comprehension(self, expr: ir.Comp, scope: Scope) -> Value:
        items: list[Value] = []
        pairs: list[tuple[Value, Value]] = []
        for inner in comp_scopes(self, expr, scope):
            value = self.evaluate(expr.element, inner)
            if expr.picks and isinstance(value, Bound) and value.attr == "[]":
                value = replace(value, attr=PICKED)
            if expr.key is None:
                items.append(value)
            else:
                pairs.append((self.evaluate(expr.key, inner), value))
        if expr.key is not None:
            return DictV(scope.module, expr.line, tuple(pairs))
        return ListV(scope.module, expr.line, tuple(items))

    def argument(self, made: Made, name: str, position: int | None, later: bool) -> Value | None:
        value = objects.argument(self, made, name, position)
        return self.later(made, name, value) if later else value


def _shown(expr: ir.Expr) -> str:
    """An expression's name, for the unknown part of a text."""
    if isinstance(expr, ir.Name):
        return expr.id[:40]
    return expr.attr[:40] if isinstance(expr, ir.Attr) else "…"
