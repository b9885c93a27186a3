"""Logins in parsed JSON and YAML: programs call the parts of a login alike, whatever stands around them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest.support.jwt import claims_of
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.logins import Login
from graphinv.ingest.support.parts import inside, mapping, texts
from graphinv.ingest.support.records import moment, text
from graphinv.ingest.support.secrets import recognise_all, url_parts
from graphinv.ingest.support.tellable import tellable
from graphinv.ingest.support.words import names

_TOKENS = ("accesstoken", "oauthtoken", "access", "token")
_REFRESHES = ("refreshtoken", "refresh")
_IDENTITIES = ("idtoken",)
_EXPIRES = ("expiresat", "expirydate", "expires", "expireson", "expiration")
_ISSUED = ("issuedat", "cachedat", "lastrefresh", "clientidissuedat")
_SCOPES = ("scopes", "scope")
_RECEIVERS = ("serverurl", "mcpserverurl", "resourceurl", "resource", "starturl")
_CARRIED = frozenset({*_RECEIVERS, *_ISSUED, "user"})
"""What an object says of the objects in it."""
_ROLES = frozenset({*_TOKENS, *_REFRESHES, *_IDENTITIES})
_PLAIN = names("tokens token data credentials oauth")
"""Keys that name no login."""
_LONGEST = 20_000


def logins(located: Located, title: str) -> Iterator[Login]:
    """Every object with a token or with what renews one, and every other credential that stands in the tree. O(values)."""
    waiting: list[tuple[Pointer, Any, Mapping[str, Any]]] = [((), located.value, {})]
    while waiting:
        pointer, value, around = waiting.pop()
        if isinstance(value, list):
            waiting += [((*pointer, index), part, around) for index, part in reversed(list(enumerate(value)))]
        elif isinstance(value, dict):
            fields = {_plain(key): part for key, part in value.items()}
            said = {**around, **fields}
            name = _named(title, pointer, said)
            yield from _own(located, pointer, name, fields, said)
            yield from _others(located, pointer, name, value, said)
            inner = {key: part for key, part in said.items() if key in _CARRIED}
            parts = [((*pointer, str(key)), part, inner) for key, part in value.items() if isinstance(part, (dict, list))]
            waiting += reversed(parts)


def objects(located: Located, table: str) -> Iterator[tuple[str, int, dict[str, Any]]]:
    """Name (where it may be shown), line and content of each object under the key ``table`` of the top."""
    for name, entry in inside(located.value, table).items():
        yield name if tellable(name) else f"an entry of {table}", located.line(table, name), mapping(entry)


def msal(located: Located, title: str) -> Iterator[Login]:
    """Access tokens with the refresh token of the same account and client; refresh tokens from which none was asked for."""
    refreshes: dict[tuple[str, str], tuple[str, int]] = {}
    for _, line, entry in objects(located, "RefreshToken"):
        refreshes[_account(entry)] = text(entry.get("secret"), _LONGEST), line
    used = set()
    for _, line, entry in objects(located, "AccessToken"):
        used.add(_account(entry))
        refresh, _ = refreshes.get(_account(entry), ("", 0))
        yield Login(
            title,
            line,
            text(entry.get("secret"), _LONGEST),
            refresh,
            issued_at=moment(entry.get("cached_at")),
            expires_at=moment(entry.get("expires_on")),
            scopes=_words(entry.get("target")),
        )
    for account in sorted(refreshes.keys() - used):
        refresh, line = refreshes[account]
        yield Login(title, line, refresh=refresh)


def _account(entry: Mapping[str, Any]) -> tuple[str, str]:
    return text(entry.get("home_account_id")), text(entry.get("client_id"))


def _own(located: Located, pointer: Pointer, name: str, fields: Mapping[str, Any], said: Mapping[str, Any]) -> Iterator[Login]:
    token, refresh, identity = (_first(fields, names) for names in (_TOKENS, _REFRESHES, _IDENTITIES))
    if not (token or refresh):
        return
    receiver = url_parts(_first(said, _RECEIVERS))
    lasts = fields.get("expiresin")
    yield Login(
        name,
        located.line(*pointer),
        token,
        refresh,
        identity,
        issued_at=_moment(said, _ISSUED),
        expires_at=_moment(fields, _EXPIRES),
        ttl_seconds=lasts if isinstance(lasts, int) and 0 < lasts < 2**31 else None,
        audience=(receiver.url,) if receiver else (),
        scopes=_words(next((fields[one] for one in _SCOPES if one in fields), None)),
    )


def _others(located: Located, pointer: Pointer, name: str, value: Mapping[str, Any], said: Mapping[str, Any]) -> Iterator[Login]:
    """Keys and passwords beside them, such as the secret that a client registered with."""
    for key, part in value.items():
        if _plain(key) in _ROLES or not isinstance(part, str) or claims_of(part) is not None:
            continue
        for found in recognise_all(key, part):
            ends = _moment(said, ("clientsecretexpiresat", *_EXPIRES))
            yield Login(name, located.line(*pointer, key), found.secret, kind=found.type, expires_at=ends)


def _named(title: str, pointer: Pointer, said: Mapping[str, Any]) -> str:
    """What to call a login: the program, whose it is, and what for, where these may be shown."""
    what = next((part for part in reversed(pointer) if isinstance(part, str) and part.lower() not in _PLAIN), "")
    shown = [part[:80] for part in (text(said.get("user"), 80), what.partition("|")[0]) if part and tellable(part)]
    return " ".join([title, *dict.fromkeys(f"({part})" for part in shown)])


def _plain(key: object) -> str:
    return re.sub("[^a-z0-9]", "", str(key).lower())


def _first(fields: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((found for name in names if (found := text(fields.get(name), _LONGEST))), "")


def _moment(fields: Mapping[str, Any], names: tuple[str, ...]) -> str | None:
    return next((found for name in names if (found := moment(fields.get(name)))), None)


def _words(value: object) -> tuple[str, ...]:
    words = value.split() if isinstance(value, str) else texts(value)
    return tuple(word for word in words[:100] if len(word) <= 200)
