"""Custom modes of Roo Code and Kilo Code (``.roomodes``, ``.kilocodemodes``, ``custom_modes.yaml``): agents with groups of tools.

Drawn:
    (:Agent host)-[:DELEGATES_TO {mode: handoff, kind_detail: mode}]->(:Agent mode)
    (:Agent mode)-[:USES]->(:Tool group of built-in tools)
    (:Agent mode)-[:CONNECTS_TO]->(:ToolServer), every one that is visible, where it has the group ``mcp``
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients, yamldoc
from graphinv.ingest.support.builtins import builtin_facts
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.secrets import redact
from graphinv.model.errors import IngestError
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, Ref

NAME = "roo_modes"
TITLE = "Custom modes of Roo Code and Kilo Code"
FILES = ("**/.roomodes", "**/.kilocodemodes", "**/custom_modes.yaml", "**/custom_modes.json")
MAX_BYTES = 4 * 1024 * 1024

_PLACES = {
    "roo": re.compile(r"(?:.*/)?(?:\.roomodes|custom_modes\.(?:ya?ml|json))", re.DOTALL),
    "kilocode": re.compile(r"(?:.*/)?(?:\.kilocodemodes|kilocode\.[^/]*/settings/custom_modes\.(?:ya?ml|json))", re.DOTALL),
}
_STEERS = frozenset({"modes"})
"""Groups whose tools only steer the session."""


def detect(path: str, head: bytes) -> bool:
    """Whether it is called like a file of modes."""
    return any(place.fullmatch(path) for place in _PLACES.values()) and (b"customModes" in head or "custom_modes" not in path)


def read(document: Document) -> Iterator[Fact]:
    """Facts of all modes of a file, which is YAML or, what YAML takes in, JSON.

    Raises:
        IngestError: not YAML, or no mapping at its top.
    """
    client = "kilocode" if _PLACES["kilocode"].fullmatch(document.path) else "roo"
    located = yamldoc.first(document)
    if not isinstance(located.value, dict):
        raise IngestError("holds no mapping at its top", document=document.path, where=f"L{located.line()}")
    yield from clients.duplicate_problems(located, document, NAME)
    modes = located.value.get("customModes")
    if not isinstance(modes, list):
        if modes is not None:
            yield Problem(document.path, f"L{located.line('customModes')}", "customModes is no list", "error", NAME)
        return
    yield clients.host_fact(document, client, document.folder)
    for index, mode in enumerate(modes[: claude.MAX_ITEMS]):
        yield from _mode(document, located, client, mode, ("customModes", index))


def _mode(document: Document, located: Located, client: str, mode: Any, pointer: Pointer) -> Iterator[Fact]:
    slug = mode.get("slug") if isinstance(mode, dict) else None
    if not isinstance(slug, str) or not slug.strip():
        yield Problem(document.path, f"L{located.line(*pointer)}", "a mode without a slug is not loaded", "note", NAME)
        return
    slug = redact(slug.strip()[: claude.MAX_NAME])
    name = mode.get("name")
    key = clients.host_key(document, client, document.folder, slug)

    def stated(*below: str | int, **props: object) -> Props:
        return {"evidence": ["declared"], "sources": [document.source(located.line(*pointer, *below))], **props}

    node: Props = {
        "name": redact(name.strip()[: claude.MAX_NAME]) if isinstance(name, str) and name.strip() else slug,
        "framework": client,
        "kind_detail": f"{client} mode",
        "status": "active",
        "environment": environment_of(document.path),
        "sources": [document.source(located.line(*pointer, "slug"))],
    }
    yield NodeFact(*key, {prop: value for prop, value in node.items() if value is not None})
    host = clients.host_key(document, client, document.folder)
    yield EdgeFact("DELEGATES_TO", host, key, stated("slug", mode="handoff", kind_detail="mode"))
    yield Binding(client, slug, key, document.folder, document.path)
    groups = mode.get("groups")
    if groups is not None and not isinstance(groups, list):
        yield Problem(document.path, f"L{located.line(*pointer, 'groups')}", f"groups of mode {slug!r} are no list", "error", NAME)
    for index, group in enumerate(groups[: claude.MAX_ITEMS] if isinstance(groups, list) else ()):
        given = group[0] if isinstance(group, list) and group else group  # with a pattern of files beside it
        if isinstance(given, str) and given not in _STEERS:
            yield from _group(document, located.line(*pointer, "groups", index), client, key, given, stated("groups", index))


def _group(document: Document, line: int, client: str, key: NodeKey, group: str, stated: Props) -> Iterator[Fact]:
    if group == "mcp":
        yield EdgeFact("CONNECTS_TO", key, Ref("ToolServer", client, "*"), stated)
    else:
        yield from builtin_facts(document, line, key, client, [group])
