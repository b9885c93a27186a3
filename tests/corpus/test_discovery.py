from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from graphinv.ingest import HEAD_BYTES, a2a_card, ai_catalog, cyclonedx, oasf_record, peer_graph
from tests.corpus.taking import taken
from tests.ingest.reading import Facts, document

READERS = (a2a_card, ai_catalog, cyclonedx, oasf_record, peer_graph)
EXPECTED: dict[str, dict[str, int]] = {
    "a2a_agent_card": {"files": 9, "taken": 9, "Agent": 9},
    "oasf_record": {"files": 18, "taken": 18, "Agent": 15, "ToolServer": 5, "Model": 8, "Tool": 0},
    "bom_other": {"files": 1, "taken": 1, "Agent": 0, "Model": 0},
    "peer_agent_graph": {"files": 13, "taken": 10, "Agent": 15, "ToolServer": 18, "Tool": 43},
}
"""Counted by hand in the files: two records are those of skills, one that of a server; one bill lists libraries alone; three of the
peers' files are findings and evidence, one report lists no agent, one only folders of packages."""


@pytest.mark.parametrize("kind", EXPECTED)
def test_what_the_files_hold_is_found(corpus: Path, kind: str) -> None:
    counts: Counter[str] = Counter()
    for reader, path, data in taken(corpus / kind, READERS, counts):
        found = Facts(reader, document(data, path))
        assert not [message for _, severity, message in found.problems if severity == "error"], path
        counts.update(key[0] for key in found.nodes)
    assert {name: counts[name] for name in EXPECTED[kind]} == EXPECTED[kind]


def test_files_of_other_formats_are_left_alone(corpus: Path) -> None:
    taken = []
    for file in corpus.rglob("*.json"):
        kind, *rest = file.relative_to(corpus).parts
        if file.is_file() and kind not in EXPECTED:
            head = file.read_bytes()[:HEAD_BYTES]
            taken += ["/".join(rest) for reader in READERS if reader.detect("/".join(rest), head)]
    assert {Path(path).name for path in taken} <= {"agent-card.json"}  # a few lie among the files of frameworks
