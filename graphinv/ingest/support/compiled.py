"""MCP tools of compiled languages: what their bodies do, and the facts about them. Go and C# state tools differently and do the same."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from graphinv.ingest.support.effects import (
    ANY_SQL,
    Action,
    Language,
    actions_of,
    call_action,
    http_action,
    name_hints,
    sql_action,
)
from graphinv.ingest.support.mcp_source import provides, source_tool_key
from graphinv.ingest.support.places import environment_of
from graphinv.ingest.support.secret_words import looks_connection_name, looks_secret_name
from graphinv.ingest.support.secrets import recognise_all, redact
from graphinv.ingest.support.tool_schema import tool_props
from graphinv.ingest.support.urls import is_here, is_internal
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props, Ref, source_of

MAX_TEXT = 20_000
"""Characters of a text of source code that are kept."""
MAX_NAME = 120
_URL = re.compile(r"https?://([A-Za-z0-9.-]+)(?::\d+)?(?=[/?#]|$)")
_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"})
_SUSPECT = re.compile(r"\S{12,}|://[^/\s]*@")


@dataclass(frozen=True, slots=True)
class Call:
    """A call in a body: what is called, as the tables of effects name it, and the texts among its arguments (None: no constant)."""

    path: str
    texts: tuple[str | None, ...]
    line: int


@dataclass
class Body:
    """What calling a function does. ``complete`` is false where some call is in no table: then no effects does not mean harmless."""

    effects: set[str] = field(default_factory=set)
    untrusted: bool = False
    complete: bool = True
    variables: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Variables of the environment that it reads: (path, line)."""
    hosts: dict[str, tuple[set[str], str, int]] = field(default_factory=dict)

    def merge(self, other: Body) -> None:
        """Take over what a function does that is called."""
        self.effects |= other.effects
        self.untrusted = self.untrusted or other.untrusted
        self.complete = self.complete and other.complete
        for name, place in other.variables.items():
            self.variables.setdefault(name, place)
        for host, (effects, path, line) in other.hosts.items():
            self.hosts.setdefault(host, (set(), path, line))[0].update(effects)

    def add(self, call: Call, path: str, language: Language, document: str) -> None:
        """Note what ``call`` does; ``path`` is what it calls, as far as it could be resolved."""
        action = call_action(path, language)
        if action is None:
            self.complete = False
            return
        exact = _exact(action, call)
        self.effects |= exact.effects
        self.untrusted = self.untrusted or exact.untrusted
        if "egress" in exact.effects:
            for text in call.texts:
                found = _URL.match(text or "")
                if found:
                    self.hosts.setdefault(found[1].lower(), (set(), document, call.line))[0].update(exact.effects - {"egress"})


def _exact(action: Action, call: Call) -> Action:
    texts = [text for text in call.texts if text]
    if action.refine == "http":
        method = next((text.upper() for text in texts if text.upper() in _METHODS), None)
        address = next((text for text in texts if _URL.match(text)), "")
        host = named[1] if (named := _URL.match(address)) else None
        return http_action(method if action.method == "*" else action.method, host, address)
    if action.refine == "sql":
        return next((stated for text in texts if (stated := sql_action(text))), ANY_SQL)
    return action


@dataclass
class SourceTool:
    """A tool as its source defines it. ``body`` is None where it could not be followed."""

    name: str
    path: str
    line: int
    description: str | None = None
    schema: object = None
    annotations: dict[str, object] = field(default_factory=dict)
    texts: list[str] = field(default_factory=list)
    body: Body | None = None


def tool_facts(root: str, server: NodeKey, tool: SourceTool) -> Iterator[Fact]:
    """The tool's node with what its definition and its body say, that ``server`` provides it, what it holds and can access."""
    key = source_tool_key(server, redact(tool.name[:MAX_NAME]))
    yield from defined_tool(root, key, tool, "mcp tool")
    yield provides(server, key, [source_of(root, tool.path, tool.line)])


def defined_tool(root: str, key: NodeKey, tool: SourceTool, detail: str) -> Iterator[Fact]:
    """The node of a tool with what its definition and its body say, and what it holds and can access. ``detail`` is its kind in words."""
    props: Props = {
        "name": redact(tool.name[:MAX_NAME]),
        "kind_detail": detail,
        "environment": environment_of(tool.path),
        "sources": [source_of(root, tool.path, tool.line)],
        **tool_props(tool.name, tool.description, tool.schema, None, tool.annotations, tool.texts),
    }
    hints = [*props.get("hints", []), *name_hints(tool.name)]
    if hints:
        props["hints"] = hints
    body = tool.body
    if body is not None and (body.effects or body.complete):
        props["effects"] = sorted(body.effects)
    if body is not None and body.untrusted:
        props["ingests_untrusted"] = True
    yield NodeFact(*key, {name: value for name, value in props.items() if value is not None})
    if body is not None:
        yield from _reached(root, key, body)


def _reached(root: str, tool: NodeKey, body: Body) -> Iterator[Fact]:
    for variable, (path, line) in body.variables.items():
        if looks_secret_name(variable) or looks_connection_name(variable):
            target = Ref("Secret", "env", variable, fallback=f"env:{root}#{variable}")
            props: Props = {"evidence": ["declared"], "place": "env", "sources": [source_of(root, path, line)]}
            yield EdgeFact("HOLDS", tool, target, props)
    for host, (effects, path, line) in body.hosts.items():
        if is_here(host):
            continue
        resource: NodeKey = ("Resource", f"https://{host}")
        sources = [source_of(root, path, line)]
        yield NodeFact(*resource, {"name": host, "type": "api", "external": not is_internal(host), "sources": sources})
        actions = actions_of(effects) or ["read"]
        yield EdgeFact("CAN_ACCESS", tool, resource, {"actions": actions, "evidence": ["declared"], "sources": sources})


def kept_text(key: str, text: str) -> str:
    """A text of the source that stands under ``key`` (may be empty), without the credentials in it and of bounded length."""
    text = text[:MAX_TEXT]
    if len(text) < 4 or not ((key and looks_secret_name(key)) or _SUSPECT.search(text)):
        return text
    for found in recognise_all(key, text):
        for secret in (found.secret, text[found.start : found.end] if found.end else ""):
            text = text.replace(secret, "***") if secret else text
    return redact(text)
