"""What a JWT says of itself, decoded and not verified. Claims are no secret, but the text of whoever made the token."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

MAX_PART = 8_192
"""Characters of one part of a token."""
_MAX_CLAIM = 200
_MAX_CLAIMS = 100
_LAST = 32_503_680_000
"""The year 3000: what comes after it is no time in seconds."""


@dataclass(frozen=True, slots=True)
class Claims:
    """The claims of a JWT that say for how long, for whom, what for and in whose name. ``actors`` are who acts for the subject (RFC 8693),
    the one who holds the token first."""

    issued_at: str | None = None
    expires_at: str | None = None
    audience: tuple[str, ...] = ()
    scopes: tuple[str, ...] = ()
    actors: tuple[str, ...] = ()
    all: Mapping[str, Any] = field(default_factory=dict, repr=False, hash=False)

    def text(self, *names: str) -> str:
        """The first of the claims ``names`` that is a text; ``""`` where none is."""
        return next((found for name in names if (found := _text(self.all.get(name)))), "")

    def moment(self, name: str) -> str | None:
        """The time under the claim ``name``."""
        return _moment(self.all.get(name))


def claims_of(token: str) -> Claims | None:
    """The claims of ``token``; None where it is no JWT. O(length).

    >>> token = ".".join(base64.urlsafe_b64encode(part).decode().rstrip("=") for part in (b'{"alg": "none"}', b'{"scope": "a b"}', b""))
    >>> claims_of(token).scopes, claims_of("a.b.c")
    (('a', 'b'), None)
    """
    parts = token.split(".")
    if len(parts) != 3 or _object(parts[0]) is None:
        return None
    payload = _object(parts[1])
    if payload is None:
        return None
    return Claims(
        _moment(payload.get("iat")),
        _moment(payload.get("exp")),
        _texts(payload.get("aud")),
        _words(payload.get("scope")) or _words(payload.get("scp")),
        tuple(_actors(payload)),
        payload,
    )


def _object(part: str) -> dict[str, Any] | None:
    if len(part) > MAX_PART:
        return None
    try:
        value = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    except (ValueError, binascii.Error, RecursionError):
        return None
    return value if isinstance(value, dict) else None


def _actors(payload: Mapping[str, Any]) -> list[str]:
    found: list[str] = []
    inner = payload.get("act")
    while isinstance(inner, dict) and len(found) < _MAX_CLAIMS:
        found += filter(None, [_text(inner.get("sub")) or _text(inner.get("client_id"))])
        inner = inner.get("act")
    return found


def _moment(value: object) -> str | None:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not 0 < value < _LAST:
        return None
    return datetime.fromtimestamp(int(value), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _text(value: object) -> str:
    return value[:_MAX_CLAIM] if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    values = value if isinstance(value, list) else [value]
    return tuple(filter(None, map(_text, values[:_MAX_CLAIMS])))


def _words(value: object) -> tuple[str, ...]:
    """Scopes, which stand as a list or as one text with blanks between them."""
    return tuple(value.split()[:_MAX_CLAIMS]) if isinstance(value, str) else _texts(value)
