"""The readers of low-code platforms over real exports: all are read, and say what a person reads in them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from types import ModuleType

from graphinv.ingest import HEAD_BYTES, dify, flowise, ingestors, langflow, n8n
from graphinv.model.facts import NodeKey, Ref
from tests.ingest.reading import Facts, document

FOLDERS: dict[str, ModuleType] = {"lc_n8n": n8n, "lc_flowise": flowise, "lc_langflow": langflow}
EXPECTED = {
    "lc_n8n": {"documents": 17, "agents": 17, "tools of agents": 16, "servers": 2},
    "lc_flowise": {"documents": 22, "agents": 25, "tools of agents": 15, "delegations between agents": 19},
    "lc_langflow": {"documents": 6, "agents": 12, "tools of agents": 26, "delegations between agents": 7},
}
"""Counted by hand."""


def read(reader: ModuleType, folder: Path) -> dict[str, Facts]:
    """Facts by path below the folder; every file is recognised."""
    found: dict[str, Facts] = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        inside = file.relative_to(folder)
        data, path = file.read_bytes(), "/".join(inside.parts[1:])
        assert reader.detect(path, data[:HEAD_BYTES]), inside
        found[str(inside)] = Facts(reader, document(data, path, root=inside.parts[0]))
    return found


def counted(found: dict[str, Facts]) -> dict[str, int]:
    counts: Counter[str] = Counter(documents=len(found))
    for facts in found.values():
        counts["agents"] += sum(kind == "Agent" for kind, _ in facts.nodes)
        counts["tools of agents"] += sum(kind == "USES" and source == "Agent" for kind, source, _ in _ends(facts))
        counts["delegations between agents"] += sum(
            kind == "DELEGATES_TO" and source == target == "Agent" for kind, source, target in _ends(facts)
        )
        counts["servers"] += sum(edge.kind == "CONNECTS_TO" for edge in facts.edges)
    return {name: count for name, count in counts.items() if count}


def _ends(facts: Facts) -> list[tuple[str, str, str]]:
    """Kind of each edge and of its ends."""
    return [(edge.kind, _kind(edge.source), _kind(edge.target)) for edge in facts.edges]


def _kind(end: NodeKey | Ref) -> str:
    return end.kind if isinstance(end, Ref) else end[0]


def test_every_file_is_read_and_says_what_a_person_reads_in_it(corpus: Path) -> None:
    assert {folder: counted(read(reader, corpus / folder)) for folder, reader in FOLDERS.items()} == EXPECTED


def test_nothing_else_takes_them(corpus: Path) -> None:
    for folder, reader in FOLDERS.items():
        for file in sorted(path for path in (corpus / folder).rglob("*") if path.is_file()):
            path, head = "/".join(file.relative_to(corpus / folder).parts[1:]), file.read_bytes()[:HEAD_BYTES]
            assert [taker.NAME for taker in ingestors() if taker.detect(path, head)] == [reader.NAME], path


def test_nothing_of_other_formats_is_taken(corpus: Path) -> None:
    readers = (dify, *FOLDERS.values())
    for file in sorted(path for path in corpus.rglob("*") if path.is_file() and path.relative_to(corpus).parts[0] not in FOLDERS):
        head = file.read_bytes()[:HEAD_BYTES]
        assert not [reader.NAME for reader in readers if reader.detect(file.name, head)], file
