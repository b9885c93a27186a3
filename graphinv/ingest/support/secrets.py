"""Credentials in configured values: what they are, and the facts about them. No value leaves this module, only its keyed fingerprint.

A secret is recognised by its form (:mod:`~graphinv.ingest.support.secret_shapes`), by the name of its key together with a value that can be
one (:mod:`~graphinv.ingest.support.secret_words`), or by its place in an address; never by a name alone.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from urllib.parse import unquote

from graphinv.ingest import Document
from graphinv.ingest.support.aws.arns import access_key
from graphinv.ingest.support.interpolation import Interpolation, interpolations, is_reference
from graphinv.ingest.support.jwt import Claims
from graphinv.ingest.support.secret_shapes import MAX_LENGTH, Shape, hide, shapes
from graphinv.ingest.support.secret_words import (
    entropy,
    is_place,
    is_placeholder,
    looks_connection_name,
    looks_secret_name,
    plausible_secret,
    secret_kind,
)
from graphinv.ingest.support.vault.paths import key_of, referenced
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props, Ref

__all__ = [
    "Interpolation",
    "Recognised",
    "UrlParts",
    "claimed",
    "interpolations",
    "is_placeholder",
    "is_reference",
    "looks_secret_name",
    "recognise",
    "recognise_all",
    "redact",
    "secret_facts",
    "secret_key",
    "secret_node",
    "url_parts",
]


@dataclass(frozen=True, slots=True)
class Recognised:
    """A credential in a value. ``secret`` is its text: for fingerprinting and for nothing else. ``start``…``end`` is its span in the value
    (0…0 where it does not stand there as it is, as in an encoded pair of user and password)."""

    type: str
    name: str
    secret: str = field(repr=False)
    start: int = 0
    end: int = 0
    lifetime: str | None = None
    claims: Claims | None = None


_SCHEME = re.compile(
    r"\s*(?P<scheme>bearer|basic|token|apikey|api-key|key|bot|digest|negotiate)[\s:=]+(?P<rest>\S.*)", re.IGNORECASE | re.DOTALL
)
_ANY_BEARER = re.compile(r"\b(?P<scheme>bearer|basic)\s+(?P<rest>[\w.~+/=-]{8,4096})", re.IGNORECASE)
_ASSIGNED = re.compile(
    r"(?:^|(?<=[\s;?&,\"'({]))(?:--?)?(?P<key>[A-Za-z][\w.-]{1,60})\s?[=:]\s?[\"']?(?P<value>[^\s\"';&,]{4,4096})"
    r"|(?:^|(?<=\s))--(?P<flag>[A-Za-z][\w-]{1,60})\s+[\"']?(?P<given>[^\s\"'-][^\s\"']{3,4095})"
)
_URL = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]{1,30})://(?P<rest>[^\s\"'<>`]{1,8192})")
_NAME = re.compile(r"[a-z]+(?:_[a-z]+)*")
_STATIC_KINDS = frozenset({"password", "api_key", "access_key", "client_secret", "private_key", "encryption_key", "signing_key"})
_QUERY_WORDS = frozenset({"key", "sig", "signature", "code", "sas", "apitoken", "st", "access_key"})
_PORTS = {"http": "80", "https": "443", "ws": "80", "wss": "443"}


# --------------------------------------------------------------------------------------------------------------------------------
# Recognition


def recognise(key: str, value: str) -> Recognised | None:
    """The first credential in ``value``, which stands under ``key``; None where there is none.

    O(length), over the first 20,000 characters.
    """
    found = recognise_all(key, value)
    return found[0] if found else None


def recognise_all(key: str, value: str) -> list[Recognised]:
    """All credentials in ``value``, in the order of the text.

    They are found by form, as the whole value of a key that asks for one, in addresses, headers, connection strings and command lines.
    ``key`` may be empty.
    """
    text = value[:MAX_LENGTH]
    found = formed(text, key)
    if interpolations(text) and is_reference(text):
        return _unique(found + _defaults(key, text))
    for candidate in [*_whole(key, text), *_urls(text), *_headers(key, text), *_assigned(text)]:
        if all(candidate.end <= other.start or candidate.start >= other.end or candidate.end == 0 for other in found):
            found.append(candidate)
    return _unique(found + _defaults(key, text))


def formed(text: str, key: str = "") -> list[Recognised]:
    """Credentials in ``text`` that are known by their form, whatever stands around them."""
    found = ((text[shape.start : shape.end], shape) for shape in shapes(text))
    return [_of_shape(key, part, shape) for part, shape in found if not _stands_in(part, shape)]


def _unique(found: list[Recognised]) -> list[Recognised]:
    unique = {candidate.secret: candidate for candidate in reversed(found)}
    return sorted(unique.values(), key=lambda candidate: (candidate.start, candidate.end))


def _name(key: str, kind: str, secret: str) -> str:
    """What to call it. A key that itself holds the value, or a credential, does not become part of a name."""
    label = key.strip()[:80]
    inside = secret in label or (len(label) > 5 and label in secret)
    clean = label and not inside and not _has_shape(label) and re.fullmatch(r"[\w .:/@+-]+", label)
    return f"{label} ({kind})" if clean else kind


def _has_shape(text: str) -> bool:
    return next(shapes(text), None) is not None


def _made(key: str, kind: str, secret: str, start: int = 0, end: int = 0) -> Recognised:
    lowered = key.lower()
    if "aws" in lowered and "session" in lowered:
        return Recognised("aws_session_token", _name(key, "aws_session_token", secret), secret, start, end, lifetime="ephemeral")
    kind = "aws_secret_access_key" if kind == "access_key" and re.fullmatch(r"[A-Za-z0-9/+=]{40}", secret) else kind
    return Recognised(kind, _name(key, kind, secret), secret, start, end, lifetime="static" if kind in _STATIC_KINDS else None)


def _of_shape(key: str, secret: str, shape: Shape) -> Recognised:
    return Recognised(shape.type, _name(key, shape.type, secret), secret, shape.start, shape.end, shape.lifetime, shape.claims)


def _stands_in(text: str, shape: Shape) -> bool:
    if shape.type == "private_key":
        body = re.sub(r"-----[^-]*-----|\\n|\s", "", text)
        return len(body) < 40 or is_placeholder(body[:80])
    return shape.type != "jwt" and is_placeholder(text)


def _defaults(key: str, text: str) -> list[Recognised]:
    """Credentials that stand as the default of a variable: ``${TOKEN:-value}``."""
    found: list[Recognised] = []
    for inner in interpolations(text):
        if inner.default:
            for one in recognise_all(key or inner.name, inner.default) or recognise_all(inner.name, inner.default):
                start = text.find(one.secret)
                found.append(
                    _made(key or inner.name, one.type, one.secret, max(start, 0), max(start, 0) + len(one.secret) if start >= 0 else 0)
                )
    return found


def _whole(key: str, text: str) -> Iterator[Recognised]:
    """The whole value of a key that asks for a credential."""
    kind = secret_kind(key)
    stripped = text.strip().strip("\"'").strip()
    if kind is None or interpolations(stripped) or _SCHEME.fullmatch(stripped) or not plausible_secret(stripped, kind):
        return
    if kind in ("password", "secret") or not _ASSIGNED.match(stripped):
        start = text.find(stripped)
        yield _made(key, "token" if kind == "key" else kind, stripped, start, start + len(stripped))


def _headers(key: str, text: str) -> Iterator[Recognised]:
    """``Authorization: Bearer …``, ``Basic …`` and their like, as a header's value or inside a text."""
    whole = _SCHEME.fullmatch(text) if secret_kind(key) else None
    for match in [whole] if whole else _ANY_BEARER.finditer(text):
        secret = match["rest"].strip().strip("\"'")
        if interpolations(secret) or is_placeholder(secret):
            continue
        start, end = match.span("rest")
        if match["scheme"].lower() == "basic":
            password = _basic(secret)
            if password is not None and not is_placeholder(password):
                yield Recognised("basic_auth", _name(key, "basic_auth", secret), password, start, end, lifetime="static")
        elif plausible_secret(secret, "token"):
            yield _made(key, "bearer_token" if match["scheme"].lower() == "bearer" else "token", secret, start, start + len(secret))


def _basic(encoded: str) -> str | None:
    """The password of an encoded ``user:password``; None where it is no such thing, or has none."""
    try:
        user, colon, password = base64.b64decode(encoded + "=" * (-len(encoded) % 4), validate=True).decode().partition(":")
    except (ValueError, binascii.Error):
        return None
    return (password or user) if colon else None


def _assigned(text: str) -> Iterator[Recognised]:
    """``Password=…`` in connection strings, ``--token …`` and ``KEY=…`` in command lines, ``key: …`` in texts."""
    for match in _ASSIGNED.finditer(text):
        key, group = (match["key"], "value") if match["key"] else (match["flag"], "given")
        secret = match[group].rstrip(".")
        if "(" not in secret:
            secret = secret.rstrip(").")  # a sentence in brackets ends there
        kind = secret_kind(key)
        if key.lower() == "pass" and text[match.start(group) - 2 : match.start(group)] == ": " and _NAME.fullmatch(secret):
            continue  # the verb: "Pass: client_id, email"
        if kind and plausible_secret(secret, kind) and not interpolations(secret) and not _SCHEME.fullmatch(f"{secret} x"):
            start = match.start(group)
            yield _made(key, "token" if kind == "key" else kind, secret, start, start + len(secret))


def _urls(text: str) -> Iterator[Recognised]:
    for match in _URL.finditer(text):
        parts = _split(match[0], match.start())
        yield from parts.secrets


# --------------------------------------------------------------------------------------------------------------------------------
# Addresses


@dataclass(frozen=True, slots=True)
class UrlParts:
    """An address without what is secret in it.

    ``url`` is normalised: scheme and host in lower case, port unless it is the scheme's own, path without a trailing slash; no user, no
    password, no query, no fragment; a path segment that is a credential reads ``{secret}``. ``port`` is ``""`` where none is named.
    ``references`` are the variables in it.
    """

    url: str
    scheme: str
    host: str
    port: str
    path: str
    user: str = ""
    secrets: tuple[Recognised, ...] = ()
    references: tuple[Interpolation, ...] = ()


def url_parts(text: str) -> UrlParts | None:
    """The parts of ``text``, an address such as ``https://host/mcp?api_key=…`` or ``postgres://user:pass@host/db`` (``jdbc:`` before it is
    taken off); None where it is none."""
    stripped = text.strip().strip("\"'").removeprefix("jdbc:")
    match = _URL.fullmatch(stripped[:MAX_LENGTH])
    return _split(match[0], 0) if match else None


def _split(url: str, offset: int) -> UrlParts:
    """Parts of a well-formed ``scheme://rest``; spans of the secrets are moved by ``offset``."""
    scheme, _, rest = url.partition("://")
    scheme = scheme.lower()
    rest, _, fragment = rest.partition("#")
    rest, _, query = rest.partition("?")
    authority, slash, path = rest.partition("/")
    userinfo, at, host = authority.rpartition("@")
    if not at and "@" in rest and ":" in authority and not re.fullmatch(r"[^:]*:[0-9]{0,5}", authority):
        # A password with an unescaped slash: whatever stands before the last @ must not pass for a host.
        userinfo, _, tail = rest.rpartition("@")
        host, slash, path = tail.partition("/")
    user, _, password = userinfo.partition(":")
    host = host.lower()
    name, colon, port = host.rpartition(":") if re.search(r":[0-9]{1,5}$", host) else (host, "", "")
    found: list[Recognised] = []

    def add(kind: str, key: str, secret: str) -> None:
        start = url.find(secret) + offset
        shape = next(shapes(secret), None)
        if shape and shape.end - shape.start == len(secret):
            found.append(replace(_of_shape(key, secret, shape), start=start, end=start + len(secret)))
        else:
            found.append(_made(key, kind, unquote(secret), start, start + len(secret)))

    if password and not interpolations(password) and not is_placeholder(password) and "password" not in password.lower():
        add("password", f"{scheme} password", password)
    elif user and not password and at and _is_random(user):
        add("token", f"{scheme} user", user)
    for pair in re.split("[&;]", f"{query}&{fragment}"):  # OAuth's implicit flow answers in the fragment
        key, _, secret = pair.partition("=")
        kind = secret_kind(key) or ("token" if key.lower() in _QUERY_WORDS else None)
        if (
            kind
            and secret
            and not interpolations(secret)
            and plausible_secret(unquote(secret), "password" if kind == "password" else "token")
        ):
            add("token" if kind == "key" else kind, key, secret)
    segments = path.split("/")
    shares = name.endswith((".google.com", ".googleusercontent.com", ".youtube.com", ".figma.com"))  # long segments name documents there
    for index, segment in enumerate(segments):
        if any(not _stands_in(segment[shape.start : shape.end], shape) for shape in shapes(segment)) or (
            _is_random(segment) and not shares
        ):
            add("url_token", f"{name} path", segment)
            segments[index] = "{secret}"
    clean = "/".join(segments).rstrip("/")
    kept = f":{port}" if colon and _PORTS.get(scheme) != port else ""
    shown = f"{scheme}://{name}{kept}" + (f"/{clean}" if slash and clean else "")
    safe_user = "" if _is_random(user) or _has_shape(user) else unquote(user)
    return UrlParts(shown, scheme, name, port, f"/{clean}" if clean else "", safe_user, tuple(found), tuple(interpolations(url)))


def _is_random(text: str) -> bool:
    """Whether a part of an address was made by a machine to be guessed by nobody; digests and UUIDs name things and are not meant."""
    if not 24 <= len(text) <= 2048 or not re.fullmatch(r"[\w=~-]+", text) or re.fullmatch(r"[0-9a-fA-F-]+", text):
        return False
    if len(re.findall("[0-9]", text)) < 3 or not re.search("[a-z]", text) or is_placeholder(text):
        return False
    mixed = bool(re.search("[A-Z]", text))
    words = [part for part in re.split(r"[-_]", text) if part]
    return entropy(text) > (3.8 if mixed else 4.0) and max(len(part) for part in words) >= 16


def redact(text: str) -> str:
    """``text`` with every credential in it replaced by ``***``, for names and labels; one that may be a placeholder goes as well."""
    text = hide(text[:MAX_LENGTH])
    for found in recognise_all("", text):
        raw = text[found.start : found.end] if found.end else ""
        for secret in (found.secret, raw):
            text = text.replace(secret, "***") if secret else text
    return text


# --------------------------------------------------------------------------------------------------------------------------------
# Facts


def secret_key(document: Document, found: Recognised) -> NodeKey:
    """The node of a credential: the same text anywhere is the same node. The id of an AWS access key is no secret, and names it."""
    if found.type in ("aws_access_key_id", "aws_session_key_id"):
        return access_key(found.secret)
    return "Secret", f"secret:{_fingerprint(document, found)}"


def secret_node(document: Document, line: int | None, found: Recognised) -> NodeFact:
    """What is known about a credential seen on ``line``."""
    props: Props = {
        "name": found.name,
        "type": found.type,
        "lifetime": found.lifetime,
        "fingerprint": _fingerprint(document, found),
        "sources": [document.source(line)],
        **(claimed(found.claims) if found.claims else {}),
    }
    return NodeFact(*secret_key(document, found), {name: value for name, value in props.items() if value is not None})


def claimed(claims: Claims) -> Props:
    """What its claims say of a token, as properties; None for what they do not say."""
    return {
        "issued_at": claims.issued_at,
        "expires_at": claims.expires_at,
        "audience": [hide(one) for one in claims.audience] or None,
        "scopes": [hide(one) for one in claims.scopes] or None,
        "labels": [f"act={hide(one)}" for one in claims.actors] or None,
    }


def _fingerprint(document: Document, found: Recognised) -> str:
    return document.fingerprint(found.secret.strip().strip("\"'").strip())


def secret_facts(document: Document, line: int | None, holder: NodeKey, key: str, value: str, place: str) -> Iterator[Fact]:
    """Facts about the credentials in ``value``: a Secret and a HOLDS edge for each that stands there, a HOLDS edge to a reference for each
    that something else fills in, nothing for placeholders and for values that are no credentials.

    Args:
        document: where it stands.
        line: on which line.
        holder: key of the node that holds it.
        key: name of the variable, header, argument or setting; may be empty.
        value: the configured value.
        place: where a value that stands there lies (``config``, ``repo`` …); references lie elsewhere.
    """
    common: Props = {"evidence": ["declared"], "sources": [document.source(line)]}
    for found in recognise_all(key, value):
        yield secret_node(document, line, found)
        yield EdgeFact("HOLDS", holder, secret_key(document, found), {**common, "place": place})
    wanted = looks_secret_name(key) or looks_connection_name(key)
    for reference in interpolations(value):
        if reference.default and not recognise_all(key or reference.name, reference.default) and is_place(reference.default):
            continue  # what it stands for is a path or an address
        if not wanted and reference.kind != "vault" and not _asks(reference.name) and not _in_credential_place(value, reference):
            continue
        space, name = reference.kind, reference.name
        if space == "command":
            name = f"{document.path}#{key or name}"
        elif _has_shape(name):
            continue
        props = {**common, "place": _PLACES[space]} if space in _PLACES else common
        path = referenced(name) if space == "vault" else ""
        fallback = key_of("Secret", document.root, path)[1] if path else f"{space}:{document.root}#{name}"
        yield EdgeFact("HOLDS", holder, Ref("Secret", space, name, fallback=fallback), props)


_PLACES = {"env": "env", "vault": "vault"}


def _asks(name: str) -> bool:
    return looks_secret_name(name) or looks_connection_name(name)


def _in_credential_place(value: str, reference: Interpolation) -> bool:
    """Whether a reference stands where a header or an address carries a credential."""
    before, after = value[: reference.start], value[reference.end : reference.end + 200]
    if re.search(r"(?:bearer|basic|token)\s+$", before, re.IGNORECASE):
        return True
    if re.search(r"://[^/\s@]*:$", before) and "@" in after:
        return True
    named = re.search(r"(?:[?&;\s]|^|--)([A-Za-z][\w-]*)[=:\s]\s*$", before)
    return bool(named and (looks_secret_name(named[1]) or named[1].lower() in _QUERY_WORDS))
