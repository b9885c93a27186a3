"""Values of configuration: plain Python values, and stand-ins for what only a provider or a person can tell.

Inside a text an unknown part is a mark, so that texts with unknown parts can be put together, compared and taken for names as any other.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import Any

_OPEN, _CLOSE = "\ue002", "\ue003"
_MARK = re.compile(f"{_OPEN}([^{_OPEN}{_CLOSE}]*){_CLOSE}")
_UNSAFE = re.compile(r"[%:*?/\s]")
TOP = "\ue004"
"""Begins a path that is one from the top of the root, not from the folder that is applied."""
MAX_TEXT = 300_000
MAX_ITEMS = 10_000

Value = Any
"""None, bool, int, float, str, list, dict, :class:`Unknown`, or a reference that the evaluator is still following."""


@dataclass(frozen=True, slots=True)
class Unknown:
    """What is not known; ``text`` is the reference that would tell it, such as ``var.name`` or ``aws_kms_key.main.key_id``."""

    text: str


def mark(unknown: Unknown) -> str:
    """What stands for it inside a text."""
    # Without quotes and backslashes it may stand in any text, JSON's too.
    reference = re.sub(f'[{_OPEN}{_CLOSE}"\\\\\x00-\x1f]', "", unknown.text)[:200]
    return f"{_OPEN}{reference}{_CLOSE}"


def text_of(value: Value) -> str:
    """A value as text, as a template makes one."""
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, Unknown):
        return mark(value)
    return "" if value is None else mark(Unknown("?"))


def encode(value: Value) -> str:
    """JSON text of a value; what is unknown in it stands there as a text."""
    return json.dumps(plain(value), separators=(",", ":"), ensure_ascii=False)


def plain(value: Value) -> Value:
    """``value`` with everything unknown as marked texts."""
    if isinstance(value, dict):
        return {str(key): plain(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [plain(item) for item in value]
    return value if value is None or isinstance(value, (str, bool, int, float)) else text_of(value)


def is_known(text: str) -> bool:
    """Whether no part of a text is unknown."""
    return _OPEN not in text


def named(text: str, place: str) -> str:
    """``text`` as part of an id: unknown parts are named by their reference and by ``place``, the configuration they belong to."""
    return _MARK.sub(lambda match: f"{_UNSAFE.sub('.', match[1])}({_UNSAFE.sub('.', place)})", text.replace(TOP, ""))


def shown(text: str) -> str:
    """``text`` for people: unknown parts as ``${reference}``."""
    return _MARK.sub(r"${\1}", text.replace(TOP, ""))


def known_parts(text: str) -> str:
    """``text`` without its unknown parts."""
    return _MARK.sub("", text)


def split(text: str, signs: list[str]) -> list[str]:
    """``text`` in pieces between ``signs``, which inside an unknown part mean nothing.

    >>> split("a/b", ["/"])
    ['a', 'b']
    """
    pieces, start = [], 0
    for match in re.finditer("|".join((_MARK.pattern, *map(re.escape, signs))), text):
        if match[0] in signs:
            pieces.append(text[start : match.start()])
            start = match.end()
    return [*pieces, text[start:]]


def references(text: str) -> list[str]:
    """References of the unknown parts of ``text``."""
    return _MARK.findall(text)


def objects(value: Value) -> list[dict[str, Value]]:
    """The objects of a list, or the one that stands alone; what is none of them is left out."""
    return [one for one in (value if isinstance(value, list) else [value]) if isinstance(one, dict)]


def within(folder: str, path: str) -> str | None:
    """``path``, written in ``folder``, from the top of the root; None where it is no path in it.

    >>> within("infra/prod", "../../modules/app"), within("infra", "../../other"), within("", "terraform-aws-modules/iam/aws")
    ('modules/app', None, 'terraform-aws-modules/iam/aws')
    """
    if path.startswith(TOP):
        folder, path = "", path.removeprefix(TOP)
    if "://" in path or path.startswith("/"):
        return None
    parts = folder.split("/") if folder else []
    for part in path.split("/"):
        if part == "..":
            if not parts:
                return None
            parts.pop()
        elif part not in ("", "."):
            parts.append(part)
    return "/".join(parts)
