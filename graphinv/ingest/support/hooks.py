"""Hooks that run before a tool is called and can refuse the call: enforcement points of the client that runs them.

(:EnforcementPoint {effect: evaluate, fail: open}) stands on (user)-[:USES]->(built-in tool) and (user)-[:CONNECTS_TO]->(server), as far as
its matchers name them. Whether its command ever refuses anything only the command knows, so that its mode stays unknown: say ``mode`` in
a ``[[state]]`` of the estate file. A hook that fails, or is not there, lets the call pass: only exit code 2 and an answer refuse.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.secrets import redact
from graphinv.model.facts import Fact, Guarding, NodeFact, NodeKey

BEFORE = frozenset({"PreToolUse", "pre_tool_use"})
"""Events of which a hook can refuse a call, in the words of Claude Code and of Docker Agent."""
MAX_MATCHERS = 50
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,99}")
_ANY = frozenset({"", "*", ".*", "^.*$"})
EVERYTHING = (("USES", "Tool:*"), ("CONNECTS_TO", "ToolServer:*"))
"""All that an agent may call."""


Stops = dict[tuple[str, str], int]
"""What a point stands on: kind of edge and what it leads to (``Tool:codex:shell``, ``ToolServer:*``), each with the line that says so."""


def hook_points(document: Document, user: NodeKey, client: str, id: str, located: Located, event: Any, pointer: Pointer) -> Iterator[Fact]:
    """The point that the hooks of one event are, and what it stands on; ``pointer`` leads to ``event``."""
    entries = event if isinstance(event, list) else [event]
    stops: Stops = {}
    for index, entry in enumerate(entries[:MAX_MATCHERS]):
        stated = entry.get("matcher", "") if isinstance(entry, dict) else ""
        line = located.line(*pointer, index) if isinstance(event, list) else located.line(*pointer)
        for name in matched(stated if isinstance(stated, str) else ""):
            for stop in EVERYTHING if name == "*" else (("USES", f"Tool:{client}:{name}"),):
                stops.setdefault(stop, line)
    yield from point(document, user, id, stops, located.line(*pointer))


def point(document: Document, user: NodeKey, id: str, stops: Stops, line: int, *, fail: str = "open") -> Iterator[Fact]:
    """One point before tools of ``user``, stated at ``line``; ``fail`` says what a hook that fails does to the call."""
    key = redact(id)
    yield NodeFact(
        "EnforcementPoint",
        key,
        {
            "name": f"hook before tools ({user[1].partition(':')[2] or user[1]})",
            "kind_detail": "hook",
            "effect": "evaluate",
            "fail": fail,
            "distinguishes": "agent",
            "sources": [document.source(one) for one in sorted(set(stops.values()))] or [document.source(line)],
        },
    )
    if re.search(r"[*?]", user[1]):
        return  # as a pattern its id would mean others too
    for (kind, stop), at in stops.items():
        yield Guarding(document.source(at), key, kind, f"{user[0]}:{user[1]}", redact(stop), seen=True)


def matched(matcher: str) -> list[str]:
    """Built-in tools that a matcher names; ``*`` for all that there are, servers too. What is a pattern of another form names none: the
    point then stands on less than it does.

    >>> matched("Write|Edit"), matched(".*"), matched("mcp__github__.*"), matched("Notebook.*")
    (['Write', 'Edit'], ['*'], [], [])
    """
    if matcher.strip() in _ANY:
        return ["*"]
    names = matcher.strip().removeprefix("^").removesuffix("$").removeprefix("(").removesuffix(")").split("|")
    return [name for name in names[:MAX_MATCHERS] if _NAME.fullmatch(name) and not name.startswith("mcp__")]
