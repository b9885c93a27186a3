"""The tools of a server that a configuration file starts, once its program was read."""

from __future__ import annotations

import json
from collections.abc import Iterable

from graphinv.ingest import mcp_claude_code
from graphinv.model.facts import Fact
from graphinv.pipeline.joins import resolve
from tests.ingest.reading import document


def evidence_of_tools(program: Iterable[Fact], path: str, line: str) -> set[str]:
    """What is said of how sure it is that the server which ``line`` starts in ``path`` provides the tools of ``program``."""
    command, *arguments = line.split()
    text = json.dumps({"mcpServers": {"x": {"command": command, "args": arguments}}})
    facts = [*program, *mcp_claude_code.read(document(text, path))]
    started = ("ToolServer", f"mcp:shop/{path}#x")
    provided = [edge.props["evidence"] for edge in resolve("shop", facts).edges if edge.source == started and edge.kind == "PROVIDES"]
    return {one for kinds in provided for one in kinds}
