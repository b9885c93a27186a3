"""What operators, subscripts, loops and methods make of values that are already known; nothing is evaluated here."""

from __future__ import annotations

from collections.abc import Iterator

from graphinv.ingest.support.python import ir
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
    Place,
    Unknown,
    Value,
    either,
)

MAX_ITEMS = 2000
MAX_TEXT = 2000
MAX_VARIABLES = 20
"""Variables of one text that are remembered."""
MAX_COUNTED = 16
"""Turns of a loop over a range that are told apart."""


def added(left: Value, op: str, right: Value, module: ir.Module, line: int) -> Value:
    """``left op right``; a pipeline or two lists one after the other are a list of what is in them."""
    if isinstance(left, Either) and isinstance(right, Either):
        left = left.values[0] if not isinstance(left.values[0], Unknown) else left.values[-1]
    for option, other, first in ((left, right, True), (right, left, False)):
        if isinstance(option, Either):
            pairs = [(one, other) if first else (other, one) for one in option.values]
            return either(module, line, [added(a, op, b, module, line) for a, b in pairs])
    if isinstance(left, ListV) or isinstance(right, ListV):
        joined = [pair for side in (left, right) for pair in (side.placed() if isinstance(side, ListV) else ((side, None),))][:MAX_ITEMS]
        places = tuple(place or (module, line) for _, place in joined)
        return ListV(module, line, tuple(one for one, _ in joined), places)
    if isinstance(left, DictV) and isinstance(right, DictV):
        return DictV(module, line, (*left.items, *right.items)[:MAX_ITEMS], (*left.rest, *right.rest))
    if op in {"+", "-"} and isinstance(left, Const) and isinstance(right, Const) and type(left.value) is type(right.value) is int:
        number = left.value + right.value if op == "+" else left.value - right.value
        # Counting backwards past the beginning is what a condition before it excludes.
        return Const(module, line, number) if number >= 0 else Unknown(module, line, "it is less than nothing")
    if op == "%" and isinstance(left, Const) and isinstance(left.value, str):
        return Const(module, line, left.value, False, left.secrets, variables_in(left, right))
    if op == "+" and any(isinstance(side, Const) and isinstance(side.value, str) for side in (left, right)):
        known = [as_text(side) for side in (left, right)]
        complete = None not in known and all(not isinstance(side, Const) or side.complete for side in (left, right))
        text = "".join("{…}" if one is None else one for one in known)
        secrets = tuple(secret for side in (left, right) if isinstance(side, Const) for secret in side.secrets)
        return Const(module, line, text[:MAX_TEXT], complete, secrets, variables_in(left, right))
    if op in {"|", ">>", "<<"} and any(isinstance(side, (Made, Bound, FunctionV, External)) for side in (left, right)):
        return ListV(module, line, (left, right))  # a pipeline: what is in it is what it does
    if (
        op == "+"
        and any(isinstance(side, (Made, Bound)) for side in (left, right))
        and not any(isinstance(side, Const) for side in (left, right))
    ):
        return ListV(module, line, (left, right))  # lists that calls returned, one after the other
    return Unknown(module, line, f"it is the result of {op}")


def item(base: Value, index: Value, module: ir.Module, line: int) -> Value:
    """``base[index]``"""
    if isinstance(base, Either):
        return either(module, line, [item(one, index, module, line) for one in base.values])
    if isinstance(base, External):
        name = as_text(index)
        if base.dotted in {"os.environ", "streamlit.secrets"} and name is not None:
            return EnvVar(module, line, name)
        return base  # a generic such as Agent[Context], or something of another package
    if isinstance(base, (ClassV, FunctionV)):
        return base
    if isinstance(base, EnvVar):
        name = as_text(index)
        return EnvVar(module, line, f"{base.name}.{name}") if name is not None else base
    if isinstance(base, DictV):
        if isinstance(index, Const):
            found = [value for key, value in base.items if isinstance(key, Const) and key.value == index.value][-1:]
            found = found or list(base.rest)
            return either(module, line, found) if found else Unknown(module, line, "its key is in no known part of the mapping")
        return either(module, line, [*(value for _, value in base.items), *base.rest])
    if isinstance(base, ListV) and isinstance(index, Const) and isinstance(index.value, int):
        try:
            return base.items[index.value]
        except IndexError:
            return Unknown(module, line, "its index is in no known part of the list")
    if isinstance(base, ListV) and base.items:
        return either(module, line, list(base.items)) if not isinstance(index, Unknown) else base
    if isinstance(base, (Made, Bound)):
        name = as_text(index)
        return Bound(module, line, base, f"[{name}]" if name is not None else "[]")
    return base if isinstance(base, Unknown) else Unknown(module, line, "it is an item of something unknown")


def mutated(value: Value, method: str, args: list[Value], module: ir.Module, line: int) -> Value:
    """A list or mapping after a call of one of its methods."""
    if isinstance(value, DictV):
        extra = args[0] if args else None
        if method == "update" and isinstance(extra, DictV):
            return DictV(value.module, value.line, (*value.items, *extra.items)[:MAX_ITEMS], (*value.rest, *extra.rest))
        if method == "setdefault" and len(args) == 2:
            return DictV(value.module, value.line, (*value.items, (args[0], args[1])), value.rest)
        return value
    pairs: list[tuple[Value, Place | None]] = list(value.placed()) if isinstance(value, ListV) else [(value, None)]
    here = module, line
    if method in {"append", "add"}:
        pairs.extend((one, here) for one in args[:1])
    elif method == "insert":
        pairs.extend((one, here) for one in args[1:2])
    elif method in {"extend", "update"} and args:
        for option in args[0].options():
            pairs.extend(option.placed() if isinstance(option, ListV) else ((option, here),))
    pairs = pairs[:MAX_ITEMS]
    return ListV(value.module, value.line, tuple(one for one, _ in pairs), tuple(place or here for _, place in pairs))


def iterated(value: Value, module: ir.Module, line: int) -> list[Value]:
    """The values that a loop over ``value`` takes."""
    found: list[Value] = []
    for option in value.options():
        if isinstance(option, ListV):
            found.extend(option.items)
        elif isinstance(option, DictV):
            found.extend(key for key, _ in option.items)
        elif isinstance(option, Unknown):
            found.append(option)
        elif isinstance(option, (Made, Bound)) and not counted(option):
            found.append(Bound(module, line, option, "[]"))
        else:
            found.extend(counted(option) or (Unknown(module, line, "what is looped over is not known"),))
    return found


def destructured(target: ir.Expr, value: Value, module: ir.Module) -> Iterator[tuple[str, Value]]:
    """Names in ``target`` with the parts of ``value`` that they get."""
    if isinstance(target, ir.Name):
        yield target.id, value
    elif isinstance(target, ir.Star):
        yield from destructured(target.value, value, module)
    elif isinstance(target, ir.Items):
        for index, part in enumerate(target.items):
            known = isinstance(value, ListV) and index < len(value.items) and not isinstance(part, ir.Star)
            inner = value.items[index] if known and isinstance(value, ListV) else None
            if inner is None and isinstance(value, (Made, Bound)):
                inner = Bound(module, target.line, value, f"[{index}]")
            elif inner is None:
                inner = Unknown(module, target.line, "it is a part of something unknown")
            yield from destructured(part, inner, module)


def counted(value: Value) -> list[Value]:
    """What ``range(3)`` counts, where that is few."""
    if not isinstance(value, Made) or value.callee != "builtins.range" or not 0 < len(value.call.args) < 3 or value.call.kwargs:
        return []
    ends = [given.value if isinstance(given := value.passed("", place), Const) else None for place in range(len(value.call.args))]
    whole = [end for end in ends if isinstance(end, int)]
    if len(whole) < len(ends) or not 0 < (counted := range(*whole)).stop - counted.start <= MAX_COUNTED:
        return []
    return [Const(value.module, value.line, number) for number in counted]


def as_text(value: Value) -> str | None:
    """A constant as it stands in a text; of an incomplete one the known parts."""
    if isinstance(value, Const):
        return None if value.value is None else str(value.value)
    return value.text()


def variables_in(*values: Value) -> tuple[EnvVar, ...]:
    """The variables that a text is put together from."""
    found: list[EnvVar] = []
    for value in values:
        for part in value.items if isinstance(value, ListV) else (value,):
            for option in part.options():
                found.extend([option] if isinstance(option, EnvVar) else option.variables if isinstance(option, Const) else ())
    return tuple(found[:MAX_VARIABLES])
