"""Texts of source code: what their escapes mean, and without the credentials that stand in them."""

from __future__ import annotations

import hashlib
import re

from graphinv.ingest import Document
from graphinv.ingest.support.javascript import ir
from graphinv.ingest.support.secrets import looks_secret_name, recognise_all, secret_facts
from graphinv.model.facts import Fact

MAX_TEXT = 2000
"""Characters of a text that are kept; of a longer one also a digest of all of it."""
_SUSPECT = re.compile(
    r"[A-Za-z0-9_+/=.~-]{16,}|://[^/\s]*@|[?&][a-z_-]+=|-----BEGIN|\b(?:bearer|basic|password|passwd|pwd|secret|token|key)\b", re.IGNORECASE
)
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", "b": "\b", "f": "\f", "v": "\v", "0": "", "\n": ""}


def unescape(text: str) -> str:
    """What an escape sequence of a string literal stands for."""
    body = text[1:]
    if body[:1] in ("u", "x"):
        try:
            code = int(body[1:].strip("{}"), 16)
            return chr(code) if code < 0x110000 and not 0xD800 <= code < 0xE000 and code else ""
        except ValueError:
            return ""
    return _ESCAPES.get(body, body)


def constant(document: Document, key: str, text: str, line: int) -> ir.Const:
    """A text that stands under ``key`` (a variable's or property's name, may be empty) without the credentials in it."""
    secrets: tuple[Fact, ...] = ()
    if len(text) >= 4 and ((key and looks_secret_name(key)) or _SUSPECT.search(text)):
        found = recognise_all(key, text)
        if found:
            secrets = tuple(secret_facts(document, line, ir.HOLDER, key, text, "repo"))
            for one in found:
                raw = text[one.start : one.end] if one.end else ""
                for secret in (one.secret, raw):
                    text = text.replace(secret, "***") if secret else text
    if len(text) > MAX_TEXT:
        text = f"{text[:MAX_TEXT]}… ({hashlib.sha256(text.encode('utf-8', 'replace')).hexdigest()[:16]})"
    return ir.Const(text, line, secrets)
