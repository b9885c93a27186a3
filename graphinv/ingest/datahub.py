"""DataHub: files of metadata events (change events with snapshots, change proposals), of which tags, glossary terms and owners count.

Drawn: nothing new. Of the databases, tables and buckets that other documents name it says how sensitive they are, and
    (:Owner)-[:OWNS]->(:Resource)
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc
from graphinv.ingest.support.data_assets import asset_facts, resources_of
from graphinv.ingest.support.owners import owner_of
from graphinv.ingest.support.secret_shapes import hide
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, NodeFact, Problem

NAME = "datahub"
TITLE = "DataHub's catalogue of data"
FILES = ("any JSON file of DataHub's metadata events",)

MAX_EVENTS = 200_000

_HEAD = re.compile(rb'"proposedSnapshot"\s*:|"entityUrn"\s*:\s*"urn:li:')
_DATASET = re.compile(r"urn:li:dataset:\(urn:li:dataPlatform:([\w-]{1,50}),([^,()]{1,500}),([A-Z_]{1,20})\)")
_ASPECTS = frozenset({"globalTags", "glossaryTerms", "ownership", "editableSchemaMetadata", "schemaMetadata"})


def detect(path: str, head: bytes) -> bool:
    """Whether it is JSON that begins with metadata events."""
    return path.lower().endswith(".json") and _HEAD.search(head) is not None


def read(document: Document) -> Iterator[Fact]:
    """What one file says of data sets.

    Raises:
        IngestError: not JSON, or more than 200,000 events.
    """
    found = jsondoc.parse(document)
    events = found.value if isinstance(found.value, list) else [found.value]
    if len(events) > MAX_EVENTS:
        raise IngestError(f"holds more than {MAX_EVENTS:,} events", document=document.path)
    unread = 0
    for index, event in enumerate(events):
        urn, aspects = _event(event)
        match = _DATASET.fullmatch(urn)
        if match is None or not aspects:
            continue
        resources = resources_of(match[1], match[2], match[2].split("."))
        unread += not resources
        line = found.line(index) if isinstance(found.value, list) else found.line()
        source = document.source(line)
        said = list(_texts(aspects))
        tags = [text.rpartition(":")[2] for text in said if text.startswith(("urn:li:tag:", "urn:li:glossaryTerm:"))]
        owners = [owner for text in said if (owner := _owner(text, source))]
        yield from asset_facts(source, resources, tags, owners)
    if unread:
        yield Problem(document.path, "", f"{unread} of its data sets are on platforms that are not known here", "note", NAME)


def _event(event: Any) -> tuple[str, list[Any]]:
    """Data set and aspects of one event, in either form."""
    if not isinstance(event, dict):
        return "", []
    snapshot = event.get("proposedSnapshot")
    if isinstance(snapshot, dict):
        inner = next((value for value in snapshot.values() if isinstance(value, dict)), {})
        aspects = inner.get("aspects")
        return str(inner.get("urn", "")), aspects if isinstance(aspects, list) else []
    if event.get("aspectName") not in _ASPECTS:
        return "", []
    aspect = event.get("aspect")
    if isinstance(aspect, dict) and isinstance(aspect.get("value"), str):
        try:
            aspect = json.loads(aspect["value"])
        except (ValueError, RecursionError):
            aspect = None
    return str(event.get("entityUrn", "")), [aspect]


def _texts(value: Any) -> Iterator[str]:
    """All URNs in a value, whatever they stand under. O(size)."""
    pending = [value]
    while pending:
        one = pending.pop()
        if isinstance(one, dict):
            pending.extend(one.values())
        elif isinstance(one, list):
            pending.extend(one)
        elif isinstance(one, str) and one.startswith("urn:li:") and len(one) < 500:
            yield one


def _owner(urn: str, source: str) -> NodeFact | None:
    """A person or group; a person by name alone is nobody that other sources know."""
    kind, _, name = urn.removeprefix("urn:li:").partition(":")
    if kind == "corpuser":
        return owner_of(name, source) if "@" in name else None
    if kind == "corpGroup" and re.fullmatch(r"[\w .@/-]{1,200}", name) and hide(name) == name:
        return owner_of(name, source, kind="team") or NodeFact(
            "Owner", f"datahub:group:{name.lower()}", {"name": name, "type": "team", "sources": [source]}
        )
    return None
