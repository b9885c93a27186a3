"""Which documents of a root have nothing to do with each other: each part can be understood alone, in any process."""

from __future__ import annotations

from collections.abc import Mapping
from posixpath import dirname, join, normpath
from typing import Any

from graphinv.ingest.support.python import ir
from graphinv.ingest.support.python.modules import Modules
from graphinv.ingest.support.python.packaging import Package, documents_of
from graphinv.ingest.support.unions import Together


def parts(summaries: Mapping[str, Any]) -> list[list[str]]:
    """Paths of the documents of each part, in order: modules with what they import, configurations with the code around them,
    packages with what their commands start.

    Parts in which nothing imports a framework and no configuration stands are left out. O(imports).
    """
    modules = {path: one for path, one in summaries.items() if isinstance(one, ir.Module)}
    configs = [path for path, one in summaries.items() if not isinstance(one, (ir.Module, Package))]
    places = Modules(modules)
    together = Together()
    for path, module in modules.items():
        for dotted, level in module.imports:
            place = places.find(module, dotted, level)
            if place is not None and not place.endswith("/"):
                together.join(path, place)
    for path in modules:  # the script decides the notebook's ids
        script = path.removesuffix("ipynb") + "py"
        if path.endswith(".ipynb") and script in modules:
            together.join(path, script)
    marked = [path for path, module in modules.items() if module.marked]
    _attach(configs, marked, summaries, together)
    for path, package in summaries.items():
        if isinstance(package, Package):
            together.join(path, *(place for _, module in package.scripts for place in documents_of(package, module) if place in modules))
    wanted = {together.find(path) for path in (*marked, *configs)}
    return [group for head, group in together.groups(summaries).items() if head in wanted]


def _attach(configs: list[str], marked: list[str], summaries: Mapping[str, Any], together: Together) -> None:
    """Joins each configuration with the others of its folder, and with the frameworks' modules under the nearest folder that has some."""
    below: dict[str, list[str]] = {}
    for path in marked:
        folder = dirname(path)
        while folder:
            below.setdefault(folder, []).append(path)
            folder = dirname(folder)
        below.setdefault("", []).append(path)
    first: dict[str, str] = {}
    for path in configs:
        folder = dirname(path)
        together.join(path, first.setdefault(folder, path))
        for target in _named(summaries[path], folder):
            if target in summaries:
                together.join(path, target)
        while folder and folder not in below:
            folder = dirname(folder)
        for other in below.get(folder, ()) if folder or len(marked) < 50 else ():
            together.join(path, other)


def _named(documents: Any, folder: str) -> list[str]:
    """Files that a ``langgraph.json`` names."""
    found: list[str] = []
    for located in documents:
        graphs = located.value.get("graphs") if isinstance(located.value, dict) else None
        for entry in graphs.values() if isinstance(graphs, dict) else ():
            place = entry.get("path") if isinstance(entry, dict) else entry
            if isinstance(place, str):
                found.append(normpath(join(folder, place.partition(":")[0])))
    return found
