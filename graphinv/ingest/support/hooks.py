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


def hook_points(document: Document, user: NodeKey, client: str, id: str, located: Located, event: Any, pointer: Pointer) -> Iterator[Fact]:
    """The point that the hooks of one event are, and what it stands on; ``pointer`` leads to ``event``."""
    entries = event if isinstance(event, list) else [event]
    matchers: dict[str, int] = {}
    for index, entry in enumerate(entries[:MAX_MATCHERS]):
        stated = entry.get("matcher", "") if isinstance(entry, dict) else ""
        for name in _matched(stated if isinstance(stated, str) else ""):
            matchers.setdefault(name, located.line(*pointer, index) if isinstance(event, list) else located.line(*pointer))
    point = redact(id)
    yield NodeFact(
        "EnforcementPoint",
        point,
        {
            "name": f"hook before tools ({user[1].partition(':')[2] or user[1]})",
            "kind_detail": "hook",
            "effect": "evaluate",
            "fail": "open",
            "distinguishes": "agent",
            "sources": [document.source(line) for line in sorted(set(matchers.values()))] or [document.source(located.line(*pointer))],
        },
    )
    if re.search(r"[*?]", user[1]):
        return  # as a pattern its id would mean others too
    for name, line in matchers.items():
        source, start = document.source(line), f"{user[0]}:{user[1]}"
        if name == "*":
            yield Guarding(source, point, "USES", start, "Tool:*", seen=True)
            yield Guarding(source, point, "CONNECTS_TO", start, "ToolServer:*", seen=True)
        else:
            yield Guarding(source, point, "USES", start, f"Tool:{client}:{name}", seen=True)


def _matched(matcher: str) -> list[str]:
    """Built-in tools that a matcher names; ``*`` for all that there are, servers too. What is a pattern of another form names none: the
    point then stands on less than it does.

    >>> _matched("Write|Edit"), _matched(".*"), _matched("mcp__github__.*"), _matched("Notebook.*")
    (['Write', 'Edit'], ['*'], [], [])
    """
    if matcher.strip() in _ANY:
        return ["*"]
    names = matcher.strip().removeprefix("^").removesuffix("$").removeprefix("(").removesuffix(")").split("|")
    return [name for name in names[:MAX_MATCHERS] if _NAME.fullmatch(name) and not name.startswith("mcp__")]
