"""What calls evaluate to: functions and classes of the tree, names from outside, methods of lists, mappings and texts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.scope import MUTATORS, Scope
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
    Unknown,
    Value,
    either,
)

if TYPE_CHECKING:
    from graphinv.ingest.support.python.evaluate import Evaluator

Given = tuple[tuple[str | None, Value], ...]
_SAME = frozenset({"list", "tuple", "set", "frozenset", "sorted", "reversed", "iter"})
_PASS = frozenset(
    {"asyncio.run", "anyio.run", "copy.copy", "copy.deepcopy", "asyncio.create_task", "asyncio.ensure_future", "nest_asyncio.run"}
)
_ENTERS = frozenset({"enter_context", "enter_async_context"})
_TEXT = frozenset({"strip", "lstrip", "rstrip", "lower", "upper", "title", "replace", "removeprefix", "removesuffix"})
MAX_FRAMES = 5
"""Functions calling functions that are followed with their arguments."""
MAX_NESTED = 2
"""Calls of one function inside a call of it that are followed."""


def call(ev: Evaluator, expr: ir.Call, scope: Scope) -> Value:
    """The value of a call."""
    if isinstance(expr.func, ir.Attr) and expr.func.attr in _ENTERS and expr.args:
        return ev.evaluate(expr.args[0], scope)  # as of ``with … as name``: for all that is known, the object itself
    callees = ev.evaluate(expr.func, scope).options()
    known = [one for one in callees if not _of_nothing(one)] or callees
    return either(scope.module, expr.line, [call_value(ev, one, expr, scope, ()) for one in known])


def _of_nothing(callee: Value) -> bool:
    """Whether it is a method of ``None``, which is what an attribute holds until it is set."""
    return isinstance(callee, Bound) and isinstance(callee.receiver, Const) and callee.receiver.value is None


def call_value(ev: Evaluator, callee: Value, expr: ir.Call, scope: Scope, given: Given) -> Value:
    """The value of calling ``callee`` with the arguments of ``expr`` after those ``given`` before."""
    if isinstance(callee, External):
        return _outside(ev, callee, expr, scope, given)
    if isinstance(callee, FunctionV):
        return call_function(ev, callee, expr, scope, given)
    if isinstance(callee, ClassV):
        return Made(
            scope.module, expr.line, ev.base_name(callee), expr, scope, key_of(ev, expr, scope), callee, given=given, reader=ev.argument
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
            method = ev.class_attribute(callee.cls, "__call__", callee)
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


def key_of(ev: Evaluator, expr: ir.Call, scope: Scope) -> tuple[Any, ...]:
    """Identity of what a call makes: its place, and what is bound of that which it depends on."""
    place = (scope.module.path, expr.line, expr.place)
    found: list[Any] = []
    current: Scope | None = scope
    names: set[str] = set(ev.names(expr))
    while current is not None and current.key:
        own, loops, outer = ev.depends(current, names)
        wanted = (names | own | loops) - _same_for_all(ev, current)
        found.extend(key for bound, key in current.parts if bound & wanted)
        names = set(outer)
        current = current.parent
    return (*place, *found)


def _same_for_all(ev: Evaluator, scope: Scope) -> set[str]:
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


def result(ev: Evaluator, function: FunctionV) -> Value:
    """What a function returns where nothing is known of its arguments but ``self``."""
    return _returned(ev, function, body_scope(ev, function))


def body_scope(ev: Evaluator, function: FunctionV) -> Scope:
    """The scope of a function's body with what is known of its arguments before it is called: ``self``, and what a partial brings."""
    scope = ev.inner(function.scope, function.function)
    if isinstance(function.owner, Made) and function.cls is not None:
        scope = ev.method_scope(function.cls, function.function, function.owner)
    if function.given:
        names = [param.name for param in function.function.params if param.kind == "positional" and param.name not in scope.bindings]
        places = [value for name, value in function.given if name is None]
        known = dict(zip(names, places, strict=False)) | {name: value for name, value in function.given if name is not None}
        key = tuple((name, value.key if isinstance(value, Made) else (value.module.path, value.line)) for name, value in known.items())
        scope = scope.bound(known, ("partial", key))
    return scope


def _returned(ev: Evaluator, function: FunctionV, scope: Scope) -> Value:
    returns = scope.table.returns
    if not returns:
        return Const(function.module, function.line, None)
    if scope.depth > MAX_FRAMES:
        return Unknown(function.module, function.line, "it calls itself too deeply")
    values = [ev.evaluate(one.value, inner) for one in returns for inner in ev.loop_scopes(scope, one.value)]
    useful = [value for value in values if not (isinstance(value, Const) and value.value is None)]
    return either(function.module, function.line, useful or values)


def frame(ev: Evaluator, function: FunctionV, expr: ir.Call, scope: Scope, given: Given = (), *, entered: bool = False) -> Scope:
    """The scope of ``function`` called by ``expr``; ``entered`` where its body is gone through for itself: as many calls are followed from
    it as from any other."""
    inner = ev.inner(function.scope, function.function)
    method = _is_method(function)
    skip = 1 if method and (function.owner is not None or _is_class_method(function.function)) else 0
    bindings = bind(ev, function.function, expr, scope, function.scope, skip=skip, given=given)
    instance = function.owner if skip and isinstance(function.owner, Made) else None
    if instance is not None and function.function.params:
        bindings[function.function.params[0].name] = instance
    key: tuple[Any, ...] = ("call", scope.module.path, expr.line, expr.place, *(scope.key if scope.depth < MAX_FRAMES or entered else ()))
    if entered:
        key = ("entered", key)
    return inner.bound(bindings, key if instance is None else (*key, instance.key), instance, inner.depth if entered else scope.depth + 1)


def call_function(ev: Evaluator, function: FunctionV, expr: ir.Call, scope: Scope, given: Given) -> Value:
    """What a function of the tree returns for these arguments."""
    static = ev.inner(function.scope, function.function)
    if not static.table.returns and not function.function.full:
        return Unknown(scope.module, expr.line, f"what {function.name[:60]} returns is not known")
    if scope.depth > MAX_FRAMES or not ev.fuel():
        return Unknown(scope.module, expr.line, "functions call each other too deeply")
    if not function.scope.key and not isinstance(function.owner, Made):
        own = frozenset[str]()
        for one in static.table.returns:
            own |= ev.depends(static, ev.names(one.value))[0]
        if not own:
            return _returned(ev, function, static)
    nested = ev.calling.get(id(function.function), 0)
    if nested >= MAX_NESTED:
        return Unknown(scope.module, expr.line, f"{function.name[:60]} calls itself")
    ev.calling[id(function.function)] = nested + 1
    try:
        return _returned(ev, function, frame(ev, function, expr, scope, given))
    finally:
        ev.calling[id(function.function)] = nested


def _is_method(function: FunctionV) -> bool:
    static = any(isinstance(one, ir.Name) and one.id == "staticmethod" for one in function.function.decorators)
    return function.cls is not None and not static


def _is_class_method(function: ir.Function) -> bool:
    return any(isinstance(one, ir.Name) and one.id == "classmethod" for one in function.decorators)


def bind(
    ev: Evaluator, function: ir.Function, expr: ir.Call, scope: Scope, defined: Scope, *, skip: int = 0, given: Given = ()
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


def initialiser(ev: Evaluator, cls: ClassV) -> tuple[ClassV, ir.Function] | None:
    """``__init__`` of a class of the tree or of what it inherits from in the tree, and the class that defines it."""
    for one in ev.ancestry(cls):
        for entry in ev.table(one.cls).names.get("__init__", ()):
            if isinstance(entry.statement, ir.Function):
                return one, entry.statement
    return None


# --------------------------------------------------------------------------------------------------------------------------------
# Arguments of what was made


def stated(ev: Evaluator, made: Made, name: str, position: int | None) -> Value | None:
    """The argument as the call itself states it."""
    found = _in_call(ev, made.call, made.scope, name, position, sum(1 for one, _ in made.given if one is None))
    if found is not None:
        return found
    places = [value for key, value in made.given if key is None]
    if position is not None and position < len(places):
        return places[position]
    return next((value for key, value in reversed(made.given) if key == name), None)


def _in_call(ev: Evaluator, expr: ir.Call, scope: Scope, name: str, position: int | None, before: int = 0) -> Value | None:
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


def argument(ev: Evaluator, made: Made, name: str, position: int | None) -> Value | None:
    """An argument of what was made: as stated, or, of a class of the tree, as its ``super().__init__`` and its body say."""
    if made.cls is None:
        return stated(ev, made, name, position)
    found = initialiser(ev, made.cls)
    if found is None:
        direct = stated(ev, made, name, position)
        return direct if direct is not None else ev.instance_attribute(made, name)
    cls, function = found
    scope = ev.method_scope(cls, function, made)
    for statement in function.body:
        inner = statement.value if isinstance(statement, (ir.Do, ir.Assign)) else None
        if isinstance(inner, ir.Call) and _is_super(inner):
            value = _in_call(ev, inner, scope, name, position)
            if value is not None and not isinstance(value, Unknown):
                return value
    return ev.instance_attribute(made, name)


def _is_super(expr: ir.Call) -> bool:
    """``super().__init__(…)`` or ``Base.__init__(self, …)``"""
    return isinstance(expr.func, ir.Attr) and expr.func.attr == "__init__"


# --------------------------------------------------------------------------------------------------------------------------------
# Names from outside


def _outside(ev: Evaluator, callee: External, expr: ir.Call, scope: Scope, given: Given) -> Value:
    name = callee.dotted
    if name.startswith("builtins."):
        known = _builtin(ev, name.removeprefix("builtins."), expr, scope)
        if known is not None:
            return known
    if name in {"os.getenv", "os.environ.get", "os.environ.setdefault", "os.environ.pop"} and expr.args:
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


def _builtin(ev: Evaluator, name: str, expr: ir.Call, scope: Scope) -> Value | None:
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
        listed = ev.iterated(args[0], scope, line)
        return ListV(
            scope.module, line, tuple(ListV(scope.module, line, (Const(scope.module, line, i), one)) for i, one in enumerate(listed))
        )
    if name == "zip" and args:
        columns = [ev.iterated(one, scope, line) for one in args]
        return ListV(scope.module, line, tuple(ListV(scope.module, line, row) for row in zip(*columns, strict=False)))
    if name == "map" and len(args) == 2:
        return ListV(scope.module, line, tuple(_applied(ev, args[0], one, expr, scope) for one in ev.iterated(args[1], scope, line)))
    if name == "filter" and len(args) == 2:
        return _as_list(ev, args[1], scope, line)
    if name == "str" and args:
        return args[0] if isinstance(args[0], (Const, EnvVar)) else None
    if name == "getattr" and len(args) >= 2 and args[1].text() is not None:
        return ev.attribute(args[0], str(args[1].text()), scope, line)
    if name in {"next", "min", "max"} and args:
        return either(scope.module, line, ev.iterated(args[0], scope, line)) if len(args) < 3 else None
    return None


_HANDLED = _SAME | {"dict", "len", "enumerate", "zip", "map", "filter", "str", "getattr", "next", "min", "max"}


def _applied(ev: Evaluator, function: Value, item: Value, expr: ir.Call, scope: Scope) -> Value:
    bare = ir.Call(expr.func, (), (), expr.line, expr.place)
    values = []
    for option in function.options():
        if isinstance(option, FunctionV):
            inner = ev.inner(option.scope, option.function)
            names = [param.name for param in option.function.params][:1]
            bound = inner.bound({names[0]: item} if names else {}, ("item", expr.line, expr.place, id(item)))
            values.append(_returned(ev, option, bound))
        else:
            values.append(call_value(ev, option, bare, scope, ((None, item),)))
    return either(scope.module, expr.line, values)


def _as_list(ev: Evaluator, value: Value, scope: Scope, line: int) -> Value:
    if isinstance(value, Either):
        return either(scope.module, line, [_as_list(ev, one, scope, line) for one in value.values])
    if isinstance(value, DictV):
        return ListV(scope.module, line, tuple(key for key, _ in value.items))
    return value


def _method(ev: Evaluator, callee: Bound, expr: ir.Call, scope: Scope) -> Value | None:
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
            )
        if attr == "join":
            return Unknown(scope.module, line, "it is put together when it runs")
        return Const(scope.module, line, receiver.value, False, receiver.secrets)
    if isinstance(receiver, EnvVar):
        return receiver
    if isinstance(receiver, External) and receiver.dotted == "os.environ":
        return None
    if isinstance(receiver, ModuleV):
        return None
    return None


def _of_mapping(ev: Evaluator, receiver: DictV, attr: str, expr: ir.Call, scope: Scope) -> Value:
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
