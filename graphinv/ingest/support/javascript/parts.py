"""Which documents of a root have to do with each other: each part can be understood alone, in any process."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from graphinv.ingest.support.javascript import ir
from graphinv.ingest.support.javascript.calling import LOOKUPS
from graphinv.ingest.support.javascript.modules import Modules
from graphinv.ingest.support.secret_shapes import hide
from graphinv.ingest.support.unions import Together

_SPECIFIER = re.compile(rb"""\b(?:from|import|require)\s*+\(?\s*+(["'`])([^"'`\n]{1,300})\1""")
_LOOKUP = re.compile(rb"\b(?:%s)\b" % "|".join(sorted(LOOKUPS, key=len, reverse=True)).encode())
_BY_NAME = re.compile(rb"\bcreateHandoffTool\b")


class Outline(NamedTuple):
    """What of a document tells which others it has to do with."""

    specifiers: tuple[str, ...]
    """Everything that it imports, and maybe what only looks so."""
    marked: bool
    looks_up: bool
    """Whether it may look up by name what is registered anywhere in the root."""
    by_name: bool
    """Whether it may name any agent of the root."""


NOTHING = Outline((), False, False, False)


def outline(data: bytes, marked: bool) -> Outline:
    """The outline of a source text; O(size)."""
    found = {match[2].decode("utf-8", "replace") for match in _SPECIFIER.finditer(data)}
    # An address means nothing in the tree and may hold a password; what looks like a credential in some comment is not kept either.
    specifiers = tuple(sorted(one for one in found if "://" not in one and hide(one) == one))
    return Outline(specifiers, marked, _LOOKUP.search(data) is not None, _BY_NAME.search(data) is not None)


def parts(outlines: Mapping[str, Outline | ir.Config]) -> list[list[str]]:
    """Paths of the documents of each part, in order: modules with what they import, and the configurations that say what imports mean.

    A configuration may stand in several; modules that no module with a framework has to do with stand in none. O(imports · folders above).
    """
    modules = {path: one for path, one in outlines.items() if isinstance(one, Outline)}
    configs = {path: one for path, one in outlines.items() if isinstance(one, ir.Config)}
    places = Modules(modules, configs)
    together = Together()
    marked = [path for path, one in modules.items() if one.marked]
    for path, one in modules.items():
        together.join(path, *(target for specifier in one.specifiers if (target := places.resolve(path, specifier)) is not None))
    for path in marked:
        _join_package(path, places, together)
    registering = [path for path, one in modules.items() if one.looks_up or any(name.startswith("@mastra/") for name in one.specifiers)]
    if any(modules[path].looks_up for path in registering):
        together.join(*registering)
    by_name = [path for path, one in modules.items() if one.by_name]
    if by_name:
        together.join(*by_name, *marked)
    wanted = {together.find(path) for path in marked}
    return [
        sorted({*group, *(config for path in group for config in _around(path, modules[path], places))})
        for head, group in together.groups(modules).items()
        if head in wanted
    ]


def _join_package(path: str, places: Modules, together: Together) -> None:
    """Documents with a framework belong together with those of their package, which may be one server's, and with what starts it."""
    folder = posixpath.dirname(path)
    while folder and posixpath.join(folder, "package.json") not in places.configs:
        folder = posixpath.dirname(folder)
    config = places.configs.get(posixpath.join(folder, "package.json"))
    together.join(path, f"{folder}/")  # no path of a document ends so
    for entry in (*config.entries, *(file for _, file in config.commands)) if config is not None else ():
        target = places.source(folder, entry)
        if target is not None:
            together.join(path, target)


def _around(path: str, module: Outline, places: Modules) -> Iterator[str]:
    """Configurations that say what the imports of a document mean and which package it belongs to."""
    folder = posixpath.dirname(path)
    while True:
        package = posixpath.join(folder, "package.json")
        if package in places.configs:
            yield package
        if folder in places.tsconfigs:
            yield places.tsconfigs[folder].path
        if not folder:
            break
        folder = posixpath.dirname(folder)
    for specifier in module.specifiers:
        config = places.named(specifier)
        if config is not None:
            yield config.path
