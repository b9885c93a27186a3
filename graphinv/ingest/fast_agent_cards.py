"""Agent cards of fast-agent: one Markdown or YAML file each, in ``agent-cards/`` and ``tool-cards/`` or anywhere with a card's fields.

Drawn:
    (:Agent host)-[:DELEGATES_TO {mode: invoke}]->(:Agent), (:Agent)-[:DELEGATES_TO {mode: invoke}]->(:Agent that it names)
    (:Agent)-[:CONNECTS_TO {tools}]->(:ToolServer), (:Agent)-[:USES]->(:Tool function or shell), (:Agent)-[:USES_MODEL]->(:Model)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import claude, clients, yamldoc
from graphinv.ingest.support.agent_files import AgentFile, given_name
from graphinv.ingest.support.builtins import builtin_facts
from graphinv.ingest.support.connectors import connector_facts, connector_of
from graphinv.ingest.support.lowcode import called, text_of
from graphinv.ingest.support.partial import within
from graphinv.ingest.support.parts import mapping, texts
from graphinv.ingest.support.secrets import redact, secret_facts
from graphinv.ingest.support.servers import server_facts
from graphinv.model.facts import Binding, EdgeFact, Fact, NodeFact, NodeKey

NAME = "fast_agent_cards"
TITLE = "Agent cards of fast-agent"
FILES = ("**/agent-cards/*.md", "**/agent-cards/*.yaml", "**/tool-cards/*", "any other Markdown file whose front matter is a card's")
MAX_BYTES = 2 * 1024 * 1024

_CLIENT = "fast-agent"
_FOLDER = re.compile(r"(?:(?P<project>.*?)/)?(?:\.fast-agent/)?(?:agent|tool)-cards/[^/]+\.(?:md|ya?ml)", re.DOTALL)
_TYPE = re.compile(
    rb"(?m)^type[ \t]*:[ \t]*[\"']?(?:agent|smart|chain|parallel|router|orchestrator|iterative_planner|evaluator_optimizer|MAKER)\b"
)
_FIELDS = re.compile(
    rb"(?m)^(?:servers|use_history|function_tools|mcp_connect|tool_only|sequence|fan_out|fan_in|generator|evaluator|worker|agents)[ \t]*:"
)
_OWN = re.compile(rb"(?m)^(?:function_tools|mcp_connect)[ \t]*:")
_PLAIN = frozenset({b"type", b"name", b"model", b"description", b"human_input", b"default", b"skills", b"instruction", b"shell"})
_OTHERS = ("agents", "sequence", "fan_out", "fan_in", "generator", "evaluator", "worker")
"""Fields that name other agents."""
_FUNCTION = re.compile(r"(?P<file>[\w./-]{1,200}\.py):(?P<name>[A-Za-z_]\w{0,99})")


def detect(path: str, head: bytes) -> bool:
    """Whether it lies in a folder of cards, or is Markdown that begins with the fields of one."""
    if _FOLDER.fullmatch(path):
        return not path.endswith(".md") or head.lstrip(b"\xef\xbb\xbf\r\n").startswith(b"---")
    front = head.split(b"\n---", 1)[0]
    if not path.endswith(".md") or not front.startswith(b"---"):
        return False
    if _OWN.search(front) or _TYPE.search(front) is None:
        return _OWN.search(front) is not None
    named = set(re.findall(rb"(?m)^([A-Za-z_]\w*)[ \t]*:", front))
    return _FIELDS.search(front) is not None or (b"name" in named and named <= _PLAIN)  # nothing that only other programs say


def read(document: Document) -> Iterator[Fact]:
    """Facts of one card.

    Raises:
        IngestError: not YAML or no mapping at its top; front matter without an end.
    """
    match = _FOLDER.fullmatch(document.path)
    located = yamldoc.front_matter(document)[0] if document.name.endswith(".md") else yamldoc.first(document)
    settings = clients.top_object(located, document)
    folder = (match["project"] or "") if match else document.folder
    card = AgentFile(
        document, located, _CLIENT, folder, given_name(document, settings), f"{_CLIENT} {called(settings.get('type')) or 'agent'}"
    )
    yield from card.notes(NAME)
    if not settings:
        return
    yield from clients.duplicate_problems(located, document, NAME)
    yield from card.agent(called=settings.get("tool_only") is not True, mechanism="agent card")
    yield from card.bound(_CLIENT)
    if not text_of(settings.get("model")).startswith("$"):  # one that the configuration sets
        yield from card.models()
    for field in _OTHERS:
        given = settings.get(field)
        for name in dict.fromkeys([given] if isinstance(given, str) else texts(given)[: claude.MAX_ITEMS]):
            props = card.props(field, mode="invoke", kind_detail=field)
            yield EdgeFact("DELEGATES_TO", card.key, card.agent_ref(_CLIENT, name), props)
    yield from _servers(card, settings)
    yield from _functions(card, settings)
    if settings.get("shell") is True:
        yield from builtin_facts(document, card.line("shell"), card.key, _CLIENT, ["shell"])


def _servers(card: AgentFile, settings: dict[str, Any]) -> Iterator[Fact]:
    """Servers of the configuration that it names, and those that it connects to itself."""
    chosen = mapping(settings.get("tools"))
    for name in dict.fromkeys(texts(settings.get("servers"))[: claude.MAX_ITEMS]):
        listed = texts(chosen.get(name))
        props = card.props("servers", **({"tools": sorted(map(redact, listed))} if listed else {}))
        yield EdgeFact("CONNECTS_TO", card.key, card.server_ref(_CLIENT, name), props)
    given = settings.get("mcp_connect")
    entries = list(given.items()) if isinstance(given, dict) else list(enumerate(given)) if isinstance(given, list) else []
    for place, entry in entries[: claude.MAX_ITEMS]:
        line = card.line("mcp_connect", place)
        target = text_of(mapping(entry).get("target"))
        connector = connector_of(mapping(entry))
        if connector is not None:
            given_token = {"authorization": mapping(entry).get("access_token")}
            yield from connector_facts(connector, card.key, given_token, card.document, line)
            continue
        name = called(mapping(entry).get("name")) or called(place) or called(target) or "server"
        at = clients.at(card.meta, ("mcp_connect", place))
        shape = {"headers": mapping(entry).get("headers") or {}, **({"url": target} if "://" in target else {"command": _command(target)})}
        for fact in server_facts(
            card.document, client=_CLIENT, host=card.key, name=name, entry=shape, where=at, folder=card.folder, section=f"{card.name}/"
        ):
            if not isinstance(fact, Binding):
                yield fact
        token = text_of(mapping(entry).get("access_token"))
        yield from secret_facts(card.document, line, card.key, "access_token", token, "config")


def _command(target: str) -> str:
    """What a target starts that is no address: a package by its bare name runs under ``npx``."""
    return f"npx {target}" if target.startswith("@") else target


def _functions(card: AgentFile, settings: dict[str, Any]) -> Iterator[Fact]:
    """Functions in Python files beside the card."""
    given = settings.get("function_tools")
    for index, text in enumerate([given] if isinstance(given, str) else texts(given)[: claude.MAX_ITEMS]):
        match = _FUNCTION.fullmatch(text.strip())
        place = within(card.document.folder, match["file"]) if match else None
        if match is None or place is None:
            yield card.problem("function_tools", "a tool is no function of a file in the tree", "warning", NAME)
            continue
        name = redact(match["name"])
        key: NodeKey = ("Tool", redact(f"tool:{card.document.root}/{place.removesuffix('.py')}#{name}"))
        sources = [card.document.source(card.line("function_tools", index))]
        yield NodeFact(*key, {"name": name, "sources": sources})
        yield EdgeFact("USES", card.key, key, {"evidence": ["declared"], "sources": sources})
