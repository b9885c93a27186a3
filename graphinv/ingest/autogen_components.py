"""Teams and agents of AutoGen as its components are written down: JSON of ``dump_component`` and of AutoGen Studio, galleries included.

Drawn:
    (:Workflow team)-[:DELEGATES_TO {kind_detail: group_chat …}]->(:Agent|:Workflow)
    (:Agent)-[:DELEGATES_TO {mode: handoff | invoke}]->(:Agent), (:Agent)-[:USES]->(:Tool), (:Agent)-[:CONNECTS_TO]->(:ToolServer)
    (:Agent|:Workflow)-[:USES_MODEL]->(:Model)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import claude, jsondoc
from graphinv.ingest.support.declared import Declared
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.lowcode import Where, called, items, text_of
from graphinv.ingest.support.lowcode_services import Does
from graphinv.ingest.support.parts import mapping
from graphinv.model.facts import Fact, NodeKey

NAME = "autogen_components"
TITLE = "Teams and agents of AutoGen as JSON components"
FILES = ("any JSON file with a component of AutoGen (`provider`, `component_type`), or a gallery of AutoGen Studio",)
MAX_BYTES = 8 * 1024 * 1024

_PLATFORM = "autogen"
_COMPONENT = re.compile(rb'"component_type"\s*:\s*"(?:team|agent|model|tool|workbench|termination)"')
_PROVIDER = re.compile(rb'"provider"\s*:\s*"[\w.]{1,200}"')
_TEAMS = {"RoundRobinGroupChat": "group_chat", "SelectorGroupChat": "group_chat", "MagenticOneGroupChat": "magentic", "Swarm": "swarm"}
_MAX_DEPTH = 20
"""Teams within agents within teams that are followed."""
_EXECUTE, _WEB = Does(frozenset({"execute"})), Does(frozenset({"egress", "read", "write"}), untrusted=True)
_SURFERS = {"MultimodalWebSurfer": ("web_surfer", _WEB), "FileSurfer": ("file_surfer", Does(frozenset({"read"})))}


def detect(path: str, head: bytes) -> bool:
    """Whether it begins with a component."""
    return path.endswith(".json") and _COMPONENT.search(head) is not None and _PROVIDER.search(head) is not None


def read(document: Document) -> Iterator[Fact]:
    """Facts of a component, of each of a list, or of the teams and agents of a gallery.

    Raises:
        IngestError: not JSON.
    """
    located = jsondoc.parse(document)
    components = _Components(document, located)
    tops: list[tuple[object, Where]] = [(located.value, ())]
    if isinstance(located.value, list):
        tops = [(entry, (index,)) for index, entry in enumerate(located.value)]
    for section in ("teams", "agents"):
        gallery = mapping(mapping(located.value).get("components")).get(section)
        tops += [(entry, ("components", section, index)) for index, entry in enumerate(items(gallery))]
    for entry, at in tops[: claude.MAX_ITEMS]:
        if _type(entry) in ("team", "agent"):
            yield from components.actor(mapping(entry), at)
    yield from components.flow.rest()


def _type(entry: object) -> str:
    return text_of(mapping(entry).get("component_type")) if text_of(mapping(entry).get("provider")) else ""


def _class(entry: dict[str, Any]) -> str:
    return text_of(entry.get("provider")).rpartition(".")[2]


class _Components:
    def __init__(self, document: Document, located: Located) -> None:
        self.flow = Declared(document, _PLATFORM, "team", located.line)
        self.keys: dict[Where, NodeKey] = {}
        self.taken: set[NodeKey] = set()

    def key(self, entry: dict[str, Any], at: Where) -> NodeKey:
        """Its name, or else its label; several of one name are told apart by their order."""
        if at not in self.keys:
            config = mapping(entry.get("config"))
            kind = "Workflow" if _type(entry) == "team" else "Agent"
            name = called(config.get("name")) or called(entry.get("label")) or called(_class(entry)) or "component"
            key, number = (kind, self.flow.id(name)), 2
            while key in self.taken:
                key, number = (kind, self.flow.id(f"{name}-{number}")), number + 1
            self.taken.add(key)
            self.keys[at] = key
        return self.keys[at]

    def actor(self, entry: dict[str, Any], at: Where, depth: int = 0) -> Iterator[Fact]:
        key, config, sort = self.key(entry, at), mapping(entry.get("config")), called(_class(entry))
        shown = key[1].rpartition("#")[2]
        team, agent = (_TEAMS.get(sort, "group_chat"), None) if key[0] == "Workflow" else (None, _PLATFORM)
        yield self.flow.node(*key, at, name=shown, status="active", kind_detail=f"{_PLATFORM} {sort}", type=team, framework=agent)
        yield from self.model(key, config.get("model_client"), (*at, "config", "model_client"))
        if depth >= _MAX_DEPTH:
            yield from self.flow.problem("holds teams within teams that are not followed further", at)
        elif key[0] == "Workflow":
            yield from self.team(key, sort, config, (*at, "config"), depth)
        else:
            yield from self.agent(key, sort, config, (*at, "config"), depth)

    def model(self, key: NodeKey, entry: object, at: Where) -> Iterator[Fact]:
        config = mapping(mapping(entry).get("config"))
        yield from self.flow.model(key, config.get("model", config.get("azure_deployment")), at)
        yield from self.flow.secrets(key, config, (*at, "config"), "config")

    # ---- teams --------------------------------------------------------------------------------------------------------------

    def team(self, key: NodeKey, sort: str, config: dict[str, Any], at: Where, depth: int) -> Iterator[Fact]:
        members: dict[str, NodeKey] = {}
        handing: list[tuple[NodeKey, object, Where]] = []
        for index, entry in enumerate(items(config.get("participants"))[: claude.MAX_ITEMS]):
            where = (*at, "participants", index)
            if _type(entry) not in ("team", "agent"):
                yield from self.flow.problem("a participant is no component", where)
                continue
            yield from self.actor(entry, where, depth + 1)
            member = self.key(entry, where)
            inner = mapping(entry.get("config"))
            members.setdefault(text_of(inner.get("name")), member)
            handing += [(member, other, (*where, "config", "handoffs")) for other in items(inner.get("handoffs"))[: claude.MAX_ITEMS]]
            if sort != "Swarm" or len(members) == 1:
                yield self.flow.edge("DELEGATES_TO", key, member, where, mode="invoke", kind_detail=_TEAMS.get(sort, "group_chat"))
        for member, other, where in handing:
            yield from self.hands_over(member, other, members, where)
        for name, node in list(mapping(mapping(config.get("graph")).get("nodes")).items())[: claude.MAX_ITEMS]:
            for edge in items(mapping(node).get("edges"))[: claude.MAX_ITEMS]:
                ends = members.get(str(name)), members.get(text_of(mapping(edge).get("target")))
                if ends[0] is not None and ends[1] is not None:
                    detail = "conditional_edge" if mapping(edge).get("condition") else "graph_edge"
                    yield self.flow.edge("DELEGATES_TO", ends[0], ends[1], (*at, "graph"), mode="invoke", kind_detail=detail)

    def hands_over(self, member: NodeKey, other: object, members: dict[str, NodeKey], at: Where) -> Iterator[Fact]:
        name = text_of(other) or text_of(mapping(other).get("target"))
        target = members.get(name)
        if target is not None:
            yield self.flow.edge("DELEGATES_TO", member, target, at, mode="handoff", kind_detail="handoff")
        elif name.lower() not in ("user", "human"):
            yield from self.flow.problem("hands over to an agent that its team does not have", at)

    # ---- agents -------------------------------------------------------------------------------------------------------------

    def agent(self, key: NodeKey, sort: str, config: dict[str, Any], at: Where, depth: int) -> Iterator[Fact]:
        for index, tool in enumerate(items(config.get("tools"))[: claude.MAX_ITEMS]):
            yield from self.tool(key, tool, (*at, "tools", index), depth)
        benches = config.get("workbench")
        for index, bench in enumerate(benches[: claude.MAX_ITEMS] if isinstance(benches, list) else [benches]):
            where = (*at, "workbench", index) if isinstance(benches, list) else (*at, "workbench")
            yield from self.workbench(key, mapping(bench), where, depth)
        for field in ("team", "wrapped_agent"):
            if _type(config.get(field)) in ("team", "agent"):
                yield from self.inner(key, config[field], (*at, field), field, depth)
        if sort in _SURFERS:
            name, action = _SURFERS[sort]
            yield from self.flow.uses(key, name, action, at, kind_detail=f"{_PLATFORM} built-in")
        if sort == "CodeExecutorAgent" or "code_executor" in config:
            yield from self.runs_code(key, config.get("code_executor"), (*at, "code_executor"))
        passed = ("tools", "workbench", "team", "wrapped_agent", "model_client")
        yield from self.flow.secrets(key, {name: value for name, value in config.items() if name not in passed}, at, "config")

    def inner(self, key: NodeKey, entry: dict[str, Any], at: Where, detail: str, depth: int) -> Iterator[Fact]:
        yield from self.actor(entry, at, depth + 1)
        yield self.flow.edge("DELEGATES_TO", key, self.key(entry, at), at, mode="invoke", kind_detail=detail)

    def runs_code(self, key: NodeKey, executor: object, at: Where) -> Iterator[Fact]:
        yield from self.flow.uses(key, "code_execution", _EXECUTE, at, kind_detail=called(_class(mapping(executor))) or None)

    def workbench(self, key: NodeKey, entry: dict[str, Any], at: Where, depth: int) -> Iterator[Fact]:
        config = mapping(entry.get("config"))
        for index, tool in enumerate(items(config.get("tools"))[: claude.MAX_ITEMS]):
            yield from self.tool(key, tool, (*at, "config", "tools", index), depth)
        if "server_params" in config:
            params = mapping(config["server_params"])
            name = called(config.get("name")) or called(text_of(params.get("command")).rpartition("/")[2]) or "mcp"
            entry = {part: params[part] for part in ("command", "args", "env", "url", "headers") if part in params}
            yield from self.flow.server(key, f"{name} of {key[1].rpartition('#')[2]}", entry, (*at, "config", "server_params"))

    def tool(self, key: NodeKey, entry: object, at: Where, depth: int) -> Iterator[Fact]:
        config, sort = mapping(mapping(entry).get("config")), _class(mapping(entry))
        where = (*at, "config")
        if sort in ("AgentTool", "TeamTool"):
            field = "agent" if sort == "AgentTool" else "team"
            if _type(config.get(field)) and depth < _MAX_DEPTH:
                yield from self.inner(key, config[field], (*where, field), "agent_as_tool", depth)
            return
        if not sort:
            yield from self.flow.problem("a tool is no component", at)
        elif sort == "PythonCodeExecutionTool":
            yield from self.runs_code(key, config.get("executor"), where)
        elif sort == "HttpTool":
            address = f"{text_of(config.get('scheme')) or 'http'}://{text_of(config.get('host'))}"
            yield from self.flow.requests(
                key, called(config.get("name")) or "http", address, text_of(config.get("method")), where, "request"
            )
        else:
            yield from self.flow.uses(
                key, called(config.get("name")) or called(sort), Does(), where, kind_detail=f"{_PLATFORM} {called(sort)}"
            )
        yield from self.flow.secrets(key, config, where, "config")
