"""How modules hang together."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections.abc import Iterator
from types import ModuleType

import grimp
import networkx as nx
import pytest

import graphinv

DOORS = {
    "graphinv": {"graphinv.api"},
    "graphinv.store": {"graphinv.store.embedded", "graphinv.store.neo4j"},
    "graphinv.export.senders": {"graphinv.export.senders.github", "graphinv.export.senders.jira", "graphinv.export.senders.servicenow"},
}
"""Packages that say what there is to be had and, when it is asked for, bring it by name."""


def test_no_modules_import_in_a_circle() -> None:
    found = grimp.build_graph("graphinv", cache_dir=None)
    graph = nx.DiGraph(
        (importer, imported)
        for importer in found.modules
        for imported in found.find_modules_directly_imported_by(importer)
        if imported not in DOORS.get(importer, ())
    )
    assert [sorted(circle) for circle in nx.strongly_connected_components(graph) if len(circle) > 1] == []


FOUND_BY_BEING_THERE = re.compile(r"graphinv\.(ingest|export|ingest\.grants|ingest\.support\.\w+\.frameworks)")
"""Packages whose modules are all of one sort, each of which says in its TITLE or docstring what it is."""
FEW = 6


def packages() -> Iterator[ModuleType]:
    """Packages with so many modules that one is not found by looking."""
    for found in pkgutil.walk_packages(graphinv.__path__, "graphinv."):
        if found.ispkg and not FOUND_BY_BEING_THERE.fullmatch(found.name):
            package = importlib.import_module(found.name)
            if len(list(pkgutil.iter_modules(package.__path__))) > FEW:
                yield package


@pytest.mark.parametrize("package", list(packages()), ids=lambda package: str(package.__name__))
def test_a_package_says_what_each_of_its_modules_is_for(package: ModuleType) -> None:
    told = set(re.findall(r"\w+", str(package.__doc__)))
    modules = {module.name for module in pkgutil.iter_modules(package.__path__) if not module.name.startswith("checks_")}
    assert modules - told == set()
