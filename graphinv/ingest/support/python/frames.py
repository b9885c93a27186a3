"""The scopes in which functions of the tree run when they are called, and what they return."""

from __future__ import annotations

from typing import Any

from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.arguments import Given, bind
from graphinv.ingest.support.python.classes import is_class_method, is_static
from graphinv.ingest.support.python.evaluation import Evaluation
from graphinv.ingest.support.python.loops import loop_scopes
from graphinv.ingest.support.python.values import ClassV, Const, FunctionV, Made, Scope, Unknown, Value, either

MAX_FRAMES = 5
"""Functions calling functions that are followed with their arguments."""


def method_scope(ev: Evaluation, cls: ClassV, function: ir.Function, made: Made) -> Scope:
    """The scope of a method called on ``made``; of ``__init__`` with the arguments that it was made with."""
    body = ev.inner(cls.scope, cls.cls)
    scope = ev.inner(body, function)
    bindings: dict[str, Value] = {function.params[0].name: made} if function.params else {}
    if function.name == "__init__" and made.key[:1] != ("class",):
        bindings |= bind(ev, function, made.call, made.scope, body, skip=1, given=made.given)
    return scope.bound(bindings, ("self", made.key), made)


def body_scope(ev: Evaluation, function: FunctionV) -> Scope:
    """The scope of a function's body with what is known of its arguments before it is called: ``self``, and what a partial brings."""
    scope = ev.inner(function.scope, function.function)
    if isinstance(function.owner, Made) and function.cls is not None:
        scope = method_scope(ev, function.cls, function.function, function.owner)
    if function.given:
        names = [param.name for param in function.function.params if param.kind == "positional" and param.name not in scope.bindings]
        places = [value for name, value in function.given if name is None]
        known = dict(zip(names, places, strict=False)) | {name: value for name, value in function.given if name is not None}
        key = tuple((name, value.key if isinstance(value, Made) else (value.module.path, value.line)) for name, value in known.items())
        scope = scope.bound(known, ("partial", key))
    return scope


def frame(ev: Evaluation, function: FunctionV, expr: ir.Call, scope: Scope, given: Given = (), *, entered: bool = False) -> Scope:
    """The scope of ``function`` called by ``expr``; ``entered`` where its body is gone through for itself: as many calls are followed from
    it as from any other."""
    inner = ev.inner(function.scope, function.function)
    method = function.cls is not None and not is_static(function.function)
    skip = 1 if method and (function.owner is not None or is_class_method(function.function)) else 0
    bindings = bind(ev, function.function, expr, scope, function.scope, skip=skip, given=given)
    instance = function.owner if skip and isinstance(function.owner, Made) else None
    if instance is not None and function.function.params:
        bindings[function.function.params[0].name] = instance
    key: tuple[Any, ...] = ("call", scope.module.path, expr.line, expr.place, *(scope.key if scope.depth < MAX_FRAMES or entered else ()))
    if entered:
        key = ("entered", key)
    return inner.bound(bindings, key if instance is None else (*key, instance.key), instance, inner.depth if entered else scope.depth + 1)


def result(ev: Evaluation, function: FunctionV) -> Value:
    """What a function returns where nothing is known of its arguments but ``self``."""
    return returned(ev, function, body_scope(ev, function))


def returned(ev: Evaluation, function: FunctionV, scope: Scope) -> Value:
    """What a function returns whose body runs in ``scope``."""
    returns = scope.table.returns
    if not returns:
        return Const(function.module, function.line, None)
    if scope.depth > MAX_FRAMES:
        return Unknown(function.module, function.line, "it calls itself too deeply")
    values = [ev.evaluate(one.value, inner) for one in returns for inner in loop_scopes(ev, scope, one.value)]
    useful = [value for value in values if not (isinstance(value, Const) and value.value is None)]
    return either(function.module, function.line, useful or values)
