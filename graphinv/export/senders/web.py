"""One tracker's interface over HTTP: credentials go to one address only, what may be repeated is, and nothing is waited for without end."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import httpx

from graphinv.model.errors import TrackerError, UsageError
from graphinv.model.text import plain

ATTEMPTS = 5
MOST_WAIT = 90.0
"""Seconds that a tracker may ask to wait; where it asks for more, a later run goes on."""
TIMEOUT = 30.0
MAX_BYTES = 64 * 1024 * 1024
MAX_TOLD = 300
LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Refused(TrackerError):
    """The tracker did not do one thing; others may work."""

    def __init__(self, message: str, *, status: int = 0, fields: Iterable[str] = ()) -> None:
        self.status = status
        self.fields = frozenset(fields)
        super().__init__(message)


class Stopped(TrackerError):
    """Nothing more can be done now."""


class Unclear(TrackerError):
    """Something was asked for that must not be done twice, and no answer says whether it was done."""


@dataclass(frozen=True)
class Answer:
    """What a tracker answered: JSON and headers."""

    data: Any
    headers: Mapping[str, str]


def address(text: str, variable: str) -> str:
    """The address of a tracker, without the slash at its end.

    Raises:
        UsageError: it is none, it holds a password, or what is sent there could be read on the way.
    """
    try:
        parts = urlsplit(text.strip())
        host, port, secret = parts.hostname, parts.port, parts.username is not None or parts.password is not None
        httpx.URL(text.strip())
    except (ValueError, httpx.InvalidURL):
        raise UsageError(f"{variable} holds no address") from None
    if secret:
        raise UsageError(f"{variable} holds a user or a password; there are variables for both")
    if not host or port == 0 or parts.query or parts.fragment:
        raise UsageError(f"{variable} holds no address such as https://acme.example")
    if parts.scheme != "https" and not (parts.scheme == "http" and host in LOOPBACK):
        raise UsageError(f"{variable} must begin with https://, or credentials could be read on the way")
    return text.strip().rstrip("/")


class Web:
    """Requests to the one address ``base``. Redirects are not followed: credentials would go with them.

    Args:
        base: as :func:`address` gives it.
        headers: of every request, the credentials among them.
        secrets: what no message may hold, whatever a server answers.
        pause: seconds between two requests that change something.
    """

    def __init__(self, base: str, headers: Mapping[str, str], secrets: Iterable[str], *, pause: float = 0.0) -> None:
        self.base = base
        self.sleep: Callable[[float], object] = time.sleep
        self.pause = pause
        self._secrets = sorted(filter(None, secrets), key=len, reverse=True)
        self._changed = -pause
        # A proxy that the environment names is used, but not for an address of this machine.
        trusts = urlsplit(base).hostname not in LOOPBACK
        self._client = httpx.Client(
            headers={"User-Agent": "graphinv", "Content-Type": "application/json", **headers},
            timeout=TIMEOUT,
            follow_redirects=False,
            trust_env=trusts,
        )

    def close(self) -> None:
        """Let the connection go."""
        self._client.close()

    def get(self, path: str, **params: str | int) -> Answer:
        """What is at ``path``."""
        return self._asked("GET", path, params=params)

    def search(self, path: str, body: Mapping[str, Any]) -> Answer:
        """A POST that changes nothing, so that it may be repeated."""
        return self._asked("POST", path, body=body, again=True)

    def change(self, method: str, path: str, body: Mapping[str, Any]) -> Answer:
        """PUT or PATCH: done twice it is as done once.

        Raises:
            Refused, Stopped: see there.
        """
        self._paced()
        return self._asked(method, path, body=body)

    def post(self, path: str, body: Mapping[str, Any]) -> Answer:
        """Something that must not be done twice; it is repeated only where it is certain that nothing was done.

        Raises:
            Unclear: it may have been done.
            Refused, Stopped: it was not.
        """
        self._paced()
        return self._asked("POST", path, body=body, again=False)

    def _paced(self) -> None:
        left = self._changed + self.pause - time.monotonic()
        if left > 0:
            self.sleep(left)
        self._changed = time.monotonic()

    def _asked(self, method: str, path: str, *, params: Mapping[str, Any] | None = None, body: Any = None, again: bool = True) -> Answer:
        why, wait = "", 0.0
        for attempt in range(ATTEMPTS):
            if attempt:
                self.sleep(wait)
            wait = 2.0**attempt
            try:
                status, headers, content = self._sent(method, path, params, body)
            except httpx.TransportError as error:
                why = f"{self._host} cannot be reached ({type(error).__name__})"
                if not again and not isinstance(error, (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)):
                    raise Unclear(f"{self._host} gave no answer ({type(error).__name__})") from None
                continue
            except httpx.HTTPError as error:
                raise Stopped(f"{self._host} answers what is not understood ({type(error).__name__})") from None
            data, is_json = _parsed(content)
            if 200 <= status < 300:
                if not is_json:
                    raise Stopped(f"{self._host} answers with something else than JSON; is it the address of its interface?")
                return Answer(data, headers)
            told = self._told(data)
            why = f"{self._host} answers {status}{told}"
            if _limited(status, headers, told):
                wait = max(wait, _asked_to_wait(headers))
                if wait > MOST_WAIT:
                    raise Stopped(f"{why}; it asks to wait {wait:.0f} seconds: run it again then")
            elif status in (500, 502, 504):
                if not again:
                    raise Unclear(why)
            elif status != 503:
                raise self._refusal(status, data, why)
        raise Stopped(f"{why}; {ATTEMPTS} attempts were made")

    def _sent(self, method: str, path: str, params: Mapping[str, Any] | None, body: Any) -> tuple[int, httpx.Headers, bytes]:
        # ASCII, so that half a character in what people wrote goes back as it came.
        given = None if body is None else json.dumps(body)
        with self._client.stream(method, self.base + path, params=params or None, content=given) as response:
            content = bytearray()
            for chunk in response.iter_bytes():
                content += chunk
                if len(content) > MAX_BYTES:
                    raise Stopped(f"{self._host} answers with more than {MAX_BYTES:,} bytes")
            return response.status_code, response.headers, bytes(content)

    def _refusal(self, status: int, data: Any, why: str) -> TrackerError:
        if 300 <= status < 400:
            return Stopped(f"{why}: a redirect, which is not followed; give the address that it has now")
        if status == 401:
            return Stopped(f"{why}: it does not accept the credentials")
        if status in (403, 404):
            why = f"{why}: it is not there, or the credentials do not reach that far"
        fields = data.get("errors") if isinstance(data, dict) else None
        return Refused(why, status=status, fields=fields if isinstance(fields, dict) else ())

    @property
    def _host(self) -> str:
        return str(urlsplit(self.base).netloc)

    def _told(self, data: Any) -> str:
        """What the server says of an error, on one line and without a credential."""
        text = "; ".join(dict.fromkeys(_messages(data)))
        for secret in self._secrets:
            text = text.replace(secret, "…")
        return f" ({plain(text, MAX_TOLD)})" if text else ""


def _parsed(content: bytes) -> tuple[Any, bool]:
    """What JSON says, and whether it is JSON; nothing at all is."""
    try:
        return (json.loads(content) if content else None), True
    except (ValueError, RecursionError):
        return None, False


def _limited(status: int, headers: Mapping[str, str], told: str) -> bool:
    """Whether it was too much at once: GitHub says that with 403 as well."""
    known = "retry-after" in headers or headers.get("x-ratelimit-remaining") == "0" or "rate limit" in told.lower()
    return status == 429 or (status == 403 and known)


def _asked_to_wait(headers: Mapping[str, str]) -> float:
    """Seconds that the server asks for; 0 where it says nothing that is understood."""
    try:
        if "retry-after" in headers:
            asked = headers["retry-after"].strip()
            return float(asked) if asked.isdigit() else (parsedate_to_datetime(asked) - datetime.now(UTC)).total_seconds()
        if headers.get("x-ratelimit-remaining") == "0":
            return float(headers["x-ratelimit-reset"]) - time.time()
    except (KeyError, ValueError, TypeError, OverflowError):
        pass
    return 0.0


def _messages(data: Any, deep: int = 4) -> Iterator[str]:
    """Texts in the errors of GitHub (message, errors), Jira (errorMessages, errors) and ServiceNow (error: message, detail)."""
    if isinstance(data, str):
        yield data
    elif isinstance(data, list) and deep:
        for one in data[:5]:
            yield from _messages(one, deep - 1)
    elif isinstance(data, dict) and deep:
        for name in ("message", "detail", "error", "errorMessages"):
            yield from _messages(data.get(name), deep - 1)
        errors = data.get("errors")
        if isinstance(errors, dict):
            yield from (f"{field}: {text}" for field, text in list(errors.items())[:5])
        else:
            yield from _messages(errors, deep - 1)
