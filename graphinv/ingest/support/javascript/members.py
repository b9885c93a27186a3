"""What methods of arrays, objects and texts, and a few global functions, give."""

from __future__ import annotations

from collections.abc import Callable

from graphinv.ingest.support.javascript.values import Const, DictV, FunctionV, ListV, Unknown, Value, either

Run = Callable[[Value, tuple[Value, ...], int], Value]
"""Calls a function value with arguments; the number tells the calls of one place apart."""

MAX_ITEMS = 200


def array_method(  # noqa: PLR0911 - one case per method
    receiver: Value, name: str, args: tuple[Value, ...], run: Run, path: str, line: int
) -> Value | None:
    """What ``receiver.name(args)`` gives where the receiver is a list or an object that is known; None where it is not one of theirs."""
    if name == "then":
        return run(args[0], (receiver,), 0) if args and isinstance(args[0], FunctionV) else receiver
    if name == "bind":
        return receiver
    if not isinstance(receiver, ListV):
        return None
    items = receiver.items[:MAX_ITEMS]
    if name in ("filter", "slice", "sort", "reverse", "toSorted", "values"):
        return receiver
    if name == "concat":
        more = [item for arg in args for item in (arg.items if isinstance(arg, ListV) else (arg,))]
        return ListV(path, line, (*receiver.items, *more))
    if name in ("map", "forEach", "flatMap") and args:
        results = [run(args[0], (item, Const(path, line, number)), number) for number, item in enumerate(items)]
        if name == "flatMap":
            results = [part for one in results for part in (one.items if isinstance(one, ListV) else (one,))]
        return ListV(path, line, tuple(results))
    if name in ("flat", "flatten"):
        return ListV(path, line, tuple(part for one in items for part in (one.items if isinstance(one, ListV) else (one,))))
    if name in ("find", "at", "pop", "shift", "findLast"):
        return either(path, line, list(items))
    return None


def text_method(receiver: Const, name: str, path: str, line: int) -> Value:
    """What a method of a text gives."""
    text = receiver.value
    if isinstance(text, str):
        changed = {"trim": text.strip(), "toLowerCase": text.lower(), "toUpperCase": text.upper(), "toString": text, "valueOf": text}
        if name in changed:
            return Const(path, line, changed[name], receiver.complete)
    return Unknown(path, line, "it is computed")


_SAME = frozenset({"Object.freeze", "Promise.resolve", "Object.seal", "structuredClone", "Array.from", "Promise.all", "String", "Set"})


def global_call(name: str, args: tuple[Value, ...], path: str, line: int) -> Value | None:  # noqa: PLR0911 - one case per function
    """What a global function of the language gives; None where it is another one."""
    if name in _SAME and args:
        return args[0]
    first = args[0] if args else None
    if name == "Object.assign":
        items = [item for arg in args if isinstance(arg, DictV) for item in arg.items]
        rest = [part for arg in args for part in (arg.rest if isinstance(arg, DictV) else (arg,))]
        return DictV(path, line, tuple(items), tuple(rest))
    if isinstance(first, DictV):
        if name == "Object.values":
            return ListV(path, line, (*(value for _, value in first.items), *first.rest))
        if name == "Object.keys":
            return ListV(path, line, tuple(Const(path, line, key) for key, _ in first.items))
        if name == "Object.entries":
            return ListV(path, line, tuple(ListV(path, line, (Const(path, line, key), value)) for key, value in first.items))
    if name == "Object.fromEntries" and isinstance(first, ListV):
        pairs = [(one.items[0].text(), one.items[1]) for one in first.items if isinstance(one, ListV) and len(one.items) == 2]
        return DictV(path, line, tuple((key, value) for key, value in pairs if key), tuple(value for key, value in pairs if not key))
    return None
