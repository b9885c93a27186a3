"""Authors and maintainers in the metadata of packages (``package.json``, ``pyproject.toml``): a hint at who may answer for the code.

Drawn, by the pipeline from the rules that are read here, where no other source names an owner:
    (:Owner)-[:OWNS]->(whatever is stated in the package's folder)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc, tomldoc
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.owners import owner_of
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, NodeFact, OwnerRule

NAME = "package_authors"
TITLE = "Authors of packages"
FILES = ("package.json", "pyproject.toml")

MAX_BYTES = 2 * 1024 * 1024
MAX_PEOPLE = 20

_ADDRESS = re.compile(r"[^<>]{0,200}<([^<>\s]{3,320})>.*", re.DOTALL)
_NOBODY = re.compile(r"(?:no-?reply|donotreply|bot|redacted|none|nobody|todo|you|your\S*)@|@users\.noreply\.|\[bot\]", re.IGNORECASE)


def detect(path: str, head: bytes) -> bool:
    """Whether it is called so and names somebody near its beginning, or goes on after it."""
    named = b"author" in head or b"maintainer" in head or len(head) >= 4096
    return path.rpartition("/")[2] in ("package.json", "pyproject.toml") and named


def read(document: Document) -> Iterator[Fact]:
    """Owners of one package: maintainers where it names any, else authors; only those whose e-mail address it tells.

    A file that cannot be parsed says nothing here: its own readers tell what is wrong with it.

    Raises:
        IngestError: not text.
    """
    document.text()
    try:
        found = tomldoc.parse(document) if document.name == "pyproject.toml" else jsondoc.parse(document)
    except IngestError:
        return
    for pointer in _pointers(document.name):
        line = found.line(*pointer)
        owners = {owner.key: owner for owner in _people(_at(found, pointer), document.source(line))}
        if owners:
            keys = tuple(owners)[:MAX_PEOPLE]
            yield from (owners[key] for key in keys)
            yield OwnerRule("*", keys, document.folder, 0, document.source(line), origin="metadata")
            return


def _pointers(name: str) -> tuple[tuple[str, ...], ...]:
    if name == "package.json":
        return ("maintainers",), ("author",)
    return ("project", "maintainers"), ("tool", "poetry", "maintainers"), ("project", "authors"), ("tool", "poetry", "authors")


def _at(found: Located, pointer: tuple[str, ...]) -> Any:
    value = found.value
    for key in pointer:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def _people(value: Any, source: str) -> Iterator[NodeFact]:
    for person in value if isinstance(value, list) else [value]:
        email = person.get("email") if isinstance(person, dict) else None
        if isinstance(person, str) and (match := _ADDRESS.fullmatch(person)):
            email = match[1]
        if isinstance(email, str) and "@" in email and not _NOBODY.search(email):
            owner = owner_of(email, source)
            if owner is not None:
                yield owner
