"""``smithery.yaml``: how an MCP server is started and set up where Smithery hosts it. It is offered; nobody connects to it here.

The command is what a function in JavaScript gives. It is not run: its words are read where they are plain texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from graphinv.ingest import Document
from graphinv.ingest.support import yamldoc
from graphinv.ingest.support.located import Located
from graphinv.ingest.support.offers import listed_tools, offered_server
from graphinv.ingest.support.parts import inside, mapping
from graphinv.ingest.support.records import text
from graphinv.ingest.support.secrets import looks_secret_name, redact
from graphinv.model.facts import EdgeFact, Fact, NodeFact, NodeKey, Props, Ref

CLIENT = "mcp-client"
NAME = "mcp_smithery"
TITLE = "MCP servers on Smithery"
FILES = ("**/smithery.yaml", "**/smithery.yml")
MAX_BYTES = 1024 * 1024
MAX_SETTINGS = 200
MAX_FUNCTION = 20_000

_COMMAND = re.compile(r"\bcommand\s*:\s*(['\"`])([^'\"`$\n]{1,200})\1")
_ARGS = re.compile(r"\bargs\s*:\s*\[([^\]]{0,4000})\]")
_TEXT = re.compile(r"'([^'\n]*)'|\"([^\"\n]*)\"|`([^`$\n]*)`")


def detect(path: str, head: bytes) -> bool:
    """Whether it is called like one."""
    return path.rpartition("/")[2] in ("smithery.yaml", "smithery.yml")


def read(document: Document) -> Iterator[Fact]:
    """The server, the tools that are listed, and the credentials that it asks for.

    Raises:
        IngestError: not YAML.
    """
    located = yamldoc.first(document)
    top = mapping(located.value)
    started = mapping(top.get("startCommand"))
    if not started and not isinstance(top.get("tools"), list):
        return
    name = text(top.get("name")) or document.folder.rpartition("/")[2] or document.root.rpartition("/")[2]
    function = text(started.get("commandFunction"), MAX_FUNCTION)
    entry = _entry(function)
    line = located.line("startCommand")
    if entry:
        key, facts = offered_server(document, CLIENT, name, entry, lambda *_: line, lambda props: {"labels": _labels(props)})
        yield from facts
    else:
        key = ("ToolServer", f"mcp:{document.source()}#{redact(name)}")
        transport = {"http": "http", "stdio": "stdio"}.get(text(started.get("type")))
        props: Props = {
            "name": redact(name),
            "protocol": "mcp",
            "kind_detail": "hosted by Smithery",
            "origin": "internal",
            "status": "active",
        }
        props |= {"labels": _labels({}), "sources": [document.source(line)]}
        yield NodeFact(*key, {**props, "transport": transport} if transport else props)
    if key is not None:
        yield from listed_tools(document, top.get("tools"), key, lambda index: located.line("tools", index))
        yield from _asked_for(document, located, key)


def _entry(function: str) -> dict[str, Any]:
    """What a function's text says of the command, in the words of everybody else; nothing where it is put together."""
    command, arguments = _COMMAND.search(function), _ARGS.search(function)
    if command is None:
        return {}
    words = [next(group for group in match.groups() if group is not None) for match in _TEXT.finditer(arguments[1] if arguments else "")]
    return {"command": command[2], "args": words}


def _labels(props: Props) -> list[str]:
    return sorted({*props.get("labels", ()), "bundle=smithery"})


def _asked_for(document: Document, located: Located, server: NodeKey) -> Iterator[Fact]:
    """What whoever sets the server up is asked for, as far as it is a credential."""
    settings = inside(located.value, "startCommand", "configSchema", "properties")
    place = f"{document.root}/{document.folder}".rstrip("/")
    for name, setting in list(settings.items())[:MAX_SETTINGS]:
        shown = redact(str(name)[:200])
        stated = mapping(setting)
        if not (stated.get("secret") is True or stated.get("format") == "password" or looks_secret_name(str(name))):
            continue
        target = Ref("Secret", "user_config", f"{document.folder}#{shown}", fallback=f"user_config:{place}#{shown}")
        sources = [document.source(located.line("startCommand", "configSchema", "properties", name))]
        yield EdgeFact("HOLDS", server, target, {"place": "vault", "evidence": ["declared"], "sources": sources})
