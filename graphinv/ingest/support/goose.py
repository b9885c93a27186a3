"""Extensions of Goose, as its configuration and its recipes name them: what it brings along, and MCP servers in words of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import clients
from graphinv.ingest.support.builtins import INHERENT, builtin_facts
from graphinv.ingest.support.located import Located, Pointer
from graphinv.ingest.support.servers import server_facts
from graphinv.model.facts import Fact, NodeKey


def extension(
    document: Document, located: Located, user: NodeKey, name: str, entry: dict[str, Any], at: Pointer, folder: str
) -> Iterator[Fact]:
    """One extension that ``user`` has; ``at`` leads to its entry."""
    if entry.get("type") in ("builtin", "platform"):
        if name == "developer" and entry.get("enabled") is not False:
            yield from builtin_facts(document, located.line(*at), user, "goose", INHERENT["goose"])
        return
    yield from server_facts(
        document,
        client="goose",
        host=user,
        name=name,
        entry=_as_server(entry),
        where=clients.at(located, at),
        folder=folder,
        section="extensions/",
    )


def _as_server(entry: dict[str, Any]) -> dict[str, Any]:
    """An extension in the words of everybody else: ``cmd``, ``envs``, and ``env_keys`` that its keyring fills."""
    envs, keys = entry.get("envs"), entry.get("env_keys")
    env = dict(envs) if isinstance(envs, dict) else {}
    env |= {key: None for key in keys if isinstance(key, str)} if isinstance(keys, list) else {}
    rest = {key: value for key, value in entry.items() if key not in ("cmd", "envs", "env_keys", "bundled", "available_tools")}
    tools = {"tools": entry["available_tools"]} if entry.get("available_tools") else {}
    return {**rest, **tools, **({"command": entry["cmd"]} if "cmd" in entry else {}), **({"env": env} if env else {})}
