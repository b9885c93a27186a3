"""OpenMetadata: tables as its interface lists them, of which tags and owners count.

Drawn: nothing new. Of the databases and tables that other documents name it says how sensitive they are, and
    (:Owner)-[:OWNS]->(:Resource)
"""

from __future__ import annotations

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

NAME = "openmetadata"
TITLE = "OpenMetadata's catalogue of data"
FILES = ("any JSON file of OpenMetadata's tables",)

MAX_TABLES = 200_000

_NAME = re.compile(rb'"fullyQualifiedName"\s*:')
_TABLE = re.compile(rb'"(?:tagFQN|serviceType|databaseSchema|tableType)"\s*:')
_PART = re.compile(r'"((?:[^"]|"")+)"|([^".]+)')
_SERVICES = {
    "bigquery": "bigquery",
    "postgres": "postgres",
    "mysql": "mysql",
    "mariadb": "mariadb",
    "mssql": "mssql",
    "dynamodb": "dynamodb",
}


def detect(path: str, head: bytes) -> bool:
    """Whether it is JSON that begins with a table of OpenMetadata."""
    return path.lower().endswith(".json") and _NAME.search(head) is not None and _TABLE.search(head) is not None


def read(document: Document) -> Iterator[Fact]:
    """What one file says of tables.

    Raises:
        IngestError: not JSON, or more than 200,000 tables.
    """
    found = jsondoc.parse(document)
    prefix: tuple[str, ...] = ()
    value = found.value
    if isinstance(value, dict) and isinstance(value.get("data"), list):
        prefix, value = ("data",), value["data"]
    tables = value if isinstance(value, list) else [value]
    if len(tables) > MAX_TABLES:
        raise IngestError(f"holds more than {MAX_TABLES:,} tables", document=document.path)
    unread = 0
    for index, table in enumerate(tables):
        name = table.get("fullyQualifiedName") if isinstance(table, dict) else None
        if not isinstance(name, str):
            continue
        source = document.source(found.line(*prefix, index))
        resources = _resources(name, str(table.get("serviceType", "")))
        unread += not resources
        owners = [owner for entry in _owners(table) if (owner := _owner(entry, source))]
        yield from asset_facts(source, resources, _tags(table), owners)
    if unread:
        yield Problem(document.path, "", f"{unread} of its tables are on platforms that are not known here", "note", NAME)


def _resources(name: str, service: str) -> tuple[str, ...]:
    """Resources of ``service.database.schema.table``; of a service without a type, those of the database that has the name."""
    parts = [(match[1] or match[2]).replace('""', '"') for match in _PART.finditer(name[:1000])]
    if len(parts) != 4:
        return ()
    platform = _SERVICES.get(service.lower(), "" if service else "postgres")
    if platform == "bigquery":
        return resources_of(platform, name, parts[1:])
    if platform in ("mysql", "mariadb"):
        return resources_of(platform, name, parts[2:])
    return resources_of(platform, name, parts[1:])


def _tags(table: dict[str, Any]) -> Iterator[str]:
    columns = table.get("columns")
    for place in (table, *(column for column in (columns if isinstance(columns, list) else []) if isinstance(column, dict))):
        tags = place.get("tags")
        for tag in tags if isinstance(tags, list) else []:
            name = tag.get("tagFQN") if isinstance(tag, dict) else None
            if isinstance(name, str):
                yield name


def _owners(table: dict[str, Any]) -> Iterator[dict[str, Any]]:
    owners = table.get("owners")
    for owner in [table.get("owner"), *(owners if isinstance(owners, list) else [])]:
        if isinstance(owner, dict):
            yield owner


def _owner(entry: dict[str, Any], source: str) -> NodeFact | None:
    """A person by e-mail address, a team by its name."""
    email, name = entry.get("email"), entry.get("name")
    if isinstance(email, str) and "@" in email:
        return owner_of(email, source)
    if entry.get("type") == "team" and isinstance(name, str) and re.fullmatch(r"[\w .@/-]{1,200}", name) and hide(name) == name:
        return NodeFact("Owner", f"openmetadata:team:{name.lower()}", {"name": name, "type": "team", "sources": [source]})
    return None
