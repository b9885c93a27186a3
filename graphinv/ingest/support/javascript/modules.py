"""Which document an import means: relative paths, built files, ``paths`` of a tsconfig, packages of the same workspace."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.javascript import ir
from graphinv.ingest.support.jsondoc import parse

SUFFIXES = (".ts", ".tsx", ".mts", ".cts", ".js", ".jsx", ".mjs", ".cjs")
_OF_SOURCE = {".js": (".ts", ".tsx", ".jsx"), ".jsx": (".tsx",), ".mjs": (".mts",), ".cjs": (".cts",)}
_BUILT = re.compile(r"^(?:\./)?(?:dist|build|lib|out)/")
MAX_LINKS = 500
_FRAMEWORK = re.compile(
    r"(?:@mastra|@langchain|@ai-sdk|@anthropic-ai|@modelcontextprotocol|@voltagent|@llamaindex|@iqai|@mistralai|@genkit-ai)/|@openai/agents"
    r"|(?:@inngest/agent-kit|@google/(?:adk|genai)|@strands-agents/sdk|@cloudflare/(?:ai-chat|think)|@azure/ai-(?:agents|projects))(?:/|$)"
    r"|(?:langchain|llamaindex|ai|fastmcp|mcp-handler|deepagents|zod|beeai-framework|agent-squad|multi-agent-orchestrator|openai|genkit)(?:/|$)"
)
"""What is known by its package's name is that even in the tree of its own source."""


def read_config(document: Document) -> ir.Config:
    """What a ``package.json`` or ``tsconfig.json`` says about where modules are.

    Raises:
        IngestError: it is no JSON.
    """
    value = parse(document).value
    settings: dict[str, Any] = value if isinstance(value, dict) else {}
    options = settings.get("compilerOptions")
    compiler: dict[str, Any] = options if isinstance(options, dict) else {}
    given = compiler.get("paths")
    paths = [
        (key[:200], tuple(one[:200] for one in values[:10] if isinstance(one, str)))
        for key, values in list(given.items() if isinstance(given, dict) else ())[:MAX_LINKS]
        if isinstance(values, list)
    ]
    name = settings.get("name")
    commands = settings.get("bin")
    if isinstance(commands, str):
        commands = {_text(name): commands}
    named = [
        (key[:200], file[:200])
        for key, file in list(commands.items() if isinstance(commands, dict) else ())[:MAX_LINKS]
        if isinstance(file, str)
    ]
    entries = [_text(settings.get(key)) for key in ("source", "module", "main", "types")]
    entries += _exported(settings.get("exports")) + [file for _, file in named]
    return ir.Config(
        document.path,
        _text(name),
        _text(settings.get("version")),
        tuple(dict.fromkeys(entry for entry in entries if entry)),
        tuple(named),
        _text(compiler.get("baseUrl")),
        tuple(paths),
        _text(compiler.get("outDir")),
        _text(compiler.get("rootDir")),
    )


def _text(value: object) -> str:
    return value[:200] if isinstance(value, str) else ""


def _exported(value: object) -> list[str]:
    found: list[str] = []
    stack = [value]
    while stack and len(found) < 20:
        one = stack.pop()
        if isinstance(one, str):
            found.append(one[:200])
        elif isinstance(one, dict):
            stack.extend(part for key, part in one.items() if key == "." or not str(key).startswith("."))
    return found


class Modules:
    """The documents of a root, and how imports between them are resolved."""

    def __init__(self, paths: Iterable[str], configs: Mapping[str, ir.Config]) -> None:
        self.paths = frozenset(paths)
        self.configs = configs
        self.packages: dict[str, ir.Config] = {}
        self.tsconfigs: dict[str, ir.Config] = {}
        for path in sorted(configs):
            config = configs[path]
            if posixpath.basename(path) == "package.json":
                if config.name:
                    self.packages.setdefault(config.name, config)
            elif config.paths or config.base:
                self.tsconfigs.setdefault(posixpath.dirname(path), config)
        self.known: dict[tuple[str, str], str | None] = {}

    def resolve(self, path: str, specifier: str) -> str | None:
        """The document that ``specifier``, imported by the document ``path``, means; None where that lies outside of the tree."""
        folder = posixpath.dirname(path)
        key = (folder, specifier)
        if key not in self.known:
            self.known[key] = self._resolve(folder, specifier)
        return self.known[key]

    def _resolve(self, folder: str, specifier: str) -> str | None:
        if specifier.startswith("."):
            return self.file(posixpath.normpath(posixpath.join(folder, specifier)))
        if _FRAMEWORK.match(specifier):
            return None
        one = folder
        while self.tsconfigs:
            config = self.tsconfigs.get(one)
            found = self._mapped(one, config, specifier) if config else None
            if found or not one:
                if found:
                    return found
                break
            one = posixpath.dirname(one)
        return self._package(specifier)

    def _mapped(self, folder: str, config: ir.Config, specifier: str) -> str | None:
        base = posixpath.normpath(posixpath.join(folder, config.base or "."))
        for pattern, targets in config.paths:
            before, star, after = pattern.partition("*")
            if star and specifier.startswith(before) and specifier.endswith(after) and len(specifier) >= len(before) + len(after):
                middle = specifier[len(before) : len(specifier) - len(after)]
            elif not star and specifier == pattern:
                middle = ""
            else:
                continue
            for target in targets:
                found = self.file(posixpath.normpath(posixpath.join(base, target.replace("*", middle, 1))))
                if found:
                    return found
        return self.file(posixpath.normpath(posixpath.join(base, specifier))) if config.base else None

    def named(self, specifier: str) -> ir.Config | None:
        """The package of the tree that ``specifier`` begins with."""
        return self.packages.get("/".join(specifier.split("/")[: 2 if specifier.startswith("@") else 1]))

    def _package(self, specifier: str) -> str | None:
        config = self.named(specifier)
        if config is None or (config.name == "agents" and "@cloudflare/think" in self.packages):
            return None  # Cloudflare's package has a plain word for a name: only its own workspace is told by another package of it
        folder, rest = posixpath.dirname(config.path), specifier.removeprefix(config.name).removeprefix("/")
        if rest:
            return self.file(posixpath.join(folder, "src", rest)) or self.file(posixpath.join(folder, rest))
        for entry in (*config.entries, "src/index", "index"):
            found = self.source(folder, entry)
            if found:
                return found
        return None

    def source(self, folder: str, entry: str) -> str | None:
        """The document that ``entry`` of a package, maybe a built file, is made from."""
        stem = re.sub(r"(?:\.d)?\.[cm]?[jt]s$", "", _BUILT.sub("", entry))
        for name in (entry, f"src/{stem}", stem):
            found = self.file(posixpath.normpath(posixpath.join(folder, name)))
            if found:
                return found
        return None

    def file(self, path: str) -> str | None:
        """The document at ``path``, which may leave out its suffix, or have that of the file it is built to."""
        path = "" if path == "." else path
        if path.startswith(".."):
            return None
        if path in self.paths:
            return path
        stem, suffix = posixpath.splitext(path)
        for other in _OF_SOURCE.get(suffix, ()):
            if stem + other in self.paths:
                return stem + other
        for suffix in SUFFIXES:
            if path + suffix in self.paths:
                return path + suffix
        for suffix in SUFFIXES:
            index = posixpath.join(path, f"index{suffix}")
            if index in self.paths:
                return index
        return None
