from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from graphinv.ingest import HEAD_BYTES, kubernetes
from graphinv.model.facts import EdgeFact, Grant, NodeFact, Problem, check_edge, check_node
from tests.ingest.reading import document

EXPECTED: dict[str, dict[str, int]] = {
    "kagent-dev__kagent": {"files": 26, "objects": 33, "templates": 14, "Agent": 7, "ToolServer": 7, "Model": 3, "rules": 1, "binding": 1},
    "mckinsey__agents-at-scale-ark": {"files": 36, "objects": 46, "templates": 4, "Agent": 10, "ToolServer": 4, "Memory": 1},
    "msaad00__agent-bom": {"files": 7, "objects": 17, "templates": 0, "Runtime": 6, "rules": 1, "binding": 2},
}
"""Counted by hand in the files, of which all are read; templates are those of charts. Those of ark are filled in, those of kagent lack
their chart and are told."""


@pytest.mark.parametrize("repository", EXPECTED)
def test_what_the_files_hold_is_found(corpus: Path, repository: str) -> None:
    folder = corpus / "k8s_agents" / repository
    counts: Counter[str] = Counter()
    summaries = {}
    for file in sorted(folder.rglob("*")):
        path = "/".join(file.relative_to(folder).parts)
        if file.is_file() and kubernetes.detect(path, file.read_bytes()[:HEAD_BYTES]):
            summary = summaries[path] = kubernetes.summarise(document(file.read_bytes(), path, "estate"))
            counts.update(files=1, objects=len(summary.objects), templates=summary.templates)
    facts = list(kubernetes.link("estate", summaries))
    seen = {check_node(fact).key for fact in facts if isinstance(fact, NodeFact)}
    assert all(check_edge(fact) for fact in facts if isinstance(fact, EdgeFact))
    assert not [fact.message for fact in facts if isinstance(fact, Problem) and fact.severity == "error"]
    counts.update(kind for kind, _ in seen)
    counts.update(fact.role for fact in facts if isinstance(fact, Grant))
    assert {name: counts[name] for name in EXPECTED[repository]} == EXPECTED[repository]


def test_files_of_other_formats_are_left_alone(corpus: Path) -> None:
    taken = []
    for file in sorted(corpus.rglob("*")):
        kind, *rest = file.relative_to(corpus).parts
        manifest = kind == "k8s_agents" or file.name == "agent.yaml"  # some lie among the files of frameworks
        if file.is_file() and not manifest and kubernetes.detect("/".join(rest), file.read_bytes()[:HEAD_BYTES]):
            taken.append(kind)
    assert set(taken) <= {"spire"}  # its entries are objects of a cluster too
