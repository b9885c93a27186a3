"""Compose files: services, what they run and what they are given.

Drawn:
    (:Runtime service)-[:HOLDS]->(:Secret), (:Runtime service)-[:DEPENDS_ON]->(:Package image)
    (:ToolServer of Docker's MCP gateway)-[:RUNS_ON]->(:Runtime service), (:ToolServer)-[:PROVIDES]->(:Tool)

Files of one folder (``compose.yaml``, ``compose.override.yaml`` …) speak of the same services. Which agents run in them the pipeline finds
(:mod:`graphinv.pipeline.deployments`).
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import clients, yamldoc
from graphinv.ingest.support.cloud_logins import cloud_login_facts
from graphinv.ingest.support.containers import is_broad
from graphinv.ingest.support.databases import database_facts
from graphinv.ingest.support.docker.instructions import arguments
from graphinv.ingest.support.docker.running import image_facts, safe, told
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.packages import image as image_package
from graphinv.ingest.support.parts import items, texts
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.secrets import redact, secret_facts
from graphinv.ingest.support.words import Word, pairs
from graphinv.model.errors import IngestError
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Problem, Props, Ref

NAME = "compose"
TITLE = "Docker compose files"
FILES = ("compose*.yaml", "compose*.yml", "docker-compose*.yaml", "docker-compose*.yml")
MAX_BYTES = 4 * 1024 * 1024
MAX_SERVICES = 500
MAX_ITEMS = 1_000

_NAME = re.compile(r"(?:docker-)?compose(?:[._-][\w.-]+)?\.ya?ml|.*[._-](?:docker-)?compose\.ya?ml", re.IGNORECASE)
_SERVICE = re.compile(r"[\w.-]{1,100}")
_TRANSPORTS = {"stdio": "stdio", "sse": "sse", "streaming": "http"}
_IN_CONTAINER = re.compile(r"\$\$(?:\w{1,200}|\{[^{}]{0,200}\}|\([^()]{0,500}\))")
"""What a script in a command line takes from its own variables and commands: compose writes ``$$`` for ``$``."""
ENV_FILE = 0.7
"""How sure it is that a service that is given a folder's ``.env`` is given each secret that is visible from there."""


def detect(path: str, head: bytes) -> bool:
    """Whether it is called like one."""
    return _NAME.fullmatch(path.rpartition("/")[2]) is not None


def service_key(root: str, folder: str, service: str) -> NodeKey:
    """The node of a service of the project in ``folder``."""
    return "Runtime", f"compose:{root}/{folder}#{service}" if folder else f"compose:{root}#{service}"


def read(document: Document) -> Iterator[Fact]:
    """The services of one file.

    Raises:
        IngestError: not YAML.
    """
    located = yamldoc.first(document)
    services = located.value.get("services") if isinstance(located.value, dict) else None
    if services is None and (located.value is None or isinstance(located.value, dict)):
        return  # only volumes, networks or includes, or nothing yet
    if not isinstance(services, dict):
        raise IngestError("holds no services", document=document.path, where=f"L{located.line('services')}")
    yield from clients.duplicate_problems(located, document, NAME)
    for name, service in list(services.items())[:MAX_SERVICES]:
        at = ("services", name)
        if not isinstance(service, dict) or not _SERVICE.fullmatch(name) or redact(name) != name:
            yield Problem(document.path, f"L{located.line(*at)}", "one of its services is no object, or has no name", "warning", NAME)
            continue
        yield from _Service(document, located, name).facts()
    if len(services) > MAX_SERVICES:
        yield Problem(document.path, "", f"has more than {MAX_SERVICES} services; the rest is not read", "error", NAME)


class _Service:
    def __init__(self, document: Document, located: Located, name: str) -> None:
        self.document = document
        self.located = located
        self.name = name
        self.at: Pointer = ("services", name)
        self.key = service_key(document.root, document.folder, name)
        self.value = self.extended(located.value["services"][name])

    def extended(self, value: dict[str, Any]) -> dict[str, Any]:
        """``value`` with what the service of this file has that it extends."""
        above = value.get("extends")
        other = above.get("service") if isinstance(above, dict) and "file" not in above else above
        base = self.located.value["services"].get(other) if isinstance(other, str) and other != self.name else None
        return {**base, **value} if isinstance(base, dict) else value

    def line(self, *below: str | int) -> int:
        return self.located.line(*self.at, *below)

    def facts(self) -> Iterator[Fact]:
        labels = [f"compose={self.document.path}"] if safe(self.document.path) else []
        labels += [f"image={image}"] if (image := self.text("image")) and safe(image) else []
        labels += self.built()
        stated = [text for field in ("entrypoint", "command") for text in _command(self.value.get(field))]
        words = [Word(_IN_CONTAINER.sub("<there>", text), ("command",)) for text in stated]
        labels += told(words)
        mounts = list(self.mounts())
        labels += [f"mount={mount}" for mount in mounts if safe(mount)]
        labels += [f"mounted={path}" for path in self.mounted() if safe(path)]
        exposed = self.value.get("privileged") is True or any(map(is_broad, mounts))
        exposed = exposed or "host" in (self.value.get("network_mode"), self.value.get("pid"), self.value.get("ipc"))
        labels += ["privileged=true"] if self.value.get("privileged") is True else []
        props: Props = {
            "name": self.name,
            "type": "container",
            "kind_detail": "compose service",
            "sandboxed": False if exposed else None,
            "environment": environment_of(self.document.path),
            "labels": sorted(set(labels)),
            "sources": [self.document.source(self.line())],
        }
        yield NodeFact(*self.key, {name: value for name, value in props.items() if value not in (None, [])})
        yield from image_facts(self.document, self.line("image"), self.key, image)
        given = list(pairs(words))
        for option, word in given:
            yield from self.held(option, word.text, self.line("command"))
        if image.partition(":")[0].partition("@")[0].endswith("docker/mcp-gateway"):
            yield from self.gateway(given)
        yield from self.environment()
        yield from self.files()
        yield from self.secrets()

    def gateway(self, given: list[tuple[str, Word]]) -> Iterator[Fact]:
        """The servers that Docker's MCP gateway starts, each from the image of its name, and the only tools that it lets through."""
        told = {option: [part for part in word.text.split(",") if _SERVICE.fullmatch(part)] for option, word in given}
        sources = [self.document.source(self.line("command"))]
        names, tools = told.get("servers", [])[:MAX_ITEMS], told.get("tools", [])[:MAX_ITEMS]
        for name in names:
            key: NodeKey = ("ToolServer", f"mcp:{self.document.source()}#{self.name}/{name}")
            package = image_package("ghcr.io/github/github-mcp-server" if name == "github-official" else f"mcp/{name}")
            transport = _TRANSPORTS.get(next(iter(told.get("transport", [])), ""))
            props: Props = {
                "name": name,
                "protocol": "mcp",
                "kind_detail": "server of Docker's MCP gateway",
                "transport": transport,
                "origin": "registry",
                "package": package.purl if package else None,
                "status": "active",
                "sources": sources,
            }
            yield NodeFact(*key, {field: value for field, value in props.items() if value is not None})
            yield EdgeFact("RUNS_ON", key, self.key, {"evidence": ["declared"], "sources": sources})
            for tool in tools if len(names) == 1 else ():
                yield NodeFact("Tool", f"{key[1]}/{tool}", {"name": tool, "kind_detail": "mcp tool", "sources": sources})
                yield EdgeFact("PROVIDES", key, ("Tool", f"{key[1]}/{tool}"), {"evidence": ["declared"], "sources": sources})

    def text(self, field: str) -> str:
        value = self.value.get(field)
        return value.strip() if isinstance(value, str) else ""

    def built(self) -> Iterator[str]:
        """``build=<folder>`` and ``dockerfile=<path>``, relative to the root."""
        build = self.value.get("build")
        context = build.get("context", ".") if isinstance(build, dict) else build
        if not isinstance(context, str) or "://" in context or "$" in context:
            return
        folder = posixpath.normpath(posixpath.join(self.document.folder, context))
        file = build.get("dockerfile") if isinstance(build, dict) else None
        path = posixpath.normpath(posixpath.join(folder, file if isinstance(file, str) else "Dockerfile"))
        if not folder.startswith("..") and not folder.startswith("/") and safe(folder):
            yield f"build={folder}"
        if not path.startswith("..") and safe(path):
            yield f"dockerfile={path}"

    def volumes(self) -> Iterator[str]:
        for item in (self.value.get("volumes") or [])[:MAX_ITEMS] if isinstance(self.value.get("volumes"), list) else ():
            source = item.get("source") if isinstance(item, dict) else item.partition(":")[0] if isinstance(item, str) else None
            if isinstance(source, str):
                yield source

    def mounts(self) -> Iterator[str]:
        """What it mounts of the host."""
        return (source for source in self.volumes() if source.startswith(("/", "~", "$")))

    def mounted(self) -> Iterator[str]:
        """What it mounts of the tree, relative to the root."""
        for source in self.volumes():
            path = posixpath.normpath(posixpath.join(self.document.folder, source))
            if source.startswith(".") and not path.startswith(".."):
                yield path

    # ---- what it is given ---------------------------------------------------------------------------------------------------

    def held(self, name: str, text: str, line: int) -> Iterator[Fact]:
        yield from secret_facts(self.document, line, self.key, name, text, "config")
        yield from database_facts(self.document, line, text, self.key)
        yield from cloud_login_facts(self.document, line, self.key, name, text)

    def environment(self) -> Iterator[Fact]:
        value = self.value.get("environment")
        if isinstance(value, dict):
            for name, text in list(value.items())[:MAX_ITEMS]:
                shown = f"${{{name}}}" if text is None else str(text) if isinstance(text, (str, int, float)) else ""
                yield from self.held(str(name), shown, self.line("environment", name))
        for index, item in enumerate(texts(value)[:MAX_ITEMS]):
            name, equals, text = item.partition("=")
            yield from self.held(name, text if equals else f"${{{name}}}", self.line("environment", index))

    def files(self) -> Iterator[Fact]:
        """``env_file``: the service gets all that the folder's ``.env`` defines."""
        value = self.value.get("env_file")
        named = [value] if isinstance(value, str) else [*texts(value), *(item.get("path") for item in items(value))]
        for path in named[:MAX_ITEMS]:
            if isinstance(path, str) and not posixpath.dirname(posixpath.normpath(path)):
                props: Props = {"place": "env", "evidence": ["inferred"], "confidence": ENV_FILE}
                sources = [self.document.source(self.line("env_file"))]
                yield EdgeFact("HOLDS", self.key, Ref("Secret", "env", "*"), {**props, "sources": sources})

    def secrets(self) -> Iterator[Fact]:
        """``secrets``: files, or variables of whoever starts the project."""
        defined = self.located.value.get("secrets")
        named = [*texts(self.value.get("secrets")), *(item.get("source") for item in items(self.value.get("secrets")))]
        for name in named[:MAX_ITEMS]:
            if not isinstance(name, str) or not _SERVICE.fullmatch(name) or redact(name) != name:
                continue
            props: Props = {"evidence": ["declared"], "sources": [self.document.source(self.line("secrets"))]}
            how = defined.get(name) if isinstance(defined, dict) else None
            if isinstance(how, dict) and how.get("external"):
                props["place"] = "vault"  # the platform's own; a file's place is not told, its value lies nowhere here
            variable = how.get("environment") if isinstance(how, dict) else None
            if isinstance(variable, str) and re.fullmatch(r"[A-Za-z_]\w{0,127}", variable):
                target = Ref("Secret", "env", variable, fallback=f"env:{self.document.root}#{variable}")
                yield EdgeFact("HOLDS", self.key, target, {**props, "place": "env"})
                continue
            key = ("Secret", f"{self.key[1].partition('#')[0]}#secret/{name}")
            line = self.located.line("secrets", name)
            yield NodeFact(*key, {"name": name, "kind_detail": "compose secret", "sources": [self.document.source(line)]})
            yield EdgeFact("HOLDS", self.key, key, props)


def _command(value: object) -> list[str]:
    return arguments(value) if isinstance(value, str) else texts(value)
