"""Agents of opencode: Markdown files with front matter in ``.opencode/agent/`` (or ``agents/``) and in opencode's user folder.

Drawn:
    (:Agent host)-[:DELEGATES_TO {mode: invoke}]->(:Agent), (:Agent primary)-[:DELEGATES_TO]->(:Agent sub-agent)
    (:Agent)-[:USES]->(:Tool built-in), (:Agent)-[:CONNECTS_TO]->(:ToolServer), (:Agent)-[:USES_MODEL]->(:Model)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import clients
from graphinv.ingest.support.agent_files import stem
from graphinv.ingest.support.opencode import CLIENT, agent_facts
from graphinv.ingest.support.yamldoc import Loose, front_matter
from graphinv.model.facts import Fact, Problem

NAME = "opencode_agents"
TITLE = "Agents of opencode"
FILES = ("**/.opencode/agent/**/*.md", "**/.opencode/agents/**/*.md", "**/.config/opencode/agent/**/*.md", "**/.opencode/mode/*.md")

_OURS = re.compile(r"(?:(?P<folder>.*?)/)?(?:\.opencode|\.config/opencode)/(?:agents?|modes?)/(?P<name>.+\.md)", re.DOTALL)


def detect(path: str, head: bytes) -> bool:
    """Whether it lies in one of opencode's folders of agents."""
    return _OURS.fullmatch(path) is not None


def read(document: Document) -> Iterator[Fact]:
    """Facts of one agent, which is called as its file is.

    Raises:
        IngestError: not text, or front matter that never ends.
    """
    match = _OURS.fullmatch(document.path)
    meta, _ = front_matter(document)
    settings: dict[str, Any] = meta.value
    if match is None or not settings:
        yield Problem(document.path, "L1", "has no front matter, so that it is no agent", "note", NAME)
        return
    if isinstance(meta, Loose):
        yield Problem(document.path, "L1", "has front matter that is not valid YAML; it was read line by line", "note", NAME)
    folder = match["folder"] or ""
    yield clients.host_fact(document, CLIENT, folder)
    yield from agent_facts(document, meta, (), folder, stem(match["name"]), settings)
    yield from clients.duplicate_problems(meta, document, NAME)
