"""Custom droids of Factory: Markdown files with front matter in ``.factory/droids/``.

Drawn:
    (:Agent host)-[:DELEGATES_TO {mode: invoke}]->(:Agent)
    (:Agent)-[:USES]->(:Tool built-in), (:Agent)-[:CONNECTS_TO {tools}]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)

``tools`` is a list of tools, or of kinds of them; a droid without one has what its host has, servers included.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients
from graphinv.ingest.support.agent_files import AgentFile
from graphinv.ingest.support.builtins import INHERENT, builtin_facts
from graphinv.ingest.support.parts import texts
from graphinv.model.facts import EdgeFact, Fact

CLIENT = "droid"
NAME = "droid_agents"
TITLE = "Custom droids of Factory"
FILES = ("**/.factory/droids/*.md",)

_OURS = re.compile(r"(?:(?P<folder>.*?)/)?\.factory/droids/[^/]+\.md", re.DOTALL)
_KINDS: Mapping[str, tuple[str, ...]] = {
    "read-only": ("Read", "LS", "Grep", "Glob"),
    "edit": ("Create", "Edit", "MultiEdit", "ApplyPatch"),
    "execute": ("Execute",),
    "web": ("WebSearch", "FetchUrl"),
    "mcp": (),
}
_CLAUDES = {"Bash": "Execute", "Write": "Create", "WebFetch": "FetchUrl"}
"""Names of Claude Code's tools, which are taken over with its sub-agents."""


def detect(path: str, head: bytes) -> bool:
    """Whether it lies in Factory's folder of droids."""
    return _OURS.fullmatch(path) is not None


def read(document: Document) -> Iterator[Fact]:
    """Facts of one droid.

    Raises:
        IngestError: not text, or front matter that never ends.
    """
    agent = AgentFile.of(document, _OURS, CLIENT, "custom droid")
    yield from agent.notes(NAME)
    if not agent.settings:
        return
    yield from agent.agent(mechanism="custom droid")
    yield from agent.bound(CLIENT)
    yield from agent.models()
    yield from _tools(agent)
    yield from clients.duplicate_problems(agent.meta, document, NAME)


def _tools(agent: AgentFile) -> Iterator[Fact]:
    stated = agent.settings.get("tools")
    named = [one.strip() for one in stated.split(",")] if isinstance(stated, str) else texts(stated)
    line = agent.line("tools")
    if not named:
        yield from builtin_facts(agent.document, line, agent.key, CLIENT, INHERENT[CLIENT])
        yield EdgeFact("CONNECTS_TO", agent.key, agent.server_ref(CLIENT, "*"), agent.props("tools"))
        return
    servers: dict[str, list[str]] = {}
    for one in dict.fromkeys(named[: claude.MAX_ITEMS]):
        server = re.fullmatch(r"mcp__(.+?)(?:__(.+))?", one)
        if one in _KINDS:
            yield from builtin_facts(agent.document, line, agent.key, CLIENT, _KINDS[one])
        elif server:
            servers.setdefault(server[1], []).extend([server[2]] if server[2] else [])
        elif one:
            yield from builtin_facts(agent.document, line, agent.key, CLIENT, [_CLAUDES.get(one, one)])
    if "mcp" in named:
        yield EdgeFact("CONNECTS_TO", agent.key, agent.server_ref(CLIENT, "*"), agent.props("tools"))
    for name, tools in servers.items():
        some = {"tools": sorted(tools)} if tools else {}
        yield EdgeFact("CONNECTS_TO", agent.key, agent.server_ref(CLIENT, name), agent.props("tools", **some))
