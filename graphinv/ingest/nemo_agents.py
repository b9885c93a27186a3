"""Configurations of NVIDIA's NeMo Agent Toolkit: a ``workflow`` with the functions, groups of functions and models that it names.

Drawn:
    (:Agent|:Workflow)-[:DELEGATES_TO {mode: invoke}]->(:Agent|:Workflow), and to an agent of an address (``a2a_client``)
    (:Agent|:Workflow)-[:USES]->(:Tool), (:Agent|:Workflow)-[:CONNECTS_TO {tools}]->(:ToolServer) for ``mcp_client``
    (:Agent|:Workflow)-[:READS|WRITES]->(:Memory), (:Agent|:Workflow)-[:HOLDS]->(:Secret), (:Agent|:Workflow)-[:USES_MODEL]->(:Model)
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
from graphinv.ingest.support.lowcode import Where, called, text_of
from graphinv.ingest.support.lowcode_services import does
from graphinv.ingest.support.parts import mapping, texts
from graphinv.model.facts import Fact, NodeKey, Problem

NAME = "nemo_agents"
TITLE = "Configurations of the NeMo Agent Toolkit"
FILES = ("*.yml and *.yaml with a `workflow` that has a `_type`",)
MAX_BYTES = 2 * 1024 * 1024

_PLATFORM = "nemo-agent-toolkit"
_TOP = re.compile(rb"(?m)^(?:workflow|functions|function_groups|llms|authentication|retrievers|memory|general|embedders)[ \t]*:")
_TYPED = re.compile(rb"(?m)^[ \t]+_type[ \t]*:")
_FIXED = ("sequential_executor", "parallel_executor")
"""Types that run what they list in a fixed order."""
_LISTS = ("tool_names", "tool_list", "branches", "augmented_fn", "inner_agent_name", "nat_tools")
_PARTS = re.compile(r"__|\.")
_MEMORY = {"add_memory": (False, True), "get_memory": (True, False), "delete_memory": (False, True)}
"""Type → whether it reads and writes the store that it names."""
_PASSED = frozenset({"_type", "description", "system_prompt", "prompt", "topic", "additional_instructions", *_LISTS})
_SERVER = ("command", "args", "env", "url", "headers")


def detect(path: str, head: bytes) -> bool:
    """Whether it begins with sections of such a configuration and typed entries in them."""
    return path.endswith((".yml", ".yaml")) and _TOP.search(head) is not None and _TYPED.search(head) is not None


def read(document: Document) -> Iterator[Fact]:
    """Facts of the workflow, and of the agents among its functions.

    Raises:
        IngestError: not YAML.
    """
    located = yamldoc.first(document)
    top = mapping(located.value)
    if isinstance(top.get("base"), str):
        message = "takes over another configuration, which is not read with it"
        yield Problem(document.path, f"L{located.line('base')}", message, "warning", NAME)
    if text_of(mapping(top.get("workflow")).get("_type")):
        yield from clients.duplicate_problems(located, document, NAME)
        yield from _Configuration(document, located).facts()


class _Configuration:
    def __init__(self, document: Document, located: Located) -> None:
        self.flow = Declared(document, _PLATFORM, "workflow", located.line)
        self.top: dict[str, Any] = located.value
        self.functions, self.groups = (
            {str(name): entry for name, entry in list(mapping(self.top.get(section)).items())[: claude.MAX_ITEMS]}
            for section in ("functions", "function_groups")
        )

    def facts(self) -> Iterator[Fact]:
        workflow = mapping(self.top["workflow"])
        detail, stem = called(workflow["_type"]), called(PurePosixPath(self.flow.document.path).stem)
        yield from self.actor(self.key("workflow", workflow), f"{detail} ({stem})", workflow, ("workflow",))
        for name, entry in self.functions.items():
            if isinstance(entry, dict) and _acts(entry):
                yield from self.actor(self.key(name, entry), called(name), entry, ("functions", name))
        yield from self.flow.rest()

    def key(self, name: str, entry: dict[str, Any]) -> NodeKey:
        """A workflow that only runs what it lists, and one of a type that is no agent's, is a Workflow."""
        kind = text_of(entry.get("_type"))
        agent = kind not in _FIXED and (kind.endswith("agent") or any(part in entry for part in _LISTS))
        return ("Agent" if agent else "Workflow"), self.flow.id(called(name))

    def actor(self, key: NodeKey, name: str, entry: dict[str, Any], at: Where) -> Iterator[Fact]:
        detail = f"{_PLATFORM} {called(entry.get('_type'))}"
        flow, agent = (_PLATFORM, None) if key[0] == "Workflow" else (None, _PLATFORM)
        yield self.flow.node(*key, at, name=name, status="active", kind_detail=detail, type=flow, framework=agent)
        for field, value in entry.items():
            if field.endswith(("llm_name", "llm")) and isinstance(value, str):
                yield from self.model(key, value, (*at, field))
        yield from self.flow.model(key, entry.get("model"), (*at, "model"))
        yield from self.flow.credentials(key, {part: value for part, value in entry.items() if part not in _PASSED}, at)
        for field in _LISTS:
            given = entry.get(field)
            for index, other in enumerate([given] if isinstance(given, str) else texts(given)[: claude.MAX_ITEMS]):
                where = (*at, field) if isinstance(given, str) else (*at, field, index)
                yield from self.given(key, other, where)

    def model(self, key: NodeKey, name: str, at: Where) -> Iterator[Fact]:
        stated = mapping(mapping(self.top.get("llms")).get(name))
        yield from self.flow.model(
            key, next((stated[part] for part in ("model_name", "model", "azure_deployment") if part in stated), ""), at
        )
        yield from self.flow.credentials(key, stated, ("llms", name))

    def given(self, key: NodeKey, name: str, at: Where) -> Iterator[Fact]:
        """What an agent is given by the name of a function, of a group, or of one function of a group."""
        entry = self.functions.get(name)
        group, chosen = _PARTS.split(name, maxsplit=1)[0], _PARTS.split(name, maxsplit=1)[1:]
        if isinstance(entry, dict):
            if _acts(entry):
                yield self.flow.edge("DELEGATES_TO", key, self.key(name, entry), at, mode="invoke")
            else:
                yield from self.function(key, name, entry, at)
        elif isinstance(self.groups.get(name), dict):
            yield from self.group(key, name, self.groups[name], [], at)
        elif chosen and isinstance(self.groups.get(group), dict):
            yield from self.group(key, group, self.groups[group], chosen, at)
        else:
            yield from self.flow.problem("names a function that the document does not define", at)

    def function(self, key: NodeKey, name: str, entry: dict[str, Any], at: Where) -> Iterator[Fact]:
        kind, where = text_of(entry.get("_type")), ("functions", name)
        if kind in _MEMORY and isinstance(entry.get("memory"), str):
            store = entry["memory"]
            reads, writes = _MEMORY[kind]
            service = called(mapping(mapping(self.top.get("memory")).get(store)).get("_type"))
            memory = ("Memory", self.flow.id(f"memory/{called(store)}"))
            yield from self.flow.memory([key], memory, called(store), where, scope=None, detail=service, reads=reads, writes=writes)
            yield from self.flow.credentials(key, mapping(self.top.get("memory")).get(store), ("memory", store))
        elif kind in BUILTINS[_PLATFORM]:
            yield from self.flow.brings(key, kind, at)
        else:
            tool = ("Tool", self.flow.id(called(name)))
            yield from self.flow.tool(tool, called(name), does(kind), where, kind_detail=f"{_PLATFORM} {called(kind)}")
            yield self.flow.edge("USES", key, tool, at)
        yield from self.flow.credentials(key, {part: value for part, value in entry.items() if part not in _PASSED}, where)
        source = entry.get("retriever")
        if isinstance(source, str):
            yield from self.flow.credentials(key, mapping(self.top.get("retrievers")).get(source), ("retrievers", source))

    def group(self, key: NodeKey, name: str, entry: dict[str, Any], chosen: list[str], at: Where) -> Iterator[Fact]:
        kind, where = text_of(entry.get("_type")), ("function_groups", name)
        proof = text_of(entry.get("auth_provider")) or text_of(mapping(entry.get("server")).get("auth_provider"))
        yield from self.flow.credentials(key, mapping(self.top.get("authentication")).get(proof), ("authentication", proof))
        if kind.endswith("mcp_client"):
            server = mapping(entry.get("server"))
            read: dict[str, Any] = {part: server[part] for part in _SERVER if part in server}
            read |= {"type": server["transport"]} if "transport" in server else {}
            provider = text_of(mapping(mapping(self.top.get("authentication")).get(proof)).get("_type"))
            read |= {"auth": {"type": "oauth"}} if "oauth2" in provider or provider == "mcp_service_account" else {}
            tools = chosen or texts(entry.get("include"))
            read |= {"includeTools": tools} if tools else {}
            yield from self.flow.server(key, called(name), read, where)
        elif kind == "a2a_client":
            yield from self.flow.remote(key, called(name), text_of(entry.get("url")), where)
        else:
            yield from self.function(key, name, {**entry, "_type": kind}, at)


def _acts(entry: dict[str, Any]) -> bool:
    """Whether a function is an agent, or runs others, rather than a tool."""
    kind = text_of(entry.get("_type"))
    return kind in _FIXED or kind.endswith("_agent") or any(part in entry for part in _LISTS)
