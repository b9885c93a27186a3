"""Lists of packages that have a newer version: ``npm outdated``, ``pnpm outdated``, ``pip list --outdated``, ``dotnet list package``.

Said, of packages that something else in the scan depends on in that version:
    (:Package {latest})
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import jsondoc, packages
from graphinv.ingest.support.located import Pointer
from graphinv.ingest.support.packages import Package
from graphinv.ingest.support.parts import items, mapping
from graphinv.ingest.support.records import text
from graphinv.ingest.support.tellable import tellable, tellable_package
from graphinv.model.facts import Fact, Problem, Statement

NAME = "outdated_packages"
TITLE = "Packages that have a newer version"
FILES = (
    "any JSON file as `npm outdated --json` and `pnpm outdated --format json` print it",
    "any JSON file as `pip list --outdated` and `dotnet list package --outdated` print it with `--format json`",
)
MAX_BYTES = 8 * 1024 * 1024
MAX_PACKAGES = 20_000

_NPM = re.compile(rb'^\s*\{\s*"[^"\\]{1,214}"\s*:\s*+(?:\[\s*+)?\{[^{}\[\]]*"latest"\s*:\s*"[^{}\[\]]*\}')
_NPM_MARK = re.compile(rb'"(?:wanted|current)"\s*:\s*"')
_PIP = re.compile(rb'^\s*\[\s*\{[^{}\[\]]*"latest_version"\s*:')
_DOTNET = re.compile(rb'"latestVersion"\s*:')
_VERSION = re.compile(r"[\w.+-]{1,100}")

Entry = tuple[Pointer, Package | None, str]


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as one of these lists."""
    if not path.lower().endswith(".json"):
        return False
    npm = _NPM.search(head) is not None and _NPM_MARK.search(head) is not None
    return npm or _PIP.search(head) is not None or (_DOTNET.search(head) is not None and b'"topLevelPackages"' in head)


def read(document: Document) -> Iterator[Fact]:
    """What is said of each package in its version.

    Raises:
        IngestError: not JSON.
    """
    located = jsondoc.parse(document)
    for number, (pointer, package, latest) in enumerate(_entries(located.value)):
        if number == MAX_PACKAGES:
            message = f"lists more than {MAX_PACKAGES:,} packages; the rest is not read"
            yield Problem(document.path, f"L{located.line(*pointer)}", message, "error", NAME)
            return
        safe = tellable_package(package)
        if safe is not None and safe.pinned and _VERSION.fullmatch(latest) and tellable(latest):
            source = document.source(located.line(*pointer))
            yield Statement(source, "directory", nodes=(f"Package:{safe.purl}",), props={"latest": latest})


def _entries(top: Any) -> Iterator[Entry]:
    if isinstance(top, list):
        for index, item in enumerate(items(top)):
            yield (index,), packages.pypi(f"{text(item.get('name'))}=={text(item.get('version'))}"), text(item.get("latest_version"))
    elif isinstance(mapping(top).get("projects"), list):
        yield from _dotnet(top)
    else:
        for name, value in mapping(top).items():
            for item in items(value) if isinstance(value, list) else [mapping(value)]:  # one for each workspace
                yield (name,), packages.npm(f"{name}@{text(item.get('current'))}"), text(item.get("latest"))


def _dotnet(top: dict[str, Any]) -> Iterator[Entry]:
    for at, project in enumerate(items(top["projects"])):
        for under, framework in enumerate(items(project.get("frameworks"))):
            for kind in ("topLevelPackages", "transitivePackages"):
                for index, item in enumerate(items(framework.get(kind))):
                    package = packages.nuget(f"{text(item.get('id'))}@{text(item.get('resolvedVersion'))}")
                    yield ("projects", at, "frameworks", under, kind, index), package, text(item.get("latestVersion"))
