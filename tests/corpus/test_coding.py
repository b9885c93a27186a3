"""The readers of coding agents' files over real ones: all are recognised and read, and say what a person reads in them."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from graphinv.ingest import facts_of, instructions, mcp_continue, slash_commands
from graphinv.model.facts import EdgeFact, NodeFact, Problem, check_edge, check_node
from tests.ingest.reading import document

FOLDERS: dict[str, Any] = {
    "copilot_instructions": instructions,
    "agents_md": instructions,
    "claude_commands": slash_commands,
    "continue_agents": mcp_continue,
}
EXPECTED = {
    "copilot_instructions": {"documents": 2, "hosts": 2},
    "agents_md": {"documents": 1, "hosts": 1},
    "claude_commands": {"documents": 3, "hosts": 1, "commands": 3},
    "continue_agents": {"documents": 5, "hosts": 1, "agents": 5, "delegations": 5},
}
"""Counted by hand: no command says which tools it may use, no agent names a model or servers of its own."""


def counted(reader: Any, folder: Path) -> dict[str, int]:
    counts: Counter[str] = Counter()
    agents: dict[str, str] = {}
    for file in sorted(path for path in folder.rglob("*") if path.is_file()):
        root, *inside = file.relative_to(folder).parts
        data, path = file.read_bytes(), "/".join(inside)
        assert reader.detect(path, data[:4096]), file
        counts["documents"] += 1
        for fact in facts_of(reader, document(data, path, root=root)):
            assert not isinstance(fact, Problem), fact
            if isinstance(fact, NodeFact):
                checked = check_node(fact)
                if fact.kind == "Agent":
                    agents[fact.id] = str(checked.props["kind_detail"])
                counts["commands"] += checked.props.get("kind_detail") == "slash-command"
            elif isinstance(fact, EdgeFact):
                counts["delegations"] += check_edge(fact).kind == "DELEGATES_TO"
                assert fact.kind not in ("HOLDS", "CONNECTS_TO"), fact
    counts["hosts"] = sum(detail.endswith("host") or detail.startswith("coding agent") for detail in agents.values())
    counts["agents"] = len(agents) - counts["hosts"]
    return {name: count for name, count in counts.items() if count}


def test_every_file_is_read_and_says_what_a_person_reads_in_it(corpus: Path) -> None:
    assert {folder: counted(reader, corpus / folder) for folder, reader in FOLDERS.items()} == EXPECTED
