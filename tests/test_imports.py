"""How modules hang together."""

from __future__ import annotations

import pkgutil
import re
from types import ModuleType

import grimp
import networkx as nx
import pytest

import graphinv.analyze
import graphinv.cli
import graphinv.pipeline

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


@pytest.mark.parametrize("package", [graphinv.analyze, graphinv.cli, graphinv.pipeline], ids=lambda package: str(package.__name__))
def test_a_package_says_what_each_of_its_modules_is_for(package: ModuleType) -> None:
    told = set(re.findall(r"\w+", str(package.__doc__)))
    modules = {module.name for module in pkgutil.iter_modules(package.__path__) if not module.name.startswith("checks_")}
    assert modules - told == set()
