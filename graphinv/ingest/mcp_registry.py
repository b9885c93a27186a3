"""``server.json``: how an MCP server describes itself to a registry. It exists in the tree; nothing here connects to it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import clients, jsondoc, packages
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.packages import Package
from graphinv.ingest.support.secrets import looks_secret_name, redact, secret_facts, url_parts
from graphinv.ingest.support.tellable import tellable, tellable_package
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, Ref

NAME = "mcp_registry"
TITLE = "MCP registry entries"
FILES = ("**/server.json",)

_OURS = re.compile(rb'"(?:packages|remotes|environmentVariables|environment_variables)"\s*:|modelcontextprotocol')
_TRANSPORTS = {"stdio": "stdio", "sse": "sse", "streamable-http": "http", "streamable": "http", "http": "http"}


def detect(path: str, head: bytes) -> bool:
    """Whether it is a ``server.json`` that describes an MCP server."""
    return path.rpartition("/")[2] == "server.json" and _OURS.search(head) is not None


def read(document: Document) -> Iterator[Fact]:
    """The server, the packages it is published as, and the credentials that it asks for."""
    located = jsondoc.parse(document)
    top = clients.top_object(located, document)
    yield from clients.duplicate_problems(located, document, NAME)
    server = top.get("server", top)
    name = server.get("name") if isinstance(server, dict) else None
    if not isinstance(name, str) or not name.strip():
        yield Problem(document.path, f"L{located.line()}", "describes a server without a name", "error", NAME)
        return
    base: Pointer = ("server",) if server is not top else ()
    key: NodeKey = ("ToolServer", f"mcp-registry:{redact(name.strip())}")
    sources = [document.source(located.line(*base, "name"))]
    held = list(_held(document, located, base, server, key))
    offered = list(_packages(document, located, base, server))
    yield NodeFact(*key, _props(server, name, [package for package, _ in offered], held, sources))
    for package, source in offered:
        pkg: NodeKey = ("Package", package.purl)
        props: Props = {"name": package.name, "purl": package.purl, "sources": [source]}
        yield NodeFact(*pkg, {**props, "version": package.version} if package.pinned else props)
        yield EdgeFact("DEPENDS_ON", key, pkg, {"evidence": ["declared"], "sources": [source]})
    yield from held


def _props(server: dict[str, Any], name: str, offered: list[Package], held: list[Fact], sources: list[str]) -> Props:
    detail = server.get("version_detail", server.get("versionDetail"))
    version = server.get("version", detail.get("version") if isinstance(detail, dict) else None)
    remote = next((item for item in _items(server.get("remotes")) if isinstance(item.get("url"), str)), None)
    parts = url_parts(remote["url"]) if remote else None
    package = offered[0] if offered else None
    stated = _items(server.get("packages"))
    transport = _transport(remote or next(iter(stated), server)) or _transport(server)
    title = server.get("title")
    props: Props = {
        "name": redact(title if isinstance(title, str) and title else name),
        "kind_detail": "registry entry",
        "protocol": "mcp",
        "transport": transport or ("stdio" if stated else None),
        "package": package.purl if package else None,
        "version": version if isinstance(version, str) and tellable(version) else package.version if package else None,
        "pinned": package.pinned if package else None,
        "url": parts.url if parts else None,
        "auth": "key" if any(isinstance(fact, EdgeFact) for fact in held) else None,
        "sources": sources,
    }
    return {name: value for name, value in props.items() if value is not None}


def _transport(item: dict[str, Any]) -> str | None:
    stated = item.get("transport", item.get("type", item.get("transport_type")))
    if isinstance(stated, dict):
        stated = stated.get("type")
    return _TRANSPORTS.get(stated) if isinstance(stated, str) else None


def _packages(document: Document, located: Located, base: Pointer, server: dict[str, Any]) -> Iterator[tuple[Package, str]]:
    for index, item in enumerate(_items(server.get("packages"))):
        kind = item.get("registryType", item.get("registry_type", item.get("registry_name")))
        name = item.get("identifier", item.get("name"))
        version = item.get("version")
        if not isinstance(kind, str) or not isinstance(name, str):
            continue
        version = version if isinstance(version, str) else ""
        package = _package(kind.lower(), name, version)
        package = tellable_package(package)
        if package:
            yield package, document.source(located.line(*base, "packages", index))


def _package(kind: str, name: str, version: str) -> Package | None:
    at = f"{name}@{version}" if version else name
    if kind == "npm":
        return packages.npm(at)
    if kind == "pypi":
        return packages.pypi(f"{name}=={version}" if version else name)
    if kind in ("oci", "docker"):
        return packages.image(name if "@" in name or ":" in name.rpartition("/")[2] or not version else f"{name}:{version}")
    if kind == "nuget":
        return packages.nuget(at)
    return packages.remote(name) if "://" in name else None


def _held(document: Document, located: Located, base: Pointer, server: dict[str, Any], key: NodeKey) -> Iterator[Fact]:
    """Variables and headers that it says are secret: whoever runs it has to provide them."""
    for pointer, name, item in _variables(server):
        line = located.line(*base, *pointer)
        for field in ("value", "default"):
            if isinstance(item.get(field), str):
                yield from secret_facts(document, line, key, name, item[field], "config")
        stated = item.get("isSecret", item.get("is_secret"))
        if (stated is True or (stated is None and looks_secret_name(name))) and redact(name) == name:
            target = Ref("Secret", "env", name, fallback=f"env:{document.root}#{name}")
            props: Props = {"evidence": ["declared"], "confidence": 0.5, "place": "env", "sources": [document.source(line)]}
            yield EdgeFact("HOLDS", key, target, props)


def _variables(server: dict[str, Any]) -> Iterator[tuple[Pointer, str, dict[str, Any]]]:
    for field in ("packages", "remotes"):
        for index, item in enumerate(_items(server.get(field))):
            for kind in ("environmentVariables", "environment_variables", "headers"):
                for number, variable in enumerate(_items(item.get(kind))):
                    if isinstance(variable.get("name"), str):
                        yield (field, index, kind, number), variable["name"], variable
    stated = server.get("environmentVariables")
    for name, variable in stated.items() if isinstance(stated, dict) else ():
        if isinstance(variable, dict):
            yield ("environmentVariables", name), name, variable


def _items(value: object) -> list[dict[str, Any]]:
    """The objects of a list; what is none of them keeps its place as an empty one."""
    return [item if isinstance(item, dict) else {} for item in value] if isinstance(value, list) else []
