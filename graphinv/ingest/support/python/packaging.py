"""Packages of the tree: what a ``pyproject.toml`` says that its commands start."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from posixpath import dirname, join
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import tomldoc
from graphinv.model.errors import IngestError

MAX_SCRIPTS = 100
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,120}")
_TARGET = re.compile(r"([A-Za-z_][\w.]{0,200})(?::[\w.]{1,200})?(?:\s*\[.*\])?")


@dataclass(frozen=True, slots=True)
class Package:
    """The package that a ``pyproject.toml`` builds; ``scripts`` are its commands and the modules that they start."""

    path: str
    name: str
    scripts: tuple[tuple[str, str], ...]

    @property
    def folder(self) -> str:
        """Folder of the package."""
        return dirname(self.path)


def read_package(document: Document) -> Package:
    """The package that a document builds. One that cannot be parsed says nothing here."""
    try:
        value: Any = tomldoc.parse(document).value
    except IngestError:
        return Package(document.path, "", ())
    project = _table(value, "project")
    poetry = _table(_table(value, "tool"), "poetry")
    name = project.get("name") or poetry.get("name")
    found: dict[str, str] = {}
    for table in (_table(project, "scripts"), _table(poetry, "scripts")):
        for script, target in table.items():
            match = _TARGET.fullmatch(target) if isinstance(target, str) else None
            if match and _NAME.fullmatch(script) and len(found) < MAX_SCRIPTS:
                found.setdefault(script, match[1])
    return Package(document.path, canonical(name) if isinstance(name, str) and _NAME.fullmatch(name) else "", tuple(found.items()))


def _table(value: Any, key: str) -> dict[str, Any]:
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def canonical(name: str) -> str:
    """A package's name as indexes compare it.

    >>> canonical("Acme_Server.Tools")
    'acme-server-tools'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


def documents_of(package: Package, module: str) -> Iterator[str]:
    """Paths at which the source of ``module`` may lie in the package."""
    stem = module.replace(".", "/")
    for base in (package.folder, join(package.folder, "src")):
        for tail in (".py", "/__init__.py", "/__main__.py"):
            yield join(base, f"{stem}{tail}")
