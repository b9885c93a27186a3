"""Text of strangers, made safe to look at, and numbers and values in words."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

_UNSEEN = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})


def plain(value: object, limit: int | None = None) -> str:
    r"""``value`` as text on one line and without a character that is not seen: each stands there as its number, ``\x1b`` or ``\u202e``.

    Args:
        value: any text, or what ``str`` makes of it.
        limit: characters at most; a longer one ends in ``…``.

    >>> plain("a\x1b[31mb\nc")
    'a\\x1b[31mb\\nc'
    """
    text = str(value)
    if not (text.isascii() and text.isprintable()):
        text = "".join(one if unicodedata.category(one) not in _UNSEEN else one.encode("unicode_escape").decode("ascii") for one in text)
    return text if limit is None or len(text) <= limit else text[: limit - 1] + "…"


def counted(number: int, thing: str, several: str = "") -> str:
    """A number of things.

    >>> counted(1, "pair"), counted(1200, "pair"), counted(2, "agent moves", "agents move")
    ('1 pair', '1,200 pairs', '2 agents move')
    """
    return f"{number:,} {thing if number == 1 else several or f'{thing}s'}"


def stated(value: object) -> str:
    """A property's value in words.

    >>> stated(None), stated(True), stated(["read", "write"])
    ('not stated', 'true', 'read, write')
    """
    if value is None:
        return "not stated"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value)) or "none"
    return str(value).lower() if isinstance(value, bool) else str(value)
