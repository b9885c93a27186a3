"""Instruction files (``AGENTS.md``, ``CLAUDE.md``, ``.cursorrules`` …): they say that a coding agent works here, and give it no tools.

Drawn:
    (:Agent host), of the client that reads the file; for ``AGENTS.md``, which many read, an agent of its own
    (:Agent)-[:HOLDS {place: prompt}]->(:Secret)    credentials that stand in the text
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from fnmatch import fnmatchcase
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import clients
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.prose import held, written
from graphinv.model.facts import Fact, NodeFact, Props

NAME = "instructions"
TITLE = "Instruction files of coding agents"

_PLACES: tuple[tuple[str, str], ...] = (
    (".claude/CLAUDE.md", "claude-code"),
    ("CLAUDE.md", "claude-code"),
    ("CLAUDE.local.md", "claude-code"),
    (".claude/rules/*.md", "claude-code"),
    ("GEMINI.md", "gemini-cli"),
    ("QWEN.md", "qwen-code"),
    (".github/copilot-instructions.md", "github-copilot"),
    (".github/instructions/*.instructions.md", "github-copilot"),
    (".cursorrules", "cursor"),
    (".cursor/rules/*.mdc", "cursor"),
    (".cursor/rules/*.md", "cursor"),
    (".windsurfrules", "windsurf"),
    (".windsurf/rules/*.md", "windsurf"),
    (".clinerules", "cline"),
    (".clinerules/*.md", "cline"),
    (".roorules", "roo"),
    (".roo/rules*/*.md", "roo"),
    (".continuerules", "continue"),
    (".continue/rules/*.md", "continue"),
    (".junie/guidelines.md", "junie"),
    (".kiro/steering/*.md", "kiro"),
    (".trae/rules/*.md", "trae"),
    (".kilocode/rules/*.md", "kilocode"),
    (".amazonq/rules/*.md", "amazon-q"),
    ("AGENTS.md", "agents-md"),
    ("AGENT.md", "agents-md"),
)
"""Where an instruction file lies below the folder that it is about, and the client that reads it there."""
FILES = tuple(f"**/{place}" for place, _ in _PLACES)
_LAST = re.compile(
    r"(?:CLAUDE|CLAUDE\.local|GEMINI|QWEN|AGENTS|AGENT|copilot-instructions|guidelines)\.md|\.(?:cursor|windsurf|cline|roo|continue)rules|.*\.mdc?",
    re.DOTALL,
)
_AT_TOP = frozenset({"CLAUDE.md", "GEMINI.md", "QWEN.md", "AGENTS.md", "AGENT.md"})


def detect(path: str, head: bytes) -> bool:
    """Whether it is an instruction file, by its name and place."""
    return _place(path) is not None


def _place(path: str) -> tuple[str, str] | None:
    """Folder and client of an instruction file."""
    parts = path.split("/")
    if not _LAST.fullmatch(parts[-1]):
        return None
    for place, client in _PLACES:
        folder = _folder(parts, place.split("/"))
        if folder is not None:
            return None if place in _AT_TOP and any(part.startswith(".") for part in folder) else ("/".join(folder), client)
    return None


def _folder(parts: list[str], place: list[str]) -> list[str] | None:
    """What stands before ``place`` in a path; None where the path is no such place. Rules may lie in folders below theirs."""
    *above, name = place
    if not fnmatchcase(parts[-1], name):
        return None
    if not above:
        return parts[:-1]
    for index in range(len(parts) - len(above) - 1, -1, -1):
        if all(map(fnmatchcase, parts[index : index + len(above)], above)):
            below = len(parts) - 1 - index - len(above)
            return parts[:index] if below == 0 or "*" in name else None
    return None


def summarise(document: Document) -> list[NodeFact] | None:
    """Credentials that stand in it; None where the file says nothing at all.

    Raises:
        IngestError: not text.
    """
    return written(document, whole=True) if document.text().strip() else None


def link(root: str, summaries: Mapping[str, Any]) -> Iterator[Fact]:
    """One agent per client and topmost folder: files further down instruct the same agent. ``AGENTS.md`` counts where no file beside or
    above it says which client it is."""
    places: dict[str, dict[str, list[str]]] = {}
    for path, says in summaries.items():
        found = _place(path)
        if says is not None and found:
            folder, client = found
            places.setdefault(client, {}).setdefault(folder, []).append(path)
    known = {folder for client, folders in places.items() if client != "agents-md" for folder in folders}
    for client, folders in sorted(places.items()):
        tops: dict[str, list[str]] = {}
        for folder in sorted(folders):
            above = [one for one in _upwards(folder) if one in folders]
            if client != "agents-md" or not any(one in known for one in _upwards(folder)):
                tops.setdefault(above[-1], []).extend(folders[folder])
        for folder, paths in sorted(tops.items()):
            agent = _agent(root, client, folder, sorted(paths))
            yield agent
            for path in sorted(paths):
                yield from held(agent.key, summaries[path])


def _upwards(folder: str) -> Iterator[str]:
    """``folder`` and all above it, the root last."""
    while folder:
        yield folder
        folder = folder.rpartition("/")[0]
    yield ""


def _agent(root: str, client: str, folder: str, paths: list[str]) -> NodeFact:
    place = f"{root}/{folder}" if folder else root
    generic = client == "agents-md"
    environment = environment_of(f"{folder}/x")
    props: Props = {
        "name": f"{clients.TITLES[client]} ({place})",
        "status": "active",
        "framework": client,
        "kind_detail": "coding agent by AGENTS.md" if generic else f"{client} host",
        "sources": [f"{root}/{path}" for path in paths],
    }
    props |= {"labels": ["certainty=low"]} if generic else {}
    props |= {"environment": environment} if environment else {}
    return NodeFact("Agent", f"{client}:{place}", props)
