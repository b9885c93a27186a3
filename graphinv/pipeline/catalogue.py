"""What is known of widely used MCP servers and hosted tools, for those whose code is not in the tree.

``data/catalogue/`` says what their tools do; each entry names the version it was read from. What a source in the tree says comes first:
a server that provides any tool, and a tool whose effects are stated, are left as they are.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cache
from typing import Any, get_args
from urllib.parse import urlsplit

from graphinv.model.errors import GraphinvError
from graphinv.model.facts import EdgeFact, NodeFact, NodeKey, Props, Ref
from graphinv.model.kinds import Effect
from graphinv.pipeline.bundled import texts

EFFECTS = frozenset(get_args(Effect))
CONFIDENCE = 0.8
"""How sure it is that a server provides what the catalogue says: another version may provide something else."""

READ_ONLY = "read_only=true"
"""Label of a server that was told to change nothing; ingestors state it."""
_READS = frozenset({"read", "egress"})
SANDBOXED = "sandboxed=provider"
"""Label of a tool that executes what it is given away from the agent."""


@dataclass(frozen=True, slots=True)
class ToolEntry:
    """One tool: what a call can do, and whether its result carries content of strangers."""

    name: str
    effects: tuple[str, ...]
    untrusted: bool
    sandboxed: bool = False
    """Whether what it executes runs in a sandbox of its provider, away from the agent."""


@dataclass(frozen=True, slots=True)
class ServerEntry:
    """One server. ``packages`` are purls without a version, ``urls`` addresses of which everything below belongs to it.

    ``partial`` when it has more tools than ``tools``.
    """

    id: str
    title: str
    publisher: str
    packages: tuple[str, ...]
    urls: tuple[str, ...]
    read_from: str
    read_on: date
    tools: tuple[ToolEntry, ...]
    partial: bool = False

    @property
    def version(self) -> str:
        """What it was read from, in short: a package's version, a commit, or the day where there is neither."""
        words = self.read_from.split()
        return words[2] if words[0] in ("npm", "pypi", "github") else self.read_on.isoformat()


@dataclass(frozen=True)
class Catalogue:
    """All entries, and the ways to find them."""

    servers: tuple[ServerEntry, ...] = ()
    hosted: Mapping[str, ToolEntry] = field(default_factory=dict)
    """Tools of providers and frameworks by id (``openai:web_search``)."""
    packages: Mapping[str, ServerEntry] = field(default_factory=dict)
    hosts: Mapping[str, tuple[tuple[str, ServerEntry], ...]] = field(default_factory=dict)
    """Host → (path below which an entry holds, entry), the longest path first."""

    def of_package(self, purl: str) -> ServerEntry | None:
        """The entry of a package, whatever its version.

        >>> entry = catalogue().of_package("pkg:npm/%40modelcontextprotocol/server-filesystem@2025.1.1")
        >>> entry and entry.id
        'filesystem'
        """
        return self.packages.get(unversioned(purl))

    def of_url(self, url: str) -> ServerEntry | None:
        """The entry of an address: the one of its host whose path is the longest that it lies below."""
        host, path = _place(url)
        return next(
            (entry for below, entry in self.hosts.get(host, ()) if not below or path == below or path.startswith(f"{below}/")), None
        )


def unversioned(purl: str) -> str:
    """A purl without its version, and of its qualifiers only the registry of an image: two versions of a package are one package.

    >>> unversioned("pkg:docker/mcp/git@sha256%3Aabc?repository_url=docker.io"), unversioned("pkg:pypi/mcp-server-git@1.0")
    ('pkg:docker/mcp/git', 'pkg:pypi/mcp-server-git')
    """
    base, _, qualifiers = purl.partition("?")
    head, slash, last = base.rpartition("/")
    base = f"{head}{slash}{last.partition('@')[0]}"
    registry = next((part for part in qualifiers.split("&") if part.startswith("repository_url=")), "")
    return f"{base}?{registry}" if registry and registry != "repository_url=docker.io" else base


def _place(url: str) -> tuple[str, str]:
    """Host (with a port unless it is the usual one) and path of an address; empty where it is none."""
    try:
        parts = urlsplit(url)
        port = f":{parts.port}" if parts.port not in (None, 443, 80) else ""
    except ValueError:
        return "", ""
    if parts.scheme not in ("http", "https"):
        return "", ""
    return f"{(parts.hostname or '').lower()}{port}", parts.path.rstrip("/")


@cache
def catalogue() -> Catalogue:
    """The bundled catalogue.

    Raises:
        GraphinvError: the installation lacks it, or it is not well formed.
    """
    return load(texts("data/catalogue", ".toml"))


def load(documents: Mapping[str, str]) -> Catalogue:
    """A catalogue from its files: name → TOML text.

    Raises:
        GraphinvError: a file is not TOML, lacks a field, or holds two entries for one id, package or address; names the file and the entry.
    """
    servers: list[ServerEntry] = []
    hosted: dict[str, ToolEntry] = {}
    packages: dict[str, ServerEntry] = {}
    hosts: dict[str, list[tuple[str, ServerEntry]]] = {}
    ids: set[str] = set()
    for name, text in documents.items():
        try:
            document = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            raise GraphinvError(f"data/catalogue/{name} is not TOML: {error}") from None
        for item in document.get("server", []):
            entry = _server(name, item)
            taken = [key for key in (*entry.packages, *entry.urls) if key in packages or key in ids]
            if entry.id in ids or taken:
                raise GraphinvError(f"data/catalogue/{name}: {entry.id}: {taken[0] if taken else 'its id'} belongs to two entries")
            ids.update((entry.id, *entry.urls))
            packages.update(dict.fromkeys(entry.packages, entry))
            for url in entry.urls:
                host, path = _place(url)
                hosts.setdefault(host, []).append((path, entry))
            servers.append(entry)
        for item in document.get("hosted", []):
            for provider in (item["provider"], *item.get("also", [])):
                hosted.update({f"{provider}:{tool.name}": tool for tool in _tools(name, item)})
    longest = {host: tuple(sorted(found, key=lambda pair: -len(pair[0]))) for host, found in hosts.items()}
    return Catalogue(tuple(servers), hosted, packages, longest)


def _server(name: str, item: Mapping[str, Any]) -> ServerEntry:
    try:
        return ServerEntry(
            id=item["id"],
            title=item["title"],
            publisher=item["publisher"],
            packages=tuple(item.get("packages", ())),
            urls=tuple(item.get("urls", ())),
            read_from=item["read_from"],
            read_on=item["read_on"],
            tools=_tools(name, item),
            partial=item.get("partial", False),
        )
    except KeyError as error:
        raise GraphinvError(f"data/catalogue/{name}: {item.get('id', 'an entry')} lacks {error}") from None


def _tools(name: str, item: Mapping[str, Any]) -> tuple[ToolEntry, ...]:
    found: dict[str, ToolEntry] = {}
    for key, tools in item["tools"].items():
        words = key.split()
        effects = tuple(word for word in words if word not in ("untrusted", "sandboxed", "none"))
        for tool in tools:
            if tool in found or not EFFECTS.issuperset(effects):
                raise GraphinvError(
                    f"data/catalogue/{name}: {item.get('id', item.get('provider'))}: {tool} stands twice or has no such effect"
                )
            found[tool] = ToolEntry(tool, tuple(sorted(effects)), "untrusted" in words, "sandboxed" in words)
    return tuple(found[tool] for tool in sorted(found))


# --------------------------------------------------------------------------------------------------------------------------------
# Facts


def known(nodes: Iterable[NodeFact], edges: Iterable[EdgeFact], entries: Catalogue | None = None) -> Iterator[NodeFact | EdgeFact]:
    """What the catalogue adds to the facts of a root: tools of servers that provide none in the facts, effects of hosted tools.

    Of a server that an entry names, by its package (whatever the version) or its address, the tools and (server)-[:PROVIDES]->(tool) with
    ``inferred`` evidence, and a label that says which entry, read from where; where the facts list the server's tools themselves, only
    what those do, if they do not say it. O(nodes + edges + tools added).

    Args:
        nodes: node facts of the root; several may be about one node.
        edges: edge facts of the root, without references.
        entries: the catalogue; the bundled one if not given.
    """
    servers: dict[NodeKey, Props] = {}
    tools: dict[NodeKey, Props] = {}
    for node in nodes:
        if node.kind in ("ToolServer", "Tool"):
            merged = (servers if node.kind == "ToolServer" else tools).setdefault(node.key, {"sources": []})
            merged["sources"] = sorted({*merged["sources"], *(node.props.get("sources") or ())})
            merged["labels"] = sorted({*merged.get("labels", ()), *(node.props.get("labels") or ())})
            for name in ("package", "url", "effects"):
                if name in node.props:
                    merged.setdefault(name, node.props[name])
    if not servers and not tools:
        return
    entries = catalogue() if entries is None else entries
    providing = {edge.source for edge in edges if edge.kind == "PROVIDES" and not isinstance(edge.source, Ref)}
    does = dict(entries.hosted)
    for key in sorted(servers):
        entry = _entry(entries, key[1], servers[key])
        if entry is not None and key not in providing:
            reads = READ_ONLY in servers[key]["labels"]
            yield from _provided(key, _reading(entry) if reads else entry, servers[key]["sources"])
        elif entry is not None:
            does.update({f"{key[1]}/{tool.name}": tool for tool in entry.tools})
    for key in sorted(tools):
        found = does.get(key[1])
        if found is not None and "effects" not in tools[key]:
            yield NodeFact(*key, _does(found, tools[key]["sources"]))
        elif found is not None and found.sandboxed:
            yield NodeFact(*key, {"labels": [SANDBOXED], "sources": tools[key]["sources"]})


def _entry(entries: Catalogue, server: str, props: Props) -> ServerEntry | None:
    package, url = props.get("package"), props.get("url")
    found = entries.of_package(package) if isinstance(package, str) else None
    return found or entries.of_url(url if isinstance(url, str) else server)


def _reading(entry: ServerEntry) -> ServerEntry:
    """What is left of a server that was told to change nothing: tools that only change something are gone, others only read."""
    left = (
        replace(tool, effects=tuple(sorted(_READS & {*tool.effects}))) for tool in entry.tools if "read" in tool.effects or not tool.effects
    )
    return replace(entry, tools=tuple(left))


def _provided(server: NodeKey, entry: ServerEntry, sources: list[str]) -> Iterator[NodeFact | EdgeFact]:
    labels = [f"catalogue={entry.id}@{entry.version}", *(["catalogue_partial=true"] if entry.partial else [])]
    yield NodeFact(*server, {"labels": labels, "sources": sources})
    for tool in entry.tools:
        key = ("Tool", f"{server[1]}/{tool.name}")
        yield NodeFact(*key, {"name": tool.name, "kind_detail": "mcp tool", **_does(tool, sources)})
        yield EdgeFact("PROVIDES", server, key, {"evidence": ["inferred"], "confidence": CONFIDENCE, "sources": sources})


def _does(tool: ToolEntry, sources: list[str]) -> Props:
    props: Props = {"effects": list(tool.effects), "sources": sources}
    if tool.sandboxed:
        props["labels"] = [SANDBOXED]
    return {**props, "ingests_untrusted": True} if tool.untrusted else props
