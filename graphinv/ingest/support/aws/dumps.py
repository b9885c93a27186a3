"""Answers of the AWS API as people save them: one, a list of pages, one a line, one after the other, or by account."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from graphinv.ingest import Document
from graphinv.ingest.support.parts import MAX_LABEL
from graphinv.ingest.support.secret_shapes import hide
from graphinv.model.errors import IngestError
from graphinv.model.facts import Problem

MAX_PAGES = 10_000
MAX_POLICY = 500_000
"""Characters of one policy. AWS's own are the longest by far."""
_BLANK = re.compile(r"[\s,]*+")
_EXTERNAL_ID = "sts:externalid"
_SURROGATE = re.compile("[\ud800-\udfff]")


def pages(document: Document, keys: frozenset[str]) -> Iterator[tuple[str, dict[str, Any]]]:
    """(JSON pointer, object) of every object of ``document`` that has one of ``keys``, at the top or up to two containers below it.

    Large answers are common: they are read by Python's own reader, without line numbers.

    Raises:
        IngestError: it is not text, not JSON, or nested too deep.
    """
    count = 0
    for number, value in enumerate(_values(document)):
        for pointer, page in _objects(value, keys, "", 2):
            count += 1
            if count > MAX_PAGES:
                raise IngestError(f"holds more than {MAX_PAGES:,} pages", document=document.path)
            yield (f"{pointer}" if number == 0 else f"{pointer}~{number}"), page


def _values(document: Document) -> Iterator[Any]:
    text = document.text()
    decoder = json.JSONDecoder()
    position = _end(text, 0)
    if position == len(text):
        raise IngestError("is empty", document=document.path)
    while position < len(text):
        try:
            value, position = decoder.raw_decode(text, position)
        except (ValueError, RecursionError) as error:
            line = error.lineno if isinstance(error, json.JSONDecodeError) else text.count("\n", 0, position) + 1
            raise IngestError("is not JSON, is cut off here, or is nested too deep", document=document.path, where=f"L{line}") from None
        yield value
        position = _end(text, position)


def _end(text: str, position: int) -> int:
    found = _BLANK.match(text, position)
    return found.end() if found else position


def _objects(value: Any, keys: frozenset[str], pointer: str, depth: int) -> Iterator[tuple[str, dict[str, Any]]]:
    if isinstance(value, dict) and not keys.isdisjoint(value):
        yield pointer, value
    elif depth and isinstance(value, dict):
        for key, one in value.items():
            yield from _objects(one, keys, f"{pointer}/{key.replace('~', '~0').replace('/', '~1')}", depth - 1)
    elif depth and isinstance(value, list):
        for number, one in enumerate(value):
            yield from _objects(one, keys, f"{pointer}/{number}", depth - 1)


def policy_text(value: object) -> str | None:
    """A policy document as the API gives it (an object, JSON text, or that URL-encoded) as JSON text, without credentials.

    None where it is none, or longer than any that AWS takes.
    """
    try:
        if isinstance(value, str):
            value = json.loads(unquote(value) if value.lstrip().startswith("%") else value)
        if not isinstance(value, dict):
            return None
        said = json.dumps(value, separators=(",", ":"))
        if len(said) > MAX_POLICY:
            return None
        # Piece by piece, because of a long text only the beginning is looked at; no credential reaches from one text to the next.
        if _EXTERNAL_ID in said.lower() or any(hide(piece) != piece for piece in said.split('","')):
            said = json.dumps(_hidden(value), separators=(",", ":"))
    except (ValueError, RecursionError):
        return None
    return said


def _hidden(value: Any) -> Any:
    """``value`` without credentials and without external ids, which trust policies share with others like a password."""
    if isinstance(value, str):
        return hide(value)
    if isinstance(value, list):
        return [_hidden(item) for item in value]
    if isinstance(value, dict):
        return {hide(key): "***" if key.lower() == _EXTERNAL_ID else _hidden(inner) for key, inner in value.items()}
    return value


def items(value: object) -> Iterator[tuple[int, dict[str, Any]]]:
    """The objects of a list, each with its place; nothing where it is no list."""
    for number, one in enumerate(value) if isinstance(value, list) else ():
        if isinstance(one, dict):
            yield number, one


def text(value: object, most: int = MAX_LABEL) -> str:
    """A text of an answer without credentials; ``""`` for anything else and for one that is longer than any there."""
    return hide(_SURROGATE.sub("\ufffd", value)) if isinstance(value, str) and len(value) <= most else ""


def tags_of(value: object) -> dict[str, str]:
    """Tags (``[{"Key": …, "Value": …}]``) by name."""
    found = {text(one.get("Key")): text(one.get("Value")) for _, one in items(value)}
    return {key: said for key, said in found.items() if key}


def moment(value: object) -> str | None:
    """A time of the API in a form that the vocabulary takes; None for ``N/A``, ``no_information`` and what is none."""
    said = text(value).strip()
    return said if re.fullmatch(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d{1,6})?(?:Z|[+-]\d\d:?\d\d)?", said) else None


def problem(document: Document, pointer: str, message: str, ingestor: str, severity: str = "warning") -> Problem:
    """Something at ``pointer`` that was not understood, or is missing."""
    return Problem(document.path, pointer, message, severity, ingestor)
