"""Which properties are in normal form as they stand, told without building a model.

Nearly all properties of a large estate are: what :mod:`graphinv.model.kinds` would make of them is what they are. Where that is not certain
the answer is None and the model decides; a test holds that the two never differ.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache, lru_cache
from itertools import pairwise
from types import NoneType
from typing import Any, Literal, get_args, get_origin

from graphinv.model.kinds import EDGE_KINDS, NODE_KINDS, Count, StrSet, Time, normal_time

Form = Callable[[Any], bool]
"""Whether a value is for certain what the model would make of it."""

_SURROGATE = re.compile("[\ud800-\udfff]")


def normal(kind: str, props: dict[str, Any]) -> dict[str, Any] | None:
    """``props`` in the order in which ``kind`` declares them, where all are in normal form; None where only the model can tell. O(values).

    >>> normal("Agent", {"version": "1", "labels": ["a", "b"]}), normal("Agent", {"labels": ["b", "a"]})
    ({'labels': ['a', 'b'], 'version': '1'}, None)
    """
    plan = _plan(kind, tuple(props))
    if plan is None:
        return None
    forms, ordered = plan
    for name, form in forms:
        if not form(props[name]):
            return None
    return props if ordered else {name: props[name] for name, _ in forms}


def encodable(text: str) -> bool:
    """Whether ``text`` is text: JSON can spell a lone surrogate, which is no character, and neither UTF-8 nor any store can hold it."""
    return text.isascii() or not _SURROGATE.search(text)


@lru_cache(maxsize=4096)
def _plan(kind: str, names: tuple[str, ...]) -> tuple[tuple[tuple[str, Form], ...], bool] | None:
    """The forms of ``names`` in declared order, and whether that is their own; None where one has no form."""
    forms = _forms(kind)
    if not forms.keys() >= set(names):
        return None
    declared = tuple((name, form) for name, form in forms.items() if name in names)
    return declared, tuple(name for name, _ in declared) == names


@cache
def _forms(kind: str) -> dict[str, Form]:
    """The form of each property of ``kind`` that has one."""
    model = NODE_KINDS.get(kind) or EDGE_KINDS[kind]
    found = {name: _form(info.annotation, info.metadata) for name, info in model.model_fields.items()}
    forms = {name: form for name, form in found.items() if form is not None}
    return forms | {"sources": lambda value: value != [] and _is_set(value)}  # an empty one is taken away: it is nobody's statement


def _form(annotation: Any, metadata: list[Any]) -> Form | None:
    """The form of a property, where its type and bounds are known here."""
    wanted = [option for option in get_args(annotation) if option is not NoneType]
    if metadata:
        bounds = {name: getattr(bound, name) for bound in metadata for name in ("ge", "le") if hasattr(bound, name)}
        return _is_share if wanted == [float] and len(metadata) == 2 and bounds == {"ge": 0, "le": 1} else None
    if get_origin(annotation) is Literal or len(wanted) != 1:
        return None
    for known, form in ((str, _is_text), (bool, _is_bool), (Time, _is_time), (Count, _is_count), (StrSet, _is_set)):
        if wanted[0] == known:
            return form
    items = get_args(wanted[0])[0] if get_args(wanted[0]) else None
    if get_origin(wanted[0]) is Literal:
        return _one_of(get_args(wanted[0]))
    if get_origin(items) is list and get_args(wanted[0])[1:] == get_args(StrSet)[1:]:
        return _some_of(get_args(get_args(items)[0]))
    return None


def _is_text(value: Any) -> bool:
    return type(value) is str and encodable(value)


def _is_bool(value: Any) -> bool:
    return value is True or value is False


def _is_count(value: Any) -> bool:
    return type(value) is int and 0 <= value < 2**63


def _is_share(value: Any) -> bool:
    return type(value) is float and 0 <= value <= 1


def _is_time(value: Any) -> bool:
    return type(value) is str and _is_normal_time(value)


@lru_cache(maxsize=4096)
def _is_normal_time(text: str) -> bool:
    try:
        return normal_time(text) == text
    except ValueError:
        return False


def _is_set(value: Any) -> bool:
    if type(value) is not list:
        return False
    if len(value) == 1:
        return _is_text(value[0])
    return all(map(_is_text, value)) and all(one < other for one, other in pairwise(value))


def _one_of(options: tuple[Any, ...]) -> Form:
    allowed = frozenset(options)
    return lambda value: type(value) is str and value in allowed


def _some_of(options: tuple[Any, ...]) -> Form:
    allowed = frozenset(options)
    return lambda value: _is_set(value) and allowed.issuperset(value)
