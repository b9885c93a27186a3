"""Catalogues of servers that a gateway starts in containers: Docker's MCP catalogues and registry, ToolHive's registry.

Drawn:
    (:ToolServer)-[:PROVIDES]->(:Tool that is listed), (:ToolServer)-[:DEPENDS_ON]->(:Package image)
    (:ToolServer)-[:HOLDS]->(:Secret that it asks for), (:ToolServer)-[:RUNS_ON]->(:Runtime container)

What a catalogue lists is offered, not used: no agent connects to it here. An entry is read as the ``docker run`` that the gateway makes
of it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import clients, jsondoc, yamldoc
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.offers import listed_tools, offered_server
from graphinv.ingest.support.parts import inside, items, labelled, mapping, texts
from graphinv.ingest.support.records import text
from graphinv.model.facts import Fact, Problem, Props

CLIENT = "mcp-client"
NAME = "mcp_catalogue"
TITLE = "Catalogues of MCP servers of Docker and ToolHive"
FILES = (
    "any other YAML or JSON file with a `registry` of servers with images, as Docker's MCP gateway takes it",
    "any other YAML file of one server of Docker's MCP registry (`type: server`, `about`) or ToolHive's (`image`, `tier`)",
    "any other JSON file with `servers` by name and their images, as ToolHive's registry",
)
MAX_BYTES = 16 * 1024 * 1024
MAX_SERVERS = 5_000

_DOCKER = re.compile(rb'(?m)^[ \t]*"?registry"?[ \t]*:[ \t]*(?:\{[ \t]*)?(?:#.*)?\r?$')
_DOCKER_MARK = re.compile(rb'(?m)^[ \t]+"?(?:image|remote)"?[ \t]*:')
_ONE = re.compile(rb"(?m)^(?:image|remote)[ \t]*:")
_ONE_MARK = re.compile(rb"(?m)^(?:type[ \t]*:[ \t]*[\"']?(?:server|poci|remote)\b|tier[ \t]*:)")
_TOOLHIVE = re.compile(rb'"(?:servers|remote_servers)"\s*:\s*\{')
_TOOLHIVE_MARK = re.compile(rb'"(?:tier|last_updated)"\s*:')


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as a catalogue of one of them, or as an entry of one."""
    low = path.lower()
    if low.endswith(".json"):
        return _TOOLHIVE.search(head) is not None and _TOOLHIVE_MARK.search(head) is not None
    if not low.endswith((".yaml", ".yml")):
        return False
    listed = _DOCKER.search(head) is not None and _DOCKER_MARK.search(head) is not None
    return listed or (_ONE.search(head) is not None and _ONE_MARK.search(head) is not None)


def read(document: Document) -> Iterator[Fact]:
    """The servers that are listed, their tools and what they ask for.

    Raises:
        IngestError: neither YAML nor JSON.
    """
    if document.name.lower().endswith(".json"):
        located = jsondoc.parse(document)
        top = clients.top_object(located, document)
    else:
        located = yamldoc.first(document)
        top = mapping(located.value)
    yield from clients.duplicate_problems(located, document, NAME)
    told = 0
    for field in ("registry", "servers", "remote_servers"):
        for name, entry in mapping(top.get(field)).items():
            if told == MAX_SERVERS:
                message = f"lists more than {MAX_SERVERS:,} servers; the rest is not read"
                yield Problem(document.path, f"L{located.line(field, name)}", message, "error", NAME)
                return
            told += 1
            yield from _server(document, located, (field, name), str(name), mapping(entry))
    if not told and text(top.get("name")):
        yield from _server(document, located, (), text(top["name"]), top)


def _server(document: Document, located: Located, pointer: Pointer, name: str, entry: Mapping[str, Any]) -> Iterator[Fact]:
    remote, image = mapping(entry.get("remote")), text(entry.get("image"))
    address = text(remote.get("url")) or text(entry.get("url"))
    if not image and not address:
        return  # only says that it is enabled
    labels = list(labelled("tier", entry.get("tier")))

    def told(props: Props) -> Props:
        listed = [*props.get("labels", ()), *labels]
        return {**({"labels": sorted(listed)} if listed else {}), "sources": [document.source(located.line(*pointer))]}

    started = {"url": address, "type": text(remote.get("transport_type"))} if address else _run(image, entry)
    where = clients.at(located, pointer)
    key, facts = offered_server(document, CLIENT, name, started, lambda *_: where(), told)
    yield from facts
    if key is not None:
        listed = entry.get("tools")
        tools = [{"name": tool} if isinstance(tool, str) else tool for tool in listed] if isinstance(listed, list) else []
        yield from listed_tools(document, tools, key, partial(located.line, *pointer, "tools"))


def _run(image: str, entry: Mapping[str, Any]) -> dict[str, Any]:
    """The ``docker run`` of an entry: its image with the variables and secrets it is given, what it mounts, and its network."""
    config = mapping(entry.get("config"))
    asked = [*items(entry.get("secrets")), *items(config.get("secrets"))]
    given = [*items(entry.get("env")), *items(config.get("env")), *items(entry.get("env_vars"))]
    words = ["run", "-i", "--rm"]
    for variable in (text(item.get("env")) for item in asked):
        words += ["-e", variable] if variable else []
    for item in given:
        variable, value = text(item.get("name")), item.get("value", item.get("default"))
        if variable:
            words += ["-e", f"{variable}={value}" if isinstance(value, str) and "{{" not in value else variable]
    for volume in [*texts(entry.get("volumes")), *texts(inside(entry, "run").get("volumes"))]:
        words += ["-v", volume]
    if entry.get("disableNetwork") is True or inside(entry, "run").get("disableNetwork") is True:
        words += ["--network", "none"]
    return {"command": "docker", "args": [*words, image, *texts(entry.get("command", entry.get("args")))]}
