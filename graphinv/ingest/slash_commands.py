"""Slash commands and prompt files of coding agents: ``.claude/commands/``, ``commands/`` of plugins, and their like of other clients.

Drawn:
    (:Agent host)-[:USES]->(:Tool slash command)
    (:Agent host)-[:CONNECTS_TO {tools}]->(:ToolServer), for tools of servers that a command may use without a question

A command is a text that its host reads; shell commands in it, which run before (``!`git status` ``), make it execute, and so may the tools
that it may use without a question. One that has neither has no effects of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients, tomldoc
from graphinv.ingest.support.agent_files import stem
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.secrets import redact, secret_facts
from graphinv.ingest.support.yamldoc import Loose, front_matter
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, Problem, Props

NAME = "slash_commands"
TITLE = "Slash commands and prompt files"
FILES = (
    "**/.claude/commands/**/*.md",
    "commands/*.md of a plugin",
    "**/.gemini/commands/**/*.toml",
    "**/.opencode/command/*.md",
    "**/.cursor/commands/*.md",
    "**/.codex/prompts/*.md",
    "**/.github/prompts/*.prompt.md",
    "**/.windsurf/workflows/*.md",
)

_PLACES = (
    (".claude/commands/", ".md", claude.CLIENT),
    (".gemini/commands/", ".toml", "gemini-cli"),
    (".qwen/commands/", ".toml", "qwen-code"),
    (".opencode/command/", ".md", "opencode"),
    (".opencode/commands/", ".md", "opencode"),
    (".cursor/commands/", ".md", "cursor"),
    (".codex/prompts/", ".md", "codex"),
    (".github/prompts/", ".prompt.md", "vscode"),
    (".windsurf/workflows/", ".md", "windsurf"),
)
_PLUGIN = re.compile(r"(?P<folder>(?:.*/)?plugins/[^/]+|(?:[^/.][^/]*/){0,3}[^/.][^/]*)?/?commands/(?P<name>[^/]+\.md)", re.DOTALL)
_KEYS = (b"allowed-tools:", b"argument-hint:")
_RUN = re.compile(r"!`([^`\n]{1,2000})`|!\{([^}\n]{1,2000})\}")
_MAX_RUN = 100


def detect(path: str, head: bytes) -> bool:
    """Whether it lies where a client looks for commands; in a plugin it must lie under ``plugins/`` or say that it is a command."""
    found = _place(path)
    if found is None or path.rpartition("/")[2].lower() == "readme.md":
        return False
    if any(f"/{place}" in f"/{path}" for place, _, _ in _PLACES):
        return True
    return "plugins" in path.split("/") or (head.lstrip().startswith(b"---") and any(key in head for key in _KEYS))


def _place(path: str) -> tuple[str, str, str] | None:
    """Folder, name and client of a command."""
    for place, ending, client in _PLACES:
        before, found, inside = f"/{path}".partition(f"/{place}")
        if found and path.endswith(ending):
            return before.lstrip("/"), inside.removesuffix(ending).replace("/", ":"), client
    match = _PLUGIN.fullmatch(path)
    if match and not any(part.startswith(".") or part == "docs" for part in path.split("/")):
        return (match["folder"] or ""), stem(match["name"]), claude.CLIENT
    return None


def read(document: Document) -> Iterator[Fact]:
    """Facts of one command.

    Raises:
        IngestError: not text, front matter that never ends, or not TOML.
    """
    found = _place(document.path)
    if found is None:
        return
    folder, name, client = found
    name = redact(name[: claude.MAX_NAME])
    if document.name.endswith(".toml"):
        meta = tomldoc.parse(document)
        body = meta.value.get("prompt")
        body = body if isinstance(body, str) else ""
    else:
        meta, body = front_matter(document)
    if isinstance(meta, Loose):
        yield Problem(document.path, "L1", "has front matter that is not valid YAML; it was read line by line", "note", NAME)
    yield from _command(document, meta, body, folder, name, client)


def _command(document: Document, meta: Located, body: str, folder: str, name: str, client: str) -> Iterator[Fact]:
    settings: dict[str, Any] = meta.value
    host = clients.host_key(document, client, folder)
    key: NodeKey = ("Tool", f"command:{document.source()}")
    sources = [document.source(meta.line())]
    specs = claude.tool_specs(settings.get("allowed-tools"), meta, "allowed-tools") or [] if client == claude.CLIENT else []
    run = [match[1] or match[2] for match in _RUN.finditer(body)][:_MAX_RUN]
    known = [spec for spec in specs if spec.name in claude.BUILTINS]
    effects = {effect for spec in known for effect in claude.BUILTINS[spec.name]} | ({"execute"} if run else set())
    props: Props = {
        "name": name,
        "kind_detail": "slash-command",
        "effects": sorted(effects),
        "ingests_untrusted": any(spec.name in ("WebFetch", "WebSearch") for spec in specs) or None,
        "environment": environment_of(document.path),
        "sources": sources,
    }
    yield NodeFact(*key, {field: value for field, value in props.items() if value is not None})
    yield clients.host_fact(document, client, folder)
    yield EdgeFact("USES", host, key, {"evidence": ["declared"], "sources": sources})
    for bound in dict.fromkeys([name, name.rpartition(":")[2]]):
        yield Binding(client, bound, key, folder, document.path)
    if client == claude.CLIENT:
        yield from claude.server_edges(document, host, specs)
    for text in run:
        yield from secret_facts(document, meta.line(), key, "", text, "config")
    yield from clients.duplicate_problems(meta, document, NAME)
