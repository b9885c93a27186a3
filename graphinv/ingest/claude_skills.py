"""Agent skills: ``SKILL.md`` with front matter, in a project's ``.claude/skills/`` or in a plugin.

Drawn:
    (:Agent host)-[:USES]->(:Tool skill)-[:HOLDS {place: tool_definition}]->(:Secret)

``allowed-tools`` are what the skill may do without a question; their effects, united, are the skill's. Without that list its effects are
unknown. A skill in another client's folder (``.codex/skills/`` …) is used by that client's host, one in ``.agents/skills/`` by nobody; nor
is one deep in a tree, in no folder of plugins: a program of one's own may load it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients
from graphinv.ingest.support.prose import held, written
from graphinv.ingest.support.secrets import redact
from graphinv.ingest.support.yamldoc import Loose, front_matter
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, Problem, Props

NAME = "claude_skills"
TITLE = "Agent skills"
FILES = ("**/SKILL.md",)

_OTHERS = re.compile(r"(?:^|/)botcomponents/[^/]+/filedata/")

_CLIENTS = {
    ".claude": "claude-code",
    ".codex": "codex",
    ".cursor": "cursor",
    ".github": "vscode",
    ".vscode": "vscode",
    ".gemini": "gemini-cli",
    ".opencode": "opencode",
    ".windsurf": "windsurf",
    ".roo": "roo",
    ".cline": "cline",
    ".continue": "continue",
}


def detect(path: str, head: bytes) -> bool:
    """Whether it is called ``SKILL.md``, but for the files of a skill of Copilot Studio, whose solution says itself who has it."""
    return path.rpartition("/")[2] == "SKILL.md" and _OTHERS.search(path) is None


def read(document: Document) -> Iterator[Fact]:
    """Facts of one skill.

    Raises:
        IngestError: not text, or front matter that never ends.
    """
    meta, _ = front_matter(document)
    settings: dict[str, Any] = meta.value
    if not settings:
        yield Problem(document.path, "L1", "has no front matter, so that no agent loads it", "note", NAME)
        return
    if isinstance(meta, Loose):
        yield Problem(document.path, "L1", "has front matter that is not valid YAML; it was read line by line", "note", NAME)
    given = settings.get("name")
    name = given.strip() if isinstance(given, str) and given.strip() else document.folder.rpartition("/")[2] or document.root
    name = redact(name[: claude.MAX_NAME])
    line = meta.line("name")
    sources = [document.source(line)]
    skill: NodeKey = ("Tool", f"skill:{document.root}/{document.folder}" if document.folder else f"skill:{document.root}")
    specs = claude.tool_specs(settings.get("allowed-tools"), meta, "allowed-tools")
    stated: Props = {"name": name, "kind_detail": "skill", "sources": sources}
    if specs:
        known = [spec for spec in specs if spec.name in claude.BUILTINS]
        if len(known) == len(specs):
            stated["effects"] = sorted({effect for spec in known for effect in claude.BUILTINS[spec.name]})
        elif any(claude.BUILTINS[spec.name] for spec in known):
            stated["effects"] = sorted({effect for spec in known for effect in claude.BUILTINS[spec.name]})
            yield Problem(document.path, f"L{meta.line('allowed-tools')}", "allows tools whose effects are not known", "note", NAME)
        if any(spec.name in ("WebFetch", "WebSearch") for spec in specs):
            stated["ingests_untrusted"] = True
    yield NodeFact(*skill, stated)
    yield from held(skill, written(document), "tool_definition")
    folder, client = _home(document)
    yield Binding(client or claude.CLIENT, name, skill, folder, document.path)
    if client is None:
        return
    host = clients.host_key(document, client, folder)
    yield clients.host_fact(document, client, folder)
    yield EdgeFact("USES", host, skill, {"evidence": ["declared"], "sources": sources})
    yield from claude.server_edges(document, host, specs or [])
    yield from claude.hook_facts(document, host, skill[1], meta, "hooks")


def _home(document: Document) -> tuple[str, str | None]:
    """The folder a skill is for, and the client that reads it there; None for the folder that no client owns."""
    parts = document.path.split("/")[:-1]
    for index in range(len(parts) - 1, -1, -1):
        if parts[index] in _CLIENTS:
            return "/".join(parts[:index]), _CLIENTS[parts[index]]
        if parts[index] == ".agents":
            return "/".join(parts[:index]), None
    folder = claude.folder_before(document.path, "skills")
    if folder is None:
        folder = "/".join(parts[:-1])
    plugin = any(part.endswith("plugins") for part in parts)
    return folder, claude.CLIENT if plugin or "/" not in folder else None
