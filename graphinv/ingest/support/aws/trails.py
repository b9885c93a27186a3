"""Records of CloudTrail out of whatever carries them: files that it delivers, answers of its API, envelopes, results of queries.

A file may hold a million records: they are decoded one at a time, and what is around them is passed over.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.model.errors import IngestError

Event = dict[str, Any]
"""A record as CloudTrail writes it."""

_LISTS = "Records|Events|events|logEvents|QueryResultRows"
_OPENING = re.compile(rf'\{{\s*"(?:{_LISTS})"\s*:\s*\[')
_TEXTS = ("CloudTrailEvent", "message", "@message", "eventJson", "original", "_raw", "data")
"""Keys under which a record stands as text."""
_WITHIN = (*_LISTS.split("|"), "detail", "_source", "event", "body", "cloudtrail", "result", "raw_payload")
"""Keys under which one stands as an object, or several in a list."""
_DEPTH = 4
_ROWS = 1_000_000
_COLUMNS = (
    *("eventVersion", "userIdentity", "eventTime", "eventSource", "eventName", "awsRegion", "errorCode", "requestParameters"),
    *("responseElements", "eventID", "readOnly", "resources", "eventType", "recipientAccountId"),
)
_BY_COLUMN = {name.lower(): name for name in _COLUMNS}
_MEMBERS = {
    name.lower(): name
    for name in (
        *("principalId", "accountId", "accessKeyId", "userName", "invokedBy", "identityProvider", "sessionContext", "sessionIssuer"),
        *("onBehalfOf", "userId", "ec2RoleDelivery"),
    )
}
_END = re.compile(r", |[}\]]")
_DEEPEST = 20


def events(document: Document) -> Iterator[tuple[int, Event]]:
    """(line, record) of each record in ``document``. O(bytes).

    Raises:
        IngestError: it is not text; or, after what could be read, it is not JSON any more: it is cut off, or nested too deep.
    """
    if document.name.lower().endswith(".csv"):
        yield from _table(document)
        return
    for line, value in _objects(document):
        for event in _events(value, _DEPTH):
            yield line, event


def _objects(document: Document) -> Iterator[tuple[int, dict[str, Any]]]:
    """Objects one after the other, each with its line; of one that begins with a list of records, the records."""
    text, decoder = document.text(), json.JSONDecoder()
    position, counted, line = text.find("{"), 0, document.line
    while position >= 0:
        line += text.count("\n", counted, position)
        counted = position
        opening = _OPENING.match(text, position)
        if opening:
            position = opening.end()
        else:
            try:
                value, position = decoder.raw_decode(text, position)
            except (ValueError, RecursionError):
                raise IngestError("is not JSON, is cut off here, or is nested too deep", document=document.path, where=f"L{line}") from None
            yield line, value
        position = text.find("{", position)


def _events(value: object, depth: int) -> Iterator[Event]:
    if isinstance(value, list):
        for item in value if depth else ():
            yield from _events(item, depth - 1)
    elif isinstance(value, dict):
        if is_event(value):
            yield value
        elif depth:
            for key in _TEXTS:
                inner = value.get(key)
                if isinstance(inner, str):
                    yield from _events(_decoded(inner), 1)
            for key in _WITHIN:
                inner = value.get(key)
                row = key == "QueryResultRows" and isinstance(inner, list)
                yield from _rows(inner) if row else _events(inner, depth - 1)


def is_event(value: Mapping[str, Any]) -> bool:
    """Whether an object is a record: it names an action of a service and who asked for it."""
    source, name, who = (value.get(key) for key in ("eventSource", "eventName", "userIdentity"))
    return isinstance(source, str) and isinstance(name, str) and isinstance(who, dict) and ".amazon" in source


def _decoded(text: str) -> object:
    """The object that a text holds; None where it holds none."""
    if not text.lstrip().startswith("{"):
        return None
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


def _rows(rows: object) -> Iterator[Event]:
    """Rows of CloudTrail Lake: each a list of objects of one column."""
    for row in rows if isinstance(rows, list) else ():
        columns = {name: said for one in row if isinstance(one, dict) for name, said in one.items()} if isinstance(row, list) else {}
        yield from _row(columns)


def _table(document: Document) -> Iterator[tuple[int, Event]]:
    """Rows of a table, as Athena and CloudTrail Lake write them."""
    rows = csv.DictReader(io.StringIO(document.text(), newline=""))
    try:
        for number, row in enumerate(rows):
            if number >= _ROWS:
                raise IngestError(f"holds more than {_ROWS:,} rows", document=document.path)
            for event in _row(row):
                yield rows.line_num, event
    except csv.Error:
        raise IngestError("is not a table of comma-separated values", document=document.path, where=f"L{rows.line_num}") from None


def _row(columns: Mapping[Any, Any]) -> Iterator[Event]:
    """The record that the columns of a row tell: a record as text, or its parts, those that have parts of their own as text."""
    for key in _TEXTS:
        said = columns.get(key)
        if isinstance(said, str):
            yield from _events(_decoded(said), 1)
            return
    event: Event = {}
    for column, said in columns.items():
        name = _BY_COLUMN.get(column.lower()) if isinstance(column, str) else None
        if name and isinstance(said, str) and said not in ("", "null"):
            event[name] = _unwritten(said) if said[0] in "{[" else said
    if isinstance(event.get("readOnly"), str):
        event["readOnly"] = event["readOnly"] == "true"
    if is_event(event):
        yield event


def _unwritten(text: str) -> object:
    """A value that stands as text in a cell: JSON, or the way in which Presto writes it (``{type=Root, arn=…}``)."""
    found = _decoded(text)
    if found is not None or text.startswith('{"'):
        return found
    return _Written(text).value(0)


class _Written:
    """A struct as Presto writes it; names of members are in lower case there."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def value(self, depth: int) -> object:
        """The value at hand; None where it is nested too deep."""
        if depth > _DEEPEST:
            self.at = len(self.text)
            return None
        opened = self.text[self.at : self.at + 1]
        if opened not in ("{", "["):
            return self._plain()
        self.at += 1
        members: dict[str, object] = {}
        items: list[object] = []
        while self.at < len(self.text) and self.text[self.at] not in "}]":
            if opened == "[":
                items.append(self.value(depth + 1))
            else:
                name, equals, _ = self.text[self.at : self.at + 100].partition("=")
                self.at += len(name) + len(equals)
                members[_MEMBERS.get(name, name)] = self.value(depth + 1)
            while self.text[self.at : self.at + 1] in (",", " "):
                self.at += 1
        self.at += 1
        return items if opened == "[" else members

    def _plain(self) -> str | None:
        found = _END.search(self.text, self.at)
        end = found.start() if found else len(self.text)
        said, self.at = self.text[self.at : end], end
        return None if said == "null" else said
