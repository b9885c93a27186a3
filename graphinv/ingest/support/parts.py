"""Parts of parsed documents whose types nobody vouches for, and labels made of them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphinv.ingest.support.tellable import tellable

MAX_LABEL = 200
"""Longest value of a label."""


def items(value: object) -> list[dict[str, Any]]:
    """The objects of a list; what is none of them keeps its place as an empty one.

    >>> items([{"a": 1}, 7]), items("x")
    ([{'a': 1}, {}], [])
    """
    return [item if isinstance(item, dict) else {} for item in value] if isinstance(value, list) else []


def inside(value: object, *path: str) -> dict[str, Any]:
    """The object at ``path`` below ``value``; an empty one where there is none.

    >>> inside({"a": {"b": {"c": 1}}}, "a", "b"), inside([], "a")
    ({'c': 1}, {})
    """
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def texts(value: object) -> list[str]:
    """The texts of a list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def tells(value: object) -> bool:
    """Whether a value is a text that may be shown and says something."""
    return isinstance(value, str) and bool(value.strip()) and len(value) <= MAX_LABEL and tellable(value.strip())


def labelled(name: str, value: object) -> Iterator[str]:
    """``name=value`` where the value is a text that may be shown, else nothing."""
    if isinstance(value, str) and tells(value):
        yield f"{name}={value.strip()}"


def mapping(value: object) -> dict[str, Any]:
    """``value`` where it is a mapping; else an empty one."""
    return value if isinstance(value, dict) else {}
