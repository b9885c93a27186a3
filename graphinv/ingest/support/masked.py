"""Texts whose credentials have been taken out and can still be told apart: a mark with the fingerprint stands in the place of each.

Such texts may be kept, put together and taken apart as any other: a mark in the result says which Secret it carries.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.ingest.support.databases import database_facts
from graphinv.ingest.support.secrets import Recognised, is_placeholder, looks_secret_name, recognise_all, secret_key, secret_node
from graphinv.model.facts import Fact, NodeKey

_OPEN, _CLOSE = "\ue000", "\ue001"
_MARK = re.compile(f"{_OPEN}([0-9a-f]{{32}})?{_CLOSE}")
_FOREIGN = re.compile("[\ue000-\ue00f]")
_SUSPECT = re.compile(
    r"[A-Za-z0-9_+/=.~-]{16,}|://[^/\s]*@|[?&][a-z_-]+=|-----BEGIN|\b(?:bearer|basic|password|passwd|pwd|secret|token|key)\b", re.IGNORECASE
)
_PIECE = 16_000


def mask(document: Document, line: int, key: str, text: str, facts: list[Fact], *, sensitive: bool = False) -> str:
    """``text``, which stands under ``key``, with marks for credentials, about which ``facts`` are added; O(length).

    ``sensitive`` says that its place holds nothing but a credential, whatever it looks like. Ids of AWS access keys, which are no secrets,
    stay.
    """
    text = _FOREIGN.sub("\ufffd", text)
    if sensitive:
        return _all(document, line, key, text, facts)
    if len(text) < 4 or not (_SUSPECT.search(text) or (key and looks_secret_name(key))):
        return text
    if "://" in text:
        facts.extend(database_facts(document, line, text))
    return "".join(_piece(document, line, key, piece, facts) for piece in _pieces(text))


def _pieces(text: str) -> Iterator[str]:
    """``text`` in pieces as long as recognition takes them, cut between lines where there are any."""
    start = 0
    while len(text) - start > _PIECE:
        cut = text.rfind("\n", start + 1, start + _PIECE) + 1 or start + _PIECE
        yield text[start:cut]
        start = cut
    yield text[start:]


def _piece(document: Document, line: int, key: str, text: str, facts: list[Fact]) -> str:
    for one in recognise_all(key, text):
        if one.type.endswith("_key_id"):
            continue
        facts.append(secret_node(document, line, one))
        mark = _mark(secret_key(document, one))
        raw = text[one.start : one.end] if one.end and one.secret not in text else ""
        for secret in (one.secret, raw):
            text = text.replace(secret, mark) if secret else text
    return text


def _all(document: Document, line: int, key: str, text: str, facts: list[Fact]) -> str:
    if not text.strip():
        return text
    if is_placeholder(text):
        return _OPEN + _CLOSE
    found = next((one for one in recognise_all(key, text) if one.secret == text.strip()), None)
    found = found or Recognised("secret", f"{key[:80]} (secret)" if key else "secret", text, lifetime="static")
    facts.append(secret_node(document, line, found))
    return _mark(secret_key(document, found))


def _mark(key: NodeKey) -> str:
    return f"{_OPEN}{key[1].removeprefix('secret:')}{_CLOSE}"


def carried(text: str) -> list[NodeKey]:
    """Secrets that a masked text carries, in its order."""
    return [("Secret", f"secret:{match[1]}") for match in _MARK.finditer(text) if match[1]]


def unmasked(text: str) -> str:
    """A masked text for people: ``***`` in the place of every credential."""
    return _MARK.sub("***", text)
