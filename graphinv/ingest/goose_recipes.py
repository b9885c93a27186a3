"""Recipes of Goose: an agent for one task, in YAML or JSON, with its extensions and the recipes that it may start as sub-agents.

Drawn:
    (:Agent recipe)-[:USES]->(:Tool built-in, command of a check)
    (:Agent recipe)-[:CONNECTS_TO]->(:ToolServer)
    (:Agent recipe)-[:DELEGATES_TO {mode: invoke}]->(:Agent sub-recipe)
    (:Agent recipe)-[:USES_MODEL]->(:Model)

A recipe is known by the path of its file. One that lists no extensions has those of whoever starts it, which no recipe tells.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients, jsondoc, yamldoc
from graphinv.ingest.support.goose import extension
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.lowcode import called
from graphinv.ingest.support.parts import inside, items, mapping
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props

NAME = "goose_recipes"
TITLE = "Recipes of Goose"
FILES = ("any YAML or JSON file with a title, instructions or a prompt, and what only recipes have",)
MAX_BYTES = 1024 * 1024
MAX_PARTS = 200

_YAML, _JSON = (".yaml", ".yml"), (".json",)
_TASKS = rb"instructions|prompt|parameters|extensions|sub_recipes|activities"
_BEGINS = {
    # A block of YAML has what it says at the beginning of a line, JSON wherever it likes
    _YAML: (re.compile(rb"(?m)^[\"']?title[\"']?\s*:"), re.compile(rb"(?m)^[\"']?(?:" + _TASKS + rb")[\"']?\s*:")),
    _JSON: (re.compile(rb"(?m)^[ \t{]*+\"title\"\s*:"), re.compile(rb"(?m)^[ \t]*+\"(?:" + _TASKS + rb")\"\s*:")),
}
_GOOSE = frozenset({"goose_provider", "goose_model"})


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as a recipe does; whether it is one shows when it is read."""
    return any(path.endswith(ends) and all(part.search(head) for part in parts) for ends, parts in _BEGINS.items())


def read(document: Document) -> Iterator[Fact]:
    """Facts of one recipe; nothing where only its beginning looks like one.

    Raises:
        IngestError: neither YAML nor JSON.
    """
    located = jsondoc.parse(document) if document.name.endswith(".json") else yamldoc.first(document)
    top = mapping(located.value)
    told = isinstance(top.get("title"), str) and isinstance(top.get("description"), str)
    if told and any(isinstance(top.get(part), str) for part in ("instructions", "prompt")) and _is_recipe(document.path, located):
        yield from _Recipe(document, located).facts()


def _is_recipe(path: str, located: Located) -> bool:
    """Whether it has what only recipes have: extensions of a type, sub-recipes, Goose's settings, or their name."""
    top = located.value
    typed = any(isinstance(entry.get("type"), str) and entry.get("name") for entry in items(top.get("extensions")))
    return typed or bool(items(top.get("sub_recipes"))) or not _GOOSE.isdisjoint(inside(top, "settings")) or "recipe" in path.lower()


def _key(root: str, path: str) -> NodeKey:
    return "Agent", f"goose:{root}/{path.rpartition('.')[0]}"


class _Recipe:
    def __init__(self, document: Document, located: Located) -> None:
        self.document = document
        self.located = located
        self.top = located.value
        self.key = _key(document.root, document.path)

    def props(self, *pointer: str | int, **props: object) -> Props:
        return {"evidence": ["declared"], "sources": [self.document.source(self.located.line(*pointer))], **props}

    def facts(self) -> Iterator[Fact]:
        document, located, settings = self.document, self.located, inside(self.top, "settings")
        stated: Props = {
            "name": called(self.top["title"]) or self.key[1].rpartition("/")[2],
            "framework": "goose",
            "kind_detail": "Goose recipe",
            "status": "active",
            "labels": None if "extensions" in self.top else ["tools=inherited"],
            "environment": environment_of(document.path),
            "sources": [document.source(located.line("title"))],
        }
        yield NodeFact(*self.key, {name: value for name, value in stated.items() if value is not None})
        yield from clients.duplicate_problems(located, document, NAME)
        for index, entry in enumerate(items(self.top.get("extensions"))[:MAX_PARTS]):
            if isinstance(entry.get("name"), str):
                yield from extension(document, located, self.key, entry["name"], entry, ("extensions", index), document.folder)
        yield from self.others()
        yield from claude.model_facts(document, located.line("settings", "goose_model"), self.key, settings.get("goose_model"))
        yield from self.checks()
        yield from clients.other_secrets(document, located, self.key, without=("extensions", "retry"))

    def others(self) -> Iterator[Fact]:
        """Recipes that it may start, by their paths from its own folder."""
        for index, entry in enumerate(items(self.top.get("sub_recipes"))[:MAX_PARTS]):
            given = entry.get("path")
            path = posixpath.normpath(posixpath.join(self.document.folder, given)) if isinstance(given, str) else ""
            if not path.endswith(_YAML + _JSON) or path.startswith(("../", "/")) or "{{" in path:
                message = "starts a recipe that is not in this tree, or whose path is filled in when it runs"
                yield Problem(self.document.path, f"L{self.located.line('sub_recipes', index)}", message, "warning", NAME)
                continue
            target = _key(self.document.root, redact(path))
            yield EdgeFact("DELEGATES_TO", self.key, target, self.props("sub_recipes", index, mode="invoke", kind_detail="sub-recipe"))

    def checks(self) -> Iterator[Fact]:
        """Commands that say whether it has to try again, and what is run before it does; nobody is asked about them."""
        retry = inside(self.top, "retry")
        commands: list[tuple[str, Pointer]] = [
            (check["command"], ("retry", "checks", index, "command"))
            for index, check in enumerate(items(retry.get("checks"))[:MAX_PARTS])
            if isinstance(check.get("command"), str)
        ]
        if isinstance(retry.get("on_failure"), str):
            commands.append((retry["on_failure"], ("retry", "on_failure")))
        if commands:
            yield from claude.command_facts(self.document, self.key, f"{self.key[1]}/retry", "retry", "hook", self.located, commands)
