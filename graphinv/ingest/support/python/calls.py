"""What calls evaluate to: functions and classes of the tree, names from outside, methods of lists, mappings and texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.arguments import Given
from graphinv.ingest.support.python.classes import base_name, initialiser
from graphinv.ingest.support.python.evaluation import Evaluation
from graphinv.ingest.support.python.frames import MAX_FRAMES, frame, returned
from graphinv.ingest.support.python.objects import attribute, class_attribute
from graphinv.ingest.support.python.operations import iterated, variables_in
from graphinv.ingest.support.python.tables import MUTATORS
from graphinv.ingest.support.python.values import (
    Bound,
    ClassV,
    Const,
    DictV,
    Either,
    EnvVar,
    External,
    FunctionV,
    ListV,
    Made,
    ModuleV,
    Partial,
    Scope,
    Unknown,
    Value,
    either,
)

_SAME = frozenset({"list", "tuple", "set", "frozenset", "sorted", "reversed", "iter"})
_PASS = frozenset(
    {"asyncio.run", "anyio.run", "copy.copy", "copy.deepcopy", "asyncio.create_task", "asyncio.ensure_future", "nest_asyncio.run"}
)
_VARIABLES = frozenset(
    {
        "os.getenv",
        "os.environ.get",
        "os.environ.setdefault",
        "os.environ.pop",
        "decouple.config",
        "google.colab.userdata.get",
        "streamlit.secrets.get",
    }
)
"""What returns a variable of the environment, or a secret that is kept for the program as one is."""
_ENTERS = frozenset({"enter_context", "enter_async_context"})
_TEXT = frozenset({"strip", "lstrip", "rstrip", "lower", "upper", "title", "replace", "removeprefix", "removesuffix"})
MAX_NESTED = 2
"""Calls of one function inside a call of it that are followed."""


def call(ev: Evaluation, expr: ir.Call, scope: Scope) -> Value:
    """The value of a call."""
    if isinstance(expr.func, ir.Attr) and expr.func.attr in _ENTERS and expr.args:
        return ev.evaluate(expr.args[0], scope)  # as of ``with … as name``: for all that is known, the object itself
    callees = ev.evaluate(expr.func, scope).options()
    known = [one for one in callees if not _of_nothing(one)] or callees
    return either(scope.module, expr.line, [call_value(ev, one, expr, scope, ()) for one in known])


def _of_nothing(callee: Value) -> bool:
    """Whether it is a method of ``None``, which is what an attribute holds until it is set."""
    return isinstance(callee, Bound) and isinstance(callee.receiver, Const) and callee.receiver.value is None


def call_value(ev: Evaluation, callee: Value, expr: ir.Call, scope: Scope, given: Given) -> Value:
    """The value of calling ``callee`` with the arguments of ``expr`` after those ``given`` before."""
    if isinstance(callee, External):
        return _outside(ev, callee, expr, scope, given)
    if isinstance(callee, FunctionV):
        return call_function(ev, callee, expr, scope, given)
    if isinstance(callee, ClassV):
        return Made(
            scope.module, expr.line, base_name(ev, callee), expr, scope, key_of(ev, expr, scope), callee, given=given, reader=ev.argument
        )
    if isinstance(callee, Partial):
        merged: Given = (*((None, value) for value in callee.args), *callee.kwargs, *given)
        return call_value(ev, callee.target, expr, scope, merged)
    if isinstance(callee, Bound):
        known = _method(ev, callee, expr, scope)
        if known is not None:
            return known
        receiver = callee.receiver
        name = f"{dotted(receiver)}.{callee.attr}".lstrip(".")
        return Made(scope.module, expr.line, name, expr, scope, key_of(ev, expr, scope), None, receiver, given, ev.argument)
    if isinstance(callee, Made):
        if callee.cls is not None:
            method = class_attribute(ev, callee.cls, "__call__", callee)
            if isinstance(method, FunctionV):
                return call_function(ev, method, expr, scope, given)
        name = f"{callee.callee}.__call__"
        return Made(scope.module, expr.line, name, expr, scope, key_of(ev, expr, scope), None, callee, given, ev.argument)
    if isinstance(callee, Unknown):
        return Unknown(scope.module, expr.line, callee.reason)
    return Unknown(scope.module, expr.line, "what is called is not known")


def dotted(value: Value) -> str:
    """What a value was made by, as a dotted name."""
    if isinstance(value, Made):
        return value.callee or (value.cls.name if value.cls else "")
    if isinstance(value, External):
        return value.dotted
    if isinstance(value, Bound):
        return f"{dotted(value.receiver)}.{value.attr}"
    return value.name if isinstance(value, (FunctionV, ClassV)) else ""


def key_of(ev: Evaluation, expr: ir.Call, scope: Scope) -> tuple[Any, ...]:
    """Identity of what a call makes: its place, and what is bound of that which it depends on."""
    place = (scope.module.path, expr.line, expr.place)
    found: list[Any] = []
    current: Scope | None = scope
    names: set[str] = set(ev.dependencies.names(expr))
    while current is not None and current.key:
        own, loops, outer = ev.dependencies.of(current, names)
        wanted = (names | own | loops) - _same_for_all(ev, current)
        found.extend(key for bound, key in current.parts if bound & wanted)
        names = set(outer)
        current = current.parent
    return (*place, *found)


def _same_for_all(ev: Evaluation, scope: Scope) -> set[str]:
    """``self`` where all instances of its class are made in the same way."""
    instance = scope.instance
    function = scope.function
    if not isinstance(instance, Made) or instance.cls is None or function is None or not function.params:
        return set()
    found = initialiser(ev, instance.cls)
    plain = len(found[1].params) < 2 if found is not None else not (instance.call.args or instance.call.kwargs)
    return {function.params[0].name} if plain else set()


# --------------------------------------------------------------------------------------------------------------------------------
# Functions and classes of the tree


def call_function(ev: Evaluation, function: FunctionV, expr: ir.Call, scope: Scope, given: Given) -> Value:
    """What a function of the tree returns for these arguments."""
    static = ev.inner(function.scope, function.function)
    if not static.table.returns and not function.function.full:
        return Unknown(scope.module, expr.line, f"what {function.name[:60]} returns is not known")
    if scope.depth > MAX_FRAMES or not ev.budget.left():
        return Unknown(scope.module, expr.line, "functions call each other too deeply")
    if not function.scope.key and not isinstance(function.owner, Made):
        own = frozenset[str]()
        for one in static.table.returns:
            own |= ev.dependencies.of(static, ev.dependencies.names(one.value))[0]
        if not own:
            return returned(ev, function, static)
    nested = ev.calling.get(id(function.function), 0)
    if nested >= MAX_NESTED:
        return Unknown(scope.module, expr.line, f"{function.name[:60]} calls itself")
    ev.calling[id(function.function)] = nested + 1
    try:
        return returned(ev, function, frame(ev, function, expr, scope, given))
    finally:
        ev.calling[id(function.function)] = nested


# --------------------------------------------------------------------------------------------------------------------------------
# Names from outside


def _outside(ev: Evaluation, callee: External, expr: ir.Call, scope: Scope, given: Given) -> Value:
    name = callee.dotted
    if name.startswith("builtins."):
        known = _builtin(ev, name.removeprefix("builtins."), expr, scope)
        if known is not None:
            return known
    if name in _VARIABLES and expr.args:
        variable = ev.evaluate(expr.args[0], scope).text()
        if variable is not None:
            default = (
                ev.evaluate(expr.args[1], scope) if len(expr.args) > 1 else next((ev.evaluate(v, scope) for k, v in expr.kwargs), None)
            )
            return EnvVar(scope.module, expr.line, variable, default)
    if (name in _PASS or name.endswith(".run_until_complete")) and expr.args:
        return ev.evaluate(expr.args[0], scope)
    if name in {"functools.partial", "functools.partialmethod"} and expr.args:
        args = list(ev.spread(expr.args, scope))
        return Partial(
            scope.module, expr.line, args[0], tuple(args[1:]), tuple((key, ev.evaluate(value, scope)) for key, value in expr.kwargs)
        )
    if name in {"typing.cast", "typing_extensions.cast"} and len(expr.args) == 2:
        return ev.evaluate(expr.args[1], scope)
    if name == "asyncio.gather":
        return ListV(scope.module, expr.line, tuple(ev.spread(expr.args, scope)))
    return Made(scope.module, expr.line, name, expr, scope, key_of(ev, expr, scope), None, None, given, ev.argument)


def _builtin(ev: Evaluation, name: str, expr: ir.Call, scope: Scope) -> Value | None:
    args = list(ev.spread(expr.args, scope)) if name in _HANDLED else []
    line = expr.line
    if name in _SAME:
        return _as_list(ev, args[0], scope, line) if args else ListV(scope.module, line, ())
    if name == "dict":
        items: list[tuple[Value, Value]] = [
            (Const(scope.module, line, key), ev.evaluate(value, scope)) for key, value in expr.kwargs if key is not None
        ]
        rest = [ev.evaluate(value, scope) for key, value in expr.kwargs if key is None]
        for extra in [*args, *rest]:
            if isinstance(extra, DictV):
                items = [*extra.items, *items]
        return DictV(scope.module, line, tuple(items))
    if name == "len" and args:
        counted = args[0]
        if isinstance(counted, ListV) and not any(isinstance(part, Unknown) for part in counted.items):
            return Const(scope.module, line, len(counted.items))
        return None
    if name == "enumerate" and args:
        listed = iterated(args[0], scope.module, line)
        return ListV(
            scope.module, line, tuple(ListV(scope.module, line, (Const(scope.module, line, i), one)) for i, one in enumerate(listed))
        )
    if name == "zip" and args:
        columns = [iterated(one, scope.module, line) for one in args]
        return ListV(scope.module, line, tuple(ListV(scope.module, line, row) for row in zip(*columns, strict=False)))
    if name == "map" and len(args) == 2:
        return ListV(scope.module, line, tuple(_applied(ev, args[0], one, expr, scope) for one in iterated(args[1], scope.module, line)))
    if name == "filter" and len(args) == 2:
        return _as_list(ev, args[1], scope, line)
    if name == "str" and args:
        return args[0] if isinstance(args[0], (Const, EnvVar)) else None
    if name == "getattr" and len(args) >= 2 and args[1].text() is not None:
        return attribute(ev, args[0], str(args[1].text()), scope, line)
    if name in {"next", "min", "max"} and args:
        return either(scope.module, line, iterated(args[0], scope.module, line)) if len(args) < 3 else None
    return None


_HANDLED = _SAME | {"dict", "len", "enumerate", "zip", "map", "filter", "str", "getattr", "next", "min", "max"}


def _applied(ev: Evaluation, function: Value, item: Value, expr: ir.Call, scope: Scope) -> Value:
    bare = ir.Call(expr.func, (), (), expr.line, expr.place)
    values = []
    for option in function.options():
        if isinstance(option, FunctionV):
            inner = ev.inner(option.scope, option.function)
            names = [param.name for param in option.function.params][:1]
            bound = inner.bound({names[0]: item} if names else {}, ("item", expr.line, expr.place, id(item)))
            values.append(returned(ev, option, bound))
        else:
            values.append(call_value(ev, option, bare, scope, ((None, item),)))
    return either(scope.module, expr.line, values)


def _as_list(ev: Evaluation, value: Value, scope: Scope, line: int) -> Value:
    if isinstance(value, Either):
        return either(scope.module, line, [_as_list(ev, one, scope, line) for one in value.values])
    if isinstance(value, DictV):
        return ListV(scope.module, line, tuple(key for key, _ in value.items))
    return value


def _method(ev: Evaluation, callee: Bound, expr: ir.Call, scope: Scope) -> Value | None:
    """Methods of lists, mappings and texts."""
    receiver, attr, line = callee.receiver, callee.attr, expr.line
    if isinstance(receiver, DictV):
        return _of_mapping(ev, receiver, attr, expr, scope)
    if isinstance(receiver, ListV):
        if attr == "copy":
            return receiver
        if attr == "pop" and receiver.items:
            return either(scope.module, line, list(receiver.items))
        plain = attr in MUTATORS or attr in {"index", "count", "sort", "reverse", "remove", "clear", "pop"}
        return Unknown(scope.module, line, f"it is the result of {attr}") if plain else None
    if isinstance(receiver, Const) and isinstance(receiver.value, str):
        if attr in _TEXT and not expr.args:
            return Const(
                scope.module,
                line,
                getattr(receiver.value, attr)() if attr not in {"replace", "removeprefix", "removesuffix"} else receiver.value,
                receiver.complete,
                receiver.secrets,
                receiver.variables,
            )
        if attr == "join":
            return Unknown(scope.module, line, "it is put together when it runs")
        given = [ev.evaluate(one, scope) for one in (*expr.args, *(value for _, value in expr.kwargs))] if attr == "format" else []
        return Const(scope.module, line, receiver.value, False, receiver.secrets, variables_in(receiver, *given))
    if isinstance(receiver, EnvVar):
        return receiver
    if isinstance(receiver, External) and receiver.dotted == "os.environ":
        return None
    if isinstance(receiver, ModuleV):
        return None
    return None


def _of_mapping(ev: Evaluation, receiver: DictV, attr: str, expr: ir.Call, scope: Scope) -> Value:
    line = expr.line
    if attr in {"values", "copy", "keys", "items"}:
        if attr == "copy":
            return receiver
        parts: Iterator[Value] = iter(value for _, value in receiver.items)
        if attr == "keys":
            parts = iter(key for key, _ in receiver.items)
        elif attr == "items":
            parts = iter(ListV(scope.module, line, pair) for pair in receiver.items)
        return ListV(scope.module, line, (*parts, *receiver.rest))
    if attr in {"get", "pop", "setdefault"} and expr.args:
        args = list(ev.spread(expr.args, scope))
        key = args[0].text()
        if key is not None:
            found = receiver.get(key)
            if found is not None:
                return found
            return (
                args[1]
                if len(args) > 1 and not receiver.rest
                else Unknown(scope.module, line, "its key is in no known part of the mapping")
            )
        return either(scope.module, line, [*(value for _, value in receiver.items), *args[1:2]])
    return Unknown(scope.module, line, f"it is the result of {attr[:40]}")
