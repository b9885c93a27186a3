"""OpsLevel: services and repositories and the teams that own them (``opslevel.yml``).

Drawn, by the pipeline from the rules that are read here:
    (:Owner)-[:OWNS]->(whatever is stated in the service's folder or repositories)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import yamldoc
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.owners import owner_of
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.service_catalogue import Component, component_facts, slug
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, NodeFact, Problem

NAME = "opslevel"
TITLE = "OpsLevel services"
FILES = ("opslevel.yml", "opslevel.yaml")

MAX_SERVICES = 5_000

_ALIAS = re.compile(r"[\w .:@/-]{1,200}")


def detect(path: str, head: bytes) -> bool:
    """Whether it is called ``opslevel.yml``."""
    return path.rpartition("/")[2].lower().lstrip(".") in ("opslevel.yml", "opslevel.yaml")


def read(document: Document) -> Iterator[Fact]:
    """Owners of one file.

    Raises:
        IngestError: not text or not YAML, or more than 5,000 services.
    """
    components: list[Component] = []
    for found in yamldoc.parse(document.text(), document):
        for service, line in _services(found):
            components.extend(_component(document, service, line))
            if len(components) > MAX_SERVICES:
                raise IngestError(f"holds more than {MAX_SERVICES:,} services", document=document.path, where=f"L{line}")
    if not components:
        yield Problem(document.path, "", "names no owner", "note", NAME)
    yield from component_facts(components, document.root, document.folder)


def _services(found: Located) -> Iterator[tuple[dict[str, Any], int]]:
    value = found.value if isinstance(found.value, dict) else {}
    for key in ("service", "component", "repository", "services", "components"):
        part = value.get(key)
        if isinstance(part, dict):
            yield part, found.line(key)
        for index, inner in enumerate(part if isinstance(part, list) else []):
            if isinstance(inner, dict):
                yield inner, found.line(key, index)


def _component(document: Document, service: dict[str, Any], line: int) -> Iterator[Component]:
    source = document.source(line)
    alias = service.get("owner")
    if not isinstance(alias, str) or not _ALIAS.fullmatch(alias) or hide(alias) != alias:
        return
    named = owner_of(alias, source) or NodeFact(
        "Owner", f"opslevel:team:{alias.lower()}", {"name": alias, "type": "team", "sources": [source]}
    )
    name = service.get("name")
    name = name if isinstance(name, str) else ""
    places = (
        [place for place in service.get("repositories") or () if isinstance(place, dict)]
        if isinstance(service.get("repositories"), list)
        else []
    )
    for place in places or [{}]:
        path = place.get("path")
        inner = path.strip("/") if isinstance(path, str) and re.fullmatch(r"[\w./-]{1,500}", path) else ""
        yield Component(name, (named,), line, source, slug(place.get("name")), inner)
