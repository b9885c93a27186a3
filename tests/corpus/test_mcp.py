from __future__ import annotations

from pathlib import Path

from graphinv.ingest import HEAD_BYTES
from graphinv.model.facts import NodeFact, Problem
from tests.mcp_support import Facts, document, mcp_ingestors

NOTHING_TO_SAY = {
    ".zed/settings.json": "settings of an editor, which say nothing of agents",
    "tests/mcp_servers/.test-client-invalid/mcp.json": "no servers, and a name that no client uses",
    "tests/mcp_servers/configs_files/vs_code_settings_file_with_empty_mcp.json": "settings under a name that no client uses",
    "tests/mcp_servers/configs_files/vs_code_settings_file_without_mcp.json": "settings under a name that no client uses",
    ".claude/settings.json": "read as settings of Claude Code",
}
"""Files of the corpus that give no host and no server, and why."""
OTHER_FORMATS = ("mcp_audit_log", "mcp_gateway")
"""Folders that hold no configuration of a client."""


def test_every_configuration_gives_a_host_or_a_server(corpus: Path) -> None:
    silent: list[str] = []
    counts = {"files": 0, "Agent": 0, "ToolServer": 0, "Package": 0}
    for file in sorted(corpus.glob("mcp_*/**/*")):
        kind, repository, *rest = file.relative_to(corpus).parts
        if not file.is_file() or kind in OTHER_FORMATS:
            continue
        path, data = "/".join(rest), file.read_bytes()
        made = document(path, data, repository)
        takers = [ingestor for ingestor in mcp_ingestors() if ingestor.detect(path, data[:HEAD_BYTES])]
        assert len(takers) <= 1, path
        facts = Facts(fact for ingestor in takers for fact in ingestor.read(made))
        assert not [fact for fact in facts.all if isinstance(fact, Problem)], path
        counts["files"] += 1
        for fact in facts.all:
            if isinstance(fact, NodeFact) and fact.kind in counts:
                counts[fact.kind] += 1
        if not facts.nodes("Agent") and not facts.nodes("ToolServer"):
            silent.append(path)
    assert sorted(silent) == sorted(NOTHING_TO_SAY)
    assert counts["ToolServer"] >= 28  # counted by hand in the files
    assert counts["Agent"] >= 17
