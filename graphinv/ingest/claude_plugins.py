"""Plugins of Claude Code: ``.claude-plugin/plugin.json``, ``.claude-plugin/marketplace.json`` and ``hooks/hooks.json``; and those of
Cursor, Codex and GitHub Copilot, whose manifests have the same form in folders of their own.

Drawn:
    (:Agent host)-[:DEPENDS_ON]->(:Package plugin)
    (:Agent host)-[:CONNECTS_TO]->(:ToolServer), for servers that the plugin brings; whoever installs the plugin connects to them
    (:Agent host)-[:USES]->(:Tool hook)

A marketplace only offers: its plugins are packages, used by nobody, and so are servers in the entry of a plugin that lies elsewhere.
Agents, skills and servers in files of their own are read from there.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients
from graphinv.ingest.support.jsondoc import parse
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.offers import offered
from graphinv.ingest.support.secrets import redact, url_parts
from graphinv.ingest.support.servers import server_facts
from graphinv.model.facts import EdgeFact, Fact, NodeFact, Problem, Props

NAME = "claude_plugins"
TITLE = "Plugins and marketplaces of Claude Code, Cursor, Codex and Copilot"
FILES = (
    *(
        f"{folder}/{name}.json"
        for folder in (".claude-plugin", ".cursor-plugin", ".codex-plugin", ".github/plugin")
        for name in ("plugin", "marketplace")
    ),
    "hooks/hooks.json",
)

_CLIENTS = {".claude-plugin": claude.CLIENT, ".cursor-plugin": "cursor", ".codex-plugin": "codex", "plugin": "github-copilot"}
"""Folder of a manifest → whose plugin it describes."""
_COMMIT = re.compile(r"[0-9a-f]{40}")


def detect(path: str, head: bytes) -> bool:
    """Whether it is a plugin's or a marketplace's manifest, or the hooks of a plugin."""
    *folders, name = path.split("/")
    folder = folders[-1] if folders else ""
    if name in ("plugin.json", "marketplace.json"):
        return folders[-2:] == [".github", "plugin"] if folder == "plugin" else folder in _CLIENTS
    return folder == "hooks" and name == "hooks.json" and b'"hooks"' in head and not any(part.startswith(".") for part in folders)


def read(document: Document) -> Iterator[Fact]:
    """Facts of one manifest.

    Raises:
        IngestError: not JSON, or no JSON object.
    """
    located = parse(document)
    clients.top_object(located, document)
    if document.name == "marketplace.json":
        yield from _marketplace(document, located)
    elif document.name == "hooks.json":
        folder = claude.folder_before(document.path, "hooks") or ""
        yield claude.host_fact(document, folder)
        yield from claude.hook_facts(document, claude.host_key(document, folder), document.source(), located, "hooks")
    else:
        yield from _plugin(document, located)


def _client(document: Document) -> str:
    """Whose plugins the manifest is about."""
    return _CLIENTS[document.folder.rpartition("/")[2]]


def _above(document: Document) -> str:
    """The folder that the manifest is about: the one that holds the folder of manifests."""
    return claude.folder_before(document.path, *_CLIENTS.keys() - {"plugin"}, ".github") or ""


def _plugin(document: Document, located: Located) -> Iterator[Fact]:
    manifest: dict[str, Any] = located.value
    client, folder = _client(document), _above(document)
    host = clients.host_key(document, client, folder)
    # A manifest that only describes makes no agent; its agents and skills, in files of their own, do.
    parts = ("mcpServers", "hooks", "agents", "skills", "commands") if client == claude.CLIENT else ("mcpServers",)
    brings = any(manifest.get(part) for part in parts)
    if brings:
        yield clients.host_fact(document, client, folder)
    package = _package(document, located.line("name"), manifest)
    if package is None:
        yield Problem(document.path, f"L{located.line('name')}", "names no plugin", "error", NAME)
    else:
        yield package
    if package is not None and brings:
        yield EdgeFact("DEPENDS_ON", host, package.key, {"evidence": ["declared"], "sources": package.props["sources"]})
    servers = manifest.get("mcpServers")
    pointer: tuple[str, ...] = ("mcpServers",)
    if isinstance(servers, dict) and isinstance(servers.get("mcpServers"), dict):
        servers, pointer = servers["mcpServers"], ("mcpServers", "mcpServers")
    if isinstance(servers, dict):
        yield from clients.servers(document, located, pointer, client=client, folder=folder, host=host)
    elif servers is not None and not _is_paths(servers):
        yield Problem(document.path, f"L{located.line('mcpServers')}", "mcpServers is neither an object nor a path", "error", NAME)
    hooks = manifest.get("hooks")
    if isinstance(hooks, dict):
        inner = ("hooks", "hooks") if isinstance(hooks.get("hooks"), dict) else ("hooks",)
        yield from claude.hook_facts(document, host, document.source(), located, *inner)


def _is_paths(value: object) -> bool:
    return isinstance(value, str) or (isinstance(value, list) and all(isinstance(item, str) for item in value))


def _package(document: Document, line: int, entry: dict[str, Any], **props: Any) -> NodeFact | None:
    name, version = entry.get("name"), entry.get("version")
    if not isinstance(name, str) or not name.strip():
        return None
    name = redact(name.strip()[: claude.MAX_NAME])
    kind = f"{_client(document).removesuffix('-code')}-plugin"
    stated: Props = {"name": name, "kind_detail": kind, "sources": [document.source(line)], **props}
    if isinstance(version, str) and version.strip() and redact(version) == version:
        stated.setdefault("version", version.strip()[:100])
    return NodeFact("Package", f"{kind}:{name}", {key: value for key, value in stated.items() if value is not None})


def _marketplace(document: Document, located: Located) -> Iterator[Fact]:
    plugins = located.value.get("plugins")
    if not isinstance(plugins, list):
        yield Problem(document.path, f"L{located.line('plugins')}", "lists no plugins", "error", NAME)
        return
    for index, entry in enumerate(plugins[: claude.MAX_ITEMS]):
        line = located.line("plugins", index)
        package = _package(document, line, entry, **_source(entry.get("source"))) if isinstance(entry, dict) else None
        if package is None:
            yield Problem(document.path, f"L{line}", "is a plugin without a name", "error", NAME)
            continue
        yield package
        if isinstance(entry.get("mcpServers"), dict):
            yield from _listed_servers(document, located, index, entry, package)


def _listed_servers(document: Document, located: Located, index: int, entry: dict[str, Any], package: NodeFact) -> Iterator[Fact]:
    """Servers that a plugin's entry in the marketplace brings: those of a plugin that lies in the tree are used there, as are those of its
    own manifest; others are only offered."""
    folder = _folder(document, located.value, entry.get("source"))
    client = _client(document)
    host = clients.host_key(document, client, folder if folder is not None else document.folder)
    where = clients.at(located, ("plugins", index, "mcpServers"))
    if folder is not None:
        yield clients.host_fact(document, client, folder)
        yield EdgeFact("DEPENDS_ON", host, package.key, {"evidence": ["declared"], "sources": package.props["sources"]})
    for name, server in list(entry["mcpServers"].items())[: claude.MAX_ITEMS]:
        facts = server_facts(
            document,
            client=client,
            host=host,
            name=str(name),
            entry=server,
            where=lambda *below, name=name: where(name, *below),
            folder=folder or "",
            section=f"{package.props['name']}/",
        )
        yield from facts if folder is not None else offered(facts, host)


def _folder(document: Document, market: dict[str, Any], source: object) -> str | None:
    """Folder of a listed plugin, relative to the root; None where it is elsewhere."""
    if not isinstance(source, str):
        return None
    metadata = market.get("metadata")
    base = metadata.get("pluginRoot") if isinstance(metadata, dict) and not source.startswith("./") else ""
    top = _above(document)
    folder = posixpath.normpath(posixpath.join(top, base if isinstance(base, str) else "", source[: claude.MAX_NAME]))
    return None if folder.startswith(("..", "/")) else "" if folder == "." else folder


def _source(source: object) -> Props:
    """Where a listed plugin comes from: purl and labels ``source=…``, ``pinned=…`` (a commit or an exact version pins)."""
    if isinstance(source, str):
        return {"labels": ["source=local"]}
    if not isinstance(source, dict):
        return {}
    kind = source.get("source")
    commit, ref, version = (_text(source.get(key)) for key in ("sha", "ref", "version"))
    pinned = bool(commit and _COMMIT.fullmatch(commit)) or bool(ref and _COMMIT.fullmatch(ref))
    at = f"@{quote(commit or ref, safe='')}" if commit or ref else ""
    if kind == "github":
        repository = _text(source.get("repo"))
        if re.fullmatch(r"[\w.-]+/[\w.-]+", repository):
            return {"purl": f"pkg:github/{repository.lower()}{at}", "labels": [f"source=github:{repository.lower()}", _pinned(pinned)]}
    elif kind in ("npm", "pip"):
        name = _text(source.get("package"))
        exact = bool(re.fullmatch(r"[0-9][\w.+-]*", version))
        if re.fullmatch(r"(?:@[\w.-]+/)?[\w.-]+", name):
            ecosystem = "npm" if kind == "npm" else "pypi"
            purl = f"pkg:{ecosystem}/{quote(name, safe='/')}" + (f"@{version}" if exact else "")
            return {"purl": purl, "labels": [f"source={kind}:{name}", _pinned(exact)]}
    elif kind in ("url", "git", "git-subdir"):
        parts = url_parts(_text(source.get("url")))
        return {"labels": [f"source={parts.url}" if parts else "source=git", _pinned(pinned)]}
    return {"labels": [_pinned(pinned)]}


def _pinned(pinned: bool) -> str:
    return f"pinned={'true' if pinned else 'false'}"


def _text(value: object) -> str:
    return redact(value.strip()[: claude.MAX_NAME]) if isinstance(value, str) else ""
