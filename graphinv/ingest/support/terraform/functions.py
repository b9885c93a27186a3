"""Terraform's functions that can be computed without files and clocks, over values with unknown parts."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from graphinv.ingest.support.partial import MAX_ITEMS, MAX_TEXT, Unknown, Value, encode, known_parts, shown, text_of


class Uncomputed(Exception):
    """The result can't be told."""


def call(name: str, arguments: list[Value]) -> Value:
    """What a function gives; Unknown where that can't be told. O(size of the arguments and the result).

    >>> call("join", ["-", ["a", "b"]]), call("lookup", [{"a": 1}, "b", 2]), call("timestamp", [])
    ('a-b', 2, Unknown(text='timestamp()'))
    """
    made = _FUNCTIONS.get(name)
    try:
        if made is not None:
            return made(*arguments)
    except (Uncomputed, TypeError, ValueError, KeyError, IndexError, AttributeError, OverflowError, RecursionError):
        pass
    told = ",".join(shown(text_of(one)) for one in arguments if not isinstance(one, (list, dict)))
    return Unknown(f"{name}({told[:100]})")


def _text(value: Value) -> str:
    if isinstance(value, (list, dict)):
        raise Uncomputed
    return text_of(value)


def _list(value: Value) -> list[Value]:
    if isinstance(value, list):
        return value
    if isinstance(value, dict):
        return list(value.values())
    raise Uncomputed


def _dict(value: Value) -> dict[str, Value]:
    if isinstance(value, dict):
        return value
    if value is None:
        return {}
    raise Uncomputed


def _bounded(items: Iterable[Value]) -> list[Value]:
    found: list[Value] = []
    for item in items:
        found.append(item)
        if len(found) > MAX_ITEMS:
            raise Uncomputed
    return found


def _flat(items: list[Value], depth: int = 0) -> Iterable[Value]:
    for item in items:
        if isinstance(item, list) and depth < 20:
            yield from _flat(item, depth + 1)
        else:
            yield item


class Set(list[Value]):
    """A list that stands for a set: its items have no positions."""


def _unique(items: Iterable[Value]) -> list[Value]:
    seen: set[str] = set()
    found = []
    for item in items:
        key = encode(item)
        if key not in seen:
            seen.add(key)
            found.append(item)
    return found


def _format(pattern: Value, *arguments: Value) -> str:
    rest = iter(arguments)

    def fill(match: re.Match[str]) -> str:
        if match[1] == "%":
            return "%"
        value = next(rest)
        return (
            encode(value)
            if match[1] in "qv" and isinstance(value, (list, dict))
            else f'"{_text(value)}"'
            if match[1] == "q"
            else _text(value)
        )

    try:
        return re.sub(r"%[-+ #0]{0,3}[0-9]{0,3}(?:\.[0-9]{1,3})?([a-zA-Z%])", fill, _text(pattern))
    except StopIteration:
        raise Uncomputed from None


def _first(values: Iterable[Value]) -> Value:
    """The first one that is there; what is unknown may be there."""
    unknown: Value = None
    for value in values:
        if isinstance(value, Unknown):
            unknown = unknown or value
        elif value is not None and value not in ("", []):
            return value
    return unknown


def _lookup(of: Value, key: Value, default: Value = None) -> Value:
    found = _dict(of)
    if isinstance(key, Unknown):
        raise Uncomputed
    return found.get(_text(key), default)


def _merge(*maps: Value) -> dict[str, Value]:
    merged: dict[str, Value] = {}
    for one in maps:
        if not isinstance(one, Unknown):  # what is known of the others still holds
            merged |= _dict(one)
    return merged


def _concat(*lists: Value) -> list[Value]:
    return _bounded(item for one in lists for item in ([one] if isinstance(one, Unknown) else _list(one)))


def _replace(text: Value, old: Value, new: Value) -> str:
    searched = _text(old)
    if len(searched) > 1 and searched[0] == searched[-1] == "/":
        raise Uncomputed  # a pattern of the document's is not run
    result = _text(text).replace(searched, _text(new))
    return _short(result)


def _short(text: str) -> str:
    if len(text) > MAX_TEXT:
        raise Uncomputed
    return text


def _element(of: Value, index: Value) -> Value:
    items = _list(of)
    return items[int(index) % len(items)]


def _substr(text: Value, start: int, length: int) -> str:
    whole = _text(text)
    if known_parts(whole) != whole:
        raise Uncomputed
    return whole[start:] if length < 0 else whole[start : start + length]


def _range(*bounds: Value) -> list[Value]:
    return _bounded(iter(range(*(int(bound) for bound in bounds))))


def _decode(text: Value) -> Value:
    return json.loads(_text(text))


def _length(of: Value) -> int:
    if isinstance(of, (list, dict)):
        return len(of)
    if isinstance(of, str) and known_parts(of) == of:
        return len(of)
    raise Uncomputed


def _contains(of: Value, item: Value) -> bool:
    items = _list(of)
    if item in items:
        return True
    if any(isinstance(one, Unknown) for one in [item, *items]):
        raise Uncomputed
    return False


def _number(value: Value) -> int | float:
    if isinstance(value, bool) or not isinstance(value, (str, int, float)):
        raise Uncomputed
    return value if not isinstance(value, str) else float(value) if "." in value else int(value[:18])


def _bool(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    return {"true": True, "false": False}[_text(value)]


def _setproduct(*lists: Value) -> list[Value]:
    product: list[list[Value]] = [[]]
    for one in lists:
        product = _bounded([*before, item] for before in product for item in _list(one))
    return list(product)


_FUNCTIONS: dict[str, Callable[..., Any]] = {
    "jsonencode": lambda value: _short(encode(value)),
    "jsondecode": _decode,
    "format": lambda *arguments: _short(_format(*arguments)),
    "join": lambda separator, *lists: _short(_text(separator).join(_text(item) for one in lists for item in _list(one))),
    "split": lambda separator, text: _bounded(_text(text).split(_text(separator))),
    "concat": _concat,
    "merge": _merge,
    "lookup": _lookup,
    "coalesce": lambda *values: _first(values),
    "coalescelist": lambda *values: _first(values),
    "compact": lambda value: [item for item in _list(value) if item not in (None, "")],
    "distinct": lambda value: _unique(_list(value)),
    "flatten": lambda value: _bounded(_flat(_list(value))),
    "toset": lambda value: Set(_unique(_list(value))),
    "tolist": _list,
    "tomap": _dict,
    "setunion": lambda *lists: Set(_unique(_concat(*lists))),
    "setproduct": _setproduct,
    "sort": lambda value: sorted(_list(value), key=text_of),
    "reverse": lambda value: list(reversed(_list(value))),
    "keys": lambda value: list(_dict(value)),
    "values": lambda value: list(_dict(value).values()),
    "zipmap": lambda keys, values: {_text(key): value for key, value in zip(_list(keys), _list(values), strict=False)},
    "element": _element,
    "one": lambda value: next(iter(_list(value)), None),
    "length": _length,
    "contains": _contains,
    "slice": lambda value, start, end: _list(value)[int(start) : int(end)],
    "range": _range,
    "lower": lambda text: _text(text).lower(),
    "upper": lambda text: _text(text).upper(),
    "title": lambda text: _text(text).title(),
    "trimspace": lambda text: _text(text).strip(),
    "trim": lambda text, characters: _text(text).strip(_text(characters)),
    "trimprefix": lambda text, prefix: _text(text).removeprefix(_text(prefix)),
    "trimsuffix": lambda text, suffix: _text(text).removesuffix(_text(suffix)),
    "replace": _replace,
    "substr": _substr,
    "startswith": lambda text, prefix: _text(text).startswith(_text(prefix)),
    "endswith": lambda text, suffix: _text(text).endswith(_text(suffix)),
    "tostring": _text,
    "tonumber": _number,
    "tobool": _bool,
    "sensitive": lambda value: value,
    "nonsensitive": lambda value: value,
    "try": lambda *values: _first(values),
    "can": lambda value: True if not isinstance(value, Unknown) else Unknown("can()"),
    "base64encode": lambda text: text,  # user data: what it says matters, not how it is sent
    "base64gzip": lambda text: text,
    "base64decode": lambda text: text,
    "urlencode": _text,
    "abspath": _text,
    "basename": lambda text: _text(text).rpartition("/")[2],
    "dirname": lambda text: _text(text).rpartition("/")[0],
    "max": lambda *values: max(map(_number, values)),
    "min": lambda *values: min(map(_number, values)),
}
