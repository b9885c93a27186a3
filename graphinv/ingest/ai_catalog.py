"""Catalogues of agents and tools: ``ai-catalog.json``, lists of MCP servers, plug-in manifests (``ai-plugin.json``).

What a catalogue lists exists; nobody connects to it because of that.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import clients, jsondoc, packages
from graphinv.ingest.support.cards import agent_address, card_facts, looks_like_card
from graphinv.ingest.support.leaves import leaves
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.offers import MANIFESTS
from graphinv.ingest.support.packages import Package
from graphinv.ingest.support.parts import items, mapping, tells
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.secrets import interpolations, redact, secret_facts, url_parts
from graphinv.ingest.support.tellable import tellable, tellable_package
from graphinv.ingest.support.urls import is_here, is_internal
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey, Problem, Props

NAME = "ai_catalog"
TITLE = "Catalogues of agents and MCP servers, plug-in manifests"
FILES = ("**/ai-catalog.json", "**/ai-plugin.json", "**/.well-known/mcp*.json", "any other JSON file that lists agents or servers so")
MAX_BYTES = 16 * 1024 * 1024
MAX_ENTRIES = 20_000
MAX_DEPTH = 8
"""Catalogues inside catalogues."""

_CATALOG = re.compile(rb'"mediaType"\s*:\s*"application/(?:a2a-agent-card|mcp-server|ai-catalog|agentskill)|"cardUrl"\s*:')
_REGISTRY = re.compile(rb'"servers"\s*:\s*\[\s*\{\s*"(?:server|\$schema|name|id)"\s*:')
_REGISTRY_MARK = re.compile(rb'"(?:registryType|registry_type|registry_name|remotes|packages|repository)"\s*:|modelcontextprotocol')
_PLUGIN = re.compile(rb'"(?:name_for_model|name_for_human)"\s*:')
_PLUGIN_AUTH = {
    "none": "none",
    "user_http": "key",
    "service_http": "key",
    "apikeypluginvault": "key",
    "oauth": "oauth",
    "oauthpluginvault": "oauth",
}


def detect(path: str, head: bytes) -> bool:
    """Whether it is a catalogue by its name and content, or by content alone."""
    if not path.endswith(".json"):
        return False
    name = path.rpartition("/")[2].lower()
    if name == "ai-catalog.json" or _PLUGIN.search(head):
        return True
    if b'"mcpServers"' in head or name == "server.json":
        return False
    return _CATALOG.search(head) is not None or (_REGISTRY.search(head) is not None and _REGISTRY_MARK.search(head) is not None)


def read(document: Document) -> Iterator[Fact]:
    """Agents and servers that are listed; of a plug-in's manifest, the plug-in."""
    located = jsondoc.parse(document)
    top = clients.top_object(located, document)
    yield from clients.duplicate_problems(located, document, NAME)
    if "name_for_model" in top or "name_for_human" in top:
        yield from _plugin(document, located, top)
    elif isinstance(top.get("servers", mapping(top.get("data")).get("servers")), list):
        base: Pointer = ("servers",) if "servers" in top else ("data", "servers")
        for index, item in enumerate(items(clients.value_at(located, base))[:MAX_ENTRIES]):
            pointer: Pointer = (*base, index)
            inner = item.get("server")
            server, pointer = (inner, (*pointer, "server")) if isinstance(inner, dict) else (item, pointer)
            yield from _server(document, located, pointer, server)
    else:
        yield from _entries(document, located, top)


def _entries(document: Document, located: Located, top: Mapping[str, Any]) -> Iterator[Fact]:
    """Entries of a catalogue, and of those that it holds."""
    stack: list[tuple[Pointer, Mapping[str, Any]]] = [((), top)]
    seen = 0
    while stack:
        base, catalog = stack.pop()
        field = "entries" if isinstance(catalog.get("entries"), list) else "agents"
        host = catalog.get("host")
        for index, entry in enumerate(items(catalog.get(field))):
            seen += 1
            if seen > MAX_ENTRIES:
                yield Problem(document.path, "", f"lists more than {MAX_ENTRIES} entries; the rest is not read", "error", NAME)
                return
            pointer: Pointer = (*base, field, index)
            kind = entry.get("mediaType", entry.get("media_type", "application/a2a-agent-card+json" if field == "agents" else ""))
            kind = kind.lower() if isinstance(kind, str) else ""
            inner = next((key for key in ("data", "inline") if isinstance(entry.get(key), dict)), None)
            if "ai-catalog" in kind and inner and len(base) < 3 * MAX_DEPTH:
                stack.append(((*pointer, inner), entry[inner]))
            elif "agent-card" in kind and inner and looks_like_card(entry[inner]):
                yield from card_facts(document, entry[inner], clients.at(located, (*pointer, inner)))
            elif "agent-card" in kind or "ai-card" in kind:
                yield from _agent(document, located, pointer, entry, host)
            elif "mcp-server" in kind:
                data = entry[inner] if inner else {}
                name = entry.get("identifier", entry.get("displayName", entry.get("name")))
                yield from _server(document, located, pointer, {**data, "name": data.get("name", name), "title": entry.get("displayName")})


def _agent(document: Document, located: Located, pointer: Pointer, entry: Mapping[str, Any], host: object) -> Iterator[Fact]:
    """An agent of which only the address of its card is known."""
    name = entry.get("displayName", entry.get("name", entry.get("identifier")))
    line = located.line(*pointer)
    if not isinstance(name, str) or not name.strip():
        yield Problem(document.path, f"L{line}", "lists an agent without a name", "warning", NAME)
        return
    stated = entry.get("url", entry.get("cardUrl"))
    address = agent_address(stated)
    identifier = entry.get("identifier", entry.get("id"))
    own = identifier if isinstance(identifier, str) and identifier and tellable(identifier) else redact(name.strip())
    usable = address is not None and "{secret}" not in address and stated != address and "/.well-known/" in str(stated)
    key: NodeKey = ("Agent", f"a2a:{address}" if usable else f"a2a:{document.root}/{document.path.removesuffix('.json')}#{own}")
    organisation = entry.get("publisher", host)
    made = organisation.get("displayName", organisation.get("name")) if isinstance(organisation, dict) else None
    labels = {
        f"card={address}" if address and not usable and "{secret}" not in address else "",
        f"organisation={made}" if tells(made) else "",
    }
    version = entry.get("version")
    props: Props = {
        "name": redact(name.strip()),
        "framework": "a2a",
        "kind_detail": "catalogue entry",
        "status": "active",
        "environment": environment_of(document.path),
        "version": version if isinstance(version, str) and tells(version) else None,
        "labels": sorted(labels - {""}) or None,
        "sources": [document.source(line)],
    }
    yield NodeFact(*key, {prop: value for prop, value in props.items() if value is not None})


def _server(document: Document, located: Located, pointer: Pointer, server: Mapping[str, Any]) -> Iterator[Fact]:
    """One server of a registry's list, or of a catalogue."""
    name = server.get("name", server.get("id"))
    if not isinstance(name, str) or not name.strip():
        return
    sources = [document.source(located.line(*pointer))]
    key: NodeKey = ("ToolServer", f"mcp-registry:{redact(name.strip())}")
    package = next(filter(None, map(_package, items(server.get("packages")))), None)
    remote = next((item for item in items(server.get("remotes")) if isinstance(item.get("url"), str)), None)
    parts = url_parts(remote["url"]) if remote else None
    kind = remote.get("type", remote.get("transport_type")) if remote else None
    title, version = server.get("title"), server.get("version")
    props: Props = {
        "name": redact(title if isinstance(title, str) and title else name.strip()),
        "kind_detail": "registry entry",
        "protocol": "mcp",
        "transport": "sse" if kind == "sse" else "http" if remote else "stdio" if package else None,
        "package": package.purl if package else None,
        "version": version if isinstance(version, str) and tells(version) else None,
        "url": parts.url if parts else None,
        "sources": sources,
    }
    yield NodeFact(*key, {prop: value for prop, value in props.items() if value is not None})
    if package is not None:
        stated: Props = {"name": package.name, "purl": package.purl, "sources": sources}
        yield NodeFact("Package", package.purl, {**stated, "version": package.version} if package.pinned else stated)
        yield EdgeFact("DEPENDS_ON", key, ("Package", package.purl), {"evidence": ["declared"], "sources": sources})


def _package(item: Mapping[str, Any]) -> Package | None:
    kind = item.get("registryType", item.get("registry_type", item.get("registry_name")))
    name, version = item.get("identifier", item.get("name")), item.get("version")
    if not isinstance(kind, str) or not isinstance(name, str):
        return None
    version = version if isinstance(version, str) else ""
    made = {
        "npm": lambda: packages.npm(f"{name}@{version}" if version else name),
        "pypi": lambda: packages.pypi(f"{name}=={version}" if version else name),
        "oci": lambda: packages.image(name if ":" in name.rpartition("/")[2] or not version else f"{name}:{version}"),
        "docker": lambda: packages.image(name if ":" in name.rpartition("/")[2] or not version else f"{name}:{version}"),
        "nuget": lambda: packages.nuget(f"{name}@{version}" if version else name),
    }.get(kind.lower())
    return tellable_package(made()) if made else None


# --------------------------------------------------------------------------------------------------------------------------------
# Plug-ins


def _plugin(document: Document, located: Located, top: Mapping[str, Any]) -> Iterator[Fact]:
    """A plug-in: an API that a hosted assistant calls, by the description it points to."""
    name = next((top[key] for key in ("name_for_human", "name_for_model") if isinstance(top.get(key), str) and top[key].strip()), None)
    if name is None:
        yield Problem(document.path, f"L{located.line()}", "describes a plug-in without a name", "error", NAME)
        return
    runtimes = items(top.get("runtimes"))
    api, auth = mapping(top.get("api")), mapping(top.get("auth"))
    stated = api.get("url", next((mapping(runtime.get("spec")).get("url") for runtime in runtimes), None))
    kinds = {_PLUGIN_AUTH.get(str(mapping(part.get("auth")).get("type", "")).lower()) for part in (*runtimes, {"auth": auth})} - {None}
    parts = url_parts(stated) if isinstance(stated, str) else None
    known = parts is not None and parts.host and not interpolations(str(stated)) and "{secret}" not in parts.url and not is_here(parts.host)
    host = f"{parts.scheme}://{parts.host}" + (f":{parts.port}" if parts.port not in ("", "443", "80") else "") if parts else ""
    key: NodeKey = ("ToolServer", host if known else f"plugin:{document.source()}#{redact(name.strip())}")
    sources = [document.source(located.line())]
    remote_mcp = any(str(runtime.get("type", "")).lower() == "remotemcpserver" for runtime in runtimes)
    props: Props = {
        "name": redact(name.strip()),
        "kind_detail": "plug-in",
        "protocol": "mcp" if remote_mcp else "openapi",
        "transport": "http",
        "origin": ("internal" if is_internal(parts.host) else "third_party") if parts and known else "unknown",
        "auth": next((kind for kind in ("none", "key", "oauth") if kind in kinds), None),
        "url": parts.url if parts and known else None,
        "sources": sources,
    }
    yield NodeFact(*key, {prop: value for prop, value in props.items() if value is not None})
    yield Binding(MANIFESTS, redact(document.path), key, "", document.path)
    for index, function in enumerate(items(top.get("functions"))[:500]):
        if isinstance(function.get("name"), str) and tells(function["name"]):
            at = [document.source(located.line("functions", index))]
            tool: NodeKey = ("Tool", f"{key[1]}/{function['name']}")
            yield NodeFact(*tool, {"name": function["name"], "kind_detail": "plug-in function", "sources": at})
            yield EdgeFact("PROVIDES", key, tool, {"evidence": ["declared"], "sources": at})
    for pointer, text in leaves(top):
        field = next((part for part in reversed(pointer) if isinstance(part, str)), "")
        if "verification_tokens" in pointer:
            field = "verification_token"
        yield from secret_facts(document, located.line(*pointer), key, field, text, "config")
