"""The arguments of a call: as it states them, and as the parameters of a function of the tree take them."""

from __future__ import annotations

from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.evaluation import Evaluation
from graphinv.ingest.support.python.values import Const, DictV, ListV, Made, Scope, Unknown, Value

Given = tuple[tuple[str | None, Value], ...]
"""Arguments that a ``functools.partial`` or a callback brings along; None for those without a name."""


def bind(
    ev: Evaluation, function: ir.Function, expr: ir.Call, scope: Scope, defined: Scope, *, skip: int = 0, given: Given = ()
) -> dict[str, Value]:
    """Parameters of ``function`` and the values that a call gives them. The first ``skip`` parameters are left out."""
    positional = [value for name, value in given if name is None]
    positional += ev.spread(expr.args, scope)
    named: dict[str, Value] = {name: value for name, value in given if name is not None}
    rest: list[Value] = []
    for name, value in expr.kwargs:
        if name is not None:
            named[name] = ev.evaluate(value, scope)
            continue
        for option in ev.evaluate(value, scope).options():
            if isinstance(option, DictV):
                named |= {str(key.value): item for key, item in option.items if isinstance(key, Const)}
            else:
                rest.append(option)
    bindings: dict[str, Value] = {}
    for param in function.params[skip:]:
        if param.kind == "*":
            bindings[param.name] = ListV(scope.module, expr.line, tuple(positional))
            positional = []
        elif param.kind == "**":
            pairs = tuple((Const(scope.module, expr.line, name), value) for name, value in named.items())
            bindings[param.name] = DictV(scope.module, expr.line, pairs, tuple(rest))
        elif param.name in named:
            bindings[param.name] = named.pop(param.name)
        elif param.kind == "positional" and positional:
            bindings[param.name] = positional.pop(0)
        elif param.default is not None:
            bindings[param.name] = ev.evaluate(param.default, defined)
        else:
            bindings[param.name] = rest[0] if rest else Unknown(scope.module, expr.line, f"nothing is given for {param.name[:60]}")
    return bindings


def stated(ev: Evaluation, made: Made, name: str, position: int | None) -> Value | None:
    """The argument as the call itself states it."""
    found = given_in(ev, made.call, made.scope, name, position, sum(1 for one, _ in made.given if one is None))
    if found is not None:
        return found
    places = [value for key, value in made.given if key is None]
    if position is not None and position < len(places):
        return places[position]
    return next((value for key, value in reversed(made.given) if key == name), None)


def given_in(ev: Evaluation, expr: ir.Call, scope: Scope, name: str, position: int | None, before: int = 0) -> Value | None:
    """The argument that a call itself is written with, those ``before`` it left out; of a mapping that is unpacked there, too."""
    merged: Value | None = None
    for keyword, value in expr.kwargs:
        if keyword == name:
            return ev.evaluate(value, scope)
        if keyword is None:
            for option in ev.evaluate(value, scope).options():
                if isinstance(option, DictV):
                    merged = option.get(name) or (option.rest[0] if option.rest and merged is None else merged)
                elif merged is None:
                    merged = option if isinstance(option, Unknown) else Unknown(scope.module, expr.line, "its arguments are not known")
    if merged is not None:
        return merged
    if position is not None and expr.args and position >= before:
        args = list(ev.spread(expr.args, scope))
        if position - before < len(args):
            return args[position - before]
    return None
