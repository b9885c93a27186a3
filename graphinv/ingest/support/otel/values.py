"""Values as the many ways of writing spans have them: attributes as a map or as a list of pairs, times in any unit."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from graphinv.ingest.support.observed import seconds
from graphinv.ingest.support.secrets import redact

MAX_NAME = 200
"""Longest name of anything."""
MAX_ATTRIBUTES = 2_000
"""Attributes of one span that are looked at."""
_DEPTH = 4
"""How deep maps of attributes that are written as a tree may go; such as ``{"service": {"name": …}}``."""
_TYPED = (
    *("stringValue", "intValue", "doubleValue", "boolValue", "vStr", "vInt64"),
    *("string_value", "int_value", "double_value", "bool_value"),
)
_LISTED = ("arrayValue", "array_value")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]+")
_SHORT_TIME = 1e11
"""Above this a number counts milliseconds, and no seconds; above a thousand times this microseconds, and so on."""

Attributes = Mapping[str, Any]


def attributes_of(value: object) -> dict[str, Any]:
    """Attributes by name, whatever they are written as; empty for what is none.

    >>> attributes_of([{"key": "a", "value": {"stringValue": "b"}}, {"key": "c", "type": "bool", "value": True}, 7])
    {'a': 'b', 'c': True}
    >>> attributes_of('{"service": {"name": "shop"}}')
    {'service.name': 'shop'}
    """
    found: dict[str, Any] = {}
    if isinstance(value, str) and value.startswith("{"):
        try:
            value = json.loads(value)
        except (ValueError, RecursionError):
            return found
    if isinstance(value, list):
        for pair in value[:MAX_ATTRIBUTES]:
            if isinstance(pair, dict) and isinstance(pair.get("key"), str):
                found[pair["key"]] = _plain(pair.get("value", next((pair[key] for key in ("vStr", "v_str") if key in pair), None)))
    elif isinstance(value, dict):
        _spread(value, "", found, 0)
    return found


def _spread(tree: Mapping[Any, Any], prefix: str, found: dict[str, Any], depth: int) -> None:
    for key, value in tree.items():
        if len(found) >= MAX_ATTRIBUTES or not isinstance(key, str):
            return
        plain = _plain(value)
        if isinstance(plain, dict):
            if depth < _DEPTH:
                _spread(plain, f"{prefix}{key}.", found, depth + 1)
        else:
            found[prefix + key] = plain


def _plain(value: Any) -> Any:
    """A value without the type that OTLP writes around it; None for a list, as none that is looked at is one."""
    if not isinstance(value, dict):
        return value
    for key in _TYPED:
        if key in value:
            return value[key]
    return None if any(key in value for key in _LISTED) else value


def text(attributes: Attributes, *names: str) -> str:
    """The first of ``names`` that has a text fit for a name; ``""`` where none has.

    >>> text({"a": "", "b": " x ", "c": "y"}, "a", "b", "c")
    'x'
    """
    for name in names:
        value = attributes.get(name)
        if isinstance(value, str) and value and len(value) <= MAX_NAME:
            stripped = value.strip()
            if stripped:
                return stripped
    return ""


def number(attributes: Attributes, *names: str) -> int | None:
    """The first of ``names`` that has a whole number, also one that is written as text."""
    for name in names:
        value = attributes.get(name)
        if isinstance(value, (int, str)) and not isinstance(value, bool) and re.fullmatch(r"[0-9]{1,9}", str(value)):
            return int(value)
    return None


@lru_cache(maxsize=16384)
def shown(name: str) -> str:
    """``name`` as it may stand in the graph: without a credential in it, without what is no text."""
    return redact(_CONTROLS.sub(" ", name.encode("utf-8", "replace").decode()))[:MAX_NAME]


def moment(value: object) -> str | None:
    """A time to the second: ISO 8601, ``[seconds, nanoseconds]``, or a number of seconds or thousandths of them down to nanoseconds.

    >>> moment("1790607508658019103"), moment([1770131997, 65000000]), moment("2026-08-03T18:01:11.010Z"), moment(0)
    ('2026-09-28T14:58:28Z', '2026-02-03T15:19:57Z', '2026-08-03T18:01:11Z', None)
    """
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, str) and re.fullmatch(r"[0-9]{9,20}", value):
        value = int(value)
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        if not 0 < value < 1e20:
            return None
        while value > _SHORT_TIME:
            value /= 1000
        return _second(int(value))
    return seconds(value.replace(" ", "T", 1)) if isinstance(value, str) and len(value) <= 40 else None


@lru_cache(maxsize=4096)
def _second(value: int) -> str | None:
    return seconds(value)
