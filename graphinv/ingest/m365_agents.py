"""Declarative agents of Microsoft 365 Copilot: ``declarativeAgent.json`` in the package of an app.

Drawn:
    (:Agent)-[:USES]->(:Tool capability)-[:CAN_ACCESS]->(:Resource of the person who asks)
    (:Agent)-[:CONNECTS_TO]->(:ToolServer plug-in), for ``actions``
    (:Agent)-[:DELEGATES_TO {mode: invoke}]->(:Agent), for ``worker_agents``
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients, jsondoc
from graphinv.ingest.support.declared import Declared
from graphinv.ingest.support.lowcode import called, items, text_of
from graphinv.ingest.support.lowcode_services import Does, does
from graphinv.ingest.support.offers import MANIFESTS
from graphinv.ingest.support.partial import within
from graphinv.ingest.support.parts import mapping
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import Binding, Fact, NodeKey, Ref

NAME = "m365_agents"
TITLE = "Declarative agents of Microsoft 365 Copilot"
FILES = ("**/declarativeAgent*.json", "any other JSON file with their schema")
MAX_BYTES = 2 * 1024 * 1024

_PLATFORM = "m365-copilot"
_NAMED = re.compile(r"(?:^|/)declarative[-_]?agent[^/]*\.json$", re.IGNORECASE)
_SCHEMA = b"copilot/declarative-agent/"
_NOTHING, _READ = Does(frozenset()), Does(frozenset({"read"}))
_CAPABILITIES: Mapping[str, Does] = {
    "CodeInterpreter": does("codeinterpreter"),
    "Dataverse": _READ,
    "Email": does("outlook", "read"),
    "EmailActions": Does(frozenset({"write", "destructive", "irreversible", "egress"}), False, does("outlook", "read").service),
    "EmbeddedKnowledge": _READ,
    "GraphConnectors": _READ,
    "GraphicArt": _NOTHING,
    "MeetingActions": does("microsoftcalendar", "create"),
    "Meetings": does("microsoftcalendar", "get"),
    "OneDriveAndSharePoint": does("sharepoint", "get"),
    "People": _READ,
    "ScenarioModels": _NOTHING,
    "TeamsMessages": does("teams", "read"),
    "WebSearch": does("websearch"),
}


def detect(path: str, head: bytes) -> bool:
    """Whether it is called like one and has instructions or capabilities, or names their schema."""
    if not path.lower().endswith(".json"):
        return False
    named = _NAMED.search(path) is not None and (b'"instructions"' in head or b'"capabilities"' in head)
    return named or (_SCHEMA in head and b'"$defs"' not in head and b'"definitions"' not in head)


def read(document: Document) -> Iterator[Fact]:
    """Facts of one agent.

    Raises:
        IngestError: not JSON, or no object at its top.
    """
    located = jsondoc.parse(document)
    top = clients.top_object(located, document)
    flow = Declared(document, _PLATFORM, "agent", located.line)
    name = called(top.get("name")) or called(document.name)
    key: NodeKey = ("Agent", flow.id(name))
    yield from clients.duplicate_problems(located, document, NAME)
    yield flow.declare(key, name, ("name",), kind_detail="declarative agent")
    if called(top.get("id")):
        yield Binding(_PLATFORM, called(top["id"]), key, "", document.path)
    for index, entry in enumerate(items(top.get("capabilities"))[: claude.MAX_ITEMS]):
        yield from _capability(flow, key, mapping(entry), index)
    for index, entry in enumerate(items(top.get("actions"))[: claude.MAX_ITEMS]):
        path = within(document.folder, text_of(mapping(entry).get("file")).removeprefix("./"))
        if path is None or not text_of(mapping(entry).get("file")):
            yield from flow.problem("an action names no file of the package", ("actions", index))
            continue
        target = Ref("ToolServer", MANIFESTS, redact(path), fallback=f"plugin:{document.root}/{redact(path)}")
        yield flow.edge("CONNECTS_TO", key, target, ("actions", index))
    for index, entry in enumerate(items(top.get("worker_agents"))[: claude.MAX_ITEMS]):
        worker = called(mapping(entry).get("id"))
        if worker:
            other = Ref("Agent", _PLATFORM, worker, fallback=f"{_PLATFORM}:{worker}")
            yield flow.edge("DELEGATES_TO", key, other, ("worker_agents", index), mode="invoke", kind_detail="worker agent")
    passed = ("instructions", "description", "conversation_starters", "capabilities")
    yield from flow.credentials(key, {field: value for field, value in top.items() if field not in passed}, ())
    yield from flow.rest()


def _capability(flow: Declared, key: NodeKey, entry: dict[str, Any], index: int) -> Iterator[Fact]:
    """One capability, on what is the asking person's own, or on the sites that it is limited to."""
    name, at = called(entry.get("name")), ("capabilities", index)
    if not name:
        yield from flow.problem("a capability has no name", at)
        return
    known = _CAPABILITIES.get(name)
    if known is None:
        yield from flow.problem("a capability is not known; what it does is not either", at, "note")
    action, tool = known or Does(), ("Tool", f"{key[1]}/{name}")
    service = action.service.name if action.service else ""
    whole = f"saas:{service}/{flow.document.root}#user" if service and action.service and action.service.resource else ""
    sites = [text_of(mapping(one).get("url")) for one in items(entry.get("items_by_url"))[: claude.MAX_ITEMS]]
    for site in [one for one in sites if one.startswith("https://")] or [whole]:
        yield from flow.tool(tool, name, action, at, resource=called(site), kind_detail="capability")
    yield flow.edge("USES", key, tool, at)
