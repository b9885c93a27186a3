"""Configurations of other people's crews and graphs."""

from __future__ import annotations

from pathlib import Path

import pytest

from graphinv.ingest import python_source
from graphinv.ingest.support import yamldoc
from graphinv.model.facts import NodeFact, Problem, check_node
from tests.ingest.reading import document


@pytest.mark.parametrize("place", ["fw_crewai", "fw_langgraph", "fw_adk", "fw_autogen_maf", "fw_strands"])
def test_everything_is_read(corpus: Path, place: str) -> None:
    summaries = {}
    for file in sorted((corpus / place).rglob("*")):
        path = str(file.relative_to(corpus))
        if file.is_file() and python_source.detect(path, file.read_bytes()[:4096]):
            summaries[path] = python_source.summarise(document(file.read_bytes(), path, "corpus"))
    facts = list(python_source.link("corpus", summaries))
    assert not [fact for fact in facts if isinstance(fact, Problem) and fact.severity == "error"]
    for fact in facts:
        if isinstance(fact, NodeFact):
            check_node(fact)


def test_every_agent_of_a_crew_in_yaml_is_one_of_ours(corpus: Path) -> None:
    summaries = {}
    wanted = set()
    for file in sorted((corpus / "fw_crewai").rglob("*.yaml")):
        path = str(file.relative_to(corpus))
        if not python_source.detect(path, file.read_bytes()[:4096]):
            continue
        read = document(file.read_bytes(), path, "corpus")
        summaries[path] = python_source.summarise(read)
        for located in yamldoc.parse(read.text(), read):
            wanted |= {
                f"crewai:corpus/{path.removesuffix('.yaml')}#{key}"
                for key, stated in located.value.items()
                if isinstance(stated, dict) and "role" in stated
            }
    found = {fact.id for fact in python_source.link("corpus", summaries) if isinstance(fact, NodeFact) and fact.kind == "Agent"}
    assert wanted
    assert found == wanted
