"""Agents of Docker Agent (formerly cagent): one YAML file with ``agents``, the first of which (``root``) is who people talk to.

Drawn:
    (:Agent)-[:DELEGATES_TO {mode: invoke | handoff}]->(:Agent), for ``sub_agents``, ``handoffs`` and toolsets of type ``a2a``
    (:Agent)-[:USES {approved}]->(:Tool built-in, script, request or hook)
    (:Agent)-[:CONNECTS_TO {tools}]->(:ToolServer), (:Agent)-[:READS|WRITES]->(:Memory), (:Agent)-[:USES_MODEL]->(:Model)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import PurePosixPath
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients, yamldoc
from graphinv.ingest.support.builtins import BUILTINS
from graphinv.ingest.support.declared import Declared
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.lowcode import Where, called, items, text_of
from graphinv.ingest.support.lowcode_services import Does
from graphinv.ingest.support.parts import mapping, texts
from graphinv.model.errors import IngestError
from graphinv.model.facts import Fact, NodeKey, Ref

NAME = "docker_agents"
TITLE = "Agents of Docker Agent (cagent)"
FILES = ("*.yaml and *.yml with `agents` that have instructions, toolsets or models, as `docker agent run` takes them",)
MAX_BYTES = 2 * 1024 * 1024

_PLATFORM = "docker-agent"
_TOP = re.compile(rb"(?m)^agents[ \t]*:[ \t]*(?:#.*)?\r?$")
_TELLING = re.compile(rb"(?m)^[ \t]+(?:(?:toolsets|sub_agents|handoffs|instruction)[ \t]*:|model[ \t]*:[ \t]*[\w.-]{1,60}/[\w.-])")
_STARTED = re.compile(rb"\A#![^\n]{0,40}\b(?:docker agent|cagent) run")
_OTHERS = re.compile(rb"(?m)^(?:apiVersion|kind|definitions|mcp)[ \t]*:")
_READING = re.compile(r"(?:read|list|search|directory|get)_\w+")
_SERVER = ("command", "args", "env", "version")


def detect(path: str, head: bytes) -> bool:
    """Whether it begins as such a file: as a script of the program, or with agents that say what they are told or given."""
    if not path.endswith((".yaml", ".yml")):
        return False
    if _STARTED.search(head):
        return True
    return _TOP.search(head) is not None and _TELLING.search(head) is not None and _OTHERS.search(head) is None


def read(document: Document) -> Iterator[Fact]:
    """Facts of all agents of a file.

    Raises:
        IngestError: not YAML, or a script of the program without agents.
    """
    located = yamldoc.first(document)
    agents = mapping(mapping(located.value).get("agents"))
    if not any(isinstance(entry, dict) and {"instruction", "toolsets", "model"} & entry.keys() for entry in agents.values()):
        if _STARTED.search(document.data):
            raise IngestError("holds no agents", document=document.path, where=f"L{located.line('agents')}")
        return
    yield from clients.duplicate_problems(located, document, NAME)
    yield from _Team(document, located).facts()


class _Team:
    def __init__(self, document: Document, located: Located) -> None:
        self.located = located
        self.flow = Declared(document, _PLATFORM, "root", located.line)
        self.top: dict[str, Any] = located.value
        listed = list(mapping(self.top["agents"]).items())[: claude.MAX_ITEMS]
        self.agents = {str(name): entry for name, entry in listed if isinstance(entry, dict) and called(name)}
        permissions = mapping(self.top.get("permissions"))
        self.allowed, self.denied = texts(permissions.get("allow")), texts(permissions.get("deny"))

    def key(self, name: str) -> NodeKey:
        return "Agent", self.flow.id(called(name))

    def facts(self) -> Iterator[Fact]:
        for name, entry in self.agents.items():
            yield from self.agent(name, entry, ("agents", name))
        yield from self.flow.rest()

    def agent(self, name: str, entry: dict[str, Any], at: Where) -> Iterator[Fact]:
        key = self.key(name)
        shown = f"{called(PurePosixPath(self.flow.document.path).stem)} ({called(name)})" if name == "root" else called(name)
        yield self.flow.declare(key, shown, at, autonomy="autonomous" if "*" in self.allowed else None)
        yield from self.models(key, entry, at)
        for field, mode in (("sub_agents", "invoke"), ("handoffs", "handoff")):
            for index, other in enumerate(items(entry.get(field))[: claude.MAX_ITEMS]):
                yield from self.hands_over(key, other, mode, field, (*at, field, index))
        for index, toolset in enumerate(items(entry.get("toolsets"))[: claude.MAX_ITEMS]):
            where = (*at, "toolsets", index)
            if isinstance(toolset, dict) and text_of(toolset.get("type")):
                yield from self.toolset(key, toolset, text_of(toolset["type"]), where)
            else:
                yield from self.flow.problem("a toolset says nothing of its type", where)
        for index, source in enumerate(texts(entry.get("rag"))[: claude.MAX_ITEMS]):
            yield from self.flow.uses(key, f"rag {called(source)}", Does(frozenset({"read"})), (*at, "rag", index), kind_detail="rag")
        yield from claude.hook_facts(self.flow.document, key, key[1], self.located, *at, "hooks")

    def models(self, key: NodeKey, entry: dict[str, Any], at: Where) -> Iterator[Fact]:
        """The models that it is set to, by their entry in ``models`` or as ``provider/model``, and the variables with their keys."""
        fallback = mapping(entry.get("fallback")).get("models")
        for place, name in ((("model",), entry.get("model")), *((("fallback", "models"), other) for other in texts(fallback)[:50])):
            for one in map(str.strip, text_of(name).split(",")):  # several in turns
                stated = mapping(mapping(self.top.get("models")).get(one))
                provider, _, inline = one.rpartition("/")
                yield from self.flow.model(key, stated.get("model", inline), (*at, *place))
                service = mapping(mapping(self.top.get("providers")).get(text_of(stated.get("provider")) or provider))
                for holder, where in ((stated, ("models", one)), (service, ("providers", provider))):
                    yield from self.flow.variable(key, holder.get("token_key"), (*where, "token_key"))

    def hands_over(self, key: NodeKey, other: object, mode: str, field: str, at: Where) -> Iterator[Fact]:
        name = called(other)
        if not name:
            yield from self.flow.problem(f"one of its {field} has no name", at)
            return
        target: NodeKey | Ref = self.key(name)
        if str(other) not in self.agents:  # of a registry of agents
            target = Ref("Agent", _PLATFORM, name, fallback=f"{_PLATFORM}:{name}")
        yield self.flow.edge("DELEGATES_TO", key, target, at, mode=mode, kind_detail=field)

    def toolset(self, key: NodeKey, entry: dict[str, Any], kind: str, at: Where) -> Iterator[Fact]:
        if kind == "mcp":
            yield from self.server(key, entry, at)
        elif kind == "script":
            for name, script in list(mapping(entry.get("shell")).items())[: claude.MAX_ITEMS]:
                where = (*at, "shell", str(name))
                action = Does(frozenset({"execute"}))
                yield from self.flow.uses(key, called(name) or "script", action, where, kind_detail="script")
                yield from self.flow.credentials(key, script, where)
        elif kind == "api":
            given = mapping(entry.get("api_config"))
            address, method = text_of(given.get("endpoint")), text_of(given.get("method")) or "GET"
            yield from self.flow.requests(key, called(given.get("name")) or "api", address, method, at, "request")
            yield from self.flow.credentials(key, given.get("headers"), (*at, "api_config", "headers"))
        elif kind == "openapi":
            address = text_of(entry.get("url"))
            yield from self.flow.requests(key, called(entry.get("name")) or "openapi", address, "", at, "openapi")
            yield from self.flow.credentials(key, entry.get("headers"), (*at, "headers"))
        elif kind == "a2a":
            yield from self.flow.remote(key, called(entry.get("name")), text_of(entry.get("url")), at)
            yield from self.flow.credentials(key, entry.get("headers"), (*at, "headers"))
        elif kind == "memory":
            place = called(entry.get("path"))
            memory = ("Memory", f"{_PLATFORM}:{self.flow.document.root}/{place}" if place else f"{key[1]}/memory")
            yield from self.flow.memory([key], memory, place or "memory", at, scope=None, detail="memory")
        elif kind not in self.denied:
            yield from self.builtin(key, entry, kind, at)

    def builtin(self, key: NodeKey, entry: dict[str, Any], kind: str, at: Where) -> Iterator[Fact]:
        if kind not in BUILTINS[_PLATFORM]:
            yield from self.flow.problem("a toolset is of a type that is not known", at, "note")
        chosen = texts(entry.get("tools"))
        name = "filesystem_read" if kind == "filesystem" and chosen and all(map(_READING.fullmatch, chosen)) else kind
        unasked = kind in self.allowed or "*" in self.allowed
        approval = {"approved": True, "approval": "client", "approved_by": self.flow.document.source()} if unasked else {}
        yield from self.flow.brings(key, called(name), at, **approval)
        yield from self.flow.credentials(key, entry.get("env"), (*at, "env"))

    def server(self, key: NodeKey, entry: dict[str, Any], at: Where) -> Iterator[Fact]:
        """A server that the toolset starts, reaches, takes from ``mcps`` or from Docker's catalogue."""
        given = text_of(entry.get("ref"))
        shared = mapping(mapping(self.top.get("mcps")).get(given))
        if shared:
            at = ("mcps", given)
            entry = {**shared, **{name: value for name, value in entry.items() if name != "ref"}}
        ref, command, remote = text_of(entry.get("ref")), text_of(entry.get("command")), mapping(entry.get("remote"))
        read: dict[str, Any] = {name: entry[name] for name in _SERVER if name in entry}
        if remote:
            read = {"url": remote.get("url"), "type": remote.get("transport_type"), "headers": remote.get("headers")}
        elif ref.startswith("docker:") and not command:
            read |= {"command": "docker", "args": ["mcp", "gateway", "run", "--servers", ref.removeprefix("docker:")]}
        elif not command:
            yield from self.flow.problem("refers to a server that the document does not define", at)
            return
        chosen = texts(entry.get("tools"))
        read |= {"includeTools": chosen} if chosen else {}
        own = f"{command.rpartition('/')[2] or 'server'} of {key[1].rpartition('#')[2]}"
        yield from self.flow.server(key, called(entry.get("name")) or called(given) or called(own), read, at)
