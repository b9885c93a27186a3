"""OASF records (schema 0.3 to 1.1): an agent as a directory of agents describes it, with the servers, models and artifacts it names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import clients, jsondoc, packages
from graphinv.ingest.support.cards import card_facts, card_key, looks_like_card
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.offers import offered
from graphinv.ingest.support.packages import Package
from graphinv.ingest.support.parts import items, labelled
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.secrets import looks_secret_name, redact, secret_facts
from graphinv.ingest.support.servers import server_facts
from graphinv.ingest.support.tellable import tellable, tellable_package
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props

NAME = "oasf_record"
TITLE = "OASF records"
FILES = ("any JSON file that is an OASF record (`schema_version` with `modules`, `locators` or `skills`)",)
MAX_BYTES = 8 * 1024 * 1024
MAX_MODULES = 200
MAX_NAMED = 20

_VERSION = re.compile(r"v?\d+\.\d+(?:\.\d+)?(?:-[\w.]+)?")
_SCHEMA = re.compile(rb'"schema_version"\s*:\s*"v?\d+\.\d+')
_SERVER = re.compile(r"\bmcp[\s_-]?server\b", re.IGNORECASE)
_PARTS = re.compile(rb'"(?:modules|locators|skills|extensions)"\s*:\s*\[')
_LONG = re.compile(rb'"authors"\s*:\s*\[(?s:.*)"modules"\s*:\s*\[')
_KINDS = {
    "mcp": "mcp",
    "a2a": "a2a",
    "model": "model",
    "language_model": "model",
    "agentskills": "skill",
    "agentskill": "skill",
}
"""Last part of a module's name → what it declares; what stands before it differs between versions of the schema."""


def detect(path: str, head: bytes) -> bool:
    """Whether the beginning of a JSON file is that of a record. Long modules may push the schema's version out of sight."""
    if not path.endswith(".json"):
        return False
    if b'"agents"' in head or b'"bomFormat"' in head or not _PARTS.search(head):
        return False
    return _SCHEMA.search(head) is not None or (_LONG.search(head) is not None and b'"created_at"' in head)


def read(document: Document) -> Iterator[Fact]:
    """The agent, or where the record describes a server and nothing else, the server."""
    located = jsondoc.parse(document)
    top = clients.top_object(located, document)
    if not _is_record(top):
        return
    yield from clients.duplicate_problems(located, document, NAME)
    if not isinstance(top.get("name"), str) or not top["name"].strip():
        yield Problem(document.path, f"L{located.line()}", "describes an agent without a name", "error", NAME)
        return
    yield from _Record(document, located, top).read()


def _is_record(top: Mapping[str, Any]) -> bool:
    version = top.get("schema_version")
    if not isinstance(version, str) or not _VERSION.fullmatch(version):
        return False
    if any(isinstance(top.get(key), list) for key in ("modules", "locators")):
        return True
    return any("id" in item or "class_uid" in item for item in items(top.get("skills")) + items(top.get("extensions")))


class _Record:
    """One record: who it describes, and what it says of it."""

    def __init__(self, document: Document, located: Located, top: dict[str, Any]) -> None:
        self.document = document
        self.located = located
        self.top = top
        self.modules = list(_modules(top))
        cards = [(pointer, data) for kind, pointer, data in self.modules if kind == "a2a" and looks_like_card(data)]
        self.card = cards[0] if cards else None
        if self.card is not None:
            self.key = card_key(document, self.card[1])
        else:
            place = PurePosixPath(document.path or document.root).with_suffix("")
            self.key = ("Agent", f"oasf:{document.root}/{place}#{redact(top['name'].strip())}")

    def read(self) -> Iterator[Fact]:
        kinds = {kind for kind, _, _ in self.modules}
        if kinds == {"skill"}:
            yield Problem(self.document.path, f"L{self.located.line()}", "describes a skill, which is no agent", "note", NAME)
            return
        if kinds == {"mcp"} and self._is_server():
            # A server's own entry in the directory: it exists, and nobody connects to it yet.
            yield from offered(self._servers(), self.key)
            return
        yield from self._agent()
        yield from self._servers()
        yield from self._models()
        yield from self._artifacts()

    def _is_server(self) -> bool:
        """Whether a record with nothing but servers describes one of them: the one of its name, or its only one, by a name that says so."""
        if all(data.get("name") == self.top["name"] for _, _, data in self.modules):
            return True
        servers = sum(1 for _, _, data in self.modules for _ in _entries(data, ""))
        return servers == 1 and _SERVER.search(self.top["name"]) is not None

    def _agent(self) -> Iterator[Fact]:
        if self.card is not None:
            pointer, card = self.card
            yield from card_facts(self.document, card, clients.at(self.located, pointer))
        version = self.top.get("version")
        labels = set(self._labels())
        props: Props = {"labels": sorted(labels), "sources": [self.document.source(self.located.line("name"))]}
        if self.card is None:
            props |= {
                "name": redact(self.top["name"].strip()),
                "framework": "oasf",
                "kind_detail": "oasf record",
                "status": "active",
                "version": version if isinstance(version, str) and version and tellable(version) else None,
                "environment": environment_of(self.document.path),
            }
        yield NodeFact(*self.key, {name: value for name, value in props.items() if value is not None})

    def _labels(self) -> Iterator[str]:
        yield f"oasf={self.top['schema_version']}"
        skills = items(self.top.get("skills"))
        if self.card is None:
            yield f"skills={len(skills)}"
        for name, values in (("skill", skills), ("domain", items(self.top.get("domains")))):
            for item in values[:MAX_NAMED]:
                yield from labelled(name, item.get("name", item.get("class_name")))
        authors = self.top.get("authors")
        for author in authors[:MAX_NAMED] if isinstance(authors, list) else []:
            yield from labelled("author", author)
        signed = self.top.get("signature", self.top.get("signatures"))
        if signed is not None:
            yield f"signed={'true' if signed else 'false'}"

    def _servers(self) -> Iterator[Fact]:
        for kind, pointer, data in self.modules:
            if kind == "mcp":
                for name, below, entry, tools in _entries(data, self.top["name"]):
                    yield from self._server(name, (*pointer, *below), entry, tools)

    def _server(self, name: str, pointer: Pointer, entry: dict[str, Any], tools: list[str]) -> Iterator[Fact]:
        server: NodeKey | None = None
        facts = server_facts(
            self.document,
            client="oasf",
            host=self.key,
            name=name,
            entry=entry,
            where=clients.at(self.located, pointer),
            folder=self.document.folder,
        )
        for fact in facts:
            if isinstance(fact, NodeFact) and fact.kind == "ToolServer":
                server = fact.key
            yield fact
        if server is None:
            return
        sources = [self.document.source(self.located.line(*pointer))]
        for tool in tools:
            key = ("Tool", f"{server[1]}/{redact(tool)}")
            yield NodeFact(*key, {"name": redact(tool), "kind_detail": "mcp tool", "sources": sources})
            yield EdgeFact("PROVIDES", server, key, {"evidence": ["declared"], "sources": sources})

    def _models(self) -> Iterator[Fact]:
        for kind, pointer, data in self.modules:
            if kind != "model":
                continue
            for index, model in enumerate(items(data.get("models"))[:MAX_MODULES]):
                line = self.located.line(*pointer, "models", index)
                sources = [self.document.source(line)]
                name = model.get("model", model.get("name"))
                if isinstance(name, str) and name.strip() and redact(name) == name:
                    yield NodeFact("Model", name.strip(), {"name": name.strip(), "sources": sources})
                    yield EdgeFact("USES_MODEL", self.key, ("Model", name.strip()), {"evidence": ["declared"], "sources": sources})
                for variable, text in _variables(model.get("env_vars")).items():
                    yield from secret_facts(self.document, line, self.key, variable, text, "config")
                key = model.get("api_key")
                if isinstance(key, str):
                    yield from secret_facts(self.document, line, self.key, "api_key", key, "config")

    def _artifacts(self) -> Iterator[Fact]:
        for index, locator in enumerate(items(self.top.get("locators"))[:MAX_MODULES]):
            sources = [self.document.source(self.located.line("locators", index))]
            urls = locator.get("urls", [locator.get("url")])
            for url in urls[:MAX_NAMED] if isinstance(urls, list) else []:
                package = tellable_package(_package(str(locator.get("type", "")), url)) if isinstance(url, str) else None
                if package is None:
                    continue
                props: Props = {"name": package.name, "purl": package.purl, "sources": sources}
                yield NodeFact("Package", package.purl, {**props, "version": package.version} if package.pinned else props)
                yield EdgeFact("DEPENDS_ON", self.key, ("Package", package.purl), {"evidence": ["declared"], "sources": sources})


def _modules(top: Mapping[str, Any]) -> Iterator[tuple[str, Pointer, dict[str, Any]]]:
    """(what it declares, its pointer, its data) of each module that means something here, its wrappers taken off."""
    for field in ("modules", "extensions"):
        for index, module in enumerate(items(top.get(field))[:MAX_MODULES]):
            name = module.get("name")
            last = re.split(r"[/.]", name)[-1].lower() if isinstance(name, str) else ""
            kind, data = _KINDS.get(last), module.get("data")
            pointer: Pointer = (field, index, "data")
            if kind is None or not isinstance(data, dict):
                continue
            for wrapper in ("card_data", "card", "mcp_data", "server") if kind in ("a2a", "mcp") else ():
                inner = data.get(wrapper)
                if isinstance(inner, dict) and not (kind == "mcp" and "connections" in data):
                    data, pointer = inner, (*pointer, wrapper)
            yield kind, pointer, data


def _entries(data: Mapping[str, Any], fallback: str) -> Iterator[tuple[str, Pointer, dict[str, Any], list[str]]]:
    """(name, pointer, entry in a client's shape, tools) of each server that a module declares, in the shape of any version."""
    name = data.get("name") if isinstance(data.get("name"), str) else fallback
    tools = [tool["name"] for tool in items(data.get("tools"))[:500] if isinstance(tool.get("name"), str)]
    connections = items(data.get("connections"))
    for index, connection in enumerate(connections[:MAX_MODULES]):
        shown = name if len(connections) == 1 else f"{name}/{index}"
        yield str(shown), ("connections", index), _entry(connection), tools
    for field in ("servers", "mcpServers"):
        servers = data.get(field)
        named = list(servers.items()) if isinstance(servers, dict) else list(enumerate(servers)) if isinstance(servers, list) else []
        for at, server in named[:MAX_MODULES]:
            if isinstance(server, dict):
                own = server.get("name", at if isinstance(at, str) else f"{name}/{at}")
                offered = [tool["name"] for tool in items(server.get("tools"))[:500] if isinstance(tool.get("name"), str)]
                yield str(own), (field, at), _entry(server), offered


def _entry(connection: Mapping[str, Any]) -> dict[str, Any]:
    entry = {key: connection[key] for key in ("type", "command", "args", "url", "headers", "env") if connection.get(key)}
    variables = _variables(connection.get("env_vars"))
    return {**entry, "env": variables} if variables else entry


def _variables(stated: object) -> dict[str, str]:
    """Variables as a client would state them: by their default, or by reference where there is none."""
    if isinstance(stated, dict):
        return {str(name): text if isinstance(text, str) and text else f"${{{name}}}" for name, text in stated.items()}
    found: dict[str, str] = {}
    for item in items(stated):
        name, text = item.get("name"), item.get("default_value", item.get("default"))
        if isinstance(name, str) and re.fullmatch(r"\w{1,128}", name) and (looks_secret_name(name) or text):
            found[name] = text if isinstance(text, str) and text else f"${{{name}}}"
    return found


def _package(kind: str, url: str) -> Package | None:
    """What a locator points at, as a package."""
    if kind in ("docker_image", "docker-image", "container_image", "container"):
        return packages.image(re.sub(r"^(?:https?|docker|oci)://", "", url.strip()))
    found = re.match(r"https?://(?:www\.)?pypi\.\w+/project/([\w.-]+)(?:/([\w.]+))?/?$", url)
    if found:
        return packages.pypi(f"{found[1]}=={found[2]}" if found[2] else found[1])
    found = re.match(r"https?://(?:www\.)?npmjs\.\w+/package/((?:@[\w.-]+/)?[\w.-]+)(?:/v/([\w.-]+))?/?$", url)
    if found:
        return packages.npm(f"{found[1]}@{found[2]}" if found[2] else found[1])
    found = re.match(r"https?://(github\.com|gitlab\.com)/([\w.-]+/[\w.-]+)", url)
    if found:
        return packages.remote(f"git+https://{found[1]}/{found[2].removesuffix('.git')}")
    return None
