"""Sub-agents of Cursor: Markdown files with front matter in ``.cursor/agents/``.

Drawn:
    (:Agent host)-[:DELEGATES_TO {mode: invoke}]->(:Agent)
    (:Agent)-[:USES]->(:Tool built-in), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)

A sub-agent has the tools and servers of its host; one that is ``readonly`` cannot edit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.ingest.support import clients
from graphinv.ingest.support.agent_files import AgentFile
from graphinv.ingest.support.builtins import INHERENT, builtin_facts
from graphinv.model.facts import EdgeFact, Fact

CLIENT = "cursor"
NAME = "cursor_agents"
TITLE = "Sub-agents of Cursor"
FILES = ("**/.cursor/agents/**/*.md",)

_OURS = re.compile(r"(?:(?P<folder>.*?)/)?\.cursor/agents/.+\.mdc?", re.DOTALL)


def detect(path: str, head: bytes) -> bool:
    """Whether it lies in Cursor's folder of agents."""
    return _OURS.fullmatch(path) is not None


def read(document: Document) -> Iterator[Fact]:
    """Facts of one sub-agent.

    Raises:
        IngestError: not text, or front matter that never ends.
    """
    agent = AgentFile.of(document, _OURS, CLIENT, "cursor sub-agent")
    yield from agent.notes(NAME)
    if not agent.settings:
        return
    yield from agent.agent()
    yield from agent.bound(CLIENT)
    yield from agent.models()
    reads = agent.settings.get("readonly") is True
    tools = [tool for tool in INHERENT[CLIENT] if not (reads and tool in ("edit", "terminal"))]
    yield from builtin_facts(document, agent.line("readonly" if reads else "name"), agent.key, CLIENT, tools)
    yield EdgeFact("CONNECTS_TO", agent.key, agent.server_ref(CLIENT, "*"), agent.props("name"))
    yield from clients.duplicate_problems(agent.meta, document, NAME)
