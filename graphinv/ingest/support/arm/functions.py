"""Functions of templates over values that are known; what needs a deployment to be told is Unknown."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping

from graphinv.ingest.support.partial import MAX_ITEMS, MAX_TEXT, Unknown, Value, encode, is_known, known_parts, split, text_of

_PLACE = re.compile(r"\{(\d{1,2})(?::[^{}]{0,20})?\}")
MAX_RANGE = 2_000
"""Numbers of one list: more than the turns of a loop that are followed, so that what is left out is told."""


class Uncomputed(Exception):
    """It can't be told here."""


def call(name: str, arguments: list[Value]) -> Value:
    """What a function of that name gives; Unknown where that can't be told. Never raises."""
    made = _FUNCTIONS.get(name.lower())
    try:
        found = made(*arguments) if made else Unknown(f"{name}()")
    except (Uncomputed, TypeError, ValueError, IndexError, KeyError, AttributeError, RecursionError, OverflowError, ZeroDivisionError):
        return Unknown(f"{name}({digest(arguments)})")
    if isinstance(found, str) and len(found) > MAX_TEXT:
        return Unknown(f"{name}()")
    return found[:MAX_ITEMS] if isinstance(found, list) else found


def digest(arguments: list[Value]) -> str:
    """Stands for arguments in the name of what they come to: the same for the same."""
    return hashlib.sha256("\0".join(encode(one) for one in arguments).encode("utf-8", "replace")).hexdigest()[:8]


def _known(value: Value) -> str:
    text = text_of(value)
    if isinstance(value, (list, dict)) or not is_known(text):
        raise Uncomputed
    return text


def _items(value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise Uncomputed
    return value


def _whole(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)) or not is_known(text_of(value)):
        raise Uncomputed
    return int(value)


def _truth(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in ("true", "false"):
        return value.lower() == "true"
    raise Uncomputed


def _length(value: Value) -> int:
    return len(value) if isinstance(value, (list, dict)) else len(_known(value))


def _concat(*parts: Value) -> Value:
    lists = [part for part in parts if isinstance(part, list)]
    if lists:  # what is not known adds nothing that is
        return [item for part in lists for item in part]
    return "".join(text_of(part) for part in parts)


def _format(pattern: Value, *arguments: Value) -> Value:
    return _PLACE.sub(lambda match: text_of(arguments[int(match[1])]), text_of(pattern)).replace("{{", "{").replace("}}", "}")


def _contains(of: Value, item: Value) -> bool:
    if isinstance(of, dict):
        return any(str(key).lower() == _known(item).lower() for key in of)
    if isinstance(of, list):
        if any(isinstance(one, Unknown) for one in of):
            raise Uncomputed
        return item in of
    return _known(item) in _known(of)


def _equals(one: Value, other: Value) -> bool:
    if isinstance(one, (dict, list)) or isinstance(other, (dict, list)):
        return encode(one) == encode(other)
    if one is None or other is None:
        if isinstance(one, Unknown) or isinstance(other, Unknown):
            raise Uncomputed
        return one is other
    texts = text_of(one), text_of(other)
    if not all(map(is_known, texts)):
        if texts[0] == texts[1]:
            return True
        raise Uncomputed
    return texts[0].lower() == texts[1].lower() if isinstance(one, str) and isinstance(other, str) else one == other


def _empty(value: Value) -> bool:
    if value is None:
        return True
    if isinstance(value, Unknown):
        raise Uncomputed
    return len(value) == 0 if isinstance(value, (str, list, dict)) else False


def _union(*parts: Value) -> Value:
    """Objects into each other, or lists of different items; what is not known adds nothing that is."""
    known = [part for part in parts if isinstance(part, (list, dict))]
    dicts = [part for part in known if isinstance(part, dict)]
    if known and len(dicts) == len(known):
        made: dict[str, Value] = {}
        for one in dicts:
            made = _merged(made, one, 0)
        return made
    if not known:
        raise Uncomputed
    found: list[Value] = []
    for part in known:
        found += [item for item in part if item not in found]
    return found


def _merged(one: dict[str, Value], other: dict[str, Value], depth: int) -> dict[str, Value]:
    made = dict(one)
    for key, value in other.items():
        before = made.get(key)
        made[key] = _merged(before, value, depth + 1) if isinstance(before, dict) and isinstance(value, dict) and depth < 20 else value
    return made


def _first(value: Value) -> Value:
    return (value[0] if value else None) if isinstance(value, list) else _known(value)[:1]


def _last(value: Value) -> Value:
    return (value[-1] if value else None) if isinstance(value, list) else _known(value)[-1:]


def _take(value: Value, count: Value) -> Value:
    number = max(_whole(count), 0)
    if isinstance(value, list):
        return value[:number]
    text = text_of(value)
    # A name that is cut to its greatest length is that name, as far as it is not known.
    return text[:number] if is_known(text) else text


def _skip(value: Value, count: Value) -> Value:
    number = max(_whole(count), 0)
    return value[number:] if isinstance(value, list) else _known(value)[number:]


def _substring(value: Value, start: Value, length: Value = None) -> Value:
    text = text_of(value)
    if not is_known(text):
        return text
    begin = _whole(start)
    return text[begin:] if length is None else text[begin : begin + _whole(length)]


def _split(text: Value, by: Value) -> Value:
    if not known_parts(text_of(text)) and not is_known(text_of(text)):
        raise Uncomputed
    signs = [_known(sign) for sign in (_items(by) if isinstance(by, list) else [by])[:20]]
    return split(text_of(text), [sign for sign in signs if sign])


def _replace(text: Value, old: Value, new: Value) -> Value:
    return text_of(text).replace(_known(old), text_of(new)) if is_known(text_of(text)) else text_of(text)


def _range(start: Value, count: Value) -> Value:
    return list(range(_whole(start), _whole(start) + min(_whole(count), MAX_RANGE)))


def _dictionary(value: Value) -> Value:
    """Items of an object, as a loop over it gets them."""
    if not isinstance(value, dict):
        raise Uncomputed
    return [{"key": key, "value": inner} for key, inner in sorted(value.items())]


def _coalesce(*values: Value) -> Value:
    """The first one that is there. What is not known may be there: it goes before nothing, and after what is known."""
    unknown = None
    for value in values:
        if isinstance(value, Unknown):
            unknown = unknown or value
        elif value is not None and (unknown is None or value not in ("", [], {})):
            return value
    return unknown


def _object(*pairs: Value) -> Value:
    return {_known(key): value for key, value in zip(pairs[::2], pairs[1::2], strict=False)}


def _both(*values: Value) -> bool:
    return _decided(values, False)


def _either(*values: Value) -> bool:
    return _decided(values, True)


def _decided(values: tuple[Value, ...], by: bool) -> bool:
    open_ = False
    for value in values:
        try:
            if _truth(value) is by:
                return by
        except Uncomputed:
            open_ = True
    if open_:
        raise Uncomputed
    return not by


def _named(name: str) -> Callable[..., Value]:
    """A function that makes a text of its arguments which only a deployment can tell: the same for the same arguments."""
    return lambda *arguments: Unknown(f"{name}({digest(list(arguments))})")


def _json(text: Value) -> Value:
    return json.loads(_known(text))


def _lower(value: Value) -> Value:
    text = text_of(value)
    return text.lower() if is_known(text) else text


def _upper(value: Value) -> Value:
    text = text_of(value)
    return text.upper() if is_known(text) else text


_FUNCTIONS: Mapping[str, Callable[..., Value]] = {
    "concat": _concat,
    "format": _format,
    "tolower": _lower,
    "toupper": _upper,
    "trim": lambda value: text_of(value).strip(),
    "string": lambda value: encode(value) if isinstance(value, (dict, list)) else text_of(value),
    "int": _whole,
    "bool": _truth,
    "json": _json,
    "array": lambda value: value if isinstance(value, list) else [value],
    "createarray": lambda *values: list(values),
    "createobject": _object,
    "null": lambda: None,
    "true": lambda: True,
    "false": lambda: False,
    "length": _length,
    "empty": _empty,
    "contains": _contains,
    "equals": _equals,
    "alike": _equals,
    "not": lambda value: not _truth(value),
    "and": _both,
    "or": _either,
    "less": lambda one, other: _whole(one) < _whole(other),
    "lessorequals": lambda one, other: _whole(one) <= _whole(other),
    "greater": lambda one, other: _whole(one) > _whole(other),
    "greaterorequals": lambda one, other: _whole(one) >= _whole(other),
    "add": lambda one, other: _whole(one) + _whole(other),
    "sub": lambda one, other: _whole(one) - _whole(other),
    "mul": lambda one, other: _whole(one) * _whole(other),
    "div": lambda one, other: _whole(one) // _whole(other),
    "mod": lambda one, other: _whole(one) % _whole(other),
    "min": lambda *values: min(map(_whole, values)),
    "max": lambda *values: max(map(_whole, values)),
    "first": _first,
    "last": _last,
    "take": _take,
    "skip": _skip,
    "substring": _substring,
    "split": _split,
    "join": lambda items, by: text_of(by).join(text_of(item) for item in _items(items)),
    "replace": _replace,
    "startswith": lambda text, part: _known(text).lower().startswith(_known(part).lower()),
    "endswith": lambda text, part: _known(text).lower().endswith(_known(part).lower()),
    "indexof": lambda text, part: _known(text).lower().find(_known(part).lower()),
    "padleft": lambda text, width, sign=" ": _known(text).rjust(min(_whole(width), 1000), _known(sign)),
    "union": _union,
    "shallowmerge": lambda items: _union(*_items(items)),
    "flatten": lambda items: [one for item in _items(items) for one in (item if isinstance(item, list) else [item])],
    "range": _range,
    "items": _dictionary,
    "objectkeys": sorted,
    "coalesce": _coalesce,
    "tryget": lambda of, key: of.get(key) if isinstance(of, dict) else None,
    "uniquestring": _named("uniqueString"),
    "guid": _named("guid"),
    "base64": lambda value: value,
    "uri": lambda base, rest: f"{text_of(base).rstrip('/')}/{text_of(rest).lstrip('/')}",
}
